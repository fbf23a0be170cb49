#define _GNU_SOURCE /* struct tcp_info, which musl keeps for it, and struct ucred */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/stream.h"

int stream_info(int fd, int64_t *rtt_us, int64_t *retransmits)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return -1;
	*rtt_us = info.tcpi_rtt;
	*retransmits = info.tcpi_total_retrans;
	return 0;
}

int stream_credentials(int fd, int64_t *ids)
{
	struct ucred c;
	socklen_t size = sizeof c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &size) < 0)
		return -1;
	ids[0] = c.pid;
	ids[1] = c.uid;
	ids[2] = c.gid;
	return 0;
}
