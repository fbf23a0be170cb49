/* transcript.c - a file that gets a copy of what is sent and received */
#include "flow/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"

#define ROW 16 /* bytes in a line of the dump */

static bool transcript_is_stderr(const struct transcript *t)
{
	return t->out.to.original == STDERR_FILENO;
}

int transcript_error(const struct transcript *t)
{
	/* A stderr that nobody reads is nobody's loss. */
	return transcript_is_stderr(t) && t->out.error == EPIPE ? 0 : t->out.error;
}

int transcript_open(struct transcript *t, struct loop *loop, const char *path, bool append,
		    bool dump, void (*changed)(void *transcript), void *arg)
{
	bool use_stderr = !strcmp(path, "-");
	int fd = use_stderr ? STDERR_FILENO :
			      open(path,
				   O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
					   (append ? O_APPEND : O_TRUNC),
				   0666);

	if (fd < 0)
		return -1;
	*t = (struct transcript){ .dump = dump, .start = clock_now(), .arg = arg };
	output_start(&t->out, loop, fd, use_stderr ? "stderr" : path, changed, t);
	return 0;
}

/* `> 0.000123 00000010  68 65 6c 6c 6f 0a ...  |hello.|` */
static void transcript_add_row(struct transcript *t, const struct transcript_piece *piece,
			       const char *time, const unsigned char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char hex[3 * ROW + 2], text[ROW];

	memset(hex, ' ', sizeof hex);
	for (size_t i = 0; i < n; i++) {
		size_t at = 3 * i + (i >= ROW / 2);
		hex[at] = digits[p[i] >> 4];
		hex[at + 1] = digits[p[i] & 15];
		text[i] = p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : '.';
	}
	if (piece->id)
		text_add(&t->out.text, "%llu", (unsigned long long)piece->id);
	text_add(&t->out.text, "%c %s %08llx  %.*s |%.*s|%s", piece->sent ? '>' : '<', time,
		 (unsigned long long)piece->offset, (int)sizeof hex - 1, hex, (int)n, text,
		 transcript_is_stderr(t) ? terminal_newline() : "\n");
}

void transcript_add(struct transcript *t, const struct transcript_piece *piece, const void *data,
		    size_t n)
{
	struct transcript_piece row = *piece;
	const unsigned char *p = data;

	if (!t->out.loop || t->out.error)
		return;
	if (!t->dump) {
		text_put(&t->out.text, data, n);
	} else {
		char time[32];
		snprintf(time, sizeof time, "%.6f",
			 (double)(clock_now() - t->start) / (double)SECOND);
		for (size_t i = 0; i < n; i += ROW) {
			row.offset = piece->offset + i;
			transcript_add_row(t, &row, time, p + i, n - i < ROW ? n - i : ROW);
		}
	}
	output_flush(&t->out);
}

int transcript_close(struct transcript *t)
{
	int error = transcript_error(t);

	if (!t->out.loop)
		return 0;
	if (!transcript_is_stderr(t) && close(t->out.to.original) < 0 && !error)
		error = errno;
	output_close(&t->out);
	errno = error;
	return error ? -1 : 0;
}
