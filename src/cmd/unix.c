/* unix.c - `sockit unix`: connects to, listens on, sends to or receives from a UNIX socket */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/command.h"
#include "base/clock.h"
#include "net/activation.h"
#include "conn/client.h"
#include "conn/server.h"
#include "dgram/input.h"
#include "dgram/receiver.h"
#include "dgram/sender.h"
#include "proxyd/options.h"

struct unix_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct frame_options frame;
	struct listen_options listen;
	struct service_options service;
	struct proxy_server_options proxy;
	struct access_options access;
	struct retry_options retry;
	struct sender_options sending;
	struct receiver_options receiving;
	struct {
		bool listen;
		int64_t type, wait, interval;
		const char *source;
	} own;
};

#define AT(member) (offsetof(struct unix_options, own.member) - offsetof(struct unix_options, own))

static const struct option_keyword types[] = {
	{ "stream", SOCK_STREAM },
	{ "dgram", SOCK_DGRAM },
	{ "seqpacket", SOCK_SEQPACKET },
	{ NULL, 0 },
};

static const struct option_row rows[] = {
	{ .name = "listen",
	  .letter = 'l',
	  .kind = OPTION_FLAG,
	  .field = AT(listen),
	  .help = "make the socket and wait for clients, rather than connect" },
	{ .name = "type",
	  .kind = OPTION_KEYWORD,
	  .arg = "TYPE",
	  .keywords = types,
	  .field = AT(type),
	  .help = "stream (the default), seqpacket, or dgram" },
	{ .name = "wait",
	  .letter = 'w',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(wait),
	  .help = "limit for connecting or, with --listen, how long to wait for a client; of dgram, for a "
		  "reply or a datagram: exit 4" },
	{ .name = "interval",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(interval),
	  .needs = "retry repeat",
	  .help = "pause between tries (250ms), or between one time and the next" },
	{ .name = "source",
	  .letter = 's',
	  .kind = OPTION_STRING,
	  .arg = "ADDR",
	  .field = AT(source),
	  .help = "path to which replies come, of --type dgram (a name of its own)" },
};

static const struct option_group group = { "UNIX socket", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct unix_options, own) },
	{ &retry_alone_group, offsetof(struct unix_options, retry) },
	{ &repeat_group, offsetof(struct unix_options, sending) },
	{ &receiver_group, offsetof(struct unix_options, receiving) },
	{ &jobs_group, offsetof(struct unix_options, receiving) },
	{ &service_group, offsetof(struct unix_options, service) },
	{ &command_group, offsetof(struct unix_options, service) },
	{ &proxy_server_group, offsetof(struct unix_options, proxy) },
	{ &pass_group, offsetof(struct unix_options, service) },
	{ &user_group, offsetof(struct unix_options, access) },
	{ &rights_group, offsetof(struct unix_options, listen) },
	{ &backlog_group, offsetof(struct unix_options, listen) },
	{ &listen_group, offsetof(struct unix_options, listen) },
	{ &frame_group, offsetof(struct unix_options, frame) },
	{ &numeric_group, offsetof(struct unix_options, family) },
	{ &stream_group, offsetof(struct unix_options, data) },
	{ &data_group, offsetof(struct unix_options, data) },
	{ &socket_group, offsetof(struct unix_options, socket) },
	{ &message_group, offsetof(struct unix_options, messages.options) },
	{ NULL, 0 },
};

static const struct option_need needs[] = {
	{ &service_group, "listen" },
	{ &user_group, "listen" },
	{ &rights_group, "listen" },
	{ &backlog_group, "listen" },
	{ &listen_group, "listen" },
	{ &proxy_server_group, "listen" },
	{ NULL, NULL },
};

static const struct unix_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.frame = FRAME_OPTIONS_DEFAULT,
	.listen = LISTEN_OPTIONS_DEFAULT,
	.service = SERVICE_OPTIONS_DEFAULT,
	.retry = RETRY_OPTIONS_DEFAULT,
	.sending = SENDER_OPTIONS_DEFAULT,
	.receiving = RECEIVER_OPTIONS_DEFAULT,
	.own = { .type = SOCK_STREAM, .wait = UNSET, .interval = UNSET },
};

static bool has_rights(const struct unix_rights *r)
{
	return r->mode != UNSET || r->uid != UNSET || r->gid != UNSET;
}

enum kind { CONNECTION = 1, SENDER = 2, RECEIVER = 4 };

/* What a group is for, where that is not everything. */
static const struct {
	const struct option_group *group;
	const char *except; /* long names */
	unsigned kinds;
} purposes[] = {
	{ &retry_alone_group, NULL, CONNECTION },
	{ &stream_group, NULL, CONNECTION },
	{ &service_group, "echo stall", CONNECTION },
	{ &command_group, "execute", CONNECTION },
	{ &pass_group, NULL, CONNECTION },
	{ &proxy_server_group, NULL, CONNECTION },
	{ &backlog_group, NULL, CONNECTION },
	{ &command_group, NULL, CONNECTION | RECEIVER },
	{ &repeat_group, NULL, SENDER },
	{ &group, "listen type wait interval", SENDER },
	{ &receiver_group, NULL, RECEIVER },
	{ &jobs_group, NULL, RECEIVER },
};

/* Does all that was given go with the type, and with --listen or without it? */
static int check_purposes(const struct command *self, const struct unix_options *o,
			  const struct operands *operands, struct option_error *error)
{
	bool dgram = o->own.type == SOCK_DGRAM;
	unsigned kind = !dgram ? CONNECTION : o->own.listen ? RECEIVER : SENDER;

	for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++) {
		const struct option_row *row =
			option_given(self, operands, purposes[i].group, purposes[i].except);
		if (!row || purposes[i].kinds & kind)
			continue;
		if (!dgram)
			return option_fail(error, "--%s needs --type dgram", row->name);
		if (purposes[i].kinds & RECEIVER)
			return option_fail(error, "--%s needs --listen with --type dgram",
					   row->name);
		return option_fail(error, "--%s and --%s exclude each other", row->name,
				   purposes[i].kinds & SENDER ? "listen" : "type dgram");
	}
	if (kind == SENDER && operands->command)
		return option_fail(error, "'-- %s' needs --listen with --type dgram",
				   operands->command[0]);
	return 0;
}

/* What a receiver of datagrams does with each is one thing. */
static int check_answers(const struct unix_options *o, struct option_error *error)
{
	const struct receiver_options *r = &o->receiving;
	const char *answer = r->echo ? "echo" : "execute";
	const char *other = r->reply	 ? "reply" :
			    r->from	 ? "from" :
			    r->timestamp ? "timestamp" :
					   NULL;

	if (other && (r->echo || o->service.command.shell))
		return option_fail(error, "--%s and --%s exclude each other", answer, other);
	return 0;
}

/* What goes with some types, or some places, only. */
static int check(const struct unix_options *o, const char *path, struct option_error *error)
{
	bool stream = o->own.type == SOCK_STREAM;

	if (stream && (o->frame.frame.mode != FRAME_READ || o->frame.size != UNSET))
		return option_fail(error, "--frame and --size are for packets: they need --type "
					  "seqpacket");
	if (!stream && (o->data.telnet || o->data.raw))
		return option_fail(error, "--%s is for streams: it excludes --type seqpacket",
				   o->data.telnet ? "telnet" : "raw");
	if (!stream && o->proxy.kind != PROXYD_NONE)
		return option_fail(error, "--proxy-server is for streams: it excludes --type "
					  "seqpacket");
	if (path && *path == '@' && has_rights(&o->listen.rights))
		return option_fail(error, "'%s': an abstract name has neither --mode nor --owner",
				   path);
	return 0;
}

/* PATH (NULL: none) as an ENDPOINT, `unix:PATH`: *WORD, to be freed. Returns 0, or -1 with *ERROR.
 */
static int find_place(const char *path, char **word, struct option_error *error)
{
	struct endpoint_words parts;
	size_t size;

	*word = NULL;
	if (!path)
		return 0;
	size = strlen(path) + sizeof "unix:";
	*word = malloc(size);
	if (!*word)
		return option_fail(error, "'%s': out of memory", path);
	snprintf(*word, size, "unix:%s", path);
	return address_endpoint(*word, true, &parts, error);
}

static struct outcome run_listening(struct unix_options *o, const char *place,
				    const struct command *self, struct option_error *error)
{
	const struct server_config c = {
		.connections = { .messages = &o->messages,
				 .socket = &o->socket,
				 .data = &o->data,
				 .service = &o->service,
				 .frame = &o->frame,
				 .host = place,
				 .port = place ? "" : "(inherited)",
				 .socktype = (int)o->own.type,
				 .numeric = o->family.numeric,
				 .wait = o->own.wait },
		.listen = &o->listen,
		.access = &o->access,
		.dest = &o->proxy.dest,
		.inherited = place ? 0 : activation_sockets(),
	};

	if (!place && !c.inherited)
		option_fail(error, "an operand is missing: sockit unix %s", self->synopsis);
	else if (server_check(&c, error) == 0)
		return server_run(&c);
	return command_refuse(&o->messages, error);
}

static struct outcome run_connecting(struct unix_options *o, const char *place,
				     const struct command *self, struct option_error *error)
{
	const struct client_config c = {
		.connections = { .messages = &o->messages,
				 .socket = &o->socket,
				 .data = &o->data,
				 .service = &o->service,
				 .frame = &o->frame,
				 .host = place,
				 .port = "",
				 .socktype = (int)o->own.type,
				 .numeric = o->family.numeric,
				 .wait = o->own.wait },
		.retry = &o->retry,
	};

	if (o->own.interval != UNSET)
		o->retry.interval = o->own.interval;
	if (!place)
		option_fail(error, "an operand is missing: sockit unix %s", self->synopsis);
	else if (run_check(&o->messages, &o->data, error) == 0)
		return client_run(&c);
	return command_refuse(&o->messages, error);
}

static struct outcome run_receiving(struct unix_options *o, const char *place,
				    const struct operands *operands, const struct command *self,
				    struct option_error *error)
{
	const struct receiver_config c = {
		.messages = &o->messages,
		.socket = &o->socket,
		.data = &o->data,
		.listen = &o->listen,
		.frame = &o->frame,
		.access = &o->access,
		.options = &o->receiving,
		.stall = o->service.stall,
		.host = place,
		.port = "",
		.inherited = place ? 0 : activation_sockets(),
		.family = AF_UNIX,
		.numeric = true,
		.wait = o->own.wait,
	};

	o->receiving.echo = option_is_given(self, operands, "echo");
	o->receiving.command.shell = o->service.command.shell;
	if (!place && !c.inherited)
		option_fail(error, "an operand is missing: sockit unix %s", self->synopsis);
	else if (check_answers(o, error) == 0 &&
		 receiver_options_check(&o->receiving, &o->frame, operands, AF_UNIX, error) == 0 &&
		 receiver_check(&c, error) == 0)
		return receiver_run(&c);
	return command_refuse(&o->messages, error);
}

static struct outcome send_to(struct unix_options *o, const char *place)
{
	const struct sender_config c = {
		.options = &o->sending,
		.frame = &o->frame,
		.socket = &o->socket,
		.host = place,
		.port = "",
	};

	return sender_run(&o->messages, &o->data, &c);
}

static struct outcome run_sending(struct unix_options *o, const char *place, const char *source,
				  const struct command *self, struct option_error *error)
{
	struct address name;

	o->sending.wait = o->own.wait;
	if (o->own.interval != UNSET)
		o->sending.interval = o->own.interval;
	o->socket.source = source;
	if (!place)
		option_fail(error, "an operand is missing: sockit unix %s", self->synopsis);
	else if (source && address_parse_unix(source, &name) == WORD_NUMBER && name.word)
		option_fail(error,
			    "--source: '%s' is longer than what others can reply to (%zu bytes)",
			    o->own.source, sizeof name.u.un.sun_path - 1);
	else if (dgram_input_check(&o->frame, dgram_most(AF_UNIX), error) == 0 &&
		 run_check(&o->messages, &o->data, error) == 0)
		return send_to(o, place);
	return command_refuse(&o->messages, error);
}

static struct outcome main_unix(const struct command *self, int argc, char **argv)
{
	struct unix_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;
	char *place = NULL, *source = NULL;

	o.service.proxy = &o.proxy;
	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (find_place(operands.n ? operands.words[0] : NULL, &place, &error) < 0 ||
		    find_place(o.own.source, &source, &error) < 0 ||
		    check_purposes(self, &o, &operands, &error) < 0 ||
		    check(&o, operands.n ? operands.words[0] : NULL, &error) < 0 ||
		    service_check(&o.service, self, &operands, o.family.numeric, &error) < 0)
			outcome = command_refuse(&o.messages, &error);
		else if (o.own.type == SOCK_DGRAM && o.own.listen)
			outcome = run_receiving(&o, place, &operands, self, &error);
		else if (o.own.type == SOCK_DGRAM)
			outcome = run_sending(&o, place, source, self, &error);
		else if (o.own.listen)
			outcome = run_listening(&o, place, self, &error);
		else
			outcome = run_connecting(&o, place, self, &error);
	}
	free(place);
	free(source);
	access_free(&o.access);
	proxy_server_free(&o.proxy);
	sockopt_free(&o.socket);
	return outcome;
}

const struct command unix_command = {
	.name = "unix",
	.synopsis = "[OPTION...] PATH [-- CMD ARG...]",
	.summary = "connect to a UNIX socket or, with --listen, make one and wait for clients",
	.uses = uses,
	.min_operands = 0,
	.max_operands = 1,
	.runs_command = true,
	.run = main_unix,
	.needs = needs,
};
