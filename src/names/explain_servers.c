/* explain_servers.c - each DNS server of resolv.conf is asked by itself, for one name after another
 * as the system would */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "names/explain_state.h"
#include "names/system_file.h"

#define SLOW (500 * MILLISECOND)

static void explain_server_next(struct explain_server *s, size_t name);

/* A query has been answered. Once all queries for its name have been, S goes on. */
static void explain_answered(void *arg, struct find_result *r)
{
	struct explain_query *own = arg;
	struct explain_server *s = own->server;
	bool over = true, answered = false;

	own->r = *r;
	*r = (struct find_result){ 0 };
	own->ns = clock_now() - own->start;
	own->done = true;
	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++) {
		if (q->name != own->name)
			continue;
		over &= q->done;
		/* Without an answer the system goes on to the next name. */
		answered |= q->done && (q->r.n || q->r.names.n);
		s->silent |= q->done && !q->r.asked;
	}
	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++) {
		s->silent |= q->done && q->r.eai == EAI_AGAIN;
		s->slow |= q->done && !q->r.eai && q->ns > SLOW;
	}
	if (!over)
		return;
	if (answered)
		s->found = own->name + 1;
	if (answered || s->silent || own->name + 1 >= s->e->n_names)
		s->done = true;
	else
		explain_server_next(s, own->name + 1);
	if (s->done)
		explain_wake(s->e);
}

/* Asks S for the name with the index NAME. */
static void explain_server_next(struct explain_server *s, size_t name)
{
	const struct explain *e = s->e;
	size_t first = s->n_queries, end;

	/* All queries are in the list before the first is answered, perhaps at once. */
	for (size_t i = 0; i < (e->is_address ? 1 : 2); i++) {
		int family = s->finders[i].family;
		if (e->is_address || e->c->finder.family == AF_UNSPEC ||
		    e->c->finder.family == family)
			s->queries[s->n_queries++] = (struct explain_query){
				.server = s, .name = name, .family = family, .start = clock_now()
			};
	}
	end = s->n_queries;
	for (struct explain_query *q = s->queries + first; q < s->queries + end; q++) {
		const struct finder *f = &s->finders[q->family == AF_INET6];
		if (e->is_address)
			find_names(f, &e->address, explain_answered, q, &q->find);
		else
			find_addresses(f, e->names[name], explain_answered, q, &q->find);
	}
}

static void explain_server_start(struct explain *e, struct explain_server *s, const char *word,
				 size_t line)
{
	struct dns_client_config c = { .n = 1, .tries = 1 };
	struct loop *loop = e->c->finder.loop;

	s->e = e;
	s->word = word;
	s->line = line;
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
	explain_server_next(s, 0);
}

void explain_start_servers(struct explain *e)
{
	for (size_t i = 0; i < e->conf.n_servers; i++)
		explain_server_start(e, &e->servers[i], e->conf.servers[i],
				     e->conf.server_lines[i]);
	e->n_servers = e->conf.n_servers;
	if (e->n_servers == 0)
		explain_server_start(e, &e->servers[e->n_servers++], "127.0.0.1", 0);
}

const char *explain_query_text(const struct explain_query *q, char *text, size_t size)
{
	const struct find_result *r = &q->r;
	const char *kind = q->server->e->is_address ? "name" :
			   q->family == AF_INET	    ? "IPv4 address" :
						      "IPv6 address";

	if (r->n) {
		explain_addresses_text(r->addresses, r->n, text, size);
	} else if (r->names.n) {
		text[0] = '\0';
		for (size_t i = 0; i < r->names.n; i++)
			explain_add_word(text, size, r->names.names[i]);
	} else if (r->why[0]) {
		/* It begins with the server, which has been told. */
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

void explain_tell_server(struct explain *e, const struct explain_server *s)
{
	char address[ADDRESS_TEXT], question[600], text[1024];

	if (!s->usable) {
		char where[64];
		explain_tell(e, "server", explain_place(RESOLV_CONF, s->line, where, sizeof where),
			     s->word, "it is no address", -1);
		explain_wrong(e, "%s: '%s' is no address, and is passed over", where, s->word);
		return;
	}
	address_text(&s->address, address);
	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++) {
		snprintf(question, sizeof question, "%s %s", e->names[q->name],
			 e->is_address	      ? "PTR" :
			 q->family == AF_INET ? "A" :
						"AAAA");
		explain_tell(e, "server", address, question,
			     explain_query_text(q, text, sizeof text), q->ns);
	}
}

void explain_free_servers(struct explain *e)
{
	for (size_t i = 0; i < e->n_servers; i++) {
		struct explain_server *s = &e->servers[i];
		for (size_t k = 0; k < s->n_queries; k++) {
			find_cancel(s->queries[k].find);
			find_result_free(&s->queries[k].r);
		}
		dns_client_free(s->dns);
	}
}
