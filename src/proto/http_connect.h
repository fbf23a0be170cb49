/* http_connect.h - a tunnel through an HTTP proxy, asked for by CONNECT (RFC 9110, 9.3.6): the
 * client
 *
 * Nothing but the request line and Host goes out, and who we are only once a 407 has asked for it.
 * Proxy-Connection is not sent, as RFC 9112, C.2.2 advises: a proxy of HTTP/1.0 closes the
 * connection behind its 407 then, and is asked on a new one.
 */
#ifndef PROTO_HTTP_CONNECT_H
#define PROTO_HTTP_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "proto/handshake.h"
#include "proto/http.h"
#include "proto/http_auth.h"

struct http_connect {
	char to[300];		/* HOST:PORT, [V6]:PORT */
	struct credentials who; /* the caller's */
	char cnonce[HTTP_NONCE + 1];
	struct http_scan scan;
	struct text head; /* of the answer, as far as it has come */
	struct http_body
		skip;	/* the body of a 407, before the next request on the same connection, */
	size_t skipped; /* and how much of it has come */
	struct http_challenge challenge;
	unsigned tries; /* answers to a challenge sent since it began, or was last let through */
	unsigned count; /* requests with the challenge's nonce */
	bool kept;	/* this connection has seen a 407 */
	enum { HTTP_CONNECT_HEAD, HTTP_CONNECT_BODY, HTTP_CONNECT_ANSWER } state;
	/* of a failure */
	unsigned status; /* that came; 0: none, it is the talk that went wrong */
	int error;	 /* the errno that is nearest to it, see http_connect_take() */
	char why[HANDSHAKE_WHY];
};

/* Starts C, which is to reach HOST (a name or an address, without brackets) and PORT as WHO; CNONCE
 * is HTTP_NONCE digits by chance. Adds what is to be sent first to OUT. Returns HANDSHAKE_MORE, or
 * HANDSHAKE_FAILED with EINVAL: a HOST that no URL can hold. */
enum handshake http_connect_start(struct http_connect *c, const char *host, uint16_t port,
				  const struct credentials *who, const char *cnonce,
				  struct text *out);

/* As socks_client_take(). Interim answers (1xx) are passed over; a body in a 2xx is none. After a
 * 407 whose body has an end, the same connection is asked again. HANDSHAKE_AGAIN: it will be
 * closed, or what follows is not worth waiting for; on a new one http_connect_again() goes on. Of a
 * failure `error` is EACCES (401, 403, 407), EHOSTUNREACH (404, 500, 502, 503), ETIMEDOUT (504),
 * EPROTO (another status, or no HTTP at all), EINVAL (WHO cannot be told in the way that the proxy
 * asks for) or ENOMEM. */
enum handshake http_connect_take(struct http_connect *c, const unsigned char *in, size_t n,
				 size_t *used, struct text *out);

/* The connection has ended. Returns HANDSHAKE_AGAIN where what came up to here can be answered on a
 * new one, else HANDSHAKE_FAILED with ECONNRESET. */
enum handshake http_connect_ended(struct http_connect *c);

/* Adds what is to be sent first on a new connection, whatever became of the last one: with the
 * answer to the challenge that has come, if one has. */
void http_connect_again(struct http_connect *c, struct text *out);

void http_connect_free(struct http_connect *c);

#endif
