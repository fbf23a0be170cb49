/* http_state.h - what the parts of the proxy server for HTTP share
 *
 * http.c takes a request and judges it, http_who.c whose it is, http_heads.c writes the heads that
 * go on, http_relay.c sends the request to its site and the answer back, and http_answers.c has the
 * answers of our own.
 */
#ifndef PROXYD_HTTP_STATE_H
#define PROXYD_HTTP_STATE_H

#include <string.h>

#include "base/text.h"
#include "flow/filter.h"
#include "proto/hash.h"
#include "proto/http.h"
#include "proto/http_auth.h"
#include "proxyd/proxied.h"

#define PROXYD_HTTP_NAME "sockit"
#define PROXYD_HTTP_LATE "the request has not come in time"

/* A client's `state`. */
struct proxyd_http {
	struct http_scan scan;
	struct text head; /* that comes: the request's, then the answer's */
	/* of the request */
	struct http_authority to;
	char hops[4];	     /* its Max-Forwards */
	char method[24];     /* "" before it is known; cut where it is longer */
	bool old;	     /* HTTP/1.0 */
	struct text forward; /* its head, as it goes on */
	/* what follows the heads */
	struct http_body request, answer;
	struct editor up, down;
	bool answered; /* the answer's head has come */
	struct connection *x;
};

static inline struct http_part proxyd_http_asked(const struct proxyd_http *h)
{
	return (struct http_part){ h->method, strlen(h->method) };
}

static inline bool proxyd_http_is_connect(const struct proxyd_http *h)
{
	return http_is_method(proxyd_http_asked(h), "CONNECT");
}

/* ---- http_answers.c ---- */

/* Adds an answer with FIELDS (lines, or "") and the sentence WHY to OUT; STATUS is X's then. KEEP:
 * the connection stays. */
void proxyd_http_add_answer(struct connection *x, struct text *out, unsigned status,
			    const char *fields, bool keep, const char *why);

/* Adds the last answer to X's `out`: X is refused for WHY, which must stay. Returns
 * HANDSHAKE_FAILED. */
enum handshake proxyd_http_refuse(struct connection *x, unsigned status, const char *why);

/* ---- http_who.c ---- */

/* Writes our pseudonym in Via, by which loops are found, into HEX; the same for the whole run.
 * Returns HEX. */
const char *proxyd_http_own_name(char hex[HASH_HEX + 1]);

/* Checks HEAD's Proxy-Authorization; TARGET is the request target as the origin server would see
 * it. Sets X's `user` where it is good. */
enum http_verdict proxyd_http_authorize(struct connection *x, const struct http_head *head,
					const struct text *target);

/* Adds the 407 for VERDICT, which is not HTTP_AUTH_GOOD, to X's `out`. Returns HANDSHAKE_MORE where
 * X's client may ask once more on this connection: it was told then, and the next head begins; else
 * HANDSHAKE_FAILED. */
enum handshake proxyd_http_challenge(struct connection *x, const struct http_head *head,
				     enum http_verdict verdict);

/* ---- http_heads.c ---- */

/* Was HEAD's request sent on by us already (RFC 9110, 7.6.3)? */
bool proxyd_http_has_been_here(const struct http_head *head);

/* Takes one from the Max-Forwards of OPTIONS in HEAD (RFC 9110, 7.6.2), into H. Returns false where
 * none is left: then it is for us. */
bool proxyd_http_take_hop(struct proxyd_http *h, struct http_head *head);

/* Adds the target of HEAD as the site gets it to OUT: of a URI PATH is left (RFC 9112, 3.2.1
 * and 3.2.4). */
void proxyd_http_add_target(struct text *out, const struct http_head *head, struct http_part path);

/* Adds HEAD, a request for TARGET, as it goes on to H's `forward`, which is the one that may have
 * `failed`. */
void proxyd_http_add_request(struct proxyd_http *h, const struct http_head *head,
			     const struct text *target);

/* Adds HEAD, an answer with BODY, as it goes on to OUT. */
void proxyd_http_add_response(struct text *out, const struct http_head *head,
			      const struct http_body *body);

/* ---- http_relay.c ---- */

/* X's request, whose head is in `forward` where it is not CONNECT, may go on: does so. Returns
 * HANDSHAKE_ASKED. */
enum handshake proxyd_http_go_on(struct connection *x);

/* The protocol's `dialled` and `idle`. */
void proxyd_http_dialled(struct connection *x);
const char *proxyd_http_idle(struct connection *x);

#endif
