/* explain_servers.c - DNS servers of resolv.conf that the look-up did not ask: each is asked by
 * itself, for one name after another as the system would */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "names/explain_state.h"
#include "names/system_file.h"

#define CUT " (cut short: TC)"

static void explain_server_next(struct explain_server *s, size_t name);

struct explain_server *explain_server(struct explain *e, const struct address *address)
{
	struct explain_server *s = e->servers;
	struct address plain = *address;

	address_unmap(&plain);
	while (s < e->servers + e->n_servers && !address_same_host(&s->address, &plain))
		s++;
	if (s == e->servers + e->n_servers) {
		if (e->n_servers == SERVERS_MOST)
			return NULL;
		e->n_servers++;
		*s = (struct explain_server){ .e = e, .usable = true, .address = plain };
	}
	return s;
}

struct explain_query *explain_add_query(struct explain_server *s, size_t name, int family)
{
	struct explain_query *q = &s->queries[s->n_queries];

	if (s->n_queries == QUERIES_MOST || name == NAMES_MOST)
		return NULL;
	s->n_queries++;
	*q = (struct explain_query){
		.server = s,
		.name = name,
		.family = family,
		.type = s->e->is_address  ? DNS_PTR :
			family == AF_INET ? DNS_A :
					    DNS_AAAA,
		.start = clock_now(),
	};
	return q;
}

void explain_close_query(struct explain_query *own)
{
	struct explain_server *s = own->server;

	own->done = true;
	if (own->r.n || own->r.names.n)
		s->found = own->name + 1;
	s->silent = s->slow = false;
	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++) {
		s->silent |= q->done && (!q->r.asked || q->r.eai == EAI_AGAIN);
		s->slow |= q->done && !q->r.eai && q->ns > SLOW;
	}
}

/* Returns which name the system asks for where S has no answer for NAME; NAMES_MOST: none. musl
 * goes on only where its first question is answered by `no such name`, and glibc leaves the other
 * suffixes out where S will not answer. */
static size_t explain_next_name(const struct explain_server *s, size_t name)
{
	const struct explain *e = s->e;
	const struct explain_query *q = s->queries + s->n_seen;
	size_t next = name + 1;

	while (q->name != name)
		q++;
	if (e->musl && q->r.rcode != DNS_NXDOMAIN)
		return NAMES_MOST;
	if (q->r.rcode == DNS_REFUSED || q->r.rcode == DNS_NOTIMP || q->r.rcode == DNS_FORMERR)
		while (next < e->n_names && e->suffixed[next])
			next++;
	return next < e->n_names ? next : NAMES_MOST;
}

/* A query has been answered. Once all queries for its name have been, S goes on. */
static void explain_answered(void *arg, struct find_result *r)
{
	struct explain_query *own = arg;
	struct explain_server *s = own->server;
	size_t next;

	own->r = *r;
	*r = (struct find_result){ 0 };
	own->ns = clock_now() - own->start;
	explain_close_query(own);
	for (const struct explain_query *q = s->queries + s->n_seen; q < s->queries + s->n_queries;
	     q++)
		if (q->name == own->name && !q->done)
			return;
	next = explain_next_name(s, own->name);
	if (s->found || s->silent || next == NAMES_MOST)
		s->done = true;
	else
		explain_server_next(s, next);
	if (s->done)
		explain_wake(s->e);
}

/* Would the system ask for addresses of FAMILY? If it was seen to ask, it asks for what it did. */
static bool explain_asks_for(const struct explain *e, int family)
{
	if (e->types_seen[0] || e->types_seen[1])
		return e->types_seen[family == AF_INET6];
	return (e->c->finder.family == AF_UNSPEC || e->c->finder.family == family) &&
	       (family == AF_INET || !e->conf.no_aaaa);
}

/* Asks S for the name with the index NAME. */
static void explain_server_next(struct explain_server *s, size_t name)
{
	const struct explain *e = s->e;
	struct address address = e->address;
	size_t first = s->n_queries, end;

	address_unmap(&address); /* as libcs do */

	/* All queries are in the list before the first is answered, perhaps at once. */
	for (size_t i = 0; i < (e->is_address ? 1 : 2); i++)
		if (e->is_address || explain_asks_for(e, s->finders[i].family))
			explain_add_query(s, name, s->finders[i].family);
	end = s->n_queries;
	s->done |= first == end;
	for (struct explain_query *q = s->queries + first; q < s->queries + end; q++) {
		const struct finder *f = &s->finders[q->family == AF_INET6];
		if (e->is_address)
			find_names(f, &address, explain_answered, q, &q->find);
		else
			find_addresses(f, e->names[name], NULL, explain_answered, q, &q->find);
	}
}

static void explain_server_start(struct explain *e, struct explain_server *s)
{
	struct dns_client_config c = { .servers = &s->address, .n = 1, .tries = 1 };
	struct loop *loop = e->c->finder.loop;

	s->done = s->seen || !s->usable || e->n_names == 0;
	if (s->done)
		return;
	c.manner = e->conf.edns || e->edns_seen ? DNS_EDNS : DNS_PLAIN;
	c.tcp = e->conf.tcp;
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
	struct address local;
	bool usable = false;

	if (e->n_names == 0 && !e->is_number)
		explain_search(e);
	for (size_t i = 0; i < e->n_servers; i++)
		usable |= e->servers[i].usable;
	/* Where none is named the system asks this host. */
	if (!usable && system_file_server("127.0.0.1", &local))
		explain_server(e, &local);
	for (size_t i = 0; i < e->n_servers; i++)
		explain_server_start(e, &e->servers[i]);
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
	} else if (r->why) {
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

void explain_tell_query(struct explain *e, const char *name, const struct explain_query *q)
{
	char address[ADDRESS_TEXT], question[600], text[1024], type[16];

	snprintf(question, sizeof question, "%s %s%s", e->names[q->name],
		 dns_type_text(q->type, type), q->tcp ? " by TCP" : "");
	explain_query_text(q, text, sizeof text - sizeof CUT);
	if (q->truncated)
		snprintf(text + strlen(text), sizeof CUT, "%s", CUT);
	explain_tell(e, name, address_text(&q->server->address, address), question, text, q->ns);
}

void explain_tell_server(struct explain *e, const struct explain_server *s)
{
	if (!s->usable) {
		char where[64];
		explain_place(RESOLV_CONF, s->line, where, sizeof where);
		explain_wrong(e, "%s: '%s' is no address, and is passed over", where, s->word);
	}
	for (const struct explain_query *q = s->queries + s->n_seen; q < s->queries + s->n_queries;
	     q++)
		explain_tell_query(e, "probe", q);
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
