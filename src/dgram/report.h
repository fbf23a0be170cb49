/* report.h - what a run says of datagrams: each that moves, and what goes wrong with one */
#ifndef DGRAM_REPORT_H
#define DGRAM_REPORT_H

#include "base/message.h"
#include "sock/datagram.h"

/* Says E, which the network told of a datagram that was sent before; under -v also who said it.
 * ELSEWHERE: after a refusal look up who listens on that port at another address, too
 * (report_elsewhere()). That takes a while and is not for each of many. */
void report_datagram_error(const struct messages *m, enum message_level level,
			   const struct dgram_error *e, bool elsewhere);

/* Says that a datagram of SIZE bytes to TO (NULL: to the peer, which is not known) could not be
 * sent for ERROR. INTERFACE: by which it was to go, NULL: by any. Returns OUTCOME_FAILED. */
struct outcome report_unsent(const struct messages *m, enum message_level level,
			     const struct address *to, const char *interface, size_t size,
			     int error);

/* What -vv tells of one datagram. */
struct datagram_trace {
	bool sent;		     /* else it was received */
	const struct address *other; /* to whom, or from whom; NULL: not known */
	const struct address *asked; /* of a received one: to which of our addresses; NULL: to
					the only one */
	const char *interface;	     /* by which it was sent; NULL: by any */
	size_t size;
};

/* Says T. */
void report_datagram(const struct messages *m, const struct datagram_trace *t);

#endif
