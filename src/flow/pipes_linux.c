/* pipes_linux.c - splice(2) and tee(2), and the pipes for them */
#define _GNU_SOURCE /* splice, tee, pipe2, F_SETPIPE_SZ */
#include "flow/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "sock/stream.h"

#define PIPES_MOST 8 /* that are kept: an ordinary user may have 64 of this size */

/* Pipes that hold nothing. */
static struct {
	int fds[PIPES_MOST][2];
	size_t n, in_use;
	size_t reserve; /* descriptors that are not for them */
} pipes;

bool pipes_take(int fd, int pipe[2])
{
	if (pipes.n > 0) {
		memcpy(pipe, pipes.fds[--pipes.n], sizeof pipes.fds[0]);
	} else {
		if (pipes.in_use >= PIPES_MOST ||
		    (pipes.reserve && descriptors_try(fd, pipes.reserve + 2) < 0) ||
		    pipe2(pipe, O_CLOEXEC | O_NONBLOCK) < 0)
			return false;
		/* Past the user's share of pipe pages (EPERM) it stays as it is. */
		fcntl(pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	}
	pipes.in_use++;
	return true;
}

static void close_pipe(const int pipe[2])
{
	close(pipe[0]);
	close(pipe[1]);
}

void pipes_drop(const int pipe[2], bool empty)
{
	if (empty)
		memcpy(pipes.fds[pipes.n++], pipe, sizeof pipes.fds[0]);
	else
		close_pipe(pipe);
	pipes.in_use--;
}

void pipes_free(void)
{
	while (pipes.n > 0)
		close_pipe(pipes.fds[--pipes.n]);
}

void pipes_reserve(size_t n)
{
	pipes.reserve = n;
}

/* ---- for many ---- */

ssize_t pages_take(struct pages *p, int source, size_t n)
{
	ssize_t got;
	int error;

	if (!pipes_take(source, p->pipe))
		return 0;
	got = splice(source, NULL, p->pipe[1], NULL, n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	error = errno;
	if (got <= 0)
		pipes_drop(p->pipe, true);
	else
		p->n = (size_t)got;
	/* A connection's error is told once only. */
	if (got < 0 && !stream_is_broken_by(error))
		return 0;
	errno = error;
	return got;
}

ssize_t pages_send(const struct pages *p, int fd)
{
	ssize_t n, sent = 0;
	int one[2], error;

	if (!pipes_take(fd, one)) {
		errno = ENOTSUP;
		return -1;
	}
	n = tee(p->pipe[0], one[1], p->n, SPLICE_F_NONBLOCK);
	error = n > 0 ? EAGAIN : ENOTSUP;
	if (n > 0)
		sent = splice(one[0], NULL, fd, NULL, (size_t)n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (sent < 0 && errno != EINTR)
		error = errno == EAGAIN || stream_is_broken_by(errno) ? errno : ENOTSUP;
	pipes_drop(one, n <= 0 || sent == n);
	errno = error;
	return sent > 0 ? sent : -1;
}

int pages_empty(struct pages *p, char *data)
{
	ssize_t n = data ? read(p->pipe[0], data, p->n) : 0;
	size_t left = p->n - (n > 0 ? (size_t)n : 0);

	if (n >= 0)
		errno = EIO;
	pipes_drop(p->pipe, left == 0);
	p->n = 0;
	return left && data ? -1 : 0;
}
