/* facts.h - what a command prints of a thing: lines in words, or with --json an object
 *
 * Each fact is stated once for both forms. Members added to `json` appear in objects only, cells
 * added to `table` and what facts_line() prints appear in words only; the other functions serve
 * both.
 */
#ifndef BASE_FACTS_H
#define BASE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/message.h"
#include "base/table.h"

struct facts {
	const struct messages *m;
	bool as_json;
	struct json json;
	struct table table;
	struct text *out; /* what has been printed */
	struct text text; /* `out`, unless that is the caller's */
};

/* Starts a report of the form that M asks for, which goes to OUT (NULL: to a text of its own, until
 * facts_print()). */
void facts_start(struct facts *f, const struct messages *m, struct text *out);

/* Begins and ends the object of one thing; in words nothing. EVENT, unless it is NULL, and the time
 * are its first members. Nothing else may change `out` in between. */
void facts_begin(struct facts *f, const char *event);
void facts_end(struct facts *f);

/* Each states that KEY has this value: by a member, or by a row of the table, `KEY VALUE`. */
void facts_word(struct facts *f, const char *key, const char *word);
void facts_number(struct facts *f, const char *key, int64_t n);
void facts_microseconds(struct facts *f, const char *key, int64_t us); /* as milliseconds */

/* States WORD by a member KEY, or by a cell of the row that is being made. */
void facts_cell(struct facts *f, const char *key, const char *word);

/* Adds to `out`, in words only, what printf(3) would print. */
#define facts_line(f, ...) ((f)->as_json ? (void)0 : text_add((f)->out, __VA_ARGS__))

/* Moves the rows of the table so far to `out`, with BETWEEN between its columns unless stdout is a
 * terminal. F goes on: further rows line up with these. */
void facts_rows(struct facts *f, const char *between);

void facts_free(struct facts *f);

/* Writes the report to stdout, its rows as facts_rows() has them, and frees F. Says itself what
 * goes wrong. Returns what that means for the run. */
struct outcome facts_print(struct facts *f, const char *between);

#endif
