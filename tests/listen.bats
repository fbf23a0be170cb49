# listen: addresses and families, ports, readiness, waiting, accepting, signals.

load helpers/common
load helpers/words
load helpers/private

# holds ADDRESS: somebody else listens on a port of ADDRESS alone; $PORT.
holds() {
	peer who "$1"
}

# client_served FROM TO [ARG...]: the listener that runs (stdin: back, stdout: received) serves `sockit
# connect ARG...` on the other side, and ends.
client_served() {
	echo "to $1" >sent
	within 10 "$SOCKIT" connect "$@" "$PORT" <sent >got
	ended 0 "$LISTENER"
	cmp sent received
	cmp back got
}

# starts ARG...: a listener as serves wants it.
starts() {
	echo back >back
	serve "$@" <back >received 2>err
}

# gone PID: has that background job ended?
gone() {
	! runs "$1"
}

# nobody_at HOST: nobody listens at HOST on $PORT. Where else somebody does may be said.
nobody_at() {
	sockit connect -w 5 "$1" "$PORT"
	told 1 "sockit connect: * port $PORT: Connection refused (ECONNREFUSED)*"
	[[ $(<err) == *'(ECONNREFUSED)' || $(<err) == *'(ECONNREFUSED); but sockit (process '* ]]
}

# bats test_tags=valgrind
@test "one client is served, both ways" {
	starts 127.0.0.1 0
	[ "$ADDR" = 127.0.0.1 ]
	client_served 127.0.0.1
	[ "$(<err)" = "sockit listen: listening on 127.0.0.1 port $PORT" ]
}

@test "both families on one port, also where the kernel chooses it" {
	needs_ipv6
	local first
	starts 0
	[ "$(sort <<<"$NOTIFIED")" = "$(printf '%s\n' "0.0.0.0 $PORT" ":: $PORT" | sort)" ]
	client_served 127.0.0.1
	# Said without -v, a line each.
	[ "$(sort err)" = "$(printf "sockit listen: listening on %s port $PORT\n" 0.0.0.0 :: | sort)" ]
	first=$PORT
	starts 0
	client_served ::1
	# A port that is given is not said.
	starts "$first"
	[ "$PORT" = "$first" ]
	[ "$(wc -l <<<"$NOTIFIED")" = 2 ]
	client_served ::1
	[ ! -s err ]
	starts "$first"
	client_served 127.0.0.1
}

@test "-4, -6, --ipv6-only without HOST" {
	needs_ipv6
	starts -4 0
	[ "$NOTIFIED" = "0.0.0.0 $PORT" ]
	nobody_at ::1
	client_served 127.0.0.1
	starts -6 0
	[ "$NOTIFIED" = ":: $PORT" ]
	nobody_at 127.0.0.1
	client_served ::1
	starts --ipv6-only 0
	[ "$NOTIFIED" = ":: $PORT" ]
	nobody_at 127.0.0.1
	client_served ::1
}

@test "HOST as an address, in every form" {
	needs_ipv6
	local host
	for host in 127.0.0.1 127.0.0.2 ::1 0:0::1; do
		starts "$host" 0
		client_served "$host"
	done
	starts '[::1]' 0
	[ "$ADDR" = ::1 ]
	client_served ::1
	starts 127.0.0.3:0
	[ "$ADDR" = 127.0.0.3 ]
	client_served 127.0.0.3
	starts '[::1]:0'
	[ "$ADDR" = ::1 ]
	client_served ::1
	starts -n 0.0.0.0:0
	nobody_at ::1
	client_served 127.0.0.1
	starts ::1%lo 0
	client_served ::1
}

@test "listen :: takes IPv4 too, which appears as IPv4" {
	needs_ipv6
	starts -v :: 0
	[ "$NOTIFIED" = ":: $PORT" ]
	client_served 127.0.0.1
	grep -qE "^sockit listen: accepted 127\.0\.0\.1 port [0-9]+ on 127\.0\.0\.1 port $PORT\$" err
	run ! grep -i ffff err
	starts -v :: 0
	client_served ::1
	grep -qE "^sockit listen: accepted ::1 port [0-9]+ on ::1 port $PORT\$" err
	starts --ipv6-only :: 0
	nobody_at 127.0.0.1
	client_served ::1
	starts -6 :: 0
	nobody_at 127.0.0.1
	client_served ::1
}

@test "a name as HOST: each of its addresses" {
	private <<-'END'
		127.0.0.1 two
		::1 two
		127.0.0.5 several
		127.0.0.6 several
		192.0.2.1 elsewhere
	END
	needs_ipv6
	starts two 0
	[ "$(sort <<<"$NOTIFIED")" = "$(printf '%s\n' "127.0.0.1 $PORT" "::1 $PORT" | sort)" ]
	nobody_at 127.0.0.2
	client_served ::1
	starts two:0
	client_served 127.0.0.1
	starts -4 two 0
	[ "$NOTIFIED" = "127.0.0.1 $PORT" ]
	nobody_at ::1
	client_served 127.0.0.1
	starts several 0
	[ "$(wc -l <<<"$NOTIFIED")" = 2 ]
	client_served 127.0.0.6
	peer nameserver
	# All of them or none.
	echo '127.0.0.1 elsewhere' >>hosts
	sockit listen -4 elsewhere 9999
	told 1 'sockit listen: 192.0.2.1 port 9999: * (EADDRNOTAVAIL)'
	sockit listen nosuch.invalid 0
	told 3 'sockit listen: host nosuch.invalid: * (EAI_NONAME)'
	sockit listen nosuch.invalid:0
	told 3 'sockit listen: host nosuch.invalid: * (EAI_NONAME)'
	sockit listen -6 127.0.0.1 0
	told 3 'sockit listen: host 127.0.0.1: * (EAI_*)'
}

@test "a service's name as PORT" {
	[ -e /etc/services ] || skip 'no /etc/services'
	echo 'thisone 1799/tcp' >services
	private </dev/null
	starts 127.0.0.1 thisone
	[ "$PORT" = 1799 ]
	client_served 127.0.0.1
	[ ! -s err ]
	starts thisone
	client_served 127.0.0.1
	starts 127.0.0.1:thisone
	client_served 127.0.0.1
}

# Ports that cannot be had.

# bats test_tags=valgrind
@test "a port in use" {
	holds 127.0.0.1
	sockit listen 127.0.0.1 "$PORT"
	told 1 "sockit listen: 127.0.0.1 port $PORT: * (EADDRINUSE)*"
	sockit listen "127.0.0.1:$PORT"
	told 1 "sockit listen: 127.0.0.1 port $PORT: * (EADDRINUSE)*"
	sockit listen -4 "$PORT"
	told 1 "sockit listen: 0.0.0.0 port $PORT: * (EADDRINUSE)*"
	# Another address has it still.
	starts 127.0.0.2 "$PORT"
	client_served 127.0.0.2
}

@test "a port that another has in one family: none at all" {
	needs_ipv6
	holds 0.0.0.0
	sockit listen "$PORT"
	told 1 "sockit listen: 0.0.0.0 port $PORT: * (EADDRINUSE)*"
	starts -6 "$PORT"
	client_served ::1
	holds 127.0.0.1
	sockit listen "$PORT"
	told 1 "sockit listen: 0.0.0.0 port $PORT: * (EADDRINUSE)*"
	holds ::
	sockit listen "$PORT"
	told 1 "sockit listen: :: port $PORT: * (EADDRINUSE)*"
	starts -4 "$PORT"
	client_served 127.0.0.1
}

@test "a privileged port as an ordinary user" {
	local start
	start=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null) || start=1024
	[ "$start" -gt 81 ] || skip 'every port is for everybody here'
	: >out
	STATUS=0
	without net_bind_service "$SOCKIT" listen 127.0.0.1 81 </dev/null 2>err || STATUS=$?
	told 1 'sockit listen: 127.0.0.1 port 81: * (EACCES): ports under *'
}

@test "an address that is not here" {
	sockit listen 192.0.2.77 0
	told 1 'sockit listen: 192.0.2.77 port 0: * (EADDRNOTAVAIL)'
}

@test "the port can be had again at once" {
	local port
	starts 127.0.0.1 0
	port=$PORT
	for _ in 1 2 3; do
		# The listener ends first, and so it is its side that lingers.
		spawn "$SOCKIT" connect 127.0.0.1 "$port" <<<hello >/dev/null
		ended 0 "$LISTENER"
		eventually gone "$PID"
		starts --read-bytes 1 127.0.0.1 "$port"
	done
}

one_gone() {
	gone "$1" || gone "$2"
}

@test "--reuseport" {
	if [ "$(platform)" = portable ]; then
		sockit listen --reuseport 127.0.0.1 0
		told 1 'sockit listen: 127.0.0.1 port 0: --reuseport: * (ENOTSUP)'
		return
	fi
	local first second
	serve --reuseport 127.0.0.1 0 </dev/null >out1 2>/dev/null
	first=$LISTENER
	serve --reuseport 127.0.0.1 "$PORT" </dev/null >out2
	second=$LISTENER
	sockit listen 127.0.0.1 "$PORT"
	told 1 "sockit listen: 127.0.0.1 port $PORT: * (EADDRINUSE)*"
	echo 'client 1' | within 10 "$SOCKIT" connect 127.0.0.1 "$PORT"
	eventually one_gone "$first" "$second"
	echo 'client 2' | within 10 "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$first"
	ended 0 "$second"
	[ "$(cat out1 out2 | sort)" = "$(printf 'client 1\nclient 2')" ]
	nobody_at 127.0.0.1
}

# knocks N: how many of N connections to 127.0.0.1 $PORT are there within half a second?
knocks() {
	python3 - "$PORT" "$1" <<-'END'
		import select, socket, sys, time
		sockets = []
		for _ in range(int(sys.argv[2])):
		    s = socket.socket()
		    s.setblocking(False)
		    s.connect_ex(('127.0.0.1', int(sys.argv[1])))
		    sockets.append(s)
		end = time.monotonic() + 0.5
		done = set()
		while len(done) < len(sockets) and time.monotonic() < end:
		    waiting = [s for s in sockets if s not in done]
		    done.update(select.select([], waiting, [], end - time.monotonic())[1])
		print(sum(1 for s in done if s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0))
	END
}

@test "--backlog" {
	local n
	serve --backlog 2 127.0.0.1 0 </dev/null >/dev/null 2>&1
	kill -STOP "$LISTENER"
	n=$(knocks 20)
	[ "$n" -ge 2 ]
	[ "$n" -le 4 ]
	# Else the system's largest.
	serve 127.0.0.1 0 </dev/null >/dev/null 2>&1
	kill -STOP "$LISTENER"
	[ "$(knocks 100)" = 100 ]
}

# Readiness.

@test "--notify-fd: a line for each socket, then it is closed" {
	needs_ipv6
	# That serve came back from its `cat` says that it is closed while the listener
	# runs.
	serve 0 </dev/null >/dev/null 2>&1
	[ "$(wc -l <<<"$NOTIFIED")" = 2 ]
	[[ $NOTIFIED =~ ^(0\.0\.0\.0|::)\ [0-9]+$'\n'(0\.0\.0\.0|::)\ [0-9]+$ ]]
	kill -0 "$LISTENER"
	[ ! -d "/proc/$LISTENER/fd" ] || [ ! -e "/proc/$LISTENER/fd/9" ]
}

@test "--notify-fd: a descriptor that is none" {
	sockit listen --notify-fd 77 127.0.0.1 0
	[ "$STATUS" = 1 ]
	grep -q -- '^sockit listen: --notify-fd 77: .* (EBADF)$' err
	sockit listen --notify-fd 9 127.0.0.1 0 9</dev/null
	[ "$STATUS" = 1 ]
	grep -q -- '^sockit listen: --notify-fd 9: .* (EBADF)$' err
	sockit listen --notify-fd 9 127.0.0.1 0 9>/dev/full
	[ "$STATUS" = 1 ]
	grep -q -- '^sockit listen: --notify-fd 9: .* (ENOSPC)$' err
	sockit listen --notify-fd 9 127.0.0.1 0 9> >(:)
	[ "$STATUS" != 2 ]
}

# Waiting for a client.

@test "-w: no client" {
	PORT=$(free_port)
	at_best 1500 timed sockit listen -w 300ms 127.0.0.1 "$PORT"
	told 4 "sockit listen: port $PORT: no client within 300 ms (-w)"
	[ "$TOOK" -ge 300 ]
}

@test "-w: a client in time has as much time as it wants" {
	starts -w 2 -v 127.0.0.1 0
	exec 7<>"/dev/tcp/127.0.0.1/$PORT"
	read -rt 10 line <&7
	[ "$line" = back ]
	pause 2.4
	echo late >&7
	exec 7>&-
	ended 0 "$LISTENER"
	[ "$(<received)" = late ]
}

@test "the listening socket is closed once a client is there" {
	needs_ipv6
	serve -v 0 </dev/null >received 2>err
	exec 7<>"/dev/tcp/127.0.0.1/$PORT"
	eventually grep -q accepted err
	eventually nobody_at 127.0.0.1
	nobody_at ::1
	echo hello >&7
	exec 7>&-
	ended 0 "$LISTENER"
	[ "$(<received)" = hello ]
}

# Accepting.

@test "accepting goes on when descriptors are short" {
	needs prlimit util-linux
	local n
	starts 127.0.0.1 0
	prlimit --pid "$LISTENER" --nofile=3: || skip 'prlimit is not permitted'
	exec 7<>"/dev/tcp/127.0.0.1/$PORT"
	eventually grep -q '^sockit listen: accept: .* (EMFILE): trying again$' err
	pause 0.5
	kill -0 "$LISTENER"
	# Not in a hurry.
	n=$(grep -c EMFILE err)
	[ "$n" -le 20 ]
	prlimit --pid "$LISTENER" --nofile=64:
	echo hello >&7
	read -rt 10 line <&7
	[ "$line" = back ]
	exec 7>&-
	ended 0 "$LISTENER"
	[ "$(<received)" = hello ]
}

@test "accepting goes on after a client that was gone before" {
	needs_strace
	local error
	for error in ECONNABORTED EPROTO ENOBUFS ENOMEM EINTR EAGAIN; do
		strace -o /dev/null -e trace=accept,accept4 \
			-e inject=accept,accept4:error=$error:when=1 true 2>/dev/null ||
			skip 'this strace cannot inject'
		echo back >back
		traced_listener accept,accept4 -e inject=accept,accept4:error=$error:when=1 \
			"$SOCKIT" listen --notify-fd 9 127.0.0.1 0 <back >received 2>err
		client_served 127.0.0.1
		grep -q "$error.*INJECTED" trace
		case $error in
		EINTR | EAGAIN) run ! grep accept err ;;
		*) grep -q "^sockit listen: accept: .*($error)" err ;;
		esac
	done
}

@test "a client that is reset at once is one that was served" {
	serve 127.0.0.1 0 </dev/null >received 2>err
	kill -STOP "$LISTENER"
	foreign connect:"$PORT" reset
	kill -CONT "$LISTENER"
	ended 1 "$LISTENER"
	tail -n 1 err | grep -qE '^sockit listen: 127\.0\.0\.1 port [0-9]+: Connection reset by peer \(ECONNRESET\)$'
}

# Socket options.

@test "socket options are those of the accepted connection" {
	needs_strace
	traced_listener setsockopt "$SOCKIT" listen --notify-fd 9 \
		--ttl 7 --tos ef --nodelay --keepalive=9 --rcvbuf 64k --sockopt SO_LINGER=3 \
		127.0.0.1 0 </dev/null >received 2>err
	echo hello | within 10 "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	[ "$(<received)" = hello ]
	grep -q 'SOL_IP, IP_TTL, \[7\], 4) = 0' trace
	grep -q 'SOL_IP, IP_TOS, \[\(0xb8\|184\)\], 4) = 0' trace
	grep -q 'SOL_TCP, TCP_NODELAY, \[1\], 4) = 0' trace
	grep -q 'SOL_TCP, TCP_KEEPIDLE, \[9\], 4) = 0' trace
	grep -q 'SOL_SOCKET, SO_RCVBUF, \[65536\], 4) = 0' trace
	grep -q 'SO_LINGER, {l_onoff=1, l_linger=3}, 8) = 0' trace
}

@test "a port that only listen(2) chooses is told" {
	[ "$(platform)" = linux ] || skip 'the portable build has no IP_BIND_ADDRESS_NO_PORT'
	serve --sockopt IP_BIND_ADDRESS_NO_PORT -d 127.0.0.1 0 </dev/null >out 2>err
	[ "$PORT" != 0 ]
	[ "$(<err)" = "sockit listen: listening on 127.0.0.1 port $PORT" ]
	foreign connect:"$PORT" text:hello close
	printed 0 hello
}

@test "a socket option that the kernel refuses" {
	sockit listen --sockopt TCP_MAXSEG=1 127.0.0.1 0
	told 1 'sockit listen: 127.0.0.1 port 0: --sockopt TCP_MAXSEG=1: * (EINVAL)'
}

# What it tells, and signals.

@test "-v: what happens" {
	starts -v 127.0.0.1 0
	client_served 127.0.0.1
	[ "$(wc -l <err)" = 3 ]
	[ "$(sed -n 1p err)" = "sockit listen: listening on 127.0.0.1 port $PORT" ]
	sed -n 2p err |
		grep -qE "^sockit listen: accepted 127\.0\.0\.1 port [0-9]+ on 127\.0\.0\.1 port $PORT\$"
	sed -n 3p err |
		grep -qE '^sockit listen: closed: sent 5 bytes, received 13 bytes in '
	# With a port that was given there is nothing to say without -v.
	starts -v 127.0.0.1 "$PORT"
	client_served 127.0.0.1
	[ "$(wc -l <err)" = 3 ]
	starts 127.0.0.1 "$PORT"
	client_served 127.0.0.1
	[ ! -s err ]
	starts --quiet 127.0.0.1 0
	client_served 127.0.0.1
	[ ! -s err ]
}

# signalled [ignore:SIGNAL]... [VERB]...: parent.py plays VERBs with a listener that is ready. $STATUS
# is over 128 only where it was a signal's doing.
signalled() {
	local ignored=()
	while [[ $1 == ignore:* ]]; do
		ignored+=("$1")
		shift
	done
	STATUS=0
	# shellcheck disable=SC2016 # for sh
	"$PARENT" "${ignored[@]}" 1=pipe 'until:127.0.0.1 ' \
		"$@" -- sh -c 'exec "$0" listen --notify-fd 9 127.0.0.1 0 9>&1' "$SOCKIT" \
		</dev/null >out 2>err || STATUS=$?
}

@test "SIGINT, SIGTERM and SIGHUP while it waits: a death by that signal" {
	local name number
	while read -r name number; do
		signalled "kill:$name"
		[ "$STATUS" = $((128 + number)) ]
		[ "$(wc -l <err)" = 1 ] # listening on
	done <<-'END'
		INT 2
		TERM 15
		HUP 1
	END
}

@test "a signal is not lost whenever it comes, nor for another one that comes too" {
	needs_strace
	local name n
	traced rt_sigprocmask,?poll,?ppoll "$SOCKIT" listen --timeout 50ms 127.0.0.1 0 >out 2>err || [ $? = 4 ]
	sed '/POLLIN/q' trace >calls
	# As each call begins that lets it in, up to the wait for a client.
	while read -r name n; do
		STATUS=0
		traced "$name" -e inject="$name":signal=TERM:when="$n" \
			"$SOCKIT" listen --timeout 5 127.0.0.1 0 2>err || STATUS=$?
		[ "$STATUS" = 143 ] || fault "$name: $n"
	done < <(sed 's/^[0-9 ]*//; s/(.*//' calls | awk '{ print $1, ++n[$1] }')
	for n in INT USR1 TERM; do
		serve 127.0.0.1 0 </dev/null >/dev/null 2>err
		kill -STOP "$LISTENER"
		kill -HUP "$LISTENER"
		kill -"$n" "$LISTENER"
		kill -CONT "$LISTENER"
		ended 129 "$LISTENER"
	done
}

@test "signals that were ignored stay ignored" {
	signalled ignore:INT ignore:HUP kill:INT kill:HUP pause:0.3 alive kill:TERM
	[ "$STATUS" = 143 ]
}

@test "SIGUSR1 before there is a client" {
	starts 127.0.0.1 0
	kill -USR1 "$LISTENER"
	eventually grep -qx 'sockit listen: not connected yet' err
	client_served 127.0.0.1
}
