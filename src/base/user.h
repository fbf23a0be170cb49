/* user.h - users and groups by name or number, and becoming another user */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdint.h>

#include "base/options.h"

/* Checks that there is a user NAME, or with that number. Returns 0, or -1 with *ERROR. */
int user_check(const char *name, struct option_error *error);

/* Puts the number of the user NAME into *UID. NAME may be a number too, which need not be
 * anybody's. Returns 0, or -1 with *ERROR, which names OPTION. */
int user_parse(const char *option, const char *name, int64_t *uid, struct option_error *error);

/* Reads WORD (`USER`, `USER:GROUP` or `:GROUP`, names or numbers) into *UID and *GID, of which one
 * that WORD does not name is UNSET. Returns 0, or -1 with *ERROR. */
int user_parse_owner(const char *word, int64_t *uid, int64_t *gid, struct option_error *error);

/* Makes the process run as the user NAME, or with that number, for good: supplementary groups,
 * group and user. Returns 0, or -1 with errno of getpwnam(3), setgroups(2), setgid(2) or setuid(2),
 * ENOENT if there is no such user, EPERM if root's rights could be had back. */
int user_become(const char *name);

#endif
