#define _DEFAULT_SOURCE /* IF_NAMESIZE */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static const struct option_row rows[] = {
	{ .name = "ipv4",
	  .letter = '4',
	  .kind = OPTION_FLAG,
	  .field = offsetof(struct family_options, inet),
	  .excludes = "ipv6",
	  .help = "IPv4 only" },
	{ .name = "ipv6",
	  .letter = '6',
	  .kind = OPTION_FLAG,
	  .field = offsetof(struct family_options, inet6),
	  .help = "IPv6 only" },
	{ .name = "numeric",
	  .letter = 'n',
	  .kind = OPTION_FLAG,
	  .field = offsetof(struct family_options, numeric),
	  .help = "look nothing up: hosts and ports are numbers" },
};

const struct option_group family_group = { "Addresses", rows, sizeof rows / sizeof *rows };

int address_family(const struct family_options *o)
{
	return o->inet ? AF_INET : o->inet6 ? AF_INET6 : AF_UNSPEC;
}

/* `fe80::1%eth0`: TEXT before the zone is an IPv6 address, the zone a name or an index. */
static int parse_zone(const char *zone, uint32_t *scope)
{
	int64_t index;

	*scope = if_nametoindex(zone);
	if (*scope)
		return 0;
	if (number_parse(zone, 1, UINT32_MAX, &index) < 0)
		return -1;
	*scope = (uint32_t)index;
	return 0;
}

static bool may_be_name(const char *host)
{
	if (strlen(host) > 254) /* RFC 1035, with a final dot */
		return false;
	for (const unsigned char *p = (const unsigned char *)host; *p; p++)
		if (*p <= ' ' || *p == 0x7f || strchr("/:[]%@,", *p))
			return false;
	return true;
}

enum word_kind address_parse_unix(const char *word, struct address *out)
{
	const char *path = word + strlen("unix:");
	size_t n;

	/* To find the function takes longer than to call it: see -z lazy in configure. */
	if (*word != 'u' || strncmp(word, "unix:", 5) != 0)
		return WORD_NAME;
	memset(out, 0, sizeof *out);
	out->u.un.sun_family = AF_UNIX;
	n = strlen(path);
	if (n == 0 || n >= sizeof out->u.un.sun_path || !strcmp(path, "@"))
		return WORD_BAD;
	memcpy(out->u.un.sun_path, path, n);
	/* An abstract name has no end but its length: unix(7). */
	if (*path == '@')
		out->u.un.sun_path[0] = '\0';
	out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*path != '@'));
	return WORD_NUMBER;
}

enum word_kind address_parse_host(const char *host, struct address *out)
{
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	size_t n = strlen(host);
	bool brackets = host[0] == '[';
	char *zone;

	memset(out, 0, sizeof *out);
	if (brackets && (n < 3 || host[n - 1] != ']'))
		return WORD_BAD;
	if (!brackets && inet_pton(AF_INET, host, &out->u.in.sin_addr) == 1) {
		out->u.in.sin_family = AF_INET;
		out->length = sizeof out->u.in;
		return WORD_NUMBER;
	}
	if (!strchr(host, ':'))
		return *host && may_be_name(host) ? WORD_NAME : WORD_BAD;
	if (n - 2 * brackets >= sizeof text)
		return WORD_BAD;
	memcpy(text, host + brackets, n - 2 * brackets);
	text[n - 2 * brackets] = '\0';
	zone = strchr(text, '%');
	if (zone)
		*zone++ = '\0';
	if (inet_pton(AF_INET6, text, &out->u.in6.sin6_addr) != 1 ||
	    (zone && parse_zone(zone, &out->u.in6.sin6_scope_id) < 0))
		return WORD_BAD;
	out->u.in6.sin6_family = AF_INET6;
	out->length = sizeof out->u.in6;
	return WORD_NUMBER;
}

enum word_kind address_parse_port(const char *port, uint16_t *out)
{
	int64_t n;

	if (number_parse(port, 0, 65535, &n) == 0) {
		*out = (uint16_t)n;
		return WORD_NUMBER;
	}
	if (errno == ERANGE || *port == '\0' || *port == '-' || *port == '+')
		return WORD_BAD;
	for (const unsigned char *p = (const unsigned char *)port; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return WORD_BAD;
	return WORD_NAME;
}

/* The colon before the port of an ENDPOINT, its last; NULL: it is none. Of an IPv6 address without brackets
 * nobody can say where it ends. */
static char *find_port(const char *word)
{
	char *colon = strrchr(word, ':');

	return colon && (word[0] == '[' ? colon[-1] == ']' : strchr(word, ':') == colon) ? colon :
											   NULL;
}

static int check_host(const char *host, bool numeric, struct option_error *error)
{
	struct address a;
	enum word_kind kind = address_parse_host(host, &a);

	if (*host == '\0')
		return option_fail(error, "host '' is empty");
	if (kind == WORD_BAD)
		return option_fail(error, "host '%s' is neither an address nor a name", host);
	if (kind == WORD_NAME && numeric)
		return option_fail(error, "host '%s' is a name, which --numeric does not look up",
				   host);
	return 0;
}

static int check_port(const char *port, bool numeric, struct option_error *error)
{
	uint16_t n;
	enum word_kind kind = address_parse_port(port, &n);

	if (kind == WORD_BAD)
		return option_fail(error, "port '%s' is neither from 0 to 65535 nor a service",
				   port);
	if (kind == WORD_NAME && numeric)
		return option_fail(error, "port '%s' is a name, which --numeric does not look up",
				   port);
	return 0;
}

int address_check(const char *host, const char *port, bool numeric, struct option_error *error)
{
	if (host && check_host(host, numeric, error) < 0)
		return -1;
	return port ? check_port(port, numeric, error) : 0;
}

int address_endpoint(const char *word, bool numeric, struct endpoint_words *out,
		     struct option_error *error)
{
	struct address a;
	enum word_kind kind = address_parse_unix(word, &a);
	const char *colon = kind == WORD_NAME ? find_port(word) : word + strlen(word);
	size_t n;

	if (kind == WORD_BAD)
		return option_fail(error, "'%s': the path is empty or longer than %zu bytes", word,
				   sizeof a.u.un.sun_path - 1);
	if (!colon)
		return option_fail(error, "'%s' is no endpoint: HOST:PORT or unix:PATH", word);
	n = (size_t)(colon - word);
	if (n >= sizeof out->host)
		return option_fail(error, "'%s': the host is longer than any name", word);
	memcpy(out->host, word, n);
	out->host[n] = '\0';
	out->port = *colon ? colon + 1 : colon;
	return kind == WORD_NUMBER ? 0 : address_check(out->host, out->port, numeric, error);
}

int address_operands(const struct operands *o, bool may_lack_host, bool numeric, const char **host,
		     const char **port, struct option_error *error)
{
	char *colon = o->n == 1 ? find_port(o->words[0]) : NULL;

	*host = NULL;
	if (o->n == 2) {
		*host = o->words[0];
		*port = o->words[1];
	} else if (!strncmp(o->words[0], "unix:", 5) || !strncmp(o->words[0], "vsock:", 6)) {
		return option_fail(error, "'%s': only TCP endpoints (HOST:PORT) are known here",
				   o->words[0]);
	} else if (colon) {
		*colon = '\0';
		*host = o->words[0];
		*port = colon + 1;
	} else {
		if (!may_lack_host)
			return option_fail(error, "a port is missing after '%s'", o->words[0]);
		*port = o->words[0];
	}
	return address_check(*host, *port, numeric, error);
}

void address_set_port(struct address *a, uint16_t port)
{
	if (a->u.sa.sa_family == AF_INET)
		a->u.in.sin_port = htons(port);
	else if (a->u.sa.sa_family == AF_INET6)
		a->u.in6.sin6_port = htons(port);
}

uint16_t address_port(const struct address *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return ntohs(a->u.in.sin_port);
	return a->u.sa.sa_family == AF_INET6 ? ntohs(a->u.in6.sin6_port) : 0;
}

void address_unmap(struct address *a)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (a->u.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
		return;
	v4.sin_port = a->u.in6.sin6_port;
	memcpy(&v4.sin_addr, a->u.in6.sin6_addr.s6_addr + 12, 4);
	a->u.in = v4;
	a->length = sizeof v4;
}

bool address_equal(const struct address *a, const struct address *b)
{
	if (a->u.sa.sa_family != b->u.sa.sa_family || address_port(a) != address_port(b))
		return false;
	if (a->u.sa.sa_family == AF_UNIX)
		return a->length == b->length &&
		       a->length > offsetof(struct sockaddr_un, sun_path) &&
		       !memcmp(&a->u.un, &b->u.un, a->length);
	if (a->u.sa.sa_family == AF_INET)
		return a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
	return !memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, sizeof a->u.in6.sin6_addr) &&
	       a->u.in6.sin6_scope_id == b->u.in6.sin6_scope_id;
}

char *address_host(const struct address *a, char *text)
{
	char zone[IF_NAMESIZE];
	size_t n;

	text[0] = '\0';
	if (a->u.sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->u.in.sin_addr, text, ADDRESS_TEXT);
	} else if (a->u.sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->u.in6.sin6_addr, text, ADDRESS_TEXT);
		n = strlen(text);
		if (a->u.in6.sin6_scope_id == 0)
			return text;
		if (if_indextoname(a->u.in6.sin6_scope_id, zone))
			snprintf(text + n, ADDRESS_TEXT - n, "%%%s", zone);
		else
			snprintf(text + n, ADDRESS_TEXT - n, "%%%u", a->u.in6.sin6_scope_id);
	} else if (a->u.sa.sa_family == AF_UNIX) {
		const char *path = a->u.un.sun_path;
		n = a->length - offsetof(struct sockaddr_un, sun_path);
		if (a->length > offsetof(struct sockaddr_un, sun_path))
			snprintf(text, ADDRESS_TEXT, "unix:%s%.*s", *path ? "" : "@",
				 (int)(n - !*path), path + !*path);
		else
			snprintf(text, ADDRESS_TEXT, "unix:");
	}
	return text;
}

char *address_text(const struct address *a, char *text)
{
	size_t n = strlen(address_host(a, text));

	if (a->u.sa.sa_family != AF_UNIX)
		snprintf(text + n, ADDRESS_TEXT - n, " port %u", address_port(a));
	return text;
}

void address_json(struct json *j, const char *key, const struct address *a)
{
	char text[ADDRESS_TEXT];

	json_open(j, key, '{');
	if (a->u.sa.sa_family == AF_UNIX) {
		json_string(j, "family", "unix");
		json_string(j, "address", address_host(a, text) + strlen("unix:"));
		json_close(j, '}');
		return;
	}
	json_string(j, "family", a->u.sa.sa_family == AF_INET6 ? "inet6" : "inet");
	json_string(j, "address", address_host(a, text));
	json_number(j, "port", address_port(a));
	json_close(j, '}');
}
