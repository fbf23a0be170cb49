/* report.h - what is said of a proxy's client
 */
#ifndef PROXYD_REPORT_H
#define PROXYD_REPORT_H

#include "base/outcome.h"
#include "net/dial.h"
#include "conn/connection.h"

/* Tells with -v where X's client wants to go, and who it is: the event `requested`. */
void proxyd_tell_request(const struct connection *x);

/* Tells with -v that X's request, which is one of HTTP, got its `status`: the event `answered`. */
void proxyd_tell_answer(const struct connection *x);

/* Tells with -v that X's client does not get what it wants, and WHY: the event `refused`. */
void proxyd_tell_refusal(const struct connection *x, const char *why);

/* Says how dialling for X failed, as R has it, which comes to ERROR; LIMIT is the time it had (ns).
 * Returns what that means for X. */
struct outcome proxyd_tell_failure(const struct connection *x, const struct dial_result *r,
				   int error, int64_t limit);

/* Says that X's request, or the answer, ended before its end. Returns what that means for X. */
struct outcome proxyd_tell_cut(const struct connection *x);

/* Says that nothing has moved for the time of -i, for which WHO is to blame, X's `why` telling for
 * what. Returns what that means for X. */
struct outcome proxyd_tell_idle(const struct connection *x, const char *who);

#endif
