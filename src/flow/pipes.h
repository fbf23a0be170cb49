/* pipes.h - pipes in which data crosses without a copy (twins: elsewhere there are none) */
#ifndef FLOW_PIPES_H
#define FLOW_PIPES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PIPE_SIZE (1 << 20) /* what a pipe is grown to: larger ones bring nothing more */

/* Opens PIPE, empty and non-blocking, for what moves to or from the descriptor FD. Returns false
 * where there is none to be had just now: then copying will do. */
bool pipes_take(int fd, int pipe[2]);

/* PIPE, of pipes_take(), is kept for others if it is EMPTY, else closed with what it holds. */
void pipes_drop(const int pipe[2], bool empty);

/* Closes those that are kept. */
void pipes_free(void);

/* From here on N descriptors stay free (at first 0): no pipe is opened beyond that. */
void pipes_reserve(size_t n);

/* What many are to get, in a pipe's pages: each of them gets it without a copy. All zero: nothing.
 */
struct pages {
	int pipe[2];
	size_t n; /* bytes in it; 0: it is not open */
};

/* Takes at most N bytes from SOURCE, a descriptor that is ready, into P, which is empty. Returns
 * how many; 0: nothing came, or nothing can this way, and reading will tell; or -1 with errno. */
ssize_t pages_take(struct pages *p, int source, size_t n);

/* Writes all of P, which still has it then, to the socket FD. Returns as send(2), without blocking;
 * with errno ENOTSUP where it has to be copied. */
ssize_t pages_send(const struct pages *p, int fd);

/* Moves all of P to DATA (NULL: it is lost). Returns 0, or -1 with errno, and it is lost too. */
int pages_empty(struct pages *p, char *data);

#endif
