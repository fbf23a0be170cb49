/* wait_portable.c - waiting by poll(2), with what that lacks: a mask for signals, and devices */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/select.h>

#include "base/clock.h"
#include "base/wait.h"

#define LOOK (10 * MILLISECOND) /* how often at a device that is not ready */
#define HIDDEN(fd) (-2 - (fd))	/* what poll(2) passes over; and the same back */

const short wait_end = 0;

/* Signal handlers leave no choice but statics. */
static sigjmp_buf outside;
static volatile sig_atomic_t inside;
static pthread_t waiter;

/* Waits with MASK. A signal may come after it is let in, and before poll(2) waits, which then would
 * not end: so its handler leaves from wherever it finds us. If that is after poll(2), what was
 * ready is found to be so the next time. */
static int wait_open(struct pollfd *fds, nfds_t n, int ms, const sigset_t *mask)
{
	sigset_t closed;
	int ready, error;

	if (sigsetjmp(outside, 1)) { /* which has brought the mask back */
		errno = EINTR;
		return -1;
	}
	waiter = pthread_self();
	inside = 1;
	pthread_sigmask(SIG_SETMASK, mask, &closed);
	ready = poll(fds, n, ms);
	error = errno;
	inside = 0;
	pthread_sigmask(SIG_SETMASK, &closed, NULL);
	errno = error;
	return ready;
}

void wait_interrupt(void)
{
	if (!inside || !pthread_equal(waiter, pthread_self()))
		return;
	inside = 0;
	siglongjmp(outside, 1);
}

static int wait_once(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask)
{
	int64_t ms = timeout < 0 ? -1 : timeout / MILLISECOND + (timeout % MILLISECOND > 0);

	if (ms > INT_MAX)
		ms = INT_MAX;
	return mask ? wait_open(fds, n, (int)ms, mask) : poll(fds, n, (int)ms);
}

/* The events of a device, by select(2); where that cannot tell, all of them. */
static short device_events(int fd, short events)
{
	struct timeval now = { 0 };
	unsigned bit = (unsigned)fd; /* musl's macros take nothing that may be negative */
	fd_set in, out;

	FD_ZERO(&in);
	FD_ZERO(&out);
	if (bit >= FD_SETSIZE)
		return events;
	if (events & POLLIN)
		FD_SET(bit, &in);
	if (events & POLLOUT)
		FD_SET(bit, &out);
	if (select(fd + 1, &in, &out, NULL, &now) < 0)
		return events;
	return (short)((FD_ISSET(bit, &in) ? POLLIN : 0) | (FD_ISSET(bit, &out) ? POLLOUT : 0));
}

/* Hides from poll(2) the descriptors that are open, and yet unknown to it: macOS has that of
 * /dev/null, /dev/tty and others. Subtracts them from *READY. Returns whether there are any. */
static bool devices_hide(struct pollfd *fds, nfds_t n, int *ready)
{
	int before = *ready;

	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents & POLLNVAL && fcntl(fds[i].fd, F_GETFD) >= 0) {
			fds[i].fd = HIDDEN(fds[i].fd);
			--*ready;
		}
	return *ready < before;
}

static void devices_unhide(struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].fd < -1)
			fds[i].fd = HIDDEN(fds[i].fd);
}

/* Returns how many of those that are hidden are ready. */
static int devices_look(struct pollfd *fds, nfds_t n)
{
	int ready = 0;

	for (nfds_t i = 0; i < n; i++)
		if (fds[i].fd < -1) {
			fds[i].revents = device_events(HIDDEN(fds[i].fd), fds[i].events);
			ready += fds[i].revents != 0;
		}
	return ready;
}

/* As wait_for(), looking at the hidden ones now and then. */
static int devices_wait(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask)
{
	int64_t end = timeout < 0 ? NEVER : clock_now() + timeout, left;
	int ready;

	do {
		left = end - clock_now();
		if (left < 0)
			left = 0;
		ready = wait_once(fds, n, left < LOOK ? left : LOOK, mask);
		if (ready == 0)
			ready = devices_look(fds, n);
	} while (ready == 0 && left > LOOK);
	return ready;
}

int wait_for(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask)
{
	int ready = wait_once(fds, n, timeout, mask);

	/* Those have made poll(2) return at once. */
	if (ready > 0 && devices_hide(fds, n, &ready)) {
		ready += devices_look(fds, n);
		if (ready == 0)
			ready = devices_wait(fds, n, timeout, mask);
		devices_unhide(fds, n);
	}
	return ready;
}
