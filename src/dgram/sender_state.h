/* sender_state.h - a run that sends datagrams: its parts, and how far it has come
 *
 * sender.c decides what is to be done next and does it. It uses sender_places.c (where to),
 * stdin.c (what), sender_batch.c (one batch at a time, at its pace), sender_kept.c (what the next
 * address is to get too) and sender_replies.c (what comes back).
 */
#ifndef DGRAM_SENDER_STATE_H
#define DGRAM_SENDER_STATE_H

#include "flow/rate.h"
#include "dgram/output.h"
#include "dgram/sender.h"
#include "dgram/sender_kept.h"
#include "dgram/sender_places.h"
#include "dgram/stdin.h"
#include "dgram/traffic.h"

/* One after the other; back to SENDER_SENDS if a place fails before the next one has been tried. */
enum sender_state {
	SENDER_LOOKS_UP, /* there is no socket yet */
	SENDER_SENDS,
	SENDER_LOOKED,	 /* all is sent, and the network's errors and the first replies are taken */
	SENDER_WAITS,	 /* for replies, and nothing else */
	SENDER_FINISHES, /* nothing moves any more, but stdout has still to take what came */
};

/* When it may send. */
struct sender_pace {
	struct rate rate; /* --pps and --rate */
	struct timer timer;
	int64_t no_room; /* since when there is none for the next, see room.h; 0: there is */
	enum {
		PACE_FREE,
		PACE_FULL,  /* the socket has to become writable first */
		PACE_PAUSE, /* `timer` has to come first */
	} state;
};

/* An error that the network told of the place that the socket is connected to. */
struct sender_refusal {
	bool pending; /* it has not been dealt with yet */
	struct dgram_error error;
	struct address to, by; /* the addresses that `error` points to */
};

struct sender_replies {
	struct dgram_batch *batch;
	struct dgram_output out;
};

struct sender {
	struct run *run;
	struct sender_config c;
	enum sender_state state;
	struct sender_places places;
	struct dgram_stdin in;
	struct sender_kept kept;
	struct sender_pace pace;
	struct sender_refusal refusal;
	struct sender_replies replies;
	struct dgram_traffic traffic;
	struct watch socket_watch;
	struct timer wait_timer;
	bool failed; /* the run cannot end well any more */
	bool told;   /* an error of the network was told: another is only worth -vv */
	struct outcome outcome;
	const char *why; /* the reason for its end, NULL: it goes on */
};

/* Is S over, but for what stdout has still to take? */
static inline bool sender_is_over(const struct sender *s)
{
	return s->state == SENDER_FINISHES || s->run->ended;
}

/* ---- sender.c ---- */

/* Ends S with OUTCOME, for WHY, as soon as stdout has taken what came. Does nothing if S is over.
 */
void sender_finish(struct sender *s, struct outcome outcome, const char *why);

/* ---- sender_batch.c ---- */

/* The datagrams that go next. */
struct dgram_queue *sender_batch(struct sender *s);

/* Sends what can go now of the batch, of which some is left, to the current place. */
void sender_send(struct sender *s);

/* Sends nothing before TIME. sender_rest(): as the user asked, so that it is not idle. */
void sender_pause(struct sender *s, int64_t time);
void sender_rest(struct sender *s, int64_t time);

/* May what has been sent go to another place, as ERROR of the current one suggests? */
bool sender_may_move(const struct sender *s, int error);

/* Goes to the next place after that ERROR, and sends all once more. */
void sender_move(struct sender *s, int error);

/* ---- sender_replies.c ---- */

/* Makes room for replies, and starts the output that takes them, with its function CHANGED. Returns
 * 0, or -1 with errno. */
int sender_replies_start(struct sender *s, void (*changed)(void *arg));

/* Takes what has come, a bounded number of batches. */
void sender_receive(struct sender *s);

/* Have as many replies come as were wanted? */
bool sender_has_enough(const struct sender *s);

#endif
