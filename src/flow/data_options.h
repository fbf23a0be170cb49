/* data_options.h - the option group of everything that moves a stream */
#ifndef FLOW_DATA_OPTIONS_H
#define FLOW_DATA_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"

struct data_options {
	bool recv_only, send_only, no_shutdown, close_on_peer_eof, stats;
	int64_t quit_after_eof, linger, idle_timeout, timeout; /* ns, or UNSET */
	int64_t read_bytes, buffer;			       /* bytes, or UNSET */
};

#define DATA_OPTIONS_DEFAULT                                                                       \
	{                                                                                          \
		.quit_after_eof = UNSET, .linger = 2 * SECOND, .idle_timeout = UNSET,              \
		.timeout = UNSET, .read_bytes = UNSET, .buffer = UNSET                             \
	}

extern const struct option_group data_group;

#endif
