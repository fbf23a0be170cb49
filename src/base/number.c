/* number.c - numbers, durations and sizes: from words, and as a person would write them */
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int fail(int error)
{
	errno = error;
	return -1;
}

/* Reads the digits at *WORD, which moves behind them, into *OUT. Returns 0, EINVAL where there are
 * none, or ERANGE. All digits are read before a verdict, so that `99999999999999999999x` is
 * nonsense and not merely too large. */
static int read_digits(const char **word, int64_t *out)
{
	const char *p = *word;
	int error = 0;

	*out = 0;
	if (*p < '0' || *p > '9')
		return EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		int digit = *p - '0';
		if (*out > (INT64_MAX - digit) / 10)
			error = ERANGE;
		else
			*out = *out * 10 + digit;
	}
	*word = p;
	return error;
}

int number_parse(const char *word, int64_t min, int64_t max, int64_t *out)
{
	int64_t n;
	int error = read_digits(&word, &n);

	if (error == EINVAL || *word != '\0')
		return fail(EINVAL);
	if (error || n < min || n > max)
		return fail(ERANGE);
	*out = n;
	return 0;
}

int digit_value(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

bool digits_parse(const char *digits, size_t n, uint64_t most, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(digits[i] - '0');
		if (digit > 9 || *out > (most - digit) / 10)
			return false;
		*out = *out * 10 + digit;
	}
	return n > 0;
}

struct unit {
	const char *name;
	int64_t factor;
};

/* The factor of the unit that is all of WORD, 0 if there is no such unit. */
static int64_t unit_factor(const struct unit *units, const char *word)
{
	for (; units->name; units++)
		if (!strcmp(units->name, word))
			return units->factor;
	return 0;
}

int duration_parse(const char *word, int64_t *out)
{
	static const struct unit units[] = {
		{ "", SECOND },	      { "ms", MILLISECOND },  { "s", SECOND },
		{ "m", 60 * SECOND }, { "h", 3600 * SECOND }, { NULL, 0 },
	};
	int64_t whole, factor, part = 0, scale = 1;
	int error = read_digits(&word, &whole);

	if (error == EINVAL)
		return fail(EINVAL);
	if (*word == '.') {
		word++;
		if (*word < '0' || *word > '9')
			return fail(EINVAL);
		for (; *word >= '0' && *word <= '9'; word++)
			/* An hour has 3.6e12 ns: what is beyond 13 digits cannot count. */
			if (scale < INT64_C(10000000000000)) {
				part = part * 10 + (*word - '0');
				scale *= 10;
			}
	}
	factor = unit_factor(units, word);
	if (!factor)
		return fail(EINVAL);
	if (error || whole > INT64_MAX / factor - 1)
		return fail(ERANGE);
	/* part/scale of a factor without leaving 64 bits: digit by digit. */
	int64_t fraction = 0;
	for (int64_t f = factor; scale > 1; part %= scale) {
		scale /= 10;
		int64_t digit = part / scale;
		fraction += digit * f / 10;
		f /= 10;
	}
	*out = whole * factor + fraction;
	return 0;
}

int size_parse(const char *word, int64_t *out)
{
	static const struct unit units[] = {
		{ "", 1 },	  { "k", 1 << 10 }, { "K", 1 << 10 }, { "m", 1 << 20 },
		{ "M", 1 << 20 }, { "g", 1 << 30 }, { "G", 1 << 30 }, { NULL, 0 },
	};
	int64_t n, factor = 0;
	int error = read_digits(&word, &n);

	if (error != EINVAL)
		factor = unit_factor(units, word);
	if (!factor)
		return fail(EINVAL);
	if (error || n > INT64_MAX / factor)
		return fail(ERANGE);
	*out = n * factor;
	return 0;
}

char *duration_format(char *text, unsigned size, int64_t ns)
{
	if (ns < SECOND)
		snprintf(text, size, "%.3g ms", (double)ns / (double)MILLISECOND);
	else if (ns < 60 * SECOND)
		snprintf(text, size, "%.4g s", (double)ns / (double)SECOND);
	else if (ns < 3600 * SECOND)
		snprintf(text, size, "%.4g min", (double)ns / (60.0 * (double)SECOND));
	else
		snprintf(text, size, "%.6g h", (double)ns / (3600.0 * (double)SECOND));
	return text;
}

char *size_format(char *text, unsigned size, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	unsigned i = 0;

	for (; bytes >= 1024 && i + 1 < sizeof units / sizeof *units; i++)
		bytes /= 1024;
	snprintf(text, size, i ? "%.1f %s" : "%.0f %s", bytes, units[i]);
	return text;
}
