# --wire-frame: messages on a stream connection, each as a whole.

load helpers/common
load helpers/words
load helpers/manual


# messages WORD...: messages.py. marked MODE MESSAGE...: the messages as they stand on the wire.
messages() {
	within 20 python3 -S "$BATS_TEST_DIRNAME/helpers/messages.py" "$@" 3>&-
}
marked() {
	messages mark "$@"
}
MODES=(line nul size=5 len8 len16 len32 len16le len32le varint octet netstring content-length)

# receives ARG...: a listener in the background, at $PORT, its output in out.
receives() {
	serve 127.0.0.1 0 "$@" </dev/null >out 2>err
}

# sends FILE: what is in it goes to $PORT, to its end.
sends() {
	foreign connect:"$PORT" file:"$1" shutdown readall
}

# bats test_tags=valgrind
@test "each mode: what is sent, and what is received, byte by byte" {
	local mode words='three seven eight'
	printf 'three\nseven\neight\n' >lines
	for mode in "${MODES[@]}"; do
		# shellcheck disable=SC2086 # words
		marked "$mode" $words >wire
		counterpart readall report
		exits 0 "$SOCKIT" connect --wire-frame "$mode" 127.0.0.1 "$PORT" <lines >out 2>err
		counterpart_ended wire || fault "$mode"
		silent
		receives -d --wire-frame "$mode"
		foreign connect:"$PORT" drip:"$(od -An -v -tx1 wire | tr -d ' \n')" shutdown readall
		ended 0 "$LISTENER"
		same lines out || fault "$mode"
	done
}

@test "many messages, and large ones, through both sides" {
	local mode
	seq 200000 >lines
	head -c 700000 /dev/zero | tr '\0' x >>lines
	echo >>lines
	for mode in varint content-length; do
		receives -d --wire-frame $mode
		exits 0 "$SOCKIT" connect --wire-frame $mode 127.0.0.1 "$PORT" <lines 2>err
		ended 0 "$LISTENER"
		same lines out
	done
}

@test "on stdin and stdout they stand as --frame says" {
	local frame
	for frame in nul len32 netstring size=2; do
		marked $frame ab cd >in
		counterpart file:in shutdown readall report
		marked octet ab cd >wire
		exits 0 "$SOCKIT" connect --frame $frame --wire-frame $frame 127.0.0.1 "$PORT" <in >out 2>err
		counterpart_ended in
		same in out
	done
	# The last line, or string, need not have its end.
	counterpart readall report
	printf 'ab\ncd' | exits 0 "$SOCKIT" connect --wire-frame octet 127.0.0.1 "$PORT" >out 2>err
	counterpart_ended wire
	# A file is one message; what comes has nothing between.
	head -c 100000 /dev/zero >zeros
	(printf 'Content-Length: 100000\r\n\r\n' && cat zeros) >wire
	for frame in read all; do
		counterpart file:wire readall report
		exits 0 "$SOCKIT" connect --frame $frame --wire-frame content-length 127.0.0.1 "$PORT" <zeros >out 2>err
		counterpart_ended wire
		same zeros out
	done
}

@test "-C ends lines by CR LF; what is sent has the length that they have then" {
	counterpart readall report
	printf 'one\ntwo\r\n' | exits 0 "$SOCKIT" connect -C --wire-frame line 127.0.0.1 "$PORT" >out 2>err
	printf 'one\r\ntwo\r\n' >wire
	counterpart_ended wire
	counterpart readall report
	printf 'a\nb' | exits 0 "$SOCKIT" connect -C --frame all --wire-frame len8 127.0.0.1 "$PORT" >out 2>err
	printf '\4a\r\nb' >wire
	counterpart_ended wire
}

# bats test_tags=valgrind
@test "listen -k: each message comes out whole, with --json as an object" {
	receives -k --wire-frame len16
	foreign connect:"$PORT" a,b:join a:hex:000474 b:hex:000362 b:text:ob a:text:wos b:hex:000121 \
		a,b:shutdown a,b:over
	eventually has_at_least out 11
	sort out | diff - <(printf '!\nbob\ntwos\n')
	kill "$LISTENER"
	ended 143 "$LISTENER"
	receives -k --json --wire-frame netstring
	printf '3:one,2:\377\376,' >wire
	sends wire
	eventually grep -q base64 out
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -q '^{"event":"message","time":"[^"]*Z","id":1,"peer":{[^}]*},"size":3,"data":"one"}$' out
	grep -q '"size":2,"data_base64":"//4="}$' out
}

@test "-k: stdin's messages go to all" {
	local large
	mkfifo in
	"$SOCKIT" listen -k --wire-frame varint --notify-fd 9 127.0.0.1 0 <in >out 2>err 3>&- 9>port &
	started
	exec 7>in
	eventually test -s port
	read -r _ PORT <port
	large=$(printf %0100000d 7)
	marked varint first "$large" second >wire
	peer_by "${FOREIGN[@]}" say:0 connect:"$PORT" a,b:join say:1 a,b:same:wire a,b:shutdown a,b:over 7>&-
	eventually grep -q 1 peer.out
	printf '%s\n' first "$large" second >&7
	exec 7>&-
	ended 0 "$PEER"
	kill "$PID"
	ended 143 "$PID"
}

@test "--live: what a slow client loses are messages" {
	mkfifo in
	"$SOCKIT" listen -k -v --live --wire-frame size=1000 --frame size=1000 --sndbuf 4k --notify-fd 9 \
		127.0.0.1 0 <in >out 2>err 3>&- 9>port &
	started
	exec 7>in
	eventually test -s port
	read -r _ PORT <port
	exec 8<>/dev/tcp/127.0.0.1/"$PORT"
	eventually grep -q accepted err
	head -c 16M /dev/zero >&7
	exec 7>&- 8>&-
	eventually grep -qE ': lost [0-9]+ messages, [0-9]+000 bytes: it was slower than what came' err
	kill "$PID"
	ended 143 "$PID"
}

@test "a command for each: its output is the answer, in the order of the questions" {
	# shellcheck disable=SC2016 # the command's
	receives -k --wire-frame octet -e 'read -r a || :
		case $a in
		slow) sleep 0.2 ;;
		none) exit ;;
		bad) echo failed; exit 3 ;;
		esac
		printf "<%s>" "$a"'
	printf 'slow\nnone\nquick\nbad\nlast\n' |
		exits 0 "$SOCKIT" connect --wire-frame octet 127.0.0.1 "$PORT" >got 2>err2
	printf '<slow>\n<quick>\nfailed\n\n<last>\n' | diff - got
	kill "$LISTENER"
	ended 143 "$LISTENER"
	# Of a line the newline at its end is not part; connect does it too.
	counterpart text:'a\nb\n' shutdown readall report
	exits 0 "$SOCKIT" connect --wire-frame line 127.0.0.1 "$PORT" -- sed 's/.*/<&>/' 2>err
	printf '<a>\n<b>\n' >wire
	counterpart_ended wire
	# The environment tells who has sent it.
	# shellcheck disable=SC2016 # the command's
	receives --wire-frame line -e 'echo "$TCPREMOTEIP"'
	foreign connect:"$PORT" text:'x\n' shutdown expect:"$(printf '127.0.0.1\n' | od -An -tx1 | tr -d ' \n')" over
	ended 0 "$LISTENER"
	# The status of one that fails, and an answer that cannot be said.
	receives --wire-frame line -- sh -c 'exit 9'
	foreign connect:"$PORT" text:'x\n' shutdown over
	ended 9 "$LISTENER"
	receives --wire-frame len8 -- head -c 300 /dev/zero
	foreign connect:"$PORT" hex:0178 shutdown gone
	ended 1 "$LISTENER"
	grep -qx 'sockit listen: head: its output: message 1: 300 bytes, which len8 cannot carry' err
	receives --wire-frame line -e 'echo a; echo b'
	foreign connect:"$PORT" text:'x\n' shutdown gone
	ended 1 "$LISTENER"
	grep -qx 'sockit listen: /bin/sh: its output: message 1: 3 bytes with the end of one among them, which line cannot carry' err
}

@test "a command for each: with -d no answer is sent, with --send-only there is no message" {
	# shellcheck disable=SC2016 # the command's
	receives -d --wire-frame line -e 'read -r a; echo "$a" | tee -a ran; exit 5'
	foreign connect:"$PORT" text:'x\ny\n' shutdown expect: over
	ended 5 "$LISTENER"
	[ "$(<ran)" = $'x\ny' ]
	rm ran
	receives --send-only --wire-frame line -e 'tee ran'
	foreign connect:"$PORT" text:'x\ny\n' shutdown expect: over
	ended 0 "$LISTENER"
	[ ! -e ran ]
	[ "$(wc -l <err)" = 1 ]
}

@test "a command for each: with -m a client that has ended its sending has its answers first" {
	local i clients=()
	receives -k -m 1 --wire-frame line -e 'sleep 0.1; cat'
	for i in 1 2 3; do
		foreign connect:"$PORT" text:"$i\\n" shutdown expect:3${i}0a over 3>&- &
		clients+=($!)
	done
	for i in "${clients[@]}"; do
		wait "$i"
	done
}

@test "a command for each: a client that is gone gives its place, though its command runs on" {
	local options way more
	mkfifo block
	# Whether what it had sent beside that is still given to a command: not where nobody would have the answer.
	while read -r options way more; do
		rm -f ran
		# shellcheck disable=SC2016,SC2086 # the command's, and a word
		receives -k -m 1 ${options#=} --wire-frame line -e \
			'read -r a; echo "$a" >>ran; [ "$a" != block ] || read -r _ <block'
		# shellcheck disable=SC2086 # words
		foreign connect:"$PORT" text:'block\nmore\n' pause:0.1 ${way//,/ }
		foreign connect:"$PORT" text:'next\n' shutdown over
		[ "$(<ran)" = $'block\nnext' ] || fault "$options $way" || return
		echo >block
		[ "$more" != yes ] || eventually grep -qx more ran
		kill "$LISTENER"
		ended 143 "$LISTENER"
		[ "$more" = yes ] || run ! grep -qx more ran
	done <<-'END'
		= reset no
		= shutdown,reset yes
		-d reset yes
	END
}

@test "--read-bytes ends behind a whole message, and a command still answers it" {
	local sink
	for sink in --echo '--execute=cat'; do
		receives --wire-frame line --read-bytes 5 "$sink"
		foreign connect:"$PORT" text:'one\ntwo\nthree\n' expect:6f6e650a74776f0a over
		ended 0 "$LISTENER"
	done
}

@test "--echo and --forward pass on whole messages, as they came" {
	local text='Content-Type: x\r\ncontent-length:  2\r\n\r\nab'
	# shellcheck disable=SC2059 # it is a format
	printf "$text" >wire
	receives --echo --wire-frame content-length
	foreign connect:"$PORT" file:wire shutdown same:wire over
	ended 0 "$LISTENER"
	counterpart same:wire shutdown over
	receives --forward "127.0.0.1:$PORT" --wire-frame content-length
	# The first part of a message goes nowhere before the rest has come.
	foreign connect:"$PORT" text:'Content-Type: x\r\ncontent-length:  2\r\n\r\na' pause:0.1 text:b over
	ended 0 "$LISTENER"
	ended 0 "$PEER"
}

@test "--broker: no message is torn, whatever others send meanwhile" {
	receives --broker --wire-frame netstring
	# The first part of a's comes before all of b's, and the rest behind it.
	foreign connect:"$PORT" a,b,c:join a:text:'10:01234' b:text:'3:one,' a,c:text:'' \
		a,c:has:'3:one,' a:text:'56789,' b,c:has:'10:0123456789,'
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "what is no message ends the connection, and a line says where" {
	local mode text line
	while IFS='|' read -r mode text line; do
		receives -d --frame nul --wire-frame "$mode"
		# shellcheck disable=SC2059 # it is a format
		printf "$text" >wire
		sends wire
		ended 1 "$LISTENER" || fault "$mode $text"
		says "^sockit listen: 127\.0\.0\.1 port [0-9]+: $line\$" <(tail -n 1 err) || fault "$mode $text"
	done <<-'END'
		octet|3 one40 only 12 of t|message 2: 12 of 40 bytes
		octet|3 one4|message 2: it ends within its length
		octet|03 one|message 1: '03 one' is no message of octet
		octet|0 |message 1: '0 ' is no message of octet
		octet|GET / HTTP/1.0\r\n\r\n|message 1: 'GET / HTTP/1\.0\\r\\n\.\.\.' is no message of octet
		octet|1048577 x|message 1: 1048577 bytes, over 1048576 \(--size\)
		netstring|3:one;|message 1: '3:one;' is no message of netstring
		netstring|3:one|message 1: 3 of 3 bytes
		line|one\ntwo|message 2: 3 bytes without the end of a message
		nul|one\0two|message 2: 3 bytes without the end of a message
		size=4|fourfou|message 2: 3 of 4 bytes
		len8|\5four|message 1: 4 of 5 bytes
		len16|\0|message 1: it ends within its length
		len32|\377\377\377\377|message 1: 4294967295 bytes, over 1048576 \(--size\)
		len32le|\0\0\20\1|message 1: 17825792 bytes, over 1048576 \(--size\)
		varint|\200\200\200\200\200\200\200\200\200\200\200|message 1: '.*' is no message of varint
		varint|\377\377\377\377\377\377\377\377\377\1|message 1: 18446744073709551615 bytes, over .*
		content-length|Content-Length: 3\n\none|message 1: 'Content-Length: \.\.\.' is no message of content-length
		content-length|Content-Type: x\r\n\r\n|message 1: 'Content-Type: x\\r\.\.\.' is no message of content-length
		content-length|Content-Length: -1\r\n\r\n|message 1: 'Content-Length: \.\.\.' is no message of content-length
	END
	# What came before is given out, and nothing of it.
	receives -d --wire-frame octet
	printf '3 one5 tw' >wire
	sends wire
	ended 1 "$LISTENER"
	[ "$(<out)" = one ]
	# A header does not go on for ever; nor is more than --size kept.
	receives -d --wire-frame content-length
	(printf 'X: ' && head -c 65536 /dev/zero | tr '\0' x) >wire
	sends wire
	ended 1 "$LISTENER"
	receives -d --size 1000 --wire-frame line
	sends wire
	ended 1 "$LISTENER"
	grep -qE 'message 1: [0-9]+ bytes or more, over 1000 \(--size\)$' err
}

@test "-k: a client's fault ends that client only; --json has its code" {
	receives -k --json --wire-frame octet
	foreign connect:"$PORT" a,b:join a:text:'x' a:gone b:text:'3 one' b:shutdown b:over
	eventually grep -q '"one"' out
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -q '"event":"error".*"code":"EPROTO".*message 1: .x. is no message of octet' err
}

@test "what cannot be carried is an error of stdin, and nothing of it is sent" {
	local mode text line
	while IFS='|' read -r mode text line; do
		# shellcheck disable=SC2086 # words
		set -- $mode
		# shellcheck disable=SC2059 # it is a format
		printf "$text" >in
		counterpart readall save:got report
		exits 1 "$SOCKIT" connect --wire-frame "$@" 127.0.0.1 "$PORT" <in >out 2>err
		says "^sockit connect: stdin: $line\$" || fault "$mode $text"
		ended 0 "$PEER"
	done <<-'END'
		octet|one\n\ntwo\n|message 2: 0 bytes, which octet cannot carry
		size=3|one\nfour\n|message 2: 4 bytes, which size=3 cannot carry
		line --frame nul|one\0a\nb\0|message 2: 3 bytes with the end of one among them, which line cannot carry
		octet --frame len16|\0\3one\0\5two|message 2: 3 of 5 bytes
		octet --size 4|one\nseven\n|message 2: 5 bytes or more, over 4 \(--size\)
		octet --frame netstring|3:one,x|message 2: 'x' is no message of netstring
	END
	head -c 256 /dev/zero | tr '\0' x >in
	counterpart readall report
	exits 1 "$SOCKIT" connect --wire-frame len8 127.0.0.1 "$PORT" <in >out 2>err
	says '^sockit connect: stdin: message 1: 256 bytes, which len8 cannot carry$'
	ended 0 "$PEER"
	grep -q '^read 0 ' peer.out
}

@test "-q: what has come of a message by then is told, and no good end" {
	counterpart text:'one\ntw' hold
	exits 1 "$SOCKIT" connect --wire-frame line -q 200ms 127.0.0.1 "$PORT" </dev/null >out 2>err
	says '^sockit connect: 127\.0\.0\.1 port [0-9]+: message 2: 2 bytes without the end of a message$'
	[ "$(<out)" = one ]
	# Where there is nothing of one, it is.
	counterpart text:'one\n' hold
	exits 0 "$SOCKIT" connect --wire-frame line -q 200ms 127.0.0.1 "$PORT" </dev/null >out 2>err
	silent
}

@test "-o has all that came and was sent, with its marks; also what is no message, and of several clients" {
	counterpart text:'3:one,x' readall
	exits 1 "$SOCKIT" connect -d --wire-frame netstring -o all 127.0.0.1 "$PORT" >out 2>err
	[ "$(<all)" = '3:one,x' ]
	mkfifo in
	"$SOCKIT" listen -k --wire-frame netstring -o all --notify-fd 9 127.0.0.1 0 <in >out 2>err 3>&- 9>port &
	started
	exec 7>in
	eventually test -s port
	read -r _ PORT <port
	peer_by "${FOREIGN[@]}" say:0 connect:"$PORT" a,b:join say:1 a,b:has:'5:hello,' a,b:shutdown a,b:over 7>&-
	eventually grep -q 1 peer.out
	echo hello >&7
	exec 7>&-
	ended 0 "$PEER"
	kill "$PID"
	ended 143 "$PID"
	[ "$(<all)" = '5:hello,5:hello,' ]
}

@test "what large messages wait for takes no memory of ours, whole or in part" {
	[ "$(platform)" = linux ] || skip 'on Linux only'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'the memory of this build is not that of the program'
	local sink lacks
	mkfifo slow
	exec 6<>slow
	for sink in --notify-fd=9 --broker; do
		for lacks in 0 1; do
			serve -k --wire-frame len32 "$sink" 127.0.0.1 0 </dev/null >slow 2>err
			within 20 python3 -S "$BATS_TEST_DIRNAME/helpers/waiting.py" "$PORT" "$LISTENER" 100 1048576 $lacks \
				>memory 2>waiting.err 3>&- || cat waiting.err
			[ "$(<memory)" -lt 4096 ] || {
				echo "$sink $lacks: $(<memory) KiB"
				return 1
			}
			kill "$LISTENER"
			status_of "$LISTENER"
		done
	done
	exec 6<&-
}

@test "a large message comes whole, however slowly; -i counts what has come of it, and -q and the end tell it" {
	random_file data 1M
	{
		bytes 00100000
		cat data
	} >message
	head -c 500000 message >part
	tail -c +500001 message >rest
	tail -c +2 rest >last
	receives -i 500ms --wire-frame len32 --frame all
	foreign connect:"$PORT" file:part pause:0.3 hex:"$(head -c 1 rest | od -An -tx1 | tr -d ' ')" pause:0.3 file:last \
		shutdown over
	ended 0 "$LISTENER"
	same data out
	counterpart file:part hold
	exits 4 "$SOCKIT" connect -d -i 300ms --wire-frame len32 127.0.0.1 "$PORT" >out 2>err
	says 'nothing moved for 300 ms'
	local options
	for options in '-q 300ms' '-d --buffer 1M'; do
		counterpart file:part shutdown hold
		# shellcheck disable=SC2086 # words
		exits 1 "$SOCKIT" connect $options --wire-frame len32 127.0.0.1 "$PORT" </dev/null >out 2>err
		says ': message 1: 499996 of 1048576 bytes$'
		silent out
	done
	counterpart file:part hold
	exits 1 "$SOCKIT" connect -q 300ms --wire-frame len32 127.0.0.1 "$PORT" </dev/null >out 2>err
	says ': message 1: 499996 of 1048576 bytes$'
}

@test "-x and -X show each message by itself" {
	counterpart text:'1 a1 b' shutdown readall
	printf 'one\ntwo\n' | exits 0 "$SOCKIT" connect --wire-frame octet -X shown 127.0.0.1 "$PORT" >out 2>err
	[ "$(grep -c '^> 3 one' shown)" = 1 ]
	[ "$(grep -c '^> 3 two' shown)" = 1 ]
	[ "$(grep -c '^< 1 [ab]' shown)" = 2 ]
}

@test "a terminal: its end within a line ends the last message, and the run" {
	local frame
	for frame in line all; do
		counterpart readall report
		# 04: Ctrl-D, which within a line gives what was typed so far.
		exits 0 timeout 5 "$PARENT" 0=tty hex:6f6e650a74776f04 pause:0.1 shutdown -- \
			"$SOCKIT" connect --wire-frame len8 --frame $frame 127.0.0.1 "$PORT" 2>err
		[ $frame = all ] && bytes 076f6e650a74776f >wire || bytes 036f6e650374776f >wire
		counterpart_ended wire
		silent
	done
}

@test "over a UNIX socket" {
	local listener
	served_by "$SOCKIT" unix --listen --notify-fd 9 -d --wire-frame netstring s >out 2>err
	listener=$LISTENER
	printf 'one\ntwo\n' | exits 0 "$SOCKIT" unix --wire-frame netstring s 2>err2
	ended 0 "$listener"
	[ "$(<out)" = $'one\ntwo' ]
	# One that does not wait for the commands: they run, and their status counts.
	served_by "$SOCKIT" unix --listen --notify-fd 9 -d --wire-frame netstring s -e 'sleep 0.1; tee -a ran; exit 5' >out 2>err
	foreign connect:unix:s text:'3:one,3:two,' close
	ended 5 "$LISTENER"
	[ "$(<ran)" = onetwo ]
}

### Other programs.

@test "netstrings, the lengths of Protocol Buffers and a language server's messages, by Python" {
	local mode in out
	peer messages answer netstring varint content-length
	while IFS='|' read -r mode in out; do
		printf '%b\n' "$in" >in
		exits 0 "$SOCKIT" connect --wire-frame "$mode" 127.0.0.1 "$PORT" <in >out 2>err
		silent
		[ "$(<out)" = "$(printf '%b' "$out")" ] || fault "$mode"
	done <<-END
		netstring|one\n\nthree|ONE\n\nTHREE
		varint|$(printf %0300d 7)x\n\ny|$(printf %0300d 7)X\n\nY
		content-length|{"id":1,"method":"initialize"}|{"jsonrpc": "2.0", "id": 1, "result": "initialize"}
	END
	ended 0 "$PEER"
	for mode in netstring varint content-length; do
		receives --wire-frame "$mode" -- tr a-z A-Z
		messages ask "$PORT" "$mode" one "$(printf %0300d 7)x" >out
		ended 0 "$LISTENER"
		[ "$(<out)" = "$(printf 'ONE\n%0300dX' 7)" ] || fault "$mode"
	done
}

@test "syslog by octet counting: rsyslog takes it, and logger sends it" {
	PATH=$PATH:/usr/sbin
	needs rsyslogd rsyslog
	needs logger bsdutils
	local n
	mkdir work
	cat >rsyslog.conf <<-END
		global(workDirectory="$PWD/work")
		module(load="imtcp")
		input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="$PWD/port")
		template(name="raw" type="string" string="%rawmsg%\\n")
		action(type="omfile" file="$PWD/log" template="raw")
	END
	spawn rsyslogd -n -f "$PWD/rsyslog.conf" -i "$PWD/work/pid" >rsyslog.out 2>&1
	eventually test -s port
	# A newline within one is a newline of it.
	printf '<13>one\0<13>and\ntwo\0' |
		exits 0 "$SOCKIT" connect --frame nul --wire-frame octet 127.0.0.1 "$(<port)" 2>err
	silent
	eventually has_at_least log 23
	printf '<13>one\n<13>and#012two\n' | same log /dev/stdin
	kill "$PID"
	receives -k --wire-frame octet
	for n in 1 2; do
		logger --octet-count -T -n 127.0.0.1 -P "$PORT" "message $n"
	done
	eventually grep -q 'message 2$' out
	[ "$(grep -cE '^<13>1 .* message [12]$' out)" = 2 ]
	[ "$(wc -l <out)" = 2 ]
}

@test "a name server by TCP is asked, and stands behind a listener" {
	PATH=$PATH:/usr/sbin
	needs dnsmasq dnsmasq-base
	needs dig bind9-dnsutils
	local dns
	dns=$(free_port)
	spawn dnsmasq -k --port="$dns" --listen-address=127.0.0.1 --bind-interfaces --conf-file=/dev/null --no-resolv \
		--no-hosts --pid-file="$PWD/pid" --user="$(id -un)" --address=/example.com/192.0.2.7 >dns.out 2>&1
	eventually "$SOCKIT" connect -z 127.0.0.1 "$dns" >out 2>err
	# Two questions, the second with another number.
	bytes 000101000001000000000000076578616d706c6503636f6d0000010001 >question
	{
		bytes 001d && cat question && bytes 001d02 && tail -c +2 question
	} | exits 0 "$SOCKIT" connect --frame len16 --wire-frame len16 127.0.0.1 "$dns" >out 2>err
	silent
	# Each answer has its length before it, the question's number, no error and the address at its end.
	od -An -v -tx1 out | tr -d ' \n' | grep -qE '^002d00018[15][08]000010001.{66}c0000207002d02018[15][08]000010001.{66}c0000207$'
	receives -k --forward "127.0.0.1:$dns" --wire-frame len16
	exits 0 dig +tcp +short @127.0.0.1 -p "$PORT" example.com >out 2>err
	[ "$(<out)" = 192.0.2.7 ]
}

@test "socat and ncat at the other end" {
	needs socat socat
	needs ncat ncat
	local port client
	marked len32 one two >wire
	for client in 'socat -u - TCP:127.0.0.1:' 'ncat --send-only 127.0.0.1 '; do
		receives -d --wire-frame len32
		eval "within 20 $client$PORT" <wire 3>&-
		ended 0 "$LISTENER"
		[ "$(<out)" = $'one\ntwo' ] || fault "$client"
	done
	printf 'one\ntwo\n' >lines
	port=$(free_port)
	spawn socat -t 10 "TCP-LISTEN:$port,bind=127.0.0.1" EXEC:cat
	eventually bound tcp "$port"
	exits 0 "$SOCKIT" connect --wire-frame len32 127.0.0.1 "$port" <lines >out 2>err
	silent
	same lines out
	port=$(free_port)
	spawn ncat -l --recv-only 127.0.0.1 "$port" >got
	eventually bound tcp "$port"
	exits 0 "$SOCKIT" connect --wire-frame len32 127.0.0.1 "$port" <lines 2>err
	silent
	ended 0 "$PID"
	same wire got
}

### The command line.

@test "together with nothing that has a meaning of its own for the bytes: 2" {
	refuses "--wire-frame: 'read' is none of line, nul, size=N, len8, *" connect --wire-frame read h 1
	refuses "--wire-frame: 'all' is none of *" listen --wire-frame all 1
	refuses '--frame is for messages and packets: on a stream it needs --wire-frame' connect --frame line h 1
	refuses '--size is for messages and packets: on a stream it needs --wire-frame' listen --size 5 1
	refuses '--size: 3 is less than size=4' connect --wire-frame size=4 --size 3 h 1
	refuses '*exclude*' connect --wire-frame line -t h 1
	refuses '*exclude*' connect --wire-frame line --raw h 1
	refuses '*exclude*' connect --wire-frame line -z h 1
	refuses '*exclude*' listen --wire-frame line --discard 1
	refuses '*exclude*' listen --wire-frame line --chat 1
	refuses '*packets are messages*' unix --type seqpacket --wire-frame line s
	refuses '--heartbeat: its text is nothing that --wire-frame octet can carry' \
		connect --wire-frame octet --heartbeat 1s h 1
}
