#!/usr/bin/env python3
"""Many clients of UDP at once, to each of whom all comes back that it sends.

    datagrams.py [to:ADDRESS] [clients:N] [at-once:N] [rounds:N] [burst:N] [sizes:N,...] [held] PORT

Client number I has the address 127.1.x.y that is I, with `to` an IPv6 address that one. AT-ONCE of
them (50) send BURST datagrams each (4), read until as many have come back, and that ROUNDS times
(2); then the next ones do. SIZES (0,1,64,64,64,1400) are taken in turn. What comes back must be
byte for byte what went, in order, within 10 seconds; exit status 0 if so. `held` waits for the end of
stdin then.
"""
import os
import socket
import sys

words = dict(word.partition(':')[::2] for word in sys.argv[1:-1])
port, to = int(sys.argv[-1]), words.get('to', '127.0.0.1')
number = lambda name, default: int(words.get(name, default))
clients, rounds, burst = number('clients', 50), number('rounds', 2), number('burst', 4)
at_once = min(clients, number('at-once', 50))
sizes = [int(n) for n in words.get('sizes', '0,1,64,64,64,1400').split(',')]
noise = os.urandom(65507)


def client(i):
    s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
    s.settimeout(10)
    s.bind((to if ':' in to else f'127.1.{i >> 8}.{i & 255}', 0))
    s.connect((to, port))
    return s


def payloads(i, turn):
    for j in range(burst):
        k = turn * burst + j
        mark = b'%d %d ' % (i, k)
        size = sizes[k % len(sizes)]
        yield (mark + noise[:max(size - len(mark), 0)])[:size]


for first in range(0, clients, at_once):
    crowd = [(i, client(i)) for i in range(first, min(first + at_once, clients))]
    for turn in range(rounds):
        for i, s in crowd:
            for data in payloads(i, turn):
                s.send(data)
        for i, s in crowd:
            for j, data in enumerate(payloads(i, turn)):
                try:
                    got = s.recv(65536)
                except OSError as error:
                    sys.exit(f'client {i}, round {turn}: {error} after {j} of {burst}')
                if got != data:
                    sys.exit(f'client {i}, round {turn}: datagram {j} is {got[:40]}, not {data[:40]}')
if 'held' in words:
    print('done', flush=True)
    sys.stdin.read()
