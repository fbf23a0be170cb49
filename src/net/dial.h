/* dial.h - connecting to a name: look-up, then every address in a race (RFC 8305) */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/number.h"
#include "loop/loop.h"
#include "sock/address.h"
#include "sock/icmp.h"
#include "net/event.h"
#include "net/places.h"
#include "sock/sockopt.h"

struct dial;
struct proxy;
struct told_options;

/* All pointers must live until the end. */
struct dial_config {
	const char *host, *port; /* have passed address_operands() */
	int family;		 /* AF_UNSPEC: both */
	int socktype;		 /* of a UNIX socket; 0: SOCK_STREAM */
	bool any_type; /* if that type is wrong, try the other of SOCK_STREAM and SOCK_SEQPACKET */
	const struct socket_options *socket;
	/* What is sent first, as a part of connecting: under --fastopen with the SYN of the first
	 * address that is tried, if that peer was met before; else once there is a connection. */
	const char *first;
	size_t first_n;
	int64_t deadline; /* for look-up and connection together, see clock.h */
	int64_t wait;	  /* ns for the connection alone, once the host is looked up; UNSET: no
			   * such limit. By way of proxies: to all of them */
	/* Returns the option that forbids connecting to this address, which then fails with EACCES;
	 * NULL: none does. Without `permit` all are permitted. */
	const char *(*permit)(void *arg, const struct address *a);
	void *permit_arg;
	/* Of proxy_client_start() alone: a header of the PROXY protocol goes before all else, which
	 * tells of a connection between these two, NULL: of the one that is made. NULL: none. */
	const struct told_options *told;
	const struct address *told_from, *told_to;
	struct events events;
};

/* How one address failed. */
struct dial_failure {
	struct address address;
	int error;		/* an errno; 0: it was still silent when the time was up */
	const char *what;	/* the option or step that failed; NULL: connecting itself */
	struct address source;	/* where its socket was to be bound; of length 0: nowhere */
	bool forbidden;		/* it was not tried: `what` is the option, see `permit` */
	struct icmp_error icmp; /* the message behind the error; its family is 0: there was none */
};

struct dial_result {
	int fd; /* the connection, non-blocking, which becomes the callee's; or -1 */
	struct address peer, local;
	bool timed_out;	  /* the deadline passed, or `wait` */
	int64_t deadline; /* the earlier of both */
	int64_t given;	  /* ns that the connection had until then; UNSET: the host was not looked
			   * up, or there is no limit */
	struct places_failure lookup;	     /* how the look-up failed, */
	int error;			     /* or the errno of another step */
	const struct dial_failure *failures; /* in the order tried, where FD is -1; gone after the
					      * call */
	size_t n;
	int socktype; /* the type of the sockets; 0: SOCK_STREAM */
	/* By way of proxies, see proxy_client.h: */
	const struct proxy *proxy; /* the one that failed or was silent; NULL: none */
	char why[1024]; /* what the proxy did not reach, and why, in order; at the deadline the last
			 * has no reason. Empty: the proxy itself could not be connected to */
};

typedef void dial_fn(void *arg, const struct dial_result *result);

/* Looks C's host up and tries its addresses, the families in turn, DIAL_ATTEMPT_DELAY apart or as
 * soon as one has failed; the first that answers wins. A connection to oneself counts as refused.
 * FN is called once, from the loop, never from in here. Returns NULL with errno ENOMEM. */
struct dial *dial_start(struct loop *loop, const struct dial_config *c, dial_fn *fn, void *arg);

/* Returns the word that D looks up now; NULL: none (any more), or D is NULL. */
const char *dial_looks_up(const struct dial *d);

/* Gives D up without calling FN; NULL: does nothing. */
void dial_cancel(struct dial *d);

/* ---- for others that connect ---- */

#define DIAL_ATTEMPT_DELAY (250 * MILLISECOND) /* RFC 8305, section 5 */

/* Local addresses to connect from; if there are none, the kernel chooses. */
struct dial_sources {
	struct address *addresses;
	size_t n;
};

/* Opens a non-blocking socket of FAMILY and SOCKTYPE with the options O, bound to the first of
 * SOURCES of that family, which is copied to *SOURCE unless that is NULL. Returns it, or -1 with
 * errno and *WHAT naming the option or step that failed. */
int dial_socket(int family, int socktype, const struct socket_options *o,
		const struct dial_sources *sources, struct address *source, const char **what);

/* Connects FD to TO, or asks again how far that has come. Where TCP Fast Open waits for the first
 * data, the handshake begins with as much of the *N bytes at FIRST as its SYN takes; *N becomes how
 * many that were. Returns 0 once it is connected, else an errno: EINPROGRESS while it is not. */
int dial_connect(int fd, const struct address *to, const void *first, size_t *n);

/* Is FD, which was connected to TO, connected to itself? A client's SYN can meet its own socket, if
 * the port is in the range from which connect(2) chooses. Fills *LOCAL. */
bool dial_to_oneself(int fd, const struct address *to, struct address *local);

#endif
