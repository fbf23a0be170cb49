/* http_connect.h - a tunnel through an HTTP proxy, asked for by CONNECT (RFC 9110, 9.3.6): the client
 */
#ifndef PROTO_HTTP_CONNECT_H
#define PROTO_HTTP_CONNECT_H

#include "proto/handshake.h"
#include "proto/http.h"
#include "proto/http_auth.h"

struct http_connect {
	char to[300];		/* HOST:PORT, [V6]:PORT */
	struct credentials who; /* the caller's */
	struct http_scan scan;
	struct text head;
	struct http_body skip; /* the body of a 407, before the next try on the same connection */
	struct http_challenge challenge;
	unsigned tries; /* answers to a challenge sent so far */
	char cnonce[HTTP_NONCE + 1];
	int state;
	/* of a failure */
	unsigned status; /* that came; 0: none, it is the talk that went wrong */
	int error;	 /* the errno that is nearest to it: EACCES, EPROTO... */
	char why[HANDSHAKE_WHY];
};

/* Starts C, which is to reach HOST (a name or an address, without brackets) and PORT as WHO; CNONCE is HTTP_NONCE
 * digits by chance. Adds what is to be sent first to OUT: nothing of WHO, until a 407 asks for it. Returns
 * HANDSHAKE_MORE or HANDSHAKE_FAILED. */
enum handshake http_connect_start(struct http_connect *c, const char *host, uint16_t port,
				  const struct credentials *who, const char *cnonce,
				  struct text *out);

/* As socks_client_take(). HANDSHAKE_AGAIN: the proxy asks who we are and will close the connection, or says no end of
 * its answer (HTTP/1.0): on a new one http_connect_again() goes on. Interim answers (1xx) are passed over; a body in a
 * 2xx is none (RFC 9110, 9.3.6). */
enum handshake http_connect_take(struct http_connect *c, const unsigned char *in, size_t n,
				 size_t *used, struct text *out);

/* The connection has ended. Returns HANDSHAKE_AGAIN where what came up to here can be answered on a new one, else
 * HANDSHAKE_FAILED. */
enum handshake http_connect_ended(struct http_connect *c);

/* Adds what is to be sent first on the new connection. */
void http_connect_again(struct http_connect *c, struct text *out);

void http_connect_free(struct http_connect *c);

#endif
