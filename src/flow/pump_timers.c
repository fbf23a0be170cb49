/* pump_timers.c - the limits of time of a connection, and its heartbeat */
#include "base/clock.h"
#include "flow/filter.h"
#include "flow/pump_parts.h"
#include "sock/stream.h"

#define NOTICE_AFTER SECOND
#define HURRIED_LINGER SECOND
#define LOOKS 8 /* within the time of -i, or of --linger */

/* When to look next whether the time LIMIT, DUE by now, is up: acknowledgements count as activity
 * but make no event. */
static int64_t pump_next_look(int64_t due, int64_t limit)
{
	int64_t look = clock_after(clock_now(), limit / LOOKS + 1);

	return look < due ? look : due;
}

/* The time of --linger does not run within a pause of our own. */
static void pump_spare_pause(struct pump *p)
{
	int64_t resume = flow_holds(&p->up) ? flow_resume(&p->up) : 0;

	if (resume > p->last_sent)
		p->last_sent = resume;
}

void pump_begin_linger(struct pump *p)
{
	if (p->linger_timer.slot)
		return;
	/* What was acknowledged before does not count. */
	pump_acknowledged(p);
	pump_far_acknowledged(p);
	p->last_sent = p->last_move = clock_now();
	pump_spare_pause(p);
	timer_set(p->loop, &p->linger_timer,
		  pump_next_look(clock_after(p->last_sent, p->c.linger), p->c.linger));
}

/* What comes of a large message stays with the kernel for a while. */
static void pump_look_at_unread(struct pump *p)
{
	size_t unread = 0;

	if (p->down.transfer.awaited)
		unread += endpoint_unread(p->peer);
	if (p->up.transfer.awaited)
		unread += endpoint_unread(p->in);
	if (unread > p->unread)
		p->last_move = p->last_heard = clock_now();
	p->unread = unread;
}

static void pump_look_idle(void *arg)
{
	struct pump *p = arg;
	int64_t now = clock_now(), up = flow_rests(&p->up), down = flow_rests(&p->down), limit;
	/* That its kernel takes heartbeats does not show that the peer lives. */
	int64_t *moved = pump_beats(p) ? &p->last_heard : &p->last_move;

	pump_acknowledged(p);
	pump_far_acknowledged(p);
	pump_look_at_unread(p);
	/* A pause that was asked for is no idleness, which begins anew behind it. */
	*moved = up > *moved ? up : *moved;
	*moved = down > *moved ? down : *moved;
	/* Nor is it one where the peer's silence is what ends the run. */
	limit = clock_after(pump_awaits_silence(p) ? now : *moved, p->c.idle);
	if (now < limit) {
		timer_set(p->loop, &p->idle_timer, pump_next_look(limit, p->c.idle));
		return;
	}
	if (p->calls.idle && p->calls.idle(p->calls.arg)) {
		p->last_move = p->last_heard = now;
		timer_set(p->loop, &p->idle_timer, clock_after(now, p->c.idle));
		flow_nudge(&p->up);
		pump_proceed(p);
		return;
	}
	if (pump_event(p, HALF_CLOSE_IDLE, 0))
		pump_over(p);
	else
		pump_proceed(p);
}

static void pump_quit(void *arg)
{
	struct pump *p = arg;

	if (pump_peer_ended(p)) {
		pump_time_is_up(p);
		pump_over(p);
	} else {
		p->quit = true;
		pump_event(p, HALF_CLOSE_QUIT, 0);
		pump_proceed(p);
	}
}

/* A peer that is gone looks the same as one that only ended its sending. Most end within the
 * second, and cost no calls. */
static void pump_probe(struct pump *p)
{
	if (p->unprobed && !p->c.keepalive_is_set && pump_peer_ended(p))
		stream_probe(p->peer->rfd);
	if (p->unprobed && !p->c.keepalive_is_set && p->c.terms.mode == PUMP_RELAY &&
	    p->up.source_ended)
		stream_probe(p->in->rfd);
	p->unprobed = false;
}

static void pump_notice_waiting(void *arg)
{
	struct pump *p = arg;

	pump_probe(p);
	if (p->up.state != FLOW_OPEN || !p->calls.waiting)
		return;
	if (flow_wants_source(&p->up) && clock_now() - p->last_in >= NOTICE_AFTER)
		p->calls.waiting(p->calls.arg);
	else
		timer_set(p->loop, &p->notice_timer, clock_after(clock_now(), NOTICE_AFTER));
}

/* Sends a heartbeat after that much silence. Not while output is blocked or ended: that silence is
 * not ours. */
static void pump_send_heartbeat(void *arg)
{
	struct pump *p = arg;
	struct filter *up = p->c.up;
	int64_t now = clock_now(), due = clock_after(p->last_heartbeat, up->heartbeat);

	if (p->state.send == SEND_SHUT || half_close_is_closing(p->state) ||
	    p->up.state == FLOW_SINK_FAILED)
		return;
	if (now >= due) {
		p->last_heartbeat = now;
		due = clock_after(now, up->heartbeat);
	}
	timer_set(p->loop, &p->heartbeat_timer, due);
	/* Nor in a pause of --rate: a heartbeat would take from what that leaves for stdin. */
	if (p->last_heartbeat != now || flow_holds(&p->up) || flow_rests(&p->up) > now)
		return;
	filter_put_heartbeat(up, &up->inserted);
	flow_nudge(&p->up);
	pump_proceed(p);
}

static void pump_end_linger(void *arg)
{
	struct pump *p = arg;
	bool taken = pump_acknowledged(p), far_taken = pump_far_acknowledged(p), silent;
	int64_t due;

	pump_spare_pause(p);
	silent = taken && far_taken && pump_awaits(p) == HALF_CLOSE_WAIT_SILENT;
	due = clock_after(silent ? p->last_move : p->last_sent, p->c.linger);
	if (!p->hurried && clock_now() < due) {
		timer_set(p->loop, &p->linger_timer, pump_next_look(due, p->c.linger));
		return;
	}
	/* What a broken `out` has not taken in all that time is lost. */
	if (p->out_error && p->state.receive == RECEIVE_OPEN && flow_holds(&p->down))
		pump_event(p, HALF_CLOSE_OUT_FAILED, p->out_error);
	pump_time_is_up(p);
	pump_over(p);
}

void pump_hurry_end(struct pump *p)
{
	p->hurried = true;
	timer_set(p->loop, &p->linger_timer, clock_after(clock_now(), HURRIED_LINGER));
}

void pump_begin_quit(struct pump *p)
{
	if (p->c.quit_after_eof != UNSET && !p->quit_timer.at)
		timer_set(p->loop, &p->quit_timer, clock_after(clock_now(), p->c.quit_after_eof));
}

void pump_begin_notice(struct pump *p)
{
	p->unprobed = true;
	p->last_in = clock_now();
	timer_set(p->loop, &p->notice_timer, clock_after(p->last_in, NOTICE_AFTER));
}

void pump_start_timers(struct pump *p)
{
	p->idle_timer = (struct timer){ .fn = pump_look_idle, .arg = p };
	p->quit_timer = (struct timer){ .fn = pump_quit, .arg = p };
	p->notice_timer = (struct timer){ .fn = pump_notice_waiting, .arg = p };
	p->linger_timer = (struct timer){ .fn = pump_end_linger, .arg = p };
	p->heartbeat_timer = (struct timer){ .fn = pump_send_heartbeat, .arg = p };
	p->last_move = p->last_in = p->last_sent = p->last_heard = p->last_heartbeat = clock_now();
	if (p->c.idle != UNSET)
		timer_set(p->loop, &p->idle_timer, p->last_move);
	if (p->c.quit_from_start)
		pump_begin_quit(p);
	if (pump_beats(p))
		timer_set(p->loop, &p->heartbeat_timer,
			  clock_after(p->last_heartbeat, p->c.up->heartbeat));
}
