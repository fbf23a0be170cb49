/* listen_options.h - the options of whatever binds a socket and waits there */
#ifndef NET_LISTEN_OPTIONS_H
#define NET_LISTEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "sock/unix.h"

/* What the groups' rows fill. */
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

/* --user and --notify-fd; the options of a port; of a queue of clients; of a UNIX socket's file. */
extern const struct option_group listen_group, port_group, backlog_group, rights_group;

/* Is there a user of the name that O asks for? Returns 0, or -1 with *ERROR. */
int listen_options_check(const struct listen_options *o, struct option_error *error);

/* Is the descriptor of --notify-fd open? It has to be asked for before the program opens any of
 * that number itself. Returns 0, or -1 with errno EBADF. */
int listen_options_check_fd(const struct listen_options *o);

#endif
