/* connections.h - the connections of a run, and when it is over
 *
 * A run that connects has one; one that listens has one, or with -k any number side by side, of
 * which each ends for itself.
 */
#ifndef CONN_CONNECTIONS_H
#define CONN_CONNECTIONS_H

#include "flow/fanout.h"
#include "flow/frame_options.h"
#include "net/access.h"
#include "sock/address.h"
#include "net/listener.h"
#include "sock/sockopt.h"
#include "run/run.h"
#include "conn/service.h"

struct connection;

struct connections {
	struct run *run;
	const struct service_options *service;
	const struct socket_options *socket;
	const struct access_options *access;
	const struct frame_options *frame;
	int socktype;
	bool listening, keep, numeric;
	int family;
	const char *host, *place;
	struct listener *listener; /* NULL once no more are accepted */
	int64_t wait;		   /* -w of listening, or UNSET */
	struct timer wait_timer;
	struct connection *first;
	size_t n;	   /* of them, */
	size_t n_counting; /* that count for --max-conns */
	size_t n_waiting;  /* that wait for a look-up or a connection, see connection_waiting() */
	uint64_t accepted;
	bool failed;   /* one of those that are over ended in an error */
	int64_t start; /* of the first one */
	/* of those that are over */
	uint64_t sent, received;
	/* stdin and stdout, where several share them */
	struct endpoint in, out;
	struct fanout fanout;
	struct filter read_copies; /* what is read from stdin is copied once */
	struct watch out_watch;
	struct timer out_timer;
	/* Called when a connection is over, or stdin: what that means for the rest. NULL: nothing.
	 */
	void (*settle)(struct connections *s);
	/* stdin's size, for --progress */
	int64_t expected;
};

struct connections_config {
	const struct service_options *service;
	const struct socket_options *socket;
	const struct access_options *access; /* NULL: everybody may come */
	const struct frame_options *frame;   /* of packets; NULL: the usual */
	int socktype;			     /* of UNIX sockets; 0: SOCK_STREAM */
	bool listening;
	int family;	   /* AF_UNSPEC: both; for the way on */
	bool numeric;	   /* no name of a peer is looked up */
	const char *host;  /* the name by which it was connected to; NULL: none */
	const char *place; /* where clients are awaited, in words */
	int64_t wait;	   /* how long to wait for a client, or UNSET */
};

/* Are the descriptors that O names open? Returns whether they are, having said which is not. */
bool connections_has_fds(const struct messages *m, const struct service_options *o);

/* *S for R, whose calls it becomes. */
void connections_start(struct connections *s, struct run *r, const struct connections_config *c);

/* L, which becomes S's, is to listen, or does so from now on: then the time of -w begins. */
void connections_listen(struct connections *s, struct listener *l);

/* Serves the connection FD, which becomes S's, from PEER to LOCAL. */
void connections_take(struct connections *s, int fd, const struct address *peer,
		      const struct address *local);

/* The same for a client, which is accepted if there is a place. */
void connections_accept(struct connections *s, int fd, const struct address *peer,
			const struct address *local);

/* A client could not be accepted, with ERROR of accept(2): for want of a descriptor S may make a
 * place. */
void connections_short(struct connections *s, int error);

/* How many descriptors the next client needs beside its own, and those that are there still do. */
size_t connections_spare(const struct connections *s);

void connections_free(struct connections *s);

/* ---- for connection.c ---- */

/* X is over: it ended with OUTCOME. */
void connections_one_over(struct connections *s, struct connection *x, struct outcome outcome);

/* One more of S's could give way to another from now on. */
void connections_one_may_go(struct connections *s);

/* One less of them counts for --max-conns. */
void connections_one_ending(struct connections *s);

#endif
