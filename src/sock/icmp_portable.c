/* icmp_portable.c - no error queue, so that nobody tells of ICMP messages */
#include "sock/icmp.h"

#include <errno.h>

const bool icmp_queues = false;

int icmp_collect(int fd, int family)
{
	(void)fd;
	(void)family;
	errno = ENOTSUP;
	return -1;
}

int icmp_take(int fd, struct address *to, struct icmp_error *out)
{
	(void)fd;
	(void)to;
	(void)out;
	return -1;
}

bool icmp_want(int fd, int family, bool wanted)
{
	(void)fd;
	(void)family;
	(void)wanted;
	return false;
}
