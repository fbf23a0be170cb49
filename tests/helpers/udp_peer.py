#!/usr/bin/env python3
"""A foreign UDP peer.

    udp_peer.py [SETTING]...

It binds 127.0.0.1, prints its port as its first line, and for each datagram one line `SIZE ADDRESS PORT`;
then it does what the settings say. It ends after `count` datagrams.

Settings:
    bind:ADDRESS    that address in place of 127.0.0.1; one with a colon is IPv6
    port:N          that port, in place of one that the kernel chooses
    join:GROUP@IF   be a member of GROUP on the interface IF
    save:PATH       what came goes to PATH, a length of four bytes before each
    echo            send each back
    answer:TEXT     send TEXT back
    answers:N       so many times
    elsewhere       answer from another port
    mute:N          the first N get no answer
    count:N         end after N datagrams
    idle:SECONDS    end after so long without one
"""
import socket
import struct
import sys


def main():
    o = {'bind': '127.0.0.1', 'port': '0', 'count': '0', 'answers': '1', 'mute': '0'}
    for word in sys.argv[1:]:
        key, _, value = word.partition(':')
        o[key] = value
    six = ':' in o['bind']
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    if 'join' in o:
        group, interface = o['join'].split('@')
        index = socket.if_nametoindex(interface)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if six:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                         socket.inet_pton(socket.AF_INET6, group) + struct.pack('@I', index))
        else:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                         struct.pack('4s4si', socket.inet_aton(group), bytes(4), index))
    s.bind((o['bind'], int(o['port'])))
    other = s
    if 'elsewhere' in o:
        other = socket.socket(s.family, socket.SOCK_DGRAM)
    print(s.getsockname()[1], flush=True)
    if 'idle' in o:
        s.settimeout(float(o['idle']))
    save = open(o['save'], 'wb') if 'save' in o else None
    n = 0
    while n < int(o['count']) or o['count'] == '0':
        try:
            data, sender = s.recvfrom(70000)
        except TimeoutError:
            break
        n += 1
        if save:
            save.write(struct.pack('>I', len(data)) + data)
            save.flush()
        print(len(data), sender[0], sender[1], flush=True)
        if n > int(o['mute']):
            for _ in range(int(o['answers'])):
                if 'echo' in o:
                    other.sendto(data, sender)
                elif 'answer' in o:
                    other.sendto(o['answer'].encode(), sender)


main()
