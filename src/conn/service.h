/* service.h - what is to be done with a connection: the option groups */
#ifndef CONN_SERVICE_H
#define CONN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "flow/spawn.h"
#include "sock/address.h"
#include "proxyd/options.h"

enum when_full { WHEN_FULL_WAIT, WHEN_FULL_CLOSE };

enum service_kind {
	SERVICE_STDIO, /* stdin and stdout */
	SERVICE_COMMAND,
	SERVICE_ECHO,
	SERVICE_DISCARD,
	SERVICE_FORWARD,
	SERVICE_BROKER,
	SERVICE_PROXY,
};

struct service_options {
	/* of what runs a command */
	struct spawn_command command;
	int64_t kill_after; /* ns, or UNSET */
	/* of UNIX sockets */
	int64_t send_fd; /* a descriptor that goes along with the first bytes, or UNSET */
	bool recv_fd;	 /* the command gets the one that comes with them */
	/* of what accepts */
	bool keep_open;
	int64_t max_conns, accept; /* UNSET: any number */
	int64_t when_full;
	int64_t stall; /* ns */
	bool echo, discard, broker, chat;
	const char *forward; /* ENDPOINT, */
	struct endpoint_words forward_to;
	struct proxy_server_options proxy;
};

#define SERVICE_OPTIONS_DEFAULT                                                                    \
	{                                                                                          \
		.kill_after = UNSET, .send_fd = UNSET, .max_conns = UNSET, .accept = UNSET,        \
		.stall = 5 * SECOND                                                                \
	}

extern const struct option_group command_group, service_group, pass_group;

/* Takes the command that stands after `--`, if there is one, and --forward's ENDPOINT apart, and
 * checks a proxy's options; NUMERIC: no names. Returns 0, or -1 with *ERROR where that cannot be.
 */
int service_check(struct service_options *o, const struct operands *operands, bool numeric,
		  struct option_error *error);

enum service_kind service_kind(const struct service_options *o);

/* May there be more than one connection? */
bool service_keeps(const struct service_options *o);

#endif
