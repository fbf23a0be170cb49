#!/usr/bin/env bats
# What sockit promises of every byte (half_close.bats), when the other side, the network or the
# system does not play along: never exit status 0 where something was lost, and never a byte lost
# where nothing forces it.

load helpers/common
load helpers/files

# is_reset [ERRNO]...: one line that names the peer and one of the errors (ECONNRESET).
is_reset() {
	local names=${*:-ECONNRESET}
	says "^sockit (connect|listen): 127\.0\.0\.1 port [0-9]+: .*\((${names// /|})\)$"
}

# copies KIND [FILE]: the order to copy FILE (A) to stdin, where KIND is no file itself.
copies() {
	[[ $1 == 0=file:* ]] || echo feed:"${2-$(A)}"
}

### A reset before the peer's end of stream: 1, and ECONNRESET is named.

# bats test_tags=valgrind
@test "reset at once, nothing sent" {
	counterpart reset
	exits 1 "$PARENT" 0=pipe -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	is_reset
	silent out
	counterpart_ended
}

# A newline more than its protocol has.
@test "reset after an answer, by a peer that leaves the end of what we sent unread" {
	local unread='closed with what we sent unread, or broken off: '
	counterpart read:4 text:imok lose
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <<<ruok >out 2>err
	is_reset
	grep -q "$unread" err
	[ "$(<out)" = imok ]
	counterpart read:4 text:imok close
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" < <(printf ruok) >out 2>err
	silent
	[ "$(<out)" = imok ]
	# Who has not answered, or has not got all, has broken off.
	counterpart read:4 reset
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <<<ruok >out 2>err
	is_reset
	run ! grep -q "$unread" err
	counterpart rcvbuf:4096 text:imok read:4 lose
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	is_reset ECONNRESET EPIPE
	run ! grep -q "$unread" err
}

@test "reset in the midst of what we send, from whatever it comes" {
	local kind
	for kind in "0=file:$(A)" '0=pipe' '0=unix'; do
		counterpart read:100000 reset
		exits 1 "$PARENT" "$kind" "$(copies "$kind")" -- \
			"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		is_reset ECONNRESET
		silent out
		counterpart_ended
	done
}

@test "reset in the midst of what we receive, wherever it goes" {
	local to
	for to in 1=file:file 1=pipe 1=unix; do
		rm -f go
		mkfifo go
		counterpart send:1000000 gate:go reset
		exits 1 "$PARENT" 0=pipe $to go:go -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		is_reset
		counterpart_ended
	done
	counterpart send:1000000 reset
	exits 1 "$SOCKIT" connect -d 127.0.0.1 "$PORT" >/dev/null 2>err
	is_reset
	counterpart_ended
}

@test "what was received before a reset is written" {
	mkfifo go
	counterpart send:1000000 line:last gate:go reset
	exits 1 "$PARENT" 0=pipe 1=pipe until:last go:go -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	is_reset
	has_at_least out 1000005
	[ "$(tail -c 5 out)" = last ]
	counterpart_ended
}

@test "reset before the peer's end, though all input was acknowledged" {
	counterpart readall report reset
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	is_reset
	silent out
	counterpart_ended "$(A)"
}

@test "reset before the client's end, of a listener" {
	mkfifo go
	serve 127.0.0.1 0 </dev/null >out 2>err
	counterpart connect:"$PORT" line:hello gate:go reset
	eventually has_at_least out 6
	: >go
	ended 1 "$LISTENER"
	[ "$(cat out)" = hello ]
	[ "$(wc -l <err)" -eq 2 ]
	tail -n 1 err >last
	says '^sockit listen: 127\.0\.0\.1 port [0-9]+: .*\(ECONNRESET\)$' last
	counterpart_ended
}

@test "--send-only and a reset: not 0 before all is acknowledged" {
	counterpart read:100000 reset
	exits 1 "$SOCKIT" connect --send-only 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	is_reset ECONNRESET EPIPE
	counterpart_ended
}

@test "-d and a reset: 1" {
	mkfifo go
	counterpart line:hello gate:go reset
	exits 1 "$PARENT" 1=pipe until:hello go:go -- "$SOCKIT" connect -d 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	is_reset
	[ "$(cat out)" = hello ]
	counterpart_ended
}

# It may come before anybody has looked whether there is a connection at all.
@test "a reset at once after the data: 1, and nothing is lost" {
	local i verbs=(keep) options=('' -d --recv-only)
	for ((i = 0; i < 40; i++)); do
		verbs+=(line:hello reset next)
	done
	counterpart "${verbs[@]}"
	for ((i = 0; i < 40; i++)); do
		# shellcheck disable=SC2086 # words
		exits 1 "$SOCKIT" connect ${options[i % 3]} 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
		is_reset
		[ "$(cat out)" = hello ]
	done
}

### A reset after the peer's end: 1 if input was not acknowledged, else 0.

@test "reset after its end: 0 where all input was acknowledged" {
	counterpart line:bye read:6 shutdown pause:0.1 reset
	exits 0 "$PARENT" 0=pipe line:hello -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended
}

@test "reset after its end: 0 where there was no input" {
	counterpart line:bye shutdown pause:0.1 reset
	exits 0 "$PARENT" 0=pipe -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended
}

@test "reset after its end: 1 where input waits to be acknowledged" {
	mkfifo go
	counterpart rcvbuf:4096 line:bye shutdown gate:go reset
	"$SOCKIT" connect --sndbuf 1M 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err 3>&- &
	started
	eventually has_at_least out 4
	pause 0.1
	: >go
	ended 1 "$PID"
	is_reset ECONNRESET EPIPE
	[ "$(cat out)" = bye ]
	counterpart_ended
}

@test "reset after its end: 1 where input waits to be sent" {
	local kind
	for kind in "0=file:$(A)" '0=pipe' '0=unix'; do
		rm -f go
		mkfifo go
		counterpart rcvbuf:4096 line:bye shutdown gate:go reset
		exits 1 "$PARENT" "$kind" "$(copies "$kind")" \
			1=pipe until:bye pause:0.1 go:go -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		is_reset ECONNRESET EPIPE
		[ "$(cat out)" = bye ]
		counterpart_ended
	done
}

@test "reset after its end: 1 where input comes at the same time" {
	local kind
	for kind in pipe unix; do
		rm -f go
		mkfifo go
		counterpart line:bye shutdown gate:go reset
		# While it is stopped, the reset and the input come.
		exits 1 "$PARENT" 0=$kind 1=pipe until:bye kill:STOP go:go pause:0.2 line:hello \
			kill:CONT -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		is_reset ECONNRESET EPIPE
		counterpart_ended
	done
}

@test "a peer that closed fully: 1 where input comes after that" {
	counterpart line:bye close
	exits 1 "$PARENT" 0=pipe 1=pipe until:bye pause:0.1 line:one pause:0.1 line:two shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	is_reset ECONNRESET EPIPE
	[ "$(cat out)" = bye ]
	counterpart_ended
}

@test "a peer that closed fully: 1 where the last input comes after that" {
	counterpart line:bye close
	exits 1 "$PARENT" 0=pipe 1=pipe until:bye pause:0.1 line:one shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	is_reset ECONNRESET EPIPE
	[ "$(cat out)" = bye ]
	counterpart_ended
}

@test "a peer that closed fully: 0 where no input comes after that" {
	counterpart read:6 line:bye close
	exits 0 "$PARENT" 0=pipe 1=pipe line:hello until:bye pause:0.1 shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended
}

@test "a peer that closed fully is noticed by keepalive probes, input or none" {
	# Its kernel forgets the connection after a second; the first probe goes out after five.
	counterpart linger2:1 read:6 line:bye close
	exits 0 "$PARENT" 0=pipe line:hello -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	says '^sockit connect: .*--recv-only'
	[ "$(cat out)" = bye ]
	counterpart_ended
}

@test "a terminal: a peer that resets after its end, 0" {
	counterpart read:6 line:bye shutdown reset
	exits 0 "$PARENT" 0=tty line:hello -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended
}

### The peer is killed in mid-stream.

@test "the peer is killed while data goes both ways" {
	local kind
	truncate -s 100G endless
	for kind in 0=file:endless 0=pipe; do
		: >out
		counterpart chatter
		spawn "$PARENT" "$kind" "$(copies "$kind" /dev/zero)" -- \
			"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		eventually has_at_least out 1000000
		kill -KILL "$PEER"
		ended 1 "$PID"
		is_reset ECONNRESET EPIPE
	done
}

@test "the peer is killed while it takes what we send" {
	truncate -s 100G endless
	counterpart read:10000000 say:enough readall
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" <endless >out 2>err
	eventually grep -q enough peer.out
	kill -KILL "$PEER"
	ended 1 "$PID"
	is_reset ECONNRESET EPIPE
	silent out
}

@test "the peer is killed while it takes nothing more" {
	counterpart rcvbuf:65536 read:1 say:enough hold
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	eventually grep -q enough peer.out
	pause 0.1
	kill -KILL "$PEER"
	ended 1 "$PID"
	is_reset
	silent out
}

@test "the client is killed before a listener has sent all" {
	truncate -s 100G endless
	serve 127.0.0.1 0 <endless >out 2>err
	counterpart connect:"$PORT" read:10000000 say:enough readall
	eventually grep -q enough peer.out
	kill -KILL "$PEER"
	ended 1 "$LISTENER"
	tail -n 1 err >last
	says '^sockit listen: 127\.0\.0\.1 port [0-9]+: .*\((ECONNRESET|EPIPE)\)$' last
	silent out
}

### The peer's window is shut for good.

@test "a shut window: never 0, whatever has been handed to the kernel" {
	local size
	for size in 131072 8388608; do
		head -c $size "$(A)" >in
		counterpart rcvbuf:4096 shutdown hold
		exits 4 "$SOCKIT" connect --sndbuf 1M --timeout 0.5 127.0.0.1 "$PORT" <in >out 2>err
		says '^sockit connect: .*\(--timeout\)$'
	done
}

@test "a shut window does not hold up what is received" {
	mkfifo go
	counterpart rcvbuf:4096 file:"$(B)" line:last gate:go readall report
	exits 0 "$PARENT" 0=pipe 1=pipe feed:"$(A)" until:last go:go shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	{ cat "$(B)" && echo last; } >expected
	same out expected
	counterpart_ended "$(A)"
}

@test "a stdout that nobody reads does not hold up what is sent" {
	local kind
	for kind in pipe unix tty; do
		rm -f go
		mkfifo go
		counterpart feed:"$(B)" read:8388608 gate:go shutdown readall report
		exits 0 "$PARENT" 0=pipe 1=$kind+late feed:"$(A)" go:go drain shutdown -- \
			"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		silent
		same out "$(B)"
		counterpart_ended "$(A)"
	done
}

### What is sent is never acknowledged.

# in_blackhole STATUS SCRIPT PEER: sockit in a network namespace of its own, its stdin the FIFO in
# (descriptor 7), its counterpart doing what the words PEER say, while SCRIPT is run; there `blackhole`
# makes the loopback lose everything.
in_blackhole() {
	needs tc iproute2
	unshare -rn sh -c 'ip link set lo up && tc qdisc add dev lo root bfifo limit 1' 2>/dev/null ||
		skip 'no network namespace with a queue on its loopback is possible here'
	export -f eventually
	# shellcheck disable=SC2016
	exits "$1" env PEER="${FOREIGN[*]:2} port $3" SCRIPT="$2" unshare -rn bash -c '
		set -eu
		ip link set lo up
		blackhole() { tc qdisc add dev lo root bfifo limit 1; }
		trap "kill \$(jobs -p)" EXIT
		mkfifo in
		$PEER >port &
		eventually test -s port
		read -r port <port
		case $("$SOCKIT" --version) in
		# It does not know the option: few retransmissions come to the same.
		*portable*) options="" && echo 2 >/proc/sys/net/ipv4/tcp_retries2 ;;
		*) options=--sockopt=TCP_USER_TIMEOUT=400 ;;
		esac
		"$SOCKIT" connect $options 127.0.0.1 "$port" <in >out 2>err &
		sockit=$!
		exec 7>in
		eventually test -s out
		eval "$SCRIPT"
		status=0
		wait $sockit || status=$?
		exit $status'
}

@test "never acknowledged: 1 with ETIMEDOUT" {
	in_blackhole 1 'blackhole; echo lost >&7' 'line:hello hold'
	is_reset ETIMEDOUT
	[ "$(cat out)" = hello ]
}

@test "never acknowledged: 1 with ETIMEDOUT, though stdin and the peer have ended" {
	# Its end has come once we are in CLOSE_WAIT.
	in_blackhole 1 'eventually grep -q "0100007F:[0-9A-F]* 08 " /proc/net/tcp; blackhole; echo lost >&7; exec 7>&-' \
		'line:hello shutdown hold'
	is_reset ETIMEDOUT EPIPE
	[ "$(cat out)" = hello ]
}

@test "never acknowledged: 1 with ETIMEDOUT, though more waits to be sent" {
	in_blackhole 1 'blackhole; cat /dev/zero >&7 2>cat.err || :' 'line:hello hold'
	is_reset ETIMEDOUT
	[ "$(cat out)" = hello ]
}

@test "never acknowledged: our end alone is no loss" {
	in_blackhole 0 'echo sent >&7; eventually grep -q taken port; blackhole; exec 7>&-' \
		'line:hello read:5 shutdown say:taken hold'
	silent
	[ "$(cat out)" = hello ]
}

### Signals in mid-stream.

@test "SIGSTOP and SIGCONT in mid-stream cost nothing" {
	counterpart exchange:"$(B)" report
	exits 0 "$PARENT" 0=pipe 1=pipe+small+late feed:"$(A)" pause:0.1 kill:STOP pause:0.1 \
		kill:CONT pause:0.05 kill:STOP drain pause:0.1 kill:CONT shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "a storm of signals costs nothing" {
	local kind lines
	for kind in pipe unix; do
		counterpart line:hello exchange:"$(B)" report
		exits 0 "$PARENT" 0=$kind 1=$kind+small 2=file:storm.$kind feed:"$(A)" until:hello \
			storm:1000 shutdown -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		silent
		lines=$(grep -cE '^sockit connect: sent [0-9]+ bytes?( \([0-9]+ acknowledged\))?, received [0-9]+ bytes? in ' storm.$kind)
		[ "$lines" -gt 0 ]
		[ "$lines" -eq "$(wc -l <storm.$kind)" ]
		{ echo hello && cat "$(B)"; } >expected
		same out expected
		counterpart_ended "$(A)"
	done
}

### stdout cannot take it.

@test "no space on stdout's device: 1 and ENOSPC, though the peer has ended" {
	counterpart line:hello shutdown readall report
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" >/dev/full 2>err
	says '^sockit connect: stdout: .*\(ENOSPC\)$'
	counterpart_ended
}

@test "a file that may not grow: 1 and EFBIG, what fits is written" {
	counterpart file:"$(B)" shutdown readall report
	# shellcheck disable=SC2016
	exits 1 sh -c 'trap "" XFSZ && ulimit -f 1024 && exec "$@"' sh \
		"$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >out 2>err
	says '^sockit connect: stdout: .*\(EFBIG\)$'
	head -c "$(wc -c <out)" "$(B)" >expected
	same out expected
	[ -s out ]
	counterpart_ended
}

@test "a copy that may not grow: 1 and EFBIG, what fits is written" {
	local way
	for way in sent received; do
		if [ $way = sent ]; then
			counterpart readall
		else
			counterpart file:"$(B)" shutdown readall
		fi
		# shellcheck disable=SC2016
		exits 1 sh -c 'trap "" XFSZ && ulimit -f 1024 && exec "$@"' sh \
			"$SOCKIT" connect -o copy 127.0.0.1 "$PORT" \
			<"$([ $way = sent ] && B || echo /dev/null)" >/dev/null 2>err
		says '^sockit connect: copy: .*\(EFBIG\)$'
		head -c "$(wc -c <copy)" "$(B)" >expected
		same copy expected
		[ "$(wc -c <copy)" -ge 524288 ]
	done
}

@test "a reader that goes away with data in the pipe: never 0" {
	mkfifo out.fifo
	counterpart send:64000000 shutdown readall report
	"$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" >out.fifo 2>err 3>&- &
	started
	head -c 100 <out.fifo >out
	ended 141 "$PID"
	silent
	counterpart_ended
}
