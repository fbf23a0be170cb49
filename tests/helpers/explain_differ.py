#!/usr/bin/env python3
"""Holds what `sockit resolve --explain` tells against what name servers of ours have been asked.

    explain_differ.py [--cases N] [--seed N] [--only CASE] [--jobs N]    with $SOCKIT in the environment

Each case is a system made by chance: hosts, nsswitch.conf, resolv.conf, host.conf, the environment, and what the
servers at 127.0.0.1 to 127.0.0.3 do with a question. In it a word is looked up with --explain, without it, and, where
SOCKIT has glibc, by this Python's getaddrinfo(3). The questions that are told must be those that the servers have had
of each, and the answers the same. The same seed makes the same cases; `--only` repeats one of them.
Exit status 1: something differs, and is printed; 77: there can be no namespace for it here.
"""
import argparse
import collections
import errno
import json
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

SERVERS = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
FILES = ['hosts', 'nsswitch.conf', 'resolv.conf', 'host.conf']
TYPES = {1: 'A', 28: 'AAAA', 12: 'PTR'}
CODES = {getattr(socket, n): n for n in dir(socket) if n.startswith('EAI_')}

# ---- messages ----


def wire(name):
    return b''.join(bytes([len(x)]) + x for x in name.encode().split(b'.') if x) + b'\0'


def shown(label):
    """LABEL as a zone file would have it."""
    return ''.join('\\%03d' % b if not 0x20 < b < 0x7f else '\\' + chr(b) if chr(b) in '.\\"();@$' else chr(b)
                   for b in label)


class Question:
    def __init__(self, data, server, tcp, same):
        labels, at = [], 12
        try:
            while data[at]:
                labels.append(data[at + 1:at + 1 + data[at]])
                at += 1 + data[at]
        except IndexError:
            raise ValueError('no question') from None  # musl sends such of `host..`
        self.data, self.tcp, self.server, self.end = data, tcp, server, at + 5
        self.first = 0 if same else SERVERS.index(server) * 50
        self.type, = struct.unpack('!H', data[at + 1:at + 3])
        self.name = '.'.join(shown(x) for x in labels) or '.'
        if self.type == 12 and self.name.endswith('.in-addr.arpa'):
            self.name = '.'.join(reversed(self.name.split('.')[:4]))
        elif self.type == 12 and self.name.endswith('.ip6.arpa'):
            digits = ''.join(reversed(self.name.split('.')[:32]))
            self.name = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
        self.said = f'{self.name} {TYPES.get(self.type, self.type)}' + (' by TCP' if tcp else '')

    def message(self, *records, rcode=0, flags=0x8180, ident=0, question=None, cut=None):
        question = self.data[12:self.end] if question is None else question
        body = b''.join(b'\xc0\x0c' + struct.pack('!HHIH', t, 1, 60, len(d)) + d for t, d in records)
        ident ^= struct.unpack('!H', self.data[:2])[0]
        whole = struct.pack('!HHHHHH', ident, flags | rcode, 1, len(records), 0, 0) + question + body
        return whole[:cut]

    def records(self, n):
        first = self.first + sum(self.name.lower().encode()) % 40
        if self.type == 1:
            return [(1, bytes([192, 0, i // 250, 1 + (first + i) % 250])) for i in range(n)]
        if self.type == 28:
            return [(28, socket.inet_pton(socket.AF_INET6, f'2001:db8::{first + i:x}')) for i in range(n)]
        return [(12, wire(f'name{first + i}.test')) for i in range(n)]


def alias(q, *, whole):
    """An alias, and with WHOLE what it stands for."""
    target = wire('target.test')
    m = q.message((5, target), *([] if not whole else q.records(1)))
    if whole:  # the second owner is the target
        at = 12 + len(q.data[12:q.end]) + 12
        owner = at + len(target)
        m = m[:owner] + struct.pack('!H', 0xc000 | at) + m[owner + 2:]
    return m


# What a server does with a question: the messages that it sends.
QUICK = {
    'one': lambda q: [q.message(*q.records(1))],
    'some': lambda q: [q.message(*q.records(3))],
    'nodata': lambda q: [q.message()],
    'gone': lambda q: [q.message(rcode=3)],
    'failed': lambda q: [q.message(rcode=2)],
    'refused': lambda q: [q.message(rcode=5)],
    'code': lambda q: [q.message(rcode=random.Random(q.said).choice([1, 4, 6, 7, 9, 10, 15]))],
    'alias': lambda q: [alias(q, whole=True)],
    'dangling': lambda q: [alias(q, whole=False)],
    'long': lambda q: [q.message(*q.records(60)) if q.tcp else q.message(flags=0x8380)],
    'partly': lambda q: [q.message(*q.records(60 if q.tcp else 5), flags=0x8180 if q.tcp else 0x8380)],
    'cut': lambda q: [q.message(*q.records(1), flags=0x8380)],
    'many': lambda q: [q.message(*q.records(200))],
    'twice': lambda q: [q.message(*q.records(1)), q.message(rcode=3)],
    'forged': lambda q: [q.message((1, b'\6\6\6\6'), ident=1), q.message((1, b'\6\6\6\6'), question=wire('x.test') + q.data[q.end - 4:q.end]), q.message(*q.records(1))],
    'norecursion': lambda q: [q.message(*q.records(1), flags=0x8100)],
    'foreign': lambda q: [q.message((99, b'abcd'), *q.records(1))],
    'badlength': lambda q: [q.message((q.type, b'\6\6'))],
}
# Those for which a libc waits.
SLOW = {
    'silent': lambda q: [],
    'short': lambda q: [q.data[:2] + b'\x81\x80'],
    'half': lambda q: [q.message(*q.records(1), cut=-2)],
    'echo': lambda q: [q.data],
    'stranger': lambda q: [q.message(*q.records(1), ident=77)],
    'lost': lambda q: [q.message(*q.records(1))],  # the second time
    'late': lambda q: [q.message(*q.records(1))],
}
STREAMS = ['answers'] * 6 + ['bytewise', 'ends', 'resets', 'lies', 'closed']

# ---- cases ----

SUFFIXES = ['a.test', 'b.test', 'c.d.test', 'B.Test', 'x', 'real.test.', '.', '#', 'a_b.test', 'l' * 63, 'l' * 64, 'q..r']
OPTIONS = ['ndots:0', 'ndots:2', 'ndots:3', 'ndots:99', 'ndots:2x', 'ndots:', 'attempts:2', 'edns0', 'use-vc', 'single-request',
           'single-request-reopen', 'no-tld-query', 'no-aaaa', 'trust-ad', 'inet6', 'debug', 'nonsense', 'timeout:1']
ODD = [' nameserver 127.0.0.2', 'nameserver', 'nameserver nonsense', 'nameserver 127.0.0.2:53', 'nameserver\t127.0.0.3',
       'nameserver 127.0.0.2 # x', 'NAMESERVER 127.0.0.3', '# x', '; x', '', 'search', 'domain', 'options', 'sortlist 192.0.1.0/24',
       'lookup file bind', 'nameserver 127.0.0.2\r', 'search a.test\r', 'family inet4', '\0nameserver 127.0.0.2', 'nameserver ::ffff:127.0.0.2',
       'nameserver 127.2', 'nameserver 0.0.0.0', 'x' * 5000]
WORDS = ['host', 'host.a', 'host.a.test', 'host.a.test.', 'HOST.A.Test', 'h_o', 'h-', 'a.b.c.d.e', 'h*', 'h o', 'h\\.o', 'h\\', 'localhost',
         'x.localhost', 'filed', 'Filed.test', 'filed.test', 'l' * 63, 'l' * 64, '.'.join(['l' * 60] * 4), 'h..o', '1.2.3', '0x7f.1', '1.2.3.4.5',
         'b\xfccher.test', 'h@x', 'h"o', 'h;o', '.', 'x.', 'xn--bcher-kva.test']
ADDRESSES = ['192.0.2.7', '127.0.0.1', '::1', '2001:db8::7', '::ffff:192.0.2.7', '255.255.255.255', '0.0.0.0']
HOSTS = ['127.0.0.1 localhost', '::1 localhost', '192.0.2.5 filed.test filed', '2001:db8::5 filed.test', '192.0.2.6 Filed.test', ' 192.0.2.8\tfiled  # filed.test',
         '::ffff:192.0.2.9 filed.test', '192.0.2.10 host host.a.test', 'nonsense filed', '192.0.2.11', '192.0.2.7 seven.test seven', '2001:db8::7 seven6.test',
         '192.0.2.12 filed.test.', '192.0.2.13 filed\r', '#192.0.2.14 filed', 'fe80::1%lo filed.test', '192.0.2.15 x.filed.test',
         '192.0.2.16 h*', '127.0.0.5 b\xfccher.test']
SWITCH = [None, '', 'hosts: files dns\n', 'hosts: dns files\n', 'hosts: files\n', 'hosts: dns', 'hosts:dns\n', 'hosts: files [NOTFOUND=return] dns\n',
          'hosts: dns [!UNAVAIL=return] files\n', 'hosts: absent dns\n', 'hosts: files absent [UNAVAIL=return] dns\n', 'hosts: dns [TRYAGAIN=continue] files\n',
          ' hosts : files dns\n', '# x\nhosts: files dns # x\n', 'hosts: files [SUCCESS=continue] dns\n',
          'hosts: files\nhosts: dns\n', 'hosts: files dns [NOTFOUND=return\n', 'hosts: nonsense!\n', 'passwd: files\n', 'hosts: dns dns\n']


class Case:
    def __init__(self, seed, number):
        r = random.Random(f'{seed} {number}')
        self.number, self.salt, self.same = number, f'{seed} {number}', False
        self.slow = r.random() < 0.03
        self.address = r.random() < 0.08
        self.word = r.choice(ADDRESSES if self.address else WORDS[:5] * 4 + WORDS)
        self.family = '' if self.address else r.choice(['', '', '', '-4', '-6'])
        few = [r.choice(list(QUICK)) for _ in range(r.choice([1, 2, 4]))]
        if self.slow:
            few.append(r.choice(list(SLOW)))
        self.does = {s: r.sample(few, r.randint(1, len(few))) for s in SERVERS}
        self.stream = {s: r.choice(STREAMS) for s in SERVERS}
        self.delay = {s: r.choice([0, 0, 0, 0, 0.02]) for s in SERVERS}
        self.closed = [s for s in SERVERS if r.random() < 0.08]
        lines = [f'nameserver {s}' for s in r.sample(SERVERS, r.randint(0, 3))]
        lines += [r.choice(ODD) for _ in range(r.choice([0, 0, 1, 3]))]
        if r.random() < 0.5:
            many = r.choice([1, 2, 3, 8]) if r.random() < 0.97 else 40
            suffixes = [r.choice(SUFFIXES) for _ in range(many)] if many < 40 else [f's{i}.test' for i in range(many)]
            lines.append(r.choice(['search ', 'search ', 'search\t', 'domain ']) + r.choice([' ', '  ', '\t']).join(suffixes))
        options = [r.choice(OPTIONS) for _ in range(r.choice([0, 0, 1, 2]))]
        if options:
            lines.append('options ' + ' '.join(options))
        r.shuffle(lines)
        lines.append('options timeout:1 attempts:' + r.choice('112'))
        self.files = {
            'resolv.conf': '\n'.join(lines) + r.choice(['\n', '']) if r.random() < 0.97 else None,
            'hosts': '\n'.join(r.sample(HOSTS, r.randint(0, 6))) + r.choice(['\n', '\n', '']) if r.random() < 0.97 else None,
            'nsswitch.conf': r.choice(SWITCH + ['hosts: files dns\n'] * 20),
            'host.conf': r.choice([None, 'multi on\n', 'multi on\n', 'multi off\n', 'nonsense\n', 'order hosts,bind\nmulti on\nreorder on\n', 'trim .a.test\n']),
        }
        if 'use-vc' in (self.files['resolv.conf'] or ''):
            # glibc would wait for ever for another answer.
            self.does = {s: ['gone' if d == 'stranger' else d for d in does] for s, does in self.does.items()}
        if self.files['resolv.conf'] is None:
            self.slow = False  # the usual timeouts are long
            self.does = {s: [d for d in does if d in QUICK] or ['one'] for s, does in self.does.items()}
        self.env = {}
        if r.random() < 0.1:
            self.env['LOCALDOMAIN'] = r.choice(['env.test', 'env.test a.test', '', ' ', 'env.test\nother'])
        if r.random() < 0.1:
            self.env['RES_OPTIONS'] = ' '.join(r.sample(OPTIONS, r.randint(0, 2)))

    def alike(self):
        """For a libc that asks all at once: which answer comes first makes no difference."""
        self.does = dict.fromkeys(SERVERS, self.does[SERVERS[0]])
        self.delay = dict.fromkeys(SERVERS, self.delay[SERVERS[0]])
        self.closed, self.same = [], True
        if 'half' in self.does[SERVERS[0]]:  # musl takes what it has not been sent
            self.does = dict.fromkeys(SERVERS, ['one'])
        return self

    def action(self, q):
        r = random.Random(f'{self.salt} {"" if self.same else q.server} {q.name.lower()} {q.type}')
        return r.choice(self.does[q.server])

    def told(self):
        return json.dumps({k: v for k, v in vars(self).items() if k != 'salt'}, indent=1)


# ---- the servers, and a look-up beside them ----


class Servers:
    def __init__(self, case):
        self.case, self.log, self.waiting = case, [], []
        self.sockets, self.streams = {}, {}
        for s in SERVERS:
            if s not in case.closed:
                u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                u.bind((s, 53))
                self.sockets[u.fileno()] = (u, s, self.datagram)
            if case.stream[s] != 'closed':
                t = socket.socket()
                t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                t.bind((s, 53))
                t.listen(64)
                self.sockets[t.fileno()] = (t, s, self.accepted)
        for s, _, _ in self.sockets.values():
            s.setblocking(False)

    def close(self):
        for s, _, _ in self.sockets.values():
            s.close()

    def begin(self):
        self.log, self.waiting, self.times = [], [], collections.Counter()

    def answers(self, q):
        self.log.append((q.server, q.said))
        action = self.case.action(q)
        self.times[q.said, q.server] += 1
        if action == 'lost' and self.times[q.said, q.server] == 1:
            return 0, []
        delay = 1.3 if action == 'late' and self.times[q.said, q.server] == 1 else self.case.delay[q.server]
        return delay, {**QUICK, **SLOW}[action](q)

    def later(self, delay, fn):
        if delay:
            self.waiting.append((time.monotonic() + delay, fn))
        else:
            fn()

    def datagram(self, s, server):
        data, asker = s.recvfrom(65536)
        try:
            q = Question(data, server, False, self.case.same)
        except ValueError:
            return
        delay, messages = self.answers(q)
        for m in messages:
            self.later(delay, lambda m=m: s.sendto(m, asker))

    def accepted(self, s, server):
        c = s.accept()[0]
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets[c.fileno()] = (c, server, self.stream)
        self.streams[c.fileno()] = b''

    def drop(self, c):
        del self.sockets[c.fileno()]
        c.close()

    def stream(self, c, server):
        fd = c.fileno()
        try:
            more = c.recv(65536)
        except OSError:
            more = b''
        if not more:
            self.drop(c)
            return
        self.streams[fd] += more
        while len(self.streams[fd]) > 2:
            n = 2 + struct.unpack('!H', self.streams[fd][:2])[0]
            if len(self.streams[fd]) < n:
                return
            q = Question(self.streams[fd][2:n], server, True, self.case.same)
            self.streams[fd] = self.streams[fd][n:]
            delay, messages = self.answers(q)
            how = self.case.stream[server]
            if not messages:  # glibc would wait for ever
                self.drop(c)
                return
            for m in messages if how not in ('ends', 'resets') else []:
                self.later(delay, lambda m=m: self.send(c, m, how))
        if self.case.stream[server] in ('ends', 'resets') and not self.streams[fd]:
            if self.case.stream[server] == 'resets':
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.drop(c)

    def send(self, c, m, how):
        data = struct.pack('!H', len(m) + (9 if how == 'lies' else 0)) + m
        parts = [data[i:i + 1] for i in range(len(data))] if how == 'bytewise' else [data]
        try:
            for part in parts:
                c.sendall(part)
            if how == 'lies':
                c.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has gone

    def turn(self, more, timeout):
        """Answers what has come. Returns those of MORE that are ready, or None if nothing was."""
        now = time.monotonic()
        for w in [w for w in self.waiting if w[0] <= now]:
            self.waiting.remove(w)
            try:
                w[1]()
            except OSError:
                pass
        if self.waiting:
            timeout = min(timeout, max(0, min(w[0] for w in self.waiting) - now))
        ready = select.select(list(self.sockets) + more, [], [], timeout)[0]
        for fd in ready:
            if fd in self.sockets:
                s, server, fn = self.sockets[fd]
                fn(s, server)
        return [fd for fd in ready if fd in more] if ready else None

    def beside(self, start):
        """START begins a child, and returns its pid and a descriptor that it writes to. Returns its output and status."""
        self.begin()
        pid, fd = start()
        out = b''
        end = time.monotonic() + 60  # a search list, and no server that answers
        while time.monotonic() < end:
            if self.turn([fd], 1):
                more = os.read(fd, 65536)
                if not more:
                    break
                out += more
        else:
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        while self.turn([], 0) is not None:  # what it has asked and not waited for
            pass
        os.close(fd)
        return out, os.waitstatus_to_exitcode(status)


def child(fn):
    """Returns what begins FN, which gets a descriptor to write to, in a child."""
    def start():
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(r)
                fn(w)
            finally:
                os._exit(99)
        os.close(w)
        return pid, r
    return start


def sockit(case, *args):
    def fn(w):
        os.dup2(w, 1)
        os.dup2(os.open('/dev/null', os.O_RDWR), 2)
        os.environ.update(case.env)
        command = [os.environ['SOCKIT'], 'resolve', '--json', *args, case.word.encode('utf-8')]
        os.execv(command[0], [c for c in command if c])
    return child(fn)


def by_python(case):
    def fn(w):
        os.dup2(os.open('/dev/null', os.O_RDWR), 2)
        os.environ.update(case.env)
        family = {'-4': socket.AF_INET, '-6': socket.AF_INET6}.get(case.family, socket.AF_UNSPEC)
        try:
            if case.address:
                found = [socket.getnameinfo((case.word, 0), socket.NI_NAMEREQD)[0]]
            else:
                found = [a[4][0] for a in socket.getaddrinfo(case.word.encode(), None, family, socket.SOCK_STREAM)]
        except socket.gaierror as e:
            found = CODES.get(e.errno, str(e.errno))
        except UnicodeError as e:
            found = str(e)
        except OSError:
            found = 'EAI_SYSTEM'
        os.write(w, json.dumps(found).encode())
        os._exit(0)
    return child(fn)


# ---- comparing ----


def found(report):
    """What it has found: addresses or names, or the code of an error."""
    if 'error' in report:
        return report['error'].get('code')
    return [a['address'] for a in report.get('addresses', [])]


def in_order(answer):
    """ANSWER without what sockit changes of its order: it alternates the families."""
    return answer and (answer[0], sorted(answer, key=lambda a: ':' in a)) if isinstance(answer, list) else answer


def counted(case, pairs):
    """The questions of PAIRS that can be compared, by server."""
    types = {'-4': ['A'], '-6': ['AAAA']}.get(case.family, ['A', 'AAAA', 'PTR'])
    out = {}
    for server, said in pairs:
        if said.removesuffix(' by TCP').split(' ')[-1] in types:
            out.setdefault(server, []).append(said)
    return out


def differences(case, musl, show):
    for name in FILES:
        path = '/etc/' + name
        if os.path.exists(path):
            os.unlink(path)
        if case.files[name] is not None:
            with open(path, 'w', encoding='latin-1', newline='') as f:
                f.write(case.files[name])
    servers = Servers(case)
    try:
        out, status = servers.beside(sockit(case, '--explain', case.family))
        if status == 2:
            return  # no word that is taken
        try:
            report = json.loads(out)
        except ValueError:
            yield f'status {status}, and no report: {out!r}'
            return
        served = counted(case, servers.log)
        plain, _ = servers.beside(sockit(case, '--reverse' if case.address else '', case.family))
        if not plain:
            yield 'no answer within a minute'
            return
        runs = {'resolve': counted(case, servers.log)}
        answers = {'resolve': found(json.loads(plain))} if not case.address else {}
        if not musl and case.word.isascii():
            libc, _ = servers.beside(by_python(case))
            if libc:
                runs['python'] = counted(case, servers.log)
                answers['python'] = json.loads(libc)
    finally:
        servers.close()
    if show:
        for step in report['steps']:
            print(*step.values(), sep='\t')
        print(*report.get('wrong', []), f'asked: {served}', *runs.items(), *answers.items(), sep='\n')
    if any(step['step'] == 'followed' for step in report['steps']):
        yield 'it was not followed'
        return
    steps = [(s['where'].split(' ')[0].replace('0.0.0.0', '127.0.0.1'), s.get('question', ''), s['answer']) for s in report['steps'] if s['step'] == 'server']
    told = counted(case, [s[:2] for s in steps if s[0] not in case.closed or s[1].endswith('TCP')])
    told = {s: q for s, q in told.items() if s in SERVERS}
    # The servers have had those of the look-up, then our own.
    for s, questions in told.items():
        extra = collections.Counter(questions) - collections.Counter(served.get(s, []))
        if extra:
            yield f'{s}: told, and not asked: {dict(extra)}'
    # All of both, where our own client does not ask more on the way to an answer.
    own = counted(case, [(s['where'].split(' ')[0].replace('0.0.0.0', '127.0.0.1'), re.sub(r'\.? ', ' ', s['question']) if s['question'][0] not in '. ' else '. ' + s['question'].split(' ')[-1]) for s in report['steps'] if s['step'] == 'probe'])
    plain = {s: [x.replace('\\', '').removeprefix('::ffff:') for x in questions] for s, questions in served.items()}  # we ask for a word as it is
    # ... as once more without EDNS where a code of 1 or 4 may mean that, or of the other family by `no-aaaa`.
    does = {d for does in case.does.values() for d in does}
    more = {'alias', 'dangling', 'long', 'partly', 'cut'} & does or ('code' in does and 'edns0' in case.told()) or (case.family and 'no-aaaa' in case.told())
    if case.word.isascii() and not more and 'use-vc' not in case.told():
        for s in SERVERS:
            if s not in case.closed and sorted(plain.get(s, [])) != sorted(x.replace('\\', '').removeprefix('::ffff:') for x in told.get(s, []) + own.get(s, [])):
                yield f'{s}: asked {served.get(s, [])}, told {told.get(s, [])} and {own.get(s, [])}'
    for name, asked in runs.items():
        for s in SERVERS if not musl else []:
            a, b = told.get(s, []), asked.get(s, [])
            if case.family and name == 'resolve':
                b = b[:len(a)]  # of the other family, by `no-aaaa` too
            quick = not case.slow and not any(case.delay.values())
            if (a != b) if quick and not musl else sorted(a) != sorted(b):
                yield f'{s}: told {a}, {name} asked {b}'
    result = next((s for s in report['steps'] if s['step'] in ('getaddrinfo', 'getnameinfo')), None)
    mine = found(report)
    if case.address:
        mine = mine if 'error' in report else result.get('answer', '').split(' ')
    for name, answer in answers.items():
        if name == 'python' and mine == 'EAI_NODATA' and case.family:
            continue  # it has the other family
        same = in_order(answer) == in_order(mine)
        if case.address:  # getnameinfo(3) has the first name alone, and knows less of failures
            same = answer[0] in mine if isinstance(answer, list) else not isinstance(mine, list)
        if not same:
            yield f'answer {mine}, {name} has {answer}'
    if isinstance(mine, list) and not case.address and not ' '.join(mine).startswith(result['answer'].removesuffix(' ...')):
        yield f'told {result["answer"]}, found {mine}'
    for wrong in report.get('wrong', []):
        if 'a cache has it' in wrong:
            yield wrong


# ---- the course ----


def etc():
    """Files of our own in /etc, as far as the libc or the loader want some."""
    keep = {}
    for name in os.listdir('/etc'):
        path = '/etc/' + name
        if name not in FILES and (name in ('services', 'protocols', 'gai.conf', 'passwd', 'group') or name.startswith('ld')) and os.path.isfile(path):
            with open(path, 'rb') as f:
                keep[path] = f.read()
    subprocess.run(['mount', '-t', 'tmpfs', 'none', '/etc'], check=True)
    for path, content in keep.items():
        with open(path, 'wb') as f:
            f.write(content)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


def work(options):
    etc()
    with open(os.environ['SOCKIT'], 'rb') as f:
        musl = b'Name does not resolve' in f.read()
    failed = 0
    numbers = range(options.worker, options.cases, options.jobs) if options.only is None else [options.only]
    for n in numbers:
        signal.alarm(120)  # it outlives nobody
        case = Case(options.seed, n)
        if musl:
            case.alike()
        faults = list(differences(case, musl, options.only is not None))
        if faults:
            failed += 1
            sys.stdout.write(f'--seed {options.seed} --only {n}\n' + '\n'.join(faults) + f'\n{case.told()}\n')
            sys.stdout.flush()
            if failed == 10:
                break
    return 1 if failed else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--cases', type=int, default=500)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--only', type=int)
    p.add_argument('--jobs', type=int, default=12)
    p.add_argument('--worker', type=int, help=argparse.SUPPRESS)
    options = p.parse_args()
    if options.worker is not None:
        sys.exit(work(options))
    if subprocess.run(['unshare', '-rmn', 'mount', '-t', 'tmpfs', 'none', '/etc'], stderr=subprocess.DEVNULL).returncode:
        sys.exit(77)
    workers = [subprocess.Popen(['unshare', '-rmn', sys.executable, *sys.argv, '--worker', str(i)])
               for i in range(options.jobs if options.only is None else 1)]
    sys.exit(max(w.wait() for w in workers))


main()
