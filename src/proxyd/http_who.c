/* http_who.c - who the client of an HTTP proxy is (RFC 7616, 7617) */
#include "proxyd/http_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/chance.h"
#include "base/clock.h"
#include "proxyd/report.h"

#define STAMP 8		   /* digits of the time in a nonce */
#define NONCE_AGE (5 * 60) /* seconds */
#define AUTH_MOST 4096	   /* bytes in which a client says who it is, beside the target */

/* Hashes the secret of this run, FOR what it is to be used, and N BYTES into HEX. */
static bool hash_secret(const char *purpose, const void *bytes, size_t n, char hex[HASH_HEX + 1])
{
	static unsigned char secret[32];
	static bool made;
	struct hashing h;

	made = made || chance_fill(secret, sizeof secret) == 0;
	hash_start(&h, HASH_SHA256);
	hash_add(&h, secret, sizeof secret);
	hash_add(&h, purpose, strlen(purpose) + 1);
	hash_add(&h, bytes, n);
	hash_end(&h, hex);
	return made;
}

const char *proxyd_http_own_name(char hex[HASH_HEX + 1])
{
	hash_secret("name", "", 0, hex);
	hex[12] = '\0';
	return hex;
}

/* A nonce: the time in hexadecimal digits, and a hash of it that only we can make. Returns false
 * where chance has failed us. */
static bool make_nonce(int64_t seconds, char nonce[HTTP_NONCE + 1])
{
	char hex[HASH_HEX + 1];
	bool made;

	snprintf(nonce, HTTP_NONCE + 1, "%0*llx", STAMP, (unsigned long long)seconds & 0xffffffff);
	made = hash_secret("nonce", nonce, STAMP, hex);
	memcpy(nonce + STAMP, hex, HTTP_NONCE - STAMP);
	nonce[HTTP_NONCE] = '\0';
	return made;
}

/* One that is not ours may be of a run before this one. */
static enum http_verdict check_nonce(void *arg, const char *nonce, size_t n)
{
	char stamp[STAMP + 1], right[HTTP_NONCE + 1];
	int64_t now = clock_now() / SECOND, made;

	(void)arg;
	if (n != HTTP_NONCE)
		return HTTP_AUTH_STALE;
	memcpy(stamp, nonce, STAMP);
	stamp[STAMP] = '\0';
	made = (int64_t)strtoull(stamp, NULL, 16);
	make_nonce(made, right);
	return text_equal_secret(nonce, right, n) && ((now - made) & 0xffffffff) <= NONCE_AGE ?
		       HTTP_AUTH_GOOD :
		       HTTP_AUTH_STALE;
}

enum http_verdict proxyd_http_authorize(struct connection *x, const struct http_head *head,
					const struct text *target)
{
	const struct proxy_server_options *o = proxyd_options(x);
	/* Some clients, curl among them, put into Digest's uri not the target, as RFC 7616, 3.4 has
	 * it, but what a site would get. */
	const struct http_part targets[] = { head->target, { target->data, target->length } };
	enum http_verdict verdict = HTTP_AUTH_NONE;
	const struct http_field *f;
	size_t at = 0, found = 0;

	f = http_find(head, "Proxy-Authorization", &at);
	if (f && f->value.n > AUTH_MOST + head->target.n)
		return HTTP_AUTH_BAD;
	/* Each of them is tried, whatever the first one comes to. */
	for (size_t i = 0; f && i < sizeof targets / sizeof *targets; i++) {
		enum http_verdict v =
			http_authorize(f->value, head->method, targets[i], PROXYD_HTTP_NAME,
				       o->users, o->n_users, &found, check_nonce, NULL);
		if (v == HTTP_AUTH_GOOD)
			proxied_of(x)->user = o->users[found].user;
		verdict = v > verdict ? v : verdict;
	}
	return verdict;
}

/* May the next request come on the same connection? That of a client that does not know who it has
 * to be. */
static bool http_may_stay(const struct proxyd_http *h, const struct http_head *head)
{
	return !h->old && h->request.length == HTTP_LENGTH_NONE &&
	       !http_list_has(head, "Connection", "close") &&
	       !http_list_has(head, "Proxy-Connection", "close");
}

enum handshake proxyd_http_challenge(struct connection *x, const struct http_head *head,
				     enum http_verdict verdict)
{
	struct proxied *p = proxied_of(x);
	struct proxyd_http *h = p->state;
	char nonce[HTTP_NONCE + 1];
	struct text fields = { 0 };
	bool stay = http_may_stay(h, head);

	if (!make_nonce(clock_now() / SECOND, nonce))
		return proxyd_http_refuse(x, 500, "there are no random numbers to be had");
	p->why = verdict == HTTP_AUTH_NONE  ? "it has not said who it is" :
		 verdict == HTTP_AUTH_STALE ? "its nonce is too old, or another run's" :
					      "wrong user or password";
	http_challenges(&fields, PROXYD_HTTP_NAME, nonce, verdict == HTTP_AUTH_STALE);
	text_put(&fields, "", 1);
	if (fields.failed) {
		text_free(&fields);
		return proxyd_http_lacks_memory(x);
	}
	proxyd_http_add_answer(x, &p->out, 407, fields.data, stay, p->why);
	text_free(&fields);
	if (!stay)
		return HANDSHAKE_FAILED;
	proxyd_tell_answer(x);
	h->scan = (struct http_scan){ 0 };
	h->head.length = 0;
	return HANDSHAKE_MORE;
}
