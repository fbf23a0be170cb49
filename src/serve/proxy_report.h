/* proxy_report.h - what is said of a proxy's client
 */
#ifndef SERVE_PROXY_REPORT_H
#define SERVE_PROXY_REPORT_H

#include "base/outcome.h"
#include "net/dial.h"
#include "serve/session.h"

/* Tells with -v where X's client wants to go, and who it is: the event `requested`. */
void proxy_tell_request(const struct session *x);

/* Tells with -v that X's request, which is one of HTTP, got its `status`: the event `answered`. */
void proxy_tell_answer(const struct session *x);

/* Tells with -v that X's client does not get what it wants, and WHY: the event `refused`. */
void proxy_tell_refusal(const struct session *x, const char *why);

/* Says how dialling for X failed, as R has it, which comes to ERROR; LIMIT is the time it had (ns). Returns what that
 * means for X. */
struct outcome proxy_tell_failure(const struct session *x, const struct dial_result *r, int error,
				  int64_t limit);

/* Says that X's request, or the answer, ended before its end. Returns what that means for X. */
struct outcome proxy_tell_cut(const struct session *x);

/* Says that nothing has moved for the time of -i, for which WHO is to blame, X's `why` telling for what. Returns what
 * that means for X. */
struct outcome proxy_tell_idle(const struct session *x, const char *who);

#endif
