"""The tools that a bench compares: where they are, and how they are started.

A job has a table with a row for each of them: its name, and the words that tell it what to do. The
first is the program, the others may have {host}, {port} and what else the job knows.
"""
import contextlib
import functools
import os
import re
import shlex
import shutil
import socket
import textwrap
import time
from typing import Callable, NamedTuple

from process import MESSAGES, NULL, Bad, Child, attempt, close, finish, pipe

HOST = '127.0.0.1'
HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.environ.get('PATH', os.defpath) + ':/usr/sbin:/sbin:/lib/systemd'
OURS = ('tcp', 'udp', 'loop')  # programs of this folder

PROGRAMS = {  # all that are compared, and how each is asked for its version
    'sockit': '--version', 'nc.openbsd': '-h', 'nc.traditional': '-h', 'ncat': '--version',
    'socat': '-V', 'busybox': '--help', 'toybox': '--version', 'mbuffer': '--version',
    'nuttcp': '-V', 'haproxy': '-v', 'nginx': '-v', 'rinetd': '--version',
    'systemd-socket-proxyd': '--version', 'tcpserver': '', 'microsocks': '', 'danted': '-v',
    'ssh': '-V', 'tinyproxy': '-v', 'privoxy': '--version', 'hping3': '-v', 'nping': '--version',
    'httping': '-V', 'massdns': '--help', 'dig': '-v', 'kdig': '-V',
}
CONFIGURATIONS = {  # what is in {conf}
    'haproxy': '''
        global
          nbthread 1
          maxconn 4000
        defaults
          mode tcp
          timeout connect 10s
          timeout client 60s
          timeout server 60s
        listen relay
          bind {host}:{port}
          server it {host}:{to}''',
    'nginx': '''
        daemon off;
        master_process off;
        pid nginx.pid;
        load_module /usr/lib/nginx/modules/ngx_stream_module.so;
        worker_rlimit_nofile 8192;
        events {{ worker_connections 4096; }}
        stream {{ server {{ listen {host}:{port}; proxy_pass {host}:{to}; }} }}''',
    'rinetd': '''
        pidlogfile rinetd.pid
        {host} {port} {host} {to}''',
    'danted': '''
        internal: {host} port = {port}
        external: {host}
        socksmethod: none
        clientmethod: none
        client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
        socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}''',
    'ssh': '''
        HostKey {folder}/key
        AuthorizedKeysFile {folder}/key.pub
        StrictModes no
        PidFile none''',
    'tinyproxy': '''
        Listen {host}
        Port {port}
        MaxClients 4000
        LogLevel Critical''',
    'privoxy': '''
        listen-address {host}:{port}
        toggle 0
        max-client-connections 4000
        listen-backlog 4096''',
    'massdns': '''
        {host}:{port}''',
}
FIRST = {'ssh': "ssh-keygen -q -t ed25519 -N '' -f key"}  # what has to be done once

missing = []  # what was looked for


@functools.lru_cache(maxsize=None)
def compiled(name):
    """The program NAME.c of this folder, made; None where that is not possible, which is told."""
    cc = os.environ.get('CC', 'cc').split()
    words = ['-O2', '-pthread', '-o', name, os.path.join(HERE, f'{name}.c')]
    try:
        attempt(lambda: finish(Child(cc + words)), 60)
    except Bad as bad:
        print(f'{name}.c needs {cc[0]}: {bad.args[1]}'[:79])
        return None
    return os.path.abspath(name)


@functools.lru_cache(maxsize=None)
def found(program):
    """Where it is; None: nowhere."""
    if program in OURS:
        return compiled(program)
    if program == 'sockit':
        return os.path.abspath(os.environ.get('SOCKIT', './sockit'))
    path = shutil.which(program, path=PATH)
    if not path and program in PROGRAMS:
        missing.append(program)
    if path and program in FIRST:
        with contextlib.suppress(Bad):  # whoever needs it will say so
            attempt(lambda: finish(Child(shlex.split(FIRST[program]))), 10)
    return path


class Job(NamedTuple):
    name: str
    title: str  # with members of what is chosen
    heads: list  # of the figures
    do: Callable  # a peer and what is chosen, to the figures of one turn
    table: dict
    needs: Callable = lambda: True


class Peer:
    """Who does a job: its name, and the row of the job's table."""
    def __init__(self, name, told):
        self.name, self.told = name, told
        self.program = (told if isinstance(told, str) else told[0]).split()[0]

    def title(self):
        return version(self.program) if self.name == self.program in PROGRAMS else self.name


def peers(table, chosen):
    """Those of a table who are wanted and there; what is no tool always is wanted."""
    all_of_it = [Peer(name, told) for name, told in table.items()]
    return [peer for peer in all_of_it
            if (peer.program in chosen.tools or peer.program not in PROGRAMS)
            and found(peer.program)]


@functools.lru_cache(maxsize=None)
def version(program):
    """The name of a program and its version, as far as it tells."""
    def ask():
        out = MESSAGES.fileno()
        finish(Child([found(program), PROGRAMS[program]], stdout=out, tool=False))
        said = os.pread(out, 2000, 0).decode('ascii', 'replace')
        return re.search(r'\d+\.\d+(?:[\w.-]*\w)?', said)
    with contextlib.suppress(Bad):
        number = PROGRAMS[program] and attempt(ask, 5)
        if number and len(program + number[0]) < 23:
            return f'{program} {number[0]}'
    return program


def argv(words, **values):
    program, *others = shlex.split(words.format(host=HOST, folder=os.getcwd(), **values))
    return [found(program), *others]


def sockets(port, protocol):
    """The state of each socket of a port, and how many datagrams it has dropped."""
    for table in filter(os.path.exists, (f'/proc/net/{protocol}', f'/proc/net/{protocol}6')):
        with open(table) as f:
            for row in map(str.split, f):
                if row[1].endswith(f':{port:04X}'):
                    yield row[3], row[-1]


def bound(protocol):
    """A socket of ours with a port of its own, of UNIX a path; a stream's listens."""
    one = socket.socket(socket.AF_UNIX if protocol == 'unix' else socket.AF_INET,
                        socket.SOCK_DGRAM if protocol == 'udp' else socket.SOCK_STREAM)
    one.bind(f'socket.{time.monotonic_ns()}' if protocol == 'unix' else (HOST, 0))
    if protocol != 'udp':
        one.listen(4096)
    return one


def free_port():
    with bound('tcp') as one:
        return one.getsockname()[1]


def configured(program, **values):
    """The name of a file with what a program is told, made if there is such."""
    if program in CONFIGURATIONS:
        with open(f'{program}.conf', 'w') as f:
            text = textwrap.dedent(CONFIGURATIONS[program]).strip()
            print(text.format(host=HOST, folder=os.getcwd(), **values), file=f)
    return f'{program}.conf'


def started(words, stdout=NULL, protocol='tcp', **values):
    """A server that is ready, and its port. Its stdin stays open and silent, as a terminal would:
    some lose data where it ends. It chooses a port and tells it to descriptor 3, or is told one
    (which takes --notify-fd, or {port}), else it gets its socket there."""
    program = words.split()[0]
    stdin, _ = pipe()
    if '--notify-fd' in words:
        ready, notify = pipe()
        child = Child(argv(words, **values), stdin, stdout, notify)
        close(notify)
        port = int((os.read(ready, 100).split() or [0, 0])[1])
    else:
        with bound(protocol) as one:
            place = one.getsockname()
            port = place if protocol == 'unix' else place[1]
            told = '{port}' in words or '{conf}' in words
            if told:
                one.close()
            conf = configured(program, port=port, **values)
            command = argv(words, port=port, conf=conf, **values)
            if not told and program not in OURS:  # as systemd does it
                command[:0] = ['/bin/sh', '-c', 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"']
            child = Child(command, stdin, stdout, None if told else one.fileno(),
                          ours=program in OURS)
        while told and not any(state in ('0A', '07') for state, _ in sockets(port, protocol)):
            time.sleep(0.001)
            if child.ended():
                port = 0
                break
    close(stdin)
    if not port:
        finish(child)
        raise Bad('failed', 'does not listen')
    return child, port


def talking(program, *words):
    """A program of ours in the background: its child, what it prints, and its stdin."""
    stdin, to = pipe()
    out, stdout = pipe()
    child = Child([found(program), *map(str, words)], stdin, stdout, ours=True)
    close(stdin, stdout)
    return child, out, to


def until_ready(child, out):
    if os.read(out, 100) != b'ready\n':
        finish(child)
        raise Bad('failed', 'not ready')
