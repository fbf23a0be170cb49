#include "dgram/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define PIECE (256 << 10)  /* what is read at once */
#define READ_DEFAULT 65507 /* with --frame read, see sockit-udp-send(1) */

int datagram_input_check(const struct frame_options *o, size_t most, struct option_error *error)
{
	if (o->frame.mode == FRAME_SIZE && o->frame.size > most)
		return option_fail(error,
				   "--frame: 'size=%zu' is more than a datagram carries (%zu)",
				   o->frame.size, most);
	if (o->size == UNSET)
		return 0;
	if (o->frame.mode != FRAME_READ)
		return option_fail(error, "--size is for --frame read%s",
				   o->frame.mode == FRAME_SIZE ? ", which size=N is not" : "");
	if ((uint64_t)o->size > most)
		return option_fail(error, "--size: %lld is more than a datagram carries (%zu)",
				   (long long)o->size, most);
	return 0;
}

void datagram_input_start(struct datagram_input *d, struct endpoint *in,
			  const struct frame_options *o, bool crlf, size_t most)
{
	*d = (struct datagram_input){
		.in = in,
		.frame = o->frame,
		.most = most,
		/* -C may double it. */
		.read_most = o->size != UNSET ? (size_t)o->size :
			     crlf	      ? READ_DEFAULT / 2 :
						READ_DEFAULT,
		.filter = { .sent = true, .crlf = crlf },
		.found = FRAME_PARTIAL,
	};
}

/* Room for N bytes more after `end`. */
static int make_room(struct datagram_input *d, size_t n)
{
	size_t held = d->end - d->begin, size = d->size ? d->size : 2 * PIECE;
	char *data;

	if (d->size - d->end >= n)
		return 0;
	if (held)
		memmove(d->data, d->data + d->begin, held);
	d->begin = 0;
	d->end = held;
	if (d->size - held >= n)
		return 0;
	while (size - held < n)
		size *= 2;
	data = realloc(d->data, size);
	if (!data)
		return -1;
	d->data = data;
	d->size = size;
	return 0;
}

int datagram_input_fill(struct datagram_input *d)
{
	size_t most = d->frame.mode == FRAME_READ ? d->read_most : PIECE;
	ssize_t n;

	if (d->ended)
		return 1;
	if (make_room(d, most) < 0)
		return -1;
	do
		n = endpoint_read(d->in, d->data + d->end, most);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	d->ended = n == 0;
	d->end += (size_t)n;
	d->read += (uint64_t)n;
	return 1;
}

/* The datagram in DATA of N bytes with -C, at the place OUT. Returns its length. */
static size_t change(struct datagram_input *d, const char *data, size_t n, char *out)
{
	bool flows = d->frame.mode == FRAME_READ || d->frame.mode == FRAME_SIZE;
	size_t length;

	/* Elsewhere one datagram's text has nothing to do with that of the next. */
	if (!flows)
		d->filter.after_cr = false;
	length = filter_apply(&d->filter, data, n, out);
	if (d->frame.mode == FRAME_LINE)
		length += filter_apply(&d->filter, "\n", 1, out + length);
	return length;
}

/* Room for what -C makes of all that is there. */
static int make_changed_room(struct datagram_input *d)
{
	size_t most = 2 * (d->end - d->begin) + (size_t)DGRAM_BATCH * (2 + FILTER_MORE);
	char *changed;

	if (!d->filter.crlf || d->changed_size >= most)
		return 0;
	changed = realloc(d->changed, most);
	if (!changed)
		return -1;
	d->changed = changed;
	d->changed_size = most;
	return 0;
}

ssize_t datagram_input_next(struct datagram_input *d, struct dgram *v, size_t most)
{
	struct frame_piece piece;
	size_t n = 0, changed = 0;

	if (d->found != FRAME_FOUND && d->found != FRAME_PARTIAL)
		return 0;
	if (make_changed_room(d) < 0)
		return -1;
	while (n < most) {
		if (d->all_cut) {
			d->found = FRAME_END;
			break;
		}
		d->found = frame_cut(&d->frame, d->data + d->begin, d->end - d->begin, d->ended,
				     d->most, &piece);
		d->found_size = piece.size;
		if (d->found != FRAME_FOUND)
			break;
		v[n].data = d->data + d->begin + piece.offset;
		v[n].size = piece.size;
		if (d->filter.crlf) {
			size_t length = change(d, v[n].data, piece.size, d->changed + changed);
			v[n].data = d->changed + changed;
			v[n].size = length;
			changed += length;
			if (length > d->most) {
				d->found = FRAME_TOO_LARGE;
				d->found_size = length;
				break;
			}
		}
		d->begin += piece.taken;
		d->all_cut = d->frame.mode == FRAME_ALL;
		n++;
	}
	return (ssize_t)n;
}

bool datagram_input_error(const struct datagram_input *d, char *text, size_t size)
{
	bool least = d->frame.mode == FRAME_ALL || d->frame.mode == FRAME_LINE ||
		     d->frame.mode == FRAME_NUL;

	if (d->found == FRAME_TOO_LARGE)
		snprintf(text, size, "%s: a datagram of %zu bytes%s is more than one carries (%zu)",
			 d->in->name, d->found_size, least ? " or more" : "", d->most);
	else if (d->found == FRAME_CUT_OFF && d->found_size)
		snprintf(text, size, "%s ends within a datagram of %zu byte%s", d->in->name,
			 d->found_size, d->found_size == 1 ? "" : "s");
	else if (d->found == FRAME_CUT_OFF)
		snprintf(text, size, "%s ends within the length of a datagram", d->in->name);
	else
		return false;
	return true;
}

void datagram_input_again(struct datagram_input *d)
{
	d->begin = d->end = 0;
	d->ended = d->all_cut = false;
	d->filter.after_cr = false;
	d->found = FRAME_PARTIAL;
}

void datagram_input_free(struct datagram_input *d)
{
	free(d->data);
	free(d->changed);
	d->data = d->changed = NULL;
}
