/* ports.h - sets of ports, and the lists that they are written as: `22,80,8000-8100,https` */
#ifndef PROTO_PORTS_H
#define PROTO_PORTS_H

#include <stddef.h>
#include <stdint.h>

#define PORTS_MOST 65536

/* A set of ports; all zero: an empty one. */
struct ports {
	uint64_t bits[PORTS_MOST / 64];
};

/* Adds the ports from FIRST to LAST. */
void ports_add(struct ports *p, uint16_t first, uint16_t last);

/* Returns the lowest port of P that is not below FROM; -1: there is none. */
int ports_next(const struct ports *p, int from);

/* Returns how many ports P has. */
unsigned ports_count(const struct ports *p);

enum ports_kind {
	PORTS_END,   /* there are no more */
	PORTS_RANGE, /* from `first` to `last`, which may be the same */
	PORTS_NAME,  /* a word that may name a service (RFC 6335, 5.1, and older names) */
	PORTS_BAD, /* an empty word, a sign, a number over 65535, a range that ends before it begins
		    */
};

/* A member of a list. */
struct ports_item {
	const char *word; /* in the list, */
	size_t length;	  /* not ended by NUL */
	uint16_t first, last;
};

/* Reads the member at *LIST into *ITEM. Commas separate the members. *LIST moves behind it, and is
 * NULL after the last. */
enum ports_kind ports_item(const char **list, struct ports_item *item);

#endif
