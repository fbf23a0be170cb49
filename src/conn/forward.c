/* forward.c - the service that joins each connection to one that it makes to another place
 *
 * It connects to what --forward says, within the time of -w, and passes on each side's end of
 * stream to the other. A place that cannot be reached is passed over for a while, in favour of the
 * next; where none can be reached, that is said, and the connection is over.
 */
#include "conn/messages.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "names/lookup.h"
#include "net/proxy_client.h"
#include "run/report.h"

#define PASSED_OVER (5 * SECOND) /* for so long after it could not be reached */

/* What a connection needs until it is joined to another. */
struct forward_dial {
	struct proxy_client *client;
	struct forward_place *to; /* the place that is tried */
	uint64_t tried;		  /* a bit for each place that was */
	struct text failed;	  /* how those before it have failed; empty: none has */
	struct socket_options socket;
};

struct forward {
	struct forward_dial *dial; /* NULL: it is joined */
};

static int forward_check(struct service_options *o, bool numeric, struct option_error *error)
{
	struct option_error inner;

	for (struct forward_place *p = o->forward; p; p = p->next) {
		if (address_endpoint(p->word, numeric, &p->to, &inner) < 0)
			return option_fail(error, "--forward: %s", inner.text);
		p->named = *p->to.port && !lookup_is_numeric(p->to.host);
	}
	return 0;
}

static const struct forward_place *forward_places(const struct service_options *o)
{
	return o->forward;
}

/* Returns the first place that D has not tried and that is not passed over; else the first that it
 * has not tried: nothing is better then. NULL: it has tried all. */
static struct forward_place *forward_choose(const struct forward_dial *d,
					    struct forward_place *places)
{
	struct forward_place *other = NULL;
	int64_t now = clock_now();

	for (struct forward_place *p = places; p; p = p->next) {
		if (d->tried & UINT64_C(1) << p->number)
			continue;
		if (p->passed_over <= now)
			return p;
		other = other ? other : p;
	}
	return other;
}

/* A connection that is no UNIX socket cannot take a descriptor. */
static void forward_dropped(void *arg)
{
	struct connection *x = arg;
	struct notice n;

	/* Once is enough. */
	if (x->in->gives)
		x->in->gives->dropped = NULL;
	if (x->socket.gives)
		x->socket.gives->dropped = NULL;
	connection_notice(x, &n, MESSAGE_NOTE, "descriptors_dropped");
	notice_end(&n, "%s: descriptors that came along are dropped: only a UNIX socket takes them",
		   x->name);
}

/* Descriptors that come from FROM go to TO, with any that it gives already. Returns 0, or -1 with
 * errno ENOMEM. */
static int forward_take(struct connection *x, struct endpoint *from, struct endpoint *to)
{
	if (endpoint_delivers(from)) {
		if (!to->gives)
			to->gives = calloc(1, sizeof *to->gives);
		if (!to->gives)
			return -1;
		from->takes = to->gives;
	}
	if (to->gives) {
		to->gives->dropped = forward_dropped;
		to->gives->arg = x;
	}
	return 0;
}

/* X cannot be joined to anything: that has been said, with OUTCOME. X is gone after this. */
static void forward_failed(struct connection *x, struct outcome outcome)
{
	x->why = "not reached";
	endpoint_break(&x->socket);
	connections_one_over(x->connections, x, outcome);
}

static void forward_try(struct connection *x);

/* X is joined, or will never be. */
static void forward_end_dial(struct connection *x)
{
	struct forward *f = x->own;

	if (!f->dial)
		return;
	connection_waiting(x, false);
	proxy_client_cancel(f->dial->client);
	text_free(&f->dial->failed);
	free(f->dial);
	f->dial = NULL;
}

/* X's place could not be reached, by R: goes on to the next one, if there is any. */
static void forward_not_reached(struct connection *x, const struct dial_result *r)
{
	const struct messages *m = x->connections->c->messages;
	const struct forward *f = x->own;
	struct forward_dial *d = f->dial;
	const struct subject subject = connection_subject(x);
	const struct dial_report report = { .host = d->to->to.host,
					    .port = d->to->to.port,
					    .result = r,
					    .limit = connections_dial_limit(x->connections),
					    .option = "-w",
					    .retry = UNSET,
					    .before = d->failed.length ? &d->failed : NULL };

	d->to->passed_over = clock_after(clock_now(), PASSED_OVER);
	d->to = forward_choose(d, x->connections->options->forward);
	if (d->to) {
		report_passed_over(m, &subject, &report, d->to->word, &d->failed);
		forward_try(x);
	} else {
		connection_waiting(x, false);
		forward_failed(x, report_dial(m, &report));
	}
}

static void forward_connected(void *arg, const struct dial_result *r)
{
	struct connection *x = arg;
	struct pump_config c = connection_pump_config(x);
	struct forward *f = x->own;
	char name[ADDRESS_TEXT];

	f->dial->client = NULL;
	if (r->fd < 0) {
		forward_not_reached(x, r);
		return;
	}
	f->dial->to->passed_over = 0;
	/* Of what only a proxy knows there is no address. */
	connection_reach(x, r,
			 r->peer.u.sa.sa_family == AF_UNSPEC ? f->dial->to->word :
							       address_text(&r->peer, name));
	forward_end_dial(x);
	if (forward_take(x, &x->socket, x->in) < 0 || forward_take(x, x->in, &x->socket) < 0) {
		endpoint_break(x->in);
		forward_failed(x, report_error(x->connections->c->messages, "forward", ENOMEM));
		return;
	}
	c.terms.mode = PUMP_RELAY;
	messages_pass_on(x, &c);
	connection_pump(x, &c, &connection_calls, x->in, x->in);
	pump_look(&x->pump);
}

/* Each client would come back as another, without end. */
static const char *forward_permit(void *arg, const struct address *a)
{
	const struct connection *x = arg;
	const struct listener *listener = x->connections->listener;

	return listener && listener_has(listener, a) ? "loop" : NULL;
}

/* Connects to the place whose turn it is. */
static void forward_try(struct connection *x)
{
	struct connections *s = x->connections;
	const struct forward *f = x->own;
	struct forward_dial *d = f->dial;
	const struct dial_config c = {
		.host = d->to->to.host,
		.port = d->to->to.port,
		.family = s->c->family,
		.socktype = s->c->socktype,
		/* Packets have no place for a header. */
		.any_type = !s->listening || !s->c->told->version,
		.socket = &d->socket,
		.deadline = clock_after(clock_now(), connections_dial_limit(s)),
		.wait = UNSET,
		.permit = s->options->way ? NULL : forward_permit,
		.permit_arg = x,
		.told = s->listening ? s->c->told : NULL,
		.told_from = x->peer,
		.told_to = x->local,
		.events = { report_event, (void *)s->c->messages },
	};

	d->tried |= UINT64_C(1) << d->to->number;
	d->client = proxy_client_start(s->run.loop, &c, s->options->way, forward_connected, x);
	if (d->client)
		return;
	connection_waiting(x, false);
	forward_failed(x, report_error(s->c->messages, "forward", errno));
}

static void forward_start(struct connection *x)
{
	struct connections *s = x->connections;
	struct forward *f = x->own;

	f->dial = calloc(1, sizeof *f->dial);
	if (!f->dial) {
		forward_failed(x, report_error(s->c->messages, "forward", errno));
		return;
	}
	f->dial->socket = *s->c->socket;
	/* Of what connects these are about the way to its own peer. */
	if (!s->listening)
		f->dial->socket.source = f->dial->socket.source_port = f->dial->socket.interface =
			NULL;
	connection_waiting(x, true);
	f->dial->to = forward_choose(f->dial, s->options->forward);
	forward_try(x);
}

static void forward_waits(const struct connection *x, struct text *text)
{
	const struct forward *f = x->own;

	if (!f->dial)
		return;
	if (proxy_client_looks_up(f->dial->client))
		text_add(text, "; " RUN_LOOKUP, proxy_client_looks_up(f->dial->client), "-w");
	else if (f->dial->client)
		text_add(text, "; %s to answer (-w)", f->dial->to->word);
}

static void forward_free(struct connection *x)
{
	struct forward *f = x->own;

	/* What it was to be relayed to has not been reached. */
	if (f->dial && f->dial->client)
		endpoint_break(&x->socket);
	forward_end_dial(x);
}

static size_t forward_spare(const struct connections *s, size_t n)
{
	bool asks = false;

	for (const struct forward_place *p = s->options->forward; p; p = p->next)
		asks |= p->named;
	for (const struct proxy *p = s->options->way; p; p = p->next)
		asks |= !lookup_is_numeric(p->url.host);
	return n + (asks ? connections_lookup_fds(n) : 0);
}

SERVICE(forward) = { .option = "forward",
		     .arms = true,
		     .size = sizeof(struct forward),
		     .ends = 1,
		     .check = forward_check,
		     .places = forward_places,
		     .start = forward_start,
		     .free = forward_free,
		     .waits = forward_waits,
		     .spare = forward_spare };
