#define _DEFAULT_SOURCE /* FIONREAD */
#include <sys/ioctl.h>

#include "base/clock.h"
#include "flow/filter.h"
#include "flow/pump_parts.h"

#define NOTICE_AFTER SECOND
#define IDLE_LOOKS 8 /* looks at the time in that of -i */

/* What --linger gives the peer does not begin within a pause of our own. */
static void spare_pause(struct pump *p)
{
	int64_t resume = flow_holds(&p->up) ? flow_resume(&p->up) : 0;

	if (resume > p->last_sent)
		p->last_sent = resume;
}

void pump_begin_linger(struct pump *p)
{
	if (p->linger_timer.slot)
		return;
	p->last_sent = clock_now();
	spare_pause(p);
	timer_set(p->loop, &p->linger_timer, clock_after(p->last_sent, p->c.linger));
}

/* What leaves the socket's queue moves too, without an event: so that its time is known well
 * enough, the time limit is looked at more often than it can run out. */
static void idle(void *arg)
{
	struct pump *p = arg;
	int64_t now = clock_now(), up = flow_rests(&p->up), down = flow_rests(&p->down), limit;

	pump_acknowledged(p);
	pump_far_acknowledged(p);
	/* A pause that was asked for is no idleness, which begins anew behind it. */
	if (up > p->last_move)
		p->last_move = up;
	if (down > p->last_move)
		p->last_move = down;
	limit = clock_after(p->last_move, p->c.idle);
	if (now < limit) {
		int64_t look = clock_after(now, p->c.idle / IDLE_LOOKS + 1);
		timer_set(p->loop, &p->idle_timer, look < limit ? look : limit);
		return;
	}
	if (p->calls.idle && p->calls.idle(p->calls.arg, p)) {
		p->last_move = now;
		timer_set(p->loop, &p->idle_timer, clock_after(now, p->c.idle));
		flow_nudge(&p->up);
		pump_proceed(p);
		return;
	}
	pump_fail(p, PUMP_IDLE, 0);
	pump_over(p);
}

static void quit(void *arg)
{
	struct pump *p = arg;
	int n = 0;

	if (ioctl(p->peer->rfd, FIONREAD, &n) < 0)
		n = 0;
	p->quitting = true;
	flow_limit(&p->down, (uint64_t)n);
	pump_proceed(p);
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

/* Nothing may have been sent for the time of the heartbeat. What cannot be sent now, because the
 * peer takes nothing or no more is to come, is no silence of ours. */
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
	/* Nor is a pause of --rate: a beat would take from what it leaves for stdin. */
	if (p->last_beat != now || flow_holds(&p->up) || p->connecting || flow_rests(&p->up) > now)
		return;
	filter_beat(up);
	flow_nudge(&p->up);
	pump_proceed(p);
}

static void linger(void *arg)
{
	struct pump *p = arg;
	bool taken = pump_acknowledged(p), far_taken = pump_far_acknowledged(p);

	spare_pause(p);
	if (clock_now() - p->last_sent < p->c.linger) {
		timer_set(p->loop, &p->linger_timer, clock_after(p->last_sent, p->c.linger));
		return;
	}
	pump_fail(p, taken && far_taken ? PUMP_DONE : PUMP_UNSENT, 0);
	pump_over(p);
}

void pump_begin_quit(struct pump *p)
{
	if (p->quit_set)
		return;
	p->quit_set = true;
	timer_set(p->loop, &p->quit_timer, clock_after(clock_now(), p->c.quit_after_eof));
}

void pump_begin_notice(struct pump *p)
{
	p->last_in = clock_now();
	timer_set(p->loop, &p->notice_timer, clock_after(p->last_in, NOTICE_AFTER));
}

void pump_start_timers(struct pump *p)
{
	p->idle_timer = (struct timer){ .fn = idle, .arg = p };
	p->quit_timer = (struct timer){ .fn = quit, .arg = p };
	p->notice_timer = (struct timer){ .fn = notice, .arg = p };
	p->linger_timer = (struct timer){ .fn = linger, .arg = p };
	p->beat_timer = (struct timer){ .fn = beat, .arg = p };
	p->last_move = p->last_in = p->last_sent = p->last_beat = clock_now();
	if (p->c.idle != UNSET)
		timer_set(p->loop, &p->idle_timer, p->last_move);
	if (p->c.up && p->c.up->heartbeat)
		timer_set(p->loop, &p->beat_timer, clock_after(p->last_beat, p->c.up->heartbeat));
}
