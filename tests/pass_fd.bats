# connect --pass-fd: the connection itself goes to another process, over stdout.
# shellcheck disable=SC2016

load helpers/common
load helpers/ssh
load helpers/words

# receiver [ARG...]: runs `sockit connect -F ARG...` with one end of a pair of UNIX sockets as its
# stdout, and what it passes is used by python3: sends `hello`, prints what comes up to the end. Its
# exit status is in $STATUS.
receiver() {
	STATUS=0
	within 20 python3 -S - "$SOCKIT" connect -F "$@" >out 2>err 3>&- <<-'END' || STATUS=$?
		import array, os, socket, subprocess, sys
		ours, its = socket.socketpair()
		child = subprocess.Popen(sys.argv[1:], stdout=its, stdin=subprocess.DEVNULL)
		its.close()
		data, control, flags, _ = ours.recvmsg(16, socket.CMSG_SPACE(4))
		status = child.wait()
		if control:
		    fds = array.array('i', control[0][2])
		    assert len(data) == 1 and len(fds) == 1 and not flags & socket.MSG_CTRUNC
		    assert os.get_blocking(fds[0])
		    s = socket.socket(fileno=fds[0])
		    s.sendall(b'hello\n')
		    s.shutdown(socket.SHUT_WR)
		    while data := s.recv(4096):
		        sys.stdout.buffer.write(data)
		        sys.stdout.flush()
		    assert ours.recv(1) == b''
		sys.exit(status)
	END
}

@test "the connection is passed, and works" {
	counterpart readall line:answer report close
	receiver 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ]
	[ "$(<out)" = answer ]
	silent
	printf 'hello\n' >sent
	counterpart_ended sent
	# With what else connecting has.
	serve -k -e 'read -r w; echo "got $w"' 127.0.0.1 0 2>listen.err
	receiver -v --nodelay --retry 5s "localhost:$PORT"
	[ "$STATUS" = 0 ]
	[ "$(<out)" = 'got hello' ]
	says '^sockit connect: connected to '
	[ "$(platform)" = linux ] || return 0
	receiver --fastopen "127.0.0.1:$PORT"
	[ "$STATUS" = 0 ]
	[ "$(<out)" = 'got hello' ]
	silent
}

@test "behind proxies, with what has come already" {
	counterpart read:3 hex:0500 read:11 hex:050000010000000000006f6e650a readall line:two report close
	receiver -w 10s --proxy "socks5h://127.0.0.1:$PORT" test 80
	[ "$STATUS" = 0 ]
	[ "$(<out)" = $'one\ntwo' ]
	silent
}

# bats test_tags=valgrind
@test "no connection: nothing is passed" {
	PORT=$(free_port)
	receiver 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ]
	silent out
	says "^sockit connect: 127\.0\.0\.1 port $PORT: Connection refused \(ECONNREFUSED\)$"
	# Nor where the first data could begin it.
	[ "$(platform)" = linux ] || return 0
	receiver --fastopen 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ]
	silent out
	says ' Connection refused \(ECONNREFUSED\)$'
}

@test "a stdout that is no UNIX socket: exit 1, and nobody is called" {
	peer ports open
	sockit connect -F 127.0.0.1 "$PORT"
	told 1 'sockit connect: --pass-fd: stdout is no UNIX socket: * (ENOTSOCK)'
	STATUS=0
	within 10 "$SOCKIT" connect -vv -F 127.0.0.1 "$PORT" 2>err 3>&- >&- || STATUS=$?
	[ "$STATUS" = 1 ]
	! grep -q connecting err || fault 'somebody was called'
	STATUS=0
	python3 -S -c 'import socket, subprocess, sys
s = socket.socket()
sys.exit(subprocess.run(sys.argv[1:], stdout=s).returncode)' \
		"$SOCKIT" connect -F 127.0.0.1 "$PORT" 2>err 3>&- || STATUS=$?
	[ "$STATUS" = 1 ]
	says 'stdout is no UNIX socket: .* \(EAFNOSUPPORT\)$'
	STATUS=0
	python3 -S -c 'import socket, subprocess, sys
a, b = socket.socketpair()
b.close()
sys.exit(subprocess.run(sys.argv[1:], stdout=a).returncode)' \
		"$SOCKIT" connect -F 127.0.0.1 "$PORT" 2>err 3>&- || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^sockit connect: stdout: Broken pipe \(EPIPE\)$'
}

@test "what goes with data is refused" {
	local option
	for option in -d --stats '-q 1' '-e cat' '--heartbeat 1' --raw; do
		# shellcheck disable=SC2086 # words
		refuses '--pass-fd and --* exclude each other' connect -F $option h 1
	done
	refuses "--pass-fd and '-- cat' exclude each other" connect -F h 1 -- cat
}

@test "ssh with ProxyUseFdpass" {
	ssh_server
	ssh_through -o ProxyUseFdpass=yes -o ProxyCommand="$SOCKIT connect -F -w 10s %h %p"
}
