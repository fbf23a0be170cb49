#include "proxyd/socks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/socks.h"

static enum socks_reply reply_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return SOCKS_FORBIDDEN;
	case ENETUNREACH:
		return SOCKS_NET_UNREACHABLE;
	case EHOSTUNREACH:
	case ENOENT:
		return SOCKS_HOST_UNREACHABLE;
	case ECONNREFUSED:
		return SOCKS_REFUSED;
	case ETIMEDOUT:
		return SOCKS_TTL_EXPIRED;
	case EAFNOSUPPORT:
		return SOCKS_BAD_ADDRESS;
	default:
		return SOCKS_FAILED;
	}
}

static struct socks_place place_of(const struct address *a)
{
	struct address plain = *a;
	struct socks_place p = { .kind = SOCKS_INET };
	const unsigned char *bytes;
	size_t n;

	address_unmap(&plain);
	p.port = address_port(&plain);
	if (plain.u.sa.sa_family == AF_INET6)
		p.kind = SOCKS_INET6;
	bytes = address_ip(&plain, &n);
	memcpy(p.bytes, bytes, n);
	return p;
}

static void dialled(struct connection *x, const struct proxyd_result *r)
{
	const struct socks_server *s = x->proxied->state;
	struct text out = { 0 };
	struct socks_place bound;

	if (r->fd < 0) {
		socks_server_answer(s, reply_of(r->error), NULL, &out);
		/* What failed has been told, but what was not even tried has not. */
		proxyd_refuse(x, &out, x->why ? NULL : r->why);
		return;
	}
	bound = place_of(&r->local);
	socks_server_answer(s, SOCKS_GRANTED, &bound, &out);
	proxyd_tunnel(x, &out, r->fd, &r->peer);
}

static enum handshake take(struct connection *x, const unsigned char *in, size_t n, size_t *used,
			   struct text *out)
{
	struct socks_server *s = x->proxied->state;
	enum handshake h = socks_server_take(s, in, n, used, out);
	const struct socks_place *to = &s->to;
	char text[ADDRESS_TEXT];
	struct address a;

	x->proxied->user = *s->user ? s->user : NULL;
	x->proxied->why = s->why;
	if (h != HANDSHAKE_ASKED)
		return h;
	address_set_ip(&a, to->kind == SOCKS_INET ? AF_INET : AF_INET6, to->bytes, to->port);
	proxyd_dial(x, to->kind == SOCKS_NAME ? to->name : address_host(&a, text), to->port,
		    dialled);
	return h;
}

static bool check(void *arg, const struct credentials *who)
{
	return proxy_server_knows(arg, who);
}

void proxyd_socks_start(struct connection *x)
{
	const struct proxy_server_options *o = &x->connections->service->proxy;
	struct socks_server *s = malloc(sizeof *s);

	x->proxied->state = s;
	if (!s) {
		run_end(x->connections->run,
			report_error(x->connections->run->messages, "proxy", ENOMEM));
		return;
	}
	socks_server_start(s, o->n_users ? check : NULL, (void *)o);
	proxyd_handshake(x, take);
}
