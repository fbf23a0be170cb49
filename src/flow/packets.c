/* packets.c - the methods of transfer.h where one side, or both, have packets */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flow/fanout.h"
#include "flow/transfer.h"
#include "sock/packet.h"

#define PACKETS 64	/* sent at once */
#define ROOM (64 << 10) /* buffers are a multiple of it, so that they fit the next packet too */

/* Sends the packet of N bytes at DATA, with CR LF where that is asked for, whole or not at all.
 * Returns TRANSFER_MOVED, _WAIT or _SINK_ERROR. */
static enum transfer_result packet_send(struct transfer *t, const char *data, size_t n)
{
	struct filter *f = t->filter && t->filter->sent ? t->filter : NULL;
	char *changed = NULL;
	size_t length = n;
	ssize_t done;
	int error;

	if (f && f->crlf) {
		struct filter crlf = { .sent = true, .crlf = true };
		changed = malloc(2 * n + FILTER_MORE);
		if (!changed)
			return transfer_sink_failed(t);
		length = filter_apply(&crlf, data, n, changed);
		data = changed;
	}
	done = endpoint_write(t->to, data, length);
	error = errno;
	if (done >= 0 && f)
		filter_copy(f, data, length);
	free(changed);
	errno = error;
	if (done < 0)
		return transfer_sink_failed(t);
	t->out += n;
	if (f && f->delay)
		f->resume = clock_after(clock_now(), f->delay);
	return TRANSFER_MOVED;
}

/* Where the peer closed with something unread the kernel says that first, once, and then gives the
 * packets that it had sent before. Has it just said so? */
static bool packet_error_is_early(struct transfer *t)
{
	if (errno != ECONNRESET || t->packing->error)
		return false;
	t->packing->error = errno;
	return true;
}

/* There is no packet: looking for one, or receiving it, returned N <= 0. */
static enum transfer_result packet_none(struct transfer *t, ssize_t n)
{
	enum transfer_result result = transfer_nothing_read(t, n);

	if (!t->packing->error || result == TRANSFER_SOURCE_ERROR)
		return result;
	errno = t->packing->error;
	return TRANSFER_SOURCE_ERROR;
}

/* Reads a packet into a buffer, from HEAD on, with TAIL bytes of room behind it: t->held of them.
 * Returns as reading does, MOVED also where it is empty. */
static enum transfer_result packet_take(struct transfer *t, size_t head, size_t tail)
{
	ssize_t room, n;
	bool end;

	do
		room = packet_room(t->from->rfd);
	while (room < 0 && packet_error_is_early(t));
	if (room < 0)
		return packet_none(t, room);
	if (!transfer_prepare(t, ((size_t)room + head + tail + ROOM) / ROOM * ROOM))
		return TRANSFER_SOURCE_ERROR;
	do
		n = packet_receive(t->from->rfd, t->buffer + head, (size_t)room, t->from->takes,
				   &end);
	while (n < 0 && packet_error_is_early(t));
	if (n < 0 || end)
		return packet_none(t, n);
	t->in += (size_t)n;
	t->held = (size_t)n;
	if (t->filter && !t->filter->sent)
		filter_copy(t->filter, t->buffer + head, (size_t)n);
	return TRANSFER_MOVED;
}

/* ---- from packets to packets ---- */

/* A whole packet is held, of t->held bytes, or of one more where it is empty: of that nothing could
 * be held. */
static enum transfer_result packets_relay_held(struct transfer *t)
{
	size_t n = t->packing->ready ? 0 : t->held;
	enum transfer_result result = packet_send(t, t->buffer, n);

	if (result == TRANSFER_MOVED)
		transfer_let_go(t);
	return result;
}

static enum transfer_result packets_relay(struct transfer *t, size_t max)
{
	enum transfer_result result;

	if (transfer_must_wait(t))
		return TRANSFER_WAIT;
	if (t->held)
		return packets_relay_held(t);
	if (max == 0)
		return TRANSFER_WAIT;
	result = packet_take(t, 0, 0);
	if (result != TRANSFER_MOVED)
		return result;
	if (t->held == 0) {
		t->packing->ready = true; /* it is empty */
		t->held = 1;
	}
	t->sink_full = true;
	result = transfer_must_wait(t) ? TRANSFER_WAIT : packets_relay_held(t);
	return result == TRANSFER_WAIT ? TRANSFER_MOVED : result;
}

/* ---- from packets to bytes ---- */

/* Puts the marks of the frame around the packet that is held. Returns 0, or -1 with errno EMSGSIZE.
 */
static int packet_mark(struct transfer *t)
{
	char head[FRAME_HEAD_MOST];
	int length = frame_head(&t->packing->framer.frame, t->held, head);

	if (length < 0) {
		errno = EMSGSIZE;
		return -1;
	}
	t->offset -= (size_t)length;
	memcpy(t->buffer + t->offset, head, (size_t)length);
	t->held += frame_tail(&t->packing->framer.frame, t->buffer + FRAME_HEAD_MOST + t->held);
	t->held += (size_t)length;
	return 0;
}

static enum transfer_result packets_in(struct transfer *t, size_t max)
{
	bool publishes = t->to->kind == ENDPOINT_PUBLISHER;
	enum transfer_result result;

	if (!endpoint_writable(t->to)) {
		t->sink_full = true;
		return TRANSFER_WAIT;
	}
	if (transfer_must_wait(t))
		return TRANSFER_WAIT;
	if (t->held)
		return transfer_drain(t);
	if (max == 0)
		return TRANSFER_WAIT;
	result = packet_take(t, FRAME_HEAD_MOST, FRAME_TAIL_MOST);
	if (result != TRANSFER_MOVED)
		return result;
	t->offset = FRAME_HEAD_MOST;
	if (!publishes && packet_mark(t) < 0)
		return TRANSFER_SINK_ERROR;
	if (t->held == 0) {
		/* An empty packet that has no marks: for a fan-out it is one all the same. */
		if (publishes)
			endpoint_write(t->to, "", 0);
		transfer_let_go(t);
		return TRANSFER_MOVED;
	}
	t->sink_full = true;
	if (!t->to->may_block && transfer_drain(t) == TRANSFER_SINK_ERROR)
		return TRANSFER_SINK_ERROR;
	return TRANSFER_MOVED;
}

/* ---- from bytes to packets ---- */

/* Is there a packet to be sent? Its bytes count as held, an empty one as a byte. Returns 0, or -1
 * with errno. */
static int packet_look(struct transfer *t, const char **data, size_t *size)
{
	int found = framer_next(&t->packing->framer, t->packing->most, data, size);

	t->packing->ready = found > 0;
	t->held = !t->packing->ready ? 0 : *size ? *size : 1;
	t->sink_full = t->packing->ready;
	return found < 0 ? -1 : 0;
}

/* Sends what is whole, as far as it goes. */
static enum transfer_result packets_send_whole(struct transfer *t, size_t max)
{
	enum transfer_result result = TRANSFER_MOVED;
	size_t size = 0, sent = 0;
	const char *data = NULL;

	for (int i = 0; i < PACKETS && sent < max; i++) {
		if (packet_look(t, &data, &size) < 0)
			return TRANSFER_SOURCE_ERROR;
		if (!t->packing->ready || transfer_must_wait(t))
			break;
		result = packet_send(t, data, size);
		/* It is what was read that is at fault, and not the connection. */
		if (result == TRANSFER_SINK_ERROR && errno == EMSGSIZE)
			return TRANSFER_SOURCE_ERROR;
		if (result != TRANSFER_MOVED)
			return result;
		framer_took(&t->packing->framer);
		sent += size;
	}
	return packet_look(t, &data, &size) < 0 ? TRANSFER_SOURCE_ERROR : result;
}

/* Nothing is held once the source has failed, whatever was read. */
static enum transfer_result packets_fail_source(struct transfer *t)
{
	t->held = 0;
	t->packing->ready = t->sink_full = false;
	return TRANSFER_SOURCE_ERROR;
}

static enum transfer_result packets_out(struct transfer *t, size_t max)
{
	enum transfer_result result;

	if (transfer_must_wait(t))
		return TRANSFER_WAIT;
	if (t->packing->most == 0)
		t->packing->most = packet_most(t->to->wfd);
	if (!t->held && !t->packing->framer.ended) {
		if (max == 0)
			return TRANSFER_WAIT;
		ssize_t n = framer_fill(&t->packing->framer, t->from, max);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? TRANSFER_WAIT :
								   packets_fail_source(t);
		t->in += (size_t)n;
	}
	result = packets_send_whole(t, t->held ? SIZE_MAX : max > 0 ? max : 1);
	if (result == TRANSFER_SOURCE_ERROR)
		return packets_fail_source(t);
	if (t->packing->framer.ended && !t->packing->ready && result != TRANSFER_SINK_ERROR)
		return TRANSFER_END;
	return result == TRANSFER_WAIT ? TRANSFER_MOVED : result;
}

/* From a queue of packets. */
static enum transfer_result packets_queued(struct transfer *t, size_t max)
{
	struct subscriber *r = t->from->object;
	enum transfer_result result;
	struct iovec iov;

	(void)max;
	if (transfer_must_wait(t))
		return TRANSFER_WAIT;
	t->sink_full = false;
	if (!subscriber_look(r, &iov, 1))
		return transfer_read_result(subscriber_nothing(r));
	result = packet_send(t, iov.iov_base, iov.iov_len);
	if (result != TRANSFER_MOVED)
		return result;
	t->in += iov.iov_len;
	subscriber_took(r, iov.iov_len);
	return result;
}

transfer_method *transfer_choose_packets(const struct transfer *t)
{
	bool from = t->from->kind == ENDPOINT_PACKET, to = t->to->kind == ENDPOINT_PACKET;

	if (from)
		return to ? packets_relay : packets_in;
	if (to)
		return t->from->kind == ENDPOINT_SUBSCRIBER ? packets_queued : packets_out;
	return NULL;
}
