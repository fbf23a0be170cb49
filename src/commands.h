/* commands.h - the table of subcommands */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stddef.h>

#include "base/command.h"

extern const struct command *const commands[];
extern const size_t n_commands;

/* The subcommand NAME, NULL if there is none. */
const struct command *commands_find(const char *name);

#endif
