/* datagram_portable.c - datagrams out, one by one */
#include <errno.h>
#include <stdbool.h>

#include "sock/datagram.h"
#include "sock/datagram_source.h"

int dgram_prepare_send(struct dgram_socket *s, const char **what)
{
	(void)s;
	*what = NULL;
	return 0;
}

static void dgram_tell_pending(const struct dgram_socket *s, int error)
{
	const struct dgram_error e = { .error = error, .to = s->peer.length ? &s->peer : NULL };

	if (s->error)
		s->error(s->arg, &e);
}

void dgram_errors(struct dgram_socket *s)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error)
		dgram_tell_pending(s, error);
}

/* Sends D in spite of errors of earlier datagrams. Returns 0, or -1 with errno. */
static int dgram_send_one(struct dgram_socket *s, const struct dgram *d)
{
	_Alignas(struct cmsghdr) char control[DGRAM_SOURCE_ROOM];
	struct iovec iov = { (void *)d->data, d->size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };

	if (d->to) {
		m.msg_name = (void *)&d->to->u;
		m.msg_namelen = d->to->length;
	}
	dgram_source(s, d, &m);
	if (m.msg_controllen == 0)
		m.msg_control = NULL;
	while (sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		/* No datagram of IP is refused at once: an earlier one was. */
		if (errno != ECONNREFUSED || s->family == AF_UNIX)
			return -1;
		dgram_tell_pending(s, errno);
	}
	return 0;
}

ssize_t dgram_send(struct dgram_socket *s, const struct dgram *v, size_t n)
{
	size_t sent = 0;

	dgram_errors(s);
	while (sent < n && dgram_send_one(s, &v[sent]) == 0)
		sent++;
	return sent ? (ssize_t)sent : -1;
}

int64_t dgram_dropped(const struct dgram_socket *s)
{
	(void)s;
	return -1;
}
