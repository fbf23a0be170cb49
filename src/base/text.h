/* text.h - texts that grow, and texts of a fixed size
 *
 * Memory: a function that cannot get memory returns an error, mostly -1 with ENOMEM, and its caller
 * says so and ends what it was about: one connection, or the run. A text that grows keeps the
 * failure itself, so that it is looked at once, at its end. Where nobody above could be given an
 * error (loop/loop.h) it ends the loop's run.
 */
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
	bool failed; /* memory ran out: this is only the beginning of the text */
	bool lent;   /* `data` is not ours */
};

/* A text that begins in ARRAY, so that one which says that memory has run out needs none itself. */
#define TEXT_IN(array)                                                                             \
	{                                                                                          \
		.data = (array), .size = sizeof(array), .lent = true                               \
	}
#define TEXT_ROOM 1024 /* enough for a message */

/* Adds what printf(3) would print. */
__attribute__((format(printf, 2, 3))) void text_add(struct text *t, const char *format, ...);

/* Adds N BYTES. */
void text_put(struct text *t, const void *bytes, size_t n);

/* Makes room for N bytes more. Returns the place behind T's end for them, where the caller adds to
 * `length` what it has written, or NULL if memory runs out. */
char *text_room(struct text *t, size_t n);

/* Adds the time NS nanoseconds since 1970 (CLOCK_REALTIME) as RFC 3339 writes it, in UTC, to the
 * microsecond. */
void text_time(struct text *t, int64_t ns);

/* Adds N blanks. */
void text_blanks(struct text *t, size_t n);

/* Adds WORDS and a newline, broken at blanks so that lines end before column WIDTH. The first line
 * begins at column COLUMN, where the text stands now, further ones at column INDENT. */
void text_wrap(struct text *t, const char *words, size_t column, size_t indent, size_t width);

bool text_equal(const struct text *a, const struct text *b);

/* Writes all of T to FD, which may be non-blocking. Returns 0, or -1 with errno of write(2), or
 * ENOMEM if T is incomplete. */
int text_write(const struct text *t, int fd);

void text_free(struct text *t);

/* Are the N bytes at A and at B the same? The time that this takes tells nothing of them. */
bool text_equal_secret(const char *a, const char *b, size_t n);

/* ---- texts of a fixed size ---- */

/* Walks over words that have one blank between them: returns the first word of *REST, with its
 * length in *N, and moves *REST behind it. NULL at the end, or if *REST is NULL. */
const char *text_word(const char **rest, size_t *n);

/* Does WORD begin with BEGIN? */
bool text_begins(const char *word, const char *begin);

/* Copies WORD to AT, as much as fits before END, and a NUL. Returns where the NUL stands, which is
 * before END. */
char *text_append(char *at, const char *end, const char *word);

/* As vsnprintf(3) into OUT of SIZE bytes, but a text that is too long loses its middle, as by
 * text_shorten(). */
__attribute__((format(printf, 3, 0))) void text_fit(char *out, size_t size, const char *format,
						    va_list list);

/* Shortens TEXT to at most MOST (from 16) bytes: its beginning, `...`, and its end, since a message
 * quotes a word before it says what is wrong with it. Returns the length. */
size_t text_shorten(char *text, size_t most);

/* Writes TEXT, of N bytes, to OUT in a form that is safe to show: control characters (see
 * utf8_is_control()) and bytes that are not UTF-8 (RFC 3629) become \n, \t, \r or \xHH, and with
 * BACKSLASH a backslash becomes \\. OUT has SIZE bytes, of which 4 * N + 1 are always enough. A
 * longer text is cut between characters. OUT is always ended by NUL. Returns its length. */
size_t text_escape(char *out, size_t size, const char *text, size_t n, bool backslash);

/* Adds TEXT, of N bytes, to T in the same form, all of it. */
void text_put_escaped(struct text *t, const char *text, size_t n, bool backslash);

/* Adds to T what WORD means, in which `\n`, `\r`, `\t`, `\0`, `\\` and `\xHH` stand for bytes.
 * Returns NULL, or where in WORD a backslash is followed by something else. */
const char *text_unescape(struct text *t, const char *word);

#endif
