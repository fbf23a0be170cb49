#!/usr/bin/env python3
"""A name server on 127.0.0.1: nameserver.py [port:N] [address:A] [tcp:HOW] [silent | ptr:NAME | zone | mdns:INTERFACE]

Its port is 53, or N (0: one that the kernel chooses); it prints its number once it is ready. It knows
no name at all, but `silent`: it does not answer; `ptr:NAME`: it says of every address that NAME is
its name; `zone`: the first label of a name says what is answered, by UDP and TCP, see ZONE. A name
that is not in there is answered with NXDOMAIN. Each question of a zone is printed: `udp NAME TYPE`. By TCP
it takes none with `tcp:none`, and closes each connection with `tcp:cut`.
`mdns:INTERFACE`: it answers multicast DNS there, see EVERYBODY, and is silent about other names; each
question is printed with its hops, its flags and its family: `mdns NAME TYPE 255 0 4`.
"""
import select
import signal
import socket
import struct
import sys
import threading
import time

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, NSEC = 1, 2, 5, 6, 12, 15, 16, 28, 33, 47
TYPES = {A: 'A', NS: 'NS', CNAME: 'CNAME', SOA: 'SOA', PTR: 'PTR', MX: 'MX', TXT: 'TXT', AAAA: 'AAAA', SRV: 'SRV'}

words = sys.argv[1:]
port = next((int(w[len('port:'):]) for w in words if w.startswith('port:')), 53)
host = next((w[len('address:'):] for w in words if w.startswith('address:')), '127.0.0.1')
by_tcp = next((w[len('tcp:'):] for w in words if w.startswith('tcp:')), '')
word = next((w for w in words if not w.startswith(('port:', 'address:', 'tcp:'))), '')


def wire(name):
    """NAME as RFC 1035, 3.1 has it; in here `~` is a NUL and `^` a newline."""
    out = b''
    for label in name.split('.') if name else []:
        label = label.replace('~', '\0').replace('^', '\n').encode('latin-1')
        out += bytes([len(label)]) + label
    return out + b'\0'


class Question:
    def __init__(self, data, tcp):
        self.data, self.tcp = data, tcp
        self.end = 12
        labels = []
        while data[self.end]:
            labels.append(data[self.end + 1:self.end + 1 + data[self.end]].decode('latin-1'))
            self.end += 1 + data[self.end]
        self.end += 5
        self.name = '.'.join(labels)
        self.labels = labels or ['']
        self.type = struct.unpack('!H', data[self.end - 4:self.end - 2])[0]
        self.edns = data[11] > 0

    def answer(self, *records, rcode=0, flags=0x8180, count=None, question=None, ident=None, more=b'', additional=0, kind_of_net=1):
        """A message with RECORDS of (name, type, data); the name is bytes, or '' for that of the question."""
        q = self.data[12:self.end] if question is None else question
        head = struct.pack('!HHHHH', flags | rcode, 1 if q else 0,
                           len(records) if count is None else count, 0, additional)
        body = b''
        for name, kind, data in records:
            owner = name if isinstance(name, bytes) else wire(name) if name else b'\xc0\x0c'
            body += owner + struct.pack('!HHIH', kind, kind_of_net, 60, len(data)) + data
        return (self.data[:2] if ident is None else ident) + head + q + body + more

    def address(self, **more):
        """The addresses that every name may have."""
        if self.type == A:
            return self.answer(('', A, bytes([192, 0, 2, 1])), **more)
        if self.type == AAAA:
            return self.answer(('', AAAA, socket.inet_pton(socket.AF_INET6, '2001:db8::1')), **more)
        return self.answer(**more)


def other_id(q):
    return bytes([q.data[0] ^ 0x55, q.data[1]])


def other_question(q):
    return wire('other.' + q.name) + q.data[q.end - 4:q.end]


def other_type(q):
    return q.data[12:q.end - 4] + struct.pack('!HH', 99, 1)


def raw(q, body, count=1):
    """An answer whose first record is BODY."""
    return q.answer(count=count, more=body)


def record(q, kind, data, length=None):
    return b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 60, len(data) if length is None else length) + data


ASKED = {}


def times(q):
    """How often this was asked."""
    key = (q.name, q.type)
    ASKED[key] = ASKED.get(key, 0) + 1
    return ASKED[key]


def many(q):
    return q.answer(*[('', A, bytes([10, 1, i // 256, i % 256])) for i in range(400)]) if q.type == A else q.answer()


def big(q):
    """What does not fit by UDP, but by TCP."""
    return many(q) if q.tcp else q.answer(flags=0x8380)


def hops(q):
    """A chain across answers: hops3 is an alias of hops2, and so on."""
    n = int(q.labels[0][len('hops'):])
    rest = '.'.join(q.labels[1:])
    if n == 0:
        return q.address()
    return q.answer(('', CNAME, wire(f'hops{n - 1}.{rest}')))


def records(q):
    rest = '.'.join(q.labels[1:])
    data = {
        MX: [struct.pack('!H', 10) + wire('mx1.' + rest), struct.pack('!H', 20) + wire('mx2.' + rest)],
        NS: [wire('ns1.' + rest)],
        SOA: [wire('ns1.' + rest) + wire('host\\master.' + rest) + struct.pack('!IIIII', 2024010101, 7200, 3600, 1209600, 4294967295)],
        SRV: [struct.pack('!HHH', 1, 2, 8080) + wire('srv.' + rest)],
        TXT: [b'\x05plain\x04a"\\b', b'\x03\x00\n\xff', b'\x00'],
        CNAME: [wire('target.' + rest)],
        PTR: [wire('ptr.' + rest)],
    }.get(q.type)
    return q.answer(*[('', q.type, d) for d in data]) if data else q.address()


# What a name is answered by its first label: a message, several (each sent), or None.
ZONE = {
    'ok': lambda q: q.address(),
    'v4': lambda q: q.address() if q.type == A else q.answer(),
    'v6': lambda q: q.address() if q.type == AAAA else q.answer(),
    'here': lambda q: q.answer(('', A, bytes([127, 0, 0, 1]))) if q.type == A else q.answer(),
    'nodata': lambda q: q.answer(),
    'halves': lambda q: q.address() if q.type == A else q.answer(rcode=3),
    'half': lambda q: q.address() if q.type == A else q.answer(rcode=2),
    'upper': lambda q: q.address(question=wire(q.name.upper()) + q.data[q.end - 4:q.end]),
    'servfail': lambda q: q.answer(rcode=2),
    'refused': lambda q: q.answer(rcode=5),
    'notimp': lambda q: q.answer(rcode=4),
    'badvers': lambda q: q.answer(rcode=0, more=b'\0' + struct.pack('!HHIH', 41, 512, 1 << 24, 0), count=1),
    # RFC 8914: 15 with a text, then a code that nobody knows.
    'blocked': lambda q: q.answer(rcode=5, more=b'\0' + struct.pack('!HHIH', 41, 512, 0, 22) + struct.pack('!HHH', 15, 12, 15) + b'by the law' + struct.pack('!HHH', 15, 2, 4711), additional=1),
    'silent': lambda q: None,
    'lost': lambda q: q.address() if times(q) > 1 else None,
    # What another server than the one at 127.0.0.1 fails in, which loses the first question.
    'otherfails': lambda q: q.answer(rcode=2) if host != '127.0.0.1' else ZONE['lost'](q),
    'noedns': lambda q: q.data[:2] + struct.pack('!HHHHH', 0x8181, 0, 0, 0, 0) if q.edns else q.address(),
    'noedns2': lambda q: q.answer(rcode=1) if q.edns else q.address(),
    'records': records,
    'alias': lambda q: q.answer(('', CNAME, wire('ok.real.test')), (wire('ok.real.test'), A, bytes([192, 0, 2, 9]))) if q.type == A else q.answer(('', CNAME, wire('ok.real.test'))),
    'aliasnx': lambda q: q.answer(('', CNAME, wire('gone.real.test')), rcode=3),
    'round': lambda q: q.answer(('', CNAME, wire('round.' + '.'.join(q.labels[1:])))),
    'stranger': lambda q: q.answer((wire('bank.test'), A, bytes([6, 6, 6, 6]))),
    'big': big,
    'many': many,
    # What a hostile server, or somebody who pretends to be one, sends.
    'wrongid': lambda q: q.address(ident=other_id(q)),
    'wrongname': lambda q: q.address(question=other_question(q)),
    'wrongtype': lambda q: q.address(question=other_type(q)),
    'noanswer': lambda q: q.address(flags=0x0100),
    'echo': lambda q: q.data,
    'forged': lambda q: [q.answer(('', A, bytes([6, 6, 6, 6])), ident=other_id(q)),
                         q.answer((b'\xc0\x0c', A, bytes([6, 6, 6, 6])), question=other_question(q)), q.data, b'', b'x', q.address()],
    'empty': lambda q: b'',
    'short': lambda q: q.data[:2] + b'\x81\x80\0',
    'headonly': lambda q: q.data[:2] + b'\x81\x80\0\1\0\1\0\0\0\0',
    'loop': lambda q: raw(q, struct.pack('!H', 0xc000 | q.end) + struct.pack('!HHIH', A, 1, 60, 4) + b'\6\6\6\6'),
    'loop2': lambda q: raw(q, b'\1a' + struct.pack('!H', 0xc000 | q.end) + struct.pack('!HHIH', A, 1, 60, 4) + b'\6\6\6\6'),
    'ahead': lambda q: raw(q, struct.pack('!H', 0xc000 | q.end + 20) + struct.pack('!HHIH', A, 1, 60, 4) + b'\6\6\6\6' + bytes(30)),
    'header': lambda q: raw(q, b'\xc0\x02' + struct.pack('!HHIH', A, 1, 60, 4) + b'\6\6\6\6'),
    'label': lambda q: raw(q, b'\x80a\0' + struct.pack('!HHIH', A, 1, 60, 4) + b'\6\6\6\6'),
    'longname': lambda q: raw(q, (b'\x3f' + b'x' * 63) * 5 + b'\0' + struct.pack('!HHIH', A, 1, 60, 4) + b'\6\6\6\6'),
    'count': lambda q: q.address(count=65535),
    'length': lambda q: raw(q, record(q, A, b'\6\6\6\6', 65535)),
    'data': lambda q: raw(q, record(q, q.type, b'\6\6')),
    'cut': lambda q: q.address()[:-2],
    'nul': lambda q: q.answer(('', PTR, wire('a~b^c.test'))),
    'oversize': lambda q: q.address() + bytes(50000),
    'aliasloop': lambda q: q.answer(('', CNAME, wire('x.aliasloop.test')), (wire('x.aliasloop.test'), CNAME, wire(q.name))),
    # By TCP.
    'tcp': lambda q: q.address() if q.tcp else q.answer(flags=0x8380),
    'bytewise': lambda q: q.address() if q.tcp else q.answer(flags=0x8380),
    'tcpcut': lambda q: q.address() if q.tcp else q.answer(flags=0x8380),
    'tcplie': lambda q: q.address() if q.tcp else q.answer(flags=0x8380),
    'tcpsilent': lambda q: None if q.tcp else q.answer(flags=0x8380),
    'tcpotherfails': lambda q: q.answer(flags=0x8380) if not q.tcp else q.address() if host == '127.0.0.1' else q.answer(rcode=2),
    'tcptrunc': lambda q: q.answer(flags=0x8380),
    'tcpwrong': lambda q: q.address(question=other_question(q)) if q.tcp else q.answer(flags=0x8380),
}


def zone(q):
    label = q.labels[0].lower()
    if label.startswith('hops'):
        return hops(q)
    if label.startswith('n') and label[1:].isdigit():  # n1234: 10.0.4.210
        return q.answer(('', A, struct.pack('!I', 10 << 24 | int(label[1:])))) if q.type == A else q.answer()
    if q.name.endswith('.in-addr.arpa'):
        byte = q.labels[0]
        if byte == '0':
            return ZONE['nul'](q)
        names = {'1': ['ok.test'], '2': ['nodata.test'], '3': ['ok.test', 'other.test'], '4': ['127.0.0.1'],
                 '5': [f'name{i}.test' for i in range(300)], '6': ['servfail.test']}.get(byte)
        return q.answer(*[('', PTR, wire(n)) for n in names]) if names else q.answer(rcode=3)
    if q.name.endswith('.ip6.arpa'):
        return q.answer(('', PTR, wire('ok.test')))
    return ZONE[label](q) if label in ZONE else q.answer(rcode=3)


def say(proto, q):
    # One write: of print() two threads can mix their lines.
    sys.stdout.write(f'{proto} {q.name} {TYPES.get(q.type, q.type)}\n')
    sys.stdout.flush()


def send_bytes(c, data):
    """TCP in pieces of one byte each."""
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(len(data)):
        c.sendall(data[i:i + 1])
        time.sleep(0.001)


def serve_tcp(c):
    with c:
        if by_tcp == 'cut':
            return
        data = b''
        while len(data) < 2 or len(data) < 2 + struct.unpack('!H', data[:2])[0]:
            more = c.recv(4096)
            if not more:
                return
            data += more
        q = Question(data[2:], True)
        say('tcp', q)
        answer = zone(q)
        if answer is None:
            c.recv(1)
            return
        data = struct.pack('!H', len(answer)) + answer
        label = q.labels[0]
        if label == 'bytewise':
            send_bytes(c, data)
        elif label == 'tcpcut':
            c.sendall(data[:-3])
        elif label == 'tcplie':
            c.sendall(struct.pack('!H', 65535) + answer)
        else:
            c.sendall(data)
        c.shutdown(socket.SHUT_WR)
        c.recv(1)


def serve_zone(s, t):
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        for ready in select.select([s] if by_tcp == 'none' else [s, t], [], [])[0]:
            if ready is t:
                threading.Thread(target=serve_tcp, args=(t.accept()[0],), daemon=True).start()
                continue
            data, asker = s.recvfrom(4096)
            q = Question(data, False)
            say('udp', q)
            if q.labels[0] == 'wrongsender':
                stranger.sendto(q.address(), asker)
                continue
            answers = zone(q)
            for answer in [] if answers is None else answers if isinstance(answers, list) else [answers]:
                s.sendto(answer, asker)


# What a name of multicast DNS is answered by its first label. 
EVERYBODY = {
    'host': lambda q: q.address(flags=0x8400, kind_of_net=0x8001),  # with the cache-flush bit
    'near': lambda q: q.answer(('', AAAA, socket.inet_pton(socket.AF_INET6, 'fe80::7'))) if q.type == AAAA else None,
    'v4': lambda q: q.address() if q.type == A else None,
    'denied': lambda q: q.address() if q.type == A else q.answer(('', NSEC, b'\xc0\x0c\0\1\x40'), kind_of_net=0x8001),
    'alias': lambda q: q.answer(('', CNAME, wire('host.local'))),
    'lost': lambda q: q.address() if times(q) > 1 else None,
    'failing': lambda q: q.answer(rcode=2),
    'other': lambda q: q.answer((wire('bank.local'), A, bytes([6, 6, 6, 6]))),
    'wrongid': lambda q: q.address(ident=other_id(q)),
    'wrongname': lambda q: q.address(question=other_question(q)),
    'question': lambda q: q.address(flags=0),
    'noquestion': lambda q: q.address(question=b''),
    'cut': lambda q: q.address()[:-2],
    'wrongport': lambda q: q.address(),
    'far': lambda q: q.address(),
    '_services': lambda q: q.answer(('', PTR, wire('_same._tcp.local')), ('', PTR, wire(f'_{words[-1][5:]}._tcp.local'))),
    '2': lambda q: q.answer(('', PTR, wire('host.local'))),
}


def group_socket(family, index):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET:
        s.bind(('', 5353))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack('@4s4si', bytes([224, 0, 0, 251]), bytes(4), index))
        s.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
    else:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind(('::', 5353))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, 'ff02::fb') + struct.pack('@I', index))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, words[-1][5:].encode() + b'\0')
    return s


def bound(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    return s


def serve_everybody(interface):
    index = socket.if_nametoindex(interface)
    groups = [group_socket(family, index) for family in (socket.AF_INET, socket.AF_INET6)]
    print(5353, flush=True)
    while True:
        for s in select.select(groups, [], [])[0]:
            data, more, _, asker = s.recvmsg(9000, 64)
            four = s.family == socket.AF_INET
            q = Question(data, False)
            sys.stdout.write(f'mdns {q.name} {TYPES.get(q.type, q.type)} {struct.unpack("i", more[0][2])[0]} {data[2]} {4 if four else 6}\n')
            sys.stdout.flush()
            label = q.labels[0].lower()
            answer = EVERYBODY[label](q) if label in EVERYBODY else None
            if label == 'wrongport' and four:
                bound('', 0).sendto(answer, asker)
            elif label == 'far' and four:
                bound('10.77.0.1', 5353).sendto(answer, asker)
            elif answer and label not in ('wrongport', 'far'):
                try:
                    s.sendto(answer, asker)
                except OSError:  # its address of IPv6 is not there yet
                    pass


signal.alarm(120)  # it never outlives a test that hangs
if word.startswith('mdns:'):
    serve_everybody(word[len('mdns:'):])
while True:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind((host, port))
    if word != 'zone':
        break
    t = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        t.bind(s.getsockname())
        if by_tcp != 'none':
            t.listen(512)
        break
    except OSError:
        if port:
            raise
        s.close()  # the port is another's by TCP
        t.close()
print(s.getsockname()[1], flush=True)
if word == 'zone':
    serve_zone(s, t)
labels = word[len('ptr:'):].encode().split(b'.')
name = b''.join(bytes([len(label)]) + label for label in labels) + b'\0'
while True:
    question, asker = s.recvfrom(512)
    end = question.index(b'\0', 12) + 5
    if word.startswith('ptr:') and question[end - 4:end] == b'\0\x0c\0\1':
        # The question, and a record of the name that it asks for (RFC 1035, 4.1).
        s.sendto(question[:2] + b'\x81\x80\0\1\0\1' + bytes(4) + question[12:end] +
                 b'\xc0\x0c\0\x0c\0\1' + bytes(4) + len(name).to_bytes(2, 'big') + name, asker)
    elif word != 'silent':
        # A response, NXDOMAIN, with the question and nothing else.
        s.sendto(question[:2] + b'\x81\x83' + question[4:6] + bytes(6) + question[12:], asker)
