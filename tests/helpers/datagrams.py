#!/usr/bin/env python3
"""A foreign side of datagrams that does what it is told, step by step.

    datagrams.py TO WORD...     TO: where it sends: ADDRESS,PORT by UDP; PATH, where @NAME is abstract and - is
                                nobody, by a UNIX socket

    from:ADDRESS    (first) send from there
    bind:PATH       have this name
    text:TEXT       one datagram of TEXT
    hex:DIGITS      one of these bytes
    size:N          one of N bytes: 0, 1, ... 250, 0, 1, ...
    many:N,SIZE     N of SIZE bytes, each beginning with its number of five digits
    pieces:N,SIZE   the same in groups of 20, which the kernel cuts (UDP_SEGMENT)
    others:N        one each from N other sockets, `other I`
    read:N          wait for N datagrams, and print each: `ADDRESS PORT TEXT`, or `NAME TEXT`
    len32:N         the same, each as it is behind its length
    check:N,SIZE    wait for what `many` sends, and say nothing
    echo:N          send N datagrams back to whoever sent them
    quiet:SECONDS   for so long nothing may come
    port            print our own port
    ttl:N           time to live of what follows
    gate:FIFO       wait until FIFO has been opened for writing and closed
"""
import socket
import struct
import sys

PATTERN = bytes(range(251)) * 4096
LIMIT = 20


def numbered(i, size):
    return (b'%05d' % i + PATTERN)[:size]


def place(path):
    return '\0' + path[1:] if path.startswith('@') else path


def name(who):
    if isinstance(who, tuple):
        return f'{who[0]} {who[1]}'
    return who.decode().replace('\0', '@') if isinstance(who, bytes) else who or '-'


def open_socket(word):
    address, _, port = word.rpartition(',')
    if not address:
        return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), place(word)
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    to = socket.getaddrinfo(address, int(port), family, socket.SOCK_DGRAM)[0][4]
    return socket.socket(family, socket.SOCK_DGRAM), to


def main():
    s, to = open_socket(sys.argv[1])
    s.settimeout(LIMIT)
    for word in sys.argv[2:]:
        verb, _, what = word.partition(':')
        if verb == 'from':
            s.bind((what, 0))
        elif verb == 'bind':
            s.bind(place(what))
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
                with socket.socket(s.family, socket.SOCK_DGRAM) as other:
                    other.sendto(b'other %d' % i, to)
        elif verb == 'read':
            for _ in range(int(what)):
                data, who = s.recvfrom(1 << 20)
                print(name(who), data.decode('latin-1'), flush=True)
        elif verb == 'len32':
            for _ in range(int(what)):
                data = s.recv(1 << 20)
                sys.stdout.buffer.write(struct.pack('>I', len(data)) + data)
        elif verb == 'check':
            n, size = map(int, what.split(','))
            for i in range(n):
                data = s.recv(1 << 20)
                if data != numbered(i, size):
                    raise SystemExit(f'{data[:20]} in place of number {i}')
        elif verb == 'echo':
            for _ in range(int(what)):
                data, who = s.recvfrom(1 << 20)
                s.sendto(data, who)
        elif verb == 'quiet':
            s.settimeout(float(what))
            try:
                print('came:', s.recvfrom(1 << 20))
                return 1
            except TimeoutError:
                s.settimeout(LIMIT)
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
