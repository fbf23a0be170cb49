# connect --trace: the routers on the way to a port, as a user without any capability.
# shellcheck disable=SC2016

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

linux() {
	[ "$(platform)" = linux ] || skip 'portable'
}

# trace ARG...: connect --trace; in the file lines is stdout with T for each time, without that for those of one sender.
trace() {
	sockit connect --trace "$@"
	sed -E 's/[0-9]+\.[0-9]{3} ms/T/g; s/T(  T)+/T/g' out >lines
	silent || fault 'something is said'
}

# shows STATUS LINE...: the exit status of the last trace, and its lines.
shows() {
	[ "$STATUS" = "$1" ] || fault "status $1 was expected" || return
	diff -u <(printf '%s\n' "${@:2}") lines || fault 'not those lines'
}

# rules I RULE...: nft at host I.
rules() {
	needs nft nftables
	printf '%s\n' 'table inet t {' "${@:2}" '}' >rules.nft
	at_hop "$1" nft -f "$PWD/rules.nft" || skip 'nft is not permitted'
}

@test "the routers, and a port that is open or closed: by IPv4 and IPv6" {
	linux
	way 3
	hop_listens 3 -k -d -v :: 80 2>server
	local net
	for net in 10.0. fd00:0:0:; do
		local dot=.
		[ $net = 10.0. ] || dot=::
		trace -n "${net}3${dot}2" 80
		shows 0 "the way to ${net}3${dot}2 port 80" \
			" 1  ${net}1${dot}2  T" " 2  ${net}2${dot}2  T" " 3  ${net}3${dot}2  T" \
			"${net}3${dot}2 port 80: open, says the host, hop 3"
		trace -n -c 1 "${net}3${dot}2" 81
		shows 1 "the way to ${net}3${dot}2 port 81" \
			" 1  ${net}1${dot}2  T" " 2  ${net}2${dot}2  T" " 3  ${net}3${dot}2  T" \
			"${net}3${dot}2 port 81: Connection refused (ECONNREFUSED), says the host, hop 3"
		! grep -q 'ms.*ms' out || fault 'more than one probe'
		trace -n --max-hops 1 "${net}3${dot}2" 80
		shows 0 "the way to ${net}3${dot}2 port 80" " 1  ${net}1${dot}2  T" \
			"${net}3${dot}2 port 80: open, says the host, beyond hop 1"
	done
	# IPv4's address in one of IPv6.
	trace -n ::ffff:10.0.3.2 80
	shows 0 'the way to ::ffff:10.0.3.2 port 80: 10.0.3.2' ' 1  10.0.1.2  T' ' 2  10.0.2.2  T' ' 3  10.0.3.2  T' \
		'10.0.3.2 port 80: open, says the host, hop 3'
	# The program there has seen none of all these.
	[ "$(grep -c . server)" = 1 ] || fault "$(<server)"
}

@test "answers that are there at once make other probes needless, and threads" {
	linux
	needs_strace
	way 2
	probes() {
		traced connect "$SOCKIT" connect --trace -n 10.0.2.2 81 >out 2>err || :
		grep -q '^10\.0\.2\.2 port 81: Connection refused' out || fault 'not traced' || return
		TOOK=$(grep -c 'sin_port=htons(81)' trace)
	}
	at_best 8 probes
	# Where a name takes long its look-up has a thread of its own.
	printf '%s\n' '10.0.1.2 first.example' '10.0.2.2 target.example' >hosts
	one_thread() {
		traced clone,clone3 "$SOCKIT" connect --trace 10.0.2.2 81 >out 2>err || :
		grep -q '^ 2  10\.0\.2\.2 (target\.example)  ' out && [ "$(grep -c 'CLONE_THREAD.* = [0-9]' trace)" = 1 ]
	}
	eventually one_thread || fault 'more than one thread'
}

@test "a firewall on the way says why, and who it is" {
	linux
	way 3
	rules 2 'chain f { type filter hook forward priority 0;' 'tcp dport 81 reject with icmpx admin-prohibited' \
		'tcp dport 82 reject with icmpx port-unreachable' 'tcp dport 83 reject with icmpx host-unreachable' \
		'tcp dport 84 reject with icmpx no-route' 'tcp dport 85 reject with tcp reset' '}'
	local host router port words error
	while read -r host router port error words; do
		trace -n "$host" "$port"
		[ "$words" = reset ] && shows 1 "the way to $host port $port" " 1  ${router/2/1}  T" " 2  $router  T" " 3  $host  T" \
			"$host port $port: Connection refused (ECONNREFUSED), says the host, hop 3" && continue
		shows 1 "the way to $host port $port" " 1  ${router/2/1}  T" " 2  $router  T" " 3  $router: $words  T" \
			"$host port $port: $words, says $router ($error), hop 3"
	done <<-'END'
		10.0.3.2 10.0.2.2 81 EHOSTUNREACH administratively prohibited
		10.0.3.2 10.0.2.2 82 ECONNREFUSED port unreachable
		10.0.3.2 10.0.2.2 83 EHOSTUNREACH host unreachable
		10.0.3.2 10.0.2.2 84 ENETUNREACH network unreachable
		10.0.3.2 10.0.2.2 85 - reset
		fd00:0:0:3::2 fd00:0:0:2::2 81 EACCES administratively prohibited
		fd00:0:0:3::2 fd00:0:0:2::2 82 ECONNREFUSED port unreachable
		fd00:0:0:3::2 fd00:0:0:2::2 83 EHOSTUNREACH host unreachable
		fd00:0:0:3::2 fd00:0:0:2::2 84 ENETUNREACH no route
		fd00:0:0:3::2 fd00:0:0:2::2 85 - reset
	END
}

@test "silence: of a firewall, of routers, now and then, and of all" {
	linux
	way 4
	local head='the way to 10.0.4.2 port 81' end='10.0.4.2 port 81: Connection refused (ECONNREFUSED), says the host, hop 4'
	rules 1 'chain f { type filter hook forward priority 0;' \
		'tcp dport 81 tcp flags & (syn | ack) == syn numgen inc mod 2 0 drop' '}'
	trace -n -w 300ms 10.0.4.2 81
	shows 1 "$head" ' 1  10.0.1.2  T' ' 2  *  10.0.2.2  T  *' ' 3  10.0.3.2  T  *  T' ' 4  *  10.0.4.2  T  *' "$end"

	# A router that is silent three times, but not a moment later.
	at_hop 1 nft flush ruleset
	rules 2 'chain o { type filter hook output priority 0;' 'icmp type time-exceeded numgen inc mod 6 0-2 drop' '}'
	trace -n 10.0.4.2 81
	shows 1 "$head" ' 1  10.0.1.2  T' ' 2  10.0.2.2  T' ' 3  10.0.3.2  T' ' 4  10.0.4.2  T' "$end"

	# Three of them, whose probes do not all begin before the first is answered.
	local i
	at_hop 2 nft flush ruleset
	for i in 1 2 3; do
		rules "$i" 'chain o { type filter hook output priority 0;' 'icmp type time-exceeded numgen inc mod 20 0-9 drop' '}'
	done
	trace -n -c 10 10.0.4.2 81
	shows 1 "$head" ' 1  10.0.1.2  T' ' 2  10.0.2.2  T' ' 3  10.0.3.2  T' ' 4  10.0.4.2  T' "$end"
	for i in 1 2 3; do
		at_hop "$i" nft flush ruleset
	done

	# One that never says anything, and behind it a firewall that does not either.
	rules 2 'chain p { type filter hook output priority 0;' 'icmp type time-exceeded drop' '}'
	rules 3 'chain f { type filter hook forward priority 0;' 'tcp dport 86 drop' '}'
	silent_hop() {
		timed trace -n "$@" 10.0.4.2 81
		shows 1 "$head" ' 1  10.0.1.2  T' ' 2  *' ' 3  10.0.3.2  T' ' 4  10.0.4.2  T' "$end"
	}
	at_best 800 silent_hop
	at_best 900 silent_hop -c 1 -p 7001
	# Who says how long to wait has it waited for.
	timed trace -n -w 200ms 10.0.4.2 86
	[ "$TOOK" -ge 1200 ] || fault "not asked again a second later: $TOOK ms"
	shows 4 'the way to 10.0.4.2 port 86' ' 1  10.0.1.2  T' ' 2  *' ' 3  10.0.3.2  T' ' 4  *' ' 5  *' ' 6  *' ' 7  *' ' 8  *' \
		'9 to 30  *' '10.0.4.2 port 86: no answer within 200 ms (-w); the last heard is 10.0.3.2, hop 3'

	# One flow: what is silent is waited for.
	trace -n -w 20ms -c 1 -p 7001 10.0.4.2 86
	shows 4 'the way to 10.0.4.2 port 86' ' 1  10.0.1.2  T' ' 2  *' ' 3  10.0.3.2  T' ' 4  *' ' 5  *' ' 6  *' ' 7  *' ' 8  *' \
		'9 to 30  not asked' '10.0.4.2 port 86: no answer within 20 ms (-w); the last heard is 10.0.3.2, hop 3'

	rules 1 'chain o { type filter hook output priority 0;' 'drop' '}' 'chain f { type filter hook forward priority 0;' 'drop' '}'
	trace -n -w 20ms --max-hops 1 10.0.4.2 81
	shows 4 "$head" ' 1  *' '10.0.4.2 port 81: no answer within 20 ms (-w); no router was heard'
}

@test "a loop, and a way that nobody knows" {
	linux
	way 3
	# First: whoever has sent other ICMP lets one wait for this.
	at_hop 0 ip route add 192.0.2.0/24 via 10.0.1.2
	trace -n -c 1 192.0.2.1 81
	shows 1 'the way to 192.0.2.1 port 81' ' 1  10.0.1.2: network unreachable  T' \
		'192.0.2.1 port 81: network unreachable, says 10.0.1.2 (ENETUNREACH), hop 1'
	at_hop 3 ip route add 10.0.0.0/16 via 10.0.3.1
	trace -n --max-hops 5 10.0.9.2 81
	shows 1 'the way to 10.0.9.2 port 81' ' 1  10.0.1.2  T' ' 2  10.0.2.2  T' ' 3  10.0.3.2  T' ' 4  10.0.2.2  T' ' 5  10.0.3.2  T' \
		'10.0.9.2 port 81: too many hops (TTL), says 10.0.2.2 (EHOSTUNREACH), beyond hop 5; the last heard is 10.0.3.2, hop 5, which is hop 3 too: a loop'
	# Two routers that call themselves the same, and a firewall behind the second, are none.
	local i
	for i in 1 3; do
		rules $i 'chain o { type route hook output priority 0;' 'icmp type time-exceeded ip saddr set 198.51.100.1' '}' \
			'chain f { type filter hook postrouting priority 0;' 'ip daddr 10.0.9.3 tcp dport 82 meta oifname near drop' '}'
	done
	trace -n -w 300ms 10.0.9.3 82
	shows 4 'the way to 10.0.9.3 port 82' ' 1  198.51.100.1  T' ' 2  10.0.2.2  T' ' 3  198.51.100.1  T' \
		' 4  *' ' 5  *' ' 6  *' ' 7  *' ' 8  *' '9 to 30  *' \
		'10.0.9.3 port 82: no answer within 300 ms (-w); the last heard is 198.51.100.1, hop 3'
}

@test "one flow keeps to one of two ways" {
	linux
	way 3
	# Another link between the first two hosts, which some source ports take; each ICMP names the link taken.
	at_hop 1 sh -e -c "ip link add other type veth peer name other netns ${WAY[2]}
		ip addr add 10.1.2.1/24 dev other
		ip link set other up"
	at_hop 2 sh -e -c 'ip addr add 10.1.2.2/24 dev other
		ip link set other up
		echo 1 >/proc/sys/net/ipv4/icmp_errors_use_inbound_ifaddr
		for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done'
	eventually hop_is_up 1 other && eventually hop_is_up 2 other
	at_hop 1 sh -e -c 'ip route add 10.0.0.0/16 via 10.1.2.2 table 7
		ip rule add fwmark 1 table 7' || skip 'no routes by mark here'
	rules 1 'chain p { type filter hook prerouting priority -150;' 'tcp sport & 2 == 2 meta mark set 1' '}'
	both() {
		trace -n -c 10 10.0.3.2 81
		grep -q '^ 2 .*10\.0\.2\.2  .*10\.1\.2\.2  ' lines
	}
	eventually both
	local port net
	for port in 7001 7002 7005 7006; do
		net=$((port >> 1 & 1))
		trace -n -p $port 10.0.3.2 81
		shows 1 'the way to 10.0.3.2 port 81' ' 1  10.0.1.2  T' " 2  10.$net.2.2  T" ' 3  10.0.3.2  T' \
			'10.0.3.2 port 81: Connection refused (ECONNREFUSED), says the host, hop 3'
	done
}

@test "names, and the first of several addresses" {
	linux
	way 2
	printf '%s\n' '10.0.1.2 first.example' '10.0.2.2 target.example' 'fd00:0:0:2::2 target.example' 'fd00:0:0:1::2 six.example' >hosts
	trace -4 target.example 81
	shows 1 'the way to target.example port 81: 10.0.2.2' ' 1  10.0.1.2 (first.example)  T' ' 2  10.0.2.2 (target.example)  T' \
		'10.0.2.2 port 81: Connection refused (ECONNREFUSED), says the host, hop 2'
	trace -6 target.example 81
	shows 1 'the way to target.example port 81: fd00:0:0:2::2' ' 1  fd00:0:0:1::2 (six.example)  T' \
		' 2  fd00:0:0:2::2 (target.example)  T' 'fd00:0:0:2::2 port 81: Connection refused (ECONNREFUSED), says the host, hop 2'
	trace target.example 81
	[[ $(head -n 1 out) =~ ^the\ way\ to\ target\.example\ port\ 81:\ [0-9a-f.:]+2,\ the\ first\ of\ 2\ addresses$ ]] || fault 'first line'
	sockit connect --trace 10.0.2.2 nosuch
	told 3 'sockit connect: port nosuch: no such service (EAI_SERVICE)'
	# A name server that is silent: nobody waits for it, nor for other names.
	echo '10.0.2.2 target.example' >hosts
	peer nameserver silent
	quickly() {
		timed trace 10.0.2.2 81
		shows 1 'the way to 10.0.2.2 port 81' ' 1  10.0.1.2  T' ' 2  10.0.2.2 (target.example)  T' \
			'10.0.2.2 port 81: Connection refused (ECONNREFUSED), says the host, hop 2'
	}
	at_best 900 quickly
}

@test "as JSON, and as traceroute sees it" {
	linux
	way 3
	rules 2 'chain f { type filter hook forward priority 0;' 'tcp dport 81 reject with icmpx admin-prohibited' 'tcp dport 86 drop' '}'
	sockit connect --trace --json -n 10.0.3.2 80
	[ "$STATUS" = 1 ] || fault status
	[ "$(python3 "$SCHEMA" out hop host peer.port hop sent replies.0.address replies.2.address)" = '10.0.3.2 80 1 3 10.0.1.2 10.0.1.2
10.0.3.2 80 2 3 10.0.2.2 10.0.2.2
10.0.3.2 80 3 3 10.0.3.2 10.0.3.2' ] || fault hops
	[ "$(python3 "$SCHEMA" out end state code hop icmp last_hop)" = 'closed ECONNREFUSED 3 - -' ] || fault end
	sockit connect --trace --json -n -c 2 10.0.3.2 81
	[ "$(python3 "$SCHEMA" out hop hop replies.1.icmp | tail -n 1)" = '3 administratively prohibited' ] || fault hop
	[ "$(python3 "$SCHEMA" out end state code sender hop icmp)" = 'prohibited EHOSTUNREACH 10.0.2.2 3 administratively prohibited' ] || fault end
	sockit connect --trace --json -n -w 50ms --max-hops 3 10.0.3.2 86
	[ "$STATUS" = 4 ] || fault status
	[ "$(python3 "$SCHEMA" out end state code last_hop last_router)" = 'filtered - 2 10.0.2.2' ] || fault end
	needs traceroute traceroute
	trace -n 10.0.3.2 80
	inside traceroute -n -T -p 80 10.0.3.2 >theirs
	diff <(sed -nE 's/^ ?([0-9]+)  ([^ ]+)  .*/\1 \2/p' theirs) <(sed -nE 's/^ ?([0-9]+)  ([^ ]+)  .*/\1 \2/p' out)
}

# capture I INTERFACE FILE: what tcpdump sees there is in FILE. It would become another user, and only root itself may.
capture() {
	nsenter -t "${WAY[$1]}" -n -- tcpdump -l -nn -v -tt -Z root --immediate-mode -i "$2" 'tcp or icmp or icmp6' \
		>"$3" 2>"$3.err" 3>&- &
	started
	capturing() {
		! runs "$PID" || grep -q '^tcpdump: listening' "$3.err"
	}
	eventually capturing "$@"
	runs "$PID" || skip "tcpdump is not permitted: $(<"$3.err")"
}

# captured FILE...: all that was sent before is there.
captured() {
	local file
	"$SOCKIT" connect -z 10.0.3.2 99 >/dev/null 2>&1 || :
	for file; do
		eventually grep -q ' > 10\.0\.3\.2\.99: Flags \[S\]' "$file"
	done
}

@test "what tcpdump sees is what --trace and --mtu say" {
	linux
	needs tcpdump tcpdump
	[ "$(id -u)" = 0 ] || skip 'tcpdump is not permitted'
	way 3
	hop_listens 3 -k -d :: 80 2>server
	# Nothing is to be seen whole that is sent in parts.
	at_hop 0 ip link set far gso_max_segs 1
	at_hop 2 ip link set far mtu 1300
	capture 0 far here
	capture 3 near there
	local host
	for host in 10.0.3.2 fd00:0:0:3::2; do
		sockit connect --trace --json -n "$host" 81
		mv out "trace.$host"
		sockit connect --mtu --json "$host" 80
		mv out "mtu.$host"
	done
	captured here there
	python3 - <<-'END'
		import collections, json, re

		HEADS = (r'(\S+) IP \(.*?ttl (\d+),.*? length (\d+)\)\s+(\S+)\.(\d+) > (\S+)\.(\d+): (.*)',
		         r'(\S+) IP6 \(.*?hlim (\d+),.*? length: (\d+)\) (\S+)\.(\d+) > (\S+)\.(\d+): (.*)')
		Packet = collections.namedtuple('Packet', 'time limit size source port to at text')

		def packets(name):
		    found = []
		    for text in re.split(r'\n(?=\d)', open(name).read()):
		        for head, more in zip(HEADS, (0, 40)):
		            m = re.match(head, text)
		            if m:
		                time, limit, size, source, port, to, at, text = m.groups()
		                found.append(Packet(float(time) * 1000, int(limit), int(size) + more, source, port, to, at, text))
		    return found

		here, there = packets('here'), packets('there')
		exceeded = collections.Counter(re.findall(r'(\S+) > \S+: (?:\[.*?\] )?ICMP6?,? time exceeded', open('here').read()))
		for host in '10.0.3.2', 'fd00:0:0:3::2':
		    *hops, end = map(json.loads, open('trace.' + host))
		    asked = [p for p in here if (p.to, p.at) == (host, '81')]
		    refused = {p.at: p.time for p in here if (p.source, p.port) == (host, '81') and 'Flags [R.]' in p.text}
		    assert [h['hop'] for h in hops] == [1, 2, 3] and end['hop'] == 3, hops
		    for h in hops:
		        sent = [p for p in asked if p.limit == h['hop']]
		        assert len(sent) == h['sent'] == len(h['replies']) == 3, h
		        router, = {r['address'] for r in h['replies']}
		        if h['hop'] < 3:
		            assert exceeded[router] == 3, exceeded
		            continue
		        # Nobody has it from the wire before it is there.
		        times = sorted(refused[p.port] - p.time for p in sent)
		        assert router == host
		        assert all(r + .01 > t for r, t in zip(sorted(r['elapsed_ms'] for r in h['replies']), times)), (h, times)

		    mtu, = map(json.loads, open('mtu.' + host))
		    data = [p for p in there if (p.to, p.at) == (host, '80') and not re.search(r'length 0$', p.text)]
		    sizes = {p.size for p in data}
		    passed = [p['size'] for p in mtu['probes'] if p['state'] == 'passed']
		    assert passed and max(passed) == max(sizes) == mtu['mtu'] == 1300 and sizes.issuperset(passed), (mtu, sizes)
		    tried = {p.size for p in here if (p.to, p.at) == (host, '80')}
		    assert tried.issuperset(p['size'] for p in mtu['probes']), (mtu, tried)
		    for size in passed:
		        whole = next(p for p in data if p.size == size)
		        n = int(re.search(r'length (\d+)', whole.text)[1])
		        assert any((p.source, p.at) == (host, whole.port) and re.search(rf'ack {n + 1},', p.text) for p in there), whole
	END
}

@test "few descriptors, and what this machine refuses" {
	linux
	way 2
	(ulimit -n 24 && trace -n -c 10 10.0.2.2 81)
	tail -n 1 lines | grep -q 'says the host, hop 2$' || fault 'few descriptors'
	at_hop 0 ip route add prohibit 192.0.2.1
	sockit connect --trace 192.0.2.1 80
	[ "$STATUS" = 1 ] || fault status
	says "^sockit connect: 192\.0\.2\.1 port 80: Permission denied \(EACCES\): this machine has the route 'prohibit 192\.0\.2\.1/32'$"
	sockit connect --trace -s 192.0.2.7 10.0.2.2 80
	[ "$STATUS" = 1 ] || fault status
	says '^sockit connect: 10\.0\.2\.2 port 80: -s 192\.0\.2\.7: .* \(EADDRNOTAVAIL\)$'
	serve 10.0.1.1 0
	sockit connect --trace -s 10.0.1.1 -p "$PORT" 10.0.2.2 80
	[ "$STATUS" = 1 ] || fault status
	says "^sockit connect: 10\.0\.2\.2 port 80: -s 10\.0\.1\.1 -p $PORT: .* \(EADDRINUSE\): sockit \(process [0-9]+\) has 10\.0\.1\.1 port $PORT$"
	trace -n -s 10.0.1.1 -I far --tos ef 10.0.2.2 81
	shows 1 'the way to 10.0.2.2 port 81' ' 1  10.0.1.2  T' ' 2  10.0.2.2  T' \
		'10.0.2.2 port 81: Connection refused (ECONNREFUSED), says the host, hop 2'
	# Who answers late was asked again meanwhile, and is not waited for once more.
	needs nft nftables
	at_hop 0 sh -c 'cd /proc/sys/net/ipv4/neigh/far && echo 1 >mcast_solicit && echo 1100 >retrans_time_ms' || return 0
	late() {
		at_hop 0 nft flush ruleset
		rules 0 'chain o { type filter hook output priority 0;' \
			'ip daddr 10.0.1.77 limit rate 1/hour burst 4 packets accept' 'ip daddr 10.0.1.77 drop' '}'
		timed trace -n -w 2s --max-hops 1 10.0.1.77 80
		shows 1 'the way to 10.0.1.77 port 80' ' 1  10.0.1.1: host unreachable  T' \
			'10.0.1.77 port 80: host unreachable, says 10.0.1.1 (EHOSTUNREACH), hop 1'
	}
	at_best 2500 late
}

@test "what cannot be traced" {
	refuses "--trace: 'unix:/x' is no host of IP and port" connect --trace unix:/x
	refuses '--count: 11 is more than 10, the most of --trace' connect --trace -c 11 h 1
	refuses '--max-hops needs --trace' connect --max-hops 3 h 1
	refuses "--trace and '-- true' exclude each other" connect --trace h 1 -- true
	local option
	for option in --probe --ping '--ttl 3' '--proxy socks5://h:1' --raw '--transport mptcp' '--retry 1s' --fastopen; do
		# shellcheck disable=SC2086 # a word or two
		refuses "--trace and ${option%% *} exclude each other" connect --trace $option h 1
	done
	[ "$(platform)" != linux ] || return 0
	sockit connect --trace 127.0.0.1 1
	told 1 'sockit connect: --trace: this system does not tell who sent a message of ICMP (ENOTSUP)'
}
