/* exec.h - a command for each datagram
 *
 * The payload is the command's stdin, and what it writes to its stdout is the answer: one datagram,
 * or several as --frame cuts it. Several commands run side by side, up to a bound.
 */
#ifndef DGRAM_EXEC_H
#define DGRAM_EXEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outcome.h"
#include "sock/datagram.h"
#include "dgram/receiver.h"

struct dgram_job;

/* Start with all members set but the last two, which are zero, after spawn_prepare(). */
struct dgram_exec {
	struct loop *loop;
	const struct receiver_config *c;
	size_t most; /* bytes of an answer */
	/* Sends an answer by S. Returns false if that has to wait for dgram_exec_resume(). */
	bool (*send)(void *arg, const struct dgram_socket *s, const struct dgram *d);
	/* A command is over with OUTCOME, and there is room for another. */
	void (*ended)(void *arg, struct outcome outcome);
	void *arg;
	struct dgram_job *jobs;
	size_t n;
};

/* Runs the command for D, which came by S and is copied. dgram_exec_full() was false. Says itself
 * what goes wrong. May call `ended`. */
void dgram_exec_run(struct dgram_exec *e, struct dgram_socket *s, const struct dgram_received *d);

/* Do so many commands run that another has to wait? */
bool dgram_exec_full(const struct dgram_exec *e);

/* Sends the answers that had to wait. */
void dgram_exec_resume(struct dgram_exec *e);

/* Forgets all commands: they run on. */
void dgram_exec_free(struct dgram_exec *e);

#endif
