#include "serve/broker.h"

/* A peer that has ended its sending and then goes takes nothing from anybody. */
static bool has_left(const struct pump *p)
{
	return p->end == PUMP_RESET && p->peer_ended;
}

void broker_settle(struct server *s)
{
	bool stdin_sends = s->fanout.source && !s->fanout.ended;

	for (const struct session *x = s->sessions; x; x = x->next)
		if (!x->peer_ended)
			return;
	if (!s->listener && !stdin_sends)
		fanout_finish(&s->fanout);
}

static void over(void *arg, struct pump *p)
{
	struct session *x = arg;
	struct outcome outcome = { OUTCOME_DONE, 0 };

	if (has_left(p))
		x->why = "both ended";
	else
		outcome = session_report(x);
	server_session_over(x->server, x, outcome);
}

static void peer_ended(void *arg, struct pump *p)
{
	struct session *x = arg;

	(void)p;
	session_peer_ended(x);
	broker_settle(x->server);
}

void broker_start(struct session *x)
{
	const struct pump_calls calls = { .over = over, .peer_ended = peer_ended };
	struct pump_config c = session_pump_config(x);
	struct server *s = x->server;

	fanout_join(&s->fanout, &x->receiver);
	endpoint_queue(&x->in, &x->receiver, "the others");
	x->sender =
		(struct sender){ .fanout = &s->fanout, .self = &x->receiver, .chat.number = x->id };
	endpoint_sender(&x->out, &x->sender, "the others");
	/* What goes to many is copied where it comes from, once. */
	x->up.copies[0] = x->up.copies[1] = NULL;
	c.recv_only = false;
	session_pump(x, &c, &calls, &x->in, &x->out);
}
