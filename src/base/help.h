/* help.h - usage, made from the option rows */
#ifndef BASE_HELP_H
#define BASE_HELP_H

#include "base/message.h"
#include "base/options.h"
#include "base/text.h"

/* What every subcommand has beside its rows. */
extern const struct option_row help_option;

/* Adds COMMAND's help to T: usage, summary, options by group, wrapped to WIDTH columns. */
void help_command(struct text *t, const struct command *command, size_t width);

/* Columns for text on FD: those of the terminal, at least 40; 80 where FD is none. */
size_t help_width(int fd);

/* Writes T to stdout; a failure is said through M, but that nobody reads is not. Returns what that
 * means for the run. */
struct outcome help_print(const struct text *t, const struct messages *m);

#endif
