#!/usr/bin/env python3
"""A foreign side of a UNIX socket.

    unix.py connect PATH            sends stdin, then its end; prints what comes, to the end
    unix.py listen PATH             the same for one client
    unix.py stale PATH              leaves a socket that nobody has
    unix.py live TYPE PATH READY    has a socket of TYPE; to stdin's end nobody may come
    unix.py full PATH READY         listens with a full backlog; at stdin's end accepts all
    unix.py refused PATH            exit status 1 if nothing can be had there
    unix.py deaf PATH N             listens, takes N bytes, and is gone
    unix.py take PATH N             takes N bytes, then goes without reading the rest
    unix.py receive PATH N          for one client, prints all bytes, then what is in the N files handed over
    unix.py pass PATH FILE...       sends stdin with the open FILEs; prints what comes
"""
import array
import os
import select
import signal
import socket
import sys
import threading


def write(data):
    while data:
        data = data[os.write(1, data):]


def send(s):
    while data := os.read(0, 65536):
        s.sendall(data)
    s.shutdown(socket.SHUT_WR)


def exchange(s):
    thread = threading.Thread(target=send, args=(s,))
    thread.start()
    while data := s.recv(65536):
        write(data)
    thread.join()


def listener(path, kind=socket.SOCK_STREAM, backlog=16):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(path)
    if kind != socket.SOCK_DGRAM:
        s.listen(backlog)
    return s


def connected(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s


def live(kind, path, ready):
    s = listener(path, getattr(socket, 'SOCK_' + kind.upper()))
    s.setblocking(False)
    open(ready, 'w').close()
    sys.stdin.read()
    return 1 if select.select([s], [], [], 0)[0] else 0


def full(path, ready):
    s = listener(path, backlog=1)
    clients = []
    while True:
        c = socket.socket(socket.AF_UNIX)
        c.setblocking(False)
        try:
            c.connect(path)
        except BlockingIOError:
            break
        clients.append(c)
    open(ready, 'w').close()
    sys.stdin.read()
    for c in clients:
        c.close()
    for _ in range(len(clients) + 1):
        s.accept()[0].close()


def refused(path):
    s = connected(path)
    try:
        s.sendall(b'hello')
        return 0 if s.recv(1) else 1
    except (BrokenPipeError, ConnectionResetError):
        return 1


def take(path, n):
    s = connected(path)
    while n > 0:
        n -= len(s.recv(min(n, 65536)))


def deaf(path, n):
    s = listener(path).accept()[0]
    while n > 0:
        n -= len(s.recv(min(n, 65536)))
    os._exit(9)


def receive(path, n):
    s = listener(path).accept()[0]
    files = array.array('i')
    while True:
        data, ancillary, _, _ = s.recvmsg(65536, socket.CMSG_SPACE(64))
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.frombytes(content)
        if not data:
            break
        write(data)
    for fd in files:
        write(os.read(fd, 65536))
    return 0 if len(files) == n else 1


def hand_over(path, names):
    s = connected(path)
    files = array.array('i', [os.open(name, os.O_RDONLY) for name in names])
    s.sendmsg([os.read(0, 65536)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
    s.shutdown(socket.SHUT_WR)
    while data := s.recv(65536):
        write(data)


def main():
    signal.alarm(60)
    what, words = sys.argv[1], sys.argv[2:]
    if what == 'connect':
        return exchange(connected(words[0]))
    if what == 'listen':
        return exchange(listener(words[0]).accept()[0])
    if what == 'stale':
        return listener(words[0]).close()
    if what == 'live':
        return live(*words)
    if what == 'full':
        return full(*words)
    if what == 'refused':
        return refused(words[0])
    if what == 'take':
        return take(words[0], int(words[1]))
    if what == 'deaf':
        return deaf(words[0], int(words[1]))
    if what == 'receive':
        return receive(words[0], int(words[1]))
    return hand_over(words[0], words[1:])


sys.exit(main())
