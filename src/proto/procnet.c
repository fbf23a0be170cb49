#include "proto/procnet.h"

#include <string.h>

/* What has not been read of a line. */
struct rest {
	const char *p, *end;
	bool bad; /* something was not as it should be */
};

static void skip_blanks(struct rest *r)
{
	while (r->p < r->end && *r->p == ' ')
		r->p++;
}

static void expect(struct rest *r, char c)
{
	if (r->p < r->end && *r->p == c)
		r->p++;
	else
		r->bad = true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
				      16;
}

/* A number to BASE of at most MOST digits. */
static uint64_t number(struct rest *r, int base, int most)
{
	uint64_t n = 0;
	int digits = 0;

	for (; r->p < r->end && digits < most && digit(*r->p) < base; digits++)
		n = n * (uint64_t)base + (uint64_t)digit(*r->p++);
	r->bad |= digits == 0;
	return n;
}

static void skip_word(struct rest *r)
{
	skip_blanks(r);
	while (r->p < r->end && *r->p != ' ')
		r->p++;
}

/* `0100007F:0050`: words of 32 bits, each as this machine has it in memory. */
static size_t address(struct rest *r, uint8_t out[16], uint16_t *port)
{
	size_t n = 0;

	skip_blanks(r);
	memset(out, 0, 16);
	for (; n < 16 && r->p < r->end && *r->p != ':' && !r->bad; n += 4) {
		uint32_t word = (uint32_t)number(r, 16, 8);
		memcpy(out + n, &word, sizeof word);
	}
	expect(r, ':');
	*port = (uint16_t)number(r, 16, 4);
	r->bad |= n != 4 && n != 16;
	return n;
}

bool procnet_read_inet(const char *line, size_t n, struct procnet_inet *out)
{
	struct rest r = { line, line + n, false };
	size_t size;

	*out = (struct procnet_inet){ 0 };
	skip_blanks(&r);
	number(&r, 10, 10);
	expect(&r, ':');
	size = address(&r, out->local, &out->local_port);
	r.bad |= size != address(&r, out->peer, &out->peer_port);
	out->six = size == 16;
	skip_blanks(&r);
	out->state = (unsigned)number(&r, 16, 2);
	skip_blanks(&r);
	out->send_queue = (uint32_t)number(&r, 16, 8);
	expect(&r, ':');
	out->recv_queue = (uint32_t)number(&r, 16, 8);
	skip_word(&r); /* timer */
	skip_word(&r); /* retransmits */
	skip_blanks(&r);
	out->uid = (uint32_t)number(&r, 10, 10);
	skip_word(&r); /* timeout */
	skip_blanks(&r);
	out->inode = number(&r, 10, 19);
	return !r.bad;
}

bool procnet_read_unix(const char *line, size_t n, struct procnet_unix *out)
{
	enum { ACCEPTS = 1 << 16, CONNECTED = 3 };
	struct rest r = { line, line + n, false };
	uint64_t flags;

	*out = (struct procnet_unix){ 0 };
	number(&r, 16, 16);
	expect(&r, ':');
	skip_word(&r); /* references */
	skip_word(&r); /* protocol */
	skip_blanks(&r);
	flags = number(&r, 16, 8);
	skip_blanks(&r);
	out->type = (int)number(&r, 16, 4);
	skip_blanks(&r);
	out->connected = number(&r, 16, 2) == CONNECTED;
	skip_blanks(&r);
	out->inode = number(&r, 10, 19);
	out->listens = flags & ACCEPTS;
	if (r.p < r.end && *r.p == ' ') {
		out->path = r.p + 1;
		out->path_n = (size_t)(r.end - out->path);
	}
	return !r.bad;
}
