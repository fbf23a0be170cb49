# resolve --server and --record: sockit's own DNS client, against good servers and bad ones.


load helpers/common
load helpers/words
load helpers/private

setup_file() { find_musl; }

# zone: a name server that answers as the first label of a name says (helpers/nameserver.py); $SERVER is
# how it is named, the questions that it had come to peer.out.
zone() {
	peer nameserver port:0 zone
	SERVER=127.0.0.1:$PORT
}

# asks STATUS ARG...: resolve --server $SERVER ARG... ends so.
asks() {
	sockit resolve --server "$SERVER" "${@:2}"
	[ "$STATUS" = "$1" ] || fault "status $1 was expected: ${*:2}"
}

# finds TEXT ARG...: TEXT is what it prints, and nothing is said.
finds() {
	asks 0 "${@:2}" || return
	[ "$(<out)" = "$1" ] || fault "${*:2}: not $1" || return
	[ ! -s err ] || fault "${*:2}: something is said"
}

# fails STATUS PATTERN ARG...: that is all that is said.
fails() {
	asks "$1" "${@:3}" || return
	told "$1" "sockit resolve: $2" || fault "${*:3}"
}

# asked N LINE: the zone had that question so often; it may take a moment until that is told.
asked() {
	eventually asked_now "$@"
}
asked_now() {
	[ "$(grep -cx "$2" peer.out)" = "$1" ]
}

# dnsmasq_with OPTION...: starts one; $SERVER is how it is named. It does not tell which port it was given.
dnsmasq_with() {
	needs dnsmasq dnsmasq-base
	local i
	for ((i = 0; i < 20; i++)); do
		PORT=$(free_port)
		dnsmasq --keep-in-foreground --conf-file=/dev/null --port="$PORT" --no-resolv --no-hosts \
			--listen-address=127.0.0.1 --bind-interfaces --pid-file= \
			${UID:+$([ "$UID" != 0 ] || echo --user=root)} \
			"$@" </dev/null >dnsmasq.out 2>&1 3>&- &
		started
		SERVER=127.0.0.1:$PORT
		eventually dnsmasq_is_ready "$PID" && return
	done
	cat dnsmasq.out
	return 1
}
dnsmasq_is_ready() {
	runs "$1" || return 0 # somebody else has the port: that shows in the answers
	within 5 "$SOCKIT" resolve --server "$SERVER" -w 1 ready.test >ready 2>&1 || :
	! grep -q 'ECONNREFUSED\|(-w)' ready
}

@test "a name beyond ASCII is asked for as its A-label" {
	zone
	finds 192.0.2.1 -4 ok.Bücher.test
	asked 1 'udp ok.xn--bcher-kva.test A'
	finds $'192.0.2.1' --record A ok.ПРИВЕТ.рф
	asked 1 'udp ok.xn--b1agh1afp.xn--p1ai A'
	fails 2 '*üx* has a label longer than 63 bytes' "ok.$(printf 'ü%.0s' {1..63})x"
}

### What is asked.

# bats test_tags=valgrind
@test "addresses: of both families, or of one" {
	zone
	finds $'2001:db8::1\n192.0.2.1' ok.test
	finds 192.0.2.1 -4 ok.test
	finds 2001:db8::1 -6 ok.test
	finds 192.0.2.1 v4.test
	finds 2001:db8::1 v6.test
	finds $'2001:db8::1\n192.0.2.1' upper.test
	finds $'2001:db8::1\n192.0.2.1' ok.test.
	finds 2001:db8::1 -1 ok.test
	finds $'2001:db8::1\t80\n192.0.2.1\t80' --service 80 ok.test
	# A part is told, and with -v what is missing.
	finds 192.0.2.1 half.test
	asks 0 -v half.test
	grep -q '; in part: 127.0.0.1 port [0-9]*: the server failed (SERVFAIL)' err || fault part
	# Each of them was asked once.
	asked 1 'udp v4.test A'
	asked 1 'udp v6.test AAAA'
	asked 2 'udp half.test AAAA'
}

@test "the server is named in each of its forms" {
	zone
	local server
	for server in "127.0.0.1:$PORT" "[127.0.0.1]:$PORT" "127.0.0.1:0$PORT"; do
		SERVER=$server
		sockit resolve --server "$server" -4 ok.test
		[[ $server == \[* ]] && [ "$STATUS" = 2 ] && continue
		[ "$(<out)" = 192.0.2.1 ] || fault "$server"
	done
	for server in '' unix:/x unix: vsock:2:53 : ::1:: '[::1' '[x]:53' -x 53 u@h:53; do
		refuses "--server: *" resolve --server "$server" a
	done
	refuses "--server: host 'x' is a name, which --numeric does not look up" resolve -n --server x 127.0.0.1
	refuses "--server: port 'domain' is a name*" resolve -n --server '[::1]:domain' 127.0.0.1
	for server in 65536 -1 0 +1 ''; do
		refuses "--server: port '$server' *" resolve --server "127.0.0.1:$server" a
	done
	sockit resolve --server 127.0.0.1:nosuch a
	told 3 'sockit resolve: --server port nosuch: no such service (EAI_SERVICE)'
	needs_ipv6
	sockit resolve --server "[::1]:1" -w 5 a
	told 3 'sockit resolve: a: ::1 port 1: Connection refused (ECONNREFUSED) (EAI_AGAIN)'
}

@test "the server is named by its name, which has several addresses" {
	local server how other=DNS.Example
	[ ! "${MUSL-}" ] || other=dns.example # to its hosts file case matters
	private <<-END
		127.0.0.2 dns.example
		127.0.0.9 dns.example
		127.0.0.9 four.example
		2001:db8::1 six.example
	END
	peer nameserver # of the system: it knows no name
	peer nameserver address:127.0.0.9 zone
	# Nobody is at the first.
	for how in '' --tcp '-w 5' '-4 --service domain'; do
		for server in dns.example "$other:53" dns.example:domain; do
			# shellcheck disable=SC2086 # words
			sockit resolve $how --server $server --json ok.test
			[ "$STATUS" = 0 ] || fault "$server $how"
			silent
			grep -q '"source":{"family":"inet","address":"127.0.0.9","port":53}' out || fault "$server $how"
		done
	done
	# -4 and -6 choose.
	SERVER=four.example finds 192.0.2.1 -4 ok.test
	sockit resolve -6 --server four.example ok.test
	told 3 'sockit resolve: --server four.example: * (EAI_*)'
	sockit resolve -4 --json --server six.example ok.test
	[ "$STATUS" = 3 ] && grep -q '"host":"six.example","message":"--server six.example: ' err || fault json
	sockit resolve --server nosuch.example ok.test
	told 3 'sockit resolve: --server nosuch.example: * (EAI_*)'
	[ ! -s out ]
	# Its look-up has a limit: nobody answers.
	peer nameserver address:127.0.0.3 silent
	echo 'nameserver 127.0.0.3' >resolv.conf
	sockit resolve -w 300ms --server nosuch.example:53 ok.test
	told 4 'sockit resolve: look-up of --server nosuch.example:53: no answer within 300 ms (-w)'
}

@test "records of each type, as dig prints them" {
	needs dig bind9-dnsutils
	zone
	local type
	for type in A AAAA CNAME MX NS PTR SOA SRV TXT; do
		dig +short +tries=2 @127.0.0.1 -p "$PORT" "$type" records.test >expected
		[ -s expected ]
		finds "$(<expected)" --record "$type" records.test
		finds "$(<expected)" --record "${type,,}" records.test
	done
	finds $'1 2 8080 srv.test.' --record SRV records.test
	finds $'records.test\t60\tMX\t10 mx1.test.\nrecords.test\t60\tMX\t20 mx2.test.' --record MX -a records.test
	finds '10 mx1.test.' --record MX -1 records.test
	fails 3 'ok.test: it has no MX record (EAI_NODATA)' --record MX ok.test
	fails 3 'gone.test: no such name (EAI_NONAME)' --record MX gone.test
	# An address's PTR record stands under its name in the tree of addresses.
	finds ok.test. --record PTR 10.0.0.1
	finds ok.test. --record PTR 2001:db8::7
	refuses "--record: 'BOGUS' is no type of DNS records, *" resolve --record BOGUS a
	refuses "--record: 'TYPE65536' is no type of DNS records, *" resolve --record TYPE65536 a
	refuses "--record: 'TYPE0' is no type of DNS records, *" resolve --record TYPE0 a
	refuses "--record: 'OPT' is no type of DNS records, *" resolve --record OPT a
	refuses '--tcp needs --server or --record' resolve --tcp a
	refuses '--dnssec needs --server or --record' resolve --dnssec a
}

@test "extended errors are told, in words" {
	zone
	fails 3 'blocked.test: 127.0.0.1 port *: the server failed (REFUSED), Blocked (by the law), extended error 4711 (EAI_FAIL)' \
		blocked.test
	asks 3 -v blocked.test
	grep -q ': REFUSED RA, EDNS 512; extended error 15 Blocked: by the law; extended error 4711$' err
	asks 3 --json blocked.test
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out
	grep -q '"extended_errors":\[{"code":15,"name":"Blocked","text":"by the law"},{"code":4711}\]' out
}

@test "names of an address, and whether they lead back" {
	zone
	finds ok.test 10.0.0.1
	finds $'ok.test\nother.test' 10.0.0.3
	finds $'canonical\tok.test\nalias\tother.test\naddress\t10.0.0.3' -a 10.0.0.3
	finds ok.test 2001:db8::1
	fails 3 '10.0.0.9: no name is known (EAI_NONAME)' 10.0.0.9
	fails 3 '10.0.0.1: no name of it has this address (EAI_NONAME)' --forward-confirm 10.0.0.1
	finds ok.test --forward-confirm 2001:db8::1
	# 127.0.0.1 as a name is anybody's.
	finds 127.0.0.1 10.0.0.4
	fails 3 '10.0.0.4: no name of it *' --forward-confirm 10.0.0.4
	finds $'2001:db8::1\tok.test\n192.0.2.1\tok.test' --reverse ok.test
	finds $'2001:db8::1\tok.test\n192.0.2.9\t-' --reverse alias.test
	finds $'2001:db8::1\tok.test' --forward-confirm -6 ok.test
	fails 3 'alias.test: not each of its addresses *' --forward-confirm -4 alias.test
	# It may well lead back.
	fails 3 '10.0.0.6: the server failed (EAI_FAIL)' --forward-confirm 10.0.0.6
	# However many it says there are, not all of them are asked for.
	asks 3 --forward-confirm 10.0.0.5
	asked 16 'udp name[0-9]*.test A'
}

@test "CNAMEs are followed, in one answer and from one to the next" {
	zone
	finds $'2001:db8::1\n192.0.2.9' alias.test
	finds $'canonical\tok.real.test\nalias\talias.test\naddress\t2001:db8::1\naddress\t192.0.2.9' -a alias.test
	finds 192.0.2.1 -4 hops5.test
	finds $'canonical\thops0.test\nalias\thops1.test\nalias\thops2.test\naddress\t192.0.2.1' -4a hops2.test
	fails 3 'aliasnx.test: no such name (EAI_NONAME)' aliasnx.test
	fails 3 'hops50.test: * port *: its CNAMEs lead nowhere, 16 of them (EAI_FAIL)' hops50.test
	fails 3 'round.test: * port *: its CNAMEs lead nowhere, * (EAI_FAIL)' round.test
	fails 3 'aliasloop.test: * port *: its CNAMEs lead nowhere, * (EAI_FAIL)' aliasloop.test
	finds ok.real.test. --record CNAME alias.test
}

@test "truncated answers are asked for again by TCP" {
	zone
	finds $'2001:db8::1\n192.0.2.1' tcp.test
	asked 1 'tcp tcp.test A'
	asked 1 'tcp tcp.test AAAA'
	asks 0 -4 big.test
	[ "$(wc -l <out)" = 400 ]
	asks 0 -4 many.test # as large by UDP
	[ "$(wc -l <out)" = 400 ]
	finds $'2001:db8::1\n192.0.2.1' bytewise.test
	asks 0 -v -4 tcp.test
	grep -q ': asked 127.0.0.1 port [0-9]* by TCP, ' err
	fails 3 'tcpcut.test: * the answer cannot be read: the connection ended before it did (EAI_FAIL)' tcpcut.test
	fails 3 'tcplie.test: * the answer cannot be read: the connection ended before it did (EAI_FAIL)' tcplie.test
	fails 3 'tcptrunc.test: * it is truncated, by TCP too (EAI_FAIL)' tcptrunc.test
	fails 3 'tcpwrong.test: * it answers another question (EAI_FAIL)' tcpwrong.test
	fails 4 'tcpsilent.test: no answer within 200 ms (-w)' -w 200ms tcpsilent.test
}

@test "more truncated answers at once than there are to be connections" {
	zone
	local i
	for ((i = 0; i < 300; i++)); do echo "tcp.n$i.test"; done >names
	within 20 "$SOCKIT" resolve --server "$SERVER" -4 - <names >out 2>err
	silent
	[ "$(wc -l <out)" = 300 ]
	[ "$(cut -f 1 out)" = "$(<names)" ]
}

@test "servers that know no EDNS, and servers that fail" {
	zone
	finds $'2001:db8::1\n192.0.2.1' noedns.test
	finds $'2001:db8::1\n192.0.2.1' noedns2.test
	finds $'2001:db8::1\n192.0.2.1' --tcp noedns.test
	fails 3 'servfail.test: 127.0.0.1 port *: the server failed (SERVFAIL) (EAI_FAIL)' servfail.test
	fails 3 'refused.test: 127.0.0.1 port *: the server failed (REFUSED) (EAI_FAIL)' refused.test
	fails 3 'notimp.test: 127.0.0.1 port *: the server failed (NOTIMP) (EAI_FAIL)' notimp.test
	fails 3 'badvers.test: 127.0.0.1 port *: the server failed (BADVERS) (EAI_FAIL)' badvers.test
	fails 3 'gone.test: no such name (EAI_NONAME)' gone.test
	fails 3 'nodata.test: it has no address (EAI_NODATA)' nodata.test
	fails 3 'v4.test: it has no IPv6 address (EAI_NODATA)' -6 v4.test
	SERVER=127.0.0.1:$(free_port)
	fails 3 "ok.test: ${SERVER/:/ port }: Connection refused (ECONNREFUSED) (EAI_AGAIN)" ok.test
}

### Who is hostile.

@test "what does not belong to a question is passed over" {
	zone
	local name but
	local -A pids
	# Side by side, so that each has time.
	for name in wrongid wrongname wrongtype noanswer echo empty short headonly wrongsender silent; do
		spawn "$SOCKIT" resolve --server "$SERVER" -w 600ms $name.test </dev/null >$name.out 2>$name.err
		pids[$name]=$PID
	done
	for name in "${!pids[@]}"; do
		ended 4 "${pids[$name]}"
		mv "$name.out" out
		mv "$name.err" err
		but=', but * that did not belong to the question*'
		[[ $name != @(wrongsender|silent) ]] || but=''
		told 4 "sockit resolve: $name.test: no answer within 600 ms (-w)$but"
	done
	# The right one still counts.
	finds $'2001:db8::1\n192.0.2.1' forged.test
	fails 3 'stranger.test: it has no address (EAI_NODATA)' stranger.test
}

# bats test_tags=valgrind
@test "an answer that is not whole is refused as a whole, at once" {
	zone
	local name
	for name in loop loop2 ahead header label longname count length data cut; do
		fails 3 "$name.test: 127.0.0.1 port *: the answer cannot be read: * (EAI_FAIL)" $name.test
	done
	finds $'2001:db8::1\n192.0.2.1' oversize.test
}

@test "whatever stands in a name is escaped" {
	zone
	finds 'a\000b\010c.test' 10.0.0.0
	finds 'a\000b\010c.test.' --record PTR 10.0.0.0
	asks 0 --json 10.0.0.0
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out
	grep -qF '"names":["a\\000b\\010c.test"]' out
	# And may be asked for so.
	fails 3 'a?000b?.c.test: no such name (EAI_NONAME)' 'a\000b\.c.test'
	fails 3 '_sip._tcp.test: no such name (EAI_NONAME)' --record SRV _sip._tcp.test
	fails 3 '0/25.2.0.192.in-addr.arpa: no such name (EAI_NONAME)' --record NS 0/25.2.0.192.in-addr.arpa
}

@test "names that cannot be asked for" {
	local long word
	SERVER=127.0.0.1:1
	long=$(printf 'x%.0s' {1..63})
	refuses "name 'a..b' has an empty label" resolve --server $SERVER a..b
	refuses "name '.a' has an empty label" resolve --server $SERVER .a
	refuses "name 'x$long' has a label longer than 63 bytes" resolve --server $SERVER "x$long"
	refuses "name '$long.*' is longer than 253 bytes" resolve --server $SERVER "$long.$long.$long.$long"
	refuses "name '*' has a blank or a control character" resolve --server $SERVER 'a b'
	refuses "name '*' has an escape over *" resolve --server $SERVER 'a\300b'
	refuses "name '*' has an escape that is no *" resolve --server $SERVER 'a\1b'
	refuses "name '*' ends in a backslash" resolve --server $SERVER "a\\"
	refuses "name '' is empty" resolve --server $SERVER ''
	# The longest of them can.
	word=${long}.${long}.${long}.${long:2}
	[ ${#word} = 253 ]
	fails 3 '*: 127.0.0.1 port 1: Connection refused *' "$word"
	fails 3 '*: 127.0.0.1 port 1: Connection refused *' "$word."
}

### Retries and time limits.

@test "a lost question is asked again, within -w too" {
	zone
	finds 192.0.2.1 -4 -w 900ms lost.test
	asked 2 'udp lost.test A'
}

@test "a question that one server loses, and another fails in, is asked again" {
	private </dev/null
	local case
	peer nameserver zone
	peer nameserver address:127.0.0.2 zone
	# Nobody is at 127.0.0.3.
	for case in '3 1 lost.a' '1 3 lost.b' '2 1 otherfails.a' '1 2 otherfails.b' '3 2 1 otherfails.c'; do
		# shellcheck disable=SC2086 # words
		set -- $case
		printf 'nameserver 127.0.0.%s\n' "${@:1:$#-1}" >resolv.conf
		sockit resolve -w 1500ms --record A "${!#}"
		[ "$STATUS $(<out)" = '0 192.0.2.1' ] || fault "$case"
		silent
	done
}

@test "a truncated answer that does not come by TCP: the next server is asked" {
	private </dev/null
	local case
	peer nameserver zone
	peer nameserver address:127.0.0.2 zone
	peer nameserver address:127.0.0.3 zone tcp:none
	peer nameserver address:127.0.0.4 zone tcp:cut
	for case in '3 1 tcp.a' '4 1 tcp.b' '3 4 1 tcp.c' '2 1 tcpotherfails.a'; do
		# shellcheck disable=SC2086 # words
		set -- $case
		printf 'nameserver 127.0.0.%s\n' "${@:1:$#-1}" >resolv.conf
		sockit resolve --record A "${!#}"
		[ "$STATUS $(<out)" = '0 192.0.2.1' ] || fault "$case"
		silent
	done
	# The last one's fault is told.
	printf 'nameserver 127.0.0.%s\n' 4 3 >resolv.conf
	sockit resolve --record A tcp.d
	told 3 'sockit resolve: tcp.d: 127.0.0.3 port 53: by TCP: Connection refused (ECONNREFUSED) (EAI_AGAIN)'
}

@test "a question that the system does not take: later, in another way, or it has failed" {
	needs_strace
	zone
	local cases=("sendmmsg,sendmsg:error="{EAGAIN,ENOBUFS,EPERM}":when=1") case
	# musl has it without that call.
	[ "${MUSL-}" ] || [ "$(platform)" != linux ] || cases+=(sendmmsg:error=ENOSYS)
	for case in "${cases[@]}"; do
		STATUS=0
		traced "${case%%:*}" -e inject="$case" \
			"$SOCKIT" resolve --server "$SERVER" ok.test >out 2>err || STATUS=$?
		status_is 0
		silent
		[ "$(<out)" = $'2001:db8::1\n192.0.2.1' ]
		grep -q INJECTED trace
	done
	STATUS=0
	traced sendmmsg,sendmsg -e inject=sendmmsg,sendmsg:error=EPERM \
		"$SOCKIT" resolve --server "$SERVER" ok.test >out 2>err || STATUS=$?
	told 3 "sockit resolve: ok.test: 127.0.0.1 port $PORT: Operation not permitted (EPERM) (EAI_AGAIN)"
}

@test "ids and ports are not the same each time" {
	# What comes to this one are headers: an id and a port each.
	cat >server.py <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(('127.0.0.1', 0))
		s.settimeout(20)
		print(s.getsockname()[1], flush=True)
		for i in range(int(sys.argv[1])):
		    data, asker = s.recvfrom(512)
		    print(data[:2].hex(), asker[1], flush=True)
		    s.sendto(data[:2] + b'\x81\x83' + data[4:6] + bytes(4) + data[10:], asker)
	END
	mkfifo fifo
	python3 -S server.py 20 >fifo 3>&- &
	started
	exec 8<fifo
	read -r PORT <&8
	SERVER=127.0.0.1:$PORT
	local i
	for ((i = 0; i < 10; i++)); do
		fails 3 'x.test: no such name *' x.test
	done
	ended 0 "$PID"
	cat <&8 >asked
	[ "$(cut -d ' ' -f 1 asked | sort -u | wc -l)" -ge 18 ]
	[ "$(cut -d ' ' -f 2 asked | sort -u | wc -l)" -ge 5 ]
}

### Many at once.

@test "hundreds in flight: answers in the order of the questions" {
	zone
	local i
	for ((i = 0; i < 800; i++)); do printf 'n%06d.test\n' $i; done >names
	for ((i = 0; i < 800; i++)); do printf 'n%06d.test\t10.0.%d.%d\n' $i $((i / 256)) $((i % 256)); done >expected
	within 30 "$SOCKIT" resolve --server "$SERVER" -4 - <names >out 2>err
	silent
	same out expected
	# The same one at a time, and all at once.
	head -n 100 names | within 30 "$SOCKIT" resolve --server "$SERVER" -4 --jobs 1 - >out
	head -n 100 expected | cmp - out
	within 30 "$SOCKIT" resolve --server "$SERVER" -4 --jobs 2000 - <names >out
	same out expected
}

@test "questions in flight: none is lost at servers of every kind, and few wait" {
	checks names/dns_window
}

@test "a server that does not read gets no more than its buffer has room for" {
	seq 1 2000 | sed 's/$/.room.test/' >names
	python3 "$BATS_TEST_DIRNAME/helpers/unread.py" 128 0 "$SOCKIT" resolve - --server @ <names >out
	[ "$(cut -f 1 out)" = "$(<names)" ]
}

@test "a server that does not read gets no more, though another one answers all at once" {
	local here=$SOCKIT
	private </dev/null
	printf 'nameserver 127.0.0.2\nnameserver 127.0.0.1\n' >resolv.conf
	peer nameserver address:127.0.0.2 zone
	seq 1 2000 | sed 's/^/refused.room/' >names
	python3 "$BATS_TEST_DIRNAME/helpers/unread.py" 128 53 "$here" resolve - --record A <names >out
	[ "$(cut -f 1 out)" = "$(<names)" ]
}

@test "more in flight than a server has room for: no name is given up" {
	dnsmasq_with --address=/wild.test/10.9.9.9
	seq 1 10000 | sed 's/.*/n&.wild.test/' >names
	exits 0 "$SOCKIT" resolve --server "$SERVER" --jobs 512 - <names >out 2>err
	silent
	[ "$(cut -f 1 out)" = "$(<names)" ]
}

@test "-w counts from the question, not while that waits for its turn" {
	zone
	{
		seq 1 500 | sed 's/^/silent.n/'
		seq 1 10 | sed 's/^/ok.n/'
	} >names
	STATUS=0
	within 20 "$SOCKIT" resolve --server "$SERVER" -4 -w 400ms - <names >out 2>err || STATUS=$?
	status_is 4
	[ "$(cut -f 1 out)" = "$(grep ^ok names)" ]
	[ "$(wc -l <err)" = 500 ]
	# What is asked once more does not wait for others to be asked first.
	[ "$(grep -c '^udp silent' peer.out)" -ge 750 ]
}

@test "a slow answer holds up what comes after it, and no more than a bounded number" {
	zone
	{
		echo silent.test
		for ((i = 0; i < 1300; i++)); do printf 'n%06d.test\n' $i; done
	} >names
	STATUS=0
	within 20 "$SOCKIT" resolve --server "$SERVER" -4 -w 900ms --jobs 16 - <names >out 2>err || STATUS=$?
	status_is 4
	says '^sockit resolve: silent.test: no answer within 900 ms \(-w\)$'
	[ "$(cut -f 1 out)" = "$(tail -n +2 names)" ]
}

@test "twelve thousand names take no more memory than two thousand" {
	[ "${SOCKIT_FLAVOUR-}" = '' ] || skip 'its memory is another one'
	dnsmasq_with --address=/test/192.0.2.5 --dns-forward-max=10000
	seq -f 'h%06g.test' 1 2000 >few
	seq -f 'h%06g.test' 1 12000 >names
	cat >peak.py <<-'END'
		import resource, subprocess, sys
		status = subprocess.run(sys.argv[2:], stdin=open(sys.argv[1]), stdout=open('out', 'w')).returncode
		print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
		sys.exit(status)
	END
	few=$(python3 -S peak.py few "$SOCKIT" resolve --server "$SERVER" -4 --jobs 64 -)
	all=$(within 60 python3 -S peak.py names "$SOCKIT" resolve --server "$SERVER" -4 --jobs 64 -)
	[ "$(wc -l <out)" = 12000 ]
	cut -f 1 out | cmp - names
	echo "$few $all KiB"
	[ "$all" -lt $((few + 4096)) ]
}

### Without --server.

@test "--record alone asks the servers of resolv.conf, the next one where one fails" {
	private <<<'127.0.0.1 localhost'
	# Nobody is at .2; .3 refuses all, .1 knows the zone.
	printf 'nameserver 127.0.0.2\nnameserver 127.0.0.1\n' >resolv.conf
	peer nameserver zone
	sockit resolve --record MX records.test
	[ "$(<out)" = $'10 mx1.test.\n20 mx2.test.' ] || fault 'not those'
	silent
	sockit resolve --tcp --record MX records.test
	[ "$(<out)" = $'10 mx1.test.\n20 mx2.test.' ] || fault 'not those by TCP'
	silent
	sockit resolve --record MX gone.test
	told 3 'sockit resolve: gone.test: no such name (EAI_NONAME)'
	echo 'nameserver ::ffff:1' >resolv.conf
	sockit resolve --json --record A ok.test
	[ "$STATUS" != 2 ]
	# Words that are no address are not among the three.
	printf 'nameserver %s\n' a 300.0.0.1 ::: 1.2.3.4.5 127.0.0.3 >resolv.conf
	sockit resolve --json --record A ok.test
	[[ $(<out) == *'"source":{"family":"inet","address":"127.0.0.3","port":53}'* ]] || fault 'not the fifth'
	: >resolv.conf # then it is the one on this machine
	sockit resolve --json --record A ok.test
	[[ $(<out) == *'"records":[{"name":"ok.test","type":"A","ttl":60,"data":"192.0.2.1"}],"source":{"family":"inet","address":"127.0.0.1","port":53}'* ]] || fault json
}

### JSON.

@test "json: what was asked, and what was answered" {
	local schema="$BATS_TEST_DIRNAME/helpers/schema.py"
	zone
	asks 3 --json ok.test alias.test gone.test servfail.test 10.0.0.1 10.0.0.9 loop.test
	[ "$(python3 -S "$schema" out)" = 7 ]
	silent
	sed -n 1p out | grep -qE '^\{"name":"ok.test","addresses":\[\{"family":"inet6","address":"2001:db8::1"\},\{"family":"inet","address":"192.0.2.1"\}\],"rcode":"NOERROR","flags":\["RA"\],"source":\{"family":"inet","address":"127.0.0.1","port":[0-9]+\},"elapsed_ms":[0-9.]+\}$'
	sed -n 3p out | grep -q '"error":{"class":"resolve","code":"EAI_NONAME","message":"no such name"}}$'
	sed -n 4p out | grep -q '"code":"EAI_FAIL"'
	sed -n 5p out | grep -q '^{"name":"10.0.0.1","names":\["ok.test"\],'
	asks 0 --json -a alias.test
	grep -q '"canonical":"ok.real.test","aliases":\["alias.test"\]' out
	asks 0 --json --reverse alias.test
	[ "$(python3 -S "$schema" out)" = 1 ]
	grep -q '"reverse":\[{"address":{"family":"inet6","address":"2001:db8::1"},"names":\["ok.test"\]},{"address":{"family":"inet","address":"192.0.2.9"}}\]' out
	grep -qF '"names":["ok.test"],"rcode"' out
	asks 0 --json -a 10.0.0.3
	[ "$(python3 -S "$schema" out any addresses.0.address canonical aliases names)" = '10.0.0.3 ok.test ["other.test"] ["ok.test", "other.test"]' ]
	asks 0 --json -1 10.0.0.3
	grep -qF '"names":["ok.test"],' out
	asks 0 --json -1 --reverse alias.test
	grep -qF '"reverse":[{"address":{"family":"inet6","address":"2001:db8::1"},"names":["ok.test"]}],"names":["ok.test"],' out
	asks 0 --json -1 --record MX records.test
	[ "$(python3 -S "$schema" out any records | grep -o '"data"' | wc -l)" = 1 ]
	asks 3 --json --forward-confirm 10.0.0.3
	grep -q '"unconfirmed":\["ok.test","other.test"\]' out
	asks 4 --json -w 100ms silent.test
	[ "$(python3 -S "$schema" out)" = 1 ]
	grep -q '"error":{"class":"timeout","code":"ETIMEDOUT","message":"no answer within 100 ms (-w)"}}$' out
	# Nobody has answered.
	asks 4 --json -w 100ms --record MX silent.test
	grep -q '^{"name":"silent.test","elapsed_ms":[0-9.]*,"error":{"class":"timeout","code":"ETIMEDOUT"' out
	for type in A AAAA CNAME MX NS PTR SOA SRV TXT; do
		asks 0 --json --record $type records.test
		[ "$(python3 -S "$schema" out)" = 1 ]
		grep -q "\"rcode\":\"NOERROR\",\"flags\":\[\"RA\"\],\"records\":\[{\"name\":\"records.test\",\"type\":\"$type\"," out
	done
	asks 3 --json --record MX gone.test
	grep -q '"rcode":"NXDOMAIN"' out
}

@test "dnsmasq says the same to us as to dig" {
	needs dig bind9-dnsutils
	dnsmasq_with --host-record=both.test,192.0.2.7,2001:db8::7 --cname=c.test,both.test \
		--mx-host=m.test,mail.test,10 --srv-host=_x._tcp.test,h.test,80,1,2 \
		--txt-record='t.test,he"llo,w;orld' --ptr-record=9.2.0.192.in-addr.arpa,both.test
	local words
	for words in 'A both.test' 'AAAA both.test' 'MX m.test' 'SRV _x._tcp.test' 'TXT t.test' \
		'PTR 9.2.0.192.in-addr.arpa' 'CNAME c.test'; do
		# shellcheck disable=SC2086 # words
		dig +short @127.0.0.1 -p "$PORT" $words >expected
		[ -s expected ]
		# shellcheck disable=SC2086
		finds "$(<expected)" --record $words
	done
	finds $'2001:db8::7\n192.0.2.7' c.test
	finds both.test 192.0.2.9
}

@test "a question by hand, by TCP: connect --wire-frame len16" {
	dnsmasq_with --address=/wild.test/10.9.9.9
	bytes 0001010000010000000000000477696c6404746573740000010001 >question
	exits 0 "$SOCKIT" connect --wire-frame len16 --frame read 127.0.0.1 "${SERVER##*:}" <question >out 2>err
	[ "$(tail -c 4 out | od -An -tu1 | xargs)" = '10 9 9 9' ]
}

@test "a record of another name is no answer, whatever its type" {
	zone
	sockit resolve --server "$SERVER" --record A stranger.test
	told 3 'sockit resolve: stranger.test: it has no A record (EAI_NODATA)'
	sockit resolve --server "$SERVER" --record A alias.test
	[ "$STATUS $(<out)" = '0 192.0.2.9' ] || fault 'where its alias leads to is one'
}
