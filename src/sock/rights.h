/* rights.h - descriptors that are handed over a UNIX socket (SCM_RIGHTS)
 *
 * unix(7), cmsg(3).
 */
#ifndef SOCK_RIGHTS_H
#define SOCK_RIGHTS_H

#include <sys/socket.h>
#include <sys/types.h>

/* Room for all descriptors that one message can bring on any system. */
#define RIGHTS_MOST 253
#define RIGHTS_ROOM CMSG_SPACE(RIGHTS_MOST * sizeof(int))

/* Can descriptors be passed over FD? Returns 0, or -1 with errno: ENOTSOCK, EBADF; EAFNOSUPPORT
 * where it is a socket, but no UNIX one. */
int rights_check(int fd);

/* As send(2) of the N bytes at DATA (from 1, but for packets), with PASSED along. Never blocks. */
ssize_t rights_send(int fd, const void *data, size_t n, int passed);

/* The first descriptor that came with M, which recvmsg(2) has filled, marked to be closed at exec;
 * all others are closed. Returns it, or -1: there is none. */
int rights_take(struct msghdr *m);

/* Looks at what is next on FD without taking it away. Returns 1 with *PASSED the caller's own copy
 * of the first descriptor that comes with it (-1: none does; nor where the system has no such
 * look), 0 at the end, or -1 with errno of recvmsg(2): EAGAIN, nothing is there. */
int rights_look(int fd, int *passed);

/* Closes what was taken. */
void rights_drop(int fd);

#endif
