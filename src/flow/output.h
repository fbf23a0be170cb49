/* output.h - what goes to stdout, stderr or a file without a flow: written as it is taken, without
 * ever blocking
 */
#ifndef FLOW_OUTPUT_H
#define FLOW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "flow/endpoint.h"
#include "loop/loop.h"

struct output {
	struct text text; /* what is to be written: add to it, then call output_flush() */
	size_t most;	  /* see output_full(); 256 KiB, until it is set */
	int error; /* of writing, or EPIPE: nobody reads it any more. Nothing else will be written
		    */
	bool idle; /* that has shown while there was nothing to write */
	/* The rest is its own. */
	struct loop *loop;
	struct endpoint to;
	size_t written; /* of the text */
	struct watch watch;
	bool watches;
	void (*changed)(void *arg);
	void *arg;
};

/* *O to the descriptor FD, which we inherited, or opened without waiting; NAME (the caller's)
 * stands for it. CHANGED is called when some of what waited is written, and once there is an error:
 * from the loop or from output_flush(). */
void output_start(struct output *o, struct loop *loop, int fd, const char *name,
		  void (*changed)(void *arg), void *arg);

/* From now on it is an error too if whoever reads O goes away while there is nothing to write. */
void output_watch(struct output *o);

/* Writes what is taken now; the rest follows from the loop. */
void output_flush(struct output *o);

/* Writing has failed elsewhere, with ERROR. */
void output_fail(struct output *o, int error);

/* How many bytes wait that can still be written, and are they so many that no more should come? */
size_t output_waits(const struct output *o);
bool output_full(const struct output *o);

/* From now on O waits in LOOP. */
void output_move(struct output *o, struct loop *loop);

/* Writes what waits in a run that has ended already, as long as something is taken within PATIENCE
 * ns, and for LIMIT ns at most (UNSET: any time). Returns 0, or -1 with errno; ETIMEDOUT where time
 * ran out. */
int output_drain(struct output *o, int64_t patience, int64_t limit);

/* Lets go of it; what waits is lost. Without effect where *O (all zero) was never started. */
void output_close(struct output *o);

#endif
