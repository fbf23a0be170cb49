/* http_auth.c - Basic and Digest: the answer to a challenge, and the check of one */
#include "proto/http_auth.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "proto/hash.h"

/* ---- values ---- */

static struct http_value auth_plain(const char *text)
{
	return (struct http_value){ text ? text : "", text ? strlen(text) : 0, false };
}

static struct http_value auth_value(struct http_part p)
{
	return (struct http_value){ p.at, p.n, false };
}

static void auth_add_value(struct hashing *h, struct http_value v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.quoted && v.at[i] == '\\')
			i++;
		hash_add(h, v.at + i, 1);
	}
}

/* Writes the hash of the N VALUES with colons between them to HEX. */
static void auth_hash_values(enum hash hash, const struct http_value *values, size_t n,
			     char hex[HASH_HEX + 1])
{
	struct hashing h;

	hash_start(&h, hash);
	for (size_t i = 0; i < n; i++) {
		if (i)
			hash_add(&h, ":", 1);
		auth_add_value(&h, values[i]);
	}
	hash_end(&h, hex);
}

#define HASH_VALUES(hash, hex, ...)                                                                \
	auth_hash_values(hash, (const struct http_value[]){ __VA_ARGS__ },                         \
			 sizeof(const struct http_value[]){ __VA_ARGS__ } /                        \
				 sizeof(struct http_value),                                        \
			 hex)

/* Do A and B mean the same? In a time that depends on their lengths only. */
static bool auth_equal(struct http_value a, struct http_value b)
{
	char one[HASH_HEX + 1], other[HASH_HEX + 1];

	HASH_VALUES(HASH_SHA256, one, a);
	HASH_VALUES(HASH_SHA256, other, b);
	return text_equal_secret(one, other, HASH_HEX);
}

static bool auth_is(struct http_value v, const char *word)
{
	return v.at && http_is((struct http_part){ v.at, v.n }, word);
}

static bool auth_is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool auth_has_control(const char *text)
{
	for (; text && *text; text++)
		if (auth_is_control(*text) || *text == '\t')
			return true;
	return false;
}

/* ---- parameters ---- */

enum param {
	REALM,
	NONCE,
	OPAQUE,
	ALGORITHM,
	QOP,
	STALE,
	USERHASH,
	USERNAME,
	URI,
	RESPONSE,
	CNONCE,
	NC,
	PARAMS
};

static const char param_names[PARAMS][12] = {
	[REALM] = "realm",	   [NONCE] = "nonce",	    [OPAQUE] = "opaque",
	[ALGORITHM] = "algorithm", [QOP] = "qop",	    [STALE] = "stale",
	[USERHASH] = "userhash",   [USERNAME] = "username", [URI] = "uri",
	[RESPONSE] = "response",   [CNONCE] = "cnonce",	    [NC] = "nc",
};

/* A scheme and its parameters. */
struct params {
	enum http_scheme scheme; /* of Digest whichever, until its algorithm is looked at */
	struct http_value values[PARAMS];
	bool bad; /* one of them could not be read, or came twice */
};

static struct http_part auth_skip_blanks(struct http_part p)
{
	while (p.n && (p.at[0] == ' ' || p.at[0] == '\t'))
		p = http_skip(p, 1);
	return p;
}

/* Returns the first word of P, up to a blank or an equals sign. */
static struct http_part auth_first_word(struct http_part p)
{
	size_t n = 0;

	while (n < p.n && !strchr(" \t=\"", p.at[n]))
		n++;
	return (struct http_part){ p.at, n };
}

/* Is P `NAME = VALUE` (RFC 9110, 11.2), whatever the value? */
static bool auth_is_param(struct http_part p)
{
	size_t n = auth_first_word(p).n;
	struct http_part rest = auth_skip_blanks(http_skip(p, n));

	return n && rest.n && rest.at[0] == '=';
}

/* Reads all of P as a value into *OUT. Returns false if it is none. */
static bool auth_read_value(struct http_part p, struct http_value *out)
{
	bool quoted = p.n && p.at[0] == '"';
	size_t n = quoted;

	for (; n < p.n && !auth_is_control(p.at[n]); n++) {
		if (quoted && p.at[n] == '"')
			break;
		if (quoted && p.at[n] == '\\' && n + 1 < p.n && !auth_is_control(p.at[n + 1]))
			n++;
		else if (!quoted && strchr(" \t\"\\", p.at[n]))
			break;
	}
	*out = (struct http_value){ p.at + quoted, n - quoted, quoted };
	return quoted ? n + 1 == p.n && p.at[n] == '"' : n == p.n && n > 0;
}

static void auth_read_param(struct params *params, struct http_part p)
{
	struct http_part name = auth_first_word(p), rest;
	struct http_value value;

	rest = auth_is_param(p) ?
		       auth_skip_blanks(http_skip(auth_skip_blanks(http_skip(p, name.n)), 1)) :
		       (struct http_part){ "", 0 };
	if (!auth_read_value(rest, &value)) {
		params->bad = true;
		return;
	}
	for (size_t i = 0; i < PARAMS; i++) {
		if (!http_is(name, param_names[i]))
			continue;
		params->bad |= params->values[i].at != NULL;
		params->values[i] = value;
	}
}

static enum http_scheme auth_scheme(struct http_part word)
{
	return http_is(word, "Digest") ? HTTP_DIGEST_MD5 :
	       http_is(word, "Basic")  ? HTTP_BASIC :
					 HTTP_NO_SCHEME;
}

/* ---- Digest (RFC 7616) ---- */

static const struct algorithm {
	char name[16];
	enum http_scheme scheme;
	bool session;
} algorithms[] = {
	{ "MD5", HTTP_DIGEST_MD5, false },
	{ "MD5-sess", HTTP_DIGEST_MD5, true },
	{ "SHA-256", HTTP_DIGEST_SHA256, false },
	{ "SHA-256-sess", HTTP_DIGEST_SHA256, true },
};

/* Returns the algorithm that VALUE names, MD5 if it was not given; NULL: we do not have it. */
static const struct algorithm *auth_find_algorithm(struct http_value value)
{
	if (!value.at)
		return algorithms;
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (auth_is(value, algorithms[i].name))
			return &algorithms[i];
	return NULL;
}

static enum hash auth_hash(enum http_scheme scheme)
{
	return scheme == HTTP_DIGEST_SHA256 ? HASH_SHA256 : HASH_MD5;
}

/* The values that a response is made of; NC of length 0: without qop. */
struct digest {
	enum hash hash;
	bool session;
	struct http_value user, realm, password, nonce, cnonce, nc, method, uri;
};

/* Writes the hash of D's request to A2 (RFC 7616, 3.4.3). */
static void auth_digest_request(const struct digest *d, char a2[HASH_HEX + 1])
{
	HASH_VALUES(d->hash, a2, d->method, d->uri);
}

/* Writes the response to HEX (RFC 7616, 3.4.1). A2 is the hash of the request. */
static void auth_digest_response(const struct digest *d, const char *a2, char hex[HASH_HEX + 1])
{
	char a1[HASH_HEX + 1];

	HASH_VALUES(d->hash, a1, d->user, d->realm, d->password);
	if (d->session)
		HASH_VALUES(d->hash, a1, auth_plain(a1), d->nonce, d->cnonce);
	if (d->nc.n)
		HASH_VALUES(d->hash, hex, auth_plain(a1), d->nonce, d->nc, d->cnonce,
			    auth_plain("auth"), auth_plain(a2));
	else
		HASH_VALUES(d->hash, hex, auth_plain(a1), d->nonce, auth_plain(a2));
}

/* ---- the client ---- */

static bool auth_has_qop(struct http_value qop)
{
	struct http_part list = { qop.at, qop.n }, member;

	while (http_list_next(&list, &member))
		if (http_is(member, "auth"))
			return true;
	return false;
}

/* Copies V into the text of C behind *USED bytes, which grow by it. Returns the copy. */
static struct http_value auth_keep(struct http_challenge *c, size_t *used, struct http_value v)
{
	char *at = c->text + *used;

	if (!v.at)
		return v;
	memcpy(at, v.at, v.n);
	*used += v.n;
	return (struct http_value){ at, v.n, v.quoted };
}

/* Takes the challenge P for *C if we can answer it and it is stronger than the one *C has. */
static void auth_consider(struct http_challenge *c, const struct params *p)
{
	const struct http_value *v = p->values;
	const struct algorithm *algorithm = auth_find_algorithm(v[ALGORITHM]);
	size_t used = 0;

	if (p->scheme == HTTP_BASIC && !c->scheme)
		c->scheme = HTTP_BASIC;
	if (p->scheme != HTTP_DIGEST_MD5 || p->bad || !algorithm || !v[REALM].at || !v[NONCE].at ||
	    (v[QOP].at && !auth_has_qop(v[QOP])) ||
	    v[REALM].n + v[NONCE].n + v[OPAQUE].n > sizeof c->text)
		return;
	if (algorithm->scheme < c->scheme ||
	    (algorithm->scheme == c->scheme && (c->qop || !v[QOP].at)))
		return;
	c->scheme = algorithm->scheme;
	c->algorithm = v[ALGORITHM].at ? algorithm->name : NULL;
	c->session = algorithm->session;
	c->qop = v[QOP].at != NULL;
	c->stale = auth_is(v[STALE], "true");
	c->userhash = auth_is(v[USERHASH], "true");
	c->realm = auth_keep(c, &used, v[REALM]);
	c->nonce = auth_keep(c, &used, v[NONCE]);
	c->opaque = auth_keep(c, &used, v[OPAQUE]);
}

enum http_scheme http_challenge_choose(const struct http_head *h, const char *name,
				       struct http_challenge *c)
{
	struct params p = { .scheme = HTTP_NO_SCHEME };
	const struct http_field *f;
	size_t at = 0;

	*c = (struct http_challenge){ .scheme = HTTP_NO_SCHEME };
	while ((f = http_find(h, name, &at))) {
		struct http_part list = f->value, member;
		while (http_list_next(&list, &member)) {
			if (!auth_is_param(member)) {
				struct http_part word = auth_first_word(member);
				auth_consider(c, &p);
				p = (struct params){ .scheme = auth_scheme(word) };
				member = auth_skip_blanks(http_skip(member, word.n));
			}
			if (member.n)
				auth_read_param(&p, member);
		}
	}
	auth_consider(c, &p);
	return c->scheme;
}

/* `, NAME="VALUE"` */
static void auth_add_quoted(struct text *out, const char *name, struct http_value v)
{
	if (!v.at)
		return;
	text_add(out, ", %s=\"", name);
	text_put(out, v.at, v.n);
	text_put(out, "\"", 1);
}

static void auth_add_basic(const struct credentials *who, struct text *out)
{
	struct text both = { 0 };

	text_add(&both, "%s:%s", auth_plain(who->user).at, auth_plain(who->password).at);
	text_add(out, "Basic ");
	base64_add(out, both.data, both.length);
	out->failed |= both.failed;
	text_free(&both);
}

bool http_authorization(const struct http_challenge *c, const struct credentials *who,
			const char *method, const char *uri, const char *cnonce, unsigned count,
			struct text *out)
{
	struct http_value user = auth_plain(who->user);
	char nc[9], hex[HASH_HEX + 1], a2[HASH_HEX + 1];
	struct digest d = {
		.hash = auth_hash(c->scheme),
		.session = c->session,
		.user = user,
		.realm = c->realm,
		.password = auth_plain(who->password),
		.nonce = c->nonce,
		.cnonce = auth_plain(cnonce),
		.method = auth_plain(method),
		.uri = auth_plain(uri),
	};

	if (auth_has_control(who->user))
		return false;
	if (c->scheme == HTTP_BASIC) {
		if (auth_has_control(who->password) || strchr(user.at, ':'))
			return false;
		auth_add_basic(who, out);
		return true;
	}
	snprintf(nc, sizeof nc, "%08x", count);
	if (c->qop)
		d.nc = auth_plain(nc);
	text_add(out, "Digest username=\"");
	if (c->userhash) {
		HASH_VALUES(d.hash, hex, user, c->realm);
		text_add(out, "%s\", userhash=true", hex);
	} else {
		for (; *user.at; user.at++)
			text_add(out, "%s%c", strchr("\"\\", *user.at) ? "\\" : "", *user.at);
		text_add(out, "\"");
	}
	auth_digest_request(&d, a2);
	auth_digest_response(&d, a2, hex);
	auth_add_quoted(out, "realm", c->realm);
	auth_add_quoted(out, "nonce", c->nonce);
	auth_add_quoted(out, "uri", d.uri);
	auth_add_quoted(out, "response", auth_plain(hex));
	auth_add_quoted(out, "opaque", c->opaque);
	if (c->algorithm)
		text_add(out, ", algorithm=%s", c->algorithm);
	if (c->qop)
		text_add(out, ", qop=auth, nc=%s", nc);
	if (c->qop || c->session)
		auth_add_quoted(out, "cnonce", d.cnonce);
	return true;
}

/* ---- the server ---- */

void http_challenges(struct text *out, const char *realm, const char *nonce, bool stale)
{
	static const char *const names[] = { "SHA-256", "MD5" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		text_add(out,
			 "Proxy-Authenticate: Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, "
			 "qop=\"auth\"%s\r\n",
			 realm, nonce, names[i], stale ? ", stale=true" : "");
	text_add(out, "Proxy-Authenticate: Basic realm=\"%s\"\r\n", realm);
}

static enum http_verdict auth_check_basic(struct http_part base64, const struct credentials *who,
					  size_t n, size_t *found)
{
	struct text given = { 0 };
	bool good = base64_read(&given, base64.at, base64.n), known = false;
	char one[HASH_HEX + 1], other[HASH_HEX + 1];

	HASH_VALUES(HASH_SHA256, one, { given.data, given.length, false });
	for (size_t i = 0; i < n; i++) {
		HASH_VALUES(HASH_SHA256, other, auth_plain(who[i].user),
			    auth_plain(who[i].password));
		if (text_equal_secret(one, other, HASH_HEX)) {
			*found = i;
			known = true;
		}
	}
	good = good && known && !given.failed;
	text_free(&given);
	return good ? HTTP_AUTH_GOOD : HTTP_AUTH_BAD;
}

/* Has P all parameters that Digest wants, and do they fit one another (RFC 7616, 3.4)? */
static bool auth_is_complete(const struct params *p)
{
	static const enum param wanted[] = { USERNAME, REALM, NONCE, URI, RESPONSE };
	const struct http_value *v = p->values;

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!v[wanted[i]].at)
			return false;
	if (!v[QOP].at)
		return !p->bad;
	return !p->bad && auth_is(v[QOP], "auth") && v[CNONCE].at && v[CNONCE].n > 0 &&
	       v[NC].n == 8;
}

static enum http_verdict auth_check_digest(const struct params *p, struct digest *d,
					   struct http_value target, const struct credentials *who,
					   size_t n, size_t *found, http_nonce_check *check,
					   void *arg)
{
	const struct http_value *v = p->values;
	const struct algorithm *algorithm = auth_find_algorithm(v[ALGORITHM]);
	char hex[HASH_HEX + 1], name[HASH_HEX + 1], user[HASH_HEX + 1], a2[HASH_HEX + 1];
	bool known = false, hashed = auth_is(v[USERHASH], "true");

	if (!auth_is_complete(p) || !algorithm || (algorithm->session && !v[CNONCE].at) ||
	    !auth_equal(v[REALM], d->realm) || !auth_equal(v[URI], target))
		return HTTP_AUTH_BAD;
	d->hash = auth_hash(algorithm->scheme);
	d->session = algorithm->session;
	d->nonce = v[NONCE];
	d->cnonce = v[CNONCE];
	d->nc = v[QOP].at ? v[NC] : auth_plain("");
	d->uri = v[URI];
	auth_digest_request(d, a2);
	HASH_VALUES(HASH_SHA256, user, v[USERNAME]);
	for (size_t i = 0; i < n; i++) {
		d->user = auth_plain(who[i].user);
		d->password = auth_plain(who[i].password);
		auth_digest_response(d, a2, hex);
		unsigned right = auth_equal(v[RESPONSE], auth_plain(hex));
		HASH_VALUES(d->hash, hex, d->user, d->realm);
		HASH_VALUES(HASH_SHA256, name, hashed ? auth_plain(hex) : d->user);
		if (right & (unsigned)text_equal_secret(user, name, HASH_HEX)) {
			*found = i;
			known = true;
		}
	}
	return known ? check(arg, v[NONCE].at, v[NONCE].n) : HTTP_AUTH_BAD;
}

enum http_verdict http_authorize(struct http_part value, struct http_part method,
				 struct http_part target, const char *realm,
				 const struct credentials *who, size_t n, size_t *found,
				 http_nonce_check *check, void *arg)
{
	struct http_part word = auth_first_word(value),
			 list = auth_skip_blanks(http_skip(value, word.n)), member;
	struct params p = { .scheme = auth_scheme(word) };
	struct digest d = { .realm = auth_plain(realm), .method = auth_value(method) };

	if (!value.n)
		return HTTP_AUTH_NONE;
	if (p.scheme == HTTP_BASIC)
		return auth_check_basic(list, who, n, found);
	if (p.scheme == HTTP_NO_SCHEME)
		return HTTP_AUTH_BAD;
	while (http_list_next(&list, &member))
		auth_read_param(&p, member);
	return auth_check_digest(&p, &d, auth_value(target), who, n, found, check, arg);
}
