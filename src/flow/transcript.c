#include "flow/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wait.h"

#define WAITING_MOST (256 << 10)
#define CLOSE_LIMIT (2 * SECOND)
#define ROW 16 /* bytes in a line of the dump */

static void fail(struct transcript *t, int error)
{
	watch_drop(t->loop, &t->watch);
	if (!t->error) {
		t->error = error;
		t->failed(t->arg, t);
	}
}

/* Writes what the file takes now. */
static void flush(struct transcript *t)
{
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
	if (t->written == t->waiting.length)
		t->written = t->waiting.length = 0;
	if (t->error || !t->waiting.length)
		watch_drop(t->loop, &t->watch);
	else
		watch_set(t->loop, &t->watch, POLLOUT);
}

static void ready(void *arg, short events)
{
	(void)events;
	flush(arg);
}

int transcript_open(struct transcript *t, struct loop *loop, const char *path, bool append,
		    bool dump, void (*failed)(void *arg, struct transcript *t), void *arg)
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
		.loop = loop, .dump = dump, .start = clock_now(), .failed = failed, .arg = arg
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
	text_add(&t->waiting, "%c %.6f %08llx  %.*s |%.*s|\n", piece->sent ? '>' : '<', time,
		 (unsigned long long)piece->offset, (int)sizeof hex - 1, hex, (int)n, text);
}

void transcript_add(struct transcript *t, const struct transcript_piece *piece, const void *data,
		    size_t n)
{
	struct transcript_piece row = *piece;
	const unsigned char *p = data;

	if (t->error)
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

int transcript_close(struct transcript *t)
{
	int64_t limit = clock_now() + CLOSE_LIMIT;

	if (!t->loop)
		return 0;
	/* Errors are returned from here on. */
	while (!t->error && t->waiting.length) {
		int64_t left = limit - clock_now();
		if (left <= 0 || !wait_ready(t->file.wfd, POLLOUT, left)) {
			t->error = ETIMEDOUT;
			break;
		}
		flush(t);
	}
	watch_drop(t->loop, &t->watch);
	text_free(&t->waiting);
	if (t->file.given != STDERR_FILENO && close(t->file.given) < 0 && !t->error)
		t->error = errno;
	endpoint_close(&t->file);
	t->loop = NULL;
	errno = t->error;
	return t->error ? -1 : 0;
}
