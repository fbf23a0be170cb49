/* multicast.c - the options of sending to groups */
#define _DEFAULT_SOURCE /* struct ip_mreqn */
#include "sock/multicast.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/number.h"
#include "sock/sockopt.h"

#define AT(member) offsetof(struct multicast_options, member)

static const struct option_row rows[] = {
	OPTION("multicast-interface", 0, OPTION_STRING, AT(interface), KEEP_NOTHING, ARG("IFACE"),
	       "to a group: send through this interface (its name or an address of it)"),
	OPTION("multicast-ttl", 0, OPTION_NUMBER, AT(ttl), KEEP_NOTHING, ARG("N"),
	       "to a group: so many hops (--ttl, else 1); 0: this machine only", .min = 0,
	       .max = 255),
	OPTION("no-loop", 0, OPTION_FLAG, AT(no_loop), KEEP_NOTHING, "",
	       "to a group: not to members on this machine"),
};

const struct option_group multicast_group = { "Multicast", rows, sizeof rows / sizeof *rows };

bool multicast_is_group(const struct address *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return ntohl(a->u.in.sin_addr.s_addr) >> 28 == 14;
	return a->u.sa.sa_family == AF_INET6 && a->u.in6.sin6_addr.s6_addr[0] == 0xff;
}

const char *multicast_given(const struct multicast_options *o)
{
	return o->interface    ? "multicast-interface" :
	       o->ttl != UNSET ? "multicast-ttl" :
	       o->no_loop      ? "no-loop" :
				 NULL;
}

/* Finds the interface NAME: its index, or for IPv4 the address that NAME is. */
static int find_interface(const char *name, int family, unsigned *index, struct in_addr *address)
{
	struct address a;

	address->s_addr = htonl(INADDR_ANY);
	if (address_parse_interface(name, index) == 0)
		return 0;
	if (family == AF_INET && address_parse_host(name, &a) == WORD_NUMBER &&
	    a.u.sa.sa_family == AF_INET) {
		*address = a.u.in.sin_addr;
		return 0;
	}
	errno = ENODEV;
	return -1;
}

static int set_interface(int fd, int family, const char *name)
{
	struct ip_mreqn request = { 0 };
	unsigned index;

	if (find_interface(name, family, &index, &request.imr_address) < 0)
		return -1;
	if (family == AF_INET6)
		return sockopt_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index);
	request.imr_ifindex = (int)index;
	return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
}

int multicast_apply(int fd, int family, const struct multicast_options *o, int64_t ttl,
		    const char **what)
{
	bool six = family == AF_INET6;
	int level = six ? IPPROTO_IPV6 : IPPROTO_IP;
	int hops = (int)(o->ttl == UNSET ? ttl : o->ttl);

	*what = "multicast-interface";
	if (o->interface && set_interface(fd, family, o->interface) < 0)
		return -1;
	*what = o->ttl == UNSET ? "ttl" : "multicast-ttl";
	if (hops != UNSET &&
	    sockopt_set(fd, level, six ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, hops) < 0)
		return -1;
	*what = "no-loop";
	if (o->no_loop &&
	    sockopt_set(fd, level, six ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP, 0) < 0)
		return -1;
	*what = NULL;
	return 0;
}
