#define _DEFAULT_SOURCE /* FIONREAD */
#include "flow/pump.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/wait.h"
#include "flow/fanout.h"
#include "net/stream.h"

#define REPEATS 8		/* steps of a flow before others get their turn */
#define REPEAT_WORTH (16 << 10) /* so much in one step: there is likely to be more */
#define NOTICE_AFTER SECOND
#define IDLE_LOOKS 8		   /* looks at the time in that of -i */
#define PATIENCE (5 * MILLISECOND) /* a nearer timer would cost more than it saves */
#define ACK_DELAY_FIRST MILLISECOND
#define ACK_DELAY_MOST (50 * MILLISECOND)

/* Does what the peer sends go back to it? */
static bool echoes(const struct pump *p)
{
	return p->out == p->peer;
}

/* Are `in` and `out` one connection? */
static bool relays(const struct pump *p)
{
	return p->in == p->out;
}

uint64_t pump_sent(const struct pump *p)
{
	uint64_t back = p->closing ? p->echoed : p->down.transfer.out;

	return p->up.transfer.out + (echoes(p) ? back : 0);
}

uint64_t pump_received(const struct pump *p)
{
	return p->closing ? p->received : p->down.transfer.in;
}

/* ---- what the rule asks and does ---- */

/* Is it known that a relay will not end well? Then what each side sees must not look like an end of stream. */
static bool is_broken_off(const struct pump *p)
{
	return relays(p) && p->end != PUMP_RUNNING && p->end != PUMP_DONE;
}

/* Was anything sent on this connection? */
static bool has_sent(const struct pump *p)
{
	return pump_sent(p) > 0 || p->c.others_sent;
}

/* How much of what we sent the peer's kernel has not acknowledged, -1 where ours cannot tell. What it
 * has by now is something that moved. */
static int64_t unacknowledged(struct pump *p)
{
	int64_t n = has_sent(p) ? stream_unacknowledged(p->peer->wfd) : 0;

	if (n >= 0 && (int64_t)pump_sent(p) - n > p->acknowledged) {
		p->acknowledged = (int64_t)pump_sent(p) - n;
		p->last_move = p->last_sent = clock_now();
	}
	return n;
}

/* Has the peer's kernel acknowledged all that we sent? Where the kernel cannot tell, the peer's end
 * has to do. */
static bool acknowledged(struct pump *p)
{
	int64_t n = unacknowledged(p);

	if (flow_holds(&p->up) || (echoes(p) && flow_holds(&p->down)))
		return false;
	if (!has_sent(p))
		return true;
	if (endpoint_delivers(p->peer)) /* what it took stands in the peer's queue */
		return true;
	if (n < 0)
		return p->peer_ended;
	return n <= (p->fin_sent ? 1 : 0); /* the FIN counts as one */
}

int64_t pump_last_taken(struct pump *p)
{
	if (!flow_wants_sink(&p->up))
		return clock_now();
	unacknowledged(p);
	return p->last_sent;
}

/* The same of the other connection, where there is one. If it is broken it will take nothing any more. */
static bool far_acknowledged(struct pump *p)
{
	int64_t n;

	if (!relays(p) || p->far_error || p->down.transfer.out == 0 || endpoint_delivers(p->out))
		return true;
	n = stream_unacknowledged(p->out->wfd);
	if (n < 0)
		return p->up.source_ended;
	if (n != p->far_waiting)
		p->last_move = p->last_sent = clock_now();
	p->far_waiting = n;
	return n <= (p->far_fin_sent ? 1 : 0);
}

/* The first thing that goes wrong is what the run is remembered for. */
static void fail(struct pump *p, enum pump_end end, int error)
{
	if (p->end == PUMP_RUNNING) {
		p->end = end;
		p->error = error;
	}
}

static bool over(struct pump *p)
{
	fail(p, PUMP_DONE, 0);
	return true;
}

/* What --linger gives the peer does not begin within a pause of our own. */
static void spare_pause(struct pump *p)
{
	int64_t resume = flow_holds(&p->up) ? flow_resume(&p->up) : 0;

	if (resume > p->last_sent)
		p->last_sent = resume;
}

/* From here on the time of --linger counts. */
static void begin_linger(struct pump *p)
{
	if (p->linger_timer.slot)
		return;
	p->last_sent = clock_now();
	spare_pause(p);
	timer_set(p->loop, &p->linger_timer, clock_after(p->last_sent, p->c.linger));
}

/* It is us who end: no more of `in` is read, what comes is thrown away, and what was read is still
 * sent as long as the peer takes it (--linger). */
static void end_from_here(struct pump *p)
{
	if (p->closing)
		return;
	p->received = pump_received(p);
	p->echoed = p->down.transfer.out;
	p->closing = true;
	/* And it does not count, nor go to -o and -x. */
	for (int i = 0; p->c.down && i < 2; i++)
		p->c.down->copies[i] = NULL;
	/* What stands in a queue was read already. */
	if (p->in->kind == ENDPOINT_QUEUE)
		flow_limit(&p->up, receiver_finish(p->in->queue));
	else
		flow_finish(&p->up);
	flow_discard(&p->down);
	begin_linger(p);
	if (p->calls.closing)
		p->calls.closing(p->calls.arg, p);
}

/* The connection broke. That ends all, but for what is still on its way to the other one (--linger). */
static bool over_here(struct pump *p)
{
	p->asking = !far_acknowledged(p);
	if (!p->asking)
		return over(p);
	begin_linger(p);
	return false;
}

/* The end of `in`, all of it sent, becomes the connection's. Without `in` it comes last. */
static void pass_on_end(struct pump *p)
{
	if (p->up_passed || p->up.state != FLOW_ENDED ||
	    (p->c.recv_only && !p->peer_ended && !p->closing))
		return;
	/* Under --fastopen a connection that has not sent anything is none yet. */
	p->connecting = p->c.fastopen && !has_sent(p) && !stream_connected(p->peer->wfd);
	if (p->connecting)
		return;
	p->up_passed = true;
	/* As of the peer, see take_peer_end(). */
	if (relays(p) && !p->c.keepalive_is_set)
		stream_probe(p->in->rfd);
	if ((p->c.no_shutdown && !p->closing) || p->peer_error || is_broken_off(p))
		return;
	endpoint_end(p->peer);
	p->fin_sent = true;
}

/* Is the peer's end of stream still to come? Not where what it sends is thrown away, and where we end
 * the connection only if that could destroy what we sent. */
static bool awaits_peer_end(const struct pump *p)
{
	if (p->peer_ended || p->c.send_only)
		return false;
	return !p->closing || (p->end == PUMP_RUNNING && has_sent(p));
}

/* The peer's end, all of it written, becomes that of `out`. */
static void take_peer_end(struct pump *p)
{
	if (p->peer_ended || p->down.state != FLOW_ENDED || !p->down.source_ended)
		return;
	p->peer_ended = true;
	if (p->down.transfer.to == p->out && !is_broken_off(p)) {
		/* What is closed cannot be taken out of the loop's set. */
		if (!relays(p))
			watch_drop(p->loop, &p->out_watch);
		endpoint_end(p->out);
		p->far_fin_sent = true;
	}
	if (p->calls.peer_ended)
		p->calls.peer_ended(p->calls.arg, p);
	if (p->c.peer_end_ends)
		end_from_here(p);
	if (p->up.state != FLOW_OPEN)
		return;
	/* A peer that is gone looks the same as one that only ended its sending. */
	if (!p->c.keepalive_is_set)
		stream_probe(p->peer->rfd);
	p->last_in = clock_now();
	timer_set(p->loop, &p->notice_timer, clock_after(p->last_in, NOTICE_AFTER));
}

/* Is nothing held, and nothing of `in` ready to be read? */
static bool nothing_to_send(const struct pump *p)
{
	return p->up.state != FLOW_OPEN ||
	       (!flow_holds(&p->up) && !p->up.transfer.sink_full && !endpoint_readable(p->in));
}

/* The other connection of a relay does not take what comes. What it has sent itself still goes to the peer. */
static void lose_far(struct pump *p, int error)
{
	p->far_error = error;
	fail(p, PUMP_OUT_FAILED, error);
	flow_discard(&p->down);
}

/* The same, but it shows while nothing is written. Until its end was read, reading will tell; after that it is
 * as with the peer: an error only where something is lost. */
static void look_at_far(struct pump *p)
{
	if (!p->out_broken || p->far_error || p->closing || p->up.state == FLOW_OPEN)
		return;
	if (!far_acknowledged(p) || flow_holds(&p->down)) {
		lose_far(p, p->out_error);
	} else if (p->down.state != FLOW_OPEN || !endpoint_readable(p->peer)) {
		p->far_error = p->out_error;
		begin_linger(p);
	}
}

/* The kernel tells an error once, to the one that comes first: where that was READING, of the same connection,
 * WRITING has met nothing but EPIPE. */
static int first_error(const struct flow *writing, const struct flow *reading)
{
	bool told = reading->source_ended && reading->state != FLOW_SINK_FAILED && reading->error;

	return writing->error == EPIPE && told ? reading->error : writing->error;
}

/* `out` cannot be written. */
static void take_out_failure(struct pump *p)
{
	if (p->c.out_may_end) {
		flow_discard(&p->down);
	} else if (relays(p)) {
		lose_far(p, first_error(&p->down, &p->up));
	} else {
		fail(p, PUMP_OUT_FAILED, p->down.error);
		end_from_here(p);
	}
}

/* sendfile(2) can move something, meet a reset and keep it to itself; then the next call meets EPIPE,
 * which otherwise says that the peer had ended before. */
static int reset_error(const struct pump *p, int error)
{
	return error == EPIPE && !p->peer_ended && p->peer->kind == ENDPOINT_TCP ? ECONNRESET :
										   error;
}

/* The half-close rule of sockit(1), all of it: each direction ends by itself, the run is over when
 * both have ended and the peer has everything. Returns whether it is over, with `end` set. */
static bool rule(struct pump *p)
{
	struct flow *up = &p->up, *down = &p->down;

	p->asking = false;
	if (down->state == FLOW_SINK_FAILED && echoes(p)) {
		fail(p, PUMP_RESET, reset_error(p, down->error));
		return over(p);
	}
	/* Nobody reads `out`: at once where something was to be written, else when all is sent. */
	if (down->state == FLOW_SINK_FAILED) {
		take_out_failure(p);
	} else if (relays(p)) {
		look_at_far(p);
	} else if (p->out_broken && !p->c.out_may_end && !p->closing && nothing_to_send(p)) {
		fail(p, PUMP_OUT_FAILED, EPIPE);
		end_from_here(p);
	}
	if (up->state == FLOW_SOURCE_FAILED) {
		fail(p, PUMP_IN_FAILED, up->error);
		p->far_error = up->error;
		up->state = FLOW_ENDED;
		end_from_here(p);
	}
	if (up->state == FLOW_ENDED && (p->in_end_ends || (p->c.up && p->c.up->quit)))
		end_from_here(p);
	if (up->state != FLOW_OPEN && p->far_error && is_broken_off(p))
		end_from_here(p);

	/* The time of -q is up: what has come so far was written, that is all. */
	if (p->quitting && down->state == FLOW_ENDED) {
		if (!acknowledged(p) || !far_acknowledged(p))
			fail(p, PUMP_UNSENT, 0);
		return over(p);
	}
	/* --read-bytes has them all. */
	if (down->state == FLOW_ENDED && !down->source_ended)
		end_from_here(p);

	take_peer_end(p);
	pass_on_end(p);

	/* The connection broke. What had been received before is still written, and the first error
	 * counts: after the peer's end, or ours, only if it cost input. */
	if (up->state == FLOW_SINK_FAILED)
		fail(p, PUMP_RESET, reset_error(p, first_error(up, down)));
	if (down->state == FLOW_SOURCE_FAILED) {
		if (!p->closing || !acknowledged(p))
			fail(p, PUMP_RESET, down->error);
		return over_here(p);
	}
	if (down->state == FLOW_ENDED && (up->state == FLOW_SINK_FAILED || p->peer_error)) {
		if (!acknowledged(p))
			fail(p, PUMP_RESET, p->peer_error);
		return over_here(p);
	}

	/* Both have ended. */
	if (!p->up_passed || awaits_peer_end(p))
		return false;
	p->asking = !acknowledged(p) || !far_acknowledged(p);
	return !p->asking && over(p);
}

/* ---- the loop's side ---- */

static void watch(struct pump *p, struct watch *w, short events)
{
	if (events < 0)
		watch_drop(p->loop, w);
	else
		watch_set(p->loop, w, events);
}

/* What to wait for; -1 for nothing, not even for the errors and hang-ups that poll(2) would then
 * report for ever. */
static short in_events(const struct pump *p)
{
	return p->in->rfd >= 0 && flow_wants_source(&p->up) ? POLLIN : -1;
}

static short out_events(const struct pump *p)
{
	if (echoes(p) || p->out->wfd < 0)
		return -1;
	if (p->down.transfer.to != p->out || p->down.state != FLOW_OPEN)
		return -1;
	if (flow_wants_sink(&p->down))
		return POLLOUT;
	/* A reader that goes away while there is nothing to write shows as an error; where several
	 * write, that is for somebody else to notice. */
	return p->out_broken || p->out->shared || p->out->kind == ENDPOINT_FILE ||
			       p->out->kind == ENDPOINT_NULL ?
		       -1 :
		       0;
}

static short peer_events(const struct pump *p)
{
	bool sink = flow_wants_sink(&p->up) || (echoes(p) && flow_wants_sink(&p->down));
	short events = (short)((flow_wants_source(&p->down) ? POLLIN : 0) |
			       (sink || p->connecting ? POLLOUT : 0));

	/* What it is not the time for yet will meet any error by itself. */
	if (!events && flow_resume(&p->down))
		return -1;
	/* With nothing to move a broken connection still matters while `in` may have more. */
	return events || (p->up.state == FLOW_OPEN && !p->peer_error) ? events : -1;
}

/* Only acknowledgements are missing: they make no event, so ask for them at a growing interval. */
static int64_t next_question(struct pump *p)
{
	if (!p->asking)
		return NEVER;
	if (p->ack_timer.slot)
		return p->ack_timer.at;
	p->ack_delay = p->ack_delay ? 2 * p->ack_delay : ACK_DELAY_FIRST;
	if (p->ack_delay > ACK_DELAY_MOST)
		p->ack_delay = ACK_DELAY_MOST;
	return clock_after(clock_now(), p->ack_delay);
}

static void stop(struct pump *p)
{
	struct timer *timers[] = { &p->idle_timer,   &p->quit_timer, &p->notice_timer,
				   &p->linger_timer, &p->ack_timer,  &p->patience_timer,
				   &p->pace_timer,   &p->beat_timer };

	watch_drop(p->loop, &p->in_watch);
	watch_drop(p->loop, &p->out_watch);
	watch_drop(p->loop, &p->peer_watch);
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
		timer_drop(p->loop, timers[i]);
}

static void end(struct pump *p)
{
	stop(p);
	p->calls.over(p->calls.arg, p);
}

/* A fan-out makes no event of what it still has, or has room for. */
static bool queue_is_ready(const struct pump *p)
{
	return p->in->kind == ENDPOINT_QUEUE && flow_wants_source(&p->up) &&
	       endpoint_readable(p->in);
}

static bool sender_is_ready(const struct pump *p)
{
	return p->out->kind == ENDPOINT_SENDER && flow_wants_sink(&p->down) &&
	       sender_ready(p->out->sender);
}

/* When to go on though no descriptor is ready. */
static int64_t next_move(const struct pump *p)
{
	int64_t up = flow_resume(&p->up), down = flow_resume(&p->down);

	if (queue_is_ready(p) || sender_is_ready(p))
		return clock_now();
	if (!up && !down)
		return NEVER;
	return up && (!down || up < down) ? up : down;
}

static void wait_for_more(struct pump *p)
{
	if (relays(p)) {
		short in = in_events(p), out = out_events(p);
		watch(p, &p->in_watch, in < 0 ? out : out < 0 ? in : (short)(in | out));
	} else {
		watch(p, &p->in_watch, in_events(p));
		watch(p, &p->out_watch, out_events(p));
	}
	watch(p, &p->peer_watch, peer_events(p));
	timer_set(p->loop, &p->ack_timer, next_question(p));
	timer_set(p->loop, &p->pace_timer, next_move(p));
	if (p->up.transfer.patient || p->down.transfer.patient)
		timer_set(p->loop, &p->patience_timer, clock_after(clock_now(), PATIENCE));
	/* -q counts from the end of `in`, whatever else moves. */
	if (p->up.source_ended && !p->quit_set) {
		p->quit_set = true;
		timer_set(p->loop, &p->quit_timer, clock_after(clock_now(), p->c.quit_after_eof));
	}
}

/* After anything has happened. */
static void proceed(struct pump *p)
{
	if (rule(p))
		end(p);
	else
		wait_for_more(p);
}

/* Does anybody ask when something moved last? */
static bool wants_time(const struct pump *p)
{
	return p->c.idle != UNSET || p->peer_ended || p->closing || p->in->kind == ENDPOINT_QUEUE;
}

/* Is F one of which nothing changes when it moves something: a plain flow, that waits for its source
 * before and after? Then neither the rule nor what is waited for has to be looked at again. */
static bool is_plain(const struct pump *p, const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->transfer.sink_full && !f->source_ended &&
	       f->left == FLOW_NO_LIMIT && f->rate == UNSET && !f->transfer.filter &&
	       !f->transfer.patient && !p->closing && !p->connecting && !p->out_broken &&
	       p->end == PUMP_RUNNING;
}

static void step(struct pump *p, struct flow *f)
{
	for (int i = 0; i < REPEATS; i++) {
		uint64_t n = flow_step(f);
		if (n)
			transfer_hurry(f == &p->up ? &p->down.transfer : &p->up.transfer);
		if (n && f == &p->up && p->c.up && p->c.up->heartbeat)
			p->last_beat = loop_now(p->loop);
		if (n && wants_time(p)) {
			p->last_move = loop_now(p->loop);
			if (f == &p->up)
				p->last_in = p->last_sent = p->last_move;
		}
		if (n < REPEAT_WORTH || !flow_may_repeat(f))
			return;
	}
}

static void in_ready(void *arg, short events)
{
	struct pump *p = arg;
	bool plain = is_plain(p, &p->up);

	(void)events;
	step(p, &p->up);
	if (!plain || !is_plain(p, &p->up) || queue_is_ready(p))
		proceed(p);
}

/* The other connection is broken, and no flow is about to meet the error; that is FALLBACK where the kernel has
 * none. */
static void far_broken(struct pump *p, int fallback)
{
	int error = stream_error(p->out->wfd);

	if (!p->out_broken)
		p->out_error = error ? error : fallback;
	p->out_broken = p->out_error;
}

/* Both directions of the other connection. */
static void far_ready(void *arg, short events)
{
	struct pump *p = arg;
	bool source = flow_wants_source(&p->up), sink = flow_wants_sink(&p->down);
	bool plain = !sink && is_plain(p, &p->up);

	if (source && events & (POLLIN | POLLHUP | POLLERR))
		step(p, &p->up);
	if (plain && is_plain(p, &p->up))
		return;
	if (sink && events & (POLLOUT | POLLHUP | POLLERR))
		step(p, &p->down);
	if (!source && !sink && events & (POLLHUP | POLLERR))
		far_broken(p, EPIPE);
	proceed(p);
}

static void queue_ready(void *arg)
{
	struct pump *p = arg;

	if (flow_wants_source(&p->up))
		in_ready(p, POLLIN);
}

static void go_on(void *arg)
{
	struct pump *p = arg;

	if (queue_is_ready(p))
		step(p, &p->up);
	if (sender_is_ready(p))
		step(p, &p->down);
	proceed(p);
}

static void out_ready(void *arg, short events)
{
	struct pump *p = arg;

	if (flow_wants_sink(&p->down))
		step(p, &p->down);
	else if (events & (POLLERR | POLLHUP | POLLNVAL))
		p->out_broken = true;
	proceed(p);
}

/* The connection is broken, and neither flow is about to meet the error. */
static void peer_broken(struct pump *p)
{
	bool after_end = p->down.state == FLOW_ENDED && p->down.source_ended;

	p->peer_error = stream_error(p->peer->rfd);
	if (!p->peer_error)
		p->peer_error = EPIPE;
	/* A reset after the peer's FIN comes as EPIPE; then nothing has been lost yet. */
	if (!after_end && p->peer_error != EPIPE)
		fail(p, PUMP_RESET, p->peer_error);
	/* But input that is there cannot be sent any more: let it find out. */
	if (!nothing_to_send(p))
		step(p, &p->up);
}

/* What the filter of what came answers goes out like the rest, as long as that is possible. */
static void take_answers(struct pump *p)
{
	if (!p->c.up)
		return;
	if (p->fin_sent || p->up.state == FLOW_SINK_FAILED)
		p->c.up->urgent.length = 0;
	else
		flow_nudge(&p->up);
}

static void peer_ready(void *arg, short events)
{
	struct pump *p = arg;
	bool source = flow_wants_source(&p->down), sink = flow_wants_sink(&p->up);
	bool back = echoes(p) && flow_wants_sink(&p->down), plain = !sink && is_plain(p, &p->down);

	if ((source && events & (POLLIN | POLLHUP | POLLERR)) ||
	    (back && events & (POLLOUT | POLLHUP | POLLERR)))
		step(p, &p->down);
	if (plain && is_plain(p, &p->down))
		return;
	take_answers(p);
	if (sink && events & (POLLOUT | POLLHUP | POLLERR))
		step(p, &p->up);
	if (!source && !sink && !back && !p->connecting)
		peer_broken(p);
	proceed(p);
}

static void ask_again(void *arg)
{
	struct pump *p = arg;

	/* Nobody reads any more who would meet it. */
	if (p->down.state != FLOW_OPEN && !p->peer_error)
		p->peer_error = stream_error(p->peer->rfd);
	/* Somebody else has met the error. What has been ended both ways, and has been acknowledged, is gone as well. */
	if (p->c.others_sent && !p->peer_error && stream_is_gone(p->peer->wfd) &&
	    stream_unacknowledged(p->peer->wfd) > 0)
		p->peer_error = EPIPE;
	if (relays(p) && p->up.state != FLOW_OPEN)
		far_broken(p, 0);
	proceed(p);
}

/* What has come was little after all, and should not wait for more. */
static void hurry(void *arg)
{
	struct pump *p = arg;

	transfer_hurry(&p->up.transfer);
	transfer_hurry(&p->down.transfer);
}

/* What leaves the socket's queue moves too, without an event: so that its time is known well enough,
 * the time limit is looked at more often than it can run out. */
static void idle(void *arg)
{
	struct pump *p = arg;
	int64_t now = clock_now(), limit;

	acknowledged(p);
	far_acknowledged(p);
	limit = clock_after(p->last_move, p->c.idle);
	if (now < limit) {
		int64_t look = clock_after(now, p->c.idle / IDLE_LOOKS + 1);
		timer_set(p->loop, &p->idle_timer, look < limit ? look : limit);
		return;
	}
	fail(p, PUMP_IDLE, 0);
	end(p);
}

static void quit(void *arg)
{
	struct pump *p = arg;
	int n = 0;

	if (ioctl(p->peer->rfd, FIONREAD, &n) < 0)
		n = 0;
	p->quitting = true;
	flow_limit(&p->down, (uint64_t)n);
	proceed(p);
}

static void notice(void *arg)
{
	struct pump *p = arg;

	if (p->up.state != FLOW_OPEN || !p->calls.waiting)
		return;
	if (flow_wants_source(&p->up) && clock_now() - p->last_in >= NOTICE_AFTER)
		p->calls.waiting(p->calls.arg, p);
	else
		timer_set(p->loop, &p->notice_timer, clock_after(clock_now(), NOTICE_AFTER));
}

/* Nothing may have been sent for the time of the heartbeat. What cannot be sent now, because the peer takes
 * nothing or no more is to come, is no silence of ours. */
static void beat(void *arg)
{
	struct pump *p = arg;
	struct filter *up = p->c.up;
	int64_t now = clock_now(), due = clock_after(p->last_beat, up->heartbeat);

	if (p->fin_sent || p->closing || p->up.state == FLOW_SINK_FAILED)
		return;
	if (now >= due) {
		p->last_beat = now;
		due = clock_after(now, up->heartbeat);
	}
	timer_set(p->loop, &p->beat_timer, due);
	if (p->last_beat != now || flow_holds(&p->up) || p->connecting)
		return;
	filter_beat(up);
	flow_nudge(&p->up);
	proceed(p);
}

static void linger(void *arg)
{
	struct pump *p = arg;

	bool taken = acknowledged(p), far_taken = far_acknowledged(p);

	spare_pause(p);
	if (clock_now() - p->last_sent < p->c.linger) {
		timer_set(p->loop, &p->linger_timer, clock_after(p->last_sent, p->c.linger));
		return;
	}
	fail(p, taken && far_taken ? PUMP_DONE : PUMP_UNSENT, 0);
	end(p);
}

void pump_start(struct pump *p, struct loop *loop, const struct pump_config *c,
		const struct pump_calls *calls, struct endpoint *in, struct endpoint *out,
		struct endpoint *peer)
{
	*p = (struct pump){
		.loop = loop, .c = *c, .calls = *calls, .in = in, .out = out, .peer = peer
	};
	p->in_watch =
		(struct watch){ .fd = in->rfd, .fn = relays(p) ? far_ready : in_ready, .arg = p };
	p->out_watch = (struct watch){ .fd = out->wfd, .fn = out_ready, .arg = p };
	p->peer_watch = (struct watch){ .fd = peer->rfd, .fn = peer_ready, .arg = p };
	p->idle_timer = (struct timer){ .fn = idle, .arg = p };
	p->quit_timer = (struct timer){ .fn = quit, .arg = p };
	p->notice_timer = (struct timer){ .fn = notice, .arg = p };
	p->linger_timer = (struct timer){ .fn = linger, .arg = p };
	p->patience_timer = (struct timer){ .fn = hurry, .arg = p };
	p->ack_timer = (struct timer){ .fn = ask_again, .arg = p };
	p->pace_timer = (struct timer){ .fn = go_on, .arg = p };
	p->beat_timer = (struct timer){ .fn = beat, .arg = p };
	p->last_move = p->last_in = p->last_sent = clock_now();
	/* Of what others have sent, only what is still on its way can move. */
	if (c->others_sent)
		p->acknowledged = -stream_unacknowledged(peer->wfd);
	if (peer->kind == ENDPOINT_TCP)
		stream_inline_urgent(peer->rfd);
	flow_start(&p->up, in, peer,
		   &(struct flow_config){ c->up, c->frame, c->buffer, c->rate, FLOW_NO_LIMIT });
	flow_start(&p->down, peer, out,
		   &(struct flow_config){ c->down, c->frame, c->buffer, c->rate, c->read_bytes });
	if (in->kind == ENDPOINT_QUEUE)
		receiver_on_ready(in->queue, queue_ready, p);
	if (c->send_only)
		flow_discard(&p->down);
	if (c->recv_only)
		flow_finish(&p->up);
	/* --fastopen waits for the first data, where there is none with a peer that may speak first. */
	if (c->fastopen && !(flow_wants_source(&p->up) && endpoint_readable(in)))
		stream_connected(peer->wfd);
	if (c->idle != UNSET)
		timer_set(loop, &p->idle_timer, p->last_move);
	p->last_beat = p->last_sent;
	if (c->up && c->up->heartbeat)
		timer_set(loop, &p->beat_timer, clock_after(p->last_beat, c->up->heartbeat));
	if (c->close)
		pump_close(p);
	else
		wait_for_more(p);
}

void pump_finish_in(struct pump *p)
{
	int n = 0;

	if (!p->up.source_ended && ioctl(p->in->rfd, FIONREAD, &n) < 0)
		n = 0;
	flow_limit(&p->up, (uint64_t)n);
	p->in_end_ends = true;
	timer_set(p->loop, &p->pace_timer, clock_now());
}

void pump_wake(struct pump *p)
{
	timer_set(p->loop, &p->pace_timer, next_move(p));
}

void pump_close(struct pump *p)
{
	end_from_here(p);
	/* Whether that was all shows in the loop. */
	timer_set(p->loop, &p->pace_timer, clock_now());
}

struct pump_waits pump_waits(const struct pump *p)
{
	return (struct pump_waits){
		.in = flow_wants_source(&p->up),
		.peer = flow_wants_source(&p->down) && awaits_peer_end(p),
		.peer_reading = flow_wants_sink(&p->up),
		.out = flow_wants_sink(&p->down),
		.paused = flow_resume(&p->up) || flow_resume(&p->down),
		.acknowledged = p->asking,
	};
}

/* Where a relay did not come to its end, each side learns it by a reset: all that it was sent may look complete. */
static void break_off(struct pump *p)
{
	if (!p->fin_sent || is_broken_off(p))
		endpoint_break(p->peer);
	if (!p->far_fin_sent || is_broken_off(p))
		endpoint_break(p->out);
}

void pump_free(struct pump *p)
{
	stop(p);
	if (relays(p) && p->end != PUMP_DONE)
		break_off(p);
	flow_free(&p->up);
	flow_free(&p->down);
}
