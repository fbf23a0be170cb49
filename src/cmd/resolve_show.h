/* resolve_show.h - what `sockit resolve` prints: rows for people and scripts, or JSON */
#ifndef CMD_RESOLVE_SHOW_H
#define CMD_RESOLVE_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/facts.h"
#include "names/resolution.h"

#define SHOW_COLUMNS 6

struct show {
	struct facts facts;
	bool terminal; /* columns line up; else a tab is between them */
	bool named;    /* the question comes first in each row */
	bool self;     /* the question is this host's name */
	bool first, time, service;
	size_t widths[SHOW_COLUMNS]; /* of the columns, so far */
};

/* Prints a row of the N CELLS (NULL: left out), escaped: nothing in them reaches a terminal raw. As
 * JSON does nothing. */
void show_row(struct show *s, const char *const *cells, size_t n);

/* Prints R, or says what went wrong. Returns what that means for the outcome. */
enum outcome_kind show_resolution(struct show *s, const struct resolution *r);

/* Returns what R means for the outcome: OUTCOME_DONE where it has not failed. */
enum outcome_kind show_fault_kind(const struct resolution *r);

/* Says why R has failed. */
void show_fault(const struct show *s, const struct resolution *r);

/* Adds the members that say what R has found, or what went wrong, to J. */
void show_result_json(const struct show *s, const struct resolution *r, struct json *j);

/* ---- resolve_forms.c ---- */

/* Prints the address WORD, which is in any of its forms, in all of them; with S NULL only checks
 * it. Returns 0, or -1 with *ERROR where WORD is no address. */
int show_forms(struct show *s, const char *word, struct option_error *error);

#endif
