#!/usr/bin/env bats
# UNIX sockets that keep boundaries: sockit unix --type seqpacket.
# shellcheck disable=SC2012,SC2018,SC2019 # all names and letters are ours

load helpers/common
load helpers/words

setup_file() {
	random_file "$BATS_FILE_TMPDIR/a" 3000000
}

A() { echo "$BATS_FILE_TMPDIR/a"; }

# unix_listens [ARG...]: sockit unix --listen for packets.
unix_listens() {
	served_by "$SOCKIT" unix --type seqpacket --listen --notify-fd 9 "$@"
}

# packets STATUS [ARG...]: a client of ours, with that exit status.
packets() {
	exits "$1" "$SOCKIT" unix --type seqpacket "${@:2}"
}

# frames WORD...: frames.py.
frames() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/frames.py" "$@"
}

# Every packet that crosses has the same boundaries; an empty one is one, at the end too.
# bats test_tags=valgrind
@test "len16, len32, line, nul: what goes in comes out, empty packets too" {
	local mode sizes='0 1 2 0 0 1000 60000 0 65535 3 0'
	for mode in len16 len32 line nul; do
		# shellcheck disable=SC2086 # words
		frames make $mode in $sizes
		unix_listens --frame $mode s <in >out 2>err
		[ "$NOTIFIED" = 'unix s' ]
		packets 0 --frame $mode s <in >got 2>err2
		ended 0 "$LISTENER"
		same out in
		same got in
		silent
		silent err2
		[ ! -e s ]
	done
}

@test "a foreign client, a foreign server" {
	frames make len32 in 5 0 70000 0 1 200000 0
	unix_listens --frame len32 s <in >out 2>err
	foreign type:seqpacket connect:unix:s save:- exchange:in >got
	ended 0 "$LISTENER"
	same out in
	same got in
	silent
	spawn "${FOREIGN[@]}" type:seqpacket bind:unix:s save:- exchange:in >out
	packets 0 --frame len32 --retry 10s --interval 10ms s <in >got
	ended 0 "$PID"
	same out in
	same got in
}

@test "socat, both ways" {
	needs socat socat
	# It takes an empty packet for the end.
	printf 'one\ntwo\nthree\n' >in
	unix_listens --frame line s <in >out 2>err
	within 20 socat -t 20 -b 70000 - UNIX-CONNECT:s,type=5 < <(printf hello) >got 3>&-
	ended 0 "$LISTENER"
	[ "$(<got)" = onetwothree ]
	[ "$(<out)" = hello ]
}

@test "read: each read is a packet, of --size at most; payloads one after the other" {
	local size
	for size in 1000 65507 200000; do
		unix_listens --frame len32 s </dev/null >out 2>err
		packets 0 --size $size s <"$(A)"
		ended 0 "$LISTENER"
		frames sizes out | grep -vx "$size" >rest || :
		[ "$(wc -l <rest)" -le 1 ] # the last
		frames strip out | cmp - "$(A)"
	done
	unix_listens s </dev/null >out 2>err
	packets 0 s <"$(A)"
	ended 0 "$LISTENER"
	same out "$(A)"
	# What comes at different times are different packets, at once.
	unix_listens --frame len16 s </dev/null >out 2>err
	mkfifo in
	exec 7<>in
	spawn "$SOCKIT" unix --type seqpacket s <in 7>&-
	printf a >&7
	eventually [ -s out ]
	printf bc >&7
	exec 7>&-
	ended 0 "$PID"
	ended 0 "$LISTENER"
	[ "$(frames sizes out | tr '\n' ' ')" = '1 2 ' ]
}

@test "size=N, all, and ends that are none" {
	unix_listens --frame len32 s </dev/null >out 2>err
	packets 0 --frame size=1000 s < <(head -c 2500 "$(A)")
	ended 0 "$LISTENER"
	[ "$(frames sizes out | tr '\n' ' ')" = '1000 1000 500 ' ]
	local n
	for n in 0 1 200000; do
		unix_listens --frame len32 s </dev/null >out 2>err
		packets 0 --frame all s < <(head -c $n "$(A)")
		ended 0 "$LISTENER"
		[ "$(frames sizes out)" = $n ]
	done
	# A last line without its end is a packet; an empty one is none.
	unix_listens --frame len16 s </dev/null >out 2>err
	packets 0 --frame line s < <(printf 'a\n\nbc')
	ended 0 "$LISTENER"
	[ "$(frames sizes out | tr '\n' ' ')" = '1 0 2 ' ]
	# Nothing at all.
	unix_listens --frame len16 s </dev/null >out 2>err
	packets 0 --frame line s </dev/null
	ended 0 "$LISTENER"
	silent out
}

@test "too large: 1, with the limit, and nothing of it; what came before is there" {
	local most
	most=$(frames most)
	unix_listens --frame len32 s </dev/null >out 2>err
	packets 0 --frame all s < <(head -c "$most" "$(A)")
	ended 0 "$LISTENER"
	[ "$(frames sizes out)" = "$most" ]
	unix_listens --frame len32 s </dev/null >out 2>err
	packets 1 --frame all s < <(head -c $((most + 1)) "$(A)") 2>err2
	says "^sockit unix: stdin: Message too [a-z]* \\(EMSGSIZE\\): a packet has at most $most bytes" err2
	ended 0 "$LISTENER"
	silent out
	unix_listens --frame len32 s </dev/null >out 2>err
	packets 1 --frame line s < <(echo first; head -c 1000000 "$(A)" | tr -d '\n'; echo; echo last) 2>err2
	says "EMSGSIZE.* at most $most bytes" err2
	ended 0 "$LISTENER"
	[ "$(frames sizes out)" = 5 ]
	packets 1 --size 1G --frame size=1G s 2>err2 </dev/null
	# A larger send buffer takes more.
	unix_listens --frame len32 s </dev/null >out 2>err
	packets 0 --sndbuf $((most / 2 + 20000)) --frame all s < <(head -c $((most + 10000)) "$(A)")
	ended 0 "$LISTENER"
	[ "$(frames sizes out)" = $((most + 10000)) ]
	# Of a listener, to one and to all.
	local keep
	for keep in '' -k; do
		unix_listens $keep --frame all s < <(head -c $((most + 1)) "$(A)") >out 2>err
		packets 0 s </dev/null >got
		[ ! "$keep" ] || kill "$LISTENER"
		status_of "$LISTENER"
		[ "$STATUS" = "$([ "$keep" ] && echo 143 || echo 1)" ]
		says "EMSGSIZE.* at most $most bytes"
		silent got
	done
}

@test "a stream that ends within a packet, or a packet too large for its mark: 1" {
	local cut
	for cut in '\0' '\0\3ab'; do
		unix_listens --frame len16 s </dev/null >out 2>err
		# shellcheck disable=SC2059
		packets 1 --frame len16 s < <(printf "\\0\\1x$cut") 2>err2
		says '^sockit unix: stdin: it ends within a packet \(EBADMSG\)$' err2
		ended 0 "$LISTENER"
		[ "$(frames sizes out)" = 1 ]
	done
	unix_listens --frame len16 s </dev/null >out 2>err
	packets 0 --frame size=70000 s < <(head -c 70000 "$(A)") || :
	ended 1 "$LISTENER"
	says '^sockit unix: stdout: Message too [a-z]* \(EMSGSIZE\)'
	silent out
}

@test "--echo keeps packets, also through a slow reader" {
	frames make len32 in 0 1 0 60000 60000 60000 0 60000 60000 60000 60000 5 0
	unix_listens --echo --accept 2 s </dev/null >out 2>err
	packets 0 --frame len32 s <in >got
	same got in
	packets 0 --rate 200k --frame len32 s <in >got
	same got in
	ended 0 "$LISTENER"
	silent
}

@test "--forward: to packets, to a stream, from a stream" {
	frames make len32 in 0 1 0 60000 0 100000 5 0
	# The type of the other side is found out.
	unix_listens --echo -k s </dev/null >out 2>err
	local far=$LISTENER
	unix_listens --forward unix:s --accept 2 s2 </dev/null >out 2>err2
	packets 0 --frame len32 s2 <in >got
	same got in
	packets 0 s2 <"$(A)" >got
	same got "$(A)"
	ended 0 "$LISTENER"
	silent err2
	# From a stream each read becomes a packet.
	served_by "$SOCKIT" unix -l --notify-fd 9 --forward unix:s s2 </dev/null >out 2>err2
	exits 0 "$SOCKIT" unix s2 <"$(A)" >got
	ended 0 "$LISTENER"
	same got "$(A)"
	kill "$far"
	ended 143 "$far"
	# To a stream, which has packets as --frame says.
	served_by "$SOCKIT" unix -l --notify-fd 9 --echo s </dev/null >out 2>err
	far=$LISTENER
	unix_listens --frame len32 --forward unix:s s2 </dev/null >out 2>err2
	packets 0 --frame len32 s2 <in >got
	ended 0 "$LISTENER"
	ended 0 "$far"
	same got in
	# To a TCP port.
	served_by "$SOCKIT" listen --notify-fd 9 127.0.0.1 0 </dev/null >out 2>err
	far=$LISTENER
	unix_listens --frame line --forward "127.0.0.1:$PORT" s2 </dev/null 2>err2
	packets 0 --frame line s2 < <(printf 'a\n\nb\n')
	ended 0 "$LISTENER"
	ended 0 "$far"
	[ "$(<out)" = "$(printf 'a\n\nb')" ]
}

@test "-k: stdin's packets to all, theirs to stdout whole" {
	mkfifo in
	exec 7<>in
	frames make len32 sent 0 5 60000 0 7
	unix_listens --frame len32 --accept 2 s <in >out 2>err 7>&-
	frames make len32 up 0 30000 1 50000
	local first
	spawn "$SOCKIT" unix --type seqpacket --frame len32 s <up >got1 7>&-
	first=$PID
	spawn "$SOCKIT" unix --type seqpacket --frame len32 s <up >got2 7>&-
	eventually [ ! -e s ]
	cat sent >&7
	exec 7>&-
	ended 0 "$first"
	ended 0 "$PID"
	ended 0 "$LISTENER"
	same got1 sent
	same got2 sent
	[ "$(frames sizes out | sort -n | tr '\n' ' ')" = '0 0 1 1 30000 30000 50000 50000 ' ]
}

@test "--broker keeps packets; --chat has a line for each" {
	mkfifo in
	exec 7<>in
	unix_listens -v --broker --accept 2 s </dev/null >out 2>err 7>&-
	frames make len32 sent 0 5 60000 0 100000 7 0
	spawn "$SOCKIT" unix --type seqpacket --frame len32 s <in >got 7>&-
	eventually grep -q ' accepted ' err
	packets 0 --frame len32 s <sent >got2 7>&-  &
	PIDS+=("$!")
	eventually same got sent
	exec 7>&-
	ended 0 "$PID"
	ended 0 "$LISTENER"
	exec 7<>in
	unix_listens -v --chat --accept 2 s </dev/null >out 2>err 7>&-
	spawn "$SOCKIT" unix --type seqpacket --frame line s <in >got 7>&-
	eventually grep -q ' accepted ' err
	packets 0 --frame line s < <(printf 'hello\nyou\x1b\n') >got2 7>&- &
	PIDS+=("$!")
	eventually grep -q you got
	exec 7>&-
	ended 0 "$PID"
	ended 0 "$LISTENER"
	[ "$(grep -v '^$' got)" = "$(printf '<2> hello\n<2> you\\x1b')" ]
}

@test "a command has the socket itself, or a relay with frames" {
	unix_listens s </dev/null 2>err -- python3 -S -c '
import os, socket
s = socket.socket(fileno=0)
os.write(1, b"%d %d %d" % tuple(len(s.recv(100)) for _ in range(3)))'
	packets 0 --frame line s < <(printf 'a\nbc\ndef\n') >got
	ended 0 "$LISTENER"
	[ "$(<got)" = '1 2 3' ]
	unix_listens -o copy --frame line s </dev/null 2>err -- tr a-z A-Z
	packets 0 --frame line s < <(printf 'a\nbc\n\ndef\n') >got
	ended 0 "$LISTENER"
	[ "$(<got)" = "$(printf 'A\nBC\n\nDEF')" ]
	[ "$(tr -d '\n' <copy | tr a-z A-Z)" = ABCDEFABCDEF ]
}

@test "-C, -o, -x, --delay, --rate, --read-bytes, --stats, -q" {
	unix_listens --frame len16 s </dev/null >out 2>err
	packets 0 -C --frame size=4 s < <(printf 'a\nb\nc\r\nd')
	ended 0 "$LISTENER"
	[ "$(frames sizes out | tr '\n' ' ')" = '6 4 ' ]
	[ "$(frames strip out)" = "$(printf 'a\r\nb\r\nc\r\nd')" ]
	unix_listens -o copy -x dump --frame len16 s </dev/null >out 2>err
	packets 0 -o copy2 --frame line s < <(printf 'hello\nworld\n')
	ended 0 "$LISTENER"
	[ "$(<copy)" = helloworld ]
	[ "$(<copy2)" = helloworld ]
	[ "$(grep -c '^< .* 5 bytes$' dump)" = 2 ]
	local start
	unix_listens --frame len16 s </dev/null >out 2>err
	start=$(milliseconds)
	packets 0 --delay 100ms --frame line s < <(printf 'a\n\nb\n')
	ended 0 "$LISTENER"
	[ $(($(milliseconds) - start)) -ge 200 ]
	[ "$(frames sizes out | tr '\n' ' ')" = '1 0 1 ' ]
	unix_listens --stats --read-bytes 10 s </dev/null >out 2>err
	packets 0 --frame size=7 s < <(head -c 14 "$(A)")
	ended 0 "$LISTENER"
	[ "$(wc -c <out)" = 14 ]
	says '^sockit unix: sent 0 bytes, received 14 bytes in '
	refuses '--telnet is for streams*' unix --type seqpacket -t s
	refuses '--raw is for streams*' unix --type seqpacket --raw s
	refuses "--frame: 'size=0'*" unix --type seqpacket --frame size=0 s
	refuses '--type*' unix --type dgrams s
}

@test "a peer that is killed: not 0" {
	unix_listens -i 10s --frame size=1000 s <"$(A)" >out 2>err
	foreign type:seqpacket connect:unix:s skip:5
	ended 1 "$LISTENER"
	says '\((ECONNRESET|EPIPE)\)'
}

@test "descriptors that come along are closed; --send-fd with the first packet" {
	echo contents >file
	unix_listens --recv-fd s </dev/null 2>err -e 'cat; cat <&3'
	printf hello | packets 0 --send-fd 5 s 5<file >got
	ended 0 "$LISTENER"
	[ "$(<got)" = hellocontents ]
	[ -d /proc/self/fd ] || return 0
	mkfifo go
	exec 7<>go
	unix_listens --frame len16 s <go >out 2>err 7>&-
	foreign type:seqpacket connect:unix:s flood:50,file
	eventually sizes_are 50
	[ "$(ls "/proc/$LISTENER/fd" | wc -l)" -lt 20 ]
	exec 7>&-
	ended 0 "$LISTENER"
}
sizes_are() {
	[ "$(frames sizes out | wc -l)" = "$1" ]
}

@test "a peer that closes with something unread: what it had sent before is there, and then 1" {
	local type
	for type in stream seqpacket; do
		rm -f s
		counterpart type:$type bind:unix:s text:'one\n' text:'two\n' text:'three\n' lose
		echo hello | exits 1 "$SOCKIT" unix --retry 10s --interval 10ms --type $type s >got 2>err
		[ "$(<got)" = "$(printf 'one\ntwo\nthree')" ]
		says '^sockit unix: unix:s: .*Connection reset by peer \(ECONNRESET\)$'
		# Through a relay, and as the input of a command.
		rm -f s
		counterpart type:$type bind:unix:s text:'one\n' text:'two\n' text:'three\n' lose
		eventually [ -S s ]
		served_by "$SOCKIT" unix --type $type --listen --notify-fd 9 --forward unix:s t 2>err </dev/null
		echo hello | exits 0 "$SOCKIT" unix --type $type t >got
		[ "$(<got)" = "$(printf 'one\ntwo\nthree')" ]
		ended 1 "$LISTENER"
	done
}
