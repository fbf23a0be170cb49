/* framer.c - bytes that are read, cut into packets or datagrams */
#include "flow/framer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define FRAMER_QUOTED 16

void framer_start(struct framer *f, const struct frame_options *o, size_t read_most, size_t piece)
{
	*f = (struct framer){ .piece = read_most, .found = FRAME_PARTIAL };
	if (!o)
		return;
	f->frame = o->frame;
	if (o->frame.mode != FRAME_READ)
		f->piece = piece;
	else if (o->size != UNSET)
		f->piece = (size_t)o->size;
}

/* Makes room for N bytes behind those that are not cut yet. Returns 0, or -1 with errno ENOMEM. */
static int framer_make_room(struct framer *f, size_t n)
{
	size_t size = f->size ? f->size : n;
	char *data;

	if (f->size - f->offset - f->length >= n)
		return 0;
	if (f->length)
		memmove(f->data, f->data + f->offset, f->length);
	f->offset = 0;
	if (f->size - f->length >= n)
		return 0;
	/* Twice as much each time: a long packet is not copied for each piece of it. */
	while (size - f->length < n)
		size *= 2;
	data = realloc(f->data, size);
	if (!data)
		return -1;
	f->data = data;
	f->size = size;
	return 0;
}

size_t framer_lacks(const struct framer *f)
{
	size_t size = f->next.offset + f->next.size;

	return f->found == FRAME_PARTIAL && size > f->length ? size - f->length : 0;
}

ssize_t framer_fill(struct framer *f, const struct endpoint *source, size_t most)
{
	size_t lacks = framer_lacks(f), piece = f->piece > lacks ? f->piece : lacks;
	ssize_t n;

	piece = piece < most ? piece : most;
	if (framer_make_room(f, piece) < 0)
		return -1;
	n = endpoint_read(source, f->data + f->offset + f->length, piece);
	if (n > 0)
		f->length += (size_t)n;
	if (n == (ssize_t)f->piece && f->grows && f->piece < FRAMER_PIECE)
		f->piece *= 2;
	f->ended = n == 0;
	return n;
}

ssize_t framer_give(struct framer *f, const char *data, size_t n)
{
	n = n < f->piece ? n : f->piece;
	if (framer_make_room(f, n) < 0)
		return -1;
	memcpy(f->data + f->offset + f->length, data, n);
	f->length += n;
	f->ended = n == 0;
	return (ssize_t)n;
}

int framer_next(struct framer *f, size_t most, const char **data, size_t *size)
{
	const char *held = f->data ? f->data + f->offset : "";

	if (f->found == FRAME_END)
		return 0;
	f->found = frame_cut(&f->frame, held, f->length, f->ended, most, &f->next);
	*data = held + f->next.offset;
	*size = f->next.size;
	if (f->found == FRAME_FOUND && f->carrier && !frame_carries(f->carrier, *data, *size))
		f->found = FRAME_UNCARRIED;
	errno = f->found == FRAME_CUT_OFF ? EBADMSG : f->found == FRAME_INVALID ? EPROTO : EMSGSIZE;
	return f->found == FRAME_FOUND				  ? 1 :
	       f->found == FRAME_PARTIAL || f->found == FRAME_END ? 0 :
								    -1;
}

bool framer_is_cut_off(struct framer *f, size_t most)
{
	const char *data;
	size_t size;

	f->ended = true;
	return f->length > 0 && framer_next(f, most, &data, &size) < 0;
}

void framer_took(struct framer *f)
{
	f->offset += f->next.taken;
	f->length -= f->next.taken;
	f->count++;
	/* All that there is was one. */
	if (f->frame.mode == FRAME_ALL)
		f->found = FRAME_END;
}

size_t framer_take_run(struct framer *f, size_t most, const char **data)
{
	size_t n = f->frame.mode == FRAME_SIZE ? f->length / f->frame.size : 0;

	n = n < most ? n : most;
	if (n == 0)
		return 0;
	*data = f->data + f->offset;
	f->offset += n * f->frame.size;
	f->length -= n * f->frame.size;
	f->count += n;
	return n;
}

void framer_shrink(struct framer *f)
{
	if (f->length || f->size <= FRAMER_PIECE)
		return;
	free(f->data);
	f->data = NULL;
	f->size = f->offset = 0;
}

void framer_restart(struct framer *f)
{
	f->offset = f->length = 0;
	f->ended = false;
	f->found = FRAME_PARTIAL;
	f->next = (struct frame_piece){ 0 };
	f->count = 0;
}

void framer_free(struct framer *f)
{
	free(f->data);
	*f = (struct framer){ 0 };
}

bool framer_is_fault(const struct framer *f, int error)
{
	return f && (f->carrier || f->frame.strict) &&
	       (error == EMSGSIZE || error == EBADMSG || error == EPROTO);
}

/* Adds what stands where a message should begin, as far as that is worth a look. */
static void framer_quote(const struct framer *f, char *text, size_t size)
{
	char quoted[4 * FRAMER_QUOTED + 1], frame[FRAME_TEXT];
	size_t n = f->length < FRAMER_QUOTED ? f->length : FRAMER_QUOTED;

	text_escape(quoted, sizeof quoted, f->data + f->offset, n, true);
	snprintf(text, size, "'%s%s' is no message of %s", quoted, n < f->length ? "..." : "",
		 frame_text(&f->frame, frame));
}

const char *framer_fault(const struct framer *f, size_t most, char *text)
{
	int n = snprintf(text, FRAMER_FAULT, "message %llu: ", (unsigned long long)f->count + 1);
	const struct frame_piece *next = &f->next;
	char *rest = text + n, frame[FRAME_TEXT];
	size_t size = FRAMER_FAULT - (size_t)n;

	switch (f->found) {
	case FRAME_TOO_LARGE:
		snprintf(rest, size, "%zu bytes%s, over %zu (--size)", next->size,
			 frame_has_length(&f->frame) || f->frame.mode == FRAME_SIZE ? "" :
										      " or more",
			 most);
		break;
	case FRAME_UNCARRIED:
		snprintf(rest, size, "%zu byte%s%s, which %s cannot carry", next->size,
			 next->size == 1 ? "" : "s",
			 frame_has_length(f->carrier) || f->carrier->mode == FRAME_SIZE ?
				 "" :
				 " with the end of one among them",
			 frame_text(f->carrier, frame));
		break;
	case FRAME_INVALID:
		framer_quote(f, rest, size);
		break;
	default:
		if (next->size)
			snprintf(rest, size, "%zu of %zu bytes", next->taken, next->size);
		else if (next->taken)
			snprintf(rest, size, "%zu byte%s without the end of a message", next->taken,
				 next->taken == 1 ? "" : "s");
		else
			snprintf(rest, size, "it ends within its length");
		break;
	}
	return text;
}
