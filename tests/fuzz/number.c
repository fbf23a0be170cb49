/* number.c - numbers, durations and sizes: an input is one word. */
#include "fuzz.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/number.h"

#define UNTOUCHED INT64_C(-77)

/* RESULT is that of a parser: says whether the word was accepted. What is refused has its errno and
 * changes nothing. */
static bool accepted(int result, int64_t value)
{
	if (result == 0)
		return true;
	CHECK(result == -1 && (errno == EINVAL || errno == ERANGE) && value == UNTOUCHED);
	return false;
}

static bool all_digits(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

static void check_number(const char *word)
{
	static const int64_t ranges[][2] = { { 0, INT64_MAX }, { 0, 65535 }, { 1, 255 }, { 3, 3 } };
	char text[32];

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		int64_t min = ranges[i][0], max = ranges[i][1], n = UNTOUCHED, again;
		if (!accepted(number_parse(word, min, max, &n), n)) {
			CHECK((errno == ERANGE) == all_digits(word));
			continue;
		}
		CHECK(n >= min && n <= max && all_digits(word));
		snprintf(text, sizeof text, "%lld", (long long)n);
		CHECK(!strcmp(text, word + strspn(word, "0")) || (n == 0 && *word == '0'));
		CHECK(number_parse(text, min, max, &again) == 0 && again == n);
	}
}

/* WORD, a decimal fraction and a unit, in nanoseconds: seen as numbers are taught at school. */
static long double exact_duration(const char *word)
{
	long double n = strtold(word, NULL);
	const char *unit = word + strspn(word, "0123456789.");

	return n * (!strcmp(unit, "ms") ? 1e6L :
		    !strcmp(unit, "m")	? 60e9L :
		    !strcmp(unit, "h")	? 3600e9L :
					  1e9L);
}

static void check_duration(const char *word)
{
	char text[32], same[40];
	int64_t ns = UNTOUCHED, again;
	long double exact;

	if (!accepted(duration_parse(word, &ns), ns))
		return;
	exact = exact_duration(word);
	/* Cut, never rounded up; strtold(3) itself keeps 64 bits. */
	CHECK(ns >= 0 && (long double)ns <= exact + 1 && (long double)ns >= exact - 4);
	snprintf(same, sizeof same, "%lld.%09llds", (long long)(ns / SECOND),
		 (long long)(ns % SECOND));
	/* The last second of all time is left out, so that nothing there need be added with care.
	 */
	CHECK(duration_parse(same, &again) == 0 ? again == ns :
						  ns / SECOND >= INT64_MAX / SECOND - 1);
	CHECK(duration_format(text, sizeof text, ns) == text && strlen(text) < sizeof text - 1);
}

static void check_size(const char *word)
{
	char text[32];
	int64_t bytes = UNTOUCHED, n, factor;
	char unit = '\0';

	if (!accepted(size_parse(word, &bytes), bytes))
		return;
	CHECK(sscanf(word, "%lld%c", (long long *)&n, &unit) >= 1);
	factor = unit == '\0'		    ? 1 :
		 unit == 'k' || unit == 'K' ? 1 << 10 :
		 unit == 'm' || unit == 'M' ? 1 << 20 :
					      1 << 30;
	CHECK(bytes >= 0 && bytes % factor == 0 && bytes / factor == n);
	CHECK(size_format(text, sizeof text, (double)bytes) == text &&
	      strlen(text) < sizeof text - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = take_string(data, size);

	check_number(word);
	check_duration(word);
	check_size(word);
	free(word);
	return 0;
}
