/* datagram_told.c - asking for, and reading, what stands beside a datagram of IP */
#define _GNU_SOURCE /* struct in_pktinfo, struct in6_pktinfo */
#include "sock/datagram_told.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

bool dgram_lacks(struct dgram_socket *s, const char *name)
{
	if (errno != ENOPROTOOPT && errno != EOPNOTSUPP)
		return false;
	if (s->n_lacks < DGRAM_LACKS_MOST)
		s->lacks[s->n_lacks++] = name;
	return true;
}

int dgram_ask(struct dgram_socket *s, const struct dgram_telling *rows, size_t n, unsigned needs,
	      const char **what)
{
	for (size_t i = 0; i < n; i++) {
		bool ours = rows[i].family == AF_UNSPEC || rows[i].family == s->family;
		/* A dual-stack socket is told of IPv4 by the options of IPv4. */
		bool mapped = s->family == AF_INET6 && rows[i].family == AF_INET;
		if (!(s->wants & rows[i].want) || !(ours || mapped))
			continue;
		*what = rows[i].name;
		if (sockopt_set(s->fd, rows[i].level, rows[i].option, 1) < 0 && ours &&
		    (needs & rows[i].want || !dgram_lacks(s, *what)))
			return -1;
	}
	return 0;
}

int dgram_ask_ip(struct dgram_socket *s, unsigned needs, const char **what)
{
	static const struct dgram_telling rows[] = {
#ifdef IP_PKTINFO
		{ DGRAM_TO, AF_INET, IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO" },
#endif
		{ DGRAM_TO, AF_INET6, IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO" },
		{ DGRAM_TTL, AF_INET, IPPROTO_IP, IP_RECVTTL, "IP_RECVTTL" },
		{ DGRAM_TTL, AF_INET6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT" },
		{ DGRAM_CLASS, AF_INET, IPPROTO_IP, IP_RECVTOS, "IP_RECVTOS" },
		{ DGRAM_CLASS, AF_INET6, IPPROTO_IPV6, IPV6_RECVTCLASS, "IPV6_RECVTCLASS" },
	};

	return dgram_ask(s, rows, sizeof rows / sizeof *rows, needs, what);
}

/* Returns the number that C carries: an int, or one byte where a system tells it so. */
static int told_number(const struct cmsghdr *c)
{
	unsigned char byte;
	int number;

	if (c->cmsg_len >= CMSG_LEN(sizeof number)) {
		memcpy(&number, CMSG_DATA(c), sizeof number);
		return number;
	}
	memcpy(&byte, CMSG_DATA(c), sizeof byte);
	return byte;
}

/* ip(7) */
static void told_read_inet(struct dgram_told *t, const struct cmsghdr *c, uint16_t port)
{
#ifdef IP_PKTINFO
	struct in_pktinfo info;

	if (c->cmsg_type == IP_PKTINFO) {
		memcpy(&info, CMSG_DATA(c), sizeof info);
		t->interface = (unsigned)info.ipi_ifindex;
		address_set_ip(&t->to, AF_INET, &info.ipi_addr, port);
		/* They differ if the destination is a group or for broadcast. */
		t->local = info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr;
	}
#endif
	/* Linux answers with the first, BSD with the second. */
	if (c->cmsg_type == IP_TTL || c->cmsg_type == IP_RECVTTL)
		t->ttl = told_number(c);
	if (c->cmsg_type == IP_TOS || c->cmsg_type == IP_RECVTOS)
		t->class = told_number(c);
}

/* ipv6(7), RFC 3542 */
static void told_read_inet6(struct dgram_told *t, const struct cmsghdr *c, uint16_t port)
{
	struct in6_pktinfo info;

	if (c->cmsg_type == IPV6_HOPLIMIT)
		t->ttl = told_number(c);
	if (c->cmsg_type == IPV6_TCLASS)
		t->class = told_number(c);
	if (c->cmsg_type != IPV6_PKTINFO)
		return;
	memcpy(&info, CMSG_DATA(c), sizeof info);
	/* IP_PKTINFO tells about IPv4. */
	if (IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr))
		return;
	t->interface = (unsigned)info.ipi6_ifindex;
	address_set_ip(&t->to, AF_INET6, &info.ipi6_addr, port);
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&info.ipi6_addr))
		t->to.u.in6.sin6_scope_id = t->interface;
	t->local = !IN6_IS_ADDR_MULTICAST(&info.ipi6_addr);
}

void dgram_told_read(struct dgram_told *t, const struct cmsghdr *c, uint16_t port)
{
	if (c->cmsg_level == IPPROTO_IP)
		told_read_inet(t, c, port);
	else if (c->cmsg_level == IPPROTO_IPV6)
		told_read_inet6(t, c, port);
}
