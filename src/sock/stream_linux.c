/* stream_linux.c - what only Linux knows of a connected stream socket */
#define _GNU_SOURCE /* struct ucred */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "sock/sockopt.h"
#include "sock/stream.h"

const bool stream_knows_who = true;
const bool stream_connects_again = true;

/* struct tcp_info of linux/tcp.h, as far as it is needed: libcs end it earlier, and so do kernels.
 */
struct info {
	uint8_t state, ca_state, retransmits, probes, backoff, options, scales, flags;
	uint32_t rto, ato, mss, receive_mss, unacknowledged, sacked, lost, retransmitting, facked;
	uint32_t data_sent, ack_sent, data_received, ack_received, path_mtu, receive_ssthresh;
	uint32_t rtt, rttvar, ssthresh, cwnd, advertised_mss, reordering, receive_rtt, space;
	uint32_t all_retransmits;
	uint64_t pacing_rate, most_pacing_rate, acknowledged, received;
	uint32_t segments_out, segments_in, unsent, least_rtt, data_in, data_out;
	uint64_t delivery_rate, busy, receiver, send_buffer;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, resent;
	uint32_t dsacks, reorderings, out_of_order, window;
};

#define INFO_HAS(n, member)                                                                        \
	((n) >= offsetof(struct info, member) + sizeof((struct info *)0)->member)

void stream_tcp_read(const void *data, size_t n, struct stream_tcp *out)
{
	enum { NO_THRESHOLD = 0x7fffffff, TIMESTAMPS = 1, SYN_DATA = 32, APP_LIMITED = 1 };
	struct info i = { 0 };
	bool times = INFO_HAS(n, send_buffer);

	memcpy(&i, data, n < sizeof i ? n : sizeof i);
	*out = (struct stream_tcp){
		.state = i.state,
		.rtt_us = i.rtt,
		.rttvar_us = i.rttvar,
		.mss = i.mss,
		.receive_mss = i.receive_mss,
		.path_mtu = i.path_mtu,
		.cwnd = i.cwnd,
		.ssthresh = i.ssthresh < NO_THRESHOLD ? i.ssthresh : UNSET,
		.unacknowledged = i.unacknowledged,
		.syn_data = i.options & SYN_DATA,
		.syn_failure = i.flags >> 1 & 3,
		.app_limited = i.flags & APP_LIMITED,
		.retransmits = i.all_retransmits,
		.delivery_rate = INFO_HAS(n, delivery_rate) ? (int64_t)i.delivery_rate : UNSET,
		.busy_us = times ? (int64_t)i.busy : UNSET,
		.receiver_us = times ? (int64_t)i.receiver : UNSET,
		.send_buffer_us = times ? (int64_t)i.send_buffer : UNSET,
		.resent = INFO_HAS(n, resent) ? (int64_t)i.resent : UNSET,
		.window = INFO_HAS(n, window) ? i.window : UNSET,
		.timestamps = i.options & TIMESTAMPS,
		.ended = i.state == TCP_CLOSE_WAIT,
		.gone = i.state == TCP_CLOSE,
	};
}

int stream_tcp(int fd, struct stream_tcp *out)
{
	struct info info;
	socklen_t size = sizeof info, n = sizeof out->congestion - 1;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return -1;
	stream_tcp_read(&info, size, out);
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

int64_t stream_unsent(int fd)
{
	struct info info;
	socklen_t size = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && INFO_HAS(size, unsent) ?
		       info.unsent :
		       0;
}

void stream_hesitate(int fd)
{
	/* The ACK of the handshake waits for data to go with, for 200 ms. */
	sockopt_set(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
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
