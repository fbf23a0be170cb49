/* datagram_linux.c - datagrams out on Linux: many in one call, one piece that the kernel cuts, and
 * what the error queue tells */
#define _GNU_SOURCE /* sendmmsg */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>

#include "sock/control.h"
#include "sock/datagram.h"
#include "sock/datagram_source.h"
#include "sock/stream.h"

#ifndef UDP_SEGMENT /* Linux 4.18; not in every libc's header */
#define UDP_SEGMENT 103
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

/* SK_MEMINFO_DROPS and SK_MEMINFO_VARS of <linux/sock_diag.h> */
#define MEMINFO_DROPS 8
#define MEMINFO_VARS 9

#define CALLS 32	 /* messages in one system call */
#define SEGMENTS 128	 /* datagrams in one message, since Linux 6.9; */
#define SEGMENTS_OLD 64	 /* every kernel with UDP_SEGMENT takes so many */
#define SEGMENTED 65507	 /* bytes of one message */
#define ERRORS_MOST 1024 /* taken before anything else gets its turn */

void dgram_prepare_send(struct dgram_socket *s)
{
	/* Without this only a connected socket learns of a refusal. */
	if (address_family_is_ip(s->family))
		icmp_collect(s->fd, s->family);
}

/* ---- errors ---- */

/* Tells all errors in the error queue that came from the network: an error of this machine is the
 * result of the call as well. Returns how many. */
static size_t dgram_drain(const struct dgram_socket *s)
{
	size_t told = 0;

	for (int i = 0; i < ERRORS_MOST && address_family_is_ip(s->family); i++) {
		struct icmp_error icmp;
		struct address to;
		int found = icmp_take(s->fd, &to, &icmp);
		if (found < 0)
			break;
		if (found == 0)
			continue;
		told++;
		if (s->error)
			s->error(s->arg, &(struct dgram_error){
						 .error = icmp.error,
						 .to = to.length ? &to : NULL,
						 .sender = icmp.sender.length ? &icmp.sender : NULL,
						 .icmp = &icmp,
						 .mtu = icmp.mtu });
	}
	return told;
}

bool dgram_errors(struct dgram_socket *s)
{
	/* An error that did not fit into the queue is still pending as SO_ERROR. */
	bool told = dgram_drain(s) > 0;
	int error = told ? 0 : stream_error(s->fd);

	if (error)
		dgram_tell_pending(s, error);
	return told || error;
}

/* ---- sending ---- */

/* The arguments of one sendmmsg(2): each message is one datagram, or several of one size that the
 * kernel cuts apart. */
struct calls {
	struct mmsghdr messages[CALLS];
	unsigned counts[CALLS]; /* of datagrams in each */
	_Alignas(struct cmsghdr) char controls[CALLS]
					      [DGRAM_SOURCE_ROOM + CMSG_SPACE(sizeof(uint16_t))];
	struct iovec parts[DGRAM_BATCH + CALLS]; /* a run may be in several messages */
};

/* Have A and B the same source and destination? */
static bool same_way(const struct dgram *a, const struct dgram *b)
{
	return a->interface == b->interface && a->from == b->from &&
	       (a->to == b->to || (a->to && b->to && address_equal(a->to, b->to)));
}

/* Returns how many datagrams as V can go in one message. */
static size_t call_most(const struct dgram_socket *s, const struct dgram *v)
{
	size_t most = s->few ? SEGMENTS_OLD : SEGMENTS;

	if (v->size == 0 || v->size > s->segment || v->size > SEGMENTED ||
	    !address_family_is_ip(s->family))
		return 1;
	return most < SEGMENTED / v->size ? most : SEGMENTED / v->size;
}

/* Makes *M one message of the datagram at P and of those before END that can go with it: of its
 * size, and a smaller one last. Their data goes into PARTS: adjacent data is one part. Passes over
 * them, and returns how many they are. */
static size_t call_build(const struct dgram_socket *s, struct dgram_place *p,
			 const struct dgram *end, struct msghdr *m, void *control,
			 struct iovec *parts)
{
	const struct dgram *first = p->v, *d;
	size_t most = call_most(s, first), count = 0, used = 0;
	uint16_t size = (uint16_t)first->size;

	do {
		struct iovec *last = used ? &parts[used - 1] : NULL;
		const char *data = dgram_data(p);
		d = p->v;
		if (d->size < first->size)
			most = count + 1;
		size_t some = dgram_pass(p, most - count);
		if (last && (const char *)last->iov_base + last->iov_len == data)
			last->iov_len += some * d->size;
		else
			parts[used++] = (struct iovec){ (void *)data, some * d->size };
		count += some;
		d = p->v;
	} while (count < most && d < end && d->size && d->size <= first->size &&
		 same_way(first, d));
	*m = (struct msghdr){ .msg_iov = parts,
			      .msg_iovlen = (uint16_t)used,
			      /* of another type in each libc */ .msg_control = control };
	dgram_envelope(s, first, m);
	if (count > 1)
		control_add(m, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
	return count;
}

/* Fills C with as many of the N runs at V as fit. Returns how many messages that makes. */
static unsigned calls_build(const struct dgram_socket *s, const struct dgram *v, size_t n,
			    struct calls *c)
{
	struct dgram_place place = { .v = v };
	struct iovec *parts = c->parts;
	unsigned used = 0;

	for (; place.v < v + n && used < CALLS; used++) {
		struct msghdr *m = &c->messages[used].msg_hdr;
		c->counts[used] =
			(unsigned)call_build(s, &place, v + n, m, c->controls[used], parts);
		parts += m->msg_iovlen;
	}
	return used;
}

/* Does ERROR mean that the kernel refused segmentation (UDP_SEGMENT)? The path's MTU has no room
 * for pieces of that size, the device cannot, or the kernel is too old. */
static bool refuses_to_cut(int error)
{
	return error == EINVAL || error == EMSGSIZE || error == EIO || error == ENOPROTOOPT ||
	       error == EOPNOTSUPP;
}

/* After ERROR of a message of COUNT datagrams of SIZE bytes each: should it be sent again? Yes, if
 * ERROR belongs to an earlier datagram, or only to segmentation. */
static bool dgram_try_again(struct dgram_socket *s, int error, unsigned count, size_t size)
{
	bool inet = address_family_is_ip(s->family);

	if (error == EINTR)
		return true;
	/* EPERM is of this datagram: a firewall of ours. Where that also answers by ICMP, each try
	 * would bring a new error. */
	if (error == EAGAIN || error == EPERM)
		return false;
	if (dgram_drain(s))
		return true;
	if (count > SEGMENTS_OLD && refuses_to_cut(error)) {
		s->few = true;
		return true;
	}
	if (count > 1 && refuses_to_cut(error)) {
		s->segment = error == EINVAL || error == EMSGSIZE ? size - 1 : 0;
		return true;
	}
	/* A full queue may take the first pieces of a message and drop the rest without an error.
	 */
	if (error == ENOBUFS)
		s->segment = 0;
	/* No datagram of IP is refused at once: an earlier one was, and the error queue was full.
	 */
	if (error == ECONNREFUSED && inet)
		dgram_tell_pending(s, error);
	return error == ECONNREFUSED && inet;
}

ssize_t dgram_send(struct dgram_socket *s, const struct dgram *v, size_t n)
{
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	struct calls c;
	size_t taken = 0;
	int sent, error;

	if (!s->watched)
		dgram_drain(s);
	do {
		unsigned used = calls_build(s, v, n < DGRAM_BATCH ? n : DGRAM_BATCH, &c);
		sent = sendmmsg(s->fd, c.messages, used, flags);
		if (sent < 0 && errno == ENOSYS) /* of a sandbox */
			sent = sendmsg(s->fd, &c.messages[0].msg_hdr, flags) < 0 ? -1 : 1;
		error = errno;
	} while (sent < 0 && dgram_try_again(s, error, c.counts[0], v->size));
	errno = error;
	if (sent < 0)
		return -1;
	for (int i = 0; i < sent; i++)
		taken += c.counts[i];
	return (ssize_t)taken;
}

bool dgram_waits(const struct dgram_socket *s)
{
	/* udp(7) has it as SIOCOUTQ, the same number. */
	return address_family_is_ip(s->family) && stream_unacknowledged(s->fd) > 0;
}

uint32_t dgram_too_large(const struct dgram_socket *s, size_t size)
{
	bool six = s->family == AF_INET6;
	int mtu = address_family_is_ip(s->family) ?
			  sockopt_get(s->fd, six ? IPPROTO_IPV6 : IPPROTO_IP,
				      six ? IPV6_MTU : IP_MTU) :
			  -1;
	size_t headers = (six ? 40 : 20) + 8;

	return mtu > 0 && size + headers > (size_t)mtu ? (uint32_t)mtu : 0;
}

int64_t dgram_dropped(const struct dgram_socket *s)
{
	uint32_t info[MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof info;

	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0 || size < sizeof info)
		return -1;
	return info[MEMINFO_DROPS];
}
