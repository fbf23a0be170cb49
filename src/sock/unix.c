/* unix.c - connecting to long paths, and binding over stale sockets */
#include "sock/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/number.h"
#include "base/wait.h"

/* A longer last part is bound under a short name first, then linked: the other path to its
 * directory needs room too. */
#define SHORT_NAME 64

#define OWN_NAME "sockit-hops."

#define LOCK_LIMIT SECOND
#define LOCK_PAUSE (10 * MILLISECOND)

const char *unix_path(const struct address *a)
{
	if (a->u.sa.sa_family != AF_UNIX)
		return NULL;
	if (a->word)
		return a->word + strlen("unix:");
	return a->length > offsetof(struct sockaddr_un, sun_path) && a->u.un.sun_path[0] ?
		       a->u.un.sun_path :
		       NULL;
}

/* Makes *OUT the address of PATH. Returns its length, 0 if it does not fit. */
static socklen_t to_address(const char *path, struct sockaddr_un *out)
{
	size_t n = strlen(path);

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof out->sun_path)
		return 0;
	memcpy(out->sun_path, path, n);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
}

static int connect_path(int fd, const char *path)
{
	struct sockaddr_un un;
	socklen_t length = to_address(path, &un);

	return length ? connect(fd, (const struct sockaddr *)&un, length) :
			unix_connect_far(fd, path);
}

int unix_connect(int fd, const struct address *a)
{
	return a->word ? connect_path(fd, unix_path(a)) : connect(fd, &a->u.sa, a->length);
}

/* Returns the last part of PATH. */
static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Makes a name in PATH's directory that nobody has, in TEXT of PATH_MAX bytes. Returns 0, or -1
 * with errno. */
static int name_beside(const char *path, char *text)
{
	size_t directory = (size_t)(last_part(path) - path);
	struct stat s;

	for (int64_t n = clock_now();; n++) {
		int length = snprintf(text, PATH_MAX, "%.*s.sockit.%ld.%llx", (int)directory, path,
				      (long)getpid(), (unsigned long long)n);
		if (length >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (lstat(text, &s) < 0)
			return errno == ENOENT ? 0 : -1;
	}
}

static int bind_path(int fd, const char *path)
{
	struct sockaddr_un un;
	socklen_t length = to_address(path, &un);
	char other[PATH_MAX];
	int result, error;

	if (length)
		return bind(fd, (const struct sockaddr *)&un, length);
	if (strlen(last_part(path)) <= SHORT_NAME)
		return unix_bind_far(fd, path);
	if (name_beside(path, other) < 0)
		return -1;
	length = to_address(other, &un);
	result = length ? bind(fd, (const struct sockaddr *)&un, length) : unix_bind_far(fd, other);
	if (result < 0)
		return -1;
	/* Unlike rename(2), link(2) replaces nothing. */
	result = link(other, path);
	error = errno == EEXIST ? EADDRINUSE : errno;
	unlink(other);
	errno = error;
	return result;
}

enum use { USE_NONE, USE_STALE, USE_LIVE, USE_OTHER };

/* What is at PATH? A datagram socket finds out without a listener noticing: connecting fails for
 * the wrong type, and is refused if nobody has the socket any more. */
static enum use unix_look(const char *path)
{
	struct stat s;
	int fd, result;

	if (lstat(path, &s) < 0)
		return errno == ENOENT ? USE_NONE : USE_LIVE;
	if (!S_ISSOCK(s.st_mode))
		return USE_OTHER;
	fd = open_socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return USE_LIVE;
	result = connect_path(fd, path);
	close_keeping_errno(fd);
	return result < 0 && errno == ECONNREFUSED ? USE_STALE : USE_LIVE;
}

/* Removes a stale socket. Moves it aside first: another process may have seen it stale too, and
 * have put its own socket there meanwhile. Returns 0, or -1 with errno. */
static int unix_clear(const char *path)
{
	char aside[PATH_MAX];
	enum use use;

	if (name_beside(path, aside) < 0)
		return -1;
	if (rename(path, aside) < 0)
		return errno == ENOENT ? 0 : -1;
	use = unix_look(aside);
	/* A socket that somebody has goes back, without replacing what may be there by now; if the
	 * file system has no links, rename(2) has to do. */
	if ((use == USE_LIVE || use == USE_OTHER) && link(aside, path) < 0 && errno != EEXIST)
		return rename(aside, path);
	unlink(aside);
	return 0;
}

/* Has bind(2) failed because something is there? Some systems say EEXIST. */
static bool is_in_use(int error)
{
	return error == EADDRINUSE || error == EEXIST;
}

/* Keeps others of us from clearing sockets away in PATH's directory until the descriptor that it
 * returns is closed: what one has seen to be stale another may have replaced by now. Who may not
 * read the directory, or finds it locked by somebody for long, goes on without that: -1, or a
 * descriptor all the same. */
static int unix_lock(const char *path)
{
	size_t n = (size_t)(last_part(path) - path);
	char directory[PATH_MAX];
	int64_t end = clock_now() + LOCK_LIMIT;
	int fd;

	snprintf(directory, sizeof directory, "%.*s", n ? (int)n : 1, n ? path : ".");
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
	       clock_now() < end)
		wait_for(NULL, 0, LOCK_PAUSE, NULL);
	return fd;
}

/* Binds FD to PATH, where something is: in place of a stale socket. Returns as unix_bind(). */
static int unix_replace(int fd, const char *path, const char **why)
{
	static const char *const whys[] = {
		[USE_NONE] = NULL,
		[USE_STALE] = NULL,
		[USE_LIVE] = "somebody has this socket",
		[USE_OTHER] = "there is something else, which is left as it is",
	};
	for (int tries = 0; tries < 2; tries++) {
		enum use use = unix_look(path);
		*why = whys[use];
		if (use == USE_STALE && unix_clear(path) < 0) {
			*why = "the old socket cannot be taken away";
			return -1;
		}
		if (use == USE_LIVE || use == USE_OTHER)
			break;
		if (bind_path(fd, path) == 0)
			return 0;
		if (!is_in_use(errno))
			return -1;
	}
	errno = EADDRINUSE;
	return -1;
}

/* Binds FD to PATH. Returns as unix_bind(). */
static int unix_take_place(int fd, const char *path, const char **why)
{
	int lock, result;

	if (bind_path(fd, path) == 0)
		return 0;
	if (!is_in_use(errno))
		return -1;
	lock = unix_lock(path);
	result = unix_replace(fd, path, why);
	close_keeping_errno(lock);
	return result;
}

/* Makes *PLACE what we have bound at PATH, and gives it the owner of RIGHTS. Returns 0, or -1 with
 * errno. */
static int unix_take_hold(const char *path, const struct unix_rights *rights,
			  struct unix_place *place, const char **why)
{
	struct stat s;

	if (lstat(path, &s) < 0)
		return -1;
	*place = (struct unix_place){ path, s.st_dev, s.st_ino };
	if (rights->uid == UNSET && rights->gid == UNSET)
		return 0;
	*why = "--owner";
	if (!S_ISSOCK(s.st_mode)) {
		errno = EADDRINUSE;
		return -1;
	}
	return lchown(path, rights->uid == UNSET ? (uid_t)-1 : (uid_t)rights->uid,
		      rights->gid == UNSET ? (gid_t)-1 : (gid_t)rights->gid);
}

int unix_bind(int fd, const struct address *a, const struct unix_rights *rights,
	      struct unix_place *place, const char **why)
{
	const char *path = unix_path(a);
	mode_t before = 0;
	int result;

	*place = (struct unix_place){ 0 };
	*why = NULL;
	if (!path)
		return bind(fd, &a->u.sa, a->length);
	if (rights->mode != UNSET)
		before = umask(0777 & ~(mode_t)rights->mode);
	result = unix_take_place(fd, path, why);
	if (rights->mode != UNSET)
		umask(before);
	if (result < 0)
		return -1;
	*why = NULL;
	if (unix_take_hold(path, rights, place, why) == 0)
		return 0;
	unix_remove(place);
	return -1;
}

void unix_remove(struct unix_place *place)
{
	int error = errno;
	struct stat s;

	if (place->path && lstat(place->path, &s) == 0 && S_ISSOCK(s.st_mode) &&
	    s.st_dev == place->device && s.st_ino == place->inode)
		unlink(place->path);
	place->path = NULL;
	errno = error;
}

/* ---- names of our own ---- */

int unix_make_name(char name[UNIX_NAME], int hops)
{
	return snprintf(name, UNIX_NAME, OWN_NAME "%d.%ld.%llx", hops, (long)getpid(),
			(unsigned long long)clock_now() & 0xffffffff);
}

int unix_hops(const struct address *a)
{
	const size_t at = offsetof(struct sockaddr_un, sun_path);
	char text[sizeof a->u.un.sun_path + 1] = "";
	bool abstract = !a->u.un.sun_path[0];
	const char *name;
	uint64_t hops;

	if (a->u.sa.sa_family != AF_UNIX || a->length <= at || a->length > sizeof a->u.un)
		return 0;
	/* Behind a path there need not be a NUL. */
	memcpy(text, a->u.un.sun_path + abstract, a->length - at - abstract);
	name = last_part(text);
	if (strncmp(name, OWN_NAME, strlen(OWN_NAME)) != 0)
		return 0;
	name += strlen(OWN_NAME);
	return digits_parse(name, strcspn(name, "."), UNIX_HOPS_MOST, &hops) ? (int)hops : 0;
}
