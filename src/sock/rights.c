/* rights.c - sending and taking descriptors */
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC, which POSIX has since 2024 */
#include "sock/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sock/control.h"

int rights_check(int fd)
{
	struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof a;

	if (getsockname(fd, (struct sockaddr *)&a, &size) < 0)
		return -1;
	if (a.ss_family == AF_UNIX)
		return 0;
	errno = EAFNOSUPPORT;
	return -1;
}

ssize_t rights_send(int fd, const void *data, size_t n, int passed)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)data, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room };

	control_add(&m, SOL_SOCKET, SCM_RIGHTS, &passed, sizeof passed);
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int rights_take(struct msghdr *m)
{
	int first = -1, fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = control_next(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof fd) <= c->cmsg_len; at += sizeof fd) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	if (first >= 0)
		fcntl(first, F_SETFD, FD_CLOEXEC);
	return first;
}

int rights_look(int fd, int *passed)
{
	union {
		struct cmsghdr header;
		char room[RIGHTS_ROOM];
	} control;
	char first;
	struct iovec iov = { .iov_base = &first, .iov_len = sizeof first };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof control.room };
	ssize_t got = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*passed = -1;
	if (got < 0)
		return -1;
	*passed = rights_take(&m);
	return got > 0 || *passed >= 0;
}
