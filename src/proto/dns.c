/* dns.c - names, queries and answers of DNS, read and written */
#include "proto/dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "proto/idna.h"

#define HEADER 12
#define CLASS_IN 1
#define LABEL_MOST 63

static unsigned dns_get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static unsigned char *dns_put16(unsigned char *p, unsigned value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
	return p + 2;
}

static unsigned char dns_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

/* ---- names ---- */

/* Reads a character of a label at *P, and moves *P behind it. Returns NULL, or what is wrong. */
static const char *dns_parse_character(const char **p, unsigned char *out)
{
	unsigned value = 0;

	*out = (unsigned char)*(*p)++;
	if (*out != '\\')
		return *out <= ' ' || *out == 0x7f ? "has a blank or a control character" : NULL;
	if (**p < '0' || **p > '9') {
		if (**p == '\0')
			return "ends in a backslash";
		*out = (unsigned char)*(*p)++;
		return NULL;
	}
	for (int i = 0; i < 3; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return "has an escape that is no \\DDD";
		value = value * 10 + (unsigned)(**p - '0');
	}
	*out = (unsigned char)value;
	return value > 255 ? "has an escape over \\255" : NULL;
}

const char *dns_name_parse(const char *text, struct dns_name *out)
{
	size_t start = 0; /* of the label: its length comes there */
	char ascii[IDNA_MOST];
	const char *fault;

	if (idna_is_needed(text)) {
		fault = idna_to_ascii(text, ascii, NULL);
		if (fault)
			return fault;
		text = ascii;
	}
	out->length = 1;
	if (*text == '\0')
		return "is empty";
	if (!strcmp(text, ".")) {
		out->wire[0] = 0;
		return NULL;
	}
	while (*text) {
		unsigned char c;
		bool dot = *text == '.';

		if (dot) {
			text++;
		} else {
			fault = dns_parse_character(&text, &c);
			if (fault)
				return fault;
			/* Room for the last label, the empty one. */
			if (out->length >= DNS_NAME_MOST - 1)
				return "is longer than 253 bytes";
			out->wire[out->length++] = c;
		}
		if (!dot && *text)
			continue;
		size_t length = out->length - start - 1;
		if (length == 0)
			return "has an empty label";
		if (length > LABEL_MOST)
			return "has a label longer than 63 bytes";
		out->wire[start] = (unsigned char)length;
		start = out->length++;
	}
	out->wire[start] = 0;
	return NULL;
}

size_t dns_name_text(const struct dns_name *n, char *text)
{
	char *p = text;

	for (size_t at = 0; n->wire[at]; at += n->wire[at] + 1U) {
		if (at)
			*p++ = '.';
		for (size_t i = 1; i <= n->wire[at]; i++) {
			unsigned char c = n->wire[at + i];
			if (c <= ' ' || c >= 0x7f) {
				*p++ = '\\';
				*p++ = (char)('0' + c / 100);
				*p++ = (char)('0' + c / 10 % 10);
				*p++ = (char)('0' + c % 10);
				continue;
			}
			if (strchr(".\\\"();@$", c))
				*p++ = '\\';
			*p++ = (char)c;
		}
	}
	if (p == text)
		*p++ = '.';
	*p = '\0';
	return (size_t)(p - text);
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	if (a->length != b->length)
		return false;
	/* No length of a label is a letter. */
	for (size_t i = 0; i < a->length; i++)
		if (dns_lower(a->wire[i]) != dns_lower(b->wire[i]))
			return false;
	return true;
}

void dns_name_reverse(const unsigned char *bytes, size_t n, struct dns_name *out)
{
	char text[DNS_TEXT_MOST], *p = text;
	size_t left = sizeof text;

	for (size_t i = n; i-- > 0;) {
		int k = n == 4 ? snprintf(p, left, "%u.", bytes[i]) :
				 snprintf(p, left, "%x.%x.", bytes[i] & 15U, bytes[i] >> 4U);
		p += k;
		left -= (size_t)k;
	}
	snprintf(p, left, "%s", n == 4 ? "in-addr.arpa" : "ip6.arpa");
	dns_name_parse(text, out);
}

/* Returns the label at AT of NAME as a number in BASE, -1 if it is no number up to MOST. */
static int dns_label_number(const struct dns_name *name, size_t at, int base, int most)
{
	int value = 0;

	if (name->wire[at] == 0 || name->wire[at] > 3)
		return -1;
	for (size_t i = 1; i <= name->wire[at]; i++) {
		int digit = digit_value((char)name->wire[at + i]);
		if (digit < 0 || digit >= base)
			return -1;
		value = value * base + digit;
	}
	return value <= most ? value : -1;
}

size_t dns_name_reversed(const struct dns_name *name, unsigned char *bytes)
{
	/* 32 labels of one digit are longer than any four. */
	bool v6 = name->length > 64;
	size_t n = v6 ? 16 : 4, at = 0;
	struct dns_name back;

	memset(bytes, 0, 16);
	for (size_t i = 0; i < (v6 ? 32 : 4); i++) {
		int value = dns_label_number(name, at, v6 ? 16 : 10, v6 ? 15 : 255);
		if (value < 0)
			return 0;
		if (v6)
			bytes[15 - i / 2] |= (unsigned char)(value << (i % 2 ? 4 : 0));
		else
			bytes[3 - i] = (unsigned char)value;
		at += name->wire[at] + 1U;
	}
	/* A name that only looks like one does not come out again. */
	dns_name_reverse(bytes, n, &back);
	return dns_name_equal(name, &back) ? n : 0;
}

/* Reads the name at *AT of the N BYTES, and moves *AT behind it. A pointer must lead to bytes
 * before all that were read so far, so that there is no loop. */
static const char *dns_read_name(const unsigned char *bytes, size_t n, size_t *at,
				 struct dns_name *out)
{
	size_t p = *at, before = *at;
	bool jumped = false;

	out->length = 0;
	for (;;) {
		if (p >= n)
			return "a name goes beyond its end";
		unsigned length = bytes[p];
		if (length >= 0xc0) {
			if (p + 1 >= n)
				return "a name goes beyond its end";
			size_t to = dns_get16(bytes + p) & 0x3fff;
			if (!jumped)
				*at = p + 2;
			jumped = true;
			if (to >= before || to < HEADER)
				return "a compressed name does not lead back (a loop)";
			p = before = to;
			continue;
		}
		if (length > LABEL_MOST)
			return "a name has a label of an unknown kind";
		if (p + 1 + length > n)
			return "a name goes beyond its end";
		if (out->length + length + 1 > DNS_NAME_MOST)
			return "a name is longer than 255 bytes";
		memcpy(out->wire + out->length, bytes + p, length + 1);
		out->length += length + 1;
		p += length + 1;
		if (length == 0)
			break;
	}
	if (!jumped)
		*at = p;
	return NULL;
}

/* ---- types and codes ---- */

static const struct {
	unsigned value;
	const char *name;
} types[] = {
	{ DNS_A, "A" },	    { DNS_NS, "NS" },	{ DNS_CNAME, "CNAME" }, { DNS_SOA, "SOA" },
	{ DNS_PTR, "PTR" }, { DNS_MX, "MX" },	{ DNS_TXT, "TXT" },	{ DNS_AAAA, "AAAA" },
	{ DNS_SRV, "SRV" }, { DNS_OPT, "OPT" },
};

char *dns_type_text(unsigned type, char *text)
{
	snprintf(text, 16, "TYPE%u", type);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].value == type)
			snprintf(text, 16, "%s", types[i].name);
	return text;
}

const char *dns_rcode_text(unsigned rcode, char *text)
{
	static const char *const names[] = {
		"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
		"YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE",
	};

	if (rcode < sizeof names / sizeof *names)
		return names[rcode];
	if (rcode == 16)
		return "BADVERS"; /* RFC 6891, 9 */
	snprintf(text, 16, "RCODE%u", rcode);
	return text;
}

/* ---- messages ---- */

size_t dns_query(unsigned char *out, unsigned id, const struct dns_name *name, unsigned type,
		 bool edns)
{
	unsigned char *p = out;

	p = dns_put16(p, id);
	p = dns_put16(p, 0x0100); /* recursion, please */
	p = dns_put16(p, 1);
	p = dns_put16(p, 0);
	p = dns_put16(p, 0);
	p = dns_put16(p, edns);
	memcpy(p, name->wire, name->length);
	p = dns_put16(p + name->length, type);
	p = dns_put16(p, CLASS_IN);
	if (edns) {
		*p++ = 0; /* the root's record */
		p = dns_put16(p, DNS_OPT);
		p = dns_put16(p, DNS_UDP_SIZE);
		memset(p, 0, 6); /* no extended code, version 0, no flags, no options */
		p += 6;
	}
	return (size_t)(p - out);
}

const char *dns_parse_head(struct dns_message *m, const unsigned char *bytes, size_t n)
{
	const char *fault;

	if (n < HEADER)
		return "it is shorter than a header";
	*m = (struct dns_message){ .bytes = bytes, .n = n };
	m->id = dns_get16(bytes);
	m->response = bytes[2] & 0x80;
	m->authoritative = bytes[2] & 0x04;
	m->truncated = bytes[2] & 0x02;
	m->rcode = bytes[3] & 15;
	m->n_answers = dns_get16(bytes + 6);
	m->answers = HEADER;
	if (dns_get16(bytes + 4) != 1)
		return "it has not one question";
	fault = dns_read_name(bytes, n, &m->answers, &m->name);
	if (fault)
		return fault;
	if (n - m->answers < 4)
		return "its question goes beyond its end";
	m->type = dns_get16(bytes + m->answers);
	m->class = dns_get16(bytes + m->answers + 2);
	m->answers += 4;
	return NULL;
}

/* The types whose data has names: how many bytes stand before the names, how many names there are,
 * and how many bytes follow. */
static const struct layout {
	unsigned type, before, names, after;
} layouts[] = {
	{ DNS_A, 4, 0, 0 },   { DNS_AAAA, 16, 0, 0 }, { DNS_CNAME, 0, 1, 0 }, { DNS_NS, 0, 1, 0 },
	{ DNS_PTR, 0, 1, 0 }, { DNS_MX, 2, 1, 0 },    { DNS_SOA, 0, 2, 20 },  { DNS_SRV, 6, 1, 0 },
};

static const struct layout *dns_layout(unsigned type)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

static const char *dns_check_data(const struct dns_message *m, const struct dns_record *r)
{
	static const char wrong[] = "the data of a record is not what its type says";
	const struct layout *l = dns_layout(r->type);
	size_t at = r->data, end = r->data + r->n;
	struct dns_name name;

	if (r->class != CLASS_IN && r->type != DNS_OPT)
		return NULL;
	if (l) {
		at += l->before;
		for (unsigned i = 0; i < l->names; i++) {
			const char *fault = dns_read_name(m->bytes, end, &at, &name);
			if (fault)
				return fault;
		}
		return at + l->after == end ? NULL : wrong;
	}
	if (r->type == DNS_TXT) {
		while (at < end)
			at += m->bytes[at] + 1U;
		return at == end && r->n ? NULL : wrong;
	}
	return NULL;
}

const char *dns_record_read(const struct dns_message *m, size_t *at, struct dns_record *r)
{
	const char *fault = dns_read_name(m->bytes, m->n, at, &r->name);
	const unsigned char *p = m->bytes + *at;

	if (fault)
		return fault;
	if (m->n - *at < 10)
		return "a record goes beyond its end";
	r->type = dns_get16(p);
	r->class = dns_get16(p + 2);
	r->ttl = (uint32_t)dns_get16(p + 4) << 16 | dns_get16(p + 6);
	r->n = dns_get16(p + 8);
	r->data = *at + 10;
	if (m->n - r->data < r->n)
		return "the data of a record goes beyond its end";
	*at = r->data + r->n;
	return dns_check_data(m, r);
}

const char *dns_parse(struct dns_message *m, const unsigned char *bytes, size_t n)
{
	const char *fault = dns_parse_head(m, bytes, n);
	struct dns_record r;
	size_t at;

	if (fault)
		return fault;
	at = m->answers;
	/* A message that was cut may end anywhere: all of it is asked for again. */
	if (m->truncated)
		return NULL;
	for (unsigned left = m->n_answers + dns_get16(bytes + 8) + dns_get16(bytes + 10); left;
	     left--) {
		fault = dns_record_read(m, &at, &r);
		if (fault)
			return fault;
		if (r.type == DNS_OPT)
			m->rcode = (m->rcode & 15) | (r.ttl >> 24) << 4;
	}
	return NULL;
}

void dns_record_name(const struct dns_message *m, const struct dns_record *r, size_t skip,
		     struct dns_name *out)
{
	size_t at = r->data + skip;

	if (dns_read_name(m->bytes, r->data + r->n, &at, out)) {
		out->length = 1;
		out->wire[0] = 0;
	}
}

/* Adds the name at *AT with a dot at its end. */
static void dns_add_name(const struct dns_message *m, size_t *at, struct text *t)
{
	char text[DNS_TEXT_MOST];
	struct dns_name name;

	if (dns_read_name(m->bytes, m->n, at, &name))
		return;
	dns_name_text(&name, text);
	text_add(t, "%s%s", text, strcmp(text, ".") != 0 ? "." : "");
}

/* Adds the strings of TXT, each between quotes. */
static void dns_add_strings(const unsigned char *p, size_t n, struct text *t)
{
	for (size_t at = 0; at < n; at += p[at] + 1U) {
		text_add(t, at ? " \"" : "\"");
		for (size_t i = 1; i <= p[at]; i++) {
			unsigned char c = p[at + i];
			if (c < ' ' || c >= 0x7f)
				text_add(t, "\\%03u", c);
			else
				text_add(t, c == '"' || c == '\\' ? "\\%c" : "%c", c);
		}
		text_add(t, "\"");
	}
}

void dns_record_text(const struct dns_message *m, const struct dns_record *r, struct text *t)
{
	const struct layout *l = r->class == CLASS_IN ? dns_layout(r->type) : NULL;
	const unsigned char *p = m->bytes + r->data;
	size_t at = r->data + (l ? l->before : 0);

	if (l && r->type == DNS_A) {
		text_add(t, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	} else if (l && r->type == DNS_AAAA) {
		char text[INET6_ADDRSTRLEN];
		inet_ntop(AF_INET6, p, text, sizeof text);
		text_add(t, "%s", text);
	} else if (l) {
		for (size_t i = 0; i < l->before; i += 2)
			text_add(t, "%u ", dns_get16(p + i));
		for (unsigned i = 0; i < l->names; i++) {
			text_add(t, i ? " " : "");
			dns_add_name(m, &at, t);
		}
		for (p = m->bytes + at; p < m->bytes + at + l->after; p += 4)
			text_add(t, " %lu", (unsigned long)dns_get16(p) << 16 | dns_get16(p + 2));
	} else if (r->class == CLASS_IN && r->type == DNS_TXT) {
		dns_add_strings(p, r->n, t);
	} else {
		text_add(t, "\\# %zu", r->n);
		for (size_t i = 0; i < r->n; i++)
			text_add(t, i ? "%02x" : " %02x", p[i]);
	}
}
