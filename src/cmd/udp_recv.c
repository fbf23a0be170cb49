#include "cmd/udp_recv.h"

#include <errno.h>
#include <fcntl.h>

#include "base/number.h"
#include "base/user.h"
#include "net/activation.h"
#include "net/datagram_listener.h"
#include "dgram/receiver.h"
#include "run/report.h"

struct udp_recv_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct listen_options listen;
	struct frame_options frame;
	struct receiver_options receiving;
	struct access_options access;
	struct membership_options groups;
	int64_t wait;
};

static const struct option_row rows[] = {
	{ .name = "wait",
	  .letter = 'w',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .help = "no datagram for so long: exit 4 if none came or fewer than --count, else 0" },
};

static const struct option_group group = { "Waiting", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct udp_recv_options, wait) },
	{ &receiver_group, offsetof(struct udp_recv_options, receiving) },
	{ &answering_group, offsetof(struct udp_recv_options, receiving) },
	{ &frame_group, offsetof(struct udp_recv_options, frame) },
	{ &membership_group, offsetof(struct udp_recv_options, groups) },
	{ &access_group, offsetof(struct udp_recv_options, access) },
	{ &port_group, offsetof(struct udp_recv_options, listen) },
	{ &listen_group, offsetof(struct udp_recv_options, listen) },
	{ &family_group, offsetof(struct udp_recv_options, family) },
	{ &data_group, offsetof(struct udp_recv_options, data) },
	{ &ip_group, offsetof(struct udp_recv_options, socket) },
	{ &socket_group, offsetof(struct udp_recv_options, socket) },
	{ &message_group, offsetof(struct udp_recv_options, messages.options) },
	{ NULL, 0 },
};

static const struct udp_recv_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.listen = LISTEN_OPTIONS_DEFAULT,
	.frame = FRAME_OPTIONS_DEFAULT,
	.receiving = RECEIVING_OPTIONS_DEFAULT,
	.wait = UNSET,
};

struct udp_receiving {
	struct udp_recv_options *options;
	const char *host, *port;
	bool any_port; /* the kernel chooses: it has to be said which */
	struct run run;
	struct receiver receiving;
	struct dgram_listener *listener;
	struct dgram_listener_config config;
	struct access_lookup *lookup;
};

static void on_event(void *arg, const struct event *e)
{
	const struct udp_receiving *u = arg;

	report_event_at(&u->options->messages, e, e->kind == EVENT_LISTENING && u->any_port);
}

static void on_error(void *arg, const struct dgram_error *e)
{
	struct udp_receiving *u = arg;

	receiver_error(&u->receiving, e);
}

/* They are bound: whoever waits for that may send. */
static int tell_ready(const struct udp_recv_options *o, const struct dgram_listener *l)
{
	if (o->listen.notify_fd != UNSET &&
	    dgram_listener_notify(l, (int)o->listen.notify_fd) < 0) {
		report_error(&o->messages, "--notify-fd", errno);
		return -1;
	}
	if (activation_notify("READY=1") < 0)
		report_error(&o->messages, "NOTIFY_SOCKET", errno);
	return 0;
}

static void bound(void *arg, struct dgram_listener *l, struct dgram_socket *s, size_t n,
		  const struct listener_result *r)
{
	const struct outcome failed = { OUTCOME_FAILED, 0 };
	struct udp_receiving *u = arg;
	const struct udp_recv_options *o = u->options;

	if (r->lookup.eai || r->error)
		run_end(&u->run, report_listener(&o->messages, u->port, r));
	else if (tell_ready(o, l) < 0)
		run_end(&u->run, failed);
	else if (receiver_begin(&u->receiving, s, n) < 0)
		run_end(&u->run, report_error(&o->messages, "start", errno));
}

/* Whose datagrams are taken is known. */
static void names_found(void *arg, const struct places_failure *f)
{
	struct udp_receiving *u = arg;
	const struct messages *m = &u->options->messages;

	if (f) {
		run_end(&u->run, report_lookup(m, f));
		return;
	}
	u->listener = dgram_listener_start(u->run.loop, &u->config, bound, u);
	if (!u->listener)
		run_end(&u->run, report_error(m, "start", errno));
}

static struct outcome run(struct udp_receiving *u)
{
	struct udp_recv_options *o = u->options;
	const struct messages *m = &o->messages;
	const struct receiver_config c = {
		.options = &o->receiving,
		.frame = &o->frame,
		.access = &o->access,
		.numeric = o->family.numeric,
		.most = dgram_most(AF_INET),
		.wait = o->wait,
	};
	struct outcome outcome;

	u->config = (struct dgram_listener_config){
		.host = u->host,
		.port = u->port,
		.family = address_family(&o->family),
		.socket = &o->socket,
		.options = &o->listen,
		.groups = &o->groups,
		.wants = receiver_wants(&o->receiving, m->options.json),
		.events = { on_event, u },
		.error = on_error,
	};
	if (o->listen.notify_fd != UNSET && fcntl((int)o->listen.notify_fd, F_GETFD) < 0)
		return report_error(m, "--notify-fd", errno);
	if (run_start(&u->run, m, &o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	receiver_start(&u->receiving, &u->run, &c);
	access_start(u->run.loop, &o->access, names_found, u, &u->lookup);
	outcome = run_wait(&u->run);
	access_cancel(u->lookup);
	receiver_free(&u->receiving);
	dgram_listener_close(u->listener);
	run_free(&u->run);
	return outcome;
}

static int find_place(struct udp_receiving *u, const struct operands *operands,
		      struct option_error *error)
{
	uint16_t number;

	if (address_inet_operands(operands, true, u->options->family.numeric, &u->host, &u->port,
				  error) < 0)
		return -1;
	u->any_port = address_parse_port(u->port, &number) == WORD_NUMBER && number == 0;
	return 0;
}

/* Groups and the family that was asked for. */
static int check_groups(const struct udp_recv_options *o, struct option_error *error)
{
	int family = address_family(&o->family);

	for (const struct membership *g = o->groups.groups; g; g = g->next)
		if (family != AF_UNSPEC && g->group.u.sa.sa_family != family)
			return option_fail(error, "--join: '%s' is of the other family than -%c",
					   g->word, family == AF_INET ? '4' : '6');
	return 0;
}

static struct outcome main_udp_recv(const struct command *self, int argc, char **argv)
{
	struct udp_recv_options o = defaults;
	struct udp_receiving u = { .options = &o };
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (find_place(&u, &operands, &error) == 0 &&
		    receiver_check(&o.receiving, &o.frame, &operands, dgram_most(AF_INET),
				   &error) == 0 &&
		    check_groups(&o, &error) == 0 &&
		    access_check(&o.access, o.family.numeric, &error) == 0 &&
		    (!o.listen.user || user_check(o.listen.user, &error) == 0) &&
		    run_check(&o.messages, &o.data, &error) == 0)
			outcome = run(&u);
		else
			outcome = command_refuse(&o.messages, &error);
	}
	membership_free(&o.groups);
	access_free(&o.access);
	sockopt_free(&o.socket);
	return outcome;
}

const struct command udp_recv_command = {
	.name = "udp-recv",
	.synopsis = "[OPTION...] [HOST] PORT [-- CMD ARG...]",
	.summary = "receive UDP datagrams, from any number of senders, and print them",
	.uses = uses,
	.min_operands = 1,
	.max_operands = 2,
	.runs_command = true,
	.run = main_udp_recv,
};
