/* resolve_explain.c - what `sockit resolve --explain` prints: the steps, and what is wrong */
#include "cmd/resolve_explain.h"

#include <stdlib.h>
#include <string.h>

#include "names/explain.h"
#include "run/steps.h"
#include "system/route.h"

struct explanation {
	struct explain *explain;
	struct show *show;
	char *word;
	struct steps steps;
	const struct explanation_calls *calls;
	void *arg;
};

static void explanation_add_step(void *arg, const struct explain_step *step)
{
	struct explanation *e = arg;

	steps_tell(&e->steps, step);
}

static void explanation_add_wrong(void *arg, const char *text)
{
	struct explanation *e = arg;

	steps_wrong(&e->steps, text);
}

static void explanation_progress(void *arg)
{
	const struct explanation *e = arg;

	e->calls->progress(e->arg);
}

static void explanation_done(void *arg, const struct resolution *r)
{
	struct explanation *e = arg;

	steps_end(&e->steps);
	if (e->show->facts.as_json) {
		show_result_json(e->show, r, &e->steps.json);
		steps_finish(&e->steps);
	} else if (show_fault_kind(r) != OUTCOME_DONE) {
		e->calls->flush(e->arg);
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
	steps_start(&e->steps, &show->facts, show->named ? e->word : NULL);
	json_string(&e->steps.json, "name", word);
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
	steps_free(&e->steps);
	free(e->word);
	free(e);
}
