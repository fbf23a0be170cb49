/* packet.c - packets of a connected SOCK_SEQPACKET socket */
#define _GNU_SOURCE /* FIONREAD, SO_TIMESTAMP; MSG_CMSG_CLOEXEC, which POSIX has since 2024 */
#include "sock/packet.h"

#include <limits.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sock/rights.h"

#define OVERHEAD 32 /* bytes of the send buffer that Linux keeps for itself */

void packet_prepare(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on);
}

ssize_t packet_room(int fd)
{
	ssize_t found;
	char first;
	int n = 0;

	if (ioctl(fd, FIONREAD, &n) == 0 && n > 0)
		return n;
	found = recv(fd, &first, sizeof first, MSG_PEEK | MSG_DONTWAIT);
	if (found <= 0)
		return found;
	/* The packet has come in between. */
	return ioctl(fd, FIONREAD, &n) < 0 ? -1 : n;
}

ssize_t packet_receive(int fd, void *data, size_t n, bool *end)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct timeval)) + RIGHTS_ROOM];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof control.room };
	ssize_t got = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int first;

	*end = got == 0 && m.msg_controllen == 0;
	if (got < 0)
		return -1;
	first = rights_take(&m);
	if (first >= 0)
		rights_drop(first);
	return got;
}

size_t packet_most(int fd)
{
	int size = 0;
	socklen_t length = sizeof size;

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) < 0 || size <= OVERHEAD)
		return INT_MAX;
	return (size_t)(size - OVERHEAD);
}

size_t packet_most_with(const struct socket_options *o)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const char *what;
	size_t most;

	if (fd < 0)
		return INT_MAX;
	sockopt_apply(fd, AF_UNIX, o, PHASE_BIND, false, &what);
	most = packet_most(fd);
	close(fd);
	return most;
}
