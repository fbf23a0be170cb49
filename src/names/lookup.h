/* lookup.h - names to addresses without blocking the loop
 *
 * getaddrinfo(3) cannot be cancelled, so each look-up has a thread of its own, which is
 * left behind at a deadline. Numbers need none and are answered at once. At most eight run at a
 * time, the others wait for their turn.
 */
#ifndef NAMES_LOOKUP_H
#define NAMES_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "sock/address.h"

#define LOOKUPS_MOST 8 /* at a time, unless lookup_at_once() says so */

struct lookup;

struct lookup_question {
	const char *host; /* NULL: the wildcard addresses, IPv4 first */
	const char *port; /* a number or a service of SOCKTYPE, see services.h too */
	int family;	  /* AF_UNSPEC, AF_INET, AF_INET6 */
	int socktype;	  /* SOCK_STREAM, SOCK_DGRAM */
	bool all;	  /* the canonical name and the aliases too */
};

/* Names, each once; lookup_names_free() in the end. */
struct lookup_names {
	char **names;
	size_t n;
};

/* Adds NAME to L, unless it is there already. Returns 0, or -1 with errno ENOMEM. */
int lookup_names_add(struct lookup_names *l, const char *name);
void lookup_names_free(struct lookup_names *l);

struct lookup_answer {
	int eai;   /* 0 or getaddrinfo's error; EAI_SERVICE: the port, else the host */
	int error; /* the errno of EAI_SYSTEM */
	struct address *addresses; /* each once, in the order of RFC 6724; at least one, or `eai`
				    * tells why not */
	size_t n;
	/* What `all` asked for: the canonical name first, if there is one, then the aliases. */
	struct lookup_names names;
};

/* ANSWER is the callee's: free its addresses with free(3), and its names. */
typedef void lookup_fn(void *arg, struct lookup_answer *answer);

/* Looks up Q, whose words must live until the answer; they have passed address_operands(). FN is
 * called once: from the loop, or from in here where both words are numbers, or where no memory,
 * thread or pipe is to be had (EAI_SYSTEM). Then *OUT is NULL, else it can be cancelled until FN is
 * called. */
void lookup_start(struct loop *loop, const struct lookup_question *q, lookup_fn *fn, void *arg,
		  struct lookup **out);

/* Is NAME no name, but an address in one of the forms that getaddrinfo(3) takes (`127.1`)? */
bool lookup_is_numeric(const char *name);

/* NAME is NULL where there is none, or none to be trusted. */
typedef void lookup_name_fn(void *arg, const char *name);

/* Asks for the name of ADDRESS (getnameinfo(3)), which counts only if ADDRESS is among its
 * addresses: whoever owns an address can make it point to any name. Else as lookup_start(), but
 * that it may wait for long while others hang that nobody waits for any more: the caller has to
 * limit its time. Returns 0, or -1 with errno. */
int lookup_name_start(struct loop *loop, const struct address *address, lookup_name_fn *fn,
		      void *arg, struct lookup **out);

/* Looks up all names of ADDRESS, whether to be trusted or not: the answer has no addresses. Else as
 * lookup_start(). */
void lookup_names_start(struct loop *loop, const struct address *address, lookup_fn *fn, void *arg,
			struct lookup **out);

/* So many look-ups may run at once from now on, in place of eight. */
void lookup_at_once(int most);

/* FROM's N addresses in the order in which they are to be tried, into TO: the families in turn,
 * beginning with the one that the look-up put first (RFC 8305, 4). */
void lookup_interleave(const struct address *from, size_t n, struct address *to);

/* Of this system (a twin for each), in a thread of the look-up's:
 * Adds the canonical name and the aliases of HOST, a name, to *OUT, as far as they are to be had.
 */
void lookup_aliases(const char *host, int family, struct lookup_names *out);
/* Adds the names of ADDRESS to *OUT. Returns 0 or getnameinfo's error. */
int lookup_address_names(const struct address *address, struct lookup_names *out);

/* Forgets L (NULL: does nothing); FN will not be called. */
void lookup_cancel(struct lookup *l);

#endif
