/* http_auth.h - who somebody is, to an HTTP proxy: challenges and answers (RFC 9110, 11; RFC 7617
 * Basic; RFC 7616 Digest)
 *
 * Both sides. Digest with MD5, MD5-sess, SHA-256, SHA-256-sess, with qop=auth and, as RFC 2069 had
 * it, without qop. What is written without quotes where RFC 7616, 3.5 wants them, or the other way
 * round, is read all the same.
 */
#ifndef PROTO_HTTP_AUTH_H
#define PROTO_HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "proto/handshake.h"
#include "proto/http.h"

enum http_scheme {
	HTTP_NO_SCHEME,
	HTTP_BASIC,
	HTTP_DIGEST_MD5,
	HTTP_DIGEST_SHA256
}; /* weak to strong */

#define HTTP_NONCE 32 /* hexadecimal digits of what we make up */

/* ---- the client ---- */

/* What a parameter is: a token, or what stands between the quotes of a quoted string, its escapes
 * still in it. It is not changed and must stay; AT NULL: it was not given. */
struct http_value {
	const char *at;
	size_t n;
	bool quoted;
};

/* A challenge, its values in `text`: it stays where it is. */
struct http_challenge {
	enum http_scheme scheme;
	/* of Digest */
	const char *algorithm; /* NULL: none was named, which is MD5 */
	bool session, qop, stale, userhash;
	struct http_value realm, nonce, opaque;
	char text[4096]; /* one with more is not met */
};

/* The strongest challenge that we can meet of all those in H's fields NAME (`Proxy-Authenticate`),
 * several of which may stand in one field, and one in several fields, into *C; of the same strength
 * the first, with qop before without. Those of other schemes, algorithms or qop, and those that
 * cannot be read, are skipped. Returns its scheme, HTTP_NO_SCHEME: there is none. */
enum http_scheme http_challenge_choose(const struct http_head *h, const char *name,
				       struct http_challenge *c);

/* Adds to OUT the value of Proxy-Authorization for C: METHOD and URI are those of the request,
 * CNONCE HTTP_NONCE digits by chance, COUNT how often C's nonce has been used with this (from 1).
 * Returns false, OUT being as it was, where WHO cannot be told by C's scheme: a control character
 * in the user's name, for Basic also in the password, or a colon in the name. */
bool http_authorization(const struct http_challenge *c, const struct credentials *who,
			const char *method, const char *uri, const char *cnonce, unsigned count,
			struct text *out);

/* ---- the server ---- */

/* From the worst to the best. */
enum http_verdict { HTTP_AUTH_NONE, HTTP_AUTH_BAD, HTTP_AUTH_STALE, HTTP_AUTH_GOOD };

/* Adds the Proxy-Authenticate lines of a 407, the strongest first, each ended by CR LF: Digest with
 * SHA-256 and with MD5, with NONCE (ended by a NUL), and Basic; STALE: only the nonce that came was
 * wrong. REALM is visible ASCII without quotes and backslashes. */
void http_challenges(struct text *out, const char *realm, const char *nonce, bool stale);

/* Is NONCE (N bytes), which came with an answer that is right but for it, one of ours and still
 * good: HTTP_AUTH_GOOD, or HTTP_AUTH_STALE? */
typedef enum http_verdict http_nonce_check(void *arg, const char *nonce, size_t n);

/* The value VALUE of Proxy-Authorization (of length 0: there is none), by one of the N credentials
 * WHO, whose number goes to *FOUND, for a request of METHOD and TARGET, which Digest's uri has to
 * equal. The time that this takes does not tell how near a wrong one came; of Digest it is N times
 * what nonce and cnonce take to be hashed. Returns the verdict; HTTP_AUTH_BAD also for what cannot
 * be read, for which CHECK is not asked. *FOUND is set with HTTP_AUTH_GOOD, and what CHECK has
 * said. */
enum http_verdict http_authorize(struct http_part value, struct http_part method,
				 struct http_part target, const char *realm,
				 const struct credentials *who, size_t n, size_t *found,
				 http_nonce_check *check, void *arg);

#endif
