#!/usr/bin/env bats
# What a user at a terminal sees and does: --raw, --progress, what -vv says of a run that waits, SIGUSR1.


load helpers/common
load helpers/words
load helpers/private

### --raw.

# at_terminal STATUS [VERB]... -- [OPTION]...: sockit connect --raw to the counterpart, at a terminal, with
# a parent that plays VERBs; the terminal must be as it was afterwards.
at_terminal() {
	local status=$1 verbs=()
	shift
	while [ "$1" != -- ]; do
		verbs+=("$1")
		shift
	done
	exits "$status" "$PARENT" 0=tty+raw group "${verbs[@]}" -- \
		"$SOCKIT" connect --raw "${@:2}" 127.0.0.1 "$PORT" >out 2>err
}

# sent HEX: the counterpart has read just these bytes, and the end.
sent() {
	bytes "$1" >expected
	counterpart_ended expected
}

# bats test_tags=valgrind
@test "raw: every key is sent as it is, at once, and the peer's end restores the terminal" {
	local keys
	# Ctrl-C, Ctrl-D, Ctrl-Z, Ctrl-\, erase, CR, LF, Ctrl-S, Ctrl-Q, Ctrl-V, 255, a letter.
	keys=03041a1c7f0d0a131116ff61
	counterpart read:12 line:bye shutdown readall report
	at_terminal 0 israw hex:$keys -- 
	silent
	[ "$(cat out)" = bye ]
	sent $keys
}

@test "raw: only while there is a connection" {
	mkfifo notify go raw
	"$PARENT" 0=tty+raw pause:0.1 iscooked go:go israw go:raw -- \
		"$SOCKIT" listen --raw --notify-fd 9 127.0.0.1 0 >out 2>err 9>notify 3>&- &
	started
	local listener=$PID port
	read -r _ port <notify
	: <go
	counterpart connect:"$port" gate:raw line:bye shutdown readall
	ended 0 "$listener"
	says "$LISTENING"
	[ "$(cat out)" = bye ]
}

@test "raw: only once the steps of a dialogue are over" {
	mkfifo go
	counterpart gate:go text:'login: ' has:$'me\\r\x03' line:bye shutdown readall
	at_terminal 0 pause:0.1 iscooked go:go israw hex:03 -- --expect 'login: ' --send 'me\r'
	silent
	[ "$(cat out)" = 'login: bye' ]
	counterpart_ended
}

@test "raw: Ctrl-] and then . ends the run, and is not sent" {
	counterpart readall report
	at_terminal 0 israw hex:61621d2e6364 -- 
	silent
	sent 6162
}

@test "raw: Ctrl-] and . in two reads" {
	mkfifo go
	counterpart read:2 gate:go readall report
	at_terminal 0 israw hex:61621d go:go pause:0.1 hex:2e -- 
	silent
	sent 6162
}

@test "raw: Ctrl-] twice sends one; before anything else it is sent too" {
	counterpart read:6 shutdown readall report
	at_terminal 0 israw hex:1d1d hex:1d61 hex:2e hex:1d1d2e -- 
	silent
	sent 1d1d612e1d2e
}

@test "raw: Ctrl-] . while the peer has ended neither its sending nor its reading" {
	counterpart read:1 hold
	at_terminal 0 israw hex:61 pause:0.1 hex:1d2e -- --linger 100ms
	silent
}

@test "raw: restored at the end by signals" {
	local s
	for s in TERM:143 INT:130 HUP:129 QUIT:131; do
		counterpart hold
		ulimit -c 0
		at_terminal "${s#*:}" israw kill:"${s%:*}" -- 
		silent
		kill "$PEER"
	done
}

@test "raw: restored at the end by errors and limits" {
	counterpart hold
	at_terminal 4 israw -- --timeout 300ms
	says '^sockit connect: not done within 300 ms \(--timeout\)$'
	kill "$PEER"
	counterpart hold
	at_terminal 4 israw -- -i 300ms
	says ': nothing moved for 300 ms \(--idle-timeout\)$'
	kill "$PEER"
	mkfifo go
	counterpart gate:go reset
	at_terminal 1 israw go:go -- 
	says '\(ECONNRESET\)$'
	counterpart gate:go line:hello readall
	at_terminal 1 israw go:go -- -o /dev/full
	says '^sockit connect: /dev/full: .*\(ENOSPC\)$'
	counterpart gate:go line:hello readall
	at_terminal 0 israw go:go -- --read-bytes 3
	silent
	[ "$(cat out)" = hel ]
}

@test "raw: not while the process is stopped" {
	counterpart read:1 shutdown readall report
	at_terminal 0 israw kill:TSTP isstopped iscooked kill:CONT israw hex:03 -- 
	silent
	sent 03
}

@test "raw: again after SIGCONT, whoever changed it meanwhile" {
	counterpart read:1 shutdown readall report
	at_terminal 0 israw kill:STOP isstopped cook kill:CONT israw hex:03 -- 
	silent
	sent 03
}

@test "raw: a signal to stop that was ignored stays so" {
	counterpart read:1 shutdown readall report
	at_terminal 0 ignore:TSTP israw kill:TSTP pause:0.1 israw alive hex:03 -- 
	silent
	sent 03
}

@test "raw: without a terminal nothing happens" {
	printf 'a\035.b\035\035\n' >in
	counterpart readall report
	exits 0 "$SOCKIT" connect --raw 127.0.0.1 "$PORT" <in >out 2>err
	silent
	counterpart_ended in
	counterpart readall report
	exits 0 "$PARENT" 0=pipe feed:in shutdown -- "$SOCKIT" connect --raw 127.0.0.1 "$PORT" 2>err
	silent
	counterpart_ended in
	counterpart readall report
	exits 0 "$SOCKIT" connect --raw 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	exits 2 "$SOCKIT" connect --raw -d 127.0.0.1 "$PORT" </dev/null >out 2>err
	says '--raw.*--recv-only|--recv-only.*--raw'
}

@test "raw: how to get out is said where somebody sees it" {
	counterpart readall report
	exits 0 "$PARENT" 0=tty+raw 1=tty 2=tty israw hex:611d2e -- "$SOCKIT" connect --raw 127.0.0.1 "$PORT" >out 2>err
	[ "$(cat out err)" = $'sockit connect: Ctrl-] and then . ends the run (--escape)\r' ]
	sent 61
	counterpart readall
	exits 0 "$PARENT" 0=tty+raw 1=tty 2=tty israw hex:2b2e -- \
		"$SOCKIT" connect --raw --escape + 127.0.0.1 "$PORT" >out 2>err
	[ "$(cat out err)" = $'sockit connect: + and then . ends the run (--escape)\r' ]
	# Nobody sees it, asked for it, or has it.
	counterpart readall
	at_terminal 0 israw hex:1d2e --
	silent
	counterpart readall
	exits 0 "$PARENT" 0=tty+raw 1=tty 2=tty israw hex:1d2e -- "$SOCKIT" connect --quiet --raw 127.0.0.1 "$PORT" >out 2>err
	silent
	silent out
	counterpart shutdown readall
	exits 0 "$PARENT" 0=tty+raw 1=tty 2=tty -- "$SOCKIT" connect --raw --escape none 127.0.0.1 "$PORT" >out 2>err
	silent
	silent out
}

@test "raw: another escape, or none, so that every byte passes" {
	local escape hex
	while read -r escape hex; do
		counterpart readall report
		# Twice it is sent once; what was the escape is a byte like all others.
		at_terminal 0 israw hex:611d2e "hex:$hex$hex" "hex:${hex}2e" -- --escape "$escape"
		silent
		sent "611d2e$hex"
	done <<-'END'
		~ 7e
		^? 7f
		\xff ff
		\x1E 1e
	END
	# A serial device, say.
	counterpart read:516 shutdown readall report
	python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 2 + b"\x1d.\x1d.")' >bytes
	at_terminal 0 israw feed:bytes -- --escape none
	silent
	counterpart_ended bytes
}

@test "raw: an escape that is none: 2" {
	local word
	for word in . ab ^1 ^^^ '\x1' '\xg1' '\x123' é None; do
		exits 2 "$SOCKIT" connect --raw --escape "$word" 127.0.0.1 1 </dev/null >out 2>err
		[[ $(<err) == "sockit connect: --escape: '$word' is not a character other than the full stop, ^C, \xHH or none" ]]
	done
	exits 2 "$SOCKIT" connect --escape x 127.0.0.1 1 </dev/null >out 2>err
	says '^sockit connect: --escape needs --raw$'
}

@test "raw: a line on stderr begins in the first column" {
	mkfifo go
	counterpart gate:go line:hello readall
	exits 0 "$PARENT" 0=tty+raw 1=tty 2=tty israw kill:USR1 go:go until:hello hex:1d2e -- \
		"$SOCKIT" connect --raw -x - 127.0.0.1 "$PORT" >out 2>err
	# What came is passed as it is; each other line has its CR. All of it is the one terminal's.
	cat out err >all
	grep -q $'^hello$' all
	grep -qE $'^< [0-9.]+ 6 bytes\r$' all
	grep -qE $'^00000000  68 65 6c 6c 6f 0a  .*\\|hello\\.\\|\r$' all
	grep -qE $'^sockit connect: sent 0 bytes, .*\r$' all
}

@test "raw: with -k while a client is there, and Ctrl-] . ends all" {
	mkfifo notify raw
	"$PARENT" 0=tty+raw israw go:raw iscooked israw hex:611d2e -- \
		"$SOCKIT" listen -k --raw --notify-fd 9 127.0.0.1 0 >out 2>err 9>notify 3>&- &
	started
	local listener=$PID port
	read -r _ port <notify
	counterpart connect:"$port" gate:raw shutdown readall
	counterpart_ended
	counterpart connect:"$port" readall report
	ended 0 "$listener"
	sent 61
	says "$LISTENING"
}

### --progress.

# screen COLUMNS <BYTES: what a terminal of so many columns shows in the end, and each time that the
# cursor goes back to the beginning of a line with something new; fails where a line is longer.
screen() {
	python3 -c '
import sys
columns = int(sys.argv[1])
lines, line, at = [""], [], 0
for c in sys.stdin.buffer.read().decode().replace("\033[J", "\033"):
    if c == "\r":
        if "".join(line).rstrip() != lines[-1]:
            lines.append("".join(line).rstrip())
        at = 0
    elif c == "\033":
        del line[at:]
    elif c == "\n":
        lines.append("".join(line).rstrip())
        line, at = [], 0
    else:
        line[at:at + 1] = [c]
        at += 1
        if at >= columns:
            sys.exit("too long: " + "".join(line))
lines.append("".join(line).rstrip())
print("\n".join(l for l in lines if l))' "$1"
}

# bats test_tags=valgrind
@test "progress: bytes, rate, time, and what is left of a file" {
	random_file in 150000
	counterpart readall report
	exits 0 "$PARENT" 2=tty -- \
		"$SOCKIT" connect --progress --rate 100k 127.0.0.1 "$PORT" <in >out 2>err
	silent out
	counterpart_ended in
	screen 80 <err >lines
	[ "$(wc -l <lines)" -ge 4 ]
	grep -qE '^sent [0-9.]+ of 146\.5 KiB, [0-9.]+ KiB/s, 0:00, [1-6][0-9] %, ETA 0:0[01]$' lines
	[[ $(tail -n 1 lines) =~ ^sent\ 146\.5\ of\ 146\.5\ KiB,\ [0-9.]+\ KiB/s,\ 0:01,\ 100\ %$ ]]
	[ "$(tail -c 1 err)" = "" ]
}

@test "progress: what is left is of stdin, whatever a filter makes of it" {
	yes '' | head -n 60000 >in
	tail -c 30000 in >rest
	counterpart readall report
	exec 5<in
	head -c 30000 <&5 >/dev/null
	exits 0 "$PARENT" 2=tty -- \
		"$SOCKIT" connect --progress -C --rate 60k 127.0.0.1 "$PORT" <&5 >out 2>err
	exec 5<&-
	screen 80 <err >lines
	[[ $(tail -n 1 lines) == 'sent 29.3 of 29.3 KiB, '*', 100 %' ]]
	grep -qE ' [2-7][0-9] %' lines
	! grep -qE '1[0-9][1-9] %' lines || return 1
}

@test "progress: what is received; no per cent where nobody knows how much" {
	mkfifo go
	counterpart send:60000 gate:go send:40000 shutdown readall
	exits 0 "$PARENT" 0=pipe 2=tty "until:received 58" go:go shutdown -- \
		"$SOCKIT" connect --progress 127.0.0.1 "$PORT" >out 2>err
	[ "$(wc -c <out)" -eq 100000 ]
	screen 80 <err >lines
	grep -qE '^received 58\.?[0-9]* KiB, ' lines
	[[ $(tail -n 1 lines) =~ ^received\ 97\.?[0-9]*\ KiB,\ [0-9.]+\ [KM]iB/s,\ 0:00$ ]]
	! grep -qE '%|ETA' err || return 1
}

@test "progress: the line fits the terminal, also one that becomes narrower or cannot erase" {
	random_file in 100000
	local columns type
	for type in dumb xterm ''; do
		columns=30
		[ $type ] || columns=80
		counterpart readall
		TERM=$type exits 0 "$PARENT" 2=tty+w$columns "until:sent " pause:0.2 columns:30 pause:0.3 -- \
			"$SOCKIT" connect --progress --rate 80k 127.0.0.1 "$PORT" <in >out 2>err
		screen $columns <err >lines
		grep -q '^sent ' lines
		[ "$(grep -c $'\033' err || :)" = 0 ] || [ $type = xterm ]
	done
	grep -qE 'ETA' lines
	# Nor are there blanks to wipe what was there beyond the last column.
	! tr '\r' '\n' <err | tail -n 1 | grep -qE '.{30}' || return 1
}

@test "progress: nothing is left of the line where a terminal that breaks lines becomes narrower" {
	needs tmux tmux
	random_file in 1000000
	counterpart readall
	# What keeps the terminal shows how a run ended that should not have.
	within 20 tmux -S "$PWD/tmux" -f /dev/null new-session -d -x 100 -y 8 \
		"seq 20; echo above; '$SOCKIT' connect --progress --rate 50k 127.0.0.1 $PORT <in >out; echo status \$?; sleep 60" 3>&-
	PIDS+=("$(tmux -S tmux display-message -p '#{pid}')") || skip 'tmux does not run'
	pane_shows '^above sent [0-9.]+ of 976\.6 KiB, .*ETA 0:[0-9]+$'
	tmux -S tmux resize-window -x 20
	pane_shows '^above sent [0-9.]+ of 976\.[6 KiB,]*$'
	tmux -S tmux resize-window -x 60
	pane_shows '^above sent [0-9.]+ of 976\.6 KiB, .*ETA 0:[0-9]+$'
}

# pane_shows REGEX: that is soon what the terminal's lines have, behind that of 20.
pane_shows() {
	eventually pane_has "$1" && return
	tmux -S tmux capture-pane -p
	return 1
}
pane_has() {
	[[ $(tmux -S tmux capture-pane -p -S - | sed 's/ *$//; /^$/d; 1,/^20$/d' | paste -sd' ') =~ $1 ]]
}

@test "progress: messages do not get mixed into the line" {
	random_file in 100000
	counterpart readall
	exits 0 "$PARENT" 2=tty+w200 "until:ETA" kill:USR1 pause:0.3 kill:USR1 -- \
		"$SOCKIT" connect -v --progress --rate 80k 127.0.0.1 "$PORT" <in >out 2>err
	screen 200 <err >lines
	[ "$(grep -c '^sockit connect: sent ' lines)" -eq 2 ]
	grep -qE '^sockit connect: connected to 127\.0\.0\.1 port [0-9]+ from [^,]*$' lines
	grep -qE '^sockit connect: closed: sent 100000 bytes, .*$' lines
	grep -E '^sent ' lines | tail -n 1 | grep -qE '100 %$'
	# Only these two kinds of lines.
	! grep -vE '^sockit connect: [^%]*$|^sent [0-9.]+ of 97\.7 KiB, [0-9.]+ [KM]?i?B/s, 0:0[0-9], [0-9]+ %(, ETA 0:0[0-9])?$' lines ||
		return 1
}

@test "progress: nothing where stderr is no terminal, unless given twice" {
	random_file in 100000
	counterpart readall
	exits 0 "$SOCKIT" connect --progress --rate 200k 127.0.0.1 "$PORT" <in >out 2>err
	silent
	counterpart readall
	exits 0 "$SOCKIT" connect --progress --progress --rate 60k 127.0.0.1 "$PORT" <in >out 2>err
	[ "$(wc -l <err)" -ge 2 ]
	! grep -vE '^sockit connect: sent [0-9.]+ of 97\.7 KiB, [0-9.]+ KiB/s, 0:0[0-9], [0-9]+ %(, ETA 0:0[0-9])?$' err ||
		return 1
	counterpart readall
	exits 0 "$PARENT" 2=tty -- \
		"$SOCKIT" connect --progress --quiet --rate 200k 127.0.0.1 "$PORT" <in >out 2>err
	silent
}

@test "progress: nothing where there never was a connection; a failure keeps its line" {
	exits 1 "$PARENT" 2=tty -- "$SOCKIT" connect --progress 127.0.0.1 "$(free_port)" </dev/null >out 2>err
	screen 200 <err >lines
	says '^sockit connect: 127\.0\.0\.1 port [0-9]+: .*\(ECONNREFUSED\)$' lines
}

### -vv: what a run waits for, and what would end that.

# Several runs wait at once, since it takes a second or two until that is said: each with files of its own.

# waits STDIN STDOUT REGEX OPTION...: a connection to the counterpart waits for that.
WAITS=()
waits() {
	"$SOCKIT" connect -vv "${@:4}" 127.0.0.1 "$PORT" <"$1" >"$2" 2>"err.$PORT" 3>&- &
	started
	WAITS+=("$PID $PORT $3")
}
# waits_told: each of them has said so, once.
waits_told() {
	local line pid port regex
	for line in "${WAITS[@]}"; do
		read -r pid port regex <<<"$line"
		eventually grep -qE "^sockit connect: +[0-9]+\.[0-9]{6} waiting for $regex\$" "err.$port" || {
			echo "no: $regex"
			cat "err.$port"
			return 1
		}
	done
	pause 1.2
	for line in "${WAITS[@]}"; do
		read -r pid port regex <<<"$line"
		kill "$pid"
		ended 143 "$pid"
		[ "$(grep -cE '[0-9]{6} waiting for ' "err.$port")" -eq 1 ]
	done
}

WHO='127\.0\.0\.1 port [0-9]+'

@test "waiting: for stdin, the peer, the reader of stdout, a pause of our own" {
	mkfifo in slow
	exec 5<>in 6<>slow
	counterpart shutdown hold
	waits in out "stdin's data or end \(-i, --recv-only\)"
	counterpart hold
	waits /dev/null out "$WHO's data or end \(-i, -q, --send-only\)"
	counterpart hold
	waits /dev/null out "$WHO's data or end \(-i, --send-only\)" -d
	random_file much 8388608
	counterpart rcvbuf:4096 hold
	waits much out "$WHO's data or end \(-i, --send-only\); $WHO to take what is sent \(-i\)" --sndbuf 4k
	counterpart send:20000000 hold
	waits in slow "stdin's data or end \(-i, --recv-only\); stdout to take what came \(--timeout\)"
	printf 'a\nb\n' >lines
	counterpart hold
	waits lines out "$WHO's data or end \(-i, --send-only\); the end of a pause \(--delay, --rate\)" --delay 9
	counterpart hold
	waits lines out "$WHO's end or silence \(-q, --linger\)" --send-only --linger 1m
	counterpart hold
	waits /dev/null out "the proxy command's end \(--linger\)" --linger 1m \
		--proxy-command 'sh -c "exec sleep 60 <&- >&-"'
	waits_told
	exec 5<&- 6<&-
}

@test "waiting: for a client, and for whoever reads the file of -o" {
	mkfifo copy
	exec 5<>copy
	serve -d -vv -o copy 127.0.0.1 0 </dev/null >out 2>err
	eventually grep -qE 'waiting for a client \(-w\)$' err
	counterpart connect:"$PORT" send:3000000 hold
	eventually grep -qE "waiting for copy to take its copy \(--timeout\)\$" err
	[ "$(grep -c 'waiting for' err)" -eq 2 ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	exec 5<&-
}

@test "waiting: for a connection" {
	# A backlog that is full drops what comes.
	within 20 python3 - "$SOCKIT" <<-'END'
		import socket, subprocess, sys
		server = socket.socket()
		server.bind(('127.0.0.1', 0))
		server.listen(0)
		port = server.getsockname()[1]
		filling = []
		for _ in range(4):
		    s = socket.socket()
		    s.setblocking(False)
		    s.connect_ex(('127.0.0.1', port))
		    filling.append(s)
		def start(*words):
		    return subprocess.Popen([sys.argv[1], *words], stdin=subprocess.DEVNULL,
		                            stderr=subprocess.PIPE, text=True)
		child = start('connect', '-vv', '-w', '2.5', '127.0.0.1', str(port))
		# One that is to be forwarded waits for the same.
		relay = start('listen', '-vv', '-w', '2.5', '--forward', f'127.0.0.1:{port}', '127.0.0.1', '0')
		client = socket.create_connection(('127.0.0.1', int(relay.stderr.readline().split()[-1])))
		for process, name in (child, f'127.0.0.1 port {port}'), (relay, f'127.0.0.1:{port}'):
		    said = process.stderr.read()
		    print(said)
		    assert said.count('waiting for ') == 1
		    assert f'waiting for {name} to answer (-w)\n' in said
		    assert process.wait() == 4
	END
}

@test "waiting: for a look-up" {
	private </dev/null
	peer nameserver silent
	local line lines n
	mapfile -t lines <<-'END'
		connect -vv a.test 80 = a.test (-w)
		connect -vv -s b.test 127.0.0.1 80 = b.test (-w)
		connect -vv --retry 9 -w 9 a.test 80 = a.test (--retry)
		connect -vv --proxy socks5h://c.test a.test 80 = c.test (-w)
		listen -vv d.test 0 = d.test (-w)
		listen -vv --allow e.test 127.0.0.1 0 = e.test (--timeout)
		udp-recv -vv f.test 0 = f.test (--timeout)
		udp-recv -vv --deny e.test 127.0.0.1 0 = e.test (--timeout)
		udp-send -vv -s b.test 127.0.0.1 9 = b.test (--timeout)
		sockname -vv --connect a.test 80 = a.test (-w)
		sockname -vv -w 9 a.test = a.test (-w)
	END
	for n in "${!lines[@]}"; do
		# shellcheck disable=SC2086 # words
		"$SOCKIT" ${lines[n]% = *} </dev/null >out 2>"err.$n" 3>&- &
		started
	done
	for n in "${!lines[@]}"; do
		eventually grep -q ' waiting for ' "err.$n"
		line=$(sed -n 's/.* waiting for //p' "err.$n")
		[ "$line" = "the look-up of ${lines[n]#* = }" ] || fault "${lines[n]}: $line"
	done
}

### SIGUSR1.

@test "SIGUSR1: the figures so far, or that there is no connection yet" {
	serve -d 127.0.0.1 0 </dev/null >out 2>err
	kill -USR1 "$LISTENER"
	eventually grep -q '^sockit listen: not connected yet$' err
	mkfifo go
	counterpart connect:"$PORT" line:hello gate:go shutdown readall
	eventually [ -s out ]
	kill -USR1 "$LISTENER"
	eventually grep -qE '^sockit listen: sent 0 bytes, received 6 bytes in ' err
	: >go
	ended 0 "$LISTENER"
	[ "$(wc -l <err)" -eq 3 ]
}

### A system whose poll(2) does not know devices.

@test "a terminal that poll(2) does not know" {
	preload devices
	counterpart line:hello read:6 line:bye shutdown readall report
	exits 0 "${PRELOADED[@]}" "$PARENT" 0=tty 1=tty until:hello pause:0.1 line:typed until:bye shutdown -- \
		"$SOCKIT" connect 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(cat out)" = $'hello\nbye' ]
	echo typed >expected
	counterpart_ended expected
}

### Job control: the background of a terminal.

# a_shell: an interactive shell on a terminal, which runs what `types` types; the terminal's text is in the
# file screen. Jobs write their pid into the file pid.
a_shell() {
	mkfifo keys idle
	HISTFILE='' INPUTRC=/dev/null python3 -S "$BATS_TEST_DIRNAME/helpers/shell.py" bash --norc --noprofile -i \
		<keys >screen 2>&1 3>&- &
	started
	exec 7>keys
	types "exec 9>/dev/null; PATH=${SOCKIT%/*}:\$PATH"
}
types() {
	printf '%s\n' "$1" >&7
}
key() {
	printf '%b' "$1" >&7
}

# job_at PLACE: is the job there, as /proc/PID/stat tells: foreground, background, stopped, over?
job_at() {
	local line fields place=background
	[ -s pid ] || return
	{ read -r line <"/proc/$(<pid)/stat"; } 2>/dev/null || line=') Z'
	read -r -a fields <<<"${line##*) }"
	case ${fields[0]} in
	[ZX]) place=over ;;
	T) place=stopped ;;
	*) [ "${fields[2]}" != "${fields[5]}" ] || place=foreground ;;
	esac
	[ $place = "$1" ]
}

# job_is_raw: is the terminal in raw mode?
job_is_raw() {
	stty -a <"/proc/$(<pid)/fd/0" | grep -qe -icanon
}

# filled FILE: eventually it is there, with something in it.
filled() {
	eventually [ -s "$1" ]
}

# its_job PLACE: eventually the job is there.
its_job() {
	eventually job_at "$1" || {
		cat "/proc/$(<pid)/stat" screen
		return 1
	}
}

# it_goes_on: in the foreground the job sends what is typed, and ends with its end; the counterpart got that.
it_goes_on() {
	types fg
	its_job foreground
	types again
	key '\004'
	its_job over
	echo again >expected
	counterpart_ended expected
}

# the_shells: what is typed now is the shell's, all of it, and the job runs on in the background.
the_shells() {
	rm -f mine
	# For a while there is nobody else to read it.
	types 'cat idle'
	types 'echo mine >mine'
	: >idle
	filled mine
	[ "$(<mine)" = mine ]
	its_job background
}

@test "background: a listener is not stopped, receives, and leaves the shell what is typed" {
	a_shell
	types 'sockit listen --notify-fd 8 127.0.0.1 0 8>notify >got 2>err & echo $! >pid'
	filled notify
	read -r _ PORT <notify
	the_shells
	counterpart connect:"$PORT" line:hello readall report
	filled got
	[ "$(<got)" = hello ]
	the_shells
	# A line that waits for the shell costs nothing.
	types 'cat idle'
	types 'echo later >later'
	pause 0.6
	its_job background
	[ "$(cpu "$(<pid)")" -le 5 ]
	: >idle
	filled later
	it_goes_on
	says "$LISTENING"
}

@test "background: Ctrl-Z, bg and fg" {
	mkfifo go
	counterpart read:6 say:one gate:go line:hello read:7 say:two readall report
	a_shell
	types "(exec sh -c 'echo \$\$ >pid; exec sockit connect 127.0.0.1 $PORT >got 2>err')"
	its_job foreground
	types first
	# Ctrl-Z discards what is typed and not read.
	filled peer.out
	key '\032'
	its_job stopped
	: >go
	types bg
	its_job background
	filled got
	the_shells
	types fg
	its_job foreground
	types second
	eventually grep -qx two peer.out
	key '\032'
	its_job stopped
	types fg
	its_job foreground
	types third
	key '\004'
	its_job over
	printf 'first\nsecond\nthird\n' >expected
	counterpart_ended expected
	echo hello | cmp - got
	silent
}

@test "background: of a script, whose other parts read a pipe and write to one" {
	mkfifo go
	counterpart line:hello gate:go shutdown readall report
	a_shell
	cat >script <<-END
		echo \$\$ >pid
		sockit connect 127.0.0.1 $PORT 2>err | tr a-z A-Z >got
	END
	types 'sh script &'
	its_job background
	the_shells
	: >go
	its_job over
	echo HELLO | cmp - got
	silent
	: >expected
	counterpart_ended expected
}

@test "background: whoever else reads stdin" {
	a_shell
	local words
	datagram_peer count:1 save:saved
	for words in "udp-send 127.0.0.1 $PORT" 'resolve -n -'; do
		rm -f pid got
		types "sockit $words >got 2>err & echo \$! >pid"
		filled pid
		the_shells
		types fg
		its_job foreground
		types 127.0.0.1
		key '\004'
		its_job over
		silent
	done
	ended 0 "$PEER"
	printf '\0\0\0\012127.0.0.1\n' | cmp - saved
	echo 127.0.0.1 | cmp - <(cut -f 1 got)
}

@test "background: an answer that is typed, and what all clients get" {
	a_shell
	local port
	types 'sockit udp-recv --reply latest --notify-fd 8 127.0.0.1 0 8>notify >got 2>err & echo $! >pid'
	filled notify
	read -r _ port <notify
	the_shells
	peer_by "${FOREIGN[@]}" port type:dgram to:127.0.0.1,"$port" text:hello read:1 report
	filled got
	the_shells
	types fg
	its_job foreground
	types answer
	ended 0 "$PEER"
	grep -qx "read 7 $(echo answer | sha256sum | cut -d ' ' -f 1) open" peer.out
	key '\003'
	its_job over
	rm notify pid
	types 'sockit listen -k --accept 1 --notify-fd 8 127.0.0.1 0 8>notify >got 2>err & echo $! >pid'
	filled notify
	the_shells
	read -r _ PORT <notify
	counterpart connect:"$PORT" line:hello readall report
	filled got
	the_shells
	it_goes_on
}

@test "background: --raw leaves the terminal alone until it is ours" {
	counterpart readall report
	a_shell
	types 'stty -a >before'
	filled before
	types "sockit connect --raw 127.0.0.1 $PORT >got 2>err & echo \$! >pid"
	filled pid
	the_shells
	types 'stty -a >while'
	filled while
	cmp before while
	types fg
	its_job foreground
	eventually job_is_raw
	key 'a\003b\035.'
	its_job over
	rm before
	types 'stty -a >before'
	filled before
	cmp before while
	bytes 610362 >expected
	counterpart_ended expected
	silent
}

@test "background: where TOSTOP is set nothing is written until the foreground" {
	a_shell
	types 'stty tostop'
	types 'sockit listen --notify-fd 8 127.0.0.1 0 8>notify & echo $! >pid'
	filled notify
	read -r _ PORT <notify
	counterpart connect:"$PORT" line:something readall report
	the_shells
	pause 0.3
	the_shells
	! grep -q -e something -e listening screen || return 1
	types fg
	eventually grep -q '^something' screen
	key '\004'
	its_job over
	: >expected
	counterpart_ended expected
}
