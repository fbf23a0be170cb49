/* text.h - a text that grows */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Adds NS nanoseconds since 1970 (CLOCK_REALTIME) as RFC 3339 has it, in UTC, to the microsecond.
 */
void text_time(struct text *t, int64_t ns);

/* Adds WORDS, broken at blanks so that lines end before column WIDTH; the text stands in column
 * COLUMN now, further lines begin at column INDENT. Adds the newline too. */
void text_wrap(struct text *t, const char *words, size_t column, size_t indent, size_t width);

bool text_equal(const struct text *a, const struct text *b);

/* Writes all of T to FD, whatever its flags are. Returns 0, or -1 with errno. */
int text_write(const struct text *t, int fd);

void text_free(struct text *t);

/* Are the N bytes at A and at B the same? The time that this takes tells nothing of them. */
bool text_equal_secret(const char *a, const char *b, size_t n);

/* ---- texts of a fixed size ---- */

/* A walk over WORDS, which have one blank between them: the first of *REST, which moves behind it,
 * and its length in *N. NULL at the end, and where *REST is NULL. */
const char *text_word(const char **rest, size_t *n);

/* As vsnprintf(3) into OUT of SIZE bytes, but what is too long is cut in its middle, as
 * text_shorten() does. */
__attribute__((format(printf, 3, 0))) void text_fit(char *out, size_t size, const char *format,
						    va_list list);

/* Leaves at most MOST (from 16) bytes of TEXT, its beginning and its end with `...` between them:
 * what is quoted in a message stands before what is wrong with it. Returns the length. */
size_t text_shorten(char *text, size_t most);

/* TEXT of N bytes as it may be shown: control characters (C0, DEL, C1) and bytes that are not
 * UTF-8 (RFC 3629) become \n, \t, \r, \xHH, a backslash \\ only if BACKSLASH. Fills OUT of SIZE
 * bytes, always ended by NUL, cut between characters where it does not fit; four times N and 1
 * always fit. Returns the length. */
size_t text_escape(char *out, size_t size, const char *text, size_t n, bool backslash);

#endif
