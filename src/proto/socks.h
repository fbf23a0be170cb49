/* socks.h - SOCKS: version 5 (RFC 1928, with the passwords of RFC 1929), 4 and 4a, both sides
 *
 * From bytes to values and back: no descriptor, no clock. Of the commands only CONNECT.
 */
#ifndef PROTO_SOCKS_H
#define PROTO_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "proto/handshake.h"

#define SOCKS_NAME_MOST 255

enum socks_kind { SOCKS_INET, SOCKS_INET6, SOCKS_NAME };

/* A place to connect to, or the one connected from. */
struct socks_place {
	enum socks_kind kind;
	unsigned char bytes[16]; /* of an address, 4 or 16 in network order */
	char name[SOCKS_NAME_MOST + 1];
	uint16_t port;
};

/* The answer to a request, with the numbers of RFC 1928, 6. Version 4 knows 90 (granted) and 91
 * alone. */
enum socks_reply {
	SOCKS_GRANTED = 0,
	SOCKS_FAILED = 1,
	SOCKS_FORBIDDEN = 2,
	SOCKS_NET_UNREACHABLE = 3,
	SOCKS_HOST_UNREACHABLE = 4,
	SOCKS_REFUSED = 5,
	SOCKS_TTL_EXPIRED = 6,
	SOCKS_BAD_COMMAND = 7,
	SOCKS_BAD_ADDRESS = 8,
};

/* ---- the client ---- */

struct socks_client {
	unsigned version; /* 4 or 5 */
	struct socks_place to;
	struct credentials who; /* the caller's */
	unsigned char in[264];	/* the message that comes: N bytes so far, */
	size_t n, wanted;	/* and how many it has at least */
	int state;
	/* of a failure */
	int reply; /* the code that the server sent; -1: none, the handshake itself went wrong */
	int error; /* the nearest errno: ECONNREFUSED, EACCES, EPROTO... */
	char why[HANDSHAKE_WHY];
};

/* Starts C, which is to reach TO as WHO, and adds the first message to OUT. Version 4 has IPv4
 * addresses, names (4a) and users without a password. Returns HANDSHAKE_MORE, or HANDSHAKE_FAILED
 * if the protocol has no form for TO or WHO (an IPv6 address in version 4, over 255 bytes). */
enum handshake socks_client_start(struct socks_client *c, unsigned version,
				  const struct socks_place *to, const struct credentials *who,
				  struct text *out);

/* Takes those of the N bytes at IN that belong to the handshake, sets *USED to their number and
 * adds the answer to OUT. Returns HANDSHAKE_MORE (all N are taken), HANDSHAKE_DONE or
 * HANDSHAKE_FAILED. */
enum handshake socks_client_take(struct socks_client *c, const unsigned char *in, size_t n,
				 size_t *used, struct text *out);

/* ---- the server ---- */

/* Is WHO let in? */
typedef bool socks_check(void *arg, const struct credentials *who);

struct socks_server {
	socks_check *check; /* NULL: everybody is let in, and not asked for a name */
	void *arg;
	unsigned version; /* 4 or 5, once the first byte has come */
	unsigned char in[520];
	size_t n;
	int state;
	struct socks_place to;		/* where the client wants to go, from HANDSHAKE_ASKED on */
	char user[SOCKS_NAME_MOST + 1]; /* as the client gave it; "": it gave none */
	char why[HANDSHAKE_WHY];	/* of a failure */
};

/* Starts S. CHECK decides by user and password (RFC 1929). With one, version 4 is refused, for it
 * has no password. */
void socks_server_start(struct socks_server *s, socks_check *check, void *arg);

/* As socks_client_take(). Returns HANDSHAKE_MORE, HANDSHAKE_ASKED once the request is whole, or
 * HANDSHAKE_FAILED. A request that cannot be done has got its answer in OUT then (an unknown
 * command: SOCKS_BAD_COMMAND); bytes that are no SOCKS at all get none. */
enum handshake socks_server_take(struct socks_server *s, const unsigned char *in, size_t n,
				 size_t *used, struct text *out);

/* Adds the answer to S's request to OUT: REPLY, with BOUND, the local address of the connection
 * that was made (NULL: none was). */
void socks_server_answer(const struct socks_server *s, enum socks_reply reply,
			 const struct socks_place *bound, struct text *out);

#endif
