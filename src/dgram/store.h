/* store.h - datagrams kept, to be sent again */
#ifndef DGRAM_STORE_H
#define DGRAM_STORE_H

#include <stddef.h>

#include "base/text.h"
#include "sock/datagram.h"

/* Start with { 0 }; dgram_store_free() in the end. */
struct dgram_store {
	struct text text; /* each after its length */
	size_t at;	  /* what has been given again */
};

/* Adds the N at V, unless S would become larger than MOST bytes or memory runs out. Returns 0, or
 * -1 with errno EFBIG or ENOMEM. */
int dgram_store_add(struct dgram_store *s, const struct dgram *v, size_t n, size_t most);

/* The next of them, at most MOST, into V, good until one is added. Returns how many, 0 after the
 * last. */
size_t dgram_store_next(struct dgram_store *s, struct dgram *v, size_t most);

/* From the first one again. */
void dgram_store_again(struct dgram_store *s);

void dgram_store_free(struct dgram_store *s);

#endif
