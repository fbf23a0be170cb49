#define _DEFAULT_SOURCE /* getentropy, which POSIX has since 2024 */
#include "net/proxy_handshake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum handshake socks_went(struct proxy_hop *h, enum handshake went)
{
	h->why = h->talk.socks.why;
	h->error = h->talk.socks.error;
	return went;
}

static enum handshake socks_start(struct proxy_hop *h, struct text *out)
{
	const struct address *a = &h->addresses[h->at];
	struct socks_place to = { .kind = SOCKS_NAME, .port = address_port(a) };
	unsigned version = h->proxy->url.scheme <= PROXY_SOCKS4A ? 4 : 5;

	if (h->by_name) {
		snprintf(to.name, sizeof to.name, "%s", h->host);
	} else {
		size_t n;
		const unsigned char *bytes = address_ip(a, &n);
		to.kind = a->u.sa.sa_family == AF_INET ? SOCKS_INET : SOCKS_INET6;
		memcpy(to.bytes, bytes, n);
	}
	return socks_went(h, socks_client_start(&h->talk.socks, version, &to, &h->proxy->url.who,
						out));
}

static enum handshake socks_take(struct proxy_hop *h, const unsigned char *in, size_t n,
				 size_t *used, struct text *out)
{
	return socks_went(h, socks_client_take(&h->talk.socks, in, n, used, out));
}

static enum handshake socks_ended(struct proxy_hop *h)
{
	h->why = "it closed the connection before its answer was whole";
	h->error = ECONNRESET;
	return HANDSHAKE_FAILED;
}

static const struct proxy_handshake socks_talk = { socks_start, socks_take, socks_ended, NULL,
						   NULL };

static enum handshake http_went(struct proxy_hop *h, enum handshake went)
{
	h->why = h->talk.http.why;
	h->error = h->talk.http.error;
	return went;
}

static enum handshake http_start(struct proxy_hop *h, struct text *out)
{
	const struct address *a = &h->addresses[h->at];
	char host[ADDRESS_TEXT], cnonce[HTTP_NONCE + 1];
	unsigned char chance[HTTP_NONCE / 2];

	if (getentropy(chance, sizeof chance) < 0) {
		h->why = strerror(errno);
		h->error = errno;
		return HANDSHAKE_FAILED;
	}
	for (size_t i = 0; i < sizeof chance; i++)
		snprintf(cnonce + 2 * i, 3, "%02x", chance[i]);
	return http_went(h, http_connect_start(&h->talk.http,
					       h->by_name ? h->host : address_host(a, host),
					       address_port(a), &h->proxy->url.who, cnonce, out));
}

static enum handshake http_take(struct proxy_hop *h, const unsigned char *in, size_t n,
				size_t *used, struct text *out)
{
	return http_went(h, http_connect_take(&h->talk.http, in, n, used, out));
}

static enum handshake http_ended(struct proxy_hop *h)
{
	return http_went(h, http_connect_ended(&h->talk.http));
}

static void http_again(struct proxy_hop *h, struct text *out)
{
	http_connect_again(&h->talk.http, out);
}

static void http_free(struct proxy_hop *h)
{
	http_connect_free(&h->talk.http);
}

static const struct proxy_handshake http_talk = { http_start, http_take, http_ended, http_again,
						  http_free };

static const struct proxy_handshake *const talks[] = {
	[PROXY_SOCKS4] = &socks_talk,  [PROXY_SOCKS4A] = &socks_talk, [PROXY_SOCKS5] = &socks_talk,
	[PROXY_SOCKS5H] = &socks_talk, [PROXY_HTTP] = &http_talk,
};

const struct proxy_handshake *proxy_handshake_of(const struct proxy_hop *h)
{
	return talks[h->proxy->url.scheme];
}
