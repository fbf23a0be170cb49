#include "conn/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "sock/rights.h"
#include "run/report.h"
#include "conn/connections.h"

#define AT(member) offsetof(struct retry_options, member)
#define ANSWER_LIMIT (100 * MILLISECOND)

static const struct option_row rows[] = {
	{ .name = "retry",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(retry),
	  .excludes = "listen",
	  .help = "try again until it connects, at most so long: exit 4; each try has -w (1s)" },
	{ .name = "interval",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(interval),
	  .needs = "retry",
	  .help = "pause between tries (250ms)" },
};

const struct option_group retry_group = { "Trying again", rows, sizeof rows / sizeof *rows };
const struct option_group retry_alone_group = { "Trying again", rows, 1 };

struct client_run {
	struct client_config c;
	char text[512];
	const char *place; /* where it connects to, in words */
	struct run run;
	struct connections connections;
	struct timer again;
	struct proxy_client *dial;
	struct watch pass_watch;
	int pass_fd;		 /* the connection, while it is passed on; else -1 */
	int64_t limit;		 /* of a single try, UNSET: none */
	int64_t given;		 /* what the last try had of it */
	struct dial_result last; /* how the one that counts failed; the failures are ours */
	int64_t last_given;	 /* to that one */
	int64_t deadline;	 /* of all tries */
};

static void try_once(void *arg);

/* Might another try do better? Not where the options or the service are what is wrong. */
static bool may_change(const struct dial_result *r)
{
	if (r->lookup.eai)
		return r->lookup.eai != EAI_SERVICE;
	/* Who is not let in will not be for asking four times a second. */
	if (*r->why)
		return r->error != EACCES && r->error != EAFNOSUPPORT;
	for (size_t i = 0; i < r->n; i++)
		if (!r->failures[i].what || !strcmp(r->failures[i].what, "source"))
			return true;
	return r->n == 0;
}

int64_t retry_next(int64_t now, int64_t retry, int64_t interval, int64_t deadline)
{
	int64_t next = clock_after(now, interval),
		answer = retry < interval ? retry / 4 : interval / 4;
	int64_t last = deadline - (answer < ANSWER_LIMIT ? answer : ANSWER_LIMIT);

	if (next <= last)
		return next;
	return last - now >= deadline - last ? last : NEVER;
}

/* Keeps R as what to tell in the end, unless it was only cut short by the end of --retry and there
 * is something better to tell. */
static void remember(struct client_run *c, const struct dial_result *r)
{
	struct dial_failure *copy;

	if (r->timed_out && c->given < c->limit &&
	    (c->last.n || c->last.lookup.eai || *c->last.why))
		return;
	copy = malloc((r->n ? r->n : 1) * sizeof *copy);
	if (!copy)
		return;
	if (r->n)
		memcpy(copy, r->failures, r->n * sizeof *copy);
	free((void *)c->last.failures);
	c->last = *r;
	c->last.failures = copy;
	c->last_given = c->given;
}

static void failed(struct client_run *c, const struct dial_result *r)
{
	bool again = c->c.retry->retry != UNSET && may_change(r);
	const struct retry_options *o = c->c.retry;
	int64_t next = again ? retry_next(clock_now(), o->retry, o->interval, c->deadline) : NEVER;
	struct outcome outcome;

	remember(c, r);
	if (next != NEVER) {
		report_event((void *)c->c.messages, &(struct event){ .kind = EVENT_RETRY });
		timer_set(c->run.loop, &c->again, next);
		return;
	}
	outcome = report_dial(c->c.messages, c->c.host, c->c.port, &c->last, c->last_given,
			      c->last_given < c->limit ? "--retry" : "-w");
	if (again) {
		char time[32];
		outcome = message_timeout(c->c.messages, "%s: not up within %s (--retry)", c->place,
					  duration_format(time, sizeof time, c->c.retry->retry));
	}
	run_end(&c->run, outcome);
}

/* Passes the connection over stdout, once that takes it: a NUL byte carries it. */
static void pass_on(struct client_run *c)
{
	struct outcome outcome = { OUTCOME_DONE, 0 };

	if (rights_send(STDOUT_FILENO, "", 1, c->pass_fd) < 0) {
		if (errno == EAGAIN || errno == EINTR) {
			watch_set(c->run.loop, &c->pass_watch, POLLOUT);
			return;
		}
		outcome = report_error(c->c.messages, "stdout", errno);
	}
	run_end(&c->run, outcome);
}

static void pass_ready(void *arg, short events)
{
	(void)events;
	pass_on(arg);
}

/* Begins to pass FD on. */
static void pass(struct client_run *c, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	/* Whoever gets it expects that it blocks. */
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	c->pass_fd = fd;
	pass_on(c);
}

static void dialled(void *arg, const struct dial_result *r)
{
	struct client_run *c = arg;
	struct address address, peer = r->peer;
	const struct connections_config config = {
		.service = c->c.service,
		.socket = c->c.socket,
		.numeric = c->c.numeric,
		.host = address_parse_host(c->c.host, &address) == WORD_NAME ? c->c.host : NULL,
		.frame = c->c.frame,
		.socktype = c->c.socktype,
		.wait = UNSET,
	};

	c->dial = NULL;
	if (r->fd < 0) {
		failed(c, r);
		return;
	}
	if (c->c.pass_fd) {
		pass(c, r->fd);
		return;
	}
	connections_start(&c->connections, &c->run, &config);
	if (peer.u.sa.sa_family == AF_UNSPEC)
		address_set_words(&peer, c->place, address_port(&peer));
	connections_take(&c->connections, r->fd, &peer, &r->local);
}

static void waits(void *arg, struct text *text)
{
	const struct client_run *c = arg;
	const struct proxy *p = proxy_client_waits(c->dial);

	if (p)
		text_add(text, "proxy %s port %s, on the way to ", p->url.host, p->url.port);
	text_add(text, "%s%s to %s (%s)", c->place, p ? "," : "",
		 c->dial ? "answer" : "be up: the next try comes soon",
		 c->c.retry->retry == UNSET ? "-w" : "--retry");
}

static void try_once(void *arg)
{
	struct client_run *c = arg;
	int64_t start = c->c.retry->retry == UNSET ? c->c.messages->start : clock_now();
	int64_t deadline = clock_after(start, c->limit);
	bool last = deadline > c->deadline; /* --retry leaves this one less */
	const struct dial_config config = {
		.host = c->c.host,
		.port = c->c.port,
		.family = c->c.family,
		.socktype = c->c.socktype,
		.socket = c->c.socket,
		.at_once = c->c.pass_fd, /* whoever gets it sees a connection */
		.deadline = last ? c->deadline : deadline,
		.events = { report_event, (void *)c->c.messages },
	};

	c->given = config.deadline > start ? config.deadline - start : 0;
	c->dial = proxy_client_start(c->run.loop, &config, c->c.proxy, dialled, c);
	if (!c->dial)
		run_end(&c->run, report_error(c->c.messages, "connect", errno));
}

struct outcome client_run(const struct client_config *config)
{
	struct client_run c = { .c = *config, .pass_fd = -1 };
	const struct retry_options *r = config->retry;
	struct outcome outcome;

	c.place = address_words(config->host, config->port, c.text, sizeof c.text);
	c.again = (struct timer){ .fn = try_once, .arg = &c };
	c.limit = config->wait == UNSET && r->retry != UNSET ? TRY_LIMIT : config->wait;
	c.deadline = clock_after(config->messages->start, r->retry);
	if (!connections_has_fds(config->messages, config->service))
		return (struct outcome){ OUTCOME_FAILED, 0 };
	if (run_start(&c.run, config->messages, config->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	c.run.calls = (struct run_calls){ .waits = waits, .arg = &c };
	c.pass_watch = (struct watch){ .fd = STDOUT_FILENO, .fn = pass_ready, .arg = &c };
	/* Nobody is to be called for nothing. */
	if (config->pass_fd && rights_check(STDOUT_FILENO) < 0)
		run_end(&c.run, message_fail(config->messages, OUTCOME_FAILED, errno_name(errno),
					     "--pass-fd: stdout is no UNIX socket: %s (%s)",
					     strerror(errno), errno_name(errno)));
	else
		try_once(&c);
	outcome = run_wait(&c.run);
	proxy_client_cancel(c.dial);
	free((void *)c.last.failures);
	watch_drop(c.run.loop, &c.pass_watch);
	if (c.pass_fd >= 0)
		close(c.pass_fd);
	connections_free(&c.connections);
	run_free(&c.run);
	return outcome;
}
