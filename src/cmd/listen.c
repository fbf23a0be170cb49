/* listen.c - `sockit listen`: waits for TCP connections */
#include "base/command.h"
#include "base/clock.h"
#include "net/activation.h"
#include "conn/messages.h"
#include "conn/server.h"
#include "proxyd/options.h"

struct listen_command_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct frame_options frame;
	struct listen_options listen;
	struct service_options service;
	struct proxy_server_options proxy;
	struct proxy_options way;
	struct told_options told;
	struct access_options access;
	int64_t wait;
};

static const struct option_row rows[] = {
	OPTION("wait", 'w', OPTION_DURATION, 0, KEEP_NOTHING, ARG("DURATION"),
	       "how long to wait for a client: exit 4"),
};

static const struct option_group group = { "Waiting", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct listen_command_options, wait) },
	{ &service_group, offsetof(struct listen_command_options, service) },
	{ &forward_group, offsetof(struct listen_command_options, service) },
	{ &told_group, offsetof(struct listen_command_options, told) },
	{ &command_group, offsetof(struct listen_command_options, service) },
	{ &proxy_server_group, offsetof(struct listen_command_options, proxy) },
	{ &proxy_way_group, offsetof(struct listen_command_options, way) },
	{ &access_group, offsetof(struct listen_command_options, access) },
	{ &accept_proxy_group, offsetof(struct listen_command_options, access) },
	{ &port_group, offsetof(struct listen_command_options, listen) },
	{ &backlog_group, offsetof(struct listen_command_options, listen) },
	{ &listen_group, offsetof(struct listen_command_options, listen) },
	{ &family_group, offsetof(struct listen_command_options, family) },
	{ &wire_group, offsetof(struct listen_command_options, frame) },
	{ &frame_group, offsetof(struct listen_command_options, frame) },
	{ &stream_group, offsetof(struct listen_command_options, data) },
	{ &data_group, offsetof(struct listen_command_options, data) },
	{ &tcp_group, offsetof(struct listen_command_options, socket) },
	{ &ip_group, offsetof(struct listen_command_options, socket) },
	{ &socket_group, offsetof(struct listen_command_options, socket) },
	{ &message_group, offsetof(struct listen_command_options, messages.options) },
	{ NULL, 0 },
};

static const struct option_need needs[] = {
	{ &proxy_way_group, "forward proxy-server" },
	{ NULL, NULL },
};

static const struct listen_command_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.frame = FRAME_OPTIONS_DEFAULT,
	.listen = LISTEN_OPTIONS_DEFAULT,
	.service = SERVICE_OPTIONS_DEFAULT,
	.wait = UNSET,
};

/* Refuses lists of addresses for a UNIX socket: they would have no effect. What its clients tell is
 * for who lists them as users. */
static int listen_check_access(const struct server_config *c, struct option_error *error)
{
	bool proxies = c->access->proxies.used;
	struct address a;

	if (*c->connections.port || (!c->access->allow.used && !c->access->deny.used && !proxies))
		return 0;
	address_parse_direct(c->connections.host, &a);
	if (a.u.sa.sa_family == AF_UNIX)
		return option_fail(error,
				   "%s about addresses, which '%s' has not: see sockit unix --%s",
				   proxies ? "--accept-proxy is" : "--allow and --deny are",
				   c->connections.host, proxies ? "accept-proxy" : "allow-uid");
	return 0;
}

/* Fills in HOST and PORT from the operands; without operands, the sockets that were passed to us.
 * Returns 0, or -1 with *ERROR. */
static int listen_find_place(const struct command *self, struct server_config *c,
			     const struct operands *operands, struct option_error *error)
{
	if (operands->n == 0) {
		c->inherited = activation_sockets();
		c->connections.port = "(inherited)";
		return c->inherited ? 0 :
				      option_fail(error, "an operand is missing: sockit listen %s",
						  self->synopsis);
	}
	if (address_operands(operands, true, c->connections.numeric, &c->connections.host,
			     &c->connections.port, error) < 0)
		return -1;
	return listen_check_access(c, error);
}

static struct outcome main_listen(const struct command *self, int argc, char **argv)
{
	struct listen_command_options o = defaults;
	struct server_config c = {
		.connections = { .messages = &o.messages,
				 .socket = &o.socket,
				 .data = &o.data,
				 .service = &o.service,
				 .frame = &o.frame,
				 .told = &o.told },
		.listen = &o.listen,
		.access = &o.access,
		.dest = &o.proxy.dest,
	};
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	o.service.proxy = &o.proxy;
	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		c.connections.family = address_family(&o.family);
		c.connections.numeric = o.family.numeric;
		c.connections.wait = o.wait;
		if (listen_find_place(self, &c, &operands, &error) == 0 &&
		    service_check(&o.service, &operands, o.family.numeric, &error) == 0 &&
		    proxy_server_check_way(&o.service, &o.way, o.family.numeric, &error) == 0 &&
		    messages_check(&o.data, &o.frame, &error) == 0 &&
		    told_check(&o.told, &error) == 0 && server_check(&c, &error) == 0)
			outcome = server_run(&c);
		else
			outcome = command_refuse(&o.messages, &error);
	}
	access_free(&o.access);
	service_options_free(&o.service);
	proxy_server_free(&o.proxy);
	proxy_free(&o.way);
	data_options_free(&o.data);
	sockopt_free(&o.socket);
	return outcome;
}

COMMAND(listen) = {
	.name = "listen",
	.synopsis = "[OPTION...] [[HOST] PORT] [-- CMD ARG...]",
	.summary = "wait for TCP connections: stdin goes to the client, what it sends to stdout",
	.brief = "[OPTION...] [HOST] PORT [-- CMD ARG...]\n"
		 "[OPTION...] ENDPOINT [-- CMD ARG...]\n"
		 "[OPTION...] (inherited: LISTEN_FDS) [-- CMD ARG...]\n"
		 "\n"
		 "wait keep-open recv-only execute forward echo broker proxy-server allow verbose\n"
		 "\n"
		 "sockit listen 9000 > file\n"
		 "sockit listen -k --forward server:80 8080\n"
		 "sockit listen -k 127.0.0.1 9001 -e 'echo \"You are $TCPREMOTEIP\"'",
	.uses = uses,
	.min_operands = 0,
	.max_operands = 2,
	.runs_command = true,
	.run = main_listen,
	.needs = needs,
	.keeps = KEEP_NOTHING,
};
