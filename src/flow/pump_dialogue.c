/* pump_dialogue.c - the steps that are done before a pump reads its `in` */
#include <errno.h>

#include "base/clock.h"
#include "flow/pump_parts.h"

static ssize_t unready_read(void *object, void *data, size_t n)
{
	(void)object, (void)data, (void)n;
	errno = EAGAIN;
	return -1;
}

static bool unready_ready(const void *object)
{
	(void)object;
	return false;
}

static const struct endpoint_ops unready_ops = { .read = unready_read, .ready = unready_ready };

/* What there is to be read until the steps are done. */
static struct endpoint unready = { .rfd = -1,
				   .wfd = -1,
				   .kind = ENDPOINT_OTHER,
				   .reopened = -1,
				   .ops = &unready_ops,
				   .name = "" };

void pump_look_at_step(struct pump *p)
{
	if (clock_now() >= p->extras->step_due)
		dialogue_give_up(p->extras->dialogue, DIALOGUE_TIMED_OUT);
	pump_proceed(p);
}

struct endpoint *pump_start_dialogue(struct pump *p, struct endpoint *in)
{
	int64_t now = clock_now();

	p->extras->later = p->terms.recv_only ? NULL : in;
	p->terms.recv_only = false;
	p->extras->step_due = clock_after(now, p->o->step_limit);
	/* At once: what waits for nothing is done already. */
	pump_set(p, ALARM_STEP, now);
	return &unready;
}

/* The steps are over, and `in` is read, or at its end. */
static void pump_begin_in(struct pump *p)
{
	struct endpoint *in = p->extras->later;

	if (p->calls->spoken && !p->calls->spoken(p->arg))
		in = NULL;
	if (!in) {
		p->side->up.source_ended = true;
		flow_finish(&p->side->up);
		return;
	}
	pump_open_in(p, in);
	p->side->up.transfer.from = in;
	if (p->in_finished)
		pump_finish_in(p);
}

/* The run ends by EVENT. What has come by now is still written. */
static void pump_end_dialogue(struct pump *p, enum half_close_event event, int error)
{
	pump_event(p, event, error);
	pump_event(p, HALF_CLOSE_QUIT, 0);
}

void pump_follow_dialogue(struct pump *p)
{
	struct pump_extras *e = p->extras;
	struct dialogue_run *r = e->dialogue;
	bool closing = half_close_is_closing(p->state), no_memory = e->up->inserted.failed;

	flow_nudge(&p->side->up);
	if (p->down.state == FLOW_ENDED && p->down.source_ended)
		dialogue_give_up(r, DIALOGUE_ENDED);
	if (r->step != e->step) {
		e->step_due = clock_after(clock_now(), p->o->step_limit);
		if (p->calls->stepped)
			p->calls->stepped(p->arg);
		e->step = r->step;
	}
	if (r->end == DIALOGUE_GOES_ON && !closing && !no_memory) {
		pump_set(p, ALARM_STEP, e->step_due);
		return;
	}
	pump_set(p, ALARM_STEP, NEVER);
	e->dialogue = NULL;
	if (closing)
		return;
	if (no_memory)
		pump_end_dialogue(p, HALF_CLOSE_RESET, ENOMEM);
	else if (r->end == DIALOGUE_DONE)
		pump_begin_in(p);
	else
		pump_end_dialogue(p, HALF_CLOSE_STEP_FAILED, 0);
}
