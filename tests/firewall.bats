# What firewalls, routers and this machine's own rules answer by ICMP, to whoever connects by TCP.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# rules COMMAND: COMMAND (inside, there) rejects by nft what comes in at these ports, and here what goes out at 95 too.
rules() {
	needs nft nftables
	cat >rules.nft <<-'END'
		table inet t {
			chain in {
				type filter hook input priority 0;
				tcp dport 80 reject
				tcp dport 81 reject with icmpx admin-prohibited
				tcp dport 83 reject with icmpx host-unreachable
				tcp dport 84 reject with tcp reset
			}
			chain out {
				type filter hook output priority 0;
				tcp dport 95 reject
			}
		}
	END
	often "$1"
	"$1" nft -f "$PWD/rules.nft" || skip 'nft reject is not permitted'
}

# often COMMAND: this host answers each time, not once in a second.
often() {
	# shellcheck disable=SC2016 # for that shell
	"$1" sh -c 'for f in /proc/sys/net/ipv4/icmp_ratelimit /proc/sys/net/ipv6/icmp/ratelimit; do
		[ ! -e $f ] || echo 0 >$f || exit; done' || skip 'the rate of ICMP cannot be set'
}

# states STATUS LINE...: the last run ended so, its stdout is these lines but for the times.
states() {
	[ "$STATUS" = "$1" ] || fault "status $1 was expected" || return
	diff -u <(printf '%s\n' "${@:2}") <(sed -E 's/ [0-9]+\.[0-9]{3} ms//' out) || fault 'not those lines'
}

# both_families: addresses of IPv6 beside those of two_networks.
both_families() {
	{ inside ip addr add fd01::1/64 dev va nodad 2>/dev/null && there ip addr add fd01::2/64 dev pa nodad; } ||
		skip 'no IPv6 here'
	eventually inside ip -6 route get fd01::2 >way || skip 'no IPv6 here'
	eventually there ip -6 route get fd01::1 >way || skip 'no IPv6 here'
}

@test "a firewall of a neighbour: closed, prohibited, unreachable, with who says so, at once" {
	[ "$(platform)" = linux ] || skip 'portable'
	two_networks
	both_families
	rules there
	local host other
	for host in 10.1.0.2 fd01::2; do
		other=EHOSTUNREACH
		[ "$host" = 10.1.0.2 ] || other=EACCES
		sockit connect -zvn -w 5s $host 80,81,83,84
		states 1 "$host 80/tcp closed ECONNREFUSED port unreachable, says $host" \
			"$host 81/tcp prohibited $other administratively prohibited, says $host" \
			"$host 83/tcp unreachable EHOSTUNREACH host unreachable, says $host" \
			"$host 84/tcp closed ECONNREFUSED"
		# Nothing waited for the next SYN, a second later.
		! grep -E ' [0-9]{3,}\.[0-9]+ ms' out || fault 'that took long'
		sockit connect -z $host 81
		told 1 "sockit connect: $host port 81: administratively prohibited, says $host ($other)"
		sockit connect --ping -c 1 $host 80
		[ "$STATUS" = 1 ] || fault status
		grep -qE "^$host port 80: seq=1 port unreachable, says $host \(ECONNREFUSED\) time=[0-9]+\.[0-9]+ ms$" out || fault 'no such line'
		sockit connect -w 500ms $host 81
		told 1 "sockit connect: $host port 81: administratively prohibited, says $host ($other)"
		sockit connect -w 500ms $host 80
		told 1 "sockit connect: $host port 80: port unreachable, says $host (ECONNREFUSED)"
		sockit connect -w 500ms $host 84
		told 1 "sockit connect: $host port 84: Connection refused (ECONNREFUSED)"
	done
}

@test "a firewall of this machine, on the way in and on the way out" {
	[ "$(platform)" = linux ] || skip 'portable'
	two_networks
	rules inside
	sockit connect -zv 127.0.0.1 80,81
	states 1 '127.0.0.1 80/tcp closed ECONNREFUSED port unreachable, says 127.0.0.1' \
		'127.0.0.1 81/tcp prohibited EHOSTUNREACH administratively prohibited, says 127.0.0.1'
	sockit connect 10.1.0.2 95
	told 1 'sockit connect: 10.1.0.2 port 95: port unreachable, says 10.1.0.1 (ECONNREFUSED)'
	sockit connect -zv 10.1.0.2 95
	states 1 '10.1.0.2 95/tcp closed ECONNREFUSED port unreachable, says 10.1.0.1'
	# Many, each with its own answer: a socket that has failed so is not used again.
	sockit connect -z 10.1.0.2 90-99
	told 1 'sockit connect: 10 of 10 ports not open: 10 closed'
	sockit connect -z 127.0.0.1 79-82
	[ "$STATUS" = 1 ] || fault status
	says ': 4 of 4 ports not open: .*port 79: Connection refused \(ECONNREFUSED\);.*port 80: port unreachable, says 127\.0\.0\.1 \(ECONNREFUSED\);.*port 81: administratively .*; .*port 82: Connection refused'
}

@test "what a router says, as JSON too" {
	[ "$(platform)" = linux ] || skip 'portable'
	two_networks
	inside ip route add 192.0.2.0/24 via 10.1.0.2
	often there
	there sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward && ip route add prohibit 192.0.2.0/25 && ip route add unreachable 192.0.2.128/25' ||
		skip 'no forwarding here'
	sockit connect -zv 192.0.2.1 192.0.2.129 22
	states 1 '192.0.2.1 22/tcp prohibited EHOSTUNREACH administratively prohibited, says 10.1.0.2' \
		'192.0.2.129 22/tcp unreachable EHOSTUNREACH host unreachable, says 10.1.0.2'
	sockit connect -z --json 192.0.2.1 22
	[ "$STATUS" = 1 ] || fault status
	[ "$(python3 "$SCHEMA" out probed state code icmp sender)" = 'prohibited EHOSTUNREACH administratively prohibited 10.1.0.2' ] || fault object
	sockit connect --ping --json -c 1 192.0.2.1 22
	[ "$(python3 "$SCHEMA" out ping state code icmp sender)" = 'prohibited EHOSTUNREACH administratively prohibited 10.1.0.2' ] || fault object
	sockit connect --json 192.0.2.1 22
	[ "$(python3 "$SCHEMA" err error code failures.0.icmp failures.0.sender)" = 'EHOSTUNREACH administratively prohibited 10.1.0.2' ] || fault object
	# A TTL that does not reach is told by the router that has seen the last of it.
	there ip route replace 192.0.2.0/25 via 10.2.0.1
	sockit connect --ttl 1 192.0.2.1 22
	told 1 'sockit connect: 192.0.2.1 port 22: too many hops (TTL), says 10.1.0.2 (EHOSTUNREACH)'
}

@test "nothing asks again and again" {
	two_networks
	needs_strace
	both_families
	rules there
	local mode host hosts=(10.1.0.2 fd01::2)
	# There IPv6 is told at the next SYN only.
	[ "$(platform)" = linux ] || hosts=(10.1.0.2)
	for mode in '-z -w 300ms' '--ping -c 1 -w 300ms' '-w 300ms'; do
		for host in "${hosts[@]}"; do
			STATUS=0
			# shellcheck disable=SC2086 # several words
			traced connect,getsockopt,ppoll,poll,recvmsg "$SOCKIT" connect $mode $host 80 >out 2>err || STATUS=$?
			status_is 1
			[ "$(grep -c . trace)" -lt 40 ] || fault "$(grep -c . trace) calls: $mode $host"
		done
	done
}
