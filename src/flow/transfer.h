/* transfer.h - how bytes cross from one descriptor to another
 *
 * A method is chosen by the kinds of both ends when the transfer is made: on Linux splice(2),
 * sendfile(2) or recv(2) with MSG_TRUNC, which copy nothing through this process, where one fits;
 * else, and where the kernel refuses such a call, reading and writing.
 */
#ifndef FLOW_TRANSFER_H
#define FLOW_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/framer.h"
#include "flow/endpoint.h"
#include "flow/filter.h"

enum transfer_result {
	TRANSFER_MOVED,	       /* something crossed, or was taken in */
	TRANSFER_WAIT,	       /* nothing did: poll for what transfer.sink_full says */
	TRANSFER_END,	       /* the source has ended, and nothing is held */
	TRANSFER_SOURCE_ERROR, /* errno tells */
	TRANSFER_SINK_ERROR,
};

struct transfer;

/* At most one fill and one drain, of at most MAX bytes. */
typedef enum transfer_result transfer_method(struct transfer *t, size_t max);

struct transfer {
	struct endpoint *from, *to;
	transfer_method *method;
	struct filter *filter; /* NULL: the bytes pass as they are */
	size_t limit;	       /* how much may be held, 0: the method's own choice */
	uint64_t in, out;      /* bytes so far */
	bool sink_full;	       /* the sink has to be ready before anything can move */
	char *buffer;	       /* of a copying method, while it holds anything */
	size_t size, offset;   /* what is held begins at offset, */
	size_t held;	       /* and is so long */
	int pipe[2];	       /* what is held stands in it, where `piped` */
	bool piped;
	bool grown;    /* the pipe was made larger already */
	bool bulk;     /* what is held was much at once */
	bool patient;  /* the source becomes ready only with a good deal, see below */
	int low_water; /* what it was before */
	uint64_t run;  /* bytes that came in large pieces only */
	/* of packets */
	struct framer framer; /* what comes is cut by it, or gets the marks of its frame */
	size_t most;	      /* the sink takes packets of so many bytes */
	bool ready;	      /* a whole packet is held */
};

/* *T from FROM to TO, through FILTER, which may be NULL, with at most LIMIT bytes held (0: what is
 * fast). Where only one side has packets, FRAME says what one is in the bytes of the other (NULL:
 * each read). */
void transfer_start(struct transfer *t, struct endpoint *from, struct endpoint *to,
		    struct filter *filter, size_t limit, const struct frame_options *frame);

/* Moves at most MAX bytes, never blocking: to be called when poll(2) says that the source, or with
 * sink_full the sink, is ready. */
enum transfer_result transfer_step(struct transfer *t, size_t max);

/* Everything from here on, and what is held, is thrown away: the source is still read (and its
 * filter sees it). */
void transfer_discard(struct transfer *t);

/* The editor of T's filter is done, and has nothing to send any more: the rest passes without it.
 */
void transfer_edited(struct transfer *t);

/* A transfer that is PATIENT has told its source to be ready only when there is much to take, which
 * saves most of the wake-ups of a fast stream. Whoever waits for it must call this where nothing
 * came for some milliseconds, or where data went the other way: then any byte makes it ready again.
 */
void transfer_hurry(struct transfer *t);

void transfer_free(struct transfer *t);

/* The portable method: reads and writes. */
enum transfer_result transfer_copy(struct transfer *t, size_t max);

/* The method where one of T's endpoints has packets, NULL where none has: see packets.c. */
transfer_method *transfer_choose_packets(const struct transfer *t);

/* ---- for methods ---- */

/* A buffer of SIZE bytes, with nothing in it. Returns false with errno ENOMEM. */
bool transfer_prepare(struct transfer *t, size_t size);

/* Releases the buffer after a read returned N <= 0; maps N and errno to a result. */
enum transfer_result transfer_nothing_read(struct transfer *t, ssize_t n);

/* Writes N bytes, at most, of what is held. */
enum transfer_result transfer_drain(struct transfer *t, size_t n);

/* Maps the N <= 0 and errno of a read to a result. */
enum transfer_result transfer_read_result(ssize_t n);

/* Maps the errno of a failed write to a result: T waits for its sink, or the sink has failed. */
enum transfer_result transfer_sink_failed(struct transfer *t);

/* Releases what is held. */
void transfer_let_go(struct transfer *t);

/* Has another transfer an unfinished write on this shared sink (wait, or the two would be
 * interleaved), or does T's filter pause? */
bool transfer_must_wait(struct transfer *t);

/* Of this system (a twin for each): a faster method for T's endpoints, NULL if there is none. */
transfer_method *transfer_choose_fast(const struct transfer *t);

/* The same: lets go of a pipe that T holds data in, and of those that nobody uses. */
void transfer_drop_pipe(struct transfer *t);
void transfer_free_pipes(void);

/* The same: a new pipe leaves N descriptors free from here on (as at first: none); where it cannot,
 * data is copied. */
void transfer_reserve(size_t n);

#endif
