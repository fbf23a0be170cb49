# Two networks with another host in both: load helpers/networks (after helpers/common and helpers/private)

# two_networks: $SOCKIT runs on a host with the interfaces va (10.1.0.1) and vb (10.2.0.1), each joined to another
# host, where `there COMMAND...` runs, with 10.1.0.2 and 10.2.0.2; lo and vc, which is down, cannot be used.
two_networks() {
	private </dev/null
	other_host
	inside sh -c "
		set -e
		ip link add va type veth peer name pa
		ip link add vb type veth peer name pb
		ip link add vc type dummy 2>/dev/null || ip link add vc type veth peer name pc
		ip link set pa netns $THERE
		ip link set pb netns $THERE
		ip addr add 10.1.0.1/24 brd + dev va
		ip addr add 10.2.0.1/24 brd + dev vb
		ip addr add 10.3.0.1/24 brd + dev vc
		ip link set va up
		ip link set vb up"
	there sh -c 'ip addr add 10.1.0.2/24 brd + dev pa && ip addr add 10.2.0.2/24 brd + dev pb &&
		ip link set pa up && ip link set pb up && ip link set lo up'
	links_up inside va vb
	links_up there pa pb
}
other_host() {
	rm -f there.fifo
	mkfifo there.fifo
	# shellcheck disable=SC2016 # for that shell
	inside unshare -n sh -c 'echo $$ >there.fifo; exec sleep 600' 3>&- &
	PIDS+=("$!")
	read -r THERE <there.fifo
	PIDS+=("$THERE")
}

# slow_network MILLISECONDS [BYTES [N [PATTERN]]]: $SOCKIT runs on a host with 10.9.0.1 and fd09::1, and another host, where
# `there COMMAND...` runs, has 10.9.0.2 and fd09::2; what one sends to the other takes so long. BYTES, N, PATTERN: see
# slow_path.py.
slow_network() {
	private </dev/null
	[ -w /dev/net/tun ] || skip 'no /dev/net/tun'
	other_host
	inside ip tuntap add dev probe mode tun 2>/dev/null || skip 'no tun devices'
	peer slow_path "$THERE" "$@"
}

there() {
	inside nsenter -t "$THERE" -n -- "$@"
}

# routed_network MTU: $SOCKIT runs on a host with the interface va (10.1.0.1, fd01::1), and another host, where
# `there COMMAND...` runs, has vb (10.2.0.2, fd02::2); between them is a router, where `router COMMAND...` runs, with
# ra (10.1.0.2, fd01::2) and rb (10.2.0.1, fd02::1). All links take packets of MTU bytes.
routed_network() {
	private </dev/null
	other_host
	ROUTER=$THERE
	other_host
	local host
	for host in inside router there; do
		# Their own addresses could not be used before a second has passed.
		# shellcheck disable=SC2016 # for that shell
		$host sh -c 'f=/proc/sys/net/ipv6/conf/default/dad_transmits; [ ! -e $f ] || echo 0 >$f'
	done
	inside sh -c "
		set -e
		ip link add va mtu $1 type veth peer name ra mtu $1
		ip link add vb mtu $1 type veth peer name rb mtu $1
		ip link set ra netns $ROUTER
		ip link set rb netns $ROUTER
		ip link set vb netns $THERE"
	wire inside va 1.0.1 01::1 && wire router ra 1.0.2 01::2 && wire router rb 2.0.1 02::1 && wire there vb 2.0.2 02::2
	router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		[ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' || skip 'no forwarding here'
	inside ip route add default via 10.1.0.2
	there ip route add default via 10.2.0.1
	if [ -e /proc/sys/net/ipv6 ]; then
		inside ip route add default via fd01::2
		there ip route add default via fd02::1
	fi
	links_up inside va
	links_up router ra rb
	links_up there vb
}
# wire COMMAND INTERFACE END4 END6: gives it an address of each family.
wire() {
	"$1" ip addr add "10.$3/24" dev "$2"
	[ ! -e /proc/sys/net/ipv6 ] || "$1" ip addr add "fd$4/64" dev "$2" nodad
	"$1" ip link set "$2" up
}

router() {
	inside nsenter -t "$ROUTER" -n -- "$@"
}

# receiver_there [WORD]...: a datagram_peer on the other host.
receiver_there() {
	# As one command: else it would be a shell of ours that is killed in the end.
	peer_by nsenter -t "$PRIVATE" -U --preserve-credentials -m -n -w"$PWD" -- nsenter -t "$THERE" -n -- \
		"$(python3 -c 'import sys; print(sys.executable)')" "${FOREIGN[@]:1}" \
		"${DATAGRAMS[@]}" bind:0.0.0.0 "$@" serve
}

# way N: $SOCKIT runs, without any capability, on a host with 10.0.1.1 and fd00:0:0:1::1, from which the hosts 1 to N
# stand in a row: host I has 10.0.I.2 and fd00:0:0:I::2 on this side, and leads on. `at_hop I COMMAND...` runs at host I,
# with all capabilities; 0 is ours. None limits how often it sends ICMP.
way() {
	local i real=$SOCKIT
	private </dev/null
	REAL=$real
	powerless "$SOCKIT"
	# shellcheck disable=SC2016 # for that shell
	inside sh -c 'for i in $(seq "$1"); do unshare -n sh -c "echo \$\$; exec sleep 600" >"way.$i" & done; wait' - "$1" 3>&- &
	PIDS+=("$!")
	WAY=("$PRIVATE")
	for ((i = 1; i <= $1; i++)); do
		eventually test -s "way.$i"
		WAY[i]=$(<"way.$i")
		PIDS+=("${WAY[i]}")
	done
	# Routers ask for their neighbours from addresses that are tested for a second otherwise.
	local untested='echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
	echo "$untested" >way.sh
	for ((i = 1; i <= $1; i++)); do
		cat <<-END
			nsenter -t ${WAY[i]} -n sh -e -c '$untested'
			nsenter -t ${WAY[i - 1]} -n sh -e -c '
				ip link add far type veth peer name near netns ${WAY[i]}
				ip addr add 10.0.$i.1/24 dev far
				ip addr add fd00:0:0:$i::1/64 dev far nodad
				ip link set far up
				ip route add 10.0.0.0/16 via 10.0.$i.2
				ip route add fd00::/32 via fd00:0:0:$i::2'
			nsenter -t ${WAY[i]} -n sh -e -c '
				ip link set lo up
				ip addr add 10.0.$i.2/24 dev near
				ip addr add fd00:0:0:$i::2/64 dev near nodad
				ip link set near up
				[ $i = 1 ] || ip route add 10.0.1.0/24 via 10.0.$i.1
				[ $i = 1 ] || ip route add fd00:0:0:1::/64 via fd00:0:0:$i::1
				cd /proc/sys/net
				echo 1 >ipv4/ip_forward
				echo 1 >ipv6/conf/all/forwarding
				echo 0 >ipv4/icmp_ratelimit
				echo 0 >ipv6/icmp/ratelimit'
		END
	done >>way.sh
	inside sh -e way.sh 2>way.err || skip "no routers here: $(<way.err)"
	for ((i = 1; i <= $1; i++)); do
		eventually hop_is_up $((i - 1)) far && eventually hop_is_up "$i" near || return
	done
	# Neighbours find each other now: that can take a second.
	eventually hop_refuses "10.0.$1.2" && eventually hop_refuses "fd00:0:0:$1::2"
}
hop_refuses() {
	within 5 "$SOCKIT" connect -w 1s "$1" 1 </dev/null 2>&1 | grep -q ECONNREFUSED
}
hop_is_up() {
	at_hop "$1" ip link show dev "$2" | grep -q ' state UP '
}
at_hop() {
	inside nsenter -t "${WAY[$1]}" -n -- "${@:2}"
}

# hop_listens I ARG...: `sockit listen ARG...` at host I, see serve.
hop_listens() {
	served_by nsenter -t "$PRIVATE" -U --preserve-credentials -m -n -w"$PWD" -- nsenter -t "${WAY[$1]}" -n -- \
		"$REAL" listen --notify-fd 9 "${@:2}"
}
