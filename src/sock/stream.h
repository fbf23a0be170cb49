/* stream.h - what one can ask a connected stream socket, and tell it */
#ifndef SOCK_STREAM_H
#define SOCK_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sock/address.h"
#include "sock/icmp.h"

/* Returns how many bytes that were written to FD the peer's kernel has not acknowledged yet; after
 * SHUT_WR the FIN counts as one. On a UNIX socket: those that the peer's program has not read. The
 * value stays after a reset. Returns -1 with errno if the kernel cannot tell. tcp(7), SIOCOUTQ. */
int64_t stream_unacknowledged(int fd);

/* Takes the error that is pending on FD (SO_ERROR) and returns it, 0 if there is none. */
int stream_error(int fd);

/* Does ERROR, the errno of reading or writing, tell that the connection is broken? Any other is of
 * the call alone, and the peer is still there. */
bool stream_is_broken_by(int error);

/* Returns how the connect(2) of FD to TO has ended, for which poll(2) tells EVENTS: 0, it is
 * connected; EINPROGRESS: not yet; else the errno. A connection that has failed again already
 * counts as connected if data came before: the error stays pending behind the data. *ICMP becomes
 * the ICMP message that it has failed by. */
int stream_connect_error(int fd, const struct address *to, short events, struct icmp_error *icmp);

/* Completes ERROR, the errno by which connecting FD, a socket of IP, to TO has failed, or
 * EINPROGRESS where poll(2) told POLLERR all the same: a message of ICMP that came while connect(2)
 * held the socket leaves the connection under way, and the error pending (SO_ERROR, and the error
 * queue). Fills *ICMP as above. Returns the errno, EINPROGRESS if nothing has failed. */
int stream_connect_icmp(int fd, const struct address *to, int error, struct icmp_error *icmp);

/* Is FD connected, and not yet ended both ways? Returns false with errno if it is not. */
bool stream_has_peer(int fd);

/* Has the TCP connection of FD ended both ways, or broken, even if another process was told? Then
 * nothing more will be acknowledged. False for other kinds of socket. */
bool stream_is_gone(int fd);

/* Is FD connected? If TCP Fast Open (RFC 7413) still waits for the first data, the handshake begins
 * now, with as much of the *N bytes at FIRST as the SYN takes, and FD is ready for writing once it
 * is over. *N becomes how many that were. */
bool stream_connected(int fd, const void *first, size_t *n);

/* Of this system (a twin for each): may connect(2) be called again on a TCP socket, to find out
 * whether it is connected (EALREADY: not yet), and after an error, for another address? */
extern const bool stream_connects_again;

/* Takes the next N bytes out of FD, which have been looked at (MSG_PEEK). Returns 0, or -1 with
 * errno of recv(2): they are still there, and nobody may read on. */
int stream_skip(int fd, size_t n);

/* Makes close(2) of FD a reset, so that the peer does not take what it has for everything. */
void stream_break(int fd);

/* Has FD, which is to connect, keep back what completes the connection for a moment, as far as this
 * system can (a twin for each). If FD is ended by stream_break() and close(2) until then, the
 * program at the other side has never seen it. */
void stream_hesitate(int fd);

/* Makes it an end of stream again, for which what was sent need not have arrived. */
void stream_mend(int fd);

/* Probes a silent peer from now on: first after 5 s, then every 5 s. Does nothing if FD is no TCP
 * socket. */
void stream_probe(int fd);

/* Leaves urgent data of FD's peer (MSG_OOB) in its place among the other data from now on. */
void stream_inline_urgent(int fd);

/* What TCP_INFO tells, tcp(7). Members from `retransmits` on are UNSET where the kernel is too old
 * to tell them. */
struct stream_tcp {
	unsigned state; /* see inventory_state() */
	int64_t rtt_us, rttvar_us;
	int64_t mss, receive_mss, path_mtu; /* bytes */
	int64_t cwnd, ssthresh;		    /* segments; UNSET: no threshold yet */
	int64_t unacknowledged;		    /* segments */
	bool timestamps;		    /* each segment has the option (RFC 7323) */
	bool ended;			    /* the peer has ended its side, */
	bool gone;			    /* or the whole is over */
	bool syn_data;		/* data in the SYN were taken by whom they were for, RFC 7413 */
	int syn_failure;	/* why not, of linux/tcp.h: enum tcp_fastopen_client_fail */
	bool app_limited;	/* the delivery rate is what there was to send */
	int64_t retransmits;	/* segments */
	int64_t delivery_rate;	/* bytes a second */
	int64_t busy_us;	/* how long there was something to send, or to be acknowledged */
	int64_t receiver_us;	/* of that: the receiver's window was full, */
	int64_t send_buffer_us; /* our send buffer was too small */
	int64_t resent;		/* bytes */
	int64_t window;		/* of the peer, bytes */
	char congestion[16];	/* the algorithm; empty: not known */
};

/* Asks for FD's TCP_INFO. Returns 0, or -1 with errno where there is no such thing. */
int stream_tcp(int fd, struct stream_tcp *out);

/* Reads the N bytes at INFO, a struct tcp_info of this or another Linux, into *OUT, but for
 * `congestion`. Linux only. */
void stream_tcp_read(const void *info, size_t n, struct stream_tcp *out);

/* Does TCP here begin with small segments whatever the peer takes, to look for the path's MTU by
 * itself (net.ipv4.tcp_mtu_probing is 2)? */
bool stream_begins_small(void);

/* Returns how many of the bytes written to FD the kernel has not sent yet, not even once; 0 if it
 * cannot tell. */
int64_t stream_unsent(int fd);

/* Returns the protocol of the socket FD, IPPROTO_TCP and the like; -1 with errno if the kernel does
 * not tell. */
int stream_protocol(int fd);

/* Is FD, a connection for which MPTCP was asked, plain TCP, since the other side, or a box between,
 * does not have it? */
bool stream_fell_back(int fd);

/* Puts the process, user and group that connected the UNIX socket FD, or made it listen, into
 * IDS[0] to [2]. Returns 0, or -1 with errno if the kernel does not tell. */
int stream_credentials(int fd, int64_t *ids);

/* Puts the same into A->who, if A, the address of FD's peer, is of a UNIX socket and the kernel
 * tells. */
void stream_who(int fd, struct address *a);

/* Does this system's kernel tell that? */
extern const bool stream_knows_who;

#endif
