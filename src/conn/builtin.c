#include "conn/builtin.h"

static void over(void *arg, struct pump *p)
{
	struct connection *x = arg;

	(void)p;
	connections_one_over(x->connections, x, connection_report(x));
}

void builtin_start(struct connection *x)
{
	const struct pump_calls calls = { .over = over };
	struct pump_config c = connection_pump_config(x);

	c.recv_only = true;
	c.send_only = service_kind(x->connections->service) == SERVICE_DISCARD;
	connection_pump(x, &c, &calls, &x->in, c.send_only ? &x->out : &x->socket);
}
