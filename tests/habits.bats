#!/usr/bin/env bats
# The lines that are proposed to users of other tools: each is run, and does what was meant.


load helpers/common
load helpers/words

# proposed WORDS: $LINE is the line that `sockit WORDS` proposes, where @ (but of @HOST) is the port $PORT and % the port
# $OTHER.
proposed() {
	local words
	words=$(sed -E "s/@([^0-9a-z]|$)/$PORT\\1/g" <<<"$1")
	[ -d bin ] || { mkdir bin && ln -s "$SOCKIT" bin/sockit; }
	# shellcheck disable=SC2086 # words
	eval sockit ${words//%/$OTHER}
	told 2 "sockit*: * is: sockit *" || return
	LINE=$(<err)
	LINE=${LINE##*" is: "}
	[[ $LINE == 'sockit '* ]] || fault "sockit $1"
}

# run_line: runs it, within ten seconds.
run_line() {
	STATUS=0
	PATH=$PWD/bin:$PATH within 10 bash -c "$LINE" >out 2>err 3>&- || STATUS=$?
}

@test "clients: the question is sent, the answer comes, and the run ends" {
	local words
	# It answers once it has a line, and does not care for an end.
	# shellcheck disable=SC2016 # for the command
	serve -k 127.0.0.1 0 -e 'read -r line; echo "got $line"' 2>/dev/null
	while read -r words; do
		proposed "$words"
		echo hello >in
		run_line <in
		[ "$STATUS" = 0 ] && [ "$(tr -d '\r' <out)" = 'got hello' ] || fault "$words: $LINE"
	done <<-'END'
		127.0.0.1 @
		127.0.0.1:@
		-v 127.0.0.1 @
		-n -w 2 127.0.0.1 @
		-N 127.0.0.1 @
		-4 -q 1 127.0.0.1 @
		-q -1 127.0.0.1 @
		-C 127.0.0.1 @
		-t 127.0.0.1 @
		-o copy 127.0.0.1 @
		-T lowcost -M 9 -I 8192 -O 8192 127.0.0.1 @
		-s 127.0.0.1 127.0.0.1 @
		-i 1 127.0.0.1 @
		-rD 127.0.0.1 @
		nc -vn 127.0.0.1 @
		nc.openbsd -w2 127.0.0.1 @
		ncat --wait 2 --idle-timeout=5 --nodns 127.0.0.1 @
		ncat -i 5 -d 1 -x dump --append-output -o copy 127.0.0.1 @
		--no-shutdown 127.0.0.1 @
		busybox nc 127.0.0.1 @
		busybox telnet 127.0.0.1 @
		telnet 127.0.0.1 @
		tcp 127.0.0.1 @
		client 127.0.0.1:@
		socat - TCP4:127.0.0.1:@
		socat -v STDIO tcp-connect:127.0.0.1:@,nodelay
		socat TCP:127.0.0.1:@ -
		socat - TCP:127.0.0.1:@,crnl,bind=127.0.0.1
	END
	same copy <(printf 'hello\ngot hello\n%.0s' 1 2)
}

@test "clients: commands, tests of a port, descriptors" {
	local words expected
	OTHER=$(free_port)
	# shellcheck disable=SC2016 # for the command
	serve -k 127.0.0.1 0 -e 'read -r line; echo "$line" >>told; echo answer' 2>/dev/null
	for words in "-c 'echo hi; read -r x; echo \$x >>told' 127.0.0.1 @" \
		"-e 'echo hi; read -r x; echo \$x >>told' 127.0.0.1 @" \
		"ncat --sh-exec 'echo hi; read -r x; echo \$x >>told' 127.0.0.1 @"; do
		: >told
		proposed "$words"
		run_line </dev/null
		[ "$STATUS" = 0 ] && [ "$(sort told | paste -sd' ')" = 'answer hi' ] || fault "$words: $LINE"
	done
	while IFS='|' read -r words expected; do
		proposed "$words"
		run_line </dev/null
		expected=${expected//@/$PORT}
		[ "$STATUS $(sed 's/ open .*/ open/' out | sort -k 2 | paste -sd,)" = "${expected//%/$OTHER}" ] || fault "$words: $LINE"
	done <<-'END'
		-z 127.0.0.1 @|0 127.0.0.1 @/tcp open
		-zv -w 2 -q 1 -d 127.0.0.1 @|0 127.0.0.1 @/tcp open
		-z 127.0.0.1 %|1 
		-z 127.0.0.1 @ @|0 127.0.0.1 @/tcp open
		-z 127.0.0.1 @-@|0 127.0.0.1 @/tcp open
		scan 127.0.0.1 @|0 127.0.0.1 @/tcp open
		scan 127.0.0.1:@|0 127.0.0.1 @/tcp open
		nmap 127.0.0.1 @|0 127.0.0.1 @/tcp open
		nmap -sT -Pn -p @,@ 127.0.0.1|0 127.0.0.1 @/tcp open
	END
	proposed '-n -v -z 127.0.0.1 @ % @'
	run_line </dev/null
	[ "$STATUS" = 1 ] && grep -q "^127.0.0.1 $PORT/tcp open" out && grep -q "^127.0.0.1 $OTHER/tcp closed" out ||
		fault "$LINE"
	proposed 'ping -c 2 127.0.0.1 @'
	run_line </dev/null
	[ "$STATUS" = 0 ] && grep -q ' 2 sent, 2 answered' out || fault "$LINE"
}

@test "listeners: both ways" {
	local words
	while read -r words; do
		PORT=$(free_port)
		proposed "$words"
		echo answer >in
		PATH=$PWD/bin:$PATH bash -c "exec $LINE" <in >heard 2>err 3>&- &
		started
		LISTENER=$PID
		echo hello | exits 0 "$SOCKIT" connect --retry 10s --interval 10ms 127.0.0.1 "$PORT" >out 2>err2
		ended 0 "$LISTENER"
		[ "$(<out) $(<heard)" = 'answer hello' ] || fault "$words: $LINE"
	done <<-'END'
		-l @
		-lvn @
		-lvnp @
		-l -p @
		-l 127.0.0.1 @
		-l -s 127.0.0.1 -p @
		-l -w 5 @
		-l -N -q 5 @
		nc -l @
		ncat -l @
		--listen --source-port=@
		busybox nc -l -p @
		serve @
		socat TCP-LISTEN:@,reuseaddr -
		socat - tcp4-l:@,bind=127.0.0.1
	END
}

@test "listeners: commands, many clients, relays" {
	local words expected
	# shellcheck disable=SC2016
	serve -k 127.0.0.1 0 -e 'read -r line; echo "got $line"' 2>/dev/null
	OTHER=$PORT
	while IFS='|' read -r words expected; do
		PORT=$(free_port)
		proposed "$words"
		PATH=$PWD/bin:$PATH bash -c "exec $LINE" </dev/null >heard 2>err 3>&- &
		started
		LISTENER=$PID
		echo hello | exits 0 "$SOCKIT" connect --retry 10s --interval 10ms 127.0.0.1 "$PORT" >out 2>err2
		[ "$(<out)" = "$expected" ] || fault "$words: $LINE"
		kill "$LISTENER" 2>/dev/null || :
	done <<-'END'
		-l -e cat @|hello
		-lk -c cat -p @|hello
		ncat -lk --exec cat @|hello
		socat TCP-LISTEN:@,fork EXEC:cat|hello
		echo @|hello
		-lk @|
		ncat --listen --keep-open --max-conns 3 @|
		discard @|
		forward @ 127.0.0.1:%|got hello
		forward @ 127.0.0.1 %|got hello
		relay 127.0.0.1:% @|got hello
		socat TCP-LISTEN:@,fork,reuseaddr TCP:127.0.0.1:%|got hello
	END
	for words in 'proxy @' 'socks5 @'; do
		PORT=$(free_port)
		proposed "$words"
		PATH=$PWD/bin:$PATH bash -c "exec $LINE" </dev/null >heard 2>err 3>&- &
		started
		eventually "$SOCKIT" connect -z 127.0.0.1 "$PORT" >out 2>&1
		LISTENER=$PORT
		PORT=$OTHER
		proposed "-x 127.0.0.1:$LISTENER 127.0.0.1 @"
		echo hello >in
		run_line <in
		[ "$STATUS $(<out)" = '0 got hello' ] || fault "$LINE"
	done
}

@test "datagrams: both ways" {
	local words
	datagram_peer reply:pong
	for words in '-u -W 1 127.0.0.1 @' '-nuW1 127.0.0.1 @' 'udp --replies 1 127.0.0.1 @' \
		'send --replies 1 127.0.0.1:@'; do
		proposed "$words"
		echo ping >in
		run_line <in
		[ "$STATUS $(<out)" = '0 pong' ] || fault "$words: $LINE"
	done
	for words in '-zu 127.0.0.1 @' '-zuv 127.0.0.1 @'; do
		proposed "$words"
		run_line <in
		[ "$STATUS" = 0 ] && grep -q "^127.0.0.1 $PORT/udp open" out || fault "$words: $LINE"
	done
	for words in '-lu @' '-ulp @' '-lun -s 127.0.0.1 -p @' 'ncat -l --udp @' 'socat UDP-LISTEN:@ -'; do
		PORT=$(free_port)
		proposed "$words"
		echo answer >in
		PATH=$PWD/bin:$PATH bash -c "exec $LINE" <in >heard 2>err 3>&- &
		started
		eventually asked
		[ "$(<out)" = answer ] && grep -q '^hello$' heard || fault "$words: $LINE"
		kill "$PID"
	done
	for words in '-luk @' 'udp-listen @' 'recv 127.0.0.1 @' 'socat UDP-RECV:@ -'; do
		PORT=$(free_port)
		proposed "$words"
		PATH=$PWD/bin:$PATH bash -c "exec $LINE" </dev/null >heard 2>err 3>&- &
		started
		eventually heard || fault "$words: $LINE"
		kill "$PID"
	done
}
asked() {
	echo hello | within 10 "$SOCKIT" udp-send -w 5 --replies 1 127.0.0.1 "$PORT" >out 2>err2 3>&-
}
heard() {
	echo hello | within 10 "$SOCKIT" udp-send 127.0.0.1 "$PORT" >out 2>err2 3>&- && grep -q '^hello$' heard
}

@test "UNIX sockets" {
	local words
	# shellcheck disable=SC2016
	spawn "$SOCKIT" unix -l -k s -e 'read -r line; echo "got $line"' </dev/null >out2 2>err2
	eventually test -S s
	for words in '-U s' '-NU s' '-vn4U s' 'unix:s' './s' 'socat - UNIX-CONNECT:s' 'socat unix:s -'; do
		proposed "$words" || { LINE=$(<err) && LINE=sockit${LINE##*sockit}; }
		echo hello >in
		run_line <in
		[ "$STATUS $(<out)" = '0 got hello' ] || fault "$words: $LINE"
	done
	for words in '-lU l' '-lvU l' 'socat UNIX-LISTEN:l -'; do
		proposed "$words"
		echo answer >in
		PATH=$PWD/bin:$PATH bash -c "exec $LINE" <in >heard 2>err 3>&- &
		started
		LISTENER=$PID
		echo hello | exits 0 "$SOCKIT" unix --retry 10s --interval 10ms l >out 2>err2
		ended 0 "$LISTENER"
		[ "$(<out) $(<heard)" = 'answer hello' ] || fault "$words: $LINE"
	done
}

@test "names, services and sockets" {
	local words expected
	peer nameserver port:0 zone
	while IFS='|' read -r words expected; do
		proposed "$words"
		run_line </dev/null
		[ "$STATUS" = 0 ] && grep -qE "$expected" out || fault "$words: $LINE"
	done <<-'END'
		dig @127.0.0.1 -p @ ok.test +short|^192\.0\.2\.1$
		dig @127.0.0.1 -p @ AAAA ok.test|^2001:db8::1$
		dig @127.0.0.1 -p @ ok.test -t aaaa|^2001:db8::1$
		drill ok.test @127.0.0.1 -p @|^192\.0\.2\.1$
		host -p @ -t AAAA ok.test 127.0.0.1|^2001:db8::1$
		nslookup -p @ ok.test 127.0.0.1|^192\.0\.2\.1$
		nslookup -type=aaaa -p @ ok.test 127.0.0.1|^2001:db8::1$
		dig @127.0.0.1 -p@ +tcp -tMX records.test +noall +answer|^20 mx2\.test\.$
		dig @localhost -p @ -4 -q records.test -c IN txt +time=5 +tries=1|^"
		dig @127.0.0.1 -p @ +dnssec records.test IN mx|^records\.test[[:blank:]].*[[:blank:]]MX[[:blank:]]10 mx1\.test\.$
		dig @127.0.0.1 -p @ -x 10.0.0.1 +tcp|^ok\.test$
		host -T -W 5 -p @ -t mx records.test localhost|^20 mx2\.test\.$
		resolve @127.0.0.1 -p @ ok.test +short|^2001:db8::1$
		resolve @localhost:@ -4 ok.test|^192\.0\.2\.1$
		resolve @localhost:@ records.test MX|^20 mx2\.test\.$
		resolve @localhost:@ --first -w 5 mx records.test|^10 mx1\.test\.$
		resolve -t MX --server localhost:@ records.test|^20 mx2\.test\.$
		resolve --server=127.0.0.1:@ -x 10.0.0.1|^ok\.test$
		resolve --server 127.0.0.1:@ -T -tmx +nocomments records.test|^20 mx2\.test\.$
		resolve --server 127.0.0.1:@ ok.test +tcp|^2001:db8::1$
		resolve -x 127.0.0.1|localhost
		resolve -x 127.0.0.1 +short -v|localhost
		resolve -1 localhost +nocmd|^(127\.0\.0\.1|::1)$
		dig -x 127.0.0.1|localhost
		host 127.0.0.1|localhost
		dns localhost|^(127\.0\.0\.1|::1)$
		getent hosts localhost|^(127\.0\.0\.1|::1)$
		getent services http|^http[[:blank:]]+80/tcp
		services http/tcp|^http[[:blank:]]+80/tcp
		ifconfig|^lo
	END
}

@test "ways and sockets" {
	[ "$(platform)" = linux ] || skip 'portable'
	local words expected
	serve -k -d 127.0.0.1 0 2>/dev/null
	while IFS='|' read -r words expected; do
		proposed "$words"
		run_line </dev/null
		[ "$STATUS" = 0 ] && grep -qE "${expected//@/$PORT}" out || fault "$words: $LINE"
	done <<-'END'
		traceroute -T -p @ -q 1 -w 2 -m 9 127.0.0.1|port @: open
		tcptraceroute -n -i lo -s 127.0.0.1 127.0.0.1 @|port @: open
		mtr -n -T -r -m 9 --port=@ 127.0.0.1|port @: open
		tracepath -n -p @ 127.0.0.1|path MTU
		ping -4 -M do -s 1472 127.0.0.1:@|path MTU
		ping -c 1 -i 0.2 -W 2 -w 5 127.0.0.1 @|1 answered
		explain 127.0.0.1 @|^connect.*open
		trace 127.0.0.1:@|port @: open
		mtu 127.0.0.1 @|path MTU
		ss -tlnp sport = :@|^tcp.*[[:blank:]]@[[:blank:]]
		ss -tanio state listen sport :@|^tcp.*[[:blank:]]@[[:blank:]]
		netstat -tulpn|^tcp.*[[:blank:]]@[[:blank:]]
		netstat -an4|^tcp.*[[:blank:]]@[[:blank:]]
		lsof -nP -iTCP:@ -sTCP:LISTEN|^tcp.*[[:blank:]]@[[:blank:]]
		lsof -i :@|^tcp.*[[:blank:]]@[[:blank:]]
		lsof -i4tcp|^tcp.*[[:blank:]]@[[:blank:]]
	END
}

@test "the words of a line are quoted, those too that are joined to others" {
	local line expected
	while IFS='|' read -r line expected; do
		eval "sockit $line"
		told 2 "$(quoted "sockit: '${line%% *}' is no subcommand: that is: sockit $expected")" || fault "$line"
	done <<-'END'
		scan "a'b" 80 '8;1'|connect -z 'a'\''b' 80,'8;1'
		forward 80 'a;b' '8;0'|listen -k --forward 'a;b':'8;0' 80
		forward 80 a '8;0'|listen -k --forward a:'8;0' 80
		dig @a -p '5;3' name|resolve --server a:'5;3' --record A name
		dig @::1 -p 53 name|resolve --server '[::1]':53 --record A name
		dig @'a:;' -p 53 name|resolve --server 'a:;':53 --record A name
		dig name +tcp|resolve --record A --tcp name
		dig -x 192.0.2.1 +dnssec|resolve --record PTR --dnssec -a 192.0.2.1
		host -a name|resolve --record ANY -a name
		dig name -t type65280|resolve --record TYPE65280 name
		nc -z a 80 '8;1'|connect -z a 80,'8;1'
	END
}

@test "what other tools do and sockit does not has no line" {
	local words expected
	for words in 'ncat --ssl h 443' '-lW 3 80' '-S h 80' '-V 1 h 80' '-Z h 80' '-lF 80' '-lz 80' 'h 80 81' \
		'-U a b' '-l a b c' 'socat - OPENSSL:h:443' 'socat -' 'socat -t 5 - TCP:h:80' 'socat -T5 - TCP:h:1' \
		'dig a b c' 'dig -p 5353 h' 'dig -t NOSUCH h' 'dig +trace h' 'dig +notime h' 'dig -c CH h' 'dig -f file' \
		'dig -k key h' 'dig -t' 'host -l h' 'nslookup -port=53 h 127.0.0.1' 'getent passwd' 'nc' 'busybox ls' 'forward 1 2 3 4 5' '-zU s' \
		'-x p:1 -z h 80' 'nc --xyzzy h 80' '-l -p' '-v h 80 -w' 'nc -x' 'ncat --wait= h 80' \
		'socat - TCP:h:80,bind=127.0.0.1:90' 'socat TCP-L:80 TCP:h:80,bind=127.0.0.1'; do
		# shellcheck disable=SC2086 # words
		sockit $words
		told 2 "sockit: '*' is no subcommand: see sockit help" || fault "$words"
	done
	# Half a line would mean something else.
	sockit connect -N "$(printf '%0230d' 0).example" 8080
	told 2 "sockit connect: unknown option '-N'"
	# It was a slip of the keyboard.
	sockit conect h 80
	told 2 "sockit: 'conect' is no subcommand: did you mean 'connect'[?]"
	# What is missing has a name.
	while IFS='|' read -r words expected; do
		# shellcheck disable=SC2086 # words
		sockit $words
		told 2 "$(quoted "sockit: '${words%% *}' is no subcommand: $expected")" || fault "$words"
	done <<-'END'
		-u|what nc does so is: sockit udp-send HOST PORT
		-zuv H 53-60|what nc does so is: sockit udp-send -z -v H 53-60
		-ub 192.0.2.255 9|what nc does so is: sockit broadcast --to 192.0.2.255 9
		-F -w 3 -x p:1080 h 80|what nc does so is: sockit connect -F -w 3 --proxy socks5://p:1080 h 80
		ping h|that is: sockit connect --ping h PORT
		ping -c 3 h|that is: sockit connect --ping -c 3 h PORT
		ping -c3 -W 2 h|that is: sockit connect --ping -c 3 -w 2 h PORT
		ping -M do -s 1472 -c 1 h|that is: sockit connect --mtu h PORT
		ping -f h|that is: sockit connect --ping HOST PORT
		explain 2001:db8::1|that is: sockit connect --explain 2001:db8::1 PORT
		explain 192.0.2.1:443|that is: sockit connect --explain 192.0.2.1:443
		traceroute -n 2001:db8::1|that is: sockit connect --trace -n 2001:db8::1 PORT
		openssl s_client -connect [::1]:443|that is: sockit connect -z --tls '[::1]:443'
		traceroute -n h|that is: sockit connect --trace -n h PORT
		traceroute -T -p 443 h|that is: sockit connect --trace h 443
		traceroute -f 3 h|that is: sockit connect --trace HOST PORT
		tcptraceroute h 80|that is: sockit connect --trace h 80
		tracepath h|that is: sockit connect --mtu h PORT
		mtr -n --tcp -rwc 10 -P 443 h|that is: sockit connect --trace -n h 443
		nmap -p 80,443 h|that is: sockit connect -z h 80,443
		nmap -n -p- h|that is: sockit connect -z -n h 1-65535
		nmap -p 80 g h|that is: sockit connect -z HOST PORT
		openssl s_client -connect h:443 -showcerts|that is: sockit connect -z --tls h:443
		openssl s_client -starttls smtp -connect h:25|that is: sockit connect -z --tls HOST PORT
		openssl x509|see sockit help
		tls h|that is: sockit connect -z --tls h PORT
		explain h:80|that is: sockit connect --explain h:80
		mdns a.local|that is: sockit resolve --server mdns a.local
		watch|that is: sockit sockname --watch --listening
		ss -tlnp|that is: sockit sockname --listening -n --protocol tcp
		ss -tin dst 192.0.2.1|that is: sockit sockname --sockets --info -n --with 192.0.2.1 --protocol tcp
		ss -s|that is: sockit sockname --listening
		lsof -nP -iTCP:80 -sTCP:LISTEN|that is: sockit sockname --listening --protocol tcp 80
		telnet -l me h 23|that is: sockit connect -t HOST 23
		[::1]:80|what nc does so is: sockit connect --no-shutdown '[::1]:80'
		getent ahostsv4 h|that is: sockit resolve -4 h
		getent ahostsv6 h|that is: sockit resolve -6 h
		chat|that is: sockit listen --chat PORT
		chat 9000|that is: sockit listen --chat 9000
		proxy|that is: sockit listen --proxy-server socks5 127.0.0.1 PORT
		forward|that is: sockit listen -k --forward HOST:PORT PORT
		forward 80 h|that is: sockit listen -k --forward h:PORT 80
		forward h 80|that is: sockit listen -k --forward h:80 PORT
		relay 10.0.0.1 80|that is: sockit listen -k --forward 10.0.0.1:80 PORT
		telnet h|that is: sockit connect -t h 23
		dig|that is: sockit resolve --record A NAME
		ncat --proxy p:8080 --proxy-type socks5 --proxy-auth u:p h 80|that is: sockit connect --proxy socks5://***@p:8080 h 80
		http://h/|'http://h/' is a URL: its host and port are written h 80
		https://h/ x|'https://h/' is a URL: its host and port are written h 443 (sockit speaks no TLS)
		/x.sock|a path is meant in sockit unix /x.sock
		unix:/x.sock|sockit unix /x.sock
		80|a port is meant in sockit listen 80, or in sockit connect HOST 80
		80 h|a port stands behind the host: sockit connect h 80
		example.org|a host is meant in sockit connect example.org PORT, or in sockit resolve example.org
		::1|an address is meant in sockit connect ::1 PORT
	END
}

@test "questions as of dig: each type that --record has, and a type behind a name" {
	local type n=0
	for type in $("$SOCKIT" completion --words zsh sockit resolve --record '' | sed -n 's/^word \([A-Z0-9]*\).*/\1/p'); do
		((++n))
		sockit dig name -t "${type,,}"
		told 2 "sockit: 'dig' is no subcommand: that is: sockit resolve --record $type name" || fault "$type"
	done
	[ "$n" -ge 33 ]
	# It is a name like others, where it is one.
	peer nameserver port:0 zone
	sockit resolve --server "127.0.0.1:$PORT" -4 ok.test mx
	[ "$STATUS $(<out)" = $'3 ok.test\t192.0.2.1' ] || fault mx
	[ "$(<err)" = "sockit resolve: mx: no such name (EAI_NONAME)
sockit resolve: records of a type are asked for so: sockit resolve --server 127.0.0.1:$PORT --record mx ok.test" ] || fault mx
	sockit resolve --server "127.0.0.1:$PORT" -4 ok.test gone.test
	[ "$(wc -l <err)" = 1 ] || fault gone
	# What no line means is a name, or refused as it was.
	sockit resolve --server "127.0.0.1:$PORT" +trace.test
	told 3 'sockit resolve: +trace.test: no such name (EAI_NONAME)'
	for type in '-t nosuch a' '-x' '-k key a' '-x 127.0.0.1 b'; do
		# shellcheck disable=SC2086 # words
		refuses "unknown option '-?'" resolve $type
	done
	refuses "'@a' is no name: what dig does so is: sockit resolve --server a NAME" resolve @a
}
