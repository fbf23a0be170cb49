/* flow.h - one direction of a connection */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/transfer.h"

enum flow_state {
	FLOW_OPEN,
	FLOW_ENDED,	    /* the source has ended (or is not to be read further) and all that was
			       read has been written */
	FLOW_SOURCE_FAILED, /* `error` tells, and all that was read has been written */
	FLOW_SINK_FAILED,   /* what was read and not written is lost */
};

struct flow {
	struct transfer transfer;
	enum flow_state state;
	bool source_ended; /* by itself, or by an error */
	bool exact;	   /* it has to have all that is `left`: an earlier end is a failure */
	int error;	   /* of the source or the sink */
	uint64_t left;	   /* how many bytes more may be read */
	uint64_t wanted;   /* how many the sink wants, which a filter may have made fewer of */
	int64_t rate;	   /* bytes a second, UNSET: any */
	int64_t budget;	   /* of it: how many may move now, */
	int64_t budgeted;  /* as it was at this time */
	uint64_t charged;  /* how much of what moved has been taken from it */
};

#define FLOW_NO_LIMIT UINT64_MAX

struct flow_config {
	struct filter *filter;		   /* NULL: none */
	const struct frame_options *frame; /* of packets, NULL: the usual */
	size_t limit;			   /* see transfer_start() */
	int64_t rate;			   /* at most so many bytes a second, or UNSET */
	uint64_t wanted; /* over with so many bytes for the sink, FLOW_NO_LIMIT: any */
};

/* *F from FROM to TO. */
void flow_start(struct flow *f, struct endpoint *from, struct endpoint *to,
		const struct flow_config *c);

/* Which readiness F waits for: that of its source, that of its sink, or, ended or paused, none.
 * Never both. */
bool flow_wants_source(const struct flow *f);
bool flow_wants_sink(const struct flow *f);

/* The time until which F pauses, for its rate or its filter; 0: it does not. */
int64_t flow_resume(const struct flow *f);

/* The same as far as it is its rate, or the pause after a line, that was asked for; 0, or a time
 * that has passed: it does not. */
int64_t flow_rests(const struct flow *f);

/* Does F hold what it has read and not written? */
bool flow_holds(const struct flow *f);

/* At most one fill and one drain, after what F wants is there. Returns how many bytes were read
 * or written, 0 where nothing moved. Changes the state. */
uint64_t flow_step(struct flow *f);

/* May be stepped again without asking poll(2) again? Not where a call could block. */
bool flow_may_repeat(const struct flow *f);

/* Its filter has something to send by itself: F waits for its sink next, though it may have ended.
 */
void flow_nudge(struct flow *f);

/* Reads no more; what is held is still written. */
void flow_finish(struct flow *f);

/* Reads at most N bytes more. What the editor of F's filter says when it is done counts as this,
 * and an end before that as an error: EPROTO. */
void flow_limit(struct flow *f, uint64_t n);

/* Throws away what it holds and whatever comes, to the source's end. A sink that failed counts no
 * more. */
void flow_discard(struct flow *f);

void flow_free(struct flow *f);

#endif
