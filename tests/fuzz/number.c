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

/* Is N just EXACT, without its fraction? strtold(3) itself keeps 64 bits. */
static bool is_cut(int64_t n, long double exact)
{
	return n >= 0 && (long double)n <= exact + 1 && (long double)n >= exact - 2;
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
	CHECK(is_cut(ns, exact));
	snprintf(same, sizeof same, "%lld.%09llds", (long long)(ns / SECOND),
		 (long long)(ns % SECOND));
	CHECK(duration_parse(same, &again) == 0 && again == ns);
	CHECK(duration_format(text, sizeof text, ns) == text && strlen(text) < sizeof text - 1);
}

static void check_size(const char *word)
{
	static const char letters[] = "kKmMgG";
	const char *unit = word + strspn(word, "0123456789."), *letter;
	char text[40];
	int64_t bytes = UNTOUCHED;
	long double factor = 1;

	if (!accepted(size_parse(word, &bytes), bytes))
		return;
	letter = *unit ? strchr(letters, *unit) : NULL;
	CHECK(letter ? !unit[1] || !strcmp(unit + 1, "B") || !strcmp(unit + 1, "iB") : !*unit);
	for (long n = letter ? (letter - letters) / 2 + 1 : 0; n > 0; n--)
		factor *= !strcmp(unit + 1, "B") ? 1000 : 1024;
	CHECK(*unit || !strchr(word, '.'));
	CHECK(is_cut(bytes, strtold(word, NULL) * factor));
	CHECK(size_format(text, sizeof text, (double)bytes) == text &&
	      strlen(text) < sizeof text - 9);
	CHECK(size_format_of(text, sizeof text, (double)bytes / 2, (double)bytes) == text &&
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
