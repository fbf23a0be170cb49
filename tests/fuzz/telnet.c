/* telnet.c - the telnet parser: an input says by its first byte in which pieces the rest comes. */
#include "fuzz.h"

#include "proto/telnet.h"

/* All that has been parsed out of a stream. */
struct parsed {
	unsigned char *data, *reply;
	size_t data_n, reply_n;
	struct telnet state;
};

static struct parsed parsed_new(size_t n)
{
	return (struct parsed){ .data = take(n), .reply = take(TELNET_REPLY_MOST(n)) };
}

static void parsed_free(struct parsed *p)
{
	free(p->data);
	free(p->reply);
}

/* N bytes more. IN_PLACE: the data is written over the input. */
static void receive(struct parsed *p, const uint8_t *in, size_t n, int in_place)
{
	unsigned char *data = take(n), *reply = take(TELNET_REPLY_MOST(n));
	size_t data_n, reply_n;

	if (in_place && n)
		memcpy(data, in, n);
	telnet_receive(&p->state, in_place ? data : in, n, data, &data_n, reply, &reply_n);
	CHECK(data_n <= n && reply_n <= TELNET_REPLY_MOST(n));
	memcpy(p->data + p->data_n, data, data_n);
	memcpy(p->reply + p->reply_n, reply, reply_n);
	p->data_n += data_n;
	p->reply_n += reply_n;
	free(data);
	free(reply);
}

/* Any splitting of a stream gives the same. */
static void check_pieces(const uint8_t *in, size_t n, unsigned seed)
{
	struct parsed whole = parsed_new(n), pieces = parsed_new(n);

	receive(&whole, in, n, 0);
	for (size_t at = 0; at < n;) {
		size_t piece = 1 + seed % 7;
		if (piece > n - at)
			piece = n - at;
		receive(&pieces, in + at, piece, seed & 1);
		at += piece;
		seed = seed * 5 + 3;
	}
	CHECK(whole.data_n == pieces.data_n && whole.reply_n == pieces.reply_n);
	CHECK(!memcmp(whole.data, pieces.data, whole.data_n));
	CHECK(!memcmp(whole.reply, pieces.reply, whole.reply_n));
	CHECK(whole.state.state == pieces.state.state);
	/* Answers refuse, and are whole. */
	CHECK(whole.reply_n % 3 == 0);
	for (size_t i = 0; i < whole.reply_n; i += 3)
		CHECK(whole.reply[i] == 255 &&
		      (whole.reply[i + 1] == 252 || whole.reply[i + 1] == 254));
	parsed_free(&whole);
	parsed_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	check_pieces(data + 1, size - 1, data[0]);
	return 0;
}
