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

	c.terms.recv_only = true;
	c.terms.send_only = service_kind(x->connections->service) == SERVICE_DISCARD;
	c.terms.mode = c.terms.send_only ? PUMP_PLAIN : PUMP_ECHO;
	connection_pump(x, &c, &calls, &x->in, c.terms.send_only ? &x->out : &x->socket);
}
