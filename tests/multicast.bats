# udp-recv: groups and broadcast, in a network of our own.

load helpers/common
load helpers/words
load helpers/private

# network: a namespace with the interface v0 (10.9.0.1, 10.9.0.2, fd09::1), and the other end of its cable, v1 (10.9.0.9,
# fd09::9), in a second one, where `beyond COMMAND...` runs.
network() {
	PYTHON=$(command -v python3)
	private <<<'127.0.0.1 localhost'
	rm -f beyond.pid
	[ -p beyond.fifo ] || mkfifo beyond.fifo
	inside unshare -n sh -c 'echo $$ >beyond.pid; ip link set lo up; echo ready >beyond.fifo; exec sleep 600' \
		3>&- 2>beyond.err &
	PIDS+=("$!")
	eventually test -s beyond.pid
	read -r <beyond.fifo
	BEYOND=$(<beyond.pid)
	PIDS+=("$BEYOND")
	inside sh -ec "
		ip link add v0 type veth peer name v1 netns $BEYOND
		ip addr add 10.9.0.1/24 brd + dev v0
		ip addr add 10.9.0.2/24 dev v0
		ip addr add fd09::1/64 dev v0 nodad
		ip link set v0 up
		ip route add 224.0.0.0/4 dev v0" 2>network.err || skip "no veth: $(<network.err)"
	beyond sh -ec '
		ip addr add 10.9.0.9/24 brd + dev v1
		ip addr add fd09::9/64 dev v1 nodad
		ip link set v1 up
		ip route add 224.0.0.0/4 dev v1'
	links_up inside v0
	links_up beyond v1
	eventually reachable fd09::1
}

beyond() {
	nsenter -t "$BEYOND" -U --preserve-credentials -m -n -w"$PWD" -- "$@"
}

# receives [ARG...]: as in udp-recv.bats.
receives() {
	rm -f out err
	served_by "$SOCKIT" udp-recv --notify-fd 9 "$@" </dev/null >out 2>err
}

# sends [from:ADDRESS] GROUP TEXT...: each as a datagram to GROUP at $PORT, from v0.
sends() {
	within 10 python3 -S - "$PORT" "$@" <<-'END'
		import socket, sys
		port, *words = sys.argv[1:]
		source = words.pop(0)[5:] if words[0].startswith('from:') else None
		group, *texts = words
		six = ':' in group
		s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
		if six:
		    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex('v0'))
		else:
		    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.9.0.1'))
		if source:
		    s.bind((source, 0))
		for text in texts:
		    s.sendto(text.encode(), (group, int(port)))
	END
}

@test "--join: a group on an interface, IPv4 and IPv6" {
	network
	receives -c 2 --frame line --join 239.1.2.3@v0 0
	sends 239.1.2.4 no
	sends 239.1.2.3 yes too
	printed 0 $'yes\ntoo'
	# On the interface that the routing table chooses; several groups; ours to send.
	receives -c 2 --frame line --join 239.1.2.3 --join 239.1.2.4 0
	echo yes | exits 0 "$SOCKIT" udp-send --frame line 239.1.2.4 "$PORT" 2>sent.err
	sends 239.1.2.3 too
	printed 0 $'yes\ntoo'
	receives -c 2 --frame line --join ff15::1234@v0 0
	sends ff15::1235 no
	sends ff15::1234 yes too
	printed 0 $'yes\ntoo'
	receives -c 1 --frame line --join ff02::1:2%v0 -6 0
	sends ff02::1:2 yes
	printed 0 yes
	# Both families at once; what is sent to us alone comes too.
	receives -c 3 --frame line --join 239.1.2.3@v0 --join ff15::1234@v0 0
	sends 239.1.2.3 four
	eventually grep -q four out
	sends ff15::1234 six
	eventually grep -q six out
	sends 10.9.0.1 one
	printed 0 $'four\nsix\none'
	[ "$(platform)" = linux ] || return 0
	receives -c 1 --json --join 239.1.2.3@v0 -4 0
	sends 239.1.2.3 one
	ended 0 "$LISTENER"
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out datagram from.address to.address interface data)" = \
		'10.9.0.1 239.1.2.3 v0 one' ]
	receives -c 1 --json --join ff15::1234@v0 0
	sends ff15::1234 one
	ended 0 "$LISTENER"
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out datagram to.address interface data)" = 'ff15::1234 v0 one' ]
}

@test "a group that another program has joined is not heard" {
	network
	[ "$(platform)" = linux ] || skip 'no IP_MULTICAST_ALL'
	python3 -S -c '
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(0, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.9.9.9") + socket.inet_aton("10.9.0.1"))
t = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
t.setsockopt(41, socket.IPV6_JOIN_GROUP, socket.inet_pton(10, "ff15::99") + struct.pack("I", socket.if_nametoindex("v0")))
print("joined", flush=True)
time.sleep(60)' >joined 3>&- &
	started
	eventually grep -q joined joined
	receives -c 1 --frame line 0
	sends 239.9.9.9 no
	sends ff15::99 no
	sends 10.9.0.1 yes
	printed 0 yes
	receives -c 1 --frame line --join 239.1.1.1@v0 0
	sends 239.9.9.9 no
	sends 239.1.1.1 yes
	printed 0 yes
	receives -c 2 --frame line :: 0
	sends 239.9.9.9 no
	sends ff15::99 no
	sends 10.9.0.1 yes
	eventually grep -q yes out
	sends fd09::1 too
	printed 0 $'yes\ntoo'
}

@test "the groups that every host is in are heard without joining" {
	network
	local options
	# As sent from elsewhere, and by this machine itself.
	while read -r options; do
		[[ $options != -I* || $(platform) == linux ]] || continue
		# shellcheck disable=SC2086 # words
		receives -c 4 --frame line $options
		sends 224.0.0.1 four
		beyond "$PYTHON" -S -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"far four", ("224.0.0.1", int(sys.argv[1])))
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.sendto(b"far six", ("ff02::1%v1", int(sys.argv[1])))' "$PORT"
		sends ff02::1 six
		ended 0 "$LISTENER"
		[ "$(sort out)" = $'far four\nfar six\nfour\nsix' ]
	done <<-'END'
		0
		-I v0 :: 0
		--join 239.1.2.3@v0 --join ff15::1234@v0 0
	END
	# Not where one address of ours was named.
	receives -c 1 --frame line 10.9.0.1 0
	sends 224.0.0.1 no
	sends 10.9.0.1 yes
	printed 0 yes
	# More interfaces than the kernel lets a socket join groups on: the groups that were asked for come first.
	# shellcheck disable=SC2016 # for that shell
	inside sh -ec 'for i in $(seq 30); do ip link add d$i type dummy 2>/dev/null || ip link add d$i type veth; done'
	receives -c 2 --frame line --join 239.1.2.3@v0 --join 239.1.2.4@v0 0
	sends 239.1.2.3 yes
	sends 239.1.2.4 too
	printed 0 $'yes\ntoo'
}

@test "several wait for one group on one port, and nobody takes a port of one" {
	network
	local first
	receives -c 1 --join 239.1.2.3@v0 0
	first=$LISTENER
	mv out first
	receives -c 1 --join 239.1.2.3@v0 "$PORT"
	exits 1 "$SOCKIT" udp-recv "$PORT" </dev/null >other 2>err
	says 'Address .*in use \(EADDRINUSE\)(: sockit \(process [0-9]+\) has 0\.0\.0\.0 port [0-9]+)?$'
	sends 239.1.2.3 both
	printed 0 both
	ended 0 "$first"
	[ "$(<first)" = both ]
}

@test "a HOST that is a group is joined" {
	network
	receives -c 1 239.1.2.3 0
	[ "$ADDR" = 239.1.2.3 ]
	sends 10.9.0.1 no
	sends 239.1.2.3 yes
	printed 0 yes
	receives -c 1 ff15::1234%v0 0
	sends fd09::1 no
	sends ff15::1234 yes
	printed 0 yes
}

@test "--join-source: only what that one sends" {
	network
	receives -c 1 --frame line --join-source 239.1.2.3,10.9.0.2@v0 0
	sends from:10.9.0.1 239.1.2.3 no
	sends from:10.9.0.2 239.1.2.3 yes
	printed 0 yes
	receives -c 2 --frame line --join-source 232.1.2.3,10.9.0.2@v0 --join-source 232.1.2.3,10.9.0.9@v0 0
	sends from:10.9.0.1 232.1.2.3 no
	sends from:10.9.0.2 232.1.2.3 yes
	eventually grep -q yes out
	# From the other end of the cable.
	beyond "$PYTHON" -S -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"far", ("232.1.2.3", int(sys.argv[1])))' "$PORT"
	printed 0 $'yes\nfar'
	receives -c 1 --frame line --join-source ff35::1234,fd09::9@v0 0
	sends ff35::1234 no
	beyond "$PYTHON" -S -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(41, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("v1"))
s.sendto(b"far", ("ff35::1234", int(sys.argv[1])))' "$PORT"
	printed 0 far
}

@test "what is asked of a group is answered by one of our addresses" {
	network
	receives -c 1 --echo --join 239.1.2.3@v0 0
	beyond "$PYTHON" -S -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.sendto(b"who", ("239.1.2.3", int(sys.argv[1])))
print(*s.recvfrom(99))' "$PORT" >got
	printed 0 ''
	[ "$(<got)" = "b'who' ('10.9.0.1', $PORT)" ]
	receives -c 1 --echo --join ff15::1234@v0 0
	beyond "$PYTHON" -S -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(10)
s.setsockopt(41, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("v1"))
s.sendto(b"who", ("ff15::1234", int(sys.argv[1])))
print(*s.recvfrom(99))' "$PORT" >got
	printed 0 ''
	[ "$(<got)" = "b'who' ('fd09::1', $PORT, 0, 0)" ]
}

@test "broadcast is heard, and answered from our address; its address is shared" {
	network
	local first
	receives -c 1 --echo 0
	beyond "$PYTHON" -S -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.sendto(b"who", ("10.9.0.255", int(sys.argv[1])))
print(*s.recvfrom(99))' "$PORT" >got
	printed 0 ''
	[ "$(<got)" = "b'who' ('10.9.0.1', $PORT)" ]
	receives -c 1 10.9.0.255 0
	first=$LISTENER
	mv out first
	receives -c 1 10.9.0.255 "$PORT"
	sends 10.9.0.255 both
	printed 0 both
	ended 0 "$first"
	[ "$(<first)" = both ]
}

@test "a group that cannot be joined" {
	network
	inside ip route del 224.0.0.0/4
	exits 1 "$SOCKIT" udp-recv --join 239.1.2.3 0 </dev/null >out 2>err
	says '^sockit udp-recv: 239\.1\.2\.3 port [0-9]+: --join 239\.1\.2\.3: No such device \(ENODEV\)$'
	exits 1 "$SOCKIT" udp-recv --join ff15::1@v0 127.0.0.1 0 </dev/null >out 2>err
	says '^sockit udp-recv: ff15::1 port [0-9]+: --join ff15::1@v0: Address family not supported by protocol \(EAFNOSUPPORT\)$'
	exits 2 "$SOCKIT" udp-recv --join 239.1.2.3@v7 0 </dev/null >out 2>err
	says "there is no interface 'v7'"
	silent out
}
