/* message.c - writes messages to stderr, which may be stuck, a terminal or gone */
#include "base/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"
#include "base/wait.h"

#define TEXT_MOST 3072
#define LINE_MOST 4096
#define TERMINAL_PIECE 512 /* a terminal takes so much after POLLOUT: 4096 bytes did block */

static const struct option_row rows[] = {
	OPTION("verbose", 'v', OPTION_COUNT, offsetof(struct message_options, verbose),
	       KEEP_NOTHING, EXCLUDES("quiet"),
	       "say what happens; twice: each system step with its time"),
	OPTION("quiet", 0, OPTION_FLAG, offsetof(struct message_options, quiet), KEEP_NOTHING, "",
	       "no messages, not even errors: the exit status tells"),
	OPTION("json", 0, OPTION_FLAG, offsetof(struct message_options, json), KEEP_NOTHING,
	       EXCLUDES("quiet"),
	       "JSON, an object a line: the report, or the messages with the events of -v"),
	OPTION("no-sandbox", 0, OPTION_FLAG, offsetof(struct message_options, no_sandbox),
	       KEEP_NOTHING, "", "give nothing up that the run does not need (Landlock, seccomp)"),
};

const struct option_group message_group = { "Messages", rows, sizeof rows / sizeof *rows };

void message_options_ask(struct message_options *o, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		o->quiet |= !strcmp(argv[i], "--quiet");
		o->json |= !strcmp(argv[i], "--json");
	}
}

bool message_wanted(const struct messages *m, enum message_level level)
{
	static const int needs[] = { [MESSAGE_VERBOSE] = 1, [MESSAGE_STEP] = 2 };
	int verbose = m->options.json && !m->options.verbose ? 1 : m->options.verbose;

	return !m->options.quiet && verbose >= needs[level];
}

const char *message_option(const struct messages *m, const char *name, char *text)
{
	bool setting = *name >= 'A' && *name <= 'Z';
	const struct option_row *row = NULL;
	const char *word;

	*text = '\0';
	if (m->command)
		row = option_find_word(m->command, m->argc, m->argv, setting ? "sockopt" : name,
				       setting ? name : "", &word);
	if (!row)
		return text;
	if (row->letter)
		snprintf(text, OPTION_TEXT, "-%c", row->letter);
	else
		snprintf(text, OPTION_TEXT, "--%s", row->name);
	if (*word)
		snprintf(text + strlen(text), OPTION_TEXT - strlen(text), "%s%s",
			 row->optional ? "=" : " ", word);
	return text;
}

/* Waits at most PATIENCE ns for stderr to take something. Where poll(2) itself fails there is only
 * to try. */
static bool stderr_takes(int64_t patience)
{
	return wait_ready(STDERR_FILENO, POLLOUT, patience) || errno != ETIMEDOUT;
}

/* Writes N BYTES to stderr, undivided up to PIPE_BUF bytes. Waits at most PATIENCE ns for each
 * piece. Returns how many bytes were taken. */
static size_t stderr_put(const char *bytes, size_t n, int64_t patience)
{
	bool terminal = isatty(STDERR_FILENO);
	size_t most = terminal ? TERMINAL_PIECE : PIPE_BUF, done = 0;

	/* In its background there is nothing to wait for. */
	while (done < n && !(terminal && terminal_holds(STDERR_FILENO, POLLOUT)) &&
	       stderr_takes(patience)) {
		ssize_t k = write(STDERR_FILENO, bytes + done, n - done < most ? n - done : most);
		if (k > 0)
			done += (size_t)k;
		else if (errno != EINTR && errno != EAGAIN)
			break;
	}
	return done;
}

/* Writes a LINE of N bytes, unless stderr is stuck. */
static void stderr_write(const char *line, size_t n, int64_t patience)
{
	/* There is one stderr. A stuck one is not waited for again. A line that was cut off is
	 * ended first, so that it does not spoil the next one. */
	static bool stuck, cut;
	size_t done;

	if (stuck)
		patience = 0;
	if (cut && stderr_put("\n", 1, patience) == 0)
		return;
	done = stderr_put(line, n, patience);
	stuck = done < n;
	cut = stuck && done > 0;
}

/* Columns of the live line. There is one stderr. */
static size_t live;

void message_live(const char *text, size_t most, bool keep)
{
	const char *erase = terminal_erase();
	size_t columns = strlen(text), blanks;
	char line[512];
	int n;

	columns = columns < most ? columns : most;
	if (columns + live == 0)
		return;
	/* The cursor stands at the line's beginning and stays there: a terminal that becomes
	 * narrower breaks the line into several, and all of them are behind it. */
	blanks = live < most ? live : most;
	blanks = *erase || blanks < columns ? 0 : blanks - columns;
	n = snprintf(line, sizeof line, "\r%.*s%*s%s%s", (int)columns, text, (int)blanks, "", erase,
		     keep ? terminal_newline() : "\r");
	stderr_write(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1, SECOND / 10);
	live = keep ? 0 : columns;
}

void message_interrupts(void)
{
	message_live("", live, false);
}

/* Says N with TEXT, of at most TEXT_MOST bytes. */
static void notice_say(struct notice *n, const char *text)
{
	int64_t patience = n->level == MESSAGE_ERROR ? SECOND : SECOND / 10;
	char escaped[4 * TEXT_MOST + 1];

	message_interrupts();
	text_escape(escaped, sizeof escaped, text, strlen(text), false);
	text_shorten(escaped, TEXT_MOST);
	if (!n->m->options.json) {
		char line[LINE_MOST];
		int used =
			snprintf(line, sizeof line, "sockit%s%s: %s%s", n->m->subcommand ? " " : "",
				 n->m->subcommand ? n->m->subcommand : "", escaped,
				 terminal_newline());
		stderr_write(line, (size_t)used, patience);
		return;
	}
	json_string(&n->json, "message", escaped);
	json_close(&n->json, '}');
	text_add(&n->json.text, "%s", terminal_newline());
	if (!n->json.text.failed)
		stderr_write(n->json.text.data, n->json.text.length, patience);
	text_free(&n->json.text);
}

void notice_begin(struct notice *n, const struct messages *m, enum message_level level,
		  const char *event)
{
	n->m = m;
	n->level = level;
	n->wanted = message_wanted(m, level);
	n->json = (struct json){ .off = !n->wanted || !m->options.json };
	if (n->json.off)
		return;
	n->json.text = (struct text)TEXT_IN(n->room);
	json_open(&n->json, NULL, '{');
	json_string(&n->json, "event", event);
	json_time(&n->json, "time", clock_wall());
	if (m->subcommand)
		json_string(&n->json, "subcommand", m->subcommand);
}

void notice_error(struct notice *n, enum outcome_kind kind, const char *code)
{
	static const char classes[][8] = {
		[OUTCOME_FAILED] = "socket",
		[OUTCOME_USAGE] = "usage",
		[OUTCOME_LOOKUP] = "resolve",
		[OUTCOME_TIMEOUT] = "timeout",
	};

	json_string(&n->json, "class",
		    (size_t)kind < sizeof classes / sizeof *classes && *classes[kind] ?
			    classes[kind] :
			    classes[OUTCOME_FAILED]);
	json_string(&n->json, "code", code);
}

/* Is what stands between START and END an address of IPv6, as in GROUP@INTERFACE? */
static bool is_inet6(const char *start, const char *end)
{
	char word[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t n = (size_t)(end - start);

	if (n >= sizeof word)
		return false;
	memcpy(word, start, n);
	word[n] = '\0';
	return inet_pton(AF_INET6, word, &address) == 1;
}

/* Makes `***` of USER:PASSWORD before an `@` in the words of TEXT, URLs or not: no password is to
 * get into logs. */
static void notice_mask(char *text)
{
	static const char blanks[] = " \t\n";

	for (char *word = text; *word;
	     word += strcspn(word, blanks), word += strspn(word, blanks)) {
		char *at = word + strcspn(word, blanks), *start = strstr(word, "://"), *colon;
		bool url;
		while (at > word && *at != '@')
			at--;
		url = start && start < at;
		start = url ? start + 3 : word + strspn(word, "'");
		colon = start < at ? memchr(start, ':', (size_t)(at - start)) : NULL;
		if (!colon || colon + 1 == at || is_inet6(start, at))
			continue;
		/* A path may have both characters, and that of a UNIX socket stands behind `unix:`.
		 */
		if (!url &&
		    (text_begins(start, "unix:") || memchr(start, '/', (size_t)(colon - start))))
			continue;
		memmove(start + 3, at, strlen(at) + 1);
		for (int i = 0; i < 3; i++)
			start[i] = '*';
	}
}

/* Ends N with a text as vprintf(3) makes it. errno is kept. */
__attribute__((format(printf, 2, 0))) static void notice_finish(struct notice *n,
								const char *format, va_list list)
{
	char text[TEXT_MOST];
	int error = errno, used = 0;

	if (!n->wanted)
		return;
	if (n->level >= MESSAGE_VERBOSE && !n->m->options.json &&
	    message_wanted(n->m, MESSAGE_STEP))
		used = snprintf(text, sizeof text, "%9.6f ",
				(double)(clock_now() - n->m->start) / (double)SECOND);
	text_fit(text + used, sizeof text - (size_t)used, format, list);
	notice_mask(text);
	notice_say(n, text);
	errno = error;
}

void notice_end(struct notice *n, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	notice_finish(n, format, list);
	va_end(list);
}

void message(const struct messages *m, enum message_level level, const char *event,
	     const char *format, ...)
{
	struct notice n;
	va_list list;

	notice_begin(&n, m, level, event);
	va_start(list, format);
	notice_finish(&n, format, list);
	va_end(list);
}

struct outcome message_fail(const struct messages *m, enum outcome_kind kind, const char *code,
			    const char *format, ...)
{
	struct notice n;
	va_list list;

	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, kind, code);
	va_start(list, format);
	notice_finish(&n, format, list);
	va_end(list);
	return (struct outcome){ kind, 0 };
}
