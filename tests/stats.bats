# --stats: who is slow. Each part of a connection is made the slow one, and must be the one that is named.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

BARE=$SOCKIT # not in any network of ours

# The kernel tells receiver and network apart on Linux only.
receiver() {
	[ "$(platform)" = linux ] && echo 'the receiver' || echo 'the other side'
}

# shares [FILE]: what the last line of FILE (err) says that limited the sending, a line each: `93 the receiver`.
shares() {
	tail -n 1 "${1-err}" | sed -n 's/, receiving limited by.*//; s/.*, limited by //p' | sed 's/, /\n/g' |
		sed -n 's/^\(.*\) \([0-9]*\) %.*/\2 \1/p'
}

# held_by WHO [FILE]: most of the time WHO did, as is told, and the shares are of one whole.
held_by() {
	shares "${2-err}" | awk -v who="$1" '
		{ all += $1; n = $1; sub(/^[0-9]+ /, ""); if ($0 == who) part = n }
		END { exit !(part >= 60 && all >= 98 && all <= 102) }' && return
	echo "not $1: $(<"${2-err}")"
	return 1
}

# trickle N: N lines, 50 ms between them.
trickle() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "$i"
		pause 0.05
	done
}

# sluggish: takes nothing for half a second, then all.
sluggish() {
	pause 0.5
	cat >/dev/null
}

@test "a receiver that reads slowly" {
	needs socat socat
	PORT=$(free_port)
	socat -u "TCP-LISTEN:$PORT,bind=127.0.0.1,rcvbuf=65536" - 3>&- | sluggish &
	PIDS+=("$!")
	exits 0 "$SOCKIT" connect --retry 10s --interval 20ms --stats 127.0.0.1 "$PORT" < <(head -c 8M /dev/zero) 2>err
	held_by "$(receiver)"
	# By nc's receiver too, in an object, with what ss(8) says of it meanwhile.
	needs nc netcat-openbsd
	[ "$(platform)" = linux ] || return 0
	needs ss iproute2
	PORT=$(free_port)
	mkfifo gate
	nc -I 65536 -l 127.0.0.1 "$PORT" 3>&- | { read -r <gate && cat >/dev/null; } &
	PIDS+=("$!")
	spawn "$SOCKIT" connect --retry 10s --interval 20ms --json --stats 127.0.0.1 "$PORT" < <(head -c 16M /dev/zero) 2>err
	eventually limited_says_ss
	echo >gate
	ended 0 "$PID"
	[ "$(grep '"closed"' err | sed -n 's/.*"sending_limited_by":{"receiver":\([0-9]*\).*/\1/p')" -ge 60 ]
}

# limited_says_ss: the receiver's window has held the connection to $PORT up for half a second and most of its time.
limited_says_ss() {
	ss -tinH "dport = :$PORT" | sed -n 's/.* rwnd_limited:\([0-9]*\)ms(\([0-9]*\)\..*/\1 \2/p' |
		awk '{ found = $1 >= 500 && $2 >= 60 } END { exit !found }'
}

@test "a slow network, and one that loses" {
	[ "$(platform)" = linux ] || skip 'the kernel does not tell'
	slow_network 5 1000000 25
	taker() {
		served_by nsenter -t "$THERE" -U --preserve-credentials -m -n -w"$PWD" -- "$BARE" listen --notify-fd 9 -d \
			10.9.0.2 0 >/dev/null 2>listen.err
	}
	taker
	exits 0 "$SOCKIT" connect --stats 10.9.0.2 "$PORT" < <(head -c 400000 /dev/zero) 2>err
	held_by 'the network'
	[ "$(sed -n 's/.* \([0-9]*\) retransmits\{0,1\},.*/\1/p' err)" -ge 3 ]
	# What is on its way without hurry is no reason to blame the network.
	taker
	exits 0 "$SOCKIT" connect --stats --nodelay 10.9.0.2 "$PORT" < <(trickle 8) 2>err
	held_by stdin
	# Nor is a pause of ours that it needed only a part of.
	taker
	exits 0 "$SOCKIT" connect --stats --rate 200k 10.9.0.2 "$PORT" < <(head -c 100000 /dev/zero) 2>err
	held_by --rate
}

@test "a slow stdin, and --rate" {
	counterpart readall report
	exits 0 "$SOCKIT" connect --stats 127.0.0.1 "$PORT" < <(trickle 8) 2>err
	held_by stdin
	counterpart readall report
	exits 0 "$SOCKIT" connect --stats --rate 1M 127.0.0.1 "$PORT" < <(head -c 400k /dev/zero) 2>err
	held_by --rate
	# The end of stdin is not what held it up, however long the peer takes to answer.
	counterpart readall pause:0.3 text:bye
	exits 0 "$SOCKIT" connect --stats 127.0.0.1 "$PORT" <<<hello >out 2>err
	[ -z "$(shares)" ]
	# What is over before it can be told is not told.
	[ "$(grep -c limited err)" = 0 ]
}

@test "a slow stdout" {
	serve -d --stats 127.0.0.1 0 > >(sluggish) 2>err
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" < <(head -c 16M /dev/zero)
	ended 0 "$LISTENER"
	[ "$(sed -n 's/.*, receiving limited by \(.*, \)\{0,1\}stdout \([0-9]*\) %.*/\2/p' err)" -ge 60 ]
}

@test "an interval in which nothing moves: who holds it up, or nobody where there is nothing to send" {
	[ "$(platform)" = linux ] || skip 'the kernel does not tell'
	local in out
	mkfifo in out
	# shellcheck disable=SC2034 # held open only
	exec {in}<>in {out}<>out
	truncate -s 64M stdin
	counterpart hold
	spawn "$SOCKIT" connect --stats=150ms 127.0.0.1 "$PORT" <stdin 2>err
	eventually stuck 'limited by .*the receiver [0-9]+ %'
	kill "$PID"
	counterpart file:stdin hold
	spawn "$SOCKIT" connect -d --stats=150ms 127.0.0.1 "$PORT" >out 2>err
	eventually stuck 'receiving limited by .*stdout [0-9]+ %'
	kill "$PID"
	counterpart hold
	spawn "$SOCKIT" connect --stats=150ms 127.0.0.1 "$PORT" <in 2>err
	eventually stuck '0 retransmits$'
	kill "$PID"
}
# stuck REGEX: two lines in err have no bytes, and end with it.
stuck() {
	[ "$(grep -cE "sent 0 bytes, received 0 bytes .*, $1" err)" -ge 2 ]
}

@test "a UNIX socket: our own side, and the other one" {
	spawn "$SOCKIT" unix -l -d --notify-fd 9 s > >(sluggish) 2>err.listen 9>ready
	eventually grep -q s ready
	exits 0 "$SOCKIT" unix --stats s < <(head -c 4M /dev/zero) 2>err
	ended 0 "$PID"
	held_by 'the other side'
}

both_are_there() { [ "$(grep -c '"event":"accepted"' err)" = 2 ]; }

@test "-k: each and all together; an interval tells what is new in it" {
	serve -k --accept 2 --json --stats=100ms 127.0.0.1 0 < <(eventually both_are_there; trickle 8) >/dev/null 2>err
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >one 2>/dev/null
	local one=$PID
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >two
	ended 0 "$one"
	ended 0 "$LISTENER"
	same one two
	python3 - err <<-'END'
		import json, sys
		events = [json.loads(line) for line in open(sys.argv[1])]
		totals = [e for e in events if e['event'] == 'interval' and 'connections' in e]
		each = [e for e in events if e['event'] == 'interval' and 'peer' in e]
		total = [e for e in events if e['event'] == 'total'][0]
		assert len(totals) >= 2 and each, events
		assert all(e['elapsed_ms'] >= 100 for e in totals[:1]), totals
		assert sum(e['sent'] for e in totals) <= total['sent'] <= 32, events
		assert max(e['sent'] for e in totals) < total['sent'], totals
		assert total['sending_limited_by']['input'] >= 60, total
	END
}

@test "--stats=INTERVAL: datagrams too; what is no duration" {
	datagram_peer count:8
	exits 0 "$SOCKIT" udp-send --stats=100ms --frame line 127.0.0.1 "$PORT" < <(trickle 8) 2>err
	[ "$(wc -l <err)" -ge 3 ]
	[ "$(sed -n '$s/^sockit udp-send: sent \([0-9]*\) datagrams, .*/\1/p' err)" = 8 ]
	[ "$(sed '$d; s/^sockit udp-send: sent \([0-9]*\) datagrams\{0,1\}, .*/\1/' err | awk '{ n += $1 } END { print n }')" -le 8 ]
	local word
	for word in 0 x -1s ''; do
		STATUS=0
		"$SOCKIT" connect "--stats=$word" 127.0.0.1 1 </dev/null >out 2>err || STATUS=$?
		[ "$STATUS" = 2 ]
		says "^sockit connect: --stats: '$word' is no duration over 0"
	done
}
