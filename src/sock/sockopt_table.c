/* sockopt_table.c - the socket options of POSIX, and those that most systems have */
#define _DEFAULT_SOURCE /* IP_TOS and the rest of netinet/in.h */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "sock/sockopt.h"

#define INT(level, name) #name, level, name, SOCKOPT_INT, PHASE_BIND

static const struct sockopt_row rows[] = {
	{ INT(SOL_SOCKET, SO_BROADCAST) },
	{ INT(SOL_SOCKET, SO_DEBUG) },
	{ INT(SOL_SOCKET, SO_DONTROUTE) },
	{ INT(SOL_SOCKET, SO_KEEPALIVE) },
	{ "SO_LINGER", SOL_SOCKET, SO_LINGER, SOCKOPT_LINGER, PHASE_BIND },
	{ INT(SOL_SOCKET, SO_OOBINLINE) },
	{ INT(SOL_SOCKET, SO_RCVBUF) },
	{ INT(SOL_SOCKET, SO_RCVLOWAT) },
	{ "SO_RCVTIMEO", SOL_SOCKET, SO_RCVTIMEO, SOCKOPT_DURATION, PHASE_BIND },
	{ INT(SOL_SOCKET, SO_REUSEADDR) },
	{ INT(SOL_SOCKET, SO_SNDBUF) },
	{ "SO_SNDTIMEO", SOL_SOCKET, SO_SNDTIMEO, SOCKOPT_DURATION, PHASE_BIND },
	{ INT(IPPROTO_TCP, TCP_NODELAY) },
	{ INT(IPPROTO_TCP, TCP_MAXSEG) },
	{ INT(IPPROTO_TCP, TCP_KEEPIDLE) },
	{ INT(IPPROTO_TCP, TCP_KEEPINTVL) },
	{ INT(IPPROTO_TCP, TCP_KEEPCNT) },
	{ INT(IPPROTO_IP, IP_TOS) },
	{ INT(IPPROTO_IP, IP_TTL) },
	{ INT(IPPROTO_IP, IP_MULTICAST_TTL) },
	{ INT(IPPROTO_IP, IP_MULTICAST_LOOP) },
	{ INT(IPPROTO_IPV6, IPV6_UNICAST_HOPS) },
	{ INT(IPPROTO_IPV6, IPV6_MULTICAST_HOPS) },
	{ INT(IPPROTO_IPV6, IPV6_MULTICAST_LOOP) },
	{ INT(IPPROTO_IPV6, IPV6_TCLASS) },
	{ INT(IPPROTO_IPV6, IPV6_V6ONLY) },
};

const struct sockopt_table sockopt_common = { rows, sizeof rows / sizeof *rows };
