#include <errno.h>

#include "flow/fanout.h"
#include "flow/pump_parts.h"
#include "sock/stream.h"

void pump_fail(struct pump *p, enum pump_end end, int error)
{
	if (p->end == PUMP_RUNNING) {
		p->end = end;
		p->error = error;
	}
}

static bool over(struct pump *p)
{
	pump_fail(p, PUMP_DONE, 0);
	return true;
}

/* What comes from here on is thrown away; it does not count, nor go to -o and -x. */
static void take_no_more(struct pump *p)
{
	if (!p->enough) {
		p->received = pump_received(p);
		p->echoed = p->down.transfer.out;
		p->enough = true;
	}
	for (int i = 0; p->c.down && i < 2; i++)
		p->c.down->copies[i] = NULL;
	flow_discard(&p->down);
}

void pump_end_from_here(struct pump *p)
{
	if (p->closing)
		return;
	p->closing = true;
	/* What stands in a queue was read already. */
	if (p->in->kind == ENDPOINT_QUEUE)
		flow_limit(&p->up, subscriber_finish(p->in->queue));
	else
		flow_finish(&p->up);
	take_no_more(p);
	pump_begin_linger(p);
	if (p->calls.closing)
		p->calls.closing(p->calls.arg, p);
}

/* The connection broke. That ends all, but for what is still on its way to the other one
 * (--linger). */
static bool over_here(struct pump *p)
{
	p->asking = !pump_far_acknowledged(p);
	if (!p->asking)
		return over(p);
	pump_begin_linger(p);
	return false;
}

/* The end of `in`, all of it sent, becomes the connection's. Without `in` it comes last. */
static void pass_on_end(struct pump *p)
{
	if (p->up_passed || p->up.state != FLOW_ENDED ||
	    (p->c.recv_only && !p->peer_ended && !p->closing))
		return;
	/* Under --fastopen a connection that has not sent anything is none yet. */
	p->connecting = p->c.fastopen && !pump_has_sent(p) && !stream_connected(p->peer->wfd);
	if (p->connecting)
		return;
	p->up_passed = true;
	/* As of the peer, see take_peer_end(). */
	if (pump_relays(p) && !p->c.keepalive_is_set)
		stream_probe(p->in->rfd);
	if ((p->c.no_shutdown && !p->closing) || p->peer_error || pump_is_broken_off(p))
		return;
	endpoint_end(p->peer);
	p->fin_sent = true;
}

bool pump_awaits_peer_end(const struct pump *p)
{
	if (p->peer_ended || p->c.send_only)
		return false;
	return !p->closing || (p->end == PUMP_RUNNING && pump_has_sent(p));
}

static void end_out(struct pump *p)
{
	/* What is closed cannot be taken out of the loop's set. */
	if (!pump_relays(p))
		watch_drop(p->loop, &p->out_watch);
	endpoint_end(p->out);
	p->far_fin_sent = true;
}

/* --read-bytes has them all. That is the end, but a command, whose input it is, may still answer.
 */
static void take_enough(struct pump *p)
{
	if (!p->c.out_may_end || p->up.state != FLOW_OPEN || p->closing) {
		pump_end_from_here(p);
		return;
	}
	end_out(p);
	take_no_more(p);
}

/* The peer's end, all of it written, becomes that of `out`. */
static void take_peer_end(struct pump *p)
{
	if (p->peer_ended || p->down.state != FLOW_ENDED || !p->down.source_ended)
		return;
	p->peer_ended = true;
	if (p->down.transfer.to == p->out && !pump_is_broken_off(p))
		end_out(p);
	if (p->calls.peer_ended)
		p->calls.peer_ended(p->calls.arg, p);
	if (p->c.peer_end_ends)
		pump_end_from_here(p);
	if (p->up.state != FLOW_OPEN)
		return;
	/* A peer that is gone looks the same as one that only ended its sending. */
	if (!p->c.keepalive_is_set)
		stream_probe(p->peer->rfd);
	pump_begin_notice(p);
}

bool pump_nothing_to_send(const struct pump *p)
{
	return p->up.state != FLOW_OPEN ||
	       (!flow_holds(&p->up) && !p->up.transfer.sink_full && !endpoint_readable(p->in));
}

/* The kernel tells an error once, to the one that comes first: where that was READING, of the same
 * connection, WRITING has met nothing but EPIPE. */
static int first_error(const struct flow *writing, const struct flow *reading)
{
	bool told = reading->source_ended && reading->state != FLOW_SINK_FAILED && reading->error;

	return writing->error == EPIPE && told ? reading->error : writing->error;
}

/* sendfile(2) can move something, meet a reset and keep it to itself; then the next call meets
 * EPIPE, which otherwise says that the peer had ended before. */
static int reset_error(const struct pump *p, int error)
{
	return error == EPIPE && !p->peer_ended && p->peer->kind == ENDPOINT_TCP ? ECONNRESET :
										   error;
}

/* Nobody takes what comes: that is the end at once where something was to be written, else when all
 * is sent. */
static void look_at_out(struct pump *p)
{
	bool failed = p->down.state == FLOW_SINK_FAILED;

	if (failed && p->c.out_may_end) {
		flow_discard(&p->down);
	} else if (failed && pump_relays(p)) {
		pump_lose_far(p, first_error(&p->down, &p->up));
	} else if (pump_relays(p)) {
		pump_look_at_far(p);
	} else if (failed ||
		   (p->out_broken && !p->c.out_may_end && !p->closing && pump_nothing_to_send(p))) {
		pump_fail(p, PUMP_OUT_FAILED, failed ? p->down.error : EPIPE);
		pump_end_from_here(p);
	}
}

/* An end of `in` that is more than the end of what is sent. */
static void look_at_in(struct pump *p)
{
	struct flow *up = &p->up;

	if (up->state == FLOW_SOURCE_FAILED) {
		pump_fail(p, PUMP_IN_FAILED, up->error);
		p->far_error = up->error;
		up->state = FLOW_ENDED;
		pump_end_from_here(p);
	}
	if ((up->state == FLOW_ENDED &&
	     (p->c.in_end_ends || p->enough || (p->c.up && p->c.up->quit))) ||
	    (up->state != FLOW_OPEN && p->far_error && pump_is_broken_off(p)))
		pump_end_from_here(p);
}

bool pump_half_close(struct pump *p)
{
	struct flow *up = &p->up, *down = &p->down;

	p->asking = false;
	if (down->state == FLOW_SINK_FAILED && pump_echoes(p)) {
		pump_fail(p, PUMP_RESET, reset_error(p, down->error));
		return over(p);
	}
	look_at_out(p);
	look_at_in(p);

	/* The time of -q is up: what has come so far was written, that is all. */
	if (p->quitting && down->state == FLOW_ENDED) {
		if (!pump_acknowledged(p) || !pump_far_acknowledged(p))
			pump_fail(p, PUMP_UNSENT, 0);
		return over(p);
	}
	if (down->state == FLOW_ENDED && !down->source_ended) {
		if (p->c.one_message)
			flow_discard(down);
		else
			take_enough(p);
	}

	take_peer_end(p);
	pass_on_end(p);

	/* The connection broke. What had been received before is still written, and the first error
	 * counts: after the peer's end, or ours, only if it cost input. */
	if (up->state == FLOW_SINK_FAILED)
		pump_fail(p, PUMP_RESET, reset_error(p, first_error(up, down)));
	if (down->state == FLOW_SOURCE_FAILED) {
		if (!p->closing || !pump_acknowledged(p))
			pump_fail(p, PUMP_RESET, down->error);
		return over_here(p);
	}
	if (down->state == FLOW_ENDED && (up->state == FLOW_SINK_FAILED || p->peer_error)) {
		if (!pump_acknowledged(p))
			pump_fail(p, PUMP_RESET, p->peer_error);
		return over_here(p);
	}

	/* Both have ended. */
	if (!p->up_passed || pump_awaits_peer_end(p))
		return false;
	p->asking = !pump_acknowledged(p) || !pump_far_acknowledged(p);
	return !p->asking && over(p);
}
