/* inventory.h - the sockets of this machine, and which processes have them
 *
 * On Linux by sock_diag(7), or if that is not permitted from /proc/net. Only sockets of our own
 * network namespace are seen.
 */
#ifndef SYSTEM_INVENTORY_H
#define SYSTEM_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/table.h"
#include "proto/ports.h"
#include "sock/address.h"
#include "system/tcp_info.h"

enum inventory_protocol {
	INVENTORY_TCP,
	INVENTORY_MPTCP, /* its connections are listed as those of TCP, too */
	INVENTORY_UDP,
	INVENTORY_UNIX,
	INVENTORY_PROTOCOLS
};

/* The states of TCP, which other protocols use too: see inventory_state(). */
enum inventory_state {
	INVENTORY_ESTABLISHED = 1,
	INVENTORY_CLOSE = 7,
	INVENTORY_LISTEN = 10,
	INVENTORY_STATES = 14,
};

/* A process that has the socket of that inode. */
struct inventory_owner {
	uint64_t inode;
	int64_t pid;
	char program[16]; /* its name, up to 15 bytes: proc(5), comm */
};

struct inventory_socket {
	enum inventory_protocol protocol;
	int type; /* SOCK_STREAM... */
	unsigned state;
	bool v6only;		    /* it listens, and takes no IPv4 */
	bool subflow;		    /* of TCP: it is part of one of MPTCP, if `subflows` asked */
	struct address local, peer; /* of length 0: none */
	unsigned interface;	    /* the one that it is bound to; 0: none, or not known */
	int64_t recv_queue, send_queue; /* UNSET: not known. If it listens: how many clients wait to
					 * be accepted, and how many may */
	int64_t uid;			/* its user; UNSET: not known */
	uint64_t inode;			/* 0: no process has it */
	uint64_t cookie;		/* no other socket ever has it; 0: not known */
	uint64_t peer_inode;		/* of a UNIX socket's peer; 0: none, or not known */
	/* The device and inode of its file, as stat(2) tells them, the inode's low 32 bits; 0: not
	 * known. */
	uint64_t file_device;
	uint32_t file_inode;
	size_t info; /* which of the inventory's TCP_INFO is its own, and 1; 0: none */
	/* Which of the inventory's owners have it, and a UNIX socket's peer, by their pids; none if
	 * it is not permitted to know. */
	size_t owner, n_owners, peer_owner, n_peer_owners;
};

struct inventory {
	struct inventory_socket *sockets;
	size_t n;
	struct inventory_tcp *infos;
	size_t n_infos;
	bool has_infos; /* they were asked for */
	struct inventory_owner *owners;
	size_t n_owners;
};

/* The first BITS bits of ADDRESS count. */
struct inventory_host {
	struct address address;
	unsigned bits;
};

struct inventory_query {
	bool wanted[INVENTORY_PROTOCOLS];
	int family;		    /* of others than UNIX sockets; AF_UNSPEC: both */
	bool subflows;		    /* which of TCP are parts of MPTCP? */
	bool listening;		    /* only sockets that listen, or have a name but no peer */
	uint16_t port;		    /* local, or the peer's; 0: any */
	const struct ports *ports;  /* one of them; NULL: any */
	const struct address *name; /* of a UNIX socket or its peer; NULL: any */
	/* Where others may be left out, for speed: those in other states (as bits; 0: none are),
	 * and whose peers are none of the hosts. */
	unsigned states;
	const struct inventory_host *hosts;
	size_t n_hosts;
	bool info; /* with what TCP_INFO tells of each connection by TCP */
};

/* Lists all sockets that fit Q in *OUT, sorted by protocol, port and address; free it with
 * inventory_free(). Returns 0, or -1 with errno: ENOTSUP if this system has no such list. */
int inventory_get(const struct inventory_query *q, struct inventory *out);

/* Finds out which processes have the sockets of I, as far as it is permitted to know. Returns 0, or
 * -1 with errno if nothing, or not all, could be found out. */
int inventory_find_owners(struct inventory *i);

void inventory_free(struct inventory *i);

/* Gives S, of TO, the owners that SAME has in FROM. Returns 0, or -1 with errno ENOMEM. */
int inventory_copy_owners(struct inventory *to, struct inventory_socket *s,
			  const struct inventory *from, const struct inventory_socket *same);

/* Compares OLD and NEW, as inventory_get() made them, and calls FN for each socket, in their order:
 * with `old` alone for one that is gone, with `new` alone for a new one, with both for one that is
 * as it was but for its queues. One that is in another state, or is had by the first process, is
 * gone and new. */
struct inventory_pair {
	const struct inventory_socket *old;
	struct inventory_socket *new;
};
typedef void inventory_pair_fn(void *arg, const struct inventory_pair *pair);
void inventory_compare(const struct inventory *old, const struct inventory *new,
		       inventory_pair_fn *fn, void *arg);

/* `tcp`, `mptcp`, `udp`, `unix`. */
const char *inventory_protocol(enum inventory_protocol protocol);

/* `listen`, `established`, `time-wait`...; CLOSE of another protocol than TCP is `unconnected`. */
const char *inventory_state(enum inventory_protocol protocol, unsigned state);

/* ---- as text ---- */

/* The columns that there may be beside the others: of the peer its address and port; its pids and
 * program; what TCP_INFO tells. */
enum { INVENTORY_PEERS = 1, INVENTORY_PEER_OWNERS = 2, INVENTORY_INFO = 4 };

/* Adds a row to T for the socket S of I: protocol, address and port, those of the peer, state,
 * queues, uid, inode, pids, program, these of the peer, and those of tcp_info_cells(). Cells of
 * what is not known are empty.
 */
void inventory_row(struct table *t, const struct inventory *i, const struct inventory_socket *s,
		   unsigned columns);
/* Adds the names of those columns. Those that tell least are left out where a row does not fit into
 * the WIDTH of a terminal. */
void inventory_heading(struct table *t, unsigned columns, size_t width);

/* Writes S's own address and port into TEXT of INVENTORY_TEXT bytes; with the interface that it is
 * bound to, `0.0.0.0%eth0 port 80`. Returns TEXT. */
const char *inventory_local_text(const struct inventory_socket *s, char *text);
#define INVENTORY_TEXT (ADDRESS_TEXT + 32)

/* Adds to J's object the members for the socket S of I. */
void inventory_json(struct json *j, const struct inventory *i, const struct inventory_socket *s);

/* Writes who has S of I, `nginx (process 7)`, into TEXT of SIZE bytes. Returns TEXT. */
const char *inventory_owner_text(const struct inventory *i, const struct inventory_socket *s,
				 char *text, size_t size);

/* ---- why a call failed ---- */

/* After EADDRINUSE: finds the socket of TYPE (SOCK_STREAM, SOCK_DGRAM) that has the port or path of
 * WANTED and keeps others from having it too. */
bool inventory_find_holder(int type, const struct address *wanted, struct inventory *out);

/* After ECONNREFUSED: finds those that listen on the port of WANTED at other addresses of this
 * machine; none if WANTED is no address of this machine. */
bool inventory_find_elsewhere(int type, const struct address *wanted, struct inventory *out);

/* Where nobody answers: finds who listens on WANTED, an address of this machine, and has as many
 * clients waiting to be accepted as he takes. */
bool inventory_find_full(int type, const struct address *wanted, struct inventory *out);

/* These return whether *OUT has any, with their owners; then free it with inventory_free(). */

/* ---- of this system, a twin for each ---- */

/* Adds the sockets of Q's protocols, family and port to OUT. Returns as inventory_get(). */
int inventory_list(const struct inventory_query *q, struct inventory *out);

/* Opens a socket that becomes readable when a socket of IP has ended (netlink_drain()). Returns it,
 * or -1 with errno: ENOTSUP if there is none. */
int inventory_listen(void);

/* Reads the figures of this network's TCP and UDP into *PULSE: while it is the same no such socket
 * was made, changed its state by a segment, or has ended. Returns 0, or -1: they are not known. */
int inventory_read_pulse(uint64_t *pulse);

struct inodes;

/* Adds to T each owner of the sockets that T has, in no order. Returns 0, or -1 with errno. */
int inventory_scan(struct inodes *t);

/* ---- for these twins ---- */

/* Adds a copy of SOCKET to I. Returns 0, or -1 with errno ENOMEM. */
int inventory_add(struct inventory *i, const struct inventory_socket *socket);

/* Gives S, which is to be added to I, a copy of INFO. Returns as inventory_add(). */
int inventory_add_info(struct inventory *i, struct inventory_socket *s,
		       const struct inventory_tcp *info);

/* Does T have a socket of INODE? */
bool inodes_has(const struct inodes *t, uint64_t inode);

/* Adds a copy of OWNER to T, or notes that there is no memory for it. */
void inodes_add_owner(struct inodes *t, const struct inventory_owner *owner);

#endif
