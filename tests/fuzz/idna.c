/* idna.c - names beyond ASCII: an input is a name. What it becomes is decoded again by the other
 * half of RFC 3492, which the program does not have, and has to become the same. */
#include "fuzz.h"

#include <stdbool.h>

#include "proto/dns.h"
#include "proto/idna.h"

static uint32_t adapt(uint32_t delta, uint32_t n, bool first)
{
	uint32_t k = 0;

	delta /= first ? 700 : 2;
	for (delta += delta / n; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

static uint32_t digit_of(char c)
{
	CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
	return c >= 'a' ? (uint32_t)(c - 'a') : (uint32_t)(c - '0') + 26;
}

/* Decodes the N bytes of Punycode at P (RFC 3492, 6.2) into POINTS. Returns how many there are. */
static size_t decode(const char *p, size_t n, uint32_t *points)
{
	uint32_t next = 128, at = 0, bias = 72, count = 0;
	size_t i = n;

	while (i > 0 && p[i - 1] != '-')
		i--;
	for (; i > 0 && count + 1 < i; count++)
		points[count] = (unsigned char)p[count];
	for (; i < n; at++) {
		uint32_t old = at, weight = 1;
		for (uint32_t k = 36;; k += 36) {
			uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias, digit;
			CHECK(i < n);
			digit = digit_of(p[i++]);
			at += digit * weight;
			if (digit < t)
				break;
			weight *= 36 - t;
		}
		count++;
		bias = adapt(at - old, count, old == 0);
		next += at / count;
		at %= count;
		CHECK(next >= 128 && next <= 0x10ffff && count <= 63);
		memmove(points + at + 1, points + at, (count - 1 - at) * sizeof *points);
		points[at] = next;
	}
	return count;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Writes NAME with its A-labels decoded to OUT. The labels that were TYPED so are not. */
static void decode_name(const char *name, char *out)
{
	uint32_t points[64];

	while (*name) {
		size_t n = strcspn(name, ".");
		CHECK(n <= 63);
		if (n > 4 && !strncmp(name, "xn--", 4)) {
			size_t count = decode(name + 4, n - 4, points);
			for (size_t i = 0; i < count; i++)
				out += put_utf8(out, points[i]);
		} else {
			memcpy(out, name, n);
			out += n;
		}
		name += n;
		if (*name)
			*out++ = *name++;
	}
	*out = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = take_string(data, size), ascii[IDNA_MOST], again[IDNA_MOST];
	char decoded[4 * IDNA_MOST];
	struct dns_name name;
	bool sure;

	if (!idna_to_ascii(text, ascii, &sure)) {
		CHECK(strlen(ascii) < IDNA_MOST && !idna_is_needed(ascii));
		CHECK(idna_is_needed(text) || (!strcmp(text, ascii) && sure));
		CHECK(!idna_is_needed(text) || idna_name(text, again) == again);
		/* What was typed as an A-label, or looks like one once it is mapped, may be none.
		 */
		if (!strstr(text, "--") && !strstr(text, "\xef\xbc\x8d") &&
		    !strstr(text, "\xef\xbd")) {
			decode_name(ascii, decoded);
			CHECK(!idna_to_ascii(decoded, again, &sure) && !strcmp(again, ascii));
		}
		if (idna_is_needed(text) && !strchr(text, '\\'))
			CHECK(!dns_name_parse(text, &name) == !dns_name_parse(ascii, &name));
	}
	free(text);
	return 0;
}
