/* user.c - looks users and groups up, and becomes another user */
#define _DEFAULT_SOURCE /* initgroups */
#include "base/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/errname.h"
#include "base/number.h"

#define USERS "/etc/passwd"
#define GROUPS "/etc/group"

/* What initgroups(3) takes for a group: a gid_t, or an int (macOS). */
#define GROUP(gid) _Generic(&initgroups, int (*)(const char *, int) : (int)(gid), default : (gid))

/* Libc has found no user or group, with its errno. Returns why: ENOENT if there is none, or why
 * PATH, where they stand, could not be read, which libc forgets if it asks another source after
 * that. */
static int user_lack(const char *path)
{
	int error = errno, fd;
	char byte;

	if (errno_is_lack(error))
		return error;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	error = fd < 0 || read(fd, &byte, 1) < 0 ? errno : ENOENT;
	close_keeping_errno(fd);
	return error;
}

/* Says that KIND (`user`, `group`) NAME was not found because of ERRNUM. Returns -1. */
static int user_refuse(const char *option, const char *kind, const char *name, int errnum,
		       struct option_error *error)
{
	if (errnum == ENOENT)
		return option_fail(error, "%s: there is no %s '%s'", option, kind, name);
	return option_fail_errno(error, errnum, "%s: %s '%s'", option, kind, name);
}

/* Returns NULL with errno of user_lack(). */
static const struct passwd *user_find(const char *name)
{
	const struct passwd *user;
	int64_t number;

	errno = 0;
	/* No thread of ours asks for users. */
	/* cppcheck-suppress getpwnamCalled */
	user = getpwnam(name);
	if (!user && number_parse(name, 0, UINT32_MAX - 1, &number) == 0)
		/* cppcheck-suppress getpwuidCalled */
		user = getpwuid((uid_t)number);
	if (!user)
		errno = user_lack(USERS);
	return user;
}

int user_check(const char *name, struct option_error *error)
{
	return user_find(name) ? 0 : user_refuse("--user", "user", name, errno, error);
}

/* Libc knows no KIND (`user`, `group`) NAME, which PATH would have. As a number it may still be an
 * id, to *ID. Returns 0, or -1 with *ERROR. */
static int user_parse_number(const char *option, const char *kind, const char *path,
			     const char *name, int64_t *id, struct option_error *error)
{
	int why = user_lack(path);

	if (why != ENOENT || number_parse(name, 0, UINT32_MAX - 1, id) < 0)
		return user_refuse(option, kind, name, why, error);
	return 0;
}

int user_parse(const char *option, const char *name, int64_t *uid, struct option_error *error)
{
	const struct passwd *user;

	errno = 0;
	/* cppcheck-suppress getpwnamCalled */
	user = getpwnam(name);
	if (!user)
		return user_parse_number(option, "user", USERS, name, uid, error);
	*uid = user->pw_uid;
	return 0;
}

static int user_parse_group(const char *name, int64_t *gid, struct option_error *error)
{
	const struct group *group;

	errno = 0;
	/* cppcheck-suppress getgrnamCalled */
	group = getgrnam(name);
	if (!group)
		return user_parse_number("--owner", "group", GROUPS, name, gid, error);
	*gid = group->gr_gid;
	return 0;
}

int user_parse_owner(const char *word, int64_t *uid, int64_t *gid, struct option_error *error)
{
	const char *colon = strchr(word, ':');
	size_t n = colon ? (size_t)(colon - word) : strlen(word);
	char user[256];

	*uid = *gid = UNSET;
	if (n >= sizeof user || (n == 0 && (!colon || !colon[1])))
		return option_fail(error, "--owner: '%s' is not USER[:GROUP]", word);
	snprintf(user, sizeof user, "%.*s", (int)n, word);
	if (n > 0 && user_parse("--owner", user, uid, error) < 0)
		return -1;
	if (!colon)
		return 0;
	return colon[1] ? user_parse_group(colon + 1, gid, error) :
			  option_fail(error, "--owner: '%s' is not USER[:GROUP]", word);
}

int user_become(const char *name)
{
	const struct passwd *user = user_find(name);

	if (!user)
		return -1;
	if (initgroups(user->pw_name, GROUP(user->pw_gid)) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return -1;
	/* A process that could become root again has not given root up. */
	if (user->pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}
