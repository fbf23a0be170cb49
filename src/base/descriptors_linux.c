/* descriptors_linux.c - opening descriptors, each by one call, which POSIX has since 2024 */
#define _GNU_SOURCE /* accept4, pipe2 */
#include <fcntl.h>
#include <unistd.h>

#include "base/descriptors.h"

int open_socket(int family, int type, int protocol)
{
	return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

int open_accepted(int fd, struct sockaddr *peer, socklen_t *size)
{
	return accept4(fd, peer, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int open_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC);
}
