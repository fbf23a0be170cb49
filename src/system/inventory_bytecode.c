/* inventory_bytecode.c - a program by which the kernel chooses sockets, INET_DIAG_REQ_BYTECODE
 *
 * It consists of blocks, of which each must let a socket pass: one of ports, one of hosts. A block
 * is alternatives: of tests that fail the last leads to the next alternative, and from the last
 * alternative out of the program, which refuses; behind the tests stands a jump to the block's end.
 */
#include "system/inventory_bytecode.h"

#include <string.h>

enum { LOCAL_AT_LEAST = 2, LOCAL_AT_MOST = 3, PEER_AT_LEAST = 4, PEER_AT_MOST = 5 };
enum { JUMP = 1, PEER_IS = 8 };

/* struct inet_diag_bc_op: lengths from its beginning to what is next if it holds, and if not. An
 * operand has this form too. */
struct op {
	uint8_t code, yes;
	uint16_t no;
};

/* struct inet_diag_hostcond, but for the address */
struct host_test {
	uint8_t family, bits;
	int port; /* -1: any */
};

/* A place in the program: the first time only lengths are counted. */
struct writer {
	struct bytecode *out; /* NULL: count */
	size_t n;	      /* where we are */
	size_t end;	      /* of the block */
	size_t length;	      /* of the program */
	size_t left;	      /* alternatives of the block, with this one */
	size_t alternatives;  /* counted */
};

static void bytecode_put(struct writer *w, const void *bytes, size_t n)
{
	if (w->out)
		memcpy(w->out->bytes + w->n, bytes, n);
	w->n += n;
}

/* Adds the test CODE with its OPERAND of N bytes, in an alternative that ends at END. */
static void bytecode_put_test(struct writer *w, uint8_t code, const void *operand, size_t n,
			      size_t end)
{
	size_t failed = w->left > 1 ? end - w->n : w->length - w->n + sizeof(struct op);
	const struct op op = { code, (uint8_t)(sizeof op + n), (uint16_t)failed };

	bytecode_put(w, &op, sizeof op);
	bytecode_put(w, operand, n);
}

static void bytecode_put_jump(struct writer *w)
{
	const struct op op = { JUMP, sizeof op, (uint16_t)(w->end - w->n) };

	bytecode_put(w, &op, sizeof op);
	w->left--;
	w->alternatives++;
}

/* An alternative: a port from FIRST to LAST, the peer's or our own. */
static void bytecode_put_range(struct writer *w, bool peer, uint16_t first, uint16_t last)
{
	const struct op least = { .no = first }, most = { .no = last };
	size_t end = w->n + 5 * sizeof(struct op);

	bytecode_put_test(w, peer ? PEER_AT_LEAST : LOCAL_AT_LEAST, &least, sizeof least, end);
	bytecode_put_test(w, peer ? PEER_AT_MOST : LOCAL_AT_MOST, &most, sizeof most, end);
	bytecode_put_jump(w);
}

static void bytecode_put_ports(struct writer *w, const struct inventory_query *q)
{
	int first = q->ports ? ports_next(q->ports, 0) : -1, last;

	for (; first >= 0; first = ports_next(q->ports, last + 1)) {
		for (last = first;
		     last < PORTS_MOST - 1 && ports_next(q->ports, last + 1) == last + 1;)
			last++;
		bytecode_put_range(w, false, (uint16_t)first, (uint16_t)last);
		if (!q->listening)
			bytecode_put_range(w, true, (uint16_t)first, (uint16_t)last);
		if (last == PORTS_MOST - 1)
			break;
	}
	if (!q->ports && q->port) {
		bytecode_put_range(w, false, q->port, q->port);
		if (!q->listening)
			bytecode_put_range(w, true, q->port, q->port);
	}
}

static void bytecode_put_hosts(struct writer *w, const struct inventory_query *q)
{
	for (size_t i = 0; i < q->n_hosts; i++) {
		const struct inventory_host *h = &q->hosts[i];
		struct {
			struct host_test test;
			unsigned char address[16];
		} operand = { .test = { (uint8_t)h->address.u.sa.sa_family, (uint8_t)h->bits,
					-1 } };
		size_t n;
		const unsigned char *bytes = address_ip(&h->address, &n);

		memcpy(operand.address, bytes, n);
		n += sizeof operand.test;
		bytecode_put_test(w, PEER_IS, &operand, n, w->n + n + 2 * sizeof(struct op));
		bytecode_put_jump(w);
	}
}

void inventory_bytecode(const struct inventory_query *q, struct bytecode *out)
{
	struct writer ports = { 0 }, hosts = { 0 };
	struct writer w = { .out = out };

	bytecode_put_ports(&ports, q);
	bytecode_put_hosts(&hosts, q);
	w.length = ports.n + hosts.n;
	out->n = 0;
	if (w.length > sizeof out->bytes)
		return;
	w.end = ports.n;
	w.left = ports.alternatives;
	bytecode_put_ports(&w, q);
	w.end = w.length;
	w.left = hosts.alternatives;
	bytecode_put_hosts(&w, q);
	out->n = w.n;
}
