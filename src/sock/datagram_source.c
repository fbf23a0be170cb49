/* datagram_source.c - a datagram's destination, and the control message that chooses its source */
#define _GNU_SOURCE /* struct in6_pktinfo, which RFC 3542 has for all */
#include "sock/datagram_source.h"

#include <netinet/in.h>
#include <string.h>

#include "sock/control.h"

static void source_inet6(const struct dgram *d, struct msghdr *m)
{
	struct in6_pktinfo info = { .ipi6_ifindex = d->interface };

	if (d->from)
		info.ipi6_addr = d->from->u.in6.sin6_addr;
	control_add(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

static void source_inet(const struct dgram *d, struct msghdr *m)
{
#ifdef IP_PKTINFO
	struct in_pktinfo info = { 0 };

	/* An int, or unsigned. */
	memcpy(&info.ipi_ifindex, &d->interface, sizeof info.ipi_ifindex);
	if (d->from)
		info.ipi_spec_dst = d->from->u.in.sin_addr;
	control_add(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
#else
	(void)d;
	(void)m;
#endif
}

void dgram_envelope(const struct dgram_socket *s, const struct dgram *d, struct msghdr *m)
{
	/* A dual-stack socket sends from an IPv4 address by the option of IPv4. */
	int family = d->from ? d->from->u.sa.sa_family : s->family;

	if (d->to) {
		m->msg_name = (void *)&d->to->u;
		m->msg_namelen = d->to->length;
	}
	if (!d->from && !d->interface)
		return;
	if (family == AF_INET6)
		source_inet6(d, m);
	else if (family == AF_INET)
		source_inet(d, m);
}
