/* datagram_receive_linux.c - datagrams in on Linux: many in one call (recvmmsg(2)), and several of
 * one sender in one piece (UDP_GRO, udp(7)) */
#define _GNU_SOURCE /* recvmmsg, struct ucred */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "sock/control.h"
#include "sock/datagram.h"
#include "sock/datagram_told.h"
#include "sock/membership.h"
#include "sock/rights.h"

#ifndef UDP_GRO /* Linux 5.0; not in every libc's header */
#define UDP_GRO 104
#endif

#ifndef IPV6_MULTICAST_ALL /* Linux 4.20 */
#define IPV6_MULTICAST_ALL 29
#endif

#define BUFFER (64 << 20)
#define SLOTS 32
#define SLOT_LEAST 65536 /* the largest piece of UDP_GRO */
/* Slots that are a power of two apart would compete for the same cache lines. */
#define SLOT_GAP 1088
#define CONTROL_SIZE 512
#define ERRORS_MOST 64 /* told in one call */

/* What the kernel tells beside the data of a piece. */
struct told {
	struct address from;
	struct dgram_told ip;
	int64_t time;
	int segment; /* the size of each datagram in it but the last; 0: it is one datagram */
};

struct dgram_batch {
	size_t limit, stride;
	char *slots;
	struct iovec iov[SLOTS];
	struct mmsghdr messages[SLOTS];
	_Alignas(struct cmsghdr) char control[SLOTS][CONTROL_SIZE];
	struct told told[SLOTS];
	struct dgram_received *received;
	size_t size; /* of that */
};

/* Makes the receive buffer as large as the system permits, to hold a burst. */
static void dgram_enlarge_buffer(const struct dgram_socket *s)
{
	/* The kernel doubles what setsockopt(2) asks for, and getsockopt(2) tells that. */
	int before = sockopt_get(s->fd, SOL_SOCKET, SO_RCVBUF) / 2;

	if (sockopt_set(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER) == 0)
		return;
	sockopt_set(s->fd, SOL_SOCKET, SO_RCVBUF, BUFFER);
	if (sockopt_get(s->fd, SOL_SOCKET, SO_RCVBUF) / 2 < before)
		sockopt_set(s->fd, SOL_SOCKET, SO_RCVBUF, before);
}

/* Hears only the groups that S joins: by default a socket hears those of all others on this machine
 * too. */
static int dgram_hear_own_groups(struct dgram_socket *s, const char **what)
{
	bool six = s->family == AF_INET6;

	*what = six ? "IPV6_MULTICAST_ALL" : "IP_MULTICAST_ALL";
	if (s->family == AF_UNIX)
		return 0;
	/* A dual-stack socket hears the groups of both families. */
	if (six && sockopt_set(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) < 0)
		return dgram_lacks(s, *what) ? 0 : -1;
	if (sockopt_set(s->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) == 0 || six)
		return 0;
	return dgram_lacks(s, *what) ? 0 : -1;
}

/* Asks the kernel for what S->wants with each datagram, of which only what it NEEDS must be there.
 */
static int dgram_set_told(struct dgram_socket *s, unsigned needs, const char **what)
{
	static const struct dgram_telling rows[] = {
		{ DGRAM_TIME, AF_UNSPEC, SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS" },
		{ DGRAM_WHO, AF_UNIX, SOL_SOCKET, SO_PASSCRED, "SO_PASSCRED" },
	};

	return dgram_ask_ip(s, needs, what) < 0 ?
		       -1 :
		       dgram_ask(s, rows, sizeof rows / sizeof *rows, needs, what);
}

int dgram_prepare_receive(struct dgram_socket *s, const struct dgram_config *c, const char **what)
{
	if (dgram_set_told(s, c->needs, what) < 0 ||
	    (c->own_groups_only && dgram_hear_own_groups(s, what) < 0))
		return -1;
	if (c->large_buffer)
		dgram_enlarge_buffer(s);
	/* If this is refused, they come one by one. */
	if (s->family != AF_UNIX)
		sockopt_set(s->fd, IPPROTO_UDP, UDP_GRO, 1);
	return 0;
}

/* Joins GROUP on INTERFACE, or if that is 0 on each of ALL, unless FIRST says that one will do.
 * What the kernel refuses does not matter. */
static void dgram_join_willingly(const struct dgram_socket *s, const char *group,
				 const struct if_nameindex *all, unsigned interface, bool first)
{
	struct membership g = { .interface = interface };

	address_parse_host(group, &g.group);
	for (; interface || all->if_index; all++) {
		if (!interface)
			g.interface = all->if_index;
		if ((membership_join(s->fd, &g) == 0 && first) || interface)
			break;
	}
}

void dgram_hear_all_hosts(const struct dgram_socket *s, unsigned interface)
{
	struct if_nameindex *all = address_is_any(&s->local) ? if_nameindex() : NULL;

	if (!all)
		return;
	/* Whether a group of IPv6 is heard does not depend on the interface. */
	if (s->family == AF_INET6) {
		dgram_join_willingly(s, "ff01::1", all, interface, true);
		dgram_join_willingly(s, "ff02::1", all, interface, true);
	}
	if (s->family == AF_INET || s->both)
		dgram_join_willingly(s, "224.0.0.1", all, interface, false);
	if_freenameindex(all);
}

struct dgram_batch *dgram_batch_new(size_t size)
{
	struct dgram_batch *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->limit = size;
	b->stride = (size < SLOT_LEAST ? SLOT_LEAST : size) + SLOT_GAP;
	b->size = SLOTS;
	b->slots = malloc(SLOTS * b->stride);
	b->received = malloc(b->size * sizeof *b->received);
	if (!b->slots || !b->received) {
		dgram_batch_free(b);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < SLOTS; i++) {
		b->iov[i] = (struct iovec){ b->slots + i * b->stride, b->stride - SLOT_GAP };
		b->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &b->iov[i],
							  .msg_iovlen = 1,
							  .msg_control = b->control[i] };
	}
	return b;
}

void dgram_batch_free(struct dgram_batch *b)
{
	if (!b)
		return;
	free(b->slots);
	free(b->received);
	free(b);
}

/* ---- what the kernel says beside the data ---- */

static void told_read_socket(struct told *t, const struct cmsghdr *c)
{
	struct timespec time;
	struct ucred who;

	switch (c->cmsg_type) {
	case SCM_TIMESTAMPNS:
		memcpy(&time, CMSG_DATA(c), sizeof time);
		t->time = (int64_t)time.tv_sec * SECOND + time.tv_nsec;
		break;
	case SCM_CREDENTIALS:
		memcpy(&who, CMSG_DATA(c), sizeof who);
		t->from.who = (struct address_who){ true, who.pid, who.uid, who.gid };
		break;
	default:
		break;
	}
}

static void told_read(const struct dgram_socket *s, struct told *t, struct msghdr *m, uint16_t port)
{
	t->from.length = m->msg_namelen;
	dgram_told_nothing(&t->ip);
	t->time = 0;
	t->from.who = (struct address_who){ 0 };
	t->segment = 0;
	if (m->msg_namelen == 0)
		t->from.u.sa.sa_family = (sa_family_t)s->family;
	if (s->family == AF_UNIX && s->wants & DGRAM_TO)
		t->ip.to = s->local;
	address_unmap(&t->from);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = control_next(m, c))
		switch (c->cmsg_level) {
		case SOL_SOCKET:
			told_read_socket(t, c);
			break;
		case IPPROTO_UDP:
			if (c->cmsg_type == UDP_GRO)
				memcpy(&t->segment, CMSG_DATA(c), sizeof t->segment);
			break;
		default:
			dgram_told_read(&t->ip, c, port);
			break;
		}
	/* Nobody asked for descriptors. */
	if (s->family == AF_UNIX)
		close_keeping_errno(rights_take(m));
}

/* ---- receiving ---- */

/* As recvmmsg(2), or one recvmsg(2) if a sandbox refuses that. */
static int batch_receive(struct dgram_socket *s, struct dgram_batch *b)
{
	const int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_TRUNC;
	ssize_t length;

	for (size_t i = 0; i < SLOTS; i++) {
		struct msghdr *m = &b->messages[i].msg_hdr;
		m->msg_name = s->wants & DGRAM_NAMELESS ? NULL : &b->told[i].from.u;
		m->msg_namelen = m->msg_name ? sizeof b->told[i].from.u : 0;
		m->msg_controllen = CONTROL_SIZE;
	}
	if (!s->single) {
		int n = recvmmsg(s->fd, b->messages, SLOTS, flags, NULL);
		if (n >= 0 || (errno != ENOSYS && errno != EPERM))
			return n;
		s->single = true;
	}
	length = recvmsg(s->fd, &b->messages[0].msg_hdr, flags);
	if (length < 0)
		return -1;
	b->messages[0].msg_len = (unsigned)length;
	return 1;
}

/* Does ERROR belong to a datagram that was sent before? */
static bool is_old(int error)
{
	static const int old[] = {
		ECONNREFUSED, ECONNRESET,  EHOSTUNREACH, EHOSTDOWN,  ENETUNREACH, ENETDOWN,
		ENONET,	      ENOPROTOOPT, EPROTO,	 EOPNOTSUPP, EMSGSIZE,	  EACCES,
	};

	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		if (error == old[i])
			return true;
	return false;
}

/* As batch_receive(), but tells errors of earlier datagrams and goes on. */
static int batch_receive_and_tell(struct dgram_socket *s, struct dgram_batch *b)
{
	for (int told = 0;; told++) {
		int n = batch_receive(s, b), error = errno;
		if (n >= 0 || told == ERRORS_MOST || (error != EINTR && !is_old(error))) {
			errno = error;
			return n;
		}
		if (error == EINTR)
			continue;
		/* What the error queue does not have nobody else tells. */
		if ((s->family == AF_UNIX || !dgram_errors(s)) && s->error)
			s->error(s->arg, &(struct dgram_error){ .error = error });
	}
}

/* Makes room for MORE datagrams after the first N. Returns whether there is memory. */
static bool batch_reserve(struct dgram_batch *b, size_t n, size_t more)
{
	size_t size = b->size;
	struct dgram_received *received;

	while (size < n + more)
		size *= 2;
	if (size == b->size)
		return true;
	received = realloc(b->received, size * sizeof *received);
	if (!received)
		return false;
	b->received = received;
	b->size = size;
	return true;
}

/* Splits message I into datagrams, after the first N. Returns how many there are then. */
static size_t batch_split(struct dgram_batch *b, size_t i, size_t n)
{
	const struct told *t = &b->told[i];
	const char *data = b->iov[i].iov_base;
	size_t length = b->messages[i].msg_len, here = length;
	size_t each = length, count = 1;

	if (here > b->iov[i].iov_len)
		here = b->iov[i].iov_len;
	if (t->segment > 0) {
		each = (size_t)t->segment;
		count = (length + each - 1) / each;
	}
	for (size_t k = 0; k < count; k++) {
		size_t left = length - k * each, size = left < each ? left : each;
		size_t there = here > k * each ? here - k * each : 0;
		there = there < size ? there : size;
		b->received[n++] = (struct dgram_received){
			.data = data + k * each,
			.size = there < b->limit ? there : b->limit,
			.true_size = size,
			.from = &t->from,
			.to = t->ip.to.length ? &t->ip.to : NULL,
			.local = t->ip.local ? &t->ip.to : NULL,
			.interface = t->ip.interface,
			.ttl = t->ip.ttl,
			.class = t->ip.class,
			.time = t->time,
		};
	}
	return n;
}

ssize_t dgram_receive(struct dgram_socket *s, struct dgram_batch *b,
		      const struct dgram_received **v)
{
	uint16_t port = address_port(&s->local);
	size_t n = 0;
	int taken = batch_receive_and_tell(s, b);

	s->more = taken == SLOTS;
	if (taken < 0)
		return -1;
	for (size_t i = 0; i < (size_t)taken; i++) {
		told_read(s, &b->told[i], &b->messages[i].msg_hdr, port);
		if (b->told[i].segment > 0 &&
		    !batch_reserve(b, n,
				   b->messages[i].msg_len / (size_t)b->told[i].segment + SLOTS +
					   1)) {
			errno = ENOMEM;
			return -1;
		}
		s->grouped = s->grouped || b->told[i].segment > 0;
		n = batch_split(b, i, n);
	}
	*v = b->received;
	return (ssize_t)n;
}
