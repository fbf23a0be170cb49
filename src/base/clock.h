/* clock.h - the clock of all deadlines, and the time of day */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/number.h"

/* No deadline: later than any time. */
#define NEVER INT64_MAX

/* Returns the monotonic clock in nanoseconds, which is never 0 (clock_gettime(2), CLOCK_MONOTONIC).
 */
int64_t clock_now(void);

/* Returns the time of day in nanoseconds since 1970 (clock_gettime(2), CLOCK_REALTIME). It is for
 * showing only. */
int64_t clock_wall(void);

/* Returns the time DURATION ns after START; NEVER if DURATION is UNSET or the sum would overflow.
 */
int64_t clock_after(int64_t start, int64_t duration);

#endif
