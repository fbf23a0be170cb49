/* report.h - what a run says of a datagram that goes wrong */
#ifndef DGRAM_REPORT_H
#define DGRAM_REPORT_H

#include "base/message.h"
#include "sock/datagram.h"

/* Says E, which the network told of a datagram that was sent before; under -v also who said it.
 * ELSEWHERE: after a refusal look up who listens on that port at another address, too
 * (report_elsewhere()). That takes a while and is not for each of many. */
void report_dgram_error(const struct messages *m, enum message_level level,
			const struct dgram_error *e, bool elsewhere);

/* Says that a datagram of SIZE bytes to TO could not be sent for ERROR. INTERFACE: by which it was
 * to go, NULL: by any. */
void report_dgram_unsent(const struct messages *m, enum message_level level,
			 const struct address *to, const char *interface, size_t size, int error);

#endif
