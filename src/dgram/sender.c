#include "dgram/sender_state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "dgram/report.h"
#include "run/report.h"

#define PROBE_WAIT SECOND   /* --wait of --probe */
#define STEPS 16	    /* reads or batches before others get their turn */
#define RECEIVES 8	    /* the same for what comes */
#define FINISH_LIMIT SECOND /* for a stdout that is slow, once the loop has ended */

static const struct outcome done = { OUTCOME_DONE, 0 };
static const struct outcome failure = { OUTCOME_FAILED, 0 };

static void step(struct sender *s);
static void settle(struct sender *s);

/* ---- the end ---- */

void sender_finish(struct sender *s, struct outcome outcome, const char *why)
{
	if (sender_is_over(s))
		return;
	s->why = why;
	s->outcome = outcome.kind == OUTCOME_DONE && s->failed ? failure : outcome;
	s->finishing = true;
	watch_drop(s->run->loop, &s->in_watch);
	watch_drop(s->run->loop, &s->sock_watch);
	if (!datagram_output_waits(&s->output))
		run_end(s->run, s->outcome);
}

/* Stdout has taken all that came. */
static void emptied(void *arg)
{
	struct sender *s = arg;

	if (s->finishing)
		run_end(s->run, s->outcome);
}

static void output_failed(void *arg, int error, bool idle)
{
	struct sender *s = arg;

	s->out_broken = true;
	/* Nothing was to be written yet: stdin goes on as long as it has something. */
	if (idle)
		step(s);
	else
		run_end(s->run, report_output_error(s->run->messages, "stdout", error));
}

static void room(void *arg)
{
	step(arg);
}

static bool may_send_no_more(const struct sender *s)
{
	return s->in_ended && !s->resending && s->batch.at == s->batch.n;
}

/* What a probe has found: ANSWER, that was BY. */
static void find(struct sender *s, enum sender_answer answer, const struct address *by)
{
	s->found.answer = answer;
	s->found.by = *by;
	s->found.ns = clock_now() - s->start;
	s->tells = true;
}

void sender_heed_refusal(struct sender *s)
{
	bool probed = s->c.probed && s->refusal.error == ECONNREFUSED;

	if (!s->refused || sender_is_over(s))
		return;
	s->refused = false;
	if (s->refusal.error != EMSGSIZE && s->keeping && !s->received_datagrams &&
	    s->place + 1 < s->n_places) {
		report_datagram_error(s->run->messages, MESSAGE_VERBOSE, &s->refusal, false);
		if (sender_next_place(s, s->refusal.error, NULL)) {
			s->waiting = false;
			return;
		}
	}
	if (probed) {
		report_datagram_error(s->run->messages, MESSAGE_VERBOSE, &s->refusal, false);
		find(s, SENDING_CLOSED, &s->refused_to);
		sender_finish(s, failure, "closed");
		return;
	}
	/* Who goes on sending need not be told each time. */
	if (s->n_failures && !s->reported)
		sender_report_places(s, s->refusal.error, NULL);
	else
		report_datagram_error(s->run->messages, s->reported ? MESSAGE_STEP : MESSAGE_ERROR,
				      &s->refusal, !s->reported);
	s->reported = s->failed = true;
	if (s->waiting)
		sender_finish(s, failure, "refused");
}

void sender_take_errors(struct sender *s)
{
	dgram_errors(&s->sock);
	sender_heed_refusal(s);
}

/* ---- what comes back ---- */

static int64_t replies_left(const struct sender *s)
{
	int64_t wanted = s->c.options->replies;

	return wanted == UNSET ? INT64_MAX : wanted - (int64_t)s->received_datagrams;
}

static void answered(struct sender *s, const struct dgram_received *d)
{
	find(s, SENDING_OPEN, d->from->length ? d->from : &s->sock.peer);
	/* Somebody is there: no other address is needed. */
	sender_keep_no_more(s);
}

static void take(struct sender *s, const struct dgram_received *v, size_t n)
{
	int64_t left = replies_left(s);
	bool trace = message_wanted(s->run->messages, MESSAGE_STEP);

	if ((int64_t)n > left)
		n = (size_t)left;
	if (n == 0)
		return;
	if (s->received_datagrams == 0)
		answered(s, v);
	for (size_t i = 0; i < n; i++) {
		s->received_bytes += v[i].size;
		if (trace)
			sender_say(s, false, v[i].from, NULL, v[i].size);
	}
	s->received_datagrams += n;
	s->enough = replies_left(s) <= 0 || s->c.probed;
	s->last_move = loop_now(s->run->loop);
	datagram_output_add(&s->output, v, n);
}

static void receive(struct sender *s)
{
	for (int i = 0; i < RECEIVES && !sender_is_over(s) && !datagram_output_full(&s->output);
	     i++) {
		const struct dgram_received *v;
		ssize_t n = dgram_receive(&s->sock, s->received, &v);

		if (n < 0 && errno != EAGAIN)
			sender_finish(s, report_error(s->run->messages, "receive", errno), "error");
		if (n < 0)
			break;
		take(s, v, (size_t)n);
	}
	sender_heed_refusal(s);
}

/* ---- the run ---- */

/* MORE: there is something to be sent at once. */
static void watch(struct sender *s, bool more)
{
	bool full = datagram_output_full(&s->output);

	if (sender_is_over(s))
		return;
	if (s->in_ended || s->replaying || more || s->paused || s->sock_full)
		watch_drop(s->run->loop, &s->in_watch);
	else
		watch_set(s->run->loop, &s->in_watch, POLLIN);
	watch_set(s->run->loop, &s->sock_watch,
		  (short)((full ? 0 : POLLIN) | (more || s->sock_full ? POLLOUT : 0)));
}

/* Enough has come, and nothing that stdin gave is still to be sent. */
static bool is_served(const struct sender *s)
{
	return s->enough && (s->c.probed || may_send_no_more(s) ||
			     (s->was_idle && s->rounds == 0 && !s->input.framer.length));
}

static void step(struct sender *s)
{
	int i = 0;

	for (; i < STEPS && !sender_is_over(s) && !s->paused && !s->sock_full; i++) {
		struct sender_batch *b = sender_next_batch(s);
		if (b->at < b->n) {
			if (!sender_send(s, b))
				break;
			continue;
		}
		if (s->together && b->n && s->place + 1 < s->n_places) {
			b->at = 0;
			s->place++;
			continue;
		}
		if (s->together)
			s->place = 0;
		if (!sender_refill(s))
			break;
	}
	if (sender_is_over(s))
		return;
	if (is_served(s))
		sender_finish(s, done, s->c.probed ? "answered" : "replies");
	else if (s->out_broken && (may_send_no_more(s) ? s->waiting : s->was_idle))
		run_end(s->run, report_output_error(s->run->messages, "stdout", EPIPE));
	else if (may_send_no_more(s))
		settle(s);
	watch(s, i == STEPS);
}

/* All is sent: waits for replies where it should, and for what the network has said meanwhile. */
static void settle(struct sender *s)
{
	const struct sender_options *o = s->c.options;

	if (s->waiting)
		return;
	sender_take_errors(s);
	if (sender_is_over(s) || !may_send_no_more(s)) {
		/* There is another place: from the loop, once more. */
		if (!sender_is_over(s))
			sender_pause(s, clock_now());
		return;
	}
	receive(s);
	if (sender_is_over(s))
		return;
	if (is_served(s)) {
		sender_finish(s, done, s->c.probed ? "answered" : "replies");
	} else if (s->failed && (s->sock.peer.length || s->sent_datagrams == 0)) {
		sender_finish(s, failure, s->sent_datagrams ? "refused" : "error");
	} else if (s->wait == UNSET && o->replies == UNSET) {
		sender_finish(s, done, "all sent");
	} else {
		s->waiting = true;
		timer_set(s->run->loop, &s->wait_timer, clock_after(s->last_move, s->wait));
	}
}

static void in_event(void *arg, short events)
{
	(void)events;
	step(arg);
}

static void sock_event(void *arg, short events)
{
	struct sender *s = arg;

	if (events & (POLLERR | POLLHUP))
		sender_take_errors(s);
	if (events & POLLIN && !sender_is_over(s))
		receive(s);
	if (events & POLLOUT)
		s->sock_full = false;
	step(s);
}

static void paced_over(void *arg)
{
	struct sender *s = arg;

	s->paused = false;
	step(s);
}

static void wait_over(void *arg)
{
	struct sender *s = arg;
	const struct sender_options *o = s->c.options;
	int64_t now = clock_now(), at = clock_after(s->last_move, s->wait);
	long long came = (long long)s->received_datagrams;
	char time[32];

	if (at > now || (!s->waiting && !s->c.probed)) {
		timer_set(s->run->loop, &s->wait_timer, at);
		return;
	}
	duration_format(time, sizeof time, s->wait);
	s->tells = s->sent_datagrams > 0;
	if (s->c.probed && s->sent_datagrams)
		sender_finish(s, (struct outcome){ OUTCOME_TIMEOUT, 0 }, "no answer");
	else if (s->c.probed)
		sender_finish(s,
			      message_timeout(s->run->messages,
					      "stdin: nothing to send within %s (--wait)", time),
			      "no answer");
	else if (came == 0)
		sender_finish(s,
			      message_timeout(s->run->messages, "no reply within %s (--wait)",
					      time),
			      "no reply");
	else if (o->replies != UNSET)
		sender_finish(
			s,
			message_timeout(s->run->messages,
					"%lld of %lld replies, and no more within %s (--wait)",
					came, (long long)o->replies, time),
			"no reply");
	else
		sender_finish(s, done, "no more replies");
}

static void idle(void *arg)
{
	struct sender *s = arg;
	int64_t limit = s->run->data->idle_timeout;
	int64_t at = clock_after(s->last_move > s->rests ? s->last_move : s->rests, limit);
	char time[32];

	if (at > clock_now()) {
		timer_set(s->run->loop, &s->idle_timer, at);
		return;
	}
	duration_format(time, sizeof time, limit);
	sender_finish(s,
		      message_timeout(s->run->messages, "nothing moved for %s (--idle-timeout)",
				      time),
		      "idle");
}

/* ---- what it is asked ---- */

void sender_go(struct sender *s)
{
	static const struct frame line = { .mode = FRAME_LINE };
	enum frame_mode mode = s->c.frame->frame.mode;
	bool endless = mode == FRAME_READ || mode == FRAME_ALL || mode == FRAME_SIZE;
	const struct datagram_output_config output = {
		.frame = s->c.from && endless ? &line : &s->c.frame->frame,
		.from = s->c.from,
		.silent = s->c.probed != NULL,
		.room = room,
		.emptied = emptied,
		.failed = output_failed,
		.arg = s,
	};
	int family = s->places[s->place].to.u.sa.sa_family;

	s->start = s->last_move = clock_now();
	rate_start(&s->rate, s->run->data->rate, s->c.options->pps);
	s->received = dgram_batch_new(dgram_room(family));
	if (!s->received) {
		run_end(s->run, report_error(s->run->messages, "start", errno));
		return;
	}
	sender_input_start(s, dgram_most_by(&s->sock));
	datagram_output_start(&s->output, s->run, &output);
	s->started = true;
	timer_set(s->run->loop, &s->idle_timer, clock_after(s->start, s->run->data->idle_timeout));
	if (s->c.probed) {
		timer_set(s->run->loop, &s->wait_timer, clock_after(s->start, s->wait));
		/* Nobody is to be asked to type something. */
		if (s->in.kind == ENDPOINT_TERMINAL)
			sender_end_round(s);
	}
	step(s);
}

static void start(struct sender *s, struct run *r, const struct sender_config *c)
{
	*s = (struct sender){ .run = r, .c = *c, .wait = c->options->wait };
	if (c->probed && s->wait == UNSET)
		s->wait = PROBE_WAIT;
	endpoint_none(&s->in);
	s->in_watch = (struct watch){ .fn = in_event, .arg = s };
	s->sock_watch = (struct watch){ .fn = sock_event, .arg = s };
	s->pace = (struct timer){ .fn = paced_over, .arg = s };
	s->wait_timer = (struct timer){ .fn = wait_over, .arg = s };
	s->idle_timer = (struct timer){ .fn = idle, .arg = s };
	sender_report_start(s, r);
	sender_way_start(s);
}

static void drop(struct sender *s)
{
	struct loop *loop = s->run->loop;

	/* What came before a signal or a time limit is still written, where stdout takes it. */
	if (s->started && !s->output.out.error)
		datagram_output_finish(&s->output, FINISH_LIMIT);
	watch_drop(loop, &s->in_watch);
	timer_drop(loop, &s->pace);
	timer_drop(loop, &s->wait_timer);
	timer_drop(loop, &s->idle_timer);
	sender_way_free(s);
	datagram_output_free(&s->output);
	sender_input_free(s);
	dgram_batch_free(s->received);
}

struct outcome sender_run(const struct messages *m, const struct data_options *data,
			  const struct sender_config *c)
{
	struct sender *s = calloc(1, sizeof *s);
	struct outcome outcome = failure;
	struct run r;

	if (!s)
		return report_error(m, "start", errno);
	if (run_start(&r, m, data) == 0) {
		start(s, &r, c);
		outcome = run_wait(&r);
		/* Where a probe ended otherwise, that was said. */
		if (s->why && c->probed && s->tells) {
			s->found.port = address_port(&s->places[s->place].to);
			outcome = c->probed(c->arg, &s->found, outcome);
		}
		drop(s);
		run_free(&r);
	}
	free(s);
	return outcome;
}
