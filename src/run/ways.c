/* ways.c - the course of the ways to a place: what begins when, and in which order it is told */
#include "run/ways.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/report.h"
#include "run/ways_state.h"
#include "system/interfaces.h"

/* So long after the last connection those steps wait that come when all are over: they take time,
 * by which an answer would be measured too late. */
#define OVER_DELAY (500 * MILLISECOND)

/* ---- the course ---- */

static void task_end(struct way *w, struct task *t, enum task_state state)
{
	t->state = state;
	t->ns = clock_now() - t->start;
	timer_set(w->ways->c.loop, &w->ways->turn, loop_now(w->ways->c.loop));
}

void task_done(struct way *w, struct task *t)
{
	task_end(w, t, TASK_DONE);
}

void task_leave_out(struct way *w, struct task *t)
{
	task_end(w, t, TASK_LEFT_OUT);
}

/* Begins the steps whose time is WHEN; with LEAVE_OUT they are none of W's. */
static void way_begin(struct way *w, enum step_when when, bool leave_out)
{
	for (size_t i = 0; i < STEPS; i++) {
		struct task *t = &w->tasks[i];
		if (ways_steps[i].when != when || t->state != TASK_WAITS)
			continue;
		t->state = TASK_RUNS;
		t->start = clock_now();
		if (leave_out || !(ways_steps[i].kinds & w->kind))
			task_leave_out(w, t);
		else
			ways_steps[i].start(w, t);
	}
}

bool way_is_open(const struct way *w)
{
	return w->result.fd >= 0;
}

bool way_is_silent(const struct way *w)
{
	const struct dial_result *r = &w->result;

	return !way_is_open(w) && (r->timed_out || (r->n && r->failures[0].error == ETIMEDOUT &&
						    !r->failures[0].what));
}

void way_go_on(struct way *w)
{
	way_begin(w, STEP_OPEN, !way_is_open(w));
	way_begin(w, STEP_SILENT, !way_is_silent(w));
}

/* Is W open, and leads to the host? */
static bool way_arrives(const struct way *w)
{
	return way_is_open(w) && w->kind != WAY_PROXY;
}

bool ways_arrive(const struct ways *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (way_arrives(&w->ways[i]))
			return true;
	return false;
}

/* ---- what is told ---- */

static void task_tell(const struct way *w, size_t step, struct steps *s)
{
	const struct task *t = &w->tasks[step];
	struct text answer = { 0 };
	struct explain_step told = { .name = ways_steps[step].name,
				     .where = step == STEP_ROUTE ? w->host : w->where,
				     .answer = "",
				     .ns = ways_steps[step].timed ? t->ns : -1 };

	if (t->state != TASK_DONE)
		return;
	text_put(&answer, t->answer.data, t->answer.length);
	text_put(&answer, "", 1);
	if (answer.failed || t->answer.failed)
		s->facts->out->failed = true;
	else
		told.answer = answer.data;
	steps_tell(s, &told);
	text_free(&answer);
}

bool ways_tell(struct ways *w, struct steps *s)
{
	for (; w->step < STEPS; w->step++, w->at = 0)
		for (; w->at < w->n; w->at++) {
			enum task_state state = w->ways[w->at].tasks[w->step].state;
			if (state == TASK_WAITS || state == TASK_RUNS)
				return false;
			task_tell(&w->ways[w->at], w->step, s);
		}
	return true;
}

void ways_judge(struct ways *w, struct steps *s)
{
	for (size_t step = 0; step < STEPS; step++)
		for (size_t i = 0; i < w->n && ways_steps[step].judge; i++) {
			struct text text = { 0 };
			if (w->ways[i].tasks[step].state == TASK_DONE)
				ways_steps[step].judge(&w->ways[i], &text);
			if (text.length)
				text_put(&text, "", 1);
			s->facts->out->failed |= text.failed;
			if (text.length && !text.failed)
				steps_wrong(s, text.data);
			text_free(&text);
		}
}

bool ways_result(struct ways *w, struct dial_result *r)
{
	const struct way *last = &w->ways[w->n - 1];

	*r = (struct dial_result){ .fd = -1, .error = ENOMEM };
	if (ways_arrive(w))
		return true;
	if (last->kind == WAY_THROUGH) {
		*r = last->result;
		return false;
	}
	free(w->failures);
	w->failures = calloc(w->n, sizeof *w->failures);
	for (size_t i = 0; i < w->n && w->failures; i++) {
		const struct dial_result *one = &w->ways[i].result;
		r->timed_out |= one->timed_out;
		if (one->n) {
			w->failures[r->n++] = one->failures[0];
		} else {
			r->error = one->error;
			r->lookup = one->lookup;
		}
	}
	r->failures = w->failures;
	return false;
}

void ways_json(const struct ways *w, struct json *json)
{
	if (!ways_arrive(w))
		return;
	json_open(json, "open", '[');
	for (size_t i = 0; i < w->n; i++)
		if (way_arrives(&w->ways[i]))
			address_json(json, NULL, &w->ways[i].result.peer);
	json_close(json, ']');
}

void ways_waits(const struct ways *w, struct text *text)
{
	const char *between = "";

	for (size_t i = 0; i < w->n; i++)
		for (size_t step = 0; step < STEPS; step++)
			if (w->ways[i].tasks[step].state == TASK_RUNS) {
				text_add(text, "%s%s: %s", between, w->ways[i].where,
					 ways_steps[step].name);
				between = ", ";
			}
}

/* ---- all of them ---- */

/* Is a task of STEP under way? STEPS: of any? */
static bool ways_run(const struct ways *w, size_t step)
{
	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < STEPS; k++)
			if ((k == step || step == STEPS) && w->ways[i].tasks[k].state == TASK_RUNS)
				return true;
	return false;
}

/* Begins the steps that come when all connections are over. */
static void ways_begin_over(void *arg)
{
	struct ways *w = arg;

	for (size_t i = 0; i < w->n; i++)
		way_begin(&w->ways[i], STEP_OVER, false);
}

static void ways_turn(void *arg)
{
	struct ways *w = arg;

	if (!w->over && !ways_run(w, STEP_CONNECT)) {
		w->over = clock_now();
		timer_set(w->c.loop, &w->quiet, clock_after(w->over, OVER_DELAY));
	}
	if (w->over && !ways_run(w, STEPS))
		ways_begin_over(w);
	w->c.changed(w->c.arg);
}

static void way_start(struct way *w, struct ways *ways, const struct address *a)
{
	const struct ways_config *c = &ways->c;
	char text[ADDRESS_TEXT];

	*w = (struct way){ .ways = ways, .host = c->host, .watch = { .fd = -1 } };
	w->result.fd = -1;
	if (!a) {
		w->kind = WAY_THROUGH;
		address_words(c->host, c->port, w->where, sizeof w->where);
		return;
	}
	w->kind = !address_is_ip(a) ? WAY_DIRECT : c->proxy ? WAY_PROXY : WAY_HOST;
	w->address = *a;
	w->local = w->kind == WAY_DIRECT || address_is_any(a) || interfaces_have(a);
	snprintf(w->where, sizeof w->where, "%s", address_text(a, text));
	if (w->kind != WAY_DIRECT) {
		w->host = address_host(a, w->number);
		snprintf(w->port, sizeof w->port, "%u", address_port(a));
	}
}

struct ways *ways_start(const struct ways_config *c, const struct address *addresses, size_t n)
{
	struct ways *w = calloc(1, sizeof *w);
	size_t all = n + (c->proxy != NULL);

	if (!w)
		return NULL;
	w->c = *c;
	w->messages = *c->messages;
	w->messages.options.quiet = false;
	w->turn = (struct timer){ .fn = ways_turn, .arg = w };
	w->quiet = (struct timer){ .fn = ways_begin_over, .arg = w };
	w->ways = calloc(all, sizeof *w->ways);
	if (!w->ways) {
		free(w);
		return NULL;
	}
	w->n = all;
	for (size_t i = 0; i < all; i++)
		way_start(&w->ways[i], w, i < n ? &addresses[i] : NULL);
	for (size_t i = 0; i < all; i++)
		way_begin(&w->ways[i], STEP_AT_ONCE, false);
	return w;
}

void ways_free(struct ways *w)
{
	if (!w)
		return;
	timer_drop(w->c.loop, &w->turn);
	timer_drop(w->c.loop, &w->quiet);
	for (size_t i = 0; i < w->n; i++)
		for (size_t step = 0; step < STEPS; step++) {
			text_free(&w->ways[i].tasks[step].answer);
			if (ways_steps[step].end)
				ways_steps[step].end(&w->ways[i]);
		}
	free(w->failures);
	free(w->ways);
	free(w);
}
