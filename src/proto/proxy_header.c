/* proxy_header.c - the header of the PROXY protocol: parsing and building */
#include "proto/proxy_header.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define V1_BEGIN "PROXY "
#define V1_MOST 107 /* bytes, with CR LF */
#define V2_BEGIN "\r\n\r\n\0\r\nQUIT\n"
#define V2_FIXED 16 /* bytes up to the addresses */
#define V2_PROXY 0x21
#define V2_LOCAL 0x20
#define TLV_HEAD 3
#define TLV_CRC32C 0x03

static enum handshake failed(const char **why, const char *words)
{
	*why = words;
	return HANDSHAKE_FAILED;
}

/* Do the N bytes at IN begin as the SIZE bytes at BEGIN do, as far as they go? */
static bool begins(const unsigned char *in, size_t n, const char *begin, size_t size)
{
	return memcmp(in, begin, n < size ? n : size) == 0;
}

/* ---- version 1 ---- */

/* Returns the word that *REST of the line begins with, its length in *N, and moves *REST behind the
 * one blank that follows; NULL once nothing does. A second blank has an empty word before it. */
static const char *v1_word(const char **rest, size_t *n)
{
	const char *word = *rest;

	*n = word ? strcspn(word, " ") : 0;
	*rest = word && word[*n] ? word + *n + 1 : NULL;
	return word;
}

static bool v1_address(const char **rest, int family, struct proxy_end *e)
{
	char word[INET6_ADDRSTRLEN];
	size_t n;
	const char *at = v1_word(rest, &n);

	if (!at || n >= sizeof word)
		return false;
	memcpy(word, at, n);
	word[n] = '\0';
	return inet_pton(family, word, e->address) == 1;
}

static bool v1_port(const char **rest, struct proxy_end *e)
{
	size_t n;
	const char *at = v1_word(rest, &n);
	uint64_t port;

	/* No zero stands before another digit. */
	if (!at || (n > 1 && *at == '0') || !digits_parse(at, n, UINT16_MAX, &port))
		return false;
	e->port = (uint16_t)port;
	return true;
}

/* Reads LINE, what stands behind `PROXY ` and before CR LF, into H. */
static enum handshake v1_line(const char *line, struct proxy_header *h, const char **why)
{
	const char *rest = line;
	size_t n;
	const char *word = v1_word(&rest, &n);
	int family;

	if (n == 7 && !memcmp(word, "UNKNOWN", n))
		return HANDSHAKE_DONE;
	if (n != 4 || memcmp(word, "TCP", 3) != 0 || (word[3] != '4' && word[3] != '6'))
		return failed(why, "neither TCP4 nor TCP6 nor UNKNOWN");
	h->told = word[3] == '4' ? PROXY_INET : PROXY_INET6;
	family = word[3] == '4' ? AF_INET : AF_INET6;
	if (!v1_address(&rest, family, &h->from) || !v1_address(&rest, family, &h->to))
		return failed(why, "two addresses of its family are not there");
	if (!v1_port(&rest, &h->from) || !v1_port(&rest, &h->to) || rest)
		return failed(why, "two ports and the end of the line are not there");
	return HANDSHAKE_DONE;
}

static enum handshake v1_parse(const unsigned char *in, size_t n, struct proxy_header *h,
			       size_t *used, const char **why)
{
	const size_t begin = sizeof V1_BEGIN - 1;
	const unsigned char *end = memchr(in, '\n', n < V1_MOST ? n : V1_MOST);
	char line[V1_MOST];
	size_t length;

	if (!end)
		return n < V1_MOST ? HANDSHAKE_MORE :
				     failed(why, "no end of its line within 107 bytes");
	*used = (size_t)(end - in) + 1;
	if (end[-1] != '\r')
		return failed(why, "its line does not end with CR LF");
	length = *used - begin - 2;
	memcpy(line, in + begin, length);
	line[length] = '\0';
	if (memchr(line, '\0', length))
		return failed(why, "a NUL byte");
	return v1_line(line, h, why);
}

/* ---- version 2 ---- */

static const struct v2_family {
	enum proxy_told told;
	unsigned char code;    /* of the family, in the upper half of its byte */
	unsigned char address; /* bytes of each of both addresses, */
	unsigned char ports;   /* and of both ports behind them */
} v2_families[] = {
	{ PROXY_INET, 0x10, 4, 4 },
	{ PROXY_INET6, 0x20, 16, 4 },
	{ PROXY_UNIX, 0x30, PROXY_PATH, 0 },
};

#define V2_FAMILIES (sizeof v2_families / sizeof *v2_families)

static unsigned v2_number(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void v2_put_number(unsigned char *at, size_t n)
{
	at[0] = (unsigned char)(n >> 8);
	at[1] = (unsigned char)n;
}

/* Adds N bytes to the CRC32C (RFC 9260, appendix A) of those before them; the first: ~0. */
static uint32_t v2_crc(uint32_t crc, const unsigned char *bytes, size_t n)
{
	while (n--) {
		crc ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* Is the checksum at AT that of the SIZE bytes at IN? In its own place are zeros. */
static bool v2_crc_is_right(const unsigned char *in, size_t at, size_t size)
{
	static const unsigned char zeros[4];
	uint32_t crc = v2_crc(~0U, in, at);

	crc = v2_crc(crc, zeros, sizeof zeros);
	crc = ~v2_crc(crc, in + at + sizeof zeros, size - at - sizeof zeros);
	return ((uint32_t)v2_number(in + at) << 16 | v2_number(in + at + 2)) == crc;
}

/* Walks over the TLVs, from AT to the end of the SIZE bytes of the header IN. */
static enum handshake v2_tlvs(const unsigned char *in, size_t at, size_t size, const char **why)
{
	size_t crc = 0;

	while (at < size) {
		size_t value = at + TLV_HEAD,
		       end = value > size ? value : value + v2_number(in + at + 1);
		if (end > size)
			return failed(why, "a TLV is longer than what is left");
		if (in[at] == TLV_CRC32C && (crc || end - value != 4))
			return failed(why, "more or less than one checksum (CRC32C)");
		if (in[at] == TLV_CRC32C)
			crc = value;
		at = end;
	}
	return !crc || v2_crc_is_right(in, crc, size) ? HANDSHAKE_DONE :
							failed(why, "wrong checksum (CRC32C)");
}

static void v2_addresses(const unsigned char *at, const struct v2_family *f, struct proxy_header *h)
{
	const unsigned char *ports = at + 2 * f->address;

	h->told = f->told;
	memcpy(h->from.address, at, f->address);
	memcpy(h->to.address, at + f->address, f->address);
	if (f->ports) {
		h->from.port = (uint16_t)v2_number(ports);
		h->to.port = (uint16_t)v2_number(ports + 2);
	}
}

/* Returns the family that CODE means, with either protocol; NULL: it means none. */
static const struct v2_family *v2_family(unsigned code)
{
	for (size_t i = 0; i < V2_FAMILIES; i++)
		if (code == (v2_families[i].code | 1U) || code == (v2_families[i].code | 2U))
			return &v2_families[i];
	return NULL;
}

static enum handshake v2_parse(const unsigned char *in, size_t n, struct proxy_header *h,
			       size_t *used, const char **why)
{
	const struct v2_family *f = NULL;
	size_t needed, size;

	if (n > 12 && in[12] != V2_PROXY && in[12] != V2_LOCAL)
		return failed(why, in[12] >> 4 == 2 ? "neither LOCAL nor PROXY" :
						      "of a version that is not known");
	if (n > 13 && in[12] == V2_PROXY && in[13]) {
		f = v2_family(in[13]);
		if (!f)
			return failed(why, "of a family or protocol that is not known");
	}
	if (n < V2_FIXED)
		return HANDSHAKE_MORE;
	needed = f ? 2U * f->address + f->ports : 0;
	size = V2_FIXED + v2_number(in + 14);
	if (size < V2_FIXED + needed)
		return failed(why, "shorter than its addresses");
	if (n < size)
		return HANDSHAKE_MORE;
	*used = size;
	if (!f)
		return HANDSHAKE_DONE;
	v2_addresses(in + V2_FIXED, f, h);
	return v2_tlvs(in, V2_FIXED + needed, size, why);
}

/* ---- both ---- */

enum handshake proxy_header_parse(const unsigned char *in, size_t n, struct proxy_header *h,
				  size_t *used, const char **why)
{
	const size_t begin1 = sizeof V1_BEGIN - 1, begin2 = sizeof V2_BEGIN - 1;

	*h = (struct proxy_header){ .told = PROXY_NOTHING };
	*used = 0;
	*why = NULL;
	if (n == 0)
		return HANDSHAKE_MORE;
	if (begins(in, n, V1_BEGIN, begin1))
		return v1_parse(in, n, h, used, why);
	if (begins(in, n, V2_BEGIN, begin2))
		return v2_parse(in, n, h, used, why);
	return failed(why, "what came does not begin as one");
}

static size_t v1_build(const struct proxy_header *h, char *out, size_t size)
{
	const int family = h->told == PROXY_INET ? AF_INET : AF_INET6;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	if (h->told != PROXY_INET && h->told != PROXY_INET6)
		return (size_t)snprintf(out, size, V1_BEGIN "UNKNOWN\r\n");
	inet_ntop(family, h->from.address, from, sizeof from);
	inet_ntop(family, h->to.address, to, sizeof to);
	return (size_t)snprintf(out, size, V1_BEGIN "TCP%c %s %s %u %u\r\n",
				family == AF_INET ? '4' : '6', from, to, h->from.port, h->to.port);
}

size_t proxy_header_build(const struct proxy_header *h, unsigned version,
			  unsigned char out[PROXY_HEADER_BUILT])
{
	const struct v2_family *f = h->told == PROXY_NOTHING ? NULL : &v2_families[h->told - 1];
	unsigned char *at = out + V2_FIXED;

	if (version == 1)
		return v1_build(h, (char *)out, PROXY_HEADER_BUILT);
	memcpy(out, V2_BEGIN, sizeof V2_BEGIN - 1);
	out[12] = V2_PROXY;
	out[13] = f ? f->code | 1 : 0;
	if (f) {
		memcpy(at, h->from.address, f->address);
		memcpy(at + f->address, h->to.address, f->address);
		at += 2 * f->address;
	}
	if (f && f->ports) {
		v2_put_number(at, h->from.port);
		v2_put_number(at + 2, h->to.port);
		at += f->ports;
	}
	v2_put_number(out + 14, (size_t)(at - out) - V2_FIXED);
	return (size_t)(at - out);
}
