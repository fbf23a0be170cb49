/* report.c - what went wrong with a file, a descriptor, a look-up: one line, or one object */
#include "run/report.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "loop/signals.h"
#include "names/lookup.h"

const char *report_step(const struct messages *m, const char *what, char *text)
{
	const char *name = what;

	*text = '\0';
	if (!what)
		return text;
	name += strspn(name, "-");
	message_option(m, name, text);
	/* Both are one step: binding. */
	if (!strcmp(name, "source")) {
		size_t n = strlen(text);
		char *port = text + n + (n > 0);
		if (*message_option(m, "source-port", port) && n > 0)
			text[n] = ' ';
	}
	if (!*text)
		snprintf(text, REPORT_STEP, "%s", what);
	return text;
}

struct outcome report_error(const struct messages *m, const char *what, int error)
{
	char step[REPORT_STEP], why[ERRNO_TEXT];

	return message_fail(m, OUTCOME_FAILED, errno_name(error), "%s: %s",
			    text_begins(what, "--") ? report_step(m, what, step) : what,
			    errno_text(error, why));
}

/* How a word that could not be looked up stands in a message, and its member of the object. */
static const struct {
	char words[14], key[12];
} report_places[] = {
	[PLACE_HOST] = { "host", "host" },	  [PLACE_PORT] = { "port", "port" },
	[PLACE_SOURCE] = { "-s", "source" },	  [PLACE_SOURCE_PORT] = { "-p", "source_port" },
	[PLACE_PROXY] = { "proxy host", "host" }, [PLACE_PROXY_PORT] = { "proxy port", "port" },
	[PLACE_SERVER] = { "--server", "host" },  [PLACE_SERVER_PORT] = { "--server port", "port" },
};

void report_places_text(struct text *text, const struct places_failure *f)
{
	char why[EAI_TEXT];

	text_add(text, "%s %s: %s", report_places[f->which].words, f->word,
		 lookup_text(f->word, f->eai, f->error, f->family, why));
}

struct outcome report_lookup(const struct messages *m, const struct places_failure *f)
{
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	struct notice n;

	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_LOOKUP, eai_name(f->eai));
	json_string(&n.json, report_places[f->which].key, f->word);
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

void report_input_text(char *text, size_t size, const char *what, int error, const struct framer *f,
		       size_t most)
{
	char why[ERRNO_TEXT];

	errno_text(error, why);
	if (framer_is_fault(f, error)) {
		char fault[FRAMER_FAULT];
		snprintf(text, size, "%s: %s", what, framer_fault(f, most, fault));
	} else if (error == EMSGSIZE) {
		snprintf(text, size, "%s: %s: a packet has at most %zu bytes (--sndbuf)", what, why,
			 most);
	} else if (error == EBADMSG) {
		snprintf(text, size, "%s: it ends within a packet (%s)", what, errno_name(error));
	} else {
		snprintf(text, size, "%s: %s", what, why);
	}
}

struct outcome report_input_error(const struct messages *m, const char *what, int error,
				  const struct framer *f, size_t most)
{
	char text[256];

	report_input_text(text, sizeof text, what, error, f, most);
	return message_fail(m, OUTCOME_FAILED, errno_name(error), "%s", text);
}
