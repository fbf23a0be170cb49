#!/usr/bin/env python3
"""A slow way between two networks: slow_path.py PID MILLISECONDS [BYTES [N [PATTERN]]]

Makes the interface `slow` here, with 10.9.0.1 and fd09::1, and in the network of the process PID, with 10.9.0.2
and fd09::2, and carries what is sent to the other side so much later: each way at most BYTES a second, what would
wait behind 32 KiB is lost, and so is every Nth packet of data. By PATTERN each datagram of UDP and IPv4 that is no
fragment has a letter, each way by turns: `.` goes on, `x` is lost, `2` goes on twice, `<` goes behind the next one. The
file `packets` gets a line then, `came SENDER PORT TO PORT DIGITS`, for each, and `went` for each that goes on. Prints 0 once
both can be used, and ends with its stdin's reader: when it is killed. It stands in for a path of tc-netem(8), which not
every kernel has.
"""
import ctypes
import fcntl
import heapq
import os
import select
import socket
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454ca, 1, 0x1000, 0x40000000


def tun(number):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', b'slow', IFF_TUN | IFF_NO_PI))
    for command in (f'addr add 10.9.0.{number}/24 dev slow', f'addr add fd09::{number}/64 dev slow nodad', 'link set slow up'):
        subprocess.run(['ip', *command.split()], check='fd09' not in command, stderr=subprocess.DEVNULL)
    return fd


def datagram(packet):
    """Whence and where to, and its bytes, of a datagram of UDP and IPv4; else None."""
    header = (packet[0] & 15) * 4
    if packet[0] >> 4 != 4 or packet[9] != 17 or packet[6] & 0x3f or packet[7]:
        return None
    ports = struct.unpack_from('!HH', packet, header)
    return '%s %d %s %d %s' % (socket.inet_ntoa(packet[12:16]), ports[0], socket.inet_ntoa(packet[16:20]), ports[1],
                               packet[header + 8:].hex())


def tell(what, packet):
    if pattern and datagram(packet):
        print(what, datagram(packet), file=told, flush=True)


def by_pattern(fd, packet):
    """What goes on now that this packet has come."""
    if not pattern or not datagram(packet):
        return [packet]
    letter = pattern[turns[fd] % len(pattern)]
    turns[fd] += 1
    now = {'.': [packet], '2': [packet] * 2}.get(letter, []) + later[fd]
    later[fd] = [packet] if letter == '<' else []
    return now


pid, delay = sys.argv[1], int(sys.argv[2]) / 1000
rate, lost = (int(word) for word in (sys.argv[3:] + ['0', '0'])[:2])
pattern = sys.argv[5] if len(sys.argv) > 5 else ''
told = open('packets', 'w') if pattern else None
ends = [tun(1)]
network = os.open(f'/proc/{pid}/ns/net', os.O_RDONLY)
if ctypes.CDLL(None, use_errno=True).setns(network, CLONE_NEWNET):
    raise OSError(ctypes.get_errno(), 'setns')
ends.append(tun(2))
other = {ends[0]: ends[1], ends[1]: ends[0]}
waiting = []  # a heap: when, the packet's number, where to
free = {fd: 0 for fd in ends}  # from when on that way takes more
turns, later = {fd: 0 for fd in ends}, {fd: [] for fd in ends}
packets = data = 0
print(0, flush=True)
while True:
    rest = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for fd in select.select(ends, [], [], rest)[0]:
        packet, now = os.read(fd, 65536), time.monotonic()
        data += len(packet) > 200
        if lost and len(packet) > 200 and data % lost == 0:
            continue
        if rate:
            free[fd] = max(free[fd], now)
            if (free[fd] - now) * rate > 32768:
                continue
            free[fd] += len(packet) / rate
        tell('came', packet)
        for packet in by_pattern(fd, packet):
            packets += 1
            heapq.heappush(waiting, (max(free[fd], now) + delay, packets, other[fd], packet))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, fd, packet = heapq.heappop(waiting)
        tell('went', packet)
        try:
            os.write(fd, packet)
        except OSError:
            pass  # the interface went down: the packet is lost
