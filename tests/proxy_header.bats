#!/usr/bin/env bats
# HAProxy's PROXY protocol: the header that is sent (--send-proxy), and that which clients begin with
# (--accept-proxy), of versions 1 and 2.

load helpers/common
load helpers/words
load helpers/services
load helpers/private
load helpers/manual

HEADERS=$BATS_TEST_DIRNAME/helpers/proxy_header.py

# headers WORD...: proxy_header.py.
headers() {
	within 20 "$PYTHON" -I -S "$HEADERS" "$@" 3>&-
}

# What a command says of its client and of where that has connected to.
# shellcheck disable=SC2016 # for the command's shell
WHO='case $PROTO in UNIX) echo "UNIX $UNIXREMOTEPATH $UNIXLOCALPATH" ;;
*) echo "$PROTO $TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP $TCPLOCALPORT" ;; esac'

# Of the wrong headers two do not come for 5 s: the other tests run meanwhile.
setup_file() {
	find_python
	cd "$BATS_FILE_TMPDIR" || return
	mkfifo ready
	"$SOCKIT" listen -k --notify-fd 9 --accept-proxy 127.0.0.1 -e "$WHO" 127.0.0.1 0 \
		</dev/null >out 2>err 9>ready 3>&- &
	echo $! >listener
	read -r _ where <ready
	{
		headers wrong "$where" >want 2>wrong.err || echo failed >>wrong.err
		touch over
	} 3>&- &
}

teardown_file() {
	kill "$(<"$BATS_FILE_TMPDIR/listener")" 2>/dev/null || :
}

# answers [ARG...]: a listener behind a proxy at 127.0.0.1, whose clients are told WHO.
answers() {
	serve -k --accept-proxy 127.0.0.1 "$@" -e "$WHO" 127.0.0.1 0 </dev/null >out 2>err
	# shellcheck disable=SC2153 # of serve
	HERE=$PORT
}

# stopped: the listener is told to end, and does.
stopped() {
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

### What is sent.

# A header of version 2, up to the length.
V2=0d0a0d0a000d0a515549540a

# bats test_tags=valgrind
@test "--send-proxy: the header is what comes first, then stdin" {
	local port words hex=()
	counterpart keep save:got readall next readall next readall next readall
	for words in 'v1 192.0.2.1:5000' 'v1 [2001:db8::1]:0' 'v2 192.0.2.1:5000' 'v2 [2001:db8::1]:7'; do
		printf 'data\n' | exits 0 "$SOCKIT" connect --send-proxy "${words% *}" --proxy-from "${words#* }" \
			127.0.0.1 "$PORT" >>out 2>>err
	done
	counterpart_ended
	silent out
	silent
	port=$(printf %04x "$PORT")
	hex=("${V2}2111000cc0000201""7f000001""1388$port"
		"${V2}21210024""20010db8000000000000000000000001""00000000000000000000ffff7f000001""0007$port")
	{
		printf 'PROXY TCP4 192.0.2.1 127.0.0.1 5000 %s\r\ndata\n' "$PORT"
		printf 'PROXY TCP6 2001:db8::1 ::ffff:127.0.0.1 0 %s\r\ndata\n' "$PORT"
		bytes "${hex[0]}"
		echo data
		bytes "${hex[1]}"
		echo data
	} | cmp - got
}

@test "--send-proxy: our own address, and -v and --json tell what was sent" {
	local words
	counterpart save:got readall
	exits 0 "$SOCKIT" connect -v --send-proxy v1 127.0.0.1 "$PORT" </dev/null >out 2>err
	counterpart_ended
	read -r -a words < <(tr -d '\r' <got)
	[ "${words[*]:0:4} ${words[5]}" = "PROXY TCP4 127.0.0.1 127.0.0.1 $PORT" ]
	grep -qx "sockit connect: PROXY header v1 sent: from 127.0.0.1 port ${words[4]} to 127.0.0.1 port $PORT" err
	[ "$(sed -n 's/.*connected to .* from 127.0.0.1 port //p' err)" = "${words[4]}" ]
	counterpart readall
	exits 0 "$SOCKIT" connect -v --json --send-proxy v2 127.0.0.1 "$PORT" </dev/null >out 2>err
	counterpart_ended
	"$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err told version from.address to.port >facts
	[ "$(<facts)" = "2 127.0.0.1 $PORT" ]
}

@test "--send-proxy: UNIX sockets have a form in v2 only" {
	local far=$PWD/far.socket zeros
	zeros=$(printf '%0216d' 0)
	counterpart bind:unix:"$far" save:got readall
	printf x | exits 0 "$SOCKIT" unix --send-proxy v1 far.socket
	counterpart_ended
	printf 'PROXY UNKNOWN\r\nx' | cmp - got
	rm far.socket
	counterpart bind:unix:"$far" save:got readall
	printf x | exits 0 "$SOCKIT" connect --send-proxy v2 --proxy-from unix:/a unix:far.socket
	counterpart_ended
	{
		bytes "${V2}213100d8"
		bytes "2f61${zeros:4}"
		printf far.socket
		bytes "${zeros:20}"
		printf x
	} | cmp - got
}

@test "--send-proxy through proxies, and of a long stdin not a byte is lost" {
	local far first second
	random_file file 1M
	serve --proxy-server http 127.0.0.1 0 </dev/null 2>/dev/null
	first=$PORT
	serve --proxy-server socks5 127.0.0.1 0 </dev/null 2>/dev/null
	second=$PORT
	counterpart save:got readall
	far=$PORT
	exits 0 "$SOCKIT" connect --send-proxy v1 --proxy-from 192.0.2.1:1 --proxy "http://127.0.0.1:$first" \
		--proxy "socks5h://127.0.0.1:$second" localhost "$far" <file >out 2>err
	counterpart_ended
	# Only the last proxy knows the address.
	{
		printf 'PROXY TCP4 192.0.2.1 0.0.0.0 1 %s\r\n' "$far"
		cat file
	} | cmp - got
	silent
}

@test "--forward --send-proxy tells the client, by whatever family it comes" {
	local client own
	far save:got readall next readall close
	free_port >client
	client=$(<client)
	forwards --send-proxy v1
	printf x | exits 0 "$SOCKIT" connect -s 127.0.0.3 -p "$client" 127.0.0.1 "$HERE"
	printed 0 ''
	printf 'PROXY TCP4 127.0.0.3 127.0.0.1 %s %s\r\nx' "$client" "$HERE" | cmp - got
	# To a UNIX socket, from one.
	counterpart bind:unix:"$PWD/far.socket" save:got readall
	served_by "$SOCKIT" unix --listen --notify-fd 9 --forward unix:far.socket --send-proxy v2 here.socket \
		</dev/null >out 2>err
	printf x | exits 0 "$SOCKIT" unix here.socket
	ended 0 "$LISTENER"
	counterpart_ended
	own=$(printf '%0216d' 0)$(printf here.socket | od -An -tx1 | tr -d ' \n')
	{
		bytes "${V2}213100d8$own$(printf '%0194d' 0)"
		printf x
	} | cmp - got
}

@test "--forward --send-proxy through a proxy, to the next place where one is not reached" {
	local nobody
	nobody=$(free_port)
	far save:got readall report
	serve --proxy-server socks5 -k 127.0.0.1 0 </dev/null 2>/dev/null
	serves --forward "127.0.0.1:$nobody" --forward "127.0.0.1:$FAR" --proxy "socks5://127.0.0.1:$PORT" --send-proxy v1
	printf x | exits 0 "$SOCKIT" connect -s 127.0.0.3 127.0.0.1 "$HERE"
	far_ended got
	[[ $(tr -d '\r' <got) =~ ^PROXY\ TCP4\ 127\.0\.0\.3\ 127\.0\.0\.1\ [0-9]+\ $HERE.x$ ]]
}

@test "--send-proxy: a header is sent on where the socket took none at first, and where it broke that is said" {
	needs_strace
	local way
	for way in EAGAIN EINTR; do
		counterpart save:got readall
		printf x | traced sendto -e inject=sendto:error=$way:when=1 "$SOCKIT" connect --send-proxy v1 --proxy-from 192.0.2.1:1 127.0.0.1 "$PORT"
		counterpart_ended
		printf 'PROXY TCP4 192.0.2.1 127.0.0.1 1 %s\r\nx' "$PORT" | cmp - got
		grep -q INJECTED trace
	done
	counterpart readall
	STATUS=0
	printf x | traced sendto -e inject=sendto:error=EPIPE:when=1 \
		"$SOCKIT" connect --send-proxy v1 127.0.0.1 "$PORT" >out 2>err || STATUS=$?
	[ "$STATUS" = 1 ]
	says "^sockit connect: 127\.0\.0\.1 port $PORT: --send-proxy v1: .*\(EPIPE\)$"
}

@test "--send-proxy: what cannot be" {
	local words
	while read -r words; do
		# shellcheck disable=SC2086 # words
		exits 2 "$SOCKIT" $words </dev/null >out 2>err || fault "$words"
		silent out
		[ "$(wc -l <err)" = 1 ]
	done <<-'END'
		connect --send-proxy v3 127.0.0.1 1
		connect --send-proxy 0 127.0.0.1 1
		connect --proxy-from 192.0.2.1:1 127.0.0.1 1
		connect --send-proxy v1 --proxy-from localhost:1 127.0.0.1 1
		connect --send-proxy v1 --proxy-from 192.0.2.1:http 127.0.0.1 1
		connect --send-proxy v1 --proxy-from 192.0.2.1 127.0.0.1 1
		connect --send-proxy v1 --proxy-from unix:/a 127.0.0.1 1
		connect --send-proxy v2 --proxy-from vsock:1:1 127.0.0.1 1
		connect -z --send-proxy v1 127.0.0.1 1
		connect -z --tls --send-proxy v1 127.0.0.1 1
		connect --ping --send-proxy v1 127.0.0.1 1
		connect --explain --send-proxy v1 127.0.0.1 1
		connect --proxy-command cat --send-proxy v1 127.0.0.1 1
		listen --send-proxy v1 0
		listen --echo --send-proxy v1 0
		unix --type dgram --send-proxy v1 s
		unix --type seqpacket --send-proxy v1 s
		unix --listen --type dgram --accept-proxy root s
		unix --listen --type seqpacket --accept-proxy root s
		unix --accept-proxy root s
		listen --accept-proxy nobody/8 0
		listen -n --accept-proxy localhost 0
		listen --accept-proxy , 0
		listen --accept-proxy 127.0.0.1 unix:s
		udp-send --send-proxy v1 127.0.0.1 1
		udp-recv --accept-proxy 127.0.0.1 0
	END
}

### What comes.

@test "--accept-proxy: each right header, in whatever pieces, and what follows it" {
	serve -k --quiet --accept-proxy 127.0.0.1 -e "$WHO; cat" 127.0.0.1 0 </dev/null >out 2>err
	headers good "$PORT"
	stopped
	silent
}

@test "--accept-proxy: who is not in the list speaks for itself" {
	serve -k --accept-proxy 127.0.0.2,127.0.0.4/31 --echo 127.0.0.1 0 </dev/null >out 2>err
	local from
	printf 'PROXY TCP4 192.0.2.1 198.51.100.2 5000 443\r\nx' >whole
	printf x >rest
	for from in 1 2 3 4 5 6; do
		exits 0 "$SOCKIT" connect -s 127.0.0.$from 127.0.0.1 "$PORT" <whole >got
		case $from in 2 | 4 | 5) cmp rest got ;; *) cmp whole got ;; esac
	done
	stopped
}

@test "--accept-proxy: -v and --json tell the client, and by whom it came" {
	local line
	answers -v --json
	line=$("$SOCKIT" connect --send-proxy v1 --proxy-from 192.0.2.1:5000 -s 127.0.0.1 -p "$(free_port)" 127.0.0.1 "$HERE" </dev/null)
	[ "$line" = "TCP 192.0.2.1 5000 127.0.0.1 $HERE" ]
	foreign connect:"$HERE" a:join a:text:'PROXY\n' a:gone
	eventually grep -q '"event":"closed"' err
	eventually grep -q '"event":"refused"' err
	stopped
	facts() {
		"$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err "$@"
	}
	[ "$(facts accepted peer.address peer.port via.address)" = '192.0.2.1 5000 127.0.0.1' ]
	[ "$(facts closed peer.address local.port)" = "192.0.2.1 $HERE" ]
	facts refused peer.address why header
	[ "$(facts refused peer.address why header)" = '127.0.0.1 no header what came does not begin as one' ]
	answers -v
	"$SOCKIT" connect --send-proxy v2 --proxy-from '[2001:db8::1]:7' 127.0.0.1 "$HERE" </dev/null
	eventually grep -q 'closed' err
	grep -qE "^sockit listen: accepted 2001:db8::1 port 7 via $ADDRESS on 127\.0\.0\.1 port $HERE$" err
	stopped
}

@test "--accept-proxy: --allow and --deny take the told address" {
	local from got
	answers -v --allow 192.0.2.0/24,2001:db8::/32,127.0.0.3 --deny 192.0.2.9
	while read -r from got; do
		"$SOCKIT" connect --send-proxy v2 --proxy-from "$from" 127.0.0.1 "$HERE" </dev/null >line
		[ "$got" = "$(cut -d ' ' -f 2 line)" ] || fault "$from: $(<line)"
	done <<-'END'
		192.0.2.1:1 192.0.2.1
		192.0.2.9:1
		192.0.3.1:1
		[2001:db8::7]:1 2001:db8::7
		[2001:db9::7]:1
		[::ffff:192.0.2.8]:1 192.0.2.8
		[::ffff:192.0.2.9]:1
		unix:/a
	END
	# One that tells nothing has its own, as one that is not in the list.
	[ -z "$(printf 'PROXY UNKNOWN\r\n' | "$SOCKIT" connect 127.0.0.1 "$HERE")" ]
	[ "$("$SOCKIT" connect -s 127.0.0.3 127.0.0.1 "$HERE" </dev/null | cut -d ' ' -f 2)" = 127.0.0.3 ]
	[ -z "$("$SOCKIT" connect -s 127.0.0.4 127.0.0.1 "$HERE" </dev/null)" ]
	stopped
	grep -q '^sockit listen: refused 192\.0\.2\.9 port 1 via 127\.0\.0\.1 port [0-9]* on .*: denied$' err
	grep -q '^sockit listen: refused unix:/a via 127\.0\.0\.1 port [0-9]* on .*: not allowed$' err
}

@test "--accept-proxy: --max-per-source counts what was told" {
	serve -k --quiet --max-per-source 1 --accept-proxy 127.0.0.1 --echo 127.0.0.1 0 </dev/null >out 2>err
	foreign connect:"$PORT" a:join a:text:'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nx' a:has:x \
		b:join b:text:'PROXY TCP4 192.0.2.3 192.0.2.2 1 2\r\nx' b:has:x \
		c:join c:text:'PROXY TCP4 192.0.2.1 192.0.2.2 9 2\r\nx' c:gone a,b:close
	stopped
}

@test "--accept-proxy without -k: who has not told is not the one that is served" {
	serve --quiet --accept-proxy 127.0.0.1 127.0.0.1 0 </dev/null >out 2>err
	# The first is told at once that nobody serves it any more.
	foreign connect:"$PORT" a:join a:text:'PROXY TCP4 192' b:join b:text:nonsense b:gone \
		c:join c:text:'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nwhole' c:shutdown a:gone c:over
	printed 0 whole
	silent
}

@test "--accept-proxy: who has not told holds a place of -m, which is there for it then" {
	serve -k --quiet -m 1 --accept-proxy 127.0.0.1 -e "$WHO" 127.0.0.1 0 </dev/null >out 2>err
	foreign connect:"$PORT" a:join a:text:PROXY \
		b:join b:text:'PROXY TCP4 192.0.2.3 192.0.2.2 1 2\r\n' b:quiet:0.1 \
		a:text:' TCP4 192.0.2.1 192.0.2.2 1 2\r\n' a:has:'TCP 192.0.2.1 1 192.0.2.2 2\n' a:over a:close \
		b:has:'TCP 192.0.2.3 1 192.0.2.2 2\n' b:over b:close
	stopped
}

@test "--accept-proxy: what is behind the header goes the fast ways, to the last byte" {
	local way
	random_file file 4M
	for way in v1 v2; do
		serve --accept-proxy 127.0.0.1 127.0.0.1 0 </dev/null 2>err > >(cat >got)
		exits 0 "$SOCKIT" connect --send-proxy $way --proxy-from 192.0.2.1:1 127.0.0.1 "$PORT" <file
		ended 0 "$LISTENER"
		eventually same file got
	done
	[ "$(platform)" = linux ] || return 0
	traced_listener splice "$SOCKIT" listen --notify-fd 9 --accept-proxy 127.0.0.1 127.0.0.1 0 \
		</dev/null 2>err > >(cat >got)
	exits 0 "$SOCKIT" connect --send-proxy v2 127.0.0.1 "$PORT" <file
	ended 0 "$LISTENER"
	grep -q splice trace
}

@test "a chain: --accept-proxy and --forward --send-proxy pass on what was told" {
	answers
	serve -k --quiet --accept-proxy 127.0.0.1 --forward "127.0.0.1:$HERE" --send-proxy v1 127.0.0.1 0 </dev/null
	printf 'PROXY TCP6 2001:db8::1 2001:db8::2 7 65535\r\n' | exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" >got
	[ "$(<got)" = 'TCP 2001:db8::1 7 2001:db8::2 65535' ]
	printf 'PROXY UNKNOWN\r\n' | exits 0 "$SOCKIT" connect -s 127.0.0.1 127.0.0.1 "$PORT" >got
	[[ $(<got) =~ ^TCP\ 127\.0\.0\.1\ [0-9]+\ 127\.0\.0\.1\ $PORT$ ]]
}

@test "unix --accept-proxy: users that tell, and --allow-uid of who has connected" {
	[ "$(platform)" = linux ] || skip 'this system does not tell who connects'
	local me
	me=$(id -u)
	served_by "$SOCKIT" unix --listen -k -v --notify-fd 9 --accept-proxy "$me" --allow-uid "$me" -e "$WHO" s \
		</dev/null >out 2>err
	printf 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n' | exits 0 "$SOCKIT" unix s >got
	[ "$(<got)" = 'TCP 192.0.2.1 1 192.0.2.2 2' ]
	exits 0 "$SOCKIT" unix --send-proxy v2 --proxy-from unix:/x s </dev/null >got
	[ "$(<got)" = 'UNIX /x s' ]
	stopped
	cat err
	grep -qE '^sockit unix: accepted 192\.0\.2\.1 port 1 via unix:' err
	served_by "$SOCKIT" unix --listen -k -v --notify-fd 9 --accept-proxy "$me" --allow-uid "$((me + 1))" -e "$WHO" t \
		</dev/null >out 2>err
	printf 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n' | sockit unix t || :
	stopped
	grep -q ': not allowed$' err
}

### Others.

@test "haproxy as sender of both versions, and as receiver" {
	needs haproxy haproxy
	local ports from n
	answers
	mapfile -t ports < <(free_port 3)
	cat >haproxy.conf <<-END
		defaults
		    mode tcp
		    timeout connect 10s
		    timeout client 10s
		    timeout server 10s
		listen one
		    bind 127.0.0.1:${ports[0]}
		    server s 127.0.0.1:$HERE send-proxy
		listen two
		    bind 127.0.0.1:${ports[1]}
		    server s 127.0.0.1:$HERE send-proxy-v2 proxy-v2-options crc32c,unique-id
		frontend http
		    mode http
		    bind 127.0.0.1:${ports[2]} accept-proxy
		    http-request return status 200 content-type text/plain lf-string "%ci %cp %fi %fp"
	END
	spawn haproxy -db -q -f haproxy.conf >haproxy.out 2>&1
	for n in 0 1 2; do
		eventually bound tcp "${ports[n]}"
	done
	for n in 0 1; do
		from=$(free_port)
		exits 0 "$SOCKIT" connect --no-shutdown -s 127.0.0.5 -p "$from" 127.0.0.1 "${ports[n]}" </dev/null >got
		[ "$(<got)" = "TCP 127.0.0.5 $from 127.0.0.1 ${ports[n]}" ]
	done
	for n in v1 v2; do
		printf 'GET / HTTP/1.0\r\n\r\n' | exits 0 "$SOCKIT" connect --no-shutdown --send-proxy $n \
			--proxy-from 192.0.2.1:5000 127.0.0.1 "${ports[2]}" >got
		[ "$(tail -n 1 got)" = "192.0.2.1 5000 127.0.0.1 ${ports[2]}" ]
		printf 'GET / HTTP/1.0\r\n\r\n' | exits 0 "$SOCKIT" connect --no-shutdown --send-proxy $n \
			--proxy-from '[2001:db8::1]:5000' 127.0.0.1 "${ports[2]}" >got
		[ "$(tail -n 1 got)" = "2001:db8::1 5000 ::ffff:127.0.0.1 ${ports[2]}" ]
	done
}

@test "nginx as sender, and as receiver of both versions" {
	needs nginx nginx-light
	local module=/usr/lib/nginx/modules/ngx_stream_module.so ports from version
	[ -e $module ] || skip "nginx has no stream module: package libnginx-mod-stream"
	answers
	mapfile -t ports < <(free_port 2)
	cat >nginx.conf <<-END
		load_module $module;
		daemon off;
		master_process off;
		error_log $PWD/error.log;
		pid $PWD/nginx.pid;
		events { worker_connections 64; }
		stream {
			server { listen 127.0.0.1:${ports[0]}; proxy_pass 127.0.0.1:$HERE; proxy_protocol on; }
			server {
				listen 127.0.0.1:${ports[1]} proxy_protocol;
				return "\$proxy_protocol_addr \$proxy_protocol_port \$proxy_protocol_server_port\n";
			}
		}
	END
	spawn nginx -p "$PWD" -c "$PWD/nginx.conf" >nginx.out 2>&1
	eventually bound tcp "${ports[0]}"
	eventually bound tcp "${ports[1]}"
	from=$(free_port)
	exits 0 "$SOCKIT" connect --no-shutdown -s 127.0.0.5 -p "$from" 127.0.0.1 "${ports[0]}" </dev/null >got
	[ "$(<got)" = "TCP 127.0.0.5 $from 127.0.0.1 ${ports[0]}" ]
	for version in v1 v2; do
		exits 0 "$SOCKIT" connect --send-proxy $version --proxy-from 192.0.2.1:5000 127.0.0.1 "${ports[1]}" </dev/null >got
		[ "$(<got)" = "192.0.2.1 5000 ${ports[1]}" ]
		exits 0 "$SOCKIT" connect --send-proxy $version --proxy-from '[2001:db8::1]:7' 127.0.0.1 "${ports[1]}" </dev/null >got
		[ "$(<got)" = "2001:db8::1 7 ${ports[1]}" ]
	done
}

@test "curl --haproxy-protocol" {
	needs curl curl
	serve --quiet --accept-proxy 127.0.0.1 127.0.0.1 0 -e \
		"read -r line; printf 'HTTP/1.0 200 OK\r\n\r\n'; echo \"\$line\"; $WHO" </dev/null
	exits 0 curl -s --haproxy-protocol --local-port 20000-29999 "http://127.0.0.1:$PORT/" >got
	[[ $(sed -n 1p got) == 'GET / HTTP/1.1'* ]]
	[[ $(sed -n 2p got) =~ ^TCP\ 127\.0\.0\.1\ 2[0-9]+\ 127\.0\.0\.1\ $PORT$ ]]
}

### At last, what setup_file has begun.

@test "--accept-proxy: each wrong header is refused and said, and a silent client after 5 s" {
	cd "$BATS_FILE_TMPDIR"
	eventually test -e over
	silent wrong.err
	sed -n 's/^sockit listen: refused //p' err | sort >said
	sort want | diff - said
	# Nobody else was told of, and nobody was served.
	[ "$(wc -l <err)" = "$(($(wc -l <want) + 1))" ]
	silent out
}
