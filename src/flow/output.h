/* output.h - a report on its way to stdout or stderr, written as it is taken, without ever blocking
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
	int error; /* of writing, or EPIPE: nobody reads it any more. Nothing else will be written */
	/* The rest is its own. */
	struct loop *loop;
	struct endpoint to;
	size_t written; /* of the text */
	struct watch watch;
	void (*changed)(void *arg);
	void *arg;
};

/* *O to the inherited descriptor FD, which NAME (the caller's) stands for. CHANGED is called once all that
 * waited is written, and once there is an error: from the loop or from output_flush(). */
void output_start(struct output *o, struct loop *loop, int fd, const char *name,
		  void (*changed)(void *arg), void *arg);

/* Writes what is taken now; the rest follows from the loop. */
void output_flush(struct output *o);

/* Is so much waiting that no more should come? */
bool output_full(const struct output *o);

/* Is anything waiting that can still be written? */
bool output_waits(const struct output *o);

/* Writes what waits in a run that has ended already, as long as something is taken within PATIENCE ns. */
void output_drain(struct output *o, int64_t patience);

/* Lets go of it; what waits is lost. */
void output_close(struct output *o);

#endif
