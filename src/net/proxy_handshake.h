/* proxy_handshake.h - what proxy_client.c says to one proxy: by SOCKS or by HTTP */
#ifndef NET_PROXY_HANDSHAKE_H
#define NET_PROXY_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "net/proxy_client.h"
#include "proto/handshake.h"
#include "proto/http_connect.h"
#include "proto/socks.h"

/* A proxy, and what it is to reach: the proxy behind it or, if it is the last, the destination. */
struct proxy_hop {
	const struct proxy *proxy;
	const char *host, *port;
	bool by_name;		   /* the proxy looks the host up */
	struct address *addresses; /* of the host; if `by_name` one that has the port alone */
	size_t n, at;		   /* how many, and which is tried */
	union {
		struct socks_client socks;
		struct http_connect http;
	} handshake;
	bool started; /* the handshake has to be freed */
	unsigned again;
	const char *why; /* the handshake has failed */
	int error;
};

/* The handshake with H's proxy, by the functions of its protocol in proto/, whose results they
 * return: see proto/handshake.h. What is to be sent is added to OUT. After HANDSHAKE_FAILED `why`
 * and `error` of H tell why. */

/* Begins, once more where H->again says that it was HANDSHAKE_AGAIN, on a new connection. */
enum handshake proxy_handshake_start(struct proxy_hop *h, struct text *out);

/* Takes the N bytes at IN, of which *USED belong to the handshake. */
enum handshake proxy_handshake_take(struct proxy_hop *h, const unsigned char *in, size_t n,
				    size_t *used, struct text *out);

/* The connection has ended. */
enum handshake proxy_handshake_ended(struct proxy_hop *h);

/* Frees what the handshake holds, if it has begun. */
void proxy_handshake_free(struct proxy_hop *h);

#endif
