#include "flow/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/wait.h"

#define WAITING_MOST (256 << 10)

static void fail(struct output *o, int error)
{
	watch_drop(o->loop, &o->watch);
	o->error = error;
	o->written = o->text.length = 0;
	o->changed(o->arg);
}

/* Nothing waits. Of a pipe or socket it shows meanwhile if its reader goes away. */
static void rest(struct output *o)
{
	if (o->to.kind == ENDPOINT_PIPE || o->to.kind == ENDPOINT_TCP ||
	    o->to.kind == ENDPOINT_STREAM)
		watch_set(o->loop, &o->watch, 0);
	else
		watch_drop(o->loop, &o->watch);
}

/* Writes what is taken now. Returns whether something changed for those who wait for that. */
static void flush(struct output *o)
{
	bool waited = o->watch.slot && o->watch.events;

	while (o->written < o->text.length) {
		ssize_t n = endpoint_write(&o->to, o->text.data + o->written,
					   o->text.length - o->written);
		if (n > 0) {
			o->written += (size_t)n;
			if (o->to.careful)
				break;
		} else if (errno == EAGAIN) {
			break;
		} else if (errno != EINTR) {
			fail(o, errno);
			return;
		}
	}
	if (o->text.failed) {
		fail(o, ENOMEM);
		return;
	}
	/* A reader that is slow, but never late, must not let it grow for ever. */
	if (o->written > o->text.length / 2) {
		o->text.length -= o->written;
		memmove(o->text.data, o->text.data + o->written, o->text.length);
		o->written = 0;
	}
	if (o->text.length) {
		watch_set(o->loop, &o->watch, POLLOUT);
		return;
	}
	rest(o);
	if (waited)
		o->changed(o->arg);
}

static void ready(void *arg, short events)
{
	struct output *o = arg;

	if (o->text.length)
		flush(o);
	else if (events & (POLLERR | POLLHUP | POLLNVAL))
		fail(o, EPIPE);
}

void output_start(struct output *o, struct loop *loop, int fd, const char *name,
		  void (*changed)(void *arg), void *arg)
{
	*o = (struct output){ .loop = loop, .changed = changed, .arg = arg };
	endpoint_inherit(&o->to, fd, true, name);
	endpoint_open_anew(&o->to);
	o->watch = (struct watch){ .fd = o->to.wfd, .fn = ready, .arg = o };
	rest(o);
}

void output_flush(struct output *o)
{
	if (o->error) {
		o->written = o->text.length = 0;
		return;
	}
	/* What may block waits for its turn in the loop. */
	if (o->to.careful && o->text.length)
		watch_set(o->loop, &o->watch, POLLOUT);
	else
		flush(o);
}

bool output_full(const struct output *o)
{
	return !o->error && o->text.length - o->written > WAITING_MOST;
}

bool output_waits(const struct output *o)
{
	return !o->error && o->text.length > 0;
}

void output_drain(struct output *o, int64_t patience)
{
	while (output_waits(o) && wait_ready(o->to.wfd, POLLOUT, patience)) {
		ssize_t n = endpoint_write(&o->to, o->text.data + o->written,
					   o->text.length - o->written);
		if (n > 0)
			o->written += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			break;
		if (o->written == o->text.length)
			o->written = o->text.length = 0;
	}
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
