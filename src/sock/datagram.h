/* datagram.h - datagrams in and out, many at a time where the system can
 *
 * udp(7), ip(7), ipv6(7), unix(7). A socket of SOCK_DGRAM of any family, and of SOCK_SEQPACKET
 * where nothing else is said. Each call that sends or receives has a Linux twin (sendmmsg,
 * UDP_SEGMENT, recvmmsg, UDP_GRO, IP_RECVERR, SO_MEMINFO) and a portable one (one by one).
 */
#ifndef SOCK_DATAGRAM_H
#define SOCK_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sock/address.h"
#include "sock/sockopt.h"

/* What went wrong with a datagram that was sent before, as the network told it. */
struct dgram_error {
	int error;		      /* ECONNREFUSED, EHOSTUNREACH, EMSGSIZE... */
	const struct address *to;     /* where it was sent; NULL: not known */
	const struct address *sender; /* who says so (the ICMP message's source); NULL: this
					 machine, or not known */
	uint32_t mtu;		      /* of EMSGSIZE, 0: not known */
};

typedef void dgram_error_fn(void *arg, const struct dgram_error *e);

/* What is to be told of each datagram received; each costs a little. */
#define DGRAM_TO 1   /* where it was sent, and the interface (IP_PKTINFO) */
#define DGRAM_TTL 2  /* IP_RECVTTL */
#define DGRAM_TIME 4 /* SO_TIMESTAMPNS: when the kernel had it */
#define DGRAM_WHO 8  /* SO_PASSCRED: who sent it, of UNIX sockets */

struct dgram_socket {
	int fd;
	int family;
	struct address local; /* as bound; of length 0: not yet */
	struct address peer;  /* it is connected to; of length 0: it is not */
	unsigned wants;	      /* DGRAM_... */
	bool both;	      /* see below */
	bool single;	/* the system refused to take several at once: one by one from here on */
	size_t segment; /* nothing larger is cut by the system itself from several at once
			   (UDP_SEGMENT) */
	bool grouped;	/* several came in one piece: what was lost so counts once, see
			   dgram_dropped() */
	dgram_error_fn *error; /* called from dgram_send(), dgram_receive() and dgram_errors() */
	void *arg;
};

/* How to open one. */
struct dgram_config {
	int family;
	const struct socket_options *socket; /* the rows that apply */
	unsigned wants;
	bool broadcast;	      /* SO_BROADCAST */
	bool share;	      /* SO_REUSEADDR: for multicast and broadcast only */
	bool reuseport;	      /* SO_REUSEPORT */
	bool own_groups_only; /* hears no group that it has not joined (IP_MULTICAST_ALL 0) */
	bool both; /* one of IPv6 takes IPv4 too, which comes and goes with addresses of IPv4 */
	bool large_buffer; /* the receive buffer as large as the system lets it, unless --rcvbuf */
};

/* Opens *S, non-blocking and close-on-exec, with the options of C, none of which waits for a later
 * phase; ERROR, called with ARG, may be NULL. Returns 0, or -1 with errno and *WHAT naming the
 * option (NULL: socket(2) itself). Close it with dgram_close(). */
int dgram_open(struct dgram_socket *s, const struct dgram_config *c, dgram_error_fn *error,
	       void *arg, const char **what);

/* *S for FD, a socket of SOCK_DGRAM of C's family that we were given, bound: its flags and options
 * stay, others have them too. Returns 0, or -1 with errno: EINVAL, it is of another kind. */
int dgram_inherit(struct dgram_socket *s, int fd, const struct dgram_config *c,
		  dgram_error_fn *error, void *arg);

/* As bind(2) and connect(2), keeping what they gave; UNIX sockets are bound by unix_bind(), see
 * dgram_bound(), and connected as unix_connect() does it. The wildcard address of IPv6 is bound for
 * IPv6 alone, unless `both`. Return 0, or -1 with errno; EACCES of connect(2): A is a broadcast
 * address, and `broadcast` was not set. */
int dgram_bind(struct dgram_socket *s, const struct address *a);
int dgram_connect(struct dgram_socket *s, const struct address *a);

/* Takes note of the name that S, a UNIX socket, was bound to: A, or where that is NULL what the
 * kernel tells. */
void dgram_bound(struct dgram_socket *s, const struct address *a);

void dgram_close(struct dgram_socket *s);

/* Of this system, for dgram_open() alone: what S needs to send with, and to receive as C wants,
 * before it is bound: with each datagram what S->wants says, and several at once where the system
 * can. Return 0, or -1 with errno and *WHAT. */
int dgram_prepare_send(struct dgram_socket *s, const char **what);
int dgram_prepare_receive(struct dgram_socket *s, const struct dgram_config *c, const char **what);

/* The most that a datagram to S's family can carry as far as is known beforehand: 65507 over UDP
 * (RFC 768 in RFC 791; the same over IPv6, so that the limit does not depend on the name's
 * addresses), INT_MAX otherwise. */
size_t dgram_most(int family);

/* The same of S as it is now: of a UNIX socket what its send buffer has room for. */
size_t dgram_most_by(const struct dgram_socket *s);

/* Room for what comes, where nothing else is asked for, of family FAMILY: over UDP all that can
 * come. */
size_t dgram_room(int family);

/* A datagram to send. */
struct dgram {
	const void *data;
	size_t size;
	const struct address *to;   /* NULL: to the peer */
	const struct address *from; /* NULL: the kernel chooses, else this address of ours */
	unsigned interface;	    /* 0: the routing table chooses */
};

/* How many dgram_send() takes at most. */
#define DGRAM_BATCH 1024

/* Hands N datagrams (from 1) to the kernel, in order, none of them cut or joined. Those to one
 * place that follow each other with the same size go in one call where the system can. An error
 * that belongs to an earlier datagram is taken from S first and told to `error`; it costs none of
 * these. Returns how many the kernel took, from 1; or -1 with errno of sendmsg(2), which is about
 * the first one: nothing of it was sent. EAGAIN: wait for POLLOUT (ENOBUFS is waited out by the
 * caller). */
ssize_t dgram_send(struct dgram_socket *s, const struct dgram *v, size_t n);

/* Takes what errors are pending on S and tells them. For POLLERR. */
void dgram_errors(struct dgram_socket *s);

/* A datagram received. All pointers are good until the next call. */
struct dgram_received {
	const char *data;
	size_t size;	  /* of what is here, */
	size_t true_size; /* of the whole: larger where it was cut, as far as is known */
	const struct address
		*from; /* of length 0: a UNIX socket without a name; DGRAM_WHO: with `who` */
	const struct address
		*to; /* DGRAM_TO: the address that was asked, with our port; NULL: not known */
	const struct address *local; /* the same, but NULL where that is a group's or a broadcast
					address: what an answer can be sent from */
	unsigned interface;	     /* DGRAM_TO; 0: not known */
	int ttl;		     /* DGRAM_TTL: hop limit as it came; -1: not known */
	int64_t time;		     /* DGRAM_TIME: see clock_wall(); 0: not known */
};

struct dgram_batch;

/* Room for datagrams of at most SIZE bytes each: what is longer is cut. Returns NULL with errno
 * ENOMEM. Free it with dgram_batch_free(). */
struct dgram_batch *dgram_batch_new(size_t size);
void dgram_batch_free(struct dgram_batch *b);

/* Receives what is there, at least one and as many as B has room for, into *V, B's own, in the
 * order in which they came. IPv4 addresses of a socket for both families come as IPv4. Returns how
 * many; or -1 with errno of recvmsg(2): EAGAIN, nothing is there. Errors of earlier datagrams are
 * told to `error` and are none of this call's. */
ssize_t dgram_receive(struct dgram_socket *s, struct dgram_batch *b,
		      const struct dgram_received **v);

/* Did the last dgram_receive() fill B, so that there may be more? */
bool dgram_batch_full(const struct dgram_batch *b);

/* How many datagrams the kernel had for S and threw away, since it was opened, or where `grouped`
 * at least so many; -1 where it does not tell. */
int64_t dgram_dropped(const struct dgram_socket *s);

#endif
