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
