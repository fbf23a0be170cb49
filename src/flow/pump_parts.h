/* pump_parts.h - what the parts of the pump share
 *
 * pump.c is the loop's side: what is watched, and what moves. pump_half_close.c is the rule by
 * which each direction ends and the whole is over, pump_acknowledged.c knows what the other side's
 * kernel has taken, pump_timers.c what time brings, and pump_relay.c what is different where `in`
 * and `out` are one connection.
 */
#ifndef FLOW_PUMP_PARTS_H
#define FLOW_PUMP_PARTS_H

#include "flow/pump.h"

/* Does what the peer sends go back to it? */
static inline bool pump_echoes(const struct pump *p)
{
	return p->out == p->peer;
}

/* Are `in` and `out` one connection? */
static inline bool pump_relays(const struct pump *p)
{
	return p->in == p->out;
}

/* ---- pump.c ---- */

/* After anything has happened: what the rule says of it, and what to wait for. May free P. */
void pump_proceed(struct pump *p);

/* It is over, as `end` tells. May free P. */
void pump_over(struct pump *p);

/* ---- pump_half_close.c ---- */

/* The half-close rule of sockit(1), all of it: each direction ends by itself, the run is over when
 * both have ended and the peer has everything. Returns whether it is over, with `end` set. */
bool pump_half_close(struct pump *p);

/* The first END with its errno, or 0, is what the run is remembered for. */
void pump_fail(struct pump *p, enum pump_end end, int error);

/* It is us who end: no more of `in` is read, what comes is thrown away, and what was read is still
 * sent as long as the peer takes it (--linger). */
void pump_end_from_here(struct pump *p);

/* Is the peer's end of stream still to come? Not where what it sends is thrown away, and where we
 * end the connection only if that could destroy what we sent. */
bool pump_awaits_peer_end(const struct pump *p);

/* Is nothing held, and nothing of `in` ready to be read? */
bool pump_nothing_to_send(const struct pump *p);

/* ---- pump_acknowledged.c ---- */

/* Was anything sent on this connection? */
bool pump_has_sent(const struct pump *p);

/* Has the peer's kernel acknowledged all that we sent? Where ours cannot tell, the peer's end has
 * to do. What it has by now is something that moved. */
bool pump_acknowledged(struct pump *p);

/* The same of the other connection, where there is one. If it is broken it will take nothing any
 * more. */
bool pump_far_acknowledged(struct pump *p);

/* Only acknowledgements are missing: when to ask for them, else NEVER. They make no event, so the
 * interval grows. */
int64_t pump_next_question(struct pump *p);

/* It is time for that: the function of `ack_timer`. */
void pump_ask_again(void *p);

/* ---- pump_timers.c ---- */

/* Begins the limits that count from the start. */
void pump_start_timers(struct pump *p);

/* From here on the time of --linger counts. */
void pump_begin_linger(struct pump *p);

/* From here on that of -q does, if it does not already, whatever moves. */
void pump_begin_quit(struct pump *p);

/* The peer has ended and `in` has not: from here on the owner may be told that this waits for it.
 */
void pump_begin_notice(struct pump *p);

/* ---- pump_relay.c ---- */

/* Is it known that a relay will not end well? Then what each side sees must not look like an end of
 * stream. */
bool pump_is_broken_off(const struct pump *p);

/* The other connection does not take what comes, for ERROR. What it has sent itself still goes to
 * the peer. */
void pump_lose_far(struct pump *p, int error);

/* The same, but it shows while nothing is written. Until its end was read, reading will tell; after
 * that it is as with the peer: an error only where something is lost. */
void pump_look_at_far(struct pump *p);

/* The other connection is broken, and no flow is about to meet the error; that is FALLBACK where
 * the kernel has none. */
void pump_far_broken(struct pump *p, int fallback);

/* Where it did not come to its end, each side learns it by a reset: all that it was sent may look
 * complete. */
void pump_break_off(struct pump *p);

#endif
