/* proxy_client.h - connecting by way of proxies: SOCKS 4, 4a, 5, HTTP CONNECT, one behind the other
 */
#ifndef NET_PROXY_CLIENT_H
#define NET_PROXY_CLIENT_H

#include "base/options.h"
#include "net/dial.h"
#include "proto/proxy_url.h"

struct proxy {
	struct proxy_url url;
	char *text;		  /* what that points into */
	struct credentials given; /* who we are, where the URL does not say it */
	struct proxy *next;	  /* nearer to where we want to go */
};

/* What the group's rows fill. Free it with proxy_free(). */
struct proxy_options {
	struct proxy *first; /* NULL: no proxy */
	const char *auth_file;
};

/* --proxy (repeatable; who we are to it is overwritten in argv at once) and --proxy-auth-file. */
extern const struct option_group proxy_group;

/* Checks whether O's proxies, if there are any, can be told of HOST, and for names where NUMERIC
 * forbids them. Where a URL does not say who we are, the file does, or the environment
 * (SOCKIT_PROXY_AUTH), in which it is overwritten and which it is taken out of. Returns 0, or -1
 * with *ERROR, in which no secret stands. */
int proxy_check(struct proxy_options *o, const char *host, bool numeric,
		struct option_error *error);

void proxy_free(struct proxy_options *o);

/* P without who we are, `socks5://HOST:PORT`, into TEXT of SIZE bytes. Returns TEXT. */
const char *proxy_url_text(const struct proxy *p, char *text, size_t size);

struct proxy_client;

/* Connects to C's host and port by way of FIRST and those behind it, all within C's deadline;
 * without any this is dial_start(). C's socket options and source are for the way to the first one,
 * and so is the family, which is also for what is looked up here: the hosts that a proxy of
 * socks4:// or socks5:// is to reach. Each of their addresses is tried, on a connection of its own,
 * until one is reached; other proxies are told the name. FN is called as by dial_start(), with a
 * result that names a proxy where it is one that could not be reached, or that did not reach what
 * is behind it. Of a connection `peer` is the address of C's host; where only a proxy knows that,
 * its family is AF_UNSPEC and it has the port alone. What has come behind the last answer is still
 * in the socket. Returns NULL with errno ENOMEM. */
struct proxy_client *proxy_client_start(struct loop *loop, const struct dial_config *c,
					const struct proxy *first, dial_fn *fn, void *arg);

/* The proxy that D (NULL: there is none) waits for, NULL: for none, or not yet. */
const struct proxy *proxy_client_waits(const struct proxy_client *d);

/* Gives it up (NULL: does nothing) without calling FN. */
void proxy_client_cancel(struct proxy_client *d);

#endif
