/* reload.c - the lists of who may connect are read again, and looked up, beside what goes on */
#include "run/reload.h"

#include <errno.h>

#include "base/errname.h"
#include "run/report.h"

/* The lists cannot be read again, by the error KIND, CODE and WHY. */
static void reload_failed(const struct reload *r, enum outcome_kind kind, const char *code,
			  const char *why)
{
	message_fail(r->run->messages, kind, code, "%s: who may connect stays as it was", why);
}

static void reload_looked_up(void *arg, const struct places_failure *f)
{
	struct reload *r = arg;
	struct text why = { 0 };

	if (f) {
		report_places_text(&why, f);
		text_put(&why, "", 1);
		reload_failed(r, OUTCOME_LOOKUP, eai_name(f->eai), why.failed ? f->word : why.data);
		text_free(&why);
		access_free(&r->fresh);
		return;
	}
	access_replace(r->access, &r->fresh);
	message(r->run->messages, MESSAGE_VERBOSE, "note",
		"SIGHUP: the lists of who may connect are read again");
}

static void reload_read(struct reload *r)
{
	struct option_error error = { .lack = 0 };

	access_cancel(r->again);
	r->again = NULL;
	access_free(&r->fresh);
	if (access_read_again(r->access, r->numeric, &r->fresh, &error) < 0)
		reload_failed(r, OUTCOME_FAILED, errno_name(error.lack ? error.lack : EINVAL),
			      error.text);
	else
		access_start(r->run->loop, &r->fresh, reload_looked_up, r, &r->again);
}

void reload_ready(struct reload *r)
{
	r->ready = true;
	if (r->late)
		reload_read(r);
}

bool reload_hangup(struct reload *r)
{
	if (!access_has_files(r->access))
		return false;
	if (r->ready)
		reload_read(r);
	else
		r->late = true;
	return true;
}

void reload_free(struct reload *r)
{
	access_cancel(r->again);
	access_free(&r->fresh);
}
