#!/usr/bin/env bats
# Dialogues: --expect, --send, --fail and --dialogue of connect, listen and unix, and of connect -z.

# shellcheck disable=SC2016 # expressions and steps end with $

load helpers/common
load helpers/words
load helpers/services
load helpers/manual

# heard STATUS DATA OPTION...: a listener that does the steps of OPTIONs hears DATA (as printf has it) and its end,
# once as it comes and once byte by byte; both end with STATUS, and say the same on stderr, which is in the file err.
heard() {
	local buffer
	for buffer in '' '--buffer 1'; do
		# shellcheck disable=SC2086 # words
		serve -d -w 20s $buffer "${@:3}" 127.0.0.1 0 2>err >out
		# shellcheck disable=SC2059 # it is one
		printf "$2" >data
		within 20 "$SOCKIT" connect --send-only 127.0.0.1 "$PORT" <data >/dev/null 2>&1 3>&- || :
		ended "$1" "$LISTENER" || fault "${*:2}" || return
		same data out || fault "not all on stdout: ${*:2}" || return
		sed -i 's/127\.0\.0\.1 port [0-9]*/PEER/; /: listening on /d' err
		[ ! "$buffer" ] || diff err first || fault "cut into bytes: ${*:2}" || return
		cp err first
	done
}

# unmatched ERE HEARD: what a listener said of a match that did not come.
unmatched() {
	local received="received '$2'"
	[ "$2" ] || received='received nothing'
	[ "$(<err)" = "sockit listen: PEER: expect '$1': the other side ended before a match; $received" ] ||
		fault "not as of $1: $2"
}

# valid FILE: nothing but objects as the schema has them.
valid() {
	[ -s "$1" ] && python3 -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" "$1" </dev/null >/dev/null
}

### The steps.

# bats test_tags=valgrind
@test "the steps are done in their order, then stdin and stdout go on" {
	counterpart text:'220 mail ESMTP\r\n' has:'EHLO me\r\n' text:'250-mail\r\n250 HELP\r\n' has:'QUIT\r\n' \
		text:'221 bye\r\n' readall report
	echo rest >rest
	exits 0 "$SOCKIT" connect --expect '^220 .*$' --send 'EHLO me\r\n' --expect '^250 .*$' --send 'QUIT\r\n' \
		127.0.0.1 "$PORT" <rest >out 2>err
	silent
	printf '220 mail ESMTP\r\n250-mail\r\n250 HELP\r\n221 bye\r\n' | same out /dev/stdin
	counterpart_ended rest
}

@test "stdin is not read before the steps are over, nor is anything lost that came behind the last match" {
	counterpart has:x quiet:0.1 text:'ready> and more' has:yinput over
	printf input | exits 0 "$SOCKIT" connect --send x --expect 'ready> ' --send y 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(<out)" = 'ready> and more' ]
	counterpart_ended
}

@test "with -d, and where a listener has no stdin, the end is sent after the last step, and the peer's awaited" {
	printf go >go
	counterpart text:hello readall text:late report
	exits 0 "$SOCKIT" connect -d --expect hello --send go 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	[ "$(<out)" = hellolate ]
	counterpart_ended go
	serve --expect . --send go 127.0.0.1 0 </dev/null >out 2>err
	foreign connect:"$PORT" text:hello readall text:late report >told
	ended 0 "$LISTENER"
	[ "$(<out)" = hellolate ]
	grep -q '^read 2 .* end$' told
}

@test "what a peer said right before its end is answered" {
	serve --expect A --send B --expect C 127.0.0.1 0 </dev/null >out 2>err
	# Both are there when it looks.
	kill -STOP "$LISTENER"
	counterpart connect:"$PORT" text:A shutdown say:there has:B
	eventually grep -q there peer.out
	kill -CONT "$LISTENER"
	counterpart_ended
	ended 1 "$LISTENER"
	grep -q "expect 'C': the other side ended before a match" err
}

@test "--send adds nothing, whatever -C, -t and --delay do to stdin; --rate and -o count it" {
	printf '\n\r\t\0\\\xff\n' >said
	printf 'a\r\n' | cat said - >whole
	counterpart readall report
	echo a | exits 0 "$SOCKIT" connect -C -t --delay 1ms --rate 100k -o copy --send '\n\r\t\0\\\xff\n' \
		127.0.0.1 "$PORT" >out 2>err
	silent
	same copy whole
	counterpart_ended whole
}

@test "what telnet's negotiation says is not heard, and -t takes it out of what is" {
	counterpart hex:fffd01 text:log hex:fffb03 text:in: expect:fffc01fffe03 has:me readall
	exits 0 "$SOCKIT" connect -d -t --expect '^login:' --send me 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(<out)" = login: ]
	counterpart_ended
}

@test "a match does not depend on how the bytes were cut" {
	local steps data left
	# Steps, of which the last does not match, what comes, and what the last one has heard.
	while IFS=' ' read -r data left steps; do
		[ "$left" != - ] || left=
		# shellcheck disable=SC2086 # words
		heard 1 "$data" $steps
		unmatched "${steps##* }" "$left"
	done <<-'END'
		aaab b --expect aa --expect a --expect Z
		aaa - --expect a+ --expect a --expect a --expect Z
		abc - --expect a|abc --expect bc --expect Z
		a\nbc c --expect ^a$ --expect ^b --expect Z
		a\r\nb\r\nc c --expect ^a$ --expect b --expect ^ --expect Z
		a\r\nc c --expect a$ --expect ^\r\n|\r\n --expect Z
		a\r\r\nc \r\nc --expect a\r$ --expect Z
		a\rb\n \n --expect a$|b --expect Z
		\n\r\n\nx x --expect ^$ --expect ^$ --expect ^$ --expect \n --expect Z
		ok ok --expect ok$
		ok\r ok\r --expect ok$
		okay okay --expect ok$
		x\0y\0z z --expect x\x00y. --expect Z
		x\0y\0z z --expect x[^a]y\0 --expect Z
		\377\200a a --expect ^[\x80-\xff]{2} --expect Z
		a\nb a\nb --expect a.b|a[^x]b
		a\nb - --expect a\nb --expect Z
		a.c(+ + --expect a\.c[(] --expect Z
		{"a":1} } --expect ^{"[[:alpha:]]":[0-9] --expect Z
		aXbbbb bb --expect (a|X){2}b{2,3} --expect Z
		foobar r --expect (^|x)(foo)?(bar?|q){1} --expect Z
		a]^-b b --expect []^]{2}- --expect Z
	END
}

@test "a match may be a megabyte away, and lie over any number of reads" {
	head -c 1000000 /dev/zero | tr '\0' 'a' >much
	echo >>much
	cp much data
	printf 'login: ' >>data
	serve -d --expect '^a{250}a*$' --expect '^login: $|^login: ' 127.0.0.1 0 >out 2>err
	exits 0 "$SOCKIT" connect --send-only 127.0.0.1 "$PORT" <data
	ended 0 "$LISTENER"
	same data out
}

### What does not come.

@test "a match that does not come within -w is exit 4, and what came instead is quoted" {
	counterpart text:'220 hi\r\n' text:'\x00421 \33[2Jbusy \xc3\xa9\xff' readall report
	exits 4 "$SOCKIT" connect -w 200ms --expect '^220.*$' --expect '^250' 127.0.0.1 "$PORT" >out 2>err
	printf '220 hi\r\n\000421 \33[2Jbusy \303\251\377' | same out /dev/stdin
	[ "$(<err)" = "sockit connect: 127.0.0.1 port $PORT: expect '^250': no match within 200 ms (-w); received\
 '\\r\\n\\x00421 \\x1b[2Jbusy é\\xff'" ] || fault words
}

@test "the peer sees a reset where the steps came to nothing" {
	local options
	for options in '--expect Z -w 100ms' '--fail b --expect Z' '--fail b --expect Z -d'; do
		counterpart text:ab readall report
		# shellcheck disable=SC2086 # words
		exits "$([[ $options = *-w* ]] && echo 4 || echo 1)" "$SOCKIT" connect $options 127.0.0.1 "$PORT" \
			</dev/null >out 2>err
		[ "$(<out)" = ab ]
		counterpart_ended /dev/null ECONNRESET
	done
}

@test "at most the last 200 bytes are quoted, and nothing is said to be that" {
	local what
	what=$(printf '%0150d' 7)$(printf '%0150d' 8)
	counterpart text:"$what"
	exits 1 "$SOCKIT" connect --expect Z 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(<out)" = "$what" ]
	says ": expect 'Z': the other side ended before a match; received '\.\.\.${what:100}'\$"
	counterpart shutdown readall
	exits 1 "$SOCKIT" connect --expect Z 127.0.0.1 "$PORT" </dev/null >out 2>err
	says ": expect 'Z': the other side ended before a match; received nothing\$"
}

@test "--fail counts from its place on, and what came since the last match" {
	heard 1 'ok\n421 busy\n250 x\n' --expect ok --fail ^4 --expect ^250
	[ "$(<err)" = "sockit listen: PEER: fail '^4': it matches; received '\\n4'" ] || fault words
	heard 0 '421 x\nok\n250 x' --expect ok --fail ^4 --expect ^250
	heard 0 '4ok\n250 x421' --expect ok --fail 4o --expect ^250
	heard 0 'a\nb' --fail b.+ --expect ^b
	# Of two that match by the same byte it wins; and the first of two.
	heard 1 'ab' --fail ab --expect b
	heard 1 'abc' --fail c --fail ^abc --expect c
	[[ $(<err) == *": fail 'c': it matches; "* ]] || fault order
}

@test "-w counts for each --expect anew; -i and --timeout count too; a signal resets" {
	counterpart text:a pause:0.4 text:b pause:0.4 text:c readall
	exits 0 "$SOCKIT" connect -w 700ms --expect a --expect b --expect c 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	counterpart_ended
	counterpart readall report
	exits 4 "$SOCKIT" connect -i 100ms --expect a 127.0.0.1 "$PORT" </dev/null >out 2>err
	says ': nothing moved for 100 ms \(--idle-timeout\)$'
	counterpart_ended /dev/null ECONNRESET
	counterpart readall report
	exits 4 "$SOCKIT" connect --timeout 100ms --expect a 127.0.0.1 "$PORT" </dev/null >out 2>err
	says ': not done within 100 ms \(--timeout\)$'
	counterpart_ended /dev/null ECONNRESET
	counterpart text:x readall report
	spawn "$SOCKIT" connect --expect a 127.0.0.1 "$PORT" </dev/null >out 2>err
	eventually test -s out
	kill "$PID"
	ended 143 "$PID"
	counterpart_ended /dev/null ECONNRESET
}

@test "-v tells each step that is done, --json too, and -vv which one is waited for" {
	counterpart text:'a\n' readall
	exits 4 "$SOCKIT" connect -v -w 200ms --send 'x\n' --expect a --expect b 127.0.0.1 "$PORT" </dev/null >out 2>err
	grep -qxF "sockit connect: 127.0.0.1 port $PORT: done: send 'x\n'" err
	grep -qxF "sockit connect: 127.0.0.1 port $PORT: done: expect 'a'" err
	[ "$(grep -c 'done:' err)" = 2 ]
	counterpart text:'a\n' readall
	exits 4 "$SOCKIT" connect --json -v -w 200ms --send 'x\n' --expect b 127.0.0.1 "$PORT" </dev/null >out 2>err
	valid err
	grep '"event":"step"' err | grep -qF '"step":"send","text":"x\\n"'
	grep '"event":"error"' err | grep -F '"class":"timeout","code":"ETIMEDOUT"' | grep -qF "expect 'b': no match"
	counterpart text:'a\n' readall
	spawn "$SOCKIT" connect -vv --expect b 127.0.0.1 "$PORT" </dev/null >out 2>err
	eventually grep -q "waiting for.* expect 'b' (-w)" err
	kill "$PID"
	ended 143 "$PID"
}

### Who else has a part in it.

@test "a command gets what comes, and what it has written goes out behind the steps" {
	counterpart has:x quiet:0.1 text:'ok\nrest' has:'ybye\n' shutdown over
	exits 7 "$SOCKIT" connect --send x --expect '^ok$' --send y -e 'echo bye; cat >heard; exit 7' 127.0.0.1 "$PORT" \
		</dev/null >out 2>err
	silent
	printf 'ok\nrest' | same heard /dev/stdin
	counterpart_ended
	# One that is gone at once.
	counterpart pause:0.2 text:ok has:hello over
	exits 0 "$SOCKIT" connect --expect ok 127.0.0.1 "$PORT" -- printf hello >out 2>err
	silent
	counterpart_ended
	counterpart text:no readall
	exits 4 "$SOCKIT" connect -w 100ms --expect ok 127.0.0.1 "$PORT" -- cat >out 2>err
	says "expect 'ok': no match within 100 ms"
}

@test "a listener has its steps with each client by itself, and a step that runs out ends that one only" {
	local stays
	serve -k -w 1s --send 'who? ' --expect '^[a-z]+$' --send 'hi\n' --fail no --expect '^bye$' --send 'bye\n' \
		127.0.0.1 0 </dev/null >out 2>err
	# While somebody is there -w is about the steps.
	exec {stays}<>/dev/tcp/127.0.0.1/"$PORT"
	foreign connect:"$PORT" a,b,c:join a,b,c:has:'who? ' a,b,c:line:me a,b,c:has:'hi\n' b:line:no b:gone a:line:bye \
		a:has:'bye\n' a:over c:gone
	kill "$LISTENER"
	ended 143 "$LISTENER"
	exec {stays}>&-
	[ "$(sort out)" = "$(printf '%s\n' bye me me me no)" ]
	[ "$(grep -c "fail 'no': it matches; received '.nno'" err)" = 1 ]
	[ "$(grep -c "expect '^\[a-z\]+\$': no match within 1 s (-w); received nothing" err)" = 1 ]
	[ "$(grep -c "expect '^bye\$': no match within 1 s (-w); received '.n'" err)" = 1 ]
	[ "$(wc -l <err)" = 4 ]
}

@test "stdin goes to those clients of a listener whose steps are over" {
	mkfifo in
	serve -k --expect go 127.0.0.1 0 <>in >out 2>err
	within 20 "${FOREIGN[@]}" connect:"$PORT" a,b:join a:text:go go:in a:quiet:0.1 say:x 3>&- >in &
	started
	ended 0 "$PID"
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "a thousand clients, side by side" {
	serve -k --accept 1000 --send '220 ready\r\n' --expect '^EHLO .*$' --send '250 ok\r\n' --expect '^QUIT$' \
		--send '221 bye\r\n' 127.0.0.1 0 </dev/null >out 2>err
	exits 0 "${FOREIGN[@]}" connect:"$PORT" c1-1000:join c1-1000:has:'220 ready\r\n' c1-1000:text:'EHLO x\r\n' \
		c1-1000:has:'250 ok\r\n' c1-1000:text:'QUIT\r\n' c1-1000:has:'221 bye\r\n' c1-1000:over c1-1000:close
	ended 0 "$LISTENER"
	says "$LISTENING"
	[ "$(grep -c '^QUIT' out)" = 1000 ]
}

@test "fifty thousand steps" {
	{
		echo 'fail zz'
		printf 'expect ^a$\nsend b\\n\n%.0s' {1..50000}
	} >steps
	printf 'a\r\n%.0s' {1..50000} >data
	printf 'b\n%.0s' {1..50000} >answers
	serve -d --dialogue steps 127.0.0.1 0 </dev/null >out 2>err
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <data >answered
	ended 0 "$LISTENER"
	same data out
	same answers answered
}

@test "UNIX sockets, proxies, and two sockits that talk to each other" {
	spawn "$SOCKIT" unix -l --send 'a\n' --expect '^b$' --send c s </dev/null >server 2>err.server
	exits 0 "$SOCKIT" unix --retry 5s --expect '^a$' --send 'b\r\n' --expect c s </dev/null >out 2>err
	ended 0 "$PID"
	silent
	printf 'a\nc' | same out /dev/stdin
	counterpart text:hello has:you over
	local port=$PORT
	serve --proxy-server socks5 127.0.0.1 0 2>err.proxy
	exits 0 "$SOCKIT" connect --proxy "socks5://127.0.0.1:$PORT" --expect lo --send you 127.0.0.1 "$port" \
		</dev/null >out 2>err
	silent
	[ "$(<out)" = hello ]
	counterpart_ended
}

@test "--send-only hears what it throws away, --no-shutdown and --close-on-peer-eof go on as ever" {
	counterpart text:hello has:you readall
	exits 0 "$SOCKIT" connect --send-only --expect lo --send you 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent out
	counterpart text:hello has:you quiet:0.2 text:more
	exits 0 "$SOCKIT" connect --no-shutdown --expect lo --send you 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(<out)" = hellomore ]
	counterpart_ended
	mkfifo in
	counterpart text:hello has:you
	exits 0 "$SOCKIT" connect --close-on-peer-eof --expect lo --send you 127.0.0.1 "$PORT" <>in >out 2>err
	silent
	[ "$(<out)" = hello ]
}

### connect -z.

# bats test_tags=valgrind
@test "a port is open when its dialogue is through" {
	local silent echo
	serve -k --expect '^PING' --send '+PONG\r\n' --expect Z 127.0.0.1 0 </dev/null >/dev/null 2>&1
	echo=$PORT
	serve -k -d 127.0.0.1 0 >/dev/null 2>&1
	silent=$PORT
	exits 0 "$SOCKIT" connect -z --send 'PING\r\n' --expect '^\+PONG$' 127.0.0.1 "$echo" >out 2>err
	silent
	[[ $(<out) = "127.0.0.1 $echo/tcp open"* ]]
	sockit connect -z -w 100ms --send 'PING\r\n' --expect '^\+PANG' 127.0.0.1 "$echo"
	told 4 "sockit connect: 127.0.0.1 port $echo: expect '^\\\\+PANG': no match within 100 ms (-w); received '+PONG\\\\r\\\\n'"
	sockit connect -z --send 'PING\r\n' --fail '^\+PO' --expect Z 127.0.0.1 "$echo"
	told 1 "sockit connect: 127.0.0.1 port $echo: fail '^\\\\+PO': it matches; received '+PO'"
	sockit connect -zv -w 100ms --any --send 'PING\r\n' --expect '^\+PONG' 127.0.0.1 "$echo,$silent,1"
	[ "$STATUS" = 0 ] || fault any
	grep -qE "^127\.0\.0\.1 $silent/tcp unexpected ETIMEDOUT" out
	sockit connect -z --json -w 100ms --send 'PING\r\n' --expect '^\+PONG' 127.0.0.1 "$silent"
	valid out
	valid err
	grep '"state":"unexpected"' out | grep -F '"code":"ETIMEDOUT"' | grep -qF "expect '^\\\\+PONG': no match"
	[ "$STATUS" = 4 ] || fault json
}

@test "-z --retry waits until the service answers as it should" {
	local port
	port=$(free_port)
	spawn "$SOCKIT" connect -z --retry 20s -w 200ms --interval 20ms --send 'PING\r\n' --expect '^\+PONG$' \
		127.0.0.1 "$port" >out 2>err
	# It comes up, loads for a while, and then is ready.
	foreign bind:127.0.0.1,"$port" keep read:6 text:'-LOADING\r\n' gone next read:6 text:'+PONG\r\n' gone
	ended 0 "$PID"
	silent
	[[ $(<out) = "127.0.0.1 $port/tcp open"* ]]
}

@test "redis answers as the manual has it" {
	local port
	needs redis-server redis-server
	port=$(free_port)
	spawn redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$PWD" >redis.out 2>&1
	exits 0 "$SOCKIT" connect -z --retry 20s --send 'PING\r\n' --expect '^\+PONG$' 127.0.0.1 "$port" >out 2>err
	silent
	exits 0 "$SOCKIT" connect -d --send 'SET a 1\r\n' --fail '^-' --expect '^\+OK$' --send 'GET a\r\n' \
		--expect '^\$1\r\n1$' --send 'QUIT\r\n' 127.0.0.1 "$port" >out 2>err
	silent
	printf '+OK\r\n$1\r\n1\r\n+OK\r\n' | same out /dev/stdin
	exits 1 "$SOCKIT" connect -d --send 'SET a\r\n' --fail '^-.*$' --expect '^\+OK$' 127.0.0.1 "$port" >out 2>err
	says "fail '\^-\.\*\\\$': it matches; received '-ERR wrong number"
}

@test "socat and a shell take the other side of a listener's steps" {
	needs socat socat
	serve --send 'login: ' --expect '^root$' --send 'password: ' --expect '^secret$' --send '# ' 127.0.0.1 0 \
		</dev/null >out 2>err
	{
		printf 'ro'
		pause 0.1
		printf 'ot\nsecret\n'
	} | exits 0 socat - TCP:127.0.0.1:"$PORT" >prompts
	ended 0 "$LISTENER"
	[ "$(<prompts)" = 'login: password: # ' ]
	[ "$(<out)" = "$(printf 'root\nsecret')" ]
}

@test "mail by a file of steps: to a server in Python, and from smtplib to a listener" {
	peer protocols smtp
	cat >client <<-'END'
		fail ^[45]
		expect ^220 .*$
		send EHLO me\r\n
		expect ^250 .*$
		send DATA\r\n
		expect ^354 .*$
		send Subject: it\r\n\r\nhello\r\n.\r\n
		expect ^250 .*$
		send QUIT\r\n
		expect ^221
	END
	exits 0 "$SOCKIT" connect -d --dialogue client 127.0.0.1 "$PORT" >out 2>err
	silent
	[ "$(tail -n 1 out)" = $'221 bye\r' ]
	eventually grep -q QUIT peer.out
	[ "$(tr -d '\n' <peer.out)" = "b'EHLO me\\r\\n'b'DATA\\r\\n'b'Subject: it\\r\\n'b'\\r\\n'b'hello\\r\\n'b'.\\r\\n'b'QUIT\\r\\n'" ]
	cat >server <<-'END'
		send 220 it\r\n
		expect ^ehlo .*$
		send 250 it\r\n
		expect ^mail FROM:<a@b>.*$
		send 250 fine\r\n
		expect ^rcpt TO:<c@d>$
		send 250 fine\r\n
		expect ^data$
		send 354 go on\r\n
		expect ^\.$
		send 250 taken\r\n
		expect ^QUIT$
		send 221 bye\r\n
	END
	serve -k --dialogue server 127.0.0.1 0 </dev/null >out 2>err
	exits 0 python3 -c "import smtplib
for i in 1, 2:
    with smtplib.SMTP('127.0.0.1', $PORT, 'me', 10) as s:
        s.sendmail('a@b', 'c@d', f'hello {i}')"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	says "$LISTENING"
	[ "$(grep -c $'^hello [12]\r$' out)" = 2 ]
}

@test "nginx answers one question, and ncat is asked by a listener" {
	needs ncat ncat
	local port
	port=$(free_port)
	mkdir pages
	echo it is here >pages/page
	serves_pages "127.0.0.1:$port"
	eventually bound tcp "$port"
	exits 0 "$SOCKIT" connect -d --no-shutdown --fail '^HTTP/1\.[01] [345]' --send 'HEAD /page HTTP/1.0\r\n\r\n' \
		--expect '^HTTP/1\.[01] 200 .*$' --expect '^Content-Length: 11$' 127.0.0.1 "$port" >out 2>err
	silent
	exits 1 "$SOCKIT" connect -d --no-shutdown --fail '^HTTP/1\.[01] [345].*$' --send 'HEAD /none HTTP/1.0\r\n\r\n' \
		--expect '^Content-Length: 11$' 127.0.0.1 "$port" >out 2>err
	says "it matches; received .HTTP/1\.1 404 Not Found"
	serve -d --send 'name? ' --expect '^me$' --send 'hello\n' 127.0.0.1 0 >out 2>err
	echo me | exits 0 ncat 127.0.0.1 "$PORT" >got
	ended 0 "$LISTENER"
	[ "$(<got)" = 'name? hello' ]
}

### The command line.

@test "--dialogue has a step a line, and stands among the others" {
	printf '%s\n' '# a comment' '' 'expect ^220 .*$' 'send EHLO  me \r\n' 'fail ^[45]' >steps
	counterpart text:'220 x\r\n' has:'EHLO  me \r\nmore' text:'250 \r\n' over
	exits 0 "$SOCKIT" connect --dialogue steps --send more --expect '^250 $' 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
	counterpart_ended
	printf 'expect x\nexpct y\n' >wrong
	refuses "--dialogue: wrong: line 2: 'expct y' is no step: expect ERE, send TEXT, fail ERE" connect \
		--dialogue wrong h 1
	printf 'send\n' >wrong
	refuses "--dialogue: wrong: line 1: 'send' is no step: *" connect --dialogue wrong h 1
	printf 'expect a\0b\n' >wrong
	refuses "--dialogue: wrong: line 1: * is no step: *" connect --dialogue wrong h 1
	refuses '--dialogue: absent: No such file or directory (ENOENT)' connect --dialogue absent h 1
	printf 'expect (\n' >wrong
	refuses "--dialogue: wrong: line 1: --expect '(': '(' lacks a )" connect --dialogue wrong h 1
}

@test "what is no expression, or no escape, is refused" {
	local ere at why
	while read -r ere at why; do
		refuses "--expect $(quoted "'$ere': '$at' $why")" connect --expect "$ere" h 1
	done <<-'END'
		a( ( lacks a )
		a(b|c (b|c lacks a )
		a) ) has no ( before it
		b[a [a lacks a ]
		[^ [^ lacks a ]
		[[:foo:]] [:foo:]] is no class such as [:digit:]
		[[.a.]] [.a.]] is not known in brackets
		[z-a] z-a] is a range that ends before it begins
		*a *a repeats nothing
		a|* * repeats nothing
		a{2,1} {2,1} is no interval such as {2,5}
		a{1 {1 is no interval such as {2,5}
		a{256} {256} is no interval such as {2,5}
		a{2}{3} {3} repeats what is repeated
		\d+ \d+ is no escape: \n, \r, \t, \0, \xHH, or \ before a sign
		a\ \ is no escape: \n, \r, \t, \0, \xHH, or \ before a sign
		\xg0 \xg0 is no escape: \n, \r, \t, \0, \xHH, or \ before a sign
	END
	refuses "--expect '((a{255}){255}){255}': * is too long from here on" connect --expect '((a{255}){255}){255}' h 1
	refuses "--send: '\\\\q' in 'a\\\\q' is no escape: *" connect --send 'a\q' h 1
	refuses "--fail 'x' has no effect: *" connect --expect a --fail x h 1
	refuses "--expect: '' is empty" connect --expect '' h 1
}

@test "what has no way for a dialogue excludes it" {
	local option
	for option in '--forward h:1' -F --ping '--read-bytes 1' '--wire-frame line' --mtu --explain --trace; do
		# shellcheck disable=SC2086 # words
		refuses '--* and --* exclude each other' connect --send x $option h 1
	done
	for option in '--forward h:1' --echo --discard --broker --chat '--proxy-server http'; do
		# shellcheck disable=SC2086 # words
		refuses '--* and --* exclude each other' listen --send x $option 127.0.0.1 0
	done
	refuses '*exclude --type seqpacket' unix --type seqpacket --send x s
	refuses '--send and --type dgram exclude each other' unix --type dgram --send x s
	refuses "unknown option '--expect'*" udp-send --expect x h 1
}
