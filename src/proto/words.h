/* words.h - lines of words, as hosts(5), services(5), nsswitch.conf(5) and resolv.conf(5) have them
 *
 * Blanks stand between the words, and `#` begins a comment.
 */
#ifndef PROTO_WORDS_H
#define PROTO_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a file's text. No NUL ends them. */
struct word {
	const char *text;
	size_t n;
};

/* Is W the word TEXT? */
bool word_is(const struct word *w, const char *text);

/* The same, but letters of either case are the same. */
bool word_is_in_any_case(const struct word *w, const char *text);

/* Takes the first word off *LIST, which begins with it or is empty, to *OUT. Returns whether there
 * was one. */
bool word_next(struct word *list, struct word *out);

/* Start with AT and END set: the text, which must live as long as its words. */
struct words_reader {
	const char *at, *end;
	size_t line; /* the number of the line that was read last, from 1 */
};

/* Sets *LINE to the next line that has words, without its comment and the blanks around it. Returns
 * false at the end. */
bool words_line(struct words_reader *r, struct word *line);

/* Sets *LINE to the next line as it is, without its newline. As for the libcs, a NUL ends it too.
 * Returns false at the end. */
bool words_raw_line(struct words_reader *r, struct word *line);

/* Puts the words of the next line that has any into WORDS, at most MOST (from 1); more are skipped.
 * Returns how many; 0 at the end. */
size_t words_next(struct words_reader *r, struct word *words, size_t most);

#endif
