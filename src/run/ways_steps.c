/* ways_steps.c - the steps of a way: each finds something out */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "run/report.h"
#include "run/ways_state.h"
#include "system/inventory.h"

/* To what a service says by itself, at most. */
#define LISTENING SECOND
/* While TLS has not been answered: a server that takes one client at a time does that when the one
 * before has gone, and both are to take no more than the second. */
#define LISTENING_BESIDE_TLS (900 * MILLISECOND)

/* ---- the route ---- */

static void way_add_route(const struct way *w, struct text *text)
{
	const struct route *r = &w->route;
	char host[ADDRESS_TEXT], name[IF_NAMESIZE];

	if (r->interface && if_indextoname(r->interface, name))
		text_add(text, "%s, ", name);
	if (r->gateway.length)
		text_add(text, "gateway %s, ", address_host(&r->gateway, host));
	else if (w->local)
		text_add(text, "this machine, ");
	else if (r->interface)
		text_add(text, "no gateway, ");
	text_add(text, "from %s", r->source.length ? address_host(&r->source, host) : "-");
}

/* Finds out what W's socket will be bound to. Returns false where there is no interface of that
 * name. */
static bool way_binding(const struct way *w, struct route_binding *by)
{
	const struct ways_config *c = &w->ways->c;

	*by = (struct route_binding){ 0 };
	for (size_t i = c->n_sources; i-- > 0;)
		if (c->sources[i].u.sa.sa_family == w->address.u.sa.sa_family &&
		    !address_is_any(&c->sources[i])) /* -p alone */
			by->source = c->sources[i];
	return !c->socket->interface ||
	       address_parse_interface(c->socket->interface, &by->interface) == 0;
}

static void way_find_route(struct way *w, struct task *t)
{
	struct route *r = &w->route;
	struct route_binding by;
	struct address source;
	const char *what = way_binding(w, &by) ? NULL : "interface";
	int error = what ? ENODEV : 0;

	/* It may be forbidden to ask. For who is not bound connect(2), below, knows better. */
	if (!what && route_get_bound(&w->address, &by, r) < 0 && errno != ENOTSUP &&
	    (by.source.length || by.interface))
		error = errno;
	if (what || by.source.length)
		r->source = by.source;
	/* The table has routes to addresses that no socket can connect to, such as fe80:: without
	 * its zone. */
	else if (route_source(&w->address, &source) < 0)
		error = errno;
	else if (!r->source.length || !by.interface)
		r->source = source;
	if (errno_is_lack(error)) {
		task_leave_out(w, t);
		return;
	}
	if (error) {
		const struct messages *m = &w->ways->messages;
		const struct cause_question q = { error, false, &w->address };
		char why[ERRNO_TEXT], step[REPORT_STEP], reason[REPORT_REASON] = "";
		if (!what)
			report_reason(m, &q, reason);
		text_add(&t->answer, "no way there: %s%s%s%s", report_step(m, what, step),
			 what ? ": " : "", errno_text(error, why), reason);
	} else {
		way_add_route(w, &t->answer);
	}
	task_done(w, t);
}

/* ---- the connection ---- */

void way_add_failure(const struct way *w, struct text *text)
{
	const struct dial_result *r = &w->result;
	const struct messages *m = &w->ways->messages;
	char why[PROBE_WHY];

	report_probe_text(m, PROBE_FILTERED, NULL, 0, NULL, w->ways->c.wait, why);
	if (w->kind == WAY_THROUGH)
		report_dial_text(m, text, r, w->ways->c.wait, "-w");
	else if (r->n)
		report_failures_text(m, text, r->failures, 1, false, why);
	else if (r->lookup.eai)
		report_places_text(text, &r->lookup);
	else
		text_add(text, "%s", r->timed_out ? why : errno_text(r->error, why));
}

bool way_refused_by_host(const struct way *w)
{
	const struct dial_failure *f = w->result.failures;

	return w->kind != WAY_THROUGH && w->result.n && f->error == ECONNREFUSED && !f->what &&
	       f->icmp.family == AF_UNSPEC && address_is_ip(&f->address);
}

static void way_connected(void *arg, const struct dial_result *r)
{
	struct way *w = arg;
	struct task *t = &w->tasks[STEP_CONNECT];
	struct dial_failure *failures = malloc((r->n ? r->n : 1) * sizeof *failures);
	char url[512];

	w->connection = (struct way_connection){ 0 };
	w->result = *r;
	w->result.failures = failures;
	if (!failures) {
		w->result.n = 0;
		w->result.error = ENOMEM;
	} else if (r->n) {
		memcpy(failures, r->failures, r->n * sizeof *failures);
	}
	w->watch.fd = r->fd;
	/* Only the proxy knows its address. */
	if (w->result.peer.u.sa.sa_family == AF_UNSPEC)
		address_set_words(&w->result.peer, w->where, address_port(&r->peer));
	if (!way_is_open(w))
		way_add_failure(w, &t->answer);
	else if (w->kind == WAY_THROUGH)
		text_add(&t->answer, "open, through %s",
			 proxy_url_text(w->ways->c.proxy, url, sizeof url));
	else
		text_add(&t->answer, "open");
	if (way_refused_by_host(w))
		text_add(&t->answer, ", by a reset");
	/* That the first proxy is not to be reached is told of its addresses. */
	(w->kind == WAY_THROUGH && !way_is_open(w) && !*r->why ? task_leave_out : task_done)(w, t);
	way_go_on(w);
}

bool way_dial(struct way *w, struct way_connection *connection, int64_t limit, dial_fn *fn)
{
	const struct ways_config *c = &w->ways->c;
	struct dial_config d = { .host = w->host,
				 .port = w->kind == WAY_THROUGH ? c->port : w->port,
				 .family = c->family,
				 .socket = c->socket,
				 .deadline = clock_after(clock_now(), limit),
				 .wait = UNSET,
				 .events = c->events };

	if (w->kind == WAY_THROUGH)
		connection->client = proxy_client_start(c->loop, &d, c->proxy, fn, w);
	else
		connection->dial = dial_start(c->loop, &d, fn, w);
	return connection->client || connection->dial;
}

void way_end_dial(struct way_connection *c)
{
	dial_cancel(c->dial);
	proxy_client_cancel(c->client);
}

static void way_connect(struct way *w, struct task *t)
{
	(void)t;
	if (!way_dial(w, &w->connection, w->ways->c.wait, way_connected))
		way_connected(w, &(struct dial_result){ .fd = -1, .error = ENOMEM });
}

static void way_end_connection(struct way *w)
{
	way_end_dial(&w->connection);
	free((void *)w->result.failures);
}

/* ---- who listens ---- */

/* Writes what this machine knows of why W has failed: who listens elsewhere, whose queue is full.
 */
static void way_find_cause(struct way *w)
{
	struct notice n = { .m = &w->ways->messages, .wanted = true, .json.off = true };

	report_cause(&n, SOCK_STREAM, w->result.failures, w->result.n, w->cause, sizeof w->cause);
}

/* Adds who listens on W's address, one of this machine, to TEXT. Returns whether somebody does. */
static bool way_add_listener(const struct way *w, struct text *text)
{
	struct inventory found;
	bool listens;

	if (!w->local || !inventory_find_holder(SOCK_STREAM, &w->address, &found))
		return false;
	listens = found.sockets[0].state == INVENTORY_LISTEN;
	if (listens) {
		char local[INVENTORY_TEXT], owner[64];
		text_add(text, "%s listens on %s",
			 inventory_owner_text(&found, &found.sockets[0], owner, sizeof owner),
			 w->kind == WAY_DIRECT ? w->where :
						 inventory_local_text(&found.sockets[0], local));
	}
	inventory_free(&found);
	return listens;
}

static void way_find_listener(struct way *w, struct task *t)
{
	bool found = false;

	if (!way_is_open(w))
		way_find_cause(w);
	/* It continues a message: `; but...` */
	if (*w->cause)
		text_add(&t->answer, "%s", w->cause + 2 + 4 * text_begins(w->cause, "; but "));
	else if (way_is_open(w))
		found = way_add_listener(w, &t->answer);
	else if (way_refused_by_host(w) || way_is_silent(w))
		found = w->listens = way_add_listener(w, &t->answer);
	(*w->cause || found ? task_done : task_leave_out)(w, t);
}

/* ---- what the service says first ---- */

static void way_heard(struct way *w, const char *silence, int error)
{
	struct task *t = &w->tasks[STEP_GREETING];
	size_t n = 0;

	while (n < w->said_n && w->said[n] != '\n')
		n++;
	n += n < w->said_n;
	if (n)
		text_put_escaped(&t->answer, w->said, n, false);
	else if (error)
		text_add(&t->answer, "%s: %s (%s)", silence, strerror(error), errno_name(error));
	else
		text_add(&t->answer, "%s", silence);
	timer_drop(w->ways->c.loop, &w->timer);
	watch_drop(w->ways->c.loop, &w->watch);
	close(w->watch.fd);
	w->watch.fd = -1;
	task_done(w, t);
}

static void way_ready(void *arg, short events)
{
	struct way *w = arg;
	ssize_t n =
		recv(w->watch.fd, w->said + w->said_n, sizeof w->said - w->said_n, MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	w->mute = n <= 0 && w->said_n == 0;
	if (n < 0) {
		way_heard(w, "it breaks the connection", errno);
		return;
	}
	w->said_n += (size_t)n;
	if (n == 0)
		way_heard(w, "it closes the connection without a word", 0);
	else if (memchr(w->said, '\n', w->said_n) || w->said_n == sizeof w->said)
		way_heard(w, "", 0);
}

static void way_heard_enough(void *arg)
{
	struct way *w = arg;
	int64_t limit = w->ways->c.wait < LISTENING ? w->ways->c.wait : LISTENING,
		end = clock_after(w->tasks[STEP_GREETING].start, limit);

	if (w->tasks[STEP_TLS].state != TASK_RUNS && loop_now(w->ways->c.loop) < end) {
		timer_set(w->ways->c.loop, &w->timer, end);
		return;
	}
	way_heard(w, "none: it waits for you to speak, or hangs", 0);
}

int64_t way_listening(const struct way *w)
{
	int64_t limit = w->ways->c.wait;

	return limit < LISTENING_BESIDE_TLS ? limit : LISTENING_BESIDE_TLS;
}

static void way_listen(struct way *w, struct task *t)
{
	(void)t;
	w->watch.fn = way_ready;
	w->watch.arg = w;
	w->timer = (struct timer){ .fn = way_heard_enough, .arg = w };
	watch_set(w->ways->c.loop, &w->watch, POLLIN);
	timer_set(w->ways->c.loop, &w->timer, clock_after(clock_now(), way_listening(w)));
}

static void way_end_listening(struct way *w)
{
	timer_drop(w->ways->c.loop, &w->timer);
	if (w->watch.fd < 0)
		return;
	watch_drop(w->ways->c.loop, &w->watch);
	close(w->watch.fd);
}

/* ---- the table ---- */

#define TO_IP (WAY_HOST | WAY_PROXY)
#define TO_SERVICE (WAY_HOST | WAY_THROUGH | WAY_DIRECT)

const struct way_step ways_steps[STEPS] = {
	[STEP_ROUTE] = { .name = "route", .kinds = TO_IP, .start = way_find_route },
	[STEP_CONNECT] = { .name = "connect",
			   .kinds = WAY_PROXY | TO_SERVICE,
			   .timed = true,
			   .start = way_connect,
			   .judge = way_judge_connection,
			   .end = way_end_connection },
	[STEP_SILENCE] = { .name = "silence",
			   .kinds = TO_IP,
			   .when = STEP_SILENT,
			   .timed = true,
			   .start = way_trace,
			   .end = way_end_trace },
	[STEP_LISTENER] = { .name = "listener",
			    .kinds = TO_IP | WAY_DIRECT,
			    .when = STEP_OVER,
			    .start = way_find_listener },
	[STEP_GREETING] = { .name = "greeting",
			    .kinds = TO_SERVICE,
			    .when = STEP_OPEN,
			    .timed = true,
			    .start = way_listen,
			    .judge = way_judge_greeting,
			    .end = way_end_listening },
	[STEP_TLS] = { .name = "tls",
		       .kinds = WAY_HOST | WAY_THROUGH,
		       .when = STEP_OPEN,
		       .timed = true,
		       .start = way_ask_for_tls,
		       .judge = way_judge_tls,
		       .end = way_end_asking },
	[STEP_MTU] = { .name = "mtu",
		       .kinds = WAY_HOST,
		       .when = STEP_OPEN,
		       .timed = true,
		       .start = way_measure,
		       .judge = way_judge_mtu,
		       .end = way_end_measuring },
};
