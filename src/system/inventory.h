/* inventory.h - the sockets of this machine, and whose they are
 *
 * On Linux by NETLINK_SOCK_DIAG, sock_diag(7), or where that is not to be had from /proc/net; of
 * the network namespace that we are in.
 */
#ifndef SYSTEM_INVENTORY_H
#define SYSTEM_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/table.h"
#include "sock/address.h"

enum inventory_protocol { INVENTORY_TCP, INVENTORY_UDP, INVENTORY_UNIX };

/* States of TCP, which the others use too: see inventory_state(). */
enum inventory_state {
	INVENTORY_ESTABLISHED = 1,
	INVENTORY_CLOSE = 7,
	INVENTORY_LISTEN = 10,
	INVENTORY_STATES = 14,
};

/* A process. */
struct inventory_owner {
	int64_t pid;
	char program[16]; /* its name, up to 15 bytes: proc(5), comm */
};

struct inventory_socket {
	enum inventory_protocol protocol;
	int type; /* SOCK_STREAM... */
	unsigned state;
	bool v6only;			/* listens, and takes no IPv4 */
	struct address local, peer;	/* of length 0: none */
	int64_t recv_queue, send_queue; /* UNSET: not known. Where it listens: how many wait to be
					 * accepted, and how many may */
	int64_t uid;			/* whose it is, UNSET: not known */
	uint64_t inode;			/* 0: no process has it */
	/* Of the file that is its name, as stat(2) has them, of the first 32 bits; 0: not known. */
	uint64_t file_device;
	uint32_t file_inode;
	size_t owner, n_owners; /* in the inventory's, by their pids; none if not permitted */
};

struct inventory {
	struct inventory_socket *sockets;
	size_t n;
	struct inventory_owner *owners;
	size_t n_owners;
};

struct inventory_query {
	bool tcp, udp, local; /* which of them; the last is UNIX sockets */
	int family;	      /* of the first two; AF_UNSPEC: both */
	bool listening;	      /* those that wait for somebody: listen, or have no peer but a name */
	uint16_t port;	      /* local, or that of the peer; 0: any */
};

/* All that fit Q into *OUT, sorted by protocol, port and address. Returns 0, or -1 with errno:
 * ENOTSUP where this system has no such list. Free them with inventory_free(). */
int inventory_get(const struct inventory_query *q, struct inventory *out);

/* Finds out which processes have the sockets of I, as far as it is permitted to know. Returns 0, or
 * -1 with errno where nothing could be found out. */
int inventory_find_owners(struct inventory *i);

void inventory_free(struct inventory *i);

/* `tcp`, `udp`, `unix`. */
const char *inventory_protocol(enum inventory_protocol protocol);

/* `listen`, `established`, `time-wait`..., of what is not TCP `unconnected` for its CLOSE. */
const char *inventory_state(enum inventory_protocol protocol, unsigned state);

/* ---- as text ---- */

/* A row of T for the socket S of I: protocol, address and port, with PEERS those of the peer,
 * state, queues, uid, inode, pids, program. Empty cells for what is not known. */
void inventory_row(struct table *t, const struct inventory *i, const struct inventory_socket *s,
		   bool peers);
/* The names of those columns. */
void inventory_heading(struct table *t, bool peers);

/* The members of an object of J for the socket S of I. */
void inventory_json(struct json *j, const struct inventory *i, const struct inventory_socket *s);

/* ---- why a call failed ---- */

/* After EADDRINUSE: the socket of TYPE (SOCK_STREAM, SOCK_DGRAM) that has the port or path of
 * WANTED where nobody else may have it too. */
bool inventory_find_holder(int type, const struct address *wanted, struct inventory *out);

/* After ECONNREFUSED: those that listen on the port of WANTED elsewhere on this machine; false too
 * where WANTED is not an address of this machine. */
bool inventory_find_elsewhere(int type, const struct address *wanted, struct inventory *out);

/* Both return whether *OUT has any, with their owners; free it with inventory_free() then. */

/* ---- of this system, a twin for each ---- */

/* Adds what there is to OUT, by Q's protocols, family and port. Returns as inventory_get(). */
int inventory_list(const struct inventory_query *q, struct inventory *out);
/* Calls FN for each socket of each process, with the socket's inode and the process, in no order.
 * Returns 0, or -1 with errno. */
typedef void inventory_owner_fn(void *arg, uint64_t inode, const struct inventory_owner *owner);
typedef bool inventory_wanted_fn(void *arg, uint64_t inode);
int inventory_scan(inventory_wanted_fn *wanted, inventory_owner_fn *fn, void *arg);

/* Adds SOCKET. Returns 0, or -1 with errno ENOMEM. */
int inventory_add(struct inventory *i, const struct inventory_socket *socket);

#endif
