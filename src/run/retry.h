/* retry.h - trying again until something is up */
#ifndef RUN_RETRY_H
#define RUN_RETRY_H

#include <stdint.h>

#include "base/number.h"
#include "base/options.h"

/* What the group's rows fill; ns, or UNSET. */
struct retry_options {
	int64_t retry, interval;
};

#define RETRY_OPTIONS_DEFAULT                                                                      \
	{                                                                                          \
		.retry = UNSET, .interval = 250 * MILLISECOND                                      \
	}

/* It has no --interval: each subcommand has a row of its own for that. */
extern const struct option_group retry_group;

/* Returns the time of the next try after one that failed NOW: INTERVAL later, or shortly before
 * DEADLINE, so that what comes up in the last interval is not missed; NEVER if there is none. RETRY
 * is the time of all tries. All in ns, see clock.h. */
int64_t retry_next(int64_t now, int64_t retry, int64_t interval, int64_t deadline);

#define TRY_LIMIT SECOND /* of a single try under --retry, if -w is not given */

#endif
