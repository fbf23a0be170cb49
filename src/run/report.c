/* report.c - what went wrong with a file, a descriptor, a look-up: one line, or one object */
#include "run/report.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>

#include "base/errname.h"
#include "loop/signals.h"

struct outcome report_error(const struct messages *m, const char *what, int error)
{
	char why[ERRNO_TEXT];

	return message_fail(m, OUTCOME_FAILED, errno_name(error), "%s: %s", what,
			    errno_text(error, why));
}

void report_lookup_text(struct text *text, int eai, int error)
{
	char why[ERRNO_TEXT];

	text_add(text, "%s (%s)",
		 eai == EAI_SERVICE ? "no such service" :
		 eai == EAI_FAMILY  ? "no address of this family" :
		 eai == EAI_SYSTEM  ? errno_text(error, why) :
				      gai_strerror(eai),
		 eai_name(eai));
}

static const char *report_place_kind(const struct places_failure *f)
{
	return f->which == PLACE_PORT || f->which == PLACE_SOURCE_PORT ? "port" : "host";
}

void report_places_text(struct text *text, const struct places_failure *f)
{
	text_add(text, "%s %s: ", report_place_kind(f), f->word);
	report_lookup_text(text, f->eai, f->error);
}

struct outcome report_lookup(const struct messages *m, const struct places_failure *f)
{
	struct text text = { 0 };
	struct notice n;

	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_LOOKUP, eai_name(f->eai));
	json_string(&n.json, report_place_kind(f), f->word);
	report_places_text(&text, f);
	notice_end(&n, "%.*s", (int)text.length, text.data ? text.data : "");
	text_free(&text);
	return (struct outcome){ OUTCOME_LOOKUP, 0 };
}

bool report_ends_by_signal(int error)
{
	return error == EPIPE && !signals_pipe_was_ignored();
}

struct outcome report_output_error(const struct messages *m, const char *what, int error)
{
	if (report_ends_by_signal(error))
		return (struct outcome){ OUTCOME_SIGNAL, SIGPIPE };
	return report_error(m, what, error);
}

void report_input_text(char *text, size_t size, const char *what, int error, size_t most)
{
	char why[ERRNO_TEXT];

	errno_text(error, why);
	if (error == EMSGSIZE)
		snprintf(text, size, "%s: %s: a packet has at most %zu bytes (--sndbuf)", what, why,
			 most);
	else if (error == EBADMSG)
		snprintf(text, size, "%s: it ends within a packet (%s)", what, errno_name(error));
	else
		snprintf(text, size, "%s: %s", what, why);
}

struct outcome report_input_error(const struct messages *m, const char *what, int error,
				  size_t most)
{
	char text[256];

	report_input_text(text, sizeof text, what, error, most);
	return message_fail(m, OUTCOME_FAILED, errno_name(error), "%s", text);
}
