/* datagram_portable.c - datagrams out, one by one */
#include <errno.h>
#include <stdbool.h>

#include "sock/datagram.h"
#include "sock/datagram_source.h"
#include "sock/stream.h"

void dgram_prepare_send(struct dgram_socket *s)
{
	(void)s;
}

bool dgram_errors(struct dgram_socket *s)
{
	int error = stream_error(s->fd);

	if (error)
		dgram_tell_pending(s, error);
	return error != 0;
}

/* Sends the datagram at P in spite of errors of earlier ones. Returns 0, or -1 with errno. */
static int dgram_send_one(struct dgram_socket *s, const struct dgram_place *p)
{
	_Alignas(struct cmsghdr) char control[DGRAM_SOURCE_ROOM];
	struct iovec iov = { (void *)dgram_data(p), p->v->size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };

	dgram_envelope(s, p->v, &m);
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
	struct dgram_place place = { .v = v };
	size_t sent = 0;

	if (!s->watched)
		dgram_errors(s);
	while (place.v < v + n && dgram_send_one(s, &place) == 0)
		sent += dgram_pass(&place, 1);
	return sent ? (ssize_t)sent : -1;
}

bool dgram_waits(const struct dgram_socket *s)
{
	(void)s;
	return false;
}

int64_t dgram_dropped(const struct dgram_socket *s)
{
	(void)s;
	return -1;
}

uint32_t dgram_too_large(const struct dgram_socket *s, size_t size)
{
	(void)s;
	(void)size;
	return 0;
}
