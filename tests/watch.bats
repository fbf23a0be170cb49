# sockit sockname --watch: interfaces, routes and sockets as they come and go.

load helpers/common
load helpers/words
load helpers/private

setup_file() { find_python; }

needs_network() {
	[ "$(platform)" = linux ] || skip 'on Linux only'
	private <<<'127.0.0.1 localhost'
}

# watch ARG...: sockname --watch in the background, its lines in the file out; $WATCH is its pid.
watch() {
	WATCHES=$((${WATCHES-0} + 1))
	"$SOCKIT" sockname --watch "$@" >"${OUT-out}" 2>err 3>&- &
	started
	# The program is a child of nsenter's, or takes its place.
	WATCH=$PID
	eventually waits "$WATCH"
}

# waits PID: it is in poll(2), and so has told what there is.
waits() {
	grep -q poll "/proc/$1/wchan" 2>/dev/null || [[ $(cat "/proc/$1/syscall" 2>/dev/null) =~ ^(7|271)\  ]]
}

# told_change REGEX [FILE]: a line of it has come.
told_change() {
	eventually grep -qE "$1" "${2-${OUT-out}}" || {
		cat "${2-${OUT-out}}" err
		return 1
	}
}

# facts KEY...: checks the objects in the file out, and prints these members of each.
facts() {
	"$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" out any "$@"
}

# stop: the end that is usual.
stop() {
	kill -TERM "$WATCH"
	ended 143 "$WATCH" && silent
}

# keeper: python that does what it is told, a line at a time: `keep STATEMENT...`.
keeper() {
	mkfifo keep.in keep.out
	cat >keep.py <<-'END'
		import sys
		from socket import *
		for line in sys.stdin:
		    exec(line)
		    print(flush=True)
	END
	python3 -u keep.py <keep.in >keep.out 3>&- &
	PIDS+=("$!")
	exec {KEEP_IN}>keep.in {KEEP_OUT}<keep.out
}
keep() {
	printf '%s\n' "$1" >&"$KEEP_IN"
	read -r <&"$KEEP_OUT"
}

@test "--interfaces: addresses and interfaces as they come and go" {
	needs_network
	watch --interfaces -4
	[ "$(cut -f 1,4 out)" = $'lo\t127.0.0.1/8' ]
	kill -USR1 "$WATCH"
	eventually says '^sockit sockname: waiting for a change, until stopped by a signal$'
	: >err
	inside ip link add v0 type veth peer name v1 2>/dev/null || skip 'no veth'
	inside ip addr add 10.7.0.1/24 dev v0
	told_change $'^\\+ v0\t[0-9]+\tinet\t10\\.7\\.0\\.1/24\t-\t1500\tbroadcast,multicast$'
	inside ip link set v0 mtu 1300
	told_change $'^- v0\t[0-9]+\tinet\t10\\.7\\.0\\.1/24\t-\t1500\t'
	told_change $'^\\+ v0\t[0-9]+\tinet\t10\\.7\\.0\\.1/24\t-\t1300\t'
	inside ip link del v0
	told_change $'^- v0\t[0-9]+\tinet\t10\\.7\\.0\\.1/24\t-\t1300\t'
	stop
	# As objects: an interface is one.
	watch --interfaces --json
	inside ip addr add 10.7.0.2/32 dev lo
	told_change '"event":"new"'
	[ "$(facts event name | grep -v '^- ')" = $'gone lo\nnew lo' ]
	[ "$(tail -n 1 out | grep -o '10\.7\.0\.2')" = 10.7.0.2 ]
	stop
}

@test "--interfaces: one that changes its name is not told in halves" {
	needs_network
	local i
	inside ip link add v0 type veth peer name v1 2>/dev/null || skip 'no veth'
	inside ip addr add 10.7.0.1/24 dev v0
	watch --interfaces
	for ((i = 0; i < 100; i++)); do
		printf 'link set v0 name w0\nlink set w0 name v0\n'
	done | inside ip -batch -
	inside ip addr add 10.7.0.9/24 dev v0
	told_change $'^\\+ v0\t[1-9][0-9]*\tinet\t10\\.7\\.0\\.9/24\t'
	! grep $'\t0\t' out || fault 'an interface without a number, or an MTU'
	stop
}

@test "HOST: the way there as it changes, also where there is none at first" {
	needs_network
	watch 10.9.1.2
	[ ! -s out ]
	inside ip link add v0 type veth peer name v1 2>/dev/null || skip 'no veth'
	inside ip addr add 10.7.0.1/24 dev v0
	inside ip link set v0 up
	inside ip link set v1 up
	inside ip route add 10.9.0.0/16 via 10.7.0.254
	told_change '^\+ gateway 10\.7\.0\.254$'
	local told
	[ "$(grep -c '^+ ' out)" = 7 ]
	told=$(wc -l <out)
	inside ip route replace 10.9.0.0/16 via 10.7.0.253
	told_change '^\+ gateway 10\.7\.0\.253$'
	# What has not changed is not told, and that each question has another port is no change.
	[ "$(tail -n +$((told + 1)) out)" = $'- gateway 10.7.0.254\n+ gateway 10.7.0.253' ]
	inside ip route del 10.9.0.0/16
	told_change '^- source '
	[ "$(tail -n +$((told + 3)) out | grep -c '^- ')" = 7 ]
	stop
	watch --json 10.7.0.9
	inside ip link del v0
	told_change '"event":"gone"'
	[ "$(facts event interface)" = $'- v0\ngone v0' ]
	stop
}

@test "HOST, --interfaces: as an ordinary user; nothing is done while nothing happens" {
	needs_network
	needs_strace
	local form
	for form in --interfaces 127.0.0.1; do
		ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq -o trace -e trace=poll,ppoll \
			"${SOCKIT%/*}/../private.bin/${SOCKIT##*/}" sockname --watch "$form" >out 2>err 3>&- &
		started
		eventually grep -q poll trace
		# It waits for descriptors, without a limit.
		eventually grep -qE 'p?poll\(.*, [0-9]+, (-1|NULL)' trace || fault "$(<trace)"
		kill_tree "$PID"
		status_of "$PID"
	done
	[ "$(id -u)" = 0 ] || return 0
	as_other
	OUT=other watch_as_other --interfaces -4
	inside ip addr add 10.7.0.2/32 dev lo
	told_change $'^\\+ lo\t1\tinet\t10\\.7\\.0\\.2/32' other
}
# as_other: skips the test where nobody can be another user in the network.
as_other() {
	needs setpriv util-linux
	OTHER=(nsenter -t "$PRIVATE" -n -- setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all
		--bounding-set=-all)
	"${OTHER[@]}" true 2>/dev/null || skip 'setpriv is not permitted'
	cp "$(sed -n "s/.* -- '\(.*\)' .*/\1/p" "$SOCKIT")" here
	chmod 755 here . ..
	"${OTHER[@]}" "$PWD/here" --version >version 2>err || skip 'the other user cannot run it'
}
watch_as_other() {
	"${OTHER[@]}" "$PWD/here" sockname --watch "$@" >"$OUT" 2>err 3>&- &
	started
	WATCH=$PID
	eventually test -s "$OUT"
}

@test "--listening, --sockets: as they come, change their state and end" {
	needs_network
	keeper
	keep 'l = create_server(("127.0.0.1", 7001))'
	watch --listening
	told_change $'^tcp\t127.0.0.1\t7001\tlisten\t'
	mv out first
	"$SOCKIT" sockname --listening | diff first -
	keep 'm = create_server(("127.0.0.1", 7002))'
	told_change $'^\\+ tcp\t127.0.0.1\t7002\tlisten\t0\t128\t.*\tpython3$' first
	keep 'u = socket(AF_INET, SOCK_DGRAM); u.bind(("127.0.0.1", 7003))'
	told_change $'^\\+ udp\t127.0.0.1\t7003\tunconnected\t' first
	keep 'm.close(); u.close()'
	told_change $'^- tcp\t127.0.0.1\t7002\tlisten\t.*\tpython3$' first
	told_change $'^- udp\t127.0.0.1\t7003\tunconnected\t' first
	# Connections are none of these.
	keep 's = create_connection(("127.0.0.1", 7001)); a = l.accept()[0]'
	keep 'm = create_server(("127.0.0.1", 7004))'
	told_change $'^\\+ tcp\t127.0.0.1\t7004\t' first
	[ "$(grep -c '^[-+]' first)" = 5 ]
	stop
	watch --json --sockets --with 127.0.0.1/32 7001
	[ "$(facts event state peer_pid | sort -u)" = '- established -' ]
	keep 'a.close()'
	told_change '"event":"new".*"close-wait"'
	# What has changed its state is first gone, then new.
	[ "$(facts event local.port state | grep ' 7001 ')" = '- 7001 established
gone 7001 established
new 7001 fin-wait-2' ]
	stop
	# Nobody is there yet.
	watch --sockets --with 127.0.0.9,127.0.0.1 --program python3 7009
	silent out && silent
	keep 'm = create_server(("127.0.0.1", 7009)); s = create_connection(("127.0.0.1", 7009)); a = m.accept()[0]'
	told_change $'^\\+ tcp\t127.0.0.1\t7009\t127.0.0.1\t[0-9]+\testablished\t.*python3$'
	stop
}
@test "--sockets unix:PATH: who comes and goes" {
	needs_network
	keeper
	keep 'l = socket(AF_UNIX); l.bind("s"); l.listen(3)'
	watch --sockets unix:s
	[ "$(cut -f 2,6 out)" = $'s\tlisten' ]
	keep 'c = socket(AF_UNIX); c.connect("s"); a = l.accept()[0]'
	told_change $'^\\+ unix\ts\t-\t#[0-9]+\t-\testablished\t.*\tpython3$'
	told_change $'^\\+ unix\t-\t-\ts\t-\testablished\t.*\tpython3$'
	keep 'c.close(); a.close()'
	told_change $'^- unix\ts\t-\t#[0-9]+\t-\testablished\t'
	stop
}

@test "--sockets: many of them make no list while nothing happens" {
	needs_network
	needs_strace
	keeper
	keep 'l = create_server(("127.0.0.1", 7001), backlog=4096)'
	keep 'kept = [(create_connection(("127.0.0.1", 7001)), l.accept()) for i in range(400)]'
	spawn_traced
	# The counters are looked at twice, and no list is made.
	eventually test -e trace
	eventually looked_twice || fault "$(tail -n 30 trace)"
	kill_tree "$PID"
	status_of "$PID"
	[ "$(wc -l <list)" = 801 ]
}
spawn_traced() {
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq -o trace -e trace=sendto,openat,?open -e signal=none \
		"$SOCKIT" sockname --watch --sockets --protocol tcp >list 2>err 3>&- &
	started
}
looked_twice() {
	[ "$(awk '/sendto/ { lists++; looks = 0 } /proc.net.snmp/ { looks++ } END { print (lists ? looks : 0) }' trace)" -ge 2 ]
}

@test "whoever reads no more ends it; a signal does where nobody reads for now" {
	needs_network
	"$SOCKIT" sockname --watch --interfaces 2>err | head -n 1 >first
	[ "$(cut -f 1 first)" = lo ] && silent
	mkfifo slow
	exec 9<>slow
	dd if=/dev/zero bs=4096 oflag=nonblock >slow 2>dd.err || :
	"$SOCKIT" sockname --watch --interfaces >slow 2>err 3>&- &
	started
	WATCH=$PID
	eventually waits "$WATCH"
	exec 9>&-
	stop
}

@test "words that do not go together" {
	refuses '--watch and --connect exclude each other' sockname --watch --connect h 1 ||
		refuses '--connect and --watch exclude each other' sockname --watch --connect h 1
	refuses '*exclude each other' sockname --watch --fd 0
	refuses '--watch needs --listening, --sockets, --interfaces or a HOST' sockname --watch
	refuses '--watch needs --listening, --sockets, --interfaces or a HOST' sockname --watch --options
}

@test "where the system tells of no changes, that is said" {
	[ "$(platform)" != linux ] || skip 'not on Linux'
	local form
	for form in --interfaces --listening --sockets 127.0.0.1; do
		sockit sockname --watch "$form"
		told 1 'sockit sockname: * (ENOTSUP)' || told 1 'sockit sockname: * (EOPNOTSUPP)'
	done
}
