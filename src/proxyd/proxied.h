/* proxied.h - a client of the proxy server: what SOCKS and HTTP have in common
 *
 * A protocol reads the request by proxyd_take, has the connection made by proxyd_dial(), and ends
 * with proxyd_tunnel(), proxyd_relay() or proxyd_refuse().
 */
#ifndef PROXYD_PROXIED_H
#define PROXYD_PROXIED_H

#include "base/text.h"
#include "conn/connection.h"
#include "net/dial.h"
#include "proto/handshake.h"
#include "proxyd/options.h"

/* The N bytes at IN have come from X's client: takes some of them, their number to *USED, and adds
 * what is to be answered to `out`. Returns HANDSHAKE_MORE (what is left is given once more);
 * HANDSHAKE_ASKED once proxyd_dial() was called; or HANDSHAKE_FAILED: then `out` is sent as by
 * proxyd_refuse(), and the client's `why` tells why. */
typedef enum handshake proxyd_take(struct connection *x, const unsigned char *in, size_t n,
				   size_t *used);

/* A protocol. `late`, `idle` and `release` may be NULL. */
struct proxyd_protocol {
	size_t size; /* of a client's `state`, all zero at first */
	void (*start)(struct connection *x);
	proxyd_take *take;
	/* proxyd_dial() has come to its `result`. Called from the loop. */
	void (*dialled)(struct connection *x);
	/* Adds what is said to a client that is too slow to `out`. */
	void (*late)(struct connection *x);
	/* Idle limit: queues an error for the client and returns who was silent (`why`: how); NULL
	 * if an answer has begun. Without this function: always NULL. */
	const char *(*idle)(struct connection *x);
	/* Frees what the state points to. */
	void (*release)(void *state);
};

extern const struct proxyd_protocol proxyd_socks_protocol, proxyd_http_protocol;

/* How proxyd_dial() went. */
struct proxyd_result {
	int error; /* 0: connected, and the connection is X's `in`. Else why not: EACCES (it may not
		    * go there), ENOENT (no such name), EAFNOSUPPORT (no address of a family that we
		    * may use), EINVAL (that is no name), ETIMEDOUT (ours or the kernel's), or what
		    * connect(2) said */
	char why[HANDSHAKE_WHY]; /* that in words */
	struct address local;	 /* of the connection */
};

#define PROXYD_HOST 256

/* What X has beside that of any other connection: its `own`. */
struct proxied {
	const struct proxyd_protocol *protocol;
	/* The protocol's: */
	void *state;
	struct text out;    /* to be sent to the client before anything else */
	const char *user;   /* who the client says it is, for messages; NULL: nobody has said */
	const char *why;    /* why it is refused */
	const char *method; /* of HTTP, NULL: none, */
	unsigned status;    /* and how that was answered; 0: not yet */
	/* Ours: */
	char host[PROXYD_HOST], port[6]; /* where the client wants to go */
	bool named; /* --allow-dest has that name: whatever its addresses are */
	struct dial *dial;
	struct proxyd_result result;
	char far_name[ADDRESS_TEXT]; /* of the other side, where it has none of its own */
	struct watch watch;
	struct timer limit, soon;
	size_t sent;			    /* so much of `out` has been */
	bool spoken;			    /* anything has */
	void (*then)(struct connection *x); /* what comes once all has been; NULL: nothing yet */
};

static inline struct proxied *proxied_of(const struct connection *x)
{
	return x->own;
}

static inline const struct proxy_server_options *proxyd_options(const struct connection *x)
{
	return x->connections->options->proxy;
}

/* Begins with X's client, which speaks PROTOCOL: reads what it sends, up to where the handshake
 * ends and no further (MSG_PEEK), and gives it to `take`; all within -w (30 s where that says
 * nothing) and -i. */
void proxied_start(struct connection *x, const struct proxyd_protocol *protocol);

/* Adds what X waits for, and where that is to be reached. */
void proxied_waits(const struct connection *x, struct text *text);

void proxied_free(struct connection *x);

/* X's client wants to go to HOST (as address_parse_host() takes it, or whatever came from the
 * network) and PORT: what is told of it names that from here on. */
void proxyd_place(struct connection *x, const char *host, uint16_t port);

/* Connects to X's place, if the lists of destinations let it: each address that a host turns out to
 * be is asked for. `dialled` is called once; what has failed has been told by then. To be called in
 * a proxyd_take. */
void proxyd_dial(struct connection *x);

/* Sends `out` to X's client and relays to the connection that was made from there on: early bytes
 * behind the handshake are still in the socket. X may be gone after this. */
void proxyd_tunnel(struct connection *x);

/* Relays to that connection at once, as C says, with nothing sent before. */
void proxyd_relay(struct connection *x, struct pump_config *c);

/* Sends `out` as the last thing: shutdown, drain, close. WHY is told with -v; NULL: it was told. X
 * may be gone after this. */
void proxyd_refuse(struct connection *x, const char *why);

#endif
