# sockit sockname --listening, --sockets: which of many sockets are listed, and how the kernel is asked for them.

load helpers/common
load helpers/words
load helpers/private

setup_file() { find_python; }

needs_network() {
	[ "$(platform)" = linux ] || skip 'on Linux only'
	private <<<'127.0.0.1 localhost'
}

# many: listeners on 7001 and 7002 and, if it can be, ::1 port 7003; 300 connections from 127.0.0.N to each of the two;
# one by IPv4 to a socket of both families, 7004; two of UDP.
many() {
	cat >many.py <<-'END'
		import sys
		from socket import *
		kept = []
		for port in 7001, 7002:
		    l = create_server(('127.0.0.1', port), backlog=1000)
		    kept += [l, *((create_connection(('127.0.0.1', port), source_address=('127.0.0.%d' % (10 + i % 30), 0)),
		                   l.accept()) for i in range(300))]
		try:
		    for host, port, both in ('::1', 7003, False), ('::', 7004, True):
		        l = create_server((host, port), family=AF_INET6, dualstack_ipv6=both)
		        kept += [l, create_connection(('127.0.0.1' if both else host, port)), l.accept()]
		except OSError: pass
		u = socket(AF_INET, SOCK_DGRAM); u.bind(('127.0.0.1', 7001))
		v = socket(AF_INET, SOCK_DGRAM); v.connect(('127.0.0.1', 7001))
		print('ready', flush=True)
		sys.stdin.read()
	END
	mkfifo many.in many.out
	python3 many.py <>many.in >many.out 3>&- &
	PIDS+=("$!")
	read -r <many.out
}

# shellcheck disable=SC2016 # awk's
@test "ports, hosts and states: as chosen from the list of all" {
	needs_network
	many
	"$SOCKIT" sockname --sockets >all
	[ "$(wc -l <all)" -ge 1204 ]
	# chosen CONDITION ARG...: what ARGs choose are the lines of all for which that is true.
	chosen() {
		sockit sockname --sockets "${@:2}"
		awk -F '\t' "$1" all | cmp - out && [ -s out ] && silent || fault "${*:2}"
	}
	chosen '$3 == 7001 || $5 == 7001' 7001
	chosen '$3 ~ /^700[13]$/ || $5 ~ /^700[13]$/' 7003,7001
	chosen '$3 >= 7002 && $3 <= 7004 || $5 >= 7002 && $5 <= 7004' 7002-7004
	chosen '$3 != "-"' 1-65535
	chosen '$3 == 7001 && $6 == "listen"' --state listen 7001
	chosen '$6 == "listen" || $6 == "unconnected"' --state listen,unconnected
	chosen '$1 == "udp" && $6 == "established"' --protocol udp --state established
	chosen '$4 == "127.0.0.12"' --with 127.0.0.12
	chosen '$4 == "127.0.0.12" || $4 == "127.0.0.13" || $4 == "::1"' --with 127.0.0.12/31,::1
	chosen '$4 ~ /^(127|::ffff:127)/' --with 127.0.0.0/8
	chosen '$4 ~ /^(127.0.0.1|::ffff:127.0.0.1)$/ && ($3 == 7002 || $5 == 7002)' --with localhost -4 7002
	chosen '$4 == "127.0.0.14" || $4 == "127.0.0.15"' --with 127.0.0.14 --with 127.0.0.15
	# More than a program for the kernel has room for.
	chosen '$3 >= 7001 && $3 <= 7401 && $3 % 2 || $5 >= 7001 && $5 <= 7401 && $5 % 2' \
		"$(seq -s , 7001 2 7401)"
	sockit sockname --sockets --with 192.0.2.0/24
	told 1 'sockit sockname: no socket is like that (ENOENT)'
	refuses "--with: '1.2.3.4/33' is no address, NET/BITS or name" sockname --sockets --with 1.2.3.4/33
	refuses "--with: '' is an empty list" sockname --sockets --with '' ||
		refuses "--with: *''*" sockname --sockets --with ''
	refuses "'localhost' is a name, which --numeric does not look up" sockname -n --sockets --with localhost
	sockit sockname --sockets --with nosuch.invalid
	[ "$STATUS" = 3 ]
}

@test "the kernel tells of those alone that are chosen, of both families in one list" {
	needs_network
	needs_strace
	many
	# bytes_told ARG...: how many bytes it told.
	bytes_told() {
		traced recvfrom "$SOCKIT" sockname "$@" >out 2>err
		awk '/^[0-9]* *recvfrom/ { n += $NF } END { print n }' trace
	}
	[ "$(bytes_told --sockets)" -gt 50000 ]
	[ "$(bytes_told --sockets --with 127.0.0.12)" -lt 10000 ]
	[ "$(wc -l <out)" = 20 ]
	[ "$(bytes_told --sockets 7003)" -lt 10000 ]
	[ "$(bytes_told --listening)" -lt 10000 ]
	[ "$(bytes_told --sockets --state listen)" -lt 10000 ]
	# Whose they are is nobody's question where there are none.
	traced openat,?open "$SOCKIT" sockname --listening 7999 >out 2>err || :
	run ! grep -q '"/proc"' trace
}

@test "TCP of MPTCP is marked; MPTCP in a list of its own" {
	needs_network
	cat >mptcp.py <<-'END'
		import sys
		from socket import *
		l, s = (socket(AF_INET, SOCK_STREAM, 262) for i in range(2))
		l.bind(('127.0.0.1', 7001)); l.listen(); s.connect(('127.0.0.1', 7001)); a = l.accept()[0]
		p = create_server(('127.0.0.1', 7002))
		s.send(b'x'); a.recv(1); a.send(b'y'); s.recv(1)
		print('ready', flush=True)
		sys.stdin.read()
	END
	mkfifo mptcp.in mptcp.out
	python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' 2>/dev/null || skip 'no MPTCP'
	python3 mptcp.py <>mptcp.in >mptcp.out 3>&- &
	PIDS+=("$!")
	read -r <mptcp.out
	"$SOCKIT" sockname --sockets >out
	[ "$(cut -f 1,6 out | sort | uniq -c | awk '{ print $1, $2, $3 }')" = '1 tcp listen
2 tcp/mptcp established
1 tcp/mptcp listen' ]
	"$SOCKIT" sockname --sockets --json --protocol tcp,mptcp >out
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" out any protocol part_of state | sort | uniq -c |
		awk '{ print $1, $2, $3, $4 }')" = '2 mptcp - established
1 mptcp - listen
1 tcp - listen
2 tcp mptcp established
1 tcp mptcp listen' ]
	# As ss has them.
	needs ss iproute2
	[ "$(inside ss -MHna | wc -l)" = 3 ]
	[ "$("$SOCKIT" sockname --listening | cut -f 1,3)" = $'tcp/mptcp\t7001\ntcp\t7002' ]
}

@test "--sockets: a UNIX socket's peer, with its process, as ss has it" {
	needs_network
	needs ss iproute2
	cat >pair.py <<-'END'
		import os, sys
		from socket import *
		l = socket(AF_UNIX); l.bind('s'); l.listen(3)
		if os.fork() == 0:
		    open('/proc/self/comm', 'w').write('client')
		    c = socket(AF_UNIX); c.connect('s')
		    d = socket(AF_UNIX, SOCK_DGRAM); e = socket(AF_UNIX, SOCK_DGRAM); e.bind('e'); d.bind('d'); d.connect('e')
		    l.close()
		    open('connected', 'w')
		    sys.stdin.read()
		a = l.accept()[0]
		while not os.path.exists('connected'): pass
		print('ready', flush=True)
		sys.stdin.read()
	END
	mkfifo pair.in pair.out
	python3 pair.py <>pair.in >pair.out 3>&- &
	PIDS+=("$!")
	read -r <pair.out
	"$SOCKIT" sockname --sockets unix:s >out
	[ "$(cut -f 2,6,12,14 out)" = $'s\tlisten\tpython3\t-
s\testablished\tpython3\tclient
-\testablished\tclient\tpython3' ]
	[ "$(awk -F '\t' '$2 == "-" { print $13 }' out)" = "$(awk -F '\t' '$2 == "s" && $6 == "established" { print $11 }' out)" ]
	# The peer of one that is chosen alone.
	[ "$("$SOCKIT" sockname --sockets --program client --protocol unix | cut -f 12,14 | sort | uniq -c | xargs)" = \
		'1 client - 1 client client 1 client python3' ]
	[ "$("$SOCKIT" sockname --sockets unix:d | cut -f 2,4,14)" = $'d\te\tclient' ]
	# ss -xp: our inode, the peer's, and whose it is.
	inside ss -xpHa | awk '/"(python3|client)"/ { print $6, $8 }' | sort >theirs
	"$SOCKIT" sockname --sockets --protocol unix --json >all
	"$PYTHON" -c '
import json
for s in map(json.loads, open("all")):
    if s.get("program") in ("python3", "client"):
        print(s["inode"], s.get("peer_inode", 0))' | sort >ours
	diff theirs ours
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" all any program peer_program | grep -c 'python3 client\|client python3')" = 2 ]
}
