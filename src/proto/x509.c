/* x509.c - a walk through the DER of a certificate */
#include "proto/x509.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ---- DER (X.690) ---- */

enum {
	BOOLEAN = 0x01,
	INTEGER = 0x02,
	OCTET_STRING = 0x04,
	OBJECT_IDENTIFIER = 0x06,
	UTF8_STRING = 0x0c,
	NUMERIC_STRING = 0x12,
	PRINTABLE_STRING = 0x13,
	TELETEX_STRING = 0x14,
	IA5_STRING = 0x16,
	UTC_TIME = 0x17,
	GENERALIZED_TIME = 0x18,
	VISIBLE_STRING = 0x1a,
	SEQUENCE = 0x30,
	SET = 0x31,
	VERSION = 0xa0,	   /* [0] of the certificate */
	EXTENSIONS = 0xa3, /* [3] of it */
	DNS_NAME = 0x82,   /* [2] of subjectAltName */
	IP_ADDRESS = 0x87, /* [7] of it */
};

static void der_skip(struct x509_bytes *s, size_t n)
{
	s->at += n;
	s->n -= n;
}

/* Takes the length of a value of *S into *N, which are so many bytes that it can have. */
static bool der_take_length(struct x509_bytes *s, size_t *n)
{
	unsigned bytes;

	if (s->n == 0)
		return false;
	*n = *s->at;
	der_skip(s, 1);
	if (*n < 0x80)
		return *n <= s->n;
	bytes = *n & 0x7f;
	if (bytes == 0 || bytes > 3 || bytes > s->n)
		return false;
	for (*n = 0; bytes > 0; bytes--) {
		*n = *n << 8 | *s->at;
		der_skip(s, 1);
	}
	return *n <= s->n;
}

/* Takes the first value of *S, whatever it is: its tag, and what is in it. */
static bool der_take_any(struct x509_bytes *s, unsigned *tag, struct x509_bytes *value)
{
	size_t n;

	if (s->n == 0 || (*s->at & 0x1f) == 0x1f)
		return false;
	*tag = *s->at;
	der_skip(s, 1);
	if (!der_take_length(s, &n))
		return false;
	*value = (struct x509_bytes){ s->at, n };
	der_skip(s, n);
	return true;
}

/* Takes the first value of *S, which must have that TAG. */
static bool der_take(struct x509_bytes *s, unsigned tag, struct x509_bytes *value)
{
	unsigned found;

	return der_take_any(s, &found, value) && found == tag;
}

/* Takes it if it has that TAG. False: it has, and is malformed. */
static bool der_take_optional(struct x509_bytes *s, unsigned tag, struct x509_bytes *value)
{
	return s->n == 0 || *s->at != tag || der_take(s, tag, value);
}

static bool der_is(struct x509_bytes s, const char *bytes)
{
	return s.n == strlen(bytes) && !memcmp(s.at, bytes, s.n);
}

/* ---- times ---- */

/* Reads the two digits at P; -1: they are none. */
static int time_digits(const unsigned char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + p[1] - '0';
}

/* Days from 1970-01-01 to the day of a year from 0 on. Years begin with March, so that the day that
 * a leap year has more comes last. */
static int64_t time_days(int year, int month, int day)
{
	int y = year - (month < 3) + 400, m = (month + 9) % 12;

	return 365 * (int64_t)y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
	       (719468 + 146097);
}

/* Reads what RFC 5280 (4.1.2.5) permits: `YYMMDDhhmmssZ`, or with a year of four digits. */
static void time_read(struct x509_time *out, unsigned tag, struct x509_bytes s)
{
	static const int most[] = { 12, 31, 23, 59, 59 };
	int century = -1, year, parts[5];
	const char *text;

	if (tag == GENERALIZED_TIME && s.n == 15) {
		century = time_digits(s.at);
		der_skip(&s, 2);
	}
	if (s.n != 13 || s.at[12] != 'Z')
		return;
	year = time_digits(s.at);
	if (tag == UTC_TIME)
		century = year < 50 ? 20 : 19;
	if (century < 0 || year < 0)
		return;
	year += 100 * century;
	for (int i = 0; i < 5; i++) {
		parts[i] = time_digits(s.at + 2 + 2 * i);
		if (parts[i] < (i < 2) || parts[i] > most[i])
			return;
	}
	out->seconds = 86400 * time_days(year, parts[0], parts[1]) + 3600 * parts[2] +
		       60 * parts[3] + parts[4];
	text = (const char *)s.at;
	snprintf(out->text, sizeof out->text, "%02d%.2s-%.2s-%.2sT%.2s:%.2s:%.2sZ", century, text,
		 text + 2, text + 4, text + 6, text + 8, text + 10);
}

/* ---- the certificate ---- */

static bool x509_read_validity(struct x509 *out, struct x509_bytes s)
{
	struct x509_bytes value;
	unsigned tag;

	if (!der_take_any(&s, &tag, &value))
		return false;
	time_read(&out->not_before, tag, value);
	if (!der_take_any(&s, &tag, &value))
		return false;
	time_read(&out->not_after, tag, value);
	return true;
}

static bool x509_read_extensions(struct x509 *out, struct x509_bytes s)
{
	struct x509_bytes list, extension, id, critical, value;

	if (!der_take(&s, SEQUENCE, &list))
		return false;
	while (list.n > 0) {
		if (!der_take(&list, SEQUENCE, &extension) ||
		    !der_take(&extension, OBJECT_IDENTIFIER, &id) ||
		    !der_take_optional(&extension, BOOLEAN, &critical) ||
		    !der_take(&extension, OCTET_STRING, &value))
			return false;
		if (der_is(id, "\x55\x1d\x11") && !der_take(&value, SEQUENCE, &out->names))
			return false;
	}
	return true;
}

bool x509_read(struct x509 *out, const unsigned char *der, size_t n)
{
	struct x509_bytes s = { der, n }, certificate, tbs, ignored, validity, value;
	unsigned tag;

	*out = (struct x509){ 0 };
	if (!der_take(&s, SEQUENCE, &certificate) || !der_take(&certificate, SEQUENCE, &tbs) ||
	    !der_take_optional(&tbs, VERSION, &ignored) || !der_take(&tbs, INTEGER, &ignored) ||
	    !der_take(&tbs, SEQUENCE, &ignored) || !der_take(&tbs, SEQUENCE, &out->issuer) ||
	    !der_take(&tbs, SEQUENCE, &validity) || !x509_read_validity(out, validity) ||
	    !der_take(&tbs, SEQUENCE, &out->subject) || !der_take(&tbs, SEQUENCE, &ignored))
		return false;
	while (tbs.n > 0)
		if (!der_take_any(&tbs, &tag, &value) ||
		    (tag == EXTENSIONS && !x509_read_extensions(out, value)))
			return false;
	return true;
}

/* ---- names ---- */

/* Adds TEXT as the value of an attribute (RFC 4514, 2.4). */
static void name_put_value(struct text *out, struct x509_bytes text)
{
	size_t from = 0; /* of what stands as it is */

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = text.at[i];
		bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == text.n && c == ' ');
		bool control = c < ' ' || c == 0x7f;

		if (!edge && !control && !strchr("\"+,;<>\\", c))
			continue;
		text_put_escaped(out, (const char *)text.at + from, i - from, false);
		text_add(out, control ? "\\%02X" : "\\%c", c);
		from = i + 1;
	}
	text_put_escaped(out, (const char *)text.at + from, text.n - from, false);
}

static void name_put_hex(struct text *out, const unsigned char *at, const unsigned char *end)
{
	text_add(out, "#");
	for (; at < end; at++)
		text_add(out, "%02X", *at);
}

/* Adds the object identifier ID as numbers with dots. */
static void name_put_numbers(struct text *out, struct x509_bytes id)
{
	uint64_t n = 0;
	bool first = true;

	for (size_t i = 0; i < id.n; i++) {
		n = n << 7 | (id.at[i] & 0x7f);
		if (id.at[i] & 0x80)
			continue;
		if (first) {
			unsigned root = n < 80 ? (unsigned)n / 40 : 2;
			text_add(out, "%u", root);
			n -= root * 40;
		}
		text_add(out, ".%llu", (unsigned long long)n);
		first = false;
		n = 0;
	}
}

static bool name_is_string(unsigned tag)
{
	return tag == UTF8_STRING || tag == NUMERIC_STRING || tag == PRINTABLE_STRING ||
	       tag == TELETEX_STRING || tag == IA5_STRING || tag == VISIBLE_STRING;
}

/* Adds the attribute S, `CN=example.org`. */
static bool name_put_attribute(struct text *out, struct x509_bytes s)
{
	static const struct {
		char id[12], name[16];
	} known[] = {
		{ "\x55\x04\x03", "CN" },
		{ "\x55\x04\x05", "serialNumber" },
		{ "\x55\x04\x06", "C" },
		{ "\x55\x04\x07", "L" },
		{ "\x55\x04\x08", "ST" },
		{ "\x55\x04\x09", "street" },
		{ "\x55\x04\x0a", "O" },
		{ "\x55\x04\x0b", "OU" },
		{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID" },
		{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC" },
		{ "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress" },
	};
	const unsigned char *begin;
	struct x509_bytes id, value;
	const char *name = NULL;
	unsigned tag;

	if (!der_take(&s, OBJECT_IDENTIFIER, &id))
		return false;
	begin = s.at;
	if (!der_take_any(&s, &tag, &value))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (der_is(id, known[i].id))
			name = known[i].name;
	if (name)
		text_add(out, "%s", name);
	else
		name_put_numbers(out, id);
	text_add(out, "=");
	if (name && name_is_string(tag))
		name_put_value(out, value);
	else
		name_put_hex(out, begin, s.at);
	return true;
}

/* Adds a part of a name, mostly of one attribute, else of several with `+` between. */
static void name_put_part(struct text *out, struct x509_bytes set)
{
	struct x509_bytes attribute;

	for (const char *between = ""; der_take(&set, SEQUENCE, &attribute); between = "+") {
		text_add(out, "%s", between);
		if (!name_put_attribute(out, attribute))
			return;
	}
}

void x509_put_name(struct text *out, struct x509_bytes name)
{
	struct x509_bytes parts[X509_PARTS];
	size_t n = 0;

	while (n < X509_PARTS && der_take(&name, SET, &parts[n]))
		n++;
	for (size_t i = n; i-- > 0;) {
		name_put_part(out, parts[i]);
		text_add(out, "%s", i > 0 ? "," : "");
	}
}

/* Adds a name of the list, of which no other may seem to begin within it. */
static void put_listed(struct text *out, struct x509_bytes name)
{
	const unsigned char *blank;

	while ((blank = memchr(name.at, ' ', name.n)) != NULL) {
		size_t n = (size_t)(blank - name.at);
		text_put_escaped(out, (const char *)name.at, n, false);
		text_add(out, "\\x20");
		der_skip(&name, n + 1);
	}
	text_put_escaped(out, (const char *)name.at, name.n, false);
}

bool x509_next_name(struct x509_bytes *rest, const char *between, struct text *out)
{
	char text[INET6_ADDRSTRLEN];
	struct x509_bytes value;
	unsigned tag;

	while (der_take_any(rest, &tag, &value)) {
		if (tag == DNS_NAME) {
			text_add(out, "%s", between);
			put_listed(out, value);
			return true;
		}
		if (tag == IP_ADDRESS && (value.n == 4 || value.n == 16)) {
			inet_ntop(value.n == 4 ? AF_INET : AF_INET6, value.at, text, sizeof text);
			text_add(out, "%s%s", between, text);
			return true;
		}
	}
	return false;
}
