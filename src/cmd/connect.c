#include "cmd/connect.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "serve/report.h"
#include "serve/server.h"

#define INTERVAL (250 * MILLISECOND)
#define TRY_LIMIT SECOND /* of a single try under --retry */

struct connect_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct service_options service;
	struct {
		int64_t wait, retry, interval;
	} own;
};

#define AT(member)                                                                                 \
	(offsetof(struct connect_options, own.member) - offsetof(struct connect_options, own))

static const struct option_row rows[] = {
	{ .name = "wait",
	  .letter = 'w',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(wait),
	  .help = "limit for look-up and connection together: exit 4" },
	{ .name = "retry",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(retry),
	  .help = "try again until it connects, at most so long: exit 4; each try has -w (1s)" },
	{ .name = "interval",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(interval),
	  .needs = "retry",
	  .help = "pause between tries (250ms)" },
};

static const struct option_group group = { "Connecting", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, offsetof(struct connect_options, own) },
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
	.own = { .wait = UNSET, .retry = UNSET, .interval = INTERVAL },
};

struct connecting {
	const struct connect_options *options;
	const char *host, *port;
	struct run run;
	struct server server;
	struct timer again;
	struct dial *dial;
	int64_t limit;		 /* of a single try, UNSET: none */
	int64_t given;		 /* what the last try had of it */
	struct dial_result last; /* how it failed; the failures are ours */
	int64_t deadline;	 /* of all tries */
};

static void try_once(void *arg);

/* Might another try do better? Not where the options or the service are what is wrong. */
static bool may_change(const struct dial_result *r)
{
	if (r->eai)
		return r->eai != EAI_SERVICE;
	for (size_t i = 0; i < r->n; i++)
		if (!r->failures[i].what || !strcmp(r->failures[i].what, "source"))
			return true;
	return r->n == 0;
}

/* Keeps R as what to tell in the end, unless it was only cut short by the end of --retry and there
 * is something better to tell. */
static void remember(struct connecting *c, const struct dial_result *r)
{
	struct dial_failure *copy;

	if (r->timed_out && c->given < c->limit && (c->last.n || c->last.eai))
		return;
	copy = malloc((r->n ? r->n : 1) * sizeof *copy);
	if (!copy)
		return;
	if (r->n)
		memcpy(copy, r->failures, r->n * sizeof *copy);
	free((void *)c->last.failures);
	c->last = *r;
	c->last.failures = copy;
}

static void failed(struct connecting *c, const struct dial_result *r)
{
	const struct connect_options *o = c->options;
	bool again = o->own.retry != UNSET && may_change(r);
	int64_t next = clock_after(clock_now(), o->own.interval);
	struct outcome outcome;

	remember(c, r);
	if (again && next < c->deadline) {
		event_tell(&(struct events){ report_event, (void *)&o->messages },
			   &(struct event){ .kind = EVENT_RETRY });
		timer_set(c->run.loop, &c->again, next);
		return;
	}
	outcome = report_dial(&o->messages, c->host, c->port, &c->last, c->given,
			      c->given < c->limit ? "--retry" : "-w");
	if (again) {
		char time[32];
		outcome = message_fail(&o->messages, OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
				       "%s port %s: not up within %s (--retry)", c->host, c->port,
				       duration_format(time, sizeof time, o->own.retry));
	}
	run_end(&c->run, outcome);
}

static void dialled(void *arg, const struct dial_result *r)
{
	struct connecting *c = arg;
	const struct connect_options *o = c->options;
	struct address address;
	const struct server_config config = {
		.service = &o->service,
		.socket = &o->socket,
		.numeric = o->family.numeric,
		.host = address_parse_host(c->host, &address) == WORD_NAME ? c->host : NULL,
		.wait = UNSET,
	};

	c->dial = NULL;
	if (r->fd < 0) {
		failed(c, r);
		return;
	}
	server_start(&c->server, &c->run, &config);
	server_take(&c->server, r->fd, &r->peer, &r->local);
}

static void waits(void *arg, struct text *text)
{
	const struct connecting *c = arg;

	text_add(text, "%s port %s to %s (%s)", c->host, c->port,
		 c->dial ? "answer" : "be up: the next try comes soon",
		 c->options->own.retry == UNSET ? "-w" : "--retry");
}

static void try_once(void *arg)
{
	struct connecting *c = arg;
	const struct connect_options *o = c->options;
	int64_t start = o->own.retry == UNSET ? o->messages.start : clock_now();
	int64_t deadline = clock_after(start, c->limit);
	bool last = deadline > c->deadline; /* --retry leaves this one less */
	const struct dial_config config = {
		.host = c->host,
		.port = c->port,
		.family = address_family(&o->family),
		.socket = &o->socket,
		.deadline = last ? c->deadline : deadline,
		.events = { report_event, (void *)&o->messages },
	};

	c->given = config.deadline - start;
	c->dial = dial_start(c->run.loop, &config, dialled, c);
	if (!c->dial)
		run_end(&c->run, report_error(&o->messages, "connect", errno));
}

static struct outcome run(struct connect_options *o, const char *host, const char *port)
{
	struct connecting c = { .options = o, .host = host, .port = port };

	c.again = (struct timer){ .fn = try_once, .arg = &c };
	c.limit = o->own.wait == UNSET && o->own.retry != UNSET ? TRY_LIMIT : o->own.wait;
	c.deadline = clock_after(o->messages.start, o->own.retry);
	if (run_start(&c.run, &o->messages, &o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	c.run.calls = (struct run_calls){ .waits = waits, .arg = &c };
	try_once(&c);
	struct outcome outcome = run_wait(&c.run);
	dial_cancel(c.dial);
	free((void *)c.last.failures);
	server_free(&c.server);
	run_free(&c.run);
	return outcome;
}

static struct outcome main_connect(const struct command *self, int argc, char **argv)
{
	struct connect_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;
	const char *host, *port;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (address_operands(&operands, false, o.family.numeric, &host, &port, &error) ==
			    0 &&
		    address_check(o.socket.source, o.socket.source_port, o.family.numeric,
				  &error) == 0 &&
		    service_check(&o.service, &operands, o.family.numeric, &error) == 0 &&
		    run_check(&o.messages, &o.data, &error) == 0)
			outcome = run(&o, host, port);
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
