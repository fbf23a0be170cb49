/* udp_send.c - `sockit udp-send`: sends stdin as datagrams */
#include <errno.h>
#include <unistd.h>

#include "base/command.h"
#include "base/facts.h"
#include "sock/datagram.h"
#include "names/services.h"
#include "dgram/stdin.h"
#include "run/report.h"
#include "dgram/sender.h"

struct udp_send_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct multicast_options multicast;
	struct data_options data;
	struct frame_options frame;
	struct sender_options sending;
	bool probe, any_source;
	const char *host, *port; /* the operands */
};

#define AT(member) offsetof(struct udp_send_options, member)

static const struct option_row rows[] = {
	{ "any-source", 0, OPTION_FLAG, AT(any_source), .excludes = "probe",
	  .help = "take answers from any address and port, and write ADDRESS PORT: before each" },
	{ "probe", 'z', OPTION_FLAG, AT(probe), .excludes = "replies repeat",
	  .help = "ask whether somebody answers what stdin gives (nothing: an empty datagram) "
		  "within --wait (1s): open is exit 0, closed 1, no-answer 4" },
};

static const struct option_group group = { "Asking", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &sender_group, offsetof(struct udp_send_options, sending) },
	{ &frame_group, offsetof(struct udp_send_options, frame) },
	{ &group, 0 },
	{ &family_group, offsetof(struct udp_send_options, family) },
	{ &data_group, offsetof(struct udp_send_options, data) },
	{ &source_group, offsetof(struct udp_send_options, socket) },
	{ &multicast_group, offsetof(struct udp_send_options, multicast) },
	{ &ip_group, offsetof(struct udp_send_options, socket) },
	{ &socket_group, offsetof(struct udp_send_options, socket) },
	{ &message_group, offsetof(struct udp_send_options, messages.options) },
	{ NULL, 0 },
};

static const struct udp_send_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.multicast = MULTICAST_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.frame = FRAME_OPTIONS_DEFAULT,
	.sending = SENDER_OPTIONS_DEFAULT,
};

/* Prints what --probe found. Returns what that means for the outcome. */
static struct outcome udp_send_print(void *arg, const struct sender_found *f,
				     struct outcome outcome)
{
	const struct udp_send_options *o = arg;
	static const char *const states[] = {
		[SENDER_NO_ANSWER] = "no-answer",
		[SENDER_OPEN] = "open",
		[SENDER_CLOSED] = "closed",
	};
	char service[64];
	const char *name = NULL;
	struct facts facts;

	if (!o->family.numeric && services_name(f->port, "udp", service, sizeof service))
		name = service;
	facts_start(&facts, &o->messages, NULL);
	facts_begin(&facts, "probed");
	json_string(&facts.json, "host", o->host);
	json_number(&facts.json, "port", f->port);
	json_string(&facts.json, "protocol", "udp");
	json_string(&facts.json, "state", states[f->answer]);
	json_string(&facts.json, "service", name);
	if (f->by.length) {
		address_json(&facts.json, "peer", &f->by);
		json_milliseconds(&facts.json, "elapsed_ms", f->ns);
	}
	facts_line(&facts, "%s %u/udp %s%s%s\n", o->host, f->port, states[f->answer],
		   name ? " " : "", name ? name : "");
	facts_end(&facts);
	if (text_write(facts.out, STDOUT_FILENO) < 0)
		outcome = report_output_error(&o->messages, "stdout", errno);
	facts_free(&facts);
	return outcome;
}

static struct outcome udp_send_run(struct udp_send_options *o)
{
	const enum frame_mode mode = o->frame.frame.mode;
	const struct sender_config c = {
		.options = &o->sending,
		.frame = &o->frame,
		.socket = &o->socket,
		.multicast = &o->multicast,
		.host = o->host,
		.port = o->port,
		.family = address_family(&o->family),
		.any_source = o->any_source,
		/* The length before an answer leaves no room for the address of its sender. */
		.from = o->any_source && mode != FRAME_LEN16 && mode != FRAME_LEN32,
		.probed = o->probe ? udp_send_print : NULL,
		.arg = o,
	};

	return sender_run(&o->messages, &o->data, &c);
}

static struct outcome main_udp_send(const struct command *self, int argc, char **argv)
{
	struct udp_send_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (address_inet_operands(&operands, false, o.family.numeric, &o.host, &o.port,
					  &error) == 0 &&
		    address_check(o.socket.source, o.socket.source_port, o.family.numeric,
				  &error) == 0 &&
		    dgram_stdin_check(&o.frame, dgram_most(AF_INET), &error) == 0 &&
		    run_check(&o.messages, &o.data, &error) == 0)
			outcome = udp_send_run(&o);
		else
			outcome = command_refuse(&o.messages, &error);
	}
	sockopt_free(&o.socket);
	return outcome;
}

COMMAND(udp_send) = {
	.name = "udp-send",
	.synopsis = "[OPTION...] HOST PORT",
	.summary = "send stdin as UDP datagrams, and print what comes back",
	.uses = uses,
	.min_operands = 1,
	.max_operands = 2,
	.run = main_udp_send,
};
