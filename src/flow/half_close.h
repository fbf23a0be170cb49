/* half_close.h - the half-close rule of sockit(1): how each direction of a connection ends
 *
 * The end of `in` becomes the connection's once all of it is sent; the peer's end becomes that of
 * `out` once all of it is written. The run is over when both have ended and the peer has
 * acknowledged everything. half_close() says what options and errors change about that. It is a
 * pure function, which knows no descriptor and no clock; pump_half_close.c does what it says.
 *
 * The end of stream that the peer sees is a promise that `in` had ended. Until then the connection
 * is armed: whatever ends the run, the peer sees a reset, and does not take a part for the whole.
 *
 *	SEND_OPEN -----------------------> SEND_SHUT (all of `in` is sent)
 *	    |----------------------------> SEND_KEPT_OPEN (--no-shutdown) --^ (we end the
 *	    |                                                              connection)
 *	    \----------------------------> SEND_BROKEN (so is the connection, or the run before
 *	                                   the end of `in`)
 *
 *	RECEIVE_OPEN --------------------> RECEIVE_PASSED (the peer's end, all before it written)
 *	    |--> RECEIVE_UNWANTED -------> RECEIVE_ENDED (the peer's end, not passed on)
 *	    |--> RECEIVE_ENOUGH ----------^
 *	    \--> RECEIVE_LAST (-q)
 *
 *	RUN_OPEN ---> RUN_CLOSING (it is we who end the connection)
 *	    |             |
 *	RUN_BROKEN -> RUN_ABORTING (the run will end in an error)
 */
#ifndef FLOW_HALF_CLOSE_H
#define FLOW_HALF_CLOSE_H

#include <stdbool.h>

/* The direction from `in` to the peer. */
enum send_state {
	SEND_OPEN,	/* `in` has not ended, or not all of it is sent */
	SEND_KEPT_OPEN, /* it has ended, and the peer is not told, unless we end the connection */
	SEND_BROKEN,	/* it has ended, and the peer cannot be told, or must not */
	SEND_SHUT,	/* its end was sent as the connection's */
	SEND_STATES
};

/* The direction from the peer to `out`. */
enum receive_state {
	RECEIVE_OPEN,
	RECEIVE_UNWANTED, /* discarded: `out` takes no more */
	RECEIVE_ENOUGH,	  /* discarded, not counted, nor copied to -o, -x and -X */
	RECEIVE_LAST,	  /* -q: only what has come by now is still written */
	RECEIVE_ENDED,	  /* the peer's end was read, and not passed on */
	RECEIVE_PASSED,	  /* the peer's end has become that of `out` */
	RECEIVE_STATES
};

/* The connection as a whole. */
enum run_state {
	RUN_OPEN,
	RUN_BROKEN,   /* it will end in an error, but something still moves */
	RUN_CLOSING,  /* we end it: what was read is sent, what comes is discarded (--linger) */
	RUN_ABORTING, /* the same, and it will end in an error */
	RUN_STATES
};

struct half_close {
	enum send_state send;
	enum receive_state receive;
	enum run_state run;
};

enum pump_mode {
	PUMP_PLAIN,
	PUMP_ECHO,  /* `out` is the peer, which gets back what it sends */
	PUMP_RELAY, /* `in` and `out` are one, another connection: the far one */
};

/* What is agreed for the whole of a connection. */
struct half_close_terms {
	enum pump_mode mode;
	bool recv_only;	    /* `in` is not there: its end comes last */
	bool send_only;	    /* what comes is discarded: see half_close_awaits() */
	bool no_shutdown;   /* the end of `in` is not passed on: ours is */
	bool peer_end_ends; /* the peer's end ends `in` too */
	bool out_may_end;   /* `out` need not take everything: the rest is discarded */
	bool one_message;   /* what follows the one message that an editor passes on is discarded */
	bool promises;	    /* the peer's end of stream means that `in` had ended */
};

enum half_close_event {
	HALF_CLOSE_SENT,	/* `in` has ended, and all of it is sent */
	HALF_CLOSE_SENT_CUT,	/* `in` is read no further, and all that was read is sent */
	HALF_CLOSE_SENT_BROKEN, /* `in` has ended, and the connection is broken, or is to be */
	HALF_CLOSE_IN_FAILED,	/* `in` cannot be read */
	HALF_CLOSE_STEP_FAILED, /* the dialogue before `in` is not what was expected */
	HALF_CLOSE_RESET,	/* the connection is broken, and something is lost by it */
	HALF_CLOSE_PEER_ENDED,	/* the peer has ended, and all before that is written */
	HALF_CLOSE_GOT_ENOUGH,	/* as much has come as is wanted */
	HALF_CLOSE_OUT_FAILED,	/* `out` cannot be written to */
	HALF_CLOSE_OUT_BROKEN,	/* it could not be, as is seen with nothing to write */
	HALF_CLOSE_ONE_GONE,	/* one connection of a relay is gone: the other may take the rest */
	HALF_CLOSE_RECEIVE_FAILED, /* the peer cannot be read from; it had acknowledged all */
	HALF_CLOSE_CLOSE,	   /* the connection is to be ended from here */
	HALF_CLOSE_QUIT,	   /* the time of -q is up */
	HALF_CLOSE_IDLE,	   /* the time of --idle-timeout is up */
	HALF_CLOSE_CUT,		   /* the run ends from outside, before it is over */
	HALF_CLOSE_UNACKNOWLEDGED, /* the time for acknowledgements is up */
	HALF_CLOSE_ACKNOWLEDGED,   /* nothing is waited for any more */
	HALF_CLOSE_EVENTS
};

/* What the pump is to do, as bits, in this order. */
enum half_close_action {
	HALF_CLOSE_END_OUT = 1 << 0,	     /* end `out` */
	HALF_CLOSE_TELL_PEER_ENDED = 1 << 1, /* tell the owner; probe the peer if `in` is open */
	HALF_CLOSE_FINISH_IN = 1 << 2,	     /* read no more of `in`, and tell the owner */
	HALF_CLOSE_STOP_COUNTING = 1 << 3,   /* what comes neither counts nor is copied */
	HALF_CLOSE_DISCARD = 1 << 4,	     /* discard what comes, and what is held of it */
	HALF_CLOSE_LINGER = 1 << 5,	     /* let the time of --linger begin */
	HALF_CLOSE_PROBE_FAR = 1 << 6,	     /* probe whether the far connection is still there */
	HALF_CLOSE_SHUT_DOWN = 1 << 7,	     /* pass the end of `in` on to the peer */
	HALF_CLOSE_LIMIT = 1 << 8,	     /* receive no more than what has come by now */
	HALF_CLOSE_DISARM = 1 << 9, /* the peer has all of `in`: nothing is reset any more */
	HALF_CLOSE_HURRY = 1 << 10, /* what was read has one second more to be acknowledged */
	HALF_CLOSE_OVER = 1 << 11,  /* the run is over */
};

/* How a run ends. */
enum pump_end {
	PUMP_RUNNING,
	PUMP_CUT,	  /* ended from outside, which says why */
	PUMP_DONE,	  /* both directions have ended, every byte taken */
	PUMP_RESET,	  /* the connection broke: the errno */
	PUMP_UNSENT,	  /* over by -q or --linger, and the peer has not acknowledged everything */
	PUMP_IDLE,	  /* nothing moved for too long */
	PUMP_STEP_FAILED, /* the dialogue before `in` came to nothing, as its run tells */
	PUMP_IN_FAILED,	  /* `in` cannot be read: the errno */
	PUMP_OUT_FAILED,  /* `out` cannot be written: the errno */
};

struct half_close_step {
	struct half_close state; /* from now on */
	unsigned actions;	 /* of enum half_close_action */
	enum pump_end end;	 /* how the run ends, if that is known by this event */
};

/* The rule: what EVENT means in STATE under TERMS. An event that has had its effect already may
 * come again. */
struct half_close_step half_close(struct half_close state, const struct half_close_terms *terms,
				  enum half_close_event event);

/* What is still waited for, once all was sent, from the peer. */
enum half_close_wait {
	HALF_CLOSE_WAIT_TAKEN,	/* to acknowledge everything, no more */
	HALF_CLOSE_WAIT_SILENT, /* that, and to end or to be silent for the time of --linger */
	HALF_CLOSE_WAIT_END,	/* its end of stream */
};

/* Which is it, where anything was SENT or not? A close could destroy what the peer has acknowledged
 * and not read yet: its next word would be answered by a reset. */
enum half_close_wait half_close_awaits(struct half_close state,
				       const struct half_close_terms *terms, bool sent);

static inline bool half_close_peer_ended(struct half_close state)
{
	return state.receive >= RECEIVE_ENDED;
}

/* Is it known that the run ends in an error? */
static inline bool half_close_has_failed(struct half_close state)
{
	return state.run == RUN_BROKEN || state.run == RUN_ABORTING;
}

/* Two connections that are joined must not take the end of a broken one for an end of stream. */
static inline bool half_close_is_broken_off(struct half_close state,
					    const struct half_close_terms *terms)
{
	return terms->mode == PUMP_RELAY && half_close_has_failed(state);
}

/* Is it we who end the connection? */
static inline bool half_close_is_closing(struct half_close state)
{
	return state.run >= RUN_CLOSING;
}

#endif
