/* rights.h - descriptors that are handed over a UNIX socket (SCM_RIGHTS)
 *
 * unix(7), cmsg(3).
 */
#ifndef SOCK_RIGHTS_H
#define SOCK_RIGHTS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Room for as many descriptors as one message can bring on any system. */
#define RIGHTS_MOST 253
#define RIGHTS_ROOM CMSG_SPACE(RIGHTS_MOST * sizeof(int))

/* Can descriptors be passed over FD? Returns 0, or -1 with errno: ENOTSOCK, EBADF; EAFNOSUPPORT if
 * it is a socket of another family. */
int rights_check(int fd);

/* Descriptors on their way from one socket to another, or to the next write. */
struct rights {
	int *fds;    /* whoever begins it may lend some */
	size_t n;    /* of them, */
	size_t lent; /* of which the first so many are somebody else's to close */
	bool own;    /* `fds` is memory of its own, with room for RIGHTS_MOST */
	/* Some were closed, since they cannot go where the bytes go. NULL: nobody asks. */
	void (*dropped)(void *arg);
	void *arg;
};

/* R becomes empty; what is not lent is closed. */
void rights_close(struct rights *r);

/* The same, and tells that they were dropped; does nothing if R is empty. */
void rights_drop(struct rights *r);

/* Sends the N bytes at DATA (at least one, unless it is a packet) together with what R has, which
 * is closed once it is sent. Never blocks. Returns as send(2). */
ssize_t rights_send(int fd, const void *data, size_t n, struct rights *r);

/* Returns how many bytes can be read of the stream FD now without meeting a descriptor; 0 also
 * where there may be one, and at the end: rights_receive() will tell. Linux only. */
size_t rights_without(int fd);

/* Receives at most N bytes of the stream FD into DATA, and into R the descriptors that come with
 * the first of them: it ends before the next. Returns as recv(2); EMFILE also where there is no
 * room for a descriptor. */
ssize_t rights_receive(int fd, void *data, size_t n, struct rights *r);

/* Adds to R the descriptors that came with M, which recvmsg(2) has filled, and marks them
 * close-on-exec. Returns 0, or -1 with errno EMFILE or ENOMEM if some were lost for want of room.
 */
int rights_add(struct rights *r, struct msghdr *m);

/* Returns the first descriptor that came with M, which recvmsg(2) has filled, and marks it
 * close-on-exec; -1: none came (errno 0), or it was lost (as above). All others are closed. */
int rights_take(struct msghdr *m);

/* Looks at the next data on FD without taking it away. Returns 1 with *PASSED the caller's own copy
 * of the first descriptor that comes with it (-1: none, or the system does not show it); 0 at the
 * end; or -1 with errno of recvmsg(2): EAGAIN if nothing is there. */
int rights_look(int fd, int *passed);

#endif
