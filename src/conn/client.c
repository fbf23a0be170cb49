/* client.c - a run that connects: the tries, and what the connection is for */
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
#include "conn/connection.h"
#include "conn/proxy_command.h"
#include "flow/spawn.h"
#include "sock/rights.h"
#include "run/report.h"

#define FIRST_MOST 1400 /* bytes that a SYN has room for */

struct client_run {
	struct client_config c;
	struct connections connections;
	struct run *run; /* theirs */
	struct timer again;
	struct proxy_client *dial;
	struct proxy_command command; /* that is the way */
	bool command_last;	      /* the connection is over, with this, and that still runs: */
	struct outcome of_connection;
	struct watch pass_watch;
	int pass_fd;		  /* the connection, while it is passed on; else -1 */
	int64_t limit;		  /* of a single try: of its connection with --retry; UNSET: none */
	struct dial_result *last; /* how the try that counts failed, and the failures; NULL: none */
	struct text said;	  /* why the last try has failed, as -v was told */
	int64_t deadline;	  /* of all tries */
	char *first;		  /* FIRST_MOST bytes of stdin, of which first_n go with the SYN */
	size_t first_n;
};

/* Might another try do better? Not where the options or the service are what is wrong. */
static bool client_may_change(const struct dial_result *r)
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

/* Did R fail because the time of --retry was over, before its own limit? */
static bool client_is_cut_short(const struct client_run *c, const struct dial_result *r)
{
	return r->timed_out && c->c.retry->retry != UNSET && r->given < c->limit;
}

/* Keeps R as what to tell in the end, unless it was only cut short by the end of --retry and there
 * is something better to tell. */
static void client_remember(struct client_run *c, const struct dial_result *r)
{
	struct dial_result *last = c->last;
	struct dial_failure *failures;

	if (client_is_cut_short(c, r) && last && (last->n || last->lookup.eai || *last->why))
		return;
	last = malloc(sizeof *last + r->n * sizeof *failures);
	if (!last)
		return;
	*last = *r;
	last->failures = failures = (struct dial_failure *)(last + 1);
	for (size_t i = 0; i < r->n; i++)
		failures[i] = r->failures[i];
	free(c->last);
	c->last = last;
}

static void client_failed(struct client_run *c, const struct dial_result *r)
{
	const struct connections_config *to = &c->c.connections;
	const struct retry_options *o = c->c.retry;
	bool again = o->retry != UNSET && client_may_change(r);
	int64_t next = again ? retry_next(clock_now(), o->retry, o->interval, c->deadline) : NEVER;
	struct dial_report report = { .host = to->host, .port = to->port, .retry = UNSET };

	client_remember(c, r);
	/* Without memory for it nothing was kept. */
	report.result = next == NEVER && c->last ? c->last : r;
	report.limit = o->retry == UNSET	     ? c->limit :
		       report.result->given == UNSET ? o->retry :
						       report.result->given;
	report.option = client_is_cut_short(c, report.result) ? "--retry" : "-w";
	if (next == NEVER) {
		report.retry = again ? o->retry : UNSET;
		run_end(c->run, report_dial(to->messages, &report));
	} else {
		report_retry(to->messages, &report, &c->said);
		timer_set(c->run->loop, &c->again, next);
	}
}

/* Passes the connection over stdout, once that takes it: a NUL byte carries it. */
static void client_pass_ready(void *arg, short events)
{
	struct outcome outcome = { OUTCOME_DONE, 0 };
	struct client_run *c = arg;
	struct rights rights = { .fds = &c->pass_fd, .n = 1, .lent = 1 };

	(void)events;
	if (rights_send(STDOUT_FILENO, "", 1, &rights) < 0) {
		if (errno == EAGAIN || errno == EINTR) {
			watch_set(c->run->loop, &c->pass_watch, POLLOUT);
			return;
		}
		outcome = report_error(c->run->messages, "stdout", errno);
	}
	run_end(c->run, outcome);
}

/* Begins to pass FD on. */
static void client_pass(struct client_run *c, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	/* Whoever gets it expects that it blocks. */
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	c->pass_fd = fd;
	client_pass_ready(c, POLLOUT);
}

static void client_dialled(void *arg, const struct dial_result *r)
{
	struct client_run *c = arg;
	struct address peer = r->peer;

	c->dial = NULL;
	if (r->fd < 0) {
		client_failed(c, r);
		return;
	}
	if (c->c.pass_fd) {
		client_pass(c, r->fd);
		return;
	}
	c->connections.sent_before = c->first_n;
	if (peer.u.sa.sa_family == AF_UNSPEC)
		address_set_words(&peer, c->connections.place, address_port(&peer));
	connections_take(&c->connections, r->fd, r->local.u.sa.sa_family, &peer, &r->local);
}

/* Adds what it waits for, before the connection is made, or once it is over. */
static void client_waits(void *arg, struct text *text)
{
	const struct client_run *c = arg;
	const struct proxy *p = proxy_client_waits(c->dial);
	const char *word = proxy_client_looks_up(c->dial);
	const char *option = c->c.retry->retry == UNSET ? "-w" : "--retry";

	if (c->command_last)
		text_add(text, "; the proxy command's end (--linger)");
	if (c->connections.start)
		return;
	text_add(text, "; ");
	if (word) {
		text_add(text, RUN_LOOKUP, word, option);
		return;
	}
	if (p)
		text_add(text, "proxy %s port %s, on the way to ", p->url.host, p->url.port);
	text_add(text, "%s%s to %s (%s)", c->connections.place, p ? "," : "",
		 c->dial ? "answer" : "be up: the next try comes soon", option);
}

/* ---- a command as the way ---- */

/* The connection is over, and the command has to end too: what it had of stdin by then need not
 * have got to the other side. */
static bool client_over(void *arg, struct connection *x, struct outcome outcome)
{
	struct client_run *c = arg;

	if (!proxy_command_runs(&c->command)) {
		run_end(c->run, proxy_command_judge(&c->command, outcome));
		return false;
	}
	c->command_last = true;
	c->of_connection = outcome;
	endpoint_close(&x->socket);
	proxy_command_finish(&c->command, c->c.connections.data->linger);
	return false;
}

static void client_command_ended(void *arg)
{
	struct client_run *c = arg;
	struct connection *x = c->connections.first;

	if (c->command_last)
		run_end(c->run, proxy_command_judge(&c->command, c->of_connection));
	else if (x && x->pumping)
		pump_end_with_peer(&x->pump); /* nobody takes stdin any more */
}

static void client_start_command(struct client_run *c)
{
	const struct connections_config *to = &c->c.connections;
	struct address peer, local = { 0 };
	uint16_t port = 0; /* of a service, whose word the command is told, it is not known */
	int fd;

	c->command = (struct proxy_command){ .loop = c->run->loop,
					     .messages = to->messages,
					     .place = c->connections.place,
					     .ended = client_command_ended,
					     .arg = c };
	spawn_prepare();
	fd = proxy_command_start(&c->command, c->c.command, to->host, to->port);
	if (fd < 0) {
		run_end(c->run, report_error(to->messages, "--proxy-command", errno));
		return;
	}
	address_parse_port(to->port, &port);
	address_set_words(&peer, c->connections.place, port);
	connections_take(&c->connections, fd, AF_UNSPEC, &peer, &local);
}

static void client_try(void *arg)
{
	struct client_run *c = arg;
	const struct connections_config *to = &c->c.connections;
	bool once = c->c.retry->retry == UNSET;
	const struct dial_config config = {
		.host = to->host,
		.port = to->port,
		.family = to->family,
		.socktype = to->socktype,
		.socket = to->socket,
		.first = c->first,
		.first_n = c->first_n,
		/* A look-up may take as long as it wants to while --retry lasts: begun anew with
		 * each try it would never be over. */
		.deadline = once ? clock_after(to->messages->start, c->limit) : c->deadline,
		.wait = once ? UNSET : c->limit,
		.told = to->told,
		.events = { report_event, (void *)c->run->messages },
	};

	if (c->c.command) {
		client_start_command(c);
		return;
	}
	c->dial = proxy_client_start(c->run->loop, &config, c->c.proxy, client_dialled, c);
	if (!c->dial)
		run_end(c->run, report_error(c->run->messages, "connect", errno));
}

/* What the connection is to be joined to can be found. */
static void client_place_found(void *arg, struct places_answer *found)
{
	free(found->addresses);
	free(found->sources);
	client_try(arg);
}

/* The ports of the places to join to are known. Who is there shall not be bothered for something
 * that cannot be. */
static void client_begin(void *arg)
{
	struct client_run *c = arg;
	const struct connections_config *to = &c->c.connections;
	const struct service *s = to->service->service;
	const struct forward_place *place = s->places(to->service);
	const struct places_question q = {
		.host = place->to.host,
		.port = place->to.port,
		.family = to->family,
		.socktype = SOCK_STREAM,
		.events = { report_event, (void *)to->messages },
	};

	/* Of several one that cannot be found is passed over. */
	if (!place->next)
		run_look_up(c->run, &q, q.host, to->wait, client_place_found, c);
	else
		client_try(c);
}

/* Does what stdin has go to the peer as it is, with nothing to wait for? */
static bool client_sends_plainly(const struct client_run *c)
{
	const struct data_options *d = c->c.connections.data;
	const struct service_options *o = c->c.connections.service;

	return !c->c.proxy && !c->c.pass_fd && !c->c.connections.told->version &&
	       o->service == services[0] && !d->recv_only && !d->crlf && !d->telnet &&
	       d->delay == UNSET && d->rate == UNSET && d->heartbeat == UNSET && !d->dialogue.n &&
	       !run_copies(c->run);
}

/* --fastopen: reads what stdin has by now, so that it can travel with the SYN. Without
 * anything there the peer may be the one to speak first. */
static void client_read_first(struct client_run *c)
{
	struct endpoint in;
	ssize_t n = 0;

	endpoint_inherit(&in, STDIN_FILENO, false, "stdin");
	if (in.kind != ENDPOINT_TERMINAL && endpoint_readable(&in)) {
		endpoint_reopen(&in);
		n = endpoint_read(&in, c->first, FIRST_MOST);
	}
	endpoint_close(&in);
	/* The end, and an error, will be met again. */
	c->first_n = n > 0 ? (size_t)n : 0;
}

struct outcome client_run(const struct client_config *config)
{
	const struct connections_config *to = &config->connections;
	char place[512], first[FIRST_MOST];
	struct client_run c = { .c = *config, .pass_fd = -1, .first = first };
	const struct retry_options *r = config->retry;
	struct address address;
	struct outcome outcome;

	c.run = &c.connections.run;
	c.connections.waits = client_waits;
	c.connections.over = config->command ? client_over : NULL;
	c.connections.arg = &c;
	c.connections.place = address_words(to->host, to->port, place, sizeof place);
	if (address_parse_host(to->host, &address) == WORD_NAME)
		c.connections.peer_name = to->host;
	c.again = (struct timer){ .fn = client_try, .arg = &c };
	c.pass_watch = (struct watch){ .fd = STDOUT_FILENO, .fn = client_pass_ready, .arg = &c };
	c.limit = to->wait == UNSET && r->retry != UNSET ? TRY_LIMIT : to->wait;
	if (r->retry != UNSET)
		c.connections.step_limit = c.limit;
	c.deadline = clock_after(to->messages->start, r->retry);
	if (connections_start(&c.connections, to) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	if (to->socket->fastopen && client_sends_plainly(&c))
		client_read_first(&c);
	/* Check stdout before dialling. */
	if (config->pass_fd && rights_check(STDOUT_FILENO) < 0)
		run_end(c.run, message_fail(to->messages, OUTCOME_FAILED, errno_name(errno),
					    "--pass-fd: stdout is no UNIX socket: %s (%s)",
					    strerror(errno), errno_name(errno)));
	else if (to->service->service->places)
		connections_find_ports(&c.connections, client_begin);
	else
		client_try(&c);
	outcome = run_wait(c.run);
	proxy_client_cancel(c.dial);
	proxy_command_free(&c.command);
	free(c.last);
	text_free(&c.said);
	watch_drop(c.run->loop, &c.pass_watch);
	if (c.pass_fd >= 0)
		close(c.pass_fd);
	connections_free(&c.connections);
	return outcome;
}
