/* connection.h - one connection that is served, in one of the ways of service.h */
#ifndef CONN_CONNECTION_H
#define CONN_CONNECTION_H

#include "flow/pump.h"
#include "net/dial.h"
#include "names/lookup.h"
#include "run/report.h"
#include "conn/connections.h"

struct proxied;

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
	bool pumping, pumped; /* the pump runs, has run */
	bool counts;	      /* for --max-conns */
	bool peer_ended;
	const char *why;	/* it was ended from outside, NULL: it was not */
	struct outcome outcome; /* so far */
	bool waiting;		/* see connection_waiting() */
	/* of what is forwarded */
	struct dial *dial;
	char far_name[ADDRESS_TEXT]; /* where it has none of its own */
	/* of a proxy's, see proxy.h */
	struct proxied *proxied;
	/* of a command */
	struct child child;
	bool exited;
	int status; /* as a shell has it */
	struct lookup *lookup;
	struct timer lookup_timer, kill_timer;
	struct outcome connection_outcome;
	struct watch passed_watch; /* for the first data: a descriptor may come along, */
	int passed;		   /* this one; -1: none has */
	bool relayed;		   /* through our pump, else it has the connection itself */
};

/* X, all zero but for `server`, `id`, `peer` and `local`, begins with the connection FD, which
 * becomes its own. connections_one_over() is called from the loop, never from in here. */
void connection_start(struct connection *x, int fd);

/* Has X's peer ended, so that X could give way to another? */
bool connection_may_go(const struct connection *x);

/* Ends X from here: what was read is still sent. */
void connection_close(struct connection *x);

/* A signal ends the run: a command is told too. */
void connection_signal(struct connection *x, int signal);

/* The run ends before X does: a command that has the connection itself goes on with it. */
void connection_leave(struct connection *x);

/* How much has moved. */
uint64_t connection_sent(const struct connection *x);
uint64_t connection_received(const struct connection *x);

/* Says how far X has come, with LEVEL; CLOSED: that it is over. */
void connection_figures(const struct connection *x, enum message_level level, bool closed);

/* Adds what it waits for. */
void connection_waits(const struct connection *x, struct text *text);

/* ---- for those that serve it: stdio, exec, builtin, forward, broker, proxy ---- */

/* What the data options ask of X's pump. */
struct pump_config connection_pump_config(const struct connection *x);

/* Starts it between IN, OUT and the connection. CALLS are those of X, which is their `arg`;
 * `closing` is none of them: from there on X is at its end, see below. */
void connection_pump(struct connection *x, const struct pump_config *c,
		     const struct pump_calls *calls, struct endpoint *in, struct endpoint *out);

/* X's peer has ended its sending: X could give way to another. */
void connection_peer_ended(struct connection *x);

/* It is us who end X from here on: it counts for --max-conns no more. */
void connection_ending(struct connection *x);

/* X waits for a look-up or a connection, or does so no more: it will need, or has, the descriptors
 * for that. */
void connection_waiting(struct connection *x, bool waiting);

/* Says how X's pump ended, where it did not end well. Returns what that means. */
struct outcome connection_report(const struct connection *x);

/* Begins a message about X. */
void connection_notice(const struct connection *x, struct notice *n, enum message_level level,
		       const char *event);

/* Closes all that X has. */
void connection_free(struct connection *x);

#endif
