/* messages.c - the method of transfer.h that moves messages over a stream, each as a whole
 *
 * What is read is cut into messages by the frame of its side, and those that are whole are written
 * with the marks of the other's. A message that its stream cuts off, or that is too large, or none,
 * ends the source with an error behind those before it.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "flow/fanout.h"
#include "flow/transfer.h"

#define LARGE (16 << 10) /* in a queue: each subscriber would have a copy of its own */
#define PIECES 3
#define LITTLE (128 << 10) /* of a large message */
#define BATCH (64 << 10)   /* written at once, and the rest of the last message */

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
		return framer_next(&t->packing->framer, t->packing->messages->most, data, size);
	if (!subscriber_look(t->from->object, &iov, 1))
		return 0;
	*data = iov.iov_base;
	*size = iov.iov_len;
	return 1;
}

/* Goes on behind the message of SIZE bytes that messages_next() found. */
static void messages_took(struct transfer *t, size_t size)
{
	const struct framer *f = &t->packing->framer;

	if (messages_are_queued(t)) {
		t->in += size;
		subscriber_took(t->from->object, size);
		return;
	}
	if (t->filter && !t->filter->sent)
		filter_copy(t->filter, f->data + f->offset, f->next.taken);
	framer_took(&t->packing->framer);
	framer_shrink(&t->packing->framer);
}

/* What has come, and is no message or not all of one, is copied too. Returns TRANSFER_SOURCE_ERROR,
 * with errno as it was. */
static enum transfer_result messages_failed(struct transfer *t)
{
	const struct framer *f = &t->packing->framer;
	int error = errno;

	if (t->filter && !t->filter->sent && f->length)
		filter_copy(t->filter, f->data + f->offset, f->length);
	errno = error;
	return TRANSFER_SOURCE_ERROR;
}

/* Reads once. Returns TRANSFER_MOVED, also at the end of what is cut, or as reading does. */
static enum transfer_result messages_read(struct transfer *t, size_t max)
{
	size_t lacks = framer_lacks(&t->packing->framer);
	struct iovec iov;
	ssize_t n;

	if (messages_are_queued(t))
		return subscriber_look(t->from->object, &iov, 1) ?
			       TRANSFER_MOVED :
			       transfer_read_result(subscriber_nothing(t->from->object));
	if (t->packing->framer.ended)
		return TRANSFER_MOVED;
	if (max == 0)
		return TRANSFER_WAIT;
	if (lacks > FRAMER_PIECE && lacks <= max) {
		size_t unread;
		/* Nor is it taken before it can be given out. */
		t->sink_full = t->to->ops && !endpoint_writable(t->to);
		if (t->sink_full || transfer_await(t, lacks))
			return TRANSFER_WAIT;
		/* TCP's window is full though there is room: taking a little opens it. */
		unread = t->awaited ? endpoint_unread(t->from) : lacks;
		if (unread < lacks && unread < LITTLE)
			max = FRAMER_FIRST;
	}
	n = framer_fill(&t->packing->framer, t->from, max);
	transfer_await_any(t);
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
			return t->packing->framer.ended ? TRANSFER_END : TRANSFER_MOVED;
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

/* Adds DATA of SIZE bytes with the marks of its frame to the batch; the marks alone where it stays
 * APART. Returns 0, or -1 with errno EMSGSIZE. */
static int messages_mark(struct transfer *t, const char *data, size_t size, bool apart)
{
	const struct frame *mark = &t->packing->messages->mark;
	char head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];
	int n = frame_head(mark, size, head);

	if (n < 0) {
		t->packing->framer.found = FRAME_UNCARRIED;
		t->packing->framer.next.size = size;
		t->packing->framer.carrier = mark;
		errno = EMSGSIZE;
		return -1;
	}
	text_put(&t->packing->batch, head, (size_t)n);
	text_put(&t->packing->batch, data, apart ? 0 : size);
	t->packing->apart = apart ? size : 0;
	text_put(&t->packing->batch, tail, frame_tail(mark, tail));
	return 0;
}

/* The same with the end of each line as -C has it, and of one that is a message by itself. */
static int messages_mark_lines(struct transfer *t, const char *data, size_t size)
{
	struct text text = { 0 };
	int result;

	filter_change(t->filter, &t->packing->messages->mark, data, size, &text);
	result = messages_mark(t, text.length ? text.data : "", text.length, false);
	t->packing->batch.failed |= text.failed;
	text_free(&text);
	return result;
}

/* Adds DATA of SIZE bytes, as it is to be written, to the batch. Returns 0, or -1 with errno
 * EMSGSIZE or ENOMEM. */
static int messages_add(struct transfer *t, const char *data, size_t size, bool apart)
{
	const struct message_frames *m = t->packing->messages;
	bool crlf = t->filter && t->filter->sent && t->filter->crlf;
	size_t before = t->packing->batch.length;
	int result = 0;

	if (m->writer.put)
		m->writer.put(m->writer.arg, &t->packing->batch, data, size);
	else if (m->verbatim)
		text_put(&t->packing->batch, t->packing->framer.data + t->packing->framer.offset,
			 t->packing->framer.next.taken);
	else
		result = crlf ? messages_mark_lines(t, data, size) :
				messages_mark(t, data, size, apart);
	if (!t->packing->batch.failed)
		return result;
	/* Those before it go out without what there is of it. */
	t->packing->batch.length = before;
	errno = ENOMEM;
	return -1;
}

/* Is a message of SIZE bytes written from where it is? */
static bool messages_are_apart(const struct transfer *t, size_t size)
{
	return size >= LARGE && messages_are_queued(t) && t->to->owned && !endpoint_passes(t->to) &&
	       !(t->filter && t->filter->crlf);
}

/* Makes a batch of what is whole: one message where each is looked at, or paused after, or is
 * large. Returns 0, or -1 with errno where the first is none. */
static int messages_collect(struct transfer *t)
{
	bool single = t->filter && (t->filter->copies || t->filter->delay);
	const char *data;
	size_t size, n = 0;
	int found = 0;

	t->offset = 0;
	while (t->packing->batch.length < BATCH && (n == 0 || !single) &&
	       (found = messages_next(t, &data, &size)) > 0) {
		bool apart = messages_are_apart(t, size);
		if (apart && n)
			break;
		found = messages_add(t, data, size, apart);
		if (found < 0 || apart)
			break;
		messages_took(t, size);
		n++;
	}
	t->held = found < 0 && n == 0 ? 0 : t->packing->batch.length + t->packing->apart;
	t->sink_full = t->held > 0;
	return found < 0 && n == 0 ? -1 : 0;
}

/* Fills IOV with what is left of what is held. Returns how many pieces that are. */
static int messages_pieces(const struct transfer *t, struct iovec iov[PIECES])
{
	struct iovec all[PIECES] = { { t->packing->batch.data, t->packing->batch.length } };
	size_t skip = t->offset;
	int n = 0;

	if (t->packing->apart) {
		char tail[FRAME_TAIL_MOST];
		all[0].iov_len -= frame_tail(&t->packing->messages->mark, tail);
		subscriber_look(t->from->object, &all[1], 1);
		all[2].iov_base = t->packing->batch.data + all[0].iov_len;
		all[2].iov_len = t->packing->batch.length - all[0].iov_len;
	}
	for (size_t i = 0; i < PIECES; i++) {
		size_t done = skip < all[i].iov_len ? skip : all[i].iov_len;
		skip -= done;
		if (all[i].iov_len > done)
			iov[n++] = (struct iovec){ (char *)all[i].iov_base + done,
						   all[i].iov_len - done };
	}
	return n;
}

/* Writes once of the N pieces of IOV. Returns as write(2). */
static ssize_t messages_write(const struct transfer *t, struct iovec *iov, int n)
{
	struct msghdr m = { .msg_iov = iov };

	if (n == 1)
		return endpoint_write(t->to, iov->iov_base, iov->iov_len);
	m.msg_iovlen = (unsigned char)n; /* an int, or a size_t */
	return sendmsg(t->to->wfd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* N bytes of the PIECES of IOV have been sent. */
static void messages_copy(struct filter *f, const struct iovec *iov, int pieces, size_t n)
{
	for (int i = 0; i < pieces && n; i++) {
		size_t piece = n < iov[i].iov_len ? n : iov[i].iov_len;
		filter_copy(f, iov[i].iov_base, piece);
		n -= piece;
	}
}

static void messages_let_go(struct transfer *t)
{
	if (t->packing->apart)
		messages_took(t, t->packing->apart);
	text_free(&t->packing->batch);
	transfer_let_go(t);
}

static enum transfer_result messages_drain(struct transfer *t)
{
	struct filter *f = t->filter && t->filter->sent ? t->filter : NULL;
	struct iovec iov[PIECES];
	int pieces = messages_pieces(t, iov);
	ssize_t n = messages_write(t, iov, pieces);

	if (t->to->shared)
		t->to->writer = t;
	if (n < 0)
		return transfer_sink_failed(t);
	if (f)
		messages_copy(f, iov, pieces, (size_t)n);
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
	return t->packing->framer.ended && !t->sink_full ? TRANSFER_END : TRANSFER_MOVED;
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
			return t->packing->framer.ended ? TRANSFER_END : TRANSFER_MOVED;
		if (t->to->may_block || transfer_must_wait(t))
			return TRANSFER_MOVED;
	}
	return messages_drain(t);
}
