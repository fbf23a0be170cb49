/* dns_record.c - the types of DNS records, and their data as text */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/number.h"
#include "proto/dns_wire.h"

/* What the data of a type is made of, a letter for each part, in the order of the wire:
 *   a 6      an address of IPv4, of IPv6
 *   n        a name
 *   b s l    a number of 8, 16, 32 bits
 *   t T      the number of a type; a time (RFC 4034, 3.1.5)
 *   q w      a string with its length before it (RFC 1035, 3.3), with quotes; without
 *   h H      bytes with their length before them, in hex (none: `-`), in base 32 (RFC 5155, 3.3)
 * and up to the end:
 *   Q        such strings, at least one
 *   v x B    a string, bytes in hex, bytes in base 64
 *   m        a bitmap of types (RFC 4034, 4.1.2)
 *   P        the parameters of a service (RFC 9460, 2.1) */
static const struct dns_form {
	unsigned type;
	char name[12], parts[12]; /* no parts: it can only be asked for */
} forms[] = {
	{ DNS_A, "A", "a" },	      { DNS_NS, "NS", "n" },
	{ DNS_CNAME, "CNAME", "n" },  { DNS_SOA, "SOA", "nnlllll" },
	{ DNS_PTR, "PTR", "n" },      { 13, "HINFO", "qq" },
	{ DNS_MX, "MX", "sn" },	      { DNS_TXT, "TXT", "Q" },
	{ 17, "RP", "nn" }, /* RFC 1183 */
	{ 18, "AFSDB", "sn" },	      { DNS_AAAA, "AAAA", "6" },
	{ DNS_SRV, "SRV", "sssn" },   { 35, "NAPTR", "ssqqqn" }, /* RFC 3403 */
	{ 36, "KX", "sn" },					 /* RFC 2230 */
	{ 39, "DNAME", "n" },					 /* RFC 6672 */
	{ 43, "DS", "sbbx" },					 /* RFC 4034 */
	{ 44, "SSHFP", "bbx" },					 /* RFC 4255 */
	{ 46, "RRSIG", "tbblTTsnB" },				 /* RFC 4034 */
	{ DNS_NSEC, "NSEC", "nm" },				 /* RFC 4034 */
	{ 48, "DNSKEY", "sbbB" },				 /* RFC 4034 */
	{ 50, "NSEC3", "bbshHm" },				 /* RFC 5155 */
	{ 51, "NSEC3PARAM", "bbsh" },				 /* RFC 5155 */
	{ 52, "TLSA", "bbbx" },					 /* RFC 6698 */
	{ 53, "SMIMEA", "bbbx" },				 /* RFC 8162 */
	{ 59, "CDS", "sbbx" },					 /* RFC 7344 */
	{ 60, "CDNSKEY", "sbbB" },				 /* RFC 7344 */
	{ 61, "OPENPGPKEY", "B" },				 /* RFC 7929 */
	{ 64, "SVCB", "snP" },					 /* RFC 9460 */
	{ 65, "HTTPS", "snP" },					 /* RFC 9460 */
	{ 99, "SPF", "Q" },					 /* RFC 4408 */
	{ DNS_ANY, "ANY", "" },	      { 256, "URI", "ssv" },	 /* RFC 7553 */
	{ 257, "CAA", "bwv" },					 /* RFC 8659 */
};
#define N_FORMS (sizeof forms / sizeof *forms)

static const struct dns_form *dns_form(unsigned type)
{
	for (size_t i = 0; i < N_FORMS; i++)
		if (forms[i].type == type)
			return &forms[i];
	return NULL;
}

const char *dns_type_name(size_t i)
{
	return i < N_FORMS ? forms[i].name : NULL;
}

int dns_type_parse(const char *word)
{
	int64_t value;

	for (size_t i = 0; i < N_FORMS; i++)
		if (!strcasecmp(word, forms[i].name))
			return (int)forms[i].type;
	if (!strncasecmp(word, "TYPE", 4) && number_parse(word + 4, 1, 65535, &value) == 0)
		return (int)value;
	return -1;
}

char *dns_type_text(unsigned type, char *text)
{
	const struct dns_form *form = dns_form(type);

	if (form)
		snprintf(text, 16, "%s", form->name);
	else
		snprintf(text, 16, "TYPE%u", type);
	return text;
}

/* ---- the parts of the data ---- */

/* What is left of a record's data, and the text that is made of it. */
struct reader {
	const struct dns_message *m;
	const unsigned char *p;
	size_t n;
	struct text *t;
};

/* Takes N bytes off R; NULL: they are not there. */
static const unsigned char *take(struct reader *r, size_t n)
{
	const unsigned char *p = r->p;

	if (r->n < n)
		return NULL;
	r->p += n;
	r->n -= n;
	return p;
}

/* The same, of bytes with their length before them, into *N. */
static const unsigned char *take_string(struct reader *r, size_t *n)
{
	const unsigned char *length = take(r, 1);

	if (!length)
		return NULL;
	*n = *length;
	return take(r, *n);
}

/* Adds N bytes at P between quotes as RFC 1035, 5.1 has it. */
static void add_quoted(struct text *t, const unsigned char *p, size_t n)
{
	text_add(t, "\"");
	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] >= 0x7f)
			text_add(t, "\\%03u", p[i]);
		else
			text_add(t, p[i] == '"' || p[i] == '\\' ? "\\%c" : "%c", p[i]);
	text_add(t, "\"");
}

static void add_hex(struct text *t, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_add(t, "%02X", p[i]);
}

/* RFC 4648, section 7, without padding. */
static void add_base32(struct text *t, const unsigned char *p, size_t n)
{
	unsigned bits = 0, value = 0;

	for (size_t i = 0; i < n; i++) {
		value = (value << 8 | p[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			text_add(t, "%c",
				 "0123456789ABCDEFGHIJKLMNOPQRSTUV"[value >> (bits - 5) & 31]);
	}
	if (bits)
		text_add(t, "%c", "0123456789ABCDEFGHIJKLMNOPQRSTUV"[value << (5 - bits) & 31]);
}

static bool add_name(struct reader *r)
{
	size_t at = (size_t)(r->p - r->m->bytes), before = at;
	char text[DNS_TEXT_MOST];
	struct dns_name name;

	if (dns_read_name(r->m->bytes, at + r->n, &at, &name))
		return false;
	take(r, at - before);
	dns_name_text(&name, text);
	text_add(r->t, "%s%s", text, strcmp(text, ".") != 0 ? "." : "");
	return true;
}

static void add_address(struct text *t, int family, const unsigned char *p)
{
	char text[INET6_ADDRSTRLEN];

	text_add(t, "%s", inet_ntop(family, p, text, sizeof text));
}

static void add_time(struct text *t, uint32_t seconds)
{
	struct text whole = { 0 };

	text_time(&whole, (int64_t)seconds * 1000000000);
	for (size_t i = 0; i < whole.length && whole.data[i] != '.'; i++)
		if (digit_value(whole.data[i]) >= 0)
			text_put(t, whole.data + i, 1);
	text_free(&whole);
}

/* Windows of types, each with its number, its length, and a bit for each type. */
static bool add_bitmap(struct reader *r)
{
	const char *blank = "";
	char text[16];

	while (r->n) {
		const unsigned char *window = take(r, 1), *bits;
		size_t n;
		bits = take_string(r, &n);
		if (!bits || n == 0 || n > 32)
			return false;
		for (size_t i = 0; i < 8 * n; i++)
			if (bits[i / 8] & 0x80 >> i % 8) {
				text_add(r->t, "%s%s", blank,
					 dns_type_text((unsigned)(*window * 256U + i), text));
				blank = " ";
			}
	}
	return true;
}

/* ---- the parameters of a service: RFC 9460 ---- */

static void add_key(struct text *t, unsigned key)
{
	static const char names[][16] = { "mandatory", "alpn", "no-default-alpn", "port",
					  "ipv4hint",  "ech",  "ipv6hint",	  "dohpath" };

	if (key < sizeof names / sizeof *names)
		text_add(t, "%s", names[key]);
	else
		text_add(t, "key%u", key);
}

/* Names of protocols: a comma in one of them, and a backslash, have a backslash before them. */
static bool add_protocols(struct reader *v)
{
	struct text list = { 0 };
	bool whole = v->n > 0;

	while (v->n && whole) {
		size_t n = 0;
		const unsigned char *p = take_string(v, &n);
		whole = p && n > 0;
		if (list.length)
			text_put(&list, ",", 1);
		for (size_t i = 0; i < n && whole; i++) {
			if (p[i] == ',' || p[i] == '\\')
				text_put(&list, "\\", 1);
			text_put(&list, p + i, 1);
		}
	}
	add_quoted(v->t, (const unsigned char *)list.data, list.failed ? 0 : list.length);
	v->t->failed |= list.failed;
	text_free(&list);
	return whole;
}

/* The value of KEY: what V has. */
static bool add_value(struct reader *v, unsigned key)
{
	const size_t each = key == 0 || key == 3 ? 2 : key == 4 ? 4 : key == 6 ? 16 : 0;
	const char *comma = "";

	if (key == 2)
		return v->n == 0;
	if (v->n == 0)
		return each == 0 && key != 1;
	text_add(v->t, "=");
	if (key == 1)
		return add_protocols(v);
	if (each && (v->n % each || (key == 3 && v->n != 2)))
		return false;
	if (key == 5)
		base64_add(v->t, v->p, v->n);
	else if (!each)
		add_quoted(v->t, v->p, v->n);
	for (; each && v->n; take(v, each), comma = ",") {
		text_add(v->t, "%s", comma);
		if (key == 0)
			add_key(v->t, dns_get16(v->p));
		else if (key == 3)
			text_add(v->t, "%u", dns_get16(v->p));
		else
			add_address(v->t, key == 4 ? AF_INET : AF_INET6, v->p);
	}
	return true;
}

static bool add_parameters(struct reader *r)
{
	const char *blank = "";
	unsigned last = 0;

	while (r->n) {
		const unsigned char *head = take(r, 4);
		struct reader v = { .m = r->m, .t = r->t };
		unsigned key;
		if (!head)
			return false;
		key = dns_get16(head);
		v.n = dns_get16(head + 2);
		v.p = take(r, v.n);
		text_add(r->t, "%s", blank);
		add_key(r->t, key);
		if (!v.p || (*blank && key <= last) || !add_value(&v, key))
			return false;
		last = key;
		blank = " ";
	}
	return true;
}

/* ---- a record's data ---- */

static bool add_number(struct reader *r, char part)
{
	const size_t n = part == 'b' ? 1 : part == 's' || part == 't' ? 2 : 4;
	const unsigned char *p = take(r, n);

	if (!p)
		return false;
	if (part == 't') {
		char text[16];
		text_add(r->t, "%s", dns_type_text(dns_get16(p), text));
	} else if (part == 'T') {
		add_time(r->t, dns_get32(p));
	} else {
		text_add(r->t, "%lu",
			 (unsigned long)(n == 1 ? *p :
					 n == 2 ? dns_get16(p) :
						  dns_get32(p)));
	}
	return true;
}

static bool add_string(struct reader *r, char part)
{
	size_t n;
	const unsigned char *p = take_string(r, &n);

	if (!p)
		return false;
	if (part == 'q')
		add_quoted(r->t, p, n);
	else if (part == 'H')
		add_base32(r->t, p, n);
	else if (part == 'h' && n)
		add_hex(r->t, p, n);
	else if (part == 'h')
		text_add(r->t, "-");
	/* RFC 8659, 4.1: letters and digits. */
	for (size_t i = 0; i < n && part == 'w'; i++)
		if (digit_value((char)p[i]) < 0 && !((p[i] | 32) >= 'a' && (p[i] | 32) <= 'z'))
			return false;
	text_put(r->t, p, part == 'w' ? n : 0);
	return part != 'w' || n > 0;
}

static bool add_strings(struct reader *r)
{
	bool whole = add_string(r, 'q');

	while (whole && r->n) {
		text_add(r->t, " ");
		whole = add_string(r, 'q');
	}
	return whole;
}

static bool add_part(struct reader *r, char part)
{
	const size_t n = r->n;

	switch (part) {
	case 'a':
	case '6': {
		const unsigned char *p = take(r, part == 'a' ? 4 : 16);
		if (p)
			add_address(r->t, part == 'a' ? AF_INET : AF_INET6, p);
		return p;
	}
	case 'n':
		return add_name(r);
	case 'q':
	case 'w':
	case 'h':
	case 'H':
		return add_string(r, part);
	case 'Q':
		return add_strings(r);
	case 'm':
		return add_bitmap(r);
	case 'P':
		return add_parameters(r);
	case 'v':
		add_quoted(r->t, take(r, n), n);
		return true;
	case 'x':
		add_hex(r->t, take(r, n), n);
		return true;
	case 'B':
		base64_add(r->t, take(r, n), n);
		return true;
	default:
		return add_number(r, part);
	}
}

/* Adds R's data to T as its type has it. Returns whether the type is known and the data fits. */
static bool dns_add_data(const struct dns_message *m, const struct dns_record *r, struct text *t)
{
	const struct dns_form *form = r->class == DNS_CLASS_IN ? dns_form(r->type) : NULL;
	struct reader data = { m, m->bytes + r->data, r->n, t };
	const char *part = form ? form->parts : "";
	bool fits = *part;

	for (; fits && *part; part++) {
		/* Of a part that goes up to the end there may be nothing. */
		if (part != form->parts && !(strchr("mP", *part) && data.n == 0))
			text_add(t, " ");
		fits = add_part(&data, *part);
	}
	return fits && data.n == 0;
}

bool dns_record_fits(const struct dns_message *m, const struct dns_record *r)
{
	const struct dns_form *form = r->class == DNS_CLASS_IN ? dns_form(r->type) : NULL;
	size_t at = r->data;
	struct dns_name name;
	struct text text = { 0 };
	bool fits;

	if (!form || !*form->parts)
		return true;
	/* Those that most answers have need no text. */
	if (!strcmp(form->parts, "a") || !strcmp(form->parts, "6"))
		return r->n == (*form->parts == 'a' ? 4 : 16);
	if (!strcmp(form->parts, "n"))
		return !dns_read_name(m->bytes, r->data + r->n, &at, &name) && at == r->data + r->n;
	fits = dns_add_data(m, r, &text);
	text_free(&text);
	return fits;
}

void dns_record_text(const struct dns_message *m, const struct dns_record *r, struct text *t)
{
	size_t before = t->length;

	if (dns_add_data(m, r, t))
		return;
	/* RFC 3597, 5 */
	t->length = before;
	text_add(t, r->n ? "\\# %zu " : "\\# %zu", r->n);
	add_hex(t, m->bytes + r->data, r->n);
}
