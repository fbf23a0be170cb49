/* check_half_close.c - src/flow/half_close.c against a table of all that it may be asked
 *
 * Each state of each direction and of the run, with each event and all combinations of terms, must
 * stand in exactly one row of the table, which says what is to be done and which states come next.
 * A combination without a row or with two, a row that nothing reaches, a rule that differs from its
 * row: each is told in a line, and the exit status is 1.
 */
#include <stdio.h>

#include "flow/half_close.h"

#define ANY (~0u)
#define IS(state) (1u << (state))
#define OPEN_RUN (IS(RUN_OPEN) | IS(RUN_BROKEN))
#define CLOSING_RUN (IS(RUN_CLOSING) | IS(RUN_ABORTING))
#define FAILED_RUN (IS(RUN_BROKEN) | IS(RUN_ABORTING))
#define ENDED (IS(RECEIVE_ENDED) | IS(RECEIVE_PASSED))
#define UNSENT IS(SEND_OPEN)
#define SENT (IS(SEND_KEPT_OPEN) | IS(SEND_BROKEN) | IS(SEND_SHUT))

/* What becomes of a state, other than a state itself. */
enum {
	SAME = -1,
	DROPS = -2,  /* of receiving: from OPEN and UNWANTED to ENOUGH */
	FAILS = -3,  /* of the run: from OPEN to BROKEN, from CLOSING to ABORTING */
	CLOSES = -4, /* from OPEN to CLOSING, from BROKEN to ABORTING */
	ABORTS = -5, /* both */
	TELLS = -6, /* of sending: from KEPT_OPEN to SHUT, and that is sent; not where a relay fails
		     */
};

struct row {
	enum half_close_event event;
	unsigned with, without;	     /* terms that there are, and that there are not */
	unsigned send, receive, run; /* sets of states */
	unsigned actions;
	int next_send, next_receive, next_run;
	enum pump_end end; /* where the run has not failed before */
};

/* The terms as bits. */
enum {
	ECHO = 1 << 0,
	RELAY = 1 << 1,
	RECV_ONLY = 1 << 2,
	SEND_ONLY = 1 << 3,
	KEEP = 1 << 4, /* no_shutdown */
	END_ENDS = 1 << 5,
	MAY_END = 1 << 6,
	MESSAGE = 1 << 7,
	PROMISES = 1 << 8,
	ALL_TERMS = (1 << 9) - 1
};

#define END_HERE (HALF_CLOSE_FINISH_IN | HALF_CLOSE_LINGER)
#define DISCARD HALF_CLOSE_DISCARD
#define NO_MORE (HALF_CLOSE_STOP_COUNTING | DISCARD)
#define FROM_HERE (END_HERE | NO_MORE)
#define PROBE_FAR HALF_CLOSE_PROBE_FAR
#define PEER_END HALF_CLOSE_TELL_PEER_ENDED
#define OVER HALF_CLOSE_OVER
#define HURRY HALF_CLOSE_HURRY
#define FINISH_IN HALF_CLOSE_FINISH_IN
#define NONE PUMP_RUNNING
#define TAKEN HALF_CLOSE_WAIT_TAKEN
#define SILENT HALF_CLOSE_WAIT_SILENT
#define END HALF_CLOSE_WAIT_END

/* clang-format off */

/* The end of `in`. With --recv-only it comes last: once the peer has ended, or we close (a row
 * without a state of the run where that is not among RUN). */
#define IN(event, with, without, run, actions, next)                                               \
	{ event, with, (without) | RECV_ONLY, UNSENT, ANY, run, actions, next, SAME, SAME, NONE }, \
	{ event, (with) | RECV_ONLY, without, UNSENT, ENDED, run, actions, next, SAME, \
	  SAME, NONE }, \
	{ event, (with) | RECV_ONLY, without, UNSENT, ~ENDED, (run) & CLOSING_RUN, actions, next,  \
	  SAME, SAME, NONE }
#define NOT_YET(event)                                                                             \
	{ event, 0, 0, SENT, ANY, ANY, 0, SAME, SAME, SAME, NONE },                                \
	{ event, RECV_ONLY, 0, UNSENT, ~ENDED, OPEN_RUN, 0, SAME, SAME, SAME, NONE }

/* The run ends early. A connection that promises nothing, or all of which has been passed on, ends
 * at once; where two are joined (BOTH) that counts in both directions. */
#define CUT_BOTH(event, mode, end)                                                                 \
	{ event, PROMISES | (mode), 0, SENT, ENDED, ANY, OVER, SAME, SAME, FAILS, end },           \
	{ event, PROMISES | (mode), 0, UNSENT, IS(RECEIVE_OPEN), OPEN_RUN,                         \
	  FINISH_IN | HALF_CLOSE_LIMIT | HURRY, SAME, RECEIVE_LAST, ABORTS, end },                 \
	{ event, PROMISES | (mode), 0, UNSENT, ~IS(RECEIVE_OPEN), OPEN_RUN, FINISH_IN | HURRY,     \
	  SAME, SAME, ABORTS, end },                                                               \
	{ event, PROMISES | (mode), 0, SENT, IS(RECEIVE_OPEN), OPEN_RUN,                           \
	  FINISH_IN | HALF_CLOSE_LIMIT | HURRY, SAME, RECEIVE_LAST, ABORTS, end },                 \
	{ event, PROMISES | (mode), 0, SENT, ~(ENDED | IS(RECEIVE_OPEN)), OPEN_RUN,                \
	  FINISH_IN | HURRY, SAME, SAME, ABORTS, end },                                            \
	{ event, PROMISES | (mode), 0, UNSENT, ANY, CLOSING_RUN, HURRY, SAME, SAME, FAILS, end },  \
	{ event, PROMISES | (mode), 0, SENT, ~ENDED, CLOSING_RUN, HURRY, SAME, SAME, FAILS, end }
#define CUT(event, end)                                                                            \
	{ event, 0, PROMISES, ANY, ANY, ANY, OVER, SAME, SAME, FAILS, end },                       \
	{ event, PROMISES, ECHO | RELAY, SENT, ANY, ANY, OVER, SAME, SAME, FAILS, end },           \
	{ event, PROMISES, ECHO | RELAY, UNSENT, ANY, OPEN_RUN,                                    \
	  FROM_HERE | HURRY, SAME, DROPS, ABORTS, end },                                           \
	{ event, PROMISES, ECHO | RELAY, UNSENT, IS(RECEIVE_OPEN), CLOSING_RUN,                    \
	  NO_MORE | HURRY, SAME, DROPS, FAILS, end },                                              \
	{ event, PROMISES, ECHO | RELAY, UNSENT, ~IS(RECEIVE_OPEN), CLOSING_RUN,                   \
	  HURRY, SAME, SAME, FAILS, end },                                                         \
	CUT_BOTH(event, ECHO, end), CUT_BOTH(event, RELAY, end)

static const struct row rows[] = {
	NOT_YET(HALF_CLOSE_SENT),
	IN(HALF_CLOSE_SENT, 0, RELAY | KEEP, ANY, HALF_CLOSE_SHUT_DOWN, SEND_SHUT),
	IN(HALF_CLOSE_SENT, KEEP, RELAY, OPEN_RUN, HALF_CLOSE_DISARM, SEND_KEPT_OPEN),
	IN(HALF_CLOSE_SENT, KEEP, RELAY, CLOSING_RUN, HALF_CLOSE_SHUT_DOWN, SEND_SHUT),
	IN(HALF_CLOSE_SENT, RELAY, 0, FAILED_RUN, PROBE_FAR, SEND_BROKEN),
	IN(HALF_CLOSE_SENT, RELAY, KEEP, IS(RUN_OPEN), PROBE_FAR | HALF_CLOSE_SHUT_DOWN, SEND_SHUT),
	IN(HALF_CLOSE_SENT, RELAY | KEEP, 0, IS(RUN_OPEN), PROBE_FAR | HALF_CLOSE_DISARM,
	   SEND_KEPT_OPEN),
	IN(HALF_CLOSE_SENT, RELAY, 0, IS(RUN_CLOSING), PROBE_FAR | HALF_CLOSE_SHUT_DOWN, SEND_SHUT),

	NOT_YET(HALF_CLOSE_SENT_CUT),
	IN(HALF_CLOSE_SENT_CUT, 0, RELAY | KEEP | PROMISES, ANY, HALF_CLOSE_SHUT_DOWN, SEND_SHUT),
	IN(HALF_CLOSE_SENT_CUT, PROMISES, RELAY | KEEP, ~FAILED_RUN, HALF_CLOSE_SHUT_DOWN,
	   SEND_SHUT),
	IN(HALF_CLOSE_SENT_CUT, PROMISES, RELAY, FAILED_RUN, 0, SEND_BROKEN),
	IN(HALF_CLOSE_SENT_CUT, KEEP, RELAY | PROMISES, OPEN_RUN, HALF_CLOSE_DISARM,
	   SEND_KEPT_OPEN),
	IN(HALF_CLOSE_SENT_CUT, KEEP, RELAY | PROMISES, CLOSING_RUN, HALF_CLOSE_SHUT_DOWN,
	   SEND_SHUT),
	IN(HALF_CLOSE_SENT_CUT, KEEP | PROMISES, RELAY, IS(RUN_OPEN), HALF_CLOSE_DISARM,
	   SEND_KEPT_OPEN),
	IN(HALF_CLOSE_SENT_CUT, KEEP | PROMISES, RELAY, IS(RUN_CLOSING), HALF_CLOSE_SHUT_DOWN,
	   SEND_SHUT),
	IN(HALF_CLOSE_SENT_CUT, RELAY, 0, FAILED_RUN, PROBE_FAR, SEND_BROKEN),
	IN(HALF_CLOSE_SENT_CUT, RELAY, KEEP, IS(RUN_OPEN), PROBE_FAR | HALF_CLOSE_SHUT_DOWN,
	   SEND_SHUT),
	IN(HALF_CLOSE_SENT_CUT, RELAY | KEEP, 0, IS(RUN_OPEN), PROBE_FAR | HALF_CLOSE_DISARM,
	   SEND_KEPT_OPEN),
	IN(HALF_CLOSE_SENT_CUT, RELAY, 0, IS(RUN_CLOSING), PROBE_FAR | HALF_CLOSE_SHUT_DOWN,
	   SEND_SHUT),

	NOT_YET(HALF_CLOSE_SENT_BROKEN),
	IN(HALF_CLOSE_SENT_BROKEN, 0, RELAY, ANY, 0, SEND_BROKEN),
	IN(HALF_CLOSE_SENT_BROKEN, RELAY, 0, ANY, PROBE_FAR, SEND_BROKEN),

	{ HALF_CLOSE_IN_FAILED, 0, 0, ANY, ANY, OPEN_RUN,
	  FROM_HERE, TELLS, DROPS, ABORTS, PUMP_IN_FAILED },
	{ HALF_CLOSE_IN_FAILED, 0, 0, ANY, IS(RECEIVE_OPEN), CLOSING_RUN,
	  NO_MORE, SAME, DROPS, FAILS, PUMP_IN_FAILED },
	{ HALF_CLOSE_IN_FAILED, 0, 0, ANY, ~IS(RECEIVE_OPEN), CLOSING_RUN,
	  0, SAME, SAME, FAILS, PUMP_IN_FAILED },

	{ HALF_CLOSE_RESET, 0, 0, ANY, ANY, ANY, 0, SAME, SAME, FAILS, PUMP_RESET },
	{ HALF_CLOSE_STEP_FAILED, 0, 0, ANY, ANY, ANY, 0, SAME, SAME, FAILS, PUMP_STEP_FAILED },

	{ HALF_CLOSE_PEER_ENDED, 0, 0, ANY, ENDED, ANY, 0, SAME, SAME, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, 0, RELAY | END_ENDS, ANY, IS(RECEIVE_OPEN), ANY,
	  PEER_END | HALF_CLOSE_END_OUT, SAME, RECEIVE_PASSED, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, RELAY, END_ENDS, ANY, IS(RECEIVE_OPEN), ~FAILED_RUN,
	  PEER_END | HALF_CLOSE_END_OUT, SAME, RECEIVE_PASSED, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, RELAY, END_ENDS, ANY, IS(RECEIVE_OPEN), FAILED_RUN,
	  PEER_END, SAME, RECEIVE_ENDED, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, 0, END_ENDS, ANY, ~(ENDED | IS(RECEIVE_OPEN)), ANY,
	  PEER_END, SAME, RECEIVE_ENDED, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS, RELAY, ANY, IS(RECEIVE_OPEN), OPEN_RUN,
	  PEER_END | HALF_CLOSE_END_OUT | FROM_HERE, TELLS, RECEIVE_PASSED, CLOSES, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS, RELAY, ANY, IS(RECEIVE_OPEN), CLOSING_RUN,
	  PEER_END | HALF_CLOSE_END_OUT, SAME, RECEIVE_PASSED, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS | RELAY, 0, ANY, IS(RECEIVE_OPEN), IS(RUN_OPEN),
	  PEER_END | HALF_CLOSE_END_OUT | FROM_HERE, TELLS, RECEIVE_PASSED, CLOSES, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS | RELAY, 0, ANY, IS(RECEIVE_OPEN), IS(RUN_BROKEN),
	  PEER_END | FROM_HERE, TELLS, RECEIVE_ENDED, CLOSES, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS | RELAY, 0, ANY, IS(RECEIVE_OPEN), IS(RUN_CLOSING),
	  PEER_END | HALF_CLOSE_END_OUT, SAME, RECEIVE_PASSED, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS | RELAY, 0, ANY, IS(RECEIVE_OPEN), IS(RUN_ABORTING),
	  PEER_END, SAME, RECEIVE_ENDED, SAME, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS, 0, ANY, ~(ENDED | IS(RECEIVE_OPEN)), OPEN_RUN,
	  PEER_END | FROM_HERE, TELLS, RECEIVE_ENDED, CLOSES, NONE },
	{ HALF_CLOSE_PEER_ENDED, END_ENDS, 0, ANY, ~(ENDED | IS(RECEIVE_OPEN)), CLOSING_RUN,
	  PEER_END, SAME, RECEIVE_ENDED, SAME, NONE },

	{ HALF_CLOSE_GOT_ENOUGH, MESSAGE, 0, ANY, ANY, ANY,
	  DISCARD, SAME, RECEIVE_UNWANTED, SAME, NONE },
	{ HALF_CLOSE_GOT_ENOUGH, MAY_END, MESSAGE, ANY, ANY, OPEN_RUN,
	  HALF_CLOSE_END_OUT | NO_MORE, SAME,
	  RECEIVE_ENOUGH, SAME, NONE },
	{ HALF_CLOSE_GOT_ENOUGH, 0, MESSAGE | MAY_END, ANY, ANY, OPEN_RUN,
	  FROM_HERE, TELLS, DROPS, CLOSES, NONE },
	{ HALF_CLOSE_GOT_ENOUGH, 0, MESSAGE, ANY, IS(RECEIVE_OPEN), CLOSING_RUN,
	  NO_MORE, SAME, DROPS, SAME, NONE },
	{ HALF_CLOSE_GOT_ENOUGH, 0, MESSAGE, ANY, ~IS(RECEIVE_OPEN), CLOSING_RUN,
	  0, SAME, SAME, SAME, NONE },

	{ HALF_CLOSE_OUT_FAILED, ECHO, 0, ANY, ANY, ANY, OVER, SAME, SAME, FAILS, PUMP_RESET },
	{ HALF_CLOSE_OUT_FAILED, MAY_END, ECHO, ANY, IS(RECEIVE_OPEN), ANY,
	  DISCARD, SAME, RECEIVE_UNWANTED, SAME, NONE },
	{ HALF_CLOSE_OUT_FAILED, MAY_END, ECHO, ANY, ~IS(RECEIVE_OPEN), ANY,
	  DISCARD, SAME, SAME, SAME, NONE },
	{ HALF_CLOSE_OUT_FAILED, RELAY, ECHO | MAY_END, ANY, IS(RECEIVE_OPEN), ANY,
	  DISCARD, SAME, RECEIVE_UNWANTED, FAILS, PUMP_OUT_FAILED },
	{ HALF_CLOSE_OUT_FAILED, RELAY, ECHO | MAY_END, ANY, ~IS(RECEIVE_OPEN), ANY,
	  DISCARD, SAME, SAME, FAILS, PUMP_OUT_FAILED },
	{ HALF_CLOSE_OUT_FAILED, 0, ECHO | MAY_END | RELAY, ANY, ANY, OPEN_RUN,
	  FROM_HERE, TELLS, DROPS, ABORTS, PUMP_OUT_FAILED },
	{ HALF_CLOSE_OUT_FAILED, 0, ECHO | MAY_END | RELAY, ANY, IS(RECEIVE_OPEN), CLOSING_RUN,
	  NO_MORE, SAME, DROPS, FAILS, PUMP_OUT_FAILED },
	{ HALF_CLOSE_OUT_FAILED, 0, ECHO | MAY_END | RELAY, ANY, ~IS(RECEIVE_OPEN), CLOSING_RUN,
	  0, SAME, SAME, FAILS, PUMP_OUT_FAILED },

	{ HALF_CLOSE_OUT_BROKEN, PROMISES, 0, IS(SEND_OPEN), ANY, OPEN_RUN,
	  END_HERE, SEND_BROKEN, SAME, CLOSES, NONE },
	{ HALF_CLOSE_OUT_BROKEN, PROMISES, 0, ~IS(SEND_OPEN), ANY, OPEN_RUN,
	  END_HERE, TELLS, SAME, CLOSES, NONE },
	{ HALF_CLOSE_OUT_BROKEN, 0, PROMISES, ANY, ANY, OPEN_RUN,
	  END_HERE, TELLS, SAME, CLOSES, NONE },
	{ HALF_CLOSE_OUT_BROKEN, 0, 0, ANY, ANY, CLOSING_RUN, 0, SAME, SAME, SAME, NONE },

	{ HALF_CLOSE_ONE_GONE, 0, 0, ANY, ANY, ANY, HALF_CLOSE_LINGER, SAME, SAME, SAME, NONE },

	{ HALF_CLOSE_RECEIVE_FAILED, 0, 0, ANY, ANY, OPEN_RUN, 0, SAME, SAME, FAILS, PUMP_RESET },
	{ HALF_CLOSE_RECEIVE_FAILED, 0, 0, ANY, ANY, CLOSING_RUN, 0, SAME, SAME, SAME, NONE },

	{ HALF_CLOSE_CLOSE, 0, 0, ANY, ANY, OPEN_RUN, FROM_HERE, TELLS, DROPS, CLOSES, NONE },
	{ HALF_CLOSE_CLOSE, 0, 0, ANY, IS(RECEIVE_OPEN), CLOSING_RUN,
	  NO_MORE, SAME, DROPS, SAME, NONE },
	{ HALF_CLOSE_CLOSE, 0, 0, ANY, ~IS(RECEIVE_OPEN), CLOSING_RUN,
	  0, SAME, SAME, SAME, NONE },

	{ HALF_CLOSE_QUIT, 0, 0, ANY, ~ENDED, ANY,
	  HALF_CLOSE_LIMIT, SAME, RECEIVE_LAST, SAME, NONE },
	{ HALF_CLOSE_QUIT, 0, 0, ANY, ENDED, ANY, 0, SAME, SAME, SAME, NONE },

	CUT(HALF_CLOSE_IDLE, PUMP_IDLE),
	CUT(HALF_CLOSE_CUT, PUMP_CUT),
	{ HALF_CLOSE_UNACKNOWLEDGED, 0, 0, ANY, ANY, ANY, OVER, SAME, SAME, FAILS, PUMP_UNSENT },
	{ HALF_CLOSE_ACKNOWLEDGED, 0, 0, ANY, ANY, ANY, OVER, SAME, SAME, SAME, NONE },
};

/* What is waited for from the peer, once all was sent? */
static const struct {
	unsigned with, without, receive, run;
	/* The answer where nothing was sent, and where something was. */
	enum half_close_wait sent[2];
} waits[] = {
	{ 0, 0, ENDED, ANY, { TAKEN, TAKEN } },
	{ 0, SEND_ONLY, ~ENDED, OPEN_RUN, { END, END } },
	{ SEND_ONLY, 0, ~ENDED, IS(RUN_OPEN), { TAKEN, SILENT } },
	{ SEND_ONLY, 0, ~ENDED, IS(RUN_BROKEN), { TAKEN, TAKEN } },
	{ 0, 0, IS(RECEIVE_OPEN), IS(RUN_CLOSING), { END, END } },
	{ 0, 0, ~(ENDED | IS(RECEIVE_OPEN)), IS(RUN_CLOSING), { TAKEN, END } },
	{ 0, 0, ~ENDED, IS(RUN_ABORTING), { TAKEN, TAKEN } },
};

/* clang-format on */

#define ROWS (sizeof rows / sizeof *rows)
#define WAITS (sizeof waits / sizeof *waits)

static int faults;

static void fault(const char *what, unsigned event, struct half_close s, unsigned terms)
{
	if (++faults <= 20)
		printf("%s: event %u, send %d, receive %d, run %d, terms %#x\n", what, event,
		       (int)s.send, (int)s.receive, (int)s.run, terms);
}

static bool is_among(unsigned set, unsigned state)
{
	return set >> state & 1;
}

static struct half_close_terms terms_of(unsigned bits)
{
	return (struct half_close_terms){
		.mode = bits & ECHO  ? PUMP_ECHO :
			bits & RELAY ? PUMP_RELAY :
				       PUMP_PLAIN,
		.recv_only = bits & RECV_ONLY,
		.send_only = bits & SEND_ONLY,
		.no_shutdown = bits & KEEP,
		.peer_end_ends = bits & END_ENDS,
		.out_may_end = bits & MAY_END,
		.one_message = bits & MESSAGE,
		.promises = bits & PROMISES,
	};
}

static bool applies(const struct row *r, enum half_close_event event, struct half_close s,
		    unsigned terms)
{
	return r->event == event && (terms & r->with) == r->with && !(terms & r->without) &&
	       is_among(r->send, s.send) && is_among(r->receive, s.receive) &&
	       is_among(r->run, s.run);
}

static bool has_failed(int run)
{
	return is_among(FAILED_RUN, (unsigned)run);
}

/* What becomes of the state BEFORE, as a row says it. */
static int next_of(int next, int before)
{
	switch (next) {
	case SAME:
		return before;
	case DROPS:
		return before == RECEIVE_OPEN || before == RECEIVE_UNWANTED ? RECEIVE_ENOUGH :
									      before;
	case FAILS:
		return before == RUN_OPEN    ? RUN_BROKEN :
		       before == RUN_CLOSING ? RUN_ABORTING :
					       before;
	case CLOSES:
		return has_failed(before) ? RUN_ABORTING : RUN_CLOSING;
	case ABORTS:
		return RUN_ABORTING;
	case TELLS:
		return before == SEND_KEPT_OPEN ? SEND_SHUT : before;
	}
	return next;
}

static bool is_as_told(const struct row *r, struct half_close before, unsigned terms,
		       const struct half_close_step *step)
{
	enum pump_end end = has_failed((int)before.run) ? PUMP_RUNNING : r->end;
	int next_send = next_of(r->next_send, (int)before.send);
	int next_run = next_of(r->next_run, (int)before.run);
	unsigned actions = r->actions;

	if (r->next_send == TELLS && next_of(TELLS, (int)before.send) != (int)before.send) {
		if (terms & RELAY && has_failed(next_run))
			next_send = (int)before.send;
		else
			actions |= HALF_CLOSE_SHUT_DOWN;
	}
	return step->actions == actions && step->end == end && (int)step->state.send == next_send &&
	       (int)step->state.receive == next_of(r->next_receive, (int)before.receive) &&
	       (int)step->state.run == next_run;
}

static void check_event(enum half_close_event event, struct half_close s, unsigned terms,
			bool reached[])
{
	const struct half_close_terms t = terms_of(terms);
	const struct half_close_step step = half_close(s, &t, event);
	const struct row *found = NULL;

	for (size_t i = 0; i < ROWS; i++) {
		if (!applies(&rows[i], event, s, terms))
			continue;
		if (found)
			fault("two rows", event, s, terms);
		found = &rows[i];
		reached[i] = true;
	}
	if (!found)
		fault("no row", event, s, terms);
	else if (!is_as_told(found, s, terms, &step))
		fault("not as its row says", event, s, terms);
}

static void check_wait(struct half_close s, unsigned terms)
{
	const struct half_close_terms t = terms_of(terms);
	size_t found = 0;

	for (size_t i = 0; i < WAITS; i++) {
		if ((terms & waits[i].with) != waits[i].with || terms & waits[i].without ||
		    !is_among(waits[i].receive, s.receive) || !is_among(waits[i].run, s.run))
			continue;
		found++;
		for (int sent = 0; sent < 2; sent++)
			if (half_close_awaits(s, &t, sent) != waits[i].sent[sent])
				fault("not what is waited for", HALF_CLOSE_EVENTS, s, terms);
	}
	if (found != 1)
		fault("no row, or two, of waits", HALF_CLOSE_EVENTS, s, terms);
}

static void check_state(struct half_close s, bool reached[])
{
	for (unsigned terms = 0; terms <= ALL_TERMS; terms++) {
		if ((terms & (ECHO | RELAY)) == (ECHO | RELAY))
			continue; /* two modes */
		for (int event = 0; event < HALF_CLOSE_EVENTS; event++)
			check_event((enum half_close_event)event, s, terms, reached);
		check_wait(s, terms);
	}
}

int main(void)
{
	bool reached[ROWS] = { false };

	for (int send = 0; send < SEND_STATES; send++)
		for (int receive = 0; receive < RECEIVE_STATES; receive++)
			for (int run = 0; run < RUN_STATES; run++)
				check_state((struct half_close){ (enum send_state)send,
								 (enum receive_state)receive,
								 (enum run_state)run },
					    reached);
	for (size_t i = 0; i < ROWS; i++)
		if (!reached[i] && rows[i].run) {
			printf("row %zu is never reached\n", i);
			faults++;
		}
	printf("%zu rows, %d faults\n", ROWS, faults);
	return faults > 0;
}
