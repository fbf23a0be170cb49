/* proxy_client_options.c - --proxy and --proxy-auth-file */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/credentials.h"
#include "net/proxy_client.h"

#define VARIABLE "SOCKIT_PROXY_AUTH"

static int proxy_parse_url(struct proxy *p, const char *word, struct option_error *error)
{
	struct option_error inner;
	char shown[256];
	size_t at, n = proxy_url_secret(word, &at);
	const char *why = proxy_url_parse(p->text, &p->url);

	if (!why && address_check(p->url.host, p->url.port, false, &inner) < 0)
		why = inner.text;
	snprintf(shown, sizeof shown, "%.*s%s%s", (int)at, word, n ? "***" : "", word + at + n);
	return why ? option_fail(error, "--proxy: '%s': %s", shown, why) : 0;
}

static int parse_proxy(void *field, const char *word, struct option_error *error)
{
	struct proxy **end = field, *p = calloc(1, sizeof *p);
	size_t at, n = proxy_url_secret(word, &at);
	int status;

	if (p)
		p->text = strdup(word);
	if (!p || !p->text) {
		free(p);
		return option_fail_errno(error, ENOMEM, "--proxy");
	}
	while (*end)
		end = &(*end)->next;
	*end = p;
	status = proxy_parse_url(p, word, error);
	credentials_blot((char *)word + at, n);
	return status;
}

#define AT(member) offsetof(struct proxy_options, member)

static const struct option_row rows[] = {
	OPTION("proxy", 0, OPTION_PARSED, AT(first), KEEP_NOTHING, ARG("URL") EXCLUDES("tls"),
	       "through this proxy: socks5h://HOST:PORT and the like; given again: through "
	       "one after the other",
	       .repeats = true, .parser = parse_proxy, .choices = proxy_url_scheme),
	OPTION("proxy-auth-file", 0, OPTION_STRING, AT(auth_file), KEEP_NOTHING,
	       ARG("FILE") NEEDS("proxy"), "USER:PASS for each proxy, a line each"),
};

const struct option_group proxy_group = { "Proxies", rows, sizeof rows / sizeof *rows };
const struct option_group proxy_way_group = { "Proxies", rows, 1 };

const char *proxy_url_text(const struct proxy *p, char *text, size_t size)
{
	bool brackets = strchr(p->url.host, ':');

	snprintf(text, size, "%s%s%s%s:%s", proxy_url_scheme(p->url.scheme), brackets ? "[" : "",
		 p->url.host, brackets ? "]" : "", p->url.port);
	return text;
}

/* Line N is for proxy number N, unless the proxy's URL has credentials. */
static int proxy_take_line(void *arg, size_t n, const struct credentials *who, const char *where,
			   struct option_error *error)
{
	struct proxy *p = arg;
	struct credentials unused = *who;

	(void)where;
	(void)error;
	while (p && --n)
		p = p->next;
	if (p && !p->url.who.user)
		p->url.who = p->given = *who;
	else
		credentials_free(&unused);
	return 0;
}

static int proxy_read_environment(struct proxy *p, struct option_error *error)
{
	char *value = getenv(VARIABLE);
	int status = 0;

	if (!value)
		return 0;
	while (p && p->url.who.user)
		p = p->next;
	if (p && *value)
		status = credentials_parse(&p->given, value, strlen(value), VARIABLE, error);
	if (p)
		p->url.who = p->given;
	credentials_blot(value, strlen(value));
	unsetenv(VARIABLE);
	return status;
}

/* Can a proxy be told to reach HOST? Returns 0, or -1 with *ERROR. */
static int proxy_check_place(const char *host, struct option_error *error)
{
	struct address a;

	if (address_parse_direct(host, &a) == WORD_NUMBER)
		return option_fail(error, "'%s': a proxy reaches HOST and PORT only", host);
	if (strchr(host, '%'))
		return option_fail(error, "host '%s': a zone means nothing to a proxy", host);
	return 0;
}

int proxy_check_host(const struct proxy *first, const char *host, struct option_error *error)
{
	return first ? proxy_check_place(host, error) : 0;
}

int proxy_check(struct proxy_options *o, bool numeric, struct option_error *error)
{
	if (!o->first)
		return 0;
	for (const struct proxy *p = o->first; p; p = p->next)
		if (address_check(p->url.host, p->url.port, numeric, error) < 0 ||
		    (p->next && proxy_check_place(p->next->url.host, error) < 0))
			return -1;
	if (o->auth_file && credentials_read(o->auth_file, proxy_take_line, o->first, error) < 0)
		return -1;
	return proxy_read_environment(o->first, error);
}

void proxy_free(struct proxy_options *o)
{
	for (struct proxy *next, *p = o->first; p; p = next) {
		next = p->next;
		free(p->text);
		credentials_free(&p->given);
		free(p);
	}
}
