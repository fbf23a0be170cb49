/* nsswitch.c - the sources in a line of nsswitch.conf(5) */
#include "proto/nsswitch.h"

#include <string.h>

#define WORDS 64

/* Does the criterion W, a part of `[...]`, end the search where a name is not known? */
static bool nsswitch_ends_search(struct word w)
{
	static const char *const criteria[] = { "notfound=return", "!success=return",
						"!unavail=return", "!tryagain=return" };

	for (; w.n && *w.text == '['; w.n--)
		w.text++;
	while (w.n && w.text[w.n - 1] == ']')
		w.n--;
	for (size_t i = 0; i < sizeof criteria / sizeof *criteria; i++)
		if (word_is_in_any_case(&w, criteria[i]))
			return true;
	return false;
}

static void nsswitch_read_line(struct nsswitch *out, const struct word *words, size_t n)
{
	bool inside = false; /* of brackets */

	out->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct word *w = &words[i];
		if (w->n && w->text[0] == '[')
			inside = true;
		if (inside) {
			if (out->n && nsswitch_ends_search(*w))
				out->sources[out->n - 1].ends = true;
			inside = w->text[w->n - 1] != ']';
		} else if (out->n < NSSWITCH_MOST) {
			out->sources[out->n++] = (struct nsswitch_source){ .name = *w };
		}
	}
}

void nsswitch_read(struct nsswitch *out, const char *database, const char *text, size_t n)
{
	size_t length = strlen(database), count;
	struct word words[WORDS];
	struct words_reader r = { .at = text, .end = text + n };

	*out = (struct nsswitch){ 0 };
	while ((count = words_next(&r, words, WORDS))) {
		struct word *first = &words[0];
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
