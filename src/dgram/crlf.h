/* crlf.h - what -C makes of datagrams
 *
 * Each LF of a payload becomes CR LF, and a datagram that was a line keeps its end, as CR LF. That
 * comes after the cut.
 */
#ifndef DGRAM_CRLF_H
#define DGRAM_CRLF_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/frame.h"
#include "sock/datagram.h"

/* Start with `wanted` and `mode` set, and all others zero. */
struct dgram_crlf {
	bool wanted;
	enum frame_mode mode; /* which has cut them */
	bool after_cr;	      /* the last byte of the one before was CR */
	char *data;	      /* the changed ones, one behind the other */
	size_t size, used;    /* of that */
};

/* Makes room for COUNT datagrams of N bytes together, and forgets those that were changed before.
 * Returns 0, or -1 with errno ENOMEM. */
int dgram_crlf_reserve(struct dgram_crlf *c, size_t n, size_t count);

/* Changes D, which then points into C. Does nothing unless `wanted`. */
void dgram_crlf_change(struct dgram_crlf *c, struct dgram *d);

void dgram_crlf_free(struct dgram_crlf *c);

#endif
