/* sender.c - a run that sends: what is to be done next, the events that ask for it, and its end
 *
 * Each event only takes note of what it tells; sender_step() then does what sender_decide() says
 * until there is nothing left to do but to wait.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/number.h"
#include "run/report.h"
#include "run/sandbox.h"
#include "dgram/report.h"
#include "dgram/sender_state.h"

#define TURNS 16	    /* reads or batches before others get their turn */
#define FINISH_LIMIT SECOND /* for a stdout that is slow, once the loop has ended */

static const struct outcome done = { OUTCOME_DONE, 0 };
static const struct outcome failure = { OUTCOME_FAILED, 0 };

void sender_finish(struct sender *s, struct outcome outcome, const char *why)
{
	if (sender_is_over(s))
		return;
	s->why = why;
	s->outcome = outcome.kind == OUTCOME_DONE && s->failed ? failure : outcome;
	s->state = SENDER_FINISHES;
	dgram_stdin_watch(&s->in, false);
	watch_drop(s->run->loop, &s->socket_watch);
	if (!output_waits(&s->replies.out.out))
		run_end(s->run, s->outcome);
}

/* ---- what is to be done next ---- */

enum sender_move {
	MOVE_NONE, /* but to wait for an event */
	MOVE_HEED, /* what the network told */
	MOVE_SEND,
	MOVE_READ,
	MOVE_LOOK,  /* for what the network and the peer have to say now that all is sent */
	MOVE_AWAIT, /* replies */
	MOVE_END,   /* all is done */
	MOVE_FAIL,  /* all is sent, and not all of it well */
	MOVE_BREAK, /* nobody reads stdout any more */
};

/* Does all go to one place at a time? */
static bool sender_is_for_one(const struct sender *s)
{
	return s->places.socket.peer.length || s->c.any_source;
}

/* Returns what S has to do next. MAY_SEND: it may still read and send before others get their turn.
 */
static enum sender_move sender_decide(const struct sender *s, bool may_send)
{
	const struct sender_options *o = s->c.options;
	const struct dgram_queue *b = s->kept.resending ? &s->kept.batch : &s->in.batch;
	bool all_sent = s->in.state == STDIN_ENDED && b->at == b->n;

	if (sender_is_over(s))
		return MOVE_NONE;
	if (s->refusal.pending)
		return MOVE_HEED;
	if (may_send && s->pace.state == PACE_FREE && b->at < b->n)
		return MOVE_SEND;
	if (may_send && s->pace.state == PACE_FREE && s->in.state == STDIN_OPEN)
		return MOVE_READ;
	if (sender_has_enough(s) && (all_sent || dgram_stdin_rests(&s->in)))
		return MOVE_END;
	if (s->replies.out.broken &&
	    (all_sent ? s->state == SENDER_WAITS : s->in.state == STDIN_IDLE))
		return MOVE_BREAK;
	if (!all_sent || s->state == SENDER_WAITS)
		return MOVE_NONE;
	if (s->state == SENDER_SENDS)
		return MOVE_LOOK;
	if (s->failed && (sender_is_for_one(s) || s->traffic.counts.sent == 0))
		return MOVE_FAIL;
	return o->wait == UNSET && o->replies == UNSET ? MOVE_END : MOVE_AWAIT;
}

/* Were replies asked for that have not come, and could not be written either? */
static bool sender_lacks_replies(const struct sender *s)
{
	const struct sender_options *o = s->c.options;

	return o->replies != UNSET ? !sender_has_enough(s) :
				     o->wait != UNSET && s->traffic.counts.received == 0;
}

/* Deals with what the network told of the place that is sent to. */
static void sender_heed(struct sender *s)
{
	const struct dgram_error *e = &s->refusal.error;
	const struct messages *m = s->run->messages;

	s->refusal.pending = false;
	if (sender_may_move(s, e->error)) {
		report_dgram_error(m, MESSAGE_VERBOSE, e, NULL, false);
		sender_move(s, e->error);
		return;
	}
	/* As long as sending goes on only the first is worth a line. */
	if (s->places.n_failures && !s->told)
		sender_places_report(&s->places, e->error, NULL);
	else
		report_dgram_error(m, s->told ? MESSAGE_STEP : MESSAGE_ERROR, e, NULL, !s->told);
	s->told = s->failed = true;
	if (s->state == SENDER_WAITS)
		sender_finish(s, failure, "refused");
}

/* The round that stdin gave has been sent: begins the next one, if there is one. */
static void sender_end_round(struct sender *s)
{
	if (dgram_stdin_again(&s->in) && s->c.options->interval > 0)
		sender_rest(s, clock_after(clock_now(), s->c.options->interval));
}

/* The batch has gone to the current place. Lets it go to the next one if each gets all, else fills
 * it from stdin. */
static void sender_read(struct sender *s)
{
	struct sender_places *p = &s->places;
	bool in_turn = p->together && rate_is_set(&s->pace.rate);

	if (p->together && s->in.batch.n && p->at + 1 < p->n) {
		s->in.batch.at = 0;
		p->at++;
		return;
	}
	if (p->together)
		p->at = 0;
	/* What is weighed, kept or sent to several places goes one by one. */
	s->in.runs = !p->together && !rate_is_set(&s->pace.rate) && !s->kept.complete;
	switch (dgram_stdin_next(&s->in, in_turn ? 1 : DGRAM_BATCH)) {
	case STDIN_READ_SOME:
	case STDIN_READ_IDLE:
		break;
	case STDIN_READ_ROUND:
		sender_end_round(s);
		break;
	case STDIN_READ_FAILED:
		sender_finish(s, failure, "input failed");
		break;
	}
}

/* All is sent: takes what the network and the peer have said by now. */
static void sender_look(struct sender *s)
{
	dgram_errors(&s->places.socket);
	if (s->refusal.pending)
		return;
	sender_receive(s);
	if (!sender_is_over(s))
		s->state = SENDER_LOOKED;
}

/* Watches what S waits for. MORE: nothing, it only lets others have their turn. */
static void sender_watch(struct sender *s, bool more)
{
	bool full = dgram_output_full(&s->replies.out);
	bool write = more || s->pace.state == PACE_FULL;

	if (sender_is_over(s))
		return;
	dgram_stdin_watch(&s->in, s->pace.state == PACE_FREE && !more);
	watch_set(s->run->loop, &s->socket_watch,
		  (short)((full ? 0 : POLLIN) | (write ? POLLOUT : 0)));
}

/* Does what is to be done until S has to wait. */
static void sender_step(void *arg)
{
	struct sender *s = arg;

	for (int turn = 0;; turn++) {
		switch (sender_decide(s, turn < TURNS)) {
		case MOVE_HEED:
			sender_heed(s);
			break;
		case MOVE_SEND:
			sender_send(s);
			break;
		case MOVE_READ:
			sender_read(s);
			break;
		case MOVE_LOOK:
			sender_look(s);
			break;
		case MOVE_END:
			sender_finish(s, done, sender_has_enough(s) ? "replies" : "all sent");
			break;
		case MOVE_FAIL:
			sender_finish(s, failure, s->traffic.counts.sent ? "refused" : "error");
			break;
		case MOVE_BREAK:
			sender_finish(s,
				      sender_lacks_replies(s) ?
					      report_output_error(s->run->messages, "stdout",
								  EPIPE) :
					      done,
				      "output closed");
			break;
		case MOVE_AWAIT:
			s->state = SENDER_WAITS;
			timer_set(s->run->loop, &s->wait_timer,
				  clock_after(s->traffic.last_move, s->c.options->wait));
			/* fall through */
		case MOVE_NONE:
			sender_watch(s, turn >= TURNS);
			return;
		}
	}
}

/* ---- events ---- */

/* Is E about the place that is sent to, and that one alone? */
static bool sender_is_about_place(const struct sender *s, const struct dgram_error *e)
{
	if (s->places.socket.peer.length)
		return true;
	return sender_is_for_one(s) &&
	       (!e->to || address_equal(e->to, &sender_places_current(&s->places)->to));
}

/* The error function of the socket, which may be in use: takes note. */
static void sender_on_error(void *arg, const struct dgram_error *e)
{
	struct sender *s = arg;
	struct sender_refusal *r = &s->refusal;

	s->traffic.counts.errors++;
	if (!sender_is_about_place(s, e)) {
		report_dgram_error(s->run->messages, s->told ? MESSAGE_STEP : MESSAGE_ERROR, e,
				   NULL, !s->told);
		s->told = s->failed = true;
		return;
	}
	/* The first tells most. */
	if (r->pending)
		return;
	*r = (struct sender_refusal){ .pending = true, .error = *e };
	r->to = e->to ? *e->to : sender_places_current(&s->places)->to;
	r->error.to = &r->to;
	if (e->sender) {
		r->by = *e->sender;
		r->error.sender = &r->by;
	}
}

static void sender_on_stdin(void *arg)
{
	struct sender *s = arg;

	/* The time in which stdin had nothing is not made up for. */
	rate_forget(&s->pace.rate, clock_now());
	sender_step(s);
}

static void sender_on_socket(void *arg, short events)
{
	struct sender *s = arg;

	if (events & (POLLERR | POLLHUP))
		dgram_errors(&s->places.socket);
	if (events & POLLIN && !s->refusal.pending)
		sender_receive(s);
	if (events & POLLOUT && s->pace.state == PACE_FULL)
		s->pace.state = PACE_FREE;
	sender_step(s);
}

static void sender_pause_over(void *arg)
{
	struct sender *s = arg;

	s->pace.state = PACE_FREE;
	sender_step(s);
}

static void sender_on_output(void *arg)
{
	struct sender *s = arg;

	if (s->state != SENDER_FINISHES)
		sender_step(s);
	else if (!output_waits(&s->replies.out.out))
		run_end(s->run, s->outcome);
}

static void sender_wait_over(void *arg)
{
	struct sender *s = arg;
	const struct messages *m = s->run->messages;
	int64_t at = clock_after(s->traffic.last_move, s->c.options->wait);
	long long came = (long long)s->traffic.counts.received;
	long long wanted = (long long)s->c.options->replies;
	char time[32];

	if (sender_is_over(s))
		return;
	if (at > clock_now() || s->state != SENDER_WAITS) {
		timer_set(s->run->loop, &s->wait_timer, at);
		return;
	}
	duration_format(time, sizeof time, s->c.options->wait);
	if (came > 0 && wanted == UNSET) {
		sender_finish(s, done, "no more replies");
	} else {
		if (came == 0)
			message_timeout(m, "no reply within %s (-w)", time);
		else
			message_timeout(m, "%lld of %lld replies, and no more within %s (-w)", came,
					wanted, time);
		sender_finish(s, (struct outcome){ OUTCOME_TIMEOUT, 0 }, "no reply");
	}
}

static void sender_idle(void *arg, struct outcome outcome)
{
	sender_finish(arg, outcome, "idle");
}

/* ---- what the run asks ---- */

static void sender_figures(void *arg, enum run_figures when)
{
	struct sender *s = arg;
	bool at_end = when == FIGURES_END;
	const struct dgram_socket *socket = &s->places.socket;
	enum message_level level =
		!at_end || s->run->data->stats.on ? MESSAGE_NOTE : MESSAGE_VERBOSE;
	bool alone = socket->peer.length > 0;
	const char *why = s->why				  ? s->why :
			  s->run->outcome.kind == OUTCOME_SIGNAL  ? "signal" :
			  s->run->outcome.kind == OUTCOME_TIMEOUT ? "time limit" :
								    "end of the run";

	if (s->state != SENDER_LOOKS_UP)
		dgram_traffic_report(&s->traffic, level, when, at_end ? "closed" : "stats",
				     alone ? &socket->peer : NULL, alone ? &socket->local : NULL,
				     at_end ? why : NULL);
}

static void sender_totals(void *arg, struct run_totals *t)
{
	const struct sender *s = arg;

	dgram_traffic_totals(&s->traffic, s->in.read, s->in.expected, t);
}

static void sender_waits(void *arg, struct text *text)
{
	const struct sender *s = arg;

	if (s->state == SENDER_LOOKS_UP && s->places.lookup)
		text_add(text, RUN_LOOKUP, places_word(s->places.lookup), "--timeout");
	else if (s->state == SENDER_WAITS)
		text_add(text, "replies (%s)", s->c.options->wait == UNSET ? "--timeout" : "-w");
	else if (s->state == SENDER_FINISHES)
		text_add(text, "stdout to take what came (--timeout)");
	else if (s->pace.state == PACE_FULL || s->pace.no_room)
		text_add(text, "the socket to take more (--timeout)");
	else if (s->pace.state == PACE_PAUSE)
		text_add(text, "the end of a pause (--pps, --rate, --interval)");
	else
		text_add(text, "stdin's data or end (-i)");
}

static void sender_signalled(void *arg, int signal)
{
	struct sender *s = arg;

	(void)signal;
	if (!s->why)
		s->why = "signal";
}

/* ---- the beginning and the end ---- */

/* The socket is open. */
static void sender_begin(void *arg)
{
	struct sender *s = arg;
	struct loop *loop = s->run->loop;

	if (sender_replies_start(s, sender_on_output) < 0) {
		run_end(s->run, report_error(s->run->messages, "start", errno));
		return;
	}
	dgram_traffic_start(&s->traffic, s->run, sender_idle, s);
	rate_start(&s->pace.rate, s->run->data->rate, s->c.options->pps);
	dgram_stdin_start(&s->in, s->run, s->c.options->data, s->c.options->repeat, s->c.frame,
			  dgram_most_by(&s->places.socket), sender_on_stdin, s);
	sender_kept_start(&s->kept, loop, sender_places_left(&s->places));
	s->socket_watch.fd = s->places.socket.fd;
	s->state = SENDER_SENDS;
	sender_step(s);
}

static void sender_start(struct sender *s, struct run *r, const struct sender_config *c)
{
	*s = (struct sender){ .run = r, .c = *c };
	s->socket_watch = (struct watch){ .fn = sender_on_socket, .arg = s };
	s->pace.timer = (struct timer){ .fn = sender_pause_over, .arg = s };
	s->wait_timer = (struct timer){ .fn = sender_wait_over, .arg = s };
	r->calls = (struct run_calls){ .figures = sender_figures,
				       .totals = sender_totals,
				       .waits = sender_waits,
				       .signalled = sender_signalled,
				       .confines = true,
				       .arg = s };
	sender_places_start(&s->places, r, &s->c, sender_on_error, sender_begin, s);
}

static void sender_free(struct sender *s)
{
	struct loop *loop = s->run->loop;

	/* Replies that came before a signal or a time limit are still written if stdout takes them.
	 */
	if (s->replies.batch)
		dgram_output_finish(&s->replies.out, FINISH_LIMIT);
	watch_drop(loop, &s->socket_watch);
	timer_drop(loop, &s->pace.timer);
	timer_drop(loop, &s->wait_timer);
	dgram_traffic_end(&s->traffic);
	sender_places_free(&s->places);
	dgram_output_free(&s->replies.out);
	dgram_stdin_free(&s->in);
	sender_kept_free(&s->kept);
	dgram_batch_free(s->replies.batch);
}

static const uint16_t no_port;

struct outcome sender_run(const struct messages *m, const struct data_options *data,
			  const struct sender_config *c)
{
	struct sender *s = calloc(1, sizeof *s);
	struct outcome outcome = failure;
	struct run r;

	if (!s)
		return report_error(m, "start", errno);
	if (run_start(&r, m, data) == 0) {
		sender_start(s, &r, c);
		/* A receiver that comes back is connected to anew. */
		const struct confine_wish wish = { .keeps = KEEP_SOCKETS | KEEP_UNIX,
						   .place = s->places.own.path,
						   .ports = &no_port };
		sandbox_enter(m, &wish);
		outcome = run_wait(&r);
		sender_free(s);
		run_free(&r);
	}
	free(s);
	return outcome;
}
