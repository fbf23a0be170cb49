/* explain_files.c - what nsswitch.conf, the hosts file and resolv.conf say about the word */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "names/explain_state.h"
#include "names/system_file.h"
#include "proto/idna.h"
#include "proto/words.h"

/* Is A of a family that is asked for? Of a loopback and of a mapped address glibc makes one of
 * IPv4, where only that is asked for. */
static bool explain_wants(const struct explain *e, const struct address *a)
{
	int family = e->c->finder.family;

	return family == AF_UNSPEC || family == a->u.sa.sa_family ||
	       (family == AF_INET && (IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr) ||
				      IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr)));
}

/* Is NAME, in the hosts file, the word? *EXACT: by its case too. A dot at the end makes another
 * name of it. */
static bool explain_is_word(const struct explain *e, const struct word *name, bool *exact)
{
	char ascii[IDNA_MOST];

	*exact = word_is(name, e->word) || word_is(name, idna_name(e->word, ascii));
	return *exact || word_is_in_any_case(name, e->word) ||
	       word_is_in_any_case(name, idna_name(e->word, ascii));
}

/* Does a line of the hosts file, the address HIT->address and NAMES, have the word? END: of the
 * file. */
static bool explain_is_hit(struct explain *e, struct word names, const char *end,
			   struct explain_hit *hit)
{
	struct word name;

	if (e->is_address)
		return address_same_host(&hit->address, &e->address);
	while (word_next(&names, &name)) {
		bool wanted = explain_wants(e, &hit->address);
		if (!explain_is_word(e, &name, &hit->exact))
			continue;
		if (e->musl && name.text + name.n == end)
			e->unread = "no newline comes after its name in the hosts file, which this "
				    "program's libc passes over";
		else if (!wanted)
			e->other_family |= hit->exact;
		else
			return true;
		return false;
	}
	return false;
}

/* Reads WORD of the hosts file, an address, into *OUT. Returns whether it is one to the libc. */
static bool explain_hosts_address(const struct explain *e, const char *word, struct address *out)
{
	if (e->musl)
		return system_file_server(word, out);
	return address_parse_host(word, out) == WORD_NUMBER &&
	       !(strchr(word, '%') && lookup_reads_nsswitch());
}

/* Looks for the word in the N bytes at TEXT. */
static void explain_find_hits(struct explain *e, const char *text, size_t n)
{
	struct words_reader r = { .at = text, .end = text + n };
	struct word line, rest, first;
	struct explain_hit spare = { 0 };

	while (words_line(&r, &line)) {
		bool more = e->n_hits == HITS_MOST;
		struct explain_hit *hit = more ? &spare : &e->hits[e->n_hits];
		char word[128];
		rest = line;
		if (!word_next(&rest, &first) || first.n >= sizeof word)
			continue;
		memcpy(word, first.text, first.n);
		word[first.n] = '\0';
		if (!explain_hosts_address(e, word, &hit->address) ||
		    !explain_is_hit(e, rest, text + n, hit))
			continue;
		if (e->musl && line.text > text && line.text[-1] != '\n') {
			e->unread = "its line in the hosts file begins with a blank, and this "
				    "program's libc passes it over";
			continue;
		}
		hit->line = r.line;
		snprintf(hit->text, sizeof hit->text, "%.*s", (int)line.n, line.text);
		e->n_hits += !more;
		e->more_hits += more;
	}
}

void explain_hosts(struct explain *e)
{
	struct text text = { 0 };
	char where[64];
	int64_t start = clock_now();

	if (e->hosts_told)
		return;
	e->hosts_told = true;
	if (system_file_read(HOSTS_FILE, &text) < 0) {
		char why[128];
		snprintf(why, sizeof why, "%s (%s)", system_file_why(errno), errno_name(errno));
		explain_tell(e, "hosts", HOSTS_FILE, e->word, why, -1);
		text_free(&text);
		return;
	}
	explain_find_hits(e, text.data ? text.data : "", text.length);
	text_free(&text);
	for (size_t i = 0; i < e->n_hits; i++)
		explain_tell(e, "hosts",
			     explain_place(HOSTS_FILE, e->hits[i].line, where, sizeof where),
			     e->word, e->hits[i].text, i ? -1 : clock_now() - start);
	if (e->more_hits) {
		char more[64];
		snprintf(more, sizeof more, "%zu more line%s it", e->more_hits,
			 e->more_hits == 1 ? " has" : "s have");
		explain_tell(e, "hosts", HOSTS_FILE, e->word, more, -1);
	}
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
	char line[512] = "no line `hosts:`: files dns", where[64];

	if (e->nsswitch_told)
		return;
	e->nsswitch_told = true;
	if (system_file_read(NSSWITCH_FILE, &e->nsswitch_text) < 0) {
		snprintf(line, sizeof line, "%s (%s): files dns", system_file_why(errno),
			 errno_name(errno));
		e->nsswitch_text.length = 0;
	}
	nsswitch_read(&e->nsswitch, "hosts", e->nsswitch_text.data ? e->nsswitch_text.data : "",
		      e->nsswitch_text.length);
	if (e->nsswitch.line)
		snprintf(line, sizeof line, "%.*s", (int)e->nsswitch.text.n, e->nsswitch.text.text);
	explain_tell(e, "nsswitch",
		     explain_place(NSSWITCH_FILE, e->nsswitch.line, where, sizeof where), NULL,
		     line, -1);
}

bool explain_has_source(const struct explain *e, const char *source)
{
	for (size_t i = 0; i < e->nsswitch.n; i++)
		if (word_is(&e->nsswitch.sources[i], source))
			return true;
	return e->nsswitch.line == 0;
}

bool explain_has_others(const struct explain *e)
{
	for (size_t i = 0; i < e->nsswitch.n; i++)
		if (!word_is(&e->nsswitch.sources[i], "files") &&
		    !word_is(&e->nsswitch.sources[i], "dns"))
			return true;
	return false;
}

size_t explain_name(struct explain *e, const char *name)
{
	size_t i = 0, n = strlen(e->word);

	while (i < e->n_names && strcmp(e->names[i], name) != 0)
		i++;
	if (i < e->n_names || i == NAMES_MOST)
		return i;
	snprintf(e->names[i], sizeof e->names[i], "%s", name);
	n -= n && e->word[n - 1] == '.';
	e->suffixed[i] = strncasecmp(name, e->word, n) == 0 && name[n] == '.' && name[n + 1];
	return e->n_names++;
}

/* Appends the word, with SUFFIX (NULL: none) after it, to the names that are asked for. */
static void explain_add_name(struct explain *e, const char *suffix)
{
	struct dns_name name;
	char text[sizeof e->names[0]];

	snprintf(text, sizeof text, "%s%s%s", e->word, suffix ? "." : "", suffix ? suffix : "");
	/* Too long together: the system does not ask for it either. */
	if (!dns_name_parse(text, &name))
		explain_name(e, text);
}

void explain_read_resolv_conf(struct explain *e)
{
	system_file_resolv_conf(&e->conf);
	for (size_t i = 0; i < e->conf.n_servers; i++) {
		struct address a;
		bool usable = system_file_server(e->conf.servers[i], &a);
		struct explain_server *s;
		e->n_addresses += usable;
		if (usable && e->n_addresses > RESOLVCONF_SERVERS)
			continue;
		s = usable ? explain_server(e, &a) : &e->servers[e->n_servers++];
		s->e = e;
		s->word = e->conf.servers[i];
		s->line = e->conf.server_lines[i];
	}
	e->n_addresses += e->conf.more_servers;
}

/* Tells each of its lines, as it is: what the libc makes of it is seen by what it does then. */
void explain_resolv_conf(struct explain *e)
{
	struct text text = { 0 };
	struct words_reader r = { 0 };
	struct word line;
	char where[64], shown[1024];

	if (e->resolv_told)
		return;
	e->resolv_told = true;
	if (system_file_read(RESOLV_CONF, &text) < 0)
		explain_tell(e, "resolv", RESOLV_CONF, NULL, system_file_why(errno), -1);
	r.at = text.data ? text.data : "";
	r.end = r.at + text.length;
	while (words_raw_line(&r, &line)) {
		if (line.n == 0 || *line.text == '#' || *line.text == ';')
			continue;
		snprintf(shown, sizeof shown, "%.*s", (int)line.n, line.text);
		explain_tell(e, "resolv", explain_place(RESOLV_CONF, r.line, where, sizeof where),
			     NULL, shown, -1);
	}
	text_free(&text);
}

/* Tells what host.conf(5) says of several lines for a name. */
void explain_host_conf(struct explain *e)
{
	struct text text = { 0 };
	struct words_reader r = { 0 };
	struct word words[2];
	char where[64], shown[128];
	size_t n;

	if (system_file_read(HOST_CONF, &text) < 0)
		text.length = 0;
	r.at = text.data ? text.data : "";
	r.end = r.at + text.length;
	while ((n = words_next(&r, words, 2)))
		if (n == 2 && word_is(&words[0], "multi")) {
			snprintf(shown, sizeof shown, "multi %.*s", (int)words[1].n, words[1].text);
			e->multi = word_is(&words[1], "on");
			explain_tell(e, "host.conf",
				     explain_place(HOST_CONF, r.line, where, sizeof where), NULL,
				     shown, -1);
		}
	text_free(&text);
}

/* To glibc the environment counts more than a list in resolv.conf, and without either the domain of
 * this host. Returns which of them it is; NULL: neither. */
static const char *explain_other_list(struct explain *e)
{
	const char *list = getenv("LOCALDOMAIN"), *from = "LOCALDOMAIN";
	char host[256] = "", text[1024];
	struct resolvconf other;

	if (e->musl)
		return NULL;
	if (!list && e->conf.n_search == 0 && gethostname(host, sizeof host - 1) == 0) {
		from = "hostname";
		list = strchr(host, '.');
		if (list)
			list++;
	}
	if (!list)
		return NULL;
	snprintf(text, sizeof text, "search %s", list);
	resolvconf_read(&other, text, strlen(text), false);
	memcpy(e->conf.search, other.search, sizeof other.search);
	e->conf.n_search = other.n_search;
	return from;
}

void explain_search(struct explain *e)
{
	char text[2048] = "", where[64];
	const char *from;
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
	from = explain_other_list(e);
	if (dots >= e->conf.ndots)
		explain_add_name(e, NULL);
	/* musl adds nothing to a name that has so many dots. */
	for (size_t i = 0; i < e->conf.n_search && !(e->musl && dots >= e->conf.ndots); i++)
		if (strcmp(e->conf.search[i], ".") != 0)
			explain_add_name(e, e->conf.search[i]);
	if (dots < e->conf.ndots && !(dots == 0 && e->conf.no_tld))
		explain_add_name(e, NULL);
	for (size_t i = 0; i < e->n_names; i++)
		explain_add_word(text, sizeof text, e->names[i]);
	n = strlen(text);
	snprintf(text + n, sizeof text - n, " (ndots %u)", e->conf.ndots);
	explain_tell(e, "search",
		     from ? from :
			    explain_place(RESOLV_CONF, e->conf.search_line, where, sizeof where),
		     e->word, text, -1);
}
