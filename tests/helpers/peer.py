#!/usr/bin/env python3
"""The other side of sockit: foreign ends that do what they are told, word by word.

    peer.py [SETTING]... [[NAMES:]VERB[:ARGUMENT]]...

Without NAMES there is one end, which the settings open: it listens on 127.0.0.1 and takes one connection
before the first verb. With NAMES (`a`, `a,b`, `r1-20`) there are many, each of which `join`, `deaf` or `accept`
opens by the settings; where several are named they play the verb one after the other. Exit status 0 once all is
done; 1, and a line on stderr, as soon as something is not as said. An error of the connection is kept for
`report` and ends nothing, unless `strict` is set. Where an end hears, as after `join`, what is waited for
must come within 20 seconds; datagrams must so always.

PLACE is PORT (at 127.0.0.1), ADDRESS, ADDRESS,PORT or unix:PATH, where @NAME is an abstract one.
DIGITS are bytes in hexadecimal, TEXT is as Python writes bytes between quotes. A PATH of - is stdin, or
stdout. Pattern bytes are 0, 1, ... 250, 0, 1, ...

Settings
    type:TYPE       stream, dgram or seqpacket, in place of stream
    connect:PLACE   be the client of PLACE
    to:PLACE        send datagrams there
    bind:PLACE      listen there, or have that address; 127.0.0.1 if there is no PLACE to send to
    port            print the port of our own (0 of a UNIX socket) as the first line
    keep            go on listening, for `next`
    strict          an error of the connection is a failure
    rcvbuf:N        SO_RCVBUF, so that the window is small
    norights        take no descriptors (SO_PASSRIGHTS 0)
    linger2:N       TCP_LINGER2: seconds that the kernel remembers what was closed
    member:GROUP@IF be a member of the multicast GROUP on the interface IF
    reply[:TEXT]    `serve` sends TEXT to whoever sent a datagram, or what he sent
    replies:N       so many times
    elsewhere       from another port
    mute:N          the first N get no reply
    count:N         `serve` ends after N datagrams
    idle:SECONDS    ... after so long without one

Verbs without an end, also those of parent.py
    say:WORD        print WORD
    pause:SECONDS   wait
    hold            wait for ever
    gate:FIFO       wait until FIFO has been opened for writing and closed
    go:FIFO         open FIFO for writing and close it
    kill:SIGNAL,PID send SIGNAL

Opening and ending
    join            connect, and hear
    deaf            connect, with the smallest window, and read nothing
    accept          of an end with a name: take a connection of the listener that all of them share
    hear            from now on read what comes, for what follows to look at
    next            close, and take the next connection
    shutdown        end the sending, once what `feed` sends is sent
    close           close, once what `feed` sends is sent
    lose            close at once, with what has come unread
    reset           send a reset

Sending
    text:TEXT       TEXT; one datagram
    line:TEXT       TEXT and a newline
    hex:DIGITS      these bytes, in one write; one datagram
    send:N          N pattern bytes; one datagram
    file:PATH       what is in PATH; of a seqpacket socket the packets there, each behind a length of 4 bytes
    feed:PATH       the same, beside what follows
    sent            wait until what `feed` sends is sent
    exchange:PATH   `file`, then `shutdown`, while it reads up to the other's end
    behind:DIGITS,PATH  these bytes and what is in PATH, in one write
    urgent:DIGITS   these bytes, the last of them as urgent data (MSG_OOB)
    drip:DIGITS     these bytes, each in a packet of its own
    texts:N,TEXT    TEXT N times, in a segment each
    talk            send for ever, until the connection breaks
    chatter         send while it reads up to the other's end
    acked           wait until all that was sent has been acknowledged
    give:PATH,...   stdin, and along with it the open files
    along:PATH,TEXT TEXT, and along with it the open file
    flood:N,PATH    N packets, each with the open file twice along
    many:N,SIZE     N datagrams of SIZE bytes, each beginning with its number of five digits
    pieces:N,SIZE   the same in groups of 20, which the kernel cuts (UDP_SEGMENT)
    others:N        one datagram each from N other sockets, `other I`
    ttl:N           time to live of what follows

Reading for the report
    read:N          N bytes more; N packets or datagrams
    readall         up to the end
    report          print `read COUNT SHA256 ERROR`, ERROR an errno's name, or `end`, or `open`
    save:PATH       from here on, what is read goes to PATH too; of packets and datagrams each behind a length of
                    4 bytes
    files:N         `readall`; then what is in the N files that came along goes to the same PATH

Reading to compare, no part of the report: what comes next must be
    has:TEXT        TEXT
    expect:DIGITS   these bytes
    repeat:N,TEXT   TEXT N times
    bare:TEXT       TEXT, read where there is no room for files
    came:PATH,TEXT  TEXT in one read, and along with it one file, with what is in PATH
    same:PATH       what is in PATH
    sum:PATH,...    the lines of all those files, in whatever order, those of each file in their own
    skip:N          N bytes, or packets or datagrams, whatever they are
    quiet:SECONDS   nothing for so long, no end either
    over            the end
    gone            the end, in whatever way and after whatever comes

Datagrams
    print:N         wait for N, and print each: `ADDRESS PORT TEXT`, or `NAME TEXT`
    numbered:N,SIZE wait for what `many` sends
    echo:N          send N back to whoever sent them
    serve           for each print `SIZE ADDRESS PORT`, and do as the settings `reply` to `idle` say

A listener, before it takes anybody
    stale           leave the socket's file, and nobody there
    unvisited:PATH  make the file PATH; then up to stdin's end nobody may come
    full:PATH       fill the backlog, and make the file PATH; at stdin's end make room again
"""
import array
import codecs
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import termios
import threading
import time

PATTERN = bytes(range(251)) * 512
LIMIT = 20
PIECE = 1 << 18
SETTINGS = {'type', 'connect', 'to', 'bind', 'port', 'keep', 'strict', 'rcvbuf', 'linger2', 'norights',
            'member', 'reply', 'replies', 'elsewhere', 'mute', 'count', 'idle'}


class Failure(Exception):
    pass


def unescape(text):
    return codecs.escape_decode(os.fsencode(text))[0]


def place(word):
    """Family and address of a PLACE."""
    if word.startswith('unix:'):
        return socket.AF_UNIX, word[5:].replace('@', '\0', 1) if word[5:6] == '@' else word[5:]
    address, _, port = ('127.0.0.1,' + word if word.isdigit() else word).partition(',')
    if ':' not in address:
        return socket.AF_INET, (address, int(port or 0))
    return socket.AF_INET6, socket.getaddrinfo(address, int(port or 0))[0][4]


def name_of(address):
    if isinstance(address, tuple):
        return f'{address[0]} {address[1]}'
    return address.decode().replace('\0', '@') if isinstance(address, bytes) else address or '-'


def opened(path, mode):
    if path == '-':
        return open(1 if 'w' in mode else 0, mode, closefd=False)
    return open(path, mode)


def contents(path):
    with opened(path, 'rb') as f:
        return f.read()


def packets_in(content, length=4):
    """The packets in CONTENT, each of which stands behind its length in so many bytes."""
    packets = []
    while content:
        end = length + int.from_bytes(content[:length], 'big')
        if len(content) < max(end, length):
            raise ValueError(f'{len(content)} bytes are no packet')
        packets.append(content[length:end])
        content = content[end:]
    return packets


def pattern(n):
    return (PATTERN * (n // len(PATTERN) + 1))[:n]


def numbered(i, size):
    return (b'%05d' % i + pattern(size))[:size]


class Script:
    """The verbs that need no end."""

    @staticmethod
    def say(word):
        # One write, also where PYTHONUNBUFFERED would have print() make two.
        sys.stdout.write(f'{word}\n')
        sys.stdout.flush()

    @staticmethod
    def pause(seconds):
        time.sleep(float(seconds))

    @staticmethod
    def hold():
        signal.pause()

    @staticmethod
    def gate(fifo):
        contents(fifo)

    @staticmethod
    def go(fifo):
        os.close(os.open(fifo, os.O_WRONLY))

    @staticmethod
    def kill(words):
        name, pid = words.split(',')
        os.kill(int(pid), getattr(signal, 'SIG' + name))


class End(Script):
    unaccepted = ('stale', 'unvisited', 'full')  # what a listener does before it takes anybody

    def __init__(self, settings, listener=None):
        self.settings = settings
        self.shared = listener  # by all that have names
        self.type = getattr(socket, 'SOCK_' + settings.get('type', 'stream').upper())
        self.socket = self.listener = None
        import hashlib  # takes longer than all the rest, and parent.py needs none
        self.sha = hashlib.sha256()
        self.count = 0  # bytes read for the report
        self.error = 'open'
        self.copy = self.feeding = self.broken = None
        self.given = array.array('i')  # files that came along
        # What the thread `reader` has got so far, once somebody hears.
        self.reader = None
        self.got = bytearray()
        self.news = threading.Condition()

    # Opening

    def _open(self, backlog=1):
        """As the settings say: connected, listening, or (datagrams) bound."""
        to = self.settings.get('connect', self.settings.get('to'))
        bound = self.settings.get('bind', None if to else '127.0.0.1')
        family, address = place(bound or to)
        s = socket.socket(family, self.type)
        if 'rcvbuf' in self.settings:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(self.settings['rcvbuf']))
        if 'norights' in self.settings:
            s.setsockopt(socket.SOL_SOCKET, 83, 0)
        if 'linger2' in self.settings:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, int(self.settings['linger2']))
        if 'member' in self.settings:
            self._become_member(s, *self.settings['member'].split('@'))
        if bound:
            s.bind(address)
        if self.type == socket.SOCK_DGRAM:
            s.settimeout(LIMIT)
            self.to = place(to)[1] if to else None
        elif to:
            s.connect(place(to)[1])
        else:
            s.listen(backlog)
            self.listener = s
        if 'port' in self.settings:
            if family != socket.AF_UNIX and s.getsockname()[1] == 0:
                s.bind(('', 0))
            self.say(0 if family == socket.AF_UNIX else s.getsockname()[1])
        self.socket = s

    @staticmethod
    def _become_member(s, group, interface):
        index = socket.if_nametoindex(interface)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if s.family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                         socket.inet_pton(socket.AF_INET6, group) + struct.pack('@I', index))
        else:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                         struct.pack('4s4si', socket.inet_aton(group), bytes(4), index))

    def _accept(self):
        """A listener takes its connection."""
        if self.socket is self.listener and self.listener:
            self.socket = self.listener.accept()[0]
            if 'keep' not in self.settings:
                self.listener.close()

    def join(self):
        self._open()
        self.hear()

    def accept(self):
        self.socket = self.shared.socket.accept()[0]

    def deaf(self):
        self.settings = {**self.settings, 'rcvbuf': 1}
        self._open()

    def hear(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.reader = threading.Thread(target=self._hear, daemon=True)
        self.reader.start()

    def _hear(self):
        error = 'open'
        while error == 'open':
            data = b''
            try:
                data = self.socket.recv(PIECE)
                error = 'open' if data else 'end'
            except OSError as failure:
                error = str(failure)
            with self.news:
                self.got += data
                self.error = error
                self.news.notify_all()

    # Ending

    def next(self):
        self.socket.close()
        self.socket = self.listener.accept()[0]

    def shutdown(self):
        self.sent()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._failed(error)

    def close(self):
        self.sent()
        self._close()

    def _close(self):
        if self.reader:  # what another thread reads from would stay open
            self.socket.shutdown(socket.SHUT_RD)
            self.reader.join(LIMIT)
        self.socket.close()

    def lose(self):
        if not select.select([self.socket], [], [], 10)[0]:
            raise Failure('nothing has come')
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self._close()

    # Sending

    def _failed(self, error):
        if 'strict' in self.settings:
            raise error
        if self.error in ('open', 'end'):
            self.error = errno.errorcode.get(error.errno, str(error))

    def _put(self, data, flags=0):
        """All of DATA; a datagram of it. Returns whether that went well."""
        try:
            if self.type == socket.SOCK_DGRAM:
                self.socket.sendto(data, self.to)
            else:
                self.socket.sendall(data, flags)
            return True
        except OSError as error:
            if self.type == socket.SOCK_DGRAM:
                raise
            self._failed(error)
            return False

    def text(self, text):
        self._put(unescape(text))

    def line(self, text=''):
        self._put(unescape(text) + b'\n')

    def hex(self, digits):
        self._put(bytes.fromhex(digits))

    def urgent(self, digits):
        self._put(bytes.fromhex(digits), socket.MSG_OOB)

    def send(self, n):
        n = int(n)
        if self.type == socket.SOCK_DGRAM:
            self._put(pattern(n))
            return
        data = PATTERN * min(8, n // len(PATTERN) + 1)
        while n > 0 and self._put(data[:n]):
            n -= len(data)

    def _single(self):
        """What is sent from now on is not joined."""
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def drip(self, digits):
        self._single()
        for byte in bytes.fromhex(digits):
            self._put(bytes([byte]))
            time.sleep(0.002)  # so that it is read alone

    def texts(self, words):
        n, text = words.split(',', 1)
        self._single()
        for _ in range(int(n)):
            self.text(text)

    def behind(self, words):
        digits, path = words.split(',', 1)
        self._put(bytes.fromhex(digits) + contents(path))

    def file(self, path):
        if self.type == socket.SOCK_SEQPACKET:
            for packet in packets_in(contents(path)):
                self.socket.send(packet)
            return
        with opened(path, 'rb') as f:
            while data := f.read(PIECE):
                if not self._put(data):
                    return

    def feed(self, path):
        def send():
            try:
                self.file(path)
            except OSError as error:
                self.broken = error
        self.feeding = threading.Thread(target=send, daemon=True)
        self.feeding.start()

    def sent(self):
        if self.feeding:
            self.feeding.join(LIMIT if self.reader else None)
            if self.feeding.is_alive() or self.broken:
                raise Failure(f'not all is sent: {self.broken}')

    def exchange(self, path):
        def send():
            self.file(path)
            self.shutdown()
        thread = threading.Thread(target=send)
        thread.start()
        self.readall()
        thread.join()

    def talk(self):
        while self._put(PATTERN):
            pass

    def chatter(self):
        def send():
            try:
                while not stop.is_set():
                    self.socket.sendall(PATTERN[:4096])
            except OSError:  # what reading meets is what counts
                pass
        stop = threading.Event()
        threading.Thread(target=send, daemon=True).start()
        self.readall()
        stop.set()

    def acked(self):
        while self.error == 'open' and any(fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4))):
            time.sleep(0.002)

    def _give(self, data, paths, times=1):
        files = array.array('i', [os.open(path, os.O_RDONLY) for path in paths])
        for _ in range(times):
            self.socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])

    def give(self, paths):
        self._give(contents('-'), paths.split(','))

    def along(self, words):
        path, text = words.split(',', 1)
        self._give(unescape(text), [path])

    def flood(self, words):
        n, path = words.split(',', 1)
        self._give(b'x', [path, path], int(n))

    # Reading

    def _receive(self, most):
        """What comes next, None at the end. Files that come along are in `given`."""
        if self.type == socket.SOCK_STREAM and self.socket.family != socket.AF_UNIX:
            return self.socket.recv(most) or None
        if self.type == socket.SOCK_SEQPACKET:  # an empty packet is told from the end by what comes along
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        data, ancillary, _, _ = self.socket.recvmsg(most, 256)
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self.given.frombytes(content)
        return data if data or ancillary or self.type == socket.SOCK_DGRAM else None

    def _keep(self, data):
        self.sha.update(data)
        self.count += len(data)
        if self.copy:
            if self.type != socket.SOCK_STREAM:
                self.copy.write(struct.pack('>I', len(data)))
            self.copy.write(data)
            self.copy.flush()

    def _read(self, most):
        """Reads for the report. Returns how many bytes, None at the end and where that fails."""
        try:
            data = self._receive(most)
        except OSError as error:
            self._failed(error)
            return None
        if data is None:
            if self.error == 'open':
                self.error = 'end'
            return None
        self._keep(data)
        return len(data)

    def read(self, n):
        if self.type != socket.SOCK_STREAM:
            for _ in range(int(n)):
                self._read(1 << 20)
            return
        left = int(n)
        while left > 0 and (n := self._read(min(left, PIECE))):
            left -= n

    def readall(self):
        while self._read(PIECE if self.type == socket.SOCK_STREAM else 1 << 20) is not None:
            pass

    def report(self):
        self.say(f'read {self.count} {self.sha.hexdigest()} {self.error}')

    def save(self, path):
        self.copy = opened(path, 'wb')

    def files(self, n):
        self.readall()
        if len(self.given) != int(n):
            raise Failure(f'{len(self.given)} files came along')
        for fd in self.given:
            self._keep(os.read(fd, 65536))

    # Comparing

    def _wait(self, enough):
        with self.news:
            if not self.news.wait_for(enough, LIMIT):
                raise Failure(f'only {bytes(self.got[:200])!r}, {len(self.got)} bytes, {self.error}')

    def _take(self, n):
        """The next N bytes, or fewer at the end."""
        if self.reader:
            self._wait(lambda: len(self.got) >= n or self.error != 'open')
            with self.news:
                data = bytes(self.got[:n])
                del self.got[:n]
            return data
        got = b''
        while len(got) < n and (data := self._receive(n - len(got))):
            got += data
        return got

    def _compare(self, want, name):
        got = self._take(len(want))
        if got != want:
            at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), len(got))
            raise Failure(f'{len(got)} bytes, {self.error}, are not {name} of {len(want)} from {at} on: '
                          f'{got[at:at + 200]!r}')

    def has(self, text):
        self._compare(unescape(text), text)

    def expect(self, digits):
        self._compare(bytes.fromhex(digits), digits)

    def repeat(self, words):
        n, text = words.split(',', 1)
        self._compare(unescape(text) * int(n), text)

    def bare(self, text):
        want, got = unescape(text), b''
        while len(got) < len(want) and (data := self.socket.recv(len(want) - len(got))):
            got += data
        if got != want:
            raise Failure(f'{got!r} is not {text}')

    def came(self, words):
        path, text = words.split(',', 1)
        self.given = array.array('i')
        data = self._receive(len(unescape(text)))
        if data != unescape(text) or len(self.given) != 1:
            raise Failure(f'{data!r} with {len(self.given)} files is not {text}')
        with open(self.given[0], 'rb') as file:
            if file.read() != contents(path):
                raise Failure('that is not ' + path)

    def same(self, path):
        self._compare(contents(path), path)

    def sum(self, paths):
        files = [contents(path).splitlines(True) for path in paths.split(',')]
        lines = self._take(sum(len(line) for file in files for line in file)).splitlines(True)
        for file in files:
            mine = set(file)
            if [line for line in lines if line in mine] != file:
                raise Failure(f'{len(lines)} lines: something is missing, or in another order')
        if len(lines) != sum(map(len, files)):
            raise Failure(f'{len(lines)} lines')

    def skip(self, n):
        if self.type != socket.SOCK_STREAM:
            for _ in range(int(n)):
                self.socket.recv(1 << 20)
            return
        self._take(int(n))

    def quiet(self, seconds):
        if not self.reader:
            if select.select([self.socket], [], [], float(seconds))[0]:
                raise Failure('something came, or the end')
            return
        with self.news:
            if self.news.wait_for(lambda: self.got or self.error != 'open', float(seconds)):
                raise Failure(f'{bytes(self.got[:200])!r}, {self.error}')

    def over(self):
        if not self.reader:
            if data := self._receive(1):
                raise Failure(f'{data!r} in place of the end')
            return
        self.gone()
        if self.got or self.error != 'end':
            raise Failure(f'{len(self.got)} bytes: {bytes(self.got[:200])!r}, {self.error}')

    def gone(self):
        if not self.reader:
            self.readall()
            return
        self._wait(lambda: self.error != 'open')

    # Datagrams

    def many(self, words):
        n, size = map(int, words.split(','))
        for i in range(n):
            self._put(numbered(i, size))

    def pieces(self, words):
        n, size = map(int, words.split(','))
        self.socket.setsockopt(socket.IPPROTO_UDP, 103, size)
        for i in range(0, n, 20):
            self._put(b''.join(numbered(k, size) for k in range(i, min(i + 20, n))))
        self.socket.setsockopt(socket.IPPROTO_UDP, 103, 0)

    def others(self, n):
        for i in range(int(n)):
            with socket.socket(self.socket.family, socket.SOCK_DGRAM) as other:
                other.sendto(b'other %d' % i, self.to)

    def ttl(self, n):
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(n))

    def print(self, n):
        for _ in range(int(n)):
            data, sender = self.socket.recvfrom(1 << 20)
            self.say(f'{name_of(sender)} {data.decode("latin-1")}')

    def numbered(self, words):
        n, size = map(int, words.split(','))
        for i in range(n):
            data = self.socket.recv(1 << 20)
            if data != numbered(i, size):
                raise Failure(f'{data[:20]} in place of number {i}')

    def echo(self, n):
        for _ in range(int(n)):
            data, sender = self.socket.recvfrom(1 << 20)
            self.socket.sendto(data, sender)

    def serve(self):
        s = self.settings
        other = socket.socket(self.socket.family, socket.SOCK_DGRAM) if 'elsewhere' in s else self.socket
        self.socket.settimeout(float(s['idle']) if 'idle' in s else None)
        n = 0
        while n < int(s.get('count', n + 1)):
            try:
                data, sender = self.socket.recvfrom(70000)
            except TimeoutError:
                break
            n += 1
            self._keep(data)
            self.say(f'{len(data)} {sender[0]} {sender[1]}')
            if 'reply' in s and n > int(s.get('mute', 0)):
                for _ in range(int(s.get('replies', 1))):
                    other.sendto(unescape(s['reply']) or data, sender)

    # A listener

    def stale(self):
        self.listener.close()

    def _until_eof(self, path):
        open(path, 'w').close()
        sys.stdin.read()

    def unvisited(self, path):
        self._until_eof(path)
        if select.select([self.socket], [], [], 0)[0]:
            raise Failure('somebody came')

    def full(self, path):
        clients = []
        while True:
            client = socket.socket(self.listener.family)
            client.setblocking(False)
            try:
                client.connect(self.listener.getsockname())
            except BlockingIOError:
                break
            clients.append(client)
        self._until_eof(path)
        for client in clients:
            client.close()
            self.listener.accept()[0].close()


def is_verb(kind, name):
    return not name.startswith('_') and callable(getattr(kind, name, None))


def expand(names):
    for name in names.split(','):
        letters = name.rstrip('-0123456789')
        first, dash, last = name[len(letters):].partition('-')
        if dash:
            yield from (f'{letters}{i}' for i in range(int(first), int(last) + 1))
        else:
            yield name


def parse(kind, words):
    """The settings in WORDS; and the rest of them, as (word, names, verb, arguments)."""
    settings, verbs = {}, []
    for word in words:
        name, colon, argument = word.partition(':')
        names = ''
        if name in SETTINGS:
            settings[name] = argument
            continue
        if not is_verb(kind, name):
            names = name
            name, colon, argument = argument.partition(':')
        if not is_verb(kind, name):
            sys.exit(f'peer: {word}: no such verb')
        verbs.append((word, names, name, [argument] if colon else []))
    return settings, verbs


def main(kind=End):
    signal.alarm(120)  # it never outlives a test that hangs
    settings, verbs = parse(kind, sys.argv[1:])
    ends, listener = {}, None
    if any(verb == 'accept' for _, _, verb, _ in verbs):
        listener = kind(settings)
        listener._open(400)
    elif not any(names for _, names, _, _ in verbs):
        ends[''] = kind(settings)
        ends['']._open()
        if not verbs:
            ends['']._accept()
    for word, names, verb, arguments in verbs:
        if not names and '' in ends and verb not in kind.unaccepted:
            ends['']._accept()
        for name in expand(names):
            try:
                getattr(ends.setdefault(name, kind(settings, listener)), verb)(*arguments)
            except (Failure, OSError, ValueError) as failure:
                sys.exit(f'peer: {word}{f" ({name})" if name else ""}: {failure or type(failure).__name__}')


if __name__ == '__main__':
    main()
