#include "flow/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BUFFER_SIZE (256 << 10)

static struct endpoint nowhere = { .rfd = -1, .wfd = -1, .kind = ENDPOINT_NULL, .anew = -1 };

static void choose(struct transfer *t)
{
	t->method = transfer_choose_fast(t);
	if (!t->method)
		t->method = transfer_copy;
}

void transfer_start(struct transfer *t, struct endpoint *from, struct endpoint *to, size_t limit)
{
	*t = (struct transfer){ .from = from, .to = to, .limit = limit };
	choose(t);
}

void transfer_discard(struct transfer *t)
{
	transfer_hurry(t);
	t->to = &nowhere;
	t->held = 0;
	t->sink_full = false;
	choose(t);
}

void transfer_hurry(struct transfer *t)
{
	t->run = 0;
	if (!t->patient)
		return;
	t->patient = false;
	setsockopt(t->from->rfd, SOL_SOCKET, SO_RCVLOWAT, &t->low_water, sizeof t->low_water);
}

void transfer_free(struct transfer *t)
{
	free(t->buffer);
	t->buffer = NULL;
}

enum transfer_result transfer_step(struct transfer *t, size_t max)
{
	return t->method(t, max);
}

static enum transfer_result drain(struct transfer *t)
{
	ssize_t n = endpoint_write(t->to, t->buffer + t->offset, t->held);

	if (n < 0) {
		t->sink_full = true;
		return errno == EAGAIN || errno == EINTR ? TRANSFER_WAIT : TRANSFER_SINK_ERROR;
	}
	t->out += (size_t)n;
	t->offset += (size_t)n;
	t->held -= (size_t)n;
	t->sink_full = t->held > 0;
	return TRANSFER_MOVED;
}

/* The first time: what is needed to copy at all. */
static bool prepare(struct transfer *t)
{
	t->size = t->limit ? t->limit : BUFFER_SIZE;
	t->buffer = malloc(t->size);
	/* A source that may block is read once after each POLLIN, which does not; a sink wants its
	 * pieces small, and slow. */
	endpoint_open_anew(t->to);
	return t->buffer != NULL;
}

enum transfer_result transfer_copy(struct transfer *t, size_t max)
{
	ssize_t n;

	if (!t->buffer && !prepare(t))
		return TRANSFER_SOURCE_ERROR;
	if (t->held)
		return drain(t);
	n = endpoint_read(t->from, t->buffer, t->size < max ? t->size : max);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TRANSFER_WAIT : TRANSFER_SOURCE_ERROR;
	if (n == 0)
		return TRANSFER_END;
	t->in += (size_t)n;
	t->held = (size_t)n;
	t->offset = 0;
	t->sink_full = true;
	if (!t->to->careful)
		return drain(t) == TRANSFER_SINK_ERROR ? TRANSFER_SINK_ERROR : TRANSFER_MOVED;
	return TRANSFER_MOVED;
}
