/* icmp_linux.c - the error queue of a socket */
#define _GNU_SOURCE /* IP_RECVERR, MSG_ERRQUEUE */
#include "sock/icmp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sock/control.h"
#include "sock/sockopt.h"

/* Offsets in struct sock_extended_err of <linux/errqueue.h>, which no libc has: the error, who
 * found it, the ICMP message's type and code, and what else is known; the address of the message's
 * sender comes behind it. */
enum { ERROR_AT = 0, ORIGIN_AT = 4, TYPE_AT = 5, CODE_AT = 6, INFO_AT = 8, OFFENDER_AT = 16 };

enum { ORIGIN_ICMP = 2, ORIGIN_ICMP6 = 3 };

/* Reads the extended error of N bytes at DATA into *OUT. Returns whether it came from the network.
 */
static bool icmp_read(const unsigned char *data, size_t n, struct icmp_error *out)
{
	struct sockaddr_storage a = { 0 };
	uint32_t error, info;

	if (n < OFFENDER_AT || (data[ORIGIN_AT] != ORIGIN_ICMP && data[ORIGIN_AT] != ORIGIN_ICMP6))
		return false;
	memcpy(&error, data + ERROR_AT, sizeof error);
	memcpy(&info, data + INFO_AT, sizeof info);
	*out = (struct icmp_error){ .error = (int)error,
				    .family = data[ORIGIN_AT] == ORIGIN_ICMP ? AF_INET : AF_INET6,
				    .type = data[TYPE_AT],
				    .code = data[CODE_AT],
				    .mtu = error == EMSGSIZE ? info : 0 };
	n -= OFFENDER_AT;
	memcpy(&a, data + OFFENDER_AT, n < sizeof a ? n : sizeof a);
	if (a.ss_family == AF_INET)
		out->sender.length = sizeof out->sender.u.in;
	else if (a.ss_family == AF_INET6)
		out->sender.length = sizeof out->sender.u.in6;
	memcpy(&out->sender.u, &a, out->sender.length);
	address_unmap(&out->sender);
	return true;
}

const bool icmp_queues = true;

int icmp_collect(int fd, int family)
{
	if (sockopt_set(fd, IPPROTO_IP, IP_RECVERR, 1) < 0)
		return -1;
	return family == AF_INET6 ? sockopt_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) : 0;
}

int icmp_take(int fd, struct address *to, struct icmp_error *out)
{
	_Alignas(struct cmsghdr) char control[256];
	struct address unused;
	struct msghdr m = { .msg_control = control, .msg_controllen = sizeof control };
	int found = 0;

	if (!to)
		to = &unused;
	*to = (struct address){ 0 };
	m.msg_name = &to->u;
	m.msg_namelen = sizeof to->u;
	while (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return -1;
	/* A recvmsg(2) that is emulated may know no queue (qemu-user), and would do so for ever. */
	if (!(m.msg_flags & MSG_ERRQUEUE))
		return -1;
	to->length = m.msg_namelen;
	if (to->length)
		address_unmap(to);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = control_next(&m, c))
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			found |= icmp_read(CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0), out);
	return found;
}

bool icmp_want(int fd, int family, bool wanted)
{
	return family == AF_INET6 && sockopt_get(fd, IPPROTO_IPV6, IPV6_RECVERR) == !wanted &&
	       sockopt_set(fd, IPPROTO_IPV6, IPV6_RECVERR, wanted) == 0;
}
