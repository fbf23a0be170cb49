/* packet.c - packets of a connected SOCK_SEQPACKET socket */
#define _DEFAULT_SOURCE /* FIONREAD, SO_TIMESTAMP */
#include "sock/packet.h"

#include <limits.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/descriptors.h"

#define OVERHEAD 32 /* bytes of the send buffer that Linux keeps for itself */

void packet_prepare(int fd)
{
	sockopt_set(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
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

ssize_t packet_receive(int fd, void *data, size_t n, struct rights *rights, bool *end)
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
	ssize_t got = recvmsg(fd, &m, MSG_DONTWAIT);

	*end = got == 0 && m.msg_controllen == 0;
	if (got < 0)
		return -1;
	if (rights)
		return rights_add(rights, &m) < 0 ? -1 : got;
	/* Nobody asked for descriptors. */
	close_keeping_errno(rights_take(&m));
	return got;
}

size_t packet_most(int fd)
{
	int size = sockopt_get(fd, SOL_SOCKET, SO_SNDBUF);

	return size > OVERHEAD ? (size_t)(size - OVERHEAD) : INT_MAX;
}

size_t packet_most_with(const struct socket_options *o)
{
	int fd = open_socket(AF_UNIX, SOCK_SEQPACKET, 0);
	const char *what;
	size_t most;

	if (fd < 0)
		return INT_MAX;
	sockopt_apply(fd, AF_UNIX, o, PHASE_BIND, false, &what);
	most = packet_most(fd);
	close(fd);
	return most;
}
