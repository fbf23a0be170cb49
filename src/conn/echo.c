/* echo.c - the service that sends back what comes (RFC 862) */
#include "conn/messages.h"

static void echo_start(struct connection *x)
{
	struct pump_config c = connection_pump_config(x);

	c.terms.recv_only = true;
	c.terms.mode = PUMP_ECHO;
	messages_pass_on(x, &c);
	connection_pump(x, &c, &connection_calls, x->in, &x->socket);
	/* A single one is served once we have given up what that does not need. */
	if (x->connections->keep)
		pump_look(&x->pump);
}

SERVICE(echo) = { .option = "echo", .arms = true, .start = echo_start };
