/* output.h - received datagrams on stdout
 *
 * Each is written whole or as an object, in the order in which they came. Those that came together
 * are written together, and one that is alone at once. What stdout does not take yet waits in
 * memory, and as long as that is too much no more should be received.
 */
#ifndef DGRAM_OUTPUT_H
#define DGRAM_OUTPUT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/output.h"
#include "sock/datagram.h"
#include "run/run.h"

/* Start with the members up to `arg` set and all others zero. */
struct dgram_output {
	struct run *run;	   /* has the files of -o, -x and -X */
	const struct frame *frame; /* tells what is written before and after each payload */
	bool from, timestamp;	   /* write `TIME ADDRESS PORT: ` before it; for FRAME_LINE only */
	bool json;		   /* write an object for each in place of all that */
	bool silent;		   /* write nothing but objects; -o, -x and -X still get all */
	/* Called from the loop when there is room again, when stdout has taken all that waited, and
	 * when it is `broken`. */
	void (*changed)(void *arg);
	void *arg;
	/* Stdout's reader has gone while nothing waited to be written: the owner may finish what
	 * else it has to do. Any other error of writing ends the run. */
	bool broken;
	/* The rest is its own. */
	struct output out;
	struct timer pause; /* until the files of -o, -x and -X have caught up */
	bool stopped;	    /* dgram_output_full() has returned true */
	bool flushing;
	uint64_t offset;    /* of the copies */
	unsigned interface; /* whose name was looked up last, */
	int64_t looked_up;  /* then */
	char interface_name[IF_NAMESIZE];
};

void dgram_output_start(struct dgram_output *o);

/* Takes all N of V, nothing of which is needed any more when this returns; stdout gets them with
 * dgram_output_flush(). Returns how many could not be written because FRAME has no length for them.
 */
size_t dgram_output_add(struct dgram_output *o, const struct dgram_received *v, size_t n);

/* Writes what stdout takes now. */
void dgram_output_flush(struct dgram_output *o);

/* Does so much wait that no more should be received? */
bool dgram_output_full(struct dgram_output *o);

/* After the loop has ended: writes what waits as long as stdout goes on taking it, for LIMIT ns at
 * most. Returns 0, also if stdout had failed before, or -1 with errno; ETIMEDOUT: the time ran out.
 */
int dgram_output_finish(struct dgram_output *o, int64_t limit);

/* Does nothing if *O was never started. */
void dgram_output_free(struct dgram_output *o);

#endif
