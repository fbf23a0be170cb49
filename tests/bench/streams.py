"""Jobs of a single connection: moving data, filters, latency, and the life of a process."""
import contextlib
import functools
import hashlib
import os
import re
import signal
import socket
import statistics
import threading
import time
from queue import SimpleQueue

from peers import HOST, PROGRAMS, Job, argv, bound, found, free_port, started
from process import (MESSAGES, NULL, Bad, Child, attempt, children, close, emptied, finish,
                     one_cpu, opened, pipe)

GIB = 1 << 30
LINE = b'one short line\n'
TRIPS, STARTS = 2000, 20  # in each round
MESSAGE, MESSAGES_MOST = 104, 1000000  # bytes in each, with its length of 4
HEADER = b'PROXY TCP4 192.0.2.1 198.51.100.2 5000 443\r\n'

TOOLS = {  # to receive, to send a stream, to talk where that differs
    'sockit': ('sockit listen -n -d --notify-fd 3 {host} 0',
               'sockit connect -n {more} {host} {port}'),
    'nc.openbsd': ('nc.openbsd -l -n -d {host} {port}', 'nc.openbsd -N -n {more} {host} {port}'),
    'nc.traditional': ('nc.traditional -l -n -s {host} -p {port}',
                       'nc.traditional -n -q 0 {host} {port}'),
    'ncat': ('ncat -l -n --recv-only {host} {port}', 'ncat -n --send-only {more} {host} {port}',
             'ncat -n {host} {port}'),
    'socat': ('socat -b262144 -u TCP4-LISTEN:{port},bind={host} -',
              'socat -b262144 -u {more} - TCP4:{host}:{port}', 'socat - TCP4:{host}:{port}'),
    'busybox': ('busybox nc -l -p {port}', 'busybox nc {host} {port}'),  # at every address
    'toybox': ('toybox nc -l -s {host} -p {port}', 'toybox nc {host} {port}'),
}
MOVERS = TOOLS | {  # what can do no more than bulk
    'mbuffer': ('mbuffer -q -I {host}:{port}', 'mbuffer -q -O {host}:{port}'),
    'nuttcp': ('nuttcp -r -s --nofork -P {port}', 'nuttcp -t -s -P {port} -p {free} {host}'),
}
HELP = {
    'sockit': 'sockit --help', 'nc.openbsd': 'nc.openbsd -h', 'nc.traditional': 'nc.traditional -h',
    'ncat': 'ncat --help', 'socat': 'socat -h', 'busybox': 'busybox nc --help',
    'toybox': 'toybox nc --help',
}
FILTERS = {  # what a sender may do on the way: what it is told then, and who only moves the data
    'a hex dump': ('cat', {'sockit': '-x copy', 'ncat': '-x copy'}),
    'CR LF': ('cat', {'sockit': '-C', 'nc.openbsd': '-C', 'ncat': '-C'}),
    'telnet': ('cat', {'sockit': '-t', 'ncat': '-t'}),
    'a copy': ('tee copy', {'sockit': '-o copy', 'ncat': '-o copy', 'socat': '-r copy'}),
}
UNBOUND = ('', '-o /dev/null', '--rate 100G', '-i 1h', '--stats', '--progress --progress')
UNIX = {
    'sockit': 'sockit unix {port}',
    'nc.openbsd': 'nc.openbsd -N -U {port}',
    'ncat': 'ncat -U --send-only {port}',
    'socat': 'socat -b262144 -u - UNIX-CONNECT:{port}',
    'toybox': 'toybox nc -U {port}',
}
FRAMED = {
    'sockit': ('sockit listen -n -d --notify-fd 3 --wire-frame len32 --frame len32 {host} 0',
               'sockit connect -n --wire-frame len32 --frame len32 {host} {port}'),
    'no frames': TOOLS['sockit'],
    'no frames, copied': (TOOLS['sockit'][0], 'sockit connect -n --heartbeat 1h {host} {port}'),
    'C loop': ('loop', 'loop {port}'),
}


@contextlib.contextmanager
def server(answer=None, much=False):
    """Takes connections one by one and reads each to its end. Gives its port, and a queue of what
    it read from each; of much, the checksum. With a function it answers what comes."""
    listening, queue = bound('tcp'), SimpleQueue()

    def serve():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, contextlib.suppress(ConnectionError):
                    data, sha = b'', hashlib.sha256()
                    while part := connection.recv((1 << 18) if much else 4096):
                        if answer:
                            connection.sendall(answer(part))
                        elif much:
                            sha.update(part)
                        else:
                            data += part
                queue.put(sha.digest() if much else data)
    threading.Thread(target=serve, daemon=True).start()
    with listening:
        try:
            yield listening.getsockname()[1], queue
        finally:
            listening.shutdown(socket.SHUT_RDWR)  # wakes accept()


def digest(path, size):
    """The checksum of what a file begins with."""
    sha = hashlib.sha256()
    with open(path, 'rb') as f:
        while size > 0 and (part := f.read(min(size, 1 << 20))):
            sha.update(part)
            size -= len(part)
    return sha.digest()


digest_once = functools.lru_cache(maxsize=None)(digest)


def arrived(wanted_path):
    """Bad unless the file `received` is the same as that one; else its size."""
    wanted, size = os.path.getsize(wanted_path), os.path.getsize('received')
    note = f'{size} of {wanted} bytes arrived'
    if digest('received', size) != digest_once(wanted_path, min(size, wanted)):
        raise Bad('DAMAGED', note)
    if size < wanted:
        raise Bad('incomplete', note)
    return wanted


def through_cat(source):
    """A pipe from which that comes."""
    read, write = pipe()
    Child(['cat'], source, write, tool=False)
    close(source, write)
    return read


def bulk(peer, _, pipes=False, data='data', unit=GIB):
    source, out, cat = opened(data), emptied('received'), []
    if pipes:
        read, write = pipe()
        cat = [Child(['cat'], read, out, tool=False)]
        close(read, out)
        out = write
    receiver, port = started(peer.told[0], out)
    close(out)
    if pipes:
        source = through_cat(source)
    begin = time.perf_counter()
    sender = Child(argv(peer.told[1], port=port, more='', free=free_port()), source)
    close(source)
    wall = finish(sender, receiver, *cat) - begin
    size = arrived(data)
    return [seconds * unit / size for seconds in (wall, sender.cpu + receiver.cpu)]


def sent(peer, chosen, pipes=False, protocol='tcp'):
    """What a sender takes; the receiver is tcp.c, which compares."""
    sink, port = started(f'tcp sink 0 1 {chosen.size}', protocol=protocol)
    source = opened('data')
    if pipes:
        source = through_cat(source)
    begin = time.perf_counter()
    sender = Child(argv(peer.told, port=port), source)
    close(source)
    wall = finish(sender, sink) - begin
    return [seconds * GIB / chosen.size for seconds in (wall, sender.cpu)]


@functools.lru_cache(maxsize=None)
def text_with(newline):
    """The checksum of the text, with this at the end of each line."""
    sha = hashlib.sha256()
    with open('text', 'rb') as f:
        while part := f.read(1 << 20):
            sha.update(part.replace(b'\n', newline))
    return sha.digest()


def filtered(peer, _, what):
    size, stdin = os.path.getsize('text'), opened('text')
    tool = peer.program in PROGRAMS
    close(emptied('copy'))  # socat would add to it
    with server(much=True) as (port, received):
        to = None if tool else socket.create_connection((HOST, port))
        begin = time.perf_counter()
        child = Child(argv(peer.told, port=port), stdin, to.fileno() if to else NULL)
        if to:
            to.close()
        wall = finish(child) - begin
        if received.get() != text_with(b'\r\n' if tool and what == 'CR LF' else b'\n'):
            raise Bad('DAMAGED', 'another text arrived')
    if what == 'a copy' and digest('copy', size + 1) != text_with(b'\n'):
        raise Bad('DAMAGED', 'the copy is another text')
    close(stdin)
    return [seconds * GIB / size for seconds in (wall, child.cpu)]


def latency(peer, _):
    message, times = os.urandom(64), []
    with one_cpu(), server(lambda part: part) as (port, _):
        stdin, to = pipe()
        back, stdout = pipe()
        Child(argv(peer.told[-1], port=port, more=''), stdin, stdout)
        close(stdin, stdout)
        for _ in range(TRIPS):
            answer, begin = b'', time.perf_counter()
            os.write(to, message)
            while len(answer) < len(message):
                part = os.read(back, 4096)
                if not part:
                    finish(*children.values())
                    raise Bad('incomplete', f'ended after {len(times)} round trips')
                answer += part
            times.append(time.perf_counter() - begin)
            if answer != message:
                raise Bad('DAMAGED', 'another answer than the echo')
    return [statistics.median(times) * 1e6]


def lives(command, check, tool=True):
    """The median of wall and CPU time of a command's life, in us."""
    times = []
    for _ in range(STARTS):
        stdin = opened('line')
        begin, child = time.perf_counter(), Child(command, stdin, tool=tool)
        times.append((finish(child) - begin, child.cpu))
        close(stdin)
        check()
    return [statistics.median(column) * 1e6 for column in zip(*times)]


def start(peer, _):
    with server() as (port, received):
        def check():
            got = received.get()
            if got != LINE:
                raise Bad('incomplete' if LINE.startswith(got) else 'DAMAGED',
                          f'{len(got)} of {len(LINE)} bytes arrived')
        return lives(argv(peer.told[1], port=port, more=''), check)


def start_help(peer, _):
    finish(Child(argv(peer.told), stdout=MESSAGES.fileno(), tool=False))
    if not os.fstat(MESSAGES.fileno()).st_size:
        raise Bad('incomplete', 'it says nothing')
    return lives(argv(peer.told), lambda: None, tool=False)  # some end with 1


def instructions(peer, _):
    with server() as (port, _):
        return [counted(argv(peer.told[1], port=port, more='')) / 1e3,
                counted(argv(HELP[peer.name])) / 1e3]


def counted(command):
    """The instructions that a command takes in user mode, as perf counts them."""
    perf = ['perf', 'stat', '-x', ',', '-e', 'instructions:u', '-o', 'counts', '--']
    finish(Child(perf + command, opened('line'), tool=False))
    with open('counts') as f:
        number = re.search(r'^(\d+),', f.read(), re.M)
    if not number:
        raise Bad('failed', 'perf did not count')
    return int(number[1])


def perf_counts():
    with contextlib.suppress(Bad):
        return attempt(lambda: counted(['true']), 5)


def served(_, chosen):
    """The CPU time of a listener for each client, in us. All send the same, which is data to the
    second one."""
    taken = []
    for more in '--accept-proxy {host}', '':
        child, port = started(f'sockit listen -n --discard --accept {chosen.clients} '
                              f'--notify-fd 3 {more} {{host}} 0')
        for _ in range(chosen.clients):
            with socket.create_connection((HOST, port)) as client:
                client.sendall(HEADER)
                client.shutdown(socket.SHUT_WR)
                client.recv(1)
        finish(child)
        taken.append(child.cpu / chosen.clients * 1e6)
    return taken


def sender(name, more):
    return TOOLS[name][1].replace('{more}', more)


TCP = functools.partial(found, 'tcp')
PER_GIB, IN_US = ['wall s/GiB', 'CPU s/GiB'], ['wall us', 'CPU us']
JOBS = [
    Job('bulk', '{mib:g} MiB through cat | TOOL, TCP, TOOL | cat', PER_GIB,
        functools.partial(bulk, pipes=True), MOVERS),
    Job('bulk', '{mib:g} MiB from a file through TOOL, TCP, TOOL to a file', PER_GIB, bulk, MOVERS),
    Job('unix', '{mib:g} MiB from a file to a UNIX socket, the sender', PER_GIB,
        functools.partial(sent, protocol='unix'), UNIX, TCP),
    Job('unix', '{mib:g} MiB from a pipe to a UNIX socket, the sender', PER_GIB,
        functools.partial(sent, protocol='unix', pipes=True), UNIX, TCP),
    *[Job('filters', f'{{text:g}} MiB of text, sent with {what}', PER_GIB,
          functools.partial(filtered, what=what),
          {name: sender(name, more) for name, more in told.items()} | {mover.split()[0]: mover})
      for what, (mover, told) in FILTERS.items()],
    Job('filters', '{mib:g} MiB, sent with an option that changes nothing', PER_GIB, sent,
        {more or 'sockit': sender('sockit', more) for more in UNBOUND}, TCP),
    Job('latency', '64 bytes through TOOL to an echo server and back', ['wall us'], latency, TOOLS),
    Job('start', 'the life of a TOOL that sends one line', IN_US, start, TOOLS),
    Job('start', 'the life of a TOOL that tells its options', IN_US, start_help, HELP),
    Job('start', '1000 instructions of these in user mode', ['a line', 'options'], instructions,
        TOOLS, perf_counts),
    Job('frames', '{messages} messages of 100 bytes from file to file',
        ['wall ns each', 'CPU ns each'],
        functools.partial(bulk, data='messages', unit=MESSAGE * 10 ** 9), FRAMED),
    Job('proxy-header', 'a listener with {clients} clients, for each of them',
        ['CPU us', 'no header'], served, {'sockit': 'sockit'}),
]
