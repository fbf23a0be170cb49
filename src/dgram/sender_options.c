/* sender_options.c - the option rows of sender.h */
#include "base/text.h"
#include "dgram/sender.h"

#define AT(member) offsetof(struct sender_options, member)

/* Is WORD well escaped? It is kept as it is. */
static int sender_parse_data(void *field, const char *word, struct option_error *error)
{
	const char **data = field;
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	int result = option_unescape(&text, "data", word, error);

	text_free(&text);
	*data = word;
	return result;
}

static const struct option_row rows[] = {
	{ "interval", 0, OPTION_DURATION, AT(interval), .arg = "DURATION", .needs = "repeat",
	  .help = "pause between one time and the next" },
	{ "data", 0, OPTION_PARSED, AT(data), .arg = "TEXT", .parser = sender_parse_data,
	  .help = "send TEXT (\\n \\r \\t \\0 \\\\ \\xHH) in place of stdin, which is not read" },
	{ "wait", 'w', OPTION_DURATION, AT(wait), .arg = "DURATION",
	  .help = "after stdin's end wait for replies, so long after the last datagram; exit 4 if "
		  "none came" },
	/* from here on: repeat_group */
	{ "replies", 0, OPTION_NUMBER, AT(replies), .arg = "N", .min = 1, .max = INT64_MAX,
	  .help = "wait for so many replies, and end with the last of them" },
	{ "repeat", 0, OPTION_NUMBER, AT(repeat), .arg = "N", .min = 1, .max = INT64_MAX,
	  .help = "send all of stdin so many times" },
	{ "pps", 0, OPTION_NUMBER, AT(pps), .arg = "N", .min = 1, .max = 1000000000,
	  .help = "at most so many datagrams a second, one by one" },
};

const struct option_group sender_group = { "Sending", rows, sizeof rows / sizeof *rows };
const struct option_group asking_group = { "Sending", rows + 1, sizeof rows / sizeof *rows - 1 };
const struct option_group repeat_group = { "Sending", rows + 3, sizeof rows / sizeof *rows - 3 };
