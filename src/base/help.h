/* help.h - the usage of a subcommand, made from its option rows */
#ifndef BASE_HELP_H
#define BASE_HELP_H

#include "base/message.h"
#include "base/options.h"
#include "base/text.h"

/* -h, --help: every subcommand has it beside its own rows. */
extern const struct option_row help_option;

/* Adds COMMAND's help to T: its usage, summary, and options by group, wrapped to WIDTH columns. */
void help_command(struct text *t, const struct command *command, size_t width);

/* Returns how many columns a text on FD may have: those of the terminal, from 40 to 120; 80 if FD
 * is no terminal. */
size_t help_width(int fd);

/* Writes T to stdout, and says through M if that fails. A pipe that nobody reads is not said: its
 * outcome is SIGPIPE. Returns the outcome of the run. */
struct outcome help_print(const struct text *t, const struct messages *m);

#endif
