/* user.h - becoming another user */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdint.h>

#include "base/options.h"

/* Is there a user NAME? Returns 0, or -1 with *ERROR. */
int user_check(const char *name, struct option_error *error);

/* The number of the user NAME (or of that number, whether anybody has it or not) into *UID. Returns
 * as above, the error saying OPTION. */
int user_parse(const char *option, const char *name, int64_t *uid, struct option_error *error);

/* USER, USER:GROUP or :GROUP, names or numbers, into *UID and *GID; what is not said stays. Returns
 * as above. */
int user_parse_owner(const char *word, int64_t *uid, int64_t *gid, struct option_error *error);

/* Makes the process one of user NAME (or of the user with that number): groups, group and user, for
 * good. Returns 0, or -1 with errno of setgroups(2), setgid(2) or setuid(2); ENOENT: there is no
 * such user. */
int user_become(const char *name);

#endif
