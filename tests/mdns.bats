# resolve --server mdns: everybody on the links of a network of our own is asked.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

# everybody: on the other host somebody answers multicast DNS at each of the two links (helpers/nameserver.py); the
# first has IPv6 too. What was asked comes to asked.va and asked.vb.
everybody() {
	local link
	two_networks
	inside ip addr add fe80::1/64 dev va nodad
	there ip addr add fe80::2/64 dev pa nodad
	# Such answers are not of the link, but they come.
	there ip addr add 10.77.0.1/32 dev lo
	inside ip route add 10.77.0.0/24 via 10.1.0.2
	for link in a b; do
		peer_by nsenter -t "$PRIVATE" -U --preserve-credentials -m -n -w"$PWD" -- nsenter -t "$THERE" -n -- \
			"$(python3 -c 'import sys; print(sys.executable)')" -S \
			"$BATS_TEST_DIRNAME/helpers/nameserver.py" "mdns:p$link"
		eventually test -e peer.out
		mv peer.out "asked.v$link"
	done
}

# finds TEXT ARG...: TEXT is what it prints, in any order, and nothing is said.
finds() {
	sockit resolve --server mdns "${@:2}"
	status_is 0
	[ "$(sort out)" = "$1" ] || fault "${*:2}: not $1"
	[ ! -s err ] || fault "${*:2}: something is said"
}

@test "whoever has a name answers, by any link" {
	everybody
	finds $'192.0.2.1\n2001:db8::1' host.local
	finds $'192.0.2.1\n2001:db8::1' HOST.local.
	finds 192.0.2.1 -4 host.local
	finds $'192.0.2.1\t80' -4 --service 80 alias.local
	# A link-local address is of the link by which the answer came, a record is as it was sent.
	finds fe80::7%va -6 --server mdns%va near.local
	finds fe80::7 --server mdns%va --record AAAA near.local
	# The other family may be denied, or nobody answers.
	finds 192.0.2.1 denied.local
	finds 192.0.2.1 v4.local
	finds 192.0.2.1 -4 lost.local
	finds host.local 10.1.0.2
	finds host.local. --record PTR 2.1.0.10.in-addr.arpa
	# What was asked: 255 hops, no flag, by both groups.
	eventually grep -qx 'mdns host.local A 255 0 4' asked.va
	eventually grep -qx 'mdns host.local A 255 0 6' asked.va
	eventually grep -qx 'mdns host.local AAAA 255 0 4' asked.vb
	[ "$(grep -c near.local asked.vb)" = 0 ]
	# The class of a record is told without the flag of caches.
	sockit resolve --server mdns%vb --json --record A host.local
	grep -q '"rcode":"NOERROR","flags":\["AA"\],"records":\[{"name":"host.local","type":"A","ttl":60,"data":"192.0.2.1"}\],"source":{"family":"inet","address":"10.2.0.2","port":5353}' out || fault json
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out
}

@test "many answer for a kind of service: what comes while we wait is told once" {
	everybody
	local all=$'_pa._tcp.local.\n_pb._tcp.local.\n_same._tcp.local.'
	# Without a limit that takes a moment, in which it is asked again.
	spawn "$SOCKIT" resolve --server mdns --record PTR _services._dns-sd._udp.local </dev/null >moment 2>&1
	finds "$all" -w 700ms --record PTR _services._dns-sd._udp.local
	finds $'_pb._tcp.local.\n_same._tcp.local.' -w 700ms --server mdns%vb --record PTR _services._dns-sd._udp.local
	ended 0 "$PID"
	[ "$(sort moment)" = "$all" ]
	[ "$(grep -c '^mdns _services.* 4$' asked.va)" = 3 ]
}

@test "who is not on the link, and what is no answer, is passed over" {
	everybody
	local name nobody
	local -A pids
	spawn "$SOCKIT" resolve --server mdns gone.local </dev/null >nobody 2>&1
	nobody=$PID
	for name in gone other failing wrongid wrongname question noquestion cut wrongport far; do
		spawn "$SOCKIT" resolve --server mdns -4 -w 400ms $name.local </dev/null >$name.out 2>$name.err
		pids[$name]=$PID
	done
	for name in "${!pids[@]}"; do
		ended 4 "${pids[$name]}"
		mv "$name.out" out
		mv "$name.err" err
		told 4 "sockit resolve: $name.local: no answer within 400 ms (-w)"
	done
	grep -q far.local asked.va
	# In the end nobody has it.
	ended 3 "$nobody"
	[ "$(<nobody)" = 'sockit resolve: gone.local: no such name (EAI_NONAME)' ]
	sockit resolve -v --server mdns -w 10ms gone.local
	grep -q "^sockit resolve: gone.local: asked everybody on the link, [0-9.]* ms\$" err
}

@test "what cannot be asked of everybody" {
	refuses "name 'www.example.org' does not end in .local, *" resolve --server mdns www.example.org
	refuses "name 'printer' does not end in .local, *" resolve --server mdns printer
	refuses "name 'xlocal' does not end in .local, *" resolve --server mdns xlocal
	refuses '--server mdns and --tcp exclude each other' resolve --server mdns --tcp a.local
	refuses '--server mdns and --dnssec exclude each other' resolve --server mdns --dnssec a.local
	refuses "--server: '224.0.0.251' is a group; --server mdns asks *" resolve --server 224.0.0.251:5353 a.local
	refuses "--server: 'ff02::fb' is a group; *" resolve --server ff02::fb a.local
	private <<<'127.0.0.1 localhost'
	sockit resolve --server mdns a.local # no interface but lo
	told 1 'sockit resolve: --server mdns: No such device (ENODEV)'
	sockit resolve --server mdns%nosuch a.local
	told 1 'sockit resolve: --server mdns%nosuch: No such device (ENODEV)'
}

@test "avahi-daemon answers us" {
	needs avahi-daemon avahi-daemon
	two_networks
	there ip addr add fd09::2/64 dev pa nodad
	# It insists on a user of its own, which the namespace has not.
	sed 's/^avahi:.*/avahi:x:0:0::\/:\/bin\/false/' /etc/passwd >passwd
	sed 's/^avahi:.*/avahi:x:0:/' /etc/group >group
	cat >avahi.conf <<-'END'
		[server]
		host-name=printer
		enable-dbus=no
		use-ipv6=no
		allow-interfaces=pa,pb
		[publish]
		publish-workstation=no
	END
	inside mount -t tmpfs tmpfs /run
	inside mkdir /run/avahi-daemon
	inside mount --bind passwd /etc/passwd
	inside mount --bind group /etc/group
	there avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$PWD/avahi.conf" </dev/null >avahi.out 2>&1 3>&- &
	started
	eventually grep -q 'startup complete' avahi.out || { cat avahi.out; return 1; }
	finds 10.1.0.2 -4 --server mdns%va printer.local
	finds printer.local 10.2.0.2
	finds printer.local --forward-confirm 10.1.0.2
}
