#include "proto/http_auth.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "proto/hash.h"

/* ---- values ---- */

static struct http_value plain(const char *text)
{
	return (struct http_value){ text ? text : "", text ? strlen(text) : 0, false };
}

static struct http_value value_of(struct http_part p)
{
	return (struct http_value){ p.at, p.n, false };
}

static void add_value(struct hashing *h, struct http_value v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.quoted && v.at[i] == '\\')
			i++;
		hash_add(h, v.at + i, 1);
	}
}

/* The hash of N VALUES with colons between them into HEX. */
static void hash_values(enum hash hash, const struct http_value *values, size_t n,
			char hex[HASH_HEX + 1])
{
	struct hashing h;

	hash_start(&h, hash);
	for (size_t i = 0; i < n; i++) {
		if (i)
			hash_add(&h, ":", 1);
		add_value(&h, values[i]);
	}
	hash_end(&h, hex);
}

#define HASH_VALUES(hash, hex, ...)                                                                \
	hash_values(hash, (const struct http_value[]){ __VA_ARGS__ },                              \
		    sizeof(const struct http_value[]){ __VA_ARGS__ } / sizeof(struct http_value),  \
		    hex)

/* Do A and B mean the same? The time that this takes tells their lengths alone. */
static bool equal(struct http_value a, struct http_value b)
{
	char one[HASH_HEX + 1], other[HASH_HEX + 1];

	HASH_VALUES(HASH_SHA256, one, a);
	HASH_VALUES(HASH_SHA256, other, b);
	return text_equal_secret(one, other, HASH_HEX);
}

static bool is_value(struct http_value v, const char *word)
{
	return v.at && http_is((struct http_part){ v.at, v.n }, word);
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool has_control(const char *text)
{
	for (; text && *text; text++)
		if (is_control(*text) || *text == '\t')
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

static const char *const param_names[PARAMS] = {
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

static struct http_part skip(struct http_part p, size_t n)
{
	return (struct http_part){ p.at + n, p.n - n };
}

static struct http_part skip_blanks(struct http_part p)
{
	while (p.n && (p.at[0] == ' ' || p.at[0] == '\t'))
		p = skip(p, 1);
	return p;
}

/* The word that P begins with, up to a blank or an equals sign. */
static struct http_part first_word(struct http_part p)
{
	size_t n = 0;

	while (n < p.n && !strchr(" \t=\"", p.at[n]))
		n++;
	return (struct http_part){ p.at, n };
}

/* Is P `NAME = VALUE` (RFC 9110, 11.2), whatever the value? */
static bool is_param(struct http_part p)
{
	size_t n = first_word(p).n;
	struct http_part rest = skip_blanks(skip(p, n));

	return n && rest.n && rest.at[0] == '=';
}

/* All of P as a value into *OUT. Returns false where it is none. */
static bool read_value(struct http_part p, struct http_value *out)
{
	bool quoted = p.n && p.at[0] == '"';
	size_t n = quoted;

	for (; n < p.n && !is_control(p.at[n]); n++) {
		if (quoted && p.at[n] == '"')
			break;
		if (quoted && p.at[n] == '\\' && n + 1 < p.n && !is_control(p.at[n + 1]))
			n++;
		else if (!quoted && strchr(" \t\"\\", p.at[n]))
			break;
	}
	*out = (struct http_value){ p.at + quoted, n - quoted, quoted };
	return quoted ? n + 1 == p.n && p.at[n] == '"' : n == p.n && n > 0;
}

static void read_param(struct params *params, struct http_part p)
{
	struct http_part name = first_word(p), rest;
	struct http_value value;

	rest = is_param(p) ? skip_blanks(skip(skip_blanks(skip(p, name.n)), 1)) :
			     (struct http_part){ "", 0 };
	if (!read_value(rest, &value)) {
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

static enum http_scheme scheme_of(struct http_part word)
{
	return http_is(word, "Digest") ? HTTP_DIGEST_MD5 :
	       http_is(word, "Basic")  ? HTTP_BASIC :
					 HTTP_NO_SCHEME;
}

/* ---- Digest (RFC 7616) ---- */

static const struct algorithm {
	const char *name;
	enum http_scheme scheme;
	bool session;
} algorithms[] = {
	{ "MD5", HTTP_DIGEST_MD5, false },
	{ "MD5-sess", HTTP_DIGEST_MD5, true },
	{ "SHA-256", HTTP_DIGEST_SHA256, false },
	{ "SHA-256-sess", HTTP_DIGEST_SHA256, true },
};

/* The algorithm that VALUE names, MD5 where it was not given; NULL: we do not have it. */
static const struct algorithm *find_algorithm(struct http_value value)
{
	if (!value.at)
		return algorithms;
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (is_value(value, algorithms[i].name))
			return &algorithms[i];
	return NULL;
}

static enum hash hash_of(enum http_scheme scheme)
{
	return scheme == HTTP_DIGEST_SHA256 ? HASH_SHA256 : HASH_MD5;
}

/* What a response is made of; NC of length 0: without qop. */
struct digest {
	enum hash hash;
	bool session;
	struct http_value user, realm, password, nonce, cnonce, nc, method, uri;
};

/* Section 3.4.3: of D's request into A2. */
static void digest_request(const struct digest *d, char a2[HASH_HEX + 1])
{
	HASH_VALUES(d->hash, a2, d->method, d->uri);
}

/* Section 3.4.1 into HEX, A2 being of the request. */
static void digest_response(const struct digest *d, const char *a2, char hex[HASH_HEX + 1])
{
	char a1[HASH_HEX + 1];

	HASH_VALUES(d->hash, a1, d->user, d->realm, d->password);
	if (d->session)
		HASH_VALUES(d->hash, a1, plain(a1), d->nonce, d->cnonce);
	if (d->nc.n)
		HASH_VALUES(d->hash, hex, plain(a1), d->nonce, d->nc, d->cnonce, plain("auth"),
			    plain(a2));
	else
		HASH_VALUES(d->hash, hex, plain(a1), d->nonce, plain(a2));
}

/* ---- the client ---- */

static bool has_auth(struct http_value qop)
{
	struct http_part list = { qop.at, qop.n }, member;

	while (http_list_next(&list, &member))
		if (http_is(member, "auth"))
			return true;
	return false;
}

/* V into the text of C, of which *USED bytes are taken. */
static struct http_value keep(struct http_challenge *c, size_t *used, struct http_value v)
{
	char *at = c->text + *used;

	if (!v.at)
		return v;
	memcpy(at, v.at, v.n);
	*used += v.n;
	return (struct http_value){ at, v.n, v.quoted };
}

/* Takes P for C if it is one that we can meet, and stronger than what C has. */
static void consider(struct http_challenge *c, const struct params *p)
{
	const struct http_value *v = p->values;
	const struct algorithm *algorithm = find_algorithm(v[ALGORITHM]);
	size_t used = 0;

	if (p->scheme == HTTP_BASIC && !c->scheme)
		c->scheme = HTTP_BASIC;
	if (p->scheme != HTTP_DIGEST_MD5 || p->bad || !algorithm || !v[REALM].at || !v[NONCE].at ||
	    (v[QOP].at && !has_auth(v[QOP])) ||
	    v[REALM].n + v[NONCE].n + v[OPAQUE].n > sizeof c->text)
		return;
	if (algorithm->scheme < c->scheme ||
	    (algorithm->scheme == c->scheme && (c->qop || !v[QOP].at)))
		return;
	c->scheme = algorithm->scheme;
	c->algorithm = v[ALGORITHM].at ? algorithm->name : NULL;
	c->session = algorithm->session;
	c->qop = v[QOP].at != NULL;
	c->stale = is_value(v[STALE], "true");
	c->userhash = is_value(v[USERHASH], "true");
	c->realm = keep(c, &used, v[REALM]);
	c->nonce = keep(c, &used, v[NONCE]);
	c->opaque = keep(c, &used, v[OPAQUE]);
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
			if (!is_param(member)) {
				struct http_part word = first_word(member);
				consider(c, &p);
				p = (struct params){ .scheme = scheme_of(word) };
				member = skip_blanks(skip(member, word.n));
			}
			if (member.n)
				read_param(&p, member);
		}
	}
	consider(c, &p);
	return c->scheme;
}

/* `, NAME="VALUE"` */
static void add_quoted(struct text *out, const char *name, struct http_value v)
{
	if (!v.at)
		return;
	text_add(out, ", %s=\"", name);
	text_put(out, v.at, v.n);
	text_put(out, "\"", 1);
}

static void add_basic(const struct credentials *who, struct text *out)
{
	struct text both = { 0 };

	text_add(&both, "%s:%s", plain(who->user).at, plain(who->password).at);
	text_add(out, "Basic ");
	base64_add(out, both.data, both.length);
	out->failed |= both.failed;
	text_free(&both);
}

bool http_authorization(const struct http_challenge *c, const struct credentials *who,
			const char *method, const char *uri, const char *cnonce, unsigned count,
			struct text *out)
{
	struct http_value user = plain(who->user);
	char nc[9], hex[HASH_HEX + 1], a2[HASH_HEX + 1];
	struct digest d = {
		.hash = hash_of(c->scheme),
		.session = c->session,
		.user = user,
		.realm = c->realm,
		.password = plain(who->password),
		.nonce = c->nonce,
		.cnonce = plain(cnonce),
		.method = plain(method),
		.uri = plain(uri),
	};

	if (has_control(who->user))
		return false;
	if (c->scheme == HTTP_BASIC) {
		if (has_control(who->password) || strchr(user.at, ':'))
			return false;
		add_basic(who, out);
		return true;
	}
	snprintf(nc, sizeof nc, "%08x", count);
	if (c->qop)
		d.nc = plain(nc);
	text_add(out, "Digest username=\"");
	if (c->userhash) {
		HASH_VALUES(d.hash, hex, user, c->realm);
		text_add(out, "%s\", userhash=true", hex);
	} else {
		for (; *user.at; user.at++)
			text_add(out, "%s%c", strchr("\"\\", *user.at) ? "\\" : "", *user.at);
		text_add(out, "\"");
	}
	digest_request(&d, a2);
	digest_response(&d, a2, hex);
	add_quoted(out, "realm", c->realm);
	add_quoted(out, "nonce", c->nonce);
	add_quoted(out, "uri", d.uri);
	add_quoted(out, "response", plain(hex));
	add_quoted(out, "opaque", c->opaque);
	if (c->algorithm)
		text_add(out, ", algorithm=%s", c->algorithm);
	if (c->qop)
		text_add(out, ", qop=auth, nc=%s", nc);
	if (c->qop || c->session)
		add_quoted(out, "cnonce", d.cnonce);
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

static enum http_verdict authorize_basic(struct http_part base64, const struct credentials *who,
					 size_t n, size_t *found)
{
	struct text given = { 0 };
	bool good = base64_read(&given, base64.at, base64.n), known = false;
	char one[HASH_HEX + 1], other[HASH_HEX + 1];

	HASH_VALUES(HASH_SHA256, one, { given.data, given.length, false });
	for (size_t i = 0; i < n; i++) {
		HASH_VALUES(HASH_SHA256, other, plain(who[i].user), plain(who[i].password));
		if (text_equal_secret(one, other, HASH_HEX)) {
			*found = i;
			known = true;
		}
	}
	good = good && known && !given.failed;
	text_free(&given);
	return good ? HTTP_AUTH_GOOD : HTTP_AUTH_BAD;
}

/* Are there all parameters that Digest wants, and do they fit one another? (RFC 7616, 3.4) */
static bool is_complete(const struct params *p)
{
	static const enum param wanted[] = { USERNAME, REALM, NONCE, URI, RESPONSE };
	const struct http_value *v = p->values;

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!v[wanted[i]].at)
			return false;
	if (!v[QOP].at)
		return !p->bad;
	return !p->bad && is_value(v[QOP], "auth") && v[CNONCE].at && v[CNONCE].n > 0 &&
	       v[NC].n == 8;
}

static enum http_verdict authorize_digest(const struct params *p, struct digest *d,
					  struct http_value target, const struct credentials *who,
					  size_t n, size_t *found, http_nonce_check *check,
					  void *arg)
{
	const struct http_value *v = p->values;
	const struct algorithm *algorithm = find_algorithm(v[ALGORITHM]);
	char hex[HASH_HEX + 1], name[HASH_HEX + 1], user[HASH_HEX + 1], a2[HASH_HEX + 1];
	bool known = false, hashed = is_value(v[USERHASH], "true");

	if (!is_complete(p) || !algorithm || (algorithm->session && !v[CNONCE].at) ||
	    !equal(v[REALM], d->realm) || !equal(v[URI], target))
		return HTTP_AUTH_BAD;
	d->hash = hash_of(algorithm->scheme);
	d->session = algorithm->session;
	d->nonce = v[NONCE];
	d->cnonce = v[CNONCE];
	d->nc = v[QOP].at ? v[NC] : plain("");
	d->uri = v[URI];
	digest_request(d, a2);
	HASH_VALUES(HASH_SHA256, user, v[USERNAME]);
	for (size_t i = 0; i < n; i++) {
		d->user = plain(who[i].user);
		d->password = plain(who[i].password);
		digest_response(d, a2, hex);
		unsigned right = equal(v[RESPONSE], plain(hex));
		HASH_VALUES(d->hash, hex, d->user, d->realm);
		HASH_VALUES(HASH_SHA256, name, hashed ? plain(hex) : d->user);
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
	struct http_part word = first_word(value), list = skip_blanks(skip(value, word.n)), member;
	struct params p = { .scheme = scheme_of(word) };
	struct digest d = { .realm = plain(realm), .method = value_of(method) };

	if (!value.n)
		return HTTP_AUTH_NONE;
	if (p.scheme == HTTP_BASIC)
		return authorize_basic(list, who, n, found);
	if (p.scheme == HTTP_NO_SCHEME)
		return HTTP_AUTH_BAD;
	while (http_list_next(&list, &member))
		read_param(&p, member);
	return authorize_digest(&p, &d, value_of(target), who, n, found, check, arg);
}
