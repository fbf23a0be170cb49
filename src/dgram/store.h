/* store.h - datagrams kept, to be sent again */
#ifndef DGRAM_STORE_H
#define DGRAM_STORE_H

#include <stddef.h>

#include "base/text.h"
#include "sock/datagram.h"

/* Start with { 0 }; dgram_store_free() in the end. */
struct dgram_store {
	struct text text; /* the length of each, a size_t, and its bytes */
	size_t at;	  /* where the next one stands; the owner sets it to 0 to begin again */
};

/* Adds copies of the N at V. Returns 0, or -1 with errno EFBIG (S would become larger than MOST
 * bytes) or ENOMEM. */
int dgram_store_add(struct dgram_store *s, const struct dgram *v, size_t n, size_t most);

/* Puts the next of them, at most MOST, into V, good until one is added. Returns how many, 0 after
 * the last. */
size_t dgram_store_next(struct dgram_store *s, struct dgram *v, size_t most);

void dgram_store_free(struct dgram_store *s);

#endif
