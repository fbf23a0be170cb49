/* sockopt.h - socket options: the option group, and the table of names for --sockopt */
#ifndef SOCK_SOCKOPT_H
#define SOCK_SOCKOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

/* When an option is set: before this. */
enum socket_phase { PHASE_BIND, PHASE_CONNECT, PHASE_CONNECTED };

enum sockopt_type {
	SOCKOPT_INT,	  /* int, decimal or 0x hexadecimal; 1 if no value is given */
	SOCKOPT_STRING,	  /* the bytes of the word */
	SOCKOPT_LINGER,	  /* struct linger: on, for so many seconds; -1: off */
	SOCKOPT_DURATION, /* struct timeval */
};

/* A socket option, by its name in socket(7), tcp(7), ip(7), ipv6(7). */
struct sockopt_row {
	char name[28];
	int level, option;
	enum sockopt_type type;
	enum socket_phase phase;
};

/* The options that every system has, and those of this one. */
struct sockopt_table {
	const struct sockopt_row *rows;
	size_t n;
};
extern const struct sockopt_table sockopt_common, sockopt_system;

/* One --sockopt; the word points into argv. */
struct sockopt_setting {
	const struct sockopt_row *row;
	const char *value; /* NULL: none was given */
	struct sockopt_setting *next;
};

/* What the socket group's rows fill. UNSET numbers leave the system's default. */
struct socket_options {
	const char *source;	 /* address to bind, or a name of it */
	const char *source_port; /* port to bind, or its service */
	const char *interface;
	bool nodelay, fastopen;
	bool keepalive;
	int64_t keep_idle, keep_interval, keep_count; /* s, s, probes */
	int64_t ttl, tos, rcvbuf, sndbuf;
	int64_t protocol; /* 0: TCP, or what --transport chose */
	struct sockopt_setting *settings, **last;
};

#define SOCKET_OPTIONS_DEFAULT                                                                     \
	{                                                                                          \
		.keep_idle = UNSET, .keep_interval = UNSET, .keep_count = UNSET, .ttl = UNSET,     \
		.tos = UNSET, .rcvbuf = UNSET, .sndbuf = UNSET                                     \
	}

/* The options of any socket; of IP; of TCP; and --source and --source-port of those that connect or
 * send. */
extern const struct option_group socket_group, ip_group, tcp_group, source_group;
/* ip_group without --interface. */
extern const struct option_group hops_group;

/* Sets on FD, a socket of FAMILY, the options of O that belong to PHASE; those of other families
 * are passed over. LISTENING: FD is to accept, not to connect. Returns 0, or -1 with errno of
 * setsockopt(2) and *WHAT naming the option. */
int sockopt_apply(int fd, int family, const struct socket_options *o, enum socket_phase phase,
		  bool listening, const char **what);

/* Reads the option ROW of FD, a socket of FAMILY, into TEXT of SIZE bytes, as --sockopt takes it.
 * Returns 0, or -1 with errno of getsockopt(2): ENOPROTOOPT also if sockets of FAMILY have no such
 * option. */
int sockopt_read(int fd, int family, const struct sockopt_row *row, char *text, size_t size);

/* Returns row number I, from 0, of both tables; NULL after the last. */
const struct sockopt_row *sockopt_row(size_t i);

/* `SOL_SOCKET`, `IPPROTO_TCP`...; and `int`, `string`, `linger`, `duration`. */
const char *sockopt_level(const struct sockopt_row *row);
const char *sockopt_type(const struct sockopt_row *row);

/* Has O a --sockopt of that NAME? */
bool sockopt_is_given(const struct socket_options *o, const char *name);

/* Opens a non-blocking stream socket, or another of TYPE, of FAMILY with the protocol that O asks
 * for. Returns it, or -1 with errno and *WHAT naming the option or step that failed. */
int sockopt_socket(int family, int type, const struct socket_options *o, const char **what);

/* Frees what the option parser has put into O. */
void sockopt_free(struct socket_options *o);

/* As setsockopt(2) and getsockopt(2) of an option that is one int. Return 0 and the option, which
 * is never negative; or -1 with errno. */
int sockopt_set(int fd, int level, int name, int value);
int sockopt_get(int fd, int level, int name);

/* How many hops what FD, a socket of FAMILY (IP), sends to a single host may go: its TTL or hop
 * limit. Return 0 and that number; or -1 with errno. */
int sockopt_set_hops(int fd, int family, int hops);
int sockopt_get_hops(int fd, int family);

/* ---- of this system, a twin for each ---- */

/* Makes FD send and receive through the interface NAME alone (SO_BINDTODEVICE). Returns 0, or -1
 * with errno: ENOTSUP if the system has no such option. */
int sockopt_interface(int fd, const char *name);
/* Turns TCP Fast Open (RFC 7413) on: FD sends data in its SYN, or if it is LISTENING takes data
 * from one. Returns as above. */
int sockopt_fastopen(int fd, bool listening);
/* Shares the port of FD with other sockets that do so too (SO_REUSEPORT). Returns as above. */
int sockopt_reuseport(int fd);
/* Lets no router cut what FD, a socket of FAMILY, sends. PROBING: one of UDP sends as much as the
 * interface takes, whatever the kernel believes of the path. Returns as above. */
int sockopt_whole(int fd, int family, bool probing);
/* Gives what FD, a socket of FAMILY (IP), sends a traffic CLASS: DSCP and ECN. Its priority in this
 * machine's queues stays. Returns 0, or -1 with errno. */
int sockopt_set_class(int fd, int family, int class);
/* Returns the MTU that the kernel believes in, of the path to the peer of FD, a connected socket of
 * FAMILY; -1 with errno as above. */
int sockopt_mtu(int fd, int family);
/* The protocol number for --transport mptcp (RFC 8684); -1: this system has none. */
extern const int sockopt_mptcp;

#endif
