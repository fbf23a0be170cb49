#!/usr/bin/env bats
# An end is a promise: who sees the end of a stream from sockit has all of it. A run that ends before its
# input has, in whatever way, resets the connection, and what was read has a second to arrive first.


load helpers/common
load helpers/files
load helpers/words

# sends NAME WORD...: sockit with WORDs sends "hello", and then waits for more; $SENDER, NAME.in.
# Signals are as by default, which they are not in the background of a script.
sends() {
	local name=$1
	mkfifo "$name.in"
	{ exec {HOLD}<>"$name.in"; } && echo hello >&"$HOLD"
	env --default-signal=INT "$SOCKIT" "${@:2}" <"$name.in" >/dev/null 2>"$name.sender" 3>&- &
	SENDER=$!
	PIDS+=("$SENDER")
}

# The ways to end a sender before its input: what is done, its exit status, its options.
CAUSES='timeout 4 --timeout=600ms
idle 4 -i100ms
TERM 143
INT 130
HUP 129
KILL 137'

# cut_off RECEIVER ENDED: in each of these ways a sender to a receiver of its own is ended, which the function
# RECEIVER NAME starts ($PORT, $RECEIVER) and of which ENDED NAME PID tells whether it saw a reset.
cut_off() {
	local cause status option receivers=() senders=() names=()
	while read -r cause status option; do
		"$1" "$cause"
		receivers+=("$RECEIVER")
		sends "$cause" connect ${option:+"$option"} 127.0.0.1 "$PORT"
		senders+=("$SENDER")
		names+=("$cause $status")
	done <<<"$CAUSES"
	local i
	for i in "${!names[@]}"; do
		read -r cause status <<<"${names[i]}"
		if [[ $cause = [A-Z]* ]]; then
			eventually has_at_least "$cause.copy" 6
			kill -s "$cause" "${senders[i]}"
		fi
		ended "$status" "${senders[i]}"
		"$2" "$cause" "${receivers[i]}" || { echo "after $cause" && return 1; }
	done
}

### Receivers of all kinds.

to_sockit() {
	serve -d 127.0.0.1 0 >"$1.copy" 2>"$1.err"
	RECEIVER=$LISTENER
}
sockit_saw() {
	ended 1 "$2" && [ "$(<"$1.copy")" = hello ] && grep -q ECONNRESET "$1.err"
}

# bats test_tags=valgrind
@test "sockit's receiver exits 1 after a part, however its sender was ended" {
	cut_off to_sockit sockit_saw
}

to_python() {
	"${FOREIGN[@]}" port save:"$1.copy" read:6 readall report >"$1.out" 3>&- &
	started
	RECEIVER=$PID
	eventually [ -s "$1.out" ]
	read -r PORT <"$1.out"
}
python_saw() {
	ended 0 "$2" && grep -q '^read 6 .* ECONNRESET$' "$1.out"
}

@test "recv(2) fails with ECONNRESET" {
	cut_off to_python python_saw
}

# nc.openbsd takes the error for an end, and exits 0; but it was told.
to_nc() {
	PORT=$(free_port)
	spawn strace -f -qq -e trace=poll -o "$1.trace" \
		nc.openbsd -dlvn 127.0.0.1 "$PORT" >"$1.copy" 2>"$1.err" </dev/null
	RECEIVER=$PID
	eventually grep -q Listening "$1.err"
}
nc_saw() {
	ended 0 "$2" && [ "$(<"$1.copy")" = hello ] && grep -q 'revents=[A-Z|]*POLLERR' "$1.trace"
}

@test "nc.openbsd is told by poll(2)" {
	needs nc.openbsd netcat-openbsd
	needs strace strace
	strace -o /dev/null true || skip 'strace may not trace'
	cut_off to_nc nc_saw
	# As it is not by an end.
	to_nc whole
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <<<hello
	ended 0 "$RECEIVER"
	run ! grep -q POLLERR whole.trace
}

to_ncat() {
	PORT=$(free_port)
	spawn ncat -lvn 127.0.0.1 "$PORT" --recv-only >"$1.copy" 2>"$1.err" </dev/null
	RECEIVER=$PID
	eventually grep -q Listening "$1.err"
}
ncat_saw() {
	ended 1 "$2" && [ "$(<"$1.copy")" = hello ]
}

@test "ncat exits 1" {
	needs ncat ncat
	cut_off to_ncat ncat_saw
	to_ncat whole
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <<<hello
	ended 0 "$RECEIVER"
}

to_socat() {
	PORT=$(free_port)
	spawn socat -d -d -u "TCP-LISTEN:$PORT,bind=127.0.0.1" STDOUT >"$1.copy" 2>"$1.err"
	RECEIVER=$PID
	eventually grep -q 'listening on' "$1.err"
}
# It warns, and exits 0.
socat_saw() {
	ended 0 "$2" && [ "$(<"$1.copy")" = hello ] && grep -q 'Connection reset by peer' "$1.err"
}

@test "socat says it" {
	needs socat socat
	cut_off to_socat socat_saw
	to_socat whole
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <<<hello
	ended 0 "$RECEIVER"
	run ! grep -q 'reset by peer' whole.err
}

### Inputs of all kinds.

@test "a file as stdin" {
	local cause status option
	while read -r cause status option; do
		to_sockit "$cause"
		env --default-signal=INT "$SOCKIT" connect --rate 10k ${option:+"$option"} 127.0.0.1 "$PORT" \
			<"$(SMALL)" >/dev/null 2>sender.err 3>&- &
		started
		eventually has_at_least "$cause.copy" 1
		[ "$cause" = timeout ] || kill -s "$cause" "$PID"
		ended "$status" "$PID"
		ended 1 "$LISTENER"
		grep -q ECONNRESET "$cause.err"
		cmp -n "$(wc -c <"$cause.copy")" "$cause.copy" "$(SMALL)"
	done <<-'END'
		timeout 4 --timeout=300ms
		TERM 143
		INT 130
		KILL 137
	END
}

# ctrl_c INPUT: sockit sends INPUT in a terminal of its own; once the file copy has something, Ctrl-C is typed.
# Prints sockit's status.
ctrl_c() {
	within 20 python3 -S - "$SOCKIT" "$PORT" "$1" <<-'END' 3>&-
		import os, pty, sys, time
		pid, master = pty.fork()
		if pid == 0:
		    fd = os.open(sys.argv[3], os.O_RDWR)
		    os.dup2(fd, 0)
		    os.execv(sys.argv[1], ['sockit', 'connect', '--rate', '10k', '127.0.0.1', sys.argv[2]])
		if sys.argv[3] == '/dev/tty':
		    os.write(master, b'hello\n')
		while not os.path.getsize('copy'):
		    time.sleep(0.01)
		os.write(master, b'\x03')
		print(-os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
}

@test "Ctrl-C at a terminal resets where stdin is a file, and where it is the terminal ends" {
	serve -d 127.0.0.1 0 >copy 2>err
	[ "$(ctrl_c "$(SMALL)")" = 2 ]
	ended 1 "$LISTENER"
	grep -q ECONNRESET err
	serve -d 127.0.0.1 0 >copy 2>err
	[ "$(ctrl_c /dev/tty)" = 2 ]
	ended 0 "$LISTENER"
	[ "$(<copy)" = hello ]
}

@test "a terminal as stdin: the end of a run is an end" {
	local verb
	for verb in kill:TERM kill:KILL; do
		mkfifo go
		counterpart read:6 go:go readall report
		STATUS=0
		"$PARENT" 0=tty line:hello gate:go $verb -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err || STATUS=$?
		[ "$STATUS" -gt 128 ]
		echo hello >expected
		counterpart_ended expected
		rm go
	done
}

@test "a producer that is ended by the same signal" {
	# Its end is the pipe's end too, and both are there at once.
	local i
	for i in 1 2 3 4; do
		serve -d 127.0.0.1 0 >copy 2>err
		# shellcheck disable=SC2016 # for that shell
		setsid sh -c 'echo "$$" >group; yes | "$@"' - "$SOCKIT" connect -x /dev/null 127.0.0.1 "$PORT" \
			2>/dev/null 3>&- &
		eventually has_at_least copy 100000
		kill -s TERM -- "-$(<group)"
		ended 1 "$LISTENER"
		grep -q ECONNRESET err
	done
}

@test "a producer that is ended by the same signal: one for all clients" {
	local i client
	for i in 1 2 3 4; do
		rm -f port copy
		# shellcheck disable=SC2016 # for that shell
		setsid sh -c 'echo "$$" >group; yes | "$@"' - "$SOCKIT" listen -k --notify-fd 5 127.0.0.1 0 \
			5>port 2>/dev/null 3>&- &
		eventually test -s port
		"$SOCKIT" connect -d 127.0.0.1 "$(awk '{ print $2 }' port)" >copy 2>err 3>&- &
		client=$!
		eventually has_at_least copy 100000
		kill -s TERM -- "-$(<group)"
		ended 1 "$client"
		grep -q ECONNRESET err
	done
}

@test "a command behind a relay" {
	local name number way
	while read -r name number way; do
		# By connect, and by listen.
		if [ "$way" = connect ]; then
			to_sockit copy
			spawn "$SOCKIT" connect -C 127.0.0.1 "$PORT" -e 'echo hello; exec sleep 20' 2>err
			set -- "$LISTENER" "$PID"
		else
			serve -C 127.0.0.1 0 -e 'echo hello; exec sleep 20' 2>err
			spawn "$SOCKIT" connect -d 127.0.0.1 "$PORT" >copy.copy 2>copy.err
			set -- "$PID" "$LISTENER"
		fi
		eventually has_at_least copy.copy 7
		kill -s "$name" "$2"
		ended "$number" "$2"
		ended 1 "$1"
		grep -q ECONNRESET copy.err
	done <<-'END'
		TERM 143 connect
		KILL 137 connect
		TERM 143 listen
		KILL 137 listen
	END
}

@test "listen: a client, and with -k each of three" {
	local name number options i clients
	while read -r name number options; do
		mkfifo in
		exec 7<>in
		serve ${options:+"$options"} 127.0.0.1 0 <in >out 2>err 7>&-
		clients=()
		for i in 1 2 3; do
			[ "$i" = 1 ] || [ "$options" ] || break
			spawn "$SOCKIT" connect -d 127.0.0.1 "$PORT" >"$i.copy" 2>"$i.err" 7>&-
			clients+=("$PID")
			[ -z "$options" ] || eventually accepted "$i"
		done
		echo hello >&7
		for i in "${!clients[@]}"; do
			eventually has_at_least "$((i + 1)).copy" 6
		done
		kill -s "$name" "$LISTENER"
		ended "$number" "$LISTENER"
		for i in "${!clients[@]}"; do
			ended 1 "${clients[i]}"
			[ "$(<"$((i + 1)).copy")" = hello ]
			grep -q ECONNRESET "$((i + 1)).err"
		done
		exec 7>&-
		rm in
	done <<-'END'
		TERM 143
		KILL 137
		TERM 143 -kv
		KILL 137 -kv
	END
}
accepted() {
	[ "$(grep -c ' accepted ' err)" = "$1" ]
}

### What was read has a second.

# fifo_is_empty: all that was written to descriptor 7 has been read.
fifo_is_empty() {
	[ "$(python3 -S -c 'import array, fcntl, termios
n = array.array("i", [0])
fcntl.ioctl(7, termios.FIONREAD, n)
print(n[0])')" = 0 ]
}

# holds_much: sockit has read 60000 bytes, which its counterpart takes only once the FIFO go lets it.
holds_much() {
	mkfifo in go
	head -c 60000 "$(A)" >expected
	counterpart rcvbuf:4096 gate:go readall report
	exec 7<>in
	spawn "$SOCKIT" connect --sndbuf 4096 127.0.0.1 "$PORT" <in >out 2>err 7>&-
	cat expected >&7
	eventually fifo_is_empty
}

@test "tail -f, ended by SIGTERM: all that was read arrives, and then a reset" {
	holds_much
	kill -TERM "$PID"
	: >go
	ended 143 "$PID"
	silent
	counterpart_ended expected ECONNRESET
}

@test "a receiver that takes nothing has a second, unless a second signal comes" {
	holds_much
	timed ends_it
	[ "$TOOK" -ge 900 ]
	: >go
	ended 0 "$PEER"
	grep -q ' ECONNRESET$' peer.out
	at_best 900 cut_short
}
# ends_it [SIGNAL]...: by SIGTERM, and then by SIGNALs.
ends_it() {
	local signal
	kill -TERM "$PID"
	[ $# = 0 ] || pause 0.1
	for signal; do
		kill -s "$signal" "$PID"
	done
	ended 143 "$PID"
}
cut_short() {
	rm in go
	holds_much
	timed ends_it INT HUP
}

### What is an end.

# lingers N WORD...: sockit with WORDs, which must exit 0, calls setsockopt(2) N times for SO_LINGER.
lingers() {
	exits 0 strace -f -qq -e trace=setsockopt -e signal=none -o calls "$SOCKIT" "${@:2}" >out 2>err &&
		[ "$(grep -c SO_LINGER calls)" = "$1" ]
}

@test "two system calls a connection, and none where there is no input" {
	needs strace strace
	strace -o /dev/null true || skip 'strace may not trace'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of this build strace tells other things'
	counterpart keep readall shutdown next readall shutdown next readall shutdown next readall shutdown \
		next readall shutdown next read:131072 shutdown
	lingers 2 connect 127.0.0.1 "$PORT" <"$(SMALL)"
	lingers 0 connect 127.0.0.1 "$PORT" </dev/null
	lingers 0 connect 127.0.0.1 "$PORT" -- true
	# A command behind a relay is an input.
	lingers 2 connect -C 127.0.0.1 "$PORT" -- true
	# One's own stays.
	lingers 1 connect --sockopt SO_LINGER=5 127.0.0.1 "$PORT" <"$(SMALL)"
	lingers 2 connect --no-shutdown 127.0.0.1 "$PORT" <"$(SMALL)"
	counterpart line:hello
	lingers 0 connect -d 127.0.0.1 "$PORT"
	counterpart bind:unix:socket readall
	lingers 0 unix socket <"$(SMALL)"
	counterpart line:hello
	[ "$("$PARENT" 0=tty -- strace -f -qq -e trace=setsockopt -o calls \
		"$SOCKIT" connect 127.0.0.1 "$PORT" && grep -c SO_LINGER calls)" = $'hello\n0' ]
}

@test "a run that is cut off by --read-bytes, -q, --close-on-peer-eof, --no-shutdown ends" {
	local options
	mkfifo in
	exec 7<>in
	echo hello >expected
	while read -r options; do
		counterpart read:6 line:answer readall report
		[[ $options != *eof* ]] || counterpart read:6 line:answer shutdown readall report
		echo hello >&7
		# shellcheck disable=SC2086 # words
		exits 0 "$SOCKIT" connect $options 127.0.0.1 "$PORT" <in >out 2>err 7>&-
		silent
		counterpart_ended expected
	done <<-'END'
		--read-bytes 7
		--close-on-peer-eof
	END
	while read -r options; do
		counterpart read:6 line:answer readall report
		# shellcheck disable=SC2086 # words
		exits 0 "$SOCKIT" connect $options 127.0.0.1 "$PORT" <expected >out 2>err
		silent
		counterpart_ended expected
	done <<-'END'
		-q 0.1
		--no-shutdown -q 0.1
		--no-shutdown --read-bytes 7
	END
}

@test "a command that owns the connection goes on with it" {
	to_sockit copy
	mkfifo go
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" -- sh -c 'echo hello; read -r _ <go; echo bye' 2>err
	eventually has_at_least copy.copy 6
	kill -KILL "$PID"
	ended 137 "$PID"
	echo >go
	ended 0 "$LISTENER"
	[ "$(<copy.copy)" = $'hello\nbye' ]
}

### Where one side's stream is the other side's input.

# chain WAY: $VIA are the words with which sockit connects to what listens on PORT, through a listener in between:
# $BETWEEN.
chain() {
	local to=$PORT
	case $1 in
	forward) serve -k --forward "127.0.0.1:$to" 127.0.0.1 0 2>between.err && VIA=(127.0.0.1 "$PORT") ;;
	*)
		serve --proxy-server "$1" 127.0.0.1 0 2>between.err
		VIA=(--proxy "$1://127.0.0.1:$PORT" 127.0.0.1 "$to")
		;;
	esac
	BETWEEN=$LISTENER
}

@test "a reset on one side is one on the other: --forward, SOCKS and HTTP proxies" {
	local way receiver
	for way in forward socks5 http; do
		# The sender is killed.
		to_sockit "$way"
		receiver=$RECEIVER
		chain "$way"
		sends "$way" connect "${VIA[@]}"
		eventually has_at_least "$way.copy" 6
		kill -KILL "$SENDER"
		sockit_saw "$way" "$receiver"
		rm "$way.in"
		# The one in between is.
		to_sockit "$way"
		receiver=$RECEIVER
		chain "$way"
		sends "$way" connect "${VIA[@]}"
		eventually has_at_least "$way.copy" 6
		kill -KILL "$BETWEEN"
		sockit_saw "$way" "$receiver"
		ended 1 "$SENDER"
		grep -q ECONNRESET "$way.sender"
		# The other way: who listens sends, and is killed.
		mkfifo "$way.from"
		exec 7<>"$way.from"
		serve 127.0.0.1 0 <"$way.from" >out 2>err 7>&-
		receiver=$LISTENER
		chain "$way"
		spawn "$SOCKIT" connect -d "${VIA[@]}" >"$way.copy" 2>"$way.err"
		echo hello >&7
		eventually has_at_least "$way.copy" 6
		kill -KILL "$receiver"
		sockit_saw "$way" "$PID"
		exec 7>&-
	done
}

@test "killed in between: a reset for whoever has not seen the end, whoever listened first" {
	# What each side does (a byte: x, its end: e), and what it sees then; refused; urgent; whose socket.
	within 30 python3 -I -S - "$SOCKIT" "$(platform)" <<-'END'
		import os, signal, socket, struct, subprocess, sys
		def between(words, inherited=None):
		    r, w = os.pipe()
		    command = [sys.argv[1], 'listen', '-n', '--quiet', '--notify-fd', str(w), *words]
		    shell = 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' if inherited else 'exec "$@"'
		    p = subprocess.Popen(['sh', '-c', shell, 'sh', *command, *([] if inherited else ['127.0.0.1', '0'])],
		                         stdin=subprocess.DEVNULL, pass_fds=[w, 3] if inherited else [w],
		                         preexec_fn=inherited and (lambda: os.dup2(inherited.fileno(), 3)))
		    os.close(w)
		    port = int(os.read(r, 100).split()[1])
		    os.close(r)
		    return p, port
		def client(port):
		    s = socket.create_connection(('127.0.0.1', port))
		    s.settimeout(10)
		    return s
		def sees(s):
		    try:
		        while s.recv(100):
		            pass
		        return 'end'
		    except ConnectionResetError:
		        return 'reset'
		def killed(p):
		    p.send_signal(signal.SIGKILL)
		    p.wait()
		far = socket.create_server(('127.0.0.1', 0))
		far.settimeout(10)
		forward = ['--forward', '127.0.0.1:%d' % far.getsockname()[1]]
		for near_does, far_does, near_sees, far_sees in (
		        ('x', '', 'reset', 'reset'), ('', 'x', 'reset', 'reset'), ('x', 'x', 'reset', 'reset'),
		        ('xe', '', 'reset', 'end'), ('e', 'x', 'reset', 'end'), ('x', 'e', 'end', 'reset'),
		        ('', 'xe', 'end', 'reset')):
		    for inherited in (None, socket.create_server(('127.0.0.1', 0))):
		        p, port = between(['-k', *forward], inherited)
		        near = client(port)
		        there = far.accept()[0]
		        for does, one, other in ((near_does, near, there), (far_does, there, near)):
		            if 'x' in does:
		                one.sendall(b'x')
		                assert other.recv(9) == b'x'
		            if 'e' in does:
		                one.shutdown(socket.SHUT_WR)
		                assert other.recv(9) == b''
		        if inherited:
		            options = inherited.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
		            assert struct.unpack('ii', options)[0] == 0, 'SO_LINGER of a socket that is not ours'
		            assert not inherited.getsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE)
		        killed(p)
		        seen = sees(near), sees(there)
		        assert seen == (near_sees, far_sees), (near_does, far_does, bool(inherited), seen)
		for words in forward, ['--echo']:
		    for inherited in (None, socket.create_server(('127.0.0.1', 0))):
		        p, port = between(['-k', '--deny', '127.0.0.1', *words], inherited)
		        assert sees(client(port)) == 'end', words
		        killed(p)
		        p, port = between(['-k', *words], inherited)
		        near = client(port)
		        there = near if words == ['--echo'] else far.accept()[0]
		        near.sendall(b'ab')
		        near.send(b'!', socket.MSG_OOB)
		        near.sendall(b'cd')
		        got = b''
		        while len(got) < 5:
		            got += there.recv(9) or b'the end'
		        assert got == b'ab!cd', got
		        killed(p)
		        assert sees(near) == 'reset'
	END
}

@test "what --forward has taken from one side still reaches the other, by SIGTERM" {
	mkfifo go
	counterpart rcvbuf:4096 gate:go readall report
	chain forward
	head -c 60000 "$(A)" >expected
	exec 7<>"/dev/tcp/127.0.0.1/${VIA[1]}"
	cat expected >&7
	eventually all_is_acknowledged
	kill -TERM "$BETWEEN"
	: >go
	ended 143 "$BETWEEN"
	counterpart_ended expected ECONNRESET
	exec 7>&-
}
# all_is_acknowledged: the other kernel has all that was written to descriptor 7.
all_is_acknowledged() {
	[ "$(python3 -S -c 'import array, fcntl, termios
n = array.array("i", [0])
fcntl.ioctl(7, termios.TIOCOUTQ, n)
print(n[0])')" = 0 ]
}

@test "--echo, and a client of a broker" {
	local option verbs
	while read -r option verbs; do
		serve -v "$option" 127.0.0.1 0 </dev/null 2>err
		mkfifo go
		# shellcheck disable=SC2086 # words
		counterpart connect:"$PORT" $verbs go:go readall report
		: <go
		eventually grep -q accepted err
		kill -KILL "$LISTENER"
		ended 0 "$PEER"
		grep -q ' ECONNRESET$' peer.out
		rm go
	done <<-'END'
		--echo line:hello read:6
		--broker
	END
}

@test "MPTCP" {
	[ "$(cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ] || skip 'no MPTCP in this kernel'
	[ "$(platform)" = linux ] || skip 'portable'
	local name
	for name in TERM KILL; do
		serve -d --transport mptcp 127.0.0.1 0 >copy 2>err
		sends "$name" connect --transport mptcp 127.0.0.1 "$PORT"
		eventually has_at_least copy 6
		kill -s "$name" "$SENDER"
		ended 1 "$LISTENER"
		[ "$(<copy)" = hello ]
		grep -q ECONNRESET err
	done
}

@test "connected, and it cannot go on before anything was read: a reset, and no end" {
	needs strace strace
	strace -o /dev/null -e trace=ppoll,poll -e inject=ppoll,poll:error=ENOMEM:when=1 true 2>/dev/null ||
		skip 'this strace cannot inject'
	local when
	: >nothing
	# As soon as it is connected, and at the next time.
	for when in 1+ 2; do
		counterpart readall report
		echo hello | ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" exits 1 strace -qq -o /dev/null \
			-e trace=ppoll,poll -e inject=ppoll,poll:error=ENOMEM:when=$when \
			"$SOCKIT" connect -n 127.0.0.1 "$PORT" >out 2>err
		counterpart_ended nothing ECONNRESET
	done
}
