#include "net/route.h"

#include <errno.h>
#include <unistd.h>

#define DISCARD 9

int route_source(const struct address *to, struct address *from)
{
	int fd = socket(to->u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), status, error;
	struct address a = *to;

	if (fd < 0)
		return -1;
	/* Port 0 is none to connect to. */
	if (address_port(&a) == 0)
		address_set_port(&a, DISCARD);
	from->length = sizeof from->u;
	status = connect(fd, &a.u.sa, a.length);
	if (status == 0)
		status = getsockname(fd, &from->u.sa, &from->length);
	error = errno;
	close(fd);
	errno = error;
	if (status == 0)
		address_set_port(from, 0);
	return status;
}
