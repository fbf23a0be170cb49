/* datagram_linux.c - datagrams out on Linux: many in one call, one piece that the kernel cuts, and
 * what the error queue tells */
#define _GNU_SOURCE /* sendmmsg, IP_RECVERR */
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

/* Offsets in struct sock_extended_err of <linux/errqueue.h>, which no libc has: the error, who
 * found it, and what else is known; the address of the ICMP message's sender comes behind it. */
enum { ERROR_AT = 0, ORIGIN_AT = 4, INFO_AT = 8, OFFENDER_AT = 16 };

struct extended_error {
	uint32_t error, info;
	uint8_t origin;
	struct address offender; /* who sent the ICMP message; of length 0: not told */
};

enum { ORIGIN_ICMP = 2, ORIGIN_ICMP6 = 3 };

/* SK_MEMINFO_DROPS and SK_MEMINFO_VARS of <linux/sock_diag.h> */
#define MEMINFO_DROPS 8
#define MEMINFO_VARS 9

#define CALLS 32	 /* messages in one system call */
#define SEGMENTS 64	 /* datagrams in one message: every kernel with UDP_SEGMENT takes so many */
#define SEGMENTED 65507	 /* bytes of one message */
#define ERRORS_MOST 1024 /* taken before anything else gets its turn */

void dgram_prepare_send(struct dgram_socket *s)
{
	/* Without this only a connected socket learns of a refusal. */
	if (address_family_is_ip(s->family))
		sockopt_set(s->fd, IPPROTO_IP, IP_RECVERR, 1);
	if (s->family == AF_INET6)
		sockopt_set(s->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

/* ---- errors ---- */

/* Reads the extended error of N bytes at DATA into *X. */
static void read_extended(struct extended_error *x, const unsigned char *data, size_t n)
{
	struct sockaddr_storage a = { 0 };

	if (n < OFFENDER_AT)
		return;
	memcpy(&x->error, data + ERROR_AT, sizeof x->error);
	memcpy(&x->info, data + INFO_AT, sizeof x->info);
	x->origin = data[ORIGIN_AT];
	n -= OFFENDER_AT;
	memcpy(&a, data + OFFENDER_AT, n < sizeof a ? n : sizeof a);
	if (a.ss_family == AF_INET)
		x->offender.length = sizeof x->offender.u.in;
	else if (a.ss_family == AF_INET6)
		x->offender.length = sizeof x->offender.u.in6;
	memcpy(&x->offender.u, &a, x->offender.length);
	address_unmap(&x->offender);
}

/* Tells the error that M brought. Returns whether it came from the network: an error of this
 * machine is the result of the call as well. */
static bool dgram_tell_extended(const struct dgram_socket *s, struct msghdr *m, struct address *to)
{
	struct dgram_error e = { 0 };
	struct extended_error x = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = control_next(m, c)) {
		bool six = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
		if (!six && (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR))
			continue;
		read_extended(&x, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	}
	if (x.origin != ORIGIN_ICMP && x.origin != ORIGIN_ICMP6)
		return false;
	e.error = (int)x.error;
	to->length = m->msg_namelen;
	if (to->length) {
		address_unmap(to);
		e.to = to;
	}
	if (x.offender.length)
		e.sender = &x.offender;
	if (e.error == EMSGSIZE)
		e.mtu = x.info;
	if (s->error)
		s->error(s->arg, &e);
	return true;
}

/* Tells all errors in the error queue. Returns how many came from the network. */
static size_t dgram_drain(const struct dgram_socket *s)
{
	_Alignas(struct cmsghdr) char control[256];
	size_t told = 0;

	if (!address_family_is_ip(s->family))
		return 0;
	for (int i = 0; i < ERRORS_MOST; i++) {
		struct address to = { 0 };
		struct msghdr m = {
			.msg_name = &to.u,
			.msg_namelen = sizeof to.u,
			.msg_control = control,
			.msg_controllen = sizeof control,
		};
		if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		told += dgram_tell_extended(s, &m, &to);
	}
	return told;
}

void dgram_errors(struct dgram_socket *s)
{
	/* An error that did not fit into the queue is still pending as SO_ERROR. */
	int error = dgram_drain(s) == 0 ? stream_error(s->fd) : 0;

	if (error)
		dgram_tell_pending(s, error);
}

/* ---- sending ---- */

/* The arguments of one sendmmsg(2): each message is one datagram, or several of one size that the
 * kernel cuts apart. */
struct calls {
	struct mmsghdr messages[CALLS];
	unsigned counts[CALLS]; /* of datagrams in each */
	_Alignas(struct cmsghdr) char controls[CALLS]
					      [DGRAM_SOURCE_ROOM + CMSG_SPACE(sizeof(uint16_t))];
	struct iovec parts[DGRAM_BATCH];
};

/* Have A and B the same source and destination? */
static bool same_way(const struct dgram *a, const struct dgram *b)
{
	return a->interface == b->interface && a->from == b->from &&
	       (a->to == b->to || (a->to && b->to && address_equal(a->to, b->to)));
}

/* Returns how many of the N datagrams at V can go in one message: those of one size, and a smaller
 * one at the end. */
static size_t call_count(const struct dgram_socket *s, const struct dgram *v, size_t n)
{
	size_t size = v->size, total = size, i = 1;

	if (size == 0 || size > s->segment || !address_family_is_ip(s->family))
		return 1;
	for (; i < n && i < SEGMENTS; i++) {
		total += v[i].size;
		if (v[i].size == 0 || v[i].size > size || total > SEGMENTED || !same_way(v, &v[i]))
			break;
		if (v[i].size < size)
			return i + 1;
	}
	return i;
}

/* Makes *M one message of the N datagrams at V, whose data goes into PARTS: adjacent data is one
 * part. Returns how many parts that took. */
static size_t call_build(const struct dgram_socket *s, const struct dgram *v, size_t n,
			 struct msghdr *m, void *control, struct iovec *parts)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		struct iovec *last = used ? &parts[used - 1] : NULL;
		if (last && (const char *)last->iov_base + last->iov_len == v[i].data)
			last->iov_len += v[i].size;
		else
			parts[used++] = (struct iovec){ (void *)v[i].data, v[i].size };
	}
	*m = (struct msghdr){ .msg_iov = parts,
			      .msg_iovlen = (uint16_t)used,
			      /* of another type in each libc */ .msg_control = control };
	dgram_envelope(s, v, m);
	if (n > 1) {
		uint16_t size = (uint16_t)v->size;
		control_add(m, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
	}
	return used;
}

/* Fills C with as many of the N datagrams at V as fit. Returns how many messages that makes. */
static unsigned calls_build(const struct dgram_socket *s, const struct dgram *v, size_t n,
			    struct calls *c)
{
	size_t parts = 0;
	unsigned used = 0;

	for (size_t done = 0; done < n && used < CALLS; used++) {
		size_t run = call_count(s, v + done, n - done);
		parts += call_build(s, v + done, run, &c->messages[used].msg_hdr, c->controls[used],
				    &c->parts[parts]);
		c->counts[used] = (unsigned)run;
		done += run;
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
	if (error == EAGAIN)
		return false;
	if (dgram_drain(s))
		return true;
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
	struct calls c;
	size_t taken = 0;
	int sent, error;

	dgram_drain(s);
	do {
		unsigned used = calls_build(s, v, n < DGRAM_BATCH ? n : DGRAM_BATCH, &c);
		sent = sendmmsg(s->fd, c.messages, used, MSG_DONTWAIT | MSG_NOSIGNAL);
		error = errno;
	} while (sent < 0 && dgram_try_again(s, error, c.counts[0], v->size));
	errno = error;
	if (sent < 0)
		return -1;
	for (int i = 0; i < sent; i++)
		taken += c.counts[i];
	return (ssize_t)taken;
}

int64_t dgram_dropped(const struct dgram_socket *s)
{
	uint32_t info[MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof info;

	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0 || size < sizeof info)
		return -1;
	return info[MEMINFO_DROPS];
}
