# The recipes of sockit-cookbook(7): each does what it says, with the very commands of the page.


load helpers/common
load helpers/ssh
load helpers/words
load helpers/private
load helpers/networks
load helpers/services
load helpers/manual

# begin N: command N in the background, its pid in $PID, which goes with all that it starts; its output is
# in out.N, its messages in err.N.
begin() {
	spawn setsid bash -c "$(<"command.$1")" >"out.$1" 2>"err.$1"
	PIDS+=("-$PID")
}

# listens N tcp|udp PORT: the same, and waits until it has that port.
listens() {
	begin "$1"
	eventually bound "$2" "$3"
}

# play STATUS N: command N, which must end so; its output is in the file out, its messages in err.
play() {
	exits "$1" bash -c "$(<"command.$2")" >out 2>err
}

# stop: what was begun last is told to end.
stop() {
	kill -- "-$PID"
	ended 143 "$PID"
	eventually is_gone "-$PID"
}
is_gone() {
	! kill -0 -- "$1" 2>/dev/null
}

# prints LINE...: that is what is in the file out.
prints() {
	diff -u <(printf '%s\n' "$@") out
}

### Copying.

@test "copy a file" {
	local port
	port=$(free_port)
	recipe copy 9000="$port" server=127.0.0.1
	random_file file 1M
	listens 1 tcp "$port"
	play 0 2
	ended 0 "$PID"
	same file copy
}

@test "copy a file: the connection is reset halfway" {
	random_file file 1M
	counterpart read:1000 reset
	recipe copy 9000="$PORT" server=127.0.0.1
	new
	play 1 2
	says 'reset'
}

@test "copy a directory tree" {
	local port
	port=$(free_port)
	mkdir dir there
	random_file dir/file 100k
	recipe copy-tree 9000="$port" server=127.0.0.1
	sed -i '1s/^/cd there \&\& /' command.1
	listens 1 tcp "$port"
	play 0 2
	ended 0 "$PID"
	same dir/file there/dir/file
}

@test "copy a directory tree: each side tells its tar's exit status" {
	local port
	port=$(free_port)
	recipe copy-tree 9000="$port" server=127.0.0.1
	new
	listens 1 tcp "$port"
	play 2 2 # there is no dir
	grep -q 'dir: Cannot stat' err
	ended 0 "$PID"
}

@test "copy slowly, and see how far it is" {
	local start
	counterpart readall report
	recipe copy-slowly 9000="$PORT" server=127.0.0.1
	new
	random_file disk.img 3M
	start=$(milliseconds)
	exits 0 "$PARENT" 2=tty -- bash -c "$(<command.1)" >out 2>err
	[ $(($(milliseconds) - start)) -ge 200 ]
	grep -q '100 %' err
	counterpart_ended disk.img
}

@test "collect what several machines send" {
	local port n
	port=$(free_port)
	recipe collect 9000="$port"
	listens 1 tcp "$port"
	# One that stays holds nobody up.
	exec {stays}<>/dev/tcp/127.0.0.1/"$port"
	for n in 1 2; do
		echo "$n is done" >/dev/tcp/127.0.0.1/"$port"
	done
	echo 'so am I' >&"$stays"
	eventually has_lines 3 log
	stop
	sort log >out
	prints '1 is done' '2 is done' 'so am I'
}

@test "collect what several machines send: whole lines" {
	local port here there
	port=$(free_port)
	recipe collect-lines 9000="$port"
	listens 1 tcp "$port"
	exec {here}<>/dev/tcp/127.0.0.1/"$port" {there}<>/dev/tcp/127.0.0.1/"$port"
	printf 'one ' >&"$here"
	echo 'another' >&"$there"
	eventually has_lines 1 log
	echo 'line' >&"$here"
	eventually has_lines 2 log
	# Many at once, whose lines come in any pieces.
	python3 -S - "$port" <<-'END'
		import socket, sys, threading
		def send(name):
		    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
		    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		    data = b''.join(b'%c %d %s\n' % (name, i, bytes([name]) * (i % 97)) for i in range(150))
		    for at in range(0, len(data), 61):
		        s.sendall(data[at:at + 61])
		    s.close()
		senders = [threading.Thread(target=send, args=(name,)) for name in b'abcdef']
		for sender in senders:
		    sender.start()
		for sender in senders:
		    sender.join()
	END
	eventually has_lines 902 log
	stop
	grep -Evx '([a-f]) [0-9]+ \1*' log >out
	prints 'another' 'one line'
}

# has_lines N FILE
has_lines() {
	[ -e "$2" ] && [ "$(($(wc -l <"$2")))" -ge "$1" ]
}

### Protocols by hand.

@test "ask a web server" {
	peer protocols http
	recipe http www.example.com=127.0.0.1 80="$PORT"
	play 0 1
	silent
	head -n 1 out | grep -qx $'HTTP/1.0 200 OK\r'
	tail -n 1 out | grep -qx '/ is here'
}

@test "talk to a mail server at a terminal" {
	peer protocols smtp
	recipe mail mail.example.com=127.0.0.1 25="$PORT"
	new # nc waits for another line
	exits 0 "$PARENT" 0=tty 1=pipe until:ready line:'EHLO me' until:fine line:quit -- \
		bash -c "$(<command.1)" >out 2>err
	silent
	tail -n 1 out | grep -qx $'221 bye\r'
	eventually grep -q quit peer.out
	diff -u - peer.out <<-'END'
		b'EHLO me\r\n'
		b'quit\r\n'
	END
}

@test "play lines from a file" {
	local start
	peer protocols smtp
	recipe dialogue mail.example.com=127.0.0.1 25="$PORT"
	new # nc waits for the server's end
	printf '%s\n' 'EHLO me' 'NOOP' 'RSET' >dialogue
	start=$(milliseconds)
	play 0 1
	# With a pause before each but the first.
	[ $(($(milliseconds) - start)) -ge 200 ]
	silent
	[ "$(grep -c '^250 ' out)" = 3 ]
	eventually grep -qx end peer.out
	[ "$(grep -c "^b'" peer.out)" = 3 ]
}

@test "wait for what the server says before each line" {
	peer protocols smtp
	recipe expect mail.example.com=127.0.0.1 25="$PORT"
	[ "${COOKBOOK-test}" = test ] || needs expect expect
	play 0 1
	silent
	tail -n 1 out | grep -qx $'221 bye\r'
	eventually grep -q QUIT peer.out
	[ "$(<peer.out)" = $'b\'EHLO me\\r\\n\'\nb\'QUIT\\r\\n\'' ]
}

@test "say one thing after the other, from a file" {
	counterpart text:'+OK ready\r\n' has:'USER me\r\n' text:'+OK\r\n' has:'PASS word\r\n' text:'+OK\r\n' \
		has:'STAT\r\n' text:'+OK 2 320\r\n' has:'QUIT\r\n' text:'+OK bye\r\n' over
	recipe steps pop.example.com=127.0.0.1 110="$PORT"
	new # nc waits as it was told
	play 0 1
	play 0 2
	silent
	ended 0 "$PEER"
	grep -qx $'+OK 2 320\r' out
	# Nothing goes out behind a refusal.
	counterpart text:'+OK ready\r\n' has:'USER me\r\n' text:'-ERR no\r\n' gone
	sed -i "s/127.0.0.1 .*/127.0.0.1 $PORT/" command.2
	play 1 2
	says "fail '\^-ERR': it matches"
	ended 0 "$PEER"
}

@test "ask a ZooKeeper server" {
	counterpart read:4 text:imok close
	recipe zookeeper 2181="$PORT" localhost=127.0.0.1
	play 0 1
	silent
	[ "$(<out)" = imok ]
	ended 0 "$PEER"
}

@test "ask a Redis server" {
	needs redis-server redis-server
	local port
	port=$(free_port)
	recipe redis 6379="$port" localhost=127.0.0.1
	spawn redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$PWD" >redis.out 2>&1
	eventually bound tcp "$port"
	play 0 1
	silent
	prints $'+PONG\r' $'+OK\r'
}

@test "log in to a device by TELNET" {
	# IAC DO NAWS in two pieces, IAC IAC for one 255.
	counterpart hex:6c6f67696efffd pause:0.05 hex:183a20ffff0a read:6 report shutdown readall report
	recipe telnet switch.example.com=127.0.0.1 23="$PORT"
	new
	exits 0 "$PARENT" 0=tty 1=pipe until:': ' line:me -- bash -c "$(<command.1)" >out 2>err
	ended 0 "$PEER"
	[ "$(od -An -tx1 out | tr -d ' \n')" = "$(printf 'login: \xff\n' | od -An -tx1 | tr -d ' \n')" ]
	# IAC WONT NAWS, and the line.
	[ "$(head -n 1 peer.out)" = "read 6 $(printf '\xff\xfc\x18me\n' | sha256sum | cut -d ' ' -f 1) open" ]
}

@test "keep a connection alive, and find out that nobody answers any more" {
	counterpart text:hello has:'\n\n\n' hold
	recipe alive server=127.0.0.1 9000="$PORT" 30s=20ms 2m=400ms
	new # nc never ends
	play 4 1
	[ "$(<out)" = hello ]
	says 'nothing moved for 400 ms'
}

@test "work at a console" {
	local keys=03041a1c7f0d0a131116
	counterpart read:10 line:bye readall report
	recipe console console.example.com=127.0.0.1 2001="$PORT"
	new
	exits 0 "$PARENT" 0=tty+raw 1=pipe group israw hex:$keys until:bye hex:1d2e -- \
		bash -c "exec $(<command.1)" >out 2>err
	silent
	printf '\x03\x04\x1a\x1c\x7f\x0d\x0a\x13\x11\x16' >expected
	counterpart_ended expected
}

# certified: a certificate for localhost, whom programs of openssl trust from here on.
certified() {
	needs openssl openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out certificate \
		-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
	spawn openssl s_server -quiet -www -accept 127.0.0.1:0 -key key -cert certificate >server.out 2>&1
	SERVER=$PID
	listening_port "$SERVER"
	export SSL_CERT_FILE=$PWD/certificate
}

@test "a way to a server with TLS" {
	certified
	local port
	port=$(free_port)
	recipe tls www.example.com=localhost 443="$PORT" 8443="$port"
	listens 1 tcp "$port"
	printf 'GET / HTTP/1.0\r\n\r\n' | exits 0 "$SOCKIT" connect 127.0.0.1 "$port" >out 2>err
	head -n 1 out | grep -qx $'HTTP/1.0 200 ok\r'
}

@test "a way to a server with TLS: not to one that nobody vouches for" {
	certified
	local port
	unset SSL_CERT_FILE
	port=$(free_port)
	recipe tls www.example.com=localhost 443="$PORT" 8443="$port"
	listens 1 tcp "$port"
	printf 'GET / HTTP/1.0\r\n\r\n' | exits 0 "$SOCKIT" connect 127.0.0.1 "$port" >out 2>err
	silent out
	new
	grep -q 'certificate verify failed' err.1
}

@test "a way to a server with TLS: not to one of another name" {
	certified
	local port
	port=$(free_port)
	# The same machine by its address, which the certificate does not have.
	recipe tls www.example.com=127.0.0.1 443="$PORT" 8443="$port"
	listens 1 tcp "$port"
	printf 'GET / HTTP/1.0\r\n\r\n' | exits 0 "$SOCKIT" connect 127.0.0.1 "$port" >out 2>err
	silent out
}

@test "talk to a server with TLS" {
	certified
	recipe tls-talk www.example.com=localhost 443="$PORT"
	play 0 1
	head -n 1 out | grep -qx $'HTTP/1.0 200 ok\r'
	unset SSL_CERT_FILE
	new
	play 1 1
	silent out
}

### Serving.

@test "a command as a service" {
	local port n
	port=$(free_port)
	recipe command 9000="$port"
	listens 1 tcp "$port"
	for n in 1 2; do
		exits 0 "$SOCKIT" connect -d 127.0.0.1 "$port" >out 2>err
		grep -q ':' out
	done
	stop
}

@test "a page for browsers" {
	needs curl curl
	local port
	port=$(free_port)
	recipe page 8080="$port"
	printf 'HTTP/1.0 200 OK\r\n\r\nit works\n' >answer
	listens 1 tcp "$port"
	new # the old loop is not there all the time
	exits 0 curl -s --no-keepalive --parallel "http://127.0.0.1:$port/[1-9]" >out 2>err
	[ "$(grep -cx 'it works' out)" = 9 ]
	stop
}

@test "play a server, to try a client" {
	local port
	port=$(free_port)
	recipe play 2525="$port"
	new # nc takes one client
	listens 1 tcp "$port"
	foreign connect:"$port" a,b:join a,b:has:'220 test\r\n' a:text:'EHLO me\r\n' b:text:'HELO me\r\n' \
		a,b:has:'250 fine\r\n' b,a:text:'QUIT\r\n' b,a:has:'221 bye\r\n' a,b:over
	foreign connect:"$port" has:'220 test\r\n' text:'HELP\r\n' shutdown gone
	stop
	grep -qE ': the other side ended before a match; received .HELP\\r\\n.$' err.1
}

@test "talk to each other" {
	local port
	port=$(free_port)
	recipe talk 9000="$port" server=127.0.0.1
	new # ncat has announcements
	listens 1 tcp "$port"
	local words other
	mkfifo words
	exec {words}<>words {other}<>/dev/tcp/127.0.0.1/"$port"
	echo 'I am here' >&"$words"
	begin 2 <&"$words"
	read -rt 10 line <&"$other"
	[ "$line" = '<2> I am here' ]
	echo 'so am I' >&"$other"
	eventually grep -qx '<1> so am I' out.2
	exec {words}>&- {other}>&-
}

@test "some addresses only" {
	local port
	port=$(free_port)
	recipe allow 9000="$port" 192.0.2.0/24=127.0.0.1/32
	printf '#!/bin/sh\necho all is well\n' >report
	chmod +x report
	listens 1 tcp "$port"
	exits 0 "$SOCKIT" connect -d -s 127.0.0.1 127.0.0.1 "$port" >out 2>err
	prints 'all is well'
	exits 0 "$SOCKIT" connect -d -s 127.0.0.2 127.0.0.1 "$port" >out 2>err
	silent out
}

@test "clients that take everything" {
	local port first second
	port=$(free_port)
	recipe limits 9000="$port" 10=1 30s=300ms
	new # socat has whole seconds
	printf '#!/bin/sh\necho started\nexec cat\n' >report
	chmod +x report
	listens 1 tcp "$port"
	exec {first}<>/dev/tcp/127.0.0.1/"$port"
	read -r line <&"$first"
	exec {second}<>/dev/tcp/127.0.0.1/"$port"
	if read -rt 0.1 line <&"$second"; then false; fi
	# The first says nothing, and is closed; the second is served then.
	read -rt 10 line <&"$second"
	[ "$line" = started ]
	if read -rt 10 line <&"$first"; then false; fi
	exec {first}>&- {second}>&-
}

@test "how fast is the way" {
	local port
	port=$(free_port)
	recipe speed 9000="$port" server=127.0.0.1 1000M=20M
	listens 1 tcp "$port"
	play 0 2
	ended 0 "$PID"
	new
	says '^sockit connect: sent 20971520 bytes, .* in [0-9.]+ m?s \([0-9.]+ .iB/s out, .*'
	[ "$(platform)" != linux ] || grep -qE ', rtt .* retransmits?$' err
}

### Forwarding.

@test "forward a port" {
	needs curl curl
	local port n
	mapfile -t port < <(free_port 2)
	mkdir pages
	random_file pages/page 300k
	serves_pages "127.0.0.1:${port[0]}"
	recipe forward-port 8080="${port[1]}" server=127.0.0.1 80="${port[0]}"
	eventually bound tcp "${port[0]}"
	listens 1 tcp "${port[1]}"
	for n in 1 2 3; do
		exits 0 curl -s "http://127.0.0.1:${port[1]}/page" >out 2>err
		same pages/page out
	done
	stop
}

@test "see what a server behind a proxy makes of a client from elsewhere" {
	local port
	port=$(free_port)
	recipe proxy-header 9000="$port"
	new # curl tells no address but its own
	listens 1 tcp "$port"
	play 0 2
	prints 'You are 192.0.2.7'
	stop
}

@test "forward a port of UDP" {
	local port
	port=$(free_port)
	datagram_peer reply
	recipe forward-udp 5353="$port" server=127.0.0.1 53="$PORT"
	listens 1 udp "$port"
	exits 0 "$SOCKIT" udp-send --data question -w 10 --replies 1 127.0.0.1 "$port" </dev/null >out 2>err
	[ "$(<out)" = question ]
	stop
}

@test "forward a port: an answer that comes late" {
	local port
	port=$(free_port)
	counterpart readall pause:0.7 line:answer report
	recipe forward-port 8080="$port" server=127.0.0.1 80="$PORT"
	new # socat has lost it
	listens 1 tcp "$port"
	echo question >question
	exits 0 "$SOCKIT" connect 127.0.0.1 "$port" <question >out 2>err
	prints answer
	counterpart_ended question
}

# ssh_program: ssh goes to the one that ssh_server has started.
ssh_program() {
	mkdir programs
	printf '#!/bin/sh\nexec %s -F %s/ssh_config -p %s "$@"\n' "$(command -v ssh)" "$PWD" "$SSHD_PORT" >programs/ssh
	chmod +x programs/ssh
	PATH=$PWD/programs:$PATH
}

@test "reach a server that can only connect out itself" {
	needs curl curl
	[ "$(platform)" = linux ] || skip 'no --reuseport'
	local gateway port
	mkdir site
	random_file site/page 100k
	peer_by python3 -u -c 'import http.server as h, os
os.chdir("site")
s = h.ThreadingHTTPServer(("127.0.0.1", 0), h.SimpleHTTPRequestHandler)
print(s.server_port)
s.serve_forever()' 2>log
	gateway=$(free_port)
	port=$(free_port)
	recipe reverse-tunnel gateway=127.0.0.1 localhost=127.0.0.1 80="$PORT" 9000="$gateway" 8080="$port"
	new # socat has one client only
	listens 1 tcp "$gateway"
	begin 2
	for _ in 1 2; do
		eventually bound tcp "$port"
		exits 0 curl -sS --retry 20 --retry-connrefused --retry-delay 0 -o got "http://127.0.0.1:$port/page" 2>err
		silent
		same got site/page
		rm got
	done
}

@test "ssh by way of another program" {
	ssh_server
	ssh_program
	recipe ssh server=127.0.0.1 uptime='echo hello'
	play 0 1
	prints hello
}

@test "go through a proxy" {
	serve --proxy-server socks5 127.0.0.1 0 </dev/null >served.out 2>served.err
	local proxy=$PORT
	counterpart readall line:answer report
	recipe through gateway=127.0.0.1 1080="$proxy" server=localhost 80="$PORT"
	echo question >question
	exits 0 bash -c "$(<command.1)" <question >out 2>err
	prints answer
	counterpart_ended question
}

@test "let ssh go through a proxy" {
	ssh_server
	serve --proxy-server socks5 127.0.0.1 0 </dev/null >served.out 2>served.err
	ssh_program
	recipe ssh-through gateway=127.0.0.1 1080="$PORT" server=127.0.0.1 uptime='echo hello'
	play 0 1
	prints hello
}

@test "be a proxy" {
	local port
	needs curl curl
	port=$(free_port)
	echo user:word >users
	peer protocols http
	recipe be-proxy 3128="$port"
	new # of ncat each address of the machine is one more socket
	listens 1 tcp "$port"
	curl -sS --proxy-anyauth --proxy-user user:word --proxy "127.0.0.1:$port" "http://127.0.0.1:$PORT/" >got
	curl -sS --proxytunnel --proxy-anyauth --proxy-user user:word --proxy "127.0.0.1:$port" "http://127.0.0.1:$PORT/" >tunnelled
	curl -sS "http://127.0.0.1:$PORT/" >wanted
	same wanted got
	same wanted tunnelled
	[ "$(curl -s -o /dev/null -w '%{http_code}' --proxy "127.0.0.1:$port" "http://127.0.0.1:$PORT/")" = 407 ]
}

### Datagrams.

# received FILE: the one datagram that the peer saved has just what is in FILE.
received() {
	eventually grep -q . peer.out
	tail -c +5 saved | cmp - "$1"
}

@test "send a message to a syslog server" {
	datagram_peer save:saved
	recipe syslog-send loghost=127.0.0.1 514="$PORT"
	new # nc sends the newline
	play 0 1
	printf '<13>backup: done' >message
	received message
}

@test "send a message to a syslog server: nobody listens" {
	recipe syslog-send loghost=127.0.0.1 514="$(free_port)"
	new # nc says nothing
	play 1 1
	says 'Connection refused'
}

@test "see what comes to a syslog port" {
	needs logger bsdutils
	local port n
	port=$(free_port)
	recipe syslog-receive 514="$port"
	listens 1 udp "$port"
	for n in 1 2; do
		logger -d -n 127.0.0.1 -P "$port" "message $n"
	done
	new # nc has neither lines nor addresses
	eventually has_lines 2 out.1
	[ "$(grep -cE '^127\.0\.0\.1 [0-9]+: <13>.* message [12]$' out.1)" = 2 ]
	stop
}

@test "count something" {
	datagram_peer save:saved
	recipe count statsd.example.com=127.0.0.1 8125="$PORT"
	play 0 1
	printf 'deploys:1|c' >message
	received message
}

# asked_server [OPTION]...: dnsmasq at the port $DNS, which knows of example.com.
asked_server() {
	PATH=$PATH:/usr/sbin
	needs dnsmasq dnsmasq-base
	DNS=$(free_port)
	spawn dnsmasq -k --port="$DNS" --listen-address=127.0.0.1 --bind-interfaces --conf-file=/dev/null \
		--no-resolv --no-hosts --pid-file="$PWD/pid" --user="$(id -un)" --address=/example.com/192.0.2.7 \
		--mx-host=example.com,mail.example.com,10 >dns.out 2>&1
	eventually bound udp "$DNS"
}

@test "ask a name server with bytes" {
	asked_server
	recipe dns 192.0.2.53=127.0.0.1 53="$DNS"
	play 0 1
	# The same number, no error, one answer.
	grep -q '^ 01 02 8[15] [08]0 00 01 00 01 ' out
	[[ $(tr -d '\n' <out) == *' c0 00 02 07'* ]]
}

@test "ask a name server with bytes: no answer" {
	datagram_peer
	recipe dns 192.0.2.53=127.0.0.1 53="$PORT" 'w 1'='w 100ms'
	new
	exits 4 bash -o pipefail -c "$(<command.1)" >out 2>err
	silent out
	says 'no reply|no answer|none'
}

@test "ask whether a service of UDP is there" {
	datagram_peer bind:127.0.0.1 reply count:1
	recipe udp-there 123="$PORT" time.example.com=127.0.0.1
	new
	play 0 1
	[[ $(<out) == "127.0.0.1 $PORT/udp open"* ]]
	silent
	ended 0 "$PEER"
}

@test "ask whether a service of UDP is there: nobody answers" {
	datagram_peer bind:127.0.0.1
	recipe udp-there 123="$PORT" time.example.com=127.0.0.1
	new
	play 4 1
	[[ $(<out) == "127.0.0.1 $PORT/udp no-answer"* ]]
}

@test "talk by UDP" {
	local port
	port=$(free_port)
	recipe udp-chat 9000="$port" server=127.0.0.1
	mkfifo typed.1 typed.2
	exec 6<>typed.1 7<>typed.2
	begin 1 <&6
	eventually bound udp "$port"
	begin 2 <&7
	echo hello >&7
	eventually grep -qE '^127\.0\.0\.1 [0-9]+: hello$' out.1
	echo welcome >&6
	eventually grep -qx welcome out.2
	exec 6>&- 7>&-
}

@test "answer datagrams with a command" {
	local port
	port=$(free_port)
	recipe answer 9000="$port"
	new # socat sends two
	cat >answer <<-'END'
		#!/bin/bash
		read -r word
		printf 'you said '
		read -rt 0.05 <> <(:)
		printf %s "$word"
	END
	chmod +x answer
	listens 1 udp "$port"
	exits 0 "${FOREIGN[@]}" type:dgram to:"$port" text:one print:1 \
		text:two print:1 >out 2>err
	prints "127.0.0.1 $port you said one" "127.0.0.1 $port you said two"
}

@test "record datagrams, and send them again" {
	local port
	port=$(free_port)
	recipe record 9000="$port" server=127.0.0.1
	new
	listens 1 udp "$port"
	foreign type:dgram to:"$port" text:one send:0 send:1200
	eventually has_at_least packets $((4 + 3 + 4 + 4 + 1200))
	stop
	datagram_peer bind:"$port" save:saved count:3
	play 0 2
	ended 0 "$PEER"
	same packets saved
}

@test "wake a machine" {
	two_networks
	receiver_there save:saved count:2
	recipe magic-packet 9="$PORT"
	new
	play 0 1
	ended 0 "$PEER"
	# Through each interface.
	python3 -S -c "print(('00000066' + 'ff' * 6 + '02005e100001' * 16) * 2)" >expected
	od -An -v -tx1 saved | tr -d ' \n' | diff - <(tr -d '\n' <expected)
	grep -q ' 10\.1\.0\.1 ' peer.out
	grep -q ' 10\.2\.0\.1 ' peer.out
}

@test "ask who is there" {
	two_networks
	receiver_there reply:here
	recipe who 9000="$PORT" 'w 1'='w 300ms'
	new
	play 0 1
	[ "$(sort out)" = "10.1.0.2 $PORT: here"$'\n'"10.2.0.2 $PORT: here" ]
}

### Messages on a stream.

@test "keep messages apart: they stick together" {
	local port
	port=$(free_port)
	recipe sticking 9000="$port" server=127.0.0.1
	listens 1 tcp "$port"
	play 0 2
	ended 0 "$PID"
	[ "$(<received)" = onetwo ]
}

@test "keep messages apart: each with its length" {
	local port
	port=$(free_port)
	recipe apart 9000="$port" server=127.0.0.1
	new # nothing that one would use takes them
	listens 1 tcp "$port"
	play 0 2
	ended 0 "$PID"
	mv received out
	prints one two
}

@test "send lines to a syslog server by TCP" {
	counterpart readall save:saved report
	recipe syslog-tcp loghost=127.0.0.1 601="$PORT"
	printf '<13>one\n<13>and two\n' >messages
	play 0 1
	printf '7 <13>one11 <13>and two' >wanted
	counterpart_ended wanted
}

@test "ask a name server by TCP" {
	asked_server
	bytes 000101000001000000000000076578616d706c6503636f6d0000010001 >query
	recipe dns-tcp 192.0.2.53=127.0.0.1 53="$DNS"
	play 0 1
	# The same number, no error, one answer, which ends by the address.
	od -An -v -tx1 answer | tr -d ' \n' | grep -qE '^00018[15][08]000010001.*c0000207$'
}

@test "ask a language server" {
	peer messages answer content-length
	recipe language-server localhost=127.0.0.1 9000="$PORT"
	new # the answers have headers
	printf '{"id":%d,"method":"%s"}\n' 1 initialize 2 shutdown >requests
	play 0 1
	silent
	prints '{"jsonrpc": "2.0", "id": 1, "result": "initialize"}' '{"jsonrpc": "2.0", "id": 2, "result": "shutdown"}'
	ended 0 "$PEER"
}

@test "answer each message with a command" {
	local port
	port=$(free_port)
	new # there is no such command
	recipe messages-answer 9000="$port"
	printf '#!/bin/sh\ntr a-z A-Z\n' >answer
	chmod +x answer
	listens 1 tcp "$port"
	foreign connect:"$port" hex:0000000361626300000002 text:de shutdown expect:00000003414243000000024445 over
	stop
}

### Names and ports.

@test "see whether a port is open" {
	peer ports open
	recipe open server=127.0.0.1 22="$PORT"
	play 0 1
	new # nc says it on stderr
	says "^127\.0\.0\.1 $PORT/tcp open" out
}

@test "see whether a port is open: it is not" {
	recipe open server=127.0.0.1 22="$(free_port)"
	play 1 1
	silent out
}

@test "see which ports are open" {
	peer ports open
	recipe open-ports server=127.0.0.1 1-1024="$((PORT - 20))-$((PORT + 20))"
	new
	play 1 1
	grep -q "^127\.0\.0\.1 $PORT/tcp open" out
	says ' of 41 ports not open: '
}

@test "find out who holds a port" {
	[ "$(platform)" = linux ] || skip 'on Linux only'
	serve -k 127.0.0.1 0 2>listen.err
	recipe holder 9000="$PORT"
	new
	play 0 1
	[[ $(<out) == tcp*"127.0.0.1	$PORT	"*"	$LISTENER	"* ]]
	exits 1 bin/sockit listen 127.0.0.1 "$PORT" </dev/null >out 2>err
	grep -q "$LISTENER" err
}

@test "see who talks to a daemon, and who to a host" {
	[ "$(platform)" = linux ] || skip 'on Linux only'
	local stays
	peer protocols http docker.sock
	recipe talkers /run/docker.sock=docker.sock 192.0.2.1=127.0.0.1
	exits 0 bash -c "$(<command.1)" >out 2>err
	silent
	run ! grep -q established out
	spawn "$SOCKIT" unix docker.sock < <(sleep 30) >conversation 2>&1
	# shellcheck disable=SC2016 # for eval, each time anew
	eventually eval 'bash -c "$(<command.1)" >out; [ "$(grep -c established out)" = 2 ]'
	grep -q "$PID.*sockit" out
	grep -q "$PEER.*python" out
	kill "$PID"
	counterpart hold
	exec {stays}<>/dev/tcp/127.0.0.1/"$PORT"
	exits 0 bash -c "$(<command.2)" >out 2>err
	grep -qE "127\.0\.0\.1[[:blank:]]+$PORT\b" out
}

@test "look up the addresses of a name" {
	private <<-'END'
		192.0.2.1 www.example.com
		2001:db8::1 www.example.com
		192.0.2.2 www.example.com
	END
	recipe addresses
	new # getent would run outside
	play 0 1
	python3 -c 'import socket
for a in socket.getaddrinfo("www.example.com", 0, type=socket.SOCK_STREAM):
    print(a[4][0])' >expected
	[ "$(wc -l <expected)" = 3 ]
	diff <(sort expected) <(sort out)
}

@test "look up the names of many addresses" {
	private <<-'END'
		192.0.2.1 one.example.com
		2001:db8::2 two.example.com
	END
	recipe reverse
	new
	printf '%s\n' 2001:db8::2 192.0.2.9 192.0.2.1 >addresses
	play 3 1
	prints '2001:db8::2	two.example.com' '192.0.2.1	one.example.com'
	says '192\.0\.2\.9'
}

@test "ask one name server" {
	asked_server
	recipe mx 192.0.2.53=127.0.0.1:"$DNS"
	new
	play 0 1
	prints '10 mail.example.com.'
}

@test "ask one name server: there is no such name" {
	asked_server
	recipe mx 192.0.2.53=127.0.0.1:"$DNS" example.com=example.org
	new
	play 3 1
	silent out
}

@test "look up the port of a service" {
	recipe service
	play 0 1
	prints 443
}

@test "find the address that this machine uses" {
	two_networks
	recipe own-address 192.0.2.1=10.2.0.2
	new
	play 0 1
	prints 10.2.0.1
}

@test "measure how long connecting takes" {
	peer ports open
	recipe connect-time www.example.com=127.0.0.1 443="$PORT" 100ms=10ms
	new
	play 0 1
	grep -q ': 5 sent, 5 answered, 0 lost' out
}

### Waiting.

@test "start a program when its database is there" {
	local port
	port=$(free_port)
	recipe wait db=127.0.0.1 5432="$port"
	new
	printf '#!/bin/sh\necho "served by $$"\nexit 7\n' >serve
	chmod +x serve
	begin 1
	pause 0.1
	silent out.1
	peer who port:"$port" 127.0.0.1
	ended 7 "$PID"
	grep -qx "served by $PID" out.1
}

@test "start a program when its database is there: it does not come" {
	recipe wait db=127.0.0.1 5432="$(free_port)" 30s=300ms
	new
	printf '#!/bin/sh\necho served\n' >serve
	chmod +x serve
	play 4 1
	silent out
	says 'Connection refused'
}

@test "wait until a service answers as it should" {
	counterpart keep read:6 text:'-LOADING\r\n' gone next read:6 text:'+PONG\r\n' gone
	recipe ready localhost=127.0.0.1 6379="$PORT" 30s=20s
	new
	play 0 1
	silent
	ended 0 "$PEER"
}

@test "wait until a service answers as it should: it does not" {
	serve -dk --expect PING --send '-LOADING\r\n' 127.0.0.1 0 2>listen.err >asked
	recipe ready localhost=127.0.0.1 6379="$PORT" 30s=300ms
	new
	play 4 1
	silent out
	says "fail '\^-': it matches; received '-'"
}

@test "wait for several services" {
	local port
	port=$(free_port)
	peer ports open
	recipe wait-for-all db=127.0.0.1 5432="$PORT" cache=127.0.0.1 6379="$port"
	begin 1
	pause 0.1
	runs "$PID"
	peer who port:"$port" 127.0.0.1
	ended 0 "$PID"
}

@test "wait for several services: one is missing" {
	local port
	port=$(free_port)
	peer ports open
	recipe wait-for-all db=127.0.0.1 5432="$PORT" cache=127.0.0.1 6379="$port" 1m=300ms
	new
	play 4 1
	says "127\.0\.0\.1 port $port: Connection refused"
}

@test "wait until a port is free" {
	peer ports open
	recipe wait-for-end localhost=127.0.0.1 9000="$PORT"
	begin 1
	pause 0.1
	runs "$PID"
	kill "$PEER"
	ended 0 "$PID"
}

### Why it cannot be reached.

on_linux() {
	[ "$(platform)" = linux ] || skip 'on Linux only'
}

@test "see where a connection gets stuck" {
	on_linux
	serve -k -d ::1 0 2>/dev/null || skip 'no IPv6 here'
	recipe stuck db.example.com=127.0.0.1 5432="$PORT"
	new
	play 1 1
	grep -qE "^connect[[:blank:]]127\.0\.0\.1 port ${PORT}[[:blank:]].*ECONNREFUSED" out
	grep -qE '^wrong[[:blank:]].*but sockit \(process [0-9]+\) listens on ::1' out
	recipe_again db.example.com='[::1]' 5432="$PORT"
	play 0 1
	grep -qE '^connect[[:blank:]].*[[:blank:]]open[[:blank:]]' out && ! grep -q ^wrong out
	recipe_again db.example.com=name.invalid 5432="$PORT"
	private </dev/null # that name is asked for in there
	ln -sf "$SOCKIT" bin/sockit
	play 3 1
}
# recipe_again PAIR...: the last recipe, with other words.
recipe_again() {
	rm -rf bin command.*
	recipe stuck "$@"
}

@test "trace a port without being root" {
	on_linux
	way 2
	hop_listens 2 -k -d :: 443 2>server
	recipe trace-port www.example.com=10.0.2.2
	new
	play 0 1
	grep -q '^ 1  10\.0\.1\.2 ' out
	[ "$(tail -n 1 out)" = '10.0.2.2 port 443: open, says the host, hop 2' ]
}

@test "find where large packets get lost" {
	on_linux
	needs nft nftables
	routed_network 1500
	peer_by nsenter -t "$PRIVATE" -U --preserve-credentials -m -n -w"$PWD" -- nsenter -t "$THERE" -n -- \
		"$(python3 -c 'import sys; print(sys.executable)')" -S "$BATS_TEST_DIRNAME/helpers/mtu_peer.py"
	recipe black-hole www.example.com=10.2.0.2 443="$PORT"
	new
	router ip link set rb mtu 1400
	router nft 'add table ip t; add chain ip t out { type filter hook output priority 0; };
		add rule ip t out icmp type destination-unreachable drop' || skip 'nft is not permitted'
	play 0 1
	[ "$(head -n 1 out)" = "10.2.0.2 port $PORT: path MTU 1400" ]
	grep -q '^kernel: 1500: .* gets lost, and nobody tells it$' out
}

@test "see what certificate a server shows" {
	needs openssl openssl
	openssl req -x509 -nodes -newkey rsa:2048 -keyout key -out certificate -days 30 -subj /CN=www.example.com 2>err
	spawn openssl s_server -www -accept 127.0.0.1:0 -cert certificate -key key >served 2>&1
	listening_port "$PID"
	recipe certificate www.example.com=127.0.0.1 443="$PORT"
	new
	play 0 1
	grep -q "^127\.0\.0\.1 $PORT/tcp open - TLS 1\.[23] " out
	grep -q '^    certificate .*not verified: CN=www\.example\.com$' out
	grep -qE '^    valid .*, (29|30) days left$' out
}

@test "see who is slow" {
	on_linux
	truncate -s 64M disk.img
	counterpart hold
	recipe slow server=127.0.0.1 9000="$PORT" 1s=150ms
	new
	begin 1
	eventually grep -q 'limited by .*the receiver [0-9]* %' err.1
	# It would wait a second for what it has read to be acknowledged.
	kill -KILL -- "-$PID"
}

@test "watch who connects" {
	on_linux
	local stays
	serve -k -d 127.0.0.1 0 2>/dev/null
	recipe watch 9000="$PORT"
	new
	begin 1
	eventually grep -q listen out.1
	exec {stays}<>/dev/tcp/127.0.0.1/"$PORT"
	eventually grep -qE "^\+ tcp[[:blank:]]127\.0\.0\.1[[:blank:]]${PORT}[[:blank:]].*established" out.1
	exec {stays}>&-
	eventually grep -qE "^- tcp[[:blank:]]127\.0\.0\.1[[:blank:]]${PORT}[[:blank:]].*established" out.1
	stop
}

### UNIX sockets.

@test "ask a daemon behind a UNIX socket" {
	peer protocols http docker.sock
	recipe docker /var/run/docker.sock=docker.sock
	play 0 1
	silent
	tail -n 1 out | grep -qx '/version is here'
}

@test "reach a UNIX socket by TCP" {
	needs curl curl
	local port n
	port=$(free_port)
	peer protocols http docker.sock
	recipe socket-port /var/run/docker.sock=docker.sock 2375="$port"
	listens 1 tcp "$port"
	for n in 1 2 3; do
		exits 0 curl -s "http://127.0.0.1:$port/$n" >out 2>err
		prints "/$n is here"
	done
	stop
}

@test "a UNIX socket in place of a port" {
	needs redis-server redis-server
	needs redis-cli redis-tools
	local port
	port=$(free_port)
	spawn redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$PWD" >redis.out 2>&1
	eventually bound tcp "$port"
	recipe port-socket /tmp/db.socket=here.socket db=127.0.0.1 5432="$port"
	begin 1
	eventually test -S here.socket
	[ "$(stat -c %a here.socket)" = 600 ]
	exits 0 redis-cli -s here.socket ping >out 2>err
	prints PONG
	stop
	new
	[ ! -e here.socket ]
}

@test "see what a program writes to the system log" {
	needs logger bsdutils
	recipe dev-log /tmp/log=log
	begin 1
	eventually test -S log
	logger -u log first
	logger -u log second
	new # socat has no lines
	eventually has_lines 2 out.1
	[ "$(grep -cE '^<13>.*: (first|second)$' out.1)" = 2 ]
	stop
}

### Debugging.

@test "look at what two say to each other" {
	local port
	port=$(free_port)
	counterpart read:6 line:answer readall report
	recipe tap server=127.0.0.1 80="$PORT" 8080="$port"
	listens 1 tcp "$port"
	echo hello >said
	exits 0 "$SOCKIT" connect 127.0.0.1 "$port" <said >out 2>err
	prints answer
	counterpart_ended said
	new
	eventually grep -qE '^1> [0-9.]+ 7 bytes$' err.1
	grep -qE '^1< [0-9.]+ 6 bytes$' err.1
	grep -qE '^00000000  68 65 6c 6c 6f 0a .*\|hello\.\|$' err.1
	eventually grep -qE '^00000000  .*\|answer\.\|$' err.1
}

@test "a slow line" {
	local port start
	port=$(free_port)
	random_file large 24k
	counterpart file:large shutdown readall
	recipe slow-line server=127.0.0.1 80="$PORT" 8080="$port" 8k=64k
	new
	listens 1 tcp "$port"
	start=$(milliseconds)
	exits 0 "$SOCKIT" connect -d 127.0.0.1 "$port" >out 2>err
	[ $(($(milliseconds) - start)) -ge 200 ]
	same large out
}

@test "a server that never answers" {
	local port stays
	port=$(free_port)
	recipe silent 9000="$port"
	new # nc would take one only
	listens 1 tcp "$port"
	exec {stays}<>/dev/tcp/127.0.0.1/"$port"
	echo hello | exits 0 "$SOCKIT" connect 127.0.0.1 "$port" >out 2>err
	silent out
	if read -rt 0.1 line <&"$stays"; then false; fi
	exec {stays}>&-
}

@test "where the time goes" {
	counterpart read:6 line:answer readall
	recipe why server=127.0.0.1 9000="$PORT"
	new
	echo hello | exits 0 bash -c "$(<command.1)" >out 2>err
	prints answer
	grep -qE '^sockit connect: +[0-9.]+ looking up host 127\.0\.0\.1' err
	grep -qE '^sockit connect: +[0-9.]+ connecting to 127\.0\.0\.1' err
	grep -qE '^sockit connect: +[0-9.]+ connected to 127\.0\.0\.1' err
	tail -n 1 err | grep -qE '^sockit connect: +[0-9.]+ closed: sent 6 bytes, received 7 bytes in '
}

### README.

@test "the recipes of README are those of the cookbook" {
	local line
	sed -n '/^Recipes$/,/^Licence$/s/^    \(\$ \)\{0,1\}//p' "$BATS_TEST_DIRNAME/../README" >shown
	[ "$(grep -c '^sockit' shown)" -ge 6 ]
	while read -r line; do
		grep -qxF -- "$line" "$MAN/sockit-cookbook.7" || {
			echo "not in the cookbook: $line"
			return 1
		}
	done <shown
}
