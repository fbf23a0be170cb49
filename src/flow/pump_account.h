/* pump_account.h - what a connection's time went by: who held its sending up, and its receiving
 *
 * The pump tells for which of its ends it waited; the kernel tells (TCP_INFO) how long it had
 * something to send, and whether the receiver's window or our send buffer stopped it. It is kept
 * for a pump whose configuration has an account, and costs the others nothing.
 */
#ifndef FLOW_PUMP_ACCOUNT_H
#define FLOW_PUMP_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

struct pump;

enum pump_limit {
	PUMP_BY_RECEIVER,    /* its window, as far as our kernel tells */
	PUMP_BY_NETWORK,     /* there was something to send, and neither window nor buffer full */
	PUMP_BY_SEND_BUFFER, /* ours was too small for what is on its way */
	PUMP_BY_OTHER_SIDE,  /* whatever is not here, where it cannot be told apart */
	PUMP_BY_END,	     /* `in` had nothing to send; `out` did not take what had come */
	PUMP_BY_PAUSE,	     /* of --rate, a filter, or the files of -o, -x and -X */
	PUMP_LIMITS
};

/* For how many ns each was what limited it. The sending ends when all of `in` was sent and is
 * acknowledged, the receiving with the peer's end. */
struct pump_limits {
	int64_t sending[PUMP_LIMITS], receiving[PUMP_LIMITS];
};

/* Times that are summed up, in ns. */
enum pump_time {
	TIME_SOURCE, /* the sending waits for `in`, */
	TIME_SINK,   /* for the connection to take more, */
	TIME_PAUSE,  /* for the end of a pause */
	TIME_DOWN,   /* the same three of the receiving */
	TIME_UNSENT =
		2 * TIME_DOWN, /* the kernel has more than it has sent, and TIME_SINK is not */
	TIME_BUSY,	       /* the kernel's, of TCP_INFO: busy, */
	TIME_RECEIVER,	       /* the window full, */
	TIME_SEND_BUFFER,      /* the buffer full */
	TIME_AFTER,	       /* of TIME_BUSY: after the end of `in` */
	TIMES
};

struct pump_times {
	int64_t ns[TIMES];
};

/* The caller's; all is the pump's. */
struct pump_account {
	struct pump_times times;
	struct pump_times last;	 /* when pump_account_mark() was called */
	int64_t since;		 /* the time up to which `times` tells */
	enum pump_time up, down; /* what is waited for since then */
	bool unsent;
	bool sent_all;	     /* the sending has ended, */
	int64_t busy_at_end; /* with so much TIME_BUSY */
	bool *gone;	     /* set where the pump is freed within one of its calls */
	watch_fn *in_ready, *out_ready, *peer_ready; /* the pump's own functions */
	timer_fn *time;
};

/* Returns what has limited P since it started, or since pump_account_mark(); all 0 where it has no
 * account. */
struct pump_limits pump_limits(const struct pump *p, bool since_mark);

/* Begins a new interval of P, which has an account. */
void pump_account_mark(const struct pump *p);

/* Adds MORE to SUM. */
void pump_limits_add(struct pump_limits *sum, const struct pump_limits *more);

#endif
