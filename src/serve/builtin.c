#include "serve/builtin.h"

static void over(void *arg, struct pump *p)
{
	struct session *x = arg;

	(void)p;
	server_session_over(x->server, x, session_report(x));
}

void builtin_start(struct session *x)
{
	const struct pump_calls calls = { .over = over };
	struct pump_config c = session_pump_config(x);

	c.recv_only = true;
	c.send_only = service_kind(x->server->service) == SERVICE_DISCARD;
	session_pump(x, &c, &calls, &x->in, c.send_only ? &x->out : &x->connection);
}
