# What every bats file loads: load helpers/common
#
# $SOCKIT is the program. Background jobs close descriptor 3, which belongs to bats; nothing waits
# by sleeping: a listener tells its port through a FIFO (--notify-fd).
#
# Running the program
#     exits STATUS COMMAND...         in the foreground; must end with STATUS
#     spawn COMMAND..., started       in the background: $PID
#     serve, served_by                a listener in the background: $ADDR, $PORT, $LISTENER, $NOTIFIED
#     "$PARENT" WORD... -- COMMAND... on descriptors of any kind: parent.py
#     ended STATUS PID                the background job must end with STATUS
#     status_of PID, status_is N      its exit status in $STATUS; is that N?
#     runs PID, cpu PID               has it not ended? how much processor time has it taken?
# The other side
#     counterpart WORD...             peer.py in the background: $PORT, $PEER, peer.out
#     datagram_peer [WORD]...         the same by UDP
#     counterpart_ended [FILE [ERR]]  it has ended, and read what is in FILE
#     foreign WORD..., "${FOREIGN[@]}" WORD...   peer.py in the foreground
#     peer SCRIPT [ARG...], peer_by   any other helper in the background: $PORT, $PEER, peer.out
#     listening_port PID              the port of a foreign listener: $PORT
#     free_port [N]                   ports that nobody has
# What was said, and data
#     silent [FILE], says REGEX [FILE]    nothing; one line
#     printed STATUS TEXT                 the listener has ended, and what it printed
#     same FILE FILE, has_at_least FILE SIZE
#     random_file FILE SIZE, bytes DIGITS, pattern N
# Time
#     eventually COMMAND...           repeats it until it succeeds
#     within SECONDS COMMAND..., pause SECONDS, milliseconds
#     timed COMMAND...                how long it takes: $TOOK
#     at_best MS COMMAND...           what COMMAND says in $TOOK is less, beside other work too
# Else
#     needs COMMAND PACKAGE           skips the test where COMMAND is missing
#     find_python                     $PYTHON, to be started often
#     checks UNIT                     runs helpers/check_*.c with that unit of src/
#
# More: words.bash (the program run with words alone, and its one line of stderr), files.bash (files of
# random bytes), services.bash (what listen serves by itself), private.bash and networks.bash (networks of our
# own), proxies.bash, ssh.bash, manual.bash.

bats_require_minimum_version 1.8.0

# Bats notes each command before it runs, to name the line that has failed: a fifth of what the suite costs the
# processor, of which most is for the helpers. A fault in one of these is that of the line which has called it.
setup() {
	local debug
	debug=$(trap -p DEBUG)
	eval "${debug/"-- '"/"-- '[[ \$BASH_SOURCE == */helpers/* ]] || "}"
	cd "$BATS_TEST_TMPDIR" || return 1
	PIDS=()
}

# Whatever a test has left running goes with it, and what that has started.
teardown() {
	local pid
	disown -a # else bash tells of each one's death
	for pid in "${PIDS[@]}"; do
		kill_tree "$pid"
	done
}

# kill_tree PID: kills it and all that descend from it. A function in the background is a shell, whose child is what
# it runs. -PID: a process group.
kill_tree() {
	local child children=
	{ read -r children <"/proc/$1/task/$1/children"; } 2>/dev/null || :
	kill -KILL -- "$1" 2>/dev/null || :
	for child in $children; do
		kill_tree "$child"
	done
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
	peer_by python3 -S "$BATS_TEST_DIRNAME/helpers/$1.py" "${@:2}"
}
# peer_by COMMAND [ARG...]: the same for any COMMAND.
peer_by() {
	local fifo="$BATS_TEST_TMPDIR/peer.$((++NOTIFIERS))"
	mkfifo "$fifo"
	"$@" >"$fifo" 3>&- &
	PEER=$!
	PIDS+=("$PEER")
	exec 8<"$fifo"
	read -r PORT <&8
	cat <&8 >peer.out 3>&- &
	PEER_OUTPUT=$!
	PIDS+=("$PEER_OUTPUT")
	exec 8<&-
}
output_ended() {
	[ ! "${PEER_OUTPUT-}" ] || ! runs "$PEER_OUTPUT"
}

# random_file FILE SIZE: SIZE (as of head -c) random bytes.
random_file() {
	head -c "$2" /dev/urandom >"$1"
}

# bytes DIGITS: the bytes that these are in hexadecimal.
bytes() {
	# shellcheck disable=SC2001,SC2059 # it is one
	printf "$(sed 's/../\\x&/g' <<<"$1")"
}

# pattern N: the N bytes that peer.py's `send` sends.
pattern() {
	python3 -S -c 'import sys
n = int(sys.argv[1])
sys.stdout.buffer.write((bytes(range(251)) * (n // 251 + 1))[:n])' "$1"
}

# same FILE FILE: are they equal, byte for byte?
same() {
	local a b
	a=$(sha256sum <"$1") && b=$(sha256sum <"$2") && [ "$a" = "$b" ]
}

# free_port [N]: a port that nobody has, by TCP or UDP, in either family, that no outgoing connection
# takes, and that no other test is given; N different ones, a line each.
free_port() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/free_port.py" "${FREE_PORTS:-$BATS_RUN_TMPDIR/ports}" "${1-1}"
}

# has_at_least FILE SIZE
has_at_least() {
	[ "$(($(wc -c <"$1")))" -ge "$2" ]
}

# needs COMMAND PACKAGE: skips the test where COMMAND is missing.
needs() {
	command -v "$1" >/dev/null || skip "$1 is missing: package $2"
}

# checks FOLDER/NAME: compiles helpers/check_NAME.c with src/FOLDER/NAME.c, and runs it.
checks() {
	local cc=${CC:-cc} src=$BATS_TEST_DIRNAME/../src
	command -v "${cc%% *}" >/dev/null || skip "no compiler $cc"
	# shellcheck disable=SC2086 # words
	$cc -std=c11 -I"$src" -o check "$BATS_TEST_DIRNAME/helpers/check_${1##*/}.c" "$src/$1.c" && ./check
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

# pause SECONDS: lets time pass, for what may or may not happen meanwhile; never to wait for
# something to be ready.
pause() {
	[ "${NOTHING-}" ] || exec {NOTHING}<> <(:)
	read -rt "$1" <&"$NOTHING" || :
}

# exits STATUS COMMAND [ARG...]: runs COMMAND, which must end with STATUS within 20 seconds.
# Redirections are the caller's; where it ends otherwise the file err is shown.
exits() {
	STATUS=0
	within 20 "${@:2}" 3>&- || STATUS=$?
	status_is "$1"
}

# ended STATUS PID: the background job PID must end with STATUS within 20 seconds.
ended() {
	local i
	for ((i = 0; i < 2000; i++)); do
		runs "$2" || break
		pause 0.01
	done
	[ $i -lt 2000 ] || kill -KILL "$2" || :
	status_of "$2"
	# What a peer has printed shall be in peer.out then.
	[ "$2" != "${PEER-}" ] || eventually output_ended || :
	status_is "$1"
}

# runs PID: it has not ended. kill -0 would not tell it from a job that bash has still to wait for.
runs() {
	local line
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null && [[ ${line##*) } != [ZX]* ]]
}

# status_is STATUS: is that what $STATUS says?
status_is() {
	[ "$STATUS" = "$1" ] && return
	# stdout and stderr may be those of the command.
	echo "# status $STATUS, not $1" >&3
	[ ! -s err ] || head -n 20 err | sed 's/^/# /' >&3
	return 1
}

# printed STATUS TEXT: the listener ends so, and has printed just that into the file out (without the last newlines).
printed() {
	ended "$1" "$LISTENER" || return
	[ "$(<out)" = "$2" ] && return
	cat -A out
	return 1
}

# silent [FILE]: is it empty? Without FILE, err: nothing was said.
silent() {
	[ ! -s "${1-err}" ] && return
	head -c 2000 "${1-err}"
	return 1
}

# says REGEX [FILE]: is FILE (err) one line, and does it match REGEX?
says() {
	local lines
	mapfile -t lines <"${2-err}"
	[ ${#lines[@]} = 1 ] && [[ ${lines[0]} =~ $1 ]] && return
	printf '%s\n' "not one line with $1:" "${lines[@]:0:10}"
	return 1
}

# What says expects of a listener that has nothing to say but its port.
LISTENING='^sockit listen: listening on 127\.0\.0\.1 port [0-9]+$'

# find_python: $PYTHON is the interpreter itself, to be started often, or within a name space; it needs nothing but the
# standard library.
find_python() {
	PYTHON=$(python3 -c 'import sys; print(sys.executable)')
	export PYTHON
}

# "${FOREIGN[@]}" WORD...: peer.py plays WORDs, of which it has an index.
FOREIGN=(python3 -S "$BATS_TEST_DIRNAME/helpers/peer.py")

# foreign WORD...: the same, within 20 seconds.
foreign() {
	within 20 "${FOREIGN[@]}" "$@" 3>&-
}

# counterpart WORD...: the same in the background, as peer does it.
counterpart() {
	rm -f peer.out
	peer_by "${FOREIGN[@]}" port "$@"
}

# datagram_peer [WORD]...: the same by UDP: it takes datagrams and does with each as WORDs say; peer.out
# has a line `SIZE ADDRESS PORT` for each.
datagram_peer() {
	peer_by "${FOREIGN[@]}" "${DATAGRAMS[@]}" "$@" serve
}
DATAGRAMS=(port type:dgram rcvbuf:4194304)

# counterpart_ended [FILE [ERROR]]: it has ended, all that it was told having gone as said; the last
# thing it printed is the report that it read what is in FILE, and then the end (or ERROR).
counterpart_ended() {
	ended 0 "$PEER" || return
	ended 0 "$PEER_OUTPUT" || return
	[ $# -gt 0 ] || return 0
	local size sum report
	size=$(wc -c <"$1")
	read -r sum _ < <(sha256sum <"$1")
	report=$(tail -n 1 peer.out)
	[ "$report" = "read $((size)) $sum ${2-end}" ] && return
	printf '%s\n' "$report" "is not read $((size)) $sum ${2-end}"
	return 1
}

# "$PARENT" WORD... -- COMMAND [ARG...]: parent.py starts COMMAND and plays WORDs.
PARENT=$BATS_TEST_DIRNAME/helpers/parent.py

# listening_port PID: $PORT is the port on which the process PID listens, once it does. For foreign
# listeners that do not tell which one they were given.
listening_port() {
	eventually find_listening_port "$1"
}
find_listening_port() {
	local fd link inodes=' ' address
	for fd in "/proc/$1"/fd/*; do
		link=$(readlink "$fd") || continue
		[[ $link != socket:* ]] || inodes+="${link//[^0-9]/} "
	done
	# There may be thousands that only wait for their time to pass: no loop of the shell.
	address=$(awk -v inodes="$inodes" '$4 == "0A" && index(inodes, " " $10 " ") { print $2; exit }' \
		/proc/net/tcp /proc/net/tcp6)
	[ "$address" ] && PORT=$((16#${address##*:}))
}

# spawn COMMAND [ARG...]: runs it in the background, its pid in $PID, with the caller's stdin too (what
# a function runs by & gets /dev/null from bash, wherever its own stdin comes from). Closed, it stays closed. Redirections
# from and to a FIFO would hold the shell itself up: there, write `COMMAND... 3>&- &` and started.
spawn() {
	if { : <&0; } 2>/dev/null; then
		"$@" <&0 3>&- &
	else
		"$@" <&- 3>&- &
	fi
	started
}
started() {
	PID=$!
	PIDS+=("$PID")
}

# serve [ARG...]: starts sockit listen with ARGs (give it port 0) in spawn's way and waits until it is
# ready: its address and port in $ADDR and $PORT, its pid in $LISTENER, all lines in $NOTIFIED.
serve() {
	served_by "$SOCKIT" listen --notify-fd 9 "$@"
}

# served_by COMMAND [ARG...]: the same for a listener that COMMAND starts with --notify-fd 9.
served_by() {
	local fifo="$BATS_TEST_TMPDIR/notify.$((++NOTIFIERS))"
	mkfifo "$fifo"
	spawn with_notify_fd "$fifo" "$@"
	LISTENER=$PID
	NOTIFIED=$(cat "$fifo")
	read -r ADDR PORT <<<"$NOTIFIED"
}
with_notify_fd() {
	exec "${@:2}" 9>"$1"
}

# milliseconds: the time, for differences.
milliseconds() {
	local us=${EPOCHREALTIME/[.,]/}
	echo $((us / 1000))
}

# timed COMMAND [ARG...]: how many milliseconds it takes, in $TOOK.
timed() {
	local start
	start=$(milliseconds)
	"$@"
	TOOK=$(($(milliseconds) - start))
}

# at_best MS COMMAND [ARG...]: COMMAND puts into $TOOK how many milliseconds something took. Beside other work it takes
# longer now and then, what is always too slow is so each time: one of five must be less than MS.
at_best() {
	local i times=()
	for i in 1 2 3 4 5; do
		"${@:2}"
		[ "$TOOK" -ge "$1" ] || return 0
		times+=("$TOOK")
	done
	echo "never less than $1 ms: ${times[*]}: ${*:2}"
	return 1
}

# cpu PID: the processor time that it has taken, in hundredths of a second.
cpu() {
	local line fields
	read -r line <"/proc/$1/stat"
	read -r -a fields <<<"${line##*) }"
	echo $((fields[11] + fields[12]))
}
