#include "flow/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/terminal.h"

#define WAITING_MOST (256 << 10)
#define ROW 16 /* bytes in a line of the dump */

static bool is_stderr(const struct transcript *t)
{
	return t->file.given == STDERR_FILENO;
}

static void fail(struct transcript *t, int error)
{
	watch_drop(t->loop, &t->watch);
	/* A stderr that nobody reads is nobody's loss. */
	if (is_stderr(t) && error == EPIPE) {
		t->deaf = true;
		t->written = t->waiting.length = 0;
		t->changed(t->arg, t);
	} else if (!t->error) {
		t->error = error;
		t->changed(t->arg, t);
	}
}

/* Writes what the file takes now. */
static void flush(struct transcript *t)
{
	if (is_stderr(t) && t->waiting.length)
		message_interrupts();
	while (!t->error && t->written < t->waiting.length) {
		ssize_t n = endpoint_write(&t->file, t->waiting.data + t->written,
					   t->waiting.length - t->written);
		if (n > 0) {
			t->written += (size_t)n;
			if (t->file.careful)
				break;
		} else if (errno != EINTR) {
			if (errno != EAGAIN)
				fail(t, errno);
			break;
		}
	}
	if (t->waiting.failed)
		fail(t, ENOMEM);
	/* A reader that is slow, but never late, must not let it grow for ever. */
	if (t->written > t->waiting.length / 2) {
		t->waiting.length -= t->written;
		memmove(t->waiting.data, t->waiting.data + t->written, t->waiting.length);
		t->written = 0;
	}
	if (!t->error && t->waiting.length) {
		watch_set(t->loop, &t->watch, POLLOUT);
	} else if (transcript_waits(t)) {
		watch_drop(t->loop, &t->watch);
		t->changed(t->arg, t);
	}
}

static void ready(void *arg, short events)
{
	(void)events;
	flush(arg);
}

int transcript_open(struct transcript *t, struct loop *loop, const char *path, bool append,
		    bool dump, void (*changed)(void *arg, struct transcript *t), void *arg)
{
	bool use_stderr = dump && !strcmp(path, "-");
	int fd = use_stderr ? STDERR_FILENO :
			      open(path,
				   O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
					   (append ? O_APPEND : O_TRUNC),
				   0666);

	if (fd < 0)
		return -1;
	*t = (struct transcript){
		.loop = loop, .dump = dump, .start = clock_now(), .changed = changed, .arg = arg
	};
	endpoint_inherit(&t->file, fd, true, use_stderr ? "stderr" : path);
	endpoint_open_anew(&t->file);
	t->watch = (struct watch){ .fd = t->file.wfd, .fn = ready, .arg = t };
	return 0;
}

/* `> 0.000123 00000010  68 65 6c 6c 6f 0a ...  |hello.|` */
static void add_row(struct transcript *t, const struct transcript_piece *piece, double time,
		    const unsigned char *p, size_t n)
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
		text_add(&t->waiting, "%llu", (unsigned long long)piece->id);
	text_add(&t->waiting, "%c %.6f %08llx  %.*s |%.*s|%s", piece->sent ? '>' : '<', time,
		 (unsigned long long)piece->offset, (int)sizeof hex - 1, hex, (int)n, text,
		 is_stderr(t) ? terminal_newline() : "\n");
}

void transcript_add(struct transcript *t, const struct transcript_piece *piece, const void *data,
		    size_t n)
{
	struct transcript_piece row = *piece;
	const unsigned char *p = data;

	if (t->error || t->deaf)
		return;
	if (!t->dump) {
		text_put(&t->waiting, data, n);
	} else {
		double time = (double)(clock_now() - t->start) / (double)SECOND;
		for (size_t i = 0; i < n; i += ROW) {
			row.offset = piece->offset + i;
			add_row(t, &row, time, p + i, n - i < ROW ? n - i : ROW);
		}
	}
	/* What may block waits for its turn in the loop. */
	if (t->file.careful && t->waiting.length)
		watch_set(t->loop, &t->watch, POLLOUT);
	else
		flush(t);
}

bool transcript_full(const struct transcript *t)
{
	return !t->error && t->waiting.length - t->written > WAITING_MOST;
}

bool transcript_waits(const struct transcript *t)
{
	return t->watch.slot;
}

void transcript_move(struct transcript *t, struct loop *loop)
{
	bool waits = transcript_waits(t);

	watch_drop(t->loop, &t->watch);
	t->loop = loop;
	if (waits)
		watch_set(loop, &t->watch, POLLOUT);
}

int transcript_close(struct transcript *t)
{
	if (!t->loop)
		return 0;
	watch_drop(t->loop, &t->watch);
	text_free(&t->waiting);
	if (!is_stderr(t) && close(t->file.given) < 0 && !t->error)
		t->error = errno;
	endpoint_close(&t->file);
	t->loop = NULL;
	errno = t->error;
	return t->error ? -1 : 0;
}
