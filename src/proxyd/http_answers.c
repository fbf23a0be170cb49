/* http_answers.c - the answers that the proxy server gives itself */
#include "proxyd/http_state.h"

#include <errno.h>

#define ALLOW "Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n"

static const char *phrase(unsigned status)
{
	static const struct {
		unsigned status;
		char phrase[32];
	} phrases[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 405, "Method Not Allowed" },
		{ 407, "Proxy Authentication Required" },
		{ 408, "Request Timeout" },
		{ 411, "Length Required" },
		{ 414, "URI Too Long" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i = 0;

	while (phrases[i].status != status)
		i++;
	return phrases[i].phrase;
}

void proxyd_http_add_answer(struct connection *x, struct text *out, unsigned status,
			    const char *fields, bool keep, const char *why)
{
	const struct proxyd_http *h = proxied_of(x)->state;

	proxied_of(x)->status = status;
	text_add(out,
		 "HTTP/1.1 %u %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n",
		 status, phrase(status), fields, strlen(why) + 1,
		 keep ? "" : "Connection: close\r\n");
	if (!http_is_method(proxyd_http_asked(h), "HEAD"))
		text_add(out, "%s\n", why);
}

enum handshake proxyd_http_refuse(struct connection *x, unsigned status, const char *why)
{
	const char *allow = status == 200 || status == 405 ? ALLOW : "";

	proxied_of(x)->why = why;
	proxyd_http_add_answer(x, &proxied_of(x)->out, status, allow, false, why);
	return HANDSHAKE_FAILED;
}

enum handshake proxyd_http_lacks_memory(struct connection *x)
{
	proxyd_fail(x, ENOMEM);
	proxyd_http_refuse(x, 500, "out of memory");
	proxied_of(x)->why = NULL;
	return HANDSHAKE_FAILED;
}
