#!/usr/bin/env bats
# listen -k on stdin and stdout: many clients at once, and the options of the group Serving.

load helpers/common
load helpers/files
load helpers/words

# keeps [ARG...]: a listener that tells of its clients. Its stdin is a FIFO into which this shell
# writes by descriptor 7; its stdout is the file out, its stderr err.
keeps() {
	[ -p in ] || mkfifo in
	exec 7<>in
	serve -v "$@" 127.0.0.1 0 <in >out 2>err 7>&-
	# For writing alone: so that nobody waits for a listener that is gone.
	exec 6>in 7>&6 6>&-
}

# client NAME VERB...: peer.py connects to the listener and plays VERBs; returns once the listener has
# accepted it. What it prints is in NAME.out, its port in NAME.port, its pid in $CLIENT.
client() {
	waiting_client "$@"
	eventually accepted "$1"
}
# waiting_client NAME VERB...: the same, where it may have to wait in the backlog.
waiting_client() {
	rm -f "$1.out"
	"${FOREIGN[@]}" port "connect:$PORT" "${@:2}" >"$1.out" 3>&- 7>&- &
	CLIENT=$!
	PIDS+=("$CLIENT")
	echo "$CLIENT" >"$1.pid"
	eventually [ -s "$1.out" ]
	head -n 1 "$1.out" >"$1.port"
}
accepted() {
	[[ $(<err) == *"accepted 127.0.0.1 port $(<"$1.port") on "* ]]
}

# have_come N: has it accepted so many?
have_come() {
	[ "$(grep -c ' accepted ' err)" = "$1" ]
}

# closed NAME: has its connection been closed?
closed() {
	grep -qE "^sockit listen: 127\.0\.0\.1 port $(<"$1.port"): (closed: )?sent " err
}

# tells NAME WORD: waits until the client has said WORD.
tells() {
	eventually grep -qx -- "$2" "$1.out"
}

# client_ended NAME [FILE [ERROR]]: it has ended, having done all as told; its report is that it read
# what is in FILE, and then the end (or ERROR).
client_ended() {
	local size sum report
	ended 0 "$(<"$1.pid")" || return
	[ $# -gt 1 ] || return 0
	size=$(wc -c <"$2")
	read -r sum _ < <(sha256sum <"$2")
	report=$(tail -n 1 "$1.out")
	[ "$report" = "read $((size)) $sum ${3-end}" ] && return
	printf '%s\n' "$1: $report" "is not read $((size)) $sum ${3-end}"
	return 1
}

# read_of NAME: how many bytes it reported.
read_of() {
	sed -n 's/^read \([0-9]*\) .*/\1/p' "$1.out"
}

# complains [REGEX...]: err has just these lines, in this order, but for what -v and --stats say of
# clients; @NAME in REGEX is the address of that client.
complains() {
	local lines i regex name
	mapfile -t lines < <(grep -vE \
		'^sockit listen: (listening on |accepted |[0-9]+ connections?: |127\.0\.0\.1 port [0-9]+: (closed: )?sent )' err)
	for ((i = 0; i < ${#lines[@]} || i < $#; i++)); do
		regex=${*:i+1:1}
		if [[ $regex == *@* ]]; then
			name=${regex#*@}
			name=${name%%[^a-z0-9_]*}
			regex=${regex/@$name/127\\.0\\.0\\.1 port $(<"$name.port")}
		fi
		[ $i -lt $# ] && [ $i -lt ${#lines[@]} ] &&
			[[ ${lines[i]} =~ ^sockit\ listen:\ $regex$ ]] && continue
		printf '%s\n' "not: $regex" "${lines[@]}"
		return 1
	done
}

# peak PID: its largest memory so far, KiB.
peak() {
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# needs_peak: skips where memory cannot be measured, or is not ours.
needs_peak() {
	[ -e /proc/self/status ] || skip 'no /proc'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip "memory under $SOCKIT_FLAVOUR is not ours"
}

### Side by side.

# bats test_tags=valgrind
@test "what clients send goes to stdout, stdin to each of them" {
	local name
	keeps --accept 3
	for name in one two three; do
		client "$name" line:"$name" readall report
	done
	cat "$(A)" >&7
	exec 7>&-
	ended 0 "$LISTENER"
	complains
	for name in one two three; do
		client_ended "$name" "$(A)"
	done
	[ "$(sort out)" = "$(printf '%s\n' one three two)" ]
}

@test "8 MiB each way at once, with two clients" {
	keeps --accept 2
	client one feed:"$(A)" readall shutdown report
	client two feed:"$(B)" readall shutdown report
	cat "$(A)" >&7
	exec 7>&-
	ended 0 "$LISTENER"
	complains
	client_ended one "$(A)"
	client_ended two "$(A)"
	[ "$(wc -c <out)" = 16777216 ]
}

@test "one client after the other: each one's data is whole and in order" {
	keeps -k
	client one file:"$(A)" shutdown readall report
	client two reset
	eventually closed two
	eventually has_at_least out 8388608
	client three file:"$(B)" shutdown readall report
	eventually has_at_least out 16777216
	cat "$(A)" "$(B)" >expected
	same out expected
	exec 7>&-
	client_ended one /dev/null
	client_ended three /dev/null
	complains '@two: .* \(ECONNRESET\)'
}

@test "300 clients at once" {
	echo "to all of you" >sent
	keeps --accept 300
	spawn python3 "$BATS_TEST_DIRNAME/helpers/crowd.py" "$PORT" 300 sent >crowd 7>&-
	eventually have_come 300
	cat sent >&7
	exec 7>&-
	ended 0 "$PID"
	[ "$(<crowd)" = connected ]
	ended 0 "$LISTENER"
	complains
	# Each one's lines are whole, and in order.
	awk 'NF != 4 || $4 != n[$2]++ { bad = 1; print } END { exit bad || NR != 30000 }' out
}

@test "clients of other makes" {
	needs ncat ncat
	needs socat socat
	needs nc netcat-openbsd
	keeps --accept 4
	ncat 127.0.0.1 "$PORT" <"$(A)" >ncat.out 3>&- 7>&- &
	started
	local ncat=$PID
	nc -N 127.0.0.1 "$PORT" <"$(A)" >nc.out 3>&- 7>&- &
	started
	local nc=$PID
	socat -t 20 - "TCP:127.0.0.1:$PORT" <"$(A)" >socat.out 3>&- 7>&- &
	started
	local socat=$PID
	"$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >sockit.out 2>err.connect 3>&- 7>&- &
	started
	local connect=$PID
	eventually have_come 4
	cat "$(B)" >&7
	exec 7>&-
	ended 0 "$ncat"
	ended 0 "$nc"
	ended 0 "$socat"
	ended 0 "$connect"
	ended 0 "$LISTENER"
	complains
	silent err.connect
	same ncat.out "$(B)"
	same nc.out "$(B)"
	same socat.out "$(B)"
	same sockit.out "$(B)"
	[ "$(wc -c <out)" = 33554432 ]
}

@test "without -v nothing is said" {
	serve -k 127.0.0.1 0 </dev/null >out 2>err
	counterpart connect:"$PORT" line:hello shutdown readall report
	ended 0 "$PEER"
	eventually has_at_least out 6
	says "$LISTENING"
	runs "$LISTENER"
}

### stdin.

# at OFFSET: is that how far the listener has read its stdin, a file?
at() {
	grep -qE "^pos:[[:space:]]+$1\$" "/proc/$LISTENER/fdinfo/0"
}

@test "stdin is not read while there is no client" {
	[ -e /proc/self/fdinfo/0 ] || skip 'no /proc/PID/fdinfo'
	echo 'for the first' >file
	serve -v -k 127.0.0.1 0 <file >out 2>err
	pause 0.2
	at 0
	client one read:14 report
	client_ended one file open
	eventually at 14
	# And not after the last one has gone.
	kill -KILL "$LISTENER"
	keeps -k
	client one read:6 say:got reset
	echo first >&7
	tells one got
	eventually closed one
	echo second >&7
	pause 0.2
	client two read:7 report
	echo second >expected
	client_ended two expected open
}

@test "stdin's end: clients that are there get it, later ones see no end before their own" {
	mkfifo go
	keeps --accept 4
	client one readall say:ended report
	client two readall report
	echo hello >&7
	exec 7>&-
	tells one ended
	echo hello >expected
	client_ended one expected
	client_ended two expected
	client three quiet:0.3 line:three say:quiet gate:go shutdown readall report
	tells three quiet
	client four line:four quiet:0.3 shutdown readall report
	client_ended four /dev/null
	runs "$LISTENER"
	: >go
	client_ended three /dev/null
	ended 0 "$LISTENER"
	complains
	[ "$(sort out)" = "$(printf '%s\n' four three)" ]
}

@test "a stdin that has ended before the first client comes is the first one's" {
	printf 'all\n' >file
	serve -v --accept 2 127.0.0.1 0 <file >out 2>err
	client one readall report
	client_ended one file
	client two quiet:0.3 shutdown readall report
	client_ended two /dev/null
	ended 0 "$LISTENER"
	complains
}

@test "a client that has ended is there until stdin has" {
	mkfifo go
	keeps --accept 2
	client one line:one shutdown read:6 say:got gate:go readall report
	client two readall report
	eventually has_at_least out 4
	echo first >&7
	tells one got
	pause 0.2
	run ! closed one
	: >go
	echo second >&7
	exec 7>&-
	printf 'first\nsecond\n' >expected
	client_ended one expected
	client_ended two expected
	ended 0 "$LISTENER"
	complains
}

@test "a stdin that is not there: the client's end closes its connection" {
	local kind
	for kind in null closed -d; do
		case $kind in
		null) serve -v --accept 2 127.0.0.1 0 </dev/null >out 2>err ;;
		closed) serve -v --accept 2 127.0.0.1 0 <&- >out 2>err ;;
		-d) serve -v --accept 2 -d 127.0.0.1 0 <"$(SMALL)" >out 2>err ;;
		esac
		# Nobody sees an end before his own.
		client one line:one quiet:0.3 shutdown readall report
		client two line:two readall report
		client_ended one /dev/null
		[ $kind != -d ] || [ ! -e /proc/self/fdinfo/0 ] || at 0
		kill -KILL "$(<two.pid)"
		ended 0 "$LISTENER"
		complains
		[ "$(sort out)" = "$(printf '%s\n' one two)" ]
	done
}

# on_terminal OPTION... -- VERB...: a listener whose stdin is a terminal, and parent.py's VERBs.
on_terminal() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	served_by "$PARENT" 0=tty "$@" -- "$SOCKIT" listen --notify-fd 9 -v "${options[@]}" 127.0.0.1 0 \
		>out 2>err
}

@test "a terminal as stdin: a client's end closes that connection at once" {
	mkfifo go
	on_terminal --accept 2 -- go:go line:hello shutdown
	client one readall report
	client two line:two shutdown readall report
	client_ended two /dev/null
	runs "$LISTENER"
	# Its own end is passed on, as any.
	: <go
	echo hello >expected
	client_ended one expected
	ended 0 "$LISTENER"
	complains
	[ "$(<out)" = two ]
}

@test "a stdin that cannot be read is said, who waits for it is reset, and others are served" {
	serve -v --accept 2 127.0.0.1 0 <. >out 2>err
	client one readall report
	client_ended one /dev/null ECONNRESET
	client two line:two quiet:0.2 shutdown readall report
	client_ended two /dev/null
	ended 1 "$LISTENER"
	complains 'stdin: .* \(EISDIR\)'
	[ "$(<out)" = two ]
}

### What goes wrong with one ends that one only.

# bats test_tags=valgrind
@test "a client that resets: it is named, the others go on" {
	mkfifo go
	keeps --accept 3
	client one line:one readall report
	client two send:100000 gate:go reset
	client three readall report
	eventually has_at_least out 100004
	: >go
	cat "$(A)" >&7
	exec 7>&-
	client_ended one "$(A)"
	client_ended three "$(A)"
	client_ended two
	ended 1 "$LISTENER"
	complains '@two: .* \((ECONNRESET|EPIPE)\)'
	[ "$(wc -c <out)" = 100004 ]
}

@test "a client that is killed amid what it receives" {
	keeps --accept 2
	client one readall report
	client two read:100000 say:some hold
	cat "$(A)" >&7 &
	local cat=$!
	tells two some
	kill -KILL "$(<two.pid)"
	ended 0 "$cat"
	exec 7>&-
	client_ended one "$(A)"
	ended 1 "$LISTENER"
	complains '@two: .* \((ECONNRESET|EPIPE)\)'
}

@test "a client that is killed when nothing is under way is one that has ended" {
	keeps --accept 2
	client two send:100000 hold
	client one line:one shutdown readall report
	eventually has_at_least out 100004
	kill -KILL "$(<two.pid)"
	pause 0.1
	run ! closed two
	exec 7>&-
	client_ended one /dev/null
	ended 0 "$LISTENER"
	complains
}

### --max-conns, --when-full

@test "--max-conns: more wait in the backlog" {
	mkfifo go
	keeps -m 2 --accept 3
	client one line:one gate:go shutdown readall report
	client two gate:go shutdown readall report
	waiting_client three line:three shutdown readall report
	pause 0.3
	run ! accepted three
	kill -KILL "$(<one.pid)"
	exec 7>&-
	eventually accepted three
	: >go
	client_ended three /dev/null
	client_ended two /dev/null
	ended 0 "$LISTENER"
	complains
	[ "$(sort out)" = "$(printf '%s\n' one three)" ]
}

@test "--max-conns: who has ended makes place, whoever came first" {
	keeps -m 1 --accept 3
	# It ends before the next one comes,
	client one line:one shutdown say:shut readall report
	tells one shut
	waiting_client two line:two say:sent pause:0.3 shutdown readall report
	eventually accepted two
	# and after.
	waiting_client three line:three shutdown readall report
	eventually accepted three
	client_ended one /dev/null ECONNRESET
	client_ended two /dev/null ECONNRESET
	exec 7>&-
	client_ended three /dev/null
	ended 0 "$LISTENER"
	complains
	[ "$(<out)" = $'one\ntwo\nthree' ]
}

@test "--max-conns: of those that have ended the oldest goes" {
	keeps -m 3 --accept 4
	client one line:one shutdown say:shut readall report
	client two line:two shutdown say:shut readall report
	client three line:three readall report
	eventually has_at_least out 14
	client four line:four readall report
	client_ended one /dev/null ECONNRESET
	pause 0.1
	run ! closed two
	run ! closed three
	echo hello >&7
	exec 7>&-
	echo hello >expected
	client_ended two expected
	client_ended three expected
	client_ended four expected
	ended 0 "$LISTENER"
	complains
}

# bats test_tags=valgrind
@test "--max-conns: who makes place still gets what was read for it, or it is an error" {
	local status
	# More than is on its way already.
	head -c 800000 "$(A)" >much
	for status in 0 1; do
		rm -rf go
		mkfifo go
		keeps -m 2 --linger 1 --accept 3 --sndbuf 8k
		if [ $status = 0 ]; then
			client one shutdown gate:go readall report
		else
			client one shutdown hold
		fi
		client two readall report
		cat much >&7
		client three shutdown readall report
		[ $status = 1 ] || : >go
		exec 7>&-
		client_ended two much
		client_ended three /dev/null
		if [ $status = 0 ]; then
			client_ended one much ECONNRESET
			complains
		fi
		ended $status "$LISTENER"
		[ $status = 0 ] || complains '@one: not all that was sent has been acknowledged'
	done
}

@test "--when-full close: more are refused, and are none that were served" {
	mkfifo go
	keeps -m 1 --when-full close --accept 2
	client one line:one gate:go shutdown readall report
	rm -f three.out
	waiting_client two readall report
	ended 0 "$(<two.pid)"
	grep -qE '^read 0 .* (end|ECONNRESET)$' two.out
	run ! accepted two
	eventually grep -qE "^sockit listen: refused 127\.0\.0\.1 port $(<two.port) on 127\.0\.0\.1 port $PORT: full\$" err
	: >go
	exec 7>&-
	client_ended one /dev/null
	eventually closed one
	client three line:three shutdown readall report
	client_ended three /dev/null
	ended 0 "$LISTENER"
	complains "refused .*: full"
	[ "$(<out)" = $'one\nthree' ]
}

@test "--when-full close: who has ended makes place" {
	keeps -m 1 --when-full close --accept 2
	client one line:one shutdown readall report
	eventually has_at_least out 4
	client two line:two shutdown readall report
	client_ended one /dev/null ECONNRESET
	exec 7>&-
	client_ended two /dev/null
	ended 0 "$LISTENER"
	complains
}

@test "--max-conns: one whose connection we have ended counts no more" {
	local when
	for when in wait close; do
		keeps -m 1 --when-full $when --accept 2 --read-bytes 4 --linger 5
		client one read:6 line:one readall say:ended hold
		echo hello >&7
		tells one ended
		client two line:two readall report
		client_ended two /dev/null
		kill -KILL "$(<one.pid)"
		ended 0 "$LISTENER"
		complains
		[ "$(<out)" = $'one\ntwo' ]
	done
}

### --accept

@test "--accept: the port is closed after so many, the last one is still served" {
	mkfifo go
	keeps --accept 2
	client one readall report
	client two gate:go line:late readall report
	sockit connect 127.0.0.1 "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: * (ECONNREFUSED)*"
	: >go
	eventually has_at_least out 5
	exec 7>&-
	client_ended one /dev/null
	client_ended two /dev/null
	ended 0 "$LISTENER"
	[ "$(<out)" = late ]
}

@test "--accept 1 is one connection, with and without -k" {
	local k
	for k in '' -k; do
		keeps $k --accept 1
		exec 7>&-
		client one line:one readall report
		ended 0 "$LISTENER" || return
		[ "$(<out)" = one ]
	done
	keeps --accept 1
	client one reset
	exec 7>&-
	ended 1 "$LISTENER"
	keeps -k --accept 1
	client one reset
	exec 7>&-
	ended 1 "$LISTENER"
}

@test "--accept: an error of the first of them counts as much" {
	keeps --accept 2
	client one reset
	eventually closed one
	client two shutdown readall report
	exec 7>&-
	client_ended two /dev/null
	ended 1 "$LISTENER"
	complains '@one: .* \(ECONNRESET\)'
}

### -i, -w

@test "--idle-timeout closes the client in which nothing moves, and no other" {
	keeps --accept 3 -i 400ms
	client one line:one readall report
	client two chatter report
	client_ended one /dev/null ECONNRESET
	runs "$LISTENER"
	# The next one has its own time.
	client three pause:0.2 line:a pause:0.2 line:b pause:0.2 line:c shutdown readall report
	client_ended three /dev/null || :
	run ! closed two
	kill -KILL "$(<two.pid)"
	exec 7>&-
	ended 1 "$LISTENER"
	complains '@one: nothing moved for 400 ms \(--idle-timeout\)' '.*' || [ "$(grep -c @ err)" = 0 ]
}

@test "-w: no client for so long, at first and later" {
	nobody_comes() {
		keeps -k -w 300ms
		ended 4 "$LISTENER"
	}
	timed nobody_comes
	[ "$TOOK" -ge 300 ]
	complains "port $PORT: no client within 300 ms \(-w\)"
	keeps -k -w 1
	exec 7>&- 8<>"/dev/tcp/127.0.0.1/$PORT"
	pause 1.3
	runs "$LISTENER"
	echo one >&8
	nobody_else_comes() {
		exec 8>&-
		ended 4 "$LISTENER"
	}
	timed nobody_else_comes
	[ "$TOOK" -ge 950 ]
	[ "$TOOK" -lt 6000 ]
	complains "port $PORT: no client within 1 s \(-w\)"
	[ "$(<out)" = one ]
}

### What is told.

@test "--stats: each connection and the total" {
	keeps --accept 2 --stats
	client one line:one readall report
	client two line:four readall report
	echo hello >&7
	exec 7>&-
	ended 0 "$LISTENER"
	local name
	for name in one two; do
		grep -E "^sockit listen: 127\.0\.0\.1 port $(<$name.port): closed: sent 6 bytes, received [45] bytes in .*\(.*/s out, .*/s in\).*; both ended\$" err
	done
	[ "$(tail -n 1 err | sed 's/ in .*//')" = 'sockit listen: 2 connections: sent 12 bytes, received 9 bytes' ]
	[ "$(grep -c sent err)" = 3 ]
	# Without -v too.
	serve --accept 2 --stats 127.0.0.1 0 </dev/null >out 2>err
	for name in 1 2; do
		exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" 2>err.connect
	done
	ended 0 "$LISTENER"
	[ "$(grep -cE '^sockit listen: 127\.0\.0\.1 port [0-9]+: sent 0 bytes, received 131072 bytes in ' err)" = 2 ]
	[ "$(wc -l <err)" = 4 ]
	tail -n 1 err | grep -q '^sockit listen: 2 connections: sent 0 bytes, received 262144 bytes in '
}

@test "SIGUSR1: those that are there and the total, at any time" {
	keeps -k
	kill -USR1 "$LISTENER"
	eventually grep -qx 'sockit listen: not connected yet' err
	client one line:one shutdown readall report
	exec 7>&-
	client_ended one /dev/null
	eventually closed one
	client two line:two hold
	client three line:three hold
	eventually has_at_least out 14
	kill -USR1 "$LISTENER"
	eventually grep -q '^sockit listen: 3 connections: sent 0 bytes, received 14 bytes in ' err
	grep -qE "^sockit listen: 127\.0\.0\.1 port $(<two.port): sent 0 bytes, received 4 bytes in " err
	grep -qE "^sockit listen: 127\.0\.0\.1 port $(<three.port): sent 0 bytes, received 6 bytes in " err
	[ "$(wc -l <err)" = 9 ]
}

@test "-v: each line names its client" {
	keeps --accept 2
	client one line:one readall
	client two line:two readall
	eventually has_at_least out 8
	exec 7>&-
	ended 0 "$LISTENER"
	[ "$(wc -l <err)" = 5 ]
	[ "$(sed -n 1p err)" = "sockit listen: listening on 127.0.0.1 port $PORT" ]
	grep -qx "sockit listen: accepted 127.0.0.1 port $(<one.port) on 127.0.0.1 port $PORT" err
	grep -qx "sockit listen: accepted 127.0.0.1 port $(<two.port) on 127.0.0.1 port $PORT" err
	grep -qE "^sockit listen: 127\.0\.0\.1 port $(<one.port): closed: sent 0 bytes, received 4 bytes in " err
	grep -qE "^sockit listen: 127\.0\.0\.1 port $(<two.port): closed: sent 0 bytes, received 4 bytes in " err
}

### Signals.

# bats test_tags=valgrind
@test "SIGTERM, SIGINT, SIGHUP: all connections are reset, a death by that signal" {
	local name number
	while read -r name number; do
		keeps -k --stats
		client one line:one read:6 say:got readall report
		client two line:two read:6 say:got readall report
		echo hello >&7
		tells one got
		tells two got
		eventually has_at_least out 8
		kill -s "$name" "$LISTENER"
		ended "$number" "$LISTENER"
		echo hello >expected
		client_ended one expected ECONNRESET
		client_ended two expected ECONNRESET
		grep -q '^sockit listen: 2 connections: sent 12 bytes, received 8 bytes' err
	done <<-'END'
		TERM 143
		HUP 129
	END
}

@test "--timeout ends the whole run" {
	keeps -k --timeout 1
	exec 8<>"/dev/tcp/127.0.0.1/$PORT"
	echo one >&8
	ended 4 "$LISTENER"
	complains 'not done within 1 s \(--timeout\)'
	# The client sees an end.
	STATUS=0
	read -rt 10 _ <&8 || STATUS=$?
	[ "$STATUS" = 1 ]
	exec 8>&-
	[ "$(<out)" = one ]
}

### A client that stops reading.

# bats test_tags=valgrind
@test "--stall: a client that takes nothing is dropped, and nobody else loses a byte" {
	mkfifo go
	keeps --accept 3 --stall 400ms
	client one readall report
	client stuck gate:go readall report
	client three readall report
	{ cat "$(A)" "$(B)"; } >&7
	exec 7>&-
	cat "$(A)" "$(B)" >expected
	client_ended one expected
	client_ended three expected
	ended 0 "$LISTENER"
	complains '@stuck: dropped: took nothing for 400 ms \(--stall\)'
	# And that one does not take what it got for all.
	: >go
	client_ended stuck
	[ "$(read_of stuck)" -lt 16777216 ]
	grep -qE '^read .* ECONNRESET$' stuck.out
}

@test "--stall: a client that is slow is waited for" {
	local rounds
	# Less at once than what makes the socket writable again, or our buffer empty.
	rounds=$(printf 'read:70000 pause:0.3 %.0s' {1..11})
	keeps --accept 2 --stall 2 --buffer 1M
	client one readall report
	# shellcheck disable=SC2086 # words
	client slow $rounds readall report
	cat "$(A)" >&7
	exec 7>&-
	client_ended one "$(A)"
	client_ended slow "$(A)"
	ended 0 "$LISTENER"
	complains
}

@test "--stall: the only client is waited for" {
	mkfifo go
	keeps --accept 1 -k --stall 200ms
	client one gate:go readall report
	cat "$(A)" >&7 &
	local cat=$!
	pause 0.8
	run ! closed one
	: >go
	ended 0 "$cat"
	exec 7>&-
	client_ended one "$(A)"
	ended 0 "$LISTENER"
	complains
}

@test "--stall: a pause of ours is not the client's" {
	keeps --accept 2 --stall 450ms --buffer 100 --delay 500ms
	client one readall report
	client two readall report
	printf 'line %s\n' 1 2 3 >sent
	{ cat sent; head -c 200000 /dev/zero; echo; } >all
	cat all >&7
	exec 7>&-
	client_ended one all
	client_ended two all
	ended 0 "$LISTENER"
	complains
}

@test "memory is bounded by --buffer, not by what a client does not take" {
	needs_peak
	local before after
	keeps -k --stall 2 --buffer 256k
	client one readall report
	client stuck hold
	client stuck2 hold
	echo >&7
	before=$(peak "$LISTENER")
	cat "$(A)" "$(B)" "$(A)" "$(B)" >&7
	after=$(peak "$LISTENER")
	[ $((after - before)) -lt 4096 ]
	exec 7>&-
	{ echo; cat "$(A)" "$(B)" "$(A)" "$(B)"; } >expected
	client_ended one expected
	complains '.*: dropped: .*' '.*: dropped: .*'
}

@test "memory is bounded where stdin comes in single bytes, too" {
	needs_peak
	local before after
	keeps -k --buffer 128k --sndbuf 4k
	client one readall report
	client stuck shutdown hold
	before=$(peak "$LISTENER")
	python3 -c 'import os
for i in range(200000): os.write(7, b"x")' 7>&7 &
	local writer=$!
	pause 1.5
	after=$(peak "$LISTENER")
	kill $writer || :
	[ $((after - before)) -lt 2048 ]
}

### stdout.

@test "a stdout that is slow: no client's piece is torn, nothing is lost" {
	local name
	mkfifo out.fifo
	exec 6<>out.fifo
	# The smallest pipe, where the system lets us.
	python3 -c 'import fcntl; fcntl.fcntl(6, 1031, 4096)' || :
	serve -v --accept 4 127.0.0.1 0 </dev/null >out.fifo 2>err 6<&-
	kill -STOP "$LISTENER"
	for name in a b c d; do
		printf '%50000s\n' ' ' | tr ' ' "$name" >sent.$name
		waiting_client $name file:sent.$name shutdown say:sent readall report 6<&-
		tells $name sent
	done
	kill -CONT "$LISTENER"
	pause 0.2
	head -c 200004 <&6 >out
	for name in a b c d; do
		client_ended $name /dev/null
	done
	ended 0 "$LISTENER"
	complains
	exec 6<&-
	[ "$(wc -l <out)" = 4 ]
	[ "$(tr -s abcd <out | sort)" = $'a\nb\nc\nd' ]
}

@test "a stdout that is not read holds clients up, and costs no memory" {
	needs_peak
	local before after name
	mkfifo out.fifo
	exec 6<>out.fifo
	serve -v --accept 5 127.0.0.1 0 </dev/null >out.fifo 2>err 6<&-
	before=$(peak "$LISTENER")
	for name in a b c d e; do
		client $name file:"$(A)" shutdown readall report 6<&-
	done
	pause 0.5
	after=$(peak "$LISTENER")
	[ $((after - before)) -lt 2048 ]
	head -c 41943040 <&6 | wc -c >count
	[ "$(<count)" = 41943040 ]
	for name in a b c d e; do
		client_ended $name /dev/null
	done
	ended 0 "$LISTENER"
	complains
	exec 6<&-
}

@test "nobody reads stdout any more: the run ends" {
	local ignored
	for ignored in '' ignore:PIPE; do
		rm -rf go
		mkfifo go
		served_by "$PARENT" 1=pipe+late $ignored go:go close -- \
			"$SOCKIT" listen --notify-fd 9 -k -v 127.0.0.1 0 </dev/null 2>err
		client one line:one readall report
		client two readall report
		: <go
		ended 0 "$LISTENER"
		complains
		client_ended one /dev/null
		client_ended two /dev/null
	done
}

@test "nobody reads stdout any more, and something comes" {
	serve -v -k 127.0.0.1 0 </dev/null 2>err > >(head -c 1)
	client one talk
	ended 141 "$LISTENER"
	complains
}

@test "a stdout without space, or that is closed, ends the run" {
	serve -v -k 127.0.0.1 0 </dev/null >/dev/full 2>err
	client two readall report
	client one line:one readall report
	ended 1 "$LISTENER"
	complains 'stdout: .* \(ENOSPC\)'
	client_ended one /dev/null
	client_ended two /dev/null
	serve -v -k 127.0.0.1 0 </dev/null >&- 2>err
	client one line:one readall report
	ended 1 "$LISTENER"
	complains 'stdout: .* \(EBADF\)'
}

@test "stdout as a file that is appended to, and as a socket" {
	echo before >file
	serve -v --accept 2 127.0.0.1 0 </dev/null >>file 2>err
	client one file:"$(A)" shutdown readall report
	client_ended one /dev/null
	client two file:"$(B)" shutdown readall report
	client_ended two /dev/null
	ended 0 "$LISTENER"
	{ echo before; cat "$(A)" "$(B)"; } >expected
	same file expected
	served_by "$PARENT" 1=tcp -- "$SOCKIT" listen --notify-fd 9 -v --accept 2 127.0.0.1 0 \
		</dev/null >out 2>err
	client one file:"$(A)" shutdown readall report
	client_ended one /dev/null
	client two file:"$(B)" shutdown readall report
	client_ended two /dev/null
	ended 0 "$LISTENER"
	cat "$(A)" "$(B)" >expected
	same out expected
}

### Accepting.

@test "descriptors run out: who has ended makes place, and accepting goes on" {
	needs prlimit util-linux
	local n=0
	keeps -k
	client one line:one shutdown readall report
	client two line:two readall report
	client three line:three shutdown readall report
	eventually has_at_least out 14
	while [ -e "/proc/$LISTENER/fd/$n" ]; do
		n=$((n + 1))
	done
	prlimit --pid "$LISTENER" --nofile=$n: ||
		skip 'prlimit is not permitted'
	waiting_client four line:four readall report
	eventually accepted four
	# The oldest of those that had ended, and it alone.
	client_ended one /dev/null ECONNRESET
	run ! closed two
	run ! closed three
	# With nobody to make place it waits in the backlog.
	waiting_client five line:five readall report
	eventually accepted five
	client_ended three /dev/null ECONNRESET
	waiting_client six line:six readall report
	pause 0.4
	run ! accepted six
	run ! closed two
	# Not in a hurry, and it is said once.
	[ "$(grep -c EMFILE err)" -le 6 ]
	echo hello >&7
	exec 7>&-
	echo hello >expected
	client_ended two expected
	eventually accepted six
	client_ended four expected
	client_ended five expected
	eventually has_at_least out 28
	[ "$(sort out)" = "$(printf '%s\n' five four one six three two)" ]
	runs "$LISTENER"
}

@test "accept(2) fails: it goes on, and who has ended goes only where that helps" {
	needs strace strace
	strace -o /dev/null -e trace=accept,accept4 -e inject=accept,accept4:error=EPROTO:when=1 true \
		2>/dev/null || skip 'this strace cannot inject'
	local error how
	mkfifo in
	for error in ECONNABORTED EPROTO ENOBUFS ENOMEM ENFILE; do
		rm -f ready
		exec 7<>in
		ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" spawn strace -f -qq -o trace -e signal=none \
			-e trace=accept,accept4 -e inject=accept,accept4:error=$error:when=2 \
			"$SOCKIT" listen --notify-fd 9 -v --accept 2 127.0.0.1 0 \
			9>ready <in >out 2>err 7>&-
		LISTENER=$PID
		eventually grep -q ' ' ready
		read -r _ PORT <ready
		client one line:one shutdown readall report
		eventually has_at_least out 4
		client two line:two readall report
		how=end
		if [ $error = ENFILE ]; then
			eventually closed one
			how=ECONNRESET
		else
			run ! closed one
		fi
		exec 7>&-
		client_ended one /dev/null $how
		client_ended two /dev/null
		ended 0 "$LISTENER"
		grep -q "$error.*INJECTED" trace
		complains "accept: .* \($error\): trying again"
		[ "$(<out)" = $'one\ntwo' ]
	done
}

### The data options, for each connection.

@test "--crlf and --telnet: each connection by itself" {
	keeps --accept 2 -C
	client one line:one readall report
	client two readall report
	printf 'a\nb\r' >&7
	printf '\nc\n' >&7
	exec 7>&-
	printf 'a\r\nb\r\nc\r\n' >expected
	client_ended one expected
	client_ended two expected
	ended 0 "$LISTENER"
	complains
	[ "$(<out)" = one ]
	# DO ECHO amid what two sends, while one is in the midst of a command.
	printf 'one\377' >part1
	printf '\375\001one\n' >part2
	printf 'two\377\375\003two\n' >whole
	mkfifo go
	keeps --accept 2 -t
	client one file:part1 gate:go file:part2 readall report
	eventually has_at_least out 3
	client two file:whole readall report
	eventually has_at_least out 10
	: >go
	eventually has_at_least out 14
	printf 'x\377y\n' >&7
	exec 7>&-
	printf '\377\374\001x\377\377y\n' >expected
	client_ended one expected
	printf '\377\374\003x\377\377y\n' >expected
	client_ended two expected
	ended 0 "$LISTENER"
	[ "$(<out)" = $'onetwotwo\none' ]
}

@test "--rate is each connection's" {
	head -c 102400 "$(SMALL)" >sent
	at_best 3500 four_at_a_rate
}
# A second, and four if they had one rate together.
four_at_a_rate() {
	local name
	keeps --accept 4 --rate 100k
	for name in one two three four; do
		client $name readall report
	done
	timed all_have_it
	ended 0 "$LISTENER"
	[ "$TOOK" -ge 850 ]
	complains
}
all_have_it() {
	local name
	cat sent >&7
	exec 7>&-
	for name in one two three four; do
		client_ended $name sent
	done
}

@test "--read-bytes and --close-on-peer-eof end that connection, and what was read is sent" {
	keeps --accept 3 --read-bytes 4
	client one line:oneone readall report
	client two line:two readall report
	client_ended one /dev/null
	client_ended two /dev/null
	client three line:th readall report
	echo hello >&7
	exec 7>&-
	echo hello >expected
	client_ended three expected
	ended 0 "$LISTENER"
	complains
	[ "$(wc -c <out)" = 11 ]
	mkfifo begin go
	head -c 800000 "$(A)" >much
	keeps --accept 2 --close-on-peer-eof --sndbuf 8k
	client one gate:begin shutdown gate:go readall report
	client two line:two read:800000 say:all readall report
	cat much >&7
	tells two all
	: >begin
	pause 0.1
	: >go
	client_ended one much
	echo more >&7
	exec 7>&-
	{ cat much; echo more; } >expected
	client_ended two expected
	ended 0 "$LISTENER"
	complains
}

@test "--send-only: nothing reaches stdout" {
	keeps --accept 2 --send-only
	client one file:"$(A)" readall report
	client two readall report
	echo hello >&7
	exec 7>&-
	echo hello >expected
	client_ended one expected
	client_ended two expected
	ended 0 "$LISTENER"
	complains
	silent out
}

@test "-q counts from stdin's end, for those that are there" {
	keeps --accept 2 -q 400ms
	client one line:one hold
	client two line:two hold
	eventually has_at_least out 8
	their_time() {
		exec 7>&-
		ended 0 "$LISTENER"
	}
	timed their_time
	[ "$TOOK" -ge 350 ]
	complains
}

@test "--no-shutdown: stdin's end is not passed on" {
	keeps --accept 2 --no-shutdown
	client one read:6 say:got quiet:0.3 shutdown readall report
	echo hello >&7
	exec 7>&-
	echo hello >expected
	client_ended one expected
	client two quiet:0.2 line:two shutdown readall report
	client_ended two /dev/null
	ended 0 "$LISTENER"
	complains
	[ "$(<out)" = two ]
}

@test "--output and --hex-dump: what clients send, and stdin once" {
	mkfifo go
	keeps --accept 2 -o transcript -x dump
	client one readall report
	client two line:two gate:go line:more readall report
	eventually has_at_least out 4
	echo hello >&7
	eventually has_at_least transcript 10
	: >go
	eventually has_at_least out 9
	exec 7>&-
	ended 0 "$LISTENER"
	complains
	[ "$(<transcript)" = $'two\nhello\nmore' ]
	[ "$(sed -E 's/ [0-9]+\.[0-9]{6} / TIME /' dump | tr -s ' ')" = '2< TIME 4 bytes
00000000 74 77 6f 0a |two.|
> TIME 6 bytes
00000000 68 65 6c 6c 6f 0a |hello.|
2< TIME 5 bytes
00000004 6d 6f 72 65 0a |more.|' ]
}

@test "--output: stdin's data as they are sent, by --crlf and --telnet too" {
	keeps --accept 1 -k -o transcript -C -t
	client one read:12 line:end report
	printf 'a\n\r' >&7
	eventually has_at_least transcript 4
	printf '\nb\377\n' >&7
	exec 7>&-
	ended 0 "$LISTENER"
	complains
	printf 'a\r\n\r\nb\377\377\r\nend\n' >expected
	same transcript expected
}

@test "--output to a FIFO that is slow holds stdin up, and costs no memory" {
	needs_peak
	local before after
	mkfifo slow
	exec 6<>slow
	keeps --accept 1 -k -o slow 6<&-
	client one readall report 6<&-
	before=$(peak "$LISTENER")
	cat "$(A)" "$(B)" "$(A)" >&7 3>&- 6<&- &
	local cat=$!
	pause 0.5
	runs $cat
	after=$(peak "$LISTENER")
	[ $((after - before)) -lt 4096 ]
	head -c 25165824 <&6 >copy
	ended 0 $cat
	exec 7>&- 6<&-
	cat "$(A)" "$(B)" "$(A)" >expected
	same copy expected
	client_ended one expected
	ended 0 "$LISTENER"
	complains
}

@test "the command line" {
	refuses "*--max-conns: *'0'*" listen -m 0 9000
	refuses "*--accept: *'0'*" listen --accept 0 9000
	refuses "*--accept: *'x'*" listen --accept x 9000
	refuses "*--when-full: *'drop'*" listen -m 1 --when-full drop 9000
	refuses '*--when-full needs --max-conns' listen -k --when-full close 9000
	refuses "*--stall: *'-1'*" listen --stall -1 9000
}
