/* command.h - how every subcommand begins */
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

/* Begins the run of a subcommand: names M after SELF and starts its clock, then reads ARGV into
 * OPTIONS and *OPERANDS. A fault is said, and help that was asked for is printed. Returns true if
 * the run goes on; else *OUTCOME is its end. */
bool command_begin(const struct command *self, int argc, char **argv, void *options,
		   struct messages *m, struct operands *operands, struct outcome *outcome);

/* Says ERROR, a fault of the command line, or what the system did not give for it. Returns
 * OUTCOME_USAGE or OUTCOME_FAILED. */
struct outcome command_refuse(const struct messages *m, const struct option_error *error);

#endif
