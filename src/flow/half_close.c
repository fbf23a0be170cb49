/* half_close.c - the half-close rule of sockit(1) as a function from state and event to action */
#include "flow/half_close.h"

/* The events that mean the same whatever the state of either direction is. */
static const struct {
	enum pump_end end; /* of the run, if it has not failed before */
	unsigned actions;
	bool closes; /* we end the connection */
} plain_events[HALF_CLOSE_EVENTS] = {
	[HALF_CLOSE_IN_FAILED] = { .end = PUMP_IN_FAILED, .closes = true },
	[HALF_CLOSE_STEP_FAILED] = { .end = PUMP_STEP_FAILED },
	[HALF_CLOSE_RESET] = { .end = PUMP_RESET },
	[HALF_CLOSE_ONE_GONE] = { .actions = HALF_CLOSE_LINGER },
	[HALF_CLOSE_CLOSE] = { .closes = true },
	[HALF_CLOSE_IDLE] = { .end = PUMP_IDLE },
	[HALF_CLOSE_CUT] = { .end = PUMP_CUT },
	[HALF_CLOSE_UNACKNOWLEDGED] = { .end = PUMP_UNSENT, .actions = HALF_CLOSE_OVER },
	[HALF_CLOSE_ACKNOWLEDGED] = { .actions = HALF_CLOSE_OVER },
};

/* The first error is the one that the run ends in. */
static void half_close_fail(struct half_close_step *s, enum pump_end end)
{
	if (end == PUMP_RUNNING || half_close_has_failed(s->state))
		return;
	s->state.run = s->state.run == RUN_OPEN ? RUN_BROKEN : RUN_ABORTING;
	s->end = end;
}

/* We end the connection. The peer is told, if it was not yet. */
static void half_close_end(struct half_close_step *s, const struct half_close_terms *terms)
{
	if (half_close_is_closing(s->state))
		return;
	s->state.run = s->state.run == RUN_BROKEN ? RUN_ABORTING : RUN_CLOSING;
	s->actions |= HALF_CLOSE_FINISH_IN | HALF_CLOSE_LINGER;
	if (s->state.send != SEND_KEPT_OPEN || half_close_is_broken_off(s->state, terms))
		return;
	s->state.send = SEND_SHUT;
	s->actions |= HALF_CLOSE_SHUT_DOWN;
}

/* The same, and what comes is discarded. */
static void half_close_from_here(struct half_close_step *s, const struct half_close_terms *terms)
{
	if (half_close_is_closing(s->state) && s->state.receive != RECEIVE_OPEN)
		return;
	half_close_end(s, terms);
	if (s->state.receive < RECEIVE_ENOUGH)
		s->state.receive = RECEIVE_ENOUGH;
	s->actions |= HALF_CLOSE_STOP_COUNTING | HALF_CLOSE_DISCARD;
}

/* Once all of `in` is sent, shut down writing. With --recv-only only after the peer's end. Where
 * the run failed before the end of `in`, the peer sees none. */
static void half_close_in_ended(struct half_close_step *s, const struct half_close_terms *terms,
				enum half_close_event event)
{
	bool closing = half_close_is_closing(s->state);

	if (s->state.send != SEND_OPEN ||
	    (terms->recv_only && !half_close_peer_ended(s->state) && !closing))
		return;
	if (terms->mode == PUMP_RELAY)
		s->actions |= HALF_CLOSE_PROBE_FAR;
	if (event == HALF_CLOSE_SENT_BROKEN || half_close_is_broken_off(s->state, terms) ||
	    (event == HALF_CLOSE_SENT_CUT && terms->promises && half_close_has_failed(s->state))) {
		s->state.send = SEND_BROKEN;
	} else if (terms->no_shutdown && !closing) {
		s->state.send = SEND_KEPT_OPEN;
		s->actions |= HALF_CLOSE_DISARM;
	} else {
		s->state.send = SEND_SHUT;
		s->actions |= HALF_CLOSE_SHUT_DOWN;
	}
}

/* The run ends before `in` has: what was read of that is still sent. If two connections are joined
 * what has come by now is too; else it is discarded. */
static void half_close_cut(struct half_close_step *s, const struct half_close_terms *terms)
{
	bool both = terms->mode != PUMP_PLAIN;

	if (!terms->promises ||
	    (s->state.send != SEND_OPEN && (!both || half_close_peer_ended(s->state)))) {
		s->actions = HALF_CLOSE_OVER;
		return;
	}
	if (!both) {
		half_close_from_here(s, terms);
	} else if (!half_close_is_closing(s->state)) {
		s->state.run = RUN_ABORTING;
		s->actions = HALF_CLOSE_FINISH_IN;
		if (s->state.receive == RECEIVE_OPEN) {
			s->state.receive = RECEIVE_LAST;
			s->actions |= HALF_CLOSE_LIMIT;
		}
	}
	s->actions |= HALF_CLOSE_HURRY;
}

/* The peer's end, all before it written, becomes that of `out`. */
static void half_close_peer_end(struct half_close_step *s, const struct half_close_terms *terms)
{
	bool passes =
		s->state.receive == RECEIVE_OPEN && !half_close_is_broken_off(s->state, terms);

	if (half_close_peer_ended(s->state))
		return;
	s->state.receive = passes ? RECEIVE_PASSED : RECEIVE_ENDED;
	s->actions = HALF_CLOSE_TELL_PEER_ENDED | (passes ? HALF_CLOSE_END_OUT : 0);
	if (terms->peer_end_ends)
		half_close_from_here(s, terms);
}

/* --read-bytes has them all, or the message is complete. */
static void half_close_enough(struct half_close_step *s, const struct half_close_terms *terms)
{
	if (terms->one_message) {
		s->state.receive = RECEIVE_UNWANTED;
		s->actions = HALF_CLOSE_DISCARD;
	} else if (terms->out_may_end && !half_close_is_closing(s->state)) {
		/* A command, whose input that is, may still answer. */
		s->state.receive = RECEIVE_ENOUGH;
		s->actions = HALF_CLOSE_END_OUT | HALF_CLOSE_STOP_COUNTING | HALF_CLOSE_DISCARD;
	} else {
		half_close_from_here(s, terms);
	}
}

/* Nobody takes what comes: that ends the connection, unless `out` need not take it. */
static void half_close_out_failed(struct half_close_step *s, const struct half_close_terms *terms)
{
	if (terms->mode == PUMP_ECHO) {
		half_close_fail(s, PUMP_RESET);
		s->actions = HALF_CLOSE_OVER;
		return;
	}
	if (!terms->out_may_end)
		half_close_fail(s, PUMP_OUT_FAILED);
	if (!terms->out_may_end && terms->mode != PUMP_RELAY) {
		half_close_from_here(s, terms);
		return;
	}
	/* What the far connection has sent itself still goes to the peer. */
	if (s->state.receive == RECEIVE_OPEN)
		s->state.receive = RECEIVE_UNWANTED;
	s->actions = HALF_CLOSE_DISCARD;
}

/* Nobody would take what comes, but nothing has come: the run ends, which is no failure unless
 * something comes before the peer's end. */
static void half_close_out_broken(struct half_close_step *s, const struct half_close_terms *terms)
{
	if (half_close_is_closing(s->state))
		return;
	if (terms->promises && s->state.send == SEND_OPEN)
		s->state.send = SEND_BROKEN;
	half_close_end(s, terms);
}

struct half_close_step half_close(struct half_close state, const struct half_close_terms *terms,
				  enum half_close_event event)
{
	struct half_close_step s = { .state = state, .actions = plain_events[event].actions };

	half_close_fail(&s, plain_events[event].end);
	if (plain_events[event].closes)
		half_close_from_here(&s, terms);
	if (event <= HALF_CLOSE_SENT_BROKEN)
		half_close_in_ended(&s, terms, event);
	else if (event == HALF_CLOSE_PEER_ENDED)
		half_close_peer_end(&s, terms);
	else if (event == HALF_CLOSE_GOT_ENOUGH)
		half_close_enough(&s, terms);
	else if (event == HALF_CLOSE_OUT_FAILED)
		half_close_out_failed(&s, terms);
	else if (event == HALF_CLOSE_OUT_BROKEN)
		half_close_out_broken(&s, terms);
	else if (event == HALF_CLOSE_IDLE || event == HALF_CLOSE_CUT)
		half_close_cut(&s, terms);
	else if (event == HALF_CLOSE_RECEIVE_FAILED && !half_close_is_closing(state))
		half_close_fail(&s, PUMP_RESET);
	else if (event == HALF_CLOSE_QUIT && !half_close_peer_ended(state)) {
		s.state.receive = RECEIVE_LAST;
		s.actions = HALF_CLOSE_LIMIT;
	}
	return s;
}

enum half_close_wait half_close_awaits(struct half_close state,
				       const struct half_close_terms *terms, bool sent)
{
	if (half_close_peer_ended(state))
		return HALF_CLOSE_WAIT_TAKEN;
	/* What still comes for an `out` that is broken is lost, and that is a failure. */
	if (half_close_is_closing(state))
		return state.run == RUN_CLOSING && (sent || state.receive == RECEIVE_OPEN) ?
			       HALF_CLOSE_WAIT_END :
			       HALF_CLOSE_WAIT_TAKEN;
	if (!terms->send_only)
		return HALF_CLOSE_WAIT_END;
	return state.run == RUN_OPEN && sent ? HALF_CLOSE_WAIT_SILENT : HALF_CLOSE_WAIT_TAKEN;
}
