/* finder.c - addresses, names and records from the system or from DNS */
#define _GNU_SOURCE /* EAI_NODATA */
#include "names/finder.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "base/text.h"

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_NONAME
#endif

#define CHAIN_MOST 16 /* CNAMEs after each other */
#define NAMES_MOST 256
#define WHY_MOST 512
#define EXTENDED_MOST 4
/* Of questions to everybody: how long more may come after the first answer, and then the addresses
 * of the other family, which a host may lack in silence. */
#define MORE_PATIENCE (1200 * MILLISECOND) /* the question is sent once more in that time */
#define FAMILY_PATIENCE (500 * MILLISECOND)

/* The search for the records of one type: of the name, or of the one that its CNAMEs lead to. */
struct way {
	struct find *find;
	struct dns_query *query; /* one of these is asked: */
	struct mdns_query *everybody;
	struct dns_name name; /* that is asked for now */
	unsigned type, steps;
	struct lookup_names chain; /* the names that were aliases, where they are wanted */
	bool found, over;
	int eai, error;
};

struct find {
	const struct finder *f;
	struct lookup *lookup;
	struct way ways[2];
	size_t n_ways;
	bool whole;	/* all records are wanted, as they are */
	unsigned index; /* of the interface by which the answer of multicast DNS came */
	struct find_result r;
	struct find **out; /* the caller's pointer to this */
	find_fn *fn;
	void *arg;
};

void find_result_free(struct find_result *r)
{
	for (size_t i = 0; i < r->n_records; i++) {
		free(r->records[i].name);
		free(r->records[i].data);
	}
	free(r->records);
	free(r->addresses);
	free(r->why);
	free(r->head.extended);
	lookup_names_free(&r->names);
	*r = (struct find_result){ 0 };
}

void find_set_why(struct find_result *r, const char *format, ...)
{
	char text[WHY_MOST];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	free(r->why);
	r->why = strdup(text);
}

void find_cancel(struct find *f)
{
	if (!f)
		return;
	lookup_cancel(f->lookup);
	for (size_t i = 0; i < f->n_ways; i++) {
		dns_query_cancel(f->ways[i].query);
		mdns_query_cancel(f->ways[i].everybody);
		lookup_names_free(&f->ways[i].chain);
	}
	find_result_free(&f->r);
	free(f);
}

/* Frees F and tells its result. */
static void find_finish(struct find *f)
{
	struct find_result r = f->r;
	find_fn *fn = f->fn;
	void *arg = f->arg;

	if (!r.eai && r.names.failed) {
		r.eai = EAI_MEMORY;
		r.error = ENOMEM;
	}
	*f->out = NULL;
	f->r = (struct find_result){ 0 };
	find_cancel(f);
	fn(arg, &r);
}

static struct find *find_new(const struct finder *f, find_fn *fn, void *arg, struct find **out)
{
	struct find *find = malloc(sizeof *find);

	*out = find;
	if (!find) {
		fn(arg, &(struct find_result){ .eai = EAI_MEMORY, .error = ENOMEM, .rcode = -1 });
		return NULL;
	}
	*find = (struct find){ .f = f, .r.rcode = -1, .out = out, .fn = fn, .arg = arg };
	return find;
}

/* F cannot be started because of errno. */
static void find_fail(struct find *f)
{
	f->r.eai = EAI_SYSTEM;
	f->r.error = errno;
	find_finish(f);
}

/* ---- the system ---- */

static void system_found(void *arg, struct lookup_answer *answer)
{
	struct find *f = arg;

	f->lookup = NULL;
	f->r.eai = answer->eai;
	f->r.error = answer->error;
	f->r.names = answer->names;
	f->r.addresses = answer->addresses;
	f->r.n = answer->n;
	lookup_interleave(f->r.addresses, f->r.n);
	for (size_t i = 0; i < f->r.n; i++)
		address_set_port(&f->r.addresses[i], f->f->port);
	find_finish(f);
}

/* ---- DNS ---- */

/* Adds to what is told of a failure, unless it is there already. */
__attribute__((format(printf, 2, 3))) static void find_add_why(struct find_result *r,
							       const char *format, ...)
{
	char text[320];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	if (!r->why)
		find_set_why(r, "%s", text);
	else if (!strstr(r->why, text)) /* both ways mostly fail alike */
		find_set_why(r, "%s; %s", r->why, text);
}

static void way_over(struct way *w, int eai, int error)
{
	struct find *f = w->find;
	struct find_result *r = &f->r;
	bool lacks = false;

	w->over = true;
	w->eai = w->chain.failed ? EAI_MEMORY : eai;
	w->error = error;
	for (size_t i = 0; i < f->n_ways; i++)
		if (!f->ways[i].over)
			return;
	/* A failure counts more than a missing name, and that more than a name without data. */
	for (size_t i = 0; i < f->n_ways; i++) {
		const struct way *each = &f->ways[i];
		/* What there was no memory for is missing from what there is. */
		lacks |= each->eai == EAI_MEMORY;
		if (i == 0 || eai_is_fault(each->eai) ||
		    (each->eai == EAI_NODATA && r->eai == EAI_NONAME)) {
			r->eai = each->eai;
			r->error = each->error;
		}
	}
	if (lacks)
		r->eai = EAI_MEMORY;
	else if (r->n || r->names.n || r->n_records)
		r->eai = 0;
	lookup_interleave(r->addresses, r->n);
	if (r->n_records && f->whole && !lacks) {
		bool any = false;
		for (size_t i = 0; i < r->n_records; i++)
			any |= r->records[i].asked_for;
		if (!any)
			r->eai = f->ways[0].eai ? f->ways[0].eai : EAI_NODATA;
	}
	find_finish(f);
}

static bool find_add_address(struct find *f, const struct dns_message *m,
			     const struct dns_record *rec)
{
	const unsigned char *p = m->bytes + rec->data;
	struct find_result *r = &f->r;
	struct address *more, a;

	address_set_ip(&a, rec->type == DNS_A ? AF_INET : AF_INET6, p, f->f->port);
	if (rec->type == DNS_AAAA && IN6_IS_ADDR_LINKLOCAL(&a.u.in6.sin6_addr))
		a.u.in6.sin6_scope_id = f->index;
	for (size_t i = 0; i < r->n; i++)
		if (address_equal(&r->addresses[i], &a))
			return true;
	more = realloc(r->addresses, (r->n + 1) * sizeof *more);
	if (!more)
		return false;
	r->addresses = more;
	/* IPv6 first: then they are told in turn. */
	size_t at = r->n++;
	if (rec->type == DNS_AAAA)
		for (; at > 0 && more[at - 1].u.sa.sa_family == AF_INET; at--)
			more[at] = more[at - 1];
	more[at] = a;
	return true;
}

/* Has F the record R already? Of those that everybody is asked for the same may come twice. */
static bool find_has_record(const struct find *f, const struct find_record *r)
{
	for (size_t i = 0; i < f->r.n_records; i++) {
		const struct find_record *each = &f->r.records[i];
		if (!strcmp(each->name, r->name) && !strcmp(each->type, r->type) &&
		    !strcmp(each->data, r->data))
			return true;
	}
	return false;
}

/* Keeps REC of M, which is what was ASKED_FOR or stands beside that. */
static bool find_add_record(struct find *f, const struct dns_message *m,
			    const struct dns_record *rec, bool asked_for)
{
	struct find_record *more = realloc(f->r.records, (f->r.n_records + 1) * sizeof *more), *r;
	char name[DNS_TEXT_MOST];
	struct text text = { 0 };

	if (!more)
		return false;
	f->r.records = more;
	r = &more[f->r.n_records];
	dns_name_text(&rec->name, name);
	dns_record_text(m, rec, &text);
	text_put(&text, "", 1);
	*r = (struct find_record){
		.name = strdup(name), .data = text.data, .ttl = rec->ttl, .asked_for = asked_for
	};
	dns_type_text(rec->type, r->type);
	bool failed = !r->name || text.failed;
	if (failed || (f->f->mdns && find_has_record(f, r))) {
		free(r->name);
		text_free(&text);
		return !failed;
	}
	f->r.n_records++;
	return true;
}

static bool find_add_name(struct find *f, const struct dns_name *name)
{
	char text[DNS_TEXT_MOST];

	if (f->r.names.n >= NAMES_MOST)
		return true;
	dns_name_text(name, text);
	return lookup_names_add(&f->r.names, text) == 0;
}

/* Replaces W's name by the CNAME that it has in M. Returns whether there is one. */
static bool way_follow(struct way *w, const struct dns_message *m)
{
	size_t at = m->answers;
	struct dns_record r;

	for (unsigned i = 0; i < m->n_answers && !dns_record_read(m, &at, &r); i++)
		if (r.type == DNS_CNAME && r.class == 1 && dns_name_equal(&r.name, &w->name)) {
			dns_record_name(m, &r, 0, &w->name);
			return true;
		}
	return false;
}

/* Takes the records of W's name and type out of M. Returns how many, or -1 for want of memory. */
static int way_gather(struct way *w, const struct dns_message *m)
{
	struct find *f = w->find;
	size_t at = m->answers;
	struct dns_record r;
	struct dns_name name;
	int n = 0;

	for (unsigned i = 0; i < m->n_answers && !dns_record_read(m, &at, &r); i++) {
		bool ours = (r.type == w->type || w->type == DNS_ANY) && r.class == 1 &&
			    dns_name_equal(&r.name, &w->name);
		bool kept = true;
		n += ours;
		if (f->whole)
			kept = find_add_record(f, m, &r, ours);
		else if (ours && r.type == DNS_PTR) {
			dns_record_name(m, &r, 0, &name);
			kept = find_add_name(f, &name);
		} else if (ours) {
			kept = find_add_address(f, m, &r);
		}
		if (!kept)
			return -1;
	}
	return n;
}

static void way_begins(void *arg)
{
	const struct way *w = arg;
	const struct find *f = w->find;

	if (f->f->begins)
		f->f->begins(f->arg);
}

static void way_replied(void *arg, const struct dns_reply *reply);
static void way_heard(void *arg, const struct dns_message *m, const struct address *from,
		      unsigned index);

/* Asks for W's name. Returns 0, or -1 with errno. */
static int way_ask(struct way *w)
{
	const struct finder *f = w->find->f;

	if (f->mdns)
		w->everybody = mdns_query_start(f->mdns, &w->name, w->type, way_heard, w);
	else
		w->query = dns_query_start(f->dns, &w->name, w->type, way_begins, way_replied, w);
	return w->everybody || w->query ? 0 : -1;
}

/* Keeps the names on the way, the last one first: the system calls it canonical, the others its
 * aliases. */
static void way_keep_chain(struct way *w)
{
	if (w->find->whole || w->type == DNS_PTR || !w->find->f->all)
		return;
	find_add_name(w->find, &w->name);
	for (size_t i = w->chain.n; i-- > 0;)
		lookup_names_add(&w->find->r.names, w->chain.names[i]);
}

/* Goes on to the name that the CNAMEs in M lead to. Returns how many CNAMEs there were. */
static unsigned way_follow_all(struct way *w, const struct dns_message *m)
{
	char text[DNS_TEXT_MOST];
	unsigned n = 0;

	if (w->type == DNS_CNAME || w->type == DNS_ANY)
		return 0;
	for (;;) {
		if (w->find->f->all)
			dns_name_text(&w->name, text);
		if (w->steps >= CHAIN_MOST || !way_follow(w, m))
			return n;
		if (w->find->f->all)
			lookup_names_add(&w->chain, text);
		w->steps++;
		n++;
	}
}

static void find_take_head(struct find_head *h, const struct dns_message *m)
{
	struct find_extended *extended;
	unsigned code;
	const char *text;
	size_t at = 0, n;

	free(h->extended);
	*h = (struct find_head){ .authoritative = m->authoritative,
				 .authentic = m->authentic,
				 .recursive = m->recursive,
				 .edns = m->edns,
				 .udp_size = m->udp_size };
	while (h->n_extended < EXTENDED_MOST && dns_extended_error(m, &at, &code, &text, &n)) {
		extended = realloc(h->extended, (h->n_extended + 1) * sizeof *extended);
		if (!extended)
			return;
		h->extended = extended;
		extended += h->n_extended++;
		extended->code = code;
		text_escape(extended->text, sizeof extended->text, text, n, false);
	}
}

/* Adds to T, of SIZE bytes, what the server says itself of its failure. */
static void find_add_extended(const struct find_head *h, char *t, size_t size)
{
	for (const struct find_extended *e = h->extended; e < h->extended + h->n_extended; e++) {
		const char *name = dns_extended_name(e->code);
		size_t n = strlen(t);
		if (name)
			n += (size_t)snprintf(t + n, size - n, ", %s", name);
		else
			n += (size_t)snprintf(t + n, size - n, ", extended error %u", e->code);
		if (n < size && e->text[0])
			snprintf(t + n, size - n, " (%s)", e->text);
	}
}

/* Takes what M says to W's question. Returns 0 or an EAI error; or, with *MORE set, EAI_NODATA: M
 * has no more than an alias. */
static int way_read(struct way *w, const struct dns_message *m, bool *more)
{
	struct find_result *r = &w->find->r;
	char server[ADDRESS_TEXT];
	unsigned aliases;
	int found;

	find_take_head(&r->head, m);
	if (m->rcode != DNS_NOERROR && m->rcode != DNS_NXDOMAIN) {
		char text[16], extended[160] = "";
		find_add_extended(&r->head, extended, sizeof extended);
		find_add_why(r, "%s: the server failed (%s)%s", address_text(&r->server, server),
			     dns_rcode_text(m->rcode, text), extended);
		return EAI_FAIL;
	}
	aliases = way_follow_all(w, m);
	found = way_gather(w, m);
	if (found > 0)
		way_keep_chain(w);
	if (found < 0)
		return EAI_MEMORY;
	if (found > 0)
		return 0;
	if (w->steps >= CHAIN_MOST) {
		find_add_why(r, "%s: its CNAMEs lead nowhere, %d of them",
			     address_text(&r->server, server), CHAIN_MOST);
		return EAI_FAIL;
	}
	if (m->rcode == DNS_NXDOMAIN)
		return EAI_NONAME;
	*more = aliases > 0;
	return EAI_NODATA;
}

/* W's question has ended with EAI; MORE: only to be asked for another name. */
static void way_go_on(struct way *w, int eai, bool more)
{
	if (!more)
		way_over(w, eai, eai == EAI_MEMORY ? ENOMEM : 0);
	else if (way_ask(w) < 0)
		way_over(w, EAI_SYSTEM, errno);
}

void find_read(const struct dns_message *m, const struct address *server, struct find_result *out)
{
	const struct finder finder = { 0 };
	struct find f = { .f = &finder, .n_ways = 1 };
	struct way *w = &f.ways[0];
	bool more = false;

	*w = (struct way){ .find = &f, .name = m->name, .type = m->type };
	f.r = (struct find_result){ .asked = true, .server = *server, .rcode = (int)m->rcode };
	f.r.eai = way_read(w, m, &more);
	if (more) {
		char text[ADDRESS_TEXT];
		find_add_why(&f.r, "%s: an alias, and nothing of the name that it is for",
			     address_text(server, text));
	}
	*out = f.r;
}

static void way_replied(void *arg, const struct dns_reply *reply)
{
	struct way *w = arg;
	struct find_result *r = &w->find->r;
	char server[ADDRESS_TEXT], strays[64] = "";

	w->query = NULL;
	r->asked = true;
	r->server = *reply->server;
	r->tcp |= reply->tcp;
	if (reply->message) {
		bool more = false;
		int eai = way_read(w, reply->message, &more);
		r->rcode = (int)reply->message->rcode;
		way_go_on(w, eai, more);
		return;
	}
	address_text(reply->server, server);
	if (reply->strays)
		snprintf(strays, sizeof strays, ", but %u that did not belong to the question%s",
			 reply->strays, reply->strays == 1 ? "" : "s");
	if (reply->error == EBADMSG)
		find_add_why(r, "%s: the answer cannot be read: %s", server, reply->fault);
	else if (reply->error == ETIMEDOUT)
		find_add_why(r, "%s: no answer to %u question%s%s", server, reply->tries,
			     reply->tries == 1 ? "" : "s", strays);
	else
		find_add_why(r, "%s: %s%s (%s)", server, reply->tcp ? "by TCP: " : "",
			     strerror(reply->error), errno_name(reply->error));
	way_over(w, reply->error == EBADMSG ? EAI_FAIL : EAI_AGAIN, reply->error);
}

/* ---- multicast DNS ---- */

/* May several have records of W's type, each its own? */
static bool way_is_shared(const struct way *w)
{
	return w->type == DNS_ANY || (w->type == DNS_PTR && !dns_name_ends(&w->name, "arpa"));
}

/* Does M say that W's name has no record of its type (RFC 6762, 6.1)? */
static bool way_is_denied(const struct way *w, const struct dns_message *m)
{
	size_t at = m->answers;
	struct dns_record r;

	for (unsigned i = 0; i < m->n_answers && !dns_record_read(m, &at, &r); i++)
		if (r.type == DNS_NSEC && dns_name_equal(&r.name, &w->name))
			return true;
	return false;
}

/* W's time is over, or nothing else is to be expected. */
static void way_settle(struct way *w)
{
	struct find *f = w->find;

	mdns_query_cancel(w->everybody);
	w->everybody = NULL;
	for (size_t i = 0; i < f->n_ways && w->found; i++)
		if (f->ways[i].everybody)
			mdns_query_limit(f->ways[i].everybody, FAMILY_PATIENCE);
	way_over(w, w->found ? 0 : EAI_NONAME, 0);
}

static void way_heard(void *arg, const struct dns_message *m, const struct address *from,
		      unsigned index)
{
	struct way *w = arg;
	struct find_result *r = &w->find->r;
	bool more = false;
	int eai;

	if (!m) {
		w->everybody = NULL;
		way_settle(w);
		return;
	}
	w->find->index = index;
	r->server = *from;
	r->rcode = (int)m->rcode;
	eai = way_read(w, m, &more);
	w->found |= eai == 0;
	if (eai == 0 && way_is_shared(w)) {
		mdns_query_limit(w->everybody, MORE_PATIENCE);
	} else if (eai == 0) {
		way_settle(w);
	} else if (eai != EAI_NODATA || more || way_is_denied(w, m)) {
		mdns_query_cancel(w->everybody);
		w->everybody = NULL;
		way_go_on(w, eai, more);
	}
}

bool find_conclude(struct find *f)
{
	size_t left = 0;

	if (!f->f->mdns || f->r.n + f->r.n_records + f->r.names.n == 0)
		return false;
	for (size_t i = 0; i < f->n_ways; i++)
		left += !f->ways[i].over;
	/* With the last of them F is gone. */
	for (size_t i = 0; left; i++)
		if (!f->ways[i].over) {
			left--;
			way_settle(&f->ways[i]);
		}
	return true;
}

/* Asks for NAME's records of the N TYPES at once. */
static void find_in_dns(struct find *f, const struct dns_name *name, const unsigned *types,
			size_t n)
{
	f->n_ways = n;
	if (f->f->mdns) {
		f->r.asked = true;
		mdns_group(&f->r.server);
	}
	for (size_t i = 0; i < n; i++) {
		struct way *w = &f->ways[i];
		*w = (struct way){ .find = f, .name = *name, .type = types[i] };
		if (way_ask(w) < 0) {
			find_fail(f);
			return;
		}
	}
}

/* ---- questions ---- */

void find_addresses(const struct finder *f, const char *host, const struct dns_name *name,
		    find_fn *fn, void *arg, struct find **out)
{
	const unsigned types[] = { DNS_A, DNS_AAAA };
	const struct lookup_question q = {
		.host = host,
		.port = "0",
		.family = f->family,
		.socktype = SOCK_STREAM,
		.all = f->all,
		.account = f->account,
	};
	struct find *find = find_new(f, fn, arg, out);
	struct dns_name read;

	if (!find)
		return;
	if (!f->dns && !f->mdns) {
		lookup_start(f->loop, &q, system_found, find, &find->lookup);
	} else if (!name && dns_name_parse(host, &read)) {
		errno = EINVAL;
		find_fail(find);
	} else {
		find_in_dns(find, name ? name : &read, types + (f->family == AF_INET6),
			    f->family == AF_UNSPEC ? 2 : 1);
	}
}

void find_names(const struct finder *f, const struct address *address, find_fn *fn, void *arg,
		struct find **out)
{
	const unsigned type = DNS_PTR;
	struct find *find = find_new(f, fn, arg, out);
	struct dns_name name;

	if (!find)
		return;
	if (f->dns || f->mdns) {
		size_t n;
		const unsigned char *bytes = address_ip(address, &n);
		dns_name_reverse(bytes, n, &name);
		find_in_dns(find, &name, &type, 1);
	} else {
		lookup_names_start(f->loop, address, false, f->account, system_found, find,
				   &find->lookup);
	}
}

void find_records(const struct finder *f, const struct dns_name *name, unsigned type, find_fn *fn,
		  void *arg, struct find **out)
{
	struct find *find = find_new(f, fn, arg, out);

	if (!find)
		return;
	find->whole = true;
	find_in_dns(find, name, &type, 1);
}
