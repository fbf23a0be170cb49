/* json.c - strings in JSON: an input is what the network sent. */
#include "fuzz.h"

#include <stdbool.h>

#include "base/json.h"
#include "base/utf8.h"

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Reads the base64 (RFC 4648) of the string TEXT, which ends at a quotation mark, into OUT. Returns
 * the length. */
static size_t read_base64(const char *text, unsigned char *out)
{
	size_t n = 0;

	for (; *text != '"'; text += 4) {
		uint32_t v = 0;
		size_t digits = strcspn(text, "=\"");
		digits = digits < 4 ? digits : 4;
		CHECK(digits >= 2 && strcspn(text, "\"") >= 4);
		for (size_t i = 0; i < 4; i++) {
			const char *digit = text[i] == '=' ? base64 : strchr(base64, text[i]);
			CHECK(digit && (text[i] != '=' || (i >= digits && text[4] == '"')));
			v = v << 6 | (uint32_t)(digit - base64);
		}
		for (size_t i = 0; i < digits - 1; i++)
			out[n++] = (unsigned char)(v >> (16 - 8 * i));
	}
	return n;
}

/* Reads the string TEXT (RFC 8259, section 7). Of \u only what stands for control characters may
 * come. */
static size_t read_string(const char *text, unsigned char *out)
{
	static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	size_t n = 0;

	while (*text != '"') {
		const char *letter;
		CHECK((unsigned char)*text >= 0x20 && *text != 0x7f);
		if (*text != '\\') {
			out[n++] = (unsigned char)*text++;
			continue;
		}
		letter = strchr(letters, text[1]);
		if (letter && text[1]) {
			out[n++] = (unsigned char)means[letter - letters];
			text += 2;
			continue;
		}
		CHECK(text[1] == 'u');
		char hex[5] = { text[2], text[3], text[4], text[5], '\0' };
		unsigned long c = strtoul(hex, NULL, 16);
		CHECK(strspn(hex, "0123456789abcdef") == 4 && utf8_is_control((uint32_t)c));
		if (c >= 0x800) {
			out[n++] = (unsigned char)(0xe0 | c >> 12);
			out[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
			c = 0x80 | (c & 0x3f);
		} else if (c >= 0x80) {
			out[n++] = 0xc2;
		}
		out[n++] = (unsigned char)c;
		text += 6;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json j = { 0 };
	uint8_t *bytes = take(size);
	unsigned char *again = take(2 * size + 4);
	bool valid;
	const char *value;
	char *text;
	size_t n;

	if (size)
		memcpy(bytes, data, size);
	json_open(&j, NULL, '{');
	json_bytes(&j, "data", bytes, size);
	json_number(&j, "n", (int64_t)size);
	json_close(&j, '}');
	CHECK(!j.text.failed && utf8_valid(j.text.data, j.text.length));
	text = take_string(j.text.data, j.text.length);
	valid = utf8_valid(bytes, size);
	value = valid ? "{\"data\":\"" : "{\"data_base64\":\"";
	CHECK(strlen(text) == j.text.length && !strncmp(text, value, strlen(value)));
	value = text + strlen(value);
	n = valid ? read_string(value, again) : read_base64(value, again);
	CHECK(n == size && (n == 0 || !memcmp(again, bytes, n)));
	free(text);
	free(again);
	free(bytes);
	text_free(&j.text);
	return 0;
}
