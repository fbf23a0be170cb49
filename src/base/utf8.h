/* utf8.h - characters of UTF-8 (RFC 3629) */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MOST 4 /* bytes of a character */

/* Decodes the character at P, of at most N (from 1) bytes, into *POINT: the shortest form alone, no
 * surrogates, up to U+10FFFF. Returns its length, or 0 if there is no character. */
size_t utf8_length(const unsigned char *p, size_t n, uint32_t *point);

/* Are the N bytes at P valid UTF-8? */
bool utf8_valid(const void *p, size_t n);

/* Would POINT, shown as it is, not show itself, and change how others are shown? So do C0, DEL and
 * C1, the separators of lines and paragraphs (U+2028, U+2029), and what sets the direction of the
 * text behind it (U+202A to U+202E, U+2066 to U+2069). */
bool utf8_is_control(uint32_t point);

/* How many characters TEXT has; a byte that is no UTF-8 counts as one. */
size_t utf8_columns(const char *text);

#endif
