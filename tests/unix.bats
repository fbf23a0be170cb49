#!/usr/bin/env bats
# UNIX sockets as a stream: sockit unix, and unix:PATH of connect and listen. Packets: seqpacket.bats.
# shellcheck disable=SC2010,SC2012 # all names are ours
# shellcheck disable=SC2016,SC2086,SC2143,SC2155,SC2258 # for that shell; words; short; never fails; meant so

load helpers/common
load helpers/words
load helpers/private

setup_file() {
	random_file "$BATS_FILE_TMPDIR/a" 3000000
	random_file "$BATS_FILE_TMPDIR/b" 2000000
}

A() { echo "$BATS_FILE_TMPDIR/a"; }
B() { echo "$BATS_FILE_TMPDIR/b"; }

# unix_listens [ARG...]: sockit unix --listen on the socket s, or the last ARG that begins with a slash or @.
unix_listens() {
	served_by "$SOCKIT" unix --listen --notify-fd 9 "$@"
}

# both_ways ARG...: a client of the listener, which sends what B has.
both_ways() {
	exits 0 "$SOCKIT" "$@" <"$(A)" >got
	ended 0 "$LISTENER"
	same out "$(A)"
	same got "$(B)"
	silent
}

# long_path N [NAME]: a directory whose path has N bytes or more, made, in $LONG.
long_path() {
	LONG=$PWD
	while [ ${#LONG} -lt "$1" ]; do
		LONG+=/$(printf 'd%.0s' {1..60})
	done
	mkdir -p "$LONG"
}

### Both ways, with itself and with others.

# bats test_tags=valgrind
@test "both ways between two of ours, the file is gone when it is accepted" {
	unix_listens s <"$(B)" >out 2>err
	[ "$NOTIFIED" = 'unix s' ]
	[ -S s ]
	exits 0 "$SOCKIT" unix s <"$(A)" >got 2>err2
	ended 0 "$LISTENER"
	same out "$(A)"
	same got "$(B)"
	silent
	silent err2
	[ ! -e s ]
}

@test "an abstract name" {
	[ "$(uname)" = Linux ] || skip 'of Linux only'
	local name=@sockit-$$-$BATS_TEST_NUMBER
	unix_listens "$name" <"$(B)" >out 2>err
	[ "$NOTIFIED" = "unix $name" ]
	both_ways unix "$name"
	[ -z "$(ls -A | grep '^@')" ]
	# As long as one can be, and one byte more.
	printf -v name '%s-%0100d' "$name" 7
	name=${name:0:108}
	unix_listens "$name" </dev/null >out 2>err
	[ "$NOTIFIED" = "unix $name" ]
	foreign connect:unix:"$name" file:"$(A)"
	ended 0 "$LISTENER"
	same out "$(A)"
	unix_listens -v "$name" <"$(B)" >out 2>err
	exits 0 "$SOCKIT" unix "$name" </dev/null >got
	ended 0 "$LISTENER"
	same got "$(B)"
	grep -q "listening on unix:$name\$" err
	refuses "'unix:${name}x': the name is empty or longer than 107 bytes" unix "${name}x"
}

@test "unix:PATH of connect and listen" {
	local word
	for word in unix:s "unix:$PWD/s" "unix:@sockit-$$-$BATS_TEST_NUMBER"; do
		served_by "$SOCKIT" listen --notify-fd 9 "$word" <"$(B)" >out 2>err
		[ "$NOTIFIED" = "unix ${word#unix:}" ]
		both_ways connect "$word"
		[ ! -e s ]
	done
}

@test "clients: python3, socat, nc, ncat" {
	local client
	for client in python socat nc.openbsd ncat; do
		case $client in
		python) set -- foreign connect:unix:s save:- exchange:- ;;
		socat) set -- within 20 socat -t 20 - UNIX-CONNECT:s ;;
		nc.openbsd) set -- within 20 nc.openbsd -N -U s ;;
		ncat) set -- within 20 ncat -U s ;;
		esac
		[ "$client" = python ] || command -v "$client" >/dev/null || continue
		unix_listens s <"$(B)" >out 2>err
		"$@" <"$(A)" >got 3>&- || [ "$client" = ncat ]
		ended 0 "$LISTENER"
		same out "$(A)"
		same got "$(B)"
		silent
	done
}

@test "servers: python3, socat, nc, ncat" {
	local server answer
	for server in python socat nc.openbsd ncat; do
		answer=$(B)
		case $server in
		python) set -- "${FOREIGN[@]}" bind:unix:s save:- exchange:- ;;
		socat) set -- socat -t 20 - UNIX-LISTEN:s ;;
		nc.openbsd)
			# It does not send all where the client ends before.
			set -- nc.openbsd -N -lU s
			answer=/dev/null
			;;
		ncat) set -- ncat -lU s ;;
		esac
		command -v "$1" >/dev/null || continue
		rm -f s
		spawn "$@" <"$answer" >out
		exits 0 "$SOCKIT" unix --retry 10s --interval 10ms s <"$(A)" >got 2>err
		ended 0 "$PID"
		same out "$(A)"
		same got "$answer"
		silent
	done
}

@test "curl asks a service on TCP through a UNIX socket" {
	needs curl curl
	served_by "$SOCKIT" listen --notify-fd 9 -k 127.0.0.1 0 </dev/null 2>err \
		-e 'read -r request; while read -r line && [ "$line" != "$(printf "\r")" ]; do :; done
		printf "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"'
	local web=$LISTENER port=$PORT
	unix_listens -k --forward "127.0.0.1:$port" s </dev/null >out 2>err2
	for _ in 1 2 3; do
		[ "$(within 10 curl -s --unix-socket s http://x/page)" = hello ]
	done
	kill "$LISTENER" "$web"
	ended 143 "$LISTENER"
	ended 143 "$web"
	silent err2
	[ ! -e s ]
}

### What listen does is done here too.

@test "--echo, --discard, -k, --accept, -m" {
	unix_listens --echo s </dev/null >out 2>err
	exits 0 "$SOCKIT" unix s <"$(A)" >got
	ended 0 "$LISTENER"
	same got "$(A)"
	unix_listens --discard --stats s </dev/null >out 2>err
	exits 0 "$SOCKIT" unix s <"$(A)" >got
	ended 0 "$LISTENER"
	says '^sockit unix: sent 0 bytes, received 3000000 bytes in '
	silent got
	unix_listens --accept 3 -m 2 --echo s </dev/null >out 2>err
	for _ in 1 2 3; do
		exits 0 "$SOCKIT" unix s <"$(B)" >got
		same got "$(B)"
	done
	ended 0 "$LISTENER"
	silent
	[ ! -e s ]
}

@test "-k: each client to stdout, stdin to all" {
	mkfifo in
	exec 7<>in
	unix_listens -k --accept 2 s <in >out 2>err 7>&-
	echo up | exits 0 "$SOCKIT" unix s >got1 7>&- &
	local first=$!
	"$SOCKIT" unix s </dev/null >got2 3>&- 7>&- &
	PIDS+=("$first" "$!")
	local second=$!
	eventually [ ! -e s ]
	echo hello >&7
	exec 7>&-
	ended 0 "$first"
	ended 0 "$second"
	ended 0 "$LISTENER"
	[ "$(cat got1 got2)" = "$(printf 'hello\nhello')" ]
	[ "$(<out)" = up ]
	silent
}

@test "--broker and --chat" {
	local service want
	for service in broker chat; do
		unix_listens -v --$service --accept 2 s </dev/null >out 2>err
		mkfifo in.$service
		"$SOCKIT" unix s <in.$service >got 3>&- &
		PID=$!
		PIDS+=("$PID")
		exec 7>in.$service
		eventually grep -q ' accepted ' err
		echo one | exits 0 "$SOCKIT" unix s >got2 7>&- &
		PIDS+=("$!")
		eventually [ -s got ]
		exec 7>&-
		ended 0 "$PID"
		ended 0 "$LISTENER"
		want=one
		[ $service = broker ] || want='<[12]> one'
		[[ $(<got) =~ ^$want$ ]]
	done
}

@test "a command: its environment, its status" {
	unix_listens s </dev/null 2>err -e 'env; exit 7'
	status=0
	"$SOCKIT" unix -d s >got || status=$?
	[ $status = 0 ]
	ended 7 "$LISTENER"
	grep -qx PROTO=UNIX got
	grep -qx UNIXLOCALPATH=s got
	run ! grep -E '^(TCP|UNIXREMOTEPATH)' got
	unix_listens s </dev/null >out 2>err
	within 10 "$SOCKIT" unix s -- env >/dev/null
	ended 0 "$LISTENER"
	grep -qx UNIXREMOTEPATH=s out
	run ! grep -E '^UNIXLOCALPATH' out
	[ "$(platform)" = linux ] || return 0
	grep -qx "UNIXREMOTEEUID=$(id -u)" got
	grep -qx "UNIXREMOTEEGID=$(id -g)" got
	grep -qE '^UNIXREMOTEPID=[1-9]' got
	grep -qx "UNIXREMOTEPID=$LISTENER" out
}

@test "activation: without PATH the sockets that were handed over" {
	local activate=$BATS_TEST_DIRNAME/helpers/activate.py
	served_by python3 -I -S "$activate" unix:"$PWD/s" -- "$SOCKIT" unix -l --notify-fd 9 --echo </dev/null >out 2>err
	[ "$NOTIFIED" = "unix $PWD/s" ]
	[ "$(echo hello | within 10 "$SOCKIT" unix s)" = hello ]
	ended 0 "$LISTENER"
	silent
	[ -S s ] # not ours
	exits 2 "$SOCKIT" unix -l </dev/null >out 2>err
	says 'an operand is missing'
}

### Who is there.

@test "-v and --json name the other side" {
	[ "$(platform)" = linux ] || skip 'the system does not tell'
	local who="uid $(id -u), gid $(id -g)"
	unix_listens -v s </dev/null >out 2>err
	exits 0 "$SOCKIT" unix -v s </dev/null >got 2>err2
	ended 0 "$LISTENER"
	head -n 1 err | grep -qx 'sockit unix: listening on unix:s'
	grep -qxE "sockit unix: accepted unix: \\(pid [0-9]+, $who\\) on unix:s" err
	head -n 1 err2 | grep -qx "sockit unix: connected to unix:s (pid $LISTENER, $who)"
	unix_listens --json s </dev/null >out 2>err
	exits 0 "$SOCKIT" unix --json s </dev/null >got 2>err2
	ended 0 "$LISTENER"
	local schema=$BATS_TEST_DIRNAME/helpers/schema.py
	[ "$(python3 -I -S "$schema" err accepted peer.uid peer.gid local.address)" = "$(id -u) $(id -g) s" ]
	[ "$(python3 -I -S "$schema" err2 connected peer.address peer.pid peer.uid)" = "s $LISTENER $(id -u)" ]
	python3 -I -S "$schema" err closed peer.pid | grep -qE '^[0-9]+$'
}

@test "--allow-uid: by number and name; others are closed unread, and are no clients" {
	[ "$(platform)" = linux ] || skip 'the system does not tell'
	local list
	for list in "$(id -u)" "$(id -un)" "99999,$(id -u)" "99999 $(id -u)"; do
		# shellcheck disable=SC2046 # words
		unix_listens $(printf -- '--allow-uid %s ' $list) --echo s </dev/null >out 2>err
		[ "$(echo hello | within 10 "$SOCKIT" unix s)" = hello ]
		ended 0 "$LISTENER"
		silent
	done
	unix_listens -v --allow-uid 99999 s -- sh -c 'echo ran >ran' </dev/null >out 2>err
	foreign connect:unix:s line:hello readall report | grep -q "^read 0 "
	foreign connect:unix:s line:hello readall report | grep -q "^read 0 "
	runs "$LISTENER"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(grep -cE "^sockit unix: refused unix: \\(pid [0-9]+, uid $(id -u), gid " err)" = 2 ]
	[ ! -e ran ]
	[ ! -e s ]
}

@test "--allow-uid: what is no list" {
	[ "$(platform)" = linux ] || {
		refuses '*does not tell*' unix -l --allow-uid 0 s
		return
	}
	local word
	for word in '' , 1, ,1 nosuchuser -1 4294967295 99999999999 root,,root; do
		sockit unix -l --allow-uid "$word" s
		told 2 'sockit unix: --allow-uid: *' || fault "$word"
	done
	[ ! -e s ]
}

### The file.

@test "--mode, whatever the umask is" {
	local mode mask
	for mode in 600 0660 777 000 1; do
		for mask in 000 077; do
			(umask $mask && unix_listens --mode $mode s </dev/null 2>err && echo "$LISTENER" >pid)
			[ "$((8#$(stat -c %a s)))" = "$((8#$mode))" ]
			kill "$(<pid)"
			eventually [ ! -e s ]
		done
	done
	# Without it the umask counts.
	(umask 027 && unix_listens s </dev/null 2>err && echo "$LISTENER" >pid)
	[ "$(stat -c %a s)" = 750 ]
	kill "$(<pid)"
	eventually [ ! -e s ]
	for mode in '' 8 -1 1000 rw 0x1 777777777777777777777; do
		sockit unix -l --mode "$mode" s
		told 2 'sockit unix: --mode: *' || fault "$mode"
	done
	sockit unix -l --mode 600 @s
	told 2 'sockit unix: *abstract*'
	sockit unix -l --owner 0 @s
	told 2 'sockit unix: *abstract*'
}

@test "--owner" {
	local word
	for word in '' : nosuchuser nosuchuser:0 0:nosuchgroup 0: -1 4294967295 99999999999 0:0:0; do
		sockit unix -l --owner "$word" s
		told 2 'sockit unix: --owner: *' || fault "$word"
	done
	if [ "$(id -u)" != 0 ]; then
		# What could not be given is taken away again.
		sockit unix -l --owner 0 s
		told 1 'sockit unix: unix:s: --owner 0: Operation not permitted (EPERM)'
		[ ! -e s ]
		word=$(id -un):$(id -g)
		unix_listens --owner "$word" s </dev/null 2>err
		[ "$(stat -c %u:%g s)" = "$(id -u):$(id -g)" ]
		kill "$LISTENER"
		ended 143 "$LISTENER"
		return
	fi
	local want
	while read -r word want; do
		unix_listens --owner "$word" --mode 640 s </dev/null 2>err
		[ "$(stat -c %u:%g:%a s)" = "$want:640" ]
		kill "$LISTENER"
		ended 143 "$LISTENER"
		[ ! -e s ]
	done <<-END
		nobody $(id -u nobody):0
		12345:54321 12345:54321
		:54321 0:54321
		nobody:$(id -gn nobody) $(id -u nobody):$(id -g nobody)
	END
}

@test "an ordinary user cannot connect to what is not for him" {
	[ "$(id -u)" = 0 ] || skip 'root starts it'
	needs setpriv util-linux
	chmod 755 . ..
	unix_listens -k --mode 600 --echo "$PWD/s" </dev/null >out 2>err
	run -1 --separate-stderr within 10 setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCKIT" unix "$PWD/s" </dev/null
	[[ $stderr == *'(EACCES): '* ]]
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "a stale socket is replaced" {
	foreign bind:unix:s stale
	[ -S s ]
	exits 1 "$SOCKIT" unix s </dev/null 2>err
	says '\(ECONNREFUSED\): nobody has this socket any more$'
	unix_listens --echo s </dev/null >out 2>err
	[ "$(echo hello | within 10 "$SOCKIT" unix s)" = hello ]
	ended 0 "$LISTENER"
	silent
	[ "$(ls -A)" = "$(ls -A | grep -v sockit)" ] # nothing is left beside it
	[ ! -e s ]
}

@test "what was killed leaves a stale one, and the next replaces it" {
	unix_listens s </dev/null >out 2>err
	kill -KILL "$LISTENER"
	status_of "$LISTENER"
	[ -S s ]
	unix_listens --echo s </dev/null >out 2>err
	[ "$(echo hello | within 10 "$SOCKIT" unix s)" = hello ]
	ended 0 "$LISTENER"
	[ ! -e s ]
}

@test "anything else in the place is left as it is: 1, EADDRINUSE" {
	local before
	mkdir d
	echo precious >file
	ln -s file link
	ln -s nowhere dangling
	mkfifo fifo
	ls -liA >before.ls
	local place
	for place in d file link dangling fifo; do
		sockit unix -l "$place"
		told 1 "sockit unix: unix:$place: Address*in use (EADDRINUSE): *left as it is" || fault "$place"
	done
	rm out err
	ls -liA | grep -v before >after.ls
	diff <(grep -v '\(before\|after\|total\)' before.ls) <(grep -v '\(before\|after\|total\)' after.ls)
	[ "$(<file)" = precious ]
}

@test "a live socket in the place is left as it is, and hears nothing of it" {
	local type
	for type in stream seqpacket dgram; do
		mkfifo go.$type
		rm -f s ready
		"${FOREIGN[@]}" type:$type bind:unix:s unvisited:ready 3>&- <go.$type &
		PEER=$!
		PIDS+=("$PEER")
		exec 7>go.$type
		eventually [ -e ready ]
		before=$(ls -i s)
		sockit unix -l s 7>&-
		told 1 'sockit unix: unix:s: Address*in use (EADDRINUSE): *'
		[ "$(ls -i s)" = "$before" ]
		exec 7>&-
		ended 0 "$PEER" # nobody came
	done
	# Whoever has that name elsewhere is not he, and the path may be another one.
	[ "$(platform)" = linux ] || return 0
	long_path 120
	for type in "$PWD/t" "$LONG/t"; do
		rm -f t ready
		mkdir -p elsewhere
		mkfifo go.t.${#type}
		(cd elsewhere && exec "${FOREIGN[@]}" bind:unix:t unvisited:ready 3>&- 7>&-) <go.t.${#type} &
		exec 7>go.t.${#type}
		eventually [ -e elsewhere/ready ]
		unix_listens "$type" </dev/null >out 2>err 7>&-
		cd "${type%/t}" || return
		sockit unix -l t
		told 1 "sockit unix: unix:t: Address*in use (EADDRINUSE): sockit (process $LISTENER) has unix:t"
		cd "$OLDPWD" || return
		kill "$LISTENER"
		exec 7>&-
		wait
		rm -r elsewhere
	done
	# One of ours, too.
	rm -f s
	unix_listens s </dev/null >out 2>err
	sockit unix -l s
	told 1 'sockit unix: *(EADDRINUSE)*'
	[ -S s ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "one that is slow to take a stale socket away takes nobody else's" {
	needs strace strace
	strace -o /dev/null true || skip 'strace may not trace'
	local pids=() pid
	takes() {
		spawn "$@" "$SOCKIT" unix -l -w 60s s </dev/null >/dev/null 2>>err.all
		pids+=("$PID")
	}
	one_is_left() {
		local running=0
		for pid in "${pids[@]}"; do ! runs "$pid" || running=$((running + 1)); done
		[ $running = 1 ]
	}
	foreign bind:unix:s stale
	# It has seen that nobody has the socket, and for a while after it has taken one away there is none.
	takes env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -o trace -e trace=connect,/^rename -e inject=/^rename:delay_enter=300000:delay_exit=300000
	eventually grep -qs '^connect.*ECONNREFUSED' trace
	takes
	eventually test ! -e s
	takes
	eventually one_is_left
	exits 0 "$SOCKIT" unix s </dev/null
	for pid in "${pids[@]}"; do
		status_of "$pid"
		echo "$STATUS"
	done >statuses
	[ "$(sort statuses | xargs)" = '0 1 1' ]
	[ ! -e s ]
	[ "$(ls -A | grep -c '\.sockit')" = 0 ]
}

@test "several that start at once on a stale socket: one gets it" {
	local pids=() pid won
	for _ in 1 2 3; do
		rm -f s
		foreign bind:unix:s stale
		pids=()
		for _ in 1 2 3 4 5 6; do
			"$SOCKIT" unix -l -w 20s s </dev/null >/dev/null 2>>err.all 3>&- &
			pids+=("$!")
			PIDS+=("$!")
		done
		won=0
		count_running() {
			won=0
			for pid in "${pids[@]}"; do ! runs "$pid" || won=$((won + 1)); done
			[ $won = 1 ]
		}
		eventually count_running
		# It is the one that can be reached.
		exits 0 "$SOCKIT" unix s </dev/null
		won=0
		for pid in "${pids[@]}"; do
			status_of "$pid"
			[ "$STATUS" = 1 ] || { [ "$STATUS" = 0 ] && won=$((won + 1)); }
		done
		[ $won = 1 ]
		[ ! -e s ]
	done
	[ "$(ls -A | grep -c sockit)" = 0 ]
}

@test "it is removed at each end: signals, errors, limits" {
	local signal
	for signal in HUP INT TERM QUIT; do
		unix_listens -k s </dev/null >out 2>err
		[ -S s ]
		kill -$signal "$LISTENER"
		status_of "$LISTENER"
		[ "$STATUS" = $((128 + $(kill -l $signal))) ]
		[ ! -e s ]
	done
	exits 4 "$SOCKIT" unix -l -w 50ms s </dev/null 2>err
	says '^sockit unix: unix:s: no client within 50 ms \(-w\)$'
	[ ! -e s ]
	exits 4 "$SOCKIT" unix -l --timeout 50ms s </dev/null 2>err
	[ ! -e s ]
	exits 1 "$SOCKIT" unix -l --notify-fd 9 s </dev/null 2>err 9</dev/null
	says '--notify-fd 9: '
	[ ! -e s ]
	# A stdout that is gone.
	unix_listens -k s </dev/null 2>err > >(:)
	ended 0 "$LISTENER"
	[ ! -e s ]
}

@test "what is not ours any more is not removed" {
	# Another socket.
	unix_listens -k s </dev/null >out 2>err
	rm s
	foreign bind:unix:s stale
	before=$(ls -i s)
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(ls -i s)" = "$before" ]
	rm s
	# A file; nothing.
	unix_listens -k s </dev/null >out 2>err
	rm s
	echo precious >s
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(<s)" = precious ]
	rm s
	unix_listens -k s </dev/null >out 2>err
	rm s
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent
	# What was renamed goes on.
	unix_listens -k --echo s </dev/null >out 2>err
	mv s t
	[ "$(echo hello | within 10 "$SOCKIT" unix t)" = hello ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ -S t ]
}

@test "a directory that is not there, or where one may not write" {
	sockit unix -l none/s
	told 1 'sockit unix: unix:none/s: No such file or directory (ENOENT): its directory is not there'
	sockit unix none/s
	told 1 'sockit unix: unix:none/s: No such file or directory (ENOENT)'
	sockit unix none -w 1s
	told 1 'sockit unix: unix:none: No such file or directory (ENOENT)'
	[ "$(id -u)" != 0 ] || return 0
	mkdir d
	chmod 500 d
	sockit unix -l d/s
	told 1 'sockit unix: unix:d/s: Permission denied (EACCES)'
	chmod 700 d
}

### Long paths.

@test "a path over the limit, both ways, and named everywhere" {
	long_path 150
	local path
	for path in "$LONG/s" "$LONG/$(printf 'n%.0s' {1..200})"; do
		if [ "$(platform)" != linux ] && [ ${#path} -gt $((${#LONG} + 100)) ]; then
			continue
		fi
		unix_listens --json "$path" <"$(B)" >out 2>err
		[ "$NOTIFIED" = "unix $path" ]
		[ -S "$path" ]
		[ "$(ls -A "$LONG" | wc -l)" = 1 ]
		exits 0 "$SOCKIT" unix -v "$path" <"$(A)" >got 2>err2
		ended 0 "$LISTENER"
		same out "$(A)"
		same got "$(B)"
		grep -q "connected to unix:$path" err2
		[ "$(python3 -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err listening local.address)" = "$path" ]
		[ "$(python3 -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err accepted local.address)" = "$path" ]
		[ -z "$(ls -A "$LONG")" ]
	done
	path=$LONG/s
	# As a command sees it, as an ENDPOINT, and what goes wrong there.
	unix_listens "$path" </dev/null 2>err -e 'echo "$UNIXLOCALPATH"'
	[ "$(within 10 "$SOCKIT" connect -d "unix:$path")" = "$path" ]
	ended 0 "$LISTENER"
	unix_listens --echo -k "$path" </dev/null 2>err
	local far=$LISTENER
	unix_listens --forward "unix:$path" s </dev/null 2>err
	[ "$(echo hello | within 10 "$SOCKIT" unix s)" = hello ]
	ended 0 "$LISTENER"
	sockit unix -l "$path"
	told 1 "sockit unix: unix:$path: Address*in use (EADDRINUSE): *"
	kill -KILL "$far"
	status_of "$far"
	exits 1 "$SOCKIT" unix "$path" </dev/null 2>err
	says "unix:$path: Connection refused"
	unix_listens --echo "$path" </dev/null 2>err
	[ "$(echo hello | within 10 "$SOCKIT" unix "$path")" = hello ]
	ended 0 "$LISTENER"
	[ -z "$(ls -A "$LONG")" ]
	sockit unix "$LONG/none"
	told 1 "sockit unix: unix:$LONG/none: No such file or directory (ENOENT)"
	# The longest that fits, and the next.
	local n
	for n in 106 107 108 109; do
		path=$(printf 'x%.0s' $(seq $n))
		unix_listens --echo "$path" </dev/null 2>err
		[ "$(echo hello | within 10 "$SOCKIT" unix "./$path")" = hello ] || [ "$(platform)" != linux ]
		kill "$LISTENER" 2>/dev/null || :
		status_of "$LISTENER"
		[ ! -e "$path" ]
	done
}

### Breaches.

@test "a peer that is killed in the midst of what it takes: not 0" {
	spawn "${FOREIGN[@]}" bind:unix:s skip:100000
	exits 1 "$SOCKIT" unix --retry 10s --interval 10ms s <"$(A)" >got 2>err
	ended 0 "$PID"
	says "\\((ECONNRESET|EPIPE)\\)"
	rm s
	# And from the other side.
	unix_listens -i 10s s <"$(A)" >out 2>err
	foreign connect:unix:s skip:100000
	ended 1 "$LISTENER"
	says "\\((ECONNRESET|EPIPE)\\)"
}

@test "a backlog that is full: waited for, within -w" {
	mkfifo go
	"${FOREIGN[@]}" bind:unix:s full:ready close 3>&- <go &
	PEER=$!
	PIDS+=("$PEER")
	exec 7>go
	eventually [ -e ready ]
	exits 4 "$SOCKIT" unix -w 100ms s </dev/null 2>err 7>&-
	says "^sockit unix: unix:s: no answer within 100 ms \(-w\)$FULL\$"
	"$SOCKIT" unix -w 10s s </dev/null 2>err 3>&- 7>&- &
	PID=$!
	PIDS+=("$PID")
	pause 0.1
	runs "$PID"
	exec 7>&- # now it accepts
	ended 0 "$PID"
	ended 0 "$PEER"
}

### Options.

@test "what needs --listen, and what does not go with it" {
	local words all
	mapfile -t all < <(services | grep -v forward)
	for words in "${all[@]}" -k '-m 1' '--accept 1' '--stall 1' \
		'--mode 600' '--owner 0' '--backlog 1' '--user root' '--notify-fd 9'; do
		# shellcheck disable=SC2086 # words
		sockit unix $words s
		told 2 'sockit unix: --* needs --listen' || fault "$words"
	done
	[ ${#all[@]} -ge 5 ]
	refuses '--retry and --listen exclude each other' unix -l --retry 1s s
	refuses "unknown option '--ipv4'*" unix --ipv4 s
	refuses "unknown option '-p'" unix -p 1 s
	refuses "unknown option '--nodelay'*" unix --nodelay s
	refuses "unknown option '--allow'*" unix -l --allow 127.0.0.1 s
	refuses "--type: 'strean' is unknown: did you mean 'stream'?" unix --type strean s
	refuses '--frame is for messages and packets*' unix --frame line s
	refuses '--size is for messages and packets*' unix --size 5 s
	refuses "'unix:@'*" unix @
	refuses "'unix:': *" unix ''
	refuses '*--allow-uid*' listen --allow 127.0.0.1 unix:s
	refuses '*--allow-uid*' listen --deny 127.0.0.1 unix:s
	[ ! -e s ]
}

@test "the wrong type is told: EPROTOTYPE" {
	unix_listens s </dev/null >out 2>err
	exits 1 "$SOCKIT" unix --type seqpacket s </dev/null 2>err
	says '^sockit unix: unix:s: .*\(EPROTOTYPE\): (its type is stream: )?see sockit unix --type$'
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "--rcvbuf and --sndbuf, of what was accepted too" {
	needs ss iproute2
	unix_listens --sndbuf 70000 s </dev/null 2>err -- python3 -S -c '
import socket
print(socket.socket(fileno=0).getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF))'
	[ "$(within 10 "$SOCKIT" unix -d s)" = 140000 ]
	ended 0 "$LISTENER"
}

### Descriptors.

@test "--send-fd and --recv-fd" {
	echo contents >file
	unix_listens --recv-fd s </dev/null 2>err -e 'cat; cat <&3; ls /proc/self/fd | grep -c "^[4-9]"'
	echo hello | exits 0 "$SOCKIT" unix --send-fd 5 s 5<file >got 2>err2
	ended 0 "$LISTENER"
	[ "$(head -n 2 got)" = "$(printf 'hello\ncontents')" ]
	silent
	silent err2
	unix_listens --recv-fd --kill-after 10 s </dev/null 2>err -- sh -c 'cat; cat <&3'
	echo hello | exits 0 "$SOCKIT" unix --send-fd 5 s 5<file >got
	ended 0 "$LISTENER"
	[ "$(<got)" = "$(printf 'hello\ncontents')" ]
	# To a foreign program, with bytes that are all of the data.
	spawn "${FOREIGN[@]}" bind:unix:s save:- files:1 >out
	exits 0 "$SOCKIT" unix --retry 10s --interval 10ms --send-fd 5 s 5<file <"$(A)"
	ended 0 "$PID"
	same out <(cat "$(A)" file)
	# And from one, several at once, of which the first is taken.
	rm -f s
	unix_listens --recv-fd s </dev/null 2>err -e 'cat; cat <&3; ls -l /proc/self/fd >fds'
	echo other >file2
	foreign connect:unix:s give:file,file2 shutdown save:- readall <<<hello >got
	ended 0 "$LISTENER"
	[ "$(<got)" = "$(printf 'hello\ncontents')" ]
	run ! grep file2 fds
}

@test "--recv-fd: where the descriptor cannot be received no command is started" {
	needs strace strace
	strace -o /dev/null -e trace=recvmsg -e inject=recvmsg:error=ENOMEM:when=1 true 2>/dev/null ||
		skip 'this strace cannot inject'
	echo contents >file
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" spawn strace -f -qq -o /dev/null -e trace=recvmsg \
		-e inject=recvmsg:error=ENOMEM:when=1 "$SOCKIT" unix --listen --recv-fd s -e 'cat >ran' 2>err
	eventually test -S s
	echo hello | "$SOCKIT" unix --send-fd 5 s 5<file >got 2>err2 || :
	ended 1 "$PID"
	says '(Cannot allocate memory|Out of memory) \(ENOMEM\)$'
	[ ! -e ran ]
}

@test "--send-fd: to each client of a listener, through a relay, with a filter" {
	echo contents >file
	mkfifo in
	exec 7<>in
	unix_listens --accept 2 --send-fd 5 s 5<file 2>err <in 7>&-
	spawn "$SOCKIT" unix --recv-fd s -e 'cat >one; cat <&3 >>one' 7>&-
	local first=$PID
	spawn "$SOCKIT" unix --recv-fd s -e 'cat >two; cat <&3 >>two' 7>&-
	eventually [ ! -e s ] # both are there
	echo hello >&7
	exec 7>&-
	ended 0 "$LISTENER"
	ended 0 "$first"
	ended 0 "$PID"
	# The file's offset is shared: one has read it.
	[ "$(cat one two | sort)" = "$(printf 'contents\nhello\nhello')" ]
	unix_listens --recv-fd s </dev/null 2>err -e 'cat; cat <&3'
	printf 'a\nb\n' | exits 0 "$SOCKIT" unix -C --send-fd 5 s 5<file >got
	ended 0 "$LISTENER"
	[ "$(<got)" = "$(printf 'a\r\nb\r\ncontents')" ]
}

@test "--send-fd without a byte, 1; a descriptor that is not open, 1; --recv-fd without one" {
	unix_listens --recv-fd s </dev/null 2>err -e 'cat; if { cat <&3; } 2>/dev/null; then echo yes; else echo no; fi'
	exits 1 "$SOCKIT" unix --send-fd 5 s 5</dev/null </dev/null >got 2>err2
	says '^sockit unix: unix:s: --send-fd: not handed over: ' err2
	ended 0 "$LISTENER"
	[ "$(<got)" = no ]
	sockit unix --send-fd 77 s
	told 1 'sockit unix: --send-fd 77: Bad file descriptor (EBADF)'
	refuses '--recv-fd needs a command: *' unix --recv-fd s
	refuses "-x*" unix --send-fd -x s || refuses '--send-fd*' unix --send-fd x s
	refuses '--send-fd and --discard exclude each other' unix -l --discard --send-fd 5 s
}

@test "--send-fd to a peer that takes no descriptors: 1 at once, and what it had sent is there" {
	python3 -S -c 'import socket; socket.socket(socket.AF_UNIX).getsockopt(socket.SOL_SOCKET, 83)' 2>/dev/null ||
		skip 'this kernel has no SO_PASSRIGHTS'
	local type
	mkfifo go in
	exec 7<>in
	for type in stream seqpacket; do
		rm -f s
		counterpart type:$type norights bind:unix:s text:greeting go:go hold
		spawn "$SOCKIT" unix --retry 10s --type $type --send-fd 5 s 5</dev/null <in >got 2>err 7>&-
		local client=$PID
		: <go # it is sent
		echo hello >&7
		ended 1 "$client"
		[ "$(<err)" = 'sockit unix: unix:s: --send-fd: Operation not permitted (EPERM)' ]
		[ "$(<got)" = greeting ]
		kill "$PEER"
	done
}

# has_none PID: it has none of our files open.
has_none() {
	! ls -l "/proc/$1/fd" | grep -q "$PWD/file"
}

@test "--forward: descriptors go along, both ways, at their place in the stream, and none is left" {
	[ "$(uname)" = Linux ] || skip 'of Linux only'
	local type
	echo contents >file
	echo other >file2
	for type in stream seqpacket; do
		rm -f s t
		spawn "${FOREIGN[@]}" type:$type bind:unix:t bare:before came:file,with bare:between came:file2,again \
			along:file2,answer bare:last over
		local far=$PID
		eventually [ -S t ]
		unix_listens -k --type $type --forward unix:t s 2>err </dev/null
		foreign type:$type connect:unix:s text:before along:file,with text:between along:file2,again \
			came:file2,answer text:last
		ended 0 "$far"
		eventually has_none "$LISTENER"
		kill "$LISTENER"
		silent
	done
	# Among so much that it is spliced, and through a filter.
	rm -f s t
	spawn "${FOREIGN[@]}" bind:unix:t skip:3000000 came:file,with skip:3000000 bare:before came:file,again over
	far=$PID
	eventually [ -S t ]
	unix_listens -k --forward unix:t s 2>err </dev/null
	foreign connect:unix:s send:3000000 along:file,with send:3000000 text:before along:file,again
	ended 0 "$far"
	eventually has_none "$LISTENER"
	rm -f t s2
	spawn "${FOREIGN[@]}" bind:unix:t bare:before came:file,with over
	far=$PID
	eventually [ -S t ]
	unix_listens -x dump --forward unix:t s2 2>err </dev/null
	foreign connect:unix:s2 text:before along:file,with
	ended 0 "$far"
	ended 0 "$LISTENER"
	silent
}

@test "a send that fails, while the one who is to have it stays: said, and the end, at once" {
	needs_strace
	local words error where number far
	# Which send fails, to whom that was, and what the client does before it sees the end.
	while read -r error number where words; do
		rm -f s t
		spawn "${FOREIGN[@]}" bind:unix:t text:greeting hold
		far=$PID
		eventually [ -S t ]
		traced_listener sendto,sendmsg -e inject=sendto,sendmsg:error=$error:when=$number \
			"$SOCKIT" unix --listen --notify-fd 9 --forward unix:t s 2>err </dev/null
		foreign connect:unix:s $words gone
		ended 1 "$LISTENER"
		says "^sockit unix: unix:$where: .* \\($error\\)\$"
		kill "$far"
	done <<-'END'
		ENOBUFS 1 .* hear
		ENOBUFS 2 t has:greeting text:lost
		EMSGSIZE 2 t has:greeting text:lost
	END
}

@test "--forward: descriptors that cannot go along are told, once, and what they came with arrives" {
	[ "$(uname)" = Linux ] || skip 'of Linux only'
	echo contents >file
	counterpart has:withagain over text:answer close
	unix_listens --forward "127.0.0.1:$PORT" s 2>err </dev/null
	foreign connect:unix:s along:file,with along:file,again shutdown has:answer over
	ended 0 "$PEER"
	ended 0 "$LISTENER"
	says '^sockit unix: unix:.*: descriptors that came along are dropped: only a UNIX socket takes them$'
	counterpart gone
	unix_listens --json --forward "127.0.0.1:$PORT" s2 2>err </dev/null
	foreign connect:unix:s2 along:file,with shutdown gone
	ended 0 "$LISTENER"
	[ "$(python3 -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err descriptors_dropped peer.family)" = unix ]
	# No room for so many.
	rm -f s
	spawn "${FOREIGN[@]}" bind:unix:t gone
	local far=$PID
	eventually [ -S t ]
	served_by sh -c 'ulimit -n 16; exec "$@"' sh "$SOCKIT" unix --listen --notify-fd 9 --forward unix:t s 2>err </dev/null
	foreign connect:unix:s give:file,file,file,file,file,file,file,file,file,file,file,file gone <<<x
	ended 1 "$LISTENER"
	says '^sockit unix: .*: (Too many open files|No file descriptors available) [(]EMFILE[)]$'
	ended 0 "$far"
}

@test "--forward: tmux through it" {
	needs tmux tmux
	needs script bsdutils
	[ "$(uname)" = Linux ] || skip 'of Linux only'
	TMUX='' exits 0 tmux -S t -f /dev/null new-session -d 'exec cat'
	unix_listens --forward unix:t s 2>err </dev/null
	TMUX='' TERM=xterm exits 0 script -qec 'tmux -S s attach \; detach' screen </dev/null >/dev/null
	exits 0 tmux -S t kill-server
	grep -q detached screen
	ended 0 "$LISTENER"
	silent
}

# shown NAME: the name of what listens there, as sockname shows it.
shown() {
	"$SOCKIT" sockname --listening --protocol unix "unix:$1" | cut -f 2
}

@test "abstract names with NULs and other bytes: as they are shown they are taken" {
	[ "$(platform)" = linux ] || skip 'of Linux only'
	local id=sockit-$$-$BATS_TEST_NUMBER name
	for name in "@$id"'\0b\x01\xff\\c\0' "@$id"'\0*' "@$id"'\0\x2a' '@\0'"$id" "@$id-ä"; do
		unix_listens "$name" </dev/null >out 2>err -- echo served
		[ "$NOTIFIED" = "unix $name" ]
		[ "$(shown "$name")" = "$name" ]
		exits 0 "$SOCKIT" connect -v "unix:$name" </dev/null >got 2>err2
		[ "$(<got)" = served ]
		grep -qF "connected to unix:$name (pid" err2
		ended 0 "$LISTENER"
	done
	# A foreign one, padded to the full length.
	spawn python3 -S -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(("\0" + sys.argv[1]).ljust(108, "\0"))
s.listen()
s.accept()[0].sendall(b"there")' "$id-f"
	exits 0 "$SOCKIT" unix -d --retry 10s --interval 10ms "@$id-f"'\0*' >got 2>err
	ended 0 "$PID"
	[ "$(<got)" = there ]
	refuses '*: a backslash stands before 0, n, r, t, * or xHH' unix '@a\q'
	refuses '*: a backslash stands before *' connect 'unix:@a\x0'
	refuses '*: the name is empty or longer *' connect 'unix:@\0*'
	refuses '*: the name is empty or longer *' unix '@\0'"$(printf '%0107d' 1)"
}

@test "abstract names: haproxy's abns@ on both sides" {
	[ "$(uname)" = Linux ] || skip 'of Linux only'
	needs haproxy haproxy
	local id=sockit-$$-$BATS_TEST_NUMBER
	printf '%s\n' 'defaults' ' mode tcp' ' timeout connect 5s' ' timeout client 9s' ' timeout server 9s' \
		'listen both' " bind abns@$id-in" " server s abns@$id-out" >haproxy.cfg
	unix_listens "@$id-out"'\0*' --echo </dev/null 2>err
	haproxy -db -f haproxy.cfg >haproxy.out 2>&1 3>&- &
	PIDS+=("$!")
	echo hello | exits 0 "$SOCKIT" unix --retry 10s --interval 10ms "@$id-in"'\0*' >got 2>err2
	[ "$(<got)" = hello ]
	ended 0 "$LISTENER"
	[ "$(platform)" != linux ] || [ "$(shown "@$id-in"'\0*')" = "@$id-in"'\0*' ]
}

### vsock.

@test "vsock:CID:PORT: what is none; what listens says where" {
	local word
	if [ "$(platform)" != linux ]; then
		refuses "'vsock:1:2': this system has no vsock sockets" connect vsock:1:2
		refuses "'vsock:1:2': this system has no vsock sockets" listen vsock:1:2
		return
	fi
	for word in vsock: vsock:: vsock:1 vsock:1: vsock::1 vsock:x:1 vsock:1:x vsock:-1:1 vsock:1:4294967295 \
		vsock:4294967296:1 vsock:1:2:3; do
		refuses "'$word' is not vsock:CID:PORT*" connect "$word"
		refuses "'$word' is not vsock:CID:PORT*" listen "$word"
	done
	python3 -c 'import socket; socket.socket(socket.AF_VSOCK).bind((-1 & 0xffffffff, -1 & 0xffffffff))' 2>/dev/null ||
		skip 'no vsock here'
	served_by "$SOCKIT" listen --notify-fd 9 -w 100ms vsock:any:0 </dev/null >out 2>err
	[[ $NOTIFIED =~ ^'vsock:any '[1-9][0-9]*$ ]]
	ended 4 "$LISTENER"
	grep -qx "sockit listen: listening on vsock:any port $PORT" err
	grep -qx "sockit listen: vsock:any port $PORT: no client within 100 ms (-w)" err
	exits 4 "$SOCKIT" listen --json -w 10ms vsock:any:0 </dev/null 2>err
	[ "$(python3 -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err listening local.family local.address)" = 'vsock any' ]
	# Every machine that we are: a proxy is open to all others then.
	exits 2 "$SOCKIT" listen --proxy-server http -w 10ms vsock:any:0 </dev/null 2>err
	says '^sockit listen: a proxy on every address of this machine is open to everybody: '
	exits 4 "$SOCKIT" listen --proxy-server http --proxy-auth me:secret -w 10ms vsock:any:0 </dev/null 2>err
}
