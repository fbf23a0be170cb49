# --fastopen where the peer is not next door: nothing is a connection before the handshake is through.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

BARE=$SOCKIT # not in any network of ours

# far_away [ARG...]: a peer that is 60 ms away, there and back, takes data in the SYN, and has given us its cookie; $PORT is where it
# says what it was sent, and then "bye".
far_away() {
	[ "$(platform)" = linux ] || skip 'portable'
	slow_network 30
	local host
	for host in inside there; do
		$host sh -c 'echo 3 >/proc/sys/net/ipv4/tcp_fastopen' 2>/dev/null || skip 'no TCP Fast Open'
	done
	far_listener "$@"
}

# far_listener [ARG...]: such a listener, on any port.
far_listener() {
	# The program itself: $SOCKIT would run it here.
	served_by nsenter -t "$THERE" -U --preserve-credentials -m -n -w"$PWD" -- "$BARE" listen --notify-fd 9 -k -v --fastopen "$@" \
		-e 'cat; echo bye' 10.9.0.2 0 2>listen.err
}

# says_hello ARG...: `connect --fastopen ARG...` sends hello, and gets what the peer answers.
says_hello() {
	STATUS=0
	within 10 "$SOCKIT" connect --fastopen "$@" <<<hello >out 2>err || STATUS=$?
	[ "$STATUS" = 0 ] || fault status
	[ "$(<out)" = $'hello\nbye' ] || fault answer
	silent
}

# taken_there N: has the other host taken data from N SYNs?
taken_there() {
	there cat /proc/net/netstat | awk -v most="$1" '
		$1 == "TcpExt:" && !n { n = split($0, name); next }
		$1 == "TcpExt:" { for (i = 2; i <= n; i++) v[name[i]] = $i }
		END { if (v["TCPFastOpenPassive"] != most) { print v["TCPFastOpenPassive"], "SYNs"; exit 1 } }'
}

@test "a stdin that ends within one round trip" {
	far_away
	exits 0 "$SOCKIT" connect --fastopen --stats -v 10.9.0.2 "$PORT" <<<hello >out 2>err
	grep -q 'Fast Open: no cookie yet' err
	grep -q ': closed: .* retransmits\{0,1\}, no Fast Open[;,] ' err
	says_hello 10.9.0.2 "$PORT"
	says_hello -v -v 10.9.0.2 "$PORT" || [ -s err ]
	grep -q 'connected to 10\.9\.0\.2 port ' err
	taken_there 2
	# Whether it was is told.
	exits 0 "$SOCKIT" connect --fastopen -v 10.9.0.2 "$PORT" <<<hello >out 2>err
	grep -qxF "sockit connect: 10.9.0.2 port $PORT: Fast Open: the data in the SYN were taken" err
	grep -q ': closed: .* retransmits\{0,1\}, Fast Open; ' err
	there sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_fastopen'
	exits 0 "$SOCKIT" connect --fastopen --json 10.9.0.2 "$PORT" <<<hello >out 2>err
	[ "$(grep -o '"fastopen":"[a-z]*"' err | sort -u)" = '"fastopen":"ignored"' ]
	there sh -c 'echo 3 >/proc/sys/net/ipv4/tcp_fastopen'
	grep -q 'Fast Open: the data in the SYN were taken$' listen.err
	taken_there 3
	# More than a SYN has room for.
	random_file in 100000
	exits 0 "$SOCKIT" connect --fastopen --stats 10.9.0.2 "$PORT" <in >out 2>err
	(cat in && echo bye) >expected
	same expected out
	grep -q 'sent 100000 bytes' err || fault figures
	taken_there 4
	# What is changed on its way travels behind the handshake.
	exits 0 "$SOCKIT" connect --fastopen -C 10.9.0.2 "$PORT" <<<hello >out 2>err
	[ "$(<out)" = $'hello\r\nbye' ] || fault answer
	silent
}

@test "a refusal is one, -w and --retry are kept" {
	far_away
	local gone
	no_answer() {
		STATUS=0
		within 10 "$SOCKIT" connect --fastopen -w 200ms 10.9.0.2 "$gone" <<<hello >out 2>err || STATUS=$?
		told 4 "sockit connect: 10.9.0.2 port $gone: no answer within 200 ms (-w)"
	}
	says_hello 10.9.0.2 "$PORT"
	gone=$(there "$BARE" listen -w 1ms 10.9.0.2 0 2>&1 | sed -n 's/.* port \([0-9]*\)$/\1/p')
	STATUS=0
	within 10 "$SOCKIT" connect --fastopen 10.9.0.2 "$gone" <<<hello >out 2>err || STATUS=$?
	told 1 "sockit connect: 10.9.0.2 port $gone: Connection refused (ECONNREFUSED)"
	# It comes in a while, and gets what was read from stdin before.
	"$SOCKIT" connect --fastopen --retry 10s --interval 20ms -w 2s 10.9.0.2 "$gone" <<<hello >out 2>err 3>&- &
	started
	pause 0.15
	runs "$PID"
	PORT=$gone
	there "$BARE" listen --fastopen -e 'cat; echo bye' 10.9.0.2 "$gone" 2>listen.err 3>&- &
	PIDS+=("$!")
	ended 0 "$PID"
	[ "$(<out)" = $'hello\nbye' ] || fault answer
	silent
	there ip link set slow down
	at_best 1000 timed no_answer
}

@test "--transport mptcp" {
	[ -e /proc/sys/net/mptcp/enabled ] || skip 'no MPTCP'
	far_away --transport mptcp
	says_hello --transport mptcp 10.9.0.2 "$PORT"
	says_hello --transport mptcp 10.9.0.2 "$PORT"
	# A listener that has plain TCP only.
	far_listener
	says_hello --transport mptcp 10.9.0.2 "$PORT"
	says_hello --transport mptcp 10.9.0.2 "$PORT"
}
