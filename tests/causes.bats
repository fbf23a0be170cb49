#!/usr/bin/env bats
# What a message knows of why a call failed: files of UNIX sockets, zones, routes, firewalls, ports.

load helpers/common
load helpers/words
load helpers/private

setup_file() { find_musl; }

# python CODE: a foreign program.
python() {
	python3 -S -c "$1"
}

@test "a UNIX path: stale, no socket, of another type, that nobody listens on" {
	python 'import socket
socket.socket(socket.AF_UNIX).bind("stale")'
	echo >file
	mkdir directory
	mkfifo fifo
	local holder=''
	peer_by python3 -S -c 'import socket, time
a, b, c = (socket.socket(socket.AF_UNIX, t) for t in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET))
for s, path in (a, "bound"), (b, "dgram"), (c, "packets"):
    s.bind(path)
c.listen()
print(1, flush=True)
time.sleep(60)'
	if [ "$(platform)" = linux ]; then
		holder="python3 (process $PEER) has this socket, and does not listen"
	fi
	local line
	for line in "stale: Connection refused (ECONNREFUSED): nobody has this socket any more" \
		"file: Connection refused (ECONNREFUSED): it is a file, no socket" \
		"directory: Connection refused (ECONNREFUSED): it is a directory, no socket" \
		"fifo: Connection refused (ECONNREFUSED): it is a FIFO, no socket" \
		"bound: Connection refused (ECONNREFUSED): ${holder:-nobody has this socket any more}" \
		"dgram: Protocol wrong type for socket (EPROTOTYPE): ${holder:+its type is dgram: }see sockit unix --type"; do
		sockit unix "${line%%: *}"
		told 1 "sockit unix: unix:$line" || fault "$line"
	done
	sockit unix --type dgram stale
	told 1 'sockit unix: unix:stale: Connection refused (ECONNREFUSED): nobody has this socket any more'
	sockit unix --type dgram packets
	told 1 "sockit unix: unix:packets: * (EPROTOTYPE): ${holder:+its type is seqpacket: }see sockit unix --type"
	sockit connect "unix:$PWD/file"
	told 1 "sockit connect: unix:$PWD/file: Connection refused (ECONNREFUSED): it is a file, no socket"
	sockit connect "unix:@sockit-nobody-$$"
	[ "$(platform)" != linux ] ||
		told 1 "sockit connect: unix:@*: Connection refused (ECONNREFUSED): nobody has this name"
	sockit unix --listen nosuch/s
	told 1 'sockit unix: unix:nosuch/s: No such file or directory (ENOENT): its directory is not there'
}

# as_nobody COMMAND...: sockit without any right, as told; the paths are those of this directory.
as_nobody() {
	STATUS=0
	: >out
	if [ "$(id -u)" = 0 ]; then
		needs setpriv util-linux
		setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCKIT" --version >/dev/null 2>&1 ||
			skip 'nobody else can run it'
		within 20 setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCKIT" "$@" </dev/null 2>err || STATUS=$?
	else
		within 20 "$SOCKIT" "$@" </dev/null 2>err || STATUS=$?
	fi
}

@test "a UNIX path that others may not use" {
	local here
	# Others can reach it.
	here=$(mktemp -d)
	chmod 755 "$here"
	mkdir "$here/d"
	python "import socket
socket.socket(socket.AF_UNIX).bind('$here/s')
socket.socket(socket.AF_UNIX).bind('$here/d/s')"
	chmod 0 "$here/s" "$here/d"
	as_nobody unix "$here/s"
	told 1 "sockit unix: unix:$here/s: Permission denied (EACCES): it may not be written to: its mode is 000, and user $(id -u) has it"
	ln -s s "$here/link"
	as_nobody unix "$here/link"
	told 1 "sockit unix: unix:$here/link: Permission denied (EACCES): it may not be written to: its mode is 000, and user $(id -u) has it"
	as_nobody unix "$here/d/s"
	told 1 "sockit unix: unix:$here/d/s: Permission denied (EACCES): the directory $here/d may not be searched"
	chmod 555 "$here/d"
	as_nobody unix --listen "$here/d/new"
	told 1 "sockit unix: unix:$here/d/new: Permission denied (EACCES): its directory may not be written to"
	chmod 755 "$here/d"
	rm -r "$here"
}

@test "a port that is not for everybody" {
	[ "$(platform)" = linux ] || skip 'other systems have other limits'
	local first why
	first=$(</proc/sys/net/ipv4/ip_unprivileged_port_start)
	[ "$first" -gt 1 ] || skip 'each port is for everybody'
	why="Permission denied (EACCES): ports under $first are root's (net.ipv4.ip_unprivileged_port_start)"
	as_nobody listen 127.0.0.1 1
	told 1 "sockit listen: 127.0.0.1 port 1: $why"
	as_nobody udp-recv 127.0.0.1 1
	told 1 "sockit udp-recv: 127.0.0.1 port 1: $why"
	as_nobody connect -p 1 127.0.0.1 9
	told 1 "sockit connect: 127.0.0.1 port 9: -p 1: $why"
	as_nobody udp-send -p 1 127.0.0.1 9
	told 1 "sockit udp-send: 127.0.0.1 port 9: -p 1: $why"
}

@test "a route that is there to refuse" {
	[ "$(platform)" = linux ] || skip 'only there routes are asked for'
	private </dev/null
	inside sh -c '
		ip route add prohibit 192.0.2.0/24
		ip route add blackhole 192.0.2.128/25
		ip route add unreachable 198.51.100.7
		ip -6 route add prohibit 2001:db8::/33' || skip 'no such routes'
	local line nobody='No route to host' nowhere='Network is unreachable'
	[ ! "${MUSL-}" ] || nobody='Host is unreachable' nowhere='Network unreachable'
	for line in "192.0.2.1 Permission denied (EACCES): this machine has the route 'prohibit 192.0.2.0/24'" \
		"192.0.2.129 Invalid argument (EINVAL): this machine has the route 'blackhole 192.0.2.128/25'" \
		"198.51.100.7 $nobody (EHOSTUNREACH): this machine has the route 'unreachable 198.51.100.7/32'" \
		"2001:db8:7fff::1 Permission denied (EACCES): this machine has the route 'prohibit 2001:db8::/33'" \
		"203.0.113.1 $nowhere (ENETUNREACH)"; do
		sockit connect "${line%% *}" 80
		told 1 "sockit connect: ${line%% *} port 80: ${line#* }"
		sockit udp-send --data hello "${line%% *}" 80
		told 1 "sockit udp-send: ${line%% *} port 80: ${line#* }"
	done
	sockit connect -z --quiet 192.0.2.1 80
	[ "$STATUS" = 1 ]
	sockit connect --json 192.0.2.1 80
	[ "$STATUS" = 1 ]
	grep -q '"code":"EACCES".*route .prohibit 192' err
	sockit connect --quiet 192.0.2.1 80
	nothing 1
}

@test "a firewall of our own" {
	[ "$(platform)" = linux ] || skip 'nft is of Linux'
	needs nft nftables
	private </dev/null
	inside nft -f - <<-'END' || skip 'nft is not permitted'
		table inet t {
		  chain out {
		    type filter hook output priority 0;
		    udp dport 81 drop
		    udp dport 82 reject
		  }
		}
	END
	local port host why='Operation not permitted (EPERM): a firewall of this machine does not let it out'
	for port in 81 82; do
		for host in 127.0.0.1 ::1; do
			echo hello >in
			STATUS=0
			within 20 "$SOCKIT" udp-send "$host" "$port" <in >out 2>err || STATUS=$?
			told 1 "sockit udp-send: $host port $port: $why"
		done
	done
}

@test "a datagram that is larger than the path" {
	[ "$(platform)" = linux ] || skip 'only there the path is asked for'
	private </dev/null
	local much=long
	[ ! "${MUSL-}" ] || much=large
	inside ip link set lo mtu 1300
	bytes_of 1273 >in
	exits 1 "$SOCKIT" udp-send --frame all --sockopt IP_MTU_DISCOVER=2 127.0.0.1 9 <in >out 2>err
	told 1 "sockit udp-send: 127.0.0.1 port 9: a datagram of 1273 bytes: Message too $much (EMSGSIZE): the path takes 1300 bytes at most"
	bytes_of 1253 >in
	exits 1 "$SOCKIT" udp-send --frame all --sockopt IPV6_MTU_DISCOVER=2 ::1 9 <in >out 2>err
	told 1 "sockit udp-send: ::1 port 9: a datagram of 1253 bytes: Message too $much (EMSGSIZE): the path takes 1300 bytes at most"
}

# bytes_of N
bytes_of() {
	head -c "$1" /dev/zero
}

@test "fe80:: without a zone: which interface?" {
	private </dev/null
	# One name is within the other, and one interface has two addresses.
	inside sh -c 'ip link add va type veth peer name vab && ip link set va up && ip link set vab up &&
		ip addr add fe80::2/64 dev va nodad' ||
		skip 'no veth'
	links_up inside va vab
	eventually three_link_locals
	local args why='(EINVAL): which interface? fe80::9%vab, %va'
	for args in 'connect HOST 80' 'listen HOST 0' 'udp-send HOST 80' 'udp-recv HOST 0' 'sockname HOST' \
		'sockname --connect HOST 80' 'connect [HOST]:80'; do
		# shellcheck disable=SC2086 # words
		sockit ${args//HOST/fe80::9}
		told 1 "sockit ${args%% *}: fe80::9 port *: Invalid argument $why" || fault "$args"
	done
	sockit connect -s fe80::9 ::1 80
	told 1 "sockit connect: ::1 port 80: -s fe80::9: Invalid argument $why"
	sockit connect -z fe80::9 80
	[ "$STATUS" = 1 ]
	says 'which interface\? fe80::9%vab, %va$'
	# With -I it is known.
	sockit udp-send -I va fe80::9 80
	[[ $(<err) != *interface* ]]
}

three_link_locals() {
	[ "$(inside ip -6 addr show scope link | grep -c 'inet6 fe80')" = 3 ]
}

@test "fe80:: with a zone that is none: 3, no interface" {
	local args host
	for host in fe80::1%nosuch0 fe80::1%4999; do
		for args in 'connect HOST 80' 'connect [HOST]:80' 'connect -z HOST 80' 'listen HOST 0' 'udp-send HOST 80' \
			'udp-recv HOST 0' 'sockname HOST' 'sockname --connect HOST 80' 'connect -n HOST 80' \
			'connect --ping HOST 80'; do
			# shellcheck disable=SC2086 # words
			sockit ${args//HOST/$host}
			told 3 "sockit ${args%% *}: host *$host*: no interface ${host#*%} (EAI_NONAME)" || fault "$args"
		done
		sockit connect -s "$host" ::1 80
		told 3 "sockit connect: -s $host: no interface ${host#*%} (EAI_NONAME)"
		sockit resolve "$host"
		told 3 "sockit resolve: $host: no interface ${host#*%} (EAI_NONAME)"
		sockit listen --allow "$host" 127.0.0.1 0
		told 2 "sockit listen: --allow: '$host' *"
	done
	sockit connect --forward "[fe80::1%nosuch0]:80" 127.0.0.1 1
	told 3 'sockit connect: host ?fe80::1%nosuch0?: no interface nosuch0 (EAI_NONAME)'
	sockit resolve "[fe80::1%nosuch0]"
	told 3 "sockit resolve: ?fe80::1%nosuch0?: no interface nosuch0 (EAI_NONAME)"
	# What is no zone is no address.
	for host in 'fe80::1%' 'fe80::1%a b' 'fe80::1%a/b' '::g%lo' 127.0.0.1%lo; do
		refuses "host '$(quoted "$host")' is neither an address nor a name" connect "$host" 80 ||
			told 2 "sockit connect: host '$host' is neither an address nor a name"
	done
}
