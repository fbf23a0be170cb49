/* report.h - what a run says of a datagram that goes wrong */
#ifndef DGRAM_REPORT_H
#define DGRAM_REPORT_H

#include "base/message.h"
#include "sock/datagram.h"

/* A datagram that could not be sent. */
struct dgram_unsent {
	const char *interface; /* by which it was to go, "": by any */
	size_t size;
};

/* Says E, which sending UNSENT met, or (NULL) which the network told of a datagram that was sent
 * before; under -v also who said it. ELSEWHERE: after a refusal look up who listens on that port at
 * another address, too (report_elsewhere()). That takes a while and is not for each of many. */
void report_dgram_error(const struct messages *m, enum message_level level,
			const struct dgram_error *e, const struct dgram_unsent *unsent,
			bool elsewhere);

#endif
