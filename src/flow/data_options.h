/* data_options.h - the option groups of everything that moves data */
#ifndef FLOW_DATA_OPTIONS_H
#define FLOW_DATA_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/text.h"
#include "proto/dialogue.h"

struct data_options {
	bool recv_only, send_only, no_shutdown, close_on_peer_eof, raw, crlf, telnet, append;
	int64_t quit_after_eof, linger, idle_timeout, timeout, delay; /* ns, or UNSET */
	int64_t read_bytes, buffer, rate;			      /* bytes, or UNSET */
	const char *output, *hex_dump, *text_dump;		      /* NULL: none */
	int64_t escape; /* the byte, or UNSET: there is none */
	int progress;	/* how often it was given */
	struct data_stats {
		bool on;
		int64_t interval; /* ns, UNSET: at the end only */
	} stats;
	int64_t heartbeat;	    /* ns, or UNSET, */
	struct text heartbeat_text; /* and what it sends */
	struct dialogue dialogue;   /* the steps before stdin is read */
};

#define DATA_ESCAPE 0x1d /* Ctrl-], as telnet(1) has it */

#define DATA_OPTIONS_DEFAULT                                                                       \
	{                                                                                          \
		.quit_after_eof = UNSET, .linger = 2 * SECOND, .idle_timeout = UNSET,              \
		.timeout = UNSET, .delay = UNSET, .read_bytes = UNSET, .buffer = UNSET,            \
		.rate = UNSET, .heartbeat = UNSET, .escape = DATA_ESCAPE, .stats.interval = UNSET  \
	}

/* Subcommands that move data have the first group, those that move a stream both. */
extern const struct option_group data_group, stream_group;

/* Frees what O has. */
void data_options_free(struct data_options *o);

/* Does O ask for anything for which the bytes, or the end of a direction, must pass through us? */
bool data_options_see(const struct data_options *o);

#endif
