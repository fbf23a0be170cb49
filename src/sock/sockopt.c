/* sockopt.c - the rows of socket options, and setting and reading them */
#define _DEFAULT_SOURCE /* struct timeval's companions, IP_TTL */
#include "sock/sockopt.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "base/suggest.h"
#include "sock/address.h"

#define AT(member) offsetof(struct socket_options, member)

static int parse_keepalive(void *field, const char *word, struct option_error *error)
{
	struct socket_options *o = (struct socket_options *)((char *)field - AT(keepalive));
	int64_t *fields[] = { &o->keep_idle, &o->keep_interval, &o->keep_count };
	const char *rest = word;
	char part[32];

	o->keepalive = true;
	o->keep_idle = o->keep_interval = o->keep_count = UNSET;
	for (int i = 0; rest; i++) {
		size_t n = strcspn(rest, ",");
		int64_t value;

		if (i == 3 || n == 0 || n >= sizeof part)
			goto bad;
		memcpy(part, rest, n);
		part[n] = '\0';
		/* The kernel counts in whole seconds, from 1 to 32767; probes from 1 to 127. */
		if (i == 2) {
			if (number_parse(part, 1, 127, &value) < 0)
				goto bad;
		} else {
			if (duration_parse(part, &value) < 0)
				goto bad;
			value = (value + SECOND - 1) / SECOND;
			if (value < 1 || value > 32767)
				goto bad;
		}
		*fields[i] = value;
		rest = rest[n] ? rest + n + 1 : NULL;
	}
	return 0;
bad:
	return option_fail(error,
			   "--keepalive: '%s' is not IDLE[,INTERVAL[,COUNT]] (durations from 1s to "
			   "32767s, a count from 1 to 127)",
			   word);
}

const struct sockopt_row *sockopt_row(size_t i)
{
	if (i < sockopt_common.n)
		return &sockopt_common.rows[i];
	i -= sockopt_common.n;
	return i < sockopt_system.n ? &sockopt_system.rows[i] : NULL;
}

static const char *sockopt_name(size_t i)
{
	const struct sockopt_row *row = sockopt_row(i);

	return row ? row->name : NULL;
}

static int parse_int(const char *word, int *out)
{
	bool negative = *word == '-';
	const char *digits = word + negative;
	int64_t n;
	char *end;

	if (digits[0] == '0' && digits[1] == 'x') {
		errno = 0;
		unsigned long hex = strtoul(digits + 2, &end, 16);
		if (errno || *end || !digits[2] || hex > UINT32_MAX)
			return -1;
		n = (int64_t)hex;
	} else if (number_parse(digits, 0, UINT32_MAX, &n) < 0) {
		return -1;
	}
	if (negative)
		n = -n;
	if (n < INT32_MIN)
		return -1;
	*out = (int)(uint32_t)n; /* 0xffffffff is -1, as an unsigned option has it */
	return 0;
}

/* Encodes VALUE for setsockopt(2) into OUT. Returns how many bytes that takes, 0 for a bad value.
 */
static socklen_t sockopt_encode(const struct sockopt_row *row, const char *value, void *out,
				size_t size)
{
	struct linger linger = { 0 };
	struct timeval time = { 0 };
	int64_t duration;
	int number = 1;

	switch (row->type) {
	case SOCKOPT_INT:
		if (value && parse_int(value, &number) < 0)
			return 0;
		memcpy(out, &number, sizeof number);
		return sizeof number;
	case SOCKOPT_STRING:
		if (!value || !*value || strlen(value) >= size)
			return 0;
		memcpy(out, value, strlen(value) + 1);
		return (socklen_t)strlen(value);
	case SOCKOPT_LINGER:
		if (!value || parse_int(value, &number) < 0)
			return 0;
		linger.l_onoff = number >= 0;
		linger.l_linger = number < 0 ? 0 : number;
		memcpy(out, &linger, sizeof linger);
		return sizeof linger;
	case SOCKOPT_DURATION:
		if (!value || duration_parse(value, &duration) < 0)
			return 0;
		time.tv_sec = (time_t)(duration / SECOND);
		time.tv_usec = (suseconds_t)(duration % SECOND / MICROSECOND);
		memcpy(out, &time, sizeof time);
		return sizeof time;
	}
	return 0;
}

/* Refuses WORD, which S has looked for: tells what could be meant. */
static int sockopt_unknown(const struct suggestion *s, const char *word, struct option_error *error)
{
	char names[SUGGESTIONS * 40] = "";
	size_t length = 0;

	for (int i = 0; i < SUGGESTIONS && s->near[i]; i++) {
		bool last = i + 1 == SUGGESTIONS || !s->near[i + 1];
		length += (size_t)snprintf(names + length, sizeof names - length, "%s'%s'%s",
					   i == 0 ? ": did you mean " :
					   last	  ? " or " :
						    ", ",
					   s->near[i], last ? "?" : "");
	}
	return option_fail(error, "--sockopt: '%s' is unknown%s", word, names);
}

static int parse_sockopt(void *field, const char *word, struct option_error *error)
{
	struct socket_options *o = (struct socket_options *)((char *)field - AT(settings));
	const char *value = strchr(word, '=');
	size_t n = value ? (size_t)(value - word) : strlen(word);
	struct sockopt_setting *setting;
	const struct sockopt_row *row;
	char name[64], bytes[64];
	struct suggestion s = { .word = name };

	snprintf(name, sizeof name, "%.*s", (int)n, word);
	for (size_t i = 0; (row = sockopt_row(i)); i++) {
		if (!strncmp(row->name, word, n) && row->name[n] == '\0')
			break;
		suggest(&s, row->name);
	}
	if (!row)
		return sockopt_unknown(&s, word, error);
	value = value ? value + 1 : NULL;
	if (!sockopt_encode(row, value, bytes, sizeof bytes))
		return option_fail(error, "--sockopt: '%s' %s", word,
				   value ? "has a value that cannot be used" : "wants a value");
	setting = malloc(sizeof *setting);
	if (!setting)
		return option_fail_errno(error, ENOMEM, "--sockopt: '%s'", word);
	*setting = (struct sockopt_setting){ .row = row, .value = value };
	if (!o->last)
		o->last = &o->settings;
	*o->last = setting;
	o->last = &setting->next;
	return 0;
}

/* RFC 1349, RFC 2474, RFC 8622 */
static const struct option_keyword classes[] = {
	{ "lowdelay", 0x10 }, { "throughput", 0x08 }, { "reliability", 0x04 }, { "mincost", 0x02 },
	{ "le", 0x04 },	      { "ef", 0xb8 },	      { "va", 0xb0 },	       { "cs0", 0x00 },
	{ "cs1", 0x20 },      { "cs2", 0x40 },	      { "cs3", 0x60 },	       { "cs4", 0x80 },
	{ "cs5", 0xa0 },      { "cs6", 0xc0 },	      { "cs7", 0xe0 },	       { "af11", 0x28 },
	{ "af12", 0x30 },     { "af13", 0x38 },	      { "af21", 0x48 },	       { "af22", 0x50 },
	{ "af23", 0x58 },     { "af31", 0x68 },	      { "af32", 0x70 },	       { "af33", 0x78 },
	{ "af41", 0x88 },     { "af42", 0x90 },	      { "af43", 0x98 },	       { "", 0 },
};

enum { TRANSPORT_TCP, TRANSPORT_MPTCP };

static const struct option_keyword transports[] = {
	{ "tcp", TRANSPORT_TCP },
	{ "mptcp", TRANSPORT_MPTCP },
	{ "", 0 },
};

static const struct option_row rows[] = {
	OPTION("rcvbuf", 0, OPTION_SIZE, AT(rcvbuf), KEEP_NOTHING, ARG("SIZE"),
	       "the socket's receive buffer", .min = 1, .max = 1 << 30),
	OPTION("sndbuf", 0, OPTION_SIZE, AT(sndbuf), KEEP_NOTHING, ARG("SIZE"),
	       "the socket's send buffer", .min = 1, .max = 1 << 30),
	OPTION("sockopt", 0, OPTION_PARSED, AT(settings), KEEP_NOTHING, ARG("NAME[=VALUE]"),
	       "any socket option by its name, such as TCP_CONGESTION=reno or SO_LINGER=5; may "
	       "be repeated",
	       .repeats = true, .parser = parse_sockopt, .choices = sockopt_name),
};

static const struct option_row ip_rows[] = {
	/* First: see hops_group. */
	OPTION("interface", 'I', OPTION_STRING, AT(interface), KEEP_NOTHING, ARG("IFACE"),
	       "send and receive through this interface only"),
	OPTION("ttl", 0, OPTION_NUMBER, AT(ttl), KEEP_NOTHING, ARG("N"),
	       "time to live (hop limit) of what is sent", .min = 1, .max = 255),
	OPTION("tos", 0, OPTION_KEYWORD, AT(tos), KEEP_NOTHING, ARG("CLASS"),
	       "traffic class: a number, ef, af11 to af43, cs0 to cs7, le, lowdelay, "
	       "throughput, reliability",
	       .min = 0, .max = 255, .keywords = classes),
};

static const struct option_row tcp_rows[] = {
	OPTION("nodelay", 0, OPTION_FLAG, AT(nodelay), KEEP_NOTHING, "",
	       "send small pieces at once (TCP_NODELAY)"),
	OPTION("keepalive", 0, OPTION_PARSED, AT(keepalive), KEEP_NOTHING,
	       ARG("IDLE[,INTERVAL[,COUNT]]"),
	       "probe a silent peer: after IDLE, then each INTERVAL, lost after COUNT",
	       .optional = true, .parser = parse_keepalive),
	OPTION("fastopen", 0, OPTION_FLAG, AT(fastopen), KEEP_NOTHING, "",
	       "data in the first packet (TCP Fast Open)"),
	OPTION("transport", 0, OPTION_KEYWORD, AT(protocol), KEEP_NOTHING, ARG("PROTOCOL"),
	       "tcp or mptcp", .keywords = transports),
};

static const struct option_row source_rows[] = {
	OPTION("source", 's', OPTION_STRING, AT(source), KEEP_NOTHING, ARG("ADDR"),
	       "local address to connect from"),
	OPTION("source-port", 'p', OPTION_STRING, AT(source_port), KEEP_NOTHING, ARG("PORT"),
	       "local port to connect from"),
};

const struct option_group socket_group = { "Socket", rows, sizeof rows / sizeof *rows };
const struct option_group ip_group = { "IP", ip_rows, sizeof ip_rows / sizeof *ip_rows };
const struct option_group hops_group = { "IP", ip_rows + 1, sizeof ip_rows / sizeof *ip_rows - 1 };
const struct option_group tcp_group = { "TCP", tcp_rows, sizeof tcp_rows / sizeof *tcp_rows };
const struct option_group source_group = { "Source", source_rows,
					   sizeof source_rows / sizeof *source_rows };

const char *sockopt_level(const struct sockopt_row *row)
{
	return row->level == IPPROTO_TCP  ? "IPPROTO_TCP" :
	       row->level == IPPROTO_IP	  ? "IPPROTO_IP" :
	       row->level == IPPROTO_IPV6 ? "IPPROTO_IPV6" :
					    "SOL_SOCKET";
}

const char *sockopt_type(const struct sockopt_row *row)
{
	static const char names[][9] = {
		[SOCKOPT_INT] = "int",
		[SOCKOPT_STRING] = "string",
		[SOCKOPT_LINGER] = "linger",
		[SOCKOPT_DURATION] = "duration",
	};

	return names[row->type];
}

void sockopt_free(struct socket_options *o)
{
	for (struct sockopt_setting *next, *s = o->settings; s; s = next) {
		next = s->next;
		free(s);
	}
	o->settings = NULL;
	o->last = NULL;
}

/* Is an option of LEVEL meant for a socket of FAMILY? One of the other family's would fail. */
static bool sockopt_concerns(int level, int family)
{
	return level == IPPROTO_IP   ? family == AF_INET :
	       level == IPPROTO_IPV6 ? family == AF_INET6 :
				       level != IPPROTO_TCP || address_family_is_ip(family);
}

int sockopt_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

int sockopt_get(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof value;

	return getsockopt(fd, level, name, &value, &size) < 0 ? -1 : value;
}

int sockopt_set_hops(int fd, int family, int hops)
{
	return family == AF_INET6 ? sockopt_set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops) :
				    sockopt_set(fd, IPPROTO_IP, IP_TTL, hops);
}

int sockopt_get_hops(int fd, int family)
{
	return family == AF_INET6 ? sockopt_get(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS) :
				    sockopt_get(fd, IPPROTO_IP, IP_TTL);
}

/* The options that are plain: setsockopt(2) gets the row's value as an int, at LEVEL6 where that is
 * set and the socket one of IPv6. */
static const struct plain_option {
	char name[8];
	enum socket_phase phase;
	unsigned field;
	int level, option, level6, option6;
} plain[] = {
	{ "rcvbuf", PHASE_BIND, AT(rcvbuf), SOL_SOCKET, SO_RCVBUF, 0, 0 },
	{ "sndbuf", PHASE_BIND, AT(sndbuf), SOL_SOCKET, SO_SNDBUF, 0, 0 },
	{ "ttl", PHASE_CONNECT, AT(ttl), IPPROTO_IP, IP_TTL, IPPROTO_IPV6, IPV6_UNICAST_HOPS },
	{ "tos", PHASE_CONNECT, AT(tos), IPPROTO_IP, IP_TOS, IPPROTO_IPV6, IPV6_TCLASS },
};

static int apply_plain(int fd, int family, const struct socket_options *o, enum socket_phase phase,
		       const char **what)
{
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		const struct plain_option *p = &plain[i];
		int64_t value = *(const int64_t *)((const char *)o + p->field);
		bool six = family == AF_INET6 && p->level6;

		if (value == UNSET || p->phase != phase)
			continue;
		*what = p->name;
		if (sockopt_concerns(six ? p->level6 : p->level, family) &&
		    sockopt_set(fd, six ? p->level6 : p->level, six ? p->option6 : p->option,
				(int)value) < 0)
			return -1;
	}
	return 0;
}

bool sockopt_is_given(const struct socket_options *o, const char *name)
{
	const struct sockopt_setting *s = o->settings;

	while (s && strcmp(s->row->name, name) != 0)
		s = s->next;
	return s;
}

static int apply_settings(int fd, int family, const struct socket_options *o,
			  enum socket_phase phase, const char **what)
{
	char bytes[64];

	for (const struct sockopt_setting *s = o->settings; s; s = s->next) {
		if (s->row->phase != phase || !sockopt_concerns(s->row->level, family))
			continue;
		*what = s->row->name;
		if (setsockopt(fd, s->row->level, s->row->option, bytes,
			       sockopt_encode(s->row, s->value, bytes, sizeof bytes)) < 0)
			return -1;
	}
	return 0;
}

static int apply_tcp(int fd, const struct socket_options *o, const char **what)
{
	*what = "nodelay";
	if (o->nodelay && sockopt_set(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
		return -1;
	*what = "keepalive";
	if (!o->keepalive)
		return 0;
	if (sockopt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) < 0 ||
	    (o->keep_idle > 0 &&
	     sockopt_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)o->keep_idle) < 0) ||
	    (o->keep_interval > 0 &&
	     sockopt_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)o->keep_interval) < 0) ||
	    (o->keep_count > 0 &&
	     sockopt_set(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)o->keep_count) < 0))
		return -1;
	return 0;
}

int sockopt_apply(int fd, int family, const struct socket_options *o, enum socket_phase phase,
		  bool listening, const char **what)
{
	if (apply_plain(fd, family, o, phase, what) < 0 ||
	    apply_settings(fd, family, o, phase, what) < 0)
		return -1;
	if (phase == PHASE_BIND && o->interface) {
		*what = "interface";
		if (sockopt_interface(fd, o->interface) < 0)
			return -1;
	}
	if (phase != PHASE_CONNECT || !address_family_is_ip(family))
		return 0;
	if (apply_tcp(fd, o, what) < 0)
		return -1;
	*what = "fastopen";
	return o->fastopen ? sockopt_fastopen(fd, listening) : 0;
}

int sockopt_read(int fd, int family, const struct sockopt_row *row, char *text, size_t size)
{
	union {
		int number;
		struct linger linger;
		struct timeval time;
		char string[64];
	} value = { .string = "" };
	socklen_t n = row->type == SOCKOPT_INT	  ? sizeof value.number :
		      row->type == SOCKOPT_LINGER ? sizeof value.linger :
		      row->type == SOCKOPT_STRING ? sizeof value.string - 1 :
						    sizeof value.time;

	errno = ENOPROTOOPT;
	if (!sockopt_concerns(row->level, family) ||
	    getsockopt(fd, row->level, row->option, &value, &n) < 0)
		return -1;
	switch (row->type) {
	case SOCKOPT_INT:
		/* Some are bytes. */
		snprintf(text, size, "%d", n == 1 ? (unsigned char)value.string[0] : value.number);
		break;
	case SOCKOPT_STRING:
		snprintf(text, size, "%s", value.string);
		break;
	case SOCKOPT_LINGER:
		snprintf(text, size, "%d", value.linger.l_onoff ? value.linger.l_linger : -1);
		break;
	case SOCKOPT_DURATION:
		snprintf(text, size, "%lld", (long long)value.time.tv_sec);
		if (value.time.tv_usec)
			snprintf(text, size, "%lld.%06ld", (long long)value.time.tv_sec,
				 (long)value.time.tv_usec);
		break;
	}
	return 0;
}

int sockopt_socket(int family, int type, const struct socket_options *o, const char **what)
{
	int protocol = o->protocol && address_family_is_ip(family) ? sockopt_mptcp : 0;
	int fd = -1;

	/* Of a protocol below 0 Linux says EINVAL. */
	if (protocol < 0)
		errno = EPROTONOSUPPORT;
	else
		fd = open_socket(family, type, protocol);
	*what = "socket";
	/* ENOPROTOOPT: net.mptcp.enabled is 0. */
	if (fd < 0 && protocol && (errno == EPROTONOSUPPORT || errno == ENOPROTOOPT))
		*what = "transport";
	return fd;
}
