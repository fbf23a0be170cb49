#include "proxyd/proxyd.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/number.h"
#include "proxyd/http.h"
#include "proxyd/report.h"
#include "proxyd/socks.h"

#define WAIT (30 * SECOND) /* where -w says nothing */
#define PIECE 4096	   /* of a handshake at a time */

static int64_t wait_of(const struct connection *x)
{
	return x->connections->wait == UNSET ? WAIT : x->connections->wait;
}

/* The time of one request, or of an answer that is not taken. */
static void begin_limit(struct connection *x)
{
	int64_t wait = wait_of(x), idle = x->connections->run->data->idle_timeout;

	if (idle != UNSET && idle < wait)
		wait = idle;
	timer_set(x->connections->run->loop, &x->proxied->limit, clock_after(clock_now(), wait));
}

static const struct proxy_server_options *options(const struct connection *x)
{
	return &x->connections->service->proxy;
}

/* ---- talking to the client ---- */

static void refused(struct connection *x, const char *why)
{
	x->why = "refused";
	proxyd_tell_refusal(x, why);
}

/* There is nobody who could be told anything. */
static void gone(struct connection *x, int error)
{
	char why[128];

	snprintf(why, sizeof why, "it has gone: %s (%s)", strerror(error), errno_name(error));
	refused(x, why);
	connections_one_over(x->connections, x, x->outcome);
}

/* Sends what there is to be sent, and goes on to what comes then. */
static void go_on(struct connection *x)
{
	struct loop *loop = x->connections->run->loop;
	struct proxied *p = x->proxied;

	while (p->sent < p->out.length) {
		ssize_t n =
			endpoint_write(&x->socket, p->out.data + p->sent, p->out.length - p->sent);
		if (n >= 0) {
			p->sent += (size_t)n;
			p->spoken = true;
		} else if (errno == EAGAIN) {
			watch_set(loop, &p->watch, POLLOUT);
			if (!p->limit.slot)
				begin_limit(x);
			return;
		} else if (errno != EINTR) {
			gone(x, errno);
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

/* OUT goes after what there is. */
static void send_out(struct connection *x, struct text *out, void (*then)(struct connection *x))
{
	struct proxied *p = x->proxied;

	if (out) {
		text_put(&p->out, out->data, out->length);
		p->out.failed = p->out.failed || out->failed;
		text_free(out);
	}
	p->then = then;
	if (p->out.failed)
		gone(x, ENOMEM);
	else
		go_on(x);
}

/* Reads what has been looked at away. */
static void consume(const struct connection *x, size_t n)
{
	char seen[PIECE];

	while (n > 0) {
		ssize_t done = recv(x->socket.rfd, seen, n < PIECE ? n : PIECE, MSG_DONTWAIT);
		if (done > 0)
			n -= (size_t)done;
		else if (done == 0 || errno != EINTR)
			return;
	}
}

static void wait_for_more(struct connection *x)
{
	watch_set(x->connections->run->loop, &x->proxied->watch, POLLIN);
}

static void look(struct connection *x)
{
	unsigned char in[PIECE];
	struct proxied *p = x->proxied;
	ssize_t n = recv(x->socket.rfd, in, sizeof in, MSG_PEEK | MSG_DONTWAIT);
	struct text out = { 0 };
	size_t used = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		gone(x, errno);
		return;
	}
	if (n == 0) {
		proxyd_refuse(x, &out, "it has ended before it asked for anything");
		return;
	}
	switch (p->take(x, in, (size_t)n, &used, &out)) {
	case HANDSHAKE_MORE:
		consume(x, used);
		send_out(x, &out, wait_for_more);
		break;
	case HANDSHAKE_FAILED:
		consume(x, used);
		proxyd_refuse(x, &out, p->why);
		break;
	default:
		consume(x, used);
		timer_drop(x->connections->run->loop, &p->limit);
		send_out(x, &out, NULL);
	}
}

static void ready(void *arg, short events)
{
	struct connection *x = arg;

	(void)events;
	if (x->proxied->out.length)
		go_on(x);
	else
		look(x);
}

static void late(void *arg)
{
	struct connection *x = arg;
	struct proxied *p = x->proxied;
	struct text out = { 0 };

	/* Nor does it read. */
	if (p->out.length) {
		gone(x, ETIMEDOUT);
		return;
	}
	if (p->late)
		p->late(x, &out);
	proxyd_refuse(x, &out, "it has not asked for anything in time (-w, -i)");
}

void proxyd_handshake(struct connection *x, proxyd_take *take)
{
	x->proxied->take = take;
	begin_limit(x);
	wait_for_more(x);
}

/* ---- connecting ---- */

/* Tells the protocol how it went. */
static void tell(void *arg)
{
	struct connection *x = arg;
	const struct proxyd_result result = x->proxied->result;

	x->proxied->done(x, &result);
}

static void no_way(struct connection *x, int error, const char *why)
{
	struct proxyd_result *r = &x->proxied->result;

	*r = (struct proxyd_result){ .fd = -1, .error = error, .why = x->proxied->words };
	snprintf(x->proxied->words, sizeof x->proxied->words, "%s", why);
}

/* May X go to A? */
static const char *permit(void *arg, const struct address *a)
{
	const struct connection *x = arg;
	const struct access_options *dest = &options(x)->dest, deny = { .deny = dest->deny },
				    *lists = x->proxied->named ? &deny : dest;
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
	return x->connections->listener && listener_has(x->connections->listener, &here) ? "loop" :
											   NULL;
}

/* The words for that. */
static const char *words_of(const char *what)
{
	return !strcmp(what, "loop")	  ? "that is this proxy itself" :
	       !strcmp(what, "deny-dest") ? "denied (--deny-dest)" :
					    "not allowed (--allow-dest)";
}

static int error_of_lookup(int eai)
{
	return eai == EAI_FAMILY ? EAFNOSUPPORT : eai == EAI_MEMORY ? ENOMEM : ENOENT;
}

/* What R comes to as an errno: where several addresses failed, how the first that was tried has. */
static int error_of(const struct dial_result *r)
{
	int error = r->lookup.eai ? error_of_lookup(r->lookup.eai) :
		    r->timed_out  ? ETIMEDOUT :
				    r->error;

	for (size_t i = 0; !error && i < r->n; i++)
		if (!r->failures[i].forbidden)
			error = r->failures[i].error;
	return error;
}

static bool is_forbidden(const struct dial_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->failures[i].forbidden)
			return false;
	return r->n > 0;
}

static void not_reached(struct connection *x, const struct dial_result *r)
{
	int error = error_of(r);

	x->why = "not reached";
	x->outcome = proxyd_tell_failure(x, r, error, wait_of(x));
	no_way(x, error, r->lookup.eai ? gai_strerror(r->lookup.eai) : strerror(error));
}

static void dialled(void *arg, const struct dial_result *r)
{
	struct connection *x = arg;

	x->dial = NULL;
	if (r->fd >= 0)
		x->proxied->result =
			(struct proxyd_result){ .fd = r->fd, .peer = r->peer, .local = r->local };
	else if (is_forbidden(r))
		no_way(x, EACCES, words_of(r->failures[0].what));
	else
		not_reached(x, r);
	tell(x);
}

/* Is X to go to its place by that name? Else why not. */
static const char *check_place(const struct connection *x, int *error)
{
	struct proxied *p = x->proxied;
	enum word_kind kind;
	struct address a;

	*error = EINVAL;
	kind = address_parse_host(p->host, &a);
	if (kind == WORD_BAD)
		return "that is neither an address nor a name";
	*error = EACCES;
	if (kind == WORD_NAME && x->connections->numeric)
		return "that is a name, which --numeric does not look up";
	if (kind == WORD_NAME && access_has_name(&options(x)->dest.deny, p->host))
		return words_of("deny-dest");
	p->named = kind == WORD_NAME && access_has_name(&options(x)->dest.allow, p->host);
	return NULL;
}

void proxyd_place(struct connection *x, const char *host, uint16_t port)
{
	struct proxied *p = x->proxied;

	snprintf(p->host, sizeof p->host, "%s", host);
	snprintf(p->port, sizeof p->port, "%u", port);
}

void proxyd_dial(struct connection *x, const char *host, uint16_t port, proxyd_done *done)
{
	struct connections *s = x->connections;
	struct proxied *p = x->proxied;
	const struct dial_config c = {
		.host = p->host,
		.port = p->port,
		.family = s->family,
		.socket = s->socket,
		/* Whether it is there has to be told before any data comes. */
		.at_once = s->socket->fastopen,
		.deadline = clock_after(clock_now(), wait_of(x)),
		.permit = permit,
		.permit_arg = x,
		.events = { report_event, (void *)s->run->messages },
	};
	const char *why;
	int error;

	p->done = done;
	proxyd_place(x, host, port);
	proxyd_tell_request(x);
	why = check_place(x, &error);
	if (!why) {
		x->dial = dial_start(s->run->loop, &c, dialled, x);
		if (x->dial)
			return;
		error = errno;
		why = strerror(error);
	}
	no_way(x, error, why);
	timer_set(s->run->loop, &p->soon, loop_now(s->run->loop));
}

/* ---- what it comes to ---- */

static void tunnel_over(void *arg, struct pump *p)
{
	struct connection *x = arg;
	struct outcome outcome = p->error == EPROTO ? proxyd_tell_cut(x) : connection_report(x);

	connections_one_over(x->connections, x,
			     outcome.kind == OUTCOME_DONE ? x->outcome : outcome);
}

/* An error, which the client is told. */
static bool tunnel_idle(void *arg, struct pump *p)
{
	struct connection *x = arg;
	const char *who = x->proxied->idle ? x->proxied->idle(x) : NULL;

	(void)p;
	if (!who)
		return false;
	x->why = "idle";
	x->outcome = proxyd_tell_idle(x, who);
	return true;
}

static void stop_talking(struct connection *x)
{
	watch_drop(x->connections->run->loop, &x->proxied->watch);
	timer_drop(x->connections->run->loop, &x->proxied->limit);
	connection_waiting(x, false);
}

static void relay(struct connection *x, struct pump_config *c)
{
	const struct pump_calls calls = { .over = tunnel_over, .idle = tunnel_idle };

	stop_talking(x);
	c->terms.mode = PUMP_RELAY;
	c->others_sent = x->proxied->spoken;
	connection_pump(x, c, &calls, &x->in, &x->in);
}

static void begin_tunnel(struct connection *x)
{
	struct pump_config c = connection_pump_config(x);

	relay(x, &c);
}

void proxyd_relay(struct connection *x, struct pump_config *c, int fd, const struct address *peer)
{
	endpoint_socket(&x->in, fd, address_text(peer, x->far_name));
	relay(x, c);
}

void proxyd_tunnel(struct connection *x, struct text *out, int fd, const struct address *peer)
{
	endpoint_socket(&x->in, fd, address_text(peer, x->far_name));
	send_out(x, out, begin_tunnel);
}

static void refused_over(void *arg, struct pump *p)
{
	struct connection *x = arg;

	/* Whether it has taken what it was told is its own affair. */
	(void)p;
	connections_one_over(x->connections, x, x->outcome);
}

static void begin_end(struct connection *x)
{
	const struct pump_calls calls = { .over = refused_over };
	const struct pump_config c = { .terms.recv_only = true,
				       .close = true,
				       .quit_after_eof = UNSET,
				       .linger = x->connections->run->data->linger,
				       .idle = UNSET,
				       .read_bytes = FLOW_NO_LIMIT,
				       .rate = UNSET,
				       .others_sent = x->proxied->spoken };

	stop_talking(x);
	connection_pump(x, &c, &calls, &x->in, &x->out);
}

void proxyd_refuse(struct connection *x, struct text *out, const char *why)
{
	if (why)
		refused(x, why);
	send_out(x, out, begin_end);
}

/* ---- the whole ---- */

void proxyd_start(struct connection *x)
{
	struct proxied *p = calloc(1, sizeof *p);

	x->proxied = p;
	if (!p) {
		run_end(x->connections->run,
			report_error(x->connections->run->messages, "proxy", ENOMEM));
		return;
	}
	p->watch = (struct watch){ .fd = x->socket.rfd, .fn = ready, .arg = x };
	p->limit = (struct timer){ .fn = late, .arg = x };
	p->soon = (struct timer){ .fn = tell, .arg = x };
	connection_waiting(x, true);
	if (options(x)->kind == PROXY_SERVER_HTTP)
		proxyd_http_start(x);
	else
		proxyd_socks_start(x);
}

void proxyd_waits(const struct connection *x, struct text *text)
{
	const struct proxied *p = x->proxied;

	if (x->dial)
		text_add(text, "; %s port %s to answer (-w)", p->host, p->port);
	else if (p->out.length)
		text_add(text, "; %s to take its answer (-w, -i)", x->name);
	else if (!x->pumping)
		text_add(text, "; %s to ask for something (-w, -i)", x->name);
}

void proxyd_free(struct connection *x)
{
	struct loop *loop = x->connections->run->loop;
	struct proxied *p = x->proxied;

	if (!p)
		return;
	watch_drop(loop, &p->watch);
	timer_drop(loop, &p->limit);
	timer_drop(loop, &p->soon);
	text_free(&p->out);
	if (p->release)
		p->release(p->state);
	free(p->state);
	free(p);
	x->proxied = NULL;
}
