/* suggest.c - finds the words that are nearest to a mistyped one */
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define SHORTEST 3 /* with one edit half of a shorter word is another */
#define LONGEST 63
#define CONTAINED_LEAST 3

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The optimal string alignment distance of A and B, by three rows of the usual table. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][LONGEST + 2];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= nb; j++)
		last[j] = before[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);
			row[j] = min(last[j - 1] + (x != y), 1 + min(last[j], row[j - 1]));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				row[j] = min(row[j], before[j - 2] + 1);
		}
		unsigned *t = before;
		before = last;
		last = row;
		row = t;
	}
	return last[nb];
}

static bool contains(const char *text, size_t m, const char *word, size_t n)
{
	for (size_t i = 0; i + n <= m; i++)
		if (!strncasecmp(text + i, word, n))
			return true;
	return false;
}

void suggest(struct suggestion *s, const char *candidate)
{
	size_t n = strlen(s->word), m = strlen(candidate);
	unsigned d;
	int i;

	if (n < SHORTEST || n > LONGEST || m > LONGEST)
		return;
	d = distance(s->word, n, candidate, m);
	if (d > (n < 6 ? 1 + n / 4 : n / 3)) {
		if (n < CONTAINED_LEAST || !contains(candidate, m, s->word, n))
			return;
		d += LONGEST;
	}
	for (i = SUGGESTIONS; i > 0 && (!s->near[i - 1] || d < s->distances[i - 1]); i--)
		if (i < SUGGESTIONS) {
			s->near[i] = s->near[i - 1];
			s->distances[i] = s->distances[i - 1];
		}
	if (i < SUGGESTIONS) {
		s->near[i] = candidate;
		s->distances[i] = d;
	}
}
