/* connect_ping.h - `connect --ping`: how long does connecting take, again and again? */
#ifndef CMD_CONNECT_PING_H
#define CMD_CONNECT_PING_H

#include "base/message.h"
#include "base/outcome.h"
#include "flow/data_options.h"
#include "sock/address.h"
#include "sock/sockopt.h"

/* What of connect's options it reads. */
struct ping_options {
	const struct messages *messages;
	const struct family_options *family;
	const struct socket_options *socket;
	const struct data_options *data;
	int64_t wait, interval, count; /* count may be UNSET */
};

/* Connects to PORT of HOST, which have passed address_operands(), once every interval; prints a
 * line for each and figures at the end. Says itself what goes wrong. */
struct outcome ping_run(const struct ping_options *o, const char *host, const char *port);

#endif
