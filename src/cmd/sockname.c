/* sockname.c - `sockit sockname`: what is known of sockets, their options, and interfaces */
#define _DEFAULT_SOURCE /* IFF_* */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/errname.h"
#include "base/terminal.h"
#include "cmd/sockname_list.h"
#include "cmd/sockname_watch.h"
#include "system/describe.h"
#include "system/interfaces_text.h"
#include "system/route.h"
#include "sock/address_meant.h"
#include "sock/sockopt.h"
#include "sock/stream.h"
#include "run/report.h"
#include "run/run.h"
#include "run/sandbox.h"

#define INTERFACES "the list of interfaces"
#define NO_PORT "9" /* discard: a socket needs one to be connected, though nothing is sent */

struct sockname_options {
	struct messages messages;
	struct family_options family;
	bool connect, listening, sockets, interfaces, options, local, peer, watch;
	int64_t fd, wait;
	struct sockname_selection selection;
};

#define AT(member) offsetof(struct sockname_options, member)

static const struct option_row rows[] = {
	OPTION("connect", 0, OPTION_FLAG, AT(connect), KEEP_NOTHING,
	       EXCLUDES("fd listening sockets interfaces"),
	       "connect to HOST PORT by TCP, and tell of that connection"),
	OPTION("fd", 0, OPTION_NUMBER, AT(fd), KEEP_NOTHING,
	       ARG("N") EXCLUDES("listening sockets interfaces"), "the socket that descriptor N is",
	       .min = 0, .max = INT_MAX),
	OPTION("listening", 0, OPTION_FLAG, AT(listening), KEEP_NOTHING,
	       EXCLUDES("sockets interfaces options local peer"),
	       "the sockets of this machine that wait for others, or those on PORT,... or "
	       "unix:PATH"),
	OPTION("sockets", 0, OPTION_FLAG, AT(sockets), KEEP_NOTHING,
	       EXCLUDES("interfaces options local peer"),
	       "all sockets of this machine, or those with PORT,... or unix:PATH here or at the "
	       "peer"),
	OPTION("interfaces", 0, OPTION_FLAG, AT(interfaces), KEEP_NOTHING,
	       EXCLUDES("options local peer wait"), "the network interfaces and their addresses"),
	OPTION("options", 0, OPTION_FLAG, AT(options), KEEP_NOTHING, EXCLUDES("local peer"),
	       "the socket's options and their values; alone, all that --sockopt knows"),
	OPTION("local", 0, OPTION_FLAG, AT(local), KEEP_NOTHING, EXCLUDES("peer json"),
	       "print the local address and port only"),
	OPTION("peer", 0, OPTION_FLAG, AT(peer), KEEP_NOTHING, EXCLUDES("json"),
	       "print the peer's address and port only"),
	OPTION("watch", 0, OPTION_FLAG, AT(watch), KEEP_NOTHING, EXCLUDES("connect fd"),
	       "go on, with a line for each change: new (+) or gone (-)"),
	OPTION("wait", 'w', OPTION_DURATION, AT(wait), KEEP_NOTHING,
	       ARG("DURATION") EXCLUDES("fd listening sockets"),
	       "limit for look-up and connection together: exit 4"),
};

static const struct option_group group = { "What to tell of", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, 0 },
	{ &sockname_selection_group, offsetof(struct sockname_options, selection) },
	{ &family_group, offsetof(struct sockname_options, family) },
	{ &message_group, offsetof(struct sockname_options, messages.options) },
	{ NULL, 0 },
};

static const struct sockname_options defaults = { .fd = UNSET, .wait = UNSET };
static const struct socket_options plain_socket = SOCKET_OPTIONS_DEFAULT;

/* ---- options of sockets ---- */

/* Prints all options that --sockopt knows; the default is the value of a new TCP socket. */
static struct outcome sockname_list_options(const struct sockname_options *o)
{
	struct facts f;
	const struct sockopt_row *row;
	int inet = open_socket(AF_INET, SOCK_STREAM, 0);
	int inet6 = open_socket(AF_INET6, SOCK_STREAM, 0);
	char value[64];

	if ((inet < 0 || inet6 < 0) && errno_is_lack(errno)) {
		int error = errno;
		close_keeping_errno(inet);
		close_keeping_errno(inet6);
		return report_error(&o->messages, "socket", error);
	}
	sandbox_enter(&o->messages, NULL);
	facts_start(&f, &o->messages, NULL);
	if (isatty(STDOUT_FILENO)) {
		table_cell(&f.table, "NAME");
		table_cell(&f.table, "TYPE");
		table_cell(&f.table, "LEVEL");
		table_cell(&f.table, "DEFAULT");
		table_end_row(&f.table);
	}
	for (size_t i = 0; (row = sockopt_row(i)); i++) {
		bool known =
			(inet >= 0 && sockopt_read(inet, AF_INET, row, value, sizeof value) == 0) ||
			(inet6 >= 0 &&
			 sockopt_read(inet6, AF_INET6, row, value, sizeof value) == 0);
		facts_begin(&f, NULL);
		facts_cell(&f, "name", row->name);
		facts_cell(&f, "type", sockopt_type(row));
		facts_cell(&f, "level", sockopt_level(row));
		if (known)
			json_string(&f.json, "default", value);
		table_cell(&f.table, "%s", known && *value ? value : "-");
		table_end_row(&f.table);
		facts_end(&f);
	}
	close_keeping_errno(inet);
	close_keeping_errno(inet6);
	return facts_print(&f, "\t");
}

/* ---- one socket ---- */

/* Prints A alone, the address that --local or --peer ask for. */
static struct outcome sockname_print_address(const struct sockname_options *o,
					     const struct address *a, const char *what)
{
	struct facts f;
	char text[DESCRIBE_PLACE];

	if (a->length == 0)
		return message_fail(&o->messages, OUTCOME_FAILED, "ENOTCONN",
				    "%s: no %s address (ENOTCONN)", what,
				    o->local ? "local" : "peer's");
	facts_start(&f, &o->messages, NULL);
	table_cell(&f.table, "%s", describe_place(a, text));
	table_end_row(&f.table);
	return facts_print(&f, " ");
}

/* Prints what is known of the socket FD, which messages call WHAT. */
static struct outcome sockname_print_socket(const struct sockname_options *o, int fd,
					    const char *what)
{
	struct facts f;
	struct address local, peer;
	int64_t ids[3];
	struct stat status;

	describe_name(fd, false, &local);
	describe_name(fd, true, &peer);
	if (o->local || o->peer)
		return sockname_print_address(o, o->local ? &local : &peer, what);
	facts_start(&f, &o->messages, NULL);
	facts_begin(&f, NULL);
	describe_socket(&f, fd, &local, &peer);
	if (o->connect)
		describe_interface(&f, interfaces_find(&local));
	if (fstat(fd, &status) == 0)
		facts_number(&f, "inode", (int64_t)status.st_ino);
	if (!o->connect && describe_number(fd, SO_TYPE) >= 0 && local.u.sa.sa_family == AF_UNIX &&
	    stream_credentials(fd, ids) == 0 && ids[0] > 0) {
		facts_number(&f, "peer_pid", ids[0]);
		facts_number(&f, "peer_uid", ids[1]);
		facts_number(&f, "peer_gid", ids[2]);
	}
	if (o->options)
		describe_options(&f, fd, local.length ? local.u.sa.sa_family : AF_UNIX);
	facts_end(&f);
	return facts_print(&f, " ");
}

static struct outcome sockname_print_fd(const struct sockname_options *o)
{
	char what[32];

	sandbox_enter(&o->messages, NULL);
	snprintf(what, sizeof what, "descriptor %lld", (long long)o->fd);
	if (fcntl((int)o->fd, F_GETFD) < 0 || describe_number((int)o->fd, SO_TYPE) < 0)
		return report_error(&o->messages, what, errno);
	return sockname_print_socket(o, (int)o->fd, what);
}

/* ---- HOST [PORT], and --connect ---- */

struct sockname {
	const struct sockname_options *options;
	const char *host, *port;
	struct run run;
	struct dial *dial;
	/* of --watch */
	struct sockname_report report;
	struct address *addresses;
	size_t n_addresses;
	uint16_t local_port; /* 0: not known yet */
};

static void sockname_connected(void *arg, const struct dial_result *r)
{
	struct sockname *s = arg;
	const struct sockname_options *o = s->options;

	s->dial = NULL;
	if (r->fd < 0) {
		run_end(&s->run, report_dial(&o->messages,
					     &(struct dial_report){ s->host, s->port, r, o->wait,
								    "-w", UNSET, NULL }));
		return;
	}
	run_end(&s->run, sockname_print_socket(o, r->fd, s->host));
	close(r->fd);
}

/* States the way to PEER, to which FD is connected. Returns 0, or -1 with errno. */
static int sockname_route_facts(const struct sockname_options *o, int fd,
				const struct address *local, const struct address *peer,
				struct facts *f)
{
	struct route route;

	if (route_get(peer, &route) < 0) {
		if (!errno_is_lack(errno)) {
			errno = 0;
			route = (struct route){ .interface = interfaces_find(local) };
		}
		if (errno_is_lack(errno))
			return -1;
	}
	facts_begin(f, NULL);
	facts_word(f, "family", describe_family(peer->u.sa.sa_family));
	facts_word(f, "type", "dgram");
	describe_address(f, "local", local);
	describe_address(f, "peer", peer);
	describe_interface(f, route.interface);
	describe_host(f, "gateway", &route.gateway);
	describe_host(f, "source", &route.source);
	if (o->options)
		describe_options(f, fd, peer->u.sa.sa_family);
	facts_end(f);
	return 0;
}

/* Prints the way to PEER, to which FD is connected. */
static struct outcome sockname_print_route(const struct sockname_options *o, int fd,
					   const struct address *peer)
{
	struct address local;
	struct facts f;

	describe_name(fd, false, &local);
	if (o->local || o->peer)
		return sockname_print_address(o, o->local ? &local : peer, "socket");
	facts_start(&f, &o->messages, NULL);
	if (sockname_route_facts(o, fd, &local, peer, &f) < 0) {
		struct outcome outcome = report_error(&o->messages, "the route", errno);
		facts_free(&f);
		return outcome;
	}
	return facts_print(&f, " ");
}

/* States the way to the first of the addresses that can be reached just now, if there is one. */
static int sockname_make_route(void *arg, struct facts *f)
{
	struct sockname *s = arg;
	const struct sockname_options *o = s->options;
	char text[DESCRIBE_PLACE];
	int fd = -1, status = 0;

	for (size_t i = 0; i < s->n_addresses && fd < 0; i++) {
		const struct address *peer = &s->addresses[i];
		struct address local;
		fd = route_socket(peer);
		if (fd < 0)
			continue;
		/* Each socket has another port, which is no change. */
		describe_name(fd, false, &local);
		if (!s->local_port)
			s->local_port = address_port(&local);
		address_set_port(&local, s->local_port);
		if (o->local || o->peer) {
			table_cell(&f->table, "%s", describe_place(o->local ? &local : peer, text));
			table_end_row(&f->table);
		} else {
			status = sockname_route_facts(o, fd, &local, peer, f);
		}
	}
	close_keeping_errno(fd);
	return fd >= 0 || !errno_is_lack(errno) ? status : -1;
}

static void sockname_watch_route(void *arg, struct places_answer *found)
{
	struct sockname *s = arg;
	int events = route_listen();

	s->addresses = found->addresses;
	s->n_addresses = found->n;
	if (events < 0) {
		run_end(&s->run, report_error(s->run.messages, "--watch", errno));
		return;
	}
	s->report = (struct sockname_report){
		.w = { .run = &s->run, .between = " " },
		.make = sockname_make_route,
		.arg = s,
		.what = "the route",
	};
	sockname_report_start(&s->report, events);
}

/* Prints the way to the first of the addresses FOUND that can be reached. */
static void sockname_found(void *arg, struct places_answer *found)
{
	struct sockname *s = arg;
	const struct messages *m = &s->options->messages;
	struct dial_failure *failures = calloc(found->n, sizeof *failures);
	struct dial_result failed = {
		.fd = -1, .failures = failures, .error = ENOMEM, .socktype = SOCK_DGRAM
	};
	int fd = -1;

	for (size_t i = 0; failures && i < found->n && fd < 0; i++) {
		const struct address *peer = &found->addresses[i];
		fd = route_socket(peer);
		if (fd >= 0)
			run_end(&s->run, sockname_print_route(s->options, fd, peer));
		else
			failures[failed.n++] =
				(struct dial_failure){ .address = *peer, .error = errno };
	}
	if (fd >= 0)
		close(fd);
	else
		run_end(&s->run, report_dial(m, &(struct dial_report){ s->host, s->port, &failed,
								       UNSET, "-w", UNSET, NULL }));
	free(failures);
	free(found->addresses);
}

static void sockname_dial(struct sockname *s)
{
	const struct sockname_options *o = s->options;
	const struct dial_config config = {
		.host = s->host,
		.port = s->port,
		.family = address_family(&o->family),
		.socket = &plain_socket,
		.deadline = clock_after(o->messages.start, o->wait),
		.wait = UNSET,
		.events = { report_event, (void *)&o->messages },
	};

	s->dial = dial_start(s->run.loop, &config, sockname_connected, s);
	if (!s->dial && !s->run.ended)
		run_end(&s->run, report_error(&o->messages, "sockname", errno));
}

/* --connect: the look-up and the connection. */
static void sockname_waits(void *arg, struct text *text)
{
	const struct sockname *s = arg;
	const char *word = dial_looks_up(s->dial);

	if (word)
		text_add(text, RUN_LOOKUP, word, "-w");
	else if (s->dial)
		text_add(text, "%s port %s to answer (-w)", s->host, s->port);
}

static struct outcome sockname_ask(const struct sockname_options *o, const char *host,
				   const char *port)
{
	struct sockname s = { .options = o, .host = host, .port = port };
	const struct places_question q = {
		.host = host,
		.port = port,
		.family = address_family(&o->family),
		.socktype = SOCK_DGRAM,
	};
	char what[2048];
	struct outcome outcome;

	if (run_start(&s.run, &o->messages, NULL) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	s.run.calls = (struct run_calls){ .waits = sockname_waits, .arg = &s };
	snprintf(what, sizeof what, "host %s, port %s", host, port);
	if (o->connect)
		sockname_dial(&s);
	else
		run_look_up(&s.run, &q, what, o->wait,
			    o->watch ? sockname_watch_route : sockname_found, &s);
	outcome = run_wait(&s.run);
	dial_cancel(s.dial);
	sockname_report_free(&s.report);
	free(s.addresses);
	run_free(&s.run);
	return outcome;
}

/* ---- --interfaces ---- */

/* States each interface. Returns 0, or -1 with errno. */
static int sockname_make_interfaces(void *arg, struct facts *f)
{
	const struct sockname_options *o = arg;
	int family = address_family(&o->family);
	struct interface *list;
	size_t n, left = 0;

	if (interfaces_get(&list, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (family == AF_UNSPEC || list[i].address.u.sa.sa_family == family)
			list[left++] = list[i];
	interfaces_sort(list, left);
	for (size_t i = 0; i < left; i++) {
		interfaces_object(f, list, left, i);
		interfaces_row(f, &list[i]);
	}
	free(list);
	return 0;
}

static struct outcome sockname_watch_interfaces(struct sockname_options *o)
{
	struct run run;
	struct sockname_report report = {
		.w = { .run = &run, .between = "\t" },
		.make = sockname_make_interfaces,
		.arg = o,
		.what = INTERFACES,
		.heading = interfaces_heading,
	};
	struct outcome outcome;
	int events = route_listen();

	if (events < 0)
		return report_error(&o->messages, "--watch", errno);
	if (run_start(&run, &o->messages, NULL) < 0) {
		close(events);
		return (struct outcome){ OUTCOME_FAILED, 0 };
	}
	sockname_report_start(&report, events);
	outcome = run_wait(&run);
	sockname_report_free(&report);
	run_free(&run);
	return outcome;
}

static struct outcome sockname_list_interfaces(struct sockname_options *o)
{
	struct facts f;

	if (o->watch)
		return sockname_watch_interfaces(o);
	sandbox_enter(&o->messages, NULL);
	facts_start(&f, &o->messages, NULL);
	if (isatty(STDOUT_FILENO))
		interfaces_heading(&f.table, terminal_columns(STDOUT_FILENO));
	if (sockname_make_interfaces(o, &f) < 0) {
		struct outcome outcome = report_error(&o->messages, INTERFACES, errno);
		facts_free(&f);
		return outcome;
	}
	return facts_print(&f, "\t");
}

/* ---- the command line ---- */

static struct sockname_list sockname_list(struct sockname_options *o,
					  const struct operands *operands)
{
	return (struct sockname_list){
		.messages = &o->messages,
		.selection = &o->selection,
		.family = &o->family,
		.listening = o->listening,
		.watch = o->watch,
		.word = operands->n ? operands->words[0] : NULL,
	};
}

/* Checks the operands against the form that O asks for; HOST stays NULL where that has none.
 * Returns 0, or -1 with *ERROR. */
static int sockname_check(const struct command *self, struct sockname_options *o,
			  const struct operands *operands, const char **host, const char **port,
			  struct option_error *error)
{
	bool ports = o->listening || o->sockets, none = o->fd != UNSET || o->interfaces;
	struct address a;

	if (operands->n > (none ? 0 : ports ? 1 : 2))
		return option_fail(error, "extra operand '%s'", operands->words[none ? 0 : 1]);
	if (none)
		return 0;
	if (ports) {
		const struct sockname_list list = sockname_list(o, operands);
		return sockname_list_check(&list, error);
	}
	if (operands->n == 0 && o->options && !o->connect && !o->watch)
		return 0;
	if (operands->n == 0 && o->watch)
		return option_fail(error,
				   "--watch needs --listening, --sockets, --interfaces or a HOST");
	if (operands->n == 0)
		return option_fail(error, "an operand is missing: sockit sockname %s",
				   self->synopsis);
	if (o->connect || operands->n == 2 ||
	    (address_parse_host(operands->words[0], &a) == WORD_BAD &&
	     strchr(operands->words[0], ':')))
		return address_inet_operands(operands, false, o->family.numeric, host, port, error);
	*host = operands->words[0];
	*port = NO_PORT;
	if (address_looks_like_port(*host))
		return option_fail(error, "'%s' is a port alone: sockit sockname --listening %s",
				   *host, *host);
	return address_check(*host, NULL, o->family.numeric, error);
}

static struct outcome sockname_run(struct sockname_options *o, const struct operands *operands,
				   const char *host, const char *port)
{
	if (o->fd != UNSET)
		return sockname_print_fd(o);
	if (o->listening || o->sockets) {
		const struct sockname_list list = sockname_list(o, operands);
		return sockname_list_run(&list);
	}
	if (o->interfaces)
		return sockname_list_interfaces(o);
	return host ? sockname_ask(o, host, port) : sockname_list_options(o);
}

static struct outcome main_sockname(const struct command *self, int argc, char **argv)
{
	struct sockname_options o = defaults;
	const char *host = NULL, *port = NULL;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome))
		outcome = sockname_check(self, &o, &operands, &host, &port, &error) < 0 ?
				  command_refuse(&o.messages, &error) :
				  sockname_run(&o, &operands, host, port);
	access_free(&o.selection.with);
	return outcome;
}

COMMAND(sockname) = {
	.name = "sockname",
	.synopsis = "[OPTION...] [HOST] [PORT]",
	.summary = "addresses of a socket, who listens here, socket options, interfaces",
	.brief = "[OPTION...] HOST [PORT]\n"
		 "--connect [OPTION...] HOST PORT | --fd N [OPTION...]\n"
		 "--listening|--sockets [PORT] | --interfaces | --options\n"
		 "\n"
		 "listening sockets interfaces connect fd options local peer wait json\n"
		 "\n"
		 "sockit sockname --listening 9000\n"
		 "sockit sockname --local example.org\n"
		 "sockit sockname --connect example.org 80",
	.uses = uses,
	.min_operands = 0,
	.max_operands = 2,
	.run = main_sockname,
	.keeps = KEEP_NAMES | KEEP_PROCESSES,
};
