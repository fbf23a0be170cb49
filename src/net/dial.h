/* dial.h - connecting to a name: look-up, then every address in a race (RFC 8305)
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "sock/address.h"
#include "net/event.h"
#include "net/places.h"
#include "sock/sockopt.h"

struct dial;
struct proxy;

/* All pointers must stay until the end. */
struct dial_config {
	const char *host, *port; /* have passed address_operands() */
	int family;		 /* AF_UNSPEC: both */
	int socktype;		 /* of a UNIX socket; 0: SOCK_STREAM */
	bool any_type; /* where that is the wrong one: SOCK_STREAM or SOCK_SEQPACKET, as it is */
	const struct socket_options *socket;
	bool at_once;	  /* --fastopen is not to wait for the first data */
	int64_t deadline; /* for look-up and connection together, see clock.h */
	/* May this address be connected to? NULL: it may, else the option that forbids it: that is
	 * a failure, EACCES. Without PERMIT all may. */
	const char *(*permit)(void *arg, const struct address *a);
	void *permit_arg;
	struct events events;
};

/* How one address failed. */
struct dial_failure {
	struct address address;
	int error;	       /* an errno; 0: it was still silent when the time was up */
	const char *what;      /* the option or step that failed; NULL: connecting itself */
	struct address source; /* that it was to be bound to; of length 0: none */
	bool forbidden;	       /* it was not tried, see `permit`: `what` has the option */
};

struct dial_result {
	int fd; /* the connection, non-blocking, the callee's from here on; or -1 */
	struct address peer, local;
	bool timed_out;			     /* the deadline passed */
	int error;			     /* an errno of another step than the look-up, */
	struct places_failure lookup;	     /* and how that failed */
	const struct dial_failure *failures; /* in the order tried; gone after the call */
	size_t n;
	int socktype; /* that was tried; 0: SOCK_STREAM */
	/* By way of proxies, see proxy.h: */
	const struct proxy *proxy; /* that failed, or was silent; NULL: none of them */
	char why[1024]; /* what it did not reach, and why, as it came; where the time was up, the
			 * last has no reason. Empty: it could not be connected to */
};

typedef void dial_fn(void *arg, const struct dial_result *result);

/* Looks C's host up and tries its addresses, the families in turn, 250 ms apart or as soon as one
 * has failed; the first that answers wins. A connection to oneself counts as refused. FN is called
 * once, from the loop, never from in here. Returns NULL with errno ENOMEM. */
struct dial *dial_start(struct loop *loop, const struct dial_config *c, dial_fn *fn, void *arg);

/* Gives it up without calling FN. */
void dial_cancel(struct dial *d);

/* ---- for others that connect ---- */

/* Local addresses to connect from; of none the kernel chooses. */
struct dial_sources {
	struct address *addresses;
	size_t n;
};

/* A non-blocking socket of FAMILY and SOCKTYPE that has the options O and is bound to the first of
 * SOURCES that is of that family, which goes to *SOURCE (NULL: nobody wants to know). Returns it,
 * or -1 with errno and *WHAT naming the option or step that failed. */
int dial_socket(int family, int socktype, const struct socket_options *o,
		const struct dial_sources *sources, struct address *source, const char **what);

/* Is FD connected to itself? A port in the range that connect(2) itself uses can meet its own SYN.
 * Fills *LOCAL and *PEER. */
bool dial_to_oneself(int fd, struct address *local, struct address *peer);

#endif
