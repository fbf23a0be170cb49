/* command.h - what a subcommand is */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <stdbool.h>

#include "base/message.h"
#include "base/options.h"
#include "base/outcome.h"

/* A subcommand: its name, how it is called, what it is for, its option groups, how many
 * operands it takes, and the function that runs it. */
struct command {
	const char *name;
	const char *synopsis;	       /* operands: "[OPTION...] HOST PORT" */
	const char *summary;	       /* one line of help, no full stop */
	const struct option_use *uses; /* ended by one whose group is NULL */
	int min_operands, max_operands;
	bool runs_command; /* `-- COMMAND` may stand at the end */
	/* Runs `sockit ARGV[0] ...`; says itself what goes wrong. */
	struct outcome (*run)(const struct command *self, int argc, char **argv);
	const struct option_need *needs; /* ended by one whose group is NULL; NULL: none */
};

/* What every subcommand begins with: names M after SELF and sets its clock, reads ARGV into OPTIONS
 * and *OPERANDS, says what is wrong or prints the help that was asked for. Returns whether to go
 * on; if not, *OUTCOME tells how it ended. */
bool command_begin(const struct command *self, int argc, char **argv, void *options,
		   struct messages *m, struct operands *operands, struct outcome *outcome);

/* Says ERROR. Returns OUTCOME_USAGE. */
struct outcome command_refuse(const struct messages *m, const struct option_error *error);

#endif
