/* proxy.h - connecting by way of proxies: SOCKS 4, 4a, 5, HTTP CONNECT, one behind the other
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "base/options.h"
#include "net/dial.h"
#include "proto/handshake.h"

enum proxy_scheme { PROXY_SOCKS4, PROXY_SOCKS4A, PROXY_SOCKS5, PROXY_SOCKS5H, PROXY_HTTP };

struct proxy {
	enum proxy_scheme scheme;
	char *host, *port;     /* as address_parse_host() takes them */
	char *user, *password; /* percent-decoded; NULL: not given */
	struct proxy *next;    /* nearer to where we want to go */
};

/* What the group's rows fill. Free it with proxy_free(). */
struct proxy_options {
	struct proxy *first; /* NULL: no proxy */
	const char *auth_file;
};

/* --proxy (repeatable; its userinfo is overwritten in argv at once) and --proxy-auth-file. */
extern const struct option_group proxy_group;

/* Checks O for names where NUMERIC forbids them, and reads the file and the environment (SOCKIT_PROXY_AUTH, which is
 * taken out of it). Returns 0, or -1 with *ERROR. */
int proxy_check(struct proxy_options *o, bool numeric, struct option_error *error);

void proxy_free(struct proxy_options *o);

/* Connects to C's host and port by way of FIRST and those behind it, all within C's deadline; without any this is
 * dial_start(). As that in all else: of a failure RESULT tells in `proxy` which one it was that failed, or said no, and in
 * `proxy_why` why. */
struct dial *proxy_dial_start(struct loop *loop, const struct dial_config *c,
			      const struct proxy *first, dial_fn *fn, void *arg);

#endif
