/* multicast.h - how datagrams leave for multicast groups
 *
 * RFC 1112, RFC 3493 section 5.2; ip(7), ipv6(7).
 */
#ifndef SOCK_MULTICAST_H
#define SOCK_MULTICAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "sock/address.h"

/* What the group's rows fill. */
struct multicast_options {
	const char *interface; /* its name, its index, or an address of it; NULL: the routing table
				* chooses */
	int64_t ttl;	       /* UNSET: 1, the system's default */
	bool no_loop;
};

#define MULTICAST_OPTIONS_DEFAULT                                                                  \
	{                                                                                          \
		.ttl = UNSET                                                                       \
	}

extern const struct option_group multicast_group;

/* Is A a group's address (224.0.0.0/4, ff00::/8)? */
bool multicast_is_group(const struct address *a);

/* Returns the name of the first of O's options that was given, NULL: none was. */
const char *multicast_given(const struct multicast_options *o);

/* Sets on FD, a socket of FAMILY, what O asks for. TTL counts if O has none; UNSET: the system's
 * default. Returns 0, or -1 with errno (ENODEV: there is no such interface) and *WHAT naming the
 * option. */
int multicast_apply(int fd, int family, const struct multicast_options *o, int64_t ttl,
		    const char **what);

#endif
