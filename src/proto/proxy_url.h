/* proxy_url.h - the URL of a proxy: SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/] (RFC 3986) */
#ifndef PROTO_PROXY_URL_H
#define PROTO_PROXY_URL_H

#include <stddef.h>

#include "proto/handshake.h"

enum proxy_scheme { PROXY_SOCKS4, PROXY_SOCKS4A, PROXY_SOCKS5, PROXY_SOCKS5H, PROXY_HTTP };

#define PROXY_URL_PORT "1080" /* of a URL without a port, for each scheme, as with curl(1) */

struct proxy_url {
	enum proxy_scheme scheme;
	const char *host; /* without its brackets, neither empty nor checked */
	const char *port; /* not checked */
	struct credentials who;
};

/* Takes URL apart where it stands: *OUT points into it. A user without a password has an empty one.
 * Returns NULL, or what is wrong, in words. */
const char *proxy_url_parse(char *url, struct proxy_url *out);

/* Finds the part of URL that may hold a password, also if URL cannot be parsed: from behind the
 * scheme to the last `@`. Returns its length, 0: there is none; it begins at *AT. */
size_t proxy_url_secret(const char *url, size_t *at);

/* Returns how a URL of the I-th scheme begins (`socks5://`), NULL after the last. */
const char *proxy_url_scheme(size_t i);

#endif
