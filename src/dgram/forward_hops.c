/* forward_hops.c - how many more forwarders a datagram may pass, so that none goes round for ever
 *
 * As a router does, a forwarder passes a datagram on with one hop less. Over IP its TTL has them; a
 * UNIX socket tells them by its name.
 */
#include "dgram/forward.h"
#include "sock/multicast.h"

#define HOPS_UNTOLD (-1) /* it begins here */
#define HOPS_MOST 64	 /* as the sockets of IP have by themselves */

static bool forward_leads_to_unix(const struct dgram_forward *f)
{
	return !*f->to->port;
}

/* Returns how many hops D has left, or HOPS_UNTOLD. What is sent to a group begins with as much of
 * a TTL as that needs, mostly 1. */
static int hops_left(const struct dgram_received *d)
{
	int named;

	if (address_is_ip(d->from))
		return d->to && !multicast_is_group(d->to) ? d->ttl : HOPS_UNTOLD;
	named = unix_hops(d->from);
	return named ? named : HOPS_UNTOLD;
}

bool forward_is_used_up(const struct dgram_forward *f, const struct dgram_received *d)
{
	int left = hops_left(d);

	/* To a UNIX socket it leaves no network: whoever passes it on from there ends it. */
	return (left == 0 || left == 1) && !(forward_leads_to_unix(f) && address_is_ip(d->from));
}

int forward_name_hops(const struct dgram_received *d)
{
	int left = hops_left(d);

	return left == HOPS_UNTOLD ? HOPS_MOST : left > 1 ? left - 1 : 1;
}

int forward_set_hops(struct dgram_forward *f, struct session *s, const struct dgram_received *d)
{
	const struct dgram_socket *to;
	int left = hops_left(d), hops = left - 1;

	if (left == s->hops || forward_leads_to_unix(f))
		return 0;
	to = forward_socket(f, s);
	if (!s->hops)
		s->own_hops = sockopt_get_hops(to->fd, to->family);
	if (left == HOPS_UNTOLD || hops > s->own_hops)
		hops = s->own_hops;
	if (hops < 0 || sockopt_set_hops(to->fd, to->family, hops) < 0)
		return -1;
	s->hops = left;
	return 0;
}
