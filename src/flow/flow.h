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
	int error;	   /* of the source or the sink */
	uint64_t left;	   /* how many bytes more may be read */
};

#define FLOW_NO_LIMIT UINT64_MAX

/* *F from FROM to TO; see transfer_start() for LIMIT. */
void flow_start(struct flow *f, struct endpoint *from, struct endpoint *to, size_t limit);

/* Which readiness F waits for: that of its source, that of its sink, or, ended, none. Never both.
 * Pure. */
bool flow_wants_source(const struct flow *f);
bool flow_wants_sink(const struct flow *f);

/* At most one fill and one drain, after what F wants is there. Returns how many bytes were read
 * or written, 0 where nothing moved. Changes the state. */
uint64_t flow_step(struct flow *f);

/* May be stepped again without asking poll(2) again? Not where a call could block. */
bool flow_may_repeat(const struct flow *f);

/* Reads no more; what is held is still written. */
void flow_finish(struct flow *f);

/* Reads at most N bytes more. */
void flow_limit(struct flow *f, uint64_t n);

/* Throws away what it holds and whatever comes, to the source's end. A sink that failed counts no
 * more. */
void flow_discard(struct flow *f);

void flow_free(struct flow *f);

#endif
