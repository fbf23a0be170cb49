/* pump_half_close.c - what the pump tells the rule of half_close.h, and does as that says */
#include <errno.h>

#include "flow/fanout.h"
#include "flow/pump_parts.h"
#include "sock/stream.h"

/* ---- doing what the rule says ---- */

static void pump_finish_sending(struct pump *p)
{
	/* What stands in a queue was read already, and has perhaps an end of its own. What the far
	 * connection has received was acknowledged to its sender. */
	if (p->in->kind == ENDPOINT_SUBSCRIBER && subscriber_is_over(p->in->object))
		return;
	if (p->in->kind == ENDPOINT_SUBSCRIBER)
		flow_limit(&p->side->up, subscriber_finish(p->in->object));
	else if (p->terms.mode == PUMP_RELAY)
		flow_limit(&p->side->up, endpoint_unread(p->in));
	else
		flow_finish(&p->side->up);
}

static void pump_stop_counting(struct pump *p)
{
	if (pump_counts(p)) {
		p->received_most = p->down.transfer.in;
		p->echoed_most = p->down.transfer.out;
	}
	if (p->extras->down)
		p->extras->down->copies = NULL;
}

static void pump_end_out(struct pump *p)
{
	/* What is closed cannot be taken out of the loop's set. */
	if (p->terms.mode != PUMP_RELAY)
		watch_drop(p->loop, &p->side->out_watch);
	endpoint_end(p->out);
}

static void pump_tell_peer_ended(struct pump *p, bool closes)
{
	if (p->calls->peer_ended)
		p->calls->peer_ended(p->arg);
	if (closes || p->side->up.state != FLOW_OPEN)
		return;
	pump_begin_notice(p);
}

static void pump_act(struct pump *p, unsigned actions)
{
	if (actions & HALF_CLOSE_END_OUT)
		pump_end_out(p);
	if (actions & HALF_CLOSE_TELL_PEER_ENDED)
		pump_tell_peer_ended(p, actions & HALF_CLOSE_FINISH_IN);
	if (actions & HALF_CLOSE_FINISH_IN)
		pump_finish_sending(p);
	if (actions & HALF_CLOSE_STOP_COUNTING)
		pump_stop_counting(p);
	if (actions & HALF_CLOSE_DISCARD)
		flow_discard(&p->down);
	if (actions & HALF_CLOSE_LINGER)
		pump_begin_linger(p);
	if (actions & HALF_CLOSE_FINISH_IN && p->calls->closing)
		p->calls->closing(p->arg);
	if (actions & HALF_CLOSE_PROBE_FAR)
		pump_begin_notice(p);
	if (actions & HALF_CLOSE_SHUT_DOWN)
		endpoint_end(p->peer);
	if (actions & HALF_CLOSE_LIMIT)
		flow_limit(&p->down, endpoint_unread(p->peer));
	if (actions & HALF_CLOSE_DISARM)
		endpoint_disarm(p->peer);
	if (actions & HALF_CLOSE_HURRY)
		pump_hurry_end(p);
	if (actions & HALF_CLOSE_OVER && p->end == PUMP_RUNNING)
		p->end = PUMP_DONE;
}

bool pump_event(struct pump *p, enum half_close_event event, int error)
{
	struct half_close_step step = half_close(p->state, &p->terms, event);

	p->state = step.state;
	if (step.end != PUMP_RUNNING) {
		p->end = step.end;
		p->error = error;
	}
	pump_act(p, step.actions);
	return step.actions & HALF_CLOSE_OVER;
}

bool pump_time_is_up(struct pump *p)
{
	bool taken = pump_acknowledged(p), far_taken = pump_far_acknowledged(p);

	return pump_event(p,
			  taken && far_taken ? HALF_CLOSE_ACKNOWLEDGED : HALF_CLOSE_UNACKNOWLEDGED,
			  0);
}

/* ---- telling it what has happened ---- */

bool pump_nothing_to_send(const struct pump *p)
{
	return p->side->up.state != FLOW_OPEN ||
	       (!flow_holds(&p->side->up) && !p->side->up.transfer.sink_full &&
		!endpoint_readable(p->in));
}

/* The kernel tells an error only once. If READING, of the same connection, met it first, WRITING
 * has met EPIPE. */
static int pump_first_error(const struct flow *writing, const struct flow *reading)
{
	bool told = reading->source_ended && reading->state != FLOW_SINK_FAILED && reading->error;

	return writing->error == EPIPE && told ? reading->error : writing->error;
}

/* If sendfile(2) moves something and then meets a reset it does not say so, and the next call fails
 * with EPIPE, which otherwise means that the peer had ended before. */
static int pump_reset_error(const struct pump *p, int error)
{
	return error == EPIPE && !half_close_peer_ended(p->state) && p->peer->kind == ENDPOINT_TCP ?
		       ECONNRESET :
		       error;
}

static bool pump_out_failed(struct pump *p)
{
	bool far = p->terms.mode == PUMP_RELAY && !p->terms.out_may_end, over;
	int error = p->terms.mode == PUMP_ECHO	? pump_reset_error(p, p->down.error) :
		    p->terms.mode == PUMP_RELAY ? pump_first_error(&p->down, &p->side->up) :
						  p->down.error;

	if (far)
		p->side->far_error = error;
	over = pump_event(p, HALF_CLOSE_OUT_FAILED, error);
	/* Where it is not broken nothing else would end it, as in pump_look_at_refusal(). */
	if (p->terms.mode == PUMP_RELAY && !stream_is_broken_by(error))
		pump_event(p, HALF_CLOSE_CLOSE, 0);
	return over;
}

/* The far connection is broken, as was seen while nothing was written to it. Until its end was
 * read, reading will tell; after that it is an error only if something is lost, as with the peer.
 */
static void pump_far_failed(struct pump *p)
{
	if (p->side->far_error || half_close_is_closing(p->state) || p->side->up.state == FLOW_OPEN)
		return;
	if (!pump_far_acknowledged(p) || flow_holds(&p->down)) {
		p->side->far_error = p->out_error;
		pump_event(p, HALF_CLOSE_OUT_FAILED, p->out_error);
	} else if (p->down.state != FLOW_OPEN || !endpoint_readable(p->peer)) {
		p->side->far_error = p->out_error;
		pump_event(p, HALF_CLOSE_ONE_GONE, 0);
	}
}

/* If nobody takes what was to be written, that is the end. Returns whether the run is over. */
static bool pump_look_at_out(struct pump *p)
{
	if (p->down.state == FLOW_SINK_FAILED)
		return pump_out_failed(p);
	if (p->out_error && p->terms.mode == PUMP_RELAY)
		pump_far_failed(p);
	return false;
}

/* Looks for an end of `in` that ends the connection. */
static void pump_look_at_in(struct pump *p)
{
	struct flow *up = &p->side->up;

	if (up->state == FLOW_SOURCE_FAILED) {
		p->side->far_error = up->error;
		up->state = FLOW_ENDED;
		pump_event(p, HALF_CLOSE_IN_FAILED, up->error);
	}
	if ((up->state == FLOW_ENDED &&
	     (p->in_end_ends || !pump_counts(p) || (p->extras->up && p->extras->up->quit))) ||
	    (up->state != FLOW_OPEN && p->side->far_error &&
	     half_close_is_broken_off(p->state, &p->terms)))
		pump_event(p, HALF_CLOSE_CLOSE, 0);
}

/* Each direction ends by itself. */
static void pump_look_at_ends(struct pump *p)
{
	bool whole;

	if (p->down.state == FLOW_ENDED && !p->down.source_ended)
		pump_event(p,
			   p->terms.one_message || p->side->up.state == FLOW_OPEN ?
				   HALF_CLOSE_GOT_ENOUGH :
				   HALF_CLOSE_CLOSE,
			   0);
	if (p->down.state == FLOW_ENDED && p->down.source_ended)
		pump_event(p, HALF_CLOSE_PEER_ENDED, 0);
	if (p->side->up.state != FLOW_ENDED || p->state.send != SEND_OPEN)
		return;
	whole = p->side->up.source_ended && !p->side->up.error;
	pump_event(p,
		   p->peer_error || (p->gives_way && !whole) ? HALF_CLOSE_SENT_BROKEN :
		   whole				     ? HALF_CLOSE_SENT :
							       HALF_CLOSE_SENT_CUT,
		   0);
}

/* If nobody would take what comes, the run ends once all is sent. */
static void pump_look_at_broken_out(struct pump *p)
{
	if (!p->out_error || p->terms.mode == PUMP_RELAY || p->terms.out_may_end ||
	    half_close_is_closing(p->state) || !pump_nothing_to_send(p))
		return;
	pump_event(p, HALF_CLOSE_OUT_BROKEN, 0);
	pump_look_at_ends(p);
}

/* Has the run been cut, with something still to be read of what had come by then? */
static bool pump_reads_rest(const struct pump *p)
{
	return p->hurried && p->state.receive == RECEIVE_LAST && p->down.state == FLOW_OPEN;
}

/* Has the connection broken? What was received before is still written. After the peer's end, or
 * ours, that is an error only if something is lost. */
static bool pump_is_broken(struct pump *p)
{
	struct flow *up = &p->side->up, *down = &p->down;
	bool unread = down->state == FLOW_SOURCE_FAILED;

	if (up->state == FLOW_SINK_FAILED)
		pump_event(p, HALF_CLOSE_RESET, pump_reset_error(p, pump_first_error(up, down)));
	if (!unread &&
	    (down->state != FLOW_ENDED || (up->state != FLOW_SINK_FAILED && !p->peer_error)))
		return false;
	if (!pump_acknowledged(p))
		pump_event(p, HALF_CLOSE_RESET, unread ? down->error : p->peer_error);
	else if (unread)
		pump_event(p, HALF_CLOSE_RECEIVE_FAILED, down->error);
	return true;
}

/* The connection does not take what is sent, and is not broken: nothing else would end it. What has
 * come by now is still written. */
static void pump_look_at_refusal(struct pump *p)
{
	if (p->side->up.state != FLOW_SINK_FAILED || stream_is_broken_by(p->side->up.error) ||
	    half_close_has_failed(p->state))
		return;
	pump_event(p, HALF_CLOSE_RESET, p->side->up.error);
	pump_event(p, HALF_CLOSE_QUIT, 0);
}

bool pump_half_close(struct pump *p)
{
	bool asking = false;

	if (pump_look_at_out(p))
		return true;
	pump_look_at_in(p);
	pump_look_at_refusal(p);
	/* All that came before the time of -q was up is written. */
	if (p->state.receive == RECEIVE_LAST && p->down.state == FLOW_ENDED && !p->hurried)
		return pump_time_is_up(p);
	pump_look_at_ends(p);
	pump_look_at_broken_out(p);
	if (pump_is_broken(p)) {
		asking = !pump_far_acknowledged(p);
		if (asking)
			pump_event(p, HALF_CLOSE_ONE_GONE, 0);
	} else {
		enum half_close_wait wait = pump_awaits(p);
		if (p->state.send < SEND_KEPT_OPEN || wait == HALF_CLOSE_WAIT_END ||
		    pump_reads_rest(p)) {
			pump_set(p, ALARM_ASK, NEVER);
			return false;
		}
		asking = !pump_acknowledged(p) || !pump_far_acknowledged(p);
		if (!asking && wait == HALF_CLOSE_WAIT_SILENT) {
			pump_begin_linger(p);
			return false;
		}
	}
	if (!asking)
		return pump_event(p, HALF_CLOSE_ACKNOWLEDGED, 0);
	pump_ask_later(p);
	return false;
}
