/* receiver_answers.c - what a receiver sends: echoes, the answers of commands, and stdin */
#include <errno.h>

#include "base/clock.h"
#include "dgram/report.h"
#include "dgram/room.h"
#include "dgram/receiver_state.h"
#include "run/report.h"

/* What goes to TO is to be tried again, as poll(2) does not tell when it can go. Has that lasted
 * for LIMIT? */
static bool receiver_is_stuck(struct receiver *x, const struct address *to, int64_t limit)
{
	int64_t now = clock_now();

	if (!x->stuck_since || !address_equal(&x->stuck, to)) {
		x->stuck = *to;
		x->stuck_since = now;
	}
	return now - x->stuck_since >= limit;
}

static void receiver_try_later(struct receiver *x)
{
	timer_set(x->run.loop, &x->retry_timer, clock_after(clock_now(), ROOM_PAUSE));
}

/* Sending D by S has failed with ERROR. Is it to be tried again, when POLLOUT or a timer says so?
 */
static bool receiver_must_wait(struct receiver *x, struct receiver_socket *s, const struct dgram *d,
			       int error)
{
	int64_t limit = ROOM_PATIENCE;

	if (error == EAGAIN && s->socket->family != AF_UNIX) {
		watch_set(x->run.loop, &s->watch, (short)(s->watch.events | POLLOUT));
		return true;
	}
	/* The queue of a UNIX socket is full. A client that asks and does not read must not keep
	 * others waiting. Stdin's datagrams wait for as long as it takes. */
	if (error == EAGAIN)
		limit = x->c->options->reply ? UNSET : x->c->stall;
	else if (!room_lacks(error))
		return false;
	if (limit != UNSET && receiver_is_stuck(x, d->to, limit))
		return false;
	receiver_try_later(x);
	return true;
}

/* Has the send buffer of S to drain before D is tried again? */
static bool receiver_awaits_room(const struct receiver *x, const struct receiver_socket *s,
				 const struct dgram *d)
{
	return x->stuck_since && address_equal(&x->stuck, d->to) &&
	       room_is_awaited(s->socket, x->stuck_since);
}

/* Says that D, an answer, cannot be sent: the socket that asked has no name. */
static void receiver_say_nameless(const struct receiver *x, const struct dgram *d)
{
	char who[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, x->run.messages, MESSAGE_VERBOSE, "unanswered");
	if (d->to->who.known)
		address_json(&n.json, "peer", d->to);
	notice_end(&n, "%s has no name: it cannot be answered", address_text(d->to, who));
}

/* Does ERROR of sending an answer by S, a UNIX socket, mean that the one who asked is gone or does
 * not want it? */
static bool receiver_is_gone(const struct receiver_socket *s, int error)
{
	return s->socket->family == AF_UNIX &&
	       (error == ECONNREFUSED || error == ENOENT || error == ECONNRESET || error == EPERM ||
		error == EACCES || error == EPROTOTYPE);
}

/* Says that D could not be sent by S, and gives it up. */
static void receiver_give_up(struct receiver *x, const struct receiver_socket *s,
			     const struct dgram *d, int error)
{
	const struct dgram_error e = { .error = error, .to = d->to };

	if (receiver_is_gone(s, error)) {
		receiver_on_error(x, &e);
		return;
	}
	report_dgram_error(x->run.messages, MESSAGE_ERROR, &e,
			   &(struct dgram_unsent){ "", d->size }, false);
	x->failed = true;
}

size_t receiver_send(struct receiver *x, struct receiver_socket *s, const struct dgram *d, size_t n)
{
	size_t done = 0;

	while (done < n && !receiver_is_blocked(s) && !x->retry_timer.slot) {
		size_t named = 0;
		ssize_t sent;
		while (done + named < n && d[done + named].to->length > 0)
			named++;
		if (named == 0) {
			receiver_say_nameless(x, &d[done++]);
			continue;
		}
		if (receiver_awaits_room(x, s, &d[done])) {
			receiver_try_later(x);
			break;
		}
		sent = dgram_send(s->socket, d + done, named);
		if (sent > 0) {
			if (x->stuck_since && address_equal(&x->stuck, d[done].to))
				x->stuck_since = 0;
			/* An echo is copied to -o, -x and -X later, behind the datagram that came.
			 */
			dgram_traffic_sent(&x->traffic, d + done, (size_t)sent,
					   !x->c->options->echo, NULL, "");
			done += (size_t)sent;
			continue;
		}
		if (receiver_must_wait(x, s, &d[done], errno))
			break;
		receiver_give_up(x, s, &d[done++], errno);
	}
	return done;
}

void receiver_on_error(void *arg, const struct dgram_error *e)
{
	struct receiver *x = arg;
	/* An answer that nobody waits for is no loss; a datagram of stdin is. */
	bool matters = x->c->options->reply;

	x->traffic.counts.errors++;
	report_dgram_error(x->run.messages, matters ? MESSAGE_ERROR : MESSAGE_VERBOSE, e, NULL,
			   false);
	x->failed = x->failed || matters;
	if (x->c->options->forward && e->to)
		dgram_forward_refused(&x->forward, e->to, e->error);
}

/* ---- what stdin gives ---- */

/* Sends what is left of stdin's batch. */
static void receiver_send_batch(struct receiver *x)
{
	struct dgram_queue *b = &x->in.batch;
	uint64_t before = x->traffic.sent;

	for (size_t i = b->at; i < b->n; i++) {
		b->v[i].to = &x->target.to;
		b->v[i].from = x->target.local.length ? &x->target.local : NULL;
	}
	b->at += receiver_send(x, x->target.by, b->v + b->at, b->n - b->at);
	receiver_pace(x, &x->in_pace_timer, x->traffic.sent - before);
}

void receiver_send_stdin(struct receiver *x)
{
	struct dgram_queue *b = &x->in.batch;

	receiver_send_batch(x);
	while (b->at == b->n && x->in.state == STDIN_OPEN && !x->in_pace_timer.slot) {
		switch (dgram_stdin_next(&x->in, DGRAM_BATCH)) {
		case STDIN_READ_FAILED:
			x->failed = true;
			/* fall through */
		case STDIN_READ_ROUND:
			x->in.state = STDIN_ENDED;
			break;
		case STDIN_READ_SOME:
			receiver_send_batch(x);
			/* Others get their turn before more is read. */
			if (b->n && !x->in_pace_timer.slot)
				timer_set(x->run.loop, &x->in_pace_timer, clock_now());
			break;
		case STDIN_READ_IDLE:
			break;
		}
	}
}

static void receiver_on_stdin(void *arg)
{
	receiver_send_stdin(arg);
	receiver_go_on(arg);
}

void receiver_start_stdin(struct receiver *x)
{
	dgram_stdin_start(&x->in, &x->run, NULL, 1, x->c->frame, x->most, receiver_on_stdin, x);
	x->in.state = STDIN_IDLE;
	x->in_pace_timer = (struct timer){ .fn = receiver_on_stdin, .arg = x };
}
