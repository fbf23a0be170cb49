#define _GNU_SOURCE /* struct in6_pktinfo, which RFC 3542 has for all */
#include "sock/datagram_source.h"

#include <netinet/in.h>
#include <string.h>

void dgram_control(struct msghdr *m, int level, int type, const void *data, size_t length)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	memset(c, 0, CMSG_SPACE(length)); /* what is between the objects goes to the kernel too */
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = (socklen_t)CMSG_LEN(length);
	memcpy(CMSG_DATA(c), data, length);
	m->msg_controllen = (socklen_t)(m->msg_controllen + CMSG_SPACE(length));
}

struct cmsghdr *dgram_next_control(const struct msghdr *m, const struct cmsghdr *c)
{
	size_t at = (size_t)((const char *)c - (const char *)m->msg_control);

	at += CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));
	if (c->cmsg_len < CMSG_LEN(0) || at + sizeof *c > m->msg_controllen)
		return NULL;
	return (struct cmsghdr *)((char *)m->msg_control + at);
}

static void source_inet6(const struct dgram *d, struct msghdr *m)
{
	struct in6_pktinfo info = { .ipi6_ifindex = d->interface };

	if (d->from)
		info.ipi6_addr = d->from->u.in6.sin6_addr;
	dgram_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

static void source_inet(const struct dgram *d, struct msghdr *m)
{
#ifdef IP_PKTINFO
	struct in_pktinfo info = { .ipi_ifindex = (int)d->interface };

	if (d->from)
		info.ipi_spec_dst = d->from->u.in.sin_addr;
	dgram_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
#else
	(void)d;
	(void)m;
#endif
}

void dgram_source(const struct dgram_socket *s, const struct dgram *d, struct msghdr *m)
{
	/* An IPv4 address of a socket of IPv6 is one of IPv4's. */
	int family = d->from ? d->from->u.sa.sa_family : s->family;

	if (!d->from && !d->interface)
		return;
	if (family == AF_INET6)
		source_inet6(d, m);
	else if (family == AF_INET)
		source_inet(d, m);
}
