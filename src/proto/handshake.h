/* handshake.h - the messages that are exchanged before a tunnel begins: from bytes to the next step
 *
 * Both sides of SOCKS and of HTTP's CONNECT are machines of this kind. They take bytes in whatever
 * pieces these come, up to the last byte of the handshake and none behind it: those belong to the
 * tunnel.
 */
#ifndef PROTO_HANDSHAKE_H
#define PROTO_HANDSHAKE_H

enum handshake {
	HANDSHAKE_MORE,	  /* more has to come */
	HANDSHAKE_DONE,	  /* what comes from here on belongs to the tunnel */
	HANDSHAKE_ASKED,  /* of a server: the request is whole, and waits for its answer */
	HANDSHAKE_AGAIN,  /* of a client: it has to begin once more, on a new connection */
	HANDSHAKE_FAILED, /* the machine has `why` */
};

/* Bytes of the sentence that says why it failed. It may quote bytes from the network as they came.
 */
#define HANDSHAKE_WHY 256

/* A user of a proxy; both NULL: not known. */
struct credentials {
	const char *user, *password;
};

#endif
