#include "conn/connections.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/signals.h"
#include "conn/broker.h"
#include "conn/exec.h"
#include "run/report.h"
#include "conn/connection.h"
#include "conn/stdio.h"

/* What may be open for a moment while a command is started, and while a name is looked up. */
#define FDS_OF_SPAWN 4
#define FDS_OF_LOOKUP 5

#define WAITS_MOST 3 /* connections of which it is told what they wait for */

/* ---- the run's questions ---- */

static void total_figures(const struct connections *s)
{
	struct figures f = { .sent = s->sent, .received = s->received, .fd = -1, .status = -1 };

	for (const struct connection *x = s->first; x; x = x->next) {
		f.sent += connection_sent(x);
		f.received += connection_received(x);
	}
	f.ns = s->start ? clock_now() - s->start : 0;
	f.count = s->accepted;
	report_figures(s->run->messages, MESSAGE_NOTE, &f, "total");
}

static void figures(void *arg, bool at_end)
{
	const struct connections *s = arg;
	bool stats = !at_end || s->run->data->stats;

	if (!s->start && !at_end) {
		message(s->run->messages, MESSAGE_NOTE, "note", "not connected yet");
		return;
	}
	for (const struct connection *x = s->first; x; x = x->next)
		connection_figures(x, stats ? MESSAGE_NOTE : MESSAGE_VERBOSE, at_end);
	if (stats && s->keep)
		total_figures(s);
}

static void totals(void *arg, struct run_totals *t)
{
	const struct connections *s = arg;

	*t = (struct run_totals){
		.sent = s->sent, .received = s->received, .expected = s->expected, .start = s->start
	};
	for (const struct connection *x = s->first; x; x = x->next) {
		t->sent += connection_sent(x);
		t->received += connection_received(x);
		t->taken += x->pumped ? x->pump.up.transfer.in : 0;
	}
}

static void waits(void *arg, struct text *text)
{
	const struct connections *s = arg;
	struct text all = { 0 };
	int n = 0;

	if (s->listener && !s->n)
		text_add(&all, "; a client (-w)");
	for (const struct connection *x = s->first; x && n < WAITS_MOST; x = x->next, n++)
		connection_waits(x, &all);
	/* What separates them does not stand before the first. */
	if (all.length > 2)
		text_put(text, all.data + 2, all.length - 2);
	text_free(&all);
}

static void signalled(void *arg, int signal)
{
	struct connections *s = arg;

	stdio_raw(s, false);
	for (struct connection *x = s->first; x && !s->keep; x = x->next)
		connection_signal(x, signal);
}

static void stopped(void *arg, bool stopped)
{
	struct connections *s = arg;

	stdio_raw(s, !stopped && s->n > 0);
}

/* ---- accepting ---- */

static bool is_full(const struct connections *s)
{
	return s->service->max_conns != UNSET && s->n_counting >= (size_t)s->service->max_conns;
}

/* The oldest connection that could give way to another. */
static struct connection *may_go(const struct connections *s)
{
	struct connection *found = NULL;

	for (struct connection *x = s->first; x; x = x->next)
		if (connection_may_go(x))
			found = x;
	return found;
}

/* Clients wait in the backlog while there is no place for them. */
static void update(struct connections *s)
{
	bool wait = is_full(s) && s->service->when_full == WHEN_FULL_WAIT && !may_go(s);

	if (s->listener)
		listener_pause(s->listener, wait);
	if (s->listener && s->n == 0)
		timer_set(s->run->loop, &s->wait_timer, clock_after(clock_now(), s->wait));
}

static void waited(void *arg)
{
	struct connections *s = arg;
	char time[32];

	run_end(s->run, message_timeout(s->run->messages, "%s: no client within %s (-w)", s->place,
					duration_format(time, sizeof time, s->wait)));
}

bool connections_has_fds(const struct messages *m, const struct service_options *o)
{
	if (o->send_fd == UNSET || fcntl((int)o->send_fd, F_GETFD) >= 0)
		return true;
	report_error(m, "--send-fd", errno);
	return false;
}

void connections_start(struct connections *s, struct run *r, const struct connections_config *c)
{
	*s = (struct connections){
		.run = r,
		.service = c->service,
		.socket = c->socket,
		.access = c->access,
		.frame = c->frame,
		.socktype = c->socktype,
		.listening = c->listening,
		.keep = c->listening && service_keeps(c->service),
		.numeric = c->numeric,
		.family = c->family,
		.host = c->host,
		.place = c->place,
		.wait = c->wait,
		.expected = UNSET,
	};
	if (service_kind(c->service) == SERVICE_BROKER)
		s->settle = broker_settle;
	s->wait_timer = (struct timer){ .fn = waited, .arg = s };
	endpoint_none(&s->in);
	endpoint_none(&s->out);
	r->calls = (struct run_calls){ .figures = figures,
				       .totals = totals,
				       .waits = waits,
				       .signalled = signalled,
				       .stopped = stopped,
				       .arg = s };
	if (service_kind(c->service) == SERVICE_COMMAND)
		spawn_prepare();
	else if (service_kind(c->service) == SERVICE_BROKER ||
		 (s->keep && service_kind(c->service) == SERVICE_STDIO))
		stdio_share(s);
	if (r->data->raw)
		signals_catch_stops();
}

void connections_listen(struct connections *s, struct listener *l)
{
	s->listener = l;
	update(s);
}

static void stop_listening(struct connections *s)
{
	listener_close(s->listener);
	s->listener = NULL;
}

void connections_take(struct connections *s, int fd, const struct address *peer,
		      const struct address *local)
{
	struct connection *x = calloc(1, sizeof *x);

	if (!x) {
		report_error(s->run->messages, "connection", ENOMEM);
		close(fd);
		return;
	}
	*x = (struct connection){ .connections = s,
				  .id = ++s->accepted,
				  .peer = *peer,
				  .local = *local,
				  .next = s->first };
	if (x->next)
		x->next->previous = x;
	s->first = x;
	s->n++;
	s->n_counting++;
	if (!s->start)
		s->start = clock_now();
	timer_drop(s->run->loop, &s->wait_timer);
	if (!s->keep ||
	    (s->service->accept != UNSET && s->accepted >= (uint64_t)s->service->accept))
		stop_listening(s);
	connection_start(x, fd);
	update(s);
}

/* Nothing was read, and nothing has been sent: nobody is waited for. */
static void refuse(struct connections *s, int fd, const struct address *peer,
		   const struct address *local, const char *why)
{
	struct endpoint refused;

	report_refused(s->run->messages, peer, local, why);
	endpoint_socket(&refused, fd, "");
	endpoint_close(&refused);
}

void connections_accept(struct connections *s, int fd, const struct address *peer,
			const struct address *local)
{
	const char *refusal = s->access ? access_refusal(s->access, peer) : NULL;
	struct connection *place = !refusal && is_full(s) ? may_go(s) : NULL;

	if (place)
		connection_close(place);
	else if (!refusal && is_full(s))
		refusal = "full";
	if (refusal) {
		refuse(s, fd, peer, local, refusal);
		return;
	}
	report_client(s->run->messages, "accepted", s->keep ? s->accepted + 1 : 0, peer, local);
	connections_take(s, fd, peer, local);
}

void connections_short(struct connections *s, int error)
{
	struct connection *place = may_go(s);

	if (place && (error == EMFILE || error == ENFILE))
		connection_close(place);
}

/* What N look-ups, of which not all run at once, have open. */
static size_t fds_of_lookups(size_t n)
{
	return FDS_OF_LOOKUP * (n < LOOKUPS_MOST ? n : LOOKUPS_MOST);
}

size_t connections_spare(const struct connections *s)
{
	size_t n = s->n_waiting + 1; /* the next one too */
	bool asks;

	/* While nobody is served nothing will be given back: then there is only to try. */
	if (s->n == 0)
		return 0;
	switch (service_kind(s->service)) {
	case SERVICE_FORWARD:
		asks = *s->service->forward_to.port &&
		       !lookup_is_numeric(s->service->forward_to.host);
		return n + (asks ? fds_of_lookups(n) : 0);
	case SERVICE_PROXY:
		return n + (s->numeric ? 0 : fds_of_lookups(n));
	case SERVICE_COMMAND:
		/* Without a relay it has nothing but the connection. */
		if (!exec_relays(s))
			return 0;
		return 2 * n + FDS_OF_SPAWN + (s->numeric ? 0 : fds_of_lookups(n));
	default:
		return 0;
	}
}

void connections_one_may_go(struct connections *s)
{
	update(s);
}

void connections_one_ending(struct connections *s)
{
	s->n_counting--;
	update(s);
}

void connections_one_over(struct connections *s, struct connection *x, struct outcome outcome)
{
	enum message_level level = s->run->data->stats ? MESSAGE_NOTE : MESSAGE_VERBOSE;

	if (!s->keep) {
		run_end(s->run, outcome);
		return;
	}
	if (outcome.kind != OUTCOME_DONE)
		s->failed = true;
	connection_figures(x, level, true);
	s->sent += connection_sent(x);
	s->received += connection_received(x);
	connection_ending(x);
	if (x->next)
		x->next->previous = x->previous;
	if (x->previous)
		x->previous->next = x->next;
	else
		s->first = x->next;
	s->n--;
	connection_free(x);
	free(x);
	if (s->listener)
		listener_retry(s->listener);
	if (s->n == 0)
		stdio_raw(s, false);
	if (s->n == 0 && !s->listener)
		run_end(s->run, (struct outcome){ s->failed ? OUTCOME_FAILED : OUTCOME_DONE, 0 });
	else
		update(s);
	if (s->settle)
		s->settle(s);
}

void connections_free(struct connections *s)
{
	if (!s->run)
		return;
	stop_listening(s);
	stdio_raw(s, false);
	while (s->first) {
		struct connection *x = s->first;
		s->first = x->next;
		/* One command is as good as our own: it does not outlive us where a limit ended us.
		 */
		if (!s->keep && s->run->outcome.kind == OUTCOME_TIMEOUT)
			connection_signal(x, SIGHUP);
		else
			connection_leave(x);
		connection_free(x);
		free(x);
	}
	stdio_unshare(s);
}
