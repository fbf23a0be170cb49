#!/usr/bin/env bash
# A reset that comes while sendfile(2) moves data is told to nobody: what is read then is a good end of stream.
#
# Linux 6.18. sendfile(2) calls the socket many times. The one that meets the reset takes the error away (SO_ERROR),
# and since others before it have moved something, their count is what is returned. After that recv(2) returns 0 and
# SO_ERROR is 0, as though the peer had ended its sending, and only a further write shows EPIPE. After a send(2) that
# was cut short by the same reset recv(2) says ECONNRESET. So a program that looks what there is to read when a
# sendfile(2) was short, or waits for poll(2), takes the reset for an end.
#
# Seen, where the call was short and the reset there:
#	send: recv ECONNRESET
#	sendfile: recv 0, SO_ERROR 0, send EPIPE
set -eu

seen=$(
	python3 - <<'END'
import errno, os, random, socket, struct, tempfile, threading

SIZE = 64 << 20
zeros = bytes(SIZE)
file = tempfile.TemporaryFile()
file.truncate(SIZE)

def outcome(what):
    try:
        return str(what())
    except OSError as e:
        return errno.errorcode[e.errno]

def cut_short(move):
    """Returns how a connection looks on which MOVE was cut short by a reset; None: it was not."""
    with socket.create_server(('127.0.0.1', 0)) as server, socket.create_connection(server.getsockname()) as s:
        peer = server.accept()[0]
        s.setblocking(False)
        some = random.randrange(1 << 20, 20 << 20)

        def reset():
            got = 0
            while got < some:
                got += len(peer.recv(65536))
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            peer.close()

        thread = threading.Thread(target=reset)
        thread.start()
        sent = 0
        try:
            while sent < SIZE:
                try:
                    n = move(s, sent)
                except BlockingIOError:
                    continue
                short = n < SIZE - sent
                sent += n
                read = outcome(lambda: len(s.recv(1))) if short else 'EAGAIN'
                if read == '0':
                    pending = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    return f'recv 0, SO_ERROR {pending}, send {outcome(lambda: s.send(b"x"))}'
                if read != 'EAGAIN':
                    return f'recv {read}'
        except OSError:  # the call itself was told
            pass
        finally:
            thread.join()

def send(s, sent):
    return s.send(memoryview(zeros)[sent:], socket.MSG_NOSIGNAL)

def sendfile(s, sent):
    return os.sendfile(s.fileno(), file.fileno(), sent, SIZE - sent)

for move in send, sendfile:
    for seen in sorted({cut_short(move) for _ in range(60)} - {None}):
        print(f'{move.__name__}: {seen}')
END
)
echo "$seen"
# A reset between two calls is met by the reading after either.
diff <(echo 'sendfile: recv 0, SO_ERROR 0, send EPIPE') <(grep 'recv 0' <<<"$seen")
grep -qx 'send: recv ECONNRESET' <<<"$seen"
