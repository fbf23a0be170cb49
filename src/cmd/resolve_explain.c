/* resolve_explain.c - what `sockit resolve --explain` prints: a row for each step, then one for all
 * that is wrong, or an object with both */
#include "cmd/resolve_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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
	struct text faults; /* the same in words */
};

static void explanation_add_step(void *arg, const struct explain_step *step)
{
	struct explanation *e = arg;
	char time[32];
	const char *cells[] = { e->show->named ? e->word : NULL,
				step->name,
				step->where ? step->where : "-",
				step->question ? step->question : "-",
				step->answer,
				step->ns < 0 ? NULL : time };

	json_open(&e->json, NULL, '{');
	json_string(&e->json, "step", step->name);
	json_string(&e->json, "where", step->where);
	json_string(&e->json, "question", step->question);
	json_string(&e->json, "answer", step->answer);
	if (step->ns >= 0)
		json_milliseconds(&e->json, "elapsed_ms", step->ns);
	json_close(&e->json, '}');
	snprintf(time, sizeof time, "%.3f ms", (double)step->ns / (double)MILLISECOND);
	show_row(e->show, cells, sizeof cells / sizeof *cells);
}

static void explanation_add_wrong(void *arg, const char *text)
{
	struct explanation *e = arg;

	text_add(&e->faults, "%s%s", e->faults.length ? "; " : "", text);
	json_string(&e->wrong, NULL, text);
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
		if (e->faults.length) {
			json_open(&e->json, "wrong", '[');
			text_put(&e->json.text, e->wrong.text.data, e->wrong.text.length);
			json_close(&e->json, ']');
		}
		show_result_json(e->show, r, &e->json);
		json_close(&e->json, '}');
		text_put(e->show->facts.out, e->json.text.data, e->json.text.length);
		text_put(e->show->facts.out, "\n", 1);
	} else {
		if (e->faults.length) {
			const char *cells[] = { e->show->named ? e->word : NULL, "wrong", NULL };
			text_put(&e->faults, "", 1);
			cells[2] = e->faults.data;
			show_row(e->show, cells, 3);
		}
		if (show_fault_kind(r) != OUTCOME_DONE)
			show_fault(e->show, r);
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
