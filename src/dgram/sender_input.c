#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "run/report.h"
#include "dgram/sender_state.h"

#define KEPT_MOST (64 << 10)	      /* for the next address */
#define KEPT_TIME SECOND	      /* the same */
#define ROUND_MOST ((size_t)64 << 20) /* of a stdin that is no file, for --repeat */

void sender_keep_no_more(struct sender *s)
{
	s->keeping = false;
	timer_drop(s->run->loop, &s->keep_timer);
	if (!s->resending)
		datagram_store_free(&s->kept);
}

void sender_keep(struct sender *s, const struct sender_batch *b, size_t n)
{
	if (!s->keeping || b == &s->resend)
		return;
	if (datagram_store_add(&s->kept, b->v + b->at, n, KEPT_MOST) < 0)
		sender_keep_no_more(s);
	else if (!s->keep_timer.slot)
		timer_set(s->run->loop, &s->keep_timer, clock_after(clock_now(), KEPT_TIME));
}

void sender_end_round(struct sender *s)
{
	if (s->c.probed && s->sent_datagrams == 0 && s->batch.n == 0) {
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
		sender_rest(s, clock_after(clock_now(), s->c.options->interval));
}

/* Stdin cannot be read, or cut. */
static void end_input(struct sender *s, const char *text)
{
	struct outcome outcome =
		text ? message_fail(s->run->messages, OUTCOME_FAILED,
				    errno_name(s->input.found == FRAME_TOO_LARGE ? EMSGSIZE :
										   EBADMSG),
				    "%s", text) :
		       report_error(s->run->messages, s->in.name, errno);

	sender_finish(s, outcome, "input failed");
}

static bool read_more(struct sender *s)
{
	int n;

	if (s->in.may_block && !endpoint_readable(&s->in)) {
		s->was_idle = true;
		return false;
	}
	n = datagram_input_fill(&s->input);
	if (n < 0)
		end_input(s, NULL);
	s->was_idle |= n == 0;
	return n > 0;
}

static void store_round(struct sender *s)
{
	char most[32];

	if (!s->storing || datagram_store_add(&s->round, s->batch.v, s->batch.n, ROUND_MOST) == 0)
		return;
	s->batch.n = 0;
	if (errno == ENOMEM) {
		end_input(s, NULL);
		return;
	}
	sender_finish(s,
		      message_fail(s->run->messages, OUTCOME_FAILED, errno_name(EFBIG),
				   "stdin: more than %s, which is kept for --repeat where stdin "
				   "is no file",
				   size_format(most, sizeof most, (double)ROUND_MOST)),
		      "input failed");
}

bool sender_refill(struct sender *s)
{
	/* By turns they should go to all places, at a pace. */
	size_t most = s->together && rate_is_set(&s->rate) ? 1 : DGRAM_BATCH;
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
		if (s->was_idle && rate_is_set(&s->rate))
			rate_forget(&s->rate, clock_now());
		s->was_idle = false;
		store_round(s);
	} else if (s->replaying || s->input.found == FRAME_END) {
		sender_end_round(s);
	} else if (s->input.found == FRAME_PARTIAL) {
		return read_more(s);
	} else if (datagram_input_error(&s->input, text, sizeof text)) {
		end_input(s, text);
	}
	return !sender_is_over(s) && !s->paused;
}

struct sender_batch *sender_next_batch(struct sender *s)
{
	struct sender_batch *b = &s->resend;

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
		sender_keep_no_more(s);
	return &s->batch;
}

static void kept_long_enough(void *arg)
{
	sender_keep_no_more(arg);
}

/* What can be read again stands in `in_start`; how much there is, for --progress. */
static void look_at_input(struct sender *s)
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

void sender_input_start(struct sender *s, size_t most)
{
	endpoint_inherit(&s->in, STDIN_FILENO, false, "stdin");
	endpoint_reopen(&s->in);
	look_at_input(s);
	datagram_input_start(&s->input, &s->in, s->c.frame, s->run->data->crlf, most);
	s->in_watch.fd = s->in.rfd;
	s->keep_timer = (struct timer){ .fn = kept_long_enough, .arg = s };
	s->keeping = !s->together && s->place + 1 < s->n_places;
	s->rounds = s->c.options->repeat - 1;
	s->storing = s->rounds > 0 && s->in_start < 0;
}

void sender_input_free(struct sender *s)
{
	timer_drop(s->run->loop, &s->keep_timer);
	datagram_input_free(&s->input);
	datagram_store_free(&s->kept);
	datagram_store_free(&s->round);
	endpoint_close(&s->in);
}
