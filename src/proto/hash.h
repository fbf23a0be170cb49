/* hash.h - MD5 (RFC 1321) and SHA-256 (RFC 6234), in hexadecimal digits, for HTTP's Digest */
#ifndef PROTO_HASH_H
#define PROTO_HASH_H

#include <stddef.h>
#include <stdint.h>

enum hash { HASH_MD5, HASH_SHA256 };

#define HASH_HEX 64 /* digits of the longest */

/* A hash of data that come in pieces. */
struct hashing {
	enum hash hash;
	uint64_t n; /* bytes so far */
	uint32_t state[8];
	unsigned char block[64];
};

void hash_start(struct hashing *h, enum hash hash);
void hash_add(struct hashing *h, const void *bytes, size_t n);

/* Writes the hash as hexadecimal digits in lower case and a NUL to HEX. Returns how many digits
 * (32, 64). H cannot be used any more. */
size_t hash_end(struct hashing *h, char hex[HASH_HEX + 1]);

#endif
