#!/usr/bin/env bats
# What listen does with a connection by itself: --echo, --discard, --forward. Many of them at once, and real
# software behind it: crowd.bats.

load helpers/common
load helpers/files
load helpers/words
load helpers/private
load helpers/services

# negotiates: a client that asks for what telnet has, between what it sends, and is told no.
negotiates() {
	counterpart connect:"$HERE" hex:6f6e65fffd0174776f read:3 shutdown readall report
	printf '\377\374\001' >expected
	counterpart_ended expected
}

### --echo and --discard.

# bats test_tags=valgrind
@test "--echo: each client gets back what it sends, to its end" {
	serves --echo
	counterpart connect:"$HERE" exchange:"$(A)" report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(A)"
}

@test "--echo: what is sent comes back at once, little and much by turns" {
	serves --echo
	within 20 python3 - "$HERE" <<-'END'
		import os, socket, sys
		s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
		s.settimeout(10)
		for size in (1, 100, 70000, 1, 200000, 4095, 4096, 65536, 3, 1000000, 2) * 3:
		    data = os.urandom(size)
		    sent, got = 0, b''
		    s.setblocking(False)
		    while len(got) < size:
		        try:
		            sent += s.send(data[sent:sent + 150000]) if sent < size else 0
		        except BlockingIOError:
		            pass
		        try:
		            got += s.recv(1 << 20)
		        except BlockingIOError:
		            pass
		    assert got == data, size
		s.setblocking(True)
		s.shutdown(socket.SHUT_WR)
		assert s.recv(1) == b''
	END
	ended 0 "$LISTENER"
	said
}

@test "--echo: with other clients" {
	local client
	for client in 'nc.openbsd -N' 'socat -t 20 -' 'ncat' 'sockit connect'; do
		# shellcheck disable=SC2086 # words
		set -- $client
		[ "$1" = sockit ] || needs "$1" "${1/nc.openbsd/netcat-openbsd}"
		serves --echo
		case $1 in
		sockit) set -- "$SOCKIT" connect 127.0.0.1 "$HERE" ;;
		socat) set -- "$@" "TCP:127.0.0.1:$HERE" ;;
		*) set -- "$@" 127.0.0.1 "$HERE" ;;
		esac
		within 20 "$@" <"$(A)" >got 3>&-
		ended 0 "$LISTENER"
		said
		same got "$(A)"
	done
}

@test "--discard: everything is taken, nothing comes back but the end" {
	serves --discard
	counterpart connect:"$HERE" file:"$(A)" quiet:0.2 shutdown readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended /dev/null
}

@test "--echo and --discard: stdin is not read, stdout not written" {
	local service
	for service in --echo --discard; do
		exec 5<"$(SMALL)"
		serve $service 127.0.0.1 0 <&5 >out 2>err
		HERE=$PORT
		counterpart connect:"$HERE" line:hello shutdown readall report
		ended 0 "$LISTENER"
		said
		cat <&5 >rest.in
		exec 5<&-
		same rest.in "$(SMALL)"
		counterpart_ended
	done
}

@test "--echo and --discard: a client that resets, 1" {
	local service
	for service in --echo --discard; do
		serves $service
		counterpart connect:"$HERE" send:100000 acked reset
		ended 1 "$LISTENER"
		said "$ADDRESS: .*\(ECONNRESET\)$"
		counterpart_ended
	done
}

@test "--echo: a client that is killed with something on its way back, 1" {
	serves --echo
	counterpart connect:"$HERE" rcvbuf:4096 feed:"$(A)" pause:0.3 say:enough hold
	eventually grep -q enough peer.out
	kill -KILL "$PEER"
	ended 1 "$LISTENER"
	said "$ADDRESS: .*\(ECONNRESET\)$"
}

@test "--echo: a client that does not read is nobody else's trouble, and -i ends it" {
	serves --echo -k -i 0.5
	counterpart connect:"$HERE" rcvbuf:4096 feed:"$(A)" hold
	# shellcheck disable=SC2030
	pause 0.2
	within 10 "$SOCKIT" connect 127.0.0.1 "$HERE" <"$(SMALL)" >got 3>&-
	same got "$(SMALL)"
	eventually grep -q -- --idle-timeout err
	kill "$LISTENER"
	ended 143 "$LISTENER"
	said "$ADDRESS: nothing moved for 500 ms \(--idle-timeout\)$"
}

@test "--echo: data options hold for each connection" {
	serves --echo --accept 2 -o copy -x dump --stats --read-bytes 70000
	for _ in 1 2; do
		counterpart connect:"$HERE" file:"$(SMALL)" shutdown readall report
		head -c 70000 "$(SMALL)" >expected
		counterpart_ended expected
	done
	ended 0 "$LISTENER"
	cat expected expected >both
	same copy both
	# What is sent back is not said twice, what is thrown away not at all.
	# However the rows are cut, they are of so many bytes.
	[ "$(sed -nE 's/^[0-9a-f]{8}  (.{49}).*/\1/p' dump | wc -w)" = 140000 ]
	[ "$(awk '/^[12]< / { n += $3 } END { print n }' dump)" = 140000 ]
	[ "$(grep -c '^[12]*>' dump)" = 0 ]
	[ "$(grep -cE "^sockit listen: $ADDRESS: sent 70000 bytes, received 70000 bytes in " err)" = 2 ]
	grep -q '^sockit listen: 2 connections: sent 140000 bytes, received 140000 bytes in ' err
}

@test "--echo and --rate: no faster" {
	local start
	serves --echo --rate 64k
	start=$(milliseconds)
	head -c 65536 "$(SMALL)" >in
	within 20 "$SOCKIT" connect 127.0.0.1 "$HERE" <in >got 3>&-
	same in got
	[ $(($(milliseconds) - start)) -ge 800 ]
	ended 0 "$LISTENER"
	said
}

@test "--discard: data options hold" {
	serves --discard --stats -o copy
	counterpart connect:"$HERE" file:"$(A)" shutdown readall report
	ended 0 "$LISTENER"
	said 'sent 0 bytes, received 8388608 bytes in '
	same copy "$(A)"
	counterpart_ended /dev/null
	serves --discard -i 0.3
	counterpart connect:"$HERE" line:hello hold
	ended 4 "$LISTENER"
	said "$ADDRESS: nothing moved for 300 ms \(--idle-timeout\)$"
}

@test "--discard and --telnet: negotiations are answered" {
	serves --discard -t -o copy
	negotiates
	ended 0 "$LISTENER"
	said
}

@test "--echo, --forward: -m counts no client whose connection we have ended" {
	local port words
	serves --echo -k --quiet
	port=$HERE
	for words in --echo "--forward 127.0.0.1:$port"; do
		# shellcheck disable=SC2086 # words
		serves $words -k -m 1 --read-bytes 4 --linger 20s
		# It does not go.
		counterpart connect:"$HERE" line:one say:there readall hold
		eventually grep -q there peer.out
		far connect:"$HERE" hex:7477 shutdown readall report
		printf tw >two
		far_ended two
		said
	done
}

@test "what cannot go together" {
	local words
	while read -r -a words; do
		sockit listen "${words[@]}" 127.0.0.1 0
		told 2 'sockit listen: *' || fault "${words[*]}"
	done <<-'END'
		--echo --discard
		--echo --forward h:1
		--discard --forward h:1
		--forward h:1 --broker
		--forward h:1 --chat
		--echo -e cat
		--discard -e cat
		--forward h:1 -e cat
		--echo -C
		--echo -t
		--echo --delay 1
	END
	sockit listen --echo 127.0.0.1 0 -- cat
	told 2 "sockit listen: --echo and '-- cat' exclude each other"
}

@test "--forward: what is no endpoint" {
	local word
	for word in '' nothing host: :80 ::1:80 '[::1]' '[::1]80' host:99999 host:-1 unix: unix:@ \
		vsock:1 vsock:: vsock:1: vsock::1 vsock:x:1 vsock:1:-1 vsock:4294967296:1 vsock:1:4294967295 vsock:1:2:3 \
		"unix:@$(printf '%0108d' 0)" "unix:/$(printf '%04096d' 0)" "$(printf '%0300d' 0):80" $'a\nb:80' 'a b:80'; do
		sockit listen --forward "$word" 127.0.0.1 0
		told 2 'sockit listen: *' || fault "$word"
	done
	sockit listen -n --forward localhost:80 127.0.0.1 0
	told 2 "sockit listen: --forward: host 'localhost' is a name, which --numeric does not look up"
	sockit listen -n --forward 127.0.0.1:http 127.0.0.1 0
	told 2 "sockit listen: --forward: port 'http' is a name, which --numeric does not look up"
}

### --forward: every byte, both ways.

# relayed FAR_SETTING ENDPOINT [HOST]: 8 MiB each way at once, by a listener at HOST.
relayed() {
	local host=${3-127.0.0.1}
	far ${1:+"$1"} exchange:"$(B)" report
	serve --forward "${2//PORT/$FAR}" "$host" 0 </dev/null >out 2>err
	HERE=$PORT
	counterpart connect:"$host,$HERE" exchange:"$(A)" report
	ended 0 "$LISTENER"
	silent out
	[ "$(wc -l <err)" = 1 ]
	counterpart_ended "$(B)"
	far_ended "$(A)"
}

# bats test_tags=valgrind
@test "--forward: IPv4 to IPv4" {
	relayed '' 127.0.0.1:PORT
}

@test "--forward: IPv4 to IPv6, and IPv6 to IPv4" {
	needs_ipv6
	relayed bind:::1 '[::1]:PORT'
	relayed '' 127.0.0.1:PORT ::1
}

# bats test_tags=valgrind
@test "--forward: TCP to a UNIX socket" {
	relayed bind:unix:far.socket unix:far.socket
}

@test "--forward: TCP to an abstract UNIX socket" {
	[ "$(uname)" = Linux ] || skip 'only Linux has them'
	relayed "bind:unix:@sockit-test-$$-$BATS_TEST_NUMBER" "unix:@sockit-test-$$-$BATS_TEST_NUMBER"
}

@test "--forward: a name, each time looked up, and a service" {
	private <<-'END'
		127.0.0.1 there
	END
	[ -e /etc/services ] || skip 'no /etc/services'
	far readall report
	serves --forward there:"$FAR"
	counterpart connect:"$HERE" file:"$(SMALL)" shutdown readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended /dev/null
	far_ended "$(SMALL)"
	peer nameserver
	serves --forward nosuch.invalid:80
	counterpart connect:"$HERE" readall report
	ended 3 "$LISTENER"
	said 'host nosuch\.invalid: .*\(EAI_NONAME\)$'
	counterpart_ended /dev/null ECONNRESET
	# No client is let down by a word that is no service: it is known before.
	sockit listen -k --forward there:nosuchservice 127.0.0.1 0
	told 3 'sockit listen: port nosuchservice: no such service (EAI_SERVICE)'
	sockit unix --listen --forward there:nosuchservice s
	told 3 'sockit unix: port nosuchservice: no such service (EAI_SERVICE)'
	[ ! -e s ]
}

@test "--forward --fastopen: a way on that is refused is no connection" {
	[ "$(platform)" = linux ] || skip 'no --fastopen'
	local closed
	closed=$(free_port)
	serve --fastopen --forward "127.0.0.1:$closed" 127.0.0.1 0 2>err
	within 10 "$SOCKIT" connect -d 127.0.0.1 "$PORT" >out 2>client.err 3>&- || :
	ended 1 "$LISTENER"
	grep -q "127\.0\.0\.1 port $closed: Connection refused (ECONNREFUSED)$" err
}

@test "--forward: small buffers, slow readers" {
	local option
	for option in --buffer=4k --sndbuf=4k --rcvbuf=4k; do
		far rcvbuf:4096 feed:"$(SMALL)" pause:0.1 readall shutdown report
		forwards $option
		counterpart connect:"$HERE" rcvbuf:4096 feed:"$(SMALL)" pause:0.2 read:131072 shutdown readall report
		ended 0 "$LISTENER"
		said
		counterpart_ended "$(SMALL)"
		far_ended "$(SMALL)"
	done
}

@test "--forward: what is sent is passed on at once, little and much by turns" {
	local total
	serves --echo
	FAR=$HERE
	forwards --stats
	within 20 python3 - "$HERE" <<-'END' >total
		import os, socket, sys
		s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
		s.settimeout(10)
		total = 0
		for size in (1, 100, 70000, 1, 200000, 4095, 4096, 65536, 3, 100000, 2) * 5:
		    data = os.urandom(size)
		    s.sendall(data)
		    got = b''
		    while len(got) < size:
		        got += s.recv(1 << 20)
		    assert got == data, size
		    total += size
		s.shutdown(socket.SHUT_WR)
		assert s.recv(1) == b''
		print(total)
	END
	ended 0 "$LISTENER"
	total=$(<total)
	said "sent $total bytes, received $total bytes in "
}

@test "--forward on Linux: much is spliced" {
	[ "$(platform)" = linux ] || skip 'portable'
	needs_strace
	local fast
	far readall report
	traced_forward splice
	counterpart connect:"$HERE" file:"$(A)" shutdown readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended /dev/null
	far_ended "$(A)"
	fast=$(awk -F' = ' '/splice\(/ && $2 > 0 { n += $2 } END { print n + 0 }' trace)
	echo "$fast bytes by splice"
	[ "$fast" -ge 10000000 ] # in and out
}

@test "--forward on Linux: who has to do without a pipe gets one as soon as there is one" {
	[ "$(platform)" = linux ] || skip 'portable'
	needs_strace
	spawn python3 -S - <<-'END' >far.port
		import os, signal, socket, struct, time
		signal.alarm(60)
		far = socket.socket()
		far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
		far.bind(('127.0.0.1', 0))
		far.listen(100)
		print(far.getsockname()[1], flush=True)
		while not os.path.exists('here'):
		    time.sleep(0.01)
		port = int(open('here').read())

		def relay():
		    near = socket.create_connection(('127.0.0.1', port))
		    near.setblocking(False)
		    return near, far.accept()[0]

		def put(s):
		    try:
		        return s.send(bytes(1 << 20))
		    except BlockingIOError:
		        return 0

		# These take all pipes, and stand still.
		stalled = [relay() for _ in range(12)]
		for near, _ in stalled:
		    last = time.monotonic()
		    while time.monotonic() < last + 0.05:
		        if put(near):
		            last = time.monotonic()
		near, end = relay()
		end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

		def move(n):
		    sent = got = 0
		    while got < n:
		        if sent < n:
		            sent += put(near)
		        end.settimeout(0.01 if sent < n else 10)
		        try:
		            got += len(end.recv(1 << 20))
		        except TimeoutError:
		            assert sent < n

		move(4 << 20)
		for s in (s for pair in stalled for s in pair):
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		    s.close()
		print(os.path.getsize('trace'), flush=True)
		move(16 << 20)
	END
	local python=$PID fast listen
	eventually test -s far.port
	FAR=$(<far.port)
	traced_forward splice -k
	echo "$HERE" >here.new
	mv here.new here
	ended 0 "$python"
	fast=$(tail -c +"$(tail -n 1 far.port)" trace |
		awk -F' = ' '/splice\(/ && $2 > 0 { n += $2 } END { print n + 0 }')
	echo "$fast bytes by splice"
	[ "$fast" -ge 8000000 ]
	# strace would leave it behind.
	listen=$(cat "/proc/$LISTENER/task/$LISTENER/children")
	kill "${listen% }"
	status_of "$LISTENER"
}

### --forward: ends.

# bats test_tags=valgrind
@test "--forward: the client's end is passed on, what comes then is delivered" {
	far readall file:"$(B)" report
	forwards
	counterpart connect:"$HERE" file:"$(SMALL)" shutdown readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(B)"
	far_ended "$(SMALL)"
}

@test "--forward: the far side's end is passed on, what comes then is delivered" {
	far file:"$(SMALL)" shutdown readall report
	forwards
	counterpart connect:"$HERE" readall pause:1.2 file:"$(B)" report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(SMALL)"
	far_ended "$(B)"
}

@test "--forward: ends with nothing before them, each way" {
	mkfifo go
	far readall say:ended gate:go report
	forwards
	counterpart connect:"$HERE" shutdown quiet:0.3 readall report
	eventually grep -q ended far.out
	pause 0.4
	runs "$LISTENER"
	: >go
	ended 0 "$LISTENER"
	said
	counterpart_ended /dev/null
	far_ended /dev/null
}

@test "--forward: not over before the far side has acknowledged everything" {
	mkfifo go
	far rcvbuf:4096 shutdown gate:go readall report
	forwards --sndbuf 1M
	counterpart connect:"$HERE" file:"$(SMALL)" shutdown readall report
	counterpart_ended /dev/null
	pause 0.3
	runs "$LISTENER"
	: >go
	ended 0 "$LISTENER"
	said
	far_ended "$(SMALL)"
}

@test "--forward: not over before the client has acknowledged everything" {
	mkfifo go
	far file:"$(SMALL)" report
	forwards --sndbuf 1M
	counterpart connect:"$HERE" rcvbuf:4096 shutdown gate:go readall report
	far_ended
	pause 0.3
	runs "$LISTENER"
	: >go
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(SMALL)"
}

@test "--forward: a UNIX socket that is closed at once after its answer is a good end" {
	far bind:unix:far.socket read:6 file:"$(SMALL)" close
	serves --forward unix:far.socket
	counterpart connect:"$HERE" line:hello readall pause:0.3 report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(SMALL)"
	far_ended
}

@test "--forward: a UNIX socket that is closed, and a client that stays: --linger, and a good end" {
	far bind:unix:far.socket read:6 line:bye close
	serves --linger 0.3 --forward unix:far.socket
	counterpart connect:"$HERE" line:hello readall report hold
	ended 0 "$LISTENER"
	said
	echo bye >expected
	eventually grep -q read peer.out
	[ "$(cut -d' ' -f2,4 peer.out)" = '4 end' ]
	far_ended
}

### --forward: what goes wrong is passed on, and never a good end.

@test "--forward: nobody there: 1, said, and a reset for the client" {
	FAR=$(free_port)
	forwards
	counterpart connect:"$HERE" readall report
	ended 1 "$LISTENER"
	said "127\.0\.0\.1 port $FAR: Connection refused \(ECONNREFUSED\)$"
	counterpart_ended /dev/null ECONNRESET
	serves --forward unix:nothing
	counterpart connect:"$HERE" readall report
	ended 1 "$LISTENER"
	said 'unix:nothing: No such file or directory \(ENOENT\)$'
	counterpart_ended /dev/null ECONNRESET
	# What had been sent by then is no success of the client's either.
	forwards
	exits 1 "$SOCKIT" connect 127.0.0.1 "$HERE" <"$(SMALL)" >got 2>err.client
	ended 1 "$LISTENER"
	silent got
}

@test "--forward and -k: where one client's way is barred the others go on" {
	FAR=$(free_port)
	forwards -k
	for _ in 1 2; do
		counterpart connect:"$HERE" readall report
		counterpart_ended /dev/null ECONNRESET
	done
	spawn python3 "$BATS_TEST_DIRNAME/helpers/who.py" port:"$FAR" answer:there 127.0.0.1 >who.out
	eventually grep -q . who.out
	within 10 "$SOCKIT" connect 127.0.0.1 "$HERE" </dev/null >got 3>&-
	[ "$(<got)" = there ]
	runs "$LISTENER"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(grep -c "^sockit listen: 127\.0\.0\.1 port $FAR: .*(ECONNREFUSED)$" err)" = 2 ]
	[ "$(wc -l <err)" = 3 ]
	# --accept has the failure in its status.
	FAR=$(free_port)
	forwards --accept 2
	for _ in 1 2; do
		counterpart connect:"$HERE" readall report
		counterpart_ended /dev/null ECONNRESET
	done
	ended 1 "$LISTENER"
}

@test "--forward and -w: nobody answers in time: 4" {
	local start
	peer who full:127.0.0.1
	FAR=$PORT
	forwards -w 1
	start=$(milliseconds)
	exec 7<>"/dev/tcp/127.0.0.1/$HERE"
	ended 4 "$LISTENER"
	[ $(($(milliseconds) - start)) -ge 950 ]
	said "127\.0\.0\.1 port $FAR: no answer within 1 s \(-w\)$FULL\$"
	run -1 cat <&7
	[[ $output == *reset* ]]
}

@test "--forward: a UNIX socket whose backlog is full is tried again within -w" {
	mkfifo room
	"${FOREIGN[@]}" bind:unix:other.socket full:full has:hello text:bye close <room 3>&- &
	started
	local far=$PID
	exec 7>room
	eventually test -e full
	serves --forward unix:other.socket 7>&-
	counterpart connect:"$HERE" text:hello say:there has:bye over 7>&-
	eventually grep -q there peer.out
	pause 0.15
	exec 7>&-
	ended 0 "$far"
	counterpart_ended
	ended 0 "$LISTENER"
	said
	rm other.socket full
	exec 7<>room
	spawn "${FOREIGN[@]}" bind:unix:other.socket full:full <&7
	eventually test -e full
	serves -w 1 --forward unix:other.socket
	exec 7<>"/dev/tcp/127.0.0.1/$HERE"
	ended 4 "$LISTENER"
	said "unix:other\.socket: no answer within 1 s \(-w\)$FULL\$"
}

@test "--forward: urgent data is data, in its place, both ways" {
	far hex:616263 urgent:58 hex:64 shutdown readall report
	forwards
	counterpart connect:"$HERE" send:300000 urgent:58 text:end shutdown readall report
	{
		pattern 300000
		printf Xend
	} >expected
	far_ended expected
	printf abcXd >expected
	counterpart_ended expected
	ended 0 "$LISTENER"
}

@test "--forward: a client's reset is passed on, not as an end" {
	mkfifo go
	# While nothing moves, and in the midst of what it sends.
	far line:hello readall report
	forwards
	counterpart connect:"$HERE" read:6 send:1000 acked reset
	ended 1 "$LISTENER"
	said "$ADDRESS: .*\(ECONNRESET\)$"
	pattern 1000 >expected
	far_ended expected ECONNRESET
	# With its end, it was one.
	far readall pause:0.1 line:hello report
	forwards
	counterpart connect:"$HERE" line:hello shutdown readall report
	ended 0 "$LISTENER"
	said
	echo hello >expected
	far_ended expected
}

@test "--forward: a far side's reset is passed on, not as an end" {
	far read:6 send:1000 acked reset
	forwards
	counterpart connect:"$HERE" line:hello readall report
	ended 1 "$LISTENER"
	said "127\.0\.0\.1 port $FAR: .*\(ECONNRESET\)$"
	pattern 1000 >expected
	counterpart_ended expected ECONNRESET
	far_ended
}

@test "--forward: what came before a reset goes through before it" {
	mkfifo go go2
	# The client's, while the far side does not read.
	far rcvbuf:4096 gate:go readall report
	forwards --sndbuf 1M
	counterpart connect:"$HERE" file:"$(SMALL)" acked reset
	counterpart_ended
	pause 0.3
	runs "$LISTENER"
	: >go
	ended 1 "$LISTENER"
	said "$ADDRESS: .*\(ECONNRESET\)$"
	far_ended "$(SMALL)" ECONNRESET
	# The far side's, while the client does not read.
	far file:"$(SMALL)" acked reset
	forwards --sndbuf 1M
	counterpart connect:"$HERE" rcvbuf:4096 gate:go2 readall report
	far_ended
	pause 0.3
	runs "$LISTENER"
	: >go2
	ended 1 "$LISTENER"
	said "127\.0\.0\.1 port $FAR: .*\(ECONNRESET\)$"
	counterpart_ended "$(SMALL)" ECONNRESET
}

@test "--forward: a client's reset is passed on though it comes while the far side takes nothing" {
	mkfifo go
	far rcvbuf:4096 gate:go readall report
	forwards
	within 10 python3 - "$HERE" <<-'END'
		import socket, struct, sys
		s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
		s.settimeout(0.4)
		try:
		    while True:
		        s.send(bytes(65536))
		except TimeoutError:  # nothing more is taken
		    pass
		s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		s.close()
	END
	pause 0.2
	: >go
	ended 1 "$LISTENER"
	said "$ADDRESS: .*\((ECONNRESET|EPIPE)\)$"
	ended 0 "$FAR_PEER"
	ended 0 "$FAR_OUTPUT"
	grep -q '^read [0-9]* [0-9a-f]* ECONNRESET$' far.out
}

@test "--forward: a far side that takes no more: what it has sent is delivered all the same" {
	mkfifo go
	far file:"$(SMALL)" acked reset
	forwards --sndbuf 4k
	counterpart connect:"$HERE" rcvbuf:4096 gate:go line:one pause:0.2 readall report
	far_ended
	: >go
	ended 1 "$LISTENER"
	said "127\.0\.0\.1 port $FAR: .*\((ECONNRESET|EPIPE)\)$"
	counterpart_ended "$(SMALL)" ECONNRESET
}

@test "--forward: keepalive probes start at each side's end" {
	needs ss iproute2
	far line:bye shutdown readall
	forwards
	counterpart connect:"$HERE" read:4 readall say:ended hold
	probed() { ss -tnoH "$1" | grep -q 'timer:(keepalive,'; }
	eventually grep -q ended peer.out
	eventually probed "dport = :$FAR"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	far readall say:ended hold
	forwards
	counterpart connect:"$HERE" shutdown hold
	eventually grep -q ended far.out
	eventually probed "sport = :$HERE"
}

@test "--forward: what came before a reset has the time of --linger" {
	far rcvbuf:4096 hold
	forwards --sndbuf 1M --linger 0.3
	counterpart connect:"$HERE" file:"$(SMALL)" acked reset
	ended 1 "$LISTENER"
	said "$ADDRESS: .*\(ECONNRESET\)$"
}

@test "--forward: a far side that is killed in mid-stream: 1, and a reset for the client" {
	truncate -s 100G endless
	far chatter
	forwards
	spawn "$SOCKIT" connect 127.0.0.1 "$HERE" <endless >got 2>err.client
	eventually has_at_least got 1000000
	kill -KILL "$FAR_PEER"
	ended 1 "$LISTENER"
	said "127\.0\.0\.1 port $FAR: .*\((ECONNRESET|EPIPE)\)$"
	ended 1 "$PID"
}

@test "--forward: a far side that takes nothing for the kernel's own time: 1 and ETIMEDOUT" {
	[ "$(platform)" = linux ] || skip 'portable'
	truncate -s 100G endless
	far rcvbuf:4096 hold
	forwards --sockopt TCP_USER_TIMEOUT=300
	spawn "$SOCKIT" connect 127.0.0.1 "$HERE" <endless >got 2>err.client
	ended 1 "$LISTENER"
	said "127\.0\.0\.1 port $FAR: .*\(ETIMEDOUT\)$"
	ended 1 "$PID"
}

@test "--forward: a client that is killed in mid-stream: 1, and a reset for the far side" {
	truncate -s 100G endless
	serve 127.0.0.1 0 <endless >got 2>err.far
	local far=$LISTENER
	FAR=$PORT
	forwards
	counterpart connect:"$HERE" chatter
	eventually has_at_least got 1000000
	kill -KILL "$PEER"
	ended 1 "$LISTENER"
	said "$ADDRESS: .*\((ECONNRESET|EPIPE)\)$"
	ended 1 "$far"
}

@test "--forward: a far side that ended first and is killed with input unread: 1" {
	far rcvbuf:4096 line:bye shutdown say:ended hold
	forwards --sndbuf 1M
	counterpart connect:"$HERE" file:"$(SMALL)" shutdown readall report
	eventually grep -q ended far.out
	echo bye >expected
	counterpart_ended expected
	pause 0.2
	runs "$LISTENER"
	kill -KILL "$FAR_PEER"
	ended 1 "$LISTENER"
	said "127\.0\.0\.1 port $FAR: .*\((ECONNRESET|EPIPE)\)$"
}

@test "--forward: a far side that is gone after its end: 1 where input comes after that" {
	local setting
	for setting in '' unix:far.socket; do
		mkfifo go
		far ${setting:+bind:"$setting"} line:bye close
		serves --forward "${setting:-127.0.0.1:$FAR}"
		counterpart connect:"$HERE" read:4 gate:go line:one pause:0.1 line:two pause:0.1 readall report
		far_ended
		pause 0.1
		: >go
		ended 1 "$LISTENER"
		said "(127\.0\.0\.1 port $FAR|unix:far\.socket): .*\((ECONNRESET|EPIPE)\)$"
		ended 0 "$PEER"
		rm go
	done
}

@test "--forward: a shut window on either side: never 0" {
	far rcvbuf:4096 shutdown hold
	forwards -i 0.3
	counterpart connect:"$HERE" file:"$(A)" report
	ended 4 "$LISTENER"
	said "$ADDRESS: nothing moved for 300 ms \(--idle-timeout\)$"
	ended 0 "$PEER"
	far readall pause:0 file:"$(A)" report
	forwards -i 0.3
	counterpart connect:"$HERE" rcvbuf:4096 shutdown hold
	ended 4 "$LISTENER"
	ended 0 "$FAR_PEER"
}

@test "--forward: a slow far side that acknowledges is not idle" {
	far rcvbuf:4096 shutdown pause:0.25 read:30000 pause:0.25 read:30000 pause:0.25 read:30000 pause:0.25 readall report
	forwards -i 0.7 --sndbuf 1M
	counterpart connect:"$HERE" file:"$(SMALL)" shutdown readall report
	ended 0 "$LISTENER"
	said
	far_ended "$(SMALL)"
}

@test "--forward: a signal in mid-stream: both sides see a reset" {
	far line:hello readall report
	forwards
	counterpart connect:"$HERE" line:hello read:6 say:enough readall report
	eventually grep -q enough peer.out
	kill "$LISTENER"
	ended 143 "$LISTENER"
	said
	echo hello >expected
	counterpart_ended expected ECONNRESET
	far_ended expected ECONNRESET
}

@test "--forward: a signal leaves a side alone that has come to its end" {
	far file:"$(SMALL)" shutdown readall report
	forwards
	counterpart connect:"$HERE" readall report say:enough hold
	eventually grep -q enough peer.out
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -q "^read 131072 $(sha256sum <"$(SMALL)" | cut -d' ' -f1) end$" peer.out
	far_ended /dev/null ECONNRESET
}

### --forward: options.

@test "--forward: -v has a line for each accept and close, with --json who and why" {
	peer who answer:there 127.0.0.1
	FAR=$PORT
	forwards -v
	within 10 "$SOCKIT" connect 127.0.0.1 "$HERE" <<<hello >got 3>&-
	ended 0 "$LISTENER"
	[ "$(wc -l <err)" = 4 ]
	sed -n 2p err | grep -qE "^sockit listen: accepted $ADDRESS on 127\.0\.0\.1 port $HERE$"
	sed -n 3p err | grep -qE "^sockit listen: connected to 127\.0\.0\.1 port $FAR from $ADDRESS$"
	sed -n 4p err | grep -qE '^sockit listen: closed: sent 5 bytes, received 6 bytes in '
	forwards --json
	within 10 "$SOCKIT" connect 127.0.0.1 "$HERE" <<<hello >got 3>&-
	ended 0 "$LISTENER"
	grep '"event":"closed"' err | grep '"why":"both ended"' | grep -q '"sent":5,"acknowledged":5,"received":6'
	FAR=$(free_port)
	forwards --json
	within 10 "$SOCKIT" connect 127.0.0.1 "$HERE" <<<hello >got 3>&- 2>/dev/null || :
	ended 1 "$LISTENER"
	grep '"event":"closed"' err | grep -q '"why":"not reached"'
	grep '"event":"error"' err | grep "\"port\":$FAR" | grep -q '"code":"ECONNREFUSED"'
	python3 "$BATS_TEST_DIRNAME/helpers/schema.py" err
}

@test "--forward: copies and figures, for each connection" {
	far read:131072 file:"$(B)" shutdown readall report
	forwards -o copy -x dump --stats
	counterpart connect:"$HERE" file:"$(SMALL)" readall report
	ended 0 "$LISTENER"
	said 'sent 8388608 bytes, received 131072 bytes in '
	cat "$(SMALL)" "$(B)" >expected
	same copy expected
	[ "$(awk '$1 == "<" { n += $3 } END { print n }' dump)" = 131072 ]
	[ "$(awk '$1 == ">" { n += $3 } END { print n }' dump)" = 8388608 ]
	[ "$(grep -c '|$' dump)" -ge $((8388608 / 16 + 131072 / 16)) ]
	counterpart_ended "$(B)"
	far_ended "$(SMALL)"
}

@test "--forward: --rate, each way" {
	local start
	head -c 50k "$(SMALL)" >part
	far exchange:part report
	forwards --rate 50k
	start=$(milliseconds)
	counterpart connect:"$HERE" exchange:part report
	ended 0 "$LISTENER"
	start=$(($(milliseconds) - start))
	[ $start -ge 800 ]
	[ $start -le 4000 ]
	said
	counterpart_ended part
	far_ended part
}

@test "--forward: --read-bytes, --close-on-peer-eof, --no-shutdown, -q" {
	far readall report
	forwards --read-bytes 1000
	counterpart connect:"$HERE" file:"$(SMALL)" readall report
	ended 0 "$LISTENER"
	said
	head -c 1000 "$(SMALL)" >expected
	far_ended expected
	far readall report hold
	forwards --close-on-peer-eof
	counterpart connect:"$HERE" file:"$(SMALL)" shutdown readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended /dev/null
	far line:bye shutdown readall report
	forwards --no-shutdown
	counterpart connect:"$HERE" read:4 quiet:0.3 line:hello shutdown readall report
	ended 0 "$LISTENER"
	said
	echo hello >expected
	far_ended expected
	far line:bye shutdown hold
	forwards -q 0.3
	counterpart connect:"$HERE" hold
	ended 0 "$LISTENER"
	said
}

@test "--forward: --crlf and --telnet on the client's side" {
	far line:one line:two readall report
	forwards -C
	counterpart connect:"$HERE" read:10 line:three shutdown readall report
	ended 0 "$LISTENER"
	printf 'one\r\ntwo\r\n' >expected
	counterpart_ended expected
	echo three >expected
	far_ended expected
	far read:6 shutdown readall report
	forwards -t
	negotiates
	ended 0 "$LISTENER"
	printf onetwo >expected
	far_ended expected
}

@test "--forward: socket options hold for both connections" {
	needs_strace
	far readall report
	traced_forward setsockopt --ttl 7 --keepalive=9
	counterpart connect:"$HERE" line:hello shutdown readall report
	ended 0 "$LISTENER"
	[ "$(grep -c 'SOL_IP, IP_TTL, \[7\], 4) = 0' trace)" -ge 2 ]
	[ "$(grep -c 'SOL_TCP, TCP_KEEPIDLE, \[9\], 4) = 0' trace)" -ge 2 ]
	# Those of TCP are not meant for a UNIX socket.
	far bind:unix:far.socket readall report
	serves --ttl 7 --nodelay --keepalive --sndbuf 64k --forward unix:far.socket
	counterpart connect:"$HERE" line:hello shutdown readall report
	ended 0 "$LISTENER"
	said
	echo hello >expected
	far_ended expected
}

@test "--forward and --fastopen: either side may speak first" {
	private </dev/null
	[ "$(platform)" = linux ] || skip 'portable'
	inside sh -c 'echo 3 >/proc/sys/net/ipv4/tcp_fastopen' 2>/dev/null ||
		skip 'no TCP Fast Open'
	for _ in 1 2 3; do
		serve --fastopen 127.0.0.1 0 <<<hello >received 2>err.far
		local far=$LISTENER
		FAR=$PORT
		forwards --fastopen
		counterpart connect:"$HERE" read:6 shutdown readall report
		ended 0 "$LISTENER"
		said
		ended 0 "$far"
		echo hello >expected
		counterpart_ended expected
	done
}
