/* pump.h - two flows and their deadlines: one connection, from its start to its end
 *
 * `in` is what is sent to the peer, `out` is where its data goes. How each direction ends, and when
 * the whole is over, is the half-close rule of sockit(1); pump.c has it in one function.
 */
#ifndef FLOW_PUMP_H
#define FLOW_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/endpoint.h"
#include "flow/flow.h"
#include "loop/loop.h"

struct pump_config {
	bool fastopen;		/* the connection may begin with the first data only */
	bool recv_only;		/* `in` is not there */
	bool send_only;		/* what comes is thrown away; over once the peer has taken all */
	bool no_shutdown;	/* the end of `in` is not passed on */
	bool peer_end_ends;	/* the peer's end ends `in` too */
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
	bool out_may_end; /* `out` need not take everything: what it does not is thrown away */
	bool in_end_ends; /* with the end of `in` the connection ends */
	bool one_message; /* what follows the message that an editor lets through to `out` is thrown
			     away */
	bool close;	  /* it is over already: only the end is still to be brought about */
};

enum pump_end {
	PUMP_RUNNING,
	PUMP_DONE,   /* both directions have ended, every byte taken */
	PUMP_RESET,  /* the connection broke: the errno */
	PUMP_UNSENT, /* over by -q or --linger, but the peer has not acknowledged all that was sent
		      */
	PUMP_IDLE,   /* nothing moved for too long */
	PUMP_IN_FAILED,	 /* `in` cannot be read: the errno */
	PUMP_OUT_FAILED, /* `out` cannot be written: the errno */
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
	/* Nothing has moved for the time of `idle`. Returns whether P goes on, for that time again:
	 * with what an editor now has for the peer. NULL: it does not. */
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
		pace_timer, beat_timer;
	enum pump_end end;
	int error;
	/* What has been seen and done so far. */
	bool up_passed;		   /* the end of `in` has been passed on, or is not to be */
	bool connecting;	   /* there is no connection yet that could end */
	bool fin_sent;		   /* the end of `in` was sent as the connection's */
	bool peer_ended;	   /* the peer's end was read, and all before it written */
	bool out_broken;	   /* nobody reads `out` any more */
	bool asking;		   /* only acknowledgements are missing */
	bool quit_set, quitting;   /* -q counts; its time is up */
	bool closing;		   /* it is us who end: what was read is sent, no more */
	bool enough;		   /* what comes is thrown away */
	uint64_t received, echoed; /* before that */
	int peer_error;		   /* taken from the socket while no flow was about to meet it */
	/* Of the other connection, where `in` and `out` are one: */
	bool far_fin_sent;   /* the peer's end was sent as its own */
	int out_error;	     /* as peer_error; EPIPE where `out_broken` is all that is known */
	int far_error;	     /* it is broken: nothing more can be written to it */
	int64_t far_waiting; /* what it had not acknowledged when it was asked */
	int64_t last_move, last_in, last_sent; /* when something moved last: at all, from `in`,
						  towards the peer or acknowledged by it */
	int64_t ack_delay, acknowledged;       /* bytes, so far as was asked */
	int64_t last_beat; /* when something was sent last, where there is a heartbeat */
};

/* Starts P between IN, OUT and PEER, all of which stay the caller's, as the peer's socket does. IN
 * and OUT may be one, another connection, to which P relays; OUT may be PEER, which then gets back
 * what it sends. `over` is called from the loop, never from in here. */
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

/* When the peer took something last of what was sent; now, where it is not the peer that this waits
 * for. */
int64_t pump_last_taken(struct pump *p);

/* Bytes sent to the peer and received from it so far. */
uint64_t pump_sent(const struct pump *p);
uint64_t pump_received(const struct pump *p);

/* Lets go of loop and memory. The endpoints are the caller's to close: those of a relay that did
 * not come to its end by a reset. */
void pump_free(struct pump *p);

#endif
