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
	OPTION("interval", 0, OPTION_DURATION, AT(interval), KEEP_NOTHING,
	       ARG("DURATION") NEEDS("repeat"), "pause between one time and the next"),
	OPTION("data", 0, OPTION_PARSED, AT(data), KEEP_NOTHING, ARG("TEXT"),
	       "send TEXT (\\n \\r \\t \\0 \\\\ \\xHH) in place of stdin, which is not read",
	       .parser = sender_parse_data),
	OPTION("wait", 'w', OPTION_DURATION, AT(wait), KEEP_NOTHING, ARG("DURATION"),
	       "after stdin's end wait for replies, so long after the last datagram; exit 4 if "
	       "none came"),
	/* from here on: repeat_group */
	OPTION("replies", 0, OPTION_NUMBER, AT(replies), KEEP_NOTHING, ARG("N"),
	       "wait for so many replies, and end with the last of them", .min = 1,
	       .max = INT64_MAX),
	OPTION("repeat", 0, OPTION_NUMBER, AT(repeat), KEEP_NOTHING, ARG("N"),
	       "send all of stdin so many times", .min = 1, .max = INT64_MAX),
	OPTION("pps", 0, OPTION_NUMBER, AT(pps), KEEP_NOTHING, ARG("N"),
	       "at most so many datagrams a second, one by one", .min = 1, .max = 1000000000),
};

const struct option_group sender_group = { "Sending", rows, sizeof rows / sizeof *rows };
const struct option_group asking_group = { "Sending", rows + 1, sizeof rows / sizeof *rows - 1 };
const struct option_group repeat_group = { "Sending", rows + 3, sizeof rows / sizeof *rows - 3 };
