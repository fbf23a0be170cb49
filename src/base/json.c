/* json.c - writes JSON (RFC 8259), a member at a time */
#include "base/json.h"

#include <string.h>

#include "base/base64.h"
#include "base/number.h"
#include "base/utf8.h"

static void json_comma(struct json *j)
{
	if (j->more)
		text_add(&j->text, ",");
	j->more = true;
}

/* Begins a member. Returns false if J is off. */
static bool json_begin(struct json *j, const char *key)
{
	if (j->off)
		return false;
	json_comma(j);
	if (key)
		text_add(&j->text, "\"%s\":", key);
	return true;
}

void json_open(struct json *j, const char *key, char bracket)
{
	if (json_begin(j, key))
		text_add(&j->text, "%c", bracket);
	j->more = false;
}

void json_close(struct json *j, char bracket)
{
	if (!j->off)
		text_add(&j->text, "%c", bracket);
	j->more = true;
}

/* Adds the character C, which has LENGTH bytes at P. */
static void json_character(struct text *t, const unsigned char *p, size_t length, uint32_t c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = c ? memchr(plain, (int)c, sizeof plain - 1) : NULL;

	if (c < 0x80 && found)
		text_add(t, "\\%c", letters[found - plain]);
	else if (utf8_is_control(c))
		text_add(t, "\\u%04x", (unsigned)c);
	else
		text_put(t, p, length);
}

void json_bytes(struct json *j, const char *key, const void *text, size_t n)
{
	const unsigned char *p = text, *end = p + n;
	bool valid;

	if (j->off)
		return;
	valid = utf8_valid(text, n);
	json_comma(j);
	if (key)
		text_add(&j->text, "\"%s%s\":", key, valid ? "" : "_base64");
	text_add(&j->text, "\"");
	if (!valid)
		base64_add(&j->text, p, n);
	while (valid && p < end) {
		const unsigned char *from = p;
		uint32_t c = 0;
		/* All that needs no escape goes at once. */
		while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
			p++;
		text_put(&j->text, from, (size_t)(p - from));
		if (p == end)
			break;
		size_t length = utf8_length(p, (size_t)(end - p), &c);
		json_character(&j->text, p, length, c);
		p += length;
	}
	text_add(&j->text, "\"");
}

void json_string(struct json *j, const char *key, const char *text)
{
	if (text)
		json_bytes(j, key, text, strlen(text));
}

void json_bool(struct json *j, const char *key, bool value)
{
	if (json_begin(j, key))
		text_add(&j->text, "%s", value ? "true" : "false");
}

void json_number(struct json *j, const char *key, int64_t n)
{
	if (json_begin(j, key))
		text_add(&j->text, "%lld", (long long)n);
}

void json_milliseconds(struct json *j, const char *key, int64_t ns)
{
	if (json_begin(j, key))
		text_add(&j->text, "%lld.%03lld", (long long)(ns / MILLISECOND),
			 (long long)(ns % MILLISECOND / MICROSECOND));
}

void json_time(struct json *j, const char *key, int64_t ns)
{
	if (!json_begin(j, key))
		return;
	text_add(&j->text, "\"");
	text_time(&j->text, ns);
	text_add(&j->text, "\"");
}
