/* proxy_header.c - the PROXY protocol: headers that come, and those that we write. An input's first
 * byte says which. */
#include "fuzz.h"

#include <stdbool.h>

#include "proto/proxy_header.h"

struct parsed {
	enum handshake end;
	struct proxy_header header;
	size_t used;
	const char *why;
};

static struct parsed parse(const uint8_t *in, size_t n)
{
	uint8_t *copy = take(n);
	struct parsed p;

	if (n)
		memcpy(copy, in, n);
	p.end = proxy_header_parse(copy, n, &p.header, &p.used, &p.why);
	free(copy);
	CHECK(p.end == HANDSHAKE_MORE || p.end == HANDSHAKE_DONE || p.end == HANDSHAKE_FAILED);
	CHECK((p.end == HANDSHAKE_FAILED) == (p.why != NULL));
	CHECK(p.end != HANDSHAKE_DONE || (p.used && p.used <= n));
	return p;
}

static bool same(const struct proxy_header *a, const struct proxy_header *b)
{
	return a->told == b->told && a->from.port == b->from.port && a->to.port == b->to.port &&
	       !memcmp(a->from.address, b->from.address, PROXY_PATH) &&
	       !memcmp(a->to.address, b->to.address, PROXY_PATH);
}

/* At whatever byte what comes is cut, it means the same; nor does it matter what follows. */
static void check_pieces(const uint8_t *in, size_t n)
{
	const struct parsed whole = parse(in, n);

	for (size_t i = 0; i <= n; i++) {
		const struct parsed p = parse(in, i);
		if (p.end == HANDSHAKE_MORE) {
			CHECK(whole.end != HANDSHAKE_DONE || i < whole.used);
			continue;
		}
		CHECK(p.end == whole.end && p.used == whole.used && p.why == whole.why);
		CHECK(p.end != HANDSHAKE_DONE || (i >= p.used && same(&p.header, &whole.header)));
	}
}

/* What we write we understand. */
static void round_trip(const uint8_t *in, size_t n)
{
	struct proxy_header h = { .told = PROXY_NOTHING };
	uint8_t out[PROXY_HEADER_BUILT], kind = n ? in[0] : 0;
	unsigned version = 1 + (kind >> 2 & 1);
	struct parsed p;
	size_t size, most;

	h.told = kind & 3;
	most = h.told == PROXY_INET ? 4 : h.told == PROXY_INET6 ? 16 : PROXY_PATH;
	for (size_t i = 1; i < n && i <= most && h.told; i++) {
		h.from.address[i - 1] = in[i];
		h.to.address[most - i] = in[i];
	}
	if (h.told == PROXY_INET || h.told == PROXY_INET6) {
		h.from.port = (uint16_t)(kind * 257);
		h.to.port = (uint16_t)(kind << 2);
	}
	size = proxy_header_build(&h, version, out);
	CHECK(size <= sizeof out);
	p = parse(out, size);
	CHECK(p.end == HANDSHAKE_DONE && p.used == size);
	if (version == 1 && h.told == PROXY_UNIX)
		CHECK(p.header.told == PROXY_NOTHING);
	else
		CHECK(same(&p.header, &h));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 2048)
		return 0;
	if (data[0] & 1)
		round_trip(data + 1, size - 1);
	else
		check_pieces(data + 1, size - 1);
	return 0;
}
