/* resolve_show.h - what `sockit resolve` prints: rows for people and scripts, or JSON */
#ifndef CMD_RESOLVE_SHOW_H
#define CMD_RESOLVE_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/message.h"
#include "base/text.h"
#include "names/resolution.h"

#define SHOW_COLUMNS 6

struct show {
	const struct messages *m;
	bool terminal; /* columns line up; else a tab is between them */
	bool named;    /* the question comes first in each row */
	bool self;     /* it is this host's name */
	bool first, time, service;
	size_t widths[SHOW_COLUMNS]; /* so far */
	struct text *out;	     /* the caller's */
};

/* Adds a row of the N CELLS (NULL: left out) to S, escaped: nothing in them reaches a terminal raw.
 */
void show_row(struct show *s, const char *const *cells, size_t n);

/* Adds what R is to S, and says what went wrong. Returns what that means. */
enum outcome_kind show_resolution(struct show *s, const struct resolution *r);

/* What went wrong with R: as a kind of outcome, as a message. */
enum outcome_kind show_fault_kind(const struct resolution *r);
void show_fault(const struct show *s, const struct resolution *r);

/* Adds the members of J that say what R has found, or what went wrong. */
void show_result_json(const struct show *s, const struct resolution *r, struct json *j);

/* Adds what the address WORD is in all of its forms to S; no address is said, as ERROR, if R is not
 * to be printed: returns OUTCOME_USAGE then. */
enum outcome_kind show_forms(struct show *s, const char *word);

/* Is WORD an address in one of its forms? Returns 0, or -1 with *ERROR naming it. */
int show_forms_check(const char *word, struct option_error *error);

#endif
