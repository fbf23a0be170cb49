/* hosts.c - lines of hosts(5), word by word */
#include "proto/hosts.h"

#include <string.h>
#include <strings.h>

void hosts_start(struct hosts_reader *r, const char *text, size_t n)
{
	*r = (struct hosts_reader){ .at = text, .end = text + n };
}

static bool hosts_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\0';
}

size_t hosts_next(struct hosts_reader *r, struct hosts_word *words, size_t most)
{
	size_t n = 0;

	while (n == 0 && r->at < r->end) {
		const char *p = r->at, *end = memchr(p, '\n', (size_t)(r->end - p)), *comment;

		if (!end)
			end = r->end;
		r->at = end < r->end ? end + 1 : end;
		r->line++;
		comment = memchr(p, '#', (size_t)(end - p));
		if (comment)
			end = comment;
		while (n < most) {
			const char *word;
			while (p < end && hosts_is_blank(*p))
				p++;
			if (p == end)
				break;
			for (word = p; p < end && !hosts_is_blank(*p); p++)
				;
			words[n++] = (struct hosts_word){ word, (size_t)(p - word) };
		}
	}
	return n;
}

bool hosts_is(const struct hosts_word *w, const char *text)
{
	return strlen(text) == w->n && !strncasecmp(w->text, text, w->n);
}
