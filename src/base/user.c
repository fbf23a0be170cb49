/* user.c - looks users and groups up, and becomes another user */
#define _DEFAULT_SOURCE /* initgroups */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"

static const struct passwd *user_find(const char *name)
{
	/* No thread of ours asks for users. */
	/* cppcheck-suppress getpwnamCalled */
	const struct passwd *user = getpwnam(name);
	int64_t number;

	if (!user && number_parse(name, 0, UINT32_MAX - 1, &number) == 0)
		/* cppcheck-suppress getpwuidCalled */
		user = getpwuid((uid_t)number);
	return user;
}

int user_check(const char *name, struct option_error *error)
{
	return user_find(name) ? 0 : option_fail(error, "--user: there is no user '%s'", name);
}

int user_parse(const char *option, const char *name, int64_t *uid, struct option_error *error)
{
	/* cppcheck-suppress getpwnamCalled */
	const struct passwd *user = getpwnam(name);

	if (user)
		*uid = user->pw_uid;
	else if (number_parse(name, 0, UINT32_MAX - 1, uid) < 0)
		return option_fail(error, "%s: there is no user '%s'", option, name);
	return 0;
}

static int user_parse_group(const char *name, int64_t *gid, struct option_error *error)
{
	/* cppcheck-suppress getgrnamCalled */
	const struct group *group = getgrnam(name);

	if (group)
		*gid = group->gr_gid;
	else if (number_parse(name, 0, UINT32_MAX - 1, gid) < 0)
		return option_fail(error, "--owner: there is no group '%s'", name);
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

	if (!user) {
		errno = ENOENT;
		return -1;
	}
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return -1;
	/* A process that could become root again has not given root up. */
	if (user->pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}
