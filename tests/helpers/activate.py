#!/usr/bin/env python3
"""A service manager: starts COMMAND with sockets from descriptor 3 on, as sd_listen_fds(3) and
sd_notify(3) have it.

    activate.py [WORD]... -- COMMAND [ARG...]

Each of these is one descriptor:
    tcp             listens on 127.0.0.1; its port is a line of the file `ports`
    tcp6            the same on ::1
    any             the same on 0.0.0.0
    unix:PATH       listens on a UNIX socket, abstract where PATH begins with @
    deaf            a TCP socket that does not listen
    udp, null       a UDP socket; /dev/null
    gone            none: the descriptor is closed
Others:
    nonblock        the sockets are non-blocking
    pid:N           LISTEN_PID in place of COMMAND's
    fds:N           LISTEN_FDS in place of how many there are
    notify:PATH     what is sent to NOTIFY_SOCKET goes to the file `notified`, a line each; @ as above
    set:NAME=VALUE  of the environment

SIGUSR1 shuts the sockets down, as whoever shares them can.

COMMAND's pid is in the file `child` as soon as it has started. The sockets stay open here too; when COMMAND
has ended their file status flags must be as they were (else exit status 99). The exit status is COMMAND's,
128+N where signal N ended it.
"""
import fcntl
import os
import signal
import socket
import sys
import threading


def path_of(word):
    return '\0' + word[1:] if word.startswith('@') else word


def listener(s, address):
    s.bind(address)
    s.listen(16)
    return s


def make(word):
    kind, _, argument = word.partition(':')
    if kind == 'tcp':
        return listener(socket.socket(), ('127.0.0.1', 0))
    if kind == 'tcp6':
        return listener(socket.socket(socket.AF_INET6), ('::1', 0))
    if kind == 'any':
        return listener(socket.socket(), ('0.0.0.0', 0))
    if kind == 'unix':
        return listener(socket.socket(socket.AF_UNIX), path_of(argument))
    if kind == 'deaf':
        return socket.socket()
    if kind == 'udp':
        return socket.socket(type=socket.SOCK_DGRAM)
    return open(os.devnull, 'rb') if kind == 'null' else None


def receive(s):
    while True:
        data = s.recv(4096)
        with open('notified', 'ab') as f:
            f.write(data + b'\n')


def child(files, settings, command):
    # None of the descriptors may be in another's place.
    fds = [fcntl.fcntl(f.fileno(), fcntl.F_DUPFD_CLOEXEC, 64) if f else -1 for f in files]
    for n, fd in enumerate(fds, 3):
        if fd >= 0:
            os.dup2(fd, n)
        else:
            try:
                os.close(n)
            except OSError:
                pass
    os.environ.update({'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': str(len(files)),
                       'LISTEN_FDNAMES': ':'.join(['name'] * len(files)), **settings})
    os.execvp(command[0], command)


def is_inheritable(fd):
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


def main():
    signal.alarm(120)  # it never outlives a test that hangs
    at = sys.argv.index('--')
    inherited = [fd for fd in range(3, 64) if is_inheritable(fd)]
    files, settings, nonblock = [], {}, False
    for word in sys.argv[1:at]:
        kind, _, argument = word.partition(':')
        if kind == 'nonblock':
            nonblock = True
        elif kind in ('pid', 'fds'):
            settings['LISTEN_' + kind.upper()] = argument
        elif kind == 'set':
            name, _, value = argument.partition('=')
            settings[name] = value
        elif kind == 'notify':
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind(path_of(argument))
            settings['NOTIFY_SOCKET'] = argument
            threading.Thread(target=receive, args=(s,), daemon=True).start()
        else:
            files.append(make(word))
    sockets = [f for f in files if isinstance(f, socket.socket)]
    for s in sockets:
        s.setblocking(not nonblock)
    with open('ports', 'w') as f:
        for s in sockets:
            if s.family != socket.AF_UNIX:
                print(s.getsockname()[1], file=f)
    before = [fcntl.fcntl(s, fcntl.F_GETFL) for s in sockets]
    pid = os.fork()
    if pid == 0:
        signal.alarm(0)
        child(files, settings, sys.argv[at + 1:])
    for fd in inherited:
        os.close(fd)
    signal.signal(signal.SIGUSR1, lambda *_: [s.shutdown(socket.SHUT_RDWR) for s in sockets])
    with open('child.new', 'w') as f:
        print(pid, file=f)
    os.rename('child.new', 'child')
    status = os.waitpid(pid, 0)[1]
    if [fcntl.fcntl(s, fcntl.F_GETFL) for s in sockets] != before:
        print('activate: the flags of a socket have changed', file=sys.stderr)
        os._exit(99)
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


main()
