/* explain_files.c - what nsswitch.conf, the hosts file and resolv.conf say about the word */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "names/explain_state.h"
#include "names/system_file.h"
#include "proto/idna.h"
#include "proto/words.h"

#define HOSTS_WORDS 64

/* Is A of a family that is asked for? */
static bool explain_wants(const struct explain *e, const struct address *a)
{
	int family = e->c->finder.family;

	return family == AF_UNSPEC || family == a->u.sa.sa_family;
}

/* Does a line of the hosts file, the address A and N WORDS, have the word? */
static bool explain_is_hit(const struct explain *e, const struct word *words, size_t n,
			   const struct address *a)
{
	size_t length = strlen(e->word);
	char bare[512], ascii[IDNA_MOST];

	if (e->is_address)
		return address_same_host(a, &e->address);
	snprintf(bare, sizeof bare, "%s", e->word);
	if (length && length < sizeof bare && bare[length - 1] == '.')
		bare[length - 1] = '\0';
	for (size_t i = 1; i < n; i++)
		if (word_is_in_any_case(&words[i], bare) ||
		    word_is_in_any_case(&words[i], idna_name(bare, ascii)))
			return explain_wants(e, a);
	return false;
}

void explain_hosts(struct explain *e)
{
	struct word words[HOSTS_WORDS];
	struct text text = { 0 };
	struct words_reader r = { 0 };
	char where[64], why[128];
	size_t n;
	int64_t start = clock_now();

	if (system_file_read(HOSTS_FILE, &text) < 0) {
		snprintf(why, sizeof why, "%s (%s)", system_file_why(errno), errno_name(errno));
		explain_tell(e, "hosts", HOSTS_FILE, e->word, why, -1);
		text_free(&text);
		return;
	}
	r.at = text.data ? text.data : "";
	r.end = r.at + text.length;
	while ((n = words_next(&r, words, HOSTS_WORDS)) && e->n_hits < HITS_MOST) {
		struct explain_hit *hit = &e->hits[e->n_hits];
		char word[128];
		if (n < 2 || words[0].n >= sizeof word)
			continue;
		memcpy(word, words[0].text, words[0].n);
		word[words[0].n] = '\0';
		if (address_parse_host(word, &hit->address) != WORD_NUMBER ||
		    !explain_is_hit(e, words, n, &hit->address))
			continue;
		hit->line = r.line;
		hit->text[0] = '\0';
		for (size_t i = 0; i < n; i++) {
			snprintf(why, sizeof why, "%.*s", (int)words[i].n, words[i].text);
			explain_add_word(hit->text, sizeof hit->text, why);
		}
		e->n_hits++;
	}
	text_free(&text);
	for (size_t i = 0; i < e->n_hits; i++)
		explain_tell(e, "hosts",
			     explain_place(HOSTS_FILE, e->hits[i].line, where, sizeof where),
			     e->word, e->hits[i].text, i ? -1 : clock_now() - start);
	if (e->n_hits == 0) {
		int family = e->is_address ? AF_UNSPEC : e->c->finder.family;
		explain_tell(e, "hosts", HOSTS_FILE, e->word,
			     family == AF_INET	? "no line has it with an IPv4 address" :
			     family == AF_INET6 ? "no line has it with an IPv6 address" :
						  "no line has it",
			     clock_now() - start);
	}
}

void explain_nsswitch(struct explain *e)
{
	char order[512] = "", one[64], where[64];

	if (system_file_read(NSSWITCH_FILE, &e->nsswitch_text) < 0)
		e->nsswitch_text.length = 0;
	nsswitch_read(&e->nsswitch, "hosts", e->nsswitch_text.data ? e->nsswitch_text.data : "",
		      e->nsswitch_text.length);
	for (size_t i = 0; i < e->nsswitch.n; i++) {
		const struct nsswitch_source *s = &e->nsswitch.sources[i];
		snprintf(one, sizeof one, "%.*s%s", (int)s->name.n, s->name.text,
			 s->ends ? " (the last one where a name is not known)" : "");
		explain_add_word(order, sizeof order, one);
	}
	explain_tell(e, "nsswitch",
		     explain_place(NSSWITCH_FILE, e->nsswitch.line, where, sizeof where), NULL,
		     *order ? order : "no line `hosts:`: files dns", -1);
}

bool explain_has_source(const struct explain *e, const char *source)
{
	for (size_t i = 0; i < e->nsswitch.n; i++)
		if (word_is(&e->nsswitch.sources[i].name, source))
			return true;
	return e->nsswitch.line == 0;
}

bool explain_has_others(const struct explain *e)
{
	for (size_t i = 0; i < e->nsswitch.n; i++)
		if (!word_is(&e->nsswitch.sources[i].name, "files") &&
		    !word_is(&e->nsswitch.sources[i].name, "dns"))
			return true;
	return false;
}

/* Appends the word, with SUFFIX (NULL: none) after it, to the names that are asked for. */
static void explain_add_name(struct explain *e, const char *suffix)
{
	struct dns_name name;
	char *text;

	if (e->n_names == NAMES_MOST)
		return;
	text = e->names[e->n_names];
	if (suffix)
		snprintf(text, sizeof e->names[0], "%s.%s", e->word, suffix);
	else
		snprintf(text, sizeof e->names[0], "%s", e->word);
	if (dns_name_parse(text, &name))
		return; /* too long together: the system does not ask for it either */
	e->suffixed[e->n_names++] = suffix != NULL;
}

void explain_resolv_conf(struct explain *e)
{
	if (system_file_resolv_conf(&e->conf) < 0)
		explain_tell(e, "resolv", RESOLV_CONF, NULL, system_file_why(errno), -1);
}

void explain_search(struct explain *e)
{
	char text[2048] = "", where[64];
	unsigned dots = 0;
	size_t n = strlen(e->word);

	for (const char *p = e->word; *p; p++)
		dots += *p == '.';
	if (e->is_address || (n && e->word[n - 1] == '.')) {
		explain_add_name(e, NULL);
		if (!e->is_address)
			explain_tell(e, "search", RESOLV_CONF, e->word,
				     "as it is: it ends in a dot", -1);
		return;
	}
	if (dots >= e->conf.ndots)
		explain_add_name(e, NULL);
	for (size_t i = 0; i < e->conf.n_search; i++)
		if (strcmp(e->conf.search[i], ".") != 0)
			explain_add_name(e, e->conf.search[i]);
	if (dots < e->conf.ndots)
		explain_add_name(e, NULL);
	for (size_t i = 0; i < e->n_names; i++)
		explain_add_word(text, sizeof text, e->names[i]);
	n = strlen(text);
	snprintf(text + n, sizeof text - n, " (ndots %u)", e->conf.ndots);
	explain_tell(e, "search",
		     explain_place(RESOLV_CONF, e->conf.search_line, where, sizeof where), e->word,
		     text, -1);
}
