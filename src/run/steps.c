/* steps.c - an explanation's rows, on a terminal and for scripts, and its object */
#include "run/steps.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"
#include "base/utf8.h"

/* Columns of a terminal: what a step is called, its time, its place; what it says has the rest. */
#define NAME 11
#define TIME 9
#define WHERE 21
#define TEXT_COLUMN (NAME + 2 + TIME + 2 + WHERE + 2)
#define TEXT_LEAST 20 /* columns; where there are fewer it begins further to the left */

void steps_start(struct steps *s, struct facts *facts, const char *word)
{
	*s = (struct steps){ .facts = facts, .terminal = isatty(STDOUT_FILENO), .word = word };
	s->json.off = s->wrong.off = !facts->as_json;
	json_open(&s->json, NULL, '{');
}

/* Adds WORD, which becomes safe to show. Returns how many columns it has. */
static size_t steps_put(struct steps *s, const char *word)
{
	struct text *out = s->facts->out;
	struct text shown = { 0 };
	size_t columns;

	text_put_escaped(&shown, word, strlen(word), false);
	text_put(&shown, "", 1);
	columns = shown.failed ? 0 : utf8_columns(shown.data);
	text_put(out, shown.data, shown.failed ? 0 : shown.length - 1);
	out->failed |= shown.failed;
	text_free(&shown);
	return columns;
}

/* Adds TEXT, which becomes safe to show, from COLUMN on; the line has AT columns so far. */
static void steps_put_text(struct steps *s, const char *text, size_t at, size_t column)
{
	size_t width = terminal_columns(STDOUT_FILENO);
	struct text *out = s->facts->out;
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

/* Prints the N CELLS, of which those that are NULL are left out, with a tab between them. */
static void steps_put_cells(struct steps *s, const char *const *cells, size_t n)
{
	const char *between = "";

	for (size_t i = 0; i < n; i++)
		if (cells[i]) {
			text_add(s->facts->out, "%s", between);
			steps_put(s, cells[i]);
			between = "\t";
		}
	text_put(s->facts->out, "\n", 1);
}

/* Begins a row for a terminal. */
static void steps_begin_row(struct steps *s, const char *name)
{
	if (s->word && !s->begun) {
		steps_put(s, s->word);
		text_put(s->facts->out, "\n", 1);
	}
	text_add(s->facts->out, "%-*s", NAME, name);
}

static void steps_show(struct steps *s, const struct explain_step *step, const char *time)
{
	struct text text = { 0 };
	size_t at = NAME + 2 + TIME + 2;

	steps_begin_row(s, step->name);
	text_add(s->facts->out, "  %*s  ", TIME, time ? time : "");
	at += steps_put(s, step->where ? step->where : "-");
	if (step->question)
		text_add(&text, "%s: ", step->question);
	text_put(&text, step->answer, strlen(step->answer) + 1);
	steps_put_text(s, text.failed ? "" : text.data, at, TEXT_COLUMN);
	text_free(&text);
}

void steps_tell(struct steps *s, const struct explain_step *step)
{
	char time[32];
	const char *shown_time = step->ns < 0 ? NULL : time;
	const char *cells[] = { s->word,
				step->name,
				step->where ? step->where : "-",
				step->question ? step->question : "-",
				step->answer,
				shown_time };

	if (!s->begun)
		json_open(&s->json, "steps", '[');
	json_open(&s->json, NULL, '{');
	json_string(&s->json, "step", step->name);
	json_string(&s->json, "where", step->where);
	json_string(&s->json, "question", step->question);
	json_string(&s->json, "answer", step->answer);
	if (step->ns >= 0)
		json_milliseconds(&s->json, "elapsed_ms", step->ns);
	json_close(&s->json, '}');
	snprintf(time, sizeof time, "%.1f ms", (double)step->ns / (double)MILLISECOND);
	if (!s->facts->as_json && s->terminal)
		steps_show(s, step, shown_time);
	else if (!s->facts->as_json)
		steps_put_cells(s, cells, sizeof cells / sizeof *cells);
	s->begun = true;
}

void steps_wrong(struct steps *s, const char *text)
{
	json_string(&s->wrong, NULL, text);
	text_put(&s->faults, text, strlen(text) + 1);
}

/* Prints what is wrong, which may have been found at any step, behind all of them. */
static void steps_show_wrong(struct steps *s)
{
	s->facts->out->failed |= s->faults.failed;
	for (size_t i = 0; i < s->faults.length && !s->faults.failed;) {
		const char *text = s->faults.data + i;
		const char *cells[] = { s->word, "wrong", text };
		if (s->terminal) {
			steps_begin_row(s, "wrong");
			steps_put_text(s, text, NAME, NAME + 2);
		} else {
			steps_put_cells(s, cells, sizeof cells / sizeof *cells);
		}
		i += strlen(text) + 1;
	}
}

void steps_end(struct steps *s)
{
	if (!s->facts->as_json) {
		steps_show_wrong(s);
		return;
	}
	if (s->begun)
		json_close(&s->json, ']');
	if (s->wrong.text.length) {
		json_open(&s->json, "wrong", '[');
		text_put(&s->json.text, s->wrong.text.data, s->wrong.text.length);
		json_close(&s->json, ']');
	}
}

void steps_finish(struct steps *s)
{
	struct text *out = s->facts->out;

	if (s->facts->as_json) {
		json_close(&s->json, '}');
		text_put(out, s->json.text.data, s->json.text.length);
		text_put(out, "\n", 1);
		out->failed |= s->json.text.failed || s->wrong.text.failed;
	}
	steps_free(s);
}

void steps_free(struct steps *s)
{
	text_free(&s->json.text);
	text_free(&s->wrong.text);
	text_free(&s->faults);
}
