/* connections.h - the connections of a run, and when it is over
 *
 * A run that connects has one; one that listens has one, or with -k any number side by side, of
 * which each ends for itself.
 */
#ifndef CONN_CONNECTIONS_H
#define CONN_CONNECTIONS_H

#include "flow/fanout.h"
#include "flow/pump.h"
#include "net/arrivals.h"
#include "net/listener.h"
#include "net/told.h"
#include "run/run.h"
#include "sock/address.h"
#include "conn/service.h"

struct connection;

/* What the subcommand says of them. All pointers must stay until the end. */
struct connections_config {
	const struct messages *messages;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct service_options *service;
	const struct frame_options *frame; /* of packets; NULL: the usual */
	const struct told_options *told;   /* the PROXY header that is sent */
	const char *host, *port; /* as address_operands() has them: where to connect or listen */
	int family;		 /* AF_UNSPEC: both */
	int socktype;		 /* of UNIX sockets; 0: SOCK_STREAM */
	bool numeric;		 /* no name is looked up */
	int64_t wait;		 /* -w, ns, or UNSET */
};

/* An address of ours that several connections may have. */
struct shared_address {
	struct shared_address *next;
	struct address address; /* the last: see address_keep() */
};

struct connections {
	struct run run;
	const struct connections_config *c;
	const struct service_options *options; /* of the service */
	const struct service *service;
	bool listening, keep;
	bool arms; /* its clients come armed, see endpoint_come_armed() */
	/* Adds what the owner waits for, beside the connections, as "; WHAT (OPTIONS)". */
	void (*waits)(void *arg, struct text *text);
	/* The only connection, X, is over, with OUTCOME. Returns false if the run is to go on: then
	 * it is for the owner to call run_end(). NULL: true. */
	bool (*over)(void *arg, struct connection *x, struct outcome outcome);
	void *arg;
	const char *peer_name;	   /* by which the only peer was found; NULL: none */
	const char *place;	   /* where it connects or listens, in words */
	struct listener *listener; /* NULL once no more are accepted */
	struct arrivals arrivals;  /* clients that are to tell first whose connection it is */
	struct timer wait_timer;
	const struct forward_place *looked_up; /* by connections_find_ports(), for: */
	void (*ports_found)(void *arg);
	struct pump_options pump_options;   /* of the services' pumps, */
	struct pump_options finish_options; /* and of connection_finish() */
	struct connection *first;
	size_t n;	   /* of them, */
	size_t n_counting; /* that count for --max-conns */
	size_t n_waiting;  /* that wait for a look-up or a connection, see connection_waiting() */
	struct sources sources; /* of --max-per-source */
	struct shared_address *shared;
	uint64_t accepted;
	bool failed;   /* one of those that are over ended in an error */
	int64_t start; /* of the first one */
	/* of those that are over */
	uint64_t sent, received;
	uint64_t lost, lost_bytes; /* by --live */
	int64_t acknowledged;	   /* of those sent; UNSET: not known */
	struct pump_limits limits;
	struct run_totals mark; /* when the last interval of --stats ended */
	/* stdin and stdout, where several share them: stdio.c's */
	struct endpoint in, out;
	struct fanout fanout;
	struct filter read_copies; /* what is read from stdin is copied once */
	/* What the others say, where who speaks by stdin sits at a terminal: broker.c's */
	struct ear *ear;
	struct watch out_watch;
	struct timer out_timer;
	/* stdin's size, for --progress */
	int64_t expected;
	size_t sent_before; /* bytes of stdin that went with the SYN, --fastopen */
	int64_t step_limit; /* ns for each step of a dialogue, 0: what -w says, or the default */
	/* --raw */
	struct timer raw_timer; /* while stdin is a terminal in whose background we are */
	bool escape_told;
};

/* Starts the run of S as C says; the run asks S for its figures from here on. The caller has set
 * `listening`, `place`, `peer_name`, `waits`, `arg` and `arrivals`, and all else to zero. Returns
 * 0, or -1 after it reported why not. */
int connections_start(struct connections *s, const struct connections_config *c);

/* S owns L from here on, whose clients it awaits. To be called when L is made, and again when it
 * listens: then the time of -w begins. */
void connections_listen(struct connections *s, struct listener *l);

/* All that S needs is there, clients may come: gives up the rest, see run/sandbox.h. */
void connections_confine(struct connections *s);

/* Serves the connection FD, which S owns from here on, from PEER to LOCAL, of FAMILY as
 * endpoint_socket() takes it. Where there is no memory for it that is said, and it
 * is closed; a run that connects ends by that. */
void connections_take(struct connections *s, int fd, int family, const struct address *peer,
		      const struct address *local);

/* Serves the client A as connections_take() does, if there is room for it. REFUSAL, if not NULL, is
 * why it may not be served: then it is refused, which is reported, also without -v where it did not
 * tell whose connection it is. */
void connections_accept(struct connections *s, const struct arrived *a, const char *refusal);

/* Returns a copy of A, an address of ours, which is one for all connections of S that ask for it
 * and stays until the end. NULL where S has many already, or there is no memory. */
const struct address *connections_share(struct connections *s, const struct address *a);

/* The client A is to tell first whose connection it is. Until then it holds a place of --max-conns,
 * which is there for it then. */
void connections_await_header(struct connections *s, const struct arrived *a);

/* accept(2) has failed with ERROR. If descriptors are short, a connection whose peer has ended
 * gives way. */
void connections_short(struct connections *s, int error);

/* Nobody can be accepted any more, which has been said: the run fails with the end of the last
 * connection. */
void connections_accept_no_more(struct connections *s);

/* Returns how many descriptors must be free before the next client is accepted: for that client,
 * beside its own, and for those that still wait for a look-up or a connection. */
size_t connections_spare(const struct connections *s);

/* Returns how many descriptors N look-ups need; only some of them run at once. */
size_t connections_lookup_fds(size_t n);

/* Nobody reads stdout any more: accepts no more clients, and ends the connections that there are.
 * The run is over with the last of them. */
void connections_lose_output(struct connections *s);

/* Ends the connections that are left, and frees S and its run. */
void connections_free(struct connections *s);

/* ---- for connection.c and the services ---- */

/* Looks up the ports of the places that the service, which has some, joins connections to, then
 * calls FOUND with S's `arg`, perhaps from in here. Only a word for a port that is no service can
 * never become one: what is there for clients may well come up, and get its name, after us. */
void connections_find_ports(struct connections *s, void (*found)(void *arg));

/* Returns the limit of -w for connecting further, in ns; 30 s by default. */
int64_t connections_dial_limit(const struct connections *s);

/* With --raw: sets stdin to raw mode if it is a terminal, which tells the escape, or restores it.
 * In the background of the terminal that has to wait until we come to its foreground. */
void connections_raw(struct connections *s, bool raw);

/* X is over, with OUTCOME, and is freed unless it was the only one. Ends the run if it was the
 * last. */
void connections_one_over(struct connections *s, struct connection *x, struct outcome outcome);

/* Decides again whether to accept clients: a connection no longer counts for --max-conns, or may
 * give way to another. */
void connections_update(struct connections *s);

#endif
