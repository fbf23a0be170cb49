#include "cmd/connect.h"

#include "base/clock.h"
#include "serve/connecting.h"

struct connect_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct service_options service;
	struct retry_options retry;
	int64_t wait;
};

static const struct option_row rows[] = {
	{ .name = "wait",
	  .letter = 'w',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .help = "limit for look-up and connection together: exit 4" },
};

static const struct option_group group = { "Connecting", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct connect_options, wait) },
	{ &retry_group, offsetof(struct connect_options, retry) },
	{ &command_group, offsetof(struct connect_options, service) },
	{ &family_group, offsetof(struct connect_options, family) },
	{ &stream_group, offsetof(struct connect_options, data) },
	{ &data_group, offsetof(struct connect_options, data) },
	{ &source_group, offsetof(struct connect_options, socket) },
	{ &tcp_group, offsetof(struct connect_options, socket) },
	{ &ip_group, offsetof(struct connect_options, socket) },
	{ &socket_group, offsetof(struct connect_options, socket) },
	{ &message_group, offsetof(struct connect_options, messages.options) },
	{ NULL, 0 },
};

static const struct connect_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.service = SERVICE_OPTIONS_DEFAULT,
	.retry = RETRY_OPTIONS_DEFAULT,
	.wait = UNSET,
};

static struct outcome main_connect(const struct command *self, int argc, char **argv)
{
	struct connect_options o = defaults;
	struct connecting_config c = {
		.messages = &o.messages,
		.socket = &o.socket,
		.data = &o.data,
		.service = &o.service,
		.retry = &o.retry,
	};
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		c.family = address_family(&o.family);
		c.numeric = o.family.numeric;
		c.wait = o.wait;
		if (address_operands(&operands, false, c.numeric, &c.host, &c.port, &error) == 0 &&
		    address_check(o.socket.source, o.socket.source_port, c.numeric, &error) == 0 &&
		    service_check(&o.service, &operands, c.numeric, &error) == 0 &&
		    run_check(&o.messages, &o.data, &error) == 0)
			outcome = connecting_run(&c);
		else
			outcome = command_refuse(&o.messages, &error);
	}
	sockopt_free(&o.socket);
	return outcome;
}

const struct command connect_command = {
	.name = "connect",
	.synopsis = "[OPTION...] HOST PORT [-- CMD ARG...]",
	.summary = "connect to a TCP port: stdin goes to the peer, what the peer sends to stdout",
	.uses = uses,
	.min_operands = 1,
	.max_operands = 2,
	.runs_command = true,
	.run = main_connect,
};
