/* listener.h - sockets that listen, and what they accept */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "loop/loop.h"
#include "sock/address.h"
#include "net/event.h"
#include "net/places.h"
#include "sock/sockopt.h"
#include "sock/unix.h"

/* What the rows of listening fill. */
struct listen_options {
	int64_t backlog; /* UNSET: the system's largest */
	int64_t notify_fd;
	bool reuseport, ipv6_only;
	const char *user; /* to become after binding; NULL: nobody else */
	struct unix_rights rights;
};

#define LISTEN_OPTIONS_DEFAULT                                                                     \
	{                                                                                          \
		.backlog = UNSET, .notify_fd = UNSET, .rights = UNIX_RIGHTS_DEFAULT                \
	}

/* What all that listens has, what does so on a port, what has connections to wait in it, and what
 * does so on a path. */
extern const struct option_group listen_group, port_group, backlog_group, rights_group;

struct listener;

/* How many descriptors a client needs beside its own, from 0; where there are less it waits in the
 * backlog. */
typedef size_t listener_spare_fn(void *arg);

/* All pointers must stay until the end. */
struct listener_config {
	const char *host; /* NULL: every address of this machine */
	const char *port; /* both have passed address_operands() */
	int family;
	int socktype; /* of a UNIX socket; 0: SOCK_STREAM */
	const struct socket_options *socket;
	const struct listen_options *options;
	struct events events;
	bool not_any; /* every address of this machine is too much: then nothing is opened, see
			 `any` */
	listener_spare_fn *spare; /* called with the ARG of listener_start(); NULL: none */
	int inherited; /* so many sockets, from descriptor 3 on, in place of HOST and PORT; 0: none
			*/
};

struct listener_result {
	int error; /* 0: it listens, unless the look-up failed */
	struct places_failure lookup;
	const char *what;	/* the call or option that failed, */
	const char *why;	/* more about it; NULL: nothing is known */
	struct address address; /* for this address; of length 0: for none */
	int socktype;		/* of the socket; 0: SOCK_STREAM */
	bool any;		/* `not_any`, and it is a wildcard address; `error` is EACCES */
};

typedef void listener_opened_fn(void *arg, struct listener *l,
				const struct listener_result *result);

/* A connection FD, non-blocking and the callee's, from PEER to LOCAL. */
typedef void listener_accept_fn(void *arg, int fd, const struct address *peer,
				const struct address *local);

/* Looks C's host up (or takes the sockets that were inherited, as they are), makes a UNIX socket's
 * place as unix_bind() has it, or binds each of its addresses (without a host: both families, on
 * one port, also where that is 0 and the kernel chooses) and listens. All of them or none, but for
 * a family that this machine does not have. OPENED is called once, from the loop or from in here;
 * ACCEPT from the loop for each client. What cannot be accepted for now (accept(2): EMFILE,
 * ECONNABORTED and the like) is an event, and tried again. Returns NULL with errno ENOMEM. */
struct listener *listener_start(struct loop *loop, const struct listener_config *c,
				listener_opened_fn *opened, listener_accept_fn *accept, void *arg);

/* While PAUSED it accepts nobody: clients wait in the backlog. */
void listener_pause(struct listener *l, bool paused);

/* Something was closed: if L waits for a descriptor, it tries again at once. */
void listener_retry(struct listener *l);

/* Would a connection to A come to one of L's sockets? */
bool listener_has(const struct listener *l, const struct address *a);

/* Closes its sockets, removes what was made for them, and forgets it; NULL does nothing. */
void listener_close(struct listener *l);

/* Adds the line of A, as below, to LINES. */
void listener_notify_address(struct text *lines, const struct address *a);

/* Writes LINES, all at once since whoever needs only the first may read no more, and frees them;
 * then closes FD. Returns 0, or -1 with errno of write(2). */
int listener_notify_write(struct text *lines, int fd);

/* Writes `ADDRESS PORT`, `unix PATH` or `vsock:CID PORT` for each socket, a line each, to
 * descriptor FD and closes it. Returns 0, or -1 with errno of write(2). */
int listener_notify(const struct listener *l, int fd);

#endif
