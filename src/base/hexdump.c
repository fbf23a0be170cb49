/* hexdump.c - bytes in rows of hexadecimal digits */
#include "base/hexdump.h"

#include <string.h>

#define ROW 16		  /* bytes in a line */
#define HEX (3 * ROW + 2) /* characters that their digits take there */
/* A line at most: an offset, two blanks, the bytes twice, and what ends it. */
#define LINE_MOST (16 + 2 + HEX + ROW + 2 + 2)

/* The digits of each byte, and two blanks: a string, since pointers would have to be relocated. */
#define BYTE(high, low) high low "  "
#define BYTES(high)                                                                                \
	BYTE(high, "0")                                                                            \
	BYTE(high, "1")                                                                            \
	BYTE(high, "2") BYTE(high, "3") BYTE(high, "4") BYTE(high, "5") BYTE(high, "6")            \
		BYTE(high, "7") BYTE(high, "8") BYTE(high, "9") BYTE(high, "a") BYTE(high, "b")    \
			BYTE(high, "c") BYTE(high, "d") BYTE(high, "e") BYTE(high, "f")
static const char digits[] = BYTES("0") BYTES("1") BYTES("2") BYTES("3") BYTES("4") BYTES("5")
	BYTES("6") BYTES("7") BYTES("8") BYTES("9") BYTES("a") BYTES("b") BYTES("c") BYTES("d")
		BYTES("e") BYTES("f");

static const char *digits_of(uint64_t byte)
{
	return digits + 4 * (byte & 0xff);
}

/* Writes OFFSET in 32 bits or, if it is larger, with as many digits as it has, and the blanks
 * behind it. Returns where it ends. */
static char *put_offset(char *at, uint64_t offset)
{
	int bits = 32;

	while (bits < 64 && offset >> bits)
		bits += 4;
	for (int i = bits - 4; i >= 32; i -= 4)
		*at++ = digits_of(offset >> i & 15)[1];
	for (int i = 24; i >= 0; i -= 8, at += 2)
		memcpy(at, digits_of(offset >> i), 2);
	*at++ = ' ';
	if (bits == 32)
		*at++ = ' ';
	return at;
}

/* Returns eight bytes with a full stop for each that is not printable ASCII, all at once. */
static uint64_t printable(uint64_t bytes)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t low = bytes & 0x7f * each;
	/* The highest bit of a byte: is it from 0x20 to 0x7e? No sum of 7 bits goes beyond it. */
	uint64_t good = (low + 0x60 * each) & ~(low + each) & ~bytes & 0x80 * each;
	uint64_t mask = (good >> 7) * 0xff;

	return (bytes & mask) | ('.' * each & ~mask);
}

/* Writes half a row. Of the blanks behind each byte the next one takes one. */
static void put_half(char *hex, char *text, const unsigned char *p)
{
	uint64_t bytes;

	for (int i = 0; i < ROW / 2; i += 4, hex += 12) {
		memcpy(hex, digits_of(p[i]), 4);
		memcpy(hex + 3, digits_of(p[i + 1]), 4);
		memcpy(hex + 6, digits_of(p[i + 2]), 4);
		memcpy(hex + 9, digits_of(p[i + 3]), 4);
	}
	memcpy(&bytes, p, sizeof bytes);
	bytes = printable(bytes);
	memcpy(text, &bytes, sizeof bytes);
}

/* `00000010  68 65 6c 6c 6f 0a                                 |hello.|`: N bytes of a whole row at
 * P. Returns where the line ends. */
static char *put_line(char *at, uint64_t offset, const unsigned char *p, size_t n,
		      const char *newline)
{
	char *hex = put_offset(at, offset), *text = hex + HEX;
	size_t end = 3 * n + (n >= ROW / 2);

	*text++ = '|';
	put_half(hex, text, p);
	put_half(hex + HEX / 2, text + ROW / 2, p + ROW / 2);
	if (n < ROW)
		memset(hex + end, ' ', HEX - end);
	text += n;
	*text++ = '|';
	while (*newline)
		*text++ = *newline++;
	return text;
}

void hexdump_add(struct text *t, uint64_t offset, const void *data, size_t n, const char *newline)
{
	const unsigned char *p = data;
	char *begin = text_room(t, (n / ROW + 1) * LINE_MOST), *at = begin;

	if (!at)
		return;
	for (; n >= ROW; n -= ROW, p += ROW, offset += ROW)
		at = put_line(at, offset, p, ROW, newline);
	if (n) {
		unsigned char rest[ROW] = { 0 };
		memcpy(rest, p, n);
		at = put_line(at, offset, rest, n, newline);
	}
	t->length += (size_t)(at - begin);
}
