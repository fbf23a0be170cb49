/* frame_options.h - the option group of subcommands that cut their input into datagrams */
#ifndef FLOW_FRAME_OPTIONS_H
#define FLOW_FRAME_OPTIONS_H

#include <stdint.h>

#include "base/options.h"
#include "proto/frame.h"

struct frame_options {
	struct frame frame;
	int64_t size; /* the most that is read for one datagram, or UNSET */
};

#define FRAME_OPTIONS_DEFAULT                                                                      \
	{                                                                                          \
		.size = UNSET                                                                      \
	}

extern const struct option_group frame_group;

#endif
