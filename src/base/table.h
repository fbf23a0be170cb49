/* table.h - a report in columns: lined up for a terminal, with a separator for a program */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define TABLE_COLUMNS 19

/* Start with { 0 }; table_free() in the end. */
struct table {
	struct text cells;	     /* each ended by NUL, each row by a newline */
	size_t width[TABLE_COLUMNS]; /* of each column, in characters */
	size_t column;		     /* of the row that is being made */
	size_t row;		     /* where in the cells that begins */
	size_t written;		     /* the end of its last cell that is not empty */
	bool off;		     /* nobody wants it: nothing is kept */
	size_t screen;		     /* how many columns of a terminal there are, 0: enough */
	const char *spare;	     /* see table_fit() */
	const char *mark;	     /* stands before each row that is begun; NULL: nothing */
};

/* Adds a cell to the row, as printf(3) would print it, but safe to show (see text_escape()). A row
 * has at most TABLE_COLUMNS. */
__attribute__((format(printf, 2, 3))) void table_cell(struct table *t, const char *format, ...);

/* Ends the row. Empty cells at its end are left out, other empty cells show as `-`. */
void table_end_row(struct table *t);

/* Adds all rows to OUT, with BETWEEN (a tab, a blank) between the columns; NULL: the columns are
 * lined up, two blanks apart. */
void table_print(const struct table *t, const char *between, struct text *out);

/* Where T's columns, lined up, do not fit into SCREEN columns of a terminal, some are left out, one
 * after the other until they do: those whose numbers (from 0, but 0 itself) the bytes of SPARE are.
 */
void table_fit(struct table *t, size_t screen, const char *spare);

/* Forgets T's rows, but not how wide its columns are: those that follow line up with them. */
void table_clear(struct table *t);

void table_free(struct table *t);

#endif
