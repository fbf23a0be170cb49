# udp-recv --forward: each sender's datagrams go on to another place, and its answers back; unix too.

load helpers/common
load helpers/words
load helpers/private
load helpers/networks

BARE=$SOCKIT # not in any network of ours

# forwarder [ARG...]: udp-recv with ARGs, which are to end with a port (0), once it receives: $ADDR, $PORT, its pid in
# $LISTENER; it has nothing to print.
forwarder() {
	rm -f out err
	served_by "$SOCKIT" udp-recv --notify-fd 9 "$@" </dev/null >out 2>err
}

# clients WORD... : datagrams.py plays the clients of it.
clients() {
	# shellcheck disable=SC2153 # of forwarder
	within 20 python3 -S "$BATS_TEST_DIRNAME/helpers/datagrams.py" "$@" "$PORT" 3>&- </dev/null
}

# to_echo [ARG...]: the same towards an echo, whose port is $TARGET.
to_echo() {
	datagram_peer reply
	# shellcheck disable=SC2153 # of the peer
	TARGET=$PORT
	forwarder --forward 127.0.0.1:"$TARGET" "$@"
}

# asks TEXT [ADDRESS [PORT]]: a client, which prints what comes back; within a second.
asks() {
	exits "${STATUS_WANTED:-0}" "$SOCKIT" udp-send --data "$1" -w "${PATIENCE:-5}" --replies 1 "${2:-127.0.0.1}" \
		"${3:-$PORT}" </dev/null >answer 2>answer.err
}

# stops: the forwarder, told to end, has printed nothing.
stops() {
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent out
}

# also_says REGEX...: beside the ports these lines, in order.
also_says() {
	local i=0 lines
	mapfile -t lines < <(grep -v ': listening on ' err)
	[ ${#lines[@]} = $# ] || { cat err && return 1; }
	for word; do
		[[ ${lines[i++]} =~ ^"sockit udp-recv: "$word$ ]] || { cat err && return 1; }
	done
}

# objects EVENT [KEY...]: what stands in the file err, which is by the schema.
objects() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" err "$@"
}

# has_closed N: so many sessions have ended.
has_closed() {
	[ "$(grep -cE '"closed"|: closed: ' err)" = "$1" ]
}

### Sessions.

# bats test_tags=valgrind
@test "order, boundaries and empty datagrams are kept, for each of many senders" {
	to_echo 127.0.0.1 0
	clients clients:60 rounds:3
	clients clients:2 rounds:2 burst:200 sizes:64
	clients clients:2 sizes:1,65507,0,9000,1400
	stops
	also_says
	# As many sessions as there were senders: the target saw a port for each.
	[ "$(awk '{ print $3 }' peer.out | sort -u | wc -l)" = 64 ]
}

@test "both families, one way and the other" {
	needs_ipv6
	to_echo :: 0
	clients to:::1 clients:5
	clients clients:5
	stops
	datagram_peer bind:::1 reply
	forwarder --forward "[::1]:$PORT" 127.0.0.1 0
	clients clients:5
	stops
	also_says
}

@test "an answer leaves from the address that was asked" {
	to_echo --json -v 0
	python3 -S - "$PORT" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(('127.0.0.1', 0))
		s.settimeout(10)
		port = int(sys.argv[1])
		for n in range(4):
		    for host in ('127.0.0.1', '127.0.0.2', '127.9.9.9'):
		        s.sendto(host.encode(), (host, port))
		        assert s.recvfrom(99) == (host.encode(), (host, port))
	END
	stops
	[ "$(objects accepted id local.address)" = $'1 127.0.0.1\n2 127.0.0.2\n3 127.9.9.9' ]
	[ "$(objects closed id received_datagrams sent_datagrams received why)" = $'1 4 4 36 signal\n2 4 4 36 signal\n3 4 4 36 signal' ]
}

@test "-i ends a session in which nothing moves, never the run" {
	to_echo -i 50ms -v --json 127.0.0.1 0
	asks one
	eventually has_closed 1
	asks two
	eventually has_closed 2
	stops
	[ "$(objects closed id why sent received)" = $'1 idle 3 3\n2 idle 3 3' ]
}

@test "-m: for another one the session that is idle longest makes room" {
	to_echo -m 2 -v --json 127.0.0.1 0
	python3 -S - "$PORT" <<-'END'
		import socket, sys
		port = int(sys.argv[1])
		def ask(s):
		    s.send(b'?')
		    assert s.recv(9) == b'?'
		clients = []
		for i in range(3):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.settimeout(10)
		    s.bind((f'127.0.0.{i + 1}', 0))
		    s.connect(('127.0.0.1', port))
		    clients.append(s)
		for i in 0, 1, 0, 2, 0, 1, 1:
		    ask(clients[i])
	END
	stops
	[ "$(objects closed id peer.address received_datagrams why)" = "$(printf '%s\n' '2 127.0.0.2 1 made room' \
		'3 127.0.0.3 1 made room' '1 127.0.0.1 3 signal' '4 127.0.0.2 2 signal')" ]
}

@test "a refusal is told, and ends a session, not the run" {
	local target
	target=$(free_port)
	forwarder -v --forward 127.0.0.1:"$target" 127.0.0.1 0
	local refused="127\.0\.0\.1 port $target: Connection refused \(ECONNREFUSED\).*" i
	for i in 1 2; do
		PATIENCE=100ms STATUS_WANTED=4 asks "$i"
		eventually has_closed "$i"
	done
	# The target is there at last.
	peer_by "${FOREIGN[@]}" port bind:127.0.0.1,"$target" type:dgram reply serve
	asks three 127.0.0.1 "${NOTIFIED#* }"
	[ "$(<answer)" = three ]
	stops
	[ "$(grep -cE "$refused" err)" = 2 ]
	[ "$(grep -c '; refused$' err)" = 2 ]
	# Without -v it is told once.
	kill "$PEER"
	ended 143 "$PEER"
	forwarder --forward 127.0.0.1:"$target" 127.0.0.1 0
	for i in 1 2 3; do
		PATIENCE=100ms STATUS_WANTED=4 asks "$i"
	done
	stops
	also_says "$refused"
}

@test "the next address of a name, where the first refuses" {
	needs_ipv6
	private <<<$'::1 two.test\n127.0.0.1 two.test'
	datagram_peer reply
	forwarder --forward two.test:"$PORT" 127.0.0.1 0
	local client
	client=(python3 -S -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
for n in range(10):
    s.sendto(b"%d" % n, ("127.0.0.1", int(sys.argv[1])))
    try:
        print(n, s.recv(9).decode())
        break
    except OSError:
        pass' "$PORT")
	within 20 "${client[@]}" >answer 3>&-
	[ "$(<answer)" = '1 1' ]
	kill "$LISTENER"
	eventually not_running "$LISTENER"
	grep -q '::1 port [0-9]*: Connection refused' err
}
not_running() {
	! runs "$1"
}

@test "a sender that refuses its answers has no session any more" {
	[ "$(platform)" = linux ] || skip 'no error queue'
	datagram_peer reply replies:3 count:1
	forwarder -v --forward 127.0.0.1:"$PORT" 127.0.0.1 0
	# It sends one, and is not there for the answers.
	kill -STOP "$LISTENER"
	printf question >"/dev/udp/127.0.0.1/$PORT"
	kill -CONT "$LISTENER"
	eventually has_closed 1
	stops
	grep -q ': closed: .*; refused$' err
	grep -qE 'sockit udp-recv: 127\.0\.0\.1 port [0-9]+: Connection refused' err
}

### What leads round.

@test "a target that is here is not taken" {
	local port word
	port=$(free_port)
	for word in "127.0.0.1:$port 127.0.0.1" "127.0.0.1:$port 0.0.0.0" "127.9.9.9:$port ::" "localhost:$port" \
		"0.0.0.0:$port" "[::ffff:127.0.0.1]:$port 127.0.0.1" "127.0.0.1:$port ::ffff:127.0.0.1"; do
		# shellcheck disable=SC2086 # words
		refuses '--forward: * is here: what comes would go round for ever' udp-recv --forward $word "$port"
	done
	refuses '--forward: * is here: *' unix -l --type dgram --forward unix:s s
	[ ! -e s ]
	# Another address with that port, and another port of that address, are elsewhere.
	peer_by "${FOREIGN[@]}" port bind:127.0.0.2,"$port" type:dgram reply serve
	forwarder --forward "127.0.0.2:$port" 127.0.0.1 "$port"
	asks there
	[ "$(<answer)" = there ]
	stops
}

@test "what comes round all the same is dropped, and said once" {
	# By another name the socket is not known again.
	mkdir -p by
	ln -s .. by/another
	served_by "$SOCKIT" unix -l --type dgram -v --forward unix:by/another/s --notify-fd 9 s </dev/null >out 2>err
	local i
	for i in 1 2 3; do
		exits 0 "$SOCKIT" unix --type dgram s <<<"$i" >answer 2>answer.err
	done
	eventually has_lines_of 3 'a socket of this forwarder: its datagrams are dropped'
	[ "$(cpu "$LISTENER")" -lt 50 ]
	stops
	[ "$(grep -c ': accepted ' err)" -le 3 ]
	# Nor is a sender the target by saying so.
	local target
	target=$(free_port)
	forwarder -v --forward 127.0.0.1:"$target" 127.0.0.1 0
	foreign type:dgram bind:127.0.0.1,"$target" to:127.0.0.1,"$PORT" text:mine text:mine
	eventually grep -q 'is the target itself: its datagrams are dropped' err
	stops
	run -1 grep ': accepted ' err
}
has_lines_of() {
	[ "$(grep -c "$2" err)" = "$1" ]
}

# ends_round TOTAL TTL PLACE...: forwarders at these places, addresses of IP, paths of UNIX sockets, or groups, each of
# which leads to the one before it, the first to the last; what is sent to the last, with a TTL (-: it has none), is
# received TOTAL times in all.
ends_round() {
	local total=$1 ttl=$2 words=() to=() ports i n pids=() rounds last
	shift 2
	n=$#
	mapfile -t ports < <(free_port $n)
	for ((i = 0; i < n; i++)); do
		case ${@:i+1:1} in
		*/*) words+=("unix -l --type dgram ${@:i+1:1}") to+=("unix:${@:i+1:1}") ;;
		*:*) words+=("udp-recv ${@:i+1:1} ${ports[i]}") to+=("[${@:i+1:1}]:${ports[i]}") ;;
		*) words+=("udp-recv ${@:i+1:1} ${ports[i]}") to+=("${@:i+1:1}:${ports[i]}") ;;
		esac
	done
	for ((i = 0; i < n; i++)); do
		# shellcheck disable=SC2086 # words
		served_by "$SOCKIT" ${words[i]} --json -v --stats --notify-fd 9 --forward "${to[i - 1]}" </dev/null >out \
			2>"err.$i"
		pids+=("$LISTENER")
	done
	if [ "$ttl" = - ]; then
		exits 0 "$SOCKIT" unix --type dgram "${!n}" <<<round >sent 2>&1
	else
		foreign type:dgram ttl:"$ttl" to:"${!n},${ports[-1]}" text:round
	fi
	eventually has_gone_round
	kill "${pids[@]}"
	for ((i = 0; i < n; i++)); do
		ended 143 "${pids[i]}"
		# So often it has come by here, each time from another session; and it ends here, or elsewhere.
		rounds=$(((total + i) / n)) last=$(((total + i) % n == 0))
		[ "$(grep -c '"accepted"' "err.$i")" = $((rounds - last)) ]
		[ $last = 0 ] || printf '%s\n' 'error ELOOP - -' 'lost - 1 -'
		echo "stats - - $rounds"
	done >wanted
	cat err.? >err
	objects any event code count received_datagrams | grep -v 'listening\|accepted\|closed' | diff wanted -
	rm err.?
}
has_gone_round() {
	cat err.? | grep -q ELOOP
}

@test "what goes round through forwarders that lead to each other ends with its TTL" {
	needs_ipv6
	ends_round 9 9 127.0.0.1 127.0.0.1
	ends_round 8 8 127.0.0.1 ::1 127.0.0.1
	# What leaves is IPv4.
	ends_round 6 6 ::ffff:127.0.0.1 127.0.0.1
}

@test "so it does by UNIX sockets, whose names tell how far it has come" {
	ends_round 65 - ./a ./b
	ends_round 65 - 127.0.0.1 ./c ./d
	# What comes by IP goes to a UNIX socket in any case, and no further.
	ends_round 10 9 ./e 127.0.0.1
}

@test "towards a UNIX socket a client that came from afar, and then comes from near, is passed on" {
	local far middle
	served_by "$SOCKIT" udp-recv --notify-fd 9 127.0.0.1 0 </dev/null >passed 2>err
	far=$LISTENER
	served_by "$SOCKIT" unix -l --type dgram --notify-fd 9 u --forward 127.0.0.1:"$PORT" </dev/null >out 2>err
	middle=$LISTENER
	forwarder 127.0.0.1 0 --forward unix:u
	foreign type:dgram to:127.0.0.1,"$PORT" ttl:2 text:a ttl:64 text:b ttl:3 text:c
	# The first one ends at the second forwarder.
	eventually has_at_least passed 2
	[ "$(<passed)" = bc ]
	stops
	kill "$middle" "$far"
	ended 143 "$middle"
	ended 143 "$far"
}

# groups: a network where what is sent to a group leaves by v0 (10.9.0.1), the end of a cable.
groups() {
	private <<<'127.0.0.1 localhost'
	inside sh -ec '
		ip link add v0 type veth peer name v1
		ip addr add 10.9.0.1/24 dev v0
		ip link set v0 up
		ip link set v1 up
		ip route add 224.0.0.0/4 dev v0' 2>network.err || skip "no veth: $(<network.err)"
	links_up inside v0 v1
}

@test "and through groups, where the DSCP tells it" {
	groups
	ends_round 8 64 239.9.9.1 239.9.9.2
	ends_round 10 - 239.9.9.1 239.9.9.2 ./a
	needs_ipv6
	inside ip addr add fd09::1/64 dev v0 nodad
	eventually inside ip -6 route del multicast ff00::/8 dev v1 table local 2>/dev/null
	ends_round 11 64 ff15::1 ::1
}

@test "what goes to a group has the TTL of a group, and the class that was asked for" {
	groups
	local sent seen='' words target more
	peer_by python3 -S -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("239.9.9.1", 0))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.9.9.1") + socket.inet_aton("10.9.0.1"))
s.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
s.setsockopt(socket.IPPROTO_IP, 13, 1)  # IP_RECVTOS
print(s.getsockname()[1], flush=True)
while True:
    told = dict((kind, data[0]) for _, kind, data in s.recvmsg(9, 99)[1])
    print(told[socket.IP_TTL], told[socket.IP_TOS], flush=True)'
	target=$PORT
	while IFS='|' read -r sent more words; do
		seen+="$more "
		# shellcheck disable=SC2086 # words
		forwarder 127.0.0.1 0 --forward 239.9.9.1:"$target" $words
		# shellcheck disable=SC2046,SC2086 # words
		foreign type:dgram to:127.0.0.1,"$PORT" $(printf 'ttl:%s text:x ' $sent)
		eventually was_seen "$seen"
		stops
		also_says
	done <<-'END'
		255 64 2|1 12 1 28 1 108|
		64|5 28|--sockopt IP_MULTICAST_TTL=5
		64|1 8|--tos 8
		64|1 0|--tos 0
	END
}
was_seen() {
	[ "$(tr '\n' ' ' <peer.out)" = "$1" ]
}

@test "what is passed on has a TTL of one less, and no more than --ttl; with 1 it goes no further" {
	needs_ipv6
	local target sent seen words
	served_by "$SOCKIT" udp-recv --json --notify-fd 9 :: 0 </dev/null >>passed 2>err
	target=$PORT
	while IFS='|' read -r sent seen words; do
		# shellcheck disable=SC2086 # words
		forwarder 127.0.0.1 0 --forward ${words/PORT/$target}
		: >passed
		# shellcheck disable=SC2046,SC2086 # words
		foreign type:dgram to:127.0.0.1,"$PORT" $(printf 'ttl:%s text:x ' $sent)
		eventually have_ttls "$seen"
		stops
		if [[ $sent = *\ 1\ * ]]; then
			also_says '127\.0\.0\.1 port [0-9]+ has sent with a TTL of 1: that goes no further, since it may go round' \
				'2 datagrams could not be sent on'
		else
			also_says
		fi
	done <<-'END'
		9 1 200 65 1 2|8 64 64 1|127.0.0.1:PORT
		9 9 8|8 8 7|[::1]:PORT
		9 6 5|5 5 4|127.0.0.1:PORT --ttl 5
		9|7|127.0.0.1:PORT --sockopt IP_TTL=7
	END
}
have_ttls() {
	[ "$(python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" passed datagram ttl | tr '\n' ' ')" = "$1 " ]
}

### Of other kinds.

# unix_echo PATH: sends back what comes to that UNIX socket; from a second one to who says `moved`.
unix_echo() {
	peer_by python3 -S -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(0, flush=True)
while True:
    data, sender = s.recvfrom(1 << 20)
    s.sendto(data, sender)' "$1"
}

@test "UNIX sockets on either side" {
	unix_echo target
	forwarder -v --forward unix:target 127.0.0.1 0
	clients clients:20
	stops
	[ "$(grep -c '; signal$' err)" = 20 ]
	datagram_peer reply
	local i
	served_by "$SOCKIT" unix -l --type dgram --notify-fd 9 --forward 127.0.0.1:"$PORT" s </dev/null >out 2>err
	served_by "$SOCKIT" unix -l --type dgram --notify-fd 9 --forward unix:s @"$PWD/t" </dev/null >out.2 2>err
	for i in one "$(head -c 5000 /dev/zero | tr '\0' x)"; do
		exits 0 "$SOCKIT" unix --type dgram --frame all -w 10 --replies 1 @"$PWD/t" <<<"$i" >answer 2>answer.err
		[ "$(<answer)" = "$i" ]
	done
	silent
}

@test "a UNIX socket that is there again gets what comes then" {
	unix_echo target
	local client
	forwarder --forward unix:target 127.0.0.1 0
	mkfifo words
	exec {client}<>words
	"$SOCKIT" udp-send --frame line 127.0.0.1 "$PORT" <words >answer 2>answer.err 3>&- &
	started
	echo one >&"$client"
	eventually grep -q one answer
	kill "$PEER"
	ended 143 "$PEER"
	rm target
	unix_echo target
	echo two >&"$client"
	eventually grep -q two answer
	kill "$PEER"
	ended 143 "$PEER"
	echo three >&"$client"
	eventually grep -q 'unix:target: Connection refused' err
	kill "$LISTENER"
	ended 143 "$LISTENER"
	also_says 'unix:target: Connection refused \(ECONNREFUSED\).*' '1 datagram could not be sent on'
}

@test "a target that takes nothing holds nothing else up, and nothing is lost" {
	# A UNIX socket with a queue that is soon full.
	mkfifo go
	peer_by python3 -S -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("target")
print(0, flush=True)
open("go").read()
for n in range(2000):
    assert s.recv(99) == b"%d" % n, n
print("all")'
	served_by "$SOCKIT" unix -l --type dgram --forward unix:target --notify-fd 9 s </dev/null >out 2>err
	seq 0 1999 >numbers
	"$SOCKIT" unix --type dgram --frame line s <numbers >answer 2>answer.err 3>&- &
	local sender=$!
	started
	pause 0.2
	[ "$(cpu "$LISTENER")" -lt 20 ]
	within 5 sh -c 'echo >go'
	ended 0 "$sender"
	ended 0 "$PEER"
	grep -qx all peer.out
	stops
	silent
}

### Who may, how much, and what is told.

@test "--max-per-source: so many senders of one address; what others send is dropped, and that is said once" {
	to_echo --max-per-source 2 -i 10s 127.0.0.1 0
	asks one
	asks two
	# The third and the fourth come from there too, and one from elsewhere.
	STATUS_WANTED=4 PATIENCE=100ms asks three
	STATUS_WANTED=4 PATIENCE=100ms asks four
	exits 0 "$SOCKIT" udp-send -s 127.0.0.9 --data other -w 5 --replies 1 127.0.0.1 "$PORT" </dev/null >answer 2>answer.err
	[ "$(<answer)" = other ]
	stops
	also_says '127\.0\.0\.1 port [0-9]+: refused, and what comes next: 2 sessions from there already \(--max-per-source\)'
	# The place of one that is over is free again, and it is told anew.
	to_echo --max-per-source 1/8 -i 100ms --json 127.0.0.1 0
	asks one
	eventually has_closed 1
	asks two
	STATUS_WANTED=4 PATIENCE=50ms asks three 127.0.0.1
	eventually has_closed 2
	asks four
	stops
	[ "$(grep -c '"crowded"' err)" = 1 ]
	objects crowded peer count
	local word
	for word in 0 x 1/0; do
		exits 2 "$SOCKIT" udp-recv --forward 127.0.0.1:9 --max-per-source "$word" 127.0.0.1 0 </dev/null >out 2>err
		says '^sockit udp-recv: --max-per-source: '
	done
	exits 2 "$SOCKIT" udp-recv --max-per-source 1 127.0.0.1 0 </dev/null >out 2>err
	says '^sockit udp-recv: --max-per-source needs --forward$'
}

@test "SIGHUP: the files of the lists are read again; without a file it is the end" {
	echo 127.0.0.9 >list
	to_echo --allow-file list -v 127.0.0.1 0
	STATUS_WANTED=4 PATIENCE=50ms asks no
	echo 127.0.0.1 >list
	kill -HUP "$LISTENER"
	eventually grep -qx 'sockit udp-recv: SIGHUP: the lists of who may connect are read again' err
	asks yes
	echo 127.0.0.1/33 >list
	kill -HUP "$LISTENER"
	eventually grep -q 'list, line 1: .*: who may connect stays as it was$' err
	asks still
	stops
	served_by "$SOCKIT" udp-recv --allow 127.0.0.1 --notify-fd 9 127.0.0.1 0 </dev/null >out 2>err
	kill -HUP "$LISTENER"
	ended 129 "$LISTENER"
}

@test "--allow, -o, -x, --stats and --rate" {
	to_echo --allow 127.0.0.1 -v --stats -o copy -x dump 127.0.0.1 0
	asks mine
	foreign type:dgram bind:127.0.0.9 to:127.0.0.1,"$PORT" text:other
	eventually grep -q 'refused 127\.0\.0\.9 .*: not allowed' err
	stops
	[ "$(<copy)" = minemine ]
	[ "$(grep -c '^[<>]' dump)" = 2 ]
	grep -q ': sent 1 datagram, 4 bytes, received 1 datagram, 4 bytes in ' err
	grep -q ': accepted 127\.0\.0\.1 port [0-9]* on ' err
	run -1 grep 'accepted 127.0.0.9' err
	# Ten datagrams of 1000 bytes each way take their time.
	to_echo --rate 50k 127.0.0.1 0
	timed clients clients:1 rounds:10 burst:1 sizes:1000
	[ "$TOOK" -ge 190 ]
	stops
}

@test "--deny takes out of what came together what is not let in, and leaves the rest together and in order" {
	datagram_peer
	forwarder -v --deny 127.0.0.2 --forward 127.0.0.1:"$PORT" 127.0.0.1 0
	kill -STOP "$LISTENER"
	# Each of the size that is its number.
	python3 -S - "$PORT" <<-'END'
		import socket, sys
		clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(3)]
		for i, s in enumerate(clients):
		    s.bind((f'127.0.0.{i + 1}', 0))
		    s.connect(('127.0.0.1', int(sys.argv[1])))
		for n, i in enumerate('223112321223'):
		    clients[int(i) - 1].send(b'x' * n)
	END
	kill -CONT "$LISTENER"
	eventually has_lines peer.out 6
	[ "$(awk '{ print $1 }' peer.out | tr '\n' ' ')" = '2 3 4 6 8 11 ' ]
	eventually has_lines_of 6 'refused 127\.0\.0\.2 .*: denied'
	[ "$(grep -c ': accepted ' err)" = 2 ]
	stops
	# Not one by one: that would be thirty calls.
	[ "$(platform)" = linux ] || return 0
	needs_strace
	datagram_peer
	TARGET=$PORT
	traced_listener sendmmsg,sendmsg "$SOCKIT" udp-recv --notify-fd 9 --deny 127.0.0.2 --forward 127.0.0.1:"$TARGET" \
		127.0.0.1 0 </dev/null >out 2>err
	local child
	read -r child <"/proc/$LISTENER/task/$LISTENER/children" || :
	kill -STOP "$child"
	foreign type:dgram to:127.0.0.1,"$PORT" many:30,100
	kill -CONT "$child"
	eventually has_lines peer.out 30
	kill "$child"
	ended 143 "$LISTENER"
	[ "$(grep -cE 'sendm{1,2}sg\(' trace)" -le 3 ]
}
has_lines() {
	[ "$(wc -l <"$1")" = "$2" ]
}

@test "what the kernel had no room for is told in the end" {
	[ "$(platform)" = linux ] || skip 'no SO_MEMINFO'
	datagram_peer reply:"$(head -c 1000 /dev/zero | tr '\0' x)" replies:200
	# After the first answer there is a pause of a second.
	forwarder --strict -w 200ms --rcvbuf 4k --rate 1k --forward 127.0.0.1:"$PORT" 127.0.0.1 0
	asks question
	ended 1 "$LISTENER"
	also_says '[0-9]+ datagrams lost: the receive buffer was full \(see --rcvbuf\)'
}

@test "what makes no sense is refused" {
	local streams=' is for streams: datagrams go to HOST:PORT or unix:PATH'
	[ "$(platform)" = linux ] || streams=': *'
	refuses "--forward: 'vsock:1:1'$streams" udp-recv --forward vsock:1:1 1
	refuses "--forward: '127.0.0.1:0': nobody can be at port 0" udp-recv --forward 127.0.0.1:0 1
	refuses "--forward: '9000' is a port alone: localhost:9000" udp-recv --forward 9000 1
	refuses "--forward: port '70000' is neither*" udp-recv --forward localhost:70000 1
	refuses '--forward: *does not look up' udp-recv -n --forward localhost:1 1
	local word
	for word in --echo '-e true' '--reply first' --from --timestamp '-c 1' '--size 9' '--frame line'; do
		# shellcheck disable=SC2086 # words
		refuses '--forward and --* exclude each other*' udp-recv --forward localhost:1 $word 1
	done
	refuses "--forward and '-- true' exclude each other" udp-recv --forward localhost:1 1 -- true
	refuses '-C, --crlf: nothing is sent*' udp-recv --forward localhost:1 -C 1
	refuses '--max-conns needs --forward' udp-recv -m 5 1
	# A name that is none is exit status 3, before anything is bound.
	private <<<'127.0.0.1 localhost'
	sockit udp-recv --forward no.test:1 1
	told 3 'sockit udp-recv: host no.test: *'
}

### In networks of our own.

@test "what is sent to a group goes on, and -I holds for the target too" {
	groups
	datagram_peer bind:0.0.0.0 reply:answer
	local target=$PORT
	forwarder --join 239.9.9.9@v0 --forward 10.9.0.1:"$target" 0
	foreign type:dgram to:239.9.9.9,"$PORT" text:one text:two
	eventually has_at_least peer.out 20
	[ "$(awk '{ print $1, $2 }' peer.out)" = $'3 10.9.0.1\n3 10.9.0.1' ]
	# What goes to the group that it is in itself comes round once.
	forwarder --join 239.9.9.9@v0 --forward 239.9.9.9:9999 10.9.0.1 9998
	forwarder -v --join 239.9.9.9@v0 --forward 239.9.9.9:9999 9999
	foreign type:dgram bind:10.9.0.1 to:10.9.0.1,9999 text:three
	eventually grep -q 'a socket of this forwarder: its datagrams are dropped' err
	[ "$(grep -c ': accepted ' err)" = 1 ]
	# By the interface alone: 127.0.0.1 is not there.
	forwarder -I v0 --forward 127.0.0.1:"$target" 0
	foreign type:dgram bind:10.9.0.1 to:10.9.0.1,"$PORT" text:four || :
	run -1 grep -q four peer.out
}

# served_there [ARG...]: udp-recv with ARGs on the other host.
served_there() {
	served_by nsenter -t "$THERE" -U --preserve-credentials -m -n -w"$PWD" -- "$BARE" udp-recv --notify-fd 9 "$@"
}

@test "a sender whose TTL ends on the way to the target keeps its session" {
	[ "$(platform)" = linux ] || skip 'no error queue'
	routed_network 1500
	served_there --frame line 10.2.0.2 0 </dev/null >passed 2>passed.err
	forwarder -v --forward 10.2.0.2:"$PORT" 127.0.0.1 0
	mkfifo go
	"${FOREIGN[@]}" type:dgram to:127.0.0.1,"$PORT" ttl:2 text:early gate:go ttl:3 text:late 3>&- &
	PIDS+=("$!")
	eventually grep -q ' (EHOSTUNREACH), says 10\.1\.0\.2$' err
	echo >go
	eventually grep -qx late passed
	[ "$(<passed)" = late ]
	stops
	[ "$(grep -c ': accepted ' err)" = 1 ]
}

@test "on a way that loses, repeats and reorders: what arrives goes on just as it does, each way" {
	slow_network 0 0 0 '..x.<.2..<<x2.x..2<'
	datagram_peer bind:10.9.0.1 reply
	local target=$PORT
	served_there -v --forward 10.9.0.1:"$target" 10.9.0.2 0 </dev/null >out 2>err
	local port=$PORT
	# They stay, since a refusal of an answer would end a session.
	peer_by python3 -S -c 'import signal, socket, sys
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
for n in range(90):
    clients[n * n % 3 + n % 2].sendto(b"%d" % n * (n % 7 * 20), ("10.9.0.2", int(sys.argv[1])))
print(0, flush=True)
signal.pause()' "$port"
	eventually passes_what_came "$port" "$target" 2>difference || { cut -c1-500 difference && return 1; }
	stops
	passes_what_came "$port" "$target"
	[ "$(grep -c ': accepted ' err)" = 3 ]
	[ "$(grep -c ': closed: .*; signal$' err)" = 3 ]
}
# passes_what_came PORT TARGET: of what the file packets tells, what arrived at the forwarder's port is what it sent to the
# target, and so are the answers, for each sender; nor did they arrive as they were sent.
passes_what_came() {
	python3 -S - "$@" <<-'END'
		import collections, sys
		forwarder, target = ('10.9.0.2', sys.argv[1]), ('10.9.0.1', sys.argv[2])
		sent, arrived, passed, answered, returned = (collections.defaultdict(list) for _ in range(5))
		for line in open('packets'):
		    what, host, port, to_host, to_port, *data = line.split()
		    source, to = (host, port), (to_host, to_port)
		    if to == forwarder:
		        (sent if what == 'came' else arrived)[source].append(data)
		    elif source == forwarder and what == 'came':
		        returned[to].append(data)
		    elif to == target and what == 'came':
		        passed[source].append(data)
		    elif source == target and what == 'went':
		        answered[to].append(data)
		assert sum(map(len, sent.values())) == 90
		assert list(passed.values()) == list(arrived.values()), (arrived, passed)
		assert [answered[session] for session in passed] == [returned[client] for client in arrived]
		for client in sent:
		    assert sent[client] != arrived[client] and [] in arrived[client]
	END
}

### Where the system has no more to give.

@test "calls that fail are told, cost what they must, and end nothing" {
	needs_strace
	[ "$(platform)" = linux ] || skip 'sendmmsg and recvmmsg'
	find_musl
	[ -z "${MUSL-}" ] || skip 'musl has one system call for each datagram'
	strace -o /dev/null -e trace=none -e inject=sendmmsg:error=EPERM:when=1 true 2>/dev/null ||
		skip 'this strace cannot inject'
	local case status said child
	datagram_peer reply
	TARGET=$PORT
	# The call, what it fails with and when; how the first question ends; what is said.
	while read -r case status said; do
		traced_listener sendmmsg,recvmmsg,connect,epoll_ctl -e inject="$case" \
			"$SOCKIT" udp-recv --notify-fd 9 --forward 127.0.0.1:"$TARGET" 127.0.0.1 0 </dev/null >out 2>err
		PATIENCE=$([ "$status" = 0 ] && echo 5s || echo 50ms) STATUS_WANTED=$status asks first
		asks second
		[ "$(<answer)" = second ]
		# What is traced, not strace.
		read -r child <"/proc/$LISTENER/task/$LISTENER/children" || :
		kill "$child"
		ended 143 "$LISTENER"
		if [ "$said" = - ]; then
			also_says
		else
			also_says "127\.0\.0\.1 port [0-9]+: $said.*" '1 datagram could not be sent on'
		fi
	done <<-'END'
		sendmmsg:error=ENOBUFS:when=1 0 -
		sendmmsg:error=EAGAIN:when=1 0 -
		sendmmsg:error=EAGAIN:when=2 0 -
		sendmmsg:error=ENOBUFS:when=2 0 -
		sendmmsg:error=ECONNREFUSED:when=2 0 -
		sendmmsg:error=EMSGSIZE:when=1 4 a datagram of 5 bytes: Message too long \(EMSGSIZE\)
		sendmmsg:error=EPERM:when=1 4 Operation not permitted \(EPERM\)
		recvmmsg:error=EINTR:when=1 0 -
		connect:error=ENETUNREACH:when=1 4 Network is unreachable \(ENETUNREACH\)
		epoll_ctl:error=ENOMEM:when=1 0 -
	END
}

@test "where there are no more descriptors the session that is idle longest makes room" {
	datagram_peer reply
	# shellcheck disable=SC2016 # for that shell
	served_by sh -c 'ulimit -n 32 && exec "$@"' sh "$SOCKIT" udp-recv --notify-fd 9 -v --forward 127.0.0.1:"$PORT" \
		127.0.0.1 0 </dev/null >out 2>err
	clients clients:100 at-once:5
	kill "$LISTENER"
	eventually grep -q '; signal$' err
	[ "$(grep -c '; made room$' err)" -ge 70 ]
	[ "$(grep -c '; made room$\|; signal$' err)" = 100 ]
	run -1 grep -v 'listening\|accepted\|closed' err
}

# bats test_tags=crowd
@test "10,000 senders: under 12 MiB" {
	local hard
	ulimit -n 10100 2>/dev/null || :
	hard=$(ulimit -n)
	[ "$hard" = unlimited ] || [ "$hard" -ge 10100 ] || skip "no more than $hard descriptors"
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of the plain build'
	to_echo -m 10000 127.0.0.1 0
	clients clients:10000 rounds:1 burst:1 at-once:200 sizes:64
	local pss
	pss=$(awk '$1 == "Pss:" { print $2 }' "/proc/$LISTENER/smaps_rollup")
	echo "$pss kB"
	[ "$pss" -lt 12288 ]
	[ "$(find "/proc/$LISTENER/fd" -lname 'socket:*' | wc -l)" -ge 10000 ]
	stops
	also_says
}

### Programs that have not been made for it.

sbin() {
	PATH=$PATH:/usr/sbin
}

@test "dnsmasq behind it" {
	sbin
	needs dnsmasq dnsmasq-base
	local target
	target=$(free_port)
	spawn dnsmasq -k --port="$target" --listen-address=127.0.0.1 --bind-interfaces --conf-file=/dev/null \
		--no-resolv --no-hosts --pid-file="$PWD/pid" --user="$(id -un)" --address=/example.com/192.0.2.7 >dns.out 2>&1
	forwarder --forward 127.0.0.1:"$target" 127.0.0.1 0
	eventually resolves
	stops
}
resolves() {
	[ "$("$SOCKIT" resolve --server 127.0.0.1:"$PORT" -4 example.com 2>/dev/null)" = 192.0.2.7 ]
}

@test "chronyd on both sides" {
	sbin
	needs chronyd chrony
	local target user
	user=$(id -un)
	target=$(free_port)
	spawn chronyd -x -n -U -u "$user" -f /dev/null "port $target" 'bindaddress 127.0.0.1' 'allow 127.0.0.0/8' \
		'local stratum 3' 'cmdport 0' "pidfile $PWD/chrony.pid" >chrony.out 2>&1
	eventually grep -q ":$(printf %04X "$target") " /proc/net/udp
	forwarder --forward 127.0.0.1:"$target" 127.0.0.1 0
	exits 0 chronyd -Q -U -u "$user" -t 10 -f /dev/null "server 127.0.0.1 port $PORT minpoll -6 maxpoll -6 iburst" \
		'cmdport 0' "pidfile $PWD/client.pid" >client.out 2>&1
	grep -q 'System clock wrong by' client.out
	stops
}

@test "iperf3 -u, each way" {
	needs iperf3 iperf3
	local ports
	mapfile -t ports < <(free_port 2)
	spawn iperf3 -s --forceflush -B 127.0.0.1 -p "${ports[0]}" >iperf.out 2>&1
	eventually grep -q 'Server listening' iperf.out
	spawn "$SOCKIT" listen -k --forward 127.0.0.1:"${ports[0]}" 127.0.0.1 "${ports[1]}" </dev/null 2>listen.err
	forwarder --forward 127.0.0.1:"${ports[0]}" 127.0.0.1 "${ports[1]}"
	local way
	for way in '' -R; do
		# shellcheck disable=SC2086 # a word, or none
		exits 0 iperf3 -u -b 100M -l 1400 -n 2M -c 127.0.0.1 -p "${ports[1]}" -J $way >iperf.json
		python3 -S -c 'import json, sys
end = json.load(open("iperf.json"))["end"]["sum"]
assert end["packets"] > 1000 and end["lost_packets"] < end["packets"] / 2, end'
	done
	# What iperf3 itself had no room for is not ours; nor is what comes when it has ended.
	stops
	run -1 grep 'datagrams\{0,1\} ' err
}
