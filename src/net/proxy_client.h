/* proxy_client.h - connecting through proxies, one behind the other: SOCKS 4, 4a, 5, HTTP CONNECT
 */
#ifndef NET_PROXY_CLIENT_H
#define NET_PROXY_CLIENT_H

#include "base/options.h"
#include "net/dial.h"
#include "proto/proxy_url.h"

struct proxy {
	struct proxy_url url;
	char *text;		  /* the words that `url` points to */
	struct credentials given; /* if the URL has none */
	struct proxy *next;	  /* the one behind it, nearer to the destination */
};

/* What the group's rows fill. Free it with proxy_free(). */
struct proxy_options {
	struct proxy *first; /* NULL: no proxy */
	const char *auth_file;
};

/* --proxy (repeatable; its credentials are overwritten in argv at once) and --proxy-auth-file. */
extern const struct option_group proxy_group;

/* The same without --proxy-auth-file, for what has an option of that name. */
extern const struct option_group proxy_way_group;

/* Checks whether O's proxies, if there are any, can reach each other, and refuses names if NUMERIC.
 * A proxy whose URL has no credentials gets those of the file or of SOCKIT_PROXY_AUTH, which is
 * overwritten and removed from the environment. Returns 0, or -1 with *ERROR, which contains no
 * secret. */
int proxy_check(struct proxy_options *o, bool numeric, struct option_error *error);

/* Can FIRST and the proxies behind it be told to reach HOST? NULL: there are none. Returns 0, or -1
 * with *ERROR. */
int proxy_check_host(const struct proxy *first, const char *host, struct option_error *error);

/* *A becomes HOST, of PORT, as it is to who asks proxies for it: an address, or the name by the
 * WORDS that messages have for it, which are not copied. */
void proxy_set_place(struct address *a, const char *host, const char *words, uint16_t port);

void proxy_free(struct proxy_options *o);

/* Formats P without credentials, `socks5://HOST:PORT`, into TEXT of SIZE bytes. Returns TEXT. */
const char *proxy_url_text(const struct proxy *p, char *text, size_t size);

struct proxy_client;

/* Connects to C's host and port through FIRST and the proxies behind it, all within C's deadline;
 * without any proxy this is dial_start(). A PROXY header, if C asks for one, is then sent whole,
 * within that time too.
 *
 * C's socket options, source and family apply to the connection to the first proxy. The family also
 * applies to look-ups made here, which are those of hosts that a proxy of socks4:// or socks5:// is
 * to reach: each address is tried, on a connection of its own, until one is reached. Other proxies
 * are told the name, unless C has `permit`: that is asked of each address of C's host, and of
 * nothing else.
 *
 * FN is called as by dial_start(). The result names a proxy if that could not be reached, or did
 * not reach what is behind it. On success `peer` is the address of C's host; if only a proxy knows
 * it, its family is AF_UNSPEC and it has the port alone. Data that has come behind the last answer
 * is still in the socket. Returns NULL with errno ENOMEM. */
struct proxy_client *proxy_client_start(struct loop *loop, const struct dial_config *c,
					const struct proxy *first, dial_fn *fn, void *arg);

/* Adds to TEXT how R, of proxy_client_start() with proxies, has failed: which proxy, and why. */
void proxy_client_add_why(const struct dial_result *r, struct text *text);

/* Returns the proxy that D waits for; NULL: none, or D is NULL. */
const struct proxy *proxy_client_waits(const struct proxy_client *d);

/* Returns the word that D looks up now; NULL: none, or D is NULL. */
const char *proxy_client_looks_up(const struct proxy_client *d);

/* Gives D up without calling FN; NULL: does nothing. */
void proxy_client_cancel(struct proxy_client *d);

#endif
