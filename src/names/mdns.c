/* mdns.c - multicast DNS: sending by each interface, and whose answers count */
#define _DEFAULT_SOURCE /* IFF_MULTICAST */
#include "names/mdns.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/chance.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "sock/multicast.h"

#define PORT 5353
#define OPCODE 0x78	   /* where it stands in a header's third byte: none but 0 counts, 18.3 */
#define HOPS 255	   /* section 11 */
#define MESSAGE_MOST 9000  /* section 17 */
#define FIRST_PAUSE SECOND /* until it is asked again; then twice as long, section 5.2 */

/* A group of one family, by one interface. */
struct link {
	struct mdns *mdns;
	struct watch watch;
	unsigned index;
	struct address group;
};

struct mdns_query {
	struct mdns *mdns;
	struct mdns_query *next, **at; /* of all that are open */
	const struct dns_name *name;
	unsigned type, id;
	int64_t pause;
	struct timer again, end;
	mdns_fn *fn;
	void *arg;
};

struct mdns {
	struct loop *loop;
	int64_t patience;
	struct link *links;
	size_t n;
	struct mdns_query *open;
	unsigned char data[MESSAGE_MOST];
};

bool mdns_knows(const struct dns_name *name)
{
	return dns_name_ends(name, "local") || dns_name_ends(name, "in-addr.arpa") ||
	       dns_name_ends(name, "ip6.arpa");
}

static void group_of(int family, struct address *out)
{
	static const unsigned char four[4] = { 224, 0, 0, 251 };
	static const unsigned char six[16] = { 0xff, 2, [15] = 0xfb };

	address_set_ip(out, family, family == AF_INET ? four : six, PORT);
}

void mdns_group(struct address *out)
{
	group_of(AF_INET, out);
}

/* ---- links ---- */

static bool mdns_has_link(const struct mdns *m, int family, unsigned index)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->links[i].index == index && m->links[i].group.u.sa.sa_family == family)
			return true;
	return false;
}

static void link_ready(void *arg, short events);

/* Adds the link of FAMILY by the interface NAME, whose index is INDEX. Returns 0, or -1 with errno.
 */
static int mdns_add_link(struct mdns *m, int family, const char *name, unsigned index)
{
	const struct multicast_options options = { .interface = name, .ttl = HOPS };
	struct link *l = &m->links[m->n];
	const char *what;
	int fd = open_socket(family, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	if (multicast_apply(fd, family, &options, UNSET, &what) < 0) {
		close_keeping_errno(fd);
		return -1;
	}
	*l = (struct link){ .mdns = m,
			    .watch = { .fd = fd, .fn = link_ready, .arg = l },
			    .index = index };
	group_of(family, &l->group);
	if (family == AF_INET6)
		l->group.u.in6.sin6_scope_id = index;
	watch_set(m->loop, &l->watch, POLLIN);
	m->n++;
	return 0;
}

/* Adds the links of each address in ALL, or of those that the interface INDEX has. Returns 0, or -1
 * with errno. */
static int mdns_add_links(struct mdns *m, const struct ifaddrs *all, unsigned index)
{
	const unsigned flags = IFF_UP | IFF_MULTICAST;
	size_t n = 0;

	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		n++;
	m->links = calloc(n ? n : 1, sizeof *m->links);
	if (!m->links)
		return -1;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		unsigned own = if_nametoindex(i->ifa_name);
		int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
		if (!address_family_is_ip(family) || (i->ifa_flags & flags) != flags || own == 0 ||
		    (index && own != index) || mdns_has_link(m, family, own))
			continue;
		if (mdns_add_link(m, family, i->ifa_name, own) < 0)
			return -1;
	}
	errno = ENODEV;
	return m->n ? 0 : -1;
}

struct mdns *mdns_new(struct loop *loop, unsigned index, int64_t patience)
{
	struct mdns *m = calloc(1, sizeof *m);
	struct ifaddrs *all;
	int result, error;

	if (!m)
		return NULL;
	m->loop = loop;
	m->patience = patience;
	if (getifaddrs(&all) < 0) {
		free(m);
		return NULL;
	}
	result = mdns_add_links(m, all, index);
	freeifaddrs(all);
	if (result == 0)
		return m;
	error = errno;
	mdns_free(m);
	errno = error;
	return NULL;
}

void mdns_free(struct mdns *m)
{
	if (!m)
		return;
	for (struct mdns_query *next, *q = m->open; q; q = next) {
		next = q->next;
		mdns_query_cancel(q);
	}
	for (size_t i = 0; i < m->n; i++) {
		watch_drop(m->loop, &m->links[i].watch);
		close(m->links[i].watch.fd);
	}
	free(m->links);
	free(m);
}

/* ---- answers ---- */

/* Are the first bits of A and B equal, those that MASK has, where all are of IP's FAMILY? */
static bool same_network(int family, const struct sockaddr *a, const struct sockaddr *b,
			 const struct sockaddr *mask)
{
	const size_t at = family == AF_INET ? offsetof(struct sockaddr_in, sin_addr) :
					      offsetof(struct sockaddr_in6, sin6_addr);
	const size_t n = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	for (size_t i = at; i < at + n; i++)
		if ((((const char *)a)[i] ^ ((const char *)b)[i]) & ((const char *)mask)[i])
			return false;
	return true;
}

/* Is FROM an address on the link L? */
static bool link_has(const struct link *l, const struct address *from)
{
	int family = l->group.u.sa.sa_family;
	struct ifaddrs *all;
	bool has = false;

	if (from->u.sa.sa_family != family)
		return false;
	if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&from->u.in6.sin6_addr))
		return from->u.in6.sin6_scope_id == l->index;
	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *i = all; i && !has; i = i->ifa_next)
		has = i->ifa_addr && i->ifa_netmask && i->ifa_addr->sa_family == family &&
		      if_nametoindex(i->ifa_name) == l->index &&
		      same_network(family, i->ifa_addr, &from->u.sa, i->ifa_netmask);
	freeifaddrs(all);
	return has;
}

/* Takes the N bytes that FROM has sent to L, if they are an answer to a question that is open. */
static void link_take(const struct link *l, size_t n, const struct address *from)
{
	struct mdns_query *q = l->mdns->open;
	struct dns_message m;

	if (address_port(from) != PORT || dns_parse_head(&m, l->mdns->data, n) || !m.response ||
	    (l->mdns->data[2] & OPCODE) || m.rcode != DNS_NOERROR || m.class != 1)
		return;
	while (q && (q->id != m.id || q->type != m.type || !dns_name_equal(q->name, &m.name)))
		q = q->next;
	m.multicast = true;
	if (q && !dns_parse_records(&m) && link_has(l, from))
		q->fn(q->arg, &m, from, l->index);
}

static void link_ready(void *arg, short events)
{
	const struct link *l = arg;
	struct address from = { .length = sizeof from.u };
	ssize_t n = recvfrom(l->watch.fd, l->mdns->data, MESSAGE_MOST, MSG_DONTWAIT, &from.u.sa,
			     &from.length);

	(void)events;
	if (n >= 0)
		link_take(l, (size_t)n, &from);
}

/* ---- questions ---- */

/* Sends Q by each link. Returns 0, or -1 with errno if it left by none. */
static int query_send(const struct mdns_query *q)
{
	unsigned char data[DNS_QUERY_MOST];
	size_t n = dns_query(data, q->id, q->name, q->type, DNS_MULTICAST);
	int result = -1, error = 0;

	for (const struct link *l = q->mdns->links; l < q->mdns->links + q->mdns->n; l++)
		if (sendto(l->watch.fd, data, n, MSG_NOSIGNAL, &l->group.u.sa, l->group.length) >=
		    0)
			result = 0;
		else
			error = errno;
	errno = error;
	return result;
}

static void query_again(void *arg)
{
	struct mdns_query *q = arg;

	query_send(q); /* what cannot be sent now is lost, as on the way */
	q->pause *= 2;
	timer_set(q->mdns->loop, &q->again, clock_after(loop_now(q->mdns->loop), q->pause));
}

static void query_ended(void *arg)
{
	const struct mdns_query *q = arg;
	mdns_fn *fn = q->fn;
	void *fn_arg = q->arg;

	mdns_query_cancel(arg);
	fn(fn_arg, NULL, NULL, 0);
}

struct mdns_query *mdns_query_start(struct mdns *m, const struct dns_name *name, unsigned type,
				    mdns_fn *fn, void *arg)
{
	struct mdns_query *q = malloc(sizeof *q);
	int64_t now = loop_now(m->loop);
	uint16_t id;

	if (!q)
		return NULL;
	if (chance_fill(&id, sizeof id) < 0) {
		free(q);
		return NULL;
	}
	*q = (struct mdns_query){
		.mdns = m,
		.next = m->open,
		.at = &m->open,
		.name = name,
		.type = type,
		.id = id,
		.pause = FIRST_PAUSE,
		.again = { .fn = query_again, .arg = q },
		.end = { .fn = query_ended, .arg = q },
		.fn = fn,
		.arg = arg,
	};
	if (query_send(q) < 0) {
		free(q);
		return NULL;
	}
	if (q->next)
		q->next->at = &q->next;
	m->open = q;
	timer_set(m->loop, &q->again, clock_after(now, q->pause));
	timer_set(m->loop, &q->end, clock_after(now, m->patience));
	return q;
}

void mdns_query_limit(struct mdns_query *q, int64_t ns)
{
	int64_t limit = clock_after(loop_now(q->mdns->loop), ns);

	if (limit < q->end.at)
		timer_set(q->mdns->loop, &q->end, limit);
}

void mdns_query_cancel(struct mdns_query *q)
{
	if (!q)
		return;
	timer_drop(q->mdns->loop, &q->again);
	timer_drop(q->mdns->loop, &q->end);
	*q->at = q->next;
	if (q->next)
		q->next->at = q->at;
	free(q);
}
