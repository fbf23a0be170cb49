/* clock.h - the clock that all deadlines are told by */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/number.h"

/* No deadline: later than any time. */
#define NEVER INT64_MAX

/* The monotonic clock in nanoseconds; never 0. See clock_gettime(2), CLOCK_MONOTONIC. */
int64_t clock_now(void);

/* The time of day in nanoseconds since 1970, see clock_gettime(2), CLOCK_REALTIME: to be shown. */
int64_t clock_wall(void);

/* The time DURATION ns after START; NEVER for a DURATION that is UNSET or beyond all time. */
int64_t clock_after(int64_t start, int64_t duration);

#endif
