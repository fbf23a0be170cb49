/* dns.c - DNS messages and names: an input is both a message and, ended by a NUL, a name. */
#include "fuzz.h"

#include <stdbool.h>

#include "proto/dns.h"

static void check_name(const struct dns_name *n)
{
	char text[DNS_TEXT_MOST];
	struct dns_name again;
	size_t length = dns_name_text(n, text), at = 0;
	unsigned char bytes[16];
	size_t address = dns_name_reversed(n, bytes);

	/* Labels up to the empty one, and no more. */
	CHECK(n->length >= 1 && n->length <= DNS_NAME_MOST);
	while (n->wire[at])
		at += n->wire[at] + 1U;
	CHECK(at + 1 == n->length);
	/* As text it is the same name, of visible characters alone. */
	CHECK(strlen(text) == length && length > 0 && length < DNS_TEXT_MOST);
	for (size_t i = 0; i < length; i++)
		CHECK(text[i] > ' ' && text[i] < 0x7f);
	CHECK(!dns_name_parse(text, &again));
	CHECK(again.length == n->length && !memcmp(again.wire, n->wire, n->length));
	CHECK(dns_name_equal(n, &again));
	if (address) {
		dns_name_reverse(bytes, address, &again);
		CHECK(dns_name_equal(n, &again));
	}
}

/* What is asked for NAME can be read, and is what was asked. */
static void check_query(const struct dns_name *name, unsigned id, unsigned type,
			enum dns_manner manner)
{
	unsigned char *query = take(DNS_QUERY_MOST), *exact;
	size_t n = dns_query(query, id, name, type, manner);
	struct dns_message m;

	CHECK(n <= DNS_QUERY_MOST);
	exact = take(n);
	memcpy(exact, query, n);
	CHECK(!dns_parse(&m, exact, n));
	CHECK(m.id == id && m.type == type && m.class == 1 && !m.response && m.n_answers == 0);
	CHECK(dns_name_equal(&m.name, name));
	for (size_t i = 0; i < n; i++)
		CHECK(dns_parse(&m, exact, i));
	free(exact);
	free(query);
}

static void check_records(const struct dns_message *m)
{
	size_t at = m->answers;
	struct dns_record r;
	char type[16];

	for (unsigned i = 0; i < m->n_answers; i++) {
		struct text t = { 0 };
		struct dns_name name;
		CHECK(!dns_record_read(m, &at, &r));
		CHECK(at <= m->n && r.data + r.n == at);
		check_name(&r.name);
		dns_record_text(m, &r, &t);
		for (size_t k = 0; k < t.length; k++)
			CHECK(t.data[k] >= ' ' && t.data[k] < 0x7f);
		text_free(&t);
		CHECK(dns_type_text(r.type, type) == type && *type);
		if (r.class == 1 &&
		    (r.type == DNS_CNAME || r.type == DNS_PTR || r.type == DNS_NS)) {
			dns_record_name(m, &r, 0, &name);
			check_name(&name);
		}
	}
}

static void check_extended(const struct dns_message *m)
{
	size_t at = 0, n;
	unsigned code;
	const char *text;

	while (dns_extended_error(m, &at, &code, &text, &n)) {
		char *whole = take_string(text, n);
		CHECK(code <= 65535 && at <= m->n_options);
		free(whole);
	}
}

static void check_message(const uint8_t *data, size_t size)
{
	unsigned char *exact = take(size);
	struct dns_message m, head;
	char text[16];

	if (size)
		memcpy(exact, data, size);
	if (!dns_parse(&m, exact, size)) {
		CHECK(!dns_parse_head(&head, exact, size));
		CHECK(head.id == m.id && dns_name_equal(&head.name, &m.name));
		CHECK(m.answers <= size && *dns_rcode_text(m.rcode, text));
		check_name(&m.name);
		check_query(&m.name, m.id, m.type, size % 3);
		check_extended(&m);
		if (!m.truncated)
			check_records(&m);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = take_string(data, size);
	struct dns_name name;

	check_message(data, size);
	if (!dns_name_parse(text, &name)) {
		check_name(&name);
		check_query(&name, (unsigned)size & 0xffff, DNS_A, size % 3);
	}
	free(text);
	return 0;
}
