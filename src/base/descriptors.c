/* descriptors.c - closing descriptors, and whether more can be opened */
#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/wait.h"

#define TRIED_MOST 256
#define AHEAD 64	  /* so many more are looked at, so that the next times need not, */
#define KEPT 32		  /* of which these are for what is opened without asking */
#define HIGHEST (1 << 20) /* far above what is in use, whatever the limit is */

/* Are the N highest numbers free that a descriptor may have? Mostly they are. */
static bool highest_are_free(size_t n)
{
	struct pollfd fds[TRIED_MOST + AHEAD];
	struct rlimit limit;
	int top = HIGHEST;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < n)
		return false;
	if (limit.rlim_cur < (rlim_t)top)
		top = (int)limit.rlim_cur;
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = top - 1 - (int)i };
	/* Of a number that nothing is open by it says POLLNVAL at once. */
	if (wait_for(fds, (nfds_t)n, 0, NULL) != (int)n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents != POLLNVAL)
			return false;
	return true;
}

int descriptors_try(int fd, size_t n)
{
	static size_t free_ahead; /* found free, and not promised to anybody */
	int fds[TRIED_MOST], error = 0;
	size_t opened = 0;

	if (n > TRIED_MOST)
		n = TRIED_MOST;
	if (free_ahead >= n + KEPT) {
		free_ahead -= n;
		return 0;
	}
	free_ahead = highest_are_free(n + AHEAD) ? AHEAD : 0;
	if (free_ahead || highest_are_free(n))
		return 0;
	while (opened < n && !error) {
		fds[opened] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (fds[opened] < 0)
			error = errno;
		else
			opened++;
	}
	while (opened > 0)
		close(fds[--opened]);
	errno = error;
	return error ? -1 : 0;
}

void descriptors_raise(size_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= n)
		return;
	limit.rlim_cur = limit.rlim_max < n ? limit.rlim_max : (rlim_t)n;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int descriptors_null(int flags)
{
	/* With a mode it is open(2), whatever FORTIFY makes of it without one. */
	int null = open("/dev/null", flags, 0), error = errno, ends[2];

	if (null >= 0)
		return null;
	if (pipe(ends) < 0) {
		errno = error;
		return -1;
	}
	/* The lower one is the end for reading. */
	if ((flags & O_ACCMODE) == O_WRONLY)
		dup2(ends[1], ends[0]);
	close(ends[1]);
	if (flags & O_CLOEXEC)
		fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	return ends[0];
}

void close_keeping_errno(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
}

int open_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return -1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	return 0;
}
