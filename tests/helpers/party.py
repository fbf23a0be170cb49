#!/usr/bin/env python3
"""Clients of one listener that do what they are told, step by step.

    party.py PORT [NAMES:VERB[:ARGUMENT]]...

NAMES are those who play the verb, one after the other: `a`, `a,b`, `r1-20`. TEXT is as Python writes
bytes between quotes. Exit status 0 once all is done; 1, and a line on stderr, as soon as something is
not as said, or does not come within 20 seconds.

    join            connect; from now on whatever comes is read
    deaf            connect, with the smallest window, and read nothing
    hear            read, from now on
    text:TEXT       send TEXT
    drip:N,TEXT     send TEXT N times, in a segment each
    file:PATH       begin to send what is in PATH
    sent            that is done
    has:TEXT        the next that comes is TEXT
    repeat:N,TEXT   the next that comes is TEXT N times
    same:PATH       the next that comes is what is in PATH
    sum:PATH...     the next that comes are the lines of all those files, in whatever order, of each file
                    in its own (PATHs separated by commas)
    quiet:SECONDS   nothing more comes for so long
    end             end the sending
    over            the other side has ended, after nothing more
    gone            it has ended, in whatever way and after whatever came
    leave           close
    reset           send a reset
    say:WORD        print WORD
    pause:SECONDS   wait
    signal:S,PID    send signal S to process PID
    gate:FIFO       wait until FIFO has been opened for writing and closed
"""
import ast
import os
import re
import signal
import socket
import struct
import sys
import threading
import time

LIMIT = 20
port = int(sys.argv[1])


class Failure(Exception):
    pass


class Client:
    def __init__(self, name):
        self.name = name
        self.socket = None
        self.got = bytearray()
        self.state = 'open'
        self.news = threading.Condition()
        self.reader = self.sending = None
        self.broke = None

    def open(self, window):
        self.socket = socket.socket()
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.connect(('127.0.0.1', port))

    def join(self, _):
        self.open(0)
        self.hear('')

    def deaf(self, _):
        self.open(1)

    def hear(self, _):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        state = 'open'
        while state == 'open':
            data = b''
            try:
                data = self.socket.recv(1 << 18)
                state = 'open' if data else 'end'
            except OSError as error:
                state = str(error)
            with self.news:
                self.got += data
                self.state = state
                self.news.notify_all()

    def wait(self, enough):
        with self.news:
            if not self.news.wait_for(enough, LIMIT):
                raise Failure(f'only {bytes(self.got[:200])!r}, {len(self.got)} bytes, {self.state}')

    def take(self, n):
        self.wait(lambda: len(self.got) >= n or self.state != 'open')
        with self.news:
            data = bytes(self.got[:n])
            del self.got[:n]
        return data

    @staticmethod
    def bytes(text):
        return ast.literal_eval("b'" + text.replace("'", "\\'") + "'")

    def text(self, text):
        self.socket.sendall(self.bytes(text))

    def drip(self, word):
        n, text = word.split(',', 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(int(n)):
            self.socket.sendall(self.bytes(text))

    def file(self, path):
        def send():
            try:
                with open(path, 'rb') as f:
                    while data := f.read(1 << 16):
                        self.socket.sendall(data)
            except OSError as error:
                self.broke = error
        self.sending = threading.Thread(target=send, daemon=True)
        self.sending.start()

    def sent(self, _):
        self.sending.join(LIMIT)
        if self.sending.is_alive() or self.broke:
            raise Failure(f'not all is sent: {self.broke}')

    def has(self, text):
        want = self.bytes(text)
        got = self.take(len(want))
        if got != want:
            raise Failure(f'{got!r}, {self.state}, in place of {want!r}')

    def repeat(self, word):
        n, text = word.split(',', 1)
        self.compare(self.bytes(text) * int(n), text)

    def same(self, path):
        with open(path, 'rb') as f:
            self.compare(f.read(), path)

    def compare(self, want, name):
        got = self.take(len(want))
        if got != want:
            at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), len(got))
            raise Failure(f'{len(got)} bytes, {self.state}, are not {name} of {len(want)} from {at} on')

    def sum(self, paths):
        files = [open(path, 'rb').read().splitlines(True) for path in paths.split(',')]
        lines = self.take(sum(len(line) for file in files for line in file)).splitlines(True)
        for file in files:
            mine = set(file)
            if [line for line in lines if line in mine] != file:
                raise Failure(f'{len(lines)} lines: something is missing, or in another order')
        if len(lines) != sum(map(len, files)):
            raise Failure(f'{len(lines)} lines')

    def quiet(self, seconds):
        with self.news:
            if self.news.wait_for(lambda: self.got or self.state != 'open', float(seconds)):
                raise Failure(f'{bytes(self.got[:200])!r}, {self.state}')

    def end(self, _):
        if self.sending:
            self.sent('')
        self.socket.shutdown(socket.SHUT_WR)

    def over(self, _):
        self.gone('')
        if self.got or self.state != 'end':
            raise Failure(f'{len(self.got)} bytes: {bytes(self.got[:200])!r}, {self.state}')

    def gone(self, _):
        self.wait(lambda: self.state != 'open')

    def close(self):
        """What another thread reads from would stay open."""
        if self.reader:
            self.socket.shutdown(socket.SHUT_RD)
            self.reader.join(LIMIT)
        self.socket.close()

    def leave(self, _):
        if self.sending:
            self.sent('')
        self.close()

    def reset(self, _):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close()

    @staticmethod
    def say(word):
        sys.stdout.write(f'{word}\n')
        sys.stdout.flush()

    @staticmethod
    def gate(fifo):
        with open(fifo, 'rb') as f:
            f.read()

    @staticmethod
    def signal(word):
        name, pid = word.split(',')
        os.kill(int(pid), getattr(signal, 'SIG' + name))

    @staticmethod
    def pause(seconds):
        time.sleep(float(seconds))


def expand(names):
    for name in names.split(','):
        match = re.fullmatch(r'(\D*)(\d+)-(\d+)', name)
        if match:
            yield from (f'{match[1]}{i}' for i in range(int(match[2]), int(match[3]) + 1))
        else:
            yield name


def main():
    signal.alarm(120)  # it never outlives a test that hangs
    clients = {}
    for word in sys.argv[2:]:
        names, verb, *argument = word.split(':', 2)
        for name in expand(names):
            client = clients.setdefault(name, Client(name))
            try:
                getattr(client, verb)(argument[0] if argument else '')
            except (Failure, OSError) as failure:
                sys.exit(f'party: {name}:{":".join([verb, *argument])}: {failure}')


main()
