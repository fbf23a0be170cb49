/* report.h - what a run says of datagrams: errors and figures in words
 */
#ifndef DGRAM_REPORT_H
#define DGRAM_REPORT_H

#include <stdint.h>

#include "base/message.h"
#include "sock/datagram.h"

/* Says E, which the network told of a datagram that was sent before; under -v also who said it.
 * ELSEWHERE: after a refusal also what report_elsewhere() knows, which takes a while: not for each
 * of many. */
void report_datagram_error(const struct messages *m, enum message_level level,
			   const struct dgram_error *e, bool elsewhere);

/* Says ERROR of sending a datagram of SIZE bytes to TO (NULL: to the peer, which is not known), by
 * WAY (NULL: no interface was asked for). Returns OUTCOME_FAILED. */
struct outcome report_unsent(const struct messages *m, enum message_level level,
			     const struct address *to, const char *way, size_t size, int error);

#endif
