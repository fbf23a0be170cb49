#!/usr/bin/env python3
"""How fast sockit is here, beside the other netcats that are installed.

The tools take turns: each does a job once a round, so that noise falls on all
of them. All goes over 127.0.0.1. One that fails at a job, hangs, or delivers
something else than was sent gets no figure there, but the word for it, and the
run goes on. Needs Linux.

  bulk     random bytes from one tool to itself, through pipes and from file to
           file: wall time, and CPU time (user and system) of both ends. socat
           has -b262144, its best.
  filters  a text sent with a hex dump, with CR LF, as telnet, with a copy to a file: CPU
           time of the sender alone, beside cat or tee, which only read and write.
  latency  64 bytes written to the tool's stdin, sent to an echo server and back
           to its stdout, all on one CPU: the median.
  start    the whole life of a process that sends one short line; its
           instructions in user mode where perf can count them.
  frames   messages of 100 bytes from file to file, each with its length: by
           --wire-frame len32, without it (as they are, and copied), and by a
           C program with one read and one write for each (where there is cc).
  proxy-header
           what a header of the PROXY protocol costs a listener (--accept-proxy):
           CPU time for each of --clients, with and without.
  udp-forward-64, udp-forward-1400
           datagrams of so many bytes to an echo and back, by way of the tool:
           each by itself, and in pieces that the kernel cuts and joins, as good
           interfaces do (UDP_SEGMENT, UDP_GRO). `limit` is recvmmsg and
           sendmmsg for a single client. Needs a C compiler.
  udp-forward-clients
           the same for ten clients and for 10,000, a datagram each at a time,
           and the memory that these take. Needs a C compiler.
"""
import argparse
import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from queue import SimpleQueue

HOST = '127.0.0.1'
NULL = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
MESSAGES = tempfile.TemporaryFile()  # the stderr of all
LINE = b'one short line\n'
TRIPS, STARTS = 2000, 20  # in each round
MESSAGE, MESSAGES_MOST = 104, 1000000  # bytes in each, with its length of 4
HEADER = b'PROXY TCP4 192.0.2.1 198.51.100.2 5000 443\r\n'
STOP = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Bad(Exception):
    """What stands in the table where a figure would be, and the reason for it."""


# Processes. Each leads a group of its own, and nothing of that group outlives it or its job.

children, fds = {}, set()


class Child:
    def __init__(self, argv, stdin=NULL, stdout=NULL, notify=None, tool=True):
        self.tool, self.status, self.cpu = tool, None, 0.0
        at = [(stdin, 0), (stdout, 1), (MESSAGES.fileno(), 2)] + ([(notify, 3)] if notify else [])
        signals = STOP | {signal.SIGALRM}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # none between its start and our list
        try:
            self.pid = os.posix_spawnp(
                argv[0], argv, dict(os.environ, LC_ALL='C'), setpgroup=0, setsigmask=(),
                setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
                file_actions=[(os.POSIX_SPAWN_DUP2, source, fd) for source, fd in at])
            children[self.pid] = self
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def kill_group(pid):
    """Only for a leader not yet waited for: the number cannot be another one's."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def finish(*wanted):
    """Waits for all of these, and gives the time at which the last one ended."""
    now = time.perf_counter()
    while any(child.status is None for child in wanted):
        pid = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid
        now = time.perf_counter()
        kill_group(pid)
        _, status, usage = os.wait4(pid, 0)
        child = children.pop(pid)
        child.status, child.cpu = status, usage.ru_utime + usage.ru_stime
        if status and child.tool:
            kind, number = ('signal', status & 127) if status & 127 else ('status', status >> 8)
            raise Bad('failed', f'{kind} {number}')
    return now


def clean_up():
    for pid in children:
        kill_group(pid)
    for pid in children:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    children.clear()
    close(*fds)


def pipe():
    ends = os.pipe()
    fds.update(ends)
    return ends


def opened(path, flags=os.O_RDONLY):
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    fds.add(fd)
    return fd


def close(*which):
    for fd in which:
        fds.discard(fd)
        os.close(fd)


def attempt(action, limit):
    """What the action gives; Bad where it fails or takes too long. Nothing of it is left."""
    MESSAGES.seek(0)  # shared by those who write to it
    MESSAGES.truncate()
    try:
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            return action()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except OSError as error:
        raise Bad('failed', error.strerror)
    except Bad as bad:
        said = os.pread(MESSAGES.fileno(), 2000, 0).decode('ascii', 'replace').strip()
        said = ''.join(c if c.isprintable() else '?' for c in said.split('\n')[-1])
        raise Bad(bad.args[0], f'{bad.args[1]}{said and ": "}{said}')
    finally:
        clean_up()


# Tools: how each one is told what to do.

TOOLS = {  # how to ask for the version, to receive, to send a stream, to talk where that differs
    'sockit': ('--version', 'listen -n -d --notify-fd 3 {host} 0',
               'connect -n {more} {host} {port}'),
    'nc.openbsd': ('-h', '-l -n -d {host} {port}', '-N -n {more} {host} {port}'),
    'nc.traditional': ('-h', '-l -n -s {host} -p {port}', '-n -q 0 {host} {port}'),
    'ncat': ('--version', '-l -n --recv-only {host} {port}',
             '-n --send-only {more} {host} {port}', '-n {host} {port}'),
    'socat': ('-V', '-b262144 -u TCP4-LISTEN:{port},bind={host} -',
              '-b262144 -u {more} - TCP4:{host}:{port}', '- TCP4:{host}:{port}'),
    'busybox': ('--help', 'nc -l -p {port}', 'nc {host} {port}'),  # listens at every address
    'toybox': ('--version', 'nc -l -s {host} -p {port}', 'nc {host} {port}'),
}
FILTERS = {  # what a sender may do on the way: what it is told then, and who only moves the data
    'a hex dump': ('cat', {'sockit': '-x copy', 'ncat': '-x copy'}),
    'CR LF': ('cat', {'sockit': '-C', 'nc.openbsd': '-C', 'ncat': '-C'}),
    'telnet': ('cat', {'sockit': '-t', 'ncat': '-t'}),
    'a copy': ('tee copy', {'sockit': '-o copy', 'ncat': '-o copy', 'socat': '-r copy'}),
}


FRAMED = {  # the same as in TOOLS, for messages
    'sockit': ('--version', 'listen -n -d --notify-fd 3 --wire-frame len32 --frame len32 {host} 0',
               'connect -n --wire-frame len32 --frame len32 {host} {port}'),
    'no frames': TOOLS['sockit'],
    'no frames, copied': (*TOOLS['sockit'][:2], 'connect -n --heartbeat 1h {host} {port}'),
    'C loop': ('', '', '{port}'),
}
FORWARDERS = {  # what forwards datagrams is told
    'sockit': 'udp-recv -n -m 10000 --notify-fd 3 --forward {host}:{to} {host} 0',
    'socat': 'UDP4-LISTEN:{port},bind={host},fork UDP4:{host}:{to}',
    'limit': 'forward {to}',
}


class Mover:
    """What reads its stdin and writes it to its stdout, which is the connection."""
    def __init__(self, words):
        self.words = words.split()
        self.name = self.words[0]


class Tool:
    def __init__(self, name, program, table=TOOLS):
        self.name, self.program = name, program
        self.version, self.listen, self.send, *talk = table[name]
        self.talk = talk[0] if talk else self.send

    def argv(self, words, port=0, more=''):
        return [self.program] + words.format(host=HOST, port=port, more=more).split()

    def title(self):
        """Its name and version, as far as it tells."""
        def ask():
            out = MESSAGES.fileno()
            finish(Child(self.argv(self.version), stdout=out, tool=False))
            return re.search(r'\d+\.\d+[\w.-]*', os.pread(out, 2000, 0).decode('ascii', 'replace'))
        with contextlib.suppress(Bad):
            found = attempt(ask, 5)
            if found:
                return f'{self.name} {found[0]}'[:23]
        return self.name


class Limit:
    """udp.c as a forwarder."""
    name = 'limit'


def compiled(name):
    """The program NAME.c of this folder, made; None where that is not possible, which is told."""
    cc = os.environ.get('CC', 'cc').split()
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), f'{name}.c')
    try:
        attempt(lambda: finish(Child(cc + ['-O2', '-o', name, source])), 60)
    except Bad as bad:
        print(f'{name}.c needs {cc[0]}: {bad.args[1]}'[:79])
        return None
    return os.path.abspath(name)


def listens(port, protocol='tcp', state='0A'):
    for table in filter(os.path.exists, (f'/proc/net/{protocol}', f'/proc/net/{protocol}6')):
        with open(table) as f:
            for row in map(str.split, f):
                if row[1].endswith(f':{port:04X}') and row[3] == state:
                    return True
    return False


def listener(tool, stdout):
    """The tool as a receiver that is ready, and its port. Its stdin stays open and silent, as a
    terminal would: some lose data where it ends."""
    stdin, _ = pipe()
    if '{port}' not in tool.listen:
        ready, notify = pipe()
        child = Child(tool.argv(tool.listen), stdin, stdout, notify)
        close(notify)
        port = int((os.read(ready, 100).split() or [0, 0])[1])
    else:
        with socket.create_server((HOST, 0)) as probe:
            port = probe.getsockname()[1]
        child = Child(tool.argv(tool.listen, port), stdin, stdout)
        while not listens(port):
            time.sleep(0.001)
            if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                port = 0
                break
    if not port:
        finish(child)
        raise Bad('failed', 'does not listen')
    return child, port


@contextlib.contextmanager
def server(echo=False, much=False):
    """Takes connections one by one and reads each to its end. Gives its port, and a queue of what
    it read from each; of much, the checksum."""
    listening, queue = socket.create_server((HOST, 0)), SimpleQueue()

    def serve():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    data, sha = b'', hashlib.sha256()
                    while part := connection.recv((1 << 18) if much else 4096):
                        if echo:
                            connection.sendall(part)
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


# Jobs: each takes a tool and gives one round's figures. They work in a folder of ours, which has
# the files data, text and line.

def digest(path, size):
    """The checksum of what a file begins with."""
    sha = hashlib.sha256()
    with open(path, 'rb') as f:
        while size > 0 and (part := f.read(min(size, 1 << 20))):
            sha.update(part)
            size -= len(part)
    return sha.digest()


digest_once = functools.lru_cache(maxsize=None)(digest)


def bulk(tool, pipes, data='data', unit=1 << 30):
    source, out = opened(data), opened('received', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    others = []
    if pipes:
        read, write = pipe()
        others.append(Child(['cat'], read, out, tool=False))
        close(read, out)
        out = write
    receiver, port = listener(tool, out)
    close(out)
    if pipes:
        read, write = pipe()
        others.append(Child(['cat'], source, write, tool=False))
        close(source, write)
        source = read
    begin = time.perf_counter()
    sender = Child(tool.argv(tool.send, port), source)
    close(source)
    wall = finish(sender, receiver, *others) - begin
    wanted, size = os.path.getsize(data), os.path.getsize('received')
    arrived = f'{size} of {wanted} bytes arrived'
    if digest('received', size) != digest_once(data, min(size, wanted)):
        raise Bad('DAMAGED', arrived)
    if size < wanted:
        raise Bad('incomplete', arrived)
    return [seconds * unit / wanted for seconds in (wall, sender.cpu + receiver.cpu)]


@functools.lru_cache(maxsize=None)
def text_with(newline):
    """The checksum of the text, with this at the end of each line."""
    sha = hashlib.sha256()
    with open('text', 'rb') as f:
        while part := f.read(1 << 20):
            sha.update(part.replace(b'\n', newline))
    return sha.digest()


def filtered(tool, what):
    size, stdin = os.path.getsize('text'), opened('text')
    close(opened('copy', os.O_WRONLY | os.O_CREAT | os.O_TRUNC))  # socat would add to it
    more = FILTERS[what][1].get(tool.name)
    with server(much=True) as (port, received), contextlib.ExitStack() as stack:
        begin = time.perf_counter()
        if more is None:
            to = stack.enter_context(socket.create_connection((HOST, port)))
            sender = Child(tool.words, stdin, to.fileno())
            to.close()
        else:
            sender = Child(tool.argv(tool.send, port, more), stdin)
        wall = finish(sender) - begin
        if received.get() != text_with(b'\r\n' if more == '-C' else b'\n'):
            raise Bad('DAMAGED', 'another text arrived')
    if what == 'a copy' and digest('copy', size + 1) != text_with(b'\n'):
        raise Bad('DAMAGED', 'the copy is another text')
    close(stdin)
    return [seconds * (1 << 30) / size for seconds in (wall, sender.cpu)]


def latency(tool):
    affinity, message, times = os.sched_getaffinity(0), os.urandom(64), []
    os.sched_setaffinity(0, {max(affinity)})
    try:
        with server(echo=True) as (port, _):
            stdin, to = pipe()
            back, stdout = pipe()
            Child(tool.argv(tool.talk, port), stdin, stdout)
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
    finally:
        os.sched_setaffinity(0, affinity)
    return [statistics.median(times) * 1e6]


def start(tool, count):
    times, instructions = [], []
    with server() as (port, received):
        argv = tool.argv(tool.send, port)
        for _ in range(STARTS):
            stdin = opened('line')
            begin = time.perf_counter()
            times.append(finish(Child(argv, stdin)) - begin)
            close(stdin)
            got = received.get()
            if got != LINE:
                raise Bad('incomplete' if LINE.startswith(got) else 'DAMAGED',
                          f'{len(got)} of {len(LINE)} bytes arrived')
        if count:
            instructions = [counted(argv, opened('line')) / 1e3]
    return [statistics.median(times) * 1e6] + instructions


def counted(argv, stdin):
    """The instructions that a command takes in user mode, as perf counts them."""
    finish(Child(['perf', 'stat', '-x', ',', '-e', 'instructions:u', '-o', 'counts', '--'] + argv,
                 stdin))
    with open('counts') as f:
        found = re.search(r'^(\d+),', f.read(), re.M)
    if not found:
        raise Bad('failed', 'perf did not count')
    return int(found[1])


def served(tool, clients, words):
    """The CPU time of a listener for each client, in us. All send the same: with other words it is data."""
    ready, notify = pipe()
    child = Child(tool.argv(f'listen -n --discard --accept {clients} --notify-fd 3 {words} {{host}} 0'),
                  notify=notify)
    close(notify)
    port = int((os.read(ready, 100).split() or [0, 0])[1])
    for _ in range(clients):
        with socket.create_connection((HOST, port)) as client:
            client.sendall(HEADER)
            client.shutdown(socket.SHUT_WR)
            client.recv(1)
    finish(child)
    return child.cpu / clients * 1e6


def proxy_header(tool, clients):
    return [served(tool, clients, words) for words in ('--accept-proxy {host}', '')]


def framers(tools):
    """Who does the job of frames: programs of sockit's, and the loop, if sockit is wanted."""
    programs = dict.fromkeys(FRAMED, next((t.program for t in tools if t.name == 'sockit'), None))
    programs['C loop'] = compiled('loop')
    return [Tool(name, program, FRAMED) for name, program in programs.items() if program]


# Datagrams. What sends them, sends them back and, as `limit`, forwards them is udp.c.

def helper(*words):
    """udp.c in the background: its child, what it prints, and its stdin."""
    stdin, to = pipe()
    out, stdout = pipe()
    child = Child([os.path.abspath('udp'), *map(str, words)], stdin, stdout)
    close(stdin, stdout)
    return child, out, to


def group_cpu(leader):
    """Seconds that the processes of a group have taken."""
    taken = 0
    for pid in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError):
            if os.getpgid(int(pid)) == leader:
                with open(f'/proc/{pid}/schedstat') as f:
                    taken += int(f.read().split()[0])
    return taken / 1e9


def pss(pid):
    with open(f'/proc/{pid}/smaps_rollup') as f:
        return int(re.search(r'^Pss: +(\d+)', f.read(), re.M)[1]) / 1024


def forwarder(tool, to, pieces):
    """The tool that forwards to that port, and its own port."""
    words = FORWARDERS[tool.name].format(host=HOST, to=to, port='{port}')
    if tool.name == 'limit':
        child, out, _ = helper(*words.split(), *pieces)
        return child, int(os.read(out, 100))
    if tool.name == 'sockit':
        ready, notify = pipe()
        child = Child(tool.argv(words), NULL, NULL, notify)
        close(notify)
        return child, int((os.read(ready, 100).split() or [0, 0])[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    child = Child(tool.argv(words, port))
    while not listens(port, 'udp', '07'):
        time.sleep(0.001)
    return child, port


def forward(tool, size, clients, count, pieces=()):
    """Microseconds of the clock and of CPU for each datagram there and back; MiB of memory."""
    _, out, _ = helper('echo', *pieces)
    child, port = forwarder(tool, int(os.read(out, 100)), pieces)
    load, ready, go = helper('load', port, size, clients, count, *pieces)
    if os.read(ready, 100) != b'ready\n':
        finish(load)
    cpu, begin = group_cpu(child.pid), time.perf_counter()
    os.write(go, b'.')
    wall = finish(load) - begin
    cpu, memory = group_cpu(child.pid) - cpu, pss(child.pid)
    return [wall / count * 1e6, cpu / count * 1e6, memory]


def forward_clients(tool, most, count):
    few, many = forward(tool, 64, 10, count), forward(tool, 64, most, count)
    return [few[1], many[1]]


def forward_memory(tool, most):
    return forward(tool, 64, most, 1)[2:]


def jobs(chosen, tools):
    """Title, heads of the figures, function, and who does it, for each."""
    names, size = chosen.only, chosen.size
    sockit = [tool for tool in tools if tool.name == 'sockit']
    if 'bulk' in names:
        mib, heads = f'{size / (1 << 20):g} MiB', ['wall s/GiB', 'CPU s/GiB']
        yield (f'bulk: {mib} through cat | TOOL, TCP, TOOL | cat', heads,
               functools.partial(bulk, pipes=True), tools)
        yield (f'bulk: {mib} from a file through TOOL, TCP, TOOL to a file', heads,
               functools.partial(bulk, pipes=False), tools)
    for what, (mover, told) in FILTERS.items() if 'filters' in names else ():
        yield (f'filters: {size / (8 << 20):g} MiB of text, sent with {what}',
               ['wall s/GiB', 'CPU s/GiB'], functools.partial(filtered, what=what),
               [tool for tool in tools if tool.name in told] + [Mover(mover)])
    if 'latency' in names:
        yield ('latency: 64 bytes through TOOL to an echo server and back', ['wall us'], latency,
               tools)
    if 'start' in names:
        heads, perf = ['wall us'], False
        with contextlib.suppress(Bad):
            perf = attempt(lambda: counted(['true'], NULL), 5) > 0
            heads += ['1000 instr.'] * perf
        yield ('start: the life of a TOOL that sends one line', heads,
               functools.partial(start, count=perf), tools)
    if 'frames' in names:
        count = os.path.getsize('messages') // MESSAGE
        yield (f'frames: {count} messages of 100 bytes from file to file',
               ['wall ns each', 'CPU ns each'],
               functools.partial(bulk, pipes=False, data='messages', unit=MESSAGE * 10 ** 9),
               framers(tools))
    if 'proxy-header' in names:
        yield (f'proxy-header: a listener with {chosen.clients} clients, for each of them',
               ['CPU us', 'no header'], functools.partial(proxy_header, clients=chosen.clients),
               sockit)
    if any(name.startswith('udp') for name in names) and compiled('udp'):
        yield from udp_jobs(names, max(size >> 10, 64), tools, sockit)


def udp_jobs(names, count, tools, sockit):
    forwarders = [tool for tool in tools if tool.name in FORWARDERS] + [Limit()]
    for bytes_each in 64, 1400:
        for how, pieces in ('one by one', ()), ('in pieces', ('pieces',)):
            if f'udp-forward-{bytes_each}' in names:
                yield (f'udp-forward-{bytes_each}: {count} datagrams through TOOL to an echo, {how}',
                       ['wall us', 'CPU us'], lambda tool, b=bytes_each, p=pieces:
                       forward(tool, b, 1, count, p)[:2], forwarders)
    if 'udp-forward-clients' in names:
        most = min(10000, count)
        yield (f'udp-forward-clients: {count} datagrams of ten clients, and of {most}',
               ['CPU us, 10', f'CPU us, {most}'],
               functools.partial(forward_clients, most=most, count=count), sockit)
        yield (f'udp-forward-clients: memory with {most} clients', ['PSS MiB'],
               functools.partial(forward_memory, most=most), sockit)


# The report.

def progress(text):
    if sys.stderr and sys.stderr.isatty():
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)


def run(job, tools, rounds, limit):
    """Does the job in rounds; gives the medians of each tool, or its Bad."""
    results = {tool: [] for tool in tools}
    for i in range(rounds):
        for tool in tools:
            if isinstance(results[tool], list):
                progress(f'round {i + 1} of {rounds}: {tool.name}')
                try:
                    results[tool].append(attempt(lambda: job(tool), limit))
                except Bad as bad:
                    results[tool] = bad
    progress('')
    return {tool: [statistics.median(column) for column in zip(*result)]
            if isinstance(result, list) else result for tool, result in results.items()}


def show(title, heads, results, titles):
    base = next((result for tool, result in results.items()
                 if tool.name == 'sockit' and isinstance(result, list)), None)
    notes, places = [], lambda value: max(0, 3 - len(str(int(value))) + (value < 1))
    print(f'\n{title}\n{"":24}' + ''.join(f'{head:>12}{"":9}' for head in heads) + '  data')
    for tool, result in results.items():
        cells = ''
        if isinstance(result, Bad):
            cells = f'{result.args[0]:>12}'
            notes.append(f'  {tool.name}: {result.args[1]}'[:79])
        else:
            for i, value in enumerate(result):
                ratio = ('' if not base or not base[i] else
                         '1.00 ' if result is base else f'{value / base[i]:.2f}x')
                cells += f'{value:12.{places(value)}f}{ratio:>9}'
            cells += '  equal'
        print(f'{titles.get(tool.name, tool.name):24}{cells}')
    print(*notes, sep='\n', end='\n' * bool(notes), flush=True)


def options(words):
    def number(text):
        if not re.fullmatch('[1-9][0-9]{0,5}', text):
            raise argparse.ArgumentTypeError(f'{text!r} is no number from 1')
        return int(text)

    def size(text):
        found = re.fullmatch('([1-9][0-9]{0,8})([kMG]?)', text)
        if not found:
            raise argparse.ArgumentTypeError(f'{text!r} is no size such as 64M')
        return int(found[1]) << {'': 0, 'k': 10, 'M': 20, 'G': 30}[found[2]]

    def some_of(known, text):
        for word in text.split(','):
            if word not in known:
                raise argparse.ArgumentTypeError(f'{word!r} is none of {", ".join(known)}')
        return [word for word in known if word in text.split(',')]

    all_jobs, all_tools = ['bulk', 'filters', 'latency', 'start', 'frames', 'proxy-header',
                           'udp-forward-64', 'udp-forward-1400',
                           'udp-forward-clients'], list(TOOLS)
    parser = argparse.ArgumentParser(
        prog='bench', description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('--only', metavar='JOB,...', type=functools.partial(some_of, all_jobs), default=all_jobs,
        help=', '.join(all_jobs))
    add('--tools', metavar='TOOL,...', type=functools.partial(some_of, all_tools),
        default=all_tools, help=', '.join(all_tools))
    add('--rounds', metavar='N', type=number, default=5, help='turns that each tool has (5)')
    add('--size', metavar='SIZE', type=size, default='256M',
        help='what bulk sends, and filters an eighth of: 64k, 1G (256M)')
    add('--clients', metavar='N', type=number, default=3000,
        help='connections of proxy-header (3000)')
    add('--limit', metavar='SECONDS', type=number, default=20, help='for one turn (20)')
    add('--dir', metavar='DIR',
        help='for the files, with room for three times SIZE (/dev/shm, else $TMPDIR or /tmp)')
    return parser.parse_args(words)


def prepare(size, where):
    """A folder of ours with the files, made our working directory."""
    def room(at):
        return os.access(at, os.W_OK) and shutil.disk_usage(at).free > 3 * size + (16 << 20)
    if not where:
        where = '/dev/shm' if room('/dev/shm') else tempfile.gettempdir()
    if not room(where):
        sys.exit(f'bench: {where}: cannot be written to, or has no room for three times --size')
    os.chdir(tempfile.mkdtemp(prefix='sockit-bench.', dir=where))
    with open('line', 'wb') as f:
        f.write(LINE)
    with open('data', 'wb') as f:
        for left in range(size, 0, -(1 << 20)):
            f.write(os.urandom(min(left, 1 << 20)))
    with open('messages', 'wb') as f:
        message = (MESSAGE - 4).to_bytes(4, 'big') + os.urandom(MESSAGE - 4)
        f.write(message * min(MESSAGES_MOST, size // MESSAGE))
    with open('text', 'wb') as f:
        for left in range(max(size // 8, 1 << 10), 0, -(1 << 20)):
            f.write((b'a line of words, as long as such lines are in most texts\n' * (1 << 15))[
                :min(left, 1 << 20)])


def bench(chosen):
    sockit = os.path.abspath(os.environ.get('SOCKIT', './sockit'))
    try:
        attempt(lambda: finish(Child([sockit, '--version'])), chosen.limit)
    except Bad as bad:
        sys.exit(f'bench: {sockit}: {bad.args[1]} (run make first, or set $SOCKIT)')
    found = {name: shutil.which(name) for name in chosen.tools} | {'sockit': sockit}
    tools = [Tool(name, found[name]) for name in chosen.tools if found[name]]
    missing = [name for name in chosen.tools if not found[name]]
    prepare(chosen.size, chosen.dir)
    titles = {tool.name: tool.title() for tool in tools}
    print(f'rounds: {chosen.rounds}, each tool once in each; {os.cpu_count()} CPUs, '
          f'{platform.system()} {platform.release()}'[:79])
    if missing:
        print(f'not installed: {", ".join(missing)}')
    for title, heads, job, who in jobs(chosen, tools):
        show(title, heads, run(job, who, chosen.rounds, chosen.limit), titles)
    print('\nMedians; less is better: 2.00x is twice what sockit takes, 0.50x is half of it.',
          flush=True)


def main():
    chosen, home = options(sys.argv[1:]), os.getcwd()

    def stop(number, _):
        for each in STOP:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    def late(*_):
        raise Bad('timed out', f'not done after {chosen.limit} s')
    for each in STOP:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, stop)
    signal.signal(signal.SIGALRM, late)
    try:
        bench(chosen)
    except BrokenPipeError:  # nobody reads the report
        os.dup2(NULL, 1)
    finally:
        clean_up()
        if os.getcwd() != home:
            shutil.rmtree(os.getcwd())


main()
