/* client.h - a run that connects, from the first try to its end
 *
 * `connect` and `unix` differ in their operands and options only.
 */
#ifndef CONN_CLIENT_H
#define CONN_CLIENT_H

#include "net/proxy_client.h"
#include "conn/connections.h"
#include "run/retry.h"

struct client_config {
	struct connections_config connections;
	const struct retry_options *retry;
	const struct proxy *proxy; /* the first on the way; NULL: there is none */
	const char *command;	   /* that is the way (--proxy-command); NULL: there is none */
	bool pass_fd; /* the connection goes to whoever is behind stdout, a UNIX socket */
};

/* Connects, and moves data until the connection ends. Returns the outcome, having reported what
 * went wrong. */
struct outcome client_run(const struct client_config *c);

#endif
