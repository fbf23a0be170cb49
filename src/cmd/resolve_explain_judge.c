#define _GNU_SOURCE /* EAI_NODATA */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cmd/resolve_explain_state.h"
#include "names/system_file.h"

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_FAMILY
#endif

static bool server_has(const struct explain_server *s, const struct address *a)
{
	for (const struct probe *p = s->probes; p; p = p->next)
		for (size_t i = 0; i < p->r.n; i++)
			if (address_same_host(&p->r.addresses[i], a))
				return true;
	return false;
}

static bool hosts_has(const struct explain *e, const struct address *a)
{
	for (size_t i = 0; i < e->n_hits; i++)
		if (address_same_host(&e->hits[i].address, a))
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
			explain_addresses_text(p->r.addresses, p->r.n, one, sizeof one);
			explain_add_word(text, size, one);
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
				explain_wrong(e, "server %s: %s", address,
					      explain_probe_text(p, text, sizeof text));
				break;
			}
		}
		if (!has_answered(s))
			continue;
		if (s->slow)
			explain_wrong(e, "server %s is slow: %s", address,
				      duration_format(time, sizeof time, slowest));
		if (!first) {
			first = s;
		} else if (!e->is_address && !servers_agree(first, s)) {
			char one[ADDRESS_TEXT];
			server_text(first, text, sizeof text);
			server_text(s, other, sizeof other);
			explain_wrong(e, "the servers disagree: %s says %s, %s says %s",
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
			explain_wrong(e, "hosts file and DNS disagree: %s says %s, %s says %s",
				      explain_place(HOSTS_FILE, e->hits[i].line, where,
						    sizeof where),
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
		explain_wrong(e, "a search suffix matched: %s is what was found, not %s",
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
	if (r->eai && e->n_hits && !explain_has_source(e, "files"))
		explain_wrong(e, "the hosts file has it, and nsswitch.conf does not ask `files`");
	if (r->eai && servers_have && !explain_has_source(e, "dns"))
		explain_wrong(e, "DNS has it, and nsswitch.conf does not ask `dns`");
	if (e->resolution->timed_out)
		explain_wrong(e, "getaddrinfo has no answer yet");
	else if (r->eai == EAI_NODATA && e->n_wrong == 0 && e->c->finder.family != AF_UNSPEC)
		explain_wrong(e, "it has no address of the family that was asked for");
	else if (r->eai && e->n_wrong == 0)
		explain_wrong(e, e->n_hits || servers_have ?
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
	if (elsewhere && !explain_has_others(e) && (servers_have || e->n_hits) &&
	    strcmp(address, "::1") != 0 && strcmp(address, "127.0.0.1") != 0)
		explain_wrong(e,
			      "getaddrinfo says %s, which neither the hosts file nor a server has",
			      address);
}

void explain_judge(struct explain *e)
{
	judge_servers(e);
	judge_hosts(e);
	judge_search(e);
	judge_end(e);
}
