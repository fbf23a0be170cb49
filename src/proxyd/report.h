/* report.h - what the proxy server says of its clients */
#ifndef PROXYD_REPORT_H
#define PROXYD_REPORT_H

#include "base/outcome.h"
#include "net/dial.h"
#include "conn/connection.h"

/* Reports with -v where X's client wants to go, and who the client is: the event `requested`. */
void proxyd_tell_request(const struct connection *x);

/* Reports with -v the `status` with which X's HTTP request was answered: the event `answered`. */
void proxyd_tell_answer(const struct connection *x);

/* Reports with -v that X's client is refused, and WHY: the event `refused`. */
void proxyd_tell_refusal(const struct connection *x, const char *why);

/* Reports that X cannot be served, by ERROR of ours. Returns the outcome of X. */
struct outcome proxyd_tell_error(const struct connection *x, int error);

/* Reports why X's place was not reached: R is the result of dialling, ERROR is that as one errno,
 * and LIMIT the time it had, in ns. Returns the outcome of X. */
struct outcome proxyd_tell_failure(const struct connection *x, const struct dial_result *r,
				   int error, int64_t limit);

/* Reports that X's request, or the answer to it, was cut off. Returns the outcome of X. */
struct outcome proxyd_tell_cut(const struct connection *x);

/* Reports that WHO was silent for longer than -i; X's `why` says what was missing. Returns the
 * outcome of X. */
struct outcome proxyd_tell_idle(const struct connection *x, const char *who);

#endif
