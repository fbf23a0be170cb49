/* resolvconf.c - servers, search list and options of resolv.conf(5) */
#include "proto/resolvconf.h"

#include <string.h>

#include "base/number.h"
#include "proto/words.h"

#define WORDS (RESOLVCONF_SEARCH + 1)

static bool resolvconf_copy(char *to, const struct word *w)
{
	if (w->n >= RESOLVCONF_WORD)
		return false;
	memcpy(to, w->text, w->n);
	to[w->n] = '\0';
	return true;
}

static void resolvconf_read_options(struct resolvconf *out, const struct word *words, size_t n)
{
	const struct {
		const char *name;
		unsigned *field, min, most;
	} rows[] = {
		{ "ndots:", &out->ndots, 0, 15 },
		{ "timeout:", &out->timeout, 1, 30 },
		{ "attempts:", &out->attempts, 1, 5 },
	};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
			char word[RESOLVCONF_WORD];
			size_t length = strlen(rows[k].name);
			int64_t value;
			if (!resolvconf_copy(word, &words[i]) ||
			    strncmp(word, rows[k].name, length) != 0 ||
			    number_parse(word + length, 0, INT64_MAX, &value) < 0)
				continue;
			if (value > rows[k].most)
				value = rows[k].most;
			if (value < rows[k].min)
				value = rows[k].min;
			*rows[k].field = (unsigned)value;
		}
}

static void resolvconf_read_search(struct resolvconf *out, const struct word *words, size_t n)
{
	out->n_search = 0;
	for (size_t i = 0; i < n && out->n_search < RESOLVCONF_SEARCH; i++)
		if (resolvconf_copy(out->search[out->n_search], &words[i]))
			out->n_search++;
}

void resolvconf_read(struct resolvconf *out, const char *text, size_t n)
{
	struct word words[WORDS];
	struct words_reader r = { .at = text, .end = text + n };
	size_t count;

	memset(out, 0, sizeof *out);
	out->ndots = 1;
	out->timeout = 5;
	out->attempts = 2;
	while ((count = words_next(&r, words, WORDS))) {
		/* `;` begins a comment too, but at the line's beginning only. */
		if (count < 2)
			continue;
		if (word_is_in_any_case(&words[0], "nameserver")) {
			if (out->n_servers == RESOLVCONF_SERVERS) {
				out->more_servers++;
			} else if (resolvconf_copy(out->servers[out->n_servers], &words[1])) {
				out->server_lines[out->n_servers++] = r.line;
			}
		} else if (word_is_in_any_case(&words[0], "search") ||
			   word_is_in_any_case(&words[0], "domain")) {
			bool one = words[0].n == 6 && (words[0].text[0] | 32) == 'd';
			out->search_line = r.line;
			resolvconf_read_search(out, words + 1, one ? 1 : count - 1);
		} else if (word_is_in_any_case(&words[0], "options")) {
			resolvconf_read_options(out, words + 1, count - 1);
		}
	}
}
