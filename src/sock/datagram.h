/* datagram.h - datagrams in and out, many at a time if the system can
 *
 * udp(7), ip(7), ipv6(7), unix(7). For sockets of SOCK_DGRAM of any family; see packet.h for
 * SOCK_SEQPACKET. Each call that sends or receives has a Linux twin (sendmmsg, UDP_SEGMENT,
 * recvmmsg, UDP_GRO, IP_RECVERR, SO_MEMINFO, SIOCOUTQ) and a portable one, which takes them one by
 * one.
 */
#ifndef SOCK_DATAGRAM_H
#define SOCK_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sock/address.h"
#include "sock/icmp.h"
#include "sock/sockopt.h"

/* The network's word that a datagram sent before has gone wrong. */
struct dgram_error {
	int error;		       /* ECONNREFUSED, EHOSTUNREACH, EMSGSIZE... */
	const struct address *to;      /* where the datagram was sent; NULL: not known */
	const struct address *sender;  /* the source of the ICMP message; NULL: it was this machine,
					* or nobody knows */
	const struct icmp_error *icmp; /* that message; NULL: there is none, or nobody knows */
	uint32_t mtu;		       /* for EMSGSIZE; 0: not known */
};

typedef void dgram_error_fn(void *arg, const struct dgram_error *e);

/* What to tell of each datagram received; each of these costs a little. */
#define DGRAM_TO 1     /* its destination, and the interface (IP_PKTINFO) */
#define DGRAM_TTL 2    /* IP_RECVTTL */
#define DGRAM_TIME 4   /* when the kernel received it (SO_TIMESTAMPNS) */
#define DGRAM_WHO 8    /* which process sent it, for UNIX sockets (SO_PASSCRED) */
#define DGRAM_CLASS 16 /* its traffic class (IP_RECVTOS) */
/* From where it came need not be told, which costs a little too. */
#define DGRAM_NAMELESS 32

#define DGRAM_LACKS_MOST 4

struct dgram_socket {
	int fd;
	int family;
	struct address local; /* where it is bound; of length 0: it is not */
	struct address peer;  /* to whom it is connected; of length 0: it is not */
	unsigned wants;	      /* DGRAM_... */
	/* Options that only refine what is received, and that this kernel has not. */
	const char *lacks[DGRAM_LACKS_MOST];
	int n_lacks;
	bool both;	/* see struct dgram_config */
	bool watched;	/* set by its owner: POLLERR will tell of errors, dgram_send() need not look
			 * for them first */
	bool single;	/* the system refuses to take several at once: one by one from here on */
	size_t segment; /* the largest size of datagrams that the system cuts from one piece
			 * (UDP_SEGMENT) */
	bool few;	/* it cuts fewer from one piece than newer ones do */
	bool more;	/* the last dgram_receive() has filled its batch: there may be more */
	bool grouped;	/* several came in one piece; a lost piece counts once in dgram_dropped() */
	dgram_error_fn *error; /* called from dgram_send(), dgram_receive() and dgram_errors() */
	void *arg;
};

/* How to open a socket. */
struct dgram_config {
	int family;
	const struct socket_options *socket;
	unsigned wants, needs; /* DGRAM_...; what is only wanted may be missing, see `lacks` */
	bool broadcast;	       /* SO_BROADCAST */
	bool share;	       /* SO_REUSEADDR: for multicast and broadcast only */
	bool reuseport;	       /* SO_REUSEPORT */
	bool own_groups_only;  /* hear only groups that this socket joined (IP_MULTICAST_ALL 0) */
	bool both;	       /* dual-stack: IPv4 peers are shown as IPv4 */
	bool large_buffer;     /* make the receive buffer as large as the system permits */
};

/* Opens *S, non-blocking and close-on-exec, with the options of C, all of which are set at once.
 * ERROR, which may be NULL, is called with ARG. Returns 0, or -1 with errno and *WHAT naming the
 * option (NULL: socket(2) itself). Close S with dgram_close(). */
int dgram_open(struct dgram_socket *s, const struct dgram_config *c, dgram_error_fn *error,
	       void *arg, const char **what);

/* Fills *S for FD, a bound socket of SOCK_DGRAM and C's family that we inherited. Its flags and
 * options stay as they are, since other processes have it too. Returns 0, or -1 with errno: EINVAL
 * if it is of another kind. */
int dgram_inherit(struct dgram_socket *s, int fd, const struct dgram_config *c,
		  dgram_error_fn *error, void *arg);

/* As bind(2) and connect(2); S->local and S->peer tell the result. UNIX sockets are bound by
 * unix_bind(), whose caller sets S->local, and connected as unix_connect() does it. The wildcard
 * address of IPv6 is bound for IPv6 alone, unless `both`. Return 0, or -1 with errno: EACCES of
 * connect(2) means that A is a broadcast address and `broadcast` was not set. */
int dgram_bind(struct dgram_socket *s, const struct address *a);
int dgram_connect(struct dgram_socket *s, const struct address *a);

/* Of a socket with `own_groups_only` that is bound to the wildcard address: hears the groups that
 * every host is in (224.0.0.1, ff01::1, ff02::1) on INTERFACE, 0: on all that there are now. For
 * after the groups that were asked for, since the kernel bounds how many a socket may join; where
 * it refuses nothing happens. */
void dgram_hear_all_hosts(const struct dgram_socket *s, unsigned interface);

/* Asks the kernel for S->local: of a UNIX socket the path that it was given may be another. */
void dgram_learn_local(struct dgram_socket *s);

/* Closes S, if it is open, and leaves errno as it is. */
void dgram_close(struct dgram_socket *s);

/* Tells ERROR, which was pending on S, as one of its peer's. */
void dgram_tell_pending(const struct dgram_socket *s, int error);

/* Of this system, for dgram_open(): prepare S, which is not bound yet, for sending, and for
 * receiving as C and S->wants say. The second returns 0, or -1 with errno and *WHAT. Without the
 * first only a connected socket is told of errors, and only of those that are certain. */
void dgram_prepare_send(struct dgram_socket *s);
int dgram_prepare_receive(struct dgram_socket *s, const struct dgram_config *c, const char **what);

/* Is a datagram of SIZE bytes larger than the path to S's peer takes in one piece? Then returns how
 * much that takes, headers and all (its MTU); 0: it is not, S is not connected, or nobody can tell.
 */
uint32_t dgram_too_large(const struct dgram_socket *s, size_t size);

/* Returns how many bytes a datagram of FAMILY can carry, as far as that is known beforehand: 65507
 * over UDP (RFC 768 in RFC 791; also over IPv6, so that the limit does not depend on which
 * addresses a name has), INT_MAX otherwise. */
size_t dgram_most(int family);

/* The same for S: a UNIX socket can send what its send buffer has room for. */
size_t dgram_most_by(const struct dgram_socket *s);

/* Returns how many bytes of room a received datagram of FAMILY gets by default: over UDP room for
 * any. */
size_t dgram_room(int family);

/* A datagram to send, or a run of them: of one size, one behind the other in memory. */
struct dgram {
	const void *data;
	size_t size;		    /* of each */
	size_t more;		    /* beside the first */
	const struct address *to;   /* NULL: the peer */
	const struct address *from; /* an address of ours; NULL: the kernel chooses */
	unsigned interface;	    /* 0: the routing table chooses */
};

/* A place among datagrams to send: at the run `v`, behind `gone` of its datagrams. */
struct dgram_place {
	const struct dgram *v;
	size_t gone;
};

/* Passes over at most MOST (at least one) datagrams of the run at P. Returns how many. */
static inline size_t dgram_pass(struct dgram_place *p, size_t most)
{
	size_t left = 1 + p->v->more - p->gone;

	if (most < left) {
		p->gone += most;
		return most;
	}
	p->v++;
	p->gone = 0;
	return left;
}

/* Returns the data of the next datagram at P. */
static inline const char *dgram_data(const struct dgram_place *p)
{
	return (const char *)p->v->data + p->gone * p->v->size;
}

/* How many dgram_send() takes at most, each of which may be a run. */
#define DGRAM_BATCH 1024

/* Hands N datagrams or runs (at least one) to the kernel, in order, none of them cut or joined.
 * Those of one size that follow each other to one place go in one call if the system can. An error
 * that belongs to an earlier datagram is taken from S first and told to `error`; it costs none of
 * these. Returns how many datagrams the kernel took, at least one; or -1 with errno of sendmsg(2),
 * which is about the first one: nothing was sent. After EAGAIN wait for POLLOUT, after ENOBUFS for
 * a while. */
ssize_t dgram_send(struct dgram_socket *s, const struct dgram *v, size_t n);

/* Does anything that S has sent still wait in this machine for its turn on the way? False also of a
 * UNIX socket, and where nobody can tell. */
bool dgram_waits(const struct dgram_socket *s);

/* Takes the errors that are pending on S and tells them: for POLLERR. Returns whether any
 * were. */
bool dgram_errors(struct dgram_socket *s);

/* A received datagram. All pointers are valid until the next call. */
struct dgram_received {
	const char *data;
	size_t size;	  /* of `data` */
	size_t true_size; /* of the whole datagram: larger if it was cut, as far as is known */
	const struct address *from;  /* of length 0: a UNIX socket without a name, or
				      * DGRAM_NAMELESS; `who` is set if DGRAM_WHO */
	const struct address *to;    /* DGRAM_TO: its destination, with our port; NULL: not known */
	const struct address *local; /* the same, to send an answer from; NULL for a group and for
				      * broadcast */
	unsigned interface;	     /* DGRAM_TO; 0: not known */
	int ttl;		     /* DGRAM_TTL: the hop limit left; -1: not known */
	int class;		     /* DGRAM_CLASS: of IP; 0: also if it is not known */
	int64_t time;		     /* DGRAM_TIME: see clock_wall(); 0: not known */
};

struct dgram_batch;

/* Makes room for datagrams, each of which is cut to SIZE bytes. Returns NULL with errno ENOMEM.
 * Free it with dgram_batch_free(). */
struct dgram_batch *dgram_batch_new(size_t size);
void dgram_batch_free(struct dgram_batch *b);

/* Receives at least one datagram, and as many as are there and B has room for, in order; *V is B's
 * own array of them. A dual-stack socket shows IPv4 addresses as IPv4. Returns how many; or -1 with
 * errno of recvmsg(2): EAGAIN if none is there. Errors of earlier datagrams are told to `error` and
 * do not fail this call. */
ssize_t dgram_receive(struct dgram_socket *s, struct dgram_batch *b,
		      const struct dgram_received **v);

/* Returns how many datagrams the kernel has thrown away since S was opened (if `grouped`, at least
 * so many); -1 if it does not tell. */
int64_t dgram_dropped(const struct dgram_socket *s);

#endif
