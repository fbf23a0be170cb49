/* services.c - lines of services(5) and protocols(5) */
#include "proto/services.h"

#include <string.h>

static bool services_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool services_next_word(struct services_word *list, struct services_word *out)
{
	const char *p = list->text, *end = p + list->n;

	while (p < end && services_is_blank(*p))
		p++;
	out->text = p;
	while (p < end && !services_is_blank(*p))
		p++;
	out->n = (size_t)(p - out->text);
	list->text = p;
	list->n = (size_t)(end - p);
	return out->n > 0;
}

bool services_word_is(const struct services_word *word, const char *text)
{
	size_t n = strlen(text);

	return n == word->n && (n == 0 || !memcmp(text, word->text, n));
}

bool services_has_name(const struct services_entry *entry, const char *name)
{
	struct services_word list = entry->aliases, alias;

	if (services_word_is(&entry->name, name))
		return true;
	while (services_next_word(&list, &alias))
		if (services_word_is(&alias, name))
			return true;
	return false;
}

/* Takes the line at *AT up to its comment, without the blanks around it. Returns whether there is
 * one. */
static bool services_next_line(const char **at, const char *end, struct services_word *line)
{
	const char *p = *at, *stop, *newline;

	if (p == end)
		return false;
	newline = memchr(p, '\n', (size_t)(end - p));
	*at = newline ? newline + 1 : end;
	stop = newline ? newline : end;
	newline = memchr(p, '#', (size_t)(stop - p));
	stop = newline ? newline : stop;
	while (p < stop && services_is_blank(*p))
		p++;
	while (stop > p && services_is_blank(stop[-1]))
		stop--;
	*line = (struct services_word){ p, (size_t)(stop - p) };
	return true;
}

/* The digits that WORD begins with into *NUMBER, which leave it. Returns whether they are one, up
 * to 65535. */
static bool services_take_number(struct services_word *word, uint16_t *number)
{
	uint32_t n = 0;
	size_t i = 0;

	for (; i < word->n && word->text[i] >= '0' && word->text[i] <= '9' && n <= 65535; i++)
		n = 10 * n + (uint32_t)(word->text[i] - '0');
	*number = (uint16_t)n;
	word->text += i;
	word->n -= i;
	return i > 0 && n <= 65535;
}

static bool services_next_entry(const char **at, const char *end, bool services,
				struct services_entry *out)
{
	struct services_word line, word;

	while (services_next_line(at, end, &line)) {
		if (!services_next_word(&line, &out->name) || !services_next_word(&line, &word) ||
		    !services_take_number(&word, &out->number))
			continue;
		if (services && (word.n < 2 || (*word.text != '/' && *word.text != ',')))
			continue;
		if (!services && word.n > 0)
			continue;
		out->protocol = services ? (struct services_word){ word.text + 1, word.n - 1 } :
					   (struct services_word){ word.text, 0 };
		while (line.n > 0 && services_is_blank(*line.text)) {
			line.text++;
			line.n--;
		}
		out->aliases = line;
		return true;
	}
	return false;
}

bool services_next(const char **at, const char *end, struct services_entry *out)
{
	return services_next_entry(at, end, true, out);
}

bool protocols_next(const char **at, const char *end, struct services_entry *out)
{
	return services_next_entry(at, end, false, out);
}
