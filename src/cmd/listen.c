#include "cmd/listen.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/user.h"
#include "net/activation.h"
#include "serve/report.h"
#include "serve/server.h"

struct listen_command_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct listen_options listen;
	struct service_options service;
	struct access_options access;
	int64_t wait;
};

static const struct option_row rows[] = {
	{ .name = "wait",
	  .letter = 'w',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .help = "how long to wait for a client: exit 4" },
};

static const struct option_group group = { "Waiting", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct listen_command_options, wait) },
	{ &service_group, offsetof(struct listen_command_options, service) },
	{ &command_group, offsetof(struct listen_command_options, service) },
	{ &access_group, offsetof(struct listen_command_options, access) },
	{ &port_group, offsetof(struct listen_command_options, listen) },
	{ &backlog_group, offsetof(struct listen_command_options, listen) },
	{ &listen_group, offsetof(struct listen_command_options, listen) },
	{ &family_group, offsetof(struct listen_command_options, family) },
	{ &stream_group, offsetof(struct listen_command_options, data) },
	{ &data_group, offsetof(struct listen_command_options, data) },
	{ &tcp_group, offsetof(struct listen_command_options, socket) },
	{ &ip_group, offsetof(struct listen_command_options, socket) },
	{ &socket_group, offsetof(struct listen_command_options, socket) },
	{ &message_group, offsetof(struct listen_command_options, messages.options) },
	{ NULL, 0 },
};

static const struct listen_command_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.listen = LISTEN_OPTIONS_DEFAULT,
	.service = SERVICE_OPTIONS_DEFAULT,
	.wait = UNSET,
};

struct listening {
	struct listen_command_options *options;
	const char *host, *port;
	int inherited; /* so many sockets, in place of those two */
	bool any_port; /* the kernel chooses: it has to be said which */
	struct run run;
	struct server server;
	struct access_lookup *lookup;
	struct listener_config config;
};

static void on_event(void *arg, const struct event *e)
{
	struct listening *l = arg;
	const struct messages *m = &l->options->messages;

	if (e->kind == EVENT_ACCEPT_FAILED)
		server_short(&l->server, e->error);
	if (!e->again)
		report_event_at(m, e, e->kind == EVENT_LISTENING && l->any_port);
}

static void opened(void *arg, struct listener *listener, const struct listener_result *r)
{
	struct listening *l = arg;
	const struct listen_command_options *o = l->options;

	if (r->eai || r->error) {
		run_end(&l->run, report_listener(&o->messages, l->host, l->port, r));
		return;
	}
	if (o->listen.notify_fd != UNSET &&
	    listener_notify(listener, (int)o->listen.notify_fd) < 0) {
		run_end(&l->run, report_error(&o->messages, "--notify-fd", errno));
		return;
	}
	if (activation_notify("READY=1") < 0)
		report_error(&o->messages, "NOTIFY_SOCKET", errno);
	server_listen(&l->server, listener);
}

static void accepted(void *arg, int fd, const struct address *peer, const struct address *local)
{
	struct listening *l = arg;

	server_accept(&l->server, fd, peer, local);
}

static size_t spare(void *arg)
{
	const struct listening *l = arg;

	return server_spare(&l->server);
}

/* Who may come is known: let them. */
static void names_found(void *arg, const char *name, int eai, int error)
{
	struct listening *l = arg;
	struct listener *listener;

	if (eai) {
		run_end(&l->run, report_lookup(&l->options->messages, name, false, eai, error));
		return;
	}
	listener = listener_start(l->run.loop, &l->config, opened, accepted, l);
	if (listener)
		server_listen(&l->server, listener);
	else
		run_end(&l->run, report_error(&l->options->messages, "listen", errno));
}

static struct outcome run(struct listening *l)
{
	struct listen_command_options *o = l->options;
	const struct server_config served = {
		.service = &o->service,
		.socket = &o->socket,
		.access = &o->access,
		.listening = true,
		.family = address_family(&o->family),
		.numeric = o->family.numeric,
		.port = l->port,
		.wait = o->wait,
	};
	struct outcome outcome;

	l->config = (struct listener_config){
		.host = l->host,
		.port = l->port,
		.family = address_family(&o->family),
		.socket = &o->socket,
		.options = &o->listen,
		.events = { on_event, l },
		.spare = spare,
		.inherited = l->inherited,
	};
	if (o->listen.notify_fd != UNSET && fcntl((int)o->listen.notify_fd, F_GETFD) < 0)
		return report_error(&o->messages, "--notify-fd", errno);
	if (run_start(&l->run, &o->messages, &o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	server_start(&l->server, &l->run, &served);
	access_start(l->run.loop, &o->access, names_found, l, &l->lookup);
	outcome = run_wait(&l->run);
	access_cancel(l->lookup);
	server_free(&l->server);
	run_free(&l->run);
	return outcome;
}

/* HOST and PORT of the operands; without any, the sockets that we were given. */
static int find_place(struct listening *l, const struct operands *operands,
		      struct option_error *error)
{
	uint16_t number;

	l->inherited = operands->n == 0 ? activation_sockets() : 0;
	if (operands->n == 0 && !l->inherited)
		return option_fail(error, "an operand is missing: sockit listen %s",
				   listen_command.synopsis);
	if (l->inherited) {
		l->port = "(inherited)";
		return 0;
	}
	if (address_operands(operands, true, l->options->family.numeric, &l->host, &l->port,
			     error) < 0)
		return -1;
	l->any_port = address_parse_port(l->port, &number) == WORD_NUMBER && number == 0;
	return 0;
}

static struct outcome main_listen(const struct command *self, int argc, char **argv)
{
	struct listen_command_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;
	struct listening l = { .options = &o };

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (find_place(&l, &operands, &error) == 0 &&
		    service_check(&o.service, &operands, o.family.numeric, &error) == 0 &&
		    access_check(&o.access, o.family.numeric, &error) == 0 &&
		    (!o.listen.user || user_check(o.listen.user, &error) == 0) &&
		    run_check(&o.messages, &o.data, &error) == 0)
			outcome = run(&l);
		else
			outcome = command_refuse(&o.messages, &error);
	}
	access_free(&o.access);
	sockopt_free(&o.socket);
	return outcome;
}

const struct command listen_command = {
	.name = "listen",
	.synopsis = "[OPTION...] [[HOST] PORT] [-- CMD ARG...]",
	.summary = "wait for TCP connections: stdin goes to the client, what it sends to stdout",
	.uses = uses,
	.min_operands = 0,
	.max_operands = 2,
	.runs_command = true,
	.run = main_listen,
};
