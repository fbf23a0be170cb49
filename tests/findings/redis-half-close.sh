#!/usr/bin/env bash
# redis-server does not run what a client sent behind a command that waits, if the client has ended its sending: the
# answers stop in the midst, in good order, a SET that the server has received is never done, and nothing tells so.
#
# redis 7.0.15 (Debian 12, packages redis-server and redis-tools 5:7.0.15-1~deb12u10), defaults. Its documentation of
# pipelining has one "send multiple commands to the server without waiting for the replies at all, and finally read the
# replies in a single step", and says nothing of a client that ends its sending behind them; RFC 9293 (3.6) has such a
# side receive on. As long as no command waits, redis does it so: it runs all that came before the end, and answers it.
# At one that waits (BLPOP here) it has stopped to read; when the end comes it takes the client for gone, drops the
# connection, and with it the commands that it has received already.
#
# Seen:	commands that do not wait, sending open: +PONG +OK +PONG; the key is set
#	commands that do not wait, sending ended: +PONG +OK +PONG; the key is set
#	one that waits 0.3 s, sending open: +PONG *-1 +OK +PONG; the key is set
#	one that waits 0.3 s, sending ended: +PONG; the key is not set
set -eu

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download {redis-server,redis-tools}=5:7.0.15-1~deb12u10
for package in *.deb; do dpkg -x "$package" root; done
root/usr/bin/redis-server --port 0 --unixsocket "$dir/front" --save '' >log &
until [ -S front ]; do sleep 0.1; done

python3 - >seen <<'END'
import socket

def answers(commands, ends):
    c = socket.socket(socket.AF_UNIX)
    c.connect('front')
    c.settimeout(10)
    c.sendall(commands)
    if ends:
        c.shutdown(socket.SHUT_WR)
    said = b''
    while said.count(b'\n') < commands.count(b'\n') and (piece := c.recv(65536)):
        said += piece
    return ' '.join(said.decode().split())

for name, waits in ('commands that do not wait', b''), ('one that waits 0.3 s', b'BLPOP nothing 0.3\r\n'):
    for ends in False, True:
        answers(b'DEL key\r\n', False)
        said = answers(b'PING\r\n' + waits + b'SET key value\r\nPING\r\n', ends)
        is_set = answers(b'EXISTS key\r\n', False) == ':1'
        print(f'{name}, sending {"ended" if ends else "open"}: {said}; the key is {"set" if is_set else "not set"}')
END
cat seen
diff - seen <<'END'
commands that do not wait, sending open: +PONG +OK +PONG; the key is set
commands that do not wait, sending ended: +PONG +OK +PONG; the key is set
one that waits 0.3 s, sending open: +PONG *-1 +OK +PONG; the key is set
one that waits 0.3 s, sending ended: +PONG; the key is not set
END
