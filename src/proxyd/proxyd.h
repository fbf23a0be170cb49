/* proxyd.h - being a proxy: what SOCKS and HTTP have in common
 */
#ifndef PROXYD_PROXYD_H
#define PROXYD_PROXYD_H

#include "base/text.h"
#include "proto/handshake.h"
#include "proxyd/options.h"
#include "conn/connection.h"

/* Reads X's first request. */
void proxyd_start(struct connection *x);

/* Adds what X waits for, and where that is to be reached. */
void proxyd_waits(const struct connection *x, struct text *text);

/* What X has needed for this. */
void proxyd_free(struct connection *x);

/* ---- for proxyd/socks.c and proxyd/http.c ---- */

/* The N bytes at IN have come from X's client: takes some of them, their number to *USED, and adds
 * what is to be answered to OUT. Returns HANDSHAKE_MORE (what is left is given once more);
 * HANDSHAKE_ASKED once proxyd_dial() was called; or HANDSHAKE_FAILED: then OUT is sent as by
 * proxyd_refuse(), and the client's `why` tells why. */
typedef enum handshake proxyd_take(struct connection *x, const unsigned char *in, size_t n,
				   size_t *used, struct text *out);

/* How proxyd_dial() went. */
struct proxyd_result {
	int fd; /* the connection, the callee's, or -1: then */
	struct address peer, local;
	int error; /* why not: EACCES (it may not go there), ENOENT (no such name), EAFNOSUPPORT (no
		    * address of a family that we may use), EINVAL (that is no name), ETIMEDOUT
		    * (ours or the kernel's), or what connect(2) said */
	const char *why; /* in words; gone after the call */
};

typedef void proxyd_done(struct connection *x, const struct proxyd_result *r);

#define PROXY_HOST 256

/* What X has beside that of any other connection: its `proxied`. */
struct proxied {
	/* The protocol's: */
	void *state; /* given to free(3) in the end; what it points to goes before that, by */
	void (*release)(void *state); /* NULL: to nothing */
	/* Adds what is said to a client that is too slow to OUT. NULL: nothing. */
	void (*late)(struct connection *x, struct text *out);
	/* Nothing has moved for the time of -i. Has the client be told, and returns the name of who
	 * is to blame, `why` telling for what; NULL: it is too late to tell it anything. NULL: it
	 * always is. */
	const char *(*idle)(struct connection *x);
	const char *user;   /* who it is, for messages; NULL: nobody has said */
	const char *why;    /* why it is refused */
	const char *method; /* of HTTP, NULL: none, */
	unsigned status;    /* and how that was answered; 0: not yet */
	/* Of ours: */
	proxyd_take *take;
	proxyd_done *done;
	struct watch watch;
	struct timer limit, soon;
	struct text out;		    /* to be sent before anything else, */
	size_t sent;			    /* so much of it has been */
	bool spoken;			    /* anything has */
	void (*then)(struct connection *x); /* what comes after that */
	char host[PROXY_HOST], port[6];	    /* where it wants to go */
	bool named; /* --allow-dest has that name: whatever its addresses are */
	char words[HANDSHAKE_WHY];
	struct proxyd_result result;
};

/* Reads what X's client sends, up to where the handshake ends and no further (MSG_PEEK), and gives
 * it to TAKE; all within -w (30 s where that says nothing) and -i. */
void proxyd_handshake(struct connection *x, proxyd_take *take);

/* X wants to go to HOST and PORT: for messages about what comes of it before proxyd_dial() says so.
 */
void proxyd_place(struct connection *x, const char *host, uint16_t port);

/* Connects to HOST (as address_parse_host() takes it, or whatever came from the network) and PORT
 * for X, if the lists of destinations let it: each address that HOST turns out to be is asked for.
 * DONE is called once, from the loop; what has failed has been told by then. To be called in a
 * proxyd_take, or in a proxyd_done. */
void proxyd_dial(struct connection *x, const char *host, uint16_t port, proxyd_done *done);

/* Sends OUT, which is empty then, to X's client and relays to FD, which becomes X's, from there on:
 * early bytes behind the handshake are still in the socket. X may be gone after this. */
void proxyd_tunnel(struct connection *x, struct text *out, int fd, const struct address *peer);

/* The same at once, as C says, with nothing sent before. */
void proxyd_relay(struct connection *x, struct pump_config *c, int fd, const struct address *peer);

/* Sends OUT, which is empty then, as the last thing: shutdown, drain, close. WHY is told with -v;
 * NULL: it was told. X may be gone after this. */
void proxyd_refuse(struct connection *x, struct text *out, const char *why);

#endif
