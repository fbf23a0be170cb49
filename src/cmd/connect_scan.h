/* connect_scan.h - `connect --probe`: which ports are open? */
#ifndef CMD_CONNECT_SCAN_H
#define CMD_CONNECT_SCAN_H

#include "base/message.h"
#include "base/options.h"
#include "base/outcome.h"
#include "flow/data_options.h"
#include "flow/spawn.h"
#include "sock/address.h"
#include "sock/sockopt.h"

/* What of connect's options it reads. */
struct scan_options {
	const struct messages *messages;
	const struct family_options *family;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct spawn_command *command; /* of neither kind: none is run */
	int64_t wait, retry, interval, jobs; /* retry may be UNSET */
	bool any, closed;
};

/* Probes the ports that OPERANDS name, `HOST... PORTS` or ENDPOINTs, prints what is open, and where
 * all went as asked has the command run in our place. Says itself what goes wrong. */
struct outcome scan_run(const struct scan_options *o, const struct operands *operands);

#endif
