#include "serve/proxy_http.h"

static enum handshake take(struct session *x, const unsigned char *in, size_t n, size_t *used,
			   struct text *out)
{
	(void)in;
	*used = n;
	text_add(out, "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\n\r\n");
	x->proxy->why = "HTTP is not implemented";
	return HANDSHAKE_FAILED;
}

void proxy_http_start(struct session *x)
{
	proxy_handshake(x, take);
}
