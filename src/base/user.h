/* user.h - becoming another user */
#ifndef BASE_USER_H
#define BASE_USER_H

#include "base/options.h"

/* Is there a user NAME? Returns 0, or -1 with *ERROR. */
int user_check(const char *name, struct option_error *error);

/* Makes the process one of user NAME (or of the user with that number): groups, group and user, for good.
 * Returns 0, or -1 with errno of setgroups(2), setgid(2) or setuid(2); ENOENT: there is no such user. */
int user_become(const char *name);

#endif
