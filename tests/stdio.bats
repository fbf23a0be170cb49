#!/usr/bin/env bats
# What stdin, stdout and stderr may be, and that they keep the flags with which they came.

load helpers/common
load helpers/files

setup_file() {
	random_files 2097152
}

### Kinds, both ways at once.

# both_ways KIND KIND [VERB]...: the kinds of stdin and stdout, VERBs before stdin's end.
both_ways() {
	counterpart exchange:"$(B)" report
	exits 0 "$PARENT" 0="$1" 1="$2" feed:"$(A)" "${@:3}" shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

# bats test_tags=valgrind
@test "regular files" {
	counterpart exchange:"$(B)" report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "pipes" {
	both_ways pipe pipe
}

@test "FIFOs" {
	mkfifo in out.fifo
	counterpart exchange:"$(B)" report
	cat "$(A)" >in 3>&- &
	started
	cat out.fifo >out 3>&- &
	started
	local reader=$PID
	"$SOCKIT" connect 127.0.0.1 "$PORT" <in >out.fifo 2>err 3>&- &
	started
	ended 0 "$PID"
	ended 0 "$reader"
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "UNIX stream sockets" {
	both_ways unix unix
}

@test "TCP sockets" {
	both_ways tcp tcp
}

@test "one UNIX socket for both" {
	both_ways unix same
}

@test "one TCP socket for both" {
	both_ways tcp same
}

# As inetd, a shell, or whoever else has the connection open too.
@test "one socket for both: the peer's end is passed on by shutdown, with -d too" {
	local kind option
	while read -r kind option; do
		rm -f go
		mkfifo go
		counterpart line:bye shutdown gate:go readall report
		within 20 python3 - "$kind" "$SOCKIT" connect ${option:+"$option"} 127.0.0.1 "$PORT" <<-'END' 2>err
			import socket, subprocess, sys
			if sys.argv[1] == 'unix':
			    mine, theirs = socket.socketpair()
			else:
			    server = socket.create_server(('127.0.0.1', 0))
			    mine = socket.create_connection(server.getsockname())
			    theirs = server.accept()[0]
			child = subprocess.Popen(sys.argv[2:], stdin=theirs, stdout=theirs)
			mine.settimeout(5)
			try:
			    assert mine.recv(100) == b'bye\n'
			    assert mine.recv(100) == b''
			    if '-d' not in sys.argv:
			        assert child.poll() is None
			        mine.sendall(b'still there\n')
			    open('go', 'w').close()
			    mine.shutdown(socket.SHUT_WR)
			    sys.exit(child.wait(10))
			finally:
			    child.kill()
		END
		silent
		: >expected
		[ "$option" ] || echo still there >expected
		counterpart_ended expected
	done <<-'END'
		unix
		tcp
		unix -d
		tcp -d
	END
}

# page: a server in the background that answers a request of HTTP/1.0 by the end of its stream, and then
# reads on: $PORT.
page() {
	counterpart read:18 "text:HTTP/1.0 200 OK\r\n\r\nhello\n" shutdown readall report
}

@test "under tcpserver the peer's end is passed on" {
	needs tcpserver ucspi-tcp
	needs curl curl
	local server
	page
	server=$PEER
	peer_by tcpserver -1 -H -R -l0 127.0.0.1 0 "$SOCKIT" connect 127.0.0.1 "$PORT"
	exits 0 curl -sS -m 10 --http1.0 "http://127.0.0.1:$PORT/" >out 2>err
	silent
	[ "$(<out)" = hello ]
	ended 0 "$server"
}

@test "through a chain of listen -- sockit connect each end is passed on, and each byte" {
	local server middle
	counterpart "exchange:$(B)" report
	server=$PEER
	serve 127.0.0.1 0 -- "$SOCKIT" connect 127.0.0.1 "$PORT" 2>err
	middle=$LISTENER
	serve 127.0.0.1 0 -- "$SOCKIT" connect 127.0.0.1 "$PORT" 2>err.2
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >back 2>err.3
	silent err.3
	same back "$(B)"
	ended 0 "$LISTENER"
	ended 0 "$middle"
	PEER=$server
	counterpart_ended "$(A)"
}

@test "a mix of kinds" {
	both_ways unix pipe
	both_ways pipe unix
	rm out
	counterpart exchange:"$(B)" report
	exits 0 "$PARENT" 0=unix 1=file:out feed:"$(A)" shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "a slow reader behind a small pipe" {
	both_ways pipe+small pipe+small+late pause:0.2 drain
}

@test "a slow reader behind a small socket" {
	both_ways unix+small unix+small+late pause:0.2 drain
}

@test "stdin that came non-blocking" {
	both_ways pipe+nonblock pipe
	both_ways unix+nonblock pipe
}

@test "stdin that came non-blocking and has nothing at first" {
	counterpart line:hello readall report
	exits 0 "$PARENT" 0=pipe+nonblock 1=pipe+nonblock until:hello pause:0.2 alive line:late shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	echo late >expected
	counterpart_ended expected
}

@test "stdout that came non-blocking, and a slow reader" {
	both_ways pipe pipe+nonblock+small+late pause:0.2 drain
	both_ways unix unix+nonblock+small+late pause:0.2 drain
}

@test "a terminal as stdout, and a slow reader" {
	both_ways pipe tty+late pause:0.2 drain
	both_ways pipe tty+nonblock+late pause:0.2 drain
}

### stdin.

@test "stdin: a regular file from where it stands, up to its end" {
	{ echo first && cat "$(SMALL)"; } >in
	counterpart readall report
	exec 5<in
	read -r line <&5
	[ "$line" = first ]
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <&5 >out 2>err
	silent
	[ -z "$(cat <&5)" ]
	exec 5<&-
	counterpart_ended "$(SMALL)"
}

@test "stdin: a file whose size says nothing" {
	[ -r /proc/version ] || skip 'no /proc/version'
	counterpart readall report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </proc/version >out 2>err
	silent
	counterpart_ended /proc/version
}

@test "stdin: /dev/null" {
	counterpart readall line:bye report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended /dev/null
}

@test "stdin: a directory, 1 with EISDIR" {
	counterpart readall report
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <. >out 2>err
	says '^sockit connect: stdin: .*\(EISDIR\)$'
	silent out
	counterpart_ended /dev/null ECONNRESET
}

@test "stdin: a file opened for writing only, 1 with EBADF" {
	counterpart readall report
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" 0>in >out 2>err
	says '^sockit connect: stdin: .*\(EBADF\)$'
	silent out
	counterpart_ended /dev/null ECONNRESET
}

@test "stdin: the writing end of a pipe, 1 with EBADF" {
	mkfifo pipe
	counterpart readall report
	exec 5<>pipe
	exits 1 "$SOCKIT" connect --timeout 2 127.0.0.1 "$PORT" 0>pipe >out 2>err
	exec 5<&-
	says '^sockit connect: stdin: .*\(EBADF\)$'
	silent out
	counterpart_ended /dev/null ECONNRESET
}

### stdout.

@test "stdout: appended to" {
	echo before >out
	for _ in 1 2; do
		counterpart file:"$(SMALL)" shutdown readall
		exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >>out 2>err
		silent
		counterpart_ended
	done
	{ echo before && cat "$(SMALL)" "$(SMALL)"; } >expected
	same out expected
}

@test "stdout: a file from where it stands, shared with others" {
	counterpart file:"$(SMALL)" shutdown readall
	{
		echo before
		"$SOCKIT" connect --timeout 10 127.0.0.1 "$PORT" </dev/null 2>err 3>&-
		echo after
	} >out
	silent
	{ echo before && cat "$(SMALL)" && echo after; } >expected
	same out expected
	counterpart_ended
}

@test "stdout: /dev/null takes all" {
	counterpart exchange:"$(B)" report
	exits 0 "$SOCKIT" connect --stats 127.0.0.1 "$PORT" <"$(A)" >/dev/null 2>err
	says '^sockit connect: sent 2097152 bytes, received 2097152 bytes in '
	counterpart_ended "$(A)"
}

@test "stdout: /dev/full, 1 with ENOSPC" {
	counterpart line:hello readall
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" >/dev/full 2>err
	says '^sockit connect: stdout: .*\(ENOSPC\)$'
	counterpart_ended
}

@test "stdout: /dev/full is no error where nothing is written" {
	counterpart readall report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" >/dev/full 2>err
	silent
	counterpart_ended "$(SMALL)"
}

@test "stdout: opened for reading only, 1 with EBADF as soon as something is written" {
	mkfifo pipe
	exec 5<>pipe
	counterpart line:hello readall report 5<&-
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null 1<"$(A)" 2>err
	says '^sockit connect: stdout: .*\(EBADF\)$'
	counterpart_ended /dev/null
	counterpart line:hello readall report 5<&-
	exits 1 "$SOCKIT" connect --timeout 2 127.0.0.1 "$PORT" </dev/null 1<pipe 2>err
	says '^sockit connect: stdout: .*\(EBADF\)$'
	counterpart_ended /dev/null
}

### stderr.

@test "stderr: nobody reads it, and that changes nothing" {
	counterpart line:hello exchange:"$(B)" report
	exits 0 "$PARENT" 0=pipe 1=pipe until:hello feed:"$(A)" kill:USR1 pause:0.05 kill:USR1 shutdown \
		-- sh -c 'exec "$@" 2>&9 9>&-' sh "$SOCKIT" connect -vv --stats 127.0.0.1 "$PORT" \
		>out 2>err 9> >(:)
	silent
	{ echo hello && cat "$(B)"; } >expected
	same out expected
	counterpart_ended "$(A)"
}

@test "stderr: /dev/full changes nothing" {
	counterpart exchange:"$(B)" report
	exits 0 "$SOCKIT" connect -vv --stats 127.0.0.1 "$PORT" <"$(A)" >out 2>/dev/full
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "stderr: the same pipe as stdout" {
	{ cat "$(SMALL)" && echo; } >data
	counterpart file:data shutdown readall report
	exits 0 "$PARENT" 0=pipe 1=pipe 2=same shutdown -- \
		"$SOCKIT" connect --stats 127.0.0.1 "$PORT" >out 2>err
	silent
	tail -n 1 out >last
	says '^sockit connect: sent 0 bytes, received 131073 bytes in ' last
	cat data last >expected
	same out expected
	counterpart_ended /dev/null
}

### Closed descriptors.

# closing FD...: the word that makes sh run its arguments with these closed.
closing() {
	# shellcheck disable=SC2016
	printf '%s' 'exec "$@"'
	printf ' %s>&-' "$@"
}

# no_socket_in_place PID: none of its standard descriptors has become a socket.
no_socket_in_place() {
	local fd
	for fd in 0 1 2; do
		[[ $(readlink "/proc/$1/fd/$fd") != socket:* ]] || return
	done
}

combinations=('0' '1' '2' '0 1' '0 2' '1 2' '0 1 2')

@test "closed descriptors: nothing hangs, no socket takes their place" {
	local fds
	for fds in "${combinations[@]}"; do
		rm -f go
		mkfifo go
		counterpart readall say:connected gate:go
		# shellcheck disable=SC2086
		spawn sh -c "$(closing $fds)" sh "$SOCKIT" connect --timeout 10 127.0.0.1 "$PORT" </dev/null >out 2>err
		eventually grep -q connected peer.out
		no_socket_in_place "$PID"
		: >go
		ended 0 "$PID"
		silent
		counterpart_ended
	done
}

@test "closed descriptors: of a listener too" {
	local fds
	for fds in "${combinations[@]}"; do
		rm -f go
		mkfifo go
		# shellcheck disable=SC2086
		served_by sh -c "$(closing $fds)" sh "$SOCKIT" listen --timeout 10 --notify-fd 9 \
			127.0.0.1 0 </dev/null >out 2>err
		counterpart connect:"$PORT" say:connected gate:go
		eventually grep -q connected peer.out
		no_socket_in_place "$LISTENER"
		: >go
		ended 0 "$LISTENER"
		counterpart_ended
	done
}

@test "closed stdout: 1 with EBADF as soon as something is written" {
	local fds
	for fds in '1' '0 1' '1 2' '0 1 2'; do
		: >err
		counterpart line:hello readall report
		# shellcheck disable=SC2086
		spawn sh -c "$(closing $fds)" sh "$SOCKIT" connect --timeout 10 127.0.0.1 "$PORT" </dev/null >out 2>err
		ended 1 "$PID"
		if [[ $fds == *2* ]]; then
			silent
		else
			says '^sockit connect: stdout: .*\(EBADF\)$'
		fi
		counterpart_ended /dev/null
	done
}

@test "closed stdin and stderr: data goes where it can" {
	local fds
	for fds in '0' '2' '0 2'; do
		counterpart exchange:"$(B)" report
		# shellcheck disable=SC2086
		spawn sh -c "$(closing $fds)" sh "$SOCKIT" connect -v --timeout 10 127.0.0.1 "$PORT" \
			<"$(A)" >out 2>err
		ended 0 "$PID"
		same out "$(B)"
		if [[ $fds == 0* ]]; then
			counterpart_ended /dev/null
		else
			counterpart_ended "$(A)"
		fi
	done
}

### The flags of inherited descriptors, before, during and after. parent.py compares them.

@test "flags: the comparison sees a change" {
	local kind
	for kind in pipe tty unix; do
		exits 99 "$PARENT" 0=$kind -- python3 -c \
			'import os, time; os.set_blocking(0, False); time.sleep(0.1); os.set_blocking(0, True)' \
			2>err
		says 'descriptor 0'
	done
	exits 99 "$PARENT" 0=tty -- python3 -c 'import tty; tty.setraw(0)' 2>err
	says 'descriptor 0'
}

# keeps KIND [KIND]: with stdin of this kind, stdout and stderr of it or of the other, the flags stay
# through a run in which data goes both ways, and after kill -9.
keeps() {
	local to=${2-$1}
	counterpart line:hello exchange:"$(SMALL)" report
	exits 0 "$PARENT" 0="$1" 1="$to" 2="$to" until:hello line:typed pause:0.1 kill:USR1 pause:0.1 \
		feed:"$(SMALL)" shutdown -- "$SOCKIT" connect -v 127.0.0.1 "$PORT" >out 2>err
	counterpart_ended

	rm -f go
	mkfifo go
	counterpart line:hello feed:"$(SMALL)" read:6 gate:go hold
	exits 137 "$PARENT" 0="$1" 1="$to" 2="$to" line:typed go:go pause:0.1 kill:KILL -- \
		"$SOCKIT" connect -v 127.0.0.1 "$PORT" >out 2>err
}

@test "flags: pipes" {
	keeps pipe
	keeps pipe+nonblock
}

@test "flags: UNIX sockets" {
	keeps unix
	keeps unix+nonblock
}

@test "flags: TCP sockets" {
	keeps tcp
	keeps tcp+nonblock
}

@test "flags: small pipes and slow readers" {
	mkfifo there
	counterpart gate:there exchange:"$(B)" report
	exits 0 "$PARENT" 0=pipe+small 1=pipe+small+late 2=pipe+small+late go:there feed:"$(A)" pause:0.2 \
		kill:USR1 drain shutdown -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	same out "$(B)"
	says '^sockit connect: sent [0-9]+ bytes'
	counterpart_ended "$(A)"
}

@test "flags: regular files" {
	local order status play
	for order in eof:0 kill:KILL:137; do
		status=${order##*:} order=${order%:*}
		# Who is to be killed cannot be done before.
		[ "$status" = 0 ] && play=(exchange:"$(B)" report) || play=(feed:"$(B)" readall hold)
		counterpart line:hello "${play[@]}"
		exits "$status" "$PARENT" 0=file:"$(A)" 1=file:out."$status" 2=file:err."$status" \
			"$([ "$status" = 0 ] || echo "$order")" -- "$SOCKIT" connect -v 127.0.0.1 "$PORT" 2>err
		silent
	done
	{ echo hello && cat "$(B)"; } >expected
	same out.0 expected
}

@test "flags: terminals" {
	counterpart line:hello read:6 shutdown readall report
	exits 0 "$PARENT" 0=tty 1=tty 2=tty until:hello line:typed -- \
		"$SOCKIT" connect -v 127.0.0.1 "$PORT" >out 2>err
	silent
	grep -q hello out
	grep -q '^sockit connect: connected to ' out
	echo typed >expected
	counterpart_ended expected

	counterpart line:hello read:6 shutdown readall report
	exits 0 "$PARENT" 0=tty+nonblock 1=tty 2=tty until:hello line:typed shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = hello ]
	counterpart_ended expected

	counterpart line:hello hold
	exits 137 "$PARENT" 0=tty 1=tty 2=tty until:hello line:typed pause:0.1 kill:KILL -- \
		"$SOCKIT" connect -v 127.0.0.1 "$PORT" >out 2>err
	silent
}

@test "flags: a listener's" {
	local kind
	for kind in pipe unix; do
		served_by "$PARENT" 0=$kind 1=$kind 2=file:err.$kind feed:"$(A)" shutdown -- \
			"$SOCKIT" listen --notify-fd 9 127.0.0.1 0 >out 2>err
		counterpart connect:"$PORT" exchange:"$(B)" report
		ended 0 "$LISTENER"
		silent
		says "$LISTENING" err.$kind
		same out "$(B)"
		counterpart_ended "$(A)"
	done
}

### Another user's descriptors: they cannot be opened anew.

# as_other COMMAND...: KIND and verbs as for parent.py, which stays root; sockit runs as nobody.
as_other() {
	[ "$(id -u)" = 0 ] || skip 'only root can become another user'
	needs setpriv util-linux
	# By a descriptor, since its path may be out of the other's reach.
	exits 0 "$PARENT" "$@" -- setpriv --reuid 65534 --regid 65534 --clear-groups \
		/proc/self/fd/9 connect 127.0.0.1 "$PORT" >out 2>err 9<"$SOCKIT"
}

@test "another user's pipes, and a slow reader" {
	counterpart feed:"$(B)" read:2097152 shutdown readall report
	as_other 0=pipe+small 1=pipe+small+late feed:"$(A)" pause:0.3 drain shutdown
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "another user's pipes: a stdout that nobody reads does not hold up what is sent" {
	mkfifo go
	counterpart feed:"$(B)" read:2097152 gate:go shutdown readall report
	as_other 0=pipe 1=pipe+small+late feed:"$(A)" go:go drain shutdown
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "another user's pipes: stdin that has nothing does not hold up what is received" {
	counterpart file:"$(B)" line:last readall report
	as_other 0=pipe 1=pipe+small until:last line:hello shutdown
	silent
	{ cat "$(B)" && echo last; } >expected
	same out expected
	echo hello >typed
	counterpart_ended typed
}

@test "another user's terminal" {
	mkfifo go
	counterpart feed:"$(SMALL)" read:6 gate:go shutdown readall report
	# It is full before anything is typed.
	as_other 0=tty 1=tty+late pause:0.3 line:hello go:go drain
	silent
	same out "$(SMALL)"
	echo hello >typed
	counterpart_ended typed
}
