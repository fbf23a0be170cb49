#!/usr/bin/env bash
# A peer sends packets over a UNIX socket of type SOCK_SEQPACKET and closes while something of ours is unread there:
# recv(2) gives ECONNRESET first, and after that error the packets that came before it, then the end. A program that
# stops at the error, as programs do, loses them, though all arrived.
#
# Linux 6.18. unix(7) has SOCK_SEQPACKET "connection-oriented, preserves message boundaries, and delivers messages in
# the order that they were sent" (and of ECONNRESET only "Remote socket was unexpectedly closed"); socket(7) says
# nothing of an order. A SOCK_STREAM socket between the same two, and TCP, give the data first and the error behind
# them. The error stands in front because net/core/datagram.c, which reads for SOCK_SEQPACKET, looks at the socket's
# error before the queue, and the stream's own reader after it.
#
# Seen:	stream: "one", "two", ECONNRESET, ""
#	seqpacket: ECONNRESET, "one", "two", ""
#	seqpacket, nothing of ours unread: "one", "two", ""
set -eu

seen=$(
	python3 - <<'END'
import errno, socket

def received(s, length):
    try:
        return f'"{s.recv(length).decode()}"'
    except OSError as e:
        return errno.errorcode[e.errno]

for name, kind, unread in (('stream', socket.SOCK_STREAM, True),
                           ('seqpacket', socket.SOCK_SEQPACKET, True),
                           ('seqpacket, nothing of ours unread', socket.SOCK_SEQPACKET, False)):
    ours, peers = socket.socketpair(socket.AF_UNIX, kind)
    ours.settimeout(10)
    if unread:
        ours.sendall(b'a question')
    peers.sendall(b'one')
    peers.sendall(b'two')
    peers.close()
    results = []
    while '""' not in results:
        results.append(received(ours, 3))
    print(f'{name}:', ', '.join(results))
END
)
echo "$seen"
diff - <(echo "$seen") <<'END'
stream: "one", "two", ECONNRESET, ""
seqpacket: ECONNRESET, "one", "two", ""
seqpacket, nothing of ours unread: "one", "two", ""
END
