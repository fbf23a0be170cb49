/* check_mtu_search.c - src/net/mtu_search.c against every path that there can be */
#include <stdbool.h>
#include <stdio.h>

#include "net/mtu_search.h"

enum { FLOOR = 52 };

static int wrong;

static void check(bool right, const char *what, unsigned top, unsigned mtu,
		  const struct mtu_search *s)
{
	if (right)
		return;
	wrong = 1;
	printf("%s: top %u, path %u: from %u to %u after %zu, %zu changes\n", what, top, mtu,
	       s->low, s->high, s->n, s->changes);
}

/* What becomes of SIZE, probe number N, where the path takes MTU: OTHER from probe SINCE on. */
static enum mtu_fate fate(unsigned size, size_t n, unsigned mtu, size_t since, unsigned other)
{
	return size <= (n < since ? mtu : other) ? MTU_PASSED : MTU_LOST;
}

static struct mtu_search search(unsigned top, unsigned mtu, size_t since, unsigned other)
{
	struct mtu_search s;
	unsigned size;

	mtu_search_start(&s, FLOOR, top);
	while ((size = mtu_search_next(&s))) {
		check(s.low < s.high && size > s.floor && size <= s.top, "size", top, mtu, &s);
		mtu_search_note(&s,
				(struct mtu_probe){ size, fate(size, s.n, mtu, since, other), 0 });
	}
	return s;
}

/* A path that does not change: the border is found, or at least not missed. */
static void check_steady(unsigned top, unsigned mtu)
{
	struct mtu_search s = search(top, mtu, MTU_PROBES, 0);

	check(s.low <= mtu && s.changes == 0, "steady", top, mtu, &s);
	check(s.high > mtu || mtu >= top, "steady", top, mtu, &s);
	if ((mtu >= 1280 && mtu <= 1500) || mtu == 1006 || mtu == 576 || mtu >= top)
		check(s.high - s.low == 1, "exact", top, mtu, &s);
	else if (mtu <= 1280)
		check(s.high - s.low <= 64, "nearly exact", top, mtu, &s);
}

/* A path that becomes another after its first SINCE probes: where that can be seen, it is. */
static void check_change(unsigned mtu, size_t since, unsigned other)
{
	struct mtu_search s = search(1500, mtu, since, other);
	size_t n = search(1500, mtu, MTU_PROBES, 0).n;

	/* The last probe asks what has passed. */
	if (since < n - 1 && s.n < MTU_PROBES)
		check(s.low == other && s.high == other + 1, "change", mtu, other, &s);
}

int main(void)
{
	static const unsigned tops[] = { 576, 1280, 1492, 1500, 9000 };

	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
		for (unsigned mtu = FLOOR + 1; mtu <= tops[i]; mtu += mtu < 1510 ? 1 : 97)
			check_steady(tops[i], mtu);
	for (unsigned mtu = 1280; mtu <= 1500; mtu += 10)
		for (unsigned other = 1280; other <= 1500; other += 20)
			for (size_t since = 1; since < MTU_PROBES; since++)
				check_change(mtu, since, other);
	return wrong;
}
