# udp-send: stdin as datagrams, and what comes back.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

# receiver [WORD]...: a datagram_peer, and nothing of an earlier one.
receiver() {
	rm -f peer.out
	datagram_peer "$@"
}

# received N: the receiver has had N datagrams.
received() {
	eventually has_lines "$1"
}
has_lines() {
	[ "$(wc -l <peer.out)" -ge "$1" ]
}

# sizes: those of the datagrams that it had, on one line.
sizes() {
	cut -d ' ' -f 1 peer.out | paste -sd ' '
}

# udp ARG...: runs udp-send with the caller's stdin; stdout is in out, stderr in err, the status in $STATUS.
udp() {
	STATUS=0
	within 20 "$SOCKIT" udp-send "$@" >out 2>err 3>&- || STATUS=$?
}

# well: all was done, and nothing said.
well() {
	[ "$STATUS" = 0 ] || fault 'status 0 was expected' || return
	silent
}

# join_64: what is in the file got, in datagrams of 64 bytes, goes to the file joined.
join_64() {
	python3 -S -c 'import sys
d = open("got", "rb").read()
sys.stdout.buffer.write(b"".join(d[i + 4:i + 68] for i in range(0, len(d), 68)))' >joined
}

# refused_port: a port of UDP that nobody has, in $PORT.
refused_port() {
	PORT=$(python3 -S -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
}

# Boundaries.

# bats test_tags=valgrind
@test "stdin that cannot be opened anew, and comes in pieces" {
	local plainly=()
	if [ "$(id -u)" = 0 ]; then
		needs setpriv util-linux
		plainly=(setpriv --bounding-set -all --inh-caps -all)
		"${plainly[@]}" true 2>/dev/null || skip 'root is not allowed to here'
	fi
	receiver count:2
	mkfifo in
	exec 7<>in
	chmod 0 in
	"${plainly[@]}" "$SOCKIT" udp-send 127.0.0.1 "$PORT" <&7 >out 2>err 3>&- 7>&- &
	started
	printf one >&7
	received 1
	printf three >&7
	received 2
	kill "$PID"
	ended 143 "$PID"
	silent
	[ "$(sizes)" = '3 5' ]
}

@test "udp-send: each mode of --frame cuts stdin as it says" {
	local mode input expected
	receiver
	while IFS='|' read -r mode input expected; do
		: >peer.out
		# shellcheck disable=SC2059 # escapes
		printf "$input" | "$SOCKIT" udp-send --frame "$mode" 127.0.0.1 "$PORT" 2>err 3>&-
		silent
		# shellcheck disable=SC2086 # words
		set -- $expected
		received $#
		[ "$(sizes)" = "$expected" ] || {
			echo "$mode: $(sizes), not $expected"
			return 1
		}
	done <<-'END'
		read|hello|5
		line|a\nbc\n|1 2
		line|\n\na\n|0 0 1
		line|a\nlast|1 4
		nul|a\0\0b c\n\0|1 0 4
		all|a\nb\nc|5
		all||0
		size=3|abcdefgh|3 3 2
		size=1|abc|1 1 1
		len16|\0\003abc\0\0\0\001x|3 0 1
		len32|\0\0\0\003abc\0\0\0\0\0\0\0\001x|3 0 1
	END
}

@test "udp-send: each read is a datagram, of at most --size bytes" {
	receiver save:got
	mkfifo in
	"$SOCKIT" udp-send 127.0.0.1 "$PORT" <in 3>&- &
	started
	exec 7>in
	printf one >&7
	received 1
	printf 'two\n' >&7
	received 2
	exec 7>&-
	ended 0 "$PID"
	[ "$(sizes)" = '3 4' ]
	: >peer.out
	printf 0123456789 | "$SOCKIT" udp-send --size 4 127.0.0.1 "$PORT" 3>&-
	received 3
	[ "$(sizes)" = '4 4 2' ]
}

@test "udp-send: what len32 says arrives, byte for byte" {
	python3 -S - >in <<-'END'
		import os, random, struct, sys
		for i in range(300):
		    n = random.choice([0, 1, 63, 64, 64, 64, 64, 100, 1400, 1400, 9000])
		    sys.stdout.buffer.write(struct.pack('>I', n) + os.urandom(n))
	END
	receiver save:got count:300
	udp --frame len32 127.0.0.1 "$PORT" <in
	well
	ended 0 "$PEER"
	same in got
}

@test "udp-send: a file of many small datagrams arrives whole" {
	# Fewer than a receive buffer has room for, more than a turn of ours.
	random_file in 160000
	receiver save:got count:2500
	udp --frame size=64 -o copy 127.0.0.1 "$PORT" <in
	well
	ended 0 "$PEER"
	join_64
	same in joined
	same in copy
}

@test "udp-send: a kernel that cuts fewer datagrams from one piece, or none, is given what it takes (Linux)" {
	[ "$(platform)" = linux ] || skip 'UDP_SEGMENT'
	needs_injection
	local refusals largest=([1]=4096 64)
	random_file in 19200
	for refusals in 1 2; do
		rm -f got
		receiver save:got count:300
		traced sendmmsg,sendmsg -e inject=sendmmsg,sendmsg:error=EINVAL:when=1..$refusals \
			"$SOCKIT" udp-send --frame size=64 127.0.0.1 "$PORT" <in >out 2>err
		silent
		ended 0 "$PEER"
		join_64
		same in joined
		[ "$(grep -v INJECTED trace | grep -o 'iov_len=[0-9]*' | sort -t = -k 2n | tail -n 1)" = \
			"iov_len=${largest[refusals]}" ]
	done
}

@test "udp-send: 65507 bytes go through, one more is refused and not sent" {
	random_file in 65507
	receiver save:got count:2
	udp --frame all 127.0.0.1 "$PORT" <in
	well
	received 1
	head -c 65508 /dev/zero >large
	udp --frame all 127.0.0.1 "$PORT" <large
	told 1 'sockit udp-send: stdin: a datagram of 65508 bytes* (65507)'
	for mode in line nul; do
		head -c 65508 /dev/zero | tr '\0' x >large
		udp --frame $mode 127.0.0.1 "$PORT" <large
		told 1 'sockit udp-send: stdin: a datagram of 65508 bytes* (65507)'
	done
	printf '\377\377....' >large
	udp --frame len16 127.0.0.1 "$PORT" <large
	told 1 'sockit udp-send: stdin: a datagram of 65535 bytes* (65507)'
	# What stands before it has gone; nothing of it has.
	{ echo first; head -c 65508 /dev/zero; } >large
	udp --frame line 127.0.0.1 "$PORT" <large
	told 1 'sockit udp-send: stdin: a datagram of *'
	ended 0 "$PEER"
	[ "$(sizes)" = '65507 5' ]
	tail -c 9 got | head -c 4 | cmp - <(printf '\0\0\0\005')
}

@test "udp-send: a stream that ends within a datagram is an error" {
	receiver
	printf '\0\003abc\0\005ab' >in
	udp --frame len16 127.0.0.1 "$PORT" <in
	told 1 'sockit udp-send: stdin ends within a datagram of 5 bytes'
	printf '\0\0\0' >in
	udp --frame len32 127.0.0.1 "$PORT" <in
	told 1 'sockit udp-send: stdin ends within the length of a datagram'
	received 1
	[ "$(sizes)" = 3 ]
}

@test "udp-send: -C ends lines in CRLF" {
	receiver save:got count:5
	printf 'a\nb\r\n' | within 10 "$SOCKIT" udp-send --frame line -C 127.0.0.1 "$PORT" 3>&-
	printf 'a\nb\r\n' | within 10 "$SOCKIT" udp-send --frame all -C 127.0.0.1 "$PORT" 3>&-
	printf 'ab\r\nc' | within 10 "$SOCKIT" udp-send --frame size=3 -C 127.0.0.1 "$PORT" 3>&-
	ended 0 "$PEER"
	cmp got <(printf '\0\0\0\003a\r\n\0\0\0\003b\r\n\0\0\0\006a\r\nb\r\n\0\0\0\003ab\r\0\0\0\002\nc')
}

@test "udp-send: what cannot be is refused" {
	refuses "--frame: 'size=65508' is more than a datagram carries (65507)" \
		udp-send --frame size=65508 h 1
	refuses "--frame: 'words' is none of *" udp-send --frame words h 1
	refuses "--frame: 'size=0' is none of *" udp-send --frame size=0 h 1
	refuses '--size: 65508 is more than a datagram carries (65507)' udp-send --size 65508 h 1
	refuses '--size is for --frame read' udp-send --size 5 --frame line h 1
	refuses "*--wait: 'x' is not a duration*" udp-send -w x h 1
	refuses "*--replies: *" udp-send --replies 0 h 1
	refuses "*--repeat: *" udp-send --repeat 0 h 1
	refuses "*--pps: *" udp-send --pps 0 h 1
	refuses "*--rate: *" udp-send --rate 0 h 1
	refuses '--interval needs --repeat or --retry' udp-send --interval 1 h 1
	refuses '*--multicast-ttl: *' udp-send --multicast-ttl 256 h 1
	refuses "a port is missing after 'h'" udp-send h
	refuses "port '65536' is *" udp-send h 65536
	refuses "host 'h' is a name*" udp-send -n h 1
	refuses "--no-loop: 127.0.0.1 is no multicast group" udp-send --no-loop 127.0.0.1 1
	refuses "--multicast-interface: ::1 is no multicast group" udp-send --multicast-interface lo ::1 1
}

# The end, and what comes back.

@test "udp-send: stdin's end is the end, and what came back until then is printed" {
	receiver reply
	mkfifo in
	"$SOCKIT" udp-send --frame line 127.0.0.1 "$PORT" <in >out 2>err 3>&- &
	started
	exec 7>in
	echo one >&7
	eventually grep -qx one out
	echo >&7
	printf 'one\n\n' >expected
	eventually cmp -s out expected
	exec 7>&-
	ended 0 "$PID"
	silent
}

@test "udp-send: -w waits for replies, --replies ends with the last" {
	receiver reply:yes
	echo x >in
	udp -w 0.5 127.0.0.1 "$PORT" <in
	well
	[ "$(<out)" = yes ]
	# More than one, and the end does not wait.
	receiver reply replies:3
	udp -w 10 --replies 2 --frame line 127.0.0.1 "$PORT" <in
	well
	cmp out <(printf 'x\nx\n')
	udp --replies 3 --frame line 127.0.0.1 "$PORT" <in
	well
	cmp out <(printf 'x\nx\nx\n')
	udp -w 0.5 --replies 4 --frame line 127.0.0.1 "$PORT" <in
	[ "$STATUS" = 4 ]
	says '^sockit udp-send: 3 of 4 replies, and no more within 500 ms \(-w\)$'
	cmp out <(printf 'x\nx\nx\n')
	receiver
	udp -w 0.1 127.0.0.1 "$PORT" <in
	told 4 'sockit udp-send: no reply within 100 ms (-w)'
}

@test "udp-send: an empty reply is one, and each mode shows where replies end" {
	receiver reply
	printf '\0\0\0\001a\0\0\0\0\0\0\0\002bc' >in
	udp --frame len32 --replies 3 127.0.0.1 "$PORT" <in
	well
	same in out
	printf 'a\0\0bc\0' >in
	udp --frame nul --replies 3 127.0.0.1 "$PORT" <in
	well
	same in out
	random_file in 20000
	udp --frame size=1000 --replies 20 127.0.0.1 "$PORT" <in
	well
	same in out
}

# unread STATUS [ARG...]: udp-send to $PORT with the file in and a stdout that nobody reads ends with STATUS, or by the
# signal -STATUS.
unread() {
	within 20 python3 -S - "$1" "$SOCKIT" udp-send --frame line "${@:2}" 127.0.0.1 "$PORT" <<-'END' 3>&-
		import os, subprocess, sys
		reader, writer = os.pipe()
		os.close(reader)
		with open('in') as file:
		    status = subprocess.run(sys.argv[2:], stdin=file, stdout=writer).returncode
		assert status == int(sys.argv[1]), status
	END
}

@test "udp-send: a stdout that nobody reads" {
	printf 'a\nb\n' >in
	receiver save:got
	# Nothing comes that could not be written.
	unread 0
	# Replies that were asked for could not be.
	unread -13 -w 10
	unread -13 --replies 1
	receiver reply save:got
	# It does not keep stdin from being sent.
	unread -13 --replies 2
	received 2
	echo x >in
	within 10 "$SOCKIT" udp-send --replies 1 127.0.0.1 "$PORT" <in >/dev/full 2>err 3>&- || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^sockit udp-send: stdout: No space left on device \(ENOSPC\)$'
}

# bats test_tags=valgrind
@test "udp-send: --data in place of stdin, which is not read" {
	receiver save:got count:8
	# A loop's stdin is left to the loop.
	printf '1\n2\n' | while read -r line; do
		within 10 "$SOCKIT" udp-send --data "$line"'\r\n\t\0\\\xe4' 127.0.0.1 "$PORT" 2>err 3>&-
		silent
	done
	# Cut as stdin is, as often as is said, and with -C.
	udp --data 'a\nbc' --frame line --repeat 2 -C 127.0.0.1 "$PORT" </dev/full
	well
	udp --data abc --size 2 127.0.0.1 "$PORT" <&-
	well
	ended 0 "$PEER"
	cmp got <(printf '\0\0\0\0071\r\n\t\0\\\344\0\0\0\0072\r\n\t\0\\\344'
		for _ in 1 2; do printf '\0\0\0\003a\r\n\0\0\0\004bc\r\n'; done
		printf '\0\0\0\002ab\0\0\0\001c') || {
		cat -A got
		return 1
	}
	# It waits for answers as at stdin's end.
	receiver reply
	udp --data hello --replies 1 -w 10 127.0.0.1 "$PORT"
	well
	[ "$(<out)" = hello ]
	refuses "--data: '?x4' in 'a?x4' is no escape: *" udp-send --data 'a\x4' h 1
	refuses "--data: '?' in 'a?' is no escape: *" udp-send --data a\\ h 1
	refuses "--data: '?q' in '?q' is no escape: *" broadcast --data '\q' 1
	refuses "--data: '' is empty" udp-send --data= h 1
}

@test "udp-send: --any-source takes an answer from another port, and tells which" {
	receiver reply elsewhere
	echo x >in
	udp -w 0.2 127.0.0.1 "$PORT" <in
	told 4 'sockit udp-send: no reply within 200 ms (-w)'
	udp --any-source -w 10 --replies 1 127.0.0.1 "$PORT" <in
	well
	[[ $(<out) =~ ^127\.0\.0\.1\ [0-9]+:\ x$ && $(<out) != "127.0.0.1 $PORT: x" ]]
	# It is one line, whatever was answered; with a length before it, as it came.
	receiver reply:$'a\nb\\0' elsewhere
	udp --any-source -w 10 --replies 1 127.0.0.1 "$PORT" <in
	[[ $(<out) =~ ^127\.0\.0\.1\ [0-9]+:\ a\\nb$ ]]
	printf '\0\1x' | within 10 "$SOCKIT" udp-send --frame len16 --any-source --replies 1 127.0.0.1 "$PORT" >out 3>&-
	printf '\0\4a\nb\0' | cmp - out
	refuses '--any-source and --probe exclude each other' udp-send --any-source -z h 1
	[ "$(platform)" = linux ] || return 0
	refused_port
	udp --any-source -w 10 127.0.0.1 "$PORT" <in
	told 1 "sockit udp-send: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
}

@test "udp-send: --any-source, a file from a server of TFTP" {
	[ -x /usr/sbin/in.tftpd ] || skip 'in.tftpd is missing: package tftpd-hpa'
	[ "$(id -u)" = 0 ] || skip 'in.tftpd is for root'
	mkdir served
	printf 'hello\n' >served/motd
	PORT=$(free_port)
	spawn /usr/sbin/in.tftpd -L -u root -a 127.0.0.1:"$PORT" "$PWD/served"
	eventually grep -qi ":$(printf %04X "$PORT") " /proc/net/udp
	udp --any-source --data '\0\x01'"$PWD"'/served/motd\0octet\0' -w 10 --replies 1 127.0.0.1 "$PORT"
	well
	[[ $(<out) =~ ^127\.0\.0\.1\ [0-9]+:\ \\x00\\x03\\x00\\x01hello$ && $(<out) != "127.0.0.1 $PORT:"* ]]
}

# What the network tells.

# bats test_tags=valgrind
@test "udp-send: a refusal is told, with the address" {
	refused_port
	echo x >in
	udp 127.0.0.1 "$PORT" <in
	told 1 "sockit udp-send: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
	# While it waits, at once.
	udp -w 10 127.0.0.1 "$PORT" <in
	told 1 "sockit udp-send: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED)"
	[ "$(platform)" = linux ] || return 0
	udp -v -w 10 127.0.0.1 "$PORT" <in
	grep -qx "sockit udp-send: 127.0.0.1 port $PORT: Connection refused (ECONNREFUSED), says 127.0.0.1" err
}

@test "udp-send: a refusal costs no other datagram, and is said once" {
	refused_port
	mkfifo in
	"$SOCKIT" udp-send --frame line 127.0.0.1 "$PORT" <in 2>err 3>&- &
	started
	exec 7>in
	printf '1\n2\n3\n' >&7
	eventually test -s err
	receiver bind:"$PORT" count:3
	printf '4\n5\n6\n' >&7
	received 3
	exec 7>&-
	ended 1 "$PID"
	says "^sockit udp-send: 127.0.0.1 port $PORT: Connection refused"
	[ "$(sizes)" = '1 1 1' ]
}

@test "udp-send: the next address of a name, with what was sent" {
	needs_ipv6
	private <<-'END'
		127.0.0.1 two
		::1 two
	END
	local first
	first=$(python3 -c 'import socket
print(socket.getaddrinfo("two", 9, type=socket.SOCK_DGRAM)[0][4][0])')
	local other=127.0.0.1
	[ "$first" != 127.0.0.1 ] || other=::1
	receiver bind:$other save:got count:3
	printf 'a\n\nb\n' >in
	udp --frame line two "$PORT" <in
	well
	ended 0 "$PEER"
	cmp got <(printf '\0\0\0\001a\0\0\0\0\0\0\0\001b')
	# Much more than is kept: the first datagram shows it.
	random_file in 200000
	receiver bind:$other save:got count:200
	udp --frame size=1000 two "$PORT" <in
	well
	ended 0 "$PEER"
	[ "$(wc -l <peer.out)" = 200 ]
	# Nobody at any.
	echo x >in
	udp two "$PORT" <in
	told 1 "sockit udp-send: *port $PORT: Connection refused (ECONNREFUSED); *port $PORT: Connection refused (ECONNREFUSED)"
	[[ $(<err) == *127.0.0.1* && $(<err) == *::1* ]]
}

@test "udp-send: a name that cannot be looked up" {
	sockit udp-send -w 1 no.such.host.invalid 9
	[ "$STATUS" = 3 ]
	sockit udp-send 127.0.0.1 no-such-service
	told 3 'sockit udp-send: port no-such-service: no such service (EAI_SERVICE)'
	sockit udp-send -s 192.0.2.1 127.0.0.1 9
	told 1 'sockit udp-send: 127.0.0.1 port 9: -s 192.0.2.1: * (EADDRNOTAVAIL)'
	sockit udp-send -s ::1 -4 127.0.0.1 9
	[ "$STATUS" = 3 ]
	sockit udp-send -I nosuch 127.0.0.1 9
	[ "$STATUS" = 1 ]
}

# Asking: -z.

# bats test_tags=valgrind
@test "udp-send: -z asks, by --data or an empty datagram, and never reads stdin" {
	receiver reply
	sockit udp-send -z 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ]
	[[ $(<out) == "127.0.0.1 $PORT/udp open"* ]]
	silent
	received 1
	# What a loop reads is left to the loop.
	printf '1\n2\n' | while read -r line; do
		within 10 "$SOCKIT" udp-send --probe --data "$line\\n" 127.0.0.1 "$PORT" 3>&-
	done >out
	[ "$(grep -c "^127.0.0.1 $PORT/udp open" out)" = 2 ]
	received 3
	[ "$(sizes)" = '0 2 2' ]
	receiver
	udp -z -w 0.1 127.0.0.1 "$PORT" <&-
	[ "$STATUS" = 4 ]
	[[ $(<out) == "127.0.0.1 $PORT/udp no-answer"* ]]
	silent
	refused_port
	sockit udp-send -z 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ]
	[[ $(<out) == "127.0.0.1 $PORT/udp closed"* ]]
	silent
	sockit udp-send -z -n --json 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ]
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out probed host port protocol state code peer.address)" = \
		"127.0.0.1 $PORT udp closed ECONNREFUSED 127.0.0.1" ]
	silent
	[ "$(platform)" = linux ] || return 0
	sockit udp-send -z -v -n 127.0.0.1 "$PORT"
	[[ $(<out) =~ ^"127.0.0.1 $PORT/udp closed - "[0-9.]+" ms port unreachable, says 127.0.0.1"$ ]]
}

@test "udp-send: -z takes lists of ports and several endpoints; --any, --retry" {
	local a b c closed
	receiver reply count:100
	a=$PORT
	datagram_peer reply:x count:100
	b=$PORT
	datagram_peer count:100
	c=$PORT
	refused_port
	closed=$PORT
	sockit udp-send -n -z -w 10 127.0.0.1 "$a,$b"
	[ "$STATUS" = 0 ]
	# In the order of ports.
	printf '127.0.0.1 %s/udp open\n' "$a" "$b" | sort -n -t ' ' -k 2 | cmp - out
	sockit udp-send -n -z -w 1 127.0.0.1:"$a" 127.0.0.1:"$c" 127.0.0.1:"$b"
	[ "$STATUS" = 4 ]
	printf '127.0.0.1 %s\n' "$a/udp open" "$c/udp no-answer" "$b/udp open" | cmp - out
	sockit udp-send -n -z -w 10 127.0.0.1 "$a,$closed"
	[ "$STATUS" = 1 ]
	[ "$(wc -l <out)" = 2 ]
	silent
	sockit udp-send -n -z --any -w 10 127.0.0.1 "$a,$closed"
	[ "$STATUS" = 0 ]
	sockit udp-send -n -z --any --jobs 1 -w 0.1 127.0.0.1 "$c,$closed"
	[ "$STATUS" = 1 ]
	# Until it is there.
	spawn "$SOCKIT" udp-send -n -z -vv --retry 20s --interval 20ms 127.0.0.1 "$closed" >out 2>err
	eventually grep -qE "127\.0\.0\.1 port $closed: (port unreachable|Connection refused)" err
	datagram_peer bind:127.0.0.1,"$closed" reply count:1
	ended 0 "$PID"
	[[ $(<out) == "127.0.0.1 $closed/udp open - "* ]]
	sockit udp-send -n -z -w 0.1 --retry 0.3 127.0.0.1 "$c"
	[ "$STATUS" = 4 ]
	says "1 of 1 port not open within 300 ms \(--retry\): 127\.0\.0\.1 port $c: no answer within 100 ms"
	# A name that is none, and what cannot be.
	sockit udp-send -z 127.0.0.1 "$a,no-such-service"
	[ "$STATUS" = 3 ]
	refuses "port '9-8' is *" udp-send -z h 9-8
	refuses "'unix:/x' is no endpoint of UDP: HOST:PORT" udp-send -z unix:/x
	refuses "extra operand '3'" udp-send h 1 3
	local option
	for option in '--replies 2' '--repeat 2' '--frame line' '--size 5' '--pps 1' -C '--rate 1' '-o f' --stats '-i 1' --no-loop; do
		# shellcheck disable=SC2086 # words
		sockit udp-send -z $option 127.0.0.1 9
		[ "$STATUS" = 2 ] || fault "$option"
		grep -q 'exclude each other' err
	done
	for option in --any '--retry 1' '--jobs 2'; do
		# shellcheck disable=SC2086 # words
		refuses "* needs --probe" udp-send $option 127.0.0.1 9
	done
}

@test "udp-send: -z asks DNS, NTP, SNMP, SSDP, mDNS and memcached what they understand" {
	private </dev/null
	python3 -S - >asked 3>&- <<-'END' &
		# A server that answers what is well-formed, and nothing else.
		import selectors, socket, struct
		def ber(data):
		    """[(tag, content)...], all of DATA."""
		    found = []
		    while data:
		        assert data[1] < 128
		        found.append((data[0], data[2:2 + data[1]]))
		        assert len(found[-1][1]) == data[1]
		        data = data[2 + data[1]:]
		    return found
		def dns(d, flags, name, kind):
		    return d[2:] == struct.pack('>5H', flags, 1, 0, 0, 0) + name + struct.pack('>2H', kind, 1)
		def snmp(d):
		    (outer, message), = ber(d)
		    (v, version), (h, head), (o, security), (p, scoped) = ber(message)
		    assert (outer, v, h, o, p) == (0x30, 2, 0x30, 4, 0x30) and version == b'\3'
		    number, size, flags, model = ber(head)
		    assert size == (2, b'\0\xff\xe3') and flags == (4, b'\4') and model == (2, b'\3')
		    assert ber(ber(security)[0][1]) == [(4, b''), (2, b'\0'), (2, b'\0'), (4, b''), (4, b''), (4, b'')]
		    engine, name, (get, request) = ber(scoped)
		    assert get == 0xa0 and [tag for tag, _ in ber(request)] == [2, 2, 2, 0x30]
		    return engine == name == (4, b'')
		good = {
		    53: lambda d: dns(d, 0x100, b'\0', 2),
		    123: lambda d: len(d) == 48 and d[0] >> 3 & 7 == 4 and d[0] & 7 == 3,
		    161: snmp,
		    1900: lambda d: d.startswith(b'M-SEARCH * HTTP/1.1\r\n') and d.endswith(b'\r\n\r\n') and
		        {b'MAN: "ssdp:discover"', b'ST: ssdp:all', b'HOST: 239.255.255.250:1900'} <= set(d.split(b'\r\n')),
		    5353: lambda d: dns(d, 0, b'\x09_services\x07_dns-sd\x04_udp\x05local\0', 12),
		    11211: lambda d: d[2:] == b'\0\0\0\1\0\0version\r\n',
		    9999: lambda d: d == b'',
		}
		select = selectors.DefaultSelector()
		for port in good:
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.bind(('127.0.0.1', port))
		    select.register(s, selectors.EVENT_READ, port)
		print('bound', flush=True)
		while True:
		    for key, _ in select.select():
		        data, peer = key.fileobj.recvfrom(4096)
		        if good[key.data](data):
		            key.fileobj.sendto(b'yes', peer)
		        print(key.data, data, flush=True)
	END
	started
	eventually grep -q bound asked
	sockit udp-send -n -z -w 10 127.0.0.1 53,123,161,1900,5353,9999,11211
	[ "$STATUS" = 0 ] || {
		cat out asked
		return 1
	}
	printf '127.0.0.1 %s/udp open\n' 53 123 161 1900 5353 9999 11211 | cmp - out
}

@test "udp-send: -z and servers of DNS and memcached" {
	private </dev/null
	if command -v dnsmasq >/dev/null; then
		inside dnsmasq --no-daemon --conf-file=/dev/null --port=53 --no-resolv --no-hosts \
			--listen-address=127.0.0.1 --bind-interfaces </dev/null >dnsmasq.out 2>&1 3>&- &
		started
		exits 0 "$SOCKIT" udp-send -n -z --retry 10s --interval 20ms 127.0.0.1 53 >out 2>err
		[ "$(<out)" = '127.0.0.1 53/udp open' ]
		silent
	fi
	needs memcached memcached
	inside memcached -u root -p 0 -U 11211 -l 127.0.0.1 </dev/null >memcached.out 2>&1 3>&- &
	started
	exits 0 "$SOCKIT" udp-send -n -z --retry 10s --interval 20ms 127.0.0.1 11211 >out 2>err
	[ "$(<out)" = '127.0.0.1 11211/udp open' ]
	silent
	needs dnsmasq dnsmasq-base
}

@test "udp-send: -z tells what a router or a rule says, and who" {
	[ "$(platform)" = linux ] || skip 'no error queue'
	two_networks
	there sh -ec 'cd /proc/sys/net/ipv4; echo 1 >ip_forward; echo 0 >icmp_ratelimit' 2>/dev/null || skip 'nobody can be made a router'
	there sh -ec 'ip route add prohibit 10.9.0.1/32; ip route add unreachable 10.9.0.2/32'
	inside sh -ec 'ip route add 10.9.0.0/24 via 10.1.0.2; ip route add prohibit 10.8.0.1/32'
	sockit udp-send -n -z 10.9.0.1:9 10.9.0.2:9
	[ "$STATUS" = 1 ]
	printf '%s\n' '10.9.0.1 9/udp prohibited - administratively prohibited, says 10.1.0.2' \
		'10.9.0.2 9/udp unreachable - host unreachable, says 10.1.0.2' | cmp - out
	silent
	sockit udp-send --json -n -z 10.9.0.1:9 10.9.0.2:9
	[ "$STATUS" = 1 ]
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out probed host state code icmp sender)" = \
'10.9.0.1 prohibited EHOSTUNREACH administratively prohibited 10.1.0.2
10.9.0.2 unreachable EHOSTUNREACH host unreachable 10.1.0.2' ]
	# This machine's own rule, and no way at all.
	sockit udp-send -n -z 10.8.0.1:9 10.7.0.1:9
	[ "$STATUS" = 1 ]
	printf '%s\n' '10.8.0.1 9/udp prohibited - EACCES' '10.7.0.1 9/udp unreachable - ENETUNREACH' | cmp - out
	# One who says that for another host is a firewall.
	if command -v nft >/dev/null && there nft -f - 2>/dev/null <<-'END'; then
		table ip t {
			chain c {
				type filter hook forward priority 0
				ip daddr 10.9.0.3 reject
			}
		}
	END
		there ip route add 10.9.0.3/32 dev pb
		sockit udp-send -n -z 10.9.0.3 9
		[ "$STATUS" = 1 ]
		[ "$(<out)" = '10.9.0.3 9/udp closed - port unreachable, says 10.1.0.2' ]
	fi
}

# How fast, how often.

@test "udp-send: --repeat, from a file and from a pipe" {
	receiver save:got count:6
	printf 'a\nbc\n' >in
	udp --frame line --repeat 3 127.0.0.1 "$PORT" <in
	well
	ended 0 "$PEER"
	[ "$(sizes)" = '1 2 1 2 1 2' ]
	receiver save:got count:6
	printf 'a\nbc\n' | within 10 "$SOCKIT" udp-send --frame line --repeat 3 127.0.0.1 "$PORT" 3>&-
	ended 0 "$PEER"
	[ "$(sizes)" = '1 2 1 2 1 2' ]
	# What is no file is kept, up to a bound.
	head -c 65M /dev/zero | within 10 "$SOCKIT" udp-send --frame size=65507 --repeat 2 \
		127.0.0.1 "$PORT" >out 2>err 3>&- && return 1
	grep -q '^sockit udp-send: stdin: more than 64.0 MiB, which is kept for --repeat ' err
	# From where it stood, not from its beginning.
	receiver count:2
	{
		read -r _
		"$SOCKIT" udp-send --frame line --repeat 2 127.0.0.1 "$PORT" 3>&-
	} <in
	ended 0 "$PEER"
	[ "$(sizes)" = '2 2' ]
}

@test "udp-send: --interval, --pps and --rate keep a steady pace" {
	local before
	receiver count:3
	before=$(milliseconds)
	echo x | within 10 "$SOCKIT" udp-send --repeat 3 --interval 100ms 127.0.0.1 "$PORT" 3>&-
	[ $(($(milliseconds) - before)) -ge 200 ]
	ended 0 "$PEER"
	receiver count:21
	seq 21 >in
	before=$(milliseconds)
	udp --frame line --pps 100 127.0.0.1 "$PORT" <in
	[ $(($(milliseconds) - before)) -ge 190 ]
	well
	ended 0 "$PEER"
	# 10 datagrams of 1000 bytes at 50 kB a second: 180 ms.
	head -c 10000 /dev/zero >in
	receiver count:10
	before=$(milliseconds)
	udp --frame size=1000 --rate 50000 127.0.0.1 "$PORT" <in
	[ $(($(milliseconds) - before)) -ge 160 ]
	well
	ended 0 "$PEER"
}

@test "udp-send: time limits" {
	receiver
	mkfifo in
	exec 7<>in
	udp -i 0.1 127.0.0.1 "$PORT" <in
	told 4 'sockit udp-send: nothing moved for 100 ms (--idle-timeout)'
	udp --timeout 0.1 127.0.0.1 "$PORT" <in
	told 4 'sockit udp-send: not done within 100 ms (--timeout)'
	exec 7>&-
	# A pause that was asked for is no idleness.
	printf '1\n2\n' >lines
	udp -i 0.1 --frame line --pps 4 127.0.0.1 "$PORT" <lines
	well
	udp -i 0.1 --repeat 2 --interval 0.3 127.0.0.1 "$PORT" <lines
	well
	# A signal comes through though stdin never waits.
	"$SOCKIT" udp-send --frame size=100 127.0.0.1 "$PORT" </dev/zero 3>&- &
	started
	received 1
	kill -TERM "$PID"
	ended 143 "$PID"
}

# What is said.

@test "udp-send: -v, --stats, SIGUSR1 and the copies" {
	receiver reply
	printf 'a\nbc\n' >in
	udp -v --frame line --replies 2 -o copy -x dump 127.0.0.1 "$PORT" <in
	[ "$STATUS" = 0 ]
	grep -q "^sockit udp-send: sending to 127.0.0.1 port $PORT from 127.0.0.1 port [0-9]*$" err
	grep -q '^sockit udp-send: sent 2 datagrams, 3 bytes, received 2 datagrams, 3 bytes in .*; replies$' err
	[ "$(<copy)" = abcabc ]
	[ "$(grep -c '^>' dump)" = 2 ]
	[ "$(grep -c '^<' dump)" = 2 ]
	udp -o copy --append --frame line 127.0.0.1 "$PORT" <in
	[[ $(<copy) == abcabcabc* ]]
	udp --stats --frame line 127.0.0.1 "$PORT" <in
	says '^sockit udp-send: sent 2 datagrams, 3 bytes, received '
	mkfifo pipe
	"$SOCKIT" udp-send 127.0.0.1 "$PORT" <pipe >out 2>err 3>&- &
	started
	exec 7>pipe
	printf x >&7
	eventually grep -q x out
	kill -USR1 "$PID"
	eventually grep -q '^sockit udp-send: sent 1 datagram, 1 byte, received 1 datagram' err
	exec 7>&-
	ended 0 "$PID"
}

# objects FILE...: nothing but objects as schema.json has them.
objects() {
	cat "$@" >all
	[ -s all ] || return
	python3 -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" all </dev/null >valid
}

@test "udp-send: --json" {
	local event
	receiver reply
	printf 'a\nbc\n' >in
	udp --json -vv --stats --frame line --replies 2 127.0.0.1 "$PORT" <in
	[ "$STATUS" = 0 ]
	[ "$(<out)" = $'a\nbc' ]
	objects err
	for event in lookup resolved sending sent received closed; do
		grep -q "{\"event\":\"$event\"," err
	done
	grep -q '"sent":3,"received":3,"sent_datagrams":2,"received_datagrams":2,"errors":0,.*"why":"replies"' err
	sockit udp-send --json -z 127.0.0.1 "$PORT"
	grep -q '"state":"open"' out
	objects out err
	udp --json -w 0.1 --replies 5 127.0.0.1 "$PORT" <in
	[ "$STATUS" = 4 ]
	grep -q '"event":"error",.*"class":"timeout","code":"ETIMEDOUT"' err
	objects err
	refused_port
	udp --json 127.0.0.1 "$PORT" <in
	[ "$STATUS" = 1 ]
	grep -q '"event":"error",.*"class":"socket","code":"ECONNREFUSED","peer":{.*}' err
	grep -q '"event":"closed",.*"errors":1,' err
	objects err
	sockit udp-send --json -z 127.0.0.1 "$PORT"
	objects out err
	head -c 65508 /dev/zero >large
	udp --json --frame all 127.0.0.1 "$PORT" <large
	grep -q '"class":"socket","code":"EMSGSIZE"' err
	objects err
}

# Options of the socket.

@test "udp-send: source, port and options of the socket" {
	local port
	receiver
	port=$(python3 -S -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.2", 0))
print(s.getsockname()[1])')
	echo x >in
	udp -s 127.0.0.2 -p "$port" --tos ef --ttl 9 --sndbuf 64k --rcvbuf 64k --sockopt SO_PRIORITY=1 \
		127.0.0.1 "$PORT" <in
	[ "$(platform)" = linux ] || {
		udp -s 127.0.0.2 -p "$port" --tos ef --ttl 9 127.0.0.1 "$PORT" <in
	}
	well
	received 1
	grep -qx "2 127.0.0.2 $port" peer.out
	needs_ipv6
	receiver bind:::1
	udp "[::1]:$PORT" <in
	well
	received 1
}

# Groups, in a network of our own.

@test "udp-send: to a group" {
	needs_ipv6
	private </dev/null
	inside ip link add va type veth peer name vb
	inside ip addr add 192.0.2.1/24 dev va
	inside ip addr add fe80::1/64 dev va nodad
	inside ip link set va up
	inside ip link set vb up
	links_up inside va
	inside ip route add 224.0.0.0/4 dev va
	receiver bind:0.0.0.0 member:239.1.2.3@va reply elsewhere
	echo hello >in
	# What comes back comes from another address and port.
	udp --replies 1 239.1.2.3 "$PORT" <in
	well
	[ "$(<out)" = hello ]
	udp --multicast-interface va --multicast-ttl 0 --replies 1 239.1.2.3 "$PORT" <in
	well
	udp --multicast-interface 192.0.2.1 --replies 1 239.1.2.3 "$PORT" <in
	well
	# Members are on this machine only.
	udp --multicast-interface va --no-loop -w 0.1 239.1.2.3 "$PORT" <in
	told 4 '*no reply*'
	udp --multicast-interface lo -w 0.1 239.1.2.3 "$PORT" <in
	told 4 '*no reply*'
	udp --multicast-interface nosuch 239.1.2.3 "$PORT" <in
	told 1 "sockit udp-send: 239.1.2.3 port $PORT: --multicast-interface nosuch: * (ENODEV)"
	receiver bind::: member:ff02::1234@va reply
	udp --replies 1 ff02::1234%va "$PORT" <in
	well
	udp --multicast-interface va --multicast-ttl 1 --replies 1 ff02::1234 "$PORT" <in
	well
	udp --multicast-interface va --no-loop -w 0.1 ff02::1234 "$PORT" <in
	told 4 '*no reply*'
}

# Where the kernel or the path refuses.

# payloads: what `got` holds, without the lengths of SIZE bytes each.
payloads() {
	python3 -S -c 'import sys
d, n = open("got", "rb").read(), int(sys.argv[1]) + 4
sys.stdout.buffer.write(b"".join(d[i + 4:i + n] for i in range(0, len(d), n)))' "$1"
}

@test "udp-send: -p towards a group shares the port" {
	two_networks
	receiver_there member:239.1.2.3@pa reply
	# As a daemon of multicast DNS has it.
	# shellcheck disable=SC2016 # for python
	python3 -S -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 5353))
print("bound", flush=True)
time.sleep(60)' >bound 3>&- &
	started
	eventually test -s bound
	echo x >in
	udp -p 5353 --multicast-interface va 239.1.2.3 "$PORT" <in
	well
	received 1
	grep -qx '2 10.1.0.1 5353' peer.out
	# What many may answer can be asked, too.
	inside ip route add 224.0.0.0/4 dev va
	local many
	for many in 239.1.2.3 10.1.0.255; do
		sockit udp-send -n -z -w 10 $many "$PORT"
		[ "$STATUS" = 0 ]
		[ "$(<out)" = "$many $PORT/udp open" ]
	done
	# Not where one is asked: that one's answers would go to the last who came.
	udp -p 5353 10.1.0.2 "$PORT" <in
	[ "$STATUS" = 1 ]
	grep -q EADDRINUSE err
}

@test "udp-send: a path with a small MTU takes larger datagrams all the same" {
	two_networks
	inside ip link set va mtu 1000
	there ip link set pa mtu 1000
	receiver_there save:got count:100
	random_file in 140000
	udp --frame size=1400 10.1.0.2 "$PORT" <in
	well
	ended 0 "$PEER"
	payloads 1400 | cmp - in
}

@test "udp-send: a full queue is waited for" {
	needs tc iproute2
	# Without IP_RECVERR the kernel does not tell.
	[ "$(platform)" = linux ] || skip 'only Linux says so'
	two_networks
	inside tc qdisc add dev va root tbf rate 20mbit burst 70000 limit 70000 2>tc.err ||
		skip 'no such queue here'
	receiver_there save:got count:400
	random_file in 200000
	udp --frame size=500 10.1.0.2 "$PORT" <in
	well
	ended 0 "$PEER"
	payloads 500 | cmp - in
	# One that takes hardly more than one at a time.
	inside tc qdisc replace dev va root tbf rate 2mbit burst 3000 limit 5000
	receiver_there save:got count:100
	for ((i = 0; i < 100; i++)); do
		printf "%0$((200 + i % 7 * 40))d\n" $i
	done >in
	udp --frame line 10.1.0.2 "$PORT" <in
	well
	ended 0 "$PEER"
}

# Others.

@test "udp-send: what has no room is tried again, and is an error after a second if it never has" {
	needs tc iproute2
	needs_strace
	local program=$SOCKIT pids=() buffer=() i error lacks=(strace -f -qq -o /dev/null -e "trace=sendmmsg,sendmsg")
	export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"
	private </dev/null
	inside sh -c 'ip link set lo mtu 1500 && tc qdisc add dev lo root tbf rate 8mbit burst 3kb limit 10kb' 2>/dev/null ||
		skip 'no tbf'
	inside sh -c 'ip link add va type veth peer name vb && ip address add 10.9.0.1/24 brd + dev va &&
		ip link set va up && ip link set vb up' 2>/dev/null || skip 'no veth'
	receiver bind:unix:s type:dgram
	head -c 30000 /dev/zero >large
	# More fragments than the send buffer takes, or the interface's queue, at any time. Without IP_RECVERR the kernel
	# does not tell of the latter.
	[ "$(platform)" = linux ] || buffer=(--sndbuf 4k)
	spawn inside "$program" udp-send --frame all --sndbuf 4k 127.0.0.1 9 <large 2>err.0
	pids+=("$PID")
	spawn inside "$program" udp-send --frame all "${buffer[@]}" 127.0.0.1 9 <large 2>err.1
	pids+=("$PID")
	spawn inside "${lacks[@]}" -e inject=sendmmsg,sendmsg:error=ENOBUFS "$program" broadcast 9 <large 2>err.2
	pids+=("$PID")
	spawn "${lacks[@]}" -e inject=sendmmsg,sendmsg:error=ENOMEM "$program" unix --type dgram s <large 2>err.3
	pids+=("$PID")
	exits 0 "${lacks[@]}" -e inject=sendmmsg,sendmsg:error=ENOBUFS:when=1..20 \
		"$program" unix --type dgram s <<<late
	received 1
	for i in 0 1 2 3; do
		ended 1 "${pids[i]}"
		error=ENOBUFS
		[ $i != 3 ] || error=ENOMEM
		says ".* \\($error\\)\$" err.$i
	done
	says 'sockit udp-send: 127\.0\.0\.1 port 9: a datagram of 30000 bytes: No buffer space available \(ENOBUFS\)' err.1
}

@test "udp-send: to nc, ncat, socat and busybox" {
	echo hello >in
	mkfifo hold
	exec 7<>hold
	port=$(free_port)
	if command -v socat >/dev/null; then
		socat -u "UDP4-RECV:$port,bind=127.0.0.1" OPEN:got.socat,creat 3>&- &
		started
		heard "$port" got.socat
	fi
	if command -v ncat >/dev/null; then
		port=$(free_port)
		ncat -lu 127.0.0.1 "$port" <hold >got.ncat 2>/dev/null 3>&- &
		started
		heard "$port" got.ncat
	fi
	if command -v nc.openbsd >/dev/null; then
		port=$(free_port)
		nc.openbsd -lu 127.0.0.1 "$port" <hold >got.nc 2>/dev/null 3>&- &
		started
		heard "$port" got.nc
	fi
	ls got.* >/dev/null || skip 'none of them is here'
}
# heard PORT FILE: what listens on PORT gets one datagram, and writes it to FILE.
heard() {
	eventually grep -q "$(printf ':%04X ' "$1")" /proc/net/udp
	"$SOCKIT" udp-send 127.0.0.1 "$1" <in 3>&-
	eventually cmp -s "$2" in
}

@test "udp-send: a query to a name server" {
	needs dnsmasq dnsmasq-base
	port=$(free_port)
	dnsmasq -k -C /dev/null --no-resolv --no-hosts --port="$port" --listen-address=127.0.0.1 \
		--bind-interfaces --address=/name.test/192.0.2.7 --pid-file= 3>&- 2>dnsmasq.err &
	started
	printf '\022\064\001\0\0\001\0\0\0\0\0\0\004name\004test\0\0\001\0\001' >query
	eventually answers "$port"
	[ "$(tail -c 4 answer | od -An -tu1 | xargs)" = '192 0 2 7' ]
	head -c 2 answer | cmp - <(printf '\022\064')
}
answers() {
	"$SOCKIT" udp-send --frame all -w 5 --replies 1 --quiet 127.0.0.1 "$1" <query >answer 3>&-
}

@test "udp-send: counters for a statsd" {
	receiver save:got
	printf '%s\n' 'logins:1|c' 'latency:320|ms' 'users:42|g' |
		within 10 "$SOCKIT" udp-send --frame line 127.0.0.1 "$PORT" 3>&-
	received 3
	tr -d '\0-\037' <got | grep -q 'logins:1|clatency:320|msusers:42|g'
}
