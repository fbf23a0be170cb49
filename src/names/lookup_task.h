/* lookup_task.h - what a look-up asks the system, and waits for: the work of its thread
 */
#ifndef NAMES_LOOKUP_TASK_H
#define NAMES_LOOKUP_TASK_H

#include <stdbool.h>
#include <stddef.h>

#include "sock/address.h"

struct account;
struct addrinfo;

struct lookup_question {
	const char *host; /* NULL: the wildcard addresses, IPv4 first */
	const char *port; /* a number or a service of SOCKTYPE, see services.h too */
	int family;	  /* AF_UNSPEC, AF_INET, AF_INET6 */
	int socktype;	  /* SOCK_STREAM, SOCK_DGRAM */
	bool all;	  /* find the canonical name and the aliases too */
	/* What the look-up does is followed into there, if that can be; NULL: not. */
	struct account *account;
};

/* A set of names. Free it with lookup_names_free(). */
struct lookup_names {
	char **names;
	size_t n;
	bool failed; /* memory ran out: some are missing */
};

/* Adds a copy of NAME to L, unless it is there already. Returns 0, or -1 with errno ENOMEM, which L
 * notes. */
int lookup_names_add(struct lookup_names *l, const char *name);
void lookup_names_free(struct lookup_names *l);

struct lookup_answer {
	int eai;   /* 0 or getaddrinfo's error; EAI_SERVICE: the port, else the host */
	int error; /* the errno of EAI_SYSTEM */
	struct address *addresses; /* each once, in the order of RFC 6724; at least one, or `eai`
				    * tells why not */
	size_t n;
	/* If `all` was asked for: the canonical name, if there is one, then the aliases. */
	struct lookup_names names;
};

/* What is to be looked up, and what was found. */
struct lookup_task {
	struct address address;	  /* whose names are looked up; of length 0: Q is looked up */
	bool trusted;		  /* only the one name that leads back to the address */
	struct lookup_question q; /* where there is an address only its account counts */
	struct lookup_answer answer;
};

/* Does T, in any thread: its answer, all zero before, tells what was found, or why nothing was. All
 * that T has stays the caller's, who frees the answer's addresses and names. */
void lookup_task_do(struct lookup_task *t);

/* Is NAME an address in one of the forms that getaddrinfo(3) takes (`127.1`)? */
bool lookup_is_numeric(const char *name);

/* ---- of this system, a twin for each; called by tasks ---- */

/* Adds the canonical name and the aliases of HOST, a name, to *OUT, as far as they can be found.
 * Returns 0, or an EAI error if memory or the like ran out. */
int lookup_aliases(const char *host, int family, struct lookup_names *out);
/* As getaddrinfo(3), but NODE is a name beyond ASCII, in UTF-8, which is mapped by Unicode's
 * tables. Returns EAI_BADFLAGS if this libc has none, or libidn2 is not there, or they do not
 * permit it. */
int lookup_by_tables(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **list);
/* Does this libc look into nsswitch.conf(5)? */
bool lookup_reads_nsswitch(void);
/* Is it musl, which has rules of its own? */
bool lookup_is_musl(void);
/* Adds the names of ADDRESS to *OUT. Returns 0 or getnameinfo's error. */
int lookup_address_names(const struct address *address, struct lookup_names *out);

#endif
