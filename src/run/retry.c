/* retry.c - the option row of retry.h, and the time of the next try */
#include "run/retry.h"

#include "base/clock.h"

#define AT(member) offsetof(struct retry_options, member)
#define ANSWER_LIMIT (100 * MILLISECOND)

static const struct option_row rows[] = {
	OPTION("retry", 0, OPTION_DURATION, AT(retry), KEEP_NOTHING,
	       ARG("DURATION") EXCLUDES("listen"),
	       "try again until it connects, at most so long: exit 4; each connection has -w "
	       "(1s)"),
};

const struct option_group retry_group = { "Trying again", rows, sizeof rows / sizeof *rows };

int64_t retry_next(int64_t now, int64_t retry, int64_t interval, int64_t deadline)
{
	int64_t next = clock_after(now, interval),
		answer = retry < interval ? retry / 4 : interval / 4;
	int64_t last = deadline - (answer < ANSWER_LIMIT ? answer : ANSWER_LIMIT);

	if (next <= last)
		return next;
	return last - now >= deadline - last ? last : NEVER;
}
