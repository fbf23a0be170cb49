#!/usr/bin/env python3
"""Many foreign TCP clients at once.

    crowd.py PORT N FILE

N clients connect to 127.0.0.1; then `connected` is printed. Each sends a hundred lines
`client I line J`, ends its sending and reads up to the end, which must come after just what is
in FILE. Exit status 0 if so for each of them; else it is said who got what.
"""
import hashlib
import selectors
import signal
import socket
import sys

signal.alarm(60)
port, n = int(sys.argv[1]), int(sys.argv[2])
with open(sys.argv[3], 'rb') as f:
    expected = hashlib.sha256(f.read()).hexdigest()
clients = [socket.create_connection(('127.0.0.1', port)) for _ in range(n)]
print('connected', flush=True)
selector = selectors.DefaultSelector()
for i, s in enumerate(clients):
    s.sendall(b''.join(b'client %d line %d\n' % (i, j) for j in range(100)))
    s.shutdown(socket.SHUT_WR)
    s.setblocking(False)
    selector.register(s, selectors.EVENT_READ, (i, hashlib.sha256()))
bad = 0
while selector.get_map():
    for key, _ in selector.select():
        i, sha = key.data
        try:
            data = key.fileobj.recv(1 << 18)
        except OSError as error:
            print(f'client {i}: {error}')
            bad, data = 1, b''
        sha.update(data)
        if not data:
            selector.unregister(key.fileobj)
            if sha.hexdigest() != expected:
                print(f'client {i}: not what was sent')
                bad = 1
sys.exit(bad)
