/* descriptors.h - opening and closing descriptors (opening has a twin for each system)
 *
 * A command that is started inherits none of them.
 */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

#include <stddef.h>
#include <sys/socket.h>

/* As socket(2). The socket does not block. */
int open_socket(int family, int type, int protocol);

/* As accept(2), which puts the peer's address, *SIZE bytes of it, into PEER. The socket does not
 * block. */
int open_accepted(int fd, struct sockaddr *peer, socklen_t *size);

/* As pipe(2). Both ends block. */
int open_pipe(int fds[2]);

/* As socketpair(2) of UNIX stream sockets. The first does not block. */
int open_pair(int fds[2]);

/* Could N more descriptors be opened now? So it is if the N highest numbers below the limit are
 * free; where they are not it is tried with copies of FD. Beyond 256 nobody looks. Returns 0, or -1
 * with errno, EMFILE mostly. */
int descriptors_try(int fd, size_t n);

/* Permits us N open descriptors if we may, or as many as we may. */
void descriptors_raise(size_t n);

/* Opens /dev/null or, where that is not to be had, an end of a pipe whose other end is closed.
 * FLAGS are O_RDONLY, so that reading gives the end at once and writing fails with EBADF, or
 * O_WRONLY, and O_CLOEXEC. Returns the lowest descriptor that was free, or -1 with errno of
 * open(2). */
int descriptors_null(int flags);

/* Closes FD, unless it is negative, and leaves errno as it is. */
void close_keeping_errno(int fd);

#endif
