/* command.h - what a subcommand is */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <stdbool.h>

#include "base/message.h"
#include "base/options.h"
#include "base/outcome.h"

/* `COMMAND(NAME) = { ... };` defines the subcommand NAME, which has a row in commands.c. */
#define COMMAND(name)                                                                              \
	extern const struct command name##_command;                                                \
	const struct command name##_command

/* What every subcommand begins with: names M after SELF and sets its clock, reads ARGV into OPTIONS
 * and *OPERANDS, says what is wrong or prints the help that was asked for. Returns whether to go
 * on; if not, *OUTCOME tells how it ended. */
bool command_begin(const struct command *self, int argc, char **argv, void *options,
		   struct messages *m, struct operands *operands, struct outcome *outcome);

/* Says ERROR. Returns OUTCOME_USAGE. */
struct outcome command_refuse(const struct messages *m, const struct option_error *error);

#endif
