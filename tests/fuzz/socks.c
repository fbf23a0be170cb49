/* socks.c - SOCKS, both sides. An input's first byte says which (of a client also its version), the
 * second in which pieces the rest comes. */
#include "fuzz.h"

#include <stdio.h>

#include "proto/socks.h"

/* All that a machine has made of a stream. */
struct run {
	enum handshake end;
	size_t used;
	struct text out;
};

enum { WITH_PASSWORD = 1, TO_ADDRESS = 2 };

static struct credentials who_of(unsigned kind)
{
	return kind & WITH_PASSWORD ? (struct credentials){ "user", "pass" } :
				      (struct credentials){ NULL, NULL };
}

/* One that the client of a version can go to. */
static struct socks_place place_of(unsigned kind)
{
	struct socks_place p = { .kind = SOCKS_NAME, .name = "a.example", .port = 443 };

	if (kind & TO_ADDRESS)
		p = (struct socks_place){ .kind = SOCKS_INET,
					  .bytes = { 192, 0, 2, 1 },
					  .port = 80 };
	return p;
}

static bool check(void *arg, const struct credentials *who)
{
	(void)arg;
	return !strcmp(who->user, "user") && !strcmp(who->password, "pass");
}

/* Either machine. */
struct machine {
	bool is_client;
	struct socks_client client;
	struct socks_server server;
};

static enum handshake start(struct machine *m, unsigned kind, struct text *out)
{
	const struct credentials who = who_of(kind);
	const struct socks_place place = place_of(kind);

	m->is_client = kind & 8;
	if (m->is_client)
		return socks_client_start(&m->client, kind & 16 ? 4 : 5, &place, &who, out);
	socks_server_start(&m->server, kind & WITH_PASSWORD ? check : NULL, NULL);
	return HANDSHAKE_MORE;
}

/* Gives M the N bytes at IN in pieces as SEED has it; 0: all at once. */
static struct run feed(struct machine *m, unsigned kind, const uint8_t *in, size_t n, unsigned seed)
{
	struct run r = { .end = HANDSHAKE_MORE };

	CHECK(start(m, kind, &r.out) == HANDSHAKE_MORE);
	while (r.end == HANDSHAKE_MORE && r.used < n) {
		size_t size = piece(&seed, n - r.used), used;
		uint8_t *copy = take(size);

		memcpy(copy, in + r.used, size);
		r.end = m->is_client ? socks_client_take(&m->client, copy, size, &used, &r.out) :
				       socks_server_take(&m->server, copy, size, &used, &r.out);
		free(copy);
		CHECK(used <= size && (r.end != HANDSHAKE_MORE || used == size));
		r.used += used;
	}
	CHECK(!r.out.failed);
	return r;
}

static void check_server(const struct socks_server *s, const struct run *r)
{
	if (r->end == HANDSHAKE_FAILED)
		CHECK(*s->why && strlen(s->why) < sizeof s->why);
	if (r->end == HANDSHAKE_FAILED || r->end == HANDSHAKE_MORE)
		return;
	CHECK(r->end == HANDSHAKE_ASKED && (s->version == 4 || s->version == 5));
	CHECK(s->version == 5 || !s->check);
	CHECK(!s->check || !strcmp(s->user, "user"));
	CHECK(s->to.kind != SOCKS_NAME || *s->to.name);
}

static void check_client(const struct socks_client *c, const struct run *r)
{
	CHECK(r->end == HANDSHAKE_MORE || r->end == HANDSHAKE_DONE || r->end == HANDSHAKE_FAILED);
	if (r->end == HANDSHAKE_FAILED)
		CHECK(*c->why && c->error && c->reply >= -1);
}

/* The pieces in which a stream comes change nothing; nor does what comes behind its end. */
static void check_pieces(unsigned kind, const uint8_t *in, size_t n, unsigned seed)
{
	struct machine whole, pieces, cut;
	struct run a = feed(&whole, kind, in, n, 0), b = feed(&pieces, kind, in, n, seed | 1),
		   c = feed(&cut, kind, in, a.used, 0);

	CHECK(a.end == b.end && a.used == b.used && text_equal(&a.out, &b.out));
	CHECK(a.end == c.end && a.used == c.used && text_equal(&a.out, &c.out));
	if (whole.is_client) {
		check_client(&whole.client, &a);
		CHECK(!strcmp(whole.client.why, pieces.client.why));
	} else {
		check_server(&whole.server, &a);
		CHECK(!memcmp(&whole.server.to, &pieces.server.to, sizeof whole.server.to));
		CHECK(!strcmp(whole.server.why, pieces.server.why));
	}
	text_free(&a.out);
	text_free(&b.out);
	text_free(&c.out);
}

/* A word of the input: up to MOST bytes without a NUL into TO. */
static size_t word(char *to, size_t most, const uint8_t *in, size_t n)
{
	size_t length = n ? in[0] : 0;

	if (length > most)
		length = most;
	if (length > (n ? n - 1 : 0))
		length = n ? n - 1 : 0;
	memcpy(to, in + 1, n ? length : 0);
	to[length] = '\0';
	return n ? length + 1 : 0;
}

static bool expected(void *arg, const struct credentials *who)
{
	const struct credentials *want = arg;

	return !strcmp(who->user, want->user) && !strcmp(who->password, want->password);
}

/* Gives what one side has said to the other, and forgets it. */
static enum handshake pass(struct machine *m, bool to_client, struct text *said, struct text *out)
{
	size_t used;
	const unsigned char *in = (const unsigned char *)said->data;
	enum handshake h = to_client ? socks_client_take(&m->client, in, said->length, &used, out) :
				       socks_server_take(&m->server, in, said->length, &used, out);

	CHECK(used == said->length);
	said->length = 0;
	return h;
}

static void same_place(const struct socks_place *a, const struct socks_place *b)
{
	CHECK(a->kind == b->kind && a->port == b->port);
	if (a->kind == SOCKS_NAME)
		CHECK(!strcmp(a->name, b->name));
	else
		CHECK(!memcmp(a->bytes, b->bytes, a->kind == SOCKS_INET ? 4 : 16));
}

/* What our client says our server understands, and the other way round. */
static void round_trip(unsigned kind, const uint8_t *in, size_t n)
{
	struct socks_place to = { .kind = kind >> 5 & 3, .port = (uint16_t)n };
	char user[SOCKS_NAME_MOST + 1], password[SOCKS_NAME_MOST + 1];
	struct credentials who = { user, password };
	unsigned version = kind & 16 ? 4 : 5, reply = n ? in[0] % 9 : 0;
	struct text up = { 0 }, down = { 0 };
	enum handshake h = HANDSHAKE_MORE;
	struct machine m;
	size_t at;

	if (to.kind > SOCKS_NAME)
		to.kind = SOCKS_INET;
	at = word(to.name, SOCKS_NAME_MOST, in, n);
	at += word(user, SOCKS_NAME_MOST, in + at, n - at);
	word(password, SOCKS_NAME_MOST, in + at, n - at);
	memcpy(to.bytes, to.name, sizeof to.bytes);
	if (socks_client_start(&m.client, version, &to, &who, &up) == HANDSHAKE_FAILED) {
		CHECK(up.length == 0);
		goto out;
	}
	socks_server_start(&m.server, *user && version == 5 ? expected : NULL, &who);
	while (h == HANDSHAKE_MORE) {
		h = pass(&m, false, &up, &down);
		if (h == HANDSHAKE_MORE)
			CHECK(pass(&m, true, &down, &up) == HANDSHAKE_MORE);
	}
	CHECK(h == HANDSHAKE_ASKED && m.server.version == version);
	same_place(&m.server.to, &to);
	CHECK(!strcmp(m.server.user, user));
	socks_server_answer(&m.server, (enum socks_reply)reply, &to, &down);
	if (reply == SOCKS_GRANTED) {
		CHECK(pass(&m, true, &down, &up) == HANDSHAKE_DONE);
	} else {
		size_t used;
		CHECK(socks_client_take(&m.client, (unsigned char *)down.data, down.length, &used,
					&up) == HANDSHAKE_FAILED);
		CHECK(m.client.reply == (version == 5 ? (int)reply : 91) && m.client.error);
	}
	CHECK(up.length == 0);
out:
	text_free(&up);
	text_free(&down);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 128)
		round_trip(data[0], data + 2, size - 2);
	else
		check_pieces(data[0], data + 2, size - 2, data[1]);
	return 0;
}
