/* nsswitch.c - the sources in a line of nsswitch.conf(5) */
#include "proto/nsswitch.h"

#include <string.h>

static bool nsswitch_is_blank(char c)
{
	return c && strchr(" \t\r\v\f", c);
}

static void nsswitch_skip(struct word *w, size_t n)
{
	*w = (struct word){ w->text + n, w->n - n };
}

static void nsswitch_skip_blanks(struct word *w)
{
	while (w->n && nsswitch_is_blank(*w->text))
		nsswitch_skip(w, 1);
}

/* What stands in brackets, up to `]`, is about the source before it. */
static void nsswitch_read_sources(struct nsswitch *out, struct word w)
{
	for (out->n = 0; nsswitch_skip_blanks(&w), w.n;) {
		bool inside = *w.text == '[';
		size_t n = 0;
		while (n < w.n && (inside ? w.text[n] != ']' :
					    w.text[n] != '[' && !nsswitch_is_blank(w.text[n])))
			n++;
		if (!inside && out->n < NSSWITCH_MOST)
			out->sources[out->n++] = (struct word){ w.text, n };
		nsswitch_skip(&w, n + (inside && n < w.n));
	}
}

void nsswitch_read(struct nsswitch *out, const char *database, const char *text, size_t n)
{
	struct words_reader r = { .at = text, .end = text + n };
	size_t length = strlen(database);
	struct word line;

	*out = (struct nsswitch){ 0 };
	while (words_raw_line(&r, &line)) {
		nsswitch_skip_blanks(&line);
		if (line.n < length || memcmp(line.text, database, length) != 0)
			continue;
		nsswitch_skip(&line, length);
		nsswitch_skip_blanks(&line);
		if (!line.n || *line.text != ':')
			continue;
		nsswitch_skip(&line, 1);
		nsswitch_skip_blanks(&line);
		while (line.n && nsswitch_is_blank(line.text[line.n - 1]))
			line.n--;
		out->line = r.line;
		out->text = line;
		nsswitch_read_sources(out, line);
	}
}
