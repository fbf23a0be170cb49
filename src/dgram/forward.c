/* forward.c - what goes through a forwarder, in both directions, and where to */
#include "dgram/forward.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "dgram/room.h"
#include "run/report.h"
#include "sock/multicast.h"

#define AT_ONCE 256 /* datagrams handed over together */
#define BATCHES 8   /* of one session, before others get their turn */
#define OTHERS 64   /* descriptors that are no sessions */

/* ---- to the target ---- */

/* Have A and B come from one sender to one address, with one TTL and class? */
static bool same_way(const struct dgram_received *a, const struct dgram_received *b)
{
	/* Those of one piece. */
	if (a->from == b->from)
		return true;
	return a->ttl == b->ttl && a->class == b->class && address_equal(a->from, b->from) &&
	       (a->to == b->to || (a->to && b->to && address_equal(a->to, b->to)));
}

/* Returns how many of the N at V follow each other on the same way. */
static size_t forward_run(const struct dgram_received *v, size_t n)
{
	size_t i = 1;

	while (i < n && i < AT_ONCE && same_way(v, &v[i]))
		i++;
	return i;
}

/* Is a UNIX socket gone, by ERROR of sending to it? */
static bool is_gone(int error)
{
	return error == ECONNREFUSED || error == ECONNRESET || error == ENOTCONN || error == EPIPE;
}

static void forward_try_later(struct dgram_forward *f)
{
	timer_set(f->run->loop, &f->retry_timer, clock_after(clock_now(), ROOM_PAUSE));
}

/* Sending SIZE bytes by S has failed with ERROR. Returns whether they are to be tried again,
 * perhaps by a new session; if not that has been told. */
static bool forward_try_again(struct dgram_forward *f, struct session *s, size_t size, int error)
{
	int64_t now = clock_now();

	if (error == EAGAIN) {
		f->blocked = s;
		watch_set(f->run->loop, &s->watch, (short)(s->watch.events | POLLOUT));
		return true;
	}
	if (room_lacks(error)) {
		if (!f->stuck_since)
			f->stuck_since = now;
		if (now - f->stuck_since < ROOM_PATIENCE) {
			forward_try_later(f);
			return true;
		}
	}
	/* Somebody else may have its place by now. */
	if (f->remote.family == AF_UNIX && is_gone(error) && s->counts.received) {
		forward_close(f, s, "refused");
		return true;
	}
	forward_tell(f, &(struct dgram_error){ error, .to = &f->places[s->place] }, size);
	f->unsent++;
	return false;
}

/* Sends the N at V, all of them S's, to the target. Returns how many are done with. */
static size_t forward_send(struct dgram_forward *f, struct session *s,
			   const struct dgram_received *v, size_t n)
{
	struct dgram d[AT_ONCE];
	ssize_t sent = -1;

	for (size_t i = 0; i < n; i++)
		d[i] = (struct dgram){ .data = v[i].data, .size = v[i].size };
	if (forward_set_hops(f, s, v) == 0)
		sent = dgram_send(forward_socket(f, s), d, n);
	if (sent < 0)
		return !forward_try_again(f, s, v->size, errno);
	f->stuck_since = 0;
	for (ssize_t i = 0; i < sent; i++)
		s->received += v[i].size;
	s->counts.received += (uint64_t)sent;
	sessions_touch(&f->sessions, s, loop_now(f->run->loop));
	/* An error came before these, which the target may take all the same. */
	s->error = 0;
	return (size_t)sent;
}

size_t dgram_forward_pass(struct dgram_forward *f, struct dgram_socket *by,
			  const struct dgram_received *v, size_t n)
{
	size_t done = 0;

	while (done < n && !f->blocked && !f->retry_timer.slot) {
		size_t run = forward_run(v + done, n - done);
		struct session *s = forward_session(f, by, v + done, run);
		done += s ? forward_send(f, s, v + done, run) : run;
	}
	return done;
}

/* ---- from the target ---- */

/* Sends what is held, as far as it goes. Returns whether that is all. */
static bool forward_answer(struct dgram_forward *f)
{
	struct forward_held *h = &f->held;
	struct dgram d[AT_ONCE];

	while (h->at < h->n) {
		size_t n = h->n - h->at, done;
		if (n > AT_ONCE)
			n = AT_ONCE;
		for (size_t i = 0; i < n; i++)
			d[i] = (struct dgram){ .data = h->v[h->at + i].data,
					       .size = h->v[h->at + i].size,
					       .to = &h->to,
					       .from = h->from.length ? &h->from : NULL };
		done = f->send(f->arg, h->by, d, n);
		for (size_t i = 0; h->session && i < done; i++) {
			h->session->sent += d[i].size;
			h->session->counts.sent++;
		}
		h->at += done;
		if (done < n)
			return false;
	}
	return true;
}

/* What S has waits until other answers have gone. */
static void forward_rest(struct dgram_forward *f, struct session *s)
{
	watch_set(f->run->loop, &s->watch, (short)(s->watch.events & ~POLLIN));
	if (s->rests)
		return;
	s->rests = true;
	s->resting = f->resting;
	f->resting = s;
}

/* Nothing is left to be read from S: it ends if there was an error, also ERROR of reading. */
static void forward_drained(struct dgram_forward *f, struct session *s, int error)
{
	if (error != EAGAIN) {
		forward_tell(f, &(struct dgram_error){ error, .to = &f->places[s->place] }, 0);
		s->error = error;
	}
	if (s->error)
		forward_close(f, s, "refused");
}

/* Sends one batch of answers to the sender of S. Returns S if there may be more at once, else NULL:
 * it may have ended. */
static struct session *forward_receive(struct dgram_forward *f, struct session *s)
{
	struct forward_held *h = &f->held;
	ssize_t n;

	if (h->at < h->n || !f->may(f->arg)) {
		forward_rest(f, s);
		return NULL;
	}
	n = dgram_receive(forward_socket(f, s), f->batch, &h->v);
	if (n < 0) {
		forward_drained(f, s, errno);
		return NULL;
	}
	h->n = (size_t)n;
	h->at = 0;
	h->session = s;
	h->by = s->by;
	h->to = s->client;
	h->from = s->asked;
	if (!s->local)
		h->from.length = 0;
	for (size_t i = 0; i < h->n; i++)
		f->cut += h->v[i].true_size > h->v[i].size;
	f->told = 0;
	f->grouped = f->grouped || f->remote.grouped;
	sessions_touch(&f->sessions, s, loop_now(f->run->loop));
	return forward_answer(f) && (f->remote.more || s->error) ? h->session : NULL;
}

/* Reads from S, after an error all that is there. */
static void forward_read(struct dgram_forward *f, struct session *s)
{
	for (int i = 0; s && (i < BATCHES || s->error); i++)
		s = forward_receive(f, s);
}

void forward_on_session(void *arg, short events)
{
	struct session *s = arg;
	struct dgram_forward *f = s->forward;

	if (events & POLLERR)
		dgram_errors(forward_socket(f, s));
	if (events & POLLOUT && f->blocked == s) {
		f->blocked = NULL;
		watch_set(f->run->loop, &s->watch, (short)(s->watch.events & ~POLLOUT));
		timer_set(f->run->loop, &f->retry_timer, loop_now(f->run->loop));
	}
	if (events & POLLIN || s->error)
		forward_read(f, s);
}

void dgram_forward_resume(struct dgram_forward *f)
{
	while (forward_answer(f) && f->resting && f->may(f->arg)) {
		struct session *s = f->resting;
		f->resting = s->resting;
		s->rests = false;
		watch_set(f->run->loop, &s->watch, (short)(s->watch.events | POLLIN));
		if (s->error)
			forward_read(f, s);
	}
}

void dgram_forward_refused(struct dgram_forward *f, const struct address *client, int error)
{
	struct session *s;

	while (error != EMSGSIZE && (s = sessions_of(&f->sessions, client)))
		forward_close(f, s, "refused");
}

static void forward_retry(void *arg)
{
	struct dgram_forward *f = arg;

	f->changed(f->arg);
}

int64_t dgram_forward_dropped(const struct dgram_forward *f, bool *least)
{
	*least = f->grouped;
	return f->dropped;
}

/* ---- the target ---- */

static void forward_found(void *arg, struct places_answer *found)
{
	struct dgram_forward *f = arg;

	f->places = found->addresses;
	f->n_places = found->n;
	/* So a mapped one is known again where it sends, and has the TTL of IPv4. */
	for (size_t i = 0; i < f->n_places; i++)
		address_unmap(&f->places[i]);
	free(found->sources);
	f->found(f->arg);
}

static void forward_find(struct dgram_forward *f)
{
	const struct endpoint_words *to = f->to;
	struct places_answer unix_place = { .n = 1 };
	const struct places_question q = {
		.host = to->host,
		.port = to->port,
		.family = f->family,
		.socktype = SOCK_DGRAM,
		.events = { report_event, (void *)f->run->messages },
	};

	if (*to->port) {
		run_look_up(f->run, &q, to->host, UNSET, forward_found, f);
		return;
	}
	unix_place.addresses = calloc(1, sizeof *unix_place.addresses);
	if (!unix_place.addresses) {
		run_end(f->run, report_error(f->run->messages, "start", errno));
		return;
	}
	address_parse_unix(to->host, unix_place.addresses);
	forward_found(f, &unix_place);
}

void dgram_forward_start(struct dgram_forward *f)
{
	f->retry_timer = (struct timer){ .fn = forward_retry, .arg = f };
	f->remote.fd = -1;
	descriptors_raise(f->most + OTHERS);
	f->batch = dgram_batch_new(dgram_room(*f->to->port ? AF_INET : AF_UNIX));
	if (f->batch && sessions_start(&f->sessions, f->most) == 0)
		forward_find(f);
	else
		run_end(f->run, report_error(f->run->messages, "start", errno));
}

/* Is A an address of this machine? */
static bool forward_is_ours(const struct address *a)
{
	const struct socket_options none = SOCKET_OPTIONS_DEFAULT;
	const struct dgram_config c = { .family = a->u.sa.sa_family, .socket = &none };
	struct address any_port = *a;
	struct dgram_socket s;
	const char *what;
	bool ours;

	if (multicast_is_group(a) || dgram_open(&s, &c, NULL, NULL, &what) < 0)
		return false;
	address_set_port(&any_port, 0);
	ours = dgram_bind(&s, &any_port) == 0;
	dgram_close(&s);
	return ours;
}

/* Does what is sent to TO come to S? What this does not see comes back from a socket of ours. */
static bool forward_leads_to(const struct address *to, const struct dgram_socket *s)
{
	struct address local = s->local;

	address_unmap(&local);
	if (address_equal(to, &local))
		return true;
	return address_is_ip(to) && address_port(to) == address_port(&local) &&
	       address_is_any(&local) && (local.u.sa.sa_family == to->u.sa.sa_family || s->both) &&
	       forward_is_ours(to);
}

bool dgram_forward_is_loop(struct dgram_forward *f, const struct dgram_socket *s)
{
	for (size_t i = 0; i < f->n_places; i++) {
		char text[ADDRESS_TEXT];
		if (!forward_leads_to(&f->places[i], s))
			continue;
		run_end(f->run,
			message_usage(f->run->messages,
				      "--forward: %s is here: what comes would go round for ever",
				      address_text(&f->places[i], text)));
		return true;
	}
	return false;
}

void dgram_forward_end(struct dgram_forward *f)
{
	enum outcome_kind kind = f->run->outcome.kind;
	const char *why = kind == OUTCOME_SIGNAL  ? "signal" :
			  kind == OUTCOME_TIMEOUT ? "time limit" :
						    "end of the run";

	f->resting = NULL;
	while (f->sessions.oldest)
		forward_close(f, f->sessions.oldest, why);
}

void dgram_forward_free(struct dgram_forward *f)
{
	timer_drop(f->run->loop, &f->idle_timer);
	timer_drop(f->run->loop, &f->retry_timer);
	sessions_free(&f->sessions);
	sources_free(&f->sources);
	dgram_batch_free(f->batch);
	free(f->places);
}
