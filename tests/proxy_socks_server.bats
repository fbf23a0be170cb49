#!/usr/bin/env bats
# listen --proxy-server socks5: SOCKS 5, 4 and 4a, with foreign clients; and what any proxy of ours has: who may use it,
# where to, and that it is no open one.

load helpers/common
load helpers/files
load helpers/words
load helpers/private
load helpers/services
load helpers/ssh

# proxies [ARG...]: a SOCKS server; its port is in $HERE.
proxies() {
	serves --proxy-server socks5 "$@"
}

# web: a server of one page, which curl_gets; its port is in $WEB.
web() {
	cat >page <<-'END'
		while read -r line && [ "$line" != "$(printf '\r')" ]; do :; done
		printf 'HTTP/1.0 200 OK\r\n\r\nthe page\n'
	END
	serve --quiet -k 127.0.0.1 0 -- sh page </dev/null
	WEB=$PORT
}

# curl_gets OPTION... URL: by curl, the page.
curl_gets() {
	needs curl curl
	rm -f got
	exits 0 curl -sS --noproxy '' -m 10 -o got "$@" 2>err.curl || {
		cat err.curl
		return 1
	}
	[ "$(<got)" = 'the page' ]
}

# curl_fails STATUS OPTION... URL: it does not get it.
curl_fails() {
	needs curl curl
	rm -f got
	exits "$1" curl -s --noproxy '' -m 10 -o got "${@:2}"
	[ ! -s got ]
}

# The words for peer.py. port PORT: in hexadecimal. to4 PORT, to6 PORT, to NAME PORT: a request of version 5.
port() {
	printf %04x "$1"
}
to4() {
	printf '050100017f000001%s' "$(port "$1")"
}
to6() {
	printf '0501000400000000000000000000000000000001%s' "$(port "$1")"
}
to() {
	printf '05010003%02x%s%s' "${#1}" "$(printf %s "$1" | od -An -tx1 | tr -d ' \n')" "$(port "$2")"
}

# asks WORD...: a client, which plays WORDs behind its greeting without a password.
asks() {
	counterpart connect:"$HERE" hex:050100 expect:0500 "$@"
}

# refusal CODE REQUEST: the answer to a REQUEST is CODE, and then the end.
refusal() {
	asks hex:"$2" expect:"05${1}0001000000000000" readall report
	counterpart_ended /dev/null
}

# answers <LINES: from the address where `private` is, too: each line is a code, and the request that has it as its answer.
answers() {
	cat >client <<-'END'
		import socket, sys
		bad = 0
		for line in open('requests'):
		    code, request = line.split()[:2]
		    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
		    s.sendall(b'\5\1\0' + bytes.fromhex(request))
		    s.settimeout(10)
		    got = b''
		    while data := s.recv(100):
		        got += data
		    if len(got) < 12 or got[3] != int(code):
		        print(got.hex(), 'has come:', line, end='')
		        bad = 1
		sys.exit(bad)
	END
	cat >requests
	within 30 python3 client "$PORT"
}

# closes: the listener is told to end, and has had nothing to say.
closes() {
	kill "$LISTENER"
	ended 143 "$LISTENER"
	said
}

### Every byte, both ways.

# relayed WORD...: 8 MiB each way at once, behind the handshake that WORDs are.
relayed() {
	counterpart "$@" exchange:"$(A)" report
	counterpart_ended "$(B)"
	far_ended "$(A)"
}

# bats test_tags=valgrind
@test "socks: version 5" {
	far exchange:"$(B)" report
	proxies --accept 1
	relayed connect:"$HERE" hex:050100 expect:0500 hex:"$(to4 "$FAR")" expect:05000001 skip:6
	ended 0 "$LISTENER"
	said
}

@test "socks: the answer has the address that we connect from" {
	web
	proxies --accept 1 -v
	within 10 python3 - "$HERE" "$WEB" <<-'END'
		import socket, struct, sys
		s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
		s.sendall(b'\5\1\0' + b'\5\1\0\1\x7f\0\0\1' + struct.pack('>H', int(sys.argv[2])))
		s.settimeout(5)
		got = b''
		while len(got) < 12:
		    got += s.recv(12 - len(got))
		assert got[:10] == b'\5\0\5\0\0\1\x7f\0\0\1', got
		print(struct.unpack('>H', got[10:])[0], file=open('bound', 'w'))
		s.shutdown(socket.SHUT_WR)
		while s.recv(100):
		    pass
	END
	ended 0 "$LISTENER"
	grep -qx "sockit listen: connected to 127\.0\.0\.1 port $WEB from 127\.0\.0\.1 port $(<bound)" err
}

@test "socks: versions 4 and 4a" {
	far exchange:"$(B)" report
	proxies --accept 1
	relayed connect:"$HERE" hex:0401"$(port "$FAR")"7f00000100 expect:005a skip:6
	ended 0 "$LISTENER"
	said
	far exchange:"$(B)" report
	proxies --accept 1
	# user "me", name "127.0.0.1"
	relayed connect:"$HERE" hex:0401"$(port "$FAR")"000000016d65003132372e302e302e3100 expect:005a skip:6
	ended 0 "$LISTENER"
	said
}

@test "socks: to IPv6 and from IPv6" {
	needs_ipv6
	far bind:::1 exchange:"$(B)" report
	proxies --accept 1
	relayed connect:"$HERE" hex:050100 expect:0500 hex:"$(to6 "$FAR")" \
		expect:0500000400000000000000000000000000000001 skip:2
	ended 0 "$LISTENER"
	far exchange:"$(B)" report
	serve --proxy-server socks5 --accept 1 ::1 0 </dev/null 2>err
	relayed connect:::1,"$PORT" hex:050100 expect:0500 hex:"$(to4 "$FAR")" expect:05000001 skip:6
	ended 0 "$LISTENER"
}

@test "socks: a handshake byte by byte, and all of it at once with what comes behind" {
	far exchange:"$(B)" report
	proxies --accept 1 --proxy-auth me:secret
	relayed connect:"$HERE" drip:050102 expect:0502 drip:01026d6506736563726574 expect:0100 \
		drip:"$(to 127.0.0.1 "$FAR")" expect:05000001 skip:6
	ended 0 "$LISTENER"
	said
	far exchange:"$(B)" report
	proxies --accept 1 --proxy-auth me:secret
	counterpart connect:"$HERE" behind:05010201026d6506736563726574"$(to4 "$FAR")","$(SMALL)" shutdown \
		expect:0502010005000001 skip:6 readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(B)"
	far_ended "$(SMALL)"
}

@test "socks: what comes behind the request before the way is there goes there" {
	far exchange:"$(B)" report
	proxies --accept 1
	asks behind:"$(to4 "$FAR")","$(A)" shutdown expect:05000001 skip:6 readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(B)"
	far_ended "$(A)"
}

@test "socks: forwarding goes on after either side's end" {
	far shutdown readall report
	proxies --accept 1
	asks hex:"$(to4 "$FAR")" expect:05000001 skip:6 readall file:"$(A)" shutdown report
	ended 0 "$LISTENER"
	said
	counterpart_ended /dev/null
	far_ended "$(A)"
	far readall file:"$(A)" shutdown report
	proxies --accept 1
	asks hex:"$(to4 "$FAR")" expect:05000001 skip:6 shutdown readall report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(A)"
	far_ended /dev/null
}

@test "socks: a side that breaks is no end for the other" {
	mkfifo go
	far send:1000 gate:go reset
	proxies --accept 1
	asks hex:"$(to4 "$FAR")" expect:05000001 skip:6 say:there readall report
	eventually grep -q there peer.out
	: >go
	ended 1 "$LISTENER"
	ended 0 "$PEER"
	grep -q ' ECONNRESET$' peer.out
}

@test "socks: by a UNIX socket" {
	far exchange:"$(B)" report
	served_by "$SOCKIT" unix --listen s --notify-fd 9 --proxy-server socks5 --accept 1 </dev/null 2>err
	relayed connect:unix:s hex:050100 expect:0500 hex:"$(to4 "$FAR")" expect:05000001 skip:6
	ended 0 "$LISTENER"
	silent
}

@test "socks: -o has what passes, and nothing of the handshake" {
	far exchange:"$(SMALL)" report
	proxies --accept 1 -o copy --proxy-auth me:secret
	counterpart connect:"$HERE" hex:050102 expect:0502 hex:01026d6506736563726574 expect:0100 \
		hex:"$(to4 "$FAR")" expect:05000001 skip:6 shutdown readall report
	ended 0 "$LISTENER"
	counterpart_ended "$(SMALL)"
	far_ended /dev/null
	same copy "$(SMALL)"
}

### Foreign clients.

@test "socks: curl by 5, 5 with names, 4, 4a" {
	local option
	web
	proxies
	for option in --socks5 --socks5-hostname --socks4 --socks4a; do
		curl_gets $option "127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	done
	curl_gets --socks5-hostname "127.0.0.1:$HERE" "http://localhost:$WEB/"
	curl_gets --socks4a "127.0.0.1:$HERE" "http://localhost:$WEB/"
	closes
}

@test "socks: curl, and who it is" {
	web
	printf '#me:#1\n\nother:one\r\nthird:a:b\nc:d\re' >users
	proxies --proxy-auth me:secret --proxy-auth-file users
	curl_gets -x "socks5h://me:secret@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_gets -x "socks5://other:one@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_gets -x "socks5://third:a%3Ab@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_gets -x "socks5://c:d%0De@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_gets -x "socks5://%23me:%231@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks5://me:secre@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks5://me:secrets@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks5://me:one@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks5://127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks4://127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks4a://me@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	closes
}

@test "socks: one file for both sides" {
	printf '#me:#1\n' >users
	web
	proxies --proxy-auth-file users
	printf 'GET / HTTP/1.0\r\n\r\n' >request
	exits 0 "$SOCKIT" connect --proxy "socks5h://127.0.0.1:$HERE" --proxy-auth-file users 127.0.0.1 "$WEB" \
		<request >got 2>got.err
	silent got.err
	[ "$(tail -n 1 got)" = 'the page' ]
	closes
}

@test "socks: nc and ncat" {
	local client
	web
	proxies
	for client in 'nc.openbsd -N -X 5 -x' 'nc.openbsd -N -X 4 -x' 'ncat --proxy-type socks5 --proxy' 'ncat --proxy-type socks4 --proxy'; do
		# shellcheck disable=SC2086 # words
		set -- $client
		command -v "$1" >/dev/null || continue
		printf 'GET / HTTP/1.0\r\n\r\n' >request
		within 10 "$@" "127.0.0.1:$HERE" 127.0.0.1 "$WEB" <request >got 3>&-
		[ "$(tail -n 1 got)" = 'the page' ]
	done
	closes
}

@test "socks: ssh through it, by nc" {
	needs nc.openbsd netcat-openbsd
	ssh_server
	proxies
	ssh_through -o ProxyCommand="nc.openbsd -X 5 -x 127.0.0.1:$HERE %h %p"
	closes
}

### What cannot be, and what may not.

@test "socks: a place that refuses: 5, and status 1" {
	local closed
	closed=$(free_port)
	proxies --accept 3
	refusal 05 "$(to4 "$closed")"
	counterpart connect:"$HERE" hex:0401"$(port "$closed")"7f00000100 expect:005b000000000000 readall report
	counterpart_ended /dev/null
	curl_fails 97 --socks5 "127.0.0.1:$HERE" "http://127.0.0.1:$closed/"
	ended 1 "$LISTENER"
	[ "$(grep -cE "^sockit listen: $ADDRESS: 127\.0\.0\.1 port $closed: Connection refused \(ECONNREFUSED\)$" err)" = 3 ]
	[ "$(wc -l <err)" = 4 ]
}

@test "socks: an answer for each errno" {
	local full
	private <<-'END'
		127.0.0.1 there two.test
		127.0.0.2 two.test
	END
	inside sh -c 'ip route add unreachable 10.2.0.0/16 && ip route add prohibit 10.3.0.0/16' || skip 'no routes'
	peer nameserver
	peer who full:127.0.0.1
	full=$PORT
	serve --proxy-server socks5 -4 -w 2 127.0.0.1 0 </dev/null >out 2>err
	answers <<-END
		3 050100010b0000010050 no way
		4 050100010a0200010050 unreachable
		2 050100010a0300010050 prohibited
		5 $(to two.test 1)
		6 $(to4 "$full")
		4 $(to nosuch.invalid 80)
		8 $(to6 80) -4
		1 $(to 'a b' 80)
		1 $(to unix:/s 80)
	END
	grep -qE "^sockit listen: $ADDRESS: 127\.0\.0\.1 port $full: no answer within 2 s \(-w\)$" err
	grep -qE "^sockit listen: $ADDRESS: two\.test port 1: 127\.0\.0\.. port 1: Connection refused \(ECONNREFUSED\); 127\.0\.0\.. port 1: Connection refused \(ECONNREFUSED\)$" err
	grep -qE "^sockit listen: $ADDRESS: nosuch\.invalid port 80: .* \(EAI_NONAME\)$" err
}

@test "socks: BIND, UDP and unknown addresses are refused" {
	proxies
	refusal 07 050200017f0000010050
	refusal 07 050300017f0000010050
	refusal 07 0509000131313131aaaa
	refusal 08 050100027f000001
	counterpart connect:"$HERE" hex:040200507f00000100 expect:005b000000000000 readall report
	counterpart_ended /dev/null
	closes
}

@test "socks: what is no SOCKS gets no answer" {
	local word
	printf 'GET / HTTP/1.0\r\n\r\n' >request
	proxies -v
	counterpart connect:"$HERE" file:request readall report
	counterpart_ended /dev/null
	for word in 00 03 06 ff; do
		counterpart connect:"$HERE" hex:$word send:100000 readall report
		ended 0 "$PEER"
		grep -q '^read 0 ' peer.out
	done
	counterpart connect:"$HERE" hex:050100 expect:0500 hex:0401 readall report
	counterpart_ended /dev/null
	# Nothing that it offers; a wrong way to say who one is.
	counterpart connect:"$HERE" hex:050101 expect:05ff readall report
	counterpart_ended /dev/null
	counterpart connect:"$HERE" hex:050102 expect:0502 hex:02 readall report
	counterpart_ended /dev/null
	# It ends within its request, or before.
	asks hex:0501 shutdown readall report
	counterpart_ended /dev/null
	counterpart connect:"$HERE" shutdown readall report
	counterpart_ended /dev/null
	counterpart connect:"$HERE" hex:05 reset
	counterpart_ended
	eventually grep -qE 'refused: it has gone: .*\(ECONNRESET\)$' err
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -qE "^sockit listen: $ADDRESS: refused: no SOCKS: it begins with the byte 0x47$" err
	[ "$(grep -c ': refused: it has ended before it asked for anything$' err)" = 2 ]
}

@test "socks: a client that says nothing has the time of -w, or of -i" {
	proxies --accept 2 -i 0.2 -v
	counterpart connect:"$HERE" readall report
	counterpart_ended /dev/null
	asks drip:05010001 readall report
	counterpart_ended /dev/null
	ended 0 "$LISTENER"
	[ "$(grep -c ': refused: it has not asked for anything in time (-w, -i)$' err)" = 2 ]
	# This is how long nobody may come at all, too.
	proxies --accept 1 -w 2 -v
	asks drip:05010001 readall report
	counterpart_ended /dev/null
	ended 0 "$LISTENER"
	[ "$(grep -c ': refused: it has not asked for anything in time (-w, -i)$' err)" = 1 ]
}

@test "socks: a refused one does not count, and a password is no error" {
	proxies --accept 1 --proxy-auth me:secret -v
	counterpart connect:"$HERE" hex:050102 expect:0502 hex:01026d6506736563726575 expect:0101 readall report
	counterpart_ended /dev/null
	ended 0 "$LISTENER"
	grep -qE ': refused: wrong user or password$' err
	run grep -c secre err
	[ "$output" = 0 ]
}

@test "socks: the proxy itself is no place to go" {
	local to
	proxies
	refusal 02 "$(to4 "$HERE")"
	refusal 02 "$(to localhost "$HERE")"
	closes
	serve --proxy-server socks5 --proxy-auth me:secret 0 </dev/null 2>err
	HERE=$PORT
	for to in "$(to4 "$HERE")" "050100017f000002$(port "$HERE")" "0501000100000000$(port "$HERE")"; do
		counterpart connect:"$HERE" hex:05010201026d6506736563726574"$to" expect:05020100 \
			expect:05020001000000000000 readall report
		counterpart_ended /dev/null
	done
}

### Lists.

@test "--allow-dest and --deny-dest: by address, by network, by name" {
	private <<-'END'
		127.0.0.1 good.test Bad.test
		127.0.0.5 bad.test other.test
		127.0.0.9 alias.test
	END
	# Where it may go, it is refused: 5.
	serve --proxy-server socks5 --deny-dest 127.0.0.9 --deny-dest 127.0.0.4/30,::1 127.0.0.1 0 </dev/null >out 2>err
	answers <<-END
		5 $(to4 1)
		5 $(to good.test 1)
		2 050100017f0000050001
		2 050100017f0000090001
		2 $(to other.test 1)
		2 $(to alias.test 1)
		2 $(to 127.5 1)
		2 $(to 0x7f000005 1)
		2 $(to ::ffff:127.0.0.5 1)
		2 0501000400000000000000000000ffff7f0000050001
		2 $(to6 1)
		2 $(to :: 1)
	END
	kill "$LISTENER"
	serve --proxy-server socks5 --deny-dest 127.0.0.0/8 -v 127.0.0.1 0 </dev/null >out 2>err
	answers <<-END
		2 05010001000000000001
		2 $(to 0 1)
	END
	grep -qE "^sockit listen: $ADDRESS: refused: denied \(--deny-dest\)$" err
	kill "$LISTENER"
	# A name stands for its addresses, and for itself; one that is denied wins.
	serve --proxy-server socks5 --deny-dest BAD.test. --allow-dest 127.0.0.0/30,other.test,bad.test,Moving.test \
		127.0.0.1 0 </dev/null >out 2>err || :
	ended 3 "$LISTENER"
	says '^sockit listen: host Moving\.test: .*\(EAI_[A-Z]+\)$'
	# To musl, what a hosts file has in another case is another name.
	echo 127.0.0.7 moving.test MOVING.test >>hosts
	serve --proxy-server socks5 --allow-dest 127.0.0.1/32,moving.test --deny-dest 127.0.0.8 -v \
		127.0.0.1 0 </dev/null >out 2>err
	answers <<-END
		5 $(to4 1)
		5 050100017f0000070001
		2 050100017f0000060001
		5 $(to moving.test 1)
	END
	sed 's/127.0.0.7 moving/127.0.0.6 moving/' hosts >hosts.new
	cat hosts.new >hosts
	answers <<-END
		5 $(to MOVING.test 1)
	END
	sed 's/127.0.0.6 moving/127.0.0.8 moving/' hosts >hosts.new
	cat hosts.new >hosts
	answers <<-END
		2 $(to moving.test 1)
		2 $(to other.test 1)
	END
	grep -qE "^sockit listen: $ADDRESS: refused: not allowed \(--allow-dest\)$" err
	kill "$LISTENER"
	serve --proxy-server socks5 --deny-dest good.test 127.0.0.1 0 </dev/null >out 2>err
	answers <<-END
		2 $(to Good.TEST. 1)
		2 $(to4 1)
		5 $(to other.test 1)
	END
}

@test "--proxy-server -n: names are refused" {
	proxies -n -v
	refusal 02 "$(to localhost 80)"
	refusal 02 "$(to 127.1 80)"
	refusal 05 "$(to 127.0.0.1 "$(free_port)")"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(grep -c ': refused: that is a name, which --numeric does not look up$' err)" = 2 ]
}

@test "--proxy-server: --allow and --deny are about clients" {
	web
	proxies --deny 127.0.0.1
	curl_fails 97 --socks5 "127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	closes
	serve --proxy-server socks5 --allow 127.0.0.0/8 0 </dev/null 2>err
	curl_gets --socks5 "127.0.0.1:$PORT" "http://127.0.0.1:$WEB/"
}

### The command line.

@test "--proxy-server: an open proxy is status 2" {
	local words ok
	echo 127.0.0.1 >list
	echo me:secret >users
	while read -r -a words; do
		sockit listen --proxy-server socks5 "${words[@]}"
		told 2 'sockit listen: a proxy on every address of this machine is open to everybody: *' || fault "${words[*]}"
		for ok in '--proxy-auth a:b' '--proxy-auth-file users' '--allow 127.0.0.1' '--allow-file list'; do
			# shellcheck disable=SC2086 # words
			sockit listen --proxy-server socks5 -w 10ms $ok "${words[@]}"
			[ "$STATUS" = 4 ] || [[ ${words[*]} == *:* ]] || fault "$ok ${words[*]}"
		done
	done <<-'END'
		0
		0.0.0.0 0
		0.0.0.0:0
		0 0
		:: 0
		[::] 0
		::ffff:0.0.0.0 0
		0x0 0
		--deny 127.0.0.2 0
		-4 0
		--ipv6-only 0
	END
	sockit listen --proxy-server socks5 -w 10ms 127.0.0.1 0
	[ "$STATUS" = 4 ]
	sockit listen --proxy-server socks5 -w 10ms localhost 0
	[ "$STATUS" = 4 ]
	sockit listen --proxy-server http 0
	told 2 'sockit listen: a proxy on every address of this machine is open to everybody: *'
	sockit unix --listen --proxy-server socks5 -w 10ms s
	told 4 '*'
}

@test "--proxy-server: an open proxy by a name, or by a socket that was handed over" {
	PYTHON=$(command -v python3)
	exits 2 "$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/activate.py" tcp any -- "$SOCKIT" listen --proxy-server socks5 </dev/null >out 2>err
	says '^sockit listen: a proxy on every address of this machine is open to everybody: '
	exits 4 "$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/activate.py" tcp -- "$SOCKIT" listen --proxy-server socks5 -w 10ms </dev/null >out 2>err
	exits 4 "$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/activate.py" any -- "$SOCKIT" listen --proxy-server socks5 -w 10ms --allow ::1 </dev/null >out 2>err
	private <<-'END'
		127.0.0.1 some.test
		0.0.0.0 all.test
	END
	sockit listen --proxy-server socks5 all.test 0
	told 2 'sockit listen: a proxy on every address of this machine is open to everybody: *'
	sockit listen --proxy-server socks5 -w 10ms some.test 0
	[ "$STATUS" = 4 ]
}

@test "--proxy-auth is overwritten, wherever it stands" {
	serves --proxy-server socks5 --proxy-auth me:secret-word --proxy-auth=other:secret-word
	tr '\0' '\n' <"/proc/$LISTENER/cmdline" >words
	[ "$(grep -c secret words)" = 0 ]
	[ "$(grep -cxE -- '(--proxy-auth=)?\*+' words)" = 2 ]
	[ "$(grep -c -- '--proxy-auth' words)" = 2 ]
}

@test "--proxy-auth, --proxy-auth-file: what is none is never quoted" {
	local word lines why
	for word in secret :secret '' "$(printf %0256d 0):p" "u:$(printf %0256d 0)"; do
		sockit listen --proxy-server socks5 --proxy-auth "$word" 127.0.0.1 0
		told 2 'sockit listen: --proxy-auth: *' || fault "$word"
		[[ -z $word || $(<err) != *"$word"* ]] || fault "$word"
	done
	while IFS='|' read -r lines why; do
		printf %b "$lines" >users
		sockit listen --proxy-server socks5 --proxy-auth-file users 127.0.0.1 0
		told 2 "sockit listen: $why"
	done <<-'END'
		a:b\n\nsecret\n|users, line 3: this is not USER:PASS
		a:b\0c\n|users, line 1: a NUL byte
		a:b\n# who may come\n|users, line 2: this is not USER:PASS
		\n\r\n|--proxy-auth-file: users: no USER:PASS stands there
	END
	sockit listen --proxy-server socks5 --proxy-auth-file nosuch 127.0.0.1 0
	told 2 'sockit listen: --proxy-auth-file: nosuch: No such file or directory (ENOENT)'
	sockit listen --proxy-server socks5 --proxy-auth-file . 127.0.0.1 0
	told 2 'sockit listen: --proxy-auth-file: .: Is a directory (EISDIR)'
}

@test "--proxy-server: what cannot go together" {
	local words
	while read -r -a words; do
		sockit listen --proxy-server socks5 "${words[@]}" 127.0.0.1 0
		told 2 'sockit listen: *' || fault "${words[*]}"
	done <<-'END'
		--echo
		--discard
		--forward h:1
		--broker
		--chat
		-e cat
		-d
		--send-only
		--raw
		--stall 1
		--allow-dest /
		--allow-dest 1.2.3.4/33
		--deny-dest ,
		-n --deny-dest a.test
	END
	sockit listen --proxy-server socks5 127.0.0.1 0 -- cat
	told 2 "sockit listen: --proxy-server and '-- cat' exclude each other"
	for words in '--proxy-auth a:b' '--proxy-auth-file f' '--allow-dest h' '--deny-dest h'; do
		# shellcheck disable=SC2086 # words
		refuses '--* needs --proxy-server*' listen $words 127.0.0.1 0
	done
	refuses "--proxy-server: 'socks' is unknown*" listen --proxy-server socks 127.0.0.1 0
	refuses '--proxy-server needs --listen' unix --proxy-server socks5 s
	refuses '--proxy-server and --type dgram exclude each other' unix --listen --type dgram --proxy-server socks5 s
	refuses '--proxy-server is for streams: *' unix --listen --type seqpacket --proxy-server socks5 s
	refuses '--* exclude each other' unix --listen --send-fd 0 --proxy-server socks5 s
}

### What it says.

@test "--proxy-server: -v tells who goes where" {
	web
	proxies --accept 1 -v --proxy-auth me:secret
	curl_gets -x "socks5h://me:secret@127.0.0.1:$HERE" "http://localhost:$WEB/"
	ended 0 "$LISTENER"
	grep -qxE "sockit listen: $ADDRESS: asks for localhost port $WEB as user me" err
	grep -qxE "sockit listen: connected to $ADDRESS from $ADDRESS" err
	grep -qE "^sockit listen: $ADDRESS: closed: .*; both ended$" err
	[ "$(grep -c secret err)" = 0 ]
}

@test "--proxy-server --json: each object is as the schema says; no byte of a client's is raw" {
	local schema="$BATS_TEST_DIRNAME/helpers/schema.py" closed
	web
	closed=$(free_port)
	serve --json --proxy-server socks5 --proxy-auth me:secret --proxy-auth $'\e[31m:x' --accept 6 127.0.0.1 0 </dev/null 2>err
	HERE=$PORT
	curl_gets -x "socks5h://me:secret@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks5h://me:wrong@127.0.0.1:$HERE" "http://127.0.0.1:$WEB/"
	curl_fails 97 -x "socks5h://me:secret@127.0.0.1:$HERE" "http://127.0.0.1:$closed/"
	curl_fails 97 -x "socks5h://me:secret@127.0.0.1:$HERE" "http://nosuch.invalid:80/"
	curl_fails 97 -x "socks5h://me:secret@127.0.0.1:$HERE" "http://127.0.0.1:$HERE/"
	# The user is ESC [31m, the name has an ESC and a byte that is no UTF-8.
	counterpart connect:"$HERE" hex:05010201051b5b33316d0178"05010003031bff610050" expect:05020100 \
		expect:05010001000000000000 readall report
	counterpart_ended /dev/null
	ended 1 "$LISTENER"
	python3 -S "$schema" err requested id user host port >asked
	printf '%s\n' "1 me 127.0.0.1 $WEB" "3 me 127.0.0.1 $closed" '4 me nosuch.invalid 80' \
		"5 me 127.0.0.1 $HERE" $'6 \e[31m - 80' >expected
	diff expected asked
	[ "$(python3 -S "$schema" err refused id why)" = '2 wrong user or password
5 that is this proxy itself
6 that is neither an address nor a name' ]
	[ "$(python3 -S "$schema" err error id class code host)" = '3 socket ECONNREFUSED 127.0.0.1
4 resolve EAI_NONAME nosuch.invalid' ]
	[ "$(python3 -S "$schema" err closed id why | sort)" = '1 both ended
2 refused
3 not reached
4 not reached
5 refused
6 refused' ]
}

@test "--proxy-server: -vv tells what a client is waited for" {
	proxies -vv
	counterpart connect:"$HERE" hold
	eventually grep -qE "waiting for $ADDRESS to ask for something \(-w, -i\)" err
}

### Many.

# socks_crowd N LINE: N clients at once, each of which says all that it has to say before it reads; the answer
# to all that they send is LINE.
socks_crowd() {
	within 40 python3 - "$HERE" "$FAR" "$@" <<-'END'
		import signal, socket, struct, sys, threading
		signal.alarm(40)
		here, far, n, line = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].encode()
		bad = []
		def one(i):
		    s = socket.create_connection(('127.0.0.1', here))
		    s.sendall(b'\5\1\0' + b'\5\1\0\3\x09localhost' + struct.pack('>H', far) + b'line\n' * 1000)
		    s.shutdown(socket.SHUT_WR)
		    got = b''
		    while data := s.recv(1 << 16):
		        got += data
		    if got[:6] != b'\5\0\5\0\0\1' or got[12:] != line + b'\n':
		        bad.append(got[:100])
		threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
		for t in threads:
		    t.start()
		for t in threads:
		    t.join()
		sys.exit(f'{len(bad)}: {bad[0]}' if bad else 0)
	END
}

@test "socks: many at once, and nothing stays open" {
	local before
	serves --quiet -k -n -e 'wc -l'
	FAR=$HERE
	proxies -4
	before=$(find "/proc/$LISTENER/fd" -mindepth 1 | wc -l)
	socks_crowd 60 1000
	eventually few "$((before + 18))"
	closes
}
few() {
	[ "$(find "/proc/$LISTENER/fd" -mindepth 1 | wc -l)" -le "$1" ]
}

@test "socks: few descriptors: who has no place yet waits in the backlog" {
	needs prlimit util-linux
	serves --quiet -k -n -e 'wc -l'
	FAR=$HERE
	proxies -4
	prlimit --pid "$LISTENER" --nofile=16: || skip 'prlimit is not permitted'
	socks_crowd 10 1000
	kill "$LISTENER"
	ended 143 "$LISTENER"
	run grep -vE 'listening on|accept: .*\(EMFILE\): trying again$' err
	[ "$output" = '' ]
}

@test "socks: 64 MiB each way at once" {
	random_file more 64M
	far exchange:more report
	proxies --accept 1
	asks hex:"$(to4 "$FAR")" expect:05000001 skip:6 exchange:more report
	ended 0 "$LISTENER"
	said
	counterpart_ended more
	far_ended more
}
