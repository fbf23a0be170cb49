/* stream.h - what can be asked of a connected stream socket */
#ifndef SOCK_STREAM_H
#define SOCK_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sock/address.h"

/* Bytes that were written to FD and that the peer's kernel has not acknowledged yet; after SHUT_WR
 * the FIN counts as one. Of a UNIX socket: what the peer's program has not read. Keeps its value
 * after a reset. Returns -1 with errno where the kernel cannot tell. See tcp(7), SIOCOUTQ. */
int64_t stream_unacknowledged(int fd);

/* The error that is pending on FD (SO_ERROR, which this takes away), 0 if none is. */
int stream_error(int fd);

/* How a connect(2) of FD that was under way has ended, where poll(2) says EVENTS: 0: connected;
 * else the errno. It is connected, too, where that is over already, but something has come before:
 * the error stays pending behind that. */
int stream_connect_error(int fd, short events);

/* Has the connection of FD come to its end both ways, or broken, whoever was told? What has not
 * been acknowledged by then never will be. Of TCP; another kind of socket never has. */
bool stream_is_gone(int fd);

/* Is FD connected? If it is not, because TCP Fast Open waits for the first data (RFC 7413), the
 * handshake begins now, and FD is ready for writing once it is over. */
bool stream_connected(int fd);

/* Of this system (a twin for each): may connect(2) be called again on a TCP socket, to ask whether
 * it is connected (EALREADY: not yet), and once it has told an error, for another address? */
extern const bool stream_connects_again;

/* close(2) of FD will be a reset: its peer shall not take what it has for all. */
void stream_break(int fd);

/* Probes a silent peer from now on: first after 5 s, then every 5 s. Does nothing where FD is no
 * TCP socket. */
void stream_probe(int fd);

/* Urgent data from FD's peer (MSG_OOB) is data like the rest from now on, in its place. */
void stream_inline_urgent(int fd);

/* What TCP_INFO tells, tcp(7). */
struct stream_tcp {
	unsigned state; /* see inventory_state() */
	int64_t rtt_us, rttvar_us, retransmits;
	int64_t mss, receive_mss, path_mtu; /* bytes */
	int64_t cwnd, ssthresh;		    /* segments; UNSET: no threshold yet */
	int64_t unacknowledged;		    /* segments */
	char congestion[16];		    /* the algorithm; empty: not known */
};

/* Asks for FD's TCP_INFO. Returns 0, or -1 with errno where there is no such thing. */
int stream_tcp(int fd, struct stream_tcp *out);

/* The protocol of the socket FD, IPPROTO_TCP and the like; -1 with errno where the kernel does not
 * tell. */
int stream_protocol(int fd);

/* Who connected the UNIX socket FD (or made it listen): process, user and group into IDS[0] to [2].
 * Returns 0, or -1 with errno where the kernel does not tell. */
int stream_credentials(int fd, int64_t *ids);

/* The same into A, the address of FD's peer, where that is a UNIX socket and the kernel tells. */
void stream_who(int fd, struct address *a);

/* Does this system's kernel tell it? */
extern const bool stream_knows_who;

#endif
