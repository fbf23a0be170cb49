/* resolvconf.c - servers, search list and options of resolv.conf(5) */
#include "proto/resolvconf.h"

#include <stdlib.h>
#include <string.h>

#include "proto/words.h"

#define MUSL_LINE 255 /* bytes: a line of so many does not count */

/* Takes the next word off *LINE, between which BLANKS stand. */
static bool resolvconf_word(struct word *line, const char *blanks, struct word *out)
{
	while (line->n && strchr(blanks, line->text[0]))
		*line = (struct word){ line->text + 1, line->n - 1 };
	*out = (struct word){ line->text, 0 };
	while (out->n < line->n && !strchr(blanks, out->text[out->n]))
		out->n++;
	*line = (struct word){ line->text + out->n, line->n - out->n };
	return out->n > 0;
}

static bool resolvconf_copy(char *to, const struct word *w)
{
	if (w->n >= RESOLVCONF_WORD)
		return false;
	memcpy(to, w->text, w->n);
	to[w->n] = '\0';
	return true;
}

static void resolvconf_read_option(struct resolvconf *out, const struct word *w, bool musl)
{
	const struct {
		const char *name;
		unsigned *field, most;
		bool *flag;
	} rows[] = {
		{ "ndots:", &out->ndots, 15, NULL },
		{ "timeout:", &out->timeout, musl ? 60 : 30, NULL },
		{ "attempts:", &out->attempts, musl ? 10 : 5, NULL },
		{ "edns0", NULL, 0, &out->edns },
		{ "use-vc", NULL, 0, &out->tcp },
		{ "no-aaaa", NULL, 0, &out->no_aaaa },
		{ "no-tld-query", NULL, 0, &out->no_tld },
	};
	char word[RESOLVCONF_WORD];

	if (!resolvconf_copy(word, w))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t length = strlen(rows[i].name);
		unsigned long value;
		if (strncmp(word, rows[i].name, length) != 0)
			continue;
		if (rows[i].flag) {
			*rows[i].flag = !musl;
			continue;
		}
		/* What follows the digits does not count; below 0 is a lot. */
		value = strtoul(word + length, NULL, 10);
		*rows[i].field = value < rows[i].most ? (unsigned)value : rows[i].most;
	}
	if (out->timeout == 0)
		out->timeout = 1;
	if (out->attempts == 0)
		out->attempts = 1;
}

static void resolvconf_read_line(struct resolvconf *out, struct word line, size_t number, bool musl)
{
	const char *const blanks = musl ? " \t\r\v\f" : " \t";
	struct word keyword = { line.text, 0 }, w;
	bool search, domain, empty;

	while (keyword.n < line.n && !strchr(blanks, line.text[keyword.n]))
		keyword.n++;
	line = (struct word){ line.text + keyword.n, line.n - keyword.n };
	empty = !resolvconf_word(&line, blanks, &w);
	search = word_is(&keyword, "search");
	domain = word_is(&keyword, "domain");
	if (empty && musl && (search || domain))
		out->n_search = 0;
	if (empty)
		return;
	if (search || domain) {
		out->search_line = number;
		out->n_search = 0;
		do {
			if (out->n_search < RESOLVCONF_SEARCH &&
			    resolvconf_copy(out->search[out->n_search], &w))
				out->n_search++;
		} while ((search || musl) && resolvconf_word(&line, blanks, &w));
	} else if (word_is(&keyword, "options")) {
		do
			resolvconf_read_option(out, &w, musl);
		while (resolvconf_word(&line, blanks, &w));
	} else if (word_is(&keyword, "nameserver")) {
		if (out->n_servers == RESOLVCONF_LINES) {
			out->more_servers++;
		} else if (resolvconf_copy(out->servers[out->n_servers], &w)) {
			out->server_lines[out->n_servers++] = number;
		}
	}
}

void resolvconf_read(struct resolvconf *out, const char *text, size_t n, bool musl)
{
	struct words_reader r = { .at = text, .end = text + n };
	struct word line;

	memset(out, 0, sizeof *out);
	out->ndots = 1;
	out->timeout = 5;
	out->attempts = 2;
	while (words_raw_line(&r, &line)) {
		if (line.n == 0 || *line.text == '#' || *line.text == ';')
			continue;
		if (musl && line.n >= MUSL_LINE)
			out->long_line = r.line;
		else
			resolvconf_read_line(out, line, r.line, musl);
	}
}
