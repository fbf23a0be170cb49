#define _DEFAULT_SOURCE /* IFF_BROADCAST */
#include "net/datagram_listener.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/number.h"
#include "base/user.h"
#include "sock/multicast.h"

#define PORT_TRIES 32 /* for a port that is free in both families */

struct dgram_listener {
	struct loop *loop;
	struct dgram_listener_config c;
	dgram_listener_fn *fn;
	void *arg;
	struct places_lookup *lookup;
	struct address *addresses;
	struct dgram_socket *sockets;
	size_t n_addresses, n;
};

static void close_sockets(struct dgram_listener *l)
{
	while (l->n > 0)
		dgram_close(&l->sockets[--l->n]);
}

void dgram_listener_close(struct dgram_listener *l)
{
	if (!l)
		return;
	places_cancel(l->lookup);
	close_sockets(l);
	free(l->sockets);
	free(l->addresses);
	free(l);
}

/* Is A where broadcasts to one of our networks go? */
static bool is_broadcast(const struct address *a)
{
	struct ifaddrs *list;
	bool found = false;

	if (a->u.sa.sa_family != AF_INET)
		return false;
	if (a->u.in.sin_addr.s_addr == htonl(INADDR_BROADCAST))
		return true;
	/* The usual ones need no list. */
	if (a->u.in.sin_addr.s_addr == htonl(INADDR_ANY) ||
	    ntohl(a->u.in.sin_addr.s_addr) >> 24 == 127)
		return false;
	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
		struct sockaddr_in there;
		if (!(i->ifa_flags & IFF_BROADCAST) || !i->ifa_broadaddr ||
		    i->ifa_broadaddr->sa_family != AF_INET)
			continue;
		there = *(const struct sockaddr_in *)(const void *)i->ifa_broadaddr;
		found = there.sin_addr.s_addr == a->u.in.sin_addr.s_addr;
	}
	freeifaddrs(list);
	return found;
}

static bool is_wildcard6(const struct address *a)
{
	return a->u.sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr);
}

/* Does the socket S hear what is sent to groups of G's family? */
static bool fits(const struct dgram_socket *s, const struct membership *g)
{
	return s->family == g->group.u.sa.sa_family || s->both;
}

/* Joins the groups that S can hear. */
static int join_groups(const struct dgram_listener *l, const struct dgram_socket *s,
		       struct listener_result *r)
{
	for (const struct membership *g = l->c.groups->groups; g; g = g->next) {
		struct membership here = *g;
		if (!fits(s, g))
			continue;
		if (!here.interface && l->c.socket->interface)
			here.interface = if_nametoindex(l->c.socket->interface);
		if (membership_join(s->fd, &here) < 0) {
			r->what = g->source.length ? "--join-source" : "--join";
			r->address = g->group;
			address_set_port(&r->address, address_port(&s->local));
			return -1;
		}
	}
	if (l->c.groups->groups || !multicast_is_group(&s->local))
		return 0;
	struct membership own = { .group = s->local };
	if (s->family == AF_INET6)
		own.interface = s->local.u.in6.sin6_scope_id;
	if (!own.interface && l->c.socket->interface)
		own.interface = if_nametoindex(l->c.socket->interface);
	return membership_join(s->fd, &own);
}

/* A socket of A, bound, as the next one. Returns 0, or -1 with errno and R telling of what. */
static int open_socket(struct dgram_listener *l, const struct address *a, struct listener_result *r)
{
	struct dgram_socket *s = &l->sockets[l->n];
	bool group = multicast_is_group(a);
	const struct dgram_config c = {
		.family = a->u.sa.sa_family,
		.socket = l->c.socket,
		.wants = l->c.wants,
		/* `udp-recv ::` alone is for both families, as with listen. */
		.both = is_wildcard6(a) && l->n_addresses == 1 && l->c.family != AF_INET6 &&
			!l->c.options->ipv6_only,
		.share = l->c.groups->groups || group || is_broadcast(a),
		.reuseport = l->c.options->reuseport,
		.own_groups_only = true,
		.large_buffer = l->c.socket->rcvbuf == UNSET,
	};

	r->address = *a;
	if (dgram_open(s, &c, l->c.error, l->arg, &r->what) < 0) {
		if (!r->what)
			r->what = "socket";
		return -1;
	}
	r->what = NULL;
	if (dgram_bind(s, a) == 0 && join_groups(l, s, r) == 0) {
		l->n++;
		return 0;
	}
	dgram_close(s);
	return -1;
}

/* Does this machine simply not have the family of this wildcard address? */
static bool no_such_family(const struct dgram_listener *l, int error)
{
	return !l->c.host && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

/* All addresses, on PORT if that is not 0, else on the one that the first is given. Returns 0, or
 * an errno with R filled. */
static int open_all(struct dgram_listener *l, uint16_t port, struct listener_result *r)
{
	int skipped = 0;

	for (size_t i = 0; i < l->n_addresses; i++) {
		struct address a = l->addresses[i];
		address_set_port(&a, port);
		if (open_socket(l, &a, r) == 0) {
			port = address_port(&l->sockets[l->n - 1].local);
			continue;
		}
		r->error = errno;
		if (!no_such_family(l, r->error)) {
			close_sockets(l);
			return r->error;
		}
		skipped = r->error;
	}
	return r->error = l->n ? 0 : skipped;
}

/* A group that none of them can hear. */
static const struct membership *unheard(const struct dgram_listener *l)
{
	for (const struct membership *g = l->c.groups->groups; g; g = g->next) {
		bool heard = false;
		for (size_t i = 0; i < l->n; i++)
			heard = heard || fits(&l->sockets[i], g);
		if (!heard)
			return g;
	}
	return NULL;
}

static void open_sockets(struct dgram_listener *l, struct listener_result *r)
{
	uint16_t port = l->n_addresses ? address_port(&l->addresses[0]) : 0;
	const struct membership *g;

	l->sockets = calloc(l->n_addresses + 1, sizeof *l->sockets);
	if (!l->sockets) {
		r->error = ENOMEM;
		return;
	}
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		int error = open_all(l, port, r);
		/* The port that one family gave was taken in the other. */
		if (error != EADDRINUSE || port != 0)
			break;
	}
	g = r->error ? NULL : unheard(l);
	if (g) {
		r->error = EAFNOSUPPORT;
		r->what = g->source.length ? "--join-source" : "--join";
		r->address = g->group;
		address_set_port(&r->address, address_port(&l->sockets[0].local));
	}
	/* Whoever needs rights to bind does not need them any more. */
	if (!r->error && l->c.options->user && user_become(l->c.options->user) < 0) {
		r->error = errno;
		r->what = "--user";
		r->address.length = 0;
	}
}

static void places_found(void *arg, struct places_answer *found)
{
	struct dgram_listener *l = arg;
	struct listener_result r = { .lookup = found->failure, .socktype = SOCK_DGRAM };

	l->addresses = found->addresses;
	l->n_addresses = found->n;
	if (!r.lookup.eai)
		open_sockets(l, &r);
	for (size_t i = 0; !r.lookup.eai && !r.error && i < l->n; i++)
		event_tell(&l->c.events, &(struct event){ .kind = EVENT_LISTENING,
							  .local = &l->sockets[i].local });
	l->fn(l->arg, l, l->sockets, l->n, &r);
}

struct dgram_listener *dgram_listener_start(struct loop *loop,
					    const struct dgram_listener_config *c,
					    dgram_listener_fn *fn, void *arg)
{
	struct dgram_listener *l = calloc(1, sizeof *l);
	const struct places_question q = {
		.host = c->host,
		.port = c->port,
		.family = !c->host && c->options->ipv6_only ? AF_INET6 : c->family,
		.socktype = SOCK_DGRAM,
	};

	if (!l)
		return NULL;
	*l = (struct dgram_listener){ .loop = loop, .c = *c, .fn = fn, .arg = arg };
	places_find(loop, &q, places_found, l, &l->lookup);
	return l;
}

int dgram_listener_notify(const struct dgram_listener *l, int fd)
{
	struct text lines = { 0 };

	for (size_t i = 0; i < l->n; i++)
		listener_notify_address(&lines, &l->sockets[i].local);
	return listener_notify_write(&lines, fd);
}
