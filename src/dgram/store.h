/* store.h - datagrams kept, to be sent again */
#ifndef DGRAM_STORE_H
#define DGRAM_STORE_H

#include <stddef.h>

#include "base/text.h"
#include "sock/datagram.h"

/* Start with { 0 }; datagram_store_free() in the end. */
struct datagram_store {
	struct text text; /* each after its length */
	size_t at;	  /* what has been given again */
};

/* Adds the N at V, unless S would become larger than MOST bytes or memory runs out. Returns 0, or
 * -1 with errno EFBIG or ENOMEM. */
int datagram_store_add(struct datagram_store *s, const struct dgram *v, size_t n, size_t most);

/* The next of them, at most MOST, into V, good until one is added. Returns how many, 0 after the
 * last. */
size_t datagram_store_next(struct datagram_store *s, struct dgram *v, size_t most);

/* From the first one again. */
void datagram_store_again(struct datagram_store *s);

void datagram_store_free(struct datagram_store *s);

#endif
