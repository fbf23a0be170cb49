/* pump.c - the loop's side of a pump: what is watched, and what moves when it is ready */
#include "flow/pump_parts.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/wait.h"
#include "flow/fanout.h"
#include "sock/stream.h"

#define REPEATS 8		   /* steps of a flow before others get their turn */
#define REPEAT_WORTH (16 << 10)	   /* so much in one step: there is likely to be more */
#define PATIENCE (5 * MILLISECOND) /* a nearer timer would cost more than it saves */

struct pump_side pump_no_side = { .up = { .transfer = { .from = &endpoint_nowhere,
							.to = &endpoint_nowhere },
					  .state = FLOW_ENDED } };

static uint64_t pump_lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t pump_sent(const struct pump *p)
{
	return p->side->up.transfer.out +
	       (p->terms.mode == PUMP_ECHO ? pump_lesser(p->down.transfer.out, p->echoed_most) : 0);
}

uint64_t pump_received(const struct pump *p)
{
	return pump_lesser(p->down.transfer.in, p->received_most);
}

bool pump_unanswered(const struct pump *p)
{
	const struct half_close_terms *terms = &p->terms;

	/* --no-shutdown passes the end on only with the connection's. */
	return p->state.send == SEND_SHUT && !terms->no_shutdown && !terms->recv_only &&
	       !terms->send_only && pump_sent(p) > 0 && pump_received(p) == 0;
}

static void pump_watch(struct pump *p, struct watch *w, short events)
{
	if (events < 0)
		watch_drop(p->loop, w);
	else
		watch_set(p->loop, w, events);
}

/* What to wait for; -1 for nothing, not even for the errors and hang-ups that poll(2) would then
 * report for ever. */
static short pump_in_events(const struct pump *p)
{
	return p->in->rfd >= 0 && flow_wants_source(&p->side->up) ? (short)(POLLIN | wait_end) : -1;
}

static short pump_out_events(const struct pump *p)
{
	if (p->terms.mode == PUMP_ECHO || p->out->wfd < 0)
		return -1;
	if (p->down.transfer.to != p->out || p->down.state != FLOW_OPEN)
		return -1;
	if (flow_wants_sink(&p->down))
		return POLLOUT;
	/* A reader that goes away while there is nothing to write shows as an error; where several
	 * write, that is for somebody else to notice. */
	return p->out_error || p->out->shared || p->out->kind == ENDPOINT_FILE ||
			       p->out->kind == ENDPOINT_NULL ?
		       -1 :
		       0;
}

static short pump_peer_events(const struct pump *p)
{
	bool sink = flow_wants_sink(&p->side->up) ||
		    (p->terms.mode == PUMP_ECHO && flow_wants_sink(&p->down));
	short events = (short)((flow_wants_source(&p->down) ? POLLIN | wait_end : 0) |
			       (sink ? POLLOUT : 0));

	/* A flow that pauses will meet any error by itself. */
	if (!events && flow_resume(&p->down))
		return -1;
	/* With nothing to move a broken connection still matters while `in` may have more. */
	return events || (p->side->up.state == FLOW_OPEN && !p->peer_error) ? events : -1;
}

static void pump_stop(struct pump *p)
{
	watch_drop(p->loop, &p->side->in_watch);
	watch_drop(p->loop, &p->side->out_watch);
	watch_drop(p->loop, &p->peer_watch);
	timer_drop(p->loop, &p->timer);
}

/* Of a message that -q has not waited for, what has come is not written: that is no good end. */
static void pump_look_at_part(struct pump *p)
{
	struct framer *f = transfer_framer(&p->down.transfer);

	if (p->end != PUMP_DONE || !p->quit || !p->messages || !f || p->terms.send_only ||
	    !framer_is_cut_off(f, transfer_most(&p->down.transfer)))
		return;
	p->end = PUMP_RESET;
	p->error = EBADMSG;
}

/* Nothing moves any more. An end that was asked for is an end, and no reset. */
static void pump_finish(struct pump *p)
{
	pump_stop(p);
	p->over = true;
	pump_look_at_part(p);
	if (p->end != PUMP_DONE || p->state.send == SEND_BROKEN)
		return;
	endpoint_disarm(p->peer);
	if (p->terms.mode == PUMP_RELAY)
		endpoint_disarm(p->out);
}

void pump_over(struct pump *p)
{
	pump_finish(p);
	(p->cut ? p->calls->cut : p->calls->over)(p->arg);
}

/* Can F move something at an end without a descriptor, of which the loop makes no event? */
static bool pump_flow_is_ready(const struct flow *f)
{
	const struct endpoint *from = f->transfer.from, *to = f->transfer.to;

	return (from->ops && flow_wants_source(f) && endpoint_readable(from)) ||
	       (to->ops && flow_wants_sink(f) && endpoint_writable(to));
}

/* When to go on though no descriptor is ready. */
static int64_t pump_next_move(const struct pump *p)
{
	int64_t up = flow_resume(&p->side->up), down = flow_resume(&p->down);

	if (pump_flow_is_ready(&p->side->up) || pump_flow_is_ready(&p->down))
		return clock_now();
	if (!up && !down)
		return NEVER;
	return up && (!down || up < down) ? up : down;
}

static void pump_wait(struct pump *p)
{
	/* First of all: what pauses now and no longer while the watches are set has both. */
	pump_set(p, ALARM_PACE, pump_next_move(p));
	if (p->terms.mode == PUMP_RELAY) {
		short in = pump_in_events(p), out = pump_out_events(p);
		pump_watch(p, &p->side->in_watch, in < 0 ? out : out < 0 ? in : (short)(in | out));
	} else {
		pump_watch(p, &p->side->in_watch, pump_in_events(p));
		pump_watch(p, &p->side->out_watch, pump_out_events(p));
	}
	pump_watch(p, &p->peer_watch, pump_peer_events(p));
	if (p->side->up.transfer.patient || p->down.transfer.patient)
		pump_set(p, ALARM_PATIENCE, clock_after(clock_now(), PATIENCE));
	if (p->side->up.source_ended)
		pump_begin_quit(p);
}

void pump_proceed(struct pump *p)
{
	if (p->extras->dialogue)
		pump_follow_dialogue(p);
	if (pump_half_close(p))
		pump_over(p);
	else
		pump_wait(p);
}

/* Does anybody ask when something moved last? */
static bool pump_wants_time(const struct pump *p)
{
	return p->o->idle != UNSET || pump_peer_ended(p) || half_close_is_closing(p->state) ||
	       pump_is_set(p, ALARM_LINGER) || p->in->kind == ENDPOINT_SUBSCRIBER;
}

/* Is F a flow that waits for its source before and after it moves something, with nothing else to
 * it? Then neither the rule nor what is waited for has to be looked at again. */
static bool pump_is_plain(const struct pump *p, const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->transfer.sink_full && !f->source_ended &&
	       f->left == FLOW_NO_LIMIT && !f->rate && !f->transfer.filter &&
	       !f->transfer.patient && p->state.run == RUN_OPEN && !p->out_error;
}

/* Steps F, of whose source or sink poll(2) has told EVENTS. Where these tell that an end stands
 * behind what is read, that is read too, unless a call could block (a FIFO may have a writer
 * again), little is let through at a time, or what has come is still to be answered. */
static void pump_step(struct pump *p, struct flow *f, short events)
{
	bool more = events & (POLLHUP | wait_end) && !f->rate && !p->extras->dialogue;

	for (int i = 0; i < REPEATS; i++) {
		uint64_t n = flow_step(f);
		if (n)
			transfer_hurry(f == &p->side->up ? &p->down.transfer :
							   &p->side->up.transfer);
		if (n && f == &p->side->up && pump_beats(p))
			p->extras->last_heartbeat = loop_now(p->loop);
		if (n && pump_wants_time(p)) {
			p->last_move = loop_now(p->loop);
			if (f == &p->side->up)
				p->last_in = p->last_sent = p->last_move;
			else
				p->last_heard = p->last_move;
		}
		if (!n || (n < REPEAT_WORTH && !more) || !flow_may_repeat(f))
			return;
	}
}

static void pump_in_ready(void *arg, short events)
{
	struct pump *p = arg;
	bool plain = pump_is_plain(p, &p->side->up);

	pump_step(p, &p->side->up, events);
	if (!plain || !pump_is_plain(p, &p->side->up) || pump_flow_is_ready(&p->side->up))
		pump_proceed(p);
}

void pump_far_broken(struct pump *p, int fallback)
{
	int error = stream_error(p->out->wfd);

	if (!p->out_error)
		p->out_error = error ? error : fallback;
}

/* Both directions of the far connection. */
static void pump_far_ready(void *arg, short events)
{
	struct pump *p = arg;
	bool source = flow_wants_source(&p->side->up), sink = flow_wants_sink(&p->down);
	bool plain = !sink && pump_is_plain(p, &p->side->up);

	if (source && events & (POLLIN | POLLHUP | POLLERR))
		pump_step(p, &p->side->up, events);
	if (plain && pump_is_plain(p, &p->side->up))
		return;
	if (sink && events & (POLLOUT | POLLHUP | POLLERR))
		pump_step(p, &p->down, 0);
	if (!source && !sink && events & (POLLHUP | POLLERR))
		pump_far_broken(p, EPIPE);
	pump_proceed(p);
}

static void pump_queue_ready(void *arg)
{
	struct pump *p = arg;

	if (flow_wants_source(&p->side->up))
		p->side->in_watch.fn(p, POLLIN);
}

void pump_go_on(struct pump *p)
{
	if (pump_flow_is_ready(&p->side->up))
		pump_step(p, &p->side->up, 0);
	if (pump_flow_is_ready(&p->down))
		pump_step(p, &p->down, 0);
	pump_proceed(p);
}

static void pump_out_ready(void *arg, short events)
{
	struct pump *p = arg;

	if (flow_wants_sink(&p->down))
		pump_step(p, &p->down, 0);
	else if (events & (POLLERR | POLLHUP | POLLNVAL))
		p->out_error = EPIPE;
	pump_proceed(p);
}

/* The connection is broken, and neither flow is about to meet the error. */
static void pump_peer_broken(struct pump *p)
{
	bool after_end = p->down.state == FLOW_ENDED && p->down.source_ended;

	p->peer_error = stream_error(p->peer->rfd);
	if (!p->peer_error)
		p->peer_error = EPIPE;
	if (p->calls->closing)
		p->calls->closing(p->arg);
	/* A reset after the peer's FIN comes as EPIPE; then nothing has been lost yet. */
	if (!after_end && p->peer_error != EPIPE)
		pump_event(p, HALF_CLOSE_RESET, p->peer_error);
	/* But input that is there cannot be sent any more: let it find out. */
	if (!pump_nothing_to_send(p))
		pump_step(p, &p->side->up, 0);
}

/* Sends what the filter of the data received has answered, as long as that is possible. */
static void pump_send_answers(struct pump *p)
{
	if (!p->extras->up)
		return;
	if (p->state.send == SEND_SHUT || p->side->up.state == FLOW_SINK_FAILED)
		p->extras->up->inserted.length = 0;
	else
		flow_nudge(&p->side->up);
}

static void pump_peer_ready(void *arg, short events)
{
	struct pump *p = arg;
	bool source = flow_wants_source(&p->down), sink = flow_wants_sink(&p->side->up);
	bool back = p->terms.mode == PUMP_ECHO && flow_wants_sink(&p->down),
	     plain = !sink && pump_is_plain(p, &p->down);

	if ((source && events & (POLLIN | POLLHUP | POLLERR)) ||
	    (back && events & (POLLOUT | POLLHUP | POLLERR)))
		pump_step(p, &p->down, events);
	if (plain && pump_is_plain(p, &p->down))
		return;
	pump_send_answers(p);
	if (sink && events & (POLLOUT | POLLHUP | POLLERR))
		pump_step(p, &p->side->up, 0);
	if (!source && !sink && !back)
		pump_peer_broken(p);
	pump_proceed(p);
}

void pump_hurry(struct pump *p)
{
	transfer_hurry(&p->side->up.transfer);
	transfer_hurry(&p->down.transfer);
}

/* Until the end of its input each connection is armed. A UNIX socket knows no reset, but what was
 * read gets its moment there too. */
static void pump_promise(struct pump *p)
{
	struct half_close_terms *terms = &p->terms;
	bool has_input = terms->mode != PUMP_PLAIN || p->extras->dialogue ||
			 (!terms->recv_only && p->in->kind != ENDPOINT_NULL);

	terms->promises = terms->promises && has_input &&
			  (p->peer->kind == ENDPOINT_TCP || endpoint_delivers(p->peer));
	if (!terms->promises)
		return;
	endpoint_arm(p->peer);
	if (terms->mode == PUMP_RELAY)
		endpoint_arm(p->out);
}

void pump_open_in(struct pump *p, struct endpoint *in)
{
	p->in = in;
	p->side->in_watch =
		endpoint_watch(in, p->terms.mode == PUMP_RELAY ? pump_far_ready : pump_in_ready, p);
	if (p->terms.mode == PUMP_RELAY)
		endpoint_inline_urgent(in);
	if (in->kind == ENDPOINT_SUBSCRIBER) {
		struct subscriber *r = in->object;
		r->ready = pump_queue_ready;
		r->arg = p;
	}
}

static void pump_start_up(struct pump *p, const struct pump_config *c, struct endpoint *in)
{
	struct flow *up = &p->side->up;

	p->side->far_error = 0;
	p->side->far_waiting = 0;
	flow_start(up, in, p->peer,
		   &(struct flow_config){ c->extras->up, p->o->frame, c->messages_up, p->o->buffer,
					  c->extras->rates, FLOW_NO_LIMIT });
	if (p->terms.recv_only)
		flow_finish(up);
	up->transfer.in = up->transfer.out = c->sent_before;
}

void pump_start(struct pump *p, struct loop *loop, const struct pump_config *c,
		const struct pump_calls *calls, void *arg, struct endpoint *in,
		struct endpoint *out, struct endpoint *peer)
{
	*p = (struct pump){ .loop = loop,
			    .side = p->side,
			    .o = c->options,
			    .terms = c->terms,
			    .others_sent = c->others_sent,
			    .in_end_ends = c->in_end_ends,
			    .messages = c->messages_down,
			    .extras = c->extras,
			    .calls = calls,
			    .arg = arg,
			    .out = out,
			    .peer = peer,
			    .timer = { .fn = pump_alarm, .arg = p },
			    .received_most = UINT64_MAX,
			    .echoed_most = UINT64_MAX };
	if (c->extras->dialogue)
		in = pump_start_dialogue(p, in);
	pump_open_in(p, in);
	p->side->out_watch = endpoint_watch(out, pump_out_ready, p);
	p->peer_watch = endpoint_watch(peer, pump_peer_ready, p);
	pump_start_timers(p, c->quit_from_start && !c->extras->dialogue);
	pump_promise(p);
	/* What others have sent counts as activity as far as it is still on its way. */
	if (c->others_sent)
		p->acknowledged = -stream_unacknowledged(peer->wfd);
	endpoint_inline_urgent(peer);
	if (p->side != &pump_no_side)
		pump_start_up(p, c, in);
	flow_start(&p->down, peer, out,
		   &(struct flow_config){
			   c->extras->down, p->o->frame, c->messages_down, p->o->buffer,
			   c->extras->rates ? c->extras->rates + 1 : NULL, c->read_bytes });
	if (c->terms.send_only) {
		p->state.receive = RECEIVE_UNWANTED;
		flow_discard(&p->down);
	}
	if (c->extras->account)
		pump_account_start(p);
	if (c->close)
		pump_close(p);
	else
		pump_wait(p);
}

void pump_look(struct pump *p)
{
	if (flow_wants_source(&p->down))
		p->peer_watch.fn(p, POLLIN);
}

void pump_finish_in(struct pump *p)
{
	/* What stands there goes out once the steps are done. */
	if (p->extras->dialogue) {
		p->in_finished = true;
		return;
	}
	flow_limit(&p->side->up, p->side->up.source_ended ? 0 : endpoint_unread(p->in));
	p->in_end_ends = true;
	pump_set(p, ALARM_PACE, clock_now());
}

void pump_end_with_peer(struct pump *p)
{
	p->terms.peer_end_ends = true;
	if (pump_peer_ended(p))
		pump_finish_in(p);
}

void pump_wake(struct pump *p)
{
	pump_set(p, ALARM_PACE, pump_next_move(p));
}

void pump_close(struct pump *p)
{
	p->gives_way = p->terms.promises;
	pump_event(p, HALF_CLOSE_CLOSE, 0);
	/* The loop shows whether that was all. */
	pump_set(p, ALARM_PACE, clock_now());
}

bool pump_cut(struct pump *p)
{
	if (p->over)
		return false;
	if (pump_event(p, HALF_CLOSE_CUT, 0) || pump_half_close(p)) {
		pump_finish(p);
		return false;
	}
	p->cut = true;
	pump_wait(p);
	return true;
}

void pump_lose_out(struct pump *p)
{
	p->out_error = EPIPE;
	pump_set(p, ALARM_PACE, clock_now());
}

struct pump_waits pump_waits(const struct pump *p)
{
	return (struct pump_waits){
		.in = flow_wants_source(&p->side->up),
		.peer = flow_wants_source(&p->down) && pump_awaits(p) == HALF_CLOSE_WAIT_END,
		.peer_reading = flow_wants_sink(&p->side->up),
		.peer_silent = pump_awaits_silence(p),
		.out = flow_wants_sink(&p->down),
		.paused = flow_resume(&p->side->up) || flow_resume(&p->down),
		.acknowledged = pump_is_set(p, ALARM_ASK),
	};
}

/* A relay did not come to its end: each side learns it by a reset, since all that it was sent may
 * look complete. */
static void pump_break_off(const struct pump *p)
{
	bool broken_off = half_close_is_broken_off(p->state, &p->terms);

	if (p->state.send != SEND_SHUT || broken_off)
		endpoint_break(p->peer);
	if (p->state.receive != RECEIVE_PASSED || broken_off)
		endpoint_break(p->out);
}

void pump_free(struct pump *p)
{
	pump_stop(p);
	if (p->extras->account && p->extras->account->gone)
		*p->extras->account->gone = true;
	if (p->terms.mode == PUMP_RELAY && p->end != PUMP_DONE)
		pump_break_off(p);
	transfer_free(&p->side->up.transfer);
	transfer_free(&p->down.transfer);
}
