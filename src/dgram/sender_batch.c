#include <errno.h>

#include "base/clock.h"
#include "dgram/report.h"
#include "run/report.h"
#include "dgram/sender_state.h"

#define CREDIT (20 * MILLISECOND)      /* a late timer is made up for, so much of it */
#define NO_BUFFER_PAUSE MILLISECOND    /* after ENOBUFS */
#define COPIES_LOOK (20 * MILLISECOND) /* whether -o and -x have caught up */

void sender_pause(struct sender *s, int64_t at)
{
	s->paused = true;
	timer_set(s->run->loop, &s->pace, at);
}

void sender_rest(struct sender *s, int64_t at)
{
	s->rests = at;
	sender_pause(s, at);
}

/* How many of the N at V may go now by --pps and --rate; where there is none, S is paused. */
static size_t hold_back(struct sender *s, const struct dgram *v, size_t n)
{
	int64_t now, at;
	size_t i = 0;

	if (!rate_is_set(&s->rate))
		return n;
	now = clock_now();
	rate_forget(&s->rate, now - CREDIT);
	for (at = s->rate.due; i < n && at <= now; i++)
		at += rate_cost(&s->rate, (int64_t)v[i].size);
	if (i == 0)
		sender_rest(s, s->rate.due);
	return i;
}

/* The next N of B have gone. */
static void sent(struct sender *s, struct sender_batch *b, size_t n)
{
	const struct sender_place *p = &s->places[s->place];
	bool trace = message_wanted(s->run->messages, MESSAGE_STEP);
	bool paced = rate_is_set(&s->rate);

	for (size_t i = b->at; i < b->at + n; i++) {
		const struct dgram *d = &b->v[i];
		const struct transcript_piece piece = { .sent = true, .offset = s->sent_bytes };

		run_copy(s->run, &piece, d->data, d->size);
		if (paced)
			s->rate.due += rate_cost(&s->rate, (int64_t)d->size);
		if (trace)
			sender_say(s, true, &p->to, *p->name ? p->name : NULL, d->size);
		s->sent_bytes += d->size;
	}
	s->sent_datagrams += n;
	s->last_move = clock_now();
	sender_keep(s, b, n);
	b->at += n;
}

/* Has each place refused the first that it was to have? */
static bool none_works(const struct sender *s)
{
	for (size_t i = 0; i < s->n_places; i++)
		if (!s->places[i].failed)
			return false;
	return s->sent_datagrams == 0;
}

/* The next of B could not be sent, for ERROR. Returns whether to go on. */
static bool unsent(struct sender *s, struct sender_batch *b, int error)
{
	struct sender_place *p = &s->places[s->place];
	size_t size = b->v[b->at].size;

	if (error == EAGAIN) {
		s->sock_full = true;
		return false;
	}
	if (error == ENOBUFS) {
		sender_pause(s, clock_now() + NO_BUFFER_PAUSE);
		return false;
	}
	if (error != EMSGSIZE && sender_next_place(s, error, NULL))
		return !sender_is_over(s);
	if (s->n_failures && error != EMSGSIZE)
		sender_report_places(s, error, NULL);
	else
		report_unsent(s->run->messages, p->failed ? MESSAGE_STEP : MESSAGE_ERROR, &p->to,
			      *p->name ? p->name : NULL, size, error);
	s->failed = p->failed = true;
	/* What one interface does not take may still leave by the others, but for where there is no
	 * way at all. */
	if (!s->together || error == EMSGSIZE || none_works(s)) {
		sender_finish(s, (struct outcome){ OUTCOME_FAILED, 0 }, "error");
		return false;
	}
	b->at++;
	return true;
}

/* How many of the N at V go in one call. */
static size_t at_once(struct sender *s, const struct dgram *v, size_t n)
{
	/* Where a place is that nobody is at, the first datagram shows it. */
	if (s->keeping && s->place + 1 < s->n_places && s->kept.text.length == 0)
		n = 1;
	return hold_back(s, v, n);
}

/* Tells each of the N at V where it goes. */
static void direct(const struct sender *s, struct dgram *v, size_t n)
{
	const struct sender_place *p = &s->places[s->place];
	bool connected = s->sock.peer.length > 0;

	for (size_t i = 0; i < n; i++) {
		v[i].to = connected ? NULL : &p->to;
		v[i].from = NULL;
		v[i].interface = p->interface;
	}
}

bool sender_send(struct sender *s, struct sender_batch *b)
{
	struct dgram *v = b->v + b->at;
	size_t n;
	ssize_t k;

	if (run_copies_full(s->run)) {
		sender_pause(s, clock_now() + COPIES_LOOK);
		return false;
	}
	if (s->keeping) {
		size_t place = s->place;
		sender_take_errors(s);
		if (sender_is_over(s) || s->place != place)
			return !sender_is_over(s);
	}
	n = at_once(s, v, b->n - b->at);
	if (n == 0)
		return false;
	direct(s, v, n);
	k = dgram_send(&s->sock, v, n);
	if (k < 0)
		return unsent(s, b, errno);
	sent(s, b, (size_t)k);
	sender_heed_refusal(s);
	return !sender_is_over(s);
}
