#include "cmd/unix.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/activation.h"
#include "serve/connecting.h"
#include "serve/listening.h"

struct unix_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct frame_options frame;
	struct listen_options listen;
	struct service_options service;
	struct access_options access;
	struct retry_options retry;
	struct {
		bool listen;
		int64_t type, wait;
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
	  .help = "limit for connecting or, with --listen, how long to wait for a client: exit 4" },
};

static const struct option_group group = { "UNIX socket", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct unix_options, own) },
	{ &retry_group, offsetof(struct unix_options, retry) },
	{ &service_group, offsetof(struct unix_options, service) },
	{ &command_group, offsetof(struct unix_options, service) },
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
	{ &service_group, "listen" }, { &user_group, "listen" },   { &rights_group, "listen" },
	{ &backlog_group, "listen" }, { &listen_group, "listen" }, { NULL, NULL },
};

static const struct unix_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.frame = FRAME_OPTIONS_DEFAULT,
	.listen = LISTEN_OPTIONS_DEFAULT,
	.service = SERVICE_OPTIONS_DEFAULT,
	.retry = RETRY_OPTIONS_DEFAULT,
	.own = { .type = SOCK_STREAM, .wait = UNSET },
};

static bool has_rights(const struct unix_rights *r)
{
	return r->mode != UNSET || r->uid != UNSET || r->gid != UNSET;
}

/* What goes with some types, or some places, only. */
static int check(const struct unix_options *o, const char *path, struct option_error *error)
{
	bool stream = o->own.type == SOCK_STREAM;

	if (o->own.type == SOCK_DGRAM)
		return option_fail(error, "--type dgram is not there yet");
	if (stream && (o->frame.frame.mode != FRAME_READ || o->frame.size != UNSET))
		return option_fail(error, "--frame and --size are for packets: they need --type "
					  "seqpacket");
	if (!stream && (o->data.telnet || o->data.raw))
		return option_fail(error, "--%s is for streams: it excludes --type seqpacket",
				   o->data.telnet ? "telnet" : "raw");
	if (path && *path == '@' && has_rights(&o->listen.rights))
		return option_fail(error, "'%s': an abstract name has neither --mode nor --owner",
				   path);
	return 0;
}

/* The operand as an ENDPOINT, `unix:PATH`: *WORD, to be freed. Returns 0, or -1 with *ERROR. */
static int find_place(const struct operands *operands, char **word, struct option_error *error)
{
	struct endpoint_words parts;
	size_t size;

	*word = NULL;
	if (operands->n == 0)
		return 0;
	size = strlen(operands->words[0]) + sizeof "unix:";
	*word = malloc(size);
	if (!*word)
		return option_fail(error, "'%s': out of memory", operands->words[0]);
	snprintf(*word, size, "unix:%s", operands->words[0]);
	return address_endpoint(*word, true, &parts, error);
}

static struct outcome run_listening(struct unix_options *o, const char *place,
				    const struct command *self, struct option_error *error)
{
	const struct listening_config c = {
		.messages = &o->messages,
		.socket = &o->socket,
		.data = &o->data,
		.listen = &o->listen,
		.service = &o->service,
		.frame = &o->frame,
		.access = &o->access,
		.host = place,
		.port = place ? "" : "(inherited)",
		.inherited = place ? 0 : activation_sockets(),
		.socktype = (int)o->own.type,
		.numeric = o->family.numeric,
		.wait = o->own.wait,
	};

	if (!place && !c.inherited)
		option_fail(error, "an operand is missing: sockit unix %s", self->synopsis);
	else if (listening_check(&c, error) == 0)
		return listening_run(&c);
	return command_refuse(&o->messages, error);
}

static struct outcome run_connecting(struct unix_options *o, const char *place,
				     const struct command *self, struct option_error *error)
{
	const struct connecting_config c = {
		.messages = &o->messages,
		.socket = &o->socket,
		.data = &o->data,
		.service = &o->service,
		.retry = &o->retry,
		.frame = &o->frame,
		.host = place,
		.port = "",
		.socktype = (int)o->own.type,
		.numeric = o->family.numeric,
		.wait = o->own.wait,
	};

	if (!place)
		option_fail(error, "an operand is missing: sockit unix %s", self->synopsis);
	else if (run_check(c.messages, c.data, error) == 0)
		return connecting_run(&c);
	return command_refuse(&o->messages, error);
}

static struct outcome main_unix(const struct command *self, int argc, char **argv)
{
	struct unix_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;
	char *place = NULL;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (find_place(&operands, &place, &error) < 0 ||
		    check(&o, operands.n ? operands.words[0] : NULL, &error) < 0 ||
		    service_check(&o.service, &operands, o.family.numeric, &error) < 0)
			outcome = command_refuse(&o.messages, &error);
		else if (o.own.listen)
			outcome = run_listening(&o, place, self, &error);
		else
			outcome = run_connecting(&o, place, self, &error);
	}
	free(place);
	access_free(&o.access);
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
