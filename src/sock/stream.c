/* stream.c - what POSIX knows of a connected stream socket */
#define _DEFAULT_SOURCE /* TIOCOUTQ, TCP_KEEPIDLE */
#include "sock/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sock/sockopt.h"

#define PROBE_INTERVAL 5 /* s */

int64_t stream_unacknowledged(int fd)
{
	int n;

	/* On Linux this is the same number as SIOCOUTQ. */
	return ioctl(fd, TIOCOUTQ, &n) < 0 ? -1 : n;
}

int stream_error(int fd)
{
	int error = sockopt_get(fd, SOL_SOCKET, SO_ERROR);

	return error < 0 ? 0 : error;
}

bool stream_is_broken_by(int error)
{
	switch (error) {
	case EPIPE:
	case ECONNRESET:
	case ECONNABORTED:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
		return true;
	}
	return false;
}

int stream_connect_icmp(int fd, const struct address *to, int error, struct icmp_error *icmp)
{
	struct icmp_error next, last = { 0 };
	struct address lost, wanted = *to;
	int found;

	address_unmap(&wanted);
	if (error == EINPROGRESS)
		error = stream_error(fd);
	/* Each must be taken, or poll(2) would tell of it for ever. A socket that connects again
	 * may have some of the last time. */
	while ((found = icmp_take(fd, &lost, &next)) >= 0)
		if (found > 0 && address_port(&lost) == address_port(&wanted) &&
		    address_same_host(&lost, &wanted))
			last = next;
	*icmp = !error || last.error == error ? last : (struct icmp_error){ 0 };
	return error ? error : last.error ? last.error : EINPROGRESS;
}

int stream_connect_error(int fd, const struct address *to, short events, struct icmp_error *icmp)
{
	bool ip = address_is_ip(to);
	ssize_t n;
	char first;
	int error;

	*icmp = (struct icmp_error){ 0 };
	/* A reset that comes meanwhile stays where it is, behind the data that came before it. */
	if (events == POLLOUT)
		return 0;
	if (!(events & POLLERR))
		return stream_error(fd);
	n = recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n > 0)
		return 0;
	/* recv(2) has taken the error away. */
	error = n < 0 && errno != EAGAIN ? errno : ip ? EINPROGRESS : stream_error(fd);
	return ip ? stream_connect_icmp(fd, to, error, icmp) : error;
}

bool stream_has_peer(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;

	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0;
}

bool stream_is_gone(int fd)
{
	/* Some systems say EINVAL. */
	return !stream_has_peer(fd) && (errno == ENOTCONN || errno == EINVAL);
}

bool stream_connected(int fd, const void *first, size_t *n)
{
	bool connected = stream_has_peer(fd);
	ssize_t sent = connected ? 0 : send(fd, first, *n, MSG_DONTWAIT | MSG_NOSIGNAL);

	*n = sent > 0 ? (size_t)sent : 0;
	return connected;
}

int stream_skip(int fd, size_t n)
{
	char seen[4096];

	while (n > 0) {
		ssize_t got = recv(fd, seen, n < sizeof seen ? n : sizeof seen, MSG_DONTWAIT);
		if (got == 0)
			errno = ECONNRESET;
		if (got == 0 || (got < 0 && errno != EINTR))
			return -1;
		n -= got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static void stream_linger(int fd, bool on)
{
	const struct linger at_once = { .l_onoff = on };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void stream_break(int fd)
{
	stream_linger(fd, true);
}

void stream_mend(int fd)
{
	stream_linger(fd, false);
}

void stream_inline_urgent(int fd)
{
	sockopt_set(fd, SOL_SOCKET, SO_OOBINLINE, 1);
}

void stream_probe(int fd)
{
	/* In this order the time since the peer was last heard counts. */
	if (sockopt_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_INTERVAL) == 0 &&
	    sockopt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) == 0)
		sockopt_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_INTERVAL);
}

void stream_who(int fd, struct address *a)
{
	int64_t ids[3];

	if (a->u.sa.sa_family != AF_UNIX || stream_credentials(fd, ids) < 0)
		return;
	a->who = (struct address_who){ true, (pid_t)ids[0], (uid_t)ids[1], (gid_t)ids[2] };
}
