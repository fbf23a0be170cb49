/* route_portable.c - nobody tells the route */
#include <errno.h>

#include "system/route.h"

int route_get(const struct address *to, struct route *out)
{
	(void)to;
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
