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
	TRANSFER_MOVED,	       /* something was read or written */
	TRANSFER_WAIT,	       /* nothing was: poll the source or, with `sink_full`, the sink */
	TRANSFER_END,	       /* the source has ended, and nothing is held */
	TRANSFER_SOURCE_ERROR, /* with errno */
	TRANSFER_SINK_ERROR,
};

/* Writes a message of SIZE bytes in place of its frame. */
struct message_writer {
	void (*put)(void *arg, struct text *out, const char *data, size_t size);
	void *arg;
};

/* The messages that a transfer moves, each as a whole. */
struct message_frames {
	struct frame cut;  /* how one stands in what is read; of a subscriber's queue each piece is
			      one */
	struct frame mark; /* how one is written; to a publisher each write is one */
	bool verbatim;	   /* one is written just as it was read, from no queue */
	size_t most;	   /* bytes in one at most */
	const struct frame *carrier;  /* which has to carry what is read; NULL: any will do */
	struct message_writer writer; /* `put` is NULL: none */
};

/* What a transfer has beside where its bytes are cut into packets or messages, or these marked in
 * bytes. */
struct packing {
	struct framer framer;
	size_t most; /* bytes in a packet that the sink takes, in a message at all */
	bool ready;  /* a whole packet is held */
	int error;   /* of the source, which is told after the packets that came before it */
	const struct message_frames *messages; /* on a stream; NULL: packets */
	struct text batch; /* messages that are held: as they are to be written, */
	size_t apart;	   /* or, not 0, the marks of a large one in a queue, of so many bytes */
};

struct transfer;

/* Moves at most MAX bytes, by at most one fill and one drain, without blocking, after poll(2) said
 * that the source (with `sink_full`: the sink) is ready. */
typedef enum transfer_result transfer_method(struct transfer *t, size_t max);

struct transfer {
	struct endpoint *from, *to;
	transfer_method *method; /* to be called for each step */
	struct filter *filter;	 /* NULL: the bytes pass as they are */
	size_t limit;		 /* bytes that may be held, 0: the method chooses */
	uint64_t in, out;	 /* bytes so far */
	uint64_t run;		 /* bytes that have come in large pieces only */
	char *buffer;		 /* of a copying method, while it holds anything */
	size_t size, offset;	 /* of the buffer, and of what is held in it */
	size_t held;		 /* bytes read and not written */
	int pipe[2];		 /* holds them, where `piped` */
	int second[2];		 /* where `teed`: what of them a copy is still to be made of */
	bool sink_full;		 /* the sink must be ready before anything can move */
	bool piped, teed;
	bool grown;    /* the pipe was made larger already */
	bool widened;  /* the sink's buffer was looked at, see --sndbuf */
	bool bulk;     /* what is held came in a large piece */
	bool patient;  /* the source becomes ready only with much to take, see transfer_hurry() */
	int low_water; /* SO_RCVLOWAT before that, or before `awaited` */
	unsigned awaited; /* bytes without which the source is not ready, see transfer_await(); 0:
			     any will do */
	struct packing *packing; /* NULL: it moves bytes */
};

/* Starts *T from FROM to TO, through FILTER, which may be NULL, with at most LIMIT bytes held (0:
 * as is fast). If only one side has packets, FRAME says what a packet is in the bytes of the other
 * (NULL: each read). MESSAGES, the caller's, says what a message is on either side (NULL: there are
 * none). Where there is no memory for that the first step fails, as reading does. */
void transfer_start(struct transfer *t, struct endpoint *from, struct endpoint *to,
		    struct filter *filter, size_t limit, const struct frame_options *frame,
		    const struct message_frames *messages);

/* Discards what is held, and everything that is read from here on (which the filter still sees). */
void transfer_discard(struct transfer *t);

/* T's filter has less to do from here on, and T holds nothing: chooses anew. */
void transfer_refilter(struct transfer *t);

/* Ends T's patience, so that any byte makes its source ready again. A patient transfer has told its
 * source to be ready only with much to take, which saves most wake-ups of a fast stream. Call this
 * if nothing came for some milliseconds, or if data went the other way. */
void transfer_hurry(struct transfer *t);

/* The source is ready again with any byte, where transfer_await() was called. */
void transfer_await_any(struct transfer *t);

void transfer_free(struct transfer *t);

/* What cuts, or marks, T's packets or messages; NULL: nothing does. */
static inline struct framer *transfer_framer(const struct transfer *t)
{
	return t->packing ? &t->packing->framer : NULL;
}

/* How many bytes one of them may have, 0: not known. */
static inline size_t transfer_most(const struct transfer *t)
{
	return t->packing ? t->packing->most : 0;
}

/* The portable method, which reads and writes, through the filter if there is one. */
enum transfer_result transfer_copy(struct transfer *t, size_t max);

/* The method where one of T's endpoints has packets, NULL where none has: see packets.c. It needs
 * `packing`. */
transfer_method *transfer_choose_packets(const struct transfer *t);

/* The method for messages on a stream: see messages.c. */
enum transfer_result transfer_messages(struct transfer *t, size_t max);

/* ---- for methods ---- */

/* Gives T an empty buffer of SIZE bytes. Returns false with errno ENOMEM. */
bool transfer_prepare(struct transfer *t, size_t size);

/* Releases the buffer after a read returned N <= 0; maps N and errno to a result. */
enum transfer_result transfer_nothing_read(struct transfer *t, ssize_t n);

/* Sends what the filter inserts, as far as the sink takes it. */
enum transfer_result transfer_send_inserted(struct transfer *t);

/* Writes what is held, or as much of it as the filter lets through at once. */
enum transfer_result transfer_drain(struct transfer *t);

/* N bytes have been read, and written. */
static inline enum transfer_result transfer_moved(struct transfer *t, ssize_t n)
{
	t->in += (size_t)n;
	t->out += (size_t)n;
	t->sink_full = false;
	return TRANSFER_MOVED;
}

/* Maps the N <= 0 and errno of a read to a result. */
enum transfer_result transfer_read_result(ssize_t n);

/* Maps the errno of a failed write to a result: T waits for its sink, or the sink has failed. */
enum transfer_result transfer_sink_failed(struct transfer *t);

/* Releases what is held. */
void transfer_let_go(struct transfer *t);

/* Has another transfer an unfinished write on this shared sink (wait, or the two would be
 * interleaved), or does T's filter pause? */
bool transfer_must_wait(struct transfer *t);

/* ---- of this system (a twin for each) ---- */

/* A faster method for T's endpoints; NULL: there is none. */
transfer_method *transfer_choose_fast(const struct transfer *t);

/* A faster method where T's filter does nothing but copy to a file; NULL: there is none. */
transfer_method *transfer_choose_watched(const struct transfer *t);

/* Lets T's source be ready only with N bytes, the rest of a message, or at its end: what is not a
 * whole stays with the kernel. Returns false where that cannot be, or has been: to be read now. */
bool transfer_await(struct transfer *t, size_t n);

/* Releases T's pipes. */
void transfer_drop_pipe(struct transfer *t);

#endif
