/* socks.c - the proxy server for SOCKS: versions 5, 4 and 4a */
#include "proxyd/proxied.h"

#include <errno.h>
#include <string.h>

#include "proto/socks.h"

static enum socks_reply socks_reply_of(int error)
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

static struct socks_place socks_place_of(const struct address *a)
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

static void socks_dialled(struct connection *x)
{
	struct proxied *p = proxied_of(x);
	const struct proxyd_result *r = &p->result;
	struct socks_place bound;

	if (r->error) {
		socks_server_answer(p->state, socks_reply_of(r->error), NULL, &p->out);
		/* What failed has been told, but what was not even tried has not. */
		proxyd_refuse(x, x->why ? NULL : r->why);
		return;
	}
	bound = socks_place_of(&r->local);
	socks_server_answer(p->state, SOCKS_GRANTED, &bound, &p->out);
	proxyd_tunnel(x);
}

static enum handshake socks_take(struct connection *x, const unsigned char *in, size_t n,
				 size_t *used)
{
	struct proxied *p = proxied_of(x);
	struct socks_server *s = p->state;
	enum handshake h = socks_server_take(s, in, n, used, &p->out);
	const struct socks_place *to = &s->to;
	char text[ADDRESS_TEXT];
	struct address a;

	p->user = *s->user ? s->user : NULL;
	p->why = s->why;
	if (h != HANDSHAKE_ASKED)
		return h;
	address_set_ip(&a, to->kind == SOCKS_INET ? AF_INET : AF_INET6, to->bytes, to->port);
	proxyd_place(x, to->kind == SOCKS_NAME ? to->name : address_host(&a, text), to->port);
	proxyd_dial(x);
	return h;
}

static bool socks_check_user(void *arg, const struct credentials *who)
{
	return proxy_server_knows(arg, who);
}

static void socks_start(struct connection *x)
{
	const struct proxy_server_options *o = proxyd_options(x);

	socks_server_start(proxied_of(x)->state, o->n_users ? socks_check_user : NULL, (void *)o);
}

const struct proxyd_protocol proxyd_socks_protocol = { .size = sizeof(struct socks_server),
						       .start = socks_start,
						       .take = socks_take,
						       .dialled = socks_dialled };
