/* hexdump.h - bytes in rows of hexadecimal digits */
#ifndef BASE_HEXDUMP_H
#define BASE_HEXDUMP_H

#include "base/text.h"

/* Adds the N bytes at DATA to T, as hexdump(1) -C writes them: in rows of 16, each behind its
 * OFFSET, which is that of the first one, and ended by NEWLINE, of one or two characters. */
void hexdump_add(struct text *t, uint64_t offset, const void *data, size_t n, const char *newline);

#endif
