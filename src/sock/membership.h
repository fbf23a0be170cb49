/* membership.h - the multicast groups that a socket joins
 *
 * RFC 3678: by address and interface, the same for IPv4 and IPv6.
 */
#ifndef SOCK_MEMBERSHIP_H
#define SOCK_MEMBERSHIP_H

#include <stdbool.h>

#include "base/options.h"
#include "sock/address.h"

struct membership {
	struct address group;
	struct address source; /* hear only this sender; of length 0: all */
	unsigned interface;    /* 0: the routing table chooses */
	const char *word;      /* the option's argument */
	struct membership *next;
};

/* What the group's rows fill. Free it with membership_free(). */
struct membership_options {
	struct membership *groups, **last;
};

extern const struct option_group membership_group;

/* Parses `GROUP[@IFACE]`, or with SOURCE_TOO `GROUP,SOURCE[@IFACE]`, into *OUT, whose `word` and
 * `next` stay as they are. The addresses are numeric and of one family; IFACE is a name or an
 * index, and an IPv6 zone (`ff02::1%eth0`) will do as well. Returns 0, or -1 with *ERROR. */
int membership_parse(const char *word, bool source_too, struct membership *out,
		     struct option_error *error);

/* Joins G on FD, a socket of G's family or of IPv6. Returns 0, or -1 with errno of setsockopt(2):
 * ENODEV if no interface leads there. */
int membership_join(int fd, const struct membership *g);

void membership_free(struct membership_options *o);

#endif
