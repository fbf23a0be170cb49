/* tls_asker.h - asks the other side of a connection whether it speaks TLS, and what it says of
 * itself
 *
 * It is asked by a ClientHello that offers TLS 1.3 and those before it. TLS 1.3 hides the
 * certificate, and the protocol that ALPN chose; a server that has chosen it is asked once more,
 * on a second connection, by one that offers TLS 1.2 at most. Nothing is encrypted, no certificate
 * is verified, and no handshake is ended.
 */
#ifndef NET_TLS_ASKER_H
#define NET_TLS_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "proto/dialogue.h"
#include "proto/tls.h"

struct tls_asker;

struct tls_question {
	const char *name; /* of the server, for SNI; an address, or NULL: none is sent */
	int64_t deadline; /* for all of it, see clock.h */
	/* Begins a second connection to the same place. Returns a socket that is being connected
	 * and does not block, which becomes the asker's, or -1. NULL: there is to be none. */
	int (*again)(void *arg);
	/* What has to be said on it first, as on FD (STARTTLS), each step in the time of `step`,
	 * ns; NULL: nothing. Must live until the end. */
	const struct dialogue *dialogue;
	int64_t step;
};

/* Why there is no TLS. */
enum tls_none {
	TLS_ANSWERED, /* there is: by ServerHello, or by an alert */
	TLS_SILENT,   /* nothing came in time */
	TLS_SAYS,     /* something else came: `said` */
	TLS_ENDED,    /* nothing came but the end of the connection */
	TLS_BROKEN,   /* nothing came but an error of the connection: `error` */
	TLS_ECHOED,   /* what was sent came back */
	TLS_CUT,      /* what came looks like TLS, and ends too early: `server.why` */
	TLS_AGAINST,  /* what came looks like TLS, and breaks its rules: `server.why` */
	TLS_UNKNOWN,  /* it could not be asked, or understood here: `error` */
};

#define TLS_SAID 256

struct tls_result {
	enum tls_none none;
	int error;		      /* an errno */
	unsigned char said[TLS_SAID]; /* the first bytes that are no TLS, up to the end of a line */
	size_t said_n;
	/* What the server says; `why` after its ServerHello tells what of it could not be read. */
	struct tls_server server;
	/* The version by which a second connection, and not the first, told the certificate and
	 * ALPN; 0: there was none. */
	unsigned second;
};

/* RESULT is gone after the call, unless its texts are taken out of it. */
typedef void tls_fn(void *arg, struct tls_result *result);

/* Asks the peer of FD, a connected stream socket that does not block and becomes the asker's. FN is
 * called once, from the loop, never from in here, and the asker is gone with it. ARG is for FN and
 * for Q->again. Q need not live on. Returns NULL with errno; FD is closed then. */
struct tls_asker *tls_ask(struct loop *loop, int fd, const struct tls_question *q, tls_fn *fn,
			  void *arg);

/* Gives A up without calling FN; NULL: does nothing. */
void tls_ask_cancel(struct tls_asker *a);

#endif
