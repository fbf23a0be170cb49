/* flow.h - one direction of a connection */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/rate.h"
#include "flow/transfer.h"

enum flow_state {
	FLOW_OPEN,
	FLOW_ENDED,	    /* the source has ended or is not read further; all of it is written */
	FLOW_SOURCE_FAILED, /* with `error`; all that was read is written */
	FLOW_SINK_FAILED,   /* with `error`; what was read and not written is lost */
};

/* A rate that is kept, and what it has come to. */
struct flow_rate {
	struct rate rate;
	int64_t next_share; /* nothing may move before this time */
	uint64_t charged;   /* how much of what moved `rate` has been charged with */
};

struct flow {
	struct transfer transfer;
	enum flow_state state;
	int error;		/* of the source or the sink */
	bool source_ended;	/* by itself, or by an error */
	bool exact;		/* an end before all that is `left` has come is a failure */
	uint64_t left;		/* how many bytes more may be read */
	uint64_t wanted;	/* how many the sink wants, which a filter may have made fewer of */
	struct flow_rate *rate; /* the caller's; NULL: none is kept */
};

#define FLOW_NO_LIMIT UINT64_MAX

struct flow_config {
	struct filter *filter;		       /* NULL: none */
	const struct frame_options *frame;     /* of packets, NULL: the usual */
	const struct message_frames *messages; /* on a stream, NULL: there are none */
	size_t limit;			       /* see transfer_start() */
	struct flow_rate *rate;		       /* whose `rate.bytes` is set; NULL: none is kept */
	uint64_t wanted; /* over with so many bytes for the sink, FLOW_NO_LIMIT: any */
};

/* Starts *F from FROM to TO, which stay the caller's, as its rate does. In the end transfer_free()
 * its transfer. */
void flow_start(struct flow *f, struct endpoint *from, struct endpoint *to,
		const struct flow_config *c);

/* Does F wait for its source to be ready, or for its sink? Never for both; for neither if it has
 * ended or pauses. */
bool flow_wants_source(const struct flow *f);
bool flow_wants_sink(const struct flow *f);

/* The time until which F pauses, for its rate or its filter; 0: not pausing. */
int64_t flow_resume(const struct flow *f);

/* As flow_resume(), counting only pauses the user asked for (--rate, --delay). 0 or a past time:
 * not pausing. */
int64_t flow_rests(const struct flow *f);

/* Does F hold anything that it has read and not written, or that its filter inserts? */
bool flow_holds(const struct flow *f);

/* Does at most one fill and one drain, after F's source or sink is ready as it wants. Returns how
 * many bytes were read or written, 0 if nothing moved. Changes the state. */
uint64_t flow_step(struct flow *f);

/* May F be stepped again without asking poll(2)? Not if a call could block. */
bool flow_may_repeat(const struct flow *f);

/* F's filter has inserted something: F waits for its sink next, even if it has ended. */
void flow_nudge(struct flow *f);

/* F reads no more; what it holds is still written. */
void flow_finish(struct flow *f);

/* F reads at most N bytes more. (An editor that is done sets such a limit too: then an end before
 * it is an error, EPROTO.) */
void flow_limit(struct flow *f, uint64_t n);

/* F discards what it holds and whatever comes, to the source's end. If its sink has failed, that
 * counts no more. */
void flow_discard(struct flow *f);

#endif
