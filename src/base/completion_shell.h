/* completion_shell.h - what the scripts of all shells have in common
 *
 * For completion.c and its completion_SHELL.c alone. A script consists of lines that are always
 * the same and of what is made from the rows: for each word of a command line what it may be.
 */
#ifndef BASE_COMPLETION_SHELL_H
#define BASE_COMPLETION_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/completion.h"

/* Kinds of words that the shells list themselves. */
enum completion_kind {
	COMPLETION_FILES,
	COMPLETION_INTERFACES,
	COMPLETION_HOSTS,
	COMPLETION_SERVICES,
	COMPLETION_COMMANDS,
	COMPLETION_KINDS,
};

/* What an option's argument or an operand may be. */
struct completion_choice {
	bool kinds[COMPLETION_KINDS];
	struct text words; /* to choose from, a blank before each */
	char more; /* what may follow at once: the = of NAME[=VALUE]; the / that they end with */
	const char *label; /* what help calls it */
	int label_length;
};

/* Which operands a choice is for. */
enum completion_place {
	COMPLETION_NO_PLACE, /* there cannot be so many */
	COMPLETION_PLACE,    /* the one in that place */
	COMPLETION_REST,     /* that, and all that follow */
};

/* Number I of TABLE from 0, NULL after the last. */
const struct command *completion_command(const struct completion_table *table, size_t i);

/* Number I of COMMAND's options from 0, NULL after the last. */
const struct option_row *completion_row(const struct command *command, size_t i);

/* Is ROW's argument the next word, if it does not stand after `=` or the letter? */
bool completion_takes_next(const struct option_row *row);

/* Fills *C with what ROW's argument, or COMMAND's operand in PLACE (from 1), may be. */
void completion_choose(struct completion_choice *c, const struct option_row *row,
		       const struct completion_table *table);
enum completion_place completion_choose_operand(struct completion_choice *c,
						const struct command *command, size_t place,
						const struct completion_table *table);

/* Is there anything to offer? */
bool completion_offers(const struct completion_choice *c);

/* Frees *C, whose words have gone to T. */
void completion_choice_free(struct completion_choice *c, struct text *t);

/* Adds the letters, and the names with bars between, of COMMAND's options whose argument may be the
 * next word: for a bracket expression and a regular expression. Both begin with a `=`, which is
 * neither, since they must not be empty. */
void completion_letters(struct text *t, const struct command *command);
void completion_names(struct text *t, const struct command *command);

/* Adds S for a place between single quotes, with a backslash before each character in SPECIAL. */
void completion_quoted(struct text *t, const char *s, const char *special);

void completion_bash(struct text *t, const struct completion_table *table);
void completion_fish(struct text *t, const struct completion_table *table);
void completion_zsh(struct text *t, const struct completion_table *table);

#endif
