/* input.c - the datagrams in what an endpoint gives */
#include "dgram/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define PIECE (256 << 10) /* bytes read at once */

int dgram_input_check(const struct frame_options *o, size_t most, struct option_error *error)
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

void dgram_input_start(struct dgram_input *d, struct endpoint *in, const struct frame_options *o,
		       bool crlf, size_t most)
{
	*d = (struct dgram_input){
		.in = in,
		.most = most,
		.filter = { .sent = true, .crlf = crlf },
		.found = FRAME_PARTIAL,
	};
	/* -C may double it. */
	framer_start(&d->framer, o, crlf ? FRAMER_READ_MOST / 2 : FRAMER_READ_MOST, PIECE);
}

int dgram_input_fill(struct dgram_input *d)
{
	ssize_t n;

	if (d->framer.ended)
		return 1;
	do
		n = framer_fill(&d->framer, d->in, SIZE_MAX);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	d->read += (uint64_t)n;
	return 1;
}

/* The datagram in DATA of N bytes with -C, at the place OUT. Returns its length. */
static size_t dgram_input_change(struct dgram_input *d, const char *data, size_t n, char *out)
{
	bool flows = d->framer.frame.mode == FRAME_READ || d->framer.frame.mode == FRAME_SIZE;
	size_t length;

	/* Elsewhere one datagram's text has nothing to do with that of the next. */
	if (!flows)
		d->filter.after_cr = false;
	length = filter_apply(&d->filter, data, n, out);
	if (d->framer.frame.mode == FRAME_LINE)
		length += filter_apply(&d->filter, "\n", 1, out + length);
	return length;
}

/* Room for what -C makes of all that is there. */
static int dgram_input_make_room(struct dgram_input *d)
{
	size_t most = 2 * d->framer.length + (size_t)DGRAM_BATCH * (2 + FILTER_MORE);
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

/* Changes V as -C says, into D->changed from *USED on. Returns false where it is too large then. */
static bool dgram_input_change_next(struct dgram_input *d, struct dgram *v, size_t *used)
{
	size_t length = dgram_input_change(d, v->data, v->size, d->changed + *used);

	v->data = d->changed + *used;
	v->size = length;
	*used += length;
	if (length <= d->most)
		return true;
	d->framer.found = FRAME_TOO_LARGE;
	d->framer.next.size = length;
	return false;
}

ssize_t dgram_input_next(struct dgram_input *d, struct dgram *v, size_t most)
{
	size_t n = 0, changed = 0;

	if (d->found != FRAME_FOUND && d->found != FRAME_PARTIAL)
		return 0;
	if (dgram_input_make_room(d) < 0)
		return -1;
	while (n < most) {
		const char *data;
		if (framer_next(&d->framer, d->most, &data, &v[n].size) <= 0)
			break;
		v[n].data = data;
		if (d->filter.crlf && !dgram_input_change_next(d, &v[n], &changed))
			break;
		framer_took(&d->framer);
		n++;
	}
	d->found = d->framer.found;
	return (ssize_t)n;
}

bool dgram_input_error(const struct dgram_input *d, char *text, size_t size)
{
	bool least = d->framer.frame.mode == FRAME_ALL || d->framer.frame.mode == FRAME_LINE ||
		     d->framer.frame.mode == FRAME_NUL;

	if (d->found == FRAME_TOO_LARGE)
		snprintf(text, size, "%s: a datagram of %zu bytes%s is more than one carries (%zu)",
			 d->in->name, d->framer.next.size, least ? " or more" : "", d->most);
	else if (d->found == FRAME_CUT_OFF && d->framer.next.size)
		snprintf(text, size, "%s ends within a datagram of %zu byte%s", d->in->name,
			 d->framer.next.size, d->framer.next.size == 1 ? "" : "s");
	else if (d->found == FRAME_CUT_OFF)
		snprintf(text, size, "%s ends within the length of a datagram", d->in->name);
	else
		return false;
	return true;
}

void dgram_input_again(struct dgram_input *d)
{
	framer_restart(&d->framer);
	d->filter.after_cr = false;
	d->found = FRAME_PARTIAL;
}

void dgram_input_free(struct dgram_input *d)
{
	framer_free(&d->framer);
	free(d->changed);
	d->changed = NULL;
}
