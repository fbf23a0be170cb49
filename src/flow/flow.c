#include "flow/flow.h"

#include <errno.h>

void flow_start(struct flow *f, struct endpoint *from, struct endpoint *to, size_t limit)
{
	*f = (struct flow){ .left = FLOW_NO_LIMIT };
	transfer_start(&f->transfer, from, to, limit);
}

/* Nothing more is to be read? */
static bool done(const struct flow *f)
{
	return f->source_ended || f->left == 0;
}

bool flow_wants_source(const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->transfer.sink_full && !done(f);
}

bool flow_wants_sink(const struct flow *f)
{
	return f->state == FLOW_OPEN && f->transfer.sink_full;
}

bool flow_may_repeat(const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->transfer.sink_full && !f->transfer.from->careful &&
	       !f->transfer.to->careful;
}

/* All that was read has been written, and nothing more will be read? */
static void settle(struct flow *f)
{
	if (f->state != FLOW_OPEN || !done(f) || f->transfer.held)
		return;
	f->state = f->error ? FLOW_SOURCE_FAILED : FLOW_ENDED;
}

uint64_t flow_step(struct flow *f)
{
	struct transfer *t = &f->transfer;
	uint64_t in = t->in, out = t->out;
	enum transfer_result result;

	if (f->state != FLOW_OPEN)
		return 0;
	result = transfer_step(t, f->left < SIZE_MAX ? (size_t)f->left : SIZE_MAX);
	if (f->left != FLOW_NO_LIMIT)
		f->left -= t->in - in;
	switch (result) {
	case TRANSFER_MOVED:
	case TRANSFER_WAIT:
		break;
	case TRANSFER_END:
		f->source_ended = true;
		break;
	case TRANSFER_SOURCE_ERROR:
		f->error = errno;
		f->source_ended = true;
		break;
	case TRANSFER_SINK_ERROR:
		f->error = errno;
		f->state = FLOW_SINK_FAILED;
		break;
	}
	settle(f);
	return t->in - in + t->out - out;
}

void flow_finish(struct flow *f)
{
	f->left = 0;
	/* A splice that found the sink full holds nothing itself. */
	if (!f->transfer.held)
		f->transfer.sink_full = false;
	settle(f);
}

void flow_limit(struct flow *f, uint64_t n)
{
	if (n < f->left)
		f->left = n;
	settle(f);
}

void flow_discard(struct flow *f)
{
	transfer_discard(&f->transfer);
	f->left = FLOW_NO_LIMIT;
	if (f->state == FLOW_SINK_FAILED)
		f->error = 0;
	f->state = FLOW_OPEN;
	settle(f);
}

void flow_free(struct flow *f)
{
	transfer_free(&f->transfer);
}
