/* proxy_url.h - which proxy, and who we are to it: SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/] (RFC
 * 3986)
 */
#ifndef PROTO_PROXY_URL_H
#define PROTO_PROXY_URL_H

#include <stddef.h>

#include "proto/handshake.h"

enum proxy_scheme { PROXY_SOCKS4, PROXY_SOCKS4A, PROXY_SOCKS5, PROXY_SOCKS5H, PROXY_HTTP };

#define PROXY_URL_PORT "1080" /* where a URL says none, whatever its scheme, as curl(1) has it */

struct proxy_url {
	enum proxy_scheme scheme;
	const char *host; /* without its brackets, neither empty nor checked */
	const char *port; /* not checked */
	struct credentials who;
};

/* Takes URL apart where it stands: *OUT points into it. A user without a password has an empty one.
 * Returns NULL, or what is wrong, in words. */
const char *proxy_url_parse(char *url, struct proxy_url *out);

/* Where a secret may stand in URL, whether that can be parsed or not: what is before its last `@`,
 * but the scheme. Returns the length, 0: there is none; it begins at *AT. */
size_t proxy_url_secret(const char *url, size_t *at);

/* The beginning of a URL of scheme I from 0 on, `socks5://`, NULL after the last. */
const char *proxy_url_scheme(size_t i);

#endif
