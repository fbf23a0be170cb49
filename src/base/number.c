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

char *digits_format(char *text, uint64_t n)
{
	char digits[20];
	size_t i = sizeof digits;

	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (i < sizeof digits)
		*text++ = digits[i++];
	*text = '\0';
	return text;
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
	char name[4];
	int64_t factor; /* 0: the end of a table */
};

/* The factor of the unit that is all of WORD, 0 if there is no such unit. */
static int64_t unit_factor(const struct unit *units, const char *word)
{
	for (; units->factor; units++)
		if (!strcmp(units->name, word))
			return units->factor;
	return 0;
}

/* Reads WORD, digits with a decimal fraction or without one and a unit, into *OUT. What is finer
 * than 1 is cut off. Returns 0, or -1 with errno EINVAL or ERANGE. */
static int decimal_parse(const char *word, const struct unit *units, int64_t *out)
{
	const char *point;
	int64_t whole, factor, fraction = 0;
	int error = read_digits(&word, &whole);

	if (error == EINVAL)
		return fail(EINVAL);
	point = word;
	if (*word == '.') {
		word += 1 + strspn(word + 1, "0123456789");
		if (word == point + 1)
			return fail(EINVAL);
	}
	factor = unit_factor(units, word);
	/* What has no smaller unit has no fraction either. */
	if (!factor || (factor == 1 && word > point))
		return fail(EINVAL);
	/* From the last digit to the first: so it stays within 64 bits, and exact. */
	while (--word > point)
		fraction = ((*word - '0') * factor + fraction) / 10;
	if (error || whole > (INT64_MAX - fraction) / factor)
		return fail(ERANGE);
	*out = whole * factor + fraction;
	return 0;
}

int duration_parse(const char *word, int64_t *out)
{
	static const struct unit units[] = {
		{ "", SECOND },	      { "ms", MILLISECOND },  { "s", SECOND },
		{ "m", 60 * SECOND }, { "h", 3600 * SECOND }, { "", 0 },
	};

	return decimal_parse(word, units, out);
}

int size_parse(const char *word, int64_t *out)
{
	static const struct unit units[] = {
		{ "", 1 },	    { "k", 1 << 10 },	{ "K", 1 << 10 },     { "m", 1 << 20 },
		{ "M", 1 << 20 },   { "g", 1 << 30 },	{ "G", 1 << 30 },     { "KiB", 1 << 10 },
		{ "kiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 },   { "kB", 1000 },
		{ "KB", 1000 },	    { "MB", 1000000 },	{ "GB", 1000000000 }, { "", 0 },
	};

	return decimal_parse(word, units, out);
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

static const char size_units[][4] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };

/* Returns which of them fits BYTES, and divides *BYTES by it. */
static unsigned size_unit(double *bytes)
{
	unsigned i = 0;

	for (; *bytes >= 1024 && i + 1 < sizeof size_units / sizeof *size_units; i++)
		*bytes /= 1024;
	return i;
}

char *size_format(char *text, unsigned size, double bytes)
{
	unsigned i = size_unit(&bytes);

	snprintf(text, size, "%.*f %s", i > 0, bytes, size_units[i]);
	return text;
}

char *size_format_of(char *text, unsigned size, double bytes, double all)
{
	unsigned i = size_unit(&all);

	for (unsigned k = 0; k < i; k++)
		bytes /= 1024;
	snprintf(text, size, "%.*f of %.*f %s", i > 0, bytes, i > 0, all, size_units[i]);
	return text;
}
