/* sender_replies.c - what comes back to a sender */
#include <errno.h>

#include "base/number.h"
#include "run/report.h"
#include "dgram/sender_state.h"

#define BATCHES 8 /* before others get their turn */

/* Returns how many more are wanted, INT64_MAX: any number. */
static int64_t sender_replies_left(const struct sender *s)
{
	int64_t wanted = s->c.options->replies;

	return wanted == UNSET ? INT64_MAX : wanted - (int64_t)s->traffic.counts.received;
}

bool sender_has_enough(const struct sender *s)
{
	return sender_replies_left(s) <= 0;
}

static void sender_take_replies(struct sender *s, const struct dgram_received *v, size_t n)
{
	int64_t left = sender_replies_left(s);

	if ((int64_t)n > left)
		n = (size_t)left;
	if (n == 0)
		return;
	/* Somebody is there: no other address is needed. */
	if (s->traffic.counts.received == 0)
		sender_kept_drop(&s->kept);
	dgram_traffic_received(&s->traffic, v, n, NULL);
	dgram_output_add(&s->replies.out, v, n);
	dgram_output_flush(&s->replies.out);
}

void sender_receive(struct sender *s)
{
	struct sender_replies *r = &s->replies;

	for (int i = 0; i < BATCHES && !sender_is_over(s) && !dgram_output_full(&r->out); i++) {
		const struct dgram_received *v;
		ssize_t n = dgram_receive(&s->places.socket, r->batch, &v);

		if (n < 0 && errno != EAGAIN)
			sender_finish(s, report_error(s->run->messages, "receive", errno), "error");
		if (n < 0)
			return;
		sender_take_replies(s, v, (size_t)n);
	}
}

int sender_replies_start(struct sender *s, void (*changed)(void *arg))
{
	static const struct frame line = { .mode = FRAME_LINE };
	const struct frame *frame = &s->c.frame->frame;
	bool endless =
		frame->mode == FRAME_READ || frame->mode == FRAME_ALL || frame->mode == FRAME_SIZE;

	s->replies.batch = dgram_batch_new(dgram_room(s->places.socket.family));
	if (!s->replies.batch)
		return -1;
	s->replies.out = (struct dgram_output){ .run = s->run,
						.frame = s->c.from && endless ? &line : frame,
						.from = s->c.from,
						.changed = changed,
						.arg = s };
	dgram_output_start(&s->replies.out);
	return 0;
}
