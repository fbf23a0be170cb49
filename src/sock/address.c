/* address.c - parsing, comparing and formatting socket addresses */
#define _DEFAULT_SOURCE /* IF_NAMESIZE */
#include "sock/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "sock/vsock.h"

static const struct option_row rows[] = {
	OPTION("ipv4", '4', OPTION_FLAG, offsetof(struct family_options, inet), KEEP_NOTHING,
	       EXCLUDES("ipv6"), "IPv4 only"),
	OPTION("ipv6", '6', OPTION_FLAG, offsetof(struct family_options, inet6), KEEP_NOTHING, "",
	       "IPv6 only"),
	OPTION("numeric", 'n', OPTION_FLAG, offsetof(struct family_options, numeric), KEEP_NOTHING,
	       "", "look nothing up: hosts and ports are numbers"),
};

const struct option_group family_group = { "Addresses", rows, sizeof rows / sizeof *rows };
const struct option_group numeric_group = { "Names", rows + 2, 1 };

int address_family(const struct family_options *o)
{
	return o->inet ? AF_INET : o->inet6 ? AF_INET6 : AF_UNSPEC;
}

int address_parse_interface(const char *word, unsigned *index)
{
	int64_t number;

	*index = if_nametoindex(word);
	if (*index)
		return 0;
	if (number_parse(word, 1, INT32_MAX, &number) < 0)
		return -1;
	*index = (unsigned)number;
	return 0;
}

static bool may_be_name(const char *host)
{
	if (strlen(host) > 254) /* RFC 1035, with a final dot */
		return false;
	for (const unsigned char *p = (const unsigned char *)host; *p; p++)
		if (*p <= ' ' || *p == 0x7f || (*p <= ']' && strchr("/:[]%@,", *p)))
			return false;
	return true;
}

#define ABSTRACT_REST "\\0*" /* at the end of a name: as many NULs as there is room for */

/* Makes *OUT, all zero but for its family, the abstract name that NAME means, see text_unescape().
 */
static enum word_kind parse_abstract(const char *name, struct address *out)
{
	struct text t = { 0 };
	const char *rest = text_unescape(&t, name);
	size_t n = t.length;
	bool padded = rest == NULL && n > 1 && t.data[n - 1] == '*' && !t.data[n - 2] &&
		      !strcmp(name + strlen(name) - strlen(ABSTRACT_REST), ABSTRACT_REST);
	bool fits;

	n -= padded ? 2 : 0;
	fits = !rest && !t.failed && n > 0 && n < sizeof out->u.un.sun_path;
	if (fits) {
		memcpy(out->u.un.sun_path + 1, t.data, n);
		n = padded ? sizeof out->u.un.sun_path : n + 1;
		out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	text_free(&t);
	return fits ? WORD_NUMBER : WORD_BAD;
}

static bool may_be_interface(const char *name)
{
	if (!*name || strlen(name) >= IF_NAMESIZE)
		return false;
	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("/:%[]", *p))
			return false;
	return true;
}

enum word_kind address_parse_unix(const char *word, struct address *out)
{
	const char *path = word + strlen("unix:");
	size_t n;

	/* Look at the first byte before calling strncmp(3): the dynamic linker has to find that
	 * first, see -z lazy in configure. */
	if (!text_begins(word, "unix:"))
		return WORD_NAME;
	memset(out, 0, sizeof *out);
	out->u.un.sun_family = AF_UNIX;
	out->length = offsetof(struct sockaddr_un, sun_path);
	if (*path == '@')
		return parse_abstract(path + 1, out);
	n = strlen(path);
	if (n == 0 || n >= PATH_MAX)
		return WORD_BAD;
	if (n < sizeof out->u.un.sun_path)
		memcpy(out->u.un.sun_path, path, n + 1);
	else
		out->word = word;
	out->length += out->word ? 0 : (socklen_t)(n + 1);
	return WORD_NUMBER;
}

static enum word_kind parse_vsock(const char *word, struct address *out)
{
	static const struct {
		const char *name;
		int64_t cid;
	} names[] = { { "any", VSOCK_CID_ANY }, { "local", 1 }, { "host", 2 } };
	const char *cid = word + strlen("vsock:"), *colon;
	char text[16];
	int64_t number = -1, port;
	size_t n;

	if (!text_begins(word, "vsock:"))
		return WORD_NAME;
	memset(out, 0, sizeof *out);
	colon = strchr(cid, ':');
	n = colon ? (size_t)(colon - cid) : sizeof text;
	if (n >= sizeof text || number_parse(colon + 1, 0, UINT32_MAX - 1, &port) < 0)
		return WORD_BAD;
	memcpy(text, cid, n);
	text[n] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(text, names[i].name))
			number = names[i].cid;
	if (number < 0 && number_parse(text, 0, UINT32_MAX, &number) < 0)
		return WORD_BAD;
	return vsock_set(out, (uint32_t)number, (uint32_t)port) < 0 ? WORD_BAD : WORD_NUMBER;
}

enum word_kind address_parse_direct(const char *word, struct address *out)
{
	enum word_kind kind = address_parse_unix(word, out);

	return kind == WORD_NAME ? parse_vsock(word, out) : kind;
}

/* Reads WORD, four numbers with dots between them, into OUT, in network order. As inet_pton(3),
 * which the loader would have to look up. */
static bool parse_ipv4(const char *word, struct in_addr *out)
{
	unsigned char octets[4];

	for (size_t i = 0; i < sizeof octets; i++, word++) {
		const char *start = word;
		unsigned n = 0;

		while (*word >= '0' && *word <= '9' && word < start + 3)
			n = n * 10 + (unsigned)(*word++ - '0');
		if (word == start || n > 255 || (*start == '0' && word > start + 1) ||
		    *word != (i < sizeof octets - 1 ? '.' : '\0'))
			return false;
		octets[i] = (unsigned char)n;
	}
	memcpy(out, octets, sizeof octets);
	return true;
}

enum word_kind address_parse_host(const char *host, struct address *out)
{
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1], name[IF_NAMESIZE];
	bool brackets = host[0] == '[';
	char *zone;
	size_t n;

	memset(out, 0, sizeof *out);
	if (!brackets && parse_ipv4(host, &out->u.in.sin_addr)) {
		out->u.in.sin_family = AF_INET;
		out->length = sizeof out->u.in;
		return WORD_NUMBER;
	}
	n = strlen(host);
	if (brackets && (n < 3 || host[n - 1] != ']'))
		return WORD_BAD;
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
	    (zone && !may_be_interface(zone)))
		return WORD_BAD;
	if (zone && (address_parse_interface(zone, &out->u.in6.sin6_scope_id) < 0 ||
		     !if_indextoname(out->u.in6.sin6_scope_id, name)))
		return WORD_ZONE;
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
		if (*p <= ' ' || *p == 0x7f || *p == '@')
			return WORD_BAD;
	return WORD_NAME;
}

void address_set_ip(struct address *a, int family, const void *bytes, uint16_t port)
{
	/* For each datagram: a path has room behind these, which is not cleared. */
	if (family == AF_INET) {
		a->u.in = (struct sockaddr_in){ .sin_family = AF_INET };
		memcpy(&a->u.in.sin_addr, bytes, sizeof a->u.in.sin_addr);
		a->length = sizeof a->u.in;
	} else {
		a->u.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
		memcpy(&a->u.in6.sin6_addr, bytes, sizeof a->u.in6.sin6_addr);
		a->length = sizeof a->u.in6;
	}
	a->word = NULL;
	a->who = (struct address_who){ 0 };
	address_set_port(a, port);
}

const unsigned char *address_ip(const struct address *a, size_t *n)
{
	bool six = a->u.sa.sa_family == AF_INET6;

	*n = six ? sizeof a->u.in6.sin6_addr : sizeof a->u.in.sin_addr;
	return six ? a->u.in6.sin6_addr.s6_addr : (const unsigned char *)&a->u.in.sin_addr;
}

void address_set_port(struct address *a, uint16_t port)
{
	bool named = a->u.sa.sa_family == AF_UNSPEC && a->word;

	if (a->u.sa.sa_family == AF_INET || named)
		a->u.in.sin_port = htons(port);
	else if (a->u.sa.sa_family == AF_INET6)
		a->u.in6.sin6_port = htons(port);
}

uint16_t address_port(const struct address *a)
{
	if (a->u.sa.sa_family == AF_INET || a->u.sa.sa_family == AF_UNSPEC)
		return ntohs(a->u.in.sin_port);
	return a->u.sa.sa_family == AF_INET6 ? ntohs(a->u.in6.sin6_port) : 0;
}

uint32_t address_any_port(const struct address *a)
{
	uint32_t cid, port;

	return vsock_get(a, &cid, &port) ? port : address_port(a);
}

void address_set_words(struct address *a, const char *words, uint16_t port)
{
	*a = (struct address){ .word = words };
	a->u.in.sin_port = htons(port);
}

size_t address_size(const struct address *a)
{
	/* The port of one that is words stands there too. */
	size_t least = sizeof a->u.sa;

	return offsetof(struct address, u) + (a->length > least ? a->length : least);
}

const struct address *address_keep(void *place, const struct address *a)
{
	return memcpy(place, a, address_size(a));
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

bool address_is_any(const struct address *a)
{
	struct address plain = *a;

	address_unmap(&plain);
	return plain.u.sa.sa_family == AF_INET	? plain.u.in.sin_addr.s_addr == htonl(INADDR_ANY) :
	       plain.u.sa.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&plain.u.in6.sin6_addr) :
						  false;
}

bool address_equal(const struct address *a, const struct address *b)
{
	if (a->u.sa.sa_family != b->u.sa.sa_family || address_port(a) != address_port(b))
		return false;
	if (a->word || b->word)
		return a->word && b->word && !strcmp(a->word, b->word);
	if (a->u.sa.sa_family == AF_UNIX)
		return a->length == b->length &&
		       a->length > offsetof(struct sockaddr_un, sun_path) &&
		       !memcmp(&a->u.un, &b->u.un, a->length);
	if (!address_is_ip(a))
		return a->length == b->length && !memcmp(&a->u, &b->u, a->length);
	if (a->u.sa.sa_family == AF_INET)
		return a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
	return !memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, sizeof a->u.in6.sin6_addr) &&
	       a->u.in6.sin6_scope_id == b->u.in6.sin6_scope_id;
}

bool address_same_host(const struct address *a, const struct address *b)
{
	struct address copy = *a;

	if (!address_is_ip(a))
		return false;
	address_set_port(&copy, address_port(b));
	return address_equal(&copy, b);
}

/* The two that every run formats do without printf(3), which is slow to start. */
/* Returns where its NUL stands. */
static char *ipv4_text(const struct address *a, char *text)
{
	unsigned char octets[4];

	memcpy(octets, &a->u.in.sin_addr, sizeof octets);
	for (size_t i = 0; i < sizeof octets; i++) {
		text = digits_format(text, octets[i]);
		if (i < sizeof octets - 1)
			*text++ = '.';
	}
	return text;
}

/* Formats the abstract NAME of N bytes, with the NUL that it begins with, as parse_abstract() takes
 * it, at TEXT, before END. */
static void abstract_text(const char *name, size_t n, char *text, const char *end)
{
	bool padded = false;

	text = text_append(text, end, "@");
	if (n == sizeof((struct sockaddr_un *)0)->sun_path)
		for (; n > 2 && !name[n - 1]; n--)
			padded = true;
	for (size_t at = 1; at < n; at++) {
		size_t piece = strnlen(name + at, n - at);
		if (at > 1 && at == n - 1 && name[at] == '*') /* it is not ABSTRACT_REST */
			text = text_append(text, end, "\\x2a");
		else
			text += text_escape(text, (size_t)(end - text), name + at, piece, true);
		at += piece;
		if (at < n)
			text = text_append(text, end, "\\0");
	}
	if (padded)
		text_append(text, end, ABSTRACT_REST);
}

/* Formats A, a UNIX socket, as `unix:PATH` or `unix:@NAME`. */
static void unix_text(const struct address *a, char *text)
{
	const char *end = text + ADDRESS_TEXT;
	const char *path = a->u.un.sun_path;
	size_t n = a->length - offsetof(struct sockaddr_un, sun_path);

	text = text_append(text, end, "unix:");
	if (a->length <= offsetof(struct sockaddr_un, sun_path))
		return;
	if (*path)
		snprintf(text, (size_t)(end - text), "%.*s", (int)n, path);
	else
		abstract_text(path, n, text, end);
}

/* As address_host(), of an address that is no word. Returns where the NUL of TEXT stands. */
static char *host_text(const struct address *a, char *text)
{
	uint32_t cid, port;

	text[0] = '\0';
	if (a->u.sa.sa_family == AF_INET)
		return ipv4_text(a, text);
	if (a->u.sa.sa_family == AF_INET6) {
		char zone[IF_NAMESIZE];
		size_t n;
		inet_ntop(AF_INET6, &a->u.in6.sin6_addr, text, ADDRESS_TEXT);
		n = strlen(text);
		if (a->u.in6.sin6_scope_id == 0)
			return text + n;
		if (if_indextoname(a->u.in6.sin6_scope_id, zone))
			snprintf(text + n, ADDRESS_TEXT - n, "%%%s", zone);
		else
			snprintf(text + n, ADDRESS_TEXT - n, "%%%u", a->u.in6.sin6_scope_id);
	} else if (a->u.sa.sa_family == AF_UNIX) {
		unix_text(a, text);
	} else if (vsock_get(a, &cid, &port)) {
		if (cid == VSOCK_CID_ANY)
			snprintf(text, ADDRESS_TEXT, "vsock:any");
		else
			snprintf(text, ADDRESS_TEXT, "vsock:%lu", (unsigned long)cid);
	}
	return text + strlen(text);
}

const char *address_host(const struct address *a, char *text)
{
	host_text(a, text);
	return a->word ? a->word : text;
}

static bool has_name(const struct address *a)
{
	return a->word || a->length > offsetof(struct sockaddr_un, sun_path);
}

static void who_text(const struct address *a, char *text, size_t size)
{
	snprintf(text, size, " (pid %ld, uid %lu, gid %lu)", (long)a->who.pid,
		 (unsigned long)a->who.uid, (unsigned long)a->who.gid);
}

const char *address_who(const struct address *a, char *text)
{
	text[0] = '\0';
	if (a->u.sa.sa_family == AF_UNIX && a->who.known && has_name(a))
		who_text(a, text, ADDRESS_TEXT);
	return text;
}

const char *address_text(const struct address *a, char *text)
{
	char *end = text + ADDRESS_TEXT, *at;

	if (a->word)
		return a->word;
	at = host_text(a, text);
	if (a->u.sa.sa_family != AF_UNIX)
		digits_format(text_append(at, end, " port "), address_any_port(a));
	else if (a->who.known && !has_name(a))
		who_text(a, at, (size_t)(end - at));
	return text;
}

const char *address_words(const char *host, const char *port, char *text, size_t size)
{
	const char *end = text + size;

	if (!*port)
		return host;
	text_append(text_append(text_append(text, end, host), end, " port "), end, port);
	return text;
}

void address_json(struct json *j, const char *key, const struct address *a)
{
	char text[ADDRESS_TEXT];
	uint32_t cid, port;

	if (j->off || !a)
		return;
	int family = a->u.sa.sa_family;
	if (family == AF_UNSPEC && !a->word)
		return;
	json_open(j, key, '{');
	if (family == AF_UNSPEC && a->word) {
		char name[256];
		snprintf(name, sizeof name, "%.*s", (int)strcspn(a->word, " "), a->word);
		json_string(j, "name", name);
	} else if (family == AF_UNIX) {
		json_string(j, "family", "unix");
		json_string(j, "address", address_host(a, text) + strlen("unix:"));
	} else if (vsock_get(a, &cid, &port)) {
		json_string(j, "family", "vsock");
		json_string(j, "address", address_host(a, text) + strlen("vsock:"));
	} else {
		json_string(j, "family", family == AF_INET6 ? "inet6" : "inet");
		json_string(j, "address", address_host(a, text));
	}
	/* 0: no port was asked for, or it is not known. */
	if (address_any_port(a) || vsock_get(a, &cid, &port)) {
		json_number(j, "port", address_any_port(a));
	} else if (a->who.known) {
		json_number(j, "pid", a->who.pid);
		json_number(j, "uid", a->who.uid);
		json_number(j, "gid", a->who.gid);
	}
	json_close(j, '}');
}
