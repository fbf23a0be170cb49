/* unix.c - `sockit unix`: connects to, listens on, sends to or receives from a UNIX socket */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/command.h"
#include "net/activation.h"
#include "conn/client.h"
#include "conn/messages.h"
#include "conn/server.h"
#include "dgram/stdin.h"
#include "dgram/receiver.h"
#include "dgram/sender.h"
#include "proxyd/options.h"
#include "sock/stream.h"

struct unix_options {
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
	struct retry_options retry;
	struct sender_options sending;
	struct receiver_options receiving;
	bool listens;
	int64_t type, wait, interval;
	const char *source;
};

#define AT(member) offsetof(struct unix_options, member)

static const struct option_keyword types[] = {
	{ "stream", SOCK_STREAM },
	{ "dgram", SOCK_DGRAM },
	{ "seqpacket", SOCK_SEQPACKET },
	{ "", 0 },
};

static const struct option_row rows[] = {
	OPTION("listen", 'l', OPTION_FLAG, AT(listens), KEEP_NOTHING, "",
	       "make the socket and wait for clients, rather than connect"),
	OPTION("type", 0, OPTION_KEYWORD, AT(type), KEEP_NOTHING, ARG("TYPE"),
	       "stream (the default), seqpacket, or dgram", .keywords = types),
	OPTION("wait", 'w', OPTION_DURATION, AT(wait), KEEP_NOTHING, ARG("DURATION"),
	       "limit for connecting; with --listen how long to wait for a client; of "
	       "dgram, for a reply or a datagram: exit 4"),
	OPTION("interval", 0, OPTION_DURATION, AT(interval), KEEP_NOTHING,
	       ARG("DURATION") NEEDS("retry repeat"),
	       "pause between tries (250ms), or between one time and the next"),
	OPTION("source", 's', OPTION_STRING, AT(source), KEEP_NOTHING, ARG("ADDR"),
	       "path to which replies come, of --type dgram (a name of its own)"),
};

static const struct option_group group = { "UNIX socket", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, 0 },
	{ &retry_group, offsetof(struct unix_options, retry) },
	{ &repeat_group, offsetof(struct unix_options, sending) },
	{ &receiver_group, offsetof(struct unix_options, receiving) },
	{ &jobs_group, offsetof(struct unix_options, receiving) },
	{ &service_group, offsetof(struct unix_options, service) },
	{ &forward_group, offsetof(struct unix_options, service) },
	{ &told_group, offsetof(struct unix_options, told) },
	{ &command_group, offsetof(struct unix_options, service) },
	{ &proxy_server_group, offsetof(struct unix_options, proxy) },
	{ &proxy_way_group, offsetof(struct unix_options, way) },
	{ &pass_group, offsetof(struct unix_options, service) },
	{ &user_group, offsetof(struct unix_options, access) },
	{ &rights_group, offsetof(struct unix_options, listen) },
	{ &backlog_group, offsetof(struct unix_options, listen) },
	{ &listen_group, offsetof(struct unix_options, listen) },
	{ &wire_group, offsetof(struct unix_options, frame) },
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
	{ &proxy_way_group, "forward proxy-server" },
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
	.type = SOCK_STREAM,
	.wait = UNSET,
	.interval = UNSET,
};

/* A command line and what it is carried out with. */
struct unix_job {
	struct unix_options o;
	const struct command *self;
	struct operands operands;
	char *place, *source; /* PATH and the path of --source, each as `unix:PATH`; NULL: none */
	int inherited;	      /* so many sockets were passed to us in place of PATH */
	struct option_error error;
};

/* ---- what goes with what ---- */

/* What --type dgram and --listen make of a command line. */
enum unix_mode { CONNECTION = 1, SENDER = 2, RECEIVER = 4 };

/* Each row: the options of a group, but for its exceptions, are for these modes only. A group that
 * stands in no row is for all. */
static const struct unix_purpose {
	const struct option_group *group;
	const char *except; /* long names */
	unsigned modes;
} purposes[] = {
	{ &retry_group, NULL, CONNECTION },
	{ &stream_group, NULL, CONNECTION },
	{ &service_group, "echo stall max-conns", CONNECTION },
	{ &forward_group, NULL, CONNECTION | RECEIVER },
	{ &told_group, NULL, CONNECTION },
	{ &command_group, "execute", CONNECTION },
	{ &pass_group, NULL, CONNECTION },
	{ &proxy_server_group, NULL, CONNECTION },
	{ &proxy_way_group, NULL, CONNECTION },
	{ &backlog_group, NULL, CONNECTION },
	{ &command_group, NULL, CONNECTION | RECEIVER },
	{ &repeat_group, NULL, SENDER },
	{ &group, "listen type wait interval", SENDER },
	{ &receiver_group, NULL, RECEIVER },
	{ &jobs_group, NULL, RECEIVER },
};

static enum unix_mode unix_mode_of(const struct unix_options *o)
{
	return o->type != SOCK_DGRAM ? CONNECTION : o->listens ? RECEIVER : SENDER;
}

/* Does all that was given go with the mode? Returns 0, or -1 with the error. */
static int unix_check_mode(struct unix_job *j)
{
	enum unix_mode mode = unix_mode_of(&j->o);

	for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++) {
		const struct unix_purpose *p = &purposes[i];
		const struct option_row *row = option_given(&j->operands, p->group, p->except);
		if (!row || p->modes & mode)
			continue;
		if (mode == CONNECTION)
			return option_fail(&j->error, "--%s needs --type dgram", row->name);
		if (p->modes & RECEIVER)
			return option_fail(&j->error, "--%s needs --listen with --type dgram",
					   row->name);
		return option_fail(&j->error, "--%s and --%s exclude each other", row->name,
				   p->modes & SENDER ? "listen" : "type dgram");
	}
	if (mode == SENDER && j->operands.command)
		return option_fail(&j->error, "'-- %s' needs --listen with --type dgram",
				   j->operands.command[0]);
	return 0;
}

/* Checks what goes with some types, or some paths, only. Returns 0, or -1 with the error. */
static int unix_check_type(struct unix_job *j)
{
	const struct unix_options *o = &j->o;
	const struct unix_rights *r = &o->listen.rights;
	const char *path = j->operands.n ? j->operands.words[0] : "";
	bool stream = o->type == SOCK_STREAM;

	if (stream && messages_check(&o->data, &j->o.frame, &j->error) < 0)
		return -1;
	if (!stream && o->frame.wire.given)
		return option_fail(&j->error,
				   "--wire-frame is for streams, and packets are messages: it "
				   "excludes --type seqpacket");
	if (!stream && (o->data.telnet || o->data.raw))
		return option_fail(&j->error, "--%s is for streams: it excludes --type seqpacket",
				   o->data.telnet ? "telnet" : "raw");
	if (!stream && o->data.dialogue.n)
		return option_fail(&j->error, "--expect, --send, --fail and --dialogue are for "
					      "streams: they exclude --type seqpacket");
	if (!stream && (o->access.proxy_users.n || (o->told.version && !o->listens)))
		return option_fail(&j->error, "--%s is for streams: it excludes --type %s",
				   o->access.proxy_users.n ? "accept-proxy" : "send-proxy",
				   o->type == SOCK_DGRAM ? "dgram" : "seqpacket");
	if (!stream && o->proxy.kind != PROXYD_NONE)
		return option_fail(&j->error, "--proxy-server is for streams: it excludes --type "
					      "seqpacket");
	if (o->service.per_source.bits != UNSET)
		return option_fail(&j->error, "--max-per-source: clients of a UNIX socket are "
					      "counted by their user, which has no BITS");
	if (o->service.per_source.most != UNSET && !stream_knows_who)
		return option_fail(&j->error,
				   "--max-per-source: this system does not tell who connects");
	if (*path == '@' && (r->mode != UNSET || r->uid != UNSET || r->gid != UNSET))
		return option_fail(&j->error,
				   "'%s': an abstract name has neither --mode nor --owner", path);
	return 0;
}

/* Returns PATH as an ENDPOINT, to be freed, or NULL with *ERROR. */
static char *unix_place(const char *path, struct option_error *error)
{
	struct endpoint_words parts;
	size_t size = strlen(path) + sizeof "unix:";
	char *place;

	if (text_begins(path, "unix:")) {
		option_fail(error, "'%s': here the path alone is written: %s", path,
			    path + strlen("unix:"));
		return NULL;
	}
	place = malloc(size);
	if (!place) {
		option_fail_errno(error, ENOMEM, "'%s'", path);
		return NULL;
	}
	snprintf(place, size, "unix:%s", path);
	if (address_endpoint(place, true, &parts, error) == 0)
		return place;
	free(place);
	return NULL;
}

/* Returns 0, or -1 with the error. */
static int unix_check(struct unix_job *j)
{
	struct unix_options *o = &j->o;

	if (j->operands.n)
		j->place = unix_place(j->operands.words[0], &j->error);
	if (o->source && (j->place || !j->operands.n))
		j->source = unix_place(o->source, &j->error);
	if ((j->operands.n && !j->place) || (o->source && !j->source) || unix_check_mode(j) < 0 ||
	    unix_check_type(j) < 0 || told_check(&o->told, &j->error) < 0 ||
	    service_check(&o->service, &j->operands, o->family.numeric, &j->error) < 0 ||
	    proxy_server_check_way(&o->service, &o->way, o->family.numeric, &j->error) < 0)
		return -1;
	if (!j->place && o->listens)
		j->inherited = activation_sockets();
	if (!j->place && !j->inherited)
		return option_fail(&j->error, "an operand is missing: sockit unix %s",
				   j->self->synopsis);
	return 0;
}

/* ---- the modes ---- */

static struct connections_config unix_connections(const struct unix_job *j)
{
	const struct unix_options *o = &j->o;

	return (struct connections_config){
		.messages = &o->messages,
		.socket = &o->socket,
		.data = &o->data,
		.service = &o->service,
		.frame = &o->frame,
		.told = &o->told,
		.host = j->place,
		.port = j->place ? "" : "(inherited)",
		.socktype = (int)o->type,
		.numeric = o->family.numeric,
		.wait = o->wait,
	};
}

static struct outcome unix_run_server(struct unix_job *j)
{
	struct unix_options *o = &j->o;
	const struct server_config c = {
		.connections = unix_connections(j),
		.listen = &o->listen,
		.access = &o->access,
		.dest = &o->proxy.dest,
		.inherited = j->inherited,
	};

	return server_check(&c, &j->error) == 0 ? server_run(&c) :
						  command_refuse(&o->messages, &j->error);
}

static struct outcome unix_run_client(struct unix_job *j)
{
	struct unix_options *o = &j->o;
	const struct client_config c = { .connections = unix_connections(j), .retry = &o->retry };

	if (o->interval != UNSET)
		o->retry.interval = o->interval;
	return run_check(&o->messages, &o->data, &j->error) == 0 ?
		       client_run(&c) :
		       command_refuse(&o->messages, &j->error);
}

/* Only one thing is done with each datagram that is received. Returns 0, or -1 with the error. */
static int unix_check_answers(struct unix_job *j)
{
	const struct receiver_options *r = &j->o.receiving;
	const char *one = r->echo	   ? "echo" :
			  r->forward	   ? "forward" :
			  r->command.shell ? "execute" :
					     NULL;
	const char *other = r->reply			    ? "reply" :
			    r->count != UNSET && r->forward ? "count" :
			    r->from			    ? "from" :
			    r->timestamp		    ? "timestamp" :
							      NULL;

	if (one && other)
		return option_fail(&j->error, "--%s and --%s exclude each other", one, other);
	if (r->forward && j->o.service.forward->next)
		return option_fail(&j->error,
				   "--forward: datagrams go to one place, not to '%s' too",
				   j->o.service.forward->next->word);
	if (r->max_conns != UNSET && !r->forward)
		return option_fail(&j->error, "--max-conns needs --forward with --type dgram");
	return 0;
}

static struct outcome unix_run_receiver(struct unix_job *j)
{
	struct unix_options *o = &j->o;
	const struct receiver_config c = {
		.messages = &o->messages,
		.socket = &o->socket,
		.data = &o->data,
		.listen = &o->listen,
		.frame = &o->frame,
		.access = &o->access,
		.options = &o->receiving,
		.stall = o->service.stall,
		.host = j->place,
		.port = "",
		.inherited = j->inherited,
		.family = AF_UNIX,
		.numeric = true,
		.wait = o->wait,
	};

	o->receiving.echo = option_is_given(&j->operands, "echo");
	o->receiving.command.shell = o->service.command.shell;
	o->receiving.forward = o->service.forward ? o->service.forward->word : NULL;
	o->receiving.max_conns = o->service.max_conns;
	if (unix_check_answers(j) < 0 ||
	    receiver_options_check(&o->receiving, &o->frame, &j->operands, AF_UNIX,
				   o->family.numeric, &j->error) < 0 ||
	    receiver_check(&c, &j->error) < 0)
		return command_refuse(&o->messages, &j->error);
	return receiver_run(&c);
}

/* Can a receiver reply to the path of --source? Returns 0, or -1 with the error. */
static int unix_check_source(struct unix_job *j)
{
	struct address name;

	if (j->source && address_parse_unix(j->source, &name) == WORD_NUMBER && name.word)
		return option_fail(&j->error,
				   "--source: '%s' is longer than what others can reply to (%zu "
				   "bytes)",
				   j->o.source, sizeof name.u.un.sun_path - 1);
	return 0;
}

static struct outcome unix_run_sender(struct unix_job *j)
{
	struct unix_options *o = &j->o;
	const struct sender_config c = {
		.options = &o->sending,
		.frame = &o->frame,
		.socket = &o->socket,
		.host = j->place,
		.port = "",
	};

	o->sending.wait = o->wait;
	if (o->interval != UNSET)
		o->sending.interval = o->interval;
	o->socket.source = j->source;
	if (unix_check_source(j) < 0 ||
	    dgram_stdin_check(&o->frame, dgram_most(AF_UNIX), &j->error) < 0 ||
	    run_check(&o->messages, &o->data, &j->error) < 0)
		return command_refuse(&o->messages, &j->error);
	return sender_run(&o->messages, &o->data, &c);
}

static struct outcome main_unix(const struct command *self, int argc, char **argv)
{
	struct unix_job j = { .o = defaults, .self = self };
	struct unix_options *o = &j.o;
	struct outcome outcome;

	o->service.proxy = &o->proxy;
	if (command_begin(self, argc, argv, o, &o->messages, &j.operands, &outcome)) {
		if (unix_check(&j) < 0)
			outcome = command_refuse(&o->messages, &j.error);
		else if (unix_mode_of(o) == RECEIVER)
			outcome = unix_run_receiver(&j);
		else if (unix_mode_of(o) == SENDER)
			outcome = unix_run_sender(&j);
		else
			outcome = o->listens ? unix_run_server(&j) : unix_run_client(&j);
	}
	free(j.place);
	free(j.source);
	access_free(&o->access);
	service_options_free(&o->service);
	proxy_server_free(&o->proxy);
	proxy_free(&o->way);
	data_options_free(&o->data);
	sockopt_free(&o->socket);
	return outcome;
}

COMMAND(unix) = {
	.name = "unix",
	.synopsis = "[OPTION...] PATH [-- CMD ARG...]",
	.summary = "connect to a UNIX socket; with --listen make one and wait for clients",
	.brief =
		"[OPTION...] PATH [-- CMD ARG...]\n"
		"[OPTION...] @NAME [-- CMD ARG...]\n"
		"--listen [OPTION...] PATH|@NAME [-- CMD ARG...]\n"
		"\n"
		"listen type wait retry keep-open execute forward mode no-shutdown recv-only\n"
		"\n"
		"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockit unix --no-shutdown /run/docker.sock\n"
		"sockit unix -l -k --mode 600 ./s -- ./service\n"
		"sockit unix -l -k --forward localhost:5432 ./s",
	.uses = uses,
	.min_operands = 0,
	.max_operands = 1,
	.runs_command = true,
	.run = main_unix,
	.needs = needs,
	.keeps = KEEP_NOTHING,
};
