/* pattern.h - POSIX extended regular expressions, matched byte by byte as the bytes come
 *
 * Whether and where an expression matches does not depend on how the bytes were cut: a match is
 * taken as soon as there is one, that is of all matches the one that ends first. Only what ends by
 * `$` has to wait for the line's end. So a run keeps no bytes, however many come.
 *
 * Bytes are bytes, NUL too, whatever the locale. `^` matches at a line's beginning and `$` before
 * LF or CR LF; `.` and `[^...]` match any byte but LF. There are no back-references.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct pattern;

/* Parses WORD, in which \xHH, \n, \r, \t and \0 are bytes, in brackets too. Returns the pattern, to
 * be freed by pattern_free(); or NULL with *WHY in words and *AT in WORD where it is wrong; *WHY is
 * NULL where there is no memory. */
struct pattern *pattern_parse(const char *word, const char **why, const char **at);

void pattern_free(struct pattern *p);

/* How many bytes a run of P needs; a multiple of what any type has to be aligned to. */
size_t pattern_room(const struct pattern *p);

/* Where a match ends. */
enum pattern_match {
	PATTERN_NONE,
	PATTERN_BEHIND,	   /* behind the byte that has come */
	PATTERN_BEFORE,	   /* before it, which is LF: by `$` */
	PATTERN_BEFORE_CR, /* before the CR that came just before it, which is LF */
};

/* Begins a run of P in ROOM, at a line's beginning where LINE. Returns whether P matches nothing at
 * all, that is at once. */
bool pattern_begin(const struct pattern *p, void *room, bool line);

/* C comes, at a line's beginning where LINE; does the end of this line count for `$` (ENDS)? After
 * a match the run is over. */
enum pattern_match pattern_take(const struct pattern *p, void *room, unsigned char c, bool line,
				bool ends);

#endif
