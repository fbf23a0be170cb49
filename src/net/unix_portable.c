#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/unix.h"

typedef int unix_call(int fd, const struct sockaddr *a, socklen_t length);

/* CALL of FD with the last part of PATH, from within its directory. No thread of ours asks where we are: those that look
 * names up open what they need by whole paths. */
static int call_within(unix_call *call, int fd, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char directory[PATH_MAX];
	int here, result = -1, error;

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
		error = errno;
		/* Nothing else is where it was, then. */
		if (fchdir(here) < 0) {
			result = -1;
			error = errno;
		}
		errno = error;
	}
	error = errno;
	close(here);
	errno = error;
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
