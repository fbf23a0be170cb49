/* told.h - a connection that is told of by a header of the PROXY protocol: its two addresses */
#ifndef NET_TOLD_H
#define NET_TOLD_H

#include <stdbool.h>

#include "base/options.h"
#include "proto/proxy_header.h"
#include "sock/address.h"

/* What the group's rows fill: which header is sent before all else. */
struct told_options {
	int64_t version;       /* --send-proxy; 0: none is sent */
	const char *from_word; /* --proxy-from; NULL: not given */
	struct address from;   /* what that is, told as the client's; of length 0: not given */
};

extern const struct option_group told_group;

/* Finds the address of --proxy-from, and whether --send-proxy can tell it. Returns 0, or -1 with
 * *ERROR. */
int told_check(struct told_options *o, struct option_error *error);

/* *H becomes the header that O asks for, of a connection from FROM to TO. An IPv4 address beside
 * one of IPv6 becomes IPv4-mapped; what is not known of TO is told as the wildcard address; of what
 * has no form in a header nothing is told. */
void told_write(const struct told_options *o, const struct address *from, const struct address *to,
		struct proxy_header *h);

/* *FROM and *TO become the addresses that H tells. Returns false, and leaves them as they are, if
 * it tells none. */
bool told_read(const struct proxy_header *h, struct address *from, struct address *to);

#endif
