/* frame_options.h - the option groups of subcommands that cut their input into datagrams, or have
 * messages on a stream
 */
#ifndef FLOW_FRAME_OPTIONS_H
#define FLOW_FRAME_OPTIONS_H

#include <stdint.h>

#include "base/options.h"
#include "proto/frame.h"

struct frame_options {
	struct frame frame; /* on stdin and stdout */
	struct frame wire;  /* on a stream connection; not `given`: that has no messages */
	int64_t size;	    /* the most that is read for one datagram, or in a message, or UNSET */
};

#define FRAME_OPTIONS_DEFAULT                                                                      \
	{                                                                                          \
		.size = UNSET                                                                      \
	}

/* The second is for stream connections, which have the first too. */
extern const struct option_group frame_group, wire_group;

/* Checks what O says of a stream connection, and fills in what it does not say: `size` too, where
 * there are messages. Returns 0, or -1 with *ERROR. */
int frame_options_check_stream(struct frame_options *o, struct option_error *error);

#endif
