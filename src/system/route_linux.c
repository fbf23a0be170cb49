/* route_linux.c - the route to an address, by rtnetlink(7) */
#include <errno.h>
#include <string.h>

#include "system/netlink.h"
#include "system/route.h"

#define NETLINK_ROUTE_ 0
#define RTM_NEWROUTE_ 24
#define RTM_GETROUTE_ 26
enum {
	RTA_DST_ = 1,
	RTA_SRC_ = 2,
	RTA_OIF_ = 4,
	RTA_GATEWAY_ = 5,
	RTA_PREFSRC_ = 7,
	RTA_VIA_ = 18
};

/* struct rtmsg */
struct route_message {
	uint8_t family, to_bits, from_bits, tos, table, protocol, scope, type;
	uint32_t flags;
};

struct question {
	struct route_message head;
	char attributes[64];
	size_t n; /* of them */
};

/* Adds an attribute of TYPE that has N BYTES, a multiple of four. */
static void question_add(struct question *q, uint16_t type, const void *bytes, size_t n)
{
	const uint16_t head[2] = { (uint16_t)(sizeof head + n), type };

	memcpy(q->attributes + q->n, head, sizeof head);
	memcpy(q->attributes + q->n + sizeof head, bytes, n);
	q->n += sizeof head + n;
}

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

/* Makes a wildcard what connect(2) takes it for, this machine: the table knows no such thing. */
static void route_settle(struct address *to)
{
	static const unsigned char four[4] = { 127, [3] = 1 }, six[16] = { [15] = 1 };
	const int family = to->u.sa.sa_family;

	if (address_is_any(to))
		address_set_ip(to, family, family == AF_INET6 ? six : four, 0);
}

int route_get_bound(const struct address *destination, const struct route_binding *by,
		    struct route *out)
{
	struct address to = *destination;
	struct question q = { 0 };
	const unsigned char *bytes;
	uint32_t interface;
	size_t n;

	*out = (struct route){ 0 };
	/* A mapped IPv4 address is routed as IPv4. */
	address_unmap(&to);
	route_settle(&to);
	bytes = address_ip(&to, &n);
	q.head.family = (uint8_t)to.u.sa.sa_family;
	q.head.to_bits = (uint8_t)(8 * n);
	question_add(&q, RTA_DST_, bytes, n);
	interface = to.u.sa.sa_family == AF_INET6 ? to.u.in6.sin6_scope_id : 0;
	interface = interface ? interface : by->interface;
	if (interface)
		question_add(&q, RTA_OIF_, &interface, sizeof interface);
	if (by->source.length && by->source.u.sa.sa_family == to.u.sa.sa_family) {
		bytes = address_ip(&by->source, &n);
		q.head.from_bits = (uint8_t)(8 * n);
		question_add(&q, RTA_SRC_, bytes, n);
	}
	if (netlink_ask(NETLINK_ROUTE_, RTM_GETROUTE_, false, &q,
			offsetof(struct question, attributes) + q.n, route_take, out) < 0)
		return -1;
	if (out->gateway.u.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&out->gateway.u.in6.sin6_addr))
		out->gateway.u.in6.sin6_scope_id = out->interface;
	return 0;
}

int route_listen(void)
{
	/* RTNLGRP_LINK, then of IPv4 and IPv6 each _IFADDR, _ROUTE, _RULE */
	static const unsigned char groups[] = { 1, 5, 7, 8, 9, 11, 19 };
	uint32_t bits = 0;

	for (size_t i = 0; i < sizeof groups; i++)
		bits |= 1U << (groups[i] - 1);
	return netlink_listen(NETLINK_ROUTE_, bits);
}

/* ---- routes that refuse ---- */

static const struct refusing_type {
	uint8_t type; /* RTN_... */
	char kind[12];
	int error;
} refusing_types[] = {
	{ 6, "blackhole", EINVAL },
	{ 7, "unreachable", EHOSTUNREACH },
	{ 8, "prohibit", EACCES },
};

struct refusal_search {
	struct address to;
	int error;
	bool found;
	struct route_refusal *out;
};

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8;

	return !memcmp(a, b, bits / 8) &&
	       (rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0);
}

static void route_look_at(void *arg, uint16_t type, const void *payload, size_t n)
{
	struct refusal_search *s = arg;
	struct route_message head;
	struct netlink_attribute a;
	const char *at = (const char *)payload + sizeof head;
	struct route_refusal r = { 0 };
	static const struct in6_addr any; /* in6addr_any would have to be looked up at the start */
	const unsigned char *bytes, *net;
	size_t size;

	if (type != RTM_NEWROUTE_ || n < sizeof head)
		return;
	memcpy(&head, payload, sizeof head);
	n -= sizeof head;
	for (size_t i = 0; i < sizeof refusing_types / sizeof *refusing_types; i++)
		if (refusing_types[i].type == head.type && refusing_types[i].error == s->error)
			r.kind = refusing_types[i].kind;
	if (!r.kind || head.family != s->to.u.sa.sa_family)
		return;
	address_set_ip(&r.net, head.family, &any, 0); /* of the default route */
	while (netlink_next(&at, &n, &a))
		if (a.type == RTA_DST_)
			route_set_address(&r.net, head.family, a.data, a.n);
	bytes = address_ip(&s->to, &size);
	net = address_ip(&r.net, &size);
	r.bits = head.to_bits;
	if (r.bits > 8 * size || !same_bits(bytes, net, r.bits) ||
	    (s->found && s->out->bits >= r.bits))
		return;
	*s->out = r;
	s->found = true;
}

bool route_refuses(const struct address *to, int error, struct route_refusal *out)
{
	struct refusal_search s = { .to = *to, .error = error, .out = out };
	struct route_message all = { 0 };

	if (error != EACCES && error != EINVAL && error != EHOSTUNREACH)
		return false;
	address_unmap(&s.to);
	all.family = (uint8_t)s.to.u.sa.sa_family;
	return netlink_ask(NETLINK_ROUTE_, RTM_GETROUTE_, true, &all, sizeof all, route_look_at,
			   &s) == 0 &&
	       s.found;
}
