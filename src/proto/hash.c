/* hash.c - MD5 and SHA-256 */
#include "proto/hash.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t rotate_left(uint32_t v, unsigned by)
{
	return v << by | v >> (32 - by);
}

static uint32_t rotate_right(uint32_t v, unsigned by)
{
	return rotate_left(v, 32 - by);
}

/* RFC 1321, 3.4. */
static void md5_block(uint32_t state[8], const uint32_t w[16])
{
	static const uint32_t table[64] = {
		0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
		0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
		0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
		0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
		0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
		0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
		0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
		0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
		0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
		0xeb86d391,
	};
	/* For each round: by how much to rotate, and which word comes next. */
	static const unsigned char rotations[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 }
	};
	static const unsigned char step[4] = { 1, 5, 3, 7 }, start[4] = { 0, 1, 5, 0 };
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (unsigned i = 0; i < 64; i++) {
		unsigned round = i / 16;
		const uint32_t f[4] = { (b & c) | (~b & d), (b & d) | (c & ~d), b ^ c ^ d,
					c ^ (b | ~d) };
		uint32_t sum = a + f[round] + table[i] + w[(start[round] + step[round] * i) % 16];
		a = d;
		d = c;
		c = b;
		b += rotate_left(sum, rotations[round][i % 4]);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

/* RFC 6234, 6.2. */
static void sha256_block(uint32_t state[8], const uint32_t words[16])
{
	static const uint32_t table[64] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
		0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
		0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
		0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
		0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
		0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
		0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
		0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
		0xc67178f2,
	};
	uint32_t w[64], v[8];

	memcpy(w, words, 16 * sizeof *w);
	memcpy(v, state, sizeof v);
	for (unsigned i = 0; i < 64; i++) {
		if (i >= 16) {
			uint32_t x = w[i - 15], y = w[i - 2];
			w[i] = w[i - 16] + w[i - 7] +
			       (rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3) +
			       (rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10);
		}
		uint32_t a = v[0], e = v[4];
		uint32_t t1 = v[7] +
			      (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
			      ((e & v[5]) ^ (~e & v[6])) + table[i] + w[i];
		uint32_t t2 = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
			      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

/* Both hash blocks of 64 bytes. They differ in the function for a block and in the order of a
 * word's bytes. */
static const struct algorithm {
	void (*block)(uint32_t state[8], const uint32_t w[16]);
	uint32_t start[8];
	size_t words;
	unsigned order; /* what byte I of a word is shifted by: 8 * (I ^ order) */
} algorithms[] = {
	[HASH_MD5] = { md5_block, { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 }, 4, 0 },
	[HASH_SHA256] = { sha256_block,
			  { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
			    0x1f83d9ab, 0x5be0cd19 },
			  8,
			  3 },
};

void hash_start(struct hashing *h, enum hash hash)
{
	*h = (struct hashing){ .hash = hash };
	memcpy(h->state, algorithms[hash].start, sizeof h->state);
}

/* Hashes the block, which is whole. */
static void hash_add_block(struct hashing *h)
{
	const struct algorithm *a = &algorithms[h->hash];
	uint32_t w[16] = { 0 };

	for (unsigned i = 0; i < 64; i++)
		w[i / 4] |= (uint32_t)h->block[i] << 8 * (i % 4 ^ a->order);
	a->block(h->state, w);
}

void hash_add(struct hashing *h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		h->block[h->n++ % 64] = p[i];
		if (h->n % 64 == 0)
			hash_add_block(h);
	}
}

size_t hash_end(struct hashing *h, char hex[HASH_HEX + 1])
{
	const struct algorithm *a = &algorithms[h->hash];
	uint64_t bits = h->n * 8;
	unsigned char length[8];

	/* A bit, zeros up to the end of a block, the last 8 bytes of which are the length. */
	hash_add(h, &(unsigned char){ 0x80 }, 1);
	while (h->n % 64 != 56)
		hash_add(h, &(unsigned char){ 0 }, 1);
	for (unsigned i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> 8 * (a->order ? 7 - i : i));
	hash_add(h, length, sizeof length);
	for (unsigned i = 0; i < a->words * 4; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x",
			 (unsigned)(h->state[i / 4] >> 8 * (i % 4 ^ a->order) & 0xff));
	return a->words * 8;
}
