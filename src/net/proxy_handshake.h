/* proxy_handshake.h - what net/proxy_client.c says to one proxy: by SOCKS or by HTTP
 */
#ifndef NET_PROXY_HANDSHAKE_H
#define NET_PROXY_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "sock/address.h"
#include "net/proxy_client.h"
#include "proto/handshake.h"
#include "proto/http_connect.h"
#include "proto/socks.h"

/* A proxy, and what it is to reach: the one behind it or, of the last, where we want to go. */
struct proxy_hop {
	const struct proxy *proxy;
	const char *host, *port;
	bool by_name;		   /* the proxy looks the host up */
	struct address *addresses; /* of the host; by name one that has the port alone */
	size_t n, at;		   /* which is tried */
	union {
		struct socks_client socks;
		struct http_connect http;
	} talk;
	bool started; /* the talk has to be freed */
	unsigned again;
	const char *why; /* the talk's, of a failure */
	int error;
};

/* How one kind of proxy is talked to, by the functions of its header in proto/: see handshake.h.
 * What is to be sent is added to OUT. Where one returns HANDSHAKE_FAILED, H has why. */
struct proxy_handshake {
	enum handshake (*start)(struct proxy_hop *h, struct text *out);
	/* Of the N bytes at IN *USED belong to the talk. */
	enum handshake (*take)(struct proxy_hop *h, const unsigned char *in, size_t n, size_t *used,
			       struct text *out);
	/* The connection has ended. */
	enum handshake (*ended)(struct proxy_hop *h);
	/* NULL, where HANDSHAKE_AGAIN never comes: begins once more, on a new connection. */
	void (*again)(struct proxy_hop *h, struct text *out);
	void (*free)(struct proxy_hop *h); /* NULL: there is nothing to free */
};

/* The one for H's proxy. */
const struct proxy_handshake *proxy_handshake_of(const struct proxy_hop *h);

#endif
