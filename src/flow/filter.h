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
#include "proto/telnet.h"

/* What rewrites the bytes of one direction until it is done, for the head of a message and for a
 * body that tells its end itself. After that they pass as they are. Its owner's. */
struct editor {
	/* N bytes have come: what is to be sent for them is added to OUT. */
	void (*take)(void *arg, const char *in, size_t n, struct text *out);
	/* The source has ended before it was done, with ERROR or (0) by itself. Returns the errno
	 * to be told of it, or 0 where OUT is all that it takes to end well. */
	int (*ended)(void *arg, int error, struct text *out);
	void *arg;
	int error; /* what came is no message: the source counts as failed with this */
	bool done;
	uint64_t left; /* once it is done: so many bytes belong to the message; UINT64_MAX: all to
			  the source's end */
};

struct filter {
	bool sent;	   /* the direction: to the peer; else from it */
	bool crlf;	   /* sent: LF becomes CR LF */
	bool telnet;	   /* RFC 854: see telnet.h */
	bool escape;	   /* sent: Ctrl-] and a full stop is not sent but ends all */
	int64_t delay;	   /* sent: pause after a line, ns; 0: none */
	int64_t heartbeat; /* sent: silence after which that of `heartbeat_text` goes, ns; 0: never
			    */
	const char *heartbeat_text;
	struct filter *answers;	      /* received: where what telnet answers is to be sent */
	struct editor *editor;	      /* NULL: none. It takes the place of all that is above */
	struct transcript *copies[2]; /* who gets what passes over the network; NULL: nobody */
	uint64_t id;		      /* of the connection, for them */
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

/* N bytes at IN, as they came from the source, into OUT with room for 2 * N + FILTER_MORE; OUT may
 * lie N + FILTER_MORE bytes or more before IN. Returns the length. */
#define FILTER_MORE 2
size_t filter_apply(struct filter *f, const char *in, size_t n, char *out);

/* DATA of N bytes has crossed the network. */
void filter_copy(struct filter *f, const char *data, size_t n);

/* DATA of N bytes was read, and others will send it, changed as F says. */
void filter_copy_unsent(struct filter *f, const char *data, size_t n);

/* How many of N bytes at DATA may be written at once: a line, where a pause comes after it. */
size_t filter_piece(const struct filter *f, const char *data, size_t n);

/* N bytes at DATA have been written. */
void filter_wrote(struct filter *f, const char *data, size_t n);

/* The time before which nothing should move: be written, where the flow HOLDS something, else be
 * read. 0: it may at once. */
int64_t filter_resume(const struct filter *f, bool holds);

/* Has F something to send now by itself, before what the flow HOLDS if it does? */
bool filter_inserts(const struct filter *f, bool holds);

/* Has F's heartbeat sent next, as what comes from the source would be. */
void filter_add_heartbeat(struct filter *f);

/* N bytes of that, `urgent`, have been sent. */
void filter_sent_inserted(struct filter *f, size_t n);

void filter_free(struct filter *f);

#endif
