/* procnet.c - lines of /proc/net/tcp, udp and unix */
#include "proto/procnet.h"

#include <string.h>

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

static int procnet_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
				      16;
}

/* Reads a number in BASE of at most MOST digits. */
static uint64_t procnet_number(struct rest *r, int base, int most)
{
	uint64_t n = 0;
	int digits = 0;

	for (; r->p < r->end && digits < most && procnet_digit(*r->p) < base; digits++)
		n = n * (uint64_t)base + (uint64_t)procnet_digit(*r->p++);
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

	procnet_skip_blanks(r);
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
	procnet_skip_blanks(&r);
	procnet_number(&r, 10, 10);
	procnet_expect(&r, ':');
	size = procnet_address(&r, out->local, &out->local_port);
	r.bad |= size != procnet_address(&r, out->peer, &out->peer_port);
	out->six = size == 16;
	procnet_skip_blanks(&r);
	out->state = (unsigned)procnet_number(&r, 16, 2);
	procnet_skip_blanks(&r);
	out->send_queue = (uint32_t)procnet_number(&r, 16, 8);
	procnet_expect(&r, ':');
	out->recv_queue = (uint32_t)procnet_number(&r, 16, 8);
	procnet_skip_word(&r); /* timer */
	procnet_skip_word(&r); /* retransmits */
	procnet_skip_blanks(&r);
	out->uid = (uint32_t)procnet_number(&r, 10, 10);
	procnet_skip_word(&r); /* timeout */
	procnet_skip_blanks(&r);
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
	procnet_skip_blanks(&r);
	flags = procnet_number(&r, 16, 8);
	procnet_skip_blanks(&r);
	out->type = (int)procnet_number(&r, 16, 4);
	procnet_skip_blanks(&r);
	out->connected = procnet_number(&r, 16, 2) == CONNECTED;
	procnet_skip_blanks(&r);
	out->inode = procnet_number(&r, 10, 19);
	out->listens = flags & ACCEPTS;
	if (r.p < r.end && *r.p == ' ') {
		out->path = r.p + 1;
		out->path_n = (size_t)(r.end - out->path);
	}
	return !r.bad;
}
