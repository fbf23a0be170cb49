/* report_tls.c - what a peer says of itself by TLS, in words and as an object */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "proto/x509.h"
#include "run/report.h"

/* ---- what stands in one line ---- */

static void tls_add_answer(struct text *text, const struct tls_server *s)
{
	char name[TLS_NAME];

	if (s->version) {
		text_add(text, "%s", tls_version_name(s->version, name));
		text_add(text, " %s", tls_cipher_name(s->cipher, name));
	} else {
		text_add(text, "TLS");
	}
	if (s->alpn_n > 0) {
		text_add(text, " ");
		text_put_escaped(text, (const char *)s->alpn, s->alpn_n, false);
	}
	if (s->alert >= 0)
		text_add(text, " alert %s", tls_alert_name(s->alert, name));
}

/* Adds why R is no TLS, which had the time LIMIT. */
static void tls_add_why(struct text *text, const struct tls_result *r, int64_t limit)
{
	char room[ERRNO_TEXT];

	switch (r->none) {
	case TLS_SILENT:
		text_add(text, "nothing came within %s (-w)",
			 duration_format(room, sizeof room, limit));
		break;
	case TLS_SAYS:
		text_add(text, "the service says '");
		text_put_escaped(text, (const char *)r->said, r->said_n, false);
		text_add(text, "'");
		break;
	case TLS_ECHOED:
		text_add(text, "the service sends back what it is sent");
		break;
	case TLS_CUT:
		text_add(text, "what came begins like TLS, but %s", r->server.why);
		break;
	case TLS_AGAINST:
		text_add(text, "what came breaks its rules: %s", r->server.why);
		break;
	case TLS_BROKEN:
	case TLS_UNKNOWN:
		text_add(text, "%s", errno_text(r->error, room));
		break;
	default:
		text_add(text, "the connection was closed without a word");
	}
}

void report_tls_text(struct text *text, const struct tls_result *r, int64_t limit)
{
	if (r->none == TLS_ANSWERED) {
		tls_add_answer(text, &r->server);
		return;
	}
	text_add(text, r->none == TLS_UNKNOWN ? "TLS unknown: " : "no TLS: ");
	tls_add_why(text, r, limit);
}

/* ---- the certificate ---- */

/* Reads the certificate of R into *C, if there is one. Returns what of all that R could have told
 * is missing; NULL: nothing. */
static const char *tls_read_certificate(const struct tls_result *r, struct x509 *c)
{
	const struct text *der = &r->server.certificate;
	bool good = x509_read(c, (const unsigned char *)der->data, der->length);

	if (*r->server.why)
		return r->server.why;
	return der->length > 0 && !good ? "its certificate is malformed" : NULL;
}

#define DAYS 32

static const char *tls_days(int64_t seconds, char *room)
{
	int64_t n = seconds / 86400;

	snprintf(room, DAYS, "%lld day%s", (long long)n, n == 1 ? "" : "s");
	return room;
}

/* Adds how long C is valid, and what that means now. */
static void tls_add_times(struct text *text, const struct x509 *c)
{
	const struct x509_time *from = &c->not_before, *to = &c->not_after;
	int64_t now = clock_wall() / SECOND;
	char room[DAYS];

	text_add(text, "%s to %s", *from->text ? from->text : "?", *to->text ? to->text : "?");
	if (*to->text && now > to->seconds)
		text_add(text, ", expired %s ago", tls_days(now - to->seconds, room));
	else if (*from->text && now < from->seconds)
		text_add(text, ", begins in %s", tls_days(from->seconds - now, room));
	else if (*to->text)
		text_add(text, ", %s left", tls_days(to->seconds - now, room));
}

/* Adds NAME, which may be empty where there are others (RFC 5280, 4.1.2.6). */
static void add_name(struct text *text, struct x509_bytes name)
{
	if (name.n > 0)
		x509_put_name(text, name);
	else
		text_add(text, "without a name");
}

void report_tls_certificate(struct text *text, const struct tls_result *r, const char *before)
{
	char between[REPORT_TLS_BEFORE + 8];
	struct x509 c;
	const char *missing = tls_read_certificate(r, &c);

	if (r->none != TLS_ANSWERED)
		return;
	if (missing)
		text_add(text, "%snot all was read: %s\n", before, missing);
	if (r->server.version >= TLS_1_3 && !r->second)
		text_add(text, "%scertificate hidden by TLS 1.3\n", before);
	if (r->server.certificate.length == 0 || missing)
		return;
	text_add(text, "%scertificate ", before);
	if (r->second) {
		char version[TLS_NAME];
		text_add(text, "by %s, ", tls_version_name(r->second, version));
	}
	text_add(text, "not verified: ");
	add_name(text, c.subject);
	text_add(text, "\n%sissuer ", before);
	add_name(text, c.issuer);
	snprintf(between, sizeof between, "\n%snames ", before);
	while (x509_next_name(&c.names, between, text))
		strcpy(between, " ");
	text_add(text, "\n%svalid ", before);
	tls_add_times(text, &c);
	text_add(text, "\n");
}

/* ---- as an object ---- */

/* Adds TEXT as the member KEY, and frees it. */
static void tls_text_json(struct json *json, const char *key, struct text *text)
{
	json_bytes(json, key, text->data ? text->data : "", text->length);
	json->text.failed |= text->failed;
	text_free(text);
}

static void tls_name_json(struct json *json, const char *key, struct x509_bytes name)
{
	struct text text = { 0 };

	x509_put_name(&text, name);
	tls_text_json(json, key, &text);
}

static void tls_time_json(struct json *json, const char *key, const struct x509_time *t)
{
	json_string(json, key, *t->text ? t->text : NULL);
}

static void tls_names_json(struct json *json, struct x509_bytes rest)
{
	json_open(json, "names", '[');
	for (struct text name = { 0 }; x509_next_name(&rest, "", &name);)
		tls_text_json(json, NULL, &name);
	json_close(json, ']');
}

/* Adds C, which came by VERSION. */
static void tls_certificate_json(struct json *json, const struct x509 *c, unsigned version)
{
	char name[TLS_NAME];

	json_open(json, "certificate", '{');
	tls_name_json(json, "subject", c->subject);
	tls_name_json(json, "issuer", c->issuer);
	tls_names_json(json, c->names);
	tls_time_json(json, "not_before", &c->not_before);
	tls_time_json(json, "not_after", &c->not_after);
	json_string(json, "told_by", tls_version_name(version, name));
	json_bool(json, "verified", false);
	json_close(json, '}');
}

void report_tls_json(struct json *json, const struct tls_result *r, int64_t limit)
{
	const struct tls_server *s = &r->server;
	bool answered = r->none == TLS_ANSWERED;
	struct text why = { 0 };
	char name[TLS_NAME];
	struct x509 c;
	const char *missing = tls_read_certificate(r, &c);

	json_open(json, "tls", '{');
	json_bool(json, "answered", answered);
	if (s->version) {
		json_string(json, "version", tls_version_name(s->version, name));
		json_string(json, "cipher", tls_cipher_name(s->cipher, name));
	}
	if (s->alpn_n > 0)
		json_bytes(json, "alpn", s->alpn, s->alpn_n);
	if (answered && s->alert >= 0)
		json_string(json, "alert", tls_alert_name(s->alert, name));
	if (!answered)
		tls_add_why(&why, r, limit);
	else if (missing)
		text_add(&why, "%s", missing);
	if (why.length > 0 || why.failed)
		tls_text_json(json, "why", &why);
	if (r->none == TLS_SAYS)
		json_bytes(json, "said", r->said, r->said_n);
	if (s->certificate.length > 0 && !missing)
		tls_certificate_json(json, &c, r->second ? r->second : s->version);
	json_close(json, '}');
}
