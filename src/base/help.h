/* help.h - the usage of a subcommand, made from its option rows */
#ifndef BASE_HELP_H
#define BASE_HELP_H

#include <stdbool.h>

#include "base/message.h"
#include "base/options.h"
#include "base/text.h"

/* -h, --help: every subcommand has it beside its own rows. */
extern const struct option_row help_option;

/* Adds COMMAND's help to T, wrapped to WIDTH columns: its usage, summary, and options by group; or
 * if BRIEF what it has for -h, which is one screen of 24 lines where there are 80 columns. */
void help_command(struct text *t, const struct command *command, bool brief, size_t width);

/* Adds WORDS, or as many of their first clauses as end before column WIDTH of a line that stands at
 * COLUMN, and a newline. */
void help_clauses(struct text *t, const char *words, size_t column, size_t width);

/* Adds how arguments are written, for -h. */
void help_arguments(struct text *t, size_t width);

/* Returns how many columns a text on FD may have: those of the terminal, from 40 to 120; 80 if FD
 * is no terminal. */
size_t help_width(int fd);

/* Writes T to stdout, and says through M if that fails. A pipe that nobody reads is not said: its
 * outcome is SIGPIPE. Returns the outcome of the run. */
struct outcome help_print(const struct text *t, const struct messages *m);

#endif
