/* tls.c - what a server of TLS says. An input's first byte says in which pieces it comes; and our
 * own ClientHello, for the name that the input is. */
#include "fuzz.h"

#include "proto/tls.h"

/* Gives S the N bytes at IN in pieces as SEED has it; 0: all at once. */
static enum tls_step feed(struct tls_server *s, const uint8_t *in, size_t n, unsigned seed)
{
	enum tls_step step = TLS_MORE;

	tls_start(s);
	for (size_t at = 0; at < n && step == TLS_MORE;) {
		size_t size = piece(&seed, n - at);
		uint8_t *copy = take(size);

		memcpy(copy, in + at, size);
		step = tls_take(s, copy, size);
		free(copy);
		at += size;
	}
	return step;
}

static void check_server(const struct tls_server *s, enum tls_step step)
{
	char text[TLS_NAME];

	CHECK(!s->message.failed && s->message.length <= TLS_MOST);
	CHECK(s->certificate.length <= TLS_MOST && s->taken <= TLS_MOST + (1 << 16));
	CHECK((step == TLS_FAILED) == (*s->why != '\0') && strlen(s->why) < sizeof s->why);
	CHECK(s->version || (s->certificate.length == 0 && s->alpn_n == 0));
	CHECK(step != TLS_DONE || s->version || s->alert >= 0);
	CHECK(step != TLS_FOREIGN || (!s->version && s->alert < 0));
	CHECK(strlen(tls_version_name(s->version, text)) < TLS_NAME);
	CHECK(*tls_cipher_name(s->cipher, text) && *tls_alert_name(s->alert, text));
}

/* The pieces in which it comes change nothing. */
static void check_pieces(const uint8_t *in, size_t n, unsigned seed)
{
	struct tls_server a, b;
	enum tls_step step = feed(&a, in, n, 0);

	check_server(&a, step);
	CHECK(feed(&b, in, n, seed | 1) == step);
	CHECK(a.version == b.version && a.cipher == b.cipher && a.alert == b.alert);
	CHECK(text_equal(&a.certificate, &b.certificate) && !strcmp(a.why, b.why));
	CHECK(a.alpn_n == b.alpn_n && !memcmp(a.alpn, b.alpn, a.alpn_n));
	tls_free(&a);
	tls_free(&b);
}

static size_t number(const char *at, size_t bytes)
{
	size_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | (unsigned char)*at++;
	return n;
}

/* Its lengths are right, whatever the name, and none that old servers do not answer. */
static void check_hello(const uint8_t *in, size_t n)
{
	static const unsigned char chance[TLS_CHANCE] = { 1 };
	char *name = take_string(in, n);
	struct text out = { 0 };
	size_t at;

	tls_put_hello(&out, n & 1 ? TLS_1_2 : TLS_1_3, chance, name);
	CHECK(!out.failed && out.length > 200 && out.length < 1024);
	CHECK(number(out.data + 3, 2) == out.length - 5);
	CHECK(number(out.data + 6, 3) == out.length - 9);
	CHECK(out.length - 5 < 256 || out.length - 5 > 511);
	at = 9 + 2 + 32 + 1 + 32;
	at += 2 + number(out.data + at, 2) + 2;
	CHECK(at + 2 + number(out.data + at, 2) == out.length);
	for (at += 2; at < out.length;)
		at += 4 + number(out.data + at + 2, 2);
	CHECK(at == out.length);
	text_free(&out);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	check_pieces(data + 1, size - 1, data[0]);
	check_hello(data + 1, size - 1);
	return 0;
}
