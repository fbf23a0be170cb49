/* stdin.h - the datagrams of stdin, in batches, once or as often as --repeat says */
#ifndef DGRAM_STDIN_H
#define DGRAM_STDIN_H

#include "flow/framer.h"
#include "run/run.h"
#include "sock/datagram.h"
#include "dgram/crlf.h"
#include "dgram/store.h"

/* Datagrams on their way: N of them, or runs, of which those before AT have gone. */
struct dgram_queue {
	struct dgram v[DGRAM_BATCH];
	size_t n, at;
};

struct dgram_stdin {
	struct run *run;
	struct endpoint in;
	bool told;	  /* it is not read: */
	struct text text; /* this is in its place, */
	size_t at;	  /* from here on */
	struct framer framer;
	uint64_t read; /* bytes so far */
	size_t most;   /* bytes that a datagram may have on its way */
	bool runs;     /* set by its owner: datagrams of one size may be a run */
	enum {
		STDIN_ENDED, /* nothing follows what is in `batch` */
		STDIN_OPEN,  /* to be read from */
		STDIN_IDLE,  /* it had nothing: wait until it is readable */
	} state;
	int64_t rounds; /* of --repeat, still to come after this one */
	enum {
		ROUND_READ,   /* from stdin, which can be read again or need not be */
		ROUND_STORED, /* from stdin, and kept in `store` for the next rounds */
		ROUND_REPLAYED,
	} round;
	struct dgram_store store;
	off_t start;	  /* of a file, where each round begins; else -1 */
	int64_t expected; /* bytes in all rounds, UNSET: not known */
	struct dgram_queue batch;
	struct dgram_crlf crlf; /* -C, of the batch */
	struct watch watch;
	void (*readable)(void *arg);
	void *arg;
};

/* Checks that the modes of O fit a datagram of MOST bytes (dgram_most()), as far as the command
 * line tells, and that --size fits --frame. Returns 0, or -1 with *ERROR (exit status 2). */
int dgram_stdin_check(const struct frame_options *o, size_t most, struct option_error *error);

/* Starts *I, all zero, which reads stdin REPEAT times for R, cut as FRAME says to datagrams of at
 * most MOST bytes. DATA, which is escaped, stands in place of what would be read; NULL: nothing
 * does. With -C each LF of a payload becomes CRLF, and with --frame line each line keeps
 * its end, as CRLF. READABLE is called when it may have something after it was idle. */
void dgram_stdin_start(struct dgram_stdin *i, struct run *r, const char *data, int64_t repeat,
		       const struct frame_options *frame, size_t most, void (*readable)(void *arg),
		       void *arg);

enum dgram_stdin_read {
	STDIN_READ_SOME,   /* or nothing yet: call again */
	STDIN_READ_IDLE,   /* `state` is STDIN_IDLE now */
	STDIN_READ_ROUND,  /* this round is over, see dgram_stdin_again() */
	STDIN_READ_FAILED, /* that has been said: OUTCOME_FAILED */
};

/* Fills the batch, which has gone, with at most MOST datagrams. */
enum dgram_stdin_read dgram_stdin_next(struct dgram_stdin *i, size_t most);

/* Begins the next round. Returns false after the last: then stdin has ended. */
bool dgram_stdin_again(struct dgram_stdin *i);

/* Has all been given that stdin gave, until it gives more? */
bool dgram_stdin_rests(const struct dgram_stdin *i);

/* Waits until it is readable if it is idle and WANTED, else no more. */
void dgram_stdin_watch(struct dgram_stdin *i, bool wanted);

/* Does nothing if *I (all zero) was never started. */
void dgram_stdin_free(struct dgram_stdin *i);

#endif
