/* utf8.c - decodes characters of UTF-8 (RFC 3629) */
#include "base/utf8.h"

#include <string.h>

size_t utf8_length(const unsigned char *p, size_t n, uint32_t *point)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *p < 0xc0 || *p >= 0xf8 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	uint32_t c = *p & (0x7fU >> length);

	if (*p < 0x80) {
		*point = *p;
		return 1;
	}
	if (length == 0 || length > n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (c < lowest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*point = c;
	return length;
}

bool utf8_valid(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint32_t point;

	while (n > 0) {
		size_t length = utf8_length(p, n, &point);
		if (length == 0)
			return false;
		p += length;
		n -= length;
	}
	return true;
}

bool utf8_is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

size_t utf8_columns(const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
	size_t n = 0;
	uint32_t point;

	for (; p < end; n++) {
		size_t length = utf8_length(p, (size_t)(end - p), &point);
		p += length ? length : 1;
	}
	return n;
}
