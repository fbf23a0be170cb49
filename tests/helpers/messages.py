#!/usr/bin/env python3
"""Messages on a stream, marked as --wire-frame has it.

    messages.py mark MODE MESSAGE...      writes them to stdout
    messages.py answer MODE...            prints its port, and takes a connection for each MODE, one after the other:
                                          to each message, up to the end, it answers
    messages.py ask PORT MODE MESSAGE...  sends each, and prints the answer before it sends the next

An answer has the message in capitals; in content-length, where a message is a request of JSON-RPC, its id and method.
"""
import socket
import struct
import sys


def varint(n):
    return bytes([n & 0x7f | (0x80 if n > 0x7f else 0)]) + (varint(n >> 7) if n > 0x7f else b'')


MARKS = {
    'line': lambda m: m + b'\n',
    'nul': lambda m: m + b'\0',
    'len8': lambda m: struct.pack('B', len(m)) + m,
    'len16': lambda m: struct.pack('>H', len(m)) + m,
    'len32': lambda m: struct.pack('>I', len(m)) + m,
    'len16le': lambda m: struct.pack('<H', len(m)) + m,
    'len32le': lambda m: struct.pack('<I', len(m)) + m,
    'varint': lambda m: varint(len(m)) + m,
    'octet': lambda m: b'%d %s' % (len(m), m),
    'netstring': lambda m: b'%d:%s,' % (len(m), m),
    'content-length': lambda m: b'Content-Length: %d\r\n\r\n%s' % (len(m), m),
}


def mark(mode, *messages):
    for m in messages:
        sys.stdout.buffer.write(m.encode() if mode.startswith('size=') else MARKS[mode](m.encode()))


def read_netstring(f):
    digits = b''
    while (c := f.read(1)) != b':':
        if not c and not digits:
            return None
        digits += c
    message = f.read(int(digits))
    assert f.read(1) == b','
    return message


def read_varint(f):
    n = shift = 0
    while c := f.read(1):
        n |= (c[0] & 0x7f) << shift
        shift += 7
        if c[0] < 0x80:
            return f.read(n)
    assert shift == 0
    return None


def read_headers(f):
    length = None
    while (line := f.readline()) and line != b'\r\n':
        name, value = line.split(b': ')
        if name == b'Content-Length':
            length = int(value)
    return f.read(length) if line else None


READERS = {'netstring': read_netstring, 'varint': read_varint, 'content-length': read_headers}


def answer_to(mode, message):
    if mode != 'content-length':
        return MARKS[mode](message.upper())
    import json
    request = json.loads(message)
    answer = json.dumps({'jsonrpc': '2.0', 'id': request['id'], 'result': request['method']}).encode()
    return b'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n' + MARKS[mode](answer)


def answer(*modes):
    with socket.create_server(('127.0.0.1', 0)) as server:
        print(server.getsockname()[1], flush=True)
        for mode in modes:
            connection, _ = server.accept()
            with connection, connection.makefile('rb') as f:
                while (message := READERS[mode](f)) is not None:
                    connection.sendall(answer_to(mode, message))


def ask(port, mode, *messages):
    with socket.create_connection(('127.0.0.1', int(port))) as s, s.makefile('rb') as f:
        for m in messages:
            s.sendall(MARKS[mode](m.encode()))
            print(READERS[mode](f).decode())


{'mark': mark, 'answer': answer, 'ask': ask}[sys.argv[1]](*sys.argv[2:])
