/* dns_window.c - how many questions are in flight: more where no queue shows, few after a loss */
#include "names/dns_window.h"

#include "base/clock.h"

#define FIRST 128  /* and as few after a loss */
#define MOST 2048  /* in flight, of which nearly all wait for something behind the server */
#define GROUP 64   /* so many are let in, and so many answers are timed, at once */
#define KNOWN 8192 /* answers, after which a measure counts for little */
/* For a group of answers: no server has more, it seems so where they were read late. */
#define PACE_LEAST (GROUP * MICROSECOND)
#define GROW_DELAY (50 * MILLISECOND) /* between one more and the next, once some were lost */

void dns_window_start(struct dns_window *w)
{
	*w = (struct dns_window){ .size = FIRST };
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

/* How many the server could answer in the least time. A quarter of what it seems to be able to is
 * left alone, as times vary: a busy one whose queue is all that takes time must not seem far. */
static double window_reach(const struct dns_window *w)
{
	return w->latest >= FIRST && w->pace ? (double)w->least * GROUP * 3 / 4 / (double)w->pace :
					       0;
}

static void keep_least(int64_t *least, int64_t time)
{
	if (!*least || time < *least)
		*least = time;
}

static void window_take_pace(struct dns_window *w, int64_t time)
{
	int64_t pace = time - w->since;

	if (w->answered++ % GROUP)
		return;
	/* Where all answers were late, that is as quick as the server is now; else it could do
	 * more, and is as quick as it ever was. The clock may have been set back. */
	if (w->recent > w->least + w->least / 4)
		w->pace = 0;
	if (w->answered > 1 && pace > 0)
		keep_least(&w->pace, pace > PACE_LEAST ? pace : PACE_LEAST);
	w->since = time;
	w->recent = 0;
}

/* F was answered in the order of sending, after TOOK ns. */
static void window_take_time(struct dns_window *w, const struct dns_flight *f, int64_t took)
{
	/* The first ones of a burst have met no queue. */
	if (f->unread <= w->size / 2 || took <= 0)
		return;
	keep_least(&w->recent, took);
	/* By and by it is forgotten: the way may have become longer. */
	w->least += w->least / KNOWN;
	keep_least(&w->least, took);
}

/* The server is not so far as it seemed while it had not come to answering, or it is slower now. */
static void window_narrow(struct dns_window *w)
{
	double reach = window_reach(w);
	size_t excess = reach < (double)w->size ? w->size - (size_t)reach : 0;

	if (excess > w->widened)
		excess = w->widened;
	w->size -= excess;
	w->widened -= excess;
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
	window_take_pace(w, time);
	if (f->number > w->latest) {
		w->latest = f->number;
		window_take_time(w, f, time - f->sent);
		if (w->widened)
			window_narrow(w);
	} else if (!open && w->latest - f->number > GROUP) {
		/* Overtaken by far: it has waited elsewhere than in a queue. */
		w->size++;
	}
}

int64_t dns_window_wait(const struct dns_window *w)
{
	return !w->lost && window_reach(w) > (double)w->size ? w->pace : UNSET;
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
