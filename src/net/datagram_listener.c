/* datagram_listener.c - sockets that are bound to receive datagrams, and the groups they join */
#include "net/datagram_listener.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "sock/multicast.h"
#include "sock/unix.h"
#include "system/interfaces.h"

struct dgram_listener {
	struct dgram_listener_config c;
	dgram_listener_fn *fn;
	void *arg;
	struct binding binding;
	struct unix_place place; /* what was made for a UNIX socket: there is only one */
};

void dgram_listener_close(struct dgram_listener *l)
{
	if (!l)
		return;
	binding_close(&l->binding);
	free(l);
}

const char *dgram_listener_looks_up(const struct dgram_listener *l)
{
	return l ? binding_looks_up(&l->binding) : NULL;
}

static bool is_wildcard6(const struct address *a)
{
	return a->u.sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr);
}

/* Does the socket S hear what is sent to groups of G's family? */
static bool group_fits(const struct dgram_socket *s, const struct membership *g)
{
	return s->family == g->group.u.sa.sa_family || s->both;
}

/* Makes R say that G, which was to be joined at S's port, has failed. */
static void group_failed(struct binding_result *r, const struct membership *g,
			 const struct dgram_socket *s)
{
	r->what = g->source.length ? "--join-source" : "--join";
	snprintf(r->word, sizeof r->word, "%s", g->word);
	r->address = g->group;
	address_set_port(&r->address, address_port(&s->local));
}

/* Returns the interface of --interface, 0: none was given. */
static unsigned dgram_listener_interface(const struct dgram_listener *l)
{
	return l->c.socket->interface ? if_nametoindex(l->c.socket->interface) : 0;
}

/* Joins G on S, without an interface of its own on that of --interface. Returns as setsockopt(2).
 */
static int group_join(const struct dgram_listener *l, const struct dgram_socket *s,
		      struct membership g)
{
	if (!g.interface)
		g.interface = dgram_listener_interface(l);
	return membership_join(s->fd, &g);
}

/* Joins on S the groups of its family, and those that every host is in. Returns 0, or -1 with errno
 * and R. */
static int groups_join(const struct dgram_listener *l, const struct dgram_socket *s,
		       struct binding_result *r)
{
	struct membership own = { .group = s->local };

	for (const struct membership *g = l->c.groups->groups; g; g = g->next)
		if (group_fits(s, g) && group_join(l, s, *g) < 0) {
			group_failed(r, g, s);
			return -1;
		}
	dgram_hear_all_hosts(s, dgram_listener_interface(l));
	if (l->c.groups->groups || !multicast_is_group(&s->local))
		return 0;
	if (s->family == AF_INET6)
		own.interface = s->local.u.in6.sin6_scope_id;
	return group_join(l, s, own);
}

/* Returns how to open a socket for A. */
static struct dgram_config dgram_listener_wants(const struct dgram_listener *l,
						const struct address *a)
{
	const struct listen_options *o = l->c.place.options;
	struct dgram_config c = {
		.family = a->u.sa.sa_family,
		.socket = l->c.socket,
		.wants = l->c.wants,
		.needs = l->c.needs,
	};

	if (c.family == AF_UNIX)
		return c;
	/* `udp-recv ::` alone is for both families, as with listen. */
	c.both = is_wildcard6(a) && l->binding.n_places == 1 && l->c.place.family != AF_INET6 &&
		 !o->ipv6_only;
	c.share = l->c.groups->groups || multicast_is_group(a) || interfaces_broadcast_to(a);
	c.reuseport = o->reuseport;
	c.own_groups_only = true;
	c.large_buffer = l->c.socket->rcvbuf == UNSET;
	return c;
}

/* Binds S to A. Returns 0, or -1 with errno and R saying what failed. */
static int dgram_listener_bind(struct dgram_listener *l, struct dgram_socket *s,
			       const struct address *a, struct binding_result *r)
{
	if (s->family != AF_UNIX)
		return dgram_bind(s, a) < 0 ? -1 : groups_join(l, s, r);
	if (unix_bind(s->fd, a, &l->c.place.options->rights, &l->place, &r->why) < 0)
		return -1;
	s->local = *a;
	return 0;
}

static int dgram_listener_open(void *arg, void *socket_arg, struct address *a,
			       struct binding_result *r)
{
	struct dgram_listener *l = arg;
	struct dgram_socket *s = socket_arg;
	const struct dgram_config c = dgram_listener_wants(l, a);

	if (dgram_open(s, &c, l->c.error, l->arg, &r->what) < 0) {
		if (!r->what)
			r->what = "socket";
		return -1;
	}
	r->what = NULL;
	if (dgram_listener_bind(l, s, a, r) < 0) {
		dgram_close(s);
		return -1;
	}
	*a = s->local;
	return 0;
}

static int dgram_listener_inherit(void *arg, void *socket_arg, int fd, struct address *a)
{
	struct dgram_listener *l = arg;
	struct dgram_socket *s = socket_arg;
	const struct address of_any = { .u.sa.sa_family = AF_UNIX };
	const struct dgram_config c = dgram_listener_wants(l, &of_any);

	if (dgram_inherit(s, fd, &c, l->c.error, l->arg) < 0)
		return -1;
	*a = s->local;
	return 0;
}

static void dgram_listener_close_socket(void *arg, void *socket_arg)
{
	struct dgram_listener *l = arg;

	unix_remove(&l->place);
	dgram_close(socket_arg);
}

/* Is there a group that no socket can hear? */
static int dgram_listener_check(void *arg, struct binding_result *r)
{
	struct dgram_listener *l = arg;
	const struct dgram_socket *sockets = l->binding.sockets;

	for (const struct membership *g = l->c.groups ? l->c.groups->groups : NULL; g;
	     g = g->next) {
		bool heard = false;
		for (size_t i = 0; i < l->binding.n; i++)
			heard = heard || group_fits(&sockets[i], g);
		if (heard)
			continue;
		group_failed(r, g, &sockets[0]);
		errno = EAFNOSUPPORT;
		return -1;
	}
	return 0;
}

static void dgram_listener_bound(void *arg, const struct binding_result *r)
{
	struct dgram_listener *l = arg;

	l->fn(l->arg, l->binding.sockets, l->binding.n, r);
}

struct dgram_listener *dgram_listener_start(struct loop *loop,
					    const struct dgram_listener_config *c,
					    dgram_listener_fn *fn, void *arg)
{
	static const struct binding_kind kind = {
		sizeof(struct dgram_socket), dgram_listener_open,  dgram_listener_inherit,
		dgram_listener_close_socket, dgram_listener_check, dgram_listener_bound,
	};
	struct dgram_listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	*l = (struct dgram_listener){ .c = *c, .fn = fn, .arg = arg };
	l->c.place.socktype = SOCK_DGRAM;
	binding_start(&l->binding, loop, &l->c.place, &kind, l);
	return l;
}
