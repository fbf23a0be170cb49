/* transfer.c - the methods that read and write: plainly, through a filter, from and to a fan-out */
#include "flow/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/number.h"
#include "flow/fanout.h"
#include "flow/pool.h"

#define BUFFER_SIZE (256 << 10)
#define FILE_BUFFER_SIZE (1 << 20) /* a file takes all at once, and more comes meanwhile */
#define FILTER_PIECE (128 << 10)
#define PIECES 16 /* of a queue at once */

static void transfer_choose(struct transfer *t);

void transfer_let_go(struct transfer *t)
{
	pool_give(t->buffer, t->size);
	t->buffer = NULL;
	if (t->piped)
		transfer_drop_pipe(t);
	t->held = 0;
	if (t->packing) {
		t->packing->apart = 0;
		t->packing->ready = false;
	}
	t->sink_full = false;
	if (t->to->writer == t)
		t->to->writer = NULL;
}

void transfer_hurry(struct transfer *t)
{
	t->run = 0;
	if (!t->patient)
		return;
	t->patient = false;
	setsockopt(t->from->rfd, SOL_SOCKET, SO_RCVLOWAT, &t->low_water, sizeof t->low_water);
}

void transfer_await_any(struct transfer *t)
{
	if (t->awaited)
		setsockopt(t->from->rfd, SOL_SOCKET, SO_RCVLOWAT, &t->low_water,
			   sizeof t->low_water);
	t->awaited = 0;
}

void transfer_free(struct transfer *t)
{
	transfer_let_go(t);
	if (!t->packing)
		return;
	framer_free(&t->packing->framer);
	text_free(&t->packing->batch);
	free(t->packing);
}

bool transfer_must_wait(struct transfer *t)
{
	bool taken = t->to->shared && t->to->writer && t->to->writer != t;

	t->sink_full |= taken;
	return taken || (t->filter && filter_resume(t->filter, t->held > 0) > clock_now());
}

static enum transfer_result transfer_failed(enum transfer_result result)
{
	return errno == EAGAIN || errno == EINTR ? TRANSFER_WAIT : result;
}

enum transfer_result transfer_sink_failed(struct transfer *t)
{
	t->sink_full = true;
	return transfer_failed(TRANSFER_SINK_ERROR);
}

enum transfer_result transfer_read_result(ssize_t n)
{
	return n == 0 ? TRANSFER_END : transfer_failed(TRANSFER_SOURCE_ERROR);
}

enum transfer_result transfer_drain(struct transfer *t)
{
	struct filter *f = t->filter;
	const char *data = t->buffer + t->offset;
	ssize_t done = endpoint_write(t->to, data, f ? filter_piece(f, data, t->held) : t->held);

	if (t->to->shared)
		t->to->writer = t;
	if (done < 0)
		return transfer_sink_failed(t);
	if (f)
		filter_wrote(f, data, (size_t)done);
	t->out += (size_t)done;
	t->offset += (size_t)done;
	t->held -= (size_t)done;
	t->sink_full = true;
	if (!t->held)
		transfer_let_go(t);
	/* What was inserted meanwhile is next. */
	if (f && f->inserted.length > 0)
		t->sink_full = true;
	return TRANSFER_MOVED;
}

/* Room for SIZE bytes: a source that may block is read once after each POLLIN, which does not; a
 * sink wants its pieces small, and slow, unless it can be opened again. */
bool transfer_prepare(struct transfer *t, size_t size)
{
	t->sink_full = false;
	t->size = size;
	t->buffer = pool_take(size);
	if (t->buffer && t->to->may_block)
		endpoint_reopen(t->to);
	return t->buffer != NULL;
}

enum transfer_result transfer_nothing_read(struct transfer *t, ssize_t n)
{
	int error = errno;

	transfer_let_go(t);
	errno = error;
	return transfer_read_result(n);
}

enum transfer_result transfer_send_inserted(struct transfer *t)
{
	struct text *inserted = &t->filter->inserted;
	ssize_t n = endpoint_write(t->to, inserted->data, inserted->length);

	if (n < 0)
		return transfer_sink_failed(t);
	filter_sent_inserted(t->filter, (size_t)n);
	t->out += (size_t)n;
	t->sink_full = t->held > 0 || inserted->length > 0;
	return TRANSFER_MOVED;
}

/* Reads at most MAX bytes into an empty buffer, and through the filter. */
static enum transfer_result transfer_fill(struct transfer *t, size_t max)
{
	struct filter *f = t->filter;
	bool changes = f && filter_changes(f);
	size_t piece = changes			    ? FILTER_PIECE :
		       t->to->kind == ENDPOINT_FILE ? FILE_BUFFER_SIZE :
						      BUFFER_SIZE;
	char *place;
	ssize_t n;

	if (t->limit && (!f || t->limit < piece))
		piece = t->limit;
	if (!transfer_prepare(t, changes ? 2 * piece + FILTER_MORE : piece))
		return TRANSFER_SOURCE_ERROR;
	place = t->buffer + t->size - piece;
	n = endpoint_read(t->from, place, piece < max ? piece : max);
	if (n <= 0)
		return transfer_nothing_read(t, n);
	t->in += (size_t)n;
	t->offset = 0;
	t->held = f ? filter_apply(f, place, (size_t)n, t->buffer) : (size_t)n;
	return TRANSFER_MOVED;
}

enum transfer_result transfer_copy(struct transfer *t, size_t max)
{
	struct filter *f = t->filter;
	enum transfer_result result;

	if (transfer_must_wait(t))
		return TRANSFER_WAIT;
	if (f && filter_inserts(f, t->held > 0))
		return transfer_send_inserted(t);
	if (t->held)
		return transfer_drain(t);
	if (f && (max == 0 || f->quit))
		return f->quit ? TRANSFER_END : TRANSFER_WAIT;
	result = transfer_fill(t, max);
	if (result != TRANSFER_MOVED)
		return result;
	if (t->held == 0) {
		transfer_let_go(t);
		t->sink_full = f->inserted.length > 0;
		errno = ENOMEM;
		return f->inserted.failed ? TRANSFER_SOURCE_ERROR : TRANSFER_MOVED;
	}
	t->sink_full = true;
	/* It is written at once, as far as that cannot block. */
	if (t->to->may_block || (f && transfer_must_wait(t)))
		return TRANSFER_MOVED;
	return transfer_drain(t) == TRANSFER_SINK_ERROR ? TRANSFER_SINK_ERROR : TRANSFER_MOVED;
}

/* By reading and writing, until the descriptor that goes along has gone. */
static enum transfer_result transfer_pass(struct transfer *t, size_t max)
{
	enum transfer_result result = transfer_copy(t, max);

	if (!t->held && !endpoint_passes(t->to))
		transfer_choose(t);
	return result;
}

/* From a subscriber's queue to a socket, without a copy. */
static enum transfer_result transfer_queue(struct transfer *t, size_t max)
{
	struct subscriber *r = t->from->object;
	struct iovec iov[PIECES];
	struct msghdr m = { .msg_iov = iov };
	int pieces;
	ssize_t n = subscriber_pass(r, t->to->wfd, max);

	if (n > 0) {
		transfer_moved(t, n);
		/* What is left is for later: now it would be copied, before others have had it. */
		t->sink_full = r->n > 0;
		return TRANSFER_MOVED;
	}
	if (errno != ENOTSUP)
		return transfer_sink_failed(t);
	t->sink_full = false;
	pieces = subscriber_look(r, iov, PIECES);
	if (pieces == 0)
		return transfer_read_result(subscriber_nothing(r));
	for (size_t left = max, i = 0; i < (size_t)pieces; i++) {
		iov[i].iov_len = iov[i].iov_len < left ? iov[i].iov_len : left;
		left -= iov[i].iov_len;
	}
	m.msg_iovlen = (unsigned char)pieces; /* an int, or a size_t */
	n = sendmsg(t->to->wfd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return transfer_sink_failed(t);
	subscriber_took(r, (size_t)n);
	return transfer_moved(t, n);
}

/* From a socket to all subscribers of a fan-out, without a copy. */
static enum transfer_result transfer_send(struct transfer *t, size_t max)
{
	ssize_t n;

	t->sink_full = !endpoint_writable(t->to);
	if (t->sink_full)
		return TRANSFER_WAIT;
	n = publisher_take(t->to->object, t->from, max);
	if (n <= 0)
		return transfer_read_result(n);
	return transfer_moved(t, n);
}

/* ---- choosing one ---- */

static void transfer_choose(struct transfer *t)
{
	transfer_method *method = !t->packing	       ? NULL :
				  t->packing->messages ? transfer_messages :
							 transfer_choose_packets(t);

	if (!method && t->filter)
		method = transfer_choose_watched(t);
	else if (!method)
		method = endpoint_passes(t->to)				      ? transfer_pass :
			 t->from->kind == ENDPOINT_SUBSCRIBER && t->to->owned ? transfer_queue :
			 t->to->kind == ENDPOINT_PUBLISHER		      ? transfer_send :
							     transfer_choose_fast(t);
	t->method = method ? method : transfer_copy;
}

/* In place of a method: there was no memory for what that needs. */
static enum transfer_result transfer_starve(struct transfer *t, size_t max)
{
	(void)t, (void)max;
	errno = ENOMEM;
	return TRANSFER_SOURCE_ERROR;
}

/* Makes T's packing, as transfer_start() has it. Returns false where there is no memory. */
static bool transfer_pack(struct transfer *t, const struct frame_options *frame,
			  const struct message_frames *messages)
{
	struct packing *p = calloc(1, sizeof *p);
	struct frame_options cut;

	if (!p)
		return false;
	if (messages) {
		cut = (struct frame_options){ .frame = messages->cut,
					      .size = (int64_t)messages->most };
		frame = &cut;
	}
	framer_start(&p->framer, frame, FRAMER_READ_MOST, FRAMER_PIECE);
	if (messages)
		p->framer.carrier = messages->carrier;
	if (messages && messages->cut.mode != FRAME_READ) {
		p->framer.grows = true;
		p->framer.piece = FRAMER_FIRST;
	}
	p->messages = messages;
	p->most = messages ? messages->most : 0;
	t->packing = p;
	return true;
}

void transfer_start(struct transfer *t, struct endpoint *from, struct endpoint *to,
		    struct filter *filter, size_t limit, const struct frame_options *frame,
		    const struct message_frames *messages)
{
	*t = (struct transfer){ .from = from, .to = to, .limit = limit };
	if (filter && filter_needed(filter))
		t->filter = filter;
	if ((messages || transfer_choose_packets(t)) && !transfer_pack(t, frame, messages))
		t->method = transfer_starve;
	else
		transfer_choose(t);
	t->sink_full = t->filter && t->filter->inserted.length > 0;
}

void transfer_refilter(struct transfer *t)
{
	if (!filter_needed(t->filter))
		t->filter = NULL;
	transfer_choose(t);
}

void transfer_discard(struct transfer *t)
{
	transfer_hurry(t);
	transfer_await_any(t);
	transfer_let_go(t);
	t->from->takes = NULL;
	t->to = &endpoint_nowhere;
	if (t->packing)
		t->packing->messages = NULL;
	if (t->filter && t->filter->editor) {
		t->filter->inserted.length = 0;
		t->filter->editor = NULL;
		transfer_refilter(t);
	} else {
		transfer_choose(t);
	}
}
