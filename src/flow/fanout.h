/* fanout.h - what one sends, to many
 *
 * What comes from a source (a descriptor), or from a publisher (one of the subscribers, say),
 * stands once in memory, in blocks that all subscribers share. Each has a queue of what it has
 * still to take, which is bounded: while one is full nothing more is taken in, and a subscriber
 * that takes nothing at all for too long is reported, so that it can be dropped.
 */
#ifndef FLOW_FANOUT_H
#define FLOW_FANOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "flow/chat.h"
#include "flow/framer.h"
#include "flow/endpoint.h"
#include "flow/filter.h"
#include "loop/loop.h"

struct subscriber;
struct fanout;

struct fanout_config {
	size_t limit;  /* bytes that may wait for a subscriber, 0: what is usual */
	int64_t stall; /* ns, or UNSET: how long a subscriber that is in the way of others may take
			  nothing */
	struct filter *filter; /* its copies see what is read, once, changed as it says; NULL:
				  nobody does */
	/* When R's owner passed something of it on last; NULL: when it was taken from here. */
	int64_t (*last_taken)(void *arg, struct subscriber *r);
	/* R is in the way for so long. It may be dropped. */
	void (*stalled)(void *arg, struct subscriber *r);
	/* The source has ended: ERROR is 0, or the errno of reading it. */
	void (*ended)(void *arg, int error);
	/* There is room again for what publishers send. NULL: there are none. */
	void (*room)(void *arg);
	void *arg;
	bool endless; /* the source's end is not that of the subscribers */
	bool packets; /* each piece is a packet, kept whole; what is read from the source is cut
			 into them */
	const struct frame_options *frame; /* how; NULL: each read, */
	size_t packet_most;		   /* of at most so many bytes */
	bool chat; /* each line goes out by itself, with the number of its publisher before it */
};

/* One who sends. */
struct publisher {
	struct fanout *fanout;
	struct subscriber *self; /* does not get it; NULL: all do */
	struct chat chat;
};

struct fanout {
	struct loop *loop;
	struct fanout_config c;
	struct endpoint *source; /* the caller's */
	struct watch watch;
	struct timer pause; /* until the filter's copies have caught up */
	struct block *tail; /* is still being filled, if any */
	struct subscriber *subscribers, *cursor;
	size_t n; /* of them, but for those that are finished */
	bool ended;
	bool full;		    /* one of them is */
	struct publisher publisher; /* the source as one */
	struct framer framer;
	struct timer news; /* something has come for them */
};

struct block;

/* A part of a block in a subscriber's queue. */
struct queued {
	struct block *block;
	size_t offset, end; /* what is before the offset has been taken already */
};

struct subscriber {
	struct fanout *fanout; /* NULL: not joined */
	struct subscriber *next, *previous;
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

/* Nobody will send any more: with what they still have, that is the end for all subscribers. */
void fanout_finish(struct fanout *f);

/* Lets go of the source. All subscribers have left. Without effect where F (all zero) was never
 * started. */
void fanout_stop(struct fanout *f);

/* R receives what is read from now on. */
void fanout_join(struct fanout *f, struct subscriber *r);

/* READY is called from the loop when something has come; it may drop any subscriber. */
void subscriber_on_ready(struct subscriber *r, void (*ready)(void *arg), void *arg);

/* R gets no more, and is in nobody's way. What it has can still be read: returns how many bytes. */
size_t subscriber_finish(struct subscriber *r);

/* R receives no more. Without effect where it never joined. */
void fanout_leave(struct subscriber *r);

/* *E writes to the subscribers as S. Where there are packets each write is one. */
void publisher_endpoint(struct endpoint *e, struct publisher *s, const char *name);

/* Gives at most N bytes of what can be read from SOURCE to the subscribers, without a copy. Returns
 * as read(2), -1 with EAGAIN too while there is no room. */
ssize_t publisher_take(struct publisher *s, const struct endpoint *source, size_t n);

/* S publishes no more: an unfinished line goes out. */
void publisher_end(struct publisher *s);
void publisher_free(struct publisher *s);

/* *E reads R's queue. */
void subscriber_endpoint(struct endpoint *e, struct subscriber *r, const char *name);

/* What R would read next, as at most MOST pieces in place. Returns how many. */
int subscriber_look(const struct subscriber *r, struct iovec *iov, int most);

/* N bytes of that have been taken; 0: its first piece, if that is empty. */
void subscriber_took(struct subscriber *r, size_t n);

#endif
