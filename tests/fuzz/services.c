/* services.c - the readers of services(5) and protocols(5): an input is such a file. */
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>

#include "proto/services.h"

static bool is_blank(char c)
{
	return memchr(" \t\r\v\f", c, 5) != NULL;
}

/* WORD lies between FROM and TO, and is one. */
static void check_word(const struct word *word, const char *from, const char *to)
{
	CHECK(word->n > 0 && word->text >= from && word->n <= (size_t)(to - word->text));
	for (size_t i = 0; i < word->n; i++)
		CHECK(!is_blank(word->text[i]) && word->text[i] != '\n' && word->text[i] != '#');
}

static void check_entry(const struct services_entry *e, bool protocols, const char *from,
			const char *to)
{
	struct word list = e->aliases, alias;
	char *name = take_string(e->name.text, e->name.n);

	check_word(&e->name, from, to);
	if (protocols)
		CHECK(e->protocol.n == 0);
	else
		check_word(&e->protocol, from, to);
	CHECK(memchr(name, '\0', e->name.n) || services_has_name(e, name));
	free(name);
	while (word_next(&list, &alias)) {
		check_word(&alias, e->aliases.text, e->aliases.text + e->aliases.n);
		name = take_string(alias.text, alias.n);
		CHECK(memchr(name, '\0', alias.n) || services_has_name(e, name));
		free(name);
	}
}

/* E, written as it is shown, is read as it was. */
static void check_again(const struct services_entry *e, bool protocols)
{
	size_t size = e->name.n + e->protocol.n + e->aliases.n + 16, n = e->name.n;
	char *line = take(size);
	struct words_reader r = { .at = line };
	struct services_entry again;

	memcpy(line, e->name.text, n);
	n += (size_t)snprintf(line + n, size - n, " %u%s", e->number, protocols ? "" : "/");
	memcpy(line + n, e->protocol.text, e->protocol.n);
	n += e->protocol.n;
	line[n++] = ' ';
	memcpy(line + n, e->aliases.text, e->aliases.n);
	n += e->aliases.n;
	r.end = line + n;
	CHECK(services_next(&r, protocols, &again));
	CHECK(r.at == r.end && again.number == e->number);
	CHECK(again.name.n == e->name.n && again.protocol.n == e->protocol.n);
	CHECK(again.aliases.n == e->aliases.n);
	CHECK(!memcmp(again.aliases.text, e->aliases.text, e->aliases.n));
	free(line);
}

static void check_file(const char *text, size_t n, bool protocols)
{
	struct words_reader r = { text, text + n, 0 };
	const char *before = text;
	struct services_entry e;

	while (services_next(&r, protocols, &e)) {
		CHECK(r.at > before && r.at <= r.end);
		check_entry(&e, protocols, before, r.at);
		check_again(&e, protocols);
		before = r.at;
	}
	CHECK(r.at == r.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = take(size);

	if (size)
		memcpy(text, data, size);
	check_file(text, size, false);
	check_file(text, size, true);
	free(text);
	return 0;
}
