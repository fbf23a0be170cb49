/* told.c - --send-proxy, and addresses in a header of the PROXY protocol */
#include "net/told.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct told_options, member)

static const struct option_keyword versions[] = { { "v1", 1 }, { "v2", 2 }, { "", 0 } };

static const struct option_row rows[] = {
	OPTION("send-proxy", 0, OPTION_KEYWORD, AT(version), KEEP_NOTHING, ARG("VERSION"),
	       "begin with a header of HAProxy's PROXY protocol, v1 or v2, which tells whose "
	       "connection it is",
	       .keywords = versions),
	OPTION("proxy-from", 0, OPTION_STRING, AT(from_word), KEEP_NOTHING,
	       ARG("ENDPOINT") NEEDS("send-proxy"), "tell this address there as the client's"),
};

const struct option_group told_group = { "PROXY protocol", rows, sizeof rows / sizeof *rows };

int told_check(struct told_options *o, struct option_error *error)
{
	struct endpoint_words words;
	struct option_error inner;
	uint16_t port = 0;

	if (!o->from_word)
		return 0;
	if (address_endpoint(o->from_word, false, &words, &inner) < 0)
		return option_fail(error, "--proxy-from: %s", inner.text);
	if (*words.port) {
		if (address_parse_host(words.host, &o->from) != WORD_NUMBER ||
		    address_parse_port(words.port, &port) != WORD_NUMBER)
			return option_fail(error, "--proxy-from: '%s' is no address with a port",
					   o->from_word);
		address_set_port(&o->from, port);
		return 0;
	}
	address_parse_direct(words.host, &o->from);
	if (o->from.u.sa.sa_family != AF_UNIX || o->from.word)
		return option_fail(error,
				   "--proxy-from: '%s' is nothing that a PROXY header can tell",
				   o->from_word);
	return o->version == 1 ? option_fail(error,
					     "--proxy-from: '%s': --send-proxy v1 cannot tell UNIX "
					     "sockets, v2 can",
					     o->from_word) :
				 0;
}

/* ---- from addresses to a header ---- */

/* Returns how the header tells A; PROXY_NOTHING: it cannot. */
static enum proxy_told told_kind(const struct address *a)
{
	int family = a->u.sa.sa_family;

	return family == AF_INET	     ? PROXY_INET :
	       family == AF_INET6	     ? PROXY_INET6 :
	       family == AF_UNIX && !a->word ? PROXY_UNIX :
					       PROXY_NOTHING;
}

/* Writes A, which is of KIND, of IPv4 where that is PROXY_INET6, or else only has a port, to E. */
static void told_put(struct proxy_end *e, enum proxy_told kind, const struct address *a)
{
	static const unsigned char mapped[] = { [10] = 0xff, 0xff };
	size_t n, before = offsetof(struct sockaddr_un, sun_path);
	const unsigned char *bytes;

	if (a->u.sa.sa_family == AF_UNIX) {
		n = a->length > before ? a->length - before : 0;
		if (kind == PROXY_UNIX)
			memcpy(e->address, a->u.un.sun_path, n < PROXY_PATH ? n : PROXY_PATH);
		return;
	}
	if (kind == PROXY_UNIX)
		return;
	e->port = address_port(a);
	if (!address_is_ip(a))
		return;
	bytes = address_ip(a, &n);
	before = kind == PROXY_INET6 && n == 4 ? sizeof mapped : 0;
	memcpy(e->address, mapped, before);
	memcpy(e->address + before, bytes, n);
}

void told_write(const struct told_options *o, const struct address *from, const struct address *to,
		struct proxy_header *h)
{
	if (o->from.length)
		from = &o->from;
	*h = (struct proxy_header){ .told = told_kind(from) };
	/* Version 1 cannot tell of UNIX sockets. */
	if (h->told == PROXY_NOTHING || (h->told == PROXY_UNIX && o->version == 1)) {
		h->told = PROXY_NOTHING;
		return;
	}
	if (h->told == PROXY_INET && to->u.sa.sa_family == AF_INET6)
		h->told = PROXY_INET6;
	told_put(&h->from, h->told, from);
	told_put(&h->to, h->told, to);
}

/* ---- and back ---- */

/* *A becomes the UNIX socket that E is. */
static void told_set_unix(struct address *a, const struct proxy_end *e)
{
	size_t n = PROXY_PATH;

	/* NULs are all that separates an abstract name from what follows it. */
	while (n > 0 && !e->address[n - 1])
		n--;
	if (*e->address)
		n = strnlen((const char *)e->address, n);
	*a = (struct address){ .u.un.sun_family = AF_UNIX };
	memcpy(a->u.un.sun_path, e->address, n);
	a->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static void told_set(struct address *a, enum proxy_told told, const struct proxy_end *e)
{
	if (told == PROXY_UNIX) {
		told_set_unix(a, e);
		return;
	}
	address_set_ip(a, told == PROXY_INET ? AF_INET : AF_INET6, e->address, e->port);
	address_unmap(a);
}

bool told_read(const struct proxy_header *h, struct address *from, struct address *to)
{
	if (h->told == PROXY_NOTHING)
		return false;
	told_set(from, h->told, &h->from);
	told_set(to, h->told, &h->to);
	return true;
}
