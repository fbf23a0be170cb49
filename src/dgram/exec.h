/* exec.h - a command for each datagram
 *
 * It gets the payload as its stdin, to its end; what it writes to its stdout is the answer: all of
 * it one datagram, or as
 * --frame cuts it. Several run side by side, up to a bound.
 */
#ifndef DGRAM_EXEC_H
#define DGRAM_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"
#include "base/outcome.h"
#include "flow/spawn.h"
#include "loop/loop.h"
#include "sock/datagram.h"
#include "proto/frame.h"

struct datagram_exec_config {
	struct loop *loop;
	const struct messages *messages;
	const struct spawn_command *command;
	const struct frame *frame; /* of the answers */
	size_t most;		   /* bytes of one */
	size_t jobs;		   /* so many run at a time */
	bool numeric;		   /* no name of a sender is looked up */
	/* Sends an answer by S. Returns false where that has to wait for datagram_exec_resume(). */
	bool (*send)(void *arg, const struct dgram_socket *s, const struct dgram *d);
	/* One is over: it ended with OUTCOME, and there is room for another. */
	void (*ended)(void *arg, struct outcome outcome);
	void *arg;
};

struct datagram_job;

struct datagram_exec {
	struct datagram_exec_config c;
	struct datagram_job *jobs;
	size_t n;
};

/* After signals_start(), see spawn_prepare(). */
void datagram_exec_start(struct datagram_exec *e, const struct datagram_exec_config *c);

/* Runs the command for D, which came by S and is copied; datagram_exec_full() was false. Says
 * itself what goes wrong. `ended` may be called from in here. */
void datagram_exec_run(struct datagram_exec *e, struct dgram_socket *s,
		       const struct dgram_received *d);

bool datagram_exec_full(const struct datagram_exec *e);

/* Answers that had to wait may be sent now. */
void datagram_exec_resume(struct datagram_exec *e);

/* Forgets all that run: they run on. Without effect where *E (all zero) was never started. */
void datagram_exec_free(struct datagram_exec *e);

#endif
