/* pump_acknowledged.c - what the kernels of the other sides have taken of what was sent */
#include <errno.h>

#include "base/clock.h"
#include "base/number.h"
#include "flow/pump_parts.h"
#include "sock/stream.h"

#define DELAY_FIRST MILLISECOND
#define DELAY_MOST (50 * MILLISECOND)

/* Was anything sent on this connection? */
static bool pump_has_sent(const struct pump *p)
{
	return pump_sent(p) > 0 || p->others_sent;
}

enum half_close_wait pump_awaits(const struct pump *p)
{
	return half_close_awaits(p->state, &p->terms, pump_has_sent(p));
}

bool pump_awaits_silence(const struct pump *p)
{
	return pump_is_set(p, ALARM_LINGER) && pump_awaits(p) == HALF_CLOSE_WAIT_SILENT;
}

/* How much of what we sent the peer's kernel has not acknowledged, -1 where ours cannot tell. */
static int64_t pump_ask(const struct pump *p)
{
	int64_t n = pump_has_sent(p) ? stream_unacknowledged(p->peer->wfd) : 0;

	/* The FIN counts as one, and comes last. */
	return n > 0 && p->state.send == SEND_SHUT ? n - 1 : n;
}

int64_t pump_sent_acknowledged(const struct pump *p)
{
	int64_t sent = (int64_t)pump_sent(p), n = -1;

	/* What is acknowledged remains so: then there is nothing to ask. */
	if (p->peer && p->peer->kind == ENDPOINT_TCP)
		n = p->acknowledged == sent ? 0 : pump_ask(p);
	return n < 0 ? UNSET : n < sent ? sent - n : 0;
}

/* The same. What it has by now is something that moved. */
static int64_t pump_unacknowledged(struct pump *p)
{
	int64_t n = pump_ask(p);

	if (n >= 0 && (int64_t)pump_sent(p) - n > p->acknowledged) {
		p->acknowledged = (int64_t)pump_sent(p) - n;
		p->last_move = p->last_sent = clock_now();
	}
	return n;
}

bool pump_acknowledged(struct pump *p)
{
	int64_t n = pump_unacknowledged(p);

	if (flow_holds(&p->side->up) || (p->terms.mode == PUMP_ECHO && flow_holds(&p->down)))
		return false;
	if (!pump_has_sent(p))
		return true;
	if (endpoint_delivers(p->peer)) /* what it took stands in the peer's queue */
		return true;
	if (n < 0)
		return pump_peer_ended(p);
	return n == 0;
}

bool pump_far_acknowledged(struct pump *p)
{
	int64_t n;

	if (p->terms.mode != PUMP_RELAY || p->side->far_error || p->down.transfer.out == 0 ||
	    p->terms.out_may_end || endpoint_delivers(p->out))
		return true;
	n = stream_unacknowledged(p->out->wfd);
	if (n < 0)
		return p->side->up.source_ended;
	if (n != p->side->far_waiting)
		p->last_move = p->last_sent = clock_now();
	p->side->far_waiting = n;
	return n <= (p->state.receive == RECEIVE_PASSED ? 1 : 0);
}

int64_t pump_last_taken(struct pump *p)
{
	if (!flow_wants_sink(&p->side->up))
		return clock_now();
	pump_unacknowledged(p);
	return p->last_sent;
}

void pump_ask_later(struct pump *p)
{
	if (pump_is_set(p, ALARM_ASK))
		return;
	p->ack_delay = p->ack_delay ? 2 * p->ack_delay : DELAY_FIRST;
	if (p->ack_delay > DELAY_MOST)
		p->ack_delay = DELAY_MOST;
	pump_set(p, ALARM_ASK, clock_after(clock_now(), p->ack_delay));
}

void pump_ask_again(struct pump *p)
{
	/* Nobody reads any more who would meet it. */
	if (p->down.state != FLOW_OPEN && !p->peer_error)
		p->peer_error = stream_error(p->peer->rfd);
	/* A command that shared the socket has consumed SO_ERROR. A cleanly closed connection is
	 * "gone" too: so ask for unacknowledged bytes as well. */
	if (p->others_sent && !p->peer_error && stream_is_gone(p->peer->wfd) &&
	    stream_unacknowledged(p->peer->wfd) > 0)
		p->peer_error = EPIPE;
	if (p->terms.mode == PUMP_RELAY && p->side->up.state != FLOW_OPEN)
		pump_far_broken(p, 0);
	pump_proceed(p);
}
