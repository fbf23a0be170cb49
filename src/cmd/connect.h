/* connect.h - what the parts of `sockit connect` share: its options, and its modes */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

#include "conn/client.h"
#include "run/scan.h"

#define PROBE_LIMIT (2 * SECOND) /* -w of --probe and --ping */

struct connect_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct frame_options frame;
	struct service_options service;
	struct retry_options retry;
	struct proxy_options proxy;
	int64_t wait, interval, jobs, count;
	bool probe, any, closed, tls, ping, pass_fd;
	const char *host, *port; /* the operands; NULL with --probe */
};

/* --ping: connects to the host and port, which have passed address_operands(), once every interval.
 * Prints a line for each time, and figures at the end. Says itself what goes wrong. */
struct outcome connect_ping(const struct connect_options *o);

#endif
