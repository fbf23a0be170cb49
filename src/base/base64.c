/* base64.c - bytes as text and back (RFC 4648, section 4) */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct text *out, const void *bytes, size_t n)
{
	for (const unsigned char *p = bytes; n > 0; p += 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) |
			     (n > 2 ? p[2] : 0);
		char four[4] = { alphabet[v >> 18], alphabet[v >> 12 & 63],
				 n > 1 ? alphabet[v >> 6 & 63] : '=',
				 n > 2 ? alphabet[v & 63] : '=' };
		text_put(out, four, sizeof four);
		n -= n < 3 ? n : 3;
	}
}

bool base64_read(struct text *out, const char *in, size_t n)
{
	uint32_t v = 0;
	size_t bits = 0;

	if (n % 4 == 0 && n > 0 && in[n - 1] == '=')
		n -= in[n - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < n; i++) {
		const char *digit = in[i] ? strchr(alphabet, in[i]) : NULL;
		if (!digit)
			return false;
		v = v << 6 | (uint32_t)(digit - alphabet);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		text_put(out, &(unsigned char){ (unsigned char)(v >> bits) }, 1);
		v &= (1U << bits) - 1;
	}
	return bits < 6 && v == 0;
}
