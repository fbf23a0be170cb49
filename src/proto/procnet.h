/* procnet.h - lines of Linux's tables of sockets in /proc/net, proc(5) */
#ifndef PROTO_PROCNET_H
#define PROTO_PROCNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of tcp, tcp6, udp or udp6. */
struct procnet_inet {
	bool six;		     /* else the first four bytes are the address */
	uint8_t local[16], peer[16]; /* as on the wire */
	uint16_t local_port, peer_port;
	unsigned state; /* as in TCP_INFO */
	uint32_t send_queue, recv_queue, uid;
	uint64_t inode;
};

/* Reads the N bytes of LINE into *OUT. Returns whether it is such a line; the table's heading is
 * not.
 */
bool procnet_read_inet(const char *line, size_t n, struct procnet_inet *out);

/* A line of unix. */
struct procnet_unix {
	int type;	/* 1: stream, 2: datagram, 5: seqpacket */
	bool listens;	/* waits for connections */
	bool connected; /* has a peer */
	uint64_t inode;
	const char *path; /* in the line; `@` before an abstract name, whose NULs are `@` too */
	size_t path_n;	  /* 0: it has none */
};

bool procnet_read_unix(const char *line, size_t n, struct procnet_unix *out);

#endif
