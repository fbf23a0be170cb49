/* forward_hops.c - how many more forwarders a datagram may pass, so that none goes round for ever
 *
 * As a router does, a forwarder passes a datagram on with one hop less. To a host its TTL has them,
 * to a UNIX socket the name of the socket that it comes from (unix_hops()).
 *
 * To a group a TTL is mostly 1, which cannot be less; and more would take it into other networks.
 * There the DSCP has them, of those that are for local use (xxxx11, RFC 2474): the first of these
 * means 64, each next one half as much. So it ends soon, which is good where several that hear the
 * group may send on what came.
 */
#include "dgram/forward.h"
#include "sock/multicast.h"

#define HOPS_UNTOLD (-1) /* it begins here */
#define HOPS_MOST 64	 /* as the sockets of IP have by themselves */

#define NO_FURTHER "that goes no further, since it may go round"

/* ---- to a group ---- */

#define LOCAL_USE 3 /* the last two bits of a DSCP */
#define MARKS 7	    /* from HOPS_MOST to 1 */

static int class_hops(int class)
{
	int dscp = class >> 2, mark = dscp >> 2;

	return (dscp & 3) == LOCAL_USE && mark < MARKS ? HOPS_MOST >> mark : HOPS_UNTOLD;
}

/* Returns the class that tells HOPS, at least 1, or fewer. */
static int class_of(int hops)
{
	int mark = 0;

	while (HOPS_MOST >> mark > hops)
		mark++;
	return (mark << 2 | LOCAL_USE) << 2;
}

/* ---- */

static bool forward_leads_to_unix(const struct dgram_forward *f)
{
	return !*f->to->port;
}

static bool came_to_group(const struct dgram_received *d)
{
	return d->to && multicast_is_group(d->to);
}

/* Returns how many hops D has left, or HOPS_UNTOLD. */
static int hops_left(const struct dgram_received *d)
{
	int named;

	if (address_is_ip(d->from))
		return came_to_group(d) ? class_hops(d->class) : d->to ? d->ttl : HOPS_UNTOLD;
	named = unix_hops(d->from);
	return named ? named : HOPS_UNTOLD;
}

/* Returns how many of them D has when it is passed on, at least 1, with MOST for one that begins.
 */
static int hops_next(const struct dgram_received *d, int most)
{
	int left = hops_left(d);

	return left == HOPS_UNTOLD ? most : left > 1 ? left - 1 : 1;
}

const char *forward_used_up(const struct dgram_forward *f, const struct dgram_received *d)
{
	int left = hops_left(d);

	/* To a UNIX socket it leaves no network: whoever passes it on from there ends it. */
	if (left > 1 || left == HOPS_UNTOLD || (forward_leads_to_unix(f) && address_is_ip(d->from)))
		return NULL;
	return address_is_ip(d->from) && !came_to_group(d) ?
		       "has sent with a TTL of 1: " NO_FURTHER :
		       "has sent what came through many forwarders: " NO_FURTHER;
}

int forward_name_hops(const struct dgram_forward *f, const struct dgram_received *d)
{
	return forward_leads_to_unix(f) ? hops_next(d, HOPS_MOST) : 0;
}

/* Has the socket TO, whose TTL was OWN when it was made, send what is passed on as D. Returns 0, or
 * -1 with errno; so does the other. */
static int hops_set_ttl(const struct dgram_socket *to, const struct dgram_received *d, int own)
{
	int hops = hops_next(d, own);

	return sockopt_set_hops(to->fd, to->family, hops < own ? hops : own);
}

/* The same by the class, unless somebody has asked for one. */
static int hops_set_class(const struct dgram_forward *f, const struct dgram_socket *to,
			  const struct dgram_received *d)
{
	const struct socket_options *o = f->socket;

	if (o->tos != UNSET || sockopt_is_given(o, "IP_TOS") || sockopt_is_given(o, "IPV6_TCLASS"))
		return 0;
	return sockopt_set_class(to->fd, to->family, class_of(hops_next(d, HOPS_MOST)));
}

int forward_set_hops(struct dgram_forward *f, struct session *s, const struct dgram_received *d)
{
	const struct dgram_socket *to;
	int left = hops_left(d);
	bool group;

	if (left == s->hops || forward_leads_to_unix(f))
		return 0;
	to = forward_socket(f, s);
	group = multicast_is_group(&to->peer);
	if (!s->hops && !group)
		s->own = sockopt_get_hops(to->fd, to->family);
	if (s->own < 0 || (group ? hops_set_class(f, to, d) : hops_set_ttl(to, d, s->own)) < 0)
		return -1;
	s->hops = left;
	return 0;
}
