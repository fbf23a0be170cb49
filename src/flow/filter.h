/* filter.h - what changes the bytes of one direction on their way, or sees them pass
 *
 * A flow that has a filter is copied through it; one that has none keeps the fast ways of
 * transfer.h.
 */
#ifndef FLOW_FILTER_H
#define FLOW_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "flow/transcript.h"
#include "proto/dialogue.h"
#include "proto/frame.h"
#include "proto/telnet.h"

/* Rewrites one direction until `done`: an HTTP head, or a chunked body. Then bytes pass unchanged.
 * Owned by the caller. */
struct editor {
	/* N bytes have come: adds to OUT what is to be sent in their place. */
	void (*take)(void *arg, const char *in, size_t n, struct text *out);
	/* The source has ended before `done`, with ERROR or (0) by itself. Returns the errno to
	 * report, or 0 if OUT makes this a clean end. */
	int (*ended)(void *arg, int error, struct text *out);
	void *arg;
	int error; /* what came is no message: the source has failed with this */
	bool done;
	uint64_t left; /* once done: bytes that still belong to the message; UINT64_MAX: all */
};

struct filter {
	bool sent;    /* the direction is to the peer; else from it */
	bool crlf;    /* sent: LF becomes CR LF */
	bool telnet;  /* RFC 854: see telnet.h */
	bool escapes; /* sent: `escape` and a full stop end the connection, and are not sent */
	char escape;
	int64_t delay;	   /* sent: pause after a line, ns; 0: none */
	int64_t heartbeat; /* sent: silence after which that of `heartbeat_text` goes, ns; 0: never
			    */
	const struct text *heartbeat_text;
	const struct frame *mark; /* sent: of messages, of which a heartbeat is one; NULL: none */
	struct filter *answers;	  /* received: sends what telnet or the dialogue answers */
	struct dialogue_run *dialogue; /* received: hears what comes; NULL: none, or it is over */
	struct editor *editor;	       /* NULL: none. Takes the place of all that is above */
	struct transcript *copies; /* TRANSCRIPTS, of what passes over the network; NULL: none */
	uint64_t id;		   /* of the connection, for the copies */
	/* State. */
	bool after_cr, after_escape;
	bool quit; /* the escape was typed */
	struct telnet state;
	uint64_t offset;      /* of the copies */
	int64_t resume;	      /* nothing moves before this time, 0: now */
	struct text inserted; /* goes before what has not been read yet, and in a pause */
	bool insertion_begun; /* a part of it has been sent */
};

/* Has F anything to do? */
bool filter_needed(const struct filter *f);

/* May F make other bytes of those that pass? */
bool filter_changes(const struct filter *f);

/* Does F do nothing but make copies (and send what is inserted)? */
bool filter_only_copies(const struct filter *f);

/* Changes the N bytes at IN, as they came from the source, into OUT with room for 2 * N +
 * FILTER_MORE bytes, which may begin N + FILTER_MORE bytes or more before IN or, if F changes
 * nothing, be IN. Returns the length. */
#define FILTER_MORE 2
size_t filter_apply(struct filter *f, const char *in, size_t n, char *out);

/* Copies DATA of N bytes, which has crossed the network. */
void filter_copy(struct filter *f, const char *data, size_t n);

/* Copies DATA of N bytes, which others will send, changed as F says. */
void filter_copy_unsent(struct filter *f, const char *data, size_t n);

/* How many of the N bytes at DATA may be written at once: a line if a pause follows it, else all.
 */
size_t filter_piece(const struct filter *f, const char *data, size_t n);

/* N bytes at DATA have been written. */
void filter_wrote(struct filter *f, const char *data, size_t n);

/* Earliest time for the next write (if the flow HOLDS data) or read; 0: now. */
int64_t filter_resume(const struct filter *f, bool holds);

/* Is it F's turn to send what it inserts, before what the flow HOLDS? */
bool filter_inserts(const struct filter *f, bool holds);

/* Adds DATA of N bytes, which is a whole, to OUT as F changes what is sent; of a message that MARK
 * (NULL: it is none) has as a line, its end too. */
void filter_change(const struct filter *f, const struct frame *mark, const char *data, size_t n,
		   struct text *out);

/* Adds F's heartbeat, which is not empty, to OUT, changed as data from the source would be; a
 * message is without the newline at its end. Returns 0, or -1 where F's mark cannot carry it. */
int filter_put_heartbeat(const struct filter *f, struct text *out);

/* N bytes of `inserted` have been sent. */
void filter_sent_inserted(struct filter *f, size_t n);

void filter_free(struct filter *f);

#endif
