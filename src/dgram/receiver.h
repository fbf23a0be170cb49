/* receiver.h - a run that receives datagrams: what becomes of them, what is answered, when it is
 * over
 */
#ifndef DGRAM_RECEIVER_H
#define DGRAM_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/frame_options.h"
#include "flow/rate.h"
#include "flow/spawn.h"
#include "net/access.h"
#include "sock/datagram.h"
#include "dgram/exec.h"
#include "dgram/input.h"
#include "dgram/output.h"
#include "run/run.h"

enum reply_to { REPLY_NOBODY, REPLY_LATEST, REPLY_FIRST };

struct receiver_options {
	int64_t count, jobs; /* UNSET: any number, what is usual */
	int64_t reply;	     /* enum reply_to */
	bool from, timestamp, strict, echo;
	struct spawn_command command;
};

#define RECEIVING_OPTIONS_DEFAULT                                                                  \
	{                                                                                          \
		.count = UNSET, .jobs = UNSET                                                      \
	}

/* What becomes of what comes; what sends it back, or to a command; of that --jobs alone. */
extern const struct option_group receiver_group, answering_group, jobs_group;

/* Takes the command that stands after `--`, if there is one, and checks O against FRAME, the rest
 * of the options beside it; MOST as of datagram_input_check(). Returns 0, or -1 with *ERROR. */
int receiver_check(struct receiver_options *o, struct frame_options *frame,
		   const struct operands *operands, size_t most, struct option_error *error);

/* Is a command run for each datagram? */
bool receiver_runs_command(const struct receiver_options *o);

/* All pointers must stay until the end. */
struct receiver_config {
	const struct receiver_options *options;
	const struct frame_options *frame;
	const struct access_options *access; /* NULL: everybody may send */
	bool numeric;			     /* no name of a sender is looked up */
	size_t most;			     /* bytes that a datagram can have, see dgram_most() */
	int64_t wait;			     /* -w, or UNSET */
	int64_t stall; /* of UNIX sockets: how long an answer waits for one who takes nothing */
};

struct receiver_socket;

struct receiver {
	struct run *run;
	struct receiver_config c;
	struct receiver_socket *sockets;
	size_t n_sockets;
	struct dgram_batch *batch;
	struct rate rate;
	size_t limit; /* bytes of a datagram; what is longer is cut */
	/* What was received and has not had its turn: from `at` to `n`, by `by`. */
	const struct dgram_received *v;
	size_t n, at;
	struct receiver_socket *by;
	struct datagram_output out;
	struct datagram_exec exec;
	/* --reply */
	struct endpoint in;
	struct datagram_input input;
	struct watch in_watch;
	bool reading;	 /* stdin has begun, and not ended */
	struct dgram *w; /* of stdin, not sent yet: from `w_at` to `w_n` */
	size_t w_n, w_at;
	struct receiver_socket *to_by; /* by whom it goes, NULL: there is nobody yet */
	struct address to, local; /* to whom, and from where; of length 0: the kernel chooses */
	struct timer wait_timer, idle_timer, pace_timer, retry_timer, in_pace_timer, next_timer,
		out_timer;
	int64_t last, last_move; /* when a datagram came, anything moved */
	int64_t start;		 /* 0: it does not receive yet */
	uint64_t received, received_bytes, sent, sent_bytes, cut, refused, errors;
	struct address stuck;	/* who has taken nothing of its answers */
	int64_t stuck_since;	/* 0: nobody */
	bool finishing;		/* no more is wanted */
	bool failed;		/* something was lost that is told already */
	bool timed_out;		/* by -w */
	struct outcome command; /* what the last command that failed ended with */
};

/* *X for R, whose calls it becomes: not receiving yet. */
void receiver_start(struct receiver *x, struct run *r, const struct receiver_config *c);

/* Receives by the N sockets at S, which have been bound with receiver_wants() and stay the
 * caller's. Returns 0, or -1 with errno ENOMEM. */
int receiver_begin(struct receiver *x, struct dgram_socket *s, size_t n);

/* What dgram_open() is to have told with each datagram. */
unsigned receiver_wants(const struct receiver_options *o, bool json);

/* The network said E of something that was sent: an error function of dgram_open(). */
void receiver_error(struct receiver *x, const struct dgram_error *e);

/* Lets go of everything but the sockets. */
void receiver_free(struct receiver *x);

#endif
