/* path_mtu.h - how large a packet may be that reaches a host, whether or not ICMP tells
 *
 * Each probe is a connection of its own, over which one segment of newlines goes. It has arrived
 * whole if it was acknowledged and never cut: the kernel sends what gets lost once more, as it was,
 * unless it has come to believe in a smaller MTU. That is the direction from here to there. There
 * are at most MTU_PROBES; one that is answered by nothing but a reset is sent once more.
 */
#ifndef NET_PATH_MTU_H
#define NET_PATH_MTU_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "net/dial.h"
#include "net/event.h"
#include "net/mtu_search.h"
#include "sock/address.h"
#include "sock/icmp.h"

#define PATH_MTU_WAIT (250 * MILLISECOND) /* for a segment's acknowledgement, and three rtt */

/* All pointers must live until the end. */
struct path_mtu_config {
	const char *host, *port; /* of IP; have passed address_operands() */
	int family;		 /* AF_UNSPEC: both */
	const struct socket_options *socket;
	int64_t limit; /* ns for look-up and connection together, the first and each that follows */
	int64_t wait;  /* ns for an acknowledgement; UNSET: by the rtt, see PATH_MTU_WAIT */
	struct events events;
};

enum path_mtu_end {
	PATH_MTU_FOUND,
	PATH_MTU_NOT_CONNECTED, /* see `dial`; later than the first time the sizes count too */
	PATH_MTU_SILENT,	/* it connects, but does not even acknowledge a single byte */
	PATH_MTU_RESETS,	/* each connection is reset before anything was sent */
	PATH_MTU_FAILED,	/* by `error` of `what` */
};

/* Why nothing larger than `mtu` was sent. */
enum path_mtu_bound {
	PATH_MTU_NO_BOUND,  /* it was: `failed` did not pass */
	PATH_MTU_INTERFACE, /* the interface takes no more */
	PATH_MTU_ICMP,	    /* ICMP says that the path does not */
	PATH_MTU_PEER,	 /* the peer's MSS allows no more, or that which a box between made of it */
	PATH_MTU_WINDOW, /* the peer's window does not */
	PATH_MTU_UNKNOWN, /* nothing is known of the interface, nor of anything else */
	PATH_MTU_KERNEL,  /* a route, tcp_mtu_probing, or what ICMP has once told it, does not */
};

struct path_mtu_result {
	enum path_mtu_end end;
	const struct dial_result *dial; /* how the last connection failed; gone after the call */
	int error;
	const char *what;
	struct address peer, local;  /* of the connections; of length 0: there was none */
	int64_t rtt;		     /* ns, of the first handshake */
	char interface[IF_NAMESIZE]; /* empty: not known */
	unsigned interface_mtu;	     /* 0: not known */
	unsigned mtu;		     /* what passes, */
	unsigned failed; /* and the smallest that does not; 0: none is known. Where that is more
			  * than one larger, the probes were not enough */
	enum path_mtu_bound bound;
	size_t changes; /* how often a size has passed, or not, that should not have: the path
			 * has changed, or loses what it takes, too */
	unsigned told;	/* by ICMP, during the probes or once asked; 0: nothing was */
	struct icmp_error icmp;		/* its message, where the sender could be asked for */
	unsigned kernel;		/* what the kernel believes in now; 0: not known */
	const struct mtu_probe *probes; /* what was sent; gone after the call */
	size_t n;
};

/* Is `mtu` of R, which was found, the path's, neither more nor less? */
bool path_mtu_is_exact(const struct path_mtu_result *r);

typedef void path_mtu_fn(void *arg, const struct path_mtu_result *r);

struct path_mtu;

/* Connects to C's host as dial_start() does, and finds the path's MTU to the address that answers.
 * FN is called once, from the loop, never from in here; the engine is gone by then. Returns NULL
 * with errno: ENOMEM, or ENOTSUP where the system does not tell what happened to a segment. */
struct path_mtu *path_mtu_start(struct loop *loop, const struct path_mtu_config *c, path_mtu_fn *fn,
				void *arg);

/* Returns the word that P looks up now; NULL: none (any more). */
const char *path_mtu_looks_up(const struct path_mtu *p);

/* Gives P up without calling FN; NULL: does nothing. */
void path_mtu_cancel(struct path_mtu *p);

#endif
