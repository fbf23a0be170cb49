"""What one run takes place in: sockit under a fault, its honest peers, and what was to arrive.

A line (lines.py) is a generator; so are its peers. Each yields what it waits for, (descriptor, poll events) or a
number of seconds, and they take turns in one thread. What is to arrive somewhere is a Sink, which knows all of it.
"""
import array
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import time

import rules

ROWS = b''.join(b'row %d\n' % i for i in range(5))  # datagrams
IN, OUT = select.POLLIN, select.POLLOUT
LIMIT = 10  # seconds that a run may take before it hangs
TABLE = bytes(range(251))


def pattern(size, seed=0):
    """SIZE bytes, of all values."""
    return (TABLE[seed:] + TABLE * (size // 251 + 1))[:size]


def text(size):
    """SIZE bytes that are lines of text."""
    return (b'the quick brown fox jumps over the lazy dog\n' * (size // 44 + 1))[:size - 1] + b'\n'


class Sink:
    """A place where bytes are to arrive: WANTED, and no others; an END that tells that these are all."""

    def __init__(self, name, wanted, promise=False, end=None, rows=False):
        self.name, self.wanted, self.promise, self.need, self.rows = name, wanted, promise, end, rows
        self.got, self.end = b'', None

    def wrong(self):
        """What has come that should not."""
        if callable(self.wanted):
            return None
        if self.rows:  # what came as a datagram: each may be lost
            rest = iter(self.wanted.splitlines())
            odd = next((row for row in self.got.splitlines() if row not in rest), None)
            return None if odd is None else f'{self.name}: {odd[:60]!r} was not sent'
        if not self.wanted.startswith(self.got):
            at = next((i for i, (a, b) in enumerate(zip(self.got, self.wanted)) if a != b), len(self.wanted))
            return f'{self.name}: other bytes from {at} on: {self.got[at:at + 60]!r}'
        return None

    def lack(self):
        """What has not come that should."""
        if callable(self.wanted):
            return (problem := self.wanted(self.got)) and f'{self.name}: {problem!r}'
        if len(self.got) < len(self.wanted):
            return f'{self.name}: {len(self.got)} of {len(self.wanted)} bytes'
        if self.need and self.end != self.need:
            return f'{self.name}: it ended by {self.end}'
        return None


class Datagrams(Sink):
    """The same of datagrams, in their order; each may be lost."""

    def __init__(self, name, wanted):
        super().__init__(name, wanted)
        self.got = []

    def wrong(self):
        rest = iter(self.wanted)
        odd = next((d for d in self.got if d not in rest), None)
        return None if odd is None else f'{self.name}: a datagram that was not sent, or twice: {odd[:60]!r}'

    def lack(self):
        return None if len(self.got) >= len(self.wanted) else \
            f'{self.name}: {len(self.got)} of {len(self.wanted)} datagrams'


class Task:
    def __init__(self, generator, background, main=False):
        self.main = main
        self.background = background  # it has no end of its own
        self.generator, self.fd, self.events, self.until, self.over = generator, None, 0, None, False
        self.step()

    def step(self):
        try:
            wants = next(self.generator)
        except StopIteration:
            self.over = True
        except OSError:
            self.over = True  # a peer whose connection breaks has no more to do
            if self.main:
                raise
        else:
            if isinstance(wants, tuple):
                self.fd, self.events, self.until = wants[0] if isinstance(wants[0], int) else wants[0].fileno(), wants[1], None
            else:
                self.fd, self.until = None, time.monotonic() + wants


class World:
    """One run of one line. FAULT: what strace or the library is told, see fault() in run; None: nothing fails."""

    def __init__(self, program, where, prefix=(), env=None, golden=None, limit=LIMIT):
        self.program, self.where, self.prefix, self.golden = program, where, list(prefix), golden
        self.env = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'TZ': 'UTC', 'HOME': where, 'TMPDIR': where, **(env or {})}
        self.limit = limit
        self.tasks, self.sinks, self.open, self.hidden, self.flags = [], [], [], [], []
        self.broken = set()
        self.problems = []  # (kind, text)
        self.cpu = 0
        self.process = self.status = self.wanted_status = None
        self.counting = False  # allocations
        self.kept = False  # a server that goes on whatever one client meets
        self.notified = False
        self.files = set()  # that may be there afterwards
        self.killed = False
        self.facts = {}
        self.golden_out = b''
        self.started = time.monotonic()

    # ---- the loop ----

    def task(self, generator, background=False, main=False):
        task = Task(generator, background, main)
        self.tasks.append(task)
        return task

    def play(self, main):
        """Runs all tasks until MAIN is over; kills sockit where that takes too long."""
        main = self.task(main, background=True, main=True)
        deadline = self.started + self.limit
        while not main.over:
            now = time.monotonic()
            if now > deadline:
                if self.killed:
                    break
                self.hang()
                deadline = now + 3
            poller = select.poll()
            wanted = {}
            wake = deadline
            self.tasks = [t for t in self.tasks if not t.over]
            for t in self.tasks:
                if t.until is not None:
                    wake = min(wake, t.until)
                else:
                    wanted[t.fd] = wanted.get(t.fd, 0) | t.events
            for fd, events in wanted.items():
                poller.register(fd, events)
            ready = dict(poller.poll(max(0, wake - now) * 1000 + 1))
            now = time.monotonic()
            for t in self.tasks:
                if t.until is not None:
                    if now >= t.until:
                        t.step()
                elif (ready.get(t.fd, 0) & (t.events | select.POLLERR | select.POLLHUP | select.POLLNVAL)):
                    t.step()

    def hang(self):
        self.killed = True
        if self.process is None:
            self.problems.append(('hang', f'the line itself takes over {self.limit} s'))
            return
        if self.status is None:
            try:
                with open(f'/proc/{self.process}/wchan', encoding='ascii') as f:
                    where = f.read()
            except OSError:
                where = '?'
            self.problems.append(('hang', f'more than {self.limit} s, in {where}'))
        self.kill_group()

    def kill_group(self):
        try:
            os.killpg(self.process, signal.SIGKILL)
        except OSError:
            pass

    def until(self, condition, seconds=2):
        """Until CONDITION() holds; returns whether it does."""
        end = time.monotonic() + seconds
        while not (held := condition()) and time.monotonic() < end:
            yield 0.003
        return held

    # ---- sockit ----

    def sink(self, name, wanted, **more):
        sink = Sink(name, wanted, **more)
        self.sinks.append(sink)
        return sink

    def keep(self, *things):
        self.open += things
        return things[0]

    def path(self, name):
        return os.path.join(self.where, name)

    def write(self, name, data):
        self.files.add(name)
        with open(self.path(name), 'wb') as f:
            f.write(data)

    def file(self, name, wanted):
        """The file NAME, which sockit writes, is to hold WANTED in the end (bytes, or a function that says what is
        wrong)."""
        self.files.add(name)
        self.sink(name, wanted).file = name

    def start(self, words, stdin=None, stdout=b'', notify=False, fds=(), env=None, status=0, file=False, stdin_file=False,
              activate=None):
        """Starts sockit with WORDS, which are split as a shell does it. STDIN: bytes that come by a pipe (STDIN_FILE: from a
        file), a descriptor, 'closed', or None, which is /dev/null. STDOUT: what is to be there in the end; 'golden'
        or 'golden but for numbers': what was there in the run without a fault; FILE: it is a file. FDS: more descriptors to inherit."""
        words = shlex.split(words)
        self.wanted_status = status
        give = []
        if stdin is None:
            child_in = os.open('/dev/null', os.O_RDONLY)
            give.append(child_in)
        elif isinstance(stdin, int):
            child_in = stdin
        elif stdin == 'closed':
            child_in = None
        elif stdin_file:
            self.write('in', stdin)
            child_in = os.open(self.path('in'), os.O_RDONLY)
            give.append(child_in)
        else:
            child_in, feeder = os.pipe()
            give.append(child_in)
            os.set_blocking(feeder, False)
            self.task(self.feed(feeder, stdin), background=True)
        out = None
        if isinstance(stdout, int):
            child_out = stdout
        else:
            wanted = self.like_golden if isinstance(stdout, str) else stdout
            self.numbers = stdout == 'golden but for numbers'
            self.out = out = self.sink('stdout', wanted, rows=stdout in (ROWS, ROWS.upper()))
            if file:
                child_out = os.open(self.path('out'), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                self.files.add('out')
                out.file = 'out'
            else:
                reader, child_out = os.pipe()
                os.set_blocking(reader, False)
                self.keep(reader)
                self.out_task = self.task(self.drain(reader, out))
            give.append(child_out)
        err = os.open(self.path('.err'), os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self.err = self.keep(err)
        # The end of a pipe must not stay open here: reap() closes these.
        self.flags = [(fd, mine := os.dup(fd), fcntl.fcntl(mine, fcntl.F_GETFL))
                      for fd in {child_in, child_out, err, *fds} - {None}]
        if notify:
            self.notify, w = os.pipe()
            self.keep(self.notify)
            give.append(w)
            words[1:1] = ['--notify-fd', str(w)]
            fds = (*fds, w)
        environment = dict(self.env, **(env or {}))
        if self.counting and notify:  # the library counts to exit(3), not to the signal that ends a server
            words[1:1] = ['--timeout', '1']
        argv = self.prefix + [self.program] + words
        if activate is not None:  # the tracer leaves it the pid that the shell has
            argv = ['sh', '-c', 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"', 'sh', *argv]
            fds = (*fds, 3)
        self.process = self.spawn(argv, child_in, child_out, err, fds, environment, activate)
        self.words = words
        for fd in give:
            os.close(fd)
        self.task(self.reap(self.process))

    def spawn(self, argv, child_in, child_out, err, fds, environment, activate):
        """Starts ARGV in a session of its own."""
        def child():
            if child_in is None:
                os.close(0)
            if activate is not None:
                os.dup2(activate, 3)
                os.set_inheritable(3, True)
        process = subprocess.Popen(argv, stdin=child_in, stdout=child_out, stderr=err, pass_fds=fds, cwd=self.where,
                                   env=environment, start_new_session=True, 
                                   preexec_fn=child if child_in is None or activate is not None else None)
        process.returncode = 0  # we wait for it
        return process.pid

    def reap(self, pid):
        fd = os.pidfd_open(pid)
        yield fd, IN
        os.close(fd)
        _, status, usage = os.wait4(pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.look_at_flags()

    def look_at_flags(self):
        for fd, mine, flags in self.flags:
            if (now := fcntl.fcntl(mine, fcntl.F_GETFL)) != flags:
                self.problems.append(('flags', f'descriptor {fd}: {flags:#o} became {now:#o}'))
            os.close(mine)
        self.flags = []

    def feed(self, fd, data):
        left = memoryview(data)
        try:
            while left:
                yield fd, OUT
                left = left[os.write(fd, left[:65536]):]
        except OSError:
            pass
        os.close(fd)

    def drain(self, fd, sink):
        while True:
            yield fd, IN
            data = os.read(fd, 65536)
            if not data:
                break
            sink.got += data
        sink.end = 'fin'

    def listening(self):
        """Waits until sockit says by --notify-fd where it listens; returns the port or path, None: it does not."""
        line = b''
        while not line.endswith(b'\n'):  # the tracer has that descriptor too: no end of it
            yield self.notify, IN
            data = os.read(self.notify, 4096)
            if not data:
                break
            line += data
        words = line.decode().split()
        if len(words) < 2:
            return None
        self.notified = True
        if not words[1].isdigit():
            return words[1]
        self.hidden.append(words[1])
        return int(words[1])

    def like_golden(self, got):
        shown = self.masked(got)
        if self.numbers:
            shown = re.sub(rb'#(,#)+', b'#', re.sub(rb'\d+(\.\d+)?|PID', b'#', shown))
            shown = b'\n'.join(sorted(shown.split(b'\n')))
        if self.golden is None:
            self.golden_out = shown
            return None
        if shown == self.golden['out']:
            return None
        return f'not what is printed without the fault: {shown[:200]!r}'

    def masked(self, data):
        """DATA without what differs from run to run."""
        for word in sorted(self.hidden, key=len, reverse=True):
            data = re.sub(rb'(?<!\d)' + re.escape(str(word).encode()) + rb'(?!\d)', b'#', data)
        if self.process:
            data = re.sub(rb'(?<!\d)%d(?!\d)' % self.process, b'PID', data)
        data = data.replace(self.where.encode(), b'DIR')
        # Times and addresses in memory; inode numbers; ports that the kernel chose.
        data = re.sub(rb'\d+(\.\d+)? (s|ms|us|MiB/s|KiB/s|GiB/s|B/s)\b', b'# s', data)
        data = re.sub(rb'(?<="time":")[^"]+|(?<=_ms":)[0-9.]+|(?<="rate":)\d+|(?<=_rate":)\d+|(?<=": )\d+:\d\d', b'#', data)
        return re.sub(rb'(?<=port )\d{5}|(?<=127\.0\.0\.1 )\d{5}|(?<=inode )\d+|(?<=:)\d{5}\b', b'#', data)

    def terminate(self, number=signal.SIGTERM):
        """Ends a server that would go on; its descriptors are counted before, when all clients are gone."""
        self.kept = True
        self.wanted_status = -number
        if self.status is None:
            want = self.golden['facts'].get('fds') if self.golden else None
            count = 0

            def same():
                nonlocal count
                if self.status is not None:
                    return True
                try:
                    count = len(os.listdir(f'/proc/{self.process}/fd'))
                except OSError:
                    return True
                return count <= want if want else False
            yield from self.until(same, 2.5 if want else 0.1)
            self.facts['fds'] = count
            if want and count > want and self.status is None:
                self.problems.append(('left', f'{count} descriptors, {want} without the fault'))
            if self.status is None and not self.counting:
                os.kill(self.process, number)
        yield from self.ended(-number)

    def ended(self, status=None):
        """Waits until sockit has ended, and its peers have seen that."""
        if status is not None:
            self.wanted_status = status
        yield from self.until(lambda: self.status is not None, 3 * self.limit)
        # Peers that wait for a connection wait in vain; others have their end already, or get it now.
        yield from self.until(lambda: all(t.over or t.background for t in self.tasks), 1)
        if self.status == self.wanted_status:  # what is in a queue has arrived
            yield from self.until(lambda: all(not s.lack() for s in self.sinks if isinstance(s, Datagrams)), 0.3)
        if not (yield from self.until(self.nobody_left, 2)):
            self.problems.append(('left', 'a process of the run is still there'))
            self.kill_group()

    def ended_or_waits(self):
        """The same of a listener without -k, which goes on waiting where it could not serve its client, and says so."""
        if any(sink.lack() for sink in self.sinks):
            yield from self.until(lambda: self.status is not None, 3)
            if self.status is None:
                yield from self.terminate()
        yield from self.ended()

    # ---- peers ----

    def listener(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, path=None):
        s = self.keep(socket.socket(family, kind))
        s.setblocking(False)
        if family == socket.AF_UNIX:
            s.bind(path)
            self.files.add(os.path.basename(path))
        else:
            s.bind(('127.0.0.1' if family == socket.AF_INET else '::1', 0))
            self.hidden.append(str(s.getsockname()[1]))
        if kind != socket.SOCK_DGRAM:
            s.listen(64)
        return s

    def server(self, script, family=socket.AF_INET, kind=socket.SOCK_STREAM, path=None):
        """A server, each connection of which plays SCRIPT(socket); returns its port."""
        s = self.listener(family, kind, path)
        self.task(self.acceptor(s, script), background=True)
        return None if family == socket.AF_UNIX else s.getsockname()[1]

    def acceptor(self, s, script):
        while True:
            yield s, IN
            c, _ = s.accept()
            self.keep(c).setblocking(False)
            self.task(script(c))

    def taker(self, wanted, answer=b'', name='peer', first=b'', promise=True):
        """A script: reads to the end, where it has WANTED, and then answers and ends. FIRST is sent at once."""
        sink = self.sink(name, wanted, promise=promise, end='fin')

        def script(s):
            if first:
                yield from self.send(s, first)
            yield from self.take(s, sink)
            if sink.end == 'fin':
                yield from self.send(s, answer)
            s.close()
        return script

    def echoer(self, wanted, name='peer', promise=True):
        """A script: sends back what comes."""
        sink = self.sink(name, wanted, promise=promise, end='fin')

        def script(s):
            while True:
                data = yield from self.receive(s, sink)
                if not data:
                    break
                yield from self.send(s, data)
            s.close()
        return script

    def take(self, s, sink):
        while (yield from self.receive(s, sink)):
            pass

    def receive(self, s, sink=None, size=65536):
        """Some bytes; b'' at the end, or where the connection breaks, which is in SINK."""
        yield s.fileno(), IN
        try:
            data = s.recv(size)
        except BlockingIOError:
            return (yield from self.receive(s, sink, size))
        except OSError as e:
            if sink:
                sink.end = e.strerror
            return b''
        if sink:
            sink.got += data
            if not data:  # a send may have been told of the reset
                sink.end = 'reset' if s in self.broken else 'fin'
        return data

    def exactly(self, s, size):
        data = b''
        while len(data) < size:
            yield s.fileno(), IN
            more = s.recv(size - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def line_of(self, s, end=b'\r\n'):
        data = b''
        while not data.endswith(end):
            data += yield from self.exactly(s, 1)
        return data

    def send(self, s, data):
        left = memoryview(data)
        while left:
            yield s.fileno(), OUT
            try:
                left = left[s.send(left):]
            except BlockingIOError:
                pass
            except OSError:
                self.broken.add(s)
                raise

    def connect(self, port, path=None, kind=socket.SOCK_STREAM):
        """A client's socket that is connected to PORT or PATH, or None."""
        s = self.keep(socket.socket(socket.AF_UNIX if path else socket.AF_INET, kind))
        s.settimeout(2)  # loopback: at once
        try:
            s.connect(path or ('127.0.0.1', port))
        except OSError:
            return None
        s.setblocking(False)
        return s

    def client(self, port, send, wanted, name='client', path=None, kind=socket.SOCK_STREAM, half=True, promise=True,
               greeting=None, end='fin'):
        """A client: sends all of SEND and ends (HALF), and is to receive WANTED."""
        sink = self.sink(name, wanted, promise=promise and not path, end=end)
        if port is None and path is None or self.status is not None:
            return
        s = self.connect(port, path, kind)
        if s is None:
            return
        try:
            if greeting and not (yield from greeting(s)):
                s.close()
                return
            writer = self.task(self.send_all(s, send, half))
            yield from self.take(s, sink)
            yield from self.until(lambda: writer.over or self.status is not None)
        except OSError as e:
            sink.end = e.strerror
        s.close()

    def send_all(self, s, data, half):
        yield from self.send(s, data)
        if half:
            s.shutdown(socket.SHUT_WR)

    # ---- the end ----

    def judge(self, fault):
        """Adds to problems what was wrong with the run; FAULT: the errno that was told, '' for another kind, None for
        a run without one."""
        wrong = lambda kind, what: self.problems.append((kind, what))
        os.lseek(self.err, 0, os.SEEK_SET)
        said = os.read(self.err, 1 << 20)
        self.said = said
        for sink in self.sinks:
            if hasattr(sink, 'file'):
                try:
                    with open(self.path(sink.file), 'rb') as f:
                        sink.got = f.read()
                except FileNotFoundError:
                    sink.got = b''
            if odd := sink.wrong():
                wrong('corrupt', odd)
        if self.killed:
            return
        status, wanted = self.status, self.wanted_status
        if status in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE, 99, 134) \
                or b'Sanitizer' in said or b'runtime error:' in said:
            wrong('crash', f'status {status}')
            return
        lines = [l for l in said.decode('utf-8', 'replace').splitlines() if l]
        shown = self.masked(said).decode('utf-8', 'replace').splitlines()
        if fault is None:
            self.facts['said'] = set(shown)
            if status != wanted:
                wrong('status', f'{status}, not {wanted}')
        # What is asked for as JSON has its errors there.
        shown += [l for s in self.sinks if s.name == 'stdout' for l in self.masked(s.got).decode('utf-8', 'replace').splitlines()
                  if '"error"' in l or fault and fault in l]
        usual = self.golden['facts']['said'] if self.golden else self.facts['said']
        news = [l for l in shown if l not in usual]
        lacks = [l for l in (sink.lack() for sink in self.sinks) if l]
        named = [l for l in news if re.search(r'\b(E[A-Z0-9]{3,}|EAI_[A-Z]+)\b|: ', l)]
        told = any(word in l for l in news for word in rules.words(fault))
        if self.cpu > 2:
            wrong('busy', f'{self.cpu:.1f} s of processor time')
        if status == wanted and not lacks:
            if news and fault is not None and not told:
                wrong('words', f'status {status}, and said: ' + ' | '.join(news[:3]))
        elif status == wanted and status in (0, -signal.SIGTERM) and not (self.kept and named):
            wrong('lost', f'status {status}, but ' + '; '.join(lacks))
        elif self.kept and status != wanted and self.notified:
            wrong('server', f'status {status}: the server ended: ' + ' | '.join(news[:3]))
        elif not named:
            wrong('silent', f'status {status}, nothing said; ' + '; '.join(lacks))
        elif fault and not told:
            wrong('untrue', f'status {status}, said: ' + ' | '.join(news[:3]))
        elif status not in (0, 1, 3, 4, wanted, 126, 127):
            wrong('class', f'status {status}, said: ' + ' | '.join(news[:3]))
        for sink in self.sinks:
            if sink.promise and sink.end == 'fin' and not callable(sink.wanted) and len(sink.got) < len(sink.wanted):
                wrong('promise', f'{sink.name}: an end of stream after {len(sink.got)} of {len(sink.wanted)} bytes')
        left = set(os.listdir(self.where)) - self.files - {'.err', '.trace'}
        if left:
            wrong('left', 'files: ' + ' '.join(sorted(left)))

    def nobody_left(self):
        """Have all processes of the run ended?"""
        try:
            os.killpg(self.process, 0)
        except OSError:
            return True
        return False

    def close(self):
        if self.process and self.status is None:
            self.kill_group()
            try:
                os.waitpid(self.process, 0)
            except OSError:
                pass
        for task in self.tasks:
            task.generator.close()
        self.open += [mine for _, mine, _ in self.flags]
        for thing in self.open:
            try:
                if isinstance(thing, int):
                    os.close(thing)
                else:
                    thing.close()
            except OSError:
                pass
        for name in os.listdir(self.where):
            path = self.path(name)
            (shutil.rmtree if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)
