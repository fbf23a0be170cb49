# connect: names, addresses, races, limits, retries, socket options.

load helpers/common
load helpers/words
load helpers/private

# connects [ARG...]: `sockit connect ARG...` with `hello` as stdin; stdout is in the file out, stderr
# in err, the exit status in $STATUS, how long it took in $TOOK (ms). Never fails.
connects() {
	timed says_hello_to "$@"
}
says_hello_to() {
	STATUS=0
	echo hello | within 30 "$SOCKIT" connect "$@" >out 2>err || STATUS=$?
}

# reaches FROM TO [ARG...]: `sockit connect ARG...` comes to the peer from FROM at TO, in silence.
reaches() {
	local n
	eventually test -e peer.out
	n=$(wc -l <peer.out)
	connects "${@:3}"
	# shellcheck disable=SC2015 # a fault ends it
	[ "$STATUS" = 0 ] && [ ! -s err ] || fault "connect ${*:3}"
	eventually peer_said $((n + 2)) || fault "connect ${*:3}: nobody came"
	[[ $(sed -n $((n + 1))p peer.out) == "from $1 "*" to $2" ]] || fault "$(<peer.out)"
	[ "$(sed -n $((n + 2))p peer.out)" = "got b'hello\\n'" ] || fault "$(<peer.out)"
}

peer_said() {
	[ "$(wc -l <peer.out)" -ge "$1" ]
}

# Names and addresses.

@test "an IPv4 address" {
	peer who 127.0.0.1 answer:there
	reaches 127.0.0.1 127.0.0.1 127.0.0.1 "$PORT"
	[ "$(<out)" = there ]
	reaches 127.0.0.1 127.0.0.1 "127.0.0.1:$PORT"
	reaches 127.0.0.1 127.0.0.1 -n 127.0.0.1 "$PORT"
	reaches 127.0.0.1 127.0.0.1 -4 127.0.0.1 "$PORT"
	reaches 127.0.0.1 127.0.0.1 127.0.0.1 "00$PORT"
}

@test "an IPv6 address" {
	needs_ipv6
	peer who ::1 answer:there
	reaches ::1 ::1 ::1 "$PORT"
	[ "$(<out)" = there ]
	reaches ::1 ::1 '[::1]' "$PORT"
	reaches ::1 ::1 "[::1]:$PORT"
	reaches ::1 ::1 -n "[::1]:$PORT"
	reaches ::1 ::1 -6 0:0::0:1 "$PORT"
	reaches ::1 ::1 ::1%lo "$PORT"
}

@test "an IPv6 address with a zone" {
	private </dev/null
	needs_ipv6
	add_ipv6 fe80::99/64
	peer who fe80::99%lo
	connects -v fe80::99%lo "$PORT"
	[ "$STATUS" = 0 ] || fault %lo
	grep -q "connected to fe80::99%lo port $PORT from fe80::99%lo port" err || fault %lo
	connects "[fe80::99%1]:$PORT"
	[ "$STATUS" = 0 ] || fault %1
	sockit connect fe80::99 "$PORT"
	told 1 "sockit connect: fe80::99 port $PORT: * (EINVAL): which interface? fe80::99%*"
}

@test "a name, one family or both" {
	private <<-'END'
		127.0.0.1 four alias
		2001:db8:9::1 six
		127.0.0.1 two
		::1 two
	END
	needs_ipv6
	add_ipv6 2001:db8:9::1/128
	peer nameserver
	peer who ::1 127.0.0.1 2001:db8:9::1
	reaches 127.0.0.1 127.0.0.1 four "$PORT"
	reaches 127.0.0.1 127.0.0.1 "alias:$PORT"
	reaches 2001:db8:9::1 2001:db8:9::1 six "$PORT"
	reaches 127.0.0.1 127.0.0.1 -4 two "$PORT"
	reaches ::1 ::1 -6 two "$PORT"
	sockit connect -6 four "$PORT"
	told 3 'sockit connect: host four: * (EAI_*)'
	sockit connect -4 six "$PORT"
	told 3 'sockit connect: host six: * (EAI_*)'
	sockit connect -4 ::1 "$PORT"
	told 3 'sockit connect: host ::1: * (EAI_*)'
	sockit connect -6 127.0.0.1 "$PORT"
	told 3 'sockit connect: host 127.0.0.1: * (EAI_*)'
}

@test "a name that is not there" {
	private </dev/null
	peer nameserver
	sockit connect nosuch.invalid 80
	told 3 'sockit connect: host nosuch.invalid: * (EAI_NONAME)'
	# Bytes from outside are escaped.
	sockit connect $'h\xc2\x9bm.invalid' 80
	told 3 'sockit connect: host h\\xc2\\x9bm.invalid: * (EAI_*)'
	sockit connect $'h\xffm.invalid' 80
	told 3 'sockit connect: host h\\xffm.invalid: * (EAI_*)'
	sockit connect -s nosuch.invalid 127.0.0.1 80
	told 3 'sockit connect: -s nosuch.invalid: no such name (EAI_NONAME)'
	sockit connect -p nosuch 127.0.0.1 80
	told 3 'sockit connect: -p nosuch: no such service (EAI_SERVICE)'
	# A proxy's is told from the destination's.
	sockit connect --proxy socks5h://nosuch.invalid:1 h 80
	told 3 'sockit connect: proxy host nosuch.invalid: no such name (EAI_NONAME)'
	sockit connect --proxy socks5://127.0.0.1:1 --proxy socks5h://nosuch.invalid:1 h 80
	told 3 'sockit connect: proxy host nosuch.invalid: no such name (EAI_NONAME)'
	sockit connect --proxy socks5://127.0.0.1:1 nosuch.too 80
	told 3 'sockit connect: host nosuch.too: no such name (EAI_NONAME)'
}

@test "a service's name" {
	[ -e /etc/services ] || skip 'no /etc/services'
	printf '%s\n' 'thisone 1799/tcp' 'aliased 1799/tcp other' 'datagrams 1799/udp' >services
	private <<<'127.0.0.1 four'
	peer who 127.0.0.1 port:1799
	reaches 127.0.0.1 127.0.0.1 127.0.0.1 thisone
	reaches 127.0.0.1 127.0.0.1 four:thisone
	reaches 127.0.0.1 127.0.0.1 four other
	# In the protocol in use.
	sockit connect 127.0.0.1 datagrams
	told 3 'sockit connect: port datagrams: * (EAI_SERVICE)'
	sockit connect 127.0.0.1 nosuch
	told 3 'sockit connect: port nosuch: * (EAI_SERVICE)'
}

# Failing.

# bats test_tags=valgrind
@test "refused: the address and the errno" {
	PORT=$(free_port)
	sockit connect 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
	sockit connect 127.0.0.1 0
	told 1 'sockit connect: 127.0.0.1 port 0: * (E*)'
}

@test "refused, where recvmsg(2) is emulated and knows no queue of errors" {
	[ "$(platform)" = linux ] || skip 'only there it is asked for'
	needs_strace
	PORT=$(free_port)
	STATUS=0
	traced recvmsg -e inject=recvmsg:retval=0 "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err || STATUS=$?
	told 1 "sockit connect: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
	[ "$(grep -c 'MSG_ERRQUEUE.*INJECTED' trace)" = 1 ]
}

@test "refused over IPv6" {
	needs_ipv6
	PORT=$(free_port)
	sockit connect "[::1]:$PORT"
	told 1 "sockit connect: ::1 port $PORT: Connection refused (ECONNREFUSED)"
}

@test "unreachable" {
	private </dev/null
	sockit connect 192.0.2.1 80
	told 1 'sockit connect: 192.0.2.1 port 80: * (ENETUNREACH)'
	inside ip route add unreachable 192.0.2.0/24
	sockit connect 192.0.2.1 80
	told 1 'sockit connect: 192.0.2.1 port 80: * (EHOSTUNREACH)*'
}

@test "several addresses that all fail: one line names each, the families in turn" {
	private <<-'END'
		127.0.0.2 many
		127.0.0.3 many
		127.0.0.4 many
		::1 many
		2001:db8:9::1 many
	END
	needs_ipv6
	add_ipv6 2001:db8:9::1/128
	sockit connect many 99
	told 1 'sockit connect: *'
	sed 's/^sockit connect: //; s/; /\n/g' err >each
	[ "$(wc -l <each)" = 5 ] || fault each
	local address
	for address in 127.0.0.2 127.0.0.3 127.0.0.4 ::1 2001:db8:9::1; do
		grep -qxF "$address port 99: Connection refused (ECONNREFUSED)" each || fault $address
	done
	[[ $(sed 's/ .*//; s/.*:.*/6/; s/.*\..*/4/' each | tr -d '\n') =~ ^(64644|46464|46644)$ ]] ||
		fault interleaved
	[ "$(sed 's/ .*//; s/.*:.*/6/; s/.*\..*/4/' each | head -n 4 | uniq | wc -l)" = 4 ] ||
		fault interleaved
}

@test "a connection to oneself counts as refused" {
	local i
	for ((i = 0; i < 8; i++)); do
		PORT=$(free_port)
		sockit connect -p "$PORT" 127.0.0.1 "$PORT"
		told 1 "sockit connect: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
	done
}

# Racing.

@test "a silent first address is overtaken by the second" {
	private <<-'END'
		::1 two
		127.0.0.1 two
	END
	needs_ipv6
	peer who full:::1 127.0.0.1
	connects -vv two "$PORT"
	[ "$STATUS" = 0 ] || fault race
	[ "$TOOK" -lt 1500 ] || fault "$TOOK ms"
	grep -q 'connecting to ::1 port' err || fault 'IPv6 was not tried'
	grep -q "connected to 127.0.0.1 port $PORT from 127.0.0.1" err || fault IPv4
	eventually peer_said 2
	grep -q "got b'hello" peer.out
	# Not before 250 ms.
	python3 - <<-'END'
		import re, sys
		time = {a: float(t) for t, a in
		        re.findall(r'^sockit connect: +([0-9.]+) connecting to (\S+)', open('err').read(), re.M)}
		sys.exit(not 0.2 < time['127.0.0.1'] - time['::1'] < 1)
	END
}

@test "an address that refuses is followed by the next at once" {
	private <<-'END'
		::1 two
		127.0.0.1 two
	END
	needs_ipv6
	peer who 127.0.0.1
	comes_to_the_next() {
		connects -vv two "$PORT"
		[ "$STATUS" = 0 ] || fault next
		grep -q "::1 port $PORT: Connection refused (ECONNREFUSED)" err || fault 'IPv6 was not tried'
		TOOK=$(python3 - <<-'END'
			import re
			time = {a: float(t) for t, a in
			        re.findall(r'^sockit connect: +([0-9.]+) connecting to (\S+)', open('err').read(), re.M)}
			print(round(1000 * (time['127.0.0.1'] - time['::1'])))
		END
		)
		[ "$TOOK" -ge 0 ] || fault order
	}
	at_best 200 comes_to_the_next
	# All is well: nothing is said about it.
	connects two "$PORT"
	[ "$STATUS" = 0 ] && [ ! -s err ] || fault silence
}

@test "the loser of a race does not come to the peer" {
	private <<-'END'
		::1 two
		127.0.0.1 two
	END
	needs_ipv6
	peer who ::1 127.0.0.1
	connects two "$PORT"
	[ "$STATUS" = 0 ] || fault two
	connects two "$PORT"
	eventually peer_said 4
	[ "$(grep -c ^from peer.out)" = 2 ] || fault "$(<peer.out)"
}

# Limits.

@test "-w: no answer" {
	peer who full:127.0.0.1
	at_best 1500 connects -w 300ms 127.0.0.1 "$PORT"
	told 4 "sockit connect: 127.0.0.1 port $PORT: no answer within 300 ms (-w)*"
	[ "$TOOK" -ge 300 ] || fault "$TOOK ms"
}

@test "-w: some refused, others silent: 4" {
	private <<-'END'
		127.0.0.1 two
		::1 two
	END
	needs_ipv6
	peer who full:::1
	at_best 2000 connects -w 600ms two "$PORT"
	told 4 'sockit connect: *'
	[ "$TOOK" -ge 600 ] || fault "$TOOK ms"
	grep -q "127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)" err || fault refused
	grep -q "::1 port $PORT: no answer within 600 ms (-w)" err || fault silent
}

@test "-w: one deadline for all addresses" {
	private <<-'END'
		127.0.0.1 many
		127.0.0.2 many
		127.0.0.3 many
	END
	peer who full:127.0.0.1 full:127.0.0.2 full:127.0.0.3
	at_best 1600 connects -w 800ms many "$PORT"
	told 4 'sockit connect: *'
	[ "$TOOK" -ge 800 ] || fault "$TOOK ms"
	[ "$(grep -o 'no answer within 800 ms' err | wc -l)" = 3 ] || fault each
}

@test "-w: a look-up that hangs does not hold it up" {
	printf '%s\n' 'nameserver 127.0.0.1' 'options timeout:30 attempts:1' >resolv.conf
	private </dev/null
	peer nameserver silent
	at_best 1500 connects -w 400ms host.example 80
	told 4 'sockit connect: *host.example*no answer within 400 ms (-w)'
	[ "$TOOK" -ge 400 ] || fault "$TOOK ms"
	at_best 1500 connects --timeout 300ms host.example 80
	told 4 'sockit connect: *within 300 ms (--timeout)'
	[ "$TOOK" -ge 300 ] || fault "$TOOK ms"
	at_best 2000 connects --retry 700ms -w 100ms host.example 80
	[ "$STATUS" = 4 ] || fault --retry
	[ "$TOOK" -ge 300 ] || fault "$TOOK ms"
}

@test "-w is for the connection, not for what comes after it" {
	counterpart pause:0.7 line:late shutdown readall
	connects -w 300ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] && [ "$(<out)" = late ] && [ ! -s err ] || fault late
}

# Retrying.

@test "--retry: a listener that comes later" {
	PORT=$(free_port)
	spawn "$SOCKIT" connect -vv --retry 20 127.0.0.1 "$PORT" <<<hello >out 2>err
	local client=$PID
	eventually grep -q 'Connection refused (ECONNREFUSED)' err
	peer who "port:$PORT" 127.0.0.1 answer:up
	ended 0 "$client"
	[ "$(<out)" = up ]
	grep -q 'trying again' err
	eventually grep -q "got b'hello" peer.out
}

@test "--retry: nobody comes: the last error, exit 4" {
	PORT=$(free_port)
	at_best 2000 connects --retry 700ms 127.0.0.1 "$PORT"
	[ "$TOOK" -ge 400 ] || fault "$TOOK ms"
	told 4 "sockit connect: 127.0.0.1 port $PORT: not up within 700 ms (--retry): Connection refused (ECONNREFUSED)"
}

@test "--retry -v: a line when the reason changes" {
	private </dev/null
	peer nameserver
	PORT=$(free_port)
	local mode clients=() n
	for mode in '' -z; do
		# shellcheck disable=SC2086 # a word or none
		spawn "$SOCKIT" connect -v $mode --retry 20s --interval 20ms later.invalid "$PORT" </dev/null >out$mode 2>err$mode
		clients+=("$PID")
	done
	for mode in '' -z; do
		eventually grep -q '^sockit connect: .*later\.invalid: .*(EAI_NONAME): trying again$' err$mode
	done
	echo '127.0.0.1 later.invalid' >>hosts
	for mode in '' -z; do
		eventually grep -q "^sockit connect: .*127\.0\.0\.1 port $PORT: Connection refused (ECONNREFUSED): trying again$" err$mode
	done
	pause 0.1
	serve -k --discard 127.0.0.1 "$PORT" 2>listen.err
	ended 0 "${clients[0]}"
	ended 0 "${clients[1]}"
	for mode in '' -z; do
		n=$(grep -c 'trying again$' err$mode)
		[ "$n" = 2 ] || fault "$n lines $mode"
	done
	! grep -v 'trying again$' err-z || fault 'more than that'
}

@test "--retry: --interval is kept" {
	local n
	PORT=$(free_port)
	connects --retry 1 --interval 300ms -vv 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || fault --interval
	n=$(grep -c 'connecting to' err)
	[ "$n" -ge 3 ] && [ "$n" -le 4 ] || fault "$n tries"
	connects --retry 1 -vv 127.0.0.1 "$PORT"
	n=$(grep -c 'connecting to' err)
	[ "$n" -ge 3 ] && [ "$n" -le 5 ] || fault "$n tries 250 ms apart"
	connects --retry 1 --interval 10ms -vv 127.0.0.1 "$PORT"
	n=$(grep -c 'connecting to' err)
	[ "$n" -ge 15 ] && [ "$n" -le 100 ] || fault "$n tries 10 ms apart"
	at_best 2000 connects --retry 400ms --interval 10 -vv 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] && [ "$(grep -c 'connecting to' err)" = 2 ] || fault 'one try, and one at the end'
	[ "$TOOK" -ge 250 ] || fault "$TOOK ms"
}

@test "--retry: a listener that comes in the last interval is not missed" {
	local mode ports=() clients=()
	# Both at once, with time for a listener to come on a loaded machine.
	for mode in '' -z; do
		ports+=("$(free_port)")
		# shellcheck disable=SC2086 # a word or none
		spawn "$SOCKIT" connect $mode -vv --retry 4s --interval 1h 127.0.0.1 "${ports[-1]}" </dev/null >out$mode 2>err$mode
		clients+=("$PID")
	done
	for mode in '' -z; do
		eventually grep -q 'ECONNREFUSED' err$mode
		peer who "port:${ports[0]}" 127.0.0.1
		ports=("${ports[@]:1}")
	done
	ended 0 "${clients[0]}"
	ended 0 "${clients[1]}"
}

@test "--retry: each try is bounded by -w" {
	local n
	peer who full:127.0.0.1
	at_best 2500 connects --retry 1s -w 100ms --interval 50ms -vv 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || fault -w
	n=$(grep -c 'connecting to' err)
	[ "$n" -ge 3 ] && [ "$n" -le 8 ] || fault "$n tries"
	[ "$TOOK" -ge 800 ] || fault "$TOOK ms"
}

@test "--retry: what is told is of the try that it was" {
	peer who full:127.0.0.1
	connects --retry 600ms -w 400ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || fault status
	says "^sockit connect: 127\.0\.0\.1 port $PORT: not up within 600 ms \(--retry\): no answer within 400 ms \(-w\)$FULL\$"
	connects --retry 0 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || fault status
	says "^sockit connect: 127\.0\.0\.1 port $PORT: not up within 0 ms \(--retry\): no answer within 0 ms \(--retry\)$FULL\$"
}

@test "--retry: without -w each try has one second" {
	peer who full:127.0.0.1
	at_best 3000 connects --retry 1600ms --interval 50ms -vv 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || fault --retry
	[ "$(grep -c 'connecting to' err)" = 2 ] || fault 'two tries'
}

# What has no -w waits as long as the system's look-up does, here 3 s, whatever a connection may take.
@test "a slow look-up is not begun anew with each try" {
	[[ $("$SOCKIT" --version) != *musl* ]] || skip 'musl asks all name servers at once'
	printf '%s\n' 'nameserver 127.0.0.2' 'nameserver 127.0.0.1' 'options timeout:3' >resolv.conf
	private </dev/null
	peer nameserver address:127.0.0.2 silent
	peer nameserver zone
	serve -k --discard 127.0.0.1 0
	local before mode modes=('--retry 5s' '--retry 5s -w 200ms' '-z' '-z --retry 5s -w 200ms' '--ping -c 1' '') i pids=()
	before=$(milliseconds)
	for i in "${!modes[@]}"; do
		# shellcheck disable=SC2086 # several words
		spawn "$SOCKIT" connect ${modes[i]} "here.example:$PORT" </dev/null >out.$i 2>err.$i
		pids[i]=$PID
	done
	for i in "${!modes[@]}"; do
		ended 0 "${pids[i]}" || { echo "# ${modes[i]}: $(<"err.$i")" >&3 && return 1; }
		silent "err.$i"
	done
	[ $(($(milliseconds) - before)) -ge 3000 ] || fault 'no slow look-up'
	# -w is for both where there is one try only; --retry ends a look-up as well.
	connects -z -w 100ms slow.example 80
	[ "$STATUS" = 4 ]
	says '^sockit connect: look-up of slow\.example: no answer within 100 ms \(-w\)$'
	connects -z --retry 150ms -w 50ms slow.example 80
	[ "$STATUS" = 4 ]
	says '^sockit connect: 1 of 1 port not open within 150 ms \(--retry\): slow\.example: not looked up within 150 ms \(--retry\)$'
	connects --retry 150ms -w 50ms slow.example 80
	[ "$STATUS" = 4 ]
	grep -q 'look-up of host slow\.example, port 80: no answer within 150 ms (--retry)' err || fault retry
}

@test "--retry: an unknown service fails at once, a name that is not there yet does not" {
	private </dev/null
	peer nameserver
	at_best 2000 connects --retry 20 127.0.0.1 nosuchservice
	told 3 'sockit connect: port nosuchservice: * (EAI_SERVICE)'
	connects --retry 300ms --interval 20ms later 80
	[ "$STATUS" = 4 ] || fault later
	grep -q 'host later: .* (EAI_' err || fault later
	peer who 127.0.0.1
	spawn "$SOCKIT" connect -vv --retry 20 --interval 50ms later "$PORT" </dev/null 2>err
	local client=$PID
	eventually grep -q 'trying again' err
	echo '127.0.0.1 later' >>hosts
	ended 0 "$client" || fault hosts
}

@test "--retry: what it waits for reads stdin from its beginning" {
	PORT=$(free_port)
	random_file in 300000
	spawn "$SOCKIT" connect -vv --retry 20 127.0.0.1 "$PORT" <in 2>err
	local client=$PID
	eventually grep -q 'trying again' err
	spawn "$SOCKIT" listen 127.0.0.1 "$PORT" </dev/null >out
	ended 0 "$PID"
	ended 0 "$client"
	same in out
}

# The source.

@test "-s, -p: where it comes from" {
	peer who 127.0.0.1
	reaches 127.0.0.2 127.0.0.1 -s 127.0.0.2 127.0.0.1 "$PORT"
	local port n
	port=$(free_port)
	connects -p "$port" 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault -p
	eventually grep -qx "from 127.0.0.1 $port to 127.0.0.1" peer.out || fault "$(<peer.out)"
	port=$(free_port)
	connects --source=127.0.0.3 --source-port="$port" 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault '-s -p'
	eventually grep -qx "from 127.0.0.3 $port to 127.0.0.1" peer.out || fault "$(<peer.out)"
	connects -s 127.0.0.4 -p 0 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault '-p 0'
	eventually grep -q '^from 127.0.0.4 [1-9]' peer.out || fault "$(<peer.out)"
}

@test "-s: IPv6, names, and what cannot be" {
	private <<-'END'
		127.0.0.7 here
		127.0.0.1 two
		::1 two
	END
	needs_ipv6
	peer who 127.0.0.1 ::1
	reaches ::1 ::1 -s ::1 ::1 "$PORT"
	reaches 127.0.0.7 127.0.0.1 -s here 127.0.0.1 "$PORT"
	# The source chooses the family.
	reaches 127.0.0.2 127.0.0.1 -s 127.0.0.2 two "$PORT"
	reaches ::1 ::1 -s ::1 two "$PORT"
	reaches ::1 ::1 -s '[::1]' two "$PORT"
	sockit connect -s ::1 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: -s ::1: * (E*)"
	sockit connect -s 192.0.2.1 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: -s 192.0.2.1: * (EADDRNOTAVAIL)"
}

@test "-p: a port that is taken" {
	peer who 127.0.0.1
	local taken
	serve 127.0.0.2 0 </dev/null >/dev/null 2>&1
	taken=$PORT
	peer who 127.0.0.1
	sockit connect -s 127.0.0.2 -p "$taken" 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: -s 127.0.0.2 -p $taken: * (EADDRINUSE)*"
}

@test "-p: the same port again and again, to different peers" {
	local port
	port=$(free_port)
	local i
	for i in 1 2 3; do
		peer who 127.0.0.1
		connects -s 127.0.0.5 -p "$port" 127.0.0.1 "$PORT"
		[ "$STATUS" = 0 ] || fault "time $i"
	done
}

@test "-I: only through this interface" {
	peer who 127.0.0.1
	if [ "$(platform)" = portable ]; then
		sockit connect -I lo 127.0.0.1 "$PORT"
		told 1 "sockit connect: 127.0.0.1 port $PORT: -I lo: * (ENOTSUP)"
		return
	fi
	connects -I lo 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || ! grep -q EPERM err || skip 'SO_BINDTODEVICE is not permitted'
	[ "$STATUS" = 0 ] && [ ! -s err ] || fault lo
	sockit connect -I nosuch0 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: -I nosuch0: No such device (ENODEV)"
	# However it is written, the last one.
	sockit connect -vvIlo --interface=nosuch1 127.0.0.1 "$PORT"
	grep -q "127\.0\.0\.1 port $PORT: -I nosuch1: No such device (ENODEV)$" err
}

@test "-I: not through another one" {
	[ "$(platform)" = linux ] || skip 'portable'
	private </dev/null
	inside ip link add other0 type dummy 2>/dev/null ||
		inside ip link add other0 type veth 2>/dev/null || skip 'no interfaces to be had'
	inside ip address add 192.0.2.1/24 dev other0
	inside ip link set other0 up
	peer who 127.0.0.1
	reaches 127.0.0.1 127.0.0.1 -I lo 127.0.0.1 "$PORT"
	connects -I other0 -w 300ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || [ "$STATUS" = 1 ] || fault other0
}

# Socket options, as the kernel is asked for them.

# sets PATTERN ARG...: connect ARG... calls setsockopt so (as a basic regular expression).
sets() {
	traced setsockopt "$SOCKIT" connect "${@:2}" 127.0.0.1 "$PORT" </dev/null >out 2>err ||
		fault "${*:2}" || return
	grep -q "setsockopt([0-9]*, $1, 4) = 0" trace || {
		cat trace
		fault "${*:2}: no $1"
	}
}

@test "socket options" {
	needs_strace
	peer who 127.0.0.1
	sets 'SOL_TCP, TCP_NODELAY, \[1\]' --nodelay
	sets 'SOL_SOCKET, SO_KEEPALIVE, \[1\]' --keepalive
	run ! grep TCP_KEEP trace
	sets 'SOL_TCP, TCP_KEEPIDLE, \[7\]' --keepalive=7
	grep -q SO_KEEPALIVE trace
	run ! grep 'TCP_KEEPINTVL\|TCP_KEEPCNT' trace
	sets 'SOL_TCP, TCP_KEEPIDLE, \[60\]' --keepalive=1m,2,9
	grep -q 'TCP_KEEPINTVL, \[2\]' trace
	grep -q 'TCP_KEEPCNT, \[9\]' trace
	sets 'SOL_IP, IP_TTL, \[5\]' --ttl 5
	sets 'SOL_IP, IP_TOS, \[\(0xb8\|184\)\]' --tos ef
	sets 'SOL_IP, IP_TOS, \[\(0x28\|40\)\]' --tos af11
	sets 'SOL_IP, IP_TOS, \[\(0x10\|16\)\]' --tos lowdelay
	sets 'SOL_IP, IP_TOS, \[\(0x2\|2\)\]' --tos 2
	sets 'SOL_SOCKET, SO_RCVBUF, \[65536\]' --rcvbuf 64k
	sets 'SOL_SOCKET, SO_SNDBUF, \[5000\]' --sndbuf 5000
	# None is set that was not asked for.
	sets '.*' --nodelay
	[ "$(grep setsockopt trace | grep -vc SO_OOBINLINE)" = 1 ] || fault "$(<trace)"
}

@test "socket options over IPv6" {
	needs_strace
	needs_ipv6
	peer who ::1
	traced setsockopt "$SOCKIT" connect --ttl 9 --tos 0xb8 --nodelay ::1 "$PORT" </dev/null 2>err ||
		traced setsockopt "$SOCKIT" connect --ttl 9 --tos 184 --nodelay ::1 "$PORT" </dev/null
	grep -q 'SOL_IPV6, IPV6_UNICAST_HOPS, \[9\]' trace
	grep -q 'SOL_IPV6, IPV6_TCLASS, \[\(0xb8\|184\)\]' trace
	run ! grep 'SOL_IP,' trace
}

@test "--sockopt by name" {
	needs_strace
	peer who 127.0.0.1
	sets 'SOL_TCP, TCP_NODELAY, \[1\]' --sockopt TCP_NODELAY
	sets 'SOL_TCP, TCP_NODELAY, \[0\]' --sockopt TCP_NODELAY=0
	sets 'SOL_TCP, TCP_MAXSEG, \[1200\]' --sockopt=TCP_MAXSEG=1200
	sets 'SOL_SOCKET, SO_KEEPALIVE, \[1\]' --sockopt SO_KEEPALIVE --sockopt TCP_KEEPCNT=0x3
	grep -q 'SOL_TCP, TCP_KEEPCNT, \[3\]' trace
	traced setsockopt "$SOCKIT" connect --sockopt SO_LINGER=5 --sockopt SO_RCVTIMEO=1.5 \
		127.0.0.1 "$PORT" </dev/null
	grep -q 'SO_LINGER, {l_onoff=1, l_linger=5}' trace
	grep -q 'SO_RCVTIMEO[A-Z_]*, \(.*tv_sec=1, tv_usec=500000\|"\\1\\0\)' trace
	# What belongs to the other family is passed over.
	traced setsockopt "$SOCKIT" connect --sockopt IPV6_UNICAST_HOPS=4 --sockopt IP_TTL=4 \
		127.0.0.1 "$PORT" </dev/null
	grep -q 'SOL_IP, IP_TTL, \[4\]' trace
	run ! grep SOL_IPV6 trace
	if [ "$(platform)" = linux ]; then
		sets 'SOL_TCP, TCP_USER_TIMEOUT, \[5000\]' --sockopt TCP_USER_TIMEOUT=5000
		sets 'SOL_IP, IP_MINTTL, \[1\]' --sockopt IP_MINTTL=1
		traced setsockopt "$SOCKIT" connect --sockopt TCP_CONGESTION=reno 127.0.0.1 "$PORT" \
			</dev/null
		# As a string, or as the number that strace takes it for.
		grep -q 'TCP_CONGESTION, .*, 4) = 0' trace
	fi
}

# bats test_tags=valgrind
@test "--sockopt: unknown names and bad values" {
	refuses "*'TCP_NODLEAY' is unknown: did you mean 'TCP_NODELAY'[?]" \
		connect --sockopt TCP_NODLEAY h 1
	refuses "*'KEEPIDLE=9' is unknown: did you mean 'TCP_KEEPIDLE'[?]" \
		connect --sockopt KEEPIDLE=9 h 1
	refuses "*'SO_RCVBUFF=1' is unknown: did you mean 'SO_RCVBUF'*[?]" \
		connect --sockopt SO_RCVBUFF=1 h 1
	refuses "*'TCP_KEEP' is unknown: did you mean 'TCP_KEEPCNT', 'TCP_KEEPIDLE' or 'TCP_KEEPINTVL'[?]" \
		connect --sockopt TCP_KEEP h 1
	refuses "*'tcp_nodelay=1' is unknown: did you mean 'TCP_NODELAY'[?]" \
		connect --sockopt tcp_nodelay=1 h 1
	refuses "*'SO_KEEPALIV=1' is unknown: did you mean 'SO_KEEPALIVE'[?]" \
		listen --sockopt=SO_KEEPALIV=1 1
	refuses "*'XYZZY' is unknown" connect --sockopt XYZZY h 1
	refuses "*'=1' is unknown" connect --sockopt =1 h 1
	refuses "*'A\\\\x1b\[m' is unknown" connect --sockopt $'A\e[m' h 1
	local word
	for word in TCP_NODELAY= TCP_NODELAY=x TCP_NODELAY=1x TCP_NODELAY=-x TCP_NODELAY=0x \
		SO_RCVBUF=99999999999 SO_RCVBUF=1.5 SO_LINGER SO_LINGER=x SO_RCVTIMEO=1x SO_RCVTIMEO; do
		refuses "*'$word' *" connect --sockopt "$word" h 1
	done
	if [ "$(platform)" = linux ]; then
		refuses "*'TCP_CONGESTION' wants a value" connect --sockopt TCP_CONGESTION h 1
		refuses "*'TCP_CONGESTION=' *" connect --sockopt TCP_CONGESTION= h 1
		refuses "*'TCP_CONGESTION=0*' *" \
			connect --sockopt "TCP_CONGESTION=$(printf '%0200d' 0)" h 1
	fi
}

@test "a socket option that the kernel refuses" {
	peer who 127.0.0.1
	sockit connect --sockopt TCP_MAXSEG=1 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: --sockopt TCP_MAXSEG=1: * (EINVAL)"
	[ "$(platform)" = linux ] || return 0
	sockit connect --sockopt TCP_CONGESTION=nosuch 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: --sockopt TCP_CONGESTION=nosuch: * (ENOENT)"
	# Not again and again.
	sockit connect --retry 10 --sockopt TCP_MAXSEG=1 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: --sockopt TCP_MAXSEG=1: * (EINVAL)"
}

@test "SO_MARK as an ordinary user" {
	[ "$(platform)" = linux ] || skip 'portable'
	peer who 127.0.0.1
	: >out
	STATUS=0
	without net_admin,-net_raw "$SOCKIT" connect --sockopt SO_MARK=7 127.0.0.1 "$PORT" </dev/null \
		2>err || STATUS=$?
	told 1 "sockit connect: 127.0.0.1 port $PORT: --sockopt SO_MARK=7: * (EPERM)"
}

@test "--transport mptcp" {
	peer who 127.0.0.1
	sockit connect --transport tcp 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] && [ ! -s err ] || fault tcp
	if [ "$(platform)" = portable ]; then
		sockit connect --transport mptcp 127.0.0.1 "$PORT"
		told 1 "sockit connect: 127.0.0.1 port $PORT: --transport mptcp: * (E*)"
		return
	fi
	[ "$(cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ] || skip 'no MPTCP in this kernel'
	serve --transport mptcp 127.0.0.1 0 <<<answer >received
	echo hello >in
	"$SOCKIT" connect --transport mptcp 127.0.0.1 "$PORT" <in >out
	ended 0 "$LISTENER"
	cmp in received
	[ "$(<out)" = answer ]
	# A listener that is none is content with TCP.
	peer who 127.0.0.1
	needs_strace
	traced socket "$SOCKIT" connect --transport mptcp 127.0.0.1 "$PORT" <in
	grep -q 'socket(AF_INET, .*, \(IPPROTO_MPTCP\|0x106\))' trace
	eventually grep -q "got b'hello" peer.out
}

@test "--transport mptcp: what became plain TCP is told, and no figures that are not known" {
	[ "$(cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ] || skip 'no MPTCP in this kernel'
	[ "$(platform)" = linux ] || skip 'on Linux only'
	local told="plain TCP: the other side, or a box between, has no MPTCP" host
	for host in 127.0.0.1 ::1; do
		counterpart bind:"$host" text:answer readall
		exits 0 "$SOCKIT" connect --transport mptcp --stats "$host" "$PORT" <<<hello >out 2>err
		[ "$(<out)" = answer ]
		says '^sockit connect: sent 6 bytes, received 6 bytes in [^)]*\), plain TCP$'
		counterpart bind:"$host" text:answer readall
		exits 0 "$SOCKIT" connect --transport mptcp -v "$host" "$PORT" <<<hello >out 2>err
		grep -qxF "sockit connect: $host port $PORT: $told" err
		grep -q ': closed: .*, plain TCP; both ended$' err
	done
	counterpart text:answer readall
	exits 0 "$SOCKIT" connect --transport mptcp --json 127.0.0.1 "$PORT" <<<hello >out 2>err
	grep -q '"event":"fallback",.*"peer":' err
	grep -q '"event":"closed",.*"transport":"tcp"' err
	[ "$(grep -c -e rtt_ms -e retransmits err)" = 0 ]
	# Both sides have it.
	serve --transport mptcp --stats 127.0.0.1 0 <<<answer >out 2>err
	exits 0 "$SOCKIT" connect --transport mptcp --json 127.0.0.1 "$PORT" <<<hello >out2 2>err2
	ended 0 "$LISTENER"
	[ "$(cat err err2 | grep -c 'plain TCP')" = 0 ]
	grep -q '^sockit listen: sent .*, MPTCP' err
	grep -q '"event":"closed",.*"transport":"mptcp"' err2
	# The kernel may have forgotten them by then.
	[ "$(grep -c -e 'rtt 0\.000' -e '"rtt_ms":0\.000' err err2)" = $'err:0\nerr2:0' ]
	# The client has not.
	serve --transport mptcp -v 127.0.0.1 0 <<<answer >out 2>err
	counterpart connect:"$PORT" text:hello readall shutdown
	ended 0 "$LISTENER"
	grep -qE "^sockit listen: 127.0.0.1 port [0-9]+: $told\$" err
}

@test "--fastopen carries data" {
	private </dev/null
	if [ "$(platform)" = portable ]; then
		peer who 127.0.0.1
		sockit connect --fastopen 127.0.0.1 "$PORT"
		told 1 "sockit connect: 127.0.0.1 port $PORT: --fastopen: * (ENOTSUP)"
		return
	fi
	inside sh -c 'echo 3 >/proc/sys/net/ipv4/tcp_fastopen' 2>/dev/null ||
		skip 'no TCP Fast Open'
	random_file in 100000
	random_file back 50000
	local i
	# The first connection gets the cookie that the second one uses.
	for i in 1 2 3; do
		serve --fastopen 127.0.0.1 0 <back >received
		within 10 "$SOCKIT" connect --fastopen 127.0.0.1 "$PORT" <in >out 2>err
		ended 0 "$LISTENER"
		[ ! -s err ]
		same in received
		same back out
	done
	inside cat /proc/net/netstat | awk '
		$1 == "TcpExt:" && !n { n = split($0, name); next }
		$1 == "TcpExt:" { for (i = 2; i <= n; i++) v[name[i]] = $i }
		END { exit !(v["TCPFastOpenActive"] >= 1 && v["TCPFastOpenPassive"] >= 1) }'
}

@test "--fastopen: nobody listens" {
	[ "$(platform)" = linux ] || skip 'portable'
	PORT=$(free_port)
	connects --fastopen 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
	connects --fastopen -d 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
}

# What it tells.

@test "-v: what happens" {
	peer who 127.0.0.1 answer:there
	connects -v 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault -v
	[ "$(wc -l <err)" = 2 ] || fault lines
	[[ $(sed -n 1p err) =~ ^sockit\ connect:\ connected\ to\ 127\.0\.0\.1\ port\ $PORT\ from\ 127\.0\.0\.1\ port\ ([0-9]+)$ ]] ||
		fault connected
	eventually grep -q "^from 127.0.0.1 ${BASH_REMATCH[1]} to" peer.out || fault from
	[[ $(sed -n 2p err) == 'sockit connect: closed: sent 6 bytes, received 5 bytes in '* ]] ||
		fault closed
	connects 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] && [ ! -s err ] || fault silence
}

@test "-vv: each system step, with its time" {
	private <<<'127.0.0.1 four'
	peer who 127.0.0.1
	connects -vv four "$PORT"
	[ "$STATUS" = 0 ] || fault -vv
	! grep -v '^sockit connect: ' err || fault begin
	local time='^sockit connect: \+[0-9]\+\.[0-9]\+ '
	grep -q "${time}looking up host four, port $PORT\$" err || fault 'looking up'
	grep -q "${time}.*four.*1 address" err || fault found
	grep -q "${time}connecting to 127.0.0.1 port $PORT\$" err || fault connecting
	grep -q "connected to 127.0.0.1 port $PORT from" err || fault connected
	# The times never go back.
	sed -n 's/^sockit connect: *\([0-9.]*\) .*/\1/p' err | grep . | sort -nc
}

# bats test_tags=valgrind
@test "--stats: bytes, time, rate, round trip" {
	peer who 127.0.0.1 answer:there
	connects --stats 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault --stats
	[ "$(wc -l <err)" = 1 ] || fault lines
	[[ $(<err) =~ ^sockit\ connect:\ sent\ 6\ bytes,\ received\ 5\ bytes\ in\ [0-9.e+]+\ m?s\ \(.*/s\ out,\ .*/s\ in\) ]] ||
		fault figures
	if [ "$(platform)" = linux ]; then
		[[ $(<err) =~ rtt\ [0-9.]+\ ms,\ [0-9]+\ retransmits?$ ]] || fault rtt
	fi
}

@test "--stats: one byte is one byte" {
	counterpart read:1 send:1
	exits 0 "$SOCKIT" connect --stats 127.0.0.1 "$PORT" <<<'' >out 2>err
	says '^sockit connect: sent 1 byte, received 1 byte in '
}

@test "SIGUSR1 tells the figures at any time" {
	spawn "$SOCKIT" connect -vv --retry 10 127.0.0.1 "$(free_port)" </dev/null 2>err
	eventually grep -q 'trying again' err
	kill -USR1 "$PID"
	eventually grep -q 'not connected yet' err
	kill "$PID"
	counterpart line:word read:6 hold
	mkfifo in
	exec 7<>in
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" <&7 >out 2>err
	echo hello >&7
	eventually grep -q word out
	kill -USR1 "$PID"
	eventually grep -q '^sockit connect: sent 6 bytes, received 5 bytes in ' err
	kill -0 "$PID"
	exec 7>&-
}
