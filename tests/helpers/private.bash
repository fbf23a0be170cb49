# A network and name files of our own: load helpers/private (after helpers/common)

# private <HOSTS: makes a network namespace with nothing but a loopback, in which HOSTS (and the
# files resolv.conf, services of the current directory, if they are there) stand in /etc. From here
# on $SOCKIT and python3 run in there, as root of it; so does `inside COMMAND...`. Changes to the
# files are seen. Skips the test where that cannot be done.
private() {
	needs unshare util-linux
	needs nsenter util-linux
	needs ip iproute2
	unshare -rmn mount --bind /etc/hosts /etc/hosts 2>/dev/null ||
		skip 'unshare -rmn is not permitted'
	cat >hosts
	[ -e resolv.conf ] || echo 'nameserver 127.0.0.1' >resolv.conf
	echo 'hosts: files dns' >nsswitch.conf
	echo 'services: files' >>nsswitch.conf
	chmod 644 hosts resolv.conf nsswitch.conf
	mkfifo private.fifo
	# shellcheck disable=SC2016 # for that shell
	unshare -rmn sh -c '
		for f in hosts resolv.conf nsswitch.conf services; do
			[ ! -e $f ] || [ ! -e /etc/$f ] || mount --bind $f /etc/$f || echo failed
		done >&2
		ip link set lo up
		echo ready >private.fifo
		exec sleep 600' 3>&- 2>private.err &
	PRIVATE=$!
	PIDS+=("$PRIVATE")
	read -r <private.fifo
	[ ! -s private.err ] || skip "no private files: $(<private.err)"

	local name
	mkdir private.bin
	for name in "$SOCKIT" "$(command -v python3)"; do
		cat >"private.bin/${name##*/}" <<-END
			#!/bin/sh
			exec nsenter -t $PRIVATE -U --preserve-credentials -m -n -w"$PWD" -- '$name' "\$@"
		END
		chmod 755 "private.bin/${name##*/}"
	done
	SOCKIT=$PWD/private.bin/${SOCKIT##*/}
	PATH=$PWD/private.bin:$PATH
}

# powerless [FILE...]: from here on $SOCKIT and python3 in there, or only these of them, have no capability.
powerless() {
	needs setpriv util-linux
	[ $# -gt 0 ] || set -- private.bin/*
	sed -i 's/ -- / -- setpriv --inh-caps=-all --bounding-set=-all /' "$@"
	inside setpriv --inh-caps=-all --bounding-set=-all grep -q '^CapEff:[[:space:]]0*$' /proc/self/status ||
		skip 'setpriv is not permitted'
}

inside() {
	nsenter -t "$PRIVATE" -U --preserve-credentials -m -n -w"$PWD" -- "$@"
}

# add_ipv6 ADDRESS/BITS: gives the loopback in there an address. Fails where that is not permitted.
# The kernel makes the way to it some time after ip has returned: a connection would be unreachable.
add_ipv6() {
	inside ip address add "$1" dev lo nodad && eventually reachable "${1%/*}"
}

reachable() {
	inside ip -6 route show table local "$1" | grep -q '^local '
}

# links_up COMMAND INTERFACE...: waits until these can be used where COMMAND (inside, or a like function) runs what it
# is given. The kernel drops what is sent by a veth until it has noticed, some time after ip has returned, that both
# ends are up.
links_up() {
	local interface
	for interface in "${@:2}"; do
		eventually link_up "$1" "$interface" || return
	done
}

link_up() {
	"$1" ip link show dev "$2" | grep -q ' state UP '
}

# needs_ipv6: skips the test where ::1 is not there.
needs_ipv6() {
	python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null ||
		skip 'no IPv6 here'
}

# needs_strace: skips the test where nothing can be traced. Then `traced CALLS COMMAND...` runs
# COMMAND and writes those system calls of it to the file trace.
needs_strace() {
	needs strace strace
	strace -o /dev/null true 2>/dev/null || skip 'strace is not permitted'
}

# needs_injection: and where it cannot let system calls fail.
needs_injection() {
	needs strace strace
	strace -qq -o /dev/null -e trace=connect -e inject=connect:error=ENOKEY:when=1 true 2>/dev/null ||
		skip 'this strace cannot inject'
}

traced() {
	# A leak check cannot be made while it is traced.
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		within 30 strace -f -qq -e trace="$1" -e signal=none -o trace "${@:2}"
}

# traced_listener CALLS [STRACE OPTION...] COMMAND...: a listener with --notify-fd 9, its system calls
# in the file trace. The FIFO of `serve` would have no end, since strace has it open too.
traced_listener() {
	rm -f ready
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		spawn strace -f -qq -o trace -e signal=none -e trace="$1" "${@:2}" 9>ready
	LISTENER=$PID
	eventually grep -q ' ' ready
	read -r ADDR PORT <ready
}

# preloadable: can something be preloaded to $SOCKIT? A static program has no loader that would complain.
preloadable() {
	LD_PRELOAD=$PWD/missing.so "$SOCKIT" --version >version 2>err || :
	[ -s err ]
}

# preload NAME: builds tests/helpers/NAME.c into $LIBRARY, once in a file; "${PRELOADED[@]}" COMMAND... runs COMMAND with
# it. Skips the test where that cannot be. Before `private`, whose $SOCKIT is a script.
preload() {
	preloadable || skip 'nothing can be preloaded'
	local cc=${CC:-cc}
	command -v "${cc%% *}" >/dev/null || skip "no compiler $cc"
	[ -z "${SOCKIT_FLAVOUR-}" ] || [ "$1" != malloc_fail ] ||
		skip 'the memory of this build is not that of the program'
	export LIBRARY=$BATS_FILE_TMPDIR/$1.so
	PRELOADED=(env "LD_PRELOAD=$LIBRARY")
	# shellcheck disable=SC2086 # a command with its options
	[ -e "$LIBRARY" ] || $cc -shared -fPIC -o "$LIBRARY" "$BATS_TEST_DIRNAME/helpers/$1.c" -ldl
	MALLOC_COUNT=count "${PRELOADED[@]}" "$SOCKIT" --version >version 2>err && silent || skip 'nothing can be preloaded'
	[ "$1" != malloc_fail ] || [ -s count ] || skip 'the allocations of this build cannot be made to fail'
}

# without CAPABILITY COMMAND...: runs it as a user who has not that capability.
without() {
	if [ "$(id -u)" = 0 ]; then
		needs setpriv util-linux
		setpriv --bounding-set="-$1" true 2>/dev/null || skip 'setpriv is not permitted'
		within 10 setpriv --bounding-set="-$1" "${@:2}"
	else
		within 10 "${@:2}"
	fi
}
