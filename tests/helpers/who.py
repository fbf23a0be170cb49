#!/usr/bin/env python3
"""Says who connects: who.py [port:N] [answer:TEXT] [full:]ADDRESS...

Listens on one port of every ADDRESS (one that the kernel chooses, or N) and prints it. For each
connection it prints `from ADDRESS PORT to ADDRESS`, answers with TEXT, reads up to the end,
prints `got TEXT` (as Python writes bytes), and closes. An address after `full:` has a backlog that
is full: it never answers, and does not refuse either.
"""
import select
import signal
import socket
import sys


def listener(address, port, backlog):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(socket.getaddrinfo(address, port, family, socket.SOCK_STREAM)[0][4])
    s.listen(backlog)
    return s


def fill(s):
    """With a backlog of 0 one connection may wait; there is no room for a second."""
    c = socket.socket(s.family)
    c.connect(s.getsockname())
    return c


def open_all(addresses, port):
    for _ in range(20):
        sockets, number = [], port
        try:
            for address in addresses:
                full = address.startswith('full:')
                s = listener(address.removeprefix('full:'), number, 0 if full else 8)
                number = s.getsockname()[1]
                sockets.append((s, full))
            return sockets
        except OSError as error:  # taken on another of the addresses
            for s, _ in sockets:
                s.close()
            if port:
                raise error
    sys.exit('who: no port')


def serve(s, answer):
    c, peer = s.accept()
    print('from', peer[0], peer[1], 'to', c.getsockname()[0], flush=True)
    got = b''
    try:
        c.sendall(answer)
        c.shutdown(socket.SHUT_WR)
        while data := c.recv(65536):
            got += data
    except OSError as error:
        got += str(error).encode()
    print('got', got, flush=True)
    c.close()


def main():
    signal.alarm(120)  # it never outlives a test that hangs
    port, answer, addresses = 0, b'', []
    for word in sys.argv[1:]:
        if word.startswith('port:'):
            port = int(word[5:])
        elif word.startswith('answer:'):
            answer = word[7:].encode()
        else:
            addresses.append(word)
    sockets = open_all(addresses, port)
    waiting = [fill(s) for s, full in sockets if full]
    print(sockets[0][0].getsockname()[1], flush=True)
    serving = [s for s, full in sockets if not full]
    while serving:
        for s in select.select(serving, [], [])[0]:
            serve(s, answer)
    signal.pause()
    return waiting


main()
