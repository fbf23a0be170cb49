/* dialogue.h - a dialogue: what is to come and what is to be sent, step by step
 *
 * The steps are shared by any number of runs. A run is fed what has come, byte by byte or in any
 * pieces, which makes no difference, and says what is to be sent.
 */
#ifndef PROTO_DIALOGUE_H
#define PROTO_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "base/pattern.h"
#include "base/text.h"

enum dialogue_kind {
	DIALOGUE_EXPECT, /* waits until `pattern` matches in what came since the last match */
	DIALOGUE_SEND,	 /* sends `bytes` */
	DIALOGUE_FAIL,	 /* ends the dialogue if `pattern` matches there before the last step */
	DIALOGUE_KINDS
};

struct dialogue_step {
	enum dialogue_kind kind;
	char *word;		 /* as it was given */
	struct pattern *pattern; /* NULL: it sends */
	struct text bytes;
	/* Of a FAIL: where its pattern's room begins behind that of the EXPECTs, and the place of
	 * the next FAIL, from 1 (0: none follows). */
	size_t room, next_fail;
};

/* All zero: no steps. */
struct dialogue {
	struct dialogue_step *steps;
	size_t n;
	size_t first_fail, last_fail; /* places, from 1; 0: there is none */
	/* Bytes that a run needs for its patterns: of the EXPECTs, of which one is looked for at a
	 * time, and of all FAILs. */
	size_t expect_room, fail_room;
};

/* The name of KIND, as the options and the lines of a file have it. */
const char *dialogue_name(enum dialogue_kind kind);

/* Adds a step of KIND with WORD, of which a copy is kept. Returns 0, or -1 with *ERROR. */
int dialogue_add(struct dialogue *d, enum dialogue_kind kind, const char *word,
		 struct option_error *error);

/* Adds the step of LINE, of N bytes: `expect ERE`, `send TEXT`, `fail ERE`. Empty lines and lines
 * that begin with `#` add none. Returns 0, or -1 with *ERROR. */
int dialogue_add_line(struct dialogue *d, const char *line, size_t n, struct option_error *error);

/* Checks the steps as a whole. Returns 0, or -1 with *ERROR. */
int dialogue_check(const struct dialogue *d, struct option_error *error);

void dialogue_free(struct dialogue *d);

/* ---- a run ---- */

#define DIALOGUE_HEARD 200

enum dialogue_end {
	DIALOGUE_GOES_ON,
	DIALOGUE_DONE,
	DIALOGUE_FAILED,    /* `step` is a FAIL that has matched; of what follows `step` is the */
	DIALOGUE_ENDED,	    /* EXPECT that waits: the peer ended before a match */
	DIALOGUE_TIMED_OUT, /* no match came within the owner's limit */
};

struct dialogue_run {
	const struct dialogue *d;
	size_t step; /* the one that waits */
	enum dialogue_end end;
	int last, former; /* bytes that came last and before that, -1: none */
	bool line_ended;  /* a match has ended by `$` here: this line's end counts no more */
	/* What came since the last match: how much, and its end, in a ring. */
	uint64_t heard_n;
	char heard[DIALOGUE_HEARD];
	_Alignas(max_align_t) char room[]; /* the patterns' */
};

/* Returns a new run of D, which must stay and has steps, having added to OUT what is to be sent
 * first; NULL with errno ENOMEM. In the end free(3) it. */
struct dialogue_run *dialogue_start(const struct dialogue *d, struct text *out);

/* N bytes at DATA have come: adds to OUT what is to be sent. Without effect once R is at an end. */
void dialogue_take(struct dialogue_run *r, const char *data, size_t n, struct text *out);

/* R, unless it is at an end, ends so. */
void dialogue_give_up(struct dialogue_run *r, enum dialogue_end end);

/* Adds how R ended, DONE excepted: `expect '^220': no match within 10 s (-w); received '421
 * busy\r\n'`. LIMIT is in ns. */
void dialogue_add_words(const struct dialogue_run *r, int64_t limit, struct text *text);

#endif
