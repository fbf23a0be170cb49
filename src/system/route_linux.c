/* route_linux.c - the route to an address, by rtnetlink(7) */
#include <errno.h>
#include <string.h>

#include "system/netlink.h"
#include "system/route.h"

#define NETLINK_ROUTE_ 0
#define RTM_NEWROUTE_ 24
#define RTM_GETROUTE_ 26
enum { RTA_DST_ = 1, RTA_OIF_ = 4, RTA_GATEWAY_ = 5, RTA_PREFSRC_ = 7, RTA_VIA_ = 18 };

/* struct rtmsg */
struct route_message {
	uint8_t family, to_bits, from_bits, tos, table, protocol, scope, type;
	uint32_t flags;
};

/* An attribute as it is sent. */
struct question {
	struct route_message head;
	struct {
		uint16_t length, type;
		uint8_t bytes[16];
	} to;
	struct {
		uint16_t length, type;
		uint32_t interface;
	} out;
};

/* Makes *A the address of FAMILY that has N BYTES; leaves it, if that is none. */
static void route_set_address(struct address *a, int family, const void *bytes, size_t n)
{
	if ((family == AF_INET && n == 4) || (family == AF_INET6 && n == 16))
		address_set_ip(a, family, bytes, 0);
}

static void route_take(void *arg, uint16_t type, const void *payload, size_t n)
{
	struct route *r = arg;
	struct route_message head;
	struct netlink_attribute a;
	const char *at = (const char *)payload + sizeof head;
	uint16_t family;

	if (type != RTM_NEWROUTE_ || n < sizeof head)
		return;
	memcpy(&head, payload, sizeof head);
	n -= sizeof head;
	while (netlink_next(&at, &n, &a)) {
		if (a.type == RTA_OIF_ && a.n == sizeof r->interface) {
			memcpy(&r->interface, a.data, sizeof r->interface);
		} else if (a.type == RTA_GATEWAY_) {
			route_set_address(&r->gateway, head.family, a.data, a.n);
		} else if (a.type == RTA_PREFSRC_) {
			route_set_address(&r->source, head.family, a.data, a.n);
		} else if (a.type == RTA_VIA_ && a.n > sizeof family) { /* of another family */
			memcpy(&family, a.data, sizeof family);
			route_set_address(&r->gateway, family, (const char *)a.data + sizeof family,
					  a.n - sizeof family);
		}
	}
}

int route_get(const struct address *destination, struct route *out)
{
	struct address to = *destination;
	size_t n, size = offsetof(struct question, out);
	struct question q = {
		.to.type = RTA_DST_,
		.out = { .length = sizeof q.out, .type = RTA_OIF_ },
	};
	const unsigned char *bytes;
	char payload[sizeof q];

	*out = (struct route){ 0 };
	/* A mapped IPv4 address is routed as IPv4. */
	address_unmap(&to);
	bytes = address_ip(&to, &n);
	q.head.family = (uint8_t)to.u.sa.sa_family;
	q.head.to_bits = (uint8_t)(8 * n);
	q.to.length = (uint16_t)(4 + n);
	memcpy(q.to.bytes, bytes, n);
	memcpy(payload, &q, size);
	size -= sizeof q.to.bytes - n;
	if (to.u.sa.sa_family == AF_INET6 && to.u.in6.sin6_scope_id) {
		q.out.interface = to.u.in6.sin6_scope_id;
		memcpy(payload + size, &q.out, sizeof q.out);
		size += sizeof q.out;
	}
	if (netlink_ask(NETLINK_ROUTE_, RTM_GETROUTE_, false, payload, size, route_take, out) < 0)
		return -1;
	if (out->gateway.u.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&out->gateway.u.in6.sin6_addr))
		out->gateway.u.in6.sin6_scope_id = out->interface;
	return 0;
}
