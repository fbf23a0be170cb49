/* connect.c - `sockit connect`: its options, and which of its modes they ask for */
#include <limits.h>

#include "base/command.h"
#include "cmd/connect.h"
#include "conn/messages.h"
#include "conn/proxy_command.h"
#include "net/trace.h"

/* Options that have no effect where no data is moved. */
#define NO_DATA                                                                                    \
	"recv-only send-only quit-after-eof linger read-bytes raw no-shutdown close-on-peer-eof "  \
	"delay telnet buffer idle-timeout crlf rate output hex-dump text-dump append progress "    \
	"stats heartbeat kill-after forward"

/* What asks tells who has a port, and who listens elsewhere. */
#define ASKS (KEEP_NAMES | KEEP_PROCESSES)

#define AT(member) offsetof(struct connect_options, member)

static const struct option_row rows[] = {
	OPTION("wait", 'w', OPTION_DURATION, AT(wait), KEEP_NOTHING, ARG("DURATION"),
	       "limit for look-up and connection together: exit 4"),
	OPTION("interval", 0, OPTION_DURATION, AT(interval), KEEP_NOTHING,
	       ARG("DURATION") NEEDS("retry ping"),
	       "pause between tries (250ms), or of --ping from one to the next (1s)"),
	OPTION("probe", 'z', OPTION_FLAG, AT(probe), ASKS,
	       EXCLUDES("ping pass-fd fastopen send-proxy " NO_DATA),
	       "connect only, to a list of ports or to endpoints: tell which are open"),
	OPTION("jobs", 0, OPTION_NUMBER, AT(jobs), KEEP_NOTHING, ARG("N") NEEDS("probe"),
	       "so many at a time at most (512)", .min = 1, .max = SCAN_JOBS_MOST),
	OPTION("any", 0, OPTION_FLAG, AT(any), KEEP_NOTHING, EXCLUDES("closed") NEEDS("probe"),
	       "one that is open is enough"),
	OPTION("closed", 0, OPTION_FLAG, AT(closed), KEEP_NOTHING, NEEDS("probe"),
	       "none is to be open; with --retry wait until none is"),
	OPTION("tls", 0, OPTION_FLAG, AT(tls), KEEP_NOTHING, EXCLUDES("closed") NEEDS("probe"),
	       "ask what is open for TLS: tell version, suite and certificate"),
	OPTION("ping", 0, OPTION_FLAG, AT(ping), ASKS,
	       EXCLUDES("pass-fd fastopen retry execute send-proxy " NO_DATA),
	       "connect again and again: tell how long it takes"),
	OPTION("explain", 0, OPTION_FLAG, AT(explain), ASKS | KEEP_CHILDREN,
	       EXCLUDES("probe ping trace mtu pass-fd fastopen retry execute send-proxy " NO_DATA),
	       "why it cannot connect, or whom it has reached: each step, and who answers"),
	OPTION("count", 'c', OPTION_NUMBER, AT(count), KEEP_NOTHING, ARG("N") NEEDS("ping trace"),
	       "end after so many, or probe each hop so often (3)", .min = 1, .max = INT64_MAX),
	OPTION("mtu", 0, OPTION_FLAG, AT(mtu), ASKS,
	       EXCLUDES("probe ping trace pass-fd fastopen transport retry proxy execute "
			"send-proxy " NO_DATA),
	       "tell the path's MTU, which need not be what ICMP says"),
	OPTION("trace", 0, OPTION_FLAG, AT(trace), ASKS,
	       EXCLUDES("probe ping pass-fd fastopen retry execute proxy ttl transport "
			"wire-frame send-proxy " NO_DATA),
	       "tell the routers on the way, and what the port is"),
	OPTION("max-hops", 0, OPTION_NUMBER, AT(max_hops), KEEP_NOTHING, ARG("N") NEEDS("trace"),
	       "so many routers at most (30)", .min = 1, .max = TRACE_HOPS_MOST),
	OPTION("proxy-command", 0, OPTION_STRING, AT(proxy_command), KEEP_CHILDREN,
	       ARG("CMD") EXCLUDES("proxy send-proxy retry probe ping explain mtu trace pass-fd "
				   "fastopen transport source source-port interface nodelay "
				   "keepalive ttl tos rcvbuf sndbuf sockopt forward ipv4 ipv6 "
				   "interval"),
	       "CMD's stdin and stdout are the way (ssh's ProxyCommand): %h is HOST, %p PORT"),
	OPTION("pass-fd", 'F', OPTION_FLAG, AT(pass_fd), KEEP_NOTHING, EXCLUDES("execute " NO_DATA),
	       "pass the connection over stdout, a UNIX socket, and end (ssh's "
	       "ProxyUseFdpass)"),
};

static const struct option_group group = { "Connecting", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, 0 },
	{ &retry_group, offsetof(struct connect_options, retry) },
	{ &proxy_group, offsetof(struct connect_options, proxy) },
	{ &forward_group, offsetof(struct connect_options, service) },
	{ &told_group, offsetof(struct connect_options, told) },
	{ &command_group, offsetof(struct connect_options, service) },
	{ &family_group, offsetof(struct connect_options, family) },
	{ &wire_group, offsetof(struct connect_options, frame) },
	{ &frame_group, offsetof(struct connect_options, frame) },
	{ &stream_group, offsetof(struct connect_options, data) },
	{ &data_group, offsetof(struct connect_options, data) },
	{ &source_group, offsetof(struct connect_options, socket) },
	{ &tcp_group, offsetof(struct connect_options, socket) },
	{ &ip_group, offsetof(struct connect_options, socket) },
	{ &socket_group, offsetof(struct connect_options, socket) },
	{ &message_group, offsetof(struct connect_options, messages.options) },
	{ NULL, 0 },
};

static const struct connect_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.frame = FRAME_OPTIONS_DEFAULT,
	.service = SERVICE_OPTIONS_DEFAULT,
	.retry = RETRY_OPTIONS_DEFAULT,
	.wait = UNSET,
	.interval = UNSET,
	.jobs = SCAN_JOBS,
	.count = UNSET,
	.max_hops = UNSET,
};

static struct outcome connect_run(const struct connect_options *o)
{
	const struct client_config c = {
		.connections = { .messages = &o->messages,
				 .socket = &o->socket,
				 .data = &o->data,
				 .service = &o->service,
				 .frame = &o->frame,
				 .told = &o->told,
				 .host = o->host,
				 .port = o->port,
				 .family = address_family(&o->family),
				 .numeric = o->family.numeric,
				 .wait = o->wait },
		.retry = &o->retry,
		.proxy = o->proxy.first,
		.command = o->proxy_command,
		.pass_fd = o->pass_fd,
	};

	return client_run(&c);
}

static struct outcome connect_probe(const struct connect_options *o,
				    const struct operands *operands)
{
	const struct scan_config c = {
		.messages = &o->messages,
		.socket = &o->socket,
		.data = &o->data,
		.proxy = o->proxy.first,
		.command = o->service.command,
		.socktype = SOCK_STREAM,
		.family = address_family(&o->family),
		.numeric = o->family.numeric,
		.wait = o->wait,
		.limit = PROBE_LIMIT,
		.retry = o->retry.retry,
		.interval = o->retry.interval,
		.jobs = o->jobs,
		.any = o->any,
		.closed = o->closed,
		.tls = o->tls,
	};

	return scan_run(&c, operands);
}

/* What an option makes of the subcommand, in place of moving data. */
struct connect_mode {
	char option[10]; /* empty: none has to */
	bool of_ip;	 /* it is about a host and port of IP */
	struct outcome (*run)(const struct connect_options *o);
};

static const struct connect_mode *connect_mode(const struct operands *operands)
{
	static const struct connect_mode modes[] = {
		{ "ping", false, connect_ping },   { "explain", false, connect_explain },
		{ "mtu", true, connect_mtu },	   { "trace", true, connect_trace },
		{ "pass-fd", false, connect_run }, { "", false, connect_run },
	};
	const struct connect_mode *m = modes;

	while (*m->option && !option_is_given(operands, m->option))
		m++;
	return m;
}

/* Checks what the rows cannot say. Returns 0, or -1 with *ERROR. */
static int connect_check_modes(const struct connect_options *o, const struct connect_mode *mode,
			       const struct operands *operands, struct option_error *error)
{
	if (operands->n > 2 && !o->probe)
		return option_fail(error, "extra operand '%s'", operands->words[2]);
	if (*mode->option && operands->command)
		return option_fail(error, "--%s and '-- %s' exclude each other", mode->option,
				   operands->command[0]);
	return 0;
}

/* As above, with the operands known. */
static int connect_check_host(const struct connect_options *o, const struct connect_mode *mode,
			      struct option_error *error)
{
	if (mode->of_ip && !*o->port)
		return option_fail(error, "--%s: '%s' is no host of IP and port", mode->option,
				   o->host);
	if (o->proxy_command && o->wait != UNSET && !o->data.dialogue.n)
		return option_fail(error, "--wait has no effect with --proxy-command: nobody can "
					  "tell when that has connected");
	if (o->proxy_command && proxy_command_check(o->proxy_command, o->host, o->port, error) < 0)
		return -1;
	if (o->trace && o->count > TRACE_COUNT_MOST)
		return option_fail(error, "--count: %lld is more than %d, the most of --trace",
				   (long long)o->count, TRACE_COUNT_MOST);
	return 0;
}

static struct outcome main_connect(const struct command *self, int argc, char **argv)
{
	struct connect_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		const struct connect_mode *mode = connect_mode(&operands);
		const bool numeric = o.family.numeric;

		if (o.interval != UNSET)
			o.retry.interval = o.interval;
		if (connect_check_modes(&o, mode, &operands, &error) < 0 ||
		    (!o.probe &&
		     (address_operands(&operands, false, numeric, &o.host, &o.port, &error) < 0 ||
		      connect_check_host(&o, mode, &error) < 0 ||
		      proxy_check_host(o.proxy.first, o.host, &error) < 0)) ||
		    proxy_check(&o.proxy, numeric, &error) < 0 ||
		    address_check(o.socket.source, o.socket.source_port, numeric, &error) < 0 ||
		    service_check(&o.service, &operands, numeric, &error) < 0 ||
		    messages_check(&o.data, &o.frame, &error) < 0 ||
		    told_check(&o.told, &error) < 0 || run_check(&o.messages, &o.data, &error) < 0)
			outcome = command_refuse(&o.messages, &error);
		else
			outcome = o.probe ? connect_probe(&o, &operands) : mode->run(&o);
	}
	data_options_free(&o.data);
	sockopt_free(&o.socket);
	proxy_free(&o.proxy);
	service_options_free(&o.service);
	return outcome;
}

COMMAND(connect) = {
	.name = "connect",
	.synopsis = "[OPTION...] HOST PORT [-- CMD ARG...]",
	.summary = "connect to a TCP port: stdin goes to the peer, what the peer sends to stdout",
	.brief = "[OPTION...] HOST PORT [-- CMD ARG...]\n"
		 "[OPTION...] ENDPOINT [-- CMD ARG...]\n"
		 "-z [OPTION...] HOST PORT,PORT-PORT | ENDPOINT...\n"
		 "\n"
		 "wait retry probe explain no-shutdown recv-only quit-after-eof crlf execute "
		 "proxy\n"
		 "\n"
		 "printf 'GET / HTTP/1.0\\n\\n' | sockit connect --no-shutdown -C example.org 80\n"
		 "sockit connect -z example.org 22,80,8000-8100\n"
		 "sockit connect -z --retry 30s db:5432 -- ./serve",
	.uses = uses,
	.min_operands = 1,
	.max_operands = INT_MAX, /* of --probe */
	.runs_command = true,
	.run = main_connect,
	.keeps = KEEP_NOTHING,
};
