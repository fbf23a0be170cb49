/* json.h - JSON (RFC 8259) written into a text, a member at a time
 *
 * KEY is NULL in an array, and for the outermost value. If memory runs out, the text says so (see
 * text.h).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Start with { 0 }; text_free(&j->text) in the end. */
struct json {
	struct text text;
	bool more; /* a comma comes before the next member */
	bool off;  /* nobody wants it: nothing is written */
};

/* Begins and ends an object (BRACKET '{' and '}') or an array ('[' and ']'). */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

/* Adds TEXT, of N bytes, as a string. Control characters (see utf8_is_control()) are escaped, so
 * that none reaches a terminal. A TEXT that is not UTF-8 becomes base64 (RFC 4648, section 4), its
 * key `KEY_base64`. */
void json_bytes(struct json *j, const char *key, const void *text, size_t n);
/* Adds TEXT as json_bytes() does; NULL: adds nothing. */
void json_string(struct json *j, const char *key, const char *text);

void json_bool(struct json *j, const char *key, bool value);

void json_number(struct json *j, const char *key, int64_t n);

/* Adds NS nanoseconds as a number of milliseconds, to the microsecond. */
void json_milliseconds(struct json *j, const char *key, int64_t ns);

/* Adds NS nanoseconds since 1970 (CLOCK_REALTIME) as a string: the time in UTC as RFC 3339 writes
 * it, to the microsecond. */
void json_time(struct json *j, const char *key, int64_t ns);

#endif
