/* client.h - a run that connects, from the first try to its end
 *
 * `connect` and `unix` differ in their operands and options only.
 */
#ifndef CONN_CLIENT_H
#define CONN_CLIENT_H

#include "net/proxy_client.h"
#include "conn/connections.h"

/* What the group's rows fill; ns, or UNSET. */
struct retry_options {
	int64_t retry, interval;
};

#define RETRY_OPTIONS_DEFAULT                                                                      \
	{                                                                                          \
		.retry = UNSET, .interval = 250 * MILLISECOND                                      \
	}

/* retry_alone_group lacks --interval, for subcommands that have a row of their own for it. */
extern const struct option_group retry_group, retry_alone_group;

/* Returns the time of the next try after one that failed NOW: INTERVAL later, or shortly before
 * DEADLINE, so that what comes up in the last interval is not missed; NEVER if there is none. RETRY
 * is the time of all tries. All in ns, see clock.h. */
int64_t retry_next(int64_t now, int64_t retry, int64_t interval, int64_t deadline);

#define TRY_LIMIT SECOND /* of a single try under --retry, if -w is not given */

struct client_config {
	struct connections_config connections;
	const struct retry_options *retry;
	const struct proxy *proxy; /* the first on the way; NULL: there is none */
	bool pass_fd; /* the connection goes to whoever is behind stdout, a UNIX socket */
};

/* Connects, and moves data until the connection ends. Returns the outcome, having reported what
 * went wrong. */
struct outcome client_run(const struct client_config *c);

#endif
