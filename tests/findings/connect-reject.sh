#!/usr/bin/env bash
# A connect(2) of a TCP socket that does not block is rejected by an ICMP error, and over IPv6 poll(2) shows nothing of
# it for a second, although getsockopt(2) of SO_ERROR has it already. Over IPv4 poll(2) shows POLLERR at once, without
# POLLOUT, and goes on showing it when SO_ERROR has been read and is 0. In both cases the attempt is not over: a second
# connect(2) says EALREADY.
#
# Linux 6.18, with a firewall's `reject` on the host itself, as desktop firewalls and those of container hosts have it
# (here nft in a network namespace of its own, the only thing in it). connect(2) says of EINPROGRESS that one polls for
# writing, and that SO_ERROR, read when the socket is writable, tells whether it worked; ip(7) and ipv6(7) know of no
# difference, and RFC 1122 has a TCP give up at a port-unreachable (4.2.3.9). So a program that follows the manual
# waits for the next SYN, a second later, over IPv6; and over IPv4 one that takes "an event, and SO_ERROR is 0" for
# a connection has none. The ICMP error comes back while connect(2) still holds the socket, so that it is only noted
# (net/ipv4/tcp_ipv4.c and net/ipv6/tcp_ipv6.c, sk_err_soft); IPv4 puts it into the queue of errors besides, without
# IP_RECVERR, which IPv6 does only with IPV6_RECVERR. A reset, for comparison, shows at once over both.
#
# ("No event" is none within 0.4 s.)
#
# Seen:	IPv4, a reset: POLLERR POLLHUP POLLOUT; SO_ERROR ECONNREFUSED
#	IPv6, a reset: POLLERR POLLHUP POLLOUT; SO_ERROR ECONNREFUSED
#	IPv4, rejected: POLLERR; connect again EALREADY; SO_ERROR ECONNREFUSED; then POLLERR; SO_ERROR 0
#	IPv6, rejected: no event; connect again EALREADY; SO_ERROR ECONNREFUSED; then no event; SO_ERROR 0
set -eu

if [ "${1-}" != inside ]; then
	exec unshare -rn "$0" inside
fi
ip link set lo up
nft -f - <<'END'
table inet filter {
	chain output {
		type filter hook output priority 0
		tcp dport 10 reject with icmpx type port-unreachable
	}
}
END

seen=$(
	python3 - <<'END'
import errno, select, socket

def events(s):
    p = select.poll()
    p.register(s, select.POLLOUT)
    ready = p.poll(400)
    names = [n for n in ('POLLERR', 'POLLHUP', 'POLLOUT') if ready and ready[0][1] & getattr(select, n)]
    return ' '.join(names) or 'no event'

def name(error):
    return errno.errorcode.get(error, str(error))

def error(s):
    return 'SO_ERROR ' + name(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

for port, what in (9, 'a reset'), (10, 'rejected'):
    for family, address in (socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'):
        s = socket.socket(family)
        s.setblocking(False)
        s.connect_ex((address, port))
        seen = [events(s)]
        if what == 'rejected':
            seen += ['connect again ' + name(s.connect_ex((address, port))), error(s), 'then ' + events(s)]
        print(f'{"IPv4" if family == socket.AF_INET else "IPv6"}, {what}:', '; '.join(seen + [error(s)]))
        s.close()
END
)
echo "$seen"
diff - <(echo "$seen") <<'END'
IPv4, a reset: POLLERR POLLHUP POLLOUT; SO_ERROR ECONNREFUSED
IPv6, a reset: POLLERR POLLHUP POLLOUT; SO_ERROR ECONNREFUSED
IPv4, rejected: POLLERR; connect again EALREADY; SO_ERROR ECONNREFUSED; then POLLERR; SO_ERROR 0
IPv6, rejected: no event; connect again EALREADY; SO_ERROR ECONNREFUSED; then no event; SO_ERROR 0
END
