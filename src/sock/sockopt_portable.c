/* sockopt_portable.c - no socket options beyond those of sockopt_table.c */
#include <errno.h>

#include "sock/sockopt.h"

const struct sockopt_table sockopt_system = { NULL, 0 };
const int sockopt_mptcp = -1;

int sockopt_interface(int fd, const char *name)
{
	(void)fd;
	(void)name;
	errno = ENOTSUP;
	return -1;
}

int sockopt_fastopen(int fd, bool listening)
{
	(void)fd;
	(void)listening;
	errno = ENOTSUP;
	return -1;
}

int sockopt_reuseport(int fd)
{
	(void)fd;
	errno = ENOTSUP;
	return -1;
}

int sockopt_whole(int fd, int family, bool probing)
{
	(void)fd;
	(void)family;
	(void)probing;
	errno = ENOTSUP;
	return -1;
}

int sockopt_mtu(int fd, int family)
{
	(void)fd;
	(void)family;
	errno = ENOTSUP;
	return -1;
}
