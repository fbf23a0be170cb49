/* wait.h - the one place where sockit waits */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Calls ppoll(2) for N descriptors, for at most TIMEOUT ns (below 0: without limit), with the
 * signal mask MASK meanwhile (NULL: the present one). Returns how many are ready, 0 when the time
 * is up, or -1 with errno (EINTR: a signal came). */
int wait_for(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask);

/* Waits at most TIMEOUT ns (below 0: without limit) for any of EVENTS, an error or a hang-up on FD,
 * signals notwithstanding. Returns whether one came; if not, errno is ETIMEDOUT, or tells why that
 * could not be found out. */
bool wait_ready(int fd, short events, int64_t timeout);

#endif
