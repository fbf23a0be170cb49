#!/usr/bin/env python3
"""A foreign side of a SOCK_SEQPACKET socket, and packets in files.

    seqpacket.py make MODE FILE SIZE...   packets of these sizes, in the frames of MODE, into FILE
    seqpacket.py sizes FILE               the size of each packet in FILE, which is in len16 or len32 frames
    seqpacket.py strip FILE               what is in them
    seqpacket.py most                     how large a packet may be
    seqpacket.py connect PATH FILE        sends the packets of FILE (len32), then the end; prints what comes as len32
    seqpacket.py listen PATH FILE         the same for a client
    seqpacket.py take PATH N              takes N packets, then goes without reading the rest
    seqpacket.py flood PATH FILE N        sends N packets with the open FILE along, twice each
"""
import array
import os
import signal
import socket
import struct
import sys
import threading


def head(mode, data):
    return {'len16': lambda: struct.pack('>H', len(data)),
            'len32': lambda: struct.pack('>I', len(data))}.get(mode, lambda: b'')()


def make(mode, name, sizes):
    tail = {'line': b'\n', 'nul': b'\0'}.get(mode, b'')
    with open(name, 'wb') as f:
        for size in map(int, sizes):
            data = os.urandom(size)
            if tail:
                data = data.replace(b'\n', b'x').replace(b'\0', b'y')
            f.write(head(mode, data) + data + tail)


def cut(content, n):
    packets = []
    while content:
        if len(content) < n:
            raise ValueError
        size = int.from_bytes(content[:n], 'big')
        if len(content) < n + size:
            raise ValueError
        packets.append(content[n:n + size])
        content = content[n + size:]
    return packets


def read(name):
    with open(name, 'rb') as f:
        content = f.read()
    try:
        return cut(content, 4)
    except ValueError:
        return cut(content, 2)


def write(data):
    while data:
        data = data[os.write(1, data):]


def exchange(s, packets):
    def send():
        for p in packets:
            s.send(p)
        s.shutdown(socket.SHUT_WR)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    thread = threading.Thread(target=send)
    thread.start()
    while True:
        data, ancillary, _, _ = s.recvmsg(1 << 20, 256)
        if not data and not ancillary:
            break
        write(head('len32', data) + data)
    thread.join()


def new():
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def connected(path):
    s = new()
    s.connect(path)
    return s


def main():
    signal.alarm(60)
    what, words = sys.argv[1], sys.argv[2:]
    if what == 'make':
        make(words[0], words[1], words[2:])
    elif what == 'sizes':
        for p in read(words[0]):
            print(len(p))
    elif what == 'strip':
        write(b''.join(read(words[0])))
    elif what == 'most':
        print(new().getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) - 32)
    elif what == 'connect':
        exchange(connected(words[0]), read(words[1]))
    elif what == 'listen':
        s = new()
        s.bind(words[0])
        s.listen(1)
        exchange(s.accept()[0], read(words[1]))
    elif what == 'take':
        s = connected(words[0])
        for _ in range(int(words[1])):
            s.recv(1 << 20)
    elif what == 'flood':
        s = connected(words[0])
        fds = array.array('i', [os.open(words[1], os.O_RDONLY)] * 2)
        for _ in range(int(words[2])):
            s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])


main()
