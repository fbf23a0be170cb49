#!/usr/bin/env python3
"""A foreign side of a UNIX socket of datagrams that does what it is told, step by step.

    unix_datagrams.py PATH WORD...      PATH: where it sends; @NAME is abstract, - is nobody

    bind:PATH       has this name
    text:TEXT       one datagram of TEXT
    hex:DIGITS      one of these bytes
    size:N          one of N bytes: 0, 1, ... 250, 0, 1, ...
    many:N,SIZE     N of SIZE bytes, each beginning with its number of five digits
    read:N          wait for N datagrams, and print each: `NAME TEXT`
    len32:N         the same, each as it is behind its length
    check:N,SIZE    wait for what `many` sends, and say nothing
    echo:N          send N datagrams back to whoever sent them
    quiet:SECONDS   for so long nothing may come
    gate:FIFO       wait until FIFO has been opened for writing and closed
"""
import socket
import struct
import sys

PATTERN = bytes(range(251)) * 4096


def numbered(i, size):
    return (b'%05d' % i + PATTERN)[:size]


def place(path):
    return '\0' + path[1:] if path.startswith('@') else path


def name(who):
    return who.decode().replace('\0', '@') if isinstance(who, bytes) else who or '-'


def main():
    to = place(sys.argv[1])
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.settimeout(20)
    for word in sys.argv[2:]:
        verb, _, what = word.partition(':')
        if verb == 'bind':
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
                s.settimeout(20)
        elif verb == 'gate':
            with open(what, 'rb') as f:
                f.read()
        else:
            raise SystemExit(f'unknown word {word}')
    return 0


sys.exit(main())
