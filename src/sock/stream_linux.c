/* stream_linux.c - what only Linux knows of a connected stream socket */
#define _GNU_SOURCE /* struct tcp_info, which musl keeps for it, and struct ucred */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "sock/sockopt.h"
#include "sock/stream.h"

const bool stream_knows_who = true;
const bool stream_connects_again = true;

/* Offsets in struct tcp_info of <linux/tcp.h> of what not every libc's has. */
enum { RESENT_AT = 208, WINDOW_AT = 228, INFO_MOST = 512 };

int stream_tcp(int fd, struct stream_tcp *out)
{
	enum { NO_THRESHOLD = 0x7fffffff };
	char bytes[INFO_MOST];
	struct tcp_info info = { 0 };
	socklen_t size = sizeof bytes, n = sizeof out->congestion - 1;
	uint64_t resent = 0;
	uint32_t window = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, bytes, &size) < 0)
		return -1;
	memcpy(&info, bytes, size < sizeof info ? size : sizeof info);
	if (size >= RESENT_AT + sizeof resent)
		memcpy(&resent, bytes + RESENT_AT, sizeof resent);
	if (size >= WINDOW_AT + sizeof window)
		memcpy(&window, bytes + WINDOW_AT, sizeof window);
	*out = (struct stream_tcp){
		.state = info.tcpi_state,
		.rtt_us = info.tcpi_rtt,
		.rttvar_us = info.tcpi_rttvar,
		.retransmits = info.tcpi_total_retrans,
		.mss = info.tcpi_snd_mss,
		.receive_mss = info.tcpi_rcv_mss,
		.path_mtu = info.tcpi_pmtu,
		.cwnd = info.tcpi_snd_cwnd,
		.ssthresh = info.tcpi_snd_ssthresh < NO_THRESHOLD ? info.tcpi_snd_ssthresh : UNSET,
		.unacknowledged = info.tcpi_unacked,
		.resent = size >= RESENT_AT + sizeof resent ? (int64_t)resent : UNSET,
		.window = size >= WINDOW_AT + sizeof window ? window : UNSET,
		.timestamps = info.tcpi_options & TCPI_OPT_TIMESTAMPS,
		.ended = info.tcpi_state == TCP_CLOSE_WAIT,
		.gone = info.tcpi_state == TCP_CLOSE,
	};
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, out->congestion, &n) < 0)
		out->congestion[0] = '\0';
	return 0;
}

bool stream_begins_small(void)
{
	int fd = open("/proc/sys/net/ipv4/tcp_mtu_probing", O_RDONLY | O_CLOEXEC);
	char digit = '0';
	bool known = fd >= 0 && read(fd, &digit, 1) == 1;

	close_keeping_errno(fd);
	return known && digit == '2';
}

int stream_protocol(int fd)
{
	return sockopt_get(fd, SOL_SOCKET, SO_PROTOCOL);
}

bool stream_fell_back(int fd)
{
	/* Of linux/mptcp.h; the third word of struct mptcp_info has its flags. */
	enum { SOL_OF_MPTCP = 284, INFO_OF_MPTCP = 1, FLAGS = 2, FALLBACK = 1 };
	uint32_t info[3] = { 0 };
	socklen_t size = sizeof info;
	int protocol = stream_protocol(fd);
	struct stream_tcp tcp;

	/* A client that was accepted without it has a socket of TCP. */
	if (protocol != sockopt_mptcp)
		return protocol == IPPROTO_TCP;
	if (getsockopt(fd, SOL_OF_MPTCP, INFO_OF_MPTCP, info, &size) == 0)
		return info[FLAGS] & FALLBACK;
	/* TCP is asked now, and does not know the question. Before Linux 5.16 MPTCP did not either,
	 * nor that of TCP. */
	return stream_tcp(fd, &tcp) == 0;
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
