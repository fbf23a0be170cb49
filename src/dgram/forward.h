/* forward.h - the datagrams of each sender go on to another place, and its answers back
 *
 * Each sender has a session, which is a socket of its own that is connected to the target, so that
 * the target can tell senders apart and its answers need no addresses. A session ends when nothing
 * has moved for a while, when the target or the sender refuses, or where others need its place.
 */
#ifndef DGRAM_FORWARD_H
#define DGRAM_FORWARD_H

#include "dgram/sessions.h"
#include "dgram/traffic.h"

/* Answers that have been received by `session`: those from `at` to `n` have not been sent yet. */
struct forward_held {
	const struct dgram_received *v;
	size_t n, at;
	struct session *session; /* NULL: it has ended since */
	struct dgram_socket *by;
	struct address to, from; /* `from`: of length 0: the kernel chooses */
};

/* Start with all members up to `arg` set, and the others zero. */
struct dgram_forward {
	struct run *run;
	const struct endpoint_words *to;       /* the target, for datagrams */
	int family;			       /* of its look-up */
	const struct socket_options *socket;   /* for the sockets towards it */
	size_t most;			       /* sessions at a time */
	const struct source_limit *per_source; /* and of one source */
	int64_t idle;			       /* ns in which nothing moves, and a session ends */
	struct dgram_traffic *traffic;
	/* The target has been found. */
	void (*found)(void *arg);
	/* Sends N answers by BY. Returns how many are done with; the others wait for
	 * dgram_forward_resume(). */
	size_t (*send)(void *arg, const struct dgram_socket *by, const struct dgram *d, size_t n);
	/* May answers be read now? If not dgram_forward_resume() will be called. */
	bool (*may)(void *arg);
	/* There is room again for what dgram_forward_pass() has not taken. */
	void (*changed)(void *arg);
	void *arg;
	/* its own */
	struct address *places; /* of the target */
	size_t n_places, at;	/* new sessions use the one at `at` */
	struct sessions sessions;
	struct sources sources;	    /* how many there are from each, where that is limited */
	struct dgram_socket remote; /* all the sessions' sockets are like it; see forward_socket()
				     */
	struct session *current;    /* whose it is now */
	struct dgram_batch *batch;
	struct forward_held held;
	struct session *resting; /* those that had something while nothing could be read */
	struct session *blocked; /* has no room for what comes next */
	struct timer idle_timer, retry_timer;
	int64_t stuck_since; /* the kernel has had no room since then; 0: it had */
	uint64_t opened;     /* so many sessions, ever */
	int64_t dropped;     /* by the kernel, of answers, in sessions that are over; */
	bool grouped;	     /* there may be more */
	uint64_t cut;	     /* answers that were longer than the room for them */
	int told;	     /* errno of the target that was said last; 0: it has answered since */
	bool looped;	     /* a loop has been said */
	uint64_t unsent;     /* that could not be sent on, which has been told */
};

/* Looks the target up and calls `found`, perhaps from in here. If there is none, or no memory, says
 * so and ends the run. */
void dgram_forward_start(struct dgram_forward *f);

/* Does what is sent to the target come back to S, which is bound? Then says so, and returns true.
 */
bool dgram_forward_is_loop(struct dgram_forward *f, const struct dgram_socket *s);

/* Sends the N datagrams at V, which came by BY, to the target, each by the session of its sender.
 * Returns how many are done with: what cannot be sent is told and passed over. The others wait for
 * room, see `changed`. */
size_t dgram_forward_pass(struct dgram_forward *f, struct dgram_socket *by,
			  const struct dgram_received *v, size_t n);

/* Sends the answers that had to wait, and reads on. */
void dgram_forward_resume(struct dgram_forward *f);

/* CLIENT refuses answers, with ERROR: its sessions end. */
void dgram_forward_refused(struct dgram_forward *f, const struct address *client, int error);

/* Returns how many answers the kernel has thrown away for want of room. *LEAST becomes true if
 * there may be more. */
int64_t dgram_forward_dropped(const struct dgram_forward *f, bool *least);

/* F's run has ended: ends all sessions. */
void dgram_forward_end(struct dgram_forward *f);

/* Frees what F has beside sessions, of which there must be none. */
void dgram_forward_free(struct dgram_forward *f);

/* ---- forward.c, for forward_sessions.c ---- */

/* Something has happened at the socket of ARG, a session: the function of its watch. */
void forward_on_session(void *arg, short events);

/* ---- forward_sessions.c, for forward.c ---- */

/* Says E of the target, and that a datagram of SIZE bytes (0: of those sent before) is lost by it;
 * the same again only with -v, until the target answers. */
void forward_tell(struct dgram_forward *f, const struct dgram_error *e, size_t size);

/* Returns the socket of S, until the next call. */
struct dgram_socket *forward_socket(struct dgram_forward *f, struct session *s);

/* Returns the session for the N datagrams at D, all of one sender, which came by BY; a new one if
 * need be. NULL: there can be none, and they are lost, which has been told. */
struct session *forward_session(struct dgram_forward *f, struct dgram_socket *by,
				const struct dgram_received *d, size_t n);

/* Ends S, which is said with WHY, and frees it. */
void forward_close(struct dgram_forward *f, struct session *s, const char *why);

/* ---- forward_hops.c, for both ---- */

/* Has D come as far as it may, so that F does not pass it on? Then returns words that say so of its
 * sender, else NULL. */
const char *forward_used_up(const struct dgram_forward *f, const struct dgram_received *d);

/* Returns the hops that the name of a socket by which F passes D on has to tell; 0: it has none. */
int forward_name_hops(const struct dgram_forward *f, const struct dgram_received *d);

/* Has S pass on what comes as D does, which is not used up, with one hop less, and with no more
 * than its socket has by itself. Returns 0, or -1 with errno. */
int forward_set_hops(struct dgram_forward *f, struct session *s, const struct dgram_received *d);

#endif
