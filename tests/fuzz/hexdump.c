/* hexdump.c - rows of digits, beside what printf(3) makes of them: an input is an offset, a byte
 * that says what ends a row, and the data. */
#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hexdump.h"

/* One row of the N bytes at P, the slow way. */
static void add_row(struct text *t, uint64_t offset, const uint8_t *p, size_t n,
		    const char *newline)
{
	text_add(t, "%-9.8" PRIx64 " ", offset);
	for (size_t i = 0; i < 16; i++) {
		char digits[4] = "  ";
		if (i < n)
			snprintf(digits, sizeof digits, "%02x", p[i]);
		text_add(t, "%s %s", digits, i == 7 || i == 15 ? " " : "");
	}
	text_add(t, "|");
	for (size_t i = 0; i < n; i++)
		text_add(t, "%c", p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '.');
	text_add(t, "|%s", newline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text dump = { 0 }, rows = { 0 };
	const char *newline;
	uint64_t offset;
	uint8_t *bytes;
	size_t n;

	if (size < sizeof offset + 1)
		return 0;
	memcpy(&offset, data, sizeof offset);
	newline = data[sizeof offset] & 1 ? "\r\n" : "\n";
	n = size - sizeof offset - 1;
	bytes = take(n);
	memcpy(bytes, data + size - n, n);
	text_put(&dump, "before", 6);
	hexdump_add(&dump, offset, bytes, n, newline);
	text_put(&rows, "before", 6);
	for (size_t i = 0; i < n; i += 16)
		add_row(&rows, offset + i, bytes + i, n - i < 16 ? n - i : 16, newline);
	CHECK(text_equal(&dump, &rows));
	text_free(&dump);
	text_free(&rows);
	free(bytes);
	return 0;
}
