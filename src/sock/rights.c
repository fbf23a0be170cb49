/* rights.c - sending and taking descriptors */
#define _DEFAULT_SOURCE /* FIONREAD */
#include "sock/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/descriptors.h"
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

void rights_close(struct rights *r)
{
	for (size_t i = r->lent; i < r->n; i++)
		close_keeping_errno(r->fds[i]);
	if (r->own)
		free(r->fds);
	r->fds = NULL;
	r->n = r->lent = 0;
	r->own = false;
}

void rights_drop(struct rights *r)
{
	if (r->n == 0)
		return;
	rights_close(r);
	if (r->dropped)
		r->dropped(r->arg);
}

ssize_t rights_send(int fd, const void *data, size_t n, struct rights *r)
{
	union {
		struct cmsghdr header;
		char room[RIGHTS_ROOM];
	} control;
	struct iovec iov = { .iov_base = (void *)data, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room };
	ssize_t done;

	control_add(&m, SOL_SOCKET, SCM_RIGHTS, r->fds, r->n * sizeof *r->fds);
	done = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (done >= 0)
		rights_close(r);
	return done;
}

/* Looks at what comes next on the stream FD, into PIECES of IOV. In Linux the look goes on,
 * whatever was asked for, to the first piece of the stream that has descriptors (a piece is what
 * one write made), and no further; those for which there is no room count as data that was cut off.
 * *HAS_SOME tells whether there are any. Returns as recvmsg(2). */
static ssize_t rights_peek(int fd, struct iovec *iov, int pieces, bool *has_some)
{
	struct msghdr m = { .msg_iov = iov };
	ssize_t got;

	m.msg_iovlen = (unsigned char)pieces; /* an int, or a size_t */
	got = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT);
	*has_some = (m.msg_flags & MSG_CTRUNC) != 0;
	return got;
}

size_t rights_without(int fd)
{
	char first;
	struct iovec iov = { .iov_base = &first, .iov_len = 1 };
	bool has_some;
	int n = 0;

	/* Only what is there before the look was looked at. */
	if (ioctl(fd, FIONREAD, &n) < 0 || n <= 0 || rights_peek(fd, &iov, 1, &has_some) <= 0)
		return 0;
	return has_some ? 0 : (size_t)n;
}

/* How many of the next N bytes on the stream FD come before the next descriptors? They are copied
 * to DATA, but not taken away. Returns 0 if descriptors come with the first byte, and at the end;
 * or -1 with errno of recvmsg(2). A system that does not tell ends a read there by itself. */
static ssize_t rights_before(int fd, void *data, size_t n)
{
	static const char unwritable = 0;
	struct iovec all = { .iov_base = data, .iov_len = n };
	bool has_some;
	ssize_t got = rights_peek(fd, &all, 1, &has_some);

	if (got <= 0 || !has_some)
		return got;
	/* They come with the last piece that was looked at. Where that begins shows if there is no
	 * place for its last byte: then nothing of it counts. */
	struct iovec short_of_one[] = { { .iov_base = data, .iov_len = (size_t)got - 1 },
					{ .iov_base = (void *)&unwritable, .iov_len = 1 } };
	got = rights_peek(fd, short_of_one, 2, &has_some);
	return got < 0 && errno == EFAULT ? 0 : got;
}

ssize_t rights_receive(int fd, void *data, size_t n, struct rights *r)
{
	union {
		struct cmsghdr header;
		char room[RIGHTS_ROOM];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof control.room };
	ssize_t got = rights_before(fd, data, n);

	if (got < 0)
		return -1;
	if (got > 0)
		iov.iov_len = (size_t)got;
	got = recvmsg(fd, &m, MSG_DONTWAIT);
	return got < 0 || rights_add(r, &m) < 0 ? -1 : got;
}

/* Adds FD, which R closes, also where there is no room. Returns 0, or -1. */
static int rights_add_one(struct rights *r, int fd)
{
	int *fds = r->fds;

	if (!r->own && (fds = malloc(RIGHTS_MOST * sizeof *fds))) {
		if (r->n)
			memcpy(fds, r->fds, r->n * sizeof *fds);
		r->fds = fds;
		r->own = true;
	}
	if (!fds || r->n == RIGHTS_MOST) {
		close(fd);
		errno = fds ? EMFILE : ENOMEM;
		return -1;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	r->fds[r->n++] = fd;
	return 0;
}

int rights_add(struct rights *r, struct msghdr *m)
{
	int error = (m->msg_flags & MSG_CTRUNC) ? EMFILE : 0;
	int fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = control_next(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof fd) <= c->cmsg_len; at += sizeof fd) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
			if (rights_add_one(r, fd) < 0)
				error = errno;
		}
	}
	errno = error;
	return error ? -1 : 0;
}

int rights_take(struct msghdr *m)
{
	struct rights r = { 0 };
	int error = rights_add(&r, m) < 0 ? errno : 0;
	int first = -1;

	if (r.n > 0) {
		first = r.fds[0];
		r.lent = 1;
	}
	rights_close(&r);
	errno = error;
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
	ssize_t got = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT);

	*passed = -1;
	if (got < 0)
		return -1;
	*passed = rights_take(&m);
	if (*passed < 0 && errno)
		return -1;
	return got > 0 || *passed >= 0;
}
