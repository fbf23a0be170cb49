/* unix.h - UNIX sockets and their places in the file system
 *
 * unix(7). A path that is too long for sockaddr_un is reached by another, shorter path (a twin for
 * each system). getsockname(2) then tells that path, so keep the long one if you need it.
 */
#ifndef SOCK_UNIX_H
#define SOCK_UNIX_H

#include <stdint.h>
#include <sys/stat.h>

#include "sock/address.h"

/* Returns the path of A; NULL: it has an abstract name, no name, or is no UNIX socket. */
const char *unix_path(const struct address *a);

/* As connect(2) of FD to A, which may be of any family; a path may be longer than unix(7) permits.
 */
int unix_connect(int fd, const struct address *a);

/* The permissions and owners of a socket that we make; UNSET: by the umask, ours. */
struct unix_rights {
	int64_t mode, uid, gid;
};

#define UNIX_RIGHTS_DEFAULT                                                                        \
	{                                                                                          \
		.mode = UNSET, .uid = UNSET, .gid = UNSET                                          \
	}

/* A socket's file that we have made; all zero: none. */
struct unix_place {
	const char *path; /* in the address that was bound; NULL: no file */
	dev_t device;
	ino_t inode;
};

/* As bind(2) of FD to A. A stale socket in its place (nobody has it, so connecting is refused) is
 * removed first; if two processes do that at once, one wins. Anything else there stays untouched.
 * The socket has the RIGHTS before anybody can connect to it (a socket of SOCK_DGRAM gets its owner
 * just after). *PLACE is for unix_remove(), and points into A. Returns 0, or -1 with errno; *WHY
 * (NULL: nothing) tells more about the failure, in words. */
int unix_bind(int fd, const struct address *a, const struct unix_rights *rights,
	      struct unix_place *place, const char **why);

/* Removes the file of PLACE if it is still ours, and leaves errno as it is. Call this before its
 * socket is closed: after that another file may get the same inode. */
void unix_remove(struct unix_place *place);

#define UNIX_OWN 108

/* Gives FD, which has no name, one that nobody else has, so that others can answer it: an abstract
 * name if the system has those, else a file in TMPDIR or /tmp. Then *PLACE is the file, and PATH
 * has its path and must live as long. The name tells HOPS, from 1 to UNIX_HOPS_MOST, to
 * unix_hops(); 0: it tells of none. Returns as bind(2). */
int unix_bind_own(int fd, int hops, char path[UNIX_OWN], struct unix_place *place);

#define UNIX_HOPS_MOST 255

/* Returns the HOPS that unix_bind_own() of any system has put into the name A; 0: none. */
int unix_hops(const struct address *a);

/* For unix_bind_own(): how many names it tries before it gives up, the room for one, and the
 * function that writes one to NAME and returns its length. */
#define UNIX_OWN_TRIES 16
#define UNIX_NAME 39
int unix_make_name(char name[UNIX_NAME], int hops);

/* Of this system, a twin for each: connect or bind FD to PATH, which is too long for unix(7); the
 * last part of a PATH to bind is short. Return as the calls do, ENAMETOOLONG if there is no way. */
int unix_connect_far(int fd, const char *path);
int unix_bind_far(int fd, const char *path);

#endif
