#!/usr/bin/env bats
# What a run gives up once it is set up, by seccomp and Landlock.

load helpers/common
load helpers/private
load helpers/words
load helpers/networks

# sandboxed: skips the test where nothing is given up.
sandboxed() {
	[ "$(platform)" = linux ] || skip 'on Linux only'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'under a tool that has system calls of its own'
}

# status_has PID NoNewPrivs Seccomp: as the kernel says.
status_has() {
	[ "$(awk '/^(NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$1/status")" = "$2 $3 " ]
}

# allowed: what nobody minds of what was tried.
allowed() {
	awk '$2 != 1 && $2 != 13 && $1 != "done" { printf "%s%s", between, $1; between = " " }' elsewhere/copy.told
}

# tries COMMAND...: begins to run it, which is to be closed in soon, and has it try one thing of each kind: what nobody
# minds is in $TRIED, in the order of helpers/trespass.c. It runs on as $PID. Where nothing can be preloaded it tries
# nothing, and $PRELOADED is empty.
tries() {
	PRELOADED=()
	! preloadable || preload trespass
	mkdir -p elsewhere
	echo something >elsewhere/copy
	rm -f elsewhere/copy.told err
	: >err
	TRESPASS=$PWD/elsewhere/copy spawn "${PRELOADED[@]}" "$@" 2>err
	eventually grep -q 'closed in' err
	grep -q ' closed in: ' err || skip "here it is $(grep -o '[a-z]* closed in.*' err)"
	status_has "$PID" 1 2
	[ ${#PRELOADED[@]} -gt 0 ] || return 0
	kill -USR2 "$PID"
	eventually grep -q '^done' elsewhere/copy.told
	TRIED=$(allowed)
}

# may WHAT COMMAND...: that is all that COMMAND may still do. It is ended.
may() {
	tries "${@:2}"
	[ ${#PRELOADED[@]} = 0 ] || [ "$TRIED" = "$1" ] || {
		echo "${*:2}: may do: $TRIED; is to: $1"
		cat elsewhere/copy.told err
		return 1
	}
	kill "$PID"
	status_of "$PID"
}

# To look names up; and to connect to any port too.
NAMES='read socket bind connect code'
ANYWHERE='read socket bind connect port code'

@test "what is refused, for each processor, in a filter that costs plain calls no run of it" {
	checks base/confine_filter
}

@test "what serves by itself keeps nothing but what it has" {
	sandboxed
	local words
	for words in --echo --discard --broker --chat '' '--allow 127.0.0.0/8' '--wire-frame line' '--rate 1m'; do
		# shellcheck disable=SC2086 # words
		may '' "$SOCKIT" listen -vvk $words 127.0.0.1 0 </dev/null >out
	done
	may '' "$SOCKIT" udp-recv -vv 127.0.0.1 0 >out
	may '' "$SOCKIT" udp-recv -vv --echo 127.0.0.1 0
}

@test "what goes to names later keeps looking them up, and connecting" {
	sandboxed
	echo 127.0.0.1 >list
	local words
	for words in '--forward localhost:1' '--forward localhost:1 --proxy http://127.0.0.1:2' '--allow-file list'; do
		# shellcheck disable=SC2086 # words
		may "$NAMES" "$SOCKIT" listen -vvk $words 127.0.0.1 0 </dev/null >out
	done
	may "$ANYWHERE" "$SOCKIT" listen -vvk --proxy-server socks5 --allow 127.0.0.1 127.0.0.1 0
	may "$ANYWHERE" "$SOCKIT" listen -vvk --forward localhost:9 127.0.0.1 0
	may "$NAMES" "$SOCKIT" udp-recv -vv --forward localhost:1 127.0.0.1 0
	may "$NAMES" "$SOCKIT" udp-recv -vv --deny-file list 127.0.0.1 0
}

@test "a single connection is closed in when it is there, whoever has made it" {
	sandboxed
	local port
	counterpart readall
	port=$PORT
	mkfifo in
	exec 6<>in
	may '' "$SOCKIT" connect -vv 127.0.0.1 "$port" <&6 >out
	counterpart readall
	may '' "$SOCKIT" connect -vv --retry 5s localhost "$PORT" <&6 >out
	# Of two that are joined each has its own.
	counterpart readall
	spawn "$SOCKIT" listen -vv --notify-fd 9 127.0.0.1 0 <&6 >out 9>ready 2>listener.err
	LISTENER=$PID
	eventually [ -s ready ]
	read -r _ port <ready
	status_has "$LISTENER" 0 0
	spawn "$SOCKIT" connect --no-shutdown 127.0.0.1 "$port" <&6
	eventually grep -q ' closed in: ' listener.err
	status_has "$LISTENER" 1 2
}

@test "what asks keeps sockets and look-ups" {
	sandboxed
	datagram_peer pause:60
	mkfifo in
	exec 6<>in
	may "$NAMES" "$SOCKIT" udp-send -vv -w 20 --replies 1 127.0.0.1 "$PORT" <&6 >out
	may "$ANYWHERE" "$SOCKIT" sockname -vv --watch --listening >out
	may "$ANYWHERE" "$SOCKIT" resolve -vv --server "127.0.0.1:$PORT" -w 20 --record A name.test >out
	may "$ANYWHERE" "$SOCKIT" connect -vv --ping 127.0.0.1 "$PORT" >out
}

# may_at_end WHAT COMMAND...: the same of one that ends by itself.
may_at_end() {
	preload trespass
	mkdir -p elsewhere
	echo something >elsewhere/copy
	rm -f elsewhere/copy.told
	TRESPASS=$PWD/elsewhere/copy within 20 "${PRELOADED[@]}" "${@:2}" >out 2>err </dev/null || :
	grep -q ' closed in: ' err || skip "here it is $(grep -o '[a-z]* closed in.*' err)"
	allowed >tried
	[ "$(<tried)" = "$1" ] || {
		echo "${*:2}: may do: $(<tried); is to: $1"
		cat elsewhere/copy.told err
		return 1
	}
}

@test "what asks and ends: neither programs nor files are left to it" {
	sandboxed
	counterpart accept:8 readall
	may_at_end "$ANYWHERE" "$SOCKIT" servinfo -vv ssh
	may_at_end "$ANYWHERE" "$SOCKIT" resolve -vv localhost
	may_at_end "$ANYWHERE" "$SOCKIT" sockname -vv --listening
	may_at_end "$ANYWHERE" "$SOCKIT" connect -vvz 127.0.0.1 "$PORT"
	may_at_end "$ANYWHERE" "$SOCKIT" connect -vv --trace -n 127.0.0.1 "$PORT"
	may_at_end "$ANYWHERE" "$SOCKIT" connect -vv --mtu 127.0.0.1 "$PORT"
}

@test "broadcast, which asks too" {
	sandboxed
	two_networks
	mkfifo in
	exec 6<>in
	spawn "$SOCKIT" broadcast -vv 9 <&6 >out 2>err
	eventually grep -q 'closed in' err
	grep -q ' closed in: ' err || skip "here it is $(grep -o '[a-z]* closed in.*' err)"
	status_has "$PID" 1 2
}

@test "the file of a UNIX socket is removed at the end, and no other" {
	sandboxed
	mkdir here
	tries "$SOCKIT" unix -vvkl --echo here/socket
	if [ ${#PRELOADED[@]} -gt 0 ]; then
		[ "$TRIED" = '' ]
		grep -q '^unlink 13' elsewhere/copy.told
	fi
	kill "$PID"
	status_of "$PID"
	[ ! -e here/socket ]
	[ -e elsewhere/copy ]
	# Datagrams have names of their own.
	tries "$SOCKIT" unix -vvl --type dgram here/datagrams
	kill "$PID"
	status_of "$PID"
	[ ! -e here/datagrams ]
}

@test "a command is started with all that there is, setuid too" {
	sandboxed
	needs setpriv util-linux
	[ "$(id -u)" = 0 ] || skip 'root alone can make a setuid program'
	cp "$(command -v id)" ./id
	chmod 4755 id
	chmod a+rx . ..
	setpriv --reuid 65534 --clear-groups ./id -u >user 2>/dev/null
	[ "$(<user)" = 0 ] || skip 'this folder has no setuid programs'
	spawn setpriv --reuid 65534 --clear-groups "$SOCKIT" listen -vv --notify-fd 9 127.0.0.1 0 -- ./id -u 9>ready 2>err
	eventually [ -s ready ]
	read -r _ PORT <ready
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >out
	[ "$(<out)" = 0 ]
	grep -q 'not closed in: it may start a program' err
}

@test "--no-sandbox, and who does not let it: all goes on" {
	sandboxed
	local how
	peer who 127.0.0.1 'answer:there
'
	exits 0 "$SOCKIT" connect --no-sandbox -vv 127.0.0.1 "$PORT" <<<hello >out 2>err
	grep -q 'not closed in: --no-sandbox$' err
	spawn "$SOCKIT" listen --no-sandbox --echo -k --notify-fd 9 127.0.0.1 0 9>ready 2>err
	eventually [ -s ready ]
	status_has "$PID" 0 0
	needs_injection
	for how in 'prctl:EPERM:the system does not let it' 'seccomp:EINVAL:closed in, but no seccomp' \
		'landlock_create_ruleset:ENOSYS:closed in, but no Landlock' \
		'seccomp,landlock_create_ruleset:ENOSYS:not closed in: neither seccomp nor Landlock'; do
		peer who 127.0.0.1 'answer:there
'
		IFS=: read -r calls error words <<<"$how"
		exits 0 strace -o trace -e "trace=$calls" -e "inject=$calls:error=$error" \
			"$SOCKIT" connect -vv 127.0.0.1 "$PORT" <<<hello >out 2>err
		[ "$(<out)" = there ]
		grep -qF "$words" err
	done
}
