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

/* The second has no --interval, for what has more to say of it. */
extern const struct option_group retry_group, retry_alone_group;

/* When to try again what failed NOW: INTERVAL later, and once more shortly before DEADLINE, when
 * RETRY is over, so that what comes up in the last interval is not missed. NEVER: no more. Times in
 * ns, see clock.h. */
int64_t retry_next(int64_t now, int64_t retry, int64_t interval, int64_t deadline);

#define TRY_LIMIT SECOND /* of a single try under --retry, where nothing else is said */

struct client_config {
	struct connections_config connections;
	const struct retry_options *retry;
	const struct proxy *proxy; /* the first on the way; NULL: there is none */
	bool pass_fd; /* the connection goes to whoever is behind stdout, a UNIX socket */
};

/* Connects, and moves what is to be moved. Returns how that ended, having said what went wrong. */
struct outcome client_run(const struct client_config *c);

#endif
