/* sockopt.h - socket options: the option group, and the table of names for --sockopt */
#ifndef SOCK_SOCKOPT_H
#define SOCK_SOCKOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

enum sockopt_type {
	SOCKOPT_INT,	  /* int, decimal or 0x hexadecimal; 1 where no value is given */
	SOCKOPT_STRING,	  /* bytes of the word */
	SOCKOPT_LINGER,	  /* struct linger: on, for so many seconds; -1: off */
	SOCKOPT_DURATION, /* struct timeval */
};

/* A socket option by its name in socket(7), tcp(7), ip(7), ipv6(7). */
struct sockopt_row {
	const char *name;
	int level, option;
	enum sockopt_type type;
	enum socket_phase phase;
};

/* The rows that every system has, and those of this one. */
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

/* What any socket can have, what one of an IP family, what one of TCP; and -s, -p for those that
 * connect or send. */
extern const struct option_group socket_group, ip_group, tcp_group, source_group;
/* Of ip_group what is left without the interface. */
extern const struct option_group hops_group;

/* Sets on FD, a socket of FAMILY, what O asks for before PHASE; the rows of other families are
 * passed over. LISTENING: FD is to accept, not to connect. Returns 0, or -1 with errno of
 * setsockopt(2) and *WHAT naming the option. */
int sockopt_apply(int fd, int family, const struct socket_options *o, enum socket_phase phase,
		  bool listening, const char **what);

/* The value that FD, a socket of FAMILY, has of ROW into TEXT of SIZE bytes, as --sockopt takes it.
 * Returns 0, or -1 with errno of getsockopt(2): ENOPROTOOPT also where such a socket has no such
 * option. */
int sockopt_read(int fd, int family, const struct sockopt_row *row, char *text, size_t size);

/* Row number I of both tables from 0, NULL after the last. */
const struct sockopt_row *sockopt_row(size_t i);

/* `SOL_SOCKET`, `IPPROTO_TCP`...; and `int`, `string`, `linger`, `duration`. */
const char *sockopt_level(const struct sockopt_row *row);
const char *sockopt_type(const struct sockopt_row *row);

/* The protocol for socket(2) of a stream of FAMILY that O asks for; 0: the usual one. */
int sockopt_protocol(const struct socket_options *o, int family);

/* Frees what the parser has kept in O. */
void sockopt_free(struct socket_options *o);

/* Of this system (a twin for each):
 * Sends and receives through the interface NAME alone (SO_BINDTODEVICE). Returns 0, or -1 with
 * errno; ENOTSUP where the system has no such option. */
int sockopt_interface(int fd, const char *name);
/* Data in the SYN and, for FD that is LISTENING, from it (RFC 7413). Returns as above. */
int sockopt_fastopen(int fd, bool listening);
/* Shares the port with other sockets that do so too (SO_REUSEPORT). Returns as above. */
int sockopt_reuseport(int fd);
/* Protocol number for --transport mptcp, RFC 8684; -1 where there is none. */
extern const int sockopt_mptcp;

#endif
