/* namefiles.c - the readers of hosts(5), nsswitch.conf(5) and resolv.conf(5): an input is a file of
 * all three kinds. */
#include "fuzz.h"

#include "proto/nsswitch.h"
#include "proto/resolvconf.h"
#include "proto/words.h"

#define WORDS 8

/* Words stand within the text, in their order, each on its line. */
static void check_hosts(const char *text, size_t n)
{
	struct word words[WORDS];
	struct words_reader r = { text, text + n, 0 };
	const char *at = text;
	size_t count, line = 1, last = 0;

	while ((count = words_next(&r, words, WORDS))) {
		CHECK(count <= WORDS && r.line > last);
		last = r.line;
		for (size_t i = 0; i < count; i++) {
			const struct word *w = &words[i];
			CHECK(w->n > 0 && w->text >= at && w->text + w->n <= text + n);
			for (; at < w->text; at++)
				line += *at == '\n';
			CHECK(line == r.line);
			for (size_t k = 0; k < w->n; k++)
				CHECK(!strchr(" \t\n#", w->text[k]));
			at = w->text + w->n;
			char *word = take_string(w->text, w->n);
			CHECK(word_is_in_any_case(w, word));
			free(word);
		}
	}
	CHECK(r.at == text + n);
}

static void check_nsswitch(const char *text, size_t n)
{
	struct nsswitch s;

	nsswitch_read(&s, "hosts", text, n);
	CHECK(s.n <= NSSWITCH_MOST && (s.line || s.n == 0));
	for (size_t i = 0; i < s.n; i++) {
		const struct word *name = &s.sources[i];
		CHECK(name->n && name->text >= text && name->text + name->n <= text + n);
		char *word = take_string(name->text, name->n);
		CHECK(strlen(word) < name->n || word_is(name, word));
		free(word);
	}
}

static void check_resolvconf(const char *text, size_t n)
{
	struct resolvconf *c = take(sizeof *c);
	const bool musl = n % 2;

	resolvconf_read(c, text, n, musl);
	CHECK(c->n_servers <= RESOLVCONF_LINES && c->n_search <= RESOLVCONF_SEARCH);
	CHECK(c->ndots <= 15 && c->timeout >= 1 && c->timeout <= (musl ? 60 : 30));
	CHECK(c->attempts >= 1 && c->attempts <= (musl ? 10 : 5));
	CHECK(c->n_search == 0 || c->search_line);
	for (size_t i = 0; i < c->n_servers; i++)
		CHECK(c->server_lines[i] && *c->servers[i] &&
		      strlen(c->servers[i]) < RESOLVCONF_WORD);
	for (size_t i = 0; i < c->n_search; i++)
		CHECK(*c->search[i] && strlen(c->search[i]) < RESOLVCONF_WORD);
	free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = take(size);

	if (size)
		memcpy(text, data, size);
	check_hosts(text, size);
	check_nsswitch(text, size);
	check_resolvconf(text, size);
	free(text);
	return 0;
}
