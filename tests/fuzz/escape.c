/* escape.c - escaping for messages: an input is a mode, two bytes of size, and the text. */
#include "fuzz.h"

#include <stdbool.h>

#include "base/text.h"

/* Is OUT nothing but whole characters of UTF-8 (RFC 3629) that a terminal shows? */
static bool is_printable(const char *out)
{
	for (const unsigned char *p = (const unsigned char *)out; *p;) {
		int more = *p < 0x80 ? 0 : *p < 0xc2 ? -1 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
		if (more < 0 || *p < 0x20 || *p == 0x7f || *p > 0xf4)
			return false;
		if ((*p == 0xc2 && p[1] < 0xa0) || (*p == 0xe0 && p[1] < 0xa0) ||
		    (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
		    (*p == 0xf4 && p[1] > 0x8f))
			return false;
		/* What turns the direction of text, and what ends its lines. */
		if (!memcmp(p, "\xe2\x80", 2) && p[2] >= 0xa8 && p[2] <= 0xae)
			return false;
		if (!memcmp(p, "\xe2\x81", 2) && p[2] >= 0xa6 && p[2] <= 0xa9)
			return false;
		for (p++; more > 0; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static int hex(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* OUT, in which backslashes are escaped too, means the N bytes TEXT. */
static bool means(const char *out, const char *text, size_t n)
{
	size_t at = 0;

	for (; *out && at < n; at++) {
		char c = *out++;
		if (c == '\\') {
			c = *out++;
			if (c == 'x') {
				c = (char)(hex(out[0]) << 4 | hex(out[1]));
				out += 2;
			} else if (c != '\\') {
				c = c == 'n' ? '\n' : c == 't' ? '\t' : '\r';
			}
		}
		if (c != text[at])
			return false;
	}
	return at == n && !*out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool backslash;
	size_t room, n, all, length;
	char *text, *full, *cut;

	if (size < 3)
		return 0;
	backslash = data[0] & 1;
	room = 1 + (size_t)data[1] + ((size_t)data[2] << 8) % 4096;
	n = size - 3;
	text = take(n);
	memcpy(text, data + 3, n);

	full = take(4 * n + 1);
	all = text_escape(full, 4 * n + 1, text, n, backslash);
	CHECK(all <= 4 * n && strlen(full) == all && is_printable(full));
	CHECK(!backslash || means(full, text, n));

	cut = take(room);
	length = text_escape(cut, room, text, n, backslash);
	CHECK(length < room && strlen(cut) == length && is_printable(cut));
	CHECK(length <= all && !memcmp(cut, full, length));
	CHECK(room <= all || length == all);

	free(text);
	free(full);
	free(cut);
	return 0;
}
