/* server.h - a run that accepts: from the place where it listens to its end
 *
 * `listen` and `unix --listen` differ in their operands and options only.
 */
#ifndef CONN_SERVER_H
#define CONN_SERVER_H

#include "flow/frame_options.h"
#include "net/access.h"
#include "net/listener.h"
#include "run/run.h"
#include "conn/service.h"

/* All pointers must stay until the end. */
struct server_config {
	const struct messages *messages;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct listen_options *listen;
	const struct service_options *service;
	const struct frame_options *frame; /* of packets; NULL: the usual */
	struct access_options *access;
	struct access_options *dest; /* of a proxy */
	const char *host, *port;     /* as address_operands() has them */
	int inherited;		     /* so many sockets, in place of those two */
	int family;
	int socktype; /* of a UNIX socket; 0: SOCK_STREAM */
	bool numeric;
	int64_t wait; /* for a client, ns, or UNSET */
};

/* Checks the groups that C has. Returns 0, or -1 with *ERROR. */
int server_check(const struct server_config *c, struct option_error *error);

/* Listens, and serves who comes. Returns how that ended, having said what went wrong. */
struct outcome server_run(const struct server_config *c);

#endif
