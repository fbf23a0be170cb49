#!/usr/bin/env python3
"""A foreign sender of UDP datagrams that does what it is told, step by step.

    datagrams.py ADDRESS PORT WORD...

    from:ADDRESS    (first) send from there
    text:TEXT       one datagram of TEXT
    hex:DIGITS      one of these bytes
    size:N          one of N bytes: 0, 1, ... 250, 0, 1, ...
    many:N,SIZE     N of SIZE bytes, each beginning with its number of four digits and a blank
    pieces:N,SIZE   the same in groups of 20, which the kernel cuts (UDP_SEGMENT)
    others:N        one each from N other sockets, `other I`
    read:N          wait for N datagrams, and print each: `ADDRESS PORT TEXT`
    quiet:SECONDS   for so long nothing may come
    port            print our own port
    ttl:N           time to live of what follows
    gate:FIFO       wait until FIFO has been opened for writing and closed
"""
import socket
import sys

PATTERN = bytes(range(251)) * 512


def numbered(i, size):
    return (b'%04d ' % i + PATTERN)[:size]


def main():
    address, port = sys.argv[1], int(sys.argv[2])
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    to = socket.getaddrinfo(address, port, family, socket.SOCK_DGRAM)[0][4]
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(10)
    for word in sys.argv[3:]:
        verb, _, what = word.partition(':')
        if verb == 'from':
            s.bind((what, 0))
        elif verb == 'text':
            s.sendto(what.encode(), to)
        elif verb == 'hex':
            s.sendto(bytes.fromhex(what), to)
        elif verb == 'size':
            s.sendto(PATTERN[:int(what)], to)
        elif verb == 'many':
            n, size = map(int, what.split(','))
            for i in range(n):
                s.sendto(numbered(i, size), to)
        elif verb == 'pieces':
            n, size = map(int, what.split(','))
            s.setsockopt(socket.IPPROTO_UDP, 103, size)
            for i in range(0, n, 20):
                s.sendto(b''.join(numbered(k, size) for k in range(i, min(i + 20, n))), to)
            s.setsockopt(socket.IPPROTO_UDP, 103, 0)
        elif verb == 'others':
            for i in range(int(what)):
                with socket.socket(family, socket.SOCK_DGRAM) as other:
                    other.sendto(b'other %d' % i, to)
        elif verb == 'read':
            for _ in range(int(what)):
                data, who = s.recvfrom(65536)
                print(who[0], who[1], data.decode('latin-1'), flush=True)
        elif verb == 'quiet':
            s.settimeout(float(what))
            try:
                print('came:', s.recvfrom(65536))
                return 1
            except TimeoutError:
                s.settimeout(10)
        elif verb == 'port':
            if s.getsockname()[1] == 0:
                s.bind(('', 0))
            print(s.getsockname()[1], flush=True)
        elif verb == 'ttl':
            s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(what))
        elif verb == 'gate':
            with open(what, 'rb') as f:
                f.read()
        else:
            raise SystemExit(f'unknown word {word}')
    return 0


sys.exit(main())
