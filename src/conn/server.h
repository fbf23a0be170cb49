/* server.h - a run that accepts, from the place where it listens to its end
 *
 * `listen` and `unix --listen` differ in their operands and options only.
 */
#ifndef CONN_SERVER_H
#define CONN_SERVER_H

#include "net/access.h"
#include "conn/connections.h"

struct server_config {
	struct connections_config connections;
	const struct listen_options *listen;
	struct access_options *access;
	struct access_options *dest; /* of a proxy server */
	int inherited;		     /* so many sockets, in place of host and port; 0: none */
};

/* Checks the options in C against each other. Returns 0, or -1 with *ERROR. */
int server_check(const struct server_config *c, struct option_error *error);

/* Listens, and serves the clients that come. Returns the outcome, having reported what went wrong.
 */
struct outcome server_run(const struct server_config *c);

#endif
