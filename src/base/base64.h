/* base64.h - bytes as text and back (RFC 4648, section 4) */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Adds N BYTES in base64, with padding. */
void base64_add(struct text *out, const void *bytes, size_t n);

/* Decodes the N characters of base64 at IN, and adds the bytes to OUT. Returns false if they are
 * not valid: a character outside the alphabet, left-over bits that are not 0, or padding of the
 * wrong length (it may be missing). */
bool base64_read(struct text *out, const char *in, size_t n);

#endif
