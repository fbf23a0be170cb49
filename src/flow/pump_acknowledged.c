#include <errno.h>

#include "base/clock.h"
#include "flow/pump_parts.h"
#include "sock/stream.h"

#define DELAY_FIRST MILLISECOND
#define DELAY_MOST (50 * MILLISECOND)

bool pump_has_sent(const struct pump *p)
{
	return pump_sent(p) > 0 || p->c.others_sent;
}

/* How much of what we sent the peer's kernel has not acknowledged, -1 where ours cannot tell. What
 * it has by now is something that moved. */
static int64_t unacknowledged(struct pump *p)
{
	int64_t n = pump_has_sent(p) ? stream_unacknowledged(p->peer->wfd) : 0;

	if (n >= 0 && (int64_t)pump_sent(p) - n > p->acknowledged) {
		p->acknowledged = (int64_t)pump_sent(p) - n;
		p->last_move = p->last_sent = clock_now();
	}
	return n;
}

bool pump_acknowledged(struct pump *p)
{
	int64_t n = unacknowledged(p);

	if (flow_holds(&p->up) || (pump_echoes(p) && flow_holds(&p->down)))
		return false;
	if (!pump_has_sent(p))
		return true;
	if (endpoint_delivers(p->peer)) /* what it took stands in the peer's queue */
		return true;
	if (n < 0)
		return p->peer_ended;
	return n <= (p->fin_sent ? 1 : 0); /* the FIN counts as one */
}

bool pump_far_acknowledged(struct pump *p)
{
	int64_t n;

	if (!pump_relays(p) || p->far_error || p->down.transfer.out == 0 || p->c.out_may_end ||
	    endpoint_delivers(p->out))
		return true;
	n = stream_unacknowledged(p->out->wfd);
	if (n < 0)
		return p->up.source_ended;
	if (n != p->far_waiting)
		p->last_move = p->last_sent = clock_now();
	p->far_waiting = n;
	return n <= (p->far_fin_sent ? 1 : 0);
}

int64_t pump_last_taken(struct pump *p)
{
	if (!flow_wants_sink(&p->up))
		return clock_now();
	unacknowledged(p);
	return p->last_sent;
}

int64_t pump_next_question(struct pump *p)
{
	if (!p->asking)
		return NEVER;
	if (p->ack_timer.slot)
		return p->ack_timer.at;
	p->ack_delay = p->ack_delay ? 2 * p->ack_delay : DELAY_FIRST;
	if (p->ack_delay > DELAY_MOST)
		p->ack_delay = DELAY_MOST;
	return clock_after(clock_now(), p->ack_delay);
}

void pump_ask_again(void *arg)
{
	struct pump *p = arg;

	/* Nobody reads any more who would meet it. */
	if (p->down.state != FLOW_OPEN && !p->peer_error)
		p->peer_error = stream_error(p->peer->rfd);
	/* Somebody else has met the error. What has been ended both ways, and has been
	 * acknowledged, is gone as well. */
	if (p->c.others_sent && !p->peer_error && stream_is_gone(p->peer->wfd) &&
	    stream_unacknowledged(p->peer->wfd) > 0)
		p->peer_error = EPIPE;
	if (pump_relays(p) && p->up.state != FLOW_OPEN)
		pump_far_broken(p, 0);
	pump_proceed(p);
}
