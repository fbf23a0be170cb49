/* run.c - the course of a subcommand: from its signals and limits to the last byte of its files */
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "flow/pipes.h"
#include "flow/pool.h"
#include "flow/transfer.h"
#include "loop/signals.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/sandbox.h"

#define LEAVE_LIMIT SECOND    /* for what was read to arrive */
#define WAITS_INTERVAL SECOND /* after that much silence -vv tells what is waited for */

static void run_tell_stopped(const struct run *r, bool stopped)
{
	if (r->calls.stopped)
		r->calls.stopped(r->calls.arg, stopped);
}

/* Adds what is waited for to TEXT, if that is known. */
static void run_add_waits(const struct run *r, struct text *text)
{
	if (r->lookup.lookup)
		text_add(text, RUN_LOOKUP, places_word(r->lookup.lookup),
			 r->lookup.wait == UNSET ? "--timeout" : "-w");
	else if (r->calls.waits)
		r->calls.waits(r->calls.arg, text);
}

/* Somebody asks how far R is. */
static void run_tell_figures(const struct run *r)
{
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);

	if (r->calls.figures) {
		r->calls.figures(r->calls.arg, FIGURES_ASKED);
		return;
	}
	run_add_waits(r, &text);
	message(r->messages, MESSAGE_NOTE, "note", "waiting for %.*s", (int)text.length, text.data);
	text_free(&text);
}

static void run_on_signal(void *arg, int signal)
{
	struct run *r = arg;

	if (signal == SIGHUP && !r->ended && r->calls.hangup && r->calls.hangup(r->calls.arg))
		return;
	switch (signal) {
	case SIGUSR1:
		run_tell_figures(r);
		break;
	case SIGTSTP:
		run_tell_stopped(r, true);
		/* The kernel does not stop an orphaned process group: then this returns at once. */
		signals_stop();
		run_tell_stopped(r, false);
		break;
	case SIGCONT:
		run_tell_stopped(r, false);
		break;
	default:
		if (r->calls.signalled)
			r->calls.signalled(r->calls.arg, signal);
		/* A second one waits for nothing. */
		if (r->leaving)
			loop_stop(r->loop);
		else
			run_end(r, (struct outcome){ OUTCOME_SIGNAL, signal });
	}
}

static void run_on_stats(void *arg)
{
	struct run *r = arg;

	timer_set(r->loop, &r->stats_timer, clock_after(clock_now(), r->data->stats.interval));
	if (r->calls.figures)
		r->calls.figures(r->calls.arg, FIGURES_INTERVAL);
}

static void run_on_timeout(void *arg)
{
	struct run *r = arg;

	if (r->leaving) {
		loop_stop(r->loop);
	} else {
		char time[32];
		run_end(r, message_timeout(r->messages, "not done within %s (--timeout)",
					   duration_format(time, sizeof time, r->data->timeout)));
	}
}

/* Called once at the end of the run, from the loop, where nothing is in the middle of anything; and
 * again when the time is up. */
static void run_on_leave(void *arg)
{
	struct run *r = arg;

	if (!r->leaving) {
		r->leaving = true;
		timer_set(r->loop, &r->leave_timer, clock_after(clock_now(), LEAVE_LIMIT));
		r->calls.leave(r->calls.arg);
	} else {
		loop_stop(r->loop);
	}
}

static void run_on_waits(void *arg)
{
	struct run *r = arg;
	struct run_totals totals = { 0 };
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	bool same;

	timer_set(r->loop, &r->waits_timer, clock_after(clock_now(), WAITS_INTERVAL));
	if (r->calls.totals)
		r->calls.totals(r->calls.arg, &totals);
	run_add_waits(r, &text);
	same = totals.sent + totals.received == r->waits_moved && text_equal(&text, &r->waits);
	if (same && !r->waits_said && text.length)
		message(r->messages, MESSAGE_STEP, "waiting", "waiting for %.*s", (int)text.length,
			text.data);
	r->waits_said = same;
	r->waits_moved = totals.sent + totals.received;
	text_free(&r->waits);
	r->waits = text;
}

/* Is there output that a file of -o, -x or -X has not taken yet? */
static bool run_copies_wait(const struct run *r)
{
	bool waits = false;

	for (int i = 0; r->copies && i < TRANSCRIPTS; i++)
		waits |= output_waits(&r->copies[i].out) > 0;
	return waits;
}

static void run_copy_changed(void *arg)
{
	const struct transcript *t = arg;
	struct run *r = t->arg;
	int error = transcript_error(t);

	if (error)
		run_end(r, report_error(r->messages, t->out.to.name, error));
	else if (r->finishing && !run_copies_wait(r))
		loop_stop(r->loop);
}

/* Opens the files of -o, -x and -X. Returns 0, or -1 having said why not. */
static int run_open_copies(struct run *r)
{
	const struct data_options *d = r->data;
	const char *const paths[TRANSCRIPTS] = { [TRANSCRIPT_RAW] = d->output,
						 [TRANSCRIPT_HEX] = d->hex_dump,
						 [TRANSCRIPT_TEXT] = d->text_dump };

	if (!run_copies(r))
		return 0;
	r->copies = calloc(TRANSCRIPTS, sizeof *r->copies);
	if (!r->copies) {
		report_error(r->messages, "start", errno);
		return -1;
	}
	for (int i = 0; i < TRANSCRIPTS; i++)
		if (paths[i] && transcript_open(&r->copies[i], r->loop, paths[i], d->append,
						(enum transcript_form)i, run_copy_changed, r) < 0) {
			report_error(r->messages, paths[i], errno);
			return -1;
		}
	return 0;
}

static bool run_is_stderr(const char *path)
{
	return path && !strcmp(path, "-");
}

int run_check(const struct messages *m, const struct data_options *data, struct option_error *error)
{
	const char *option = run_is_stderr(data->output)    ? "output" :
			     run_is_stderr(data->hex_dump)  ? "hex-dump" :
			     run_is_stderr(data->text_dump) ? "text-dump" :
							      NULL;

	if (m->options.json && option)
		return option_fail(error, "--json and '--%s -' both want stderr", option);
	return dialogue_check(&data->dialogue, error);
}

int run_start(struct run *r, const struct messages *m, const struct data_options *data)
{
	static const struct data_options no_data = DATA_OPTIONS_DEFAULT;

	*r = (struct run){ .loop = loop_new(), .messages = m, .data = data ? data : &no_data };
	if (!r->loop) {
		report_error(m, "start", errno);
		return -1;
	}
	signals_start();
	loop_on_signal(r->loop, run_on_signal, r);
	r->timeout = (struct timer){ .fn = run_on_timeout, .arg = r };
	r->waits_timer = (struct timer){ .fn = run_on_waits, .arg = r };
	r->leave_timer = (struct timer){ .fn = run_on_leave, .arg = r };
	timer_set(r->loop, &r->timeout, clock_after(m->start, r->data->timeout));
	if (message_wanted(m, MESSAGE_STEP))
		timer_set(r->loop, &r->waits_timer, clock_after(m->start, WAITS_INTERVAL));
	if (run_open_copies(r) < 0) {
		run_free(r);
		return -1;
	}
	progress_start(r);
	return 0;
}

void run_begin_intervals(struct run *r)
{
	if (!r->data->stats.on)
		return;
	r->stats_timer = (struct timer){ .fn = run_on_stats, .arg = r };
	timer_set(r->loop, &r->stats_timer, clock_after(clock_now(), r->data->stats.interval));
}

static void run_found(void *arg, struct places_answer *found)
{
	struct run *r = arg;

	timer_drop(r->loop, &r->lookup.limit);
	if (found->failure.eai)
		run_end(r, report_lookup(r->messages, &found->failure));
	else
		r->lookup.fn(r->lookup.arg, found);
}

static void run_lookup_late(void *arg)
{
	struct run *r = arg;
	char time[32];

	run_end(r, message_timeout(r->messages, "look-up of %s: no answer within %s (-w)",
				   r->lookup.what,
				   duration_format(time, sizeof time, r->lookup.wait)));
}

void run_look_up(struct run *r, const struct places_question *q, const char *what, int64_t wait,
		 places_fn *fn, void *arg)
{
	r->lookup = (struct run_lookup){ .limit = { .fn = run_lookup_late, .arg = r },
					 .wait = wait,
					 .what = what,
					 .fn = fn,
					 .arg = arg };
	timer_set(r->loop, &r->lookup.limit, clock_after(clock_now(), wait));
	places_find(r->loop, q, run_found, r, &r->lookup.lookup);
}

void run_copy(struct run *r, const struct transcript_piece *piece, const void *data, size_t n)
{
	if (r->copies)
		transcripts_add(r->copies, piece, data, n);
}

bool run_copies(const struct run *r)
{
	const struct data_options *d = r->data;

	return d->output || d->hex_dump || d->text_dump;
}

bool run_copies_full(const struct run *r)
{
	return r->copies && transcripts_full(r->copies);
}

void run_end(struct run *r, struct outcome outcome)
{
	bool first = !r->ended;

	if (first)
		r->outcome = outcome;
	r->ended = true;
	if (r->finishing || !r->calls.delivers || !r->calls.delivers(r->calls.arg))
		loop_stop(r->loop);
	else if (first)
		timer_set(r->loop, &r->leave_timer, clock_now());
}

static void run_move_copies(struct run *r, struct loop *loop)
{
	for (int i = 0; r->copies && i < TRANSCRIPTS; i++)
		output_move(&r->copies[i].out, loop);
	r->loop = loop;
}

/* Writes the rest to the files of -o, -x and -X, whose readers may be slow, until that is done or a
 * signal or --timeout ends it. This has a loop of its own, since nothing else may go on. */
static void run_finish_copies(struct run *r)
{
	struct loop *served = r->loop, *rest;
	bool told_to = r->outcome.kind == OUTCOME_SIGNAL && r->outcome.detail != SIGPIPE;
	bool timed_out = r->data->timeout != UNSET && !r->timeout.slot;

	if (told_to || timed_out || !run_copies_wait(r))
		return;
	rest = loop_new();
	if (!rest)
		return;
	timer_drop(served, &r->timeout);
	run_move_copies(r, rest);
	timer_set(rest, &r->timeout, clock_after(r->messages->start, r->data->timeout));
	loop_on_signal(rest, run_on_signal, r);
	r->finishing = true;
	/* A failure of the files becomes the outcome only if nothing failed before. */
	r->ended = r->outcome.kind != OUTCOME_DONE;
	if (loop_run(rest) < 0)
		run_end(r, report_error(r->messages, "poll", errno));
	timer_drop(rest, &r->timeout);
	run_move_copies(r, served);
	loop_free(rest);
}

struct outcome run_wait(struct run *r)
{
	if (!r->ended && !r->calls.confines)
		sandbox_enter(r->messages, NULL);
	if ((!r->ended || r->leave_timer.slot) && loop_run(r->loop) < 0)
		run_end(r, report_error(r->messages, "poll", errno));
	/* Whoever gave up has not said why. */
	if (!r->ended)
		run_end(r, message_fail(r->messages, OUTCOME_FAILED, errno_name(EDEADLK),
					"not done, and nothing is left to wait for (%s)",
					errno_name(EDEADLK)));
	timer_drop(r->loop, &r->leave_timer);
	if (r->calls.ending)
		r->calls.ending(r->calls.arg);
	run_finish_copies(r);
	for (int i = 0; r->copies && i < TRANSCRIPTS; i++) {
		const char *name = r->copies[i].out.to.name;
		bool told = transcript_error(&r->copies[i]);
		if (transcript_close(&r->copies[i]) == 0 || told)
			continue;
		struct outcome outcome = report_error(r->messages, name, errno);
		if (r->outcome.kind == OUTCOME_DONE)
			r->outcome = outcome;
	}
	progress_end(r);
	timer_drop(r->loop, &r->stats_timer);
	if (r->calls.figures)
		r->calls.figures(r->calls.arg, FIGURES_END);
	return r->outcome;
}

void run_free(struct run *r)
{
	for (int i = 0; r->copies && i < TRANSCRIPTS; i++)
		transcript_close(&r->copies[i]);
	free(r->copies);
	text_free(&r->waits);
	places_cancel(r->lookup.lookup);
	timer_drop(r->loop, &r->lookup.limit);
	loop_free(r->loop);
	pool_free();
	pipes_free();
}
