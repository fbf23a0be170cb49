/* wait.h - the one place where sockit waits (a twin for each system) */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* As ppoll(2): waits for N descriptors, for at most TIMEOUT ns (below 0: without limit), with the
 * signal mask MASK meanwhile (NULL: the present one), in one thread only. Returns how many are
 * ready, 0 when the time is up, or -1 with errno (EINTR: a signal came). */
int wait_for(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask);

/* To be waited for beside POLLIN, and told beside it once a socket has an end of stream behind what
 * there is to read. POLLRDHUP where a system has it, else 0. */
extern const short wait_end;

/* To be called last by each handler of a signal that MASK lets in, while no other signal is: it may
 * not return. */
void wait_interrupt(void);

/* Waits at most TIMEOUT ns (below 0: without limit) for any of EVENTS, an error or a hang-up on FD,
 * signals notwithstanding. Returns whether one came; if not, errno is ETIMEDOUT, or tells why that
 * could not be found out. */
bool wait_ready(int fd, short events, int64_t timeout);

#endif
