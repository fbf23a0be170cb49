/* --explain: each step of a look-up by itself, told in the order in which the system takes them. All are begun at
 * once, so that it takes no longer than the slowest of them. */
#define _GNU_SOURCE /* EAI_NODATA */
#include "cmd/resolve_explain.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "net/route.h"
#include "net/system_file.h"
#include "proto/hosts.h"
#include "proto/nsswitch.h"
#include "proto/resolvconf.h"

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_FAMILY
#endif

#define HITS_MOST 16
#define HOSTS_WORDS 64
#define NAMES_MOST (RESOLVCONF_SEARCH + 1)
#define SLOW (500 * MILLISECOND)

/* A line of the hosts file that has the word. */
struct hit {
	size_t line;
	struct address address;
	char text[512];
};

/* A server's answer about one of the names to one type of question. */
struct probe {
	struct explain_server *server;
	size_t name;
	int family;
	struct find *find;
	struct find_result r;
	int64_t start, ns;
	bool done;
	struct probe *next;
};

struct explain_server {
	struct explain *e;
	const char *word; /* as resolv.conf has it */
	size_t line;	  /* there, 0: it is the default */
	bool usable;
	struct address address;
	struct dns_client *dns;
	struct finder finders[2];
	struct probe *probes, **last;
	bool done;
	bool silent, slow;
	size_t found; /* the name that had an answer, from 1; 0: none */
};

struct explain {
	const struct resolution_config *c;
	struct resolution_config asked; /* as getaddrinfo is asked */
	char *word;
	bool is_address;
	struct address address;
	struct show *show;
	struct explain_calls calls;
	void *arg;
	struct text nsswitch_text, conf_text;
	struct nsswitch nsswitch;
	struct resolvconf conf;
	struct hit hits[HITS_MOST];
	size_t n_hits;
	char names[NAMES_MOST][512];
	bool suffixed[NAMES_MOST];
	size_t n_names;
	struct explain_server servers[RESOLVCONF_SERVERS];
	size_t n_servers, told; /* so many of them have been told */
	struct resolution *resolution;
	struct timer step;
	struct json json, wrong;
	struct text wrong_text;
	size_t n_wrong;
};

/* ---- what is told ---- */

/* A step; NULL: that is not there. NS below 0: it took no time. */
static void tell(struct explain *e, const char *step, const char *where, const char *question,
		 const char *answer, int64_t ns)
{
	char time[32];
	const char *cells[] = { e->show->named ? e->word : NULL, step,	 where ? where : "-",
				question ? question : "-",	 answer, ns < 0 ? NULL : time };

	if (e->show->m->options.json) {
		json_open(&e->json, NULL, '{');
		json_string(&e->json, "step", step);
		if (where)
			json_string(&e->json, "where", where);
		if (question)
			json_string(&e->json, "question", question);
		json_string(&e->json, "answer", answer);
		if (ns >= 0)
			json_milliseconds(&e->json, "elapsed_ms", ns);
		json_close(&e->json, '}');
		return;
	}
	snprintf(time, sizeof time, "%.3f ms", (double)ns / (double)MILLISECOND);
	show_row(e->show, cells, sizeof cells / sizeof *cells);
}

__attribute__((format(printf, 2, 3))) static void wrong(struct explain *e, const char *format, ...)
{
	char text[1024];
	va_list list;

	va_start(list, format);
	text_fit(text, sizeof text, format, list);
	va_end(list);
	text_add(&e->wrong_text, "%s%s", e->n_wrong++ ? "; " : "", text);
	json_string(&e->wrong, NULL, text);
}

/* `/etc/hosts:7` */
static const char *place(const char *file, size_t line, char *text, size_t size)
{
	if (line)
		snprintf(text, size, "%s:%zu", file, line);
	else
		snprintf(text, size, "%s", file);
	return text;
}

/* Adds WORD to TEXT of SIZE bytes, a blank between them. */
static void add_word(char *text, size_t size, const char *word)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s", n ? " " : "", word);
}

static void addresses_text(const struct address *a, size_t n, char *text, size_t size)
{
	char one[ADDRESS_TEXT];

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		add_word(text, size, address_host(&a[i], one));
}

/* ---- files ---- */

static bool same_host(const struct address *a, const struct address *b)
{
	struct address x = *a, y = *b;

	address_set_port(&x, 0);
	address_set_port(&y, 0);
	return address_equal(&x, &y);
}

static bool wants(const struct explain *e, const struct address *a)
{
	int family = e->c->finder.family;

	return family == AF_UNSPEC || family == a->u.sa.sa_family;
}

/* Does the line of N WORDS have what is looked up? */
static bool is_hit(const struct explain *e, const struct hosts_word *words, size_t n,
		   const struct address *a)
{
	size_t length = strlen(e->word);
	char bare[512];

	if (e->is_address)
		return same_host(a, &e->address);
	snprintf(bare, sizeof bare, "%s", e->word);
	if (length && length < sizeof bare && bare[length - 1] == '.')
		bare[length - 1] = '\0';
	for (size_t i = 1; i < n; i++)
		if (hosts_is(&words[i], bare))
			return wants(e, a);
	return false;
}

static void read_hosts(struct explain *e)
{
	struct hosts_word words[HOSTS_WORDS];
	struct text text = { 0 };
	struct hosts_reader r;
	char where[64], why[128];
	size_t n;
	int64_t start = clock_now();

	if (system_file_read(HOSTS_FILE, &text) < 0) {
		snprintf(why, sizeof why, "%s (%s)", strerror(errno), errno_name(errno));
		tell(e, "hosts", HOSTS_FILE, e->word, why, -1);
		text_free(&text);
		return;
	}
	hosts_start(&r, text.data ? text.data : "", text.length);
	while ((n = hosts_next(&r, words, HOSTS_WORDS)) && e->n_hits < HITS_MOST) {
		struct hit *hit = &e->hits[e->n_hits];
		char word[128];
		if (n < 2 || words[0].n >= sizeof word)
			continue;
		memcpy(word, words[0].text, words[0].n);
		word[words[0].n] = '\0';
		if (address_parse_host(word, &hit->address) != WORD_NUMBER ||
		    !is_hit(e, words, n, &hit->address))
			continue;
		hit->line = r.line;
		hit->text[0] = '\0';
		for (size_t i = 0; i < n; i++) {
			snprintf(why, sizeof why, "%.*s", (int)words[i].n, words[i].text);
			add_word(hit->text, sizeof hit->text, why);
		}
		e->n_hits++;
	}
	text_free(&text);
	for (size_t i = 0; i < e->n_hits; i++)
		tell(e, "hosts", place(HOSTS_FILE, e->hits[i].line, where, sizeof where), e->word,
		     e->hits[i].text, i ? -1 : clock_now() - start);
	if (e->n_hits == 0) {
		int family = e->is_address ? AF_UNSPEC : e->c->finder.family;
		tell(e, "hosts", HOSTS_FILE, e->word,
		     family == AF_INET	? "no line has it with an IPv4 address" :
		     family == AF_INET6 ? "no line has it with an IPv6 address" :
					  "no line has it",
		     clock_now() - start);
	}
}

static void read_nsswitch(struct explain *e)
{
	char order[512] = "", one[64], where[64];

	if (system_file_read(NSSWITCH_FILE, &e->nsswitch_text) < 0)
		e->nsswitch_text.length = 0;
	nsswitch_read(&e->nsswitch, "hosts", e->nsswitch_text.data ? e->nsswitch_text.data : "",
		      e->nsswitch_text.length);
	for (size_t i = 0; i < e->nsswitch.n; i++) {
		const struct nsswitch_source *s = &e->nsswitch.sources[i];
		snprintf(one, sizeof one, "%.*s%s", (int)s->n, s->name,
			 s->ends ? " (the last one where a name is not known)" : "");
		add_word(order, sizeof order, one);
	}
	tell(e, "nsswitch", place(NSSWITCH_FILE, e->nsswitch.line, where, sizeof where), NULL,
	     *order ? order : "no line `hosts:`: files dns", -1);
}

/* Is SOURCE one that the system asks? Without a line it asks files and dns. */
static bool has_source(const struct explain *e, const char *source)
{
	for (size_t i = 0; i < e->nsswitch.n; i++)
		if (nsswitch_is(&e->nsswitch.sources[i], source))
			return true;
	return e->nsswitch.line == 0;
}

/* Are there others than hosts file and DNS? */
static bool has_others(const struct explain *e)
{
	for (size_t i = 0; i < e->nsswitch.n; i++)
		if (!nsswitch_is(&e->nsswitch.sources[i], "files") &&
		    !nsswitch_is(&e->nsswitch.sources[i], "dns"))
			return true;
	return false;
}

static void add_candidate(struct explain *e, const char *suffix)
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
		return; /* too long together: it is not asked for either */
	e->suffixed[e->n_names++] = suffix != NULL;
}

/* The names that are asked for, in their order: resolv.conf(5), `search` and `ndots`. */
static void read_search(struct explain *e)
{
	char text[2048] = "", where[64];
	unsigned dots = 0;
	size_t n = strlen(e->word);

	for (const char *p = e->word; *p; p++)
		dots += *p == '.';
	if (e->is_address) {
		add_candidate(e, NULL);
		return;
	}
	if (n && e->word[n - 1] == '.') {
		add_candidate(e, NULL);
		tell(e, "search", RESOLV_CONF, e->word, "as it is: it ends in a dot", -1);
		return;
	}
	if (dots >= e->conf.ndots)
		add_candidate(e, NULL);
	for (size_t i = 0; i < e->conf.n_search; i++)
		if (strcmp(e->conf.search[i], ".") != 0)
			add_candidate(e, e->conf.search[i]);
	if (dots < e->conf.ndots)
		add_candidate(e, NULL);
	for (size_t i = 0; i < e->n_names; i++)
		add_word(text, sizeof text, e->names[i]);
	n = strlen(text);
	snprintf(text + n, sizeof text - n, " (ndots %u)", e->conf.ndots);
	tell(e, "search", place(RESOLV_CONF, e->conf.search_line, where, sizeof where), e->word,
	     text, -1);
}

/* ---- servers ---- */

static void server_next(struct explain_server *s, size_t name);

static void wake(struct explain *e)
{
	timer_set(e->c->finder.loop, &e->step, loop_now(e->c->finder.loop));
}

static void probed(void *arg, struct find_result *r)
{
	struct probe *p = arg;
	struct explain_server *s = p->server;
	bool over = true, answered = false;

	p->find = NULL;
	p->r = *r;
	*r = (struct find_result){ 0 };
	p->ns = clock_now() - p->start;
	p->done = true;
	for (const struct probe *q = s->probes; q; q = q->next) {
		if (q->name != p->name)
			continue;
		over &= q->done;
		/* The system goes on to the next name where there is none, or nothing of its kind. */
		answered |= q->done && (q->r.n || q->r.names.n);
		s->silent |= q->done && !q->r.asked;
	}
	for (const struct probe *q = s->probes; q; q = q->next) {
		s->silent |= q->done && q->r.eai == EAI_AGAIN;
		s->slow |= q->done && !q->r.eai && q->ns > SLOW;
	}
	if (!over)
		return;
	if (answered)
		s->found = p->name + 1;
	if (answered || s->silent || p->name + 1 >= s->e->n_names)
		s->done = true;
	else
		server_next(s, p->name + 1);
	if (s->done)
		wake(s->e);
}

/* Asks S for the name of that number. */
static void server_next(struct explain_server *s, size_t name)
{
	const struct explain *e = s->e;
	struct probe *started[2] = { NULL, NULL };
	size_t n = e->is_address ? 1 : 2;

	/* All of them stand there before the first one is answered. */
	for (size_t i = 0; i < n; i++) {
		int family = i ? AF_INET6 : AF_INET;
		if (e->c->finder.family != AF_UNSPEC && e->c->finder.family != family && n == 2)
			continue;
		started[i] = calloc(1, sizeof *started[i]);
		if (!started[i])
			continue;
		*started[i] = (struct probe){
			.server = s, .name = name, .family = family, .start = clock_now()
		};
		*s->last = started[i];
		s->last = &started[i]->next;
	}
	s->done = !started[0] && !started[1];
	for (size_t i = 0; i < n; i++)
		if (started[i] && e->is_address)
			find_names(&s->finders[i], &e->address, probed, started[i],
				   &started[i]->find);
		else if (started[i])
			find_addresses(&s->finders[i], e->names[name], probed, started[i],
				       &started[i]->find);
}

static void server_start(struct explain *e, struct explain_server *s, const char *word, size_t line)
{
	struct dns_client_config c = { .n = 1, .tries = 1 };
	struct loop *loop = e->c->finder.loop;

	*s = (struct explain_server){ .e = e, .word = word, .line = line, .last = &s->probes };
	s->usable = address_parse_host(word, &s->address) == WORD_NUMBER;
	s->done = !s->usable;
	if (!s->usable)
		return;
	address_set_port(&s->address, DNS_PORT);
	c.servers[0] = s->address;
	c.patience = e->c->wait != UNSET ? e->c->wait : e->conf.timeout * SECOND;
	s->dns = dns_client_new(loop, &c);
	if (!s->dns) {
		s->done = true;
		return;
	}
	for (int i = 0; i < 2; i++)
		s->finders[i] = (struct finder){ .loop = loop,
						 .dns = s->dns,
						 .family = i ? AF_INET6 : AF_INET };
	server_next(s, 0);
}

static void start_servers(struct explain *e)
{
	for (size_t i = 0; i < e->conf.n_servers; i++)
		server_start(e, &e->servers[i], e->conf.servers[i], e->conf.server_lines[i]);
	e->n_servers = e->conf.n_servers;
	if (e->n_servers == 0)
		server_start(e, &e->servers[e->n_servers++], "127.0.0.1", 0);
}

static const char *probe_text(const struct probe *p, char *text, size_t size)
{
	const struct find_result *r = &p->r;
	const char *kind = p->server->e->is_address ? "name" :
			   p->family == AF_INET	    ? "IPv4 address" :
						      "IPv6 address";

	if (r->n) {
		addresses_text(r->addresses, r->n, text, size);
	} else if (r->names.n) {
		text[0] = '\0';
		for (size_t i = 0; i < r->names.n; i++)
			add_word(text, size, r->names.names[i]);
	} else if (r->why[0]) {
		/* It begins with the server, which is told already. */
		const char *colon = strstr(r->why, ": ");
		snprintf(text, size, "%s", colon ? colon + 2 : r->why);
	} else if (r->rcode == DNS_NXDOMAIN) {
		snprintf(text, size, "no such name (NXDOMAIN)");
	} else if (r->eai == EAI_SYSTEM) {
		snprintf(text, size, "%s (%s)", strerror(r->error), errno_name(r->error));
	} else {
		snprintf(text, size, "it has no %s", kind);
	}
	return text;
}

static void tell_server(struct explain *e, const struct explain_server *s)
{
	char address[ADDRESS_TEXT], question[600], text[1024];

	if (!s->usable) {
		char where[64];
		tell(e, "server", place(RESOLV_CONF, s->line, where, sizeof where), s->word,
		     "it is no address", -1);
		wrong(e, "%s: '%s' is no address", where, s->word);
		return;
	}
	address_text(&s->address, address);
	for (const struct probe *p = s->probes; p; p = p->next) {
		snprintf(question, sizeof question, "%s %s", e->names[p->name],
			 e->is_address	      ? "PTR" :
			 p->family == AF_INET ? "A" :
						"AAAA");
		tell(e, "server", address, question, probe_text(p, text, sizeof text), p->ns);
	}
}

/* ---- what is wrong ---- */

static bool server_has(const struct explain_server *s, const struct address *a)
{
	for (const struct probe *p = s->probes; p; p = p->next)
		for (size_t i = 0; i < p->r.n; i++)
			if (same_host(&p->r.addresses[i], a))
				return true;
	return false;
}

static bool hosts_has(const struct explain *e, const struct address *a)
{
	for (size_t i = 0; i < e->n_hits; i++)
		if (same_host(&e->hits[i].address, a))
			return true;
	return false;
}

/* All that S has said. */
static void server_text(const struct explain_server *s, char *text, size_t size)
{
	char one[512];

	text[0] = '\0';
	for (const struct probe *p = s->probes; p; p = p->next)
		if (p->r.n) {
			addresses_text(p->r.addresses, p->r.n, one, sizeof one);
			add_word(text, size, one);
		}
	if (!*text)
		snprintf(text, size, "that there is none");
}

/* Have A and B, which both have answered, said the same? */
static bool servers_agree(const struct explain_server *a, const struct explain_server *b)
{
	const struct explain_server *const both[] = { a, b };

	if (!a->found != !b->found)
		return false;
	for (int i = 0; i < 2; i++)
		for (const struct probe *p = both[i]->probes; p; p = p->next)
			for (size_t k = 0; k < p->r.n; k++)
				if (!server_has(both[!i], &p->r.addresses[k]))
					return false;
	return true;
}

static bool has_answered(const struct explain_server *s)
{
	bool fails = !s->usable || s->silent || !s->dns;

	for (const struct probe *p = s->probes; p; p = p->next)
		fails |= p->r.eai == EAI_FAIL || p->r.eai == EAI_SYSTEM;
	return !fails;
}

static void judge_servers(struct explain *e)
{
	char address[ADDRESS_TEXT], text[512], other[512], time[32];
	const struct explain_server *first = NULL;

	for (size_t i = 0; i < e->n_servers; i++) {
		const struct explain_server *s = &e->servers[i];
		int64_t slowest = 0;
		if (!s->usable)
			continue;
		address_text(&s->address, address);
		for (const struct probe *p = s->probes; p; p = p->next) {
			bool failed = p->r.eai == EAI_AGAIN || p->r.eai == EAI_FAIL;
			slowest = p->ns > slowest ? p->ns : slowest;
			if (failed) {
				wrong(e, "server %s: %s", address,
				      probe_text(p, text, sizeof text));
				break;
			}
		}
		if (!has_answered(s))
			continue;
		if (s->slow)
			wrong(e, "server %s is slow: %s", address,
			      duration_format(time, sizeof time, slowest));
		if (!first) {
			first = s;
		} else if (!e->is_address && !servers_agree(first, s)) {
			char one[ADDRESS_TEXT];
			server_text(first, text, sizeof text);
			server_text(s, other, sizeof other);
			wrong(e, "the servers disagree: %s says %s, %s says %s",
			      address_text(&first->address, one), text, address, other);
		}
	}
}

/* Does the hosts file say something that the servers do not? */
static void judge_hosts(struct explain *e)
{
	char address[ADDRESS_TEXT], where[64], text[512];

	for (size_t k = 0; k < e->n_servers && !e->is_address; k++) {
		const struct explain_server *s = &e->servers[k];
		if (!has_answered(s) || !s->found)
			continue;
		for (size_t i = 0; i < e->n_hits; i++) {
			const struct address *a = &e->hits[i].address;
			bool family = false;
			for (const struct probe *p = s->probes; p; p = p->next)
				family |= p->r.n && p->family == a->u.sa.sa_family;
			if (!family || server_has(s, a))
				continue;
			server_text(s, text, sizeof text);
			wrong(e, "hosts file and DNS disagree: %s says %s, %s says %s",
			      place(HOSTS_FILE, e->hits[i].line, where, sizeof where),
			      address_host(a, address), s->word, text);
			return;
		}
		return;
	}
}

/* Was it found under a name that was hardly meant? */
static void judge_search(struct explain *e)
{
	for (size_t i = 0; i < e->n_servers; i++) {
		size_t found = e->servers[i].found;
		if (!found || !e->suffixed[found - 1] || !strchr(e->word, '.') || e->n_hits)
			continue;
		wrong(e, "a search suffix matched: %s is what was found, not %s",
		      e->names[found - 1], e->word);
		return;
	}
}

static void judge_end(struct explain *e)
{
	const struct find_result *r = &e->resolution->found;
	bool servers_have = false, elsewhere = false;
	char address[ADDRESS_TEXT] = "";

	for (size_t i = 0; i < e->n_servers; i++)
		servers_have |= e->servers[i].found != 0;
	if (r->eai && e->n_hits && !has_source(e, "files"))
		wrong(e, "the hosts file has it, and nsswitch.conf does not ask `files`");
	if (r->eai && servers_have && !has_source(e, "dns"))
		wrong(e, "DNS has it, and nsswitch.conf does not ask `dns`");
	if (e->resolution->timed_out)
		wrong(e, "getaddrinfo has no answer yet");
	else if (r->eai == EAI_NODATA && e->n_wrong == 0 && e->c->finder.family != AF_UNSPEC)
		wrong(e, "it has no address of the family that was asked for");
	else if (r->eai && e->n_wrong == 0)
		wrong(e, e->n_hits || servers_have ?
				 "getaddrinfo does not find what is there" :
				 "neither the hosts file nor a server knows it");
	for (size_t i = 0; i < r->n && !e->is_address; i++) {
		bool known = hosts_has(e, &r->addresses[i]);
		for (size_t k = 0; k < e->n_servers; k++)
			known |= server_has(&e->servers[k], &r->addresses[i]);
		if (!known && !elsewhere) {
			elsewhere = true;
			address_host(&r->addresses[i], address);
		}
	}
	/* The system itself knows localhost. */
	if (elsewhere && !has_others(e) && (servers_have || e->n_hits) &&
	    strcmp(address, "::1") != 0 && strcmp(address, "127.0.0.1") != 0)
		wrong(e, "getaddrinfo says %s, which neither the hosts file nor a server has",
		      address);
}

/* The source address towards each result. */
static void tell_sources(struct explain *e)
{
	const struct find_result *r = &e->resolution->found;
	char to[ADDRESS_TEXT], text[ADDRESS_TEXT + 64], host[ADDRESS_TEXT];
	size_t routes = 0, inet6 = 0;

	if (r->eai || e->resolution->timed_out)
		return;
	for (size_t i = 0; i < r->n; i++) {
		struct address from;
		inet6 += r->addresses[i].u.sa.sa_family == AF_INET6;
		if (route_source(&r->addresses[i], &from) == 0) {
			routes++;
			snprintf(text, sizeof text, "from %s", address_host(&from, host));
		} else {
			snprintf(text, sizeof text, "no way there: %s (%s)", strerror(errno),
				 errno_name(errno));
		}
		tell(e, "source", NULL, address_host(&r->addresses[i], to), text, -1);
	}
	if (routes == 0 && inet6 == r->n)
		wrong(e, "it has IPv6 addresses only, and there is no route to them");
	else if (routes == 0)
		wrong(e, "there is no route to any of its addresses");
}

static void tell_end(struct explain *e)
{
	const struct resolution *r = e->resolution;
	char text[2048] = "";

	if (r->timed_out || r->found.eai) {
		char why[768];
		show_fault_text(e->show, r, why, sizeof why);
		snprintf(text, sizeof text, "%s%s%s%s", why, r->timed_out ? "" : " (",
			 r->timed_out ? "" : eai_name(r->found.eai), r->timed_out ? "" : ")");
	} else if (e->is_address && r->reverse) {
		for (size_t i = 0; i < r->reverse[0].others.n; i++)
			add_word(text, sizeof text, r->reverse[0].others.names[i]);
	} else {
		addresses_text(r->found.addresses, r->found.n, text, sizeof text);
	}
	tell(e, e->is_address ? "getnameinfo" : "getaddrinfo", NULL, e->word, text, r->ns);
}

static void finish(struct explain *e)
{
	enum outcome_kind kind = show_fault_kind(e->resolution);
	struct explain_calls calls = e->calls;
	void *arg = e->arg;

	tell_end(e);
	tell_sources(e);
	judge_servers(e);
	judge_hosts(e);
	judge_search(e);
	judge_end(e);
	if (e->show->m->options.json) {
		json_close(&e->json, ']');
		if (e->n_wrong) {
			json_open(&e->json, "wrong", '[');
			text_put(&e->json.text, e->wrong.text.data, e->wrong.text.length);
			json_close(&e->json, ']');
		}
		show_result_json(e->show, e->resolution, &e->json);
		json_close(&e->json, '}');
		text_put(e->show->out, e->json.text.data, e->json.text.length);
		text_put(e->show->out, "\n", 1);
	} else {
		if (e->n_wrong) {
			const char *cells[] = { e->show->named ? e->word : NULL, "wrong", NULL };
			text_put(&e->wrong_text, "", 1);
			cells[2] = e->wrong_text.data;
			show_row(e->show, cells, 3);
		}
		if (kind != OUTCOME_DONE)
			show_fault(e->show, e->resolution);
	}
	explain_cancel(e);
	calls.done(arg, kind);
}

/* Tells what has come so far. */
static void step(void *arg)
{
	struct explain *e = arg;

	while (e->told < e->n_servers && e->servers[e->told].done)
		tell_server(e, &e->servers[e->told++]);
	if (e->told == e->n_servers && e->resolution && e->resolution->done)
		finish(e);
	else
		e->calls.progress(e->arg);
}

static void resolved(void *arg, struct resolution *r)
{
	(void)r;
	wake(arg);
}

struct explain *explain_start(const struct resolution_config *c, const char *word,
			      struct show *show, const struct explain_calls *calls, void *arg)
{
	struct explain *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->c = c;
	e->asked = *c;
	e->show = show;
	e->calls = *calls;
	e->arg = arg;
	e->word = strdup(word);
	e->step = (struct timer){ .fn = step, .arg = e };
	if (!e->word) {
		free(e);
		return NULL;
	}
	e->is_address = address_parse_host(word, &e->address) == WORD_NUMBER;
	json_open(&e->json, NULL, '{');
	json_string(&e->json, "name", word);
	json_open(&e->json, "steps", '[');
	read_nsswitch(e);
	read_hosts(e);
	if (system_file_read(RESOLV_CONF, &e->conf_text) < 0) {
		e->conf_text.length = 0;
		tell(e, "resolv", RESOLV_CONF, NULL, strerror(errno), -1);
	}
	resolvconf_read(&e->conf, e->conf_text.data ? e->conf_text.data : "", e->conf_text.length);
	read_search(e);
	start_servers(e);
	e->resolution = resolution_start(&e->asked, word, resolved, e);
	if (!e->resolution) {
		explain_cancel(e);
		return NULL;
	}
	wake(e);
	return e;
}

void explain_cancel(struct explain *e)
{
	if (!e)
		return;
	resolution_free(e->resolution);
	for (size_t i = 0; i < e->n_servers; i++) {
		struct probe *p = e->servers[i].probes, *next;
		for (; p; p = next) {
			next = p->next;
			find_cancel(p->find);
			find_result_free(&p->r);
			free(p);
		}
		dns_client_free(e->servers[i].dns);
	}
	timer_drop(e->c->finder.loop, &e->step);
	text_free(&e->nsswitch_text);
	text_free(&e->conf_text);
	text_free(&e->json.text);
	text_free(&e->wrong.text);
	text_free(&e->wrong_text);
	free(e->word);
	free(e);
}
