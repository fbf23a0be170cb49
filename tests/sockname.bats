# sockit sockname: the way to a host, a connection, a descriptor, lists of sockets, options, interfaces.

load helpers/common
load helpers/words
load helpers/private

# value KEY [FILE]: what FILE (out) has for KEY.
value() {
	sed -n "s/^$1 //p" "${2-out}"
}

# facts KEY...: checks the objects in the file out, and prints these members of each.
facts() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out any "$@"
}

on_linux() {
	[ "$(platform)" = linux ] || skip 'on Linux only'
}

# sockets LINE...: python makes these sockets (each a statement that ends in a socket in s) in the
# background, prints what they print, and keeps them.
sockets() {
	local fifo=sockets.$((++NOTIFIERS))
	mkfifo "$fifo" "$fifo.in"
	printf '%s\n' 'import os, socket, sys' 'from socket import *' 'kept = []' "$@" \
		'print("ready", flush=True)' 'sys.stdin.read()' >"$fifo.py"
	python3 "$fifo.py" <>"$fifo.in" >"$fifo" 3>&- &
	PIDS+=("$!")
	read -r <"$fifo"
}

# in_network: a network of our own for what follows, with the names of hosts and services of the system.
in_network() {
	private <<<'127.0.0.1 localhost'
}

# veth: an interface v0 there, 10.7.0.1.
veth() {
	inside ip link add v0 type veth peer name v1 2>/dev/null || skip 'no veth'
	inside ip addr add 10.7.0.1/24 dev v0
	inside ip link set v0 up
	inside ip link set v1 up
}

@test "HOST: the addresses, the interface and the route that the kernel has for it" {
	on_linux
	in_network
	veth
	inside ip addr add 10.8.0.9/32 dev lo
	inside ip route add 10.9.0.0/16 via 10.7.0.254
	inside ip route add 10.10.0.0/16 via 10.7.0.254 src 10.8.0.9
	sockit sockname 10.9.1.2 53
	[ "$STATUS" = 0 ] && silent
	[[ $(value local) =~ ^10\.7\.0\.1\ [1-9][0-9]*$ ]]
	[ "$(value peer)" = '10.9.1.2 53' ]
	[ "$(value interface) $(value gateway) $(value source)" = 'v0 10.7.0.254 10.7.0.1' ]
	[ "$(value family) $(value type)" = 'inet dgram' ]
	# As ip(8) has it.
	inside ip route get 10.9.1.2 >theirs
	grep -q "via $(value gateway) dev $(value interface) src $(value source)" theirs
	sockit sockname 10.10.0.1
	[ "$(value local | cut -d ' ' -f 1) $(value source)" = '10.8.0.9 10.8.0.9' ]
	[ "$(value peer)" = '10.10.0.1 9' ]
	# Reached directly: no gateway.
	sockit sockname 10.7.0.77
	[ "$(value interface) $(value gateway)" = 'v0 ' ]
	# As python has it.
	[ "$(python3 -c 'from socket import *
s = socket(AF_INET, SOCK_DGRAM)
s.connect(("10.9.1.2", 53))
print(s.getsockname()[0])')" = 10.7.0.1 ]
	sockit sockname --json 10.9.1.2:53
	[ "$(facts local.address peer.address peer.port interface gateway source)" = '10.7.0.1 10.9.1.2 53 v0 10.7.0.254 10.7.0.1' ]
	[ "$("$SOCKIT" sockname --local 10.9.1.2 | cut -d ' ' -f 1)" = 10.7.0.1 ]
	[ "$("$SOCKIT" sockname --peer 10.9.1.2)" = '10.9.1.2 9' ]
	# An IPv4 address in one of IPv6 takes the way of IPv4.
	sockit sockname ::ffff:10.9.1.2
	if [ "$STATUS" = 0 ]; then
		[ "$(value interface) $(value gateway) $(value source)" = 'v0 10.7.0.254 10.7.0.1' ] || fault mapped
	fi
	# A wildcard is this machine, whatever the default route.
	if inside ip -6 route add default via fe80::9 dev v0 2>ip.err; then
		sockit sockname ::
		[ "$(value interface) $(value gateway) $(value source)" = 'lo  ::1' ] || fault wildcard
		inside ip -6 route del default
	fi
	# No way there.
	sockit sockname 192.0.2.1
	told 1 'sockit sockname: 192.0.2.1 port 9: * (ENETUNREACH)'
	sockit sockname 2001:db8::1
	told 1 'sockit sockname: 2001:db8::1 port 9: * (ENETUNREACH)'
	sockit sockname --json 192.0.2.1
	told 1 '{"event":"error",*"code":"ENETUNREACH",*}'
	# Nothing was sent.
	[ "$(inside cat /sys/class/net/v0/statistics/tx_packets 2>/dev/null || echo 0)" -lt 20 ]
}

@test "HOST: names, families, ports by name" {
	sockit sockname -4 localhost domain
	[ "$STATUS" = 0 ] || fault localhost
	[ "$(value peer)" = '127.0.0.1 53' ]
	[ "$(value interface)" = lo ]
	sockit sockname 127.0.0.1:ntp
	[ "$(value peer)" = '127.0.0.1 123' ]
	sockit sockname -n '[::1]:5'
	if [ "$STATUS" = 0 ]; then
		[ "$(value peer) $(value family)" = '::1 5 inet6' ]
	fi
	sockit sockname localhost nosuchservice
	told 3 'sockit sockname: port nosuchservice: no such service (EAI_SERVICE)'
	sockit sockname -6 127.0.0.1
	told 3 'sockit sockname: host 127.0.0.1: it has no IPv6 address (EAI_FAMILY)'
	refuses "host 'localhost' is a name, which --numeric does not look up" sockname -n localhost
	refuses "port '65536' is neither *" sockname localhost 65536
	refuses "host 'a b' is neither *" sockname 'a b'
	refuses "host '' is empty" sockname ''
	refuses "host '-5' is neither an address nor a name" sockname -5
	refuses "host 'h:' is *" sockname h: 5 || refuses "port '' is *" sockname h:
	refuses 'an operand is missing: sockit sockname *' sockname
	refuses 'an operand is missing: *' sockname --connect
	refuses "a port is missing after 'localhost'" sockname --connect localhost
	refuses '* too many operands*' sockname 1 2 3 || refuses "*'3'*" sockname 1 2 3
}

@test "HOST: a limit for the look-up" {
	in_network
	# What needs none is there at once.
	sockit sockname -w 1m 127.0.0.1
	[ "$STATUS" = 0 ] && silent || fault 'a number'
	[ "$(value interface)" = lo ]
	# A name server that takes the question and is silent.
	sockets 's = socket(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 53)); kept.append(s)'
	sockit sockname -w 300ms silent.example
	told 4 'sockit sockname: look-up of host silent.example, port 9: no answer within 300 ms (-w)'
}

@test "--connect: both ends and what TCP_INFO has" {
	counterpart readall
	sockit sockname --connect 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] && silent || fault connect
	[ "$(value family) $(value type) $(value protocol)" = 'inet stream tcp' ]
	[ "$(value peer)" = "127.0.0.1 $PORT" ]
	[[ $(value local) =~ ^127\.0\.0\.1\ [1-9][0-9]*$ ]]
	[ "$(value interface)" = lo ]
	[ "$(value state)" = established ]
	if [ "$(platform)" = linux ]; then
		[[ $(value rtt_ms) =~ ^[0-9]+\.[0-9]{3}$ ]]
		[ "$(value mss)" -gt 500 ]
		[ "$(value cwnd)" -ge 1 ]
		[ "$(value retransmits)" = 0 ]
		[ "$(value congestion)" = "$(python3 -c 'from socket import *
print(socket().getsockopt(IPPROTO_TCP, TCP_CONGESTION, 16).rstrip(b"\0").decode())')" ]
	fi
	counterpart_ended
	counterpart readall
	sockit sockname --connect --json "127.0.0.1:$PORT"
	[ "$(facts peer.port state family)" = "$PORT established inet" ]
	# On stderr the events of -v.
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err connected subcommand peer.port)" = "sockname $PORT" ]
	counterpart readall
	[ "$("$SOCKIT" sockname --connect --peer 127.0.0.1 "$PORT")" = "127.0.0.1 $PORT" ]
	PORT=$(free_port)
	sockit sockname --connect 127.0.0.1 "$PORT"
	told 1 "sockit sockname: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)*"
	sockit sockname --connect -v 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ]
}

@test "--connect: a limit for the connection" {
	on_linux
	in_network
	veth
	sockit sockname --connect -w 300ms 10.7.0.2 80
	told 4 'sockit sockname: 10.7.0.2 port 80: no answer within 300 ms (-w)'
}

@test "--fd: what a descriptor is" {
	counterpart readall
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	sockit sockname --fd 5
	[ "$STATUS" = 0 ] && silent
	[ "$(value family) $(value type) $(value protocol) $(value state)" = 'inet stream tcp established' ]
	[ "$(value peer)" = "127.0.0.1 $PORT" ]
	[ "$(value inode)" = "$(readlink "/proc/$BASHPID/fd/5" | tr -dc 0-9)" ]
	[ "$("$SOCKIT" sockname --fd 5 --local)" = "$(value local)" ]
	[ "$("$SOCKIT" sockname --fd 5 --peer)" = "127.0.0.1 $PORT" ]
	exec 5>&-
	# Others, made by python.
	cat >give.py <<-'END'
		import os, subprocess, sys
		from socket import *
		exec(sys.argv[1])
		print(*sys.argv[2:], '|', end=' ', flush=True)
		sys.exit(subprocess.run([os.environ['SOCKIT'], 'sockname', '--fd', str(s.fileno()), *sys.argv[2:]],
		                        pass_fds=[s.fileno()]).returncode)
	END
	given() {
		STATUS=0
		python3 give.py "$@" >out 2>err </dev/null || STATUS=$?
		sed -i 's/^.*| //' out
	}
	given 's = create_server(("127.0.0.1", 0))'
	[ "$STATUS" = 0 ]
	[ "$(value state) $(value protocol)" = 'listen tcp' ]
	[[ $(value local) == '127.0.0.1 '* ]]
	[ -z "$(value peer)" ]
	given 's = create_server(("127.0.0.1", 0))' --peer
	[ "$STATUS" = 1 ]
	says '^sockit sockname: descriptor [0-9]+: no peer.s address \(ENOTCONN\)$'
	given 's = socket(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 0))'
	[ "$(value state) $(value protocol) $(value type)" = 'unconnected udp dgram' ]
	given 's, t = socketpair()'
	[ "$(value family) $(value type) $(value state)" = 'unix stream established' ]
	[ "$(platform)" != linux ] || [ "$(value peer_uid)" = "$(id -u)" ]
	given 's = socket(AF_UNIX, SOCK_SEQPACKET); s.bind("a socket"); s.listen()'
	[ "$(value family) $(value type) $(value state) $(value local)" = 'unix seqpacket listen unix:a socket' ]
	given 's = socket(AF_UNIX, SOCK_DGRAM); s.bind("\0abstract")' --local
	[ "$(<out)" = unix:@abstract ]
	given 's = socket(AF_UNIX, SOCK_DGRAM)' --local
	[ "$STATUS" = 1 ]
	says '^sockit sockname: descriptor [0-9]+: no local address \(ENOTCONN\)$'
	given 's = socket(AF_INET6, SOCK_STREAM)' --json || :
	if [ "$STATUS" = 0 ]; then
		[ "$(facts family state local.address)" = "inet6 $([ "$(platform)" = linux ] && echo close || echo unconnected) ::" ]
	fi
	given 's = socket(AF_VSOCK, SOCK_STREAM); s.bind((VMADDR_CID_ANY, 4711)); s.listen()' --json 2>/dev/null || :
	if [ "$STATUS" = 0 ] && [ "$(platform)" = linux ]; then
		[ "$(facts family type state local.family local.address local.port)" = 'vsock stream listen vsock any 4711' ] || fault vsock
	fi
	given 's, t = socketpair(); s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)' --options
	[ "$(value SO_KEEPALIVE)" = 1 ]
	! grep -q ^TCP_ out || fault 'options of TCP'
	given 's = socket(); s.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1); s.setsockopt(SOL_SOCKET, SO_LINGER, b"\1\0\0\0\5\0\0\0"); s.settimeout(None)' --options
	[ "$(value TCP_NODELAY) $(value SO_LINGER) $(value IP_TTL)" = "1 5 $(python3 -c 'from socket import *
print(socket().getsockopt(IPPROTO_IP, IP_TTL))')" ]
	given 's = socket()' --options --json
	[ "$(facts options.SO_REUSEADDR options.TCP_NODELAY)" = '0 0' ]
}

@test "--fd: what is no socket" {
	sockit sockname --fd 0
	told 1 'sockit sockname: descriptor 0: * (ENOTSOCK)'
	sockit sockname --fd 999
	told 1 'sockit sockname: descriptor 999: * (EBADF)'
	refuses "--fd: *'x'*" sockname --fd x
	refuses "--fd: *'-1'*" sockname --fd=-1
	refuses "--fd: *'99999999999'*" sockname --fd 99999999999
	refuses "extra operand 'x'" sockname --fd 0 x
	refuses '--connect and --fd exclude each other' sockname --connect --fd 0
	refuses '*exclude each other' sockname --listening --interfaces
	refuses '*exclude each other' sockname --local --peer --fd 0
	refuses '*exclude each other' sockname --listening --options
}

@test "--listening: who listens, as ss has it" {
	on_linux
	needs ss iproute2
	in_network
	sockets \
		'def add(*a):' \
		'    s = socket(*a); kept.append(s); return s' \
		's = add(); s.bind(("127.0.0.1", 7001)); s.listen(3)' \
		's = add(); s.bind(("0.0.0.0", 7002)); s.listen(5)' \
		's = add(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 7001))' \
		's = add(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 7003)); s.connect(("127.0.0.1", 7001))' \
		's = add(AF_UNIX, SOCK_STREAM); s.bind("a path"); s.listen(1)' \
		's = add(AF_UNIX, SOCK_SEQPACKET); s.bind("\0abstract"); s.listen(1)' \
		's = add(AF_UNIX, SOCK_DGRAM); s.bind("dgram")' \
		's = add(AF_UNIX, SOCK_DGRAM)' \
		's = add(); s.connect(("127.0.0.1", 7001)); ' \
		'try:' \
		'    s = add(AF_INET6); s.bind(("::", 7004)); s.listen(7)' \
		'except OSError: pass'
	sockit sockname --listening
	[ "$STATUS" = 0 ] && silent
	[ "$(grep -c '^unix' out)" = 0 ] # they would be hundreds
	sockit sockname --listening --protocol unix,udp,tcp
	[ "$STATUS" = 0 ] && silent
	# Protocol, address, port, state, queues, uid, inode, pid, program.
	local pid
	pid=$(awk -F '\t' '$3 == 7001 && $1 == "tcp" { print $9 }' out)
	[ -n "$pid" ]
	[ "$(cut -f 1-6,9,10 out | grep 7001 | head -n 1)" = $'tcp\t127.0.0.1\t7001\tlisten\t1\t3\t'"$pid"$'\tpython3' ]
	inside ss -tlnH | awk '{ print $4, $3, $2 }' | sed 's/\[//; s/\]//; s/\*:/:::/' | sort >theirs
	awk -F '\t' '$1 == "tcp" { print $2 ":" $3, $6, $5 }' out | sort >ours
	diff ours theirs
	inside ss -ulnH | awk '{ print $4 }' | sort >theirs
	awk -F '\t' '$1 == "udp" { print $2 ":" $3 }' out | sort >ours
	diff ours theirs
	[ "$(awk -F '\t' '$1 == "unix" && $10 == "python3" { print $2, $3, $4 }' out | sort)" = 'a path - listen
dgram - unconnected
@abstract - listen' ] || [ "$(awk -F '\t' '$1 == "unix" && $10 == "python3" { print $2, $3, $4 }' out | LC_ALL=C sort)" = '@abstract - listen
a path - listen
dgram - unconnected' ]
	sockit sockname --listening --json
	[ "$(facts protocol local.port state send_queue program | grep '^tcp 700[12]')" = 'tcp 7001 listen 3 python3
tcp 7002 listen 5 python3' ]
	# One port.
	[ "$("$SOCKIT" sockname --listening 7001 | cut -f 1-4)" = $'tcp\t127.0.0.1\t7001\tlisten
udp\t127.0.0.1\t7001\tunconnected' ]
	[ "$("$SOCKIT" sockname --listening -4 7002 | cut -f 1-3)" = $'tcp\t0.0.0.0\t7002' ]
	sockit sockname --listening 7003
	told 1 'sockit sockname: port 7003: nobody listens on it (ECONNREFUSED)'
	sockit sockname --quiet --listening 7005
	nothing 1
	# All, with their peers.
	sockit sockname --sockets 7001
	[ "$(awk -F '\t' '$6 == "established" && $5 == 7001 { print $1 }' out | sort | tr '\n' ' ')" = 'tcp udp ' ]
	[ "$(awk -F '\t' '$6 == "established" && $3 == 7001 { print $1 }' out)" = tcp ]
	sockit sockname --sockets
	inside ss -tuanH | wc -l >theirs
	[ "$(grep -c '^tcp\|^udp' out)" = "$(($(<theirs)))" ]
	sockit sockname --sockets --json
	[ "$(facts protocol | grep -c tcp)" -ge 3 ]
}

@test "--listening: several processes, and another user's" {
	on_linux
	in_network
	sockets 's = socket(); s.bind(("127.0.0.1", 7001)); s.listen(3)' 'kept.append(os.fork())' \
		'if kept[-1] == 0: sys.stdin.read(); os._exit(0)'
	sockit sockname --json --listening 7001
	[ "$STATUS" = 0 ]
	local pid others
	read -r pid others <<<"$(facts pid others)"
	[ "$others" != - ]
	[ "$("$SOCKIT" sockname --listening 7001 | cut -f 9)" = "$pid,${others//[^0-9]/}" ]
	kill "${others//[^0-9]/}" 2>/dev/null || :
}

@test "--listening: by /proc/net where sock_diag does not answer" {
	on_linux
	needs_strace
	in_network
	sockets \
		's = socket(); s.bind(("127.0.0.1", 7001)); s.listen(3); kept.append(s)' \
		's = socket(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 7001)); kept.append(s)' \
		's = socket(AF_UNIX, SOCK_STREAM); s.bind("a path"); s.listen(1); kept.append(s)' \
		's = socket(AF_UNIX, SOCK_SEQPACKET); s.bind("\0abstract"); s.listen(1); kept.append(s)' \
		's = socket(AF_UNIX, SOCK_DGRAM); s.bind("dgram"); kept.append(s)' \
		'try:' \
		'    s = socket(AF_INET6); s.bind(("::1", 7002)); s.listen(7); kept.append(s)' \
		'except OSError: pass'
	"$SOCKIT" sockname --listening --protocol tcp,udp,unix >expected
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" within 30 strace -f -qq -o trace -e trace=socket \
		-e inject=socket:error=EPROTONOSUPPORT "$SOCKIT" sockname --listening --protocol tcp,udp,unix >out 2>err
	silent
	# Queues, and of UNIX sockets the uid, are not told there.
	diff <(cut -f 1-4,8- expected) <(cut -f 1-4,8- out)
	[ "$(grep -c ^unix out)" -ge 3 ]
	grep -q $'^tcp\t127.0.0.1\t7001\tlisten\t.*\tpython3$' out
}

@test "ports by name, and words that are none" {
	on_linux
	in_network
	sockets 's = socket(); s.bind(("127.0.0.1", 80)); s.listen(3); kept.append(s)'
	[ "$("$SOCKIT" sockname --listening http | cut -f 1-3)" = $'tcp\t127.0.0.1\t80' ]
	sockit sockname --listening nosuchservice
	told 3 'sockit sockname: port nosuchservice: no such service (EAI_SERVICE)'
	refuses "port 'http' is a name, which --numeric does not look up" sockname -n --listening 80,http
	refuses "port '65536' is neither *" sockname --listening 65536
	refuses "port '-1' is neither *" sockname --listening -1
	refuses "port '80-79' is neither *" sockname --listening 22,80-79
	refuses "port '' is neither *" sockname --listening 22,
	refuses "port '0': no socket has 0" sockname --sockets 0
	refuses "port '0-9': no socket has 0" sockname --sockets 0-9
	refuses "extra operand '81'" sockname --listening 80 81
}

@test "--listening, --sockets: lists of ports, protocols, states, programs, users, peers" {
	on_linux
	in_network
	sockets 's = socket(); s.bind(("127.0.0.1", 80)); s.listen(3); kept.append(s)' \
		's = socket(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 7001)); kept.append(s)' \
		's = socket(); s.bind(("127.0.0.1", 7002)); s.listen(3); kept.append(s)' \
		's = socket(); s.bind(("127.0.0.1", 7003)); s.listen(3); kept.append(s)' \
		's = socket(); s.bind(("127.0.0.9", 0)); s.connect(("127.0.0.1", 80)); kept.append(s)'
	ports() {
		"$SOCKIT" sockname "$@" | cut -f 1,3 | tr '\t\n' ': '
	}
	[ "$(ports --listening http,7001-7002)" = 'tcp:80 tcp:7002 udp:7001 ' ]
	[ "$(ports --listening --protocol tcp 1-7002)" = 'tcp:80 tcp:7002 ' ]
	[ "$(ports --listening --protocol udp)" = 'udp:7001 ' ]
	[ "$(ports --listening --program python3 7003,7001)" = 'tcp:7003 udp:7001 ' ]
	[ "$(ports --listening --uid "$(inside id -un)" 7003)" = 'tcp:7003 ' ]
	[ "$(ports --sockets --state listen,unconnected 7002,7001)" = 'tcp:7002 udp:7001 ' ]
	[ "$("$SOCKIT" sockname --sockets --with 127.0.0.9 | cut -f 2-6)" = $'127.0.0.1\t80\t127.0.0.9\t'"$(
		"$SOCKIT" sockname --sockets --with localhost --state established 80 | cut -f 3)"$'\testablished' ]
	sockit sockname --sockets --with 127.0.0.8
	told 1 'sockit sockname: no socket is like that (ENOENT)'
	sockit sockname --listening --program nosuch
	told 1 'sockit sockname: no socket is like that (ENOENT)'
	sockit sockname --listening 7004-7010
	told 1 'sockit sockname: port 7004-7010: nobody listens on it (ECONNREFUSED)'
	refuses "'sctp' is no protocol: tcp, mptcp, udp or unix" sockname --listening --protocol tcp,sctp
	refuses "'open' is no state: *" sockname --sockets --state open
	refuses '--state needs --sockets' sockname --listening --state listen
	refuses '--with needs --sockets' sockname --listening --with localhost
	refuses '--program needs --listening' sockname --program x ||
		refuses '--program needs --listening or --sockets' sockname --program x
	refuses "*'no such user'*" sockname --listening --uid 'no such user'
	refuses "'80': a UNIX socket has no port (unix:PATH)" sockname --listening --protocol unix 80
	refuses "'unix:x' needs --protocol unix" sockname --listening --protocol tcp unix:x
	refuses '-6: a UNIX socket has no IP address' sockname --listening -6 unix:x
	refuses '--with: a UNIX socket has no host' sockname --sockets --with localhost unix:x
}

@test "--sockets unix:PATH: who talks to it" {
	on_linux
	sockets 'l = socket(AF_UNIX); l.bind("s"); l.listen(3); kept.append(l)' \
		's = socket(AF_UNIX); s.connect("s"); kept.append(s); kept.append(l.accept()[0])' \
		'a, b = socketpair(); kept += [a, b]'
	local server client
	"$SOCKIT" sockname --sockets unix:s >out
	server=$(awk -F '\t' '$6 == "established" && $2 == "s" { print $10 }' out)
	client=$(awk -F '\t' '$6 == "established" && $2 == "-" { print $10 }' out)
	[ "$(cut -f 1-6,12 out)" = "$(printf '%s\t' unix s - - - listen; echo python3
		printf '%s\t' unix s - "#$client" - established; echo python3
		printf '%s\t' unix - - s - established; echo python3)" ]
	# The same by another name, for a program; what only listens; nobody.
	sockit sockname --json --sockets "unix:$PWD/s"
	[ "$(facts state local.address peer.address inode peer_inode | tail -n 2)" = "established s - $server $client
established - s $client $server" ]
	[ "$("$SOCKIT" sockname --listening unix:s | cut -f 2,6,10)" = $'s\t3\tpython3' ]
	sockit sockname --listening unix:nobody
	told 1 'sockit sockname: unix:nobody: nobody listens on it (ECONNREFUSED)'
	# Nobody has what the kernel has not told: a dash, at the end of a row too.
	[ "$(awk -F '\t' '{ print NF }' out | sort -u)" = '' ] || [ "$("$SOCKIT" sockname --sockets --protocol unix |
		awk -F '\t' '{ print NF }' | sort -u)" = 14 ]
}

@test "--sockets: each connection of an MPTCP one has its process" {
	on_linux
	in_network
	inside ip addr add 10.9.0.1/32 dev lo
	inside ip addr add 10.9.0.2/32 dev lo
	{ inside ip mptcp limits set subflow 2 add_addr_accepted 2 &&
		inside ip mptcp endpoint add 10.9.0.2 dev lo subflow; } 2>/dev/null || skip 'no MPTCP'
	sockets 'def mptcp(): s = socket(AF_INET, SOCK_STREAM, 262); kept.append(s); s.bind(("10.9.0.1", 0)); return s' \
		'' 'l = mptcp(); l.listen(3)' 's = mptcp(); s.connect(l.getsockname()); a = l.accept()[0]; kept.append(a)' \
		's.send(b"x"); a.recv(1); a.send(b"y"); s.recv(1)'
	four() {
		[ "$("$SOCKIT" sockname --sockets --state established | cut -f 12)" = $'python3\npython3\npython3\npython3' ]
	}
	eventually four
	[ "$("$SOCKIT" sockname --sockets --info --state established | grep -c '(mptcp)$')" = 4 ]
	[ "$("$SOCKIT" sockname --sockets --protocol mptcp --state established | cut -f 1,12 | uniq -c | xargs)" = \
		'2 mptcp python3' ] || [ "$("$SOCKIT" sockname --sockets --protocol mptcp 2>&1 | grep -c ENOENT)" = 1 ]
}

@test "--info: what ss(8) says of a connection, and who limits it" {
	on_linux
	needs ss iproute2
	in_network
	sockets 'l = socket(); l.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096); l.bind(("127.0.0.1", 7001)); l.listen(3)' \
		's = socket(); s.connect(l.getsockname()); a = l.accept()[0]; kept += [l, s, a]' \
		's.setblocking(False); s.send(bytes(1 << 20))' \
		'u = socket(AF_INET, SOCK_DGRAM); u.bind(("127.0.0.1", 7002)); kept.append(u)'
	# Until the window has held it up for a while; what the kernel and ss know does not change any more.
	info() {
		"$SOCKIT" sockname --sockets --info --json --with 127.0.0.1 --state established >out
	}
	limited() {
		info && facts peer.port sending_limited_by.receiver | grep -qE '^7001 (9[0-9]|100)$'
	}
	eventually limited
	inside ss -tinH state established | paste - - >theirs
	# Both the same figures of both, as `PORT RTT RTTVAR MSS CWND RETRANSMITS CONGESTION`.
	facts peer.port rtt_ms rttvar_ms mss cwnd retransmits congestion |
		awk '{ $2 += 0; $3 += 0; print }' | sort >ours
	python3 - theirs <<-'END' | sort >expected
		import re, sys
		for line in open(sys.argv[1]):
		    peer, = re.findall(r':(\d+)\s*\t', line)
		    one = lambda key, default=None: (re.findall(r'[\s(]' + key + r':(\S+)', line) or [default])[0]
		    rtt, var = one('rtt').split('/')
		    print(peer, '%g' % float(rtt), '%g' % float(var), one('mss'), one('cwnd'), one('retrans', '0/0').split('/')[1],
		          re.findall(r'\b(cubic|bbr|reno|dctcp)\b', line)[0])
	END
	same expected ours
	# In words, at the end of the row; none of what is no such connection.
	"$SOCKIT" sockname --sockets --info >out
	awk -F '\t' '$5 == 7001 && $17 ~ /^receiver (9[0-9]|100) %/ { found++ } END { exit found != 1 }' out
	awk -F '\t' '$3 == 7002 && NF == 17 && $17 == "-" { found++ } END { exit found != 1 }' out
	refuses '--info needs --listening or --sockets' sockname --info
}

@test "a kernel that does not know MPTCP's number is not asked for TCP in its place" {
	on_linux
	needs_strace
	traced sendto "$SOCKIT" sockname --listening --protocol mptcp >out 2>err || grep -q ENOENT err
	grep -q nlmsg_len trace
	# A question begins with its family and its protocol, a byte each: 6 is TCP.
	run ! grep -E '"\\(x02|2|x0a|n)\\(x0)?6|sdiag_protocol=IPPROTO_TCP' trace
}

@test "a list fits into the terminal: inode and queues go first" {
	on_linux
	needs script bsdutils
	in_network
	sockets 's = socket(); s.bind(("127.0.0.1", 7001)); s.listen(3); kept.append(s)' \
		'for i in range(3):' '    if os.fork() == 0: sys.stdin.read(); os._exit(0)'
	# How wide it is depends on the numbers.
	listed 200
	[[ $(head -n 1 out | xargs) = 'PROTO ADDRESS PORT STATE RECVQ SENDQ UID INODE PID PROGRAM' ]]
	[[ $(tail -n 1 out | xargs) =~ ^tcp\ 127.0.0.1\ 7001\ listen\ 0\ 3\ [0-9]+\ [0-9]+\ [0-9]+\+3\ python3$ ]]
	mv out all
	listed "$(width all)"
	cmp all out
	listed $(($(width all) - 1))
	[[ $(head -n 1 out | xargs) = 'PROTO ADDRESS PORT STATE RECVQ SENDQ UID PID PROGRAM' ]]
	listed $(($(width out) - 1))
	[[ $(head -n 1 out | xargs) = 'PROTO ADDRESS PORT STATE SENDQ UID PID PROGRAM' ]]
	listed $(($(width out) - 1))
	[[ $(head -n 1 out | xargs) = 'PROTO ADDRESS PORT STATE UID PID PROGRAM' ]]
	listed 80 --sockets --info
	[ "$(width out)" -le 80 ]
	[[ $(head -n 1 out | xargs) =~ ^'PROTO ADDRESS PORT PEER PORT '.*' LIMITED'$ ]]
	listed 200 --sockets --info --protocol tcp,unix
	[[ $(head -n 1 out | xargs) =~ ' PEERPID PEERPROGRAM RTT RETRANS CWND RATE LIMITED'$ ]]
}
# listed COLUMNS [ARG...]: the list on a terminal of that width, in the file out. width FILE: how wide is that?
listed() {
	[ $# -gt 1 ] || set -- "$1" --listening
	within 20 script -qec "stty cols $1; $SOCKIT sockname ${*:2}" /dev/null </dev/null | tr -d '\r' >out
}
width() {
	awk '{ if (length > n) n = length } END { print n }' "$1"
}

@test "where there is no list of sockets, that is said" {
	[ "$(platform)" != linux ] || skip 'not on Linux'
	sockit sockname --listening
	told 1 'sockit sockname: the list of sockets: * (ENOTSUP)' || told 1 '*EOPNOTSUPP*'
}

@test "--options: the table of names" {
	sockit sockname --options
	[ "$STATUS" = 0 ] && silent
	cut -f 1 out | sort >ours
	[ -z "$(uniq -d ours)" ]
	# Those of the tables that --sockopt reads.
	local file tables=()
	for file in "$BATS_TEST_DIRNAME"/../src/*/*.c; do
		[[ $file == *_linux.c && $(platform) != linux ]] || tables+=("$file")
	done
	sed -n '/^static const struct sockopt_row.*\[\]/,/^};/p' "${tables[@]}" |
		grep -oE '\b(SO|TCP|IP|IPV6)_[A-Z0-9_]+\b' | sort -u | diff ours -
	grep -qx $'SO_REUSEADDR\tint\tSOL_SOCKET\t0' out
	grep -qx $'SO_LINGER\tlinger\tSOL_SOCKET\t-1' out
	grep -qx $'SO_RCVTIMEO\tduration\tSOL_SOCKET\t0' out
	grep -qE $'^IPV6_UNICAST_HOPS\tint\tIPPROTO_IPV6\t(64|-)$' out
	[ "$(platform)" != linux ] || grep -qE $'^SO_RCVBUFFORCE\tint\tSOL_SOCKET\t-$' out
	[ "$(awk -F '\t' '$1 == "SO_RCVBUF" { print $4 }' out)" = "$(python3 -c 'from socket import *
print(socket().getsockopt(SOL_SOCKET, SO_RCVBUF))')" ]
	sockit sockname --options --json
	[ "$(facts name type level default | head -n 1)" = 'SO_BROADCAST int SOL_SOCKET 0' ]
	# Of a connection, as it was set.
	counterpart readall
	sockit sockname --connect --options 127.0.0.1 "$PORT"
	[ "$(value TCP_NODELAY)" = 0 ]
}

@test "--interfaces: as ip has it" {
	needs ip iproute2
	in_network
	inside ip link add v0 type veth peer name v1 2>/dev/null || skip 'no veth'
	inside ip addr add 10.7.0.1/24 broadcast 10.7.0.255 dev v0
	inside ip addr add 10.7.5.1/20 dev v0
	inside ip link set v0 mtu 1300 up
	sockit sockname --interfaces
	[ "$STATUS" = 0 ] && silent
	inside ip -j addr | python3 -S -c '
import json, sys
for i in json.load(sys.stdin):
    for a in i["addr_info"]:
        print(i["ifname"], i["ifindex"], a["local"] + "/" + str(a["prefixlen"]), a.get("broadcast", "-"), i["mtu"])
' | sort >theirs
	awk -F '\t' '$3 != "-" { sub(/%[^\/]*/, "", $4); print $1, $2, $4, $5, $6 }' out | sort >ours
	diff ours theirs
	grep -qE $'^v0\t[0-9]+\tinet\t10\\.7\\.0\\.1/24\t10\\.7\\.0\\.255\t1300\tup,broadcast,.*multicast$' out
	grep -qE $'^v1\t[0-9]+\t-\t-\t-\t1500\tbroadcast,multicast$' out
	grep -qE $'^lo\t1\tinet\t127\\.0\\.0\\.1/8\t-\t65536\tup,loopback,running$' out
	sockit sockname --interfaces -4 --json
	[ "$(facts name mtu addresses.0.address addresses.0.prefix addresses.1.address | grep v0)" = 'v0 1300 10.7.0.1 24 10.7.5.1' ]
	sockit sockname --interfaces -6
	[ "$(cut -f 3 out | sort -u)" = inet6 ] || [ ! -s out ]
	refuses "extra operand 'lo'" sockname --interfaces lo
}

@test "columns line up on a terminal, below their names" {
	needs script bsdutils
	listed 80 --interfaces
	[ "$(width out)" -le 80 ]
	listed 200 --interfaces -4
	[[ $(head -n 1 out) =~ ^NAME\ +INDEX\ +FAMILY\ +ADDRESS\ +BROADCAST\ +MTU\ +FLAGS$ ]]
	local head line
	head=$(head -n 1 out)
	head=${head%%FLAGS*}
	while IFS= read -r line; do
		[[ ${line:${#head}-1} =~ ^\ [a-z] ]] || fault "$line"
	done < <(tail -n +2 out)
	within 20 script -qec "$SOCKIT sockname 127.0.0.1" /dev/null </dev/null | tr -d '\r' >out
	grep -qx 'family     inet' out
	grep -qx 'peer       127.0.0.1 9' out
}

# bats test_tags=valgrind
@test "sockname leaks nothing" {
	sockit sockname 127.0.0.1
	[ "$STATUS" = 0 ]
	sockit sockname --listening --json
	[ "$STATUS" = 0 ] || [ "$(platform)" != linux ]
	sockit sockname --interfaces
	[ "$STATUS" = 0 ]
	sockit sockname --options --json
	[ "$STATUS" = 0 ]
}

@test "a port that is taken: listen says who has it" {
	on_linux
	in_network
	sockets 's = socket(); s.bind(("127.0.0.1", 7001)); s.listen(3); kept.append(s)' \
		's = socket(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 7002)); kept.append(s)'
	local pid
	pid=$("$SOCKIT" sockname --listening 7001 | cut -f 9)
	[ -n "$pid" ]
	sockit listen 127.0.0.1 7001
	told 1 "sockit listen: 127.0.0.1 port 7001: * (EADDRINUSE): python3 (process $pid) has 127.0.0.1 port 7001"
	# The wildcard of both families, where IPv4 is taken.
	sockit listen 7001
	told 1 "sockit listen: 0.0.0.0 port 7001: * (EADDRINUSE): python3 (process $pid) has 127.0.0.1 port 7001"
	sockit listen --json 127.0.0.1 7001
	[ "$STATUS" = 1 ]
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error code holder.pid holder.program holder.local.port holder.state >facts
	[ "$(<facts)" = "EADDRINUSE $pid python3 7001 listen" ]
	sockit listen --quiet 127.0.0.1 7001
	nothing 1
	# As the source of a connection, too.
	sockit connect -s 127.0.0.1 -p 7001 127.0.0.1 7009
	told 1 "sockit connect: 127.0.0.1 port 7009: -s 127.0.0.1 -p 7001: * (EADDRINUSE): python3 (process $pid) has 127.0.0.1 port 7001"
	# UDP is something else: the port is free.
	sockit listen -d -w 100ms 127.0.0.1 7002
	told 4 'sockit listen: *'
}

@test "a port that is bound to an interface: the list, and whoever wants it, tell which" {
	on_linux
	in_network
	sockets 's = socket(); s.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b"lo"); s.bind(("127.0.0.1", 7001)); s.listen()' \
		'kept.append(s)'
	sockit sockname -n --listening 7001
	[ "$(cut -f 2,3 out)" = "127.0.0.1%lo	7001" ]
	sockit sockname -n --json --listening 7001
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out any interface local.address)" = 'lo 127.0.0.1' ]
	sockit listen 127.0.0.1 7001
	told 1 "*: python3 (process *) has 127.0.0.1%lo port 7001"
}

@test "a UDP port that is taken, or where nobody is: udp-recv and udp-send say who has it" {
	on_linux
	in_network
	needs_ipv6
	sockets 's = socket(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.1", 7001)); kept.append(s)' \
		's = socket(); s.bind(("127.0.0.1", 7002)); s.listen(3); kept.append(s)' \
		's = socket(AF_INET6); s.bind(("::1", 7003)); s.listen(3); kept.append(s)'
	local pid
	pid=$("$SOCKIT" sockname --listening 7001 | cut -f 9)
	[ -n "$pid" ]
	sockit udp-recv 127.0.0.1 7001
	told 1 "sockit udp-recv: 127.0.0.1 port 7001: * (EADDRINUSE): python3 (process $pid) has 127.0.0.1 port 7001"
	sockit udp-recv 7001
	told 1 "sockit udp-recv: 0.0.0.0 port 7001: * (EADDRINUSE): python3 (process $pid) has 127.0.0.1 port 7001"
	sockit udp-recv --json -4 7001
	[ "$STATUS" = 1 ]
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error code holder.pid holder.protocol holder.local.port)" = "EADDRINUSE $pid udp 7001" ]
	# TCP is something else: the port is free.
	sockit udp-recv -w 50ms 127.0.0.1 7002
	[ "$STATUS" = 4 ]
	sockit udp-send -s 127.0.0.1 -p 7001 127.0.0.1 7009
	told 1 "sockit udp-send: 127.0.0.1 port 7009: -s 127.0.0.1 -p 7001: * (EADDRINUSE): python3 (process $pid) has 127.0.0.1 port 7001"
	# A refusal: nobody is there, but elsewhere.
	STATUS=0
	echo x | within 10 "$SOCKIT" udp-send -w 2 ::1 7001 >out 2>err || STATUS=$?
	told 1 "sockit udp-send: ::1 port 7001: Connection refused (ECONNREFUSED); but python3 (process $pid) listens on 127.0.0.1 port 7001"
	STATUS=0
	echo x | within 10 "$SOCKIT" udp-send -w 2 --json ::1 7001 >out 2>err || STATUS=$?
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error code elsewhere.0.pid elsewhere.0.local.address)" = "ECONNREFUSED $pid 127.0.0.1" ]
	# Not a listener of TCP, where all addresses refuse either.
	echo '::1 localhost' >>hosts
	STATUS=0
	echo x | within 10 "$SOCKIT" udp-send -w 2 localhost 7003 >out 2>err || STATUS=$?
	told 1 "sockit udp-send: * port 7003: Connection refused (ECONNREFUSED); * port 7003: Connection refused (ECONNREFUSED)"
}

@test "a port that is taken: another user's process is not known by more than the user" {
	on_linux
	[ "$(id -u)" = 0 ] || skip 'for root only'
	needs setpriv util-linux
	local other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	"${other[@]}" true 2>/dev/null || skip 'setpriv is not permitted'
	sockets 's = socket(); s.bind(("127.0.0.1", 0)); s.listen(3); kept.append(s)' \
		'open("port", "w").write(str(s.getsockname()[1]))'
	PORT=$(<port)
	# Nobody but root gets at the program where it was built.
	cp "$SOCKIT" here
	chmod 755 here . ..
	STATUS=0
	"${other[@]}" "$PWD/here" listen 127.0.0.1 "$PORT" >out 2>err </dev/null || STATUS=$?
	[ "$STATUS" != 126 ] || skip 'the other user cannot run it'
	told 1 "sockit listen: 127.0.0.1 port $PORT: * (EADDRINUSE): a process of user 0 has 127.0.0.1 port $PORT"
	[ "$("${other[@]}" "$PWD/here" sockname --listening "$PORT" | cut -f 1-3,7,9)" = $'tcp\t127.0.0.1\t'"$PORT"$'\t0\t-' ]
}

@test "a refusal by this machine: connect says what listens on that port elsewhere" {
	on_linux
	in_network
	needs_ipv6
	sockets 's = socket(AF_INET6); s.bind(("::1", 7001)); s.listen(3); kept.append(s)' \
		's = socket(); s.bind(("127.0.0.7", 7002)); s.listen(3); kept.append(s)' \
		's = socket(AF_INET, SOCK_DGRAM); s.bind(("127.0.0.9", 7003)); kept.append(s)'
	local pid
	pid=$("$SOCKIT" sockname --listening 7001 | cut -f 9)
	sockit connect 127.0.0.1 7001
	told 1 "sockit connect: 127.0.0.1 port 7001: Connection refused (ECONNREFUSED); but python3 (process $pid) listens on ::1 port 7001"
	sockit connect -4 localhost 7002
	told 1 "sockit connect: 127.0.0.1 port 7002: Connection refused (ECONNREFUSED); but python3 (process $pid) listens on 127.0.0.7 port 7002"
	sockit connect --json ::1 7002
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error code elsewhere.0.pid elsewhere.0.local.address >facts
	[ "$(<facts)" = "ECONNREFUSED $pid 127.0.0.7" ]
	# UDP is something else, and nobody listens on the other one.
	sockit connect 127.0.0.1 7003
	told 1 'sockit connect: 127.0.0.1 port 7003: Connection refused (ECONNREFUSED)'
	sockit connect 127.0.0.1 7004
	told 1 'sockit connect: 127.0.0.1 port 7004: Connection refused (ECONNREFUSED)'
	# At the end of --retry too.
	sockit connect --retry 200ms --interval 50ms 127.0.0.1 7001
	[ "$STATUS" = 4 ]
	grep -q "but python3 (process $pid) listens on ::1 port 7001" err
	sockit sockname --connect 127.0.0.1 7001
	told 1 "sockit sockname: 127.0.0.1 port 7001: *; but python3 (process $pid) listens on ::1 port 7001"
}

@test "a run that goes well asks nobody for sockets" {
	on_linux
	needs_strace
	counterpart readall
	traced socket,openat,?open "$SOCKIT" connect 127.0.0.1 "$PORT" <<<hello
	grep -q AF_INET trace
	! grep -q 'AF_NETLINK\|/proc/net\|services' trace || fault "$(<trace)"
}
