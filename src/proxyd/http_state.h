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

/* Adds to OUT an answer of our own with STATUS, which becomes X's. FIELDS are header lines, or "";
 * WHY is the sentence in its body; KEEP: the connection stays open after it. */
void proxyd_http_add_answer(struct connection *x, struct text *out, unsigned status,
			    const char *fields, bool keep, const char *why);

/* Adds an answer of our own to X's `out`, the last one: WHY, which must stay, is why X is refused.
 * Returns HANDSHAKE_FAILED. */
enum handshake proxyd_http_refuse(struct connection *x, unsigned status, const char *why);

/* The same where there was no memory for X, which is reported. */
enum handshake proxyd_http_lacks_memory(struct connection *x);

/* ---- http_who.c ---- */

/* Writes our pseudonym in Via, by which loops are found, into HEX; the same for the whole run.
 * Returns HEX. */
const char *proxyd_http_own_name(char hex[HASH_HEX + 1]);

/* Checks HEAD's Proxy-Authorization; TARGET is the request target as the origin server would see
 * it. Sets X's `user` where it is good. */
enum http_verdict proxyd_http_authorize(struct connection *x, const struct http_head *head,
					const struct text *target);

/* Adds the 407 for VERDICT, any but HTTP_AUTH_GOOD, to X's `out`. Returns HANDSHAKE_MORE if the
 * client may send another request on this connection, having reported the answer; else
 * HANDSHAKE_FAILED. */
enum handshake proxyd_http_challenge(struct connection *x, const struct http_head *head,
				     enum http_verdict verdict);

/* ---- http_heads.c ---- */

/* Has this process passed on HEAD's request before? Then it goes round in a loop (RFC 9110, 7.6.3).
 */
bool proxyd_http_has_been_here(const struct http_head *head);

/* Decrements Max-Forwards in HEAD, a request by OPTIONS (RFC 9110, 7.6.2); H holds the new value.
 * Returns false if it was 0 already: then we are to answer. */
bool proxyd_http_take_hop(struct proxyd_http *h, struct http_head *head);

/* Adds to OUT the target of HEAD as the origin server gets it: only PATH is left of the URI (RFC
 * 9112, 3.2.1 and 3.2.4). */
void proxyd_http_add_target(struct text *out, const struct http_head *head, struct http_part path);

/* Adds HEAD, a request, to H's `forward` in the form in which it is passed on, with TARGET. If
 * memory runs out, `forward` has `failed`. */
void proxyd_http_add_request(struct proxyd_http *h, const struct http_head *head,
			     const struct text *target);

/* Adds HEAD, a response with BODY, to OUT in the form in which it is passed on. */
void proxyd_http_add_response(struct text *out, const struct http_head *head,
			      const struct http_body *body);

/* ---- http_relay.c ---- */

/* Passes X's request on, by dialling its place; `forward` has its head unless it is CONNECT.
 * Returns HANDSHAKE_ASKED, or as proxyd_http_lacks_memory(). */
enum handshake proxyd_http_go_on(struct connection *x);

/* The protocol's `dialled` and `idle`. */
void proxyd_http_dialled(struct connection *x);
const char *proxyd_http_idle(struct connection *x);

#endif
