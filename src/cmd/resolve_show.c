/* resolve_show.c - what `sockit resolve` prints of each answer: rows, or an object */
#include "cmd/resolve_show.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

#define GAP 2 /* blanks between columns */

void show_row(struct show *s, const char *const *cells, size_t n)
{
	char text[4 * 2048 + 1];
	size_t last = 0, column = 0;

	if (s->facts.as_json)
		return;
	for (size_t i = 0; i < n; i++)
		if (cells[i])
			last = i;
	for (size_t i = 0; i < n; i++) {
		if (!cells[i])
			continue;
		const char *cell = cells[i];
		size_t length = strlen(cell), width = 0;
		/* What is longer than any name is a record's data, which is escaped already. */
		if (length <= 2048) {
			length = text_escape(text, sizeof text, cell, length, false);
			cell = text;
		}
		if (s->terminal)
			width = utf8_columns(cell);
		if (width > s->widths[column] && i < last)
			s->widths[column] = width;
		if (column && !s->terminal)
			text_put(s->facts.out, "\t", 1);
		text_put(s->facts.out, cell, length);
		if (s->terminal && i < last)
			text_add(s->facts.out, "%*s", (int)(s->widths[column] - width + GAP), "");
		column++;
	}
	text_put(s->facts.out, "\n", 1);
}

/* ---- rows ---- */

/* The rows of one answer, as they are printed. */
struct rows {
	struct show *show;
	const struct resolution *r;
	char time[32];
	size_t n; /* printed so far */
};

static void show_cells(struct rows *rows, const char *a, const char *b, const char *c,
		       const char *d)
{
	struct show *s = rows->show;
	const char *cells[] = { s->named ? rows->r->word : NULL, a, b, c, d,
				s->time ? rows->time : NULL };

	if (s->first && rows->n)
		return;
	rows->n++;
	show_row(s, cells, sizeof cells / sizeof *cells);
}

static void show_address(struct rows *rows, const char *key, const struct address *a)
{
	char text[ADDRESS_TEXT], port[8];

	if (rows->show->service)
		snprintf(port, sizeof port, "%u", address_port(a));
	address_host(a, text);
	show_cells(rows, key, text, rows->show->service ? port : NULL, NULL);
}

static void show_records(struct rows *rows)
{
	const struct find_result *f = &rows->r->found;
	bool all = rows->r->c->finder.all;
	char ttl[16];

	for (size_t i = 0; i < f->n_records; i++) {
		const struct find_record *record = &f->records[i];
		if (all) {
			snprintf(ttl, sizeof ttl, "%lu", (unsigned long)record->ttl);
			show_cells(rows, record->name, ttl, record->type, record->data);
		} else if (record->asked_for) {
			show_cells(rows, record->data, NULL, NULL, NULL);
		}
	}
}

/* Returns the names of an address that count: with --forward-confirm only the confirmed ones. */
static const struct lookup_names *show_names_of(const struct resolution *r,
						const struct resolution_names *names)
{
	return r->c->confirm ? &names->confirmed : &names->others;
}

/* Prints the names of address I; where the question was a name, each after the address. */
static void show_names(struct rows *rows, size_t i)
{
	const struct resolution *r = rows->r;
	const struct resolution_names *names = &r->reverse[i];
	const struct lookup_names *list = show_names_of(r, names);
	char address[ADDRESS_TEXT];
	const char *first = r->is_address ? NULL : address_host(&r->found.addresses[i], address);

	for (size_t k = 0; k < list->n; k++) {
		if (r->is_address && r->c->finder.all)
			first = k == 0 ? "canonical" : "alias";
		show_cells(rows, first, list->names[k], NULL, NULL);
	}
	if (list->n == 0 && !r->is_address)
		show_cells(rows, first, "-", NULL, NULL);
}

/* Returns the full name of this host: the first of its names that has a dot, else its host name. */
static const char *show_full_name(const struct resolution *r)
{
	const struct lookup_names *names = &r->found.names;

	for (size_t i = 0; i < names->n; i++)
		if (strchr(names->names[i], '.'))
			return names->names[i];
	return r->word;
}

static void show_all(struct rows *rows)
{
	const struct resolution *r = rows->r;
	const struct find_result *f = &r->found;

	if (f->n_records) {
		show_records(rows);
		return;
	}
	if (r->reverse) {
		for (size_t i = 0; i < f->n; i++)
			show_names(rows, i);
		if (!r->is_address || !r->c->finder.all)
			return;
	}
	if (r->c->finder.all && !r->is_address)
		for (size_t i = 0; i < f->names.n; i++)
			show_cells(rows, i ? "alias" : "canonical", f->names.names[i], NULL, NULL);
	for (size_t i = 0; i < f->n; i++)
		show_address(rows, r->c->finder.all ? "address" : NULL, &f->addresses[i]);
}

/* ---- what went wrong ---- */

enum outcome_kind show_fault_kind(const struct resolution *r)
{
	return r->timed_out ? OUTCOME_TIMEOUT : r->found.eai ? OUTCOME_LOOKUP : OUTCOME_DONE;
}

void show_fault(const struct show *s, const struct resolution *r)
{
	char text[768];

	if (r->bad && !r->timed_out) {
		message_fail(s->facts.m, OUTCOME_LOOKUP, resolution_code(r), "%s (%s)",
			     r->found.why, resolution_code(r));
		return;
	}
	resolution_fault(r, text, sizeof text);
	message_fail(s->facts.m, show_fault_kind(r), resolution_code(r), "%s: %s", r->word, text);
}

/* The flags of an answer, by their names. */
static const struct {
	char name[4];
	size_t at;
} flags[] = {
	{ "AA", offsetof(struct find_head, authoritative) },
	{ "AD", offsetof(struct find_head, authentic) },
	{ "RA", offsetof(struct find_head, recursive) },
};
#define N_FLAGS (sizeof flags / sizeof *flags)

static bool show_has_flag(const struct find_head *h, size_t i)
{
	return *(const bool *)((const char *)h + flags[i].at);
}

/* Writes what the head of a DNS server's answer says into TEXT of SIZE bytes. */
static void show_head(const struct find_result *f, char *text, size_t size)
{
	const struct find_head *h = &f->head;
	char *at = text, *end = text + size, code[16], number[48];

	*text = '\0';
	if (!f->asked || f->rcode < 0)
		return;
	at = text_append(at, end, ": ");
	at = text_append(at, end, dns_rcode_text((unsigned)f->rcode, code));
	for (size_t i = 0; i < N_FLAGS; i++)
		if (show_has_flag(h, i)) {
			at = text_append(at, end, " ");
			at = text_append(at, end, flags[i].name);
		}
	snprintf(number, sizeof number, ", EDNS %u", h->udp_size);
	if (!h->edns)
		snprintf(number, sizeof number, ", no EDNS");
	at = text_append(at, end, number);
	for (const struct find_extended *e = h->extended; e < h->extended + h->n_extended; e++) {
		const char *name = dns_extended_name(e->code);
		snprintf(number, sizeof number, "; extended error %u", e->code);
		at = text_append(at, end, number);
		at = text_append(at, end, name ? " " : "");
		at = text_append(at, end, name ? name : "");
		at = text_append(at, end, *e->text ? ": " : "");
		at = text_append(at, end, e->text);
	}
}

/* Says what -v tells beside the results. */
static void show_more(const struct show *s, const struct resolution *r)
{
	char time[32], server[ADDRESS_TEXT] = "", head[768];
	const char *part = r->found.eai ? NULL : r->found.why;
	const char *whom = r->c->mdns ? "everybody on the link" :
			   r->c->dns  ? "the DNS server" :
					"the system";

	if (!s->facts.m->options.verbose)
		return;
	if (r->found.asked)
		address_text(&r->found.server, server);
	show_head(&r->found, head, sizeof head);
	message(s->facts.m, MESSAGE_VERBOSE, "note", "%s: asked %s%s, %s%s%s%s", r->word,
		*server ? server : whom, r->found.tcp ? " by TCP" : "",
		duration_format(time, sizeof time, r->ns), head, part ? "; in part: " : "",
		part ? part : "");
}

/* ---- JSON ---- */

/* Returns how many of N --first leaves. */
static size_t show_count(const struct show *s, size_t n)
{
	return s->first && n > 1 ? 1 : n;
}

static void show_addresses_json(const struct show *s, const struct find_result *f, struct json *j)
{
	if (f->n == 0)
		return;
	json_open(j, "addresses", '[');
	for (size_t i = 0; i < show_count(s, f->n); i++)
		address_json(j, NULL, &f->addresses[i]);
	json_close(j, ']');
}

/* Adds NAMES[FROM] to NAMES[N - 1] as an array, if that has any. */
static void show_names_json(struct json *j, const char *key, const struct lookup_names *names,
			    size_t from, size_t n)
{
	if (n <= from)
		return;
	json_open(j, key, '[');
	for (size_t i = from; i < n; i++)
		json_string(j, NULL, names->names[i]);
	json_close(j, ']');
}

/* Adds the names of one address. */
static void show_address_names_json(const struct show *s, const struct resolution *r,
				    const struct resolution_names *names, struct json *j)
{
	const struct lookup_names *list = show_names_of(r, names);

	show_names_json(j, "names", list, 0, show_count(s, list->n));
	if (r->c->confirm)
		show_names_json(j, "unconfirmed", &names->others, 0, names->others.n);
}

static void show_reverse_json(const struct show *s, const struct resolution *r, struct json *j)
{
	struct lookup_names all = { 0 };

	json_open(j, "reverse", '[');
	for (size_t i = 0; i < show_count(s, r->found.n); i++) {
		const struct resolution_names *names = &r->reverse[i];
		const struct lookup_names *list = show_names_of(r, names);
		json_open(j, NULL, '{');
		address_json(j, "address", &r->found.addresses[i]);
		show_address_names_json(s, r, names, j);
		json_close(j, '}');
		for (size_t k = 0; k < show_count(s, list->n); k++)
			if (lookup_names_add(&all, list->names[k]) < 0)
				j->text.failed = true;
	}
	json_close(j, ']');
	show_names_json(j, "names", &all, 0, all.n);
	lookup_names_free(&all);
}

static void show_head_json(struct json *j, const struct find_result *f)
{
	const struct find_head *h = &f->head;
	char text[16];

	if (!f->asked || f->rcode < 0)
		return;
	json_string(j, "rcode", dns_rcode_text((unsigned)f->rcode, text));
	json_open(j, "flags", '[');
	for (size_t i = 0; i < N_FLAGS; i++)
		if (show_has_flag(h, i))
			json_string(j, NULL, flags[i].name);
	json_close(j, ']');
	if (h->edns)
		json_number(j, "edns_size", h->udp_size);
	if (h->n_extended == 0)
		return;
	json_open(j, "extended_errors", '[');
	for (const struct find_extended *e = h->extended; e < h->extended + h->n_extended; e++) {
		json_open(j, NULL, '{');
		json_number(j, "code", e->code);
		json_string(j, "name", dns_extended_name(e->code));
		json_string(j, "text", *e->text ? e->text : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void show_records_json(const struct show *s, struct json *j, const struct resolution *r)
{
	const struct find_result *f = &r->found;

	if (f->n_records == 0)
		return;
	json_open(j, "records", '[');
	for (size_t i = 0, n = 0; i < f->n_records && !(s->first && n); i++) {
		/* A CNAME on the way is not the first result. */
		if (s->first && !f->records[i].asked_for)
			continue;
		n++;
		json_open(j, NULL, '{');
		json_string(j, "name", f->records[i].name);
		json_string(j, "type", f->records[i].type);
		json_number(j, "ttl", f->records[i].ttl);
		json_string(j, "data", f->records[i].data);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void show_fault_json(const struct resolution *r, struct json *j)
{
	char text[768];

	if (show_fault_kind(r) == OUTCOME_DONE)
		return;
	if (r->bad && !r->timed_out)
		snprintf(text, sizeof text, "%s", r->found.why);
	else
		resolution_why(r, text, sizeof text);
	json_open(j, "error", '{');
	json_string(j, "class", r->timed_out ? "timeout" : "resolve");
	json_string(j, "code", resolution_code(r));
	json_string(j, "message", text);
	json_close(j, '}');
}

/* Adds what was found where the question was an address. */
static void show_address_result_json(const struct show *s, const struct resolution *r,
				     struct json *j)
{
	const struct resolution_names *names = r->reverse;
	const struct lookup_names *list = show_names_of(r, names);

	if (r->c->finder.all && list->n) {
		show_addresses_json(s, &r->found, j);
		json_string(j, "canonical", list->names[0]);
		show_names_json(j, "aliases", list, 1, list->n);
	}
	show_address_names_json(s, r, names, j);
}

static void show_name_result_json(const struct show *s, const struct resolution *r, struct json *j)
{
	const struct find_result *f = &r->found;

	show_addresses_json(s, f, j);
	if (s->self && !f->eai) {
		json_string(j, "canonical", show_full_name(r));
	} else if (f->names.n) {
		json_string(j, "canonical", f->names.names[0]);
		show_names_json(j, "aliases", &f->names, 1, f->names.n);
	}
	if (r->reverse)
		show_reverse_json(s, r, j);
}

void show_result_json(const struct show *s, const struct resolution *r, struct json *j)
{
	const struct find_result *f = &r->found;

	if (!r->timed_out && r->is_address && r->reverse)
		show_address_result_json(s, r, j);
	else if (!r->timed_out && !r->is_address)
		show_name_result_json(s, r, j);
	show_head_json(j, f);
	if (r->c->record)
		show_records_json(s, j, r);
	if (f->asked)
		address_json(j, "source", &f->server);
	json_milliseconds(j, "elapsed_ms", r->ns);
	show_fault_json(r, j);
}

enum outcome_kind show_resolution(struct show *s, const struct resolution *r)
{
	enum outcome_kind kind = show_fault_kind(r);
	struct rows rows = { .show = s, .r = r };

	if (s->facts.as_json) {
		facts_begin(&s->facts, NULL);
		json_string(&s->facts.json, "name", r->word);
		show_result_json(s, r, &s->facts.json);
		facts_end(&s->facts);
	} else {
		if (s->time)
			snprintf(rows.time, sizeof rows.time, "%.3f ms",
				 (double)r->ns / (double)MILLISECOND);
		if (s->self)
			show_cells(&rows, r->word, NULL, NULL, NULL);
		if (kind != OUTCOME_DONE)
			show_fault(s, r);
		else if (s->self)
			show_cells(&rows, show_full_name(r), NULL, NULL, NULL);
		else
			show_all(&rows);
	}
	show_more(s, r);
	return kind;
}
