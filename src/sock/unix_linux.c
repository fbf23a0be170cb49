/* unix_linux.c - long paths by /proc/self/fd, and abstract names */
#define _GNU_SOURCE /* O_PATH */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "sock/unix.h"

/* Connects FD to NAME in the directory AT, or BINDS it there, or to AT itself where NAME is empty.
 * Closes AT. (A pointer to bind(2) would have to be looked up at each start.) */
static int call_through(bool binds, int fd, int at, const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int result = -1;

	if (at < 0)
		return -1;
	if (snprintf(un.sun_path, sizeof un.sun_path, "/proc/self/fd/%d%s%s", at, *name ? "/" : "",
		     name) >= (int)sizeof un.sun_path)
		errno = ENAMETOOLONG;
	else
		result = binds ? bind(fd, (const struct sockaddr *)&un, sizeof un) :
				 connect(fd, (const struct sockaddr *)&un, sizeof un);
	/* The file is there, so /proc is not. */
	if (errno == ENOENT)
		errno = ENAMETOOLONG;
	close_keeping_errno(at);
	return result;
}

int unix_connect_far(int fd, const char *path)
{
	return call_through(false, fd, open(path, O_PATH | O_CLOEXEC), "");
}

int unix_bind_far(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";

	if (slash)
		snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
	return call_through(true, fd, open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC),
			    slash ? slash + 1 : path);
}

int unix_bind_own(int fd, int hops, char path[UNIX_OWN], struct unix_place *place)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	/* unix(7), "Autobind feature". */
	socklen_t length = sizeof un.sun_family;
	int result = -1;

	*path = '\0';
	*place = (struct unix_place){ 0 };
	for (int i = 0; i < UNIX_OWN_TRIES && result < 0; i++) {
		if (hops)
			length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) +
				 (socklen_t)unix_make_name(un.sun_path + 1, hops);
		result = bind(fd, (const struct sockaddr *)&un, length);
		if (result < 0 && errno != EADDRINUSE)
			break;
	}
	return result;
}
