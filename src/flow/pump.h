/* pump.h - two flows and their deadlines: one connection, from its start to its end
 *
 * One flow goes from `in` to the peer, the other from the peer to `out`. half_close.h says how each
 * direction ends, and when the run is over.
 */
#ifndef FLOW_PUMP_H
#define FLOW_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/endpoint.h"
#include "flow/flow.h"
#include "flow/half_close.h"
#include "flow/pump_account.h"
#include "loop/loop.h"

/* What all pumps of a run may have in common. */
struct pump_options {
	bool keepalive_is_set;	/* by the user: not to be changed */
	int64_t quit_after_eof; /* ns to wait for the peer after the end of `in`, or UNSET */
	int64_t linger;		/* ns that the peer has to end too after we closed */
	int64_t idle;		/* ns in which nothing moves, after which it is over, or UNSET */
	int64_t step_limit;	/* ns in which each step of a dialogue has to be done */
	size_t buffer;		/* bytes in flight at most, 0: as is fast */
	const struct frame_options *frame; /* of packets in a stream, NULL: each read is one */
};

/* What only some pumps have, as options ask for it: the caller's, until the end. */
struct pump_extras {
	struct filter *up, *down;      /* on the way to the peer and from it; NULL: none */
	struct flow_rate *rates;       /* the two that are kept, up and down; NULL: none */
	struct pump_account *account;  /* of where the time goes; NULL: none is kept */
	struct dialogue_run *dialogue; /* comes before `in` is read, and is heard by the filters;
					* NULL: none, or it is over */
	/* The pump's own: */
	struct endpoint *later; /* `in` once the dialogue is over; NULL: it is at its end */
	size_t step;		/* the one of the dialogue that is under way, */
	int64_t step_due;	/* and when it must be done */
	int64_t last_heartbeat; /* or when something moved towards the peer */
};

struct pump_config {
	const struct pump_options *options; /* the caller's, until the end */
	struct half_close_terms terms;
	size_t sent_before;   /* bytes of `in` that were sent while it was being connected */
	bool quit_from_start; /* `quit_after_eof` counts from the start: `in` is not there */
	uint64_t read_bytes;  /* received, after which it is over, or FLOW_NO_LIMIT */
	/* Of messages to the peer, and from it; NULL: there are none. */
	const struct message_frames *messages_up, *messages_down;
	struct pump_extras *extras; /* the caller's too */
	bool others_sent; /* another process, or the owner, has written to the connection before */
	bool in_end_ends; /* the end of `in` ends the connection */
	bool close;	  /* the connection is to be ended at once */
};

struct pump_calls {
	/* The run is over: the pump's `end` and `error` tell how. May free the pump. */
	void (*over)(void *arg);
	/* The same after pump_cut(). */
	void (*cut)(void *arg);
	/* The peer has ended, and nothing came from `in` for a second. May be NULL. */
	void (*waiting)(void *arg);
	/* The peer's end was read, and all before it written. May be NULL. */
	void (*peer_ended)(void *arg);
	/* From here on it is we who end the connection, or it is broken. May be NULL. */
	void (*closing)(void *arg);
	/* The idle limit has passed. Return true to go on for one more limit (an editor has queued
	 * an answer). NULL: the run ends. */
	bool (*idle)(void *arg);
	/* More steps of the dialogue are done, from the extras' `step` on. May be NULL. */
	void (*stepped)(void *arg);
	/* All are: is there an `in` to be read? NULL: there is. */
	bool (*spoken)(void *arg);
};

/* What is done at a time. */
enum pump_alarm {
	ALARM_PACE, /* goes on though no descriptor is ready */
	ALARM_PATIENCE,
	ALARM_ASK, /* for acknowledgements */
	ALARM_IDLE,
	ALARM_QUIT,
	ALARM_NOTICE,
	ALARM_LINGER,
	ALARM_HEARTBEAT,
	ALARM_STEP, /* of the dialogue */
	ALARMS
};

/* What a pump has on this side of the connection: for what goes from `in` to the peer, to wait for
 * `in` and `out`, and where these are one. */
struct pump_side {
	struct flow up;
	struct watch in_watch, out_watch;
	int far_error;	     /* of the far connection: nothing can be written to it any more */
	int64_t far_waiting; /* bytes that it had not acknowledged when last asked */
};

/* That of all pumps without `in` and without filters, whose `out` is the peer or nowhere. */
extern struct pump_side pump_no_side;

struct pump {
	struct loop *loop;
	/* Of the configuration: */
	const struct pump_options *o;
	struct half_close_terms terms;
	bool others_sent, in_end_ends;
	bool messages;		    /* come from the peer */
	bool in_finished;	    /* see pump_finish_in() */
	struct pump_extras *extras; /* the caller's */
	const struct pump_calls *calls;
	void *arg;			  /* theirs */
	struct endpoint *in, *out, *peer; /* the caller's */
	struct pump_side *side;		  /* the owner's, see there */
	struct flow down;
	struct watch peer_watch;
	int64_t alarms[ALARMS]; /* when, 0: not set; see pump_set() */
	struct timer timer;	/* for the first of them */
	struct half_close state;
	enum pump_end end;
	int error;
	int peer_error;	    /* of the connection, seen while no flow was about to meet it */
	int out_error;	    /* of `out`, seen while there was nothing to write */
	bool unprobed : 1;  /* no probes yet of the connection that has ended its side */
	bool quit : 1;	    /* the time of -q is over */
	bool hurried : 1;   /* the time of --linger is a second, whatever moves */
	bool gives_way : 1; /* pump_close() is no end of `in` */
	bool cut : 1;	    /* see pump_cut() */
	bool over : 1;	    /* nothing moves any more */
	uint64_t received_most, echoed_most; /* bytes beyond these do not count */
	/* Times at which something moved last: at all, from `in`, towards the peer (or was
	 * acknowledged by it), and from the peer. */
	int64_t last_move, last_in, last_sent, last_heard;
	int64_t acknowledged; /* bytes, when last asked */
	size_t unread;	      /* bytes that the kernel has of a large message, when last asked */
	int64_t ack_delay;    /* ns between two questions for acknowledgements */
};

/* Starts P between IN, OUT and PEER, which stay the caller's, as CALLS do, which get ARG; the mode
 * in C says whether two of them are one. P is all zero but for its `side`, which is zero too, or
 * &pump_no_side. Of C's extras the pump's own are zero. `over` is called from the loop, never from
 * this function. */
void pump_start(struct pump *p, struct loop *loop, const struct pump_config *c,
		const struct pump_calls *calls, void *arg, struct endpoint *in,
		struct endpoint *out, struct endpoint *peer);

/* To be called right after pump_start(), from the loop, where the peer has probably sent something
 * by then: moves it, before the loop would wait for it. May call `over`. */
void pump_look(struct pump *p);

/* Reads no more of `in` than what is there now, even if another process has it open. With that the
 * connection ends. */
void pump_finish_in(struct pump *p);

/* The peer's end is that of the connection too from now on, though `in` may have more: what comes
 * before it is written. */
void pump_end_with_peer(struct pump *p);

/* Ends the connection from here: what was read is sent as long as the peer takes it, what comes is
 * discarded, and after the time of --linger it is over. If `in` had not ended by then the
 * connection is reset. */
void pump_close(struct pump *p);

/* The run ends from outside: what was read is sent, and has a second to be acknowledged, in which
 * what comes is discarded (of a relay, what has come by now is passed on); then `cut` is called in
 * place of `over`. Returns false if there is nothing to wait for: then it is over already, and
 * nothing is called. Where the end of `in` has not been passed on the connection
 * is reset as soon as its endpoint is closed. Not to be called from within P's own calls. */
bool pump_cut(struct pump *p);

/* Goes on after the fan-out that `out` writes to has room again. */
void pump_wake(struct pump *p);

/* Nobody reads `out` any more, as the owner has noticed: that ends the connection from here. */
void pump_lose_out(struct pump *p);

/* What P waits for. */
struct pump_waits {
	bool in;	   /* data of `in`, or its end */
	bool peer;	   /* data of the peer, or its end */
	bool peer_reading; /* the peer to take what was sent */
	bool peer_silent;  /* the peer to end, or to be silent for the time of --linger */
	bool out;	   /* `out` to take what came */
	bool paused;	   /* the end of a pause of its rate or its filters */
	bool acknowledged; /* the peer's kernel to acknowledge what was sent */
};

struct pump_waits pump_waits(const struct pump *p);

/* Time when the peer last took data; the current time if the pump is not waiting for the peer. */
int64_t pump_last_taken(struct pump *p);

/* Has the peer ended its sending, with all before that written? */
static inline bool pump_peer_ended(const struct pump *p)
{
	return half_close_peer_ended(p->state);
}

/* Has the connection broken, so that nothing that is read from `in` can reach the peer? */
static inline bool pump_cannot_send(const struct pump *p)
{
	return p->side->up.state == FLOW_SINK_FAILED || p->end == PUMP_RESET;
}

/* Once the peer has ended: had the end of `in`, which was not empty, been passed on before, and did
 * nothing come back? */
bool pump_unanswered(const struct pump *p);

/* Was it we who ended the connection? */
static inline bool pump_was_closed(const struct pump *p)
{
	return half_close_is_closing(p->state);
}

/* Bytes sent to the peer and received from it so far. */
uint64_t pump_sent(const struct pump *p);
uint64_t pump_received(const struct pump *p);

/* Returns how many of the bytes sent the peer's kernel has acknowledged, UNSET where the connection
 * is not TCP or ours cannot tell. */
int64_t pump_sent_acknowledged(const struct pump *p);

/* Lets go of loop and memory. The caller closes the endpoints: a connection whose input did not
 * come to its end is then reset, and both of a relay. */
void pump_free(struct pump *p);

#endif
