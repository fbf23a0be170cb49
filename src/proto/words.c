/* words.c - lines and words of files such as hosts(5) */
#include "proto/words.h"

#include <string.h>
#include <strings.h>

bool word_is(const struct word *w, const char *text)
{
	return strlen(text) == w->n && (w->n == 0 || !memcmp(w->text, text, w->n));
}

bool word_is_in_any_case(const struct word *w, const char *text)
{
	return strlen(text) == w->n && !strncasecmp(w->text, text, w->n);
}

static bool word_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\0';
}

/* Takes the blanks around W off. */
static void word_trim(struct word *w)
{
	for (; w->n && word_is_blank(w->text[0]); w->n--)
		w->text++;
	while (w->n && word_is_blank(w->text[w->n - 1]))
		w->n--;
}

bool word_next(struct word *list, struct word *out)
{
	*out = (struct word){ list->text, 0 };
	while (out->n < list->n && !word_is_blank(out->text[out->n]))
		out->n++;
	*list = (struct word){ list->text + out->n, list->n - out->n };
	word_trim(list);
	return out->n > 0;
}

bool words_raw_line(struct words_reader *r, struct word *line)
{
	const char *p = r->at, *end;

	if (p >= r->end)
		return false;
	end = memchr(p, '\n', (size_t)(r->end - p));
	r->at = end ? end + 1 : r->end;
	r->line++;
	*line = (struct word){ p, strnlen(p, (size_t)((end ? end : r->end) - p)) };
	return true;
}

bool words_line(struct words_reader *r, struct word *line)
{
	while (words_raw_line(r, line)) {
		const char *comment = memchr(line->text, '#', line->n);

		if (comment)
			line->n = (size_t)(comment - line->text);
		word_trim(line);
		if (line->n)
			return true;
	}
	return false;
}

size_t words_next(struct words_reader *r, struct word *words, size_t most)
{
	struct word line = { "", 0 };
	size_t n = 0;

	words_line(r, &line);
	while (n < most && word_next(&line, &words[n]))
		n++;
	return n;
}
