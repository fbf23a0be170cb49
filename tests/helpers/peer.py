#!/usr/bin/env python3
"""A foreign TCP peer that does what it is told, step by step.

    peer.py [SETTING]... [VERB]...

It listens on 127.0.0.1 (or connects, see below), prints its port as its first line, takes
one connection and plays the verbs in their order. An error of the connection is kept for
`report` and ends nothing. Exit status 0 once all is done, 1 if something was not as said.

Settings:
    connect:PORT    be the client of PORT
    inet6:ADDRESS   on that address, in place of 127.0.0.1
    unix:PATH       a UNIX socket; @NAME is abstract, and the first line 0
    rcvbuf:N        SO_RCVBUF, so that the window is small
    linger2:N       TCP_LINGER2: seconds that the kernel remembers what was closed
    keep            go on listening, for `next`

Verbs:
    send:N          N bytes: 0, 1, ... 250, 0, 1, ...
    text:TEXT       TEXT and a newline
    hex:DIGITS      the bytes, in one write
    urgent:DIGITS   the same, the last of them as urgent data (MSG_OOB)
    drip:DIGITS     the same, each byte in a packet of its own
    behind:DIGITS,PATH  the bytes and what is in PATH, in one write
    file:PATH       what is in PATH
    exchange:PATH   the same, with its end, while it reads up to the other's end
    feed:PATH       what is in PATH, beside what follows up to `shutdown`
    talk            send for ever, until the connection breaks
    chatter         send while it reads up to the other's end
    read:N          read N bytes more
    expect:DIGITS   read these bytes; they are no part of the report
    skip:N          read N bytes, whatever they are; nor are they
    readall         read up to the end
    quiet:SECONDS   for so long nothing may come, no end either
    acked           wait until all that was sent has been acknowledged
    shutdown        end the sending
    reset           send a reset
    close           close
    lose            close at once, with what has come unread
    next            close, and take the next connection
    say:WORD        print WORD
    save:PATH       from here on, what is read goes to PATH too
    gate:FIFO       wait until FIFO has been opened for writing and closed
    pause:SECONDS   wait
    hold            wait for ever
    report          print `read COUNT SHA256 ERROR`, ERROR an errno's name, or `end`, or `open`
"""
import errno
import fcntl
import hashlib
import select
import signal
import socket
import struct
import sys
import termios
import threading
import time

PATTERN = bytes(range(251)) * 512


class Peer:
    def __init__(self, connection, listener):
        self.socket = connection
        self.listener = listener
        self.sha = hashlib.sha256()
        self.count = 0
        self.error = 'open'
        self.copy = self.feeding = None

    def failed(self, error):
        if self.error in ('open', 'end'):
            self.error = errno.errorcode.get(error.errno, str(error))

    def put(self, data):
        try:
            self.socket.sendall(data)
            return True
        except OSError as error:
            self.failed(error)
            return False

    def send(self, n):
        n = int(n)
        data = PATTERN * min(8, n // len(PATTERN) + 1)
        while n > 0 and self.put(data[:n]):
            n -= len(data)

    def text(self, text):
        self.put(text.encode() + b'\n')

    def hex(self, digits, flags=0):
        try:
            self.socket.send(bytes.fromhex(digits), flags)
        except OSError as error:
            self.failed(error)

    def urgent(self, digits):
        self.hex(digits, socket.MSG_OOB)

    def drip(self, digits):
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in bytes.fromhex(digits):
            self.put(bytes([byte]))
            time.sleep(0.002)  # so that it is read alone

    def behind(self, words):
        digits, _, path = words.partition(',')
        with open(path, 'rb') as f:
            self.put(bytes.fromhex(digits) + f.read())

    def file(self, path):
        with open(path, 'rb') as f:
            while data := f.read(1 << 18):
                if not self.put(data):
                    return

    def exchange(self, path):
        def send():
            self.file(path)
            self.shutdown()
        thread = threading.Thread(target=send)
        thread.start()
        self.readall()
        thread.join()

    def feed(self, path):
        self.feeding = threading.Thread(target=self.file, args=(path,))
        self.feeding.start()

    def talk(self):
        while self.put(PATTERN):
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

    def read(self, n):
        left = int(n)
        while left > 0:
            left -= self.take(left) or left

    def expect(self, digits):
        wanted = bytes.fromhex(digits)
        got = self.skip(len(wanted))
        if got != wanted:
            sys.exit(f'peer: {got.hex()} has come, not {digits}')

    def skip(self, n):
        got = b''
        while len(got) < int(n):
            data = self.socket.recv(int(n) - len(got))
            if not data:
                break
            got += data
        return got

    def readall(self):
        while self.take(1 << 18):
            pass

    def take(self, most):
        """Reads up to so many bytes; 0 at the end and where that fails."""
        try:
            data = self.socket.recv(min(most, 1 << 18))
        except OSError as error:
            self.failed(error)
            return 0
        if not data and self.error == 'open':
            self.error = 'end'
        self.sha.update(data)
        self.count += len(data)
        if self.copy:
            self.copy.write(data)
            self.copy.flush()
        return len(data)

    def quiet(self, seconds):
        if select.select([self.socket], [], [], float(seconds))[0]:
            sys.exit('peer: something came, or the end')

    def acked(self):
        while self.error == 'open' and any(fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4))):
            time.sleep(0.002)

    def shutdown(self):
        if self.feeding:
            self.feeding.join()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.failed(error)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def next(self):
        self.socket.close()
        self.socket = self.listener.accept()[0]

    def lose(self):
        if not select.select([self.socket], [], [], 10)[0]:
            sys.exit('peer: nothing has come')
        self.socket.close()

    def save(self, path):
        self.copy = open(path, 'wb')

    def report(self):
        self.say(f'read {self.count} {self.sha.hexdigest()} {self.error}')

    @staticmethod
    def say(word):
        # One write, also where PYTHONUNBUFFERED would have print() make two.
        sys.stdout.write(f'{word}\n')
        sys.stdout.flush()

    @staticmethod
    def gate(fifo):
        with open(fifo, 'rb') as f:
            f.read()

    @staticmethod
    def pause(seconds):
        time.sleep(float(seconds))

    @staticmethod
    def hold():
        signal.pause()


def main(kind=Peer):
    signal.alarm(120)  # it never outlives a test that hangs
    settings, verbs = {}, []
    for word in sys.argv[1:]:
        name, _, argument = word.partition(':')
        if name in ('connect', 'rcvbuf', 'linger2'):
            settings[name] = int(argument)
        elif name in ('inet6', 'unix', 'keep'):
            settings[name] = argument
        else:
            verbs.append((name, argument))

    family, address = socket.AF_INET, ('127.0.0.1', settings.get('connect', 0))
    if 'inet6' in settings:
        family, address = socket.AF_INET6, (settings['inet6'], address[1])
    elif 'unix' in settings:
        family, address = socket.AF_UNIX, settings['unix'].replace('@', '\0', 1)
    sock = socket.socket(family)
    if 'rcvbuf' in settings:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, settings['rcvbuf'])
    if 'linger2' in settings:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, settings['linger2'])
    if 'connect' in settings:
        sock.connect(address)
        connection = sock
        Peer.say(0 if 'unix' in settings else sock.getsockname()[1])
    else:
        sock.bind(address)
        sock.listen(1)
        Peer.say(0 if 'unix' in settings else sock.getsockname()[1])
        connection = sock.accept()[0]
        if 'keep' not in settings:
            sock.close()

    peer = kind(connection, sock)
    for name, argument in verbs:
        verb = getattr(peer, name)
        verb(argument) if argument else verb()


if __name__ == '__main__':
    main()
