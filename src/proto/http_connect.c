/* http_connect.c - the client of an HTTP proxy: CONNECT, a 407 and the request after it */
#include "proto/http_connect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REASON_MOST 100 /* bytes of a reason phrase that are told */
#define SHOWN_MOST 40	/* bytes that are told of what is no HTTP */
#define BODY_MOST 65536 /* of a 407 that is waited for: a new connection costs less */

static const struct status {
	unsigned status;
	int error;
	char words[32]; /* where the proxy has none of its own */
} statuses[] = {
	{ 400, EPROTO, "Bad Request" },
	{ 401, EACCES, "Unauthorized" },
	{ 403, EACCES, "Forbidden" },
	{ 404, EHOSTUNREACH, "Not Found" },
	{ 405, EPROTO, "Method Not Allowed" },
	{ 407, EACCES, "Proxy Authentication Required" },
	{ 429, EPROTO, "Too Many Requests" },
	{ 500, EHOSTUNREACH, "Internal Server Error" },
	{ 501, EPROTO, "Not Implemented" },
	{ 502, EHOSTUNREACH, "Bad Gateway" },
	{ 503, EHOSTUNREACH, "Service Unavailable" },
	{ 504, ETIMEDOUT, "Gateway Timeout" },
};

__attribute__((format(printf, 3, 4))) static enum handshake failed(struct http_connect *c,
								   int error, const char *format,
								   ...)
{
	va_list list;

	va_start(list, format);
	text_fit(c->why, sizeof c->why, format, list);
	va_end(list);
	c->error = error;
	return HANDSHAKE_FAILED;
}

/* Fails with the status of H, and with WHAT more there is to say. */
static enum handshake http_connect_refused(struct http_connect *c, const struct http_head *h,
					   const char *what)
{
	const struct status *s = NULL;
	char reason[REASON_MOST + 1];

	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == h->status)
			s = &statuses[i];
	snprintf(reason, sizeof reason, "%.*s",
		 (int)(h->reason.n < REASON_MOST ? h->reason.n : REASON_MOST), h->reason.at);
	if (!*reason && s)
		snprintf(reason, sizeof reason, "%s", s->words);
	c->status = h->status;
	return failed(c, s ? s->error : EPROTO, "HTTP status %u%s%s%s", h->status,
		      *reason ? " " : "", reason, what);
}

/* ---- the request ---- */

/* Writes HOST and PORT to TO of SIZE bytes. Returns false if HOST has a character that cannot stand
 * there (RFC 3986, 3.2.2; a zone, which means nothing to others, is such), or too many. */
static bool http_connect_set_target(char *to, size_t size, const char *host, uint16_t port)
{
	bool v6 = strchr(host, ':');
	size_t n = v6;

	to[0] = '[';
	if (!*host)
		return false;
	for (; *host; host++) {
		bool letter = (*host >= 'a' && *host <= 'z') || (*host >= 'A' && *host <= 'Z');
		if ((!letter && !strchr("0123456789-._~!$&'()*+,;=:", *host)) ||
		    n + sizeof "x]:65535" > size)
			return false;
		to[n++] = *host;
	}
	snprintf(to + n, size - n, "%s:%u", v6 ? "]" : "", (unsigned)port);
	return true;
}

static void http_connect_request(struct http_connect *c, struct text *out)
{
	c->state = HTTP_CONNECT_HEAD;
	c->scan = (struct http_scan){ 0 };
	c->head.length = 0;
	text_add(out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", c->to, c->to);
	if (c->challenge.scheme) {
		text_add(out, "Proxy-Authorization: ");
		http_authorization(&c->challenge, &c->who, "CONNECT", c->to, c->cnonce, ++c->count,
				   out);
		text_add(out, "\r\n");
	}
	text_add(out, "\r\n");
}

enum handshake http_connect_start(struct http_connect *c, const char *host, uint16_t port,
				  const struct credentials *who, const char *cnonce,
				  struct text *out)
{
	*c = (struct http_connect){ .who = *who };
	snprintf(c->cnonce, sizeof c->cnonce, "%s", cnonce);
	if (!http_connect_set_target(c->to, sizeof c->to, host, port))
		return failed(c, EINVAL, "HTTP has no form for this host");
	http_connect_request(c, out);
	return HANDSHAKE_MORE;
}

void http_connect_again(struct http_connect *c, struct text *out)
{
	c->kept = false;
	http_connect_request(c, out);
}

/* ---- the answer ---- */

/* Does the connection stay open behind H (RFC 9112, 9.3)? Proxies of HTTP/1.0 write
 * Proxy-Connection. */
static bool http_connect_stays(const struct http_head *h)
{
	static const char *const names[] = { "Connection", "Proxy-Connection" };
	bool keeps = h->minor > 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (http_list_has(h, names[i], "close"))
			return false;
		keeps |= http_list_has(h, names[i], "keep-alive");
	}
	return keeps;
}

/* Goes on after H, a 407. */
static enum handshake http_connect_challenged(struct http_connect *c, const struct http_head *h)
{
	bool was_digest = c->challenge.scheme > HTTP_BASIC;
	struct http_fault fault;
	struct text line = { 0 };
	bool told;

	if (!c->who.user && !c->who.password)
		return http_connect_refused(c, h,
					    ": it wants to know who we are (--proxy-auth-file)");
	if (!http_challenge_choose(h, "Proxy-Authenticate", &c->challenge))
		return http_connect_refused(
			c, h, ": it asks for neither Basic nor a Digest that we know");
	/* A nonce may have grown old while it was on its way, once. */
	if (c->tries > (was_digest && c->challenge.stale))
		return http_connect_refused(c, h, ": it does not take this user and password");
	told = http_authorization(&c->challenge, &c->who, "CONNECT", c->to, c->cnonce, 1, &line);
	text_free(&line);
	if (!told)
		return failed(c, EINVAL, "%s has no form for a control character%s in who we are",
			      c->challenge.scheme == HTTP_BASIC ? "Basic" : "Digest",
			      c->challenge.scheme == HTTP_BASIC ? " or a colon" : "");
	c->tries++;
	c->count = 0;
	if (!http_connect_stays(h) ||
	    !http_body_start(&c->skip, h, (struct http_part){ "CONNECT", 7 }, &fault) ||
	    c->skip.length == HTTP_LENGTH_TO_END)
		return HANDSHAKE_AGAIN;
	c->kept = true;
	c->skipped = 0;
	c->state = http_body_is_whole(&c->skip) ? HTTP_CONNECT_ANSWER : HTTP_CONNECT_BODY;
	return HANDSHAKE_MORE;
}

/* Goes on after the head of an answer, which has come. */
static enum handshake http_connect_answered(struct http_connect *c)
{
	struct http_head h;
	struct http_fault fault;

	if (!http_parse_response(&h, c->head.data, c->head.length, &fault))
		return failed(c, EPROTO, "its answer cannot be read: %s", fault.what);
	if (h.status == 407)
		return http_connect_challenged(c, &h);
	if (h.status / 100 == 2) {
		c->tries = 0;
		return HANDSHAKE_DONE;
	}
	if (h.status / 100 != 1 || h.status == 101)
		return http_connect_refused(c, &h, "");
	c->scan = (struct http_scan){ 0 };
	c->head.length = 0;
	return HANDSHAKE_MORE;
}

static enum handshake http_connect_take_head(struct http_connect *c, const char *in, size_t n,
					     size_t *used)
{
	enum http_scanned scanned = http_scan(&c->scan, in, n, used);

	text_put(&c->head, in, *used);
	if (c->head.failed)
		return failed(c, ENOMEM, "%s", strerror(ENOMEM));
	if (memcmp(c->head.data, "HTTP/", c->head.length < 5 ? c->head.length : 5) != 0) {
		char shown[SHOWN_MOST + 1];
		snprintf(shown, sizeof shown, "%.*s",
			 (int)(c->head.length < SHOWN_MOST ? c->head.length : SHOWN_MOST),
			 c->head.data);
		shown[strcspn(shown, "\r\n")] = '\0';
		return failed(c, EPROTO, "its answer is not HTTP: '%s'", shown);
	}
	if (scanned == HTTP_SCAN_TOO_LONG)
		return failed(c, EPROTO, "the head of its answer is too long");
	return scanned == HTTP_SCAN_WHOLE ? http_connect_answered(c) : HANDSHAKE_MORE;
}

static enum handshake http_connect_take_body(struct http_connect *c, const char *in, size_t n,
					     size_t *used)
{
	*used = http_body_take(&c->skip, in, n);
	c->skipped += *used;
	if (c->skip.bad || c->skipped > BODY_MOST)
		return HANDSHAKE_AGAIN;
	if (http_body_is_whole(&c->skip))
		c->state = HTTP_CONNECT_ANSWER;
	return HANDSHAKE_MORE;
}

enum handshake http_connect_take(struct http_connect *c, const unsigned char *in, size_t n,
				 size_t *used, struct text *out)
{
	enum handshake now = HANDSHAKE_MORE;
	size_t taken = 0;

	*used = 0;
	while (now == HANDSHAKE_MORE && c->state != HTTP_CONNECT_ANSWER && *used < n) {
		now = (c->state == HTTP_CONNECT_BODY ?
			       http_connect_take_body :
			       http_connect_take_head)(c, (const char *)in + *used, n - *used,
						       &taken);
		*used += taken;
	}
	if (now != HANDSHAKE_MORE || c->state != HTTP_CONNECT_ANSWER)
		return now;
	/* Nobody asked for the bytes behind the body: they must not be taken for the answer to the
	 * next request. */
	if (*used < n)
		return HANDSHAKE_AGAIN;
	http_connect_request(c, out);
	return HANDSHAKE_MORE;
}

enum handshake http_connect_ended(struct http_connect *c)
{
	/* It may have been closed before the request reached it. */
	if (c->state == HTTP_CONNECT_BODY || (c->kept && c->head.length == 0))
		return HANDSHAKE_AGAIN;
	return failed(c, ECONNRESET, "it closed the connection before its answer was whole");
}

void http_connect_free(struct http_connect *c)
{
	text_free(&c->head);
}
