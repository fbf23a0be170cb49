/* unix_receiver.h - a run that receives the datagrams of a UNIX socket
 */
#ifndef DGRAM_UNIX_RECEIVER_H
#define DGRAM_UNIX_RECEIVER_H

#include "base/message.h"
#include "base/options.h"
#include "base/outcome.h"
#include "flow/data_options.h"
#include "net/access.h"
#include "net/listener.h"
#include "dgram/receiver.h"

/* All pointers must stay until the end. */
struct unix_receiver_config {
	const struct messages *messages;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct listen_options *listen;
	const struct frame_options *frame;
	const struct access_options *access;
	struct receiver_options *receiving; /* receiver_check() has passed them */
	const char *place;		    /* `unix:PATH`, which address_parse_unix() takes, */
	int inherited;			    /* or NULL, and so many from descriptor 3 on */
	int64_t wait, stall;		    /* see struct receiver_config */
};

/* Checks what C says. Returns 0, or -1 with *ERROR (exit status 2). */
int unix_receiver_check(const struct unix_receiver_config *c, struct option_error *error);

/* Binds the socket (see unix_bind()), receives by it, and removes what was made for it. Says itself
 * what goes wrong. */
struct outcome unix_receiver_run(const struct unix_receiver_config *c);

#endif
