/* session.h - one connection that is served, in one of the ways of service.h */
#ifndef SERVE_SESSION_H
#define SERVE_SESSION_H

#include "flow/pump.h"
#include "net/dial.h"
#include "net/lookup.h"
#include "serve/report.h"
#include "serve/server.h"

struct proxy_client;

struct session {
	struct server *server;
	struct session *next, *previous;
	uint64_t id;
	struct address peer, local;
	const char *name; /* of the peer, in `name_text` or of its own */
	char name_text[ADDRESS_TEXT];
	int64_t start;
	struct endpoint in, out, connection;
	struct receiver receiver; /* its part of what is sent to several */
	struct sender sender;	  /* of a broker */
	struct filter up, down;
	struct pump pump;
	bool pumping, pumped; /* the pump runs, has run */
	bool counts;	      /* for --max-conns */
	bool peer_ended;
	const char *why;	/* it was ended from outside, NULL: it was not */
	struct outcome outcome; /* so far */
	bool waiting;		/* see session_waiting() */
	/* of what is forwarded */
	struct dial *dial;
	char far_name[ADDRESS_TEXT]; /* where it has none of its own */
	/* of a proxy's, see proxy.h */
	struct proxy_client *proxy;
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

/* X, all zero but for `server`, `id`, `peer` and `local`, begins with the connection FD, which becomes its own.
 * server_session_over() is called from the loop, never from in here. */
void session_start(struct session *x, int fd);

/* Has X's peer ended, so that X could give way to another? */
bool session_may_go(const struct session *x);

/* Ends X from here: what was read is still sent. */
void session_close(struct session *x);

/* A signal ends the run: a command is told too. */
void session_signal(struct session *x, int signal);

/* The run ends before X does: a command that has the connection itself goes on with it. */
void session_leave(struct session *x);

/* How much has moved. */
uint64_t session_sent(const struct session *x);
uint64_t session_received(const struct session *x);

/* Says how far X has come, with LEVEL; CLOSED: that it is over. */
void session_figures(const struct session *x, enum message_level level, bool closed);

/* Adds what it waits for. */
void session_waits(const struct session *x, struct text *text);

/* ---- for those that serve it: stdio, exec, builtin, forward, broker, proxy ---- */

/* What the data options ask of X's pump. */
struct pump_config session_pump_config(const struct session *x);

/* Starts it between IN, OUT and the connection. CALLS are those of X, which is their `arg`; `closing` is none of
 * them: from there on X is at its end, see below. */
void session_pump(struct session *x, const struct pump_config *c, const struct pump_calls *calls,
		  struct endpoint *in, struct endpoint *out);

/* X's peer has ended its sending: X could give way to another. */
void session_peer_ended(struct session *x);

/* It is us who end X from here on: it counts for --max-conns no more. */
void session_ending(struct session *x);

/* X waits for a look-up or a connection, or does so no more: it will need, or has, the descriptors for that. */
void session_waiting(struct session *x, bool waiting);

/* Says how X's pump ended, where it did not end well. Returns what that means. */
struct outcome session_report(const struct session *x);

/* Begins a message about X. */
void session_notice(const struct session *x, struct notice *n, enum message_level level,
		    const char *event);

/* Closes all that X has. */
void session_free(struct session *x);

#endif
