/* rate.c - see rate.h: one clock for bytes and pieces */
#include "flow/rate.h"

#include "base/clock.h"
#include "base/number.h"

void rate_start(struct rate *r, int64_t bytes, int64_t pieces)
{
	*r = (struct rate){ .bytes = bytes, .each = pieces == UNSET ? 0 : SECOND / pieces };
	if (rate_is_set(r))
		r->due = clock_now();
}

int64_t rate_cost(const struct rate *r, int64_t n)
{
	int64_t time = 0;

	/* Rounded up: when that has passed, all N are allowed. */
	if (r->bytes != UNSET)
		time = (int64_t)((double)n / (double)r->bytes * (double)SECOND) + 1;
	return time > r->each ? time : r->each;
}

void rate_forget(struct rate *r, int64_t time)
{
	if (r->due < time)
		r->due = time;
}

int64_t rate_allows(const struct rate *r, int64_t now)
{
	if (now <= r->due)
		return 0;
	return (int64_t)((double)(now - r->due) / (double)SECOND * (double)r->bytes);
}
