/* number.h - numbers, durations and sizes: from words of the command line, and as text
 *
 * A function that reads takes the whole word. A sign, a blank, an empty word or trailing characters
 * are EINVAL; a value outside the range or the type is ERANGE. Nothing is wrapped or rounded: of a
 * decimal fraction what is too fine is cut off.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NANOSECOND INT64_C(1)
#define MICROSECOND (1000 * NANOSECOND)
#define MILLISECOND (1000 * MICROSECOND)
#define SECOND (1000 * MILLISECOND)

/* The value of a duration, number or size that no option has set. */
#define UNSET INT64_C(-1)

/* Reads a decimal number from MIN to MAX (neither below 0) into *OUT. Returns 0, or -1 with errno
 * EINVAL or ERANGE. */
int number_parse(const char *word, int64_t min, int64_t max, int64_t *out);

/* Returns the value of the hexadecimal digit C, in either case, or -1 if it is none. */
int digit_value(char c);

/* Reads the N bytes at DIGITS, no NUL ends them, as a decimal number up to MOST (from 9) into *OUT.
 * Returns false if they are none or it is larger. */
bool digits_parse(const char *digits, size_t n, uint64_t most, uint64_t *out);

/* Writes N in decimal to TEXT, of which 21 bytes are always enough. Returns where its NUL stands.
 */
char *digits_format(char *text, uint64_t n);

/* Reads a duration (`2`, `0.5`, `250ms`, `3s`, `1m`, `2h`) into *OUT, in nanoseconds.
 * Returns 0, or -1 with errno EINVAL or ERANGE. */
int duration_parse(const char *word, int64_t *out);

/* Reads a size (`512`, `64k`, `1.5M`, `1G`, `10MiB`: powers of 1024; `10MB`: of 1000) into *OUT, in
 * bytes. Returns 0, or -1 with errno EINVAL or ERANGE. */
int size_parse(const char *word, int64_t *out);

/* Writes NS nanoseconds as a person would (`250 ms`, `1.5 s`) to TEXT, of SIZE bytes; 32 are
 * enough. Returns TEXT. */
char *duration_format(char *text, unsigned size, int64_t ns);

/* Writes BYTES with a unit (`512 B`, `1.5 MiB`) to TEXT, of SIZE bytes; 32 are enough. Returns
 * TEXT.
 */
char *size_format(char *text, unsigned size, double bytes);

/* The same for BYTES out of ALL, with ALL's unit: `0.5 of 60.0 MiB`; 40 are enough. */
char *size_format_of(char *text, unsigned size, double bytes, double all);

#endif
