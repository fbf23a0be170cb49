/* route_portable.c - nobody tells the route */
#include <errno.h>

#include "system/route.h"

int route_get_bound(const struct address *to, const struct route_binding *by, struct route *out)
{
	(void)to;
	(void)by;
	(void)out;
	errno = ENOTSUP;
	return -1;
}

bool route_refuses(const struct address *to, int error, struct route_refusal *out)
{
	(void)to;
	(void)error;
	(void)out;
	return false;
}

int route_listen(void)
{
	errno = ENOTSUP;
	return -1;
}
