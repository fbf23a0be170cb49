/* proxied.c - a client of the proxy server: its handshake, its connection, its end */
#include "proxyd/proxied.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/number.h"
#include "net/proxy_client.h"
#include "proxyd/report.h"
#include "sock/stream.h"

#define PIECE 4096 /* of a handshake at a time */

/* Begins the time of one request, or of an answer that is not taken. */
static void proxied_begin_limit(struct connection *x)
{
	int64_t wait = connections_dial_limit(x->connections),
		idle = x->connections->c->data->idle_timeout;

	if (idle != UNSET && idle < wait)
		wait = idle;
	timer_set(x->connections->run.loop, &proxied_of(x)->limit, clock_after(clock_now(), wait));
}

/* ---- talking to the client ---- */

/* There is nobody who could be told anything. */
static void proxied_gone(struct connection *x, int error)
{
	char why[128];

	snprintf(why, sizeof why, "it has gone: %s (%s)", strerror(error), errno_name(error));
	x->why = "refused";
	proxyd_tell_refusal(x, why);
	connections_one_over(x->connections, x, x->outcome);
}

void proxyd_fail(struct connection *x, int error)
{
	x->why = "refused";
	x->outcome = proxyd_tell_error(x, error);
}

/* X cannot be served by ERROR of ours, not even with an answer. */
static void proxied_give_up(struct connection *x, int error)
{
	proxyd_fail(x, error);
	connections_one_over(x->connections, x, x->outcome);
}

/* Sends what is left of `out`, and goes on to what comes then. */
static void proxied_send(struct connection *x)
{
	struct loop *loop = x->connections->run.loop;
	struct proxied *p = proxied_of(x);

	while (p->sent < p->out.length) {
		ssize_t n =
			endpoint_write(&x->socket, p->out.data + p->sent, p->out.length - p->sent);
		if (n >= 0) {
			p->sent += (size_t)n;
			p->spoken = true;
		} else if (errno == EAGAIN) {
			watch_set(loop, &p->watch, POLLOUT);
			if (!p->limit.slot)
				proxied_begin_limit(x);
			return;
		} else if (errno != EINTR) {
			proxied_gone(x, errno);
			return;
		}
	}
	p->sent = p->out.length = 0;
	if (p->then) {
		p->then(x);
	} else {
		watch_drop(loop, &p->watch);
		timer_drop(loop, &p->limit);
	}
}

/* Sends `out`, then comes THEN. */
static void proxied_send_then(struct connection *x, void (*then)(struct connection *x))
{
	struct proxied *p = proxied_of(x);

	p->then = then;
	if (p->out.failed)
		proxied_give_up(x, ENOMEM);
	else
		proxied_send(x);
}

static void proxied_wait_for_more(struct connection *x)
{
	watch_set(x->connections->run.loop, &proxied_of(x)->watch, POLLIN);
}

static void proxied_look(struct connection *x)
{
	unsigned char in[PIECE];
	struct proxied *p = proxied_of(x);
	ssize_t n = recv(x->socket.rfd, in, sizeof in, MSG_PEEK | MSG_DONTWAIT);
	enum handshake handshake;
	size_t used = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		proxied_gone(x, errno);
		return;
	}
	if (n == 0) {
		proxyd_refuse(x, "it has ended before it asked for anything");
		return;
	}
	handshake = p->protocol->take(x, in, (size_t)n, &used);
	if (stream_skip(x->socket.rfd, used) < 0) {
		proxied_gone(x, errno);
	} else if (handshake == HANDSHAKE_FAILED) {
		proxyd_refuse(x, p->why);
	} else if (handshake == HANDSHAKE_MORE) {
		proxied_send_then(x, proxied_wait_for_more);
	} else {
		timer_drop(x->connections->run.loop, &p->limit);
		proxied_send_then(x, NULL);
	}
}

static void proxied_ready(void *arg, short events)
{
	struct connection *x = arg;

	(void)events;
	if (proxied_of(x)->out.length)
		proxied_send(x);
	else
		proxied_look(x);
}

static void proxied_late(void *arg)
{
	struct connection *x = arg;
	struct proxied *p = proxied_of(x);

	/* Nor does it read. */
	if (p->out.length) {
		proxied_gone(x, ETIMEDOUT);
		return;
	}
	if (p->protocol->late)
		p->protocol->late(x);
	proxyd_refuse(x, "it has not asked for anything in time (-w, -i)");
}

/* ---- connecting ---- */

/* Tells the protocol how it went. */
static void proxied_tell_result(void *arg)
{
	proxied_of(arg)->protocol->dialled(arg);
}

static void proxied_no_way(struct connection *x, int error, const char *why)
{
	struct proxyd_result *r = &proxied_of(x)->result;

	r->error = error;
	snprintf(r->why, sizeof r->why, "%s", why);
}

/* May X go to A? */
static const char *proxied_permit(void *arg, const struct address *a)
{
	const struct connection *x = arg;
	const struct access_options *dest = &proxyd_options(x)->dest, deny = { .deny = dest->deny },
				    *lists = proxied_of(x)->named ? &deny : dest;
	const char *refusal = access_refusal(lists, a);
	struct address here = *a;

	/* Who connects to the wildcard address comes to this machine. */
	address_unmap(&here);
	if (!refusal && address_is_any(&here)) {
		if (here.u.sa.sa_family == AF_INET)
			here.u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		else
			here.u.in6.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
		refusal = access_refusal(lists, &here);
	}
	if (refusal)
		return !strcmp(refusal, "denied") ? "deny-dest" : "allow-dest";
	/* What another machine takes for an address of its own is none of ours. */
	if (x->connections->options->way || !x->connections->listener)
		return NULL;
	return listener_has(x->connections->listener, &here) ? "loop" : NULL;
}

/* The words for that. */
static const char *proxied_refusal_words(const char *what)
{
	return !strcmp(what, "loop")	  ? "that is this proxy itself" :
	       !strcmp(what, "deny-dest") ? "denied (--deny-dest)" :
					    "not allowed (--allow-dest)";
}

/* Returns R as one errno: that of the first address tried. */
static int proxied_errno(const struct dial_result *r)
{
	int eai = r->lookup.eai, error = r->timed_out ? ETIMEDOUT : r->error;

	if (eai)
		return eai == EAI_FAMILY ? EAFNOSUPPORT : eai == EAI_MEMORY ? ENOMEM : ENOENT;
	for (size_t i = 0; !error && i < r->n; i++)
		if (!r->failures[i].forbidden)
			error = r->failures[i].error;
	return error;
}

static bool proxied_is_forbidden(const struct dial_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->failures[i].forbidden)
			return false;
	return r->n > 0;
}

static void proxied_not_reached(struct connection *x, const struct dial_result *r)
{
	int error = proxied_errno(r);
	char why[EAI_TEXT];

	x->why = "not reached";
	x->outcome = proxyd_tell_failure(x, r, error, connections_dial_limit(x->connections));
	proxied_no_way(x, error,
		       r->lookup.eai ?
			       eai_words(r->lookup.eai, r->lookup.error, r->lookup.family, why) :
			       strerror(error));
}

static void proxied_dialled(void *arg, const struct dial_result *r)
{
	struct connection *x = arg;
	struct proxied *p = proxied_of(x);

	p->dial = NULL;
	if (r->fd >= 0) {
		char name[ADDRESS_TEXT];
		/* Of what only a proxy knows there is no address. */
		connection_reach(x, r,
				 r->peer.u.sa.sa_family == AF_UNSPEC ?
					 address_words(p->host, p->port, name, sizeof name) :
					 address_text(&r->peer, name));
		p->result.local = r->local;
	} else if (proxied_is_forbidden(r)) {
		proxied_no_way(x, EACCES, proxied_refusal_words(r->failures[0].what));
	} else {
		proxied_not_reached(x, r);
	}
	proxied_tell_result(x);
}

/* Returns why X may not go to its place by that name, with *ERROR, or NULL. */
static const char *proxied_check_place(const struct connection *x, int *error)
{
	struct proxied *p = proxied_of(x);
	enum word_kind kind;
	struct address a;

	*error = EINVAL;
	kind = address_parse_host(p->host, &a);
	if (kind == WORD_BAD || kind == WORD_ZONE)
		return "that is neither an address nor a name";
	*error = EACCES;
	if (kind == WORD_NAME && x->connections->c->numeric)
		return "that is a name, which --numeric does not look up";
	if (kind == WORD_NAME && access_has_name(&proxyd_options(x)->dest.deny, p->host))
		return proxied_refusal_words("deny-dest");
	p->named = kind == WORD_NAME && access_has_name(&proxyd_options(x)->dest.allow, p->host);
	return NULL;
}

/* Has X's place to be looked up here, since its addresses may be forbidden? */
static bool proxied_has_rules(const struct connection *x)
{
	const struct access_options *dest = &proxyd_options(x)->dest;

	return dest->deny.used || (dest->allow.used && !proxied_of(x)->named);
}

void proxyd_place(struct connection *x, const char *host, uint16_t port)
{
	struct proxied *p = proxied_of(x);

	snprintf(p->host, sizeof p->host, "%s", host);
	snprintf(p->port, sizeof p->port, "%u", port);
}

void proxyd_dial(struct connection *x)
{
	struct connections *s = x->connections;
	struct proxied *p = proxied_of(x);
	struct dial_config c = {
		.host = p->host,
		.port = p->port,
		.family = s->c->family,
		.socket = s->c->socket,
		.deadline = clock_after(clock_now(), connections_dial_limit(x->connections)),
		.wait = UNSET,
		.permit = proxied_permit,
		.permit_arg = x,
		.events = { report_event, (void *)s->c->messages },
	};
	const char *why;
	int error;

	proxyd_tell_request(x);
	why = proxied_check_place(x, &error);
	if (s->options->way && !proxied_has_rules(x))
		c.permit = NULL;
	if (!why) {
		p->dial = proxy_client_start(s->run.loop, &c, s->options->way, proxied_dialled, x);
		if (p->dial)
			return;
		error = errno;
		why = strerror(error);
		proxyd_fail(x, error);
	}
	proxied_no_way(x, error, why);
	timer_set(s->run.loop, &p->soon, loop_now(s->run.loop));
}

/* ---- what it comes to ---- */

static void proxied_tunnel_over(void *arg)
{
	struct connection *x = arg;
	struct outcome outcome =
		x->pump.error == EPROTO ? proxyd_tell_cut(x) : connection_report(x);

	connections_one_over(x->connections, x,
			     outcome.kind == OUTCOME_DONE ? x->outcome : outcome);
}

/* An error, which the client is told. */
static bool proxied_tunnel_idle(void *arg)
{
	struct connection *x = arg;
	const struct proxied *p = proxied_of(x);
	const char *who = p && p->protocol->idle ? p->protocol->idle(x) : NULL;

	if (!who)
		return false;
	x->why = "idle";
	x->outcome = proxyd_tell_idle(x, who);
	return true;
}

static void proxied_stop_talking(struct connection *x)
{
	watch_drop(x->connections->run.loop, &proxied_of(x)->watch);
	timer_drop(x->connections->run.loop, &proxied_of(x)->limit);
	connection_waiting(x, false);
}

void proxyd_relay(struct connection *x, struct pump_config *c)
{
	static const struct pump_calls calls = { CONNECTION_CALLS, .over = proxied_tunnel_over,
						 .closing = connection_ending,
						 .idle = proxied_tunnel_idle };
	struct proxied *p = proxied_of(x);

	proxied_stop_talking(x);
	c->terms.mode = PUMP_RELAY;
	c->others_sent = p->spoken;
	connection_pump(x, c, &calls, x->in, x->in);
}

static void proxied_release(struct connection *x)
{
	struct loop *loop = x->connections->run.loop;
	struct proxied *p = proxied_of(x), **own = x->own;

	if (!p)
		return;
	proxy_client_cancel(p->dial);
	watch_drop(loop, &p->watch);
	timer_drop(loop, &p->limit);
	timer_drop(loop, &p->soon);
	text_free(&p->out);
	if (p->protocol->release)
		p->protocol->release(p->state);
	free(p);
	*own = NULL;
}

static void proxied_begin_tunnel(struct connection *x)
{
	struct pump_config c = connection_pump_config(x);

	proxyd_relay(x, &c);
	proxied_release(x);
}

void proxyd_tunnel(struct connection *x)
{
	proxied_send_then(x, proxied_begin_tunnel);
}

static void proxied_refused(void *arg)
{
	struct connection *x = arg;

	/* Whether it has taken what it was told is its own affair. */
	connections_one_over(x->connections, x, x->outcome);
}

static void proxied_begin_end(struct connection *x)
{
	static const struct pump_calls calls = { CONNECTION_CALLS, .over = proxied_refused,
						 .closing = connection_ending };

	proxied_stop_talking(x);
	connection_finish(x, proxied_of(x)->spoken, &calls);
}

void proxyd_refuse(struct connection *x, const char *why)
{
	if (why) {
		x->why = "refused";
		proxyd_tell_refusal(x, why);
	}
	proxied_send_then(x, proxied_begin_end);
}

/* ---- the whole ---- */

void proxied_start(struct connection *x)
{
	const struct proxyd_protocol *protocol = proxyd_options(x)->kind == PROXYD_HTTP ?
							 &proxyd_http_protocol :
							 &proxyd_socks_protocol;
	struct proxied *p = calloc(1, sizeof *p + protocol->size), **own = x->own;

	connection_waiting(x, true);
	if (!p) {
		proxied_give_up(x, ENOMEM);
		return;
	}
	*own = p;
	p->protocol = protocol;
	p->state = p + 1;
	p->watch = (struct watch){ .fd = x->socket.rfd, .fn = proxied_ready, .arg = x };
	p->limit = (struct timer){ .fn = proxied_late, .arg = x };
	p->soon = (struct timer){ .fn = proxied_tell_result, .arg = x };
	if (p->protocol->start)
		p->protocol->start(x);
	proxied_begin_limit(x);
	proxied_wait_for_more(x);
}

void proxied_waits(const struct connection *x, struct text *text)
{
	const struct proxied *p = proxied_of(x);

	if (!p)
		return;
	if (proxy_client_looks_up(p->dial))
		text_add(text, "; " RUN_LOOKUP, proxy_client_looks_up(p->dial), "-w");
	else if (p->dial)
		text_add(text, "; %s port %s to answer (-w)", p->host, p->port);
	else if (p->out.length)
		text_add(text, "; %s to take its answer (-w, -i)", x->name);
	else if (!x->pumping)
		text_add(text, "; %s to ask for something (-w, -i)", x->name);
}

void proxied_free(struct connection *x)
{
	/* Where it wants to go has not been reached. */
	if (proxied_of(x) && proxied_of(x)->dial)
		endpoint_break(&x->socket);
	proxied_release(x);
}
