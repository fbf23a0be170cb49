/* transcript.h - a file that gets a copy of what is sent and received (-o, -x, -X)
 */
#ifndef FLOW_TRANSCRIPT_H
#define FLOW_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/output.h"

enum transcript_form {
	TRANSCRIPT_RAW,	 /* the data as they are */
	TRANSCRIPT_HEX,	 /* for each piece a line with direction, time and length, then rows */
	TRANSCRIPT_TEXT, /* each line behind its direction, with control characters escaped */
	TRANSCRIPTS
};

struct transcript {
	struct output out; /* if it is full, no more data should move */
	enum transcript_form form;
	bool append;   /* the file was not emptied, and all goes to its end */
	int64_t start; /* the dump's times count from here, see clock.h */
	void *arg;     /* the owner's */
};

/* A part of one connection's data. */
struct transcript_piece {
	bool sent;	 /* else received */
	uint64_t id;	 /* of the connection, 0 where there is only one */
	uint64_t offset; /* of the first byte in its direction */
};

/* Opens PATH ("-": stderr) for what FORM says, which is emptied unless APPEND. CHANGED is called
 * with T, from the loop or from transcripts_add(), when T has failed, see transcript_error(), or
 * has written some of what waited; it finds ARG there. Returns 0, or -1 with errno of open(2). */
int transcript_open(struct transcript *t, struct loop *loop, const char *path, bool append,
		    enum transcript_form form, void (*changed)(void *transcript), void *arg);

/* Adds DATA of N bytes to each of the TRANSCRIPTS at T. A regular file has it then; elsewhere it
 * may have to wait. Those that (all zero) were never opened get nothing. */
void transcripts_add(struct transcript *t, const struct transcript_piece *piece, const void *data,
		     size_t n);

/* Does one of those at T keep what is added? /dev/null does not. */
bool transcripts_needed(const struct transcript *t);

/* Returns the descriptor of a regular file to which the data may be written just as they are, since
 * this is all that the transcripts at T want; -1: it is not. */
int transcripts_file(const struct transcript *t);

/* Does so much wait in one of those at T that no more data should move? */
bool transcripts_full(const struct transcript *t);

/* The errno of the first error, 0 if there was none. */
int transcript_error(const struct transcript *t);

/* Closes T; what waits is lost. Returns 0, or -1 with errno of the first error. Without effect if T
 * was never opened. */
int transcript_close(struct transcript *t);

#endif
