/* transcript.c - a file that gets a copy of what is sent and received */
#include "flow/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hexdump.h"
#include "base/terminal.h"

#define AT_ONCE (64 << 10) /* bytes whose rows, written soon, a processor still has at hand */

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
		    enum transcript_form form, void (*changed)(void *transcript), void *arg)
{
	bool use_stderr = !strcmp(path, "-");
	int fd = use_stderr ? STDERR_FILENO :
			      open(path,
				   O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
					   (append ? O_APPEND : O_TRUNC),
				   0666);

	if (fd < 0)
		return -1;
	*t = (struct transcript){
		.form = form, .append = append, .start = clock_now(), .arg = arg
	};
	output_start(&t->out, loop, fd, use_stderr ? "stderr" : path, changed, t);
	return 0;
}

static const char *transcript_newline(const struct transcript *t)
{
	return transcript_is_stderr(t) ? terminal_newline() : "\n";
}

/* `> ` or, of one of several connections, `2< ` */
static void transcript_add_sign(struct transcript *t, const struct transcript_piece *piece)
{
	if (piece->id)
		text_add(&t->out.text, "%llu", (unsigned long long)piece->id);
	text_put(&t->out.text, piece->sent ? "> " : "< ", 2);
}

/* `> 0.000123 6 bytes`, and the rows. */
static void transcript_add_dump(struct transcript *t, const struct transcript_piece *piece,
				const void *data, size_t n)
{
	const char *newline = transcript_newline(t);

	transcript_add_sign(t, piece);
	text_add(&t->out.text, "%.6f %zu byte%s%s",
		 (double)(clock_now() - t->start) / (double)SECOND, n, n == 1 ? "" : "s", newline);
	for (size_t done = 0, some; done < n; done += some) {
		some = n - done < AT_ONCE ? n - done : AT_ONCE;
		hexdump_add(&t->out.text, piece->offset + done, (const char *)data + done, some,
			    newline);
		output_flush(&t->out);
	}
}

/* `> hello`; a backslash at the end of a line says that the data have no newline there. */
static void transcript_add_text(struct transcript *t, const struct transcript_piece *piece,
				const char *p, size_t n)
{
	const char *newline = transcript_newline(t);

	for (size_t i = 0; i < n;) {
		const char *end = memchr(p + i, '\n', n - i);
		size_t length = end ? (size_t)(end - p) - i : n - i;
		transcript_add_sign(t, piece);
		text_put_escaped(&t->out.text, p + i, length, true);
		text_put(&t->out.text, "\\", !end);
		text_put(&t->out.text, newline, strlen(newline));
		i += length + (end != NULL);
	}
}

/* Does anybody get what is added to T? */
static bool transcript_is_needed(const struct transcript *t)
{
	return t->out.loop && t->out.to.kind != ENDPOINT_NULL;
}

static void transcript_add(struct transcript *t, const struct transcript_piece *piece,
			   const void *data, size_t n)
{
	if (!transcript_is_needed(t) || t->out.error)
		return;
	if (t->form == TRANSCRIPT_RAW) {
		output_put(&t->out, data, n);
		return;
	}
	if (t->form == TRANSCRIPT_HEX)
		transcript_add_dump(t, piece, data, n);
	else
		transcript_add_text(t, piece, data, n);
	output_flush(&t->out);
}

void transcripts_add(struct transcript *t, const struct transcript_piece *piece, const void *data,
		     size_t n)
{
	for (int i = 0; i < TRANSCRIPTS; i++)
		transcript_add(&t[i], piece, data, n);
}

bool transcripts_needed(const struct transcript *t)
{
	bool needed = false;

	for (int i = 0; i < TRANSCRIPTS; i++)
		needed |= transcript_is_needed(&t[i]);
	return needed;
}

int transcripts_file(const struct transcript *t)
{
	const struct output *raw = &t[TRANSCRIPT_RAW].out;

	if (transcript_is_needed(&t[TRANSCRIPT_HEX]) || transcript_is_needed(&t[TRANSCRIPT_TEXT]))
		return -1;
	return raw->loop && raw->to.kind == ENDPOINT_FILE && !raw->error && !output_waits(raw) &&
			       !t[TRANSCRIPT_RAW].append ?
		       raw->to.wfd :
		       -1;
}

bool transcripts_full(const struct transcript *t)
{
	bool full = false;

	for (int i = 0; i < TRANSCRIPTS; i++)
		full |= output_full(&t[i].out);
	return full;
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
