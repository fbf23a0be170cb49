#!/usr/bin/env bats
# Many connections at once, idle and busy, that come and go; and real software behind listen.
# shellcheck disable=SC2034 # PIDS, FAR: for the helpers

load helpers/common
load helpers/files
load helpers/words
load helpers/services

setup_file() {
	random_files 4194304
}

### Many connections.

# crowd PORT N ROUNDS: N clients in threads, each ROUNDS times: what it sends to PORT has to come back.
crowd() {
	within 60 python3 - "$@" <<-'END'
		import os, random, socket, struct, sys, threading
		port, n, rounds = map(int, sys.argv[1:])
		wrong = []
		def client(number):
		    r = random.Random(number)
		    try:
		        for i in range(rounds):
		            s = socket.create_connection(('127.0.0.1', port))
		            s.settimeout(30)
		            if r.random() < 0.1:  # it breaks off
		                s.sendall(b'x' * r.randrange(5000))
		                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		                s.close()
		                continue
		            for _ in range(r.randrange(1, 4)):
		                data = r.randbytes(r.choice((1, 50, 3000, 40000)))
		                s.sendall(data)
		                got = b''
		                while len(got) < len(data):
		                    more = s.recv(1 << 16)
		                    if not more:
		                        raise AssertionError('the end')
		                    got += more
		                assert got == data
		            s.shutdown(socket.SHUT_WR)
		            assert s.recv(1) == b''
		            s.close()
		    except Exception as error:
		        wrong.append(repr(error))
		threads = [threading.Thread(target=client, args=(i,)) for i in range(n)]
		for t in threads:
		    t.start()
		for t in threads:
		    t.join()
		print(*wrong[:5], sep='\n')
		sys.exit(len(wrong) > 0)
	END
}

# count_fds PID: how many it has open, pipes not counted; count_pipes: those.
count_fds() {
	find "/proc/$1/fd" -type l ! -lname 'pipe:*' | wc -l
}
count_pipes() {
	find "/proc/$1/fd" -lname 'pipe:*' | wc -l
}
has_fds() { [ "$(count_fds "$1")" -le "$2" ]; }

# memory PID: how many KiB are its own, 0 where the system does not tell.
memory() {
	{ cat "/proc/$1/smaps_rollup" 2>/dev/null || :; } |
		awk '/^Private_Dirty:/ { n = $2 } END { print n + 0 }'
}

# idles PID: takes no processor time to speak of for a second.
idles() {
	local before
	before=$(cpu "$1")
	pause 1
	echo "processor time: $(($(cpu "$1") - before))"
	[ $(($(cpu "$1") - before)) -le 3 ]
}

# holding N PORT: N connections to PORT, each of which has moved something and back, are held until `let_go`,
# when they do that once more.
holding() {
	rm -f held
	mkfifo held
	spawn python3 - "$@" <<-'END'
		import resource, signal, socket, sys
		signal.alarm(60)
		signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
		n, port = int(sys.argv[1]), int(sys.argv[2])
		hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
		resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
		all = []
		for i in range(n):
		    s = socket.create_connection(('127.0.0.1', port))
		    s.settimeout(20)
		    s.sendall(b'%d.' % i)
		    all.append(s)
		def answer(i, s):
		    want = b'%d.' % i
		    got = b''
		    while len(got) < len(want):
		        got += s.recv(100) or b'end of it'
		    assert got == want, (got, want)
		for i, s in enumerate(all):
		    answer(i, s)
		open('held', 'w').write('\n')
		signal.sigwait([signal.SIGUSR1])
		for i, s in enumerate(all):
		    s.sendall(b'%d.' % i)
		for i, s in enumerate(all):
		    answer(i, s)
		    s.shutdown(socket.SHUT_WR)
		for s in all:
		    assert s.recv(1) == b''
	END
	HOLDER=$PID
	read -rt 60 _ <>held # thousands beside other work take their time
}
let_go() {
	kill -USR1 "$HOLDER"
	ended 0 "$HOLDER"
}

@test "many that come and go, by --echo: nothing is lost, nothing stays open" {
	local before pipes
	serves -k --echo
	before=$(count_fds "$LISTENER")
	pipes=$(count_pipes "$LISTENER")
	crowd "$HERE" 60 6
	eventually has_fds "$LISTENER" $((before + 1)) # the set
	[ $(($(count_pipes "$LISTENER") - pipes)) -le 16 ]
	idles "$LISTENER"
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "many that come and go, by --forward: nothing is lost, nothing stays open" {
	local before far pipes
	serves -k --echo
	far=$LISTENER FAR=$HERE
	forwards -k
	before=$(count_fds "$LISTENER")
	pipes=$(count_pipes "$LISTENER")
	crowd "$HERE" 60 6
	eventually has_fds "$LISTENER" $((before + 1))
	eventually has_fds "$far" $((before + 1))
	[ $(($(count_pipes "$LISTENER") - pipes)) -le 16 ]
	idles "$LISTENER"
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "few descriptors: who cannot be forwarded or get a relay yet waits in the backlog" {
	needs prlimit util-linux
	local command='cat >/dev/null; echo answer' option
	echo answer >answer
	serves -k -n -e "$command"
	FAR=$HERE
	for option in "--forward 127.0.0.1:$FAR" "--forward localhost:$FAR -4" '-n -i 60'; do
		set -- -e "$command"
		[[ $option != --forward* ]] || set --
		# shellcheck disable=SC2086 # words
		serves -k $option "$@"
		prlimit --pid "$LISTENER" --nofile=16: || skip 'prlimit is not permitted'
		within 30 python3 -S "$BATS_TEST_DIRNAME/helpers/crowd.py" "$HERE" 10 answer
		kill "$LISTENER"
		ended 143 "$LISTENER"
		# It is said once for each time, and nothing else.
		grep -q 'accept: .*(EMFILE): trying again$' err
		run grep -vE 'listening on|accept: ' err
		[ "$output" = '' ]
	done
}

# traced_serves CALLS [ARG...]: serves, and these system calls of it go to the file trace.
traced_serves() {
	: >ready
	spawn strace -f -qq -o trace -e signal=none -e trace="$1" "$SOCKIT" listen --notify-fd 9 "${@:2}" \
		127.0.0.1 0 9>ready </dev/null >out 2>err
	LISTENER=$PID
	eventually grep -q ' ' ready
	read -r _ HERE <ready
}

@test "a client costs few system calls, however many wait for their other side" {
	[ "$(platform)" = linux ] || skip 'portable'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of this build strace tells other things'
	needs strace strace
	strace -o /dev/null true 2>/dev/null || skip 'strace is not permitted'
	local calls far
	serves -k --echo
	traced_serves all --accept 3 --forward "127.0.0.1:$HERE"
	echo answer >in
	for calls in 1 2 3; do
		exits 0 "$SOCKIT" connect -n 127.0.0.1 "$HERE" <in >got
		same in got
	done
	ended 0 "$LISTENER"
	# Of the second of three; not what depends on who is faster.
	calls=$(awk '/ accept4?\(.* = [0-9]/ { n++ } n == 2' trace | grep -vcE 'ppoll|prlimit|EAGAIN')
	echo "$calls calls"
	[ "$calls" -le 21 ]
	mkfifo room
	exec 7<>room
	spawn "${FOREIGN[@]}" bind:unix:full.socket full:full <&7
	far=$PID
	eventually test -e full
	traced_serves fcntl --accept 40 -w 1 --forward unix:full.socket
	within 20 python3 - "$HERE" <<-'END'
		import socket, sys
		all = [socket.create_connection(('127.0.0.1', int(sys.argv[1]))) for _ in range(40)]
	END
	ended 1 "$LISTENER"
	[ "$(grep -c F_DUPFD trace)" -le 40 ]
	kill "$far"
}

@test "few descriptors: a place that is given back is taken at once" {
	needs prlimit util-linux
	local start
	: >answer
	serves -k --discard
	FAR=$HERE
	serves -k --forward "127.0.0.1:$FAR"
	prlimit --pid "$LISTENER" --nofile=14: || skip 'prlimit is not permitted'
	start=$(milliseconds)
	within 30 python3 -S "$BATS_TEST_DIRNAME/helpers/crowd.py" "$HERE" 200 answer
	# Every tenth of a second only two or three would be.
	[ $(($(milliseconds) - start)) -lt 4000 ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	# While that lasts it is said once.
	[ "$(grep -c 'EMFILE' err)" -le 3 ]
}

@test "few descriptors: a limit that becomes lower than what is open ends nothing" {
	needs prlimit util-linux
	[ "$(platform)" = linux ] || skip 'portable'
	serves -k --echo
	holding 40 "$HERE"
	prlimit --pid "$LISTENER" --nofile=10: || skip 'prlimit is not permitted'
	let_go
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

# burst LISTENER PORT MOST ALL: 30 clients are there at once. Never are more than MOST served at a time, and ALL of
# them in the end.
burst() {
	within 20 python3 - "$@" <<-'END'
		import os, select, signal, socket, sys
		pid, port, most, all = map(int, sys.argv[1:])
		os.kill(pid, signal.SIGSTOP)
		clients = [socket.create_connection(('127.0.0.1', port)) for _ in range(30)]
		for c in clients:
		    c.sendall(b'x')
		os.kill(pid, signal.SIGCONT)
		served, busy = 0, []
		while clients and served < all:
		    ready = select.select(clients, [], [], 10)[0]
		    assert ready, 'nobody is served'
		    for c in ready:
		        clients.remove(c)
		        try:
		            assert c.recv(9) == b'x'
		        except ConnectionResetError:  # it listens no more
		            continue
		        busy.append(c)
		        served += 1
		    assert len(busy) <= most, len(busy)
		    while len(busy) > most - 1 and served < all:
		        busy.pop(0).close()
		assert served == all, served
	END
}

@test "a burst of clients: no more than may come are taken" {
	serves --accept 5 --echo
	burst "$LISTENER" "$HERE" 5 5
	ended 0 "$LISTENER"
	serves -k --max-conns 3 --echo
	burst "$LISTENER" "$HERE" 3 30
	kill "$LISTENER"
	ended 143 "$LISTENER"
	said
}

@test "300 idle ones cost nothing, and move when they want; busy ones beside them lose nothing" {
	local far
	serves -k --echo
	far=$LISTENER FAR=$HERE
	forwards -k
	holding 300 "$HERE"
	idles "$LISTENER"
	idles "$far"
	crowd "$HERE" 20 4
	idles "$LISTENER"
	let_go
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "300 that are half closed cost nothing" {
	far f1-300:accept f1-300:shutdown hold
	forwards -k
	counterpart connect:"$HERE" strict c1-300:join c1-300:over say:held hold
	eventually grep -qx held peer.out
	idles "$LISTENER"
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "5000 idle connections: no more than 4 MiB" {
	local hard before more
	ulimit -n 5100 2>/dev/null || :
	hard=$(ulimit -n)
	[ "$hard" = unlimited ] || [ "$hard" -ge 5100 ] || skip "no more than $hard descriptors"
	serves -k --echo
	before=$(memory "$LISTENER")
	holding 5000 "$HERE"
	[ "$(count_fds "$LISTENER")" -ge 5000 ]
	idles "$LISTENER"
	more=$(($(memory "$LISTENER") - before))
	echo "$more KiB"
	[ -n "${SOCKIT_FLAVOUR-}" ] || [ "$more" -le 4096 ]
	let_go
}

@test "more stalled relays than there are pipes: each byte arrives" {
	[ "$(platform)" = linux ] || skip 'portable'
	mkfifo go
	serves -k --discard
	far rcvbuf:4096 f1-20:accept gate:go f1-20:hear f1-20:same:"$(A)" f1-20:over
	forwards --accept 20
	local pipes
	pipes=$(count_pipes "$LISTENER")
	counterpart connect:"$HERE" strict c1-20:join c1-20:feed:"$(A)" pause:0.5 say:stalled c1-20:shutdown c1-20:over
	eventually grep -qx stalled peer.out
	pipes=$(($(count_pipes "$LISTENER") - pipes))
	echo "$pipes ends of pipes"
	[ "$pipes" -ge 2 ]
	[ "$pipes" -le 16 ]
	idles "$LISTENER"
	: >go
	ended 0 "$LISTENER"
	far_ended
	counterpart_ended
}

### Real software.

# small_pages: nginx at unix:nginx.socket, with two pages.
small_pages() {
	mkdir -p pages
	cp "$(SMALL)" pages/page
	echo hello >pages/hello
	serves_pages "unix:$PWD/nginx.socket"
	eventually test -S nginx.socket
}

@test "nginx behind --forward: 200 requests by curl on one connection" {
	needs curl curl
	local i
	small_pages
	serves --stats --forward unix:nginx.socket
	for ((i = 0; i < 200; i++)); do
		printf 'url = "http://127.0.0.1:%s/%s"\noutput = "got.%s"\n' "$HERE" \
			"$([ $((i % 20)) = 0 ] && echo page || echo hello)" "$i"
	done >urls
	within 30 curl -sf -K urls
	ended 0 "$LISTENER"
	for ((i = 0; i < 200; i++)); do
		cmp "got.$i" pages/"$([ $((i % 20)) = 0 ] && echo page || echo hello)"
	done
	# It was one connection, and a good end.
	said 'sent [0-9]+ bytes?( \([0-9]+ acknowledged\))?, received [0-9]+ bytes? in '
}

@test "nginx behind --forward: wrk has no errors" {
	needs wrk wrk
	small_pages
	serves -k --forward unix:nginx.socket
	within 30 wrk -t 2 -c 40 -d 1 "http://127.0.0.1:$HERE/hello" >wrk.out
	cat wrk.out
	run ! grep -qE 'Socket errors|Non-2xx' wrk.out
	[ "$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' wrk.out)" -ge 100 ]
	within 30 wrk -t 2 -c 10 -d 1 "http://127.0.0.1:$HERE/page" >wrk.out
	run ! grep -qE 'Socket errors|Non-2xx' wrk.out
}

@test "python's http.server behind --forward" {
	needs curl curl
	local i
	mkdir pages
	cp "$(A)" pages/page
	spawn python3 -u -m http.server --directory pages --bind 127.0.0.1 0 >server.out 2>&1
	eventually grep -q 'port [0-9]' server.out
	FAR=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.out)
	forwards --accept 5
	for i in 1 2 3 4 5; do
		within 20 curl -sf -o "got.$i" "http://127.0.0.1:$HERE/page"
		same "got.$i" pages/page
	done
	ended 0 "$LISTENER"
	said
}

@test "redis's UNIX socket by TCP" {
	needs redis-server redis-server
	needs redis-cli redis-tools
	local i
	spawn redis-server --port 0 --unixsocket "$PWD/redis.socket" --save '' --appendonly no --dir "$PWD" \
		--daemonize no >redis.out 2>&1
	eventually test -S redis.socket
	serves -k --forward unix:redis.socket
	cli() { within 10 redis-cli -h 127.0.0.1 -p "$HERE" "$@"; }
	[ "$(cli ping)" = PONG ]
	head -c 100000 "$(SMALL)" | base64 -w 0 >value
	[ "$(cli -x set key <value)" = OK ]
	cli --raw get key | head -c -1 | cmp - value
	for i in {1..1000}; do
		echo "incr counter"
	done | cli >answers
	[ "$(tail -n 1 answers)" = 1000 ]
	# One that waits for what another sends.
	within 10 redis-cli -h 127.0.0.1 -p "$HERE" blpop queue 5 >popped 3>&- &
	started
	cli rpush queue thing >/dev/null
	ended 0 "$PID"
	grep -q thing popped
	kill "$LISTENER"
	ended 143 "$LISTENER"
	said
}

@test "a tree of 10000 files by tar" {
	needs tar tar
	local listener
	python3 - <<-'END'
		import os
		for i in range(100):
		    os.makedirs(f'here/{i}')
		    for j in range(100):
		        with open(f'here/{i}/{j}', 'wb') as f:
		            f.write(b'%d %d\n' % (i, j) * (i + j))
	END
	mkdir there
	mkfifo ready
	{
		"$SOCKIT" listen -d --quiet --notify-fd 9 127.0.0.1 0 9>ready 2>err | tar -xf - -C there 9>&-
	} 3>&- &
	started
	listener=$PID
	read -r _ HERE <ready
	tar -cf - here | exits 0 "$SOCKIT" connect 127.0.0.1 "$HERE" 2>err.connect
	ended 0 "$listener"
	[ "$(find there/here -type f | wc -l)" = 10000 ]
	diff -r here there/here
}

@test "50 clients at once to a slow command" {
	local start i pids=()
	# shellcheck disable=SC2016 # for that shell
	serves -k -e 'read -r n; sleep 0.5; echo "$((n * 2))"'
	start=$(milliseconds)
	for ((i = 0; i < 50; i++)); do
		echo "$i" | within 20 "$SOCKIT" connect 127.0.0.1 "$HERE" >"got.$i" 2>&1 3>&- &
		pids+=("$!")
	done
	for ((i = 0; i < 50; i++)); do
		wait "${pids[i]}"
		[ "$(<"got.$i")" = $((i * 2)) ]
	done
	# One after the other they would take 25 s.
	[ $(($(milliseconds) - start)) -lt 12000 ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	said
}
