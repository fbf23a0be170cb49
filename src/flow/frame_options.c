/* frame_options.c - the rows of the option groups "Datagrams" and "Messages" */
#include "flow/frame_options.h"

#include <stddef.h>

#include "base/number.h"
#include "base/text.h"

#define MESSAGE_MOST (1 << 20)

/* Refuses WORD for the option NAME, which takes those of WORDS. */
static int frame_refuse(const char *name, const char *word, const char *words(size_t),
			struct option_error *error)
{
	char list[160], *at = list, *end = list + sizeof list;

	for (size_t i = 0; words(i); i++) {
		at = text_append(at, end, i ? ", " : "");
		at = text_append(at, end, words(i));
		at = text_append(at, end, at[-1] == '=' ? "N" : "");
	}
	return option_fail(error, "--%s: '%s' is none of %s", name, word, list);
}

/* The words of the modes that it takes. */
static const char *wire_word(size_t i)
{
	size_t mode = i + FRAME_LINE;

	return frame_word(mode < FRAME_ALL ? mode : mode + 1);
}

static int parse_frame(void *field, const char *word, struct option_error *error)
{
	return frame_parse(word, field) < 0 ? frame_refuse("frame", word, frame_word, error) : 0;
}

/* A stream does not say how it was cut, and goes on. */
static int parse_wire(void *field, const char *word, struct option_error *error)
{
	struct frame *wire = field;

	if (frame_parse(word, wire) < 0 || wire->mode == FRAME_READ || wire->mode == FRAME_ALL)
		return frame_refuse("wire-frame", word, wire_word, error);
	wire->strict = true;
	return 0;
}

#define AT(member) offsetof(struct frame_options, member)

static const struct option_row rows[] = {
	OPTION("frame", 0, OPTION_PARSED, AT(frame), KEEP_NOTHING, ARG("MODE"),
	       "what a datagram is in the data: each read, line, nul (a string), all of it, "
	       "size=N, len16 or len32 (a length before it), as --wire-frame has it",
	       .parser = parse_frame, .choices = frame_word),
	OPTION("size", 0, OPTION_SIZE, AT(size), KEEP_NOTHING, ARG("N"),
	       "with --frame read: at most so many bytes in a datagram (65507); in a message of "
	       "--wire-frame (1M)",
	       .min = 1, .max = FRAME_SIZE_MOST),
};

static const struct option_row wire_rows[] = {
	OPTION("wire-frame", 0, OPTION_PARSED, AT(wire), KEEP_NOTHING,
	       ARG("MODE")
		       EXCLUDES("telnet raw fastopen kill-after probe ping pass-fd discard chat "
				"proxy-server send-fd recv-fd"),
	       "messages on the connection: line, nul, size=N, len8 len16 len32 (or len16le "
	       "len32le), varint, octet, netstring, content-length",
	       .parser = parse_wire, .choices = wire_word),
};

const struct option_group frame_group = { "Datagrams", rows, sizeof rows / sizeof *rows };
const struct option_group wire_group = { "Messages", wire_rows,
					 sizeof wire_rows / sizeof *wire_rows };

int frame_options_check_stream(struct frame_options *o, struct option_error *error)
{
	size_t least = o->frame.size > o->wire.size ? o->frame.size : o->wire.size;

	if (!o->wire.given && (o->frame.given || o->size != UNSET))
		return option_fail(error,
				   "--%s is for messages and packets: on a stream it needs "
				   "--wire-frame",
				   o->frame.given ? "frame" : "size");
	if (!o->wire.given)
		return 0;
	if (!o->frame.given)
		o->frame.mode = FRAME_LINE;
	if (o->size == UNSET)
		o->size = least > MESSAGE_MOST ? (int64_t)least : MESSAGE_MOST;
	if ((uint64_t)o->size < least)
		return option_fail(error, "--size: %lld is less than size=%zu", (long long)o->size,
				   least);
	return 0;
}
