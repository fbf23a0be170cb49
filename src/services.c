/* services.c - the table of services, and the options that choose one
 *
 * A service that has an option in the group "Serving" is one row of SERVICES and one file, which
 * has SERVICE(NAME) = { ... };
 */
#include <limits.h>

#include "conn/service.h"

#define AT(member) offsetof(struct service_options, member)
#define FLAG(name) (AT(chosen) + NUMBER_##name)

/* ROW(NAME, KIND, FIELD, KEEPS, the rest of the option's row). The option's name is NAME; FIELD is
 * where its value is stored, which is FLAG(NAME) for a flag. */
#define FORWARD(ROW)                                                                               \
	ROW(forward, OPTION_PARSED, AT(forward), KEEP_NAMES, ARG("ENDPOINT"),                      \
	    "join each connection to one made to ENDPOINT: HOST:PORT, unix:PATH or "               \
	    "vsock:CID:PORT; given again: to the next where the first is not reached",             \
	    .repeats = true, .parser = service_parse_forward)
#define BUILT_IN(ROW)                                                                              \
	ROW(echo, OPTION_FLAG, FLAG(echo), KEEP_NOTHING, EXCLUDES("crlf delay telnet"),            \
	    "send back what comes (RFC 862)")                                                      \
	ROW(discard, OPTION_FLAG, FLAG(discard), KEEP_NOTHING, "",                                 \
	    "throw away what comes (RFC 863)")                                                     \
	ROW(broker, OPTION_FLAG, FLAG(broker), KEEP_NOTHING, "",                                   \
	    "what a client or stdin sends goes to all the others; implies -k")                     \
	ROW(chat, OPTION_FLAG, FLAG(chat), KEEP_NOTHING, "",                                       \
	    "the same line by line, each with the number of its client before it")
#define SERVICES(ROW) FORWARD(ROW) BUILT_IN(ROW)

#define NUMBER(id, ...) NUMBER_##id,
#define DECLARATION(id, ...) extern const struct service id##_service;
#define ADDRESS(id, ...) , &id##_service
#define OPTION_OF(id, ...) OPTION(#id, 0, __VA_ARGS__),

enum { SERVICES(NUMBER) };
SERVICES(DECLARATION)
extern const struct service stdio_service, exec_service, proxyd_service;

const struct service *const services[] = { &stdio_service, &proxyd_service SERVICES(ADDRESS),
					   &exec_service };
const size_t n_services = sizeof services / sizeof *services;
_Static_assert(sizeof services / sizeof *services <= SERVICES_MOST, "SERVICES_MOST is too low");

static const struct option_keyword when_full[] = {
	{ "wait", WHEN_FULL_WAIT },
	{ "close", WHEN_FULL_CLOSE },
	{ "", 0 },
};

static const struct option_row rows[] = {
	OPTION("keep-open", 'k', OPTION_FLAG, AT(keep_open), KEEP_NOTHING, "",
	       "go on accepting: clients are served side by side"),
	OPTION("max-conns", 'm', OPTION_NUMBER, AT(max_conns), KEEP_NOTHING, ARG("N"),
	       "at most N clients at a time", .min = 1, .max = INT32_MAX),
	OPTION("max-per-source", 0, OPTION_PARSED, AT(per_source), KEEP_NOTHING, ARG("N[/BITS]"),
	       "at most N clients of one address (IPv6: of its /64), or of a network of BITS",
	       .parser = source_parse),
	OPTION("when-full", 0, OPTION_KEYWORD, AT(when_full), KEEP_NOTHING,
	       ARG("ACTION") NEEDS("max-conns"),
	       "what happens to more: wait (in the backlog) or close", .keywords = when_full),
	OPTION("accept", 0, OPTION_NUMBER, AT(accept), KEEP_NOTHING, ARG("N"),
	       "exit once N clients have been served; over 1 implies -k", .min = 1,
	       .max = INT32_MAX),
	OPTION("stall", 0, OPTION_DURATION, AT(stall), KEEP_NOTHING, ARG("DURATION"),
	       "drop a client that is in the way of others and takes nothing so long (5s)"),
	OPTION("live", 0, OPTION_FLAG, AT(live), KEEP_NOTHING,
	       EXCLUDES("stall echo discard forward execute proxy-server"),
	       "with -k or a broker: what comes while nobody is there is thrown away, "
	       "and a client that is slow loses whole reads"),
	BUILT_IN(OPTION_OF)
};

static const struct option_row forward_rows[] = { FORWARD(OPTION_OF) };

static const struct option_row pass_rows[] = {
	OPTION("send-fd", 0, OPTION_NUMBER, AT(send_fd), KEEP_NOTHING, ARG("N") EXCLUDES("discard"),
	       "hand descriptor N along with the first bytes", .min = 0, .max = INT_MAX),
	OPTION("recv-fd", 0, OPTION_FLAG, AT(recv_fd), KEEP_NOTHING, "",
	       "give the descriptor that comes with the first bytes to the command, as its 3"),
};

const struct option_group pass_group = { "Passing a descriptor", pass_rows,
					 sizeof pass_rows / sizeof *pass_rows };
const struct option_group forward_group = { "Joining", forward_rows, 1 };
const struct option_group service_group = { "Serving", rows, sizeof rows / sizeof *rows };
