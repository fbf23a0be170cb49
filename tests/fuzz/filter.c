/* filter.c - what a filter does to one direction: an input is a mode, a seed for the pieces, and
 * the data. */
#include "fuzz.h"

#include "flow/filter.h"

/* What a filter has made of all. */
struct filtered {
	struct filter filter, answers;
	char *data;
	size_t n;
};

static void start(struct filtered *f, unsigned mode, size_t size)
{
	*f = (struct filtered){ .data = take(2 * size + FILTER_MORE * (size + 1)) };
	f->filter.sent = mode & 1;
	f->filter.crlf = mode & 2 && f->filter.sent;
	f->filter.telnet = mode & 4;
	f->filter.escape = mode & 8 && f->filter.sent;
	if (!f->filter.sent)
		f->filter.answers = &f->answers;
}

/* IN_PLACE: what comes out begins so near before what goes in as is allowed. */
static void apply(struct filtered *f, const uint8_t *in, size_t n, int in_place)
{
	char *out = take(2 * n + FILTER_MORE);
	char *bytes = in_place ? out + n + FILTER_MORE : take(n);
	size_t length;

	memcpy(bytes, in, n);
	length = filter_apply(&f->filter, bytes, n, out);
	CHECK(length <= 2 * n + FILTER_MORE);
	memcpy(f->data + f->n, out, length);
	f->n += length;
	if (!in_place)
		free(bytes);
	free(out);
}

static void end(struct filtered *f)
{
	filter_free(&f->filter);
	filter_free(&f->answers);
	free(f->data);
}

static int same(const struct text *a, const struct text *b)
{
	return a->length == b->length && (!a->length || !memcmp(a->data, b->data, a->length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filtered whole, pieces;
	unsigned seed;

	if (size < 2)
		return 0;
	seed = data[1];
	start(&whole, data[0], size);
	start(&pieces, data[0], size);
	apply(&whole, data + 2, size - 2, 1);
	for (size_t at = 2; at < size;) {
		size_t n = 1 + seed % 7;
		n = n < size - at ? n : size - at;
		apply(&pieces, data + at, n, 0);
		at += n;
		seed = seed * 5 + 3;
	}
	CHECK(whole.n == pieces.n && !memcmp(whole.data, pieces.data, whole.n));
	CHECK(whole.filter.quit == pieces.filter.quit);
	CHECK(same(&whole.answers.inserted, &pieces.answers.inserted));
	/* A line's end is one: no LF without its CR, nor a CR too many. */
	for (size_t i = 0; whole.filter.crlf && i < whole.n; i++)
		CHECK(whole.data[i] != '\n' || (i > 0 && whole.data[i - 1] == '\r'));
	end(&whole);
	end(&pieces);
	return 0;
}
