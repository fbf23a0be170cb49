/* descriptors_portable.c - opening descriptors, whose flags are set afterwards: no thread but the
 * one that opens them starts a process meanwhile */
#include <fcntl.h>
#include <unistd.h>

#include "base/descriptors.h"

/* Sets the flags of the new socket FD, unless it is negative. Returns FD. */
static int socket_flags(int fd)
{
	if (fd >= 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, O_NONBLOCK);
	}
	return fd;
}

int open_socket(int family, int type, int protocol)
{
	return socket_flags(socket(family, type, protocol));
}

int open_accepted(int fd, struct sockaddr *peer, socklen_t *size)
{
	return socket_flags(accept(fd, peer, size));
}

int open_pipe(int fds[2])
{
	if (pipe(fds) < 0)
		return -1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return 0;
}
