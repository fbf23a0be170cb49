/* output.h - text for stdout, stderr or a file, written as it is taken, without ever blocking */
#ifndef FLOW_OUTPUT_H
#define FLOW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "flow/endpoint.h"
#include "loop/loop.h"

struct output {
	struct text text; /* to be written: add to it, then call output_flush() */
	size_t most;	  /* see output_full(); 256 KiB until it is set */
	int error; /* of writing, or EPIPE if nobody reads any more; nothing else is written */
	bool idle; /* the error showed while there was nothing to write */
	/* Its own: */
	struct loop *loop;
	struct endpoint to;
	size_t written; /* of the text */
	struct watch watch;
	bool watches;
	void (*changed)(void *arg);
	void *arg;
};

/* *O writes to the descriptor FD, which was inherited, or opened with O_NONBLOCK; messages call it
 * NAME, the caller's. CHANGED is called from the loop or from output_flush() when some text that
 * waited is written, and once if there is an error. */
void output_start(struct output *o, struct loop *loop, int fd, const char *name,
		  void (*changed)(void *arg), void *arg);

/* From now on it is also an error if the reader goes away while there is nothing to write. */
void output_watch(struct output *o);

/* Writes what the descriptor takes now; the loop writes the rest. */
void output_flush(struct output *o);

/* The same with the N bytes at DATA behind the text, of which only what has to wait is copied. */
void output_put(struct output *o, const void *data, size_t n);

/* Ends O with ERROR, of a write that was made elsewhere. */
void output_fail(struct output *o, int error);

/* How many bytes wait to be written? Are they so many that no more should be added? */
size_t output_waits(const struct output *o);
bool output_full(const struct output *o);

/* Lets LOOP write the rest from now on. */
void output_move(struct output *o, struct loop *loop);

/* Writes what waits after the loop has ended: as long as some of it is taken within PATIENCE ns
 * each time, and for LIMIT ns at most (UNSET: for any time). Returns 0, or -1 with errno; ETIMEDOUT
 * if the time ran out. */
int output_drain(struct output *o, int64_t patience, int64_t limit);

/* Frees O; what waits is lost. Without effect if *O (all zero) was never started. */
void output_close(struct output *o);

#endif
