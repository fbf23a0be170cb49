/* mtu_search.h - which size to try next, of a path's MTU that is looked for: pure computation
 *
 * Sizes are those of whole packets of IP. First the largest that can be sent, then the usual ones,
 * then halves; in the end both sides of the border once more, as a path may change.
 */
#ifndef NET_MTU_SEARCH_H
#define NET_MTU_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MTU_PROBES 12 /* at most so many in all */

/* What became of a packet. */
enum mtu_fate {
	MTU_PASSED,
	MTU_LOST, /* it was not acknowledged in time */
	MTU_TOLD, /* ICMP says that it was too large */
};

struct mtu_probe {
	unsigned size;
	enum mtu_fate fate;
	int64_t ns; /* how long until that was known */
};

struct mtu_search {
	unsigned floor; /* what passes for certain */
	unsigned low;	/* the largest that has passed, at least `floor` */
	unsigned high;	/* the smallest that has not, or cannot be sent */
	unsigned top;	/* the largest that can be sent */
	size_t changes; /* how often one has passed, or not, that should not have */
	struct mtu_probe probes[MTU_PROBES];
	size_t n;
};

/* Begins a search from FLOOR, which passes, to TOP. */
void mtu_search_start(struct mtu_search *s, unsigned floor, unsigned top);

/* No more than TOP can be sent from now on. */
void mtu_search_bound(struct mtu_search *s, unsigned top);

/* Returns the size to try next; 0: it is over. */
unsigned mtu_search_next(const struct mtu_search *s);

/* Notes what became of P. It is one of at most MTU_PROBES. */
void mtu_search_note(struct mtu_search *s, struct mtu_probe p);

#endif
