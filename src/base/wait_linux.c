/* wait_linux.c - waiting by ppoll(2), which POSIX has since 2024 */
#define _GNU_SOURCE /* ppoll, POLLRDHUP */
#include <time.h>

#include "base/clock.h"
#include "base/wait.h"

const short wait_end = POLLRDHUP;

int wait_for(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask)
{
	struct timespec t = { .tv_sec = (time_t)(timeout / SECOND),
			      .tv_nsec = (long)(timeout % SECOND) };

	return ppoll(fds, n, timeout < 0 ? NULL : &t, mask);
}

void wait_interrupt(void)
{
}
