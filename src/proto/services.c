/* services.c - lines of services(5) and protocols(5) */
#include "proto/services.h"

#include "base/number.h"

bool services_has_name(const struct services_entry *entry, const char *name)
{
	struct word list = entry->aliases, alias;

	if (word_is(&entry->name, name))
		return true;
	while (word_next(&list, &alias))
		if (word_is(&alias, name))
			return true;
	return false;
}

/* The digits that WORD begins with into *NUMBER, which leave it. Returns whether they are one, up
 * to 65535. */
static bool services_take_number(struct word *word, uint16_t *number)
{
	struct word digits = { word->text, 0 };
	uint64_t n;

	while (digits.n < word->n && digits.text[digits.n] >= '0' && digits.text[digits.n] <= '9')
		digits.n++;
	if (!digits_parse(digits.text, digits.n, UINT16_MAX, &n))
		return false;
	*number = (uint16_t)n;
	*word = (struct word){ word->text + digits.n, word->n - digits.n };
	return true;
}

bool services_next(struct words_reader *r, bool protocols, struct services_entry *out)
{
	struct word line, word;

	while (words_line(r, &line)) {
		word_next(&line, &out->name);
		if (!word_next(&line, &word) || !services_take_number(&word, &out->number))
			continue;
		if (protocols ? word.n > 0 : word.n < 2 || (*word.text != '/' && *word.text != ','))
			continue;
		out->protocol = protocols ? word : (struct word){ word.text + 1, word.n - 1 };
		out->aliases = line;
		return true;
	}
	return false;
}
