/* unix_portable.c - long paths from within their directory, and names in TMPDIR */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "sock/unix.h"

typedef int unix_call(int fd, const struct sockaddr *a, socklen_t length);

/* Calls CALL for FD with the last part of PATH, from within its directory. The threads that look
 * names up do not mind: they open files by absolute paths. */
static int call_within(unix_call *call, int fd, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char directory[PATH_MAX];
	int here, result = -1;

	if (!slash || strlen(name) >= sizeof un.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, name, strlen(name));
	snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
	here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return -1;
	if (chdir(directory) == 0) {
		result = call(fd, (const struct sockaddr *)&un, sizeof un);
		int error = errno;
		/* Relative paths have lost their meaning then. */
		if (fchdir(here) < 0)
			result = -1;
		else
			errno = error;
	}
	close_keeping_errno(here);
	return result;
}

int unix_connect_far(int fd, const char *path)
{
	return call_within(connect, fd, path);
}

int unix_bind_far(int fd, const char *path)
{
	return call_within(bind, fd, path);
}

/* Any user may answer. */
static const struct unix_rights own_rights = { .mode = 0666, .uid = UNSET, .gid = UNSET };

int unix_bind_own(int fd, int hops, char path[UNIX_OWN], struct unix_place *place)
{
	const char *directory = getenv("TMPDIR");
	struct address a = { .u.un.sun_family = AF_UNIX };
	int result = -1;

	/* The other side has to find it too: no relative path. */
	if (!directory || *directory != '/' || strlen(directory) + 1 + UNIX_NAME > UNIX_OWN)
		directory = "/tmp";
	a.length = sizeof a.u.un;
	for (int i = 0; i < UNIX_OWN_TRIES && result < 0; i++) {
		char name[UNIX_NAME];
		const char *why;
		unix_make_name(name, hops);
		snprintf(path, UNIX_OWN, "%s/%s", directory, name);
		snprintf(a.u.un.sun_path, sizeof a.u.un.sun_path, "%s", path);
		result = unix_bind(fd, &a, &own_rights, place, &why);
		if (result < 0 && errno != EADDRINUSE)
			break;
	}
	if (result == 0)
		place->path = path;
	return result;
}
