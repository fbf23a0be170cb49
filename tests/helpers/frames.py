#!/usr/bin/env python3
"""Packets in files, each of them in a frame; how peer.py sends and reads them is said there.

    frames.py make MODE FILE SIZE...   packets of these sizes, in the frames of MODE, into FILE
    frames.py sizes FILE               the size of each packet in FILE, which is in len16 or len32 frames
    frames.py strip FILE               what is in them
    frames.py most                     how large a packet of a UNIX socket may be
"""
import os
import socket
import struct
import sys

sys.dont_write_bytecode = True
from peer import contents, packets_in  # noqa: E402


def make(mode, path, *sizes):
    head = {'len16': '>H', 'len32': '>I'}.get(mode)
    tail = {'line': b'\n', 'nul': b'\0'}.get(mode, b'')
    with open(path, 'wb') as f:
        for size in map(int, sizes):
            data = os.urandom(size)
            if tail:
                data = data.replace(b'\n', b'x').replace(b'\0', b'y')
            f.write((struct.pack(head, size) if head else b'') + data + tail)


def packets(path):
    content = contents(path)
    try:
        return packets_in(content, 4)
    except ValueError:
        return packets_in(content, 2)


def sizes(path):
    for packet in packets(path):
        print(len(packet))


def strip(path):
    sys.stdout.buffer.write(b''.join(packets(path)))


def most():
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        print(s.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) - 32)


{'make': make, 'sizes': sizes, 'strip': strip, 'most': most}[sys.argv[1]](*sys.argv[2:])
