/* activation.c - LISTEN_FDS and NOTIFY_SOCKET */
#include "net/activation.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "sock/address.h"

int activation_sockets(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int64_t us = 0, n = 0;

	if (!pid || !fds || number_parse(pid, 1, INT_MAX, &us) < 0 || us != getpid() ||
	    number_parse(fds, 0, 1024, &n) < 0)
		n = 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return (int)n;
}

int activation_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char word[sizeof((struct sockaddr_un *)0)->sun_path + 8];
	struct address a;
	ssize_t n;
	int fd;

	if (!path || !*path)
		return 0;
	if (snprintf(word, sizeof word, "unix:%s", path) >= (int)sizeof word ||
	    address_parse_unix(word, &a) != WORD_NUMBER) {
		errno = EINVAL;
		return -1;
	}
	fd = open_socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	n = sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, &a.u.sa, a.length);
	close_keeping_errno(fd);
	return n < 0 ? -1 : 0;
}
