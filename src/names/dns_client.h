/* dns_client.h - questions to DNS servers: many at once over one socket for each server
 *
 * Ids are random, and so are the ports, which the kernel chooses. An answer counts only if it comes
 * from the server (the sockets are connected), has the id, is an answer, and repeats the question;
 * whatever else comes is passed over. What was truncated is asked for again by TCP (RFC 7766), what
 * is silent once more, a server that does not know EDNS without it (RFC 6891, 7).
 */
#ifndef NAMES_DNS_CLIENT_H
#define NAMES_DNS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "sock/address.h"
#include "proto/dns.h"

#define DNS_SERVERS_MOST 3

struct dns_client;
struct dns_ask;

struct dns_client_config {
	struct address servers[DNS_SERVERS_MOST]; /* asked in turn: the next where one fails */
	size_t n;
	int64_t patience; /* how long the first try waits, in ns; further ones twice and four times
			     that */
	unsigned tries;	  /* of each server; 0: as long as nobody cancels */
};

#define DNS_PATIENCE SECOND
#define DNS_TRIES 3

/* What has become of a question. */
struct dns_reply {
	const struct dns_message *message; /* gone after the call; NULL: there is none, for */
	int error;			   /* this errno; EBADMSG: it cannot be read, for */
	const char *fault;		   /* this reason; ETIMEDOUT: silence */
	const struct address *server;	   /* that was asked last */
	bool tcp;
	unsigned tries;	 /* so many questions were sent */
	unsigned strays; /* so many answers were passed over meanwhile, whosever they were */
	int64_t ns;	 /* since the last of them was sent */
};

typedef void dns_fn(void *arg, const struct dns_reply *reply);

/* A client of the servers in C. Returns NULL with errno ENOMEM. */
struct dns_client *dns_client_new(struct loop *loop, const struct dns_client_config *c);

/* Closes its sockets; nothing is asked any more. NULL: does nothing. */
void dns_client_free(struct dns_client *c);

/* How many answers have been passed over so far: they came, and belonged to no question. */
unsigned dns_client_strays(const struct dns_client *c);

/* Asks for NAME's records of TYPE. FN is called once, from the loop, never from in here. At most
 * 30,000 questions may be open. Returns NULL with errno ENOMEM or EAGAIN (too many). */
struct dns_ask *dns_ask(struct dns_client *c, const struct dns_name *name, unsigned type,
			dns_fn *fn, void *arg);

/* Gives A up without calling FN. NULL: does nothing. */
void dns_ask_cancel(struct dns_ask *a);

#endif
