/* datagram_listener.h - sockets that are bound to receive datagrams: UDP and UNIX */
#ifndef NET_DATAGRAM_LISTENER_H
#define NET_DATAGRAM_LISTENER_H

#include <stddef.h>

#include "loop/loop.h"
#include "sock/datagram.h"
#include "net/binding.h"
#include "sock/membership.h"

struct dgram_listener;

/* All pointers must live as long as the listener. */
struct dgram_listener_config {
	struct binding_config place;
	const struct socket_options *socket;
	const struct membership_options *groups; /* NULL: of a UNIX socket, or one inherited */
	unsigned wants, needs;			 /* as of struct dgram_config */
	dgram_error_fn *error;			 /* as of dgram_open(), with `arg` of the start */
};

/* RESULT tells whether the sockets are bound: the N at S, which stay the listener's. */
typedef void dgram_listener_fn(void *arg, struct dgram_socket *s, size_t n,
			       const struct binding_result *result);

/* Binds sockets as binding_start() does it, a UNIX socket as unix_bind() does, and joins the
 * groups, each on a socket of its family. A host that is a group itself is joined if no group is
 * named. Several programs may have one port only if they wait for groups or for broadcast. FN is
 * called once, from the loop or from in here. Returns NULL with errno ENOMEM. */
struct dgram_listener *dgram_listener_start(struct loop *loop,
					    const struct dgram_listener_config *c,
					    dgram_listener_fn *fn, void *arg);

/* Returns the word that L looks up before it binds; NULL: none (any more), or L is NULL. */
const char *dgram_listener_looks_up(const struct dgram_listener *l);

/* Closes its sockets, removes what was made for them, and frees L; NULL: does nothing. */
void dgram_listener_close(struct dgram_listener *l);

#endif
