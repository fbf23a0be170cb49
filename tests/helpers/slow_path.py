#!/usr/bin/env python3
"""A slow way between two networks: slow_path.py PID MILLISECONDS [BYTES [N]]

Makes the interface `slow` here, with 10.9.0.1 and fd09::1, and in the network of the process PID, with 10.9.0.2
and fd09::2, and carries what is sent to the other side so much later: each way at most BYTES a second, what would
wait behind 32 KiB is lost, and so is every Nth packet of data. Prints 0 once both can be used, and
ends with its stdin's reader: when it is killed. It stands in for a path of tc-netem(8), which not every kernel has.
"""
import ctypes
import fcntl
import heapq
import os
import select
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


pid, delay = sys.argv[1], int(sys.argv[2]) / 1000
rate, lost = (int(word) for word in (sys.argv[3:] + ['0', '0'])[:2])
ends = [tun(1)]
network = os.open(f'/proc/{pid}/ns/net', os.O_RDONLY)
if ctypes.CDLL(None, use_errno=True).setns(network, CLONE_NEWNET):
    raise OSError(ctypes.get_errno(), 'setns')
ends.append(tun(2))
other = {ends[0]: ends[1], ends[1]: ends[0]}
waiting = []  # a heap: when, the packet's number, where to
free = {fd: 0 for fd in ends}  # from when on that way takes more
packets = data = 0
print(0, flush=True)
while True:
    rest = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for fd in select.select(ends, [], [], rest)[0]:
        packet, now = os.read(fd, 65536), time.monotonic()
        packets += 1
        data += len(packet) > 200
        if lost and len(packet) > 200 and data % lost == 0:
            continue
        if rate:
            free[fd] = max(free[fd], now)
            if (free[fd] - now) * rate > 32768:
                continue
            free[fd] += len(packet) / rate
        heapq.heappush(waiting, (max(free[fd], now) + delay, packets, other[fd], packet))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, fd, packet = heapq.heappop(waiting)
        try:
            os.write(fd, packet)
        except OSError:
            pass  # the interface went down: the packet is lost
