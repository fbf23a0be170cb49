/* sending.h - stdin's datagrams to one place or several, and what comes back to stdout
 *
 * A run of udp-send or broadcast: it lasts until stdin has ended, and longer only where replies are to be
 * waited for.
 */
#ifndef SERVE_SENDING_H
#define SERVE_SENDING_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "flow/frame_options.h"
#include "net/datagram.h"
#include "net/dial.h"
#include "net/lookup.h"
#include "net/multicast.h"
#include "net/unix.h"
#include "serve/datagram_input.h"
#include "serve/datagram_output.h"
#include "serve/datagram_store.h"
#include "serve/run.h"

/* What the group's rows fill. */
struct sending_options {
	int64_t wait;	  /* for a reply, or UNSET */
	int64_t replies;  /* UNSET: any number */
	int64_t repeat;	  /* how often all is sent */
	int64_t interval; /* pause between */
	int64_t pps;	  /* datagrams a second, UNSET: no limit */
};

#define SENDING_OPTIONS_DEFAULT                                                                    \
	{                                                                                          \
		.wait = UNSET, .replies = UNSET, .repeat = 1, .pps = UNSET                         \
	}

/* The second has those of the first that do not stand in some other group of a subcommand too: all but --wait and
 * --interval. */
extern const struct option_group sending_group, repeat_group;

/* Where datagrams go. */
struct sending_place {
	struct address to;
	unsigned interface; /* through this one, 0: the routing table chooses */
	char name[IF_NAMESIZE];
	bool failed; /* the sending's: it has said so */
};

/* What a run that only asks whether somebody answers has found. */
enum sending_answer { SENDING_NO_ANSWER, SENDING_OPEN, SENDING_CLOSED };

/* All pointers must stay until the end. */
struct sending_config {
	const struct sending_options *options;
	const struct frame_options *frame;
	const struct socket_options *socket;
	const struct multicast_options *multicast; /* NULL: none were given */
	const char *host,
		*port; /* to be looked up; without a host it is the port of `places`; `unix:PATH` and
				    nothing: then the socket's source is such a word, or NULL */
	int family;
	struct sending_place *places; /* without a host: where each datagram goes, to all of them */
	size_t n_places;
	bool from; /* `ADDRESS PORT: ` stands before each reply, which is a line where it would have no end */
	bool probe; /* replies are not written: the first one ends the run, see `answer` */
};

/* Datagrams on their way. */
struct sending_batch {
	struct dgram v[DGRAM_BATCH];
	size_t n, at; /* so many, of which those before `at` are gone */
};

struct sending {
	struct run *run;
	struct sending_config c;
	int64_t wait; /* --wait, or a probe's own */
	/* the way: sending_way.c */
	struct lookup *lookup;
	struct address *sources;
	size_t n_sources;
	struct sending_place *places; /* tried in turn, or all of them together */
	size_t n_places, place;	      /* `place` is that of `sock`, or the one whose turn it is */
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
	struct sending_batch batch, resend;
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
	bool was_idle;	 /* stdin had nothing */
	bool waiting;	 /* for replies alone */
	bool enough;	 /* of them have come */
	bool finishing;	 /* only stdout has still to take what came */
	bool out_broken; /* nobody reads stdout any more */
	bool failed;	 /* the run cannot end well any more */
	struct outcome outcome;
	int64_t start, next_at; /* of the run; nothing goes before, by --pps and --rate */
	int64_t last_move;	/* a datagram went or came */
	const char *why;	/* it is over */
	/* what the network told of the place that `sock` is connected to */
	bool refused, reported;
	struct dgram_error refusal;
	struct address refused_to, refused_by;
	/* what comes back */
	struct dgram_batch *received;
	struct datagram_output output;
	enum sending_answer answer;
	bool tells; /* `answer` is what a probe found */
	struct address answered_by;
	int64_t answered_at;
	/* figures */
	uint64_t sent_bytes, sent_datagrams, received_bytes, received_datagrams, errors;
	int64_t expected;
};

/* Starts *S for R, whose calls become its own and which it ends. */
void sending_start(struct sending *s, struct run *r, const struct sending_config *c);

void sending_free(struct sending *s);

/* ---- for sending.c and sending_way.c ---- */

/* Looks up where it goes and opens the way there; then sending_go(). */
void sending_way_start(struct sending *s);
void sending_way_free(struct sending *s);

/* Opens the way to the UNIX socket that is the first place, by a socket that has a name of its own. Returns false, having
 * said why not and ended the run. sending_unix.c */
bool sending_open_unix(struct sending *s);

/* There is a way. */
void sending_go(struct sending *s);

/* ERROR of sending, or what the network told: goes on with the next place, all of what was sent once more, if that
 * may be. Returns false where it may not. */
bool sending_next_place(struct sending *s, int error, const char *what);

/* Says how no place could be sent to, the last for ERROR in WHAT (NULL: sending itself). */
struct outcome sending_report_places(struct sending *s, int error, const char *what);

/* The error callback of S's socket. */
void sending_told(void *arg, const struct dgram_error *e);

/* It is over with OUTCOME, for WHY, as soon as stdout has taken what came. */
void sending_finish(struct sending *s, struct outcome outcome, const char *why);

#endif
