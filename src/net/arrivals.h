/* arrivals.h - clients that have been accepted, and say first whose connection it is: by a header
 * of the PROXY protocol */
#ifndef NET_ARRIVALS_H
#define NET_ARRIVALS_H

#include <stddef.h>

#include "loop/loop.h"
#include "sock/address.h"

/* A client, on FD, which becomes the callee's. With a fault a part of what it sent may be gone. */
struct arrived {
	int fd, family;		    /* the family of its own address */
	struct address peer, local; /* as it told, else its own */
	struct address via;	    /* its own where it told another; of length 0: it did not */
	const char *fault;	    /* why it has not told, in words that are gone after the call;
				     * NULL: it has */
};

/* May be called from arrivals_take(). */
typedef void arrived_fn(void *arg, const struct arrived *a);

struct arrival;

/* `arrived` and `arg` are the owner's, all else is zero before the first call. */
struct arrivals {
	arrived_fn *arrived;
	void *arg;
	struct loop *loop; /* from the first call on */
	struct arrival *first;
	size_t n; /* of those that have not told yet */
};

#define ARRIVAL_LIMIT (5 * SECOND) /* for the whole header */

/* CLIENT, whose descriptor is non-blocking and A's from here on, has not told anything yet. Reads
 * its header and not a byte more, then tells the owner. The caller has made room for a watch and a
 * timer in LOOP. Returns 0, or -1 with errno ENOMEM: the descriptor is still the caller's. */
int arrivals_take(struct arrivals *a, struct loop *loop, const struct arrived *client);

/* Returns the address of one that has not told yet; NULL: there is none. */
const struct address *arrivals_wait(const struct arrivals *a);

/* Breaks off with those that have not told yet: nobody is served any more. */
void arrivals_drop(struct arrivals *a);

#endif
