#!/usr/bin/env bats
# What happens where the system has no memory, no thread or no poll(2) for the program.

# shellcheck disable=SC2034 # for the helpers

load helpers/common
load helpers/words
load helpers/private

# each WORD..., clients WORD...: as memory.py has it.
each() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/memory.py" each "$@"
}
clients() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/memory.py" clients "$@"
}

@test "no memory: no command without every port probed" {
	preload malloc_fail
	: >in
	local port
	port=$(free_port)
	each '' "$SOCKIT" connect -nz 127.0.0.1 "$port" -- echo STARTED
	serve -nk --discard 127.0.0.1 0 2>listen.err
	each "$PORT/tcp open\n" "$SOCKIT" connect -nz 127.0.0.1 "$PORT"
	each '' "$SOCKIT" connect -nz --closed 127.0.0.1 "$PORT" -- echo STARTED
}

@test "no memory: what is not sent is no success" {
	preload malloc_fail
	echo hello >in
	serve -nk --echo 127.0.0.1 0 2>listen.err
	each 'hello\n' "$SOCKIT" connect -n 127.0.0.1 "$PORT"
	each 'hello\n' "$SOCKIT" connect -n -o copy --progress 127.0.0.1 "$PORT"
	"$SOCKIT" unix -lk --echo --notify-fd 9 sock 9>ready 2>unix.err 3>&- &
	started
	eventually [ -s ready ]
	each 'hello\n' "$SOCKIT" unix sock
	served_by "$SOCKIT" udp-recv --notify-fd 9 -n --echo 127.0.0.1 0 2>udp.err
	each 'hello\n' "$SOCKIT" udp-send -n --frame line --replies 1 -w 2 127.0.0.1 "$PORT"
}

@test "no memory: no part of a message without the rest" {
	preload malloc_fail
	local line
	# The second begins where there is room for its mark alone.
	line=$(printf %0700d 0)
	printf '%s\n' "$line" "$line" >in
	serve -nk --echo 127.0.0.1 0 2>listen.err
	each "$line\n$line\n" "$SOCKIT" connect -n --wire-frame varint 127.0.0.1 "$PORT"
}

@test "no memory: each end has a message" {
	preload malloc_fail
	: >in
	each '' "$SOCKIT" listen -n -w 0.01 127.0.0.1 0
	each '' "$SOCKIT" udp-recv -n -w 0.01 127.0.0.1 0
	each '' "$SOCKIT" udp-send -n 127.0.0.1 "$(free_port)"
}

@test "no memory for a client: that is said, and the others are served" {
	preload malloc_fail
	local listen=("$SOCKIT" listen -nk 127.0.0.1 0) port
	serve -nk --echo 127.0.0.1 0 2>echo.err
	clients 9 'hello\n' hello "${listen[@]}" --echo
	clients 9 'hello\n' hello "${listen[@]}" --broker
	clients 3 'hello\n' hello "${listen[@]}" --forward "127.0.0.1:$PORT"
	clients 3 "CONNECT 127.0.0.1:$PORT HTTP/1.1\r\n\r\n" 'HTTP/1.1 200' "${listen[@]}" --proxy-server http
	printf -v port '\\x%02x\\x%02x' $((PORT >> 8)) $((PORT & 255))
	clients 3 "\x04\x01$port\x7f\0\0\x01\0" '\0\x5a' "${listen[@]}" --proxy-server socks5
}

@test "no memory for a client who holds the only place: the next one has it" {
	preload malloc_fail
	python3 -S "$BATS_TEST_DIRNAME/helpers/memory.py" late 'PROXY UNKNOWN\r\nhello\n' 'hello\n' \
		"$SOCKIT" listen -nk --echo --max-conns 1 --accept-proxy 127.0.0.1 127.0.0.1 0
}

# injects CALL ERROR WHEN COMMAND...: these calls of COMMAND fail.
injects() {
	local strace=(strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=$2$3")
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of this build strace tells other things'
	needs strace strace
	"${strace[@]}" true 2>/dev/null || skip 'this strace cannot inject'
	within 10 "${strace[@]}" "${@:4}" 3>&-
}

@test "no thread for a look-up that waits: it has failed" {
	STATUS=0
	injects clone,clone3 EAGAIN :when=2+ "$SOCKIT" resolve localhost LOCALHOST Localhost >out 2>err || STATUS=$?
	status_is 3
	grep -q '^localhost	' out
	says '^sockit resolve: LOCALHOST: Resource temporarily unavailable \(EAGAIN\) \(EAI_SYSTEM\)$' <(sed 1q err)
	says '^sockit resolve: Localhost: Resource temporarily unavailable' <(sed 1d err)
	STATUS=0
	injects clone,clone3 EAGAIN :when=2+ "$SOCKIT" connect -z localhost LOCALHOST Localhost 1 2>err || STATUS=$?
	grep -q 'host LOCALHOST: Resource' err
	grep -q 'host Localhost: Resource' err
	# Nor is a name gone that could not be looked up.
	STATUS=0
	injects clone,clone3 EAGAIN '' "$SOCKIT" connect -z --closed --retry 50ms localhost 1 -- echo STARTED >out 2>err || STATUS=$?
	status_is 4
	silent out
	says '^sockit connect: 1 of 1 port not known to be closed within 50 ms \(--retry\): localhost: Resource'
}

@test "no poll(2): that is said" {
	local word port
	port=$(free_port)
	for word in "connect -n 127.0.0.1 $port" "connect -nz 127.0.0.1 $port" "udp-recv -n 127.0.0.1 0" \
		'resolve localhost'; do
		STATUS=0
		# shellcheck disable=SC2086 # words
		injects '?poll,?ppoll' EPERM '' "$SOCKIT" $word >out 2>err || STATUS=$?
		status_is 1
		silent out
		grep -q '^sockit [a-z-]*: poll: Operation not permitted (EPERM)$' err
	done
}

@test "no memory: no part of a report for all of it" {
	preload malloc_fail
	needs unshare util-linux
	unshare -rn true 2>/dev/null || skip 'unshare -rn is not permitted'
	# Of the program alone: where glibc has none it may say that there is no such name.
	export MALLOC_OWN=1
	: >in
	local words
	while read -ra words; do
		each - "$SOCKIT" "${words[@]}" || { echo "${words[@]}" && return 1; }
	done <<-'END'
		resolve -a localhost
		resolve 127.0.0.1
		resolve --forward-confirm 127.0.0.1
		servinfo http
	END
	peer nameserver port:0 zone
	each - "$SOCKIT" resolve --server "127.0.0.1:$PORT" -a ok.test
	[ "$(platform)" = linux ] || return 0
	# What there is here alone does not change meanwhile.
	# shellcheck disable=SC2016 # for that shell
	unshare -rn "$BASH" -ec '
		memory=$1 sockit=$2
		ip link set lo up
		"$sockit" listen -nk --discard --notify-fd 9 127.0.0.1 7001 9>ready 2>listen.err </dev/null &
		listener=$!
		until [ -s ready ]; do read -rt 0.01 <> <(:) || :; done
		for words in "--listening" "--interfaces --json"; do
			python3 -S "$memory" each - "$sockit" sockname $words || { echo "$words" && status=1; }
		done
		kill $listener
		exit ${status-0}' - "$BATS_TEST_DIRNAME/helpers/memory.py" "$SOCKIT" 3>&-
}
