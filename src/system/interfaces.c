/* interfaces.c - the network interfaces, and which of them has an address */
#define _DEFAULT_SOURCE /* struct ifreq, IF_NAMESIZE, ifa_broadaddr */
#include "system/interfaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/descriptors.h"

static bool is_inet(const struct sockaddr *a)
{
	return a && address_family_is_ip(a->sa_family);
}

/* Returns A, or if that is none of IP, an address of length 0. */
static struct address interface_address(const struct sockaddr *a)
{
	struct address copy = { 0 };

	if (is_inet(a)) {
		copy.length = a->sa_family == AF_INET ? sizeof copy.u.in : sizeof copy.u.in6;
		memcpy(&copy.u, a, copy.length);
	}
	return copy;
}

/* Returns how many bits are set in MASK, one for an address of FAMILY. */
static unsigned interface_prefix(const struct sockaddr *mask, sa_family_t family)
{
	struct address a = interface_address(mask);
	const unsigned char *p;
	unsigned bits = 0;
	size_t n;

	a.u.sa.sa_family = family;
	p = address_ip(&a, &n);
	for (; n > 0 && *p == 0xff; p++, n--)
		bits += 8;
	for (unsigned byte = n > 0 ? *p : 0; byte & 0x80; byte <<= 1)
		bits++;
	return bits;
}

/* FD is any socket. */
static int interface_mtu(int fd, const char *name)
{
	struct ifreq request = { 0 };

	memcpy(request.ifr_name, name, strnlen(name, sizeof request.ifr_name - 1));
	return fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : 0;
}

/* Has NAME an address among all of ALL? */
static bool has_address(const struct ifaddrs *all, const char *name)
{
	for (; all; all = all->ifa_next)
		if (is_inet(all->ifa_addr) && !strcmp(all->ifa_name, name))
			return true;
	return false;
}

static bool is_listed(const struct interface *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return true;
	return false;
}

static void interface_fill(struct interface *i, const struct ifaddrs *from, int fd)
{
	*i = (struct interface){ .flags = from->ifa_flags };
	memcpy(i->name, from->ifa_name, strnlen(from->ifa_name, sizeof i->name - 1));
	i->index = if_nametoindex(i->name);
	i->mtu = interface_mtu(fd, i->name);
	i->address = interface_address(from->ifa_addr);
	i->prefix = interface_prefix(from->ifa_netmask, i->address.u.sa.sa_family);
	if (from->ifa_flags & (IFF_BROADCAST | IFF_POINTOPOINT))
		i->broadcast = interface_address(from->ifa_broadaddr);
	/* An interface without a broadcast address shows its own address there. */
	if (!(from->ifa_flags & IFF_POINTOPOINT) && address_equal(&i->broadcast, &i->address))
		i->broadcast = (struct address){ 0 };
}

int interfaces_get(struct interface **list, size_t *count)
{
	struct ifaddrs *all;
	size_t n = 0;
	int fd;

	*list = NULL;
	*count = 0;
	if (getifaddrs(&all) < 0)
		return -1;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		n++;
	*list = calloc(n ? n : 1, sizeof **list);
	if (!*list) {
		freeifaddrs(all);
		errno = ENOMEM;
		return -1;
	}
	fd = open_socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		fd = open_socket(AF_INET6, SOCK_DGRAM, 0);
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		if (is_inet(a->ifa_addr) ||
		    (!has_address(all, a->ifa_name) && !is_listed(*list, *count, a->ifa_name))) {
			errno = 0;
			interface_fill(&(*list)[*count], a, fd);
			/* One that has gone meanwhile, or has another name, would be in halves. */
			*count += errno != ENODEV;
		}
	close_keeping_errno(fd);
	freeifaddrs(all);
	return 0;
}

bool interface_broadcast(const struct interface *i, struct address *to)
{
	*to = i->broadcast;
	if (!(i->flags & IFF_BROADCAST) || i->address.u.sa.sa_family != AF_INET)
		return false;
	if (to->u.sa.sa_family == AF_INET)
		return true;
	*to = i->address;
	to->u.in.sin_addr.s_addr |= htonl(UINT32_MAX >> i->prefix % 32);
	/* Networks of two addresses or one have none (RFC 3021). */
	return i->prefix > 0 && i->prefix < 31;
}

unsigned interfaces_find(const struct address *a)
{
	struct interface *list;
	unsigned found = 0;
	size_t n;

	if (interfaces_get(&list, &n) < 0)
		return 0;
	for (size_t i = 0; i < n && !found; i++) {
		struct address own = list[i].address;
		/* A zone is told only if it is needed. */
		if (own.u.sa.sa_family == AF_INET6 && a->u.sa.sa_family == AF_INET6 &&
		    !a->u.in6.sin6_scope_id)
			own.u.in6.sin6_scope_id = 0;
		if (address_same_host(&own, a))
			found = list[i].index;
	}
	free(list);
	return found;
}

bool interfaces_have(const struct address *a)
{
	return (a->u.sa.sa_family == AF_INET &&
		ntohl(a->u.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET) ||
	       interfaces_find(a) > 0;
}

bool interfaces_broadcast_to(const struct address *a)
{
	struct interface *list;
	struct address to;
	bool found = false;
	size_t n;

	if (a->u.sa.sa_family != AF_INET)
		return false;
	if (a->u.in.sin_addr.s_addr == htonl(INADDR_BROADCAST))
		return true;
	/* The usual addresses need no list. */
	if (a->u.in.sin_addr.s_addr == htonl(INADDR_ANY) ||
	    ntohl(a->u.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET || interfaces_get(&list, &n) < 0)
		return false;
	for (size_t i = 0; i < n && !found; i++)
		found = interface_broadcast(&list[i], &to) && address_same_host(&to, a);
	free(list);
	return found;
}
