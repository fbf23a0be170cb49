/* fanout.h - what one publishes, to many subscribers
 *
 * Data comes from a source (a descriptor) or from publishers, which may be subscribers too. It
 * stands once in memory, in blocks that all subscribers share. Each of them has a bounded queue of
 * what it has still to take: while one queue is full nothing more is taken in, and the owner is
 * told of a subscriber that takes nothing for too long, so that it can drop it. A live fan-out does
 * not wait: a subscriber with a full queue loses what comes until half of that is taken.
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
#include "flow/pipes.h"
#include "loop/loop.h"

struct subscriber;
struct fanout;

struct fanout_config {
	size_t limit;	       /* bytes that may wait for a subscriber, 0: the default */
	int64_t stall;	       /* ns for which a full subscriber may take nothing, or UNSET */
	struct filter *filter; /* copies what is read from the source, once */
	/* When R's owner last forwarded data. */
	int64_t (*last_taken)(void *arg, struct subscriber *r);
	/* R has kept others waiting for `stall`. It may be dropped. */
	void (*stalled)(void *arg, struct subscriber *r);
	/* The source has ended: ERROR is 0, or the errno of reading it. */
	void (*ended)(void *arg, int error);
	/* Publishers may write again. NULL: there are none. */
	void (*room)(void *arg);
	void *arg;
	bool live; /* nobody is waited for, and the source is read though there are no subscribers
		    */
	bool endless; /* the source's end is not that of the subscribers */
	bool packets; /* data stays in packets; what is read from the source is cut into them: */
	const struct frame_options *frame; /* how (NULL: each read is one) */
	size_t packet_most;		   /* bytes in a packet at most */
	const struct frame *carrier;	   /* of the packets that are read; NULL: none */
	bool chat; /* each line goes out by itself, with its publisher's number before it */
};

struct publisher {
	struct fanout *fanout;
	struct subscriber *self; /* does not get what it publishes; NULL: all do */
	struct chat chat;
};

struct fanout {
	struct loop *loop;
	struct fanout_config c;
	struct endpoint *source; /* the caller's */
	struct watch watch;
	struct timer pause; /* until the filter's copies have caught up */
	struct block *tail; /* still being filled; NULL: none */
	struct pages pages; /* if there are any, they have what belongs into the tail */
	bool bulk;	    /* much was read at once */
	struct subscriber *subscribers, *cursor;
	size_t n; /* subscribers that count, and are not finished */
	bool ended;
	int error;		    /* of the source, by which it has ended; 0: none */
	bool full;		    /* a subscriber is */
	struct publisher publisher; /* publishes what the source gives */
	struct framer framer;
	struct timer news; /* tells the subscribers that something has come */
};

struct block;

/* A part of a block in a subscriber's queue. */
struct queued {
	struct block *block;
	size_t offset, end; /* in the block */
};

struct subscriber {
	struct fanout *fanout; /* NULL: not joined */
	struct subscriber *next, *previous;
	struct queued *queue; /* a ring */
	size_t first, n, size;
	size_t bytes;	    /* in the queue */
	int64_t last_taken; /* time when it last took something, or joined */
	struct timer stall;
	bool finished;	/* gets no more */
	int error;	/* nor if this is not 0: what came was lost, for want of memory mostly */
	bool overhears; /* does not count; what it has no room for it loses, as of what is live: */
	bool losing;	/* its queue was full, and is not half empty yet */
	/* What it has lost so far: reads or packets, each as a whole, and their bytes. */
	uint64_t lost, lost_bytes;
	/* Called from the loop when something has come, or the end; may drop any subscriber. NULL
	 * at first: the owner sets it, and its argument. */
	void (*ready)(void *arg);
	void *arg;
};

/* Starts *F, which reads SOURCE (the caller's, may be NULL) while there are subscribers; of what is
 * live, from now on. */
void fanout_start(struct fanout *f, struct loop *loop, const struct fanout_config *c,
		  struct endpoint *source);

/* Nothing more will be published: all subscribers end once they have taken what they have. */
void fanout_finish(struct fanout *f);

/* Frees F, whose subscribers have all left. Without effect if F (all zero) was never started. */
void fanout_stop(struct fanout *f);

/* R gets what is published from now on. */
void fanout_join(struct fanout *f, struct subscriber *r);

/* The same, but R is nobody for whom the source is read, and nobody waits for it. */
void fanout_overhear(struct fanout *f, struct subscriber *r);

/* R gets no more, and never keeps others waiting. Returns how many bytes it has still to take. */
size_t subscriber_finish(struct subscriber *r);

/* R leaves its fan-out, and loses what it has not taken. Without effect if it never joined. */
void fanout_leave(struct subscriber *r);

/* Does R get nothing more than it has? */
bool subscriber_is_over(const struct subscriber *r);

/* *E writes to the subscribers as S. Where there are packets each write is one. */
void publisher_endpoint(struct endpoint *e, struct publisher *s, const char *name);

/* Reads at most N bytes from SOURCE and publishes them as S, without a copy. Returns as read(2),
 * and -1 with EAGAIN while there is no room. */
ssize_t publisher_take(struct publisher *s, const struct endpoint *source, size_t n);

/* S publishes no more: an unfinished line goes out. */
void publisher_end(struct publisher *s);

/* *E reads R's queue. */
void subscriber_endpoint(struct endpoint *e, struct subscriber *r, const char *name);

/* What reading from R gives where it has nothing, as read(2): 0, the end; or -1 with errno, EAGAIN,
 * that of the source, or R's own. */
int subscriber_nothing(const struct subscriber *r);

/* What R would read next, as at most MOST pieces in place. Returns how many. */
int subscriber_look(struct subscriber *r, struct iovec *iov, int most);

/* Where R is to take just what came last, in bulk: sends that to the socket FD without a copy, and
 * R has taken it. Returns as send(2), without blocking; -1 with errno ENOTSUP: it is to be looked
 * at instead. */
ssize_t subscriber_pass(struct subscriber *r, int fd, size_t most);

/* R has taken N bytes of that; 0: its first piece, which is empty. */
void subscriber_took(struct subscriber *r, size_t n);

#endif
