/* wait.c - the one place where sockit waits */
#define _GNU_SOURCE /* ppoll, which POSIX has since 2024 */
#include "base/wait.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

int wait_for(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask)
{
	struct timespec t = { .tv_sec = (time_t)(timeout / SECOND),
			      .tv_nsec = (long)(timeout % SECOND) };

	return ppoll(fds, n, timeout < 0 ? NULL : &t, mask);
}

bool wait_ready(int fd, short events, int64_t timeout)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t end = timeout > 0 ? clock_now() + timeout : 0;
	int n;

	while ((n = wait_for(&p, 1, timeout, NULL)) < 0 && errno == EINTR)
		if (timeout > 0) {
			timeout = end - clock_now();
			if (timeout < 0)
				timeout = 0;
		}
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0;
}
