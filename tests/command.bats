# Commands: -e CMD and -- CMD ARG..., of connect and of listen.
#
# In single quotes stands what is for their shells; LISTENER and PID come from the helpers.
# shellcheck disable=SC2016

load helpers/common
load helpers/files
load helpers/words
load helpers/private

# An option that makes a relay of it, and changes nothing else.
RELAY=(--buffer 64k)

# Nothing is looked up for these.
LOCAL=(-n 127.0.0.1 0)

# listens ARG...: sockit listen with ARGs, and a client of it, a peer.py that plays $VERBS.
listens() {
	serve "$@" </dev/null >out 2>err
	# shellcheck disable=SC2086 # words
	counterpart connect:"$PORT" $VERBS
}

# said_nothing: the listener has said its port and nothing else.
said_nothing() {
	says "$LISTENING"
	silent out
}

# also_says REGEX: but for the port that it was given it has said one line, which matches REGEX.
also_says() {
	grep -Ev "$LISTENING" err >rest || :
	says "$1" rest
}

# fds FILE: the names in a listing of /proc/self/fd, but for that of the listing itself.
fds() {
	sed -n 's/.* \([0-9]*\) -> \(.*\)/\1 \2/p' "$1" | grep -v ' /proc/[0-9]*/fd$'
}

# field NAME FILE: the value of that line in a copy of /proc/PID/status.
field() {
	sed -n "s/^$1:[[:space:]]*//p" "$2"
}

# has_signal NUMBER HEX: is that signal in that set?
has_signal() {
	(((0x$2 >> ($1 - 1)) & 1))
}

# no_children PID: it has none, no zombies either.
no_children() {
	[ -z "$(cat "/proc/$1/task/$1/children")" ]
}

count_fds() {
	local all=("/proc/$1/fd/"*)
	echo ${#all[@]}
}

### The connection is the command's stdin and stdout.

# bats test_tags=valgrind
@test "a command with the connection as stdin and stdout: listen" {
	local option
	VERBS='line:hello shutdown readall report'
	echo HELLO >expected
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		listens $option "${LOCAL[@]}" -e 'tr a-z A-Z'
		counterpart_ended expected
		ended 0 "$LISTENER"
		said_nothing
		# shellcheck disable=SC2086
		listens $option "${LOCAL[@]}" -- tr a-z A-Z
		counterpart_ended expected
		ended 0 "$LISTENER"
		said_nothing
	done
}

# bats test_tags=valgrind
@test "a command with the connection as stdin and stdout: connect" {
	local option
	echo HELLO >expected
	for option in '' "${RELAY[*]}"; do
		counterpart line:hello shutdown readall report
		# shellcheck disable=SC2086 # words
		exits 0 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -e 'tr a-z A-Z' \
			</dev/null >out 2>err
		silent
		silent out
		counterpart_ended expected
		counterpart line:hello shutdown readall report
		# shellcheck disable=SC2086
		exits 0 "$SOCKIT" connect $option -n "127.0.0.1:$PORT" -- tr a-z A-Z \
			</dev/null >out 2>err
		silent
		silent out
		counterpart_ended expected
	done
}

@test "arguments come as they were given, without a shell; -e is one for the shell" {
	VERBS='readall report'
	# shellcheck disable=SC2016
	listens "${LOCAL[@]}" -- printf '<%s>' 'a b' '' '*' '$HOME' --stats -e -- -k
	# shellcheck disable=SC2016
	printf '<%s>' 'a b' '' '*' '$HOME' --stats -e -- -k >expected
	counterpart_ended expected
	ended 0 "$LISTENER"
	said_nothing
	# shellcheck disable=SC2016
	listens "${LOCAL[@]}" -e 'printf "<%s>" "$0" "$#"; exec true | cat'
	printf '<sh><0>' >expected
	counterpart_ended expected
	ended 0 "$LISTENER"
	said_nothing
}

# kinds_with [ARG...]: what a command's stdin and stdout are, with `listen ARG...`, is in the file kinds.
kinds_with() {
	serve "$@" "${LOCAL[@]}" -e 'exec 3>&1; readlink /proc/self/fd/0 /proc/self/fd/3 >kinds' \
		</dev/null >out 2>err
	exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" </dev/null
	ended 0 "$LISTENER"
}

@test "the socket itself, or a relay where an option must see the bytes" {
	local option
	for option in -v --linger=1s --nodelay --timeout=10s -w5s; do
		kinds_with $option
		[ "$(grep -c '^socket:' kinds)" = 2 ]
		[ "$(uniq kinds | wc -l)" = 1 ]
	done
	for option in -C -oo -xx -XX --rate=1M -i5s -t --stats --progress --delay=1ms -q1s --no-shutdown \
		--close-on-peer-eof --read-bytes=5 --buffer=64k --kill-after=5s; do
		kinds_with $option
		[ "$(grep -c '^pipe:' kinds)" = 2 ]
		[ "$(uniq kinds | wc -l)" = 2 ]
	done
	serve "${LOCAL[@]}" </dev/null
	exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" -e \
		'exec 3>&1; readlink /proc/self/fd/0 /proc/self/fd/3 >kinds' </dev/null >out 2>err
	[ "$(grep -c '^socket:' kinds)" = 2 ]
	silent
}

@test "much, both ways at once, byte for byte" {
	local option
	VERBS="exchange:$(A) report"
	for option in '' "${RELAY[*]}" --stats; do
		# shellcheck disable=SC2086 # words
		listens $option "${LOCAL[@]}" -- cat
		counterpart_ended "$(A)"
		ended 0 "$LISTENER"
		silent out
		counterpart exchange:"$(A)" report
		# shellcheck disable=SC2086
		exits 0 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -- cat </dev/null >out 2>err
		[ "$option" = --stats ] || silent
		silent out
		counterpart_ended "$(A)"
	done
}

@test "a connection that both sides have ended before the command ends is no error" {
	cat >ends <<-'END'
		import socket
		s = socket.socket(fileno=0)
		while s.recv(4096):
		    pass
		s.sendall(b'bye\n')
		s.shutdown(socket.SHUT_WR)
		try:
		    while True:
		        s.getpeername()
		except OSError:
		    pass
	END
	echo bye >expected
	VERBS='line:hello shutdown readall report'
	local i
	for i in 1 2 3; do
		listens "${LOCAL[@]}" -- python3 -S ends
		counterpart_ended expected
		ended 0 "$LISTENER"
		said_nothing
	done
}

@test "a peer that takes what is left after the command's end, and has ended itself, is no error" {
	head -c 500000 /dev/zero >expected
	mkfifo go
	VERBS='line:hello shutdown gate:go readall report'
	local i
	for i in 1 2 3; do
		rm -f over
		listens --sndbuf 1M "${LOCAL[@]}" -e 'cat >/dev/null; cat expected; echo >over'
		eventually [ -s over ]
		pause 0.1
		echo >go
		counterpart_ended expected
		ended 0 "$LISTENER"
		said_nothing
	done
}

@test "a relay sees the bytes: figures, a transcript" {
	VERBS='line:hello shutdown readall report'
	listens --stats -o both "${LOCAL[@]}" -e 'cat >in; echo 12345678'
	echo 12345678 >expected
	counterpart_ended expected
	ended 0 "$LISTENER"
	also_says '^sockit listen: sent 9 bytes, received 6 bytes in '
	[ "$(<in)" = hello ]
	[ "$(<both)" = $'hello\n12345678' ]
}

@test "stdin, stdout and stderr of ours: not the command's, but for stderr" {
	echo mine >mine
	serve "${LOCAL[@]}" -e 'cat; echo to stderr >&2' <mine >out 2>err
	counterpart connect:"$PORT" line:theirs shutdown readall report
	echo theirs >expected
	counterpart_ended expected
	ended 0 "$LISTENER"
	also_says '^to stderr$'
	silent out
	# Nor are they needed.
	local option
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		serve $option "${LOCAL[@]}" -- cat <&- >&- 2>&-
		counterpart connect:"$PORT" line:theirs shutdown readall report
		counterpart_ended expected
		ended 0 "$LISTENER"
	done
}

@test "no command runs without a connection" {
	PORT=$(free_port)
	exits 1 "$SOCKIT" connect -n 127.0.0.1 "$PORT" -e 'echo ran >ran' </dev/null >out 2>err
	says ECONNREFUSED
	exits 4 "$SOCKIT" listen -w 50ms "${LOCAL[@]}" -e 'echo ran >ran' </dev/null >out 2>err
	[ ! -e ran ]
	# With --retry it runs once, when there is one.
	serve "${LOCAL[@]}" </dev/null >received
	exits 0 "$SOCKIT" connect --retry 5s -n 127.0.0.1 "$PORT" -e 'echo ran' </dev/null >out 2>err
	silent
	ended 0 "$LISTENER"
	[ "$(<received)" = ran ]
}

### All that it wrote is delivered.

@test "much from a command that exits at once" {
	local option
	VERBS='readall report'
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		listens $option "${LOCAL[@]}" -- cat "$(A)"
		counterpart_ended "$(A)"
		ended 0 "$LISTENER"
		said_nothing
		counterpart readall report
		# shellcheck disable=SC2086
		exits 0 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -- cat "$(A)" </dev/null >out 2>err
		silent
		counterpart_ended "$(A)"
	done
}

@test "what stands in the pipe when the command ends is sent" {
	head -c 60000 "$(SMALL)" >some
	mkfifo go
	VERBS='rcvbuf:4096 gate:go readall report'
	listens --sndbuf 4k --buffer 4k "${LOCAL[@]}" -e 'cat some; echo over >over'
	eventually test -e over
	pause 0.1
	: >go
	counterpart_ended some
	ended 0 "$LISTENER"
	said_nothing
}

@test "a reader that is slow, but reads on, gets everything, though it takes longer than --linger" {
	local option
	VERBS='rcvbuf:4096 read:20000 pause:0.2 read:20000 pause:0.2 read:20000 pause:0.2 read:20000
		pause:0.2 read:20000 pause:0.2 readall report'
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		listens $option --linger 700ms "${LOCAL[@]}" -e "cat '$(SMALL)'; echo over >over"
		counterpart_ended "$(SMALL)"
		ended 0 "$LISTENER"
		said_nothing
		[ -e over ]
		rm over
	done
}

@test "a reader that takes nothing any more: --linger, then 1" {
	local option
	for option in '' "${RELAY[*]}"; do
		VERBS='rcvbuf:4096 read:20000 hold'
		# shellcheck disable=SC2086 # words
		listens $option --linger 300ms "${LOCAL[@]}" -e "cat '$(SMALL)'; exit 0"
		ended 1 "$LISTENER"
		also_says 'not all that was sent has been acknowledged$'
		kill "$PEER"
	done
}

@test "a reset after the command's end costs what was not acknowledged: 1" {
	local option
	for option in '' "${RELAY[*]}"; do
		mkfifo go
		VERBS='rcvbuf:4096 read:20000 gate:go reset'
		# shellcheck disable=SC2086 # words
		listens $option --linger 10s "${LOCAL[@]}" -e "cat '$(SMALL)'; echo over >over"
		eventually test -e over
		: >go
		ended 1 "$LISTENER"
		also_says 'ECONNRESET'
		rm go over
	done
}

@test "a peer that is killed: never 0" {
	local option start
	for option in '' "${RELAY[*]}"; do
		VERBS='read:100000 say:now hold'
		# shellcheck disable=SC2086 # words
		listens $option --linger 10s "${LOCAL[@]}" -e "cat '$(A)'; exit 0"
		eventually grep -qs now peer.out
		start=$(milliseconds)
		kill "$PEER"
		ended 1 "$LISTENER"
		# Whoever has met the error: nobody is there any more who could be waited for.
		[ $(($(milliseconds) - start)) -lt 5000 ]
		rm -f peer.out
		# What kills the command, or makes it fail, is its own.
		# shellcheck disable=SC2086
		listens $option "${LOCAL[@]}" -- cat "$(A)"
		eventually grep -qs now peer.out
		kill "$PEER"
		STATUS=0
		status_of "$LISTENER"
		[ "$STATUS" = 1 ] || [ "$STATUS" = 141 ]
		rm -f peer.out
	done
}

@test "a peer that stays: it is closed after --linger, and nothing is lost" {
	[ "$(platform)" = linux ] || skip 'portable'
	local option
	for option in '' "${RELAY[*]}"; do
		VERBS='readall report hold'
		# shellcheck disable=SC2086 # words
		listens $option --linger 300ms "${LOCAL[@]}" -- cat "$(SMALL)"
		timed ended 0 "$LISTENER"
		said_nothing
		[ "$TOOK" -lt 3000 ]
		kill "$PEER"
		eventually grep -q "^read 131072 $(sha256sum <"$(SMALL)" | cut -d' ' -f1) end" peer.out
	done
}

### The connection ends with the command.

@test "a grandchild that still has stdout does not keep the connection" {
	local option
	VERBS='line:hello readall report'
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086,SC2016 # words
		listens $option --linger 5s "${LOCAL[@]}" -e 'sleep 60 & echo $! >pid; cat '"$(SMALL)"
		PIDS+=("$(eventually test -s pid; cat pid)")
		counterpart_ended "$(SMALL)"
		ended 0 "$LISTENER"
		said_nothing
		kill "$(<pid)"
		rm pid
	done
}

@test "a grandchild does not keep a peer that goes on sending" {
	local option
	VERBS='talk report'
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086,SC2016 # words
		listens $option --linger 200ms "${LOCAL[@]}" -e 'sleep 60 & echo $! >pid'
		eventually test -s pid
		PIDS+=("$(<pid)")
		ended 0 "$LISTENER"
		ended 0 "$PEER"
		ended 0 "$PEER_OUTPUT"
		[[ $(tail -n 1 peer.out) =~ ^read\ 0\ [0-9a-f]+\ (EPIPE|ECONNRESET)$ ]]
		kill "$(<pid)"
		rm pid
	done
}

@test "a command that does not read its input is no error" {
	local option
	echo hi >expected
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		listens_to_much $option
		counterpart line:hello readall report
		# shellcheck disable=SC2086
		exits 0 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -e 'echo hi' </dev/null >out 2>err
		silent
		counterpart_ended expected
	done
}
listens_to_much() {
	VERBS="exchange:$(A) report"
	listens "$@" "${LOCAL[@]}" -e 'echo hi'
	counterpart_ended expected
	ended 0 "$LISTENER"
	said_nothing
}

@test "a peer that ends early: the command sees the end, and has its own status" {
	local option
	VERBS='line:hello close'
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		listens $option "${LOCAL[@]}" -e 'cat >in; exit 5'
		ended 5 "$LISTENER"
		said_nothing
		[ "$(<in)" = hello ]
	done
}

@test "half-close through a relay: input to its end, then the answer" {
	local command
	for command in sort sha256sum; do
		needs $command coreutils
		VERBS="exchange:$(SMALL) report"
		listens "${RELAY[@]}" "${LOCAL[@]}" -- $command
		LC_ALL=C $command <"$(SMALL)" >expected
		[ $command = sha256sum ] || continue
		counterpart_ended expected
		ended 0 "$LISTENER"
		said_nothing
		counterpart "exchange:$(SMALL)" report
		exits 0 "$SOCKIT" connect "${RELAY[@]}" -n 127.0.0.1 "$PORT" -- $command </dev/null 2>err
		counterpart_ended expected
		silent
	done
}

@test "half-close the other way: the command ends its output and reads on" {
	VERBS="readall file:$(SMALL) shutdown report"
	echo bye >expected
	listens "${RELAY[@]}" "${LOCAL[@]}" -e 'echo bye; exec >&-; cat >in; exit 6'
	counterpart_ended expected
	ended 6 "$LISTENER"
	said_nothing
	same in "$(SMALL)"
}

@test "-d and --send-only: the direction that is not wanted leads to nowhere" {
	VERBS="exchange:$(A) report"
	: >nothing
	listens -d "${LOCAL[@]}" -e "cat '$(A)' && cat >in"
	counterpart_ended nothing
	ended 0 "$LISTENER"
	said_nothing
	same in "$(A)"
	listens --send-only "${LOCAL[@]}" -e "cat '$(A)' && cat >in"
	counterpart_ended "$(A)"
	ended 0 "$LISTENER"
	said_nothing
	silent in
}

@test "--read-bytes, --close-on-peer-eof and -q with a command" {
	VERBS='line:hello readall report'
	: >nothing
	listens --read-bytes 4 "${LOCAL[@]}" -e 'cat >in; exit 5'
	counterpart_ended nothing
	ended 5 "$LISTENER"
	[ "$(<in)" = hell ]
	# What it answers then is not lost.
	VERBS='send:300000 readall report'
	listens --read-bytes 4 --stats "${LOCAL[@]}" -e 'wc -c; sleep 0.2; head -c 1000000 /dev/zero; exit 6'
	{ echo 4; head -c 1000000 /dev/zero; } >answer
	counterpart_ended answer
	ended 6 "$LISTENER"
	also_says '^sockit listen: sent 1000002 bytes, received 4 bytes in '
	VERBS='line:hello shutdown readall report'
	listens --close-on-peer-eof "${LOCAL[@]}" -e 'cat >in; sleep 60 & echo $! >pid; wait'
	counterpart_ended nothing
	PIDS+=("$(<pid)")
	kill "$(<pid)"
	STATUS=0
	status_of "$LISTENER"
	[ "$STATUS" -gt 128 ] || [ "$STATUS" = 0 ]
	[ "$(<in)" = hello ]
	VERBS='readall hold'
	listens -q 200ms "${LOCAL[@]}" -e 'echo hi; exec >&-; cat >in; exit 3'
	ended 3 "$LISTENER"
}

### The exit status.

# ends_with STATUS ARG...: so ends `listen ARG...` once it has had a client, which sees nothing but an end.
ends_with() {
	serve "${@:2}" </dev/null >out 2>err
	exits 0 "$SOCKIT" connect -d -n 127.0.0.1 "$PORT" >back
	ended "$1" "$LISTENER"
	silent back
}

# bats test_tags=valgrind
@test "the command's own exit status" {
	local option status
	for option in '' "${RELAY[*]}"; do
		for status in 0 1 4 255; do
			# shellcheck disable=SC2086 # words
			ends_with $status $option "${LOCAL[@]}" -e "exit $status"
			said_nothing
		done
		# shellcheck disable=SC2086,SC2016
		ends_with 137 $option "${LOCAL[@]}" -e 'kill -KILL $$'
		said_nothing
		serve --accept 2 "${LOCAL[@]}" </dev/null >out
		# shellcheck disable=SC2086,SC2016
		exits 143 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -e 'kill -TERM $$' 2>err
		silent
		# shellcheck disable=SC2086
		exits 42 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -e 'echo hi; exit 42' 2>err
		silent
		ended 0 "$LISTENER"
		[ "$(<out)" = hi ]
	done
}

# Not under valgrind: there posix_spawn has a copy of our memory and cannot tell what failed.
@test "a command that is not there, or cannot be run" {
	local option command name start
	: >plain
	# Directories that one may not look into make it another error.
	PATH=/usr/bin:/bin
	for option in '' "${RELAY[*]}"; do
		for command in nosuch ./nosuch /nowhere/cat $'no\nsuch'; do
			# shellcheck disable=SC2086 # words
			ends_with 127 $option "${LOCAL[@]}" -- "$command" x
			name=${command/$'\n'/\\\\n}
			also_says "^sockit listen: $name: No such file or directory \(ENOENT\)$"
		done
		for command in ./plain /; do
			# shellcheck disable=SC2086
			ends_with 126 $option "${LOCAL[@]}" -- "$command"
			also_says "^sockit listen: $command: Permission denied \(EACCES\)$"
		done
		serve "${LOCAL[@]}" </dev/null >out
		# shellcheck disable=SC2086
		exits 127 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -- ./nosuch </dev/null 2>err
		says '^sockit connect: ./nosuch: No such file or directory \(ENOENT\)$'
		ended 0 "$LISTENER"
		# Nothing was sent: a peer that stays is not waited for.
		counterpart hold
		start=$(milliseconds)
		# shellcheck disable=SC2086
		exits 127 "$SOCKIT" connect $option --linger 10s -n 127.0.0.1 "$PORT" -- ./nosuch </dev/null 2>err
		[ $(($(milliseconds) - start)) -lt 5000 ]
	done
	# What the shell does not find is for the shell to tell.
	ends_with 127 "${LOCAL[@]}" -e ./nosuch
	also_says nosuch
}

@test "a script that does not say what runs it is run by the shell, as env and timeout have it" {
	local option
	mkdir bin
	printf '%s\n' 'printf "%s," "$0" "$@"' 'exit 9' >bin/script
	: >bin/empty
	chmod +x bin/script bin/empty
	for option in '' "${RELAY[*]}"; do
		serve --accept 2 "${LOCAL[@]}" </dev/null >out
		# shellcheck disable=SC2086 # words
		exits 9 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -- ./bin/script 'a  b' '' </dev/null 2>err
		silent
		# shellcheck disable=SC2086
		PATH=$PWD/bin:$PATH exits 0 "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -- empty </dev/null 2>err
		silent
		ended 0 "$LISTENER"
		[ "$(<out)" = './bin/script,a  b,,' ]
	done
	# And where nothing is connected any more.
	serve -k -d "${LOCAL[@]}" </dev/null >out
	PATH=$PWD/bin:$PATH exits 9 "$SOCKIT" connect -z 127.0.0.1 "$PORT" -- script x >out 2>err
	silent
	[[ $(<out) == */bin/script,x, ]]
}

@test "the last status is not lost where our parent ignores SIGCHLD" {
	local option
	for option in '' "${RELAY[*]}"; do
		counterpart readall
		# shellcheck disable=SC2086 # words
		exits 7 "$PARENT" ignore:CHLD -- "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" \
			-e 'exit 7' </dev/null 2>err
		silent
	done
}

@test "a reset while the command runs: 1, though the command ends well" {
	mkfifo go
	VERBS='line:hello gate:go reset'
	listens "${RELAY[@]}" "${LOCAL[@]}" -e 'read -r line; echo >go; cat; exit 0'
	ended 1 "$LISTENER"
	also_says ECONNRESET
	# Its own failure counts more.
	listens "${RELAY[@]}" "${LOCAL[@]}" -e 'read -r line; echo >go; cat; exit 9'
	ended 9 "$LISTENER"
	also_says ECONNRESET
}

### The environment.

# variables FILE: those of the environment in FILE that say who is who.
variables() {
	grep -E '^(PROTO|(TCP6?|UDP|SSL|IPC|UNIX)(REMOTE|LOCAL|CON|ORIG)[A-Z]*)=' "$1" | sort
}

# tells_ports LOCAL REMOTE: so it is in the file seen, at 127.0.0.1 both.
tells_ports() {
	variables seen | diff -u <(printf '%s\n' PROTO=TCP TCPLOCALIP=127.0.0.1 "TCPLOCALPORT=$1" \
		TCPREMOTEIP=127.0.0.1 "TCPREMOTEPORT=$2") -
}

@test "the environment says who is who" {
	local option stale=(PROTO=SSL TCPREMOTEHOST=evil TCPREMOTEINFO=me TCPLOCALHOST=h UDPREMOTEIP=1
		SSLREMOTEIP=2 UNIXREMOTEPID=3 UNIXLOCALPATH=/ TCPREMOTEIP=9 TCPLOCALPORT=9 KEPT=yes
		TCP6REMOTEIP=:: TCP6LOCALPORT=8 IPCREMOTEEUID=0 IPCLOCALPATH=/x TCPCONNNUM=1 IPCCONNNUM=1
		TCPCONCURRENCY=7 TCPORIGDSTADDR=192.0.2.7:7 TCPING=no IPC_KEPT=yes)
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		served_by env "${stale[@]}" "$SOCKIT" listen --notify-fd 9 $option "${LOCAL[@]}" \
			-e 'env >seen' </dev/null 2>err
		CLIENT=$(free_port)
		exits 0 "$SOCKIT" connect -p "$CLIENT" -n 127.0.0.1 "$PORT" </dev/null 2>err.client
		ended 0 "$LISTENER"
		tells_ports "$PORT" "$CLIENT"
		[ "$(grep -cxE 'KEPT=yes|TCPING=no|IPC_KEPT=yes' seen)" = 3 ]
		# As the client it is the other way round.
		CLIENT=$(free_port)
		serve "${LOCAL[@]}" </dev/null
		# shellcheck disable=SC2086
		exits 0 env "${stale[@]}" "$SOCKIT" connect $option -p "$CLIENT" -n 127.0.0.1 "$PORT" \
			-e 'env >seen' </dev/null 2>err
		tells_ports "$CLIENT" "$PORT"
	done
}

@test "IPv6, and IPv4 by way of an IPv6 socket" {
	needs_ipv6
	serve -n ::1 0 -- env </dev/null 2>err
	exits 0 "$SOCKIT" connect -d ::1 "$PORT" >seen 2>err.client
	ended 0 "$LISTENER"
	[ "$(variables seen | grep -v PORT)" = $'PROTO=TCP\nTCPLOCALIP=::1\nTCPREMOTEIP=::1' ]
	grep -qx "TCPLOCALPORT=$PORT" seen
	serve -n --accept 2 :: 0 -- env </dev/null 2>err
	exits 0 "$SOCKIT" connect -d 127.0.0.1 "$PORT" >seen 2>err.client
	[ "$(variables seen | grep -v PORT)" = $'PROTO=TCP\nTCPLOCALIP=127.0.0.1\nTCPREMOTEIP=127.0.0.1' ]
	exits 0 "$SOCKIT" connect -d ::1 "$PORT" >seen 2>err.client
	[ "$(variables seen | grep -v PORT)" = $'PROTO=TCP\nTCPLOCALIP=::1\nTCPREMOTEIP=::1' ]
	ended 0 "$LISTENER"
}

# host_is NAME ADDRESS [ARG...]: that is what a command of `listen ARG...` finds as TCPREMOTEHOST of a
# client from ADDRESS.
host_is() {
	serve "${@:3}" "${TO-127.0.0.1}" 0 -- env </dev/null 2>err
	exits 0 "$SOCKIT" connect -d -s "$2" "${TO-127.0.0.1}" "$PORT" >seen 2>err.client
	ended 0 "$LISTENER"
	[ "$(sed -n 's/^TCPREMOTEHOST=//p' seen)" = "$1" ]
}

@test "TCPREMOTEHOST: a name of the peer that is confirmed and looks like one, unless -n" {
	private <<-'END'
		127.0.0.2 some-host.example alias
		127.0.0.3 a;b
		127.0.0.4 $(id)
		127.0.0.5 -rf
		127.0.0.6 a/../b
		127.0.0.8 under_score.1
		2001:db8:9::1 six.example
	END
	peer nameserver
	host_is some-host.example 127.0.0.2
	host_is some-host.example 127.0.0.2 --stats
	host_is '' 127.0.0.2 -n
	host_is '' 127.0.0.3
	host_is '' 127.0.0.4
	host_is '' 127.0.0.5
	host_is '' 127.0.0.6
	host_is '' 127.0.0.7
	host_is under_score.1 127.0.0.8
	# The name by which we have connected.
	serve 127.0.0.1 0 </dev/null 2>err
	echo '127.0.0.1 called' >>hosts
	exits 0 "$SOCKIT" connect called "$PORT" -e 'env >seen' </dev/null 2>err.client
	grep -qx TCPREMOTEHOST=called seen
	needs_ipv6
	add_ipv6 2001:db8:9::1/128
	TO=2001:db8:9::1
	host_is six.example 2001:db8:9::1
}

@test "TCPREMOTEHOST: not what the peer's own name server says" {
	private <<<'127.0.0.5 trusted.example'
	peer nameserver ptr:trusted.example
	host_is trusted.example 127.0.0.5
	host_is '' 127.0.0.9
	[ "$(variables seen | grep -c =)" = 5 ]
	kill "$PEER"
	status_of "$PEER"
	peer nameserver ptr:127.0.0.9
	host_is '' 127.0.0.9
}

@test "a name server that is silent holds nobody up for long" {
	private </dev/null
	peer nameserver silent
	at_best 4000 timed host_is '' 127.0.0.9
	# And however many come, no more than a few look-ups hang.
	serve -k 127.0.0.1 0 -e 'echo hi' </dev/null 2>err
	timed foreign strict connect:"$PORT" a1-20:join a1-20:has:'hi\n' a1-20:close b1-20:join b1-20:has:'hi\n' b1-20:close
	[ "$TOOK" -lt 8000 ]
	local threads=("/proc/$LISTENER/task/"*) # nsenter executes the program itself
	[ ${#threads[@]} -le 9 ]
	[ "$TOOK" -ge 1000 ]
}

### What it inherits.

@test "no descriptor but 0, 1 and 2" {
	local option
	for option in '' "${RELAY[*]}" '-o o -x x'; do
		mkfifo ready
		# shellcheck disable=SC2086 # words
		"$SOCKIT" listen --notify-fd 9 $option "${LOCAL[@]}" -- ls -l /proc/self/fd \
			</dev/null 2>err 9>ready 4</dev/null 5<"$(A)" 6>&1 64>file 3>&- &
		LISTENER=$!
		started
		read -r _ PORT <ready
		exits 0 "$SOCKIT" connect -d -n 127.0.0.1 "$PORT" >seen 2>err.client
		ended 0 "$LISTENER"
		[ "$(fds seen | cut -d' ' -f1 | xargs)" = '0 1 2' ]
		[ "$(fds seen | sed -n 's/^2 .*\///p')" = err ]
		rm ready
	done
	serve "${LOCAL[@]}" </dev/null >seen
	exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" -- ls -l /proc/self/fd \
		</dev/null 2>err 4</dev/null 5<"$(A)" 64>file
	ended 0 "$LISTENER"
	[ "$(fds seen | cut -d' ' -f1 | xargs)" = '0 1 2' ]
}

@test "nor those of the clients beside it" {
	local option client
	for option in '' "${RELAY[*]}"; do
		mkfifo go
		# shellcheck disable=SC2086 # words
		serve -k $option "${LOCAL[@]}" -e 'ls -l /proc/self/fd; read -r line' </dev/null 2>err
		"$SOCKIT" connect -n 127.0.0.1 "$PORT" <go >first 2>/dev/null 3>&- &
		client=$!
		started
		exec 7>go
		eventually grep -q ' 2 -> ' first
		exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" <<<x >second
		exec 7>&-
		ended 0 "$client"
		[ "$(fds first | cut -d' ' -f1 | xargs)" = '0 1 2' ]
		[ "$(fds second | cut -d' ' -f1 | xargs)" = '0 1 2' ]
		[ "$(fds first | grep -c 'socket\|pipe')" = 2 ]
		[ "$(fds first | sed -n 's/^0 //p')" != "$(fds second | sed -n 's/^0 //p')" ]
		kill "$LISTENER"
		ended 143 "$LISTENER"
		rm go
	done
}

@test "its socket and its pipes wait, as commands expect it" {
	local option
	for option in '' "${RELAY[*]}"; do
		VERBS=readall
		# shellcheck disable=SC2086 # words
		listens $option "${LOCAL[@]}" -e 'cat /proc/self/fdinfo/0 >0
			exec 3>&1; cat /proc/self/fdinfo/3 >3'
		ended 0 "$LISTENER"
		local n flags
		for n in 0 3; do
			flags=$(field flags $n)
			[ -n "$flags" ]
			(((8#$flags & 8#4000) == 0))
		done
	done
	counterpart readall
	exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" -e 'cat /proc/self/fdinfo/0 >0' </dev/null
	flags=$(field flags 0)
	(((8#$flags & 8#4000) == 0))
}

@test "signals: ignored ones stay ignored, but SIGPIPE and SIGCHLD; the mask is ours" {
	local option set
	cat >blocks <<-'END'
		import os, signal, sys
		signal.pthread_sigmask(signal.SIG_BLOCK,
		                       [signal.SIGUSR2, signal.SIGCHLD, signal.SIGTERM])
		os.execvp(sys.argv[1], sys.argv[1:])
	END
	for option in '' "${RELAY[*]}"; do
		counterpart readall
		# shellcheck disable=SC2086 # words
		exits 0 "$PARENT" ignore:HUP ignore:USR1 ignore:PIPE ignore:CHLD ignore:TERM -- \
			"$SOCKIT" connect $option -n 127.0.0.1 "$PORT" -e 'exec cat /proc/self/status >status'
		set=$(field SigIgn status)
		for signal in HUP USR1 TERM; do
			has_signal "$(kill -l $signal)" "$set"
		done
		for signal in PIPE CHLD INT QUIT USR2; do
			! has_signal "$(kill -l $signal)" "$set" || fault "$signal is ignored"
		done
		[ "$((0x$(field SigBlk status)))" = 0 ]
		counterpart readall
		# shellcheck disable=SC2086
		exits 0 python3 blocks "$SOCKIT" connect $option -n 127.0.0.1 "$PORT" \
			-e 'exec cat /proc/self/status >status'
		set=$(field SigBlk status)
		for signal in CHLD TERM USR2; do
			has_signal "$(kill -l $signal)" "$set"
		done
		! has_signal "$(kill -l INT)" "$set" || fault 'SIGINT is blocked'
		! has_signal "$(kill -l PIPE)" "$(field SigIgn status)" || fault 'SIGPIPE is ignored'
	done
}

### Limits and signals.

# A command that says what ends it, once it runs (running).
# shellcheck disable=SC2016 # for that shell
TRAPS='for s in HUP INT TERM; do trap "echo $s >got; exit 9" $s; done; echo >running
	while :; do sleep 0.02; done'

@test "--timeout while a command runs: 4, and the command is hung up" {
	local option
	for option in '' "${RELAY[*]}"; do
		counterpart readall
		# shellcheck disable=SC2086 # words
		exits 4 "$SOCKIT" connect $option --timeout 1s -n 127.0.0.1 "$PORT" -e "$TRAPS" \
			</dev/null 2>err
		says '\(--timeout\)$'
		eventually test -s got
		[ "$(<got)" = HUP ]
		rm got
	done
}

@test "-i while a command runs: 4, and the command is hung up" {
	VERBS='line:hello readall'
	listens -i 600ms "${LOCAL[@]}" -e "$TRAPS"
	ended 4 "$LISTENER"
	also_says '\(--idle-timeout\)$'
	eventually test -s got
	[ "$(<got)" = HUP ]
}

@test "a signal that ends us goes to the command too" {
	local option signal
	for option in '' "${RELAY[*]}"; do
		for signal in HUP INT TERM; do
			rm -f got running
			mkfifo go
			counterpart readall
			# shellcheck disable=SC2086 # words
			exits $((128 + $(kill -l $signal))) "$PARENT" go:go kill:$signal -- \
				"$SOCKIT" connect $option -n 127.0.0.1 "$PORT" \
				-e "trap 'echo $signal >got; exit 9' $signal; : <go
					while :; do sleep 0.02; done" </dev/null 2>err
			silent
			eventually test -s got
			[ "$(<got)" = $signal ]
			rm go
		done
	done
}

@test "--kill-after: SIGHUP to a command that outlives its client" {
	local how
	for how in close reset shutdown; do
		rm -f got running
		mkfifo go
		VERBS="gate:go $how"
		[ $how != shutdown ] || VERBS+=' readall'
		listens --kill-after 200ms "${LOCAL[@]}" -e "$TRAPS"
		eventually test -e running
		# Not as long as it is there.
		pause 0.4
		runs "$LISTENER"
		[ ! -e got ]
		: >go
		ended 9 "$LISTENER"
		[ "$(<got)" = HUP ]
		[ $how = reset ] || said_nothing
		rm go
	done
}

@test "--kill-after: not to one that ends in time; without it, one may take its time" {
	VERBS='line:hello close'
	listens --kill-after 5s "${LOCAL[@]}" -e 'cat >in; sleep 0.3; exit 3'
	ended 3 "$LISTENER"
	listens "${RELAY[@]}" "${LOCAL[@]}" -e "trap 'echo HUP >got' HUP; cat >in; sleep 0.5; exit 3"
	ended 3 "$LISTENER"
	[ ! -e got ]
}

@test "with -k, -i ends the client, though its command goes on" {
	VERBS='readall report'
	: >nothing
	listens -k -i 200ms "${LOCAL[@]}" -e 'while [ ! -e stop ]; do sleep 0.02; done; echo over >over'
	counterpart_ended nothing ECONNRESET
	[ ! -e over ]
	runs "$LISTENER"
	: >stop
	eventually test -s over
	eventually no_children "$LISTENER"
}

@test "with -k, -i ends the client, and --kill-after its command" {
	VERBS='line:hello readall report'
	listens -k -i 500ms --kill-after 100ms "${LOCAL[@]}" -e "$TRAPS"
	: >nothing
	counterpart_ended nothing ECONNRESET
	eventually test -s got
	[ "$(<got)" = HUP ]
	runs "$LISTENER"
	eventually no_children "$LISTENER"
}

### A process for each connection.

# bats test_tags=valgrind
@test "-k: one after the other, with a status of its own for each, until --accept" {
	local option i
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		serve --accept 3 $option "${LOCAL[@]}" -e 'cat' </dev/null 2>err >out
		for i in 1 2 3; do
			exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" <"$(SMALL)" >back
			same back "$(SMALL)"
		done
		ended 0 "$LISTENER"
		said_nothing
		# One of them fails.
		# shellcheck disable=SC2086,SC2016
		serve --accept 3 $option "${LOCAL[@]}" -e 'read -r status; exit $status' </dev/null 2>err >out
		for i in 0 3 0; do
			exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" <<<$i
		done
		ended 1 "$LISTENER"
		said_nothing
	done
	# A single one's status is its own.
	serve --accept 1 "${LOCAL[@]}" -e 'exit 3' </dev/null 2>err >out
	exits 0 "$SOCKIT" connect -d -n 127.0.0.1 "$PORT"
	ended 3 "$LISTENER"
}

@test "-k: side by side" {
	local option i words=()
	for i in 3 1 9 4 2 0 5 8 7 6; do
		words+=("c$i:line:$i" "c$i:has:$i\n" "c$i:shutdown" "c$i:over")
	done
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		serve -k $option "${LOCAL[@]}" -e 'echo here; cat' </dev/null 2>err >out
		foreign strict connect:"$PORT" c0-9:join c0-9:has:'here\n' "${words[@]}"
		runs "$LISTENER"
		kill "$LISTENER"
		ended 143 "$LISTENER"
		said_nothing
	done
}

@test "-k: hundreds of connections leave nothing behind" {
	local option before
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		serve -k $option "${LOCAL[@]}" -- head -c 100 </dev/null 2>err >out
		before=$(count_fds "$LISTENER")
		within 60 python3 - "$PORT" <<-'END'
			import hashlib, os, socket, struct, sys
			for i in range(300):
			    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
			    data = os.urandom(100)
			    s.sendall(data)
			    if i % 50 == 7:  # one that breaks it off
			        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
			        s.close()
			        continue
			    s.shutdown(socket.SHUT_WR)
			    got = b''
			    while more := s.recv(1000):
			        got += more
			    assert got == data, got
			    s.close()
		END
		runs "$LISTENER"
		eventually no_children "$LISTENER"
		has_fds() { [ "$(count_fds "$LISTENER")" = "$before" ]; }
		eventually has_fds
		kill "$LISTENER"
		ended 143 "$LISTENER"
	done
}

@test "-k: what goes wrong with one connection ends that one only" {
	local option port
	for option in '' "${RELAY[*]}"; do
		mkfifo go
		# shellcheck disable=SC2086,SC2016 # words
		serve -k $option "${LOCAL[@]}" -e 'read -r word && eval "$word"' </dev/null 2>err >out
		port=$PORT
		counterpart connect:"$PORT" line:'echo ran >ran; cat' gate:go reset
		eventually test -e ran
		: >go
		rm go ran
		PORT=$port
		exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" <<<'exit 3'
		# shellcheck disable=SC2016
		exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" <<<'kill -SEGV $$'
		exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" </dev/null
		exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" <<<'echo still there' >back
		[ "$(<back)" = 'still there' ]
		runs "$LISTENER"
		kill "$LISTENER"
		ended 143 "$LISTENER"
	done
	# Nor does a command that is not there.
	serve --accept 2 "${LOCAL[@]}" -- ./nosuch </dev/null 2>err >out
	exits 0 "$SOCKIT" connect -d -n 127.0.0.1 "$PORT"
	exits 0 "$SOCKIT" connect -d -n 127.0.0.1 "$PORT"
	ended 1 "$LISTENER"
	[ "$(grep -c '^sockit listen: ./nosuch: No such file or directory (ENOENT)$' err)" = 2 ]
}

@test "-k: a signal ends the run, and what runs is served to its end" {
	serve -k "${LOCAL[@]}" -e 'echo here; cat' </dev/null 2>err >out
	mkfifo in
	"$SOCKIT" connect -n 127.0.0.1 "$PORT" <in >back 3>&- &
	local client=$!
	started
	exec 7>in
	eventually grep -q here back
	kill "$LISTENER"
	ended 143 "$LISTENER"
	cat "$(SMALL)" >&7
	exec 7>&-
	ended 0 "$client"
	tail -c +6 back >rest
	same rest "$(SMALL)"
}

@test "-m counts commands, not clients that are only to be closed" {
	local how client
	for how in --nodelay "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		serve -k -m 1 --linger 20s $how "${LOCAL[@]}" -e 'echo here; read -r line' </dev/null 2>err >out
		local port=$PORT
		counterpart connect:"$PORT" line:go read:5 hold
		PORT=$port
		exits 0 "$SOCKIT" connect -n 127.0.0.1 "$PORT" <<<x >back
		[ "$(<back)" = here ]
	done
	# One that goes on does count, though its client's connection is at its end.
	mkfifo go
	serve -k -m 1 --accept 2 --linger 20s --read-bytes 2 "${LOCAL[@]}" -e 'cat >/dev/null; echo >>runs; cat go >/dev/null' \
		</dev/null 2>err >out
	for client in 1 2; do
		"$SOCKIT" connect -n 127.0.0.1 "$PORT" <<<x >back 3>&- &
		started
	done
	eventually test -s runs
	pause 0.3
	[ "$(wc -l <runs)" = 1 ]
	within 10 sh -c 'echo >go'
	eventually sh -c '[ "$(wc -l <runs)" = 2 ]'
	within 10 sh -c 'echo >go'
	ended 0 "$LISTENER"
}

@test "-vv tells of the command" {
	VERBS=readall
	listens -vv "${LOCAL[@]}" -e 'exit 3'
	ended 3 "$LISTENER"
	grep -qE 'has started: process [0-9]+$' err
	grep -q 'the command has ended: status 3$' err
}

### Foreign peers.

@test "connect -e to listeners of ncat, socat and nc" {
	needs ncat ncat
	needs socat socat
	needs nc netcat-openbsd
	local words option
	while read -r option words; do
		# shellcheck disable=SC2086 # words
		spawn $words <"$(SMALL)" >back
		listening_port "$PID"
		exits 0 "$SOCKIT" connect "$option" 127.0.0.1 "$PORT" -e "head -c 131072" 2>err
		silent
		ended 0 "$PID"
		same back "$(SMALL)"
	done <<-'END'
		-n ncat -l 127.0.0.1 0
		--buffer=64k socat -t 10 - TCP-LISTEN:0,bind=127.0.0.1
		--buffer=64k nc -l -N 127.0.0.1 0
	END
}

@test "listen -e with clients of nc, ncat and socat" {
	needs ncat ncat
	needs socat socat
	needs nc netcat-openbsd
	local client option
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		serve -k $option "${LOCAL[@]}" -e cat </dev/null 2>err >out
		for client in "nc -N 127.0.0.1 $PORT" "ncat 127.0.0.1 $PORT" \
			"socat -t 10 - TCP:127.0.0.1:$PORT"; do
			# shellcheck disable=SC2086
			exits 0 $client <"$(SMALL)" >back
			same back "$(SMALL)"
		done
		said_nothing
		kill "$LISTENER"
		ended 143 "$LISTENER"
	done
}

@test "a web service in shell" {
	needs curl curl
	local option
	cat >service <<-'END'
		read -r method path version
		length=0
		while IFS=': ' read -r name value && [ "$name" != "$(printf '\r')" ]; do
			case $name in
			[Cc]ontent-[Ll]ength) length=${value%?} ;;
			esac
		done
		printf 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'
		[ $method != POST ] || exec head -c $length
		echo "$method $path for $TCPREMOTEIP"
	END
	for option in '' "${RELAY[*]}"; do
		# shellcheck disable=SC2086 # words
		serve -k $option "${LOCAL[@]}" -- sh service </dev/null 2>err >out
		exits 0 curl -sS "http://127.0.0.1:$PORT/a/path" >back 2>err.client
		[ "$(<back)" = 'GET /a/path for 127.0.0.1' ]
		exits 0 curl -sS -H Expect: --data-binary @"$(SMALL)" "http://127.0.0.1:$PORT/" >back
		same back "$(SMALL)"
		exits 0 curl -sS -Z "http://127.0.0.1:$PORT/[1-20]" >back 2>err.client
		[ "$(grep -c ' for 127.0.0.1$' back)" = 20 ]
		said_nothing
		kill "$LISTENER"
		ended 143 "$LISTENER"
	done
}

@test "--fastopen: a command may wait for its peer's first word" {
	private </dev/null
	[ "$(platform)" = linux ] || skip 'portable'
	inside sh -c 'echo 3 >/proc/sys/net/ipv4/tcp_fastopen' 2>/dev/null ||
		skip 'no TCP Fast Open'
	local i option
	for option in '' "${RELAY[*]}"; do
		for i in 1 2 3; do
			serve --fastopen "${LOCAL[@]}" <<<hello >received 2>err
			# shellcheck disable=SC2086,SC2016 # words
			exits 0 "$SOCKIT" connect $option --fastopen -n 127.0.0.1 "$PORT" \
				-e 'read -r line; echo "got $line"' </dev/null 2>err
			ended 0 "$LISTENER"
			[ "$(<received)" = 'got hello' ]
			silent
		done
	done
}
