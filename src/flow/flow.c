/* flow.c - one direction of a connection: its limits, its rate and how it ends */
#include "flow/flow.h"

#include <errno.h>

#include "base/clock.h"
#include "base/number.h"
#include "loop/signals.h"

#define SHARES 20	       /* a second has so many shares: how finely a rate is kept */
#define SHARES_KEPT 4	       /* for when we come late */
#define KEPT_LEAST MILLISECOND /* of less than that our own steps would come too late */
#define SHARE_MOST (256 << 10) /* larger ones would be steps */

/* How long a share takes, as much as may move at once under R. */
static int64_t flow_share_time(const struct rate *r)
{
	int64_t most = r->bytes / SHARES;

	return rate_cost(r, most < 1 ? 1 : most > SHARE_MOST ? SHARE_MOST : most);
}

/* What R has not let move for so long is forgotten. */
static int64_t flow_kept_time(const struct rate *r)
{
	int64_t time = SHARES_KEPT * flow_share_time(r);

	return time > KEPT_LEAST ? time : KEPT_LEAST;
}

void flow_start(struct flow *f, struct endpoint *from, struct endpoint *to,
		const struct flow_config *c)
{
	*f = (struct flow){ .left = FLOW_NO_LIMIT, .wanted = c->wanted, .rate = c->rate };
	if (f->rate) {
		rate_start(&f->rate->rate, f->rate->rate.bytes, UNSET);
		f->rate->rate.due -= flow_share_time(&f->rate->rate);
	}
	transfer_start(&f->transfer, from, to, c->filter, c->limit, c->frame, c->messages);
}

/* Charges what has moved at the time NOW, on the side where it was more. */
static void flow_charge(struct flow *f, int64_t now)
{
	uint64_t moved = f->transfer.in > f->transfer.out ? f->transfer.in : f->transfer.out;
	struct flow_rate *r = f->rate;

	if (moved <= r->charged)
		return;
	r->rate.due += rate_cost(&r->rate, (int64_t)(moved - r->charged));
	r->charged = moved;
	/* A whole share at a time: less would be wake-ups for little. */
	if (rate_allows(&r->rate, now) == 0)
		r->next_share = r->rate.due + flow_share_time(&r->rate);
}

/* Is nothing more to be read? */
static bool flow_reads_no_more(const struct flow *f)
{
	return f->source_ended || f->left == 0 || f->wanted == 0;
}

/* The time before which the rate lets nothing be read; 0 or a past time: now. */
static int64_t flow_next_share(const struct flow *f)
{
	/* What is held has been paid for. */
	return f->transfer.held || !f->rate ? 0 : f->rate->next_share;
}

int64_t flow_resume(const struct flow *f)
{
	const struct transfer *t = &f->transfer;
	int64_t resume = t->filter ? filter_resume(t->filter, t->held > 0) : 0;
	int64_t share = flow_next_share(f);

	if (f->state != FLOW_OPEN)
		return 0;
	if (share > resume)
		resume = share;
	return resume && resume > clock_now() ? resume : 0;
}

int64_t flow_rests(const struct flow *f)
{
	const struct transfer *t = &f->transfer;

	if (f->state != FLOW_OPEN)
		return 0;
	return t->filter && t->held ? t->filter->resume : flow_next_share(f);
}

bool flow_wants_source(const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->transfer.sink_full && !flow_reads_no_more(f) &&
	       !flow_resume(f);
}

bool flow_wants_sink(const struct flow *f)
{
	return f->state == FLOW_OPEN && f->transfer.sink_full && !flow_resume(f);
}

/* Has F's filter inserted something? */
static bool flow_inserts(const struct flow *f)
{
	return f->transfer.filter && f->transfer.filter->inserted.length > 0;
}

bool flow_holds(const struct flow *f)
{
	return f->transfer.held > 0 || flow_inserts(f);
}

void flow_nudge(struct flow *f)
{
	if (!flow_inserts(f) || (f->state != FLOW_OPEN && f->state != FLOW_ENDED))
		return;
	f->state = FLOW_OPEN;
	f->transfer.sink_full = true;
}

bool flow_may_repeat(const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->transfer.sink_full && !f->transfer.from->may_block &&
	       !f->transfer.to->may_block;
}

static struct editor *flow_editor(const struct flow *f)
{
	return f->transfer.filter ? f->transfer.filter->editor : NULL;
}

/* Does what F's editor says, once all that it inserted has been sent. */
static void flow_follow_editor(struct flow *f, const struct editor *e)
{
	if (e->error && !f->source_ended) {
		f->error = e->error;
		f->source_ended = true;
	}
	if (!e->done)
		return;
	f->left = e->left;
	f->exact = f->left != FLOW_NO_LIMIT;
	f->transfer.filter->editor = NULL;
	transfer_refilter(&f->transfer);
}

/* What F's filter has to do may come to an end. */
static void flow_follow_filter(struct flow *f)
{
	struct filter *filter = f->transfer.filter;

	if (!filter || flow_inserts(f))
		return;
	if (filter->editor)
		flow_follow_editor(f, filter->editor);
	else if (filter->dialogue && filter->dialogue->end == DIALOGUE_DONE && !flow_holds(f)) {
		filter->dialogue = NULL;
		transfer_refilter(&f->transfer);
	}
}

/* The source has ended, with ERROR or (0) by itself. */
static void flow_end_source(struct flow *f, int error)
{
	struct editor *e = flow_editor(f);

	f->transfer.from->got_end = !error;
	if (e && !e->done)
		error = e->ended(e->arg, error, &f->transfer.filter->inserted);
	else if (f->exact && f->left && !error)
		error = EPROTO;
	f->error = error;
	f->source_ended = true;
	f->transfer.sink_full = flow_inserts(f);
}

/* Ends F if nothing more is to be read and all that was read has been written. */
static void flow_settle(struct flow *f)
{
	if (f->state != FLOW_OPEN || !flow_reads_no_more(f) || flow_holds(f))
		return;
	f->state = f->error ? FLOW_SOURCE_FAILED : FLOW_ENDED;
}

/* Takes N from what is LEFT. Packets are not cut, so it may be more. */
static void count_down(uint64_t *left, uint64_t n)
{
	if (*left != FLOW_NO_LIMIT)
		*left -= n < *left ? n : *left;
}

uint64_t flow_step(struct flow *f)
{
	struct transfer *t = &f->transfer;
	uint64_t in = t->in, out = t->out, all = t->out + t->held;
	uint64_t most = f->left < f->wanted ? f->left : f->wanted;
	struct rate *limit = f->rate ? &f->rate->rate : NULL;
	enum transfer_result result;
	int64_t now = 0;

	if (f->state != FLOW_OPEN)
		return 0;
	if (limit) {
		uint64_t allowed;
		now = clock_now();
		rate_forget(limit, now - flow_kept_time(limit));
		allowed = (uint64_t)rate_allows(limit, now);
		if (allowed == 0 && !t->held)
			return 0;
		if (most > allowed)
			most = allowed;
	}
	result = t->method(t, most < SIZE_MAX ? (size_t)most : SIZE_MAX);
	if (limit)
		flow_charge(f, now);
	if (t->filter && t->filter->quit)
		f->source_ended = true;
	count_down(&f->left, t->in - in);
	if (t->out + t->held > all)
		count_down(&f->wanted, t->out + t->held - all);
	/* Did the signal that ends us make this end, by ending whoever wrote? If not, it will be
	 * met again. */
	if (result == TRANSFER_END && endpoint_may_be_cut(t->from) && signals_have_come())
		result = TRANSFER_WAIT;
	if (result == TRANSFER_END || result == TRANSFER_SOURCE_ERROR) {
		flow_end_source(f, result == TRANSFER_END ? 0 : errno);
	} else if (result == TRANSFER_SINK_ERROR) {
		f->error = errno;
		f->state = FLOW_SINK_FAILED;
	}
	flow_follow_filter(f);
	flow_settle(f);
	return t->in - in + t->out - out;
}

void flow_finish(struct flow *f)
{
	f->left = 0;
	/* A splice that found the sink full holds nothing itself. */
	if (!flow_holds(f))
		f->transfer.sink_full = false;
	flow_settle(f);
}

void flow_limit(struct flow *f, uint64_t n)
{
	if (n < f->left)
		f->left = n;
	transfer_await_any(&f->transfer);
	flow_settle(f);
}

void flow_discard(struct flow *f)
{
	transfer_discard(&f->transfer);
	f->left = f->wanted = FLOW_NO_LIMIT;
	f->exact = false;
	if (f->state == FLOW_SINK_FAILED)
		f->error = 0;
	f->state = FLOW_OPEN;
	flow_settle(f);
}
