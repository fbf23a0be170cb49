/* progress.c - the live line of --progress: how far, how fast, how long still */
#include "run/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"

#define LIVE_INTERVAL (250 * MILLISECOND)
#define LINE_INTERVAL SECOND
#define AVERAGED (2.0 * (double)SECOND) /* time constant of the average rate */

/* Writes NS as `1:02:03` or `2:03`. */
static void progress_clock(char *text, size_t size, double ns)
{
	long long s = (long long)(ns / (double)SECOND);

	if (s >= 3600)
		snprintf(text, size, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(text, size, "%lld:%02lld", s / 60, s % 60);
}

/* Updates *AVERAGE, the rate of late (below 0: none yet), with N bytes that moved in NS. */
static void progress_average(double *average, uint64_t n, int64_t ns)
{
	double rate = (double)n / (double)ns * (double)SECOND, share = (double)ns / AVERAGED;

	*average = *average < 0 ? rate : *average + (rate - *average) * share / (1 + share);
}

/* How much of stdin is known to be to come, all in all; 0: nobody knows. A file can grow meanwhile.
 */
static uint64_t progress_all(const struct run_totals *t)
{
	if (t->expected <= 0)
		return 0;
	return (uint64_t)t->expected > t->taken ? (uint64_t)t->expected : t->taken;
}

/* Appends how much of stdin has been taken, and when it will end at RATE bytes a second: `45 %, ETA
 * 0:12`. Nothing where its size is not known. */
static void progress_add_rest(char *text, size_t size, const struct run_totals *t, double rate)
{
	uint64_t all = progress_all(t);
	double left = all ? (double)(all - t->taken) : 0;
	char time[32];
	size_t n = strlen(text);

	if (!all)
		return;
	n += (size_t)snprintf(text + n, size - n, ", %.0f %%",
			      100.0 * (double)t->taken / (double)all);
	if (rate <= 0 || left <= 0 || n >= size)
		return;
	progress_clock(time, sizeof time, left / rate * (double)SECOND);
	snprintf(text + n, size - n, ", ETA %s", time);
}

/* Writes the line of R, which has come as far as T, into TEXT of SIZE bytes. */
static void progress_line(const struct run *r, const struct run_totals *t, char *text, size_t size)
{
	char sent[40], received[32], speed[32], time[32];
	uint64_t all = progress_all(t);

	/* What a filter adds is no part of stdin. */
	if (all)
		size_format_of(sent, sizeof sent, (double)(t->sent < t->taken ? t->sent : t->taken),
			       (double)all);
	else
		size_format(sent, sizeof sent, (double)t->sent);
	size_format(received, sizeof received, (double)t->received);
	size_format(speed, sizeof speed, r->rate);
	progress_clock(time, sizeof time, (double)(t->start ? clock_now() - t->start : 0));
	if ((t->sent || all) && t->received)
		snprintf(text, size, "sent %s, received %s, %s/s, %s", sent, received, speed, time);
	else
		snprintf(text, size, "%s %s, %s/s, %s", t->received ? "received" : "sent",
			 t->received ? received : sent, speed, time);
	progress_add_rest(text, size, t, r->taking);
}

static void progress_show(const struct run *r, const struct run_totals *t, bool last)
{
	char text[256];
	struct notice n;

	progress_line(r, t, text, sizeof text);
	if (r->live) {
		/* A line that fills the last column moves some terminals on. */
		message_live(text, terminal_columns(STDERR_FILENO) - 1, last);
		return;
	}
	notice_begin(&n, r->messages, MESSAGE_NOTE, "progress");
	json_number(&n.json, "sent", (int64_t)t->sent);
	json_number(&n.json, "received", (int64_t)t->received);
	json_number(&n.json, "rate", (int64_t)r->rate);
	json_milliseconds(&n.json, "elapsed_ms", t->start ? clock_now() - t->start : 0);
	if (t->expected > 0)
		json_number(&n.json, "expected", t->expected);
	notice_end(&n, "%s", text);
}

static void progress_look(void *arg)
{
	struct run *r = arg;
	struct run_totals t = { .expected = UNSET };
	int64_t now = clock_now(), ns = now - r->last_look;

	timer_set(r->loop, &r->progress_timer,
		  clock_after(now, r->live ? LIVE_INTERVAL : LINE_INTERVAL));
	if (!r->calls.totals)
		return;
	r->calls.totals(r->calls.arg, &t);
	if (!t.start)
		return;
	progress_average(&r->rate, t.sent + t.received - r->last_moved, ns);
	progress_average(&r->taking, t.taken - r->last_taken, ns);
	r->last_moved = t.sent + t.received;
	r->last_taken = t.taken;
	r->last_look = now;
	progress_show(r, &t, false);
}

void progress_start(struct run *r)
{
	bool terminal;

	if (!r->data->progress || r->messages->options.quiet)
		return;
	terminal = isatty(STDERR_FILENO);
	if (!terminal && !r->messages->options.json && r->data->progress < 2)
		return;
	r->live = terminal && !r->messages->options.json;
	r->rate = r->taking = -1;
	r->last_look = clock_now();
	r->progress_timer = (struct timer){ .fn = progress_look, .arg = r };
	timer_set(r->loop, &r->progress_timer, clock_after(r->last_look, LIVE_INTERVAL));
}

void progress_end(struct run *r)
{
	struct run_totals t = { .expected = UNSET };
	double seconds;

	if (!r->progress_timer.fn || !r->calls.totals)
		return;
	timer_drop(r->loop, &r->progress_timer);
	r->calls.totals(r->calls.arg, &t);
	if (!t.start)
		return;
	seconds = (double)(clock_now() - t.start) / (double)SECOND;
	if (seconds <= 0)
		seconds = 1;
	r->rate = (double)(t.sent + t.received) / seconds;
	r->taking = (double)t.taken / seconds;
	progress_show(r, &t, true);
}
