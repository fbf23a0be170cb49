"""Jobs of servers that have many connections: relays, proxies, echoes, brokers. The loads, and the
servers named `limit`, are tcp.c."""
import functools
import os
import time

from peers import Job, started, talking, until_ready
from process import finish, group_cpu, group_memory, one_cpu
from streams import GIB, IN_US, PER_GIB, TCP

TRIPS = 5000
UNWAITED = ('busybox', 'toybox')  # they do not wait for their children, whose CPU time is lost

RELAYS = {
    'sockit': 'sockit listen -n -k --notify-fd 3 --forward {host}:{to} {host} 0',
    'haproxy': 'haproxy -db -f {conf}',
    'nginx': 'nginx -e stderr -c {folder}/{conf} -p {folder}',
    'rinetd': 'rinetd -f -c {conf}',
    'systemd-socket-proxyd': 'systemd-socket-proxyd -c 4000 {host}:{to}',
    'socat': 'socat -b262144 TCP4-LISTEN:{port},bind={host},fork,backlog=4096 TCP4:{host}:{to}',
    'limit': 'tcp relay {to}',
}
COPIERS = RELAYS | {
    'toybox': 'toybox nc -L -s {host} -p {port} toybox nc {host} {to}',
}
SOCKS5 = {
    'sockit': 'sockit listen -n --notify-fd 3 --proxy-server socks5 {host} 0',
    'microsocks': 'microsocks -i {host} -p {port}',
    'danted': 'danted -f {conf} -p danted.pid',
    'ssh -D': 'ssh -F none -N -D {host}:{port} -i key -o UserKnownHostsFile=/dev/null '
              '-o StrictHostKeyChecking=no -o LogLevel=ERROR '
              '-o "ProxyCommand=/usr/sbin/sshd -i -f {conf}" there',
}
CONNECT = {
    'sockit': 'sockit listen -n --notify-fd 3 --proxy-server http {host} 0',
    'tinyproxy': 'tinyproxy -d -c {conf}',
    'privoxy': 'privoxy --no-daemon {conf}',
    'ncat': 'ncat -l -k -n --proxy-type http {host} {port}',
}
ECHOES = {
    'sockit': 'sockit listen -n -k --echo --notify-fd 3 {host} 0',
    'socat': 'socat TCP4-LISTEN:{port},bind={host},fork,backlog=4096 PIPE',
    'ncat': 'ncat -l -k -n -m 10000 -e /bin/cat {host} {port}',
    'tcpserver': 'tcpserver -H -R -l0 -b4096 -c10000 {host} {port} cat',
    'limit': 'tcp echo',
}
BROKERS = {
    'sockit': 'sockit listen -n -k --broker --notify-fd 3 {host} 0',
    'ncat': 'ncat -l -n --broker -m 1000 {host} {port}',
    'limit': 'tcp broker',
}


def measured(server, *words, sink=()):
    """Has tcp.c be the clients. Gives the seconds of wall and of the server's CPU time meanwhile,
    and what it has printed."""
    cpu, begin = group_cpu(server.pid), time.perf_counter()
    child, out, _ = talking('tcp', *words)
    wall = finish(child, *sink) - begin
    return wall, group_cpu(server.pid) - cpu, out


def short(peer, chosen, proxy='none'):
    """CPU time of a server for each connection, one and 64 at a time, in us."""
    _, to = started('tcp echo')
    server, port = started(peer.told, to=to)
    return [measured(server, 'short', port, chosen.clients, together, proxy, to)[1]
            / chosen.clients * 1e6 for together in (1, 64)]


def copying(peer, chosen, connections):
    each = max(chosen.size // connections, 1)
    sink, to = started(f'tcp sink 0 {connections} {each}')
    server, port = started(peer.told, to=to)
    wall, cpu, _ = measured(server, 'send', port, connections, each, sink=[sink])
    scale = GIB / (each * connections)
    return [wall * scale, None if peer.program in UNWAITED else cpu * scale]


def trips(peer, _):
    with one_cpu():
        _, to = started('tcp echo')
        server, port = started(peer.told, to=to)
        _, cpu, out = measured(server, 'trips', port, TRIPS)
        return [int(os.read(out, 100)) / 1e3,
                None if peer.program in UNWAITED else cpu / TRIPS * 1e6]


def memory(peer, chosen, proxy='none'):
    """MiB that a server takes with idle connections, and its processes."""
    _, to = started('tcp echo')
    server, port = started(peer.told, to=to)
    clients, ready, go = talking('tcp', 'idle', port, chosen.clients, 0, proxy, to)
    until_ready(clients, ready)
    figures = group_memory(server.pid)
    os.write(go, b'.')
    finish(clients)
    return figures


def fan(peer, chosen):
    server, port = started(peer.told)
    wall, cpu, _ = measured(server, 'fan', port, chosen.receivers, chosen.share)
    return [seconds * GIB / (chosen.share * chosen.receivers) for seconds in (wall, cpu)]


def some(table, *names):
    return {name: table[name] for name in names}


CPU, PSS = ['CPU us, 1', 'CPU us, 64'], ['PSS MiB', 'processes']
JOBS = [job._replace(needs=TCP) for job in (
    Job('relay', '{clients} short connections, for each of them', CPU, short, RELAYS),
    Job('relay', '{mib:g} MiB through TOOL, by one connection', PER_GIB,
        functools.partial(copying, connections=1), COPIERS),
    Job('relay', '{mib:g} MiB through TOOL, by eight connections', PER_GIB,
        functools.partial(copying, connections=8), COPIERS),
    Job('relay', '64 bytes through TOOL to an echo server and back', IN_US, trips, COPIERS),
    Job('proxy', '{clients} short connections by SOCKS5, for each of them', CPU,
        functools.partial(short, proxy='socks5'), SOCKS5),
    Job('proxy', '{clients} short connections by CONNECT, for each of them', CPU,
        functools.partial(short, proxy='connect'), CONNECT),
    Job('echo', '{clients} short connections to TOOL, for each of them', CPU, short, ECHOES),
    Job('memory', '{clients} idle connections that TOOL echoes', PSS, memory,
        some(ECHOES, 'sockit', 'socat', 'tcpserver')),
    Job('memory', '{clients} idle connections through TOOL, a relay', PSS, memory,
        some(RELAYS, 'sockit', 'haproxy', 'nginx', 'socat')),
    Job('memory', '{clients} idle connections through TOOL by CONNECT', PSS,
        functools.partial(memory, proxy='connect'), some(CONNECT, 'sockit', 'tinyproxy')),
    Job('broker', '{share} bytes to each of {receivers} receivers, for what is delivered', PER_GIB,
        fan, BROKERS))]
