/* binding.h - sockets that are bound, or were inherited, up to the word that they are ready
 *
 * What listener.c does for connections and datagram_listener.c for datagrams: each kind of socket
 * adds how one of it is opened.
 */
#ifndef NET_BINDING_H
#define NET_BINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "net/event.h"
#include "net/listen_options.h"
#include "net/places.h"
#include "sock/address.h"

/* All pointers must live as long as the binding. */
struct binding_config {
	const char *host; /* NULL: every address of this machine */
	const char *port; /* both have passed address_operands() */
	int family;
	int socktype; /* SOCK_STREAM, SOCK_DGRAM: of which PORT may be a service */
	const struct listen_options *options;
	struct events events;
	bool not_any;  /* refuse the wildcard addresses, see `any` below */
	int inherited; /* take so many sockets, from descriptor 3 on (sd_listen_fds(3)), in place of
			* HOST and PORT; 0: none */
};

/* How binding went. */
struct binding_result {
	int error; /* 0, or an errno; a failed look-up leaves it 0 */
	struct places_failure lookup;
	const char *what;	/* the call or option that failed, */
	char word[64];		/* its argument, where only one of several has; else empty */
	const char *why;	/* more about it; NULL: nothing is known */
	struct address address; /* for this address; of length 0: for none */
	int socktype;		/* of the sockets; 0: SOCK_STREAM */
	bool any;		/* the address is a wildcard, and `not_any` is set; EACCES */
};

/* Has it failed? */
bool binding_failed(const struct binding_result *r);

/* A kind of socket. SOCKET is room for one, all zero at first; ARG is binding_start()'s. */
struct binding_kind {
	size_t size; /* of one */
	/* Opens a socket and binds it to *A, which becomes what it was given. Returns 0, or -1 with
	 * errno, R saying what failed. */
	int (*open)(void *arg, void *socket, struct address *a, struct binding_result *r);
	/* Takes FD, which was inherited, and fills *A. Returns 0, or -1 with errno. */
	int (*inherit)(void *arg, void *socket, int fd, struct address *a);
	void (*close)(void *arg, void *socket);
	/* All are open: is something missing? Returns as `open`. NULL: nothing can be. */
	int (*check)(void *arg, struct binding_result *r);
	/* Called once, in the end. */
	void (*done)(void *arg, const struct binding_result *r);
};

struct binding {
	struct loop *loop;
	struct binding_config c;
	const struct binding_kind *kind;
	void *arg;
	struct places_lookup *lookup;
	struct address *places; /* where to bind */
	size_t n_places;
	void *sockets; /* those that are open: N, each of kind->size bytes, */
	size_t n;
	struct address *locals; /* and where each is bound */
};

/* Looks C's host up and binds a socket to each of its addresses: without a host one of each family
 * that this machine has, all on one port, also if that is 0 and the kernel chooses. All of them or
 * none are opened. Then the user of --user is become, EVENT_LISTENING told for each, --notify-fd
 * written (`ADDRESS PORT`, `unix PATH` or `vsock:CID PORT`, a line for each) and closed, and
 * READY=1 said to NOTIFY_SOCKET. KIND's `done` is called from the loop, or from in here. B must
 * not move until binding_close(). */
void binding_start(struct binding *b, struct loop *loop, const struct binding_config *c,
		   const struct binding_kind *kind, void *arg);

/* Returns the word that B looks up now; NULL: none any more. */
const char *binding_looks_up(const struct binding *b);

/* Closes the sockets and frees what B holds. */
void binding_close(struct binding *b);

#endif
