/* resolve.c - `sockit resolve`: looks names and addresses up */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/command.h"
#include "base/command_line.h"
#include "base/dig_habits.h"
#include "cmd/resolve_explain.h"
#include "cmd/resolve_show.h"
#include "cmd/resolve_source.h"
#include "flow/output.h"
#include "run/report.h"
#include "run/run.h"
#include "sock/multicast.h"

#define JOBS 16
#define JOBS_SERVER 2048
#define JOBS_MOST 4096
#define TURN 128 /* asked in a row, before the answers to the first of them are read */
#define AHEAD 8	 /* so many answers for each job may wait for an earlier one */
#define AHEAD_LEAST 1024
#define SERVER_PORT "53"
#define MDNS "mdns"
#define OUTPUT_MOST (64 << 10) /* while so many bytes are unwritten nothing more is printed */

struct resolve_options {
	struct messages messages;
	struct family_options family;
	bool all, first, reverse, confirm, forms, time, explain, tcp, dnssec;
	const char *service, *server;
	int64_t wait, jobs, record;
	struct endpoint_words server_at;
	bool mdns;	  /* the server is everybody on the link, */
	const char *link; /* by this interface; NULL: by each */
};

#define AT(member) offsetof(struct resolve_options, member)

static int resolve_parse_record(void *field, const char *word, struct option_error *error)
{
	int type = dns_type_parse(word);

	if (type < 0)
		return option_fail(error,
				   "--record: '%s' is no type of DNS records, such as A, MX, HTTPS "
				   "or TYPE65280",
				   word);
	*(int64_t *)field = type;
	return 0;
}

static const char *resolve_server_word(size_t i)
{
	return i == 0 ? MDNS : NULL;
}

static const struct option_row rows[] = {
	OPTION("all", 'a', OPTION_FLAG, AT(all), KEEP_NOTHING, EXCLUDES("first forms explain"),
	       "the canonical name, the aliases and every address"),
	OPTION("first", '1', OPTION_FLAG, AT(first), KEEP_NOTHING, EXCLUDES("forms explain"),
	       "the first result only"),
	OPTION("service", 0, OPTION_STRING, AT(service), KEEP_NOTHING,
	       ARG("PORT") EXCLUDES("forms record"),
	       "addresses with this port, a number or a service of TCP"),
	OPTION("reverse", 0, OPTION_FLAG, AT(reverse), KEEP_NOTHING,
	       EXCLUDES("forms explain record"), "the names of a name's addresses too"),
	OPTION("forward-confirm", 0, OPTION_FLAG, AT(confirm), KEEP_NOTHING,
	       EXCLUDES("forms explain record"), "only names that lead back to the address"),
	OPTION("forms", 0, OPTION_FLAG, AT(forms), KEEP_NOTHING,
	       EXCLUDES("explain server record time wait"),
	       "look nothing up: an address in all of its forms"),
	OPTION("time", 0, OPTION_FLAG, AT(time), KEEP_NOTHING, "", "how long each answer took"),
	OPTION("wait", 'w', OPTION_DURATION, AT(wait), KEEP_NOTHING, ARG("DURATION"),
	       "how long to wait for each answer: exit 4"),
	OPTION("jobs", 0, OPTION_NUMBER, AT(jobs), KEEP_NOTHING, ARG("N"),
	       "so many questions at a time (16, to DNS servers 2048)", .min = 1, .max = JOBS_MOST),
	OPTION("server", 0, OPTION_STRING, AT(server), KEEP_NOTHING,
	       ARG("HOST[:PORT]") EXCLUDES("explain"),
	       "ask this DNS server, not the system; mdns: everybody on the link",
	       .choices = resolve_server_word),
	OPTION("record", 0, OPTION_PARSED, AT(record), KEEP_NOTHING,
	       ARG("TYPE") EXCLUDES("explain"),
	       "DNS records of this type: A, MX, TXT, SRV, CAA, HTTPS, ANY..., or TYPEn",
	       .parser = resolve_parse_record, .choices = dns_type_name),
	OPTION("tcp", 0, OPTION_FLAG, AT(tcp), KEEP_NOTHING, EXCLUDES("explain forms"),
	       "ask the DNS server by TCP at once"),
	OPTION("dnssec", 0, OPTION_FLAG, AT(dnssec), KEEP_NOTHING, EXCLUDES("explain forms"),
	       "ask it for signatures too"),
	OPTION("explain", 0, OPTION_FLAG, AT(explain), KEEP_CHILDREN, "",
	       "the whole way of a look-up, step by step, and what is wrong with it"),
};

static const struct option_group group = { "Looking up", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, 0 },
	{ &family_group, offsetof(struct resolve_options, family) },
	{ &message_group, offsetof(struct resolve_options, messages.options) },
	{ NULL, 0 },
};

static const struct resolve_options defaults = {
	.wait = UNSET,
	.jobs = UNSET,
};

struct resolver {
	const struct resolve_options *options;
	struct resolution_config config;
	struct run run;
	struct dns_client *dns;
	struct mdns *mdns;
	struct explanation *explanation;
	struct source source;
	char name[256]; /* of this host, where there is no operand */
	struct show show;
	struct output out;
	struct timer go;
	/* A ring of the questions whose answers are still to be printed, the oldest first. */
	struct resolution **ring;
	size_t size, first, n, running, jobs;
	uint64_t asked, answered;
	char server[300]; /* how it is called while it is looked up */
	bool late;	  /* that, or the port of --service, is not known yet: nothing is asked */
	bool failed[OUTCOME_TIMEOUT + 1];
};

static void resolve_go(void *arg);

/* Has resolve_go() called once more. */
static void resolve_wake(void *arg)
{
	struct resolver *s = arg;

	timer_set(s->run.loop, &s->go, loop_now(s->run.loop));
}

/* ---- answers ---- */

static void resolve_output_changed(void *arg)
{
	struct resolver *s = arg;

	if (s->out.error)
		run_end(&s->run,
			report_output_error(&s->options->messages, "stdout", s->out.error));
	resolve_wake(s);
}

static void resolve_answered(void *arg, struct resolution *r)
{
	struct resolver *s = arg;

	(void)r;
	s->running--;
	s->answered++;
	resolve_wake(s);
}

/* R was not found: is it a type, behind a name, as dig takes it? */
static void resolve_tell_habit(struct resolver *s, const struct resolution *r)
{
	const struct operands *words = s->source.operands;
	char text[512];
	struct command_line line = { text, sizeof text, 0 };

	if (words->n != 2 || strcmp(words->words[1], r->word) != 0 || s->options->record ||
	    dns_type_parse(r->word) < 0 || dns_type_parse(words->words[0]) >= 0)
		return;
	if (s->options->server) {
		command_line_add(&line, "--server");
		command_line_add(&line, s->options->server);
	}
	command_line_add(&line, "--record");
	command_line_add(&line, r->word);
	command_line_add(&line, words->words[0]);
	if (line.length < line.size)
		message(&s->options->messages, MESSAGE_NOTE, "note",
			"records of a type are asked for so: sockit resolve%s", text);
}

/* Prints the answers whose turn it is. */
static void resolve_show_answers(struct resolver *s)
{
	while (s->n && !output_full(&s->out) && !s->run.ended) {
		struct resolution *r = s->ring[s->first];
		enum outcome_kind kind;
		if (!r->done)
			break;
		/* Messages about it come after what was printed before. */
		if (r->found.eai || r->timed_out || s->options->messages.options.verbose)
			output_flush(&s->out);
		kind = show_resolution(&s->show, r);
		s->failed[kind] = true;
		if (kind == OUTCOME_LOOKUP)
			resolve_tell_habit(s, r);
		resolution_free(r);
		s->first = (s->first + 1) % s->size;
		s->n--;
	}
}

static void resolve_ask(struct resolver *s, const char *word)
{
	struct resolution *r;

	if (s->options->forms) {
		struct option_error error;
		if (show_forms(&s->show, word, &error) < 0) {
			output_flush(&s->out);
			s->failed[command_refuse(&s->options->messages, &error).kind] = true;
		}
		return;
	}
	s->running++;
	s->asked++;
	r = resolution_start(&s->config, word, resolve_answered, s);
	if (!r) {
		run_end(&s->run, report_error(&s->options->messages, word, ENOMEM));
		return;
	}
	s->ring[(s->first + s->n++) % s->size] = r;
}

static void resolve_flush(void *arg)
{
	struct resolver *s = arg;

	output_flush(&s->out);
}

static void resolve_explained(void *arg, enum outcome_kind kind)
{
	struct resolver *s = arg;

	s->explanation = NULL;
	s->failed[kind] = true;
	resolve_wake(s);
}

/* Asks as many questions as are allowed at a time. Returns whether more may come. */
static bool resolve_ask_more(struct resolver *s)
{
	static const struct explanation_calls calls = { resolve_explained, resolve_wake,
							resolve_flush };

	for (int i = 0; s->running < s->jobs && s->n < s->size && !output_full(&s->out) &&
			!s->run.ended && !s->explanation;
	     i++) {
		bool waits;
		if (i == TURN) {
			resolve_wake(s);
			return true;
		}
		const char *word = source_next(&s->source, &waits);
		if (!word)
			return waits;
		if (s->options->explain) {
			s->explanation = explanation_start(&s->config, word, &s->show, &calls, s);
			if (!s->explanation)
				run_end(&s->run, report_error(&s->options->messages, word, ENOMEM));
		} else {
			resolve_ask(s, word);
		}
	}
	return true;
}

static struct outcome resolve_conclude(const struct resolver *s)
{
	static const enum outcome_kind worst[] = { OUTCOME_FAILED, OUTCOME_LOOKUP, OUTCOME_TIMEOUT,
						   OUTCOME_USAGE };

	if (s->source.error)
		return report_error(&s->options->messages, "stdin", s->source.error);
	for (size_t i = 0; i < sizeof worst / sizeof *worst; i++)
		if (s->failed[worst[i]])
			return (struct outcome){ worst[i], 0 };
	return (struct outcome){ OUTCOME_DONE, 0 };
}

/* Does all that can be done now. */
static void resolve_go(void *arg)
{
	struct resolver *s = arg;
	bool more;

	if (s->late)
		return;
	resolve_show_answers(s);
	more = resolve_ask_more(s);
	resolve_show_answers(s); /* answers that needed no asking */
	output_flush(&s->out);
	if (s->run.ended)
		return;
	if (s->n && s->ring[s->first]->done && !output_full(&s->out))
		resolve_wake(s);
	else if (!more && s->n == 0 && !s->explanation && !output_waits(&s->out))
		run_end(&s->run, resolve_conclude(s));
}

/* ---- the run ---- */

static void resolve_figures(void *arg, enum run_figures when)
{
	const struct resolver *s = arg;

	if (when != FIGURES_END)
		message(&s->options->messages, MESSAGE_NOTE, "note", "asked %llu, answered %llu",
			(unsigned long long)s->asked, (unsigned long long)s->answered);
}

static void resolve_waits(void *arg, struct text *text)
{
	const struct resolver *s = arg;

	if (s->running)
		text_add(text, "%zu answer%s, the first one for %s (-w)", s->running,
			 s->running == 1 ? "" : "s", s->n ? s->ring[s->first]->word : "?");
	else if (s->source.reading)
		text_add(text, "stdin");
}

static void resolve_service_found(void *arg, struct places_answer *found)
{
	struct resolver *s = arg;

	s->config.finder.port = address_port(&found->addresses[0]);
	free(found->addresses);
	s->late = false;
	resolve_wake(s);
}

/* Finds the port that --service is. */
static void resolve_find_service(struct resolver *s)
{
	const char *service = s->options->service;
	const struct places_question q = { .port = service, .socktype = SOCK_STREAM };

	s->late = service && address_parse_port(service, &s->config.finder.port) != WORD_NUMBER;
	if (s->late)
		run_look_up(&s->run, &q, service, UNSET, resolve_service_found, s);
}

/* Makes a DNS client of the N SERVERS. Returns 0, or -1 having ended the run. */
static int resolve_start_dns(struct resolver *s, const struct address *servers, size_t n)
{
	const struct resolve_options *o = s->options;
	struct dns_client_config c = { .servers = servers,
				       .n = n,
				       .patience = DNS_PATIENCE,
				       .tries = DNS_TRIES,
				       .manner = o->dnssec ? DNS_SIGNED : DNS_EDNS,
				       .tcp = o->tcp };

	if (o->wait != UNSET) {
		/* -w limits the whole; each server is to be asked once more before that. */
		int64_t third = o->wait / 3 / (int64_t)n;
		c.tries = 0;
		if (third < c.patience)
			c.patience = third > MILLISECOND ? third : MILLISECOND;
	}
	s->dns = dns_client_new(s->run.loop, &c);
	s->config.finder.dns = s->dns;
	if (s->dns)
		return 0;
	run_end(&s->run, report_error(&o->messages, "start", errno));
	return -1;
}

static void resolve_server_found(void *arg, struct places_answer *found)
{
	struct resolver *s = arg;

	if (resolve_start_dns(s, found->addresses, found->n) == 0)
		resolve_find_service(s);
	free(found->addresses);
	resolve_wake(s);
}

/* Makes what asks everybody on the link. Returns 0, or -1 having ended the run. */
static int resolve_start_mdns(struct resolver *s)
{
	const struct resolve_options *o = s->options;
	unsigned index = 0;

	/* -w limits the whole. */
	if (!o->link || address_parse_interface(o->link, &index) == 0)
		s->mdns = mdns_new(s->run.loop, index, o->wait == UNSET ? MDNS_PATIENCE : UNSET);
	else
		errno = ENODEV;
	s->config.finder.mdns = s->mdns;
	if (s->mdns)
		return 0;
	snprintf(s->server, sizeof s->server, "--server %s", o->server);
	run_end(&s->run, report_error(&o->messages, s->server, errno));
	return -1;
}

/* Finds all that has to be known before anything is asked. */
static void resolve_find_server(struct resolver *s)
{
	const struct resolve_options *o = s->options;
	struct places_question q = {
		.host = o->server_at.host,
		.port = o->server_at.port,
		.socktype = o->tcp ? SOCK_STREAM : SOCK_DGRAM,
		.which = PLACE_SERVER,
	};
	struct address a, servers[DNS_SERVERS_MOST];

	if (o->mdns) {
		if (resolve_start_mdns(s) == 0)
			resolve_find_service(s);
		resolve_wake(s);
	} else if (o->server) {
		/* -4 and -6 choose from the addresses of a name. */
		if (address_parse_host(q.host, &a) != WORD_NUMBER)
			q.family = address_family(&o->family);
		s->late = true;
		snprintf(s->server, sizeof s->server, "--server %s", o->server);
		run_look_up(&s->run, &q, s->server, o->wait, resolve_server_found, s);
	} else if (!s->config.dns ||
		   resolve_start_dns(s, servers, dns_client_system_servers(servers)) == 0) {
		resolve_find_service(s);
		resolve_wake(s);
	}
}

static void resolve_configure(struct resolver *s)
{
	const struct resolve_options *o = s->options;

	s->config = (struct resolution_config){
		.finder = { .family = address_family(&o->family),
			    .all = o->all,
			    .begins = resolution_begins },
		.numeric = o->family.numeric,
		.dns = o->server || o->record,
		.mdns = o->mdns,
		.record = (unsigned)o->record,
		.reverse = o->reverse || o->confirm,
		.confirm = o->confirm,
		.wait = o->wait,
	};
}

/* Asks for this host's name, as there is no operand. */
static void resolve_ask_self(struct resolver *s)
{
	if (gethostname(s->name, sizeof s->name - 1) < 0)
		s->name[0] = '\0';
	s->source.self = s->name;
	s->show.self = true;
	s->show.first = false;
	s->config.finder.all = true;
	s->config.reverse = s->config.confirm = false;
}

static bool resolve_reads_stdin(const struct operands *operands)
{
	for (int i = 0; i < operands->n; i++)
		if (!strcmp(operands->words[i], "-"))
			return true;
	return false;
}

static void resolve_prepare(struct resolver *s, const struct operands *operands)
{
	const struct resolve_options *o = s->options;
	bool many = operands->n > 1 || resolve_reads_stdin(operands);

	s->jobs = o->jobs != UNSET		   ? (size_t)o->jobs :
		  s->config.dns && !s->config.mdns ? JOBS_SERVER :
						     JOBS;
	lookup_at_once((int)s->jobs);
	s->size = s->jobs * AHEAD > AHEAD_LEAST ? s->jobs * AHEAD : AHEAD_LEAST;
	if (!resolve_reads_stdin(operands) && (size_t)operands->n < s->size)
		s->size = (size_t)operands->n + 1;
	s->source = (struct source){
		.loop = s->run.loop, .operands = operands, .more = resolve_wake, .arg = s
	};
	if (resolve_reads_stdin(operands))
		source_open(&s->source);
	output_start(&s->out, s->run.loop, STDOUT_FILENO, "stdout", resolve_output_changed, s);
	s->out.most = OUTPUT_MOST;
	s->go = (struct timer){ .fn = resolve_go, .arg = s };
	s->show = (struct show){
		.terminal = isatty(STDOUT_FILENO),
		.named = many || (o->messages.options.verbose && !o->explain),
		.first = o->first,
		.time = o->time,
		.service = o->service != NULL,
	};
	facts_start(&s->show.facts, &o->messages, &s->out.text);
	if (s->show.named)
		for (int i = 0; i < operands->n; i++)
			if (strlen(operands->words[i]) > s->show.widths[0])
				s->show.widths[0] = strlen(operands->words[i]);
}

static struct outcome resolve_run(const struct resolve_options *o, const struct operands *operands)
{
	struct resolver s = { .options = o };
	struct outcome outcome = { OUTCOME_FAILED, 0 };

	resolve_configure(&s);
	if (run_start(&s.run, &o->messages, NULL) < 0)
		return outcome;
	s.config.finder.loop = s.run.loop;
	s.run.calls =
		(struct run_calls){ .figures = resolve_figures, .waits = resolve_waits, .arg = &s };
	resolve_prepare(&s, operands);
	if (operands->n == 0)
		resolve_ask_self(&s);
	s.ring = calloc(s.size, sizeof(struct resolution *));
	if (!s.ring) {
		report_error(&o->messages, "start", ENOMEM);
	} else {
		resolve_find_server(&s);
		outcome = run_wait(&s.run);
	}
	for (size_t i = 0; s.ring && i < s.n; i++)
		resolution_free(s.ring[(s.first + i) % s.size]);
	free(s.ring);
	explanation_cancel(s.explanation);
	dns_client_free(s.dns);
	mdns_free(s.mdns);
	source_free(&s.source);
	output_close(&s.out);
	run_free(&s.run);
	return outcome;
}

/* Is the word of --server `mdns` or `mdns%INTERFACE`? Then it is taken apart. */
static bool resolve_is_mdns(struct resolve_options *o)
{
	const char *after = o->server + strlen(MDNS);

	o->mdns = !strncmp(o->server, MDNS, strlen(MDNS)) && (!*after || *after == '%');
	if (o->mdns && *after)
		o->link = after + 1;
	return o->mdns;
}

/* Splits the word of --server. Returns 0, or -1 with *ERROR. */
static int resolve_split_server(struct resolve_options *o, struct option_error *error)
{
	struct endpoint_words *at = &o->server_at;
	struct option_error inner;
	struct address a;
	uint16_t port;
	int result;

	if (!o->server || resolve_is_mdns(o))
		return 0;
	if (address_parse_direct(o->server, &a) != WORD_NAME)
		return option_fail(error, "--server: '%s' is neither HOST nor HOST:PORT",
				   o->server);
	if (address_find_port(o->server)) {
		result = address_endpoint(o->server, o->family.numeric, at, &inner);
	} else {
		at->host = o->server;
		at->port = SERVER_PORT;
		result = address_check(at->host, NULL, o->family.numeric, &inner);
	}
	if (result < 0)
		return option_fail(error, "--server: %s", inner.text);
	if (address_parse_host(at->host, &a) == WORD_NUMBER && multicast_is_group(&a))
		return option_fail(error,
				   "--server: '%s' is a group; --server " MDNS
				   " asks everybody on the link",
				   at->host);
	if (address_parse_port(at->port, &port) == WORD_NUMBER && port == 0)
		return option_fail(error, "--server: port '%s' is not from 1 to 65535", at->port);
	return 0;
}

/* Can the words be asked for, and with these options? Returns 0, or -1 with *ERROR. */
static int resolve_check(struct resolve_options *o, const struct operands *operands,
			 struct option_error *error)
{
	struct resolver s = { .options = o };
	char line[256];

	if (address_check(NULL, o->service, o->family.numeric, error) < 0 ||
	    resolve_split_server(o, error) < 0)
		return -1;
	if ((o->tcp || o->dnssec) && !o->server && !o->record)
		return option_fail(error, "--%s needs --server or --record",
				   o->tcp ? "tcp" : "dnssec");
	if ((o->tcp || o->dnssec) && o->mdns)
		return option_fail(error, "--server " MDNS " and --%s exclude each other",
				   o->tcp ? "tcp" : "dnssec");
	if (operands->n == 0 && (o->forms || o->explain || o->record || o->family.numeric))
		return option_fail(error, "a name or an address is missing");
	resolve_configure(&s);
	for (int i = 0; i < operands->n; i++) {
		const char *word = operands->words[i];
		if (dig_habits_know(word) &&
		    dig_habits_line(RESOLVE_MANNER, o->messages.argc - 1, o->messages.argv + 1,
				    line, sizeof line))
			return option_fail(error, "'%s' is no name: what dig does so is: %s", word,
					   line);
		/* The parser takes what looks like a negative number for an operand. */
		if (word[0] == '-' && word[1])
			return option_fail(error, "name '%s' begins with a dash", word);
		if (strcmp(word, "-") != 0 &&
		    (o->forms ? show_forms(NULL, word, error) :
				resolution_check(&s.config, word, error)) < 0)
			return -1;
	}
	return 0;
}

static struct outcome main_resolve(const struct command *self, int argc, char **argv)
{
	struct resolve_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome))
		outcome = resolve_check(&o, &operands, &error) == 0 ?
				  resolve_run(&o, &operands) :
				  command_refuse(&o.messages, &error);
	return outcome;
}

COMMAND(resolve) = {
	.name = "resolve",
	.synopsis = "[OPTION...] [NAME|ADDRESS...]",
	.summary = "look names and addresses up (- stands for those on stdin)",
	.brief = "[OPTION...] NAME|ADDRESS...\n"
		 "[OPTION...] - (from stdin, a line each)\n"
		 "[OPTION...] (this host's own name)\n"
		 "\n"
		 "first all wait service reverse server record forms explain json\n"
		 "\n"
		 "sockit resolve -1 example.org\n"
		 "sockit resolve --record MX --server 9.9.9.9 example.org\n"
		 "sockit resolve --explain example.org",
	.uses = uses,
	.min_operands = 0,
	.max_operands = INT_MAX,
	.run = main_resolve,
	.keeps = KEEP_NAMES,
};
