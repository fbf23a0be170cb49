/* crlf.c - -C for datagrams */
#include "dgram/crlf.h"

#include <stdlib.h>

#include "flow/filter.h"

int dgram_crlf_reserve(struct dgram_crlf *c, size_t n, size_t count)
{
	size_t most = 2 * n + count * (2 + FILTER_MORE);
	char *data;

	c->used = 0;
	if (!c->wanted || c->size >= most)
		return 0;
	data = realloc(c->data, most);
	if (!data)
		return -1;
	c->data = data;
	c->size = most;
	return 0;
}

static void crlf_change(struct dgram_crlf *c, struct dgram *d)
{
	struct filter f = { .sent = true, .crlf = true, .after_cr = c->after_cr };
	size_t length;
	char *out = c->data + c->used;

	/* In all other modes one datagram's text has nothing to do with that of the next. */
	if (c->mode != FRAME_READ && c->mode != FRAME_SIZE)
		f.after_cr = false;
	length = filter_apply(&f, d->data, d->size, out);
	if (c->mode == FRAME_LINE)
		length += filter_apply(&f, "\n", 1, out + length);
	c->after_cr = f.after_cr;
	c->used += length;
	d->data = out;
	d->size = length;
}

void dgram_crlf_change(struct dgram_crlf *c, struct dgram *d)
{
	if (c->wanted)
		crlf_change(c, d);
}

void dgram_crlf_free(struct dgram_crlf *c)
{
	free(c->data);
}
