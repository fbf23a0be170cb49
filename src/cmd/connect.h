/* connect.h - what the parts of `sockit connect` share: its options, and its modes */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

#include "conn/client.h"
#include "run/scan.h"

#define PROBE_LIMIT (2 * SECOND) /* -w of --probe, --ping, --explain and --mtu */

struct connect_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct frame_options frame;
	struct service_options service;
	struct retry_options retry;
	struct proxy_options proxy;
	struct told_options told;
	int64_t wait, interval, jobs, count, max_hops;
	bool probe, any, closed, tls, ping, explain, mtu, trace, pass_fd;
	const char *proxy_command;
	const char *host, *port; /* the operands; NULL with --probe */
};

/* --ping: connects to the host and port, which have passed address_operands(), once every interval.
 * Prints a line for each time, and figures at the end. Says itself what goes wrong. */
struct outcome connect_ping(const struct connect_options *o);

/* --mtu: finds how large a packet may be that reaches the host and port, which are of IP and have
 * passed address_operands(), and prints it. Says itself what goes wrong. */
struct outcome connect_mtu(const struct connect_options *o);

/* --trace: prints the routers on the way to the host and port, which have passed
 * address_operands() and are of IP, and what the port is. Says itself what goes wrong. */
struct outcome connect_trace(const struct connect_options *o);

/* --explain: finds out all that can be known of the way to the host and port, which have passed
 * address_operands() and proxy_check(), and of who is there. Prints it step by step, then what is
 * wrong. Says itself why nothing is open. */
struct outcome connect_explain(const struct connect_options *o);

#endif
