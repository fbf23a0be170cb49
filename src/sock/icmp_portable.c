/* icmp_portable.c - no error queue, so that nobody tells of ICMP messages */
#include "sock/icmp.h"

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
