/* datagram.c - opening, binding and connecting a datagram socket */
#include "sock/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>

#include "base/descriptors.h"
#include "sock/packet.h"
#include "sock/unix.h"

#define UDP_LIMIT 65535 /* IPv6 does not count its header */
#define UNIX_LIMIT (1 << 20)
#define UDP_MOST 65507 /* 65535 less the headers of IPv4 and UDP */

/* Sets the options of SOL_SOCKET that C's flags ask for. Returns 0, or -1 with errno and *WHAT. */
static int dgram_set_flags(const struct dgram_socket *s, const struct dgram_config *c,
			   const char **what)
{
	*what = "SO_BROADCAST";
	if (c->broadcast && sockopt_set(s->fd, SOL_SOCKET, SO_BROADCAST, 1) < 0)
		return -1;
	*what = "SO_REUSEADDR";
	if (c->share && sockopt_set(s->fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
		return -1;
	*what = "reuseport";
	return c->reuseport ? sockopt_reuseport(s->fd) : 0;
}

/* Makes *S what C asks for, with FD as its descriptor. */
static void dgram_init(struct dgram_socket *s, int fd, const struct dgram_config *c,
		       dgram_error_fn *error, void *arg)
{
	*s = (struct dgram_socket){
		.fd = fd,
		.family = c->family,
		.wants = c->wants,
		.both = c->both,
		.segment = SIZE_MAX,
		.error = error,
		.arg = arg,
	};
}

int dgram_open(struct dgram_socket *s, const struct dgram_config *c, dgram_error_fn *error,
	       void *arg, const char **what)
{
	static const enum socket_phase phases[] = { PHASE_BIND, PHASE_CONNECT, PHASE_CONNECTED };

	dgram_init(s, open_socket(c->family, SOCK_DGRAM, 0), c, error, arg);
	*what = NULL;
	if (s->fd < 0)
		return -1;
	dgram_prepare_send(s);
	if (dgram_set_flags(s, c, what) < 0 || dgram_prepare_receive(s, c, what) < 0)
		goto fail;
	/* Last, so that --sockopt wins. */
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
		if (sockopt_apply(s->fd, c->family, c->socket, phases[i], false, what) < 0)
			goto fail;
	*what = NULL;
	return 0;
fail:
	dgram_close(s);
	return -1;
}

void dgram_learn_local(struct dgram_socket *s)
{
	s->local.length = sizeof s->local.u;
	if (getsockname(s->fd, &s->local.u.sa, &s->local.length) < 0)
		s->local.length = 0;
}

int dgram_inherit(struct dgram_socket *s, int fd, const struct dgram_config *c,
		  dgram_error_fn *error, void *arg)
{
	int type = sockopt_get(fd, SOL_SOCKET, SO_TYPE);
	const char *what;

	dgram_init(s, fd, c, error, arg);
	if (type < 0)
		return -1;
	dgram_learn_local(s);
	if (type != SOCK_DGRAM || s->local.u.sa.sa_family != c->family) {
		errno = EINVAL;
		return -1;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return dgram_prepare_receive(s, c, &what);
}

int dgram_bind(struct dgram_socket *s, const struct address *a)
{
	/* A socket of IPv4 may have the port there. */
	if (a->u.sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr) &&
	    sockopt_set(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, !s->both) < 0)
		return -1;
	if (bind(s->fd, &a->u.sa, a->length) < 0)
		return -1;
	dgram_learn_local(s);
	return 0;
}

int dgram_connect(struct dgram_socket *s, const struct address *a)
{
	if (unix_connect(s->fd, a) < 0)
		return -1;
	s->peer = *a;
	/* Keep the path the user gave; getsockname(2) may tell another. */
	if (a->u.sa.sa_family != AF_UNIX)
		dgram_learn_local(s);
	return 0;
}

void dgram_tell_pending(const struct dgram_socket *s, int error)
{
	const struct dgram_error e = { .error = error, .to = s->peer.length ? &s->peer : NULL };

	if (s->error)
		s->error(s->arg, &e);
}

void dgram_close(struct dgram_socket *s)
{
	close_keeping_errno(s->fd);
	s->fd = -1;
}

size_t dgram_most(int family)
{
	return family == AF_UNIX ? INT_MAX : UDP_MOST;
}

size_t dgram_most_by(const struct dgram_socket *s)
{
	return s->family == AF_UNIX ? packet_most(s->fd) : dgram_most(s->family);
}

size_t dgram_room(int family)
{
	return family == AF_UNIX ? UNIX_LIMIT : UDP_LIMIT;
}
