/* base64.h - bytes as text and back (RFC 4648, 4)
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Adds N BYTES in base64, with padding. */
void base64_add(struct text *out, const void *bytes, size_t n);

/* Adds what the N characters of base64 at IN mean. Returns false where they are none: a character
 * that is not of the alphabet, bits left over that are not 0, a padding that does not fit (it may
 * be missing). */
bool base64_read(struct text *out, const char *in, size_t n);

#endif
