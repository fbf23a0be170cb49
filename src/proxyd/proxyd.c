/* proxyd.c - the service that is a proxy server */
#include "proxyd/proxied.h"

static int proxyd_check(struct service_options *o, bool numeric, struct option_error *error)
{
	return proxy_server_check(o->proxy, numeric, error);
}

static const char *proxyd_refuses_all(const struct service_options *o)
{
	return o->proxy->n_users ? NULL :
				   "a proxy on every address of this machine is open to everybody: "
				   "give it a HOST (127.0.0.1), or --proxy-auth, --proxy-auth-file "
				   "or --allow";
}

static size_t proxyd_spare(const struct connections *s, size_t n)
{
	return n + (s->c->numeric ? 0 : connections_lookup_fds(n));
}

SERVICE(proxyd) = { .option = "proxy-server",
		    .anywhere = true,
		    .keeps = true,
		    .size = sizeof(struct proxied *),
		    .ends = 1,
		    .check = proxyd_check,
		    .refuses_all = proxyd_refuses_all,
		    .start = proxied_start,
		    .free = proxied_free,
		    .waits = proxied_waits,
		    .spare = proxyd_spare };
