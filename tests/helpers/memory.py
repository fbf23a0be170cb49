"""memory.py - runs a program again and again, and each time another of its allocations fails

    memory.py each TEXT COMMAND...
        Each fails alone, then with all that come after it. The program has succeeded and printed TEXT, or it has
        ended with a message of memory, having printed no more than the beginning of TEXT. It reads the file in. TEXT `-`:
        what it prints where nothing fails.

    memory.py clients MANY REQUEST ANSWER COMMAND...
        COMMAND listens, tells where by --notify-fd, and says with -v whom it accepts; each allocation fails that it
        makes for so MANY clients who are there together. Each of them sends REQUEST, and gets what begins with ANSWER,
        but for one, of which the listener says that there was no memory for it.

$LIBRARY is malloc_fail.c, compiled. In the words escapes are those of Python. Where something is not so that is printed,
with status 1.
"""
import atexit
import os
import signal
import socket
import subprocess
import sys
import time

COUNT = 'count'


def environment(**more):
    return dict(os.environ, LD_PRELOAD=os.environ['LIBRARY'], MALLOC_COUNT=COUNT, **more)


def allocations():
    with open(COUNT) as file:
        return int(file.read())


def run(command, **failing):
    """Returns how COMMAND has ended, and what it printed."""
    with open('in') as stdin:
        try:
            done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10,
                                  env=environment(**failing))
        except subprocess.TimeoutExpired:
            return 'none in 10 s', b'', b''
    return done.returncode, done.stdout, done.stderr


def each(text, command):
    status, out, err = run(command)
    most, named = allocations(), b''
    if text == b'-':
        text, named = out, b'MEM'
        if status or not text:
            sys.exit('status %s, stdout %r, stderr %r' % (status, out, err))
    for more in {}, {'MALLOC_FAIL_ALL': '1'}:
        for n in range(1, most + 1):
            status, out, err = run(command, MALLOC_FAIL=str(n), **more)
            good = out == text if status == 0 else status in (1, 2, 3, 4) and err and named in err and text.startswith(out)
            if not good:
                sys.exit('allocation %d of %d %s: status %s, stdout %r, stderr %r' % (n, most, more, status, out, err))


def start(command, **failing):
    """Returns the process of COMMAND that listens, and its port, None where it has failed."""
    reading, writing = os.pipe()
    process = subprocess.Popen(command + ['-v', '--notify-fd', str(writing)], stderr=subprocess.PIPE,
                               pass_fds=[writing], stdin=subprocess.DEVNULL, env=environment(**failing))
    atexit.register(process.kill)
    os.close(writing)
    with os.fdopen(reading) as ready:
        words = ready.read().split()
    return process, int(words[1]) if words else None


def connect(port):
    client = socket.socket()
    client.settimeout(10)
    try:
        client.connect(('127.0.0.1', port))
    except OSError:
        pass
    return client


def send(client, request):
    try:
        client.sendall(request)
    except OSError:
        pass


def gets(client, answer):
    try:
        return client.recv(1000).startswith(answer)
    except OSError:
        return False


def serve(process, port, many, request, answer):
    """Returns how many clients have got what they wanted, and what PROCESS has said until all were accepted."""
    clients = [connect(port) for _ in range(many)]
    said, accepted = b'', 0
    while accepted < many:
        line = process.stderr.readline()
        said += line
        accepted += b' accepted ' in line
        if not line:
            break
    for client in clients:
        send(client, request)
    served = sum(gets(client, answer) for client in clients)
    for client in clients:
        client.close()
    return served, said


def clients(many, request, answer, command):
    process, port = start(command + ['-w', '0.01'])
    process.communicate()
    first = allocations()
    # It ends of itself, since no more are accepted.
    process, port = start(command + ['--accept', str(many)])
    served, said = serve(process, port, many, request, answer)
    said += process.communicate()[1]
    most = allocations()
    if served != many:
        sys.exit('%d served: %r' % (served, said))
    lost = 0
    for n in range(first + 1, most + 1):
        process, port = start(command, MALLOC_FAIL=str(n))
        if not port:
            process.communicate()
            continue
        served, said = serve(process, port, many, request, answer)
        ended = process.poll()
        process.terminate()
        said += process.communicate()[1]
        lost += many - served
        if ended is not None or served < many - 1 or (served < many and b'MEM' not in said):
            sys.exit('allocation %d of %d: %d served, ended %s: %r' % (n, most, served, ended, said))
    if not lost:
        sys.exit('allocations %d to %d: none has failed for a client' % (first, most))


def late(request, answer, command):
    process, port = start(command + ['-w', '0.01'])
    process.communicate()
    first = allocations()
    failed = 0
    for n in range(first + 1, first + 100):
        process, port = start(command, MALLOC_FAIL=str(n))
        if not port:
            process.communicate()
            continue
        served = []
        for _ in range(2):
            client = connect(port)
            time.sleep(.02)  # for what would be as well without it
            send(client, request)
            served.append(gets(client, answer))
            client.close()
        process.terminate()
        said = process.communicate()[1]
        if not any(served):
            sys.exit('allocation %d: %r' % (n, said))
        if all(served) and failed:
            return
        failed += not served[0]
    sys.exit('allocations from %d: %d have failed for a client' % (first, failed))


def unescape(word):
    return word.encode().decode('unicode_escape').encode('latin-1')


def main():
    signal.signal(signal.SIGALRM, lambda *_: sys.exit('not done in 100 seconds'))
    signal.alarm(100)
    mode, *words = sys.argv[1:]
    if mode == 'each':
        each(unescape(words[0]), words[1:])
    elif mode == 'late':
        late(unescape(words[0]), unescape(words[1]), words[2:])
    else:
        clients(int(words[0]), unescape(words[1]), unescape(words[2]), words[3:])


main()
