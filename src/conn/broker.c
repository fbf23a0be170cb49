/* broker.c - the services that join all connections: what one sends goes to all others */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn/messages.h"
#include "conn/stdio.h"
#include "flow/output.h"
#include "run/report.h"
#include "sock/stream.h"

/* What the others say, where who speaks by stdin sits at a terminal. */
struct ear {
	struct subscriber subscriber;
	struct output heard;
};

#define LAST_PATIENCE SECOND /* with a stdout that is slow to take the last words */

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

	/* A peer that has ended its sending and then goes takes nothing from anybody. One that is
	 * still there has lost something. */
	if (x->pump.end == PUMP_RESET && pump_peer_ended(&x->pump) &&
	    stream_is_broken_by(x->pump.error))
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
	static const struct pump_calls calls = { CONNECTION_CALLS, .over = broker_over,
						 .closing = connection_ending,
						 .peer_ended = broker_peer_ended };
	struct pump_config c = connection_pump_config(x);
	struct connections *s = x->connections;
	struct share *share = stdio_share_of(x);

	fanout_join(&s->fanout, x->subscriber);
	subscriber_endpoint(x->in, x->subscriber, "the others");
	share->publisher = (struct publisher){ .fanout = &s->fanout,
					       .self = x->subscriber,
					       .chat.number = x->id };
	publisher_endpoint(x->out, &share->publisher, "the others");
	connection_copied_before(x);
	c.terms.recv_only = false;
	if (s->in.kind == ENDPOINT_TERMINAL)
		c.terms.promises = false;
	connection_pump(x, &c, &calls, x->in, x->out);
}

/* ---- at a terminal ---- */

/* One packet, or what is left of a stream's piece. */
static void broker_hear_piece(struct connections *s, const struct iovec *piece)
{
	const struct frame_options *frame = s->fanout.c.packets ? s->c->frame : NULL;
	char head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];
	int n = frame ? frame_head(&frame->frame, piece->iov_len, head) : 0;

	/* A length that the frame has no room for: the packet as it is. */
	text_put(&s->ear->heard.text, head, n > 0 ? (size_t)n : 0);
	text_put(&s->ear->heard.text, piece->iov_base, piece->iov_len);
	text_put(&s->ear->heard.text, tail, frame ? frame_tail(&frame->frame, tail) : 0);
}

static void broker_hear(void *arg)
{
	struct connections *s = arg;
	struct iovec piece;

	while (!output_full(&s->ear->heard) && subscriber_look(&s->ear->subscriber, &piece, 1)) {
		broker_hear_piece(s, &piece);
		subscriber_took(&s->ear->subscriber, piece.iov_len);
	}
	output_flush(&s->ear->heard);
	if (s->ear->subscriber.error && !s->run.ended)
		run_end(&s->run, report_error(s->c->messages, s->ear->heard.to.name,
					      s->ear->subscriber.error));
}

static void broker_heard(void *arg)
{
	struct connections *s = arg;

	if (s->ear->heard.error)
		run_end(&s->run, report_output_error(s->c->messages, s->ear->heard.to.name,
						     s->ear->heard.error));
	else
		broker_hear(s);
}

/* Who sits at a terminal and speaks hears the others too. */
static void broker_prepare(struct connections *s)
{
	stdio_share(s);
	if (!s->fanout.source || s->in.kind != ENDPOINT_TERMINAL || s->c->data->send_only)
		return;
	s->ear = calloc(1, sizeof *s->ear);
	if (!s->ear) {
		run_end(&s->run, report_error(s->c->messages, "stdout", errno));
		return;
	}
	output_start(&s->ear->heard, s->run.loop, STDOUT_FILENO, "stdout", broker_heard, s);
	fanout_overhear(&s->fanout, &s->ear->subscriber);
	s->ear->subscriber.ready = broker_hear;
	s->ear->subscriber.arg = s;
	s->fanout.publisher.self = &s->ear->subscriber;
}

static void broker_end(struct connections *s)
{
	struct ear *ear = s->ear;

	if (ear) {
		broker_hear(s);
		output_drain(&ear->heard, LAST_PATIENCE, LAST_PATIENCE);
		if (ear->subscriber.lost_bytes)
			message(s->c->messages, MESSAGE_NOTE, "note",
				"stdout: lost %llu bytes: it was slower than what came",
				(unsigned long long)ear->subscriber.lost_bytes);
		fanout_leave(&ear->subscriber);
		output_close(&ear->heard);
		free(ear);
	}
	stdio_unshare(s);
}

#define JOINS                                                                                      \
	.joins = true, .keeps = true, .size = sizeof(struct share), .ends = 2,                     \
	.free = stdio_leave, .prepare = broker_prepare, .end = broker_end, .start = broker_start,  \
	.settle = broker_settle

SERVICE(broker) = { .option = "broker", JOINS };
SERVICE(chat) = { .option = "chat", .chat = true, JOINS };
