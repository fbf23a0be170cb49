#include "commands.h"

#include <string.h>

#include "cmd/broadcast.h"
#include "cmd/connect.h"
#include "cmd/listen.h"
#include "cmd/resolve.h"
#include "cmd/servinfo.h"
#include "cmd/sockname.h"
#include "cmd/udp_recv.h"
#include "cmd/udp_send.h"
#include "cmd/unix.h"

const struct command *const commands[] = {
	&connect_command,  &listen_command,    &udp_send_command,
	&udp_recv_command, &broadcast_command, &unix_command,
	&resolve_command,  &servinfo_command,  &sockname_command,
};
const size_t n_commands = sizeof commands / sizeof *commands;

const struct command *commands_find(const char *name)
{
	for (size_t i = 0; i < n_commands; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}
