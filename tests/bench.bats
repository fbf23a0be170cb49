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
		--help) echo 'Usage: ncat' ;;
		-l*) $* ;;
		*) shift \$((\$# - 2)) && exec "$SOCKIT" connect -n "\$@" ;;
		esac
	END
	chmod +x bin/ncat
	PATH=$PWD/bin:$PATH
}
# fake_socat COMMAND...: a relay, found as socat: COMMAND has its $PORT, and $TO.
fake_socat() {
	mkdir -p bin
	cat >bin/socat <<-END
		#!/bin/sh
		[ \$1 != -V ] || exec echo 'socat version 1.2'
		PORT=\${*#*4-*:} TO=\${*##*:}
		PORT=\${PORT%%,*}
		$*
	END
	chmod +x bin/socat
	PATH=$PWD/bin:$PATH
}
# What an honest receiver is in there.
# shellcheck disable=SC2016
RECEIVE="\"$SOCKIT\" listen -n -d \"\$4\" \"\$5\""

# Neither files nor folders of the run are left.
nothing_left() {
	[ -z "$(find . -name 'sockit-bench.*')" ]
}

# gone PID
gone() {
	! runs "$1"
}

# rows JOB WHO: how many figures WHO, a regular expression, has in the tables of JOB.
rows() {
	awk -v job="$1:" '$1 == job { on = 1 } /^$/ { on = 0 } on' out | grep -cE "^$2 .* equal$" || true
}

# Everybody has figures, in 80 columns.
all_figures() {
	[ "$(grep -cE ' (DAMAGED|incomplete|failed|timed out)$' out)" = 0 ]
	[ "$(awk 'length > 80' out | wc -l)" = 0 ]
	tail -n 1 out | grep '^Medians'
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
	[ "$(rows bulk sockit)" = 2 ]
	all_figures
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
	all_figures
	nothing_left
}

@test "servers, names, datagrams: each of their jobs" {
	needs "${CC:-cc}" gcc
	bench 0 --only unix,filters,relay,proxy,echo,memory,broker,ping,names,udp-send-64,udp-send-1400,udp-recv-1400 \
		--tools sockit --size 64k --clients 20
	silent
	local job sockit limit
	while read -r job sockit limit; do
		[ "$job $(rows "$job" sockit) $(rows "$job" limit.*)" = "$job $sockit $limit" ]
	done <<-END
		unix 2 0
		filters 5 0
		relay 4 4
		proxy 2 0
		echo 1 1
		memory 3 0
		broker 1 1
		ping 1 0
		names 1 0
		udp-send-64 1 2
		udp-send-1400 1 2
		udp-recv-1400 1 1
	END
	[ "$(rows filters --progress)" = 1 ]
	all_figures
	nothing_left
}

@test "a peer: its version, and how it compares" {
	fake_ncat "exec $RECEIVE"
	bench 0 --only bulk,latency,start --tools sockit,ncat --rounds 3
	silent
	[ "$(grep -cE '^ncat 0\.12 +[0-9.]+ +[0-9.]+x .* equal$' out)" -ge 5 ]
	all_figures
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

@test "a relay that loses bytes, damages them, or does not listen" {
	needs "${CC:-cc}" gcc
	fake_socat "exec \"$SOCKIT\" listen -n -k -e \"head -c 10 | '$SOCKIT' connect -n 127.0.0.1 \$TO\" 127.0.0.1 \$PORT"
	bench 0 --only relay --tools socat --clients 5 --size 128k
	[ "$(grep -cE '^socat 1\.2 +incomplete$' out)" = 4 ]
	grep -qx '  socat: 10 of 64 bytes arrived' out

	fake_socat "exec \"$SOCKIT\" listen -n -k -C --forward 127.0.0.1:\$TO 127.0.0.1 \$PORT"
	bench 0 --only relay --tools socat --clients 20
	[ "$(grep -cE '^socat 1\.2 +DAMAGED$' out)" = 2 ] # its -C is for one direction
	grep -qx '  socat: other bytes came than were sent' out

	fake_socat "echo oh dear >&2; exit 3"
	bench 0 --only echo --tools socat
	grep -qx '  socat: status 3: oh dear' out
	nothing_left
}

@test "datagrams and answers that do not arrive" {
	needs "${CC:-cc}" gcc
	fake_socat "\"$SOCKIT\" udp-recv -n 127.0.0.1 \$PORT | { head -c 14000; cat >/dev/null; }"
	printf '#!/bin/sh\n' >bin/dig
	chmod +x bin/dig
	bench 0 --only names,udp-recv-1400 --tools socat,dig --size 128k
	grep -qx '  socat: 10 of 64 datagrams arrived' out
	grep -qx '  dig: 0 of 200 answers, or wrong ones' out
	[ "$(grep -cE '^(socat|dig) .* incomplete$' out)" = 2 ]
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
	fake_ncat "setsid sleep 60 & echo \$! >$PWD/pid"
	bench 0 --only bulk --tools ncat
	gone "$(cat pid)"
	bench 0 --only latency --tools ncat
	[ "$(grep -cE '^ncat 0\.12 .* equal$' out)" = 1 ]
	nothing_left
}

@test "a signal: no process and no file is left" {
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
	PATH=$PWD/bin bench 0 --only start,relay,names
	grep -qx 'not installed: nc.openbsd, nc.traditional, ncat, socat, busybox, toybox' out
	grep -qx 'tcp.c needs cc: No such file or directory' out
	grep -qx 'udp.c needs cc: No such file or directory' out
	[ "$(grep -c ' equal$' out)" = 2 ]
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
