/* forward.c - the service that joins each connection to one that it makes to another place
 *
 * It connects to what --forward says, within the time of -w, and passes on each side's end of
 * stream to the other. Where the place cannot be reached, that is said, and the connection is over.
 */
#include "conn/messages.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "names/lookup.h"
#include "run/report.h"

struct forward {
	struct dial *dial;
	struct rights taken;	 /* descriptors from the client */
	char name[ADDRESS_TEXT]; /* of the other side, where it has none of its own */
	struct socket_options socket;
};

static int forward_check(struct service_options *o, bool numeric, struct option_error *error)
{
	struct option_error inner;

	return address_endpoint(o->forward, numeric, &o->forward_to, &inner) < 0 ?
		       option_fail(error, "--forward: %s", inner.text) :
		       0;
}

static const struct endpoint_words *forward_place(const struct service_options *o)
{
	return &o->forward_to;
}

/* A connection that is no UNIX socket cannot take a descriptor. */
static void forward_dropped(void *arg)
{
	struct connection *x = arg;
	struct forward *f = x->own;
	struct notice n;

	f->taken.dropped = x->given.dropped = NULL;
	connection_notice(x, &n, MESSAGE_NOTE, "descriptors_dropped");
	notice_end(&n, "%s: descriptors that came along are dropped: only a UNIX socket takes them",
		   x->name);
}

/* Descriptors that come from FROM go to TO, by way of RIGHTS. */
static void forward_take(struct endpoint *from, struct endpoint *to, struct rights *rights)
{
	if (endpoint_delivers(from)) {
		from->takes = rights;
		to->gives = rights;
	}
}

/* X cannot be joined to anything: that has been said, with OUTCOME. X is gone after this. */
static void forward_failed(struct connection *x, struct outcome outcome)
{
	x->why = "not reached";
	endpoint_break(&x->socket);
	connections_one_over(x->connections, x, outcome);
}

static void forward_connected(void *arg, const struct dial_result *r)
{
	struct connection *x = arg;
	struct connections *s = x->connections;
	const struct endpoint_words *to = &s->options->forward_to;
	struct pump_config c = connection_pump_config(x);
	struct forward *f = x->own;

	f->dial = NULL;
	connection_waiting(x, false);
	if (r->fd < 0) {
		forward_failed(x, report_dial(s->c->messages,
					      &(struct dial_report){ to->host, to->port, r,
								     connections_dial_limit(s),
								     "-w", UNSET }));
		return;
	}
	endpoint_socket(&x->in, r->fd, address_text(&r->peer, f->name));
	f->taken.dropped = x->given.dropped = forward_dropped;
	f->taken.arg = x->given.arg = x;
	forward_take(&x->socket, &x->in, &f->taken);
	forward_take(&x->in, &x->socket, &x->given);
	c.terms.mode = PUMP_RELAY;
	messages_pass_on(x, &c);
	connection_pump(x, &c, &(struct pump_calls){ 0 }, &x->in, &x->in);
}

static void forward_start(struct connection *x)
{
	struct connections *s = x->connections;
	struct forward *f = x->own;
	const struct dial_config c = {
		.host = s->options->forward_to.host,
		.port = s->options->forward_to.port,
		.family = s->c->family,
		.socktype = s->c->socktype,
		.any_type = true,
		.socket = &f->socket,
		.deadline = clock_after(clock_now(), connections_dial_limit(s)),
		.wait = UNSET,
		.events = { report_event, (void *)s->c->messages },
	};

	f->socket = *s->c->socket;
	/* Of what connects these are about the way to its own peer. */
	if (!s->listening)
		f->socket.source = f->socket.source_port = f->socket.interface = NULL;
	connection_waiting(x, true);
	f->dial = dial_start(s->run.loop, &c, forward_connected, x);
	if (!f->dial)
		forward_failed(x, report_error(s->c->messages, "forward", errno));
}

static void forward_waits(const struct connection *x, struct text *text)
{
	const struct forward *f = x->own;

	if (dial_looks_up(f->dial))
		text_add(text, "; " RUN_LOOKUP, dial_looks_up(f->dial), "-w");
	else if (f->dial)
		text_add(text, "; %s to answer (-w)", x->connections->options->forward);
}

static void forward_free(struct connection *x)
{
	struct forward *f = x->own;

	/* What it was to be relayed to has not been reached. */
	if (f->dial)
		endpoint_break(&x->socket);
	dial_cancel(f->dial);
	rights_close(&f->taken);
}

static size_t forward_spare(const struct connections *s, size_t n)
{
	const struct endpoint_words *to = &s->options->forward_to;
	bool asks = *to->port && !lookup_is_numeric(to->host);

	return n + (asks ? connections_lookup_fds(n) : 0);
}

SERVICE(forward) = { .option = "forward",
		     .size = sizeof(struct forward),
		     .check = forward_check,
		     .place = forward_place,
		     .start = forward_start,
		     .free = forward_free,
		     .waits = forward_waits,
		     .spare = forward_spare };
