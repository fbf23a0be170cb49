/* socks.h - SOCKS: version 5 (RFC 1928, with the passwords of RFC 1929), 4 and 4a, both sides
 *
 * From bytes to values and back: no descriptor, no clock. CONNECT is all that we ask for and do.
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

/* How a request ends; the numbers are those of RFC 1928, 6. Version 4 knows 90 (granted) and 91
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
	unsigned char in[264];	/* the message that comes, */
	size_t n, wanted;	/* so far; and how long it is, as far as that is known */
	int state;
	/* of a failure */
	int reply; /* the code that came; -1: none, it is the talk that went wrong */
	int error; /* the errno that is nearest to it: ECONNREFUSED, EACCES, EPROTO... */
	char why[HANDSHAKE_WHY];
};

/* Starts C, which is to reach TO, as WHO; adds what is to be sent first to OUT. Version 4 takes an
 * IPv4 address, or a name (that is 4a), and of WHO the user alone. Returns HANDSHAKE_MORE, or
 * HANDSHAKE_FAILED where the protocol has no form for TO or WHO (an IPv6 address in version 4, over
 * 255 bytes). */
enum handshake socks_client_start(struct socks_client *c, unsigned version,
				  const struct socks_place *to, const struct credentials *who,
				  struct text *out);

/* Takes some of the N bytes at IN, their number to *USED, and adds what is to be answered to OUT.
 * Returns HANDSHAKE_MORE (then all N are taken), HANDSHAKE_DONE or HANDSHAKE_FAILED. */
enum handshake socks_client_take(struct socks_client *c, const unsigned char *in, size_t n,
				 size_t *used, struct text *out);

/* ---- the server ---- */

/* Is WHO let in? */
typedef bool socks_check(void *arg, const struct credentials *who);

struct socks_server {
	socks_check *check; /* NULL: everybody is, without being asked */
	void *arg;
	unsigned version; /* 4 or 5, once the first byte has come */
	unsigned char in[520];
	size_t n;
	int state;
	struct socks_place to;		/* from HANDSHAKE_ASKED on */
	char user[SOCKS_NAME_MOST + 1]; /* as it was given; "": it was not */
	char why[HANDSHAKE_WHY];	/* of a failure */
};

/* Starts S. CHECK decides by user and password (RFC 1929); where there is one, version 4, which has
 * no password, is refused. */
void socks_server_start(struct socks_server *s, socks_check *check, void *arg);

/* As socks_client_take(). Returns HANDSHAKE_MORE, HANDSHAKE_ASKED once the request is whole (`to`
 * is where the client wants to go), or HANDSHAKE_FAILED: a request that cannot be done, OUT having
 * got the protocol's answer to it (an unknown command: SOCKS_BAD_COMMAND), or something that is no
 * SOCKS at all, which gets none. */
enum handshake socks_server_take(struct socks_server *s, const unsigned char *in, size_t n,
				 size_t *used, struct text *out);

/* Adds the answer to what S was asked to OUT: REPLY, with the local address BOUND of the connection
 * made (NULL: there is none). */
void socks_server_answer(const struct socks_server *s, enum socks_reply reply,
			 const struct socks_place *bound, struct text *out);

#endif
