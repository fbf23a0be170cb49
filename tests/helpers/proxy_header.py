#!/usr/bin/env python3
"""Clients that begin with headers of the PROXY protocol, right and wrong.

    proxy_header.py good PORT      each right header, in pieces of any size, at a service that says
                                   `PROTO FROM PORT TO PORT`, as it is told, and then is an echo
    proxy_header.py wrong PORT     each wrong one: an end without a byte; prints a line for each, what is wrong
                                   with it. Two more stay silent, at once or halfway, for 5 s
"""
import socket
import struct
import sys
import time

SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def v2(command, family, body, tlvs=b'', crc=None):
    """A header; CRC is what its checksum is wrong by, None: it has none."""
    body += tlvs + (b'\x03\0\x04\0\0\0\0' if crc is not None else b'')
    header = SIGNATURE + bytes([command, family]) + struct.pack('>H', len(body)) + body
    if crc is not None:
        header = header[:-4] + struct.pack('>I', crc32c(header) ^ crc)
    return header


def ends(source, source_port, to, to_port):
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    return (socket.inet_pton(family, source) + socket.inet_pton(family, to) +
            struct.pack('>HH', source_port, to_port))


def paths(source, to):
    return source.ljust(108, b'\0') + to.ljust(108, b'\0')


FOUR, SIX = ends('192.0.2.1', 5000, '198.51.100.2', 443), ends('2001:db8::1', 7, '2001:db8::2', 65535)
MAPPED = ends('::ffff:192.0.2.1', 5000, '::ffff:198.51.100.2', 443)
TOLD_FOUR, TOLD_SIX = b'TCP 192.0.2.1 5000 198.51.100.2 443', b'TCP 2001:db8::1 7 2001:db8::2 65535'
OWN = None  # what is said is the connection's own
V1 = b'PROXY TCP4 192.0.2.1 198.51.100.2 5000 443\r\n'
LONGEST = b'PROXY UNKNOWN ' + b'x' * 91 + b'\r\n'

GOOD = [
    (V1, TOLD_FOUR),
    (b'PROXY TCP6 2001:db8::1 2001:db8::2 7 65535\r\n', TOLD_SIX),
    (b'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 5000 443\r\n', TOLD_FOUR),
    (b'PROXY UNKNOWN\r\n', OWN),
    (b'PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n', OWN),
    (LONGEST, OWN),
    (v2(0x21, 0x11, FOUR), TOLD_FOUR),
    (v2(0x21, 0x12, FOUR), TOLD_FOUR),
    (v2(0x21, 0x21, SIX), TOLD_SIX),
    (v2(0x21, 0x21, MAPPED), TOLD_FOUR),
    (v2(0x21, 0x31, paths(b'/run/client', b'/run/server')), b'UNIX /run/client /run/server'),
    (v2(0x21, 0x31, paths(b'\0name', b'/' * 108)), b'UNIX @name ' + b'/' * 108),
    (v2(0x21, 0x00, b''), OWN),
    (v2(0x21, 0x00, b'whatever'), OWN),
    (v2(0x20, 0x00, b''), OWN),
    (v2(0x20, 0x11, FOUR), OWN),
    (v2(0x20, 0xff, b'x'), OWN),
    (v2(0x21, 0x11, FOUR, b'\x04\0\x00\x04\0\x05xxxxx\x02\0\x01x'), TOLD_FOUR),
    (v2(0x21, 0x11, FOUR, crc=0), TOLD_FOUR),
    (v2(0x21, 0x21, SIX, b'\x04\0\x03pad', crc=0), TOLD_SIX),
    (v2(0x21, 0x11, FOUR, b'\x04' + struct.pack('>H', 60000) + bytes(60000), crc=0), TOLD_FOUR),
]

WRONG = [
    (b'GET / HTTP/1.0\r\n\r\n', 'what came does not begin as one'),
    (b'proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 'what came does not begin as one'),
    (b'\r\n\r\n\0\r\nQUIT\r', 'what came does not begin as one'),
    (b'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n', 'its line does not end with CR LF'),
    (b'PROXY \r\n', 'neither TCP4 nor TCP6 nor UNKNOWN'),
    (b'PROXY UNKNOWNS\r\n', 'neither TCP4 nor TCP6 nor UNKNOWN'),
    (b'PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 'neither TCP4 nor TCP6 nor UNKNOWN'),
    (b'PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n', 'neither TCP4 nor TCP6 nor UNKNOWN'),
    (b'PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n', 'two addresses of its family are not there'),
    (b'PROXY TCP4 192.0.2.1\r\n', 'two addresses of its family are not there'),
    (b'PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n', 'two addresses of its family are not there'),
    (b'PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n', 'two addresses of its family are not there'),
    (b'PROXY TCP4 192.0.2.1\t192.0.2.2 1 2\r\n', 'two addresses of its family are not there'),
    (b'PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n', 'a NUL byte'),
    (b'PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n', 'two ports and the end of the line are not there'),
    (b'PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n', 'two ports and the end of the line are not there'),
    (b'PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n', 'two ports and the end of the line are not there'),
    (b'PROXY TCP4 192.0.2.1 192.0.2.2 1 -2\r\n', 'two ports and the end of the line are not there'),
    (b'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n', 'two ports and the end of the line are not there'),
    (LONGEST[:-2] + b'x\r\n', 'no end of its line within 107 bytes'),
    (v2(0x11, 0x11, FOUR), 'of a version that is not known'),
    (v2(0x31, 0x11, FOUR), 'of a version that is not known'),
    (v2(0x22, 0x11, FOUR), 'neither LOCAL nor PROXY'),
    (v2(0x21, 0x13, FOUR), 'of a family or protocol that is not known'),
    (v2(0x21, 0x10, FOUR), 'of a family or protocol that is not known'),
    (v2(0x21, 0x41, FOUR), 'of a family or protocol that is not known'),
    (v2(0x21, 0x11, FOUR[:-1]), 'shorter than its addresses'),
    (v2(0x21, 0x21, FOUR), 'shorter than its addresses'),
    (v2(0x21, 0x31, paths(b'/a', b'/b')[:-1]), 'shorter than its addresses'),
    (v2(0x21, 0x11, FOUR, b'\x04\0'), 'a TLV is longer than what is left'),
    (v2(0x21, 0x11, FOUR, b'\x04\0\x04abc'), 'a TLV is longer than what is left'),
    (v2(0x21, 0x11, FOUR, crc=1), 'wrong checksum (CRC32C)'),
    (v2(0x21, 0x11, FOUR, crc=0xffffffff), 'wrong checksum (CRC32C)'),
    (v2(0x21, 0x11, FOUR, b'\x03\0\x03abc'), 'more or less than one checksum (CRC32C)'),
    (v2(0x21, 0x11, FOUR, b'\x03\0\x04abcd', crc=0), 'more or less than one checksum (CRC32C)'),
    (V1[:-1], 'it has ended before that was whole'),
    (b'', 'it has ended before that was whole'),
]


def connect(port):
    s = socket.create_connection(('127.0.0.1', port), 10)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def all_of(s):
    got = b''
    while part := s.recv(65536):
        got += part
    return got


def good(port):
    """Each in one piece with what follows it; short ones byte by byte, and cut in two."""
    data = bytes(range(256)) * 3
    for header, told in GOOD:
        whole = header + data
        cuts = [[len(whole)], [len(header)], [len(header) - 1]]
        if len(header) < 60:
            cuts.append(range(1, len(header) + 1))
        for cut in cuts:
            with connect(port) as s:
                want = told or 'TCP {} {} {} {}'.format(*s.getsockname(), *s.getpeername()).encode()
                at = 0
                for end in cut:
                    s.sendall(whole[at:end])
                    at = end
                s.sendall(whole[at:])
                s.shutdown(socket.SHUT_WR)
                got = all_of(s)
                if got != want + b'\n' + data:
                    sys.exit(f'{header[:120]!r}, cut at {list(cut)[:3]}: {got[:200]!r}, not {want!r}')


def refused(s, where, why):
    """The end, without a byte, of S, which is WHERE."""
    try:
        got = all_of(s)
    except ConnectionResetError:
        got = b''
    if got:
        sys.exit(f'{why}: {got!r}')
    print('%s port %d on %s port %d: PROXY header: ' % where, why, sep='')


def wrong(port):
    begin = time.monotonic()
    silent = [connect(port), connect(port)]
    where = [(*s.getsockname(), *s.getpeername()) for s in silent]
    silent[1].sendall(V1[:20])
    for header, why in WRONG:
        with connect(port) as s:
            at = (*s.getsockname(), *s.getpeername())
            s.sendall(header)
            if 'ended' in why:
                s.shutdown(socket.SHUT_WR)
            refused(s, at, why)
    for i, why in enumerate(('none within 5 s', 'not whole within 5 s')):
        refused(silent[i], where[i], why)
        took = time.monotonic() - begin
        if not 4.9 < took < 15:
            sys.exit(f'{why}: after {took:.2f} s')


{'good': good, 'wrong': wrong}[sys.argv[1]](int(sys.argv[2]))
