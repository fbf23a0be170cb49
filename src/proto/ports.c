/* ports.c - sets of ports, and the lists that name them */
#include "proto/ports.h"

#include <stdbool.h>
#include <string.h>

#include "base/number.h"

void ports_add(struct ports *p, uint16_t first, uint16_t last)
{
	for (unsigned port = first; port <= last; port++)
		p->bits[port / 64] |= UINT64_C(1) << port % 64;
}

int ports_next(const struct ports *p, int from)
{
	for (int port = from; port < PORTS_MOST; port++) {
		if (port % 64 == 0 && !p->bits[port / 64])
			port += 63;
		else if (p->bits[port / 64] >> port % 64 & 1)
			return port;
	}
	return -1;
}

unsigned ports_count(const struct ports *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof p->bits / sizeof *p->bits; i++)
		for (uint64_t bits = p->bits[i]; bits; bits &= bits - 1)
			n++;
	return n;
}

/* May WORD be a name? A name has more than digits and signs, and no colon. */
static bool ports_may_be_name(const char *word, size_t n)
{
	bool letters = false;

	if (n == 0 || *word == '+' || *word == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)word[i];
		if (c <= ' ' || c == 0x7f || c == ':')
			return false;
		letters = letters || ((c < '0' || c > '9') && c != '-' && c != '+');
	}
	return letters;
}

enum ports_kind ports_item(const char **list, struct ports_item *item)
{
	const char *word = *list, *dash;
	size_t n;
	uint64_t first, last;

	if (!word)
		return PORTS_END;
	n = strcspn(word, ",");
	*list = word[n] ? word + n + 1 : NULL;
	*item = (struct ports_item){ .word = word, .length = n };
	if (ports_may_be_name(word, n))
		return PORTS_NAME;
	dash = memchr(word, '-', n);
	if (!digits_parse(word, dash ? (size_t)(dash - word) : n, PORTS_MOST - 1, &first))
		return PORTS_BAD;
	last = first;
	if ((dash &&
	     !digits_parse(dash + 1, n - (size_t)(dash + 1 - word), PORTS_MOST - 1, &last)) ||
	    last < first)
		return PORTS_BAD;
	item->first = (uint16_t)first;
	item->last = (uint16_t)last;
	return PORTS_RANGE;
}
