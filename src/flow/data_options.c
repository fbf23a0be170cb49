/* data_options.c - the rows of the option groups "Data" and "Stream" */
#include "flow/data_options.h"

#include <errno.h>
#include <string.h>

#include "base/lines.h"
#include "base/number.h"

#define AT(member) offsetof(struct data_options, member)

/* A file, but not what is an option: who has left the file out would get one of that name. */
static int data_parse_file(void *field, const char *word, struct option_error *error)
{
	const char **file = field;

	if (word[0] == '-' && word[1])
		return option_fail(
			error,
			"FILE '%s' looks like an option: - is stderr, and a file of that name ./%s",
			word, word);
	*file = word;
	return 0;
}

/* The same, but for what nc's -X takes: who means that would not go through the proxy. */
static int data_parse_text_dump(void *field, const char *word, struct option_error *error)
{
	if (!strcmp(word, "4") || !strcmp(word, "5") || !strcmp(word, "connect"))
		return option_fail(error,
				   "--text-dump '%s': what nc's -X does is --proxy URL; a file of "
				   "that name is ./%s",
				   word, word);
	return data_parse_file(field, word, error);
}

/* Returns the byte that WORD names, a character, `^]` or `\xHH`, or UNSET. */
static int64_t data_parse_byte(const char *word)
{
	const unsigned char *p = (const unsigned char *)word;
	size_t n = strlen(word);
	int high, low;

	if (n == 1 && p[0] < 0x80)
		return p[0];
	/* `^?` is DEL, as stty(1) has it. */
	if (n == 2 && p[0] == '^' && p[1] >= '?' && p[1] < 0x7f)
		return p[1] == '?' ? 0x7f : p[1] & 0x1f;
	if (n != 4 || p[0] != '\\' || p[1] != 'x')
		return UNSET;
	high = digit_value(word[2]);
	low = digit_value(word[3]);
	return high < 0 || low < 0 ? UNSET : high * 16 + low;
}

/* The full stop comes behind the escape. */
static int data_parse_escape(void *field, const char *word, struct option_error *error)
{
	int64_t *escape = field;

	*escape = data_parse_byte(word);
	if (strcmp(word, "none") != 0 && (*escape == UNSET || *escape == '.'))
		return option_fail(error,
				   "--escape: '%s' is not a character other than the full stop, "
				   "^C, \\xHH or none",
				   word);
	return 0;
}

static int data_parse_heartbeat(void *field, const char *word, struct option_error *error)
{
	struct data_options *data = field; /* all of it */
	const char *comma = strchr(word, ',');
	size_t n = comma ? (size_t)(comma - word) : strlen(word);
	char duration[64] = "";

	if (n < sizeof duration)
		memcpy(duration, word, n);
	data->heartbeat_text.length = 0;
	if (option_unescape(&data->heartbeat_text, "heartbeat", comma ? comma + 1 : "\\n", error) <
	    0)
		return -1;
	if (duration_parse(duration, &data->heartbeat) == 0 && data->heartbeat > 0 &&
	    data->heartbeat_text.length)
		return 0;
	return option_fail(error,
			   "--heartbeat: '%s' is not DURATION[,TEXT]: a duration over 0, and a "
			   "text that is not empty",
			   word);
}

static int data_parse_stats(void *field, const char *word, struct option_error *error)
{
	struct data_stats *stats = field;

	*stats = (struct data_stats){ .on = true, .interval = UNSET };
	if (word && (duration_parse(word, &stats->interval) < 0 || stats->interval <= 0))
		return option_fail(error, "--stats: '%s' is no duration over 0", word);
	return 0;
}

static int data_parse_expect(void *field, const char *word, struct option_error *error)
{
	return dialogue_add(field, DIALOGUE_EXPECT, word, error);
}

static int data_parse_send(void *field, const char *word, struct option_error *error)
{
	return dialogue_add(field, DIALOGUE_SEND, word, error);
}

static int data_parse_fail(void *field, const char *word, struct option_error *error)
{
	return dialogue_add(field, DIALOGUE_FAIL, word, error);
}

/* Adds the steps of the file WORD. */
static int data_parse_dialogue(void *field, const char *word, struct option_error *error)
{
	struct option_error inner;
	struct lines l;
	size_t bad = 0;

	lines_open(&l, word);
	while (!bad && lines_next(&l))
		if (dialogue_add_line(field, l.line, l.length, &inner) < 0)
			bad = l.n;
	if (lines_close(&l) < 0)
		return option_fail_errno(error, errno, "--dialogue: %s", word);
	return bad ? option_fail(error, "--dialogue: %s: line %zu: %s", word, bad, inner.text) : 0;
}

/* What has no way for the steps of a dialogue, or would end before them. */
#define NO_DIALOGUE                                                                                \
	"forward echo discard broker chat proxy-server ping pass-fd read-bytes "                   \
	"wire-frame explain trace mtu"

static const struct option_row rows[] = {
	OPTION("idle-timeout", 'i', OPTION_DURATION, AT(idle_timeout), KEEP_NOTHING,
	       ARG("DURATION"), "connected, and nothing moved for so long: exit 4"),
	OPTION("timeout", 0, OPTION_DURATION, AT(timeout), KEEP_NOTHING, ARG("DURATION"),
	       "limit for the whole run: exit 4"),
	OPTION("crlf", 'C', OPTION_FLAG, AT(crlf), KEEP_NOTHING, "",
	       "send each LF as CRLF; what is CRLF stays so"),
	OPTION("rate", 0, OPTION_SIZE, AT(rate), KEEP_NOTHING, ARG("RATE"),
	       "at most so many bytes a second, each way, for each connection", .min = 1,
	       .max = INT64_C(1) << 40),
	OPTION("output", 'o', OPTION_PARSED, AT(output), KEEP_NOTHING, ARG("FILE"),
	       "what is received and sent, raw, also to FILE; - is stderr",
	       .parser = data_parse_file),
	OPTION("hex-dump", 'x', OPTION_PARSED, AT(hex_dump), KEEP_NOTHING, ARG("FILE"),
	       "the same as a hex dump with direction, time and length; - is stderr",
	       .parser = data_parse_file),
	OPTION("text-dump", 'X', OPTION_PARSED, AT(text_dump), KEEP_NOTHING, ARG("FILE"),
	       "the same as text: lines with their direction; - is stderr",
	       .parser = data_parse_text_dump),
	OPTION("append", 0, OPTION_FLAG, AT(append), KEEP_NOTHING,
	       NEEDS("output hex-dump text-dump"),
	       "add to the files of -o, -x and -X, in place of emptying them"),
	OPTION("progress", 0, OPTION_COUNT, AT(progress), KEEP_NOTHING, "",
	       "a live line of bytes, rate, time and what is left; twice: also where stderr is "
	       "no terminal"),
	OPTION("stats", 0, OPTION_PARSED, AT(stats), KEEP_NOTHING, ARG("INTERVAL"),
	       "at the end a line of figures, and what limited them; also each INTERVAL "
	       "(SIGUSR1: at any time)",
	       .optional = true, .parser = data_parse_stats),
};

static const struct option_row stream_rows[] = {
	OPTION("recv-only", 'd', OPTION_FLAG, AT(recv_only), KEEP_NOTHING, EXCLUDES("send-only"),
	       "stdin is not there: never read, and no end sent before the peer's"),
	OPTION("send-only", 0, OPTION_FLAG, AT(send_only), KEEP_NOTHING, EXCLUDES("read-bytes"),
	       "throw away what the peer sends; done once it has taken all and has ended or is "
	       "silent"),
	OPTION("quit-after-eof", 'q', OPTION_DURATION, AT(quit_after_eof), KEEP_NOTHING,
	       ARG("DURATION"), "wait so long for the peer after stdin's end (-d: from the start)"),
	OPTION("linger", 0, OPTION_DURATION, AT(linger), KEEP_NOTHING, ARG("DURATION"),
	       "where sockit ends the connection: how long the peer may take to end too before "
	       "it is closed all the same (2s)"),
	OPTION("read-bytes", 0, OPTION_SIZE, AT(read_bytes), KEEP_NOTHING, ARG("N"),
	       "end after so many bytes received", .min = 1, .max = INT64_MAX),
	OPTION("raw", 0, OPTION_FLAG, AT(raw), KEEP_NOTHING,
	       EXCLUDES("recv-only forward execute echo discard broker chat proxy-server"),
	       "stdin's terminal in raw mode while connected; Ctrl-] and then . ends the run"),
	OPTION("escape", 0, OPTION_PARSED, AT(escape), KEEP_NOTHING, ARG("CHAR") NEEDS("raw"),
	       "CHAR and then . ends the run, in place of Ctrl-]: C, ^C, \\xHH, or none",
	       .parser = data_parse_escape),
	OPTION("no-shutdown", 0, OPTION_FLAG, AT(no_shutdown), KEEP_NOTHING, "",
	       "do not pass stdin's end on"),
	OPTION("close-on-peer-eof", 0, OPTION_FLAG, AT(close_on_peer_eof), KEEP_NOTHING, "",
	       "the peer's end of stream ends the connection, though stdin is open"),
	OPTION("delay", 0, OPTION_DURATION, AT(delay), KEEP_NOTHING, ARG("DURATION"),
	       "pause between lines sent"),
	OPTION("heartbeat", 0, OPTION_PARSED, 0, KEEP_NOTHING,
	       ARG("DURATION[,TEXT]") EXCLUDES("send-fd"),
	       "send TEXT (a newline; escapes as of --send) whenever nothing was sent so long; "
	       "-i then counts only what is received",
	       .parser = data_parse_heartbeat),
	OPTION("telnet", 't', OPTION_FLAG, AT(telnet), KEEP_NOTHING, "",
	       "answer telnet's negotiation (refusing all) and take it out of the data"),
	OPTION("expect", 0, OPTION_PARSED, AT(dialogue), KEEP_NOTHING,
	       ARG("ERE") EXCLUDES(NO_DIALOGUE),
	       "before stdin is read: wait until ERE matches what came since the last match, "
	       "-w (10s) at most: exit 4; in order with --send and --fail",
	       .repeats = true, .parser = data_parse_expect),
	OPTION("send", 0, OPTION_PARSED, AT(dialogue), KEEP_NOTHING,
	       ARG("TEXT") EXCLUDES(NO_DIALOGUE),
	       "then send TEXT (\\n \\r \\t \\0 \\\\ \\xHH), to which nothing is added",
	       .repeats = true, .parser = data_parse_send),
	OPTION("fail", 0, OPTION_PARSED, AT(dialogue), KEEP_NOTHING,
	       ARG("ERE") EXCLUDES(NO_DIALOGUE),
	       "from here on to the last step: exit 1 if ERE matches", .repeats = true,
	       .parser = data_parse_fail),
	OPTION("dialogue", 0, OPTION_PARSED, AT(dialogue), KEEP_NOTHING,
	       ARG("FILE") EXCLUDES(NO_DIALOGUE),
	       "the steps of FILE, a line each: expect ERE, send TEXT, fail ERE", .repeats = true,
	       .parser = data_parse_dialogue),
	OPTION("buffer", 0, OPTION_SIZE, AT(buffer), KEEP_NOTHING, ARG("SIZE"),
	       "how much may be in flight in each direction", .min = 1, .max = 1 << 30),
};

const struct option_group data_group = { "Data", rows, sizeof rows / sizeof *rows };
const struct option_group stream_group = { "Stream", stream_rows,
					   sizeof stream_rows / sizeof *stream_rows };

void data_options_free(struct data_options *o)
{
	dialogue_free(&o->dialogue);
	if (o->heartbeat_text.data)
		text_free(&o->heartbeat_text);
}

bool data_options_see(const struct data_options *o)
{
	return o->recv_only || o->send_only || o->no_shutdown || o->close_on_peer_eof || o->crlf ||
	       o->telnet || o->stats.on || o->progress || o->quit_after_eof != UNSET ||
	       o->idle_timeout != UNSET || o->delay != UNSET || o->read_bytes != UNSET ||
	       o->buffer != UNSET || o->rate != UNSET || o->heartbeat != UNSET || o->output ||
	       o->hex_dump || o->text_dump || o->dialogue.n;
}
