/* nsswitch.c - the sources in a line of nsswitch.conf(5) */
#include "proto/nsswitch.h"

#include <string.h>
#include <strings.h>

#include "proto/hosts.h"

#define WORDS 64

bool nsswitch_is(const struct nsswitch_source *s, const char *name)
{
	return strlen(name) == s->n && !memcmp(s->name, name, s->n);
}

/* Does the criterion W, a part of `[...]`, end the search where a name is not known? */
static bool nsswitch_ends_search(const struct hosts_word *w)
{
	static const char *const criteria[] = { "notfound=return", "!success=return",
						"!unavail=return", "!tryagain=return" };
	const char *p = w->text;
	size_t n = w->n;

	while (n && *p == '[')
		p++, n--;
	while (n && p[n - 1] == ']')
		n--;
	for (size_t i = 0; i < sizeof criteria / sizeof *criteria; i++)
		if (strlen(criteria[i]) == n && !strncasecmp(p, criteria[i], n))
			return true;
	return false;
}

static void nsswitch_read_line(struct nsswitch *out, const struct hosts_word *words, size_t n)
{
	bool inside = false; /* of brackets */

	out->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct hosts_word *w = &words[i];
		if (w->n && w->text[0] == '[')
			inside = true;
		if (inside) {
			if (out->n && nsswitch_ends_search(w))
				out->sources[out->n - 1].ends = true;
			inside = w->text[w->n - 1] != ']';
		} else if (out->n < NSSWITCH_MOST) {
			out->sources[out->n++] = (struct nsswitch_source){ w->text, w->n, false };
		}
	}
}

void nsswitch_read(struct nsswitch *out, const char *database, const char *text, size_t n)
{
	size_t length = strlen(database), count;
	struct hosts_word words[WORDS];
	struct hosts_reader r;

	*out = (struct nsswitch){ 0 };
	hosts_start(&r, text, n);
	while ((count = hosts_next(&r, words, WORDS))) {
		struct hosts_word *first = &words[0];
		if (first->n <= length || memcmp(first->text, database, length) != 0 ||
		    first->text[length] != ':')
			continue;
		/* The first source may stand right after the colon. */
		first->text += length + 1;
		first->n -= length + 1;
		out->line = r.line;
		nsswitch_read_line(out, words + (first->n == 0), count - (first->n == 0));
	}
}
