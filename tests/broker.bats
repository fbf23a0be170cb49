# listen --broker and --chat: what one sends goes to all the others.

load helpers/common
load helpers/files
load helpers/words
load helpers/private

setup_file() {
	find_python
	random_files 4000000
}

# broker [ARG...]: a listener with --broker and ARGs, without stdin. Its stdout is out, its stderr err.
broker() {
	serve --broker --quiet "$@" 127.0.0.1 0 </dev/null >out 2>err
}

# chat [ARG...]: the same with --chat.
chat() {
	serve --chat --quiet "$@" 127.0.0.1 0 </dev/null >out 2>err
}

# loud KIND [ARG...]: the same with --KIND that is not --quiet.
loud() {
	serve "--$1" "${@:2}" 127.0.0.1 0 </dev/null >out 2>err
}

# party WORD...: its clients, each with a name, play WORDs, and all goes as said. Once something of the one who joined last has
# come, all the others are known to be there; before that not.
party() {
	STATUS=0
	within 60 "$PYTHON" -I -S "${FOREIGN[@]:2}" strict connect:"$PORT" "$@" 3>&- 2>party.err ||
		STATUS=$?
	[ "$STATUS" = 0 ] && [ ! -s party.err ] && return
	cat party.err err
	return 1
}

# stops: the listener runs, and a signal ends it; stdout has got nothing.
stops() {
	runs "$LISTENER"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent out
}

# messages: all that was said, but for the port.
messages() {
	grep -v '^sockit listen: listening on ' err || :
}
is_said() {
	[ "$(messages)" ]
}

# repeated N TEXT: TEXT (as of printf %b) N times.
repeated() {
	local text
	printf -v text %b "$2"
	awk -v n="$1" -v t="$text" 'BEGIN { while (n-- > 0) printf "%s", t }' </dev/null
}

# accepted N: that many clients have been accepted, so it is told with -v.
accepted() {
	[ "$(grep -c ': accepted ' err)" -ge "$1" ]
}

# schema FILE...: the objects in FILE, as schema.py checks and prints them.
schema() {
	"$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" "$@"
}

# peak PID: the most memory that PID has had, in KiB.
peak() {
	awk '/^VmHWM/ { print $2 }' "/proc/$1/status"
}

### Who gets what

# bats test_tags=valgrind
@test "what one sends goes to all the others, and not back" {
	broker
	party a,b,c:join c:text:one a,b:has:one a:text:two b,c:has:two b:text:three a,c:has:three \
		a,b,c:quiet:0.1
	stops
	silent
}

@test "who comes later gets what is sent from then on" {
	broker
	party a,b:join b:text:early a:has:early c:join c:text:now a,b:has:now b:text:late a,c:has:late
	stops
	silent
}

@test "a single client is sent nothing, and may send what it will" {
	broker
	party a:join a:feed:"$(A)" a:sent a:quiet:0.1 b:join b:text:x a:has:x
	stops
	silent
}

@test "stdin goes to all, and stdout gets nothing" {
	mkfifo in
	"$SOCKIT" listen --broker -v --notify-fd 9 127.0.0.1 0 <in >out 2>err 9>notify 3>&- &
	started
	LISTENER=$PID
	exec 7>in
	eventually [ -s notify ]
	read -r _ PORT <notify
	party a,b:join a,b:same:"$(SMALL)" b:text:y a:has:y a,b:quiet:0.1 3>&- 7>&- &
	started
	eventually accepted 2
	cat "$(SMALL)" >&7
	ended 0 "$PID"
	exec 7>&-
	stops
}

@test "stdin is not read before somebody is there" {
	mkfifo in
	# From a file, all of it goes to the first that comes.
	serve --broker --quiet 127.0.0.1 0 <"$(A)" >out 2>err
	party a:join a:same:"$(A)" a:quiet:0.1 b:join b:text:x a:has:x
	stops
	silent
}

@test "stdin's end is not that of the clients" {
	serve --broker --quiet 127.0.0.1 0 <"$(SMALL)" >out 2>err
	party a:join a:same:"$(SMALL)" b:join b:text:x a:has:x a:text:y b:has:y a,b:quiet:0.2
	stops
	silent
}

@test "-d: stdin is not read" {
	serve --broker -d --quiet 127.0.0.1 0 <"$(SMALL)" >out 2>err
	party a,b:join b:text:x a:has:x a,b:quiet:0.2
	stops
	silent
}

@test "a stdin that cannot be read is said, and the others go on" {
	serve --broker 127.0.0.1 0 <. >out 2>err
	party a,b:join b:text:x a:has:x
	[ "$(messages)" = 'sockit listen: stdin: Is a directory (EISDIR)' ]
	stops
}

@test "a closed stdin is none" {
	serve --broker --quiet 127.0.0.1 0 <&- >out 2>err
	party a,b:join b:text:x a:has:x a,b:quiet:0.1
	stops
	silent
}

@test "twenty receivers: each gets every byte, in its order" {
	broker
	party r1-20:join s:join s:feed:"$(SMALL)" r1-20:same:"$(SMALL)" s:sent r1-20,s:quiet:0.02
	stops
	silent
}

@test "several send at once: each gets what all the others sent" {
	local i
	for i in 1 2 3; do
		awk -v i=$i 'BEGIN { while (n++ < 20000) print "client", i, "line", n }' </dev/null >sent$i
		sed "s/^/<$i> /" sent$i >want$i
	done
	chat
	party a,b,c,d:join d:text:'go\n' a,b,c:has:'<4> go\n' a:feed:sent1 b:feed:sent2 c:feed:sent3 \
		d:sum:want1,want2,want3 a:sum:want2,want3 b:sum:want1,want3 c:sum:want1,want2 \
		a,b,c:sent a,b,c,d:quiet:0.1
	stops
	silent
}

@test "many send a little at the same moment: each gets all of it at once" {
	broker
	party a:join s1-40:join s40:text:go a,s1-39:has:go a:kill:STOP,"$LISTENER" s1-40:text:x \
		a:kill:CONT,"$LISTENER" a:repeat:40,x s1-40:repeat:39,x a,s1-40:quiet:0.01
	stops
	silent
}

@test "foreign clients, and our own" {
	needs nc netcat-openbsd
	needs socat socat
	local pid pids=()
	loud broker -v
	nc -N 127.0.0.1 "$PORT" <"$(SMALL)" >by-nc 3>&- &
	started
	pids+=("$PID")
	eventually accepted 1
	mkfifo hold
	socat -u TCP:127.0.0.1:"$PORT" OPEN:by-socat,creat 3>&- </dev/null &
	started
	pids+=("$PID")
	eventually accepted 2
	"$SOCKIT" connect --recv-only 127.0.0.1 "$PORT" >by-us 3>&- </dev/null &
	started
	pids+=("$PID")
	eventually accepted 3
	exits 0 "$SOCKIT" connect --send-only --linger 50ms 127.0.0.1 "$PORT" <"$(A)" 2>connect.err >sent.out
	same_in_time by-nc "$(A)"
	same_in_time by-socat "$(A)"
	same_in_time by-us "$(A)"
	silent connect.err
	silent sent.out
	stops
	for pid in "${pids[@]}"; do
		status_of "$pid"
	done
}

same_in_time() {
	eventually has_at_least "$1" "$(wc -c <"$2")"
	same "$1" "$2"
}
### Ends

@test "a client that has ended its sending goes on receiving" {
	broker
	party a,b,c:join c:text:x a,b:has:x a:shutdown b:shutdown c:feed:"$(A)" a,b:same:"$(A)" \
		c:shutdown a,b,c:quiet:0.2
	stops
	silent
}

@test "a client that leaves is no error, and nothing is said of it" {
	loud broker
	party a,b,c:join c:text:x a,b:has:x a:shutdown a:close b:texts:20,y c:repeat:20,y b:close c:text:z \
		d:join d:text:v c:has:v c:shutdown c:close
	stops
	[ -z "$(messages)" ]
}

@test "a client that leaves is told with -v" {
	loud broker -v
	party a,b:join b:text:x a:has:x a:shutdown a:close b:texts:20,y
	eventually grep -q ' closed: ' err
	[[ $(grep ' closed: ' err) == *': closed: sent '*'both ended' ]]
	run ! grep -iq reset err
	stops
}

@test "a reset is said, and the others go on" {
	loud broker
	party a,b,c:join c:text:x a,b:has:x a:feed:"$(A)" b,c:same:"$(A)" a:reset b:text:y c:has:y
	eventually is_said
	messages >said
	says '^sockit listen: 127\.0\.0\.1 port [0-9]+: .*Connection reset by peer \(ECONNRESET\)$' said
	stops
}

@test "a client killed in the midst of its sending ends that one only" {
	loud broker -v
	"$SOCKIT" connect --rate 1M 127.0.0.1 "$PORT" </dev/zero >/dev/null 2>/dev/null 3>&- &
	started
	eventually accepted 1
	party a:join a:repeat:100000,'\0' a:close
	kill -KILL "$PID"
	ended 137 "$PID"
	party a,b:join b:feed:"$(SMALL)" a:same:"$(SMALL)"
	stops
}

@test "--accept: 1 where one of them was reset, else 0" {
	broker --accept 2
	party a,b:join b:text:x a:has:x b:reset a:close
	ended 1 "$LISTENER"
	broker --accept 2
	party a,b:join b:text:x a:has:x a:shutdown b:shutdown a,b:over
	ended 0 "$LISTENER"
	silent
	silent out
}

@test "--accept: the end comes once nobody is left who could send" {
	# Nobody gets less for it.
	broker --accept 3
	party a,b,c:join c:text:x a,b:has:x a:shutdown b:shutdown a,b:quiet:0.1 c:feed:"$(A)" c:shutdown a,b:same:"$(A)" a,b,c:over
	ended 0 "$LISTENER"
	silent
	# One that breaks sends nothing either.
	broker --accept 2
	party a,b:join b:text:x a:has:x a:shutdown b:reset a:over
	ended 1 "$LISTENER"
	# stdin does, to its end.
	mkfifo in
	"$SOCKIT" listen --broker -v --accept 1 --notify-fd 9 127.0.0.1 0 <in >out 2>err 9>notify 3>&- &
	started
	LISTENER=$PID
	exec 7>in
	eventually [ -s notify ]
	read -r _ PORT <notify
	party a:join a:shutdown a:has:last a:over 3>&- 7>&- &
	started
	eventually accepted 1
	pause 0.1
	runs "$LISTENER"
	printf last >&7
	exec 7>&-
	ended 0 "$PID"
	ended 0 "$LISTENER"
	silent out
}

@test "--max-conns: one that has ended its sending makes place for one that waits" {
	local full
	for full in wait close; do
		broker -m 2 --when-full $full
		party a,b:join b:text:x a:has:x a:shutdown a:quiet:0.2 c:join a:gone c:text:y b:has:y b:text:z c:has:z
		stops
	done
	# It waits already when that happens.
	broker -m 2
	party a,b:join b:text:x a:has:x c:join c:text:y b:quiet:0.1 a:shutdown a:gone b:has:y b:text:z c:has:z
	stops
	silent
}

@test "--accept: both sides are ours" {
	broker --accept 2
	"$SOCKIT" connect 127.0.0.1 "$PORT" <"$(SMALL)" >got 2>connect.err 3>&- &
	started
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >got2 2>connect2.err
	ended 0 "$PID"
	ended 0 "$LISTENER"
	silent
	silent connect.err
	silent connect2.err
}

@test "it implies -k, waits on, and ends by its limits" {
	broker
	party a:join a:close
	party a,b:join b:text:x a:has:x
	stops
	exits 4 "$SOCKIT" listen --broker -w 100ms --quiet 127.0.0.1 0 </dev/null >out 2>err
	silent
	exits 4 "$SOCKIT" listen --chat --timeout 100ms --quiet 127.0.0.1 0 </dev/null >out 2>err
	silent
	silent out
}

### Who does not read

@test "a receiver that takes nothing is dropped after --stall, and nobody else loses a byte" {
	loud broker --stall 500ms
	party d:deaf r1-20:join s:join s:feed:"$(A)" r1-20:same:"$(A)" s:sent d:hear d:gone \
		r1-20,s:quiet:0.02 s:text:x r1-20:has:x
	messages >said
	says '^sockit listen: 127\.0\.0\.1 port [0-9]+: dropped: took nothing for 500 ms \(--stall\)$' said
	[ "$(peak "$LISTENER")" -lt $((16 * 1024 * $(memory_factor))) ]
	stops
}

# memory_factor: how much more a sanitizer takes.
memory_factor() {
	[ "${SOCKIT_FLAVOUR-}" ] && echo 20 || echo 1
}

@test "a client who has ended its sending and cannot be sent to has not left: it is said, and the others go on" {
	needs_strace
	traced_listener sendto,sendmsg -e inject=sendto,sendmsg:error=ENOBUFS:when=2 \
		"$SOCKIT" listen --broker --notify-fd 9 --accept 3 127.0.0.1 0 </dev/null >out 2>err
	party a,c:join c:text:x a:has:x a:shutdown c:text:y a:gone d:join d:text:z c:has:z c,d:shutdown c,d:over
	ended 1 "$LISTENER"
	messages >said
	says '^sockit listen: 127\.0\.0\.1 port [0-9]+: No buffer space available \(ENOBUFS\)$' said
}

@test "being dropped is no failure" {
	loud broker --stall 500ms --accept 3
	party d:deaf a,s:join s:feed:"$(A)" a:same:"$(A)" s:shutdown a:shutdown a,s:over d:hear d:gone
	ended 0 "$LISTENER"
	[ "$(messages | grep -c ': dropped: ')" = 1 ]
	[ "$(messages | wc -l)" = 1 ]
}

@test "--accept: being dropped is an end as any other, also where nobody else sends" {
	repeated 8000 '\n' >lines
	repeated 8000 '<3> \n' >want
	# What is sent fills the queue of the one at once; then nothing is read any more.
	loud chat --stall 500ms --accept 3 --buffer 16k --sndbuf 8k --read-bytes 8000
	party d:deaf a,s:join a:shutdown s:feed:lines s:over s:close a:same:want a:over
	ended 0 "$LISTENER"
	[ "$(messages | grep -c ': dropped: ')" = 1 ]
	[ "$(messages | wc -l)" = 1 ]
}

@test "while one is full the senders wait, and nothing is lost when it reads again" {
	loud broker --stall 60s
	party d:deaf a,s:join s:feed:"$(A)" s:pause:0.5 d:hear d,a:same:"$(A)" s:sent a,d:quiet:0.1
	[ -z "$(messages)" ]
	[ "$(peak "$LISTENER")" -lt $((16 * 1024 * $(memory_factor))) ]
	stops
}

@test "senders do wait: what is in flight is bounded by --buffer" {
	repeated 30000 "$(printf %1000s x)" >huge
	loud broker --stall 60s --buffer 64k
	party d:deaf a,s:join s:feed:huge s:pause:0.5 a:close 3>&- 2>/dev/null
	# Nobody has got more than what the kernel's buffers and ours hold.
	[ "$(peak "$LISTENER")" -lt $((8 * 1024 * $(memory_factor))) ]
	stops
}

# party_traced INJECTED WORD...: a party of four at a traced broker, which ends with them. INJECTED fails ("": nothing).
party_traced() {
	traced_listener tee,splice,sendmsg,pipe2 ${1:+-e inject="$1"} \
		"$SOCKIT" listen --broker --quiet --accept 4 --notify-fd 9 127.0.0.1 0 </dev/null >out 2>err
	party "${@:2}" a,b,d,s:shutdown a,b,d,s:over
	ended 0 "$LISTENER"
	silent
	silent out
}

@test "what comes in bulk goes out without a copy, and each has all of it, whatever the kernel refuses" {
	[ "$(platform)" = linux ] || skip 'portable'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of this build strace tells other things'
	needs_strace
	strace -o /dev/null -e inject=tee:error=EINVAL:when=3+2 true 2>/dev/null || skip 'this strace cannot inject'
	local fault
	for fault in '' tee:error=EINVAL:when=3+2 pipe2:error=EMFILE:when=2+ splice:error={EAGAIN:when=2+3,EPERM:when=3+}; do
		party_traced "$fault" a,b,d,s:join s:text:x a,b,d:has:x s:feed:"$(A)" a,b,d:same:"$(A)" s:sent \
			a:text:y b,d,s:has:y
		[ "$fault" ] || [ "$(grep -c 'tee(' trace)" -gt 50 ]
	done
	# For who does not read it is kept.
	party_traced '' d:deaf a,b,s:join s:feed:"$(A)" s:pause:0.2 d:hear a,b,d:same:"$(A)" s:sent
	grep -q 'tee(' trace
}

@test "stdin waits too" {
	serve --broker --stall 60s --quiet 127.0.0.1 0 <"$(A)" >out 2>err
	party d:deaf d:pause:0.3 d:hear d:same:"$(A)" d:quiet:0.1
	stops
}

@test "one that is alone is in nobody's way" {
	serve --broker --quiet --stall 100ms 127.0.0.1 0 <"$(A)" >out 2>err
	party d:deaf d:pause:0.3 d:hear d:same:"$(A)"
	stops
	silent
}

@test "little pieces take no more memory than large ones" {
	broker --stall 60s
	party d:deaf a,s:join s:texts:60000,x s:text:y d:hear d,a:repeat:60000,x d,a:has:y
	[ "$(peak "$LISTENER")" -lt $((16 * 1024 * $(memory_factor))) ]
	stops
	silent
	repeated 1500000 '\n' >lines
	chat --stall 60s
	party d:deaf a,s:join s:feed:lines s:pause:0.7
	[ "$(peak "$LISTENER")" -lt $((24 * 1024 * $(memory_factor))) ]
	stops
}

@test "--stall and --json: an object that says who" {
	loud broker --json --stall 500ms
	party a:join d:deaf s:join s:feed:"$(A)" a:same:"$(A)" s:sent d:hear d:gone
	[ "$(schema err dropped id peer.address)" = '2 127.0.0.1' ]
	[ "$(schema err closed id why)" = '2 dropped' ]
	stops
	[ "$(schema err)" -ge 6 ]
}

### --chat

@test "chat: each line with the number of its client" {
	chat
	party a,b,c:join c:text:'hello\n' a,b:has:'<3> hello\n' a:text:'one\ntwo\n\n' \
		b,c:has:'<1> one\n<1> two\n<1> \n' b:text:' <3> me \n' a,c:has:'<2>  <3> me \n' a,b,c:quiet:0.1
	stops
	silent
}

@test "chat: stdin is number 0" {
	printf 'first\nlast' >in
	serve --chat --quiet 127.0.0.1 0 <in >out 2>err
	party a:join a:has:'<0> first\n<0> last\n' b:join b:text:'x\n' a:has:'<2> x\n' a,b:quiet:0.1
	stops
	silent
}

@test "chat: a line goes out as a whole, whatever pieces it comes in" {
	chat
	party a,b,c:join c:text:'x\n' a,b:has:'<3> x\n' a:text:he c:text:wor a:text:llo b:quiet:0.1 c:text:'ld\n' \
		a,b:has:'<3> world\n' a:text:'\n' b,c:has:'<1> hello\n' a:texts:100,z b:quiet:0.1 a:text:'\n' \
		b,c:has:'<1> ' b,c:repeat:100,z b,c:has:'\n'
	stops
	silent
}

@test "chat: a last line without its end goes out when its client ends, leaves or breaks" {
	chat
	party a,b:join b:text:'x\n' a:has:'<2> x\n' b:text:tail a:quiet:0.1 b:shutdown a:has:'<2> tail\n' \
		c:join c:text:'a\nb' a,b:has:'<3> a\n' a:quiet:0.1 c:close a,b:has:'<3> b\n' \
		d:join d:text:'a\nb' a,b:has:'<4> a\n' a:quiet:0.1 d:reset a,b:has:'<4> b\n' \
		a:text:end a:shutdown b:has:'<1> end\n'
	stops
	chat --read-bytes 5
	party a,b:join b:text:'x\nabcd' a:has:'<2> x\n<2> abc\n' b:over
	stops
	silent
}

@test "chat: control characters and what is no UTF-8 are escaped" {
	chat
	party a,b:join b:text:'a\tb\x1b[31mc\x07\x00\x7f\x0b\n' a:has:'<2> a\\tb\\x1b[31mc\\x07\\x00\\x7f\\x0b\n' \
		b:text:'\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n' a:has:'<2> \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n' \
		b:text:'\xc2\x9b31m\xff\xc3\n' a:has:'<2> \\xc2\\x9b31m\\xff\\xc3\n' \
		b:text:'a\\nb\n' a:has:'<2> a\\nb\n' a:quiet:0.1
	stops
	silent
}

@test "chat: of a line's end the CR is dropped, and only that one" {
	chat
	party a,b:join b:text:'one\r\n\r\ntwo\r\r\nth\rree\r\nfour\r' b:pause:0.1 b:text:'\nfive\r' b:shutdown \
		a:has:'<2> one\n<2> \n<2> two\\r\n<2> th\\rree\n<2> four\n<2> five\\r\n' a:quiet:0.1
	stops
	silent
}

@test "chat: lines of more than 4096 bytes are broken, at no other place and within no character" {
	local n
	chat
	# Whether they come at once or the end by itself.
	party a,b:join b:text:'x\n' a:has:'<2> x\n'
	for n in 4095 4096; do
		repeated $n z >long
		party a,b:join b:text:'x\n' a:has:"<$((++count * 2 + 2))> x\n" \
			b:feed:long b:sent b:pause:0.1 b:text:'\n' a:has:"<$((count * 2 + 2))> " a:same:long a:has:'\n' \
			b:feed:long b:sent b:pause:0.1 b:text:'\r' b:pause:0.1 b:text:'\n' \
			a:has:"<$((count * 2 + 2))> " a:same:long a:has:'\n' a:quiet:0.1
	done
	n=$((++count * 2 + 2))
	party a,b:join b:text:'x\n' a:has:"<$n> x\n" \
		b:texts:9000,z b:text:'\n' \
		a:has:"<$n> " a:repeat:4096,z a:has:"\n<$n> " a:repeat:4096,z a:has:"\n<$n> " a:repeat:808,z a:has:'\n' \
		a:quiet:0.1
	n=$((++count * 2 + 2))
	# One of three bytes that begins with number 4095.
	party a,b:join b:text:'x\n' a:has:"<$n> x\n" b:texts:2047,zz b:text:'\xe2\x82\xac' b:text:'y\n' \
		a:has:"<$n> " a:repeat:4094,z a:has:"\n<$n> \xe2\x82\xacy\n" \
		b:texts:4095,'\x80' b:text:'\xc3\xa9\n' \
		a:has:"<$n> " a:repeat:4095,'\\x80' a:has:"\n<$n> \xc3\xa9\n" \
		b:texts:5000,'\x80' b:text:'\n' \
		a:has:"<$n> " a:repeat:4096,'\\x80' a:has:"\n<$n> " a:repeat:904,'\\x80' a:has:'\n' a:quiet:0.1
	stops
	silent
}

@test "chat: any number of lines at once" {
	repeated 20000 'y\n' >lines
	repeated 20000 '<2> y\n' >want
	chat
	party a,b:join b:feed:lines a:same:want b:sent a:quiet:0.1
	stops
	silent
}

@test "chat: without a line's end the memory does not grow" {
	head -c 20000000 /dev/zero | tr '\0' z >noise
	chat
	party a,b:join b:feed:noise b:sent
	[ "$(peak "$LISTENER")" -lt $((24 * 1024 * $(memory_factor))) ]
	stops
}

@test "chat: three in terminals" {
	needs tmux tmux
	local i
	# A server of our own, which reads nobody's files.
	tm() { tmux -S "$PWD/tmux" -f /dev/null "$@" 3>&-; }
	type_in() { tm send-keys -t "chat:$1" "${@:2}" Enter; }
	# Within ten seconds the window $1 shows the line $2, once.
	shows() {
		local i
		for ((i = 0; i < 200; i++)); do
			[ "$(tm capture-pane -p -t "chat:$1" | sed 's/ *$//' | grep -Fcx -- "$2")" != 1 ] || return 0
			pause 0.05
		done
		tm capture-pane -p -t "chat:$1"
		return 1
	}
	tm new-session -d -s chat -x 80 -y 20 -n 0 \
		"'$SOCKIT' listen --chat --notify-fd 9 127.0.0.1 0 9>'$PWD/notify'; echo status \$?; sleep 60" \
		2>tmux.err || skip "tmux does not run: $(<tmux.err)"
	eventually [ -s notify ]
	read -r _ PORT <notify
	for i in 1 2 3; do
		tm new-window -d -t chat:$i "'$SOCKIT' connect 127.0.0.1 $PORT; echo status \$?; sleep 60"
		# So that their numbers are known.
		type_in 0 "welcome, $i"
		shows $i "<0> welcome, $i" || {
			# It was typed before that one came.
			type_in 0 "once more, $i"
			shows $i "<0> once more, $i"
		}
	done
	type_in 1 'hello from 1'
	shows 2 '<1> hello from 1'
	shows 3 '<1> hello from 1'
	# The host hears them too, and not itself.
	shows 0 '<1> hello from 1'
	type_in 2 'hello from 2'
	shows 0 '<2> hello from 2'
	shows 1 '<2> hello from 2'
	shows 3 '<2> hello from 2'
	# Ctrl-D is the end of what one sends, but goes on receiving.
	tm send-keys -t chat:3 C-d
	type_in 1 'still there?'
	shows 3 '<1> still there?'
	tm send-keys -t chat:0 C-d
	type_in 2 'and now?'
	shows 3 '<2> and now?'
	shows 1 '<2> and now?'
	# One's own line is what the terminal shows, and it does not come back.
	shows 2 'and now?'
	run ! shows_any 2 '<2>'
	run ! shows_any 0 '<0>'
	shows 0 '<2> and now?'
	tm send-keys -t chat:0 C-c
	for i in 1 2 3; do
		tm send-keys -t chat:$i C-d
		shows $i 'status 0'
	done
	tm kill-server
}

# hosts KIND VERB... -- [ARG...]: a listener with a terminal as stdin and a pipe as stdout, with a parent that plays
# VERBs; what it printed is in the file out.
hosts() {
	local kind=$1 verbs=()
	shift
	while [ "$1" != -- ]; do
		verbs+=("$1")
		shift
	done
	rm -f notify
	mkfifo notify
	"$PARENT" 0=tty 1=pipe "${verbs[@]}" -- "$SOCKIT" listen "$kind" --quiet "${@:2}" --notify-fd 9 127.0.0.1 0 \
		9>notify >out 2>err 3>&- &
	started
	LISTENER=$PID
	read -r _ PORT <notify
}

@test "a terminal as stdin: what the others say goes to stdout" {
	hosts --chat until:there line:welcome until:done kill:TERM -- -o copy
	party a,b:join b:text:'there\n' a:has:'<2> there\n' a,b:has:'<0> welcome\n' a:text:'\x1bdone\n' \
		b:has:'<1> \\x1bdone\n'
	ended 143 "$LISTENER"
	[ "$(<out)" = $'<2> there\n<1> \\x1bdone' ]
	[ "$(<copy)" = $'there\nwelcome\n\033done' ]
	hosts --broker until:there line:welcome until:done kill:TERM --
	party a,b:join b:text:there a:has:there a,b:has:'welcome\n' a:text:done b:has:done
	ended 143 "$LISTENER"
	[ "$(<out)" = theredone ]
	silent
	# The last words, and those without an end.
	hosts --chat until:bye shutdown -- --accept 1
	party a:join a:text:'bye\nbye' a:close
	ended 0 "$LISTENER"
	[ "$(<out)" = $'<1> bye\n<1> bye' ]
	# Not where it is never read, or nothing is wanted.
	mkfifo over
	hosts --chat gate:over kill:TERM -- -d
	party a,b:join a:text:'x\n' b:has:'<1> x\n'
	: >over
	ended 143 "$LISTENER"
	silent out
	hosts --chat gate:over kill:TERM -- --send-only
	party a,b:join a:text:'x\n' a:close
	: >over
	ended 143 "$LISTENER"
	silent out
}

@test "a terminal as stdin: it is not read before somebody is there" {
	mkfifo go
	hosts --chat line:early go:go until:hello kill:TERM --
	: <go
	party a:join a:has:'<0> early\n' a:text:'hello\n'
	ended 143 "$LISTENER"
}

@test "a terminal as stdin, and a stdout that nobody reads: 141" {
	rm -f notify
	mkfifo notify go
	"$PARENT" 0=tty 1=pipe+late close go:go -- "$SOCKIT" listen --chat --quiet --notify-fd 9 127.0.0.1 0 \
		9>notify >out 2>err 3>&- &
	started
	LISTENER=$PID
	read -r _ PORT <notify
	: <go
	party a:join a:text:'x\n' a:close
	ended 141 "$LISTENER"
}

shows_any() {
	tm capture-pane -p -t "chat:$1" | grep -F -- "$2"
}

### With the data options

@test "-o: a transcript with each byte once" {
	printf 'of stdin\n' >in
	serve --broker --quiet -o copy 127.0.0.1 0 <in >out 2>err
	party a:join a:has:'of stdin\n' b,c,d:join d:text:'of d\n' a,b,c:has:'of d\n' a:text:'of a\n' \
		b,c,d:has:'of a\n' b:feed:"$(SMALL)" a,c,d:same:"$(SMALL)"
	printf 'of stdin\nof d\nof a\n' | cat - "$(SMALL)" >want
	stops
	same copy want
	# As it came, whatever --chat makes of it.
	chat -o copy --append
	party a,b:join b:text:'\x1b\r\nx' a:has:'<2> \\x1b\n' b:close a:has:'<2> x\n'
	stops
	printf '\033\r\nx' >>want
	same copy want
	silent
}

@test "-x: with each client's number" {
	broker -x dump
	party a,b:join b:text:hello a:has:hello a:text:bye b:has:bye
	stops
	[ "$(sed 's/ [0-9]*\.[0-9]* / /' dump | tr -s ' ')" = '2< 5 bytes
00000000 68 65 6c 6c 6f |hello|
1< 3 bytes
00000000 62 79 65 |bye|' ]
}

@test "-C, -t: for each connection by itself" {
	broker -C
	party a,b:join b:text:'x\ny\r\n' a:has:'x\r\ny\r\n' a:quiet:0.1
	stops
	broker -t
	# What b is asked is answered to b alone; IAC is doubled.
	party a,b:join b:text:'\xff\xfd\x01x\xff\xff' a:has:'x\xff\xff' b:has:'\xff\xfc\x01' a,b:quiet:0.1
	stops
	chat -t -C
	party a,b:join b:text:'\xff\xfb\x03hi\r\n' a:has:'<2> hi\r\n' b:has:'\xff\xfe\x03' a,b:quiet:0.1
	stops
	silent
}

@test "-t: any amount" {
	tr '\377\r\n' 'xyz' <"$(A)" >plain
	broker -t
	party a,b,c:join c:text:x a,b:has:x a:feed:plain b,c:same:plain a:sent b,c:quiet:0.1
	stops
	silent
}

@test "--rate holds each way for each connection" {
	local t
	broker --rate 100k
	t=$(milliseconds)
	head -c 40000 "$(SMALL)" >part
	party a,b:join b:feed:part a:same:part
	t=$(($(milliseconds) - t))
	[ $t -ge 300 ]
	[ $t -lt 5000 ]
	stops
	silent
}

@test "-i ends a client from which and to which nothing moves, and the others go on" {
	loud broker -i 600ms
	party a,b:join b:text:x a:has:x a,b:gone
	[ "$(messages | grep -c ': nothing moved for 600 ms (--idle-timeout)$')" = 2 ]
	party c,d:join d:text:x c:has:x
	stops
}

@test "--close-on-peer-eof, --send-only, --read-bytes" {
	broker --close-on-peer-eof
	party a,b:join b:text:x a:has:x b:shutdown b:over a:quiet:0.1
	stops
	serve --broker --send-only --quiet 127.0.0.1 0 <"$(SMALL)" >out 2>err
	party a:join a:same:"$(SMALL)" b:join b:text:x a:quiet:0.2
	stops
	broker --read-bytes 3
	party a,b:join b:text:abcdef a:has:abc b:over a:quiet:0.1
	stops
	silent
}

@test "--max-conns: one whose connection we have ended counts no more" {
	broker -m 2 --read-bytes 3 --linger 20s
	party a,b:join b:text:abcdef a:has:abc b:over c:join c:text:x a:has:x a:text:y c:has:y c:quiet:0.1
	stops
	silent
}

@test "a copy that nobody reads slows them, and takes no memory" {
	mkfifo copy
	repeated 30000 "$(printf %1000s x)" >huge
	exec 7<>copy
	broker -o copy
	party a,b:join b:feed:huge b:pause:0.5
	[ "$(peak "$LISTENER")" -lt $((24 * 1024 * $(memory_factor))) ]
	kill "$LISTENER"
	exec 7<&-
	status_of "$LISTENER"
}

@test "--stats: each connection and the total" {
	loud broker --stats --accept 2
	party a,b:join b:text:hello a:has:hello a:shutdown b:shutdown a,b:over
	ended 0 "$LISTENER"
	grep -qE ': sent 0 bytes, received 5 bytes in ' err
	grep -qE ': sent 5 bytes, received 0 bytes in ' err
	grep -qE '^sockit listen: 2 connections: sent 5 bytes, received 5 bytes in ' err
}

@test "what excludes what" {
	local other
	services >others
	echo '-e true' >>others
	while read -r other; do
		[[ $other != --broker && $other != --chat ]] || continue
		# shellcheck disable=SC2086
		refuses '*--broker*' listen --broker $other 0
		# shellcheck disable=SC2086
		refuses '*--chat*' listen --chat $other 0
	done <others
	refuses "--broker and '-- true' exclude each other" listen --broker 0 -- true
	refuses '*--stall*' listen --broker --stall x 0
}
