/* address_operands.c - HOST, PORT and ENDPOINT on a command line: split, and refused in words */
#include <string.h>

#include "base/text.h"
#include "sock/address.h"
#include "sock/address_meant.h"
#include "sock/vsock.h"

/* Returns the colon before the port of an ENDPOINT, which is its last; NULL: WORD is none. Nobody
 * can say where an IPv6 address without brackets ends. */
static char *find_port(const char *word)
{
	char *colon = strrchr(word, ':');

	return colon && (word[0] == '[' ? colon[-1] == ']' : strchr(word, ':') == colon) ? colon :
											   NULL;
}

const char *address_find_port(const char *word)
{
	const char *colon = find_port((char *)word);

	return colon ? colon + 1 : NULL;
}

static int check_host(const char *host, bool numeric, struct option_error *error)
{
	struct address a;
	enum word_kind kind = address_parse_host(host, &a);

	if (*host == '\0')
		return option_fail(error, "host '' is empty");
	if (address_refuse_meant(host, error) < 0)
		return -1;
	if (address_looks_like_port(host))
		return option_fail(error, "host '%s' is a port, which stands behind a host", host);
	/* A hyphen begins no name (RFC 952), but what looks like a negative number. */
	if (kind == WORD_BAD || *host == '-')
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

	/* USER:PASSWORD@HOST, of which the password is not to be repeated. */
	if (kind == WORD_BAD && strchr(port, '@'))
		return option_fail(error, "a user and a password have no place before '%s'",
				   strrchr(port, '@'));
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

/* WORD begins like those that address_parse_direct() takes, but is none. */
static int refuse_direct(const char *word, struct option_error *error)
{
	struct address a;

	if (text_begins(word, "unix:@")) {
		struct text t = { 0 };
		bool escaped = !text_unescape(&t, word);
		text_free(&t);
		return escaped ?
			       option_fail(error,
					   "'%s': the name is empty or longer than %zu bytes", word,
					   sizeof a.u.un.sun_path - 1) :
			       option_fail(error,
					   "'%s': a backslash stands before 0, n, r, t, \\ or xHH",
					   word);
	}
	if (text_begins(word, "unix:"))
		return option_fail(error, "'%s': the path is empty or longer than any", word);
	if (vsock_set(&a, 0, 0) < 0)
		return option_fail(error, "'%s': this system has no vsock sockets", word);
	return option_fail(error, "'%s' is not vsock:CID:PORT (numbers; any, local or host)", word);
}

int address_endpoint(const char *word, bool numeric, struct endpoint_words *out,
		     struct option_error *error)
{
	struct address a;
	const char *colon;
	size_t n;

	switch (address_parse_direct(word, &a)) {
	case WORD_NUMBER:
		out->host = word;
		out->port = word + strlen(word);
		return 0;
	case WORD_BAD:
		return refuse_direct(word, error);
	case WORD_NAME:
	case WORD_ZONE: /* never */
		break;
	}
	if (address_refuse_meant(word, error) < 0)
		return -1;
	if (address_looks_like_port(word))
		return option_fail(error, "'%s' is a port alone: localhost:%s", word, word);
	colon = find_port(word);
	if (!colon)
		return option_fail(error,
				   "'%s' is no endpoint: HOST:PORT, unix:PATH or vsock:CID:PORT",
				   word);
	n = (size_t)(colon - word);
	if (n >= sizeof out->text)
		return option_fail(error, "'%s': the host is longer than any name", word);
	memcpy(out->text, word, n);
	out->text[n] = '\0';
	out->host = out->text;
	out->port = colon + 1;
	return address_check(out->host, out->port, numeric, error);
}

int address_operands(const struct operands *o, bool may_lack_host, bool numeric, const char **host,
		     const char **port, struct option_error *error)
{
	char *word = o->words[0], *colon = o->n == 1 ? find_port(word) : NULL;
	struct address a;
	enum word_kind direct = o->n == 1 ? address_parse_direct(word, &a) : WORD_NAME;

	*host = word;
	*port = o->n == 2 ? o->words[1] : word + strlen(word);
	if (direct == WORD_BAD)
		return refuse_direct(word, error);
	if (direct == WORD_NUMBER)
		return 0;
	for (int i = 0; i < o->n; i++)
		if (address_refuse_meant(o->words[i], error) < 0)
			return -1;
	if (*word == ':' && colon && colon == word && word[1])
		return may_lack_host ? option_fail(error, "'%s': a port alone is written %s", word,
						   word + 1) :
				       option_fail(error, "a host is missing before '%s'", word);
	/* The wrong way round. */
	if (o->n == 2 && address_looks_like_port(word) && !address_looks_like_port(*port))
		return option_fail(error, "'%s' is a port, which stands behind the host: %s %s",
				   word, *port, word);
	if (colon) {
		*colon = '\0';
		*port = colon + 1;
	} else if (o->n == 1) {
		if (!may_lack_host || address_parse_host(word, &a) == WORD_NUMBER)
			return address_refuse_missing(word, error);
		*host = NULL;
		*port = word;
	}
	if (*host && check_host(*host, numeric, error) < 0)
		return -1;
	return check_port(*port, numeric, error);
}

int address_inet_operands(const struct operands *o, bool may_lack_host, bool numeric,
			  const char **host, const char **port, struct option_error *error)
{
	if (address_operands(o, may_lack_host, numeric, host, port, error) < 0)
		return -1;
	if (**port == '\0')
		return option_fail(error, "'%s': only HOST and PORT are known here%s", *host,
				   *host && **host == 'u' ? ": see sockit unix --type dgram" : "");
	return 0;
}
