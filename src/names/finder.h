/* finder.h - one question about a name or an address: to the system, or to DNS servers
 */
#ifndef NAMES_FINDER_H
#define NAMES_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "sock/address.h"
#include "names/dns_client.h"
#include "names/lookup.h"

struct find;

/* Who is asked. */
struct finder {
	struct loop *loop;
	struct dns_client *dns; /* NULL: the system, as `connect` does it */
	int family;		/* AF_UNSPEC: both */
	uint16_t port;		/* of the addresses */
	bool all;		/* the canonical name and the aliases too */
};

/* A record of DNS, as text. */
struct find_record {
	char *name, *data; /* escaped; the name without a dot at its end */
	char type[16];
	uint32_t ttl;
	bool asked_for; /* it is of the type that was asked for */
};

/* What was found; find_result_free() in the end. */
struct find_result {
	struct address *addresses; /* as they are to be tried */
	size_t n;
	struct lookup_names
		names; /* of an address; else the canonical name, and aliases. Of DNS, escaped */
	struct find_record *records;
	size_t n_records;
	int eai, error; /* 0, or getaddrinfo's error with the errno of EAI_SYSTEM; of DNS too */
	char why[512];	/* where DNS was asked: what is wrong, also if only a part was found; else
			   empty */
	bool asked;	/* there is a server, */
	struct address server;
	bool tcp;  /* asked by TCP in the end, */
	int rcode; /* that has answered this, -1: it has not */
};

/* RESULT is the callee's. */
typedef void find_fn(void *arg, struct find_result *result);

/* Each begins to look for what its name says and calls FN once, where nothing needs looking up or
 * nothing can be asked from in here: *OUT is NULL then, else it can be cancelled until the call. F
 * must stay. */

/* The addresses of HOST, which has passed address_parse_host() or, for DNS, dns_name_parse().
 * CNAMEs are followed. DNS gives the addresses of IPv6 and of IPv4 in turn. */
void find_addresses(const struct finder *f, const char *host, find_fn *fn, void *arg,
		    struct find **out);
/* The names of ADDRESS. */
void find_names(const struct finder *f, const struct address *address, find_fn *fn, void *arg,
		struct find **out);
/* The records of TYPE that NAME has, from DNS. */
void find_records(const struct finder *f, const struct dns_name *name, unsigned type, find_fn *fn,
		  void *arg, struct find **out);

/* Forgets F (NULL: does nothing); FN will not be called. */
void find_cancel(struct find *f);

void find_result_free(struct find_result *r);

#endif
