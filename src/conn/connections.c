/* connections.c - the connections of a run: accepting them, their figures, and when it is over */
#include "conn/connections.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"
#include "loop/signals.h"
#include "names/lookup.h"
#include "run/report.h"
#include "run/sandbox.h"
#include "conn/connection.h"
#include "conn/messages.h"
#include "sock/stream.h"

#define FDS_OF_LOOKUP 5		 /* open for a moment while a name is looked up */
#define DIAL_LIMIT (30 * SECOND) /* where -w says nothing */
#define PORTS_MOST 16		 /* of --forward, that are told apart */
#define SHARED_MOST 16		 /* addresses that are kept for all */
#define ROOM_EACH 16		 /* watches, or timers, that may be set for a client */
#define WAITS_MOST 3		 /* connections of which it is told what they wait for */

/* Says once how to get out of raw mode, to whoever sits at the terminal. */
static void connections_tell_escape(struct connections *s)
{
	int64_t c = s->c->data->escape;
	char name[16];

	if (s->escape_told || c == UNSET || !isatty(STDERR_FILENO))
		return;
	s->escape_told = true;
	if (c < 0x20 || c == 0x7f)
		snprintf(name, sizeof name, "Ctrl-%c", (int)c ^ 0x40);
	else if (c < 0x7f)
		snprintf(name, sizeof name, "%c", (int)c);
	else
		snprintf(name, sizeof name, "\\x%02x", (unsigned)c);
	message(s->c->messages, MESSAGE_NOTE, "note", "%s and then . ends the run (--escape)",
		name);
}

void connections_raw(struct connections *s, bool raw)
{
	if (!s->c->data->raw)
		return;
	timer_drop(s->run.loop, &s->raw_timer);
	if (!raw)
		terminal_restore();
	else if (terminal_raw(STDIN_FILENO) == 0)
		connections_tell_escape(s);
	else if (errno == EAGAIN)
		timer_set(s->run.loop, &s->raw_timer, clock_after(clock_now(), TERMINAL_LOOK));
	else if (errno != ENOTTY)
		report_error(s->c->messages, "--raw: stdin", errno);
}

static void connections_raw_later(void *arg)
{
	connections_raw(arg, true);
}

/* ---- the run's questions ---- */

static void connections_totals(void *arg, struct run_totals *t)
{
	const struct connections *s = arg;

	*t = (struct run_totals){
		.sent = s->sent, .received = s->received, .expected = s->expected, .start = s->start
	};
	for (const struct connection *x = s->first; x; x = x->next) {
		t->sent += pump_sent(&x->pump);
		t->received += pump_received(&x->pump);
		t->taken += x->pump.side->up.transfer.in;
	}
}

/* Adds what X's peer has acknowledged to SUM, which is UNSET once that is not known of one. */
static void connections_add_acknowledged(int64_t *sum, const struct connection *x)
{
	int64_t n = pump_sent_acknowledged(&x->pump);

	*sum = n == UNSET || *sum == UNSET ? UNSET : *sum + n;
}

/* Says the figures of all together, which LIMITS has held up; of an INTERVAL alone what is new. */
static void connections_total(struct connections *s, const struct pump_limits *limits,
			      bool interval)
{
	int64_t now = clock_now();
	struct run_totals t, since = { .start = s->start };
	struct figures f = { .status = -1,
			     .count = interval ? s->n : s->accepted,
			     .acknowledged = interval ? UNSET : s->acknowledged,
			     .lost = interval ? 0 : s->lost,
			     .lost_bytes = s->lost_bytes,
			     .lost_what = connections_lost_what(s),
			     .limits = *limits };

	for (const struct connection *x = s->first; x; x = x->next) {
		connections_add_acknowledged(&f.acknowledged, x);
		f.lost += interval ? 0 : connection_subscriber(x)->lost;
		f.lost_bytes += connection_subscriber(x)->lost_bytes;
	}
	connections_totals(s, &t);
	if (interval) {
		since = s->mark.start ? s->mark : since;
		s->mark = t;
		s->mark.start = now;
	}
	f.sent = t.sent - since.sent;
	f.received = t.received - since.received;
	f.ns = since.start ? now - since.start : 0;
	report_figures(s->c->messages, MESSAGE_NOTE, &f, interval ? "interval" : "total");
}

static void connections_figures(void *arg, enum run_figures when)
{
	struct connections *s = arg;
	bool at_end = when == FIGURES_END, stats = !at_end || s->c->data->stats.on;
	struct pump_limits limits = { 0 };

	if (!s->start && when == FIGURES_ASKED)
		message(s->c->messages, MESSAGE_NOTE, "note", "not connected yet");
	if (!s->start && !at_end)
		return;
	if (when != FIGURES_INTERVAL)
		limits = s->limits;
	for (struct connection *x = s->first; x; x = x->next) {
		if (at_end)
			connection_report_lost(x);
		connection_figures(x, stats ? MESSAGE_NOTE : MESSAGE_VERBOSE, when, &limits);
	}
	if (stats && s->keep)
		connections_total(s, &limits, when == FIGURES_INTERVAL);
}

static void connections_waits(void *arg, struct text *text)
{
	const struct connections *s = arg;
	struct text all = { 0 };
	int n = 0;

	if (s->waits)
		s->waits(s->arg, &all);
	for (const struct connection *x = s->first; x && n < WAITS_MOST; x = x->next, n++)
		connection_waits(x, &all);
	/* What separates them does not stand before the first. */
	if (all.length > 2)
		text_put(text, all.data + 2, all.length - 2);
	text_free(&all);
}

static void connections_signalled(void *arg, int signal)
{
	struct connections *s = arg;

	connections_raw(s, false);
	for (struct connection *x = s->first; x && !s->keep; x = x->next)
		if (s->service->signal)
			s->service->signal(x, signal);
}

static void connections_stop_listening(struct connections *s)
{
	listener_close(s->listener);
	s->listener = NULL;
	arrivals_drop(&s->arrivals);
}

/* Is anything still on its way? */
static bool connections_deliver(void *arg)
{
	const struct connections *s = arg;

	for (const struct connection *x = s->first; x; x = x->next)
		if (x->pumping && !x->pump.over)
			return true;
	return false;
}

static void connections_leave(void *arg)
{
	struct connections *s = arg;

	connections_stop_listening(s);
	for (struct connection *x = s->first; x; x = x->next)
		if (x->pumping)
			pump_cut(&x->pump);
	run_end(&s->run, (struct outcome){ OUTCOME_DONE, 0 });
}

static void connections_stopped(void *arg, bool stopped)
{
	struct connections *s = arg;

	connections_raw(s, !stopped && s->n > 0);
}

/* ---- accepting ---- */

/* Is there no place for a client beside those that have one, and COMING? */
static bool connections_are_full(const struct connections *s, size_t coming)
{
	return s->options->max_conns != UNSET &&
	       s->n_counting + coming >= (size_t)s->options->max_conns;
}

/* The oldest connection, of SOURCE if that is not NULL, that could give way to another. */
static struct connection *connections_find_ended(const struct connections *s,
						 const struct source *source)
{
	struct connection *found = NULL;

	for (struct connection *x = s->first; x; x = x->next)
		if (x->counts && x->peer_ended && (!source || x->source == source))
			found = x;
	return found;
}

/* Clients wait in the backlog while there is no place for them. One that gives way does so for one
 * client alone. */
static void connections_decide_to_accept(struct connections *s)
{
	bool wait = connections_are_full(s, s->arrivals.n) &&
		    s->options->when_full == WHEN_FULL_WAIT &&
		    (s->arrivals.n || !connections_find_ended(s, NULL));

	if (s->listener)
		listener_pause(s->listener, wait);
}

void connections_update(struct connections *s)
{
	connections_decide_to_accept(s);
	if (s->listener && s->n == 0)
		timer_set(s->run.loop, &s->wait_timer, clock_after(clock_now(), s->c->wait));
}

static void connections_waited(void *arg)
{
	struct connections *s = arg;
	char time[32];

	run_end(&s->run, message_timeout(s->c->messages, "%s: no client within %s (-w)", s->place,
					 duration_format(time, sizeof time, s->c->wait)));
}

int connections_start(struct connections *s, const struct connections_config *c)
{
	int64_t fd = c->service->send_fd;

	s->c = c;
	s->options = c->service;
	s->service = c->service->service;
	if (messages_are_framed(c) && s->service->framed)
		s->service = s->service->framed;
	s->keep = s->listening && service_keeps(c->service);
	s->arms = s->listening && s->service->arms && !c->socket->protocol &&
		  !sockopt_is_given(c->socket, "SO_LINGER");
	s->expected = UNSET;
	s->pump_options = connection_pump_options(s);
	s->finish_options = (struct pump_options){ .keepalive_is_set = c->socket->keepalive,
						   .quit_after_eof = UNSET,
						   .linger = c->data->linger,
						   .idle = UNSET };
	s->wait_timer = (struct timer){ .fn = connections_waited, .arg = s };
	s->raw_timer = (struct timer){ .fn = connections_raw_later, .arg = s };
	endpoint_none(&s->in);
	endpoint_none(&s->out);
	if (fd != UNSET && fcntl((int)fd, F_GETFD) < 0) {
		report_error(c->messages, "--send-fd", errno);
		return -1;
	}
	if (run_start(&s->run, c->messages, c->data) < 0)
		return -1;
	s->run.calls = (struct run_calls){ .figures = connections_figures,
					   .totals = connections_totals,
					   .waits = connections_waits,
					   .signalled = connections_signalled,
					   .delivers = connections_deliver,
					   .leave = connections_leave,
					   .stopped = connections_stopped,
					   .confines = true,
					   .arg = s };
	if (s->service->prepare)
		s->service->prepare(s);
	if (c->data->raw)
		signals_catch_stops();
	return 0;
}

/* Stores in PORTS, which has room for MOST, the TCP ports that S's service connects to. Returns how
 * many; MOST: there may be others. */
static size_t connections_ports(const struct connections *s, uint16_t *ports, size_t most)
{
	const struct service *service = s->service;
	const struct forward_place *p = service->places ? service->places(s->options) : NULL;
	size_t n = 0;

	if (service->anywhere)
		return most;
	for (; p && n < most; p = p->next) {
		const char *word = s->options->way ? s->options->way->url.port : p->to.port;
		if (!*word)
			continue; /* a UNIX socket */
		if (address_parse_port(word, &ports[n++]) != WORD_NUMBER)
			return most;
	}
	return n;
}

void connections_confine(struct connections *s)
{
	const char *place = s->listener ? listener_path(s->listener) : NULL;
	uint16_t ports[PORTS_MOST];
	struct confine_wish wish = { .keeps = place ? KEEP_UNIX : 0,
				     .place = place,
				     .ports = ports };

	/* What would be done as soon as something is copied there. */
	if (s->keep)
		endpoint_reopen(&s->out);
	else if (s->first)
		endpoint_reopen(s->first->out);
	wish.n_ports = connections_ports(s, ports, PORTS_MOST);
	if (wish.n_ports == PORTS_MOST)
		wish.ports = NULL;
	sandbox_enter(s->c->messages, &wish);
}

void connections_listen(struct connections *s, struct listener *l)
{
	s->listener = l;
	connections_update(s);
}

const struct address *connections_share(struct connections *s, const struct address *a)
{
	struct shared_address **place = &s->shared;
	size_t n = 0;

	for (; *place; place = &(*place)->next, n++)
		if (address_equal(&(*place)->address, a))
			return &(*place)->address;
	if (n == SHARED_MOST)
		return NULL;
	*place = malloc(offsetof(struct shared_address, address) + address_size(a));
	if (!*place)
		return NULL;
	(*place)->next = NULL;
	return address_keep(&(*place)->address, a);
}

static void connections_free_shared(struct connections *s)
{
	while (s->shared) {
		struct shared_address *one = s->shared;
		s->shared = one->next;
		free(one);
	}
}

/* Makes room in the loop for one more. Returns false where there is no memory. */
static bool connections_have_room(struct connections *s)
{
	return loop_reserve(s->run.loop, ROOM_EACH * (s->n + s->arrivals.n + 1)) == 0;
}

/* There is no memory for the connection FD, whose place another may have. */
static void connections_lack_memory(struct connections *s, int fd)
{
	struct outcome outcome = report_error(s->c->messages, "connection", ENOMEM);

	s->failed = true;
	stream_break(fd);
	close(fd);
	if (!s->listening)
		run_end(&s->run, outcome);
	connections_decide_to_accept(s);
}

void connections_take(struct connections *s, int fd, int family, const struct address *peer,
		      const struct address *local)
{
	bool room = connections_have_room(s);
	struct connection *x = room ? connection_new(s, peer, local) : NULL;
	struct source *source = NULL;

	if (x && s->options->per_source.most != UNSET && sources_know(peer)) {
		source = sources_add(&s->sources, &s->options->per_source, peer);
		if (!source) {
			free(x);
			x = NULL;
		}
	}
	if (!x) {
		connections_lack_memory(s, fd);
		return;
	}
	x->id = ++s->accepted;
	x->source = source;
	x->next = s->first;
	if (x->next)
		x->next->previous = x;
	s->first = x;
	s->n++;
	s->n_counting++;
	if (!s->start) {
		s->start = clock_now();
		run_begin_intervals(&s->run);
	}
	timer_drop(s->run.loop, &s->wait_timer);
	if (!s->keep ||
	    (s->options->accept != UNSET && s->accepted >= (uint64_t)s->options->accept))
		connections_stop_listening(s);
	connection_start(x, fd, family);
	connections_update(s);
	if (!s->keep)
		connections_confine(s);
}

void connections_accept(struct connections *s, const struct arrived *a, const char *refusal)
{
	bool whole = !refusal && !a->fault;
	struct source *crowd =
		whole ? sources_find_crowd(&s->sources, &s->options->per_source, &a->peer) : NULL;
	bool full = whole && (crowd || connections_are_full(s, 0));
	struct connection *place = full ? connections_find_ended(s, crowd) : NULL;
	struct client_report r = { &a->peer, &a->local, a->via.length ? &a->via : NULL, refusal,
				   a->fault };
	struct endpoint refused;

	if (place) {
		connection_close(place);
	} else if (crowd) {
		if (source_is_news(crowd))
			report_crowd(s->c->messages, &a->peer, crowd->n, "connection");
		r.why = "too many from there";
	} else if (full) {
		r.why = "full";
	}
	if (r.why || r.fault) {
		/* Nothing has been sent: nobody is waited for. Where something was read of what is
		 * no header, its end is not to look like that of all. */
		report_client(s->c->messages, "refused", 0, &r);
		endpoint_socket(&refused, a->fd, a->family, "");
		if (s->arms)
			endpoint_come_armed(&refused);
		if (!r.fault)
			endpoint_disarm(&refused);
		else
			endpoint_break(&refused);
		endpoint_close(&refused);
		connections_decide_to_accept(s);
		return;
	}
	report_client(s->c->messages, "accepted", s->keep ? s->accepted + 1 : 0, &r);
	connections_take(s, a->fd, a->family, &a->peer, &a->local);
}

void connections_await_header(struct connections *s, const struct arrived *a)
{
	if (connections_have_room(s) && arrivals_take(&s->arrivals, s->run.loop, a) == 0)
		connections_decide_to_accept(s);
	else
		connections_lack_memory(s, a->fd);
}

void connections_short(struct connections *s, int error)
{
	struct connection *place = connections_find_ended(s, NULL);

	if (place && (error == EMFILE || error == ENFILE))
		connection_close(place);
}

void connections_accept_no_more(struct connections *s)
{
	connections_stop_listening(s);
	s->failed = true;
	if (s->n == 0)
		run_end(&s->run, (struct outcome){ OUTCOME_FAILED, 0 });
}

static void connections_find_port(struct connections *s);

static void connections_port_found(void *arg, struct places_answer *found)
{
	struct connections *s = arg;

	free(found->addresses);
	s->looked_up = s->looked_up->next;
	connections_find_port(s);
}

/* Looks up the next port that is a word. */
static void connections_find_port(struct connections *s)
{
	struct places_question q = { .family = AF_UNSPEC, .socktype = SOCK_STREAM };
	uint16_t number;

	while (s->looked_up && (!*s->looked_up->to.port ||
				address_parse_port(s->looked_up->to.port, &number) == WORD_NUMBER))
		s->looked_up = s->looked_up->next;
	if (!s->looked_up) {
		s->ports_found(s->arg);
		return;
	}
	q.port = s->looked_up->to.port;
	run_look_up(&s->run, &q, q.port, UNSET, connections_port_found, s);
}

void connections_find_ports(struct connections *s, void (*found)(void *arg))
{
	s->looked_up = s->service->places(s->options);
	s->ports_found = found;
	connections_find_port(s);
}

int64_t connections_dial_limit(const struct connections *s)
{
	return s->c->wait == UNSET ? DIAL_LIMIT : s->c->wait;
}

size_t connections_lookup_fds(size_t n)
{
	return FDS_OF_LOOKUP * (n < LOOKUPS_MOST ? n : LOOKUPS_MOST);
}

size_t connections_spare(const struct connections *s)
{
	/* While nobody is served nothing will be given back: then there is only to try. */
	return s->n && s->service->spare ? s->service->spare(s, s->n_waiting + s->arrivals.n + 1) :
					   0;
}

/* Ends the run if nobody is served any more, and nobody can come. Returns whether that is so. */
static bool connections_all_over(struct connections *s)
{
	if (s->first || s->listener)
		return false;
	run_end(&s->run, (struct outcome){ s->failed ? OUTCOME_FAILED : OUTCOME_DONE, 0 });
	return true;
}

void connections_lose_output(struct connections *s)
{
	connections_stop_listening(s);
	for (struct connection *x = s->first; x; x = x->next)
		if (x->pumping)
			pump_lose_out(&x->pump);
	connections_all_over(s);
}

void connections_one_over(struct connections *s, struct connection *x, struct outcome outcome)
{
	enum message_level level = s->c->data->stats.on ? MESSAGE_NOTE : MESSAGE_VERBOSE;

	if (!s->keep) {
		if (!s->over || s->over(s->arg, x, outcome))
			run_end(&s->run, outcome);
		return;
	}
	if (outcome.kind != OUTCOME_DONE)
		s->failed = true;
	connection_report_lost(x);
	connection_figures(x, level, FIGURES_END, &s->limits);
	s->sent += pump_sent(&x->pump);
	s->received += pump_received(&x->pump);
	s->lost += connection_subscriber(x)->lost;
	s->lost_bytes += connection_subscriber(x)->lost_bytes;
	connections_add_acknowledged(&s->acknowledged, x);
	connection_ending(x);
	if (x->next)
		x->next->previous = x->previous;
	if (x->previous)
		x->previous->next = x->next;
	else
		s->first = x->next;
	s->n--;
	connection_free(x);
	if (s->listener)
		listener_retry(s->listener);
	if (s->n == 0)
		connections_raw(s, false);
	if (!connections_all_over(s))
		connections_update(s);
	if (s->service->settle)
		s->service->settle(s);
}

void connections_free(struct connections *s)
{
	connections_stop_listening(s);
	connections_raw(s, false);
	while (s->first) {
		struct connection *x = s->first;
		s->first = x->next;
		connection_free(x);
	}
	sources_free(&s->sources);
	connections_free_shared(s);
	if (s->service->end)
		s->service->end(s);
	run_free(&s->run);
}
