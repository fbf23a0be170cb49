/* proxy_client.c - connecting by way of proxies, from one to the next */
#include "net/proxy_client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/text.h"
#include "names/lookup.h"
#include "net/proxy_handshake.h"
#include "net/told.h"
#include "sock/stream.h"

#define PIECE 4096   /* bytes of an answer looked at at a time */
#define AGAIN_MOST 4 /* how often a proxy may ask for a new connection */

#define PLACE_MOST 1200 /* a host and a port in words */

struct proxy_client {
	struct loop *loop;
	struct dial_config c;
	const struct proxy *first;
	dial_fn *fn;
	void *arg;
	struct dial *dial;
	struct places_lookup *lookup;
	struct timer deadline, again, finish;
	struct watch watch; /* of the connection; fd -1: there is none */
	struct proxy_hop *hops;
	size_t n, at; /* the hop that is looked up, or shaken hands with */
	struct text out;
	int send_error; /* sending has failed with it, and is over */
	/* Where none of its addresses is permitted, the first; or, without a proxy, where it did
	 * not take the header. NULL: neither, or there is no memory for it. */
	struct dial_failure *failure;
	struct dial_result result;
	/* All the way is connected, as `result` says, and a PROXY header is sent over it. */
	bool telling;
};

/* ---- the end ---- */

static void client_disconnect(struct proxy_client *d)
{
	if (d->watch.fd < 0)
		return;
	watch_drop(d->loop, &d->watch);
	/* An end of stream would be that of an empty input for whoever is behind the proxies, and
	 * keep the port of -p for a minute. */
	stream_break(d->watch.fd);
	close(d->watch.fd);
	d->watch.fd = -1;
}

void proxy_client_cancel(struct proxy_client *d)
{
	if (!d)
		return;
	dial_cancel(d->dial);
	places_cancel(d->lookup);
	timer_drop(d->loop, &d->deadline);
	timer_drop(d->loop, &d->again);
	timer_drop(d->loop, &d->finish);
	client_disconnect(d);
	for (size_t i = 0; i < d->n; i++) {
		proxy_handshake_free(&d->hops[i]);
		free(d->hops[i].addresses);
	}
	free(d->hops);
	free(d->failure);
	text_free(&d->out);
	free(d);
}

/* Tells R and frees D. */
static void client_tell(struct proxy_client *d, const struct dial_result *r)
{
	struct dial_result own;
	struct dial_failure *failure = d->failure;
	dial_fn *fn = d->fn;
	void *arg = d->arg;

	if (r == &d->result) {
		own = *r;
		r = &own;
	}
	d->failure = NULL;
	proxy_client_cancel(d);
	fn(arg, r);
	free(failure);
}

static void client_finished(void *arg)
{
	struct proxy_client *d = arg;

	client_tell(d, &d->result);
}

static void client_finish(struct proxy_client *d)
{
	timer_drop(d->loop, &d->deadline);
	timer_drop(d->loop, &d->again);
	timer_set(d->loop, &d->finish, loop_now(d->loop));
}

/* Adds what hop H was to reach to the reason for the failure. */
static void client_add_place(struct proxy_client *d, const struct proxy_hop *h)
{
	char address[ADDRESS_TEXT], words[PLACE_MOST];
	char *why = d->result.why;
	size_t n = strlen(why);

	d->result.proxy = h->proxy;
	snprintf(why + n, sizeof d->result.why - n, "%s%s", n ? "; " : "",
		 h->by_name ? address_words(h->host, h->port, words, sizeof words) :
			      address_text(&h->addresses[h->at], address));
}

/* Keeps F, if it is the first, as far as there is memory for it. */
static void client_keep_failure(struct proxy_client *d, struct dial_failure f)
{
	if (d->failure)
		return;
	d->failure = malloc(sizeof *d->failure);
	if (d->failure)
		*d->failure = f;
}

/* The result is what was kept, or else ERROR alone. */
static void client_fail_as_kept(struct proxy_client *d, int error)
{
	d->result.failures = d->failure;
	d->result.n = d->failure ? 1 : 0;
	d->result.error = error;
}

/* The PROXY header could not be sent, by ERROR; 0: it was not taken in time. */
static void client_blame_peer(struct proxy_client *d, int error)
{
	client_keep_failure(d, (struct dial_failure){ .address = d->result.peer,
						      .error = error,
						      .what = "send-proxy" });
	client_fail_as_kept(d, error);
}

static void client_expired(void *arg)
{
	struct proxy_client *d = arg;

	/* The dial has the same deadline, and tells it. */
	if (d->dial)
		return;
	d->result.timed_out = true;
	d->result.fd = -1;
	if (d->telling && !d->n)
		client_blame_peer(d, 0);
	else if (d->lookup)
		d->result.proxy = d->hops[d->at].proxy->next;
	else
		client_add_place(d, &d->hops[d->at]);
	client_disconnect(d);
	client_finish(d);
}

/* ---- from one to the next ---- */

/* Connects through all proxies once more, soon. */
static void client_connect_again(struct proxy_client *d)
{
	client_disconnect(d);
	timer_set(d->loop, &d->again, loop_now(d->loop));
}

static void client_fail(struct proxy_client *d, const char *why, int error)
{
	struct proxy_hop *h = &d->hops[d->at];
	struct dial_result *r = &d->result;
	size_t n;

	event_tell(&d->c.events, .kind = EVENT_NOT_REACHED, .proxy = h->proxy, .what = why,
		   .error = error);
	client_add_place(d, h);
	n = strlen(r->why);
	snprintf(r->why + n, sizeof r->why - n, ": %s (%s)", why, errno_name(error));
	if (!r->error)
		r->error = error;
	if (h->at + 1 < h->n) {
		h->at++;
		client_connect_again(d);
	} else {
		client_disconnect(d);
		client_finish(d);
	}
}

/* N bytes of `out` are sent, unless that is below 0. */
static void client_sent(struct proxy_client *d, ssize_t n)
{
	if (n <= 0)
		return;
	d->out.length -= (size_t)n;
	memmove(d->out.data, d->out.data + n, d->out.length);
}

/* ---- the PROXY header ---- */

static void client_fail_telling(struct proxy_client *d, int error)
{
	d->result.fd = -1;
	if (d->n) {
		client_fail(d, strerror(error), error);
		return;
	}
	client_blame_peer(d, error);
	client_disconnect(d);
	client_finish(d);
}

static void client_send_header(struct proxy_client *d)
{
	ssize_t n = send(d->watch.fd, d->out.data, d->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_fail_telling(d, errno);
	} else if (n >= 0 && (size_t)n == d->out.length) {
		watch_drop(d->loop, &d->watch);
		d->watch.fd = -1;
		client_tell(d, &d->result);
	} else {
		client_sent(d, n);
		watch_set(d->loop, &d->watch, POLLOUT);
	}
}

/* All the way is connected, as R says. What is there is told first whose connection it is. */
static void client_reached(struct proxy_client *d, const struct dial_result *r)
{
	const struct dial_config *c = &d->c;
	const struct address *from = c->told_from ? c->told_from : &r->local,
			     *to = c->told_to ? c->told_to : &r->peer;
	unsigned char header[PROXY_HEADER_BUILT];
	struct proxy_header h;

	if (!c->told || !c->told->version) {
		client_tell(d, r);
		return;
	}
	told_write(c->told, from, to, &h);
	if (r != &d->result)
		d->result = *r;
	d->result.failures = NULL;
	d->result.n = 0;
	d->watch.fd = d->result.fd;
	d->telling = true;
	d->out.length = 0;
	text_put(&d->out, header, proxy_header_build(&h, (unsigned)c->told->version, header));
	if (d->out.failed) {
		client_fail_telling(d, ENOMEM);
		return;
	}
	event_tell(&c->events, .kind = EVENT_TOLD, .count = (size_t)c->told->version, .header = &h);
	timer_set(d->loop, &d->deadline, c->deadline);
	client_send_header(d);
}

static void client_done(struct proxy_client *d)
{
	const struct proxy_hop *last = &d->hops[d->n - 1];
	struct dial_result *r = &d->result;
	char words[PLACE_MOST];

	*r = (struct dial_result){ .fd = d->watch.fd, .peer = last->addresses[last->at] };
	address_words(last->host, last->port, words, sizeof words);
	if (last->by_name)
		address_set_words(&r->peer, words, address_port(&r->peer));
	r->local.length = sizeof r->local.u;
	getsockname(r->fd, &r->local.u.sa, &r->local.length);
	watch_drop(d->loop, &d->watch);
	d->watch.fd = -1;
	event_tell(&d->c.events, .kind = EVENT_THROUGH, .address = &r->peer, .local = &r->local,
		   .proxy = d->first);
	r->peer.word = NULL;
	d->at = d->n - 1;
	client_reached(d, r);
}

/* Begins the handshake with the hop whose turn it is. */
static enum handshake client_begin_handshake(struct proxy_client *d)
{
	struct proxy_hop *h = &d->hops[d->at];
	char host[ADDRESS_TEXT];

	event_tell(&d->c.events, .kind = EVENT_ASKING, .proxy = h->proxy,
		   .host = h->by_name ? h->host : address_host(&h->addresses[h->at], host),
		   .port = h->port);
	return proxy_handshake_start(h, &d->out);
}

/* Sends as much of `out` as goes. */
static void client_send(struct proxy_client *d)
{
	ssize_t n = 0;

	if (d->out.length && !d->send_error)
		n = send(d->watch.fd, d->out.data, d->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
	/* The proxy may have told why before it closed the connection. */
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
		d->send_error = errno;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_fail(d, strerror(errno), errno);
		return;
	}
	if (d->send_error)
		d->out.length = 0;
	client_sent(d, n);
	watch_set(d->loop, &d->watch, (short)(d->out.length ? POLLIN | POLLOUT : POLLIN));
}

/* Goes on where the handshake has come to NOW. */
static void client_went_on(struct proxy_client *d, enum handshake now)
{
	struct proxy_hop *h;

	while (now == HANDSHAKE_DONE && ++d->at < d->n)
		now = client_begin_handshake(d);
	h = &d->hops[d->at];
	if (now == HANDSHAKE_DONE)
		client_done(d);
	else if (now == HANDSHAKE_FAILED)
		client_fail(d, h->why, h->error);
	else if (d->out.failed)
		client_fail(d, strerror(ENOMEM), ENOMEM);
	else if (now != HANDSHAKE_AGAIN)
		client_send(d);
	else if (++h->again > AGAIN_MOST)
		client_fail(d, "it asks again and again who we are", EACCES);
	else
		client_connect_again(d);
}

/* The proxy has answered, or takes more, or is gone. Only what belongs to the handshake is taken
 * out of the socket: the rest is for whoever gets the connection. */
static void client_ready(void *arg, short events)
{
	struct proxy_client *d = arg;
	struct proxy_hop *h;
	unsigned char in[PIECE];
	enum handshake now;
	size_t used = 0;
	ssize_t n;

	if (d->telling) {
		client_send_header(d);
		return;
	}
	if (!(events & ~POLLOUT)) {
		client_send(d);
		return;
	}
	h = &d->hops[d->at];
	n = recv(d->watch.fd, in, sizeof in, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		client_send(d);
		return;
	}
	if (n > 0) {
		now = proxy_handshake_take(h, in, (size_t)n, &used, &d->out);
		if (stream_skip(d->watch.fd, used) < 0) {
			client_fail(d, strerror(errno), errno);
			return;
		}
	} else {
		int error = n < 0 ? errno : d->send_error;
		now = proxy_handshake_ended(h);
		if (now == HANDSHAKE_FAILED && error) {
			client_fail(d, strerror(error), error);
			return;
		}
	}
	client_went_on(d, now);
}

/* The host and port of F are a proxy's. */
static void client_blame_proxy(struct places_failure *f)
{
	if (f->which == PLACE_HOST)
		f->which = PLACE_PROXY;
	else if (f->which == PLACE_PORT)
		f->which = PLACE_PROXY_PORT;
}

/* The first proxy is connected; without a proxy the destination is. */
static void client_dialled(void *arg, const struct dial_result *r)
{
	struct proxy_client *d = arg;

	d->dial = NULL;
	/* `wait` is for all that follows too. */
	d->c.deadline = r->deadline;
	d->c.wait = UNSET;
	d->result.given = r->given;
	if (r->fd >= 0 && !d->first) {
		client_reached(d, r);
		return;
	}
	if (r->fd < 0) {
		struct dial_result result = *r;
		result.proxy = d->first;
		if (d->first)
			client_blame_proxy(&result.lookup);
		client_tell(d, &result);
		return;
	}
	/* The deadline may have passed while the dial watched it. */
	timer_set(d->loop, &d->deadline, d->c.deadline);
	d->watch.fd = r->fd;
	d->out.length = 0;
	d->send_error = 0;
	client_went_on(d, client_begin_handshake(d));
}

/* Passes the dial's events on; its connection is only the one to the first proxy. */
static void client_tell_event(void *arg, const struct event *e)
{
	const struct proxy_client *d = arg;
	struct event event = *e;

	if (e->kind == EVENT_CONNECTED) {
		event.kind = EVENT_PROXY;
		event.proxy = d->first;
	}
	event_send(&d->c.events, &event);
}

static void client_connect_first(void *arg)
{
	struct proxy_client *d = arg;
	struct dial_config c = d->c;

	d->at = 0;
	d->telling = false;
	c.host = d->first->url.host;
	c.port = d->first->url.port;
	c.events = (struct events){ client_tell_event, d };
	c.permit = NULL; /* that is about where to, not about the way */
	d->dial = dial_start(d->loop, &c, client_dialled, d);
	if (!d->dial)
		client_fail(d, strerror(ENOMEM), ENOMEM);
}

/* ---- look-ups ---- */

static void client_look_up(struct proxy_client *d);

/* Leaves of the addresses of H, the destination, those that are permitted. Returns whether any is.
 */
static bool client_permit(struct proxy_client *d, struct proxy_hop *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct address *a = &h->addresses[i];
		const char *what = d->c.permit(d->c.permit_arg, a);
		if (!what) {
			h->addresses[n++] = *a;
			continue;
		}
		client_keep_failure(d, (struct dial_failure){ .address = *a,
							      .error = EACCES,
							      .what = what,
							      .forbidden = true });
	}
	h->n = n;
	return n > 0;
}

static void client_place_found(void *arg, struct places_answer *found)
{
	struct proxy_client *d = arg;
	struct proxy_hop *h = &d->hops[d->at];

	d->result.lookup = found->failure;
	if (d->result.lookup.eai) {
		free(found->addresses);
		d->result.proxy = h->proxy->next;
		if (d->result.proxy)
			client_blame_proxy(&d->result.lookup);
		client_finish(d);
	} else {
		h->addresses = found->addresses;
		h->n = h->by_name ? 1 : found->n;
		lookup_interleave(h->addresses, h->n);
		if (!h->proxy->next && d->c.permit && !client_permit(d, h)) {
			client_fail_as_kept(d, EACCES);
			client_finish(d);
			return;
		}
		d->at++;
		client_look_up(d);
	}
}

/* Looks up the hosts that have to be looked up here, before connecting to anybody. */
static void client_look_up(struct proxy_client *d)
{
	struct proxy_hop *h = &d->hops[d->at];
	enum proxy_scheme scheme;
	struct address a;
	struct places_question q;

	if (d->at == d->n) {
		client_connect_first(d);
		return;
	}
	scheme = h->proxy->url.scheme;
	q = (struct places_question){
		.host = h->host, .port = h->port, .family = d->c.family, .socktype = SOCK_STREAM
	};
	if (address_parse_host(h->host, &a) == WORD_NAME) {
		h->by_name = scheme != PROXY_SOCKS4 && scheme != PROXY_SOCKS5 &&
			     (h->proxy->next || !d->c.permit);
		/* SOCKS 4 has no other addresses. */
		if ((scheme == PROXY_SOCKS4 || scheme == PROXY_SOCKS4A) && q.family == AF_UNSPEC)
			q.family = AF_INET;
	}
	/* Then only the port, which may be a service, is looked up. */
	if (h->by_name)
		q.host = NULL;
	else
		q.events = d->c.events;
	places_find(d->loop, &q, client_place_found, d, &d->lookup);
}

void proxy_set_place(struct address *a, const char *host, const char *words, uint16_t port)
{
	if (address_parse_host(host, a) == WORD_NUMBER)
		address_set_port(a, port);
	else
		address_set_words(a, words, port);
}

void proxy_client_add_why(const struct dial_result *r, struct text *text)
{
	char why[EAI_TEXT];

	if (r->proxy) {
		char words[512];
		text_add(text, "proxy %s: ",
			 address_words(r->proxy->url.host, r->proxy->url.port, words,
				       sizeof words));
	}
	if (r->lookup.eai) {
		text_add(text, "%s",
			 lookup_text(r->lookup.word, r->lookup.eai, r->lookup.error,
				     r->lookup.family, why));
		return;
	}
	text_add(text, "%s", r->why);
	if (r->timed_out)
		text_add(text, "%sno answer in time (-w)", *r->why ? ": " : "");
	else if (!*r->why)
		text_add(text, "%s",
			 r->n ? icmp_text(&r->failures[0].icmp, r->failures[0].error, why) :
				errno_text(r->error, why));
}

const struct proxy *proxy_client_waits(const struct proxy_client *d)
{
	if (!d || !d->n || d->lookup)
		return NULL;
	return d->dial ? d->first : d->hops[d->at].proxy;
}

const char *proxy_client_looks_up(const struct proxy_client *d)
{
	return !d ? NULL : d->lookup ? places_word(d->lookup) : dial_looks_up(d->dial);
}

struct proxy_client *proxy_client_start(struct loop *loop, const struct dial_config *c,
					const struct proxy *first, dial_fn *fn, void *arg)
{
	struct proxy_client *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->loop = loop;
	d->c = *c;
	d->first = first;
	d->fn = fn;
	d->arg = arg;
	d->watch.fd = -1;
	d->result.fd = -1;
	d->result.given = UNSET;
	d->watch.fn = client_ready;
	d->watch.arg = d;
	d->deadline = (struct timer){ .fn = client_expired, .arg = d };
	d->again = (struct timer){ .fn = client_connect_first, .arg = d };
	d->finish = (struct timer){ .fn = client_finished, .arg = d };
	if (!first) {
		d->dial = dial_start(loop, c, client_dialled, d);
		return d->dial ? d : (free(d), NULL);
	}
	for (const struct proxy *p = first; p; p = p->next)
		d->n++;
	d->hops = calloc(d->n, sizeof *d->hops);
	if (!d->hops) {
		free(d);
		return NULL;
	}
	for (struct proxy_hop *h = d->hops; first; first = first->next, h++)
		*h = (struct proxy_hop){ .proxy = first,
					 .host = first->next ? first->next->url.host : c->host,
					 .port = first->next ? first->next->url.port : c->port };
	timer_set(loop, &d->deadline, c->deadline);
	client_look_up(d);
	return d;
}
