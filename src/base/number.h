/* number.h - numbers, durations and sizes from words of the command line
 *
 * Each function takes the whole word: a sign, a blank, an empty word or trailing
 * characters are EINVAL, a value that is outside of the range or of the type is ERANGE.
 * Nothing is ever wrapped or rounded to something else.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

#define NANOSECOND INT64_C(1)
#define MICROSECOND (1000 * NANOSECOND)
#define MILLISECOND (1000 * MICROSECOND)
#define SECOND (1000 * MILLISECOND)

/* Not given: the value of a duration, number or size that no option has set. */
#define UNSET INT64_C(-1)

/* Decimal number from MIN to MAX (neither below 0) into *OUT.
 * Returns 0, or -1 with errno EINVAL or ERANGE. */
int number_parse(const char *word, int64_t min, int64_t max, int64_t *out);

/* DURATION (`2`, `0.5`, `250ms`, `3s`, `1m`, `2h`) in nanoseconds into *OUT; what is finer
 * than a nanosecond is cut. Returns 0, or -1 with errno EINVAL or ERANGE. */
int duration_parse(const char *word, int64_t *out);

/* SIZE (`512`, `64k`, `1M`, `1G`; powers of 1024) in bytes into *OUT.
 * Returns 0, or -1 with errno EINVAL or ERANGE. */
int size_parse(const char *word, int64_t *out);

/* NS nanoseconds as a person would write them (`250 ms`, `1.5 s`) into TEXT of SIZE bytes
 * (32 do). Returns TEXT. */
char *duration_format(char *text, unsigned size, int64_t ns);

/* BYTES with a unit (`512 B`, `1.5 MiB`) into TEXT of SIZE bytes (32 do). Returns TEXT. */
char *size_format(char *text, unsigned size, double bytes);

#endif
