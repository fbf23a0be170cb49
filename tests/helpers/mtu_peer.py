#!/usr/bin/env python3
"""A service at the end of a path that is measured: mtu_peer.py [WORD]...

Prints its port, and then a line for each connection that it accepts: how many bytes came before that ended.
    never        it reads nothing, and keeps each connection
    close        it closes each at once
    reset        it resets each as soon as something has come
    refuse       it resets each at once
    banner       it first says a lot
    echo         it sends back what has come
    once         it accepts one connection
    mss:N        it takes segments of N bytes at most
    window:N     its window is as small
    after:N:CMD  runs CMD once connection number N has come
"""
import socket
import struct
import subprocess
import sys
import threading

AT_ONCE = struct.pack('ii', 1, 0)

words = set(sys.argv[1:])
values = dict(w.split(':', 1) for w in words if ':' in w)
listener = socket.socket(socket.AF_INET6)
listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
if 'mss' in values:
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, int(values['mss']))
if 'window' in values:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(values['window']))
listener.bind(('::', 0))
listener.listen(64)
print(listener.getsockname()[1], flush=True)
kept = []


def serve(client):
    total = 0
    try:
        if 'banner' in words:
            client.send(b'x' * 30000)
        while data := client.recv(65536):
            total += len(data)
            if 'echo' in words:
                client.sendall(data)
            if 'reset' in words:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                break
    except OSError:
        pass
    print(total, flush=True)
    client.close()


number = 0
while True:
    client, _ = listener.accept()
    number += 1
    if 'after' in values:
        when, command = values['after'].split(':', 1)
        if number == int(when):
            subprocess.run(command, shell=True, check=True)
    if 'once' in words:
        listener.close()
    if 'never' in words:
        kept.append(client)
        print(0, flush=True)
    elif 'close' in words or 'refuse' in words:
        if 'refuse' in words:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        client.close()
        print(0, flush=True)
    else:
        threading.Thread(target=serve, args=(client,), daemon=True).start()
    if 'once' in words:
        threading.Event().wait()
