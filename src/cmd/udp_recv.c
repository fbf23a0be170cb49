/* udp_recv.c - `sockit udp-recv`: receives datagrams and prints them */
#include "base/command.h"
#include "base/number.h"
#include "dgram/receiver.h"

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
	OPTION("wait", 'w', OPTION_DURATION, 0, KEEP_NOTHING, ARG("DURATION"),
	       "no datagram for so long: exit 4 if none came or fewer than --count, else 0"),
};

static const struct option_group group = { "Waiting", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct udp_recv_options, wait) },
	{ &receiver_group, offsetof(struct udp_recv_options, receiving) },
	{ &answering_group, offsetof(struct udp_recv_options, receiving) },
	{ &forwarding_group, offsetof(struct udp_recv_options, receiving) },
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
	.receiving = RECEIVER_OPTIONS_DEFAULT,
	.wait = UNSET,
};

/* Are the groups of the family that was asked for? Returns 0, or -1 with *ERROR. */
static int udp_recv_check_groups(const struct udp_recv_options *o, struct option_error *error)
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
	struct receiver_config c = {
		.messages = &o.messages,
		.socket = &o.socket,
		.data = &o.data,
		.listen = &o.listen,
		.frame = &o.frame,
		.access = &o.access,
		.groups = &o.groups,
		.options = &o.receiving,
	};
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		c.family = address_family(&o.family);
		c.numeric = o.family.numeric;
		c.wait = o.wait;
		if (address_inet_operands(&operands, true, c.numeric, &c.host, &c.port, &error) ==
			    0 &&
		    receiver_options_check(&o.receiving, &o.frame, &operands, AF_INET, c.numeric,
					   &error) == 0 &&
		    udp_recv_check_groups(&o, &error) == 0 && receiver_check(&c, &error) == 0)
			outcome = receiver_run(&c);
		else
			outcome = command_refuse(&o.messages, &error);
	}
	membership_free(&o.groups);
	access_free(&o.access);
	sockopt_free(&o.socket);
	return outcome;
}

COMMAND(udp_recv) = {
	.name = "udp-recv",
	.synopsis = "[OPTION...] [HOST] PORT [-- CMD ARG...]",
	.summary = "receive UDP datagrams, from any number of senders, and print them",
	.brief = "[OPTION...] [HOST] PORT [-- CMD ARG...]\n"
		 "[OPTION...] HOST:PORT [-- CMD ARG...]\n"
		 "\n"
		 "wait count from frame reply echo execute join allow verbose\n"
		 "\n"
		 "sockit udp-recv --from 5140\n"
		 "sockit udp-recv --reply latest 9000\n"
		 "sockit udp-recv -c 1 -w 5 9000 > datagram",
	.uses = uses,
	.min_operands = 1,
	.max_operands = 2,
	.runs_command = true,
	.run = main_udp_recv,
	.keeps = KEEP_NOTHING,
};
