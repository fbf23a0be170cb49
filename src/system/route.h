/* route.h - the way that the kernel would take */
#ifndef SYSTEM_ROUTE_H
#define SYSTEM_ROUTE_H

#include "sock/address.h"

/* A UDP socket that is connected to TO (its port may be 0, and its address one of broadcast): the
 * kernel chooses the way, and sends nothing. Returns it, or -1 with errno of connect(2), such as
 * ENETUNREACH. */
int route_socket(const struct address *to);

/* The address that such a one comes from, into *FROM, with port 0. Returns 0, or -1 with errno as
 * above. */
int route_source(const struct address *to, struct address *from);

struct route {
	unsigned interface;	/* index, 0: not known */
	struct address gateway; /* of length 0: none, it is reached directly */
	struct address source;	/* the address that the route prefers; of length 0: none */
};

/* Of this system (a twin for each): the route to TO into *OUT, rtnetlink(7). Returns 0, or -1 with
 * errno: ENOTSUP where it cannot be asked. */
int route_get(const struct address *to, struct route *out);

#endif
