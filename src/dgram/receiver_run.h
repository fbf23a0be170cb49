/* receiver_run.h - a run that receives datagrams: from the place where it waits to its end
 *
 * `udp-recv` and `unix --listen --type dgram` differ in their operands and options only.
 */
#ifndef DGRAM_RECEIVER_RUN_H
#define DGRAM_RECEIVER_RUN_H

#include "base/message.h"
#include "base/options.h"
#include "base/outcome.h"
#include "dgram/receiver.h"
#include "flow/data_options.h"
#include "net/access.h"
#include "net/listen_options.h"
#include "sock/membership.h"

/* All pointers must live until the end. */
struct receiver_run_config {
	const struct messages *messages;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct listen_options *listen;
	const struct frame_options *frame;
	struct access_options *access;
	const struct membership_options *groups;  /* NULL: of a UNIX socket */
	const struct receiver_options *receiving; /* receiver_check() has passed them */
	const char *host, *port;		  /* as address_operands() has them */
	int inherited; /* so many UNIX sockets, from descriptor 3 on, in place of those two */
	int family;    /* AF_UNIX, or of the look-up */
	bool numeric;
	int64_t wait, stall; /* see struct receiver_config */
};

/* Checks what C says. Returns 0, or -1 with *ERROR (exit status 2). */
int receiver_run_check(const struct receiver_run_config *c, struct option_error *error);

/* Binds the sockets and receives by them, then removes what was made for them. Says itself what
 * goes wrong. */
struct outcome receiver_run(const struct receiver_run_config *c);

#endif
