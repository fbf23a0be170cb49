/* rights.h - descriptors that are handed over a UNIX socket (SCM_RIGHTS)
 *
 * unix(7), cmsg(3).
 */
#ifndef SOCK_RIGHTS_H
#define SOCK_RIGHTS_H

#include <sys/socket.h>

/* Room for as many descriptors as one message can bring on any system. */
#define RIGHTS_MOST 253
#define RIGHTS_ROOM CMSG_SPACE(RIGHTS_MOST * sizeof(int))

/* Can descriptors be passed over FD? Returns 0, or -1 with errno: ENOTSOCK, EBADF; EAFNOSUPPORT if
 * it is a socket of another family. */
int rights_check(int fd);

/* Sends the N bytes at DATA (at least one, unless it is a packet) together with the descriptor
 * PASSED. Never blocks. Returns as send(2). */
ssize_t rights_send(int fd, const void *data, size_t n, int passed);

/* Returns the first descriptor that came with M, which recvmsg(2) has filled, and marks it
 * close-on-exec; -1: none came. All others are closed. */
int rights_take(struct msghdr *m);

/* Looks at the next data on FD without taking it away. Returns 1 with *PASSED the caller's own copy
 * of the first descriptor that comes with it (-1: none, or the system does not show it); 0 at the
 * end; or -1 with errno of recvmsg(2): EAGAIN if nothing is there. */
int rights_look(int fd, int *passed);

#endif
