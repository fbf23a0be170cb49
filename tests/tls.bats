# connect -z --tls: what a server of TLS says of itself, and what others say in its place.

load helpers/common
load helpers/words
load helpers/services

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# made ec|rsa NAME [ARG...]: NAME.pem is a certificate of its own word, NAME.key its key; ARGs as of openssl req.
made() {
	local key=(rsa:2048)
	[ "$1" = rsa ] || key=(ec -pkeyopt ec_paramgen_curve:P-256)
	openssl req -x509 -nodes -newkey "${key[@]}" -keyout "$2.key" -out "$2.pem" "${@:3}" 2>openssl.err ||
		skip 'openssl req does not do that'
}

# served_tls NAME [ARG...]: openssl s_server has that certificate; its port is in $PORT. AT: at another place.
served_tls() {
	spawn openssl s_server -accept "${AT-127.0.0.1:0}" -www -cert "$1.pem" -key "$1.key" "${@:2}" >served.out 2>&1
	listening_port "$PID"
}

# known NAME: what openssl reads in NAME.pem, as sockit would print it.
known() {
	openssl x509 -in "$1.pem" -noout -subject -issuer -dates -ext subjectAltName -nameopt RFC2253 \
		-dateopt iso_8601 2>/dev/null | sed -E '
		s/^subject=/    certificate: /; s/^issuer=/    issuer /
		/^not/s/ ([0-9:]+Z)$/T\1/; /^notBefore=/{s//    valid /;N;s/\nnotAfter=/ to /;s/ (..:..:..Z)$/T\1/}
		/^X509/d; s/^ *(DNS|IP Address):/    names /; s/, (DNS|IP Address):/ /g' >known
	# Its lines come in another order, and an address has each of its parts.
	grep certificate known
	grep issuer known
	sed -n 's/2001:DB8:0:0:0:0:0:1/2001:db8::1/; /names/p' known
	grep valid known
}

# shown: out without its first line, and without what is said of the certificate.
shown() {
	sed '1d; s/certificate.* not verified:/certificate:/; s/, [0-9]* days* left$//' out
}

# prints STATUS LINE: the last run ended so, and that is its first line.
prints() {
	[ "$STATUS" = "$1" ] || fault "status $1 was expected" || return
	[ "$(head -n 1 out | unnamed)" = "$2" ] || fault "not $2"
}

# What a server of TLS says.

@test "TLS 1.3: version, suite, and by TLS 1.2 the protocol and the certificate" {
	needs openssl openssl
	made ec it -days 30 -subj '/C=DE/O=Example, Inc./OU= #"\+;<>\\/CN=example.org' \
		-addext 'subjectAltName=DNS:example.org,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1'
	served_tls it -alpn h2
	sockit connect -z --tls 127.0.0.1 "$PORT"
	prints 0 "127.0.0.1 $PORT/tcp open - TLS 1.3 TLS_AES_128_GCM_SHA256 h2"
	silent
	diff -u <(known it) <(shown)
	grep -q '^    certificate by TLS 1\.2, not verified: CN=' out
	grep -qE ', (29|30) days left$' out
	sockit connect -z --tls --json 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault 'status'
	[ "$(python3 "$SCHEMA" out probed tls.answered tls.version tls.cipher tls.alpn tls.certificate.names.3 \
		tls.certificate.told_by tls.certificate.verified)" = \
		'True TLS 1.3 TLS_AES_128_GCM_SHA256 h2 2001:db8::1 TLS 1.2 False' ]
	[ "$(python3 "$SCHEMA" out probed tls.certificate.subject tls.certificate.not_after)" = \
		"$(known it | sed -n 's/.*certificate: //p') $(known it | sed -n 's/.* to //p')" ]
}

@test "versions, suites and alerts by their names" {
	needs openssl openssl
	made rsa it -days 30 -subj /CN=rsa.example/emailAddress=a@example.org
	local arguments rest line at=()
	while IFS='|' read -r arguments line rest; do
		# shellcheck disable=SC2086 # words
		served_tls it $arguments
		at+=("127.0.0.1:$PORT")
		echo "127.0.0.1 $PORT/tcp open - $line"
		[ "$rest" != certificate ] || known it
		[ "${rest:-certificate}" = certificate ] || echo "    $rest"
	done >expected <<-'END'
		-tls1_2|TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256|certificate
		-tls1_2 -cipher CHACHA20 -alpn http/1.1|TLS 1.2 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 http/1.1|certificate
		-tls1_2 -cipher AES256-SHA|TLS 1.2 TLS_RSA_WITH_AES_256_CBC_SHA|certificate
		-tls1_1 -cipher DEFAULT@SECLEVEL=0|TLS 1.1 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA|certificate
		-tls1 -cipher DHE@SECLEVEL=0|TLS 1.0 TLS_DHE_RSA_WITH_AES_128_CBC_SHA|certificate
		-tls1_3|TLS 1.3 TLS_AES_128_GCM_SHA256|certificate hidden by TLS 1.3
		-tls1_3 -groups P-384 -ciphersuites TLS_CHACHA20_POLY1305_SHA256|TLS 1.3 TLS_CHACHA20_POLY1305_SHA256|certificate hidden by TLS 1.3
		-tls1_2 -cipher PSK|TLS alert handshake_failure|
		-alpn other|TLS alert no_application_protocol|
	END
	sockit connect -z --tls -w 10s "${at[@]}"
	[ "$STATUS" = 0 ] || fault status
	silent
	sed -i 's/certificate not verified:/certificate:/; s/, [0-9]* days* left$//' out
	diff -u expected out
}

@test "a certificate that has expired, and one of the next century" {
	needs openssl openssl
	made ec it -days 30000 -subj /CN=long
	served_tls it
	sockit connect -z --tls 127.0.0.1 "$PORT"
	diff -u <(known it) <(shown)
	mkdir ca
	: >ca/index
	echo 01 >ca/serial
	printf '%s\n' '[ca]' 'default_ca = it' '[it]' 'database = ca/index' 'serial = ca/serial' 'new_certs_dir = ca' \
		'default_md = sha256' 'policy = all' '[all]' 'commonName = supplied' >ca/conf
	openssl req -new -key it.key -subj /CN=late -out late.csr
	cp it.key late.key
	openssl ca -batch -config ca/conf -selfsign -keyfile it.key -in late.csr -out late.pem -notext \
		-startdate 20200101000000Z -enddate "$(date -u -d '3 days ago 1 hour ago' +%Y%m%d%H%M%SZ)" 2>openssl.err
	served_tls late
	sockit connect -z --tls 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault 'status'
	grep -qE '^    valid 2020-01-01T00:00:00Z to .*, expired 3 days ago$' out || fault 'not expired'
}

@test "the name that is asked for chooses the certificate; an address is never sent as one" {
	needs openssl openssl
	made ec one -subj /CN=one
	made ec two -subj /CN=two
	served_tls one -servername localhost -cert2 two.pem -key2 two.key
	sockit connect -z --tls 127.0.0.1 "$PORT"
	grep -q 'not verified: CN=one$' out || fault 'one'
	sockit connect -z --tls -4 localhost "$PORT"
	grep -q 'not verified: CN=two$' out || fault 'two'
	peer tls_peer one.pem hello
	sockit connect -z --tls -4 localhost "127.0.0.1:$PORT" "$PORT"
	prints 0 "localhost $PORT/tcp open - TLS alert handshake_failure"
	eventually two_lines peer.out
	diff -u - <(sort peer.out) <<-END
		0304030303020301 - 000c02683208687474702f312e31 share padded
		0304030303020301 localhost 000c02683208687474702f312e31 share padded
	END
}

two_lines() {
	[ "$(wc -l <"$1")" = 2 ]
}

@test "IPv6, and a UNIX socket" {
	needs openssl openssl
	python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null || skip 'no IPv6 here'
	made ec it -subj /CN=here
	AT='[::1]:0' served_tls it
	sockit connect -z --tls ::1 "$PORT"
	prints 0 "::1 $PORT/tcp open - TLS 1.3 TLS_AES_128_GCM_SHA256"
	diff -u <(known it) <(shown)
	spawn openssl s_server -unix it.socket -www -cert it.pem -key it.key >served.out 2>&1
	eventually test -S it.socket
	sockit connect -z --tls unix:it.socket
	prints 0 'unix:it.socket open - TLS 1.3 TLS_AES_128_GCM_SHA256'
}

@test "nginx, many at a time, and -v" {
	needs openssl openssl
	local port i
	made rsa it -days 30 -subj /CN=pages -addext 'subjectAltName=DNS:pages'
	port=$(free_port)
	serves_pages "127.0.0.1:$port ssl http2" "ssl_certificate $PWD/it.pem; ssl_certificate_key $PWD/it.key;
		ssl_protocols TLSv1.2 TLSv1.3;"
	eventually "$SOCKIT" connect -z --quiet 127.0.0.1 "$port" >/dev/null
	sockit connect -z --tls 127.0.0.1 "$port"
	prints 0 "127.0.0.1 $port/tcp open - TLS 1.3 TLS_AES_128_GCM_SHA256 h2"
	diff -u <(known it) <(shown)
	# shellcheck disable=SC2046 # words
	sockit connect -z --tls --jobs 7 $(for i in {1..40}; do echo "127.0.0.$i:$port"; done)
	[ "$STATUS" = 1 ] && [ "$(wc -l <out)" = 5 ] || fault 'one of forty'
	# shellcheck disable=SC2046
	sockit connect -z --tls --jobs 7 $(for i in {1..40}; do echo "127.0.0.1:$port"; done)
	[ "$STATUS" = 0 ] && [ "$(grep -c ' h2$' out)" = 40 ] && [ "$(wc -l <out)" = 200 ] || fault 'not forty'
	sockit connect -zv --tls 127.0.0.1 "$port"
	grep -qE "^127\.0\.0\.1 $port/tcp open - [0-9.]+ ms TLS 1\.3 TLS_AES_128_GCM_SHA256 h2$" out || fault '-v'
}

# Others.

@test "what is no TLS says what it is" {
	peer tls_peer /dev/null mail binary mute shut reset
	read -ra P <<<"$PORT"
	sockit connect -z --tls -w 700ms 127.0.0.1:{"${P[0]}","${P[1]}","${P[2]}","${P[3]}","${P[4]}"}
	[ "$STATUS" = 1 ] || fault 'status'
	diff -u - out <<-END
		127.0.0.1 ${P[0]}/tcp open - no TLS: the service says '220 mail \x1b[1m'
		127.0.0.1 ${P[1]}/tcp open - no TLS: the service says '\x00\x01\xffbinary'
		127.0.0.1 ${P[2]}/tcp open - no TLS: nothing came within 700 ms (-w)
		127.0.0.1 ${P[3]}/tcp open - no TLS: the connection was closed without a word
		127.0.0.1 ${P[4]}/tcp open - no TLS: Connection reset by peer (ECONNRESET)
	END
	says '^sockit connect: 5 of 5 ports without TLS: 5 open$'
	# One alone, with and without it.
	sockit connect -z --tls 127.0.0.1 "${P[0]}"
	says "^sockit connect: 127\.0\.0\.1 port ${P[0]}: no TLS: the service says '220 mail \\\\x1b\[1m'$"
	sockit connect -z --tls --json 127.0.0.1 "${P[1]}"
	[ "$STATUS" = 1 ] || fault 'status'
	[ "$(python3 "$SCHEMA" out probed tls.answered tls.said_base64)" = 'False AAH/YmluYXJ5' ]
	[ "$(python3 "$SCHEMA" err error code class)" = 'EPROTO socket' ]
	free_port >free
	sockit connect -z --tls 127.0.0.1 "$(<free)"
	told 1 "sockit connect: 127.0.0.1 port $(<free): Connection refused (ECONNREFUSED)"
}

@test "a record for each byte, a byte for each packet, and versions that nobody has" {
	needs openssl openssl
	made ec it -days 30 -subj /CN=example.org -addext 'subjectAltName=DNS:example.org'
	openssl x509 -in it.pem -outform DER -out it.der
	peer tls_peer it.der plain ones drip warned old new anonymous
	read -ra P <<<"$PORT"
	local i suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	for i in 0 1 2 3; do
		sockit connect -z --tls -w 10s 127.0.0.1 "${P[i]}"
		prints 0 "127.0.0.1 ${P[i]}/tcp open - TLS 1.2 $suite"
		silent
		diff -u <(known it) <(shown)
	done
	sockit connect -z --tls 127.0.0.1 "${P[4]}"
	prints 0 "127.0.0.1 ${P[4]}/tcp open - SSL 3.0 TLS_RSA_WITH_RC4_128_SHA"
	sockit connect -z --tls 127.0.0.1 "${P[5]}"
	prints 0 "127.0.0.1 ${P[5]}/tcp open - TLS 0x0399 0x9999"
	sockit connect -z --tls 127.0.0.1 "${P[6]}"
	[ "$(<out)" = "127.0.0.1 ${P[6]}/tcp open - TLS 1.2 $suite" ] || fault 'anonymous'
}

# shellcheck disable=SC2153 # of served_tls
@test "a certificate without a subject, and a name that has a blank" {
	needs openssl openssl
	made ec it -days 30 -subj / -addext 'subjectAltName=DNS:a b.example,DNS:c.example'
	served_tls it -tls1_2
	sockit connect -z --tls 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault 'status'
	diff -u <(printf '    %s\n' 'certificate: without a name' 'issuer without a name' \
		'names a\x20b.example c.example') <(shown | sed '$d')
}

@test "what echoes is no TLS, whether all of it or a part" {
	local port
	serve -k --echo 127.0.0.1 0 </dev/null >echo.out 2>echo.err
	port=$PORT
	peer tls_peer /dev/null returns
	sockit connect -z --tls "127.0.0.1:$port" "127.0.0.1:$PORT"
	[ "$STATUS" = 1 ] || fault 'status'
	diff -u - out <<-END
		127.0.0.1 $port/tcp open - no TLS: the service sends back what it is sent
		127.0.0.1 $PORT/tcp open - no TLS: the service sends back what it is sent
	END
}

# bats test_tags=valgrind
@test "what breaks the rules is told, and bounded" {
	needs openssl openssl
	made ec it -days 30 -subj /CN=example.org -addext 'subjectAltName=DNS:example.org'
	openssl x509 -in it.pem -outform DER -out it.der
	peer tls_peer it.der cut lengths warnings late huge endless broken hostile second stuck
	read -ra P <<<"$PORT"
	sockit connect -z --tls -w 1s 127.0.0.1:{"${P[0]}","${P[9]}","${P[1]}"}
	[ "$STATUS" = 1 ] || fault 'status'
	diff -u - out <<-END
		127.0.0.1 ${P[0]}/tcp open - no TLS: what came begins like TLS, but the connection ended too early
		127.0.0.1 ${P[9]}/tcp open - no TLS: what came begins like TLS, but nothing more came in time
		127.0.0.1 ${P[1]}/tcp open - no TLS: what came breaks its rules: its ServerHello is malformed
	END
	local hello='TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
	sockit connect -z --tls -w 1s 127.0.0.1:{"${P[2]}","${P[3]}","${P[4]}","${P[5]}","${P[6]}","${P[7]}","${P[8]}"}
	[ "$STATUS" = 0 ] || fault 'status'
	! LC_ALL=C grep -q '[[:cntrl:]]' out || fault 'a raw control character'
	sed -i '/    issuer\|    valid/d' out
	diff -u - out <<-END
		127.0.0.1 ${P[2]}/tcp open - TLS alert user_canceled
		    not all was read: more than 65536 bytes
		127.0.0.1 ${P[3]}/tcp open - $hello
		    not all was read: nothing more came in time
		127.0.0.1 ${P[4]}/tcp open - $hello
		    not all was read: a message of 16777215 bytes, more than 65536
		127.0.0.1 ${P[5]}/tcp open - $hello
		    not all was read: more than 65536 bytes
		127.0.0.1 ${P[6]}/tcp open - $hello
		    not all was read: its certificate is malformed
		127.0.0.1 ${P[7]}/tcp open - $hello
		    certificate not verified: CN=e\1B[\0A\xff\x9b\00\xe2\x80\xaeg
		    names e\x1b[\n\xff\x9b\x00\xe2\x80\xaeg
		127.0.0.1 ${P[8]}/tcp open - TLS 1.3 TLS_AES_128_GCM_SHA256
		    certificate hidden by TLS 1.3
	END
	sockit connect -z --tls --json -w 1s 127.0.0.1 "${P[7]}"
	[ "$(python3 "$SCHEMA" out probed tls.certificate.names.0)" = 'e\x1b[\n\xff\x9b\x00\xe2\x80\xaeg' ]
}

# With other options.

@test "--any, --retry, a command, and what excludes it" {
	needs openssl openssl
	made ec it -subj /CN=it
	served_tls it
	local tls=$PORT
	peer tls_peer /dev/null mail
	sockit connect -z --tls --any 127.0.0.1 "$tls,$PORT"
	[ "$STATUS" = 0 ] || fault 'any'
	sockit connect -z --tls --any 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ] || fault 'not any'
	sockit connect -z --tls --retry 300ms --interval 50ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || fault 'retry'
	says '^sockit connect: 1 of 1 port without TLS within 300 ms \(--retry\): .*220 mail'
	sockit connect -z --tls 127.0.0.1 "$tls" -- echo finished
	[ "$STATUS" = 0 ] && [ "$(<out)" = finished ] || fault 'command'
	silent
	# It goes on until what is open speaks TLS.
	local port
	port=$(free_port)
	spawn "$SOCKIT" connect -z --tls --retry 20s 127.0.0.1 "$port" >found 2>retry.err
	local retrying=$PID
	AT=127.0.0.1:$port served_tls it
	ended 0 "$retrying"
	grep -q ' TLS 1.3 ' found
	refuses '--tls needs --probe' connect --tls h 1
	refuses '--tls and --closed exclude each other' connect -z --tls --closed h 1
}

# starttls NAME: a mail server that speaks TLS once it was asked to, with that certificate; its port is in $PORT.
starttls() {
	cat >mail.py <<-'END'
		import socket, ssl, sys, threading
		tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		tls.load_cert_chain(sys.argv[1] + '.pem', sys.argv[1] + '.key')
		s = socket.create_server(('127.0.0.1', 0))
		print(s.getsockname()[1], flush=True)
		def serve(c):
		    lines = c.makefile('rb', buffering=0)
		    c.sendall(b'220 mail.example ESMTP\r\n')
		    while (line := lines.readline()):
		        if line == b'EHLO me\r\n':
		            c.sendall(b'250-mail.example\r\n250 STARTTLS\r\n')
		        elif line == b'STARTTLS\r\n':
		            c.sendall(b'220 go on\r\n')
		            try:
		                tls.wrap_socket(c, server_side=True)
		            except OSError:
		                pass
		            return
		        else:
		            c.sendall(b'500 what?\r\n')
		while True:
		    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
	END
	peer_by python3 mail.py "$1"
}

@test "behind the steps of a dialogue: STARTTLS" {
	needs openssl openssl
	made ec mail -days 30 -subj /CN=mail.example
	starttls mail
	local steps=(--expect '^220 ' --send 'EHLO me\r\n' --expect '^250 ' --send 'STARTTLS\r\n' --expect '^220 ')
	sockit connect -z --tls "${steps[@]}" 127.0.0.1 "$PORT"
	prints 0 "127.0.0.1 $PORT/tcp open - TLS 1.3 TLS_AES_256_GCM_SHA384"
	grep -q '^    certificate by TLS 1\.2, not verified: CN=mail\.example$' out
	# Without them, or where they go another way, there is none.
	sockit connect -z --tls 127.0.0.1 "$PORT"
	prints 1 "127.0.0.1 $PORT/tcp open - no TLS: the service says '220 mail.example ESMTP'"
	sockit connect -z --tls --expect '^220 ' --send 'NOOP\r\n' --expect '^250 ' -w 300ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ] || [ "$STATUS" = 4 ] || fault 'status'
	grep -q "500 what?" out err
	sockit connect -z --tls --expect '^220 ' --send 'EHLO me\r\n' --expect '^250 ' -w 500ms 127.0.0.1 "$PORT"
	prints 1 "127.0.0.1 $PORT/tcp open - no TLS: the service says '500 what?'"
}
