/* hexdump.c - bytes in rows of hexadecimal digits */
#include "base/hexdump.h"

#include <string.h>

#define ROW 16		  /* bytes in a line */
#define HEX (3 * ROW + 2) /* characters that their digits take there */
/* A line at most: an offset, two blanks, the bytes twice, and what ends it. */
#define LINE_MOST (16 + 2 + HEX + ROW + 2 + 2)

/* The digits of each byte, and two blanks: a string, since pointers would have to be relocated. */
static const char digits[] = "00  01  02  03  04  05  06  07  08  09  0a  0b  0c  0d  0e  0f  "
			     "10  11  12  13  14  15  16  17  18  19  1a  1b  1c  1d  1e  1f  "
			     "20  21  22  23  24  25  26  27  28  29  2a  2b  2c  2d  2e  2f  "
			     "30  31  32  33  34  35  36  37  38  39  3a  3b  3c  3d  3e  3f  "
			     "40  41  42  43  44  45  46  47  48  49  4a  4b  4c  4d  4e  4f  "
			     "50  51  52  53  54  55  56  57  58  59  5a  5b  5c  5d  5e  5f  "
			     "60  61  62  63  64  65  66  67  68  69  6a  6b  6c  6d  6e  6f  "
			     "70  71  72  73  74  75  76  77  78  79  7a  7b  7c  7d  7e  7f  "
			     "80  81  82  83  84  85  86  87  88  89  8a  8b  8c  8d  8e  8f  "
			     "90  91  92  93  94  95  96  97  98  99  9a  9b  9c  9d  9e  9f  "
			     "a0  a1  a2  a3  a4  a5  a6  a7  a8  a9  aa  ab  ac  ad  ae  af  "
			     "b0  b1  b2  b3  b4  b5  b6  b7  b8  b9  ba  bb  bc  bd  be  bf  "
			     "c0  c1  c2  c3  c4  c5  c6  c7  c8  c9  ca  cb  cc  cd  ce  cf  "
			     "d0  d1  d2  d3  d4  d5  d6  d7  d8  d9  da  db  dc  dd  de  df  "
			     "e0  e1  e2  e3  e4  e5  e6  e7  e8  e9  ea  eb  ec  ed  ee  ef  "
			     "f0  f1  f2  f3  f4  f5  f6  f7  f8  f9  fa  fb  fc  fd  fe  ff  ";

static const char *digits_of(uint64_t byte)
{
	return digits + 4 * (byte & 0xff);
}

/* Writes OFFSET in 32 bits or, if it is larger, with as many digits as it has, and the blanks
 * behind it, of which a larger one has but one. Returns where it ends. */
static char *put_offset(char *at, uint64_t offset)
{
	int bits = 32;

	while (bits < 64 && offset >> bits)
		bits += 4;
	for (int i = bits - 4; i >= 32; i -= 4)
		*at++ = digits_of(offset >> i & 15)[1];
	memcpy(at, digits_of(offset >> 24), 2);
	memcpy(at + 2, digits_of(offset >> 16), 2);
	memcpy(at + 4, digits_of(offset >> 8), 2);
	memcpy(at + 6, digits_of(offset), 4);
	return at + (bits == 32 ? 10 : 9);
}

/* Writes the digits of a row. Of the blanks behind each byte the next one takes one. */
static void put_digits(char *hex, const unsigned char *p)
{
	for (int i = 0; i < ROW; i += 4, hex += 12) {
		hex += i == ROW / 2;
		memcpy(hex, digits_of(p[i]), 4);
		memcpy(hex + 3, digits_of(p[i + 1]), 4);
		memcpy(hex + 6, digits_of(p[i + 2]), 4);
		memcpy(hex + 9, digits_of(p[i + 3]), 4);
	}
}

/* Writes a row with a full stop for each byte that is not printable ASCII. In an array that nothing
 * else can be, the compiler changes all of them at once. */
static void put_text(char *text, const unsigned char *p)
{
	unsigned char row[ROW];

	memcpy(row, p, ROW);
	for (int i = 0; i < ROW; i++)
		row[i] = row[i] >= ' ' && row[i] <= '~' ? row[i] : '.';
	memcpy(text, row, ROW);
}

/* `00000010  68 65 6c 6c 6f 0a                                 |hello.|`: N bytes of a whole row at
 * P. Returns where the line ends. */
static char *put_line(char *at, uint64_t offset, const unsigned char *p, size_t n,
		      const char *newline)
{
	char *hex = put_offset(at, offset), *text = hex + HEX;
	size_t end = 3 * n + (n >= ROW / 2);

	*text++ = '|';
	put_digits(hex, p);
	put_text(text, p);
	if (n < ROW)
		memset(hex + end, ' ', HEX - end);
	text += n;
	*text++ = '|';
	memcpy(text, newline, 2);
	return text + (newline[1] ? 2 : 1);
}

void hexdump_add(struct text *t, uint64_t offset, const void *data, size_t n, const char *newline)
{
	const unsigned char *p = data;
	char *begin = text_room(t, (n / ROW + 1) * LINE_MOST), *at = begin;
	unsigned char rest[ROW] = { 0 };

	if (!at)
		return;
	for (size_t done = 0, some; done < n; done += some) {
		const unsigned char *row = p + done;
		some = n - done;
		if (some < ROW)
			row = memcpy(rest, row, some);
		else
			some = ROW;
		at = put_line(at, offset + done, row, some, newline);
	}
	t->length += (size_t)(at - begin);
}
