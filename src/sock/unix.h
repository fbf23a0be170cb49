/* unix.h - UNIX sockets and their places in the file system
 *
 * unix(7). A path longer than sockaddr_un has room for is reached by another, shorter way (a twin
 * for each system); getsockname(2) then tells that way, so whoever needs the path has to keep it.
 */
#ifndef SOCK_UNIX_H
#define SOCK_UNIX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sock/address.h"

/* The path of A, NULL: it has none (an abstract name, or no name). */
const char *unix_path(const struct address *a);

/* As connect(2) of FD to A, whose path may be longer than unix(7) has it. */
int unix_connect(int fd, const struct address *a);

/* Who may use a socket that we make; UNSET: as the umask, the user and the group have it. */
struct unix_rights {
	int64_t mode, uid, gid;
};

#define UNIX_RIGHTS_DEFAULT                                                                        \
	{                                                                                          \
		.mode = UNSET, .uid = UNSET, .gid = UNSET                                          \
	}

/* What we have made; all zero: nothing. */
struct unix_place {
	const char *path; /* NULL: nothing */
	dev_t device;
	ino_t inode;
};

/* As bind(2) of FD to A. A socket in the place that nobody has any more (connecting to it is
 * refused) is taken away first; of two that do so at once one wins. Anything else stays untouched.
 * Before the socket can be connected to (for SOCK_DGRAM: but for its owner) it has the RIGHTS.
 * *PLACE is what there is to be removed in the end. Returns 0, or -1 with errno; *WHY (NULL:
 * nothing) tells more about it, in words. */
int unix_bind(int fd, const struct address *a, const struct unix_rights *rights,
	      struct unix_place *place, const char **why);

/* Removes the file of PLACE if it is still ours, and leaves errno as it is. Call this before its
 * socket is closed: after that another file may get the same inode. */
void unix_remove(struct unix_place *place);

#define UNIX_OWN 108

/* Gives FD, which has none, a name that nobody else has, so that it can be answered: where the
 * system has abstract names one that goes with the socket, else that of a file in TMPDIR or /tmp,
 * which is *PLACE then, with its path in PATH, which has to stay as long. Returns as bind(2). */
int unix_bind_own(int fd, char path[UNIX_OWN], struct unix_place *place);

/* Of this system, for paths that are too long: connects FD to PATH; binds it to PATH, the last part
 * of which is short. Return as the calls do, ENAMETOOLONG where there is no way. */
int unix_connect_far(int fd, const char *path);
int unix_bind_far(int fd, const char *path);

#endif
