/* dns_window.c - how many questions are in flight: more where no queue shows, few after a loss */
#include "names/dns_window.h"

#include "base/clock.h"

#define FIRST 128   /* and as few after a loss */
#define MOST 2048   /* in flight, of which nearly all wait for something behind the server */
#define GROUP 64    /* so many are let in, and so many answers are timed, at once */
#define LEARNT 1024 /* answers tell enough */
/* For a group of answers: no server has more, it seems so where they were read late. */
#define PACE_LEAST (GROUP * MICROSECOND)
#define GROW_DELAY (50 * MILLISECOND) /* between one more and the next, once some were lost */

void dns_window_start(struct dns_window *w)
{
	*w = (struct dns_window){ .size = FIRST, .pace = INT64_MAX };
}

bool dns_window_is_open(const struct dns_window *w)
{
	uint64_t unread = w->sent - w->latest;

	/* Of the unread some may have been given up. */
	if (w->lost || w->flying < unread)
		return w->flying < w->size;
	return unread < w->size && (w->flying < MOST || w->flying < w->size);
}

void dns_window_depart(struct dns_window *w, struct dns_flight *f)
{
	w->flying++;
	w->sent++;
	f->flying = true;
	f->number = w->sent;
	f->unread = w->sent - w->latest;
}

void dns_window_land(struct dns_window *w, struct dns_flight *f)
{
	w->flying -= f->flying;
	f->flying = false;
}

/* Could the server answer more than W in the least time? A quarter of what it seems to be able to
 * is left alone, as times vary: a busy one whose queue is all that takes time must not seem far. */
static bool window_is_short(const struct dns_window *w)
{
	return w->latest >= FIRST &&
	       (double)w->least * GROUP * 3 / 4 > (double)w->size * (double)w->pace;
}

static void window_take_pace(struct dns_window *w, int64_t time)
{
	int64_t pace = time - w->since;

	if (w->answered++ % GROUP)
		return;
	w->since = time;
	/* The clock may have been set back. */
	if (w->answered > 1 && pace > 0 && pace < w->pace)
		w->pace = pace > PACE_LEAST ? pace : PACE_LEAST;
}

/* F was answered in the order of sending, after TOOK ns. */
static void window_take_time(struct dns_window *w, const struct dns_flight *f, int64_t took)
{
	/* The first ones of a burst have met no queue. */
	if (f->unread <= w->size / 2 || took <= 0 || (w->least && took >= w->least))
		return;
	w->least = took;
	if (window_is_short(w))
		return;
	/* It only seemed to be far, as it had not come to answering. */
	w->size -= w->widened;
	w->widened = 0;
}

bool dns_window_learns(const struct dns_window *w)
{
	return w->learnt < LEARNT;
}

static void window_grow_slowly(struct dns_window *w)
{
	int64_t now = clock_now();

	if (now < w->grown_at + GROW_DELAY)
		return;
	w->size++;
	w->grown_at = now;
}

void dns_window_answered(struct dns_window *w, const struct dns_flight *f, int64_t time)
{
	bool open = dns_window_is_open(w);

	if (w->lost) {
		if (!open)
			window_grow_slowly(w);
		return;
	}
	if (dns_window_learns(w))
		window_take_pace(w, time);
	/* Of a question that met no queue little is learnt. */
	w->learnt += f->unread > w->size / 2;
	if (f->number > w->latest) {
		w->latest = f->number;
		if (dns_window_learns(w))
			window_take_time(w, f, time - f->sent);
	} else if (!open && w->latest - f->number > GROUP) {
		/* Overtaken by far: it has waited elsewhere than in a queue. */
		w->size++;
	}
}

int64_t dns_window_wait(const struct dns_window *w)
{
	return !w->lost && window_is_short(w) ? w->pace : UNSET;
}

void dns_window_widen(struct dns_window *w)
{
	if (dns_window_wait(w) == UNSET)
		return;
	w->size += GROUP;
	w->widened += GROUP;
}

void dns_window_lost(struct dns_window *w, int64_t sent, int64_t now)
{
	/* A question sent before the last cut tells nothing about the window of now. */
	if (w->lost && sent < w->cut_at)
		return;
	w->size = w->lost && w->size / 2 > FIRST ? w->size / 2 : FIRST;
	w->widened = 0;
	w->lost = true;
	w->cut_at = w->grown_at = now;
}
