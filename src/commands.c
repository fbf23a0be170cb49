/* commands.c - the table of subcommands */
#include "commands.h"

#include <string.h>

/* One row a subcommand: cmd/NAME.c has COMMAND(NAME). */
#define COMMANDS(ROW)                                                                              \
	ROW(connect)                                                                               \
	ROW(listen)                                                                                \
	ROW(udp_send)                                                                              \
	ROW(udp_recv)                                                                              \
	ROW(broadcast)                                                                             \
	ROW(unix)                                                                                  \
	ROW(resolve)                                                                               \
	ROW(servinfo)                                                                              \
	ROW(sockname)

#define COMMAND_DECLARE(name) extern const struct command name##_command;
#define COMMAND_ADDRESS(name) &name##_command,

COMMANDS(COMMAND_DECLARE)

const struct command *const commands[] = { COMMANDS(COMMAND_ADDRESS) };
const size_t n_commands = sizeof commands / sizeof *commands;

const struct command *commands_find(const char *name)
{
	for (size_t i = 0; i < n_commands; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}
