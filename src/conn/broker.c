/* broker.c - the services that join all connections: what one sends goes to all others */
#include "conn/stdio.h"

/* Where nobody is left to send anything, and nobody can come, the connections end. */
static void broker_settle(struct connections *s)
{
	bool stdin_sends = s->fanout.source && !s->fanout.ended;

	for (const struct connection *x = s->first; x; x = x->next)
		if (!x->peer_ended)
			return;
	if (!s->listener && !stdin_sends)
		fanout_finish(&s->fanout);
}

static void broker_over(void *arg)
{
	struct connection *x = arg;
	struct outcome outcome = { OUTCOME_DONE, 0 };

	/* A peer that has ended its sending and then goes takes nothing from anybody. */
	if (x->pump.end == PUMP_RESET && pump_peer_ended(&x->pump))
		x->why = "both ended";
	else
		outcome = connection_report(x);
	connections_one_over(x->connections, x, outcome);
}

static void broker_peer_ended(void *arg)
{
	struct connection *x = arg;

	connection_peer_ended(x);
	broker_settle(x->connections);
}

static void broker_start(struct connection *x)
{
	const struct pump_calls calls = { .over = broker_over, .peer_ended = broker_peer_ended };
	struct pump_config c = connection_pump_config(x);
	struct connections *s = x->connections;

	fanout_join(&s->fanout, &x->subscriber);
	subscriber_endpoint(&x->in, &x->subscriber, "the others");
	x->publisher = (struct publisher){ .fanout = &s->fanout,
					   .self = &x->subscriber,
					   .chat.number = x->id };
	publisher_endpoint(&x->out, &x->publisher, "the others");
	/* What goes to many is copied where it comes from, once. */
	x->up.copies = NULL;
	c.terms.recv_only = false;
	if (s->in.kind == ENDPOINT_TERMINAL)
		c.terms.promises = false;
	connection_pump(x, &c, &calls, &x->in, &x->out);
}

#define JOINS                                                                                      \
	.joins = true, .keeps = true, .prepare = stdio_share, .end = stdio_unshare,                \
	.start = broker_start, .settle = broker_settle

SERVICE(broker) = { .option = "broker", JOINS };
SERVICE(chat) = { .option = "chat", .chat = true, JOINS };
