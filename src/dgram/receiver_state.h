/* receiver_state.h - a run that receives datagrams: its parts, and how far it has come
 *
 * receiver.c is the run, receiver_handle.c does with each datagram what is to be done, and
 * receiver_answers.c sends what goes back, stdin's datagrams too.
 */
#ifndef DGRAM_RECEIVER_STATE_H
#define DGRAM_RECEIVER_STATE_H

#include <poll.h>

#include "flow/rate.h"
#include "net/datagram_listener.h"
#include "run/reload.h"
#include "dgram/exec.h"
#include "dgram/forward.h"
#include "dgram/output.h"
#include "dgram/receiver.h"
#include "dgram/stdin.h"
#include "dgram/traffic.h"

struct receiver_socket {
	struct receiver *receiver;
	struct dgram_socket *socket;
	struct watch watch; /* for POLLOUT while it takes no datagram */
};

/* Datagrams that were received by `by`: those from `at` to `n` have not been handled yet. */
struct receiver_pending {
	const struct dgram_received *v;
	size_t n, at;
	struct receiver_socket *by;
};

/* --reply: where stdin's datagrams go. */
struct receiver_target {
	struct receiver_socket *by; /* NULL: there is nobody yet */
	struct address to, local;   /* `local`: from where; of length 0: the kernel chooses */
};

struct receiver {
	const struct receiver_config *c;
	struct run run;
	struct access_lookup *lookup;
	struct reload reload;
	struct dgram_listener *listener;
	struct receiver_socket *sockets;
	size_t n_sockets;
	struct dgram_batch *batch;
	size_t room; /* bytes of a datagram; the rest of a longer one is cut off */
	size_t most; /* bytes that an answer may have */
	struct receiver_pending pending;
	struct dgram_output out;
	struct dgram_exec exec;
	struct dgram_forward forward; /* never started without --forward */
	struct dgram_stdin in;
	struct receiver_target target;
	struct dgram_traffic traffic;
	int64_t last; /* when a datagram came */
	struct rate rate;
	struct timer pace_timer;    /* --rate holds the receiving back */
	struct timer in_pace_timer; /* and stdin, or the answers to what is forwarded */
	struct timer retry_timer;   /* the kernel had no room for an answer */
	struct timer next_timer;    /* a command has ended */
	struct timer wait_timer;
	struct watch typed_watch; /* a terminal that nobody reads */
	struct address stuck;	  /* to whom a datagram is tried again and again */
	int64_t stuck_since;	  /* 0: nobody */
	uint64_t cut;
	bool finishing;		/* no more is wanted */
	bool failed;		/* something was lost, which is told already */
	bool timed_out;		/* by -w */
	struct outcome command; /* what the last command that failed ended with */
};

/* Is a command run for each datagram? */
static inline bool receiver_runs_command(const struct receiver_options *o)
{
	return o->command.shell || o->command.words;
}

/* Does something wait for its turn? */
static inline bool receiver_is_pending(const struct receiver *x)
{
	return x->pending.at < x->pending.n;
}

/* Has S to become writable before it takes another datagram? */
static inline bool receiver_is_blocked(const struct receiver_socket *s)
{
	return s->watch.events & POLLOUT;
}

/* ---- receiver.c ---- */

/* Sets what X waits for now, or ends the run if all is done with. */
void receiver_go_on(void *arg);

/* Sets T to the time until which nothing may move by --rate after so many BYTES. */
void receiver_pace(struct receiver *x, struct timer *t, uint64_t bytes);

/* ---- receiver_handle.c ---- */

/* Are there datagrams that are not for us, by who sends them? */
bool receiver_chooses(const struct receiver_config *c);

/* Does what can be done with what is pending. */
void receiver_handle(struct receiver *x);

/* Takes one batch from S and handles it. Returns whether there may be more at once. */
bool receiver_receive(struct receiver *x, struct receiver_socket *s);

/* ---- receiver_answers.c ---- */

/* Sends N datagrams by S; one that cannot be sent is told and passed over. Returns how many are
 * done with. */
size_t receiver_send(struct receiver *x, struct receiver_socket *s, const struct dgram *d,
		     size_t n);

/* There is somebody to send stdin's datagrams to: from now on it is read. */
void receiver_start_stdin(struct receiver *x);

/* Sends what stdin gives to the target, as far as it goes at once. */
void receiver_send_stdin(struct receiver *x);

/* The network said E of something that was sent: the error function of the sockets. */
void receiver_on_error(void *arg, const struct dgram_error *e);

#endif
