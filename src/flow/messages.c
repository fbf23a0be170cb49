/* messages.c - the method of transfer.h that moves messages over a stream, each as a whole
 *
 * What is read is cut into messages by the frame of its side, and those that are whole are written
 * with the marks of the other's. A message that its stream cuts off, or that is too large, or none,
 * ends the source with an error behind those before it.
 */
#include <errno.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "flow/fanout.h"
#include "flow/transfer.h"

#define BATCH (64 << 10) /* written at once, and the rest of the last message */

/* ---- the source ---- */

static bool messages_are_queued(const struct transfer *t)
{
	return t->from->kind == ENDPOINT_SUBSCRIBER;
}

/* Finds the next whole message. Returns as framer_next(). */
static int messages_next(struct transfer *t, const char **data, size_t *size)
{
	struct iovec iov;

	if (!messages_are_queued(t))
		return framer_next(&t->framer, t->messages->most, data, size);
	if (!subscriber_look(t->from->object, &iov, 1))
		return 0;
	*data = iov.iov_base;
	*size = iov.iov_len;
	return 1;
}

/* Goes on behind the message of SIZE bytes that messages_next() found. */
static void messages_took(struct transfer *t, size_t size)
{
	const struct framer *f = &t->framer;

	if (messages_are_queued(t)) {
		t->in += size;
		subscriber_took(t->from->object, size);
		return;
	}
	if (t->filter && !t->filter->sent)
		filter_copy(t->filter, f->data + f->offset, f->next.taken);
	framer_took(&t->framer);
}

/* What has come, and is no message or not all of one, is copied too. Returns TRANSFER_SOURCE_ERROR,
 * with errno as it was. */
static enum transfer_result messages_failed(struct transfer *t)
{
	const struct framer *f = &t->framer;
	int error = errno;

	if (t->filter && !t->filter->sent && f->length)
		filter_copy(t->filter, f->data + f->offset, f->length);
	errno = error;
	return TRANSFER_SOURCE_ERROR;
}

/* Reads once. Returns TRANSFER_MOVED, also at the end of what is cut, or as reading does. */
static enum transfer_result messages_read(struct transfer *t, size_t max)
{
	struct iovec iov;
	ssize_t n;

	if (messages_are_queued(t))
		return subscriber_look(t->from->object, &iov, 1) ?
			       TRANSFER_MOVED :
			       transfer_read_result(subscriber_nothing(t->from->object));
	if (t->framer.ended)
		return TRANSFER_MOVED;
	if (max == 0)
		return TRANSFER_WAIT;
	n = framer_fill(&t->framer, t->from, max);
	if (n < 0)
		return transfer_read_result(n);
	t->in += (size_t)n;
	return TRANSFER_MOVED;
}

/* ---- to what takes a message by a write ---- */

/* A message that is whole counts as held, an empty one as a byte. Returns 0, or -1 with errno. */
static int messages_look(struct transfer *t, const char **data, size_t *size)
{
	int found = messages_next(t, data, size);

	t->held = found <= 0 ? 0 : *size ? *size : 1;
	t->sink_full = t->held > 0;
	return found < 0 ? -1 : 0;
}

static enum transfer_result messages_publish(struct transfer *t)
{
	const char *data = NULL;
	size_t size = 0;

	for (;;) {
		if (messages_look(t, &data, &size) < 0)
			return messages_failed(t);
		if (!t->held)
			return t->framer.ended ? TRANSFER_END : TRANSFER_MOVED;
		if (!endpoint_writable(t->to) || transfer_must_wait(t))
			return TRANSFER_MOVED;
		if (endpoint_write(t->to, data, size) < 0)
			return transfer_sink_failed(t) == TRANSFER_SINK_ERROR ?
				       TRANSFER_SINK_ERROR :
				       TRANSFER_MOVED;
		t->out += size;
		messages_took(t, size);
	}
}

/* ---- to a stream ---- */

/* Adds DATA of SIZE bytes with the marks of its frame to the batch. Returns 0, or -1 with errno
 * EMSGSIZE. */
static int messages_mark(struct transfer *t, const char *data, size_t size)
{
	const struct frame *mark = &t->messages->mark;
	char head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];
	int n = frame_head(mark, size, head);

	if (n < 0) {
		t->framer.found = FRAME_UNCARRIED;
		t->framer.next.size = size;
		t->framer.carrier = mark;
		errno = EMSGSIZE;
		return -1;
	}
	text_put(&t->batch, head, (size_t)n);
	text_put(&t->batch, data, size);
	text_put(&t->batch, tail, frame_tail(mark, tail));
	return 0;
}

/* The same with the end of each line as -C has it, and of one that is a message by itself. */
static int messages_mark_lines(struct transfer *t, const char *data, size_t size)
{
	struct text text = { 0 };
	int result;

	filter_change(t->filter, &t->messages->mark, data, size, &text);
	result = messages_mark(t, text.length ? text.data : "", text.length);
	t->batch.failed |= text.failed;
	text_free(&text);
	return result;
}

/* Adds DATA of SIZE bytes, as it is to be written, to the batch. Returns 0, or -1 with errno
 * EMSGSIZE or ENOMEM. */
static int messages_add(struct transfer *t, const char *data, size_t size)
{
	const struct message_frames *m = t->messages;
	bool crlf = t->filter && t->filter->sent && t->filter->crlf;
	int result = 0;

	if (m->writer.put)
		m->writer.put(m->writer.arg, &t->batch, data, size);
	else if (m->verbatim)
		text_put(&t->batch, t->framer.data + t->framer.offset, t->framer.next.taken);
	else
		result = crlf ? messages_mark_lines(t, data, size) : messages_mark(t, data, size);
	if (!t->batch.failed)
		return result;
	errno = ENOMEM;
	return -1;
}

/* Makes a batch of what is whole: one message where each is looked at, or paused after. Returns 0,
 * or -1 with errno where the first is none. */
static int messages_collect(struct transfer *t)
{
	bool single = t->filter && (t->filter->copies || t->filter->delay);
	const char *data;
	size_t size, n = 0;
	int found = 0;

	t->offset = 0;
	while (t->batch.length < BATCH && (n == 0 || !single) &&
	       (found = messages_next(t, &data, &size)) > 0) {
		found = messages_add(t, data, size);
		if (found < 0)
			break;
		messages_took(t, size);
		n++;
	}
	t->held = t->batch.length;
	t->sink_full = t->held > 0;
	return found < 0 && n == 0 ? -1 : 0;
}

static void messages_let_go(struct transfer *t)
{
	text_free(&t->batch);
	transfer_let_go(t);
}

static enum transfer_result messages_drain(struct transfer *t)
{
	struct filter *f = t->filter && t->filter->sent ? t->filter : NULL;
	const char *data = t->batch.data + t->offset;
	ssize_t n = endpoint_write(t->to, data, t->held);

	if (t->to->shared)
		t->to->writer = t;
	if (n < 0)
		return transfer_sink_failed(t);
	if (f)
		filter_copy(f, data, (size_t)n);
	t->out += (size_t)n;
	t->offset += (size_t)n;
	t->held -= (size_t)n;
	t->sink_full = true;
	if (t->held)
		return TRANSFER_MOVED;
	messages_let_go(t);
	if (f && f->delay)
		f->resume = clock_after(clock_now(), f->delay);
	/* What else is whole is held too, so that no end comes before it. */
	if (messages_collect(t) < 0)
		return messages_failed(t);
	t->sink_full |= f && f->inserted.length > 0;
	/* A terminal tells its end once: it does not call again. */
	return t->framer.ended && !t->sink_full ? TRANSFER_END : TRANSFER_MOVED;
}

enum transfer_result transfer_messages(struct transfer *t, size_t max)
{
	struct filter *f = t->filter;

	if (transfer_must_wait(t))
		return TRANSFER_WAIT;
	if (f && filter_inserts(f, t->held > 0))
		return transfer_send_inserted(t);
	if (!t->held) {
		enum transfer_result result = messages_read(t, max);
		if (result != TRANSFER_MOVED)
			return result;
	}
	if (t->to->ops)
		return messages_publish(t);
	if (!t->held) {
		if (t->to->may_block)
			endpoint_reopen(t->to);
		if (messages_collect(t) < 0)
			return messages_failed(t);
		if (!t->held)
			return t->framer.ended ? TRANSFER_END : TRANSFER_MOVED;
		if (t->to->may_block || transfer_must_wait(t))
			return TRANSFER_MOVED;
	}
	return messages_drain(t);
}
