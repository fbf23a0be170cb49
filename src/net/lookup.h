/* lookup.h - names to addresses without blocking the loop
 *
 * getaddrinfo(3) cannot be cancelled, so each look-up has a detached thread of its own, which is
 * left behind at a deadline. Numbers need none and are answered at once. At most eight run at a
 * time, the others wait for their turn.
 */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "net/address.h"

#define LOOKUPS_MOST 8 /* at a time */

struct lookup;

struct lookup_question {
	const char *host; /* NULL: the wildcard addresses, IPv4 first */
	const char *port; /* a number or a service of SOCKTYPE, see services.h too */
	int family;	  /* AF_UNSPEC, AF_INET, AF_INET6 */
	int socktype;	  /* SOCK_STREAM, SOCK_DGRAM */
};

struct lookup_answer {
	int eai;   /* 0 or getaddrinfo's error; EAI_SERVICE: the port, else the host */
	int error; /* the errno of EAI_SYSTEM */
	struct address *addresses; /* each once, in the order of RFC 6724 */
	size_t n;
};

/* ANSWER is the callee's: free its addresses with free(3). */
typedef void lookup_fn(void *arg, struct lookup_answer *answer);

/* Asks Q, whose words must stay until the answer. FN is called from the loop, or from in here where
 * nothing needs looking up (then the lookup is NULL). HOST and PORT have passed address_operands().
 * *OUT can be cancelled until FN is called. Returns 0, or -1 with errno where no thread or pipe
 * is to be had. */
int lookup_start(struct loop *loop, const struct lookup_question *q, lookup_fn *fn, void *arg,
		 struct lookup **out);

/* Is NAME no name, but an address in one of the forms that getaddrinfo(3) takes (`127.1`)? */
bool lookup_is_numeric(const char *name);

/* NAME is NULL where there is none, or none to be trusted. */
typedef void lookup_name_fn(void *arg, const char *name);

/* Asks for the name of ADDRESS (getnameinfo(3)), which counts only if ADDRESS is among its addresses:
 * whoever owns an address can make it point to any name. Else as lookup_start(), but that it may wait
 * for long while others hang that nobody waits for any more: the caller has to limit its time. */
int lookup_name_start(struct loop *loop, const struct address *address, lookup_name_fn *fn,
		      void *arg, struct lookup **out);

/* Forgets L (NULL: does nothing); FN will not be called. */
void lookup_cancel(struct lookup *l);

#endif
