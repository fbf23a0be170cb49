/* udp_send.c - `sockit udp-send`: sends stdin as datagrams */
#include <errno.h>
#include <limits.h>

#include "base/command.h"
#include "base/text.h"
#include "sock/datagram.h"
#include "dgram/stdin.h"
#include "run/report.h"
#include "run/retry.h"
#include "run/scan.h"
#include "dgram/sender.h"

struct udp_send_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct multicast_options multicast;
	struct data_options data;
	struct frame_options frame;
	struct sender_options sending;
	struct retry_options retry;
	int64_t jobs, interval;
	bool probe, any, any_source;
	const char *host, *port; /* the operands */
};

#define PROBE_LIMIT SECOND /* -w of --probe */

/* Options that have no effect where one datagram is sent and what comes back is not shown. */
#define NO_QUESTION                                                                                \
	"frame size pps crlf rate output hex-dump text-dump append progress stats idle-timeout "   \
	"multicast-interface multicast-ttl no-loop"

#define AT(member) offsetof(struct udp_send_options, member)

static const struct option_row rows[] = {
	OPTION("any-source", 0, OPTION_FLAG, AT(any_source), KEEP_NOTHING, EXCLUDES("probe"),
	       "take answers from any address and port, and write ADDRESS PORT: before each"),
	OPTION("probe", 'z', OPTION_FLAG, AT(probe), KEEP_NOTHING,
	       EXCLUDES("replies repeat " NO_QUESTION),
	       "ask who answers within --wait (1s), of a list of ports or several endpoints: "
	       "by --data, else as each protocol has it"),
	OPTION("any", 0, OPTION_FLAG, AT(any), KEEP_NOTHING, NEEDS("probe"),
	       "one that answers is enough"),
	OPTION("retry", 0, OPTION_DURATION, AT(retry.retry), KEEP_NOTHING,
	       ARG("DURATION") NEEDS("probe"),
	       "ask again until all answer, at most so long: exit 4"),
	OPTION("interval", 0, OPTION_DURATION, AT(interval), KEEP_NOTHING,
	       ARG("DURATION") NEEDS("repeat retry"),
	       "pause between one time and the next (of --repeat none, of --retry 250ms)"),
	OPTION("jobs", 0, OPTION_NUMBER, AT(jobs), KEEP_NOTHING, ARG("N") NEEDS("probe"),
	       "so many at a time at most (512)", .min = 1, .max = SCAN_JOBS_MOST),
};

static const struct option_group group = { "Asking", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &asking_group, offsetof(struct udp_send_options, sending) },
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
	.retry = RETRY_OPTIONS_DEFAULT,
	.jobs = SCAN_JOBS,
	.interval = UNSET,
};

/* --probe: asks each port. */
static struct outcome udp_send_probe(const struct udp_send_options *o,
				     const struct operands *operands)
{
	struct text question = { 0 };
	struct scan_config c = {
		.messages = &o->messages,
		.socket = &o->socket,
		.data = &o->data,
		.socktype = SOCK_DGRAM,
		.family = address_family(&o->family),
		.numeric = o->family.numeric,
		.wait = o->sending.wait,
		.limit = PROBE_LIMIT,
		.retry = o->retry.retry,
		.interval = o->retry.interval,
		.jobs = o->jobs,
		.any = o->any,
	};
	struct outcome outcome;

	if (o->sending.data)
		text_unescape(&question, o->sending.data);
	if (question.failed)
		return report_error(&o->messages, "start", ENOMEM);
	c.question = question.data;
	c.question_size = question.length;
	outcome = scan_run(&c, operands);
	text_free(&question);
	return outcome;
}

static struct outcome udp_send_run(const struct udp_send_options *o)
{
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
		.from = o->any_source && !frame_has_length(&o->frame.frame),
	};

	return sender_run(&o->messages, &o->data, &c);
}

/* Those of --probe are for the scan to read. Returns 0, or -1 with *ERROR. */
static int udp_send_check_operands(struct udp_send_options *o, const struct operands *operands,
				   struct option_error *error)
{
	if (o->probe)
		return 0;
	if (operands->n > 2)
		return option_fail(error, "extra operand '%s'", operands->words[2]);
	return address_inet_operands(operands, false, o->family.numeric, &o->host, &o->port, error);
}

static struct outcome main_udp_send(const struct command *self, int argc, char **argv)
{
	struct udp_send_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (o.interval != UNSET)
			o.retry.interval = o.sending.interval = o.interval;
		if (udp_send_check_operands(&o, &operands, &error) == 0 &&
		    address_check(o.socket.source, o.socket.source_port, o.family.numeric,
				  &error) == 0 &&
		    dgram_stdin_check(&o.frame, dgram_most(AF_INET), &error) == 0 &&
		    run_check(&o.messages, &o.data, &error) == 0)
			outcome = o.probe ? udp_send_probe(&o, &operands) : udp_send_run(&o);
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
	.brief = "[OPTION...] HOST PORT\n"
		 "[OPTION...] ENDPOINT\n"
		 "-z [OPTION...] HOST PORT,PORT-PORT | ENDPOINT...\n"
		 "\n"
		 "wait replies data frame probe repeat interval source-port any-source verbose\n"
		 "\n"
		 "echo 'hits:1|c' | sockit udp-send statsd 8125\n"
		 "sockit udp-send --data 'ping\\n' -w 2 --replies 1 server 9000\n"
		 "sockit udp-send -z ns 53",
	.uses = uses,
	.min_operands = 1,
	.max_operands = INT_MAX, /* of --probe */
	.run = main_udp_send,
	.keeps = KEEP_NAMES,
};
