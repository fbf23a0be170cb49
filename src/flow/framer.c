#include "flow/framer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define READ_USUAL 65507 /* as for datagrams: what any of them carries */
#define PIECE (64 << 10)

void framer_configure(struct framer *c, const struct frame_options *o)
{
	*c = (struct framer){ 0 };
	if (!o)
		return;
	c->frame = o->frame;
	c->read_most = o->size == UNSET ? 0 : (size_t)o->size;
}

/* Room for N bytes behind what there is. Returns 0, or -1 with errno ENOMEM. */
static int make_room(struct framer *c, size_t n)
{
	size_t size = c->size;
	char *data;

	if (c->offset > 0 && c->length > 0)
		memmove(c->data, c->data + c->offset, c->length);
	c->offset = 0;
	if (c->length + n <= size)
		return 0;
	/* Twice as much each time: a long packet is not copied for each piece of it. */
	while (size < c->length + n)
		size = size ? 2 * size : n;
	data = realloc(c->data, size);
	if (!data) {
		errno = ENOMEM;
		return -1;
	}
	c->data = data;
	c->size = size;
	return 0;
}

ssize_t framer_fill(struct framer *c, struct endpoint *source, size_t most)
{
	size_t piece = c->frame.mode != FRAME_READ ? PIECE :
		       c->read_most		   ? c->read_most :
						     READ_USUAL;
	ssize_t n;

	if (piece > most)
		piece = most;
	if (make_room(c, piece) < 0)
		return -1;
	n = endpoint_read(source, c->data + c->length, piece);
	if (n > 0)
		c->length += (size_t)n;
	c->ended = n == 0;
	return n;
}

static enum frame_found cut(const struct framer *c, size_t most, struct frame_piece *piece)
{
	static const char nothing[1];

	return frame_cut(&c->frame, c->data ? c->data + c->offset : nothing, c->length, c->ended,
			 most, piece);
}

int framer_next(const struct framer *c, size_t most, const char **data, size_t *size)
{
	struct frame_piece piece;

	if (c->done)
		return 0;
	switch (cut(c, most, &piece)) {
	case FRAME_FOUND:
		*data = c->data ? c->data + c->offset + piece.offset : "";
		*size = piece.size;
		return 1;
	case FRAME_TOO_LARGE:
		errno = EMSGSIZE;
		return -1;
	case FRAME_CUT_OFF:
		errno = EBADMSG;
		return -1;
	case FRAME_PARTIAL:
	case FRAME_END:
		break;
	}
	return 0;
}

void framer_took(struct framer *c, size_t most)
{
	struct frame_piece piece;

	if (cut(c, most, &piece) != FRAME_FOUND)
		return;
	c->offset += piece.taken;
	c->length -= piece.taken;
	c->done = c->frame.mode == FRAME_ALL;
}

void framer_free(struct framer *c)
{
	free(c->data);
	*c = (struct framer){ 0 };
}
