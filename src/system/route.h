/* route.h - how the kernel would reach an address */
#ifndef SYSTEM_ROUTE_H
#define SYSTEM_ROUTE_H

#include <stdbool.h>

#include "sock/address.h"

/* Connects a UDP socket to TO, whose port may be 0 and whose address may be one of broadcast: the
 * kernel chooses a route and sends nothing. Returns the socket, or -1 with errno of connect(2),
 * such as ENETUNREACH. */
int route_socket(const struct address *to);

/* Finds the address from which this machine would send to TO: *FROM, with port 0. Returns 0, or -1
 * with errno as above. */
int route_source(const struct address *to, struct address *from);

struct route {
	unsigned interface;	/* index, 0: not known */
	struct address gateway; /* of length 0: none, the destination is on a local network */
	struct address source;	/* the address that the route prefers; of length 0: none */
};

/* What a socket is bound to. */
struct route_binding {
	struct address source; /* of length 0: nothing */
	unsigned interface;    /* 0: none */
};

/* Asks the routing table for the route to TO, rtnetlink(7). Returns 0, or -1 with errno: ENOTSUP if
 * it cannot be asked, ENETUNREACH and the like if there is none. */
int route_get(const struct address *to, struct route *out);

/* Of this system, a twin for each: the same for a socket that is bound to BY. */
int route_get_bound(const struct address *to, const struct route_binding *by, struct route *out);

/* Of this system, a twin for each: opens a socket that becomes readable whenever an interface, an
 * address, a route or a rule has changed (netlink_drain()). Returns it, or -1 with errno: ENOTSUP
 * if there is none. */
int route_listen(void);

/* A route that is there to refuse. */
struct route_refusal {
	const char *kind;   /* `prohibit`, `blackhole`, `unreachable` */
	struct address net; /* for these: the first BITS bits count */
	unsigned bits;
};

/* Of this system, a twin for each: finds the narrowest route to TO that makes calls fail with
 * ERROR. Returns whether there is one, as far as that can be known. */
bool route_refuses(const struct address *to, int error, struct route_refusal *out);

#endif
