/* pump_parts.h - what the parts of the pump share
 *
 * pump.c is the loop's side: what is watched, and what moves. pump_half_close.c applies the rule of
 * half_close.h to it, pump_dialogue.c does the steps that come before `in`, pump_timers.c knows the
 * limits of time, pump_acknowledged.c what the other side's kernel has taken, and pump_account.c
 * who holds it up.
 */
#ifndef FLOW_PUMP_PARTS_H
#define FLOW_PUMP_PARTS_H

#include "base/clock.h"
#include "flow/pump.h"

/* Does what comes still count? */
static inline bool pump_counts(const struct pump *p)
{
	return p->received_most == UINT64_MAX;
}

/* Does P send heartbeats? */
static inline bool pump_beats(const struct pump *p)
{
	return p->extras->up && p->extras->up->heartbeat;
}

/* ---- pump.c ---- */

/* Applies the rule after anything has happened, and waits for what is next. May free P. */
void pump_proceed(struct pump *p);

/* The run is over, as `end` tells. May free P. */
void pump_over(struct pump *p);

/* It is time for ALARM_PACE: moves what can be moved. May free P. */
void pump_go_on(struct pump *p);

/* It is time for ALARM_PATIENCE: little has come after all, which should not wait for more. */
void pump_hurry(struct pump *p);

/* The far connection is broken, and no flow is about to meet the error, which is FALLBACK where the
 * kernel has none (0: then it is not broken). */
void pump_far_broken(struct pump *p, int fallback);

/* Reads IN from here on. */
void pump_open_in(struct pump *p, struct endpoint *in);

/* ---- pump_dialogue.c ---- */

/* Has P, about to start with IN, do the steps of its dialogue first. Returns what is to be read
 * until then, which gives nothing. */
struct endpoint *pump_start_dialogue(struct pump *p, struct endpoint *in);

/* It is time for ALARM_STEP: looks whether the time of a step is up. May free P. */
void pump_look_at_step(struct pump *p);

/* Looks how far the dialogue has come: at its end `in` is read, or the run is to end. */
void pump_follow_dialogue(struct pump *p);

/* ---- pump_half_close.c ---- */

/* Does what the rule says of EVENT; ERROR is the errno of one that may end the run in an error.
 * Returns whether the run is over. */
bool pump_event(struct pump *p, enum half_close_event event, int error);

/* The time for acknowledgements is up: the run is over. Returns true. */
bool pump_time_is_up(struct pump *p);

/* Tells the rule what the flows have come to. Returns whether the run is over. */
bool pump_half_close(struct pump *p);

/* Is nothing held, and nothing of `in` ready to be read? */
bool pump_nothing_to_send(const struct pump *p);

/* ---- pump_acknowledged.c ---- */

/* What is waited for from the peer, once all was sent? */
enum half_close_wait pump_awaits(const struct pump *p);

/* Has it taken all, so that its end or its silence is what is waited for now? */
bool pump_awaits_silence(const struct pump *p);

/* Has the peer's kernel acknowledged all that we sent? Where ours cannot tell, the peer's end has
 * to do. New acknowledgements count as activity. */
bool pump_acknowledged(struct pump *p);

/* The same of the far connection; true where there is none, or where it is broken and will take
 * nothing any more. */
bool pump_far_acknowledged(struct pump *p);

/* Only acknowledgements are missing: sets ALARM_ASK to ask for them. They make no event, so the
 * interval grows. */
void pump_ask_later(struct pump *p);

/* It is time for ALARM_ASK: asks. May free P. */
void pump_ask_again(struct pump *p);

/* ---- pump_account.c ---- */

/* P, which has an account and is about to wait for the first time, keeps it from here on. */
void pump_account_start(struct pump *p);

/* ---- pump_timers.c ---- */

/* Sets P's alarm W to the time AT, in place of one before; NEVER: to none. */
void pump_set(struct pump *p, enum pump_alarm w, int64_t at);

/* Is P's alarm W set? */
static inline bool pump_is_set(const struct pump *p, enum pump_alarm w)
{
	return p->alarms[w] > 0;
}

/* The function of P's timer, for the first alarm. The loop calls again for the next one: any may
 * free P. */
void pump_alarm(void *p);

/* Begins the limits that count from the start; QUIT: -q is one of them. */
void pump_start_timers(struct pump *p, bool quit);

/* From here on the time of --linger counts. Without effect while it does. */
void pump_begin_linger(struct pump *p);

/* From here on it is a second, whatever moves. */
void pump_hurry_end(struct pump *p);

/* From here on that of -q counts, whatever moves. Without effect a second time. */
void pump_begin_quit(struct pump *p);

/* One connection has ended its side, and the other not: once that has lasted for a second the one
 * is probed, and the owner may be told that `in` is waited for. */
void pump_begin_notice(struct pump *p);

#endif
