/* route.h - the way that the kernel would take */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "net/address.h"

struct route {
	unsigned interface;	/* index, 0: not known */
	struct address gateway; /* of length 0: none, it is reached directly */
	struct address source;	/* the address that the route prefers; of length 0: none */
};

/* The route to TO into *OUT, rtnetlink(7). Returns 0, or -1 with errno: ENOTSUP where this system
 * cannot be asked. */
int route_get(const struct address *to, struct route *out);

#endif
