#!/usr/bin/env bash
# Of two setsockopt(2) calls that ask for keepalive probes of a connection that is idle already, the order decides when
# the first probe goes out: with SO_KEEPALIVE as the last one the time begins anew, with TCP_KEEPIDLE it counts from
# the last byte received.
#
# Linux 6.18. tcp(7) says of TCP_KEEPIDLE that it is "the time the connection needs to remain idle before TCP starts
# sending keepalive probes, if the socket option SO_KEEPALIVE has been set on this socket", and of no order.
# tcp_set_keepalive() (net/ipv4/tcp_timer.c) starts the timer with the whole time, while tcp_sock_set_keepidle_locked()
# (net/ipv4/tcp.c), which starts it only where SO_KEEPALIVE is set, subtracts what has elapsed. So programs that turn
# the probes on late, as for a peer that has been silent for long, wait up to twice as long for the first one if
# they set the time first, which is the order in which the manual page names them.
#
# Seen:	idle for 3 s, then TCP_KEEPIDLE of 2 s and SO_KEEPALIVE: the peer answers a probe after 2 s
#	idle for 3 s, then SO_KEEPALIVE and TCP_KEEPIDLE of 2 s: the peer answers a probe after 0 s
set -eu

seen=$(
	python3 - <<'END'
import socket, struct, time

IDLE = ('TCP_KEEPIDLE of 2 s', socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2)
ON = ('SO_KEEPALIVE', socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

def connection():
    listener = socket.create_server(('127.0.0.1', 0))
    s = socket.create_connection(listener.getsockname())
    return s, listener.accept()[0]

def last_acknowledgement(s):
    return struct.unpack_from('=I', s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 8 + 12 * 4)[0] / 1000

pairs = [(order, connection()) for order in ((IDLE, ON), (ON, IDLE))]
time.sleep(3)
for order, (s, peer) in pairs:
    for _, *option in order:
        s.setsockopt(*option)
begin = time.monotonic()
waiting, after = list(pairs), {}
while waiting and time.monotonic() < begin + 10:
    for pair in waiting[:]:
        if last_acknowledgement(pair[1][0]) < 1:
            after[pair[0]] = round(time.monotonic() - begin)
            waiting.remove(pair)
    time.sleep(0.02)
for order, _ in pairs:
    print(f'idle for 3 s, then {order[0][0]} and {order[1][0]}: the peer answers a probe after {after.get(order)} s')
END
)
echo "$seen"
diff - <(echo "$seen") <<'END'
idle for 3 s, then TCP_KEEPIDLE of 2 s and SO_KEEPALIVE: the peer answers a probe after 2 s
idle for 3 s, then SO_KEEPALIVE and TCP_KEEPIDLE of 2 s: the peer answers a probe after 0 s
END
