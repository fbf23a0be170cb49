/* proxy_header.h - the PROXY protocol, versions 1 and 2: the header before a connection that is
 * passed on, by which who passes it on tells whose it is (haproxy's proxy-protocol.txt)
 *
 * From bytes to values and back: no descriptor, no clock.
 */
#ifndef PROTO_PROXY_HEADER_H
#define PROTO_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "proto/handshake.h"

enum proxy_told {
	PROXY_NOTHING, /* LOCAL, UNKNOWN or UNSPEC: what the system says of the connection counts */
	PROXY_INET,
	PROXY_INET6,
	PROXY_UNIX,
};

#define PROXY_PATH 108 /* bytes of the path of a UNIX socket */

/* One end of the connection that is told of. */
struct proxy_end {
	/* 4 or 16 bytes in network order; or a path, with NULs behind it: an abstract name begins
	 * with a NUL, and no name is all NULs. */
	unsigned char address[PROXY_PATH];
	uint16_t port; /* 0 of a UNIX socket */
};

struct proxy_header {
	enum proxy_told told;
	struct proxy_end from, to; /* the client, and where it has connected to */
};

/* Reads the header with which the N bytes at IN, all that has come so far, begin. Returns
 * HANDSHAKE_MORE, and then all N belong to it; HANDSHAKE_DONE, with *H and its size in *USED; or
 * HANDSHAKE_FAILED, as early as that shows, with *WHY.
 *
 * Version 1 is one line of at most 107 bytes, as strict as it is written. Of version 2 UDP tells
 * addresses as TCP does, TLVs are skipped but for a CRC32C, which has to be right, and what comes
 * with LOCAL or UNSPEC is skipped unread. */
enum handshake proxy_header_parse(const unsigned char *in, size_t n, struct proxy_header *h,
				  size_t *used, const char **why);

#define PROXY_HEADER_BUILT 232 /* bytes of the longest that we write */

/* Writes H as a header of VERSION (1, 2) to OUT. Returns its size. Version 1 has no UNIX sockets:
 * it tells nothing then. */
size_t proxy_header_build(const struct proxy_header *h, unsigned version,
			  unsigned char out[PROXY_HEADER_BUILT]);

#endif
