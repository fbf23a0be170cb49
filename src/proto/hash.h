/* hash.h - MD5 (RFC 1321) and SHA-256 (RFC 6234), as HTTP's Digest wants them
 */
#ifndef PROTO_HASH_H
#define PROTO_HASH_H

#include <stddef.h>

enum hash { HASH_MD5, HASH_SHA256 };

#define HASH_HEX 64 /* digits of the longest */

/* The hash of N BYTES in lower hexadecimal digits into HEX, with a NUL at their end. Returns how many (32, 64). */
size_t hash_hex(enum hash hash, const void *bytes, size_t n, char hex[HASH_HEX + 1]);

#endif
