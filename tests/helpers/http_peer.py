"""HTTP said byte by byte, for the tests of proxies.

http_peer.py site [ADDRESS]   a site; prints its port, then for each request a line: its path and what came behind it
http_peer.py ask PORT [step] [shutdown] <REQUEST
                         sends it (a byte at a time), ends its sending, and prints all that comes; exit status 3 where
                         that is no end but a reset
http_peer.py table PORT <TABLE
                         a line each: the status that has to come, and the request with \\r and \\n written so
"""
import hashlib
import socket
import sys
import threading
import time


def read_head(file):
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        line = file.readline()
        if not line:
            break
        head += line
    return head


def read_chunks(file):
    """A chunked body: as it came, and what it says."""
    raw = data = b''
    while True:
        line = file.readline()
        size = int(line.split(b';')[0], 16)
        piece = file.read(size + 2) if size else b''
        raw += line + piece
        data += piece[:-2]
        if not size:
            break
    while line not in (b'\r\n', b''):
        line = file.readline()
        raw += line
    return raw, data


def read_body(file, head):
    for line in head.lower().split(b'\r\n'):
        if line.startswith(b'content-length:'):
            body = file.read(int(line.split(b':')[1]))
            return body, body
        if line == b'transfer-encoding: chunked':
            return read_chunks(file)
    return b'', b''


def whole(body, *fields, status=b'200 OK'):
    fields = b''.join(f + b'\r\n' for f in fields)
    return b'HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s' % (status, len(body), fields, body)


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    s.close()


# What is answered to a path, as it is.
answers = {
    b'/': whole(b'the page\n'),
    b'/fields': whole(b'', b'Set-Cookie: a', b'Set-Cookie: b', b'Connection: X-Hop, close', b'X-Hop: 1',
                      b'x-kept: 2', b'Keep-Alive: 5', b'Proxy-Authenticate: Basic', b'Trailer: t', b'Upgrade: h2c',
                      b'Spaced : yes', b'Folded: a\r\n b', b'Via: 1.0 other'),
    b'/chunks': b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n'
                b'3;x=y\r\nthe\r\n6\r\n page\n\r\n0\r\nT: t\r\n\r\nbehind',
    b'/to-end': b'HTTP/1.0 200 OK\r\n\r\nthe page\n',
    b'/lf': b'HTTP/1.0 200\nContent-Length: 9\n\nthe page\n',
    b'/behind': whole(b'the page\n') + b'behind',
    b'/none': b'HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nbehind',
    b'/same': b'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nbehind',
    b'/hints': b'HTTP/1.1 103 Early Hints\r\nLink: x\r\nKeep-Alive: 5\r\n\r\n' + whole(b'the page\n'),
    b'/switch': b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes',
    b'/cut': b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe page\n',
    b'/stuck': b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe page\n',
    b'/cut-chunks': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthe',
    b'/cut-last': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n',
    b'/bad-chunks': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthepage\r\n0\r\n\r\n',
    b'/cut-head': b'HTTP/1.1 200 OK\r\nContent-Len',
    b'/nothing': b'',
    b'/garbage': b'220 mail.example ESMTP\r\n\r\n',
    b'/two-lengths': b'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    b'/coded': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    b'/long': b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 20000 + b'\r\n',
    b'/many': b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 300 + b'\r\n',
}


def answer(s, file, path, head):
    """Answers, and returns what came behind the request."""
    if path == b'/reset':
        s.sendall(answers[b'/cut'])
        time.sleep(0.05)
        reset(s)
        return b''
    if path in (b'/silent', b'/stuck'):
        s.sendall(answers.get(path, b''))
        return file.read()
    if path == b'/early':
        s.sendall(whole(b'no\n', status=b'413 Content Too Large'))
        s.shutdown(socket.SHUT_WR)
        return file.read(1)
    if path == b'/continue':
        s.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
    if path.startswith(b'/zeros/'):
        size = int(path[7:])
        s.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % size)
        block = bytes(1 << 20)
        while size:
            size -= s.send(block[:size])
    else:
        raw, data = read_body(file, head)
        if path == b'/echo':
            s.sendall(whole(head + raw))
        elif path.startswith(b'/drip/'):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in answers[path[5:]]:
                s.sendall(bytes([byte]))
                time.sleep(0.0002)
        elif path in (b'/sum', b'/continue'):
            s.sendall(whole(b'%d %s\n' % (len(data), hashlib.sha256(data).hexdigest().encode())))
        elif not head.startswith(b'HEAD '):
            s.sendall(answers.get(path, whole(b'none', status=b'404 Not Found')))
        else:
            s.sendall(whole(b'').replace(b': 0', b': 9'))
    s.shutdown(socket.SHUT_WR)
    s.settimeout(5)
    return file.read()


def serve(s):
    s.settimeout(30)
    file = s.makefile('rb')
    head = read_head(file)
    path = head.split(b' ')[1] if head.count(b' ') > 1 else b'-'
    try:
        behind = answer(s, file, path, head)
        print(path.decode(), behind, flush=True)
    except OSError as e:
        print(path.decode(), type(e).__name__, flush=True)
    s.close()


def site(address='127.0.0.1'):
    s = socket.create_server((address, 0), backlog=100,
                             family=socket.AF_INET6 if ':' in address else socket.AF_INET)
    print(s.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()


def read_all(s):
    got = b''
    while data := s.recv(65536):
        got += data
    return got


def ask(port, *how):
    request = sys.stdin.buffer.read()
    s = socket.create_connection(('127.0.0.1', int(port)))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.settimeout(10)
    step = 1 if 'step' in how else len(request)
    for i in range(0, len(request), step):
        s.sendall(request[i:i + step])
        if step == 1:
            time.sleep(0.0005)
    if 'shutdown' in how:
        s.shutdown(socket.SHUT_WR)
    try:
        while data := s.recv(65536):
            sys.stdout.buffer.write(data)
    except ConnectionResetError:
        sys.stdout.flush()
        sys.exit(3)


def table(port):
    bad = 0
    for line in sys.stdin:
        status, request = line.rstrip('\n').split(' ', 1)
        s = socket.create_connection(('127.0.0.1', int(port)))
        s.settimeout(10)
        s.sendall(eval('b"""' + request + '"""'))
        try:
            got = read_all(s)
        except OSError as e:
            got = repr(e).encode()
        if not got.startswith(b'HTTP/1.1 %s ' % status.encode()):
            print('not', status, 'but', got[:60], 'has come:', line[:120].rstrip())
            bad = 1
        head, _, body = got.partition(b'\r\n\r\n')
        if status[0] != '2' and not ((request.startswith('HEAD') or b'\r\nContent-Length: %d\r\n' % len(body) in head) and
                                     head.endswith(b'\r\nConnection: close')):
            print('no whole answer:', got, 'has come:', line[:120].rstrip())
            bad = 1
        s.close()
    sys.exit(bad)


{'site': site, 'ask': ask, 'table': table}[sys.argv[1]](*sys.argv[2:])
