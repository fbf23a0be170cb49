/* procnet.c - lines of /proc/net/tcp, udp and unix */
#include "proto/procnet.h"

#include <string.h>

#include "base/number.h"

/* The part of a line that has not been read. */
struct rest {
	const char *p, *end;
	bool bad; /* something was not as it should be */
};

static void procnet_skip_blanks(struct rest *r)
{
	while (r->p < r->end && *r->p == ' ')
		r->p++;
}

static void procnet_expect(struct rest *r, char c)
{
	if (r->p < r->end && *r->p == c)
		r->p++;
	else
		r->bad = true;
}

/* Reads a number in BASE of at most MOST digits, which may stand behind blanks. */
static uint64_t procnet_number(struct rest *r, int base, int most)
{
	uint64_t n = 0;
	int digits = 0;

	procnet_skip_blanks(r);
	for (; r->p < r->end && digits < most; digits++, r->p++) {
		int digit = digit_value(*r->p);
		if (digit < 0 || digit >= base)
			break;
		n = n * (uint64_t)base + (uint64_t)digit;
	}
	r->bad |= digits == 0;
	return n;
}

static void procnet_skip_word(struct rest *r)
{
	procnet_skip_blanks(r);
	while (r->p < r->end && *r->p != ' ')
		r->p++;
}

/* `0100007F:0050`: words of 32 bits, each as this machine has it in memory. */
static size_t procnet_address(struct rest *r, uint8_t out[16], uint16_t *port)
{
	size_t n = 0;

	memset(out, 0, 16);
	for (; n < 16 && r->p < r->end && *r->p != ':' && !r->bad; n += 4) {
		uint32_t word = (uint32_t)procnet_number(r, 16, 8);
		memcpy(out + n, &word, sizeof word);
	}
	procnet_expect(r, ':');
	*port = (uint16_t)procnet_number(r, 16, 4);
	r->bad |= n != 4 && n != 16;
	return n;
}

bool procnet_read_inet(const char *line, size_t n, struct procnet_inet *out)
{
	struct rest r = { line, line + n, false };
	size_t size;

	*out = (struct procnet_inet){ 0 };
	procnet_number(&r, 10, 10);
	procnet_expect(&r, ':');
	size = procnet_address(&r, out->local, &out->local_port);
	r.bad |= size != procnet_address(&r, out->peer, &out->peer_port);
	out->six = size == 16;
	out->state = (unsigned)procnet_number(&r, 16, 2);
	out->send_queue = (uint32_t)procnet_number(&r, 16, 8);
	procnet_expect(&r, ':');
	out->recv_queue = (uint32_t)procnet_number(&r, 16, 8);
	procnet_skip_word(&r); /* timer */
	procnet_skip_word(&r); /* retransmits */
	out->uid = (uint32_t)procnet_number(&r, 10, 10);
	procnet_skip_word(&r); /* timeout */
	out->inode = procnet_number(&r, 10, 19);
	return !r.bad;
}

bool procnet_read_unix(const char *line, size_t n, struct procnet_unix *out)
{
	enum { ACCEPTS = 1 << 16, CONNECTED = 3 };
	struct rest r = { line, line + n, false };
	uint64_t flags;

	*out = (struct procnet_unix){ 0 };
	procnet_number(&r, 16, 16);
	procnet_expect(&r, ':');
	procnet_skip_word(&r); /* references */
	procnet_skip_word(&r); /* protocol */
	flags = procnet_number(&r, 16, 8);
	out->type = (int)procnet_number(&r, 16, 4);
	out->connected = procnet_number(&r, 16, 2) == CONNECTED;
	out->inode = procnet_number(&r, 10, 19);
	out->listens = flags & ACCEPTS;
	if (r.p < r.end && *r.p == ' ') {
		out->path = r.p + 1;
		out->path_n = (size_t)(r.end - out->path);
	}
	return !r.bad;
}
