/* http_auth.h - authentication to an HTTP proxy: challenges and answers (RFC 9110, 11; RFC 7617
 * Basic; RFC 7616 Digest)
 *
 * Both sides. Digest with MD5, MD5-sess, SHA-256, SHA-256-sess, with qop=auth and, as RFC 2069 had
 * it, without qop. A value is read with and without quotes, whichever RFC 7616, 3.5 wants.
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

#define HTTP_NONCE 32 /* hexadecimal digits of a nonce or cnonce of ours */

/* ---- the client ---- */

/* The value of a parameter: a token, or the bytes between the quotes of a quoted string with their
 * escapes. The bytes must live as long. AT NULL: the parameter was not given. */
struct http_value {
	const char *at;
	size_t n;
	bool quoted;
};

/* A challenge. It must not be moved: its values point into `text`. */
struct http_challenge {
	enum http_scheme scheme;
	/* of Digest */
	const char *algorithm; /* NULL: none was named, which is MD5 */
	bool session, qop, stale, userhash;
	struct http_value realm, nonce, opaque;
	char text[4096]; /* a challenge with more than that is skipped */
};

/* Copies the strongest challenge that we can answer from H's fields NAME (`Proxy-Authenticate`) to
 * *C. One field may hold several challenges. Of equal strength the first is taken, one with qop
 * before one without. Unknown schemes, algorithms and qop are skipped, and challenges that cannot
 * be read. Returns its scheme; HTTP_NO_SCHEME: there is none. */
enum http_scheme http_challenge_choose(const struct http_head *h, const char *name,
				       struct http_challenge *c);

/* Adds to OUT the value of Proxy-Authorization that answers C. METHOD and URI are those of the
 * request, CNONCE is HTTP_NONCE random digits, COUNT tells how often C's nonce is used with this
 * request (from 1). Returns false and leaves OUT as it was if C's scheme has no form for WHO: the
 * name has a control character, or for Basic a colon, or the password a control character. */
bool http_authorization(const struct http_challenge *c, const struct credentials *who,
			const char *method, const char *uri, const char *cnonce, unsigned count,
			struct text *out);

/* ---- the server ---- */

/* From the worst to the best. */
enum http_verdict { HTTP_AUTH_NONE, HTTP_AUTH_BAD, HTTP_AUTH_STALE, HTTP_AUTH_GOOD };

/* Adds the Proxy-Authenticate lines of a 407 to OUT, the strongest first, each ended by CR LF:
 * Digest with SHA-256, Digest with MD5, Basic. STALE: only the nonce in the request was wrong.
 * REALM is visible ASCII without quotes and backslashes. */
void http_challenges(struct text *out, const char *realm, const char *nonce, bool stale);

/* Checks NONCE, N bytes of an answer that is right in all else. Returns HTTP_AUTH_GOOD if it is one
 * of ours and not too old, else HTTP_AUTH_STALE. */
typedef enum http_verdict http_nonce_check(void *arg, const char *nonce, size_t n);

/* Checks VALUE, that of Proxy-Authorization (of length 0: there is none), against the N credentials
 * WHO, for a request with METHOD and TARGET. Digest's uri has to equal TARGET. Returns the verdict;
 * HTTP_AUTH_BAD also for a value that cannot be read. CHECK is asked only about the nonce of a
 * right answer; its verdict is returned. With a verdict of CHECK, and with HTTP_AUTH_GOOD, *FOUND
 * is the index of the credentials. The time that this takes does not depend on how much of a wrong
 * answer is right. */
enum http_verdict http_authorize(struct http_part value, struct http_part method,
				 struct http_part target, const char *realm,
				 const struct credentials *who, size_t n, size_t *found,
				 http_nonce_check *check, void *arg);

#endif
