/* connection.c - one connection: its pump, what is said of it, its end */
#include "conn/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "conn/messages.h"
#include "flow/pipes.h"
#include "run/report.h"
#include "sock/stream.h"

#define STEP_LIMIT (10 * SECOND) /* of a dialogue, where -w says nothing */

/* Those of all connections that have none. */
static struct connection_extras connection_no_extras;

struct connection_extras *connection_extend(struct connection *x)
{
	struct connection_extras *e = x->extras;

	if (e != &connection_no_extras)
		return e;
	e = calloc(1, sizeof *e);
	if (e)
		x->extras = e;
	return e;
}

/* Returns what --transport mptcp came to, NULL where it was not asked for. */
static const char *connection_transport(const struct connection *x)
{
	if (!x->connections->c->socket->protocol || x->socket.kind != ENDPOINT_TCP)
		return NULL;
	return stream_fell_back(x->socket.rfd) ? "tcp" : "mptcp";
}

/* That the other side has no MPTCP shows only here. */
static void connection_tell_fallback(const struct connection *x)
{
	const char *transport = connection_transport(x);
	struct notice n;

	if (!transport || strcmp(transport, "tcp") != 0)
		return;
	connection_notice(x, &n, MESSAGE_VERBOSE, "fallback");
	notice_end(&n, "%s: plain TCP: the other side, or a box between, has no MPTCP", x->name);
}

/* What --fastopen came to. A kernel before 5.5 does not tell why not. */
static const struct fastopen {
	char key[12], words[52];
} fastopen_taken = { "taken", "the data in the SYN were taken" }, fastopen_failures[] = {
	{ "none", "no data were taken from the SYN" },
	{ "no_cookie", "no cookie yet, so no data in the SYN: asked for one" },
	{ "ignored", "the data in the SYN were not taken, and sent again" },
	{ "repeated", "the SYN had to be sent again, and without data" },
};

/* Returns it, NULL where it was not asked for. */
static const struct fastopen *connection_fastopen(const struct connection *x)
{
	struct stream_tcp tcp;

	if (!x->connections->c->socket->fastopen || x->socket.kind != ENDPOINT_TCP ||
	    stream_tcp(x->socket.rfd, &tcp) < 0)
		return NULL;
	return tcp.syn_data ? &fastopen_taken : &fastopen_failures[tcp.syn_failure];
}

static void connection_tell_fastopen(const struct connection *x)
{
	const struct fastopen *f = connection_fastopen(x);
	struct notice n;

	if (!f)
		return;
	connection_notice(x, &n, MESSAGE_VERBOSE, "fastopen");
	json_string(&n.json, "fastopen", f->key);
	notice_end(&n, "%s: Fast Open: %s", x->name, f->words);
}

/* Begins what is said before anything else. Returns 0, or -1 with errno ENOMEM. */
static int connection_begin_dialogue(struct connection *x)
{
	struct connection_extras *e = x->extras;
	struct filter *up = e->pump.up, *down = e->pump.down;

	e->dialogue = dialogue_start(&x->connections->c->data->dialogue, &up->inserted);
	if (!e->dialogue || up->inserted.failed)
		return -1;
	down->answers = up;
	e->pump.dialogue = up->dialogue = down->dialogue = e->dialogue;
	return 0;
}

void connection_stepped(void *arg)
{
	const struct connection *x = arg;
	const struct dialogue_run *r = x->extras->dialogue;

	for (size_t i = x->extras->pump.step; i < r->step; i++) {
		const struct dialogue_step *step = &r->d->steps[i];
		struct notice n;
		connection_notice(x, &n, MESSAGE_VERBOSE, "step");
		json_string(&n.json, "step", dialogue_name(step->kind));
		json_string(&n.json, "text", step->word);
		notice_end(&n, "%s: done: %s '%s'", x->name, dialogue_name(step->kind), step->word);
	}
}

/* Does any option ask for filters? */
static bool connection_is_filtered(const struct connections *s)
{
	const struct data_options *d = s->c->data;

	return d->crlf || d->telnet || d->raw || d->delay != UNSET || d->heartbeat != UNSET ||
	       d->dialogue.n || s->run.copies;
}

int connection_filter(struct connection *x)
{
	const struct connections *s = x->connections;
	const struct data_options *d = s->c->data;
	struct connection_extras *e = connection_extend(x);
	struct filter *up, *down;

	if (!e)
		return -1;
	if (e->filters)
		return 0;
	e->filters = calloc(1, sizeof *e->filters);
	if (!e->filters)
		return -1;
	e->pump.up = up = &e->filters->up;
	e->pump.down = down = &e->filters->down;
	*up = (struct filter){ .sent = true,
			       .crlf = d->crlf,
			       .telnet = d->telnet,
			       .delay = d->delay == UNSET ? 0 : d->delay,
			       .heartbeat = d->heartbeat == UNSET ? 0 : d->heartbeat,
			       .heartbeat_text = &d->heartbeat_text };
	*down = (struct filter){ .telnet = d->telnet, .answers = d->telnet ? up : NULL };
	up->id = down->id = s->keep ? x->id : 0;
	up->copies = down->copies = s->run.copies;
	return 0;
}

void connection_copied_before(struct connection *x)
{
	if (x->extras->filters && !messages_are_framed(x->connections->c))
		x->extras->filters->up.copies = NULL;
}

/* The descriptor of --send-fd goes to X's peer. Returns 0, or -1 with errno ENOMEM. */
static int connection_lend(struct connection *x)
{
	int64_t fd = x->connections->options->send_fd;
	struct rights *r;

	if (fd == UNSET)
		return 0;
	r = malloc(sizeof *r + sizeof *r->fds);
	if (!r)
		return -1;
	*r = (struct rights){ .fds = (int *)(r + 1), .n = 1, .lent = 1 };
	r->fds[0] = (int)fd;
	x->socket.gives = r;
	return 0;
}

/* Makes X's rates, where there is one to keep. Returns 0, or -1 with errno ENOMEM. */
static int connection_limit_rate(struct connection *x)
{
	int64_t rate = x->connections->c->data->rate;
	struct connection_extras *e;

	if (rate == UNSET)
		return 0;
	e = connection_extend(x);
	if (!e)
		return -1;
	e->pump.rates = calloc(2, sizeof *e->pump.rates);
	if (!e->pump.rates)
		return -1;
	for (int i = 0; i < 2; i++)
		e->pump.rates[i].rate.bytes = rate;
	return 0;
}

/* Makes X's statistics, where they are asked for. Returns 0, or -1 with errno ENOMEM. */
static int connection_begin_stats(struct connection *x)
{
	struct connection_extras *e;

	if (!x->connections->c->data->stats.on)
		return 0;
	e = connection_extend(x);
	if (!e)
		return -1;
	e->stats = calloc(1, sizeof *e->stats);
	if (!e->stats)
		return -1;
	e->pump.account = &e->stats->account;
	return 0;
}

/* Makes what only some connections have. Returns 0, or -1 with errno ENOMEM. */
static int connection_prepare(struct connection *x)
{
	const struct data_options *d = x->connections->c->data;

	if (connection_begin_stats(x) < 0 || connection_limit_rate(x) < 0 ||
	    connection_lend(x) < 0 ||
	    (connection_is_filtered(x->connections) && connection_filter(x) < 0) ||
	    messages_prepare(x) < 0)
		return -1;
	return d->dialogue.n ? connection_begin_dialogue(x) : 0;
}

/* Adds room for N bytes to *SIZE, which stays aligned. Returns where it begins. */
static size_t connection_add(size_t *size, size_t n)
{
	size_t at = *size;

	*size += (n + sizeof(int64_t) - 1) / sizeof(int64_t) * sizeof(int64_t);
	return at;
}

struct connection *connection_new(struct connections *s, const struct address *peer,
				  const struct address *local)
{
	size_t size = sizeof(struct connection), n_ends = s->service->ends;
	/* What filters answer goes to the peer too. */
	bool sided = n_ends || connection_is_filtered(s);
	const struct address *shared = s->keep ? connections_share(s, local) : NULL;
	size_t own = connection_add(&size, s->service->size),
	       ends = connection_add(&size, n_ends * sizeof(struct endpoint)),
	       side = connection_add(&size, sided ? sizeof(struct pump_side) : 0),
	       local_at = connection_add(&size, shared ? 0 : address_size(local)), peer_at = size,
	       name_at = peer_at + address_size(peer);
	char text[ADDRESS_TEXT], *place;
	const char *name = address_text(peer, text);
	size_t length = strlen(name) + 1;
	struct connection *x = calloc(1, name_at + length);

	if (!x)
		return NULL;
	place = (char *)x;
	x->connections = s;
	x->own = place + own;
	x->in = n_ends > 0 ? (void *)(place + ends) : &endpoint_nowhere;
	x->out = n_ends > 1 ? x->in + 1 : &endpoint_nowhere;
	for (size_t i = 0; i < n_ends; i++)
		endpoint_none(x->in + i);
	x->extras = &connection_no_extras;
	x->pump.extras = &x->extras->pump;
	x->pump.side = sided ? (void *)(place + side) : &pump_no_side;
	x->peer = address_keep(place + peer_at, peer);
	x->local = shared ? shared : address_keep(place + local_at, local);
	x->name = memcpy(place + name_at, name, length);
	x->counts = true;
	x->status = -1;
	return x;
}

void connection_start(struct connection *x, int fd, int family)
{
	const struct connections *s = x->connections;

	x->start = clock_now();
	endpoint_socket(&x->socket, fd, family, x->name);
	if (s->arms)
		endpoint_come_armed(&x->socket);
	if (connection_prepare(x) < 0) {
		endpoint_break(&x->socket);
		connections_one_over(x->connections, x,
				     report_error(s->c->messages, x->name, ENOMEM));
		return;
	}
	connection_tell_fallback(x);
	connection_tell_fastopen(x);
	x->connections->service->start(x);
}

struct pump_options connection_pump_options(const struct connections *s)
{
	const struct data_options *d = s->c->data;

	return (struct pump_options){
		.keepalive_is_set = s->c->socket->keepalive,
		.quit_after_eof = d->quit_after_eof,
		.linger = d->linger,
		.idle = d->idle_timeout,
		.step_limit = s->step_limit	  ? s->step_limit :
			      s->c->wait != UNSET ? s->c->wait :
						    STEP_LIMIT,
		.buffer = d->buffer == UNSET ? 0 : (size_t)d->buffer,
		.frame = s->c->frame,
	};
}

struct pump_config connection_pump_config(const struct connection *x)
{
	const struct data_options *d = x->connections->c->data;

	return (struct pump_config){
		.options = &x->connections->pump_options,
		.sent_before = x->connections->sent_before,
		.others_sent = !x->connections->listening && x->connections->c->told->version,
		.terms.recv_only = d->recv_only,
		.terms.send_only = d->send_only,
		.terms.no_shutdown = d->no_shutdown,
		.terms.peer_end_ends = d->close_on_peer_eof,
		.terms.promises = !sockopt_is_given(x->connections->c->socket, "SO_LINGER"),
		.quit_from_start = d->recv_only,
		.read_bytes = d->read_bytes == UNSET ? FLOW_NO_LIMIT : (uint64_t)d->read_bytes,
		.messages_up = x->extras->sending,
		.messages_down = x->extras->receiving,
		.extras = &x->extras->pump,
	};
}

void connection_reach(struct connection *x, const struct dial_result *r, const char *name)
{
	x->far_name = strdup(name);
	endpoint_socket(x->in, r->fd, r->local.u.sa.sa_family,
			x->far_name ? x->far_name : "the other side");
}

static void connection_over(void *arg)
{
	struct connection *x = arg;

	connections_one_over(x->connections, x, connection_report(x));
}

void connection_cut(void *arg)
{
	const struct connection *x = arg;

	run_end(&x->connections->run, (struct outcome){ OUTCOME_DONE, 0 });
}

const struct pump_calls connection_calls = { CONNECTION_CALLS, .over = connection_over,
					     .closing = connection_ending };

void connection_pump(struct connection *x, const struct pump_config *c,
		     const struct pump_calls *calls, struct endpoint *in, struct endpoint *out)
{
	pump_start(&x->pump, x->connections->run.loop, c, calls, x, in, out, &x->socket);
	x->pumping = true;
}

void connection_finish(struct connection *x, bool others_sent, const struct pump_calls *calls)
{
	const struct pump_config c = { .options = &x->connections->finish_options,
				       .extras = &connection_no_extras.pump,
				       .terms.recv_only = true,
				       .close = true,
				       .read_bytes = FLOW_NO_LIMIT,
				       .others_sent = others_sent };

	connection_pump(x, &c, calls, &endpoint_nowhere, &endpoint_nowhere);
}

void connection_ending(void *arg)
{
	struct connection *x = arg;

	if (!x->counts)
		return;
	x->counts = false;
	x->connections->n_counting--;
	sources_drop(&x->connections->sources, x->source);
	x->source = NULL;
	connections_update(x->connections);
}

void connection_peer_ended(void *arg)
{
	struct connection *x = arg;

	x->peer_ended = true;
	connections_update(x->connections);
}

void connection_waiting(struct connection *x, bool waiting)
{
	if (waiting && !x->waiting)
		x->connections->n_waiting++;
	else if (!waiting && x->waiting)
		x->connections->n_waiting--;
	x->waiting = waiting;
	/* The descriptors that were free when it was accepted are for what it waits for. */
	pipes_reserve(x->connections->n_waiting ? connections_spare(x->connections) : 0);
}

void connection_close(struct connection *x)
{
	connection_ending(x);
	x->why = "replaced";
	if (x->pumping)
		pump_close(&x->pump);
}

struct subject connection_subject(const struct connection *x)
{
	return (struct subject){ x->name, x->peer, x->connections->keep ? x->id : 0 };
}

void connection_notice(const struct connection *x, struct notice *n, enum message_level level,
		       const char *event)
{
	const struct subject subject = connection_subject(x);

	notice_begin(n, x->connections->c->messages, level, event);
	report_subject(n, &subject);
}

struct outcome connection_report(const struct connection *x)
{
	const struct subject subject = connection_subject(x);
	struct outcome outcome = report_pump(x->connections->c->messages, &x->pump, &subject);
	struct notice n;

	if (outcome.kind != OUTCOME_DONE || !x->socket.gives || x->socket.gives->lent == 0)
		return outcome;
	connection_notice(x, &n, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(ENODATA));
	notice_end(&n,
		   "%s: --send-fd: not handed over: nothing was sent that it could go along with",
		   x->name);
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

/* Why X was closed. What went wrong with the connection counts more than how its command ended, and
 * that more than who ended it first. */
static const char *connection_why(const struct connection *x)
{
	static const char *const of_pump[] = {
		[PUMP_DONE] = "both ended",	     [PUMP_RESET] = "reset",
		[PUMP_UNSENT] = "unacknowledged",    [PUMP_IDLE] = "idle",
		[PUMP_STEP_FAILED] = "step failed",  [PUMP_IN_FAILED] = "input failed",
		[PUMP_OUT_FAILED] = "output failed",
	};
	enum outcome_kind of_run = x->connections->run.outcome.kind;

	if (x->why)
		return x->why;
	if (x->pump.end == PUMP_RESET && x->pump.error != ECONNRESET && x->pump.error != EPIPE)
		return "broken";
	if (x->pump.end > PUMP_DONE)
		return of_pump[x->pump.end];
	if (x->status >= 0)
		return "command ended";
	if (x->pump.end == PUMP_DONE && x->pump.out_error && pump_was_closed(&x->pump))
		return "output closed";
	if (x->pump.end == PUMP_DONE)
		return pump_peer_ended(&x->pump) && !pump_was_closed(&x->pump) ?
			       of_pump[PUMP_DONE] :
			       "ended here";
	return of_run == OUTCOME_SIGNAL	 ? "signal" :
	       of_run == OUTCOME_TIMEOUT ? "time limit" :
					   "end of the run";
}

/* Leaves of X's figures F, with TCP, what is new, and begins a new interval. */
static void connection_mark(struct connection *x, struct figures *f, struct stream_tcp *tcp)
{
	struct connection_mark *mark = &x->extras->stats->mark, since = *mark;

	*mark = (struct connection_mark){ f->sent,	 f->received,	   f->lost,
					  f->lost_bytes, tcp->retransmits, x->start + f->ns };
	f->sent -= since.sent;
	f->received -= since.received;
	f->lost -= since.lost;
	f->lost_bytes -= since.lost_bytes;
	tcp->retransmits -= since.retransmits;
	if (since.at)
		f->ns = mark->at - since.at;
	if (x->pump.extras->account)
		pump_account_mark(&x->pump);
}

void connection_figures(struct connection *x, enum message_level level, enum run_figures when,
			struct pump_limits *limits)
{
	static const char events[][9] = { "stats", "interval", "closed" };
	bool closed = when == FIGURES_END, interval = when == FIGURES_INTERVAL;
	const struct fastopen *fastopen;
	struct stream_tcp tcp = { 0 };
	struct figures f;

	if (!message_wanted(x->connections->c->messages, level))
		return;
	fastopen = connection_fastopen(x);
	f = (struct figures){
		.sent = pump_sent(&x->pump),
		.received = pump_received(&x->pump),
		.acknowledged = interval ? UNSET : pump_sent_acknowledged(&x->pump),
		.ns = clock_now() - x->start,
		/* MPTCP lets go of the TCP connections that it was made of. */
		.tcp = x->socket.rfd >= 0 && stream_tcp(x->socket.rfd, &tcp) == 0 && tcp.rtt_us ?
			       &tcp :
			       NULL,
		.limits = pump_limits(&x->pump, interval),
		.input = x->pump.in ? x->pump.in->name : NULL,
		.output = x->pump.out ? x->pump.out->name : NULL,
		.rate = x->connections->c->data->rate != UNSET,
		.id = x->connections->keep ? x->id : 0,
		.peer = x->peer,
		.local = x->local,
		.unseen = x->unseen,
		.transport = connection_transport(x),
		.fastopen = fastopen ? fastopen->key : NULL,
		.lost = connection_subscriber(x)->lost,
		.lost_bytes = connection_subscriber(x)->lost_bytes,
		.lost_what = connections_lost_what(x->connections),
		.why = closed ? connection_why(x) : NULL,
		.status = closed ? x->status : -1,
	};
	if (interval)
		connection_mark(x, &f, &tcp);
	pump_limits_add(limits, &f.limits);
	report_figures(x->connections->c->messages, level, &f, events[when]);
}

const char *connections_lost_what(const struct connections *s)
{
	return messages_are_framed(s->c) ? "message" : s->fanout.c.packets ? "packet" : "read";
}

const struct subscriber *connection_subscriber(const struct connection *x)
{
	static const struct subscriber none;

	return x->subscriber ? x->subscriber : &none;
}

void connection_report_lost(const struct connection *x)
{
	const char *lost = connections_lost_what(x->connections);
	uint64_t count = connection_subscriber(x)->lost,
		 bytes = connection_subscriber(x)->lost_bytes;
	struct notice n;

	if (!count)
		return;
	connection_notice(x, &n, MESSAGE_NOTE, "lost");
	json_number(&n.json, "count", (int64_t)count);
	json_number(&n.json, "bytes", (int64_t)bytes);
	notice_end(&n, "%s: lost %llu %s%s, %llu byte%s: it was slower than what came (--live)",
		   x->name, (unsigned long long)count, lost, count == 1 ? "" : "s",
		   (unsigned long long)bytes, bytes == 1 ? "" : "s");
}

/* Why X's pump pauses. */
static void connection_add_pause(const struct connection *x, struct text *text)
{
	const struct transcript *copies = x->connections->run.copies;
	bool full = false;

	for (int i = 0; copies && i < TRANSCRIPTS; i++)
		if (output_full(&copies[i].out)) {
			text_add(text, "; %s to take its copy (--timeout)", copies[i].out.to.name);
			full = true;
		}
	if (!full)
		text_add(text, "; the end of a pause (--delay, --rate)");
}

void connection_waits(const struct connection *x, struct text *text)
{
	const struct service *service = x->connections->service;
	const struct dialogue_run *dialogue = x->pump.extras->dialogue;
	struct pump_waits w = { 0 };

	if (x->pumping)
		w = pump_waits(&x->pump);
	if (service->waits)
		service->waits(x, text);
	if (dialogue)
		text_add(text, "; %s '%s' (-w)",
			 dialogue_name(dialogue->d->steps[dialogue->step].kind),
			 dialogue->d->steps[dialogue->step].word);
	else if (w.in)
		text_add(text, "; %s's data or end (%s)", x->pump.in->name,
			 service->input_ends ? service->input_ends : "-i, --recv-only");
	if (w.peer && !dialogue)
		text_add(text, "; %s's data or end (-i, %s--send-only)", x->name,
			 x->pump.side->up.source_ended ? "-q, " : "");
	if (w.peer_silent)
		text_add(text, "; %s's end or silence (-q, --linger)", x->name);
	if (w.peer_reading)
		text_add(text, "; %s to take what is sent (-i)", x->name);
	if (w.out)
		text_add(text, "; %s to take what came (--timeout)", x->pump.out->name);
	if (w.paused)
		connection_add_pause(x, text);
	if (w.acknowledged)
		text_add(text, "; %s to acknowledge what was sent (-q)", x->name);
}

static void connection_free_extras(struct connection_extras *e)
{
	if (e == &connection_no_extras)
		return;
	if (e->filters) {
		filter_free(&e->filters->up);
		filter_free(&e->filters->down);
	}
	free(e->filters);
	free(e->dialogue);
	free(e->stats);
	free(e->pump.rates);
	free(e->sending);
	free(e);
}

/* What E has not given away is closed. */
static void connection_free_rights(const struct endpoint *e)
{
	if (e->gives)
		rights_close(e->gives);
	free(e->gives);
}

void connection_free(struct connection *x)
{
	connection_waiting(x, false);
	if (x->pump.loop)
		pump_free(&x->pump);
	if (x->connections->service->free)
		x->connections->service->free(x);
	connection_free_extras(x->extras);
	connection_free_rights(&x->socket);
	connection_free_rights(x->in);
	endpoint_close(&x->socket);
	endpoint_close(x->in);
	endpoint_close(x->out);
	free(x->far_name);
	free(x);
}
