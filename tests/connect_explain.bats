# connect --explain: each address by itself, who answers, what is said first, and what is wrong.


load helpers/common
load helpers/words
load helpers/private
load helpers/networks
load helpers/services
load helpers/explain

setup_file() {
	find_musl
	export NOWHERE='Network is unreachable \(ENETUNREACH\)'
	[ ! "${MUSL-}" ] || NOWHERE='Network unreachable \(ENETUNREACH\)'
}

# explains STATUS ARG...
explains() {
	sockit connect --explain "${@:2}"
	[ "$STATUS" = "$1" ] || fault "status $1 was expected: ${*:2}"
}

# lacks REGEX: nothing of what was printed is so.
lacks() {
	! grep -E "$1" out err || fault "it has $1"
}

# services_by PYTHON...: sockets of a foreign program, S(ADDRESS, PORT) a listener of TCP among them; each is served as
# said: what `says` has for its port is sent, and `closes` has the ports where it is closed then.
services_by() {
	peer_by python3 -S -c '
import select, socket, sys
says, closes, all, clients = {}, set(), [], []
def S(address, port, **more):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    all.append(socket.create_server((address, port), family=family, **more))
    return all[-1]
exec(sys.argv[1])
print(1, flush=True)
while all:
    for s in select.select(all, [], [])[0]:
        c = s.accept()[0]
        clients.append(c)
        port = s.getsockname()[1]
        c.sendall(says.get(port, b""))
        if port in closes:
            c.close()
select.select([], [], [], 60)' "$1"
}

# there_python CODE: a foreign program on the other host.
there_python() {
	there "$(python3 -c 'import sys; print(sys.executable)')" -S -c "$1"
}

# linux: skips what only Linux can tell.
linux() {
	[ "$(platform)" = linux ] || skip 'only Linux tells that'
}

PYTHON3='python[0-9.]* \(process [0-9]+\)'

@test "a healthy name: each step, in order, and nothing is wrong" {
	private <<-'END'
		127.0.0.1 both.test localhost
		::1 both.test
	END
	needs_ipv6
	peer nameserver
	powerless
	services_by 'S("127.0.0.1", 8000); S("::1", 8000); says[8000] = b"220 mail.test ESMTP\r\nmore"'
	explains 0 both.test 8000
	silent
	wrong
	step "hosts~/etc/hosts:1~both\.test~127\.0\.0\.1 both\.test localhost$MS"
	step "getaddrinfo~-~both\.test~(::1 127\.0\.0\.1|127\.0\.0\.1 ::1)$MS"
	step "connect~127\.0\.0\.1 port 8000~-~open$MS"
	step "connect~::1 port 8000~-~open$MS"
	step "greeting~127\.0\.0\.1 port 8000~-~220 mail\.test ESMTP\\\\r\\\\n$MS"
	step "greeting~::1 port 8000~-~220 mail\.test ESMTP\\\\r\\\\n$MS"
	order hosts getaddrinfo route route connect connect greeting greeting
	if [ "$(platform)" = linux ]; then
		step "route~::1~-~lo, this machine, from ::1"
		step "listener~::1 port 8000~-~$PYTHON3 listens on ::1 port 8000"
		order connect listener greeting
	fi
	# One family.
	explains 0 -4 both.test:8000
	lacks '::1 port'
	explains 0 -6 both.test:8000
	lacks '127.0.0.1 port'
	explains 0 -n 127.0.0.1 8000
	lacks '^(hosts|getaddrinfo)'
	if [ "$(platform)" = linux ]; then
		explains 0 -s 127.0.0.2 -I lo 127.0.0.1 8000
		step 'route~127\.0\.0\.1~-~lo, this machine, from 127\.0\.0\.2'
		explains 0 -p 4444 127.0.0.1 8000
		step 'route~127\.0\.0\.1~-~lo, this machine, from 127\.0\.0\.1'
		# Wildcards are this machine.
		explains 0 :: 8000
		step 'route~::~-~lo, this machine, from ::1'
		step "listener~:: port 8000~-~$PYTHON3 listens on .*"
		explains 1 0.0.0.0 8001
		wrong '0\.0\.0\.0 port 8001: .*, so that nothing can connect: nobody listens at that port'
	fi
	# What is not there.
	explains 3 no.test 8000
	wrong 'neither the hosts file nor a server knows it, so that no program finds it'
	says '^sockit connect: host no\.test: no such name \(EAI_NONAME\)$'
	explains 3 localhost nosuch
	says '^sockit connect: port nosuch: no such service \(EAI_SERVICE\)$'
	refuses "host 'both.test' is no numeric address" connect --explain -n both.test 8000 || [ "$STATUS" = 2 ]
	local option
	for option in -z --ping --trace --mtu --stats --crlf -F; do
		refuses '*exclude*' connect --explain "$option" 127.0.0.1 8000
	done
	refuses '*exclude*' connect --explain 127.0.0.1 8000 -- true
}

@test "the routing table that may not be asked" {
	linux
	needs_strace
	private </dev/null
	services_by 'S("127.0.0.1", 8000); says[8000] = b"hello\n"'
	traced sendto -e inject=sendto:error=EPERM "$SOCKIT" connect --explain 127.0.0.1 8000 >out 2>err || fault status
	grep -q INJECTED trace || skip 'strace injects nothing'
	step 'route~127\.0\.0\.1~-~this machine, from 127\.0\.0\.1'
	step "connect~127\.0\.0\.1 port 8000~-~open$MS"
}

@test "more addresses than descriptors: what was not tried is no more than that" {
	linux
	private < <(printf '127.0.1.%d many.test\n' {1..40})
	services_by 'S("0.0.0.0", 8000); says[8000] = b"hello\n"'
	(ulimit -n 24 && "$SOCKIT" connect --explain many.test 8000) >out 2>err || fault status
	silent
	grep -qE $'^connect\t.*\topen\t' out || fault 'none is open'
	grep -qE $'^wrong\t127.* port 8000: socket: .* \\(EMFILE\\), so that it was not tried$' out || fault 'all were tried'
	lacks $'^route.*EMFILE|^wrong\t127.*(cannot|fail)'
}

@test "refused, silent, forbidden on the way or by ourselves: who answers" {
	linux
	needs nft nftables
	two_networks
	there nft -f - <<-'END' || skip 'nft is not permitted'
		table inet t {
		  chain c {
		    type filter hook input priority 0;
		    tcp dport 90 drop
		    tcp dport 91 reject with icmpx admin-prohibited
		    tcp dport 92 reject with icmpx port-unreachable
		    tcp dport 93 reject with icmpx host-unreachable
		    tcp dport 94 reject with icmpx no-route
		    tcp dport 95 reject with tcp reset
		  }
		}
	END
	inside nft -f - <<-'END'
		table inet t {
		  chain c {
		    type filter hook output priority 0;
		    tcp dport 96 reject
		    tcp dport 97 reject with icmpx admin-prohibited
		    tcp dport 98 reject with icmpx host-unreachable
		  }
		}
	END
	powerless
	local line port answer so
	while IFS='|' read -r port answer so; do
		[ "$port" = 90 ] || explains 1 10.1.0.2 "$port"
		[ "$port" != 90 ] || explains 4 -w 300ms 10.1.0.2 90
		step 'route~10\.1\.0\.2~-~va, no gateway, from 10\.1\.0\.1'
		step "connect~10\.1\.0\.2 port $port~-~$answer$MS"
		wrong "10\.1\.0\.2 port $port: ${answer%, by a reset}, so that $so"
		says "^sockit connect: 10\.1\.0\.2 port $port: ${answer%, by a reset}$"
	done <<-'END'
		89|Connection refused \(ECONNREFUSED\), by a reset|nothing can connect: nobody listens at that port, or a firewall refuses in the host's name
		90|no answer within 300 ms \(-w\)|whoever connects waits in vain: it is not there, or a firewall drops what is sent or answered
		91|administratively prohibited, says 10\.1\.0\.2 \(EHOSTUNREACH\)|nothing can connect: it is the host's own firewall that refuses
		92|port unreachable, says 10\.1\.0\.2 \(ECONNREFUSED\)|nothing can connect: it is the host's own firewall that refuses
		93|host unreachable, says 10\.1\.0\.2 \(EHOSTUNREACH\)|nothing can connect: it is the host's own firewall that refuses
		94|network unreachable, says 10\.1\.0\.2 \(ENETUNREACH\)|nothing can connect: it is the host's own firewall that refuses
		95|Connection refused \(ECONNREFUSED\), by a reset|nothing can connect: nobody listens at that port, or a firewall refuses in the host's name
		96|port unreachable, says 10\.1\.0\.1 \(ECONNREFUSED\)|nothing gets there: it is a firewall of this machine that refuses
		97|administratively prohibited, says 10\.1\.0\.1 \(EHOSTUNREACH\)|nothing gets there: it is a firewall of this machine that refuses
		98|host unreachable, says 10\.1\.0\.1 \(EHOSTUNREACH\)|nothing gets there: no host on its network has that address, or a firewall of this machine refuses
	END
}

@test "a router that refuses, a gateway and a host that are not there, no route, no zone" {
	linux
	needs nft nftables
	two_networks
	inside ip route add 192.0.2.0/24 via 10.1.0.2
	inside ip route add 198.51.100.0/24 via 10.1.0.77
	inside ip route add prohibit 203.0.113.0/25
	inside ip route add unreachable 203.0.113.128/25
	there sh -c 'ip addr add 192.0.2.9/24 dev lo; echo 1 >/proc/sys/net/ipv4/ip_forward; true' 2>/dev/null
	there nft -f - <<-'END' || skip 'nft is not permitted'
		table inet t {
		  chain c {
		    type filter hook input priority 0;
		    ip daddr 192.0.2.9 tcp dport 80 reject with icmp admin-prohibited
		  }
		}
	END
	# Who asks for an address gets no answer for a second at most.
	# shellcheck disable=SC2016 # for that shell
	inside sh -c 'for f in /proc/sys/net/ipv4/neigh/va; do echo 1 >$f/mcast_solicit; echo 200 >$f/retrans_time_ms; done' 2>/dev/null
	powerless
	explains 1 192.0.2.9 80
	wrong "192\.0\.2\.9 port 80: administratively prohibited, says 192\.0\.2\.9 \(EHOSTUNREACH\), so that nothing can connect: it is the host's own firewall that refuses"
	step 'route~192\.0\.2\.9~-~va, gateway 10\.1\.0\.2, from 10\.1\.0\.1'
	explains 1 -w 5s 10.1.0.77 80
	step "connect~10\.1\.0\.77 port 80~-~host unreachable, says 10\.1\.0\.1 \(EHOSTUNREACH\)$MS"
	wrong '10\.1\.0\.77 port 80: .*, so that nothing gets there: no host on its network has that address'
	explains 1 -w 5s 198.51.100.1 80
	wrong '198\.51\.100\.1 port 80: .*, so that nothing gets there: its gateway 10\.1\.0\.77 does not answer'
	explains 1 198.18.0.1 80
	step "route~198\.18\.0\.1~-~no way there: $NOWHERE"
	step "connect~198\.18\.0\.1 port 80~-~$NOWHERE$MS"
	wrong "198\.18\.0\.1 port 80: $NOWHERE, so that nothing that is sent there leaves this machine"
	explains 1 203.0.113.1 80
	step "route~203\.0\.113\.1~-~no way there: .*: this machine has the route 'prohibit 203\.0\.113\.0/25'"
	wrong "203\.0\.113\.1 port 80: Permission denied \(EACCES\): this machine has the route 'prohibit 203\.0\.113\.0/25', so that nothing can connect"
	explains 1 203.0.113.129 80
	wrong "203\.0\.113\.129 port 80: .*: this machine has the route 'unreachable 203\.0\.113\.128/25', so that nothing that is sent there leaves this machine"
	explains 1 fe80::9 80
	step 'route~fe80::9~-~no way there: Invalid argument \(EINVAL\): which interface\? fe80::9%v[ab], %v[ab]'
	wrong 'fe80::9 port 80: Invalid argument \(EINVAL\): which interface\? fe80::9%v[ab], %v[ab], so that nothing can connect'
	explains 3 fe80::9%nosuch0 80
	says 'no interface nosuch0 \(EAI_NONAME\)$'
	# The source and the interface that were asked for.
	there_python 'import socket, time
s = socket.create_server(("10.1.0.2", 8000)); print(1, flush=True); time.sleep(60)' >ready 3>&- &
	PIDS+=("$!")
	eventually test -s ready
	explains 0 -w 5s -s 10.2.0.1 10.1.0.2 8000
	step 'route~10\.1\.0\.2~-~va, no gateway, from 10\.2\.0\.1'
	wrong
	explains 0 -w 5s -I va 10.1.0.2 8000
	step 'route~10\.1\.0\.2~-~va, no gateway, from 10\.1\.0\.1'
	explains 1 -I nosuch 10.1.0.2 8000
	step 'route~10\.1\.0\.2~-~no way there: -I nosuch: No such device \(ENODEV\)'
	explains 1 -s 10.9.0.1 10.1.0.2 8000
	step "connect~10\.1\.0\.2 port 8000~-~-s 10\.9\.0\.1: .*\(EADDRNOTAVAIL\)$MS"
	wrong '10\.1\.0\.2 port 8000: -s 10\.9\.0\.1: .*, so that it was not tried'
}

@test "routers on the way: behind which silence begins, and which of them refuses" {
	linux
	needs nft nftables
	way 3
	at_hop 2 nft -f - <<-'END' || skip 'nft is not permitted'
		table inet t {
		  chain c {
		    type filter hook forward priority 0;
		    tcp dport 90 drop
		    tcp dport 91 reject with icmpx admin-prohibited
		  }
		}
	END
	at_hop 2 ip route add unreachable 10.0.99.0/25
	at_hop 2 ip route add throw 10.0.99.128/25
	at_hop 2 ip route add 10.0.98.0/24 via 10.0.2.1
	explains 4 -w 500ms 10.0.3.2 90
	step "route~10\.0\.3\.2~-~far, gateway 10\.0\.1\.2, from 10\.0\.1\.1"
	step "silence~10\.0\.3\.2 port 90~-~it begins behind 10\.0\.2\.2, hop 2$MS"
	wrong '10\.0\.3\.2 port 90: no answer within 500 ms \(-w\), so that whoever connects waits in vain: what is sent or answered is lost behind 10\.0\.2\.2'
	explains 1 10.0.3.2 91
	wrong '10\.0\.3\.2 port 91: administratively prohibited, says 10\.0\.2\.2 \(EHOSTUNREACH\), so that nothing gets there: it is a firewall on the way that refuses'
	explains 1 10.0.99.1 80
	wrong '10\.0\.99\.1 port 80: host unreachable, says 10\.0\.2\.2 \(EHOSTUNREACH\), so that nothing gets there: that router knows no way on, or nobody there has that address'
	explains 1 10.0.99.129 80
	wrong '10\.0\.99\.129 port 80: network unreachable, says 10\.0\.2\.2 \(ENETUNREACH\), so that nothing gets there: that router knows no way on'
	explains 1 10.0.98.1 80
	wrong '10\.0\.98\.1 port 80: too many hops \(TTL\), says 10\.0\.[12]\.2 \(EHOSTUNREACH\), so that nothing gets there: the way is a loop, or too long'
	hop_listens 3 -k --quiet 10.0.3.2 0
	explains 0 10.0.3.2 "$PORT"
	lacks ^silence
	wrong
}

@test "the path's MTU: all of it, less, and less where nobody tells" {
	linux
	needs nft nftables
	routed_network 1500
	powerless
	there_python 'import socket, threading
s = socket.create_server(("10.2.0.2", 8000))
print(1, flush=True)
def serve(c):
    try:
        c.sendall(b"hello\n")
        while c.recv(65536):
            pass
    except OSError:
        pass
while True:
    threading.Thread(target=serve, args=s.accept()[:1]).start()' >ready 3>&- &
	PIDS+=("$!")
	eventually test -s ready
	eventually "$SOCKIT" connect -z --quiet -w 200ms 10.2.0.2 8000 >way
	explains 0 10.2.0.2 8000
	step "mtu~10\.2\.0\.2 port 8000~-~1500$MS"
	wrong
	router ip link set rb mtu 1400
	explains 0 10.2.0.2 8000
	step "mtu~10\.2\.0\.2 port 8000~-~1400$MS"
	wrong
	inside ip route flush cache
	router nft 'add table inet t; add chain inet t out { type filter hook output priority 0; };
		add rule inet t out icmp type destination-unreachable drop' || skip 'nft is not permitted'
	explains 0 10.2.0.2 8000
	step "mtu~10\.2\.0\.2 port 8000~-~1400: larger packets get lost, and nobody tells$MS"
	wrong '10\.2\.0\.2 port 8000: packets of more than 1400 bytes get lost, and nobody tells by ICMP, so that a connection hangs as soon as one side sends much'
	# Too many sizes to try each.
	local link
	for link in 'inside va' 'router ra' 'there vb'; do
		${link% *} ip link set "${link#* }" mtu 9000
	done
	router ip link set rb mtu 3333
	explains 0 10.2.0.2 8000
	step 'mtu~10\.2\.0\.2 port 8000~-~from 33[0-3][0-9] to 33[3-9][0-9]: larger packets get lost, and nobody tells~.*'
	wrong '10\.2\.0\.2 port 8000: packets of more than 33[3-9][0-9] bytes get lost, and nobody tells by ICMP, .*'
}

@test "the name: a stale line, a dead server; and an address that is dead" {
	linux
	needs nft nftables
	printf 'nameserver 127.0.0.9\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
	private <<-'END'
		127.0.0.1 localhost two.test v6.test
		::1 two.test
		127.0.0.5 here.stale
	END
	needs_ipv6
	peer nameserver zone
	# One that says nothing.
	peer_by python3 -S -c 'import socket, time
s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.8", 53)); print(1, flush=True); time.sleep(60)'
	inside nft -f - <<-'END' || skip 'nft is not permitted'
		table inet t {
		  chain c {
		    type filter hook input priority 0;
		    ip6 daddr ::1 tcp dport 8001 drop
		  }
		}
	END
	powerless
	services_by 'S("127.0.0.1", 8000); S("127.0.0.1", 8001); S("127.0.0.5", 8000)
for port in 8000, 8001: says[port] = b"hello\n"'
	local dead='server 127\.0\.0\.9 port 53: Connection refused \(ECONNREFUSED\), so that another one must know it'
	explains 0 here.test 8000
	wrong "$dead"
	[ "${MUSL-}" ] || step "server~127\.0\.0\.9 port 53~here\.test A~Connection refused \(ECONNREFUSED\)$MS"
	echo 'nameserver 127.0.0.1' >resolv.conf
	explains 0 here.test 8000
	wrong
	explains 0 here.stale 8000
	step "hosts~/etc/hosts:3~here\.stale~127\.0\.0\.5 here\.stale$MS"
	wrong 'hosts file and DNS disagree: /etc/hosts:3 says 127\.0\.0\.5, 127\.0\.0\.1 says 127\.0\.0\.1, so that programs which ask DNS themselves go elsewhere'
	echo 'nameserver 127.0.0.8' >resolv.conf
	explains 4 -w 300ms no.test 8000
	wrong 'server 127\.0\.0\.8 port 53: .*no answer.*' 'getaddrinfo has no answer yet, and whoever calls it waits as long'
	explains 0 -w 300ms here.stale 8000
	wrong 'server 127\.0\.0\.8 port 53: .*no answer.*, so that each look-up waits for it in vain'
	echo 'nameserver 127.0.0.1' >resolv.conf
	# Nothing keeps IPv6 from being chosen.
	explains 0 -w 300ms two.test 8001
	wrong '::1 port 8001: no answer within 300 ms \(-w\), so that programs that try it first wait for it in vain'
	step "connect~127\.0\.0\.1 port 8001~-~open$MS"
	explains 0 two.test 8000
	wrong "::1 port 8000: Connection refused \(ECONNREFUSED\); but $PYTHON3 listens on 127\.0\.0\.[15] port 8000(, $PYTHON3 listens on 127\.0\.0\.[15] port 8000)*, so that programs that try no other address fail"
}

@test "who listens: on another address, by the other family, by UDP, with a full queue" {
	linux
	private </dev/null
	needs_ipv6
	powerless
	services_by 'S("127.0.0.7", 8001); S("::1", 8002)
full = S("127.0.0.1", 8003, backlog=0); all.remove(full)
for _ in range(2):
    c = socket.socket(); c.setblocking(False); c.connect_ex(("127.0.0.1", 8003)); clients.append(c)
u = socket.socket(type=socket.SOCK_DGRAM); u.bind(("127.0.0.1", 8004)); clients.append(u)
S("127.0.0.1", 8005); says[8005] = b"hello\n"
S("127.0.0.1", 8007); S("127.0.0.1", 8008)'
	explains 1 127.0.0.1 8001
	step "listener~127\.0\.0\.1 port 8001~-~$PYTHON3 listens on 127\.0\.0\.7 port 8001"
	wrong "127\.0\.0\.1 port 8001: Connection refused \(ECONNREFUSED\); but $PYTHON3 listens on 127\.0\.0\.7 port 8001, so that whoever uses this address does not get there"
	explains 1 127.0.0.1 8002
	wrong "127\.0\.0\.1 port 8002: Connection refused \(ECONNREFUSED\); but $PYTHON3 listens on ::1 port 8002, so that whoever uses this address does not get there"
	explains 4 -w 300ms 127.0.0.1 8003
	step "listener~127\.0\.0\.1 port 8003~-~the queue of $PYTHON3 on 127\.0\.0\.1 port 8003 is full: [0-9]+ waits? to be accepted"
	wrong "127\.0\.0\.1 port 8003: no answer within 300 ms \(-w\); the queue of $PYTHON3 on 127\.0\.0\.1 port 8003 is full: [0-9]+ waits? to be accepted, so that nobody gets in until it accepts"
	explains 1 127.0.0.1 8004
	wrong "127\.0\.0\.1 port 8004: Connection refused \(ECONNREFUSED\); but $PYTHON3 has 127\.0\.0\.1 port 8004 by UDP, so that whoever uses this address does not get there"
	sockit connect 127.0.0.1 8004
	told 1 "sockit connect: 127.0.0.1 port 8004: Connection refused (ECONNREFUSED); but python* (process *) has 127.0.0.1 port 8004 by UDP"
	explains 0 127.0.0.1 8005
	step "listener~127\.0\.0\.1 port 8005~-~$PYTHON3 listens on 127\.0\.0\.1 port 8005"
	wrong
	inside nft 'add table inet t; add chain inet t c { type filter hook input priority 0; };
		add rule inet t c tcp dport 8007 reject with tcp reset; add rule inet t c tcp dport 8008 drop' || skip 'nft is not permitted'
	explains 1 127.0.0.1 8007
	step "listener~127\.0\.0\.1 port 8007~-~$PYTHON3 listens on 127\.0\.0\.1 port 8007"
	wrong '127\.0\.0\.1 port 8007: Connection refused \(ECONNREFUSED\), so that nothing can connect: a firewall of this machine refuses, .*'
	explains 4 -w 300ms 127.0.0.1 8008
	step "listener~127\.0\.0\.1 port 8008~-~$PYTHON3 listens on 127\.0\.0\.1 port 8008"
	wrong '127\.0\.0\.1 port 8008: no answer within 300 ms \(-w\), so that whoever connects waits in vain: a firewall of this machine drops what is sent, .*'
	explains 1 127.0.0.1 8006
	wrong '127\.0\.0\.1 port 8006: Connection refused \(ECONNREFUSED\), so that nothing can connect: nobody listens at that port'
	lacks ^listener
}

@test "what is said first: a line, bytes, nothing, the end" {
	private </dev/null
	powerless
	services_by 'for port in range(8000, 8006): S("127.0.0.1", port)
says.update({8000: b"220 a.test\r\n250 more\r\n", 8001: b"\x1b[31m\x00\xff\n", 8002: b"no newline", 8003: b"x" * 1000})
closes |= {8004, 8002}'
	local line
	for line in '8000 220 a\.test\\r\\n' '8001 \\x1b\[31m\\x00\\xff\\n' '8002 no newline' "8003 x{256}" \
		'8005 none: it waits for you to speak, or hangs'; do
		explains 0 127.0.0.1 "${line%% *}"
		step "greeting~127\.0\.0\.1 port ${line%% *}~-~${line#* }$MS"
		wrong
	done
	explains 0 127.0.0.1 8004
	step "greeting~127\.0\.0\.1 port 8004~-~it closes the connection without a word$MS"
	wrong '127\.0\.0\.1 port 8004: it ends the connection without a word, so that it serves nobody, or not this machine'
}

@test "real services: sshd greets, redis and nginx wait" {
	local port sshd
	if sshd=$(PATH=$PATH:/usr/sbin command -v sshd) && command -v ssh-keygen >/dev/null; then
		ssh-keygen -q -t ed25519 -N '' -f host
		[ "$(id -u)" != 0 ] || [ -d /run/sshd ] || mkdir /run/sshd 2>/dev/null || skip 'no /run/sshd'
		printf '%s\n' "HostKey $PWD/host" 'PidFile none' >sshd_config
		serve -k 127.0.0.1 0 -- "$sshd" -i -f "$PWD/sshd_config" -E "$PWD/sshd.log" 2>sshd.err
		explains 0 127.0.0.1 "$PORT"
		step "greeting~127\.0\.0\.1 port $PORT~-~SSH-2\.0-.*\\\\r\\\\n$MS"
		wrong
	fi
	if command -v redis-server >/dev/null; then
		port=$(free_port)
		spawn redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$PWD" >redis.out 2>&1
		eventually "$SOCKIT" connect -z --quiet 127.0.0.1 "$port" >/dev/null
		explains 0 127.0.0.1 "$port"
		step "greeting~127\.0\.0\.1 port $port~-~none: it waits for you to speak, or hangs$MS"
		wrong
		[ "$(platform)" != linux ] ||
			step "listener~127\.0\.0\.1 port $port~-~redis-server \(process $PID\) listens on 127\.0\.0\.1 port $port"
	fi
	needs nginx nginx-light
	port=$(free_port)
	serves_pages "127.0.0.1:$port"
	eventually "$SOCKIT" connect -z --quiet 127.0.0.1 "$port" >/dev/null
	explains 0 127.0.0.1 "$port"
	step "greeting~127\.0\.0\.1 port $port~-~none: it waits for you to speak, or hangs$MS"
	wrong
}

@test "a greeting that takes its time: within the second it is told, where TLS is answered meanwhile" {
	peer_by python3 -S -c 'import socket, threading, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    first, second = s.accept()[0], s.accept()[0]
    begin = time.monotonic()
    second.recv(1000)
    second.close()
    time.sleep(max(0, begin + .79 - time.monotonic()))
    first.sendall(b"hello\n")
    first.close()'
	# The second connection comes 150 ms after the first. A busy machine may be late, but not each time.
	local port=$PORT
	for _ in 1 2 3 4 5 6 7 8; do
		explains 0 127.0.0.1 "$port"
		! grep -q $'^greeting\t.*\thello' out || break
	done
	step "greeting~127\.0\.0\.1 port $port~-~hello\\\\n$MS"
}

@test "TLS: who waits is asked for it, with its certificate's time" {
	needs openssl openssl
	local name
	openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout key -out good.pem \
		-days 30 -subj /CN=ok.test 2>openssl.err || skip 'openssl req does not do that'
	openssl req -x509 -nodes -key key -out old.pem -not_before 20200101000000Z -not_after 20210101000000Z \
		-subj /CN=ok.test 2>openssl.err || cp good.pem old.pem
	for name in good old; do
		spawn openssl s_server -accept 127.0.0.1:0 -www -cert $name.pem -key key >log 2>&1
		listening_port "$PID"
		explains 0 127.0.0.1 "$PORT"
		step "greeting~127\.0\.0\.1 port $PORT~-~none: it waits for you to speak, or hangs$MS"
		step "tls~127\.0\.0\.1 port $PORT~-~TLS 1\.3 TLS_[A-Z0-9_]+$MS"
		if cmp -s good.pem $name.pem; then
			wrong
		else
			wrong "127\.0\.0\.1 port $PORT: its certificate expired at 2021-01-01T00:00:00Z, so that programs which verify it refuse"
		fi
	done
	# One that speaks first is not asked.
	services_by 'S("127.0.0.1", 0); says[all[0].getsockname()[1]] = b"hello\n"
print(all[0].getsockname()[1], flush=True)'
	explains 0 127.0.0.1 "$PORT"
	lacks ^tls
}

@test "UNIX sockets: not there, stale, of another type, forbidden, full; who listens" {
	linux
	private </dev/null
	powerless
	mkdir d
	services_by 'def U(path, kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(path)
    clients.append(s)
    return s
for path in "open", "full", "locked", "d/s":
    U(path).listen(5 if path == "open" else 0)
U("dgram", socket.SOCK_DGRAM)
U("bound")
clients.pop(clients.index(U("stale"))).close()
for _ in range(2):
    c = socket.socket(socket.AF_UNIX); c.setblocking(False); c.connect_ex("full"); clients.append(c)'
	chmod 0 locked d
	explains 0 unix:open
	silent
	step "connect~unix:open~-~open$MS"
	step "listener~unix:open~-~$PYTHON3 listens on unix:open"
	step "greeting~unix:open~-~none: it waits for you to speak, or hangs$MS"
	wrong
	local line refused='Connection refused \(ECONNREFUSED\)'
	while read -r line; do
		explains 1 "${line%%: *}"
		step "connect~${line%%: *}~-~${line#*: }$MS"
		wrong "$line, so that nothing can connect"
		says "^sockit connect: $line$"
	done <<-END
		unix:nosuch: No such file or directory \\(ENOENT\\)
		unix:stale: $refused: nobody has this socket any more
		unix:hosts: $refused: it is a file, no socket
		unix:bound: $refused: $PYTHON3 has this socket, and does not listen
		unix:dgram: Protocol wrong type for socket \\(EPROTOTYPE\\): its type is dgram: see sockit unix --type
		unix:locked: Permission denied \\(EACCES\\): it may not be written to: its mode is 000, and user [0-9]+ has it
		unix:$PWD/d/s: Permission denied \\(EACCES\\): the directory $PWD/d may not be searched
		unix:@nobody-$$: $refused: nobody has this name
	END
	explains 4 -w 300ms unix:full
	wrong "unix:full: no answer within 300 ms \(-w\); the queue of $PYTHON3 on unix:full is full: [0-9]+ waits? to be accepted, so that nobody gets in until it accepts"
	chmod 755 d
}

@test "through a proxy: the way to it, and its answer" {
	private <<<'127.0.0.1 proxy.test localhost'
	peer nameserver
	powerless
	services_by 'S("127.0.0.1", 8000); S("127.0.0.1", 8002); says[8000] = b"hello\n"'
	serve -k --quiet --proxy-server http 127.0.0.1 0
	local answer="proxy\.test port $PORT: 127\.0\.0\.1 port 8001: HTTP status 502 Bad Gateway \(EHOSTUNREACH\)"
	explains 0 --proxy "http://me:secret@proxy.test:$PORT" 127.0.0.1 8000
	step "hosts~/etc/hosts:1~proxy\.test~127\.0\.0\.1 proxy\.test localhost$MS"
	step "connect~127\.0\.0\.1 port $PORT~-~open$MS"
	step "connect~127\.0\.0\.1 port 8000~-~open, through http://proxy\.test:$PORT$MS"
	step "greeting~127\.0\.0\.1 port 8000~-~hello\\\\n$MS"
	lacks secret
	wrong
	explains 1 --proxy "http://proxy.test:$PORT" 127.0.0.1 8001
	step "connect~127\.0\.0\.1 port $PORT~-~open$MS"
	step "connect~127\.0\.0\.1 port 8001~-~$answer$MS"
	wrong "127\.0\.0\.1 port 8001: $answer, so that nothing gets there through this proxy"
	says "^sockit connect: proxy $answer$"
	# The proxy itself is not there, or says nothing.
	explains 1 --proxy http://proxy.test:8009 127.0.0.1 8000
	wrong '127\.0\.0\.1 port 8009: Connection refused \(ECONNREFUSED\), so that nothing can connect: nobody listens at that port'
	lacks 'port 8000'
	explains 4 -w 300ms --proxy http://proxy.test:8002 127.0.0.1 8000
	wrong '127\.0\.0\.1 port 8000: proxy\.test port 8002: 127\.0\.0\.1 port 8000: no answer within 300 ms \(-w\), so that nothing gets there through this proxy'
	explains 0 --json --proxy "http://proxy.test:$PORT" localhost 8000
	[ "$(schema out host open.0.name open.0.port)" = 'localhost localhost 8000' ]
}

@test "proxies that others would take: their names, and no password" {
	private </dev/null
	powerless
	services_by 'S("127.0.0.1", 8000); says[8000] = b"hello\n"'
	STATUS=0
	http_proxy=http://me:secret@proxy.test:3128/ HTTPS_PROXY=$'proxy\e[31m:8080' all_proxy='' no_proxy=localhost,.test \
		within 20 "$SOCKIT" connect --explain 127.0.0.1 8000 </dev/null >out 2>err || STATUS=$?
	[ "$STATUS" = 0 ]
	silent
	step 'environment~http_proxy~-~http://\.\.\.@proxy\.test:3128/'
	step 'environment~HTTPS_PROXY~-~proxy\\x1b\[31m:8080'
	step 'environment~no_proxy~-~localhost,\.test'
	[ "$(grep -c ^environment out)" = 3 ]
	lacks 'secret|me:'
	wrong
}

# schema FILE [KEY]...: what is in FILE is valid, and has these values.
schema() {
	python3 -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" "$1" any "${@:2}"
}

@test "as an object, valid by the schema" {
	private <<<'127.0.0.1 ok.test'
	peer nameserver
	powerless
	services_by 'S("127.0.0.1", 8000); says[8000] = b"220\xff\r\n"'
	explains 0 --json ok.test 8000
	silent
	[ "$(wc -l <out)" = 1 ]
	[ "$(schema out host port open.0.address)" = 'ok.test 8000 127.0.0.1' ]
	lacks '"wrong"'
	explains 1 --json ok.test 8001
	[ "$(schema out host port wrong.0)" = "ok.test 8001 127.0.0.1 port 8001: Connection refused (ECONNREFUSED), so that nothing can connect: nobody listens at that port" ]
	lacks '"open"'
	[ "$(schema err code failures.0.peer.port)" = 'ECONNREFUSED 8001' ]
	explains 1 --json "unix:$PWD/nosuch"
	schema out
	explains 3 --json no.test 8000
	schema out
}

@test "what it costs: no more than -z and a second for the greeting and TLS; the first line at once" {
	private <<<'127.0.0.1 ok.test'
	peer nameserver
	services_by 'S("127.0.0.1", 8000)'
	probing() { timed "$SOCKIT" connect -z --quiet ok.test 8000; }
	explaining() {
		timed "$SOCKIT" connect --explain ok.test 8000 >out
		# Since the connection was there, with the answer of TLS.
		[ "$(awk -F '\t' '$1 == "tls" { print int($5) }' out)" -lt 1030 ] || TOOK=100000
	}
	at_best 100000 probing
	at_best $((1100 + TOOK * 13 / 10)) explaining
	# Nobody answers, neither for the name nor there.
	printf 'nameserver 127.0.0.8\noptions timeout:5 attempts:1\n' >resolv.conf
	peer_by python3 -S -c 'import socket, time
s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.8", 53)); print(1, flush=True); time.sleep(60)'
	first_line() {
		local start line
		start=$(milliseconds)
		read -r line < <(exec "$SOCKIT" connect --explain -w 300ms no.test 8000 2>err 3>&-)
		TOOK=$(($(milliseconds) - start))
		[[ $line == hosts* ]]
	}
	at_best 100 first_line
}
