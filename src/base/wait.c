/* wait.c - waiting for one descriptor */
#include "base/wait.h"

#include <errno.h>

#include "base/clock.h"

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
