/* resolution.c - the addresses of a word, then the names of each, then whether each leads back */
#include "names/resolution.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"

#define CONFIRM_MOST 16 /* names of one address: a server may give thousands */

static void resolution_next_address(struct resolution *r);
static void resolution_next_name(struct resolution *r);

/* Can C ask for the names of an address? */
static bool wants_names(const struct resolution_config *c)
{
	return !c->record || c->record == DNS_PTR;
}

/* A word that is read: an address, or a name as it is asked for. */
struct asked {
	enum word_kind kind;
	struct address address;
	struct dns_name name;
};

/* Reads WORD into *A, if it can be asked for; returns as resolution_check(). */
static int resolution_read(const struct resolution_config *c, const char *word, struct asked *a,
			   struct option_error *error)
{
	const char *fault;

	a->kind = address_parse_host(word, &a->address);
	if (*word == '\0')
		return option_fail(error, "name '' is empty");
	if ((a->kind == WORD_NUMBER && wants_names(c)) || a->kind == WORD_ZONE)
		return 0;
	if (c->numeric)
		return option_fail(error, "'%s' is a name, which --numeric does not look up", word);
	fault = dns_name_parse(word, &a->name);
	if (fault)
		return option_fail(error, "name '%s' %s", word, fault);
	if (c->mdns && !mdns_knows(&a->name))
		return option_fail(error, "name '%s' does not end in .local, as names of mdns do",
				   word);
	if (a->kind == WORD_BAD && !c->dns)
		return option_fail(error, "'%s' is neither an address nor a name", word);
	return 0;
}

int resolution_check(const struct resolution_config *c, const char *word,
		     struct option_error *error)
{
	struct asked asked;

	return resolution_read(c, word, &asked, error);
}

void resolution_free(struct resolution *r)
{
	if (!r)
		return;
	find_cancel(r->find);
	timer_drop(r->c->finder.loop, &r->timer);
	for (size_t i = 0; r->reverse && i < r->found.n; i++) {
		lookup_names_free(&r->reverse[i].confirmed);
		lookup_names_free(&r->reverse[i].others);
	}
	free(r->reverse);
	find_result_free(&r->found);
	free(r);
}

static void resolution_finish(struct resolution *r)
{
	timer_drop(r->c->finder.loop, &r->timer);
	r->ns = clock_now() - r->start;
	r->done = true;
	r->fn(r->arg, r);
}

static void resolution_expired(void *arg)
{
	struct resolution *r = arg;
	unsigned strays;

	/* What follows from a part would take more time. */
	if (r->find && !r->c->reverse && find_conclude(r->find))
		return;
	find_cancel(r->find);
	r->find = NULL;
	r->timed_out = true;
	free(r->found.why);
	r->found.why = NULL;
	strays = r->c->finder.dns ? dns_client_strays(r->c->finder.dns) - r->strays : 0;
	if (strays)
		find_set_why(&r->found, "%u that did not belong to the question%s", strays,
			     strays == 1 ? "" : "s");
	resolution_finish(r);
}

void resolution_begins(void *arg)
{
	struct resolution *r = arg;

	if (r->begun)
		return;
	r->begun = true;
	r->start = clock_now();
	timer_set(r->c->finder.loop, &r->timer, clock_after(r->start, r->c->wait));
}

/* All is known: the word has failed if it is an address without a name, or if names that have to
 * lead back do not. */
static void resolution_conclude(struct resolution *r)
{
	const struct resolution_names *names = r->reverse;
	const struct resolution_names *fault = NULL;
	bool unconfirmed = false;

	for (size_t i = 0; i < r->found.n; i++) {
		bool lacks = names[i].confirmed.failed || names[i].eai == EAI_MEMORY;
		bool none = r->c->confirm && names[i].confirmed.n == 0;
		unconfirmed |= none;
		if (lacks || (none && eai_is_fault(names[i].eai)))
			fault = &names[i];
	}
	if (!r->found.eai && fault) {
		r->found.eai = fault->eai ? fault->eai : EAI_MEMORY;
		r->found.error = fault->error;
	} else if (!r->found.eai && unconfirmed) {
		r->found.eai = EAI_NONAME;
		find_set_why(&r->found,
			     r->is_address ?
				     "no name of it has this address" :
				     "not each of its addresses has a name that leads back");
	}
	resolution_finish(r);
}

static bool has_address(const struct find_result *found, const struct address *a)
{
	for (size_t i = 0; i < found->n; i++) {
		struct address one = found->addresses[i];
		/* Names know nothing of zones. */
		if (one.u.sa.sa_family == AF_INET6 && a->u.sa.sa_family == AF_INET6)
			one.u.in6.sin6_scope_id = a->u.in6.sin6_scope_id;
		if (address_same_host(&one, a))
			return true;
	}
	return false;
}

static void resolution_name_found(void *arg, struct find_result *found)
{
	struct resolution *r = arg;
	struct resolution_names *names = &r->reverse[r->at];
	char *name = names->others.names[r->name];

	if (has_address(found, &r->found.addresses[r->at]) &&
	    lookup_names_add(&names->confirmed, name) == 0) {
		free(name);
		names->others.n--;
		memmove(names->others.names + r->name, names->others.names + r->name + 1,
			(names->others.n - r->name) * sizeof *names->others.names);
	} else {
		r->name++;
	}
	/* It may well lead back. */
	if (eai_is_fault(found->eai)) {
		names->eai = found->eai;
		names->error = found->error;
	}
	find_result_free(found);
	resolution_next_name(r);
}

/* Looks up the next name, to see whether it leads back. */
static void resolution_next_name(struct resolution *r)
{
	struct resolution_names *names = &r->reverse[r->at];
	struct address a;

	for (; r->name < names->others.n && r->name < CONFIRM_MOST; r->name++) {
		const char *name = names->others.names[r->name];
		/* A name that looks like an address does not count: anybody may own that. */
		if (lookup_is_numeric(name) ||
		    (!r->c->dns && address_parse_host(name, &a) != WORD_NAME))
			continue;
		find_addresses(&r->c->finder, name, NULL, resolution_name_found, r, &r->find);
		return;
	}
	r->at++;
	resolution_next_address(r);
}

static void resolution_names_found(void *arg, struct find_result *found)
{
	struct resolution *r = arg;
	struct resolution_names *names = &r->reverse[r->at];

	names->eai = found->eai;
	names->error = found->error;
	names->others = found->names;
	found->names = (struct lookup_names){ 0 };
	if (r->is_address) {
		/* This is the look-up of the word itself. */
		found->addresses = r->found.addresses;
		found->n = r->found.n;
		r->found = *found;
	} else {
		find_result_free(found);
	}
	r->name = r->c->confirm ? 0 : names->others.n;
	resolution_next_name(r);
}

/* Looks up the names of the next address. */
static void resolution_next_address(struct resolution *r)
{
	if (r->at >= r->found.n)
		resolution_conclude(r);
	else
		find_names(&r->c->finder, &r->found.addresses[r->at], resolution_names_found, r,
			   &r->find);
}

/* The addresses are there: looks up their names. */
static void resolution_look_back(struct resolution *r)
{
	if (r->found.n)
		r->reverse = calloc(r->found.n, sizeof *r->reverse);
	if (r->reverse) {
		resolution_next_address(r);
		return;
	}
	if (r->found.n) {
		r->found.eai = EAI_MEMORY;
		r->found.error = ENOMEM;
	}
	resolution_finish(r);
}

static void resolution_found(void *arg, struct find_result *found)
{
	struct resolution *r = arg;

	r->found = *found;
	if (r->c->reverse && !found->eai)
		resolution_look_back(r);
	else
		resolution_finish(r);
}

static void resolution_start_address(struct resolution *r, const struct address *a)
{
	const struct resolution_config *c = r->c;

	if (c->finder.family != AF_UNSPEC && c->finder.family != a->u.sa.sa_family) {
		r->found.eai = EAI_FAMILY;
	} else if (!(r->found.addresses = malloc(sizeof *a))) {
		r->found.eai = EAI_MEMORY;
	} else {
		r->found.addresses[0] = *a;
		address_set_port(r->found.addresses, c->finder.port);
		r->found.n = 1;
		r->is_address = !c->numeric;
	}
	if (r->is_address)
		resolution_look_back(r);
	else
		resolution_finish(r);
}

struct resolution *resolution_start(const struct resolution_config *c, const char *word,
				    void (*fn)(void *arg, struct resolution *r), void *arg)
{
	size_t size = strlen(word) + 1;
	struct resolution *r = malloc(sizeof *r + size);
	struct option_error error;
	struct asked asked;

	if (!r)
		return NULL;
	*r = (struct resolution){
		.c = c,
		.found.rcode = -1,
		.start = loop_now(c->finder.loop),
		.strays = c->finder.dns ? dns_client_strays(c->finder.dns) : 0,
		.timer = { .fn = resolution_expired, .arg = r },
		.fn = fn,
		.arg = arg,
	};
	memcpy(r->word, word, size);
	if (!c->finder.dns)
		resolution_begins(r);
	if (resolution_read(c, word, &asked, &error) < 0) {
		find_set_why(&r->found, "%s", error.text);
		r->bad = r->found.why;
		r->found.eai = r->bad ? EAI_NONAME : EAI_MEMORY;
		resolution_finish(r);
	} else if (asked.kind == WORD_ZONE) {
		r->found.eai = EAI_NONAME;
		resolution_finish(r);
	} else if (asked.kind == WORD_NUMBER && !c->record) {
		resolution_start_address(r, &asked.address);
	} else if (c->record) {
		size_t n;
		const unsigned char *bytes = address_ip(&asked.address, &n);
		if (asked.kind == WORD_NUMBER && c->record == DNS_PTR)
			dns_name_reverse(bytes, n, &asked.name);
		find_records(&c->finder, &asked.name, c->record, resolution_found, r, &r->find);
	} else {
		find_addresses(&c->finder, word, &asked.name, resolution_found, r, &r->find);
	}
	return r;
}
