/* resolve_explain.c - what `sockit resolve --explain` prints: a row for each step, then one for
 * each thing that is wrong, or an object with both */
#include "cmd/resolve_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "names/explain.h"
#include "system/route.h"

struct explanation {
	struct explain *explain;
	struct show *show;
	char *word;
	const struct explanation_calls *calls;
	void *arg;
	struct json json;   /* the object, but for what is wrong */
	struct json wrong;  /* the members of its array `wrong` */
	struct text faults; /* the same for the rows, each ended by NUL */
	bool begun;	    /* a row has been printed */
};

/* Columns of a terminal: what a step is called, its time, its place; what it says has the rest. */
#define NAME 11
#define TIME 9
#define WHERE 21
#define TEXT_COLUMN (NAME + 2 + TIME + 2 + WHERE + 2)
#define TEXT_LEAST 20 /* columns; where there are fewer it begins further to the left */

/* Adds WORD, which becomes safe to show. Returns how many columns it has. */
static size_t explanation_put(struct explanation *e, const char *word)
{
	struct text *out = e->show->facts.out;
	struct text shown = { 0 };
	size_t columns;

	text_put_escaped(&shown, word, strlen(word), false);
	text_put(&shown, "", 1);
	columns = shown.failed ? 0 : utf8_columns(shown.data);
	text_put(out, shown.data, shown.failed ? 0 : shown.length - 1);
	text_free(&shown);
	return columns;
}

/* Adds TEXT, which becomes safe to show, from COLUMN on; the line has AT columns so far. */
static void explanation_put_text(struct explanation *e, const char *text, size_t at, size_t column)
{
	size_t width = terminal_columns(STDOUT_FILENO);
	struct text *out = e->show->facts.out;
	struct text shown = { 0 };

	if (column + TEXT_LEAST > width)
		column = 2;
	if (at + 2 > column)
		text_add(out, "\n%*s", (int)column, "");
	else
		text_add(out, "%*s", (int)(column - at), "");
	text_put_escaped(&shown, text, strlen(text), false);
	text_put(&shown, "", 1);
	text_wrap(out, shown.failed ? "" : shown.data, column, column, width);
	out->failed |= shown.failed;
	text_free(&shown);
}

/* A row for a terminal. Where several words are explained each has a line above its rows. */
static void explanation_begin_row(struct explanation *e, const char *name)
{
	if (e->show->named && !e->begun) {
		explanation_put(e, e->word);
		text_put(e->show->facts.out, "\n", 1);
	}
	e->begun = true;
	text_add(e->show->facts.out, "%-*s", NAME, name);
}

static void explanation_show_step(struct explanation *e, const struct explain_step *step,
				  const char *time)
{
	struct text text = { 0 };
	size_t at = NAME + 2 + TIME + 2;

	explanation_begin_row(e, step->name);
	text_add(e->show->facts.out, "  %*s  ", TIME, time ? time : "");
	at += explanation_put(e, step->where ? step->where : "-");
	if (step->question)
		text_add(&text, "%s: ", step->question);
	text_put(&text, step->answer, strlen(step->answer) + 1);
	explanation_put_text(e, text.failed ? "" : text.data, at, TEXT_COLUMN);
	text_free(&text);
}

static void explanation_add_step(void *arg, const struct explain_step *step)
{
	struct explanation *e = arg;
	char time[32];
	const char *shown_time = step->ns < 0 ? NULL : time;
	const char *cells[] = { e->show->named ? e->word : NULL,
				step->name,
				step->where ? step->where : "-",
				step->question ? step->question : "-",
				step->answer,
				shown_time };

	json_open(&e->json, NULL, '{');
	json_string(&e->json, "step", step->name);
	json_string(&e->json, "where", step->where);
	json_string(&e->json, "question", step->question);
	json_string(&e->json, "answer", step->answer);
	if (step->ns >= 0)
		json_milliseconds(&e->json, "elapsed_ms", step->ns);
	json_close(&e->json, '}');
	snprintf(time, sizeof time, "%.1f ms", (double)step->ns / (double)MILLISECOND);
	if (e->show->terminal && !e->show->facts.as_json)
		explanation_show_step(e, step, shown_time);
	else
		show_row(e->show, cells, sizeof cells / sizeof *cells);
}

static void explanation_add_wrong(void *arg, const char *text)
{
	struct explanation *e = arg;

	json_string(&e->wrong, NULL, text);
	text_put(&e->faults, text, strlen(text) + 1);
}

/* Prints what is wrong, which may have been found at any step, behind all of them. */
static void explanation_show_wrong(struct explanation *e)
{
	e->show->facts.out->failed |= e->faults.failed;
	for (size_t i = 0; i < e->faults.length && !e->faults.failed;) {
		const char *text = e->faults.data + i;
		const char *cells[] = { e->show->named ? e->word : NULL, "wrong", text };
		if (e->show->terminal) {
			explanation_begin_row(e, "wrong");
			explanation_put_text(e, text, NAME, NAME + 2);
		} else {
			show_row(e->show, cells, sizeof cells / sizeof *cells);
		}
		i += strlen(text) + 1;
	}
}

static void explanation_progress(void *arg)
{
	const struct explanation *e = arg;

	e->calls->progress(e->arg);
}

static void explanation_done(void *arg, const struct resolution *r)
{
	struct explanation *e = arg;

	if (e->show->facts.as_json) {
		json_close(&e->json, ']');
		if (e->wrong.text.length) {
			json_open(&e->json, "wrong", '[');
			text_put(&e->json.text, e->wrong.text.data, e->wrong.text.length);
			json_close(&e->json, ']');
		}
		show_result_json(e->show, r, &e->json);
		json_close(&e->json, '}');
		text_put(e->show->facts.out, e->json.text.data, e->json.text.length);
		text_put(e->show->facts.out, "\n", 1);
	} else {
		explanation_show_wrong(e);
		if (show_fault_kind(r) != OUTCOME_DONE) {
			e->calls->flush(e->arg);
			show_fault(e->show, r);
		}
	}
	e->explain = NULL;
	e->calls->done(e->arg, show_fault_kind(r));
	explanation_cancel(e);
}

struct explanation *explanation_start(const struct resolution_config *c, const char *word,
				      struct show *show, const struct explanation_calls *calls,
				      void *arg)
{
	static const struct explain_calls explain_calls = {
		.step = explanation_add_step,
		.wrong = explanation_add_wrong,
		.progress = explanation_progress,
		.done = explanation_done,
		.source = route_source,
	};
	struct explanation *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	*e = (struct explanation){ .show = show, .word = strdup(word), .calls = calls, .arg = arg };
	e->json.off = e->wrong.off = !show->facts.as_json;
	json_open(&e->json, NULL, '{');
	json_string(&e->json, "name", word);
	json_open(&e->json, "steps", '[');
	if (e->word)
		e->explain = explain_start(c, word, &explain_calls, e);
	if (e->explain)
		return e;
	explanation_cancel(e);
	return NULL;
}

void explanation_cancel(struct explanation *e)
{
	if (!e)
		return;
	explain_cancel(e->explain);
	text_free(&e->json.text);
	text_free(&e->wrong.text);
	text_free(&e->faults);
	free(e->word);
	free(e);
}
