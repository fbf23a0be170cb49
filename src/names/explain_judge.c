/* explain_judge.c - what is wrong with a look-up: servers that fail, are slow or disagree, a hosts
 * file that says otherwise, a suffix that was not meant */
#define _GNU_SOURCE /* EAI_NODATA */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "names/explain_state.h"
#include "names/system_file.h"

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_FAMILY
#endif

/* Has S answered with A? */
static bool explain_server_has(const struct explain_server *s, const struct address *a)
{
	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++)
		for (size_t i = 0; i < q->r.n; i++)
			if (address_same_host(&q->r.addresses[i], a))
				return true;
	return false;
}

static bool explain_hosts_have(const struct explain *e, const struct address *a)
{
	for (size_t i = 0; i < e->n_hits; i++) {
		const struct address *h = &e->hits[i].address;
		const struct in6_addr *in6 = &h->u.in6.sin6_addr;
		if (address_same_host(h, a) ||
		    (h->u.sa.sa_family == AF_INET6 && a->u.sa.sa_family == AF_INET &&
		     IN6_IS_ADDR_V4MAPPED(in6) && !memcmp(in6->s6_addr + 12, &a->u.in.sin_addr, 4)))
			return true;
	}
	return false;
}

/* Writes all addresses that S has answered into TEXT of SIZE bytes. */
static void explain_server_text(const struct explain_server *s, char *text, size_t size)
{
	char one[512];

	text[0] = '\0';
	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++)
		if (q->r.n) {
			explain_addresses_text(q->r.addresses, q->r.n, one, sizeof one);
			explain_add_word(text, size, one);
		}
	if (!*text)
		snprintf(text, size, "that there is none");
}

/* Has B answered with all addresses that S has? */
static bool explain_server_has_all(const struct explain_server *b, const struct explain_server *s)
{
	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++)
		for (size_t i = 0; i < q->r.n; i++)
			if (!explain_server_has(b, &q->r.addresses[i]))
				return false;
	return true;
}

/* Do A and B, which both have answered, agree? */
static bool explain_servers_agree(const struct explain_server *a, const struct explain_server *b)
{
	return !a->found == !b->found && explain_server_has_all(a, b) &&
	       explain_server_has_all(b, a);
}

static bool explain_server_answered(const struct explain_server *s)
{
	bool fails = !s->usable || s->silent || s->n_queries == 0;

	for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++)
		fails |= q->r.eai == EAI_FAIL || q->r.eai == EAI_SYSTEM;
	return !fails;
}

/* Has E another server than S that answers in time, and a libc that asks all of them at once? */
static bool explain_has_faster(const struct explain *e, const struct explain_server *s)
{
	for (const struct explain_server *o = e->servers; o < e->servers + e->n_servers; o++)
		if (o != s && e->musl && explain_server_answered(o) && !o->slow)
			return true;
	return false;
}

/* Tells how Q to S failed, and what that means for whoever looks something up. */
static void judge_failed_server(struct explain *e, const struct explain_server *s,
				const struct explain_query *q)
{
	char address[ADDRESS_TEXT], text[512];
	bool waited = q->r.eai == EAI_AGAIN && (q->ns >= SECOND / 10 || e->resolution->timed_out);

	explain_wrong(e, "server %s: %s, so that %s", address_text(&s->address, address),
		      explain_query_text(q, text, sizeof text),
		      waited && explain_has_faster(e, s) ?
			      "the others, asked at the same time, must answer" :
		      waited	       ? "each look-up waits for it in vain" :
		      s->found	       ? "names that only it has are not found" :
		      e->n_servers > 1 ? "another one must know it" :
					 "DNS finds nothing");
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
		for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries;
		     q++) {
			slowest = q->ns > slowest ? q->ns : slowest;
			if (q->r.eai == EAI_AGAIN || q->r.eai == EAI_FAIL) {
				judge_failed_server(e, s, q);
				break;
			}
		}
		if (!explain_server_answered(s))
			continue;
		if (s->slow && !explain_has_faster(e, s))
			explain_wrong(e, "server %s is slow: %s, which each look-up takes", address,
				      duration_format(time, sizeof time, slowest));
		if (!first) {
			first = s;
		} else if (!e->is_address && !explain_servers_agree(first, s)) {
			char one[ADDRESS_TEXT];
			explain_server_text(first, text, sizeof text);
			explain_server_text(s, other, sizeof other);
			explain_wrong(e,
				      "the servers disagree: %s says %s, %s says %s, so that it "
				      "depends on which of them is asked",
				      address_text(&first->address, one), text, address, other);
		}
	}
}

/* Does the hosts file have an address that the first server to answer does not have? */
static void judge_hosts(struct explain *e)
{
	char address[ADDRESS_TEXT], where[64], text[512];

	for (size_t k = 0; k < e->n_servers && !e->is_address && e->hosts_asked; k++) {
		const struct explain_server *s = &e->servers[k];
		if (!explain_server_answered(s) || !s->found)
			continue;
		for (size_t i = 0; i < e->n_hits; i++) {
			const struct address *a = &e->hits[i].address;
			bool family = false;
			for (const struct explain_query *q = s->queries;
			     q < s->queries + s->n_queries; q++)
				family |= q->r.n && q->family == a->u.sa.sa_family;
			if (!family || explain_server_has(s, a))
				continue;
			explain_server_text(s, text, sizeof text);
			explain_wrong(
				e,
				"hosts file and DNS disagree: %s says %s, %s says %s, so that "
				"programs which ask DNS themselves go elsewhere",
				explain_place(HOSTS_FILE, e->hits[i].line, where, sizeof where),
				address_host(a, address), s->word, text);
			return;
		}
		return;
	}
}

/* Was a name that has a dot found with a search suffix after it? */
static void judge_search(struct explain *e)
{
	for (size_t i = 0; i < e->n_servers; i++) {
		size_t found = e->servers[i].found;
		if (!found || !e->suffixed[found - 1] || !strchr(e->word, '.') || e->n_hits)
			continue;
		explain_wrong(e,
			      "a search suffix matched: %s is what was found, not %s, which only "
			      "`%s.` asks for",
			      e->names[found - 1], e->word, e->word);
		return;
	}
}

/* An answer that does not fit into a datagram needs TCP, which firewalls like to forget. */
static void judge_cut(struct explain *e)
{
	char address[ADDRESS_TEXT];

	for (const struct explain_server *s = e->servers; s < e->servers + e->n_servers; s++) {
		bool cut = false, by_tcp = false, asked = s->tcp_error != 0;
		for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries;
		     q++) {
			/* Our own is asked by TCP then. */
			cut |= q->truncated || (e->musl && q->r.tcp);
			asked |= q->tcp;
			by_tcp |= q->tcp && q->r.rcode >= 0;
		}
		if (cut && !by_tcp && (s->seen || e->musl))
			explain_wrong(
				e, "server %s: its answer is too long for a datagram, and %s",
				address_text(&s->address, address),
				asked ? "by TCP it does not answer, so that names with much to "
					"tell are not found" :
					"this program's libc does not ask by TCP: a part is "
					"all that it has");
	}
}

/* A name that has one kind of record exists (RFC 2308): whoever says NXDOMAIN of another kind takes
 * it away from those who ask for both. */
static void judge_halves(struct explain *e)
{
	char address[ADDRESS_TEXT], type[16], other[16];

	for (const struct explain_server *s = e->servers; s < e->servers + e->n_servers; s++)
		for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries; q++)
			for (const struct explain_query *o = s->queries;
			     o < s->queries + s->n_queries && q->r.rcode == DNS_NXDOMAIN; o++) {
				if (o->name != q->name || !o->r.n)
					continue;
				explain_wrong(e,
					      "server %s says that there is no such name as %s for "
					      "%s, and has its %s: some programs find nothing",
					      address_text(&s->address, address), e->names[q->name],
					      dns_type_text(q->type, type),
					      dns_type_text(o->type, other));
				return;
			}
}

/* What musl cannot do though it looks right. */
static void judge_musl(struct explain *e)
{
	char address[ADDRESS_TEXT];

	if (e->conf.long_line)
		explain_wrong(e,
			      "%s:%zu is longer than a line may be for this program's libc, which "
			      "passes it over",
			      RESOLV_CONF, e->conf.long_line);
	for (const struct explain_server *s = e->servers; s < e->servers + e->n_servers; s++)
		if (s->usable && address_is_any(&s->address))
			explain_wrong(e,
				      "server %s: its answers come from another address, and this "
				      "program's libc passes them over",
				      address_text(&s->address, address));
	for (size_t i = 0; i < e->conf.n_search; i++)
		if (!strcmp(e->conf.search[i], ".") && !strchr(e->word, '.') && !e->n_hits)
			explain_wrong(e,
				      "%s has `search .`, by which this program's libc asks for a "
				      "name that no server can read",
				      RESOLV_CONF);
}

static void judge_files(struct explain *e)
{
	const struct find_result *r = &e->resolution->found;

	if (e->n_addresses > RESOLVCONF_SERVERS)
		explain_wrong(e, "%s names %zu servers, of which only the first %d are ever asked",
			      RESOLV_CONF, e->n_addresses, RESOLVCONF_SERVERS);
	if (e->nsswitch_told && !e->multi && e->n_hits > 1 && r->n && !e->is_address &&
	    address_same_host(&r->addresses[0], &e->hits[0].address) && r->n < e->n_hits)
		explain_wrong(e,
			      "%s has it in %zu lines, and only the first one counts, since %s "
			      "has no line `multi on`",
			      HOSTS_FILE, e->n_hits + e->more_hits, HOST_CONF);
}

/* Why has getaddrinfo found nothing? Returns NULL if that is plain by now. */
static const char *judge_failure(const struct explain *e)
{
	const struct find_result *r = &e->resolution->found;
	bool servers_have = false, asked = e->unfollowed || e->socket_seen, exact = false;
	bool alias = false, ends_search = false;

	for (size_t i = 0; i < e->n_servers; i++) {
		const struct explain_server *s = &e->servers[i];
		servers_have |= s->found != 0;
		asked |= s->seen;
		for (const struct explain_query *q = s->queries; q < s->queries + s->n_queries;
		     q++) {
			alias |= q->r.eai == EAI_NODATA && q->r.why;
			ends_search |= q->r.eai == EAI_NODATA && e->suffixed[q->name] && e->musl;
		}
	}
	for (size_t i = 0; i < e->n_hits; i++)
		exact |= e->hits[i].exact;
	if (e->resolution->timed_out)
		return "getaddrinfo has no answer yet, and whoever calls it waits as long";
	if (!r->eai)
		return NULL;
	if (e->n_hits && e->nsswitch_told && !explain_has_source(e, "files"))
		return "the hosts file has it, and nsswitch.conf does not ask `files`, "
		       "so that no program finds it there";
	if (servers_have && e->nsswitch_told && !explain_has_source(e, "dns"))
		return "DNS has it, and nsswitch.conf does not ask `dns`, "
		       "so that no program finds it there";
	if (e->n_hits && !exact && !e->is_address)
		return "the hosts file has it in another case, which for this program's libc is "
		       "another name";
	if (e->unread)
		return e->unread;
	if (ends_search && !servers_have)
		return "a name of the search list is there without an address, and this program's "
		       "libc asks for no other one then";
	if (e->musl && e->other_family)
		return "the hosts file has it with addresses of the other family alone, and "
		       "this program's libc asks nobody else then";
	if (r->eai == EAI_NODATA && e->c->finder.family != AF_UNSPEC)
		return e->n_wrong ? NULL :
				    "it has no address of the family that was asked for, and "
				    "cannot be reached by it";
	if (r->eai == EAI_NODATA)
		return e->n_wrong ? NULL : "it is there, and has no address: nothing can connect";
	if (servers_have && !asked)
		return "a server has it, and getaddrinfo has asked none, so that no program finds "
		       "it";
	if (alias && !servers_have)
		return "it is an alias of a name that has no address, so that no program finds it";
	if (e->n_wrong && !e->n_hits)
		return NULL;
	return e->n_hits || servers_have ? "getaddrinfo does not find what is there, and "
					   "neither does a program" :
					   "neither the hosts file nor a server knows it, so "
					   "that no program finds it";
}

/* Has getaddrinfo an address that nobody was seen to have? */
static void judge_source(struct explain *e)
{
	const struct find_result *r = &e->resolution->found;
	bool servers_have = false;
	char address[ADDRESS_TEXT];

	for (size_t k = 0; k < e->n_servers; k++)
		servers_have |= e->servers[k].found != 0;
	if (explain_has_others(e) || e->more_hits || !(servers_have || e->n_hits))
		return;
	for (size_t i = 0; i < r->n && !e->is_address; i++) {
		bool known = explain_hosts_have(e, &r->addresses[i]);
		for (size_t k = 0; k < e->n_servers; k++)
			known |= explain_server_has(&e->servers[k], &r->addresses[i]);
		address_host(&r->addresses[i], address);
		/* The system itself knows localhost. */
		if (known || strcmp(address, "::1") == 0 || strcmp(address, "127.0.0.1") == 0)
			continue;
		explain_wrong(
			e, "getaddrinfo says %s, which neither the hosts file nor a server has: %s",
			address,
			e->unfollowed ? "where it comes from could not be followed" :
			e->strange    ? "it comes from an answer that is not as it should be" :
					"a cache has it, which may be out of date");
		return;
	}
}

void explain_judge(struct explain *e)
{
	const char *why;

	judge_servers(e);
	judge_cut(e);
	judge_halves(e);
	if (e->musl && !e->is_number)
		judge_musl(e);
	judge_files(e);
	judge_hosts(e);
	judge_search(e);
	why = judge_failure(e);
	if (why)
		explain_wrong(e, "%s", why);
	judge_source(e);
}
