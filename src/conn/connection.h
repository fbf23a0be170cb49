/* connection.h - one connection, which one of the services of service.h serves */
#ifndef CONN_CONNECTION_H
#define CONN_CONNECTION_H

#include "flow/pump.h"
#include "run/report.h"
#include "conn/connections.h"

/* What --stats keeps of a connection. */
struct connection_stats {
	struct pump_account account;
	struct connection_mark {
		uint64_t sent, received, lost, lost_bytes;
		int64_t retransmits;
		int64_t at; /* time; 0: there was none yet */
	} mark;		    /* what its figures were when the last interval ended */
};

/* What its bytes go through, each way. */
struct connection_filters {
	struct filter up, down;
};

/* What only some connections have, as options ask for it. */
struct connection_extras {
	struct pump_extras pump;
	struct connection_filters *filters;	    /* NULL: nothing asks for any */
	struct message_frames *sending, *receiving; /* see messages.h; NULL: no --wire-frame */
	struct dialogue_run *dialogue;		    /* NULL: it has none */
	struct connection_stats *stats;		    /* for --stats, else NULL */
};

struct connection {
	struct connections *connections;
	struct connection *next, *previous;
	uint64_t id;
	const struct address *peer, *local; /* see address_keep() */
	const char *name;		    /* of the peer */
	int64_t start;
	/* The rights that `socket` and `in` give are the connection's. */
	struct endpoint socket;
	struct endpoint *in, *out;     /* the service's `ends`, or nowhere */
	char *far_name;		       /* of `in`, see connection_reach() */
	struct subscriber *subscriber; /* its part of what is sent to several; NULL: it has none */
	struct connection_extras *extras; /* see connection_extend() */
	struct pump pump;
	struct source *source; /* for --max-per-source; NULL: of none */
	const char *why;       /* it was ended by something else than its pump, in words; or NULL */
	struct outcome outcome; /* so far */
	int status;		/* of its command, as a shell has it; -1: none has ended */
	bool pumping : 1;	/* the pump runs */
	bool counts : 1;	/* for --max-conns */
	bool peer_ended : 1;
	bool waiting : 1; /* see connection_waiting() */
	bool unseen : 1;  /* its bytes do not pass here: a command has it */
	void *own;	  /* the service's, of its `size` */
};

/* Returns a new connection of S between PEER and LOCAL, or NULL with errno ENOMEM. */
struct connection *connection_new(struct connections *s, const struct address *peer,
				  const struct address *local);

/* Begins to serve X on FD, which becomes its own, of FAMILY as endpoint_socket() takes it. X may be
 * gone when this returns. */
void connection_start(struct connection *x, int fd, int family);

/* Ends X, which gives way to another. What was read is still sent. */
void connection_close(struct connection *x);

/* Reports X's figures with LEVEL, as the event `closed`, `stats` or `interval`. Adds what limited X
 * to LIMITS. */
void connection_figures(struct connection *x, enum message_level level, enum run_figures when,
			struct pump_limits *limits);

/* What --live loses as a whole: `message`, `packet` or `read`. */
const char *connections_lost_what(const struct connections *s);

/* Returns X's part of what is sent to several, all zero where it has none. */
const struct subscriber *connection_subscriber(const struct connection *x);

/* Says what X, which is over, has lost by --live. */
void connection_report_lost(const struct connection *x);

/* Adds what X waits for, each as "; WHAT (OPTIONS)". */
void connection_waits(const struct connection *x, struct text *text);

/* Returns what the options of S ask of all its pumps. */
struct pump_options connection_pump_options(const struct connections *s);

/* ---- for the services ---- */

/* Returns the configuration of X's pump that the data options ask for. */
struct pump_config connection_pump_config(const struct connection *x);

/* Returns X's extras, which are its own, all zero at first, from the first call on: until then it
 * has those of all that have none. NULL with errno ENOMEM. */
struct connection_extras *connection_extend(struct connection *x);

/* Gives X its filters, unless it has them. Returns 0, or -1 with errno ENOMEM. */
int connection_filter(struct connection *x);

/* What is sent to X from here on is copied for -o, -x and -X where it comes from, once for all. */
void connection_copied_before(struct connection *x);

/* X, which is to be joined to another place, is connected to it as R says, which becomes its `in`
 * under a copy of NAME. */
void connection_reach(struct connection *x, const struct dial_result *r, const char *name);

/* Starts X's pump between IN, OUT and the connection. CALLS, which have CONNECTION_CALLS and must
 * stay, get X as their argument. */
void connection_pump(struct connection *x, const struct pump_config *c,
		     const struct pump_calls *calls, struct endpoint *in, struct endpoint *out);

/* Ends X by a pump that sends nothing more and throws away what comes, until all that was sent has
 * arrived. CALLS are as above, OTHERS_SENT as in struct pump_config. */
void connection_finish(struct connection *x, bool others_sent, const struct pump_calls *calls);

/* The calls of a pump that all services have. */
#define CONNECTION_CALLS .cut = connection_cut, .stepped = connection_stepped

/* These, and beside them: the end is reported, X is over; when it begins connection_ending() is
 * called. */
extern const struct pump_calls connection_calls;

/* The run has been left, and what the connection ARG had to send has come to its end. */
void connection_cut(void *arg);

/* Tells which steps of the dialogue of the connection ARG are done. */
void connection_stepped(void *arg);

/* The peer of the connection ARG has ended its sending: ARG may give way to another client from
 * here on. A pump's `peer_ended`. */
void connection_peer_ended(void *arg);

/* The connection ARG is at its end by us: it no longer counts for --max-conns. A pump's `closing`.
 */
void connection_ending(void *arg);

/* Sets whether X is WAITING for a look-up or a connection. While any does, descriptors are kept
 * free for what they will open. */
void connection_waiting(struct connection *x, bool waiting);

/* Reports how X's pump ended, unless it ended well. Returns the outcome. */
struct outcome connection_report(const struct connection *x);

/* Returns X as the subject of a message. */
struct subject connection_subject(const struct connection *x);

/* Begins a notice about X: EVENT, with LEVEL. */
void connection_notice(const struct connection *x, struct notice *n, enum message_level level,
		       const char *event);

/* Closes what X has, and frees X. */
void connection_free(struct connection *x);

#endif
