/* output.c - text that is written as it is taken, without ever blocking */
#include "flow/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/wait.h"

#define WAITING_MOST (256 << 10)

void output_fail(struct output *o, int error)
{
	watch_drop(o->loop, &o->watch);
	o->written = o->text.length = 0;
	if (o->error)
		return;
	o->error = error;
	o->changed(o->arg);
}

/* Drops what is written: behind a reader that is slow, but never late, the text must not grow for
 * ever. */
static void output_compact(struct output *o)
{
	if (o->written <= o->text.length / 2)
		return;
	o->text.length -= o->written;
	memmove(o->text.data, o->text.data + o->written, o->text.length);
	o->written = 0;
}

/* Waits until more can be written or, with nothing to write, for the reader to go away. */
static void output_wait(struct output *o)
{
	bool may_break = o->to.kind != ENDPOINT_FILE && o->to.kind != ENDPOINT_NULL;

	if (o->text.length)
		watch_set(o->loop, &o->watch, POLLOUT);
	else if (o->watches && may_break)
		watch_set(o->loop, &o->watch, 0);
	else
		watch_drop(o->loop, &o->watch);
}

/* Writes of the N bytes at DATA what is taken now. Returns how many, or -1 with errno. */
static ssize_t output_try(struct output *o, const char *data, size_t n)
{
	if (o->to.original == STDERR_FILENO)
		message_interrupts();
	/* poll(2) says only that the next write does not block. */
	if (o->to.may_block && !wait_ready(o->to.wfd, POLLOUT, 0)) {
		errno = EAGAIN;
		return -1;
	}
	return endpoint_write(&o->to, data, n);
}

/* Writes what is taken now. Returns 0, or -1 with errno. */
static int output_write(struct output *o)
{
	while (output_waits(o)) {
		ssize_t n = output_try(o, o->text.data + o->written, output_waits(o));
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		o->written += n > 0 ? (size_t)n : 0;
	}
	output_compact(o);
	errno = ENOMEM;
	return o->text.failed ? -1 : 0;
}

void output_flush(struct output *o)
{
	bool waited = o->watch.slot && o->watch.events;
	size_t before = o->text.length - o->written;

	if (o->error) {
		o->written = o->text.length = 0;
	} else if (output_write(o) < 0) {
		output_fail(o, errno);
	} else {
		output_wait(o);
		if (waited && o->text.length - o->written < before)
			o->changed(o->arg);
	}
}

void output_put(struct output *o, const void *data, size_t n)
{
	const char *bytes = data;
	ssize_t done = o->error || output_waits(o) ? 0 : output_try(o, bytes, n);

	if (done < 0 && errno != EAGAIN && errno != EINTR) {
		output_fail(o, errno);
		return;
	}
	if (done > 0) {
		bytes += done;
		n -= (size_t)done;
	}
	text_put(&o->text, bytes, n);
	output_flush(o);
}

static void output_ready(void *arg, short events)
{
	struct output *o = arg;

	if (o->text.length) {
		output_flush(o);
	} else if (events & (POLLERR | POLLHUP | POLLNVAL)) {
		o->idle = true;
		output_fail(o, EPIPE);
	}
}

void output_start(struct output *o, struct loop *loop, int fd, const char *name,
		  void (*changed)(void *arg), void *arg)
{
	*o = (struct output){ .most = WAITING_MOST, .loop = loop, .changed = changed, .arg = arg };
	endpoint_inherit(&o->to, fd, true, name);
	endpoint_reopen(&o->to);
	o->watch = endpoint_watch(&o->to, output_ready, o);
}

void output_watch(struct output *o)
{
	o->watches = true;
	output_wait(o);
}

size_t output_waits(const struct output *o)
{
	return o->error ? 0 : o->text.length - o->written;
}

bool output_full(const struct output *o)
{
	return output_waits(o) > o->most;
}

void output_move(struct output *o, struct loop *loop)
{
	if (!o->loop)
		return;
	watch_drop(o->loop, &o->watch);
	o->loop = loop;
	output_wait(o);
}

/* Waits at most TIMEOUT ns until O takes something. Returns whether it does. */
static bool output_takes(const struct output *o, int64_t timeout)
{
	if (!endpoint_is_held(&o->to, POLLOUT))
		return wait_ready(o->to.wfd, POLLOUT, timeout);
	wait_for(NULL, 0, timeout, NULL);
	return !endpoint_is_held(&o->to, POLLOUT);
}

int output_drain(struct output *o, int64_t patience, int64_t limit)
{
	int64_t end = clock_after(clock_now(), limit);

	while (output_waits(o)) {
		int64_t left = end - clock_now();
		if (left <= 0 || !output_takes(o, left < patience ? left : patience)) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (output_write(o) < 0)
			return -1;
	}
	return 0;
}

void output_close(struct output *o)
{
	if (!o->loop)
		return;
	watch_drop(o->loop, &o->watch);
	text_free(&o->text);
	endpoint_close(&o->to);
	o->loop = NULL;
}
