/* mdns.h - questions to everybody on the same link: multicast DNS, RFC 6762
 *
 * A question goes to both groups by each interface that can send to one, from ports that the kernel
 * chooses: whoever answers such a one-shot query (5.1) does so to that port alone (6.7). An answer
 * counts only if it comes from port 5353 (6) of an address on that link (11), has the id of the
 * question and repeats it. There may be several, and a name that nobody has is answered by none.
 */
#ifndef NAMES_MDNS_H
#define NAMES_MDNS_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "proto/dns.h"
#include "sock/address.h"

#define MDNS_PATIENCE (2 * SECOND) /* the question is sent twice in that time */

struct mdns;
struct mdns_query;

/* FROM has answered M, which is gone after the call, through the interface of INDEX; or M and FROM
 * are NULL, and the time of the question, which is freed, is over. */
typedef void mdns_fn(void *arg, const struct dns_message *m, const struct address *from,
		     unsigned index);

/* Does NAME belong to multicast DNS: to `local`, or to an address? */
bool mdns_knows(const struct dns_name *name);

/* Writes whom a question goes to, the group of IPv4, into *OUT. */
void mdns_group(struct address *out);

/* Returns what asks by the interface of INDEX, 0: by all that are up and have multicast, each
 * question for PATIENCE; UNSET: until it is cancelled. NULL with errno: ENODEV: there is none. */
struct mdns *mdns_new(struct loop *loop, unsigned index, int64_t patience);

/* Gives up all questions without calling their functions and frees M; NULL: does nothing. */
void mdns_free(struct mdns *m);

/* Asks for NAME's records of TYPE, again and again until the time is over. FN is called from the
 * loop, never from in here, and may cancel the question; NAME must live until then. Returns NULL
 * with errno: ENOMEM, or why it can be sent by no interface. */
struct mdns_query *mdns_query_start(struct mdns *m, const struct dns_name *name, unsigned type,
				    mdns_fn *fn, void *arg);

/* Q's time is over so much from now, unless it is before. */
void mdns_query_limit(struct mdns_query *q, int64_t ns);

/* Gives Q up without calling FN; NULL: does nothing. */
void mdns_query_cancel(struct mdns_query *q);

#endif
