#!/usr/bin/env bats
# The half-close rule of sockit(1), sentence by sentence, and the options that change it. What
# happens when a promise is broken by the other side stands in breach.bats, what kinds of
# descriptors there are in stdio.bats.

load helpers/common
load helpers/files

# has_size FILE SIZE: is it so large?
has_size() {
	[ "$(($(wc -c <"$1")))" = "$2" ]
}

### The rule itself, src/flow/half_close.c, in every state.

@test "each event in each state is in the table, and does what that says" {
	checks flow/half_close
}

# sends_in_advance SECONDS: all of stdin is in the kernel's hands, and the counterpart, which waits for the FIFO
# go, takes it so much later; as long the run is not over.
sends_in_advance() {
	spawn "$SOCKIT" connect --sndbuf 1M 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	pause "$1"
	runs "$PID"
	: >go
	ended 0 "$PID"
	silent
	counterpart_ended "$(SMALL)"
}

### Each direction ends by itself.

# bats test_tags=valgrind
@test "stdin's end becomes the connection's end once all of it is sent" {
	mkfifo go
	counterpart rcvbuf:65536 gate:go readall report
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	: >go
	ended 0 "$PID"
	silent
	silent out
	counterpart_ended "$(A)"
}

# bats test_tags=valgrind
@test "what comes after stdin's end is delivered" {
	counterpart readall file:"$(B)" report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(SMALL)"
}

@test "the peer's end closes stdout while stdin is open, and input is still sent" {
	mkfifo in out.fifo
	counterpart file:"$(B)" shutdown readall report
	cat <out.fifo >out 3>&- &
	started
	local reader=$PID
	"$SOCKIT" connect 127.0.0.1 "$PORT" <in >out.fifo 2>err 3>&- &
	started
	exec 7>in
	ended 0 "$reader"
	same out "$(B)"
	runs "$PID"
	cat "$(A)" >&7
	exec 7>&-
	ended 0 "$PID"
	# After a second it may have said that it waits.
	sed -i "/^sockit connect: 127.0.0.1 port $PORT has ended; still waiting for stdin's end /d" err
	silent
	counterpart_ended "$(A)"
}

@test "a listener: the client's end closes stdout, and input is still sent" {
	mkfifo in out.fifo
	cat <out.fifo >out 3>&- &
	started
	local reader=$PID
	exec 6<>in
	serve 127.0.0.1 0 <in >out.fifo 2>err 6>&-
	counterpart connect:"$PORT" file:"$(B)" shutdown readall report 6>&-
	ended 0 "$reader"
	same out "$(B)"
	runs "$LISTENER"
	cat "$(A)" >&6
	exec 6>&-
	ended 0 "$LISTENER"
	# After a second it may have said that it waits.
	sed -i '/still waiting for stdin/d' err
	says "$LISTENING"
	counterpart_ended "$(A)"
}

@test "a listener: stdin's end is passed on, what comes then is delivered" {
	serve 127.0.0.1 0 <"$(SMALL)" >out 2>err
	counterpart connect:"$PORT" readall file:"$(B)" report
	ended 0 "$LISTENER"
	says "$LISTENING"
	same out "$(B)"
	counterpart_ended "$(SMALL)"
}

@test "an end that has nothing before it is an end too, each way" {
	counterpart readall report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	silent out
	counterpart_ended /dev/null
}

@test "the run is over when both have ended, not before" {
	mkfifo go
	counterpart readall say:ended gate:go line:late report
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	eventually grep -q ended peer.out
	pause 0.2
	runs "$PID"
	: >go
	ended 0 "$PID"
	silent
	[ "$(cat out)" = late ]
	counterpart_ended "$(SMALL)"
}

### Nothing is dropped.

@test "64 MiB each way at once, from file to file" {
	random_file in1 67108864
	random_file in2 67108864
	serve 127.0.0.1 0 <in1 >out1 2>err.listen
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <in2 >out2 2>err
	ended 0 "$LISTENER"
	silent
	says "$LISTENING" err.listen
	same in1 out2
	same in2 out1
}

@test "32 MiB each way at once, from pipe to pipe" {
	random_file in1 33554432
	random_file in2 33554432
	mkfifo pipe1 pipe2 pipe3 pipe4
	cat in1 >pipe1 3>&- &
	started
	cat in2 >pipe2 3>&- &
	started
	cat <pipe3 >out1 3>&- &
	started
	local reader1=$PID
	cat <pipe4 >out2 3>&- &
	started
	local reader2=$PID
	serve 127.0.0.1 0 <pipe1 >pipe3 2>err.listen
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <pipe2 >pipe4 2>err
	ended 0 "$LISTENER"
	ended 0 "$reader1"
	ended 0 "$reader2"
	silent
	says "$LISTENING" err.listen
	same in1 out2
	same in2 out1
}

@test "both ways at once with a python listener" {
	counterpart exchange:"$(B)" report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "both ways at once with a python client" {
	serve 127.0.0.1 0 <"$(A)" >out 2>err
	counterpart connect:"$PORT" exchange:"$(B)" report
	ended 0 "$LISTENER"
	says "$LISTENING"
	same out "$(B)"
	counterpart_ended "$(A)"
}

# connect_to OPTION COMMAND...: 8 MiB each way between sockit connect OPTION and the listener
# COMMAND. Most listeners take the client's end for the end of all and drop what they have not sent
# yet; with --no-shutdown they end first.
connect_to() {
	spawn "${@:2}" <"$(B)" >got 2>foreign.err
	local foreign=$PID
	listening_port "$foreign"
	exits 0 "$SOCKIT" connect ${1:+"$1"} 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	silent
	ended 0 "$foreign"
	same got "$(A)"
	same out "$(B)"
}

# listen_for OPTION COMMAND...: the same with the client COMMAND, which gets host and port.
listen_for() {
	serve ${1:+"$1"} 127.0.0.1 0 <"$(A)" >out 2>err
	within 20 "${@:2}" 127.0.0.1 "$PORT" <"$(B)" >got 2>foreign.err 3>&-
	ended 0 "$LISTENER"
	says "$LISTENING"
	same got "$(A)"
	same out "$(B)"
}

@test "both ways at once with an nc.openbsd listener" {
	needs nc.openbsd netcat-openbsd
	connect_to --no-shutdown nc.openbsd -N -l 127.0.0.1 0
}

@test "both ways at once with an nc.openbsd client" {
	needs nc.openbsd netcat-openbsd
	listen_for '' nc.openbsd -N
}

@test "both ways at once with an nc.openbsd client that passes no end on" {
	needs nc.openbsd netcat-openbsd
	listen_for '' nc.openbsd
}

@test "both ways at once with an ncat listener" {
	needs ncat ncat
	connect_to --no-shutdown ncat -l 127.0.0.1 0
}

@test "both ways at once with an ncat client" {
	needs ncat ncat
	listen_for '' ncat
}

@test "both ways at once with a socat listener" {
	needs socat socat
	connect_to '' socat -t 20 - TCP-LISTEN:0,bind=127.0.0.1
}

@test "both ways at once with a socat client" {
	needs socat socat
	# shellcheck disable=SC2016
	listen_for '' sh -c 'exec socat -t 20 - "TCP:$1:$2"' sh
}

@test "both ways at once with a busybox nc listener" {
	needs busybox busybox
	connect_to --no-shutdown busybox nc -l
}

@test "both ways at once with a busybox nc client" {
	needs busybox busybox
	listen_for --no-shutdown busybox nc
}

@test "both ways at once with a toybox nc listener" {
	needs toybox toybox
	spawn toybox nc -l -s 127.0.0.1 <"$(B)" >got 2>foreign.err
	local foreign=$PID
	listening_port "$foreign"
	exits 0 "$SOCKIT" connect --no-shutdown 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	silent
	ended 0 "$foreign"
	tail -n +2 got >got.data # after its port
	same got.data "$(A)"
	same out "$(B)"
}

@test "both ways at once with a toybox nc client" {
	needs toybox toybox
	listen_for --no-shutdown toybox nc
}

# nc.traditional never passes its stdin's end on, and drops what it has not sent yet at the other's
# end: so that has to come last.
@test "both ways at once with an nc.traditional listener" {
	needs nc.traditional netcat-traditional
	spawn nc.traditional -l -s 127.0.0.1 <"$(B)" >got 2>foreign.err
	local foreign=$PID
	listening_port "$foreign"
	mkfifo in
	"$SOCKIT" connect 127.0.0.1 "$PORT" <in >out 2>err 3>&- &
	started
	exec 7>in
	cat "$(A)" >&7
	eventually has_size out 8388608
	exec 7>&-
	ended 0 "$PID"
	silent
	ended 0 "$foreign"
	same got "$(A)"
	same out "$(B)"
}

@test "both ways at once with an nc.traditional client" {
	needs nc.traditional netcat-traditional
	mkfifo in
	exec 6<>in
	serve 127.0.0.1 0 <in >out 2>err 6>&-
	spawn nc.traditional 127.0.0.1 "$PORT" <"$(B)" >got 2>foreign.err 6>&-
	cat "$(A)" >&6
	eventually has_size out 8388608
	exec 6>&-
	ended 0 "$LISTENER"
	says "$LISTENING"
	ended 0 "$PID"
	same got "$(A)"
	same out "$(B)"
}

### listen takes a stdin that is closed or /dev/null as -d.

# loses_nothing COMMAND...: a client that takes the other's end for the end of all.
loses_nothing() {
	serve 127.0.0.1 0 </dev/null >out 2>err
	within 20 "$@" 127.0.0.1 "$PORT" <"$(B)" >got 2>foreign.err 3>&-
	ended 0 "$LISTENER"
	says "$LISTENING"
	silent got
	same out "$(B)"
}

@test "a listener with /dev/null loses nothing that an nc.traditional client sends" {
	needs nc.traditional netcat-traditional
	loses_nothing nc.traditional -q 0
}

@test "a listener with /dev/null loses nothing that a busybox nc client sends" {
	needs busybox busybox
	loses_nothing busybox nc
}

@test "a listener with /dev/null loses nothing that a toybox nc client sends" {
	needs toybox toybox
	loses_nothing toybox nc
}

# keeps_open: a listener with this stdin sends no end before the client's.
keeps_open() {
	serve 127.0.0.1 0 >out 2>err
	counterpart connect:"$PORT" line:one quiet:0.3 line:two shutdown readall report
	ended 0 "$LISTENER"
	says "$LISTENING"
	[ "$(cat out)" = $'one\ntwo' ]
	counterpart_ended /dev/null
}

@test "a listener with /dev/null sends no end before the client's" { keeps_open </dev/null; }

@test "a listener with a closed stdin sends no end before the client's" { keeps_open <&-; }

@test "a listener with an empty file sends its end at once" {
	: >empty
	serve 127.0.0.1 0 <empty >out 2>err
	counterpart connect:"$PORT" readall line:then report
	ended 0 "$LISTENER"
	says "$LISTENING"
	[ "$(cat out)" = "then" ]
	counterpart_ended /dev/null
}

@test "connect with /dev/null sends its end at once" {
	counterpart readall line:then report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	[ "$(cat out)" = "then" ]
	counterpart_ended /dev/null
}

@test "connect with a closed stdin sends its end at once" {
	counterpart readall line:then report
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <&- >out 2>err
	silent
	[ "$(cat out)" = "then" ]
	counterpart_ended /dev/null
}

### On exit status 0 every byte of stdin was acknowledged.

@test "the run is not over while input is unacknowledged, though all was handed to the kernel" {
	mkfifo go
	counterpart rcvbuf:4096 shutdown gate:go readall report
	sends_in_advance 0.4
}

@test "a peer that takes nothing more: -i ends the run with 4" {
	counterpart rcvbuf:4096 hold
	exits 4 "$SOCKIT" connect -i 0.3 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	says "^sockit connect: 127\.0\.0\.1 port $PORT: nothing moved for [0-9.]+ m?s \(--idle-timeout\)$"
}

@test "a peer that takes nothing more: --timeout ends the run with 4" {
	counterpart rcvbuf:4096 shutdown hold
	exits 4 "$SOCKIT" connect --timeout 0.5 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	says '^sockit connect: .*\(--timeout\)$'
}

@test "a peer that takes nothing more: -q ends the run with 1" {
	counterpart rcvbuf:4096 shutdown hold
	exits 1 "$SOCKIT" connect -q 0.3 --sndbuf 1M 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	says "^sockit connect: 127\.0\.0\.1 port $PORT: .*acknowledged"
}

### With a terminal as stdin, the peer's end ends the run at once.

# bats test_tags=valgrind
@test "terminal: the peer's end ends the run at once" {
	counterpart line:bye shutdown readall report
	exits 0 "$PARENT" 0=tty -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent # in particular nothing of waiting for stdin
	[ "$(cat out)" = bye ]
	counterpart_ended /dev/null
}

@test "terminal: what was typed is sent, and the peer's end ends the run" {
	counterpart read:6 line:bye shutdown readall report
	exits 0 "$PARENT" 0=tty 1=tty 2=tty line:hello -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	echo hello >typed
	counterpart_ended typed
}

@test "terminal: Ctrl-D passes the end on, and what comes then is delivered" {
	counterpart readall file:"$(B)" report
	exits 0 "$PARENT" 0=tty line:one line:two shutdown -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	same out "$(B)"
	printf 'one\ntwo\n' >typed
	counterpart_ended typed
}

@test "terminal: a listener's run is ended by the client's end at once" {
	served_by "$PARENT" 0=tty line:hello -- "$SOCKIT" listen --notify-fd 9 127.0.0.1 0 >out 2>err
	counterpart connect:"$PORT" read:6 line:bye shutdown readall report
	ended 0 "$PID"
	says "$LISTENING"
	[ "$(cat out)" = bye ]
	echo hello >typed
	counterpart_ended typed
}

@test "terminal: as stdout alone it changes nothing, input is sent after the peer's end" {
	mkfifo go
	counterpart line:bye shutdown gate:go readall report
	exits 0 "$PARENT" 0=pipe 1=tty until:bye go:go pause:0.2 alive feed:"$(SMALL)" shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended "$(SMALL)"
}

### Otherwise input keeps being sent after the peer's end.

NOTICE='^sockit connect: .*(--recv-only.*--close-on-peer-eof|--close-on-peer-eof.*--recv-only)'

@test "waiting for stdin after the peer's end is said after one second, once, not with --quiet" {
	local start first quiet busy i
	mkfifo in in.quiet in.busy
	counterpart line:bye shutdown readall report
	"$SOCKIT" connect 127.0.0.1 "$PORT" <in >out 2>err 3>&- &
	started
	first=$PID
	exec 5>in
	eventually has_size out 4
	start=$(milliseconds)

	# Two more at the same time, for the time it takes.
	counterpart shutdown readall 5>&-
	"$SOCKIT" connect --quiet 127.0.0.1 "$PORT" <in.quiet >out.quiet 2>err.quiet 5>&- 3>&- &
	started
	quiet=$PID
	exec 6>in.quiet
	counterpart shutdown readall 5>&- 6>&-
	"$SOCKIT" connect 127.0.0.1 "$PORT" <in.busy >out.busy 2>err.busy 5>&- 6>&- 3>&- &
	started
	busy=$PID
	exec 7>in.busy

	# Where input comes now and then, nobody is waiting for it.
	for i in 1 2 3 4 5 6 7 8; do
		pause 0.2
		echo "$i" >&7
	done
	exec 7>&-
	ended 0 "$busy"
	silent err.busy

	eventually test -s err
	[ $(($(milliseconds) - start)) -ge 950 ]
	echo hello >&5
	pause 1.3
	says "$NOTICE"
	silent err.quiet
	exec 5>&- 6>&-
	ended 0 "$first"
	ended 0 "$quiet"
	says "$NOTICE"
	silent err.quiet
}

@test "nothing is said of waiting where stdin has ended" {
	mkfifo go
	counterpart shutdown gate:go readall report
	sends_in_advance 1.2
}

@test "keepalive probes start a second after the peer's end" {
	needs ss iproute2
	mkfifo in go
	counterpart line:hello gate:go line:bye shutdown readall report
	"$SOCKIT" connect 127.0.0.1 "$PORT" <in >out 2>err 3>&- &
	started
	exec 7>in
	eventually has_size out 6
	probed() { ss -tnoH "dport = :$PORT" | grep -q 'timer:(keepalive,'; }
	run ! probed
	: >go
	eventually probed
	[ "$(cat out)" = $'hello\nbye' ]
	exec 7>&-
	ended 0 "$PID"
	says '^sockit connect: .* has ended; still waiting for stdin.s end'
	counterpart_ended /dev/null
}

@test "keepalive probes that were asked for stay as they are" {
	needs ss iproute2
	counterpart line:bye shutdown readall report
	mkfifo in
	"$SOCKIT" connect --keepalive=600 127.0.0.1 "$PORT" <in >out 2>err 3>&- &
	started
	exec 7>in
	eventually has_size out 4
	pause 0.2
	ss -tnoH "dport = :$PORT" >timer
	cat timer
	grep -qE 'timer:\(keepalive,(10|9)min' timer
	exec 7>&-
	ended 0 "$PID"
	silent
	counterpart_ended /dev/null
}

### stdout whose reader is gone.

@test "broken stdout: a write that fails ends the run at once, dead by SIGPIPE" {
	mkfifo in out.fifo
	counterpart send:32000000 readall report
	"$SOCKIT" connect 127.0.0.1 "$PORT" <in >out.fifo 2>err 3>&- &
	started
	exec 7>in
	head -c 1000 <out.fifo >out
	ended 141 "$PID"
	silent
	counterpart_ended /dev/null ECONNRESET
	has_size out 1000
}

@test "broken stdout: exit 1 where the parent ignores SIGPIPE" {
	mkfifo in out.fifo
	counterpart send:32000000 readall report
	(
		trap '' PIPE
		exec "$SOCKIT" connect 127.0.0.1 "$PORT" <in >out.fifo 2>err 3>&-
	) &
	PIDS+=("$!")
	PID=$!
	exec 7>in
	head -c 1000 <out.fifo >out
	ended 1 "$PID"
	says '^sockit connect: stdout: .*\(EPIPE\)$'
	counterpart_ended /dev/null ECONNRESET
}

@test "broken stdout: noticed with nothing to write" {
	mkfifo in out.fifo
	counterpart line:hello readall report
	"$SOCKIT" connect --linger 100ms 127.0.0.1 "$PORT" <in >out.fifo 2>err 3>&- &
	started
	exec 7>in
	head -c 6 <out.fifo >out
	ended 0 "$PID"
	silent
	[ "$(cat out)" = hello ]
	counterpart_ended /dev/null ECONNRESET
}

@test "broken stdout: noticed by -d" {
	mkfifo out.fifo
	exec 5<>out.fifo
	serve -d 127.0.0.1 0 </dev/null >out.fifo 2>err 5<&-
	counterpart connect:"$PORT" readall report 5<&-
	exec 5<&-
	ended 0 "$LISTENER"
	says "$LISTENING"
	counterpart_ended /dev/null
}

@test "broken stdout: noticed with nothing to write, what stdin has is sent before" {
	mkfifo go out.fifo
	counterpart rcvbuf:65536 line:hello gate:go readall report
	"$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out.fifo 2>err 3>&- &
	started
	head -c 6 <out.fifo >out
	: >go
	ended 0 "$PID"
	silent
	counterpart_ended "$(A)"
}

@test "broken stdout: what a pipe has ready is sent before" {
	mkfifo in go out.fifo
	head -c 60000 "$(A)" >expected
	counterpart rcvbuf:4096 line:hello gate:go readall report
	exec 7<>in
	cat expected >&7
	"$SOCKIT" connect --linger 100ms --sndbuf 4096 --buffer 4096 127.0.0.1 "$PORT" <in >out.fifo 2>err 3>&- 7>&- &
	started
	head -c 6 <out.fifo >out
	: >go
	ended 0 "$PID"
	silent
	counterpart_ended expected ECONNRESET
}

@test "broken stdout: noticed with nothing to write, what comes then is a write that fails" {
	local options
	for options in '' -d; do
		mkfifo out.fifo go
		counterpart line:hello readall gate:go line:more hold
		"$SOCKIT" connect $options 127.0.0.1 "$PORT" </dev/null >out.fifo 2>err 3>&- &
		started
		head -c 6 <out.fifo >out
		: >go
		ended 141 "$PID"
		silent
		rm out.fifo go
	done
}

@test "broken stdout: noticed with nothing to write, the status is what it is else" {
	mkfifo out.fifo
	counterpart rcvbuf:4096 line:hello hold
	"$SOCKIT" connect --linger 100ms --sndbuf 1M 127.0.0.1 "$PORT" <"$(SMALL)" >out.fifo 2>err 3>&- &
	started
	head -c 6 <out.fifo >out
	ended 1 "$PID"
	says 'not all that was sent has been acknowledged$'
}

@test "broken stdout: a socket" {
	counterpart send:10000000 readall report
	exits 141 "$PARENT" 0=pipe 1=unix+late close -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	counterpart_ended /dev/null ECONNRESET
}

### Ended by shutdown, drain, close.

@test "no reset where it is us who end: --read-bytes, while the peer reads and writes" {
	counterpart read:131072 chatter report
	exits 0 "$PARENT" 0=pipe feed:"$(SMALL)" -- \
		"$SOCKIT" connect --read-bytes 10M --stats 127.0.0.1 "$PORT" >out 2>err
	has_size out 10485760
	says '^sockit connect: sent 131072 bytes, received 10485760 bytes '
	counterpart_ended "$(SMALL)"
}

@test "where it is us who end, a peer that sends before it reads gets all" {
	counterpart rcvbuf:4096 send:50000000 readall report
	exits 0 "$SOCKIT" connect --read-bytes 1000 --sndbuf 1M 127.0.0.1 "$PORT" \
		<"$(SMALL)" >out 2>err
	silent
	has_size out 1000
	counterpart_ended "$(SMALL)"
}

@test "a reset where stdout fails before the end of stdin" {
	counterpart send:10000000 readall report
	exits 1 "$PARENT" 0=pipe feed:"$(SMALL)" -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >/dev/full 2>err
	says '^sockit connect: stdout: .*\(ENOSPC\)$'
	ended 0 "$PEER"
	grep -q '^read [0-9]* [0-9a-f]* ECONNRESET$' peer.out
}

@test "a reset where stdin cannot be read, while the peer sends and reads" {
	counterpart send:10000000 readall report
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" </ >out 2>err
	says '^sockit connect: stdin: .*\(EISDIR\)$'
	counterpart_ended /dev/null ECONNRESET
}

### The options.

@test "-d: stdin is never read, no end is sent before the peer's, which ends the run" {
	echo unread >in
	counterpart line:one quiet:0.3 file:"$(B)" shutdown readall report
	exec 5<in
	exits 0 "$SOCKIT" connect -d 127.0.0.1 "$PORT" <&5 >out 2>err
	silent
	{ echo one && cat "$(B)"; } >expected
	same out expected
	[ "$(cat <&5)" = unread ]
	counterpart_ended /dev/null
}

@test "-d: a stdin that never ends holds nothing up" {
	counterpart line:bye report
	exits 0 "$PARENT" 0=pipe line:unread -- "$SOCKIT" connect -d 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
}

@test "--send-only: nothing that the peer sends reaches stdout, all input arrives, exit 0" {
	counterpart file:"$(B)" readall report
	exits 0 "$SOCKIT" connect --send-only 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	silent
	silent out
	counterpart_ended "$(A)"
}

@test "--send-only: a peer that never stops talking ends nothing and destroys nothing" {
	counterpart chatter report hold
	exits 0 "$SOCKIT" connect --send-only --linger 50ms 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	silent
	silent out
	eventually grep -q ' end$' peer.out
	read -r _ count sum _ <peer.out
	[ "$count $sum" = "8388608 $(sha256sum <"$(A)" | cut -d ' ' -f 1)" ]
}

# A word that came after our close would be answered by a reset, which destroys what is still unread.
@test "--send-only: a peer that reads slowly, with a word of its own now and then, gets all" {
	local slowly=(read:1000 pause:0.05 line:ready read:1000 pause:0.05 line:ready)
	counterpart rcvbuf:4194304 "${slowly[@]}" "${slowly[@]}" readall report
	head -c 1000000 "$(A)" >in
	exits 0 "$SOCKIT" connect --send-only --linger 1s -o copy 127.0.0.1 "$PORT" <in >out 2>err
	silent
	silent out
	counterpart_ended in
	# Each word is heard, though none came within the time of --linger after the one before.
	counterpart rcvbuf:4194304 pause:0.15 line:ready pause:0.15 line:ready pause:0.15 readall report
	exits 0 "$SOCKIT" connect --send-only --linger 350ms 127.0.0.1 "$PORT" <in >out 2>err
	silent
	counterpart_ended in
}

@test "--send-only: a silent peer has the time of --linger, whatever --idle-timeout is" {
	stays_silent() {
		counterpart readall report hold
		timed exits 0 "$SOCKIT" connect --send-only --linger 200ms -i 100ms 127.0.0.1 "$PORT" <"$(SMALL)" 2>err
		silent
		[ "$TOOK" -ge 200 ]
	}
	at_best 1500 stays_silent
	# Nobody waits where nothing was sent, or the peer has ended.
	counterpart readall hold
	exits 0 "$SOCKIT" connect --send-only --linger 1m 127.0.0.1 "$PORT" </dev/null 2>err
	silent
	counterpart shutdown readall report hold
	exits 0 "$SOCKIT" connect --send-only --linger 1m 127.0.0.1 "$PORT" <"$(SMALL)" 2>err
	silent
	counterpart line:hello hold
	exits 0 "$SOCKIT" connect --send-only --linger 1m -q 100ms 127.0.0.1 "$PORT" <<<input 2>err
	silent
}

@test "--send-only: a broken stdout changes nothing" {
	counterpart line:hello readall report
	exits 0 "$PARENT" 0=pipe 1=pipe+late close feed:"$(SMALL)" shutdown -- \
		"$SOCKIT" connect --send-only 127.0.0.1 "$PORT" 2>err
	silent
	counterpart_ended "$(SMALL)"
}

@test "-q: waits so long for the peer, writes what was received, exit 0" {
	local start ms
	counterpart readall send:100000 hold
	start=$(milliseconds)
	exits 0 "$SOCKIT" connect -q 0.6 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	ms=$(($(milliseconds) - start))
	silent
	has_size out 100000
	echo "$ms ms"
	[ "$ms" -ge 600 ]
	[ "$ms" -lt 4000 ]
}

@test "-q: the peer's end before that ends the run" {
	counterpart readall file:"$(B)" report
	exits 0 "$SOCKIT" connect -q 15 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(SMALL)"
}

@test "-q: counted from stdin's end, whatever moves meanwhile" {
	local start ms
	counterpart talk
	start=$(milliseconds)
	exits 0 "$SOCKIT" connect -q 0.5 127.0.0.1 "$PORT" </dev/null >out 2>err
	ms=$(($(milliseconds) - start))
	silent
	echo "$ms ms"
	[ "$ms" -ge 500 ]
	[ "$ms" -lt 4000 ]
}

@test "-d and -q: counted from the connection, a banner and stop" {
	local start ms
	counterpart line:banner readall report
	start=$(milliseconds)
	exits 0 "$SOCKIT" connect -d -q 300ms 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	ms=$(($(milliseconds) - start))
	silent
	[ "$(<out)" = banner ]
	[ $ms -ge 300 ]
	counterpart_ended /dev/null
	# The peer's end before that ends the run; a peer that talks for ever does not keep it.
	counterpart line:banner shutdown readall
	exits 0 "$SOCKIT" connect -d -q 15 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(<out)" = banner ]
	counterpart talk
	exits 0 "$SOCKIT" connect -d -q 100ms 127.0.0.1 "$PORT" >out 2>err
	silent
	[ -s out ]
}

@test "-q: not counted while stdin is open" {
	mkfifo go
	counterpart gate:go line:late hold
	exits 0 "$PARENT" 0=pipe 1=pipe pause:0.5 alive go:go until:late shutdown -- \
		"$SOCKIT" connect -q 0.1 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = late ]
}

@test "--no-shutdown: stdin's end is not passed on, the peer's ends the run" {
	counterpart read:131072 quiet:0.3 line:bye shutdown readall report
	exits 0 "$SOCKIT" connect --no-shutdown 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended "$(SMALL)"
}

# unanswered TIMES [OPTION...]: against the counterpart, -v says so many times that nothing came.
unanswered() {
	exits 0 "$SOCKIT" connect -v "${@:2}" 127.0.0.1 "$PORT" <in >out 2>err
	[ "$(grep -cxF "sockit connect: 127.0.0.1 port $PORT ended after stdin's end without a byte: some servers take that \
for a client that is gone (--no-shutdown)" err)" = "$1" ] || {
		cat err
		return 1
	}
}

@test "-v: an end after stdin's end without a byte is told, with --no-shutdown" {
	echo question >in
	counterpart readall report
	unanswered 1
	counterpart_ended in
	# An answer, an end before ours, options by which no answer is to come, or our end was not passed on, nothing asked.
	counterpart readall text:x
	unanswered 0
	counterpart read:9
	unanswered 0 --no-shutdown
	counterpart read:9
	unanswered 0 --no-shutdown --close-on-peer-eof
	counterpart readall
	unanswered 0 --send-only
	counterpart shutdown readall
	unanswered 0 --recv-only
	: >in
	counterpart readall
	unanswered 0
	# The peer is first.
	mkfifo asked out.fifo
	counterpart shutdown readall
	"$SOCKIT" connect -v 127.0.0.1 "$PORT" <asked >out.fifo 2>err 3>&- &
	started
	exec 7>asked
	cat out.fifo
	echo question >&7
	exec 7>&-
	ended 0 "$PID"
	[ "$(grep -c -e without err)" = 0 ]
	# A listener has no server before it.
	echo question >in
	serve -v 127.0.0.1 0 <in >out 2>err
	counterpart connect:"$PORT" readall
	ended 0 "$LISTENER"
	[ "$(grep -c -e without err)" = 0 ]
	# By a UNIX socket, and as JSON.
	counterpart bind:unix:"$PWD/socket" readall
	exits 0 "$SOCKIT" unix -v socket <in >out 2>err
	grep -q "^sockit unix: .*socket ended after stdin's end without a byte: " err
	counterpart bind:unix:"$PWD/socket2" readall
	exits 0 "$SOCKIT" unix --json socket2 <in >out 2>err
	grep -q '"event":"no_answer".*"peer":.*socket2' err
}

# The peer's own end would take 20 seconds if it had to wait for that.
@test "--no-shutdown: an end of ours is passed on" {
	counterpart line:hello readall report
	exits 0 "$SOCKIT" connect --no-shutdown --read-bytes 5 --linger 20s 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	silent
	[ "$(cat out)" = hello ]
	counterpart_ended "$(SMALL)"
	# The command's end is seen after that of its output.
	counterpart readall report
	exits 0 "$SOCKIT" connect --no-shutdown --linger 20s 127.0.0.1 "$PORT" -e 'echo hello; exec >&-; sleep 0.1' 2>err
	silent
	echo hello >expected
	counterpart_ended expected
}

@test "--linger: what was acknowledged before our end prolongs nothing" {
	lingers() {
		counterpart read:131072 line:hello hold
		timed exits 0 "$SOCKIT" connect --read-bytes 5 --linger 600ms 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
		silent
		[ "$TOOK" -ge 600 ]
	}
	at_best 1150 lingers
}

@test "--close-on-peer-eof: the peer's end closes the connection though stdin is open" {
	counterpart line:bye shutdown readall report
	exits 0 "$PARENT" 0=pipe -- "$SOCKIT" connect --close-on-peer-eof 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = bye ]
	counterpart_ended /dev/null
}

@test "--close-on-peer-eof: what was read from stdin is sent first" {
	local kind size
	for kind in pipe unix; do
		rm -f go
		mkfifo go
		counterpart rcvbuf:4096 gate:go shutdown say:ended pause:0.3 save:got readall report
		# The peer's end comes when it has long taken no more of what stdin has ready.
		exits 0 "$PARENT" 0=$kind feed:"$(A)" pause:0.2 alive go:go -- \
			"$SOCKIT" connect --close-on-peer-eof --stats 127.0.0.1 "$PORT" >out 2>err
		says '^sockit connect: sent [0-9]+ bytes?( \([0-9]+ acknowledged\))?, received 0 bytes '
		size=$(sed 's/.*: sent \([0-9]*\) .*/\1/' err)
		[ "$size" -gt 4096 ]
		head -c "$size" "$(A)" >expected
		counterpart_ended expected
	done
}

@test "--close-on-peer-eof: exit 1 if what was read cannot be sent, after --linger" {
	mkfifo go
	counterpart rcvbuf:4096 gate:go shutdown hold
	exits 1 "$PARENT" 0=pipe feed:"$(A)" pause:0.1 go:go -- \
		"$SOCKIT" connect --close-on-peer-eof --linger 0.3 127.0.0.1 "$PORT" >out 2>err
	says "^sockit connect: 127\.0\.0\.1 port $PORT: .*acknowledged"
}

@test "-i: not while data moves, in either direction" {
	local words
	words=()
	for _ in 1 2 3 4 5 6; do words+=(line:x pause:0.15); done
	counterpart "${words[@]}" report
	exits 0 "$PARENT" 0=pipe -- \
		"$SOCKIT" connect -i 0.6 --close-on-peer-eof 127.0.0.1 "$PORT" >out 2>err
	silent
	has_size out 12
	words=()
	for _ in 1 2 3 4 5 6; do words+=(read:2 pause:0.15); done
	counterpart "${words[@]}" report
	exits 0 "$PARENT" 0=pipe line:1 pause:0.15 line:2 pause:0.15 line:3 pause:0.15 line:4 pause:0.15 \
		line:5 pause:0.15 line:6 -- \
		"$SOCKIT" connect -i 0.6 --close-on-peer-eof 127.0.0.1 "$PORT" >out 2>err
	silent
	printf '%d\n' 1 2 3 4 5 6 >expected
	ended 0 "$PEER"
	[ "$(sed -n 's/^read 12 \([0-9a-f]*\) open$/\1/p' peer.out)" = \
		"$(sha256sum <expected | cut -d ' ' -f 1)" ]
}

@test "-i: not while the peer takes what was handed to the kernel" {
	local words=()
	for _ in 1 2 3 4; do words+=(read:20000 pause:0.25); done
	counterpart rcvbuf:4096 "${words[@]}" readall report
	exits 0 "$SOCKIT" connect -i 0.7 --sndbuf 1M 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	silent
	counterpart_ended "$(SMALL)"
}

@test "-i: connected and nothing moves: exit 4" {
	local start ms
	counterpart hold
	start=$(milliseconds)
	exits 4 "$PARENT" 0=pipe -- "$SOCKIT" connect -i 0.3 127.0.0.1 "$PORT" >out 2>err
	ms=$(($(milliseconds) - start))
	says '^sockit connect: .*\(--idle-timeout\)$'
	[ "$ms" -ge 300 ]
	[ "$ms" -lt 3000 ]
}

@test "--timeout: the whole run, though data moves" {
	local start ms
	counterpart talk
	start=$(milliseconds)
	exits 4 "$SOCKIT" connect --timeout 0.4 127.0.0.1 "$PORT" </dev/null >out 2>err
	ms=$(($(milliseconds) - start))
	says '^sockit connect: .*\(--timeout\)$'
	[ "$ms" -ge 400 ]
	[ "$ms" -lt 3000 ]
	[ -s out ]
}

@test "--timeout: from the start, a listener that nobody comes to" {
	exits 4 "$SOCKIT" listen --timeout 0.2 127.0.0.1 0 </dev/null >out 2>err
	[ "$(wc -l <err)" -eq 2 ]
	grep -qE '^sockit listen: .*\(--timeout\)$' err
	silent out
}

@test "--timeout: a run that is over before is not touched" {
	counterpart exchange:"$(SMALL)" report
	exits 0 "$SOCKIT" connect --timeout 15 -i 15 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	silent
	same out "$(SMALL)"
	counterpart_ended "$(SMALL)"
}

@test "--read-bytes: exactly so many on stdout, though the peer sends for ever" {
	local n
	for n in 1 4097 1000000; do
		counterpart talk
		exits 0 "$PARENT" 0=pipe -- "$SOCKIT" connect --read-bytes $n 127.0.0.1 "$PORT" >out 2>err
		silent
		has_size out $n
		ended 0 "$PEER"
	done
	pattern 1000000 >expected
	same out expected
}

@test "--read-bytes: into a pipe" {
	counterpart talk
	exits 0 "$PARENT" 0=pipe 1=pipe -- \
		"$SOCKIT" connect --read-bytes 1000000 127.0.0.1 "$PORT" >out 2>err
	silent
	has_size out 1000000
}

@test "--read-bytes: exactly as many as the peer sends, and fewer" {
	local n
	for n in 131072 131073; do
		counterpart file:"$(SMALL)" shutdown readall report
		exits 0 "$SOCKIT" connect --read-bytes $n 127.0.0.1 "$PORT" <"$(A)" >out 2>err
		silent
		same out "$(SMALL)"
		ended 0 "$PEER"
	done
	counterpart_ended "$(A)"
}

@test "--read-bytes: an endless stdin does not keep it" {
	counterpart read:1000000 line:enough readall report
	exits 0 "$SOCKIT" connect --read-bytes 7 127.0.0.1 "$PORT" </dev/zero >out 2>err
	silent
	[ "$(cat out)" = enough ]
	ended 0 "$PEER"
	grep -q ' end$' peer.out
}

@test "--read-bytes: exit 1 if what was read from stdin cannot be sent, after --linger" {
	counterpart rcvbuf:4096 talk
	exits 1 "$SOCKIT" connect --read-bytes 1000 --linger 0.3 --sndbuf 1M 127.0.0.1 "$PORT" \
		<"$(SMALL)" >out 2>err
	says "^sockit connect: 127\.0\.0\.1 port $PORT: .*acknowledged"
	has_size out 1000
}

FIGURES='sent 131072 bytes, received 8388608 bytes in '

@test "--stats: one line at the end" {
	counterpart exchange:"$(B)" report
	exits 0 "$SOCKIT" connect --stats 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	says "^sockit connect: $FIGURES"
	same out "$(B)"
	counterpart_ended "$(SMALL)"
}

@test "--stats: what was sent and is not acknowledged does not count as taken" {
	local sent taken
	counterpart rcvbuf:4096 hold
	exits 1 "$SOCKIT" connect --stats --sndbuf 1M -q 100ms 127.0.0.1 "$PORT" <"$(SMALL)" 2>err
	grep -qE '^sockit connect: sent 131072 bytes \([0-9]+ acknowledged\), received 0 bytes in ' err
	read -r sent taken < <(sed -nE 's/^sockit connect: sent ([0-9]+) bytes \(([0-9]+) acknowledged.*/\1 \2/p' err)
	[ "$taken" -gt 0 ]
	[ "$taken" -lt "$sent" ]
	# As objects; and in the total of a listener.
	counterpart rcvbuf:4096 hold
	exits 1 "$SOCKIT" connect --stats --json --sndbuf 1M -q 100ms 127.0.0.1 "$PORT" <"$(SMALL)" 2>err
	grep -qE '"event":"closed".*"sent":131072,"acknowledged":[0-9]+,' err
	[ "$(grep -c '"acknowledged":131072,' err)" = 0 ]
	mkfifo in
	"$SOCKIT" listen --json --stats -k --accept 1 --notify-fd 9 127.0.0.1 0 <in >out 2>err 9>ready 3>&- &
	started
	exec 7>in
	eventually test -s ready
	read -r _ PORT <ready
	counterpart connect:"$PORT" text:hello read:6 shutdown readall 7>&-
	eventually grep -q hello out
	echo hello >&7
	exec 7>&-
	ended 0 "$PID"
	grep -q '"event":"closed".*"sent":6,"acknowledged":6,"received":5,' err
	grep -q '"event":"total".*"sent":6,"acknowledged":6,"received":5,' err
}

# bats test_tags=valgrind
@test "SIGUSR1: the line at any time, and the run goes on" {
	mkfifo go
	counterpart line:hello read:6 gate:go readall report
	exits 0 "$PARENT" 0=pipe 1=pipe line:first until:hello pause:0.2 kill:USR1 pause:0.2 alive \
		go:go line:second shutdown -- "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	says '^sockit connect: sent 6 bytes, received 6 bytes in '
	[ "$(cat out)" = hello ]
	printf 'first\nsecond\n' >typed
	counterpart_ended typed
}

@test "--buffer: byte for byte, however little it is" {
	local n size
	random_file 30k 30000
	for n in 1:30k 1k:"$(SMALL)" 1M:"$(A)"; do
		size=${n%%:*} n=${n#*:}
		counterpart exchange:"$n" report
		exits 0 "$SOCKIT" connect --buffer "$size" 127.0.0.1 "$PORT" <"$n" >out 2>err
		silent
		same out "$n"
		counterpart_ended "$n"
		counterpart exchange:"$n" report
		exits 0 "$PARENT" 0=pipe 1=pipe feed:"$n" shutdown -- \
			"$SOCKIT" connect --buffer "$size" 127.0.0.1 "$PORT" >out 2>err
		silent
		same out "$n"
		counterpart_ended "$n"
	done
}

### Signals.

@test "SIGINT and SIGTERM are real deaths, their status 130 and 143" {
	local name
	for name in INT:130 TERM:143 HUP:129; do
		counterpart line:hello readall report
		exits "${name#*:}" "$PARENT" 0=pipe 1=pipe until:hello kill:"${name%:*}" -- \
			"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
		silent
		[ "$(cat out)" = hello ]
		ended 0 "$PEER"
	done
}

@test "signals that were ignored stay ignored" {
	counterpart line:hello readall report
	exits 0 "$PARENT" ignore:HUP ignore:INT ignore:TERM ignore:USR1 0=pipe 1=pipe until:hello \
		kill:HUP kill:INT kill:TERM kill:USR1 pause:0.2 alive feed:"$(SMALL)" shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = hello ]
	counterpart_ended "$(SMALL)"
}

@test "nohup: SIGHUP ends nothing" {
	counterpart line:hello readall report
	exits 0 "$PARENT" 0=pipe 1=pipe until:hello kill:HUP pause:0.2 alive feed:"$(SMALL)" shutdown -- \
		nohup "$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = hello ]
	counterpart_ended "$(SMALL)"
}

@test "SIGPIPE and SIGCHLD ignored by the parent change nothing" {
	counterpart exchange:"$(B)" report
	exits 0 "$PARENT" ignore:PIPE ignore:CHLD 0=pipe 1=pipe feed:"$(A)" shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

needs_pid_namespace() {
	unshare -rpf true 2>/dev/null || skip 'unshare -rpf is not possible here'
}

@test "PID 1: a run like any other" {
	needs_pid_namespace
	counterpart exchange:"$(B)" report
	exits 0 unshare -rpf "$SOCKIT" connect 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	silent
	same out "$(B)"
	counterpart_ended "$(A)"
}

@test "PID 1: a signal ends it with 128+S" {
	local name
	needs_pid_namespace
	needs pgrep procps
	mkfifo in
	for name in TERM:143 INT:130; do
		rm -f out
		counterpart line:hello readall report
		# A background job of ours has SIGINT ignored.
		env --default-signal=INT unshare -rpf \
			"$SOCKIT" connect 127.0.0.1 "$PORT" <in >out 2>err 3>&- &
	started
		exec 7>in
		eventually test -s out
		kill -"${name%:*}" "$(pgrep -P "$PID")"
		ended "${name#*:}" "$PID"
		exec 7>&-
		silent
		ended 0 "$PEER"
	done
}

@test "PID 1: a broken stdout ends it with 141" {
	needs_pid_namespace
	mkfifo in out.fifo
	counterpart send:32000000 readall report
	unshare -rpf "$SOCKIT" connect 127.0.0.1 "$PORT" <in >out.fifo 2>err 3>&- &
	started
	exec 7>in
	head -c 1000 <out.fifo >out
	ended 141 "$PID"
	silent
	counterpart_ended /dev/null ECONNRESET
}
