#include "serve/service.h"

#include "base/number.h"

#define AT(member) offsetof(struct service_options, member)

static const struct option_row command_rows[] = {
	{ .name = "execute",
	  .letter = 'e',
	  .kind = OPTION_STRING,
	  .arg = "CMD",
	  .field = AT(command.shell),
	  .help = "the connection becomes the stdin and stdout of CMD, run by /bin/sh; without a "
		  "shell: -- CMD ARG..." },
	{ .name = "kill-after",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(kill_after),
	  .help = "SIGHUP to a command that outlives its peer so long" },
};

static const struct option_keyword when_full[] = {
	{ "wait", WHEN_FULL_WAIT },
	{ "close", WHEN_FULL_CLOSE },
	{ NULL, 0 },
};

static const struct option_row rows[] = {
	{ .name = "keep-open",
	  .letter = 'k',
	  .kind = OPTION_FLAG,
	  .field = AT(keep_open),
	  .help = "go on accepting: clients are served side by side" },
	{ .name = "max-conns",
	  .letter = 'm',
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = INT32_MAX,
	  .field = AT(max_conns),
	  .help = "at most N clients at a time" },
	{ .name = "when-full",
	  .kind = OPTION_KEYWORD,
	  .arg = "ACTION",
	  .keywords = when_full,
	  .field = AT(when_full),
	  .needs = "max-conns",
	  .help = "what happens to more: wait (in the backlog) or close" },
	{ .name = "accept",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = INT32_MAX,
	  .field = AT(accept),
	  .help = "exit once N clients have been served; over 1 implies -k" },
	{ .name = "stall",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(stall),
	  .help = "drop a client that is in the way of others and takes nothing so long (5s)" },
};

const struct option_group command_group = { "Command", command_rows,
					    sizeof command_rows / sizeof *command_rows };
const struct option_group service_group = { "Serving", rows, sizeof rows / sizeof *rows };

int service_command(struct service_options *o, const struct operands *operands,
		    struct option_error *error)
{
	if (operands->command && o->command.shell)
		return option_fail(error, "--execute and '-- %s' exclude each other",
				   operands->command[0]);
	o->command.words = operands->command;
	if (o->kill_after != UNSET && !service_has_command(o))
		return option_fail(error, "--kill-after needs a command: -e CMD or -- CMD");
	return 0;
}

bool service_has_command(const struct service_options *o)
{
	return o->command.shell || o->command.words;
}

bool service_keeps(const struct service_options *o)
{
	return o->keep_open || o->accept > 1;
}
