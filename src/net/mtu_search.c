/* mtu_search.c - from one size of a packet to the next, until the border is found */
#include "net/mtu_search.h"

/* What links and tunnels have. In the order of the first ones they are asked until one passes. */
static const unsigned usual[] = { 1500, 1280, 576,  1006, 1300, 1320, 1340, 1360,
				  1380, 1400, 1412, 1420, 1430, 1440, 1450, 1454,
				  1460, 1472, 1476, 1480, 1492, 4352, 8896, 8950 };
enum { FIRST = 3, LIKELY = 4096, USUAL = 64 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

void mtu_search_start(struct mtu_search *s, unsigned floor, unsigned top)
{
	*s = (struct mtu_search){ .floor = floor, .low = floor, .high = top + 1, .top = top };
}

/* Returns the largest size up to MOST that has passed. */
static unsigned search_low(const struct mtu_search *s, unsigned most)
{
	unsigned low = s->floor;

	for (size_t i = 0; i < s->n; i++)
		if (s->probes[i].fate == MTU_PASSED && s->probes[i].size <= most &&
		    s->probes[i].size > low)
			low = s->probes[i].size;
	return low;
}

/* Returns the smallest size over LEAST that has not passed, or cannot be sent. */
static unsigned search_high(const struct mtu_search *s, unsigned least)
{
	unsigned high = s->top + 1;

	for (size_t i = 0; i < s->n; i++)
		if (s->probes[i].fate != MTU_PASSED && s->probes[i].size > least &&
		    s->probes[i].size < high)
			high = s->probes[i].size;
	return high;
}

void mtu_search_bound(struct mtu_search *s, unsigned top)
{
	if (top >= s->top)
		return;
	s->top = top;
	if (s->high > top)
		s->high = top + 1;
	if (s->low > top) {
		s->low = search_low(s, top);
		s->changes++;
	}
}

void mtu_search_note(struct mtu_search *s, struct mtu_probe p)
{
	bool passed = p.fate == MTU_PASSED;

	s->probes[s->n++] = p;
	/* The newest is right. */
	s->changes += passed ? p.size >= s->high : p.size <= s->low;
	if (passed && p.size > s->low)
		s->low = p.size;
	else if (!passed && p.size < s->high)
		s->high = p.size;
	if (s->low >= s->high && passed)
		s->high = search_high(s, p.size);
	else if (s->low >= s->high)
		s->low = search_low(s, p.size - 1);
}

/* Returns how much likelier SIZE is the MTU of a path than any other of SPAN. */
static unsigned search_weight(unsigned size, unsigned span)
{
	for (size_t i = 0; i < COUNT(usual); i++)
		if (usual[i] == size)
			return i < FIRST ? LIKELY + span : USUAL + span;
	return 1;
}

/* Returns the size that parts what is possible, from LOW to one less than HIGH, into halves that
 * are equally likely. Where as many halvings as are left find the border in any case they are to,
 * and sizes that pass are tried first: that is known sooner. */
static unsigned search_between(const struct mtu_search *s)
{
	unsigned reach = 1U << (MTU_PROBES - s->n - 1), span = s->high - s->low;
	unsigned size = s->high;
	bool whole = span <= 2 * reach;
	uint64_t all = 0, above = 0;

	for (unsigned at = s->low; at < s->high; at++)
		all += search_weight(at, span);
	while (size > s->low + 1 && above < (whole ? all - all / 3 : all / 2))
		above += search_weight(--size, span);
	if (!whole)
		return size;
	if (size + reach < s->high)
		return s->high - reach;
	return size > s->low + reach ? s->low + reach : size;
}

/* Returns that side of the border which is to be asked once more, 0: neither. */
static unsigned search_confirm(const struct mtu_search *s)
{
	size_t failed = 0;
	bool fresh = s->low == s->floor;

	for (size_t i = 0; i < s->n; i++) {
		const struct mtu_probe *p = &s->probes[i];
		failed += p->size == s->high && p->fate != MTU_PASSED;
		fresh = p->fate == MTU_PASSED ? fresh || p->size == s->low : s->low == s->floor;
	}
	/* What cannot be sent cannot be asked. */
	return s->high <= s->top && failed < 2 ? s->high : fresh ? 0 : s->low;
}

unsigned mtu_search_next(const struct mtu_search *s)
{
	if (s->n == MTU_PROBES)
		return 0;
	if (s->high > s->top && s->low < s->top)
		return s->top;
	if (s->high - s->low == 1)
		return search_confirm(s);
	for (size_t i = 0; i < FIRST && s->low == s->floor; i++)
		if (usual[i] > s->low && usual[i] < s->high)
			return usual[i];
	return s->low == s->floor ? s->floor + 1 : search_between(s);
}
