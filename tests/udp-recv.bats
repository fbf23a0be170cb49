# udp-recv: datagrams from anybody, as they are or framed or as objects, and what is answered.

load helpers/common
load helpers/words
load helpers/private

# receives [ARG...]: udp-recv with ARGs (give it port 0) once it is bound: $ADDR, $PORT, its pid in $LISTENER; it prints
# to the file out.
receives() {
	rm -f out err
	served_by "$SOCKIT" udp-recv --notify-fd 9 "$@" </dev/null >out 2>err
}

# sends WORD...: peer.py sends datagrams to it.
sends() {
	foreign type:dgram to:"${HERE:-127.0.0.1},$PORT" "$@"
}

# quick TEXT...: the same datagrams, each from another port, without the time that python takes to start.
quick() {
	local text
	for text in "$@"; do
		printf %s "$text" >/dev/udp/127.0.0.1/"$PORT"
	done
}

# objects EVENT [KEY...]: what stands in the file out, which is by the schema.
objects() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out "$@"
}

# also_says REGEX: beside the port, that one line.
also_says() {
	grep -v ': listening on ' err >rest || :
	says "^sockit udp-recv: $1\$" rest
}

QUIET='^sockit udp-recv: listening on 127\.0\.0\.1 port [0-9]+$'

# bats test_tags=valgrind
@test "datagrams are printed as they come, from anybody" {
	receives -c 5 127.0.0.1 0
	[ "$ADDR" = 127.0.0.1 ]
	sends text:one, hex:746f2c text: others:2
	printed 0 'one,to,other 0other 1'
	says "$QUIET"
	# One that is alone is there at once.
	receives 127.0.0.1 0
	sends text:alone
	eventually grep -q alone out
	kill "$LISTENER"
	printed 143 alone
	says "$QUIET"
}

@test "each --frame keeps boundaries, and an empty datagram is one" {
	receives -c 4 --frame line 127.0.0.1 0
	sends text:a text: text:b hex:00
	ended 0 "$LISTENER"
	printf 'a\n\nb\n\0\n' | cmp - out
	receives -c 3 --frame nul 127.0.0.1 0
	sends text:a text: text:b
	ended 0 "$LISTENER"
	printf 'a\0\0b\0' | cmp - out
	receives -c 3 --frame len16 127.0.0.1 0
	sends text:abc text: hex:0a
	ended 0 "$LISTENER"
	printf '\0\3abc\0\0\0\1\n' | cmp - out
	receives -c 3 --frame len32 127.0.0.1 0
	sends text:abc text: hex:0a
	ended 0 "$LISTENER"
	printf '\0\0\0\3abc\0\0\0\0\0\0\0\1\n' | cmp - out
	local mode
	for mode in read all size=3; do
		receives -c 3 --frame $mode 127.0.0.1 0
		sends text:abcd text: hex:0a
		printed 0 abcd
	done
}

@test "udp-send --frame len32 to udp-recv --frame len32 gives back its input" {
	python3 -S - >sent <<-'END'
		import os, random, struct, sys
		r = random.Random(5)
		sizes = [r.choice([0, 1, 5, 64, 64, 1400, 1400, 9000, 65507]) for _ in range(600)]
		sizes += [64] * 3000 + [1400] * 300 + [0] * 70
		for n in sizes:
		    sys.stdout.buffer.write(struct.pack('>I', n) + os.urandom(n))
	END
	receives -w 10 -c 3970 --frame len32 127.0.0.1 0
	within 20 "$SOCKIT" udp-send --frame len32 --rate 40M 127.0.0.1 "$PORT" <sent
	ended 0 "$LISTENER"
	same sent out
}

@test "the largest datagrams come whole, over IPv6 too" {
	receives -c 2 --frame len32 127.0.0.1 0
	sends send:65507 send:1
	ended 0 "$LISTENER"
	[ "$(wc -c <out)" = $((65508 + 8)) ]
	python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' || skip 'no IPv6'
	receives -c 2 --strict ::1 0
	HERE=::1 sends send:65527 send:1
	ended 0 "$LISTENER"
	[ "$(wc -c <out)" = 65528 ]
}

@test "--size cuts what is longer, which is counted" {
	receives -c 3 --size 4 --frame line 127.0.0.1 0
	sends text:abcdef text:abcd text:abcde
	printed 0 $'abcd\nabcd\nabcd'
	also_says '2 datagrams cut to 4 bytes \(--size\)'
	receives -c 1 --size 4 --strict 127.0.0.1 0
	sends text:abcdef
	printed 1 abcd
	also_says '1 datagram cut to 4 bytes \(--size\)'
	receives -c 2 --size 4 --json 127.0.0.1 0
	sends text:abcdef text:ab
	ended 0 "$LISTENER"
	[ "$(objects datagram size true_size data)" = $'4 6 abcd\n2 - ab' ]
}

@test "both families on one port without HOST; :: takes both by one socket" {
	needs_ipv6
	receives -c 2 --frame line --from 0
	[ "$(sort <<<"$NOTIFIED")" = "$(printf '%s\n' "0.0.0.0 $PORT" ":: $PORT" | sort)" ]
	[ "$(sort err)" = "$(printf "sockit udp-recv: listening on %s port $PORT\n" 0.0.0.0 :: | sort)" ]
	sends text:four
	eventually grep -q four out
	HERE=::1 sends text:six
	ended 0 "$LISTENER"
	[[ $(<out) =~ ^127\.0\.0\.1\ [0-9]+:\ four$'\n'::1\ [0-9]+:\ six$ ]]
	receives -c 2 --frame line --from :: 0
	[ "$NOTIFIED" = ":: $PORT" ]
	sends text:four
	eventually grep -q four out
	HERE=::1 sends text:six
	ended 0 "$LISTENER"
	[[ $(<out) =~ ^127\.0\.0\.1\ [0-9]+:\ four$'\n'::1\ [0-9]+:\ six$ ]]
	receives -w 0.3 --ipv6-only 0
	[ "$NOTIFIED" = ":: $PORT" ]
	sends text:four
	ended 4 "$LISTENER"
	receives -w 5 -c 1 -6 0
	[ "$NOTIFIED" = ":: $PORT" ]
	HERE=::1 sends text:six
	printed 0 six
}

@test "a port that somebody has" {
	local first holder
	receives 127.0.0.1 0
	first=$LISTENER
	exits 1 "$SOCKIT" udp-recv 127.0.0.1 "$PORT" </dev/null >other 2>err
	holder=''
	[ "$(platform)" != linux ] || holder=": sockit \(process $PID\) has 127\.0\.0\.1 port $PORT"
	says "^sockit udp-recv: 127\.0\.0\.1 port $PORT: Address .*in use \(EADDRINUSE\)$holder$"
	silent other
	# The wildcard of one family being had by another, no half of it is taken.
	exits 1 "$SOCKIT" udp-recv "$PORT" </dev/null >other 2>err
	says 'EADDRINUSE'
	# By agreement two may have it.
	[ "$(platform)" = linux ] || return 0
	receives --reuseport 127.0.0.1 0
	exits 4 "$SOCKIT" udp-recv --reuseport -w 0.1 127.0.0.1 "$PORT" </dev/null >other 2>err
	exits 1 "$SOCKIT" udp-recv -w 0.1 127.0.0.1 "$PORT" </dev/null >other 2>err
	kill "$first" "$LISTENER"
	status_of "$first"
	status_of "$LISTENER"
}

@test "--notify-fd: all lines at once, for who reads but the first" {
	# Each write is a packet here.
	within 20 python3 -S -c '
import socket, subprocess, sys
for words in ["udp-recv", "--timeout", "10s"], ["listen"]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    p = subprocess.Popen([sys.argv[1], *words, "--notify-fd", str(theirs.fileno()), "0"],
                         pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    theirs.close()
    print(len(ours.recv(1000).splitlines()), ours.recv(1000))
    p.terminate()
    p.wait()' "$SOCKIT" 3>&- >out
	[[ $(uniq out) = [12]" b''" ]] # 1: no IPv6
}

@test "-w: 4 where none came or fewer than -c, else 0" {
	sockit udp-recv -w 0.1 127.0.0.1 0
	[ "$STATUS" = 4 ]
	also_says 'no datagram within 100 ms \(-w\)'
	receives -w 0.5 127.0.0.1 0
	quick one
	printed 0 one
	says "$QUIET"
	receives -w 0.5 -c 3 127.0.0.1 0
	quick one two
	printed 4 onetwo
	also_says 'no datagram for 500 ms \(-w\), after 2 of 3'
	receives -w 5 -c 2 127.0.0.1 0
	sends text:one text:two text:three
	printed 0 onetwo
}

@test "-i and --timeout" {
	sockit udp-recv -i 0.1 127.0.0.1 0
	[ "$STATUS" = 4 ]
	also_says 'nothing moved for 100 ms \(--idle-timeout\)'
	receives --timeout 0.5 127.0.0.1 0
	quick one
	printed 4 one
	also_says 'not done within 500 ms \(--timeout\)'
	# A pause that --rate makes is no idleness.
	receives -i 0.4 -c 2 --rate 4 127.0.0.1 0
	quick one
	eventually grep -q one out
	quick two
	printed 0 onetwo
}

@test "--from and --timestamp" {
	receives -c 2 --frame line --from 127.0.0.1 0
	sends port text:one text: >its
	printed 0 "127.0.0.1 $(<its): one
127.0.0.1 $(<its): "
	receives -c 1 --frame line --timestamp 127.0.0.1 0
	sends text:one
	ended 0 "$LISTENER"
	[[ $(<out) =~ ^20[0-9-]{8}T[0-9:]{8}\.[0-9]{6}Z\ one$ ]]
	receives -c 1 --from --timestamp 127.0.0.1 0
	sends text:one
	ended 0 "$LISTENER"
	[[ $(<out) =~ ^20[0-9-]{8}T[0-9:]{8}\.[0-9]{6}Z\ 127\.0\.0\.1\ [0-9]+:\ one$ ]]
	# A payload is one line, whatever it has in it, and cannot pass for a line of somebody else.
	receives -c 7 --from 127.0.0.1 0
	sends port text:two$'\n' hex:7a65726f00 hex:6372780d0a text:x$'\n192.0.2.1 7: forged\n' hex:1b5b326a000a \
		hex:c3a4ff5c6e text:$'\n'$'\n' >its
	sed "s/^/127.0.0.1 $(<its): /" >expected <<-'END'
		two
		zero
		crx
		x\n192.0.2.1 7: forged
		\x1b[2j\x00
		ä\xff\n
		\n
	END
	ended 0 "$LISTENER"
	cmp expected out
	receives -c 1 --timestamp 127.0.0.1 0
	sends text:a$'\n'b
	ended 0 "$LISTENER"
	[[ $(<out) =~ ^20[^\ ]*Z\ a\\nb$ ]]
	# Objects have the bytes.
	receives -c 1 --json 127.0.0.1 0
	sends text:$'a\n'
	ended 0 "$LISTENER"
	[[ $(<out) == *'"size":2,"data":"a\n"'* ]]
	# It is the time when it came, not when it was read.
	[ "$(platform)" = linux ] || return 0
	receives -c 1 --frame line --timestamp 127.0.0.1 0
	kill -STOP "$LISTENER"
	sends text:one
	date +%s.%N >after
	pause 0.3
	kill -CONT "$LISTENER"
	ended 0 "$LISTENER"
	python3 -S - "$(<out)" "$(<after)" <<-'END'
		import sys
		from datetime import datetime
		came = datetime.fromisoformat(sys.argv[1].split()[0].replace('Z', '+00:00')).timestamp()
		assert float(sys.argv[2]) - 1.5 < came <= float(sys.argv[2]), sys.argv
	END
}

@test "--json: an object for each" {
	receives -c 4 --json 127.0.0.1 0
	sends port text:one text: hex:ff00 text:$'\e[31m"\n' >its
	ended 0 "$LISTENER"
	[ "$(objects datagram size data data_base64 from.port from.address | tr -d '\n')" = \
		"3 one - $(<its) 127.0.0.10  - $(<its) 127.0.0.12 - /wA= $(<its) 127.0.0.17 "$'\e'"[31m\" - $(<its) 127.0.0.1" ]
	[ "$(tr -d '\n' <out | LC_ALL=C tr -cd '[:cntrl:]' | wc -c)" = 0 ]
	# On stderr the rest.
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err listening local.port >ports
	[ "$(<ports)" = "$PORT" ]
	[ "$(objects datagram to.address to.port interface ttl | sort -u)" = "127.0.0.1 $PORT lo 64" ]
	# To an address of ours, by a wildcard socket, from another.
	receives -c 1 --json -4 0
	HERE=127.0.0.7 sends bind:127.0.0.5 ttl:9 text:one
	ended 0 "$LISTENER"
	[ "$(objects datagram from.address to.address ttl)" = '127.0.0.5 127.0.0.7 9' ]
	needs_ipv6
	receives -c 1 --json 0
	HERE=::1 sends text:one
	ended 0 "$LISTENER"
	[ "$(objects datagram from.family to.address ttl)" = 'inet6 ::1 64' ]
	# IPv4 by a socket of IPv6.
	receives -c 1 --json :: 0
	HERE=127.0.0.7 sends text:one
	ended 0 "$LISTENER"
	[ "$(objects datagram from.family to.family to.address ttl)" = 'inet inet 127.0.0.7 64' ]
}

# bats test_tags=valgrind
@test "--echo answers everybody, from the address that was asked" {
	receives -c 7 --echo 0
	sends text:one print:1 text: print:1 send:1400 print:1 others:3 >got
	[ "$(cut -c1-26 <got | head -n 2)" = "127.0.0.1 $PORT one
127.0.0.1 $PORT " ]
	HERE=127.0.0.9 sends text:two print:1 >got
	[ "$(<got)" = "127.0.0.9 $PORT two" ]
	printed 0 ''
	# Whoever has gone is nobody's loss.
	receives -c 2 --echo 127.0.0.1 0
	quick one
	HERE=127.0.0.1 sends text:one print:1
	printed 0 ''
	needs_ipv6
	receives -c 2 --echo :: 0
	HERE=127.0.0.1 sends text:four print:1 >got
	[ "$(<got)" = "127.0.0.1 $PORT four" ]
	HERE=::1 sends text:six print:1 >got
	[ "$(<got)" = "::1 $PORT six" ]
	printed 0 ''
}

@test "-e and --: a command for each datagram, whose stdout is the answer" {
	receives -n -c 3 127.0.0.1 0 -- tr a-z A-Z
	sends text:one print:1 text:two print:1 text: quiet:0.1 >got
	[ "$(<got)" = "127.0.0.1 $PORT ONE
127.0.0.1 $PORT TWO" ]
	printed 0 ''
	# All that it writes is one datagram, however it is written; with a frame, each is one.
	receives -n -c 1 -e 'printf one; sleep 0.1; echo two; sleep 0.1; printf three' 127.0.0.1 0
	sends text:x print:1 quiet:0.1 >got
	printf '127.0.0.1 %s onetwo\nthree\n' "$PORT" | cmp - got
	printed 0 ''
	receives -n -c 1 --frame line -e 'printf one; echo; sleep 0.1; printf "two\nthree"' 127.0.0.1 0
	sends text:x print:3 quiet:0.1 >got
	[ "$(<got)" = "127.0.0.1 $PORT one
127.0.0.1 $PORT two
127.0.0.1 $PORT three" ]
	printed 0 ''
	# A large payload comes whole, and need not be read.
	receives -n -c 2 -e 'if [ -e seen ]; then echo no; else touch seen; wc -c; fi' --jobs 1 127.0.0.1 0
	sends send:65507 print:1 send:65507 print:1 >got
	[ "$(tr -s ' ' <got)" = "127.0.0.1 $PORT 65507

127.0.0.1 $PORT no" ]
	printed 0 ''
}

@test "an answer that meets a full send queue goes as soon as there is room" {
	needs_strace
	local answer
	printf x >in
	for answer in '-e cat' '--frame line -e cat' --echo '--reply latest'; do
		# shellcheck disable=SC2086 # words
		traced_listener sendmmsg,sendmsg -e inject=sendmmsg,sendmsg:error=EAGAIN:when=1..2 \
			"$SOCKIT" udp-recv --notify-fd 9 -n -c 2 $answer 127.0.0.1 0 <in >out 2>err
		sends text:x print:1 text:last >got
		[ "$(<got)" = "127.0.0.1 $PORT x" ]
		ended 0 "$LISTENER"
	done
}

@test "a command that leaves a process behind which writes for ever holds nothing up" {
	receives -n -c 1 --frame size=6 -e 'yes & sleep 0.1' 127.0.0.1 0
	sends text:x print:1 >got
	printf '127.0.0.1 %s y\ny\ny\n\n' "$PORT" | cmp - got
	printed 0 ''
}

@test "a command's answer that is more than the send queue takes at once goes at the pace of the network" {
	needs tc iproute2
	local send=("$SOCKIT" udp-send -n -w 5s --replies 30 --frame line 127.0.0.1)
	private </dev/null
	inside sh -c 'ip link set lo mtu 1500 && tc qdisc add dev lo root tbf rate 4mbit burst 3kb limit 100kb' 2>/dev/null ||
		skip 'no tbf'
	receives -n -c 1 --sndbuf 4k --frame size=1300 -e 'head -c 39000 /dev/zero' 127.0.0.1 0
	inside "${send[@]}" "$PORT" <<<go >got
	[ "$(wc -l <got)" = 30 ]
	printed 0 ''
}

@test "an answer that never has room is lost after a second, and said; others go" {
	local error='127\.0\.0\.1 port [0-9]+: a datagram of 30000 bytes: No buffer space available \(ENOBUFS\)'
	private </dev/null
	inside ip link set lo mtu 1500
	served_by "$SOCKIT" udp-recv --notify-fd 9 -c 2 --sndbuf 4k --echo 127.0.0.1 0 </dev/null 2>err.echo
	local port=$PORT echoes=$LISTENER
	sends send:30000
	# shellcheck disable=SC2016 # for that shell
	receives -n -c 3 --sndbuf 4k -e 'read -r x; case $x in large) head -c 30000 /dev/zero ;; *) echo $x ;; esac' \
		127.0.0.1 0
	sends line:large line:small print:1 line:last print:1 >got
	[ "$(grep . got)" = "127.0.0.1 $PORT small
127.0.0.1 $PORT last" ]
	printed 1 ''
	also_says "$error"
	PORT=$port
	sends text:small print:1 >got
	[ "$(<got)" = "127.0.0.1 $PORT small" ]
	ended 1 "$echoes"
	grep -v ': listening on ' err.echo >err
	says "^sockit udp-recv: $error\$" err
}

@test "-C: what a command answers ends its lines in CRLF" {
	receives -n -C -c 1 -e 'printf "a\nb\r\nc"' 127.0.0.1 0
	sends text:x print:1 >got
	printf '127.0.0.1 %s a\r\nb\r\nc\n' "$PORT" | cmp - got
	printed 0 ''
	# A line keeps its end; what is cut elsewhere has each LF changed once.
	receives -n -C -c 1 --frame line -e 'printf "a\nb\r\n\nc"' 127.0.0.1 0
	sends text:x print:4 >got
	# shellcheck disable=SC2059 # escapes
	printf '127.0.0.1 '"$PORT"' %b\r\n\n' a b '' c | cmp - got
	printed 0 ''
	receives -n -C -c 1 --frame size=2 -e 'printf "a\r\n\nb"' 127.0.0.1 0
	sends text:x print:3 >got
	printf '127.0.0.1 '"$PORT"' %b\n' 'a\r' '\n\r\n' b | cmp - got
	printed 0 ''
	# It can make an answer too large.
	receives -n -C -c 1 -e 'yes "" | head -c 32754' 127.0.0.1 0
	sends text:x
	printed 1 ''
	also_says '/bin/sh: an answer of 65508 bytes or more, and a datagram carries 65507'
}

@test "commands: their environment, descriptors and status" {
	# shellcheck disable=SC2016 # for that shell
	local others='for f in 3 4 5 6 7 8 9 10 11 12; do [ ! -e /proc/$$/fd/$f ] || echo $f; done'
	TCPREMOTEIP=1 NOTIFY_SOCKET='' receives -c 1 127.0.0.1 0 -- sh -c 'env | grep -E "^(PROTO|UDP|TCP)" | sort'
	sends port text:x print:1 >got
	{
		read -r port
		cat
	} <got >answer
	[ "$(sed "s/^127.0.0.1 $PORT //" answer | grep -v UDPREMOTEHOST)" = "PROTO=UDP
UDPLOCALIP=127.0.0.1
UDPLOCALPORT=$PORT
UDPREMOTEIP=127.0.0.1
UDPREMOTEPORT=$port" ]
	printed 0 ''
	receives -n -c 1 -e "$others" 127.0.0.1 0
	sends text:x quiet:0.3
	printed 0 ''
	# One datagram, one command: its status.
	receives -n -c 1 -e 'exit 7' 127.0.0.1 0
	sends text:x
	printed 7 ''
	receives -n -c 2 -e 'exit 7' 127.0.0.1 0
	sends text:x text:x
	printed 1 ''
	receives -n -c 1 127.0.0.1 0 -- ./nowhere
	sends text:x
	printed 127 ''
	also_says '\./nowhere: No such file or directory \(ENOENT\)'
	receives -n -c 1 -e 'head -c 70000 /dev/zero' 127.0.0.1 0
	sends text:x
	printed 1 ''
	also_says '/bin/sh: an answer of [0-9]+ bytes or more, and a datagram carries 65507'
	receives -n -c 1 --frame netstring -e 'printf "3:one,two"' 127.0.0.1 0
	sends text:x print:1 >got
	[ "$(<got)" = "127.0.0.1 $PORT one" ]
	printed 1 ''
	also_says "/bin/sh: its output: message 2: 'two' is no message of netstring"
}

@test "commands run side by side, as many as --jobs says" {
	mkfifo go
	# shellcheck disable=SC2016 # for that shell
	receives -n -c 3 -e 'read x; case $x in a) cat go ;; *) echo $x ;; esac' 127.0.0.1 0
	(sends text:a text:b print:1 text:c print:1 >got)
	[ "$(cut -d' ' -f3 <got)" = $'b\n\nc' ]
	runs "$LISTENER"
	: >go
	printed 0 ''
	# shellcheck disable=SC2016
	receives -n --jobs 1 -c 3 -e 'read x; case $x in a) cat go ;; esac; echo $x >>order' 127.0.0.1 0
	sends text:a text:b text:c
	pause 0.1
	[ ! -e order ]
	: >go
	printed 0 ''
	[ "$(<order)" = $'a\nb\nc' ]
}

# bats test_tags=valgrind
@test "--reply latest: stdin goes to who sent last" {
	mkfifo in
	rm -f out
	exec 7<>in
	served_by "$SOCKIT" udp-recv --notify-fd 9 -c 3 --reply latest --frame line 127.0.0.1 0 <in >out 2>err
	echo early >&7
	sends text:one print:1 >got
	[ "$(<got)" = "127.0.0.1 $PORT early" ]
	mkfifo gate
	sends text:two gate:gate print:2 >got 3>&- &
	started
	eventually grep -q two out
	echo late >&7
	echo later >&7
	: >gate
	ended 0 "$PID"
	[ "$(<got)" = "127.0.0.1 $PORT late
127.0.0.1 $PORT later" ]
	# stdin's end is not that of the run.
	exec 7>&-
	sends text:three
	printed 0 $'one\ntwo\nthree'
}

@test "a terminal as stdin: --reply is named once something is typed, and is a talk by UDP" {
	PORT=$(free_port)
	# until: also that it is said once, and not before.
	"$PARENT" 0=tty 1=tty 2=tty until:listening pause:0.1 line:one until:'--reply latest would' line:two pause:0.1 kill:TERM \
		-- "$SOCKIT" udp-recv 127.0.0.1 0 >out 2>err 3>&- || STATUS=$?
	[ "$STATUS" = 143 ]
	tr -d '\r' <out >lines
	[ "$(grep -c 'stdin is not read: --reply latest would send it to whoever sent last' lines)" = 1 ]
	[ "$(wc -l <lines)" = 2 ]
	# Nothing of that for another stdin, or where it is read.
	receives -c 1 127.0.0.1 0 < <(echo x)
	sends text:one
	printed 0 one
	says "$QUIET"
	"$PARENT" 0=tty 1=pipe 2=pipe until:one line:hello until:': two' kill:TERM -- \
		"$SOCKIT" udp-recv --from --reply latest 127.0.0.1 "$PORT" >out 2>err 3>&- &
	started
	eventually udp_port_is_taken "$PORT"
	foreign type:dgram to:127.0.0.1,"$PORT" text:one has:hello text:two
	ended 143 "$PID"
	silent
}
udp_port_is_taken() {
	grep -qi ":$(printf %04X "$1") " /proc/net/udp
}

@test "--reply first: all others are dropped" {
	printf 'a\nb\n' >in
	rm -f out
	served_by "$SOCKIT" udp-recv --notify-fd 9 -c 2 --reply first --frame line 127.0.0.1 0 <in >out 2>err
	mkfifo hold
	sends text:one print:2 gate:hold text:two >got 3>&- &
	started
	eventually grep -q one out
	sends text:other quiet:0.1
	: >hold
	printed 0 $'one\ntwo'
	ended 0 "$PID"
	[ "$(cut -d' ' -f3 <got)" = $'a\nb' ]
}

@test "--reply: a refusal of what stdin gave is told" {
	[ "$(platform)" = linux ] || skip 'an unconnected socket does not learn of it'
	printf 'a\n' >in
	rm -f out
	served_by "$SOCKIT" udp-recv --notify-fd 9 -w 0.3 --reply latest --frame line 127.0.0.1 0 <in >out 2>err
	# Who asks has gone before there is an answer.
	kill -STOP "$LISTENER"
	quick one
	kill -CONT "$LISTENER"
	printed 1 one
	also_says '127\.0\.0\.1 port [0-9]+: Connection refused \(ECONNREFUSED\)'
}

@test "--allow and --deny" {
	echo '127.0.0.3 # a friend' >friends
	receives -c 2 --frame line --allow 127.0.0.2 --allow-file friends 127.0.0.1 0
	sends bind:127.0.0.1 text:no
	sends bind:127.0.0.2 text:yes
	sends bind:127.0.0.4 text:no
	sends bind:127.0.0.3 text:too
	printed 0 $'yes\ntoo'
	says "$QUIET"
	receives -v -c 1 --deny 127.0.0.0/30 127.0.0.1 0
	sends bind:127.0.0.2 text:no
	sends bind:127.0.0.4 text:yes
	printed 0 yes
	also_says 'refused 127\.0\.0\.2 port [0-9]+ on 127\.0\.0\.1 port [0-9]+: denied'
	refuses "--allow: 'x/y' is no address*" udp-recv --allow x/y 0
}

@test "what is lost for want of room is counted, exactly" {
	[ "$(platform)" = linux ] || skip 'nothing tells what was lost'
	local got
	receives --rcvbuf 16k -w 0.4 --strict 127.0.0.1 0
	kill -STOP "$LISTENER"
	sends many:2000,100
	kill -CONT "$LISTENER"
	ended 1 "$LISTENER"
	got=$(($(wc -c <out) / 100))
	[ $got -gt 10 ]
	also_says "$((2000 - got)) datagrams lost: the receive buffer was full \(see --rcvbuf\)"
	# Without --strict it is told all the same.
	receives --rcvbuf 16k -w 0.4 --json 127.0.0.1 0
	kill -STOP "$LISTENER"
	sends many:1000,100
	kill -CONT "$LISTENER"
	ended 0 "$LISTENER"
	got=$(wc -l <out)
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err lost count)" = $((1000 - got)) ]
	# Of those that the kernel has in one piece it counts the pieces.
	receives --rcvbuf 16k -w 0.4 127.0.0.1 0
	kill -STOP "$LISTENER"
	sends pieces:1000,100
	kill -CONT "$LISTENER"
	ended 0 "$LISTENER"
	also_says 'at least [0-9]+ datagrams lost: .*'
	# With the buffer that it gives itself, none.
	receives -w 0.4 --strict 127.0.0.1 0
	kill -STOP "$LISTENER"
	sends many:1000,100
	kill -CONT "$LISTENER"
	ended 0 "$LISTENER"
	[ "$(wc -c <out)" = 100000 ]
	says "$QUIET"
}

@test "datagrams that the kernel has in one piece are those that were sent" {
	[ "$(platform)" = linux ] || skip 'one by one'
	receives -w 10 -c 507 --frame len16 127.0.0.1 0
	sends pieces:105,700 text:x pieces:300,1200 text: pieces:100,9
	ended 0 "$LISTENER"
	python3 -S - <<-'END'
		import struct
		want = [b'%05d' % i for i in range(105)] + [b'x'] + [b'%05d' % i for i in range(300)] + \
		    [b''] + [b'%05d' % i for i in range(100)]
		sizes = [700] * 105 + [1] + [1200] * 300 + [0] + [9] * 100
		data, at = open('out', 'rb').read(), 0
		for head, size in zip(want, sizes):
		    n, = struct.unpack_from('>H', data, at)
		    assert n == size and data[at + 2:at + 7].startswith(head[:n]), (at, n, size, head)
		    at += 2 + n
		assert at == len(data)
	END
}

@test "a stdout that is slow holds nothing up and loses nothing" {
	mkfifo slow
	exec 7<>slow
	served_by "$SOCKIT" udp-recv --notify-fd 9 -c 3000 127.0.0.1 0 </dev/null >slow 2>err
	sends many:3000,500
	pause 0.1
	runs "$LISTENER"
	exec 6<slow 7>&-
	within 10 cat <&6 >got 3>&- &
	started
	ended 0 "$LISTENER"
	ended 0 "$PID"
	exec 6<&-
	[ "$(wc -c <got)" = 1500000 ]
	python3 -S -c '
data = open("got", "rb").read()
assert all(data[i * 500:i * 500 + 5] == b"%05d" % i for i in range(3000))'
}

@test "a stdout that nobody reads ends it: a write as cat, else with its status" {
	mkfifo early
	exec 7<>early
	served_by "$SOCKIT" udp-recv --notify-fd 9 127.0.0.1 0 </dev/null >early 2>err 7<&-
	exec 7<&-
	ended 0 "$LISTENER"
	says "$QUIET"
	# What was asked for cannot be written.
	exec 7<>early
	served_by "$SOCKIT" udp-recv -c 1 --notify-fd 9 127.0.0.1 0 </dev/null >early 2>err 7<&-
	exec 7<&-
	ended 141 "$LISTENER"
	says "$QUIET"
	# More than the pipe takes waits to be written. Where SIGPIPE was ignored that is an error.
	local ignored status
	for ignored in '' ignore:PIPE; do
		[ "$ignored" ] && status=1 || status=141
		exec 7<>early
		served_by "$PARENT" $ignored -- "$SOCKIT" udp-recv --notify-fd 9 127.0.0.1 0 </dev/null >early 2>err 7<&-
		sends many:1000,500
		exec 7<&-
		ended $status "$LISTENER"
	done
	also_says 'stdout: Broken pipe \(EPIPE\)'
}

@test "a stdout that cannot be written" {
	[ -e /dev/full ] || skip 'no /dev/full'
	served_by "$SOCKIT" udp-recv --notify-fd 9 127.0.0.1 0 </dev/null >/dev/full 2>err
	sends text:x
	ended 1 "$LISTENER"
	also_says 'stdout: No space left on device \(ENOSPC\)'
	served_by "$SOCKIT" udp-recv --notify-fd 9 127.0.0.1 0 </dev/null >&- 2>err
	sends text:x
	ended 1 "$LISTENER"
	also_says 'stdout: Bad file descriptor \(EBADF\)'
}

@test "a signal ends it with all that has come written" {
	receives --frame line 127.0.0.1 0
	kill -STOP "$LISTENER"
	sends many:500,10
	kill -TERM "$LISTENER"
	kill -CONT "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(wc -l <out)" = 500 ]
	[ "$(LC_ALL=C tail -n 1 out | cut -c1-5)" = '00499' ]
	receives --stats 127.0.0.1 0
	sends text:abc
	eventually grep -q abc out
	kill -USR1 "$LISTENER"
	eventually grep -q 'received 1 datagram, 3 bytes' err
	kill -INT "$LISTENER"
	ended 130 "$LISTENER"
	[ "$(grep -c 'sent 0 datagrams, 0 bytes, received 1 datagram, 3 bytes in ' err)" = 2 ]
}

@test "-o, -x, --append: copies of what came and of what was answered" {
	receives -c 2 --echo -o copy -x dump 127.0.0.1 0
	sends text:abc print:1 text:de print:1
	ended 0 "$LISTENER"
	[ "$(<copy)" = abcabcdede ] || [ "$(<copy)" = abcabcdede ]
	[ "$(grep -c '^<' dump)" = 2 ]
	[ "$(grep -c '^>' dump)" = 2 ]
	# First the question.
	receives -c 3 --echo -x dump 127.0.0.1 0
	sends text:abc text:de text:f print:3
	ended 0 "$LISTENER"
	[ "$(sed 's/^\([<>]\) .*/\1/; s/.*|\(.*\)|$/\1/' dump | paste -sd ' ')" = '< abc > abc < de > de < f > f' ]
	receives -c 1 -o copy --append 127.0.0.1 0
	sends text:fg
	printed 0 fg
	[ "$(<copy)" = abcabcdedefg ]
}

@test "--rate holds the reading back" {
	local from to
	from=$(milliseconds)
	receives -c 200 --rate 40k 127.0.0.1 0
	sends many:200,100
	ended 0 "$LISTENER"
	to=$(milliseconds)
	[ $((to - from)) -ge 300 ]
	[ "$(wc -c <out)" = 20000 ]
}

@test "-v, -vv" {
	receives -vv -c 1 127.0.0.1 0
	sends text:abc
	printed 0 abc
	grep -qE "^sockit udp-recv: +[0-9.]+ received 3 bytes from 127\.0\.0\.1 port [0-9]+ on 127\.0\.0\.1 port $PORT$" err
	receives -vv --json -n --stats --deny 127.0.0.2 -c 1 127.0.0.1 0 -- true
	sends bind:127.0.0.2 text:no
	sends text:abc
	ended 0 "$LISTENER"
	[ "$(objects datagram data)" = abc ]
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err any event | tr '\n' ' ')" = \
		'listening sandbox refused started received exited stats ' ]
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err received from.address to.port size)" = "127.0.0.1 $PORT 3" ]
}

@test "foreign senders: nc, socat, bash, logger, a metrics client" {
	receives -c 1 127.0.0.1 0
	echo stats.count:1\|c >/dev/udp/127.0.0.1/"$PORT"
	printed 0 'stats.count:1|c'
	if command -v nc.openbsd >/dev/null; then
		receives -c 1 127.0.0.1 0
		echo from nc | within 5 nc.openbsd -u -q 0 -w 1 127.0.0.1 "$PORT" 3>&-
		printed 0 'from nc'
	fi
	if command -v socat >/dev/null; then
		receives -c 1 --echo 127.0.0.1 0
		[ "$(echo from socat | within 5 socat -t 0.5 - UDP:127.0.0.1:"$PORT" 3>&-)" = 'from socat' ]
		printed 0 ''
	fi
	if command -v logger >/dev/null; then
		receives -c 1 127.0.0.1 0
		within 5 logger -n 127.0.0.1 -d -P "$PORT" -t me --rfc3164 'a line' 3>&-
		ended 0 "$LISTENER"
		[[ $(<out) =~ ^\<13\>.*\ me:\ a\ line$ ]]
	fi
}

@test "bad input" {
	refuses 'an operand is missing*' udp-recv
	refuses "*'http' is a name*" udp-recv -n http
	refuses "port '65536' *" udp-recv 65536
	refuses '--from needs --frame line' udp-recv --from --frame nul 0
	refuses '--timestamp needs --frame line' udp-recv --timestamp --frame nul 0
	sockit udp-recv --from --json --frame line 0
	[ "$STATUS" = 2 ]
	refuses '*--echo*--reply*' udp-recv --echo --reply latest 0
	refuses '*--execute*--reply*' udp-recv -e cat --reply latest 0
	refuses "*--echo and '-- cat' exclude each other" udp-recv --echo 0 -- cat
	refuses '--jobs needs a command*' udp-recv --jobs 3 0
	refuses '-C, --crlf: nothing is sent *: it needs --reply or a command' udp-recv -C 0
	refuses '-C, --crlf: *' udp-recv -C --echo 0
	refuses '--frame and --echo exclude each other *' udp-recv --frame line --echo 0
	sockit udp-recv --frame line --json 0
	[ "$STATUS" = 2 ]
	[[ $(<err) == *'"message":"--frame and --json exclude each other '* ]]
	refuses "*--reply*'last'*" udp-recv --reply last 0
	refuses "*--count*'0'*" udp-recv -c 0 0
	refuses "--frame: 'lines' is none of *" udp-recv --frame lines 0
	refuses '*--size*65508*' udp-recv --size 65508 0
	refuses "--join: '10.0.0.1' is no multicast address*" udp-recv --join 10.0.0.1 0
	refuses "--join: there is no interface 'nowhere'" udp-recv --join 239.0.0.1@nowhere 0
	refuses "--join: 'ff02::1' is of the other family than -4" udp-recv -4 --join ff02::1 0
	refuses "--join-source: '239.0.0.1' is not GROUP,SOURCE*" udp-recv --join-source 239.0.0.1 0
	refuses "--join-source: '::1' is no address*" udp-recv --join-source 239.0.0.1,::1 0
	refuses "--join-source: '239.0.0.2' is no address*" udp-recv --join-source 239.0.0.1,239.0.0.2 0
	sockit udp-recv 127.0.0.1 no-such-service
	[ "$STATUS" = 3 ]
	sockit udp-recv 192.0.2.1 0
	told 1 'sockit udp-recv: 192.0.2.1 port 0: * (EADDRNOTAVAIL)'
	sockit udp-recv --notify-fd 77 127.0.0.1 0
	told 1 'sockit udp-recv: --notify-fd 77: Bad file descriptor (EBADF)'
}

@test "options that only refine, of which the kernel has none: told with -v, and no failure" {
	[ "$(platform)" = linux ] || skip 'they are of Linux'
	needs_strace
	# LeakSanitizer does not work under strace.
	export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"
	local option lacks=(strace -f -qq -o /dev/null -e trace=setsockopt -e inject=setsockopt:error=ENOPROTOOPT)
	exits 4 "${lacks[@]}" "$SOCKIT" udp-recv -v --json -w 50ms 127.0.0.1 0 </dev/null >out 2>err
	for option in IP_PKTINFO IP_RECVTTL SO_TIMESTAMPNS IP_MULTICAST_ALL; do
		grep -q "this kernel has no $option: going on without" err
	done
	exits 4 "${lacks[@]}" "$SOCKIT" udp-recv -w 50ms 127.0.0.1 0 </dev/null >out 2>err
	run ! grep ENOPROTOOPT err
	# What was asked for must be there.
	exits 1 "${lacks[@]}" "$SOCKIT" udp-recv --sockopt IP_MULTICAST_ALL=0 -w 50ms 127.0.0.1 0 </dev/null >out 2>err
	says ': --sockopt IP_MULTICAST_ALL=0: Protocol not available \(ENOPROTOOPT\)$'
	exits 1 "${lacks[@]}" "$SOCKIT" unix -l --type dgram --allow-uid 0 -w 50ms s </dev/null >out 2>err
	says 'SO_PASSCRED: Protocol not available \(ENOPROTOOPT\)$'
}
