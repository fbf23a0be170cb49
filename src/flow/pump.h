/* pump.h - two flows and their deadlines: one connection, from its start to its end
 *
 * `in` is what is sent to the peer, `out` is where its data goes. half_close.h says how each
 * direction ends, and when the run is over.
 */
#ifndef FLOW_PUMP_H
#define FLOW_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/endpoint.h"
#include "flow/flow.h"
#include "flow/half_close.h"
#include "loop/loop.h"

struct pump_config {
	struct half_close_terms terms;
	bool fastopen;		/* the connection may begin with the first data only */
	bool keepalive_is_set;	/* by the user: not to be changed */
	int64_t quit_after_eof; /* how long to wait for the peer after the end of `in`, or UNSET */
	int64_t linger;	     /* how long, after an end that is ours, the peer may take to end too */
	int64_t idle;	     /* limit to a time in which nothing moves, or UNSET */
	uint64_t read_bytes; /* over after so many, FLOW_NO_LIMIT: no limit */
	size_t buffer;	     /* 0: what is fast */
	int64_t rate;	     /* bytes a second each way, or UNSET */
	const struct frame_options *frame; /* of packets, NULL: the usual */
	struct filter *up, *down;	   /* on the way to the peer and from it; NULL: none */
	bool others_sent;		   /* somebody else has written to the connection before */
	bool in_end_ends;		   /* with the end of `in` the connection ends */
	bool close; /* it is over already: only the end is still to be brought about */
};

struct pump;

struct pump_calls {
	/* The run is over: P's `end` and `error` tell how. May free P. */
	void (*over)(void *arg, struct pump *p);
	/* The peer has ended, and nothing came from `in` for a second. NULL: nobody wants to know.
	 */
	void (*waiting)(void *arg, struct pump *p);
	/* The peer's end was read, and all before it written. NULL: as before. */
	void (*peer_ended)(void *arg, struct pump *p);
	/* From here on it is us who end the connection. NULL: as before. */
	void (*closing)(void *arg, struct pump *p);
	/* The idle limit has passed. Return true to go on for one more limit (an editor has queued
	 * an answer). NULL: the run ends. */
	bool (*idle)(void *arg, struct pump *p);
	void *arg;
};

struct pump {
	struct loop *loop;
	struct pump_config c;
	struct pump_calls calls;
	struct endpoint *in, *out, *peer; /* the caller's */
	struct flow up, down;
	struct watch in_watch, out_watch, peer_watch;
	struct timer idle_timer, quit_timer, notice_timer, linger_timer, ack_timer, patience_timer,
		pace_timer, heartbeat_timer;
	struct half_close state;
	enum pump_end end;
	int error;
	uint64_t received_most, echoed_most; /* no more than this counts */
	int peer_error;	     /* taken from the socket while no flow was about to meet it */
	int out_error;	     /* nobody reads `out` any more, as was seen with nothing to write */
	int far_error;	     /* the far connection is broken: nothing can be written to it */
	int64_t far_waiting; /* bytes that it had not acknowledged when it was last asked */
	/* Times at which something moved last: at all, from `in`, towards the peer (or was
	 * acknowledged by it), and towards the peer where there is a heartbeat. */
	int64_t last_move, last_in, last_sent, last_heartbeat;
	int64_t ack_delay;    /* between two questions for acknowledgements, ns */
	int64_t acknowledged; /* bytes, as far as was asked */
};

/* Starts P between IN, OUT and PEER, all of which stay the caller's. The mode of C says whether two
 * of them are one. `over` is called from the loop, never from in here. */
void pump_start(struct pump *p, struct loop *loop, const struct pump_config *c,
		const struct pump_calls *calls, struct endpoint *in, struct endpoint *out,
		struct endpoint *peer);

/* `in` will bring no more than what is there now, whoever has it still open; with that the
 * connection ends. */
void pump_finish_in(struct pump *p);

/* Ends the connection from here: what was read is sent as long as the peer takes it, what comes is
 * thrown away, and after --linger that is all. */
void pump_close(struct pump *p);

/* There is room again in the fan-out that `out` writes to. */
void pump_wake(struct pump *p);

/* What P still waits for. */
struct pump_waits {
	bool in;	   /* something from `in`, or its end */
	bool peer;	   /* the same from the peer */
	bool peer_reading; /* that the peer takes what was sent */
	bool out;	   /* that `out` takes what came */
	bool paused;	   /* for its rate or its filters */
	bool acknowledged; /* that the peer's kernel acknowledges all that was sent */
};

struct pump_waits pump_waits(const struct pump *p);

/* Time when the peer last took data; the current time if the pump is not waiting for the peer. */
int64_t pump_last_taken(struct pump *p);

/* Has the peer ended its sending, with all before that written? */
static inline bool pump_peer_ended(const struct pump *p)
{
	return half_close_peer_ended(p->state);
}

/* Was it we who ended the connection? */
static inline bool pump_was_closed(const struct pump *p)
{
	return half_close_is_closing(p->state);
}

/* Bytes sent to the peer and received from it so far. */
uint64_t pump_sent(const struct pump *p);
uint64_t pump_received(const struct pump *p);

/* Lets go of loop and memory. The caller closes the endpoints: those of a relay that did not come
 * to its end are then reset. */
void pump_free(struct pump *p);

#endif
