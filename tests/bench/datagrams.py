"""Jobs of datagrams, and of what asks: names and pings. The loads, and the servers named `limit`,
are udp.c."""
import functools
import os
import re
import time

from peers import Job, argv, configured, found, sockets, started, talking, until_ready
from process import MESSAGES, Bad, Child, emptied, finish, group_cpu, group_memory, opened
from streams import IN_US, server

NAMES = 2000
ONE_BY_ONE = ('dig', 'kdig')  # have a tenth of the names

FORWARDERS = {
    'sockit': 'sockit udp-recv -n -m 10000 --notify-fd 3 --forward {host}:{to} {host} 0',
    'socat': 'socat UDP4-LISTEN:{port},bind={host},fork UDP4:{host}:{to}',
    'limit': 'udp forward {to} {pieces}',
}
SENDERS = {
    'sockit': 'sockit udp-send -n --frame size={size} {host} {port}',
    'socat': 'socat -u -b{size} - UDP4-SENDTO:{host}:{port}',
    'limit, one by one': 'udp send {port} {size}',
    'limit, in pieces': 'udp send {port} {size} pieces',
}
RECEIVERS = {
    'sockit': 'sockit udp-recv -n --notify-fd 3 {host} 0',
    'socat': 'socat -u UDP4-RECV:{port},bind={host} -',
    'limit': 'udp recv',
}
PINGS = {
    'sockit': 'sockit connect --ping -n -c {count} --interval 1ms {host} {port}',
    'hping3': 'hping3 -n -S -c {count} -i u1000 -p {port} {host}',
    'nping': 'nping --tcp-connect -c {count} --delay 1ms -p {port} {host}',
    'httping': 'httping -c {count} -i 0.001 -g http://{host}:{port}/',
}
ANSWERED = r'(\d+) (?:answered|packets received|ok)|Successful connections: (\d+)'
RESOLVERS = {
    'sockit': 'sockit resolve -4 --server {host}:{port} -',
    'massdns': 'massdns -q --root -r {conf} -t A -o S names',
    'dig': 'dig +noall +answer @{host} -p {port} -f names',
    'kdig': 'kdig +noall +answer @{host} -p {port} {all}',
}
RESOLVED = r'^n(\d{5})\.bench\.test\b.*?\b10\.(\d+)\.(\d+)\.(\d+)$'


def forward(peer, size, clients, count, pieces=''):
    """Microseconds of the clock and of CPU for each datagram there and back; MiB of memory."""
    _, to = started('udp echo {pieces}', protocol='udp', pieces=pieces)
    server, port = started(peer.told, protocol='udp', to=to, pieces=pieces)
    load, ready, go = talking('udp', 'load', port, size, clients, count, *pieces.split())
    until_ready(load, ready)
    cpu, begin = group_cpu(server.pid), time.perf_counter()
    os.write(go, b'.')
    wall = finish(load) - begin
    cpu = group_cpu(server.pid) - cpu
    return [wall / count * 1e6, cpu / count * 1e6, group_memory(server.pid)[0]]


def forwarding(peer, chosen, size, pieces=''):
    return forward(peer, size, 1, chosen.datagrams, pieces)[:2]


def forward_clients(peer, chosen):
    return [forward(peer, 64, clients, chosen.datagrams)[1] for clients in (10, chosen.most)]


def forward_memory(peer, chosen):
    return forward(peer, 64, chosen.most, 1)[2:]


def datagrams(size, count):
    """A file of them, each with its number."""
    path = f'datagrams-{size}'
    if not os.path.exists(path):
        rest = os.urandom(size - 4)
        with open(path, 'wb') as f:
            f.writelines(i.to_bytes(4, 'big') + rest for i in range(count))
    return path


def settled(port, path, size, count):
    """How many datagrams a receiver has written, once it has come to rest: with those that the
    kernel dropped for want of room they are all, and each is one that was sent."""
    def progress():
        return (os.path.getsize('received') // size,
                sum(int(drops) for _, drops in sockets(port, 'udp')))
    arrived, still = progress(), 0
    while sum(arrived) < count and still < 100:
        time.sleep(0.005)
        before, arrived = arrived, progress()
        still = still + 1 if arrived == before else 0
    with open('received', 'rb') as f, open(path, 'rb') as sent:
        got, rest, last = f.read(), sent.read(size)[4:], -1
    for at in range(0, len(got), size):
        number = int.from_bytes(got[at:at + 4], 'big')
        if not last < number < count or got[at + 4:at + size] != rest:
            raise Bad('DAMAGED', 'a datagram that was not sent, or out of order')
        last = number
    if not arrived[0] or sum(arrived) < count:
        raise Bad('incomplete', f'{arrived[0]} of {count - arrived[1]} datagrams arrived')
    return arrived[0]


def sending(peer, chosen, size):
    count = chosen.datagrams
    path = datagrams(size, count)
    _, port = started('udp recv', emptied('received'), 'udp')
    begin = time.perf_counter()
    sender = Child(argv(peer.told, port=port, size=size), opened(path))
    wall = finish(sender) - begin
    settled(port, path, size, count)
    return [seconds / count * 1e9 for seconds in (wall, sender.cpu)]


def receiving(peer, chosen, size):
    count = chosen.datagrams
    path = datagrams(size, count)
    server, port = started(peer.told, emptied('received'), 'udp')
    cpu = group_cpu(server.pid)
    finish(Child(argv('udp send {port} {size}', port=port, size=size), opened(path)))
    arrived = settled(port, path, size, count)
    return [(group_cpu(server.pid) - cpu) / arrived * 1e9, 100 * (1 - arrived / count)]


def names(peer, _):
    """Microseconds of the clock and of CPU for each name."""
    count = NAMES // (10 if peer.program in ONE_BY_ONE else 1)
    some = [f'n{i:05}.bench.test' for i in range(count)]
    with open('names', 'w') as f:
        print(*some, sep='\n', file=f)
    _, port = started('udp names', protocol='udp')
    conf = configured(peer.program, port=port)
    begin = time.perf_counter()
    child = Child(argv(peer.told, port=port, conf=conf, all=' '.join(some)), opened('names'),
                  emptied('received'))
    wall = finish(child) - begin
    with open('received') as f:
        rows = [tuple(map(int, row)) for row in re.findall(RESOLVED, f.read(), re.M)]
    if sorted(rows) != [(i, i >> 16, i >> 8 & 255, i & 255) for i in range(count)]:
        raise Bad('DAMAGED' if len(rows) >= count else 'incomplete',
                  f'{len(rows)} of {count} answers, or wrong ones')
    return [seconds / count * 1e6 for seconds in (wall, child.cpu)]


def ping(peer, chosen):
    count = chosen.probes
    with server(answer=lambda _: b'HTTP/1.0 200 OK\r\n\r\n') as (port, _):
        child = Child(argv(peer.told, port=port, count=count), stdout=MESSAGES.fileno())
        finish(child)
    said = os.pread(MESSAGES.fileno(), 1 << 20, 0).decode('ascii', 'replace')
    answered = sum(int(a or b) for a, b in re.findall(ANSWERED, said))
    if answered < count * 0.9:  # hping3 does not wait for the last
        raise Bad('incomplete', f'{answered} of {count} were answered')
    return [child.cpu / count * 1e6]


UDP = functools.partial(found, 'udp')
JOBS = [
    Job('ping', '{probes} connections, 1 ms from each to the next', ['CPU us each'], ping, PINGS),
    Job('names', f'{NAMES} of them from a DNS server that takes 5 ms, for each', IN_US, names,
        RESOLVERS, UDP),
    *[Job(f'udp-send-{size}', '{datagrams} datagrams from a file, for each', ['wall ns', 'CPU ns'],
          functools.partial(sending, size=size), SENDERS, UDP) for size in (64, 1400)],
    Job('udp-recv-1400', '{datagrams} datagrams as fast as they go, to a file',
        ['CPU ns each', 'lost %'], functools.partial(receiving, size=1400), RECEIVERS, UDP),
    *[Job(f'udp-forward-{size}', f'{{datagrams}} datagrams through TOOL to an echo, {how}', IN_US,
          functools.partial(forwarding, size=size, pieces=pieces), FORWARDERS, UDP)
      for size in (64, 1400) for how, pieces in (('one by one', ''), ('in pieces', 'pieces'))],
    Job('udp-forward-clients', '{datagrams} datagrams of ten clients, and of {most}',
        ['CPU us, 10', 'CPU us, most'], forward_clients, {'sockit': FORWARDERS['sockit']}, UDP),
    Job('udp-forward-clients', 'memory with {most} clients', ['PSS MiB'], forward_memory,
        {'sockit': FORWARDERS['sockit']}, UDP),
]
