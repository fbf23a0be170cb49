# connect --probe: which ports are open, waiting for them, and what runs then.
# shellcheck disable=SC2016 # what is in single quotes is for another shell

load helpers/common
load helpers/words
load helpers/private

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# ports KIND...: a counterpart has ports of these kinds (see ports.py), their numbers are in $P.
ports() {
	peer ports "$@"
	read -ra P <<<"$PORT"
}

# prints STATUS LINE...: the last run ended so, its stdout is these lines.
prints() {
	[ "$STATUS" = "$1" ] || fault "status $1 was expected" || return
	diff -u <([ $# = 1 ] || printf '%s\n' "${@:2}") <(unnamed <out) || fault 'not those lines'
}

# sorted PORT...: from the lowest on, separated by commas.
sorted() {
	printf '%s\n' "$@" | sort -n | paste -sd,
}

# What is open, and how it is told.

# bats test_tags=valgrind
@test "what is open is a line each, in the order of the ports" {
	ports open open closed
	local list a b
	list=$(sorted "${P[0]}" "${P[1]}")
	a=${list%,*} b=${list#*,}
	sockit connect -z 127.0.0.1 "$a"
	prints 0 "127.0.0.1 $a/tcp open"
	silent
	# Whatever the order they are given in, and how often.
	sockit connect --probe -n 127.0.0.1 "$b,$a,$b-$b,0$a"
	prints 0 "127.0.0.1 $a/tcp open" "127.0.0.1 $b/tcp open"
	silent
	sockit connect -z "127.0.0.1:$b,$a"
	prints 0 "127.0.0.1 $a/tcp open" "127.0.0.1 $b/tcp open"
	sockit connect -z 127.0.0.1 "$a,${P[2]},$b"
	prints 1 "127.0.0.1 $a/tcp open" "127.0.0.1 $b/tcp open"
	says "^sockit connect: 1 of 3 ports not open: 127\.0\.0\.1 port ${P[2]}: Connection refused \(ECONNREFUSED\)$"
	# One alone is told as connecting to it would be.
	sockit connect -z 127.0.0.1 "${P[2]}"
	prints 1
	says "^sockit connect: 127\.0\.0\.1 port ${P[2]}: Connection refused \(ECONNREFUSED\)$"
	sockit connect -z --quiet 127.0.0.1 "${P[2]}"
	nothing 1
}

@test "a range: exactly what listens" {
	private </dev/null
	peer ports open:22 open:111 open:2000 open:8080
	sockit connect -z 127.0.0.1 1-9000
	prints 1 '127.0.0.1 22/tcp open ssh' '127.0.0.1 111/tcp open sunrpc' \
		"127.0.0.1 2000/tcp open$(service 2000)" \
		"127.0.0.1 8080/tcp open$(service 8080)"
	says '^sockit connect: 8996 of 9000 ports not open: 8996 closed$'
	sockit connect -zn 127.0.0.1 20-30,100-120
	prints 1 '127.0.0.1 22/tcp open' '127.0.0.1 111/tcp open'
}
service() {
	python3 -c 'import socket, sys
try:
    print("", socket.getservbyport(int(sys.argv[1]), "tcp"))
except OSError:
    pass' "$1"
}

@test "services by their names" {
	printf '%s\n' 'thisone 1799/tcp other' 'web-alt 1800/tcp' 'datagrams 1799/udp' >services
	private <<<'127.0.0.1 four'
	peer ports open:1799 open:1800
	sockit connect -z four other,web-alt,thisone
	prints 0 'four 1799/tcp open thisone' 'four 1800/tcp open web-alt'
	sockit connect -zn 127.0.0.1 1799
	prints 0 '127.0.0.1 1799/tcp open'
	# In an object also of what is closed.
	echo 'closed-one 1801/tcp' >>services
	sockit connect -z --json four 1799,1801,1802
	[ "$(python3 "$SCHEMA" out probed port state service)" = '1799 open thisone
1801 closed closed-one
1802 closed -' ]
	sockit connect -z four thisone,nosuch
	prints 3
	says '^sockit connect: port nosuch: no such service \(EAI_SERVICE\)$'
	sockit connect -z --retry 10s four datagrams
	prints 3
}

@test "-v: every port, its state, its error and how long it took" {
	ports open closed silent
	local line time='[0-9]+\.[0-9]{3} ms'
	sockit connect -zv -w 200ms 127.0.0.1 "$(sorted "${P[@]}")"
	[ "$STATUS" = 1 ] || fault 'status'
	[ "$(wc -l <out)" = 3 ] || fault 'three lines'
	while read -r line; do
		case $line in
		*" ${P[0]}/tcp "*) [[ $line =~ ^127\.0\.0\.1\ [0-9]+/tcp\ open\ -\ $time$ ]] ;;
		*" ${P[1]}/tcp "*) [[ $line =~ ^127\.0\.0\.1\ [0-9]+/tcp\ closed\ ECONNREFUSED\ $time$ ]] ;;
		*) [[ $line =~ ^127\.0\.0\.1\ [0-9]+/tcp\ filtered\ ETIMEDOUT\ $time$ ]] ;;
		esac || fault "$line"
	done <out
	sort -c -t' ' -k2n out
}

@test "--json: an object for every port" {
	ports open closed silent
	sockit connect -z --json -w 200ms localhost "$(sorted "${P[@]}")"
	[ "$STATUS" = 1 ] || fault 'status'
	python3 "$SCHEMA" out probed port state protocol host code peer.family | sort >states
	diff -u <(printf '%s\n' "${P[0]} open tcp localhost - inet" \
		"${P[1]} closed tcp localhost ECONNREFUSED inet" \
		"${P[2]} filtered tcp localhost ETIMEDOUT inet" | sort) <(sed 's/inet6/inet/' states)
	[ "$(python3 "$SCHEMA" err error code class)" = 'ECONNREFUSED socket' ]
	sockit connect -z --json -w 200ms 127.0.0.1 "${P[2]}"
	[ "$STATUS" = 4 ] || fault 'status'
	[ "$(python3 "$SCHEMA" err error code class)" = 'ETIMEDOUT timeout' ]
	# What was asked for is there, nothing is said.
	sockit connect -z --json 127.0.0.1 "${P[0]}"
	[ "$STATUS" = 0 ] || fault 'status'
	silent
	sockit connect -z --json --closed 127.0.0.1 "${P[0]}"
	[ "$STATUS" = 1 ] || fault 'status'
	[ "$(python3 "$SCHEMA" err error code)" = EISCONN ]
}

@test "several hosts and endpoints, in their order" {
	needs_ipv6
	ports open open6 closed unix:here
	sockit connect -z "[::1]:${P[1]}" unix:here "127.0.0.1:${P[0]}" "localhost:${P[0]}"
	prints 0 "::1 ${P[1]}/tcp open" 'unix:here open' "127.0.0.1 ${P[0]}/tcp open" \
		"localhost ${P[0]}/tcp open"
	# The last one is the list of ports for every host before it.
	sockit connect -z localhost 127.0.0.1 "${P[0]}"
	prints 0 "localhost ${P[0]}/tcp open" "127.0.0.1 ${P[0]}/tcp open"
	sockit connect -z ::1 "${P[1]}"
	prints 0 "::1 ${P[1]}/tcp open"
	sockit connect -z "[::1]:${P[1]}" 127.0.0.1 "${P[0]}"
	prints 0 "::1 ${P[1]}/tcp open" "127.0.0.1 ${P[0]}/tcp open"
	# Both families of a name count.
	sockit connect -z localhost "${P[0]},${P[1]}"
	[ "$(wc -l <out)" -ge 1 ] || fault 'one of them'
	sockit connect -z -4 ::1 "${P[1]}"
	prints 3
	sockit connect -z unix:nosuch "127.0.0.1:${P[0]}"
	prints 1 "127.0.0.1 ${P[0]}/tcp open"
	says '^sockit connect: 1 of 2 ports not open: unix:nosuch: No such file or directory \(ENOENT\)$'
}

@test "UNIX sockets and vsock have no ports" {
	ports open unix:here
	local long
	long=$(printf '%0120d/s' 1)
	mkdir "${long%/*}"
	serve -k "unix:$long"
	sockit connect -z unix:here "127.0.0.1:${P[0]}" "unix:$long" unix:@nobody-is-there-$$
	prints 1 'unix:here open' "127.0.0.1 ${P[0]}/tcp open" "unix:$long open"
	says "^sockit connect: 1 of 4 ports not open: unix:@nobody-is-there-$$: Connection refused \(ECONNREFUSED\): nobody has this name$"
	sockit connect -z --json "unix:$long" unix:here
	[ "$STATUS" = 0 ] || fault status
	[ "$(python3 "$SCHEMA" out probed host port protocol state peer.family)" = "unix:$long - - open unix
unix:here - - open unix" ]
	# It speaks another language, so to say.
	served_by "$SOCKIT" unix -lk --type seqpacket --quiet --notify-fd 9 packets
	sockit connect -zv unix:packets
	[ "$STATUS" = 1 ] || fault status
	[[ $(<out) == 'unix:packets unreachable EPROTOTYPE '* ]]
	refuses "*unix:*" connect -z unix: 127.0.0.1 1
	[ "$(platform)" = linux ] || return 0
	refuses "*vsock:CID:PORT*" connect -z vsock:1
	python3 -S -c 'import socket; socket.socket(socket.AF_VSOCK)' 2>/dev/null || return 0
	# Whether that CID is there at all is the machine's business: nobody listens in any case.
	sockit connect -zv -w 200ms vsock:local:4294967294 "127.0.0.1:${P[0]}"
	[ "$STATUS" = 1 ] || [ "$STATUS" = 4 ] || fault status
	[[ $(head -n 1 out) =~ ^vsock:local:4294967294\ (closed|filtered|unreachable)\ E ]] || fault line
}

@test "the exit status" {
	ports open closed silent silent
	local o=${P[0]} c=${P[1]} s=${P[2]},${P[3]}
	check() {
		sockit connect -z -w 100ms "${@:2}"
		[ "$STATUS" = "$1" ] || fault "status $1 was expected of ${*:2}"
	}
	check 0 127.0.0.1 "$o"
	check 1 127.0.0.1 "$o,$c"
	check 4 127.0.0.1 "$o,$s"
	says "^sockit connect: 2 of 3 ports not open: .*no answer within 100 ms \(-w\)$FULL\$"
	check 4 127.0.0.1 "$s"
	check 1 127.0.0.1 "$c,$s"
	check 0 --any 127.0.0.1 "$o,$c,$s"
	silent
	check 1 --any 127.0.0.1 "$c"
	check 1 --any 127.0.0.1 "$c,$s"
	check 4 --any 127.0.0.1 "$s"
	check 0 --closed 127.0.0.1 "$c"
	silent
	check 0 --closed 127.0.0.1 "$c,$s"
	check 1 --closed 127.0.0.1 "$c,$o"
	says "^sockit connect: 1 of 2 ports still open: 127\.0\.0\.1 port $o: open$"
	# What could not be asked may be open.
	check 1 --closed -I nosuch0 127.0.0.1 "$c"
	says '^sockit connect: 127\.0\.0\.1 port [0-9]+: -I nosuch0: .* \([A-Z]+\)$'
	check 1 --closed -s ::1 127.0.0.1 "$c,$o"
	says '^sockit connect: 2 of 2 ports not known to be closed: .*: -s ::1: '
}

@test "a name that is not there: the others are told, and exit 3" {
	private <<<'127.0.0.1 four'
	peer nameserver
	ports open
	sockit connect -z nosuch.invalid four "${P[0]}"
	prints 3 "four ${P[0]}/tcp open"
	says '^sockit connect: host nosuch\.invalid: .* \(EAI_NONAME\)$'
	sockit connect -z --any nosuch.invalid four "${P[0]}"
	prints 0 "four ${P[0]}/tcp open"
	sockit connect -z nosuch.invalid "${P[0]}"
	prints 3
	sockit connect -z --closed nosuch.invalid 127.0.0.1 1
	prints 3
	# Nothing is read into the bytes of a name.
	sockit connect -z $'h\xffm.invalid' 1
	says '^sockit connect: host h\\xffm\.invalid: '
	# A name server that is silent is a silence.
	python3 -c 'import os, signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.2", 53))
print(1, flush=True)
signal.alarm(60)
signal.pause()' 3>&- >ready &
	started
	eventually test -s ready
	echo 'nameserver 127.0.0.2' >resolv.conf
	sockit connect -z -w 200ms slow.invalid four "${P[0]}"
	prints 4 "four ${P[0]}/tcp open"
	says '^sockit connect: look-up of slow\.invalid: no answer within 200 ms \(-w\)$'
}

@test "unreachable, prohibited, and packets that vanish" {
	private </dev/null
	inside ip route add unreachable 192.0.2.0/26
	inside ip route add prohibit 192.0.2.64/26
	inside ip route add blackhole 192.0.2.128/26
	# What comes back from there is nobody's.
	inside ip route add 198.51.100.0/24 dev lo
	sockit connect -zv -w 300ms 192.0.2.1 192.0.2.65 192.0.2.129 203.0.113.1 80
	[ "$STATUS" = 1 ] || fault status
	[ "$(cut -d' ' -f1-4 out)" = '192.0.2.1 80/tcp unreachable EHOSTUNREACH
192.0.2.65 80/tcp prohibited EACCES
192.0.2.129 80/tcp unreachable EINVAL
203.0.113.1 80/tcp unreachable ENETUNREACH' ] || fault states
	at_best 1500 timed sockit connect -z -w 300ms 198.51.100.2 1-1000
	prints 4
	says '^sockit connect: 1000 of 1000 ports not open: 1000 filtered$'
}

@test "who listens elsewhere, and whose queue is full, is told by all alike" {
	[ "$(platform)" = linux ] || skip 'portable'
	private <<-'END'
		127.0.0.1 two
		127.0.0.7 two
	END
	serve -k --discard 127.0.0.9 0 2>listen.err
	local refused='Connection refused (ECONNREFUSED)' but mode
	but="; but ${SOCKIT##*/} (process $LISTENER) listens on 127.0.0.9 port $PORT"
	sockit connect -z two "$PORT"
	told 1 "sockit connect: 127.0.0.1 port $PORT: $refused; 127.0.0.7 port $PORT: $refused$but"
	sockit connect -z two 127.0.0.1 "$PORT"
	told 1 "sockit connect: 2 of 2 ports not open: two: 127.0.0.1 port $PORT: $refused; 127.0.0.7 port $PORT: $refused$but; 127.0.0.1 port $PORT: $refused$but"
	sockit connect -z --retry 500ms --interval 10ms two "$PORT"
	told 4 "sockit connect: 1 of 1 port not open within 500 ms (--retry): two: 127.0.0.1 port $PORT: $refused; 127.0.0.7 port $PORT: $refused$but"
	sockit connect --ping -c 1 two "$PORT"
	says ": none of 1 answered: 127\.0\.0\.1 port $PORT: .*; 127\.0\.0\.7 port $PORT: .*; but [a-z]+ \(process $LISTENER\) listens on 127\.0\.0\.9 port $PORT$"
	for mode in -z '--ping -c 1'; do
		# shellcheck disable=SC2086 # words
		sockit connect $mode --json two "$PORT"
		[ "$(python3 "$SCHEMA" err error code failures.1.peer.address elsewhere.0.pid)" = "ECONNREFUSED 127.0.0.7 $LISTENER" ] || fault object
	done
	# Who listens there, and accepts nobody.
	ports silent
	for mode in '' -z; do
		# shellcheck disable=SC2086 # words
		sockit connect $mode -w 50ms 127.0.0.1 "${P[0]}"
		says "^sockit connect: 127\.0\.0\.1 port ${P[0]}: .*no answer within 50 ms \(-w\); the queue of python3 \(process $PEER\) on 127\.0\.0\.1 port ${P[0]} is full: 1 waits to be accepted$"
	done
	sockit connect --json -w 50ms 127.0.0.1 "${P[0]}"
	[ "$(python3 "$SCHEMA" err error code full.pid full.recv_queue)" = "ETIMEDOUT $PEER 1" ] || fault object
	peer_by python3 -S -c 'import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind("stuck")
s.listen(0)
c = [socket.socket(socket.AF_UNIX) for _ in range(4)]
for x in c:
    x.setblocking(False)
    x.connect_ex("stuck")
print(0, flush=True)
time.sleep(60)'
	sockit unix -w 50ms stuck
	told 4 "sockit unix: unix:stuck: no answer within 50 ms (-w); the queue of python3 (process $PEER) on unix:stuck is full: 1 waits to be accepted"
}

@test "a name with an address that is silent: the other one answers" {
	private <<-'END'
		198.51.100.2 both
		127.0.0.1 both
	END
	# What comes back from there is nobody's.
	inside ip route add 198.51.100.0/24 dev lo
	ports open closed
	sockit connect -z --json -w 800ms both "$(sorted "${P[@]}")"
	[ "$STATUS" = 4 ] || fault status # nobody knows what the silent one would have said
	python3 "$SCHEMA" out probed port state peer.address | sort >states
	diff -u <(printf '%s\n' "${P[0]} open 127.0.0.1" "${P[1]} filtered 198.51.100.2" | sort) states
}

# Nothing but what listens.

@test "who resets at once has been there" {
	local i verbs=()
	for ((i = 0; i < 40; i++)); do
		verbs+=(reset next)
	done
	counterpart keep "${verbs[@]}"
	for ((i = 0; i < 40; i++)); do
		sockit connect -z 127.0.0.1 "$PORT"
		prints 0 "127.0.0.1 $PORT/tcp open"
	done
}

@test "no connection to oneself is reported" {
	private </dev/null
	inside sh -c 'echo 40000 40063 >/proc/sys/net/ipv4/ip_local_port_range' 2>/dev/null ||
		skip 'no such setting'
	local i
	for ((i = 0; i < 20; i++)); do
		sockit connect -z 127.0.0.1 40000-40063
		prints 1
		says '64 of 64 ports not open: 64 closed$'
	done
	peer ports open:40007
	sockit connect -z 127.0.0.1 40000-40063
	prints 1 '127.0.0.1 40007/tcp open'
}

@test "all ports of this host, exactly" {
	private </dev/null
	peer ports open:22 open:40000 open:65535
	sockit connect -zn 127.0.0.1 0-65535
	prints 1 '127.0.0.1 22/tcp open' '127.0.0.1 40000/tcp open' '127.0.0.1 65535/tcp open'
	says '65533 of 65536 ports not open: 65533 closed$'
}

@test "local ports that are all in use are waited for" {
	private </dev/null
	inside sh -c 'echo 40000 40001 >/proc/sys/net/ipv4/ip_local_port_range' 2>/dev/null ||
		skip 'no such setting'
	peer ports open:50 open:51
	mkfifo gate
	python3 -S - gate <<-'END' 3>&- >taken &
		import signal, socket, sys
		signal.alarm(60)
		kept = []
		for port in (40000, 40001):
		    s = socket.socket()
		    s.bind(('127.0.0.1', port))
		    s.listen()
		    kept.append(s)
		print('taken', flush=True)
		open(sys.argv[1]).read()
		for s in kept:
		    s.close()
		signal.pause()
	END
	started
	eventually test -s taken
	at_best 2000 timed sockit connect -zv -w 300ms 127.0.0.1 50-300
	[ "$STATUS" = 1 ] || fault status
	[ "$(grep -c 'unreachable EADDRNOTAVAIL' out)" = 251 ] || fault 'what cannot be tried'
	[ "$TOOK" -ge 300 ] || fault "took $TOOK ms"
	# Freed in time they are used.
	"$SOCKIT" connect -zn -w 10s 127.0.0.1 50-51 >out 2>err 3>&- &
	started
	pause 0.1
	: >gate
	ended 0 "$PID"
	prints 0 '127.0.0.1 50/tcp open' '127.0.0.1 51/tcp open'
}

@test "few descriptors: the same result" {
	ports open silent silent silent silent silent silent silent silent silent silent silent
	local n
	for n in 9 12 40; do
		STATUS=0
		(ulimit -n $n && within 20 "$SOCKIT" connect -zn -w 100ms --jobs 2000 127.0.0.1 \
			"$(sorted "${P[@]}")") >out 2>err 3>&- </dev/null || STATUS=$?
		prints 4 "127.0.0.1 ${P[0]}/tcp open"
		says '11 of 12 ports not open: 11 filtered$'
	done
}

@test "--jobs: so many at a time" {
	ports silent silent silent silent
	timed sockit connect -z --jobs 1 -w 100ms 127.0.0.1 "$(sorted "${P[@]}")"
	[ "$STATUS" = 4 ] || fault status
	[ "$TOOK" -ge 400 ] || fault "took $TOOK ms"
	at_best 1600 timed sockit connect -z --jobs 4 -w 400ms 127.0.0.1 "$(sorted "${P[@]}")"
}

@test "a result comes out as soon as its turn is there" {
	ports open open silent
	mkfifo fifo
	"$SOCKIT" connect -z -w 30s "127.0.0.1:${P[0]}" "127.0.0.1:${P[2]}" "127.0.0.1:${P[1]}" \
		>fifo 2>err 3>&- &
	started
	local line
	exec 8<fifo
	read -rt 10 line <&8
	[ "$line" = "127.0.0.1 ${P[0]}/tcp open" ]
	# What was found already comes out at the end too, but not before its turn.
	! read -rt 0.2 line <&8 || fault 'before its turn'
	kill -TERM "$PID"
	ended 143 "$PID"
	exec 8<&-
	silent
}

@test "no name is looked up twice, and no service that is not shown" {
	needs_strace
	[ -e /etc/services ] || skip 'no /etc/services'
	ports open closed
	traced openat,?open "$SOCKIT" connect -z localhost:"${P[1]}" localhost:"${P[1]},1,2,3" \
		localhost 1 </dev/null >out 2>err || :
	[ "$(grep -c '"/etc/hosts"' trace)" = 1 ]
	! grep '"/etc/services"' trace || fault 'a look-up'
	traced openat,?open "$SOCKIT" connect -z 127.0.0.1 "${P[0]}" </dev/null >out 2>err
	! grep '"/etc/hosts"' trace || fault 'a look-up'
	grep -q '"/etc/services"' trace
	traced openat,?open "$SOCKIT" connect -zn 127.0.0.1 "${P[0]}" </dev/null >out 2>err
	! grep '"/etc/services"' trace || fault 'a look-up'
}

# What is written to.

@test "stdout: full, closed, broken" {
	ports open closed
	STATUS=0
	within 10 "$SOCKIT" connect -z 127.0.0.1 "${P[0]}" 2>err 3>&- >/dev/full || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^sockit connect: stdout: No space left on device \(ENOSPC\)$'
	STATUS=0
	within 10 "$SOCKIT" connect -z 127.0.0.1 "${P[0]}" 2>err 3>&- >&- || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^sockit connect: stdout: Bad file descriptor \(EBADF\)$'
	# Nothing is to be written there: nothing is wrong.
	STATUS=0
	within 10 "$SOCKIT" connect -z --closed 127.0.0.1 "${P[1]}" 2>err 3>&- >&- || STATUS=$?
	[ "$STATUS" = 0 ]
	silent
}

@test "a reader that goes away ends it" {
	# All ports of this host are others' too, who run beside us.
	private </dev/null
	local statuses
	within 10 "$SOCKIT" connect -zv 127.0.0.1 1-65535 2>err 3>&- | head -n 1 >line
	statuses=("${PIPESTATUS[@]}")
	[ "${statuses[0]}" = 141 ]
	silent
}

@test "a reader that is slow gets all, and a signal still ends it" {
	private </dev/null
	mkfifo fifo
	"$SOCKIT" connect -zv 127.0.0.1 1-20000 >fifo 2>err 3>&- &
	started
	exec 8<fifo
	pause 0.3
	cat <&8 >out
	exec 8<&-
	ended 1 "$PID"
	[ "$(wc -l <out)" = 20000 ]
	sort -c -t' ' -k2n out
	"$SOCKIT" connect -zv 127.0.0.1 1-20000 >fifo 2>err 3>&- &
	started
	exec 8<fifo
	pause 0.2
	kill -TERM "$PID"
	ended 143 "$PID"
	exec 8<&-
}

# Waiting for services.

# bats test_tags=valgrind
@test "--retry: until all are open, or one" {
	local a b
	a=$(free_port) b=$(free_port)
	"$SOCKIT" connect -z --retry 20s --interval 20ms "127.0.0.1:$a" "127.0.0.1:$b" >all 2>err 3>&- &
	started
	local all=$PID
	"$SOCKIT" connect -z --any --retry 20s --interval 20ms 127.0.0.1 "$a,$b" >any 2>any.err 3>&- &
	started
	local any=$PID
	pause 0.1
	runs "$all" && runs "$any"
	peer ports "open:$a"
	ended 0 "$any"
	[ "$(<any)" = "127.0.0.1 $a/tcp open" ]
	runs "$all"
	peer ports "open:$b"
	ended 0 "$all"
	[ "$(<all)" = "127.0.0.1 $a/tcp open
127.0.0.1 $b/tcp open" ]
	silent
	silent any.err
}

@test "--retry: what was the matter with each is told when the time is over" {
	private <<<'127.0.0.1 four'
	peer nameserver
	ports open closed silent
	sockit connect -z --retry 800ms -w 100ms --interval 50ms "four:${P[0]}" "four:${P[1]}" \
		nosuch.invalid:80 "four:${P[2]}"
	prints 4 "four ${P[0]}/tcp open"
	says "^sockit connect: 3 of 4 ports not open within 800 ms \(--retry\): four: 127\.0\.0\.1 port ${P[1]}: Connection refused \(ECONNREFUSED\); nosuch\.invalid: .* \(EAI_NONAME\); four: 127\.0\.0\.1 port ${P[2]}: no answer within 100 ms \(-w\)$FULL\$"
	# Shorter than a single try.
	sockit connect -z --retry 300ms -w 5s "four:${P[2]}"
	prints 4
	says "^sockit connect: 1 of 1 port not open within 300 ms \(--retry\): four port ${P[2]}: no answer$"
	# Than none at all.
	sockit connect -z --retry 0 127.0.0.1 "${P[1]}"
	prints 4
	says '^sockit connect: 1 of 1 port not open within 0 ms \(--retry\): 127\.0\.0\.1: not tried within 0 ms \(--retry\)$'
	sockit connect -z --json --retry 300ms -w 50ms "four:${P[1]}"
	[ "$(python3 "$SCHEMA" err error class code)" = 'timeout ETIMEDOUT' ]
	[ "$(python3 "$SCHEMA" out probed state code)" = 'closed ECONNREFUSED' ]
}

@test "--retry: a name that is not there yet" {
	private </dev/null
	ports open
	"$SOCKIT" connect -z --retry 20s --interval 20ms "later.invalid:${P[0]}" >out 2>err 3>&- &
	started
	pause 0.2
	runs "$PID"
	echo '127.0.0.1 later.invalid' >>hosts
	ended 0 "$PID"
	[ "$(<out)" = "later.invalid ${P[0]}/tcp open" ]
	silent
}

@test "--closed --retry: until none is open" {
	ports open closed
	"$SOCKIT" connect -z --closed --retry 20s --interval 20ms "127.0.0.1:${P[0]}" \
		"127.0.0.1:${P[1]}" >out 2>err 3>&- &
	started
	pause 0.2
	runs "$PID"
	kill "$PEER"
	ended 0 "$PID"
	silent out
	silent
	ports open
	sockit connect -z --closed --retry 400ms "127.0.0.1:${P[0]}"
	[ "$STATUS" = 4 ] || fault status
	says "^sockit connect: 1 of 1 port still open within 400 ms \(--retry\): 127\.0\.0\.1 port ${P[0]}: open$"
	# What has no address has gone.
	private <<<'127.0.0.1 four'
	peer nameserver
	sockit connect -z --closed --retry 5s nosuch.invalid four 1
	nothing 0
}

@test "then the command runs in our place" {
	ports open closed
	# The same process, with our stdin and stdout, which has nothing else on it.
	echo input >in
	"$SOCKIT" connect -z "127.0.0.1:${P[0]}" -- sh -c 'echo "$$ $PPID"; cat; exit 7' \
		<in >out 2>err 3>&- &
	started
	ended 7 "$PID"
	[ "$(<out)" = "$PID $$
input" ]
	silent
	# By the shell.
	STATUS=0
	within 10 "$SOCKIT" connect -z "127.0.0.1:${P[0]}" -e 'echo $((6 * 7)); exit 3' \
		>out 2>err 3>&- || STATUS=$?
	prints 3 42
	# What was inherited is still there: this is what env(1) does, too.
	within 10 "$SOCKIT" connect -z "127.0.0.1:${P[0]}" -- sh -c 'cat <&5' 5<in >out 3>&-
	[ "$(<out)" = input ]
	# Without success it does not run.
	sockit connect -z "127.0.0.1:${P[1]}" -- touch ran
	[ "$STATUS" = 1 ] && [ ! -e ran ] && [ ! -s out ]
	sockit connect -z "127.0.0.1:${P[0]}" -- ./nosuch
	[ "$STATUS" = 127 ] || fault status
	says '^sockit connect: \./nosuch: No such file or directory \(ENOENT\)$'
	sockit connect -z "127.0.0.1:${P[0]}" -- ./in
	[ "$STATUS" = 126 ] || fault status
	# What was found is told among the messages then.
	sockit connect -zv "127.0.0.1:${P[0]}" -- echo ready
	prints 0 ready
	says "^sockit connect: 127\.0\.0\.1 ${P[0]}/tcp open - [0-9.]+ ms$"
}

@test "the command has the signals that we were started with" {
	ports open
	python3 -S - "$SOCKIT" connect -z "127.0.0.1:${P[0]}" -- \
		cat /proc/self/status >out 3>&- <<-'END'
		import os, signal, sys
		for s in set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}:
		    signal.signal(s, signal.SIG_DFL)
		for s in (signal.SIGPIPE, signal.SIGHUP):
		    signal.signal(s, signal.SIG_IGN)
		signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
		os.execv(sys.argv[1], sys.argv[1:])
	END
	[ -s out ]
	# SIGUSR2, SIGHUP; whoever started us may have those ignored that are a libc's own.
	grep -qE '^SigBlk:\s[0-9a-f]{9}0000800$' out
	grep -qE '^SigIgn:\s[0-9a-f]{9}0000001$' out
	grep -qE '^SigCgt:\s[0-9a-f]{9}0000000$' out
}

@test "two servers that start in the wrong order" {
	local db app
	db=$(free_port) app=$(free_port)
	# The one that needs the other comes first, and is what the shell sees.
	"$SOCKIT" connect -z --retry 20s --interval 20ms "127.0.0.1:$db" -- \
		"$SOCKIT" listen --quiet -k --forward "127.0.0.1:$db" 127.0.0.1 "$app" 2>err 3>&- &
	started
	local server=$PID
	"$SOCKIT" connect -z --retry 20s --interval 20ms "127.0.0.1:$app" -- \
		"$SOCKIT" connect "127.0.0.1:$app" <<<question >answer 2>client.err 3>&- &
	started
	local client=$PID
	pause 0.1
	runs "$server" && runs "$client"
	"$SOCKIT" listen --quiet -k 127.0.0.1 "$db" -- sh -c 'read -r w; echo "answer to $w"' 3>&- &
	started
	ended 0 "$client"
	[ "$(<answer)" = 'answer to question' ]
	silent
	silent client.err
	kill -TERM "$server"
	ended 143 "$server"
}

@test "a loop over what --json tells" {
	needs jq jq
	ports open closed open
	local host port state seen=()
	while IFS=$'\t' read -r host port state; do
		seen+=("$host:$port=$state")
	done < <("$SOCKIT" connect -z --json 127.0.0.1 "$(sorted "${P[@]}")" 2>/dev/null 3>&- |
		jq -r '[.host, .port, .state] | @tsv')
	[ ${#seen[@]} = 3 ]
	diff -u <(printf '%s\n' "127.0.0.1:${P[0]}=open" "127.0.0.1:${P[1]}=closed" \
		"127.0.0.1:${P[2]}=open" | sort) <(printf '%s\n' "${seen[@]}" | sort)
	"$SOCKIT" connect -z --json 127.0.0.1 "${P[0]},${P[1]}" 2>/dev/null 3>&- |
		jq 'select(.state == "open") | .elapsed_ms < 2000' >out
	[ "$(<out)" = true ]
}

@test "a health check in a container with nothing but lo" {
	private <<<'127.0.0.1 localhost'
	local before
	sockit connect -z localhost 8080
	prints 1
	peer ports open:8080
	before=$(milliseconds)
	sockit connect -z -n 127.0.0.1:8080
	prints 0 '127.0.0.1 8080/tcp open'
	sockit connect -z localhost 8080
	[ "$STATUS" = 0 ] || fault status
	# ::1 stands in no hosts file here; where it does and is not there, that is no wait.
	printf '::1 localhost\n127.0.0.1 localhost\n' >hosts
	inside ip address del ::1/128 dev lo 2>/dev/null || :
	sockit connect -z -w 5s localhost 8080
	[ "$STATUS" = 0 ] || fault status
	[ $(($(milliseconds) - before)) -lt 2000 ] || fault 'that took long'
}

@test "foreign listeners" {
	needs nc.openbsd netcat-openbsd
	needs ncat ncat
	nc.openbsd -lk 127.0.0.1 0 3>&- >/dev/null 2>&1 &
	started
	listening_port "$PID"
	local nc=$PORT
	ncat -lk 127.0.0.1 0 3>&- >/dev/null 2>&1 &
	started
	listening_port "$PID"
	sockit connect -z 127.0.0.1 "$(sorted "$nc" "$PORT")"
	[ "$STATUS" = 0 ] && [ "$(wc -l <out)" = 2 ] || fault 'both are open'
	serve -k 127.0.0.1 0
	sockit connect -z --retry 5s 127.0.0.1 "$PORT" -- true
	nothing 0
}

@test "connections from a chosen source" {
	ports open closed
	sockit connect -z -s 127.0.0.2 127.0.0.1 "$(sorted "${P[@]}")"
	[ "$STATUS" = 1 ] && grep -q " ${P[0]}/tcp open" out || fault '-s'
	sockit connect -z -s nosuch.invalid 127.0.0.1 "${P[0]}"
	[ "$STATUS" = 3 ] || fault 'a source that is not there'
	sockit connect -z -p "$(free_port)" 127.0.0.1 "$(sorted "${P[@]}")"
	[ "$STATUS" = 1 ] && grep -q " ${P[0]}/tcp open" out || fault '-p'
	sockit connect -zv -I nosuchiface 127.0.0.1 "${P[0]}"
	[ "$STATUS" = 1 ] && says ' -I nosuchiface: ' || fault '-I'
}

@test "what cannot be used is refused" {
	local list option
	for list in '' ',' '80,' ',80' '80,,81' -1 +1 80- 90-80 65536 0-65536 '80 81' 99999999999999999999; do
		refuses "port '*' is neither from 0 to 65535, nor a range of such (LOW-HIGH), nor a service" \
			connect -z h "$list"
	done
	refuses "port 'http' is a name, which --numeric does not look up" connect -zn 127.0.0.1 80,http
	refuses "host 'h' is a name, which --numeric does not look up" connect -zn h 80
	refuses "host '' is empty" connect -z '' 80
	refuses "host 'a b' is neither an address nor a name" connect -z 'a b' 80
	refuses "a port is missing after 'h'" connect -z h
	refuses "'h' is no endpoint: HOST:PORT" connect -z a:1 h b:2
	refuses "'80' is no host: several ports are one word: '80,443'" connect -z h 80 443
	refuses "'22' is no host: several ports are one word: '22,80-90,443'" connect -z h 22 80-90 443
	refuses "extra operand '81': no host before it is without a port" connect -z h:80 81
	refuses "*unix:*" connect -z unix:
	refuses "-w, --wait: '-1' is not a duration*" connect -z -w -1 h 80
	refuses "--jobs: '0' is out of range (1 to 65536)" connect -z --jobs 0 h 80
	refuses "--jobs: 'x' is not a number" connect -z --jobs x h 80
	for option in '--jobs 5' --any --closed; do
		# shellcheck disable=SC2086 # words
		refuses "${option%% *} needs --probe" connect $option h 80
	done
	refuses '--any and --closed exclude each other' connect -z --any --closed h 80
	refuses '--interval needs --retry or --ping' connect -z --interval 1s h 80
	for option in --ping -F --fastopen -d --send-only '-q 1' -C -t --stats --progress '--rate 5' \
		'-o f' '-x f' '-X f' '-i 1' --raw '--heartbeat 1' '--kill-after 1' '--read-bytes 1' '--buffer 1k'; do
		# shellcheck disable=SC2086 # words
		refuses '--probe and --* exclude each other' connect -z $option h 80
	done
	refuses "extra operand '81'" connect h 80 81
	[ ! -e f ]
}

# bats test_tags=valgrind
@test "--timeout limits it all, SIGUSR1 tells how far it is, -vv what is waited for" {
	ports open silent
	sockit connect -z -w 10s --timeout 100ms 127.0.0.1 "$(sorted "${P[@]}")"
	[ "$STATUS" = 4 ] || fault status
	says '^sockit connect: not done within 100 ms \(--timeout\)$'
	"$SOCKIT" connect -z -vv -w 10s 127.0.0.1 "$(sorted "${P[@]}")" >out 2>err 3>&- &
	started
	eventually grep -q 'waiting for 1 of 2 ports (-w)' err
	grep -q "connecting to 127.0.0.1 port ${P[0]}" err
	kill -USR1 "$PID"
	eventually grep -q 'sockit connect: 1 of 2 ports: 1 open' err
	kill -TERM "$PID"
	ended 143 "$PID"
}
