/* devices.c - a poll(2) that does not know devices, like that of macOS: to be preloaded
 *
 * Whoever asks it about devices 1000 times does not know that, and is ended by SIGABRT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	static int (*real)(struct pollfd * fds, nfds_t n, int timeout);
	static int calls;
	struct stat s;
	int found = 0, ready;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "poll");
	for (nfds_t i = 0; i < n; i++)
		found += fds[i].fd >= 0 && fstat(fds[i].fd, &s) == 0 && S_ISCHR(s.st_mode);
	if (!found)
		return real(fds, n, timeout);
	if (++calls == 1000)
		abort();
	ready = real(fds, n, 0);
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].fd >= 0 && fstat(fds[i].fd, &s) == 0 && S_ISCHR(s.st_mode)) {
			ready += fds[i].revents == 0;
			fds[i].revents = POLLNVAL;
		}
	return ready;
}
