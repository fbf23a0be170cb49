/* proxy_url.c - the URL of a proxy, taken apart */
#include "proto/proxy_url.h"

#include <string.h>
#include <strings.h>

#include "base/number.h"

static const char schemes[][12] = {
	[PROXY_SOCKS4] = "socks4://", [PROXY_SOCKS4A] = "socks4a://",
	[PROXY_SOCKS5] = "socks5://", [PROXY_SOCKS5H] = "socks5h://",
	[PROXY_HTTP] = "http://",
};

#define SCHEMES (sizeof schemes / sizeof *schemes)

const char *proxy_url_scheme(size_t i)
{
	return i < SCHEMES ? schemes[i] : NULL;
}

size_t proxy_url_secret(const char *url, size_t *at)
{
	const char *end = strrchr(url, '@'), *start = strstr(url, "://");

	start = start && end && start < end ? start + 3 : url;
	*at = (size_t)(start - url);
	return end ? (size_t)(end - start) : 0;
}

/* Undoes the escapes of TEXT. Returns 0, or -1 if one is malformed or stands for a NUL. */
static int proxy_url_decode(char *text)
{
	char *to = text;

	for (const char *s = text; *s; s++) {
		int high, low;

		if (*s != '%') {
			*to++ = *s;
			continue;
		}
		high = digit_value(s[1]);
		low = high < 0 ? -1 : digit_value(s[2]);
		if (low < 0 || high + low == 0)
			return -1;
		*to++ = (char)(high * 16 + low);
		s += 2;
	}
	*to = '\0';
	return 0;
}

/* Reads TEXT, USER[:PASSWORD]; an empty one names nobody. */
static const char *proxy_url_parse_who(char *text, struct credentials *who)
{
	char *colon = strchr(text, ':');

	if (!*text)
		return NULL;
	if (colon)
		*colon++ = '\0';
	if (proxy_url_decode(text) < 0 || (colon && proxy_url_decode(colon) < 0))
		return "a % before the @ that is no escape (%25 stands for itself)";
	*who = (struct credentials){ text, colon ? colon : "" };
	return NULL;
}

/* Reads TEXT, HOST[:PORT] or [V6][:PORT]. */
static const char *proxy_url_parse_place(char *text, struct proxy_url *out)
{
	char *end = *text == '[' ? strchr(text, ']') : NULL, *port = strchr(end ? end : text, ':');

	if (end && end[1] && port != end + 1)
		return "no port behind the ]";
	if ((port && strchr(port + 1, ':')) || (*text == '[' && !end))
		return "an IPv6 address stands in brackets";
	if (port)
		*port++ = '\0';
	out->port = port && *port ? port : PROXY_URL_PORT;
	if (end) {
		char *zone;
		*end = '\0';
		text++;
		/* RFC 6874 has the zone's own % escaped. */
		zone = strstr(text, "%25");
		if (zone)
			memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
	}
	out->host = text;
	if (!*text)
		return "no host";
	return end && !strchr(text, ':') ? "only an IPv6 address stands in brackets" : NULL;
}

const char *proxy_url_parse(char *url, struct proxy_url *out)
{
	size_t scheme = 0;
	char *rest, *at;

	*out = (struct proxy_url){ 0 };
	while (scheme < SCHEMES && strncasecmp(url, schemes[scheme], strlen(schemes[scheme])) != 0)
		scheme++;
	if (scheme == SCHEMES)
		return "it begins with none of socks4://, socks4a://, socks5://, socks5h://, "
		       "http://";
	out->scheme = (enum proxy_scheme)scheme;
	url += strlen(schemes[scheme]);
	rest = url + strcspn(url, "/?#");
	if (*rest && strcmp(rest, "/") != 0)
		return "there is more behind host and port";
	*rest = '\0';
	at = strrchr(url, '@');
	if (at) {
		const char *why;
		*at++ = '\0';
		why = proxy_url_parse_who(url, &out->who);
		if (why)
			return why;
	}
	return proxy_url_parse_place(at ? at : url, out);
}
