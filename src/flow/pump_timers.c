/* pump_timers.c - the limits of time of a connection, and its heartbeat */
#include "base/clock.h"
#include "flow/filter.h"
#include "flow/pump_parts.h"
#include "sock/stream.h"

#define NOTICE_AFTER SECOND
#define HURRIED_LINGER SECOND
#define LOOKS 8 /* within the time of -i, or of --linger */

void pump_set(struct pump *p, enum pump_alarm w, int64_t at)
{
	int64_t first = NEVER;

	at = at == NEVER ? 0 : at;
	if (p->alarms[w] == at)
		return;
	p->alarms[w] = at;
	for (int i = 0; i < ALARMS; i++)
		if (p->alarms[i] && p->alarms[i] < first)
			first = p->alarms[i];
	timer_set(p->loop, &p->timer, first);
}

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
	int64_t resume = flow_holds(&p->side->up) ? flow_resume(&p->side->up) : 0;

	if (resume > p->last_sent)
		p->last_sent = resume;
}

void pump_begin_linger(struct pump *p)
{
	if (pump_is_set(p, ALARM_LINGER))
		return;
	/* What was acknowledged before does not count. */
	pump_acknowledged(p);
	pump_far_acknowledged(p);
	p->last_sent = p->last_move = clock_now();
	pump_spare_pause(p);
	pump_set(p, ALARM_LINGER,
		 pump_next_look(clock_after(p->last_sent, p->o->linger), p->o->linger));
}

/* What comes of a large message stays with the kernel for a while. */
static void pump_look_at_unread(struct pump *p)
{
	size_t unread = 0;

	if (p->down.transfer.awaited)
		unread += endpoint_unread(p->peer);
	if (p->side->up.transfer.awaited)
		unread += endpoint_unread(p->in);
	if (unread > p->unread)
		p->last_move = p->last_heard = clock_now();
	p->unread = unread;
}

static void pump_look_idle(struct pump *p)
{
	int64_t now = clock_now(), up = flow_rests(&p->side->up), down = flow_rests(&p->down),
		limit;
	/* That its kernel takes heartbeats does not show that the peer lives. */
	int64_t *moved = pump_beats(p) ? &p->last_heard : &p->last_move;

	pump_acknowledged(p);
	pump_far_acknowledged(p);
	pump_look_at_unread(p);
	/* A pause that was asked for is no idleness, which begins anew behind it. */
	*moved = up > *moved ? up : *moved;
	*moved = down > *moved ? down : *moved;
	/* Nor is it one where the peer's silence is what ends the run. */
	limit = clock_after(pump_awaits_silence(p) ? now : *moved, p->o->idle);
	if (now < limit) {
		pump_set(p, ALARM_IDLE, pump_next_look(limit, p->o->idle));
		return;
	}
	if (p->calls->idle && p->calls->idle(p->arg)) {
		p->last_move = p->last_heard = now;
		pump_set(p, ALARM_IDLE, clock_after(now, p->o->idle));
		flow_nudge(&p->side->up);
		pump_proceed(p);
		return;
	}
	if (pump_event(p, HALF_CLOSE_IDLE, 0))
		pump_over(p);
	else
		pump_proceed(p);
}

static void pump_quit(struct pump *p)
{
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
	if (p->unprobed && !p->o->keepalive_is_set && pump_peer_ended(p))
		stream_probe(p->peer->rfd);
	if (p->unprobed && !p->o->keepalive_is_set && p->terms.mode == PUMP_RELAY &&
	    p->side->up.source_ended)
		stream_probe(p->in->rfd);
	p->unprobed = false;
}

static void pump_notice_waiting(struct pump *p)
{
	pump_probe(p);
	if (p->side->up.state != FLOW_OPEN || !p->calls->waiting)
		return;
	if (flow_wants_source(&p->side->up) && clock_now() - p->last_in >= NOTICE_AFTER)
		p->calls->waiting(p->arg);
	else
		pump_set(p, ALARM_NOTICE, clock_after(clock_now(), NOTICE_AFTER));
}

/* Sends a heartbeat after that much silence. Not while output is blocked or ended: that silence is
 * not ours. */
static void pump_send_heartbeat(struct pump *p)
{
	struct filter *up = p->extras->up;
	int64_t now = clock_now(), *last = &p->extras->last_heartbeat,
		due = clock_after(*last, up->heartbeat);

	if (p->state.send == SEND_SHUT || half_close_is_closing(p->state) ||
	    p->side->up.state == FLOW_SINK_FAILED)
		return;
	if (now >= due) {
		*last = now;
		due = clock_after(now, up->heartbeat);
	}
	pump_set(p, ALARM_HEARTBEAT, due);
	/* Nor in a pause of --rate: a heartbeat would take from what that leaves for stdin. */
	if (*last != now || flow_holds(&p->side->up) || flow_rests(&p->side->up) > now)
		return;
	filter_put_heartbeat(up, &up->inserted);
	flow_nudge(&p->side->up);
	pump_proceed(p);
}

static void pump_end_linger(struct pump *p)
{
	bool taken = pump_acknowledged(p), far_taken = pump_far_acknowledged(p), silent;
	int64_t due;

	pump_spare_pause(p);
	silent = taken && far_taken && pump_awaits(p) == HALF_CLOSE_WAIT_SILENT;
	due = clock_after(silent ? p->last_move : p->last_sent, p->o->linger);
	if (!p->hurried && clock_now() < due) {
		pump_set(p, ALARM_LINGER, pump_next_look(due, p->o->linger));
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
	pump_set(p, ALARM_LINGER, clock_after(clock_now(), HURRIED_LINGER));
}

void pump_begin_quit(struct pump *p)
{
	if (p->o->quit_after_eof != UNSET && !p->quit && !pump_is_set(p, ALARM_QUIT))
		pump_set(p, ALARM_QUIT, clock_after(clock_now(), p->o->quit_after_eof));
}

void pump_begin_notice(struct pump *p)
{
	p->unprobed = true;
	p->last_in = clock_now();
	pump_set(p, ALARM_NOTICE, clock_after(p->last_in, NOTICE_AFTER));
}

void pump_alarm(void *arg)
{
	struct pump *p = arg;
	enum pump_alarm w = 0;

	while (p->alarms[w] != p->timer.at)
		w++;
	pump_set(p, w, NEVER);
	switch (w) {
	case ALARM_PACE:
		pump_go_on(p);
		break;
	case ALARM_PATIENCE:
		pump_hurry(p);
		break;
	case ALARM_ASK:
		pump_ask_again(p);
		break;
	case ALARM_IDLE:
		pump_look_idle(p);
		break;
	case ALARM_QUIT:
		pump_quit(p);
		break;
	case ALARM_NOTICE:
		pump_notice_waiting(p);
		break;
	case ALARM_LINGER:
		pump_end_linger(p);
		break;
	case ALARM_HEARTBEAT:
		pump_send_heartbeat(p);
		break;
	default:
		pump_look_at_step(p);
		break;
	}
}

void pump_start_timers(struct pump *p, bool quit)
{
	p->last_move = p->last_in = p->last_sent = p->last_heard = clock_now();
	if (p->o->idle != UNSET)
		pump_set(p, ALARM_IDLE, p->last_move);
	if (quit)
		pump_begin_quit(p);
	if (!pump_beats(p))
		return;
	p->extras->last_heartbeat = p->last_move;
	pump_set(p, ALARM_HEARTBEAT, clock_after(p->last_move, p->extras->up->heartbeat));
}
