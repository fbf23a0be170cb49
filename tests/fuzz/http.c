/* http.c - HTTP's heads, places and bodies: an input says by its first byte what the rest is, and
 * by its second in which pieces that comes. */
#include "fuzz.h"

#include "proto/http.h"

static void scan(struct http_scan *s, enum http_scanned *end, const uint8_t *in, size_t n,
		 unsigned seed)
{
	*s = (struct http_scan){ 0 };
	*end = HTTP_SCAN_MORE;
	for (size_t at = 0; at < n && *end == HTTP_SCAN_MORE;) {
		size_t size = piece(&seed, n - at), used;
		char *copy = take_string(in + at, size);

		*end = http_scan(s, copy, size, &used);
		CHECK(used <= size && (*end != HTTP_SCAN_MORE || used == size));
		free(copy);
		at += used;
		CHECK(s->n == at);
	}
}

/* P lies within the N bytes at BYTES, or is empty. */
static void check_part(struct http_part p, const char *bytes, size_t n)
{
	CHECK(!p.n || (p.at >= bytes && p.n <= n && p.at + p.n <= bytes + n));
	CHECK(!p.n ||
	      (!memchr(p.at, '\r', p.n) && !memchr(p.at, '\n', p.n) && !memchr(p.at, '\0', p.n)));
}

static void check_lists(const struct http_head *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct http_part value = h->fields[i].value, member;

		while (http_list_next(&value, &member)) {
			CHECK(member.n && member.at >= h->fields[i].value.at);
			CHECK(member.at + member.n <= h->fields[i].value.at + h->fields[i].value.n);
		}
		http_is_hop_by_hop(h, h->fields[i].name);
	}
}

static void place(struct http_part target)
{
	struct http_authority to;
	struct http_part path;

	if (http_parse_authority(target, &to))
		CHECK(to.host[0] && strlen(to.host) < sizeof to.host && to.port);
	if (http_parse_absolute(target, &to, &path)) {
		CHECK(to.host[0] && strlen(to.host) < sizeof to.host && to.port);
		CHECK(path.at + path.n == target.at + target.n);
		CHECK(!path.n || path.at[0] == '/' || path.at[0] == '?');
	}
}

/* What H was read from, as a sender would write it, gives the same again. */
static void check_again(const struct http_head *h)
{
	struct http_head again;
	struct http_fault fault;
	struct text t = { 0 };

	if (h->response)
		text_add(&t, "HTTP/1.%u %u %.*s\r\n", h->minor, h->status, (int)h->reason.n,
			 h->reason.at);
	else
		text_add(&t, "%.*s %.*s HTTP/1.%u\r\n", (int)h->method.n, h->method.at,
			 (int)h->target.n, h->target.at, h->minor);
	for (size_t i = 0; i < h->n; i++)
		text_add(&t, "%.*s:%.*s\r\n", (int)h->fields[i].name.n, h->fields[i].name.at,
			 (int)h->fields[i].value.n, h->fields[i].value.at);
	text_add(&t, "\r\n");
	CHECK((h->response ? http_parse_response : http_parse_request)(&again, t.data, t.length,
								       &fault));
	CHECK(again.n == h->n && again.status == h->status && again.minor == h->minor);
	for (size_t i = 0; i < h->n; i++)
		CHECK(again.fields[i].value.n == h->fields[i].value.n &&
		      !memcmp(again.fields[i].value.at, h->fields[i].value.at,
			      h->fields[i].value.n));
	text_free(&t);
}

static void head(const uint8_t *in, size_t n, bool response, unsigned seed)
{
	struct http_scan whole, pieces;
	enum http_scanned end, end_pieces;
	struct http_head h;
	struct http_fault fault;
	struct http_body b;

	scan(&whole, &end, in, n, 0);
	scan(&pieces, &end_pieces, in, n, seed);
	CHECK(end == end_pieces && whole.n == pieces.n && whole.long_line == pieces.long_line);
	if (end != HTTP_SCAN_WHOLE)
		return;
	CHECK(in[whole.n - 1] == '\n');

	char *bytes = take(whole.n);
	memcpy(bytes, in, whole.n);
	if (!(response ? http_parse_response : http_parse_request)(&h, bytes, whole.n, &fault)) {
		CHECK(fault.status >= 400 && fault.what);
		free(bytes);
		return;
	}
	CHECK(h.response == response && h.n <= HTTP_FIELDS_MOST && h.minor <= 9);
	check_part(h.method, bytes, whole.n);
	check_part(h.target, bytes, whole.n);
	check_part(h.reason, bytes, whole.n);
	for (size_t i = 0; i < h.n; i++) {
		CHECK(h.fields[i].name.n);
		check_part(h.fields[i].name, bytes, whole.n);
		check_part(h.fields[i].value, bytes, whole.n);
	}
	check_lists(&h);
	check_again(&h);
	if (!response)
		place(h.target);
	if (http_body_start(&b, &h, h.method, &fault))
		CHECK(response || b.length != HTTP_LENGTH_TO_END);
	else
		CHECK(fault.status == 400 || fault.status == 501);
	free(bytes);
}

/* How many of the N bytes at IN belong to B, which is changed. */
static size_t body(struct http_body *b, const uint8_t *in, size_t n, unsigned seed)
{
	size_t at = 0;

	while (at < n && !b->bad && !http_body_is_whole(b)) {
		size_t size = piece(&seed, n - at);
		char *copy = take_string(in + at, size);
		size_t taken = http_body_take(b, copy, size);

		CHECK(taken <= size);
		CHECK(taken == size || b->bad || http_body_is_whole(b));
		free(copy);
		at += taken;
	}
	/* Nothing behind its end. */
	if (http_body_is_whole(b))
		CHECK(http_body_take(b, "0\r\n\r\n", 5) == 0);
	return at;
}

static void check_body(const uint8_t *in, size_t n, struct http_body start, unsigned seed)
{
	struct http_body whole = start, pieces = start;

	CHECK(body(&whole, in, n, 0) == body(&pieces, in, n, seed));
	CHECK(whole.bad == pieces.bad && whole.state == pieces.state && whole.left == pieces.left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const uint8_t *in = data + 2;
	unsigned seed = data[1] | 1;
	size_t n = size - 2;

	switch (data[0] % 5) {
	case 0:
		head(in, n, false, seed);
		break;
	case 1:
		head(in, n, true, seed);
		break;
	case 2:
		check_body(in, n, (struct http_body){ .length = HTTP_LENGTH_CHUNKED }, seed);
		break;
	case 3:
		check_body(in, n, (struct http_body){ HTTP_LENGTH_KNOWN, .left = seed }, seed);
		break;
	default: {
		char *target = take(n);

		memcpy(target, in, n);
		place((struct http_part){ target, n });
		free(target);
	}
	}
	return 0;
}
