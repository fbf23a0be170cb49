/* handshake.h - the talk that comes before a tunnel, whatever its protocol: from bytes to the next
 * step
 *
 * Both sides of SOCKS and of HTTP's CONNECT are machines of this kind. They take what has come in
 * whatever pieces it comes, up to the last byte of the handshake and none behind it: what follows
 * belongs to the tunnel, and is left to whoever reads that.
 */
#ifndef PROTO_HANDSHAKE_H
#define PROTO_HANDSHAKE_H

enum handshake {
	HANDSHAKE_MORE,	  /* more has to come */
	HANDSHAKE_DONE,	  /* what comes from here on belongs to the tunnel */
	HANDSHAKE_ASKED,  /* of a server: the request is whole, and waits for its answer */
	HANDSHAKE_AGAIN,  /* of a client: the same once more, on a new connection */
	HANDSHAKE_FAILED, /* it came to nothing: the machine has `why` */
};

/* Room for a sentence about why it failed. It may quote what came from the network, as it came. */
#define HANDSHAKE_WHY 256

/* Who somebody is, as a proxy wants to know it; both NULL: nobody has said. */
struct credentials {
	const char *user, *password;
};

#endif
