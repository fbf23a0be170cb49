/* sender_state.h - what the parts of a run that sends datagrams share
 *
 * sending.c runs it, sender_way.c knows where they go (sender_unix.c: to a UNIX socket),
 * sender_input.c what goes next, sender_batch.c sends it at its pace, sender_report.c tells of it.
 */
#ifndef DGRAM_SENDER_STATE_H
#define DGRAM_SENDER_STATE_H

#include <limits.h>

#include "sock/datagram.h"
#include "net/dial.h"
#include "names/lookup.h"
#include "sock/unix.h"
#include "flow/rate.h"
#include "dgram/input.h"
#include "dgram/output.h"
#include "dgram/store.h"
#include "dgram/sender.h"

/* Datagrams on their way. */
struct sender_batch {
	struct dgram v[DGRAM_BATCH];
	size_t n, at; /* so many, of which those before `at` are gone */
};

struct sender {
	struct run *run;
	struct sender_config c;
	int64_t wait; /* --wait, or a probe's own */
	/* the way */
	struct lookup *lookup;
	struct address *sources;
	size_t n_sources;
	struct sender_place *places; /* tried in turn, or all of them together */
	size_t n_places, place;	     /* `place` is that of `sock`, or the one whose turn it is */
	bool together;
	struct dial_failure *failures; /* of those before it */
	size_t n_failures;
	struct dgram_socket sock;
	struct unix_place own;	 /* what was made for replies, */
	char own_path[PATH_MAX]; /* and where */
	/* what is sent */
	struct endpoint in;
	off_t in_start; /* of what can be read again, else -1 */
	struct datagram_input input;
	struct sender_batch batch, resend;
	struct datagram_store kept;  /* what was sent, for the next place, */
	struct datagram_store round; /* and what stdin gave, for the next round */
	bool keeping;		     /* `kept` is all */
	bool resending;		     /* it goes to the next place now */
	bool storing;		     /* `round` is to be all */
	bool replaying;		     /* it comes from there now */
	bool in_ended;		     /* nothing more comes */
	int64_t rounds;		     /* that are to come after this one */
	/* the state */
	struct watch in_watch, sock_watch;
	struct timer pace, keep_timer, wait_timer, idle_timer;
	bool started;	 /* there is a way */
	bool sock_full;	 /* it has to become writable first, */
	bool paused;	 /* or `pace` has to come */
	int64_t rests;	 /* the last pause that was asked for ends then */
	bool was_idle;	 /* stdin had nothing */
	bool waiting;	 /* for replies alone */
	bool enough;	 /* of them have come */
	bool finishing;	 /* only stdout has still to take what came */
	bool out_broken; /* nobody reads stdout any more */
	bool failed;	 /* the run cannot end well any more */
	struct outcome outcome;
	int64_t start;	   /* of the run */
	struct rate rate;  /* by --pps and --rate */
	int64_t last_move; /* a datagram went or came */
	const char *why;   /* it is over */
	/* what the network told of the place that `sock` is connected to */
	bool refused, reported;
	struct dgram_error refusal;
	struct address refused_to, refused_by;
	/* what comes back */
	struct dgram_batch *received;
	struct datagram_output output;
	struct sender_found found; /* of a probe, */
	bool tells;		   /* which it is to be told of */
	/* figures */
	uint64_t sent_bytes, sent_datagrams, received_bytes, received_datagrams, errors;
	int64_t expected;
};

/* ---- sending.c ---- */

/* There is a way. */
void sender_go(struct sender *s);

/* It is over with OUTCOME, for WHY, as soon as stdout has taken what came. */
void sender_finish(struct sender *s, struct outcome outcome, const char *why);

/* Is it over, but for what stdout has still to take? */
static inline bool sender_is_over(const struct sender *s)
{
	return s->finishing || s->run->ended;
}

/* Deals with what the network told of the place that S is connected to; the second asks it first.
 */
void sender_heed_refusal(struct sender *s);
void sender_take_errors(struct sender *s);

/* ---- sender_input.c ---- */

/* Opens stdin, of which datagrams of at most MOST bytes are made. */
void sender_input_start(struct sender *s, size_t most);
void sender_input_free(struct sender *s);

/* What goes next: what the place before did not take, else what stdin gives. */
struct sender_batch *sender_next_batch(struct sender *s);

/* Fills the batch. Returns whether there is something to do at once. */
bool sender_refill(struct sender *s);

/* What stdin gave has been sent: once more, or that was all. */
void sender_end_round(struct sender *s);

/* Keeps the next N of B, which have gone, for the next place; no more, for no other is needed. */
void sender_keep(struct sender *s, const struct sender_batch *b, size_t n);
void sender_keep_no_more(struct sender *s);

/* ---- sender_batch.c ---- */

/* Sends what is left of B. Returns whether to go on, now. */
bool sender_send(struct sender *s, struct sender_batch *b);

/* Nothing is sent before AT. */
void sender_pause(struct sender *s, int64_t at);

/* The same for a pause that was asked for, which is no idleness. */
void sender_rest(struct sender *s, int64_t at);

/* ---- sender_way.c, sender_unix.c ---- */

/* Looks up where it goes and opens the way there; then sender_go(). */
void sender_way_start(struct sender *s);
void sender_way_free(struct sender *s);

/* Opens the way to the UNIX socket that is the first place, by a socket that has a name of its own.
 * Returns false, having said why not and ended the run. sender_unix.c */
bool sender_open_unix(struct sender *s);

/* ERROR of sending, or what the network told: goes on with the next place, all of what was sent
 * once more, if that may be. Returns false where it may not. */
bool sender_next_place(struct sender *s, int error, const char *what);

/* Says how no place could be sent to, the last for ERROR in WHAT (NULL: sending itself). */
struct outcome sender_report_places(struct sender *s, int error, const char *what);

/* The error callback of S's socket. */
void sender_told(void *arg, const struct dgram_error *e);

/* ---- sender_report.c ---- */

/* Says that a datagram of SIZE bytes went to OTHER, by INTERFACE (NULL: whichever), or came from
 * there. */
void sender_say(const struct sender *s, bool sent, const struct address *other,
		const char *interface, size_t size);

/* What R asks of the run. */
void sender_report_start(struct sender *s, struct run *r);

#endif
