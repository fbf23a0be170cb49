/* sender_batch.c - sending a batch to the current place: how much at once, and what an error means
 */
#include <errno.h>

#include "base/clock.h"
#include "dgram/report.h"
#include "dgram/room.h"
#include "dgram/sender_state.h"

#define CREDIT (20 * MILLISECOND)      /* a late timer is made up for, so much of it */
#define COPIES_LOOK (20 * MILLISECOND) /* whether -o, -x and -X have caught up */

struct dgram_queue *sender_batch(struct sender *s)
{
	return s->kept.resending ? &s->kept.batch : &s->in.batch;
}

void sender_pause(struct sender *s, int64_t time)
{
	s->pace.state = PACE_PAUSE;
	timer_set(s->run->loop, &s->pace.timer, time);
}

void sender_rest(struct sender *s, int64_t time)
{
	dgram_traffic_rest(&s->traffic, time);
	sender_pause(s, time);
}

/* ---- the next place ---- */

bool sender_may_move(const struct sender *s, int error)
{
	return error != EMSGSIZE && s->kept.complete && s->traffic.counts.received == 0 &&
	       sender_places_left(&s->places);
}

void sender_move(struct sender *s, int error)
{
	watch_drop(s->run->loop, &s->socket_watch);
	s->state = SENDER_SENDS;
	s->refusal.pending = false;
	s->pace.no_room = 0;
	if (s->pace.state == PACE_FULL)
		s->pace.state = PACE_FREE;
	if (sender_places_next(&s->places, error) < 0)
		return;
	s->socket_watch.fd = s->places.socket.fd;
	sender_kept_resend(&s->kept);
}

/* ---- a batch ---- */

/* Returns how many of the N at V may go now by --pps and --rate. If none may, pauses S. */
static size_t sender_allowed(struct sender *s, const struct dgram *v, size_t n)
{
	struct rate *r = &s->pace.rate;
	int64_t now, at;
	size_t i = 0;

	if (!rate_is_set(r))
		return n;
	now = clock_now();
	rate_forget(r, now - CREDIT);
	for (at = r->due; i < n && at <= now; i++)
		at += rate_cost(r, (int64_t)v[i].size);
	if (i == 0)
		sender_rest(s, r->due);
	return i;
}

/* Tells each of the N at V where it goes. */
static void sender_address(const struct sender *s, struct dgram *v, size_t n)
{
	const struct sender_place *p = sender_places_current(&s->places);
	bool connected = s->places.socket.peer.length > 0;

	for (size_t i = 0; i < n; i++) {
		v[i].to = connected ? NULL : &p->to;
		v[i].from = NULL;
		v[i].interface = p->interface;
	}
}

/* Passes over the next N datagrams of B. */
static void sender_pass(struct dgram_queue *b, size_t n)
{
	struct dgram_place place = { .v = b->v + b->at };
	struct dgram *d;

	while (n > 0)
		n -= dgram_pass(&place, n);
	b->at = (size_t)(place.v - b->v);
	if (place.gone == 0)
		return;
	d = &b->v[b->at];
	d->data = dgram_data(&place);
	d->more -= place.gone;
}

/* The next N of B have gone. */
static void sender_sent(struct sender *s, struct dgram_queue *b, size_t n)
{
	const struct sender_place *p = sender_places_current(&s->places);
	const struct dgram *v = b->v + b->at;

	dgram_traffic_sent(&s->traffic, v, n, true, &p->to, p->name);
	for (size_t i = 0; rate_is_set(&s->pace.rate) && i < n; i++)
		s->pace.rate.due += rate_cost(&s->pace.rate, (int64_t)v[i].size);
	sender_kept_add(&s->kept, v, n);
	s->pace.no_room = 0;
	sender_pass(b, n);
	if (s->kept.resending && b->at == b->n)
		sender_kept_next(&s->kept);
}

/* There was no room for the next datagram. Pauses, or returns false: it will have none. */
static bool sender_awaits_room(struct sender *s)
{
	int64_t now = clock_now();

	if (!s->pace.no_room)
		s->pace.no_room = now;
	if (now - s->pace.no_room >= ROOM_PATIENCE) {
		s->pace.no_room = 0;
		return false;
	}
	sender_pause(s, now + ROOM_PAUSE);
	return true;
}

/* Has each place refused the first datagram that it was to have? */
static bool sender_is_stuck(const struct sender *s)
{
	for (size_t i = 0; i < s->places.n; i++)
		if (!s->places.v[i].failed)
			return false;
	return s->traffic.counts.sent == 0;
}

/* The next of B could not be sent, for ERROR. */
static void sender_unsent(struct sender *s, struct dgram_queue *b, int error)
{
	struct sender_place *p = sender_places_current(&s->places);

	if (error == EAGAIN) {
		s->pace.state = PACE_FULL;
		return;
	}
	if (room_lacks(error) && sender_awaits_room(s))
		return;
	if (sender_may_move(s, error)) {
		sender_move(s, error);
		return;
	}
	if (s->places.n_failures && error != EMSGSIZE)
		sender_places_report(&s->places, error, NULL);
	else
		report_dgram_error(s->run->messages, p->failed ? MESSAGE_STEP : MESSAGE_ERROR,
				   &(struct dgram_error){
					   .error = error,
					   .to = &p->to,
					   .mtu = error == EMSGSIZE ?
							  dgram_too_large(&s->places.socket,
									  b->v[b->at].size) :
							  0 },
				   &(struct dgram_unsent){ p->name, b->v[b->at].size }, false);
	s->failed = p->failed = true;
	/* A datagram that one interface does not take may still leave by the others, unless none of
	 * them has a route at all. */
	if (!s->places.together || error == EMSGSIZE || sender_is_stuck(s))
		sender_finish(s, (struct outcome){ OUTCOME_FAILED, 0 }, "error");
	else
		b->at++;
}

void sender_send(struct sender *s)
{
	struct dgram_queue *b = sender_batch(s);
	struct dgram *v = b->v + b->at;
	size_t n = b->n - b->at;
	ssize_t sent;

	if (run_copies_full(s->run)) {
		sender_pause(s, clock_now() + COPIES_LOOK);
		return;
	}
	if (s->kept.complete) {
		dgram_errors(&s->places.socket);
		if (s->refusal.pending)
			return;
		/* If nobody is at this place, the first datagram shows it. */
		if (sender_places_left(&s->places) && s->kept.store.text.length == 0)
			n = 1;
	}
	n = sender_allowed(s, v, n);
	if (n == 0)
		return;
	if (room_is_awaited(&s->places.socket, s->pace.no_room)) {
		sender_pause(s, clock_now() + ROOM_PAUSE);
		return;
	}
	sender_address(s, v, n);
	sent = dgram_send(&s->places.socket, v, n);
	if (sent < 0)
		sender_unsent(s, b, errno);
	else
		sender_sent(s, b, (size_t)sent);
}
