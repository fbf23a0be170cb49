/* output.h - received datagrams on stdout
 *
 * Each goes there whole or as an object, in the order in which they came; what came together is
 * written together, and one that is alone at once. What stdout does not take yet waits in memory,
 * and while that is too much no more should be received.
 */
#ifndef DGRAM_OUTPUT_H
#define DGRAM_OUTPUT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/output.h"
#include "sock/datagram.h"
#include "proto/frame.h"
#include "run/run.h"

struct datagram_output_config {
	const struct frame *frame; /* what stands before and after each payload */
	bool from, timestamp;	   /* `TIME ADDRESS PORT: ` before it; for FRAME_LINE only */
	bool json;		   /* an object for each in place of all that */
	bool silent;		   /* nothing on stdout, but for objects: -o and -x still get all */
	/* There is room again: receiving may go on. May be NULL. */
	void (*room)(void *arg);
	/* Stdout has taken all that waited. May be NULL. */
	void (*emptied)(void *arg);
	/* Stdout cannot be written, for ERROR; IDLE: nothing waits for it, so that whoever has
	 * something else to do may do that first. Once. */
	void (*failed)(void *arg, int error, bool idle);
	void *arg;
};

struct datagram_output {
	struct run *run;
	struct datagram_output_config c;
	struct output out;
	struct timer pause; /* until the files of -o and -x have caught up */
	bool stopped;	    /* datagram_output_full() has said so */
	uint64_t offset;    /* of the copies */
	unsigned interface; /* whose name was looked up last, */
	int64_t looked_up;  /* then */
	char interface_name[IF_NAMESIZE];
};

/* *O writes to stdout, and to the files of -o and -x of R, which has been started. */
void datagram_output_start(struct datagram_output *o, struct run *r,
			   const struct datagram_output_config *c);

/* Takes all N of V, nothing of which is needed any more when this returns, and writes what stdout
 * takes. May call `failed`. Returns how many of them could not be written because FRAME has no
 * length for them. */
size_t datagram_output_add(struct datagram_output *o, const struct dgram_received *v, size_t n);

/* The same in two steps: taken, and written with what follows. */
size_t datagram_output_gather(struct datagram_output *o, const struct dgram_received *v, size_t n);
void datagram_output_flush(struct datagram_output *o);

/* Is so much waiting that no more should be received? Then `room` is called, from the loop, once
 * there is room. */
bool datagram_output_full(struct datagram_output *o);

/* Has stdout still to take something? */
bool datagram_output_waits(const struct datagram_output *o);

/* The loop has ended: writes what waits, for as long as stdout goes on taking it, and LIMIT ns at
 * most. Returns 0, or -1 with errno; ETIMEDOUT where the time ran out. */
int datagram_output_finish(struct datagram_output *o, int64_t limit);

/* Lets go of everything. Without effect where *O (all zero) was never started. */
void datagram_output_free(struct datagram_output *o);

#endif
