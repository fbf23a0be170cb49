/* text.h - a text that grows */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Start with { 0 }; text_free() in the end. */
struct text {
	char *data; /* no NUL at its end */
	size_t length, size;
	bool failed; /* memory ran out: the text is not complete */
};

/* Adds what printf(3) would print. */
__attribute__((format(printf, 2, 3))) void text_add(struct text *t, const char *format, ...);

/* Adds N BYTES. */
void text_put(struct text *t, const void *bytes, size_t n);

/* Adds WORDS, broken at blanks so that lines end before column WIDTH; the text stands in column
 * COLUMN now, further lines begin at column INDENT. Adds the newline too. */
void text_wrap(struct text *t, const char *words, size_t column, size_t indent, size_t width);

bool text_equal(const struct text *a, const struct text *b);

/* Writes all of T to FD, whatever its flags are. Returns 0, or -1 with errno. */
int text_write(const struct text *t, int fd);

void text_free(struct text *t);

#endif
