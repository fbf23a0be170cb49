#include "serve/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/signals.h"
#include "serve/broker.h"
#include "serve/exec.h"
#include "serve/report.h"
#include "serve/session.h"
#include "serve/stdio.h"

/* What may be open for a moment while a command is started, and while a name is looked up. */
#define FDS_OF_SPAWN 4
#define FDS_OF_LOOKUP 5

#define WAITS_MOST 3 /* connections of which it is told what they wait for */

/* ---- the run's questions ---- */

static void total_figures(const struct server *s)
{
	struct figures f = { .sent = s->sent, .received = s->received, .fd = -1, .status = -1 };

	for (const struct session *x = s->sessions; x; x = x->next) {
		f.sent += session_sent(x);
		f.received += session_received(x);
	}
	f.ns = s->start ? clock_now() - s->start : 0;
	f.count = s->accepted;
	report_figures(s->run->messages, MESSAGE_NOTE, &f, "total");
}

static void figures(void *arg, bool at_end)
{
	const struct server *s = arg;
	bool stats = !at_end || s->run->data->stats;

	if (!s->start && !at_end) {
		message(s->run->messages, MESSAGE_NOTE, "note", "not connected yet");
		return;
	}
	for (const struct session *x = s->sessions; x; x = x->next)
		session_figures(x, stats ? MESSAGE_NOTE : MESSAGE_VERBOSE, at_end);
	if (stats && s->keep)
		total_figures(s);
}

static void totals(void *arg, struct run_totals *t)
{
	const struct server *s = arg;

	*t = (struct run_totals){
		.sent = s->sent, .received = s->received, .expected = s->expected, .start = s->start
	};
	for (const struct session *x = s->sessions; x; x = x->next) {
		t->sent += session_sent(x);
		t->received += session_received(x);
		t->taken += x->pumped ? x->pump.up.transfer.in : 0;
	}
}

static void waits(void *arg, struct text *text)
{
	const struct server *s = arg;
	struct text all = { 0 };
	int n = 0;

	if (s->listener && !s->n)
		text_add(&all, "; a client (-w)");
	for (const struct session *x = s->sessions; x && n < WAITS_MOST; x = x->next, n++)
		session_waits(x, &all);
	/* What separates them does not stand before the first. */
	if (all.length > 2)
		text_put(text, all.data + 2, all.length - 2);
	text_free(&all);
}

static void signalled(void *arg, int signal)
{
	struct server *s = arg;

	stdio_raw(s, false);
	for (struct session *x = s->sessions; x && !s->keep; x = x->next)
		session_signal(x, signal);
}

static void stopped(void *arg, bool stopped)
{
	struct server *s = arg;

	stdio_raw(s, !stopped && s->n > 0);
}

/* ---- accepting ---- */

static bool is_full(const struct server *s)
{
	return s->service->max_conns != UNSET && s->n_counting >= (size_t)s->service->max_conns;
}

/* The oldest session that could give way to another. */
static struct session *may_go(const struct server *s)
{
	struct session *found = NULL;

	for (struct session *x = s->sessions; x; x = x->next)
		if (session_may_go(x))
			found = x;
	return found;
}

/* Clients wait in the backlog while there is no place for them. */
static void update(struct server *s)
{
	bool wait = is_full(s) && s->service->when_full == WHEN_FULL_WAIT && !may_go(s);

	if (s->listener)
		listener_pause(s->listener, wait);
	if (s->listener && s->n == 0)
		timer_set(s->run->loop, &s->wait_timer, clock_after(clock_now(), s->wait));
}

static void waited(void *arg)
{
	struct server *s = arg;
	char time[32];

	run_end(s->run, message_timeout(s->run->messages, "%s: no client within %s (-w)", s->place,
					duration_format(time, sizeof time, s->wait)));
}

bool server_has_fds(const struct messages *m, const struct service_options *o)
{
	if (o->send_fd == UNSET || fcntl((int)o->send_fd, F_GETFD) >= 0)
		return true;
	report_error(m, "--send-fd", errno);
	return false;
}

void server_start(struct server *s, struct run *r, const struct server_config *c)
{
	*s = (struct server){
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

void server_listen(struct server *s, struct listener *l)
{
	s->listener = l;
	update(s);
}

static void stop_listening(struct server *s)
{
	listener_close(s->listener);
	s->listener = NULL;
}

void server_take(struct server *s, int fd, const struct address *peer, const struct address *local)
{
	struct session *x = calloc(1, sizeof *x);

	if (!x) {
		report_error(s->run->messages, "connection", ENOMEM);
		close(fd);
		return;
	}
	*x = (struct session){ .server = s,
			       .id = ++s->accepted,
			       .peer = *peer,
			       .local = *local,
			       .next = s->sessions };
	if (x->next)
		x->next->previous = x;
	s->sessions = x;
	s->n++;
	s->n_counting++;
	if (!s->start)
		s->start = clock_now();
	timer_drop(s->run->loop, &s->wait_timer);
	if (!s->keep ||
	    (s->service->accept != UNSET && s->accepted >= (uint64_t)s->service->accept))
		stop_listening(s);
	session_start(x, fd);
	update(s);
}

/* Nothing was read, and nothing has been sent: nobody is waited for. */
static void refuse(struct server *s, int fd, const struct address *peer,
		   const struct address *local, const char *why)
{
	struct endpoint refused;

	report_refused(s->run->messages, peer, local, why);
	endpoint_socket(&refused, fd, "");
	endpoint_close(&refused);
}

void server_accept(struct server *s, int fd, const struct address *peer,
		   const struct address *local)
{
	const char *refusal = s->access ? access_refusal(s->access, peer) : NULL;
	struct session *place = !refusal && is_full(s) ? may_go(s) : NULL;

	if (place)
		session_close(place);
	else if (!refusal && is_full(s))
		refusal = "full";
	if (refusal) {
		refuse(s, fd, peer, local, refusal);
		return;
	}
	report_client(s->run->messages, "accepted", s->keep ? s->accepted + 1 : 0, peer, local);
	server_take(s, fd, peer, local);
}

void server_short(struct server *s, int error)
{
	struct session *place = may_go(s);

	if (place && (error == EMFILE || error == ENFILE))
		session_close(place);
}

/* What N look-ups, of which not all run at once, have open. */
static size_t fds_of_lookups(size_t n)
{
	return FDS_OF_LOOKUP * (n < LOOKUPS_MOST ? n : LOOKUPS_MOST);
}

size_t server_spare(const struct server *s)
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

void server_session_may_go(struct server *s)
{
	update(s);
}

void server_session_ending(struct server *s)
{
	s->n_counting--;
	update(s);
}

void server_session_over(struct server *s, struct session *x, struct outcome outcome)
{
	enum message_level level = s->run->data->stats ? MESSAGE_NOTE : MESSAGE_VERBOSE;

	if (!s->keep) {
		run_end(s->run, outcome);
		return;
	}
	if (outcome.kind != OUTCOME_DONE)
		s->failed = true;
	session_figures(x, level, true);
	s->sent += session_sent(x);
	s->received += session_received(x);
	session_ending(x);
	if (x->next)
		x->next->previous = x->previous;
	if (x->previous)
		x->previous->next = x->next;
	else
		s->sessions = x->next;
	s->n--;
	session_free(x);
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

void server_free(struct server *s)
{
	if (!s->run)
		return;
	stop_listening(s);
	stdio_raw(s, false);
	while (s->sessions) {
		struct session *x = s->sessions;
		s->sessions = x->next;
		/* One command is as good as our own: it does not outlive us where a limit ended us. */
		if (!s->keep && s->run->outcome.kind == OUTCOME_TIMEOUT)
			session_signal(x, SIGHUP);
		else
			session_leave(x);
		session_free(x);
		free(x);
	}
	stdio_unshare(s);
}
