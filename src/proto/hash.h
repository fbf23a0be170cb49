/* hash.h - MD5 (RFC 1321) and SHA-256 (FIPS 180-4), as HTTP's Digest wants them, and base64 (RFC 4648, 4)
 */
#ifndef PROTO_HASH_H
#define PROTO_HASH_H

#include <stddef.h>

#include "base/text.h"

enum hash { HASH_MD5, HASH_SHA256 };

#define HASH_HEX 64 /* digits of the longest */

/* The hash of N BYTES in lower hexadecimal digits into HEX, with a NUL at their end. Returns how many (32, 64). */
size_t hash_hex(enum hash hash, const void *bytes, size_t n, char hex[HASH_HEX + 1]);

/* Adds N BYTES in base64, with padding. */
void base64_add(struct text *out, const void *bytes, size_t n);

/* Adds what the N characters of base64 at IN mean. Returns false where they are none (padding may lack). */
bool base64_read(struct text *out, const char *in, size_t n);

#endif
