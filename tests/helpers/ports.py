#!/usr/bin/env python3
"""Ports of every kind: ports.py KIND... prints their numbers as its first line, then waits.

    open          somebody listens (and does not accept)
    open:PORT     at that port
    closed        nobody listens, and nobody else can
    silent        a backlog that is full: no answer
    open6         somebody listens at ::1
    unix:PATH     a UNIX socket (its number is 0)

A line for each connection that comes is no part of it: see peer.py, who.py for those.
"""
import signal
import socket
import sys

kept = []


def port(kind):
    if kind.startswith('unix:'):
        s = socket.socket(socket.AF_UNIX)
        s.bind(kind[5:])
        s.listen()
        kept.append(s)
        return 0
    address = '::1' if kind == 'open6' else '127.0.0.1'
    s = socket.socket(socket.AF_INET6 if kind == 'open6' else socket.AF_INET)
    kept.append(s)
    number = 0
    if ':' in kind:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        number = int(kind.split(':')[1])
    s.bind((address, number))
    if kind.startswith('open'):
        s.listen(100)
    if kind == 'silent':
        s.listen(0)
        for _ in range(4):
            c = socket.socket()
            c.setblocking(False)
            c.connect_ex(s.getsockname())
            kept.append(c)
    return s.getsockname()[1]


signal.alarm(120)  # it never outlives a test that hangs
print(*map(port, sys.argv[1:]), flush=True)
signal.pause()
