/* dns_client.h - questions to DNS servers: many at once over one socket for each server
 *
 * Ids are random, and so are the ports, which the kernel chooses. An answer counts only if it comes
 * from the server (the sockets are connected), has the id of a question, is an answer, and repeats
 * the question; everything else is passed over. A truncated answer is asked for again by TCP (RFC
 * 7766). A server that does not know EDNS is asked without it (RFC 6891, section 7).
 *
 * Where a server is silent or fails the next one is asked, and after the last one the first again:
 * as often as `tries` says, or until all of them have failed one after the other. So a packet that
 * is lost costs time, and not the answer.
 */
#ifndef NAMES_DNS_CLIENT_H
#define NAMES_DNS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "sock/address.h"
#include "proto/dns.h"

#define DNS_SERVERS_MOST 3 /* of resolv.conf(5) */

struct dns_client;
struct dns_query;

struct dns_client_config {
	const struct address *servers; /* copied */
	size_t n;		       /* at least one */
	int64_t patience; /* how long the first try waits, in ns; the second waits twice, further
			   * ones four times as long */
	unsigned tries;	  /* of each server; 0: as long as nobody cancels */
	enum dns_manner manner;
	bool tcp; /* at once */
};

#define DNS_PATIENCE SECOND
#define DNS_TRIES 3

/* How a question has ended. */
struct dns_reply {
	const struct dns_message *message; /* gone after the call; NULL: there is none */
	int error;		      /* why there is none; EBADMSG: the answer cannot be read */
	const char *fault;	      /* why it cannot be read */
	const struct address *server; /* the one asked last */
	bool tcp;
	unsigned tries;	 /* how often that one was asked */
	unsigned strays; /* how many answers to no question came to the client meanwhile */
};

typedef void dns_fn(void *arg, const struct dns_reply *reply);

/* Writes the servers of resolv.conf(5) into SERVERS; the one on this host where it names none.
 * Returns how many. */
size_t dns_client_system_servers(struct address servers[DNS_SERVERS_MOST]);

/* Returns a client of the servers in C, or NULL with errno ENOMEM. */
struct dns_client *dns_client_new(struct loop *loop, const struct dns_client_config *c);

/* Gives up all questions without calling their functions and frees C; NULL: does nothing. */
void dns_client_free(struct dns_client *c);

/* Returns how many answers that belong to no question have come so far. */
unsigned dns_client_strays(const struct dns_client *c);

/* Asks for NAME's records of TYPE, once it is its turn: then BEGINS is called, perhaps from in
 * here. FN is called once, from the loop, never from in here; NAME must live until then. Returns
 * NULL with errno ENOMEM, or EAGAIN while 30,000 questions are open. */
struct dns_query *dns_query_start(struct dns_client *c, const struct dns_name *name, unsigned type,
				  void (*begins)(void *arg), dns_fn *fn, void *arg);

/* Gives Q up without calling FN; NULL: does nothing. */
void dns_query_cancel(struct dns_query *q);

#endif
