/* connection.h - one connection, which one of the services of service.h serves */
#ifndef CONN_CONNECTION_H
#define CONN_CONNECTION_H

#include "flow/pump.h"
#include "run/report.h"
#include "conn/connections.h"

struct connection {
	struct connections *connections;
	struct connection *next, *previous;
	uint64_t id;
	struct address peer, local;
	const char *name; /* of the peer, in `name_text` or of its own */
	char name_text[ADDRESS_TEXT];
	int64_t start;
	struct endpoint in, out, socket;
	struct subscriber subscriber; /* its part of what is sent to several */
	struct publisher publisher;   /* of a broker */
	struct filter up, down;
	struct pump pump;
	bool pumping; /* the pump runs */
	bool counts;  /* for --max-conns */
	bool peer_ended;
	const char *why;	/* it was ended from outside, NULL: it was not */
	struct outcome outcome; /* so far */
	bool waiting;		/* see connection_waiting() */
	bool unseen;		/* its bytes do not pass here: a command has it */
	int status;		/* of its command, as a shell has it; -1: none has ended */
	void *own;		/* the service's, of its `size` */
};

/* Begins to serve X, all zero but for `connections`, `id`, `peer`, `local` and `own`, on FD, which
 * becomes its own. connections_one_over() is called from the loop, never from in here. */
void connection_start(struct connection *x, int fd);

/* Ends X from here: what was read is still sent. */
void connection_close(struct connection *x);

/* Says how far X has come, with LEVEL; CLOSED: that it is over. */
void connection_figures(const struct connection *x, enum message_level level, bool closed);

/* Adds what it waits for. */
void connection_waits(const struct connection *x, struct text *text);

/* ---- for the services ---- */

/* What the data options ask of X's pump. */
struct pump_config connection_pump_config(const struct connection *x);

/* Starts it between IN, OUT and the connection. CALLS are those of X, which is their `arg`; `over`
 * NULL: X is over then, see connection_over(); `closing` NULL: from there on X is at its end, see
 * connection_ending(). */
void connection_pump(struct connection *x, const struct pump_config *c,
		     const struct pump_calls *calls, struct endpoint *in, struct endpoint *out);

/* Brings X to its end by a pump of its own: what has been sent is to arrive, what comes is thrown
 * away. OVER is called then. OTHERS_SENT as pump_config has it. */
void connection_finish(struct connection *x, bool others_sent,
		       void (*over)(void *arg, struct pump *p));

/* X's pump is over, and X with it. */
void connection_over(void *arg, struct pump *p);

/* X's peer has ended its sending: X could give way to another. */
void connection_peer_ended(struct connection *x);

/* It is us who end X from here on: it counts for --max-conns no more. */
void connection_ending(struct connection *x);

/* X waits for a look-up or a connection, or does so no more: it will need, or has, the descriptors
 * for that. */
void connection_waiting(struct connection *x, bool waiting);

/* Says how X's pump ended, where it did not end well. Returns what that means. */
struct outcome connection_report(const struct connection *x);

/* Returns what messages about X name. */
struct subject connection_subject(const struct connection *x);

/* Begins a message about X. */
void connection_notice(const struct connection *x, struct notice *n, enum message_level level,
		       const char *event);

/* Closes all that X has. */
void connection_free(struct connection *x);

#endif
