/* frame_options.c - the rows of the option group "Datagrams" */
#include "flow/frame_options.h"

#include <stddef.h>

static int parse_frame(void *field, const char *word, struct option_error *error)
{
	if (frame_parse(word, field) == 0)
		return 0;
	return option_fail(error,
			   "--frame: '%s' is none of read, line, nul, all, size=N, len16, len32",
			   word);
}

#define AT(member) offsetof(struct frame_options, member)

static const struct option_row rows[] = {
	{ "frame", 0, OPTION_PARSED, AT(frame), .arg = "MODE", .parser = parse_frame,
	  .words = frame_word,
	  .help = "what a datagram is in the data: each read, line, nul (a string), all of it, "
		  "size=N, len16 or len32 (a length before it)" },
	{ "size", 0, OPTION_SIZE, AT(size), .arg = "N", .min = 1, .max = FRAME_SIZE_MOST,
	  .help = "with --frame read: at most so many bytes in a datagram (65507)" },
};

const struct option_group frame_group = { "Datagrams", rows, sizeof rows / sizeof *rows };
