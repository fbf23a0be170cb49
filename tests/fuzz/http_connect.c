/* http_connect.c - a tunnel through an HTTP proxy: an input is what the proxy sends; its first byte
 * says in which pieces, and whether we have a password. */
#include "fuzz.h"

#include <stdbool.h>

#include "proto/http_connect.h"

#define CNONCE "0123456789abcdef0123456789abcdef"
#define SECRET "Zwischen\" Ufern" /* which no value of a challenge can be */

static bool holds(const struct text *t, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= t->length; i++)
		if (!memcmp(t->data + i, word, n))
			return true;
	return false;
}

/* What is sent is one request, with the fields that it shall have; taken out of OUT. */
static void check_request(struct text *out, bool authorized)
{
	struct http_head *h = take(sizeof *h);
	struct http_scan scan = { 0 };
	struct http_fault fault;
	char *exact = take(out->length);
	size_t used;

	CHECK(!out->failed);
	CHECK(!holds(out, SECRET));
	memcpy(exact, out->data, out->length);
	CHECK(http_scan(&scan, exact, out->length, &used) == HTTP_SCAN_WHOLE);
	CHECK(used == out->length);
	CHECK(http_parse_request(h, exact, used, &fault));
	CHECK(http_is(h->method, "CONNECT") && http_is(h->target, "[2001:db8::1]:443"));
	CHECK(h->n == 1U + authorized && http_is(h->fields[0].name, "Host"));
	if (authorized)
		CHECK(http_is(h->fields[1].name, "Proxy-Authorization"));
	out->length = 0;
	free(exact);
	free(h);
}

/* How it came out, and after how many bytes. */
struct course {
	enum handshake now;
	size_t used;
	unsigned status, again;
};

/* SEED 0: in one piece. */
static struct course run(const uint8_t *in, size_t n, unsigned seed, bool knows)
{
	struct credentials who = { knows ? "user" : NULL, knows ? SECRET : NULL };
	struct http_connect *c = take(sizeof *c);
	struct course end = { .used = 0 };
	struct text out = { 0 };

	end.now = http_connect_start(c, "2001:db8::1", 443, &who, CNONCE, &out);
	CHECK(end.now == HANDSHAKE_MORE);
	check_request(&out, false);
	while (end.now == HANDSHAKE_MORE && end.used < n) {
		size_t size = piece(&seed, n - end.used), used;
		uint8_t *exact = take(size);
		memcpy(exact, in + end.used, size);
		end.now = http_connect_take(c, exact, size, &used, &out);
		CHECK(used <= size && (end.now != HANDSHAKE_MORE || used == size));
		end.used += used;
		free(exact);
		if (end.now == HANDSHAKE_MORE && end.used == n) {
			/* What is to be sent goes before the end. */
			if (out.length)
				check_request(&out, knows);
			end.now = http_connect_ended(c);
			CHECK(end.now == HANDSHAKE_AGAIN || end.now == HANDSHAKE_FAILED);
			CHECK(end.now == HANDSHAKE_AGAIN || c->error);
		}
		if (end.now == HANDSHAKE_AGAIN) {
			CHECK(!out.length && ++end.again <= 4);
			http_connect_again(c, &out);
			end.now = HANDSHAKE_MORE;
		}
		if (out.length) {
			CHECK(end.now == HANDSHAKE_MORE);
			check_request(&out, knows);
		}
	}
	if (end.now == HANDSHAKE_FAILED) {
		CHECK(c->error && *c->why && memchr(c->why, '\0', sizeof c->why));
		end.status = c->status;
	}
	text_free(&out);
	http_connect_free(c);
	free(c);
	return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct course whole, pieces;

	if (size < 2)
		return 0;
	whole = run(data + 1, size - 1, 0, data[0] & 1);
	pieces = run(data + 1, size - 1, data[0] | 1U, data[0] & 1);
	/* What stands behind the body of a 407 is refused where it is seen. */
	if (!whole.again) {
		CHECK(whole.now == pieces.now && whole.status == pieces.status);
		CHECK(whole.now != HANDSHAKE_DONE || whole.used == pieces.used);
	}
	/* Up to the last byte of the head, and no further. */
	if (whole.now == HANDSHAKE_DONE) {
		CHECK(data[whole.used] == '\n');
		CHECK(run(data + 1, whole.used - 1, 0, data[0] & 1).now != HANDSHAKE_DONE);
	}
	return 0;
}
