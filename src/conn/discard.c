/* discard.c - the service that throws away what comes (RFC 863) */
#include "conn/connection.h"

static void discard_start(struct connection *x)
{
	struct pump_config c = connection_pump_config(x);

	c.terms.recv_only = c.terms.send_only = true;
	connection_pump(x, &c, &connection_calls, x->in, x->out);
}

SERVICE(discard) = { .option = "discard", .start = discard_start };
