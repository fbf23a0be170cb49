/* dns.c - names, queries and answers of DNS, read and written */
#include "proto/dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "proto/dns_wire.h"
#include "proto/idna.h"

#define HEADER 12
#define LABEL_MOST 63
#define EXTENDED_ERROR 15 /* an option of EDNS */

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
	/* Most servers repeat a name as it was. */
	if (!memcmp(a->wire, b->wire, a->length))
		return true;
	/* No length of a label is a letter. */
	for (size_t i = 0; i < a->length; i++)
		if (dns_lower(a->wire[i]) != dns_lower(b->wire[i]))
			return false;
	return true;
}

bool dns_name_ends(const struct dns_name *name, const char *zone)
{
	struct dns_name end, rest;

	if (dns_name_parse(zone, &end))
		return false;
	for (size_t at = 0; name->length - at >= end.length; at += name->wire[at] + 1U) {
		rest.length = name->length - at;
		memcpy(rest.wire, name->wire + at, rest.length);
		if (dns_name_equal(&rest, &end))
			return true;
	}
	return false;
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

/* A pointer must lead to bytes before all that were read so far, so that there is no loop. */
const char *dns_read_name(const unsigned char *bytes, size_t n, size_t *at, struct dns_name *out)
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

/* ---- codes ---- */

const char *dns_rcode_text(unsigned rcode, char *text)
{
	static const char names[][12] = {
		"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
		"YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE", "DSOTYPENI",
	};
	/* RFC 6891, 9; RFC 8945; RFC 2930; RFC 7873 */
	static const char extended[][12] = { "BADVERS", "BADKEY", "BADTIME",  "BADMODE",
					     "BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE" };

	if (rcode < sizeof names / sizeof *names)
		return names[rcode];
	if (rcode >= 16 && rcode < 16 + sizeof extended / sizeof *extended)
		return extended[rcode - 16];
	snprintf(text, 16, "RCODE%u", rcode);
	return text;
}

/* ---- messages ---- */

size_t dns_query(unsigned char *out, unsigned id, const struct dns_name *name, unsigned type,
		 enum dns_manner manner)
{
	const bool edns = manner == DNS_EDNS || manner == DNS_SIGNED;
	const unsigned flags = manner == DNS_MULTICAST ? 0 : edns ? 0x0120 : 0x0100; /* RD, AD */
	unsigned char *p = out;

	p = dns_put16(p, id);
	p = dns_put16(p, flags);
	p = dns_put16(p, 1);
	p = dns_put16(p, 0);
	p = dns_put16(p, 0);
	p = dns_put16(p, edns);
	memcpy(p, name->wire, name->length);
	p = dns_put16(p + name->length, type);
	p = dns_put16(p, DNS_CLASS_IN);
	if (edns) {
		*p++ = 0; /* the root's record */
		p = dns_put16(p, DNS_OPT);
		p = dns_put16(p, DNS_UDP_SIZE);
		memset(p, 0, 6); /* no extended code, version 0, no options */
		if (manner == DNS_SIGNED)
			p[2] = 0x80;
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
	m->recursive = bytes[3] & 0x80;
	m->authentic = bytes[3] & 0x20;
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

const char *dns_record_read(const struct dns_message *m, size_t *at, struct dns_record *r)
{
	const char *fault = dns_read_name(m->bytes, m->n, at, &r->name);
	const unsigned char *p = m->bytes + *at;

	if (fault)
		return fault;
	if (m->n - *at < 10)
		return "a record goes beyond its end";
	r->type = dns_get16(p);
	r->class = dns_get16(p + 2) & (m->multicast ? 0x7fff : 0xffff);
	r->ttl = dns_get32(p + 4);
	r->n = dns_get16(p + 8);
	r->data = *at + 10;
	if (m->n - r->data < r->n)
		return "the data of a record goes beyond its end";
	*at = r->data + r->n;
	return dns_record_fits(m, r) ? NULL : "the data of a record is not what its type says";
}

const char *dns_parse_records(struct dns_message *m)
{
	const unsigned char *bytes = m->bytes;
	size_t at = m->answers;
	struct dns_record r;

	/* A message that was cut may end anywhere: all of it is asked for again. */
	if (m->truncated)
		return NULL;
	for (unsigned left = m->n_answers + dns_get16(bytes + 8) + dns_get16(bytes + 10); left;
	     left--) {
		const char *fault = dns_record_read(m, &at, &r);
		if (fault)
			return fault;
		if (r.type == DNS_OPT) {
			m->rcode = (m->rcode & 15) | (r.ttl >> 24) << 4;
			m->edns = true;
			m->udp_size = r.class;
			m->options = r.data;
			m->n_options = r.n;
		}
	}
	return NULL;
}

const char *dns_parse(struct dns_message *m, const unsigned char *bytes, size_t n)
{
	const char *fault = dns_parse_head(m, bytes, n);

	return fault ? fault : dns_parse_records(m);
}

bool dns_extended_error(const struct dns_message *m, size_t *at, unsigned *code, const char **text,
			size_t *n)
{
	while (m->n_options >= 4 && *at <= m->n_options - 4) {
		const unsigned char *p = m->bytes + m->options + *at;
		unsigned option = dns_get16(p), length = dns_get16(p + 2);

		*at += 4;
		if (length > m->n_options - *at)
			return false;
		*at += length;
		if (option != EXTENDED_ERROR || length < 2)
			continue;
		*code = dns_get16(p + 4);
		*text = (const char *)p + 6;
		*n = length - 2;
		return true;
	}
	return false;
}

const char *dns_extended_name(unsigned code)
{
	static const char names[][32] = {
		"Other Error",
		"Unsupported DNSKEY Algorithm",
		"Unsupported DS Digest Type",
		"Stale Answer",
		"Forged Answer",
		"DNSSEC Indeterminate",
		"DNSSEC Bogus",
		"Signature Expired",
		"Signature Not Yet Valid",
		"DNSKEY Missing",
		"RRSIGs Missing",
		"No Zone Key Bit Set",
		"NSEC Missing",
		"Cached Error",
		"Not Ready",
		"Blocked",
		"Censored",
		"Filtered",
		"Prohibited",
		"Stale NXDOMAIN Answer",
		"Not Authoritative",
		"Not Supported",
		"No Reachable Authority",
		"Network Error",
		"Invalid Data",
	};

	return code < sizeof names / sizeof *names ? names[code] : NULL;
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
