/* proxied.h - a client of the proxy server: what SOCKS and HTTP have in common
 *
 * A protocol reads the request by proxyd_take, has the connection made by proxyd_dial(), and ends
 * with proxyd_tunnel(), proxyd_relay() or proxyd_refuse().
 */
#ifndef PROXYD_PROXIED_H
#define PROXYD_PROXIED_H

#include "base/text.h"
#include "conn/connection.h"
#include "proto/handshake.h"
#include "proxyd/options.h"

/* X's client has sent the N bytes at IN. Consumes some of them, their number in *USED, and adds an
 * answer, if any, to `out`. Returns HANDSHAKE_MORE (the rest is passed again, with more);
 * HANDSHAKE_ASKED after it called proxyd_dial(); or HANDSHAKE_FAILED, with `why` set: then `out` is
 * sent as by proxyd_refuse(). */
typedef enum handshake proxyd_take(struct connection *x, const unsigned char *in, size_t n,
				   size_t *used);

/* A protocol. All but `take` and `dialled` may be NULL. */
struct proxyd_protocol {
	size_t size;			     /* of a client's `state`, all zero at first */
	void (*start)(struct connection *x); /* sets what is not zero in it */
	proxyd_take *take;
	/* Called once from the loop, after proxyd_dial(): `result` tells whether X is connected. */
	void (*dialled)(struct connection *x);
	/* The client was too slow: adds an answer to `out`. */
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

/* A client until its tunnel begins: what follows is no affair of the protocol's. */
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
	struct proxy_client *dial;
	struct proxyd_result result;
	struct watch watch;
	struct timer limit, soon;
	size_t sent;			    /* so much of `out` has been */
	bool spoken;			    /* anything has */
	void (*then)(struct connection *x); /* what comes once all has been; NULL: nothing yet */
};

/* The `own` of a connection that the proxy server serves points to it; NULL: it has a tunnel. */
static inline struct proxied *proxied_of(const struct connection *x)
{
	struct proxied *const *own = x->own;

	return *own;
}

static inline const struct proxy_server_options *proxyd_options(const struct connection *x)
{
	return x->connections->options->proxy;
}

/* The service's `start`: passes what X's client sends to the `take` of the protocol that the
 * options choose, and reads no further than the handshake (MSG_PEEK). The handshake has the time of
 * -w (30 s by default), and no more than that of -i. */
void proxied_start(struct connection *x);

/* The service's `waits` and `free`. */
void proxied_waits(const struct connection *x, struct text *text);
void proxied_free(struct connection *x);

/* Sets X's place, which messages name from here on: HOST is a word for address_parse_host(), or
 * whatever came from the network. */
void proxyd_place(struct connection *x, const char *host, uint16_t port);

/* Connects to X's place, by way of --proxy, if the lists of destinations permit it; each address
 * that a name resolves to is checked. Calls `dialled` once, from the loop, after it has reported a
 * failure. May be called in a proxyd_take only. */
void proxyd_dial(struct connection *x);

/* Sends `out` to X's client, then relays between it and X's `in`. What the client sent behind the
 * handshake is still in the socket. X may be gone after this. */
void proxyd_tunnel(struct connection *x);

/* Relays between X's client and X's `in` at once, as C says. */
void proxyd_relay(struct connection *x, struct pump_config *c);

/* Reports, as an error, that X cannot be served, by ERROR of ours; proxyd_refuse() without a WHY is
 * to follow. */
void proxyd_fail(struct connection *x, int error);

/* Sends `out` to X's client, then ends the connection. WHY is reported with -v; NULL: it has been.
 * X may be gone after this. */
void proxyd_refuse(struct connection *x, const char *why);

#endif
