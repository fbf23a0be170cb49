#include "conn/service.h"

#include <limits.h>

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
	{ .name = "echo",
	  .kind = OPTION_FLAG,
	  .field = AT(echo),
	  .excludes = "discard forward broker chat execute crlf delay telnet",
	  .help = "send back what comes (RFC 862)" },
	{ .name = "discard",
	  .kind = OPTION_FLAG,
	  .field = AT(discard),
	  .excludes = "forward broker chat execute",
	  .help = "throw away what comes (RFC 863)" },
	{ .name = "forward",
	  .kind = OPTION_STRING,
	  .arg = "ENDPOINT",
	  .field = AT(forward),
	  .excludes = "broker chat execute",
	  .help = "relay each connection to ENDPOINT: HOST:PORT, unix:PATH or vsock:CID:PORT" },
	{ .name = "broker",
	  .kind = OPTION_FLAG,
	  .field = AT(broker),
	  .excludes = "execute",
	  .help = "what one client or stdin sends goes to all the others; implies -k" },
	{ .name = "chat",
	  .kind = OPTION_FLAG,
	  .field = AT(chat),
	  .excludes = "execute",
	  .help = "the same line by line, each with the number of its client before it" },
	{ .name = "stall",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(stall),
	  .help = "drop a client that is in the way of others and takes nothing so long (5s)" },
};

static const struct option_row pass_rows[] = {
	{ .name = "send-fd",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 0,
	  .max = INT_MAX,
	  .field = AT(send_fd),
	  .excludes = "discard",
	  .help = "hand descriptor N along with the first bytes" },
	{ .name = "recv-fd",
	  .kind = OPTION_FLAG,
	  .field = AT(recv_fd),
	  .help = "give the descriptor that comes with the first bytes to the command, as its 3" },
};

const struct option_group pass_group = { "Passing a descriptor", pass_rows,
					 sizeof pass_rows / sizeof *pass_rows };
const struct option_group command_group = { "Command", command_rows,
					    sizeof command_rows / sizeof *command_rows };
const struct option_group service_group = { "Serving", rows, sizeof rows / sizeof *rows };

int service_check(struct service_options *o, const struct operands *operands, bool numeric,
		  struct option_error *error)
{
	static const char *const options[] = {
		[SERVICE_COMMAND] = "execute", [SERVICE_ECHO] = "echo",
		[SERVICE_DISCARD] = "discard", [SERVICE_FORWARD] = "forward",
		[SERVICE_BROKER] = "broker",   [SERVICE_PROXY] = "proxy-server",
	};
	char **command = operands->command;
	const enum service_kind kind = service_kind(o);
	bool runs_command;

	o->command.words = command;
	runs_command = service_kind(o) == SERVICE_COMMAND;
	if (command && kind != SERVICE_STDIO)
		return option_fail(error, "--%s and '-- %s' exclude each other",
				   o->chat ? "chat" : options[kind], command[0]);
	if (o->kill_after != UNSET && !runs_command)
		return option_fail(error, "--kill-after needs a command: -e CMD or -- CMD");
	if (o->recv_fd && !runs_command)
		return option_fail(error, "--recv-fd needs a command: -e CMD or -- CMD");
	if (proxy_server_check(&o->proxy, numeric, error) < 0)
		return -1;
	if (!o->forward)
		return 0;
	return address_endpoint(o->forward, numeric, &o->forward_to, error);
}

enum service_kind service_kind(const struct service_options *o)
{
	if (o->command.shell || o->command.words)
		return SERVICE_COMMAND;
	if (o->echo)
		return SERVICE_ECHO;
	if (o->discard)
		return SERVICE_DISCARD;
	if (o->forward)
		return SERVICE_FORWARD;
	if (o->proxy.kind != PROXY_SERVER_NONE)
		return SERVICE_PROXY;
	return o->broker || o->chat ? SERVICE_BROKER : SERVICE_STDIO;
}

bool service_keeps(const struct service_options *o)
{
	return o->keep_open || o->accept > 1 || service_kind(o) == SERVICE_BROKER ||
	       service_kind(o) == SERVICE_PROXY;
}
