/* fanout.h - what one sends, to many
 *
 * What comes from a source (a descriptor), or from a sender (one of the receivers, say), stands once
 * in memory, in blocks that all receivers share. Each has a queue of what it has still to take,
 * which is bounded: while one is full nothing more is taken in, and a receiver that takes nothing at
 * all for too long is reported, so that it can be dropped.
 */
#ifndef FLOW_FANOUT_H
#define FLOW_FANOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "flow/chat.h"
#include "flow/cutter.h"
#include "flow/endpoint.h"
#include "flow/filter.h"
#include "loop/loop.h"

struct receiver;
struct fanout;

struct fanout_config {
	size_t limit; /* bytes that may wait for a receiver, 0: what is usual */
	int64_t stall; /* ns, or UNSET: how long a receiver that is in the way of others may take nothing */
	struct filter *
		filter; /* its copies see what is read, once, changed as it says; NULL: nobody does */
	/* When R's owner passed something of it on last; NULL: when it was taken from here. */
	int64_t (*last_taken)(void *arg, struct receiver *r);
	/* R is in the way for so long. It may be dropped. */
	void (*stalled)(void *arg, struct receiver *r);
	/* The source has ended: ERROR is 0, or the errno of reading it. */
	void (*ended)(void *arg, int error);
	/* There is room again for what senders send. NULL: there are none. */
	void (*room)(void *arg);
	void *arg;
	bool endless; /* the source's end is not that of the receivers */
	bool packets; /* each piece is a packet, kept whole; what is read from the source is cut into them */
	const struct frame_options *frame; /* how; NULL: each read, */
	size_t packet_most;		   /* of at most so many bytes */
	bool chat; /* each line goes out by itself, with the number of its sender before it */
};

/* One who sends. */
struct sender {
	struct fanout *fanout;
	struct receiver *self; /* does not get it; NULL: all do */
	struct chat chat;
};

struct fanout {
	struct loop *loop;
	struct fanout_config c;
	struct endpoint *source; /* the caller's */
	struct watch watch;
	struct timer pause; /* until the filter's copies have caught up */
	struct block *tail; /* is still being filled, if any */
	struct receiver *receivers, *cursor;
	size_t n; /* of them, but for those that are finished */
	bool ended;
	bool full;	      /* one of them is */
	struct sender sender; /* the source as one */
	struct cutter cutter;
	struct timer news; /* something has come for them */
};

struct block;

/* A part of a block in a receiver's queue. */
struct queued {
	struct block *block;
	size_t offset, end; /* what is before the offset has been taken already */
};

struct receiver {
	struct fanout *fanout; /* NULL: not joined */
	struct receiver *next, *previous;
	struct queued *queue; /* a ring */
	size_t first, n, size;
	size_t bytes;	    /* in all of the queue */
	int64_t last_taken; /* time when something was taken, or joined */
	struct timer stall;
	bool finished;		  /* gets no more */
	void (*ready)(void *arg); /* something has come, or the end; NULL: nobody wants to know */
	void *arg;
};

/* *F reads SOURCE, if it is not NULL, while somebody receives. */
void fanout_start(struct fanout *f, struct loop *loop, const struct fanout_config *c,
		  struct endpoint *source);

/* Nobody will send any more: with what they still have, that is the end for all receivers. */
void fanout_finish(struct fanout *f);

/* Lets go of the source. All receivers have left. Without effect where F (all zero) was never
 * started. */
void fanout_stop(struct fanout *f);

/* R receives what is read from now on. */
void fanout_join(struct fanout *f, struct receiver *r);

/* READY is called from the loop when something has come; it may drop any receiver. */
void receiver_on_ready(struct receiver *r, void (*ready)(void *arg), void *arg);

/* R gets no more, and is in nobody's way. What it has can still be read: returns how many bytes. */
size_t receiver_finish(struct receiver *r);

/* R receives no more. Without effect where it never joined. */
void fanout_leave(struct receiver *r);

/* Gives DATA of N bytes, sent by S, to the receivers, as write(2): -1 with EAGAIN while there is no room. Where there are
 * packets this is one. */
ssize_t sender_write(struct sender *s, const void *data, size_t n);

/* The same with what is read from SOURCE, without a copy: as read(2) of at most N bytes. */
ssize_t sender_take(struct sender *s, const struct endpoint *source, size_t n);

/* Would these take something now? */
bool sender_ready(const struct sender *s);

/* S sends no more: what there is of a line goes out. */
void sender_end(struct sender *s);
void sender_free(struct sender *s);

/* What R would read next, as at most MOST pieces in place. Returns how many. */
int receiver_look(const struct receiver *r, struct iovec *iov, int most);

/* N bytes of that have been taken; 0: its first piece, if that is empty. */
void receiver_took(struct receiver *r, size_t n);

/* Is there anything for receiver_read(), the end too? */
bool receiver_ready(const struct receiver *r);

/* Takes up to N bytes from R's queue, as read(2): 0 at the source's end, -1 with EAGAIN where there
 * is nothing yet. */
ssize_t receiver_read(struct receiver *r, void *data, size_t n);

#endif
