/* receiver.h - a run that receives datagrams: what becomes of each, what is answered, and when it
 * is over
 *
 * `udp-recv` and `unix --listen --type dgram` differ in their operands and options only.
 */
#ifndef DGRAM_RECEIVER_H
#define DGRAM_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/outcome.h"
#include "flow/data_options.h"
#include "flow/frame_options.h"
#include "flow/spawn.h"
#include "net/access.h"
#include "net/listen_options.h"
#include "net/sources.h"
#include "sock/membership.h"
#include "sock/sockopt.h"

enum reply_to { REPLY_NOBODY, REPLY_LATEST, REPLY_FIRST };

struct receiver_options {
	int64_t count, jobs; /* UNSET: any number; the usual number */
	int64_t reply;	     /* enum reply_to */
	bool from, timestamp, strict, echo;
	struct spawn_command command;
	const char *forward; /* ENDPOINT, and its parts: */
	struct endpoint_words forward_to;
	int64_t max_conns; /* sessions at a time; UNSET: the usual number */
	struct source_limit per_source;
};

#define RECEIVER_OPTIONS_DEFAULT                                                                   \
	{                                                                                          \
		.count = UNSET, .jobs = UNSET, .max_conns = UNSET,                                 \
		.per_source = SOURCE_LIMIT_DEFAULT                                                 \
	}

/* Options for what is received; for what sends it back or hands it to a command; --jobs alone; for
 * what sends it on. */
extern const struct option_group receiver_group, answering_group, jobs_group, forwarding_group;

/* Takes the command that stands after `--`, if there is one, and checks O with FRAME against the
 * rest of the command line, for sockets of FAMILY; NUMERIC: --forward may have no name. Returns 0,
 * or -1 with *ERROR. */
int receiver_options_check(struct receiver_options *o, struct frame_options *frame,
			   const struct operands *operands, int family, bool numeric,
			   struct option_error *error);

/* All pointers must live until the end. */
struct receiver_config {
	const struct messages *messages;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct listen_options *listen;
	const struct frame_options *frame;
	struct access_options *access;
	const struct membership_options *groups; /* NULL: of a UNIX socket */
	const struct receiver_options *options;	 /* receiver_options_check() has passed them */
	const char *host, *port;		 /* as address_operands() has them */
	int inherited; /* so many UNIX sockets, from descriptor 3 on, in place of those two */
	int family;    /* AF_UNIX, or of the look-up */
	bool numeric;  /* no name of a sender is looked up */
	int64_t wait;  /* -w, or UNSET */
	int64_t stall; /* of UNIX sockets: how long an answer waits for one who takes nothing */
};

/* Checks the options in C that receiver_options_check() has not seen. Returns 0, or -1 with *ERROR
 * (exit status 2). */
int receiver_check(const struct receiver_config *c, struct option_error *error);

/* Binds the sockets, receives by them to the end, and removes what was made for them. Says itself
 * what goes wrong. */
struct outcome receiver_run(const struct receiver_config *c);

#endif
