/* proxy_http_state.h - what the parts of an HTTP proxy share
 *
 * proxy_http.c takes a request and judges it, proxy_http_who.c whose it is, proxy_http_heads.c writes the heads that go
 * on, proxy_http_relay.c sends the request to its site and the answer back, and proxy_http_answers.c has the answers of
 * our own.
 */
#ifndef SERVE_PROXY_HTTP_STATE_H
#define SERVE_PROXY_HTTP_STATE_H

#include <string.h>

#include "base/text.h"
#include "flow/filter.h"
#include "proto/hash.h"
#include "proto/http.h"
#include "proto/http_auth.h"
#include "serve/proxy.h"

#define PROXY_HTTP_NAME "sockit"
#define PROXY_HTTP_LATE "the request has not come in time"

/* A client's `state`. */
struct proxy_http {
	struct http_scan scan;
	struct text head; /* that comes: the request's, then the answer's */
	/* of the request */
	struct http_authority to;
	char hops[4];	     /* its Max-Forwards */
	char method[24];     /* for what is told of it, cut where it is longer */
	const char *asked;   /* CONNECT, HEAD, or any other; "" before it is known */
	bool old;	     /* HTTP/1.0 */
	struct text forward; /* its head, as it goes on */
	/* what follows the heads */
	struct http_body request, answer;
	struct editor up, down;
	bool answered; /* the answer's head has come */
	struct session *x;
};

static inline struct http_part proxy_http_asked(const struct proxy_http *h)
{
	return (struct http_part){ h->asked, strlen(h->asked) };
}

static inline bool proxy_http_is_connect(const struct proxy_http *h)
{
	return http_is_method(proxy_http_asked(h), "CONNECT");
}

/* ---- proxy_http_answers.c ---- */

/* Adds an answer with FIELDS (lines, or "") and the sentence WHY to OUT; STATUS is X's then. KEEP: the connection
 * stays. */
void proxy_http_add_answer(struct session *x, struct text *out, unsigned status, const char *fields,
			   bool keep, const char *why);

/* The same of the last answer, WHY being what X is refused for: it must stay. Returns HANDSHAKE_FAILED. */
enum handshake proxy_http_refuse(struct session *x, struct text *out, unsigned status,
				 const char *why);

/* ---- proxy_http_who.c ---- */

/* By what a request of ours is known when it comes back to us, the same throughout the run, into HEX. Returns it. */
const char *proxy_http_own_name(char hex[HASH_HEX + 1]);

/* Is HEAD's sender one of those who may? A site would get its target as TARGET. Sets X's user where it is. */
enum http_verdict proxy_http_authorize(struct session *x, const struct http_head *head,
				       const struct text *target);

/* Adds the 407 for VERDICT, which is not HTTP_AUTH_GOOD, to OUT. Returns HANDSHAKE_MORE where X's client may ask once
 * more on this connection: it was told then, and the next head begins; else HANDSHAKE_FAILED. */
enum handshake proxy_http_challenge(struct session *x, const struct http_head *head,
				    struct text *out, enum http_verdict verdict);

/* ---- proxy_http_heads.c ---- */

/* Was HEAD's request sent on by us already (RFC 9110, 7.6.3)? */
bool proxy_http_has_been_here(const struct http_head *head);

/* Takes one from the Max-Forwards of OPTIONS in HEAD (RFC 9110, 7.6.2), into H. Returns false where none is left: then
 * it is for us. */
bool proxy_http_take_hop(struct proxy_http *h, struct http_head *head);

/* Adds the target of HEAD as the site gets it to OUT: of a URI PATH is left (RFC 9112, 3.2.1 and 3.2.4). */
void proxy_http_add_target(struct text *out, const struct http_head *head, struct http_part path);

/* Adds HEAD, a request for TARGET, as it goes on to H's `forward`, which is the one that may have `failed`. */
void proxy_http_add_request(struct proxy_http *h, const struct http_head *head,
			    const struct text *target);

/* Adds HEAD, an answer with BODY, as it goes on to OUT. */
void proxy_http_add_response(struct text *out, const struct http_head *head,
			     const struct http_body *body);

/* ---- proxy_http_relay.c ---- */

/* X's request, whose head is in `forward` where it is not CONNECT, may go on: does so. Returns HANDSHAKE_ASKED. */
enum handshake proxy_http_go_on(struct session *x);

/* The `idle` of X's client. */
const char *proxy_http_idle(struct session *x);

#endif
