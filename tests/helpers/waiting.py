#!/usr/bin/env python3
"""How much memory a process has, while large messages wait for it.

    waiting.py PORT PID N SIZE LACKS    N clients send a message of SIZE bytes each (len32) to PORT, all but the last
                                        LACKS bytes of it; prints the memory that PID shares with nobody by then, in KiB,
                                        and then ends
"""
import selectors
import socket
import struct
import sys
import time


def memory(pid):
    with open(f'/proc/{pid}/smaps_rollup') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('Pss:'))


def main():
    port, pid, n, size, lacks = map(int, sys.argv[1:])
    message = memoryview(struct.pack('>I', size) + b'x' * (size - lacks))
    waiting = selectors.DefaultSelector()
    clients = [socket.create_connection(('127.0.0.1', port)) for _ in range(n)]
    for client in clients:
        client.setblocking(False)
        waiting.register(client, selectors.EVENT_WRITE, [0])
    # What is not taken by then will not be.
    while waiting.get_map() and (ready := waiting.select(0.5)):
        for key, _ in ready:
            sent = key.data
            sent[0] += key.fileobj.send(message[sent[0]:sent[0] + 65536])
            if sent[0] == len(message):
                waiting.unregister(key.fileobj)
    # Until it has nothing more to do.
    last = None
    while (now := memory(pid)) != last:
        last = now
        time.sleep(0.1)
    print(now)


main()
