/* sender_kept.h - what a sender has sent so far, for the next address if nobody is at this one
 *
 * It is kept for a short time and up to a bound, and only as long as all of it is there.
 */
#ifndef DGRAM_SENDER_KEPT_H
#define DGRAM_SENDER_KEPT_H

#include "loop/loop.h"
#include "dgram/stdin.h"
#include "dgram/store.h"

struct sender_kept {
	struct loop *loop;
	struct dgram_store store;
	struct timer timer;
	bool complete;		  /* all that was sent is in `store`: another place may be tried */
	bool resending;		  /* it is sent once more: `batch` has some of it to go */
	struct dgram_queue batch; /* those are the store's */
};

/* *K keeps what is sent from now on, if COMPLETE. */
void sender_kept_start(struct sender_kept *k, struct loop *loop, bool complete);

/* The N at V have been sent. */
void sender_kept_add(struct sender_kept *k, const struct dgram *v, size_t n);

/* No other place is needed: keeps nothing more. */
void sender_kept_drop(struct sender_kept *k);

/* Sends all of it once more, from the first. */
void sender_kept_resend(struct sender_kept *k);

/* Fills the batch, which has gone, or ends the resending. */
void sender_kept_next(struct sender_kept *k);

void sender_kept_free(struct sender_kept *k);

#endif
