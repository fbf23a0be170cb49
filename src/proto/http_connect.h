/* http_connect.h - the client of an HTTP proxy, which asks for a tunnel by CONNECT (RFC
 * 9110, 9.3.6)
 *
 * A request has no field but Host, and Proxy-Authorization once a 407 has asked for that. It has no
 * Proxy-Connection, as RFC 9112, C.2.2 advises: so a proxy of HTTP/1.0 closes the connection behind
 * its 407, and is asked again on a new one.
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
	unsigned status; /* that the proxy sent; 0: none, the handshake itself went wrong */
	int error;	 /* the nearest errno, see http_connect_take() */
	char why[HANDSHAKE_WHY];
};

/* Starts C, which is to reach HOST (a name or an address, without brackets) and PORT as WHO. CNONCE
 * is HTTP_NONCE random digits. Adds the first message to OUT. Returns HANDSHAKE_MORE, or
 * HANDSHAKE_FAILED with EINVAL: no URL can hold HOST. */
enum handshake http_connect_start(struct http_connect *c, const char *host, uint16_t port,
				  const struct credentials *who, const char *cnonce,
				  struct text *out);

/* As socks_client_take(). Interim answers (1xx) are skipped, and a 2xx has no body. After a 407
 * with a body of known length the request follows on the same connection. HANDSHAKE_AGAIN: the
 * proxy will close it, or the body is too long to wait for: go on with http_connect_again() on a
 * new connection. After a failure `error` is EACCES (401, 403, 407), EHOSTUNREACH (404, 500, 502,
 * 503), ETIMEDOUT (504), EPROTO (another status, or no HTTP at all), EINVAL (the scheme that the
 * proxy wants has no form for WHO) or ENOMEM. */
enum handshake http_connect_take(struct http_connect *c, const unsigned char *in, size_t n,
				 size_t *used, struct text *out);

/* Tells C that the connection has ended. Returns HANDSHAKE_AGAIN if a challenge came that can be
 * answered on a new one, else HANDSHAKE_FAILED with ECONNRESET. */
enum handshake http_connect_ended(struct http_connect *c);

/* Adds the first message on a new connection to OUT: the request, with the answer to the challenge
 * if one has come. */
void http_connect_again(struct http_connect *c, struct text *out);

void http_connect_free(struct http_connect *c);

#endif
