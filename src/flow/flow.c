#include "flow/flow.h"

#include <errno.h>

#include "base/clock.h"
#include "base/number.h"

#define BUDGETS 20		/* a second has so many budgets: how finely a rate is kept */
#define BUDGETS_KEPT 4		/* for when we come late */
#define BUDGET_MOST (256 << 10) /* larger ones would be steps */

/* How much may move at once under a rate. */
static int64_t budget_most(const struct flow *f)
{
	int64_t most = f->rate / BUDGETS;

	return most < 1 ? 1 : most > BUDGET_MOST ? BUDGET_MOST : most;
}

void flow_start(struct flow *f, struct endpoint *from, struct endpoint *to,
		const struct flow_config *c)
{
	*f = (struct flow){ .left = FLOW_NO_LIMIT, .wanted = c->wanted, .rate = c->rate };
	if (f->rate != UNSET) {
		f->budget = budget_most(f);
		f->budgeted = clock_now();
	}
	transfer_start(&f->transfer, from, to, c->filter, c->limit, c->frame);
}

/* How long the rate takes for N bytes, ns. */
static int64_t time_for(const struct flow *f, int64_t n)
{
	return (int64_t)((double)n / (double)f->rate * (double)SECOND) + 1;
}

/* Adds to the budget what the time since then gives. */
static void earn(struct flow *f)
{
	int64_t now = clock_now(), most = BUDGETS_KEPT * budget_most(f);
	double earned = (double)(now - f->budgeted) / (double)SECOND * (double)f->rate;

	if (earned < 1)
		return;
	f->budget = earned > (double)(most - f->budget) ? most : f->budget + (int64_t)earned;
	/* What is less than a byte is kept. */
	f->budgeted = f->budget == most ? now : f->budgeted + time_for(f, (int64_t)earned) - 1;
}

/* Takes from it what has moved: on the side where it was more. */
static void spend(struct flow *f)
{
	uint64_t moved = f->transfer.in > f->transfer.out ? f->transfer.in : f->transfer.out;

	if (moved > f->charged)
		f->budget -= (int64_t)(moved - f->charged);
	f->charged = moved > f->charged ? moved : f->charged;
}

/* Nothing more is to be read? */
static bool done(const struct flow *f)
{
	return f->source_ended || f->left == 0 || f->wanted == 0;
}

/* When the rate lets more move, 0: it does not keep it. */
static int64_t next_budget(const struct flow *f)
{
	/* What is held has been paid for. A whole budget at a time: less would be wake-ups for
	 * little. */
	if (f->rate == UNSET || f->budget > 0 || f->transfer.held)
		return 0;
	return f->budgeted + time_for(f, budget_most(f) - f->budget);
}

int64_t flow_resume(const struct flow *f)
{
	const struct transfer *t = &f->transfer;
	int64_t resume = t->filter ? filter_resume(t->filter, t->held > 0) : 0;
	int64_t budget = next_budget(f);

	if (f->state != FLOW_OPEN)
		return 0;
	if (budget > resume)
		resume = budget;
	return resume && resume > clock_now() ? resume : 0;
}

int64_t flow_rests(const struct flow *f)
{
	const struct transfer *t = &f->transfer;

	if (f->state != FLOW_OPEN)
		return 0;
	return t->filter && t->held ? t->filter->resume : next_budget(f);
}

bool flow_wants_source(const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->transfer.sink_full && !done(f) && !flow_resume(f);
}

bool flow_wants_sink(const struct flow *f)
{
	return f->state == FLOW_OPEN && f->transfer.sink_full && !flow_resume(f);
}

/* Has F's filter something to send by itself? */
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

static struct editor *editor(const struct flow *f)
{
	return f->transfer.filter ? f->transfer.filter->editor : NULL;
}

/* F's editor is done, and what it made has been sent. */
static void follow_editor(struct flow *f)
{
	const struct editor *e = editor(f);

	if (!e || flow_inserts(f))
		return;
	if (e->error && !f->source_ended) {
		f->error = e->error;
		f->source_ended = true;
	}
	if (!e->done)
		return;
	f->left = e->left;
	f->exact = f->left != FLOW_NO_LIMIT;
	transfer_edited(&f->transfer);
}

/* The source has ended, with ERROR or (0) by itself. */
static void take_end(struct flow *f, int error)
{
	struct editor *e = editor(f);

	if (e && !e->done)
		error = e->ended(e->arg, error, &f->transfer.filter->inserted);
	else if (f->exact && f->left && !error)
		error = EPROTO;
	f->error = error;
	f->source_ended = true;
	f->transfer.sink_full = flow_inserts(f);
}

/* All that was read has been written, and nothing more will be read? */
static void settle(struct flow *f)
{
	if (f->state != FLOW_OPEN || !done(f) || flow_holds(f))
		return;
	f->state = f->error ? FLOW_SOURCE_FAILED : FLOW_ENDED;
}

/* N bytes less are LEFT; packets are not cut, and may be more than that. */
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
	enum transfer_result result;

	if (f->state != FLOW_OPEN)
		return 0;
	if (f->rate != UNSET) {
		earn(f);
		if (f->budget <= 0 && !t->held)
			return 0;
		if (most > (uint64_t)f->budget)
			most = f->budget > 0 ? (uint64_t)f->budget : 0;
	}
	result = transfer_step(t, most < SIZE_MAX ? (size_t)most : SIZE_MAX);
	if (f->rate != UNSET)
		spend(f);
	if (t->filter && t->filter->quit)
		f->source_ended = true;
	count_down(&f->left, t->in - in);
	if (t->out + t->held > all)
		count_down(&f->wanted, t->out + t->held - all);
	switch (result) {
	case TRANSFER_MOVED:
	case TRANSFER_WAIT:
		break;
	case TRANSFER_END:
		take_end(f, 0);
		break;
	case TRANSFER_SOURCE_ERROR:
		take_end(f, errno);
		break;
	case TRANSFER_SINK_ERROR:
		f->error = errno;
		f->state = FLOW_SINK_FAILED;
		break;
	}
	follow_editor(f);
	settle(f);
	return t->in - in + t->out - out;
}

void flow_finish(struct flow *f)
{
	f->left = 0;
	/* A splice that found the sink full holds nothing itself. */
	if (!flow_holds(f))
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
	f->left = f->wanted = FLOW_NO_LIMIT;
	f->exact = false;
	if (f->state == FLOW_SINK_FAILED)
		f->error = 0;
	f->state = FLOW_OPEN;
	settle(f);
}

void flow_free(struct flow *f)
{
	transfer_free(&f->transfer);
}
