/* listener.h - sockets that listen, and what they accept */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "sock/address.h"
#include "net/binding.h"
#include "sock/sockopt.h"

struct listener;

/* Returns how many descriptors a client needs beside its own. If there are fewer it waits in the
 * backlog. */
typedef size_t listener_spare_fn(void *arg);

/* All pointers must live until the end. */
struct listener_config {
	struct binding_config place;
	int socktype; /* of a UNIX socket; 0: SOCK_STREAM */
	const struct socket_options *socket;
	bool arms;		  /* clients of IP are what endpoint_come_armed() takes */
	listener_spare_fn *spare; /* called with the ARG of listener_start(); NULL: none */
};

typedef void listener_opened_fn(void *arg, struct listener *l, const struct binding_result *result);

/* FD, non-blocking and the callee's, is a connection from PEER to LOCAL. */
typedef void listener_accept_fn(void *arg, int fd, const struct address *peer,
				const struct address *local);

/* Binds sockets as binding_start() does it, a UNIX socket as unix_bind() does, and listens. OPENED
 * is called once, from the loop or from in here; ACCEPT from the loop for each client. What cannot
 * be accepted for now (accept(2): EMFILE, ECONNABORTED and the like) is an event, and tried again;
 * EVENT_ACCEPT_OVER, in which L may be closed, is the end of accepting.
 * Returns NULL with errno ENOMEM. */
struct listener *listener_start(struct loop *loop, const struct listener_config *c,
				listener_opened_fn *opened, listener_accept_fn *accept, void *arg);

/* Stops accepting while PAUSED: clients wait in the backlog. */
void listener_pause(struct listener *l, bool paused);

/* A descriptor was closed: if L waits for one, it tries again at once. */
void listener_retry(struct listener *l);

/* Returns the word that L looks up before it listens; NULL: none (any more). */
const char *listener_looks_up(const struct listener *l);

/* Returns the path of the UNIX socket whose file L removes at its end; NULL: there is none. */
const char *listener_path(const struct listener *l);

/* Would a connection to A come to one of L's sockets? */
bool listener_has(const struct listener *l, const struct address *a);

/* Closes L's sockets, removes what was made for them, and frees L; NULL: does nothing. */
void listener_close(struct listener *l);

#endif
