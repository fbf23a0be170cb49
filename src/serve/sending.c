#include "serve/sending.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "serve/datagram_report.h"
#include "serve/report.h"

#define KEPT_MOST (64 << 10)	       /* for the next address */
#define KEPT_TIME SECOND	       /* the same */
#define ROUND_MOST ((size_t)64 << 20)  /* of a stdin that is no file, for --repeat */
#define PROBE_WAIT SECOND	       /* --wait of --probe */
#define CREDIT (20 * MILLISECOND)      /* a late timer is made up for, so much of it */
#define NO_BUFFER_PAUSE MILLISECOND    /* after ENOBUFS */
#define COPIES_LOOK (20 * MILLISECOND) /* whether -o and -x have caught up */
#define STEPS 16		       /* reads or batches before others get their turn */
#define RECEIVES 8		       /* the same for what comes */
#define FINISH_LIMIT SECOND	       /* for a stdout that is slow, once the loop has ended */

#define AT(member) offsetof(struct sending_options, member)

static const struct option_row rows[] = {
	{ .name = "interval",
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(interval),
	  .needs = "repeat",
	  .help = "pause between one time and the next" },
	{ .name = "wait",
	  .letter = 'w',
	  .kind = OPTION_DURATION,
	  .arg = "DURATION",
	  .field = AT(wait),
	  .help = "after stdin's end wait for replies, so long after the last datagram; exit 4 if "
		  "none came" },
	/* from here on: repeat_group */
	{ .name = "replies",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = INT64_MAX,
	  .field = AT(replies),
	  .help = "wait for so many replies, and end with the last of them" },
	{ .name = "repeat",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = INT64_MAX,
	  .field = AT(repeat),
	  .help = "send all of stdin so many times" },
	{ .name = "pps",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 1,
	  .max = 1000000000,
	  .field = AT(pps),
	  .help = "at most so many datagrams a second, one by one" },
};

const struct option_group sending_group = { "Sending", rows, sizeof rows / sizeof *rows };
const struct option_group repeat_group = { "Sending", rows + 2, sizeof rows / sizeof *rows - 2 };

static const struct outcome done = { OUTCOME_DONE, 0 };
static const struct outcome failure = { OUTCOME_FAILED, 0 };

static void step(struct sending *s);
static void settle(struct sending *s);

static const struct messages *messages(const struct sending *s)
{
	return s->run->messages;
}

static bool over(const struct sending *s)
{
	return s->finishing || s->run->ended;
}

/* ---- the end ---- */

void sending_finish(struct sending *s, struct outcome outcome, const char *why)
{
	if (over(s))
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
	struct sending *s = arg;

	if (s->finishing)
		run_end(s->run, s->outcome);
}

static void output_failed(void *arg, int error, bool idle)
{
	struct sending *s = arg;

	s->out_broken = true;
	/* Nothing was to be written yet: stdin goes on as long as it has something. */
	if (idle)
		step(s);
	else
		run_end(s->run, report_output_error(messages(s), "stdout", error));
}

static void room(void *arg)
{
	step(arg);
}

static bool may_send_no_more(const struct sending *s)
{
	return s->in_ended && !s->resending && s->batch.at == s->batch.n;
}

/* Deals with what the network told of the place that S is connected to. */
static void deal_with_refusal(struct sending *s)
{
	bool probed = s->c.probe && s->refusal.error == ECONNREFUSED;

	if (!s->refused || over(s))
		return;
	s->refused = false;
	if (s->refusal.error != EMSGSIZE && s->keeping && !s->received_datagrams &&
	    s->place + 1 < s->n_places) {
		report_datagram_error(messages(s), MESSAGE_VERBOSE, &s->refusal, false);
		if (sending_next_place(s, s->refusal.error, NULL)) {
			s->waiting = false;
			return;
		}
	}
	if (probed) {
		report_datagram_error(messages(s), MESSAGE_VERBOSE, &s->refusal, false);
		s->answer = SENDING_CLOSED;
		s->answered_by = s->refused_to;
		s->answered_at = clock_now();
		s->tells = true;
		sending_finish(s, failure, "closed");
		return;
	}
	/* Who goes on sending need not be told each time. */
	if (s->n_failures && !s->reported)
		sending_report_places(s, s->refusal.error, NULL);
	else
		report_datagram_error(messages(s), s->reported ? MESSAGE_STEP : MESSAGE_ERROR,
				      &s->refusal, !s->reported);
	s->reported = s->failed = true;
	if (s->waiting)
		sending_finish(s, failure, "refused");
}

static void take_errors(struct sending *s)
{
	dgram_errors(&s->sock);
	deal_with_refusal(s);
}

/* ---- what comes back ---- */

static int64_t replies_left(const struct sending *s)
{
	int64_t wanted = s->c.options->replies;

	return wanted == UNSET ? INT64_MAX : wanted - (int64_t)s->received_datagrams;
}

static void keep_no_more(struct sending *s)
{
	s->keeping = false;
	timer_drop(s->run->loop, &s->keep_timer);
	if (!s->resending)
		datagram_store_free(&s->kept);
}

static void answered(struct sending *s, const struct dgram_received *d)
{
	s->answer = SENDING_OPEN;
	s->answered_by = d->from->length ? *d->from : s->sock.peer;
	s->answered_at = clock_now();
	s->tells = true;
	/* Somebody is there: no other address is needed. */
	keep_no_more(s);
}

static void say_datagram(const struct sending *s, bool sent, const struct address *other,
			 const char *interface, size_t size)
{
	char text[ADDRESS_TEXT] = "", who[ADDRESS_TEXT] = "";
	const char *name = text;
	struct notice n;

	notice_begin(&n, messages(s), MESSAGE_STEP, sent ? "sent" : "received");
	if (!n.wanted)
		return;
	if (notice_wants_facts(&n)) {
		if (other->length)
			address_json(&n.json, sent ? "to" : "from", other);
		if (interface)
			json_string(&n.json, "interface", interface);
		json_number(&n.json, "size", (int64_t)size);
	}
	if (other->length) {
		name = address_text(other, text);
		address_who(other, who);
	}
	notice_end(&n, "%s %zu byte%s%s%s%s%s%s", sent ? "sent" : "received", size,
		   size == 1 ? "" : "s",
		   !*name ? "" :
		   sent	  ? " to " :
			    " from ",
		   name, who, interface ? " by " : "", interface ? interface : "");
}

static void take(struct sending *s, const struct dgram_received *v, size_t n)
{
	int64_t left = replies_left(s);
	bool trace = message_wanted(messages(s), MESSAGE_STEP);

	if ((int64_t)n > left)
		n = (size_t)left;
	if (n == 0)
		return;
	if (s->received_datagrams == 0)
		answered(s, v);
	for (size_t i = 0; i < n; i++) {
		s->received_bytes += v[i].size;
		if (trace)
			say_datagram(s, false, v[i].from, NULL, v[i].size);
	}
	s->received_datagrams += n;
	s->enough = replies_left(s) <= 0 || s->c.probe;
	s->last_move = loop_now(s->run->loop);
	datagram_output_add(&s->output, v, n);
}

static void receive(struct sending *s)
{
	for (int i = 0; i < RECEIVES && !over(s) && !datagram_output_full(&s->output); i++) {
		const struct dgram_received *v;
		ssize_t n = dgram_receive(&s->sock, s->received, &v);

		if (n < 0 && errno != EAGAIN)
			sending_finish(s, report_error(messages(s), "receive", errno), "error");
		if (n < 0)
			break;
		take(s, v, (size_t)n);
	}
	deal_with_refusal(s);
}

/* ---- what is sent ---- */

static int64_t cost(const struct sending *s, size_t size)
{
	int64_t pps = s->c.options->pps, rate = s->run->data->rate;
	int64_t each = pps == UNSET ? 0 : SECOND / pps;
	int64_t bytes = rate == UNSET ? 0 : (int64_t)size * SECOND / rate;

	return each > bytes ? each : bytes;
}

static bool is_paced(const struct sending *s)
{
	return s->c.options->pps != UNSET || s->run->data->rate != UNSET;
}

static void pause_until(struct sending *s, int64_t at)
{
	s->paused = true;
	timer_set(s->run->loop, &s->pace, at);
}

/* How many of the N at V may go now by --pps and --rate; where there is none, S is paused. */
static size_t paced(struct sending *s, const struct dgram *v, size_t n)
{
	int64_t now, at;
	size_t i = 0;

	if (!is_paced(s))
		return n;
	now = clock_now();
	if (s->next_at < now - CREDIT)
		s->next_at = now - CREDIT;
	for (at = s->next_at; i < n && at <= now; i++)
		at += cost(s, v[i].size);
	if (i == 0)
		pause_until(s, s->next_at);
	return i;
}

/* Keeps what B sent, for the next place. */
static void keep(struct sending *s, const struct sending_batch *b, size_t n)
{
	if (!s->keeping || b == &s->resend)
		return;
	if (datagram_store_add(&s->kept, b->v + b->at, n, KEPT_MOST) < 0)
		keep_no_more(s);
	else if (!s->keep_timer.slot)
		timer_set(s->run->loop, &s->keep_timer, clock_after(clock_now(), KEPT_TIME));
}

/* The next N of B have gone. */
static void sent(struct sending *s, struct sending_batch *b, size_t n)
{
	const struct sending_place *p = &s->places[s->place];
	bool trace = message_wanted(messages(s), MESSAGE_STEP);

	for (size_t i = b->at; i < b->at + n; i++) {
		const struct dgram *d = &b->v[i];
		const struct transcript_piece piece = { .sent = true, .offset = s->sent_bytes };

		run_copy(s->run, &piece, d->data, d->size);
		if (is_paced(s))
			s->next_at += cost(s, d->size);
		if (trace)
			say_datagram(s, true, &p->to, *p->name ? p->name : NULL, d->size);
		s->sent_bytes += d->size;
	}
	s->sent_datagrams += n;
	s->last_move = clock_now();
	keep(s, b, n);
	b->at += n;
}

/* Has each place refused the first that it was to have? */
static bool none_works(const struct sending *s)
{
	for (size_t i = 0; i < s->n_places; i++)
		if (!s->places[i].failed)
			return false;
	return s->sent_datagrams == 0;
}

/* The next of B could not be sent, for ERROR. Returns whether to go on. */
static bool unsent(struct sending *s, struct sending_batch *b, int error)
{
	struct sending_place *p = &s->places[s->place];
	size_t size = b->v[b->at].size;

	if (error == EAGAIN) {
		s->sock_full = true;
		return false;
	}
	if (error == ENOBUFS) {
		pause_until(s, clock_now() + NO_BUFFER_PAUSE);
		return false;
	}
	if (error != EMSGSIZE && sending_next_place(s, error, NULL))
		return !over(s);
	if (s->n_failures && error != EMSGSIZE)
		sending_report_places(s, error, NULL);
	else
		report_unsent(messages(s), p->failed ? MESSAGE_STEP : MESSAGE_ERROR, &p->to,
			      *p->name ? p->name : NULL, size, error);
	s->failed = p->failed = true;
	/* What one interface does not take may still leave by the others, but for where there is no way at all. */
	if (!s->together || error == EMSGSIZE || none_works(s)) {
		sending_finish(s, failure, "error");
		return false;
	}
	b->at++;
	return true;
}

/* How many of the N at V go in one call. */
static size_t at_once(struct sending *s, const struct dgram *v, size_t n)
{
	/* Where a place is that nobody is at, the first datagram shows it. */
	if (s->keeping && s->place + 1 < s->n_places && s->kept.text.length == 0)
		n = 1;
	return paced(s, v, n);
}

/* Tells each of the N at V where it goes. */
static void direct(const struct sending *s, struct dgram *v, size_t n)
{
	const struct sending_place *p = &s->places[s->place];
	bool connected = s->sock.peer.length > 0;

	for (size_t i = 0; i < n; i++) {
		v[i].to = connected ? NULL : &p->to;
		v[i].from = NULL;
		v[i].interface = p->interface;
	}
}

/* Sends what is left of B. Returns whether to go on, now. */
static bool send_batch(struct sending *s, struct sending_batch *b)
{
	struct dgram *v = b->v + b->at;
	size_t n;
	ssize_t k;

	if (run_copies_full(s->run)) {
		pause_until(s, clock_now() + COPIES_LOOK);
		return false;
	}
	if (s->keeping) {
		size_t place = s->place;
		take_errors(s);
		if (over(s) || s->place != place)
			return !over(s);
	}
	n = at_once(s, v, b->n - b->at);
	if (n == 0)
		return false;
	direct(s, v, n);
	k = dgram_send(&s->sock, v, n);
	if (k < 0)
		return unsent(s, b, errno);
	sent(s, b, (size_t)k);
	deal_with_refusal(s);
	return !over(s);
}

/* ---- where it comes from ---- */

/* What stdin gave has been sent: once more, or that was all. */
static void end_round(struct sending *s)
{
	if (s->c.probe && s->sent_datagrams == 0 && s->batch.n == 0) {
		s->batch.v[0] = (struct dgram){ .data = "" };
		s->batch.n = 1;
		s->in_ended = true;
		return;
	}
	if (s->rounds == 0) {
		s->in_ended = true;
		return;
	}
	s->rounds--;
	if (s->in_start >= 0 && lseek(s->in.rfd, s->in_start, SEEK_SET) >= 0) {
		datagram_input_again(&s->input);
	} else {
		s->replaying = true;
		s->storing = false;
		datagram_store_again(&s->round);
	}
	if (s->c.options->interval > 0)
		pause_until(s, clock_after(clock_now(), s->c.options->interval));
}

/* Stdin cannot be read, or cut. */
static void end_input(struct sending *s, const char *text)
{
	struct outcome outcome =
		text ? message_fail(messages(s), OUTCOME_FAILED,
				    errno_name(s->input.found == FRAME_TOO_LARGE ? EMSGSIZE :
										   EBADMSG),
				    "%s", text) :
		       report_error(messages(s), s->in.name, errno);

	sending_finish(s, outcome, "input failed");
}

static bool read_more(struct sending *s)
{
	int n;

	if (s->in.careful && !endpoint_readable(&s->in)) {
		s->was_idle = true;
		return false;
	}
	n = datagram_input_fill(&s->input);
	if (n < 0)
		end_input(s, NULL);
	s->was_idle |= n == 0;
	return n > 0;
}

static void store_round(struct sending *s)
{
	char most[32];

	if (!s->storing || datagram_store_add(&s->round, s->batch.v, s->batch.n, ROUND_MOST) == 0)
		return;
	s->batch.n = 0;
	if (errno == ENOMEM) {
		end_input(s, NULL);
		return;
	}
	sending_finish(s,
		       message_fail(messages(s), OUTCOME_FAILED, errno_name(EFBIG),
				    "stdin: more than %s, which is kept for --repeat where stdin "
				    "is no file",
				    size_format(most, sizeof most, (double)ROUND_MOST)),
		       "input failed");
}

/* Fills the batch. Returns whether there is something to do at once. */
static bool refill(struct sending *s)
{
	/* By turns they should go to all places, at a pace. */
	size_t most = s->together && is_paced(s) ? 1 : DGRAM_BATCH;
	char text[128];
	ssize_t n;

	if (s->in_ended)
		return false;
	n = s->replaying ? (ssize_t)datagram_store_next(&s->round, s->batch.v, most) :
			   datagram_input_next(&s->input, s->batch.v, most);
	s->batch.at = 0;
	s->batch.n = n > 0 ? (size_t)n : 0;
	if (n < 0) {
		end_input(s, NULL);
	} else if (n > 0) {
		if (s->was_idle && s->next_at < clock_now())
			s->next_at = clock_now();
		s->was_idle = false;
		store_round(s);
	} else if (s->replaying || s->input.found == FRAME_END) {
		end_round(s);
	} else if (s->input.found == FRAME_PARTIAL) {
		return read_more(s);
	} else if (datagram_input_error(&s->input, text, sizeof text)) {
		end_input(s, text);
	}
	return !over(s) && !s->paused;
}

/* What goes next: what the place before did not take, else what stdin gives. */
static struct sending_batch *next_batch(struct sending *s)
{
	struct sending_batch *b = &s->resend;

	if (!s->resending)
		return &s->batch;
	if (b->at == b->n) {
		b->at = 0;
		b->n = datagram_store_next(&s->kept, b->v, DGRAM_BATCH);
		s->resending = b->n > 0;
	}
	if (s->resending)
		return b;
	if (!s->keeping)
		keep_no_more(s);
	return &s->batch;
}

/* ---- the run ---- */

/* MORE: there is something to be sent at once. */
static void watch(struct sending *s, bool more)
{
	bool full = datagram_output_full(&s->output);

	if (over(s))
		return;
	if (s->in_ended || s->replaying || more || s->paused || s->sock_full)
		watch_drop(s->run->loop, &s->in_watch);
	else
		watch_set(s->run->loop, &s->in_watch, POLLIN);
	watch_set(s->run->loop, &s->sock_watch,
		  (short)((full ? 0 : POLLIN) | (more || s->sock_full ? POLLOUT : 0)));
}

/* Enough has come, and nothing that stdin gave is still to be sent. */
static bool is_served(const struct sending *s)
{
	return s->enough && (s->c.probe || may_send_no_more(s) ||
			     (s->was_idle && s->rounds == 0 && s->input.begin == s->input.end));
}

static void step(struct sending *s)
{
	int i = 0;

	for (; i < STEPS && !over(s) && !s->paused && !s->sock_full; i++) {
		struct sending_batch *b = next_batch(s);
		if (b->at < b->n) {
			if (!send_batch(s, b))
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
		if (!refill(s))
			break;
	}
	if (over(s))
		return;
	if (is_served(s))
		sending_finish(s, done, s->c.probe ? "answered" : "replies");
	else if (s->out_broken && (may_send_no_more(s) ? s->waiting : s->was_idle))
		run_end(s->run, report_output_error(messages(s), "stdout", EPIPE));
	else if (may_send_no_more(s))
		settle(s);
	watch(s, i == STEPS);
}

/* All is sent: waits for replies where it should, and for what the network has said meanwhile. */
static void settle(struct sending *s)
{
	const struct sending_options *o = s->c.options;

	if (s->waiting)
		return;
	take_errors(s);
	if (over(s) || !may_send_no_more(s)) {
		/* There is another place: from the loop, once more. */
		if (!over(s))
			pause_until(s, clock_now());
		return;
	}
	receive(s);
	if (over(s))
		return;
	if (is_served(s)) {
		sending_finish(s, done, s->c.probe ? "answered" : "replies");
	} else if (s->failed && (s->sock.peer.length || s->sent_datagrams == 0)) {
		sending_finish(s, failure, s->sent_datagrams ? "refused" : "error");
	} else if (s->wait == UNSET && o->replies == UNSET) {
		sending_finish(s, done, "all sent");
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
	struct sending *s = arg;

	if (events & (POLLERR | POLLHUP))
		take_errors(s);
	if (events & POLLIN && !over(s))
		receive(s);
	if (events & POLLOUT)
		s->sock_full = false;
	step(s);
}

static void paced_over(void *arg)
{
	struct sending *s = arg;

	s->paused = false;
	step(s);
}

static void kept_long_enough(void *arg)
{
	keep_no_more(arg);
}

static void wait_over(void *arg)
{
	struct sending *s = arg;
	const struct sending_options *o = s->c.options;
	int64_t now = clock_now(), at = clock_after(s->last_move, s->wait);
	long long came = (long long)s->received_datagrams;
	char time[32];

	if (at > now || (!s->waiting && !s->c.probe)) {
		timer_set(s->run->loop, &s->wait_timer, at);
		return;
	}
	duration_format(time, sizeof time, s->wait);
	s->tells = s->sent_datagrams > 0;
	if (s->c.probe && s->sent_datagrams)
		sending_finish(s, (struct outcome){ OUTCOME_TIMEOUT, 0 }, "no answer");
	else if (s->c.probe)
		sending_finish(s,
			       message_fail(messages(s), OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
					    "stdin: nothing to send within %s (--wait)", time),
			       "no answer");
	else if (came == 0)
		sending_finish(s,
			       message_fail(messages(s), OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
					    "no reply within %s (--wait)", time),
			       "no reply");
	else if (o->replies != UNSET)
		sending_finish(s,
			       message_fail(messages(s), OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
					    "%lld of %lld replies, and no more within %s (--wait)",
					    came, (long long)o->replies, time),
			       "no reply");
	else
		sending_finish(s, done, "no more replies");
}

static void idle(void *arg)
{
	struct sending *s = arg;
	int64_t limit = s->run->data->idle_timeout, at = clock_after(s->last_move, limit);
	char time[32];

	if (at > clock_now()) {
		timer_set(s->run->loop, &s->idle_timer, at);
		return;
	}
	duration_format(time, sizeof time, limit);
	sending_finish(s,
		       message_fail(messages(s), OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
				    "nothing moved for %s (--idle-timeout)", time),
		       "idle");
}

/* ---- what it is asked ---- */

static void figures(void *arg, bool at_end)
{
	const struct sending *s = arg;
	enum message_level level = !at_end || s->run->data->stats ? MESSAGE_NOTE : MESSAGE_VERBOSE;
	bool alone = !s->together && s->sock.peer.length;
	const struct outcome *o = &s->run->outcome;
	const struct datagram_figures f = {
		.sent = s->sent_bytes,
		.received = s->received_bytes,
		.sent_datagrams = s->sent_datagrams,
		.received_datagrams = s->received_datagrams,
		.errors = s->errors,
		.ns = clock_now() - s->start,
		.peer = alone ? &s->sock.peer : NULL,
		.local = alone ? &s->sock.local : NULL,
		.why = !at_end			  ? NULL :
		       s->why			  ? s->why :
		       o->kind == OUTCOME_SIGNAL  ? "signal" :
		       o->kind == OUTCOME_TIMEOUT ? "time limit" :
						    "end of the run",
	};

	if (s->started)
		report_datagram_figures(messages(s), level, &f, at_end ? "closed" : "stats");
}

static void totals(void *arg, struct run_totals *t)
{
	const struct sending *s = arg;

	t->sent = s->sent_bytes;
	t->received = s->received_bytes;
	t->taken = s->input.read;
	t->expected = s->expected;
	t->start = s->start;
}

static void waits(void *arg, struct text *text)
{
	const struct sending *s = arg;

	if (!s->started)
		text_add(text, "the look-up of %s (--timeout)", s->c.host ? s->c.host : s->c.port);
	else if (s->waiting)
		text_add(text, "replies (%s)", s->wait == UNSET ? "--timeout" : "--wait");
	else if (s->finishing)
		text_add(text, "stdout to take what came (--timeout)");
	else if (s->sock_full)
		text_add(text, "the socket to take more (--timeout)");
	else if (s->paused)
		text_add(text, "the end of a pause (--pps, --rate, --interval)");
	else
		text_add(text, "stdin's data or end (-i)");
}

static void signalled(void *arg, int signal)
{
	struct sending *s = arg;

	(void)signal;
	if (!s->why)
		s->why = "signal";
}

/* What can be read again stands in `in_start`; how much there is, for --progress. */
static void look_at_input(struct sending *s)
{
	struct stat st;
	off_t at;

	s->in_start = -1;
	s->expected = UNSET;
	if (s->in.kind != ENDPOINT_FILE || fstat(s->in.rfd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	at = lseek(s->in.rfd, 0, SEEK_CUR);
	s->in_start = at;
	if (at >= 0 && at <= st.st_size && (st.st_size - at) <= INT64_MAX / s->c.options->repeat)
		s->expected = (int64_t)(st.st_size - at) * s->c.options->repeat;
}

void sending_go(struct sending *s)
{
	static const struct frame line = { .mode = FRAME_LINE };
	enum frame_mode mode = s->c.frame->frame.mode;
	bool endless = mode == FRAME_READ || mode == FRAME_ALL || mode == FRAME_SIZE;
	const struct datagram_output_config output = {
		.frame = s->c.from && endless ? &line : &s->c.frame->frame,
		.from = s->c.from,
		.silent = s->c.probe,
		.room = room,
		.emptied = emptied,
		.failed = output_failed,
		.arg = s,
	};
	int family = s->places[s->place].to.u.sa.sa_family;

	s->start = s->last_move = s->next_at = clock_now();
	s->received = dgram_batch_new(dgram_room(family));
	if (!s->received) {
		run_end(s->run, report_error(messages(s), "start", errno));
		return;
	}
	endpoint_inherit(&s->in, STDIN_FILENO, false, "stdin");
	endpoint_open_anew(&s->in);
	look_at_input(s);
	datagram_input_start(&s->input, &s->in, s->c.frame, s->run->data->crlf,
			     dgram_most_by(&s->sock));
	datagram_output_start(&s->output, s->run, &output);
	s->in_watch.fd = s->in.rfd;
	s->started = true;
	s->keeping = !s->together && s->place + 1 < s->n_places;
	s->rounds = s->c.options->repeat - 1;
	s->storing = s->rounds > 0 && s->in_start < 0;
	timer_set(s->run->loop, &s->idle_timer, clock_after(s->start, s->run->data->idle_timeout));
	if (s->c.probe) {
		timer_set(s->run->loop, &s->wait_timer, clock_after(s->start, s->wait));
		/* Nobody is to be asked to type something. */
		if (s->in.kind == ENDPOINT_TERMINAL)
			end_round(s);
	}
	step(s);
}

void sending_start(struct sending *s, struct run *r, const struct sending_config *c)
{
	*s = (struct sending){ .run = r, .c = *c, .wait = c->options->wait };
	if (c->probe && s->wait == UNSET)
		s->wait = PROBE_WAIT;
	s->in = (struct endpoint){ .rfd = -1, .wfd = -1, .anew = -1 };
	s->in_watch = (struct watch){ .fn = in_event, .arg = s };
	s->sock_watch = (struct watch){ .fn = sock_event, .arg = s };
	s->pace = (struct timer){ .fn = paced_over, .arg = s };
	s->keep_timer = (struct timer){ .fn = kept_long_enough, .arg = s };
	s->wait_timer = (struct timer){ .fn = wait_over, .arg = s };
	s->idle_timer = (struct timer){ .fn = idle, .arg = s };
	r->calls = (struct run_calls){ .figures = figures,
				       .totals = totals,
				       .waits = waits,
				       .signalled = signalled,
				       .arg = s };
	sending_way_start(s);
}

void sending_free(struct sending *s)
{
	struct loop *loop;

	if (!s->run)
		return;
	loop = s->run->loop;
	/* What came before a signal or a time limit is still written, where stdout takes it. */
	if (s->started && !s->output.out.error)
		datagram_output_finish(&s->output, FINISH_LIMIT);
	watch_drop(loop, &s->in_watch);
	timer_drop(loop, &s->pace);
	timer_drop(loop, &s->keep_timer);
	timer_drop(loop, &s->wait_timer);
	timer_drop(loop, &s->idle_timer);
	sending_way_free(s);
	datagram_output_free(&s->output);
	datagram_input_free(&s->input);
	datagram_store_free(&s->kept);
	datagram_store_free(&s->round);
	dgram_batch_free(s->received);
	endpoint_close(&s->in);
}
