"""The command lines of tests/fault, each with an honest peer: a function of a World that says what is to arrive."""
import os
import pty
import re
import socket
import struct

from world import IN, ROWS as LINES_OF_ROWS, Datagrams, pattern, text

LINES = {}
# Lines of which the portable program says that it does not have that.
LINUX = {'connect_mtu', 'connect_options', 'connect_fastopen', 'connect_trace', 'unix_listen_owner', 'sockname_listening', 'sockname_sockets', 'sockname_unix'}
DATA, ANSWER, TEXT = pattern(20000), pattern(30000, 7), text(9000)


def line(function):
    LINES[function.__name__] = function
    return function


def upper(data):
    return data.upper()


def netstrings(data):
    """Each line as a message."""
    return b''.join(b'%d:%s,' % (len(x), x) for x in data.splitlines())


# ---- connect ----

def connecting(options, stdin=DATA, wanted=DATA, answer=ANSWER, stdout=ANSWER, server={}, first=b'', **more):
    """A line that connects to a peer which reads all, then answers."""
    def run(w):
        port = w.server(w.taker(wanted, answer, first=first), **server)
        w.start(options.replace('PORT', str(port)), stdin=stdin, stdout=stdout, **more)
        yield from w.ended()
    return run


def add(name, run):
    run.__name__ = name
    return line(run)


add('connect', connecting('connect -n 127.0.0.1 PORT'))
add('connect_files', connecting('connect -n 127.0.0.1 PORT', file=True, stdin_file=True))
add('connect_name', connecting('connect localhost PORT'))
add('connect_crlf', connecting('connect -n -C 127.0.0.1 PORT', stdin=TEXT, wanted=TEXT.replace(b'\n', b'\r\n')))
add('connect_rate', connecting('connect -n --rate 500k 127.0.0.1 PORT'))
add('connect_delay', connecting('connect -n --delay 1ms 127.0.0.1 PORT', stdin=b'a\nb\nc\n', wanted=b'a\nb\nc\n'))
add('connect_send_only', connecting('connect -n --send-only 127.0.0.1 PORT', stdout=b''))
add('connect_closed_stdin', connecting('connect -n 127.0.0.1 PORT', stdin='closed', wanted=b''))
add('connect_options', connecting('connect -n -s 127.0.0.1 --nodelay --keepalive=5,1,3 --tos ef --ttl 9 --rcvbuf 64k '
                                  '--sndbuf 64k --sockopt TCP_USER_TIMEOUT=5000 127.0.0.1 PORT'))
add('connect_json', connecting('connect -n --json -v --stats --progress 127.0.0.1 PORT'))
add('connect_dialogue', connecting(r"connect -n --expect '^220.*$' --send 'EHLO\n' --fail ^4 --expect ^250 --send QUIT "
                                   '127.0.0.1 PORT', first=b'220 x\r\n250 y', wanted=b'EHLO\nQUIT' + DATA,
                                   stdout=b'220 x\r\n250 y' + ANSWER))
add('connect_fastopen', connecting('connect -n --fastopen 127.0.0.1 PORT'))
@line
def connect_proxy_command(w):
    """The way is a command, which answers what comes."""
    w.start("connect -n --proxy-command 'tr a-z A-Z' 127.0.0.1 1", stdin=TEXT, stdout=upper(TEXT))
    yield from w.ended()


add('connect_messages', connecting('connect -n --wire-frame netstring 127.0.0.1 PORT', stdin=LINES_OF_ROWS,
                                   wanted=netstrings(LINES_OF_ROWS), answer=netstrings(TEXT), stdout=TEXT))
add('connect_heartbeat', connecting('connect -n --heartbeat 5,x 127.0.0.1 PORT'))

@line
def connect_telnet(w):
    """The peer negotiates, and our answer stands somewhere in the data."""
    def check(got):
        return None if got.replace(b'\xff\xfc\x18', b'', 1) == TEXT else f'{len(got)} of {len(TEXT) + 3} bytes'
    port = w.server(w.taker(check, ANSWER, first=b'\xff\xfd\x18'))
    w.start(f'connect -n -t 127.0.0.1 {port}', stdin=TEXT, stdout=ANSWER)
    yield from w.ended()


@line
def connect_recv_only(w):
    sink = w.sink('peer', b'', end='fin')

    def script(s):
        yield from w.send_all(s, ANSWER, True)
        yield from w.take(s, sink)
    w.start(f'connect -n -d 127.0.0.1 {w.server(script)}', stdout=ANSWER)
    yield from w.ended()


def asker(w):
    """A server that sends TEXT, and wants it in capitals. Returns its port."""
    sink = w.sink('peer', upper(TEXT), end='fin')

    def script(s):
        yield from w.send(s, TEXT)
        s.shutdown(socket.SHUT_WR)
        yield from w.take(s, sink)
        s.close()
    return w.server(script)


@line
def connect_exec(w):
    """The command has the connection; it answers what comes and ends."""
    w.start(f'connect -n 127.0.0.1 {asker(w)} -- tr a-z A-Z')
    yield from w.ended()


@line
def connect_relay(w):
    """A command behind a relay, which -o sees."""
    port = asker(w)
    w.file('both', lambda got: None if sorted(got) == sorted(TEXT + upper(TEXT)) else f'{len(got)} bytes')
    w.start(f"connect -n -o both -e 'tr a-z A-Z' 127.0.0.1 {port}")
    yield from w.ended()


def dumped(kind, wanted):
    """A check of a hex dump: its bytes."""
    def check(got):
        rows = re.findall(rb'^[0-9a-f]{8}  ([0-9a-f ]{49})', got, re.M)
        data = bytes.fromhex(b''.join(rows).decode())
        return None if data == wanted else f'{len(data)} of {len(wanted)} bytes'
    return check


@line
def connect_transcripts(w):
    port = w.server(w.taker(TEXT, ANSWER))
    w.file('raw', TEXT + ANSWER)
    w.file('hex', dumped('hex', TEXT + ANSWER))
    w.file('text', lambda got: None if got.count(b'quick') == TEXT.count(b'quick') else 'not all of it')
    w.start(f'connect -n -o raw -x hex -X text 127.0.0.1 {port}', stdin=TEXT, stdout=ANSWER)
    yield from w.ended()


@line
def connect_raw(w):
    """A terminal in raw mode, which is to be as it was in the end."""
    import termios
    master, slave = pty.openpty()
    w.keep(master, slave)
    os.set_blocking(master, False)
    before = termios.tcgetattr(slave)
    port = w.server(w.taker(b'', first=b'hello', promise=False))
    w.start(f'connect -n --raw 127.0.0.1 {port}', stdin=slave, stdout=b'hello')
    yield from w.until(lambda: w.out.got or w.status is not None, 8)
    os.write(master, b'\x1d.')
    yield from w.ended()
    if termios.tcgetattr(slave) != before:
        w.problems.append(('flags', 'the terminal is not as it was'))


def closed_port(w):
    s = w.keep(socket.socket())
    s.bind(('127.0.0.1', 0))
    w.hidden.append(str(s.getsockname()[1]))
    return s.getsockname()[1]


@line
def connect_z(w):
    ports = sorted(w.server(w.taker(b'', name=f'peer {i}', promise=False)) for i in range(3))
    w.sinks.clear()  # a probe says nothing
    closed = closed_port(w)
    w.start(f'connect -n -z -w 3 --json 127.0.0.1:{ports[0]} 127.0.0.1:{closed} 127.0.0.1:{ports[1]} '
            f'127.0.0.1:{ports[2]}', stdout=z_answers({**dict.fromkeys(ports, 'open'), closed: 'closed'}), status=1)
    yield from w.ended()


def z_answers(wanted):
    def check(got):
        for port, state in wanted.items():
            if not re.search(b'"port":%d\\b.*"state":"%s"' % (port, state.encode()), got):
                return f'{port} is not {state}'
        return None
    return check


@line
def connect_z_command(w):
    port = w.server(w.taker(b'', promise=False))
    w.sinks.clear()
    w.start(f'connect -n -z -w 2 127.0.0.1 {port} -- echo STARTED', stdout='golden')
    yield from w.ended()


def counted(head, *parts):
    body = b''.join(parts)
    return head + bytes([len(body)]) + body


# The first words of a server of TLS 1.2: ServerHello, and a certificate of CN=fault.
FAULT = counted(b'0', counted(b'1', counted(b'0', b'\6\3\x55\4\3', counted(b'\x0c', b'fault'))))
TIMES = counted(b'0', *[counted(b'\x17', b'%d0101000000Z' % year) for year in (20, 40)])
FLIGHT = counted(b'\x16\3\3\0', counted(b'\2\0\0', b'\3\3', bytes(33), b'\xc0\x2f\0')) + counted(
    b'\x16\3\3\0', counted(b'\x0b\0\0', counted(b'\0\0', counted(b'\0\0', counted(b'0', counted(
        b'0', b'\2\1\1', b'0\0', FAULT, TIMES, FAULT, b'0\0'))))))


@line
def connect_z_tls(w):
    port = w.server(w.taker(b'', first=FLIGHT, promise=False))
    w.sinks.clear()
    w.start(f'connect -n -z -w 2 --tls 127.0.0.1 {port}', stdout=tls_answer)
    yield from w.ended()


def tls_answer(got):
    wanted = rb' open - TLS 1\.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n +certificate not verified: CN=fault\n'
    return None if re.search(wanted, got) else f'{got!r}'


@line
def connect_z_closed(w):
    """A command that is not to be started."""
    w.start(f'connect -n -z -w 2 127.0.0.1 {closed_port(w)} -- echo STARTED', stdout='golden', status=1)
    yield from w.ended()


@line
def connect_ping(w):
    port = w.server(w.taker(b'', promise=False))
    w.sinks.clear()
    w.start(f'connect -n --ping -c 2 --interval 5ms -w 2 127.0.0.1 {port}',
            stdout=lambda got: None if got.count(b'seq=') == 2 and b'2 answered' in got else got.decode())
    yield from w.ended()


@line
def connect_mtu(w):
    port = w.server(w.taker(b'', promise=False))
    w.sinks.clear()
    w.start(f'connect -n --mtu 127.0.0.1 {port}', stdout=lambda got: None if b': path MTU ' in got else got.decode())
    yield from w.ended()


@line
def connect_trace(w):
    """The listener is not to see it."""
    s = w.keep(socket.create_server(('127.0.0.1', 0)))
    port = s.getsockname()[1]
    w.start(f'connect -n --trace -c 2 --max-hops 2 127.0.0.1 {port}',
            stdout=lambda got: None if got.endswith(b': open, says the host, hop 1\n') else got.decode())
    yield from w.ended()


@line
def connect_explain(w):
    """By number, as what is found out of a name is another line's."""
    s = w.keep(socket.create_server(('127.0.0.1', 0)))
    port = s.getsockname()[1]
    w.start(f'connect --explain -w 300ms 127.0.0.1 {port}',
            stdout=lambda got: None if b'\t-\topen' in got and b'\nwrong' not in got else got.decode())
    yield from w.ended()


@line
def connect_retry(w):
    """The first try is refused."""
    s = w.keep(socket.socket())
    s.bind(('127.0.0.1', 0))
    s.setblocking(False)
    w.hidden.append(str(s.getsockname()[1]))
    w.start(f'connect -n --retry 3s --interval 20ms 127.0.0.1 {s.getsockname()[1]}', stdin=DATA, stdout=ANSWER)
    yield 0.02
    s.listen(5)
    w.task(w.acceptor(s, w.taker(DATA, ANSWER)), background=True)
    yield from w.ended()


@line
def connect_forward(w):
    left, right = w.sink('left', ANSWER, promise=True, end='fin'), w.sink('right', DATA, promise=True, end='fin')

    def script(mine, data):
        def play(s):
            writer = w.task(w.send_all(s, data, True))
            yield from w.take(s, mine)
            yield from w.until(lambda: writer.over)
            s.close()
        return play
    ports = w.server(script(left, DATA)), w.server(script(right, ANSWER))
    w.start(f'connect -n 127.0.0.1 {ports[0]} --forward 127.0.0.1:{ports[1]}')
    yield from w.ended()


@line
def connect_pass_fd(w):
    """ssh's ProxyUseFdpass: what comes over stdout is the connection."""
    ours, theirs = socket.socketpair()
    w.keep(ours, theirs).setblocking(False)
    port = w.server(w.taker(b'up', b'down', promise=False))
    sink = w.sink('passed', b'down')
    w.start(f'connect -n -F 127.0.0.1 {port}', stdout=theirs.fileno())

    def user():
        theirs.close()
        yield ours.fileno(), IN
        _, fds, _, _ = socket.recv_fds(ours, 100, 4)
        if fds:
            s = w.keep(socket.socket(fileno=fds[0]))
            s.setblocking(False)
            yield from w.send(s, b'up')
            s.shutdown(socket.SHUT_WR)
            yield from w.take(s, sink)
    w.task(user())
    yield from w.ended()


# ---- connect --proxy ----

def socks4(w, s):
    """The proxy's side of SOCKS 4(a)."""
    yield from w.exactly(s, 8)
    yield from w.line_of(s, b'\0')
    yield from w.send(s, b'\0\x5a' + bytes(6))


def socks5(w, s, auth=False):
    methods = yield from w.exactly(s, 2)
    yield from w.exactly(s, methods[1])
    yield from w.send(s, b'\5\2' if auth else b'\5\0')
    if auth:
        yield from w.exactly(s, 2 + 4 + 1 + 4)
        yield from w.send(s, b'\1\0')
    head = yield from w.exactly(s, 5)
    yield from w.exactly(s, {1: 5, 4: 17, 3: head[4] + 2}[head[3]])
    yield from w.send(s, b'\5\0\0\1' + bytes(6))


def http_connect(w, s, asks=False):
    told = False
    while True:
        while (row := (yield from w.line_of(s))) != b'\r\n':
            told |= row.startswith(b'Proxy-Authorization:')
        if told or not asks:
            break
        yield from w.send(s, b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
    yield from w.send(s, b'HTTP/1.1 200 OK\r\n\r\n')


def by_proxy(*ways, url):
    def run(w):
        taker = w.taker(DATA, ANSWER)

        def script(s):
            for way, more in ways:
                yield from way(w, s, **more)
            yield from taker(s)
        port = w.server(script)
        w.start(f'connect -n {url} 192.0.2.1 80'.replace('PORT', str(port)), stdin=DATA, stdout=ANSWER)
        yield from w.ended()
    return run


add('proxy_socks4', by_proxy((socks4, {}), url='--proxy socks4://127.0.0.1:PORT'))
add('proxy_socks5', by_proxy((socks5, {'auth': True}), url='--proxy socks5://user:pass@127.0.0.1:PORT'))
add('proxy_http', by_proxy((http_connect, {}), url='--proxy http://127.0.0.1:PORT'))
add('proxy_http_auth', by_proxy((http_connect, {'asks': True}), url='--proxy http://user:pass@127.0.0.1:PORT'))
add('proxy_chain', by_proxy((socks5, {}), (http_connect, {}),
                            url='--proxy socks5://127.0.0.1:PORT --proxy http://127.0.0.1:1'))


@line
def proxy_auth_file(w):
    taker = w.taker(DATA, ANSWER)

    def script(s):
        yield from socks5(w, s, auth=True)
        yield from taker(s)
    w.write('secrets', b'user:pass\n')
    os.chmod(w.path('secrets'), 0o600)
    port = w.server(script)
    w.start(f'connect -n --proxy socks5://127.0.0.1:{port} --proxy-auth-file secrets 192.0.2.1 80', stdin=DATA,
            stdout=ANSWER)
    yield from w.ended()


# ---- listen ----

def serving(options, *, sends=DATA, gets=ANSWER, stdin=ANSWER, stdout=DATA, clients=1, kept=False, before=None,
            greeting=None, **more):
    """A line that listens; CLIENTS come one after the other, each sends SENDS and is to receive GETS. KEPT: it goes on
    until it is terminated."""
    def run(w):
        if before:
            before(w)
        w.start('listen -n ' + options, stdin=stdin, stdout=stdout,
                notify=True, **more)
        port = yield from w.listening()
        for i in range(clients):
            yield from w.client(port, sends, gets, name=f'client {i}', greeting=greeting and (lambda s: greeting(w, s)))
        if kept:
            yield from w.terminate()
        else:
            yield from w.ended_or_waits()
    return run


LO = '127.0.0.1 0'
add('listen', serving(LO))
add('listen_files', serving(LO, file=True, stdin_file=True))
add('listen_both_families', serving('0'))
add('listen_keep', serving(f'-k {LO}', stdin=None, gets=b'', stdout=DATA * 2, clients=2, kept=True))
add('listen_echo', serving(f'-k --echo {LO}', stdin=None, gets=DATA, stdout=b'', clients=3, kept=True))
add('listen_echo_accept', serving(f'--echo --accept 2 -v --json --stats {LO}', stdin=None, gets=DATA, stdout=b'', clients=2))
add('listen_discard', serving(f'-k --discard {LO}', stdin=None, gets=b'', stdout=b'', clients=2, kept=True))
add('listen_exec', serving(f"-k -e 'tr a-z A-Z' {LO}", stdin=None, sends=TEXT, gets=upper(TEXT), stdout=b'', clients=2,
                           kept=True))
add('listen_command', serving(f'{LO} -- tr a-z A-Z', stdin=None, sends=TEXT, gets=upper(TEXT), stdout=b''))
add('listen_relay', serving(f"-k -i 5 -e 'tr a-z A-Z' {LO}", stdin=None, sends=TEXT, gets=upper(TEXT), stdout=b'',
                            clients=2, kept=True))
add('listen_messages', serving(f'-k --json --wire-frame netstring {LO}', stdin=None, sends=netstrings(LINES_OF_ROWS), gets=b'',
                               stdout=lambda got: None if got.count(b'"message"') == 5 else 'not five', kept=True))
add('listen_messages_exec', serving(f"-k --wire-frame netstring -e 'tr -d \\\\n | tr a-z A-Z' {LO}", stdin=None,
                                    sends=netstrings(LINES_OF_ROWS), gets=netstrings(upper(LINES_OF_ROWS)), stdout=b'', kept=True))
add('listen_rate', serving(f'--rate 500k {LO}'))
add('listen_allow', serving(f'-k --echo --allow-file allow --deny-file deny {LO}', stdin=None, gets=DATA, stdout=b'', clients=2,
                            kept=True,
                            before=lambda w: (w.write('allow', b'127.0.0.0/8 # all\n'), w.write('deny', b'192.0.2.1\n'))))
add('listen_user', serving(f'--user nobody {LO}'))
add('listen_accept_proxy', serving(f'-k --echo --accept-proxy 127.0.0.1 {LO}', stdin=None,
                                   sends=b'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n' + DATA, gets=DATA, stdout=b'', clients=2,
                                   kept=True))
add('listen_live', serving(f'-k --live {LO}', stdin=None, gets=b'', stdout=DATA * 2, clients=2, kept=True))
add('listen_max', serving(f'-k -m 1 --echo {LO}', stdin=None, gets=DATA, stdout=b'', clients=2, kept=True))


@line
def listen_deny(w):
    """One that is denied receives nothing."""
    w.write('deny', b'192.0.2.1\n127.0.0.0/8\n')
    w.start(f'listen -n -k --echo --deny-file deny {LO}', notify=True)
    port = yield from w.listening()
    for i in range(2):
        yield from w.client(port, b'let me in', b'', name=f'denied {i}', end=None)
    yield from w.terminate()


@line
def listen_broker(w):
    """Three clients; what one sends the others receive."""
    w.start(f'listen -n --broker --accept 3 {LO}', notify=True)
    port = yield from w.listening()
    sinks = [w.sink(f'client {i}', wanted) for i, wanted in enumerate((b'', DATA, DATA))]
    if port:
        clients = [w.connect(port) for _ in sinks]
        if all(clients):
            for s, sink in zip(clients[1:], sinks[1:]):
                w.task(w.take(s, sink))
            # Whom it has not accepted yet would miss it: a word makes the round first.
            yield from w.until(lambda: w.status is not None or len(sockets_of(w)) > 3, 0.5)
            w.task(w.send(clients[0], DATA))
            yield from w.until(lambda: w.status is not None or all(len(s.got) >= len(s.wanted) for s in sinks), 1.5)
            for s in clients:
                try:
                    s.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
            first = w.task(w.take(clients[0], sinks[0]))
            yield from w.until(lambda: first.over, 1)
    yield from w.ended_or_waits()


def sockets_of(w):
    found = []
    try:
        for fd in os.listdir(f'/proc/{w.process}/fd'):
            if os.readlink(f'/proc/{w.process}/fd/{fd}').startswith('socket:'):
                found.append(fd)
    except OSError:
        pass
    return found


@line
def listen_forward(w):
    port = w.server(w.echoer(DATA * 2, promise=False))
    w.start(f'listen -n -k --forward 127.0.0.1:{port} {LO}', notify=True)
    here = yield from w.listening()
    for i in range(2):
        yield from w.client(here, DATA, DATA, name=f'client {i}')
    yield from w.terminate()


def serve_proxy(protocol, greeting, sends=DATA, gets=DATA, options='-n', script=None):
    def run(w):
        site = w.server(w.echoer(DATA * 2, promise=False) if script is None else lambda s: script(w, s))
        w.start(f'listen --proxy-server {protocol} {options} {LO}', notify=True)
        port = yield from w.listening()
        for i in range(2):
            yield from w.client(port, sends(site) if callable(sends) else sends, gets, name=f'client {i}',
                                greeting=greeting and (lambda s: greeting(w, s, site)))
        yield from w.terminate()
    return run


def greets_socks4(w, s, site):
    yield from w.send(s, struct.pack('!BBH4s', 4, 1, site, bytes([127, 0, 0, 1])) + b'me\0')
    return (yield from w.exactly(s, 8))[1] == 0x5a


def greets_socks5(w, s, site):
    yield from w.send(s, b'\5\1\2')
    yield from w.exactly(s, 2)
    yield from w.send(s, b'\1\4user\4pass')
    if (yield from w.exactly(s, 2))[1]:
        return False
    yield from w.send(s, b'\5\1\0\3\x09localhost' + struct.pack('!H', site))
    return (yield from w.exactly(s, 10))[1] == 0


def greets_connect(w, s, site):
    yield from w.send(s, b'CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n' % site)
    status = yield from w.line_of(s)
    while (yield from w.line_of(s)) != b'\r\n':
        pass
    return status.split()[1] == b'200'


def http_site(w, s):
    """A site that sends ANSWER."""
    while (yield from w.line_of(s)) != b'\r\n':
        pass
    yield from w.send(s, b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n' % len(ANSWER) + ANSWER)
    s.close()


def ends_with_answer(got):
    return None if got.endswith(b'\r\n\r\n' + ANSWER) else f'{len(got)} bytes: {got[:50]!r}'


add('proxyd_socks4', serve_proxy('socks5', greets_socks4))
add('proxyd_socks5', serve_proxy('socks5', greets_socks5, options='--proxy-auth user:pass'))
add('proxyd_connect', serve_proxy('http', greets_connect))
add('proxyd_get', serve_proxy('http', None, gets=ends_with_answer, script=http_site,
                              sends=lambda site: b'GET http://127.0.0.1:%d/x HTTP/1.1\r\nHost: x\r\n\r\n' % site))


@line
def listen_activated(w):
    """Socket activation: the socket is inherited."""
    s = w.listener()
    port = s.getsockname()[1]
    w.start('listen -n', stdin=ANSWER, stdout=DATA, activate=s.fileno())
    s.close()
    yield from w.client(port, DATA, ANSWER)
    yield from w.ended_or_waits()


# ---- UDP ----

def datagram_server(w, s, sink, answer):
    while True:
        yield s.fileno(), IN
        data, sender = s.recvfrom(65536)
        sink.got.append(data)
        for d in answer(data):
            s.sendto(d, sender)


def udp_server(w, wanted, answer=lambda data: ()):
    s = w.listener(kind=socket.SOCK_DGRAM)
    sink = Datagrams('peer', wanted)
    w.sinks.append(sink)
    w.task(datagram_server(w, s, sink, answer), background=True)
    return s.getsockname()[1]


ROWS = LINES_OF_ROWS.splitlines()


def udp_sending(options, wanted=tuple(ROWS), answer=lambda data: (), **more):
    def run(w):
        port = udp_server(w, list(wanted), answer)
        if ' -o raw' in options:
            w.file('raw', b''.join(wanted))
        w.start(options.replace('PORT', str(port)), **{'stdin': LINES_OF_ROWS, **more})
        yield from w.ended()
    return run


add('udp_send', udp_sending('udp-send -n --frame line 127.0.0.1 PORT'))
add('udp_send_name', udp_sending('udp-send --frame line localhost PORT'))
add('udp_send_read', udp_sending('udp-send -n 127.0.0.1 PORT', wanted=[DATA], stdin=DATA))
add('udp_send_replies', udp_sending('udp-send -n --frame line -w 2 --replies 5 127.0.0.1 PORT',
                                    answer=lambda data: (data.upper(),), stdout=LINES_OF_ROWS.upper()))
add('udp_send_any_source', udp_sending('udp-send -n --any-source --data hello -w 2 --replies 1 127.0.0.1 PORT',
                                       wanted=[b'hello'], answer=lambda data: (data,),
                                       stdout='golden', stdin=None))
add('udp_send_pps', udp_sending('udp-send -n --frame line --pps 500 --repeat 2 -o raw --stats 127.0.0.1 PORT',
                                wanted=ROWS * 2))
add('udp_send_probe', udp_sending('udp-send -n -z -w 1 --data hi 127.0.0.1 PORT', wanted=[b'hi'], stdin=None,
                                  answer=lambda data: (data,), stdout='golden'))


def udp_client(w, port, rows, wanted, name='client'):
    """A client that sends ROWS one by one; after each it waits for what WANTED has for it, for a second."""
    sink = Datagrams(name, wanted)
    w.sinks.append(sink)
    if not isinstance(port, int):
        return
    s = w.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    s.connect(('127.0.0.1', port))
    s.setblocking(False)

    def reader():
        while True:
            yield s.fileno(), IN
            sink.got.append(s.recv(65536))
    w.task(reader(), background=True)
    yield from send_rows(w, s, rows, sink)


def send_rows(w, s, rows, sink):
    """Sends ROWS by S; waits after each for half a second, for one more to come into SINK where it wants any."""
    for row in rows:
        had = len(sink.got)
        try:
            s.send(row)
        except OSError:
            return
        if sink.wanted:
            yield from w.until(lambda: len(sink.got) > had or w.status is not None, 0.5)


def udp_receiving(options, stdout=LINES_OF_ROWS, wanted=(), rows=tuple(ROWS), stdin=None, kept=False, **more):
    def run(w):
        if ' -o raw' in options:
            w.file('raw', b''.join(rows))
        w.start(options, stdout=stdout, notify=True, stdin=stdin, **more)
        port = yield from w.listening()
        yield from udp_client(w, port, rows, list(wanted))
        if kept:
            yield from w.terminate()
        else:
            yield from w.ended()
    return run


UPPER = [r.upper() for r in ROWS]
add('udp_recv', udp_receiving(f'udp-recv -n --frame line -c 5 -w 3 {LO}'))
add('udp_recv_json', udp_receiving(f'udp-recv -n --json -c 5 -w 3 {LO}',
                                   stdout=lambda got: None if re.findall(rb'"data":"(row \d)"', got) == ROWS else got.decode()))
add('udp_recv_files', udp_receiving(f'udp-recv -n --frame line -c 5 -w 3 -o raw --timestamp --from {LO}', file=True,
                                    stdout=lambda got: None if re.findall(rb'row \d', got) == ROWS else got.decode()))
add('udp_recv_echo', udp_receiving(f'udp-recv -n --echo -c 5 -w 3 {LO}', stdout=b'', wanted=ROWS))
add('udp_recv_exec', udp_receiving(f"udp-recv -n -c 5 -w 3 -e 'tr a-z A-Z' {LO}", stdout=b'', wanted=UPPER))
add('udp_recv_reply', udp_receiving(f'udp-recv -n --reply latest --frame line {LO}', rows=[b'question'], kept=True,
                                    stdin=b'answer\n', stdout=b'question\n', wanted=[b'answer']))


def udp_forwarding(options):
    def run(w):
        port = udp_server(w, ROWS, lambda data: (data.upper(),))
        yield from udp_receiving(options.replace('PORT', str(port)), stdout=b'', wanted=UPPER, kept=True)(w)
    return run


add('udp_recv_forward', udp_forwarding(f'udp-recv -n --forward 127.0.0.1:PORT -m 1 {LO}'))

# ---- unix ----

def unix_connecting(options, kind=socket.SOCK_STREAM, script=None, **more):
    def run(w):
        w.server(script(w) if script else w.taker(DATA, ANSWER, promise=False), socket.AF_UNIX, kind, w.path('s'))
        w.start(f'unix {options} s', **{'stdin': DATA, 'stdout': ANSWER, **more})
        yield from w.ended()
    return run


def heard_header(w):
    return w.taker(b'PROXY UNKNOWN\r\n' + DATA, ANSWER, promise=False)


def unix_listening(options, kind=socket.SOCK_STREAM, sends=DATA, gets=ANSWER, clients=1, kept=False, path='s', **more):
    def run(w):
        w.start(f'unix --listen {options} {path}',
                **{'stdin': ANSWER, 'stdout': DATA, 'notify': True, **more})
        there = yield from w.listening()
        for i in range(clients):
            yield from w.client(None, sends, gets, name=f'client {i}', path=there and w.path(path), kind=kind)
        if kept:
            yield from w.terminate()
        else:
            yield from w.ended_or_waits()
    return run


add('unix', unix_connecting(''))
add('unix_send_proxy', unix_connecting('--send-proxy v1', script=heard_header))

add('unix_listen', unix_listening('--mode 600'))
add('unix_listen_echo', unix_listening('-k --echo', stdin=None, stdout=b'', gets=DATA, clients=2, kept=True))
add('unix_listen_exec', unix_listening("-k -e 'tr a-z A-Z'", stdin=None, stdout=b'', sends=TEXT, gets=upper(TEXT),
                                       clients=2, kept=True))
add('unix_listen_owner', unix_listening('--owner nobody --allow-uid root'))


@line
def unix_stale(w):
    """A socket file that nobody listens on is replaced."""
    s = socket.socket(socket.AF_UNIX)
    s.bind(w.path('s'))
    w.files.add('s')
    s.close()
    yield from unix_listening('')(w)


@line
def unix_forward(w):
    port = w.server(w.echoer(DATA * 2, promise=False))
    w.start(f'unix -l -k --forward 127.0.0.1:{port} s', notify=True)
    there = yield from w.listening()
    for i in range(2):
        yield from w.client(None, DATA, DATA, name=f'client {i}', path=there and w.path('s'))
    yield from w.terminate()


@line
def unix_dgram_send(w):
    s = w.listener(socket.AF_UNIX, socket.SOCK_DGRAM, w.path('s'))
    sink = Datagrams('peer', ROWS)
    w.sinks.append(sink)
    w.task(datagram_server(w, s, sink, lambda data: (data.upper(),)), background=True)
    w.start('unix --type dgram --frame line -w 2 --replies 5 s', stdin=LINES_OF_ROWS, stdout=LINES_OF_ROWS.upper())
    yield from w.ended()


def unix_datagrams(options, wanted=(), stdout=LINES_OF_ROWS, rows=tuple(ROWS), stdin=None):
    def run(w, rows=rows):
        w.start(options, stdout=stdout, notify=True, stdin=stdin)
        there = yield from w.listening()
        sink = Datagrams('client', list(wanted))
        w.sinks.append(sink)
        if there:
            s = w.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            s.bind(w.path('c'))
            w.files.add('c')
            try:
                s.connect(w.path('s'))
            except OSError:
                rows = ()
            s.setblocking(False)

            def reader():
                while True:
                    yield s.fileno(), IN
                    sink.got.append(s.recv(65536))
            w.task(reader(), background=True)
            yield from send_rows(w, s, rows, sink)
        yield from w.ended()
    return run


add('unix_dgram_recv', unix_datagrams('unix -l --type dgram --frame line -c 5 -w 3 s'))
add('unix_dgram_echo', unix_datagrams('unix -l --type dgram --echo -c 5 -w 3 s', wanted=ROWS, stdout=b''))
add('unix_dgram_exec', unix_datagrams("unix -l --type dgram -c 5 -w 3 -e 'tr a-z A-Z' s", wanted=UPPER, stdout=b''))


@line
def unix_seqpacket(w):
    """Packets: each line is one, and so are the answers."""
    sink = w.sink('peer', b''.join(ROWS), end='fin')

    def script(s):
        while (data := (yield from w.receive(s, sink))):
            yield from w.send(s, data.upper())
        s.close()
    w.server(script, socket.AF_UNIX, socket.SOCK_SEQPACKET, w.path('s'))
    w.start('unix --type seqpacket --frame line s', stdin=LINES_OF_ROWS, stdout=LINES_OF_ROWS.upper())
    yield from w.ended()


add('unix_seqpacket_listen', unix_listening('--type seqpacket', kind=socket.SOCK_SEQPACKET, sends=b'packet', gets=b'answer',
                                            stdin=b'answer', stdout=b'packet'))


@line
def unix_send_fd(w):
    """A descriptor goes along with the first bytes."""
    w.write('passed', b'what is in the file')
    fd = w.keep(os.open(w.path('passed'), os.O_RDONLY))
    sink, file = w.sink('peer', DATA), w.sink('the descriptor', b'what is in the file')

    def script(s):
        yield s.fileno(), IN
        data, fds, _, _ = socket.recv_fds(s, 65536, 4)
        sink.got += data
        for passed in fds:
            file.got += os.pread(passed, 100, 0)
            os.close(passed)
        if data:
            yield from w.take(s, sink)
        yield from w.send(s, ANSWER)
        s.close()
    w.server(script, socket.AF_UNIX, path=w.path('s'))
    w.start(f'unix --send-fd {fd} s', stdin=DATA, stdout=ANSWER, fds=(fd,))
    yield from w.ended()


@line
def unix_recv_fd(w):
    """The command has it as its descriptor 3."""
    w.write('passed', b'what is in the file')
    w.start("unix -l --recv-fd s -e 'cat; cat <&3'", notify=True)
    there = yield from w.listening()
    sink = w.sink('client', b'hello' + b'what is in the file', end='fin')
    s = there and w.connect(None, w.path('s'))
    if s:
        with open(w.path('passed'), 'rb') as f:
            try:
                socket.send_fds(s, [b'hello'], [f.fileno()])
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        yield from w.take(s, sink)
        s.close()
    yield from w.ended_or_waits()


# ---- resolve ----

NAMES = {b'one': [bytes([192, 0, 2, 1])], b'two': [bytes([192, 0, 2, 2]), bytes([192, 0, 2, 3])],
         b'many': [bytes([192, 0, 2, i]) for i in range(60)]}


def dns_answer(data, tcp=False):
    """What our name server says to DATA."""
    end = 12
    labels = []
    while data[end]:
        labels.append(data[end + 1:end + 1 + data[end]])
        end += 1 + data[end]
    end += 5
    kind = struct.unpack('!H', data[end - 4:end - 2])[0]
    found = NAMES.get(labels[0].lower() if labels else b'')
    records, flags = [], 0x8180
    if kind == 1 and found:
        records = [(1, a) for a in found]
    elif kind == 15 and found:
        records = [(15, b'\0\5\4mail\xc0\x0c')]
    elif kind == 12:
        records = [(12, b'\3one\7example\0')]
    elif not found:
        flags |= 3
    if labels and labels[0] == b'many' and not tcp:
        records, flags = [], flags | 0x200
    body = b''.join(b'\xc0\x0c' + struct.pack('!HHIH', k, 1, 60, len(d)) + d for k, d in records)
    return data[:2] + struct.pack('!HHHHH', flags, 1, len(records), 0, 0) + data[12:end] + body


def name_server(w):
    """A DNS server on one port by UDP and TCP; returns it."""
    while True:
        u = w.listener(kind=socket.SOCK_DGRAM)
        t = w.keep(socket.socket())
        try:
            t.bind(u.getsockname())
        except OSError:
            continue
        break
    t.listen(16)
    t.setblocking(False)

    def questions():
        while True:
            yield u.fileno(), IN
            data, sender = u.recvfrom(4096)
            u.sendto(dns_answer(data), sender)

    def stream(s):
        while True:
            size = struct.unpack('!H', (yield from w.exactly(s, 2)))[0]
            answer = dns_answer((yield from w.exactly(s, size)), True)
            yield from w.send(s, struct.pack('!H', len(answer)) + answer)

    def forever(s):
        yield from w.acceptor(t, lambda s: quiet(stream(s)))

    def quiet(play):
        task = w.task(play, background=True)
        if False:
            yield task
    w.task(questions(), background=True)
    w.task(forever(t), background=True)
    return u.getsockname()[1]


def asking(words, stdin=None, server=False, stdout='golden', **more):
    def run(w):
        port = name_server(w) if server else 0
        w.start(words.replace('PORT', str(port)), stdin=stdin, stdout=stdout, **more)
        yield from w.ended()
    return run


add('resolve_own', asking('resolve'))
add('resolve_name', asking('resolve localhost'))
add('resolve_address', asking('resolve 127.0.0.1'))
add('resolve_all', asking('resolve -a --json localhost', stdout=lambda got: None if b'"127.0.0.1"' in got else got.decode()))
add('resolve_forms', asking('resolve --forms 192.0.2.1 2001:db8::1'))
add('resolve_bulk', asking('resolve - --jobs 3', stdin=b'localhost\n127.0.0.1\nlocalhost\n' * 3))
add('resolve_confirm', asking('resolve --reverse --forward-confirm -v localhost'))
add('resolve_server', asking('resolve --server 127.0.0.1:PORT one.example two.example', server=True))
add('resolve_server_tcp', asking('resolve --server 127.0.0.1:PORT many.example one.example', server=True))
add('resolve_server_name', asking('resolve --server localhost:PORT one.example', server=True))
add('resolve_server_mx', asking('resolve --server 127.0.0.1:PORT --record MX one.example', server=True))
add('resolve_server_ptr', asking('resolve --server 127.0.0.1:PORT 192.0.2.1', server=True))
add('resolve_server_none', asking('resolve --server 127.0.0.1:PORT none.example one.example', server=True, status=3))
add('resolve_server_bulk', asking('resolve --server 127.0.0.1:PORT -', server=True,
                                  stdin=b''.join(b'%s.example\n' % n for n in NAMES) * 4))

# ---- servinfo, sockname, and what asks nobody ----

add('servinfo', asking('servinfo http 53/udp 20-25'))
add('servinfo_all', asking('servinfo'))
add('servinfo_protocol', asking('servinfo --protocol tcp,17'))
add('help', asking('help'))
add('sockname_options', asking('sockname --options', stdout='golden but for numbers'))
add('sockname_interfaces', asking('sockname --interfaces'))


def about_socket(words, **more):
    """sockname of a connection of ours."""
    def run(w):
        s = w.listener()
        port = s.getsockname()[1]
        c = w.connect(port)
        w.hidden += [str(c.getsockname()[1]), str(os.getpid())]
        w.start(words.replace('PORT', str(port)).replace('FD', str(c.fileno())), stdout='golden but for numbers',
                fds=(c.fileno(),) if 'FD' in words else ())
        yield from w.ended()
    return run


add('sockname_host', asking('sockname -n 127.0.0.1 9'))
add('sockname_fd', about_socket('sockname -n --local --fd FD'))
add('sockname_fd_all', about_socket('sockname -n --fd FD'))
add('sockname_listening', about_socket('sockname -n --listening PORT'))
add('sockname_sockets', about_socket('sockname -n --sockets PORT --protocol tcp --state listen,established'))
add('sockname_connected', about_socket('sockname -n --connect --peer 127.0.0.1 PORT'))


@line
def sockname_unix(w):
    w.listener(socket.AF_UNIX, path=w.path('s'))
    w.hidden.append(str(os.getpid()))
    w.start(f"sockname -n --listening unix:{w.path('s')}", stdout='golden but for numbers')
    yield from w.ended()
