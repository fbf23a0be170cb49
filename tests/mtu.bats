#!/usr/bin/env bats
# connect --mtu: how large a packet may be that reaches a host, over paths of every kind.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# path MTU WORD...: a network whose links take packets of MTU bytes, and a service on the other host.
path() {
	[ "$(platform)" = linux ] || skip 'portable'
	needs setpriv util-linux
	BARE=$SOCKIT
	routed_network "$1"
	HOSTS=(10.2.0.2)
	! inside ip -6 route get fd02::2 >way 2>&1 || HOSTS+=(fd02::2)
	eventually ways
	service "${@:2}"
}
# A port where nobody listens is refused, so that somebody has heard.
ways() {
	local host
	for host in "${HOSTS[@]}"; do
		STATUS=0
		"$SOCKIT" connect -z -w 200ms "$host" 1 2>way || STATUS=$?
		[ "$STATUS" = 1 ] || return
	done
}

service() {
	peer_by nsenter -t "$PRIVATE" -U --preserve-credentials -m -n -w"$PWD" -- nsenter -t "$THERE" -n -- \
		"$(python3 -c 'import sys; print(sys.executable)')" -S "$BATS_TEST_DIRNAME/helpers/mtu_peer.py" "$@"
}

# narrow MTU: the router sends no larger packets on, and says so; `narrow MTU silently`: it does not.
narrow() {
	router ip link set rb mtu "$1"
	[ ! "${2-}" ] || silently
}
silently() {
	needs nft nftables
	router nft 'add table inet t; add chain inet t out { type filter hook output priority 0; };
		add rule inet t out icmp type destination-unreachable drop; add rule inet t out icmpv6 type packet-too-big drop' ||
		skip 'nft is not permitted'
}

# measure [OPTION...] HOST: as a user without any capability.
measure() {
	STATUS=0
	inside setpriv --bounding-set=-all --inh-caps=-all "$BARE" connect --mtu "$@" "$PORT" >out 2>err || STATUS=$?
}

# apart NAME [OPTION...] HOST: the same beside others; joined NAME: as if it were the last.
apart() {
	mkdir -p "$1"
	(cd "$1" && measure "${@:2}" && echo "$STATUS" "$PORT" >ended) 3>&- &
	APART=$!
	PIDS+=("$APART")
}
joined() {
	eventually [ -s "$1/ended" ]
	read -r STATUS PORT <"$1/ended"
	cp "$1/out" "$1/err" .
}

# found HOST WORDS: that is what was found.
found() {
	[ "$STATUS" = 0 ] || fault 'status 0 was expected'
	silent
	grep -qxF -- "$1 port $PORT: path MTU $2" out || fault "not $2"
}

# found_about HOST MTU: the same, whether or not it has noticed a change.
found_about() {
	[ "$STATUS" = 0 ] || fault 'status 0 was expected'
	grep -qE -- "^$1 port $PORT: path MTU $2(;|\$)" out || fault "not $2"
}

# figures NAME...: those members of what --json says.
figures() {
	python3 "$SCHEMA" out mtu "$@"
}

@test "the search, over every path" {
	checks net/mtu_search
}

# sizes MTU...: for each of them an address of each family on the other host, to which the router sends no larger
# packets: 10.2.1.N and fd02::1:N, the first is 1. The arrays SIZED and SIZES have each address and its size.
sizes() {
	local mtu n=0
	SIZED=() SIZES=()
	for mtu; do
		n=$((n + 1))
		there ip addr add "10.2.1.$n/32" dev vb
		router ip route add "10.2.1.$n/32" via 10.2.0.2 dev rb mtu lock "$mtu"
		SIZED+=("10.2.1.$n") SIZES+=("$mtu")
		if [ "${#HOSTS[@]}" = 1 ] || [ "$mtu" -lt 1280 ]; then
			continue
		fi
		there ip addr add "fd02::1:$n/128" dev vb nodad
		router ip route add "fd02::1:$n/128" via fd02::2 dev rb mtu "$mtu"
		SIZED+=("fd02::1:$n") SIZES+=("$mtu")
	done
}

# measured WORDS: all of SIZED at once, and each is its size, with WORDS beside it.
measured() {
	local i
	for i in "${!SIZED[@]}"; do
		apart "$i" "${SIZED[i]}"
	done
	for i in "${!SIZED[@]}"; do
		joined "$i"
		found "${SIZED[i]}" "${SIZES[i]}$1"
	done
}

@test "links of every size, of which no ICMP tells" {
	path 1500
	silently
	sizes 576 1006 1280 1300 1333 1400 1492
	measured ''
}

@test "links of every size, of which ICMP tells, as the kernel and tracepath have them" {
	local i
	path 1500
	sizes 576 1280 1300 1400 1492
	measured ': ICMP says that the path takes no more'
	for i in "${!SIZED[@]}"; do
		inside ip route get "${SIZED[i]}" | grep -qw "mtu ${SIZES[i]}"
		grep -qE "^ICMP: ${SIZES[i]}, says (10\.1\.0\.2|fd01::2)\$" "$i/out"
		grep -qxF "kernel: ${SIZES[i]}" "$i/out"
	done
	# Once more: by now the kernel sends no larger ones, and what ICMP says is asked for.
	measured ': ICMP says that the path takes no more'
	needs tracepath iputils-tracepath
	for i in 0 1 2; do
		inside tracepath -n "${SIZED[i]}" | grep -q "Resume: pmtu ${SIZES[i]} "
	done
}

@test "a black hole of 1300: at most 12 probes, in less than 3 s, and what it says" {
	path 1500
	narrow 1300 silently
	apart words 10.2.0.2
	at_best 3000 timed measure --json 10.2.0.2
	[ "$(figures state mtu lost interface interface_mtu kernel_mtu)" = 'exact 1300 1301 va 1500 1500' ] || fault figures
	python3 -c '
import json
o = json.load(open("out"))
assert 2 <= len(o["probes"]) <= 12, o
assert all((p["state"] == "passed") == (p["size"] <= 1300) for p in o["probes"]), o
assert "bound" not in o and "icmp" not in o and "changes" not in o, o'
	joined words
	found 10.2.0.2 1300
	grep -qxF 'ICMP: said nothing' out || fault ICMP
	grep -qxF 'kernel: 1500: what it sends so large gets lost, and nobody tells it' out || fault kernel
}

@test "links of 9000, and what is narrower behind them" {
	path 9000
	silently
	sizes 1500 8950
	measured ''
	measure 10.2.0.2
	found 10.2.0.2 '9000: the interface takes no more'
	grep -qx 'probes: 9000 passed' out || fault probes
}

@test "a tunnel" {
	path 1500
	there ip link set vb mtu 1600
	{ router ip link add tunnel type vxlan id 1 local 10.2.0.1 remote 10.2.0.2 dstport 4789 dev rb &&
		there ip link add tunnel mtu 1500 type vxlan id 1 local 10.2.0.2 remote 10.2.0.1 dstport 4789 dev vb; } ||
		skip 'no vxlan here'
	wire router tunnel 3.0.1 03::1
	wire there tunnel 3.0.2 03::2
	there ip route replace default via 10.3.0.1
	measure 10.3.0.2
	found 10.3.0.2 '1450: ICMP says that the path takes no more'
	silently
	there ip addr add 10.3.0.3/32 dev tunnel
	measure 10.3.0.3
	found 10.3.0.3 1450
	grep -qxF 'ICMP: said nothing' out || fault ICMP
}

# losing N: of the large packets that the router passes on each Nth gets lost.
losing() {
	needs nft nftables
	router nft "add table inet l; add chain inet l passing { type filter hook forward priority 0; };
		add rule inet l passing meta l4proto tcp meta length > 500 numgen inc mod $1 == 0 drop" || skip 'nft numgen is not permitted'
}

@test "a path that loses a third of what it takes" {
	path 1500
	# The first SYN, too.
	losing 3
	router nft 'add rule inet l passing tcp flags syn / fin,syn,rst,ack numgen inc mod 64 == 0 drop'
	measure --json 10.2.0.2
	[ "$(figures state mtu bound)" = 'exact 1500 interface' ] || fault figures
	narrow 1400 silently
	measure 10.2.0.2
	found_about 10.2.0.2 1400
}

@test "a path that becomes narrower, or wider, meanwhile" {
	path 1500
	service "after:5:nsenter -t $ROUTER -n ip link set rb mtu 1300"
	narrow 1400 silently
	measure 10.2.0.2
	# Too late for all the sizes that there are.
	found 10.2.0.2 'from 1300 to 1310; it has changed meanwhile, or segments get lost'
	service "after:4:nsenter -t $ROUTER -n ip link set rb mtu 1400"
	measure 10.2.0.2
	found_about 10.2.0.2 1400
}

@test "services of every kind" {
	local word words=(close reset banner echo never)
	path 1500
	narrow 1400 silently
	for word in "${words[@]}"; do
		service "$word"
		apart "$word" 10.2.0.2
	done
	for word in "${words[@]}"; do
		joined "$word"
		found 10.2.0.2 1400
	done
	# Whoever takes one connection only ends it there.
	service once
	measure 10.2.0.2
	[ "$STATUS" = 1 ] || fault status
	says "^sockit connect: 10\.2\.0\.2 port $PORT: Connection refused \(ECONNREFUSED\)"
	grep -qF 'path MTU from 52 to 1499' out || fault 'what is known'
	service refuse
	measure 10.2.0.2
	told 1 'sockit connect: 10.2.0.2 port *reset*'
}

@test "what a service or a firewall lets it prove" {
	path 1500
	service mss:1000
	measure 10.2.0.2
	found 10.2.0.2 "at least 1040: the peer's MSS allows no more"
	service window:2304
	measure 10.2.0.2
	found 10.2.0.2 "at least 776: the peer's window allows no more"
	service
	inside ip route add 10.2.0.2/32 via 10.1.0.2 mtu 1200
	measure --json 10.2.0.2
	[ "$(figures state mtu bound kernel_mtu)" = 'at_least 1200 kernel 1200' ] || fault figures
	inside ip route del 10.2.0.2/32
	needs nft nftables
	router nft 'add table inet c; add chain inet c passing { type filter hook forward priority 0; };
		add rule inet c passing tcp flags syn tcp option maxseg size set 1200' || skip 'nft is not permitted'
	measure 10.2.0.2
	found 10.2.0.2 "at least 1240: the peer's MSS allows no more"
	# It connects, and that is all.
	router nft 'flush chain inet c passing; add rule inet c passing tcp flags & (syn|rst) == 0x0 meta length > 52 drop'
	measure -w 100ms 10.2.0.2
	told 4 "sockit connect: 10.2.0.2 port $PORT: it connects, but nothing that is sent is acknowledged (-w)"
}

@test "source, interface, and what the kernel looks for by itself" {
	path 1500
	narrow 1400 silently
	local port
	port=$(free_port)
	measure -s 10.1.0.1 -I va -p "$port" 10.2.0.2
	found 10.2.0.2 1400
	inside sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_timestamps && echo 1 >/proc/sys/net/ipv4/tcp_mtu_probing' || skip 'no sysctl'
	measure 10.2.0.2
	found 10.2.0.2 1400
	inside sh -c 'echo 2 >/proc/sys/net/ipv4/tcp_mtu_probing'
	measure 10.2.0.2
	found 10.2.0.2 'at least 1064: the kernel here sends no more'

	# A list of the interfaces that may not be had: it is asked for after the way.
	inside sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_mtu_probing'
	narrow 1500
	needs_strace
	STATUS=0
	traced sendto -e inject=sendto:error=EPERM:when=2 "$SOCKIT" connect --mtu 10.2.0.2 "$PORT" >out 2>err || STATUS=$?
	grep -q INJECTED trace || skip 'strace injects nothing'
	found 10.2.0.2 'at least 1500: what the interface takes is not known'
}

@test "this machine, and what cannot be" {
	if [ "$(platform)" != linux ]; then
		serve -k --discard 127.0.0.1 0
		sockit connect --mtu 127.0.0.1 "$PORT"
		told 1 'sockit connect: --mtu: *'
		return
	fi
	serve -k --discard 127.0.0.1 0
	sockit connect --mtu 127.0.0.1 "$PORT"
	found 127.0.0.1 '65536: the interface takes no more'
	sockit connect --mtu --json "127.0.0.1:$PORT"
	[ "$(figures state mtu interface)" = 'exact 65536 lo' ] || fault figures
	sockit connect --mtu 127.0.0.1 "$(free_port)"
	told 1 'sockit connect: 127.0.0.1 port *: Connection refused (ECONNREFUSED)'
	sockit connect --mtu 127.0.0.1 no-such-service
	[ "$STATUS" = 3 ] || fault status
	refuses "--mtu: 'unix:/x' is no host of IP and port" connect --mtu unix:/x
	refuses "*--mtu*exclude*" connect --mtu --ping h 1
	refuses "*--mtu*exclude*" connect --mtu h 1 -- true
}
