/* data_options.c - the rows of the option groups "Data" and "Stream" */
#include "flow/data_options.h"

#include "base/number.h"

#define AT(member) offsetof(struct data_options, member)

static const struct option_row rows[] = {
	{ .name = "idle-timeout",
	  .letter = 'i',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(idle_timeout),
	  .help = "connected, and nothing moved for so long: exit 4" },
	{ .name = "timeout",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(timeout),
	  .help = "limit for the whole run: exit 4" },
	{ .name = "crlf",
	  .letter = 'C',
	  .kind = OPTION_FLAG,
	  .field = AT(crlf),
	  .help = "send each LF as CRLF; what is CRLF stays so" },
	{ .name = "rate",
	  .kind = OPTION_SIZE,
	  .arg = "RATE",
	  .min = 1,
	  .max = INT64_C(1) << 40,
	  .field = AT(rate),
	  .help = "at most so many bytes a second, each way, for each connection" },
	{ .name = "output",
	  .letter = 'o',
	  .kind = OPTION_STRING,
	  .arg = "FILE",
	  .field = AT(output),
	  .help = "what is received and sent, raw, also to FILE" },
	{ .name = "hex-dump",
	  .letter = 'x',
	  .kind = OPTION_STRING,
	  .arg = "FILE",
	  .field = AT(hex_dump),
	  .help = "the same as a hex dump with direction, time and offset; - is stderr" },
	{ .name = "append",
	  .kind = OPTION_FLAG,
	  .field = AT(append),
	  .needs = "output hex-dump",
	  .help = "add to the files of -o and -x, in place of emptying them" },
	{ .name = "progress",
	  .kind = OPTION_COUNT,
	  .field = AT(progress),
	  .help = "a live line of bytes, rate, time and what is left; twice: also where stderr is "
		  "no terminal" },
	{ .name = "stats",
	  .kind = OPTION_FLAG,
	  .field = AT(stats),
	  .help = "at the end one line of figures (SIGUSR1: at any time)" },
};

static const struct option_row stream_rows[] = {
	{ .name = "recv-only",
	  .letter = 'd',
	  .kind = OPTION_FLAG,
	  .field = AT(recv_only),
	  .excludes = "send-only quit-after-eof",
	  .help = "stdin is not there: never read, and no end sent before the peer's" },
	{ .name = "send-only",
	  .kind = OPTION_FLAG,
	  .field = AT(send_only),
	  .excludes = "read-bytes",
	  .help = "throw away what the peer sends; done once it has taken all" },
	{ .name = "quit-after-eof",
	  .letter = 'q',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(quit_after_eof),
	  .help = "after stdin's end wait so long for the peer at most" },
	{ .name = "linger",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(linger),
	  .help = "where sockit ends the connection: how long the peer may take to end too before "
		  "it is closed all the same (2s)" },
	{ .name = "read-bytes",
	  .kind = OPTION_SIZE,
	  .arg = "N",
	  .min = 1,
	  .max = INT64_MAX,
	  .field = AT(read_bytes),
	  .help = "end after so many bytes received" },
	{ .name = "raw",
	  .kind = OPTION_FLAG,
	  .field = AT(raw),
	  .excludes = "recv-only",
	  .help = "stdin's terminal in raw mode while connected; Ctrl-] and then . ends the run" },
	{ .name = "no-shutdown",
	  .kind = OPTION_FLAG,
	  .field = AT(no_shutdown),
	  .help = "do not pass stdin's end on" },
	{ .name = "close-on-peer-eof",
	  .kind = OPTION_FLAG,
	  .field = AT(close_on_peer_eof),
	  .help = "the peer's end of stream ends the connection, though stdin is open" },
	{ .name = "delay",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(delay),
	  .help = "pause between lines sent" },
	{ .name = "telnet",
	  .letter = 't',
	  .kind = OPTION_FLAG,
	  .field = AT(telnet),
	  .help = "answer telnet's negotiation (refusing all) and take it out of the data" },
	{ .name = "buffer",
	  .kind = OPTION_SIZE,
	  .arg = "SIZE",
	  .min = 1,
	  .max = 1 << 30,
	  .field = AT(buffer),
	  .help = "how much may be in flight in each direction" },
};

const struct option_group data_group = { "Data", rows, sizeof rows / sizeof *rows };
const struct option_group stream_group = { "Stream", stream_rows,
					   sizeof stream_rows / sizeof *stream_rows };

bool data_options_see(const struct data_options *o)
{
	return o->recv_only || o->send_only || o->no_shutdown || o->close_on_peer_eof || o->crlf ||
	       o->telnet || o->stats || o->progress || o->quit_after_eof != UNSET ||
	       o->idle_timeout != UNSET || o->delay != UNSET || o->read_bytes != UNSET ||
	       o->buffer != UNSET || o->rate != UNSET || o->heartbeat != UNSET || o->output ||
	       o->hex_dump;
}
