#!/usr/bin/env bats
# connect --forward and unix --forward: two connections that are both made by us, joined.

load helpers/common
load helpers/files
load helpers/services

# joins [ARG...]: in the background, from the near peer ($NEAR) to the far one ($FAR).
joins() {
	"$SOCKIT" connect "$@" 127.0.0.1 "$NEAR" --forward 127.0.0.1:"$FAR" </dev/null >out 2>err 3>&- &
	started
}
near() {
	counterpart "$@"
	NEAR=$PORT
}

# bats test_tags=valgrind
@test "connect --forward: both ways, each end by itself" {
	far exchange:"$(A)" report
	near exchange:"$(B)" report
	joins
	ended 0 "$PID"
	silent
	silent out
	counterpart_ended "$(A)"
	far_ended "$(B)"
	# One side goes on long after the other's end.
	far shutdown readall report
	near readall pause:0.1 line:late shutdown report
	joins
	ended 0 "$PID"
	silent
	counterpart_ended /dev/null
	echo late >late
	far_ended late
}

@test "connect --forward: stdin is not read, stdout not written, and either side may speak first" {
	far line:first readall report
	near read:6 line:second shutdown report
	exec 5<"$(SMALL)"
	exits 0 "$SOCKIT" connect -v 127.0.0.1 "$NEAR" --forward 127.0.0.1:"$FAR" <&5 >out 2>err
	silent out
	cat <&5 >rest
	exec 5<&-
	same rest "$(SMALL)"
	echo first >first
	echo second >second
	counterpart_ended first open
	far_ended second
	[ "$(wc -l <err)" = 3 ]
	sed -n 1p err | grep -qE "^sockit connect: connected to 127\.0\.0\.1 port $NEAR from $ADDRESS$"
	sed -n 2p err | grep -qE "^sockit connect: connected to 127\.0\.0\.1 port $FAR from $ADDRESS$"
	sed -n 3p err | grep -qE '^sockit connect: closed: sent 6 bytes, received 7 bytes in .*; both ended$'
}

@test "connect --forward: a reset of one side is one for the other: 1" {
	far line:part acked reset
	near read:5 readall report
	joins
	ended 1 "$PID"
	says "^sockit connect: 127\.0\.0\.1 port $FAR: .*\(ECONNRESET\)$"
	echo part >part
	counterpart_ended part ECONNRESET
	far read:5 readall report
	near line:part acked reset
	joins
	ended 1 "$PID"
	says "^sockit connect: 127\.0\.0\.1 port $NEAR: .*\(ECONNRESET\)$"
	far_ended part ECONNRESET
}

@test "connect --forward: where the second cannot be reached the first is reset: 1" {
	near readall report
	FAR=$(free_port)
	joins
	ended 1 "$PID"
	says "^sockit connect: 127\.0\.0\.1 port $FAR: Connection refused \(ECONNREFUSED\)$"
	counterpart_ended /dev/null ECONNRESET
}

@test "connect --forward: what cannot be found, or is no endpoint, is told before anybody is connected to" {
	local word
	exits 3 "$SOCKIT" connect 127.0.0.1 1 --forward 127.0.0.1:nosuchservice </dev/null >out 2>err
	says '^sockit connect: port nosuchservice: .*\(EAI_SERVICE\)$'
	exits 3 "$SOCKIT" connect 127.0.0.1 1 --forward nosuch.invalid:80 </dev/null >out 2>err
	says 'nosuch\.invalid: .*\(EAI_[A-Z]+\)$'
	for word in 127.0.0.1 '' :80 '[::1]' unix: h:99999; do
		exits 2 "$SOCKIT" connect 127.0.0.1 1 --forward "$word" </dev/null >out 2>err
		says '--forward|endpoint|port|PATH|is empty'
	done
	exits 2 "$SOCKIT" connect -n 127.0.0.1 1 --forward localhost:80 </dev/null >out 2>err
	says localhost
}

@test "connect --forward: what it cannot do with others: 2" {
	local words
	for words in --raw -F -z --ping '-e cat'; do
		# shellcheck disable=SC2086 # words
		exits 2 "$SOCKIT" connect $words --forward 127.0.0.1:1 127.0.0.1 1 </dev/null >out 2>err
		says '--forward.*exclude each other|--[a-z-]+ and --forward exclude each other'
	done
	exits 2 "$SOCKIT" connect --forward 127.0.0.1:1 127.0.0.1 1 -- cat </dev/null >out 2>err
	says "--forward and '-- cat' exclude each other"
	exits 2 "$SOCKIT" listen --raw --forward 127.0.0.1:1 0 </dev/null >out 2>err
	says '--raw and --forward exclude each other'
	exits 2 "$SOCKIT" unix --type dgram --forward 127.0.0.1:1 s </dev/null >out 2>err
	says '--forward needs --listen with --type dgram'
}

@test "connect --forward: a signal, and -i: both sides see a reset" {
	far line:hello readall report
	near read:6 say:enough readall report
	joins
	eventually grep -q enough peer.out
	kill "$PID"
	ended 143 "$PID"
	silent
	echo hello >expected
	counterpart_ended expected ECONNRESET
	far_ended /dev/null ECONNRESET
	far readall report
	near readall report
	joins -i 0.1
	ended 4 "$PID"
	says '--idle-timeout'
	counterpart_ended /dev/null ECONNRESET
	far_ended /dev/null ECONNRESET
}

@test "connect --forward: -x, --stats and -C take the first for the peer" {
	far read:6 line:answer shutdown report
	near line:hello readall report
	joins -C --stats -X text
	ended 0 "$PID"
	says '^sockit connect: sent 8 bytes, received 6 bytes in '
	[ "$(<text)" = $'< hello\n> answer\\r' ]
	printf 'answer\r\n' >answer
	counterpart_ended answer
}

@test "connect --forward: with socat and nc at the ends" {
	needs socat socat
	needs nc.openbsd netcat-openbsd
	local port
	port=$(free_port)
	socat -u -t 20 "OPEN:$(A)" TCP-LISTEN:0,bind=127.0.0.1 3>&- &
	started
	local socat=$PID
	listening_port "$socat"
	FAR=$PORT
	nc.openbsd -N -l 127.0.0.1 "$port" </dev/null >got 3>&- &
	started
	local nc=$PID
	exits 0 "$SOCKIT" connect --retry 10s 127.0.0.1 "$port" --forward 127.0.0.1:"$FAR" </dev/null >out 2>err
	silent
	ended 0 "$socat"
	ended 0 "$nc"
	same got "$(A)"
}

@test "connect --forward: through a proxy to the first" {
	serves --proxy-server socks5 --allow 127.0.0.1
	PROXY=$HERE
	far exchange:"$(SMALL)" report
	near exchange:"$(A)" report
	joins --proxy socks5://127.0.0.1:"$PROXY" -v
	ended 0 "$PID"
	counterpart_ended "$(SMALL)"
	far_ended "$(A)"
}

@test "connect --forward: the source is that of the first connection" {
	far line:hello readall report
	near shutdown readall report
	exits 0 "$SOCKIT" connect -v -s 127.0.0.2 127.0.0.1 "$NEAR" --forward 127.0.0.1:"$FAR" </dev/null >out 2>err
	grep -qE "port $NEAR from 127\.0\.0\.2 port" err
	grep -qE "port $FAR from 127\.0\.0\.1 port" err
}

@test "unix --forward: a UNIX socket to another, and to TCP" {
	far exchange:"$(SMALL)" report
	counterpart bind:unix:s exchange:"$(A)" report
	exits 0 "$SOCKIT" unix s --forward 127.0.0.1:"$FAR" </dev/null >out 2>err
	silent
	silent out
	far_ended "$(A)"
	counterpart_ended "$(SMALL)"
	exits 1 "$SOCKIT" unix none --forward 127.0.0.1:"$FAR" </dev/null >out 2>err
	says '^sockit unix: .*none.*\(ENOENT\)$'
}

@test "a reverse tunnel: a client of the gateway reaches a server that only connects out" {
	needs socat socat
	needs curl curl
	local port inside
	mkdir pages
	cp "$(SMALL)" pages/page
	peer_by python3 -u -c 'import http.server as h, os
os.chdir("pages")
s = h.HTTPServer(("127.0.0.1", 0), h.SimpleHTTPRequestHandler)
print(s.server_port)
s.serve_forever()' 2>log
	inside=$PORT
	port=$(free_port)
	NEAR=$(free_port)
	# It joins whom it serves to the one who has connected to it.
	spawn socat -t 20 "TCP-LISTEN:$NEAR,bind=127.0.0.1,reuseaddr" "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr"
	FAR=$inside
	joins --retry 10s
	within 20 curl -sS --retry 20 --retry-connrefused --retry-delay 0 -o got "http://127.0.0.1:$port/page" 3>&-
	same got "$(SMALL)"
	ended 0 "$PID"
	silent
}
