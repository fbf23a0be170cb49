#!/usr/bin/env python3
"""Servers that say what no TLS library says: tls_peer.py DER KIND... prints the port of each KIND as its
first line, then serves whoever comes. DER is a file with a certificate.

    plain         ServerHello of TLS 1.2, and the certificate
    ones          the same with a record for each byte
    drip          the same, each byte in a packet of its own
    old, new      of SSL 3.0; of a version and a suite that nobody knows
    warned        an alert first that is a warning
    anonymous     no certificate
    cut, stuck    it ends within ServerHello; it goes silent there
    late          it goes silent after ServerHello
    broken        a certificate that is none
    hostile       one whose names have control characters, and one that turns the text behind it
    lengths       a ServerHello whose lengths do not fit
    huge          a message of 16 MB
    endless       a message of 64 KB, with what comes before too long, a byte a record
    warnings      warnings for ever
    second        TLS 1.3 first; then it goes silent
    hello         an alert, and a line for each ClientHello: the versions, the name, ALPN, its length
    returns       the first 100 bytes of the ClientHello
    mail, binary  no TLS: a greeting; one without a newline
    mute, shut, reset    nothing; the end; a reset
"""
import socket
import struct
import sys
import threading


def record(data, kind=22, version=b'\3\3'):
    return bytes([kind]) + version + struct.pack('>H', len(data)) + data


def message(kind, body):
    return bytes([kind]) + struct.pack('>I', len(body))[1:] + body


def server_hello(version=0x0303, cipher=0xc02f, extensions=b''):
    body = struct.pack('>H', version) + bytes(32) + b'\0' + struct.pack('>H', cipher) + b'\0'
    return message(2, body + (struct.pack('>H', len(extensions)) + extensions if extensions else b''))


def counted(data):
    return struct.pack('>I', len(data))[1:] + data


def certificate(der):
    return message(11, counted(counted(der) + counted(b'issuer')))


def records(data, size):
    return b''.join(record(data[i:i + size]) for i in range(0, len(data), size))


def flight(kind, der):
    hello = server_hello()
    if kind == 'ones':
        return records(hello + certificate(der), 1)
    if kind in ('plain', 'drip'):
        return record(hello + certificate(der))
    if kind == 'old':
        return record(server_hello(0x0300, 0x0005) + certificate(der), version=b'\3\0')
    if kind == 'new':
        return record(server_hello(extensions=bytes.fromhex('002b00020399'), cipher=0x9999))
    if kind == 'warned':
        return record(b'\1\x70', 21) + record(hello + certificate(der))
    if kind == 'anonymous':
        return record(hello + message(14, b''))
    if kind in ('cut', 'stuck'):
        return record(hello)[:20]
    if kind == 'late':
        return record(hello)
    if kind == 'broken':
        return record(hello + certificate(b'0\x82\xff\xff' + der))
    if kind == 'hostile':
        return record(hello + certificate(der.replace(b'example.org', b'e\x1b[\n\xff\x9b\0\xe2\x80\xaeg')))
    if kind == 'lengths':
        return record(message(2, hello[4:] + b'\xff\xff\0'))
    if kind == 'huge':
        return record(hello + b'\x0b\xff\xff\xff' + bytes(16000))
    if kind == 'second':
        return record(server_hello(extensions=bytes.fromhex('002b00020304'), cipher=0x1301))
    return {'mail': b'220 mail \x1b[1m\r\n250 more\r\n', 'binary': b'\0\1\xffbinary'}.get(kind, b'')


def number(data):
    return int.from_bytes(data, 'big')


def describe(hello):
    """What the record HELLO offers; it must be one whole ClientHello."""
    assert hello[:3] == b'\x16\3\1' and number(hello[3:5]) == len(hello) - 5
    assert hello[5] == 1 and number(hello[6:9]) == len(hello) - 9
    at = 9 + 2 + 32 + 33
    at += 2 + number(hello[at:at + 2]) + 2
    found = {}
    assert number(hello[at:at + 2]) == len(hello) - at - 2
    at += 2
    while at < len(hello):
        size = number(hello[at + 2:at + 4])
        found[number(hello[at:at + 2])] = hello[at + 4:at + 4 + size]
        at += 4 + size
    assert at == len(hello)
    return ' '.join([found[43][1:].hex(), found[0][5:].decode() if 0 in found else '-',
                     found[16].hex(), 'share' if 51 in found else '-',
                     'padded' if len(hello) - 5 == 512 else 'short'])


def serve(kind, s, der):
    said = flight(kind, der)
    for n in range(1000):
        c, _ = s.accept()
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            answer(kind, c, said if kind != 'second' or n % 2 == 0 else b'')
        except OSError:
            pass


def answer(kind, c, said):
    if kind in ('mail', 'binary'):
        c.sendall(said)
    hello = c.recv(65536)
    if kind == 'hello':
        print(describe(hello), flush=True)
        c.sendall(record(b'\2\x28', 21))
    elif kind == 'drip':
        for i in range(len(said)):
            c.sendall(said[i:i + 1])
    elif kind == 'endless':
        c.sendall(record(server_hello()) + record(b'\x0b\0\xff\xff'))
        while True:
            c.sendall(record(bytes(1)) * 1000)
    elif kind == 'warnings':
        while True:
            c.sendall(record(b'\1\x5a', 21) * 1000)
    elif kind == 'returns':
        c.sendall(hello[:100])
    elif kind == 'reset':
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    elif kind not in ('mail', 'binary'):
        c.sendall(said)
    if kind in ('mail', 'binary', 'mute', 'stuck', 'late', 'second'):
        c.recv(1)
    c.close()


def main():
    with open(sys.argv[1], 'rb') as f:
        der = f.read()
    ports = []
    for kind in sys.argv[2:]:
        s = socket.socket()
        s.bind(('127.0.0.1', 0))
        s.listen(100)
        ports.append(s.getsockname()[1])
        threading.Thread(target=serve, args=(kind, s, der), daemon=True).start()
    print(*ports, flush=True)
    threading.Event().wait()


main()
