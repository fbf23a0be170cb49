/* path_mtu.c - one connection after the other, each with one segment of another size */
#define _DEFAULT_SOURCE /* IFF_LOOPBACK */
#include "net/path_mtu.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "net/asking.h"
#include "sock/stream.h"
#include "system/interfaces.h"
#include "system/route.h"

enum {
	HEADER_TCP = 20,
	HEADER_UDP = 8,
	TIMESTAMPS = 12, /* RFC 7323, with its padding */
	LARGEST = 65536, /* of all packets */
};

#define LOOK_LEAST MILLISECOND /* from one look at a segment to the next */
#define LOOK_MOST (10 * MILLISECOND)
#define PAUSE (50 * MILLISECOND) /* before sending to who resets, and two rtt */
#define ASK (100 * MILLISECOND)	 /* for a router's answer, and two rtt */

struct path_mtu {
	struct loop *loop;
	struct path_mtu_config c;
	path_mtu_fn *fn;
	void *arg;
	struct socket_options socket;
	struct dial *dial;
	char host[ADDRESS_TEXT], port[21]; /* of the address that has answered */
	struct timer timer;
	struct watch watch;	   /* of the connection, then of the datagram; its fd -1: none */
	int family;		   /* of the packets */
	unsigned header;	   /* of each segment, IP's too */
	unsigned size;		   /* that is being tried */
	int64_t sent;		   /* when */
	int64_t retransmits;	   /* before that: of the handshake */
	bool ended;		   /* before that the peer had ended its side */
	bool patient;		   /* somebody resets: is it for what we send? */
	enum path_mtu_bound bound; /* of the search's top */
	struct mtu_search search;
	struct path_mtu_result result;
	char newlines[LARGEST];
};

static void path_connect(struct path_mtu *p);

static unsigned header_ip(const struct path_mtu *p)
{
	return p->family == AF_INET6 ? 40 : 20;
}

/* ---- the end ---- */

static void path_close(struct path_mtu *p)
{
	watch_drop(p->loop, &p->watch);
	close_keeping_errno(p->watch.fd);
	p->watch.fd = -1;
}

static void path_free(struct path_mtu *p)
{
	dial_cancel(p->dial);
	timer_drop(p->loop, &p->timer);
	/* Else the kernel would go on sending. */
	if (p->watch.fd >= 0)
		stream_break(p->watch.fd);
	path_close(p);
	free(p);
}

/* Returns what the kernel believes of the way to A by now, 0: it does not tell. */
static unsigned kernel_mtu(const struct address *a)
{
	int fd = route_socket(a), mtu = fd < 0 ? -1 : sockopt_mtu(fd, a->u.sa.sa_family);

	close_keeping_errno(fd);
	return mtu < 0 ? 0 : (unsigned)mtu;
}

/* Tells the result, P is gone. */
static void path_tell(struct path_mtu *p)
{
	struct path_mtu_result r = p->result;
	const struct mtu_search search = p->search;
	path_mtu_fn *fn = p->fn;
	void *arg = p->arg;

	r.mtu = search.low;
	r.failed = search.high <= search.top ? search.high : 0;
	r.bound = r.failed ? PATH_MTU_NO_BOUND : r.told == r.mtu ? PATH_MTU_ICMP : p->bound;
	r.changes = search.changes;
	r.probes = search.probes;
	r.n = search.n;
	if (r.peer.length)
		r.kernel = kernel_mtu(&r.peer);
	path_free(p);
	fn(arg, &r);
}

/* Ends P by ERROR of WHAT. */
static void path_fail(struct path_mtu *p, int error, const char *what)
{
	p->result.end = PATH_MTU_FAILED;
	p->result.error = error;
	p->result.what = what;
	path_tell(p);
}

/* ---- who has told it ---- */

static void path_ask_over(void *arg)
{
	path_tell(arg);
}

static void path_answered(void *arg, short events)
{
	struct path_mtu *p = arg;
	struct icmp_error icmp;

	(void)events;
	if (asking_answer(p->watch.fd, &icmp) == EINPROGRESS)
		return;
	if (icmp.mtu) {
		p->result.told = icmp.mtu;
		p->result.icmp = icmp;
	}
	path_tell(p);
}

/* A kernel does not tell of the ICMP that a TCP connection has met. A datagram that is just too
 * large meets it again, and does not arrive. */
static void path_ask(struct path_mtu *p)
{
	struct socket_options o = SOCKET_OPTIONS_DEFAULT;
	struct address local = p->result.local;
	const struct dial_sources sources = { &local, 1 };
	unsigned size = p->search.low + 1 - header_ip(p) - HEADER_UDP;
	const char *what;

	o.interface = p->c.socket->interface;
	address_set_port(&local, 0);
	p->watch.fn = path_answered;
	p->watch.fd = dial_socket(p->family, SOCK_DGRAM, &o, &sources, NULL, &what);
	if (p->watch.fd < 0 || sockopt_whole(p->watch.fd, p->family, true) < 0 ||
	    asking_send(p->watch.fd, &p->result.peer, p->newlines, size) != EINPROGRESS) {
		path_tell(p);
		return;
	}
	watch_set(p->loop, &p->watch, POLLIN);
	p->timer.fn = path_ask_over;
	timer_set(p->loop, &p->timer, clock_after(clock_now(), ASK + 2 * p->result.rtt));
}

/* The search is over. */
static void path_found(struct path_mtu *p)
{
	const struct mtu_search *s = &p->search;

	if (s->low == s->floor) {
		p->result.end = PATH_MTU_SILENT;
		path_tell(p);
	} else if (s->low == s->top && s->n < MTU_PROBES &&
		   (p->result.told || p->bound == PATH_MTU_KERNEL ||
		    p->bound == PATH_MTU_UNKNOWN)) {
		path_ask(p);
	} else {
		path_tell(p);
	}
}

/* ---- one segment ---- */

/* A connection is over without a word on what was sent. */
static void path_was_reset(struct path_mtu *p)
{
	path_close(p);
	if (p->patient) {
		p->result.end = PATH_MTU_RESETS;
		path_tell(p);
	} else {
		p->patient = true;
		path_connect(p);
	}
}

/* FATE is that of the segment. */
static void path_noted(struct path_mtu *p, enum mtu_fate fate)
{
	/* What is lost is not to be sent again and again; and a port of -p is wanted at once. */
	if (fate != MTU_PASSED || p->c.socket->source_port)
		stream_break(p->watch.fd);
	path_close(p);
	mtu_search_note(&p->search, (struct mtu_probe){ p->size, fate, clock_now() - p->sent });
	if (mtu_search_next(&p->search))
		path_connect(p);
	else
		path_found(p);
}

static int64_t path_limit(const struct path_mtu *p)
{
	return p->c.wait != UNSET ? p->c.wait : PATH_MTU_WAIT + 3 * p->result.rtt;
}

static void path_look_later(struct path_mtu *p)
{
	int64_t delay = p->result.rtt / 4;

	delay = delay < LOOK_LEAST ? LOOK_LEAST : delay > LOOK_MOST ? LOOK_MOST : delay;
	timer_set(p->loop, &p->timer, clock_after(clock_now(), delay));
}

/* Looks what has become of the segment. */
static void path_look(void *arg)
{
	struct path_mtu *p = arg;
	int64_t n = p->size - p->header;
	/* First: TCP_INFO has all then that came before the acknowledgement. */
	bool acknowledged = stream_unacknowledged(p->watch.fd) == 0;
	struct stream_tcp tcp;
	int error;

	if (stream_tcp(p->watch.fd, &tcp) < 0) {
		path_fail(p, errno, "TCP_INFO");
		return;
	}
	if (tcp.path_mtu < p->size) {
		p->result.told = (unsigned)tcp.path_mtu;
		path_noted(p, MTU_TOLD);
	} else if (acknowledged) {
		/* What was sent again has to have been the whole, each time. */
		int64_t again = tcp.retransmits - p->retransmits;
		bool whole = tcp.mss >= n && (again == 0 || tcp.resent == again * n);
		path_noted(p, whole ? MTU_PASSED : MTU_LOST);
	} else if (tcp.gone) {
		error = stream_error(p->watch.fd);
		/* A host that has nobody there any more answers each segment by a reset. Any other
		 * reset may have been under way, unless somebody waited for that. */
		if (error != ECONNRESET && error != EPIPE)
			path_noted(p, MTU_LOST);
		else if (p->ended || p->patient)
			path_noted(p, MTU_PASSED);
		else
			path_was_reset(p);
	} else if (clock_now() - p->sent >= path_limit(p)) {
		path_noted(p, MTU_LOST);
	} else {
		path_look_later(p);
	}
}

/* Sends the segment. */
static void path_send(void *arg)
{
	struct path_mtu *p = arg;
	size_t n = p->size - p->header;
	struct stream_tcp tcp;
	ssize_t sent;

	if (stream_tcp(p->watch.fd, &tcp) < 0) {
		path_fail(p, errno, "TCP_INFO");
		return;
	}
	if (tcp.gone) {
		path_was_reset(p);
		return;
	}
	p->ended = tcp.ended;
	p->retransmits = tcp.retransmits;
	p->sent = clock_now();
	sent = send(p->watch.fd, p->newlines, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && stream_is_broken_by(errno)) {
		path_was_reset(p);
	} else if (sent != (ssize_t)n) {
		path_fail(p, sent < 0 ? errno : ENOBUFS, "send");
	} else {
		p->timer.fn = path_look;
		path_look_later(p);
	}
}

/* ---- one connection ---- */

/* Finds out about the interface to the peer. Returns whether that is this machine's own. */
static bool path_find_interface(struct path_mtu *p)
{
	struct path_mtu_result *r = &p->result;
	struct route route = { 0 };
	struct interface *list;
	bool loops = false;
	size_t n;

	if (p->c.socket->interface)
		route.interface = if_nametoindex(p->c.socket->interface);
	else if (route_get(&r->peer, &route) < 0)
		route.interface = interfaces_find(&r->local);
	if (!route.interface || interfaces_get(&list, &n) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (list[i].index == route.interface) {
			memcpy(r->interface, list[i].name, sizeof r->interface);
			r->interface_mtu = (unsigned)list[i].mtu;
			loops = list[i].flags & IFF_LOOPBACK;
		}
	free(list);
	return loops;
}

/* Why can no more than SIZE be sent by the connection of TCP? */
static enum path_mtu_bound path_bound(const struct path_mtu *p, const struct stream_tcp *tcp,
				      unsigned size)
{
	if (size == p->result.interface_mtu)
		return PATH_MTU_INTERFACE;
	if (size >= tcp->path_mtu || stream_begins_small())
		return p->result.interface_mtu ? PATH_MTU_KERNEL : PATH_MTU_UNKNOWN;
	return tcp->mss == tcp->window / 2 ? PATH_MTU_WINDOW : PATH_MTU_PEER;
}

/* P is connected for the first time, as R has it. Returns whether the path leaves this machine. */
static bool path_meet(struct path_mtu *p, const struct dial_result *r, const struct stream_tcp *tcp)
{
	struct path_mtu_result *result = &p->result;

	result->peer = r->peer;
	result->local = r->local;
	address_unmap(&result->peer);
	address_unmap(&result->local);
	result->rtt = tcp->rtt_us * MICROSECOND;
	p->family = result->peer.u.sa.sa_family;
	address_host(&result->peer, p->host);
	digits_format(p->port, address_port(&result->peer));
	if (!path_find_interface(p))
		return true;
	p->bound = PATH_MTU_INTERFACE;
	mtu_search_start(&p->search, result->interface_mtu, result->interface_mtu);
	return false;
}

/* Chooses the size to send by the connection of TCP, the FIRST one or another. Returns false if
 * there is none. */
static bool path_choose(struct path_mtu *p, const struct stream_tcp *tcp, bool first)
{
	unsigned most;

	p->header = header_ip(p) + HEADER_TCP + (tcp->timestamps ? TIMESTAMPS : 0);
	most = p->header + (unsigned)tcp->mss;
	/* The handshake has shown that packets without data pass. */
	if (first)
		mtu_search_start(&p->search, p->header, most);
	if (first || most < p->search.top)
		p->bound = path_bound(p, tcp, most);
	mtu_search_bound(&p->search, most);
	p->size = mtu_search_next(&p->search);
	return p->size > 0;
}

static void path_connected(void *arg, const struct dial_result *r)
{
	struct path_mtu *p = arg;
	bool first = !p->result.peer.length;
	struct stream_tcp tcp;

	p->dial = NULL;
	p->watch.fd = r->fd;
	if (r->fd < 0) {
		p->result.end = PATH_MTU_NOT_CONNECTED;
		p->result.dial = r;
		path_tell(p);
	} else if (stream_tcp(r->fd, &tcp) < 0) {
		path_fail(p, errno, "TCP_INFO");
	} else if (first && !path_meet(p, r, &tcp)) {
		path_close(p);
		path_tell(p);
	} else if (sockopt_whole(r->fd, p->family, false) < 0 ||
		   sockopt_set(r->fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0) {
		path_fail(p, errno, "setsockopt");
	} else if (!path_choose(p, &tcp, first)) {
		path_close(p);
		path_found(p);
	} else {
		p->timer.fn = path_send;
		timer_set(p->loop, &p->timer,
			  clock_after(clock_now(), p->patient ? PAUSE + 2 * p->result.rtt : 0));
	}
}

/* Connects: to the host, later to the address that has answered. */
static void path_connect(struct path_mtu *p)
{
	bool first = !p->result.peer.length;
	const struct dial_config c = {
		.host = first ? p->c.host : p->host,
		.port = first ? p->c.port : p->port,
		.family = first ? p->c.family : p->family,
		.socket = &p->socket,
		.deadline = clock_after(clock_now(), p->c.limit),
		.wait = UNSET,
		.events = p->c.events,
	};

	p->dial = dial_start(p->loop, &c, path_connected, p);
	if (!p->dial && !first)
		path_fail(p, errno, "connect");
}

struct path_mtu *path_mtu_start(struct loop *loop, const struct path_mtu_config *c, path_mtu_fn *fn,
				void *arg)
{
	struct path_mtu *p;

	if (sockopt_mtu(-1, AF_INET) < 0 && errno == ENOTSUP)
		return NULL;
	p = malloc(sizeof *p);
	if (!p)
		return NULL;
	*p = (struct path_mtu){ .loop = loop, .c = *c, .fn = fn, .arg = arg, .socket = *c->socket };
	memset(p->newlines, '\n', sizeof p->newlines);
	p->watch = (struct watch){ .fd = -1, .arg = p };
	p->timer = (struct timer){ .arg = p };
	/* What the peer says goes by small packets then, and cannot be lost for its size, with the
	 * acknowledgement that comes along. */
	if (p->socket.rcvbuf == UNSET)
		p->socket.rcvbuf = 1;
	if (p->socket.sndbuf == UNSET)
		p->socket.sndbuf = LARGEST;
	path_connect(p);
	if (!p->dial) {
		free(p);
		return NULL;
	}
	return p;
}

const char *path_mtu_looks_up(const struct path_mtu *p)
{
	return p ? dial_looks_up(p->dial) : NULL;
}

void path_mtu_cancel(struct path_mtu *p)
{
	if (p)
		path_free(p);
}

bool path_mtu_is_exact(const struct path_mtu_result *r)
{
	return r->failed ? r->failed == r->mtu + 1 :
			   r->bound == PATH_MTU_INTERFACE || r->bound == PATH_MTU_ICMP;
}
