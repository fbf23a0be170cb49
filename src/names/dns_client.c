/* dns_client.c - questions to DNS servers: sending, repeating, matching the answers, TCP */
#include "names/dns_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/chance.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "names/dns_stream.h"
#include "names/dns_window.h"
#include "names/system_file.h"
#include "sock/datagram.h"

#define IDS 65536
#define OPEN_MOST 30000 /* so that a random id is soon found to be free */
#define STREAMS_MOST 64 /* TCP connections at once */
#define UDP_MOST 65536	/* of any datagram */
#define CALLS 4		/* to receive, in a row, before others have their turn */
#define BATCH 64	/* questions sent in one go */
#define RECEIVE_BUFFER (4 << 20)
#define FULL_DELAY MILLISECOND /* until a full socket is tried again */
#define STREAM_PATIENCE 5      /* times that of a datagram */

struct dns_queue {
	struct dns_query *first, **last;
};

struct dns_server {
	struct dns_client *client;
	struct address address;
	struct watch watch; /* on its socket, -1: there is none yet */
	struct dgram_socket socket;
	struct dns_window window;
	struct timer widen;
	struct dns_queue again, fresh; /* questions that wait to be sent: once more, or at last */
	/* Those that are to be sent at the end of the turn; NULL: not any more. */
	struct dns_query *batch[BATCH];
	size_t n_batch;
	struct timer flush;
};

enum query_state { QUERY_UDP, QUERY_WAITS, QUERY_TCP };

struct dns_query {
	struct dns_client *client;
	struct dns_query *next, **link; /* of all that are open */
	const struct dns_name *name;
	unsigned type, id;
	enum dns_manner manner;
	bool unsent;
	bool begun; /* it was sent, to one server or another */
	struct dns_flight flight;
	struct dns_query *behind, **queued; /* while it waits to be sent; NULL: it does not */
	size_t batched; /* its place in its server's batch, from 1 on; 0: none */
	int64_t rest;	/* of its patience, when it does not count any more */
	enum query_state state;
	struct dns_server *server;
	unsigned round, strays_before; /* it is asked of all servers, from 1 on, once a round */
	size_t failed;		       /* so many in a row have failed, and not been silent */
	int error;		       /* to be dealt with by the timer */
	const char *fault;
	int64_t sent;
	struct timer timer;
	struct dns_stream *stream;
	void (*begins)(void *arg);
	dns_fn *fn;
	void *arg;
};

struct dns_client {
	struct loop *loop;
	struct dns_client_config c;
	struct dns_server *servers;
	struct dns_query *open, **ids; /* of each id */
	size_t n_open, n_streams, n_waiting;
	unsigned strays;
	uint16_t random[128];
	size_t random_left;
	struct dgram_batch *batch;
};

static void server_ready(void *arg, short events);
static void server_flush(void *arg);
static void server_widen(void *arg);
static void server_failed(void *arg, const struct dgram_error *e);
static void query_expired(void *arg);

struct dns_client *dns_client_new(struct loop *loop, const struct dns_client_config *c)
{
	struct dns_client *client = calloc(1, sizeof *client);

	if (!client)
		return NULL;
	/* Pages of these that nothing touches cost nothing. */
	client->ids = calloc(IDS, sizeof(struct dns_query *));
	client->servers = malloc(c->n * sizeof *client->servers);
	client->batch = dgram_batch_new(UDP_MOST);
	client->loop = loop;
	if (!client->ids || !client->servers || !client->batch) {
		dns_client_free(client);
		errno = ENOMEM;
		return NULL;
	}
	client->c = *c;
	client->c.servers = NULL; /* the caller's */
	for (size_t i = 0; i < c->n; i++) {
		struct dns_server *s = &client->servers[i];
		*s = (struct dns_server){
			.client = client,
			.address = c->servers[i],
			.watch = { .fd = -1, .fn = server_ready, .arg = s },
			.widen = { .fn = server_widen, .arg = s },
			.again = { .last = &s->again.first },
			.fresh = { .last = &s->fresh.first },
			.flush = { .fn = server_flush, .arg = s },
		};
		dns_window_start(&s->window);
	}
	return client;
}

void dns_client_free(struct dns_client *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->c.n; i++)
		c->servers[i].window.size = 0; /* nobody's turn comes any more */
	for (struct dns_query *q = c->open, *next; q; q = next) {
		next = q->next;
		dns_query_cancel(q);
	}
	for (size_t i = 0; i < c->c.n; i++) {
		struct dns_server *s = &c->servers[i];
		timer_drop(c->loop, &s->widen);
		timer_drop(c->loop, &s->flush);
		if (s->watch.fd < 0)
			continue;
		watch_drop(c->loop, &s->watch);
		close(s->watch.fd);
	}
	dgram_batch_free(c->batch);
	free(c->ids);
	free(c->servers);
	free(c);
}

unsigned dns_client_strays(const struct dns_client *c)
{
	return c->strays;
}

/* Two random bytes. Returns -1 where there are none to be had. */
static int client_draw(struct dns_client *c)
{
	if (c->random_left == 0) {
		if (chance_fill(c->random, sizeof c->random) < 0)
			return -1;
		c->random_left = sizeof c->random / sizeof *c->random;
	}
	return c->random[--c->random_left];
}

/* Opens the socket of S and connects it, so that no other sender reaches it. Returns 0, or -1 with
 * errno. */
static int server_open(struct dns_server *s)
{
	int size = RECEIVE_BUFFER, fd;
	const char *what;

	if (s->watch.fd >= 0)
		return 0;
	fd = open_socket(s->address.u.sa.sa_family, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	/* The system may give less. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	s->socket = (struct dgram_socket){ .fd = fd,
					   .family = s->address.u.sa.sa_family,
					   .wants = DGRAM_TIME,
					   .watched = true,
					   .segment = SIZE_MAX,
					   .error = server_failed,
					   .arg = s };
	if (dgram_prepare_receive(&s->socket, &(struct dgram_config){ 0 }, &what) < 0 ||
	    connect(fd, &s->address.u.sa, s->address.length) < 0) {
		close_keeping_errno(fd);
		return -1;
	}
	s->watch.fd = fd;
	watch_set(s->client->loop, &s->watch, POLLIN);
	return 0;
}

/* ---- how many at once ---- */

static void query_send_now(struct dns_query *q);
static void query_start_stream(struct dns_query *q);

/* Where Q waits, at its server: what is asked once more comes before what was not asked yet. */
static struct dns_queue *query_queue(const struct dns_query *q)
{
	return q->begun ? &q->server->again : &q->server->fresh;
}

static struct dns_query *server_first(const struct dns_server *s)
{
	return s->again.first ? s->again.first : s->fresh.first;
}

/* Q is not to be sent any more. */
static void query_leave_queue(struct dns_query *q)
{
	if (q->batched)
		q->server->batch[q->batched - 1] = NULL;
	q->batched = 0;
	if (!q->queued)
		return;
	*q->queued = q->behind;
	if (q->behind)
		q->behind->queued = q->queued;
	else
		query_queue(q)->last = q->queued;
	q->queued = NULL;
}

/* Sends those whose turn it is. */
static void server_send_waiting(struct dns_server *s)
{
	struct dns_query *next;

	while ((next = server_first(s)) && dns_window_is_open(&s->window)) {
		query_leave_queue(next);
		query_send_now(next);
	}
}

/* Q is not in flight any more: others may be. */
static void query_land(struct dns_query *q)
{
	dns_window_land(&q->server->window, &q->flight);
	server_send_waiting(q->server);
}

/* Lets more be in flight by and by, if some wait and S has room for them. */
static void server_widen_later(struct dns_server *s)
{
	int64_t wait = server_first(s) ? dns_window_wait(&s->window) : UNSET, now;

	if (wait == UNSET || s->widen.slot)
		return;
	/* At an even pace, though this be late. */
	now = clock_now();
	timer_set(s->client->loop, &s->widen, s->widen.at + wait > now ? s->widen.at + wait : now);
}

static void server_widen(void *arg)
{
	struct dns_server *s = arg;

	dns_window_widen(&s->window);
	server_send_waiting(s);
	server_widen_later(s);
}

/* ---- the end of a question ---- */

static void query_close_stream(struct dns_query *q)
{
	struct dns_client *c = q->client;

	if (!q->stream)
		return;
	dns_stream_free(q->stream);
	q->stream = NULL;
	c->n_streams--;
	/* The next question that waits for a stream has its turn. */
	for (struct dns_query *b = c->n_waiting ? c->open : NULL; b; b = b->next)
		if (b->state == QUERY_WAITS) {
			timer_set(c->loop, &b->timer, loop_now(c->loop));
			break;
		}
}

void dns_query_cancel(struct dns_query *q)
{
	struct dns_client *c;

	if (!q)
		return;
	c = q->client;
	if (q->state == QUERY_WAITS)
		c->n_waiting--;
	q->state = QUERY_UDP;
	query_close_stream(q);
	query_leave_queue(q);
	timer_drop(c->loop, &q->timer);
	*q->link = q->next;
	if (q->next)
		q->next->link = q->link;
	c->ids[q->id] = NULL;
	c->n_open--;
	query_land(q);
	free(q);
}

/* Q has its answer M, or none because of ERROR and FAULT. Tells that, and frees Q. */
static void query_finish(struct dns_query *q, const struct dns_message *m, int error,
			 const char *fault)
{
	struct dns_reply reply = {
		.message = m,
		.error = error,
		.fault = fault,
		.server = &q->server->address,
		.tcp = q->state == QUERY_TCP,
		.tries = q->round,
		.strays = q->client->strays - q->strays_before,
	};
	dns_fn *fn = q->fn;
	void *arg = q->arg;

	dns_query_cancel(q);
	fn(arg, &reply);
}

/* ---- datagrams ---- */

/* The socket of S tells an error: all questions sent to S so far have failed. */
static void server_failed(void *arg, const struct dgram_error *e)
{
	const struct dns_server *s = arg;
	struct dns_client *c = s->client;

	for (struct dns_query *q = c->open; q; q = q->next)
		if (q->server == s && q->state == QUERY_UDP && !q->unsent && !q->error) {
			q->error = e->error;
			timer_set(c->loop, &q->timer, loop_now(c->loop));
		}
}

static void query_sent(struct dns_query *q)
{
	struct dns_client *c = q->client;

	q->unsent = false;
	q->rest = (c->c.patience << (q->round < 3 ? q->round - 1 : 2)) - c->c.patience;
	timer_set(c->loop, &q->timer, clock_after(q->sent, c->c.patience));
}

/* Q could not be sent because of ERROR. */
static void query_unsendable(struct dns_query *q, int error)
{
	q->unsent = false;
	q->error = error;
	timer_set(q->client->loop, &q->timer, loop_now(q->client->loop));
}

/* Sends the batch of S. */
static void server_flush(void *arg)
{
	struct dns_server *s = arg;
	struct dns_query *batch[BATCH];
	unsigned char data[BATCH * DNS_QUERY_MOST], *p = data;
	struct loop *loop = s->client->loop;
	struct dgram v[BATCH];
	int64_t now = clock_wall();
	size_t n = 0;
	bool failed = false;

	for (size_t i = 0; i < s->n_batch; i++) {
		struct dns_query *q = s->batch[i];
		if (!q)
			continue;
		q->batched = 0;
		q->flight.sent = now;
		batch[n] = q;
		v[n] = (struct dgram){ .data = p };
		v[n].size = dns_query(p, q->id, q->name, q->type, q->manner);
		p += v[n++].size;
	}
	s->n_batch = 0;
	timer_drop(loop, &s->flush);
	for (size_t done = 0; done < n;) {
		ssize_t sent = dgram_send(&s->socket, v + done, n - done);
		struct dns_query *q = batch[done];
		int error = errno;
		if (sent > 0) {
			for (failed = false; sent > 0; sent--)
				query_sent(batch[done++]);
		} else if (error == EAGAIN || error == ENOBUFS) {
			dns_window_land(&s->window, &q->flight);
			timer_set(loop, &q->timer, clock_after(q->sent, FULL_DELAY));
			done++;
		} else if (failed) {
			dns_window_land(&s->window, &q->flight);
			query_unsendable(q, error);
			failed = false;
			done++;
		} else {
			/* It may belong to an earlier datagram; then nothing was sent now. */
			server_failed(s, &(struct dgram_error){ .error = error });
			failed = true;
		}
	}
}

/* Q is sent now. */
static void query_begin(struct dns_query *q)
{
	q->sent = loop_now(q->client->loop);
	if (!q->begun)
		q->begins(q->arg);
	q->begun = true;
}

/* Sends Q to its server at the end of this turn: at once with others. */
static void query_send_now(struct dns_query *q)
{
	struct dns_client *c = q->client;
	struct dns_server *s = q->server;

	query_begin(q);
	if (server_open(s) < 0) {
		query_unsendable(q, errno);
		return;
	}
	dns_window_depart(&s->window, &q->flight);
	s->batch[s->n_batch++] = q;
	q->batched = s->n_batch;
	if (s->n_batch == BATCH)
		server_flush(s);
	else if (s->n_batch == 1)
		timer_set(c->loop, &s->flush, q->sent);
}

/* Sends Q once the window has room for it. */
static void query_send(struct dns_query *q)
{
	struct dns_queue *queue = query_queue(q);

	timer_drop(q->client->loop, &q->timer);
	q->unsent = true; /* a failure told now belongs to an earlier question */
	q->behind = NULL;
	q->queued = queue->last;
	*queue->last = q;
	queue->last = &q->behind;
	server_send_waiting(q->server);
}

/* Asks Q's server: where all are asked by TCP, over a connection of its own. */
static void query_ask(struct dns_query *q)
{
	query_close_stream(q);
	q->state = QUERY_UDP;
	if (q->client->c.tcp)
		query_start_stream(q);
	else
		query_send(q);
}

/* Asks the next server for Q, as the one asked last has FAILED or was silent: after the last one
 * the first once more, unless all have been asked often enough, or have failed one after the
 * other. Returns whether one is asked. */
static bool query_next_server(struct dns_query *q, bool failed)
{
	struct dns_client *c = q->client;
	struct dns_server *before = q->server;
	size_t at = (size_t)(before - c->servers) + 1;

	q->failed = failed ? q->failed + 1 : 0;
	if (q->failed == c->c.n || (at == c->c.n && q->round == c->c.tries))
		return false;
	q->round += at == c->c.n;
	dns_window_land(&before->window, &q->flight);
	q->server = &c->servers[at % c->c.n];
	if (q->server != before)
		q->flight = (struct dns_flight){ 0 };
	query_ask(q);
	server_send_waiting(before);
	return true;
}

/* No answer has come to Q by TCP. */
static void query_lose_stream(struct dns_query *q, int error, const char *fault)
{
	if (!query_next_server(q, true))
		query_finish(q, NULL, error, fault);
}

static void query_expired(void *arg)
{
	struct dns_query *q = arg;
	struct loop *loop = q->client->loop;
	int error = q->error;

	q->error = 0;
	if (q->flight.flying && !error) {
		dns_window_lost(&q->server->window, q->sent, loop_now(loop));
		if (q->rest > 0) {
			timer_set(loop, &q->timer, clock_after(loop_now(loop), q->rest));
			query_land(q);
			return;
		}
	}
	if (q->state == QUERY_WAITS)
		query_start_stream(q);
	else if (q->state == QUERY_TCP)
		query_lose_stream(q, error ? error : ETIMEDOUT, q->fault);
	else if (q->unsent)
		query_send(q);
	else if (!query_next_server(q, error != 0))
		query_finish(q, NULL, error ? error : ETIMEDOUT, NULL);
}

/* M answers Q: tells it, or asks the next server if this one refuses. */
static void query_take(struct dns_query *q, const struct dns_message *m)
{
	bool refused = m->rcode == DNS_SERVFAIL || m->rcode == DNS_REFUSED ||
		       m->rcode == DNS_NOTIMP || m->rcode == DNS_FORMERR;

	if (q->manner != DNS_PLAIN && (m->rcode == DNS_FORMERR || m->rcode == DNS_NOTIMP)) {
		q->manner = DNS_PLAIN;
		query_ask(q);
		return;
	}
	if (!refused || !query_next_server(q, true))
		query_finish(q, m, 0, NULL);
}

/* Is M an answer to Q? */
static bool query_matches(const struct dns_message *m, const struct dns_query *q)
{
	return m->response && m->id == q->id && m->type == q->type && m->class == 1 &&
	       dns_name_equal(&m->name, q->name);
}

/* Reads the N bytes at DATA into *M. Returns whether they are an answer to Q; if not, or if it
 * cannot be read, *FAULT tells why. */
static bool query_read(const struct dns_query *q, struct dns_message *m, const unsigned char *data,
		       size_t n, const char **fault)
{
	*fault = dns_parse_head(m, data, n);
	/* A server that does not understand a question need not repeat it. */
	if (*fault && n == 12 && m->response && m->id == q->id && m->rcode == DNS_FORMERR) {
		m->type = q->type;
		m->class = 1;
		m->name = *q->name;
		*fault = NULL;
		return true;
	}
	if (!*fault && !query_matches(m, q))
		*fault = "it answers another question";
	if (*fault)
		return false;
	*fault = dns_parse_records(m);
	return true;
}

/* Takes the datagram D from S; it is NOW by clock_wall(). */
static void server_take(struct dns_server *s, const struct dgram_received *d, int64_t now)
{
	const unsigned char *data = (const unsigned char *)d->data;
	struct dns_client *c = s->client;
	struct dns_message m;
	struct dns_query *q = d->size >= 2 ? c->ids[data[0] << 8 | data[1]] : NULL;
	const char *fault;

	if (!q || q->server != s || q->state != QUERY_UDP || q->flight.sent == 0 ||
	    !query_read(q, &m, data, d->size, &fault)) {
		c->strays++;
		return;
	}
	dns_window_answered(&s->window, &q->flight, d->time ? d->time : now);
	query_leave_queue(q); /* it may wait there to be asked once more */
	query_land(q);
	if (fault) {
		query_finish(q, NULL, EBADMSG, fault);
		return;
	}
	if (m.truncated)
		query_start_stream(q);
	else
		query_take(q, &m);
}

static void server_ready(void *arg, short events)
{
	struct dns_server *s = arg;
	const struct dgram_received *v;

	(void)events;
	for (int i = 0; i < CALLS; i++) {
		int64_t now;
		ssize_t n = dgram_receive(&s->socket, s->client->batch, &v);
		if (n < 0) {
			if (errno != EAGAIN)
				server_failed(s, &(struct dgram_error){ .error = errno });
			return;
		}
		now = clock_wall();
		for (; n > 0; n--)
			server_take(s, v++, now);
		server_widen_later(s);
		if (!s->socket.more)
			return;
	}
}

/* ---- TCP ---- */

static void query_stream_over(void *arg, const unsigned char *data, size_t n, int error)
{
	struct dns_query *q = arg;
	struct dns_message m;
	const char *fault;

	if (!data) {
		query_lose_stream(q, error, "the connection ended before it did");
		return;
	}
	if (query_read(q, &m, data, n, &fault) && !fault && m.truncated)
		fault = "it is truncated, by TCP too";
	if (fault)
		query_finish(q, NULL, EBADMSG, fault);
	else
		query_take(q, &m);
}

static void query_start_stream(struct dns_query *q)
{
	unsigned char query[DNS_QUERY_MOST];
	size_t n = dns_query(query, q->id, q->name, q->type, q->manner);
	struct dns_client *c = q->client;

	if (q->state == QUERY_WAITS)
		c->n_waiting--;
	if (c->n_streams >= STREAMS_MOST) {
		q->state = QUERY_WAITS;
		c->n_waiting++;
		timer_drop(c->loop, &q->timer);
		return;
	}
	q->state = QUERY_TCP;
	query_begin(q);
	q->stream = dns_stream_start(c->loop, &q->server->address, query, n, query_stream_over, q);
	if (!q->stream) {
		q->error = errno;
		timer_set(c->loop, &q->timer, q->sent);
		return;
	}
	c->n_streams++;
	timer_set(c->loop, &q->timer, clock_after(q->sent, STREAM_PATIENCE * c->c.patience));
}

/* ---- questions ---- */

struct dns_query *dns_query_start(struct dns_client *c, const struct dns_name *name, unsigned type,
				  void (*begins)(void *arg), dns_fn *fn, void *arg)
{
	struct dns_query *q;
	int id;

	if (c->n_open >= OPEN_MOST) {
		errno = EAGAIN;
		return NULL;
	}
	do {
		id = client_draw(c);
		if (id < 0)
			return NULL;
	} while (c->ids[id]);
	q = malloc(sizeof *q);
	if (!q)
		return NULL;
	*q = (struct dns_query){
		.client = c,
		.next = c->open,
		.link = &c->open,
		.name = name,
		.type = type,
		.id = (unsigned)id,
		.manner = c->c.manner,
		.server = &c->servers[0],
		.round = 1,
		.strays_before = c->strays,
		.begins = begins,
		.fn = fn,
		.arg = arg,
	};
	q->timer = (struct timer){ .fn = query_expired, .arg = q };
	if (q->next)
		q->next->link = &q->next;
	c->open = q;
	c->ids[id] = q;
	c->n_open++;
	query_ask(q);
	return q;
}

size_t dns_client_system_servers(struct address servers[DNS_SERVERS_MOST])
{
	struct resolvconf conf;
	size_t n = 0;

	system_file_resolv_conf(&conf);
	for (size_t i = 0; i < conf.n_servers && n < DNS_SERVERS_MOST; i++)
		if (system_file_server(conf.servers[i], &servers[n]))
			n++;
	if (n == 0 && system_file_server("127.0.0.1", &servers[0]))
		n++;
	return n;
}
