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
	mkfifo there.fifo
	# shellcheck disable=SC2016 # for that shell
	inside unshare -n sh -c 'echo $$ >there.fifo; exec sleep 600' 3>&- &
	PIDS+=("$!")
	read -r THERE <there.fifo
	PIDS+=("$THERE")
}

# slow_network MILLISECONDS: $SOCKIT runs on a host with 10.9.0.1 and fd09::1, and another host, where `there COMMAND...`
# runs, has 10.9.0.2 and fd09::2; what one sends to the other takes so long.
slow_network() {
	private </dev/null
	[ -w /dev/net/tun ] || skip 'no /dev/net/tun'
	other_host
	inside ip tuntap add dev probe mode tun 2>/dev/null || skip 'no tun devices'
	peer slow_path "$THERE" "$1"
}

there() {
	inside nsenter -t "$THERE" -n -- "$@"
}

# receiver_there [WORD]...: a datagram_peer on the other host.
receiver_there() {
	# As one command: else it would be a shell of ours that is killed in the end.
	peer_by nsenter -t "$PRIVATE" -U --preserve-credentials -m -n -w"$PWD" -- nsenter -t "$THERE" -n -- \
		"$(python3 -c 'import sys; print(sys.executable)')" "${FOREIGN[@]:1}" \
		"${DATAGRAMS[@]}" bind:0.0.0.0 "$@" serve
}
