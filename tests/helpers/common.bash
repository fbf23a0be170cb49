# Loaded by every bats file: load helpers/common
#
# $SOCKIT is the program. Background jobs close descriptor 3, which belongs to bats; nothing waits
# by sleeping: a listener tells its port through a FIFO (--notify-fd).

bats_require_minimum_version 1.8.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	PIDS=()
}

# Whatever a test has left running goes with it.
teardown() {
	local pid
	for pid in "${PIDS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait
}

# background COMMAND [ARG...]: runs it; its pid is in $! and $PID. Redirections are the caller's.
# Use: background "$SOCKIT" connect ... <in >out 2>err
background() {
	"$@" 3>&- &
	PID=$!
	PIDS+=("$PID")
}

# listen [ARG...]: starts sockit listen with ARGs (give an address and port 0) in the background and
# waits until it is ready; its port is in $PORT, its address in $ADDR, its pid in $LISTENER. Takes
# stdin, stdout and stderr from the caller: listen 127.0.0.1 0 <in >out 2>err
listen() {
	start_notified "$SOCKIT" listen "$@"
	LISTENER=$PID
}

# start_notified COMMAND [ARG...]: runs COMMAND with descriptor 9 as --notify-fd in the background,
# and waits for its first line `ADDRESS PORT`. All lines are in $NOTIFIED.
start_notified() {
	local fifo="$BATS_TEST_TMPDIR/notify.$((++NOTIFIERS))"
	mkfifo "$fifo"
	"$1" "$2" --notify-fd 9 "${@:3}" 9>"$fifo" 3>&- &
	PID=$!
	PIDS+=("$PID")
	NOTIFIED=$(cat "$fifo")
	read -r ADDR PORT <<<"$NOTIFIED"
}

# status_of PID: waits for the background job PID; its exit status is in $STATUS (128+N for signal
# N). Never fails.
status_of() {
	STATUS=0
	wait "$1" || STATUS=$?
}

# peer SCRIPT [ARG...]: runs tests/helpers/SCRIPT.py in the background as a foreign counterpart; it
# prints its port as the first line of its stdout, then what else it has to say. $PORT is the port,
# $PEER its pid, the rest of its output is in the file peer.out.
peer() {
	local fifo="$BATS_TEST_TMPDIR/peer.$((++NOTIFIERS))"
	mkfifo "$fifo"
	python3 "$BATS_TEST_DIRNAME/helpers/$1.py" "${@:2}" >"$fifo" 3>&- &
	PEER=$!
	PIDS+=("$PEER")
	exec 8<"$fifo"
	read -r PORT <&8
	cat <&8 >peer.out 3>&- &
	PIDS+=("$!")
	exec 8<&-
}

# random_file FILE SIZE: SIZE (as of head -c) random bytes.
random_file() {
	head -c "$2" /dev/urandom >"$1"
}

# same FILE FILE: are they equal, byte for byte?
same() {
	local a b
	a=$(sha256sum <"$1") && b=$(sha256sum <"$2") && [ "$a" = "$b" ]
}

# needs COMMAND PACKAGE: skips the test where COMMAND is missing.
needs() {
	command -v "$1" >/dev/null || skip "$1 is missing: package $2"
}

# eventually COMMAND [ARG...]: repeats it until it succeeds, for at most ten seconds.
eventually() {
	local i
	for ((i = 0; i < 1000; i++)); do
		"$@" && return
		read -rt 0.01 <> <(:) || :
	done
	return 1
}

# within SECONDS COMMAND [ARG...]: runs it, and fails where it takes longer (status 124).
within() {
	timeout -s KILL "$@"
}

# flags FD_LINK: the file status flags of an open descriptor, as /proc shows them:
# flags PID FD
flags() {
	sed -n 's/^flags:\t*//p' "/proc/$1/fdinfo/$2"
}
