/* clock.c - the clocks, read */
#include "base/clock.h"

#include <time.h>

int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec + 1;
}

int64_t clock_after(int64_t start, int64_t duration)
{
	return duration < 0 || duration > NEVER - start ? NEVER : start + duration;
}

int64_t clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}
