/* address_meant.c - what was meant by words that are no HOST, PORT or ENDPOINT */
#include "sock/address_meant.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "sock/address.h"

/* WORD is a URL whose scheme has N letters: says how its host and port are written. */
static int refuse_url(const char *word, size_t n, struct option_error *error)
{
	static const struct {
		char scheme[8], port[8], more[24];
	} schemes[] = {
		{ "http", "80", "" },	{ "https", "443", " (sockit speaks no TLS)" },
		{ "ws", "80", "" },	{ "wss", "443", " (sockit speaks no TLS)" },
		{ "ftp", "21", "" },	{ "ssh", "22", "" },
		{ "telnet", "23", "" }, { "redis", "6379", "" },
	};
	const char *host = word + n + 3, *port = "PORT", *more = "";
	size_t length = strcspn(host, "/?#"), end;

	/* Behind the last @ of those that may be in a password. */
	for (size_t i = length; i > 0; i--)
		if (host[i - 1] == '@') {
			host += i;
			length -= i;
			break;
		}
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strlen(schemes[i].scheme) == n && !strncmp(word, schemes[i].scheme, n)) {
			port = schemes[i].port;
			more = schemes[i].more;
		}
	/* The colon of the port stands behind an IPv6 address's brackets. */
	end = *host == '[' ? strcspn(host, "]") : 0;
	end += strcspn(host + end, ":");
	if (end < length && strspn(host + end + 1, "0123456789") == length - end - 1) {
		port = host + end + 1;
		length -= end + 1;
	} else {
		/* What is no port may be a password, before a slash. */
		port = end < length ? "PORT" : port;
		end = end < length ? end : length;
		length = strlen(port);
	}
	return option_fail(error, "'%s' is a URL: its host and port are written %.*s %.*s%s", word,
			   (int)end, host, (int)length, port, more);
}

int address_refuse_meant(const char *word, struct option_error *error)
{
	const char *slash = word, *scheme;

	/* By hand: the dynamic linker would have to find each function first. */
	while (*slash && *slash != '/')
		slash++;
	if (!*slash)
		return 0;
	scheme = strstr(word, "://");
	if (scheme && scheme > word && strcspn(word, ":/?#@[]") == (size_t)(scheme - word))
		return refuse_url(word, (size_t)(scheme - word), error);
	if (*word == '/' || text_begins(word, "./") || text_begins(word, "../") ||
	    text_begins(word, "~/"))
		return option_fail(error, "'%s' is a path: a UNIX socket is written unix:%s", word,
				   word);
	return 0;
}

bool address_looks_like_port(const char *word)
{
	int64_t port;

	/* 0 is 0.0.0.0, and what is larger may be a whole address in one number. */
	return number_parse(word, 1, 65535, &port) == 0;
}

int address_refuse_missing(const char *word, struct option_error *error)
{
	const char *colon = strrchr(word, ':');
	size_t n = colon ? (size_t)(colon - word) : 0;
	char host[64] = "";
	struct address a;

	if (address_looks_like_port(word))
		return option_fail(error, "a host is missing before port '%s'", word);
	if (n < sizeof host)
		memcpy(host, word, n);
	if (*host && address_parse_host(host, &a) == WORD_NUMBER &&
	    address_looks_like_port(colon + 1))
		return option_fail(error,
				   "a port is missing after '%s': or is it in there, [%s]:%s?",
				   word, host, colon + 1);
	return option_fail(error, "a port is missing after '%s'", word);
}
