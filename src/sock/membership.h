/* membership.h - the groups that a socket hears
 *
 * RFC 3678: joining by address and interface, the same for IPv4 and IPv6.
 */
#ifndef SOCK_MEMBERSHIP_H
#define SOCK_MEMBERSHIP_H

#include <stdbool.h>

#include "base/options.h"
#include "sock/address.h"

struct membership {
	struct address group;
	struct address source; /* of length 0: from anybody */
	unsigned interface;    /* 0: the routing table chooses */
	const char *word;      /* as it was given */
	struct membership *next;
};

/* What the rows fill. Free it with membership_free(). */
struct membership_options {
	struct membership *groups, **last;
};

extern const struct option_group membership_group;

/* `GROUP[@IFACE]`, with SOURCE_TOO `GROUP,SOURCE[@IFACE]`, numeric addresses of one family, into
 * *OUT, whose `word` and `next` stay as they are; IFACE is a name or a number, or an IPv6 zone
 * (`ff02::1%eth0`). Returns 0, or -1 with *ERROR. */
int membership_parse(const char *word, bool source_too, struct membership *out,
		     struct option_error *error);

/* FD, a socket of G's family (or of IPv6), hears G. Returns 0, or -1 with errno of setsockopt(2):
 * ENODEV, no interface leads there. */
int membership_join(int fd, const struct membership *g);

void membership_free(struct membership_options *o);

#endif
