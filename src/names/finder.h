/* finder.h - one question about a name or an address: to the system, or to DNS servers
 */
#ifndef NAMES_FINDER_H
#define NAMES_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sock/address.h"
#include "names/dns_client.h"
#include "names/lookup.h"
#include "names/mdns.h"

struct find;

/* Whom to ask, and for what. */
struct finder {
	struct loop *loop;
	struct dns_client *dns;	 /* both NULL: ask the system, as `connect` does */
	struct mdns *mdns;	 /* ask everybody on the link */
	int family;		 /* AF_UNSPEC: both */
	uint16_t port;		 /* the port that the addresses get */
	bool all;		 /* find the canonical name and the aliases too */
	struct account *account; /* of the system's next look-up; see lookup.h */
	/* NULL, or called with a search's ARG when a question of it is sent to a DNS server for the
	 * first time, perhaps from where the search begins. */
	void (*begins)(void *arg);
};

/* A DNS record as text. */
struct find_record {
	char *name, *data; /* escaped; the name without a dot at its end */
	char type[16];
	uint32_t ttl;
	bool asked_for; /* its name (or where that leads to) and type were asked for */
};

/* An extended error (RFC 8914), with its text, escaped. */
struct find_extended {
	unsigned code;
	char text[128];
};

/* What the head of an answer and EDNS say. */
struct find_head {
	bool authoritative, authentic, recursive, edns; /* the flags AA, AD, RA; it has EDNS */
	unsigned udp_size;				/* that the server takes, with EDNS */
	struct find_extended *extended;			/* NULL: none */
	size_t n_extended;
};

/* What was found. Free it with find_result_free(). */
struct find_result {
	struct address *addresses; /* in the order in which to try them */
	size_t n;
	/* The names of the address that was asked for; of a host its canonical name, then its
	 * aliases. Names from DNS are escaped. */
	struct lookup_names names;
	struct find_record *records;
	size_t n_records;
	int eai,
		error; /* 0, or getaddrinfo's error with the errno of EAI_SYSTEM; for DNS as well */
	char *why;     /* what DNS failed in, also if a part was found; NULL: nothing failed */
	bool asked;    /* a DNS server was asked: */
	struct address server;
	bool tcp;	       /* by TCP in the end, */
	int rcode;	       /* and this is its answer's RCODE; -1: none came */
	struct find_head head; /* of the last answer */
};

/* RESULT is the callee's to free. */
typedef void find_fn(void *arg, struct find_result *result);

/* Each of these three begins a search and calls FN once: from the loop, or from in here if nothing
 * needs looking up or nobody can be asked. *OUT, by which the search can be cancelled, is NULL from
 * just before that call on. F and *OUT must live until then. */

/* Finds the addresses of HOST, which has passed address_parse_host() or, for DNS, dns_name_parse();
 * NAME is what the latter made of it, or NULL: it is to do that here. CNAMEs are followed. From
 * DNS, addresses of IPv6 and of IPv4 take turns. */
void find_addresses(const struct finder *f, const char *host, const struct dns_name *name,
		    find_fn *fn, void *arg, struct find **out);
/* Finds the names of ADDRESS. */
void find_names(const struct finder *f, const struct address *address, find_fn *fn, void *arg,
		struct find **out);
/* Finds the records of TYPE that NAME has in DNS. */
void find_records(const struct finder *f, const struct dns_name *name, unsigned type, find_fn *fn,
		  void *arg, struct find **out);

/* Time is up for F, which asks everybody: has FN called from in here if anything was found. Returns
 * whether it was; if not, nothing has changed. */
bool find_conclude(struct find *f);

/* Gives F up without calling FN; NULL: does nothing. */
void find_cancel(struct find *f);

/* Reads M, an answer that SERVER has given to somebody, into *OUT, which is the caller's to free.
 */
void find_read(const struct dns_message *m, const struct address *server, struct find_result *out);

/* Sets what R tells of its failure, in place of what it told before; NULL where memory is out. */
__attribute__((format(printf, 2, 3))) void find_set_why(struct find_result *r, const char *format,
							...);

void find_result_free(struct find_result *r);

#endif
