# connect --proxy: the way through proxies, SOCKS and HTTP.
# shellcheck disable=SC2016

load helpers/common
load helpers/words
load helpers/private
load helpers/ssh
load helpers/proxies
load helpers/files

setup_file() { random_files 16777216; }

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# What a client of SOCKS 5 says first, what the proxy answers, and how that grants what was asked for.
HELLO=050100 OPEN=0500 GRANTED=05000001000000000000

# plays WORD...: peer.py as the proxy: it reads the greeting, and takes it; WORDs follow.
plays() {
	counterpart "$@"
	PROXY=socks5h://127.0.0.1:$PORT
}

# http_plays WORD...: peer.py as a proxy of HTTP.
http_plays() {
	counterpart "$@"
	PROXY=http://u:p@127.0.0.1:$PORT
}

# hex TEXT: its bytes, for peer.py; \n and the like are escapes.
hex() {
	printf %b "$1" | od -An -tx1 -v | tr -d ' \n'
}

# ---- the command line ----

@test "a URL that cannot be used: exit 2, and no password is told" {
	local url
	while read -r url why; do
		refuses "--proxy: '$(quoted "${url/geheim/***}")': $why" connect --proxy "${url/\*\*\*/u:geheim}" h 1
		! grep -q geheim err || fault 'the password is told'
	done <<-'END'
		***@h:1 it begins with none of *
		ftp://***@h it begins with none of *
		socks://***@h it begins with none of *
		***@h:1/x it begins with none of *
		socks5://***@h:1/x there is more behind *
		http://***@h:1/?x there is more behind *
		http://***@h:1# there is more behind *
		socks5://***@ no host
		socks5://***@:1 no host
		socks5://***@/ no host
		socks5://***@[] no host
		socks5://***@[h] only an IPv6 address stands in brackets
		socks5://***@[::1]:1:2 an IPv6 address stands in brackets
		socks5://***@h:65536 port '65536' is neither *
		socks5://***@h:-1 port '-1' is neither *
		socks5://***@a,b host 'a,b' is neither *
		socks5://***@[::1 an IPv6 address stands in brackets
		socks5://***@[::1]1080 no port behind the ]
		socks5://***@::1 an IPv6 address stands in brackets
		socks5://***@[::g] host '::g' is neither *
	END
	for url in u%:geheim u:geheim% u:%geheim u:geheim%2 u:geheim%2g u:%00geheim; do
		refuses "--proxy: 'socks5://\*\*\*@h': a % before the @ *" connect --proxy "socks5://$url@h" h 1
	done
	# What was meant to be a password must not show for a slash in it.
	refuses "--proxy: 'socks5://\*\*\*@h:1': *" connect --proxy socks5://u:ge/heim@h:1 h 1
	refuses "--proxy: '' is empty" connect --proxy '' h 1
	refuses '--proxy: URL is missing' connect h 1 --proxy
}

@test "what does not go with --proxy is exit 2" {
	refuses '--proxy and --tls exclude each other' connect --proxy socks5://h -z --tls h 1
	refuses '--trace and --proxy exclude each other' connect --proxy socks5://h --trace h 1
	refuses "'unix:/x': a proxy reaches HOST and PORT only" connect -z --proxy socks5://h h:1 unix:/x
	refuses '--proxy-auth-file needs --proxy' connect --proxy-auth-file f h 1
	refuses "'unix:/x': a proxy reaches HOST and PORT only" connect --proxy socks5://h unix:/x
	refuses "host 'fe80::1%lo': a zone means nothing to a proxy" connect --proxy socks5://h fe80::1%lo 1
	refuses "host 'fe80::1%lo': a zone means nothing to a proxy" \
		connect --proxy socks5://h --proxy 'socks5://[fe80::1%25lo]' h 1
	refuses "host 'h' is a name, which --numeric does not look up" connect -n --proxy socks5://h ::1 1
	refuses "port 'socks' is a name, which --numeric does not look up" connect -n --proxy 'socks5://[::1]:socks' ::1 1
}

@test "a file of passwords that cannot be used: exit 2, and nothing of it is told" {
	refuses '--proxy-auth-file: none: No such file or directory (ENOENT)' connect --proxy socks5://h --proxy-auth-file none h 1
	refuses '--proxy-auth-file: .: Is a directory (EISDIR)' connect --proxy socks5://h --proxy-auth-file . h 1
	printf 'a:b\ngeheim\n' >file
	refuses 'file, line 2: this is not USER:PASS' \
		connect --proxy socks5://h --proxy socks5://h --proxy-auth-file file h 1
	printf 'a:ge\0heim\n' >file
	refuses 'file, line 1: a NUL byte' connect --proxy socks5://h --proxy-auth-file file h 1
	SOCKIT_PROXY_AUTH=geheim refuses 'SOCKIT_PROXY_AUTH: this is not USER:PASS' connect --proxy socks5://h h 1
}

# ---- what is said ----

# bats test_tags=valgrind
@test "SOCKS 5 by name: the bytes, and what stands behind the answer is not lost" {
	plays save:said read:3 hex:$OPEN read:18 "hex:${GRANTED}$(printf early | od -An -tx1 -v | tr -d ' \n')" readall line:late close
	printf up | exits 0 "$SOCKIT" connect --proxy "$PROXY" example.org 80 >out 2>err
	silent
	[ "$(<out)" = earlylate ]
	bytes 05010005010003"0b$(printf example.org | od -An -tx1 | tr -d ' \n')"00507570 >wanted
	counterpart_ended
	same said wanted
}

@test "an answer that cannot be taken, or a request that cannot be sent, ends it, and is no data" {
	needs strace strace
	strace -o /dev/null -e trace=recvfrom -e inject=recvfrom:error=ENOMEM:when=1 true 2>/dev/null ||
		skip 'this strace cannot inject'
	local which
	# The second look at it is the one that takes it, for each of the two answers.
	for which in 2 4; do
		plays read:3 hex:$OPEN read:10 hex:$GRANTED readall
		ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" exits 1 strace -f -qq -o /dev/null \
			-e trace=recvfrom -e inject=recvfrom:error=ENOMEM:when=$which \
			"$SOCKIT" connect -n --proxy "$PROXY" 127.0.0.1 80 </dev/null >out 2>err
		says '127\.0\.0\.1 port 80: (Cannot allocate memory|Out of memory) \(ENOMEM\)$'
		silent out
	done
	# A proxy that waits for the rest would wait for ever.
	plays readall
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" exits 1 strace -f -qq -o /dev/null \
		-e trace=sendto -e inject=sendto:error=ENOBUFS:when=1 \
		"$SOCKIT" connect -n --proxy "$PROXY" 127.0.0.1 80 </dev/null >out 2>err
	says '127\.0\.0\.1 port 80: No buffer space available \(ENOBUFS\)$'
}

@test "SOCKS 5: whatever address is bound, in any pieces" {
	local bound
	for bound in 0102030405bb 0000000000000000000000000000000005bb; do
		plays read:3 drip:$OPEN read:10 "drip:050000$([ ${#bound} = 12 ] && echo 01 || echo 04)${bound}6869" close
		exits 0 "$SOCKIT" connect -d --proxy "$PROXY" 127.0.0.1 80 </dev/null >out 2>err
		silent
		[ "$(<out)" = hi ]
	done
	plays read:3 hex:$OPEN read:10 drip:05000003036162630050 hex:6869 close
	exits 0 "$SOCKIT" connect -d --proxy "$PROXY" 127.0.0.1 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	counterpart_ended
}

@test "SOCKS 5: an address is told as one, IPv6 too" {
	plays save:said read:3 hex:$OPEN read:22 hex:$GRANTED close
	exits 0 "$SOCKIT" connect -d --proxy "$PROXY" 2001:db8::1 443 </dev/null >out 2>err
	silent
	bytes ${HELLO}0501000420010db800000000000000000000000101bb >wanted
	counterpart_ended
	same said wanted
}

@test "SOCKS 5: a user and a password are offered, and told where they are wanted" {
	# From the URL, with escapes; from the file; from the environment.
	printf '\nu@:p:%%41\r\n' >file
	local way
	for way in url file environment; do
		plays save:said read:4 hex:0502 read:10 hex:0100 read:10 hex:$GRANTED close
		unset SOCKIT_PROXY_AUTH
		case $way in
		url) set -- --proxy "socks5://u%40:p%3a%2541@127.0.0.1:$PORT" ;;
		file) set -- --proxy "socks5://x:y@127.0.0.1:$PORT" --proxy-auth-file file ;;
		environment)
			export SOCKIT_PROXY_AUTH='u@:p:%41'
			set -- --proxy "socks5://127.0.0.1:$PORT"
			;;
		esac
		[ $way != file ] || {
			tail -n 1 file >line
			set -- --proxy "socks5://127.0.0.1:$PORT" --proxy-auth-file line
		}
		exits 0 "$SOCKIT" connect -d "$@" 127.0.0.1 80 </dev/null >out 2>err
		silent
		bytes 050200020102754005703a25343105010001"7f000001"0050 >wanted
		counterpart_ended
		same said wanted
	done
	# What is not wanted is not told.
	plays save:said read:4 hex:$OPEN read:10 hex:$GRANTED close
	exits 0 "$SOCKIT" connect -d --proxy "socks5://u:p@127.0.0.1:$PORT" 127.0.0.1 80 </dev/null >out 2>err
	bytes 05020002050100017f0000010050 >wanted
	counterpart_ended
	same said wanted
}

@test "SOCKS 4 and 4a: the bytes, with a user" {
	plays save:said read:11 drip:005a000000000000 line:hi close
	exits 0 "$SOCKIT" connect -d --proxy "socks4://me:x@127.0.0.1:$PORT" 127.0.0.2 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	bytes 040100507f0000026d6500 >wanted
	counterpart_ended
	same said wanted
	plays save:said read:14 hex:005a000000000000 line:hi close
	exits 0 "$SOCKIT" connect -d --proxy "socks4a://127.0.0.1:$PORT" a.bc 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	bytes 040100500000000100612e626300 >wanted
	counterpart_ended
	same said wanted
}

@test "HTTP: the bytes, nothing of who we are, and what stands behind the answer is not lost" {
	http_plays save:said read:57 "hex:$(hex 'HTTP/1.1 200 Connection established\r\nX: y\r\n\r\nearly')" readall close
	printf up | exits 0 "$SOCKIT" connect --proxy "$PROXY" example.org 80 >out 2>err
	silent
	[ "$(<out)" = early ]
	printf 'CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\nup' >wanted
	counterpart_ended
	same said wanted
	# An address of IPv6, and the answer in pieces.
	http_plays save:said read:61 "drip:$(hex 'HTTP/1.0 200 \r\n\r\nearly')" close
	exits 0 "$SOCKIT" connect -d --proxy "$PROXY" 2001:db8::1 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = early ]
	counterpart_ended
	grep -q '^CONNECT \[2001:db8::1\]:80 HTTP/1.1' said
}

@test "HTTP: who we are, once it is asked for, on the same connection or on a new one" {
	local first second basic version length next
	first=$(printf 'CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n' | wc -c)
	basic="Proxy-Authorization: Basic $(printf u:p | base64)"
	second=$((first + ${#basic} + 2))
	local asks='Proxy-Authenticate: Basic realm="r"\r\n'
	# The second, HTTP/1.0 and without a length, ends the connection.
	while IFS='!' read -r version length next; do
		# shellcheck disable=SC2086 # one verb or none
		http_plays keep save:said read:"$first" "hex:$(hex "HTTP/$version 407 No\\r\\n$asks$length\\r\\nbody")" $next \
			read:"$second" "hex:$(hex "HTTP/$version 200 OK\\r\\n\\r\\nhi")" close
		exits 0 "$SOCKIT" connect -d --proxy "$PROXY" h 80 </dev/null >out 2>err
		silent
		[ "$(<out)" = hi ]
		counterpart_ended
		run -0 grep -c "^$basic" said
		[ "$output" = 1 ]
	done <<-'END'
		1.1!Content-Length: 4\r\n!
		1.0!!next
	END
	# It never has enough.
	http_plays keep save:said read:"$first" "hex:$(hex "HTTP/1.0 407 No\\r\\n${asks}\\r\\n")" next \
		read:"$second" "hex:$(hex "HTTP/1.0 407 Still no\\r\\n${asks}\\r\\n")" close
	exits 1 "$SOCKIT" connect -d --proxy "$PROXY" h 80 </dev/null >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port $PORT: h port 80: HTTP status 407 Still no: .* \(EACCES\)$"
}

# ---- what goes wrong ----

# refused_by REGEX [ARG...]: connecting with ARGs through the proxy is exit 1, with what follows its name in the
# message.
refused_by() {
	exits 1 "$SOCKIT" connect --proxy "$PROXY" "${@:2}" 127.0.0.1 80 </dev/null >out 2>err || return
	silent out || return
	says "^sockit connect: proxy 127\.0\.0\.1 port $PORT: 127\.0\.0\.1 port 80: $1$"
}

@test "SOCKS 5: each refusal in words" {
	local code why
	while read -r code why; do
		plays read:3 hex:$OPEN read:10 "hex:05${code}0001000000000000" close
		refused_by "$why"
	done <<-'END'
		01 .* \(EIO\)
		02 .*rules.* \(EACCES\)
		03 network unreachable.* \(ENETUNREACH\)
		04 host unreachable.* \(EHOSTUNREACH\)
		05 connection refused.* \(ECONNREFUSED\)
		06 .* \(ETIMEDOUT\)
		07 the proxy does not connect .*
		08 .* \(EAFNOSUPPORT\)
		63 .*answer 99.* \(EPROTO\)
	END
}

@test "SOCKS 5: neither let in nor understood" {
	plays read:3 hex:05ff close
	refused_by 'the proxy wants to know who we are \(EACCES\)'
	plays read:4 hex:0502 read:5 hex:0101 close
	PROXY=socks5://u:p@127.0.0.1:$PORT refused_by 'wrong user or password \(EACCES\)'
	plays read:3 hex:0502 close
	refused_by '.* \(EPROTO\)'
	# Garbage, which is not told.
	plays read:3 line:$'HTTP/1.0 400 \e[31mBad' close
	refused_by 'its answer is not SOCKS version 5 \(EPROTO\)'
	plays read:3 hex:$OPEN read:10 hex:05000002 close
	refused_by '.* \(EPROTO\)'
	PROXY=socks5h://127.0.0.1:1 PORT=1
	exits 1 "$SOCKIT" connect --proxy "$PROXY" h 80 </dev/null >out 2>err
	says '^sockit connect: proxy 127\.0\.0\.1 port 1: Connection refused \(ECONNREFUSED\)'
}

@test "SOCKS 4: refusals, and what it has no form for" {
	plays read:9 hex:005b000000000000 close
	PROXY=socks4://127.0.0.1:$PORT
	refused_by '.* \(ECONNREFUSED\)'
	plays read:9 hex:0001000000000000 close
	PROXY=socks4://127.0.0.1:$PORT
	refused_by "the proxy's answer 1 is not known \(EPROTO\)"
	plays read:9 hex:045a000000000000 close
	PROXY=socks4://127.0.0.1:$PORT
	refused_by 'its answer is not SOCKS version 4 \(EPROTO\)'
	plays readall close
	exits 1 "$SOCKIT" connect --proxy "socks4a://127.0.0.1:$PORT" ::1 80 </dev/null >out 2>err
	says 'port [0-9]+: ::1 port 80: .*version 4.* \(EAFNOSUPPORT\)$'
}

@test "HTTP: what it says that is no tunnel, escaped" {
	local answer why
	while read -r answer why; do
		http_plays read:10 "hex:$(hex "${answer//_/ }")" readall close
		refused_by "$why"
	done <<-'END'
		HTTP/1.1_403_No\e[31m\r\n\r\n HTTP status 403 No\\x1b\[31m \(EACCES\)
		HTTP/1.1_503_Full\r\n\r\n HTTP status 503 Full \(EHOSTUNREACH\)
		HTTP/1.1_407_Who\r\n\r\n HTTP status 407 Who: .* \(EACCES\)
		SSH-2.0-x\r\n its answer is not HTTP: 'SSH-2\.0-x' \(EPROTO\)
		\x15\x03\x01 its answer is not HTTP: '\\x15\\x03\\x01' \(EPROTO\)
		HTTP/1.1_2xx\r\n\r\n .* \(EPROTO\)
	END
	# A head without an end.
	head -c 300k /dev/zero | tr '\0' x >much
	http_plays read:10 "hex:$(hex 'HTTP/1.1 200 OK\r\nX: ')" file:much readall close
	refused_by 'the head of its answer is too long \(EPROTO\)'
	http_plays read:10 "hex:$(hex 'HTTP/1.1 200 OK\r\n')" close
	refused_by '(it closed the connection before its answer was whole|Connection reset by peer) \(ECONNRESET\)'
	http_plays read:10 "hex:$(hex 'HTTP/1.1 200 OK\r\n')" hold
	exits 4 "$SOCKIT" connect -w 200ms --proxy "$PROXY" h 80 </dev/null >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port $PORT: h port 80: no answer within 200 ms \(-w\)$"
}

# bats test_tags=valgrind
@test "a proxy that goes away within its answer" {
	local verbs
	for verbs in 'read:3' "read:3 hex:$OPEN read:10" "read:3 hex:$OPEN read:10 hex:0500000100"; do
		# shellcheck disable=SC2086 # words
		plays $verbs close
		refused_by 'it closed the connection before its answer was whole \(ECONNRESET\)'
		# shellcheck disable=SC2086 # words
		plays $verbs reset
		refused_by 'Connection reset by peer \(ECONNRESET\)'
	done
}

@test "a name of a proxy that is not answered for: exit 4" {
	printf 'nameserver 127.0.0.1\noptions timeout:30\n' >resolv.conf
	private <<<'127.0.0.1 localhost'
	spawn python3 -S -c 'import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
print("ready", flush=True)
signal.pause()' >ready
	eventually grep -q ready ready
	exits 4 "$SOCKIT" connect -w 200ms --proxy socks5h://proxy.test h 80 </dev/null >out 2>err
	says '^sockit connect: proxy look-up of host proxy\.test, port 1080: no answer within 200 ms \(-w\)$'
	exits 4 "$SOCKIT" connect -w 200ms --proxy socks5://localhost --proxy http://two.test h 80 </dev/null >out 2>err
	says '^sockit connect: proxy look-up of host two\.test, port 1080: '
	exits 4 "$SOCKIT" connect -w 200ms --proxy socks5://localhost far.test 80 </dev/null >out 2>err
	says '^sockit connect: look-up of host far\.test, port 80: '
}

@test "a proxy that is silent: exit 4 in time, naming it" {
	plays read:3 hold
	exits 4 "$SOCKIT" connect -w 200ms --proxy "$PROXY" example.org 80 </dev/null >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port $PORT: example\.org port 80: no answer within 200 ms \(-w\)$"
	plays read:3 say:ready hold
	spawn "$SOCKIT" connect -vv --proxy "$PROXY" example.org 80 </dev/null >out 2>err
	eventually grep -q " waiting for proxy 127\.0\.0\.1 port $PORT, on the way to example.org port 80, to answer (-w)" err
	kill "$PID"
	plays read:3 hex:$OPEN read:18 hex:0500 hold
	exits 4 "$SOCKIT" connect --json -w 200ms --proxy "$PROXY" example.org 80 </dev/null >out 2>err
	[ "$(python3 "$SCHEMA" err error class code host port proxy)" = "timeout ETIMEDOUT example.org 80 $PROXY" ]
}

# ---- more than one address, more than one proxy ----

@test "names that are looked up here: one address after the other" {
	private <<-'END'
		127.0.0.1 localhost
		192.0.2.1 two.test
		192.0.2.2 two.test
	END
	plays keep save:said read:3 hex:$OPEN read:10 hex:05040001000000000000 next read:3 hex:$OPEN read:10 hex:$GRANTED line:hi close
	exits 0 "$SOCKIT" connect -d --proxy "socks5://127.0.0.1:$PORT" two.test 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	bytes ${HELLO}05010001c00002010050${HELLO}05010001c00002020050 >wanted
	counterpart_ended
	same said wanted
	# Each has failed.
	plays keep read:3 hex:$OPEN read:10 hex:05040001000000000000 next read:3 hex:$OPEN read:10 hex:05050001000000000000 close
	exits 1 "$SOCKIT" connect -d --proxy "socks5://127.0.0.1:$PORT" two.test 80 </dev/null >out 2>err
	says "port $PORT: 192\.0\.2\.1 port 80: .*\(EHOSTUNREACH\); 192\.0\.2\.2 port 80: .*\(ECONNREFUSED\)$"
	# The proxy looks the name up: it is asked once.
	plays read:3 hex:$OPEN read:15 hex:05040001000000000000 close
	exits 1 "$SOCKIT" connect -d --proxy "socks5h://127.0.0.1:$PORT" two.test 80 </dev/null >out 2>err
	says "port $PORT: two\.test port 80: .*\(EHOSTUNREACH\)$"
	# Beyond ASCII it is asked for the A-label.
	plays read:3 hex:$OPEN "expect:0501000312$(hex xn--bcher-kva.test)0050" hex:05040001000000000000 close
	exits 1 "$SOCKIT" connect -d --proxy "socks5h://127.0.0.1:$PORT" bücher.test 80 </dev/null >out 2>err
	says "port $PORT: bücher\.test port 80: .*\(EHOSTUNREACH\)$"
	exits 3 "$SOCKIT" connect -d --proxy "socks5://127.0.0.1:$PORT" none.test 80 </dev/null >out 2>err
	says '^sockit connect: host none\.test: '
	exits 3 "$SOCKIT" connect -d --proxy "socks5h://none.test:$PORT" two.test 80 </dev/null >out 2>err
	says '^sockit connect: proxy host none\.test: '
}

@test "a chain: each proxy is reached through the one before, and has its own password" {
	counterpart read:6 report close
	local target=$PORT first second
	microsocks_at -u one -P 1
	first=$AT
	microsocks_at -u two -P 2
	second=$AT
	printf 'x:y\ntwo:2\n' >file
	echo hello >hello
	exits 0 "$SOCKIT" connect -v --no-shutdown --proxy "socks5h://one:1@$first" --proxy "socks5://$second" \
		--proxy-auth-file file 127.0.0.1 "$target" <hello >out 2>err
	counterpart_ended hello open
	grep -q "^sockit connect: connected to proxy 127\.0\.0\.1 port ${first#*:} from " err
	grep -q "connected to 127\.0\.0\.1 port $target through 127\.0\.0\.1 port ${first#*:}, 127\.0\.0\.1 port ${second#*:} from " err
	# Who of them says no.
	exits 1 "$SOCKIT" connect --proxy "socks5h://one:1@$first" --proxy "socks5://two:3@$second" \
		127.0.0.1 "$target" <hello >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port ${second#*:}: 127\.0\.0\.1 port $target: .*\(EACCES\)$"
	exits 1 "$SOCKIT" connect --proxy "socks5h://one:2@$first" --proxy "socks5://two:2@$second" \
		127.0.0.1 "$target" <hello >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port ${first#*:}: 127\.0\.0\.1 port ${second#*:}: .*\(EACCES\)$"
	exits 1 "$SOCKIT" connect --proxy "socks5h://one:1@$first" --proxy socks5://127.0.0.1:1 \
		127.0.0.1 "$target" <hello >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port ${first#*:}: 127\.0\.0\.1 port 1: .*\(ECONNREFUSED\)$"
}

# ---- foreign proxies, and data ----

# passes URL UP DOWN: through that proxy goes what is in UP, and comes what is in DOWN.
passes() {
	counterpart "feed:$3" read:"$(wc -c <"$2")" report shutdown close
	exits 0 "$SOCKIT" connect --no-shutdown --proxy "$1" localhost "$PORT" <"$2" >out 2>err
	silent
	same out "$3"
	counterpart_ended "$2" open
}

@test "microsocks: 16 MiB both ways, by name and by address, IPv6 too" {
	microsocks_at
	passes "socks5h://$AT" "$(A)" "$(B)"
	needs_ipv6
	counterpart bind:::1 "feed:$(B)" read:131072 report shutdown close
	exits 0 "$SOCKIT" connect --no-shutdown --proxy "socks5://$AT" "[::1]:$PORT" <"$(SMALL)" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(SMALL)" open
}

@test "a question through foreign proxies, which take its end for the end of all: --no-shutdown" {
	local url
	microsocks_at
	url=socks5h://$AT
	tinyproxy_at
	echo question >question
	for url in "$url" "http://$AT"; do
		counterpart read:9 quiet:0.1 line:answer report close
		exits 0 "$SOCKIT" connect --no-shutdown --proxy "$url" localhost "$PORT" <question >out 2>err
		silent
		[ "$(<out)" = answer ]
		counterpart_ended question open
	done
}

# git reads the answer to its end, and closes its pipes: nothing was left to write to them.
@test "git clones through foreign proxies by GIT_PROXY_COMMAND" {
	needs git git
	local daemon url port urls
	daemon=$(git --exec-path)/git-daemon
	[ -x "$daemon" ] || skip "git-daemon is missing: package git"
	export HOME=$PWD
	git init -q source
	git -C source -c user.name=x -c user.email=x commit -q --allow-empty -m one
	port=$(free_port)
	spawn "$daemon" --reuseaddr --export-all --base-path="$PWD" --listen=127.0.0.1 --port="$port"
	eventually "$SOCKIT" connect -z --quiet 127.0.0.1 "$port" >/dev/null
	microsocks_at
	urls=("socks5h://$AT")
	tinyproxy_at
	urls+=("http://$AT")
	for url in "${urls[@]}"; do
		printf '#!/bin/sh\nexec "%s" connect --no-shutdown --proxy %s "$1" "$2"\n' "$SOCKIT" "$url" >proxy
		chmod +x proxy
		for _ in 1 2; do
			rm -rf copy
			GIT_PROXY_COMMAND=$PWD/proxy exits 0 git clone -q "git://127.0.0.1:$port/source" copy 2>err
			silent
			[ "$(git -C copy log --format=%s)" = one ]
		done
	done
}

@test "tinyproxy: data both ways, with a password and without" {
	local url
	tinyproxy_at
	url=http://$AT
	tinyproxy_at 'BasicAuth me geheim'
	for url in "$url" "http://me:geheim@$AT"; do
		passes "$url" "$(SMALL)" "$(SMALL)"
	done
	exits 1 "$SOCKIT" connect --proxy "http://me:wrong@$AT" localhost "$PORT" <"$(SMALL)" >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port ${AT#*:}: localhost port $PORT: HTTP status 40[0-9] .* \(EACCES\)$"
}

@test "chains of HTTP and SOCKS, either first" {
	local http socks chain
	tinyproxy_at 'BasicAuth me geheim'
	http=http://me:geheim@$AT
	microsocks_at -u one -P 1
	socks=socks5://one:1@$AT
	echo hello >hello
	for chain in "$http $socks" "$socks $http" "$http $socks $http $socks"; do
		counterpart line:early read:6 report close
		# shellcheck disable=SC2046,SC2086 # words
		exits 0 "$SOCKIT" connect --no-shutdown $(printf -- '--proxy %s ' $chain) localhost "$PORT" <hello >out 2>err
		silent
		[ "$(<out)" = early ]
		counterpart_ended hello open
	done
}

@test "ssh -D: 16 MiB both ways at once, each with its end" {
	ssh_server
	local socks
	socks=$(free_port)
	spawn ssh -F ssh_config -p "$SSHD_PORT" -N -o ExitOnForwardFailure=yes -D "127.0.0.1:$socks" 127.0.0.1 2>ssh.err
	eventually "$SOCKIT" connect -z --quiet 127.0.0.1 "$socks" >/dev/null
	counterpart "exchange:$(B)" report close
	exits 0 "$SOCKIT" connect --proxy "socks5h://127.0.0.1:$socks" localhost "$PORT" <"$(A)" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
	counterpart "exchange:$(SMALL)" report close
	exits 0 "$SOCKIT" connect --proxy "socks4a://127.0.0.1:$socks" localhost "$PORT" <"$(SMALL)" >out 2>err
	silent
	same out "$(SMALL)"
	counterpart_ended "$(SMALL)"
	exits 1 "$SOCKIT" connect --proxy "socks5h://127.0.0.1:$socks" localhost 1 <"$(A)" >out 2>err
	says "^sockit connect: proxy 127\.0\.0\.1 port $socks: localhost port 1: "
}

@test "a proxy that is killed in the middle: not exit 0" {
	microsocks_at
	counterpart read:1000 say:ready hold
	spawn "$SOCKIT" connect --proxy "socks5h://$AT" 127.0.0.1 "$PORT" </dev/zero >out 2>err
	eventually grep -q ready peer.out
	kill -KILL "${PIDS[0]}"
	ended 1 "$PID"
	says '127\.0\.0\.1 port [0-9]+: .*(ECONNRESET|EPIPE)'
}

@test "ssh with a ProxyCommand that goes through a proxy" {
	ssh_server
	microsocks_at
	local way
	for way in '' '-F'; do
		ssh_through ${way:+-o ProxyUseFdpass=yes} \
			-o ProxyCommand="$SOCKIT connect $way -w 10s --proxy socks5://$AT %h %p"
	done
}

# ---- the other options ----

@test "a command gets the connection with what has come already, and an environment without secrets" {
	plays read:4 hex:0502 read:5 hex:0100 read:18 hex:${GRANTED}6561726c790a readall close
	SOCKIT_PROXY_AUTH=u:p exits 0 "$SOCKIT" connect --proxy "$PROXY" example.org 80 -- \
		sh -c 'head -n 1 >&2; env >&2' >out 2>err
	counterpart_ended
	[ "$(head -n 1 err)" = early ]
	run -1 grep SOCKIT_PROXY err
	grep -qx TCPREMOTEHOST=example.org err
	grep -qx TCPREMOTEPORT=80 err
	run -1 grep TCPREMOTEIP err
	plays read:3 hex:$OPEN read:10 hex:$GRANTED readall close
	exits 0 "$SOCKIT" connect --proxy "$PROXY" 192.0.2.1 80 -- sh -c 'env >&2' >out 2>err
	grep -qx TCPREMOTEIP=192.0.2.1 err
}

@test "nothing of a password is to be seen in /proc, nor is it told" {
	plays keep read:4 hex:0502 read:9 hold
	SOCKIT_PROXY_AUTH=geheim3:geheim4 spawn "$SOCKIT" connect -vv --proxy "socks5h://geheim1:geheim2@127.0.0.1:$PORT" \
		--proxy=http://geheim5:geheim6@h h 80 </dev/null >out 2>err
	eventually grep -q asking err
	tr '\0' '\n' <"/proc/$PID/cmdline" >cmdline
	tr '\0' '\n' <"/proc/$PID/environ" >environ
	grep -q "^socks5h://\**@127\.0\.0\.1:$PORT$" cmdline
	grep -q '^--proxy=http://\**@h$' cmdline
	run -1 grep geheim cmdline environ err
	kill "$PID"
	plays read:4 hex:05ff close
	exits 1 "$SOCKIT" connect -vv --json --proxy "socks5://geheim1:geheim2@127.0.0.1:$PORT" 127.0.0.1 80 </dev/null >out 2>err
	run -1 grep geheim err
	# A command line in the wrong order is shown in the right one.
	sockit --proxy socks5://geheim1:geheim2@h connect h 1
	told 2 '*socks5://\*\*\*@h*'
}

@test "--json: the events, valid" {
	plays read:3 hex:$OPEN read:18 hex:$GRANTED close
	exits 0 "$SOCKIT" connect -d -vv --json --proxy "$PROXY" example.org 80 </dev/null >out 2>err
	[ "$(python3 "$SCHEMA" err proxy proxy)" = "$PROXY" ]
	run -1 grep -q 'host example.org' err # nobody has looked it up
	[ "$(python3 "$SCHEMA" err asking proxy host port)" = "$PROXY example.org 80" ]
	[ "$(python3 "$SCHEMA" err connected peer.name peer.port)" = 'example.org 80' ]
	grep -q "\"proxies\":\[\"$PROXY\"\]" err
	[ "$(python3 "$SCHEMA" err closed peer.name)" = example.org ]
	plays read:3 hex:$OPEN read:10 hex:05050001000000000000 close
	exits 1 "$SOCKIT" connect -d -vv --json --proxy "$PROXY" 127.0.0.1 80 </dev/null >out 2>err
	[ "$(python3 "$SCHEMA" err unreached proxy code)" = "$PROXY ECONNREFUSED" ]
	[ "$(python3 "$SCHEMA" err error class code proxy)" = "socket ECONNREFUSED $PROXY" ]
}

@test "-s, -p: from where the first proxy is called" {
	local port
	port=$(free_port)
	serve -k 127.0.0.1 0 -e 'echo "$TCPREMOTEIP $TCPREMOTEPORT" >from' </dev/null 2>listen.err
	exits 1 "$SOCKIT" connect -s 127.0.0.2 -p "$port" --proxy "socks5h://127.0.0.1:$PORT" h 80 </dev/null >out 2>err
	[ "$(<from)" = "127.0.0.2 $port" ]
	# The same port again, for the next connection.
	http_plays keep read:10 "hex:$(hex 'HTTP/1.0 407 No\r\nProxy-Authenticate: Basic realm="r"\r\n\r\n')" readall next \
		read:10 "hex:$(hex 'HTTP/1.0 200 OK\r\n\r\nhi')" readall close
	exits 0 "$SOCKIT" connect -p "$(free_port)" --proxy "$PROXY" h 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	# The family of --proxy is that of the way there.
	needs_ipv6
	counterpart bind:::1 read:3 hex:$OPEN read:8 hex:$GRANTED close
	exits 0 "$SOCKIT" connect -d -6 --proxy "socks5h://[::1]:$PORT" h 80 </dev/null >out 2>err
	silent
	exits 3 "$SOCKIT" connect -d -4 --proxy "socks5h://[::1]:$PORT" h 80 </dev/null >out 2>err
	says '^sockit connect: proxy host ::1: it has no IPv4 address \(EAI_[A-Z]+\)$'
}

@test "--retry: the whole way again, but not where we are not let in" {
	plays keep read:3 next read:3 hex:$OPEN read:8 hex:05040001000000000000 next read:3 hex:$OPEN read:8 hex:$GRANTED line:hi close
	exits 0 "$SOCKIT" connect -d --retry 10s --interval 10ms --proxy "$PROXY" h 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	plays read:3 hex:05ff close
	exits 1 "$SOCKIT" connect -d --retry 10s --interval 10ms --proxy "$PROXY" h 80 </dev/null >out 2>err
	says '\(EACCES\)$'
	# What went wrong last, not that the time was up in between.
	plays keep read:3 hex:$OPEN read:8 hex:05040001000000000000 next read:3 hold
	exits 4 "$SOCKIT" connect -d --retry 500ms --interval 10ms --proxy "$PROXY" h 80 </dev/null >out 2>err
	says 'h port 80: host unreachable from the proxy \(EHOSTUNREACH\)$'
	plays keep read:3 hold
	exits 4 "$SOCKIT" connect -d --retry 200ms --proxy "$PROXY" h 80 </dev/null >out 2>err
	says "h port 80: not up within 200 ms \(--retry\): proxy 127\.0\.0\.1 port $PORT: h port 80: no answer within "
}

@test "--fastopen: what is said to the proxy begins the connection" {
	[ "$(platform)" = linux ] || skip 'not on this platform'
	plays read:3 hex:$OPEN read:8 hex:$GRANTED line:hi close
	exits 0 "$SOCKIT" connect -d --fastopen --proxy "$PROXY" h 80 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	exits 1 "$SOCKIT" connect -d --fastopen --proxy socks5h://127.0.0.1:1 h 80 </dev/null >out 2>err
	says '^sockit connect: proxy 127\.0\.0\.1 port 1: .*Connection refused \(ECONNREFUSED\)'
}

@test "-z and --ping: a port is what the proxy finds it to be, by its name" {
	local closed url kind rest
	closed=$(free_port)
	serve --quiet -k --echo 127.0.0.1 0 </dev/null
	local open=$PORT
	for kind in socks5h http; do
		serve --quiet --proxy-server "${kind%h}" 127.0.0.1 0 </dev/null
		url=$kind://127.0.0.1:$PORT
		exits 0 "$SOCKIT" connect -z --proxy "$url" localhost "$open" >out 2>err
		silent
		[ "$(<out)" = "localhost $open/tcp open" ]
		exits 1 "$SOCKIT" connect -z --json --proxy "$url" localhost "$open,$closed" >out 2>err
		[ "$(python3 "$SCHEMA" out probed state peer.name peer.port | sort)" = "closed localhost $closed
open localhost $open" ] || [ "$kind" = http ]
		[[ $(python3 "$SCHEMA" err error message) == *": localhost port $closed: proxy 127.0.0.1 port $PORT: "*" port $closed: "* ]]
		exits 0 "$SOCKIT" connect --ping -c 2 --interval 10ms --proxy "$url" localhost "$open" >out 2>err
		[ "$(grep -c "^localhost port $open: seq=[12] time=[0-9.]* ms$" out)" = 2 ]
	done
	exits 0 "$SOCKIT" connect -z --proxy "$url" --send hello --expect hello 127.0.0.1 "$open" >out 2>err
	exits 1 "$SOCKIT" connect --ping --json -c 1 --proxy "$url" localhost "$closed" >out 2>err
	[ "$(python3 "$SCHEMA" out ping seq peer.name peer.port)" = "1 localhost $closed" ]
	exits 1 "$SOCKIT" connect --ping -c 1 --proxy "$url" localhost "$closed" >out 2>err
	says "^sockit connect: localhost port $closed: none of 1 answered: proxy 127\.0\.0\.1 port $PORT: localhost port $closed: "
	# A proxy that is not there tells nothing of the port: it is not known to be closed.
	exits 1 "$SOCKIT" connect -z --closed --proxy "socks5h://127.0.0.1:$closed" localhost "$closed" >out 2>err
	says "^sockit connect: localhost port $closed: proxy 127\.0\.0\.1 port $closed: Connection refused \(ECONNREFUSED\)$"
	exits 0 "$SOCKIT" connect -z --closed --proxy "$url" localhost "$closed" >out 2>err
	# Nothing is asked for here, nor sent past the proxy.
	exits 1 "$SOCKIT" connect -z -vv --proxy "socks5h://127.0.0.1:$closed" nosuch.invalid 80 >out 2>err
	! grep -q 'looking up host nosuch\|connecting to .* port 80' err || fault 'it was asked for'
}

@test "-z: a proxy that is silent is exit 4, and many ports go side by side" {
	local full url
	peer who full:127.0.0.1
	full=$PORT
	exits 4 "$SOCKIT" connect -z -w 200ms --proxy "socks5h://127.0.0.1:$full" localhost 80 >out 2>err
	says "^sockit connect: localhost port 80: proxy 127\.0\.0\.1 port $full: no answer in time \(-w\)$"
	serve --quiet --proxy-server socks5 127.0.0.1 0 </dev/null
	url=socks5h://127.0.0.1:$PORT
	exits 1 "$SOCKIT" connect -z -v --proxy "$url" 127.0.0.1 1-200,"$PORT" >out 2>err
	[ "$(wc -l <out)" = 201 ]
	! grep -v ' closed ECONNREFUSED \| open - \| unreachable EACCES ' out || fault 'another state'
}
