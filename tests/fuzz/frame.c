/* frame.c - how a stream is cut into messages: an input is a mode (and whether it is strict), a
 * size, the largest payload, a seed for the pieces, and the stream. */
#include "fuzz.h"

#include <errno.h>

#include "proto/frame.h"

/* The datagrams of a stream, each with its length before it, and how it ended. */
struct datagrams {
	char *data;
	size_t n;
	enum frame_found last;
	size_t wrong_size;
};

static void add(struct datagrams *d, const char *payload, size_t n)
{
	memcpy(d->data + d->n, &n, sizeof n);
	memcpy(d->data + d->n + sizeof n, payload, n);
	d->n += sizeof n + n;
}

/* Cuts as many as there are in the SIZE bytes at DATA, of which STEP more are known each time. */
static void cut(struct datagrams *d, const struct frame *f, const char *data, size_t size,
		size_t most, size_t step)
{
	size_t at = 0, known = 0;
	struct frame_piece piece = { 0 };

	*d = (struct datagrams){ .data = take((size + 2) * (1 + sizeof(size_t))) };
	for (;;) {
		char *copy = take_string((const uint8_t *)data + at, known - at);

		d->last = frame_cut(f, copy, known - at, known == size, most, &piece);
		if (d->last == FRAME_FOUND) {
			CHECK(piece.size <= most && piece.offset + piece.size <= piece.taken);
			CHECK(piece.taken <= known - at);
			CHECK(piece.taken > 0 || f->mode == FRAME_ALL);
			add(d, copy + piece.offset, piece.size);
			at += piece.taken;
		}
		free(copy);
		if (d->last == FRAME_PARTIAL) {
			CHECK(known < size);
			known = size - known < step ? size : known + step;
		} else if (d->last != FRAME_FOUND || f->mode == FRAME_ALL) {
			break;
		}
	}
	if (d->last == FRAME_END)
		CHECK(at == size);
	if (d->last == FRAME_TOO_LARGE)
		CHECK(piece.size > most);
	if (d->last == FRAME_CUT_OFF && piece.size)
		CHECK(piece.taken <= piece.size);
}

/* What comes out of a pipe is what goes into it. */
static void round_trip(const struct frame *f, const struct datagrams *d, size_t most)
{
	/* A head may take more than the number that stands before each here. */
	char *stream = take(d->n * (1 + FRAME_HEAD_MOST / sizeof(size_t)) + 1),
	     head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];
	struct datagrams again;
	size_t n = 0, size;

	for (size_t at = 0; at < d->n; at += sizeof size + size) {
		memcpy(&size, d->data + at, sizeof size);
		CHECK(frame_carries(f, d->data + at + sizeof size, size));
		int before = frame_head(f, size, head);
		CHECK(before >= 0 && before <= FRAME_HEAD_MOST);
		memcpy(stream + n, head, (size_t)before);
		memcpy(stream + n + before, d->data + at + sizeof size, size);
		n += (size_t)before + size;
		size_t after = frame_tail(f, tail);
		memcpy(stream + n, tail, after);
		n += after;
	}
	cut(&again, f, stream, n, most, n ? n : 1);
	CHECK(again.last == FRAME_END && again.n == d->n &&
	      (!d->n || !memcmp(again.data, d->data, d->n)));
	free(again.data);
	free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct datagrams whole, pieces;
	struct frame f;

	if (size < 4)
		return 0;
	f = (struct frame){ .mode = data[0] % FRAME_MODES,
			    .strict = data[0] >= 128,
			    .size = 1 + data[1] % 64 };
	size_t most = data[2], step = 1 + data[3] % 7;
	const char *stream = (const char *)data + 4;
	size -= 4;

	/* A piece of READ is what was read at once. */
	if (f.mode == FRAME_READ && most == 0)
		return 0;
	cut(&whole, &f, stream, size, most, size ? size : 1);
	cut(&pieces, &f, stream, size, most, step);
	if (f.mode != FRAME_READ) {
		CHECK(whole.last == pieces.last && whole.n == pieces.n);
		CHECK(!whole.n || !memcmp(whole.data, pieces.data, whole.n));
	}
	if (frame_has_length(&f) || f.mode == FRAME_LINE || f.mode == FRAME_NUL ||
	    (f.mode == FRAME_SIZE && f.strict))
		round_trip(&f, &whole, most);

	/* The mode as a word. */
	char *word = take_string((const uint8_t *)stream, size);
	CHECK(frame_parse(word, &f) == 0 || errno == EINVAL || errno == ERANGE);
	free(word);
	free(whole.data);
	free(pieces.data);
	return 0;
}
