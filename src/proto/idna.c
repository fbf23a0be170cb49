/* idna.c - mapping the characters of a name, and Punycode */
#include "proto/idna.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define LABEL_MOST 63 /* RFC 1035 */
#define PREFIX "xn--"

/* RFC 3492, section 5 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

/* ---- mapping ---- */

enum mapping {
	STAYS, /* as it is */
	ADDS,  /* the upper case of what is `add` higher */
	EVENS, /* even ones are the upper case of the next */
	ODDS,  /* odd ones are */
};

/* What is known to be mapped so, and has no other form. What stands in no range may need more. */
static const struct range {
	uint16_t first, last;
	uint8_t mapping, add;
} ranges[] = {
	{ 0xc0, 0xd6, ADDS, 0x20 },   /* Latin-1 */
	{ 0xd8, 0xde, ADDS, 0x20 },   /* */
	{ 0xdf, 0xf6, STAYS, 0 },     /* */
	{ 0xf8, 0xff, STAYS, 0 },     /* */
	{ 0x100, 0x12f, EVENS, 0 },   /* Latin Extended-A, without a few that fall apart */
	{ 0x131, 0x131, STAYS, 0 },   /* */
	{ 0x134, 0x137, EVENS, 0 },   /* */
	{ 0x138, 0x138, STAYS, 0 },   /* */
	{ 0x139, 0x13e, ODDS, 0 },    /* */
	{ 0x141, 0x148, ODDS, 0 },    /* */
	{ 0x14a, 0x177, EVENS, 0 },   /* */
	{ 0x179, 0x17e, ODDS, 0 },    /* */
	{ 0x218, 0x21b, EVENS, 0 },   /* Romanian */
	{ 0x388, 0x38a, ADDS, 0x25 }, /* Greek */
	{ 0x390, 0x390, STAYS, 0 },   /* */
	{ 0x391, 0x3a1, ADDS, 0x20 }, /* */
	{ 0x3a3, 0x3ab, ADDS, 0x20 }, /* */
	{ 0x3ac, 0x3ce, STAYS, 0 },   /* */
	{ 0x400, 0x40f, ADDS, 0x50 }, /* Cyrillic */
	{ 0x410, 0x42f, ADDS, 0x20 }, /* */
	{ 0x430, 0x45f, STAYS, 0 },   /* */
	{ 0x460, 0x481, EVENS, 0 },   /* */
	{ 0x48a, 0x4bf, EVENS, 0 },   /* */
	{ 0x4d0, 0x527, EVENS, 0 },   /* */
	{ 0x531, 0x556, ADDS, 0x30 }, /* Armenian */
	{ 0x561, 0x586, STAYS, 0 },   /* */
	{ 0x5d0, 0x5ea, STAYS, 0 },   /* Hebrew */
	{ 0x621, 0x63a, STAYS, 0 },   /* Arabic */
	{ 0x641, 0x64a, STAYS, 0 },   /* */
	{ 0xe01, 0xe32, STAYS, 0 },   /* Thai */
	{ 0xe34, 0xe3a, STAYS, 0 },   /* */
	{ 0xe40, 0xe4e, STAYS, 0 },   /* */
	{ 0x10d0, 0x10f0, STAYS, 0 }, /* Georgian */
	{ 0x3041, 0x3094, STAYS, 0 }, /* Hiragana */
	{ 0x30a1, 0x30fa, STAYS, 0 }, /* Katakana */
	{ 0x30fc, 0x30fc, STAYS, 0 }, /* */
	{ 0x3400, 0x4db5, STAYS, 0 }, /* Han */
	{ 0x4e00, 0x9fa5, STAYS, 0 }, /* */
	{ 0xac00, 0xd7a3, STAYS, 0 }, /* Hangul */
};

/* Returns what the character C becomes, C itself if it is unknown; then *SURE becomes false. */
static uint32_t idna_map(uint32_t c, bool *sure)
{
	if (c == 0x3002 || c == 0xff0e || c == 0xff61)
		return '.';
	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xff01 - '!';
	if (c >= 'A' && c <= 'Z')
		return c + ('a' - 'A');
	if (c < FIRST)
		return c;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		const struct range *r = &ranges[i];
		if (c < r->first || c > r->last)
			continue;
		if (r->mapping == ADDS)
			return c + r->add;
		return r->mapping == EVENS ? c | 1 : r->mapping == ODDS ? c + (c & 1) : c;
	}
	*sure = false;
	return c;
}

/* ---- Punycode ---- */

static uint32_t punycode_adapt(uint32_t delta, uint32_t n, bool first)
{
	uint32_t k = 0;

	delta /= first ? DAMP : 2;
	for (delta += delta / n; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* A label that is being written. */
struct label {
	char text[LABEL_MOST];
	size_t n;
	bool full; /* there was more than it may have */
};

static void label_put(struct label *l, char c)
{
	l->full |= l->n == sizeof l->text;
	if (!l->full)
		l->text[l->n++] = c;
}

/* Writes DELTA as a generalized variable-length integer. */
static void label_put_delta(struct label *l, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		uint32_t digit = delta < t ? delta : t + (delta - t) % (BASE - t);
		label_put(l, (char)(digit < 26 ? 'a' + digit : '0' + (digit - 26)));
		if (delta < t)
			return;
		delta = (delta - t) / (BASE - t);
	}
}

/* Adds the N characters POINTS, of which some are beyond ASCII, to L by RFC 3492, 6.3. With at most
 * IDNA_MOST of them, up to 0x10ffff, DELTA stays below 2^32. */
static void label_put_punycode(struct label *l, const uint32_t *points, uint32_t n)
{
	uint32_t done = 0, next = FIRST, delta = 0, bias = BIAS;

	for (size_t i = 0; i < n; i++)
		if (points[i] < FIRST) {
			label_put(l, (char)points[i]);
			done++;
		}
	if (done)
		label_put(l, '-');
	for (uint32_t basic = done; done < n && !l->full; delta++, next++) {
		uint32_t least = UINT32_MAX;
		for (size_t i = 0; i < n; i++)
			if (points[i] >= next && points[i] < least)
				least = points[i];
		delta += (least - next) * (done + 1);
		next = least;
		for (size_t i = 0; i < n; i++) {
			if (points[i] < next)
				delta++;
			if (points[i] != next)
				continue;
			label_put_delta(l, delta, bias);
			bias = punycode_adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

/* ---- names ---- */

bool idna_is_needed(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= FIRST)
			return true;
	return false;
}

/* Writes the label of N POINTS, or of the N bytes at PLAIN where it is ASCII (else NULL), at OUT
 * behind *USED bytes. Returns NULL, or why that cannot be. */
static const char *idna_put_label(const uint32_t *points, size_t n, const char *plain, char *out,
				  size_t *used)
{
	struct label l = { .n = 0 };

	for (const char *p = PREFIX; !plain && *p; p++)
		label_put(&l, *p);
	if (plain)
		for (size_t i = 0; i < n; i++)
			label_put(&l, plain[i]);
	else
		label_put_punycode(&l, points, (uint32_t)n);
	if (l.full)
		return "has a label longer than 63 bytes";
	if (*used + l.n + 2 > IDNA_MOST)
		return "is longer than 253 bytes";
	memcpy(out + *used, l.text, l.n);
	*used += l.n;
	return NULL;
}

const char *idna_to_ascii(const char *text, char out[IDNA_MOST], bool *sure)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t points[IDNA_MOST], c = 0;
	bool known = true;
	size_t used = 0;

	for (bool dot = true; dot;) {
		const unsigned char *label = p;
		const char *fault;
		bool plain = true;   /* as it was typed */
		bool mapped = false; /* to ASCII too, though not typed so */
		size_t n = 0;
		dot = false;
		while (*p && !dot) {
			size_t length = utf8_length(p, strnlen((const char *)p, UTF8_MOST), &c);
			if (length == 0)
				return "is no UTF-8";
			if (n == IDNA_MOST)
				return "is longer than 253 bytes";
			uint32_t to = idna_map(c, &known);
			dot = to == '.';
			if (!dot) {
				plain &= c < FIRST;
				mapped |= to >= FIRST;
				points[n++] = to;
			}
			p += length;
		}
		/* A label that is ASCII only once it is mapped. */
		char ascii[IDNA_MOST];
		for (size_t i = 0; i < n && !mapped; i++)
			ascii[i] = (char)points[i];
		fault = idna_put_label(points, n,
				       plain   ? (const char *)label :
				       !mapped ? ascii :
						 NULL,
				       out, &used);
		if (fault)
			return fault;
		if (dot)
			out[used++] = '.';
	}
	out[used] = '\0';
	if (sure)
		*sure = known;
	return NULL;
}

const char *idna_name(const char *text, char out[IDNA_MOST])
{
	return idna_is_needed(text) && !idna_to_ascii(text, out, NULL) ? out : text;
}
