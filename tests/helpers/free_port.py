#!/usr/bin/env python3
"""Ports that nobody has.

    free_port.py DIRECTORY N

Prints N different ports, a line each, that nobody has, by TCP or UDP, in either family, that no
outgoing connection takes, and that nobody is given a second time who asks with the same DIRECTORY.
"""
import os
import random
import socket
import sys


def is_free(port):
    for family, address in ((socket.AF_INET, ''), (socket.AF_INET6, '::')):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(family, kind) as s:
                    if family == socket.AF_INET6:
                        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    s.bind((address, port))
            except OSError as error:
                if family == socket.AF_INET or error.errno not in (97, 99):  # no IPv6
                    return False
    return True


def is_taken(directory, port):
    try:
        os.mkdir(os.path.join(directory, str(port)))
        return False
    except FileExistsError:
        return True


directory, n = sys.argv[1], int(sys.argv[2])
os.makedirs(directory, exist_ok=True)
while n > 0:
    port = random.randrange(10000, 32000)
    if is_free(port) and not is_taken(directory, port):
        print(port)
        n -= 1
