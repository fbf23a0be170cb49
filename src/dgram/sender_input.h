/* sender_input.h - the datagrams of stdin, once or as often as --repeat says */
#ifndef DGRAM_SENDER_INPUT_H
#define DGRAM_SENDER_INPUT_H

#include "run/run.h"
#include "dgram/input.h"
#include "dgram/sender.h"
#include "dgram/store.h"

/* Datagrams on their way: N of them, of which those before AT have gone. */
struct sender_batch {
	struct dgram v[DGRAM_BATCH];
	size_t n, at;
};

struct sender_input {
	struct run *run;
	struct endpoint in;
	struct datagram_input cut;
	enum {
		INPUT_OPEN,  /* to be read from */
		INPUT_IDLE,  /* it had nothing: the owner waits until it is readable */
		INPUT_ENDED, /* nothing follows what is in `batch` */
	} state;
	int64_t rounds; /* of --repeat, still to come after this one */
	enum {
		ROUND_READ,   /* from stdin, which can be read again or need not be */
		ROUND_STORED, /* from stdin, and kept in `store` for the next rounds */
		ROUND_REPLAYED,
	} round;
	struct datagram_store store;
	off_t start;	  /* of a file, where each round begins; else -1 */
	int64_t expected; /* bytes in all rounds, UNSET: not known */
	struct sender_batch batch;
};

/* *I reads stdin for R, by OPTIONS and FRAME, cut to datagrams of at most MOST bytes. */
void sender_input_start(struct sender_input *i, struct run *r, const struct sender_options *options,
			const struct frame_options *frame, size_t most);

enum sender_read {
	SENDER_READ_SOME,   /* or nothing yet: call again */
	SENDER_READ_IDLE,   /* `state` is INPUT_IDLE now */
	SENDER_READ_ROUND,  /* this round is over, see sender_input_again() */
	SENDER_READ_FAILED, /* that has been said */
};

/* Fills the batch, which has gone, with at most MOST datagrams; *OUTCOME: what a failure means. */
enum sender_read sender_input_next(struct sender_input *i, size_t most, struct outcome *outcome);

/* Begins the next round. Returns false after the last: then the input has ended. */
bool sender_input_again(struct sender_input *i);

/* Is all sent that stdin gave, until it gives more? */
bool sender_input_rests(const struct sender_input *i);

/* Does nothing if I (all zero but for an endpoint_none()) was never started. */
void sender_input_free(struct sender_input *i);

#endif
