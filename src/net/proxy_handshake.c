/* proxy_handshake.c - the handshake with one proxy, by SOCKS or by HTTP */
#include "net/proxy_handshake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/chance.h"
#include "proto/idna.h"

static bool is_http(const struct proxy_hop *h)
{
	return h->proxy->url.scheme == PROXY_HTTP;
}

/* Keeps why H has failed, if it has. */
static enum handshake handshake_went(struct proxy_hop *h, enum handshake went)
{
	h->why = is_http(h) ? h->handshake.http.why : h->handshake.socks.why;
	h->error = is_http(h) ? h->handshake.http.error : h->handshake.socks.error;
	return went;
}

static enum handshake socks_start(struct proxy_hop *h, struct text *out)
{
	const struct address *a = &h->addresses[h->at];
	struct socks_place to = { .kind = SOCKS_NAME, .port = address_port(a) };
	unsigned version = h->proxy->url.scheme <= PROXY_SOCKS4A ? 4 : 5;
	size_t n;
	const unsigned char *bytes = address_ip(a, &n);

	if (h->by_name) {
		char ascii[IDNA_MOST];
		snprintf(to.name, sizeof to.name, "%s", idna_name(h->host, ascii));
	} else {
		to.kind = a->u.sa.sa_family == AF_INET ? SOCKS_INET : SOCKS_INET6;
		memcpy(to.bytes, bytes, n);
	}
	return socks_client_start(&h->handshake.socks, version, &to, &h->proxy->url.who, out);
}

static enum handshake http_start(struct proxy_hop *h, struct text *out)
{
	const struct address *a = &h->addresses[h->at];
	char host[ADDRESS_TEXT], ascii[IDNA_MOST], cnonce[HTTP_NONCE + 1];
	unsigned char chance[HTTP_NONCE / 2];

	if (chance_fill(chance, sizeof chance) < 0) {
		h->handshake.http.error = errno;
		snprintf(h->handshake.http.why, sizeof h->handshake.http.why, "%s",
			 strerror(errno));
		return HANDSHAKE_FAILED;
	}
	for (size_t i = 0; i < sizeof chance; i++)
		snprintf(cnonce + 2 * i, 3, "%02x", chance[i]);
	return http_connect_start(&h->handshake.http,
				  h->by_name ? idna_name(h->host, ascii) : address_host(a, host),
				  address_port(a), &h->proxy->url.who, cnonce, out);
}

enum handshake proxy_handshake_start(struct proxy_hop *h, struct text *out)
{
	if (h->again) {
		http_connect_again(&h->handshake.http, out);
		return HANDSHAKE_MORE;
	}
	proxy_handshake_free(h);
	h->started = true;
	return handshake_went(h, is_http(h) ? http_start(h, out) : socks_start(h, out));
}

enum handshake proxy_handshake_take(struct proxy_hop *h, const unsigned char *in, size_t n,
				    size_t *used, struct text *out)
{
	return handshake_went(h, is_http(h) ?
					 http_connect_take(&h->handshake.http, in, n, used, out) :
					 socks_client_take(&h->handshake.socks, in, n, used, out));
}

enum handshake proxy_handshake_ended(struct proxy_hop *h)
{
	if (is_http(h))
		return handshake_went(h, http_connect_ended(&h->handshake.http));
	h->why = "it closed the connection before its answer was whole";
	h->error = ECONNRESET;
	return HANDSHAKE_FAILED;
}

void proxy_handshake_free(struct proxy_hop *h)
{
	if (h->started && is_http(h))
		http_connect_free(&h->handshake.http);
	memset(&h->handshake, 0, sizeof h->handshake);
	h->started = false;
}
