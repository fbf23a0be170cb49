#!/usr/bin/env python3
"""A name server on 127.0.0.1 port 53 that knows no name at all: nameserver.py [silent | ptr:NAME]

Prints a line once it is ready. `silent`: it does not answer at all; `ptr:NAME`: it says of every
address that NAME is its name.
"""
import signal
import socket
import sys

signal.alarm(120)  # it never outlives a test that hangs
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 53))
print(53, flush=True)
word = sys.argv[1] if len(sys.argv) > 1 else ''
labels = word[len('ptr:'):].encode().split(b'.')
name = b''.join(bytes([len(label)]) + label for label in labels) + b'\0'
while True:
    question, asker = s.recvfrom(512)
    end = question.index(b'\0', 12) + 5
    if word.startswith('ptr:') and question[end - 4:end] == b'\0\x0c\0\1':
        # The question, and a record of the name that it asks for (RFC 1035, 4.1).
        s.sendto(question[:2] + b'\x81\x80\0\1\0\1' + bytes(4) + question[12:end] +
                 b'\xc0\x0c\0\x0c\0\1' + bytes(4) + len(name).to_bytes(2, 'big') + name, asker)
    elif word != 'silent':
        # A response, NXDOMAIN, with the question and nothing else.
        s.sendto(question[:2] + b'\x81\x83' + question[4:6] + bytes(6) + question[12:], asker)
