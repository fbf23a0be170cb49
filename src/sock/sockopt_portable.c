/* sockopt_portable.c - no socket options beyond those of sockopt_table.c */
#include <errno.h>
#include <netinet/in.h>

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

int sockopt_set_class(int fd, int family, int class)
{
	return family == AF_INET6 ? sockopt_set(fd, IPPROTO_IPV6, IPV6_TCLASS, class) :
				    sockopt_set(fd, IPPROTO_IP, IP_TOS, class);
}

int sockopt_mtu(int fd, int family)
{
	(void)fd;
	(void)family;
	errno = ENOTSUP;
	return -1;
}
