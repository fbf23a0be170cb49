#define _DEFAULT_SOURCE /* getentropy, which POSIX has since 2024 */
#include "names/dns_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "names/dns_stream.h"

#define IDS 65536
#define OPEN_MOST 30000 /* so that a random id is soon found to be free */
#define STREAMS_MOST 64 /* TCP connections at once */
#define UDP_MOST 65536	/* of any datagram */
#define AT_ONCE 256	/* answers in a row, before others have their turn */
#define RECEIVE_BUFFER (4 << 20)
#define FULL_DELAY MILLISECOND /* until a full socket is tried again */
#define STREAM_PATIENCE 5      /* times that of a datagram */
/* Questions in flight: a usual receive buffer on Linux (208 KiB) has room for 277. */
#define WINDOW_LEAST 128
#define WINDOW_FIRST 512
#define GROW_DELAY (50 * MILLISECOND) /* between one more and the next, once some were lost */

struct connections {
	struct dns_client *client;
	struct address address;
	struct watch watch; /* on its socket, -1: there is none yet */
};

enum ask_state { ASK_UDP, ASK_WAITS, ASK_TCP };

struct dns_ask {
	struct dns_client *client;
	struct dns_ask *next, **link; /* of all that are open */
	struct dns_name name;
	unsigned type, id;
	bool edns, unsent;
	bool flying;			  /* it counts for the window; */
	size_t flight;			  /* so many did when it was sent */
	struct dns_ask *behind, **queued; /* while it waits to be sent; NULL: it does not */
	int64_t rest;			  /* of its patience, when it does not count any more */
	enum ask_state state;
	struct connections *server;
	unsigned tries, strays_before;
	int error; /* to be dealt with by the timer */
	const char *fault;
	int64_t sent;
	struct timer timer;
	struct dns_stream *stream;
	dns_fn *fn;
	void *arg;
};

struct dns_client {
	struct loop *loop;
	struct dns_client_config c;
	struct connections servers[DNS_SERVERS_MOST];
	struct dns_ask *open, **ids; /* of each id */
	size_t n_open, n_streams, n_waiting;
	/* What has room in a server's buffer is not known: `window` are in flight at most, one more
	 * for each answer until the first is lost; then few, and more again by and by. */
	struct dns_ask *first, **last; /* that wait to be sent */
	size_t n_flying, window;
	bool lost;
	int64_t cut_at, grown_at;
	unsigned strays;
	uint16_t random[128];
	size_t random_left;
	unsigned char data[UDP_MOST];
};

static void answers(void *arg, short events);
static void time_is_up(void *arg);

struct dns_client *dns_client_new(struct loop *loop, const struct dns_client_config *c)
{
	struct dns_client *client = malloc(sizeof *client);

	if (!client)
		return NULL;
	/* The buffer is left as it is: pages that nothing touches cost nothing, here and in the
	 * table. */
	memset(client, 0, offsetof(struct dns_client, data));
	client->ids = calloc(IDS, sizeof(struct dns_ask *));
	if (!client->ids) {
		free(client);
		return NULL;
	}
	client->loop = loop;
	client->c = *c;
	client->window = WINDOW_FIRST;
	client->last = &client->first;
	for (size_t i = 0; i < c->n; i++)
		client->servers[i] = (struct connections){
			.client = client,
			.address = c->servers[i],
			.watch = { .fd = -1, .fn = answers, .arg = &client->servers[i] },
		};
	return client;
}

void dns_client_free(struct dns_client *c)
{
	if (!c)
		return;
	c->window = 0; /* nobody's turn comes any more */
	for (struct dns_ask *a = c->open, *next; a; a = next) {
		next = a->next;
		dns_ask_cancel(a);
	}
	for (size_t i = 0; i < c->c.n; i++)
		if (c->servers[i].watch.fd >= 0) {
			watch_drop(c->loop, &c->servers[i].watch);
			close(c->servers[i].watch.fd);
		}
	free(c->ids);
	free(c);
}

unsigned dns_client_strays(const struct dns_client *c)
{
	return c->strays;
}

/* Two random bytes. Returns -1 where there are none to be had. */
static int draw(struct dns_client *c)
{
	if (c->random_left == 0) {
		if (getentropy(c->random, sizeof c->random) < 0)
			return -1;
		c->random_left = sizeof c->random / sizeof *c->random;
	}
	return c->random[--c->random_left];
}

/* The socket of S, connected: other senders do not reach it. Returns 0, or -1 with errno. */
static int server_open(struct connections *s)
{
	int size = RECEIVE_BUFFER, fd;

	if (s->watch.fd >= 0)
		return 0;
	fd = socket(s->address.u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* As much of it as the system gives. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (connect(fd, &s->address.u.sa, s->address.length) < 0) {
		close_keeping_errno(fd);
		return -1;
	}
	s->watch.fd = fd;
	watch_set(s->client->loop, &s->watch, POLLIN);
	return 0;
}

/* ---- how many at once ---- */

static void ask_fly(struct dns_ask *a);

static void leave_queue(struct dns_ask *a)
{
	if (!a->queued)
		return;
	*a->queued = a->behind;
	if (a->behind)
		a->behind->queued = a->queued;
	else
		a->client->last = a->queued;
	a->queued = NULL;
}

/* A does not count for the window any more: others may. */
static void land(struct dns_ask *a)
{
	struct dns_client *c = a->client;

	if (a->flying)
		c->n_flying--;
	a->flying = false;
	while (c->first && c->n_flying < c->window) {
		struct dns_ask *next = c->first;
		leave_queue(next);
		ask_fly(next);
	}
}

/* There was room for one. */
static void widen(struct dns_client *c)
{
	int64_t now = loop_now(c->loop);

	if (c->n_flying < c->window || (c->lost && now < c->grown_at + GROW_DELAY))
		return;
	c->window++;
	c->grown_at = now;
}

/* There was none for A, or its server is slow. */
static void narrow(struct dns_ask *a)
{
	struct dns_client *c = a->client;

	/* What was sent before tells nothing about the window that is there now. */
	if (c->lost && a->sent < c->cut_at)
		return;
	if (c->window > a->flight)
		c->window = a->flight;
	c->window = c->lost && c->window / 2 > WINDOW_LEAST ? c->window / 2 : WINDOW_LEAST;
	c->lost = true;
	c->cut_at = c->grown_at = loop_now(c->loop);
}

/* ---- the end of a question ---- */

static void stream_close(struct dns_ask *a)
{
	struct dns_client *c = a->client;

	if (!a->stream)
		return;
	dns_stream_free(a->stream);
	a->stream = NULL;
	c->n_streams--;
	/* Another has its turn. */
	for (struct dns_ask *b = c->n_waiting ? c->open : NULL; b; b = b->next)
		if (b->state == ASK_WAITS) {
			timer_set(c->loop, &b->timer, loop_now(c->loop));
			break;
		}
}

void dns_ask_cancel(struct dns_ask *a)
{
	struct dns_client *c;

	if (!a)
		return;
	c = a->client;
	if (a->state == ASK_WAITS)
		c->n_waiting--;
	a->state = ASK_UDP;
	stream_close(a);
	leave_queue(a);
	timer_drop(c->loop, &a->timer);
	*a->link = a->next;
	if (a->next)
		a->next->link = a->link;
	c->ids[a->id] = NULL;
	c->n_open--;
	land(a);
	free(a);
}

/* A has its answer M, or none for ERROR and FAULT. */
static void finish(struct dns_ask *a, const struct dns_message *m, int error, const char *fault)
{
	struct dns_reply reply = {
		.message = m,
		.error = error,
		.fault = fault,
		.server = &a->server->address,
		.tcp = a->state == ASK_TCP,
		.tries = a->tries,
		.strays = a->client->strays - a->strays_before,
		.ns = clock_now() - a->sent,
	};
	dns_fn *fn = a->fn;
	void *arg = a->arg;

	dns_ask_cancel(a);
	fn(arg, &reply);
}

/* ---- datagrams ---- */

/* What was sent to S so far has failed by ERROR. */
static void server_failed(struct connections *s, int error)
{
	struct dns_client *c = s->client;

	for (struct dns_ask *a = c->open; a; a = a->next)
		if (a->server == s && a->state == ASK_UDP && !a->unsent && !a->error) {
			a->error = error;
			timer_set(c->loop, &a->timer, loop_now(c->loop));
		}
}

/* Sends A's question to its server, now. */
static void ask_fly(struct dns_ask *a)
{
	unsigned char query[DNS_QUERY_MOST];
	size_t n = dns_query(query, a->id, &a->name, a->type, a->edns);
	struct dns_client *c = a->client;
	unsigned round = a->tries / (unsigned)c->c.n;
	int64_t patience = c->c.patience << (round < 2 ? round : 2);
	int error = 0;

	a->sent = loop_now(c->loop);
	a->unsent = true; /* what fails now is not about this one */
	if (server_open(a->server) < 0)
		error = errno;
	for (int i = 0; !error && i < 2; i++) {
		if (send(a->server->watch.fd, query, n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			a->tries++;
			a->unsent = false;
			a->flying = true;
			a->flight = ++c->n_flying;
			a->rest = patience - c->c.patience;
			timer_set(c->loop, &a->timer, clock_after(a->sent, c->c.patience));
			return;
		}
		if (errno == EAGAIN || errno == ENOBUFS) {
			timer_set(c->loop, &a->timer, clock_after(a->sent, FULL_DELAY));
			return;
		}
		/* The error of an earlier datagram, perhaps: then nothing was sent now. */
		if (i == 1)
			error = errno;
		else
			server_failed(a->server, errno);
	}
	a->tries++;
	a->unsent = false;
	a->error = error;
	timer_set(c->loop, &a->timer, loop_now(c->loop));
}

/* Sends it, once there is room. */
static void ask_send(struct dns_ask *a)
{
	struct dns_client *c = a->client;

	land(a);
	if (!c->first && c->n_flying < c->window) {
		ask_fly(a);
		return;
	}
	timer_drop(c->loop, &a->timer);
	a->unsent = true;
	a->behind = NULL;
	a->queued = c->last;
	*c->last = a;
	c->last = &a->behind;
}

/* Is there another server, or another try, for A? Then it goes there. HOPELESS: not to the same
 * one. */
static bool ask_next(struct dns_ask *a, bool hopeless)
{
	struct dns_client *c = a->client;
	size_t at = (size_t)(a->server - c->servers) + 1;

	if (hopeless ? at >= c->c.n || a->tries >= c->c.n :
		       c->c.tries && a->tries >= c->c.tries * c->c.n)
		return false;
	a->server = &c->servers[at % c->c.n];
	ask_send(a);
	return true;
}

static void stream_start(struct dns_ask *a);

static void time_is_up(void *arg)
{
	struct dns_ask *a = arg;
	int error = a->error;

	a->error = 0;
	if (a->flying && !error) {
		narrow(a);
		land(a);
		if (a->rest > 0) {
			timer_set(a->client->loop, &a->timer,
				  clock_after(loop_now(a->client->loop), a->rest));
			return;
		}
	}
	if (a->state == ASK_WAITS)
		stream_start(a);
	else if (a->state == ASK_TCP)
		finish(a, NULL, error ? error : ETIMEDOUT, a->fault);
	else if (a->unsent)
		ask_send(a);
	else if (!ask_next(a, error != 0))
		finish(a, NULL, error ? error : ETIMEDOUT, NULL);
}

/* What M, an answer to A, says is to be told; or is there somebody better to be asked? */
static void take(struct dns_ask *a, const struct dns_message *m)
{
	bool refused = m->rcode == DNS_SERVFAIL || m->rcode == DNS_REFUSED ||
		       m->rcode == DNS_NOTIMP || m->rcode == DNS_FORMERR;

	if (a->edns && (m->rcode == DNS_FORMERR || m->rcode == DNS_NOTIMP)) {
		a->edns = false;
		if (a->state != ASK_TCP) {
			ask_send(a);
			return;
		}
	}
	if (!refused || a->state == ASK_TCP || !ask_next(a, true))
		finish(a, m, 0, NULL);
}

/* Is M an answer to what A asks? */
static bool answers_to(const struct dns_message *m, const struct dns_ask *a)
{
	return m->response && m->id == a->id && m->type == a->type && m->class == 1 &&
	       dns_name_equal(&m->name, &a->name);
}

/* N bytes have come from S. */
static void datagram(struct connections *s, size_t n)
{
	struct dns_client *c = s->client;
	struct dns_message m;
	struct dns_ask *a = n >= 2 ? c->ids[c->data[0] << 8 | c->data[1]] : NULL;
	const char *fault;

	if (!a || a->server != s || a->state != ASK_UDP || (a->unsent && a->tries == 0)) {
		c->strays++;
		return;
	}
	fault = dns_parse_head(&m, c->data, n);
	/* Who does not understand a question need not repeat it. */
	if (fault && n == 12 && m.response && m.rcode == DNS_FORMERR) {
		m.type = a->type;
		m.class = 1;
		m.name = a->name;
		fault = NULL;
	} else if (fault || !answers_to(&m, a)) {
		c->strays++;
		return;
	} else {
		fault = dns_parse(&m, c->data, n);
	}
	widen(c);
	leave_queue(a); /* to be asked once more */
	land(a);
	if (fault) {
		finish(a, NULL, EBADMSG, fault);
		return;
	}
	if (m.truncated)
		stream_start(a);
	else
		take(a, &m);
}

static void answers(void *arg, short events)
{
	struct connections *s = arg;

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(s->watch.fd, s->client->data, UDP_MOST, MSG_DONTWAIT);
		if (n >= 0) {
			datagram(s, (size_t)n);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			server_failed(s, errno);
			return;
		}
	}
}

/* ---- TCP ---- */

static void stream_over(void *arg, const unsigned char *data, size_t n, int error)
{
	struct dns_ask *a = arg;
	struct dns_message m;
	const char *fault;

	if (!data) {
		finish(a, NULL, error, "the connection ended before it did");
		return;
	}
	fault = dns_parse_head(&m, data, n);
	if (!fault && !answers_to(&m, a))
		fault = "it answers another question";
	if (!fault)
		fault = dns_parse(&m, data, n);
	if (!fault && m.truncated)
		fault = "it is truncated, by TCP too";
	if (fault)
		finish(a, NULL, EBADMSG, fault);
	else
		take(a, &m);
}

static void stream_start(struct dns_ask *a)
{
	unsigned char query[DNS_QUERY_MOST];
	size_t n = dns_query(query, a->id, &a->name, a->type, a->edns);
	struct dns_client *c = a->client;

	if (a->state == ASK_WAITS)
		c->n_waiting--;
	if (c->n_streams >= STREAMS_MOST) {
		a->state = ASK_WAITS;
		c->n_waiting++;
		timer_drop(c->loop, &a->timer);
		return;
	}
	a->state = ASK_TCP;
	a->tries++;
	a->sent = loop_now(c->loop);
	a->stream = dns_stream_start(c->loop, &a->server->address, query, n, stream_over, a);
	if (!a->stream) {
		a->error = errno;
		timer_set(c->loop, &a->timer, a->sent);
		return;
	}
	c->n_streams++;
	timer_set(c->loop, &a->timer, clock_after(a->sent, STREAM_PATIENCE * c->c.patience));
}

/* ---- questions ---- */

struct dns_ask *dns_ask(struct dns_client *c, const struct dns_name *name, unsigned type,
			dns_fn *fn, void *arg)
{
	struct dns_ask *a;
	int id;

	if (c->n_open >= OPEN_MOST) {
		errno = EAGAIN;
		return NULL;
	}
	do {
		id = draw(c);
		if (id < 0)
			return NULL;
	} while (c->ids[id]);
	a = malloc(sizeof *a);
	if (!a)
		return NULL;
	*a = (struct dns_ask){
		.client = c,
		.next = c->open,
		.link = &c->open,
		.name.length = name->length,
		.type = type,
		.id = (unsigned)id,
		.edns = true,
		.server = &c->servers[0],
		.strays_before = c->strays,
		.fn = fn,
		.arg = arg,
	};
	memcpy(a->name.wire, name->wire, name->length);
	a->timer = (struct timer){ .fn = time_is_up, .arg = a };
	if (a->next)
		a->next->link = &a->next;
	c->open = a;
	c->ids[id] = a;
	c->n_open++;
	ask_send(a);
	return a;
}
