#!/usr/bin/env bats
# The benchmark of `make bench`: that it tells figures, and tools that do not do their job.

load helpers/common

BENCH=$BATS_TEST_DIRNAME/bench/bench.py

# bench STATUS [ARG...]: a small run, with its files here.
bench() {
	exits "$1" python3 "$BENCH" --size 1M --rounds 1 --dir . "${@:2}" >out 2>err
}

# fake_ncat COMMAND...: a peer, found as ncat, whose receiver is COMMAND; else it does as sockit.
fake_ncat() {
	mkdir -p bin
	cat >bin/ncat <<-END
		#!/bin/sh
		case \$1\$2 in
		--version) echo 'Ncat: Version 0.12' ;;
		-l*) $* ;;
		*) shift \$((\$# - 2)) && exec "$SOCKIT" connect -n "\$@" ;;
		esac
	END
	chmod +x bin/ncat
	PATH=$PWD/bin:$PATH
}
# What an honest receiver is in there.
# shellcheck disable=SC2016
RECEIVE="\"$SOCKIT\" listen -n -d \"\$4\" \"\$5\""

# Neither files nor folders of the run are left.
nothing_left() {
	[ -z "$(find . -name 'sockit-bench.*')" ]
}

@test "a figure for each job, and equal checksums" {
	bench 0 --only bulk,filters,latency,start,proxy-header --clients 100 --tools sockit
	silent
	local job
	for job in 'bulk: 1 MiB through' 'bulk: 1 MiB from a file' latency: proxy-header: start:; do
		grep -A 2 "^$job" out | grep -E '^sockit [0-9.]+ +[0-9]+[0-9.]* +1\.00 .* equal$'
	done
	for job in 'a hex dump' 'CR LF' telnet 'a copy'; do
		grep -A 2 "^filters: .* with $job$" out | grep -E '^sockit .* 1\.00 .* equal$'
		grep -A 3 "^filters: .* with $job$" out | grep -E '^(cat|tee) .* [0-9.]+x .* equal$'
	done
	[ "$(grep -c ' equal$' out)" = 13 ]
	[ "$(awk 'length > 80' out | wc -l)" = 0 ]
	tail -n 1 out | grep '^Medians'
	nothing_left
}

@test "beside programs of its own: messages, datagrams that are forwarded" {
	needs "${CC:-cc}" gcc
	bench 0 --only frames,udp-forward-64,udp-forward-1400,udp-forward-clients --tools sockit
	silent
	grep -A 5 ^frames: out | grep -E '^sockit [0-9.]+ +[0-9]+[0-9.]* +1\.00 .* equal$'
	grep -A 5 ^frames: out | grep -E '^no frames, copied +[0-9.]+ +[0-9.]+x .* equal$'
	grep -A 5 ^frames: out | grep -E '^C loop +[0-9.]+ +[0-9.]+x .* equal$'
	[ "$(grep -cE '^sockit .* equal$' out)" = 7 ]
	[ "$(grep -cE '^limit .* equal$' out)" = 4 ]
	[ "$(awk 'length > 80' out | wc -l)" = 0 ]
	tail -n 1 out | grep '^Medians'
	nothing_left
}

@test "a peer: its version, and how it compares" {
	fake_ncat "exec $RECEIVE"
	bench 0 --only bulk,latency,start --tools sockit,ncat --rounds 3
	silent
	[ "$(grep -cE '^ncat 0\.12 +[0-9.]+ +[0-9.]+x .* equal$' out)" = 4 ]
}

@test "a peer that damages what it receives, loses some of it, fails, or does not listen" {
	fake_ncat "$RECEIVE | tr '\\000' '\\001'"
	bench 0 --only bulk --tools sockit,ncat
	[ "$(grep -cE '^ncat 0\.12 +DAMAGED$' out)" = 2 ]
	[ "$(grep -cE '^sockit .* equal$' out)" = 2 ]
	grep -qx '  ncat: 1048576 of 1048576 bytes arrived' out

	fake_ncat "$RECEIVE | { head -c 1000; cat >/dev/null; }"
	bench 0 --only bulk --tools ncat
	[ "$(grep -cE '^ncat 0\.12 +incomplete$' out)" = 2 ]
	grep -qx '  ncat: 1000 of 1048576 bytes arrived' out

	fake_ncat "$RECEIVE; echo oh dear >&2; exit 3"
	bench 0 --only bulk --tools ncat
	[ "$(grep -cE '^ncat 0\.12 +failed$' out)" = 2 ]
	grep -qx '  ncat: status 3: oh dear' out

	fake_ncat :
	bench 0 --only bulk --tools ncat
	grep -qx '  ncat: does not listen' out
	nothing_left
}

@test "a peer that does not do what its filter is for" {
	fake_ncat "exec $RECEIVE"
	bench 0 --only filters --tools ncat
	[ "$(grep -cE '^ncat 0\.12 .* equal$' out)" = 2 ]
	[ "$(grep -cE '^ncat 0\.12 +DAMAGED$' out)" = 2 ]
	grep -qx '  ncat: another text arrived' out
	grep -qx '  ncat: the copy is another text' out
}

@test "a peer that hangs" {
	fake_ncat sleep 60
	bench 0 --only bulk --tools ncat --limit 1
	[ "$(grep -cE '^ncat 0\.12 +timed out$' out)" = 2 ]
	grep -qx '  ncat: not done after 1 s' out
	bench 0 --only start --tools ncat
	[ "$(grep -cE '^ncat 0\.12 .* equal$' out)" = 1 ]
	nothing_left
}

@test "a signal: no process and no file is left" {
	gone() { ! runs "$1"; }
	fake_ncat "sleep 60 & echo \$! >$PWD/pid.new; mv $PWD/pid.new $PWD/pid; wait"
	python3 "$BENCH" --size 1M --dir . --tools ncat >out 2>err 3>&- &
	started
	eventually [ -e pid ]
	kill -TERM "$PID"
	ended 143 "$PID"
	silent
	eventually gone "$(cat pid)"
	nothing_left
}

@test "a peer that is not there" {
	mkdir bin
	ln -s "$(python3 -c 'import sys; print(sys.executable)')" bin/python3
	ln -s "$(command -v cat)" "$(command -v timeout)" bin
	PATH=$PWD/bin bench 0 --only start
	grep -qx 'not installed: nc.openbsd, nc.traditional, ncat, socat, busybox, toybox' out
	[ "$(grep -c ' equal$' out)" = 1 ]
}

@test "a command line that cannot be used, and a program that cannot" {
	local words
	for words in '--rounds 0' '--rounds x' '--size 1X' '--size 0' '--limit -1' '--only bulk,x' \
		'--tools nc' '--only=' --round=1 --what x; do
		# shellcheck disable=SC2086
		exits 2 python3 "$BENCH" $words >out 2>err
		silent out
		tail -n 1 err | grep '^bench: error: '
	done
	SOCKIT=$PWD/nothing exits 1 python3 "$BENCH" >out 2>err
	says '^bench: /.*/nothing: No such file or directory '
	SOCKIT=$(type -P false) exits 1 python3 "$BENCH" >out 2>err
	says '^bench: /.*/false: status 1 '
	exits 1 python3 "$BENCH" --dir nowhere >out 2>err
	says '^bench: nowhere: '
}
