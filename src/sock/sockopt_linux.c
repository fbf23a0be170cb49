/* sockopt_linux.c - the socket options that Linux has beyond those of sockopt_table.c */
#define _GNU_SOURCE /* SO_BINDTODEVICE, IP_FREEBIND... */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "sock/sockopt.h"

#ifndef TCP_FASTOPEN_CONNECT /* Linux 4.11; not in every libc's header */
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define INT(level, name) #name, level, name, SOCKOPT_INT, PHASE_BIND
/* A switch that has to be set on a connection, since connecting turns it off. */
#define LATE(level, name) #name, level, name, SOCKOPT_INT, PHASE_CONNECTED

static const struct sockopt_row rows[] = {
	{ "SO_BINDTODEVICE", SOL_SOCKET, SO_BINDTODEVICE, SOCKOPT_STRING, PHASE_BIND },
	{ INT(SOL_SOCKET, SO_BUSY_POLL) },
	{ INT(SOL_SOCKET, SO_INCOMING_CPU) },
	{ INT(SOL_SOCKET, SO_MARK) },
	{ INT(SOL_SOCKET, SO_MAX_PACING_RATE) },
	{ INT(SOL_SOCKET, SO_PRIORITY) },
	{ INT(SOL_SOCKET, SO_RCVBUFFORCE) },
	{ INT(SOL_SOCKET, SO_REUSEPORT) },
	{ INT(SOL_SOCKET, SO_SNDBUFFORCE) },
	{ INT(SOL_SOCKET, SO_TIMESTAMP) },
	{ INT(SOL_SOCKET, SO_ZEROCOPY) },
	{ "TCP_CONGESTION", IPPROTO_TCP, TCP_CONGESTION, SOCKOPT_STRING, PHASE_BIND },
	{ LATE(IPPROTO_TCP, TCP_CORK) },
	{ INT(IPPROTO_TCP, TCP_DEFER_ACCEPT) },
	{ INT(IPPROTO_TCP, TCP_FASTOPEN) },
	{ INT(IPPROTO_TCP, TCP_FASTOPEN_CONNECT) },
	{ INT(IPPROTO_TCP, TCP_LINGER2) },
	{ INT(IPPROTO_TCP, TCP_NOTSENT_LOWAT) },
	{ LATE(IPPROTO_TCP, TCP_QUICKACK) },
	{ INT(IPPROTO_TCP, TCP_SYNCNT) },
	{ INT(IPPROTO_TCP, TCP_TIMESTAMP) },
	{ INT(IPPROTO_TCP, TCP_USER_TIMEOUT) },
	{ INT(IPPROTO_TCP, TCP_WINDOW_CLAMP) },
	{ INT(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT) },
	{ INT(IPPROTO_IP, IP_FREEBIND) },
	{ INT(IPPROTO_IP, IP_MINTTL) },
	{ INT(IPPROTO_IP, IP_MTU_DISCOVER) },
	{ INT(IPPROTO_IP, IP_MULTICAST_ALL) },
	{ INT(IPPROTO_IP, IP_RECVERR) },
	{ INT(IPPROTO_IP, IP_TRANSPARENT) },
	{ INT(IPPROTO_IPV6, IPV6_DONTFRAG) },
	{ INT(IPPROTO_IPV6, IPV6_MINHOPCOUNT) },
	{ INT(IPPROTO_IPV6, IPV6_MTU_DISCOVER) },
	{ INT(IPPROTO_IPV6, IPV6_RECVERR) },
	{ INT(IPPROTO_IPV6, IPV6_TRANSPARENT) },
};

const struct sockopt_table sockopt_system = { rows, sizeof rows / sizeof *rows };
const int sockopt_mptcp = IPPROTO_MPTCP;

int sockopt_interface(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name));
}

int sockopt_fastopen(int fd, bool listening)
{
	/* 128 may wait unconfirmed. */
	return listening ? sockopt_set(fd, IPPROTO_TCP, TCP_FASTOPEN, 128) :
			   sockopt_set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
}

int sockopt_reuseport(int fd)
{
	return sockopt_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

int sockopt_whole(int fd, int family, bool probing)
{
	/* Of TCP the second would leave routers free to cut. */
	if (family == AF_INET6)
		return sockopt_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
				   probing ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DO);
	return sockopt_set(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			   probing ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DO);
}

int sockopt_set_class(int fd, int family, int class)
{
	int priority = sockopt_get(fd, SOL_SOCKET, SO_PRIORITY);

	if (family == AF_INET6)
		return sockopt_set(fd, IPPROTO_IPV6, IPV6_TCLASS, class);
	if (sockopt_set(fd, IPPROTO_IP, IP_TOS, class) < 0)
		return -1;
	/* That sets the priority as well, see ip(7). One over 6 takes rights to set again. */
	sockopt_set(fd, SOL_SOCKET, SO_PRIORITY, priority);
	return 0;
}

int sockopt_mtu(int fd, int family)
{
	return family == AF_INET6 ? sockopt_get(fd, IPPROTO_IPV6, IPV6_MTU) :
				    sockopt_get(fd, IPPROTO_IP, IP_MTU);
}
