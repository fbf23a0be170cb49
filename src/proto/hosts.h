/* hosts.h - hosts(5): addresses and the names that each has */
#ifndef PROTO_HOSTS_H
#define PROTO_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

/* A word in the file's text, without a NUL. */
struct hosts_word {
	const char *text;
	size_t n;
};

struct hosts_reader {
	const char *at, *end;
	size_t line; /* the number of the line that was read last, from 1 */
};

/* Lets R read the N bytes at TEXT, which must live as long as the words. */
void hosts_start(struct hosts_reader *r, const char *text, size_t n);

/* Puts the words of the next line that has any into WORDS, at most MOST (from 1); more are skipped.
 * In hosts(5) the first is the address. `#` begins a comment. Returns how many; 0 at the end. */
size_t hosts_next(struct hosts_reader *r, struct hosts_word *words, size_t most);

/* Is W the word TEXT? Letters of either case are the same. */
bool hosts_is(const struct hosts_word *w, const char *text);

#endif
