#!/usr/bin/env bats
# The data options that change a stream, slow it down or show it: --crlf, --telnet, --delay, --rate, --output,
# --hex-dump, each with the ways in which a connection ends, and all of them together.

# shellcheck disable=SC1003,SC2046,SC2086,SC2094 # a backslash; lists of words; names of files

load helpers/common
load helpers/files

setup_file() {
	random_files 2097152
	base64 "$BATS_FILE_TMPDIR/small" >"$BATS_FILE_TMPDIR/ascii"
	# A stream of telnet's, what of it is data, and what it asks to be answered.
	python3 - "$BATS_FILE_TMPDIR" <<-'END'
		import os, random, sys
		stream, data, answers = bytearray(), bytearray(), bytearray()
		for _ in range(6000):
		    kind = random.randrange(8)
		    option = random.randrange(256)
		    if kind < 3:
		        text = os.urandom(random.randrange(30))
		        stream += text.replace(b'\xff', b'\xff\xff')
		        data += text
		    elif kind == 3:
		        stream += bytes([255, random.randrange(241, 250)])  # NOP, DM ... GA
		    elif kind == 4:
		        stream += bytes([255, 253, option])  # DO
		        answers += bytes([255, 252, option])
		    elif kind == 5:
		        stream += bytes([255, 251, option])  # WILL
		        answers += bytes([255, 254, option])
		    elif kind == 6:
		        stream += bytes([255, random.choice((252, 254)), option])
		    else:
		        text = os.urandom(random.randrange(40)).replace(b'\xff', b'\xff\xff')
		        stream += b'\xff\xfa' + text + b'\xff\xf0'  # SB ... SE
		for name, text in ('stream', stream), ('data', data), ('answers', answers):
		    open(f'{sys.argv[1]}/telnet.{name}', 'wb').write(text)
	END
}

ASCII() { echo "$BATS_FILE_TMPDIR/ascii"; }
TELNET() { echo "$BATS_FILE_TMPDIR/telnet.$1"; }

# doubled: stdin with each byte 255 twice.
doubled() {
	python3 -c 'import sys; sys.stdout.buffer.write(sys.stdin.buffer.read().replace(b"\xff", b"\xff\xff"))'
}

# crlf: stdin with each LF as CR LF, but for those that are so already.
crlf() {
	python3 -c 'import re, sys; sys.stdout.buffer.write(re.sub(rb"(?<!\r)\n", b"\r\n", sys.stdin.buffer.read()))'
}

# undumped FILE SIGN: the bytes of one direction (> or <) from a hex dump, each line checked.
undumped() {
	python3 - "$1" "$2" <<-'END'
		import re, sys
		data, last, left, place = {'<': bytearray(), '>': bytearray()}, 0.0, 0, None
		for row in open(sys.argv[1], newline=''):
		    assert len(row) <= 80, row
		    if not left:
		        m = re.fullmatch(r'([<>]) (\d+\.\d{6}) (\d+) bytes?\n', row)
		        assert m and float(m[2]) >= last, row
		        last, left, place = float(m[2]), int(m[3]), data[m[1]]
		        continue
		    m = re.fullmatch(r'([0-9a-f]{8})  ((?:[0-9a-f]{2} ){0,8}) ?((?:[0-9a-f]{2} ){0,8}) *\|(.{1,16})\|\n', row)
		    assert m and row.index('|') == 60, row
		    assert int(m[1], 16) == len(place), row
		    new = bytes.fromhex(m[2] + m[3])
		    assert ''.join(chr(c) if 32 <= c < 127 else '.' for c in new) == m[4], row
		    assert len(new) == min(left, 16), row
		    left -= len(new)
		    place += new
		assert not left
		sys.stdout.buffer.write(data[sys.argv[2]])
	END
}

### --crlf.

# bats test_tags=valgrind
@test "crlf: LF becomes CR LF, CR LF stays, wherever reads are split" {
	local n in=$'\na\n\nb\r\nc\r\r\n\r\n\n\rd\r'
	printf '%s' "$in" >in
	crlf <in >expected
	[ "$(wc -c <expected)" -eq $(($(wc -c <in) + 4)) ]
	for n in 1 2 3 64k; do
		counterpart readall report
		exits 0 "$SOCKIT" connect -C --buffer $n 127.0.0.1 "$PORT" <in >out 2>err
		silent
		counterpart_ended expected
	done
	counterpart readall report
	exits 0 "$PARENT" 0=pipe hex:0d pause:0.1 hex:0a0a shutdown -- \
		"$SOCKIT" connect -C 127.0.0.1 "$PORT" >out 2>err
	bytes 0d0a0d0a >expected
	counterpart_ended expected
}

@test "crlf: much, at full speed; what is received stays as it is" {
	yes $'a\n\r\nlonger line\r' | head -c 3000000 >in
	crlf <in >expected
	counterpart exchange:in report
	exits 0 "$SOCKIT" connect --crlf 127.0.0.1 "$PORT" <in >out 2>err
	silent
	same in out
	counterpart_ended expected
	serve -C 127.0.0.1 0 <in >out 2>err
	counterpart connect:"$PORT" exchange:in report
	ended 0 "$LISTENER"
	same in out
	counterpart_ended expected
}

### --telnet.

# talks_telnet STREAM DATA ANSWERS [OPTION]...: three files.
talks_telnet() {
	counterpart exchange:"$1" report
	exits 0 "$SOCKIT" connect -t -d "${@:4}" 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	same out "$2"
	counterpart_ended "$3"
}

# bats test_tags=valgrind
@test "telnet: refuses what is asked and offered, and takes all of that out of the data" {
	# a DO 1 b WILL 3 c WONT 5 d DONT 6 e NOP f IAC IAC g SB 24 1 IAC IAC x IAC SE h GA i CR NUL CR LF
	bytes 61fffd0162fffb0363fffc0564fffe0665fff166ffff67fffa1801ffff78fff068fff9690d000d0a >stream
	bytes 616263646566ff6768690d000d0a >data
	bytes fffc01fffe03 >answers
	local n
	for n in 1 2 3 64k; do
		talks_telnet stream data answers --buffer $n
	done
	# DO 255 and WILL 255: the option is no IAC.
	bytes fffdff61fffbff62 >stream
	bytes 6162 >data
	bytes fffcfffffeff >answers
	talks_telnet stream data answers --buffer 1
	# A subnegotiation without its end ends with the next command; one that the end of stream cuts is no data.
	bytes 61fffa18fffd0162fffa1863 >stream
	bytes 6162 >data
	bytes fffc01 >answers
	talks_telnet stream data answers
}

@test "telnet: any stream, in any pieces" {
	local n
	for n in 1 4095 64k; do
		talks_telnet "$(TELNET stream)" "$(TELNET data)" "$(TELNET answers)" --buffer $n
	done
}

@test "telnet: 255 is doubled in what is sent" {
	{ cat "$(SMALL)" && bytes ffff61ff; } >in
	doubled <in >expected
	local n
	for n in 1000 1M; do
		counterpart readall report
		exits 0 "$SOCKIT" connect -t --buffer $n 127.0.0.1 "$PORT" <in >out 2>err
		silent
		counterpart_ended expected
	done
}

@test "telnet: answers beside data, both ways, listening too" {
	cat "$(TELNET stream)" "$(TELNET stream)" "$(TELNET stream)" >stream
	cat "$(TELNET data)" "$(TELNET data)" "$(TELNET data)" >data
	serve -t 127.0.0.1 0 <"$(SMALL)" >out 2>err
	counterpart connect:"$PORT" save:got exchange:stream report
	ended 0 "$LISTENER"
	says "$LISTENING"
	same out data
	counterpart_ended
	# A telnet of our own understands what was sent: the data comes out, and the answers between it.
	counterpart file:got shutdown readall
	exits 0 "$SOCKIT" connect -t -d 127.0.0.1 "$PORT" </dev/null >back 2>err
	same back "$(SMALL)"
}

@test "telnet: answers also with --send-only, and after stdin's end with --no-shutdown" {
	counterpart hex:fffd01 read:3 line:x shutdown readall report
	exits 0 "$PARENT" 0=pipe pause:0.2 shutdown -- \
		"$SOCKIT" connect -t --send-only 127.0.0.1 "$PORT" >out 2>err
	silent
	silent out
	bytes fffc01 >expected
	counterpart_ended expected
	counterpart pause:0.2 hex:fffd01 read:3 shutdown readall report
	exits 0 "$SOCKIT" connect -t --no-shutdown 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	counterpart_ended expected
}

@test "telnet: answers after stdin's end cannot go, and that is no error" {
	counterpart readall hex:fffd0161 shutdown report
	exits 0 "$SOCKIT" connect -t 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	[ "$(cat out)" = a ]
	counterpart_ended /dev/null
}

@test "telnet: answers go out in the pauses of --delay" {
	printf 'user\nword\n' >in
	counterpart read:5 hex:fffd01 read:3 reset
	local start
	start=$(milliseconds)
	exits 1 "$SOCKIT" connect -t --delay 15 127.0.0.1 "$PORT" <in >out 2>err
	[ $(($(milliseconds) - start)) -lt 10000 ]
	counterpart_ended
	# And between, all in its place.
	yes line | head -n 8 >in
	counterpart hex:fffd01 read:20 hex:fffb02fffd03 shutdown readall save:got report
	exits 0 "$SOCKIT" connect -t -o copy --delay 50ms 127.0.0.1 "$PORT" <in >out 2>err
	silent
	python3 - copy <<-'END'
		import re, sys
		all = open(sys.argv[1], 'rb').read()
		for a in b'\xff\xfc\x01', b'\xff\xfe\x02', b'\xff\xfc\x03':
		    assert all.count(a) == 1, all
		assert re.fullmatch(rb'(line\n)*', re.sub(rb'\xff..', b'', all)), all
	END
}

@test "telnet: a peer that asks and does not read is not answered without end" {
	python3 -c 'import sys; sys.stdout.buffer.write(b"\xff\xfd\x01" * 10000000)' >asking
	counterpart rcvbuf:4096 file:asking hold
	"$SOCKIT" connect -t -d --sndbuf 8k 127.0.0.1 "$PORT" </dev/null >out 2>err 3>&- &
	started
	pause 1.5
	runs "$PID"
	[ -n "${SOCKIT_FLAVOUR-}" ] || [ "$(awk '/^VmHWM/ { print $2 }' /proc/"$PID"/status)" -lt 12000 ]
	kill "$PID"
	ended 143 "$PID"
}

@test "telnet: with --read-bytes only data counts" {
	counterpart hex:fffd01fffb0261626364fffa05fff065666768 readall report
	exits 0 "$SOCKIT" connect -t --read-bytes 5 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	[ "$(cat out)" = abcde ]
}

@test "telnet: against busybox telnet, which doubles 255 too" {
	needs busybox busybox
	busybox telnet --help 2>&1 | grep -q '^Usage: telnet' || skip 'this busybox has no telnet'
	bytes 78ff79ffff0a >in
	mkfifo typed said
	exec 6<>said
	serve -t 127.0.0.1 0 <said >out 2>err
	cat in >said
	within 20 busybox telnet 127.0.0.1 "$PORT" <typed >shown 3>&- &
	started
	exec 5>typed
	bytes 61ff0a >&5
	eventually [ -s out ]
	eventually [ -s shown ]
	exec 5>&-
	# It ends at the end of what is typed.
	kill "$LISTENER"
	ended 143 "$LISTENER"
	exec 6>&-
	head -c 6 shown >got
	same got in
	# It sends a newline as CR LF.
	bytes 61ff0d0a >expected
	same out expected
}

### Urgent data.

@test "urgent data is data, in its place, whatever takes it" {
	local to
	bytes 616263586465665867 >expected
	for to in 1=pipe 1=unix 1=file:file; do
		counterpart hex:616263 urgent:58 gate:go hex:646566 urgent:58 hex:67 shutdown readall report
		rm -f go file
		mkfifo go
		exits 0 "$PARENT" 0=pipe $to pause:0.1 go:go -- \
			"$SOCKIT" connect -d 127.0.0.1 "$PORT" >out 2>err
		silent
		[ ! -f file ] || mv file out
		same out expected
		counterpart_ended /dev/null
	done
	# Not even where it is the last.
	counterpart send:500000 urgent:58 shutdown readall
	exits 0 "$PARENT" 0=pipe 1=pipe -- "$SOCKIT" connect -d 127.0.0.1 "$PORT" >out 2>err
	[ "$(wc -c <out)" -eq 500001 ]
	# It comes at once, and nobody spins there.
	mkfifo go2
	counterpart urgent:58 gate:go2 shutdown readall
	"$SOCKIT" connect -d 127.0.0.1 "$PORT" </dev/null 2>err 3>&- > >(cat >out) &
	started
	eventually grep -q X out
	pause 0.3
	[ "$(awk '{ print $14 + $15 }' "/proc/$PID/stat")" -lt 20 ]
	: >go2
	ended 0 "$PID"
}

@test "urgent data, much of it" {
	python3 -c '
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
s = server.accept()[0]
for i in range(3000):
    s.sendall(b"%05d" % i)
    s.send(b"!", socket.MSG_OOB)
s.shutdown(socket.SHUT_WR)
s.recv(1)' >port 3>&- &
	started
	eventually [ -s port ]
	exits 0 "$PARENT" 0=pipe 1=pipe -- "$SOCKIT" connect -d 127.0.0.1 "$(cat port)" >out 2>err
	for ((i = 0; i < 3000; i++)); do printf '%05d!' $i; done >expected
	same out expected
}

@test "telnet: a Data Mark that is urgent" {
	local n
	for n in 1 64k; do
		counterpart hex:6162ff urgent:f2 hex:6364fff2 urgent:65 hex:66 shutdown readall report
		exits 0 "$PARENT" 0=pipe 1=pipe -- \
			"$SOCKIT" connect -t -d --buffer $n 127.0.0.1 "$PORT" >out 2>err
		silent
		[ "$(cat out)" = abcdef ]
		counterpart_ended /dev/null
	done
}

### --delay.

@test "delay: a pause after each line, none after the last" {
	printf 'a\nb\n\nc' >in
	serve -d -x dump 127.0.0.1 0 </dev/null >out 2>err
	exits 0 "$SOCKIT" connect --delay 150ms 127.0.0.1 "$PORT" <in >out2 2>err2
	silent err2
	ended 0 "$LISTENER"
	same in out
	python3 - dump <<-'END'
		import sys
		lines = [line.split() for line in open(sys.argv[1])]
		rows = [line[1:-1] for line in lines[1::2]]
		assert rows == [['61', '0a'], ['62', '0a'], ['0a'], ['63']], lines
		times = [float(line[1]) for line in lines[::2]]
		# Our own end may be late to see one and not the next.
		assert times[-1] - times[0] >= 0.4, times
		assert sum(b - a > 0.1 for a, b in zip(times, times[1:])) >= 2, times
	END
	echo one >in
	counterpart readall report
	local start
	start=$(milliseconds)
	exits 0 "$SOCKIT" connect --delay 15s 127.0.0.1 "$PORT" <in >out 2>err
	[ $(($(milliseconds) - start)) -lt 10000 ]
	counterpart_ended in
}

@test "delay: from a pipe, and lines that come in pieces; what is received does not wait" {
	counterpart file:"$(A)" readall report
	exits 0 "$PARENT" 0=pipe line:a line:b hex:63 pause:0.05 line:d shutdown -- \
		"$SOCKIT" connect --delay 50ms --read-bytes 2M 127.0.0.1 "$PORT" >out 2>err
	same out "$(A)"
	printf 'a\nb\ncd\n' >expected
	counterpart readall report
	exits 0 "$PARENT" 0=pipe line:a line:b hex:63 pause:0.05 line:d shutdown -- \
		"$SOCKIT" connect --delay 50ms -C 127.0.0.1 "$PORT" >out 2>err
	silent
	crlf <expected >expected2
	counterpart_ended expected2
}

@test "delay: what was read is still sent where we end the connection, however long that pauses" {
	printf 'a\nb\nc\nd\n' >in
	counterpart read:2 shutdown readall report
	exits 0 "$PARENT" 0=pipe feed:in -- \
		"$SOCKIT" connect --delay 300ms --linger 100ms --close-on-peer-eof 127.0.0.1 "$PORT" >out 2>err
	silent
	counterpart_ended in
}

@test "delay: a peer that is gone meanwhile: 1" {
	printf 'a\nb\nc\nd\n' >in
	counterpart read:2 reset
	exits 1 "$SOCKIT" connect --delay 100ms 127.0.0.1 "$PORT" <in >out 2>err
	says '\((ECONNRESET|EPIPE)\)$'
	counterpart read:2 lose
	exits 1 "$SOCKIT" connect --delay 100ms 127.0.0.1 "$PORT" <in >out 2>err
	says '\((ECONNRESET|EPIPE)\)$'
}

### --rate.

# lasts FROM TO: has it been so many milliseconds since START?
lasts() {
	local ms=$(($(milliseconds) - START))
	[ $ms -ge "$1" ] && [ $ms -le "$2" ] && return
	echo "$ms ms, not $1 to $2"
	return 1
}

@test "rate: each way for itself, from and to whatever" {
	local kind from to copy
	head -c 200000 "$(A)" >in
	for kind in 'file:in file:out' 'pipe pipe feed:in' 'unix unix feed:in'; do
		rm -f out
		read -r from to copy <<<"$kind"
		counterpart exchange:in report
		START=$(milliseconds)
		[ "$from" = file:in ] || copy="$copy shutdown"
		exits 0 "$PARENT" 0="$from" 1="$to" $copy -- \
			"$SOCKIT" connect --rate 200000 127.0.0.1 "$PORT" >out.pipe 2>err
		lasts 850 9000
		silent
		[ -s out ] || mv out.pipe out
		same in out
		counterpart_ended in
	done
}

@test "rate: of single bytes, and of more than anything can do" {
	printf 0123456789 >in
	counterpart readall report
	START=$(milliseconds)
	exits 0 "$SOCKIT" connect --rate 10 127.0.0.1 "$PORT" <in >out 2>err
	lasts 800 9000
	counterpart_ended in
	counterpart exchange:"$(A)" report
	exits 0 "$SOCKIT" connect --rate 1024G 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	same out "$(A)"
	counterpart_ended "$(A)"
	exits 2 "$SOCKIT" connect --rate 0 127.0.0.1 "$PORT" 2>err
	exits 2 "$SOCKIT" connect --rate 2000G 127.0.0.1 "$PORT" 2>err
	exits 2 "$SOCKIT" connect --rate -5 127.0.0.1 "$PORT" 2>err
	says "'-5'"
}

@test "rate: with the filters, with --send-only, and as they end" {
	yes | head -c 40000 >in
	crlf <in >expected
	counterpart file:"$(SMALL)" readall report
	START=$(milliseconds)
	exits 0 "$SOCKIT" connect -C --send-only --rate 60000 127.0.0.1 "$PORT" <in >out 2>err
	lasts 800 9000
	silent out
	counterpart_ended expected
	# -q ends it in the midst: exit status 0, since all of the input has been taken.
	counterpart file:"$(A)" readall
	START=$(milliseconds)
	exits 0 "$SOCKIT" connect --rate 100k -q 500ms 127.0.0.1 "$PORT" </dev/null >out 2>err
	lasts 450 12000
	head -c "$(wc -c <out)" "$(A)" >part
	same out part
	# A pause is no idleness.
	counterpart file:"$(SMALL)" shutdown readall
	exits 0 "$SOCKIT" connect --rate 100k -i 400ms 127.0.0.1 "$PORT" </dev/null >out 2>err
	same out "$(SMALL)"
}

@test "rate and delay: a pause that is longer than --idle-timeout is no idleness" {
	printf ab >in
	# It is over once the end of input may be looked at: then the peer has as long as ever.
	counterpart readall pause:0.3 report
	exits 0 "$SOCKIT" connect --rate 1 -i 800ms 127.0.0.1 "$PORT" <in >out 2>err
	counterpart_ended in
	printf 'a\nb' >in
	counterpart readall report
	exits 0 "$SOCKIT" connect --delay 1200ms -i 800ms 127.0.0.1 "$PORT" <in >out 2>err
	counterpart_ended in
	counterpart send:2 readall
	exits 0 "$SOCKIT" connect -d --rate 1 -i 800ms --read-bytes 2 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(wc -c <out)" = 2 ]
	# But when it is over, one begins.
	mkfifo never
	exec 7<>never
	counterpart hold
	cat in >&7
	exits 4 "$SOCKIT" connect --rate 4 -i 200ms 127.0.0.1 "$PORT" <never >out 2>err
	says 'nothing moved for 200 ms'
	exec 7>&-
}

@test "rate: a peer that resets in the midst: 1" {
	counterpart read:20000 reset
	exits 1 "$SOCKIT" connect --rate 50k 127.0.0.1 "$PORT" <"$(A)" >out 2>err
	says '\((ECONNRESET|EPIPE)\)$'
	counterpart send:200000 reset
	exits 1 "$SOCKIT" connect -d --rate 100k 127.0.0.1 "$PORT" </dev/null >out 2>err
	says '\(ECONNRESET\)$'
}

### The fast ways.

# calls OPTION...: the names of the system calls that move A both ways between pipes, or from a file.
calls() {
	counterpart exchange:"$(A)" report
	exits 0 "$PARENT" 0="$FROM" 1=pipe $([ "$FROM" != pipe ] || echo feed:"$(A)" shutdown) -- \
		strace -f -qq -e trace=splice,/^sendfile,read,recvfrom,write,sendto -o calls \
		"$SOCKIT" connect "$@" 127.0.0.1 "$PORT" >out 2>err
	silent
	same out "$(A)"
	counterpart_ended "$(A)"
	# Those that moved something. sendfile64(2) is that of 32 bits.
	sed -n 's/^[0-9]* *//; s/64(/(/; s/(.*= \([0-9]*\)$/ \1/p' calls | awk '$2 > 4096 { print $1 }' | sort -u
}

@test "nothing is copied where no filter is; with --rate neither" {
	[[ $("$SOCKIT" --version) == *linux* ]] || skip 'built without what only Linux has'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of this build strace tells other things'
	needs strace strace
	strace -o /dev/null true || skip 'strace may not trace'
	local rate
	for rate in '' '--rate 8M'; do
		FROM=file:$(A)
		[ "$(calls $rate)" = $'sendfile\nsplice' ]
		FROM=pipe
		# It begins by copying, until much is there at once.
		[[ $(calls $rate) == *splice* ]]
		[ "$(grep -c 'splice(0' calls)" -ge 2 ]
	done
	# What only copies to a file does without too, unless the data have to be looked at.
	[[ $(calls -o copy) == *splice* ]]
	[[ $(calls -o copy -x dump) != *splice* ]]
	[[ $(calls -o copy --append) != *splice* ]]
	FROM=file:$(A)
	[ "$(calls -o /dev/null -x /dev/null)" = $'sendfile\nsplice' ]
}

@test "output: what the kernel does not do without copying is copied, and nothing is lost" {
	[[ $("$SOCKIT" --version) == *linux* ]] || skip 'built without what only Linux has'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of this build strace tells other things'
	needs strace strace
	local fault strace
	set -o pipefail
	for fault in tee:error=EINVAL splice:error=EINVAL:when={2,3} splice:error=EAGAIN:when=2..9+2; do
		strace=(strace -f -qq -o /dev/null -e trace="${fault%%:*}" -e inject="$fault")
		"${strace[@]}" true 2>/dev/null || skip 'this strace cannot inject'
		counterpart readall report
		exits 0 "${strace[@]}" "$SOCKIT" connect -o copy 127.0.0.1 "$PORT" <"$(A)" >out 2>err
		silent
		counterpart_ended "$(A)"
		same copy "$(A)"
		counterpart file:"$(A)" shutdown readall
		exits 0 "${strace[@]}" "$SOCKIT" connect -d -o copy 127.0.0.1 "$PORT" \
			</dev/null 2>err | cat >out
		silent err
		same out "$(A)"
		same copy "$(A)"
	done
}

### --output and --hex-dump.

# bats test_tags=valgrind
@test "output: both directions, raw, and the dump has the same" {
	counterpart read:6 line:answer readall report
	exits 0 "$PARENT" 0=pipe 1=pipe line:hello until:answer line:more shutdown -- \
		"$SOCKIT" connect -o copy -x dump 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = answer ]
	[ "$(cat copy)" = $'hello\nanswer\nmore' ]
	[ "$(undumped dump '>')" = $'hello\nmore' ]
	[ "$(undumped dump '<')" = answer ]
	[ "$(sed -E 's/ [0-9]\.[0-9]{6} / T /' dump)" = '> T 6 bytes
00000000  68 65 6c 6c 6f 0a                                 |hello.|
< T 7 bytes
00000000  61 6e 73 77 65 72 0a                              |answer.|
> T 5 bytes
00000006  6d 6f 72 65 0a                                    |more.|' ]
}

@test "output: much, both ways, connecting and listening" {
	serve -o copy.l -x dump.l 127.0.0.1 0 <"$(A)" >out.l 2>err.l
	exits 0 "$SOCKIT" connect -o copy.c -x dump.c 127.0.0.1 "$PORT" <"$(SMALL)" >out.c 2>err
	silent
	ended 0 "$LISTENER"
	same out.l "$(SMALL)"
	same out.c "$(A)"
	undumped dump.l '>' >a
	undumped dump.l '<' >small
	same a "$(A)"
	same small "$(SMALL)"
	undumped dump.c '<' >a
	same a "$(A)"
	[ "$(wc -c <copy.l)" -eq $((2097152 + 131072)) ]
	[ "$(wc -c <copy.c)" -eq $((2097152 + 131072)) ]
}

@test "output: emptied at the start, or added to" {
	echo before >copy
	echo before >dump
	counterpart line:one shutdown readall
	exits 0 "$SOCKIT" connect -o copy -x dump 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(cat copy)" = one ]
	[ "$(wc -l <dump)" -eq 2 ]
	counterpart line:two shutdown readall
	exits 0 "$SOCKIT" connect --append -o copy -x dump 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(cat copy)" = $'one\ntwo' ]
	[ "$(wc -l <dump)" -eq 4 ]
}

@test "output: has it at once" {
	mkfifo go
	counterpart line:early gate:go shutdown readall
	"$SOCKIT" connect -d -o copy -x dump 127.0.0.1 "$PORT" </dev/null >out 2>err 3>&- &
	started
	eventually grep -q early copy
	eventually grep -q early dump
	: >go
	ended 0 "$PID"
}

@test "output: with --send-only, --recv-only and --read-bytes it is what crossed the network" {
	counterpart line:thrown read:5 shutdown readall
	exits 0 "$PARENT" 0=pipe line:sent pause:0.1 shutdown -- \
		"$SOCKIT" connect --send-only -o copy 127.0.0.1 "$PORT" >out 2>err
	silent out
	[ "$(sort copy)" = $'sent\nthrown' ]
	counterpart line:received shutdown readall
	exits 0 "$SOCKIT" connect -d -o copy 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>err
	[ "$(cat copy)" = received ]
	counterpart line:received readall
	exits 0 "$SOCKIT" connect -d --read-bytes 4 -x dump 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(cat out)" = rece ]
	[ "$(undumped dump '<' | head -c 4)" = rece ]
}

@test "output: after -C and -t, as it is on the wire" {
	counterpart hex:fffd0161 read:3 readall report
	exits 0 "$PARENT" 0=pipe 1=pipe until:a pause:0.1 line:b shutdown -- \
		"$SOCKIT" connect -C -t -x dump 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = a ]
	bytes fffc01620d0a >expected
	undumped dump '>' >sent
	same sent expected
	counterpart_ended expected
	bytes fffd0161 >expected
	undumped dump '<' >received
	same received expected
}

@test "text-dump: both directions, line by line, with control characters escaped" {
	counterpart read:6 hex:"$(printf 'one\r\n\ttwo \\ \342\202\254 \233\033[31m\n\nlogin: ' | xxd -p | tr -d '\n')" \
		readall report
	exits 0 "$PARENT" 0=pipe 1=pipe line:hello until:login line:me shutdown -- \
		"$SOCKIT" connect -X text 127.0.0.1 "$PORT" >out 2>err
	silent
	printf '%s\n' '> hello' '< one\r' '< \ttwo \\ €'' \x9b\x1b[31m' '< ' '< login: \' '> me' >expected
	same text expected
	# All three, a file each; those that are there are added to.
	counterpart line:more shutdown readall
	exits 0 "$SOCKIT" connect -X text -x dump -o copy --append 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	echo '< more' >>expected
	same text expected
	[ "$(undumped dump '<')" = more ]
	[ "$(<copy)" = more ]
}

@test "text-dump: much, both ways: every byte can be told from it" {
	python3 -c 'print("äöü€" * 20000)' >in
	serve -X text.l 127.0.0.1 0 <in >out.l 2>err.l
	exits 0 "$SOCKIT" connect -X text.c 127.0.0.1 "$PORT" <"$(SMALL)" >out.c 2>err
	silent
	ended 0 "$LISTENER"
	python3 - text.l in "$(SMALL)" <<-'END'
		import re, sys
		data = {'<': bytearray(), '>': bytearray()}
		for line in open(sys.argv[1], 'rb').read().split(b'\n')[:-1]:
		    sign, space, text = chr(line[0]), line[1:2], line[2:]
		    assert space == b' ' and not re.search(rb'[\0-\x1f\x7f]', text), line
		    # An odd number of backslashes at the end: there was no newline.
		    torn = (len(text) - len(text.rstrip(b'\\'))) % 2
		    text = re.sub(rb'\\(x..|.)', lambda m: bytes([int(m[1][1:], 16)]) if m[1][:1] == b'x' else
		                  {b'n': b'\n', b'r': b'\r', b't': b'\t', b'\\': b'\\'}[m[1]], text[:len(text) - torn])
		    data[sign] += text + (b'' if torn else b'\n')
		assert data['>'] == open(sys.argv[2], 'rb').read()
		assert data['<'] == open(sys.argv[3], 'rb').read()
		END
}

@test "text-dump: datagrams, UNIX sockets, many clients" {
	served_by "$SOCKIT" udp-recv --notify-fd 9 -c 2 --echo -X text -x dump 127.0.0.1 0 2>err
	foreign type:dgram to:"$PORT" text:abc read:1 text:'d\n' read:1
	ended 0 "$LISTENER"
	[ "$(<text)" = $'< abc\\\n> abc\\\n< d\n> d' ]
	[ "$(sed -E 's/ [0-9]\.[0-9]{6} / T /' dump | head -2)" = '< T 3 bytes
00000000  61 62 63                                          |abc|' ]
	served_by "$SOCKIT" unix --notify-fd 9 --listen -k --accept 2 -d -X text s </dev/null >out 2>err
	exits 0 "$SOCKIT" unix s <<<one
	eventually grep -q one text
	exits 0 "$SOCKIT" unix s <<<two
	ended 0 "$LISTENER"
	[ "$(<text)" = $'1< one\n2< two' ]
}

@test "hex-dump, text-dump: no row is wider than 79 columns, whatever the offset" {
	counterpart line:0123456789abcdef readall
	exits 0 "$SOCKIT" connect -x dump 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(sed -n 2p dump)" = '00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|' ]
	[ "$(awk '{ if (length > n) n = length } END { print n }' dump)" = 78 ]
}

@test "hex-dump: an empty datagram has its line" {
	served_by "$SOCKIT" udp-recv --notify-fd 9 -c 1 -x dump 127.0.0.1 0 2>err
	foreign type:dgram to:"$PORT" text:
	ended 0 "$LISTENER"
	grep -qE '^< [0-9.]+ 0 bytes$' dump
	[ "$(wc -l <dump)" = 1 ]
}

@test "hex-dump, text-dump: - is stderr" {
	counterpart line:hello shutdown readall
	exits 0 "$SOCKIT" connect -v -x - 127.0.0.1 "$PORT" </dev/null >out 2>err
	grep -v '^sockit' err >dump
	[ "$(undumped dump '<')" = hello ]
	[ "$(grep -c '^sockit connect: ' err)" -eq 2 ]
	counterpart line:hello shutdown readall
	exits 0 "$SOCKIT" connect -X - 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(<err)" = '< hello' ]
	[ ! -e - ]
}

# bats test_tags=valgrind
@test "output: - is stderr, of datagrams too" {
	counterpart line:hello readall report
	printf 'a\r\0b' >sent
	exits 0 "$SOCKIT" connect -o - 127.0.0.1 "$PORT" <sent >out 2>err
	counterpart_ended sent
	[ "$(cat out)" = hello ]
	# Which of them comes first is nobody's business.
	cmp err <(printf 'a\r\0bhello\n') || cmp err <(printf 'hello\na\r\0b')
	[ ! -e - ]
	datagram_peer reply:xyz
	exits 0 "$SOCKIT" udp-send -w 5 --replies 1 -o - --append 127.0.0.1 "$PORT" <sent >out 2>err
	[ "$(cat out)" = xyz ]
	cmp err <(printf 'a\r\0bxyz')
	[ ! -e - ]
}

@test "output, hex-dump: to a stderr that nobody reads changes nothing" {
	local option
	mkfifo gone
	for option in -o -x; do
		counterpart exchange:"$(SMALL)" report
		exec 5<>gone
		"$SOCKIT" connect $option - 127.0.0.1 "$PORT" <"$(SMALL)" >out 2>gone 5>&- 3>&- &
		started
		exec 5<&-
		ended 0 "$PID"
		same out "$(SMALL)"
		counterpart_ended "$(SMALL)"
	done
}

@test "output: a file that cannot be opened: 1, before anything is connected" {
	local option
	mkdir dir
	for option in -o -x -X; do
		exits 1 "$SOCKIT" connect $option no/such/file 127.0.0.1 1 </dev/null >out 2>err
		says '^sockit connect: no/such/file: .*\(ENOENT\)$'
		exits 1 "$SOCKIT" listen $option dir 127.0.0.1 0 </dev/null >out 2>err
		says '^sockit listen: dir: .*\(EISDIR\)$'
	done
	exits 2 "$SOCKIT" connect -o '' 127.0.0.1 1 </dev/null >out 2>err
	mkfifo fifo
	exits 1 "$SOCKIT" connect -o fifo 127.0.0.1 1 </dev/null >out 2>err
	says '^sockit connect: fifo: .*\(ENXIO\)$'
	if [ "$(id -u)" != 0 ]; then
		: >read.only
		chmod 400 read.only
		exits 1 "$SOCKIT" connect -o read.only 127.0.0.1 1 </dev/null >out 2>err
		says '^sockit connect: read\.only: .*\(EACCES\)$'
	fi
}

@test "output: no space left: 1, and the file is named" {
	local option
	for option in -o -x -X; do
		counterpart line:hello readall
		exits 1 "$SOCKIT" connect $option /dev/full 127.0.0.1 "$PORT" </dev/null >out 2>err
		says '^sockit connect: /dev/full: .*\(ENOSPC\)$'
		counterpart readall
		exits 1 "$SOCKIT" connect $option /dev/full 127.0.0.1 "$PORT" <"$(A)" >out 2>err
		says '^sockit connect: /dev/full: .*\(ENOSPC\)$'
	done
}

@test "output: a FIFO whose reader is slow holds the connection back and loses nothing" {
	mkfifo fifo go
	{ : <go && python3 -c '
import sys, time
while data := sys.stdin.buffer.raw.read(20000):
    sys.stdout.buffer.write(data)
    time.sleep(0.002)'; } <fifo >got 3>&- &
	started
	local reader=$PID
	counterpart file:"$(A)" shutdown readall
	exec 5>fifo
	"$SOCKIT" connect -d -o fifo 127.0.0.1 "$PORT" </dev/null >out 2>err 5>&- 3>&- &
	started
	exec 5>&-
	eventually [ -s out ]
	pause 0.3
	# It stopped reading long before the end.
	[ "$(wc -c <out)" -lt 1500000 ]
	: >go
	ended 0 "$PID"
	ended 0 "$reader"
	same out "$(A)"
	same got "$(A)"
}

@test "output: a slow reader does not make it grow" {
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'the memory of this build is not that of the program'
	mkfifo fifo
	python3 - fifo 3>&- <<-'END' &
		import sys, time
		n = 0
		with open(sys.argv[1], 'rb', 0) as f:
		    while data := f.read(1 << 16):
		        n += len(data)
		        time.sleep(0.006)
		assert n > 15000000, n
	END
	started
	local reader=$PID
	exec 5>fifo
	counterpart send:4000000 shutdown readall
	"$SOCKIT" connect -d -x fifo 127.0.0.1 "$PORT" </dev/null >out 2>err 5>&- 3>&- &
	started
	local pid=$PID most=0 now
	exec 5>&-
	while runs "$pid"; do
		now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || :
		[ "${now:-0}" -le $most ] || most=$now
		pause 0.02
	done
	ended 0 "$pid"
	ended 0 "$reader"
	[ $most -gt 0 ]
	[ $most -lt 12000 ]
}

@test "output: the run is not over before a slow reader has all, unless a signal or --timeout ends it" {
	local option how
	head -c 300000 "$(A)" >in
	for how in wait signal limit; do
		rm -f fifo
		mkfifo fifo
		exec 5<>fifo
		exec 6<fifo
		counterpart file:in shutdown readall
		"$SOCKIT" connect -d -o fifo --timeout "$([ $how = limit ] && echo 1 || echo 15)" \
			127.0.0.1 "$PORT" </dev/null >out 2>err 5>&- 6>&- 3>&- &
		started
		counterpart_ended
		[ $how != limit ] || {
			ended 4 "$PID"
			says '^sockit connect: not done within 1 s \(--timeout\)$'
			exec 5<&- 6<&-
			continue
		}
		pause 2.5
		runs "$PID"
		same out in
		exec 5<&-
		if [ $how = signal ]; then
			kill "$PID"
			ended 143 "$PID"
		else
			cat <&6 >got
			ended 0 "$PID"
			same got in
		fi
		silent
		exec 6<&-
	done
}

@test "output: a FIFO whose reader is gone: 1, and the file is named" {
	mkfifo fifo
	mkfifo go
	counterpart line:one gate:go chatter
	exec 5<>fifo
	"$SOCKIT" connect -d -o fifo 127.0.0.1 "$PORT" </dev/null >out 2>err 5>&- 3>&- &
	started
	eventually [ -s out ]
	exec 5<&-
	: >go
	ended 1 "$PID"
	says '^sockit connect: fifo: .*\(EPIPE\)$'
}

@test "output: has what came before a reset, which is told" {
	mkfifo go
	counterpart line:first gate:go reset
	exits 1 "$PARENT" 0=pipe 1=pipe until:first go:go -- \
		"$SOCKIT" connect -o copy 127.0.0.1 "$PORT" >out 2>err
	says '\(ECONNRESET\)$'
	[ "$(cat out)" = first ]
	[ "$(cat copy)" = first ]
}

@test "output: stdout that nobody reads: 141, and the file has what came" {
	counterpart line:first talk
	"$SOCKIT" connect -d -o copy 127.0.0.1 "$PORT" </dev/null 2>err 3>&- > >(head -c 6 >/dev/null) &
	started
	ended 141 "$PID"
	silent
	grep -q first copy
}

### All together.

@test "all at once, both ways" {
	local n
	yes $'one\n\r\ntwo \377' | head -c 60000 >in
	crlf <in | doubled >expected.sent
	cat "$(TELNET stream)" >stream
	for n in 1000 64k; do
		counterpart save:got exchange:stream report
		exits 0 "$PARENT" 0=pipe 1=pipe feed:in shutdown -- \
			"$SOCKIT" connect -C -t --rate 400k -o copy -x dump --append --progress --stats \
			--buffer $n -i 5 --timeout 15 --nodelay 127.0.0.1 "$PORT" >out 2>err
		says '^sockit connect: sent [0-9]+ bytes?( \([0-9]+ acknowledged\))?, received [0-9]+ bytes? in '
		same out "$(TELNET data)"
		counterpart_ended
		undumped dump '>' >sent
		same sent got
		undumped dump '<' >received
		same received stream
		[ "$(wc -c <copy)" -eq $(($(wc -c <got) + $(wc -c <stream))) ]
		rm copy dump
		# What is sent but for the answers is the input.
		counterpart file:got shutdown readall
		exits 0 "$SOCKIT" connect -t -d 127.0.0.1 "$PORT" </dev/null >back 2>err
		crlf <in >expected
		same back expected
	done
}

@test "filters: each lets a half-closed connection go on, and says it when the peer goes" {
	local filter
	for filter in -C -t '--delay 1ms' '--rate 10M' '-o copy' '-x dump'; do
		# The peer's end first, then ours.
		counterpart file:"$(ASCII)" shutdown readall report
		yes | head -c 20 >in
		exits 0 "$PARENT" 0=pipe 1=pipe pause:0.1 feed:in shutdown -- \
			"$SOCKIT" connect $filter 127.0.0.1 "$PORT" >out 2>err
		silent
		same out "$(ASCII)"
		if [ "$filter" = -C ]; then crlf <in >expected; else cp in expected; fi
		counterpart_ended expected
		# Ours first.
		counterpart readall file:"$(ASCII)" shutdown report
		exits 0 "$SOCKIT" connect $filter 127.0.0.1 "$PORT" <in >out 2>err
		silent
		same out "$(ASCII)"
		counterpart_ended expected
		# Nobody there any more.
		counterpart lose
		exits 1 "$SOCKIT" connect $filter 127.0.0.1 "$PORT" <"$(A)" >out 2>err
		says '\((ECONNRESET|EPIPE)\)$'
		# A limit.
		counterpart hold
		exits 4 "$SOCKIT" connect $filter -i 200ms 127.0.0.1 "$PORT" <in >out 2>err
		says '\(--idle-timeout\)$'
		kill "$PEER"
	done
}
