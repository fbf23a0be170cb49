#!/usr/bin/env python3
"""A scripted parent: starts COMMAND on descriptors of the kinds asked for, keeps their other
ends, and plays verbs while it runs.

    parent.py [N=KIND[+MODIFIER]...]... [VERB]... -- COMMAND [ARG...]

Empty words are none.

KIND of descriptor N (0 to 2; what is not named is inherited):
    pipe, unix, tcp     with the other end here; unix and tcp are connected stream sockets
    tty                 a pseudo-terminal that neither echoes nor changes what is written
    file:PATH           read from or appended to
    same                the same open file as descriptor N-1 (all `tty` are the same anyway)
Modifiers: nonblock (O_NONBLOCK on what COMMAND gets), small (a pipe of 4096 bytes, the
smallest buffers of a socket), late (what comes out is read only from `drain` on), raw (a
terminal whose settings may change while COMMAND runs), wN (a terminal of N columns).

Verbs: those of peer.py without an end (`pause`, `go` and so on); those with one are of the other ends here:
    line:TEXT       TEXT and a newline to its stdin
    hex:DIGITS      these bytes
    feed:PATH       what is in PATH, beside what follows
    shutdown        end its stdin: Ctrl-D, close or shutdown; once what `feed` sends is sent
    close           close the other end of its stdout (which must be late)
    until:TEXT      until TEXT has come from its stdout (else the terminal on its stdin, else its stderr)
Those of a parent:
    ignore:SIGNAL   COMMAND starts with SIGNAL ignored (all others are as by default)
    group           COMMAND starts in a process group of its own
    kill:SIGNAL     send it SIGNAL
    storm:N         send it SIGUSR1 N times
    alive           fail unless it runs
    israw, iscooked until the terminal on its stdin is in raw mode, or as it was
    cook            set that terminal back to what it was
    isstopped       until it is stopped
    columns:N       the terminal has N columns now
    release         close our copies of what COMMAND was given; no more comparing
    drain           read its stdout, its stderr
At last, COMMAND's end is awaited, for at most 20 s (then it is killed).

File status flags and terminal settings of what COMMAND was given are compared all the time,
and once more after its end. What came out goes to stdout and stderr. The exit status is
COMMAND's, 128+N where signal N ended it; 99 if a flag changed, or an order failed.
"""
import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

sys.dont_write_bytecode = True
from peer import LIMIT, Failure, Script, is_verb, unescape  # noqa: E402

F_SETPIPE_SZ = 1031


def socket_pair(kind):
    if kind == 'unix':
        return socket.socketpair()
    with socket.create_server(('127.0.0.1', 0)) as server:
        a = socket.create_connection(server.getsockname())
        return a, server.accept()[0]


def set_columns(terminal, n):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('4H', 24, int(n), 0, 0))


class Given:
    """Descriptor N of COMMAND: `theirs` is what it gets, `mine` the other end."""

    def __init__(self, n, kind, modifiers, others):
        name, _, path = kind.partition(':')
        self.n, self.kind, self.mine, self.reader = n, name, None, None
        self.seen = bytearray()
        self.late = 'late' in modifiers
        self.may_change = 'raw' in modifiers
        first = others.get(n - 1) if name == 'same' else others.get(min(others, default=None))
        if first and (name == 'same' or name == first.kind == 'tty'):
            self.theirs, self.kind = first.theirs, first.kind
            self.may_change |= first.may_change
            if n == 1:  # who reads the other end
                self.mine, first.late = first.mine, True
        elif name == 'tty':
            self.mine, self.theirs = pty.openpty()
            settings = termios.tcgetattr(self.theirs)
            settings[1] &= ~termios.OPOST
            settings[3] &= ~termios.ECHO
            termios.tcsetattr(self.theirs, termios.TCSANOW, settings)
            for word in modifiers:
                if word[0] == 'w':
                    set_columns(self.theirs, word[1:])
        elif name == 'pipe':
            ends = os.pipe()
            self.theirs, self.mine = ends if n == 0 else ends[::-1]
            if 'small' in modifiers:
                fcntl.fcntl(self.mine, F_SETPIPE_SZ, 4096)
        elif name in ('unix', 'tcp'):
            pair = socket_pair(name)
            if 'small' in modifiers:
                for s in pair:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            self.theirs, self.mine = (s.detach() for s in pair)
        elif name == 'file':
            flags = os.O_RDONLY if n == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self.theirs = os.open(path, flags, 0o600)
        else:
            raise Failure(f'{kind}: no such kind')
        if 'nonblock' in modifiers:
            os.set_blocking(self.theirs, False)
        self.state = self.look()

    def look(self):
        settings = termios.tcgetattr(self.theirs) if self.kind == 'tty' else None
        return fcntl.fcntl(self.theirs, fcntl.F_GETFL), settings

    def check(self, over=False):
        now = self.look() if self.theirs is not None else self.state
        if self.may_change and not over:
            now = now[0], self.state[1]
        if now != self.state:
            raise Failure(f'descriptor {self.n}: {self.state} became {now}')

    def release(self):
        if self.theirs is not None:
            try:
                os.close(self.theirs)
            except OSError:  # two of the same
                pass
        self.theirs = None

    def drain(self):
        self.late = False
        if self.mine is not None and not self.reader and (self.n or self.kind == 'tty'):
            self.reader = threading.Thread(target=self.read, daemon=True)
            self.reader.start()

    def read(self):
        try:
            while data := os.read(self.mine, 1 << 16):
                self.seen += data
        except OSError:  # a terminal whose other end is closed
            pass


class Parent(Script):
    def __init__(self, words, command):
        self.given, self.verbs, self.ignored, self.feeding = {}, [], [], []
        self.changed, self.lock, self.group = None, threading.Lock(), False
        for word in words:
            if word[1:2] == '=':
                kind, *modifiers = word[2:].split('+')
                self.given[int(word[0])] = Given(int(word[0]), kind, modifiers, self.given)
                continue
            name, colon, argument = word.partition(':')
            if not word:
                continue
            if name == 'group':
                self.group = True
            elif name == 'ignore':
                self.ignored.append(self._number(argument))
            elif is_verb(Parent, name):
                self.verbs.append((getattr(self, name), [argument] if colon else []))
            else:
                raise Failure(f'{word}: no such verb')
        streams = {name: self.given[n].theirs for n, name in
                   enumerate(('stdin', 'stdout', 'stderr')) if n in self.given}
        inherited = [fd for fd in range(3, 64) if self._inheritable(fd)]
        self.child = subprocess.Popen(command, close_fds=False, preexec_fn=self._dispositions,
                                      **streams)
        for fd in inherited:
            os.close(fd)
        for g in self.given.values():
            if not g.late:
                g.drain()

    def _dispositions(self):
        if self.group:
            os.setpgid(0, 0)
        for s in range(1, signal.NSIG):
            if s in (signal.SIGKILL, signal.SIGSTOP):
                continue
            try:
                signal.signal(s, signal.SIG_IGN if s in self.ignored else signal.SIG_DFL)
            except (OSError, ValueError):
                pass

    @staticmethod
    def _inheritable(fd):
        try:
            return os.get_inheritable(fd)
        except OSError:
            return False

    @staticmethod
    def _number(name):
        return getattr(signal, 'SIG' + name)

    def _watch(self):
        try:
            while self.child.poll() is None:
                with self.lock:
                    for g in self.given.values():
                        g.check()
                time.sleep(0.0005)
        except Failure as failure:
            self.changed = failure

    def line(self, text):
        os.write(self.given[0].mine, unescape(text) + b'\n')

    def hex(self, digits):
        os.write(self.given[0].mine, bytes.fromhex(digits))

    @staticmethod
    def _until(condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                raise Failure(what)
            time.sleep(0.002)

    def _canonical(self):
        return termios.tcgetattr(self.given[0].theirs)[3] & termios.ICANON

    def israw(self):
        self._until(lambda: not self._canonical(), 'not in raw mode')

    def iscooked(self):
        self._until(self._canonical, 'still in raw mode')
        self.given[0].check(True)

    def cook(self):
        termios.tcsetattr(self.given[0].theirs, termios.TCSANOW, self.given[0].state[1])

    def isstopped(self):
        def stopped():
            with open(f'/proc/{self.child.pid}/stat') as f:
                return f.read().rpartition(')')[2].split()[0] == 'T'
        self._until(stopped, 'not stopped')

    def columns(self, n):
        set_columns(self.given[min(self.given)].theirs, n)

    def feed(self, path):
        def write():
            with open(path, 'rb') as f:
                while data := memoryview(f.read(1 << 16)):
                    while data:
                        try:
                            data = data[os.write(self.given[0].mine, data):]
                        except OSError:
                            return
        self.feeding.append(threading.Thread(target=write, daemon=True))
        self.feeding[-1].start()

    def shutdown(self):
        for thread in self.feeding:
            thread.join(LIMIT)
        g = self.given[0]
        if g.kind == 'tty':
            os.write(g.mine, b'\4')
        elif g.kind in ('unix', 'tcp'):
            socket.socket(fileno=os.dup(g.mine)).shutdown(socket.SHUT_WR)
        else:
            os.close(g.mine)

    def close(self):
        os.close(self.given[1].mine)

    def release(self):
        with self.lock:
            for g in self.given.values():
                g.release()

    def drain(self):
        for n in (1, 2):
            if n in self.given:
                self.given[n].drain()

    def until(self, text):
        seen = next(self.given[n].seen for n in (1, 0, 2) if n in self.given and self.given[n].reader)
        self._until(lambda: unescape(text) in seen, f'{text} has not come')

    def kill(self, name):
        self.child.send_signal(self._number(name))

    def storm(self, n):
        for _ in range(int(n)):
            self.child.send_signal(signal.SIGUSR1)
            time.sleep(0)

    def alive(self):
        if self.child.poll() is not None:
            raise Failure(f'it ended with {self.child.returncode}')

    def _play(self):
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            for verb, argument in self.verbs:
                verb(*argument)
            self.child.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Failure(f'not over within {LIMIT} s') from None
        finally:
            self.child.kill()
            status = self.child.wait()
            watcher.join()
        if self.changed:
            raise self.changed
        for g in self.given.values():
            g.check(True)
        return status

    def _show(self):
        """What came out. It ends once our copies of the writing ends are closed."""
        self.release()
        for g in self.given.values():
            if g.reader:
                g.reader.join(1)
            if g.n:
                with os.fdopen(os.dup(g.n), 'wb') as f:
                    f.write(g.seen)


def main():
    at = sys.argv.index('--')
    parent = None
    try:
        parent = Parent(sys.argv[1:at], sys.argv[at + 1:])
        status = parent._play()
        if status > 128:
            raise Failure(f'exit status {status}, without a signal')
        status = status if status >= 0 else 128 - status
    except Exception as failure:  # nothing of ours may pass for COMMAND's status
        print('parent:', repr(failure), file=sys.stderr)
        status = 99
    if parent:
        parent._show()
    sys.stdout.flush()
    os._exit(status)


main()
