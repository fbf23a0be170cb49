/* route.c - the route to an address, as a connected UDP socket shows it */
#include "system/route.h"

#include "base/descriptors.h"

#define DISCARD 9

int route_socket(const struct address *to)
{
	int fd = open_socket(to->u.sa.sa_family, SOCK_DGRAM, 0), on = 1;
	struct address a = *to;

	if (fd < 0)
		return -1;
	/* connect(2) needs a port. */
	if (address_port(&a) == 0)
		address_set_port(&a, DISCARD);
	/* Else connect(2) refuses a broadcast address. */
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	if (connect(fd, &a.u.sa, a.length) == 0)
		return fd;
	close_keeping_errno(fd);
	return -1;
}

int route_source(const struct address *to, struct address *from)
{
	int fd = route_socket(to), status;

	if (fd < 0)
		return -1;
	*from = (struct address){ .length = sizeof from->u };
	status = getsockname(fd, &from->u.sa, &from->length);
	close_keeping_errno(fd);
	if (status == 0)
		address_set_port(from, 0);
	return status;
}

int route_get(const struct address *to, struct route *out)
{
	return route_get_bound(to, &(struct route_binding){ .interface = 0 }, out);
}
