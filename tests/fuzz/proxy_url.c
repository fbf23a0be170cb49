/* proxy_url.c - URLs of proxies: an input is one, whole. */
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>

#include "proto/proxy_url.h"

static bool is_within(const char *part, const char *text, size_t size)
{
	return part >= text && part + strlen(part) < text + size;
}

/* What was taken apart and is put together again means the same. */
static void check_again(const struct proxy_url *u)
{
	bool brackets = strchr(u->host, ':');
	size_t size = strlen(u->host) + strlen(u->port) + 32;
	struct proxy_url again;
	char *text = take(size);

	snprintf(text, size, "%s%s%s%s:%s", proxy_url_scheme(u->scheme), brackets ? "[" : "",
		 u->host, brackets ? "]" : "", u->port);
	CHECK(!proxy_url_parse(text, &again));
	CHECK(again.scheme == u->scheme && !again.who.user && !again.who.password);
	/* The zone's escape is undone once. */
	CHECK(strchr(u->host, '%') || !strcmp(again.host, u->host));
	CHECK(!strcmp(again.port, u->port));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *url = take_string(data, size), *work = take_string(data, size);
	size_t n = strlen(url), at, secret = proxy_url_secret(url, &at);
	struct proxy_url u;
	const char *why;

	CHECK(at <= n && secret <= n - at);
	CHECK(secret == 0 || url[at + secret] == '@');
	CHECK(!strchr(url + at + secret + (secret > 0), '@') || secret == 0);
	why = proxy_url_parse(work, &u);
	if (why) {
		CHECK(*why);
	} else {
		CHECK(proxy_url_scheme(u.scheme) && *u.host && *u.port);
		CHECK(is_within(u.host, work, size + 1));
		CHECK(is_within(u.port, work, size + 1) || !strcmp(u.port, PROXY_URL_PORT));
		CHECK(!u.who.user == !u.who.password);
		/* All that is told of who we are stands in what is never shown. */
		CHECK(!u.who.user || strlen(u.who.user) + strlen(u.who.password) <= secret);
		check_again(&u);
	}
	free(work);
	free(url);
	return 0;
}
