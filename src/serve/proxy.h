/* proxy.h - being a proxy: what SOCKS and HTTP have in common
 */
#ifndef SERVE_PROXY_H
#define SERVE_PROXY_H

#include "net/access.h"
#include "proto/handshake.h"
#include "serve/session.h"

enum proxy_kind { PROXY_SERVER_NONE, PROXY_SERVER_SOCKS5, PROXY_SERVER_HTTP };

/* What the rows of proxy_server_group fill. */
struct proxy_server_options {
	int64_t kind;
	struct credentials *users; /* who may use it; none: whoever gets here */
	size_t n_users;
	const char *auth_file;
	struct access_options dest; /* --allow-dest, --deny-dest */
};

extern const struct option_group proxy_server_group;

/* ---- for serve/proxy_socks.c and serve/proxy_http.c ---- */

/* Reads what X's client sends, up to where the handshake ends and no further (MSG_PEEK), and gives it to TAKE, whose
 * answer in OUT is sent; all within -w (30 s where that says nothing). */
typedef enum handshake proxy_take(struct session *x, const unsigned char *in, size_t n,
				  size_t *used, struct text *out);

/* Connects to HOST and PORT for X, if the lists of destinations let it: each address that HOST turns out to be is
 * asked for. DONE is called once, from the loop. */
void proxy_dial(struct session *x, const char *host, const char *port, dial_fn *done);

/* Sends OUT to X's client and relays from there on: early bytes behind the handshake are still in the socket. */
void proxy_tunnel(struct session *x, struct text *out, int fd, const struct address *peer);

/* Sends OUT as the last thing: shutdown, drain, close; WHY is told with -v. */
void proxy_refuse(struct session *x, struct text *out, const char *why);

#endif
