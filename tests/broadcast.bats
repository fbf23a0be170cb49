# broadcast: stdin's datagrams to every network, in networks of our own.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

has_lines() {
	[ "$(wc -l <peer.out)" -ge "$1" ]
}

# cast ARG...: runs broadcast with the caller's stdin.
cast() {
	STATUS=0
	within 20 "$SOCKIT" broadcast "$@" >out 2>err 3>&- || STATUS=$?
}

@test "broadcast: to every interface that is up, with each reply's sender" {
	two_networks
	receiver_there reply
	echo hello >in
	cast -v -w 10 --replies 2 --frame line "$PORT" <in
	[ "$STATUS" = 0 ] || fault 'status'
	[ "$(sort out)" = "10.1.0.2 $PORT: hello
10.2.0.2 $PORT: hello" ]
	[ "$(grep -c 'sending to' err)" = 2 ]
	grep -qx "sockit broadcast: sending to 10.1.0.255 port $PORT by va" err
	grep -qx "sockit broadcast: sending to 10.2.0.255 port $PORT by vb" err
	eventually has_lines 2
	cut -d ' ' -f 1,2 peer.out | sort | diff - <(printf '5 10.1.0.1\n5 10.2.0.1\n')
	# What is said of each datagram.
	cast -vv --frame line "$PORT" <in
	grep -q "sent 5 bytes to 10.1.0.255 port $PORT by va" err
	# A payload is a line of its own, whatever the mode.
	printf x | cast -w 10 --replies 2 "$PORT"
	[ "$(sort out)" = "10.1.0.2 $PORT: x
10.2.0.2 $PORT: x" ]
	# Without anything to wait for it is over at once.
	cast "$PORT" <in
	[ "$STATUS" = 0 ]
	silent
}

@test "broadcast: --interface and --to" {
	two_networks
	receiver_there reply
	echo hello >in
	cast -v -w 10 --replies 1 --interface vb "$PORT" <in
	[ "$STATUS" = 0 ]
	[ "$(head -n 1 out)" = "10.2.0.2 $PORT: hello" ]
	[ "$(grep -c 'sending to' err)" = 1 ]
	cast -w 10 --replies 2 -I va -I vb --to 255.255.255.255 --frame line "$PORT" <in
	[ "$STATUS" = 0 ]
	[ "$(sort out)" = "10.1.0.2 $PORT: hello
10.2.0.2 $PORT: hello" ]
	cast -w 10 --replies 1 --to 10.2.0.255 --frame line "$PORT" <in
	[ "$(<out)" = "10.2.0.2 $PORT: hello" ]
	# Whoever names an interface counts on it.
	cast -I va -I vc "$PORT" <in
	told 1 'sockit broadcast: interface vc is down'
	cast -I lo "$PORT" <in
	told 1 'sockit broadcast: interface lo has no broadcast address'
	cast -I nosuch "$PORT" <in
	told 1 'sockit broadcast: interface nosuch: * (ENODEV)'
	cast --to 255.255.255.255 "$PORT" <in
	told 1 "sockit broadcast: 255.255.255.255 port $PORT: Network *unreachable (ENETUNREACH)"
}

@test "broadcast: an interface whose address was given no broadcast address, or that has no address" {
	two_networks
	receiver_there reply
	echo hello >in
	inside sh -ec 'ip addr flush dev va; ip addr add 10.1.0.1/28 dev va; ip addr flush dev vb'
	there ip addr add 10.1.0.2/28 brd + dev pa
	cast -v -w 10 --replies 1 --frame line "$PORT" <in
	[ "$STATUS" = 0 ] || fault 'status'
	[ "$(<out)" = "10.1.0.2 $PORT: hello" ]
	grep -qx "sockit broadcast: sending to 10.1.0.15 port $PORT by va" err
	cast -w 10 --replies 1 --interface va --frame line "$PORT" <in
	[ "$(<out)" = "10.1.0.2 $PORT: hello" ]
	# A receiver there takes it for a broadcast, too: the port can be shared.
	served_by "$SOCKIT" udp-recv --notify-fd 9 -c 1 10.1.0.15 0 </dev/null >first 2>/dev/null
	exits 4 "$SOCKIT" udp-recv -w 1ms 10.1.0.15 "$PORT" </dev/null
	kill "$LISTENER"
	# As who asks for an address does.
	rm -f peer.out
	receiver_there
	cast -I vb "$PORT" <in
	told 1 'sockit broadcast: interface vb has no broadcast address'
	cast -I vb --to 255.255.255.255 --frame line "$PORT" <in
	nothing 0
	eventually has_lines 1
	[[ $(<peer.out) == '5 '* ]]
	cast -I vb --to 10.2.0.2 --frame line "$PORT" <in
	nothing 0
	eventually has_lines 2
	# Networks of two addresses have none.
	inside sh -ec 'ip addr flush dev va; ip addr add 10.1.0.1/31 dev va'
	cast "$PORT" <in
	told 1 'sockit broadcast: no interface is up that has a broadcast address'
}

@test "broadcast: boundaries, repetition and waiting" {
	two_networks
	receiver_there save:got count:6
	printf 'a\n\nbc\n' >in
	cast -I va --frame line --repeat 2 "$PORT" <in
	nothing 0
	ended 0 "$PEER"
	cmp got <(for _ in 1 2; do printf '\0\0\0\001a\0\0\0\0\0\0\0\002bc'; done)
	receiver_there
	cast -w 0.1 "$PORT" <in
	told 4 'sockit broadcast: no reply within 100 ms (-w)'
	receiver_there reply
	cast -w 0.5 --replies 3 "$PORT" <in
	[ "$STATUS" = 4 ]
	says '^sockit broadcast: 2 of 3 replies, and no more within 500 ms \(-w\)$'
	# A length before each leaves no place for the sender.
	printf '\0\003abc' | cast -I va -w 10 --replies 1 --frame len16 "$PORT"
	cmp out <(printf '\0\003abc')
}

@test "broadcast: a packet that wakes a machine" {
	two_networks
	receiver_there save:got count:1
	python3 -S -c 'import sys
sys.stdout.buffer.write(b"\xff" * 6 + bytes.fromhex("0200deadbeef") * 16)' >magic
	cast --frame all -I va "$PORT" <magic
	nothing 0
	ended 0 "$PEER"
	tail -c +5 got | cmp - magic
	[ "$(wc -c <magic)" = 102 ]
}

@test "broadcast: no interface to send through" {
	private </dev/null
	sockit broadcast 9
	told 1 'sockit broadcast: no interface is up that has a broadcast address'
	sockit broadcast --json 9
	[[ $(<err) == *'"class":"socket","code":"EADDRNOTAVAIL"'* ]]
}

@test "broadcast: no way there: the end at once, though stdin is open" {
	private </dev/null
	mkfifo in
	exec 7<>in
	echo x >&7
	for wait in '' '-w 10'; do
		# shellcheck disable=SC2086 # words
		cast $wait --to 255.255.255.255 9 <in 7>&-
		told 1 'sockit broadcast: 255.255.255.255 port 9: * (ENETUNREACH)'
		echo y >&7
	done
	exec 7>&-
}

@test "broadcast: what cannot be is refused" {
	refuses '-6: there is no broadcast in IPv6*' broadcast -6 9
	refuses "--to: 'fe80::1' is no IPv4 address" broadcast --to fe80::1 9
	refuses "--to: 'h' is no IPv4 address" broadcast --to h 9
	refuses "-I, --interface: '' is empty" broadcast --interface= 9
	refuses "-I, --interface: 'abcdefghijklmnop' is no interface's name" broadcast -I abcdefghijklmnop 9
	refuses "port '70000' is *" broadcast 70000
	refuses "port 'x' is a name*" broadcast -n x
	refuses '*PORT*' broadcast
	refuses "--frame: 'size=70000' *" broadcast --frame size=70000 9
}
