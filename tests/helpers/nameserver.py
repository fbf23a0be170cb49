#!/usr/bin/env python3
"""A name server on 127.0.0.1 port 53 that knows no name at all: nameserver.py [silent]

Prints a line once it is ready. `silent`: it does not answer at all.
"""
import signal
import socket
import sys

signal.alarm(120)  # it never outlives a test that hangs
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 53))
print(53, flush=True)
while True:
    question, asker = s.recvfrom(512)
    if 'silent' not in sys.argv:
        # A response, NXDOMAIN (RFC 1035, 4.1.1), with the question and nothing else.
        s.sendto(question[:2] + b'\x81\x83' + question[4:6] + bytes(6) + question[12:], asker)
