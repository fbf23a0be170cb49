#!/usr/bin/env bats
# UNIX sockets of datagrams: sockit unix --type dgram.
# shellcheck disable=SC2012,SC2016,SC2094 # all names are ours; for that shell; not the same file

load helpers/common
load helpers/words

# receives [ARG...]: sockit unix --listen for datagrams, once it is bound, to the file out.
receives() {
	rm -f out err
	served_by "$SOCKIT" unix --type dgram --listen --notify-fd 9 "$@" </dev/null >out 2>err
}

# sends STATUS [ARG...]: a client of ours, with that exit status.
sends() {
	exits "$1" "$SOCKIT" unix --type dgram "${@:2}"
}

# datagrams PATH WORD...: peer.py sends to PATH.
datagrams() {
	foreign type:dgram to:unix:"$1" "${@:2}"
}

# datagrams_at PATH WORD...: the same in the background, once it has the name PATH: its pid in $PID.
datagrams_at() {
	spawn "${FOREIGN[@]}" type:dgram "bind:unix:$1" "${@:2}"
	eventually [ -S "$1" ]
}

# gone FILE...: none of them is there.
gone() {
	local file
	for file; do
		if [ -e "$file" ] || [ -L "$file" ]; then
			ls -la "$file"
			return 1
		fi
	done
}

# linux: the build knows who sent what.
linux() {
	[ "$(platform)" = linux ] || skip 'of Linux only'
}

# Sizes for a file of --frame len32.
lengths() {
	python3 -S - "$@" <<-'END'
		import os, struct, sys
		for n in map(int, sys.argv[1:]):
		    sys.stdout.buffer.write(struct.pack('>I', n) + os.urandom(n))
	END
}

### Boundaries.

# bats test_tags=valgrind
@test "each --frame, both ways, empty datagrams too" {
	local mode
	printf 'a\n\nbc\n\n' >line
	tr '\n' '\0' <line >nul
	printf '\0\1a\0\0\0\2b\n\0\0' >len16
	lengths 0 1 2 0 0 65507 3 200000 0 >len32
	for mode in line nul len16 len32; do
		local n=4
		[ $mode != len32 ] || n=9
		receives -c $n --frame $mode s
		[ "$NOTIFIED" = 'unix s' ]
		sends 0 --frame $mode s <$mode 2>err2
		ended 0 "$LISTENER"
		same out $mode
		silent
		silent err2
		gone s
	done
	for mode in read all size=3; do
		receives -c 3 --frame $mode s
		datagrams s text:abcd text: text:x
		printed 0 abcdx
	done
	receives -c 4 --frame len16 s
	sends 0 --frame size=3 s < <(printf 'abcdefg')
	sends 0 --frame all s < <(printf 'a\nb')
	ended 0 "$LISTENER"
	printf '\0\3abc\0\3def\0\1g\0\3a\nb' | cmp - out
	# An empty stdin is one with all, and none with read.
	receives -c 1 --frame len16 s
	sends 0 s </dev/null
	sends 0 --frame all s </dev/null
	ended 0 "$LISTENER"
	printf '\0\0' | cmp - out
}

@test "a foreign receiver, a foreign sender" {
	lengths 5 0 70000 0 1 200000 0 >in
	datagrams_at s save:- read:7 >got
	sends 0 --frame len32 s <in
	ended 0 "$PID"
	same in got
	rm s
	receives -c 3 --frame line s
	datagrams s text:one text: text:two
	printed 0 $'one\n\ntwo'
	silent
}

@test "socat" {
	needs socat socat
	receives -c 1 s
	printf hello | within 20 socat - UNIX-SENDTO:s 3>&-
	printed 0 hello
	# A reply comes back to the name that was bound.
	spawn socat UNIX-RECVFROM:s 'SYSTEM:tr a-z A-Z'
	eventually [ -S s ]
	sends 0 --replies 1 -w 10 s < <(printf hello) >got
	[ "$(<got)" = HELLO ]
	ended 0 "$PID"
	rm -f s
	spawn socat UNIX-RECVFROM:s 'SYSTEM:tr a-z A-Z'
	eventually [ -S s ]
	sends 0 --replies 1 -w 10 -s me s < <(printf hello) >got
	[ "$(<got)" = HELLO ]
	ended 0 "$PID"
	gone me
	rm -f s
	receives --echo s
	printf 'hello' | within 20 socat -t 0.5 - UNIX-SENDTO:s,bind=client >got 3>&-
	[ "$(<got)" = hello ]
	kill "$LISTENER"
	printed 143 ''
}

@test "nc" {
	needs nc.openbsd netcat-openbsd
	receives -c 2 s
	printf 'one\n' | within 20 nc.openbsd -N -w 1 -uU s 3>&- || :
	sends 0 s < <(printf two)
	printed 0 $'one\ntwo'
	# It connects to whoever comes first.
	spawn nc.openbsd -luU s >got < <(printf answer)
	eventually [ -S s ]
	sends 0 --replies 1 -w 10 s < <(printf hello) >got2
	[ "$(<got2)" = answer ]
	eventually grep -q hello got
}

@test "logger writes to a socket such as /dev/log" {
	needs logger bsdutils
	receives -c 1 --mode 666 log
	within 20 logger -u "$PWD/log" -t tag 'some words' 3>&-
	ended 0 "$LISTENER"
	[[ $(<out) == '<13>'*'tag'*': some words' ]]
	silent
}

@test "sd_notify: received from systemd-notify and others, sent to others" {
	receives -c 1 --frame line notify
	NOTIFY_SOCKET=$PWD/notify datagrams notify $'text:READY=1\nSTATUS=up'
	printed 0 $'READY=1\nSTATUS=up'
	datagrams_at notify print:1 >got
	sends 0 --frame all notify < <(printf 'READY=1\nMAINPID=1')
	ended 0 "$PID"
	[[ $(<got) == *$' READY=1\nMAINPID=1' ]]
	rm -f notify
	# One of ours that is up says so to another.
	receives -c 1 --frame line notify
	NOTIFY_SOCKET=$PWD/notify sockit unix --type dgram -l -w 0.1 s
	[ "$STATUS" = 4 ]
	printed 0 READY=1
	command -v systemd-notify >/dev/null || return 0
	receives -c 1 --frame line notify
	NOTIFY_SOCKET=$PWD/notify within 20 systemd-notify --no-block --ready --status=up 3>&- || :
	ended 0 "$LISTENER"
	[[ $(<out) == *READY=1* && $(<out) == *STATUS=up* ]]
}

@test "sockets that a service manager hands over" {
	python3 -S - <<-'END' >out 2>err
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind('given')
		c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		c.sendto(b'one', 'given')
		c.sendto(b'two', 'given')
		fd = os.dup(s.fileno())
		if fd != 3:
		    os.dup2(fd, 3)
		os.set_inheritable(3, True)
		os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
		os.execv(os.environ['SOCKIT'], ['sockit', 'unix', '--type', 'dgram', '-l', '-c', '2', '--frame', 'line'])
	END
	[ "$(<out)" = $'one\ntwo' ]
	silent
	[ -S given ]
}

### Names.

@test "an abstract name" {
	[ "$(uname)" = Linux ] || skip 'of Linux only'
	local name=@sockit-$$-$BATS_TEST_NUMBER
	receives --echo "$name"
	[ "$NOTIFIED" = "unix $name" ]
	sends 0 --replies 1 -w 10 "$name" < <(printf hello) >got
	[ "$(<got)" = hello ]
	sends 0 --replies 1 -w 10 -s "$name-2" "$name" < <(printf hello) >got
	[ "$(<got)" = hello ]
	datagrams "$name" "bind:unix:$name-3" text:hi print:1 >got
	[ "$(<got)" = "$name hi" ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent
}

@test "paths that are longer than the kernel takes" {
	local long=$PWD
	while [ ${#long} -lt 150 ]; do
		long+=/$(printf 'd%.0s' {1..60})
	done
	mkdir -p "$long"
	receives --echo "$long/s"
	[ "$NOTIFIED" = "unix $long/s" ]
	sends 0 --replies 1 -w 10 "$long/s" < <(printf hello) >got
	[ "$(<got)" = hello ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent
	[ -z "$(ls -A "$long")" ]
	sockit unix --type dgram "$long/s"
	told 1 "sockit unix: unix:$long/s: No such file or directory (ENOENT)"
	refuses "--source: '$long/me' is longer than what others can reply to (107 bytes)" \
		unix --type dgram -s "$long/me" s
}

@test "-s binds that path, which is gone in the end, and replies find it from elsewhere" {
	mkdir there
	(cd there && exec "${FOREIGN[@]}" type:dgram bind:unix:s echo:1) 3>&- &
	started
	eventually [ -S there/s ]
	sends 0 -s me --replies 1 -w 10 there/s < <(printf hello) >got 2>err
	[ "$(<got)" = hello ]
	ended 0 "$PID"
	silent
	gone me
	# A stale one is replaced, another is not.
	receives s
	python3 -S -c 'import socket; socket.socket(1, 2).bind("me")'
	sends 0 -s me s < <(printf 1)
	gone me
	echo precious >me
	sends 1 -s me s </dev/null 2>err2
	says '^sockit unix: unix:me: Address .*in use \(EADDRINUSE\): there is something else' err2
	[ "$(<me)" = precious ]
	rm me
	# A signal, a time limit, a receiver that is not there.
	mkfifo in
	exec 7<>in
	spawn "$SOCKIT" unix --type dgram -s me s <&7 2>err2
	eventually [ -S me ]
	kill -TERM "$PID"
	ended 143 "$PID"
	gone me
	sends 4 -s me --timeout 0.1 s <&7 2>err2
	gone me
	sends 1 -s me nothing </dev/null 2>err2
	gone me
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "its own name leaves no file behind" {
	mkdir tmp
	export TMPDIR=$PWD/tmp
	receives --echo s
	sends 0 --replies 1 -w 10 s < <(printf hello) >got
	[ "$(<got)" = hello ]
	sends 1 nothing </dev/null 2>err2
	sends 4 -w 0.1 --replies 2 s < <(printf hello) 2>err2
	mkfifo in
	exec 7<>in
	spawn "$SOCKIT" unix --type dgram -v s <&7 2>err2
	eventually grep -q 'sending to unix:s from unix:' err2
	kill -TERM "$PID"
	ended 143 "$PID"
	[ -z "$(ls -A tmp)" ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent
}

@test "two at once have names of their own" {
	receives --reply latest s
	local i
	for i in 1 2 3 4 5 6; do
		spawn "$SOCKIT" unix --type dgram -w 0.2 s < <(printf '%s' $i)
		local pid$i="$PID"
	done
	for i in 1 2 3 4 5 6; do
		local -n pid=pid$i
		ended 4 "$pid"
	done
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(fold -w 1 out | sort | tr -d '\n')" = 123456 ]
}

### The receiver's file.

@test "stale is replaced; live or something else is left as it is" {
	python3 -S -c 'import socket; socket.socket(1, 2).bind("s")'
	receives -c 1 s
	sends 0 s < <(printf hello)
	printed 0 hello
	gone s
	echo precious >file
	mkdir d
	ln -s nowhere link
	local place
	for place in file d link; do
		sockit unix --type dgram -l "$place"
		told 1 "sockit unix: unix:$place: Address*in use (EADDRINUSE): there is something else*left as it is" || fault "$place"
	done
	[ "$(<file)" = precious ]
	[ -L link ]
	receives s
	local before
	before=$(ls -i s)
	sockit unix --type dgram -l s
	told 1 'sockit unix: unix:s: Address*in use (EADDRINUSE): *has*'
	[ "$(ls -i s)" = "$before" ]
	kill "$LISTENER"
	printed 143 ''
	gone s
}

@test "what was made is removed at every end, if it is still ours" {
	local signal
	for signal in TERM INT HUP; do
		receives s
		kill -$signal "$LISTENER"
		ended $((128 + $(kill -l $signal))) "$LISTENER"
		gone s
	done
	receives -w 0.1 s
	ended 4 "$LISTENER"
	says '^sockit unix: no datagram within 100 ms \(-w\)$'
	gone s
	receives s
	rm s
	echo other >s
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(<s)" = other ]
	rm s
	receives s
	mv s old
	python3 -S -c 'import socket; socket.socket(1, 2).bind("s")'
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ -S s ]
}

@test "--mode, --owner" {
	umask 077
	receives --mode 622 s
	[ "$(stat -c %a s)" = 622 ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	receives --owner "$(id -u):$(id -g)" s
	[ "$(stat -c %a:%u s)" = "700:$(id -u)" ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	refuses "*: an abstract name has neither --mode nor --owner" unix --type dgram -l --mode 600 @x
	[ "$(id -u)" != 0 ] || return 0
	sockit unix --type dgram -l --owner 0 s
	told 1 'sockit unix: unix:s: Operation not permitted (EPERM): --owner'
	gone s
}

### Who is there.

@test "--allow-uid, for each datagram" {
	linux
	receives -v -c 1 --allow-uid "$(id -u)" s
	sends 0 s < <(printf mine)
	printed 0 mine
	receives -v --allow-uid 54321 s
	sends 0 s < <(printf not)
	eventually grep -q "uid $(id -u), .*not allowed" err
	kill "$LISTENER"
	printed 143 ''
	[ "$(id -u)" = 0 ] || return 0
	chmod 711 .
	receives -c 1 --mode 666 --allow-uid 54321 s
	sends 0 s < <(printf not)
	python3 -S -c 'import os, socket; os.setuid(54321); socket.socket(1, 2).sendto(b"theirs", "s")'
	printed 0 theirs
	silent
}

@test "who sends is told, and nobody can forge it" {
	linux
	receives -c 2 --json s
	sends 0 -s me s < <(printf one)
	datagrams s text:two
	ended 0 "$LISTENER"
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out datagram
	[ "$(grep -c "\"uid\":$(id -u),\"gid\":$(id -g)" out)" = 2 ]
	grep -q "\"address\":\"$PWD/me\"" out
	grep -q '"to":{"family":"unix","address":"s"}' out
	receives -c 1 -vv s
	sends 0 -s me s < <(printf one)
	ended 0 "$LISTENER"
	grep -q "received 3 bytes from unix:$PWD/me (pid [0-9]*, uid $(id -u), gid $(id -g)) on unix:s" err
	receives -c 1 -vv s
	datagrams s text:two
	ended 0 "$LISTENER"
	grep -q "received 3 bytes from unix: (pid [0-9]*, uid $(id -u), gid $(id -g)) on unix:s" err
}

@test "--from and --timestamp; a name cannot forge a line" {
	receives -c 2 --from --frame line s
	sends 0 -s me s < <(printf one)
	datagrams s $'bind:unix:a\nb' text:two
	printed 0 "unix:$PWD/me: one
unix:a\\nb: two"
	receives -c 1 --timestamp --frame line s
	datagrams s text:two
	ended 0 "$LISTENER"
	[[ $(<out) =~ ^2[0-9]{3}-[0-9-]{5}T[0-9:.]+Z\ two$ ]]
}

### Answers.

# bats test_tags=valgrind
@test "--echo, to those that have a name" {
	receives --echo -v s
	sends 0 --frame line --replies 3 -w 10 s < <(printf 'a\n\nb\n') >got
	printf 'a\n\nb\n' | cmp - got
	datagrams s bind:unix:c text:hi print:1 >got
	[ "$(<got)" = 's hi' ]
	# Who has no name, and who is gone, cost nothing.
	datagrams s text:hi
	datagrams s bind:unix:gone text:hi
	sends 0 --replies 1 -w 10 s < <(printf x) >got
	[ "$(<got)" = x ]
	kill "$LISTENER"
	printed 143 ''
	grep -q 'has no name: it cannot be answered' err
}

@test "-e and -- for each datagram, with its environment" {
	receives s -- sh -c 'tr a-z A-Z; echo " $PROTO $UNIXLOCALPATH $UNIXREMOTEPATH"'
	sends 0 -s me --replies 1 -w 10 s < <(printf hello) >got
	[ "$(<got)" = "HELLO UNIX s $PWD/me" ]
	kill "$LISTENER"
	printed 143 ''
	receives -e 'cat >got2; echo "${TCPREMOTEIP-none} ${UDPREMOTEIP-none}"; exit 3' -c 1 s
	TCPREMOTEIP=1 sends 0 --replies 1 -w 10 s < <(printf hello) >got
	[ "$(<got)" = 'none none' ]
	[ "$(<got2)" = hello ]
	ended 3 "$LISTENER"
	linux
	receives -e 'echo "$UNIXREMOTEPID $UNIXREMOTEEUID $UNIXREMOTEEGID"' s
	spawn "$SOCKIT" unix --type dgram --replies 1 -w 10 s < <(printf hello) >got
	ended 0 "$PID"
	[ "$(<got)" = "$PID $(id -u) $(id -g)" ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "--reply: stdin goes to the latest, or the first" {
	mkfifo in
	exec 7<>in
	rm -f out err
	fifo=notify
	mkfifo $fifo
	"$SOCKIT" unix --type dgram -l --reply first --frame line --notify-fd 9 s <&7 >out 2>err 9>$fifo 3>&- &
	started
	LISTENER=$PID
	read -r _ <$fifo
	mkfifo gate
	spawn "${FOREIGN[@]}" type:dgram to:unix:s bind:unix:a text:one print:1 >got
	eventually grep -q one out
	datagrams s bind:unix:b text:two
	echo answer >&7
	ended 0 "$PID"
	[ "$(<got)" = 's answer' ]
	kill "$LISTENER"
	printed 143 one
}

@test "who takes no answer does not stop the others for ever" {
	receives --echo --stall 200ms s
	mkfifo gate
	spawn "${FOREIGN[@]}" type:dgram to:unix:s bind:unix:deaf many:700,10 gate:gate
	exec 7>gate
	eventually grep -q 'unix:deaf: .*EAGAIN' err
	sends 0 --replies 1 -w 10 s < <(printf x) >got 7>&-
	[ "$(<got)" = x ]
	exec 7>&-
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

### What is lost, and what is not.

@test "a full queue holds the sender up, and nothing is lost" {
	mkfifo gate
	datagrams_at s gate:gate numbered:5000,1000
	local receiver=$PID
	exec 7>gate
	python3 -S - >in <<-'END'
		import sys
		pattern = bytes(range(251)) * 4096
		for i in range(5000):
		    sys.stdout.buffer.write((b'%05d' % i + pattern)[:1000])
	END
	spawn "$SOCKIT" unix --type dgram --frame size=1000 s <in 2>err 7>&-
	local sender=$PID
	pause 0.3
	runs "$sender"
	# It waits, rather than to ask again and again.
	local ticks
	read -r -a ticks <"/proc/$sender/stat"
	[ $((ticks[13] + ticks[14])) -lt 15 ]
	exec 7>&-
	ended 0 "$sender"
	silent
	ended 0 "$receiver"
}

@test "between two of ours, a slow stdout: nothing is lost" {
	lengths $(seq 1 3000) >in
	mkfifo slow
	"$SOCKIT" unix --type dgram -l --frame len32 -c 3000 --notify-fd 9 s </dev/null >slow 2>err 9>n 3>&- &
	started
	LISTENER=$PID
	(pause 0.3; exec cat) <slow >got 3>&- &
	started
	eventually [ -S s ]
	sends 0 --frame len32 s <in
	ended 0 "$LISTENER"
	ended 0 "$PID"
	same in got
}

@test "a receiver that is not there, or goes away" {
	sockit unix --type dgram s
	told 1 'sockit unix: unix:s: No such file or directory (ENOENT)'
	python3 -S -c 'import socket; socket.socket(1, 2).bind("stale")'
	sockit unix --type dgram stale
	told 1 'sockit unix: unix:stale: Connection refused (ECONNREFUSED)*'
	python3 -S -c 'import socket; s = socket.socket(1, 1); s.bind("stream"); s.listen(); input()' < <(read -rt 5 <> <(:)) 3>&- &
	started
	eventually [ -S stream ]
	sockit unix --type dgram stream
	told 1 'sockit unix: unix:stream: Protocol wrong type for socket (EPROTOTYPE)*'
	mkfifo in
	exec 7<>in
	receives -c 1 t
	spawn "$SOCKIT" unix --type dgram --frame line t <&7 2>err2
	echo one >&7
	printed 0 one
	echo two >&7
	ended 1 "$PID"
	says '^sockit unix: unix:t: Connection refused \(ECONNREFUSED\): nobody has this socket any more$' err2
}

@test "a datagram that is too large: the limit is named, and nothing of it goes" {
	receives --frame line s
	head -c 300000 /dev/zero | tr '\0' a >big
	sends 1 --frame line s < <(echo small; cat big) 2>err2
	says '^sockit unix: stdin: a datagram of [0-9]+ bytes or more is more than one carries \([0-9]+\)$' err2
	sends 1 --frame all s <big 2>err2
	says '\([0-9]+\)$' err2
	sends 1 --frame size=300000 s <big 2>err2
	says 'a datagram of 300000 bytes is more than one carries \([0-9]+\)$' err2
	kill "$LISTENER"
	printed 143 small
	silent
}

@test "--size cuts, which is counted; a limit of ours is no success" {
	receives -c 2 --size 4 --frame line s
	datagrams s text:abcdef text:abcd
	printed 0 $'abcd\nabcd'
	says '^sockit unix: 1 datagram cut to 4 bytes \(--size\)$'
	receives -c 1 --strict --size 4 --frame line s
	datagrams s text:abcdef
	printed 1 abcd
}

### The rest.

@test "--repeat, --interval, --pps, -w, -c, -C, -o, --stats" {
	receives -c 6 --frame line s
	sends 0 --frame line --repeat 3 --interval 10ms s < <(printf 'a\nb\n')
	printed 0 $'a\nb\na\nb\na\nb'
	receives -c 5 -o copy --frame line s
	local start
	start=$(milliseconds)
	sends 0 --pps 20 --frame line --stats s < <(printf '1\n2\n3\n4\n5\n') 2>err2
	[ $(($(milliseconds) - start)) -ge 180 ]
	printed 0 $'1\n2\n3\n4\n5'
	[ "$(<copy)" = 12345 ]
	says '^sockit unix: sent 5 datagrams, 5 bytes, received 0 datagrams' err2
	receives -c 1 s
	sends 0 -C s < <(printf 'a\nb\r\n')
	ended 0 "$LISTENER"
	printf 'a\r\nb\r\n' | cmp - out
	receives -c 2 -w 0.6 s
	sends 4 -w 0.1 s < <(printf a) 2>err2
	says '^sockit unix: no reply within 100 ms' err2
	printed 4 a
}

@test "--json of both sides" {
	receives -c 1 --json -vv s
	sends 0 --json -vv --frame line s < <(printf 'hello\n') 2>err2
	ended 0 "$LISTENER"
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out datagram
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err2
	receives --json -v --echo s
	datagrams s text:x
	sends 1 --json nothing </dev/null 2>err2
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err2
	sends 0 --replies 1 -w 10 s < <(printf x) >got
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -q '"event":"unanswered"' err
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err
}

@test "what makes no sense is refused, both named" {
	local word
	for word in '--retry 1' -d --send-only '-q 1' '--linger 1' '--read-bytes 1' --no-shutdown \
		--close-on-peer-eof '--delay 1' -t --raw '--buffer 1k' '--kill-after 1' '--send-fd 0' --recv-fd; do
		# shellcheck disable=SC2086 # words
		refuses '--* and --type dgram exclude each other' unix --type dgram $word s
	done
	for word in -k '--accept 1' --discard --broker --chat '--backlog 1'; do
		# shellcheck disable=SC2086 # words
		refuses '--* and --type dgram exclude each other' unix -l --type dgram $word s
	done
	for word in '-c 1' --from --timestamp --strict '--reply first' '--jobs 1' '-e true'; do
		# shellcheck disable=SC2086 # words
		refuses '--* needs --listen with --type dgram' unix --type dgram $word s
		[ "$word" = '-e true' ] || {
			# shellcheck disable=SC2086 # words
			refuses '--* needs --type dgram' unix -l $word s
		}
	done
	for word in '--replies 1' '--repeat 2' '--pps 1' '-s me'; do
		# shellcheck disable=SC2086 # words
		refuses '--* and --listen exclude each other' unix -l --type dgram $word s
		# shellcheck disable=SC2086 # words
		refuses '--* needs --type dgram' unix --type seqpacket $word s
	done
	for word in --echo '--mode 600' '--owner 0' '--allow-uid 0' '--notify-fd 9'; do
		# shellcheck disable=SC2086 # words
		[ "$(platform) $word" = 'portable --allow-uid 0' ] ||
			refuses '--* needs --listen' unix --type dgram $word s
	done
	refuses "'-- true' needs --listen with --type dgram" unix --type dgram s -- true
	refuses '--echo and --from exclude each other' unix -l --type dgram --echo --from --frame line s
	refuses '--execute and --reply exclude each other' unix -l --type dgram -e true --reply first s
	refuses '--forward and --from exclude each other' unix -l --type dgram --forward unix:x --from s
	refuses '--forward and --count exclude each other' unix -l --type dgram --forward unix:x -c 1 s
	refuses '--forward and --size exclude each other*' unix -l --type dgram --forward unix:x --size 1 s
	refuses "--forward: datagrams go to one place, not to 'unix:y' too" \
		unix -l --type dgram --forward unix:x --forward unix:y s
	refuses '--max-conns needs --forward with --type dgram' unix -l --type dgram -m 1 s
	refuses '--forward needs --listen with --type dgram' unix --type dgram --forward unix:x s
	refuses '--from needs --frame line' unix -l --type dgram --from --frame nul s
	refuses '--interval needs --retry or --repeat' unix --type dgram --interval 1 s
	refuses '--jobs needs a command*' unix -l --type dgram --jobs 1 s
	refuses 'an operand is missing*' unix --type dgram
	refuses 'an operand is missing*' unix --type dgram -l
	refuses '*' unix --type dgram -s @ s
	gone s
}
