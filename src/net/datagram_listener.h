/* datagram_listener.h - sockets that are bound to receive datagrams
 */
#ifndef NET_DATAGRAM_LISTENER_H
#define NET_DATAGRAM_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "sock/datagram.h"
#include "net/listener.h"
#include "sock/membership.h"

struct dgram_listener;

/* All pointers must stay until the end. */
struct dgram_listener_config {
	const char *host; /* NULL: every address of this machine */
	const char *port; /* both have passed address_operands() */
	int family;
	const struct socket_options *socket;
	const struct listen_options *options;
	const struct membership_options *groups;
	unsigned wants; /* DGRAM_... */
	struct events events;
	dgram_error_fn *error; /* as of dgram_open(), with `arg` of the start */
};

/* They are bound: the N sockets at S, which stay L's; or not, as RESULT says. */
typedef void dgram_listener_fn(void *arg, struct dgram_listener *l, struct dgram_socket *s,
			       size_t n, const struct listener_result *result);

/* Looks C's host up, binds each of its addresses (without a host: both families, on one port, also
 * where that is 0 and the kernel chooses) and joins the groups, each on a socket of its family. A
 * host that is a group itself is joined where no group is named. All of them or none, but for a
 * family that this machine does not have. Several may have one port only where they wait for groups
 * or for broadcast. FN is called once, from the loop or from in here. Returns NULL with errno
 * ENOMEM. */
struct dgram_listener *dgram_listener_start(struct loop *loop,
					    const struct dgram_listener_config *c,
					    dgram_listener_fn *fn, void *arg);

/* Writes what --notify-fd asks for to FD and closes it. Returns 0, or -1 with errno of write(2). */
int dgram_listener_notify(const struct dgram_listener *l, int fd);

/* Closes its sockets and forgets it; NULL does nothing. */
void dgram_listener_close(struct dgram_listener *l);

#endif
