#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wait.h"

static const struct option_row rows[] = {
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = OPTION_COUNT,
	  .field = offsetof(struct message_options, verbose),
	  .excludes = "quiet",
	  .help = "say what happens; twice: each system step with its time" },
	{ .name = "quiet",
	  .kind = OPTION_FLAG,
	  .field = offsetof(struct message_options, quiet),
	  .help = "no messages, not even errors: the exit status tells" },
};

const struct option_group message_group = { "Messages", rows, sizeof rows / sizeof *rows };

/* Length of the UTF-8 character at P of at most N bytes (RFC 3629: shortest form, no
 * surrogates, up to U+10FFFF) with its code point, 0 if there is none. */
static size_t utf8(const unsigned char *p, size_t n, uint32_t *point)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc0 ? 2 : 0;
	uint32_t c;

	if (length == 0 || length > n)
		return 0;
	c = length == 1 ? *p : *p & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (c < lowest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*point = c;
	return length;
}

size_t message_escape(char *out, size_t size, const char *text, size_t n, bool backslash)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)text, *end = p + n;
	size_t used = 0;

	while (p < end) {
		uint32_t c = 0;
		size_t length = utf8(p, (size_t)(end - p), &c), need = length;
		bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
		char short_form = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : 0;

		if (c == '\\' && backslash)
			short_form = '\\';
		if (length == 0)
			length = 1, control = true, short_form = 0;
		if (short_form)
			need = 2;
		else if (control)
			need = 4 * length;
		if (used + need >= size)
			break;
		if (short_form) {
			out[used++] = '\\';
			out[used++] = short_form;
		} else {
			for (size_t i = 0; i < length; i++) {
				if (control) {
					out[used++] = '\\';
					out[used++] = 'x';
					out[used++] = hex[p[i] >> 4];
					out[used++] = hex[p[i] & 15];
				} else {
					out[used++] = (char)p[i];
				}
			}
		}
		p += length;
	}
	out[used] = '\0';
	return used;
}

bool message_wanted(const struct messages *m, enum message_level level)
{
	static const int needs[] = { [MESSAGE_VERBOSE] = 1, [MESSAGE_STEP] = 2 };

	return !m->options.quiet && m->options.verbose >= needs[level];
}

static void write_line(const char *line, size_t n, int64_t patience)
{
	while (n > 0 && wait_ready(STDERR_FILENO, POLLOUT, patience)) {
		ssize_t k = write(STDERR_FILENO, line, n);
		if (k > 0) {
			line += k;
			n -= (size_t)k;
		} else if (errno != EINTR && errno != EAGAIN) {
			return;
		}
	}
}

void message(const struct messages *m, enum message_level level, const char *format, ...)
{
	char text[3072], line[4096]; /* a line of at most PIPE_BUF stays in one piece */
	int error = errno, n = 0;
	size_t used;
	va_list list;

	if (!message_wanted(m, level))
		return;
	if (level == MESSAGE_STEP)
		n = snprintf(text, sizeof text, "%9.6f ",
			     (double)(clock_now() - m->start) / (double)SECOND);
	va_start(list, format);
	vsnprintf(text + n, sizeof text - (size_t)n, format, list);
	va_end(list);
	used = (size_t)snprintf(line, sizeof line, "sockit%s%s: ", m->subcommand ? " " : "",
				m->subcommand ? m->subcommand : "");
	used += message_escape(line + used, sizeof line - used - 1, text, strlen(text), false);
	line[used++] = '\n';
	write_line(line, used, level == MESSAGE_ERROR ? SECOND : SECOND / 10);
	errno = error;
}
