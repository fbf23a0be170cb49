/* rate.h - a limit on the bytes (--rate) and on the pieces (--pps) that move in a second
 *
 * The account is kept in time: each byte and each piece takes its share of a second, and `due` is
 * the time at which all that has moved so far would be through at exactly the rate. More may move
 * from then on. The caller adds to `due` what rate_cost() says of that.
 */
#ifndef FLOW_RATE_H
#define FLOW_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/number.h"

struct rate {
	int64_t bytes; /* a second, UNSET: any number */
	int64_t each;  /* ns that a piece takes at least */
	int64_t due;   /* see clock_now() */
};

/* Starts R now, with at most BYTES and at most PIECES a second; UNSET: any number of them. */
void rate_start(struct rate *r, int64_t bytes, int64_t pieces);

/* Tells whether R limits anything. */
static inline bool rate_is_set(const struct rate *r)
{
	return r->bytes != UNSET || r->each > 0;
}

/* Returns the time in ns that a piece of N bytes takes. */
int64_t rate_cost(const struct rate *r, int64_t n);

/* Gives up what could have moved before TIME and has not: it is not made up for. */
void rate_forget(struct rate *r, int64_t time);

/* Returns how many bytes R, whose `bytes` are set, lets move at the time NOW. */
int64_t rate_allows(const struct rate *r, int64_t now);

#endif
