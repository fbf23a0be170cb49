/* route.h - the way that the kernel would take */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "net/address.h"

/* The address that a connection to TO would come from, into *FROM, with port 0: that of a connected
 * datagram socket; nothing is sent. Returns 0, or -1 with errno of connect(2), such as
 * ENETUNREACH. */
int route_source(const struct address *to, struct address *from);

struct route {
	unsigned interface;	/* index, 0: not known */
	struct address gateway; /* of length 0: none, it is reached directly */
	struct address source;	/* the address that the route prefers; of length 0: none */
};

/* Of this system (a twin for each): the route to TO into *OUT, rtnetlink(7). Returns 0, or -1 with errno:
 * ENOTSUP where it cannot be asked. */
int route_get(const struct address *to, struct route *out);

#endif
