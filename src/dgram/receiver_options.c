/* receiver_options.c - the option rows of receiver.h, and what excludes what */
#include "base/number.h"
#include "sock/datagram.h"
#include "dgram/receiver.h"

static const struct option_keyword replies[] = {
	{ "latest", REPLY_LATEST },
	{ "first", REPLY_FIRST },
	{ "", 0 },
};

#define AT(member) offsetof(struct receiver_options, member)

static const struct option_row rows[] = {
	OPTION("count", 'c', OPTION_NUMBER, AT(count), KEEP_NOTHING, ARG("N"),
	       "exit after so many datagrams", .min = 1, .max = INT64_MAX),
	OPTION("from", 0, OPTION_FLAG, AT(from), KEEP_NOTHING, EXCLUDES("json"),
	       "ADDRESS PORT: before each payload (--frame line)"),
	OPTION("timestamp", 0, OPTION_FLAG, AT(timestamp), KEEP_NOTHING, EXCLUDES("json"),
	       "the time when the kernel had it before each payload (--frame line)"),
	OPTION("reply", 0, OPTION_KEYWORD, AT(reply), KEEP_NOTHING, ARG("WHO"),
	       "stdin's datagrams go to the latest sender, or to the first, all others then "
	       "being dropped",
	       .keywords = replies),
	OPTION("strict", 0, OPTION_FLAG, AT(strict), KEEP_NOTHING, "",
	       "exit 1 if a datagram was lost for want of room, or cut"),
};

static const struct option_row answering_rows[] = {
	OPTION("echo", 0, OPTION_FLAG, AT(echo), KEEP_NOTHING,
	       EXCLUDES("execute reply from timestamp"), "send back what comes (RFC 862)"),
	OPTION("execute", 'e', OPTION_STRING, AT(command.shell), KEEP_PROGRAMS,
	       ARG("CMD") EXCLUDES("reply from timestamp"),
	       "run CMD by /bin/sh for each datagram: that is its stdin, its stdout the "
	       "answer; without a shell: -- CMD ARG..."),
	OPTION("jobs", 0, OPTION_NUMBER, AT(jobs), KEEP_NOTHING, ARG("N"),
	       "so many commands at a time (16), meanwhile datagrams wait in the kernel", .min = 1,
	       .max = 65536),
};

static const struct option_row forwarding_rows[] = {
	OPTION("forward", 0, OPTION_STRING, AT(forward), KEEP_NAMES,
	       ARG("ENDPOINT") EXCLUDES("echo execute reply from timestamp count"),
	       "pass each sender's datagrams on to ENDPOINT (HOST:PORT, unix:PATH) by a socket "
	       "of its own, and the answers back"),
	OPTION("max-conns", 'm', OPTION_NUMBER, AT(max_conns), KEEP_NOTHING,
	       ARG("N") NEEDS("forward"),
	       "at most N senders at a time (4096): the one idle longest gives way", .min = 1,
	       .max = INT32_MAX),
	OPTION("max-per-source", 0, OPTION_PARSED, AT(per_source), KEEP_NOTHING,
	       ARG("N[/BITS]") NEEDS("forward"),
	       "at most N senders of one address (IPv6: of its /64), or of a network of BITS",
	       .parser = source_parse),
};

const struct option_group forwarding_group = { "Forwarding", forwarding_rows,
					       sizeof forwarding_rows / sizeof *forwarding_rows };
const struct option_group receiver_group = { "Receiving", rows, sizeof rows / sizeof *rows };
const struct option_group jobs_group = { "Answering", answering_rows + 2, 1 };
const struct option_group answering_group = { "Answering", answering_rows,
					      sizeof answering_rows / sizeof *answering_rows };

/* Checks the ENDPOINT of --forward. Returns as receiver_options_check(). */
static int receiver_check_forward(struct receiver_options *o, const struct frame_options *frame,
				  bool numeric, struct option_error *error)
{
	struct endpoint_words *to = &o->forward_to;
	struct option_error inner;
	struct address a;
	uint16_t port;

	if (!o->forward)
		return 0;
	if (frame->frame.mode != FRAME_READ || frame->size != UNSET)
		return option_fail(error,
				   "--forward and --%s exclude each other: each datagram "
				   "goes on as it is",
				   frame->size != UNSET ? "size" : "frame");
	if (address_endpoint(o->forward, numeric, to, &inner) < 0)
		return option_fail(error, "--forward: %s", inner.text);
	if (!*to->port && address_parse_unix(to->host, &a) != WORD_NUMBER)
		return option_fail(error,
				   "--forward: '%s' is for streams: datagrams go to HOST:PORT or "
				   "unix:PATH",
				   o->forward);
	if (address_parse_port(to->port, &port) == WORD_NUMBER && port == 0)
		return option_fail(error, "--forward: '%s': nobody can be at port 0", o->forward);
	return 0;
}

int receiver_options_check(struct receiver_options *o, struct frame_options *frame,
			   const struct operands *operands, int family, bool numeric,
			   struct option_error *error)
{
	const char *with = o->echo	    ? "echo" :
			   o->forward	    ? "forward" :
			   o->command.shell ? "execute" :
			   o->reply	    ? "reply" :
			   o->from	    ? "from" :
			   o->timestamp	    ? "timestamp" :
					      NULL;
	size_t most = dgram_most(family);

	o->command.words = operands->command;
	if (operands->command && with)
		return option_fail(error, "--%s and '-- %s' exclude each other", with,
				   operands->command[0]);
	if (o->jobs != UNSET && !o->command.shell && !o->command.words)
		return option_fail(error, "--jobs needs a command: -e CMD or -- CMD");
	/* A text before each payload needs a mark after it. */
	if ((o->from || o->timestamp) && frame->frame.mode == FRAME_READ)
		frame->frame.mode = FRAME_LINE;
	if ((o->from || o->timestamp) && frame->frame.mode != FRAME_LINE)
		return option_fail(error, "--%s needs --frame line",
				   o->from ? "from" : "timestamp");
	/* --size cuts what is received, whatever the frame. */
	if (frame->size != UNSET && (uint64_t)frame->size > most)
		return option_fail(error, "--size: %lld is more than a datagram carries (%zu)",
				   (long long)frame->size, most);
	return receiver_check_forward(o, frame, numeric, error);
}
