/* netlink_portable.c - no netlink */
#include <errno.h>

#include "system/netlink.h"

int netlink_ask(int protocol, uint16_t type, bool dump, const void *payload, size_t n,
		netlink_fn *fn, void *arg)
{
	(void)protocol;
	(void)type;
	(void)dump;
	(void)payload;
	(void)n;
	(void)fn;
	(void)arg;
	errno = ENOTSUP;
	return -1;
}

int netlink_listen(int protocol, uint32_t groups)
{
	(void)protocol;
	(void)groups;
	errno = ENOTSUP;
	return -1;
}

void netlink_drain(int fd)
{
	(void)fd;
}

bool netlink_next(const char **at, size_t *n, struct netlink_attribute *out)
{
	(void)at;
	(void)n;
	(void)out;
	return false;
}
