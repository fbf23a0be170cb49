#define _DEFAULT_SOURCE /* initgroups */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/number.h"

static const struct passwd *find(const char *name)
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
	return find(name) ? 0 : option_fail(error, "--user: there is no user '%s'", name);
}

int user_become(const char *name)
{
	const struct passwd *user = find(name);

	if (!user) {
		errno = ENOENT;
		return -1;
	}
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return -1;
	/* Whoever could come back has not left. */
	if (user->pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}
