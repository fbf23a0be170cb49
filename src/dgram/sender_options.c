/* sender_options.c - the option rows of sender.h */
#include "dgram/sender.h"

#define AT(member) offsetof(struct sender_options, member)

static const struct option_row rows[] = {
	{ .name = "interval",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(interval),
	  .needs = "repeat",
	  .help = "pause between one time and the next" },
	{ .name = "wait",
	  .letter = 'w',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(wait),
	  .help = "after stdin's end wait for replies, so long after the last datagram; exit 4 if "
		  "none came" },
	/* from here on: repeat_group */
	{ .name = "replies",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = INT64_MAX,
	  .field = AT(replies),
	  .help = "wait for so many replies, and end with the last of them" },
	{ .name = "repeat",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = INT64_MAX,
	  .field = AT(repeat),
	  .help = "send all of stdin so many times" },
	{ .name = "pps",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = 1000000000,
	  .field = AT(pps),
	  .help = "at most so many datagrams a second, one by one" },
};

const struct option_group sender_group = { "Sending", rows, sizeof rows / sizeof *rows };
const struct option_group repeat_group = { "Sending", rows + 2, sizeof rows / sizeof *rows - 2 };
